//! From figures to a change set that does not flap.
//!
//! *Bands.* `classic` steps at two utilisations. Which band a queue is in follows from the wait and the percentage that it has on the
//! platform, so that nothing has to be remembered, and a restart changes nothing.
//!
//! *Dead bands.* A figure that is only a little off what is in force stays: 15 s or a tenth of the wait, 2 waiters or a tenth of
//! them, 5 s of the service level's time, unless others are set. Its percentage moves whenever it differs, since it has two values.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::change::ChangeSet;
use super::classic::{Bands, Clamped, ClassicInputs};
use super::erlang::{Experience, Offered, ServiceTargets, SteadyState};
use super::member::{Member, Members, ServiceLevel, Setting};
use super::validate::{MAX_WAIT_S, MAX_WAITERS};

/// How far figures may be off a model's advice before they are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadBands {
    /// The wait, in seconds; a tenth of it if that is more.
    pub wait_s: u32,
    /// The waiters; a tenth of them if that is more.
    pub waiters: u32,
    /// The service level's time, in seconds.
    pub within_s: u32,
}

impl Default for DeadBands {
    /// 15 s, 2 waiters, 5 s.
    fn default() -> Self {
        Self {
            wait_s: 15,
            waiters: 2,
            within_s: 5,
        }
    }
}

/// The figures that a model advises for a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// Seconds that a caller may wait.
    pub max_wait_s: Option<u32>,
    /// Callers who may wait.
    pub max_waiters: Option<u32>,
    /// Percent, and seconds; absent where the model leaves the target alone.
    pub service_level: Option<(u32, u32)>,
    /// What was clamped, for people.
    pub clamps: Vec<String>,
}

/// The advice of `erlang_a` for a queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErlangAdvice {
    /// The offered load.
    pub offered: Offered,
    /// What callers experience with the agents there are; absent when the queue would grow for ever.
    pub as_it_is: Option<Experience>,
    /// What they would experience with the fewest agents that meet every target.
    pub staffed: Option<Experience>,
    /// The figures to write.
    pub advice: Advice,
}

/// Returns the bands that a queue with these members is in; calm where they do not show it.
#[must_use]
pub fn bands_in_force(inputs: &ClassicInputs, current: &Members) -> Bands {
    let (calm, busy) = (
        inputs.figures_in(Bands::default()),
        inputs.figures_in(Bands {
            busy: true,
            relaxed: false,
        }),
    );
    let written = |clamped: Option<Clamped>| clamped.map(|clamped| clamped.value);
    let now = wait_s(current);
    Bands {
        busy: now.is_some()
            && now == written(busy.clamped_wait(None))
            && now != written(calm.clamped_wait(None)),
        relaxed: level(current).is_some_and(|level| level.percent == 70),
    }
}

/// Computes the advice of `classic` for a queue with these members, clamped, in bands that do not flap.
#[must_use]
pub fn classic_advice(inputs: &ClassicInputs, current: &Members) -> Advice {
    let bands = bands_in_force(inputs, current).next(inputs.utilisation());
    let figures = inputs.figures_in(bands);
    let mut clamps = Vec::new();
    let mut take = |what: &str, clamped: Option<Clamped>| {
        let Clamped { value, clamp } = clamped?;
        clamps.extend(clamp.map(|clamp| format!("{what} {clamp}")));
        Some(value)
    };
    let max_wait_s = take("max_wait", figures.clamped_wait(wait_s(current)));
    let max_waiters = take("max_waiters", figures.clamped_waiters(waiters(current)));
    let percent = take("service_level percent", figures.clamped_percent());
    let within = take("service_level time", figures.clamped_within());
    Advice {
        max_wait_s,
        max_waiters,
        service_level: percent.zip(within),
        clamps,
    }
}

/// Computes the advice of `erlang_a` with so many agents. The wait and the waiters come from the agents there are or, where
/// those do not meet the targets, from the fewest that would: too few agents are not helped by a longer wait.
#[must_use]
pub fn erlang_advice(offered: Offered, agents: u32, targets: &ServiceTargets) -> ErlangAdvice {
    let now = offered.with_agents(agents);
    let as_it_is = now.as_ref().map(|state| state.experience(targets.within));
    let staffed = offered.least_agents(targets);
    let enough = staffed.is_some_and(|staffed| agents >= staffed.agents);
    let state = if enough {
        now
    } else {
        staffed.and_then(|staffed| offered.with_agents(staffed.agents))
    };
    let mut clamps = Vec::new();
    let wait = state
        .as_ref()
        .and_then(|state| state.overflow_wait_s(targets.outwaiting));
    let (least, most) = (
        u32::try_from(*MAX_WAIT_S.start()).unwrap_or(u32::MAX),
        u32::try_from(*MAX_WAIT_S.end()).unwrap_or(u32::MAX),
    );
    let max_wait_s = wait.map(|wait| bounded("max_wait", wait, least, most, &mut clamps));
    let (least, most) = (
        u32::try_from(*MAX_WAITERS.start()).unwrap_or(u32::MAX),
        u32::try_from(*MAX_WAITERS.end()).unwrap_or(u32::MAX),
    );
    let many = state
        .as_ref()
        .map(|state: &SteadyState| state.most_waiters(targets.overfull));
    let max_waiters = many.map(|many| bounded("max_waiters", many, least, most, &mut clamps));
    ErlangAdvice {
        offered,
        as_it_is,
        staffed,
        advice: Advice {
            max_wait_s,
            max_waiters,
            service_level: None,
            clamps,
        },
    }
}

/// How wide a dead band is around the value in force.
#[derive(Clone, Copy)]
enum DeadBand {
    /// So much, or a tenth of the value if that is more.
    AtLeast(u32),
    /// So much.
    Exactly(u32),
}

fn bounded(what: &str, value: u32, least: u32, most: u32, clamps: &mut Vec<String>) -> u32 {
    let written = value.clamp(least, most);
    if written != value {
        clamps.push(format!(
            "{what} {value} clamped to {written} (from {least} to {most})"
        ));
    }
    written
}

impl Advice {
    /// Returns what is worth writing, and what is held back because it is within its dead band, for people.
    #[must_use]
    pub fn change(&self, current: &Members, bands: &DeadBands) -> (ChangeSet, Vec<String>) {
        let mut change = ChangeSet::default();
        let mut held = Vec::new();
        if let Some(wanted) = self.max_wait_s {
            let setting = Setting::Time(Duration::from_secs(u64::from(wanted)));
            match within_band(wait_s(current), wanted, DeadBand::AtLeast(bands.wait_s)) {
                Some(now) => held.extend(held_back("max_wait", now, wanted, " s")),
                None => drop(change.members.insert(Member::MaxWait, setting)),
            }
        }
        if let Some(wanted) = self.max_waiters {
            let setting = Setting::Count(i64::from(wanted));
            match within_band(waiters(current), wanted, DeadBand::AtLeast(bands.waiters)) {
                Some(now) => held.extend(held_back("max_waiters", now, wanted, "")),
                None => drop(change.members.insert(Member::MaxWaiters, setting)),
            }
        }
        if let Some((percent, within)) = self.service_level {
            let now = level(current);
            let same = now.is_some_and(|now| now.percent == i64::from(percent));
            let time = now.and_then(|now| u32::try_from(now.within.as_secs()).ok());
            let stays =
                within_band(time, within, DeadBand::Exactly(bands.within_s)).filter(|_| same);
            if let Some(now) = stays {
                held.extend(held_back("service_level time", now, within, " s"));
            } else {
                let wanted = ServiceLevel {
                    percent: i64::from(percent),
                    within: Duration::from_secs(u64::from(within)),
                };
                let setting = Setting::ServiceLevel(wanted);
                change.members.insert(Member::ServiceLevel, setting);
            }
        }
        (change, held)
    }
}

/// Returns the value in force when the wanted one is within the dead band around it.
fn within_band(now: Option<u32>, wanted: u32, band: DeadBand) -> Option<u32> {
    let now = now?;
    let band = match band {
        DeadBand::AtLeast(band) => band.max(now / 10),
        DeadBand::Exactly(band) => band,
    };
    (now.abs_diff(wanted) <= band).then_some(now)
}

fn held_back(what: &str, now: u32, wanted: u32, unit: &str) -> Option<String> {
    (now != wanted)
        .then(|| format!("{what} stays {now}{unit}: {wanted}{unit} is within its dead band"))
}

pub(super) fn wait_s(members: &Members) -> Option<u32> {
    match members.get(&Member::MaxWait) {
        Some(Setting::Time(time)) => u32::try_from(time.as_secs()).ok(),
        Some(_) | None => None,
    }
}

pub(super) fn waiters(members: &Members) -> Option<u32> {
    match members.get(&Member::MaxWaiters) {
        Some(Setting::Count(count)) => u32::try_from(*count).ok(),
        Some(_) | None => None,
    }
}

pub(super) fn level(members: &Members) -> Option<ServiceLevel> {
    match members.get(&Member::ServiceLevel) {
        Some(Setting::ServiceLevel(level)) => Some(*level),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(active: f64) -> ClassicInputs {
        ClassicInputs {
            active,
            capacity: 50.0,
            coverage: None,
        }
    }

    /// The queue after what the advice for so many active interactions was written.
    fn written(active: f64, current: &Members) -> Members {
        let bands = DeadBands::default();
        let (change, _) = classic_advice(&inputs(active), current).change(current, &bands);
        super::super::overlaid(current, &change.members)
    }

    #[test]
    fn a_load_that_swings_around_a_line_moves_nothing() {
        let calm = written(10.0, &Members::new());
        assert_eq!(wait_s(&calm), Some(160));
        let busy = written(43.0, &calm);
        assert_eq!(wait_s(&busy), Some(220));
        assert_eq!(written(41.0, &busy), busy, "0.82 is above 0.80");
        assert_eq!(written(39.0, &busy), calm);
        let relaxed = written(46.0, &busy);
        assert_eq!(level(&relaxed).unwrap().percent, 70);
        assert_eq!(written(44.0, &relaxed), relaxed);
        assert_eq!(level(&written(42.0, &relaxed)).unwrap().percent, 85);
    }

    #[test]
    fn a_figure_that_is_a_little_off_stays_and_says_so() {
        let mut current = written(10.0, &Members::new());
        current.insert(Member::MaxWait, Setting::Time(Duration::from_secs(150)));
        current.insert(Member::MaxWaiters, Setting::Count(44));
        let bands = DeadBands::default();
        let (change, held) = classic_advice(&inputs(10.0), &current).change(&current, &bands);
        assert!(change.is_empty(), "{change:?}");
        assert_eq!(
            held,
            [
                "max_wait stays 150 s: 160 s is within its dead band",
                "max_waiters stays 44: 40 is within its dead band"
            ]
        );
    }

    #[test]
    fn too_few_agents_are_told_and_not_hidden_behind_a_longer_wait() {
        let offered = Offered {
            arrivals_per_s: 0.1,
            service_s: 240.0,
            patience_s: Some(180.0),
        };
        let found = erlang_advice(offered, 18, &ServiceTargets::default());
        let staffed = found.staffed.unwrap();
        assert!(staffed.agents > 18 && found.as_it_is.unwrap().service_level < 0.8);
        let enough = erlang_advice(offered, staffed.agents, &ServiceTargets::default());
        assert_eq!(found.advice, enough.advice);
        assert_eq!(found.advice.service_level, None);
    }
}
