//! The connection limiter: a fixed number of slots, and which connection is closed when all are in use.
//!
//! A thousand clients that send a byte a second must not keep a probe out. So when every slot is in use, the oldest
//! connection that has no request being served is closed in favour of the new one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// The slot of one connection.
#[derive(Default)]
pub(super) struct Slot {
    serving: AtomicUsize,
    evicted: CancellationToken,
}

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
}

impl Drop for BusyGuard {
    fn drop(&mut self) {
        self.0.serving.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Limits the number of connections.
pub(super) struct ConnectionLimiter {
    max: usize,
    slots: Mutex<VecDeque<Arc<Slot>>>,
}

impl ConnectionLimiter {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            slots: Mutex::new(VecDeque::new()),
        }
    }

    /// Returns a permit for a new connection, or `None` when every connection has a request being served.
    pub(super) fn acquire(self: &Arc<Self>) -> Option<Permit> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= self.max {
            let idle = |slot: &Arc<Slot>| slot.serving.load(Ordering::Relaxed) == 0;
            let oldest = slots.iter().position(idle)?;
            if let Some(slot) = slots.remove(oldest) {
                slot.evicted.cancel();
            }
        }
        let slot = Arc::new(Slot::default());
        slots.push_back(Arc::clone(&slot));
        Some(Permit {
            limiter: Arc::clone(self),
            slot,
        })
    }
}

/// Entitles a connection to its slot, which is freed when this is dropped.
pub(super) struct Permit {
    limiter: Arc<ConnectionLimiter>,
    pub(super) slot: Arc<Slot>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let slots = &self.limiter.slots;
        let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|slot| !Arc::ptr_eq(slot, &self.slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_idle_connection_is_evicted() {
        let limiter = Arc::new(ConnectionLimiter::new(2));
        let first = limiter.acquire().unwrap();
        let busy = first.slot.busy();
        let second = limiter.acquire().unwrap();
        let third = limiter.acquire().unwrap();
        assert!(!first.slot.evicted.is_cancelled(), "it is being served");
        assert!(second.slot.evicted.is_cancelled());
        let held = third.slot.busy();
        assert!(limiter.acquire().is_none(), "everybody is being served");
        drop((busy, held));
        assert!(limiter.acquire().is_some());
        assert!(first.slot.evicted.is_cancelled());
    }

    #[test]
    fn a_slot_that_was_freed_can_be_used() {
        let limiter = Arc::new(ConnectionLimiter::new(1));
        let first = limiter.acquire().unwrap();
        let slot = Arc::clone(&first.slot);
        drop(first);
        assert!(limiter.acquire().is_some());
        assert!(!slot.evicted.is_cancelled());
    }
}
