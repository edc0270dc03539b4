//! One decision can be followed through everything that tells of it.

use campaign_autopilot::simulator::Actor;
use serde_json::Value;

use crate::centre::{CAMPAIGN, Centre, of_kind, wait_until};
use crate::monitoring::{address, get};
use crate::receiver::{Answering, Receiver};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn a_pause_has_one_id_in_log_audit_webhook_platform_and_status() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(204));
    let mut invocation = centre.daemon();
    invocation
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
        .env("AUTOPILOT_WEBHOOK_SECRET", SECRET);
    let daemon = invocation.start();
    centre.platform.set_available(3);
    let line = daemon.wait_for_log("paused");
    let decision = line["decision"].as_str().unwrap().to_owned();
    assert!(line["reason"].as_str().unwrap().contains('3'), "{line}");

    let told = receiver.wait_for(1)[0].json();
    assert_eq!(told["campaignId"], CAMPAIGN);
    assert_eq!(told["decisionId"], *decision);

    let address = address(&daemon);
    let ask = |path: &str| -> Value {
        serde_json::from_str(&get(&address, path).unwrap_or_default()).unwrap_or_default()
    };
    let mut shown = Value::Null;
    wait_until("the status shows the pause", || {
        shown = ask(&format!("/api/v1/campaigns/{CAMPAIGN}"));
        shown["campaign"]["last_transition"]["to"] == "paused"
    });
    assert_eq!(
        shown["campaign"]["last_transition"]["decision"], *decision,
        "{shown}"
    );
    let history = ask("/api/v1/history");
    assert!(history.to_string().contains(&decision), "{history}");

    // The request carried it, and so the platform's own log can be searched for it.
    let entries = centre.platform.journal();
    let Actor::Client { request_id, .. } = &entries.last().unwrap().by else {
        panic!("{entries:?}")
    };
    assert_eq!(request_id.as_deref(), Some(decision.as_str()));
    daemon.stop();

    let rows = centre.audit();
    for kind in ["intent", "outcome"] {
        assert_eq!(of_kind(&rows, kind)[0]["decision"], *decision, "{kind}");
    }
}

#[test]
fn lines_within_a_tick_carry_the_decision_and_where_they_stand() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LOG", "campaign_autopilot=debug")
        .start();
    centre.platform.set_available(3);
    let line = daemon.wait_for_log("paused");
    let names = |line: &Value| -> Vec<String> {
        let spans = line["spans"].as_array().unwrap();
        spans
            .iter()
            .map(|span| span["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&line), ["tick", "command"], "{line}");
    for span in line["spans"].as_array().unwrap() {
        assert_eq!(span["decision"], line["decision"]);
    }
    let read = daemon.wait_for_log("agents read");
    assert_eq!(names(&read), ["tick", "poll"], "{read}");
    assert_eq!(read["spans"][0]["decision"], read["decision"]);
    assert_eq!(read["decision"], "1-1", "the poll is the first decision's");
    // Every line is tolerated, as the lines at DEBUG are what was asked for.
    daemon.tolerate(&[""]).stop();
}

#[test]
fn the_default_log_says_nothing_of_spans() {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    centre.platform.set_available(3);
    daemon.wait_for_log("paused");
    for line in daemon.log() {
        assert!(line.get("spans").is_none(), "{line}");
    }
    daemon.stop();
}
