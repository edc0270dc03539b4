//! What attempts without an answer explain of what is read later.
//!
//! *Kept* from the moment an attempt ends until it cannot take effect any more: over restarts, over later commands, over
//! readings that show nothing of it. A platform may show a change late, and carry a request out later still.
//!
//! *Never here:* that a campaign is not commanded. An attempt without an answer may have had no effect at all, and what is
//! wanted is wanted still.

use crate::domain::belief::{Belief, PauseOwner, Unresolved};
use crate::domain::command::{CommandResult, LostTry};
use crate::domain::conclusion::Conclusion;
use crate::domain::delivery::Delivery;
use crate::domain::evidence::Settling;
use crate::domain::lost_attempt::{LostAttempt, MOST_KEPT};
use crate::domain::notice::Notice;
use crate::domain::status::{Author, CampaignActivity, Direction, StatusFinding, StatusReading};
use crate::domain::time::Timestamp;

use super::ownership::{Campaign, Confirmed, Seen};

/// How attempts without an answer explain a change.
#[derive(Clone, Copy)]
pub(super) enum Explained {
    /// It lies in the window of this one.
    ByOurs(LostAttempt),
    /// One of them may have made it.
    Perhaps,
}

impl Campaign {
    /// Keeps the attempts of the command on its way that had no usable answer.
    pub(super) fn keep_lost(&mut self, result: &CommandResult, seen: Seen) {
        let Some(command) = self.state.unresolved.clone() else {
            return;
        };
        let settling = seen.traits.settling;
        if result.lost.is_empty() && matches!(result.delivery, Delivery::Lost { .. }) {
            // A record of the time before attempts were distinguished.
            let ended_at = result.ended_at.unwrap_or(seen.now);
            self.keep(LostAttempt::new(
                &command,
                &command.before,
                ended_at,
                settling,
            ));
        }
        let readings = result.lost.iter().skip(1).map(|next| &next.before);
        // A later attempt that was answered, or never left, rested on a reading after the last one that was lost.
        let ended_at = result.lost.last().map(|last| last.ended_at);
        let before = result.before.as_ref();
        let before = before.filter(|before| ended_at.is_some_and(|at| before.read_at >= at));
        let after = match (&result.delivery, &result.after) {
            (Delivery::Lost { .. }, StatusFinding::Found(after)) => Some(after),
            (_, _) => None,
        };
        let mut readings = readings.chain(before).chain(after);
        for LostTry { before, ended_at } in &result.lost {
            let attempt = LostAttempt::new(&command, before, *ended_at, settling);
            let untouched = readings
                .next()
                .filter(|next| next.activity == before.activity);
            self.keep(match untouched {
                Some(untouched) => attempt.ended_by(untouched),
                None => attempt,
            });
        }
    }

    /// Keeps the window of a command that was accepted.
    pub(super) fn keep_unanswered(&mut self, command: &Unresolved, settling: Settling) {
        self.keep(LostAttempt::of_command(command, settling));
    }

    /// Keeps that a command may yet show: one that was accepted and has not, or whose answer a crash took. Nothing of ours is
    /// on its way by `reading`, so that a change after it cannot be shown to be its doing.
    pub(super) fn keep_unshown(
        &mut self,
        command: &Unresolved,
        reading: &StatusReading,
        settling: Settling,
    ) {
        let attempt = LostAttempt::of_command(command, settling);
        self.keep(attempt.ended_by(reading));
    }

    /// Keeps that a command may yet take effect whose status is there and not its doing.
    pub(super) fn keep_disproved(&mut self, command: &Unresolved, settling: Settling) {
        self.keep(LostAttempt::of_command(command, settling).disproved());
    }

    /// Takes over a command whose answer a crash took, at the first reading after it.
    pub(super) fn take_over_unanswered(&mut self, reading: &StatusReading, settling: Settling) {
        let open = &mut self.state.unresolved;
        let Some(command) = open.take_if(|command| !command.acknowledged) else {
            return;
        };
        // What is on its way then may be ours.
        if matches!(reading.activity, CampaignActivity::Changing { .. }) {
            self.keep_unanswered(&command, settling);
        } else {
            self.keep_unshown(&command, reading, settling);
        }
    }

    fn keep(&mut self, attempt: LostAttempt) {
        let lost = &mut self.state.lost;
        lost.push(attempt);
        if lost.len() > MOST_KEPT {
            let closed = lost.iter().position(|attempt| attempt.closed);
            lost.remove(closed.unwrap_or(0));
        }
    }

    /// Finds out whether attempts without an answer explain what `reading` shows.
    pub(super) fn explained_by_lost(&self, reading: &StatusReading) -> Option<Explained> {
        let to = match &reading.activity {
            CampaignActivity::Running => Direction::Resume,
            CampaignActivity::Paused => Direction::Pause,
            CampaignActivity::Changing { .. }
            | CampaignActivity::NotCommandable { .. }
            | CampaignActivity::Unknown { .. } => return None,
        };
        if !self.asks_whose(to, reading) {
            return None;
        }
        let newest_first = self.state.lost.iter().rev();
        let mut candidates = newest_first.filter(|attempt| attempt.to == to);
        match &reading.changed_by {
            Some(Author::Somebody { .. }) => return None,
            Some(Author::Ours) => {
                return candidates.next().copied().map(Explained::ByOurs);
            }
            None => {}
        }
        let made = |attempt: &&LostAttempt| attempt.made(reading);
        // Strict ownership asks for the version in an answer, and there was none.
        if !self.policy.strict_ownership
            && let Some(attempt) = candidates.clone().find(made)
        {
            return Some(Explained::ByOurs(*attempt));
        }
        let last = self.state.last_reading.as_ref();
        // A stamp that moved before without a reason says nothing of when this change was.
        let unstamped = StatusReading {
            updated_at: reading.updated_at.filter(|_| self.state.stamp.moves == 0),
            ..reading.clone()
        };
        // Without a time of the change that can be any time since the last reading.
        let changed = match (unstamped.updated_at, last) {
            (None, Some(last)) => (last.clock(), unstamped.clock()),
            (Some(_), _) | (None, None) => unstamped.changed_between(),
        };
        let perhaps = candidates.any(|attempt| attempt.may_have_made(changed));
        perhaps.then_some(Explained::Perhaps)
    }

    /// Whether `reading` shows a change that is not explained yet.
    fn asks_whose(&self, to: Direction, reading: &StatusReading) -> bool {
        match (&self.state.belief, to) {
            (Belief::Paused(PauseOwner::Autopilot { version }), Direction::Pause) => {
                let versions = version.as_ref().zip(reading.version.as_ref());
                versions.is_some_and(|(ours, found)| ours != found)
            }
            (Belief::Running, Direction::Resume)
            | (
                Belief::Paused(PauseOwner::Person | PauseOwner::Unproven { .. }),
                Direction::Pause,
            ) => false,
            (
                Belief::Unread
                | Belief::Running
                | Belief::Paused(_)
                | Belief::Other { .. }
                | Belief::Missing { .. },
                _,
            ) => true,
        }
    }

    /// Whether nothing but stamps keeps what `reading` shows from being shown to be the doing of an attempt.
    pub(super) fn stamps_alone_doubt(&self, reading: &StatusReading) -> bool {
        let mut asked = self.state.lost.iter();
        !self.policy.strict_ownership
            && asked.any(|attempt| {
                attempt.to.target() == reading.activity && attempt.made_but_for_stamps(reading)
            })
    }

    /// Reports that what `reading` shows may be the doing of an attempt without an answer: the last command of them is not
    /// shown to be ours.
    pub(super) fn doubt_lost(&mut self, reading: &StatusReading, notices: &mut Vec<Notice>) {
        let asked =
            |attempt: &&mut LostAttempt| attempt.to.target() == reading.activity && !attempt.closed;
        let mut newest = None;
        for attempt in self.state.lost.iter_mut().filter(asked) {
            attempt.closed = true;
            newest = Some(*attempt);
        }
        notices.extend(newest.map(|attempt| Notice::Resolved {
            decision: attempt.decision,
            to: attempt.to,
            conclusion: Conclusion::NotOurs,
        }));
    }

    /// Records that an attempt without an answer has taken effect, if one made the change that `reading` shows; returns whether
    /// one did.
    pub(super) fn confirm_by_lost(
        &mut self,
        reading: &StatusReading,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) -> bool {
        let Some(Explained::ByOurs(attempt)) = self.explained_by_lost(reading) else {
            return false;
        };
        self.confirm_lost(attempt, reading, now, notices);
        true
    }

    /// An attempt without an answer has taken effect.
    pub(super) fn confirm_lost(
        &mut self,
        attempt: LostAttempt,
        reading: &StatusReading,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) {
        // Other attempts of the same command may take effect yet.
        self.state.lost.retain(|other| *other != attempt);
        for other in &mut self.state.lost {
            other.closed |= other.decision == attempt.decision;
        }
        if reading.changed_by != Some(Author::Ours) {
            // The time alone shows it: somebody may have done the same in its window, and its own effect come later.
            self.keep(attempt.disproved());
        }
        if self.state.belief.paused_by_us() && attempt.to == Direction::Pause {
            // It came upon a pause that was ours already: nothing but the version is new.
            self.own(reading, now);
            return;
        }
        // A later command that asked for the same came upon it, and had nothing left to do; so had a later attempt of its own.
        let later = self.state.unresolved.take_if(|open| open.to == attempt.to);
        let later = later.filter(|later| later.decision != attempt.decision);
        let LostAttempt {
            decision,
            to,
            cause,
            ..
        } = attempt;
        let command = Confirmed {
            decision,
            to,
            cause,
        };
        self.confirm(command, reading, now, notices);
        if let Some(later) = later {
            notices.push(Notice::Resolved {
                decision: later.decision,
                to: later.to,
                conclusion: Conclusion::NotApplied,
            });
        }
    }

    /// Notes attempts that a reading within their window shows on their way, and those that have turned back.
    pub(super) fn watch_changing(&mut self, reading: &StatusReading) {
        for attempt in &mut self.state.lost {
            match &reading.activity {
                CampaignActivity::Changing { to } => {
                    let fits = to.is_none_or(|to| to == attempt.to);
                    if fits && attempt.made(reading) {
                        attempt.changing = true;
                    }
                }
                found if *found == attempt.to.target() => {}
                CampaignActivity::Running
                | CampaignActivity::Paused
                | CampaignActivity::NotCommandable { .. }
                | CampaignActivity::Unknown { .. } => attempt.changing = false,
            }
        }
    }

    /// Whether the campaign was changed since the last reading; `None` where no version says so.
    pub(super) fn changed_since_last(&self, reading: &StatusReading) -> Option<bool> {
        let last = self.state.last_reading.as_ref()?;
        let (last, found) = last.version.as_ref().zip(reading.version.as_ref())?;
        Some(last != found)
    }

    /// Notes attempts whose effect may have come and gone: the campaign is as it was before them, and was changed since. Where
    /// no version says so, a change and its reversal between two readings leave no trace.
    pub(super) fn hide_effects(&mut self, reading: &StatusReading, changed: Option<bool>) {
        if matches!(reading.activity, CampaignActivity::Changing { .. }) {
            return;
        }
        let changed_at = reading.updated_at.unwrap_or(reading.clock());
        for attempt in &mut self.state.lost {
            // A platform that shows its statuses late may show a change from before the attempt.
            let before = changed.is_some() && changed_at < attempt.from;
            if attempt.to.target() == reading.activity || changed == Some(false) || before {
                continue;
            }
            attempt.closed = true;
            if changed.is_some() {
                // What comes after this is another change, and no more to be shown to be ours.
                attempt.hidden_at = Some(
                    attempt
                        .hidden_at
                        .map_or(changed_at, |at| at.min(changed_at)),
                );
            }
        }
    }

    /// Forgets attempts that cannot take effect any more, and reports what is known of them then.
    pub(super) fn forget_lost(&mut self, reading: &StatusReading, notices: &mut Vec<Notice>) {
        let now = reading.clock();
        for attempt in &mut self.state.lost {
            // What it asked for is in force, and nobody can say that it had no part in it.
            attempt.closed |= attempt.to.target() == reading.activity;
        }
        let (kept, gone): (Vec<_>, Vec<_>) = self
            .state
            .lost
            .drain(..)
            .partition(|attempt| now <= attempt.lands_by);
        self.state.lost = kept;
        let mut reported = None;
        for attempt in gone {
            let open = self
                .state
                .lost
                .iter()
                .any(|other| other.decision == attempt.decision);
            if !attempt.closed && !open && reported != Some(attempt.decision) {
                reported = Some(attempt.decision);
                notices.push(Notice::Resolved {
                    decision: attempt.decision,
                    to: attempt.to,
                    conclusion: Conclusion::NotApplied,
                });
            }
        }
    }
}
