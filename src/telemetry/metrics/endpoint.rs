//! What requests to a platform are for: a label that its dialect declares.

/// What requests to a platform are for, as its dialect declares it.
///
/// The type is open, since every dialect has endpoints of its own, and bounded, since a label is a part of the program:
/// no text from outside becomes a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    label: &'static str,
    kind: RequestKind,
    feature: Feature,
}

/// What a request does, which bounds what can come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RequestKind {
    /// Fetches an access token.
    LogIn,
    /// Reads a listing of everything.
    Listing,
    /// Reads one thing.
    Reading,
    /// Changes one thing; what the answer says is not needed.
    Command,
    /// Changes one thing; the answer is read.
    Writing,
}

/// What a daemon has to do for requests of an endpoint to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Nothing in particular: every daemon makes them.
    Campaigns,
    /// Assign agents to the lists of preview campaigns.
    Lists,
    /// Calibrate queues.
    Queues,
    /// Tell diallers how many agents to keep idle.
    IdleReserves,
}

impl Endpoint {
    /// Declares one that access tokens come from.
    #[must_use]
    pub const fn log_in(label: &'static str) -> Self {
        Self::new(label, RequestKind::LogIn)
    }

    /// Declares one that lists everything of a kind.
    #[must_use]
    pub const fn listing(label: &'static str) -> Self {
        Self::new(label, RequestKind::Listing)
    }

    /// Declares one that reads one thing.
    #[must_use]
    pub const fn reading(label: &'static str) -> Self {
        Self::new(label, RequestKind::Reading)
    }

    /// Declares one that changes one thing, where the body of an answer does not matter.
    #[must_use]
    pub const fn command(label: &'static str) -> Self {
        Self::new(label, RequestKind::Command)
    }

    /// Declares one that changes one thing and says in the body of its answer what came of it.
    #[must_use]
    pub const fn writing(label: &'static str) -> Self {
        Self::new(label, RequestKind::Writing)
    }

    const fn new(label: &'static str, kind: RequestKind) -> Self {
        Self {
            label,
            kind,
            feature: Feature::Campaigns,
        }
    }

    /// Declares that only daemons with this feature make such requests.
    #[must_use]
    pub const fn only_for(self, feature: Feature) -> Self {
        Self { feature, ..self }
    }

    /// Returns the label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.label
    }

    pub(super) fn is_listing(self) -> bool {
        self.kind == RequestKind::Listing
    }

    pub(super) const fn kind(self) -> RequestKind {
        self.kind
    }

    pub(super) const fn feature(self) -> Feature {
        self.feature
    }
}
