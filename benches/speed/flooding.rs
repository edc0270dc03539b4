//! The loop under a flood of requests to its own listener: it must not be late for it.
//!
//! Measured in one run: the lag of the loop at rest, under ten thousand requests a second of `status`, and under a
//! thousand clients that send a byte a second. The lag is the daemon's own `loop_lag_seconds`. It is read before and after
//! each part, so that only the ticks of that part count. Each part's requests are bounded in number and time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::platform::{Daemon, InProcess};
use crate::stopwatch::report;

/// How long each part lasts.
const PART: Duration = Duration::from_secs(5);

/// Requests a second that are offered.
const RATE: u32 = 10_000;

/// Connections over which they come.
const CONNECTIONS: u32 = 8;

/// Clients that send a byte a second.
const SLOW: usize = 1_000;

/// The loop's lag, in seconds.
const BAR: f64 = 0.1;

pub(crate) fn run() {
    let centre = InProcess::with_agents(100, |_| {});
    let daemon = Flooded::start(&centre.base_url);
    report(format_args!(
        "flooding: a poll each 50 ms, {} s each; loop lag: mean, ticks within {BAR} s",
        PART.as_secs()
    ));
    let rest = daemon.lag(|| rest(PART));
    report(format_args!("  at rest                          {rest}"));
    let mut answered = 0;
    let flooded = daemon.lag(|| answered = flood(&daemon.address));
    let rate = answered / PART.as_secs();
    report(format_args!(
        "  {rate} answers a second ({RATE} offered) {flooded} (bar: every tick)"
    ));
    let slow = daemon.lag(|| trickle(&daemon.address));
    report(format_args!(
        "  {SLOW} clients, one byte a second  {slow} (bar: every tick)"
    ));
    let probe = get(&daemon.address, "/healthz").is_some_and(|text| text.contains("200 OK"));
    assert!(probe, "the listener answers afterwards");
}

#[expect(clippy::disallowed_methods, reason = "benchmarks take real time")]
pub(crate) fn rest(how_long: Duration) {
    std::thread::sleep(how_long);
}

/// Offers requests at an even pace, and counts the answers.
#[expect(clippy::disallowed_methods, reason = "benchmarks measure real time")]
fn flood(address: &str) -> u64 {
    let answered = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (address, answered) = (address.to_owned(), Arc::clone(&answered));
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(&address).expect("a connection");
                let timeout = stream.set_read_timeout(Some(PART));
                timeout.expect("a time-out");
                // Several in one write, so that the client's own cost is not what is measured.
                let request = format!("GET /api/v1/status HTTP/1.1\r\nHost: {address}\r\n\r\n");
                let many = 20_u32;
                let burst = request.repeat(20);
                let between = Duration::from_secs(1) * many * CONNECTIONS / RATE;
                let (started, mut sent) = (Instant::now(), 0_u32);
                let mut buffer = vec![0_u8; 1 << 16];
                let mut seen = Answers::default();
                while started.elapsed() < PART {
                    let due = between * sent;
                    rest(due.saturating_sub(started.elapsed()));
                    if stream.write_all(burst.as_bytes()).is_err() {
                        break;
                    }
                    sent += 1;
                    let until = u64::from(sent * many);
                    while seen.count < until {
                        match stream.read(&mut buffer) {
                            Ok(read) if read > 0 => seen.take(buffer.get(..read).unwrap_or(&[])),
                            Ok(_) | Err(_) => break,
                        }
                    }
                }
                answered.fetch_add(seen.count, Ordering::Relaxed);
            })
        })
        .collect();
    for client in clients {
        client.join().expect("a client");
    }
    answered.load(Ordering::Relaxed)
}

/// Counts status lines, wherever a reading cuts them.
#[derive(Default)]
struct Answers {
    count: u64,
    matched: usize,
}

impl Answers {
    fn take(&mut self, bytes: &[u8]) {
        const MARK: &[u8] = b"HTTP/1.1 200";
        for byte in bytes {
            if MARK.get(self.matched) == Some(byte) {
                self.matched += 1;
            } else {
                self.matched = usize::from(MARK.first() == Some(byte));
            }
            if self.matched == MARK.len() {
                self.count += 1;
                self.matched = 0;
            }
        }
    }
}

/// A thousand clients that send their request a byte a second, and come back when they are dropped.
#[expect(clippy::disallowed_methods, reason = "benchmarks measure real time")]
fn trickle(address: &str) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut clients: Vec<Option<TcpStream>> = (0..SLOW).map(|_| None).collect();
            while !over.load(Ordering::Relaxed) {
                let round = Instant::now();
                for client in &mut clients {
                    let sent = client.as_mut().map(|stream| stream.write_all(b"G"));
                    if !matches!(sent, Some(Ok(()))) {
                        *client = TcpStream::connect(address).ok();
                    }
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
                rest(Duration::from_secs(1).saturating_sub(round.elapsed()));
            }
        });
        rest(PART);
        over.store(true, Ordering::Relaxed);
    });
}

/// Returns the answer of a listener to a request.
pub(crate) fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// What the lag's histogram says of some ticks.
struct Lag {
    ticks: f64,
    within: f64,
    sum: f64,
}

impl std::fmt::Display for Lag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mean = self.sum / self.ticks.max(1.0) * 1e3;
        write!(f, "{mean:.2} ms, {} of {}", self.within, self.ticks)
    }
}

struct Flooded {
    address: String,
    _daemon: Daemon,
}

impl Flooded {
    #[expect(clippy::disallowed_methods, reason = "waits for another process")]
    fn start(base_url: &str) -> Self {
        // A port that was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("its address").to_string();
        drop(free);
        let daemon = Daemon::start(base_url, "50ms", &address, |_| {});
        let flooded = Self {
            address,
            _daemon: daemon,
        };
        let since = Instant::now();
        while !get(&flooded.address, "/readyz").is_some_and(|text| text.contains("200 OK")) {
            assert!(since.elapsed() < Duration::from_secs(60), "waited in vain");
            rest(Duration::from_millis(10));
        }
        flooded
    }

    /// The lag of the ticks while `work` goes on.
    fn lag(&self, work: impl FnOnce()) -> Lag {
        let before = self.histogram();
        work();
        let after = self.histogram();
        Lag {
            ticks: after.ticks - before.ticks,
            within: after.within - before.within,
            sum: after.sum - before.sum,
        }
    }

    fn histogram(&self) -> Lag {
        let text = get(&self.address, "/metrics").expect("the metrics");
        let value = |series: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(series));
            let value = line.and_then(|line| line.trim().parse().ok());
            value.expect("the lag's histogram")
        };
        Lag {
            ticks: value("autopilot_loop_lag_seconds_count "),
            within: value("autopilot_loop_lag_seconds_bucket{le=\"0.1\"} "),
            sum: value("autopilot_loop_lag_seconds_sum "),
        }
    }
}
