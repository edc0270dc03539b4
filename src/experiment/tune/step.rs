//! Ten minutes of a record.

/// What was recorded of ten minutes, in hours and calls.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Step {
    /// The time for which the agents are known.
    pub(super) covered: f64,
    /// Agent-hours of those who could take a call, were in one, or finished one.
    pub(super) working: f64,
    /// Agent-hours in calls.
    pub(super) busy: f64,
    /// Agent-hours after calls.
    pub(super) wrap_up: f64,
    /// Calls that agents began, scaled to the covered time.
    pub(super) starts: f64,
    /// The time in which the campaign was paused by somebody else.
    pub(super) away: f64,
    /// Pauses and resumes of ours.
    pub(super) transitions: f64,
    /// Dials, and what became of them.
    pub(super) dials: f64,
    pub(super) answered: f64,
    pub(super) connected: f64,
    pub(super) abandoned: f64,
}
