//! One campaign's state machine: how readings and reports move the belief ([`Belief`] has the diagram).
//!
//! *Whose a change was* is answered by [`ownership`](crate::domain::ownership) where a command of ours may have made it. Any
//! other change of the status is somebody's; a pause that cannot be shown to be ours is not resumed.
//!
//! *A stamp is a question.* One that moves under our pause while the status stays says that somebody touched the
//! campaign. One that moves at reading after reading, while nothing else does, says nothing at all, and is passed over.
//!
//! *Commands without an answer* leave a window each, kept in [`LostAttempt`]: `lost` holds
//! changes against them. They keep nothing from being commanded again.
//!
//! *Remaining race.* On a platform without conditional writes a person can act between our status read and our
//! command, which is sent within about a second of it, or while a request without an answer is on its way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::belief::{Belief, Doubt, PauseOwner, Transition, Unresolved};
use crate::domain::cause::Cause;
use crate::domain::command::CommandResult;
use crate::domain::conclusion::Conclusion;
use crate::domain::confirmation::SampleWindow;
use crate::domain::delivery::Delivery;
use crate::domain::evidence::{Evidence, PlatformTraits};
use crate::domain::flapping;
use crate::domain::group::GroupCount;
use crate::domain::ids::DecisionId;
use crate::domain::lost_attempt::LostAttempt;
use crate::domain::notice::Notice;
use crate::domain::ownership::{Question, Resolution};
use crate::domain::policy::Policy;
use crate::domain::status::{CampaignActivity, Direction, StatusFinding, StatusReading};
use crate::domain::time::Timestamp;

use super::stages::{BelievedStatus, ChangingVerdict, Refusals, command_on_its_way};
use super::state::CampaignState;

/// A campaign that the platform does not know is asked for again after 1, 2, 4, 8, ... polls, since it may have been a wrong
/// answer, and at least this often.
const MISSING_RECHECK: Duration = Duration::from_secs(15 * 60);

/// A stamp that has moved at so many readings in a row, while nothing else did, moves by itself: nobody saves a campaign
/// that often between our readings.
const STAMP_MOVES: u8 = 5;

/// Readings closer than this say nothing of a stamp that stands still: it may move by itself in whole seconds.
const STANDS_STILL_AFTER: Duration = Duration::from_secs(1);

/// The circumstances of an observation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Our clock.
    pub(crate) now: Timestamp,
    /// The tick under way.
    pub(crate) tick: u64,
    /// What is to be known of the platform.
    pub(crate) traits: PlatformTraits,
    /// Since when nobody looked whether a pause of ours is still ours; the time before its calendar opens does not count.
    pub(crate) unread_from: Option<Timestamp>,
}

/// A command that is known to have taken effect.
#[derive(Clone, Copy)]
pub(super) struct Confirmed {
    pub(super) decision: DecisionId,
    pub(super) to: Direction,
    pub(super) cause: Cause,
}

impl From<&Unresolved> for Confirmed {
    fn from(command: &Unresolved) -> Self {
        Self {
            decision: command.decision,
            to: command.to,
            cause: command.cause,
        }
    }
}

/// One campaign under control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    pub(crate) policy: Policy,
    pub(crate) state: CampaignState,
    #[serde(alias = "selector")]
    pub(crate) group: usize,
    /// Polls in a row that did not count its group.
    #[serde(default)]
    pub(crate) blind: u32,
    pub(crate) below_pause: SampleWindow,
    pub(crate) at_resume: SampleWindow,
    pub(crate) in_flight: Option<Direction>,
    pub(crate) budget_alerted: bool,
    /// How often in a row the platform refused a command, and when last.
    pub(crate) refusals: Option<Refusals>,
    /// When its status was last asked for, whatever came back.
    pub(crate) asked_at: Option<Timestamp>,
    /// How often in a row the platform did not know it, and at which tick last.
    #[serde(default)]
    missing: Option<(u32, u64)>,
    /// Whether its status was read in this run.
    pub(super) read_in_run: bool,
}

impl Campaign {
    pub(crate) fn new(policy: Policy, group: usize, state: CampaignState) -> Self {
        let mut campaign = Self {
            policy,
            state,
            group,
            blind: 0,
            below_pause: SampleWindow::default(),
            at_resume: SampleWindow::default(),
            in_flight: None,
            budget_alerted: false,
            refusals: None,
            asked_at: None,
            missing: None,
            read_in_run: false,
        };
        campaign.begin_aim();
        campaign
    }

    /// Its rules.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether it dials, or may: of one that was not read nothing is known, and one on its way may be either.
    pub(crate) fn may_run(&self) -> bool {
        match BelievedStatus::from_state(&self.state) {
            BelievedStatus::Running | BelievedStatus::Unread => true,
            BelievedStatus::Changing => self.changing_to() != Some(Direction::Pause),
            BelievedStatus::PausedByUs
            | BelievedStatus::PausedByCalendar
            | BelievedStatus::PausedByPerson
            | BelievedStatus::PausedUnproven => self.is_being_resumed(),
            BelievedStatus::Other | BelievedStatus::Missing => false,
        }
    }

    /// Whether a resume of it is on its way.
    pub(crate) fn is_being_resumed(&self) -> bool {
        command_on_its_way(self.in_flight, &self.state) == Some(Direction::Resume)
            || self.changing_to() == Some(Direction::Resume)
    }

    fn changing_to(&self) -> Option<Direction> {
        ChangingVerdict::evaluate(&self.state)?.to
    }

    /// What it is believed to be.
    #[must_use]
    pub fn believed_status(&self) -> BelievedStatus {
        BelievedStatus::from_state(&self.state)
    }

    /// Its group's count among those of a sample, and the agents of it that count as available under its rules.
    #[must_use]
    pub fn head_in<'a>(&self, heads: &'a [GroupCount]) -> Option<(&'a GroupCount, u32)> {
        let counts = self.policy.counts_agents();
        let head = heads.get(self.group).filter(|_| counts)?;
        let available = self.policy.counting.available(head.known()?);
        Some((head, available))
    }

    /// The place of its group among [`Autopilot::groups`](crate::domain::Autopilot::groups); none where no agents count.
    #[must_use]
    pub fn group_place(&self) -> Option<usize> {
        self.policy.counts_agents().then_some(self.group)
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> &CampaignState {
        &self.state
    }

    /// Whether its status has to be read before it can be commanded at all; `tick` is the one that reads.
    pub(crate) fn needs_reading(&self, tick: u64, now: Timestamp) -> bool {
        match &self.state.belief {
            Belief::Missing { recheck_at, .. } => {
                let soon = self.missing.is_some_and(|(times, at)| {
                    let polls = 1_u64.checked_shl(times.saturating_sub(1));
                    polls.is_some_and(|polls| tick >= at.saturating_add(polls))
                });
                soon || now >= *recheck_at || !self.read_in_run
            }
            Belief::Unread | Belief::Running | Belief::Paused(_) | Belief::Other { .. } => {
                !self.read_in_run || self.state.awaits_effect() || self.state.is_changing()
            }
        }
    }

    /// Applies what a status read found.
    pub(crate) fn observe(&mut self, finding: &StatusFinding, seen: Seen) -> Vec<Notice> {
        self.apply_finding(finding, false, seen)
    }

    /// `reading_back` says that the status was read right after the command that it may show.
    fn apply_finding(
        &mut self,
        finding: &StatusFinding,
        reading_back: bool,
        seen: Seen,
    ) -> Vec<Notice> {
        let now = seen.now;
        let mut notices = Vec::new();
        self.asked_at = Some(now);
        match finding {
            StatusFinding::Unreadable => {}
            StatusFinding::Missing => {
                let known = !matches!(self.state.belief, Belief::Missing { .. });
                let recheck_at = now.plus(MISSING_RECHECK);
                let (ours, unproven) = match self.state.belief {
                    Belief::Missing { ours, unproven, .. } => (ours, unproven),
                    Belief::Paused(PauseOwner::Unproven { doubt }) => (false, Some(doubt)),
                    Belief::Unread | Belief::Running | Belief::Paused(_) | Belief::Other { .. } => {
                        (self.state.belief.paused_by_us(), None)
                    }
                };
                let missing = Belief::Missing {
                    recheck_at,
                    ours,
                    unproven,
                };
                self.believe(missing, now);
                let times = self.missing.map_or(0, |(times, _)| times);
                self.missing = Some((times.saturating_add(1), seen.tick));
                if known || !self.read_in_run {
                    notices.push(Notice::Missing);
                }
                self.read_in_run = true;
            }
            StatusFinding::Found(reading) => {
                self.missing = None;
                if !reading_back {
                    self.watch_stamp(reading, now, &mut notices);
                }
                let reading = &self.on_its_way(self.trusted(reading, seen.traits), seen.traits);
                let changed = self.changed_since_last(reading);
                if self.in_flight.is_none() {
                    self.take_over_unanswered(reading, seen.traits.settling);
                }
                self.watch_changing(reading);
                let doubt = self.settle_unresolved(reading, reading_back, seen, &mut notices);
                self.observe_status(reading, doubt, seen, &mut notices);
                self.hide_effects(reading, changed);
                self.forget_lost(reading, &mut notices);
                self.state.last_reading = Some(reading.clone());
                self.follow_replaced(reading);
                self.read_in_run = true;
            }
        }
        notices
    }

    /// Keeps what our pause is about to replace: committed with the intent, it is there whatever becomes of this process.
    fn keep_replaced(&mut self, to: Direction, before: &StatusReading) {
        if let (Direction::Pause, Some(dials_by)) = (to, &before.dials_by) {
            self.state.replaced = Some(dials_by.clone());
        }
    }

    /// Notes with which stage a command begins; returns whether there is one.
    pub(crate) fn stage(&mut self, to: Direction, lasts: Option<Duration>) -> bool {
        let replaced = self.state.replaced.as_deref();
        let replaced = replaced.filter(|_| to == Direction::Resume);
        let throttle = self.state.throttle.as_deref();
        let stepped = throttle.and_then(|throttle| throttle.stepped);
        let stepped =
            stepped.and_then(|stepped| stepped.ours.dials().zip(stepped.original.dials()));
        let staged = replaced.and_then(|replaced| replaced.staged(stepped, lasts));
        self.state.staged = staged.map(Box::new);
        staged.is_some()
    }

    /// What our pause replaced means nothing once the campaign runs again. Where that pause may come yet, it will take the place of
    /// what the campaign dials by now, which somebody may have changed.
    fn follow_replaced(&mut self, reading: &StatusReading) {
        if self.state.belief != Belief::Running || self.in_flight.is_some() {
            return;
        }
        if self.state.unresolved.is_none() && self.state.lost.is_empty() {
            self.state.replaced = None;
        } else if self.state.replaced.is_some()
            && let Some(dials_by) = &reading.dials_by
        {
            self.state.replaced = Some(dials_by.clone());
        }
    }

    /// Counts readings at which the stamp has moved and nothing else, on a campaign that nobody commanded.
    fn watch_stamp(&mut self, reading: &StatusReading, now: Timestamp, notices: &mut Vec<Notice>) {
        if self.state.stamp.worthless || self.state.unresolved.is_some() {
            return;
        }
        let Some(last) = &self.state.last_reading else {
            return;
        };
        let Some((before, after)) = last.version.as_ref().zip(reading.version.as_ref()) else {
            return;
        };
        if before == after && reading.read_at.since(last.read_at) < STANDS_STILL_AFTER {
            return;
        }
        if before == after || last.activity != reading.activity {
            self.state.stamp.moves = 0;
            return;
        }
        self.state.stamp.moves = self.state.stamp.moves.saturating_add(1);
        if self.state.stamp.moves >= STAMP_MOVES {
            self.state.stamp.worthless = true;
            notices.push(Notice::StampWorthless);
            for attempt in &mut self.state.lost {
                attempt.hidden_at = None;
            }
            // Nothing but the stamp said that somebody touched our pause, or that it is not the one we asked for.
            let ours = match self.state.belief {
                Belief::Paused(PauseOwner::Unproven { doubt }) => match doubt {
                    Doubt::Touched | Doubt::Unmatched => true,
                    Doubt::Outcome => self.state.stamp.alone_doubts,
                    Doubt::Gap | Doubt::Forgotten => false,
                },
                Belief::Unread
                | Belief::Running
                | Belief::Paused(_)
                | Belief::Other { .. }
                | Belief::Missing { .. } => false,
            };
            if ours {
                self.believe(Belief::Paused(PauseOwner::Autopilot { version: None }), now);
            }
        }
    }

    /// The reading without what is no evidence here.
    fn trusted(&self, reading: &StatusReading, traits: PlatformTraits) -> StatusReading {
        let mut reading = reading.clone();
        if self.state.stamp.worthless || traits.evidence == Evidence::OwnReadings {
            reading.version = None;
            reading.updated_at = None;
        }
        reading
    }

    /// A word that is not known, in the version that the answer to our command told, is that command on its way: nobody has
    /// changed the campaign since. Where neither the readings nor the answer show a version or a time that is worth anything,
    /// nothing tells the word from what else may have happened since the platform said yes, and it is taken for the command too,
    /// as long as commands settle.
    fn on_its_way(&self, mut reading: StatusReading, traits: PlatformTraits) -> StatusReading {
        let accepted = self.state.unresolved.as_ref();
        let Some(command) = accepted.filter(|command| command.acknowledged) else {
            return reading;
        };
        let unknown = matches!(reading.activity, CampaignActivity::Unknown { .. });
        let told = [&command.before.version, &command.answer];
        let stamped =
            |reading: &StatusReading| reading.version.is_some() || reading.updated_at.is_some();
        let never = !stamped(&command.before) && command.answer.is_none();
        let unstamped = !stamped(&reading) && (never || self.state.stamp.worthless);
        let ours = unstamped || (reading.version.is_some() && told.contains(&&reading.version));
        let attempt = LostAttempt::of_command(command, traits.settling);
        if unknown && ours && reading.clock() <= attempt.until {
            reading.activity = CampaignActivity::Changing {
                to: Some(command.to),
            };
        }
        reading
    }

    /// Marks a command as on its way; the state now carries what a restart needs to resolve it.
    pub(crate) fn start(
        &mut self,
        direction: Direction,
        cause: Cause,
        decision: DecisionId,
        longest: Duration,
        now: Timestamp,
    ) -> Option<StatusReading> {
        let before = self.state.last_reading.clone()?;
        self.keep_replaced(direction, &before);
        self.in_flight = Some(direction);
        self.state.unresolved = Some(Box::new(Unresolved {
            from: before.clock(),
            decision,
            to: direction,
            cause,
            before: before.clone(),
            sent_at: now,
            longest,
            acknowledged: false,
            answer: None,
            ended_after: None,
            changing_since: None,
            overdue: false,
            undated: false,
        }));
        Some(before)
    }

    /// Takes in what became of the command on its way.
    pub(crate) fn finish(
        &mut self,
        result: &CommandResult,
        seen: Seen,
    ) -> (Conclusion, Vec<Notice>) {
        self.in_flight = None;
        let trusted = result.before.as_ref();
        let before = trusted.map(|before| self.trusted(before, seen.traits));
        if let (Some(unresolved), Some(before)) = (&mut self.state.unresolved, before) {
            // Nothing had changed by this reading, so the window of the last attempt begins with it.
            unresolved.from = before.clock();
            unresolved.before = before.clone();
            let to = unresolved.to;
            self.keep_replaced(to, &before);
        }
        let command = self.state.unresolved.as_ref();
        let (sent, to) = command
            .map(|command| (command.decision, command.to))
            .unzip();
        self.keep_lost(result, seen);
        match &result.delivery {
            Delivery::Refused { wait: None, .. } | Delivery::Conflict { .. } => {
                self.state.unresolved = None;
                if let Some(to) = to {
                    self.refusals = Some(Refusals::counted(self.refusals, to, seen.now));
                }
                let mut notices = self.observe(&result.after, seen);
                if matches!(result.delivery, Delivery::Conflict { .. }) {
                    self.doubt_pause_in_conflict(seen.now, &mut notices);
                }
                return (Conclusion::Refused, notices);
            }
            Delivery::NotSent { .. } | Delivery::Refused { wait: Some(_), .. } => {
                self.state.unresolved = None;
                return (Conclusion::NotSent, self.observe(&result.after, seen));
            }
            Delivery::Acknowledged { version } => {
                if let Some(unresolved) = &mut self.state.unresolved {
                    unresolved.acknowledged = true;
                    unresolved.answer.clone_from(version);
                }
            }
            // What it did is looked for by the windows of its attempts.
            Delivery::Lost { .. } => self.state.unresolved = None,
        }
        if let Some(unresolved) = &mut self.state.unresolved {
            let ended_at = result.ended_at.unwrap_or(seen.now);
            unresolved.ended_after = Some(ended_at.since(unresolved.before.read_at));
        }
        let mut notices = self.apply_finding(&result.after, true, seen);
        let resolved = notices.iter().position(
            |notice| matches!(notice, Notice::Resolved { decision, .. } if Some(*decision) == sent),
        );
        match resolved.map(|at| notices.remove(at)) {
            Some(Notice::Resolved { conclusion, .. }) => (conclusion, notices),
            Some(_) | None => (Conclusion::Unknown, notices),
        }
    }

    /// The platform did not resume our pause since what that rested on was no longer so: somebody had ended it. A pause that is there
    /// all the same is ours only where a version shows that it is the same one.
    fn doubt_pause_in_conflict(&mut self, now: Timestamp, notices: &mut Vec<Notice>) {
        let ours = matches!(
            self.state.belief,
            Belief::Paused(PauseOwner::Autopilot { version: None })
        );
        if ours {
            let doubt = Doubt::Touched;
            self.believe(Belief::Paused(PauseOwner::Unproven { doubt }), now);
            notices.push(Notice::Unproven {
                to: Direction::Pause,
                doubt,
                grace_until: None,
            });
        }
    }

    /// Settles a command with an open outcome if this reading can; returns what keeps the status from being shown to be
    /// ours, if it may be.
    fn settle_unresolved(
        &mut self,
        reading: &StatusReading,
        reading_back: bool,
        seen: Seen,
        notices: &mut Vec<Notice>,
    ) -> Option<Doubt> {
        let unresolved = self.state.unresolved.clone()?;
        let question = Question {
            unresolved: &unresolved,
            reading,
            reading_back,
            strict: self.policy.strict_ownership,
            answers_match: self.state.stamp.answers_match,
            traits: seen.traits,
        };
        let answers_match = question.matches_answer() == Some(true);
        let mut doubt = None;
        let mut turned_back = false;
        let resolution = question.resolve();
        let conclusion = match resolution {
            Resolution::Pending | Resolution::Overdue => {
                self.still_open(reading, resolution, notices);
                return None;
            }
            Resolution::Ours | Resolution::Overtaken => {
                self.state.stamp.answers_match |= answers_match;
                let command = Confirmed::from(&*unresolved);
                self.confirm(command, reading, seen.now, notices);
                let stamped = reading.version.is_some() && reading.changed_by.is_none();
                let by_time_alone = !answers_match && stamped;
                if by_time_alone && unresolved.changing_since.is_none() {
                    // Somebody may have been quicker, and its own effect come later.
                    self.keep_disproved(&unresolved, seen.traits.settling);
                }
                return None;
            }
            Resolution::NotOurs(why) => {
                if self.confirm_by_lost(reading, seen.now, notices) {
                    return None;
                }
                doubt = why;
                self.keep_disproved(&unresolved, seen.traits.settling);
                Conclusion::NotOurs
            }
            Resolution::TurnedBack => {
                // It may show late, too.
                self.keep_unanswered(&unresolved, seen.traits.settling);
                turned_back = true;
                Conclusion::Unknown
            }
            Resolution::NotShown => {
                // It is waited for no longer, and may take effect yet: nobody can say that it has none.
                self.keep_unshown(&unresolved, reading, seen.traits.settling);
                Conclusion::Unknown
            }
        };
        self.state.unresolved = None;
        notices.push(Notice::Resolved {
            decision: unresolved.decision,
            to: unresolved.to,
            conclusion,
        });
        if turned_back {
            self.turned_back(unresolved.to, reading, seen.now, notices);
        }
        doubt
    }

    /// The command is still on its way, or may be.
    fn still_open(
        &mut self,
        reading: &StatusReading,
        resolution: Resolution,
        notices: &mut Vec<Notice>,
    ) {
        let Some(open) = &mut self.state.unresolved else {
            return;
        };
        if matches!(reading.activity, CampaignActivity::Changing { .. }) {
            open.changing_since.get_or_insert(reading.clock());
        }
        if resolution == Resolution::Overdue && !open.overdue {
            open.overdue = true;
            notices.push(Notice::StillChanging {
                word: reading.word.clone(),
            });
        }
    }

    /// A command of ours has taken effect.
    pub(super) fn confirm(
        &mut self,
        command: Confirmed,
        reading: &StatusReading,
        now: Timestamp,
        notices: &mut Vec<Notice>,
    ) {
        let Confirmed {
            decision,
            to,
            cause,
        } = command;
        let belief = match to {
            Direction::Pause => Belief::Paused(PauseOwner::Autopilot {
                version: reading.version.clone(),
            }),
            Direction::Resume => {
                // What ends a pause by the calendar is charged to no budget.
                if !self.state.paused_by_calendar() {
                    self.state.resumes.push(now);
                }
                if let Some(staged) = self.state.staged.take() {
                    self.begin_stage(*staged, now);
                }
                Belief::Running
            }
        };
        self.believe(belief, now);
        self.state.calendar_pause = to == Direction::Pause && cause == Cause::Calendar;
        self.state.last_transition = Some(Transition {
            to,
            at: now,
            cause,
            decision,
        });
        self.state.grace_from = None;
        self.state.enforcing = None;
        self.state.unresolved = None;
        self.refusals = None;
        self.state.last_reading = Some(reading.clone());
        notices.push(Notice::Resolved {
            decision,
            to,
            conclusion: Conclusion::Confirmed,
        });
        if to == Direction::Resume {
            let flapping = flapping::resumed(&mut self.state, self.policy.flap_limit, now);
            notices.extend(flapping);
        }
    }

    pub(super) fn own(&mut self, reading: &StatusReading, now: Timestamp) {
        self.believe(
            Belief::Paused(PauseOwner::Autopilot {
                version: reading.version.clone(),
            }),
            now,
        );
    }

    /// The one place where the belief changes. What was seen of the samples counts from here again, unless nothing
    /// was known before.
    pub(super) fn believe(&mut self, belief: Belief, now: Timestamp) {
        if !belief.alike(&self.state.belief) {
            if !matches!(self.state.belief, Belief::Unread | Belief::Missing { .. }) {
                self.below_pause.clear();
                self.at_resume.clear();
            }
            self.state.since = now;
            self.state.enforcing = None;
            // A campaign that is only away for a while comes back to the doubt that it was in.
            let unseen =
                |belief: &Belief| matches!(belief, Belief::Missing { .. } | Belief::Unread);
            let doubted = matches!(belief, Belief::Paused(PauseOwner::Unproven { .. }));
            self.state.stamp.alone_doubts &=
                unseen(&belief) || (doubted && unseen(&self.state.belief));
            // And to the same grace.
            if matches!(belief, Belief::Paused(_) | Belief::Other { .. }) {
                self.state.grace_from = None;
            }
        }
        // A pause in doubt, or of a campaign that is away, may turn out to be the calendar's yet.
        match belief {
            Belief::Running | Belief::Paused(PauseOwner::Person) | Belief::Other { .. } => {
                self.state.calendar_pause = false;
            }
            Belief::Unread | Belief::Missing { .. } | Belief::Paused(_) => {}
        }
        self.state.belief = belief;
    }
}
