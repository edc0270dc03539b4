//! Pauses and resumes: by the mark, by the method with it, by `active`; what is remembered, and what is put back.

use campaign_autopilot::simulator::{DialerAgent, DialerSettings, Fault, FaultRule, FaultTiming};

use crate::api::Api;
use crate::centre::{Centre, of_kind, wait_until};

use super::site::{
    AGENTS, OUTBA, PAUSED, RESUMED, UPDATE, centre, daemon, dialling, fast, pause, person, set_to,
    wait_for_polls, wait_until_set_to,
};

/// A pause and a resume of a campaign that dials in this way.
fn paused_and_resumed(method: &str, level: &str, [paused, resumed]: [&str; 2]) {
    let centre = centre(dialling(method, level));
    let running = daemon(&centre).start();
    pause(&centre, &running, paused);
    centre.platform.set_available(20);
    wait_until_set_to(&centre, resumed);
    running.wait_for_log("resumed");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
    let rows = centre.audit();
    assert_eq!(of_kind(&rows, "intent").len(), 2, "{rows:#?}");
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 2);
}

#[test]
fn a_campaign_by_ratio_is_paused_by_the_mark_and_resumed_at_its_own_level() {
    paused_and_resumed("RATIO", "2.75", ["Y RATIO 0.0001", "Y RATIO 2.75"]);
}

#[test]
fn a_shared_campaign_keeps_its_method() {
    paused_and_resumed(
        "SHARED_RATIO",
        "1.5",
        ["Y SHARED_RATIO 0.0001", "Y SHARED_RATIO 1.5"],
    );
}

#[test]
fn an_adaptive_campaign_is_paused_by_method_and_mark_in_one_request_and_begins_anew_at_one() {
    paused_and_resumed(
        "ADAPT_TAPERED",
        "1.733",
        ["Y RATIO 0.0001", "Y ADAPT_TAPERED 1.0"],
    );
}

#[test]
fn the_pause_of_an_adaptive_campaign_outlasts_its_process_whose_moves_are_nobodys_change() {
    let centre = fast(dialling("ADAPT_TAPERED", "1.733"), 20.0);
    let running = daemon(&centre).start();
    wait_for_polls(&centre, 3);
    // Its level moves four times a minute, and that is no change by anybody.
    let before = centre.platform.now();
    wait_until("a minute has passed there", || {
        centre.platform.now().since(before).as_secs() > 60
    });
    assert!(set_to(&centre).starts_with("Y ADAPT_TAPERED"));
    pause(&centre, &running, "Y RATIO 0.0001");
    let paused = centre.platform.now();
    wait_until("another one has passed", || {
        centre.platform.now().since(paused).as_secs() > 60
    });
    assert_eq!(set_to(&centre), "Y RATIO 0.0001");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn by_active_a_campaign_is_made_inactive_and_active_again() {
    let centre = centre(dialling("SHARED_ADAPT_TAPERED", "1.5"));
    let running = daemon(&centre).args(&["--pause-method", "active"]).start();
    wait_for_polls(&centre, 3);
    centre.platform.set_available(2);
    wait_until("it is inactive", || set_to(&centre).starts_with("N "));
    running.wait_for_log("paused");
    centre.platform.set_available(20);
    wait_until("it is active", || set_to(&centre).starts_with("Y "));
    running.wait_for_log("resumed");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn what_was_there_before_a_pause_outlives_a_crash() {
    for (method, level, resumed) in [
        ("RATIO", "2.75", "Y RATIO 2.75"),
        ("ADAPT_HARD_LIMIT", "1.25", "Y ADAPT_HARD_LIMIT 1.0"),
    ] {
        let centre = centre(dialling(method, level));
        let running = daemon(&centre).start();
        pause(&centre, &running, "Y RATIO 0.0001");
        running.kill();
        centre.platform.set_available(20);
        let again = daemon(&centre).start();
        wait_until_set_to(&centre, resumed);
        again.wait_for_log("resumed");
        again.stop();
        assert_eq!(centre.commands(), [PAUSED, RESUMED]);
    }
}

/// The daemon is killed with this reply of a pause under way, and another one takes over.
fn crashed_in_a_pause(fault: Fault) -> Centre {
    let centre = centre(dialling("RATIO", "3.5"));
    let running = daemon(&centre).start();
    wait_for_polls(&centre, 3);
    centre.platform.inject(FaultRule {
        fault,
        endpoint: Some(UPDATE),
        when: FaultTiming::Next(1),
    });
    centre.platform.set_available(2);
    wait_until_set_to(&centre, "Y RATIO 0.0001");
    running.kill();
    centre
}

#[test]
fn it_is_remembered_before_the_pause_leaves() {
    let centre = crashed_in_a_pause(Fault::StallWithEffect);
    let again = daemon(&centre).start();
    let api = Api::of(&again);
    wait_until("the pause is known to be ours", || {
        api.campaign(OUTBA)["paused_by"] == "autopilot"
    });
    centre.platform.set_available(20);
    wait_until_set_to(&centre, "Y RATIO 3.5");
    again.wait_for_log("resumed");
    again.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn a_lost_reply_is_found_out_by_reading_and_nothing_is_sent_twice() {
    let centre = centre(dialling("RATIO", "2.0"));
    let lose = || {
        centre.platform.inject(FaultRule {
            fault: Fault::LostReply,
            endpoint: Some(UPDATE),
            when: FaultTiming::Next(1),
        });
    };
    let running = daemon(&centre)
        .start()
        .tolerate(&["could not", "no answer"]);
    wait_for_polls(&centre, 3);
    lose();
    centre.platform.set_available(2);
    wait_until_set_to(&centre, "Y RATIO 0.0001");
    let api = Api::of(&running);
    wait_until("it is known to be ours", || {
        api.campaign(OUTBA)["paused_by"] == "autopilot"
    });
    lose();
    centre.platform.set_available(20);
    wait_until_set_to(&centre, "Y RATIO 2.0");
    wait_until("it is known to run", || {
        api.campaign(OUTBA)["state"] == "running"
    });
    wait_for_polls(&centre, 5);
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 2);
}

#[test]
fn a_500_with_a_whole_answer_is_an_answer() {
    let centre = centre(dialling("RATIO", "2.0"));
    centre.platform.put_agent(
        "1006",
        campaign_autopilot::simulator::AgentState::Available,
        &["voice"],
    );
    let agents = |status: &str| {
        let row = |user: &str, name: &str| DialerAgent {
            user: user.to_owned(),
            campaign: OUTBA.to_owned(),
            session: "8600001".to_owned(),
            status: status.to_owned(),
            lead: 0,
            call: String::new(),
            calls_today: 0,
            name: name.to_owned(),
            group: "AGENTS".to_owned(),
        };
        let others = (0..9).map(|number| row(&format!("20{number}"), "Agent"));
        others
            .chain([row("1006", "Pat O'Neil")])
            .collect::<Vec<_>>()
    };
    let log_in = |status: &str| {
        let rows = agents(status);
        assert!(
            centre
                .platform
                .change_dialer(|settings| settings.agents = Some(rows))
        );
    };
    log_in("READY");
    let running = daemon(&centre).start();
    let api = Api::of(&running);
    wait_until("ten agents count", || {
        api.campaign(OUTBA)["available"] == 10
    });
    log_in("PAUSED");
    wait_until_set_to(&centre, "Y RATIO 0.0001");
    running.wait_for_log("paused");
    let metrics = api.get("/metrics").body;
    let failed = metrics.lines().any(|line| {
        line.starts_with("autopilot_api_request_duration_seconds_count")
            && line.contains("code=\"5xx\"")
            && !line.ends_with(" 0")
    });
    assert!(!failed, "no request has failed");
    running.stop();
}

#[test]
fn nobody_logged_in_is_zero_for_a_campaign_that_is_there() {
    let centre = centre(DialerSettings {
        agents: Some(Vec::new()),
        ..dialling("RATIO", "2.0")
    });
    let running = daemon(&centre).start();
    wait_until_set_to(&centre, "Y RATIO 0.0001");
    running.wait_for_log("paused");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn and_for_one_that_is_not_there_it_is_not_known() {
    let centre = centre(dialling("RATIO", "2.0"));
    let config = centre.directory.path().join("policy.toml");
    let text = "[[campaign]]\nid = \"OUTBA\"\nagents = { queue = \"NOPE\" }\n";
    std::fs::write(&config, text).unwrap();
    let running = daemon(&centre)
        .env_remove("CXONE_CAMPAIGN_ID")
        .args(&["--config", config.to_str().unwrap()])
        .start()
        .tolerate(&[
            "poll invalid",
            "not among the campaigns",
            "too long",
            "not known",
        ]);
    wait_for_polls(&centre, 15);
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
    assert_eq!(set_to(&centre), "Y RATIO 2.0");
}

#[test]
fn the_password_is_never_last_and_the_decision_always_is() {
    let centre = centre(dialling("RATIO", "2.0"));
    let running = daemon(&centre).start();
    pause(&centre, &running, "Y RATIO 0.0001");
    centre.platform.set_available(20);
    wait_until_set_to(&centre, "Y RATIO 2.0");
    running.wait_for_log("resumed");
    running.stop();
    let rows = centre.audit();
    let intents = of_kind(&rows, "intent");
    let log = centre.platform.dialer_log();
    assert!(log.len() > 10);
    assert!(!log.iter().any(|value| value.contains("autopilot-secret")));
    for intent in intents {
        let decision = intent["decision"].as_str().unwrap();
        assert!(log.iter().any(|value| value == decision), "{decision}");
    }
    // Everything is posted: an address would stand in the web server's log.
    assert!(centre.platform.request_count(Some(AGENTS)) > 0);
}

#[test]
fn campaigns_whose_agents_dial_themselves_are_never_commanded() {
    for method in [
        "MANUAL",
        "INBOUND_MAN",
        "SHARED_ADAPT_TAPERED",
        "PREDICTIVE",
    ] {
        let centre = centre(dialling(method, "1.0"));
        let running = daemon(&centre).start();
        for agents in [1, 20, 1, 20] {
            centre.platform.set_available(agents);
            wait_for_polls(&centre, 4);
        }
        running.stop();
        assert_eq!(centre.commands(), [""; 0], "{method}");
        assert_eq!(centre.platform.request_count(Some(UPDATE)), 0);
    }
}

#[test]
fn a_level_that_a_person_chose_over_our_pause_is_the_one_that_counts() {
    let centre = centre(dialling("RATIO", "2.0"));
    let running = daemon(&centre).args(&["--manual-grace", "1s"]).start();
    pause(&centre, &running, "Y RATIO 0.0001");
    person(&centre, |form| form.level = "3.25".to_owned());
    running.wait_for_log("resumed by a person");
    // Too few agents, and the grace is over: it is paused anew.
    wait_until_set_to(&centre, "Y RATIO 0.0001");
    centre.platform.set_available(20);
    wait_until_set_to(&centre, "Y RATIO 3.25");
    wait_for_polls(&centre, 3);
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, PAUSED, RESUMED]);
}
