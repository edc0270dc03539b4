//! Tells systemd how the daemon is (`sd_notify`): when it has started, reads its configuration anew, or ends, and that
//! its loop turns.
//!
//! *Started* is when store, listener and signal handlers are in place, before the first poll: a platform that cannot be
//! reached must not have systemd start the daemon again and again. Whether polls are valid is told by `/readyz`, and
//! by the status line. Without systemd, that is without `NOTIFY_SOCKET`, nothing is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::warn;

use crate::control::{Supervised, Supervisor};

use super::environment::variable;

/// What cannot be told is warned of once: the daemon does its work all the same.
static WARNED: AtomicBool = AtomicBool::new(false);

/// systemd, where it waits for what is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Systemd {
    warned: &'static AtomicBool,
}

/// The configuration is read anew until this is dropped.
#[derive(Debug)]
pub(crate) struct Reloading(Systemd);

impl Systemd {
    /// systemd, if it has started this process and wants to be told.
    pub(crate) fn found() -> Option<Self> {
        variable("NOTIFY_SOCKET").map(|_| Self { warned: &WARNED })
    }

    /// How long it waits for a sign of life before it restarts the daemon; none without `WatchdogSec=`.
    fn patience() -> Option<Duration> {
        sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero())
    }

    /// How the loop is supervised by it.
    pub(crate) fn supervised(self) -> Supervised {
        Supervised::by(Arc::new(self), Self::patience())
    }

    /// Everything is in place.
    pub(crate) fn ready(self) {
        self.tell(&[NotifyState::Ready]);
    }

    /// The daemon drains and ends.
    pub(crate) fn stopping(self) {
        self.tell(&[
            NotifyState::Stopping,
            NotifyState::Status("ending: what is on its way is finished"),
        ]);
    }

    /// The configuration is read anew.
    pub(crate) fn reloading(self) -> Reloading {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(_) => self.tell(&[NotifyState::Reloading]),
        }
        Reloading(self)
    }

    fn tell(self, states: &[NotifyState<'_>]) {
        if let Err(wrong) = sd_notify::notify(states)
            && !self.warned.swap(true, Ordering::Relaxed)
        {
            warn!(%wrong, "cannot tell systemd how it goes; is NOTIFY_SOCKET right?");
        }
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        self.0.tell(&[NotifyState::Ready]);
    }
}

impl Supervisor for Systemd {
    fn alive(&self) {
        self.tell(&[NotifyState::Watchdog]);
    }

    fn status(&self, line: &str) {
        self.tell(&[NotifyState::Status(line)]);
    }
}
