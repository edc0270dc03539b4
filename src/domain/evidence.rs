//! By what a platform shows whose change a change was, and how long its changes take to show.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::status::{Direction, StatusReading};

/// What a platform reports of its changes, from the strongest evidence to the weakest. A dialect states it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A command is carried out only on the version that it names, and its answer has the new version.
    ConditionalWrite,
    /// The platform names who made a change.
    Author,
    /// A version differs after every change.
    Version,
    /// The time of the last change.
    ChangedAt,
    /// Nothing but what our own readings show one after the other.
    OwnReadings,
}

impl Evidence {
    /// Returns the word for logs, status and the audit.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ConditionalWrite => "conditional_write",
            Self::Author => "author",
            Self::Version => "version",
            Self::ChangedAt => "changed_at",
            Self::OwnReadings => "own_readings",
        }
    }
}

/// How long after its acknowledgement a command may still be on its way to showing in the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// Most commands show within this time; reading back waits for it.
    pub usual: Duration,
    /// A command that has not shown by then has had no effect.
    pub longest: Duration,
    /// That of a resume, where it is another one: a pause may last as long as the calls that it lets end, and a resume waits for
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_resume: Option<Duration>,
}

impl Settling {
    /// Returns how long a command in this direction may take to show.
    #[must_use]
    pub fn longest_to(self, direction: Direction) -> Duration {
        match direction {
            Direction::Pause => self.longest,
            Direction::Resume => self.longest_resume.unwrap_or(self.longest),
        }
    }
}

/// What the domain has to know of a platform, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformTraits {
    /// By what the platform shows whose change a change was.
    pub evidence: Evidence,
    /// How long its commands settle.
    pub settling: Settling,
    /// A resume has to say what the campaign dialled by before the pause.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restores: bool,
    /// A resume begins at one dial for each idle agent, and puts back after so long what the campaign dialled by before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged_resume: Option<Duration>,
    /// Nobody can log into a campaign while it is paused by us, so that a pause for want of agents can keep itself up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bars_log_in: bool,
}

impl Default for PlatformTraits {
    /// Those of the first release, whose recorded inputs name none.
    fn default() -> Self {
        Self {
            evidence: Evidence::ChangedAt,
            settling: Settling {
                usual: Duration::from_secs(1),
                longest: Duration::from_secs(60),
                longest_resume: None,
            },
            restores: false,
            staged_resume: None,
            bars_log_in: false,
        }
    }
}

/// What the readings of a start show of when campaigns were changed last: weak evidence is told before anything rests on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvidenceSurvey {
    /// By what it is decided there.
    by: Evidence,
    /// Readings that tell a time, and those among them that tell whole seconds.
    timed: (u32, u32),
    /// Readings that tell neither a time nor a version.
    bare: u32,
}

impl EvidenceSurvey {
    /// One that nothing was counted in, for a platform where this decides.
    #[must_use]
    pub fn by(by: Evidence) -> Self {
        Self {
            by,
            timed: (0, 0),
            bare: 0,
        }
    }

    /// Counts one reading.
    pub fn note(&mut self, reading: &StatusReading) {
        let count = |number: &mut u32| *number = number.saturating_add(1);
        if let Some(at) = reading.updated_at {
            count(&mut self.timed.0);
            if at.as_unix_millis().rem_euclid(1_000) == 0 {
                count(&mut self.timed.1);
            }
        } else if reading.version.is_none() {
            count(&mut self.bare);
        }
    }

    /// Whether anything was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::by(self.by)
    }

    /// Returns why whose a pause is rests on weak evidence there, where it does.
    #[must_use]
    pub fn weakness(&self) -> Option<&'static str> {
        let (timed, whole) = self.timed;
        if timed == 0 && self.bare > 0 {
            Some("the platform does not show when a campaign was changed last")
        } else if timed > 0 && timed == whole && !self.by_more_than_a_time() {
            Some("the platform shows in whole seconds when a campaign was changed last")
        } else {
            None
        }
    }

    /// Whether a time decides nothing there, because authors or versions do.
    fn by_more_than_a_time(&self) -> bool {
        match self.by {
            Evidence::ConditionalWrite | Evidence::Author | Evidence::Version => true,
            Evidence::ChangedAt | Evidence::OwnReadings => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CampaignActivity, Timestamp};

    fn survey(by: Evidence, readings: &[(Option<i64>, bool)]) -> EvidenceSurvey {
        let mut survey = EvidenceSurvey::by(by);
        for (updated_at, versioned) in readings {
            let now = Timestamp::from_unix_millis(1_800_000_000_123);
            let word = "RUNNING".to_owned();
            survey.note(&StatusReading {
                updated_at: updated_at.map(Timestamp::from_unix_millis),
                version: versioned.then(|| "7".to_owned()),
                ..StatusReading::without_evidence(CampaignActivity::Running, word, now)
            });
        }
        survey
    }

    #[test]
    fn times_in_whole_seconds_and_none_at_all_are_weak_evidence() {
        let by =
            |evidence, readings: &[_]| survey(evidence, readings).weakness().unwrap_or_default();
        let weak = |readings: &[_]| by(Evidence::ChangedAt, readings);
        assert!(weak(&[(None, false), (None, false)]).contains("does not show"));
        let whole = [
            (Some(1_700_000_000_000), true),
            (Some(1_700_000_005_000), true),
        ];
        assert!(weak(&whole).contains("whole seconds"));
        // Where a number of its own or an author tells changes apart, the time does not matter.
        assert_eq!(by(Evidence::Author, &whole), "");
        // One that is finer shows that the others fell on a second by chance.
        assert_eq!(weak(&[whole[0], (Some(1_700_000_005_001), true)]), "");
        // A version that is no time still differs after every change.
        assert_eq!(weak(&[(None, true)]), "");
        let empty = survey(Evidence::ChangedAt, &[]);
        assert!(empty.is_empty() && empty.weakness().is_none());
    }
}
