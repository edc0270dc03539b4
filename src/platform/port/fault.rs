//! The faults of requests to a platform.

/// Why the platform could not be asked or did not answer usefully. Closed: retry, exit codes and metrics branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// There is no connection.
    Connect,
    /// There is no answer in time.
    Timeout,
    /// The credentials or the token were refused.
    Unauthorized,
    /// The token lacks a right.
    Forbidden,
    /// The object does not exist.
    NotFound,
    /// The operation does not exist there.
    NotAllowed,
    /// The request conflicts with the state there.
    Conflict,
    /// Too many requests, for longer than could be waited.
    RateLimited,
    /// Any other refusal.
    Refused,
    /// The platform's own fault.
    Server,
    /// An answer that cannot be read, is too large or breaks off.
    Decode,
}

/// A request that failed for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct PlatformFault {
    /// The kind of fault.
    pub kind: FaultKind,
    /// What happened and what to do about it, for people; holds no secret.
    pub detail: String,
}
