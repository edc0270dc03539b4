//! The platforms that there are, and how the parts of one are put together.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::{AgentId, CampaignId};
use crate::platform::port::{Capabilities, Connected};
use crate::platform::{cxone_acd, cxone_v2, genesys_cloud, vicidial};
use crate::telemetry::Endpoint;

use super::tenant::{AgentSource, RegionHosts, SharedParts, TenantSettings};

/// A way of speaking to a platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// Campaigns, queues and agents under `/api/v2`: the contract that this project describes.
    #[default]
    #[serde(rename = "cxone-v2")]
    CxoneV2,
    /// NICE CXone ACD, where campaigns are outbound skills.
    #[serde(rename = "cxone-acd")]
    CxoneAcd,
    /// Genesys Cloud, where campaigns have queues.
    #[serde(rename = "genesys-cloud")]
    GenesysCloud,
    /// VICIdial, where campaigns are paused by their level.
    #[serde(rename = "vicidial")]
    Vicidial,
}

/// A name that is not a dialect's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no platform {0:?}; known: cxone-v2, cxone-acd, genesys-cloud, vicidial")]
pub struct UnknownDialect(String);

impl Dialect {
    /// Every dialect, so that each can be offered.
    pub const ALL: [Self; 4] = [
        Self::CxoneV2,
        Self::CxoneAcd,
        Self::GenesysCloud,
        Self::Vicidial,
    ];

    /// The one that holds where none is named.
    pub const DEFAULT: Self = Self::CxoneV2;

    /// Every dialect by its name.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        (Self::CxoneV2.name(), Self::CxoneV2),
        (Self::CxoneAcd.name(), Self::CxoneAcd),
        (Self::GenesysCloud.name(), Self::GenesysCloud),
        (Self::Vicidial.name(), Self::Vicidial),
    ];

    /// Every name, in the form of a setting's value.
    pub const NAMES: &'static str = "cxone-v2|cxone-acd|genesys-cloud|vicidial";

    /// Returns the name in settings and flags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CxoneV2 => "cxone-v2",
            Self::CxoneAcd => "cxone-acd",
            Self::GenesysCloud => "genesys-cloud",
            Self::Vicidial => "vicidial",
        }
    }

    /// Returns what its platform can do.
    #[must_use]
    pub fn capabilities(self) -> Capabilities {
        match self {
            Self::CxoneV2 => cxone_v2::CAPABILITIES,
            Self::CxoneAcd => cxone_acd::CAPABILITIES,
            Self::GenesysCloud => genesys_cloud::CAPABILITIES,
            Self::Vicidial => vicidial::CAPABILITIES,
        }
    }

    /// Returns what its platform can do for a tenant whose agents are counted from this.
    #[must_use]
    pub fn capabilities_by(self, source: AgentSource) -> Capabilities {
        match self {
            Self::CxoneV2 => cxone_v2::CAPABILITIES,
            Self::CxoneAcd => cxone_acd::capabilities(source),
            Self::GenesysCloud => genesys_cloud::CAPABILITIES,
            Self::Vicidial => vicidial::CAPABILITIES,
        }
    }

    /// Returns what requests are made for, so that the series of each exist before the first.
    #[must_use]
    pub fn endpoints(self) -> &'static [Endpoint] {
        match self {
            Self::CxoneV2 => cxone_v2::ENDPOINTS,
            Self::CxoneAcd => cxone_acd::ENDPOINTS,
            Self::GenesysCloud => genesys_cloud::ENDPOINTS,
            Self::Vicidial => vicidial::ENDPOINTS,
        }
    }

    /// Puts the parts of one tenant together and declares its endpoints. Nothing is sent yet.
    ///
    /// # Errors
    /// Everything in the settings that this dialect cannot make sense of, for people.
    pub fn connect(
        self,
        tenant: TenantSettings,
        shared: SharedParts,
    ) -> Result<Connected, Vec<String>> {
        shared.metrics.api.declare(self.endpoints());
        match self {
            Self::CxoneV2 => cxone_v2::connect(tenant, shared),
            Self::CxoneAcd => cxone_acd::connect(&tenant, shared),
            Self::GenesysCloud => genesys_cloud::connect(&tenant, shared),
            Self::Vicidial => vicidial::connect(&tenant, shared),
        }
    }

    /// Whether the address of the API has to be given, because nobody can be asked for it.
    #[must_use]
    pub fn needs_base_url(self) -> bool {
        match self {
            Self::CxoneV2 | Self::GenesysCloud | Self::Vicidial => true,
            Self::CxoneAcd => false,
        }
    }

    /// Whether a region gives the addresses.
    #[must_use]
    pub fn has_regions(self) -> bool {
        match self {
            Self::CxoneV2 | Self::CxoneAcd | Self::Vicidial => false,
            Self::GenesysCloud => true,
        }
    }

    /// Returns where tokens come from when nobody says where; `area` is the log-in of the area or region that was given.
    #[must_use]
    pub fn token_url(
        self,
        base: Option<&reqwest::Url>,
        area: Option<&reqwest::Url>,
    ) -> Option<reqwest::Url> {
        match self {
            Self::CxoneV2 => base.map(cxone_v2::token_url),
            // There are no tokens: each request carries the log-in.
            Self::Vicidial => base.cloned(),
            Self::CxoneAcd | Self::GenesysCloud => area.cloned(),
        }
    }

    /// Returns whether the log-in at this address needs a client that is registered with the vendor.
    ///
    /// # Errors
    /// When this dialect has no log-in there.
    pub fn needs_registered_client(self, token_url: &reqwest::Url) -> Result<bool, String> {
        match self {
            Self::CxoneV2 | Self::GenesysCloud | Self::Vicidial => Ok(false),
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
                "longest_call",
                "notifications",
                "region",
                "pause_method",
                "allow_http",
                "refused_login_wait",
                "staged_resume",
            ],
            Self::CxoneAcd => &[
                "auth",
                "scope",
                "notifications",
                "region",
                "pause_method",
                "allow_http",
                "refused_login_wait",
                "staged_resume",
            ],
            Self::Vicidial => &[
                "token_url",
                "auth",
                "scope",
                "area",
                "region",
                "registered_client_id",
                "registered_client_secret",
                "registered_client_secret_file",
                "api_versions",
                "ready_states",
                "agents",
                "longest_call",
                "notifications",
            ],
            Self::GenesysCloud => &[
                "auth",
                "scope",
                "area",
                "registered_client_id",
                "registered_client_secret",
                "registered_client_secret_file",
                "api_versions",
                "ready_states",
                "agents",
                "longest_call",
                "pause_method",
                "allow_http",
                "refused_login_wait",
                "staged_resume",
            ],
        }
    }

    /// Returns what is wrong with the ids of campaigns, each by itself and beside those before it.
    #[must_use]
    pub fn campaign_faults(self, ids: &[CampaignId]) -> Vec<(CampaignId, String)> {
        match self {
            Self::CxoneV2 | Self::GenesysCloud => Vec::new(),
            Self::CxoneAcd => cxone_acd::campaign_faults(ids),
            Self::Vicidial => vicidial::campaign_faults(ids),
        }
    }

    /// Returns why a client id or a secret can never log in there, without repeating it.
    #[must_use]
    pub fn credential_fault(self, text: &str) -> Option<String> {
        match self {
            Self::CxoneV2 | Self::CxoneAcd | Self::GenesysCloud => None,
            Self::Vicidial => vicidial::credential_fault(text),
        }
    }

    /// Whether the secret goes with every request, so that plain http to another machine has to be allowed.
    #[must_use]
    pub fn sends_secret_always(self) -> bool {
        match self {
            Self::CxoneV2 | Self::CxoneAcd | Self::GenesysCloud => false,
            Self::Vicidial => true,
        }
    }

    /// Returns what is wrong with the campaigns whose lists are to be kept, each with a remedy. `counted` are campaigns with
    /// the queue or skill whose agents are counted for them.
    #[must_use]
    pub fn list_faults(
        self,
        lists: &[CampaignId],
        counted: &[(&CampaignId, &str)],
    ) -> Vec<(CampaignId, String, &'static str)> {
        match self {
            Self::CxoneV2 | Self::Vicidial => Vec::new(),
            Self::CxoneAcd => cxone_acd::list_faults(lists, counted),
            Self::GenesysCloud => genesys_cloud::list_faults(lists, counted),
        }
    }

    /// Returns why this cannot be the id of an agent.
    #[must_use]
    pub fn agent_fault(self, agent: &AgentId) -> Option<String> {
        match self {
            Self::CxoneV2 | Self::GenesysCloud | Self::Vicidial => None,
            Self::CxoneAcd => cxone_acd::agent_fault(agent),
        }
    }
}

/// Returns the address of the log-in of an area.
///
/// # Errors
/// When the text is not the name of an area.
pub fn area_token_url(area: &str) -> Result<reqwest::Url, String> {
    cxone_acd::area_token_url(area)
}

/// Returns the hosts of a region.
///
/// # Errors
/// When the text is not the name of a region.
pub fn region_hosts(region: &str) -> Result<RegionHosts, String> {
    genesys_cloud::hosts(region)
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::telemetry::Metrics;

    /// How many series of counts each endpoint has.
    fn series(metrics: &Metrics) -> BTreeMap<String, usize> {
        let (_, text) = metrics.exposition().unwrap();
        let mut found = BTreeMap::new();
        for line in String::from_utf8(text).unwrap().lines() {
            if line.starts_with("autopilot_api_") && !line.contains("_bucket{") {
                let label = line.split("endpoint=\"").nth(1);
                if let Some(label) = label.and_then(|rest| rest.split('"').next()) {
                    *found.entry(label.to_owned()).or_default() += 1;
                }
            }
        }
        found
    }

    fn metrics() -> Metrics {
        Metrics::new(30.0, false, "", 0.0).unwrap()
    }

    #[test]
    fn the_series_of_a_dialect_exist_before_its_first_request() {
        for dialect in Dialect::ALL {
            let metrics = metrics();
            assert_eq!(series(&metrics), BTreeMap::new());
            metrics.api.declare(dialect.endpoints());
            metrics.queues().unwrap();
            metrics.assignments().unwrap();
            metrics.paces_are_read();
            let declared: BTreeSet<_> = dialect.endpoints().iter().map(|one| one.label()).collect();
            let there = series(&metrics);
            assert!(there.keys().eq(declared), "{dialect}: {there:?}");
        }
    }

    #[test]
    fn series_of_a_feature_come_with_it_whichever_is_first() {
        let early = metrics();
        early.queues().unwrap();
        early.api.declare(cxone_v2::ENDPOINTS);
        let late = metrics();
        late.api.declare(cxone_v2::ENDPOINTS);
        assert!(!series(&late).contains_key("queue_get"));
        late.queues().unwrap();
        assert_eq!(series(&early), series(&late));
        // A sum and a count for each code, a counter for each cause of a retry, and one for the unreadable rows of a listing.
        let numbers = [
            ("agents", 2 * 9 + 6 + 1),
            ("campaign_get", 2 * 10 + 6),
            ("campaign_put", 2 * 10 + 5),
            ("outcomes", 2 * 10 + 6),
            ("queue_get", 2 * 10 + 6),
            ("queue_put", 2 * 11 + 6),
            ("queue_statistics", 2 * 10 + 6),
            ("token", 2 * 8 + 5),
        ];
        let expected = numbers.map(|(label, number)| (label.to_owned(), number));
        assert_eq!(series(&late), BTreeMap::from(expected));
    }
}
