//! Changing who has a skill: how it is written, and what the answers say.
//!
//! An agent who leaves is parked (`isActive: false`) and not taken away, so that the proficiency stays. The platform answers
//! 200 also when some of it failed: each agent's own result counts, and what has none is not known. [`Taken`] adds up what
//! several writes came to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::drift;
use super::skill_agents::Assignment;

/// The most agents in one write.
const MOST_AGENTS: usize = 10_000;

/// The operation by which a write is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// POST: agents who do not have the skill.
    Give,
    /// PUT: agents who have it, parked or in force.
    Change,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MembershipWrite {
    pub(super) verb: Verb,
    /// Agents with what is to become of them: in force or parked.
    pub(super) agents: Vec<(u64, bool)>,
}

impl MembershipWrite {
    /// The body.
    pub(super) fn body(&self) -> Vec<u8> {
        let agents: Vec<Value> = self
            .agents
            .iter()
            .map(|(agent, active)| json!({"agentId": agent, "isActive": active}))
            .collect();
        json!({ "agents": agents }).to_string().into_bytes()
    }
}

/// The writes that make `wanted` the agents of the skill, those who leave first: no agent is above their concurrency on the
/// way.
pub(super) fn writes(
    present: &BTreeMap<u64, Assignment>,
    wanted: &BTreeSet<u64>,
) -> Vec<MembershipWrite> {
    let parked: Vec<(u64, bool)> = present
        .iter()
        .filter(|(agent, assignment)| assignment.active && !wanted.contains(agent))
        .map(|(agent, _)| (*agent, false))
        .collect();
    let (mut back, mut new) = (Vec::new(), Vec::new());
    for agent in wanted {
        match present.get(agent) {
            Some(assignment) if assignment.active => {}
            Some(_) => back.push((*agent, true)),
            None => new.push((*agent, true)),
        }
    }
    [
        (Verb::Change, parked),
        (Verb::Change, back),
        (Verb::Give, new),
    ]
    .into_iter()
    .flat_map(|(verb, agents)| {
        let pieces: Vec<MembershipWrite> = agents
            .chunks(MOST_AGENTS)
            .map(|agents| MembershipWrite {
                verb,
                agents: agents.to_vec(),
            })
            .collect();
        pieces
    })
    .collect()
}

/// More agents than this are counted but not named in a text.
const MOST_NAMED: usize = 5;

/// A longer reason of the platform is cut.
const LONGEST_REASON: usize = 120;

/// The outcome of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MembershipOutcome {
    /// Agents for whom it is done.
    pub(super) done: BTreeSet<u64>,
    /// Agents for whom it failed, and why.
    pub(super) failed: BTreeMap<u64, String>,
    /// Agents of whom the answer says nothing.
    pub(super) unanswered: BTreeSet<u64>,
}

/// Reads the answer to a write.
pub(super) fn outcome(write: &MembershipWrite, body: &[u8]) -> Result<MembershipOutcome, String> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "errorCount", default, deserialize_with = "drift::count")]
        errors: Option<u64>,
        #[serde(rename = "agentResults", default)]
        results: Option<Vec<One>>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(rename = "agentId", default, deserialize_with = "drift::id")]
        agent: Option<u64>,
        #[serde(default, deserialize_with = "drift::flag")]
        success: Option<bool>,
        #[serde(default, deserialize_with = "drift::text")]
        error: Option<String>,
    }
    let unreadable = |wrong| format!("the results of the assignment cannot be read: {wrong}");
    let mut value: Value = serde_json::from_slice(body).map_err(unreadable)?;
    if let Some(inner) = value.get_mut("resultSet") {
        value = inner.take();
    }
    let Answer { errors, results } = serde_json::from_value(value).map_err(unreadable)?;
    let asked: BTreeSet<u64> = write.agents.iter().map(|(agent, _)| *agent).collect();
    let mut outcome = MembershipOutcome::default();
    for result in results.unwrap_or_default() {
        let Some(agent) = result.agent.filter(|agent| asked.contains(agent)) else {
            continue;
        };
        match result.success {
            Some(true) => {
                outcome.done.insert(agent);
            }
            Some(false) => {
                let why = result.error.unwrap_or_else(|| "no reason given".to_owned());
                outcome.failed.insert(agent, why);
            }
            None => {}
        }
    }
    let is_silent =
        |agent: &&u64| !outcome.done.contains(*agent) && !outcome.failed.contains_key(*agent);
    let silent: BTreeSet<u64> = asked.iter().filter(is_silent).copied().collect();
    // Only an answer that counts no error speaks for those whom it does not name.
    if errors == Some(0) && outcome.failed.is_empty() {
        outcome.done.extend(silent);
    } else {
        outcome.unanswered = silent;
    }
    Ok(outcome)
}

/// What the writes of one list came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Agents for whom it is done.
    pub(super) done: BTreeSet<u64>,
    /// Agents for whom it failed, and why.
    pub(super) failed: BTreeMap<u64, String>,
    /// Agents of whom no answer says anything.
    pub(super) unanswered: BTreeSet<u64>,
}

impl Taken {
    /// Adds what one write came to.
    pub(super) fn add(&mut self, outcome: MembershipOutcome) {
        let MembershipOutcome {
            done,
            failed,
            unanswered,
        } = outcome;
        self.done.extend(done);
        self.failed.extend(failed);
        self.unanswered.extend(unanswered);
    }

    /// Names those for whom it failed, with the platform's reasons.
    pub(super) fn reasons(&self) -> String {
        let named = self.failed.iter().take(MOST_NAMED);
        let mut reasons: Vec<String> = named
            .map(|(agent, why)| format!("agent {agent}: {}", fit(why)))
            .collect();
        let more = self.failed.len().saturating_sub(MOST_NAMED);
        if more > 0 {
            reasons.push(format!("and {more} more"));
        }
        reasons.join("; ")
    }
}

/// A text of the platform as it is fit to be shown.
fn fit(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(LONGEST_REASON).map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_agents_are_named_with_the_platforms_reasons() {
        let mut taken = Taken::default();
        taken.add(MembershipOutcome {
            done: [1].into(),
            failed: (2..=8)
                .map(|agent| (agent, "no\nright".to_owned()))
                .collect(),
            unanswered: BTreeSet::new(),
        });
        let reasons = taken.reasons();
        assert!(
            reasons.starts_with("agent 2: no right; agent 3: "),
            "{reasons}"
        );
        assert!(reasons.ends_with("; and 2 more"), "{reasons}");
        assert!(fit(&"x".repeat(500)).len() <= LONGEST_REASON);
    }

    fn assignment(active: bool) -> Assignment {
        Assignment {
            active,
            proficiency: Some(3),
        }
    }

    fn write() -> MembershipWrite {
        MembershipWrite {
            verb: Verb::Change,
            agents: vec![(1, true), (2, true), (3, false)],
        }
    }

    #[test]
    fn who_leaves_is_parked_before_anybody_comes() {
        let present = [
            (1, assignment(true)),
            (2, assignment(true)),
            (3, assignment(false)),
        ]
        .into();
        let wanted = BTreeSet::from([2, 3, 4]);
        let planned = writes(&present, &wanted);
        let expected = [
            (Verb::Change, vec![(1, false)]),
            (Verb::Change, vec![(3, true)]),
            (Verb::Give, vec![(4, true)]),
        ]
        .map(|(verb, agents)| MembershipWrite { verb, agents });
        assert_eq!(planned, expected);
        assert_eq!(
            planned[0].body(),
            br#"{"agents":[{"agentId":1,"isActive":false}]}"#
        );
        assert_eq!(writes(&present, &BTreeSet::from([1, 2])), []);
    }

    #[test]
    fn a_long_list_goes_in_pieces() {
        let wanted: BTreeSet<u64> = (1..=10_001).collect();
        let lengths: Vec<usize> = writes(&BTreeMap::new(), &wanted)
            .iter()
            .map(|write| write.agents.len())
            .collect();
        assert_eq!(lengths, [10_000, 1]);
    }

    #[test]
    fn each_agents_own_result_counts() {
        let answer = br#"{"resultSet":{"errorCount":1,"agentResults":[{"success":true,"agentId":1},
            {"success":"False","agentId":"2","error":"restricted"},{"success":true,"agentId":99}]}}"#;
        assert_eq!(
            outcome(&write(), answer),
            Ok(MembershipOutcome {
                done: [1].into(),
                failed: [(2, "restricted".to_owned())].into(),
                unanswered: [3].into(),
            })
        );
        let all = outcome(&write(), br#"{"errorCount":0}"#).unwrap();
        assert_eq!(all.done.len(), 3);
        let nothing = outcome(&write(), br#"{"resultSet":{}}"#).unwrap();
        assert_eq!(nothing.unanswered.len(), 3);
        assert!(outcome(&write(), b"").is_err());
    }
}
