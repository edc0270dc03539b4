//! On a recorded trace the daemon makes the transitions that the pure rule makes on the same samples.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::api::Api;
use crate::centre::{Invocation, PROGRAM, audit, of_kind, wait_until};

/// Two hours of a small centre, a change every twenty seconds.
fn trace() -> String {
    let mut chance = fastrand::Rng::with_seed(1_999);
    let start: jiff::Timestamp = "1999-01-04T08:00:00+02:00".parse().unwrap();
    let mut text = String::from("timestamp,staffed,available\n");
    let mut available = 9_i64;
    for step in 0..360 {
        available = (available + chance.i64(-5..=5)).clamp(0, 15);
        let at = start + jiff::SignedDuration::from_secs(20 * step);
        writeln!(
            text,
            "{},20,{available}",
            at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(2)))
                .strftime("%Y-%m-%dT%H:%M:%S%:z")
        )
        .unwrap();
    }
    text
}

struct Platform {
    child: Child,
    base_url: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Platform {
    fn start(file: &Path, speed: &str) -> Self {
        let mut child = Command::new(PROGRAM)
            .args([
                "simulate",
                "--listen",
                "127.0.0.1:0",
                "--speed",
                speed,
                "--replay",
            ])
            .arg(file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                collected.lock().unwrap().push(line);
            }
        });
        let mut platform = Self {
            child,
            base_url: String::new(),
            lines,
        };
        let first = platform.wait_for_line("http://");
        let address = first
            .split([' ', ','])
            .find(|word| word.starts_with("http://"));
        address.unwrap().clone_into(&mut platform.base_url);
        platform
    }

    fn wait_for_line(&self, text: &str) -> String {
        let mut found = None;
        wait_until(&format!("the platform says {text:?}"), || {
            let lines = self.lines.lock().unwrap();
            found = lines.iter().find(|line| line.contains(text)).cloned();
            found.is_some()
        });
        found.unwrap()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The reference rule in five lines, on the samples that the daemon recorded.
fn rule(samples: &[u64]) -> Vec<(String, u64)> {
    let (mut running, mut transitions) = (true, Vec::new());
    for x in samples {
        if running && *x < 5 || !running && *x >= 8 {
            running = !running;
            transitions.push((if running { "resume" } else { "pause" }.to_owned(), *x));
        }
    }
    transitions
}

#[test]
fn transitions_equal_those_of_the_pure_rule() {
    // A busy machine polls less often, and gets a slower day.
    let (rows, samples) = a_day("1200")
        .or_else(|| a_day("200"))
        .expect("more than 100 samples");
    let made: Vec<(String, u64)> = of_kind(&rows, "intent")
        .iter()
        .map(|row| {
            let event = &row["event"];
            (
                event["direction"].as_str().unwrap().to_owned(),
                event["reason"]["available"].as_u64().unwrap(),
            )
        })
        .collect();
    assert!(
        of_kind(&rows, "outcome")
            .iter()
            .all(|row| row["event"]["conclusion"] == "confirmed")
    );
    assert!(made.len() > 10, "{} transitions", made.len());
    assert_eq!(made, rule(&samples));
}

/// The audit and the samples of a daemon beside a day at this speed; nothing where it took too few samples.
fn a_day(speed: &str) -> Option<(Vec<Value>, Vec<u64>)> {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("trace.csv");
    std::fs::write(&file, trace()).unwrap();
    let platform = Platform::start(&file, speed);
    let state_dir = directory.path().join("state");
    let daemon = Invocation::bare()
        .env("CXONE_BASE_URL", &platform.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", "campaign-1")
        .env("AUTOPILOT_FLAP_LIMIT", "none")
        .args(&[
            "run",
            "--poll-interval",
            "25ms",
            "--listen",
            "127.0.0.1:0",
            "--log-format",
            "json",
        ])
        .args(&["--requests-per-second", "unlimited", "--state-dir"])
        .arg(&state_dir)
        .start();
    let api = Api::of(&daemon);
    platform.wait_for_line("the day is over");
    // What was wanted of the last sample was sent before the next poll.
    for _ in 0..2 {
        let decision = || api.get("/api/v1/status").json()["decision"].clone();
        let before = decision();
        wait_until("there is another decision", || decision() != before);
    }
    daemon.stop();
    let samples = samples(&state_dir);
    (samples.len() > 100).then(|| (audit(&state_dir), samples))
}

fn samples(state_dir: &Path) -> Vec<u64> {
    let connection = Connection::open(state_dir.join("autopilot.sqlite3")).unwrap();
    let mut select = connection
        .prepare("SELECT body FROM input ORDER BY seq")
        .unwrap();
    let bodies = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    bodies
        .map(|body| serde_json::from_str::<Value>(&body.unwrap()).unwrap())
        .filter(|input| input["input"] == "sample")
        .map(|input| {
            input["sample"]["complete"]["heads"][0]["free"]
                .as_u64()
                .unwrap()
        })
        .collect()
}

#[test]
fn bad_rows_are_refused_with_their_lines() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("bad.csv");
    std::fs::write(
        &file,
        "timestamp,staffed,available\n1999-01-04T08:00:00+02:00,5,6\nyesterday,5,1\n1999-01-04T08:00:10+02:00,5,x\n",
    )
    .unwrap();
    let done = Invocation::bare()
        .args(&["simulate", "--replay"])
        .arg(&file)
        .output();
    assert_eq!(done.code(), 78);
    for text in ["bad.csv", "line 2: ", "line 3: ", "line 4: "] {
        assert!(done.stderr.contains(text), "{text} in {}", done.stderr);
    }
}

#[test]
fn a_simulated_day_ends_on_a_signal() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("trace.csv");
    std::fs::write(&file, trace()).unwrap();
    let mut platform = Platform::start(&file, "1");
    let pid = platform.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let mut status = None;
    wait_until("the platform ends", || {
        status = platform.child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(0));
}
