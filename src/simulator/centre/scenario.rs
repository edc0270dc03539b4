//! A scenario: a contact centre and its day, as data.
//!
//! The text is TOML; every key that is not known is refused, and all other faults are reported at once.

use std::fmt;
use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::super::faults::{Endpoint, FaultPlan, FaultRule};
use super::super::scripted_event::{ScriptedEvent, ScriptedEventKind};
use super::super::time::SimTime;
use super::distribution::{Distribution, distribution, duration};

/// The scenarios that come with the program, in the order in which they are listed.
const EMBEDDED: [(&str, &str); 8] = [
    ("calm-day", include_str!("scenarios/calm-day.toml")),
    ("lunch-dip", include_str!("scenarios/lunch-dip.toml")),
    (
        "inbound-surge",
        include_str!("scenarios/inbound-surge.toml"),
    ),
    (
        "understaffed-day",
        include_str!("scenarios/understaffed-day.toml"),
    ),
    (
        "two-campaigns",
        include_str!("scenarios/two-campaigns.toml"),
    ),
    ("blended-40", include_str!("scenarios/blended-40.toml")),
    ("small-10", include_str!("scenarios/small-10.toml")),
    ("large-300", include_str!("scenarios/large-300.toml")),
];

/// A contact centre and its day.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A short name.
    pub name: String,
    /// What it shows, for people.
    pub about: String,
    /// The day.
    pub date: Date,
    /// The IANA zone of all times of day.
    #[serde(default = "utc")]
    pub zone: String,
    /// When the day begins.
    pub opens: Time,
    /// When it ends: later on the same day.
    pub closes: Time,
    /// How the platform shows what is so.
    #[serde(default)]
    pub telemetry: Telemetry,
    /// Agents who are alike.
    #[serde(rename = "team")]
    pub teams: Vec<Team>,
    /// Inbound calls.
    #[serde(rename = "queue", default)]
    pub queues: Vec<InboundQueue>,
    /// Outbound campaigns.
    #[serde(rename = "campaign")]
    pub campaigns: Vec<OutboundCampaign>,
    /// What else happens.
    #[serde(rename = "event", default)]
    pub events: Vec<Event>,
}

/// How the platform's numbers differ from the truth.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// How old the agents' states are that a reading shows.
    #[serde(deserialize_with = "duration")]
    pub stale_counts: Duration,
    /// Real time added to each answer.
    #[serde(deserialize_with = "duration")]
    pub latency: Duration,
    /// How long after a pause or resume was accepted the dialler follows it, and a reading shows it.
    #[serde(deserialize_with = "duration")]
    pub actuation_delay: Duration,
    /// What goes wrong, such as `500:agents=0.02`.
    pub faults: String,
}

/// Agents who are alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// A name.
    pub name: String,
    /// The number of agents.
    pub agents: u32,
    /// What they can do.
    pub skills: Vec<String>,
    /// When they work; without it from the opening on.
    pub shift: Option<Shift>,
    /// The IANA zone of the team's times of day; without it the scenario's.
    pub zone: Option<String>,
    /// Breaks that a plan has.
    #[serde(default)]
    pub planned_breaks: Vec<PlannedBreak>,
    /// Breaks that it has not.
    pub random_breaks: Option<RandomBreaks>,
}

/// The hours of a team.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// The first agent comes.
    pub from: Time,
    /// The first agent leaves, or does so after the call.
    pub to: Time,
    /// The agents come and leave evenly spread over so long.
    #[serde(default, deserialize_with = "duration")]
    pub spread: Duration,
}

/// A break that everybody in the team takes once, or after the call that is going on then.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedBreak {
    /// The first agent goes.
    pub from: Time,
    /// The agents go evenly spread over so long.
    #[serde(default, deserialize_with = "duration")]
    pub over: Duration,
    /// How long each is away.
    #[serde(deserialize_with = "distribution")]
    pub lasts: Distribution,
}

/// Breaks that come at any time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomBreaks {
    /// The mean time from the end of one to the next; memoryless.
    #[serde(deserialize_with = "duration")]
    pub every: Duration,
    /// How long each lasts.
    #[serde(deserialize_with = "distribution")]
    pub lasts: Distribution,
}

/// Inbound calls of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboundQueue {
    /// A name.
    pub name: String,
    /// What an agent must be able to do.
    pub skill: String,
    /// Queues with a higher number are served first.
    #[serde(default)]
    pub priority: u8,
    /// The mean number of calls in an hour.
    pub calls_per_hour: f64,
    /// Factors on it for each hour from the opening on; the last one stays.
    #[serde(default)]
    pub by_hour: Vec<f64>,
    /// A slow swing of it.
    pub swing: Option<Swing>,
    /// Times with more calls.
    #[serde(default)]
    pub surges: Vec<Surge>,
    /// The coefficient of variation from day to day: real days differ by more than chance within them.
    #[serde(default)]
    pub day_variation: f64,
    /// How long a call takes.
    #[serde(deserialize_with = "distribution")]
    pub talk: Distribution,
    /// The paperwork after it.
    #[serde(deserialize_with = "distribution")]
    pub wrap_up: Distribution,
    /// How long a caller waits before hanging up; without it for ever.
    #[serde(default, deserialize_with = "optional_distribution")]
    pub patience: Option<Distribution>,
    /// The wait that the service level counts as short.
    #[serde(deserialize_with = "duration", default = "twenty_seconds")]
    pub answer_within: Duration,
}

/// A sine on the rate: `1 + share x sin(2 pi t / period)`, from the opening on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swing {
    /// How far up and down, below 1.
    pub share: f64,
    /// How long one swing takes.
    #[serde(deserialize_with = "duration")]
    pub period: Duration,
}

/// A time with more calls.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surge {
    /// The beginning.
    pub from: Time,
    /// The end.
    pub to: Time,
    /// How many times as many.
    pub factor: f64,
}

/// How a campaign's dialler works.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mode {
    /// An agent reads a record and is on the line while it is dialled.
    Preview {
        /// How long an agent is available before a record is offered.
        #[serde(deserialize_with = "duration")]
        offer_after: Duration,
        /// How long the agent reads it.
        #[serde(deserialize_with = "distribution")]
        read: Distribution,
    },
    /// One dial in flight for each available agent.
    Progressive,
    /// A fixed number of dials in flight for each available agent.
    Power {
        /// The number of agents.
        dials_per_agent: f64,
    },
    /// As many dials in flight as keep the expected share of abandoned calls below a target.
    Predictive {
        /// The target: abandoned calls for each answered one.
        abandon_target: f64,
    },
    /// The best that a dialler could do: a customer is on the line at the moment at which more than so many agents are
    /// available. For comparing with closed forms and as a bound.
    Instant {
        /// How many agents are kept for inbound calls.
        keep_available: u32,
    },
}

/// One outbound campaign.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundCampaign {
    /// Its id on the platform.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// What an agent must be able to do.
    pub skill: String,
    /// How it dials.
    pub mode: Mode,
    /// The most dials that it can have in flight at once: its outbound lines. Without it as many as the mode allows.
    pub lines: Option<u32>,
    /// The share of the dials that a person answers.
    pub answer_share: f64,
    /// Factors on it for each hour from the opening on; the last one stays.
    #[serde(default)]
    pub answer_by_hour: Vec<f64>,
    /// How long it rings until a person answers.
    #[serde(deserialize_with = "distribution")]
    pub ring: Distribution,
    /// How long it rings when nobody does.
    #[serde(deserialize_with = "duration")]
    pub no_answer_after: Duration,
    /// How long an answered call may wait for an agent before it counts as abandoned.
    #[serde(deserialize_with = "duration", default = "two_seconds")]
    pub abandon_after: Duration,
    /// How long a call takes.
    #[serde(deserialize_with = "distribution")]
    pub talk: Distribution,
    /// The paperwork after it.
    #[serde(deserialize_with = "distribution")]
    pub wrap_up: Distribution,
}

/// Something that happens once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The time of day.
    pub at: Time,
    /// A person sets a campaign's status at the platform's console.
    pub person_sets: Option<PersonSets>,
    /// An endpoint answers 500.
    pub outage: Option<Outage>,
    /// Agents go on an unplanned break together: those who are available first, others after their call.
    pub breaks: Option<SentOnBreak>,
}

/// A manual change of a campaign.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSets {
    /// The campaign's id.
    pub campaign: String,
    /// A word of [`crate::simulator::status`].
    pub status: String,
}

/// A failure of the platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// `token`, `agents`, `campaign-get` or `campaign-put`.
    pub endpoint: String,
    /// How long it lasts.
    #[serde(deserialize_with = "duration")]
    pub lasts: Duration,
}

/// Agents who go on a break together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentOnBreak {
    /// The number of agents.
    pub agents: u32,
    /// How long it lasts.
    #[serde(deserialize_with = "duration")]
    pub lasts: Duration,
}

/// Everything that is wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioFaults {
    /// Where the text came from.
    pub origin: String,
    /// One line for each fault.
    pub faults: Vec<String>,
}

impl fmt::Display for ScenarioFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, faults } = self;
        match faults.as_slice() {
            [one] => write!(formatter, "{origin}: {one}"),
            many => {
                write!(formatter, "{origin} has {} faults:", many.len())?;
                many.iter()
                    .try_for_each(|fault| write!(formatter, "\n  {fault}"))
            }
        }
    }
}

impl std::error::Error for ScenarioFaults {}

impl Scenario {
    /// The names of the scenarios that come with the program.
    pub fn names() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(name, _)| *name)
    }

    /// The text of a scenario that comes with the program.
    #[must_use]
    pub fn text(name: &str) -> Option<&'static str> {
        EMBEDDED
            .iter()
            .find_map(|(known, text)| (*known == name).then_some(*text))
    }

    /// A moment of the day; where the zone skips or repeats the time of day, as [`jiff`] resolves it.
    #[must_use]
    pub fn time_of_day(&self, time: Time) -> SimTime {
        self.at_in(&self.zone, time)
    }

    pub(super) fn at_in(&self, zone: &str, time: Time) -> SimTime {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        // The check refuses zones that do not exist and dates at the end of the calendar.
        zone.to_ambiguous_zoned(self.date.to_datetime(time))
            .compatible()
            .map_or(SimTime::from_unix_millis(0), |zoned| {
                zoned.timestamp().into()
            })
    }

    /// When the day begins.
    #[must_use]
    pub fn start(&self) -> SimTime {
        self.time_of_day(self.opens)
    }

    /// When it ends.
    #[must_use]
    pub fn end(&self) -> SimTime {
        self.time_of_day(self.closes)
    }

    /// How many agents there are.
    #[must_use]
    pub fn agents(&self) -> u32 {
        self.teams
            .iter()
            .fold(0, |sum, team| sum.saturating_add(team.agents))
    }

    /// What happens beside the calls, in the order of time.
    #[must_use]
    pub fn scripted_events(&self) -> Vec<ScriptedEvent> {
        let mut scripted_events = Vec::new();
        for event in &self.events {
            let at = self.time_of_day(event.at);
            let mut add = |at, kind| scripted_events.push(ScriptedEvent { at, kind });
            if let Some(PersonSets { campaign, status }) = event.person_sets.clone() {
                add(at, ScriptedEventKind::PersonSets { campaign, status });
            }
            if let Some(SentOnBreak { agents, lasts }) = event.breaks.clone() {
                add(at, ScriptedEventKind::Breaks { agents, lasts });
            }
            if let Some(outage) = &event.outage
                && let Some(endpoint) = Self::endpoint(&outage.endpoint)
            {
                let until = at.plus(outage.lasts);
                add(at, ScriptedEventKind::Outage { endpoint, until });
                add(until, ScriptedEventKind::OutageOver { endpoint });
            }
        }
        scripted_events.sort_by_key(|event| event.at);
        scripted_events
    }

    /// The faults of the requests, from the start on.
    ///
    /// A scenario that [`parse`](Self::parse) took has no fault here that could not be read.
    #[must_use]
    pub fn fault_rules(&self) -> Vec<FaultRule> {
        FaultPlan::parse(&self.telemetry.faults).unwrap_or_default()
    }

    pub(super) fn endpoint(name: &str) -> Option<Endpoint> {
        Endpoint::ALL
            .into_iter()
            .find(|endpoint| endpoint.name() == name)
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

const fn twenty_seconds() -> Duration {
    Duration::from_secs(20)
}

const fn two_seconds() -> Duration {
    Duration::from_secs(2)
}

fn optional_distribution<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Distribution>, D::Error> {
    distribution(deserializer).map(Some)
}
