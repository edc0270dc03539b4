//! A preview campaign's list of agents on the wire.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::domain::assignment::{Dispatch, Entry, List};
use crate::domain::{AgentId, has_length_of_id};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignmentWire {
    user_id: String,
    skills: Vec<String>,
    availability_window: WindowWire,
    max_concurrent_calls: u8,
}

#[derive(Debug, Serialize, Deserialize)]
struct WindowWire {
    start: String,
    end: String,
    timezone: String,
}

#[derive(Deserialize)]
struct ListWire {
    /// `null` is nobody; a list that is missing is an error.
    #[serde(deserialize_with = "Option::deserialize")]
    agents: Option<Vec<AssignmentWire>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BodyWire<'a> {
    campaign_id: &'a str,
    agents: Vec<AssignmentWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerWire {
    agents_updated: u64,
    assignment_id: String,
}

/// Reads the list in force. `null`, as the whole answer or in the place of the list, is nobody.
pub(super) fn read(body: &[u8]) -> Result<List, String> {
    let read: Option<ListWire> =
        serde_json::from_slice(body).map_err(|wrong| format!("not a list of agents: {wrong}"))?;
    let agents = read.and_then(|read| read.agents).unwrap_or_default();
    let mut list = List::new();
    for assignment in agents {
        let id: AgentId = assignment
            .user_id
            .parse()
            .map_err(|wrong| format!("an agent's id {wrong}"))?;
        let mut skills = assignment.skills;
        let window = &assignment.availability_window;
        let texts = [&window.start, &window.end, &window.timezone];
        if !skills
            .iter()
            .chain(texts)
            .all(|text| has_length_of_id(text))
        {
            return Err(format!("agent {id}: a text that is longer than any"));
        }
        skills.sort();
        skills.dedup();
        let WindowWire {
            start,
            end,
            timezone,
        } = assignment.availability_window;
        let entry = Entry {
            skills,
            start: as_sent(start),
            end: as_sent(end),
            zone: timezone,
            calls: assignment.max_concurrent_calls,
        };
        list.insert(id, entry);
    }
    Ok(list)
}

/// A time of day in the form in which it is sent; as it came where it is in none that is known.
fn as_sent(text: String) -> String {
    let known = ["%H:%M", "%H:%M:%S"].iter().find_map(|form| {
        let time = jiff::civil::Time::strptime(form, &text).ok()?;
        (time.second() == 0).then(|| time.strftime("%H:%M").to_string())
    });
    known.unwrap_or(text)
}

/// The body of a dispatch.
pub(super) fn body(dispatch: &Dispatch) -> Bytes {
    let agents = dispatch.agents.iter().map(|(id, entry)| AssignmentWire {
        user_id: id.to_string(),
        skills: entry.skills.clone(),
        availability_window: WindowWire {
            start: entry.start.clone(),
            end: entry.end.clone(),
            timezone: entry.zone.clone(),
        },
        max_concurrent_calls: entry.calls,
    });
    let body = BodyWire {
        campaign_id: dispatch.campaign.as_str(),
        agents: agents.collect(),
    };
    // Texts and numbers always have a JSON form.
    Bytes::from(serde_json::to_vec(&body).unwrap_or_default())
}

/// Reads the answer to a dispatch: what it is called, and how many agents were counted.
pub(super) fn answer(body: &[u8]) -> Result<(String, u64), String> {
    let read: AnswerWire =
        serde_json::from_slice(body).map_err(|wrong| format!("not an assignment: {wrong}"))?;
    Ok((read.assignment_id, read.agents_updated))
}

/// The agents of a dispatch whose ids are in a refusal as words of their own.
pub(super) fn named(dispatch: &Dispatch, refusal: &str) -> Vec<AgentId> {
    let inside = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let found = dispatch.agents.keys().filter(|agent| {
        refusal.match_indices(agent.as_str()).any(|(at, id)| {
            let before = refusal.get(..at).and_then(|text| text.chars().next_back());
            let after = refusal
                .get(at.saturating_add(id.len())..)
                .and_then(|text| text.chars().next());
            !before.is_some_and(inside) && !after.is_some_and(inside)
        })
    });
    found.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::assignment::is_same_list;

    fn dispatch(agents: &[&str]) -> Dispatch {
        let entry = Entry {
            skills: vec!["sales".to_owned()],
            start: "09:00".to_owned(),
            end: "17:00".to_owned(),
            zone: "America/New_York".to_owned(),
            calls: 1,
        };
        Dispatch {
            campaign: "cmp-1".parse().unwrap(),
            agents: agents
                .iter()
                .map(|id| (id.parse().unwrap(), entry.clone()))
                .collect(),
            joining: Vec::new(),
            leaving: Vec::new(),
        }
    }

    #[test]
    fn the_body_is_that_of_the_document() {
        let body: serde_json::Value =
            serde_json::from_slice(&body(&dispatch(&["agent-uuid-001"]))).unwrap();
        let expected = serde_json::json!({
            "campaignId": "cmp-1",
            "agents": [{
                "userId": "agent-uuid-001",
                "skills": ["sales"],
                "availabilityWindow": {"start": "09:00", "end": "17:00", "timezone": "America/New_York"},
                "maxConcurrentCalls": 1
            }]
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn what_was_sent_is_read_back_the_same() {
        let sent = dispatch(&["a", "b"]);
        assert_eq!(read(&body(&sent)).unwrap(), sent.agents);
        assert!(read(b"{}").is_err());
    }

    #[test]
    fn a_list_in_another_form_means_the_same() {
        let agents = |start: &str, end: &str, zone: &str| {
            let body = serde_json::json!({"agents": [{
                "userId": "a",
                "skills": ["sales"],
                "availabilityWindow": {"start": start, "end": end, "timezone": zone},
                "maxConcurrentCalls": 1
            }]});
            read(body.to_string().as_bytes()).unwrap()
        };
        let sent = agents("09:00", "17:00", "America/New_York");
        for (start, end, zone) in [
            ("9:00", "17:00:00", "America/New_York"),
            ("09:00:00", "17:00", "US/Eastern"),
        ] {
            let shown = agents(start, end, zone);
            assert!(is_same_list(&shown, &sent), "{start} {end} {zone}");
        }
        for (start, end, zone) in [
            ("09:00", "17:00", "America/Chicago"),
            ("09:00", "17:00", "Mars/Olympus"),
            ("09:01", "17:00", "America/New_York"),
            ("09:00:01", "17:00", "America/New_York"),
            ("24:00", "17:00", "America/New_York"),
            ("noon", "17:00", "America/New_York"),
        ] {
            let shown = agents(start, end, zone);
            assert!(!is_same_list(&shown, &sent), "{start} {end} {zone}");
        }
    }

    #[test]
    fn a_text_that_is_longer_than_any_is_refused() {
        let sent = String::from_utf8(body(&dispatch(&["a"])).to_vec()).unwrap();
        for part in ["\"a\"", "\"sales\"", "\"America/New_York\""] {
            let long = sent.replace(part, &format!("\"{}\"", "x".repeat(38_000)));
            assert_ne!(long, sent, "{part}");
            let wrong = read(long.as_bytes()).unwrap_err();
            assert!(wrong.len() < 100, "{wrong}");
        }
    }

    #[test]
    fn null_is_nobody() {
        for nobody in [&b"null"[..], br#"{"agents":null}"#, br#"{"agents":[]}"#] {
            assert_eq!(read(nobody), Ok(List::new()));
        }
    }

    #[test]
    fn only_whole_ids_are_named_by_a_refusal() {
        let sent = dispatch(&["agent-1", "agent-12", "agent-3"]);
        let named = named(
            &sent,
            "422: agent agent-12: there is no such agent; agent-3, too",
        );
        assert_eq!(
            named,
            ["agent-12".parse().unwrap(), "agent-3".parse().unwrap()]
        );
    }
}
