//! The whole daemon on a clock that passes at once: what takes minutes at a platform.

use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::cli::{Embedded, Seams};
use campaign_autopilot::control::ports::Clock;
use campaign_autopilot::domain::Timestamp;
use campaign_autopilot::notify::{Answer, OutboxEntry, Post};
use campaign_autopilot::simulator::{
    Dialect, DialerCalls, DialerSettings, Script, Settings, SimClock, SimHandle, SimTime,
};
use campaign_autopilot::store::CommitGate;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::effect::Direct;
use super::site::{OUTBA, dialling};

const START: SimTime = SimTime::from_unix_millis(1_715_760_000_000);

/// The runtime's clock, which is paused, and that of the platform, which follows it.
#[derive(Clone)]
struct PausedClock {
    began: Instant,
    platform: SimClock,
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        let now = START.plus(self.began.elapsed());
        self.platform.advance(now.since(self.platform.now()));
        Timestamp::from_unix_millis(now.as_unix_millis())
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn real(&self, duration: Duration) -> Duration {
        duration
    }
}

/// A disk that always works, and nobody to tell.
struct Plain;

impl CommitGate for Plain {
    fn before(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn after(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Post for Plain {
    fn post<'a>(&'a self, _: &'a OutboxEntry, _: Timestamp) -> BoxFuture<'a, Answer> {
        unreachable!("there is no receiver")
    }
}

struct Life {
    platform: SimHandle,
    ends: CancellationToken,
    listener: campaign_autopilot::cli::Listener,
    ended: tokio::task::JoinHandle<()>,
    _directory: tempfile::TempDir,
}

impl Life {
    #[expect(
        clippy::disallowed_methods,
        reason = "the runtime's clock is paused, and this one follows it"
    )]
    async fn begin(settings: DialerSettings, agents: usize) -> Self {
        let sim = SimClock::manual(START);
        let mut platform = Settings::new(sim.clone(), Script::Fixed);
        platform.world.remove_campaign("campaign-1");
        platform
            .world
            .put_campaign(OUTBA, "Outbound A", "RUNNING", START);
        platform.world.set_available(agents, START);
        platform.dialect = Dialect::Vicidial(Box::new(settings));
        let handle = SimHandle::without_sockets(platform);
        let directory = tempfile::tempdir().unwrap();
        let secret = directory.path().join("password");
        crate::centre::write_secret(&secret, "autopilot-secret");
        let ends = CancellationToken::new();
        let seams = Seams {
            clock: Arc::new(PausedClock {
                began: Instant::now(),
                platform: sim,
            }),
            transport: Arc::new(Direct(handle.clone())),
            post: Arc::new(Plain),
            gate: Arc::new(Plain),
            seed: 1,
        };
        let state = directory.path().join("state");
        let arguments = [
            "--platform",
            "vicidial",
            "--base-url",
            "http://127.0.0.1:1",
            "--client-id",
            "autopilot",
            "--client-secret-file",
            secret.to_str().unwrap(),
            "--campaign",
            OUTBA,
            "--poll-interval",
            "10s",
            "--state-dir",
            state.to_str().unwrap(),
            "--listen",
            "127.0.0.1:0",
        ];
        let daemon = Embedded::start(arguments, seams, ends.clone())
            .await
            .unwrap();
        let listener = daemon.listener().unwrap();
        Self {
            platform: handle,
            ends,
            listener,
            ended: tokio::spawn(daemon.run()),
            _directory: directory,
        }
    }

    async fn get(&self, path: &str) -> String {
        let mut stream = self.listener.connect();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn series(&self, name: &str) -> Option<String> {
        let metrics = self.get("/metrics").await;
        let mut lines = metrics.lines();
        lines.find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
    }

    /// So many calls were placed today.
    fn placed(&self, calls: u64) {
        let placed = DialerCalls {
            hour: 9,
            status: "NA".to_owned(),
            count: calls,
        };
        assert!(self.platform.change_dialer(|settings| {
            let today = settings.calls.get_or_insert_default();
            today.insert(OUTBA.to_owned(), vec![placed]);
        }));
    }

    /// Calls are placed, one each ten seconds.
    async fn places(&self, calls: std::ops::Range<u64>) {
        for calls in calls {
            self.placed(calls);
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    }

    fn level(&self) -> String {
        self.platform.dialer_campaign(OUTBA).unwrap().level
    }

    async fn end(self) {
        self.ends.cancel();
        self.ended.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_a_threshold_dials_over_is_told_in_metrics_and_status() {
    let mut settings = dialling("RATIO", "2.0");
    settings.calls = Some(std::collections::BTreeMap::new());
    let life = Life::begin(settings, 2).await;
    life.placed(100);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(life.level(), "0.0001");
    let without = "autopilot_pauses_without_effect";
    assert_eq!(life.series(without).await.as_deref(), Some("0"));
    life.places(101..120).await;
    assert_eq!(life.series(without).await.as_deref(), Some("1"));
    // The look at rivals comes once an hour.
    life.places(120..500).await;
    let status = life.get("/api/v1/status").await;
    assert!(status.contains("Auto Dial Level Threshold"), "{status}");
    // The threshold is taken out.
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(life.series(without).await.as_deref(), Some("0"));
    assert_eq!(life.level(), "0.0001");
    life.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_dialler_is_told_in_metrics_and_status_and_nothing_is_commanded() {
    let mut settings = dialling("RATIO", "2.0");
    settings.calls = Some(std::collections::BTreeMap::new());
    let life = Life::begin(settings, 12).await;
    life.placed(100);
    let standstill = "autopilot_campaigns_at_standstill";
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(life.series(standstill).await.as_deref(), Some("0"));
    assert!(
        life.platform
            .change_dialer(|settings| settings.dialler_dead = true)
    );
    // The look at rivals comes once an hour.
    tokio::time::sleep(Duration::from_secs(4_000)).await;
    assert_eq!(life.series(standstill).await.as_deref(), Some("1"));
    let status = life.get("/api/v1/status").await;
    assert!(
        status.contains("the process that dials may be dead"),
        "{status}"
    );
    assert_eq!(life.level(), "2.0");
    // It is started again, and its agents get calls.
    assert!(
        life.platform
            .change_dialer(|settings| settings.dialler_dead = false)
    );
    life.places(101..140).await;
    assert_eq!(life.series(standstill).await.as_deref(), Some("0"));
    life.end().await;
}
