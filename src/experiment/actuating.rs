//! What is done to a campaign when its rule asks for fewer calls: it is paused, stepped down, or given an idle reserve.
//!
//! A campaign that is **stepped down** dials one call for each idle agent. It is running still, so that its rule is asked
//! on as for one that runs: below the pause threshold it is paused, where the arm does that, but not before a reading shows
//! what the step did; from the resume threshold on its pace is put back. A pause is resumed at one call for each idle agent.

use crate::domain::{Actuator, Direction};
use crate::simulator::{Mode, Scenario, SimTime, TenthsOfAgents};

use super::arm::{Arm, ArmRule};
use super::centre_day::Day;

impl Arm {
    /// Checks that the arm can be carried out on the scenario.
    ///
    /// # Errors
    /// The campaign on which it has no effect, and why.
    pub fn check(&self, scenario: &Scenario) -> Result<(), String> {
        for campaign in &scenario.campaigns {
            let why = match (self.actuator(), campaign.mode) {
                (Actuator::Pause, _)
                | (
                    Actuator::StepDown | Actuator::StepDownThenPause,
                    Mode::Power { .. } | Mode::Predictive { .. },
                )
                | (
                    Actuator::IdleReserve,
                    Mode::Progressive | Mode::Power { .. } | Mode::Predictive { .. },
                ) => continue,
                (Actuator::StepDown | Actuator::StepDownThenPause, Mode::Progressive) => {
                    "is progressive and dials one call for each idle agent as it is; fewer would slow it down also when it does no harm"
                }
                (_, Mode::Preview { .. }) => {
                    "is a preview campaign: an agent is on the line before it rings, so that there is nothing to slow down"
                }
                (_, Mode::Instant { .. }) => {
                    "has the mode `instant`, in which every call has an agent, so that there is nothing to slow down"
                }
            };
            return Err(format!(
                "policy `{self}`: campaign `{}` of scenario `{}` {why}; take actuator=pause, or a scenario with another mode",
                campaign.id, scenario.name
            ));
        }
        Ok(())
    }

    pub(super) fn actuator(&self) -> Actuator {
        match &self.rule {
            ArmRule::AlwaysRun => Actuator::Pause,
            ArmRule::Policy { actuator, .. } | ArmRule::Aim { actuator, .. } => *actuator,
        }
    }
}

impl Day<'_> {
    /// Whether the campaign is stepped down.
    pub(super) fn stepped_down(&self, campaign: &str) -> bool {
        self.stepped.contains_key(campaign)
    }

    /// Carries out what the rule asks of a running campaign, beside its pause: gives whether the pause is to follow.
    pub(super) fn slows_down(&mut self, campaign: &str, actuator: Actuator, at: SimTime) -> bool {
        if !actuator.steps_down() {
            return true;
        }
        let Some(since) = self.stepped.get(campaign) else {
            self.stepped.insert(campaign.to_owned(), at);
            self.limit_pace(campaign, Some(TenthsOfAgents::ONE), at);
            return false;
        };
        let telemetry = &self.scenario.telemetry;
        // A reading that is older than the step's effect says nothing about it.
        let settled = since
            .plus(telemetry.actuation_delay)
            .plus(telemetry.stale_counts);
        actuator == Actuator::StepDownThenPause && at > settled
    }

    /// Puts a campaign's pace back.
    pub(super) fn put_back(&mut self, campaign: &str, at: SimTime) {
        if self.stepped.remove(campaign).is_some() {
            self.limit_pace(campaign, None, at);
        }
    }

    fn limit_pace(&mut self, campaign: &str, limit: Option<TenthsOfAgents>, at: SimTime) {
        let from = at.plus(self.scenario.telemetry.actuation_delay);
        self.centre.limit_pace(campaign, limit, from);
    }

    /// Has the campaign's dialler keep so many agents idle.
    pub(super) fn keep_idle(&mut self, campaign: &str, reserve: TenthsOfAgents, at: SimTime) {
        let from = at.plus(self.scenario.telemetry.actuation_delay);
        self.centre.keep_idle(campaign, reserve, from);
    }

    /// Carries out what the rule wants of a campaign that it has a say in; gives whether its status was commanded.
    pub(super) fn carry_out(
        &mut self,
        campaign: &str,
        wanted: Option<Direction>,
        actuator: Actuator,
        at: SimTime,
    ) -> bool {
        let Some(direction) = wanted else {
            return false;
        };
        let commanded = match direction {
            Direction::Pause => self.slows_down(campaign, actuator, at),
            Direction::Resume => true,
        };
        if commanded {
            self.command(campaign, direction.target(), at);
        }
        commanded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(name: &str) -> Scenario {
        Scenario::parse(Scenario::text(name).unwrap(), name).unwrap()
    }

    #[test]
    fn what_has_no_effect_is_refused_with_the_reason() {
        let progressive = scenario("blended-40");
        let power = scenario("lunch-dip");
        let mut preview = progressive.clone();
        preview.campaigns[0].mode = Mode::Instant { keep_available: 2 };
        let checked = |text: &str, scenario: &Scenario| Arm::parse(text).unwrap().check(scenario);
        for text in [
            "5/8,actuator=step-down",
            "aim=0.5%,actuator=step-down-then-pause",
        ] {
            let why = checked(text, &progressive).unwrap_err();
            assert!(
                why.contains("campaign-1") && why.contains("is progressive"),
                "{why}"
            );
            assert_eq!(checked(text, &power), Ok(()));
        }
        assert_eq!(checked("aim=0.5%,reserve", &progressive), Ok(()));
        let why = checked("aim=0.5%,reserve", &preview).unwrap_err();
        assert!(why.contains("`instant`"), "{why}");
        assert_eq!(checked("5/8", &preview), Ok(()));
    }
}
