//! The command that was probably meant, for words that other programs use.
//!
//! The parser suggests what is spelt alike. A word that is spelt otherwise and means the same is known here. None of them runs anything: who
//! types `stop` may mean the campaigns or the daemon.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Words of other programs, and what does it here.
const OTHER_WORDS: [(&[&str], &[&str]); 11] = [
    (&["stop", "halt", "suspend"], &["pause", "hold"]),
    (
        &["unpause", "unhold", "continue", "unset"],
        &["resume", "release"],
    ),
    (&["start", "serve", "daemon"], &["run"]),
    (
        &["list", "ls", "ps", "show", "campaigns", "get"],
        &["status"],
    ),
    (&["log", "logs", "events", "journal"], &["history"]),
    (&["why", "describe", "inspect"], &["explain"]),
    (&["validate", "lint", "test", "doctor"], &["check"]),
    (&["health", "ping", "ready"], &["healthcheck"]),
    (&["override", "threshold", "thresholds"], &["set"]),
    (&["settings", "init"], &["config"]),
    (&["verify", "replay"], &["audit"]),
];

/// Adds what was probably meant to a fault about a command that there is not.
pub(super) fn with_meant(mut fault: clap::Error) -> clap::Error {
    if fault.kind() != ErrorKind::InvalidSubcommand {
        return fault;
    }
    let Some(ContextValue::String(given)) = fault.get(ContextKind::InvalidSubcommand) else {
        return fault;
    };
    if let Some(commands) = meant(given) {
        let commands = commands.iter().map(|&command| command.to_owned());
        let commands = ContextValue::Strings(commands.collect());
        drop(fault.insert(ContextKind::SuggestedSubcommand, commands));
    }
    fault
}

fn meant(given: &str) -> Option<&'static [&'static str]> {
    let given = given.to_lowercase();
    let found = OTHER_WORDS
        .iter()
        .find(|(words, _)| words.contains(&given.as_str()));
    found.map(|(_, commands)| *commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_programs_lead_to_ours() {
        assert_eq!(meant("Stop"), Some(&["pause", "hold"][..]));
        assert_eq!(meant("logs"), Some(&["history"][..]));
        assert_eq!(meant("nonsense"), None);
    }
}
