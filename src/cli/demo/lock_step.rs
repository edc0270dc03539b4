//! Daemon and platform in lock step: simulated time goes on only while the daemon waits for it.
//!
//! *What it is for:* the same seed gives the same day on every machine, however busy that is. The daemon runs on one thread; when it
//! has nothing left to do but to wait for its clock, that clock and the platform's are set on to the next time that it waits for.
//! Its requests leave one after the other, over real sockets, so that two of them cannot overtake each other; they take none of
//! the simulated time.
//!
//! *How it knows.* The runtime tells when its thread is about to wait. No request is under way then if none is counted, and the store
//! writes in place, so that there is no third thing to wait for.
//!
//! *What it leaves out:* what a browser does on the page. Somebody who takes a hand in the day makes another one of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, Notify};

use crate::platform::http::{HttpRequest, HttpResponse, HttpSend, ReqwestSend, SendFault};

/// Tells when the daemon has nothing left to do but to wait for its clock.
#[derive(Default)]
pub(super) struct IdleWatch {
    requests: AtomicUsize,
    awaited: AtomicBool,
    idle: Notify,
}

impl IdleWatch {
    /// Is called when the runtime's only thread has nothing left to run.
    pub(super) fn parking(&self) {
        if self.requests.load(Ordering::SeqCst) == 0 && self.awaited.swap(false, Ordering::SeqCst) {
            self.idle.notify_one();
        }
    }

    /// Waits until nothing is under way.
    pub(super) async fn idle(&self) {
        self.awaited.store(true, Ordering::SeqCst);
        self.idle.notified().await;
    }
}

/// Sends one request at a time, and counts those that are under way or wait for their turn. There is no channel on which the platform
/// would tell of changes by itself: what came by it would come at a time of the machine's.
pub(super) struct OneAtATime {
    inner: ReqwestSend,
    turn: Mutex<()>,
    watch: Arc<IdleWatch>,
}

impl OneAtATime {
    pub(super) fn new(inner: ReqwestSend, watch: Arc<IdleWatch>) -> Self {
        Self {
            inner,
            turn: Mutex::new(()),
            watch,
        }
    }
}

impl HttpSend for OneAtATime {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        let under_way = UnderWay::new(&self.watch);
        Box::pin(async move {
            let turn = self.turn.lock().await;
            let answer = self.inner.send(request).await;
            drop(turn);
            drop(under_way);
            answer
        })
    }
}

/// A request that was asked for; one that is given up is not under way any more.
struct UnderWay<'a>(&'a IdleWatch);

impl<'a> UnderWay<'a> {
    fn new(watch: &'a IdleWatch) -> Self {
        watch.requests.fetch_add(1, Ordering::SeqCst);
        Self(watch)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::SeqCst);
    }
}
