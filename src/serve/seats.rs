//! The places for connections, and who makes room when all are taken.
//!
//! A thousand clients that send a byte a second must not keep a probe out. So when every place is taken, the client
//! that has sat there longest without anything being done for it makes room for the newcomer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// One connection's place.
#[derive(Default)]
pub(super) struct Seat {
    busy: AtomicUsize,
    left: CancellationToken,
}

/// Keeps a seat while something is done for its client.
pub(super) struct Occupied(Arc<Seat>);

impl Seat {
    /// From here on until the guard goes, the client is not asked to leave.
    pub(super) fn occupy(self: &Arc<Self>) -> Occupied {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Occupied(Arc::clone(self))
    }

    /// Ends when the client has to leave.
    pub(super) async fn told_to_leave(&self) {
        self.left.cancelled().await;
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Every place.
pub(super) struct Seats {
    most: usize,
    taken: Mutex<VecDeque<Arc<Seat>>>,
}

impl Seats {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            taken: Mutex::new(VecDeque::new()),
        }
    }

    /// A place for a newcomer; none when something is being done for every client.
    pub(super) fn take(self: &Arc<Self>) -> Option<Taken> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= self.most {
            let idle = |seat: &Arc<Seat>| seat.busy.load(Ordering::Relaxed) == 0;
            let oldest = taken.iter().position(idle)?;
            if let Some(seat) = taken.remove(oldest) {
                seat.left.cancel();
            }
        }
        let seat = Arc::new(Seat::default());
        taken.push_back(Arc::clone(&seat));
        Some(Taken {
            seats: Arc::clone(self),
            seat,
        })
    }
}

/// A place that is given back when this goes.
pub(super) struct Taken {
    seats: Arc<Seats>,
    pub(super) seat: Arc<Seat>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let seats = &self.seats.taken;
        let mut taken = seats.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|seat| !Arc::ptr_eq(seat, &self.seat));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_idle_client_makes_room() {
        let seats = Arc::new(Seats::new(2));
        let first = seats.take().unwrap();
        let busy = first.seat.occupy();
        let second = seats.take().unwrap();
        let third = seats.take().unwrap();
        assert!(!first.seat.left.is_cancelled(), "it is being served");
        assert!(second.seat.left.is_cancelled());
        let held = third.seat.occupy();
        assert!(seats.take().is_none(), "everybody is being served");
        drop((busy, held));
        assert!(seats.take().is_some());
        assert!(first.seat.left.is_cancelled());
    }

    #[test]
    fn a_place_that_was_left_is_free() {
        let seats = Arc::new(Seats::new(1));
        let first = seats.take().unwrap();
        let seat = Arc::clone(&first.seat);
        drop(first);
        assert!(seats.take().is_some());
        assert!(!seat.left.is_cancelled());
    }
}
