//! What each agent of the roster does, and how many calls it has started of late.
//!
//! A call start is seen when an agent who was available or wrapping up is busy at the next poll. A call that begins and
//! ends between two polls is not seen: the rate is a lower bound, the nearer the shorter the interval.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rate::CallRate;
use super::situation::AgentNow;
use crate::domain::{AgentState, Timestamp};

/// What is known of one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct WatchedAgent {
    state: AgentState,
    /// Call starts within the window, oldest first.
    starts: Vec<Timestamp>,
}

/// What is known of all agents of the roster, by position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Activity {
    agents: Vec<WatchedAgent>,
    /// When the first poll was; rates are measured for no longer than since then.
    since: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Activity {
    /// Creates the record of so many agents of whom nothing is known.
    #[must_use]
    pub(super) fn unseen(agents: usize) -> Self {
        let unseen = WatchedAgent {
            state: AgentState::Offline,
            starts: Vec::new(),
        };
        Self {
            agents: vec![unseen; agents],
            since: None,
            last: None,
        }
    }

    /// Returns the agents whose state differs from the last one known.
    #[must_use]
    pub(super) fn changes(&self, states: &[AgentState]) -> Vec<(usize, AgentState)> {
        let known = self.agents.iter().zip(states).enumerate();
        known
            .filter(|(_, (watched, state))| watched.state != **state)
            .map(|(agent, (_, state))| (agent, *state))
            .collect()
    }

    /// Observes one poll.
    pub(super) fn observe(
        &mut self,
        changes: &[(usize, AgentState)],
        at: Timestamp,
        window: Duration,
    ) {
        for (agent, state) in changes {
            let Some(watched) = self.agents.get_mut(*agent) else {
                continue;
            };
            let free = matches!(watched.state, AgentState::Available | AgentState::WrapUp);
            if free && *state == AgentState::Busy {
                watched.starts.retain(|start| at.since(*start) < window);
                watched.starts.push(at);
            }
            watched.state = *state;
        }
        self.since.get_or_insert(at);
        self.last = Some(at);
    }

    /// Moves every time with the clock, which was set by so many milliseconds.
    pub(super) fn shift_clock(&mut self, milliseconds: i64) {
        let starts = self.agents.iter_mut().flat_map(|agent| &mut agent.starts);
        let polls = self.since.iter_mut().chain(&mut self.last);
        starts.chain(polls).for_each(|at| at.shift(milliseconds));
    }

    /// Whether any poll was observed.
    #[must_use]
    pub(super) fn observed(&self) -> bool {
        self.last.is_some()
    }

    /// Agents who are there.
    #[must_use]
    pub(super) fn present(&self) -> usize {
        let there = |watched: &&WatchedAgent| watched.state != AgentState::Offline;
        self.agents.iter().filter(there).count()
    }

    /// Returns every agent at the moment of a plan. A rate needs at least a quarter of the window, so that a single call in the
    /// first minute does not count as sixty an hour.
    #[must_use]
    pub(super) fn now(&self, now: Timestamp, window: Duration) -> Vec<AgentNow> {
        let watched_for = self.since.map_or(Duration::ZERO, |since| now.since(since));
        let over = watched_for.clamp(window.div_f64(4.0), window);
        let over_ms = u64::try_from(over.as_millis()).unwrap_or(u64::MAX);
        let agents = self.agents.iter().map(|watched| {
            let starts = watched.starts.iter();
            let calls = starts.filter(|start| now.since(**start) < window).count();
            AgentNow {
                present: watched.state != AgentState::Offline,
                on_call: watched.state == AgentState::Busy,
                recent: CallRate::measured(u64::try_from(calls).unwrap_or(u64::MAX), over_ms),
            }
        });
        agents.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(minute: u64) -> Timestamp {
        Timestamp::from_unix_millis(0).plus(Duration::from_mins(minute))
    }

    #[test]
    fn a_call_starts_when_somebody_free_becomes_busy() {
        let mut activity = Activity::unseen(2);
        let polls = [
            [AgentState::Available, AgentState::Busy],
            [AgentState::Busy, AgentState::WrapUp],
            [AgentState::Busy, AgentState::Busy],
            [AgentState::Available, AgentState::Offline],
        ];
        for (minute, states) in (0..).zip(polls) {
            let changes = activity.changes(&states);
            activity.observe(&changes, at(minute), HOUR);
        }
        // An agent who is busy at the first poll did not start a call; the denominator is a quarter of an hour at least.
        let now = activity.now(at(15), HOUR);
        assert_eq!(now[0].recent, "4".parse().unwrap());
        assert_eq!(now[1].recent, "4".parse().unwrap());
        assert!(now[0].present && !now[0].on_call && !now[1].present);
        assert_eq!(activity.present(), 1);
        // Two hours later the calls are out of the window.
        assert_eq!(activity.now(at(120), HOUR)[0].recent, CallRate::default());
    }
}
