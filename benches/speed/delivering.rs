//! What the outbox costs the loop, and how fast a full outbox empties.

use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::control::ports::{Batch, Journal, SystemClock};
use campaign_autopilot::domain::{DecisionId, Direction, Message, Timestamp};
use campaign_autopilot::notify::{
    Answer, DeliveryTerms, DeliveryWorker, Outbox, OutboxEntry, Post, Refusals,
};
use campaign_autopilot::store::{ReceiverOutbox, Store};
use campaign_autopilot::telemetry::{DeliveryEvents, Metrics};
use futures_util::future::BoxFuture;

use crate::stopwatch::{median, ms, report, time};

const CAMPAIGNS: usize = 200;
const MESSAGES: usize = 19_000;

const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

/// A receiver that accepts everything at once.
struct Eager;

impl Post for Eager {
    fn post<'a>(&'a self, _: &'a OutboxEntry, _: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async {
            Answer::Status {
                status: 204,
                retry_after: None,
                leads_to: None,
                excerpt: String::new(),
            }
        })
    }
}

fn message(n: usize) -> Message {
    let campaign = format!("campaign-{}", n % CAMPAIGNS);
    let campaign = campaign.parse().expect("an id");
    let decision = DecisionId { run: 1, tick: 1 };
    Message::campaign_changed(&campaign, Direction::Pause, None, None, decision, NOW)
}

pub(crate) fn run() {
    let directory = tempfile::tempdir().expect("a directory");
    let (store, _) = Store::open(directory.path(), NOW).expect("a store");
    let store = Arc::new(store);
    let outbox: Arc<dyn Outbox> = Arc::new(ReceiverOutbox::new(Arc::clone(&store), None));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let commit = |messages: Vec<Message>| {
        let batch = Batch {
            states: Vec::new(),
            inputs: vec![(NOW, campaign_autopilot::domain::replay::Input::Gap)],
            outbox: messages,
            ..Batch::default()
        };
        let committed = runtime.block_on(store.commit(Arc::new(batch)));
        committed.expect("a commit");
    };
    commit((0..MESSAGES).map(message).collect());
    let silent = median(101, || time(|| commit(Vec::new())).0);
    let with_message = median(101, || time(|| commit(vec![message(0)])).0);
    let round = median(101, || {
        let (took, found) = time(|| runtime.block_on(outbox.round(NOW, 8)));
        assert_eq!(found.expect("a round").due.len(), 8);
        took
    });
    let metrics = Metrics::new(30.0, false, "", 0.0).expect("metrics");
    let terms = DeliveryTerms {
        give_up_after: Duration::from_secs(3600),
        refusals: Refusals::SIGNED,
        one_by_one: false,
    };
    let worker = DeliveryWorker::new(
        Arc::clone(&outbox),
        Arc::new(Eager),
        Arc::new(SystemClock::real_time()),
        DeliveryEvents::new(metrics.outbox().expect("metrics"), None),
        terms,
        7,
    );
    let waiting = runtime.block_on(outbox.stats()).expect("a count").waiting;
    // A worker that was told to stop goes on as long as anything is due.
    let stop = tokio_util::sync::CancellationToken::new();
    stop.cancel();
    let (emptied, ()) = time(|| runtime.block_on(worker.run(stop)));
    let left = runtime.block_on(outbox.stats()).expect("a count").waiting;
    assert_eq!(left, 0);
    let each = emptied / u32::try_from(waiting).unwrap_or(u32::MAX);
    report(format_args!(
        "delivering: {waiting} messages of {CAMPAIGNS} campaigns wait"
    ));
    report(format_args!(
        "  a message adds to its commit  {} (bar: 2 ms)",
        ms(with_message.saturating_sub(silent))
    ));
    report(format_args!(
        "  finding what is due           {} (bar: 1 ms)",
        ms(round)
    ));
    report(format_args!(
        "  emptying it, receiver at once {}, {} each",
        ms(emptied),
        ms(each)
    ));
}
