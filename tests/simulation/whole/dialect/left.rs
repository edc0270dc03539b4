//! What a person left of a campaign.

/// What a person left, as far as it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// What it does, and nothing that could be the daemon's doing, or no change at all.
    Other,
    /// It shows as the daemon's doing: nobody can tell it from that.
    LikeOurs,
}
