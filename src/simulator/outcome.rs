//! The outcome of a request, as a value.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderMap;

/// What the client receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The client receives a whole answer.
    Answered {
        /// The status.
        status: StatusCode,
        /// The headers, without those of the transport.
        headers: HeaderMap,
        /// The body.
        body: Bytes,
    },
    /// The head and half of the body arrive, then the connection breaks.
    Truncated {
        /// The status.
        status: StatusCode,
        /// The headers, without those of the transport.
        headers: HeaderMap,
        /// The part of the body that arrives.
        body: Bytes,
    },
    /// The connection is reset without an answer.
    Reset,
    /// Nothing arrives; the connection is reset at the end of [`Exchange::after`].
    Silent,
}

/// The outcome of one request, and when it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// How long the outcome takes to arrive, in real time.
    pub after: Duration,
    /// The outcome.
    pub outcome: Outcome,
    /// The [name](super::Fault::name) of the fault that was injected.
    pub fault: Option<&'static str>,
}
