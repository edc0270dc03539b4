//! The paces of the campaigns' diallers: what an autopilot reads of them, and what its changes do.
//!
//! A change is read back at once, and the dialler follows after the scenario's actuation delay. A dialler that paces itself by a
//! target of its own shows the most that it dials.

use crate::domain::throttle::{
    DialRatio, IdleReserve, Lever, PaceFinding, PaceReading, PaceResult, PaceSetting, PaceStep,
};
use crate::domain::{Actuator, Autopilot, CampaignId, Delivery};
use crate::simulator::{Mode, OutboundCampaign, Scenario, SimTime, TenthsOfAgents};

use super::arm::Arm;
use super::centre_day::{Day, timestamp};

/// What a dialler shows that paces itself.
const MOST_DIALS: DialRatio = DialRatio::from_dials(3);

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
}

/// The dials for each idle agent of a campaign that nobody has slowed down.
fn own_ratio(campaign: &OutboundCampaign) -> DialRatio {
    match campaign.mode {
        Mode::Power { dials_per_agent } => {
            // Of 0.01 to 20, in hundredths: the type of a scenario's number has no whole ones.
            let hundredths = (1..=2_000_u32).find(|n| f64::from(*n) >= dials_per_agent * 100.0);
            hundredths.map_or(MOST_DIALS, DialRatio::from_hundredths)
        }
        Mode::Predictive { .. } => MOST_DIALS,
        Mode::Progressive | Mode::Preview { .. } | Mode::Instant { .. } => DialRatio::ONE,
    }
}

impl Day<'_> {
    /// Makes the change of a pace that the autopilot wants.
    pub(super) fn change_pace(
        &mut self,
        autopilot: &mut Autopilot,
        id: &CampaignId,
        step: PaceStep,
        at: SimTime,
    ) {
        let now = timestamp(at);
        self.read_pace(autopilot, id, at);
        let Some(change) = autopilot.authorise_pace(id, step, now) else {
            return;
        };
        self.set_pace(id, change.to, at);
        let result = PaceResult {
            delivery: Delivery::Acknowledged { version: None },
            after: self.pace(autopilot, id),
        };
        autopilot.report_pace(id, &result, now);
    }

    /// Reads a campaign's pace.
    pub(super) fn read_pace(&self, autopilot: &mut Autopilot, id: &CampaignId, at: SimTime) {
        let finding = self.pace(autopilot, id);
        autopilot.observe_pace(id, finding, timestamp(at));
    }

    fn pace(&self, autopilot: &Autopilot, id: &CampaignId) -> PaceFinding {
        let campaigns = &self.scenario.campaigns;
        let campaign = campaigns.iter().find(|known| known.id == id.as_str());
        let (Some(lever), Some(campaign)) = (autopilot.pace_lever(id), campaign) else {
            return PaceFinding::Unreadable;
        };
        let set = self.paces.get(id.as_str()).copied();
        PaceFinding::Found(match lever {
            Lever::DialRatio => PaceReading::Dials {
                ratio: set
                    .and_then(PaceSetting::dials)
                    .unwrap_or_else(|| own_ratio(campaign)),
                least: DialRatio::ONE,
            },
            Lever::IdleReserve => PaceReading::KeptIdle {
                reserve: set.and_then(PaceSetting::kept_idle).unwrap_or_default(),
            },
        })
    }

    fn set_pace(&mut self, id: &CampaignId, to: PaceSetting, at: SimTime) {
        let from = at.plus(self.scenario.telemetry.actuation_delay);
        match to {
            // The only step that there is; any other ratio is the campaign's own.
            PaceSetting::Dials(ratio) => {
                let limit = (ratio == DialRatio::ONE).then_some(TenthsOfAgents::ONE);
                self.centre.limit_pace(id.as_str(), limit, from);
            }
            PaceSetting::KeptIdle(reserve) => {
                self.centre.keep_idle(id.as_str(), tenths(reserve), from);
            }
        }
        self.paces.insert(id.as_str().to_owned(), to);
    }
}

fn tenths(reserve: IdleReserve) -> TenthsOfAgents {
    TenthsOfAgents::from_tenths(reserve.tenths())
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

    #[test]
    fn a_campaigns_own_pace_is_what_it_dials() {
        let mut campaign = scenario("blended-40").campaigns[0].clone();
        assert_eq!(own_ratio(&campaign), DialRatio::ONE);
        for (dials_per_agent, text) in [(1.8, "1.8"), (0.1, "0.1"), (20.0, "20")] {
            campaign.mode = Mode::Power { dials_per_agent };
            assert_eq!(own_ratio(&campaign).to_string(), text);
        }
    }
}
