//! Live updates: server-sent events.
//!
//! Each event is the whole current status, with its version as the id. So nothing has to be buffered for a client that
//! is slow or was away: it skips what came in between and gets the newest. A client that reads nothing at all is dropped by
//! its connection's write timeout, and after ten minutes every stream ends and is opened anew.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
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

/// Streams at once: some wallboards, and everybody on call.
pub(super) const MOST_STREAMS: usize = 16;

/// The interval of comments that show that an idle stream is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

struct Stream {
    sources: Arc<Sources>,
    observed: watch::Receiver<ObservableState>,
    sent: Option<u64>,
    _permit: OwnedSemaphorePermit,
    _busy: BusyGuard,
    _counted: Counted,
}

/// Counts an open stream in the gauge for as long as it exists.
struct Counted(Arc<Sources>);

impl Counted {
    fn new(sources: &Arc<Sources>) -> Self {
        sources.shown.metrics.operator.event_streams(1);
        Self(Arc::clone(sources))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.shown.metrics.operator.event_streams(-1);
    }
}

impl Sources {
    /// Opens a stream of events; returns `None` when too many are open.
    pub(super) fn events(self: &Arc<Self>, slot: &Arc<Slot>) -> Option<Response<Body>> {
        let permit = Arc::clone(&self.streams).try_acquire_owned().ok()?;
        let following = Stream {
            sources: Arc::clone(self),
            observed: self.shown.observed.clone(),
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
    loop {
        let version = following.observed.borrow_and_update().version;
        if following.sent != Some(version) {
            let first = following.sent.is_none();
            following.sent = Some(version);
            let status = following.sources.status().await;
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
            changed = following.observed.changed() => {
                if changed.is_err() {
                    return None;
                }
            }
            () = tokio::time::sleep(HEARTBEAT) => {
                return Some((Bytes::from_static(b": still here\n\n"), following));
            }
        }
    }
}
