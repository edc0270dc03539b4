//! The flags of `run`, drawn up from one table of settings.
//!
//! [`SETTINGS`] is the only place where a setting's names, default and meaning stand: the flags and their help, the
//! keys that the settings file may hold, the names of the environment variables and the README's table come from it.
//! clap only splits the command line; the texts are read in [`super::config`], so that all faults come together.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, Command};

/// What a setting's text has to look like; decides which TOML types and how many flags are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text, or one of a few words.
    Text,
    /// Several texts.
    Texts,
    /// A time with its unit.
    Duration,
    /// A whole number.
    Count,
    /// A whole number or a word.
    CountOrWord,
    /// A decimal number or a word.
    Number,
    /// A number of agents or a share, for all campaigns or for one.
    Limit,
    /// Yes or no.
    Switch,
}

/// Where in the settings file a key may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InFile {
    /// Nowhere.
    No,
    /// At top level.
    Top,
    /// At top level and in each `[[campaign]]` table.
    Rule,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Its key, in the file and in faults.
    pub key: &'static str,
    /// Its flag with the dashes, where it has one.
    pub flag: Option<&'static str>,
    /// Its environment variable.
    pub env: &'static str,
    /// What its text looks like.
    pub kind: Kind,
    /// What the help calls its value.
    pub value: &'static str,
    /// Its default, in the words of the help; empty where there is none.
    pub default: &'static str,
    /// Where it may stand in the file.
    pub file: InFile,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// The group that it belongs to.
    pub heading: &'static str,
}

macro_rules! settings {
    ($($heading:literal { $($key:literal $flag:expr, $env:literal, $kind:ident $value:literal, $default:literal, $file:ident, $meaning:literal;)+ })+) => {
        &[$($(Setting {
            key: $key, flag: $flag, env: $env, kind: Kind::$kind, value: $value, default: $default,
            file: InFile::$file, meaning: $meaning, heading: $heading,
        },)+)+]
    };
}

/// Every setting, in the order of the help.
pub(crate) const SETTINGS: &[Setting] = settings! {
    "Platform" {
        "base_url" Some("--base-url"), "CXONE_BASE_URL", Text "URL", "", Top,
            "Address of the tenant; the API's paths are put behind it.";
        "client_id" Some("--client-id"), "CXONE_CLIENT_ID", Text "ID", "", Top,
            "Client id of the OAuth 2 client credentials.";
        "client_secret" None, "CXONE_CLIENT_SECRET", Text "SECRET", "", No,
            "Client secret; never a flag and never in the settings file.";
        "client_secret_file" Some("--client-secret-file"), "AUTOPILOT_CLIENT_SECRET_FILE", Text "FILE", "", Top,
            "File that holds the client secret; line ends behind it are dropped. Instead of it, CXONE_CLIENT_SECRET may hold the secret.";
        "token_url" Some("--token-url"), "AUTOPILOT_TOKEN_URL", Text "URL", "base URL + /oauth2/token", Top,
            "Address that gives access tokens.";
        "auth" Some("--auth"), "AUTOPILOT_AUTH", Text "form|basic|json", "form", Top,
            "How the credentials are sent to the token address.";
        "scope" Some("--scope"), "AUTOPILOT_SCOPE", Texts "SCOPE", "", Top,
            "Scope to ask for; may be repeated or be a comma list.";
    }
    "Campaigns" {
        "campaign" Some("--campaign"), "CXONE_CAMPAIGN_ID", Texts "ID", "", No,
            "Campaign to look after, besides those of the settings file; may be repeated or be a comma list.";
    }
    "Rules" {
        "pause_below" Some("--pause-below"), "AUTOPILOT_PAUSE_BELOW", Limit "[CAMPAIGN=]N|P%", "5", Rule,
            "Pause when fewer agents are available, as a number or as a share of those not offline; may be repeated or be a comma list.";
        "resume_at" Some("--resume-at"), "AUTOPILOT_RESUME_AT", Limit "[CAMPAIGN=]N|P%", "8", Rule,
            "Resume our own pause when at least so many agents are available; given like --pause-below.";
        "confirm_pause" Some("--confirm-pause"), "AUTOPILOT_CONFIRM_PAUSE", Text "K/N", "1/1", Rule,
            "Pause only when K of the last N samples ask for it.";
        "confirm_resume" Some("--confirm-resume"), "AUTOPILOT_CONFIRM_RESUME", Text "K/N", "1/1", Rule,
            "Resume only when K of the last N samples ask for it.";
        "min_running" Some("--min-running"), "AUTOPILOT_MIN_RUNNING", Duration "DURATION", "0s", Rule,
            "A resumed campaign runs at least this long.";
        "min_paused" Some("--min-paused"), "AUTOPILOT_MIN_PAUSED", Duration "DURATION", "0s", Rule,
            "A paused campaign stays paused at least this long.";
        "max_resumes_per_hour" Some("--max-resumes-per-hour"), "AUTOPILOT_MAX_RESUMES_PER_HOUR", CountOrWord "N|none", "none", Rule,
            "At most so many resumes of a campaign in any hour; pausing stays allowed.";
        "flap_limit" Some("--flap-limit"), "AUTOPILOT_FLAP_LIMIT", CountOrWord "N|none", "6", Rule,
            "So many resumes of a campaign within an hour are told as flapping, once; nothing is held back for it.";
        "on_stale" Some("--on-stale"), "AUTOPILOT_ON_STALE", Text "hold|pause", "hold", Rule,
            "What to do with running campaigns while readings stay away.";
        "stale_after" Some("--stale-after"), "AUTOPILOT_STALE_AFTER", Count "POLLS", "3", Rule,
            "So many polls in a row without a valid reading make the data stale.";
        "max_sample_age" Some("--max-sample-age"), "AUTOPILOT_MAX_SAMPLE_AGE", Duration "DURATION", "twice the poll interval, at least 10s", Top,
            "An older reading is not acted on.";
        "on_manual_change" Some("--on-manual-change"), "AUTOPILOT_ON_MANUAL_CHANGE", Text "respect|adopt|enforce", "respect", Rule,
            "What to do when a person has changed a campaign.";
        "manual_grace" Some("--manual-grace"), "AUTOPILOT_MANUAL_GRACE", Duration "DURATION", "15m", Rule,
            "How long a person's resume of our pause is left alone.";
        "adopt_paused" Some("--adopt-paused"), "AUTOPILOT_ADOPT_PAUSED", Switch "", "false", Rule,
            "Take over a campaign that is found paused at its very first reading; never one that was known before.";
        "strict_ownership" Some("--strict-ownership"), "AUTOPILOT_STRICT_OWNERSHIP", Switch "", "false", Rule,
            "Count a pause as ours only by the version in the platform's own answer to the command.";
    }
    "Reading and rate" {
        "poll_interval" Some("--poll-interval"), "AUTOPILOT_POLL_INTERVAL", Duration "DURATION", "30s", Top,
            "Time from the start of one poll to the start of the next.";
        "requests_per_second" Some("--requests-per-second"), "AUTOPILOT_REQUESTS_PER_SECOND", Number "N|unlimited", "10", Top,
            "Requests a second to the platform, a decimal number or `unlimited`.";
        "burst" Some("--burst"), "AUTOPILOT_BURST", Count "REQUESTS", "20", Top,
            "Requests that may go out at once after a lull.";
        "page_size" Some("--page-size"), "AUTOPILOT_PAGE_SIZE", Count "AGENTS", "100", Top,
            "Agents in one page, 1 to 100.";
        "page_concurrency" Some("--page-concurrency"), "AUTOPILOT_PAGE_CONCURRENCY", Count "PAGES", "8", Top,
            "Pages asked for at once, 1 to 64.";
        "request_timeout" Some("--request-timeout"), "AUTOPILOT_REQUEST_TIMEOUT", Duration "DURATION", "10s", Top,
            "Longest time for one attempt of a request.";
        "status_reads_per_poll" Some("--status-reads-per-poll"), "AUTOPILOT_STATUS_READS_PER_POLL", Count "CAMPAIGNS", "1", Top,
            "Campaigns whose status is read in each poll to see what people changed, 0 to 1000.";
    }
    "Assignments" {
        "roster" Some("--roster"), "AUTOPILOT_ROSTER", Text "FILE", "", Top,
            "Roster of the agents whom [[preview]] campaigns may be given (CSV, or TOML where the name ends in .toml); needed with such campaigns.";
        "assign_interval" Some("--assign-interval"), "AUTOPILOT_ASSIGN_INTERVAL", Duration "DURATION", "1m", Top,
            "A plan of the preview assignments is made at least this often.";
        "assign_moved_agents" Some("--assign-moved-agents"), "AUTOPILOT_ASSIGN_MOVED_AGENTS", Count "AGENTS", "5", Top,
            "A plan is made at once when so many more or fewer agents of the roster are there than at the last one.";
        "assign_horizon" Some("--assign-horizon"), "AUTOPILOT_ASSIGN_HORIZON", Duration "DURATION", "5m", Top,
            "Agents are placed only while their window stays open this long; longer than the time between two plans, or agents stay on a list after their window.";
        "assign_churn" Some("--assign-churn"), "AUTOPILOT_ASSIGN_CHURN", Number "SCORE", "0.05", Top,
            "What each change of a pair costs, as a part of a full score at weight 1, 0 to 1.";
        "call_rate_window" Some("--call-rate-window"), "AUTOPILOT_CALL_RATE_WINDOW", Duration "DURATION", "1h", Top,
            "Call starts are counted over this time for the recent call rate.";
    }
    "Notifications" {
        "webhook_url" Some("--webhook-url"), "AUTOPILOT_WEBHOOK_URL", Text "URL", "", Top,
            "Address that is told of pauses, resumes, flapping and stale data; https, or http on this machine.";
        "webhook_secret" None, "AUTOPILOT_WEBHOOK_SECRET", Text "SECRET", "", No,
            "Secret that messages are signed with, as whsec_ and base64; two, parted by a space, while it is being changed. Never a flag and never in the settings file.";
        "webhook_secret_file" Some("--webhook-secret-file"), "AUTOPILOT_WEBHOOK_SECRET_FILE", Text "FILE", "", Top,
            "File that holds the secret that messages are signed with. Instead of it, AUTOPILOT_WEBHOOK_SECRET may hold it.";
        "webhook_allow_http" Some("--webhook-allow-http"), "AUTOPILOT_WEBHOOK_ALLOW_HTTP", Switch "", "false", Top,
            "Allow plain http to another machine: anybody on the way can read the messages.";
        "webhook_timeout" Some("--webhook-timeout"), "AUTOPILOT_WEBHOOK_TIMEOUT", Duration "DURATION", "10s", Top,
            "Longest time for one attempt to deliver a message.";
        "webhook_give_up_after" Some("--webhook-give-up-after"), "AUTOPILOT_WEBHOOK_GIVE_UP_AFTER", Duration "DURATION", "24h", Top,
            "A message that could not be delivered for this long becomes a dead letter.";
    }
    "Operating" {
        "admin_token" None, "AUTOPILOT_ADMIN_TOKEN", Text "TOKEN", "", No,
            "Token that the admin API asks for; needed beyond loopback. Never a flag and never in the settings file.";
        "admin_token_file" Some("--admin-token-file"), "AUTOPILOT_ADMIN_TOKEN_FILE", Text "FILE", "", Top,
            "File that holds the token that the admin API asks for. Instead of it, AUTOPILOT_ADMIN_TOKEN may hold it.";
        "allowed_host" Some("--allowed-host"), "AUTOPILOT_ALLOWED_HOST", Texts "NAME", "", Top,
            "Name by which clients may call the admin API besides addresses and localhost; may be repeated or be a comma list.";
        "allow_actions" Some("--allow-actions"), "AUTOPILOT_ALLOW_ACTIONS", Switch "", "false", Top,
            "Let the page hold, release and change lines; without it, a change that a browser asks for is refused.";
    }
    "Running" {
        "config" Some("--config"), "AUTOPILOT_CONFIG", Text "FILE", "", No,
            "Settings file (TOML).";
        "state_dir" Some("--state-dir"), "AUTOPILOT_STATE_DIR", Text "DIR", "$STATE_DIRECTORY, else $XDG_STATE_HOME/campaign-autopilot, else $HOME/.local/state/campaign-autopilot", Top,
            "Directory that keeps the campaigns' state and the audit.";
        "listen" Some("--listen"), "AUTOPILOT_LISTEN", Text "ADDR:PORT|off", "127.0.0.1:9464", Top,
            "Address for metrics, health and the admin API, or `off`; beyond loopback it needs a token.";
        "dry_run" Some("--dry-run"), "AUTOPILOT_DRY_RUN", Switch "", "false", Top,
            "Decide and tell, but command nothing.";
        "once" Some("--once"), "AUTOPILOT_ONCE", Switch "", "false", Top,
            "Poll and decide once, then end.";
        "log_format" Some("--log-format"), "AUTOPILOT_LOG_FORMAT", Text "auto|text|json", "auto", Top,
            "Form of the log on standard error; `auto` is text on a terminal and JSON elsewhere.";
        "otlp_endpoint" Some("--otlp-endpoint"), "OTEL_EXPORTER_OTLP_ENDPOINT", Text "URL", "", Top,
            "Address of an OTLP collector that is sent traces of the polls over HTTP; only in a program built with the feature `otlp`.";
    }
};

/// The keys that only a `[[campaign]]` table of the settings file holds, with their meaning.
pub(crate) const CAMPAIGN_KEYS: &[(&str, &str)] = &[
    (
        "id",
        "The campaign's id on the platform; needed, and given once.",
    ),
    (
        "agents",
        "Which agents count: \"all\" (the default), { any_skill = [..] }, { all_skills = [..] } or { ids = [..] }.",
    ),
];

/// The keys of a `[[preview]]` table of the settings file, with their meaning.
pub(crate) const PREVIEW_KEYS: &[(&str, &str)] = &[
    (
        "campaign",
        "The preview campaign's id on the platform; needed, and given once.",
    ),
    (
        "skills",
        "Skills that an agent needs, all of them; at least one.",
    ),
    (
        "target_rate",
        "Calls an hour that each agent is to make; 0 places nobody anew.",
    ),
    (
        "weight",
        "What an agent here counts against one elsewhere, above 0 and up to 100; 1 unless given.",
    ),
    ("least", "Agents wanted at least; 0 unless given."),
    (
        "most",
        "Agents taken at most, 1 to 10000: the list is never longer.",
    ),
    (
        "zones",
        "IANA time zones whose agents may be placed; at least one.",
    ),
    (
        "concurrency",
        "Calls at once that one agent may hold here, 1 or 2; 1 unless given.",
    ),
];

/// The keys of a `[[queue]]` table of the settings file: what each looks like, its default and its meaning.
pub(crate) const QUEUE_KEYS: &[(&str, Kind, &str, &str)] = &[
    (
        "id",
        Kind::Text,
        "",
        "The queue's id on the platform; needed, and given once.",
    ),
    (
        "model",
        Kind::Text,
        "classic",
        "Whose figures are written: those of `classic`, fixed formulas, or of `erlang_a`, a queueing model.",
    ),
    (
        "interval",
        Kind::Duration,
        "1m",
        "From one calibration to the next.",
    ),
    (
        "window",
        Kind::Duration,
        "30m",
        "Rates are measured over this time.",
    ),
    (
        "capacity",
        Kind::Count,
        "",
        "The most interactions at once, for the utilisation; as the platform shows it, else its agents.",
    ),
    (
        "agents",
        Kind::Count,
        "",
        "Agents who serve the queue, for `erlang_a`; as the platform shows them.",
    ),
    (
        "coverage",
        Kind::Number,
        "0.75",
        "The share of needed skills that agents have, above 0 and up to 1, for `classic`.",
    ),
    (
        "service_level",
        Kind::Number,
        "0.8",
        "`erlang_a` aims at answering this share within `within`.",
    ),
    ("within", Kind::Duration, "20s", "See `service_level`."),
    (
        "abandoning",
        Kind::Number,
        "0.05",
        "`erlang_a` aims at no more than this share giving up.",
    ),
    (
        "mean_wait",
        Kind::Duration,
        "",
        "`erlang_a` aims at no longer mean wait; not asked for unless given.",
    ),
    (
        "max_changes_per_hour",
        Kind::CountOrWord,
        "4",
        "At most so many changes in any hour, or `none`.",
    ),
    (
        "dead_band_wait",
        Kind::Duration,
        "15s",
        "A wait that is off by no more than this, or by a tenth, stays.",
    ),
    (
        "dead_band_waiters",
        Kind::Count,
        "2",
        "Waiters that are off by no more than this, or by a tenth, stay.",
    ),
    (
        "dead_band_within",
        Kind::Duration,
        "5s",
        "A service level's time that is off by no more than this stays.",
    ),
];

impl Setting {
    /// The setting with this key.
    pub(crate) fn of(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// The line of the help: the meaning, the default and the environment variable.
    pub(crate) fn help(&self) -> String {
        let default = if self.default.is_empty() || self.kind == Kind::Switch {
            String::new()
        } else {
            format!(" [default: {}]", self.default)
        };
        format!("{}{default} [env: {}]", self.meaning, self.env)
    }

    /// Every way to give it, for the remedy of a missing one.
    pub(crate) fn ways(&self) -> String {
        let mut ways: Vec<&str> = self.flag.into_iter().collect();
        ways.push(self.env);
        let file = format!("{} in the settings file", self.key);
        if self.file != InFile::No {
            ways.push(&file);
        }
        ways.join(", or ")
    }

    fn arg(&self) -> Option<Arg> {
        let arg = Arg::new(self.key)
            .long(self.flag?.trim_start_matches('-'))
            .help(self.help())
            .help_heading(self.heading);
        Some(match self.kind {
            Kind::Switch => arg.action(ArgAction::SetTrue),
            Kind::Texts | Kind::Limit => arg
                .action(ArgAction::Append)
                .value_name(self.value)
                .allow_negative_numbers(true),
            Kind::Text | Kind::Duration | Kind::Count | Kind::CountOrWord | Kind::Number => arg
                .action(ArgAction::Set)
                .value_name(self.value)
                .allow_negative_numbers(true),
        })
    }
}

/// The flags as they were given: texts by the setting's key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunArgs {
    given: BTreeMap<&'static str, Vec<String>>,
}

impl RunArgs {
    /// The texts given for this setting; a switch that is there is `true`.
    pub(crate) fn given(&self, key: &str) -> &[String] {
        self.given.get(key).map_or(&[], Vec::as_slice)
    }
}

impl clap::FromArgMatches for RunArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = BTreeMap::new();
        for setting in SETTINGS.iter().filter(|setting| setting.flag.is_some()) {
            let texts: Vec<String> = if setting.kind == Kind::Switch {
                let there = matches.get_flag(setting.key);
                there.then(|| "true".to_owned()).into_iter().collect()
            } else {
                let texts = matches.get_many::<String>(setting.key);
                texts.into_iter().flatten().cloned().collect()
            };
            if !texts.is_empty() {
                given.insert(setting.key, texts);
            }
        }
        Ok(Self { given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.given.extend(Self::from_arg_matches(matches)?.given);
        Ok(())
    }
}

impl clap::Args for RunArgs {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().filter_map(Setting::arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;

    #[test]
    fn names_follow_the_key() {
        for setting in SETTINGS {
            let flag = format!("--{}", setting.key.replace('_', "-"));
            assert!(setting.flag.is_none_or(|given| given == flag), "{flag}");
            let upper = setting.key.to_uppercase();
            let named = [
                format!("AUTOPILOT_{upper}"),
                format!("CXONE_{upper}"),
                format!("CXONE_{upper}_ID"),
                format!("OTEL_EXPORTER_{upper}"),
            ];
            assert!(named.contains(&setting.env.to_owned()), "{}", setting.env);
            assert!(setting.meaning.ends_with('.'), "{}", setting.key);
        }
    }

    /// A setting's row in the README's table.
    fn row(setting: &Setting) -> String {
        let value = setting.value.replace('|', "\\|");
        let flag = setting.flag.map_or(String::new(), |flag| {
            format!("`{}`", format!("{flag} {value}").trim_end())
        });
        let default = if setting.default.is_empty() {
            ""
        } else {
            setting.default
        };
        let key = if setting.file == InFile::No {
            String::new()
        } else {
            format!("`{}`", setting.key)
        };
        format!(
            "| {flag} | `{}` | {key} | {default} | {} |",
            setting.env, setting.meaning
        )
    }

    #[test]
    fn the_readme_has_every_setting_as_it_is() {
        let readme = include_str!("../../README.md");
        for setting in SETTINGS {
            assert!(
                readme.contains(&row(setting)),
                "the README lacks the row\n{}",
                row(setting)
            );
        }
    }

    #[test]
    fn the_readme_has_every_key_of_a_queue_as_it_is() {
        let readme = include_str!("../../README.md");
        for (key, _, default, meaning) in QUEUE_KEYS {
            let row = format!("| `{key}` | {default} | {meaning} |");
            assert!(readme.contains(&row), "the README lacks the row\n{row}");
        }
    }

    #[test]
    fn the_help_tells_default_and_environment() {
        let mut command = RunArgs::augment_args(Command::new("run")).term_width(0);
        command.clone().debug_assert();
        let help = command.render_long_help().to_string();
        for setting in SETTINGS.iter().filter(|setting| setting.flag.is_some()) {
            assert!(help.contains(&setting.help()), "{}", setting.key);
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
}
