//! The platforms that there are. What each is stands in its own folder, as its [`Spoken`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::{AgentId, CampaignId};
use crate::platform::http::Rate;
use crate::platform::port::{Capabilities, Connected};
use crate::platform::{amazon_connect, cxone_acd, cxone_v2, genesys_cloud, vicidial};
use crate::telemetry::Endpoint;

use super::spoken::{ListFault, RegionFiles, Spoken};
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
    /// Amazon Connect, where each request is signed.
    #[serde(rename = "amazon-connect")]
    AmazonConnect,
}

/// A name that is not a dialect's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no platform {0:?}; known: {known}", known = Dialect::NAMES.replace('|', ", "))]
pub struct UnknownDialect(String);

/// Settings that mean nothing on some platform.
const SPECIAL: &[&str] = &[
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
    "pause_method",
    "allow_http",
    "refused_login_wait",
    "staged_resume",
    "instance_id",
    "metrics_url",
    "campaigns_version",
    "empty_means",
    "also_steer",
];

impl Dialect {
    /// Every dialect, so that each can be offered.
    pub const ALL: [Self; 5] = [
        Self::CxoneV2,
        Self::CxoneAcd,
        Self::GenesysCloud,
        Self::Vicidial,
        Self::AmazonConnect,
    ];

    /// The one that holds where none is named.
    pub const DEFAULT: Self = Self::CxoneV2;

    /// Every dialect by its name.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        (Self::CxoneV2.name(), Self::CxoneV2),
        (Self::CxoneAcd.name(), Self::CxoneAcd),
        (Self::GenesysCloud.name(), Self::GenesysCloud),
        (Self::Vicidial.name(), Self::Vicidial),
        (Self::AmazonConnect.name(), Self::AmazonConnect),
    ];

    /// Every name, in the form of a setting's value.
    pub const NAMES: &'static str = "cxone-v2|cxone-acd|genesys-cloud|vicidial|amazon-connect";

    /// Returns the name in settings and flags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CxoneV2 => "cxone-v2",
            Self::CxoneAcd => "cxone-acd",
            Self::GenesysCloud => "genesys-cloud",
            Self::Vicidial => "vicidial",
            Self::AmazonConnect => "amazon-connect",
        }
    }

    /// What the dialect says of itself.
    fn spoken(self) -> &'static Spoken {
        match self {
            Self::CxoneV2 => &cxone_v2::SPOKEN,
            Self::CxoneAcd => &cxone_acd::SPOKEN,
            Self::GenesysCloud => &genesys_cloud::SPOKEN,
            Self::Vicidial => &vicidial::SPOKEN,
            Self::AmazonConnect => &amazon_connect::SPOKEN,
        }
    }

    /// Returns what its platform can do.
    #[must_use]
    pub fn capabilities(self) -> Capabilities {
        self.spoken().capabilities
    }

    /// Returns what its platform can do for a tenant whose agents are counted from this.
    #[must_use]
    pub fn capabilities_by(self, source: AgentSource) -> Capabilities {
        let by = self.spoken().capabilities_by;
        by.map_or_else(|| self.capabilities(), |by| by(source))
    }

    /// Returns what requests are made for, so that the series of each exist before the first.
    #[must_use]
    pub fn endpoints(self) -> &'static [Endpoint] {
        self.spoken().endpoints
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
        (self.spoken().connect)(tenant, shared)
    }

    /// Whether a client id and its secret have to be given, because there are no other credentials.
    #[must_use]
    pub fn needs_client(self) -> bool {
        self.spoken().needs_client
    }

    /// Whether the address of the API has to be given, because nobody can be asked for it.
    #[must_use]
    pub fn needs_base_url(self) -> bool {
        self.spoken().needs_base_url
    }

    /// Whether a region gives the addresses.
    #[must_use]
    pub fn has_regions(self) -> bool {
        self.spoken().region_hosts.is_some()
    }

    /// Whether each request is signed for a region, so that none can do without one, and for an instance.
    #[must_use]
    pub fn signs_requests(self) -> bool {
        self.spoken().signs_requests
    }

    /// Returns the rate that is kept where the settings name none, where others would be too fast.
    #[must_use]
    pub fn usual_rate(self) -> Option<Rate> {
        self.spoken().usual_rate
    }

    /// Returns the variables by which a region is named beside our own.
    #[must_use]
    pub fn region_variables(self) -> &'static [&'static str] {
        self.spoken().region_variables
    }

    /// Returns the files in which a region is named where no variable does.
    #[must_use]
    pub fn region_files(self) -> Option<RegionFiles> {
        self.spoken().region_files
    }

    /// Returns the hosts of a region.
    ///
    /// # Errors
    /// When the text is not the name of a region.
    pub fn region_hosts(self, region: &str) -> Result<RegionHosts, String> {
        match self.spoken().region_hosts {
            Some(hosts) => hosts(region),
            None => Err(format!("{self} has no regions")),
        }
    }

    /// Returns why this build cannot speak to the platform, and which one can.
    #[must_use]
    pub fn absent(self) -> Option<&'static str> {
        self.spoken().absent
    }

    /// Returns where tokens come from when nobody says where; `area` is the log-in of the area or region that was given.
    #[must_use]
    pub fn token_url(
        self,
        base: Option<&reqwest::Url>,
        area: Option<&reqwest::Url>,
    ) -> Option<reqwest::Url> {
        (self.spoken().token_url)(base, area)
    }

    /// Returns whether the log-in at this address needs a client that is registered with the vendor.
    ///
    /// # Errors
    /// When this dialect has no log-in there.
    pub fn needs_registered_client(self, token_url: &reqwest::Url) -> Result<bool, String> {
        (self.spoken().needs_registered_client)(token_url)
    }

    /// Returns the keys of settings that mean nothing here.
    pub fn foreign_settings(self) -> impl Iterator<Item = &'static str> {
        let own = self.spoken().settings;
        SPECIAL.iter().copied().filter(|key| !own.contains(key))
    }

    /// Returns what is wrong with the ids of campaigns, each by itself and beside those before it.
    #[must_use]
    pub fn campaign_faults(self, ids: &[CampaignId]) -> Vec<(CampaignId, String)> {
        (self.spoken().campaign_faults)(ids)
    }

    /// Returns why a client id or a secret can never log in there, without repeating it.
    #[must_use]
    pub fn credential_fault(self, text: &str) -> Option<String> {
        (self.spoken().credential_fault)(text)
    }

    /// Whether the secret goes with every request, so that plain http to another machine has to be allowed.
    #[must_use]
    pub fn sends_secret_always(self) -> bool {
        self.spoken().sends_secret_always
    }

    /// Returns what is wrong with the campaigns whose lists are to be kept, each with a remedy. `counted` are campaigns with
    /// the queue or skill whose agents are counted for them.
    #[must_use]
    pub fn list_faults(
        self,
        lists: &[CampaignId],
        counted: &[(&CampaignId, &str)],
    ) -> Vec<ListFault> {
        (self.spoken().list_faults)(lists, counted)
    }

    /// Returns why this cannot be the id of an agent.
    #[must_use]
    pub fn agent_fault(self, agent: &AgentId) -> Option<String> {
        (self.spoken().agent_fault)(agent)
    }
}

/// Returns the address of the log-in of an area.
///
/// # Errors
/// When the text is not the name of an area.
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
