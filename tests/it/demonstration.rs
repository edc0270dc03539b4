//! `demo`: what it prints, that the same seed gives the same day, and what keeps it from starting.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::centre::{Finished, Invocation};

fn demo(more: &[&str]) -> Finished {
    Invocation::bare()
        .args(&["demo", "--for", "1s"])
        .args(more)
        .env("TMPDIR", std::env::temp_dir())
        .output()
}

#[test]
fn it_ends_by_itself_and_shows_the_day_on_one_screen() {
    let done = demo(&[]);
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    for text in [
        "Simulated: lunch-dip with seed 7",
        "hour                   08   09",
        "minutes paused",
        "The five longest of",
        "available, pause below 5; ",
        "  14:30–15:05  campaign-1 by a person: left alone until a person resumes it",
        "with the autopilot    left running",
        "met silence instead of",
        "the hash chain holds",
        "replayed the same",
    ] {
        assert!(done.stdout.contains(text), "{text} in\n{}", done.stdout);
    }
    // The command, two lines about the page and the cursor's are to fit as well.
    let lines = done.stdout.lines().count();
    assert!(lines <= 20, "{lines} lines:\n{}", done.stdout);
    let wide = done.stdout.lines().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None);
    // A free port is another one each time, so that it is told beside the result.
    assert!(done.stderr.contains("http://127.0.0.1:"), "{}", done.stderr);
}

#[test]
fn it_tells_everything_where_that_is_asked_for() {
    let done = demo(&["--verbose"]);
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    for text in [
        "paused   campaign-1 for",
        "by a person: back under control",
        "reading failed: unknown is not zero",
        "available agents; pause below 5, resume at 8",
        "inbound calls answered in time",
        "the hash chain holds",
        "all the same",
    ] {
        assert!(done.stdout.contains(text), "{text} in\n{}", done.stdout);
    }
}

/// Busy threads, as many as there are cores; they end when this is dropped.
struct Load(Arc<AtomicBool>);

impl Load {
    fn begin() -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..threads {
            let goes_on = Arc::clone(&goes_on);
            std::thread::spawn(move || {
                while goes_on.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Self(goes_on)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// The whole output on an idle machine and on a busy one: nothing is left out of the comparison.
fn idle_and_busy(given: &[&str]) -> String {
    let day = || {
        let done = demo(given);
        assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
        done.stdout
    };
    let idle = day();
    let load = Load::begin();
    assert_eq!(day(), idle, "{given:?}");
    drop(load);
    idle
}

#[test]
fn the_same_seed_gives_the_same_day_however_busy_the_machine_is() {
    // A day with an outage, in which requests are tried again.
    let told = idle_and_busy(&["--verbose"]);
    assert!(told.contains("data stale"), "{told}");
    // Two hours with two campaigns that are commanded at once.
    let two = [
        "--scenario",
        "two-campaigns",
        "--speed",
        "7200",
        "-o",
        "json",
    ];
    let data = idle_and_busy(&two);
    let other = demo(&[&two[..], &["--seed", "8"]].concat());
    assert_ne!(other.stdout, data);
}

#[test]
fn each_platform_gives_the_same_day_again() {
    for platform in ["cxone-acd", "genesys-cloud", "vicidial"] {
        let given = ["--platform", platform, "--scenario", "blended-40"];
        let two_hours = [&given[..], &["--speed", "7200", "-o", "json"]].concat();
        let data: Value = serde_json::from_str(&idle_and_busy(&two_hours)).unwrap();
        assert!(data["daemon"]["polls"].as_u64() > Some(200), "{platform}");
    }
}

#[test]
fn its_figures_are_data_and_each_campaign_has_its_own() {
    let done = demo(&["--scenario", "two-campaigns", "--speed", "7200", "--json"]);
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["scenario"], "two-campaigns");
    for arm in ["with_autopilot", "left_running"] {
        let campaigns = report[arm]["campaigns"].as_array().unwrap();
        assert_eq!(campaigns.len(), 2, "{arm}");
        assert!(
            campaigns
                .iter()
                .all(|one| one["connected"].as_u64() > Some(0))
        );
    }
    let left_alone = &report["left_running"]["campaigns"][0];
    assert_eq!(left_alone["transitions"], 0);
    assert!(report["daemon"]["polls"].as_u64() > Some(10));
    // The same callers, to the last one.
    let offered = |arm: &str| report[arm]["queues"][0]["offered"].as_u64().unwrap();
    assert_eq!(offered("with_autopilot"), offered("left_running"));
    // One poll decides on both campaigns under one id: the numbers are those of the campaign that was commanded.
    let transitions = report["transitions"].as_array().unwrap();
    assert!(transitions.len() > 20);
    for change in transitions {
        let reason = change["reason"].as_str().unwrap();
        let (available, _) = reason.split_once(" available").unwrap();
        let available: u32 = available.parse().unwrap();
        let fits = match change["to"].as_str().unwrap() {
            "PAUSED" => available < 5,
            _ => available >= 8,
        };
        assert!(fits, "{change:#}");
    }
}

#[test]
fn a_port_that_is_taken_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let done = demo(&["--port", &port]);
    assert_eq!(done.code(), 74, "{}{}", done.stdout, done.stderr);
    let told = format!("campaign-autopilot: --port {port}: ");
    assert!(done.stderr.contains(&told), "{}", done.stderr);
    assert!(
        done.stderr.contains("give another port, or leave it out"),
        "{}",
        done.stderr
    );
    assert_eq!(done.stdout, "");
}
