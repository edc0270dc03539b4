//! The settings as the daemon uses them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::domain::assignment::{AssignPolicy, CallRate, Roster};
use crate::domain::guard::Guard;
use crate::domain::queue::CalibrationPolicy;
use crate::domain::{
    AgentId, Calendars, CampaignId, CampaignLabels, Policy, QueueId, ReceiverName, Route,
    TenantName, Timestamp, Zone,
};
use crate::identity::TokenFile;
use crate::notify::{FormName, Receiver};
use crate::platform::dialect::{AgentSource, Dialect, PauseMethod, SpecialSettings};
use crate::platform::http::{Credentials, Rate};
use crate::secrets::Secret;
use crate::store::postgres::ServerAddress;
use crate::telemetry::{LogFormat, TraceProtocol};

use super::admin::AdminSettings;
use super::fault::{Fault, Origin};
use super::keeping::Keeping;
use super::row::Row;
use super::rows::{
    ADMIN_TOKEN, ADMIN_TOKEN_FILE, AUTH_STYLES, CLIENT_SECRET, CLIENT_SECRET_FILE, LOG_FORMATS,
    REGISTERED_CLIENT_SECRET, REGISTERED_CLIENT_SECRET_FILE, STORE_PASSWORD, STORE_PASSWORD_FILE,
    WEBHOOK_SECRET, WEBHOOK_SECRET_FILE,
};

/// What the preview assignments are made from.
#[derive(Clone, Debug)]
pub(crate) struct Assignments {
    /// The rules.
    pub policy: AssignPolicy,
    /// The agents.
    pub roster: Roster,
    /// Rates that the roster gives.
    pub given: BTreeMap<AgentId, CallRate>,
}

/// Settings that hold together.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Which of several tenants it is; none where the settings describe one alone.
    pub tenant: Option<TenantName>,
    /// Which platform the tenant is on.
    pub platform: Dialect,
    /// The tenant's address; where there is none, the platform is asked for it.
    pub base_url: Option<Url>,
    /// Where tokens come from.
    pub token_url: Url,
    /// The credentials.
    pub credentials: Credentials,
    /// What not every platform has.
    pub special: SpecialSettings,
    /// The rules of each campaign; none where there are preview campaigns or queues alone.
    pub policies: BTreeMap<CampaignId, Policy>,
    /// The calendars that they name, and others.
    pub calendars: Calendars,
    /// What people call campaigns; only those of which something is said.
    pub labels: BTreeMap<CampaignId, CampaignLabels>,
    /// The guards.
    pub guards: Vec<Guard>,
    /// The preview assignments; none without `[[preview]]` tables.
    pub assignments: Option<Assignments>,
    /// The rules of each queue; none without `[[queue]]` tables.
    pub queues: BTreeMap<QueueId, CalibrationPolicy>,
    /// From the start of one poll to the start of the next.
    pub poll_interval: Duration,
    /// The platform's rate; none when it is unlimited.
    pub rate: Option<Rate>,
    /// Agents in a page.
    pub page_size: usize,
    /// Pages at once.
    pub page_concurrency: usize,
    /// The longest attempt of a request.
    pub request_timeout: Duration,
    /// Campaigns whose status is read in each poll.
    pub status_reads_per_poll: usize,
    /// Whether what agents do is recorded, for `tune`.
    pub record_workload: bool,
    /// The time from one reading of a campaign's outcomes to the next; zero is never.
    pub outcomes_every: Duration,
    /// The file by which the site feeds outcomes; none where the platform is asked.
    pub outcomes_file: Option<PathBuf>,
    /// What the store keeps, and for how long.
    pub keeping: Keeping,
    /// Where state is kept.
    pub state_dir: PathBuf,
    /// The server that keeps the tables; none where the state directory does.
    pub store: Option<ServerAddress>,
    /// Where metrics are served; nowhere when absent.
    pub listen: Option<SocketAddr>,
    /// Where others reach that listener, if it was said.
    pub advertise_address: Option<Url>,
    /// The zone on whose clock the page and the terminal show times; the machine's when absent.
    pub time_zone: Option<Zone>,
    /// The access rules of the admin API.
    pub admin: AdminSettings,
    /// Whether nothing is commanded.
    pub dry_run: bool,
    /// Whether the daemon ends after one poll.
    pub once: bool,
    /// The form of log lines.
    pub log_format: LogFormat,
    /// The receiver of webhooks; none when absent.
    pub webhook: Option<Receiver>,
    /// Further receivers, each with a name.
    pub receivers: Vec<Receiver>,
    /// The collector that gets traces; none when absent, and always in a build without the feature `otlp`.
    pub otlp_endpoint: Option<Url>,
    /// How traces are written for it.
    pub otlp_protocol: TraceProtocol,
}

/// Settings with what is worth a warning and where each value came from.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The settings of the one tenant, or of the first of several. What holds for the process is the same in all.
    pub settings: Settings,
    /// The settings of the other tenants, in the order of the file.
    pub others: Vec<Settings>,
    /// What is allowed and probably not meant.
    pub warnings: Vec<Fault>,
    /// Key, value as text (secrets as `(set)`) and origin; of a campaign only what was said of that one alone.
    pub origins: Vec<(String, String, Origin)>,
}

impl Resolved {
    /// The settings of every tenant, in the order of the file.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Settings> {
        std::iter::once(&self.settings).chain(&self.others)
    }

    /// The settings of the tenant of this name, or of the one that there is.
    ///
    /// # Errors
    /// What is wrong with the name, or that one is needed.
    pub(crate) fn of_tenant(&self, name: Option<&str>) -> Result<&Settings, String> {
        let names = || {
            let names = self.all().filter_map(|one| one.tenant.as_ref());
            names.map(TenantName::as_str).collect::<Vec<_>>().join(", ")
        };
        match (name, &self.settings.tenant) {
            (None, None) => Ok(&self.settings),
            (None, Some(_)) if self.others.is_empty() => Ok(&self.settings),
            (None, Some(_)) => Err(format!(
                "there are several tenants; give --tenant with one of {}",
                names()
            )),
            (Some(name), None) => Err(format!(
                "--tenant {name}: the settings have no [[tenant]] tables; leave it out"
            )),
            (Some(name), Some(_)) => {
                let mut all = self.all();
                let is_meant = |one: &&Settings| {
                    one.tenant
                        .as_ref()
                        .is_some_and(|tenant| tenant.as_str() == name)
                };
                all.find(is_meant)
                    .ok_or_else(|| format!("--tenant {name}: is none of {}", names()))
            }
        }
    }

    /// The calendars that do not open within a year of `now`: they would pause their campaigns for good.
    pub(crate) fn closed_for_good(&self, now: Timestamp) -> Vec<Fault> {
        let calendars = self.settings.calendars.named();
        let closed = calendars.filter(|(_, calendar)| !calendar.opens_within_a_year(now));
        let fault = closed.map(|(name, _)| {
            let key = format!("calendar.{name}");
            let mut noted = self.origins.iter();
            let place = noted.find(|(noted, _, _)| *noted == key);
            Fault {
                place: place.map(|(_, _, origin)| origin.to_string()),
                key,
                wrong: "does not open within a year".to_owned(),
                remedy: "shorten its closures, or check its holidays".to_owned(),
            }
        });
        fault.collect()
    }
}

impl Settings {
    /// Where the tenant is, for people: its address, or that of its log-in.
    pub(crate) fn address(&self) -> &Url {
        self.base_url.as_ref().unwrap_or(&self.token_url)
    }

    /// The state directory of the whole process, below which each of several tenants has one.
    pub(crate) fn state_root(&self) -> PathBuf {
        let above = |path: &Path| Some(path.parent()?.parent()?.to_owned());
        let root = self.tenant.as_ref().and_then(|_| above(&self.state_dir));
        root.unwrap_or_else(|| self.state_dir.clone())
    }

    /// The directory of a tenant's state, below that of this process.
    pub(crate) fn state_dir_of(&self, tenant: Option<&TenantName>) -> PathBuf {
        of_tenant(self.state_root(), tenant)
    }

    /// The campaigns whose lists of agents are kept.
    pub(crate) fn lists(&self) -> Vec<CampaignId> {
        let assignments = self.assignments.iter();
        assignments
            .flat_map(|assignments| assignments.policy.previews.keys().cloned())
            .collect()
    }

    /// The zones on whose clocks outcomes are counted by whole days: those of the guards, so that what was counted before a guard came is
    /// there by UTC.
    pub(crate) fn day_zones(&self) -> Vec<Zone> {
        let mut zones: Vec<Zone> = self.guards.iter().map(|guard| guard.zone.clone()).collect();
        // By name and not by rules: rows of the store are found by the name.
        zones.sort_by(|a, b| a.name().cmp(b.name()));
        zones.dedup_by(|a, b| a.name() == b.name());
        if zones.is_empty() {
            zones.extend("UTC".parse::<Zone>());
        }
        zones
    }

    /// From one reading of what became of dials to the next, where the platform is asked for it.
    pub(crate) fn outcomes_interval(&self) -> Option<Duration> {
        let interval = Some(self.outcomes_every).filter(|interval| !interval.is_zero());
        interval.filter(|_| self.outcomes_file.is_none())
    }

    /// The secrets in use, each with its rows: the secret's own, and that of the file which may hold it.
    pub(crate) fn secrets(&self) -> [((&'static Row, &'static Row), Option<&Secret>); 5] {
        let registered = self.special.registered_client.as_ref();
        let signing = self.webhook.as_ref();
        [
            (
                (&CLIENT_SECRET, CLIENT_SECRET_FILE.row()),
                Some(&self.credentials.client_secret),
            ),
            (
                (
                    &REGISTERED_CLIENT_SECRET,
                    REGISTERED_CLIENT_SECRET_FILE.row(),
                ),
                registered.map(|(_, secret)| secret),
            ),
            (
                (&WEBHOOK_SECRET, WEBHOOK_SECRET_FILE.row()),
                signing.and_then(|receiver| receiver.form.secret()),
            ),
            (
                (&ADMIN_TOKEN, ADMIN_TOKEN_FILE.row()),
                self.admin.token.as_ref(),
            ),
            (
                (&STORE_PASSWORD, STORE_PASSWORD_FILE.row()),
                self.store.as_ref().and_then(ServerAddress::password),
            ),
        ]
    }

    /// Every receiver of webhooks.
    pub(crate) fn all_receivers(&self) -> impl Iterator<Item = &Receiver> {
        self.webhook.iter().chain(&self.receivers)
    }

    /// Whether there is anybody to notify.
    pub(crate) fn notifies(&self) -> bool {
        self.all_receivers().next().is_some()
    }

    /// Whom messages are written for.
    pub(crate) fn routes(&self) -> Vec<Route> {
        let receivers = self.all_receivers();
        receivers.map(|receiver| receiver.route.clone()).collect()
    }

    /// The secrets of the receivers that have names, each with its key.
    pub(crate) fn receiver_secrets(&self) -> impl Iterator<Item = (String, &Secret)> {
        self.receivers.iter().flat_map(|receiver| {
            let name = receiver.label();
            let key = match receiver.form.name() {
                FormName::PagerDuty => "routing_key",
                FormName::Signed | FormName::Slack | FormName::Teams => "secret",
            };
            let of_form = receiver.form.secret();
            let of_form = of_form.map(|secret| (format!("receiver.{name}.{key}"), secret));
            let url = receiver.url.secret();
            let url = url.map(|secret| (format!("receiver.{name}.url"), secret));
            of_form.into_iter().chain(url)
        })
    }

    /// What counts in the digest only where it is not as ever: without a server, without a name and with the usual times the digest is what
    /// it always was.
    fn where_given(&self) -> [(&'static str, Option<Value>); 9] {
        let proxy = self.admin.proxy.as_ref().map(|proxy| {
            let addresses: Vec<String> = proxy.addresses.iter().map(ToString::to_string).collect();
            json!((addresses, &proxy.header, proxy.role.label()))
        });
        let named = self.admin.named.as_ref().map(TokenFile::path);
        let receivers: Vec<_> = self.receivers.iter().map(receiver_canonical).collect();
        let binary = self.otlp_protocol == TraceProtocol::Protobuf;
        [
            ("trusted_proxy", proxy),
            (
                "named_tokens",
                named.map(|path| json!(path.to_string_lossy())),
            ),
            (
                "keeping",
                (self.keeping != Keeping::default()).then(|| json!(self.keeping)),
            ),
            (
                "store",
                self.store.as_ref().map(|store| json!(store.to_string())),
            ),
            (
                "advertise_address",
                self.advertise_address
                    .as_ref()
                    .map(|address| json!(address.as_str())),
            ),
            (
                "receivers",
                (!self.receivers.is_empty()).then(|| json!(receivers)),
            ),
            ("otlp_protocol", binary.then(|| json!("http/protobuf"))),
            ("time_zone", self.time_zone.as_ref().map(|zone| json!(zone))),
            ("tenant", self.tenant.as_ref().map(|tenant| json!(tenant))),
        ]
    }

    /// SHA-256, in hexadecimal, of everything but secrets and a receiver's path: the same for the same settings, however they were given.
    pub(crate) fn digest(&self) -> String {
        // Those without a name here are in `where_given`.
        let Self {
            tenant: _,
            platform,
            base_url,
            token_url,
            credentials,
            special,
            policies,
            calendars,
            labels,
            guards,
            assignments,
            queues,
            poll_interval,
            rate,
            page_size,
            page_concurrency,
            request_timeout,
            status_reads_per_poll,
            record_workload,
            outcomes_every,
            outcomes_file,
            keeping: _,
            state_dir,
            store: _,
            listen,
            advertise_address: _,
            time_zone: _,
            admin,
            dry_run,
            once,
            log_format,
            webhook,
            receivers: _,
            otlp_endpoint,
            otlp_protocol: _,
        } = self;
        let auth = word_of(credentials.style, AUTH_STYLES);
        let log = word_of(*log_format, LOG_FORMATS);
        // An object of serde_json is sorted by key, and so are the policies.
        let mut canonical = json!({
            "platform": platform.name(),
            "base_url": base_url.as_ref().map(Url::as_str),
            "token_url": token_url.as_str(),
            "client_id": credentials.client_id,
            "auth": auth,
            "scope": credentials.scopes,
            "special": special_canonical(special),
            "policies": policies,
            "calendars": calendars,
            "labels": labels,
            "guards": guards,
            "assignments": assignments
                .as_ref()
                .map(|Assignments { policy, roster, given }| (policy, roster, given)),
            "queues": queues,
            "poll_interval": poll_interval,
            "rate": rate.map(|rate| (rate.per_second, rate.burst)),
            "page_size": page_size,
            "page_concurrency": page_concurrency,
            "request_timeout": request_timeout,
            "status_reads_per_poll": status_reads_per_poll,
            "record_workload": record_workload,
            "outcomes_every": outcomes_every,
            "outcomes_file": outcomes_file.as_ref().map(|path| path.to_string_lossy()),
            "state_dir": state_dir.to_string_lossy(),
            "listen": listen.map(|listen| listen.to_string()),
            "allowed_hosts": admin.hosts,
            "allow_actions": admin.actions,
            "dry_run": dry_run,
            "once": once,
            "log_format": log,
            "webhook": webhook.as_ref().map(|webhook| {
                (webhook.url.to_string(), webhook.timeout, webhook.give_up_after)
            }),
            "otlp_endpoint": otlp_endpoint.as_ref().map(Url::as_str),
        });
        for (key, value) in self.where_given() {
            if let (Some(value), Some(members)) = (value, canonical.as_object_mut()) {
                members.insert(key.to_owned(), value);
            }
        }
        let hash = digest(&SHA256, canonical.to_string().as_bytes());
        let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits
            .filter_map(|digit| char::from_digit(u32::from(digit), 16))
            .collect()
    }
}

/// The directory with one directory for each tenant, below the state directory.
pub(crate) const TENANTS: &str = "tenants";

/// Returns the directory of a tenant's state below that of all.
pub(super) fn of_tenant(state_dir: PathBuf, tenant: Option<&TenantName>) -> PathBuf {
    match tenant {
        Some(tenant) => state_dir.join(TENANTS).join(tenant.as_str()),
        None => state_dir,
    }
}

/// What makes one receiver another one; of its address only where it leads.
fn receiver_canonical(receiver: &Receiver) -> Value {
    let Route {
        receiver: name,
        events,
        campaigns,
    } = &receiver.route;
    let events = events.as_ref().map(|events| {
        let names = events.iter().map(|kind| kind.name());
        names.collect::<Vec<_>>()
    });
    json!({
        "name": name.as_ref().map(ReceiverName::as_str),
        "form": receiver.form.name().word(),
        "url": receiver.url.to_string(),
        "events": events,
        "campaigns": campaigns,
    })
}

/// The settings that not every dialect has.
fn special_canonical(special: &SpecialSettings) -> Value {
    json!({
        "registered_client_id": special.registered_client.as_ref().map(|(id, _)| id),
        "api_versions": special.api_versions,
        "ready_states": special.ready_states,
        "longest_call": special.longest_call,
        "notifications": special.notifications,
        "agents": word_of(special.agents, AgentSource::WORDS),
        "region": special.region,
        "instance_id": special.instance_id,
        "metrics_url": special.metrics_url.as_ref().map(Url::as_str),
        "campaigns_version": special.campaigns_version,
        "empty_means": special.empty_means,
        "also_steer": special.also_steer,
        "pause_method": word_of(special.pause_method, PauseMethod::WORDS),
        "refused_login_wait": special.refused_login_wait,
        "staged_resume": special.staged_resume,
    })
}

/// The word that a value is written as.
fn word_of<T: PartialEq + Copy>(value: T, words: &[(&'static str, T)]) -> Option<&'static str> {
    let found = words.iter().find(|(_, known)| *known == value);
    found.map(|(word, _)| *word)
}
