//! Pauses that are read again, some seconds after they were made.
//!
//! A pause shows at once, and the adaptive process or a page that was opened before may undo it within seconds. So the next poll, which
//! reads every campaign, is brought forward to these moments where it would come later.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::control::ports::Clock;
use crate::domain::Timestamp;

/// When a pause is read again after it was sent: behind the dialler's own loop of 2.5 s, and behind the adaptive process, which sets
/// levels each 15 s.
const AFTER: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(20)];

/// The moments at which pauses are to be read again.
pub(super) struct ReadBacks {
    clock: Arc<dyn Clock>,
    due: Mutex<Vec<Timestamp>>,
    more: Notify,
}

impl ReadBacks {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            due: Mutex::default(),
            more: Notify::new(),
        }
    }

    /// A pause was sent now.
    pub(super) fn paused(&self) {
        let now = self.clock.now();
        self.held().extend(AFTER.map(|after| now.plus(after)));
        self.more.notify_one();
    }

    /// Everything is read at this time.
    pub(super) fn read_at(&self, at: Timestamp) {
        let longest = AFTER.into_iter().max().unwrap_or_default();
        // A clock that was set back must not leave moments far away.
        self.held()
            .retain(|due| *due > at && *due <= at.plus(longest));
    }

    /// Ends when pauses are to be read again.
    pub(super) async fn due(&self) {
        loop {
            let next = self.held().iter().min().copied();
            let Some(next) = next else {
                self.more.notified().await;
                continue;
            };
            let now = self.clock.now();
            if next <= now {
                self.held().retain(|due| *due > now);
                return;
            }
            tokio::select! {
                () = self.clock.sleep(next.since(now)) => {}
                () = self.more.notified() => {}
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Vec<Timestamp>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
