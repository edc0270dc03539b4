//! What people do to assignments at the platform's console, and what there is to be seen of them.

use serde_json::Value;

use super::super::super::handle::SimHandle;
use super::super::super::journal::Actor;
use super::super::super::platform::Platform;
use super::super::super::time::SimTime;
use super::super::super::world::World;
use super::AcdState;
use super::answers::{USUAL_PROFICIENCY, members_of};
use super::assignments::{Assignment, MembershipChanged};

impl SimHandle {
    /// The numbers of the agents whose assignments to a campaign's skill are in force, ascending; nobody on a platform of
    /// another dialect.
    #[must_use]
    pub fn skill_agents(&self, campaign: &str) -> Vec<u64> {
        let in_force = |world: &World, acd: &mut AcdState, _| {
            let skill = acd.skill_number(world, campaign)?;
            let members = members_of(world, acd, skill, campaign).into_iter();
            let in_force = members.filter(|(_, own)| own.active);
            Some(in_force.map(|(agent, _)| agent).collect())
        };
        self.in_acd(in_force).unwrap_or_default()
    }

    /// The number of an agent of the world.
    #[must_use]
    pub fn agent_number(&self, agent: &str) -> Option<u64> {
        self.in_acd(|world, acd, _| {
            acd.roster.enrol(world);
            acd.roster.agent(agent)
        })
    }

    /// A person gives an agent a campaign's skill or parks the assignment; `false` where there is no such campaign or agent.
    #[must_use]
    pub fn person_gives_skill(&self, campaign: &str, agent: u64, active: bool) -> bool {
        let give = |world: &World, acd: &mut AcdState, now| {
            let skill = acd.skill_number(world, campaign)?;
            acd.roster.numbers().find(|(_, number)| *number == agent)?;
            let known = acd.assignments.get(skill, agent);
            let assignment = Assignment {
                active,
                proficiency: known.map_or(USUAL_PROFICIENCY, |known| known.proficiency),
                changed: now,
            };
            acd.assignments.set(skill, agent, assignment, Actor::Person);
            Some(())
        };
        self.in_acd(give).is_some()
    }

    /// From now on clients may not change an agent's assignment to a campaign's skill, for this reason; without one they may.
    #[must_use]
    pub fn refuse_assignment(&self, campaign: &str, agent: u64, why: Option<&str>) -> bool {
        let refuse = |world: &World, acd: &mut AcdState, _| {
            let skill = acd.skill_number(world, campaign)?;
            acd.assignments.refuse(skill, agent, why);
            Some(())
        };
        self.in_acd(refuse).is_some()
    }

    /// A person changes a setting of a campaign's skill, whatever the skill does; `false` where there is no such campaign.
    #[must_use]
    pub fn person_sets_skill(&self, campaign: &str, member: &str, value: Value) -> bool {
        let set = |world: &World, acd: &mut AcdState, _| {
            let skill = acd.skill_number(world, campaign)?;
            let settings = acd.written.entry(skill).or_default();
            settings.insert(member.to_owned(), value);
            Some(())
        };
        self.in_acd(set).is_some()
    }

    /// Every change of an assignment, oldest first.
    #[must_use]
    pub fn membership_changes(&self) -> Vec<MembershipChanged> {
        self.in_acd(|_, acd, _| Some(acd.assignments.journal().to_vec()))
            .unwrap_or_default()
    }

    pub(super) fn in_acd<T>(
        &self,
        act: impl FnOnce(&World, &mut AcdState, SimTime) -> Option<T>,
    ) -> Option<T> {
        self.in_acd_writing(|world, acd, now| act(world, acd, now))
    }

    pub(super) fn in_acd_writing<T>(
        &self,
        act: impl FnOnce(&mut World, &mut AcdState, SimTime) -> Option<T>,
    ) -> Option<T> {
        self.with_platform(|platform, now| {
            let Platform { world, acd, .. } = platform;
            act(world, acd.as_mut()?, now)
        })
    }
}
