//! The campaigns that one queue serves.

use crate::domain::Timestamp;
use crate::platform::http::RateShare;
use crate::platform::port::PlatformFault;

use super::campaign::{Campaign, EntityPage};
use super::organisation::{Ask, Organisation};
use super::{endpoints, rights};

/// Campaigns in the listing.
const ROWS: usize = 100;

/// The campaigns of a queue, as one listing has them.
pub(super) async fn of_queue(
    organisation: &Organisation,
    queue: &str,
    share: RateShare,
    deadline: Timestamp,
) -> Result<Vec<Campaign>, PlatformFault> {
    let ask = Ask {
        endpoint: endpoints::CAMPAIGNS,
        path: &["outbound", "campaigns"],
        query: vec![
            ("distributionQueueId", queue.to_owned()),
            ("pageSize", ROWS.to_string()),
        ],
        body: None,
        right: rights::CAMPAIGN_VIEW,
        share,
        deadline,
    };
    let page = organisation
        .read(ask, EntityPage::<Campaign>::parse)
        .await?;
    Ok(page.rows)
}
