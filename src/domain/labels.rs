//! What people call a campaign. Shown, and never decided by.

use serde::{Deserialize, Serialize};

use super::visible::acts_unseen;

/// What people call a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignLabels {
    /// Its name.
    pub name: Option<String>,
    /// The team whose it is.
    pub team: Option<String>,
    /// What to know of it.
    pub note: Option<String>,
}

impl CampaignLabels {
    /// The longest name in characters: a longer one fits into no table.
    pub const LONGEST_NAME: usize = 80;

    /// Returns a name that a platform gave as it is fit to be shown on one line: without characters that control a terminal
    /// or the direction of a text, and no longer than a name may be. Returns `None` where nothing is left of it.
    #[must_use]
    pub fn platform_name(given: &str) -> Option<String> {
        let words = given.split(|c: char| c.is_whitespace() || c.is_control());
        let words = words.map(|word| word.replace(acts_unseen, ""));
        let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
        let name = words.join(" ");
        if name.chars().count() <= Self::LONGEST_NAME {
            return Some(name).filter(|name| !name.is_empty());
        }
        let kept = name.chars().take(Self::LONGEST_NAME.saturating_sub(1));
        Some(kept.chain(['\u{2026}']).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platforms_name_is_made_fit_to_be_shown() {
        let shown = CampaignLabels::platform_name;
        let same = "Verlängerung \u{2013} <Süd> & \u{1f469}\u{200d}\u{1f4bb}";
        assert_eq!(shown(same).as_deref(), Some(same));
        assert_eq!(
            shown("  Spring\r\n\u{1b}[31m\trenewals\u{202e}\u{0} \u{2028}2").as_deref(),
            Some("Spring [31m renewals 2")
        );
        for nothing in ["", " \n", "\u{7}\u{202e}\u{85}"] {
            assert_eq!(shown(nothing), None, "{nothing:?}");
        }
        assert_eq!(shown(&"ä".repeat(80)), Some("ä".repeat(80)));
        let long = shown(&"ä".repeat(10_000)).unwrap();
        assert_eq!(long, "ä".repeat(79) + "\u{2026}");
    }
}
