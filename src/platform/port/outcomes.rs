//! What became of campaigns' dials.

use futures_util::future::BoxFuture;

use crate::domain::outcomes::OutcomeReading;
use crate::domain::{CampaignId, Timestamp};

use super::fault::PlatformFault;

/// A reading of one campaign's counters; none where nobody counts for it.
pub type OutcomeFinding = Result<Option<OutcomeReading>, PlatformFault>;

/// Reads counters of dials and of what became of them. Nothing here can change anything on the platform.
pub trait OutcomeReader: Send + Sync + 'static {
    /// Returns how many campaigns are best asked about at once: many where one call gives all of them, and few where each takes
    /// calls of its own, since these are taken from what the platform allows.
    fn most_at_once(&self) -> usize;

    /// Returns where a site feeds the counters from, in words; none where the platform counts. The platform is not asked about a
    /// campaign that is fed.
    fn fed_from(&self) -> Option<String> {
        None
    }

    /// Reads the counters of these campaigns, one finding each and in their order. Whoever counts by spans that are asked for
    /// counts since `since`; whoever has a period of its own says so in the reading.
    ///
    /// *Completeness.* A reading holds every call between its two times. What cannot be counted is an error or absent; no
    /// dials is zero.
    ///
    /// *Errors.* Nothing is known of this campaign, which never counts as "no abandoned calls".
    ///
    /// *In time.* Calls are made one after the other, so that no poll of the agents waits behind more than one of them.
    fn outcomes<'a>(
        &'a self,
        campaigns: &'a [CampaignId],
        since: Timestamp,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<OutcomeFinding>>;
}
