//! What a check finds, line by line.

use std::fmt::Display;

use crate::cli::exit::Exit;
use crate::cli::output;
use crate::platform::port::PlatformFault;

/// The findings; the first failure decides the exit code, and all are printed.
pub(super) struct Findings {
    exit: Exit,
}

impl Findings {
    pub(super) fn none() -> Self {
        Self { exit: Exit::Ok }
    }

    pub(super) fn exit(self) -> Exit {
        self.exit
    }

    pub(super) fn good(what: impl Display) {
        output::result(format_args!("ok      {what}"));
    }

    /// What works and is probably not meant.
    pub(super) fn doubtful(what: impl Display) {
        output::talk(format_args!("warning: {what}"));
    }

    pub(super) fn bad(&mut self, what: impl Display, exit: Exit) {
        output::wrong(format_args!("FAILED  {what}"));
        self.exit = self.exit.then(exit);
    }

    pub(super) fn fault(&mut self, what: &str, fault: &PlatformFault) {
        self.bad(format_args!("{what}: {fault}"), Exit::of(fault.kind));
    }
}

/// A number with its noun.
pub(super) fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// The first few of some names, and how many there are beyond them.
pub(super) fn some_of<T: Display>(names: &[T]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = names.iter().take(SHOWN).map(T::to_string).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    format!("{}{more}", shown.join(", "))
}
