//! What a request of the daemon is for, whatever the dialect.

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Token,
    /// Agents, or who is assigned to what.
    Agents,
    /// The status of one campaign, or of all.
    Status,
    /// A pause or a resume.
    Command,
    List,
    ListWrite,
    Queue,
    QueueWrite,
    Other,
}
