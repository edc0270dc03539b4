//! Other policies over the recorded readings of a daemon.
//!
//! *Open loop.* The counts are those that were read while the history's own policy paused and resumed the campaign. A record cannot react
//! to another policy: a campaign that is paused here would have let agents become free, and one that is left running here
//! would have used them up. So a backtest shows how often a policy would have switched on the readings of a site, and no figure of calls.
//!
//! *What is observed.* The time between two valid samples with the campaign under control: running, or paused by the autopilot. Time
//! in which a person had it paused, in which it was not commanded, in which its calendar was closed, or in which readings failed, is
//! left out for every policy alike.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::domain::replay::{Divergence, Input, Replayer};
use crate::domain::{
    Actuator, Autopilot, BelievedStatus, CampaignActivity, CampaignId, CommandResult, Delivery,
    Direction, GroupCount, Policy, Sample, StatusFinding, StatusReading, Timestamp,
};

use super::arm::{Arm, ArmRule};

/// Samples that lie further apart say nothing about the time between them.
const LONGEST_STEP: Duration = Duration::from_secs(5 * 60);

/// How long a command takes at most: here it arrives at once.
const COMMAND_LONGEST: Duration = Duration::from_secs(1);

/// What one policy does on the readings of one campaign.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BacktestRow {
    /// The policy; `history` is what the daemon did.
    pub policy: String,
    /// Time that was observed, in hours.
    pub hours: f64,
    /// Pauses and resumes.
    pub transitions: u32,
    /// Share of the time paused.
    pub paused_share: f64,
    /// Share of the time running with no agent available.
    pub bare_share: f64,
    /// Mean number of agents who were available while it was paused, over all of the time.
    pub idle_agents: f64,
}

impl BacktestRow {
    /// Returns the pauses and resumes in an hour.
    #[must_use]
    pub fn transitions_per_hour(&self) -> f64 {
        if self.hours <= 0.0 {
            return 0.0;
        }
        f64::from(self.transitions) / self.hours
    }
}

/// A policy to try on a record.
#[derive(Clone, Debug)]
pub struct BacktestArm {
    name: String,
    /// The rules; without them the campaign is left running.
    rules: Option<Policy>,
    /// Readings that are closer are left out.
    interval: Duration,
}

impl BacktestArm {
    /// Reads a policy as [`Arm::parse`] does. Every reading counts, unless a poll interval is given.
    ///
    /// # Errors
    /// When the text cannot be read, and for an aim, which needs the calls that would have been abandoned, as for whatever slows a
    /// campaign down.
    pub fn parse(text: &str) -> Result<Self, String> {
        let arm = Arm::parse(text)?;
        if arm.actuator() != Actuator::Pause {
            return Err(
                "a record cannot say what a slower campaign would have left over; try it with `compare`"
                    .to_owned(),
            );
        }
        if arm.hours.is_some() || arm.grouped {
            return Err(
                "calling hours and groups stay those of the configuration; try others with `compare`"
                    .to_owned(),
            );
        }
        let rules = match arm.rule {
            ArmRule::AlwaysRun => None,
            ArmRule::Policy(policy) if policy.aim.is_none() => Some(*policy),
            ArmRule::Policy(_) => {
                return Err(
                    "an aim learns from abandoned calls, and a record cannot say which there would have been; try it with `compare`"
                        .to_owned(),
                );
            }
        };
        let interval = Some(arm.poll_interval).filter(|_| arm.interval_given);
        Ok(Self {
            name: arm.name,
            rules,
            interval: interval.unwrap_or_default(),
        })
    }
}

/// Policies over a record.
pub struct Backtest {
    arms: Vec<BacktestArm>,
    since: Timestamp,
    only: Vec<CampaignId>,
    replayer: Replayer,
    trials: BTreeMap<CampaignId, CampaignTrials>,
}

/// What became of one campaign: in the history first, and then under each arm.
struct CampaignTrials {
    history: Tally,
    arms: Vec<(Option<Trial>, Tally)>,
    /// The policy that the trials rest on.
    policy: Policy,
}

/// One policy at work.
struct Trial {
    autopilot: Autopilot,
    running: bool,
    changed: Timestamp,
    polled_at: Timestamp,
}

/// Sums over the time that was observed.
#[derive(Clone, Copy, Default)]
struct Tally {
    observed: Duration,
    paused: Duration,
    bare: Duration,
    idle_agent_seconds: f64,
    transitions: u32,
    last: Option<Observed>,
}

/// A campaign at a sample.
#[derive(Clone, Copy)]
struct Observed {
    at: Timestamp,
    running: bool,
    available: u32,
}

impl Backtest {
    /// Begins a backtest of `arms` over what was recorded since then, of these campaigns, or of all where none is named.
    #[must_use]
    pub fn new(arms: Vec<BacktestArm>, since: Timestamp, only: Vec<CampaignId>) -> Self {
        Self {
            arms,
            since,
            only,
            replayer: Replayer::default(),
            trials: BTreeMap::new(),
        }
    }

    /// Feeds one recorded input.
    ///
    /// # Errors
    /// A decision of the history that comes out otherwise than it was recorded: the record cannot be trusted then.
    pub fn step(&mut self, at: Timestamp, input: Input) -> Result<(), Divergence> {
        let sample = if let Input::Sample { sample } = &input {
            Some(sample.clone()).filter(|_| at >= self.since)
        } else {
            None
        };
        if matches!(input, Input::Gap | Input::ClockStepped { .. }) {
            self.interrupt();
        }
        self.replayer.step(at, input)?;
        if let Some(sample) = sample {
            self.sample(&sample, at);
        }
        Ok(())
    }

    /// Returns the results by campaign, the history first.
    #[must_use]
    pub fn results(&self) -> BTreeMap<CampaignId, Vec<BacktestRow>> {
        let rows = |trials: &CampaignTrials| {
            let history = trials.history.row("history");
            let arms = trials.arms.iter().zip(&self.arms);
            let arms = arms.map(|((_, tally), arm)| tally.row(&arm.name));
            std::iter::once(history).chain(arms).collect()
        };
        let trials = self.trials.iter();
        trials
            .map(|(id, trials)| (id.clone(), rows(trials)))
            .collect()
    }

    /// What follows is no continuation of what was before.
    fn interrupt(&mut self) {
        for trials in self.trials.values_mut() {
            trials.interrupt();
        }
    }

    fn sample(&mut self, sample: &Sample, at: Timestamp) {
        let Some(recorded) = self.replayer.autopilot() else {
            return;
        };
        for (id, campaign) in recorded.campaigns() {
            if !self.only.is_empty() && !self.only.contains(id) {
                continue;
            }
            let arms = &self.arms;
            let trials = self
                .trials
                .entry(id.clone())
                .or_insert_with(|| CampaignTrials::new(campaign.policy(), arms.len()));
            if trials.policy != *campaign.policy() {
                trials.policy = campaign.policy().clone();
                trials.interrupt();
            }
            let says = recorded.calendars().says(campaign.policy(), at);
            if says.is_some_and(|says| !says.is_open()) {
                trials.interrupt();
                continue;
            }
            let running = match campaign.believed_status() {
                BelievedStatus::Running => true,
                BelievedStatus::PausedByUs | BelievedStatus::PausedByCalendar => false,
                BelievedStatus::Unread
                | BelievedStatus::PausedByPerson
                | BelievedStatus::PausedUnproven
                | BelievedStatus::Changing
                | BelievedStatus::Other
                | BelievedStatus::Missing => {
                    trials.interrupt();
                    continue;
                }
            };
            let Sample::Complete { taken_at, heads } = sample else {
                trials.interrupt();
                continue;
            };
            let Some((head, available)) = campaign.head_in(heads) else {
                trials.interrupt();
                continue;
            };
            let observed = Observed {
                at,
                running,
                available,
            };
            trials.history.add(observed);
            for (arm, (trial, tally)) in arms.iter().zip(&mut trials.arms) {
                let Some(rules) = &arm.rules else {
                    tally.add(Observed {
                        running: true,
                        ..observed
                    });
                    continue;
                };
                let trial = trial.get_or_insert_with(|| {
                    Trial::new(id, &under(campaign.policy(), rules), running, at)
                });
                trial.poll(id, (*taken_at, head.clone()), at, arm.interval);
                tally.add(Observed {
                    running: trial.running,
                    ..observed
                });
            }
        }
    }
}

/// The policy of the history with the thresholds, confirmations, dwell and budget of another one: the agents that count stay the same.
fn under(history: &Policy, rules: &Policy) -> Policy {
    Policy {
        thresholds: rules.thresholds,
        aim: rules.aim,
        // Nothing is slowed down on a record.
        actuator: Actuator::Pause,
        confirm_pause: rules.confirm_pause,
        confirm_resume: rules.confirm_resume,
        min_running: rules.min_running,
        min_paused: rules.min_paused,
        max_resumes_per_hour: rules.max_resumes_per_hour,
        place: None,
        // Only the time in which it is open is observed.
        calendar: None,
        ..history.clone()
    }
}

impl CampaignTrials {
    fn new(policy: &Policy, arms: usize) -> Self {
        Self {
            history: Tally::default(),
            arms: std::iter::repeat_with(|| (None, Tally::default()))
                .take(arms)
                .collect(),
            policy: policy.clone(),
        }
    }

    fn interrupt(&mut self) {
        self.history.last = None;
        for (trial, tally) in &mut self.arms {
            *trial = None;
            tally.last = None;
        }
    }
}

impl Trial {
    fn new(id: &CampaignId, policy: &Policy, running: bool, at: Timestamp) -> Self {
        let policies = BTreeMap::from([(id.clone(), policy.clone())]);
        let mut trial = Self {
            autopilot: Autopilot::new(1, policies, BTreeMap::new(), COMMAND_LONGEST, at),
            running: true,
            changed: at,
            polled_at: Timestamp::from_unix_millis(0),
        };
        trial.read(id, at);
        if !running {
            // Paused by the autopilot: its own pause, which it may resume.
            trial.carry_out(id, Direction::Pause, at);
        }
        trial
    }

    /// One poll, unless the last one is younger than the interval.
    fn poll(
        &mut self,
        id: &CampaignId,
        (taken_at, head): (Timestamp, GroupCount),
        at: Timestamp,
        interval: Duration,
    ) {
        // Polls are never exactly an interval apart.
        if at.since(self.polled_at) < interval.mul_f64(0.9) {
            return;
        }
        self.polled_at = at;
        let heads = vec![head];
        self.autopilot
            .observe_sample(Sample::Complete { taken_at, heads }, at);
        self.read(id, at);
        for (_, wanted) in self.autopilot.decide(at).commands {
            self.carry_out(id, wanted.direction, at);
        }
    }

    fn carry_out(&mut self, id: &CampaignId, direction: Direction, at: Timestamp) {
        if self.autopilot.authorise(id, direction, at).is_none() {
            return;
        }
        self.running = direction == Direction::Resume;
        self.changed = at;
        let result = CommandResult {
            delivery: Delivery::Acknowledged { version: None },
            after: self.status(at),
            before: None,
            ended_at: None,
            lost: Vec::new(),
        };
        self.autopilot.report(id, &result, at);
    }

    fn read(&mut self, id: &CampaignId, at: Timestamp) {
        let found = self.status(at);
        self.autopilot.observe_status(id, &found, at);
    }

    fn status(&self, at: Timestamp) -> StatusFinding {
        let activity = if self.running {
            CampaignActivity::Running
        } else {
            CampaignActivity::Paused
        };
        StatusFinding::Found(StatusReading {
            version: Some(self.changed.as_unix_millis().to_string()),
            updated_at: Some(self.changed),
            platform_now: Some(at),
            ..StatusReading::without_evidence(activity, String::new(), at)
        })
    }
}

impl Tally {
    /// Adds a sample, and with it the time since the one before.
    fn add(&mut self, now: Observed) {
        let before = self.last.replace(now);
        let Some(before) = before else { return };
        if before.running != now.running {
            self.transitions = self.transitions.saturating_add(1);
        }
        let step = now.at.since(before.at);
        if step > LONGEST_STEP {
            return;
        }
        self.observed = self.observed.saturating_add(step);
        if !before.running {
            self.paused = self.paused.saturating_add(step);
            self.idle_agent_seconds += step.as_secs_f64() * f64::from(before.available);
        } else if before.available == 0 {
            self.bare = self.bare.saturating_add(step);
        }
    }

    fn row(&self, policy: &str) -> BacktestRow {
        let seconds = self.observed.as_secs_f64();
        let share = |part: f64| if seconds > 0.0 { part / seconds } else { 0.0 };
        BacktestRow {
            policy: policy.to_owned(),
            hours: seconds / 3_600.0,
            transitions: self.transitions,
            paused_share: share(self.paused.as_secs_f64()),
            bare_share: share(self.bare.as_secs_f64()),
            idle_agents: share(self.idle_agent_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{HeadCount, Thresholds};

    const START: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);
    const POLL: Duration = Duration::from_secs(30);

    fn id() -> CampaignId {
        "c".parse().unwrap()
    }

    /// A daemon of 5/8 whose platform does at once what it is told, and what it records.
    struct Recorded {
        autopilot: Autopilot,
        now: Timestamp,
        running: bool,
        inputs: Vec<(Timestamp, Input)>,
    }

    impl Recorded {
        fn new() -> Self {
            let policies = BTreeMap::from([(id(), Policy::default())]);
            let longest = Duration::from_secs(40);
            let start = Input::Start {
                run: 1,
                policies: policies.clone(),
                restored: BTreeMap::new(),
                command_longest: longest,
                traits: crate::domain::PlatformTraits::default(),
                calendars: crate::domain::Calendars::default(),
            };
            Self {
                autopilot: Autopilot::new(1, policies, BTreeMap::new(), longest, START),
                now: START,
                running: true,
                inputs: vec![(START, start)],
            }
        }

        fn status(&self) -> StatusFinding {
            let activity = if self.running {
                CampaignActivity::Running
            } else {
                CampaignActivity::Paused
            };
            StatusFinding::Found(StatusReading::without_evidence(
                activity,
                String::new(),
                self.now,
            ))
        }

        fn read(&mut self) {
            let finding = self.status();
            self.autopilot.observe_status(&id(), &finding, self.now);
            let campaign = id();
            self.record(Input::Status { campaign, finding });
        }

        fn record(&mut self, input: Input) {
            self.inputs.push((self.now, input));
        }

        fn poll(&mut self, available: Option<u32>) {
            self.now = self.now.plus(POLL);
            self.read();
            let sample = available.map_or(
                Sample::Invalid {
                    why: "outage".to_owned(),
                },
                |free| Sample::Complete {
                    taken_at: self.now,
                    heads: vec![GroupCount::Known(HeadCount {
                        free,
                        serving: 0,
                        wrap_up: 0,
                        staffed: 20,
                    })],
                },
            );
            self.autopilot.observe_sample(sample.clone(), self.now);
            self.record(Input::Sample { sample });
            let wanted = self.autopilot.decide(self.now).commands;
            let wanted: Vec<_> = wanted
                .into_iter()
                .map(|(id, wanted)| (id, wanted.direction))
                .collect();
            self.record(Input::Decide {
                wanted: wanted.clone(),
                paces: Vec::new(),
            });
            for (campaign, direction) in wanted {
                let granted = self.autopilot.authorise(&campaign, direction, self.now);
                assert!(granted.is_some());
                self.record(Input::Authorise {
                    campaign: campaign.clone(),
                    direction,
                    granted: true,
                });
                self.running = direction == Direction::Resume;
                let result = CommandResult {
                    delivery: Delivery::Acknowledged { version: None },
                    after: self.status(),
                    before: None,
                    ended_at: None,
                    lost: Vec::new(),
                };
                let (conclusion, _) = self.autopilot.report(&campaign, &result, self.now);
                self.record(Input::Report {
                    campaign,
                    result: Box::new(result),
                    conclusion,
                });
            }
        }

        fn polls(&mut self, counts: &[u32]) {
            for available in counts {
                self.poll(Some(*available));
            }
        }

        fn tried(&self, arms: &[&str], since: Timestamp) -> Vec<BacktestRow> {
            let arms = arms.iter().map(|text| BacktestArm::parse(text).unwrap());
            let mut backtest = Backtest::new(arms.collect(), since, Vec::new());
            for (at, input) in self.inputs.clone() {
                backtest.step(at, input).unwrap();
            }
            backtest.results().remove(&id()).unwrap_or_default()
        }
    }

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-9
    }

    #[test]
    fn the_historys_own_policy_does_what_the_history_did() {
        let mut recorded = Recorded::new();
        let counts = [9, 4, 6, 8, 7, 3, 2, 9, 0, 12, 5, 4, 4, 8];
        for _ in 0..20 {
            recorded.polls(&counts);
        }
        let rows = recorded.tried(&["5/8"], START);
        let [history, again] = rows.as_slice() else {
            panic!("{rows:?}")
        };
        // The history's status is as it was read before a decision, the trial's as it is after it.
        assert!(history.transitions > 100, "{history:?}");
        assert!(
            history.transitions.abs_diff(again.transitions) <= 1,
            "{rows:?}"
        );
        assert!(close(history.hours, again.hours));
        assert!(close(history.hours, 279.0 * 30.0 / 3_600.0), "{history:?}");
    }

    #[test]
    fn what_other_policies_do_is_counted_by_hand() {
        let mut recorded = Recorded::new();
        // Eight steps of 30 s between nine samples.
        recorded.polls(&[9, 4, 1, 0, 2, 3, 5, 9, 9]);
        let rows = recorded.tried(&["always", "2/5"], START);
        let (always, low) = (&rows[1], &rows[2]);
        assert_eq!((always.transitions, always.policy.as_str()), (0, "always"));
        assert!(close(always.paused_share, 0.0));
        // One step begins with nobody available.
        assert!(close(always.bare_share, 1.0 / 8.0), "{always:?}");
        // Paused at 1, resumed at 5: the steps that begin with 1, 0, 2 and 3.
        assert_eq!(low.transitions, 2);
        assert!(close(low.paused_share, 4.0 / 8.0), "{low:?}");
        assert!(close(low.idle_agents, 6.0 / 8.0), "{low:?}");
        assert!(close(low.bare_share, 0.0));
    }

    #[test]
    fn time_that_was_not_observed_counts_for_nobody() {
        let mut recorded = Recorded::new();
        recorded.polls(&[9, 9]);
        recorded.poll(None);
        recorded.polls(&[9, 9]);
        // A person pauses it, and it stays so for an hour.
        recorded.running = false;
        for _ in 0..120 {
            recorded.poll(Some(0));
        }
        let rows = recorded.tried(&["5/8", "always"], START);
        for row in &rows {
            assert!(close(row.hours, 2.0 * 30.0 / 3_600.0), "{row:?}");
            assert_eq!(row.transitions, 0, "{row:?}");
        }
    }

    #[test]
    fn what_is_older_is_left_out_and_a_longer_interval_leaves_readings_out() {
        let mut recorded = Recorded::new();
        recorded.polls(&[9; 10]);
        let middle = recorded.now;
        recorded.polls(&[0, 9, 0, 9, 0, 9]);
        let rows = recorded.tried(&["5/8", "5/8,poll=2m"], middle);
        assert!(close(rows[0].hours, 6.0 * 30.0 / 3_600.0), "{rows:?}");
        assert_eq!(rows[1].transitions, 6, "{rows:?}");
        // Two minutes apart it sees 9 and 9.
        assert_eq!(rows[2].transitions, 0, "{rows:?}");
    }

    #[test]
    fn a_record_that_does_not_hold_is_refused() {
        let mut recorded = Recorded::new();
        recorded.polls(&[9, 0]);
        for (_, input) in &mut recorded.inputs {
            if let Input::Decide { wanted, .. } = input {
                wanted.clear();
            }
        }
        let mut backtest = Backtest::new(Vec::new(), START, Vec::new());
        let fed = recorded.inputs.into_iter();
        let mut fed = fed.map(|(at, input)| backtest.step(at, input));
        assert!(fed.any(|step| step.is_err()));
    }

    #[test]
    fn the_agents_that_count_stay_those_of_the_history() {
        let history = Policy {
            counting: crate::domain::Counting::FreeAndServing,
            ..Policy::default()
        };
        let rules = BacktestArm::parse("2/5,running=3m").unwrap().rules.unwrap();
        assert!(
            BacktestArm::parse("aim=0.5%")
                .unwrap_err()
                .contains("compare")
        );
        let tried = under(&history, &rules);
        assert_eq!(tried.counting, history.counting);
        assert_eq!(
            tried.thresholds,
            Thresholds::new("2".parse().unwrap(), "5".parse().unwrap()).unwrap()
        );
        assert_eq!(tried.min_running, Duration::from_secs(180));
    }
}
