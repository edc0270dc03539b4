//! How a period stands under a guard.

use std::fmt;
use std::time::Duration;

use crate::domain::outcomes::OutcomeCounts;
use crate::domain::time::Timestamp;

use super::day::{DayCounts, day_begins, day_of};
use super::limit::GuardLimit;
use super::period::DaySpan;
use super::rule::Guard;
use super::wilson::{float, wilson_upper};

/// How a period stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuardState {
    /// No call was counted.
    NoCalls,
    /// Too few calls to say anything.
    FewCalls,
    /// The upper bound of the share is within the limit.
    Within,
    /// The share is within the limit, its upper bound is not.
    Near,
    /// The share is above the limit.
    Above,
}

/// What a guard says of a campaign and a period.
#[derive(Clone, Debug, PartialEq)]
pub struct GuardStanding {
    /// The period.
    pub span: DaySpan,
    /// When it begins.
    pub begins: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
    /// Everything that was counted in it.
    pub counts: OutcomeCounts,
    /// The calls that count under the limit.
    pub counted: u64,
    /// The calls of which they are a share.
    pub whole: u64,
    /// The share that is allowed.
    pub limit: GuardLimit,
    /// The share; none of no calls.
    pub share: Option<f64>,
    /// The highest share that is compatible with what was counted.
    pub upper: Option<f64>,
    /// How many more the calls that were counted would bear; negative above the limit.
    pub budget: i64,
    /// How much of the period has passed and is known.
    pub known: Duration,
    /// How much of the period has passed and is not known.
    pub unknown: Duration,
    /// For how long before the period calls may be among the counts.
    pub carried: Duration,
    /// How it stands.
    pub state: GuardState,
}

impl GuardState {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::NoCalls,
        Self::FewCalls,
        Self::Within,
        Self::Near,
        Self::Above,
    ];

    /// Returns the label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NoCalls => "no_calls",
            Self::FewCalls => "few_calls",
            Self::Within => "within",
            Self::Near => "near",
            Self::Above => "above",
        }
    }
}

impl Guard {
    /// Returns the period that an instant is in; none before the first one.
    #[must_use]
    pub fn span_at(&self, at: Timestamp) -> Option<DaySpan> {
        self.period.containing(day_of(at, &self.zone)?)
    }

    /// Returns how a period stands at `now`. `days` are those of one campaign, on the clock of the guard's zone; those outside of the
    /// period are passed over.
    #[must_use]
    pub fn standing(&self, span: DaySpan, days: &[DayCounts], now: Timestamp) -> GuardStanding {
        let (begins, ends) = (span.begins(&self.zone), span.ends(&self.zone));
        let mut counts = OutcomeCounts::default();
        let mut known = 0_u64;
        let mut carried = 0_u64;
        let inside = |day: &&DayCounts| (span.first..=span.last).contains(&day.day);
        for day in days.iter().filter(inside) {
            counts = counts.plus(day.counts);
            if day.day == span.first {
                carried = day.carried_millis;
            }
            // What lies before the period is none of its time.
            let day_begins = day_begins(day.day, &self.zone);
            let before = day_begins.minus(Duration::from_millis(day.carried_millis));
            let before = day_begins.since(before.max(begins));
            let before = u64::try_from(before.as_millis()).unwrap_or(u64::MAX);
            known = known
                .saturating_add(day.known_millis)
                .saturating_add(before);
        }
        let passed = now.min(ends).since(begins);
        // More than has passed is known only where a clock was set back.
        let known = Duration::from_millis(known).min(passed);
        let (counted, whole) = (self.numerator.of(counts), self.denominator.of(counts));
        let state = if whole == 0 {
            GuardState::NoCalls
        } else if whole < self.least_calls {
            GuardState::FewCalls
        } else if self.limit.is_exceeded(counted, whole) {
            GuardState::Above
        } else if wilson_upper(counted, whole).is_some_and(|upper| upper > self.limit.as_ratio()) {
            GuardState::Near
        } else {
            GuardState::Within
        };
        GuardStanding {
            span,
            begins,
            ends,
            counts,
            counted,
            whole,
            limit: self.limit,
            share: (whole > 0).then(|| float(counted) / float(whole)),
            upper: wilson_upper(counted, whole),
            budget: self.limit.left_of(counted, whole),
            known,
            unknown: passed.saturating_sub(known),
            carried: Duration::from_millis(carried),
            state,
        }
    }
}

impl fmt::Display for GuardStanding {
    /// For people: `12 of 1204 calls (1.00%, up to 1.59%) of 3% allowed: within the limit, leaves 24 more; 2026-11-27`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (counted, whole, limit, span) = (self.counted, self.whole, self.limit, self.span);
        match (self.share, self.upper) {
            (Some(share), Some(upper)) => write!(
                f,
                "{counted} of {whole} calls ({:.2}%, up to {:.2}%) of {limit} allowed",
                share * 100.0,
                upper * 100.0
            )?,
            (None, _) | (_, None) => write!(f, "no call counted, {limit} allowed")?,
        }
        match self.state {
            GuardState::NoCalls => {}
            GuardState::FewCalls => f.write_str(": too few calls to tell")?,
            GuardState::Within => f.write_str(": within the limit")?,
            GuardState::Near => f.write_str(": near the limit")?,
            GuardState::Above => f.write_str(": above the limit")?,
        }
        match self.budget {
            _ if self.whole == 0 => {}
            more @ 0.. => write!(f, ", leaves {more} more")?,
            over => write!(f, ", {} too many", over.unsigned_abs())?,
        }
        write!(f, "; {span}")?;
        if let Some(unknown) = shown_unknown(self.unknown) {
            write!(f, ", of which {unknown} are unknown")?;
        }
        Ok(())
    }
}

/// Less than this is the age of the last reading, or the moment of a reset at midnight.
const SHOWN_FROM: Duration = Duration::from_secs(10 * 60);

/// Returns how much of a period is unknown, for people, where it is worth a word.
fn shown_unknown(unknown: Duration) -> Option<String> {
    if unknown < SHOWN_FROM {
        return None;
    }
    let minutes = unknown.as_secs().div_euclid(60).saturating_mul(60);
    let unknown = humantime::format_duration(Duration::from_secs(minutes));
    Some(unknown.to_string())
}
