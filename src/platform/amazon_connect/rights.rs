//! The rights that the requests need, which are named after the operations **\[I\]**.

pub(super) const DESCRIBE: &str = "connect-campaigns:DescribeCampaign";
pub(super) const STATE: &str = "connect-campaigns:GetCampaignState";
pub(super) const STATES: &str = "connect-campaigns:GetCampaignStateBatch";
pub(super) const PAUSE: &str = "connect-campaigns:PauseCampaign";
pub(super) const RESUME: &str = "connect-campaigns:ResumeCampaign";
pub(super) const COUNTS: &str = "connect:GetCurrentMetricData";
pub(super) const OUTCOMES: &str = "connect:GetMetricDataV2";
pub(super) const PACE: &str = "connect-campaigns:UpdateCampaignChannelSubtypeConfig";

pub(super) const PACE_OF_THE_FIRST: &str = "connect-campaigns:UpdateCampaignDialerConfig";

/// Without these no campaign can be steered.
pub(super) const NEEDED: &[&str] = &[DESCRIBE, STATE, STATES, PAUSE, RESUME, COUNTS];

/// Without these something else is lost, and what.
pub(super) const USEFUL: &[(&str, &str)] = &[
    (OUTCOMES, "abandoned calls are not counted"),
    (PACE, "a campaign cannot be made to dial slower"),
    (
        PACE_OF_THE_FIRST,
        "a campaign of the first version cannot be made to dial slower",
    ),
];
