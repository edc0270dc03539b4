//! Credentials that expire or fail, clocks that differ, and secrets that appear nowhere.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use campaign_autopilot::simulator::{ConnectSettings, Fault, FaultRule, FaultTiming, SimTime};
use hyper::StatusCode;

use crate::api::Api;
use crate::centre::{CAMPAIGN, wait_until};

use super::tenant::{
    COUNTS, PAUSED, RESUMED, anonymous, asked, centre, daemon, is, on_clock, pause, told,
    wait_for_polls, wait_until_it_is,
};

/// A container's credential service: answers with what it is told to, or with a failure where that is nothing.
struct CredentialService {
    address: String,
    session: Arc<Mutex<Option<(String, String)>>>,
    asked: Arc<AtomicUsize>,
}

impl CredentialService {
    fn start(session: &str, expires: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/credentials", listener.local_addr().unwrap());
        let session = Arc::new(Mutex::new(Some((session.to_owned(), expires.to_owned()))));
        let asked = Arc::new(AtomicUsize::new(0));
        let (shown, count) = (Arc::clone(&session), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut request = [0_u8; 4_096];
                if stream.read(&mut request).is_err() {
                    continue;
                }
                count.fetch_add(1, Ordering::Relaxed);
                let held = shown.lock().unwrap().clone();
                let (status, body) = match held {
                    Some((session, expires)) => (
                        "200 OK",
                        format!(
                            r#"{{"AccessKeyId":"autopilot","SecretAccessKey":"autopilot-secret","Token":"{session}","Expiration":"{expires}"}}"#
                        ),
                    ),
                    None => ("500 Internal Server Error", "{}".to_owned()),
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                drop(stream.write_all(answer.as_bytes()));
            }
        });
        Self {
            address,
            session,
            asked,
        }
    }

    fn gives(&self, session: Option<(&str, &str)>) {
        let session = session.map(|(token, expires)| (token.to_owned(), expires.to_owned()));
        *self.session.lock().unwrap() = session;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

const FAR: &str = "2099-01-01T00:00:00Z";

/// So many seconds from now, as the service writes it.
fn in_seconds(seconds: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    at.to_string()
}

#[test]
fn credentials_that_are_refused_are_loaded_anew_once() {
    let service = CredentialService::start("session-of-the-first-hour", FAR);
    let centre = centre(ConnectSettings::default());
    let running = anonymous(&centre)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &service.address)
        .start();
    wait_for_polls(&centre, 5);
    assert_eq!(service.asked(), 1, "one load serves all requests");
    service.gives(Some(("session-of-the-second-hour", FAR)));
    assert!(centre.platform.change_connect(|settings| {
        let first = "session-of-the-first-hour".to_owned();
        settings.expired_sessions.insert(first);
    }));
    wait_for_polls(&centre, 5);
    assert_eq!(
        service.asked(),
        2,
        "a session that is refused is replaced at once"
    );
    pause(&centre, &running);
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn a_reload_that_fails_keeps_no_pause_back() {
    // Within five minutes of their end they are loaded anew beside the requests.
    let service = CredentialService::start("session-that-ends-soon", &in_seconds(200));
    let centre = centre(ConnectSettings::default());
    let running = anonymous(&centre)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &service.address)
        .start()
        .tolerate(&["could not be loaded anew"]);
    wait_for_polls(&centre, 1);
    service.gives(None);
    running.wait_for_log("could not be loaded anew");
    pause(&centre, &running);
    centre.platform.set_available(20);
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    service.gives(Some(("session-of-the-next-hour", FAR)));
    assert!(centre.platform.change_connect(|settings| {
        let first = "session-that-ends-soon".to_owned();
        settings.expired_sessions.insert(first);
    }));
    wait_for_polls(&centre, 5);
    running.kill();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn without_credentials_a_check_says_where_they_were_looked_for() {
    let centre = centre(ConnectSettings::default());
    let mut check = super::tenant::command(&centre);
    let checked = check
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .args(&["check", "--online"])
        .output();
    assert_ne!(checked.code(), 0);
    let told = told(&checked);
    for part in ["no credentials could be loaded", "hop limit of 2"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_key_of_the_settings_needs_no_chain() {
    let centre = centre(ConnectSettings::default());
    let running = anonymous(&centre)
        .env("AUTOPILOT_CLIENT_ID", "autopilot")
        .env("AUTOPILOT_CLIENT_SECRET", "autopilot-secret")
        .start();
    pause(&centre, &running);
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn a_clock_that_differs_is_corrected_once_and_shown() {
    let start: SimTime = "2024-05-15T08:00:00Z"
        .parse::<jiff::Timestamp>()
        .unwrap()
        .into();
    let centre = on_clock(ConnectSettings::default(), start);
    let running = daemon(&centre).start();
    let api = Api::of(&running);
    pause(&centre, &running);
    centre.platform.set_available(20);
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    let metrics = api.get("/metrics").body;
    let series = |name: &str| {
        let line = metrics.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.rsplit(' ').next());
        value.and_then(|value| value.parse::<f64>().ok()).unwrap()
    };
    let skew = series("autopilot_api_clock_correction_seconds");
    assert!(skew < -60_000_000.0, "{skew}");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn a_wrong_secret_is_told_with_both_times_and_commands_nothing() {
    let centre = centre(ConnectSettings::default());
    let mut check = super::tenant::command(&centre);
    let checked = check
        .env("AWS_SECRET_ACCESS_KEY", "another-secret-altogether")
        .args(&["check", "--online"])
        .output();
    assert_ne!(checked.code(), 0);
    let told = told(&checked);
    for part in [
        "our clock shows",
        "and the platform's",
        "check the clock, the secret key and the region eu-west-2",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("another-secret-altogether"), "{told}");
    // Each request was signed twice and no more.
    let asked = centre.platform.request_count(None);
    assert!(asked <= 4, "{asked}");
}

#[test]
fn secrets_are_nowhere() {
    let service = CredentialService::start("session-token-that-nobody-sees", FAR);
    let centre = centre(ConnectSettings::default());
    for status in [StatusCode::BAD_REQUEST, StatusCode::INTERNAL_SERVER_ERROR] {
        centre.platform.inject(FaultRule {
            fault: Fault::SecretsEchoed(status),
            endpoint: None,
            when: FaultTiming::Share(0.2),
        });
    }
    let running = anonymous(&centre)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &service.address)
        .env("AUTOPILOT_LOG", "trace")
        .start()
        .tolerate(&[""]);
    let api = Api::of(&running);
    wait_for_polls(&centre, 20);
    centre.platform.set_available(2);
    wait_for_polls(&centre, 20);
    let mut texts = vec![api.get("/metrics").body, api.get("/api/v1/status").body];
    texts.extend(running.log().iter().map(ToString::to_string));
    running.stop();
    centre.platform.clear_faults();
    texts.push(format!("{:?}", centre.audit()));
    let checked = asked(&centre, &["check", "--online"]);
    texts.push(told(&checked));
    for text in texts {
        for secret in ["autopilot-secret", "session-token-that-nobody-sees"] {
            assert!(!text.contains(secret), "{text}");
        }
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once("Signature=") {
            assert!(after.starts_with("***"), "{text}");
            rest = after;
        }
    }
    wait_until("the store has no secret either", || {
        let store = std::fs::read_dir(centre.state_dir()).unwrap();
        store.flatten().all(|file| {
            let bytes = std::fs::read(file.path()).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            !text.contains("autopilot-secret") && !text.contains("session-token-that-nobody-sees")
        })
    });
    assert!(is(&centre, "RUNNING") || is(&centre, "PAUSED"));
    assert!(centre.platform.request_count(Some(COUNTS)) > 40);
    assert_eq!(CAMPAIGN, "campaign-1");
}
