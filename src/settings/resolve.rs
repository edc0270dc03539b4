//! From texts to settings, and every fault on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use reqwest::Url;
use secrecy::ExposeSecret;

use crate::domain::{CampaignId, TenantName};
use crate::platform::dialect::Dialect;
use crate::platform::http::{Credentials, Rate};
use crate::secrets::Secret;
use crate::sockets::is_loopback;

use super::admin::admin;
use super::aims::refuse_what_cannot_learn;
use super::assignments;
use super::calendars;
use super::fault::{Fault, Findings, Origin, Problem};
use super::file;
use super::flags::RunArgs;
use super::given::{FileValues, RawValue};
use super::groups;
use super::guards;
use super::labels::labels;
use super::lacking::refuse_what_is_lacking;
use super::merge::{Layers, Noted};
use super::odd::warn_of_odd_values;
use super::queues;
use super::receivers;
use super::resolved::{Resolved, Settings, of_tenant};
use super::row::Row;
use super::rows::{
    ALLOW_HTTP, BASE_URL, BURST, CAMPAIGN, CLIENT_ID, CLIENT_SECRET, CLIENT_SECRET_FILE, CONFIG,
    PLATFORM, REQUESTS_PER_SECOND, STATE_DIR, TOKEN_URL, is_of_process, rows, settings,
};
use super::rules::policies;
use super::secret::{SecretLookup, secret};
use super::store::store;
use super::tenant::{TenantPlace, tenant};
use super::tenants;
use super::values::Values;
use super::webhook;
use crate::given_file::{LONGEST_SETTINGS, read_text};

/// Merges flags, environment (looked up with `env`) and settings file.
///
/// # Errors
/// Every fault there is.
pub(crate) fn resolve(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Resolved, Vec<Fault>> {
    resolve_with(args, env, Scope::default())
}

/// Which of the settings a command needs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scope<'a> {
    /// Of this tenant alone, where there are several: the secrets of the others are not looked for.
    pub(crate) tenant: Option<&'a str>,
    /// It needs no campaign.
    pub(crate) without_campaigns: bool,
}

/// Merges them for commands that need a part of them.
///
/// # Errors
/// Every fault there is in that part.
pub(crate) fn resolve_within(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
    scope: Scope<'_>,
) -> Result<Resolved, Vec<Fault>> {
    resolve_with(args, env, scope)
}

fn resolve_with(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
    scope: Scope<'_>,
) -> Result<Resolved, Vec<Fault>> {
    let mut layers = layers(args, env);
    read_file(&mut layers);
    resolve_layers(layers, scope)
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
    layers.file.leave_out_files();
    resolve_layers(layers, Scope::default())
}

/// Leaves out the parts of all tenants but one.
fn keep_only(tenant: &str, parts: &mut Vec<Part>) -> Result<(), Vec<Fault>> {
    let names = parts.iter().filter_map(|(layer, _)| layer.as_ref());
    let names: Vec<String> = names.map(|layer| layer.name.to_string()).collect();
    if !names.iter().any(|name| name == tenant) {
        return Err(vec![Fault {
            place: None,
            key: format!("--tenant {tenant}"),
            wrong: format!("is none of {}", names.join(", ")),
            remedy: "name one of them".to_owned(),
        }]);
    }
    parts.retain(|(layer, _)| {
        let layer = layer.as_ref();
        layer.is_some_and(|layer| layer.name.as_str() == tenant)
    });
    Ok(())
}

/// A tenant's part of the file.
type Part = (Option<tenants::TenantLayer>, FileValues);

fn layers<'a>(args: &'a RunArgs, env: &'a dyn Fn(&str) -> Option<String>) -> Layers<'a> {
    Layers {
        args,
        env,
        file: FileValues::default(),
        tenant: None,
        platform_unread: false,
        campaigns: BTreeMap::new(),
        faults: Findings::default(),
        warnings: Findings::default(),
        noted: Noted::default(),
        refused: BTreeSet::new(),
    }
}

fn resolve_layers(mut layers: Layers<'_>, scope: Scope<'_>) -> Result<Resolved, Vec<Fault>> {
    let file = std::mem::take(&mut layers.file);
    let mut parts = tenants::split(file, &mut layers.faults);
    let several = parts.iter().any(|(tenant, _)| tenant.is_some());
    if let Some(only) = scope.tenant.filter(|_| several) {
        keep_only(only, &mut parts)?;
    }
    let platform_unread = layers.faults.tell_of(PLATFORM.row().key);
    let Layers {
        args,
        env,
        mut faults,
        mut warnings,
        mut noted,
        ..
    } = layers;
    let mut found = Vec::new();
    let mut complete = true;
    // Lists of tables, and whether everybody who has such tables is refused them as a whole.
    let mut meaningless: BTreeMap<&str, bool> = BTreeMap::new();
    for (tenant, file) in parts {
        let mut own = Layers {
            file,
            tenant,
            platform_unread,
            ..self::layers(args, env)
        };
        let lists = [
            ("preview", !own.file.previews.is_empty()),
            ("queue", !own.file.queues.is_empty()),
        ];
        collect_campaigns(&mut own, !scope.without_campaigns);
        let settings = read_settings(&mut own);
        for (list, _) in lists.into_iter().filter(|(_, there)| *there) {
            *meaningless.entry(list).or_insert(true) &= own.refused.contains(list);
        }
        complete &= settings.is_some();
        let name = own.tenant.as_ref().map(|tenant| tenant.name.clone());
        faults.extend(own.faults);
        warnings.extend(own.warnings);
        noted.join(own.noted, name.as_ref(), is_of_process);
        found.extend(settings);
    }
    // What the file's reader has found wrong within them is beside the point.
    for (list, _) in meaningless.into_iter().filter(|(_, all)| *all) {
        faults.take_back(|key| {
            key.strip_prefix(list)
                .is_some_and(|rest| rest.starts_with('.'))
        });
    }
    if several && complete {
        refuse_shared_accounts(&found, &noted, &mut faults);
    }
    let mut found = found.into_iter();
    match found.next().filter(|_| complete && faults.is_empty()) {
        Some(settings) => {
            let keys: Vec<&str> = rows().map(|row| row.key).collect();
            Ok(Resolved {
                settings,
                others: found.collect(),
                warnings: warnings.into_faults(),
                origins: noted.sorted_by(&keys),
            })
        }
        // Tables without a name that holds are faults already.
        None => Err(faults.into_faults()),
    }
}

/// Two loops that steer one campaign would each take the other one for a person.
fn refuse_shared_accounts(found: &[Settings], noted: &Noted, faults: &mut Findings) {
    let mut steered: BTreeMap<(Account<'_>, &CampaignId), Option<&TenantName>> = BTreeMap::new();
    for settings in found {
        let account = (
            settings.address().as_str(),
            settings.credentials.client_id.as_str(),
            settings.special.instance_id.as_deref(),
        );
        for id in settings.policies.keys() {
            let tenant = settings.tenant.as_ref();
            let Some(first) = steered.insert((account, id), tenant) else {
                continue;
            };
            let (Some(first), Some(tenant)) = (first, tenant) else {
                continue;
            };
            let key = format!("tenant.{tenant}.campaign.{id}");
            let wrong = format!("is steered by the tenant {first} too, on the same account");
            let problem = Problem::new(wrong, "take it out of one of them");
            let origin = noted.origin(&key).unwrap_or(Origin::Default);
            faults.push(&origin, key, problem);
        }
    }
}

/// Address, client and instance.
type Account<'a> = (&'a str, &'a str, Option<&'a str>);

fn read_file(layers: &mut Layers<'_>) {
    let path = layers.read(&CONFIG);
    let Some((cell, path)) = path
        .general()
        .and_then(|cell| Some((cell, cell.value.as_ref()?)))
    else {
        return;
    };
    match read_text(path, LONGEST_SETTINGS) {
        Ok(text) => layers.file = file::read(path, &text, &mut layers.faults),
        Err(wrong) => {
            layers.file = FileValues::broken();
            let problem = Problem::new(
                format!("cannot read `{path}` ({wrong})"),
                "name a file of UTF-8 text that this user can read",
            );
            layers.faults.push(&cell.origin, CONFIG.row().key, problem);
        }
    }
}

/// The settings file that flags and environment name.
pub(crate) fn settings_file(
    args: &RunArgs,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<PathBuf> {
    let row = CONFIG.row();
    let flag = args.given(row).first().cloned();
    let named = flag.or_else(|| row.env.iter().find_map(|name| env(name)));
    named.map(PathBuf::from)
}

fn collect_campaigns(layers: &mut Layers<'_>, needed: bool) {
    for table in &layers.file.campaigns {
        if let Some(id) = &table.id {
            layers.campaigns.insert(id.clone(), table.origin.clone());
        }
    }
    let mut named = BTreeMap::new();
    // The environment names campaigns only where no flag does.
    let given = layers.given(&CAMPAIGN).into_iter().flatten().next();
    let given = match (&layers.tenant, given) {
        (Some(_), Some(given)) => {
            let wrong = "does not say whose campaigns they are";
            let remedy = "write a [[campaign]] table with `tenant` for each";
            let problem = Problem::new(wrong, remedy);
            layers.faults.push(&given.origin, CAMPAIGN.key, problem);
            None
        }
        (_, given) => given,
    };
    // An id that is there but wrong is a fault of its own.
    let nobody = given.is_none() && layers.file.campaigns.is_empty();
    if let Some(RawValue { texts, origin }) = given {
        for text in texts {
            let problem = match text.parse::<CampaignId>() {
                Ok(id) if named.insert(id.clone(), origin.clone()).is_none() => continue,
                Ok(id) => Problem::new(format!("`{id}` is named twice"), "name it once"),
                Err(wrong) => Problem::new(
                    format!("an id {wrong}"),
                    "give the campaign's id as the platform shows it",
                ),
            };
            layers.faults.push(&origin, CAMPAIGN.key, problem);
        }
    }
    for (id, origin) in named {
        layers.campaigns.entry(id).or_insert(origin);
    }
    // Preview campaigns and queues are enough to work on.
    let nothing = nobody && layers.file.previews.is_empty() && layers.file.queues.is_empty();
    if nothing && needed {
        let remedy = match &layers.tenant {
            Some(tenant) => format!(
                "write a [[campaign]], [[preview]] or [[queue]] table with tenant = \"{}\"",
                tenant.name
            ),
            None => format!(
                "give {}, or a [[campaign]], [[preview]] or [[queue]] table in the settings file",
                CAMPAIGN.ways()
            ),
        };
        layers.missing(&CAMPAIGN, remedy);
    }
}

/// Nothing when a value without a default is missing or wrong; all others are read nevertheless.
fn read_settings(layers: &mut Layers<'_>) -> Option<Settings> {
    let mut values = Values::default();
    for setting in settings() {
        setting.read_into(layers, &mut values);
    }
    let credentials = credentials(layers, &values);
    refuse_client_id(layers, &values);
    refuse_plain_http(layers, &values);
    let tenant = tenant(layers, &values);
    let calendars = calendars::read(layers);
    let named = calendars::of_campaigns(layers, &calendars);
    let mut policies = policies(layers, values.platform, values.poll_interval, named);
    groups::place(layers, &mut policies);
    refuse_what_is_lacking(layers, (values.platform, values.agents), &policies);
    refuse_what_cannot_learn(layers, &values, &policies);
    let labels = labels(layers);
    let guards = guards::read(layers, &values, &labels);
    let assignments = assignments::read(layers, &values, &policies);
    let queues = queues::read(layers, &values);
    let state_dir = state_dir(layers, &values);
    let store = store(layers, &values);
    let admin = admin(layers, &values);
    let base = values.base_url.as_ref();
    let address = base.or(tenant.as_ref().map(|tenant| &tenant.token_url));
    let webhook = webhook::receiver(layers, &values, address);
    let known = receivers::Known {
        labels: &labels,
        previews: assignments
            .iter()
            .flat_map(|assignments| assignments.policy.previews.keys().cloned())
            .collect(),
    };
    let receivers = receivers::read(layers, &values, address, &known);
    for (row, url) in [
        (BASE_URL.row(), base),
        (TOKEN_URL.row(), values.token_url.as_ref()),
    ] {
        warn_of_plain_http(layers, row, url);
    }
    warn_of_odd_values(layers, &values, &policies, address);
    let rate = rate(layers, &values);
    let TenantPlace {
        base_url,
        token_url,
        special,
    } = tenant?;
    let name = layers.tenant.as_ref().map(|tenant| tenant.name.clone());
    Some(Settings {
        tenant: name.clone(),
        platform: values.platform,
        token_url,
        base_url,
        special,
        credentials: credentials?,
        policies,
        calendars: calendars.found,
        labels,
        guards,
        assignments,
        queues,
        poll_interval: values.poll_interval,
        rate,
        page_size: values.page_size,
        page_concurrency: values.page_concurrency,
        request_timeout: values.request_timeout,
        status_reads_per_poll: values.status_reads_per_poll,
        record_workload: values.record_workload,
        outcomes_every: values.outcomes_every,
        outcomes_file: values.outcomes_file.map(PathBuf::from),
        keeping: values.keeping,
        state_dir: of_tenant(state_dir?, name.as_ref()),
        store,
        listen: values.listen,
        advertise_address: values.advertise_address,
        time_zone: values.time_zone,
        admin,
        dry_run: values.dry_run,
        once: values.once,
        log_format: values.log_format,
        webhook,
        receivers,
        otlp_endpoint: values.otlp_endpoint,
        otlp_protocol: values.otlp_protocol,
    })
}

/// A user that can never log in.
fn refuse_client_id(layers: &mut Layers<'_>, values: &Values) {
    let id = values.client_id.as_deref();
    let Some(wrong) = id.and_then(|id| values.platform.credential_fault(id)) else {
        return;
    };
    if let Some((_, origin)) = layers.source(CLIENT_ID.row()) {
        let problem = Problem::new(wrong, "give the user another name there");
        layers.faults.push(&origin, CLIENT_ID.row().key, problem);
    }
}

/// Where the secret goes with every request, plain http has to be allowed.
fn refuse_plain_http(layers: &mut Layers<'_>, values: &Values) {
    let far = |url: &Url| url.scheme() == "http" && !is_loopback(url);
    let plain = values.base_url.as_ref().is_some_and(far);
    if plain
        && values.platform.sends_secret_always()
        && !values.allow_http
        && let Some((_, origin)) = layers.source(BASE_URL.row())
    {
        let problem = Problem::new(
            "is plain http, and the password goes with every request",
            format!(
                "use https, or allow it by {}",
                layers.ways(ALLOW_HTTP.row())
            ),
        );
        layers.faults.push(&origin, BASE_URL.row().key, problem);
    }
}

/// The rate that is given, or else what the platform usually takes, where that is less than for others.
fn rate(layers: &mut Layers<'_>, values: &Values) -> Option<Rate> {
    let given = |row: &'static Row, layers: &mut Layers<'_>| layers.source(row).is_some();
    let (per_second, burst) = (REQUESTS_PER_SECOND.row(), BURST.row());
    let any_given = given(per_second, layers) || given(burst, layers);
    if let Some(usual) = values.platform.usual_rate().filter(|_| !any_given) {
        layers.note(per_second, &usual.per_second.to_string(), Origin::Default);
        layers.note(burst, &usual.burst.to_string(), Origin::Default);
        return Some(usual);
    }
    values.requests_per_second.map(|per_second| Rate {
        per_second,
        burst: values.burst,
    })
}

/// The client's id and secret; where the platform has other credentials, neither or both.
fn credentials(layers: &mut Layers<'_>, values: &Values) -> Option<Credentials> {
    let found = secret(layers, &CLIENT_SECRET, &CLIENT_SECRET_FILE, "client secret");
    let with = |client_id: String, client_secret: Secret| Credentials {
        client_id,
        client_secret,
        style: values.auth,
        scopes: values.scopes.clone(),
    };
    let nothing = matches!(found, SecretLookup::Nothing);
    let anonymous = nothing && layers.source(CLIENT_ID.row()).is_none();
    if anonymous && !values.platform.needs_client() {
        return Some(with(String::new(), Secret::from(String::new())));
    }
    if layers.source(CLIENT_ID.row()).is_none() {
        let remedy = format!("give {}", layers.ways(CLIENT_ID.row()));
        layers.missing(CLIENT_ID.row(), remedy);
    }
    let client_secret = client_secret(layers, values.platform, found);
    Some(with(values.client_id.clone()?, client_secret?))
}

fn client_secret(
    layers: &mut Layers<'_>,
    platform: Dialect,
    found: SecretLookup,
) -> Option<Secret> {
    match found {
        SecretLookup::Secret(secret, origin) => {
            if let Some(wrong) = platform.credential_fault(secret.text().expose_secret()) {
                let problem = Problem::new(wrong, "give the user another password there");
                layers.faults.push(&origin, CLIENT_SECRET.key, problem);
            }
            Some(secret)
        }
        SecretLookup::Nothing => {
            let remedy = format!(
                "set {}, or give {}",
                layers.ways(&CLIENT_SECRET),
                layers.ways(CLIENT_SECRET_FILE.row())
            );
            layers.missing(&CLIENT_SECRET, remedy);
            None
        }
        SecretLookup::Unreadable => None,
    }
}

/// Returns the directory given, else the service manager's, else the user's.
fn state_dir(layers: &mut Layers<'_>, values: &Values) -> Option<PathBuf> {
    if layers.source(STATE_DIR.row()).is_some() {
        return values.state_dir.clone();
    }
    if let Some((env, path)) = default_state_dir(&|name| layers.env(name)) {
        layers.note(
            STATE_DIR.row(),
            &path.to_string_lossy(),
            Origin::Env(env.into()),
        );
        return Some(path);
    }
    let remedy = format!(
        "give {}, or set STATE_DIRECTORY, XDG_STATE_HOME or HOME",
        STATE_DIR.row().ways()
    );
    layers.missing(STATE_DIR.row(), remedy);
    None
}

/// Returns the state directory by the environment, for commands that read no settings.
pub(crate) fn state_dir_of(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = STATE_DIR.row().env.iter().find_map(|name| env(name));
    let named = named.map(PathBuf::from);
    named.or_else(|| default_state_dir(env).map(|(_, directory)| directory))
}

/// Returns the default state directory, and the variable that it follows from.
fn default_state_dir(env: &dyn Fn(&str) -> Option<String>) -> Option<(&'static str, PathBuf)> {
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

fn warn_of_plain_http(layers: &mut Layers<'_>, row: &Row, url: Option<&Url>) {
    if let Some(url) = url
        && let Some((_, origin)) = layers.source(row)
        && url.scheme() == "http"
        && !is_loopback(url)
    {
        let problem = Problem::new(
            "is plain http, so that anybody on the way can read the secret and the token",
            "use https",
        );
        layers.warnings.push(&origin, row.key, problem);
    }
}
