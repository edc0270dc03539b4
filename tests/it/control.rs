//! The control API of `simulate`: a test or a trial controls a platform that is a process of its own.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use campaign_autopilot::simulator::{Dialect, Endpoint};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::centre::{Invocation, PROGRAM, wait_until};

/// Ten of twelve agents are available all day.
const CALM: &str = "timestamp,staffed,available\n\
                    2024-05-15T08:00:00Z,12,10\n\
                    2024-05-15T18:00:00Z,12,10\n";

/// A simulated platform as a process.
struct Platform {
    child: Child,
    stdout: Lines,
    base_url: String,
    control: String,
}

impl Platform {
    fn start(directory: &TempDir) -> Self {
        Self::speaking(directory, "cxone-v2")
    }

    fn speaking(directory: &TempDir, dialect: &str) -> Self {
        let trace = directory.path().join("calm.csv");
        std::fs::write(&trace, CALM).unwrap();
        let mut child = Command::new(PROGRAM)
            .env_clear()
            .args(["simulate", "--listen", "127.0.0.1:0", "--platform", dialect])
            .args(["--control", "127.0.0.1:0", "--replay"])
            .arg(trace)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = Lines::of(child.stdout.take().unwrap());
        let base_url = stdout.after("CXONE_BASE_URL=");
        let control = stdout.after("control it at http://");
        Self {
            child,
            stdout,
            base_url,
            control,
        }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close");
        let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(&self.control).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", path, body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// What was done to campaigns, as `FROM -> TO by WHOM`.
    fn journal(&self) -> Vec<String> {
        let (_, journal) = self.ask("GET", "/journal", &Value::Null);
        let entries = journal["entries"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or("a person").to_owned();
        let line = |entry: &Value| {
            let by = text(&entry["by"]["client"]);
            format!("{} -> {} by {by}", text(&entry["from"]), text(&entry["to"]))
        };
        entries.map(line).collect()
    }

    fn count(&self, endpoint: &str) -> u64 {
        let (_, counts) = self.ask("GET", "/counts", &Value::Null);
        counts[endpoint].as_u64().unwrap()
    }

    /// Waits until the agents have been read this many times more.
    fn wait_for_polls(&self, polls: u64) {
        let seen = self.count("agents");
        wait_until("polls go on", || self.count("agents") >= seen + polls);
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The lines of a process, read by a thread, so that waiting for one can come to an end.
struct Lines {
    read: Arc<Mutex<VecDeque<String>>>,
}

impl Lines {
    fn of(output: ChildStdout) -> Self {
        let read = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&read);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                kept.lock().unwrap().push_back(line);
            }
        });
        Self { read }
    }

    /// What stands behind `text` on the next line that has it.
    fn after(&self, text: &str) -> String {
        let mut found = None;
        wait_until(&format!("a line has {text}"), || {
            let mut read = self.read.lock().unwrap();
            while found.is_none()
                && let Some(line) = read.pop_front()
            {
                found = line.split_once(text).map(|(_, rest)| rest.to_owned());
            }
            found.is_some()
        });
        found.unwrap()
    }
}

#[test]
fn a_daemon_is_led_through_a_day_from_outside() {
    let directory = TempDir::new().unwrap();
    let platform = Platform::start(&directory);
    let mut daemon = Invocation::bare();
    daemon
        .env("CXONE_BASE_URL", &platform.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", "campaign-1")
        .env("AUTOPILOT_STATE_DIR", directory.path().join("state"))
        .env("AUTOPILOT_POLL_INTERVAL", "40ms")
        .env("AUTOPILOT_REQUESTS_PER_SECOND", "unlimited")
        .env("AUTOPILOT_LISTEN", "off")
        .env("AUTOPILOT_LOG_FORMAT", "json")
        .arg("run");
    let daemon = daemon
        .start()
        .tolerate(&["poll invalid", "no valid poll for too long"]);
    platform.wait_for_polls(2);
    assert_eq!(platform.journal(), [""; 0]);
    let away = platform.post("/agents/break", &json!({"count": 6, "for": "1h"}));
    assert_eq!(away["agents"], 6);
    let paused = "RUNNING -> PAUSED by autopilot".to_owned();
    wait_until("the campaign is paused", || {
        platform.journal() == [paused.as_str()]
    });
    platform.post(
        "/campaigns/campaign-1/status",
        &json!({"status": "RUNNING"}),
    );
    platform.wait_for_polls(2);
    let person = "PAUSED -> RUNNING by a person".to_owned();
    assert_eq!(
        platform.journal(),
        [paused, person],
        "a person's resume stands"
    );
    platform.post("/faults", &json!({"spec": "403:agents"}));
    daemon.wait_for_log("poll invalid");
    assert_eq!(platform.ask("DELETE", "/faults", &Value::Null).0, 200);
    platform.wait_for_polls(2);
    platform.post("/queues/queue-1", &json!({"maxWaiters": 7}));
    daemon.stop();
    let told = platform.stdout.after("version 1 -> 2");
    assert_eq!(told, "  queue-1 by a person");
}

#[test]
fn control_is_for_this_machine_alone() {
    let refused = Invocation::bare()
        .args(&["simulate", "--control", "0.0.0.0:8081"])
        .output();
    assert_eq!(refused.code(), 2);
    assert!(refused.stderr.contains("--control"), "{}", refused.stderr);
    assert!(refused.stderr.contains("loopback"), "{}", refused.stderr);
}

#[test]
fn the_help_lists_the_endpoints_of_each_platform() {
    let help = Invocation::bare().args(&["simulate", "--help"]).output();
    // However wide the lines are.
    let words = help.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut listed = 0;
    for name in Dialect::NAMES {
        let endpoints = Dialect::named(name, None).unwrap().endpoint_names();
        let line = format!("{name}: {}.", endpoints.join(", "));
        assert!(words.contains(&line), "{line}: {}", help.stdout);
        listed += endpoints.len();
    }
    assert_eq!(listed, Endpoint::every().count());
    for fault in ["lost-reply", "secrets-5xx", "429-no-header"] {
        assert!(words.contains(fault), "{fault}");
    }
}

#[test]
fn each_dialect_has_endpoints_and_statuses_of_its_own() {
    let directory = TempDir::new().unwrap();
    let platform = Platform::speaking(&directory, "vicidial");
    let (_, counts) = platform.ask("GET", "/counts", &Value::Null);
    assert_eq!(counts["form-agents"], 0, "{counts}");
    assert!(counts.get("campaign-put").is_none(), "{counts}");
    for (path, body, named) in [
        ("/faults", json!({"spec": "403:agents"}), "form-agents"),
        (
            "/campaigns/campaign-1/status",
            json!({"status": "COMPLETED"}),
            "RUNNING, PAUSED",
        ),
    ] {
        let (status, answer) = platform.ask("POST", path, &body);
        assert_eq!(status, 422, "{path}: {answer}");
        assert!(answer.to_string().contains(named), "{answer}");
    }
    platform.post("/faults", &json!({"spec": "403:form-agents"}));
    for dead in [true, false] {
        platform.post("/dialler", &json!({"dead": dead}));
    }
}

#[test]
fn a_fault_that_would_never_happen_is_refused_at_the_start() {
    for (dialect, foreign, named) in [
        ("vicidial", "403:agents", "form-agents"),
        ("genesys-cloud", "500:campaign-put", "stop-campaign"),
        ("amazon-connect", "500:campaign-put", "pause-campaign"),
        ("cxone-v2", "403:form-agents", "campaign-put"),
    ] {
        let mut simulate = Invocation::bare();
        let refused = simulate
            .args(&["simulate", "--listen", "127.0.0.1:0"])
            .args(&["--platform", dialect, "--faults", foreign])
            .output();
        assert_eq!(refused.code(), 78, "{}", refused.stderr);
        let told = &refused.stderr;
        assert!(
            told.contains("no such endpoint") && told.contains(named),
            "{told}"
        );
    }
}
