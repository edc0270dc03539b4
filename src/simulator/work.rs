//! What an agent is busy with.

/// What an agent is busy with. Not every platform shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// An inbound call.
    Inbound,
    /// A campaign's call.
    Outbound {
        /// The campaign's id.
        campaign: String,
    },
    /// A break.
    Break,
}
