//! Notifies systemd (`sd_notify`): when the daemon has started, reloads its configuration or ends, and that its loop is
//! alive.
//!
//! *Started* is when store, listener and signal handlers are in place, before the first poll: a platform that cannot be
//! reached must not have systemd start the daemon again and again. Whether polls are valid is shown by `/readyz` and
//! by the status line. Without systemd, that is without `NOTIFY_SOCKET`, nothing is sent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::warn;

use crate::control::Supervisor;

use super::environment::variable;

/// A notification that fails is logged once: the daemon does its work all the same.
static WARNED: AtomicBool = AtomicBool::new(false);

/// The socket of systemd.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Systemd {
    warned: &'static AtomicBool,
}

/// The configuration is read anew until this is dropped.
#[derive(Debug)]
pub(crate) struct Reloading(Systemd);

impl Systemd {
    /// Connects to systemd, if it has started this process and asks for notifications.
    pub(crate) fn found() -> Option<Self> {
        variable("NOTIFY_SOCKET").map(|_| Self { warned: &WARNED })
    }

    /// Returns how long it waits for a sign of life before it restarts the daemon; `None` without `WatchdogSec=`.
    pub(super) fn watchdog_timeout() -> Option<Duration> {
        sd_notify::watchdog_enabled().filter(|timeout| !timeout.is_zero())
    }

    /// Reports that everything is in place.
    pub(crate) fn ready(self) {
        self.tell(&[NotifyState::Ready]);
    }

    /// Reports that the daemon drains and ends.
    pub(crate) fn stopping(self) {
        self.tell(&[
            NotifyState::Stopping,
            NotifyState::Status("ending: work under way is finished"),
        ]);
    }

    /// Reports that the configuration is being reloaded.
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
            warn!(%wrong, "cannot notify systemd; is NOTIFY_SOCKET right?");
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
