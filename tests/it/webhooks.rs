//! Other systems are told at least once, in order, and nothing waits for them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use campaign_autopilot::domain::MessageKind;
use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming};
use ring::hmac;
use serde_json::Value;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Finished, Invocation, of_kind, wait_until};
use crate::receiver::{Answering, Received, Receiver};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The daemon says this once when the receiver does not accept a message.
const NOT_TAKEN: &str = "the webhook's receiver did not accept a message";

fn told(centre: &Centre, receiver: &Receiver) -> Invocation {
    let mut invocation = centre.daemon();
    invocation
        .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
        .env("AUTOPILOT_WEBHOOK_SECRET", SECRET);
    invocation
}

/// Lets the campaign go from running to paused and back so many times.
fn swing(centre: &Centre, times: usize) {
    for _ in 0..times {
        centre.platform.set_available(3);
        centre.wait_for_status(CAMPAIGN, "PAUSED");
        centre.platform.set_available(10);
        centre.wait_for_status(CAMPAIGN, "RUNNING");
    }
}

fn events(requests: &[Received]) -> Vec<&str> {
    let events = requests.iter();
    events
        .map(|request| request.header("x-autopilot-event"))
        .collect()
}

fn outbox(centre: &Centre, arguments: &[&str]) -> Finished {
    let mut invocation = Invocation::bare();
    invocation
        .arg("outbox")
        .args(arguments)
        .arg("--state-dir")
        .arg(centre.state_dir());
    invocation.output()
}

fn listed(centre: &Centre) -> Vec<Value> {
    let done = outbox(centre, &["list", "--json"]);
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let lines = done.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn wait_for_an_empty_outbox(centre: &Centre) {
    wait_until("the outbox is empty", || listed(centre).is_empty());
}

#[test]
fn a_pause_and_a_resume_are_told_with_the_documents_members_and_a_signature_that_holds() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(204));
    let daemon = told(&centre, &receiver).start();
    swing(&centre, 1);
    let taken = receiver.wait_for(2);
    assert_eq!(events(&taken), ["campaign.paused", "campaign.resumed"]);
    let key = STANDARD
        .decode(SECRET.strip_prefix("whsec_").unwrap())
        .unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    for request in &taken {
        assert_eq!(request.path, "/hooks/T0K3N");
        let (id, at) = (
            request.header("webhook-id"),
            request.header("webhook-timestamp"),
        );
        let signed = format!("{id}.{at}.{}", request.body);
        let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()).as_ref());
        assert_eq!(
            request.header("webhook-signature"),
            format!("v1,{signature}")
        );
        assert_eq!(request.header("ce-id"), id);
        assert_eq!(request.header("ce-specversion"), "1.0");
        assert_eq!(request.header("ce-subject"), CAMPAIGN);
        assert_eq!(
            request.header("ce-type"),
            request.header("x-autopilot-event")
        );
        assert!(
            request
                .header("ce-source")
                .starts_with("urn:campaign-autopilot:127.0.0.1")
        );
        assert_eq!(request.header("content-type"), "application/json");
        assert_eq!(request.json()["timestamp"], request.header("ce-time"));
    }
    let paused = taken[0].json();
    assert_eq!(paused["campaignId"], CAMPAIGN);
    assert_eq!(paused["status"], "PAUSED");
    assert_eq!(paused["availableAgents"], 3);
    assert_eq!(paused["pauseThreshold"], 5);
    assert_eq!(paused["resumeThreshold"], 8);
    assert_eq!(paused["cause"], "threshold");
    assert!(paused["latencyMs"].is_u64());
    assert_eq!(taken[1].json()["status"], "RUNNING");
    wait_for_an_empty_outbox(&centre);
    daemon.stop();
    // The body's decision is the audit's.
    let rows = centre.audit();
    let outcomes = of_kind(&rows, "outcome");
    assert_eq!(outcomes[0]["decision"], paused["decisionId"]);
    assert!(of_kind(&rows, "outbox").is_empty());
}

#[test]
fn a_receiver_that_is_down_at_first_gets_everything_in_order() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Down);
    let daemon = told(&centre, &receiver).start().tolerate(&[NOT_TAKEN]);
    swing(&centre, 2);
    daemon.wait_for_log(NOT_TAKEN);
    wait_until("all four wait", || listed(&centre).len() == 4);
    let waiting = listed(&centre);
    assert!(waiting[0]["due"].is_string());
    assert!(waiting[1]["due"].is_null(), "behind the first of its key");
    receiver.answer(Answering::Status(200));
    let taken = receiver.wait_for(4);
    let expected = ["campaign.paused", "campaign.resumed"].repeat(2);
    assert_eq!(events(&taken), expected);
    let ids: Vec<&str> = taken.iter().map(|one| one.header("webhook-id")).collect();
    let written: Vec<&str> = waiting
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, written);
    daemon.wait_for_log("accepts messages again");
    wait_for_an_empty_outbox(&centre);
    daemon.stop();
}

#[test]
fn a_receiver_that_says_nothing_delays_no_pause_and_no_stop() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Silent);
    let mut invocation = told(&centre, &receiver);
    invocation.env("AUTOPILOT_WEBHOOK_TIMEOUT", "1h");
    let daemon = invocation.start();
    swing(&centre, 1);
    receiver.wait_for_requests(1);
    // The first message hangs, and the campaign is steered all the same.
    swing(&centre, 2);
    assert_eq!(receiver.received().len(), 1);
    receiver.answer(Answering::Status(200));
    let taken = receiver.wait_for(6);
    let expected = ["campaign.paused", "campaign.resumed"].repeat(3);
    assert_eq!(events(&taken), expected);
    receiver.answer(Answering::Silent);
    centre.platform.set_available(3);
    receiver.wait_for_requests(7);
    daemon.stop();
    assert_eq!(listed(&centre).len(), 1, "what did not go is kept");
}

#[test]
fn a_crash_between_delivery_and_mark_sends_it_again_with_the_same_id() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Silent);
    let daemon = told(&centre, &receiver).start();
    centre.platform.set_available(3);
    receiver.wait_for_requests(1);
    daemon.kill();
    receiver.answer(Answering::Status(200));
    let again = told(&centre, &receiver).start();
    wait_until("it comes again", || receiver.received().len() >= 2);
    centre.platform.set_available(10);
    wait_until("the resume is told", || receiver.received().len() >= 3);
    wait_for_an_empty_outbox(&centre);
    let came = receiver.received();
    let expected = ["campaign.paused", "campaign.paused", "campaign.resumed"];
    assert_eq!(events(&came), expected);
    assert_eq!(came[0].header("webhook-id"), came[1].header("webhook-id"));
    assert_eq!(came[0].body, came[1].body);
    assert_ne!(came[1].header("webhook-id"), came[2].header("webhook-id"));
    again.stop();
    assert_eq!(of_kind(&centre.audit(), "outcome").len(), 2);
}

#[test]
fn kills_lose_no_message_and_change_no_order() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(200));
    let commands = || centre.commands().len();
    for round in 0..24 {
        let daemon = told(&centre, &receiver).start();
        let (before, requests) = (commands(), receiver.received().len());
        centre
            .platform
            .set_available(if round % 2 == 0 { 3 } else { 10 });
        wait_until("a command takes effect", || commands() > before);
        // Somewhere between the command's effect and the mark that what it came to is delivered.
        if round % 3 == 0 {
            receiver.wait_for_requests(requests + 1);
        }
        daemon.kill();
    }
    let last = told(&centre, &receiver).start();
    centre.wait_for_polls(5);
    wait_for_an_empty_outbox(&centre);
    last.stop();
    let mut told = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    for request in receiver.received() {
        if ids.insert(request.header("webhook-id").to_owned()) {
            let body = request.json();
            told.push((
                body["decisionId"].as_str().unwrap().to_owned(),
                body["status"].as_str().unwrap().to_owned(),
            ));
        }
    }
    assert_eq!(told, confirmed(&centre.audit()));
    assert_eq!(told.len(), 24);
}

/// Decision and status of every command that the audit says was confirmed, at once or later.
fn confirmed(rows: &[Value]) -> Vec<(String, String)> {
    let status = |direction: &Value| {
        let status = if direction == "pause" {
            "PAUSED"
        } else {
            "RUNNING"
        };
        status.to_owned()
    };
    let mut confirmed = Vec::new();
    for row in rows {
        let event = &row["event"];
        let notice = &event["notice"];
        if row["kind"] == "outcome" && event["conclusion"] == "confirmed" {
            let decision = row["decision"].as_str().unwrap().to_owned();
            confirmed.push((decision, status(&event["direction"])));
        } else if notice["notice"] == "resolved" && notice["conclusion"] == "confirmed" {
            let (run, tick) = (&notice["decision"]["run"], &notice["decision"]["tick"]);
            confirmed.push((format!("{run}-{tick}"), status(&notice["to"])));
        }
    }
    confirmed
}

#[test]
fn a_refused_message_becomes_a_dead_letter_that_an_operator_can_have_tried_again() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(410));
    let daemon = told(&centre, &receiver)
        .start()
        .tolerate(&[NOT_TAKEN, "message given up"]);
    centre.platform.set_available(3);
    let given_up = daemon.wait_for_log("message given up");
    let id = given_up["letter"].as_str().unwrap().to_owned();
    assert_eq!(receiver.received().len(), 3);
    wait_until("it is listed", || {
        let dead = outbox(&centre, &["list", "--dead"]);
        dead.stdout.starts_with(&id) && dead.stdout.contains("the receiver answered 410")
    });
    receiver.answer(Answering::Status(200));
    let unknown = outbox(&centre, &["retry", &id, "msg_nowhere"]);
    assert_eq!(unknown.code(), 1);
    assert!(unknown.stderr.contains("msg_nowhere"), "{}", unknown.stderr);
    let retried = outbox(&centre, &["retry", "--all-dead"]);
    assert_eq!((retried.code(), retried.stdout.trim()), (0, id.as_str()));
    let taken = receiver.wait_for(1);
    assert_eq!(taken[0].header("webhook-id"), id);
    wait_for_an_empty_outbox(&centre);
    daemon.stop();
    let rows = centre.audit();
    let changes: Vec<&Value> = of_kind(&rows, "outbox")
        .iter()
        .map(|row| &row["event"]["change"]["change"])
        .collect();
    assert_eq!(changes, ["given_up", "retried"]);
}

#[test]
fn what_is_dropped_is_not_told_and_is_in_the_audit() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(503));
    let daemon = told(&centre, &receiver).start().tolerate(&[NOT_TAKEN]);
    swing(&centre, 1);
    wait_until("both wait", || listed(&centre).len() == 2);
    // The first of its key may be on its way at any moment, and this one waits behind it.
    let id = listed(&centre)[1]["id"].as_str().unwrap().to_owned();
    assert_eq!(outbox(&centre, &["drop"]).code(), 2, "nothing is chosen");
    let done = outbox(&centre, &["drop", &id, "-o", "json"]);
    let told: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        told,
        serde_json::json!({"schema": "outbox-change/1", "done": "dropped", "ids": [id]})
    );
    receiver.answer(Answering::Status(200));
    let taken = receiver.wait_for(1);
    assert_eq!(events(&taken), ["campaign.paused"]);
    wait_for_an_empty_outbox(&centre);
    daemon.stop();
    let rows = centre.audit();
    let dropped = &of_kind(&rows, "outbox")[0];
    assert_eq!(dropped["event"]["message"], id);
    assert_eq!(dropped["event"]["change"]["change"], "dropped");
    assert_eq!(dropped["campaign"], CAMPAIGN);
}

#[test]
fn stale_data_and_their_end_are_told() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(200));
    let daemon = told(&centre, &receiver)
        .start()
        .tolerate(&["poll invalid", "stale"]);
    daemon.wait_for_log("first poll complete");
    centre.platform.inject(FaultRule {
        fault: Fault::Unauthorized,
        endpoint: Some(Endpoint::Agents),
        when: FaultTiming::Always,
    });
    let stale = &receiver.wait_for(1)[0];
    assert_eq!(stale.header("x-autopilot-event"), "data.stale");
    assert_eq!(stale.header("ce-subject"), "agents");
    assert_eq!(stale.json()["status"], "STALE");
    assert_eq!(stale.json()["invalidPolls"], 3);
    assert_eq!(stale.json()["keepDialling"], 1);
    let why = stale.json()["error"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(why.contains(" 401 "), "{why}");
    centre.platform.clear_faults();
    assert_eq!(receiver.wait_for(2)[1].json()["status"], "FRESH");
    daemon.stop();
}

#[test]
fn an_unproven_pause_is_told_once_and_so_is_its_end() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(200));
    centre.platform.set_available(0);
    let daemon = told(&centre, &receiver).start();
    receiver.wait_for(1);
    daemon.stop();
    // Behind our back, and back to what it was.
    centre.platform.person_sets(CAMPAIGN, "RUNNING");
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    let doubted = &[
        "not to be shown to be ours",
        "nobody can say whose pause it is",
    ];
    let daemon = told(&centre, &receiver).start().tolerate(doubted);
    daemon.wait_for_log("not to be shown to be ours");
    centre.wait_for_polls(4);
    assert_eq!(receiver.wait_for(1).len(), 1, "nobody stands idle");
    centre.platform.set_available(20);
    let raised = &receiver.wait_for(2)[1];
    assert_eq!(
        raised.header("x-autopilot-event"),
        "campaign.pause_unproven"
    );
    assert_eq!(raised.header("ce-subject"), CAMPAIGN);
    let body = raised.json();
    assert_eq!(
        (&body["status"], &body["doubt"], &body["campaignId"]),
        (&"UNPROVEN".into(), &"touched".into(), &CAMPAIGN.into())
    );
    daemon.stop();

    let daemon = told(&centre, &receiver)
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    centre.wait_for_polls(5);
    assert_eq!(receiver.wait_for(2).len(), 2, "not again after a restart");
    let given_away = Api::of(&daemon)
        .command(&["release", CAMPAIGN, "--theirs"])
        .output();
    assert_eq!(given_away.code(), 0, "{}", given_away.stderr);
    let taken = receiver.wait_for(4);
    let claimed = &taken[2];
    assert_eq!(
        claimed.header("x-autopilot-event"),
        "campaign.pause_claimed"
    );
    assert_eq!(claimed.json()["status"], "THEIRS");
    let ended = &taken[3];
    assert_eq!(ended.header("x-autopilot-event"), "campaign.pause_unproven");
    let body = ended.json();
    assert_eq!(
        (&body["status"], &body["resolvedAs"]),
        (&"RESOLVED".into(), &"person".into())
    );
    centre.wait_for_polls(4);
    daemon.stop();
    assert_eq!(receiver.wait_for(4).len(), 4);
    centre.audit();
}

#[test]
fn the_page_on_webhooks_names_every_message_in_its_order() {
    let page = std::fs::read_to_string("docs/guide/webhooks.md").unwrap();
    let (_, table) = page.split_once("| event | when | members").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let named: Vec<&str> = table
        .lines()
        .skip(2)
        .flat_map(|row| row.split('|').nth(1).unwrap().split(','))
        .map(|name| name.trim().trim_matches('`'))
        .collect();
    let known = MessageKind::ALL.map(MessageKind::name);
    // A test of the receiver reports nothing, and is told of beside the table.
    assert_eq!(named, known[..known.len() - 1]);
    assert!(page.contains(known[known.len() - 1]));
}

#[test]
fn flapping_is_told_once() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(200));
    let daemon = told(&centre, &receiver)
        .env("AUTOPILOT_FLAP_LIMIT", "2")
        .start()
        .tolerate(&["flapping"]);
    swing(&centre, 4);
    let taken = receiver.wait_for(9);
    let flapping: Vec<usize> = (0..taken.len())
        .filter(|at| taken[*at].header("ce-type") == "campaign.flapping")
        .collect();
    assert_eq!(flapping, [4], "behind the second resume");
    let body = taken[4].json();
    assert_eq!(body["resumesLastHour"], 2);
    assert_eq!(body["limitPerHour"], 2);
    assert_eq!(body["resumesHeldBack"], false);
    daemon.stop();
}

#[test]
fn once_tells_before_it_ends() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(200));
    centre.platform.set_available(3);
    let done = told(&centre, &receiver).arg("--once").output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    assert_eq!(events(&receiver.taken()), ["campaign.paused"]);
    assert!(listed(&centre).is_empty());
}

#[test]
fn without_a_receiver_nothing_is_written_and_a_dry_run_tells_nobody() {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    swing(&centre, 1);
    daemon.stop();
    assert!(listed(&centre).is_empty());
    let receiver = Receiver::start(Answering::Status(200));
    let daemon = told(&centre, &receiver)
        .arg("--dry-run")
        .start()
        .tolerate(&["poll invalid", "stale"]);
    centre.platform.set_available(3);
    daemon.wait_for_log("dry run: would pause");
    centre.platform.inject(FaultRule {
        fault: Fault::Unauthorized,
        endpoint: Some(Endpoint::Agents),
        when: FaultTiming::Always,
    });
    daemon.wait_for_log("the data are stale");
    daemon.stop();
    assert!(receiver.received().is_empty());
    assert!(listed(&centre).is_empty());
}

#[test]
fn messages_that_nobody_delivers_any_more_are_named() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(503));
    let daemon = told(&centre, &receiver).start().tolerate(&[NOT_TAKEN]);
    centre.platform.set_available(3);
    daemon.wait_for_log(NOT_TAKEN);
    daemon.stop();
    let daemon = centre
        .daemon()
        .start()
        .tolerate(&["they are not delivered"]);
    assert_eq!(daemon.wait_for_log("they are not delivered")["messages"], 1);
    daemon.stop();
}

fn try_receiver(centre: &Centre, receiver: &Receiver) -> Finished {
    let mut invocation = Invocation::bare();
    invocation
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
        .env("AUTOPILOT_WEBHOOK_SECRET", SECRET)
        .args(&["webhook", "test"]);
    invocation.output()
}

#[test]
fn webhook_test_says_what_came_back() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(202));
    let good = try_receiver(&centre, &receiver);
    assert_eq!(good.code(), 0, "{}{}", good.stdout, good.stderr);
    let sent = &receiver.taken()[0];
    assert_eq!(sent.header("x-autopilot-event"), "webhook.test");
    assert!(good.stdout.contains(sent.header("webhook-id")));
    assert!(good.stdout.contains(" 202 ") && good.stdout.contains("it said: seen"));
    receiver.answer(Answering::Status(401));
    let refused = try_receiver(&centre, &receiver);
    assert_eq!(refused.code(), 77);
    assert!(refused.stdout.contains("FAILED  the receiver answered 401"));
    receiver.answer(Answering::Down);
    let down = try_receiver(&centre, &receiver);
    assert_eq!(down.code(), 69);
    for done in [good, refused, down] {
        let said = format!("{}{}", done.stdout, done.stderr);
        assert!(
            !said.contains("T0K3N") && !said.contains("MfKQ9r8G"),
            "{said}"
        );
    }
    let nobody = Invocation::bare()
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .args(&["webhook", "test"])
        .output();
    assert_eq!(nobody.code(), 78, "{}", nobody.stderr);
}

#[test]
fn a_redirect_is_not_followed() {
    let centre = Centre::new();
    let elsewhere = Receiver::start(Answering::Status(200));
    let receiver = Receiver::start(Answering::Redirect(elsewhere.url()));
    let done = try_receiver(&centre, &receiver);
    assert_eq!(done.code(), 77);
    assert!(
        done.stdout.contains("307: a redirect to http://127.0.0.1:"),
        "{}",
        done.stdout
    );
    let daemon = told(&centre, &receiver).start().tolerate(&[NOT_TAKEN]);
    centre.platform.set_available(3);
    daemon.wait_for_log(NOT_TAKEN);
    daemon.stop();
    assert!(elsewhere.received().is_empty());
    assert_eq!(listed(&centre).len(), 1);
}

#[test]
fn an_answer_without_end_is_not_read_to_its_end() {
    const ENDLESS: u64 = 1 << 30;
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Endless(ENDLESS));
    let done = try_receiver(&centre, &receiver);
    assert_eq!(done.code(), 0, "the status counts: {}", done.stdout);
    assert!(done.stdout.len() < 1_000);
    // What the sockets hold comes on top of what was read.
    assert!(receiver.written() < ENDLESS / 8, "{}", receiver.written());
}

#[test]
fn no_secret_is_in_a_log_or_in_the_store() {
    let centre = Centre::new();
    let receiver = Receiver::start(Answering::Status(500));
    centre.platform.set_available(3);
    let done = told(&centre, &receiver)
        .arg("--once")
        .env("AUTOPILOT_LOG", "trace")
        .output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    // The next try is due at a random moment, which may come before the end.
    assert!(!receiver.received().is_empty());
    assert!(done.stderr.contains(NOT_TAKEN));
    let store = std::fs::read(centre.state_dir().join("autopilot.sqlite3")).unwrap();
    let journal = std::fs::read(centre.state_dir().join("autopilot.sqlite3-wal"));
    let kept = [store, journal.unwrap_or_default()].concat();
    let said = done.stderr.into_bytes();
    for secret in ["MfKQ9r8G", "T0K3N"] {
        for bytes in [&said, &kept] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
}
