//! How a policy would have stood under a limit on abandoned calls.

use std::str::FromStr;

use serde::Serialize;

use crate::domain::guard::{
    Denominator, GuardLimit, GuardPeriod, Numerator, Preset, WrittenPeriod, least_sample,
};
use crate::domain::outcomes::OutcomeCounts;
use crate::simulator::CentreFigures;

/// A limit over so many successive days, for each campaign on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedGuard {
    /// As it was given.
    pub name: String,
    limit: GuardLimit,
    denominator: Denominator,
    /// The days of a period; at least one.
    days: usize,
}

/// How often the limit was exceeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuardTrial {
    /// The guard as it was given.
    pub guard: String,
    /// Whole periods of the campaigns.
    pub periods: usize,
    /// Those with too few calls to tell.
    pub few_calls: usize,
    /// Those of the others in which more calls were abandoned than it allows.
    pub above: usize,
}

/// The days of a period where none is given.
const SUCCESSIVE: usize = 30;

/// The longest period.
const MOST_DAYS: usize = 366;

impl FromStr for TriedGuard {
    type Err = String;

    /// Reads a preset that names a limit and a period of days (`us-ftc`), or both (`3%/1d`; without days it is thirty).
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(preset) = Preset::named(text) {
            return Self::of_preset(text, preset).ok_or_else(|| {
                format!("`{text}` names no limit over days; give one, such as 3%/1d")
            });
        }
        let wrong = || {
            let presets = Preset::ALL.into_iter();
            let presets = presets.filter(|preset| Self::of_preset("", *preset).is_some());
            let presets: Vec<&str> = presets.map(Preset::name).collect();
            format!(
                "`{text}`: give a limit with days, such as 3%/1d, or one of {}",
                presets.join(", ")
            )
        };
        let (limit, days) = text.split_once('/').unwrap_or((text, "30d"));
        let days = days.strip_suffix('d').and_then(|days| days.parse().ok());
        let days = days.filter(|days| (1..=MOST_DAYS).contains(days));
        Ok(Self {
            name: text.to_owned(),
            limit: limit.parse().map_err(|_| wrong())?,
            denominator: Denominator::AbandonedAndConnected,
            days: days.ok_or_else(wrong)?,
        })
    }
}

impl TriedGuard {
    fn of_preset(name: &str, preset: Preset) -> Option<Self> {
        let facts = preset.facts();
        let days = match facts.period?.0 {
            WrittenPeriod::Successive => SUCCESSIVE,
            WrittenPeriod::Whole(GuardPeriod::Day) => 1,
            WrittenPeriod::Whole(_) => return None,
        };
        Some(Self {
            name: name.to_owned(),
            limit: facts.limit?.0,
            denominator: facts.denominator?.0,
            days,
        })
    }

    /// The days of a period.
    #[must_use]
    pub fn days(&self) -> usize {
        self.days
    }

    /// Compares each campaign's successive periods with the limit. Days that are left over are in none.
    #[must_use]
    pub fn over(&self, days: &[CentreFigures]) -> GuardTrial {
        let campaigns = days.first().map_or(0, |day| day.campaigns.len());
        let mut trial = GuardTrial {
            guard: self.name.clone(),
            periods: 0,
            few_calls: 0,
            above: 0,
        };
        for period in days.chunks_exact(self.days.max(1)) {
            for campaign in 0..campaigns {
                let counts = counted(period, campaign);
                let whole = self.denominator.of(counts);
                let abandoned = Numerator::Abandoned.of(counts);
                trial.periods += 1;
                if whole < least_sample(self.limit) {
                    trial.few_calls += 1;
                } else if self.limit.is_exceeded(abandoned, whole) {
                    trial.above += 1;
                }
            }
        }
        trial
    }
}

fn counted(period: &[CentreFigures], campaign: usize) -> OutcomeCounts {
    let days = period.iter().filter_map(|day| day.campaigns.get(campaign));
    days.fold(OutcomeCounts::default(), |sum, day| {
        sum.plus(OutcomeCounts {
            dials: day.dials,
            answered: day.answered,
            connected: day.connected,
            abandoned: day.abandoned,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::CampaignFigures;

    fn day(connected: u64, abandoned: u64) -> CentreFigures {
        let campaign = CampaignFigures {
            answered: connected + abandoned,
            connected,
            abandoned,
            ..CampaignFigures::default()
        };
        CentreFigures {
            hours: 8.0,
            agent_hours: [0.0; 7],
            queues: Vec::new(),
            campaigns: vec![campaign],
        }
    }

    #[test]
    fn each_whole_period_is_compared_and_few_calls_tell_nothing() {
        let guard: TriedGuard = "3%/2d".parse().unwrap();
        // 4% of 2,000 calls, 1.5% of 2,000, two calls, and a day that is left over.
        let days = [
            day(960, 40),
            day(960, 40),
            day(1_000, 0),
            day(970, 30),
            day(1, 0),
            day(0, 1),
            day(0, 1_000),
        ];
        let trial = guard.over(&days);
        assert_eq!((trial.periods, trial.few_calls, trial.above), (3, 1, 1));
    }

    #[test]
    fn presets_and_limits_are_read_and_others_refused() {
        let read = |text: &str| text.parse::<TriedGuard>();
        assert_eq!(read("us-ftc").unwrap().days(), 30);
        assert_eq!(read("uk-ofcom-2010").unwrap().days(), 1);
        assert_eq!(read("0.5%").unwrap().days(), 30);
        for (text, part) in [
            ("uk-ofcom", "no limit"),
            ("ca-crtc", "no limit"),
            ("3%/0d", "3%/1d"),
            ("3%/1w", "3%/1d"),
            ("three", "us-ftc"),
        ] {
            let wrong = read(text).unwrap_err();
            assert!(wrong.contains(part), "{text}: {wrong}");
        }
    }
}
