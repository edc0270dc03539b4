//! What came of a day, counted from the truth and not from what the platform showed.

use serde::Serialize;

/// What an agent does, as the centre itself knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// Not there.
    Offline,
    /// Available for any call.
    Idle,
    /// On an inbound call.
    Inbound,
    /// On an outbound call.
    Outbound,
    /// Reading a record, or on the line while it rings.
    Preview,
    /// Finishing the paperwork of a call.
    WrapUp,
    /// Away for a while.
    Break,
}

impl Activity {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Offline,
        Self::Idle,
        Self::Inbound,
        Self::Outbound,
        Self::Preview,
        Self::WrapUp,
        Self::Break,
    ];
}

/// All figures since the opening.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CentreFigures {
    /// The time that they cover, in hours.
    pub hours: f64,
    /// Agent-hours in each activity, in the order of [`Activity::ALL`].
    pub agent_hours: [f64; 7],
    /// One for each inbound queue, in the scenario's order.
    pub queues: Vec<QueueFigures>,
    /// One for each campaign, in the scenario's order.
    pub campaigns: Vec<CampaignFigures>,
}

/// Inbound calls of one queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QueueFigures {
    /// The queue's name.
    pub name: String,
    /// Calls that came.
    pub offered: u64,
    /// Calls that an agent took.
    pub served: u64,
    /// Callers who hung up while they waited.
    pub abandoned: u64,
    /// Calls that found no agent free.
    pub waited: u64,
    /// Calls that were answered within the service level's wait.
    pub answered_in_time: u64,
    /// Seconds of waiting of everybody whose wait is over, those who hung up included.
    pub wait_seconds: f64,
    /// The integral over time of the number of callers who wait, in caller-seconds.
    pub queue_seconds: f64,
}

/// One campaign's dials and calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CampaignFigures {
    /// The campaign's id.
    pub id: String,
    /// Dials begun.
    pub dials: u64,
    /// Dials that a person answered.
    pub answered: u64,
    /// Answered calls that reached an agent.
    pub connected: u64,
    /// Answered calls that no agent took in time.
    pub abandoned: u64,
    /// How often the campaign was paused or resumed.
    pub transitions: u64,
    /// How many of the times between two such changes lasted less than two minutes.
    pub short_gaps: u64,
    /// How often its dials for each agent or its idle reserve were changed.
    pub pace_changes: u64,
    /// Hours in which it might not dial.
    pub paused_hours: f64,
    /// Agent-hours in which agents who could have worked for it were idle while it was paused.
    pub idle_hours_while_paused: f64,
}

impl CampaignFigures {
    /// Abandoned calls as a share of the answered ones whose fate is known.
    #[must_use]
    pub fn abandoned_share(&self) -> f64 {
        ratio(self.abandoned, self.abandoned + self.connected)
    }
}

impl QueueFigures {
    /// Callers who hung up as a share of those whose wait is over.
    #[must_use]
    pub fn abandoned_share(&self) -> f64 {
        ratio(self.abandoned, self.abandoned + self.served)
    }

    /// Calls answered in time as a share of those whose wait is over.
    #[must_use]
    pub fn service_level(&self) -> f64 {
        ratio(self.answered_in_time, self.abandoned + self.served)
    }
}

/// A share of counts; zero of nothing is zero.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        count(part) / count(whole)
    }
}

/// A count as a floating-point number.
pub(super) fn count(count: u64) -> f64 {
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "counts of a simulated day are far below 2^53"
    )]
    let count = count as f64;
    count
}
