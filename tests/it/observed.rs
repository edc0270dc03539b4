//! What is seen from outside: metrics and health.

use std::io::{Read, Write};
use std::net::TcpStream;

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming, RateLimit};

use crate::centre::{Centre, Daemon, wait_until};
use crate::receiver::{Answering, Receiver};

/// Status and body of a GET.
fn get(address: &str, path: &str) -> (u16, String) {
    ask(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    )
}

fn ask(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn listening(daemon: &Daemon) -> String {
    daemon.wait_for_log("started")["listening"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The value of one series.
fn value(exposition: &str, series: &str) -> f64 {
    let line = exposition.lines().find(|line| {
        line.strip_prefix(series)
            .is_some_and(|rest| rest.starts_with(' '))
    });
    line.unwrap_or_else(|| panic!("no {series} in\n{exposition}"))
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn metrics_tell_polls_transitions_agents_and_thresholds() {
    let centre = Centre::new();
    centre.platform.set_available(3);
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let address = listening(&daemon);
    daemon.wait_for_log("paused");
    // The state is shown when its tick has ended.
    let shown = "autopilot_campaign_state{campaign=\"campaign-1\",state=\"paused\"}";
    wait_until("the pause is shown", || {
        value(&get(&address, "/metrics").1, shown) > 0.5
    });
    let (status, text) = get(&address, "/metrics");
    assert_eq!(status, 200);
    for (series, expected) in [
        ("autopilot_agents{pool=\"all\",state=\"available\"}", 3.0),
        (
            "autopilot_campaign_available_agents{campaign=\"campaign-1\"}",
            3.0,
        ),
        (
            "autopilot_campaign_pause_below_agents{campaign=\"campaign-1\"}",
            5.0,
        ),
        (
            "autopilot_campaign_resume_at_agents{campaign=\"campaign-1\"}",
            8.0,
        ),
        (
            "autopilot_campaign_state{campaign=\"campaign-1\",state=\"paused\"}",
            1.0,
        ),
        (
            "autopilot_campaign_state{campaign=\"campaign-1\",state=\"running\"}",
            0.0,
        ),
        (
            "autopilot_transitions_total{campaign=\"campaign-1\",reason=\"threshold\",to=\"paused\"}",
            1.0,
        ),
        (
            "autopilot_transitions_total{campaign=\"campaign-1\",reason=\"threshold\",to=\"running\"}",
            0.0,
        ),
        (
            "autopilot_transition_duration_seconds_count{to=\"paused\"}",
            1.0,
        ),
        ("autopilot_polls_total{outcome=\"error\"}", 0.0),
        ("autopilot_dry_run", 0.0),
    ] {
        assert!(
            (value(&text, series) - expected).abs() < 1e-9,
            "{series} is {}",
            value(&text, series)
        );
    }
    for series in [
        "autopilot_polls_total{outcome=\"ok\"}",
        "autopilot_api_request_duration_seconds_count{code=\"2xx\",endpoint=\"agents\"}",
        "autopilot_token_expiry_timestamp_seconds",
        "autopilot_last_success_timestamp_seconds{step=\"poll\"}",
        "autopilot_poll_interval_seconds",
    ] {
        assert!(value(&text, series) > 0.0, "{series}");
    }
    for family in [
        "autopilot_build_info",
        "autopilot_api_retries_total",
        "autopilot_decisions_suppressed_total",
    ] {
        assert!(text.contains(&format!("# HELP {family} ")), "{family}");
    }
    daemon.stop();
}

#[test]
fn what_the_platform_says_is_left_is_shown_and_unknown_is_not_zero() {
    let left = |limit: Option<RateLimit>| {
        let centre = Centre::with(|settings| settings.rate_limit = limit);
        let daemon = centre
            .daemon()
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .start();
        let address = listening(&daemon);
        centre.wait_for_polls(2);
        let (_, text) = get(&address, "/metrics");
        daemon.stop();
        value(&text, "autopilot_api_rate_limit_remaining")
    };
    assert!(left(None).is_nan());
    // None comes free again, so each request leaves one less.
    let said = left(Some(RateLimit {
        per_second: 0.0,
        burst: 1_000_000,
    }));
    assert!((900_000.0..1_000_000.0).contains(&said), "{said}");
}

#[test]
fn series_stay_within_the_budget() {
    let centre = Centre::new();
    let series = |campaigns: &str| {
        let daemon = centre
            .daemon()
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .env("CXONE_CAMPAIGN_ID", campaigns)
            .start()
            .tolerate(&["does not know"]);
        let address = listening(&daemon);
        // The first poll asks for more than one page: only what it has counted says that it is over.
        wait_until("the agents are counted", || {
            get(&address, "/metrics").1.contains("autopilot_agents{")
        });
        centre.wait_for_polls(4);
        let (_, text) = get(&address, "/metrics");
        daemon.stop();
        text.lines().filter(|line| !line.starts_with('#')).count()
    };
    let (one, two) = (series("campaign-1"), series("campaign-1,campaign-2"));
    assert!(two - one <= 48, "{} series a campaign", two - one);
    assert!(one <= 558, "{one} series");
}

#[test]
fn deliveries_are_counted_and_timed() {
    let centre = Centre::new();
    centre.platform.set_available(3);
    let receiver = Receiver::start(Answering::Status(503));
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
        .env(
            "AUTOPILOT_WEBHOOK_SECRET",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        )
        .start()
        .tolerate(&["did not accept a message"]);
    let address = listening(&daemon);
    daemon.wait_for_log("did not accept a message");
    let waiting = "autopilot_outbox_messages{state=\"waiting\"}";
    wait_until("it is counted", || {
        let (_, text) = get(&address, "/metrics");
        text.contains(&format!("{waiting} 1\n"))
    });
    let (_, down) = get(&address, "/metrics");
    assert!(value(&down, "autopilot_outbox_oldest_timestamp_seconds") > 1e9);
    assert!(value(&down, "autopilot_webhook_attempts_total{outcome=\"5xx\"}") >= 1.0);
    receiver.answer(Answering::Status(200));
    wait_until("it is delivered", || {
        let (_, text) = get(&address, "/metrics");
        text.contains(&format!("{waiting} 0\n"))
    });
    let (_, text) = get(&address, "/metrics");
    for (series, expected) in [
        ("autopilot_webhook_attempts_total{outcome=\"2xx\"}", 1.0),
        ("autopilot_webhook_attempts_total{outcome=\"connect\"}", 0.0),
        ("autopilot_webhook_delivery_delay_seconds_count", 1.0),
        ("autopilot_outbox_messages{state=\"dead\"}", 0.0),
        ("autopilot_outbox_oldest_timestamp_seconds", 0.0),
        ("autopilot_outbox_dead_letters_total", 0.0),
    ] {
        assert!(
            (value(&text, series) - expected).abs() < f64::EPSILON,
            "{series}"
        );
    }
    let of_messages =
        |line: &&str| line.starts_with("autopilot_outbox") || line.starts_with("autopilot_webhook");
    assert!(text.lines().filter(of_messages).count() <= 30);
    daemon.stop();
}

#[test]
fn not_ready_before_the_first_good_poll_and_alive_all_the_while() {
    let centre = Centre::new();
    centre.platform.inject(FaultRule {
        fault: Fault::NotFound,
        endpoint: Some(Endpoint::Agents),
        when: FaultTiming::Always,
    });
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start()
        .tolerate(&["poll invalid", "too long"]);
    let address = listening(&daemon);
    centre.wait_for_polls(3);
    assert_eq!(
        get(&address, "/readyz"),
        (503, "not ready: no valid poll yet\n".to_owned())
    );
    assert_eq!(get(&address, "/healthz").0, 200);
    centre.platform.clear_faults();
    wait_until("it is ready", || get(&address, "/readyz").0 == 200);
    daemon.stop();
}

#[test]
fn not_ready_while_it_ends() {
    let centre = Centre::new();
    let stall = FaultRule {
        fault: Fault::Stall,
        endpoint: Some(Endpoint::CampaignPut),
        when: FaultTiming::Always,
    };
    centre.platform.inject(stall);
    let mut invocation = centre.daemon();
    let mut daemon = invocation
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .args(&["--request-timeout", "50s"])
        .start();
    let address = listening(&daemon);
    wait_until("it is ready", || get(&address, "/readyz").0 == 200);
    centre.platform.set_available(0);
    wait_until("a command is on its way", || {
        centre.platform.request_count(Some(Endpoint::CampaignPut)) == 1
    });
    daemon.signal("TERM");
    daemon.wait_for_log("stopping");
    wait_until("it says that it ends", || {
        get(&address, "/readyz") == (503, "not ready: shutting down\n".to_owned())
    });
    daemon.signal("TERM");
    daemon.end();
}

#[test]
fn only_what_is_there_is_answered() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let address = listening(&daemon);
    assert_eq!(get(&address, "/nothing").0, 404);
    let post =
        "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(ask(&address, post).0, 405);
    daemon.stop();
}
