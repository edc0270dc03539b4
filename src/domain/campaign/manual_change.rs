//! What a status reading says that no command of ours explains: what people did, and what nobody can say.
//!
//! *Decides* what is believed after it. A change of the status is somebody's; a stamp that moved without one is a touch;
//! what a command of ours may have done and cannot be shown to have done is unproven.

use std::time::Duration;

use crate::domain::belief::{Belief, Doubt, PauseOwner};
use crate::domain::notice::Notice;
use crate::domain::policy::OnManualChange;
use crate::domain::status::{Author, CampaignActivity, Direction, StatusReading};
use crate::domain::time::Timestamp;

use super::lost::Explained;
use super::ownership::{Campaign, Seen};

/// Where only our own readings show whose a pause is, one that nobody read for this long is not shown any more.
const LONGEST_GAP: Duration = Duration::from_secs(15 * 60);

/// A campaign that the platform does not know for no longer than this was a wrong answer: with polls of half a minute, one of them.
const LONGEST_WRONG_ANSWER: Duration = Duration::from_secs(60);

impl Campaign {
    /// `doubt` says why the status may be ours, if the command that asked for it could not be shown to have made it.
    pub(super) fn observe_status(
        &mut self,
        reading: &StatusReading,
        doubt: Option<Doubt>,
        seen: Seen,
        notices: &mut Vec<Notice>,
    ) {
        let now = seen.now;
        let doubt = self.back(reading, doubt, now, notices);
        let doubt = if self.shows_forgotten_pause(reading, seen) {
            Some(Doubt::Forgotten)
        } else {
            doubt
        };
        let doubt = match self.explained_by_lost(reading) {
            Some(Explained::ByOurs(attempt)) => {
                self.confirm_lost(attempt, reading, now, notices);
                return;
            }
            Some(Explained::Perhaps) => {
                self.doubt_lost(reading, notices);
                doubt.or(Some(Doubt::Outcome))
            }
            None => doubt,
        };
        match (self.state.belief.clone(), &reading.activity) {
            (Belief::Running, CampaignActivity::Running)
            // Nobody's status yet.
            | (_, CampaignActivity::Changing { .. })
            | (
                Belief::Paused(PauseOwner::Person | PauseOwner::Unproven { .. }),
                CampaignActivity::Paused,
            ) => {}
            (Belief::Running | Belief::Other { .. }, CampaignActivity::Paused) => {
                self.paused_by_others(reading, doubt, seen, notices);
            }
            (Belief::Paused(PauseOwner::Autopilot { version }), CampaignActivity::Paused) => {
                self.still_paused(version.as_deref(), reading, seen, notices);
            }
            (Belief::Paused(PauseOwner::Autopilot { .. }), CampaignActivity::Running) => {
                self.resumed_by_others(doubt, now, notices);
            }
            (Belief::Paused(PauseOwner::Person), CampaignActivity::Running) if doubt.is_none() => {
                self.believe(Belief::Running, now);
                notices.push(Notice::PersonsPauseEnded);
            }
            // By a person, who may have resumed a pause of ours, or by a resume of ours that came late.
            (
                Belief::Paused(PauseOwner::Person | PauseOwner::Unproven { .. }),
                CampaignActivity::Running,
            ) => {
                self.believe(Belief::Running, now);
                let grace_until = self.leave_alone(now);
                notices.push(Notice::UnprovenEnded { grace_until });
            }
            (
                Belief::Unread | Belief::Other { .. } | Belief::Missing { .. },
                CampaignActivity::Running,
            ) => {
                self.believe(Belief::Running, now);
            }
            (Belief::Unread | Belief::Missing { .. }, CampaignActivity::Paused) => {
                // Only what was never known is taken over: what the store knows to be a person's stays a person's.
                let adopts = self.policy.adopt_paused && self.state.last_reading.is_none();
                if adopts && !is_beyond_us(reading, seen) {
                    self.adopt(reading, now, notices);
                } else if let Some(doubt) = doubt.filter(|doubt| unproven(*doubt, reading)) {
                    self.believe(Belief::Paused(PauseOwner::Unproven { doubt }), now);
                    notices.push(Notice::Unproven {
                        to: Direction::Pause,
                        doubt,
                        grace_until: None,
                    });
                } else {
                    self.believe(Belief::Paused(PauseOwner::Person), now);
                    notices.push(Notice::FoundPaused);
                }
            }
            (
                Belief::Other { word },
                CampaignActivity::NotCommandable { word: found }
                | CampaignActivity::Unknown { word: found },
            ) if word == *found && self.read_in_run => {}
            (
                _,
                CampaignActivity::NotCommandable { word: found }
                | CampaignActivity::Unknown { word: found },
            ) => {
                self.believe(
                    Belief::Other {
                        word: found.clone(),
                    },
                    now,
                );
                notices.push(Notice::OtherStatus {
                    word: found.clone(),
                });
            }
        }
    }

    /// Whether this is a pause of ours of which nothing is remembered that a resume could put back: the store is another one, or
    /// somebody wrote what we would have.
    fn shows_forgotten_pause(&self, reading: &StatusReading, seen: Seen) -> bool {
        let paused = reading.activity == CampaignActivity::Paused;
        let ours = reading.changed_by == Some(Author::Ours);
        seen.traits.restores && paused && ours && self.state.replaced.is_none()
    }

    /// A campaign that was away is there again: whose its status is goes on from what was believed before.
    fn back(
        &mut self,
        reading: &StatusReading,
        doubt: Option<Doubt>,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) -> Option<Doubt> {
        let Belief::Missing { ours, unproven, .. } = self.state.belief else {
            return doubt;
        };
        let away = now.since(self.state.since) > LONGEST_WRONG_ANSWER;
        let paused = reading.activity == CampaignActivity::Paused;
        let (belief, doubt) = if ours && away && paused && reading.version.is_none() {
            // It may have been deleted, made anew and paused: nothing shows that this is the pause of that time.
            (Belief::Unread, doubt.or(Some(Doubt::Gap)))
        } else if ours {
            // Whoever resumed it meanwhile, nobody saw it.
            let resumed = reading.activity == CampaignActivity::Running;
            let last = self.state.last_reading.as_ref();
            let version = last.and_then(|last| last.version.clone());
            let ours = Belief::Paused(PauseOwner::Autopilot { version });
            (ours, doubt.or(resumed.then_some(Doubt::Gap)))
        } else {
            (Belief::Unread, doubt.or(unproven))
        };
        self.believe(belief, now);
        notices.push(Notice::Back);
        doubt
    }

    /// Our pause, still there: whether it is still to be shown to be ours.
    fn still_paused(
        &mut self,
        version: Option<&str>,
        reading: &StatusReading,
        seen: Seen,
        notices: &mut Vec<Notice>,
    ) {
        if self.is_taken_over(reading) {
            self.touched(reading, seen, notices);
            return;
        }
        let gap = seen
            .unread_from
            .map_or(Duration::ZERO, |from| reading.read_at.since(from));
        match (version, reading.version.as_deref()) {
            (Some(ours), Some(found)) if ours != found => {
                self.touched(reading, seen, notices);
            }
            (None, Some(_)) => self.own(reading, seen.now),
            (Some(_) | None, _) => {
                if reading.version.is_none() && gap > LONGEST_GAP {
                    self.doubt_pause(Doubt::Gap, reading, seen.now, notices);
                }
            }
        }
    }

    /// What is done about a pause of somebody's: one that is beyond us is respected, whatever the settings say.
    fn rule_for(&self, reading: &StatusReading, seen: Seen) -> OnManualChange {
        if is_beyond_us(reading, seen) {
            OnManualChange::Respect
        } else {
            self.policy.on_manual_change
        }
    }

    /// Whether the platform names somebody for our pause for whom it named nobody, or us, at the last reading: they paused what was
    /// paused already. Of a pause that an operator claimed it has named them all the time.
    fn is_taken_over(&self, reading: &StatusReading) -> bool {
        let last = self.state.last_reading.as_ref();
        let before = last.and_then(|last| last.changed_by.as_ref());
        let somebody = |author: Option<&Author>| matches!(author, Some(Author::Somebody { .. }));
        somebody(reading.changed_by.as_ref()) && !somebody(before)
    }

    /// It was paused, and not by a command of ours that could be shown to have done it.
    fn paused_by_others(
        &mut self,
        reading: &StatusReading,
        doubt: Option<Doubt>,
        seen: Seen,
        notices: &mut Vec<Notice>,
    ) {
        let now = seen.now;
        if reading.changed_by == Some(Author::Ours) && doubt != Some(Doubt::Forgotten) {
            self.own(reading, now);
            return;
        }
        let unproven = doubt.filter(|doubt| unproven(*doubt, reading));
        notices.push(match unproven {
            None => Notice::PersonPaused,
            Some(doubt) => Notice::Unproven {
                to: Direction::Pause,
                doubt,
                grace_until: None,
            },
        });
        match self.rule_for(reading, seen) {
            OnManualChange::Respect => {
                let owner =
                    unproven.map_or(PauseOwner::Person, |doubt| PauseOwner::Unproven { doubt });
                self.believe(Belief::Paused(owner), now);
                self.state.stamp.alone_doubts =
                    unproven.is_some() && self.stamps_alone_doubt(reading);
            }
            OnManualChange::Adopt => self.adopt(reading, now, notices),
            OnManualChange::Enforce => {
                self.own(reading, now);
                self.state.enforcing = Some(Direction::Resume);
            }
        }
    }

    /// The stamp moved under our pause, and the status did not.
    fn touched(&mut self, reading: &StatusReading, seen: Seen, notices: &mut Vec<Notice>) {
        let (now, rule) = (seen.now, self.rule_for(reading, seen));
        match &reading.changed_by {
            Some(Author::Ours) => self.own(reading, now),
            Some(Author::Somebody { .. }) if rule == OnManualChange::Respect => {
                self.believe(Belief::Paused(PauseOwner::Person), now);
                notices.push(Notice::PersonPaused);
            }
            Some(Author::Somebody { .. }) | None => {
                self.doubt_pause(Doubt::Touched, reading, now, notices);
            }
        }
    }

    /// A command of ours was seen on its way, and what was there before is back. Nobody can say whether the platform gave up
    /// or somebody turned it back, and somebody may have.
    pub(super) fn turned_back(
        &mut self,
        to: Direction,
        reading: &StatusReading,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) {
        match to {
            Direction::Resume if self.state.belief.paused_by_us() => {
                self.doubt_pause(Doubt::Outcome, reading, now, notices);
            }
            Direction::Resume => {}
            Direction::Pause => self.resumed_by_others(Some(Doubt::Outcome), now, notices),
        }
    }

    /// Our pause is not shown to be ours any more.
    fn doubt_pause(
        &mut self,
        doubt: Doubt,
        reading: &StatusReading,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) {
        match self.policy.on_manual_change {
            OnManualChange::Respect => {
                self.believe(Belief::Paused(PauseOwner::Unproven { doubt }), now);
                notices.push(Notice::Unproven {
                    to: Direction::Pause,
                    doubt,
                    grace_until: None,
                });
            }
            OnManualChange::Adopt | OnManualChange::Enforce => self.own(reading, now),
        }
    }

    /// It was resumed, perhaps by a person: leaves it alone for a while, if people's changes are respected.
    fn leave_alone(&mut self, now: Timestamp) -> Option<Timestamp> {
        let respected = self.policy.on_manual_change == OnManualChange::Respect;
        respected.then(|| {
            self.state.grace_from = Some(now);
            now.plus(self.policy.manual_grace)
        })
    }

    /// Our pause was resumed, and not by a command of ours that could be shown to have done it.
    fn resumed_by_others(
        &mut self,
        doubt: Option<Doubt>,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) {
        self.believe(Belief::Running, now);
        let grace_until = self.leave_alone(now);
        if self.policy.on_manual_change == OnManualChange::Enforce {
            self.state.enforcing = Some(Direction::Pause);
        }
        notices.push(match doubt {
            None => Notice::PersonResumed { grace_until },
            Some(doubt) => Notice::Unproven {
                to: Direction::Resume,
                doubt,
                grace_until,
            },
        });
    }

    fn adopt(&mut self, reading: &StatusReading, now: Timestamp, notices: &mut Vec<Notice>) {
        self.own(reading, now);
        notices.push(Notice::Adopted);
    }
}

/// Whether a pause cannot be ended by a command of ours: a resume puts back what our own pause took the place
/// of, and this one is somebody else's.
fn is_beyond_us(reading: &StatusReading, seen: Seen) -> bool {
    seen.traits.restores && matches!(reading.changed_by, Some(Author::Somebody { .. }))
}

/// Whether a doubt keeps the reading from being anybody's. Of who is named as the author there is none, but for a pause of ours of
/// which nothing is remembered.
fn unproven(doubt: Doubt, reading: &StatusReading) -> bool {
    reading.changed_by.is_none() || doubt == Doubt::Forgotten
}
