//! The one writer.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rusqlite::Connection;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, oneshot};

use crate::control::ports::{Batch, Journal, JournalFault, OpenOperation, Tenure, TenureFault};
use crate::domain::assignment::ListMemory;
use crate::domain::queue::QueueMemory;
use crate::domain::{CampaignId, CampaignState, IdError, QueueId, ReceiverName, Route, Timestamp};
use crate::notify::ports::{OutboxStats, ReceiverStats};

use super::at::{OnServer, StoreAt};
use super::database::{Database, Transaction};
use super::fault::StoreFault;
use super::file::{LOCK_NAME, configure, lock, make, make_directory, runs, size_of};
use super::gate::CommitGate;
use super::high_water::{HighWater, Mark};
use super::opening::{leased, locked};
use super::outbox;
use super::postgres::{Hold, Lease, Role, ServerFault, Session};
use super::presence::{Presence, with_companions};
use super::retention::Retention;
use super::sql_fault::{SqlFault, SqlResult};
use super::value::{json, number, values};
use super::{
    audit, inputs, operations, outcome_days, outcomes, queues, schema, series, workload,
    workload_shared,
};

/// A command beside the daemon waits this long for its turn.
const BESIDE_TIMEOUT: Duration = Duration::from_secs(20);

/// Commits between two looks for inputs that are too old.
const COMMITS_BETWEEN_PRUNINGS: u32 = 500;

/// What the last run left.
pub struct Restored {
    /// The number of the run that begins.
    pub run: u64,
    /// What is remembered of each campaign.
    pub states: BTreeMap<CampaignId, CampaignState>,
    /// What is remembered of each preview campaign's list.
    pub lists: BTreeMap<CampaignId, ListMemory>,
    /// What is remembered of each queue.
    pub queues: BTreeMap<QueueId, QueueMemory>,
    /// Operations of earlier runs whose outcome is not known yet.
    pub open: Vec<OpenOperation>,
    /// What the store has lost since it was last written, in words.
    pub lost: Option<String>,
}

/// The store, open for writing. Closing it waits for the commits under way.
pub struct Store {
    hand: Hand,
    outbox_written: Watchers,
    routes: Routes,
    size: Option<Arc<AtomicU64>>,
    right: Right,
}

/// Whom messages are written for.
type Routes = Arc<Mutex<Vec<Route>>>;

/// Who is told of commits with messages.
type Watchers = Arc<Mutex<Vec<Arc<Notify>>>>;

fn watchers(of: &Watchers) -> MutexGuard<'_, Vec<Arc<Notify>>> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// By what right a store is written.
enum Right {
    /// By none: a command beside the daemon, which touches no campaign.
    Beside,
    /// By the lock of the directory, which the system releases with the process.
    Lock { _lock: File },
    /// By the tenant's lease.
    Lease(Arc<Lease>),
}

/// Who writes.
enum Hand {
    /// A thread of its own, so that a slow disk holds up nobody but those who wait for the commit.
    Thread {
        sender: Option<mpsc::Sender<Job>>,
        thread: Option<thread::JoinHandle<()>>,
    },
    /// Whoever asks, so that the order of all that happens is that of one thread.
    InPlace {
        writer: Box<Mutex<Writer>>,
        gate: Arc<dyn CommitGate>,
    },
}

/// Work for the thread that has the connection.
type Job = Box<dyn FnOnce(&mut Writer) + Send>;

impl Store {
    /// Opens the store and begins a run. A directory and a file are made if need be; on a server the tenant's lease is acquired.
    ///
    /// # Errors
    /// When the directory cannot be written or is in use, the file is locked, damaged or of a newer version, the server cannot be used,
    /// or another daemon has the lease.
    pub fn open(at: impl Into<StoreAt>, now: Timestamp) -> Result<(Self, Restored), StoreFault> {
        let at = at.into();
        match &at.server {
            None => Self::open_with(&at.directory, now, Self::on_a_thread),
            Some(on_server) => Self::open_on_server(on_server, &at.directory, now),
        }
    }

    fn open_on_server(
        on_server: &OnServer,
        directory: &Path,
        now: Timestamp,
    ) -> Result<(Self, Restored), StoreFault> {
        make_directory(directory)?;
        let (database, lease) = leased(on_server)?;
        let (lease, place) = (Arc::new(lease), on_server.server.address().to_string());
        let right = Right::Lease(Arc::clone(&lease));
        let hand = Self::on_a_thread;
        let opened = Self::restored(database, place.into(), directory, right, now, hand);
        if opened.is_err() {
            lease.release();
        }
        opened
    }

    /// The same, written by whoever commits and not by a thread of its own: for simulations, whose one thread decides the
    /// order of all that happens.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_in_place(
        directory: &Path,
        now: Timestamp,
        gate: Arc<dyn CommitGate>,
    ) -> Result<(Self, Restored), StoreFault> {
        Self::open_with(directory, now, |writer| {
            let writer = Box::new(Mutex::new(writer));
            Ok(Hand::InPlace { writer, gate })
        })
    }

    fn open_with(
        directory: &Path,
        now: Timestamp,
        hand: impl FnOnce(Writer) -> Result<Hand, StoreFault>,
    ) -> Result<(Self, Restored), StoreFault> {
        let lock = lock(directory)?;
        let path = make(directory)?;
        let database = locked(&path)?;
        let right = Right::Lock { _lock: lock };
        Self::restored(database, path, directory, right, now, hand)
    }

    /// Reads what earlier runs left, and begins one.
    fn restored(
        database: Database,
        path: PathBuf,
        directory: &Path,
        right: Right,
        now: Timestamp,
        hand: impl FnOnce(Writer) -> Result<Hand, StoreFault>,
    ) -> Result<(Self, Restored), StoreFault> {
        let fault = |wrong| StoreFault::of(&path, wrong);
        let states = states(&database, &path)?;
        let lists = "SELECT campaign, list FROM assignment WHERE {mine}";
        let lists = remembered(&database, &path, lists, "list")?;
        let queues = "SELECT id, memory FROM queue WHERE {mine}";
        let queues = remembered(&database, &path, queues, "memory")?;
        let open = operations::open(&database).map_err(fault)?;
        let high_water = HighWater::open(directory);
        let lost = high_water
            .as_ref()
            .map_or(Ok(None), |mark| mark.lost(&database))
            .map_err(fault)?;
        let run = begin_run(&database, now).map_err(fault)?;
        Ok((
            Self::writing(database, path, directory, right, hand)?,
            Restored {
                run,
                states,
                lists,
                queues,
                open,
                lost,
            },
        ))
    }
}

impl Store {
    /// Opens the store beside a daemon that may have it open, making it if need be, and begins a run of its own, whose number
    /// is given. Nothing of a campaign may be committed here.
    ///
    /// # Errors
    /// When the directory cannot be written, or the file is locked, damaged or of another version than this program's.
    pub fn open_beside(at: impl Into<StoreAt>, now: Timestamp) -> Result<(Self, u64), StoreFault> {
        let at = at.into();
        if let Some(OnServer { server, tenant, .. }) = &at.server {
            let session = Session::open(server, Role::Writer, tenant, Hold::Nothing)?;
            let path = PathBuf::from(server.address().to_string());
            make_directory(&at.directory)?;
            return Self::beside(Database::on_server(session), path, &at.directory, now);
        }
        let path = make(&at.directory)?;
        let sqlite = |wrong: rusqlite::Error| StoreFault::from_sqlite(&path, &wrong);
        let mut connection = Connection::open(&path).map_err(sqlite)?;
        configure(&connection, &path)?;
        // A command has no campaign to steer meanwhile: it waits for its turn rather than giving up.
        connection.busy_timeout(BESIDE_TIMEOUT).map_err(sqlite)?;
        // A file that nobody ever used is made ready. An older one is left to the daemon: one of that version may run.
        if schema::version(&connection).map_err(sqlite)? == 0 || runs(&connection) == 0 {
            schema::migrate(&mut connection, 0).map_err(sqlite)?;
        }
        let found = schema::version(&connection).map_err(sqlite)?;
        let known = schema::newest();
        if found > known {
            return Err(StoreFault::Newer { path, found, known });
        }
        if found < known {
            return Err(StoreFault::Older { path, found, known });
        }
        Self::beside(Database::of_file(connection), path, &at.directory, now)
    }

    fn beside(
        database: Database,
        path: PathBuf,
        directory: &Path,
        now: Timestamp,
    ) -> Result<(Self, u64), StoreFault> {
        let run = begin_run(&database, now).map_err(|wrong| StoreFault::of(&path, wrong))?;
        let hand = Self::on_a_thread;
        let store = Self::writing(database, path, directory, Right::Beside, hand)?;
        Ok((store, run))
    }

    fn writing(
        database: Database,
        path: PathBuf,
        directory: &Path,
        right: Right,
        hand: impl FnOnce(Writer) -> Result<Hand, StoreFault>,
    ) -> Result<Self, StoreFault> {
        let outbox_written = Watchers::default();
        let routes = Arc::new(Mutex::new(vec![Route::everything(None)]));
        let on_file = database.file().is_some();
        let size = on_file.then(|| Arc::new(AtomicU64::new(size_of(&path))));
        let files = on_file.then(|| with_companions(&path));
        let locked = matches!(right, Right::Lock { .. }).then(|| directory.join(LOCK_NAME));
        let lease = match &right {
            Right::Lease(lease) => Some(Arc::clone(lease)),
            Right::Beside | Right::Lock { .. } => None,
        };
        let writer = Writer {
            presence: Presence::of(files.into_iter().flatten().chain(locked)),
            high_water: HighWater::open(directory),
            lease,
            database,
            path,
            retention: Retention::default(),
            routes: Arc::clone(&routes),
            alone: matches!(right, Right::Lock { .. }),
            commits: 0,
            series_bytes: None,
            outbox_written: Arc::clone(&outbox_written),
            size: size.clone(),
        };
        Ok(Self {
            hand: hand(writer)?,
            outbox_written,
            routes,
            size,
            right,
        })
    }

    fn on_a_thread(writer: Writer) -> Result<Hand, StoreFault> {
        let (sender, jobs) = mpsc::channel();
        let path = writer.path.clone();
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.work(&jobs))
            .map_err(|wrong| StoreFault::Sqlite {
                path,
                why: format!("no thread for the store: {wrong}"),
            })?;
        Ok(Hand::Thread {
            sender: Some(sender),
            thread: Some(thread),
        })
    }

    /// The right to command, for as long as this is open.
    #[must_use]
    pub fn tenure(&self) -> Arc<dyn Tenure> {
        match &self.right {
            Right::Lease(lease) => Arc::<Lease>::clone(lease),
            Right::Beside | Right::Lock { .. } => Arc::new(Locked),
        }
    }

    /// Whether the lease was another daemon's until it ran out: something of that daemon may be under way still.
    #[must_use]
    pub fn taken_over(&self) -> bool {
        matches!(&self.right, Right::Lease(lease) if lease.taken_over())
    }

    /// Has the writer keep as much as `retention` says, from its next commit on.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn keep_for(&self, retention: Retention) -> Result<(), String> {
        self.have(move |writer| {
            writer.retention = retention;
            Ok(())
        })
        .await
    }

    /// Has messages written for these receivers, from the next commit on; before, for the one without a name.
    pub fn route_by(&self, routes: Vec<Route>) {
        *self.routes.lock().unwrap_or_else(PoisonError::into_inner) = routes;
    }

    /// Gives up what waits for named receivers that are none of these; returns their names with how many messages each.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn give_up_others(
        &self,
        receivers: Vec<ReceiverName>,
        now: Timestamp,
    ) -> Result<Vec<(String, u64)>, String> {
        self.ask(move |database| {
            let transaction = database.begin()?;
            let gone = outbox::give_up_others(&transaction, &receivers, now)?;
            transaction.commit()?;
            Ok(gone)
        })
        .await
    }

    /// Returns the last row of the audit and its hash; nothing where there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn audit_head(&self) -> Result<Option<(i64, String)>, String> {
        self.ask(audit::head).await
    }

    /// How many messages wait, and how many may.
    pub(super) async fn outbox_stats(&self) -> Result<OutboxStats, String> {
        self.have(|writer| outbox::stats(&writer.database, writer.retention.bounds()))
            .await
    }

    /// How much of what waits, or was given up, is for one receiver.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn outbox_stats_of(
        &self,
        receiver: Option<ReceiverName>,
    ) -> Result<ReceiverStats, String> {
        self.have(move |writer| {
            let bounds = writer.retention.bounds();
            outbox::stats_of(&writer.database, receiver.as_ref(), bounds)
        })
        .await
    }

    /// Returns what is told of each commit with messages from now on.
    pub(super) fn watch_outbox(&self) -> Arc<Notify> {
        let watcher = Arc::new(Notify::new());
        watchers(&self.outbox_written).push(Arc::clone(&watcher));
        watcher
    }

    /// Has the writer do something and waits for what it gives.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, String> {
        self.have(move |writer| work(&writer.database)).await
    }

    async fn have<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, String> {
        let gone = || "the store's writer has ended".to_owned();
        let work = |writer: &mut Writer| {
            writer.presence.check().map_err(|gone| gone.to_string())?;
            work(writer).map_err(|wrong| {
                writer.weigh(&wrong);
                StoreFault::of(&writer.path, wrong).to_string()
            })
        };
        let sender = match &self.hand {
            Hand::Thread { sender, .. } => sender.as_ref(),
            Hand::InPlace { writer, gate } => {
                gate.before().await?;
                let worked = work(&mut writer.lock().unwrap_or_else(PoisonError::into_inner));
                gate.after().await;
                return worked;
            }
        };
        let (done, outcome) = oneshot::channel();
        let job: Job = Box::new(move |writer| {
            // Nobody waits any more when the daemon was aborted; the work is done all the same.
            drop(done.send(work(writer)));
        });
        let sent = sender.map(|sender| sender.send(job));
        if !matches!(sent, Some(Ok(()))) {
            return Err(gone());
        }
        outcome.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Journal for Store {
    fn commit(&self, batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalFault>> {
        Box::pin(async move {
            let written = self.have(move |writer| writer.write(&batch)).await;
            written.map_err(JournalFault)
        })
    }

    fn size_bytes(&self) -> Option<u64> {
        let size = self.size.as_ref()?;
        Some(size.load(Ordering::Relaxed))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Hand::Thread { sender, thread } = &mut self.hand {
            // The channel's end is the writer's sign to stop.
            drop(sender.take());
            if let Some(thread) = thread.take() {
                drop(thread.join());
            }
        }
        if let Right::Lease(lease) = &self.right {
            lease.release();
        }
    }
}

/// The tenure of whoever has the directory's lock, which nobody else gets while the process lives.
struct Locked;

impl Tenure for Locked {
    fn renew(&self) -> BoxFuture<'_, Result<(), TenureFault>> {
        Box::pin(async { Ok(()) })
    }

    fn remaining(&self) -> Duration {
        Duration::MAX
    }
}

struct Writer {
    database: Database,
    path: PathBuf,
    presence: Presence,
    high_water: Option<HighWater>,
    retention: Retention,
    routes: Routes,
    /// Whether nobody else writes the file.
    alone: bool,
    commits: u32,
    /// Bytes of the frames that are kept, once they were counted.
    series_bytes: Option<u64>,
    outbox_written: Watchers,
    size: Option<Arc<AtomicU64>>,
    lease: Option<Arc<Lease>>,
}

impl Drop for Writer {
    /// An orderly end leaves everything in the database's own file, whoever else has it open to read. What a reader keeps from that stays
    /// in the write-ahead log, as after a crash, and is lost to nobody who copies both.
    fn drop(&mut self) {
        if let Some(file) = self.database.file().filter(|_| self.alone) {
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            drop(file.query_row(checkpoint, [], |_| Ok(())));
        }
    }
}

impl Writer {
    fn work(mut self, jobs: &mpsc::Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            job(&mut self);
        }
    }

    /// A transaction that may have been carried out, or a lease that is another's, ends ours: what is remembered here may not be what is
    /// there any more, and whoever has the lease next reads it.
    fn weigh(&self, wrong: &SqlFault) {
        let over = matches!(
            wrong,
            SqlFault::Server(ServerFault::Undecided { .. } | ServerFault::NotHeld { .. })
        );
        if let Some(lease) = self.lease.as_ref().filter(|_| over) {
            lease.end();
        }
    }

    fn write(&mut self, batch: &Batch) -> SqlResult<()> {
        // A batch of which nobody knows whether it was written comes once more, and would be there twice.
        if self.lease.as_ref().is_some_and(|lease| lease.has_ended()) {
            let now = "over".to_owned();
            return Err(SqlFault::Server(ServerFault::NotHeld { now }));
        }
        let transaction = self.database.begin()?;
        let newest = inputs::write(&transaction, batch)?;
        write_states(&transaction, batch)?;
        write_lists(&transaction, batch)?;
        queues::write_memories(&transaction, &batch.queues)?;
        operations::write(&transaction, batch)?;
        audit::append(&transaction, &batch.audit)?;
        // Messages of this batch were recorded by the new time, or will be delivered at once.
        outbox::shift_clock(&transaction, batch.clock_step)?;
        let routes = self.routes.lock();
        let routes = routes.unwrap_or_else(PoisonError::into_inner).clone();
        outbox::insert(
            &transaction,
            &batch.outbox,
            &routes,
            self.retention.bounds(),
        )?;
        outcomes::write(&transaction, &batch.outcomes, &self.retention)?;
        workload::write(&transaction, &batch.workload)?;
        workload_shared::write(&transaction, &batch.shared_workload)?;
        outcome_days::add(&transaction, &batch.outcome_days)?;
        let mut series_bytes = self.series_bytes;
        if let Some(frame) = &batch.frame {
            let kept = series::append(&transaction, frame, series_bytes, &self.retention)?;
            series_bytes = Some(kept);
        }
        self.commits = self.commits.wrapping_add(1);
        if self.commits % COMMITS_BETWEEN_PRUNINGS == 1
            && let Some(newest) = newest
        {
            let oldest = inputs::prune(&transaction, newest, self.retention.inputs)?;
            operations::prune(&transaction, oldest)?;
            let given_up_before = newest.minus(self.retention.dead_letters);
            outbox::prune(&transaction, given_up_before, newest)?;
        }
        let mark = Mark::of(&transaction)?;
        transaction.commit()?;
        if let Some(high_water) = &self.high_water {
            high_water.write(&mark);
        }
        if let Some(size) = &self.size {
            size.store(size_of(&self.path), Ordering::Relaxed);
        }
        self.series_bytes = series_bytes;
        if !batch.outbox.is_empty() {
            for watcher in watchers(&self.outbox_written).iter() {
                watcher.notify_one();
            }
        }
        Ok(())
    }
}

fn write_states(transaction: &Transaction<'_>, batch: &Batch) -> SqlResult<()> {
    transaction.execute_each(
        "INSERT INTO campaign ({tenant}id, state, updated_ms) VALUES ({its}?1, ?2, ?3)
         ON CONFLICT ({tenant}id) DO UPDATE SET state = excluded.state, updated_ms = excluded.updated_ms",
        batch.states.iter().map(|(id, state)| {
            let read_at = state
                .last_reading
                .as_ref()
                .map_or(state.since, |reading| reading.read_at);
            Ok(values![id.as_str(), json(state)?, read_at.as_unix_millis()])
        }),
    )
}

fn write_lists(transaction: &Transaction<'_>, batch: &Batch) -> SqlResult<()> {
    transaction.execute_each(
        "INSERT INTO assignment ({tenant}campaign, list) VALUES ({its}?1, ?2)
         ON CONFLICT ({tenant}campaign) DO UPDATE SET list = excluded.list",
        batch
            .lists
            .iter()
            .map(|(id, memory)| Ok(values![id.as_str(), json(memory)?])),
    )
}

/// Begins a run; returns its number, which no other run of the tenant has.
pub(super) fn begin_run(database: &Database, now: Timestamp) -> SqlResult<u64> {
    let transaction = database.begin()?;
    let run = transaction.one(
        "INSERT INTO run ({tenant}number, started_ms)
         SELECT {its}coalesce(max(number), 0) + 1, ?1 FROM run WHERE {mine} RETURNING number",
        &values![now.as_unix_millis()],
        |row| row.get(0),
    )?;
    transaction.commit()?;
    Ok(number(run))
}

/// What is remembered of each campaign.
pub(super) fn states(
    database: &Database,
    path: &Path,
) -> Result<BTreeMap<CampaignId, CampaignState>, StoreFault> {
    let select = "SELECT id, state FROM campaign WHERE {mine}";
    remembered(database, path, select, "state")
}

/// What a table keeps for each campaign or queue, as JSON; `what` names it in a fault.
fn remembered<K: FromStr<Err = IdError> + Ord, T: DeserializeOwned>(
    database: &Database,
    path: &Path,
    select: &str,
    what: &str,
) -> Result<BTreeMap<K, T>, StoreFault> {
    let rows = database.query(select, &[], |row| {
        Ok((row.get::<String>(0)?, row.get::<String>(1)?))
    });
    let mut states = BTreeMap::new();
    for (id, state) in rows.map_err(|wrong| StoreFault::of(path, wrong))? {
        let damaged = |why: String| StoreFault::Damaged {
            path: path.to_owned(),
            why,
        };
        let parsed = serde_json::from_str(&state)
            .map_err(|wrong| damaged(format!("{what} of {id}: {wrong}")))?;
        let id: K = id
            .parse()
            .map_err(|wrong| damaged(format!("id {id}: {wrong}")))?;
        states.insert(id, parsed);
    }
    Ok(states)
}
