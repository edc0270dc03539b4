//! An answer's body: whole, or cut off in the middle.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The bytes to send, and how the body ends after them.
pub(super) struct Payload {
    rest: Bytes,
    /// Bytes that are announced and never sent.
    missing: u64,
    end: End,
}

enum End {
    Whole,
    /// The body is cut off, once what is sent so far has gone out.
    Flush,
    Truncated,
}

/// The body was cut off on purpose; the server then closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("the body was cut off by a fault")]
pub(super) struct TruncatedBody;

impl Payload {
    pub(super) fn whole(body: Bytes) -> Self {
        Self {
            rest: body,
            missing: 0,
            end: End::Whole,
        }
    }

    /// Creates a part of a body, of which as much again is announced.
    pub(super) fn truncated(part: Bytes) -> Self {
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
    type Error = TruncatedBody;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TruncatedBody>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Flush => {
                // The server writes out what it holds whenever a body has nothing ready.
                self.end = End::Truncated;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Truncated => Poll::Ready(Some(Err(TruncatedBody))),
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
