//! A campaign's aim in the documents of the admin API.

use serde::{Deserialize, Serialize};

use crate::domain::aim::{AimBy, AimReading, AimVerdict, HalfAgents};

/// What the aim of a campaign says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AimDocument {
    /// The share of the answered calls that may be abandoned, such as `0.5%`.
    pub target: String,
    /// Below it a running campaign is paused, in steps of half an agent; 0 pauses never.
    pub threshold: f64,
    /// From it on our pause is resumed.
    pub resume_at: f64,
    /// The agents that were compared with them; nothing without a valid sample.
    pub signal: Option<f64>,
    /// Answered calls that were counted, and whose fate is known.
    pub answered: u64,
    /// Those of them that were abandoned.
    pub abandoned: u64,
    /// The time for which they are counted, in seconds.
    pub span_s: u64,
    /// `counters`, or `shortage` where polls at which it ran out of agents stand for calls.
    #[serde(default = "counters")]
    pub by: String,
    /// Whether the threshold has an effect on the share; it has none at its top while too many calls are abandoned.
    pub responds: bool,
    /// Whether it is in force: an operator's thresholds are in force before it.
    pub in_force: bool,
    /// The same in one sentence.
    pub says: String,
}

/// What a daemon that does not say it learns from.
fn counters() -> String {
    AimBy::Counters.label().to_owned()
}

impl AimDocument {
    pub(super) fn of(aim: &AimReading, in_force: bool) -> Self {
        Self {
            target: aim.target.to_string(),
            threshold: aim.pause_below.in_agents(),
            resume_at: aim.resume_at.in_agents(),
            signal: aim.signal.map(HalfAgents::in_agents),
            answered: aim.calls.answered(),
            abandoned: aim.calls.abandoned,
            span_s: aim.span.as_secs(),
            by: aim.by.label().to_owned(),
            responds: aim.verdict == AimVerdict::Steers,
            in_force,
            says: aim.to_string(),
        }
    }
}
