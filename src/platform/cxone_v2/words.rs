//! The words of this dialect, read in whatever form a tenant writes them.
//!
//! `wrap-up`, `Wrap-Up`, `WRAP_UP` and `wrap up` are one word. The contract's own spelling is found first, without a
//! copy; what a word means does not depend on its form.

use std::borrow::Cow;

use crate::domain::{AgentState, CampaignActivity, Direction};

/// The state that a word means; one that is not known is staffed and not available.
pub(super) fn agent_state(word: &str) -> AgentState {
    match word {
        "available" => AgentState::Available,
        "wrap-up" => AgentState::WrapUp,
        "busy" => AgentState::Busy,
        "offline" => AgentState::Offline,
        _ => match plain(word).as_ref() {
            "available" => AgentState::Available,
            "wrapup" => AgentState::WrapUp,
            "busy" => AgentState::Busy,
            "offline" => AgentState::Offline,
            _ => AgentState::Other,
        },
    }
}

/// Returns the meaning of a campaign's status. A word between two statuses counts as nobody's change. The contract names two others,
/// and leaves open whether there are more.
///
/// The words of a change under way are not in the contract. They are those by which platforms of this kind say that
/// calls are still drained or that dialling is about to begin.
pub(super) fn activity(word: &str) -> CampaignActivity {
    let changing = |to| CampaignActivity::Changing { to: Some(to) };
    match plain(word).as_ref() {
        "running" => CampaignActivity::Running,
        "paused" => CampaignActivity::Paused,
        "pausing" | "stopping" | "draining" => changing(Direction::Pause),
        "resuming" | "starting" => changing(Direction::Resume),
        "stopped" | "completed" => CampaignActivity::NotCommandable {
            word: word.to_owned(),
        },
        _ => CampaignActivity::Unknown {
            word: word.to_owned(),
        },
    }
}

/// The letters of a word in lower case, without what separates its parts.
fn plain(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Cow::Borrowed(word);
    }
    let letters = word.chars().filter(|c| !matches!(c, '-' | '_' | ' '));
    Cow::Owned(letters.map(|c| c.to_ascii_lowercase()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_the_same_in_every_form() {
        for word in ["available", "Available", "AVAILABLE", " available "] {
            assert_eq!(agent_state(word), AgentState::Available, "{word}");
        }
        for word in ["wrap-up", "Wrap-Up", "WRAP_UP", "wrap up", "WrapUp"] {
            assert_eq!(agent_state(word), AgentState::WrapUp, "{word}");
        }
        for word in ["", "unavailable", "availabl\u{e9}", "avail"] {
            assert_eq!(agent_state(word), AgentState::Other, "{word}");
        }
        for word in ["RUNNING", "Running", "running"] {
            assert_eq!(activity(word), CampaignActivity::Running, "{word}");
        }
        assert_eq!(activity("paused"), CampaignActivity::Paused);
    }

    #[test]
    fn a_change_under_way_is_nobodys_status() {
        for (word, to) in [
            ("PAUSING", Direction::Pause),
            ("Stopping", Direction::Pause),
            ("DRAINING", Direction::Pause),
            ("RESUMING", Direction::Resume),
            ("starting", Direction::Resume),
        ] {
            assert_eq!(
                activity(word),
                CampaignActivity::Changing { to: Some(to) },
                "{word}"
            );
        }
    }

    #[test]
    fn other_words_are_never_commanded() {
        for word in ["STOPPED", "Completed"] {
            let meant = CampaignActivity::NotCommandable { word: word.into() };
            assert_eq!(activity(word), meant);
        }
        for word in ["ARCHIVED", "pause", ""] {
            let meant = CampaignActivity::Unknown { word: word.into() };
            assert_eq!(activity(word), meant);
        }
    }
}
