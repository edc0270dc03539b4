//! The alert of an unproven pause: agents are idle, and nobody can say whose pause it is.
//!
//! *Raised* once for each such pause, at the first decision that would resume the campaign if the pause were ours. *Ended* once,
//! when the pause is over or somebody's. Both survive a restart, so that a receiver is notified of neither twice.
//!
//! *Neither* while the campaign cannot be read: that says nothing of its pause.

use serde::{Deserialize, Serialize};

use crate::domain::belief::{Belief, Doubt, PauseOwner};

use super::ownership::Campaign;

/// What became of an unproven pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnprovenEnd {
    /// The campaign dials.
    Running,
    /// The pause is the autopilot's.
    Autopilot,
    /// The pause is a person's.
    Person,
    /// The campaign is in a state that is never commanded.
    Stopped,
}

impl UnprovenEnd {
    /// Returns the word for logs, messages and the audit.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Autopilot => "autopilot",
            Self::Person => "person",
            Self::Stopped => "stopped",
        }
    }

    /// Returns what became of an unproven pause that this is believed of now; `None` means that it is not over.
    fn from_belief(belief: &Belief) -> Option<Self> {
        match belief {
            Belief::Running => Some(Self::Running),
            Belief::Paused(PauseOwner::Autopilot { .. }) => Some(Self::Autopilot),
            Belief::Paused(PauseOwner::Person) => Some(Self::Person),
            Belief::Other { .. } => Some(Self::Stopped),
            Belief::Paused(PauseOwner::Unproven { .. })
            | Belief::Unread
            | Belief::Missing { .. } => None,
        }
    }
}

/// A change of the alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnprovenAlert {
    /// It is raised.
    Raised(Doubt),
    /// It has ended.
    Ended(UnprovenEnd),
}

impl Campaign {
    /// Raises or ends the alert at a decision; `doubt` is there while agents are idle because of it.
    pub(crate) fn alert_unproven(&mut self, doubt: Option<Doubt>) -> Option<UnprovenAlert> {
        if self.state.unproven_alerted {
            let end = UnprovenEnd::from_belief(&self.state.belief)?;
            self.state.unproven_alerted = false;
            return Some(UnprovenAlert::Ended(end));
        }
        let doubt = doubt?;
        self.state.unproven_alerted = true;
        Some(UnprovenAlert::Raised(doubt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::campaign::CampaignState;
    use crate::domain::policy::Policy;
    use crate::domain::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_715_783_530_000);
    const DOUBT: Doubt = Doubt::Touched;

    fn unproven() -> Campaign {
        let state = CampaignState {
            belief: Belief::Paused(PauseOwner::Unproven { doubt: DOUBT }),
            ..CampaignState::unread(NOW)
        };
        Campaign::new(Policy::default(), 0, state)
    }

    #[test]
    fn it_is_raised_once_and_ended_once() {
        for (belief, end) in [
            (Belief::Running, UnprovenEnd::Running),
            (Belief::Paused(PauseOwner::Person), UnprovenEnd::Person),
            (
                Belief::Paused(PauseOwner::Autopilot { version: None }),
                UnprovenEnd::Autopilot,
            ),
            (
                Belief::Other {
                    word: "STOPPED".to_owned(),
                },
                UnprovenEnd::Stopped,
            ),
        ] {
            let mut campaign = unproven();
            assert_eq!(campaign.alert_unproven(None), None, "nobody stands idle");
            let raised = campaign.alert_unproven(Some(DOUBT));
            assert_eq!(raised, Some(UnprovenAlert::Raised(DOUBT)));
            assert_eq!(campaign.alert_unproven(Some(DOUBT)), None);
            assert_eq!(
                campaign.alert_unproven(None),
                None,
                "the pause is still there"
            );
            campaign.believe(belief, NOW);
            assert_eq!(
                campaign.alert_unproven(None),
                Some(UnprovenAlert::Ended(end))
            );
            assert_eq!(campaign.alert_unproven(None), None);
        }
    }

    #[test]
    fn an_alert_outlives_a_restart_and_a_campaign_that_is_away() {
        let mut campaign = unproven();
        assert!(campaign.alert_unproven(Some(DOUBT)).is_some());
        let stored = serde_json::to_string(campaign.state()).unwrap();
        let restored = serde_json::from_str(&stored).unwrap();
        let mut campaign = Campaign::new(Policy::default(), 0, restored);
        assert_eq!(campaign.alert_unproven(Some(DOUBT)), None);
        let missing = Belief::Missing {
            recheck_at: NOW,
            ours: false,
            unproven: Some(DOUBT),
        };
        campaign.believe(missing, NOW);
        assert_eq!(campaign.alert_unproven(None), None);
        campaign.believe(Belief::Running, NOW);
        let ended = UnprovenAlert::Ended(UnprovenEnd::Running);
        assert_eq!(campaign.alert_unproven(None), Some(ended));
    }
}
