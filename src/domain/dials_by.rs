//! What a campaign dials by, where a pause of ours takes its place.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::throttle::DialRatio;

/// What a campaign dials by, in the platform's own text. A dialect writes it and reads it again; nothing else looks into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialsBy {
    /// The text.
    pub text: String,
    /// The dials for each idle agent that it comes to, where a resume may begin below them and put them back later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<DialRatio>,
}

/// A resume that begins at one dial for each idle agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedResume {
    /// What is put back.
    pub original: DialRatio,
    /// After how long.
    pub lasts: Duration,
}

impl DialsBy {
    /// Returns the stage with which a resume to this begins; none where it is one dial for each idle agent anyway. Of a campaign that was
    /// stepped down before it was paused, this is the pace of the step, and what is put back is what was there before that.
    /// `stepped` is both, in this order.
    #[must_use]
    pub fn staged(
        &self,
        stepped: Option<(DialRatio, DialRatio)>,
        lasts: Option<Duration>,
    ) -> Option<StagedResume> {
        let (ratio, lasts) = (self.ratio?, lasts?);
        let stepped = stepped.filter(|(ours, _)| *ours == ratio);
        let original = stepped.map_or(ratio, |(_, original)| original);
        (original > DialRatio::ONE).then_some(StagedResume { original, lasts })
    }
}
