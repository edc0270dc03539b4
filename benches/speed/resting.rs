//! The daemon at rest: memory, CPU of a poll, and how soon after its start the first poll goes out.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use campaign_autopilot::simulator::{Endpoint, Phase, SimHandle};

use crate::platform::{Daemon, InProcess};
use crate::stopwatch::{median, ms, report};

const AGENTS: usize = 1_000;

/// The size that one process is built for.
const MOST_AGENTS: usize = 100_000;
const MOST_CAMPAIGNS: usize = 10_000;

/// Polls between the two readings of the CPU counter.
const POLLS: u64 = 100;

#[expect(clippy::disallowed_methods, reason = "benchmarks measure real time")]
pub(crate) fn run() {
    let centre = InProcess::with_agents(AGENTS, |_| {});
    let platform = &centre.handle;
    let first = median(9, || {
        let asked = Arc::new(Mutex::new(None));
        let note = Arc::clone(&asked);
        platform.set_hook(Some(Arc::new(move |seen, phase| {
            if seen.endpoint == Endpoint::Agents && phase == Phase::Arrived {
                note.lock()
                    .expect("no panic")
                    .get_or_insert_with(Instant::now);
            }
        })));
        let started = Instant::now();
        let daemon = start(&centre.base_url, "30s");
        wait_for_polls(platform, 10);
        drop(daemon);
        let asked = asked.lock().expect("no panic").expect("a poll");
        asked.duration_since(started)
    });
    platform.set_hook(None);
    let daemon = start(&centre.base_url, "30s");
    wait_for_polls(platform, 10);
    std::thread::sleep(Duration::from_secs(2));
    let resident = resident_kib(&daemon);
    drop(daemon);
    let daemon = start(&centre.base_url, "50ms");
    wait_for_polls(platform, 110);
    let before = cpu_ticks(&daemon);
    wait_for_polls(platform, 11 * POLLS);
    let ticks = cpu_ticks(&daemon) - before;
    let after_many = resident_kib(&daemon);
    drop(daemon);
    // The kernel counts in hundredths of a second.
    let cpu_a_poll = Duration::from_millis(10 * ticks).div_f64(100.0);
    report(format_args!("resting: {AGENTS} agents, a poll each 30 s"));
    report(format_args!(
        "  resident after the first poll    {:.1} MB (bar: 25 MB)",
        mb(resident)
    ));
    report(format_args!(
        "  resident after some 100 polls    {:.1} MB",
        mb(after_many)
    ));
    report(format_args!(
        "  CPU of a poll                    {}, {:.4}% of a core at 30 s (bar: 0.2%)",
        ms(cpu_a_poll),
        cpu_a_poll.as_secs_f64() / 30.0 * 100.0
    ));
    report(format_args!(
        "  from the start to the first poll {} with one round trip for the token (bar: 100 ms and that)",
        ms(first)
    ));
    report(format_args!(
        "  resident with {MOST_CAMPAIGNS} campaigns and {MOST_AGENTS} agents {:.1} MB (bar: 200 MB)",
        mb(at_full_size())
    ));
}

fn start(base_url: &str, poll_interval: &str) -> Daemon {
    Daemon::start(base_url, poll_interval, "127.0.0.1:0", |_| {})
}

/// Memory at the size that it is built for, once every agent and every status was read.
#[expect(clippy::disallowed_methods, reason = "waits for another process")]
fn at_full_size() -> u32 {
    let centre = InProcess::with_agents(MOST_AGENTS, |_| {});
    let directory = tempfile::tempdir().expect("a temporary directory");
    let settings = directory.path().join("settings.toml");
    let mut tables = String::new();
    for number in 0..MOST_CAMPAIGNS {
        let id = format!("campaign-{number:05}");
        centre.handle.put_campaign(&id, "RUNNING");
        tables.push_str("[[campaign]]\nid = \"");
        tables.push_str(&id);
        tables.push_str("\"\n");
    }
    std::fs::write(&settings, tables).expect("the settings");
    let daemon = Daemon::start(&centre.base_url, "100ms", "127.0.0.1:0", |daemon| {
        daemon.arg("--config").arg(&settings);
        daemon.env_remove("CXONE_CAMPAIGN_ID");
    });
    let statuses = u64::try_from(MOST_CAMPAIGNS).unwrap_or(u64::MAX);
    let since = Instant::now();
    let read = || centre.handle.request_count(Some(Endpoint::CampaignGet));
    while read() < statuses + 20 {
        assert!(since.elapsed() < Duration::from_secs(300), "waited in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
    resident_kib(&daemon)
}

fn mb(kib: u32) -> f64 {
    f64::from(kib) * 1_024.0 / 1e6
}

/// The memory of a daemon in megabytes.
pub(crate) fn resident_mb(daemon: &Daemon) -> f64 {
    mb(resident_kib(daemon))
}

fn resident_kib(daemon: &Daemon) -> u32 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).expect("its status");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .expect("its memory");
    line.split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .expect("a number")
}

/// User and system time in hundredths of a second.
fn cpu_ticks(daemon: &Daemon) -> u64 {
    let stat =
        std::fs::read_to_string(format!("/proc/{}/stat", daemon.id())).expect("its counters");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|word| word.parse::<u64>().ok())
        .sum()
}

/// Waits for so many more pages of agents.
#[expect(clippy::disallowed_methods, reason = "waits for another process")]
fn wait_for_polls(platform: &SimHandle, pages: u64) {
    let seen = platform.request_count(Some(Endpoint::Agents));
    let since = Instant::now();
    while platform.request_count(Some(Endpoint::Agents)) < seen + pages {
        assert!(since.elapsed() < Duration::from_secs(120), "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}
