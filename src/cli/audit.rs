//! `audit`: exports, verifies and replays the audit log.

use crate::store::{BrokenChain, ReplayFault, StoreAt, StoreReader};

use super::exit::Exit;
use super::output;

/// A command about the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Subcommand)]
pub(crate) enum AuditCommand {
    /// Print every row as a line of JSON, up to the first that breaks the chain
    Export,
    /// Check the hash chain and name the first bad row
    Verify,
    /// Decide everything again from the recorded inputs and compare
    Replay,
}

/// Runs an `audit` command.
pub(crate) fn audit(command: AuditCommand, at: &StoreAt) -> Exit {
    let reader = match StoreReader::open(at) {
        Ok(reader) => reader,
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            return Exit::Io;
        }
    };
    match command {
        AuditCommand::Export => finish(
            reader.audit(|row| match serde_json::to_string(&row) {
                Ok(line) => output::result(line),
                Err(wrong) => output::talk(format_args!("audit row {}: {wrong}", row.seq)),
            }),
            |_| (),
        ),
        AuditCommand::Verify => finish(reader.audit(drop), |rows| {
            output::result(format_args!(
                "the audit holds: {rows} rows, each follows the one before"
            ));
        }),
        AuditCommand::Replay => match reader.replay() {
            Ok(found) if found.beginnings == 0 && found.inputs > 0 => {
                output::talk(
                    "campaign-autopilot: no decision could be compared: the recorded inputs have no beginning",
                );
                Exit::Broken
            }
            Ok(found) => {
                output::result(format_args!(
                    "decided again: {} inputs, {} valid samples, {} decisions compared, {} pauses and {} resumes, no difference",
                    found.inputs, found.samples, found.compared, found.pauses, found.resumes,
                ));
                Exit::Ok
            }
            Err(fault) => {
                output::talk(format_args!("campaign-autopilot: {fault}"));
                of_replay(&fault)
            }
        },
    }
}

/// The exit code where recorded inputs could not be decided again.
pub(super) fn of_replay(fault: &ReplayFault) -> Exit {
    match fault {
        ReplayFault::Diverged(_) | ReplayFault::Unreadable { .. } => Exit::Broken,
        ReplayFault::Store(_) => Exit::Io,
    }
}

fn finish(checked: Result<u64, BrokenChain>, good: impl FnOnce(u64)) -> Exit {
    match checked {
        Ok(rows) => {
            good(rows);
            Exit::Ok
        }
        Err(broken) => {
            output::talk(format_args!("campaign-autopilot: {broken}"));
            match broken {
                BrokenChain::Unreadable(_) => Exit::Io,
                BrokenChain::Changed { .. }
                | BrokenChain::Unlinked { .. }
                | BrokenChain::Missing { .. }
                | BrokenChain::CutOff { .. } => Exit::Broken,
            }
        }
    }
}
