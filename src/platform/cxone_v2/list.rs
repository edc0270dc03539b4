//! A preview campaign's list of agents on the wire.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::domain::assignment::{Dispatch, Entry, List};
use crate::domain::{AgentId, CampaignId, has_length_of_id};

use super::value::{self, Word};

#[derive(Debug, Serialize)]
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
#[serde(rename_all = "camelCase")]
struct ListWire {
    #[serde(default, deserialize_with = "value::word")]
    campaign_id: Word<'static>,
    /// `null` is nobody; a list that is missing is an error.
    #[serde(deserialize_with = "Option::deserialize")]
    agents: Option<Vec<ReadWire>>,
}

/// An assignment in the forms in which tenants give it back.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadWire {
    #[serde(deserialize_with = "value::text")]
    user_id: String,
    #[serde(default)]
    skills: Option<Vec<Name>>,
    availability_window: WindowWire,
    #[serde(deserialize_with = "value::word")]
    max_concurrent_calls: Word<'static>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Name(#[serde(deserialize_with = "value::text")] String);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BodyWire<'a> {
    campaign_id: &'a str,
    agents: Vec<AssignmentWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerWire {
    #[serde(deserialize_with = "value::word")]
    agents_updated: Word<'static>,
    #[serde(deserialize_with = "value::text")]
    assignment_id: String,
}

/// Reads the list in force of this campaign. `null`, as the whole answer or in the place of the list, is nobody.
///
/// A row that cannot be read refuses the whole list, however many there are: a list is replaced as a whole, and whoever is
/// not on it would be taken off.
pub(super) fn read(campaign: &CampaignId, body: &[u8]) -> Result<List, String> {
    let read: Option<ListWire> =
        serde_json::from_slice(body).map_err(|wrong| format!("not a list of agents: {wrong}"))?;
    let Some(read) = read else {
        return Ok(List::new());
    };
    value::same_id(campaign.as_str(), &read.campaign_id).map_err(|other| {
        format!("asked for the list of campaign {campaign}, the platform returned that of {other}")
    })?;
    let mut list = List::new();
    for assignment in read.agents.unwrap_or_default() {
        let id: AgentId = assignment
            .user_id
            .parse()
            .map_err(|wrong| format!("an agent's id {wrong}"))?;
        let calls = assignment.max_concurrent_calls.count();
        let calls = calls
            .and_then(|calls| u8::try_from(calls).ok())
            .ok_or("not a list of agents: maxConcurrentCalls is no count")?;
        let skills = assignment.skills.unwrap_or_default();
        let mut skills: Vec<String> = skills.into_iter().map(|Name(skill)| skill).collect();
        let window = &assignment.availability_window;
        let texts = [&window.start, &window.end, &window.timezone];
        let bounded = |text: &String| has_length_of_id(text);
        if !skills.iter().chain(texts).all(bounded) {
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
            calls,
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
    let updated = read.agents_updated.count();
    let updated = updated
        .and_then(|updated| u64::try_from(updated).ok())
        .ok_or("not an assignment: agentsUpdated is no count")?;
    Ok((read.assignment_id, updated))
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
        assert_eq!(read(&sent.campaign, &body(&sent)).unwrap(), sent.agents);
        assert!(read(&sent.campaign, b"{}").is_err());
    }

    #[test]
    fn numbers_and_texts_mean_the_same() {
        let campaign: CampaignId = "7".parse().unwrap();
        let listed = |text: &str| read(&campaign, text.as_bytes());
        let one = r#"{"userId":"9001","skills":["1","a"],"availabilityWindow":{"start":"09:00","end":"17:00","timezone":"UTC"},"maxConcurrentCalls":2}"#;
        let other = r#"{"userId":9001,"skills":["a",1],"availabilityWindow":{"start":"09:00","end":"17:00","timezone":"UTC"},"maxConcurrentCalls":"2"}"#;
        let of = |agent: &str, campaign: &str| {
            listed(&format!(
                r#"{{"campaignId":{campaign},"agents":[{agent}]}}"#
            ))
        };
        assert_eq!(of(one, "7").unwrap(), of(other, r#""7""#).unwrap());
        for wrong in [
            one.replace(":2}", ":300}"),
            one.replace(r#""9001""#, "null"),
            one.replace(r#""9001""#, r#"{"id":1}"#),
        ] {
            assert!(of(&wrong, "7").is_err(), "{wrong}");
        }
        let answered = answer(br#"{"agentsUpdated":"3","assignmentId":12}"#);
        assert_eq!(answered, Ok(("12".to_owned(), 3)));
    }

    #[test]
    fn the_list_of_another_campaign_is_refused() {
        let campaign: CampaignId = "cmp-1".parse().unwrap();
        let said = read(&campaign, br#"{"campaignId":"cmp-2","agents":[]}"#).unwrap_err();
        assert!(said.ends_with("returned that of \"cmp-2\""), "{said}");
        for same in [r#"{"agents":[]}"#, r#"{"campaignId":"CMP-1","agents":[]}"#] {
            assert_eq!(read(&campaign, same.as_bytes()), Ok(List::new()));
        }
    }

    #[test]
    fn a_bad_row_refuses_the_whole_list() {
        let sent = dispatch(&["a", "b"]);
        let text = String::from_utf8(body(&sent).to_vec()).unwrap();
        let broken = text.replace(r#""userId":"b""#, r#""userId":"""#);
        assert!(read(&sent.campaign, text.as_bytes()).is_ok());
        assert!(read(&sent.campaign, broken.as_bytes()).is_err());
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
            let campaign = "cmp-1".parse().unwrap();
            read(&campaign, body.to_string().as_bytes()).unwrap()
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
        let dispatch = dispatch(&["a"]);
        let sent = String::from_utf8(body(&dispatch).to_vec()).unwrap();
        for part in ["\"a\"", "\"sales\"", "\"America/New_York\""] {
            let long = sent.replace(part, &format!("\"{}\"", "x".repeat(38_000)));
            assert_ne!(long, sent, "{part}");
            let wrong = read(&dispatch.campaign, long.as_bytes()).unwrap_err();
            assert!(wrong.len() < 100, "{wrong}");
        }
    }

    #[test]
    fn null_is_nobody() {
        for nobody in [&b"null"[..], br#"{"agents":null}"#, br#"{"agents":[]}"#] {
            assert_eq!(read(&"c".parse().unwrap(), nobody), Ok(List::new()));
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
