//! What differs from one platform's dialect to the next: requests, words, settings, and what a platform shows and does not.
//!
//! Everything else here is the same for all of them, the judge above all. A dialect says what a request is for
//! ([`Purpose`]) and what it shows and asks for in the words of the simulated world; nobody else reads a request.

mod cxone_acd;
mod cxone_v2;
mod left;
mod purpose;
mod vicidial;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use campaign_autopilot::simulator::{
    self, AcdOperation, DialerCampaign, DialerOperation, Endpoint, Fault, SimHandle,
};
use hyper::Method;
use hyper::header::HeaderMap;

use super::dialling::Dialling;
use super::draw::{Dice, Where};
use super::judge::Invariant;
use super::schedule::{Pool, Setup};

pub(crate) use left::Left;
pub(crate) use purpose::Purpose;

/// A dialect that the daemon and the simulated platform speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    CxoneV2,
    CxoneAcd,
    Vicidial,
}

/// What an answer says of campaigns.
#[derive(Default)]
pub(super) struct Told {
    /// Their statuses, in the words of the world where it has one.
    pub(super) statuses: BTreeMap<String, String>,
    /// Those that are not there.
    pub(super) absent: BTreeSet<String>,
}

/// What a request is, by its method, path and body.
pub(super) struct Classified {
    pub(super) endpoint: Endpoint,
    pub(super) purpose: Purpose,
    /// The campaign or queue that it is for.
    pub(super) target: Option<String>,
    /// The status that it asks for, where that shows by now.
    pub(super) asks: Option<&'static str>,
}

impl Dialect {
    pub(crate) const ALL: [Self; 3] = [Self::CxoneV2, Self::CxoneAcd, Self::Vicidial];

    /// The name, as in the daemon's settings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CxoneV2 => "cxone-v2",
            Self::CxoneAcd => "cxone-acd",
            Self::Vicidial => "vicidial",
        }
    }

    /// The dialect of a platform.
    pub(super) fn of(platform: &simulator::Dialect) -> Self {
        match platform {
            simulator::Dialect::CxoneV2 => Self::CxoneV2,
            simulator::Dialect::CxoneAcd(_) => Self::CxoneAcd,
            simulator::Dialect::Vicidial(_) => Self::Vicidial,
            simulator::Dialect::GenesysCloud(_) | simulator::Dialect::AmazonConnect(_) => {
                unreachable!("no schedule is drawn for this platform")
            }
        }
    }

    /// What a request is for, as the published paths say; the simulator has its own reading of them.
    pub(super) fn classify(self, method: &Method, path: &str, body: &[u8]) -> Classified {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let found = match self {
            Self::CxoneV2 => cxone_v2::classify(method, &segments),
            Self::CxoneAcd => cxone_acd::classify(method, &segments),
            Self::Vicidial => vicidial::classify(method, &segments, body),
        };
        found.unwrap_or_else(|| {
            panic!("the daemon asks for {method} {path}, which the contract does not have")
        })
    }

    /// The status that a command's body asks for.
    pub(super) fn asked_by_body(self, body: &[u8]) -> Option<String> {
        match self {
            Self::CxoneV2 => cxone_v2::status_word(body),
            Self::CxoneAcd | Self::Vicidial => None,
        }
    }

    /// The name of the decision that a request is for.
    pub(super) fn decision(self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        match self {
            Self::CxoneV2 | Self::CxoneAcd => {
                let id = headers.get("x-request-id")?;
                Some(id.to_str().unwrap().to_owned())
            }
            Self::Vicidial => vicidial::decision(body),
        }
    }

    /// A body without the log-in, where each request has one.
    pub(super) fn without_log_in(self, body: &[u8]) -> Vec<u8> {
        match self {
            Self::CxoneV2 | Self::CxoneAcd => body.to_vec(),
            Self::Vicidial => vicidial::without_log_in(body),
        }
    }

    /// The status that a whole answer comes to, in the usual sense of statuses.
    pub(super) fn meaning(self, status: u16, body: &[u8]) -> u16 {
        match self {
            Self::CxoneV2 | Self::CxoneAcd => status,
            Self::Vicidial => vicidial::meaning(status, body),
        }
    }

    /// What a whole and readable answer to a reading says of campaigns.
    pub(super) fn told(self, target: Option<&str>, body: &[u8]) -> Told {
        let statuses = |statuses| Told {
            statuses,
            ..Told::default()
        };
        match self {
            Self::CxoneV2 => {
                let shown = target.zip(cxone_v2::status_word(body));
                let shown = shown.map(|(campaign, word)| (campaign.to_owned(), word));
                statuses(shown.into_iter().collect())
            }
            Self::CxoneAcd => statuses(cxone_acd::shown(body).unwrap_or_default()),
            Self::Vicidial => vicidial::told(target, body).unwrap_or_default(),
        }
    }

    /// The endpoints at which a kind of fault says something.
    pub(super) fn endpoints(self, place: Where, setup: &Setup) -> Vec<Endpoint> {
        match self {
            Self::CxoneV2 => cxone_v2::endpoints(place, setup),
            Self::CxoneAcd => cxone_acd::endpoints(place, setup),
            Self::Vicidial => vicidial::endpoints(place),
        }
    }

    /// Where it is asked what became of dials.
    pub(super) fn outcomes(self) -> Endpoint {
        match self {
            Self::CxoneV2 => Endpoint::Outcomes,
            Self::CxoneAcd => Endpoint::Acd(AcdOperation::SkillSummary),
            Self::Vicidial => Endpoint::Dialer(DialerOperation::CallStatusStats),
        }
    }

    /// What a person may do to a campaign, or set it to.
    pub(super) fn words_of_people(self) -> &'static [&'static str] {
        match self {
            Self::CxoneV2 => &[
                "PAUSED", "PAUSED", "PAUSED", "RUNNING", "RUNNING", "STOPPED",
            ],
            Self::CxoneAcd => &["PAUSED", "PAUSED", "RUNNING"],
            Self::Vicidial => vicidial::WORDS,
        }
    }

    /// A person does something to a campaign; returns what they left.
    pub(super) fn person(
        self,
        platform: &SimHandle,
        dialling: &Dialling,
        (id, does): (&str, &str),
        now: i64,
    ) -> Left {
        match self {
            Self::CxoneV2 | Self::CxoneAcd => {
                platform.person_sets(id, does);
                Left::Other
            }
            Self::Vicidial if vicidial::person(platform, dialling, id, does, now) => Left::LikeOurs,
            Self::Vicidial => Left::Other,
        }
    }

    /// Draws what is this dialect's own; what it does not have is left out of the setup.
    pub(super) fn draw(self, dice: &mut Dice, setup: &mut Setup) {
        match self {
            Self::CxoneV2 => {}
            Self::CxoneAcd => cxone_acd::draw(dice, setup),
            Self::Vicidial => vicidial::draw(dice, setup),
        }
    }

    /// Which agents count for each campaign.
    pub(super) fn pools(self, setup: &Setup) -> [Pool; 4] {
        match self {
            Self::CxoneV2 => Pool::USUAL,
            Self::CxoneAcd => cxone_acd::pools(setup),
            Self::Vicidial => vicidial::pools(setup),
        }
    }

    /// Whether an agent is logged into one campaign, and nowhere when that is gone.
    pub(super) fn logs_into_campaigns(self) -> bool {
        match self {
            Self::CxoneV2 | Self::CxoneAcd => false,
            Self::Vicidial => true,
        }
    }

    /// How long a token lives.
    pub(super) fn token_life(self) -> Duration {
        match self {
            // Where each request logs in, there is none.
            Self::CxoneV2 | Self::Vicidial => Duration::from_secs(240),
            // Renewed five minutes early.
            Self::CxoneAcd => Duration::from_secs(540),
        }
    }

    /// The lines of the settings that choose the platform.
    pub(super) fn settings(self, setup: &Setup) -> String {
        match self {
            Self::CxoneV2 => String::new(),
            Self::CxoneAcd => cxone_acd::settings(setup),
            Self::Vicidial => vicidial::settings(setup),
        }
    }

    /// The value of `agents` that makes a pool count.
    pub(super) fn agents_of(self, pool: Pool) -> &'static str {
        match (self, pool) {
            (Self::CxoneV2, Pool::Everyone) => "\"all\"",
            (Self::CxoneV2, Pool::Alpha) => "{ any_skill = [\"alpha\"] }",
            (Self::CxoneV2, Pool::Beta) => "{ all_skills = [\"beta\"] }",
            (Self::CxoneAcd | Self::Vicidial, _) => "\"own\"",
        }
    }

    /// The longest time in which the platform's commands settle, in milliseconds.
    pub(super) fn settles(self, setup: &Setup) -> i64 {
        match self {
            Self::CxoneV2 => 60_000,
            Self::CxoneAcd => i64::from(setup.longest_call_s) * 1_000,
            Self::Vicidial => 20_000,
        }
    }

    /// Whether the platform tells when a campaign was changed.
    pub(super) fn tells_when(self, setup: &Setup) -> bool {
        match self {
            Self::CxoneV2 => cxone_v2::tells_when(setup),
            Self::CxoneAcd | Self::Vicidial => false,
        }
    }

    /// Whether a status in force shows whether it is the daemon's doing, whenever it was made.
    pub(super) fn shows_whose(self, setup: &Setup, status: &str) -> bool {
        match self {
            Self::CxoneV2 | Self::CxoneAcd => false,
            Self::Vicidial => !setup.by_switch && status == "PAUSED",
        }
    }

    /// Whether it shows that a person pauses what the daemon has paused already.
    pub(super) fn shows_taking_over(self, setup: &Setup) -> bool {
        match self {
            Self::CxoneV2 | Self::CxoneAcd => false,
            Self::Vicidial => !setup.by_switch,
        }
    }

    /// How long nothing is asked for after what a fault does, beyond its effect.
    pub(super) fn silence_after(self, fault: &Fault) -> Duration {
        match (self, fault) {
            // Refused log-ins.
            (Self::Vicidial, Fault::Unauthorized) => Duration::from_secs(15 * 60),
            (Self::CxoneV2 | Self::CxoneAcd | Self::Vicidial, _) => Duration::ZERO,
        }
    }

    /// Whether two settings dial alike.
    pub(super) fn dial_alike(self, one: &DialerCampaign, other: &DialerCampaign) -> bool {
        match self {
            Self::CxoneV2 | Self::CxoneAcd => true,
            Self::Vicidial => vicidial::dial_alike(one, other),
        }
    }

    /// How long a pause of ours goes on to be shown as running, in milliseconds.
    pub(super) fn stops_within(self, setup: &Setup) -> i64 {
        match self {
            Self::CxoneV2 | Self::Vicidial => 0,
            Self::CxoneAcd => cxone_acd::stops_within(setup),
        }
    }

    /// Names of what is unusual about the platform.
    pub(crate) fn properties(self, setup: &Setup) -> Vec<&'static str> {
        match self {
            Self::CxoneV2 => setup.quirks.names(),
            Self::CxoneAcd => cxone_acd::properties(setup),
            Self::Vicidial => vicidial::properties(setup),
        }
    }

    /// Whether a promise can be at stake here.
    pub(super) fn concerns(self, invariant: Invariant) -> bool {
        match self {
            Self::CxoneV2 => invariant != Invariant::NotPutBack,
            Self::CxoneAcd => ![
                Invariant::AboveConcurrency,
                Invariant::QueueMemberLost,
                Invariant::NotPutBack,
            ]
            .contains(&invariant),
            Self::Vicidial => {
                ![Invariant::AboveConcurrency, Invariant::QueueMemberLost].contains(&invariant)
            }
        }
    }
}
