//! Agents' states on the wire, and which of them count as ready.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::Deserialize;

use super::drift;
use super::listing::Row;

/// The longest part of a foreign name that is repeated to people.
const LONGEST_NAME: usize = 40;

/// The states that the platform numbers, with their names.
const NAMED: [(i64, &str); 9] = [
    (0, "LoggedOut"),
    (1, "Available"),
    (2, "Unavailable"),
    (3, "InboundContact"),
    (4, "OutboundContact"),
    (5, "InboundConsult"),
    (6, "OutboundConsult"),
    (7, "Dialer"),
    (8, "LoggedIn"),
];

/// The number of a state. Negative ones are pending or the system's, and any number may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StateId(i64);

impl StateId {
    pub(super) const LOGGED_OUT: Self = Self(0);
    pub(super) const AVAILABLE: Self = Self(1);
    pub(super) const INBOUND_CONTACT: Self = Self(3);
    pub(super) const OUTBOUND_CONTACT: Self = Self(4);
    pub(super) const INBOUND_CONSULT: Self = Self(5);
    pub(super) const OUTBOUND_CONSULT: Self = Self(6);
    pub(super) const DIALER: Self = Self(7);
    /// A state that is given neither by number nor by a known name. No platform numbers one so.
    pub(super) const NOT_KNOWN: Self = Self(i64::MIN);
    /// An agent is shown a record before it is dialled.
    pub(super) const PREVIEW_NOTIFICATION: Self = Self(-13);
}

impl FromStr for StateId {
    type Err = String;

    /// By name, whatever its capitals, or by number.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let known = NAMED
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(text));
        known
            .map(|(number, _)| *number)
            .or_else(|| text.parse().ok())
            .map(Self)
            .ok_or_else(|| {
                let names = NAMED.map(|(_, name)| name).join(", ");
                format!("`{text}` is not an agent state: expected one of {names}, or a number")
            })
    }
}

/// The states in which an agent is ready, unless they are in the dialler of another skill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReadyStates(BTreeSet<StateId>);

impl Default for ReadyStates {
    /// `Available` and `Dialer`. Without the first a pause would lock itself in, since nobody can be in the dialler of a skill
    /// that does not run; without the second a running skill would count nobody.
    fn default() -> Self {
        Self(BTreeSet::from([StateId::AVAILABLE, StateId::DIALER]))
    }
}

impl ReadyStates {
    /// Whether an agent in this state is ready.
    pub(super) fn contain(&self, state: StateId) -> bool {
        self.0.contains(&state)
    }
}

impl FromStr for ReadyStates {
    type Err = String;

    /// A list separated by commas. States of agents who are on a contact or not there cannot be ready ones.
    fn from_str(text: &str) -> Result<Self, String> {
        let states: BTreeSet<StateId> = text
            .split(',')
            .map(StateId::from_str)
            .collect::<Result<_, _>>()?;
        let never = [
            StateId::LOGGED_OUT,
            StateId::INBOUND_CONTACT,
            StateId::OUTBOUND_CONTACT,
            StateId::INBOUND_CONSULT,
            StateId::OUTBOUND_CONSULT,
        ];
        if never.iter().any(|state| states.contains(state)) {
            return Err(format!(
                "`{text}` names a state in which no agent is ready: on a contact or logged out"
            ));
        }
        if !states.contains(&StateId::AVAILABLE) {
            return Err(format!(
                "`{text}` lacks Available: agents cannot stand in the dialler of a paused skill, so that it would never resume"
            ));
        }
        Ok(Self(states))
    }
}

/// The present state of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AgentNow {
    /// The state.
    pub(super) state: StateId,
    /// The skill that the agent works for, where the platform shows it.
    pub(super) skill: Option<u64>,
    /// Whether a contact is over and its wrap-up is not.
    pub(super) wrap_up: bool,
}

/// A row of `/agents/states`.
#[derive(Debug, Deserialize)]
pub(super) struct AgentStateRow {
    #[serde(rename = "agentId", deserialize_with = "drift::id")]
    agent: Option<u64>,
    #[serde(rename = "agentStateId", default, deserialize_with = "drift::whole")]
    state: Option<i64>,
    #[serde(rename = "agentStateName", default, deserialize_with = "drift::word")]
    name: Option<String>,
    #[serde(rename = "skillId", default, deserialize_with = "drift::id")]
    skill: Option<u64>,
    #[serde(
        rename = "isACW",
        alias = "isAcw",
        default,
        deserialize_with = "drift::flag"
    )]
    wrap_up: Option<bool>,
    #[serde(rename = "lastPollTime", default, deserialize_with = "drift::word")]
    last_poll_time: Option<String>,
}

impl AgentStateRow {
    /// The members to ask for. In its wrap-up an agent is in the state of the contact.
    pub(super) const FIELDS: &'static str =
        "agentId,agentStateId,agentStateName,isACW,skillId,lastPollTime";

    /// What the platform calls the state, shortened for people; nothing where it does not say.
    pub(super) fn name(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        name.chars().take(LONGEST_NAME).collect()
    }

    /// Who does what; a row that does not say who is a fault. A state that is given neither by number nor by a known name
    /// is one that does not count.
    pub(super) fn agent(&self) -> Result<(u64, AgentNow), String> {
        let agent = self
            .agent
            .ok_or_else(|| "a row of the agents' states has no agentId".to_owned())?;
        let by_name = || self.name.as_deref().and_then(|name| name.parse().ok());
        let state = self
            .state
            .map(StateId)
            .or_else(by_name)
            .unwrap_or(StateId::NOT_KNOWN);
        let now = AgentNow {
            state,
            skill: self.skill,
            wrap_up: self.wrap_up == Some(true),
        };
        Ok((agent, now))
    }
}

impl Row for AgentStateRow {
    const ROWS: &'static str = "agentStates";

    fn key(&self) -> Option<String> {
        self.agent.map(|agent| agent.to_string())
    }

    fn last_poll_time(&self) -> Option<&str> {
        self.last_poll_time.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::super::listing::ListingPage;
    use super::*;

    #[test]
    fn a_row_is_read_in_the_forms_of_several_releases() {
        let page = ListingPage::<AgentStateRow>::parse(
            br#"{"resultSet":{"agentStates":[
                {"agentId":9001,"agentStateId":7,"agentStateName":"Dialer","isACW":false,"skillId":4711,"lastPollTime":"t"},
                {"agentId":"9002","agentStateId":"1","isAcw":"False","skillId":0},
                {"agentId":"9006","agentStateId":"4","isAcw":"1","skillId":4711},
                {"agentId":9003,"agentStateName":"dialer"},
                {"agentId":9004,"agentStateId":-13},
                {"agentId":9005,"agentStateName":"Levitating"}]}}"#,
        )
        .unwrap();
        let agents: Vec<(u64, AgentNow)> =
            page.rows.iter().map(|row| row.agent().unwrap()).collect();
        let now = |state, skill| AgentNow {
            state: StateId(state),
            skill,
            wrap_up: state == 4,
        };
        assert_eq!(
            agents,
            [
                (9_001, now(7, Some(4_711))),
                (9_002, now(1, None)),
                (9_006, now(4, Some(4_711))),
                (9_003, now(7, None)),
                (9_004, now(-13, None)),
                (9_005, now(i64::MIN, None)),
            ]
        );
        assert_eq!(page.last_poll_time.as_deref(), Some("t"));
    }

    #[test]
    fn names_and_times_that_are_longer_than_any_are_none() {
        let long = "x".repeat(38_000);
        for text in [
            format!(
                r#"{{"lastPollTime":"{long}","agentStates":[{{"agentId":1,"agentStateName":"{long}"}}]}}"#
            ),
            format!(
                r#"{{"agentStates":[{{"agentId":1,"agentStateName":"{long}","lastPollTime":"{long}"}}]}}"#
            ),
        ] {
            let page = ListingPage::<AgentStateRow>::parse(text.as_bytes()).unwrap();
            assert_eq!(page.last_poll_time, None);
            assert_eq!(page.rows[0].name, None);
            assert_eq!(page.rows[0].last_poll_time, None);
            let (_, now) = page.rows[0].agent().unwrap();
            assert_eq!(now.state, StateId::NOT_KNOWN, "and does not count");
        }
    }

    #[test]
    fn a_row_without_an_agent_is_a_fault() {
        let parse = |text: &str| ListingPage::<AgentStateRow>::parse(text.as_bytes());
        let page = parse(r#"{"agentStates":[{"agentStateId":1}]}"#).unwrap();
        assert_eq!((page.rows.len(), page.unreadable.rows), (0, 1));
        let page = parse(r#"{"agentStates":[{"agentId":"x","agentStateId":1}]}"#).unwrap();
        assert!(page.rows[0].agent().is_err());
    }

    #[test]
    fn ready_states_are_configured_by_name_or_number() {
        let states: ReadyStates = "available, Dialer,-13".parse().unwrap();
        assert!(states.contain(StateId::DIALER));
        assert!(states.contain(StateId(-13)));
        assert!(!states.contain(StateId(8)));
        assert_eq!("Available,7".parse(), Ok(ReadyStates::default()));
    }

    #[test]
    fn ready_states_that_would_lock_a_pause_in_are_refused() {
        for wrong in [
            "Dialer",
            "",
            "Available,LoggedOut",
            "1,4",
            "Available,Flying",
        ] {
            assert!(wrong.parse::<ReadyStates>().is_err(), "{wrong}");
        }
    }
}
