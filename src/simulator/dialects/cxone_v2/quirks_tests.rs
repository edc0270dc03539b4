//! What each quirk answers, and what is true meanwhile, without sockets.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use crate::simulator::test_direct::{
    AGENTS, ASSIGNMENTS, CAMPAIGN, Direct, START, body, status, text,
};
use crate::simulator::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A platform with one quirk.
fn with(change: impl FnOnce(&mut Quirks)) -> Direct {
    Direct::with(|settings| change(&mut settings.quirks))
}

/// The ids of a page's agents.
fn ids(direct: &Direct, query: &str) -> Vec<String> {
    let page = body(&direct.get(&format!("{AGENTS}?{query}")));
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|agent| agent["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn nobody_is_told_in_four_ways() {
    for (nobody, code, page, list) in [
        (
            Nobody::EmptyList,
            200,
            r#"{"items":[]}"#,
            r#"{"campaignId":"campaign-1","agents":[]}"#,
        ),
        (Nobody::NoContent, 204, "", ""),
        (
            Nobody::NullItems,
            200,
            r#"{"items":null}"#,
            r#"{"campaignId":"campaign-1","agents":null}"#,
        ),
        (Nobody::NullBody, 200, "null", "null"),
    ] {
        let direct = with(|quirks| quirks.nobody = nobody);
        let nobody = direct.get(AGENTS);
        assert_eq!((status(&nobody), text(&nobody)), (code, page));
        let unassigned = direct.get(ASSIGNMENTS);
        assert_eq!((status(&unassigned), text(&unassigned)), (code, list));
        direct.handle.set_available(1);
        assert_eq!(ids(&direct, "state=available"), ["agent-0001"]);
    }
}

#[test]
fn pages_are_clamped_whatever_was_asked_for() {
    let direct = with(|quirks| quirks.page_clamp = Some(2));
    direct.handle.set_available(5);
    assert_eq!(ids(&direct, "limit=100"), ["agent-0001", "agent-0002"]);
    assert_eq!(
        ids(&direct, "limit=100&offset=2"),
        ["agent-0003", "agent-0004"]
    );
    assert_eq!(ids(&direct, "limit=1"), ["agent-0001"]);
    let skills = body(&direct.get("/api/v2/routing/skills"));
    assert_eq!(skills["items"].as_array().unwrap().len(), 2);
}

#[test]
fn filtered_after_paging_a_short_page_is_not_the_last() {
    let direct = with(|quirks| quirks.filtering = Filtering::AfterPaging);
    direct.handle.set_available(5);
    for busy in ["agent-0001", "agent-0002", "agent-0003"] {
        direct.handle.set_agent_state(busy, AgentState::Busy);
    }
    assert_eq!(ids(&direct, "state=available&limit=2"), [""; 0]);
    assert_eq!(
        ids(&direct, "state=available&limit=2&offset=2"),
        ["agent-0004"]
    );
    assert_eq!(
        ids(&direct, "state=available&limit=2&offset=4"),
        ["agent-0005"]
    );
    assert_eq!(direct.handle.available(), 2);
}

#[test]
fn words_come_in_another_form() {
    for (words, running, wrap_up) in [
        (WordForm::Documented, "RUNNING", "wrap-up"),
        (WordForm::Capitalised, "Running", "Wrap-up"),
        (WordForm::Upper, "RUNNING", "WRAP-UP"),
        (WordForm::Lower, "running", "wrap-up"),
        (WordForm::Underscored, "RUNNING", "wrap_up"),
    ] {
        let direct = with(|quirks| quirks.words = words);
        direct.handle.put_agent("ann", AgentState::WrapUp, &[]);
        assert_eq!(direct.shown(), running);
        assert_eq!(body(&direct.put("RUNNING"))["status"], running);
        let page = body(&direct.get(&format!("{AGENTS}?state=wrap-up")));
        assert_eq!(page["items"][0]["state"], wrap_up);
        assert_eq!(direct.truth(), "RUNNING");
    }
}

#[test]
fn a_timestamp_moves_is_cut_or_is_absent() {
    let read = |timestamps| {
        let direct = with(|quirks| quirks.timestamps = timestamps);
        direct.pass(MINUTE);
        let first = body(&direct.get(CAMPAIGN));
        direct.pass(MINUTE);
        [first, body(&direct.get(CAMPAIGN))].map(|shown| shown["updatedTimestamp"].clone())
    };
    let exact = "2024-05-15T14:32:10.123Z";
    assert_eq!(read(Timestamps::Exact), [exact, exact]);
    let cut = "2024-05-15T14:32:10Z";
    assert_eq!(read(Timestamps::WholeSeconds), [cut, cut]);
    assert_eq!(
        read(Timestamps::MovesAtReads),
        ["2024-05-15T14:33:10.123Z", "2024-05-15T14:34:10.123Z"]
    );
    assert_eq!(
        read(Timestamps::MovesInWholeSeconds),
        ["2024-05-15T14:33:10Z", "2024-05-15T14:34:10Z"]
    );
    assert_eq!(read(Timestamps::Absent), [Value::Null, Value::Null]);
}

#[test]
fn every_change_passes_through_a_transition_until_a_person_ends_it() {
    let direct = with(|quirks| {
        quirks.transition = Some(Transition {
            word: None,
            lasting: MINUTE,
        });
    });
    assert_eq!(body(&direct.put("RUNNING"))["status"], "RUNNING");
    direct.pass(MINUTE);
    direct.put("PAUSED");
    let shown = body(&direct.get(CAMPAIGN));
    assert_eq!(shown["status"], "PAUSING");
    assert_eq!(shown["updatedTimestamp"], "2024-05-15T14:33:10.123Z");
    assert_eq!(direct.truth(), "RUNNING");
    direct.pass(MINUTE);
    assert_eq!(
        (direct.shown(), direct.truth()),
        ("PAUSED".into(), "PAUSED".into())
    );
    direct.put("RUNNING");
    assert_eq!(direct.shown(), "RESUMING");
    assert!(direct.handle.person_sets(FIRST_CAMPAIGN, "PAUSED"));
    assert_eq!(direct.shown(), "PAUSED");
    direct.pass(2 * MINUTE);
    assert_eq!(direct.truth(), "PAUSED");
    let effects = [(0, "RUNNING"), (120, "PAUSED"), (120, "PAUSED")];
    assert_eq!(
        direct.effects(),
        effects.map(|(at, to)| (at, to.to_owned()))
    );
}

#[test]
fn an_acknowledged_command_without_effect_begins_no_transition() {
    let direct = with(|quirks| {
        quirks.transition = Some(Transition {
            word: None,
            lasting: MINUTE,
        });
    });
    direct.next(Endpoint::CampaignPut, Fault::AcknowledgedWithoutEffect);
    assert_eq!(body(&direct.put("PAUSED"))["status"], "PAUSING");
    assert_eq!(direct.shown(), "RUNNING");
    direct.pass(2 * MINUTE);
    assert_eq!(direct.effects(), []);
    direct.next(Endpoint::CampaignPut, Fault::AcknowledgedLateEffect(MINUTE));
    direct.put("PAUSED");
    direct.pass(MINUTE);
    assert_eq!(direct.shown(), "PAUSING");
    direct.pass(MINUTE);
    assert_eq!(direct.effects(), [(240, "PAUSED".to_owned())]);
}

#[test]
fn lists_come_back_normalised_and_are_in_force_as_sent() {
    let direct = with(|quirks| quirks.assignment_form = AssignmentForm::Normalised);
    direct.handle.set_available(2);
    let one = |id: &str, skills: [&str; 2], start: &str, end: &str, zone: &str| {
        json!({
            "userId": id, "skills": skills, "maxConcurrentCalls": 1,
            "availabilityWindow": {"start": start, "end": end, "timezone": zone}
        })
    };
    let sent = [
        one(
            "agent-0001",
            ["a", "b"],
            "09:00",
            "17:30",
            "America/New_York",
        ),
        one("agent-0002", ["c", "d"], "22:00", "06:00", "Europe/Paris"),
    ];
    let list = json!({"agents": sent}).to_string();
    assert_eq!(status(&direct.send(Method::PUT, ASSIGNMENTS, &list)), 200);
    let shown = body(&direct.get(ASSIGNMENTS));
    let expected = [
        one(
            "agent-0002",
            ["d", "c"],
            "22:00",
            "06:00:00",
            "Europe/Paris",
        ),
        one("agent-0001", ["b", "a"], "9:00", "17:30:00", "US/Eastern"),
    ];
    assert_eq!(shown["agents"], json!(expected));
    assert_eq!(
        json!(direct.handle.assignments(FIRST_CAMPAIGN)),
        json!(sent)
    );
}

#[test]
fn quirks_change_at_run_time_and_have_names() {
    let direct = Direct::new();
    direct.handle.set_available(3);
    assert_eq!(direct.handle.quirks().names(), [""; 0]);
    assert_eq!(ids(&direct, "").len(), 3);
    let quirks = Quirks {
        nobody: Nobody::NoContent,
        page_clamp: Some(1),
        filtering: Filtering::AfterPaging,
        words: WordForm::Upper,
        timestamps: Timestamps::MovesAtReads,
        transition: Some(Transition {
            word: Some("UPDATING".to_owned()),
            lasting: MINUTE,
        }),
        assignment_form: AssignmentForm::Normalised,
    };
    direct.handle.set_quirks(quirks.clone());
    assert_eq!(direct.handle.quirks(), quirks);
    assert_eq!(ids(&direct, "").len(), 1);
    let names = [
        "nobody-204",
        "page-clamp",
        "filtered-after-paging",
        "words-upper",
        "timestamp-moves",
        "transition",
        "assignments-normalised",
    ];
    assert_eq!(quirks.names(), names);
    direct.put("PAUSED");
    direct.handle.set_quirks(Quirks::default());
    assert_eq!(direct.shown(), "UPDATING", "it goes on as it began");
    direct.pass(MINUTE);
    assert_eq!(direct.shown(), "PAUSED");
    assert_eq!(direct.handle.journal()[0].at, START.plus(MINUTE));
}
