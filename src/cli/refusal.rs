//! Reports a configuration that cannot be used.

use super::exit::Exit;
use super::output;
use crate::settings::Fault;

/// Prints the faults of a configuration.
pub(super) fn refuse_configuration(faults: &[Fault]) -> Exit {
    for fault in faults {
        output::talk(fault);
    }
    let many = if faults.len() == 1 { "fault" } else { "faults" };
    output::talk(format_args!(
        "campaign-autopilot: {} {many} in the configuration",
        faults.len()
    ));
    Exit::Configuration
}
