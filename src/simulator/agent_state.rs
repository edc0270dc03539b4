//! What an agent is doing.

/// What an agent is doing, in the platform's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgentState {
    /// The agent can take a contact.
    Available,
    /// The agent is with a contact.
    Busy,
    /// The agent is not signed in.
    Offline,
    /// Finishes the last contact's paperwork.
    WrapUp,
    /// A word that the contract does not have; a client must tolerate it.
    Other(String),
}

impl AgentState {
    /// Returns the state that `word` means.
    #[must_use]
    pub fn from_wire(word: &str) -> Self {
        match word {
            "available" => Self::Available,
            "busy" => Self::Busy,
            "offline" => Self::Offline,
            "wrap-up" => Self::WrapUp,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word used on the wire.
    #[must_use]
    pub fn wire(&self) -> &str {
        match self {
            Self::Available => "available",
            Self::Busy => "busy",
            Self::Offline => "offline",
            Self::WrapUp => "wrap-up",
            Self::Other(word) => word,
        }
    }
}
