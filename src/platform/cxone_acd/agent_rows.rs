//! The agents one by one, as preview campaigns need them: by their numbers, without skills.
//!
//! | state | is |
//! |---|---|
//! | a state that counts as ready: `Available`, `Dialer` | available |
//! | any contact or consult | busy |
//! | any contact in its wrap-up | wrapping up |
//! | a preview that the agent is being shown | busy: a call is about to begin |
//! | `Unavailable`, `LoggedIn`, other negative and unknown ones | there, and not available |
//! | `LoggedOut`, or not among the states | offline |

use std::collections::BTreeMap;

use crate::domain::{AgentState, Snapshot, SnapshotBuilder, Timestamp};

use super::agent_state::{AgentNow, ReadyStates, StateId};

/// Everybody whose state is known.
pub(super) fn snapshot(
    agents: &BTreeMap<u64, AgentNow>,
    ready: &ReadyStates,
    taken_at: Timestamp,
) -> Snapshot {
    let mut snapshot = SnapshotBuilder::with_capacity(agents.len());
    for (agent, now) in agents {
        snapshot.add(&agent.to_string(), state(now, ready), []);
    }
    snapshot.finish(taken_at)
}

/// Returns an agent's state, whichever skill the contact is of.
pub(super) fn state(agent: &AgentNow, ready: &ReadyStates) -> AgentState {
    match agent.state {
        StateId::LOGGED_OUT => AgentState::Offline,
        StateId::INBOUND_CONTACT
        | StateId::OUTBOUND_CONTACT
        | StateId::INBOUND_CONSULT
        | StateId::OUTBOUND_CONSULT => {
            if agent.wrap_up {
                AgentState::WrapUp
            } else {
                AgentState::Busy
            }
        }
        StateId::PREVIEW_NOTIFICATION => AgentState::Busy,
        state if ready.contain(state) => AgentState::Available,
        _ => AgentState::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_what_the_table_says() {
        for (number, wrap_up, expected) in [
            ("Available", false, AgentState::Available),
            ("Dialer", false, AgentState::Available),
            ("InboundContact", false, AgentState::Busy),
            ("OutboundContact", false, AgentState::Busy),
            ("OutboundContact", true, AgentState::WrapUp),
            ("InboundConsult", false, AgentState::Busy),
            ("OutboundConsult", false, AgentState::Busy),
            ("-13", false, AgentState::Busy),
            ("Unavailable", false, AgentState::Other),
            ("LoggedIn", false, AgentState::Other),
            ("-12", false, AgentState::Other),
            ("99", false, AgentState::Other),
            ("LoggedOut", false, AgentState::Offline),
        ] {
            let agent = AgentNow {
                state: number.parse().unwrap(),
                skill: None,
                wrap_up,
            };
            let found = snapshot(
                &BTreeMap::from([(9_001, agent)]),
                &ReadyStates::default(),
                Timestamp::from_unix_millis(0),
            );
            let id = "9001".parse().unwrap();
            assert_eq!(found.state_of(&id), Some(expected), "{number} {wrap_up}");
        }
    }
}
