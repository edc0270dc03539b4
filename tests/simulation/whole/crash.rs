//! Where the process dies: at a set commit, at a set request, or at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A place at which the process may die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    BeforeCommit,
    AfterCommit,
    /// The request leaves and nothing comes of it.
    BeforeRequest,
    /// The platform has done what the request asks for, and the answer reaches nobody.
    AfterRequest,
}

impl Place {
    pub(crate) const ALL: [Self; 4] = [
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::BeforeRequest,
        Self::AfterRequest,
    ];
}

/// The end that is set for the life under way.
#[derive(Default)]
pub(crate) struct Crash {
    armed: Mutex<Option<(Place, u32)>>,
    fallen: AtomicBool,
    told: Notify,
}

impl Crash {
    /// The process dies when `place` is passed for the time after so many.
    pub(crate) fn arm(&self, place: Place, after: u32) {
        *self.armed.lock().unwrap() = Some((place, after));
    }

    /// Returns at every place but the one that is set, where it never does.
    pub(crate) async fn pass(&self, place: Place) {
        let dies = {
            let mut armed = self.armed.lock().unwrap();
            match &mut *armed {
                Some((at, left)) if *at == place => {
                    let dies = *left == 0;
                    *left = left.saturating_sub(1);
                    dies
                }
                Some(_) | None => false,
            }
        };
        if dies || self.fallen.load(Ordering::SeqCst) {
            self.fallen.store(true, Ordering::SeqCst);
            self.told.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Ends when the process has died.
    pub(crate) async fn fallen(&self) {
        while !self.fallen.load(Ordering::SeqCst) {
            self.told.notified().await;
        }
    }
}

impl Crash {
    /// Nothing is set any more.
    pub(crate) fn disarm(&self) {
        *self.armed.lock().unwrap() = None;
    }
}
