//! Where things are, and the platform's clock.

use std::time::UNIX_EPOCH;

use hyper::header::DATE;

use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::HttpResponse;

pub(super) fn campaign_url(base: &reqwest::Url, campaign: &CampaignId) -> reqwest::Url {
    endpoint(base, &["api", "v2", "campaigns", campaign.as_str()])
}

pub(super) fn list_url(base: &reqwest::Url, campaign: &CampaignId) -> reqwest::Url {
    let campaign = campaign.as_str();
    endpoint(
        base,
        &["api", "v2", "outbound", "campaigns", campaign, "agents"],
    )
}

/// `base` with path segments behind it, each percent-encoded.
pub(super) fn endpoint(base: &reqwest::Url, segments: &[&str]) -> reqwest::Url {
    let mut url = base.clone();
    // An address that cannot have a path is refused with the configuration.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// The platform's clock, from the `Date` header.
pub(super) fn date(response: &HttpResponse) -> Option<Timestamp> {
    let text = response.headers.get(DATE)?.to_str().ok()?;
    let since_epoch = httpdate::parse_http_date(text)
        .ok()?
        .duration_since(UNIX_EPOCH)
        .ok()?;
    Some(Timestamp::from_unix_millis(0).plus(since_epoch))
}
