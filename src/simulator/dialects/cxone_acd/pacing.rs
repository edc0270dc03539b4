//! The general settings of skills, and what they do to the dialler: it never has more calls in flight for each idle agent than
//! `maximumRatio` says, and one where `blockMultipleCalls` is set.

use serde_json::{Map, Value};

use super::super::super::effects::PaceWritten;
use super::super::super::handle::SimHandle;
use super::super::super::journal::Actor;
use super::super::super::time::SimTime;
use super::super::super::world::World;
use super::AcdState;
use super::number::whole;
use super::wire;

/// The calls for each agent of a skill of which nobody said anything.
const USUAL_RATIO: u32 = 2;

impl AcdState {
    /// The general settings of a skill.
    pub(super) fn pacing(&self, skill: u64, campaign: Option<&str>) -> Map<String, Value> {
        let written = self.pacing.get(&skill).cloned();
        written.unwrap_or_else(|| wire::general_settings(self.usual_ratio(campaign)))
    }

    fn usual_ratio(&self, campaign: Option<&str>) -> u32 {
        let ratio = campaign.and_then(|campaign| self.settings.ratios.get(campaign));
        ratio.copied().unwrap_or(USUAL_RATIO)
    }

    /// Writes members of the general settings. Those that are left out stay as they are.
    pub(super) fn write_pacing(
        &mut self,
        world: &mut World,
        (skill, campaign): (u64, Option<&str>),
        written: Map<String, Value>,
        by: Actor,
        now: SimTime,
    ) {
        let before = self.pacing(skill, campaign);
        let mut after = before.clone();
        after.extend(written);
        let (from, to) = (dials(&before), dials(&after));
        self.pacing.insert(skill, after);
        if let Some(campaign) = campaign {
            world.paced(PaceWritten {
                at: now,
                campaign: campaign.to_owned(),
                by,
                from,
                to,
                usual: self.usual_ratio(Some(campaign)),
            });
        }
    }
}

/// The calls for each agent that are in force.
fn dials(settings: &Map<String, Value>) -> u32 {
    let blocked = settings.get("blockMultipleCalls").and_then(Value::as_bool);
    if blocked == Some(true) {
        return 1;
    }
    let ratio = settings.get("maximumRatio").and_then(whole);
    ratio
        .and_then(|ratio| u32::try_from(ratio).ok())
        .unwrap_or(USUAL_RATIO)
}

impl SimHandle {
    /// A person writes members of the general settings of a campaign's skill; `false` where there is no such campaign.
    #[must_use]
    pub fn person_paces(&self, campaign: &str, written: &Value) -> bool {
        let Value::Object(written) = written else {
            return false;
        };
        let write = |world: &mut World, acd: &mut AcdState, now| {
            let skill = acd.skill_number(world, campaign)?;
            let written = written.clone();
            acd.write_pacing(world, (skill, Some(campaign)), written, Actor::Person, now);
            Some(())
        };
        self.in_acd_writing(write).is_some()
    }

    /// The general settings of a campaign's skill.
    #[must_use]
    pub fn general_settings(&self, campaign: &str) -> Option<Map<String, Value>> {
        self.in_acd(|world, acd, _| {
            let skill = acd.skill_number(world, campaign)?;
            Some(acd.pacing(skill, Some(campaign)))
        })
    }
}
