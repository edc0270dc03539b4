//! Why a request has no answer, and how large an answer may be.

/// The reason why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendFault {
    /// No connection, so nothing was sent.
    #[error("no connection: {0}")]
    Connect(String),
    /// No complete answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke; the request may have arrived.
    #[error("connection broke: {0}")]
    Broken(String),
    /// The body is larger than allowed.
    #[error("answer larger than {0} bytes")]
    TooLarge(usize),
}

/// The largest body: 4 MiB, forty times a page of 100 agents with long names.
pub(super) const LARGEST_BODY: usize = 4 << 20;
