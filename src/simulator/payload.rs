//! An answer's body: whole, or torn in the middle.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The bytes to send, and what comes after them.
pub(super) struct Payload {
    rest: Bytes,
    /// Bytes that are announced and never sent.
    missing: u64,
    end: End,
}

enum End {
    Whole,
    /// Torn, once what is sent so far has gone out.
    Flush,
    Torn,
}

/// The body was torn on purpose; the server closes the connection at it.
#[derive(Debug, thiserror::Error)]
#[error("the body was torn by a fault")]
pub(super) struct TornBody;

impl Payload {
    pub(super) fn whole(body: Bytes) -> Self {
        Self {
            rest: body,
            missing: 0,
            end: End::Whole,
        }
    }

    /// A part of a body, of which as much again is announced.
    pub(super) fn torn(part: Bytes) -> Self {
        let missing = u64::try_from(part.len()).unwrap_or(u64::MAX).max(1);
        Self {
            rest: part,
            missing,
            end: End::Flush,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = TornBody;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TornBody>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Flush => {
                // The server writes out what it holds whenever a body has nothing ready.
                self.end = End::Torn;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Torn => Poll::Ready(Some(Err(TornBody))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && matches!(self.end, End::Whole)
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        SizeHint::with_exact(rest.saturating_add(self.missing))
    }
}
