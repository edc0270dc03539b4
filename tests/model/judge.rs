//! Watches what the autopilot does and compares it with what the invariants allow.
//!
//! The judge sees the truth, which the autopilot does not. It never looks at how a decision was made, only at what
//! was commanded, and at whose pause the autopilot believed a pause to be when a person resumed it.

use std::collections::VecDeque;

use campaign_autopilot::domain::{
    AgentThresholds, CampaignActivity, Cause, Confirmation, Direction, HoldKind, OnManualChange,
    OnStale, Policy,
};

use super::calendar;
use super::world::{Act, TrueCampaign, Who};

const HOUR: i64 = 3_600_000;
/// An acknowledged command may take this long to show, from the platform's yes on.
const SETTLE: i64 = 60_000;
/// One that broke off takes about this long, if it is carried out at all.
const USUAL: i64 = 1_000;
/// Clocks may differ by this much.
const SKEW: i64 = 5_000;

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap()
}

/// What survives a restart, in the daemon's time.
#[derive(Clone, Debug, Default)]
struct Memory {
    last: Option<(Direction, i64)>,
    /// That last one was a pause by the calendar, which is charged to nothing.
    calendar_pause: bool,
    resumes: Vec<i64>,
    grace_from: Option<i64>,
    windows: Vec<Window>,
}

/// The time in which a request of ours and a person's act cannot be told apart, in the platform's time.
#[derive(Clone, Copy, Debug)]
struct Window {
    direction: Direction,
    from: i64,
    until: i64,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, not one state"
)]
#[derive(Clone, Debug, Default)]
struct Watched {
    live: Memory,
    durable: Memory,
    in_flight: bool,
    /// The person's pause in force cannot be told from ours, or was to be taken over.
    pause_excused: bool,
    resume_excused: bool,
    hold: Option<(HoldKind, i64, i64)>,
    /// The clock jumped back before the hold: it ends at its length after some load, which one depends on commits.
    hold_end_unclear: bool,
    samples: VecDeque<(u32, AgentThresholds)>,
}

/// A command about to leave.
pub(crate) struct Leaving<'a> {
    pub(crate) index: usize,
    pub(crate) direction: Direction,
    pub(crate) cause: Cause,
    pub(crate) truth: &'a TrueCampaign,
    pub(crate) policy: &'a Policy,
    /// The daemon's clock.
    pub(crate) clock: i64,
    /// The platform's clock.
    pub(crate) now: i64,
}

fn open(policy: &Policy, clock: i64) -> bool {
    policy.calendar.is_none() || calendar::open(clock)
}

fn alone(policy: &Policy) -> bool {
    policy.calendar.as_ref().is_some_and(|rule| rule.alone)
}

/// What the calendar forbids.
fn forbidden_by_calendar(command: &Leaving<'_>) -> Option<&'static str> {
    let Leaving {
        direction,
        cause,
        policy,
        clock,
        ..
    } = *command;
    let by_calendar = cause == Cause::Calendar;
    if !open(policy, clock) {
        let pauses = direction == Direction::Pause && by_calendar;
        return (!pauses).then_some("outside calling hours");
    }
    if by_calendar {
        let asked = alone(policy) && direction == Direction::Resume;
        return (!asked).then_some("the calendar is open and does not ask for that");
    }
    (alone(policy) && cause != Cause::Hold).then_some("no agents count for it")
}

#[derive(Clone, Debug)]
pub(crate) struct Judge {
    watched: Vec<Watched>,
    longest: i64,
    streak: u32,
    last_valid: bool,
    pub(crate) faults: Vec<String>,
    /// Commands that the judge has seen leave: a run in which it saw none proves nothing.
    pub(crate) left: u32,
}

impl Judge {
    pub(crate) fn new(campaigns: usize, longest: std::time::Duration) -> Self {
        Self {
            watched: vec![Watched::default(); campaigns],
            longest: millis(longest),
            streak: 0,
            last_valid: false,
            faults: Vec::new(),
            left: 0,
        }
    }

    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    /// One poll: counts and lines for each campaign, or nothing.
    pub(crate) fn sample(&mut self, counts: Option<Vec<(u32, AgentThresholds)>>) {
        self.last_valid = counts.is_some();
        let Some(counts) = counts else {
            self.streak += 1;
            return;
        };
        self.streak = 0;
        for (watched, count) in self.watched.iter_mut().zip(counts) {
            watched.samples.push_front(count);
            watched.samples.truncate(32);
        }
    }

    pub(crate) fn hold(&mut self, index: usize, kind: Option<HoldKind>, clock: i64, lasts: i64) {
        let watched = &mut self.watched[index];
        watched.hold = kind.map(|kind| (kind, clock, lasts));
        watched.hold_end_unclear = false;
    }

    /// A person acted at `now`; `unseen` says that the platform gives no version and the autopilot has last seen
    /// the campaign paused, so that nothing can show it the difference.
    pub(crate) fn person(&mut self, index: usize, act: Act, now: i64, unseen: bool) {
        let watched = &mut self.watched[index];
        let inside = |direction: Direction| {
            watched
                .live
                .windows
                .iter()
                .any(|w| w.direction == direction && w.from <= now && now <= w.until)
        };
        match act {
            Act::Pause | Act::Touch => {
                watched.pause_excused = unseen || inside(Direction::Pause);
            }
            Act::Resume => watched.resume_excused = unseen || inside(Direction::Resume),
            Act::Stop | Act::Vanish | Act::Return => {}
        }
    }

    /// A status reached the autopilot. `ours` is what it believed before.
    pub(crate) fn read(
        &mut self,
        index: usize,
        truth: &TrueCampaign,
        policy: &Policy,
        ours: bool,
        never_read_before: bool,
        clock: i64,
    ) {
        let watched = &mut self.watched[index];
        // What was once an hour old does not come back when the clock jumps.
        watched.live.resumes.retain(|at| clock - at < HOUR);
        if !truth.visible {
            return;
        }
        if truth.status == CampaignActivity::Paused && never_read_before && policy.adopt_paused {
            watched.pause_excused = true;
        }
        if truth.status != CampaignActivity::Running {
            watched.live.grace_from = None;
        } else if ours
            && truth.by == Who::Person
            && !watched.resume_excused
            && policy.on_manual_change == OnManualChange::Respect
        {
            watched.live.grace_from = Some(clock);
        }
    }

    pub(crate) fn leaving(&mut self, command: &Leaving<'_>) {
        self.left += 1;
        let faults = self.what_is_wrong(command);
        self.faults.extend(faults);
        let longest = self.longest;
        let watched = &mut self.watched[command.index];
        watched.in_flight = true;
        watched.live.windows.push(Window {
            direction: command.direction,
            from: command.now - SKEW,
            until: command.now + longest + SKEW,
        });
    }

    fn what_is_wrong(&self, command: &Leaving<'_>) -> Vec<String> {
        let Leaving {
            index,
            direction,
            cause,
            truth,
            policy,
            clock,
            ..
        } = *command;
        let watched = &self.watched[index];
        let mut wrong = Vec::new();
        let mut say = |text: &str| wrong.push(format!("campaign {index}, {direction}: {text}"));
        if watched.in_flight {
            say("a second command while one is on its way");
        }
        let from = match direction {
            Direction::Pause => CampaignActivity::Running,
            Direction::Resume => CampaignActivity::Paused,
        };
        if !truth.visible || truth.status != from {
            say("commanded in a status that is not to be commanded");
        }
        if let Some(text) = forbidden_by_calendar(command) {
            say(text);
        }
        if !open(policy, clock) {
            return wrong;
        }
        let alone = alone(policy);
        let held = watched
            .hold
            .filter(|(_, since, lasts)| clock < (*since).min(clock) + lasts)
            .map(|(kind, ..)| kind);
        let asked = match direction {
            Direction::Pause => HoldKind::Paused,
            Direction::Resume => HoldKind::Running,
        };
        if !watched.hold_end_unclear {
            if held.is_some_and(|kind| kind != asked) {
                say("against an operator's hold");
            }
            if (cause == Cause::Hold) != held.is_some() {
                say("an operator's hold is not told, or told without being there");
            }
        }
        if cause == Cause::Hold {
            return wrong;
        }
        if direction == Direction::Resume
            && truth.by == Who::Person
            && !watched.pause_excused
            && policy.on_manual_change == OnManualChange::Respect
        {
            say("undoes a person's pause");
        }
        let grace = millis(policy.manual_grace);
        if direction == Direction::Pause
            && watched
                .live
                .grace_from
                .is_some_and(|from| clock < from.min(clock) + grace)
        {
            say("undoes a person's resume within the grace");
        }
        if cause == Cause::StaleFailsafe {
            if direction == Direction::Resume
                || policy.on_stale != OnStale::Pause
                || self.streak < policy.stale_after
            {
                say("the stale rule does not ask for that");
            }
            return wrong;
        }
        if !alone && !self.last_valid {
            say("without a valid sample");
        }
        if !alone && !self.confirmed(index, direction, cause, policy) {
            say("the samples do not ask for that");
        }
        for text in self.too_soon(command) {
            say(text);
        }
        wrong
    }

    /// What dwell and budget forbid. A pause by the calendar starts no dwell, and what ends it is charged to no budget.
    fn too_soon(&self, command: &Leaving<'_>) -> Vec<&'static str> {
        let Leaving {
            index,
            direction,
            policy,
            clock,
            ..
        } = *command;
        let watched = &self.watched[index];
        let mut wrong = Vec::new();
        let dwell = match direction {
            Direction::Pause => millis(policy.min_running),
            Direction::Resume => millis(policy.min_paused),
        };
        if direction == Direction::Resume && watched.live.calendar_pause {
            return wrong;
        }
        if watched
            .live
            .last
            .is_some_and(|(to, at)| to != direction && clock < at.min(clock) + dwell)
        {
            wrong.push("before the dwell is over");
        }
        if direction == Direction::Resume
            && let Some(limit) = policy.max_resumes_per_hour
        {
            let used = watched
                .live
                .resumes
                .iter()
                .filter(|at| clock - (**at).min(clock) < HOUR)
                .count();
            if used >= usize::try_from(limit).unwrap() {
                wrong.push("beyond the resume budget");
            }
        }
        wrong
    }

    /// Necessary, not sufficient: k of the last n valid samples ask for it.
    fn confirmed(&self, index: usize, direction: Direction, cause: Cause, policy: &Policy) -> bool {
        let reconcile = cause == Cause::Reconcile;
        if reconcile && policy.on_manual_change != OnManualChange::Enforce {
            return false;
        }
        let rule: Confirmation = match direction {
            Direction::Pause => policy.confirm_pause,
            Direction::Resume => policy.confirm_resume,
        };
        let asks = |(x, lines): &(u32, AgentThresholds)| match (direction, reconcile) {
            (Direction::Pause, false) => *x < lines.pause_below,
            (Direction::Resume, false) => *x >= lines.resume_at,
            // The status before the person's change is wanted as long as the lines do not ask for the other.
            (Direction::Pause, true) => *x < lines.resume_at,
            (Direction::Resume, true) => *x >= lines.pause_below,
        };
        let samples = &self.watched[index].samples;
        let agreeing = samples
            .iter()
            .take(usize::from(rule.of_last()))
            .filter(|sample| asks(sample))
            .count();
        agreeing >= usize::from(rule.needed()) && samples.front().is_some_and(asks)
    }

    /// What became of the command on its way: whether it is settled, and whether the platform said yes. From here on only
    /// an acknowledged one can still be ours, for as long as it may settle: `now` is the platform's clock.
    pub(crate) fn reported(&mut self, index: usize, settled: bool, acknowledged: bool, now: i64) {
        let watched = &mut self.watched[index];
        if !watched.in_flight {
            self.fault(format!("campaign {index}: a report without a command"));
            return;
        }
        watched.in_flight = false;
        if settled {
            watched.live.windows.pop();
        } else if let Some(window) = watched.live.windows.last_mut() {
            let settles = if acknowledged { SETTLE } else { USUAL };
            window.until = now + settles + SKEW;
        }
    }

    pub(crate) fn confirmed_at(
        &mut self,
        index: usize,
        direction: Direction,
        cause: Option<Cause>,
        clock: i64,
    ) {
        let live = &mut self.watched[index].live;
        live.last = Some((direction, clock));
        live.grace_from = None;
        if direction == Direction::Resume && !live.calendar_pause {
            live.resumes.push(clock);
        }
        live.calendar_pause = direction == Direction::Pause && cause == Some(Cause::Calendar);
    }

    pub(crate) fn committed(&mut self) {
        for watched in &mut self.watched {
            watched.durable = watched.live.clone();
        }
    }

    /// What was not committed is forgotten, and times ahead of the clock count from now.
    pub(crate) fn restarted(&mut self, clock: i64) {
        self.streak = 0;
        self.last_valid = false;
        for watched in &mut self.watched {
            watched.in_flight = false;
            watched.samples.clear();
            let mut memory = watched.durable.clone();
            memory.last = memory.last.map(|(to, at)| (to, at.min(clock)));
            memory.grace_from = memory.grace_from.map(|from| from.min(clock));
            for at in &mut memory.resumes {
                *at = (*at).min(clock);
            }
            watched.live = memory;
            if watched.hold.is_some_and(|(_, since, _)| since > clock) {
                watched.hold_end_unclear = true;
            }
        }
    }
}
