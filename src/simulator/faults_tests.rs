//! What each fault answers, and what is true afterwards, without sockets.

use std::time::Duration;

use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::test_direct::{
    AGENTS, ASSIGNMENTS, CAMPAIGN, Direct, GRANT, START, TOKEN, body, status, text,
};
use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const LATE: Duration = Duration::from_secs(300);

/// The outcome of a pause under a fault, and what is true right after it and six minutes later.
fn pause_under(fault: Fault) -> (Exchange, String, String) {
    let direct = Direct::new();
    let name = fault.name();
    direct.next(Endpoint::CampaignPut, fault);
    let exchange = direct.put("PAUSED");
    assert_eq!(exchange.fault, Some(name));
    let at_once = direct.truth();
    direct.pass(LATE.saturating_sub(Duration::from_millis(1)));
    assert_eq!(direct.truth(), at_once, "{name}");
    direct.pass(MINUTE);
    (exchange, at_once, direct.truth())
}

#[test]
fn a_pause_has_its_effect_or_not_whatever_is_answered() {
    let (running, paused) = ("RUNNING", "PAUSED");
    for (fault, answer, at_once, later) in [
        (Fault::Status500, Some(500), running, running),
        (Fault::Html503, Some(503), running, running),
        (Fault::Status503WithEffect, Some(503), paused, paused),
        (Fault::Status503LateEffect(LATE), Some(503), running, paused),
        (
            Fault::AcknowledgedWithoutEffect,
            Some(200),
            running,
            running,
        ),
        (
            Fault::AcknowledgedLateEffect(LATE),
            Some(200),
            running,
            paused,
        ),
        (Fault::NotFound, Some(404), running, running),
        (Fault::Conflict, Some(409), running, running),
        (Fault::Unauthorized, Some(401), running, running),
        (
            Fault::TooMany { retry_after: None },
            Some(429),
            running,
            running,
        ),
        (Fault::EmptyOk, Some(200), paused, paused),
        (Fault::PartialContent, Some(206), paused, paused),
        (
            Fault::SecretsEchoed(StatusCode::BAD_REQUEST),
            Some(400),
            running,
            running,
        ),
        (Fault::Reset, None, running, running),
        (Fault::LostReply, None, paused, paused),
        (Fault::LateEffect(LATE), None, running, paused),
    ] {
        let name = fault.name();
        let (exchange, was, became) = pause_under(fault);
        match answer {
            Some(expected) => assert_eq!(status(&exchange), expected, "{name}"),
            None => assert_eq!(exchange.outcome, Outcome::Reset, "{name}"),
        }
        assert_eq!((was.as_str(), became.as_str()), (at_once, later), "{name}");
    }
    for (fault, at_once, later) in [
        (Fault::Stall, running, running),
        (Fault::StallWithEffect, paused, paused),
        (Fault::StallLateEffect(LATE), running, paused),
    ] {
        let name = fault.name();
        let (exchange, was, became) = pause_under(fault);
        assert_eq!(exchange.outcome, Outcome::Silent, "{name}");
        assert_eq!((was.as_str(), became.as_str()), (at_once, later), "{name}");
    }
}

#[test]
fn an_outage_of_one_endpoint_lasts_for_minutes_with_and_without_effect() {
    let pass = |fault: Fault| {
        let direct = Direct::new();
        let until = START.plus(3 * MINUTE);
        direct.handle.inject(FaultRule {
            fault,
            endpoint: Some(Endpoint::CampaignPut),
            when: FaultTiming::Between(START, until),
        });
        for wanted in ["PAUSED", "RUNNING", "PAUSED"] {
            assert!(direct.put(wanted).fault.is_some());
            assert_eq!(direct.get(CAMPAIGN).fault, None);
            direct.pass(MINUTE);
        }
        let journal = direct.handle.journal().len();
        assert_eq!(status(&direct.put("RUNNING")), 200);
        let injected: u64 = direct.handle.faults_injected().values().sum();
        (journal, injected)
    };
    for fault in [Fault::Html503, Fault::Stall, Fault::Reset] {
        assert_eq!(pass(fault), (0, 3));
    }
    for fault in [
        Fault::Status503WithEffect,
        Fault::StallWithEffect,
        Fault::LostReply,
    ] {
        assert_eq!(pass(fault), (3, 3));
    }
}

#[test]
fn what_is_acknowledged_looks_as_if_it_were_done() {
    let direct = Direct::new();
    direct.next(Endpoint::CampaignPut, Fault::AcknowledgedWithoutEffect);
    let acknowledged = body(&direct.put("PAUSED"));
    assert_eq!(acknowledged["status"], "PAUSED");
    assert_eq!(direct.shown(), "RUNNING");
    assert_eq!(direct.effects(), []);
    direct.next(Endpoint::CampaignPut, Fault::AcknowledgedLateEffect(LATE));
    assert_eq!(status(&direct.put("nonsense")), 422);
    direct.next(Endpoint::CampaignPut, Fault::AcknowledgedLateEffect(LATE));
    assert_eq!(body(&direct.put("PAUSED")), acknowledged);
    direct.handle.put_campaign(FIRST_CAMPAIGN, "STOPPED");
    direct.pass(2 * LATE);
    assert_eq!(direct.truth(), "STOPPED", "it forbids the command by then");
    direct.handle.set_available(1);
    let list = json!({"agents": [assignment("agent-0001")]}).to_string();
    direct.next(
        Endpoint::AssignmentsPut,
        Fault::AcknowledgedLateEffect(LATE),
    );
    let answer = body(&direct.send(Method::PUT, ASSIGNMENTS, &list));
    assert_eq!(answer["agentsUpdated"], 1);
    assert_eq!(direct.handle.assignments(FIRST_CAMPAIGN), []);
    direct.pass(LATE);
    assert_eq!(direct.handle.assignments(FIRST_CAMPAIGN).len(), 1);
}

#[test]
fn only_the_next_command_meets_a_429_or_a_401() {
    let mut direct = Direct::new();
    let retry_after = Some("7".to_owned());
    direct.next(Endpoint::CampaignPut, Fault::TooMany { retry_after });
    assert_eq!(status(&direct.get(CAMPAIGN)), 200);
    assert_eq!(status(&direct.put("PAUSED")), 429);
    assert_eq!(status(&direct.put("PAUSED")), 200);
    direct.next(Endpoint::CampaignPut, Fault::Unauthorized);
    assert_eq!(status(&direct.get(CAMPAIGN)), 200);
    assert_eq!(status(&direct.put("RUNNING")), 401);
    assert_eq!(status(&direct.get(CAMPAIGN)), 401, "the token is gone");
    direct.sign_in();
    assert_eq!(status(&direct.put("RUNNING")), 200);
    let effects = [(0, "PAUSED".to_owned()), (0, "RUNNING".to_owned())];
    assert_eq!(direct.effects(), effects);
}

#[test]
fn one_command_passes_through_a_transition() {
    let direct = Direct::new();
    let transition = |word: Option<&str>| {
        let word = word.map(str::to_owned);
        let lasting = 2 * MINUTE;
        direct.next(
            Endpoint::CampaignPut,
            Fault::Transition(Transition { word, lasting }),
        );
    };
    transition(None);
    assert_eq!(body(&direct.put("PAUSED"))["status"], "PAUSING");
    assert_eq!(
        (direct.shown(), direct.truth()),
        ("PAUSING".into(), "RUNNING".into())
    );
    assert_eq!(status(&direct.put("PAUSED")), 409);
    direct.pass(2 * MINUTE);
    assert_eq!(
        (direct.shown(), direct.truth()),
        ("PAUSED".into(), "PAUSED".into())
    );
    transition(Some("STARTING"));
    direct.put("RUNNING");
    assert_eq!(direct.shown(), "STARTING");
    direct.pass(2 * MINUTE);
    assert_eq!(
        body(&direct.put("PAUSED"))["status"],
        "PAUSED",
        "only one did"
    );
    let effects = [(120, "PAUSED"), (240, "RUNNING"), (240, "PAUSED")];
    assert_eq!(
        direct.effects(),
        effects.map(|(at, to)| (at, to.to_owned()))
    );
}

#[test]
fn a_success_without_a_body_and_half_a_page_hide_what_there_is() {
    let direct = Direct::new();
    direct.handle.set_available(5);
    direct.next(Endpoint::Agents, Fault::EmptyOk);
    let empty = direct.get(AGENTS);
    assert_eq!((status(&empty), text(&empty)), (200, ""));
    direct.next(Endpoint::Agents, Fault::PartialContent);
    let half = direct.get(AGENTS);
    assert_eq!(status(&half), 206);
    assert_eq!(body(&half)["items"].as_array().unwrap().len(), 2);
    direct.next(Endpoint::CampaignGet, Fault::PartialContent);
    let half = direct.get(CAMPAIGN);
    assert!(serde_json::from_str::<Value>(text(&half)).is_err());
    direct.next(Endpoint::CampaignGet, Fault::EmptyOk);
    let missing = direct.get("/api/v2/campaigns/other");
    assert_eq!(status(&missing), 404, "a refusal stays one");
}

#[test]
fn a_list_is_taken_in_part_without_a_word_about_it() {
    let direct = Direct::new();
    direct.handle.set_available(4);
    for (sent, taken) in [(4, 2), (3, 2), (1, 0)] {
        let agents: Vec<_> = (1..=sent)
            .map(|number| assignment(&format!("agent-{number:04}")))
            .collect();
        direct.next(Endpoint::AssignmentsPut, Fault::TakenInPart);
        let list = json!({"agents": agents}).to_string();
        let answer = direct.send(Method::PUT, ASSIGNMENTS, &list);
        assert_eq!(body(&answer)["agentsUpdated"], sent);
        assert_eq!(direct.handle.assignments(FIRST_CAMPAIGN).len(), taken);
        let shown = body(&direct.get(ASSIGNMENTS));
        assert_eq!(shown["agents"], json!(agents[..taken]));
    }
}

#[test]
fn an_error_can_repeat_every_secret_of_its_request() {
    let direct = Direct::new();
    direct.next(
        Endpoint::CampaignPut,
        Fault::SecretsEchoed(StatusCode::BAD_GATEWAY),
    );
    let refused = direct.put("PAUSED");
    assert_eq!(status(&refused), 502);
    assert!(text(&refused).contains("Bearer sim-"), "{refused:?}");
    assert_eq!(direct.truth(), "RUNNING");
    direct.next(
        Endpoint::Token,
        Fault::SecretsEchoed(StatusCode::BAD_REQUEST),
    );
    let refused = direct.send(Method::POST, TOKEN, GRANT);
    assert_eq!(status(&refused), 400);
    assert!(text(&refused).contains("autopilot-secret"), "{refused:?}");
    let counted = direct.handle.faults_injected();
    assert_eq!(
        counted.into_iter().collect::<Vec<_>>(),
        [("secrets-4xx", 1), ("secrets-5xx", 1)]
    );
    let mut headers = HeaderMap::new();
    headers.insert(
        AUTHORIZATION,
        "Basic YXV0b3BpbG90OnNlY3JldA==".parse().unwrap(),
    );
    direct.next(
        Endpoint::Token,
        Fault::SecretsEchoed(StatusCode::BAD_REQUEST),
    );
    let refused = direct.handle.exchange(SentRequest {
        method: Method::POST,
        uri: TOKEN.to_owned(),
        headers,
        body: bytes::Bytes::new(),
    });
    assert!(text(&refused).contains("YXV0b3BpbG90OnNlY3JldA=="));
}

fn assignment(id: &str) -> Value {
    json!({
        "userId": id,
        "skills": ["sales"],
        "availabilityWindow": {"start": "09:00", "end": "17:00", "timezone": "America/New_York"},
        "maxConcurrentCalls": 1
    })
}
