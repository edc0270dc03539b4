//! `man`: the manual pages.

use std::path::{Path, PathBuf};

use clap::Command;

use super::exit::Exit;
use super::output;

/// Prints the program's manual page, or writes those of all commands into a directory.
pub(crate) fn man(directory: Option<PathBuf>, command: Command) -> Exit {
    let Some(directory) = directory else {
        let mut page = Vec::new();
        return match clap_mangen::Man::new(command).render(&mut page) {
            Ok(()) => {
                output::result(String::from_utf8_lossy(&page).trim_end());
                Exit::Ok
            }
            Err(wrong) => refuse(Path::new("standard output"), &wrong),
        };
    };
    let made = std::fs::create_dir_all(&directory);
    match made.and_then(|()| clap_mangen::generate_to(command, &directory)) {
        Ok(()) => Exit::Ok,
        Err(wrong) => refuse(&directory, &wrong),
    }
}

fn refuse(place: &Path, wrong: &std::io::Error) -> Exit {
    output::talk(format_args!(
        "campaign-autopilot: {}: {wrong}",
        place.display()
    ));
    Exit::Io
}
