//! Results go to standard output, messages to standard error.
//!
//! A reader that has gone away (`head`) is not a fault. A result that cannot be written, on a full disk say, is: the program
//! goes on, and its exit code shows it.
//!
//! Whatever is printed may hold texts of a platform: characters that act on a terminal or turn a text around are written so that they
//! are seen.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{ErrorKind, Write, stderr, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::domain::visible;

use super::exit::Exit;
use super::shown_times::ShownTimes;

static LOST: AtomicBool = AtomicBool::new(false);

/// Whether only what is wrong is printed.
static QUIET: AtomicBool = AtomicBool::new(false);

/// A line that is kept for a report instead of being printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Kept {
    /// Whether it says what is wrong, or what to know.
    warns: bool,
    /// The line.
    says: String,
}

/// The lines that are kept, where a report is made of them.
static REPORT: Mutex<Option<Vec<Kept>>> = Mutex::new(None);

/// From here on lines are kept for a report, and messages too.
pub(crate) fn keep() {
    let mut report = REPORT.lock().unwrap_or_else(PoisonError::into_inner);
    report.get_or_insert_default();
}

/// The lines that were kept; from here on lines are printed.
pub(crate) fn kept() -> Vec<Kept> {
    let mut report = REPORT.lock().unwrap_or_else(PoisonError::into_inner);
    report.take().unwrap_or_default()
}

/// Keeps a line if a report is made; else it is to be printed.
fn is_kept(line: &impl Display, warns: bool) -> bool {
    let mut report = REPORT.lock().unwrap_or_else(PoisonError::into_inner);
    match report.as_mut() {
        Some(lines) => {
            let says = shown(line);
            lines.push(Kept { warns, says });
            true
        }
        None => false,
    }
}

/// From here on, only what is wrong is printed.
pub(crate) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Prints a line of the result, except where only what is wrong is wanted.
pub(crate) fn result(line: impl Display) {
    if !is_kept(&line, false) && !QUIET.load(Ordering::Relaxed) {
        print(&line);
    }
}

/// Prints a row of what was recorded: how long ago it was heads it, and the times that it tells of are those of a clock alone.
pub(crate) fn recorded(line: impl Display) {
    result(ShownTimes::here().recorded(&line.to_string()));
}

/// Prints a line of the result for people, its times on the clock of their zone.
pub(crate) fn told(line: impl Display) {
    result(ShownTimes::here().told(&line.to_string()));
}

/// Says in which zone times were told, and what time it is there.
pub(crate) fn talk_zone() {
    talk(format_args!("it is {}", ShownTimes::here().clock()));
}

/// Prints a line of the result that says what is wrong.
pub(crate) fn wrong(line: impl Display) {
    if !is_kept(&line, true) {
        print(&line);
    }
}

fn print(line: &impl Display) {
    if let Err(wrong) = writeln!(stdout(), "{}", shown(line))
        && wrong.kind() != ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        talk(format_args!(
            "campaign-autopilot: standard output: {wrong}; the result is incomplete"
        ));
    }
}

/// Prints a result as JSON for programs.
pub(crate) fn json(report: &impl Serialize) -> Exit {
    match serde_json::to_string_pretty(report) {
        Ok(text) => {
            result(text);
            Exit::Ok
        }
        Err(wrong) => {
            talk(format_args!("campaign-autopilot: {wrong}"));
            Exit::Internal
        }
    }
}

/// Clears the terminal, for a result that replaces the one before.
pub(crate) fn clear() {
    // A terminal that is not cleared shows the new result below the old one.
    drop(write!(stdout(), "\x1b[2J\x1b[H"));
}

fn shown(line: &impl Display) -> String {
    let text = line.to_string();
    match visible(&text, |c| matches!(c, '\n' | '\t')) {
        Cow::Borrowed(_) => text,
        Cow::Owned(shown) => shown,
    }
}

/// Returns whether a result could not be written.
pub(crate) fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Prints a message for people to standard error, its times on the clock of their zone.
pub(crate) fn talk_told(line: impl Display) {
    talk(ShownTimes::here().told(&line.to_string()));
}

/// Prints a message to standard error.
pub(crate) fn talk(line: impl Display) {
    if is_kept(&line, true) {
        return;
    }
    // There is no other place left to tell it to.
    drop(writeln!(stderr(), "{}", shown(&line)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_does_not_act() {
        let evil = "name\u{1b}]0;title\u{7}\u{202e}\r\u{9b}2J";
        let printed = shown(&format_args!("a\t{evil}\nb"));
        assert_eq!(
            printed,
            "a\tname\\u001b]0;title\\u0007\\u202e\\u000d\\u009b2J\nb"
        );
    }
}
