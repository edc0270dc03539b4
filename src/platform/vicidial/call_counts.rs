//! The one question for the calls of the platform's day.

use std::collections::BTreeMap;

use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::PlatformFault;

use super::site::{Ask, Site};
use super::statistics::{CallCounts, campaigns_field, counts};
use super::{endpoints, rights};

/// Reads what these campaigns have counted today, by id in small letters; the answer may have others too.
pub(super) async fn read_call_counts(
    site: &Site,
    campaigns: &[CampaignId],
    deadline: Timestamp,
) -> Result<BTreeMap<String, CallCounts>, PlatformFault> {
    let field = campaigns_field(campaigns);
    let ask = Ask {
        endpoint: endpoints::CALLS,
        function: "call_status_stats",
        // The platform's log keeps the last field.
        fields: vec![("campaigns", field.as_str())],
        right: rights::CALLS,
        share: RateShare::Readings,
        deadline,
    };
    site.read(ask, counts).await
}
