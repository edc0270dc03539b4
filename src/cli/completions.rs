//! `completions`: scripts by which a shell completes the command line.

use clap::Command;
use clap_complete::Shell;

use super::exit::Exit;
use super::output;

/// The program's name in the script.
const NAME: &str = "campaign-autopilot";

/// Prints a shell's completion script.
pub(crate) fn completions(shell: Shell, mut command: Command) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, NAME, &mut script);
    output::result(String::from_utf8_lossy(&script).trim_end());
    Exit::Ok
}
