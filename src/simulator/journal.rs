//! The campaigns' own journal: who changed what, and when.

use super::time::SimTime;

/// Who changed a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A command over the API.
    Client {
        /// The request's `x-request-id`.
        request_id: Option<String>,
        /// The client id that the access token was given to.
        token_client: String,
    },
    /// Somebody at the platform's own console.
    Person,
}

/// One effect on a campaign. A command to the status already in force is an effect too, with `from == to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// When it took effect.
    pub at: SimTime,
    /// The campaign's id.
    pub campaign: String,
    /// Who did it.
    pub by: Actor,
    /// The status before.
    pub from: String,
    /// The status after.
    pub to: String,
}
