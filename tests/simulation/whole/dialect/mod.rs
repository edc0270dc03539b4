//! What differs from one platform's dialect to the next: requests, words, settings, and what a platform shows and does not.
//!
//! Everything else here is the same for all of them, the judge above all. A dialect says what a request is for
//! ([`Purpose`]) and what it shows and asks for in the words of the simulated world; nobody else reads a request.

mod cxone_acd;
mod cxone_v2;
mod purpose;

use std::collections::BTreeMap;
use std::time::Duration;

use campaign_autopilot::simulator::{self, AcdOperation, Endpoint};
use hyper::Method;

use super::draw::{Dice, Where};
use super::judge::Invariant;
use super::schedule::{Pool, Setup};

pub(crate) use purpose::Purpose;

/// A dialect that the daemon and the simulated platform speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    CxoneV2,
    CxoneAcd,
}

/// What a request is, by its method and path.
pub(super) struct Classified {
    pub(super) endpoint: Endpoint,
    pub(super) purpose: Purpose,
    /// The campaign or queue in its path.
    pub(super) target: Option<String>,
    /// The status that its path asks for, where it does.
    pub(super) asks: Option<&'static str>,
}

impl Dialect {
    pub(crate) const ALL: [Self; 2] = [Self::CxoneV2, Self::CxoneAcd];

    /// The name, as in the daemon's settings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CxoneV2 => "cxone-v2",
            Self::CxoneAcd => "cxone-acd",
        }
    }

    /// The dialect of a platform.
    pub(super) fn of(platform: &simulator::Dialect) -> Self {
        match platform {
            simulator::Dialect::CxoneV2 => Self::CxoneV2,
            simulator::Dialect::CxoneAcd(_) => Self::CxoneAcd,
            simulator::Dialect::GenesysCloud(_)
            | simulator::Dialect::Vicidial(_)
            | simulator::Dialect::AmazonConnect(_) => {
                unreachable!("no schedule is drawn for this platform")
            }
        }
    }

    /// What a request is for, as the published paths say; the simulator has its own reading of them.
    pub(super) fn classify(self, method: &Method, path: &str) -> Classified {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let found = match self {
            Self::CxoneV2 => cxone_v2::classify(method, &segments),
            Self::CxoneAcd => cxone_acd::classify(method, &segments),
        };
        found.unwrap_or_else(|| {
            panic!("the daemon asks for {method} {path}, which the contract does not have")
        })
    }

    /// The status that a command's body asks for.
    pub(super) fn asked_by_body(self, body: &[u8]) -> Option<String> {
        match self {
            Self::CxoneV2 => cxone_v2::status_word(body),
            Self::CxoneAcd => None,
        }
    }

    /// The statuses that a whole and readable answer to a reading shows, by campaign, in the words of the world where it has
    /// one.
    pub(super) fn shown(self, target: Option<&str>, body: &[u8]) -> BTreeMap<String, String> {
        match self {
            Self::CxoneV2 => target
                .zip(cxone_v2::status_word(body))
                .map(|(campaign, word)| (campaign.to_owned(), word))
                .into_iter()
                .collect(),
            Self::CxoneAcd => cxone_acd::shown(body).unwrap_or_default(),
        }
    }

    /// The endpoints at which a kind of fault says something.
    pub(super) fn endpoints(self, place: Where, setup: &Setup) -> Vec<Endpoint> {
        match self {
            Self::CxoneV2 => cxone_v2::endpoints(place, setup),
            Self::CxoneAcd => cxone_acd::endpoints(place, setup),
        }
    }

    /// Where it is asked what became of dials.
    pub(super) fn outcomes(self) -> Endpoint {
        match self {
            Self::CxoneV2 => Endpoint::Outcomes,
            Self::CxoneAcd => Endpoint::Acd(AcdOperation::SkillSummary),
        }
    }

    /// What a person may set a campaign to.
    pub(super) fn words_of_people(self) -> &'static [&'static str] {
        match self {
            Self::CxoneV2 => &[
                "PAUSED", "PAUSED", "PAUSED", "RUNNING", "RUNNING", "STOPPED",
            ],
            Self::CxoneAcd => &["PAUSED", "PAUSED", "RUNNING"],
        }
    }

    /// Draws what is this dialect's own; what it does not have is left out of the setup.
    pub(super) fn draw(self, dice: &mut Dice, setup: &mut Setup) {
        match self {
            Self::CxoneV2 => {}
            Self::CxoneAcd => cxone_acd::draw(dice, setup),
        }
    }

    /// Which agents count for each campaign.
    pub(super) fn pools(self, setup: &Setup) -> [Pool; 4] {
        match self {
            Self::CxoneV2 => Pool::USUAL,
            Self::CxoneAcd => cxone_acd::pools(setup),
        }
    }

    /// How long a token lives.
    pub(super) fn token_life(self) -> Duration {
        match self {
            Self::CxoneV2 => Duration::from_secs(240),
            // Renewed five minutes early.
            Self::CxoneAcd => Duration::from_secs(540),
        }
    }

    /// The lines of the settings that choose the platform.
    pub(super) fn settings(self, setup: &Setup) -> String {
        match self {
            Self::CxoneV2 => String::new(),
            Self::CxoneAcd => cxone_acd::settings(setup),
        }
    }

    /// The value of `agents` that makes a pool count.
    pub(super) fn agents_of(self, pool: Pool) -> &'static str {
        match (self, pool) {
            (Self::CxoneV2, Pool::Everyone) => "\"all\"",
            (Self::CxoneV2, Pool::Alpha) => "{ any_skill = [\"alpha\"] }",
            (Self::CxoneV2, Pool::Beta) => "{ all_skills = [\"beta\"] }",
            (Self::CxoneAcd, _) => "\"own\"",
        }
    }

    /// The longest time in which the platform's commands settle, in milliseconds.
    pub(super) fn settles(self, setup: &Setup) -> i64 {
        match self {
            Self::CxoneV2 => 60_000,
            Self::CxoneAcd => i64::from(setup.longest_call_s) * 1_000,
        }
    }

    /// Whether the platform tells when a campaign was changed.
    pub(super) fn tells_when(self, setup: &Setup) -> bool {
        match self {
            Self::CxoneV2 => cxone_v2::tells_when(setup),
            Self::CxoneAcd => false,
        }
    }

    /// How long a pause of ours goes on to be shown as running, in milliseconds.
    pub(super) fn stops_within(self, setup: &Setup) -> i64 {
        match self {
            Self::CxoneV2 => 0,
            Self::CxoneAcd => cxone_acd::stops_within(setup),
        }
    }

    /// Names of what is unusual about the platform.
    pub(crate) fn properties(self, setup: &Setup) -> Vec<&'static str> {
        match self {
            Self::CxoneV2 => setup.quirks.names(),
            Self::CxoneAcd => cxone_acd::properties(setup),
        }
    }

    /// Whether a promise can be at stake here.
    pub(super) fn concerns(self, invariant: Invariant) -> bool {
        match self {
            Self::CxoneV2 => true,
            Self::CxoneAcd => {
                ![Invariant::AboveConcurrency, Invariant::QueueMemberLost].contains(&invariant)
            }
        }
    }
}
