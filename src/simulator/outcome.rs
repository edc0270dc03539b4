//! What comes of a request, as a value.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderMap;

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A whole answer.
    Answered {
        /// The status.
        status: StatusCode,
        /// The headers, without those of the transport.
        headers: HeaderMap,
        /// The body.
        body: Bytes,
    },
    /// The head and half of the body arrive, then the connection breaks.
    Torn {
        /// The status.
        status: StatusCode,
        /// The headers, without those of the transport.
        headers: HeaderMap,
        /// The part of the body that arrives.
        body: Bytes,
    },
    /// The connection is reset without an answer.
    Reset,
    /// Nothing comes; the connection is reset at the end of [`Exchange::after`].
    Silent,
}

/// What comes of one request, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// How long the outcome takes to arrive, in real time.
    pub after: Duration,
    /// What arrives.
    pub outcome: Outcome,
    /// The [name](super::Fault::name) of the fault that was injected.
    pub fault: Option<&'static str>,
}
