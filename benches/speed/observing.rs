//! What it costs to be observed: metrics and spans of a poll against the poll itself, and a scrape of a thousand campaigns.
//!
//! Metrics cannot be switched off, so what a poll records is recorded again, many times over, and its CPU time is compared with that of
//! whole polls over real sockets in the same run. How often a poll records is read from the metrics themselves. Spans can be
//! switched off: the same poll is made without a subscriber and with one that takes every span, in turn.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use campaign_autopilot::control::ports::Clock;
use campaign_autopilot::domain::{CampaignId, DecisionId};
use campaign_autopilot::platform::cxone_v2::Agents;
use campaign_autopilot::platform::http::page_span;
use campaign_autopilot::telemetry::{Code, Endpoint, Events, Metrics, PollFigures};
use tokio::runtime::Runtime;
use tracing::Instrument;
use tracing::field::Empty;
use tracing_subscriber::layer::SubscriberExt;

use crate::platform::{InProcess, PROGRAM, Simulated, client_with, read, reader};
use crate::stopwatch::{cpu_of_this_thread, median, ms, report, time};

const AGENTS: usize = 1_000;
const AGENTS_PAGE: Endpoint = Endpoint::listing("agents");
const AT_ONCE: usize = 8;
const RUNS: usize = 15;

/// Polls in one measurement: the kernel's counter is exact only where the thread is switched out.
const POLLS: u32 = 40;

/// How often a poll's instrumentation is repeated in one measurement.
const REPEATS: u32 = 20_000;

const CAMPAIGNS: usize = 1_000;

pub(crate) fn run() {
    polling();
    scraping();
}

fn polling() {
    let platform = Simulated::with_agents(AGENTS);
    // Everything of the client on this one thread, so that its CPU is the client's and nobody else's.
    let thread = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (client, clock, metrics) = client_with(&platform.base_url);
    let reader = reader(&client, &clock, &platform.base_url, AT_ONCE);
    let events = Events::new(metrics.clone(), std::iter::empty());
    let poll = || {
        cpu_of(POLLS, || {
            thread.block_on(one_poll(&reader, &*clock, &events));
        })
    };
    poll();
    let before = attempts(&metrics);
    let _ = poll();
    let pages = (attempts(&metrics) - before) / POLLS;
    let every_span = || {
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .with_writer(std::io::sink);
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines));
        poll()
    };
    let pairs: Vec<(Duration, Duration)> = (0..RUNS).map(|_| (poll(), every_span())).collect();
    let (mut plain, mut spans) = (pairs.iter().map(|p| p.0), pairs.iter().map(|p| p.1));
    let plain = median(RUNS, || plain.next().unwrap_or_default());
    let spans = median(RUNS, || spans.next().unwrap_or_default());
    let recorded = recorded_again(&thread, &metrics, &events, pages);
    report(format_args!(
        "observing: a poll of {AGENTS} agents in {pages} requests, CPU"
    ));
    report(format_args!(
        "  the poll                          {}",
        ms(plain)
    ));
    report(format_args!(
        "  its metrics and spans, as shipped {:.4} ms, {:.2}% of it (bar: 3%)",
        recorded.as_secs_f64() * 1e3,
        recorded.div_duration_f64(plain) * 100.0
    ));
    report(format_args!(
        "  the poll with every span taken and every line written as JSON {}, {:.2} times",
        ms(spans),
        spans.div_duration_f64(plain)
    ));
}

/// A poll as the loop makes it, its spans and its event included.
async fn one_poll(reader: &Agents, clock: &dyn Clock, events: &Events) {
    let span = tracing::debug_span!("poll", rows = Empty, pages = Empty, fault = Empty);
    let poll = async {
        let agents = read(reader, clock).await;
        assert_eq!(agents, AGENTS);
        told(events, clock.now());
    };
    poll.instrument(span).await;
}

fn told(events: &Events, now: campaign_autopilot::domain::Timestamp) {
    let figures = PollFigures {
        available: Some(1_000),
        states: None,
        rows: AGENTS,
        pages: 11,
        took: Duration::from_millis(20),
    };
    events.polled(figures, DecisionId { run: 1, tick: 1 }, now);
}

/// What a poll of so many requests records and spans, without the poll.
fn recorded_again(thread: &Runtime, metrics: &Metrics, events: &Events, pages: u32) -> Duration {
    let now = campaign_autopilot::domain::Timestamp::from_unix_millis(1_715_760_000_000);
    let once = || {
        let poll = async {
            for number in 0..pages {
                let number = usize::try_from(number).unwrap_or_default();
                let page = async {
                    metrics.api.waited(AGENTS_PAGE, 0.0);
                    metrics.api.attempt(AGENTS_PAGE, Code::Success, 0.01);
                    metrics.api.remaining(100.0);
                    let span = tracing::Span::current();
                    span.record("attempts", 1_u32);
                    span.record("rows", 100_u32);
                };
                page.instrument(page_span(AGENTS_PAGE, number)).await;
            }
            told(events, now);
        };
        let span = tracing::debug_span!("poll", rows = Empty, pages = Empty, fault = Empty);
        thread.block_on(poll.instrument(span));
    };
    // The log as it is shipped: lines at INFO, to nowhere.
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(std::io::sink);
    let shipped = tracing_subscriber::registry()
        .with(tracing_subscriber::filter::LevelFilter::INFO)
        .with(lines);
    let _guard = tracing::subscriber::set_default(shipped);
    median(RUNS, || cpu_of(REPEATS, once))
}

/// Requests for agents so far, as the metrics count them.
fn attempts(metrics: &Metrics) -> u32 {
    let (_, text) = metrics.exposition().expect("an exposition");
    let text = String::from_utf8(text).expect("text");
    let series = "autopilot_api_request_duration_seconds_count{code=\"2xx\",endpoint=\"agents\"} ";
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    line.and_then(|count| count.parse().ok()).expect("a count")
}

/// Returns the CPU time of one of so many runs of `work` on this thread.
#[expect(
    clippy::disallowed_methods,
    reason = "a sleep is what brings the counter up to date"
)]
fn cpu_of(many: u32, work: impl Fn()) -> Duration {
    let settled = || {
        std::thread::sleep(Duration::from_millis(1));
        cpu_of_this_thread()
    };
    let before = settled();
    (0..many).for_each(|_| work());
    settled().saturating_sub(before) / many
}

fn scraping() {
    let ids: Vec<String> = (0..CAMPAIGNS).map(|n| format!("campaign-{n:04}")).collect();
    let metrics = Metrics::new(30.0, false, "", 0.0).expect("metrics");
    let made: Vec<_> = ids
        .iter()
        .map(|id| {
            let id: CampaignId = id.parse().expect("an id");
            metrics.campaign(&id, true)
        })
        .collect();
    let exposition = || metrics.exposition().expect("an exposition");
    let encode = median(21, || time(exposition).0);
    drop(made);

    let centre = InProcess::with_agents(50, |_| {});
    for id in &ids {
        centre.handle.put_campaign(id, "RUNNING");
    }
    let daemon = Daemon::start(&centre.base_url, &ids.join(","));
    let mut read = 0;
    let over_http = median(21, || {
        let (took, bytes) = time(|| daemon.scrape());
        read = bytes;
        took
    });
    report(format_args!(
        "scraping: {CAMPAIGNS} campaigns with every series, {:.1} MB",
        f64::from(read) / 1e6
    ));
    report(format_args!(
        "  the exposition alone              {}",
        ms(encode)
    ));
    report(format_args!(
        "  over HTTP from the running daemon {} (bar: 20 ms)",
        ms(over_http)
    ));
}

struct Daemon {
    child: Child,
    address: String,
    _directory: tempfile::TempDir,
}

impl Daemon {
    #[expect(clippy::disallowed_methods, reason = "waits for another process")]
    fn start(base_url: &str, campaigns: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        // A port that was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("its address").to_string();
        drop(free);
        let child = Command::new(PROGRAM)
            .args(["run", "--requests-per-second", "unlimited"])
            .args(["--listen", &address])
            .arg("--state-dir")
            .arg(directory.path())
            .env("CXONE_BASE_URL", base_url)
            .env("CXONE_CLIENT_ID", "autopilot")
            .env("CXONE_CLIENT_SECRET", "autopilot-secret")
            .env("CXONE_CAMPAIGN_ID", campaigns)
            .stderr(Stdio::null())
            .spawn()
            .expect("the daemon");
        let daemon = Self {
            child,
            address,
            _directory: directory,
        };
        let since = Instant::now();
        while !daemon.get("/readyz").contains("200 OK") {
            assert!(since.elapsed() < Duration::from_secs(60), "waited in vain");
            std::thread::sleep(Duration::from_millis(20));
        }
        daemon
    }

    fn get(&self, path: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(&self.address) else {
            return String::new();
        };
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        let sent = stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes());
        sent.expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Bytes of the exposition.
    fn scrape(&self) -> u32 {
        let text = self.get("/metrics");
        assert!(text.contains("campaign-0999"), "every campaign is there");
        u32::try_from(text.len()).unwrap_or(u32::MAX)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
