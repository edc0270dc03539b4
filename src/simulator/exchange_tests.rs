//! The platform without sockets, and effects that come later than their request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::Method;
use hyper::header::{CONTENT_TYPE, DATE};

use super::test_direct::{AGENTS, CAMPAIGN, Direct, START, body, status};
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_request_is_carried_out_at_once_and_answered_as_a_value() {
    let direct = Direct::with(|settings| settings.latency = 3 * SECOND);
    direct.handle.set_available(3);
    let page = direct.get(&format!("{AGENTS}?state=available&limit=2"));
    assert_eq!((page.after, page.fault), (3 * SECOND, None));
    assert_eq!(body(&page)["items"].as_array().unwrap().len(), 2);
    let Outcome::Answered { headers, .. } = &page.outcome else {
        panic!("{page:?}");
    };
    assert_eq!(headers[CONTENT_TYPE], "application/json");
    assert_eq!(
        headers[DATE], "Wed, 15 May 2024 14:32:13 GMT",
        "dated when it arrives"
    );
    assert_eq!(body(&direct.put("PAUSED"))["status"], "PAUSED");
    assert_eq!(direct.effects(), [(0, "PAUSED".to_owned())]);
    for (method, uri, expected) in [
        (Method::GET, "/nowhere", 404),
        (Method::DELETE, CAMPAIGN, 405),
    ] {
        let exchange = direct.send(method, uri, "");
        assert_eq!(
            (status(&exchange), exchange.after),
            (expected, Duration::ZERO)
        );
    }
    let huge = "x".repeat(1024 * 1024 + 1);
    assert_eq!(status(&direct.send(Method::PUT, CAMPAIGN, &huge)), 413);
}

#[test]
fn broken_connections_are_outcomes_and_every_fault_is_counted() {
    let direct = Direct::new();
    direct.handle.set_available(9);
    let get = |fault: Fault| {
        direct.next(Endpoint::Agents, fault);
        direct.get(AGENTS)
    };
    let whole = body(&direct.get(AGENTS)).to_string();
    let torn = get(Fault::Truncate);
    let Outcome::Truncated { status, body, .. } = &torn.outcome else {
        panic!("{torn:?}");
    };
    assert_eq!((status.as_u16(), torn.fault), (200, Some("truncate")));
    assert_eq!(body.len(), whole.len() / 2);
    let reset = get(Fault::Reset);
    assert_eq!(
        (reset.outcome, reset.after),
        (Outcome::Reset, Duration::ZERO)
    );
    let stalled = get(Fault::Stall);
    assert_eq!(
        (stalled.outcome, stalled.after),
        (Outcome::Silent, 2 * MINUTE)
    );
    assert_eq!(get(Fault::Slow(5 * SECOND)).after, 5 * SECOND);
    get(Fault::Reset);
    assert_eq!(direct.get(AGENTS).fault, None);
    let counted: Vec<_> = direct.handle.faults_injected().into_iter().collect();
    assert_eq!(
        counted,
        [("reset", 2), ("slow", 1), ("stall", 1), ("truncate", 1)]
    );
}

#[test]
fn late_effects_come_in_their_order_and_at_their_own_times() {
    let direct = Direct::new();
    let late = |seconds, status| {
        direct.next(
            Endpoint::CampaignPut,
            Fault::LateEffect(Duration::from_secs(seconds)),
        );
        assert_eq!(direct.put(status).outcome, Outcome::Reset);
    };
    late(90, "RUNNING");
    late(30, "PAUSED");
    direct.pass(29 * SECOND);
    assert_eq!(
        (direct.truth().as_str(), direct.effects()),
        ("RUNNING", vec![])
    );
    direct.pass(10 * MINUTE);
    let effects = [(30, "PAUSED".to_owned()), (90, "RUNNING".to_owned())];
    assert_eq!(direct.effects(), effects);
    assert!(direct.handle.person_sets(FIRST_CAMPAIGN, "STOPPED"));
    assert_eq!(direct.effects().len(), 3);
}

#[test]
fn a_person_acts_between_a_command_and_its_late_effect() {
    let direct = Direct::new();
    direct.next(Endpoint::CampaignPut, Fault::LateEffect(5 * MINUTE));
    direct.put("RUNNING");
    direct.pass(MINUTE);
    assert!(direct.handle.person_sets(FIRST_CAMPAIGN, "PAUSED"));
    direct.pass(5 * MINUTE);
    assert_eq!(direct.truth(), "RUNNING");
    let effects = [(60, "PAUSED".to_owned()), (300, "RUNNING".to_owned())];
    assert_eq!(direct.effects(), effects);
}

#[test]
fn a_late_effect_needs_a_token_that_was_good_when_it_arrived() {
    let mut direct = Direct::with(|settings| settings.token_life = MINUTE);
    direct.next(Endpoint::CampaignPut, Fault::LateEffect(5 * MINUTE));
    direct.put("PAUSED");
    direct.handle.expire_tokens();
    direct.next(Endpoint::CampaignPut, Fault::LateEffect(6 * MINUTE));
    direct.put("RUNNING");
    direct.pass(10 * MINUTE);
    assert_eq!(direct.effects(), [(300, "PAUSED".to_owned())]);
    direct.sign_in();
    assert_eq!(direct.shown(), "PAUSED");
}

#[test]
fn the_hook_hears_of_a_late_effect_when_the_platform_is_touched() {
    let direct = Direct::new();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (notes, watched) = (Arc::clone(&heard), direct.handle.clone());
    direct.handle.set_hook(Some(Arc::new(move |_, phase| {
        let truth = watched.campaign_status(FIRST_CAMPAIGN).unwrap();
        notes.lock().unwrap().push((phase, truth));
    })));
    direct.next(Endpoint::CampaignPut, Fault::LateEffect(SECOND));
    direct.put("PAUSED");
    direct.pass(SECOND);
    direct.get(CAMPAIGN);
    let heard: Vec<_> = heard.lock().unwrap().drain(..).collect();
    let expected = [
        (Phase::Arrived, "RUNNING"),
        (Phase::Applied, "PAUSED"),
        (Phase::Arrived, "PAUSED"),
        (Phase::Answering, "PAUSED"),
    ];
    let brief: Vec<_> = heard
        .iter()
        .map(|(phase, truth)| (*phase, truth.as_str()))
        .collect();
    // The hook looks before the GET is served, and with that touches the platform.
    assert_eq!(brief, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_simulator_has_no_effects_to_come() {
    let mut settings = Settings::new(SimClock::manual(START), Script::Fixed);
    settings.accept_any_credentials = true;
    let clock = settings.clock.clone();
    let client = test_client::Client::start(settings);
    let handle = client.handle();
    let bearer = client.bearer();
    let put = |seconds| {
        handle.inject(FaultRule {
            fault: Fault::LateEffect(Duration::from_secs(seconds)),
            endpoint: None,
            when: FaultTiming::Next(1),
        });
        client.send("PUT", CAMPAIGN, &[&bearer], r#"{"status":"PAUSED"}"#)
    };
    assert_eq!((put(1), put(60)), (None, None));
    clock.advance(SECOND);
    client.simulator.stop().await;
    clock.advance(MINUTE);
    assert_eq!(handle.journal().len(), 1);
}
