//! One tenant as its settings describe it, and what every tenant uses.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::control::ports::Clock;
use crate::domain::CampaignId;
use crate::platform::http::{Client, Credentials, HttpSend, Limiter, Rate, TokenSource};
use crate::platform::port::RefusalMemory;
use crate::secrets::Secret;
use crate::telemetry::Metrics;

/// Whether anything may be changed on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing that writes is built.
    ReadOnly,
    /// Readers and writers.
    ReadAndWrite,
}

/// One tenant, as its settings describe it.
#[derive(Clone, Debug)]
pub struct TenantSettings {
    /// The tenant's address; where there is none, the platform is asked for it.
    pub base_url: Option<reqwest::Url>,
    /// Where tokens come from.
    pub token_url: reqwest::Url,
    /// What they are asked for with.
    pub credentials: Credentials,
    /// Agents in a page.
    pub page_size: usize,
    /// Pages asked for at once.
    pub page_concurrency: usize,
    /// Requests that the tenant takes; no limit when absent.
    pub rate: Option<Rate>,
    /// Bounds one attempt, in real time.
    pub request_timeout: Duration,
    /// Whether anything may be changed there.
    pub access: Access,
    /// The campaigns that the configuration names; no other is commanded.
    pub campaigns: Vec<CampaignId>,
    /// The preview campaigns whose lists are kept; they are not commanded for that.
    pub lists: Vec<CampaignId>,
    /// What only one dialect has.
    pub special: SpecialSettings,
}

/// The hosts of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionHosts {
    /// The region, as the vendor writes it.
    pub name: String,
    /// Where the API is.
    pub api: reqwest::Url,
    /// Where tokens come from.
    pub token_url: reqwest::Url,
    /// Where agents are counted, where that is another service.
    pub metrics: Option<reqwest::Url>,
}

/// What agents are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgentSource {
    /// The state of each agent.
    #[default]
    States,
    /// Counts that the platform makes for each skill.
    Activity,
}

impl AgentSource {
    /// Each with its word in settings.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("states", Self::States), ("activity", Self::Activity)];
}

/// How a campaign is paused where there is more than one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PauseMethod {
    /// By a level that dials nothing and that nobody else would choose.
    #[default]
    Level,
    /// By making it inactive.
    Active,
}

impl PauseMethod {
    /// Each with its word in settings.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("level", Self::Level), ("active", Self::Active)];
}

/// What a count that is left out of an answer means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EmptyMeans {
    /// That it is not known.
    #[default]
    Unknown,
    /// That nobody is there, in a queue that no answer has ever had.
    Zero,
}

impl EmptyMeans {
    /// Each with its word in settings.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("unknown", Self::Unknown), ("zero", Self::Zero)];
}

/// A version of the API of campaigns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CampaignsVersion {
    /// The first one.
    First,
    /// The second one.
    #[default]
    Second,
}

impl CampaignsVersion {
    /// Each with its word in settings.
    pub const WORDS: &'static [(&'static str, Self)] = &[("v2", Self::Second), ("v1", Self::First)];
}

/// Campaigns that are steered only where the settings say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AlsoSteer {
    /// Those that a journey runs.
    pub journeys: bool,
    /// Those that need no agents.
    pub agentless: bool,
}

/// Settings that not every dialect has; see [`Dialect::foreign_settings`](super::Dialect::foreign_settings).
#[derive(Clone, Debug, Default)]
pub struct SpecialSettings {
    /// A client that is registered with the vendor, by id and secret.
    pub registered_client: Option<(String, Secret)>,
    /// Versions of the API, as [`api_versions`](super::api_versions) has them.
    pub api_versions: Option<String>,
    /// States in which agents are ready, as [`ready_states`](super::ready_states) has them.
    pub ready_states: Option<String>,
    /// What agents are counted from.
    pub agents: AgentSource,
    /// How long a call lasts at the most, with its wrap-up; as the dialect has it, when absent.
    pub longest_call: Option<Duration>,
    /// Whether the platform is asked to report changes by itself, where it can.
    pub notifications: bool,
    /// How campaigns are paused.
    pub pause_method: PauseMethod,
    /// How long nothing is asked for when log-ins are refused; as the dialect has it, when absent.
    pub refused_login_wait: Option<Duration>,
    /// For how long a resume dials one call for each idle agent before it dials as before the pause; not at all, when absent.
    pub staged_resume: Option<Duration>,
    /// The region that requests are signed for.
    pub region: Option<String>,
    /// The instance that the campaigns belong to.
    pub instance_id: Option<String>,
    /// Where agents are counted, where that is another service.
    pub metrics_url: Option<reqwest::Url>,
    /// In which version of the API the campaigns are.
    pub campaigns_version: CampaignsVersion,
    /// What a count that is left out of an answer means.
    pub empty_means: EmptyMeans,
    /// Campaigns that are steered only where this says so.
    pub also_steer: AlsoSteer,
}

/// What every tenant uses.
#[derive(Clone)]
pub struct SharedParts {
    /// Sends requests.
    pub transport: Arc<dyn HttpSend>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
    /// Remembers refused log-ins beyond this process.
    pub refusals: Arc<dyn RefusalMemory>,
    /// Makes jitter repeatable.
    pub seed: u64,
}

impl SharedParts {
    /// Returns a client for a tenant that wants a client id and secret for a token.
    #[must_use]
    pub fn client(&self, tenant: &TenantSettings) -> Arc<Client> {
        let (clock, metrics) = (&self.clock, &self.metrics);
        Arc::new(Client::new(
            Arc::clone(&self.transport),
            Limiter::new(tenant.rate, Arc::clone(clock), Arc::clone(metrics)),
            TokenSource::new(
                tenant.credentials.clone(),
                tenant.token_url.clone(),
                Arc::clone(clock),
            ),
            Arc::clone(clock),
            Arc::clone(metrics),
            tenant.request_timeout,
            self.seed,
        ))
    }
}
