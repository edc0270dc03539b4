//! The connection limiter: a fixed number of slots, and which connection is closed when all are in use.
//!
//! A thousand clients that send a byte a second must not keep anybody out. So when every slot is in use, the oldest
//! connection that has no request being served is closed in favour of the new one.
//!
//! *Probes.* A flood of requests that are being served cannot be closed like that, and must not keep out the probe that decides
//! whether the daemon is restarted. So there are slots beyond those, in which health probes are answered and nothing else is.
//! Nothing stays there: whatever else is asked for is refused at once, and a client that asks for nothing makes room for the next.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The newest connections are not closed for others: their request is just coming.
const NEWEST: usize = 8;

/// The slot of one connection.
#[derive(Default)]
pub(super) struct Slot {
    serving: AtomicUsize,
    evicted: CancellationToken,
    probes_only: bool,
}

/// The address that a connection comes from; none where it comes from within the process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) Option<IpAddr>);

/// Marks a slot as busy while a request of its connection is served.
pub(super) struct BusyGuard(Arc<Slot>);

impl Slot {
    /// Marks the slot as busy: until the guard is dropped, the connection is not closed for another.
    pub(super) fn busy(self: &Arc<Self>) -> BusyGuard {
        self.serving.fetch_add(1, Ordering::Relaxed);
        BusyGuard(Arc::clone(self))
    }

    /// Completes when the connection has to be closed.
    pub(super) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }

    /// Whether only health probes are answered here, because every other slot is in use.
    pub(super) fn probes_only(&self) -> bool {
        self.probes_only
    }

    fn idle(&self) -> bool {
        self.serving.load(Ordering::Relaxed) == 0
    }
}

impl Drop for BusyGuard {
    fn drop(&mut self) {
        self.0.serving.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The slots in use, the oldest first.
#[derive(Default)]
struct Slots {
    common: VecDeque<Arc<Slot>>,
    of_probes: VecDeque<Arc<Slot>>,
}

/// Limits the number of connections.
pub(super) struct ConnectionLimiter {
    max: usize,
    max_probes: usize,
    slots: Mutex<Slots>,
}

impl ConnectionLimiter {
    /// A limiter of so many connections, and so many beyond them for health probes.
    pub(super) fn new(max: usize, max_probes: usize) -> Self {
        Self {
            max,
            max_probes,
            slots: Mutex::new(Slots::default()),
        }
    }

    /// Returns a permit for a new connection, or `None` when there is none to be had.
    pub(super) fn acquire(self: &Arc<Self>) -> Option<Permit> {
        let mut slots = self.lock();
        let Slots { common, of_probes } = &mut *slots;
        let probes_only = common.len() >= self.max && !evict(common, NEWEST);
        if probes_only && of_probes.len() >= self.max_probes && !evict(of_probes, 0) {
            return None;
        }
        let slot = Arc::new(Slot {
            probes_only,
            ..Slot::default()
        });
        let places = if probes_only { of_probes } else { common };
        places.push_back(Arc::clone(&slot));
        Some(Permit {
            limiter: Arc::clone(self),
            slot,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frees the slot of the oldest connection that is idle and not among the `newest`; returns whether there was one.
fn evict(slots: &mut VecDeque<Arc<Slot>>, newest: usize) -> bool {
    let older = slots.len().saturating_sub(newest);
    let oldest = slots.iter().take(older).position(|slot| slot.idle());
    let slot = oldest.and_then(|oldest| slots.remove(oldest));
    slot.inspect(|slot| slot.evicted.cancel()).is_some()
}

/// Entitles a connection to its slot, which is freed when this is dropped.
pub(super) struct Permit {
    limiter: Arc<ConnectionLimiter>,
    pub(super) slot: Arc<Slot>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut slots = self.limiter.lock();
        let Slots { common, of_probes } = &mut *slots;
        for places in [common, of_probes] {
            places.retain(|slot| !Arc::ptr_eq(slot, &self.slot));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many connections, of which all but the last `idle` are being served.
    fn connected(
        limiter: &Arc<ConnectionLimiter>,
        many: usize,
        idle: usize,
    ) -> Vec<(Permit, Option<BusyGuard>)> {
        let connect = |number| {
            let permit = limiter.acquire().unwrap();
            let busy = (number + idle < many).then(|| permit.slot.busy());
            (permit, busy)
        };
        (0..many).map(connect).collect()
    }

    #[test]
    fn the_oldest_idle_connection_is_evicted() {
        let limiter = Arc::new(ConnectionLimiter::new(2 + NEWEST, 1));
        let mut all = connected(&limiter, 2 + NEWEST, 1 + NEWEST);
        let next = limiter.acquire().unwrap();
        assert!(!next.slot.probes_only());
        assert!(!all[0].0.slot.evicted.is_cancelled(), "it is being served");
        assert!(all[1].0.slot.evicted.is_cancelled());
        all[0].1 = None;
        assert!(!limiter.acquire().unwrap().slot.probes_only());
        assert!(all[0].0.slot.evicted.is_cancelled(), "it was served");
    }

    #[test]
    fn one_whose_request_is_just_coming_is_not_evicted() {
        let limiter = Arc::new(ConnectionLimiter::new(4 + NEWEST, 1));
        let all = connected(&limiter, 4 + NEWEST, NEWEST);
        assert!(limiter.acquire().unwrap().slot.probes_only());
        assert!(
            all.iter()
                .all(|(permit, _)| !permit.slot.evicted.is_cancelled())
        );
    }

    #[test]
    fn when_everybody_is_served_there_are_slots_for_probes_that_nothing_keeps() {
        let limiter = Arc::new(ConnectionLimiter::new(3, 2));
        let all = connected(&limiter, 3, 0);
        let silent = limiter.acquire().unwrap();
        assert!(silent.slot.probes_only());
        for _ in 0..100 {
            assert!(
                limiter.acquire().unwrap().slot.probes_only(),
                "it leaves at once"
            );
        }
        let others: Vec<Permit> = (0..5).map(|_| limiter.acquire().unwrap()).collect();
        assert!(silent.slot.evicted.is_cancelled(), "it asked for nothing");
        assert!(!others[4].slot.evicted.is_cancelled());
        drop(all);
        assert!(!limiter.acquire().unwrap().slot.probes_only());
    }

    #[test]
    fn a_slot_that_was_freed_can_be_used() {
        let limiter = Arc::new(ConnectionLimiter::new(1, 1));
        let first = limiter.acquire().unwrap();
        let slot = Arc::clone(&first.slot);
        drop(first);
        assert!(!limiter.acquire().unwrap().slot.probes_only());
        assert!(!slot.evicted.is_cancelled());
    }
}
