//! The times of our clock in what is remembered of a campaign, and how they follow a clock that was set.
//!
//! *A clock that stands before what was remembered* at the start was set back for certain, and nobody knows how long ago that was: the
//! windows of commands move so that the latest time is now, and a change that only our clock could show to be the doing of a command
//! is not shown to be its doing any more.

use std::collections::BTreeMap;

use super::belief::{Belief, Transition, Unresolved};
use super::campaign::CampaignState;
use super::ids::CampaignId;
use super::lost_attempt::LostAttempt;
use super::status::StatusReading;
use super::time::Timestamp;

/// Follows a clock that stands before what was remembered of campaigns.
pub(super) fn follow_set_back(states: &mut BTreeMap<CampaignId, CampaignState>, now: Timestamp) {
    let latest = states.values().map(CampaignState::latest).max();
    let Some(latest) = latest.filter(|latest| *latest > now) else {
        return;
    };
    let milliseconds = now.as_unix_millis().saturating_sub(latest.as_unix_millis());
    for state in states.values_mut() {
        let dated_by_us = state.last_reading.as_ref().is_some_and(by_our_clock);
        state.since.shift(milliseconds);
        if let Some(aim) = &mut state.aim {
            aim.shift_clock(milliseconds);
        }
        if let Some(throttle) = &mut state.throttle {
            throttle.shift_clock(milliseconds);
        }
        if let Some(reading) = &mut state.last_reading {
            reading.read_at.shift(milliseconds);
        }
        if let Some(command) = &mut state.unresolved {
            shift_unresolved(command, milliseconds);
            command.undated |= by_our_clock(&command.before);
        }
        for attempt in state.lost.iter_mut().filter(|_| dated_by_us) {
            shift_lost(attempt, milliseconds);
            *attempt = attempt.disproved();
        }
    }
}

impl CampaignState {
    /// The latest time of our clock in it.
    fn latest(&self) -> Timestamp {
        let read_at = self.last_reading.as_ref().map(|reading| reading.read_at);
        let sent_at = self.unresolved.as_ref().map(|command| command.sent_at);
        let others = [read_at, sent_at].into_iter().flatten();
        others.fold(self.since, Timestamp::max)
    }

    /// Moves every time of our clock.
    pub(super) fn shift_clock(&mut self, milliseconds: i64) {
        // Every member is named, so that no time of a later version is forgotten.
        let Self {
            belief,
            since,
            last_reading,
            last_transition,
            resumes,
            flapping: _,
            grace_from,
            enforcing: _,
            calendar_pause: _,
            hold,
            threshold_override,
            unresolved,
            lost,
            replaced: _,
            staged: _,
            stamp: _,
            unproven_alerted: _,
            aim,
            outcomes,
            throttle,
        } = self;
        let shift = |at: &mut Timestamp| at.shift(milliseconds);
        if let Belief::Missing {
            recheck_at,
            ours: _,
            unproven: _,
        } = belief
        {
            shift(recheck_at);
        }
        shift(since);
        if let Some(outcomes) = outcomes {
            outcomes.shift_clock(milliseconds);
        }
        if let Some(aim) = aim {
            aim.shift_clock(milliseconds);
        }
        if let Some(throttle) = throttle {
            throttle.shift_clock(milliseconds);
        }
        // Windows are held against the platform's clock, and against ours only where it shows none.
        let by_our_clock = last_reading.as_ref().is_some_and(by_our_clock);
        if let Some(reading) = last_reading {
            shift(&mut reading.read_at);
        }
        if let Some(Transition { at, .. }) = last_transition {
            shift(at);
        }
        resumes.iter_mut().for_each(shift);
        grace_from.iter_mut().for_each(shift);
        if let Some(hold) = hold {
            shift(&mut hold.since);
        }
        if let Some(set) = threshold_override {
            shift(&mut set.since);
        }
        if let Some(unresolved) = unresolved {
            shift_unresolved(unresolved, milliseconds);
        }
        if by_our_clock {
            for attempt in lost {
                shift_lost(attempt, milliseconds);
            }
        }
    }
}

fn shift_lost(attempt: &mut LostAttempt, milliseconds: i64) {
    let LostAttempt {
        decision: _,
        to: _,
        cause: _,
        from,
        until,
        hidden_at,
        lands_by,
        closed: _,
        changing: _,
    } = attempt;
    let times = [from, until, lands_by].into_iter();
    let times = times.chain(hidden_at);
    times.for_each(|at| at.shift(milliseconds));
}

fn shift_unresolved(unresolved: &mut Unresolved, milliseconds: i64) {
    let Unresolved {
        decision: _,
        to: _,
        cause: _,
        before,
        from,
        sent_at,
        longest: _,
        acknowledged: _,
        answer: _,
        ended_after: _,
        changing_since,
        overdue: _,
        undated: _,
    } = unresolved;
    if by_our_clock(before) {
        from.shift(milliseconds);
        if let Some(changing_since) = changing_since {
            changing_since.shift(milliseconds);
        }
    }
    before.read_at.shift(milliseconds);
    sent_at.shift(milliseconds);
}

/// Returns whether a reading is dated by our clock alone.
fn by_our_clock(reading: &StatusReading) -> bool {
    reading.platform_now.is_none()
}
