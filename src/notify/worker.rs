//! The delivery worker: delivers a few outbox entries at once, each key in order, until it is stopped.
//!
//! ```text
//!   outbox ──first entries of their keys, due──▶ post ──answer──▶ decide_retry ──▶ settle ──▶ outbox
//! ```
//!
//! A key whose entry is on its way is busy until what became of it is committed; if that cannot be committed the entry is
//! not posted again before it is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::telemetry::{DeliveryEvents, EntryLabel};

use super::ports::{LONGEST_DELAY, Outbox, OutboxEntry, Round, Settlement};
use super::post::Post;
use super::receiver::Receiver;
use super::retry::{Answer, Refusals, decide_retry};

/// Entries on their way at once, and so the most connections to the receiver: one that is slow on one key still leaves room
/// for the others, and no receiver is flooded after an outage.
pub const MAX_IN_FLIGHT: usize = 4;

/// The outbox is read this often even when nothing seems due: an operator may have put an entry back.
const POLL_EVERY: Duration = Duration::from_secs(2);

/// The wait before a settlement that could not be committed is tried again.
const SETTLE_RETRY: Duration = Duration::from_secs(1);

/// Delivers what the outbox holds.
pub struct DeliveryWorker {
    outbox: Arc<dyn Outbox>,
    post: Arc<dyn Post>,
    clock: Arc<dyn Clock>,
    events: DeliveryEvents,
    terms: DeliveryTerms,
    rng: fastrand::Rng,
    busy: BTreeSet<String>,
    counted_at: Option<Duration>,
    /// The receiver asks to be left alone until then.
    rests_until: Option<Timestamp>,
}

/// On what terms a receiver is sent entries.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryTerms {
    /// An entry that is older than this and has failed is given up.
    pub give_up_after: Duration,
    /// The answers that refuse an entry itself.
    pub refusals: Refusals,
    /// Whether one entry is sent at a time, and none while the receiver asks to wait.
    pub one_by_one: bool,
}

impl DeliveryTerms {
    /// The terms of a receiver.
    #[must_use]
    pub fn of(receiver: &Receiver) -> Self {
        Self {
            give_up_after: receiver.give_up_after,
            refusals: receiver.form.refusals(),
            one_by_one: receiver.form.one_by_one(),
        }
    }

    fn most_in_flight(&self) -> usize {
        if self.one_by_one { 1 } else { MAX_IN_FLIGHT }
    }
}

/// A future under way has come to this.
enum Attempt {
    Answered {
        entry: OutboxEntry,
        answer: Answer,
        took: Duration,
    },
    Unsettled {
        entry: OutboxEntry,
        settlement: Settlement,
    },
}

type UnderWay = FuturesUnordered<BoxFuture<'static, Attempt>>;

impl DeliveryWorker {
    /// Creates a worker; `seed` makes its waits repeatable.
    #[must_use]
    pub fn new(
        outbox: Arc<dyn Outbox>,
        post: Arc<dyn Post>,
        clock: Arc<dyn Clock>,
        events: DeliveryEvents,
        terms: DeliveryTerms,
        seed: u64,
    ) -> Self {
        Self {
            outbox,
            post,
            clock,
            events,
            terms,
            rng: fastrand::Rng::with_seed(seed),
            busy: BTreeSet::new(),
            counted_at: None,
            rests_until: None,
        }
    }

    /// Starts delivering on a task of its own.
    #[must_use]
    pub fn start(self) -> Delivering {
        let stop = CancellationToken::new();
        // Its lines name the tenant as those of the loop do.
        let task = tokio::spawn(self.run(stop.clone()).in_current_span());
        Delivering { stop, task }
    }

    /// Delivers until `stop`, and then on until nothing is due at once.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut under_way: UnderWay = FuturesUnordered::new();
        loop {
            let ending = stop.is_cancelled();
            let next = self.begin(&mut under_way).await;
            self.count(under_way.is_empty()).await;
            if ending && under_way.is_empty() {
                break;
            }
            let idle = next.map_or(POLL_EVERY, |next| next.since(self.clock.now()));
            let outbox = Arc::clone(&self.outbox);
            let full = under_way.len() >= self.terms.most_in_flight();
            tokio::select! {
                // A fixed order, so that a run with the same inputs repeats exactly.
                biased;
                Some(done) = under_way.next() => {
                    if let Some(again) = self.conclude(done, ending).await {
                        under_way.push(again);
                    }
                }
                () = outbox.written(), if !full => {}
                // Also while all are on their way, so that what waits behind them is counted.
                () = self.clock.sleep(idle.min(POLL_EVERY)) => {}
                () = stop.cancelled(), if !ending => {}
            }
        }
    }

    /// Sends what is due as far as there is room; returns when more will be due.
    async fn begin(&mut self, under_way: &mut UnderWay) -> Option<Timestamp> {
        let most = self.terms.most_in_flight();
        let room = most.saturating_sub(under_way.len());
        if room == 0 {
            return None;
        }
        let now = self.clock.now();
        // A clock that was set back must not make the rest longer than it may be.
        let rests = |until: &Timestamp| *until > now && until.since(now) <= LONGEST_DELAY;
        if let Some(until) = self.rests_until.filter(rests) {
            return Some(until);
        }
        self.rests_until = None;
        let at_most = most.saturating_add(self.busy.len());
        let Round { due, next } = match self.outbox.round(now, at_most).await {
            Ok(round) => {
                self.events.outbox_works();
                round
            }
            Err(fault) => {
                self.events.outbox_failed(&fault.to_string());
                return None;
            }
        };
        let free: Vec<OutboxEntry> = due
            .into_iter()
            .filter(|entry| !self.busy.contains(&entry.key))
            .take(room)
            .collect();
        for entry in free {
            self.busy.insert(entry.key.clone());
            let (post, clock) = (Arc::clone(&self.post), Arc::clone(&self.clock));
            under_way.push(Box::pin(async move {
                let started = clock.monotonic();
                let answer = post.post(&entry, clock.now()).await;
                Attempt::Answered {
                    answer,
                    took: clock.monotonic().saturating_sub(started),
                    entry,
                }
            }));
        }
        next
    }

    /// Handles the end of an attempt and commits what becomes of its entry; what cannot be committed is tried again,
    /// unless the daemon is `ending`.
    async fn conclude(
        &mut self,
        done: Attempt,
        ending: bool,
    ) -> Option<BoxFuture<'static, Attempt>> {
        let now = self.clock.now();
        let (entry, settlement) = match done {
            Attempt::Answered {
                entry,
                answer,
                took,
            } => {
                let terms = (self.terms.refusals, self.terms.give_up_after);
                let settlement = decide_retry(&entry, &answer, terms, self.rng.f64(), now);
                let rest = answer.asks_for_rest().filter(|_| self.terms.one_by_one);
                self.rests_until = rest.map(|rest| now.plus(rest));
                self.report(&entry, &answer, &settlement, took, now);
                (entry, settlement)
            }
            Attempt::Unsettled { entry, settlement } => (entry, settlement),
        };
        let settled = self.outbox.settle(entry.clone(), settlement.clone(), now);
        match settled.await {
            Ok(()) => {
                self.busy.remove(&entry.key);
                None
            }
            Err(fault) => {
                self.events.outbox_failed(&fault.to_string());
                let wait = self.clock.sleep(SETTLE_RETRY);
                (!ending).then(|| -> BoxFuture<'static, Attempt> {
                    Box::pin(async move {
                        wait.await;
                        Attempt::Unsettled { entry, settlement }
                    })
                })
            }
        }
    }

    fn report(
        &mut self,
        entry: &OutboxEntry,
        answer: &Answer,
        settlement: &Settlement,
        took: Duration,
        now: Timestamp,
    ) {
        let label = EntryLabel {
            id: &entry.id,
            event: &entry.event,
            subject: &entry.subject,
            decision: entry.decision,
            attempt: entry.attempts.saturating_add(1),
        };
        match settlement {
            Settlement::Delivered => self.events.delivered(label, took, now.since(entry.at)),
            Settlement::Again { not_before, why } => {
                let wait = not_before.since(now);
                self.events.failed(label, answer.outcome(), why, took, wait);
            }
            Settlement::GivenUp { why } => {
                self.events.given_up(label, answer.outcome(), why, took);
            }
        }
    }

    /// Updates the gauges of the outbox: whenever it is idle, and otherwise at most once a second.
    async fn count(&mut self, idle: bool) {
        let at = self.clock.monotonic();
        let recently = self
            .counted_at
            .is_some_and(|last| at.saturating_sub(last) < Duration::from_secs(1));
        if recently && !idle {
            return;
        }
        self.counted_at = Some(at);
        if let Ok(stats) = self.outbox.stats().await {
            let oldest = stats.oldest.map(Timestamp::as_unix_seconds);
            let crowded = stats.most > 0 && stats.waiting >= stats.most / 4 * 3;
            self.events
                .counted(stats.waiting, stats.dead, oldest, crowded);
        }
        if self.events.tells_of_each()
            && let Ok(own) = self.outbox.own_stats().await
        {
            let oldest = own.oldest.map(Timestamp::as_unix_seconds);
            self.events.counted_own(own.waiting, own.dead, oldest);
        }
    }
}

/// A delivery worker that is running.
pub struct Delivering {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Delivering {
    /// Lets it deliver what is due, for no longer than `longest` of real time, and ends it. What is left stays in the outbox;
    /// an entry that was on its way then comes again with the next start.
    pub async fn finish(mut self, longest: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(longest, &mut self.task).await.is_err() {
            self.task.abort();
            // What it held of the store is let go of before this returns: whoever opens the store next finds it closed.
            drop((&mut self.task).await);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use crate::control::hand_clock::HandClock;
    use crate::domain::DecisionId;
    use crate::notify::ports::{OutboxFault, OutboxStats, ReceiverStats};
    use crate::telemetry::Metrics;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// How long a receiver asks to be left alone.
    const REST: Duration = Duration::from_secs(60);

    /// Entries in memory, with the store's promise: only the first of a key is ever due.
    #[derive(Default)]
    struct Shelf {
        waiting: Mutex<Vec<(OutboxEntry, Timestamp)>>,
        dead: Mutex<Vec<String>>,
        refusing: Mutex<u32>,
    }

    impl Outbox for Shelf {
        fn round(
            &self,
            now: Timestamp,
            at_most: usize,
        ) -> BoxFuture<'_, Result<Round, OutboxFault>> {
            let waiting = self.waiting.lock().unwrap();
            let mut keys = BTreeSet::new();
            let firsts: Vec<_> = waiting
                .iter()
                .filter(|(entry, _)| keys.insert(entry.key.clone()))
                .collect();
            let due = firsts.iter().filter(|(_, due)| *due <= now);
            let due = due.take(at_most).map(|(entry, _)| entry.clone()).collect();
            let next = firsts.iter().map(|(_, due)| *due).filter(|due| *due > now);
            let round = Round {
                due,
                next: next.min(),
            };
            Box::pin(async { Ok(round) })
        }

        fn settle(
            &self,
            entry: OutboxEntry,
            settlement: Settlement,
            _: Timestamp,
        ) -> BoxFuture<'_, Result<(), OutboxFault>> {
            let mut refusing = self.refusing.lock().unwrap();
            if *refusing > 0 {
                *refusing -= 1;
                return Box::pin(async { Err(OutboxFault("disk full".to_owned())) });
            }
            let mut waiting = self.waiting.lock().unwrap();
            let at = waiting.iter().position(|(kept, _)| kept.id == entry.id);
            let at = at.unwrap();
            match settlement {
                Settlement::Again { not_before, .. } => {
                    waiting[at].0.attempts += 1;
                    waiting[at].1 = not_before;
                }
                Settlement::Delivered => drop(waiting.remove(at)),
                Settlement::GivenUp { .. } => {
                    waiting.remove(at);
                    self.dead.lock().unwrap().push(entry.id);
                }
            }
            Box::pin(async { Ok(()) })
        }

        fn stats(&self) -> BoxFuture<'_, Result<OutboxStats, OutboxFault>> {
            Box::pin(async { Ok(OutboxStats::default()) })
        }

        fn own_stats(&self) -> BoxFuture<'_, Result<ReceiverStats, OutboxFault>> {
            Box::pin(async { Ok(ReceiverStats::default()) })
        }

        fn written(&self) -> BoxFuture<'_, ()> {
            Box::pin(futures_util::future::pending())
        }
    }

    /// A receiver that answers as a rule says, and remembers what it took.
    struct Answering<F> {
        rule: F,
        took: Mutex<Vec<String>>,
        tried: Mutex<VecDeque<(String, Timestamp)>>,
    }

    impl<F: Fn(&OutboxEntry, Timestamp) -> u16 + Send + Sync + 'static> Post for Answering<F> {
        fn post<'a>(&'a self, entry: &'a OutboxEntry, now: Timestamp) -> BoxFuture<'a, Answer> {
            let status = (self.rule)(entry, now);
            if status == 200 {
                self.took.lock().unwrap().push(entry.id.clone());
            }
            self.tried
                .lock()
                .unwrap()
                .push_back((entry.id.clone(), now));
            Box::pin(async move {
                Answer::Status {
                    status,
                    retry_after: (status == 429).then_some(REST),
                    leads_to: None,
                    excerpt: String::new(),
                }
            })
        }
    }

    fn entry(id: &str, key: &str, clock: &HandClock) -> (OutboxEntry, Timestamp) {
        let now = clock.now();
        let entry = OutboxEntry {
            id: id.to_owned(),
            event: "campaign.paused".to_owned(),
            key: key.to_owned(),
            subject: key.to_owned(),
            body: "{}".to_owned(),
            at: now,
            since: now,
            attempts: 0,
            decision: DecisionId { run: 1, tick: 1 },
        };
        (entry, now)
    }

    /// Delivers until nothing waits, with a clock that whoever sleeps moves; gives what was taken, in order.
    fn deliver<F: Fn(&OutboxEntry, Timestamp) -> u16 + Send + Sync + 'static>(
        entries: &[(&str, &str)],
        refusing: u32,
        rule: impl FnOnce(Timestamp) -> F,
    ) -> (Arc<Answering<F>>, Arc<Shelf>) {
        deliver_on(signed_terms(), entries, refusing, rule)
    }

    fn signed_terms() -> DeliveryTerms {
        DeliveryTerms {
            give_up_after: DAY,
            refusals: Refusals::SIGNED,
            one_by_one: false,
        }
    }

    fn deliver_on<F: Fn(&OutboxEntry, Timestamp) -> u16 + Send + Sync + 'static>(
        terms: DeliveryTerms,
        entries: &[(&str, &str)],
        refusing: u32,
        rule: impl FnOnce(Timestamp) -> F,
    ) -> (Arc<Answering<F>>, Arc<Shelf>) {
        let clock = Arc::new(HandClock::default());
        let outbox = Arc::new(Shelf {
            refusing: Mutex::new(refusing),
            ..Shelf::default()
        });
        *outbox.waiting.lock().unwrap() = entries
            .iter()
            .map(|(id, key)| entry(id, key, &clock))
            .collect();
        let receiver = Arc::new(Answering {
            rule: rule(clock.now()),
            took: Mutex::default(),
            tried: Mutex::default(),
        });
        let metrics = Metrics::new(30.0, false, "", 0.0).unwrap();
        let worker = DeliveryWorker::new(
            Arc::<Shelf>::clone(&outbox),
            Arc::<Answering<F>>::clone(&receiver),
            clock,
            DeliveryEvents::new(metrics.outbox().unwrap(), None),
            terms,
            7,
        );
        let stop = CancellationToken::new();
        let watched = Arc::clone(&outbox);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let emptied = async {
                while !watched.waiting.lock().unwrap().is_empty() {
                    tokio::task::yield_now().await;
                }
                stop.cancel();
            };
            tokio::join!(worker.run(stop.clone()), emptied);
        });
        (receiver, outbox)
    }

    const ENTRIES: [(&str, &str); 5] = [
        ("a1", "a"),
        ("b1", "b"),
        ("a2", "a"),
        ("b2", "b"),
        ("a3", "a"),
    ];

    fn of(key: char, ids: &[String]) -> Vec<&str> {
        let of_key = ids.iter().filter(|id| id.starts_with(key));
        of_key.map(String::as_str).collect()
    }

    #[test]
    fn a_receiver_that_was_down_for_ten_minutes_gets_everything_in_order() {
        let (receiver, outbox) = deliver(&ENTRIES, 0, |start| {
            let up = start.plus(Duration::from_secs(600));
            move |_: &OutboxEntry, now| if now < up { 503 } else { 200 }
        });
        let took = receiver.took.lock().unwrap();
        assert_eq!(of('a', &took), ["a1", "a2", "a3"]);
        assert_eq!(of('b', &took), ["b1", "b2"]);
        assert!(outbox.dead.lock().unwrap().is_empty());
        let tried = receiver.tried.lock().unwrap();
        let first = tried.iter().filter(|(id, _)| id == "a1").count();
        assert!((5..30).contains(&first), "{first} attempts in ten minutes");
    }

    #[test]
    fn an_entry_that_is_refused_holds_up_its_own_key_only_and_not_for_ever() {
        let (receiver, outbox) = deliver(&ENTRIES, 0, |_| {
            |entry: &OutboxEntry, _| if entry.id == "a1" { 400 } else { 200 }
        });
        let took = receiver.took.lock().unwrap();
        assert_eq!(took[0], "b1");
        assert_eq!(of('a', &took), ["a2", "a3"]);
        assert_eq!(*outbox.dead.lock().unwrap(), ["a1"]);
    }

    #[test]
    fn an_entry_that_was_delivered_is_not_posted_again_because_the_disk_is_full() {
        let (receiver, _) = deliver(&ENTRIES, 3, |_| |_: &OutboxEntry, _| 200);
        let mut took = receiver.took.lock().unwrap().clone();
        assert_eq!(of('a', &took), ["a1", "a2", "a3"]);
        took.sort();
        assert_eq!(took, ["a1", "a2", "a3", "b1", "b2"]);
    }

    #[test]
    fn a_receiver_that_takes_one_at_a_time_is_left_alone_when_it_asks_for_that() {
        let terms = DeliveryTerms {
            one_by_one: true,
            ..signed_terms()
        };
        let (receiver, _) = deliver_on(terms, &ENTRIES, 0, |start| {
            let rested = start.plus(REST + REST / 2);
            move |_: &OutboxEntry, now| if now < rested { 429 } else { 200 }
        });
        let took = receiver.took.lock().unwrap();
        assert_eq!(of('a', &took), ["a1", "a2", "a3"]);
        let tried = receiver.tried.lock().unwrap();
        assert_eq!(tried.len(), 7, "two were refused");
        // Another key has not been refused, and waits all the same.
        assert!(tried[1].1.since(tried[0].1) >= REST);
        assert!(tried[2].1.since(tried[1].1) >= REST);
    }

    #[test]
    fn a_receiver_that_never_works_leads_to_dead_letters_after_the_time_allowed() {
        let (receiver, outbox) = deliver(&ENTRIES, 0, |_| |_: &OutboxEntry, _| 500);
        assert_eq!(outbox.dead.lock().unwrap().len(), 5);
        let tried = receiver.tried.lock().unwrap();
        let (first, last) = (tried[0].1, tried[tried.len() - 1].1);
        assert!(last.since(first) >= DAY);
        let each = |id: &str| tried.iter().filter(|(tried, _)| tried == id).count();
        assert!(each("a1") > 200, "a1 is tried all the day");
        assert_eq!(
            each("a3"),
            1,
            "once a1 is given up, a3 is as old, and gets its attempt"
        );
    }
}
