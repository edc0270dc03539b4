//! A request as a value, as a client sends it.

use bytes::Bytes;
use hyper::Method;
use hyper::header::HeaderMap;

/// A request as it is sent.
#[derive(Clone, Debug)]
pub struct SentRequest {
    /// The HTTP method.
    pub method: Method,
    /// The path and the query, without a host.
    pub uri: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty where there is none.
    pub body: Bytes,
}

impl SentRequest {
    pub(super) fn path(&self) -> &str {
        self.uri
            .split_once('?')
            .map_or(self.uri.as_str(), |(path, _)| path)
    }

    pub(super) fn query(&self) -> &str {
        self.uri.split_once('?').map_or("", |(_, query)| query)
    }
}
