//! The delivery of a tenant's messages: a worker for each receiver, which share nothing but the store.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tracing::warn;

use crate::control::ports::Clock;
use crate::domain::ReceiverName;
use crate::notify::{
    Delivering, DeliveryTerms, DeliveryWorker, HttpPost, MAX_IN_FLIGHT, Outbox, Post, Receiver,
};
use crate::settings::Settings;
use crate::store::{ReceiverOutbox, Store};
use crate::telemetry::{DeliveryEvents, Metrics};

use super::start_fault::StartFault;

/// The workers, and what they found.
pub(crate) struct Deliveries {
    workers: Vec<DeliveryWorker>,
    /// Messages of earlier runs for the receiver without a name, where there is none any more.
    pub(super) without_receiver: u64,
}

impl Deliveries {
    /// Starts the workers.
    pub(super) fn start(self) -> Vec<Delivering> {
        let workers = self.workers.into_iter();
        workers.map(DeliveryWorker::start).collect()
    }
}

/// Has messages written for the receivers of the settings, gives up what waits for others that had a name, and puts a worker together
/// for each receiver. A dry run delivers nothing and leaves what waits alone.
pub(super) async fn deliveries(
    settings: &Settings,
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
    metrics: &Metrics,
    given: Option<(Arc<dyn Post>, u64)>,
) -> Result<Deliveries, StartFault> {
    store.route_by(settings.routes());
    if !settings.dry_run {
        give_up_others(settings, store, clock.as_ref()).await;
    }
    let without_receiver = if settings.webhook.is_some() {
        0
    } else {
        // A store that cannot be read tells so with its first commit.
        let left = store.outbox_stats_of(None).await;
        left.unwrap_or_default().waiting
    };
    let mut workers = Vec::new();
    if settings.dry_run || !settings.notifies() {
        return Ok(Deliveries {
            workers,
            without_receiver,
        });
    }
    let all = metrics.outbox()?;
    // Without names the series of all are those of the one.
    let by_name = (!settings.receivers.is_empty()).then(|| metrics.receivers());
    let by_name = by_name.transpose()?;
    for receiver in settings.all_receivers() {
        let (post, seed) = match &given {
            Some((post, seed)) => (Arc::clone(post), *seed),
            None => (posting(receiver)?, fastrand::u64(..)),
        };
        let own = by_name
            .as_ref()
            .map(|families| families.of(receiver.label()));
        let name = receiver.route.receiver.clone();
        let outbox: Arc<dyn Outbox> = Arc::new(ReceiverOutbox::new(Arc::clone(store), name));
        workers.push(DeliveryWorker::new(
            outbox,
            post,
            Arc::clone(clock),
            DeliveryEvents::new(all.clone(), own.transpose()?),
            DeliveryTerms::of(receiver),
            seed,
        ));
    }
    Ok(Deliveries {
        workers,
        without_receiver,
    })
}

fn posting(receiver: &Receiver) -> Result<Arc<dyn Post>, StartFault> {
    let post = HttpPost::new(receiver.clone(), MAX_IN_FLIGHT).map_err(StartFault::Client)?;
    post.can_reach()?;
    Ok(Arc::new(post))
}

async fn give_up_others(settings: &Settings, store: &Store, clock: &dyn Clock) {
    let names = settings.receivers.iter();
    let names: Vec<ReceiverName> = names
        .filter_map(|receiver| receiver.route.receiver.clone())
        .collect();
    // A store that cannot be written tells so with its first commit.
    let gone = store.give_up_others(names, clock.now()).await;
    for (receiver, messages) in gone.unwrap_or_default() {
        warn!(
            receiver,
            messages, "the receiver is not in the settings any more: its messages are given up"
        );
    }
}

/// Delivers the last messages; what cannot be delivered in time stays in the outbox.
pub(crate) async fn finish(delivering: Vec<Delivering>, settings: &Settings, longest: Duration) {
    let timeouts = settings.all_receivers().map(|receiver| receiver.timeout);
    let longest = longest.min(timeouts.max().unwrap_or_default());
    let ending = delivering.into_iter().map(|one| one.finish(longest));
    join_all(ending).await;
}
