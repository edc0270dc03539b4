//! A request as it arrived.

use super::faults::Endpoint;

/// A request to one of the operations, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestSeen {
    /// The operation.
    pub endpoint: Endpoint,
    /// The HTTP method.
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The id in the path, decoded: a campaign's, a queue's or an agent's.
    pub target: Option<String>,
    /// The campaign's id, where the path has one.
    pub campaign: Option<String>,
    /// The header `x-request-id`.
    pub request_id: Option<String>,
    /// The status that a command asks for.
    pub body_status: Option<String>,
}
