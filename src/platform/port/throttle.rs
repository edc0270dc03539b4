//! How fast a campaign dials.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::throttle::{Lever, PaceReading, PaceSetting};
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
    /// What the lever is to be set to; a ratio not below the least.
    pub to: PaceSetting,
    /// The decision.
    pub decision: DecisionId,
    /// The change must not leave after this.
    pub leave_by: Timestamp,
    /// The latest time to which an answer is awaited.
    pub deadline: Timestamp,
}

/// The levers of a platform's diallers; those that it does not have are absent.
#[derive(Clone, Default)]
pub struct Throttles {
    /// Moves the dials for each idle agent.
    pub dial_ratio: Option<Arc<dyn Throttle>>,
    /// Moves how many agents are kept idle.
    pub idle_reserve: Option<Arc<dyn Throttle>>,
}

impl Throttles {
    /// Returns what moves a lever.
    #[must_use]
    pub fn get(&self, lever: Lever) -> Option<&Arc<dyn Throttle>> {
        match lever {
            Lever::DialRatio => self.dial_ratio.as_ref(),
            Lever::IdleReserve => self.idle_reserve.as_ref(),
        }
    }
}

/// Makes campaigns dial slower or faster by one lever. A dry run only reads.
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
