//! The targets, by name.

use crate::cli::fuzzing as commands;
use crate::platform::cxone_v2::fuzzing as cxone_v2;
use crate::platform::http::fuzzing as http;
use crate::platform::vicidial::fuzzing as vicidial;

use super::simulator;

/// A target: its name, and what runs one input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 12] = [
    ("assignment_list", assignment_list),
    ("change_set", change_set),
    ("icalendar", icalendar),
    ("page", page),
    ("page_against_model", page_against_model),
    ("queue", queue),
    ("roster", roster),
    ("scenario", scenario),
    ("settings", settings),
    ("token", token),
    ("trace", trace),
    ("vicidial_answer", vicidial_answer),
];

/// Reads a preview campaign's list of agents.
///
/// # Panics
/// When a list that was read is not the same after it was sent back.
pub fn assignment_list(bytes: &[u8]) {
    cxone_v2::assignment_list(bytes);
}

/// Reads a change set of a queue, as TOML and as JSON.
///
/// # Panics
/// When a change set that was read is not the same after it was printed, or a fault does not name its file.
pub fn change_set(bytes: &[u8]) {
    with_text(bytes, commands::change_set);
}

/// Reads an iCalendar file of holidays.
///
/// # Panics
/// When an event that was read does not close its calendar, or a fault names no line of the file.
pub fn icalendar(bytes: &[u8]) {
    with_text(bytes, commands::icalendar);
}

/// Reads a page of agents.
///
/// # Panics
/// When a page holds more agents than its text can.
pub fn page(bytes: &[u8]) {
    cxone_v2::page(bytes);
}

/// Holds the reader of pages against an independent model.
///
/// # Panics
/// When they differ in a way that is not in the table of known faults.
pub fn page_against_model(bytes: &[u8]) {
    cxone_v2::page_against_model(bytes);
}

/// Reads a queue, its skills and counters, and a campaign.
///
/// # Panics
/// When a queue that was read is not the same after it was sent back.
pub fn queue(bytes: &[u8]) {
    cxone_v2::queue(bytes);
}

/// Reads a roster, as CSV and as TOML.
///
/// # Panics
/// When a roster that was read is not the same after it was printed, or a fault names no line of the file.
pub fn roster(bytes: &[u8]) {
    with_text(bytes, commands::roster);
}

/// Reads a scenario of the simulated contact centre.
///
/// # Panics
/// When what was accepted is out of bounds.
pub fn scenario(bytes: &[u8]) {
    with_text(bytes, simulator::scenario);
}

/// Reads a settings file.
///
/// # Panics
/// When a fault shows a secret or names a line that the file has not, or the same text lower in the file means something else.
pub fn settings(bytes: &[u8]) {
    with_text(bytes, commands::settings);
}

/// Reads the answer of a token endpoint.
///
/// # Panics
/// When the token could be logged, or a fault repeats something of the answer.
pub fn token(bytes: &[u8]) {
    http::token(bytes);
}

/// Reads a recorded trace.
///
/// # Panics
/// When a trace that was read is not the same after it was printed.
pub fn trace(bytes: &[u8]) {
    with_text(bytes, simulator::trace);
}

/// Reads an answer of VICIdial: its first line, lists of agents and of campaigns, counts of calls and the version.
///
/// # Panics
/// When a refused log-in is repeated, counts are more than the rows, or a remembered pace is not the same when it is read.
pub fn vicidial_answer(bytes: &[u8]) {
    vicidial::answer(bytes);
}

fn with_text(bytes: &[u8], run: fn(&str)) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        run(text);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn fuzz() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
    }

    /// The names in a folder, in order.
    fn names(folder: &Path) -> BTreeSet<String> {
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        files
            .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn every_target_has_a_program_and_a_corpus() {
        let targets: BTreeSet<String> =
            TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names(&fuzz().join("fuzz_targets")), targets);
        assert_eq!(names(&fuzz().join("corpus")), targets);
        let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
        for target in targets {
            assert!(
                manifest.contains(&format!("name = \"{target}\"")),
                "{target}"
            );
        }
    }

    #[test]
    fn the_corpora_break_no_promise() {
        for (name, run) in TARGETS {
            let folder = fuzz().join("corpus").join(name);
            let mut inputs = 0;
            for file in fs::read_dir(&folder).unwrap() {
                run(&fs::read(file.unwrap().path()).unwrap());
                inputs += 1;
            }
            assert!(inputs >= 3, "{name} has {inputs} inputs");
        }
    }
}
