//! `config`: the effective settings, and a settings file to start from.

use crate::settings::{
    DefaultValue, InFile, Kind, Resolved, Row, RunArgs, calendar_keys, campaign_keys, guard_keys,
    receiver_keys, rows,
};

use crate::serve::{ConfigurationDocument, ValueDocument};

use super::exit::Exit;
use super::form::FormArgs;
use super::operate::{ServerArgs, running_configuration};
use super::output;

/// What to do with the configuration.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every effective value; secrets as (set)
    Show {
        /// Also print where each value comes from
        #[arg(long)]
        origin: bool,
        /// Of the running daemon at --server: what is in force there, which may differ from what a start would read now
        #[arg(long)]
        running: bool,
        #[command(flatten)]
        server: ServerArgs,
        #[command(flatten)]
        run: Box<RunArgs>,
    },
    /// Print a settings file to start from, every key with its meaning and default
    Init,
    /// Print a JSON Schema of the settings file, for editors that complete and check it
    ///
    /// Editors with a TOML language server take it by a first line `#:schema ./schema.json` in the settings file.
    Schema,
}

/// Prints the values that a start would have now.
pub(crate) fn show(resolved: &Resolved, with_origin: bool, form: FormArgs) -> Exit {
    for warning in &resolved.warnings {
        output::talk(format_args!("warning: {warning}"));
    }
    let values = resolved.origins.iter();
    let values = values.map(|(key, value, origin)| ValueDocument {
        key: key.clone(),
        value: value.clone(),
        origin: origin.to_string(),
    });
    print(
        &ConfigurationDocument::of(values.collect()),
        with_origin,
        form,
    )
}

/// Prints the values that a running daemon has.
pub(crate) async fn show_running(server: &ServerArgs, with_origin: bool) -> Exit {
    match running_configuration(server).await {
        Ok(document) => print(&document, with_origin, server.form()),
        Err(exit) => exit,
    }
}

fn print(document: &ConfigurationDocument, with_origin: bool, form: FormArgs) -> Exit {
    if form.is_json() {
        return output::json(document);
    }
    let values = document.values.iter();
    let lines: Vec<(String, &str)> = values
        .map(|one| (format!("{} = {}", one.key, one.value), one.origin.as_str()))
        .collect();
    let widest = lines.iter().map(|(line, _)| line.len()).max();
    let widest = widest.unwrap_or_default().min(60);
    for (line, origin) in lines {
        if with_origin {
            output::result(format_args!("{line:widest$}  {origin}"));
        } else {
            output::result(line);
        }
    }
    Exit::Ok
}

/// Prints a settings file in which every line but the example's is a comment.
pub(crate) fn init() -> Exit {
    output::result(sample());
    Exit::Ok
}

fn sample() -> String {
    let mut lines = vec![
        "# Settings of campaign-autopilot. A flag beats its environment variable, which beats this file,".to_owned(),
        "# which beats the default. Secrets do not belong here. `campaign-autopilot check` names every fault.".to_owned(),
    ];
    let mut heading = "";
    for row in rows().filter(|row| row.file != InFile::No) {
        if row.heading != heading {
            heading = row.heading;
            lines.push(format!("\n# --- {heading}"));
        }
        lines.push(format!("\n# {}", row.meaning));
        lines.push(format!("# {} = {}", row.key, example(row)));
    }
    lines.push(
        "\n# --- Campaigns, each with rules of its own where they differ from those above\n"
            .to_owned(),
    );
    lines.push("# [[campaign]]".to_owned());
    for key in campaign_keys::ALL.iter().filter(|key| key.name != "tenant") {
        lines.push(format!("# {}", key.meaning));
        let value = match key.name {
            name if name == campaign_keys::ID.name => "cmp-884291",
            name if name == campaign_keys::NAME.name => "Spring renewals",
            name if name == campaign_keys::TEAM.name => "Renewals",
            name if name == campaign_keys::CALENDAR.name => "office",
            name if name == campaign_keys::NOTE.name => "ask Anna before changing its rules",
            _ => key.default,
        };
        lines.push(format!("# {} = \"{value}\"", key.name));
    }
    lines.push("\n# --- Calling hours, by the names that campaigns call them\n".to_owned());
    lines.push("# [[calendar]]".to_owned());
    for key in calendar_keys::ALL {
        lines.push(format!("# {}", key.meaning));
        let value = match key.name {
            name if name == calendar_keys::NAME.name => "\"office\"",
            name if name == calendar_keys::ZONE.name => "\"Europe/Berlin\"",
            name if name == calendar_keys::HOURS.name => "[\"09:00-18:00\"]",
            name if name == calendar_keys::WEEKDAYS.name => "[\"mon-fri\"]",
            name if name == calendar_keys::HOLIDAYS.name => "[\"12-25 Christmas Day\"]",
            name if name == calendar_keys::HOLIDAYS_FILE.name => "\"holidays.ics\"",
            _ => "[]",
        };
        lines.push(format!("# {} = {value}", key.name));
    }
    lines.push(
        "\n# --- How many calls may be abandoned: guards inform and pause nothing\n".to_owned(),
    );
    lines.push("# [[guard]]".to_owned());
    for key in guard_keys::ALL.iter().filter(|key| key.name != "tenant") {
        lines.push(format!("# {}", key.meaning));
        let value = match key.name {
            name if name == guard_keys::NAME.name => "\"us-sales\"",
            name if name == guard_keys::PRESET.name => "\"us-ftc\"",
            name if name == guard_keys::LIMIT.name => "\"3%\"",
            name if name == guard_keys::NUMERATOR.name => "\"abandoned\"",
            name if name == guard_keys::DENOMINATOR.name => "\"answered\"",
            name if name == guard_keys::PERIOD.name => "\"successive 30 days\"",
            name if name == guard_keys::STARTS.name => "\"2026-11-01\"",
            name if name == guard_keys::ZONE.name => "\"America/New_York\"",
            name if name == guard_keys::LEAST_CALLS.name => "88",
            name if name == guard_keys::TEAMS.name => "[\"Renewals\"]",
            _ => "[\"cmp-884291\"]",
        };
        lines.push(format!("# {} = {value}", key.name));
    }
    lines.push(
        "\n# --- Further receivers of webhooks, also in the forms of Slack, Microsoft Teams and PagerDuty\n"
            .to_owned(),
    );
    lines.push("# [[receiver]]".to_owned());
    for key in receiver_keys::ALL.iter().filter(|key| key.name != "tenant") {
        lines.push(format!("# {}", key.meaning));
        let value = match key.name {
            name if name == receiver_keys::NAME.name => "\"slack-ops\"",
            name if name == receiver_keys::FORM.name => "\"slack\"",
            name if name == receiver_keys::URL.name => "\"\"",
            name if name == receiver_keys::EVENTS.name => "[\"campaign.held\"]",
            name if name == receiver_keys::CAMPAIGNS.name => "[\"cmp-884291\"]",
            name if name == receiver_keys::TEAMS.name => "[\"Renewals\"]",
            _ => "\"/etc/campaign-autopilot/slack-ops\"",
        };
        lines.push(format!("# {} = {value}", key.name));
    }
    lines.push(
        "\n# --- Several accounts: a table for each with the keys of its platform; every table above then needs `tenant`\n"
            .to_owned(),
    );
    lines.push("# [[tenant]]".to_owned());
    lines.push("# The tenant's name: a-z, 0-9 and -, up to 40 characters.".to_owned());
    lines.push("# name = \"acme\"".to_owned());
    lines.join("\n")
}

/// Returns the default as TOML, or an example where the default is a rule.
fn example(row: &Row) -> String {
    let default = match row.default {
        DefaultValue::Is(text) => text,
        DefaultValue::None | DefaultValue::FollowsFrom(_) => "",
    };
    match row.kind {
        Kind::Switch | Kind::Count => default.to_owned(),
        Kind::Number | Kind::CountOrWord | Kind::Limit if default.parse::<f64>().is_ok() => {
            default.to_owned()
        }
        Kind::Texts => "[]".to_owned(),
        Kind::Duration if default.is_empty() => "\"60s\"".to_owned(),
        Kind::Text
        | Kind::Word
        | Kind::Secret
        | Kind::Duration
        | Kind::Number
        | Kind::CountOrWord
        | Kind::Limit => format!("\"{default}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_settings_file_and_names_every_key() {
        let sample = sample();
        assert!(toml::from_str::<toml::Table>(&sample).unwrap().is_empty());
        let keys = sample.lines().filter_map(|line| {
            let (key, _) = line.strip_prefix("# ")?.split_once(" = ")?;
            key.chars()
                .all(|c| c.is_ascii_lowercase() || c == '_')
                .then_some(key)
        });
        let keys: Vec<&str> = keys.collect();
        for row in rows().filter(|row| row.file != InFile::No) {
            assert!(keys.contains(&row.key), "{}", row.key);
        }
        // With the comment signs of its keys taken away it is still a settings file.
        let bare: String = sample
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest)
                    if keys
                        .iter()
                        .any(|key| rest.starts_with(&format!("{key} = "))) =>
                {
                    rest
                }
                Some(
                    table @ ("[[campaign]]" | "[[calendar]]" | "[[guard]]" | "[[receiver]]"
                    | "[[tenant]]"),
                ) => table,
                Some(_) | None => line,
            })
            .collect::<Vec<_>>()
            .join("\n");
        let table: toml::Table = toml::from_str(&bare).unwrap();
        assert_eq!(table["pause_below"].as_integer(), Some(5));
        assert_eq!(table["campaign"][0]["id"].as_str(), Some("cmp-884291"));
        assert_eq!(table["calendar"][0]["name"].as_str(), Some("office"));
        assert_eq!(table["guard"][0]["preset"].as_str(), Some("us-ftc"));
        assert_eq!(table["receiver"][0]["form"].as_str(), Some("slack"));
        assert_eq!(table["tenant"][0]["name"].as_str(), Some("acme"));
    }
}
