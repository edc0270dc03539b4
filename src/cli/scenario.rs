//! `--scenario NAME|FILE`.

use crate::given_file::{LONGEST_DATA, read_text};
use crate::simulator::{Scenario, ScenarioFaults};

use super::exit::Exit;
use super::output;

/// Loads a scenario that comes with the program, or one from a file; prints every fault.
pub(super) fn load(named: &str) -> Result<Scenario, Exit> {
    if let Some(text) = Scenario::text(named) {
        return Scenario::parse(text, named).map_err(|faults| refuse(&faults));
    }
    let text = read_text(named, LONGEST_DATA).map_err(|wrong| {
        let known: Vec<&str> = Scenario::names().collect();
        output::talk(format_args!(
            "campaign-autopilot: --scenario {named}: neither a file that can be read ({wrong}) nor one of {}",
            known.join(", ")
        ));
        Exit::Configuration
    })?;
    Scenario::parse(&text, named).map_err(|faults| refuse(&faults))
}

fn refuse(faults: &ScenarioFaults) -> Exit {
    output::talk(format_args!("campaign-autopilot: {faults}"));
    Exit::Configuration
}
