//! Results go to standard output, messages to standard error.
//!
//! A reader that has gone away (`head`) is not a fault. A result that cannot be written, on a full disk say, is: the program
//! goes on, and its exit code shows it.

use std::fmt::Display;
use std::io::{ErrorKind, Write, stderr, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a line of the result.
pub(crate) fn result(line: impl Display) {
    if let Err(wrong) = writeln!(stdout(), "{line}")
        && wrong.kind() != ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        talk(format_args!(
            "campaign-autopilot: standard output: {wrong}; the result is incomplete"
        ));
    }
}

/// Returns whether a result could not be written.
pub(crate) fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Prints a message to standard error.
pub(crate) fn talk(line: impl Display) {
    // There is no other place left to tell it to.
    drop(writeln!(stderr(), "{line}"));
}
