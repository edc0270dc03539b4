//! The daemon's settings, as a user would write them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::operator::ADMIN_TOKEN;
use super::schedule::{CAMPAIGNS, POLL_S, PREVIEWS, QUEUE, Setup, TEAM};

pub(crate) const CLIENT_ID: &str = "autopilot";
pub(crate) const CLIENT_SECRET: &str = "client-secret-9d41c7";
const WEBHOOK_SECRET: &str = "whsec_c2VjcmV0LW9mLXRoZS13ZWJob29rLTAxMjM0NTY3";

/// What may stand nowhere.
pub(crate) fn secrets() -> Vec<String> {
    [CLIENT_SECRET, WEBHOOK_SECRET, ADMIN_TOKEN]
        .map(str::to_owned)
        .into()
}

pub(crate) fn state_dir(directory: &Path) -> PathBuf {
    directory.join("state")
}

/// The command line of `run`.
pub(crate) fn arguments(directory: &Path) -> Vec<String> {
    let path = directory.join("settings.toml");
    vec!["--config".to_owned(), path.to_str().unwrap().to_owned()]
}

/// Writes the settings file and what it names; other thresholds for all where they are given.
pub(crate) fn write(directory: &Path, setup: &Setup, pause_below: Option<u32>) {
    let file = |name: &str, text: &str| {
        let path = directory.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let client_secret = file("client-secret", CLIENT_SECRET);
    let admin_token = file("admin-token", ADMIN_TOKEN);
    let state = state_dir(directory);
    let state = state.to_str().unwrap();
    let pause_below = pause_below.unwrap_or(setup.pause_below);
    let resume_at = pause_below + 1 + setup.gap;
    let rate = setup
        .rate
        .map_or("\"unlimited\"".to_owned(), |rate| rate.to_string());
    let confirm = setup.confirm;
    let mut text = format!(
        r#"base_url = "http://127.0.0.1:1"
client_id = "{CLIENT_ID}"
client_secret_file = "{client_secret}"
admin_token_file = "{admin_token}"
state_dir = "{state}"
listen = "127.0.0.1:9464"
log_format = "json"
poll_interval = "{POLL_S}s"
request_timeout = "2s"
page_size = {}
requests_per_second = {rate}
status_reads_per_poll = 2
pause_below = {pause_below}
resume_at = {resume_at}
confirm_pause = "{confirm}/{confirm}"
confirm_resume = "{confirm}/{confirm}"
min_running = "{}s"
min_paused = "{}s"
manual_grace = "{}s"
flap_limit = "none"
on_stale = "{}"
strict_ownership = {}
adopt_paused = {}
dry_run = {}
"#,
        setup.page_size,
        setup.min_running_s,
        setup.min_paused_s,
        setup.grace_s,
        if setup.stale_pauses { "pause" } else { "hold" },
        setup.strict,
        setup.adopt,
        setup.dry_run,
    );
    text.push_str(&setup.dialect().settings(setup));
    if setup.webhook {
        let secret = file("webhook-secret", WEBHOOK_SECRET);
        write!(
            text,
            "webhook_url = \"http://127.0.0.1:2/hook\"\nwebhook_secret_file = \"{secret}\"\nwebhook_timeout = \"2s\"\n"
        )
        .unwrap();
    }
    if setup.previews {
        let roster = file("roster.csv", &roster());
        write!(text, "roster = \"{roster}\"\nassign_interval = \"30s\"\n").unwrap();
    }
    let pools = setup.pools().into_iter();
    for ((id, _), pool) in CAMPAIGNS.iter().zip(pools).take(setup.campaigns) {
        let agents = setup.dialect().agents_of(pool);
        write!(text, "\n[[campaign]]\nid = \"{id}\"\nagents = {agents}\n").unwrap();
    }
    if setup.previews {
        for id in PREVIEWS {
            write!(
                text,
                "\n[[preview]]\ncampaign = \"{id}\"\nskills = [\"alpha\"]\ntarget_rate = 8.5\nmost = 12\nzones = [\"UTC\", \"America/New_York\"]\n"
            )
            .unwrap();
        }
    }
    if setup.queue {
        write!(
            text,
            "\n[[queue]]\nid = \"{QUEUE}\"\ninterval = \"20s\"\nwindow = \"2m\"\nmax_changes_per_hour = \"none\"\n"
        )
        .unwrap();
    }
    fs::write(directory.join("settings.toml"), text).unwrap();
}

/// One team, some of whom may serve two campaigns at once.
fn roster() -> String {
    let mut lines = vec!["id,skills,start,end,zone,concurrency".to_owned()];
    for number in 0..TEAM {
        let concurrency = 1 + number % 2;
        let zone = if number % 3 == 0 {
            "America/New_York"
        } else {
            "UTC"
        };
        lines.push(format!(
            "{},alpha,00:00,00:00,{zone},{concurrency}",
            super::platform::agent("alpha", number)
        ));
    }
    lines.join("\n")
}

/// How many campaigns an agent of the roster may serve at once.
pub(crate) fn concurrency(agent: &str) -> usize {
    let number: usize = agent
        .rsplit('-')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0);
    1 + number % 2
}
