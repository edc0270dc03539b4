//! Readings that stay away: since when, why, and what becomes of running campaigns meanwhile.

use serde::{Deserialize, Serialize};

use crate::control::ObservableState;
use crate::control::OutageView;
use crate::control::StaleRules;

/// Polls in a row that gave no valid reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutageDocument {
    /// When the first of them ended.
    pub since: String,
    /// How many there were.
    pub polls: u32,
    /// Whether there were so many that the data is stale and `on_stale` holds.
    pub stale: bool,
    /// Why the last one gave none, in the platform's words where it gave any.
    pub error: String,
    /// Campaigns that run and go on dialling.
    pub keep_dialling: usize,
    /// Campaigns that are paused once the data is stale, by `on_stale`.
    pub paused: usize,
    /// All of it in a sentence.
    pub says: String,
}

impl OutageDocument {
    /// Describes the outage of one tenant, if there is one.
    pub(super) fn of(observed: &ObservableState) -> Option<Self> {
        let OutageView { since, polls, why } = observed.outage.as_ref()?;
        let StaleRules {
            after,
            keep_dialling,
            paused,
        } = observed.stale_rules;
        let stale = observed.is_stale();
        let what = match (polls, after.filter(|_| !stale)) {
            (1, Some(after)) => format!(
                "the last poll gave no valid reading ({after} in a row make the data stale)"
            ),
            (polls, Some(after)) => {
                format!(
                    "{polls} polls in a row gave no valid reading ({after} make the data stale)"
                )
            }
            (1, None) => "one poll gave no valid reading".to_owned(),
            (polls, None) => format!("{polls} polls in a row gave no valid reading"),
        };
        let dialling = effect(stale, keep_dialling, paused);
        Some(Self {
            since: since.to_string(),
            polls: *polls,
            stale,
            error: why.clone(),
            keep_dialling,
            paused,
            says: format!("since {since} {what}: {why}; {dialling}"),
        })
    }
}

/// What becomes of campaigns, in words.
fn effect(stale: bool, keep_dialling: usize, paused: usize) -> String {
    let campaigns = |many: usize, one: &str, several: &str| match many {
        1 => format!("one running campaign {one}"),
        many => format!("{many} running campaigns {several}"),
    };
    let goes_on =
        (keep_dialling > 0).then(|| campaigns(keep_dialling, "keeps dialling", "keep dialling"));
    let ended = match (stale, paused) {
        (_, 0) => None,
        (true, 1) => Some("one campaign is paused by on_stale".to_owned()),
        (true, many) => Some(format!("{many} campaigns are paused by on_stale")),
        (false, 1) => Some("one campaign is paused by on_stale then".to_owned()),
        (false, many) => Some(format!("{many} campaigns are paused by on_stale then")),
    };
    let parts: Vec<String> = [goes_on, ended].into_iter().flatten().collect();
    let parts = if parts.is_empty() {
        "no campaign is known to run".to_owned()
    } else {
        parts.join(", ")
    };
    format!("{parts}, and none is resumed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn an_outage_says_since_when_why_and_what_goes_on_dialling() {
        let of = |polls, keep_dialling, paused| {
            let observed = ObservableState {
                outage: Some(OutageView {
                    since: Timestamp::from_unix_millis(0),
                    polls,
                    why: "503 Service Unavailable".to_owned(),
                }),
                stale_rules: StaleRules {
                    after: Some(3),
                    keep_dialling,
                    paused,
                },
                ..ObservableState::default()
            };
            let document = OutageDocument::of(&observed).unwrap();
            (document.stale, document.says)
        };
        let since = "since 1970-01-01T00:00:00.000Z";
        for (found, stale, says) in [
            (
                of(1, 1, 0),
                false,
                "the last poll gave no valid reading (3 in a row make the data stale): 503 Service Unavailable; one running campaign keeps dialling, and none is resumed",
            ),
            (
                of(2, 0, 2),
                false,
                "2 polls in a row gave no valid reading (3 make the data stale): 503 Service Unavailable; 2 campaigns are paused by on_stale then, and none is resumed",
            ),
            (
                of(7, 12, 1),
                true,
                "7 polls in a row gave no valid reading: 503 Service Unavailable; 12 running campaigns keep dialling, one campaign is paused by on_stale, and none is resumed",
            ),
            (
                of(3, 0, 0),
                true,
                "3 polls in a row gave no valid reading: 503 Service Unavailable; no campaign is known to run, and none is resumed",
            ),
        ] {
            assert_eq!(found, (stale, format!("{since} {says}")));
        }
        assert_eq!(OutageDocument::of(&ObservableState::default()), None);
    }
}
