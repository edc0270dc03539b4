//! A made-up working day, 2024-05-15 from 08:00 to 18:00 UTC, in which all that matters happens once.
//!
//! About 40 people arrive until 08:30. Inbound calls surge from 10:15 to 10:45 and leave 0 to 4 of them
//! available; at lunch, 12:00 to 13:10, the number hovers at 3 to 9; the afternoon is calm at 10 to 18
//! but for a dip at 16:10; from 17:30 on they leave. Between those it walks at random around the curve,
//! drawn back to it.

use std::time::Duration;

use super::faults::Endpoint;
use super::script::{Happening, What};
use super::time::SimTime;

/// 2024-05-15T00:00:00Z.
const MIDNIGHT: SimTime = SimTime::from_unix_millis(1_715_731_200_000);

/// Short against any dwell a policy asks for, long enough for a day to be 1,800 steps.
const STEP: Duration = Duration::from_secs(20);

/// The walk counts in thousandths of an agent, so that it is whole numbers and the same everywhere.
const ONE_AGENT: i64 = 1_000;

/// The largest push of one step. With `PULL` it spreads the number by about two agents either way,
/// which crosses the edges of a narrow band many times in a lunch hour.
const PUSH: i64 = 2_000;

/// Each step goes back this fraction (one in so many) of the way to the curve; a tenfold change of the
/// curve is followed within three minutes.
const PULL: i64 = 5;

const OPENS: u64 = at(8, 0);
const ALL_IN: u64 = at(8, 30);
const LEAVING: u64 = at(17, 30);
const CLOSES: u64 = at(18, 0);

/// From its minute of the day on, the number is drawn to `target` and kept within `low..=high`.
struct Band {
    from: u64,
    target: i64,
    low: i64,
    high: i64,
}

/// The bands of two to five minutes before and after each dip let the number slide instead of jump.
const CURVE: [Band; 13] = [
    Band {
        from: OPENS,
        target: 14,
        low: 0,
        high: 18,
    },
    Band {
        from: ALL_IN,
        target: 14,
        low: 9,
        high: 19,
    },
    Band {
        from: at(10, 11),
        target: 2,
        low: 0,
        high: 19,
    },
    Band {
        from: at(10, 15),
        target: 2,
        low: 0,
        high: 4,
    },
    Band {
        from: at(10, 45),
        target: 14,
        low: 0,
        high: 19,
    },
    Band {
        from: at(10, 49),
        target: 14,
        low: 9,
        high: 19,
    },
    Band {
        from: at(11, 57),
        target: 6,
        low: 3,
        high: 19,
    },
    Band {
        from: at(12, 0),
        target: 6,
        low: 3,
        high: 9,
    },
    Band {
        from: at(13, 10),
        target: 14,
        low: 3,
        high: 18,
    },
    Band {
        from: at(13, 14),
        target: 14,
        low: 10,
        high: 18,
    },
    Band {
        from: at(16, 6),
        target: 3,
        low: 0,
        high: 18,
    },
    Band {
        from: at(16, 14),
        target: 14,
        low: 0,
        high: 18,
    },
    Band {
        from: at(16, 20),
        target: 14,
        low: 10,
        high: 18,
    },
];

/// The day's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingDay {
    /// How many people work there. Below about 20 the curve cannot be followed.
    pub staff: u32,
    /// What else happens, in time order.
    pub happenings: Vec<Happening>,
}

impl WorkingDay {
    /// When the first people arrive.
    #[must_use]
    pub fn start() -> SimTime {
        minute(OPENS)
    }

    /// When the last people leave.
    #[must_use]
    pub fn end() -> SimTime {
        minute(CLOSES)
    }
}

impl Default for WorkingDay {
    /// 40 people; a person pauses the first campaign at 14:00 and resumes it at 14:35; the list of
    /// agents cannot be read from 15:10 to 15:18.
    fn default() -> Self {
        let back = minute(at(15, 18));
        let person = |status: &str| What::PersonSets {
            status: status.to_owned(),
        };
        let happenings = vec![
            Happening {
                at: minute(at(14, 0)),
                what: person("PAUSED"),
            },
            Happening {
                at: minute(at(14, 35)),
                what: person("RUNNING"),
            },
            Happening {
                at: minute(at(15, 10)),
                what: What::Outage {
                    endpoint: Endpoint::Agents,
                    until: back,
                },
            },
            Happening {
                at: back,
                what: What::OutageOver {
                    endpoint: Endpoint::Agents,
                },
            },
        ];
        Self {
            staff: 40,
            happenings,
        }
    }
}

/// The walk through the day, a step at a time.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    staff: u32,
    next: u64,
    level: i64,
}

/// The numbers in force from a moment on.
pub(super) struct Headcount {
    pub(super) at: SimTime,
    pub(super) staffed: usize,
    pub(super) available: usize,
}

impl Walk {
    pub(super) fn new(staff: u32) -> Self {
        Self {
            staff,
            next: 0,
            level: 0,
        }
    }

    /// The next step, when its time has come by `now`.
    pub(super) fn step(&mut self, now: SimTime, rng: &mut fastrand::Rng) -> Option<Headcount> {
        let second = OPENS * 60 + self.next * STEP.as_secs();
        let at = MIDNIGHT.plus(Duration::from_secs(second));
        if second > CLOSES * 60 || at > now {
            return None;
        }
        self.next += 1;
        let staffed = self.staffed(second);
        let current = second / 60;
        let band = CURVE.iter().rfind(|band| band.from <= current)?;
        let push = rng.i64(-PUSH..=PUSH);
        self.level += (band.target * ONE_AGENT - self.level) / PULL + push;
        // Nobody can be asked to be available before arriving, so the floor gives way to the staff.
        let high = band.high.min(staffed) * ONE_AGENT;
        self.level = self.level.clamp((band.low * ONE_AGENT).min(high), high);
        let available = (self.level + ONE_AGENT / 2) / ONE_AGENT;
        let whole = |number: i64| usize::try_from(number).unwrap_or(0);
        Some(Headcount {
            at,
            staffed: whole(staffed),
            available: whole(available),
        })
    }

    fn staffed(&self, second: u64) -> i64 {
        let full = (ALL_IN - OPENS) * 60;
        let arrived = second.saturating_sub(OPENS * 60).min(full);
        let left = second.saturating_sub(LEAVING * 60).min(full);
        i64::try_from(u64::from(self.staff) * (arrived - left) / full).unwrap_or(0)
    }
}

const fn at(hour: u64, minute: u64) -> u64 {
    hour * 60 + minute
}

fn minute(of_the_day: u64) -> SimTime {
    MIDNIGHT.plus(Duration::from_secs(of_the_day * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(from: u64, to: u64, seed: u64) -> Vec<usize> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut walk = Walk::new(WorkingDay::default().staff);
        let steps = std::iter::from_fn(|| walk.step(WorkingDay::end(), &mut rng));
        let within = steps.filter(|step| step.at >= minute(from) && step.at < minute(to));
        within.map(|step| step.available).collect()
    }

    #[test]
    fn the_day_has_its_dips_whatever_the_seed() {
        for seed in 0..50 {
            assert!(
                between(at(9, 0), at(10, 11), seed)
                    .iter()
                    .all(|n| (9..=19).contains(n))
            );
            assert!(
                between(at(10, 15), at(10, 45), seed)
                    .iter()
                    .all(|n| *n <= 4)
            );
            assert!(
                between(at(12, 0), at(13, 10), seed)
                    .iter()
                    .all(|n| (3..=9).contains(n))
            );
            assert!(
                between(at(13, 20), at(16, 6), seed)
                    .iter()
                    .all(|n| (10..=18).contains(n))
            );
            assert!(between(at(16, 6), at(16, 20), seed).iter().any(|n| *n <= 4));
            assert!(
                between(at(16, 30), at(17, 30), seed)
                    .iter()
                    .all(|n| *n >= 10)
            );
        }
    }

    #[test]
    fn lunch_hovers() {
        let lunch = between(at(12, 0), at(13, 10), 7);
        assert!(
            lunch.iter().any(|n| *n <= 4) && lunch.iter().any(|n| *n >= 8),
            "{lunch:?}"
        );
    }

    #[test]
    fn people_arrive_and_leave() {
        let walk = Walk::new(40);
        let staffed = |hour, minute| walk.staffed(at(hour, minute) * 60);
        assert_eq!([staffed(8, 0), staffed(8, 15), staffed(8, 30)], [0, 20, 40]);
        assert_eq!(
            [staffed(17, 30), staffed(17, 45), staffed(18, 0)],
            [40, 20, 0]
        );
        assert_eq!(WorkingDay::start().rfc3339(), "2024-05-15T08:00:00.000Z");
    }
}
