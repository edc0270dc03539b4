//! How long a commit takes on a file and on a server: what is written before each command, and what a poll writes.
//!
//! Each is measured beside what the disk itself takes: one append and its `fdatasync`, in the same directory and the same run. The server is
//! one of the benchmark's own on a socket, and confirms a commit when its disk has it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::control::ports::{
    AuditEvent, AuditRow, Batch, Clock, Journal, SystemClock,
};
use campaign_autopilot::domain::replay::Input;
use campaign_autopilot::domain::{
    CampaignActivity, CampaignId, CampaignState, Conclusion, DecisionId, Delivery, Direction,
    StatusFinding, StatusReading, Timestamp,
};
use campaign_autopilot::store::postgres::{Server, ServerAddress};
use campaign_autopilot::store::{Store, StoreAt};
use tokio::runtime::Runtime;

use crate::cluster::Cluster;
use crate::stopwatch::{ms, report, time};

const CAMPAIGNS: u64 = 50;

/// Commits of each kind.
const COMMITS: usize = 401;

const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

pub(crate) fn run() {
    report(format_args!(
        "committing: {COMMITS} commits of each kind; half of them within, 99 of 100 within"
    ));
    let directory = tempfile::tempdir().expect("a directory");
    let disk = synced(directory.path());
    report(format_args!("  an append and its sync alone     {disk}"));
    measure("file", directory.path().into(), disk.half);
    if !Cluster::is_installed() {
        return;
    }
    let cluster = Cluster::start();
    for statement in ["ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()"] {
        cluster.psql("public", statement);
    }
    let address = ServerAddress::parse(&cluster.address(), None).expect("an address");
    let server = Arc::new(Server::new(address));
    server.migrate(None).expect("tables");
    let shown = cluster.psql("public", "SHOW fsync");
    assert_eq!(
        shown, "on",
        "a server that does not wait for its disk measures nothing"
    );
    let beside = tempfile::tempdir().expect("a directory");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    let beside = beside.path().to_owned();
    let at = StoreAt::on_server(server, "", beside, "bench", clock);
    measure("server", at, disk.half);
}

/// Appends of a page of the file, each confirmed by the disk.
fn synced(directory: &Path) -> Quantiles {
    let mut file = File::create(directory.join("appended")).expect("a file");
    let page = [7_u8; 4096];
    Quantiles::of(|| {
        time(|| {
            file.write_all(&page).expect("an append");
            file.sync_data().expect("a sync");
        })
        .0
    })
}

fn measure(name: &str, at: StoreAt, disk: Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let (store, _) = Store::open(at, NOW).expect("a store");
    let mut tick = 0;
    let mut each = |what: &str, batch: fn(u64) -> Batch| {
        let took = Quantiles::of(|| {
            tick += 1;
            if tick % 20 == 1 {
                // As the loop does, so that the lease of a server lasts.
                let renewed = runtime.block_on(store.tenure().renew());
                renewed.expect("a lease");
            }
            commit(&runtime, &store, batch(tick))
        });
        let times = took.half.as_secs_f64() / disk.as_secs_f64();
        report(format_args!(
            "  {name}, {what}: {took}, {times:.1} times the sync"
        ));
    };
    each("a row on a command", command);
    each("a poll that changes every campaign", poll);
}

fn commit(runtime: &Runtime, store: &Store, batch: Batch) -> Duration {
    let batch = Arc::new(batch);
    let (took, committed) = time(|| runtime.block_on(store.commit(batch)));
    committed.expect("a commit");
    took
}

/// A row of the audit about a command: what has to be on the disk before the platform hears of it is as long.
fn command(tick: u64) -> Batch {
    let event = AuditEvent::Outcome {
        direction: Direction::Pause,
        conclusion: Conclusion::Confirmed,
        delivery: Delivery::Acknowledged { version: None },
        after: StatusFinding::Found(running()),
    };
    let row = AuditRow {
        at: NOW,
        campaign: Some(campaign(tick % CAMPAIGNS)),
        decision: DecisionId { run: 1, tick },
        event,
    };
    Batch {
        audit: vec![row],
        ..Batch::default()
    }
}

/// A status read of every campaign, and its new state.
fn poll(tick: u64) -> Batch {
    let ids = || (0..CAMPAIGNS).map(campaign);
    let now = NOW.plus(Duration::from_secs(tick));
    let status = |campaign| {
        let finding = StatusFinding::Found(running());
        (now, Input::Status { campaign, finding })
    };
    Batch {
        inputs: ids().map(status).collect(),
        states: ids().map(|id| (id, CampaignState::unread(now))).collect(),
        ..Batch::default()
    }
}

fn campaign(number: u64) -> CampaignId {
    let id = format!("campaign-{number:02}");
    id.parse().expect("an id")
}

fn running() -> StatusReading {
    StatusReading::without_evidence(CampaignActivity::Running, "RUNNING".to_owned(), NOW)
}

/// How long most of some commits took.
struct Quantiles {
    half: Duration,
    most: Duration,
}

impl Quantiles {
    fn of(mut measure: impl FnMut() -> Duration) -> Self {
        let mut all: Vec<Duration> = (0..COMMITS).map(|_| measure()).collect();
        all.sort();
        let at = |index: usize| all.get(index).copied().unwrap_or_default();
        Self {
            half: at(COMMITS / 2),
            most: at(COMMITS * 99 / 100),
        }
    }
}

impl std::fmt::Display for Quantiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", ms(self.half), ms(self.most))
    }
}
