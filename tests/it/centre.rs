//! A contact centre for tests: a simulated platform in this process, and daemons as processes of their own.
//!
//! Nothing here sleeps to synchronise: a test waits until something is so, and gives up loudly after [`PATIENCE`].

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use campaign_autopilot::simulator::{
    Actor, Endpoint, FIRST_CAMPAIGN, JournalEntry, Script, Settings, SimClock, SimHandle, SimTime,
    Simulator,
};
use serde_json::Value;
use tempfile::TempDir;

/// A test that waits longer has failed; a busy machine is no reason.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// The daemon's poll interval in most tests.
pub(crate) const POLL: &str = "40ms";

/// The campaign that every platform here has.
pub(crate) const CAMPAIGN: &str = FIRST_CAMPAIGN;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_campaign-autopilot");

/// A platform, a directory for stores, and a runtime that the platform lives on.
pub(crate) struct Centre {
    pub(crate) platform: SimHandle,
    pub(crate) base_url: String,
    pub(crate) directory: TempDir,
    simulator: Option<Simulator>,
    runtime: tokio::runtime::Runtime,
}

impl Centre {
    /// A platform with ten agents available and one running campaign.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with other settings.
    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let start: SimTime = "2024-05-15T08:00:00Z"
            .parse::<jiff::Timestamp>()
            .unwrap()
            .into();
        let mut settings = Settings::new(SimClock::starting_at(start, 1.0), Script::Fixed);
        change(&mut settings);
        let centre = Self::of(settings);
        centre.platform.set_available(10);
        centre
    }

    /// A platform with these settings, and with nobody beyond whom its script brings.
    pub(crate) fn of(settings: Settings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let simulator = {
            let _inside = runtime.enter();
            Simulator::start(settings).unwrap()
        };
        let platform = simulator.handle();
        let base_url = simulator.base_url();
        Self {
            platform,
            base_url,
            directory: TempDir::new().unwrap(),
            simulator: Some(simulator),
            runtime,
        }
    }

    /// A daemon for this platform, not started yet.
    pub(crate) fn daemon(&self) -> Invocation {
        let mut invocation = Invocation::bare();
        invocation
            .env("CXONE_BASE_URL", &self.base_url)
            .env("CXONE_CLIENT_ID", "autopilot")
            .env("CXONE_CLIENT_SECRET", "autopilot-secret")
            .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
            .env("AUTOPILOT_STATE_DIR", self.state_dir())
            .env("AUTOPILOT_POLL_INTERVAL", POLL)
            .env("AUTOPILOT_REQUESTS_PER_SECOND", "unlimited")
            .env("AUTOPILOT_LISTEN", "off")
            // Tests let an hour's swings happen within seconds.
            .env("AUTOPILOT_FLAP_LIMIT", "none")
            .env("AUTOPILOT_LOG_FORMAT", "json")
            .arg("run");
        invocation
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// Waits until the campaign has this status on the platform.
    pub(crate) fn wait_for_status(&self, campaign: &str, status: &str) {
        wait_until(&format!("{campaign} is {status}"), || {
            self.platform.campaign_status(campaign).as_deref() == Some(status)
        });
    }

    /// Waits until the daemon has read the agents this many times more.
    pub(crate) fn wait_for_polls(&self, polls: u64) {
        let seen = self.platform.request_count(Some(Endpoint::Agents));
        wait_until("polls go on", || {
            self.platform.request_count(Some(Endpoint::Agents)) >= seen + polls
        });
    }

    /// What clients did to campaigns, as `campaign: FROM -> TO`.
    pub(crate) fn commands(&self) -> Vec<String> {
        let by_client = |entry: &&JournalEntry| matches!(entry.by, Actor::Client { .. });
        let line =
            |entry: &JournalEntry| format!("{}: {} -> {}", entry.campaign, entry.from, entry.to);
        self.platform
            .journal()
            .iter()
            .filter(by_client)
            .map(line)
            .collect()
    }

    /// Holds the store's write lock until it is dropped.
    pub(crate) fn lock_store(&self) -> rusqlite::Connection {
        let file = self.state_dir().join("autopilot.sqlite3");
        let connection = rusqlite::Connection::open(file).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection
    }

    /// Rows of the audit, whose chain has to hold.
    pub(crate) fn audit(&self) -> Vec<Value> {
        audit(&self.state_dir())
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        if let Some(simulator) = self.simulator.take() {
            self.runtime.block_on(simulator.stop());
        }
    }
}

/// Rows of the audit in `state_dir`, whose chain has to hold, and whose record has to replay.
pub(crate) fn audit(state_dir: &Path) -> Vec<Value> {
    let run = |what: &str| {
        let mut invocation = Invocation::bare();
        invocation
            .arg("audit")
            .arg(what)
            .arg("--state-dir")
            .arg(state_dir.to_str().unwrap());
        let done = invocation.output();
        assert!(done.status.success(), "audit {what}: {}", done.stderr);
        done.stdout
    };
    let exported = run("export");
    if exported.is_empty() {
        // That is a fault for `verify`.
        return Vec::new();
    }
    run("verify");
    run("replay");
    exported
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Rows of one kind.
pub(crate) fn of_kind<'a>(rows: &'a [Value], kind: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["kind"] == kind).collect()
}

/// Waits until `so`, or fails with what it waited for.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where tests wait, for other processes"
)]
pub(crate) fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !so() {
        assert!(since.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// An address that is free. Its port is below those that are given to whoever asks for any, so that no other test gets it
/// before the process that it is for.
pub(crate) fn free_address() -> String {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    loop {
        // Two runs at once begin at ports of their own.
        let taken = TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + std::process::id().wrapping_add(taken) % 10_000;
        let address = format!("127.0.0.1:{port}");
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}

/// A command line with nothing of this process's environment.
pub(crate) struct Invocation(Command);

/// What a program that has ended left.
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Invocation {
    pub(crate) fn bare() -> Self {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(command)
    }

    pub(crate) fn arg(&mut self, argument: impl AsRef<std::ffi::OsStr>) -> &mut Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn args(&mut self, arguments: &[&str]) -> &mut Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(&mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> &mut Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn env_remove(&mut self, name: &str) -> &mut Self {
        self.0.env_remove(name);
        self
    }

    /// Runs it to its end.
    pub(crate) fn output(&mut self) -> Finished {
        let output = self.0.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Finished {
            status: output.status,
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Starts it with its standard output here; nothing of it is looked at.
    pub(crate) fn spawn(&mut self, stdout: Stdio) -> Child {
        self.0.stdout(stdout).spawn().unwrap()
    }

    /// Starts it and goes on.
    pub(crate) fn start(&mut self) -> Daemon {
        let mut child = self.0.stdout(Stdio::null()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                collected.lock().unwrap().push(line);
            }
        });
        Daemon {
            child,
            lines,
            reader: Some(reader),
            tolerated: Vec::new(),
        }
    }
}

impl Finished {
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }
}

/// A daemon that runs. At its end, a WARN or ERROR that was not announced fails the test.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
    tolerated: Vec<&'static str>,
}

impl Daemon {
    /// Announces warnings: those that contain one of these texts are expected.
    pub(crate) fn tolerate(mut self, texts: &[&'static str]) -> Self {
        self.tolerated.extend(texts);
        self
    }

    /// The log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        let parse = |line: &String| {
            serde_json::from_str(line)
                .unwrap_or_else(|_| panic!("a log line that is no JSON: {line}"))
        };
        self.lines.lock().unwrap().iter().map(parse).collect()
    }

    /// The first line of the log so far that has this text in its message.
    pub(crate) fn logged(&self, text: &str) -> Option<Value> {
        let mut lines = self.log().into_iter();
        lines.find(|line| message(line).contains(text))
    }

    /// Waits until a line of the log has this text in its message.
    pub(crate) fn wait_for_log(&self, text: &str) -> Value {
        let mut found = None;
        wait_until(&format!("the log says {text:?}"), || {
            found = self.logged(text);
            found.is_some()
        });
        found.unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([&format!("-{name}"), &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Kills it at once, as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.end();
    }

    /// Asks it to end and expects that it does so in order.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        let status = self.end();
        assert_eq!(
            status.code(),
            Some(0),
            "the daemon ended with {status}: {:?}",
            self.log()
        );
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the daemon ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.expect_calm();
        status.unwrap()
    }

    fn expect_calm(&self) {
        for line in self.log() {
            let calm = line["level"] == "INFO"
                || self
                    .tolerated
                    .iter()
                    .any(|text| message(&line).contains(text));
            assert!(calm, "unexpected: {line}");
        }
    }
}

/// So many lines of a failed test's daemon are shown.
const LAST_LINES: usize = 60;

impl Drop for Daemon {
    #[expect(clippy::print_stderr, reason = "what led to a failure is in the log")]
    fn drop(&mut self) {
        // Only after a failed test it is still there.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            for line in lines.iter().skip(lines.len().saturating_sub(LAST_LINES)) {
                eprintln!("{line}");
            }
        }
    }
}

/// What a log line says.
pub(crate) fn message(line: &Value) -> &str {
    line["message"].as_str().unwrap_or_default()
}

/// Writes a secret that its owner alone can read.
pub(crate) fn write_secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
