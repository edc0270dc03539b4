//! The disk below the store: it is slow, refuses, or is where the process dies.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use campaign_autopilot::store::CommitGate;
use futures_util::future::BoxFuture;

use super::crash::{Crash, Place};
use super::time::Time;

/// How the disk is, until the first time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) slow: Option<(i64, Duration)>,
    pub(crate) full_until: Option<i64>,
}

/// The disk of one life.
pub(crate) struct Disk {
    pub(crate) time: Arc<Time>,
    pub(crate) crash: Arc<Crash>,
    pub(crate) trouble: Arc<Mutex<Trouble>>,
}

impl CommitGate for Disk {
    fn before(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.crash.pass(Place::BeforeCommit).await;
            let now = self.time.now();
            let Trouble { slow, full_until } = *self.trouble.lock().unwrap();
            if let Some((until, takes)) = slow
                && now < until
            {
                tokio::time::sleep(takes).await;
            }
            if full_until.is_some_and(|until| now < until) {
                return Err("the disk is full".to_owned());
            }
            Ok(())
        })
    }

    fn after(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.crash.pass(Place::AfterCommit))
    }
}
