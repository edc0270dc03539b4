//! The figures of a queue that a calibration may change, and nothing else of it.

use serde::{Deserialize, Serialize};

use super::advice::{Advice, level, wait_s, waiters};
use super::member::{Member, Members};

/// A queue's wait, waiters and service level; what is not set, or cannot be read, is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Seconds that a caller may wait.
    pub max_wait_s: Option<u32>,
    /// Callers who may wait.
    pub max_waiters: Option<u32>,
    /// Which share is to be answered, and within which time.
    pub service_level: Option<LevelFigure>,
}

/// A service level in whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelFigure {
    /// Percent.
    pub percent: u32,
    /// Seconds.
    pub within_s: u32,
}

impl Figures {
    /// Returns the figures of a queue with these members.
    #[must_use]
    pub fn from_members(members: &Members) -> Self {
        let level = level(members).and_then(|level| {
            Some(LevelFigure {
                percent: u32::try_from(level.percent).ok()?,
                within_s: u32::try_from(level.within.as_secs()).ok()?,
            })
        });
        Self {
            max_wait_s: wait_s(members),
            max_waiters: waiters(members),
            service_level: level,
        }
    }

    /// Returns those of a queue's members that show its figures.
    #[must_use]
    pub fn members_among(members: &Members) -> Members {
        let figures = [Member::MaxWait, Member::MaxWaiters, Member::ServiceLevel];
        let shown = members
            .iter()
            .filter(|(member, _)| figures.contains(member));
        let shown = shown.map(|(member, setting)| (*member, setting.clone()));
        shown.collect()
    }

    /// Whether each figure equals that of one of the two.
    pub(super) fn combines(self, one: Self, other: Self) -> bool {
        let either = |found, a, b| found == a || found == b;
        either(self.max_wait_s, one.max_wait_s, other.max_wait_s)
            && either(self.max_waiters, one.max_waiters, other.max_waiters)
            && (self.service_level == one.service_level
                || self.service_level == other.service_level)
    }

    /// Returns what differs from `before`, for people.
    pub(super) fn differences_from(self, before: Self) -> Vec<String> {
        let shown = |figure: Option<u32>, unit: &str| {
            figure.map_or("nothing".to_owned(), |figure| format!("{figure}{unit}"))
        };
        let level = |figure: Option<LevelFigure>| {
            figure.map_or("nothing".to_owned(), |level| {
                format!("{}% within {} s", level.percent, level.within_s)
            })
        };
        let mut differences = Vec::new();
        let mut compare = |what: &str, was: String, is: String| {
            if was != is {
                differences.push(format!("{what} from {was} to {is}"));
            }
        };
        compare(
            "max_wait",
            shown(before.max_wait_s, " s"),
            shown(self.max_wait_s, " s"),
        );
        compare(
            "max_waiters",
            shown(before.max_waiters, ""),
            shown(self.max_waiters, ""),
        );
        compare(
            "service_level",
            level(before.service_level),
            level(self.service_level),
        );
        differences
    }
}

impl From<&Advice> for Figures {
    fn from(advice: &Advice) -> Self {
        Self {
            max_wait_s: advice.max_wait_s,
            max_waiters: advice.max_waiters,
            service_level: advice
                .service_level
                .map(|(percent, within_s)| LevelFigure { percent, within_s }),
        }
    }
}
