//! Which platforms there are: the only place that names vendors.
//!
//! A further platform is a folder beside this file and an arm in each match here.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::control::ports::Clock;
use crate::domain::CampaignId;
use crate::telemetry::Metrics;

use super::cxone_acd;
use super::cxone_v2;
use super::http::{Client, Credentials, HttpSend, Limiter, Rate, TokenSource};
use super::port::{Capabilities, Connected};

/// A way of speaking to a platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// The contract of campaigns under `/api/v2` that NICE's documents share.
    #[default]
    #[serde(rename = "cxone-v2")]
    CxoneV2,
    /// NICE CXone ACD, where campaigns are outbound skills.
    #[serde(rename = "cxone-acd")]
    CxoneAcd,
}

/// A name that is no dialect's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no platform {0:?}; known: cxone-v2, cxone-acd")]
pub struct UnknownDialect(String);

impl Dialect {
    /// Every dialect, so that each can be offered.
    pub const ALL: [Self; 2] = [Self::CxoneV2, Self::CxoneAcd];

    /// The one that holds where none is named.
    pub const DEFAULT: Self = Self::CxoneV2;

    /// Every dialect by its name.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        (Self::CxoneV2.name(), Self::CxoneV2),
        (Self::CxoneAcd.name(), Self::CxoneAcd),
    ];

    /// Every name, in the form of a setting's value.
    pub const NAMES: &'static str = "cxone-v2|cxone-acd";

    /// Returns the name in settings and flags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CxoneV2 => "cxone-v2",
            Self::CxoneAcd => "cxone-acd",
        }
    }

    /// Returns what its platform can do.
    #[must_use]
    pub fn capabilities(self) -> Capabilities {
        match self {
            Self::CxoneV2 => cxone_v2::CAPABILITIES,
            Self::CxoneAcd => cxone_acd::CAPABILITIES,
        }
    }

    /// Puts the parts of one tenant together. Nothing is sent yet.
    ///
    /// # Errors
    /// Everything in the settings that this dialect cannot make sense of, for people.
    pub fn connect(
        self,
        tenant: TenantSettings,
        shared: SharedParts,
    ) -> Result<Connected, Vec<String>> {
        match self {
            Self::CxoneV2 => cxone_v2::connect(tenant, shared),
            Self::CxoneAcd => cxone_acd::connect(&tenant, shared),
        }
    }

    /// Whether the address of the API has to be given, because nobody can be asked for it.
    #[must_use]
    pub fn needs_base_url(self) -> bool {
        match self {
            Self::CxoneV2 => true,
            Self::CxoneAcd => false,
        }
    }

    /// Returns where tokens come from when nobody says where; `area` is the log-in of the area that was given.
    #[must_use]
    pub fn token_url(
        self,
        base: Option<&reqwest::Url>,
        area: Option<&reqwest::Url>,
    ) -> Option<reqwest::Url> {
        match self {
            Self::CxoneV2 => base.map(cxone_v2::token_url),
            Self::CxoneAcd => area.cloned(),
        }
    }

    /// Returns whether the log-in at this address needs a client that is registered with the vendor.
    ///
    /// # Errors
    /// When this dialect has no log-in there.
    pub fn needs_registered_client(self, token_url: &reqwest::Url) -> Result<bool, String> {
        match self {
            Self::CxoneV2 => Ok(false),
            Self::CxoneAcd => cxone_acd::needs_registered_client(token_url),
        }
    }

    /// Returns the keys of settings that mean nothing here.
    #[must_use]
    pub fn foreign_settings(self) -> &'static [&'static str] {
        match self {
            Self::CxoneV2 => &[
                "area",
                "registered_client_id",
                "registered_client_secret",
                "registered_client_secret_file",
                "api_versions",
                "ready_states",
                "agents",
            ],
            Self::CxoneAcd => &["auth", "scope"],
        }
    }

    /// Returns what is wrong with the ids of campaigns, each by itself and beside those before it.
    #[must_use]
    pub fn campaign_faults(self, ids: &[CampaignId]) -> Vec<(CampaignId, String)> {
        match self {
            Self::CxoneV2 => Vec::new(),
            Self::CxoneAcd => cxone_acd::campaign_faults(ids),
        }
    }
}

/// Returns the address of the log-in of an area.
///
/// # Errors
/// When the text is no area's name.
pub fn area_token_url(area: &str) -> Result<reqwest::Url, String> {
    cxone_acd::area_token_url(area)
}

/// Returns versions of the API as they were given, such as `v33.0,stop-skill=v31.0`.
///
/// # Errors
/// Why they cannot be read.
pub fn api_versions(text: &str) -> Result<String, String> {
    cxone_acd::api_versions(text)
}

/// Returns the names of states in which agents are ready, as they were given.
///
/// # Errors
/// Why they cannot be read, or would keep a pause in force.
pub fn ready_states(text: &str) -> Result<String, String> {
    cxone_acd::ready_states(text)
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        let named = Self::ALL.into_iter().find(|dialect| dialect.name() == name);
        named.ok_or_else(|| UnknownDialect(name.to_owned()))
    }
}

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
    /// What only one dialect has.
    pub special: SpecialSettings,
}

/// Settings that not every dialect has; see [`Dialect::foreign_settings`].
#[derive(Clone, Debug, Default)]
pub struct SpecialSettings {
    /// A client that is registered with the vendor, by id and secret.
    pub registered_client: Option<(String, SecretString)>,
    /// Versions of the API, as [`api_versions`] has them.
    pub api_versions: Option<String>,
    /// States in which agents are ready, as [`ready_states`] has them.
    pub ready_states: Option<String>,
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
