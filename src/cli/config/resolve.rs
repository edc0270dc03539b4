//! From texts to settings, and every fault on the way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

use crate::cli::args::{RunArgs, Setting};
use crate::domain::CampaignId;
use crate::platform::http::{AuthStyle, Credentials, Rate};
use crate::telemetry::LogFormat;

use super::admin::admin;
use super::assignments;
use super::fault::{Fault, Findings, Origin, Wrong};
use super::file::{self, FileValues, Given};
use super::merge::{Layers, Rule};
use super::policies::policies;
use super::queues;
use super::secret::{Found, secret};
use super::settings::{Resolved, Settings};
use super::value;
use super::webhook;

/// Polling a shared platform more often than this is probably a slip of the unit.
const BRISK_POLL: Duration = Duration::from_secs(1);

/// Merges flags, environment (looked up with `env`) and settings file.
///
/// # Errors
/// Every fault there is.
pub(crate) fn resolve(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Resolved, Vec<Fault>> {
    resolve_with(args, env, true)
}

/// Does the same for commands that need no campaign.
///
/// # Errors
/// Every fault there is.
pub(crate) fn resolve_without_campaigns(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Resolved, Vec<Fault>> {
    resolve_with(args, env, false)
}

fn resolve_with(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
    needs_campaign: bool,
) -> Result<Resolved, Vec<Fault>> {
    let mut layers = layers(args, env);
    read_file(&mut layers);
    resolve_layers(layers, needs_campaign)
}

/// Resolves a settings file's text, without the disk: keys that name files are left out.
#[cfg(any(test, fuzzing))]
pub(super) fn resolve_text(
    path: &str,
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Resolved, Vec<Fault>> {
    let args = RunArgs::default();
    let mut layers = layers(&args, env);
    layers.file = file::read(path, text, &mut layers.faults);
    let names_a_file = |key: &str| key.ends_with("_file") || key == "roster";
    layers.file.top.retain(|key, _| !names_a_file(key));
    resolve_layers(layers, true)
}

fn layers<'a>(args: &'a RunArgs, env: &'a dyn Fn(&str) -> Option<String>) -> Layers<'a> {
    Layers {
        args,
        env,
        file: FileValues::default(),
        campaigns: BTreeMap::new(),
        faults: Findings::default(),
        warnings: Findings::default(),
        origins: Vec::new(),
    }
}

fn resolve_layers(mut layers: Layers<'_>, needs_campaign: bool) -> Result<Resolved, Vec<Fault>> {
    collect_campaigns(&mut layers, needs_campaign);
    let settings = read_settings(&mut layers);
    match settings {
        Some(settings) if layers.faults.is_empty() => Ok(Resolved {
            settings,
            warnings: layers.warnings.into_faults(),
            origins: layers.origins,
        }),
        Some(_) | None => Err(layers.faults.into_faults()),
    }
}

fn read_file(layers: &mut Layers<'_>) {
    let path = layers.read("config", value::text);
    let Some((cell, path)) = path
        .general()
        .and_then(|cell| Some((cell, cell.value.as_ref()?)))
    else {
        return;
    };
    match fs::read_to_string(path) {
        Ok(text) => layers.file = file::read(path, &text, &mut layers.faults),
        Err(wrong) => {
            layers.file.broken = true;
            let wrong = Wrong::new(
                format!("cannot read `{path}` ({wrong})"),
                "name a file of UTF-8 text that this user can read",
            );
            layers.faults.push(&cell.origin, "config", wrong);
        }
    }
}

fn collect_campaigns(layers: &mut Layers<'_>, needed: bool) {
    for table in &layers.file.campaigns {
        if let Some(id) = &table.id {
            layers.campaigns.insert(id.clone(), table.origin.clone());
        }
    }
    let given = Setting::of("campaign").map(|setting| layers.given(setting));
    let mut named = BTreeMap::new();
    // The environment names campaigns only where no flag does.
    let given = given.and_then(|given| given.into_iter().flatten().next());
    // An id that is there but wrong is a fault of its own.
    let nobody = given.is_none() && layers.file.campaigns.is_empty();
    if let Some(Given { texts, origin }) = given {
        for text in texts {
            let wrong = match text.parse::<CampaignId>() {
                Ok(id) if named.insert(id.clone(), origin.clone()).is_none() => continue,
                Ok(id) => Wrong::new(format!("`{id}` is named twice"), "name it once"),
                Err(wrong) => Wrong::new(
                    format!("an id {wrong}"),
                    "give the campaign's id as the platform shows it",
                ),
            };
            layers.faults.push(&origin, "campaign", wrong);
        }
    }
    for (id, origin) in named {
        layers.campaigns.entry(id).or_insert(origin);
    }
    if nobody && needed {
        let remedy = "give --campaign, or CXONE_CAMPAIGN_ID, or a [[campaign]] table with an id in the settings file";
        missing(layers, "campaign", remedy);
    }
}

/// Tells what is missing, unless the part of the file that could not be read may hold it.
fn missing(layers: &mut Layers<'_>, key: &str, remedy: impl Into<String>) {
    if !layers.file.broken {
        let wrong = Wrong::new("is missing", remedy);
        layers.faults.push(&Origin::Default, key, wrong);
    }
}

fn needed<T>(layers: &mut Layers<'_>, rule: &Rule<T>) {
    if rule.general().is_none()
        && let Some(setting) = Setting::of(rule.key)
    {
        missing(layers, setting.key, format!("give {}", setting.ways()));
    }
}

/// Nothing when a value without a default is missing or wrong; all others are read nevertheless.
fn read_settings(layers: &mut Layers<'_>) -> Option<Settings> {
    let base = layers.read("base_url", value::url);
    needed(layers, &base);
    let client_id = layers.read("client_id", value::text);
    needed(layers, &client_id);
    let client_secret = client_secret(layers);
    let token = layers.read("token_url", value::url);
    let style = layers.read(
        "auth",
        value::word(&[
            ("form", AuthStyle::Form),
            ("basic", AuthStyle::Basic),
            ("json", AuthStyle::Json),
        ]),
    );
    let scopes = scopes(layers);
    let poll = layers.read("poll_interval", value::positive_duration);
    let poll_interval = poll.value().unwrap_or(Duration::from_secs(30));
    let policies = policies(layers, poll_interval);
    let assignments = assignments::read(layers, &policies, poll_interval);
    let queues = queues::read(layers);
    let per_second = layers.read("requests_per_second", value::rate);
    let burst = layers.read("burst", value::count(1..=1_000_000_u32));
    let page_size = layers.read("page_size", value::count(1..=100_usize));
    let page_concurrency = layers.read("page_concurrency", value::count(1..=64_usize));
    let request_timeout = layers.read("request_timeout", value::positive_duration);
    let status_reads = layers.read("status_reads_per_poll", value::count(0..=1000_usize));
    let state_dir = state_dir(layers);
    let listen = layers.read("listen", value::listen);
    let admin = admin(layers, &listen);
    let dry_run = layers.read("dry_run", value::switch);
    let once = layers.read("once", value::switch);
    let log_format = layers.read(
        "log_format",
        value::word(&[
            ("auto", LogFormat::Auto),
            ("text", LogFormat::Text),
            ("json", LogFormat::Json),
        ]),
    );
    let webhook = webhook::receiver(layers, base.value().as_ref());
    let otlp_endpoint = layers.read("otlp_endpoint", value::collector);
    for url in [&base, &token] {
        warn_of_plain_http(layers, url);
    }
    warn_of_brisk_polls(layers, &poll, base.value().as_ref());
    let base_url = base.value()?;
    let token_url = token.value().unwrap_or_else(|| token_url(&base_url));
    if token.general().is_none() {
        layers.note("token_url", token_url.as_str(), Origin::Default);
    }
    Some(Settings {
        token_url,
        base_url,
        credentials: Credentials {
            client_id: client_id.value()?,
            client_secret: client_secret?,
            style: style.value().unwrap_or_default(),
            scopes,
        },
        policies,
        assignments,
        queues,
        poll_interval,
        rate: per_second
            .value()
            .unwrap_or(Some(10.0))
            .map(|per_second| Rate {
                per_second,
                burst: burst.value().unwrap_or(20),
            }),
        page_size: page_size.value().unwrap_or(100),
        page_concurrency: page_concurrency.value().unwrap_or(8),
        request_timeout: request_timeout.value().unwrap_or(Duration::from_secs(10)),
        status_reads_per_poll: status_reads.value().unwrap_or(1),
        state_dir: state_dir?,
        listen: listen
            .value()
            .unwrap_or(Some(([127, 0, 0, 1], 9464).into())),
        admin,
        dry_run: dry_run.value().unwrap_or_default(),
        once: once.value().unwrap_or_default(),
        log_format: log_format.value().unwrap_or_default(),
        webhook,
        otlp_endpoint: otlp_endpoint.value(),
    })
}

fn client_secret(layers: &mut Layers<'_>) -> Option<SecretString> {
    match secret(
        layers,
        "client_secret",
        "client_secret_file",
        "client secret",
    ) {
        Found::Secret(secret, _) => Some(secret),
        Found::Nothing => {
            let remedy = "set CXONE_CLIENT_SECRET, or give --client-secret-file, or AUTOPILOT_CLIENT_SECRET_FILE, or client_secret_file in the settings file";
            missing(layers, "client_secret", remedy);
            None
        }
        Found::Unreadable => None,
    }
}

fn token_url(base: &Url) -> Url {
    let mut url = base.clone();
    // `value::url` lets only addresses through that can have a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["oauth2", "token"]);
    }
    url
}

fn scopes(layers: &mut Layers<'_>) -> Vec<String> {
    let given = Setting::of("scope").map(|setting| layers.given(setting));
    let Some(Given { texts, origin }) = given.and_then(|given| given.into_iter().flatten().next())
    else {
        layers.note("scope", "", Origin::Default);
        return Vec::new();
    };
    if texts.iter().any(String::is_empty) {
        let wrong = Wrong::new("holds an empty scope", "give texts or leave it out");
        layers.faults.push(&origin, "scope", wrong);
    }
    layers.note("scope", &texts.join(","), origin);
    texts
}

/// The directory given, else the service manager's, else the user's.
fn state_dir(layers: &mut Layers<'_>) -> Option<PathBuf> {
    let given = layers.read("state_dir", value::text);
    if let Some(cell) = given.general() {
        return cell.value.as_ref().map(PathBuf::from);
    }
    if let Some((env, path)) = default_state_dir(&|name| layers.env(name)) {
        layers.note("state_dir", &path.to_string_lossy(), Origin::Env(env));
        return Some(path);
    }
    let remedy = Setting::of("state_dir").map_or(String::new(), Setting::ways);
    missing(
        layers,
        "state_dir",
        format!("give {remedy}, or set STATE_DIRECTORY, XDG_STATE_HOME or HOME"),
    );
    None
}

/// Where state is kept when nobody says where, and the variable that says so.
pub(crate) fn default_state_dir(
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<(&'static str, PathBuf)> {
    let candidates = [
        ("STATE_DIRECTORY", ""),
        ("XDG_STATE_HOME", "campaign-autopilot"),
        ("HOME", ".local/state/campaign-autopilot"),
    ];
    candidates.into_iter().find_map(|(name, below)| {
        // systemd joins several directories by colons; the XDG rules have relative paths passed over.
        let text = env(name).unwrap_or_default();
        let several = text.split(':').next().filter(|_| name == "STATE_DIRECTORY");
        let directory = Path::new(several.unwrap_or(&text));
        let path = directory.join(below).components().collect::<PathBuf>();
        directory.is_absolute().then_some((name, path))
    })
}

fn warn_of_plain_http(layers: &mut Layers<'_>, rule: &Rule<Url>) {
    if let Some(cell) = rule.general()
        && let Some(url) = &cell.value
        && url.scheme() == "http"
        && !value::is_loopback(url)
    {
        let wrong = Wrong::new(
            "is plain http, so that anybody on the way can read the secret and the token",
            "use https",
        );
        layers.warnings.push(&cell.origin, rule.key, wrong);
    }
}

fn warn_of_brisk_polls(layers: &mut Layers<'_>, poll: &Rule<Duration>, base: Option<&Url>) {
    if let Some(cell) = poll.general()
        && cell.value.is_some_and(|interval| interval < BRISK_POLL)
        && base.is_some_and(|base| !value::is_loopback(base))
    {
        let wrong = Wrong::new(
            format!(
                "`{}` polls a shared platform many times a second",
                cell.text
            ),
            "give 1s or more",
        );
        layers.warnings.push(&cell.origin, poll.key, wrong);
    }
}
