//! The help of the program with its commands in groups, in the order in which a reader needs them.

use clap::Command;

/// The groups, and the commands of each.
const GROUPS: [(&str, &[&str]); 6] = [
    (
        "To begin with",
        &["demo", "config", "check", "run", "platforms"],
    ),
    (
        "A running daemon",
        &[
            "status",
            "explain",
            "hold",
            "pause",
            "resume",
            "release",
            "set",
            "reload",
            "history",
            "healthcheck",
        ],
    ),
    (
        "Thresholds and limits",
        &["eval", "compare", "backtest", "tune", "compliance"],
    ),
    ("The platform's objects", &["queue", "assign", "restore"]),
    ("Records", &["audit", "export", "outbox", "store"]),
    (
        "To set it up",
        &[
            "token",
            "rules",
            "webhook",
            "simulate",
            "completions",
            "man",
            "help",
        ],
    ),
];

/// Names wider than this do not move the texts of the others.
const WIDEST: usize = 12;

/// Shows the commands of the program in their groups. What they are stays as it is: completions and manual pages have all of them.
pub(super) fn grouped(command: Command) -> Command {
    let groups = groups(&command);
    let header = *command.get_styles().get_header();
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{groups}\n{header}Options:{header:#}\n{{options}}{{after-help}}"
    ))
}

fn groups(command: &Command) -> String {
    let header = command.get_styles().get_header();
    let literal = command.get_styles().get_literal();
    let mut lines = Vec::new();
    for (name, members) in GROUPS {
        lines.push(format!("\n{header}{name}:{header:#}\n"));
        for member in members {
            let about = command.find_subcommand(member).and_then(Command::get_about);
            // The parser adds that of `help` itself, later.
            let about = about.map_or_else(
                || "Print this message or the help of a command".to_owned(),
                ToString::to_string,
            );
            lines.push(format!("  {literal}{member:WIDEST$}{literal:#} {about}\n"));
        }
    }
    // What stands between braces is a name to the template.
    lines.concat().replace(['{', '}'], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::entry::command_line;

    #[test]
    fn every_command_is_in_one_group() {
        let command = command_line();
        let mut named: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, members)| members.iter().copied())
            .filter(|member| *member != "help")
            .collect();
        let mut there: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        named.sort_unstable();
        there.sort_unstable();
        assert_eq!(named, there);
    }

    /// What a terminal is wide at least.
    const WIDTH: usize = 80;

    fn check_examples(command: &Command, name: &str) -> usize {
        let texts = [
            command.get_after_help(),
            command.get_after_long_help(),
            command.get_before_help(),
            command.get_before_long_help(),
        ];
        let mut checked = 0;
        for text in texts.into_iter().flatten() {
            for line in text
                .to_string()
                .lines()
                .filter(|line| line.starts_with("  "))
            {
                assert!(line.chars().count() <= WIDTH, "{name}: `{line}` wraps");
                checked += 1;
            }
        }
        for inner in command.get_subcommands() {
            let name = format!("{name} {}", inner.get_name());
            checked += check_examples(inner, &name);
        }
        checked
    }

    #[test]
    fn examples_fit_a_narrow_terminal() {
        let checked = check_examples(&command_line(), "campaign-autopilot");
        assert!(checked > 30, "{checked} lines of examples");
    }
}
