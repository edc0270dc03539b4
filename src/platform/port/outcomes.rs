//! The outcomes of a campaign's dials.

use futures_util::future::BoxFuture;

use crate::domain::{CampaignId, Timestamp};

use super::fault::PlatformFault;

/// The outcomes of a campaign's dials within a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CampaignOutcomes {
    /// From when on it was counted.
    pub from: Timestamp,
    /// Until when it was counted, which may lie before the end that was asked for.
    pub until: Timestamp,
    /// Dials.
    pub dials: u64,
    /// Dials that a person answered.
    pub connects: u64,
    /// Answered dials that no agent took in time, as the platform counts them.
    pub abandons: u64,
}

/// Reads outcomes. Nothing here can change anything on the platform.
pub trait OutcomeReader: Send + Sync + 'static {
    /// Reads the outcomes of a campaign's dials since `from`.
    ///
    /// *Completeness.* The span that is named in the answer, whole. A span that the platform cannot count is an error;
    /// no dials is zero.
    ///
    /// *Errors.* Nothing is known, which never counts as "no abandons".
    fn outcomes<'a>(
        &'a self,
        campaign: &'a CampaignId,
        from: Timestamp,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<CampaignOutcomes, PlatformFault>>;
}
