//! Drives the autopilot in the order in which the loop does, against the world, under the judge's eyes.

use std::collections::BTreeMap;
use std::time::Duration;

use campaign_autopilot::domain::replay::Input;
use campaign_autopilot::domain::{
    AgentThresholds, Alert, Autopilot, Belief, CampaignActivity, CampaignId, CampaignState, Cause,
    CommandResult, Conclusion, Delivery, Direction, Explanation, GroupCount, HeadCount, Hold,
    HoldKind, Limit, Notice, Outcome, PlatformTraits, Policy, Reason, Sample, StatusFinding,
    Timestamp, explain,
};

use super::calendar;
use super::judge::{Judge, Leaving};
use super::script::{Action, Crash, Fate, Poll, Setting, Tick};
use super::stages;
use super::world::{Act, World};

pub(crate) const LONGEST: Duration = Duration::from_secs(30);
/// Between two steps that need a round trip.
const ROUND_TRIP: Duration = Duration::from_millis(200);
const MOST_NEEDED_READS: usize = 128;

/// The process died: nothing of this run goes on.
pub(crate) struct Died;

pub(crate) struct Driver {
    pub(crate) world: World,
    pub(crate) pilot: Autopilot,
    pub(crate) judge: Judge,
    pub(crate) ids: Vec<CampaignId>,
    policies: BTreeMap<CampaignId, Policy>,
    /// The daemon's clock minus the platform's.
    offset_ms: i64,
    run: u64,
    routine: usize,
    reads: u32,
    staged: BTreeMap<CampaignId, CampaignState>,
    staged_inputs: Vec<(Timestamp, Input)>,
    pub(crate) store: BTreeMap<CampaignId, CampaignState>,
    pub(crate) inputs: Vec<(Timestamp, Input)>,
    /// Every command that left.
    pub(crate) sent: Vec<(usize, Direction, Cause)>,
    pub(crate) conclusions: Vec<Conclusion>,
    pub(crate) alerts: Vec<Alert>,
    pub(crate) notices: Vec<Notice>,
    /// The verdicts of the last decision.
    pub(crate) reasons: Vec<Reason>,
}

impl Driver {
    pub(crate) fn new(setting: &Setting) -> Self {
        let truth: Vec<(CampaignActivity, bool)> = setting
            .campaigns
            .iter()
            .map(|(status, versioned, _)| (status.clone(), *versioned))
            .collect();
        let ids: Vec<CampaignId> = (0..truth.len())
            .map(|n| format!("cmp-{n}").parse().unwrap())
            .collect();
        let policies: BTreeMap<CampaignId, Policy> = ids
            .iter()
            .cloned()
            .zip(setting.campaigns.iter().map(|(.., policy)| policy.clone()))
            .collect();
        let world = World::new(&truth, setting.tells_time);
        let now = Timestamp::from_unix_millis(world.now);
        let mut driver = Self {
            pilot: Autopilot::new(0, policies.clone(), BTreeMap::new(), LONGEST, now),
            judge: Judge::new(ids.len(), LONGEST),
            world,
            ids,
            policies,
            offset_ms: 0,
            run: 0,
            routine: setting.routine,
            reads: 0,
            staged: BTreeMap::new(),
            staged_inputs: Vec::new(),
            store: BTreeMap::new(),
            inputs: Vec::new(),
            sent: Vec::new(),
            conclusions: Vec::new(),
            alerts: Vec::new(),
            notices: Vec::new(),
            reasons: Vec::new(),
        };
        driver.start();
        driver
    }

    /// One campaign under `policy`, RUNNING, on a platform that tells versions and its time.
    pub(crate) fn one(policy: Policy) -> Self {
        Self::one_found(CampaignActivity::Running, policy)
    }

    pub(crate) fn one_found(status: CampaignActivity, policy: Policy) -> Self {
        Self::new(&Setting {
            campaigns: vec![(status, true, policy)],
            tells_time: true,
            routine: 1,
        })
    }

    /// One campaign on a platform that tells neither versions nor its time.
    pub(crate) fn one_without_versions(policy: Policy) -> Self {
        Self::new(&Setting {
            campaigns: vec![(CampaignActivity::Running, false, policy)],
            tells_time: false,
            routine: 1,
        })
    }

    pub(crate) fn clock(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.world.now + self.offset_ms)
    }

    pub(crate) fn policy(&self, index: usize) -> &Policy {
        &self.policies[&self.ids[index]]
    }

    pub(crate) fn state(&self, index: usize) -> &CampaignState {
        self.pilot.campaign(&self.ids[index]).unwrap().state()
    }

    /// The last decision, in words.
    pub(crate) fn explanation(&self, index: usize) -> Explanation {
        explain(self.state(index), self.reasons.get(index))
    }

    pub(crate) fn belief(&self, index: usize) -> &Belief {
        &self.state(index).belief
    }

    fn start(&mut self) {
        self.run += 1;
        let now = self.clock();
        self.judge.restarted(now.as_unix_millis());
        let start = Input::Start {
            run: self.run,
            policies: self.policies.clone(),
            restored: self.store.clone(),
            command_longest: LONGEST,
            traits: PlatformTraits::default(),
            calendars: calendar::calendars(),
        };
        self.staged_inputs.push((now, start));
        self.pilot = Autopilot::new(
            self.run,
            self.policies.clone(),
            self.store.clone(),
            LONGEST,
            now,
        )
        .with_calendars(calendar::calendars());
    }

    /// The process dies and comes back later, knowing what was committed.
    pub(crate) fn restart(&mut self, down: Duration, jump_s: i32) {
        self.staged.clear();
        self.staged_inputs.clear();
        self.world.advance(down);
        self.offset_ms += i64::from(jump_s) * 1000;
        self.start();
    }

    fn commit(&mut self) {
        self.store.append(&mut self.staged);
        self.inputs.append(&mut self.staged_inputs);
        self.judge.committed();
    }

    pub(crate) fn act(&mut self, action: &Action) {
        match action {
            Action::Tick(tick) => {
                self.wait(30);
                if self.tick(tick).is_err() {
                    self.restart(Duration::from_secs(5), 0);
                }
            }
            Action::Wait { s } => self.wait(u64::from(*s)),
            Action::Person { campaign, act } => self.person(usize::from(*campaign), *act),
            Action::Restart { down_s, jump_s } => {
                self.restart(Duration::from_secs(u64::from(*down_s)), *jump_s);
            }
            Action::Hold {
                campaign,
                kind,
                lasts_s,
            } => self.hold(usize::from(*campaign), *kind, u64::from(*lasts_s)),
        }
    }

    pub(crate) fn wait(&mut self, s: u64) {
        self.world.advance(Duration::from_secs(s));
    }

    pub(crate) fn person(&mut self, index: usize, act: Act) {
        if index >= self.ids.len() {
            return;
        }
        let saw_paused = |state: Option<&CampaignState>| {
            state
                .and_then(|state| state.last_reading.as_ref())
                .is_some_and(|reading| reading.activity == CampaignActivity::Paused)
        };
        let unseen = !self.world.campaigns[index].versioned
            && (saw_paused(Some(self.state(index)))
                || saw_paused(self.store.get(&self.ids[index])));
        if self.world.person(index, act) {
            self.judge.person(index, act, self.world.now, unseen);
        }
    }

    /// An operator's hold, committed at once.
    pub(crate) fn hold(&mut self, index: usize, kind: Option<HoldKind>, lasts_s: u64) {
        let Some(id) = self.ids.get(index).cloned() else {
            return;
        };
        let now = self.clock();
        let lasts = Duration::from_secs(lasts_s);
        let hold = kind.map(|kind| Hold {
            kind,
            since: now,
            lasts,
            author: "ops".to_owned(),
            reason: "a test".to_owned(),
        });
        self.pilot.set_hold(&id, hold.clone());
        self.staged_inputs
            .push((now, Input::Hold { campaign: id, hold }));
        let length = i64::try_from(lasts.as_millis()).unwrap();
        self.judge.hold(index, kind, now.as_unix_millis(), length);
        self.stage(index);
        self.commit();
    }

    fn stage(&mut self, index: usize) {
        let state = self.state(index).clone();
        self.staged.insert(self.ids[index].clone(), state);
    }

    /// A tick in which everything works, with so many agents available.
    pub(crate) fn calm(&mut self, available: u8) {
        self.act(&Action::Tick(Tick::calm(available)));
    }

    /// A tick in which the commands meet this fate.
    pub(crate) fn fated(&mut self, available: u8, fate: Fate) {
        self.act(&Action::Tick(Tick {
            fate,
            ..Tick::calm(available)
        }));
    }

    pub(crate) fn crashing(&mut self, available: u8, fate: Fate, crash: Crash) {
        self.act(&Action::Tick(Tick {
            fate,
            crash: Some(crash),
            ..Tick::calm(available)
        }));
    }

    /// A tick whose poll fails.
    pub(crate) fn blind(&mut self) {
        self.act(&Action::Tick(Tick {
            poll: Poll::Failed,
            ..Tick::calm(0)
        }));
    }

    pub(crate) fn tick(&mut self, tick: &Tick) -> Result<(), Died> {
        self.reads = 0;
        let needed = self
            .pilot
            .due_status_reads(0, MOST_NEEDED_READS, self.clock());
        let taken_at = self.clock();
        self.world.advance(ROUND_TRIP);
        self.take_sample(tick.poll, taken_at);
        for id in needed {
            let index = self.index(&id);
            let finding = self.read(index, tick);
            self.take_status(index, finding);
        }
        let now = self.clock();
        let plan = self.pilot.decide(now);
        let wanted: Vec<(CampaignId, Direction)> = plan
            .commands
            .iter()
            .map(|(id, wanted)| (id.clone(), wanted.direction))
            .collect();
        self.staged_inputs.push((
            now,
            Input::Decide {
                wanted: wanted.clone(),
                paces: plan.paces.clone(),
            },
        ));
        self.alerts.extend(plan.alerts);
        for (id, reason) in &plan.reasons {
            let faults = stages::what_is_wrong(&self.pilot, id, reason);
            self.judge.faults.extend(faults);
        }
        self.reasons = plan.reasons.into_iter().map(|(_, reason)| reason).collect();
        for (id, direction) in wanted {
            self.command(self.index(&id), direction, tick)?;
        }
        for id in self.pilot.due_status_reads(self.routine, 0, self.clock()) {
            let index = self.index(&id);
            let finding = self.read(index, tick);
            self.take_status(index, finding);
        }
        self.commit();
        Ok(())
    }

    fn index(&self, id: &CampaignId) -> usize {
        self.ids.iter().position(|other| other == id).unwrap()
    }

    fn take_sample(&mut self, poll: Poll, taken_at: Timestamp) {
        let now = self.clock();
        let counted = |taken_at| match poll {
            Poll::Valid { available, busy } => Sample::Complete {
                taken_at,
                heads: vec![
                    GroupCount::Known(HeadCount {
                        free: u32::from(available),
                        serving: 0,
                        wrap_up: 0,
                        staffed: u32::from(available) + u32::from(busy),
                    });
                    self.pilot.groups().len()
                ],
            },
            Poll::Failed => Sample::Invalid {
                why: "page 2 of 3 is missing".to_owned(),
            },
            Poll::TooOld => Sample::Complete {
                taken_at,
                heads: vec![GroupCount::Known(HeadCount::default()); self.pilot.groups().len()],
            },
        };
        let sample = counted(match poll {
            Poll::TooOld => taken_at.minus(Duration::from_secs(61)),
            Poll::Valid { .. } | Poll::Failed => taken_at,
        });
        let before: Vec<CampaignState> = self.states();
        self.pilot.observe_sample(sample.clone(), now);
        self.staged_inputs.push((now, Input::Sample { sample }));
        match poll {
            Poll::Valid { available, busy } => {
                let staffed = u32::from(available) + u32::from(busy);
                let counts = self
                    .policies
                    .values()
                    .map(|policy| (u32::from(available), lines(policy, staffed)))
                    .collect();
                self.judge.sample(Some(counts));
            }
            Poll::Failed | Poll::TooOld => {
                self.judge.sample(None);
                if before != self.states() {
                    self.judge
                        .faults
                        .push("an invalid sample changed a campaign's state".to_owned());
                }
            }
        }
    }

    fn states(&self) -> Vec<CampaignState> {
        self.pilot
            .campaigns()
            .map(|(_, campaign)| campaign.state().clone())
            .collect()
    }

    fn read(&mut self, index: usize, tick: &Tick) -> StatusFinding {
        let fails = tick.reads_fail.rotate_right(self.reads) & 1 == 1;
        self.reads += 1;
        self.world.advance(ROUND_TRIP);
        if fails {
            StatusFinding::Unreadable
        } else {
            self.world.read(index, self.clock())
        }
    }

    fn take_status(&mut self, index: usize, finding: StatusFinding) {
        let now = self.clock();
        self.judge_reads(index, &finding);
        let notices = self.pilot.observe_status(&self.ids[index], &finding, now);
        self.staged_inputs.push((
            now,
            Input::Status {
                campaign: self.ids[index].clone(),
                finding,
            },
        ));
        self.take_notices(index, notices);
        self.stage(index);
    }

    fn judge_reads(&mut self, index: usize, finding: &StatusFinding) {
        if matches!(finding, StatusFinding::Unreadable) {
            return;
        }
        let ours = self.belief(index).paused_by_us();
        let first = self.state(index).last_reading.is_none();
        let clock = self.clock().as_unix_millis();
        self.judge.read(
            index,
            &self.world.campaigns[index],
            &self.policies[&self.ids[index]],
            ours,
            first,
            clock,
        );
    }

    fn take_notices(&mut self, index: usize, notices: Vec<Notice>) {
        let now = self.clock().as_unix_millis();
        for notice in &notices {
            if let Notice::Resolved {
                to,
                conclusion: Conclusion::Confirmed,
                ..
            } = notice
            {
                let cause = self.state(index).last_transition.map(|last| last.cause);
                self.judge.confirmed_at(index, *to, cause, now);
            }
        }
        self.notices.extend(notices);
    }

    /// Read, authorise, commit, send, read back, report, commit; a person or a crash may come between.
    fn command(&mut self, index: usize, direction: Direction, tick: &Tick) -> Result<(), Died> {
        let id = self.ids[index].clone();
        let finding = self.read(index, tick);
        let readable = matches!(finding, StatusFinding::Found(_));
        self.take_status(index, finding);
        if !readable {
            return Ok(());
        }
        let now = self.clock();
        let command = self.pilot.authorise(&id, direction, now);
        self.staged_inputs.push((
            now,
            Input::Authorise {
                campaign: id.clone(),
                direction,
                granted: command.is_some(),
            },
        ));
        let Some(command) = command else {
            return Ok(());
        };
        let Outcome::Command { cause, .. } = command.reason.outcome else {
            panic!("authorised without wanting it: {:?}", command.reason);
        };
        self.judge.leaving(&Leaving {
            index,
            direction,
            cause,
            truth: &self.world.campaigns[index],
            policy: &self.policies[&id],
            clock: now.as_unix_millis(),
            now: self.world.now,
        });
        if self.pilot.authorise(&id, direction, now).is_some() {
            self.judge
                .faults
                .push(format!("campaign {index}: authorised twice"));
        }
        self.stage(index);
        if tick.fate == Fate::StoreDown {
            let why = "the disk is full".to_owned();
            self.report(index, Delivery::NotSent { why }, StatusFinding::Unreadable);
            return Ok(());
        }
        self.sent.push((index, direction, cause));
        self.commit();
        if tick.crash == Some(Crash::Committed) {
            return Err(Died);
        }
        self.world.advance(ROUND_TRIP);
        if let Some(act) = tick.race {
            self.person(index, act);
        }
        let delivery = self.send(index, direction, tick.fate);
        if tick.crash == Some(Crash::Sent) {
            return Err(Died);
        }
        let after = match delivery {
            Delivery::NotSent { .. } => StatusFinding::Unreadable,
            Delivery::Acknowledged { .. }
            | Delivery::Conflict { .. }
            | Delivery::Lost { .. }
            | Delivery::Refused { .. } => self.read(index, tick),
        };
        self.report(index, delivery, after);
        if tick.crash == Some(Crash::Reported) {
            return Err(Died);
        }
        self.commit();
        Ok(())
    }

    fn send(&mut self, index: usize, direction: Direction, fate: Fate) -> Delivery {
        let lost = Delivery::Lost {
            why: "no answer in time".to_owned(),
        };
        match fate {
            Fate::Acknowledged => {
                self.world.apply(index, direction);
                Delivery::Acknowledged {
                    version: self.world.version(index),
                }
            }
            Fate::LostButApplied => {
                self.world.apply(index, direction);
                lost
            }
            Fate::LostAndNotApplied => lost,
            Fate::Late { after_s } => {
                let delay = Duration::from_secs(u64::from(after_s));
                self.world.apply_late(index, direction, delay);
                lost
            }
            Fate::Slow { after_s } => {
                let delay = Duration::from_secs(u64::from(after_s));
                self.world.apply_late(index, direction, delay);
                Delivery::Acknowledged { version: None }
            }
            Fate::Refused => Delivery::Refused {
                why: "409 conflict".to_owned(),
                wait: None,
            },
            Fate::NotSent | Fate::StoreDown => Delivery::NotSent {
                why: "no connection".to_owned(),
            },
        }
    }

    fn report(&mut self, index: usize, delivery: Delivery, after: StatusFinding) {
        let now = self.clock();
        let campaign = self.ids[index].clone();
        let to = self.state(index).unresolved.as_ref().map(|u| u.to);
        let acknowledged = matches!(delivery, Delivery::Acknowledged { .. });
        self.judge_reads(index, &after);
        let result = CommandResult {
            delivery,
            after,
            before: None,
            ended_at: None,
            lost: Vec::new(),
        };
        let (conclusion, notices) = self.pilot.report(&campaign, &result, now);
        self.staged_inputs.push((
            now,
            Input::Report {
                campaign,
                result: Box::new(result),
                conclusion,
            },
        ));
        let settled = conclusion != Conclusion::Unknown;
        self.judge
            .reported(index, settled, acknowledged, self.world.now);
        if conclusion == Conclusion::Confirmed {
            let cause = self.state(index).last_transition.map(|last| last.cause);
            self.judge
                .confirmed_at(index, to.unwrap(), cause, now.as_unix_millis());
        }
        self.conclusions.push(conclusion);
        self.take_notices(index, notices);
        self.stage(index);
    }
}

/// Section 6, stage 2, from its text.
pub(crate) fn lines(policy: &Policy, staffed: u32) -> AgentThresholds {
    let percent =
        |limit: Limit| -> u32 { limit.to_string().trim_end_matches('%').parse().unwrap() };
    let p = policy.thresholds.pause_below();
    let r = policy.thresholds.resume_at();
    if let (Limit::Agents(p), Limit::Agents(r)) = (p, r) {
        return AgentThresholds {
            pause_below: p,
            resume_at: r,
        };
    }
    let ceil = |percent: u32| (percent * staffed).div_ceil(100);
    let below = ceil(percent(p)).max(u32::from(staffed == 0));
    AgentThresholds {
        pause_below: below,
        resume_at: ceil(percent(r)).max(below + 1),
    }
}
