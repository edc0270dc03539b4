//! How fast a campaign dials.

use futures_util::future::BoxFuture;

use crate::domain::throttle::{DialRatio, PaceReading};
use crate::domain::{CampaignId, DecisionId, Delivery, Timestamp};

use super::campaigns::Urgency;
use super::fault::PlatformFault;

/// How fast a campaign dials, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// What decisions rest on.
    pub reading: PaceReading,
    /// Everything that a write replaces, for the dialect that wrote it: what is not known goes back as it came.
    pub original: String,
}

/// A change of a pace.
#[derive(Clone, Copy, Debug)]
pub struct ThrottleOrder<'a> {
    /// The campaign.
    pub campaign: &'a CampaignId,
    /// The reading that it rests on.
    pub before: &'a Pace,
    /// What the ratio is to become, not below the least.
    pub ratio: DialRatio,
    /// The decision.
    pub decision: DecisionId,
    /// The change must not leave after this.
    pub leave_by: Timestamp,
    /// The latest time to which an answer is awaited.
    pub deadline: Timestamp,
}

/// Makes campaigns dial slower or faster. A dry run only reads.
pub trait Throttle: Send + Sync + 'static {
    /// Reads how fast a campaign dials.
    ///
    /// *Errors.* Nothing is known of it, and nothing is written.
    fn read<'a>(
        &'a self,
        campaign: &'a CampaignId,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Pace, PlatformFault>>;

    /// Changes how fast a campaign dials, once, as commands are; the caller remembers what was there and puts it back.
    fn set<'a>(&'a self, order: ThrottleOrder<'a>) -> BoxFuture<'a, Delivery>;
}
