//! `audit`: exports, verifies, seals and replays the audit log.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_json::json;

use crate::secrets::AuditKey;
use crate::store::{BrokenChain, ReplayFault, StoreAt, StoreFault, StoreReader, WholeFile};

use super::audit_head::{self, PublishedHead, key_of};
use super::audit_report::AuditReport;
use super::exit::Exit;
use super::form::FormArgs;
use super::moment::Moment;
use super::output;
use super::sealing;

/// A command about the audit log.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand)]
pub(crate) enum AuditCommand {
    /// Print every row as a line of JSON, up to the first that breaks the chain
    Export,
    /// Check the hash chain and name the first bad row; exit code 66 where there is no store or no row
    Verify {
        /// Read the sealed segments too, from these files or from a directory that has them
        #[arg(long, value_name = "PATH", num_args = 1..)]
        segments: Vec<PathBuf>,
        /// Hold a head that was published against the chain: its row and hash, or a file with its log line or the body of its message
        #[arg(long, value_name = "ROW:HASH|FILE", value_parser = PublishedHead::from_str)]
        head: Option<PublishedHead>,
        /// The public key that the head has to be signed by, or the file that has it
        #[arg(long, value_name = "KEY|FILE", requires = "head")]
        public_key: Option<String>,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Make a key that the head of the audit is signed with, and print its public key
    Key {
        /// The file for the key, which must not be there yet; its owner alone may read it
        file: PathBuf,
        /// Print the public key of a key that is there
        #[arg(long)]
        public: bool,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Write old rows to files of their own, also while a daemon runs
    Seal {
        /// Rows before this: a duration back from now, or a time
        #[arg(long, value_name = "DURATION|TIME", value_parser = Moment::from_str)]
        before: Moment,
        /// The directory for the files [default: segments in the state directory]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// Remove sealed rows from the store, once their files there were read and prove them
        #[arg(long)]
        remove: bool,
        #[command(flatten)]
        form: FormArgs,
    },
    /// Decide everything again from the recorded inputs and compare
    Replay {
        #[command(flatten)]
        form: FormArgs,
    },
}

/// Makes a key, or shows the public key of one.
pub(super) fn key(file: &Path, public: bool, form: FormArgs) -> Exit {
    let made = if public {
        key_of(file)
    } else {
        AuditKey::draw().and_then(|text| {
            let wrong = |why: std::io::Error| format!("{}: {why}", file.display());
            let mut out = WholeFile::create(file).map_err(wrong)?;
            writeln!(out, "{text}").map_err(wrong)?;
            out.keep().map_err(wrong)?;
            text.parse()
        })
    };
    match made {
        Ok(key) if form.is_json() => output::json(&json!({
            "schema": "audit-key/1", "file": file.display().to_string(),
            "public_key": key.public().to_string(),
        })),
        Ok(key) => {
            output::result(key.public());
            Exit::Ok
        }
        Err(why) => {
            output::talk(format_args!("campaign-autopilot: {why}"));
            Exit::Io
        }
    }
}

/// Runs an `audit` command.
pub(crate) async fn audit(command: AuditCommand, at: &StoreAt, tenant: Option<&str>) -> Exit {
    let reader = match StoreReader::open(at) {
        Ok(reader) => reader,
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            let verifies = matches!(command, AuditCommand::Verify { .. });
            return if verifies && matches!(fault, StoreFault::Absent { .. }) {
                Exit::NoAudit
            } else {
                Exit::Io
            };
        }
    };
    match command {
        AuditCommand::Export => {
            let read = reader.audit(|row| match serde_json::to_string(&row) {
                Ok(line) => output::result(line),
                Err(wrong) => output::talk(format_args!("audit row {}: {wrong}", row.seq)),
            });
            match read {
                Ok(_) => Exit::Ok,
                Err(broken) => tell(&broken),
            }
        }
        AuditCommand::Verify {
            segments,
            head,
            public_key,
            form,
        } => {
            let key = match public_key
                .as_deref()
                .map(audit_head::public_key)
                .transpose()
            {
                Ok(key) => key,
                Err(why) => {
                    output::talk(format_args!("campaign-autopilot: --public-key: {why}"));
                    return Exit::Configuration;
                }
            };
            let published = head.as_ref().map(|head| (head, key.as_ref()));
            AuditReport::of(&reader, tenant, &segments, published).tell(form.form())
        }
        AuditCommand::Key { file, public, form } => key(&file, public, form),
        AuditCommand::Seal {
            before,
            dir,
            remove,
            form,
        } => {
            // A reader of an old version's store could not tell what is sealed.
            drop(reader);
            let directory = dir.unwrap_or_else(|| sealing::usual_directory(at));
            Box::pin(sealing::seal(at, before, (&directory, remove), form)).await
        }
        AuditCommand::Replay { form } => match reader.replay() {
            Ok(found) if found.beginnings == 0 && found.inputs > 0 => {
                output::talk(
                    "campaign-autopilot: no decision could be compared: the recorded inputs have no beginning",
                );
                Exit::Broken
            }
            Ok(found) => {
                if form.is_json() {
                    return output::json(&json!({
                        "schema": "audit-replay/1", "inputs": found.inputs, "samples": found.samples,
                        "compared": found.compared, "pauses": found.pauses, "resumes": found.resumes,
                    }));
                }
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

fn tell(broken: &BrokenChain) -> Exit {
    output::talk(format_args!("campaign-autopilot: {broken}"));
    Exit::of_chain(broken)
}
