//! Who counts for a skill.
//!
//! A stopped skill has nobody in its dialler, so that a count of the dialler alone is nought after every pause and stays
//! there: the pause would lock itself in. An agent counts when the assignment to the skill is in force and the agent is
//! ready for it whether it runs or not.
//!
//! | state | counts as |
//! |---|---|
//! | `Dialer` with this skill, or without any **\[I\]** | available |
//! | `Available` | available |
//! | `OutboundContact` with this skill, also in wrap-up | serving |
//! | `Dialer` of another skill, any other contact | busy |
//! | any contact in wrap-up | in wrap-up as well |
//! | `Unavailable`, `LoggedIn`, negative and unknown ones | not ready |
//! | `LoggedOut`, or not among the states | offline |
//!
//! Whether an agent in the dialler comes with the skill's id is not published. One who comes without counts for every
//! skill that they are assigned to: counted for none, a skill would pause and resume by its own effect.

use std::collections::BTreeMap;

use crate::domain::AgentState;
use crate::domain::workload::GroupMembers;

use super::agent_rows::state;
use super::agent_state::{AgentNow, ReadyStates, StateId};
use super::skill_agents::Assignment;

/// The availability of an agent for a skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Availability {
    Available,
    Serving,
    Busy,
    NotReady,
    Offline,
}

/// The agents of a skill by their availability for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SkillCount {
    /// Ready for the skill's calls.
    pub(super) available: u32,
    /// On the skill's calls or in their wrap-up.
    pub(super) serving: u32,
    /// On something else.
    pub(super) busy: u32,
    /// Logged in and not ready.
    pub(super) not_ready: u32,
    /// Not logged in.
    pub(super) offline: u32,
    /// Those among serving and busy who finish a call.
    pub(super) wrap_up: u32,
}

impl SkillCount {
    /// Those who are logged in.
    pub(super) fn staffed(&self) -> u32 {
        self.available
            .saturating_add(self.serving)
            .saturating_add(self.busy)
            .saturating_add(self.not_ready)
    }

    /// All of them, those who are not logged in included.
    pub(super) fn size(&self) -> u32 {
        self.staffed().saturating_add(self.offline)
    }

    fn add(&mut self, availability: Availability) {
        let place = match availability {
            Availability::Available => &mut self.available,
            Availability::Serving => &mut self.serving,
            Availability::Busy => &mut self.busy,
            Availability::NotReady => &mut self.not_ready,
            Availability::Offline => &mut self.offline,
        };
        *place = place.saturating_add(1);
    }
}

/// Returns the availability of an agent for a skill that they are actively assigned to.
pub(super) fn availability(
    agent: Option<&AgentNow>,
    skill: u64,
    ready: &ReadyStates,
) -> Availability {
    let Some(agent) = agent else {
        return Availability::Offline;
    };
    let elsewhere = agent.skill.is_some_and(|other| other != skill);
    match agent.state {
        StateId::LOGGED_OUT => Availability::Offline,
        StateId::DIALER if elsewhere => Availability::Busy,
        StateId::OUTBOUND_CONTACT if agent.skill == Some(skill) => Availability::Serving,
        StateId::INBOUND_CONTACT
        | StateId::OUTBOUND_CONTACT
        | StateId::INBOUND_CONSULT
        | StateId::OUTBOUND_CONSULT => Availability::Busy,
        state if ready.contain(state) => Availability::Available,
        _ => Availability::NotReady,
    }
}

/// Counts the agents of one or several skills; who has several of them counts once, as what serves best: a campaign of
/// the tenant covers all its skills.
pub(super) fn count<'a>(
    skills: impl IntoIterator<Item = (u64, &'a BTreeMap<u64, Assignment>)>,
    states: &BTreeMap<u64, AgentNow>,
    ready: &ReadyStates,
) -> SkillCount {
    let mut counted = SkillCount::default();
    for (agent, availability) in best_availability(skills, states, ready) {
        counted.add(availability);
        let finishes = states.get(&agent).is_some_and(|agent| agent.wrap_up);
        let on_contact = matches!(availability, Availability::Serving | Availability::Busy);
        counted.wrap_up = counted
            .wrap_up
            .saturating_add(u32::from(finishes && on_contact));
    }
    counted
}

/// Returns the agents of one or several skills one by one, with their states for these skills: who waits in the dialler of another one
/// is there, and not available.
pub(super) fn members<'a>(
    skills: impl IntoIterator<Item = (u64, &'a BTreeMap<u64, Assignment>)>,
    states: &BTreeMap<u64, AgentNow>,
    ready: &ReadyStates,
) -> GroupMembers {
    let agents = best_availability(skills, states, ready).into_iter();
    let agents = agents.map(|(agent, availability)| {
        let state = match availability {
            Availability::Available => AgentState::Available,
            Availability::NotReady => AgentState::Other,
            Availability::Offline => AgentState::Offline,
            Availability::Serving | Availability::Busy => {
                let own = states.get(&agent).map(|agent| state(agent, ready));
                let contact =
                    |state: &AgentState| matches!(state, AgentState::Busy | AgentState::WrapUp);
                own.filter(contact).unwrap_or(AgentState::Other)
            }
        };
        (agent, state)
    });
    GroupMembers::new(agents.collect())
}

fn best_availability<'a>(
    skills: impl IntoIterator<Item = (u64, &'a BTreeMap<u64, Assignment>)>,
    states: &BTreeMap<u64, AgentNow>,
    ready: &ReadyStates,
) -> BTreeMap<u64, Availability> {
    let mut best: BTreeMap<u64, Availability> = BTreeMap::new();
    for (skill, assignments) in skills {
        for (agent, assignment) in assignments {
            if !assignment.active {
                continue;
            }
            let new = availability(states.get(agent), skill, ready);
            best.entry(*agent)
                .and_modify(|known| {
                    if rank(new) < rank(*known) {
                        *known = new;
                    }
                })
                .or_insert(new);
        }
    }
    best
}

/// Serving comes before available: who is on a call of one of the skills is not free for another.
fn rank(availability: Availability) -> u8 {
    match availability {
        Availability::Serving => 0,
        Availability::Available => 1,
        Availability::Busy => 2,
        Availability::NotReady => 3,
        Availability::Offline => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKILL: u64 = 4_711;
    const OTHER: u64 = 4_712;

    fn now(state: &str, skill: Option<u64>) -> AgentNow {
        AgentNow {
            state: state.parse().unwrap(),
            skill,
            wrap_up: false,
        }
    }

    fn assigned(agents: &[u64]) -> BTreeMap<u64, Assignment> {
        agents
            .iter()
            .map(|agent| {
                (
                    *agent,
                    Assignment {
                        active: true,
                        proficiency: None,
                    },
                )
            })
            .collect()
    }

    #[test]
    fn each_state_counts_as_the_table_says() {
        let ready = ReadyStates::default();
        for (state, skill, expected) in [
            ("Dialer", Some(SKILL), Availability::Available),
            ("Dialer", None, Availability::Available),
            ("Dialer", Some(OTHER), Availability::Busy),
            ("Available", None, Availability::Available),
            ("Available", Some(OTHER), Availability::Available),
            ("OutboundContact", Some(SKILL), Availability::Serving),
            ("OutboundContact", Some(OTHER), Availability::Busy),
            ("OutboundContact", None, Availability::Busy),
            ("InboundContact", Some(SKILL), Availability::Busy),
            ("InboundConsult", None, Availability::Busy),
            ("OutboundConsult", Some(SKILL), Availability::Busy),
            ("Unavailable", None, Availability::NotReady),
            ("LoggedIn", None, Availability::NotReady),
            ("-13", Some(SKILL), Availability::NotReady),
            ("99", None, Availability::NotReady),
            ("LoggedOut", None, Availability::Offline),
        ] {
            let agent = now(state, skill);
            assert_eq!(
                availability(Some(&agent), SKILL, &ready),
                expected,
                "{state} {skill:?}"
            );
        }
        assert_eq!(availability(None, SKILL, &ready), Availability::Offline);
    }

    #[test]
    fn a_pause_does_not_lock_itself_in() {
        let ready = ReadyStates::default();
        let agents = assigned(&[1, 2, 3]);
        let running: BTreeMap<u64, AgentNow> = [
            (1, now("Dialer", Some(SKILL))),
            (2, now("Dialer", Some(SKILL))),
            (3, now("OutboundContact", Some(SKILL))),
        ]
        .into();
        let counted = count([(SKILL, &agents)], &running, &ready);
        assert_eq!((counted.available, counted.serving), (2, 1));
        // The stop has released everybody; only the skill's state is another.
        let stopped = (1..=3)
            .map(|agent| (agent, now("Available", None)))
            .collect();
        let counted = count([(SKILL, &agents)], &stopped, &ready);
        assert_eq!((counted.available, counted.serving), (3, 0));
        assert_eq!(counted.staffed(), 3);
    }

    #[test]
    fn who_finishes_a_call_counts_as_in_wrap_up_whichever_call_it_was() {
        let agents = assigned(&[1, 2, 3, 4]);
        let finishing = |state, skill| AgentNow {
            wrap_up: true,
            ..now(state, skill)
        };
        let states = [
            (1, finishing("OutboundContact", Some(SKILL))),
            (2, finishing("InboundContact", None)),
            (3, now("OutboundContact", Some(SKILL))),
            // A flag that was left over says nothing of who is ready.
            (4, finishing("Available", None)),
        ]
        .into();
        let counted = count([(SKILL, &agents)], &states, &ReadyStates::default());
        assert_eq!(
            (counted.available, counted.serving, counted.busy),
            (1, 2, 1)
        );
        assert_eq!(counted.wrap_up, 2);
    }

    #[test]
    fn only_assignments_in_force_count() {
        let mut agents = assigned(&[1, 2]);
        agents.get_mut(&2).unwrap().active = false;
        let states = [
            (1, now("Available", None)),
            (2, now("Available", None)),
            (3, now("Available", None)),
        ]
        .into();
        let counted = count([(SKILL, &agents)], &states, &ReadyStates::default());
        assert_eq!(counted.available, 1);
        assert_eq!(counted.staffed(), 1);
    }

    #[test]
    fn an_agent_of_several_skills_of_a_campaign_counts_once() {
        let (first, second) = (assigned(&[1, 2, 3]), assigned(&[2, 3, 4]));
        let states = [
            (1, now("Available", None)),
            (2, now("Dialer", Some(OTHER))),
            (3, now("OutboundContact", Some(OTHER))),
            (4, now("Unavailable", None)),
        ]
        .into();
        let counted = count(
            [(SKILL, &first), (OTHER, &second)],
            &states,
            &ReadyStates::default(),
        );
        assert_eq!(
            counted,
            SkillCount {
                available: 2,
                serving: 1,
                busy: 0,
                not_ready: 1,
                offline: 0,
                wrap_up: 0,
            }
        );
    }
}
