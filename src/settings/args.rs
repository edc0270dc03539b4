//! The flags of `run`, drawn up from the rows.
//!
//! clap only splits the command line and knows the closed words, so that shells complete them; the texts are read with those of the
//! environment and the file, so that all faults come together.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::flags::RunArgs;
use super::row::{Kind, Row};
use super::rows::rows;

/// Names the words of a setting to shells and takes any text.
#[derive(Clone)]
struct Words(&'static Row);

impl TypedValueParser for Words {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.words().map(PossibleValue::new)))
    }
}

/// The settings that somebody gives who begins; `-h` shows these alone, `--help` all.
const FIRST: [&str; 12] = [
    "platform",
    "base_url",
    "client_id",
    "config",
    "campaign",
    "pause_below",
    "resume_at",
    "poll_interval",
    "dry_run",
    "once",
    "listen",
    "state_dir",
];

fn arg(row: &'static Row) -> Option<Arg> {
    let arg = Arg::new(row.key)
        .long(row.flag?.trim_start_matches('-'))
        .help(row.help())
        .help_heading(row.heading)
        .hide_short_help(!FIRST.contains(&row.key));
    let valued = |arg: Arg| arg.value_name(row.value).allow_negative_numbers(true);
    Some(match row.kind {
        Kind::Switch => arg.action(ArgAction::SetTrue),
        Kind::Texts | Kind::Limit => valued(arg).action(ArgAction::Append),
        // The value's name shows the words already.
        Kind::Word => valued(arg)
            .value_parser(ValueParser::new(Words(row)))
            .hide_possible_values(true),
        Kind::Text
        | Kind::Secret
        | Kind::Duration
        | Kind::Count
        | Kind::CountOrWord
        | Kind::Number => valued(arg).action(ArgAction::Set),
    })
}

impl clap::FromArgMatches for RunArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for row in rows().filter(|row| row.flag.is_some()) {
            let texts: Vec<String> = if row.kind == Kind::Switch {
                let there = matches.get_flag(row.key);
                there.then(|| "true".to_owned()).into_iter().collect()
            } else {
                let texts = matches.get_many::<String>(row.key);
                texts.into_iter().flatten().cloned().collect()
            };
            if !texts.is_empty() {
                self.add(row, texts);
            }
        }
        Ok(())
    }
}

impl clap::Args for RunArgs {
    fn augment_args(command: Command) -> Command {
        command.args(rows().filter_map(arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use crate::settings::row::InFile;
    use crate::settings::table_keys::{calendar, group, guard, queue};

    use super::*;

    #[test]
    fn names_follow_the_key() {
        for row in rows() {
            let flag = format!("--{}", row.key.replace('_', "-"));
            assert!(row.flag.is_none_or(|given| given == flag), "{flag}");
            let upper = row.key.to_uppercase();
            let named = [
                format!("AUTOPILOT_{upper}"),
                format!("CXONE_{upper}"),
                format!("CXONE_{upper}_ID"),
                format!("OTEL_EXPORTER_{upper}"),
            ];
            for variable in row.env {
                assert!(named.contains(&(*variable).to_owned()), "{variable}");
            }
            assert!(
                !row.env.is_empty() && row.meaning.ends_with('.'),
                "{}",
                row.key
            );
        }
    }

    /// A setting's row in the README's table.
    fn documented(row: &Row) -> String {
        let value = row.value.replace('|', "\\|");
        let flag = row.flag.map_or(String::new(), |flag| {
            format!("`{}`", format!("{flag} {value}").trim_end())
        });
        let variables: Vec<String> = row.env.iter().map(|name| format!("`{name}`")).collect();
        let key = if row.file == InFile::No {
            String::new()
        } else {
            format!("`{}`", row.key)
        };
        format!(
            "| {flag} | {} | {key} | {} | {} |",
            variables.join(" or "),
            row.default_text(),
            row.meaning
        )
    }

    #[test]
    fn the_settings_page_has_every_setting_as_it_is() {
        let page = include_str!("../../docs/reference/settings.md");
        for row in rows() {
            let row = documented(row);
            assert!(page.contains(&row), "the page lacks the row\n{row}");
        }
    }

    #[test]
    fn the_settings_page_says_which_keys_belong_to_a_tenant() {
        let page = include_str!("../../docs/reference/settings.md");
        for place in [InFile::Account, InFile::Tenant, InFile::Rule, InFile::Top] {
            let keys = rows().filter(|row| row.file == place);
            let keys: Vec<String> = keys.map(|row| format!("`{}`", row.key)).collect();
            let line = format!(": {}.", keys.join(", "));
            assert!(page.contains(&line), "the page lacks the keys{line}");
        }
    }

    #[test]
    fn pages_have_every_key_of_their_tables_as_it_is() {
        let groups = include_str!("../../docs/guide/groups.md");
        let queues = include_str!("../../docs/guide/queues.md");
        let guards = include_str!("../../docs/guide/guard.md");
        let calendars = include_str!("../../docs/guide/calendar.md");
        let pages = [
            (calendars, calendar::ALL),
            (groups, group::ALL),
            (guards, guard::ALL),
            (queues, queue::ALL),
        ];
        for (page, keys) in pages {
            for key in keys {
                let row = format!("| `{}` | {} | {} |", key.name, key.default, key.meaning);
                assert!(page.contains(&row), "the page lacks the row\n{row}");
            }
        }
    }

    #[test]
    fn the_help_tells_default_and_environment() {
        let mut command = RunArgs::augment_args(Command::new("run")).term_width(0);
        command.clone().debug_assert();
        let help = command.render_long_help().to_string();
        for row in rows().filter(|row| row.flag.is_some()) {
            assert!(help.contains(&row.help()), "{}", row.key);
        }
        for heading in [
            "Platform:",
            "Campaigns:",
            "Rules:",
            "Reading and rate:",
            "Notifications:",
            "Running:",
        ] {
            assert!(help.contains(heading), "{heading}");
        }
        assert!(!help.contains("--client-secret "), "no secret by flag");
    }

    #[test]
    fn what_the_short_help_shows_is_there() {
        for key in FIRST {
            let there = rows().any(|row| row.key == key && row.flag.is_some());
            assert!(there, "{key}");
        }
    }

    #[test]
    fn shells_are_told_the_closed_words_and_the_help_shows_them_once() {
        let mut command = RunArgs::augment_args(Command::new("run")).term_width(0);
        let mut script = Vec::new();
        clap_complete::generate(clap_complete::Shell::Bash, &mut command, "run", &mut script);
        let script = String::from_utf8(script).unwrap();
        for row in rows().filter(|row| row.kind == Kind::Word) {
            let words: Vec<&str> = row.words().collect();
            assert!(
                script.contains(&format!("\"{}\"", words.join(" "))),
                "{}",
                row.key
            );
        }
        let help = command.render_long_help().to_string();
        assert!(!help.contains("possible values"), "{help}");
    }
}
