//! Live updates: server-sent events.
//!
//! Each event is the whole current status, with its version as the id. So nothing has to be buffered for a client that
//! is slow or was away: it skips what came in between and gets the newest. A client that reads nothing at all is dropped by
//! its connection's write timeout, and after ten minutes every stream ends and is opened anew.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::select_all;
use futures_util::stream::unfold;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::control::ObservableState;

use super::answer::{Body, full};
use super::connections::{BusyGuard, Slot};
use super::sources::Sources;
use super::tenants::TenantList;

/// Streams at once: some wallboards, and everybody on call.
pub(super) const MOST_STREAMS: usize = 16;

/// The interval of comments that show that an idle stream is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Where there are several tenants, which change at times of their own, events are at least this far apart.
const BETWEEN_EVENTS: Duration = Duration::from_secs(1);

struct Stream {
    sources: Arc<Sources>,
    followed: Followed,
    sent: Option<u64>,
    _permit: OwnedSemaphorePermit,
    _busy: BusyGuard,
    _counted: Counted,
}

/// Counts an open stream in the gauge for as long as it exists.
struct Counted(Arc<Sources>);

impl Counted {
    fn new(sources: &Arc<Sources>) -> Self {
        sources.shown.metrics.event_streams(1);
        Self(Arc::clone(sources))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.shown.metrics.event_streams(-1);
    }
}

impl Sources {
    /// Opens a stream of events; returns `None` when too many are open.
    pub(super) fn events(self: &Arc<Self>, slot: &Arc<Slot>) -> Option<Response<Body>> {
        let permit = Arc::clone(&self.streams).try_acquire_owned().ok()?;
        let following = Stream {
            sources: Arc::clone(self),
            followed: Followed::new(self.shown.tenants.clone()),
            sent: None,
            _permit: permit,
            _busy: slot.busy(),
            _counted: Counted::new(self),
        };
        let events = unfold(following, next).map(|event| Ok(Frame::data(event)));
        let mut answer = full(StatusCode::OK, "text/event-stream", Bytes::new());
        *answer.body_mut() = StreamBody::new(events).boxed_unsync();
        let headers = answer.headers_mut();
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        Some(answer)
    }
}

async fn next(mut following: Stream) -> Option<(Bytes, Stream)> {
    if following.sent.is_some() && following.followed.is_named() {
        tokio::select! {
            () = following.sources.shown.ending.cancelled() => return None,
            () = tokio::time::sleep(BETWEEN_EVENTS) => {}
        }
    }
    loop {
        if following.sent != Some(following.followed.version()) {
            let first = following.sent.is_none();
            // A later one, where something changed meanwhile: that is sent now and not once more.
            let (version, status) = following.sources.versioned_status().await;
            following.sent = Some(version);
            let mut event = Vec::with_capacity(status.len().saturating_add(64));
            if first {
                event.extend_from_slice(b"retry: 2000\n");
            }
            event.extend_from_slice(format!("id: {version}\nevent: status\ndata: ").as_bytes());
            event.extend_from_slice(&status);
            event.extend_from_slice(b"\n\n");
            return Some((event.into(), following));
        }
        tokio::select! {
            () = following.sources.shown.ending.cancelled() => return None,
            going_on = following.followed.changed() => {
                if !going_on {
                    return None;
                }
            }
            () = tokio::time::sleep(HEARTBEAT) => {
                return Some((Bytes::from_static(b": still here\n\n"), following));
            }
        }
    }
}

/// The tenants whose states are followed, and those that come.
struct Followed {
    list: watch::Receiver<TenantList>,
    observed: Vec<watch::Receiver<ObservableState>>,
}

impl Followed {
    fn new(list: watch::Receiver<TenantList>) -> Self {
        let mut followed = Self {
            list,
            observed: Vec::new(),
        };
        followed.follow_those_of_the_list();
        followed
    }

    fn follow_those_of_the_list(&mut self) {
        let list = self.list.borrow_and_update();
        let served = list
            .entries
            .iter()
            .filter_map(|entry| entry.served.as_ref());
        self.observed = served.map(|served| served.observed.clone()).collect();
    }

    fn is_named(&self) -> bool {
        self.list.borrow().is_named()
    }

    /// The version of what there is to see, which counts as seen from here on.
    fn version(&mut self) -> u64 {
        for observed in &mut self.observed {
            observed.mark_unchanged();
        }
        self.list.borrow().version()
    }

    /// Waits until something has changed; returns false once nothing can change any more.
    async fn changed(&mut self) -> bool {
        let Self { list, observed } = self;
        let states = observed.iter_mut().map(|one| Box::pin(one.changed()));
        let states: Vec<_> = states.collect();
        let any = async move {
            if states.is_empty() {
                return std::future::pending().await;
            }
            let (changed, at, _) = select_all(states).await;
            (changed.is_ok(), at)
        };
        tokio::select! {
            changed = list.changed() => {
                self.follow_those_of_the_list();
                changed.is_ok()
            }
            (going_on, at) = any => {
                // A loop that has ended changes nothing; another one may take its place.
                if !going_on {
                    self.observed.remove(at);
                }
                true
            }
        }
    }
}
