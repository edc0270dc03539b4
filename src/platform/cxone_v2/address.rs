//! Where things are.

use crate::domain::CampaignId;

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
