//! Requests as spans of a trace.
//!
//! A span is one request with all of its attempts, their waits for a permit included. The retry loop records in the span
//! that is current how many attempts there were.

use tracing::field::Empty;
use tracing::{Span, debug_span};

use crate::telemetry::Endpoint;

/// A request to this endpoint.
#[must_use]
pub fn request_span(endpoint: Endpoint) -> Span {
    debug_span!(
        "request",
        endpoint = endpoint.label(),
        attempts = Empty,
        fault = Empty
    )
}

/// A page of a listing; the first one is 0.
#[must_use]
pub fn page_span(endpoint: Endpoint, number: usize) -> Span {
    debug_span!(
        "page",
        number,
        endpoint = endpoint.label(),
        attempts = Empty,
        fault = Empty,
        rows = Empty
    )
}
