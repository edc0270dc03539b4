//! A campaign that aims at a share of abandoned calls: what feeds its aim, and when the aim is in force.
//!
//! The aim takes the place of the two thresholds and of nothing else: confirmation, dwell, budget, people, hold and calendar stand
//! around it as they stand around thresholds. An operator's thresholds are in force before it; it goes on learning meanwhile,
//! because what it guarantees is a sum over all calls.
//!
//! *First start.* The state begins with the rule, and goes with it: an aim that is taken out of the settings has learned nothing when it
//! comes back. One with another target keeps its threshold.

use crate::domain::actuator::Actuator;
use crate::domain::aim::{
    AbandonTarget, AimBy, AimMoved, AimReading, AimRule, AimState, HalfAgents,
};
use crate::domain::belief::Belief;
use crate::domain::count::Count;
use crate::domain::group::HeadCount;
use crate::domain::outcomes::{OutcomeReading, OutcomesRead};
use crate::domain::threshold_override::ThresholdOverride;
use crate::domain::thresholds::{AgentThresholds, Limit, Thresholds};
use crate::domain::throttle::IdleReserve;
use crate::domain::time::Timestamp;

use super::ownership::Campaign;
use super::stages::Compared;

impl Campaign {
    /// Begins or ends the memory of the aim as the rules say.
    pub(crate) fn begin_aim(&mut self) {
        match &self.policy.aim {
            Some(rule) => {
                let begin = || Box::new(AimState::new(rule));
                self.state.aim.get_or_insert_with(begin);
            }
            None => self.state.aim = None,
        }
    }

    /// What an operator set for a while.
    fn set(&self, now: Timestamp) -> Option<&ThresholdOverride> {
        let set = self.state.threshold_override.as_deref();
        set.filter(|set| set.active(now))
    }

    /// The rule of its aim, with an operator's target while one is in force.
    fn rule(&self, now: Timestamp) -> Option<AimRule> {
        let mut rule = self.policy.aim?;
        let target = self.set(now).and_then(|set| set.abandon_target);
        rule.target = target.unwrap_or(rule.target);
        Some(rule)
    }

    fn aim(&self, now: Timestamp) -> Option<(AimRule, &AimState)> {
        self.rule(now).zip(self.state.aim.as_deref())
    }

    /// The aim, unless an operator's thresholds are in force instead.
    fn aim_in_force(&self, now: Timestamp) -> Option<(AimRule, &AimState)> {
        let set = self.set(now);
        let aim = self.aim(now)?;
        set.is_none_or(|set| set.abandon_target.is_some())
            .then_some(aim)
    }

    /// The thresholds in force: an operator's, or those of its rules; an aim's as whole agents.
    #[must_use]
    pub fn thresholds(&self, now: Timestamp) -> Thresholds {
        let aims =
            |set: &&ThresholdOverride| set.abandon_target.is_some() && self.policy.aim.is_some();
        let set = self.set(now).filter(|set| !aims(set));
        set.map_or_else(|| self.configured_thresholds(), |set| set.thresholds)
    }

    /// The share that its aim is set to, an operator's or that of its rules.
    #[must_use]
    pub fn abandon_target(&self, now: Timestamp) -> Option<AbandonTarget> {
        self.rule(now).map(|rule| rule.target)
    }

    /// Its thresholds without an operator's: those of its rules, or its aim's as whole agents, rounded up.
    #[must_use]
    pub fn configured_thresholds(&self) -> Thresholds {
        let aim = self.policy.aim.as_ref().zip(self.state.aim.as_deref());
        let Some((rule, aim)) = aim else {
            return self.policy.thresholds;
        };
        let agents = |half: HalfAgents| Limit::Agents(half.rounded_up());
        let whole = Thresholds::new(agents(aim.pause_below(rule)), agents(aim.resume_at(rule)));
        whole.unwrap_or(self.policy.thresholds)
    }

    /// What its aim says, whether or not it is in force.
    #[must_use]
    pub fn aim_reading(&self, now: Timestamp) -> Option<AimReading> {
        let aim = self.aim(now);
        aim.map(|(rule, aim)| aim.reading(&rule, None, now))
    }

    /// What the aim in force says; `signal` is what it compared.
    pub(super) fn aimed(
        &self,
        signal: Option<HalfAgents>,
        now: Timestamp,
    ) -> Option<Box<AimReading>> {
        let (rule, aim) = self.aim_in_force(now)?;
        Some(Box::new(aim.reading(&rule, signal, now)))
    }

    /// The agents that its aim counts, without those who are claimed before it.
    pub(crate) fn signal(&self, heads: HeadCount, claimed: u32) -> HalfAgents {
        let rule = self.policy.aim.as_ref();
        rule.map_or(HalfAgents::default(), |rule| {
            let claimed = HalfAgents::from_agents(claimed);
            rule.signal.measure(heads).minus(claimed)
        })
    }

    /// What is compared: the available agents with the thresholds, or the signal with those of the aim.
    pub(super) fn compared(&self, count: Count, signal: HalfAgents, now: Timestamp) -> Compared {
        match self.aim_in_force(now) {
            Some((rule, aim)) => Compared {
                number: signal.halves(),
                thresholds: AgentThresholds {
                    pause_below: aim.pause_below(&rule).halves(),
                    resume_at: aim.resume_at(&rule).halves(),
                },
            },
            None => Compared {
                number: count.available,
                thresholds: self.thresholds(now).in_agents(count.staffed),
            },
        }
    }

    /// How many agents its dialler is to keep idle: as many as the aim's threshold says, or an operator's, which is given in agents.
    pub(super) fn aimed_reserve(
        &self,
        thresholds: AgentThresholds,
        now: Timestamp,
    ) -> Option<IdleReserve> {
        let sets = self.policy.actuator == Actuator::IdleReserve;
        sets.then(|| match self.aim_in_force(now) {
            Some((rule, aim)) => aim.pause_below(&rule).into(),
            None => IdleReserve::from_agents(thresholds.pause_below),
        })
    }

    /// Tells the aim what a complete sample found. `open` says whether its calendar is open now.
    pub(crate) fn observe_heads(&mut self, heads: HeadCount, open: bool, now: Timestamp) {
        let Some(rule) = self.rule(now) else { return };
        let running = self.state.belief == Belief::Running && self.in_flight.is_none();
        let starved = self.starved(open, now) || self.held_back_by_reserve(heads.free);
        let Some(aim) = &mut self.state.aim else {
            return;
        };
        aim.observe_staffed(heads.staffed, now);
        if rule.by == AimBy::Shortage {
            aim.observe_shortage(&rule, heads.free, running, starved, now);
        }
    }

    /// Whether it is paused by us for its threshold, and for nothing else.
    fn starved(&self, open: bool, at: Timestamp) -> bool {
        let state = &self.state;
        let held = state.hold.as_ref().is_some_and(|hold| hold.active(at));
        let set = self.set(at).is_some_and(|set| set.abandon_target.is_none());
        let paused = state.belief.paused_by_us() && !state.paused_by_calendar();
        paused && open && !held && !set
    }

    /// Takes in what became of its dials, and tells the aim.
    ///
    /// `open` says whether its calendar was open when the counters were read, and `idle` how many agents the last complete sample found
    /// available. A campaign that is paused for another reason than its threshold is not starved by that.
    pub(crate) fn observe_outcomes(
        &mut self,
        reading: OutcomeReading,
        open: bool,
        idle: Option<u32>,
    ) -> OutcomesRead {
        let at = reading.until;
        let rule = self.rule(at).filter(|rule| rule.by == AimBy::Counters);
        let starved = self.starved(open, at)
            || (open && idle.is_some_and(|idle| self.held_back_by_reserve(idle)));
        let outcomes = self.state.outcomes.get_or_insert_default();
        let read = outcomes.observe(reading);
        let news = match read {
            OutcomesRead::First | OutcomesRead::Reset | OutcomesRead::Counted(_) => true,
            OutcomesRead::Older | OutcomesRead::Superseded => false,
        };
        let calls = outcomes.calls().filter(|_| news);
        if let (Some(rule), Some(aim), Some(calls)) = (rule, &mut self.state.aim, calls) {
            aim.observe_counters(&rule, calls, starved);
        }
        read
    }

    /// What people have to be told of its aim since it was last told.
    pub(crate) fn tell_aim(&mut self, now: Timestamp) -> Option<AimMoved> {
        let rule = self.rule(now)?;
        self.state.aim.as_mut()?.tell(&rule, now)
    }
}
