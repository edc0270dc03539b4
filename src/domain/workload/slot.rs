//! Ten minutes of a campaign and its agents.

use std::time::Duration;

use crate::domain::time::Timestamp;

use super::poll::{Dialling, WorkloadHeads, WorkloadPoll};

/// How long a slot is.
pub const SLOT: Duration = Duration::from_secs(10 * 60);

/// Sums over ten minutes. Agent-time is the time of all agents together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkloadSlot {
    /// When the ten minutes begin.
    pub from: Timestamp,
    /// Polls of which something is in the sums.
    pub polls: u32,
    /// The time for which the agents and the campaign are known.
    pub covered: Duration,
    /// Agent-time of those who could take a call.
    pub available: Duration,
    /// Agent-time after calls.
    pub wrap_up: Duration,
    /// Agent-time in calls.
    pub busy: Duration,
    /// Agent-time of everybody who was not offline.
    pub staffed: Duration,
    /// The time for which call starts are known.
    pub counted: Duration,
    /// Calls that agents began.
    pub call_starts: u32,
    /// Time in which the campaign might dial.
    pub running: Duration,
    /// Time in which we had it paused.
    pub paused: Duration,
    /// Pauses and resumes of ours.
    pub transitions: u32,
    /// The thresholds that were in force last, in whole agents.
    pub thresholds: Option<(u32, u32)>,
}

impl WorkloadSlot {
    /// Returns a slot of which nothing is known yet.
    #[must_use]
    pub const fn new(from: Timestamp) -> Self {
        Self {
            from,
            polls: 0,
            covered: Duration::ZERO,
            available: Duration::ZERO,
            wrap_up: Duration::ZERO,
            busy: Duration::ZERO,
            staffed: Duration::ZERO,
            counted: Duration::ZERO,
            call_starts: 0,
            running: Duration::ZERO,
            paused: Duration::ZERO,
            transitions: 0,
            thresholds: None,
        }
    }

    /// Returns when the slot of a time begins.
    #[must_use]
    pub fn begin(at: Timestamp) -> Timestamp {
        let slot = i64::try_from(SLOT.as_millis()).unwrap_or(i64::MAX);
        let millis = at.as_unix_millis();
        let into = millis.checked_rem_euclid(slot).unwrap_or_default();
        Timestamp::from_unix_millis(millis.saturating_sub(into))
    }

    /// Adds the time between two polls, in which everything was as at the first one.
    pub(super) fn add(&mut self, before: &WorkloadPoll, now: &WorkloadPoll, elapsed: Duration) {
        let WorkloadHeads {
            available,
            wrap_up,
            busy,
            staffed,
        } = before.heads;
        let time_of = |agents: u32| elapsed.saturating_mul(agents);
        self.polls = self.polls.saturating_add(1);
        self.covered = self.covered.saturating_add(elapsed);
        self.available = self.available.saturating_add(time_of(available));
        self.wrap_up = self.wrap_up.saturating_add(time_of(wrap_up));
        self.busy = self.busy.saturating_add(time_of(busy));
        self.staffed = self.staffed.saturating_add(time_of(staffed));
        if let Some(starts) = now.call_starts {
            self.counted = self.counted.saturating_add(elapsed);
            self.call_starts = self.call_starts.saturating_add(starts);
        }
        match before.dialling {
            Dialling::Running => self.running = self.running.saturating_add(elapsed),
            Dialling::PausedByUs => self.paused = self.paused.saturating_add(elapsed),
            Dialling::NotOurs => {}
        }
        let ours = |dialling| !matches!(dialling, Dialling::NotOurs);
        let switched = before.dialling != now.dialling;
        if switched && ours(before.dialling) && ours(now.dialling) {
            self.transitions = self.transitions.saturating_add(1);
        }
        self.thresholds = before.thresholds.or(self.thresholds);
    }
}
