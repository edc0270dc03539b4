//! The languages in which the platform answers. The contact centre, the world and the faults are the same in each.
//!
//! A dialect finds the operation that a request is for, carries it out on the world, and has a form of its own for
//! refusals.

pub(super) mod amazon_connect;
pub(super) mod cxone_acd;
pub(super) mod cxone_v2;
pub(super) mod genesys_cloud;
pub(super) mod vicidial;

use super::answer::Answer;
use super::call::Route;
use super::centre::Scenario;
use super::fault_spec::FaultSpecError;
use super::faults::{Endpoint, FaultRule};
use super::sent_request::SentRequest;
use amazon_connect::{ConnectOperation, ConnectSettings};
use cxone_acd::{AcdOperation, AcdSettings};
use genesys_cloud::{CloudOperation, CloudSettings};
use vicidial::{DialerOperation, DialerSettings};

/// The dialect of a platform, with its settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Dialect {
    /// The contract in `tests/contract/cxone-v2.openapi.yaml`.
    #[default]
    CxoneV2,
    /// The contract in `tests/contract/cxone-acd.openapi.yaml`.
    CxoneAcd(Box<AcdSettings>),
    /// The contract in `tests/contract/genesys-cloud.openapi.yaml`.
    GenesysCloud(Box<CloudSettings>),
    /// Forms to one script, as exchanges with a real one were recorded.
    Vicidial(Box<DialerSettings>),
    /// The published models of both services.
    AmazonConnect(Box<ConnectSettings>),
}

/// The dialect without its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DialectKind {
    V2,
    Acd,
    Cloud,
    Dialer,
    Connect,
}

impl Dialect {
    /// The names of the dialects, as in the daemon's settings.
    pub const NAMES: [&'static str; 5] = [
        "cxone-v2",
        "cxone-acd",
        "genesys-cloud",
        "vicidial",
        "amazon-connect",
    ];

    /// Returns the dialect of this name, with the scenario's skills where there is a scenario.
    #[must_use]
    pub fn named(name: &str, scenario: Option<&Scenario>) -> Option<Self> {
        match name {
            "cxone-v2" => Some(Self::CxoneV2),
            "cxone-acd" => {
                let settings = scenario.map_or_else(AcdSettings::default, AcdSettings::staging);
                Some(Self::CxoneAcd(Box::new(settings)))
            }
            "genesys-cloud" => {
                let settings = scenario.map_or_else(CloudSettings::default, CloudSettings::staging);
                Some(Self::GenesysCloud(Box::new(settings)))
            }
            "vicidial" => {
                let settings =
                    scenario.map_or_else(DialerSettings::default, DialerSettings::staging);
                Some(Self::Vicidial(Box::new(settings)))
            }
            "amazon-connect" => {
                let settings =
                    scenario.map_or_else(ConnectSettings::default, ConnectSettings::staging);
                Some(Self::AmazonConnect(Box::new(settings)))
            }
            _ => None,
        }
    }

    /// Returns the path where clients get their tokens, behind the platform's address; none where they need none.
    #[must_use]
    pub fn token_path(&self) -> Option<&'static str> {
        match self {
            Self::CxoneV2 => Some("/oauth2/token"),
            Self::CxoneAcd(_) => Some("/authentication/v1/token/access-key"),
            Self::GenesysCloud(_) => Some("/oauth/token"),
            Self::Vicidial(_) | Self::AmazonConnect(_) => None,
        }
    }

    /// Returns the region and the instance that clients have to name; none where there are none.
    #[must_use]
    pub fn place(&self) -> Option<(&str, &str)> {
        match self {
            Self::CxoneV2 | Self::CxoneAcd(_) | Self::GenesysCloud(_) | Self::Vicidial(_) => None,
            Self::AmazonConnect(settings) => Some((&settings.region, &settings.instance)),
        }
    }

    /// Refuses rules for endpoints that this dialect does not have: they would never apply.
    ///
    /// # Errors
    /// Names the endpoint and those that there are.
    pub fn check_faults(&self, rules: &[FaultRule]) -> Result<(), FaultSpecError> {
        self.kind().check_faults(rules)
    }

    /// Returns the names, in fault rules, of what requests are for in this dialect.
    #[must_use]
    pub fn endpoint_names(&self) -> Vec<&'static str> {
        let endpoints = self.kind().endpoints();
        endpoints.into_iter().map(Endpoint::name).collect()
    }

    pub(super) fn kind(&self) -> DialectKind {
        match self {
            Self::CxoneV2 => DialectKind::V2,
            Self::CxoneAcd(_) => DialectKind::Acd,
            Self::GenesysCloud(_) => DialectKind::Cloud,
            Self::Vicidial(_) => DialectKind::Dialer,
            Self::AmazonConnect(_) => DialectKind::Connect,
        }
    }
}

impl DialectKind {
    /// See [`Dialect::check_faults`].
    pub(super) fn check_faults(self, rules: &[FaultRule]) -> Result<(), FaultSpecError> {
        let there = self.endpoints();
        let asked = rules.iter().filter_map(|rule| rule.endpoint);
        let mut foreign = asked.filter(|endpoint| !there.contains(endpoint));
        foreign.next().map_or(Ok(()), |endpoint| {
            let names: Vec<&str> = there.iter().map(|one| one.name()).collect();
            Err(FaultSpecError::Foreign {
                endpoint: endpoint.name(),
                expected: names.join(", "),
            })
        })
    }

    /// What requests are for in this dialect.
    pub(super) fn endpoints(self) -> Vec<Endpoint> {
        match self {
            Self::V2 => Endpoint::ALL.into(),
            Self::Acd => AcdOperation::ALL.map(Endpoint::Acd).into(),
            Self::Cloud => CloudOperation::ALL.map(Endpoint::Cloud).into(),
            Self::Dialer => DialerOperation::ALL.map(Endpoint::Dialer).into(),
            Self::Connect => ConnectOperation::ALL.map(Endpoint::Connect).into(),
        }
    }

    /// The words for what a person may set a campaign to.
    pub(super) fn statuses(self) -> &'static [&'static str] {
        match self {
            Self::V2 | Self::Connect => &["RUNNING", "PAUSED", "STOPPED", "COMPLETED"],
            Self::Cloud => &["RUNNING", "PAUSED", "COMPLETED"],
            Self::Acd | Self::Dialer => &["RUNNING", "PAUSED"],
        }
    }

    /// Finds the operation that a request is for.
    pub(super) fn route(self, sent: &SentRequest) -> Route {
        let (method, path) = (&sent.method, sent.path());
        match self {
            Self::V2 => cxone_v2::route(method, path),
            Self::Acd => cxone_acd::route(method, path),
            Self::Cloud => genesys_cloud::route(method, path),
            Self::Dialer => vicidial::route(sent),
            Self::Connect => amazon_connect::route(method, path),
        }
    }

    /// Finds the channel that a connection on this path is for, where changes are told over one.
    pub(super) fn channel(self, path: &str) -> Option<&str> {
        match self {
            Self::V2 | Self::Acd | Self::Dialer | Self::Connect => None,
            Self::Cloud => genesys_cloud::channel_of(path),
        }
    }

    /// Returns a refusal in the dialect's own form; other answers stay as they are.
    pub(super) fn in_own_form(self, answer: Answer) -> Answer {
        match self {
            Self::V2 => answer,
            Self::Acd => cxone_acd::in_own_form(answer),
            Self::Cloud => genesys_cloud::in_own_form(answer),
            Self::Dialer => vicidial::in_own_form(answer),
            Self::Connect => amazon_connect::in_own_form(answer),
        }
    }
}
