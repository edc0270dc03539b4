//! The shortage: how often a campaign that dials has just run out of available agents, where nobody counts its calls.
//!
//! *A proxy.* In centres that dial one call for each available agent, calls are abandoned when the last available agent has just been
//! taken. Of the polls at which such a campaign runs, some 2.6 times as many find that as answered calls are abandoned
//! (`docs/guide/aim.md` has what simulated centres came to). That was found for polls each 10 s; it says nothing where dials are ahead
//! of the agents, nor at 30 s.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

use super::counters::CallCounters;

/// A poll that comes later than this after the one before does not show whether the agents have *just* been taken.
const LONGEST_APART: Duration = Duration::from_secs(15);

/// The polls of a running campaign, and those at which it had just run out of available agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    since: Timestamp,
    until: Timestamp,
    polls: u64,
    ran_out: u64,
    /// Whether agents were available at the last poll, at which it may have been resumed.
    had_agents: bool,
}

impl Shortage {
    /// The longest poll interval at which the proxy was found to hold.
    pub const LONGEST_INTERVAL: Duration = Duration::from_secs(10);

    /// Polls out of agents for ten abandoned calls, of as many polls as calls.
    pub const POLLS_FOR_TEN_CALLS: u32 = 26;

    /// The only target for which the proxy was measured, in hundredths of a percent.
    pub const MEASURED_TARGET: u32 = 50;

    /// Nothing was seen yet.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            until: now,
            polls: 0,
            ran_out: 0,
            had_agents: false,
        }
    }

    /// Observes a complete poll, and returns the polls as if they were calls: out of agents for abandoned, the others for connected.
    pub fn observe(&mut self, available: u32, running: bool, now: Timestamp) -> CallCounters {
        let close = now >= self.until && now.since(self.until) <= LONGEST_APART;
        if running {
            self.polls = self.polls.saturating_add(1);
            if self.had_agents && close && available == 0 {
                self.ran_out = self.ran_out.saturating_add(1);
            }
        }
        self.had_agents = available > 0;
        self.until = now;
        CallCounters {
            since: self.since,
            until: now,
            connected: self.polls.saturating_sub(self.ran_out),
            abandoned: self.ran_out,
        }
    }

    /// Moves every time of our clock, which was set by so many milliseconds.
    pub(super) fn shift_clock(&mut self, milliseconds: i64) {
        self.since.shift(milliseconds);
        self.until.shift(milliseconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

    fn at(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_poll_counts_when_the_last_available_agent_has_just_been_taken() {
        let mut shortage = Shortage::new(START);
        let mut seen = |seconds, available, running| {
            let counted = shortage.observe(available, running, at(seconds));
            (counted.connected, counted.abandoned)
        };
        assert_eq!(seen(0, 3, true), (1, 0));
        assert_eq!(seen(10, 0, true), (1, 1), "just taken");
        assert_eq!(
            seen(20, 0, true),
            (2, 1),
            "still nobody: no new dial was begun"
        );
        assert_eq!(seen(30, 2, true), (3, 1));
        assert_eq!(seen(70, 0, true), (4, 1), "nobody saw when they were taken");
        assert_eq!(seen(80, 1, true), (5, 1));
        assert_eq!(seen(90, 0, false), (5, 1), "paused campaigns begin no dial");
        assert_eq!(seen(100, 0, true), (6, 1));
    }

    #[test]
    fn a_clock_that_was_set_back_finds_no_shortage() {
        let mut shortage = Shortage::new(at(100));
        shortage.observe(3, true, at(100));
        assert_eq!(shortage.observe(0, true, at(40)).abandoned, 0);
    }
}
