//! What systemd is told: started, alive, reloading, ending; and silence when the loop hangs.

use std::os::unix::net::UnixDatagram;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use campaign_autopilot::simulator::Endpoint;

use crate::centre::{Centre, Invocation, PATIENCE, wait_until};

/// How long the manager waits for a sign of life. Signs come twice as often.
const WATCHDOG: Duration = Duration::from_millis(200);

/// More than come within [`PATIENCE`].
const MOST_SIGNS: usize = 1_000;

/// Ten times as long without a sign is no chance.
const SILENCE: Duration = Duration::from_secs(2);

/// The end of `NOTIFY_SOCKET` at which systemd listens. What is told is read at once, as systemd does: the socket holds a few
/// signs, and whoever tells another one waits.
pub(crate) struct Manager {
    told: mpsc::Receiver<String>,
    path: std::path::PathBuf,
}

impl Manager {
    pub(crate) fn of(centre: &Centre) -> Self {
        let path = centre.directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let (teller, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = socket.recv(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..length]);
                drop(teller.send(text.into_owned()));
            }
        });
        Self { told, path }
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.path
    }

    pub(crate) fn supervise<'i>(&self, daemon: &'i mut Invocation) -> &'i mut Invocation {
        daemon
            .env("NOTIFY_SOCKET", &self.path)
            .env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string())
    }

    /// What is told next, if anything is within that time.
    pub(crate) fn within(&self, longest: Duration) -> Option<String> {
        self.told.recv_timeout(longest).ok()
    }

    /// Waits until something is told that contains this text.
    #[expect(clippy::disallowed_methods, reason = "a test gives up in the end")]
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            let told = self.within(PATIENCE);
            let told = told.unwrap_or_else(|| panic!("nothing is told, and not {text:?}"));
            if told.contains(text) {
                return told;
            }
        }
        panic!("waited in vain for {text:?}")
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        // Ends the reader.
        drop(UnixDatagram::unbound().and_then(|socket| socket.send_to(&[], &self.path)));
    }
}

#[test]
fn systemd_is_told_of_the_start_of_life_between_polls_of_reloads_and_of_the_end() {
    let centre = Centre::new();
    let manager = Manager::of(&centre);
    // One poll, and then none for ten minutes: what is alive is told from within the wait.
    let mut daemon = manager
        .supervise(&mut centre.daemon())
        .args(&["--poll-interval", "10m"])
        .start();
    assert_eq!(manager.within(PATIENCE).as_deref(), Some("READY=1\n"));
    manager.wait_for("STATUS=waiting for the first valid poll");
    manager.wait_for("STATUS=1 campaign: 1 running");
    for _ in 0..5 {
        manager.wait_for("WATCHDOG=1");
    }
    // The page of everybody, and the one behind it that shows that there are no more.
    assert_eq!(centre.platform.request_count(Some(Endpoint::Agents)), 2);
    daemon.signal("HUP");
    let reloading = manager.wait_for("RELOADING=1");
    let since = reloading.split("MONOTONIC_USEC=").nth(1).unwrap();
    assert!(since.trim().parse::<u64>().unwrap() > 0, "{reloading}");
    manager.wait_for("READY=1");
    daemon.wait_for_log("configuration");
    daemon.signal("TERM");
    manager.wait_for("STOPPING=1");
    assert_eq!(daemon.end().code(), Some(0));
}

#[test]
fn a_platform_that_is_away_does_not_keep_the_daemon_from_starting() {
    let centre = Centre::new();
    let manager = Manager::of(&centre);
    let daemon = manager
        .supervise(&mut centre.daemon())
        .env("CXONE_BASE_URL", "http://127.0.0.1:9")
        .start()
        .tolerate(&["poll invalid", "not read", "too long"]);
    assert_eq!(manager.within(PATIENCE).as_deref(), Some("READY=1\n"));
    manager.wait_for("STATUS=waiting for the first valid poll");
    for _ in 0..3 {
        manager.wait_for("WATCHDOG=1");
    }
    daemon.kill();
}

/// The hang is a real one: every thread of the process is stopped. That a loop which hangs alone gives no sign either is held by
/// the tests of `control::supervisor`.
#[test]
fn a_process_that_hangs_gives_no_sign_of_life() {
    let centre = Centre::new();
    let manager = Manager::of(&centre);
    let daemon = manager.supervise(&mut centre.daemon()).start();
    manager.wait_for("WATCHDOG=1");
    centre.wait_for_polls(5);
    daemon.signal("STOP");
    let signs = (0..MOST_SIGNS).take_while(|_| manager.within(SILENCE).is_some());
    assert!(signs.count() < MOST_SIGNS, "it never hung");
    let polls = centre.platform.request_count(Some(Endpoint::Agents));
    assert_eq!(manager.within(SILENCE), None);
    assert_eq!(
        centre.platform.request_count(Some(Endpoint::Agents)),
        polls,
        "the loop hangs with it"
    );
    // It goes on, and says so.
    daemon.signal("CONT");
    manager.wait_for("WATCHDOG=1");
    wait_until("polls go on", || {
        centre.platform.request_count(Some(Endpoint::Agents)) > polls
    });
    daemon.kill();
}
