//! A campaign's pace in the documents of the admin API.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::throttle::{DialRatio, IdleReserve, PaceReading, PaceSetting, ThrottleState};

/// What is remembered of how fast a campaign dials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThrottleDocument {
    /// Dials for each idle agent, as they were last read.
    pub dials: Option<f64>,
    /// What we set, while that is in force.
    pub stepped_down_to: Option<f64>,
    /// What is put back.
    pub original: Option<f64>,
    /// How many agents its dialler keeps idle, as it was last read.
    pub idle_reserve: Option<f64>,
    /// The idle reserve that we set, while that is in force.
    pub idle_reserve_set_to: Option<f64>,
    /// The idle reserve that is put back.
    pub original_idle_reserve: Option<f64>,
    /// Since when ours is in force.
    pub since: Option<String>,
    /// Whether a change was sent whose outcome is not known.
    pub change_open: bool,
    /// Since when the pace is left alone, because somebody else changed it; nothing once that is over a day ago.
    pub left_alone_since: Option<String>,
    /// Changes that were sent within the last hour.
    pub changes_this_hour: u32,
    /// The same in one sentence.
    pub says: String,
}

impl ThrottleDocument {
    /// Whether its pace is ours, or may be, so that the original is to be put back.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.original.is_some() || self.original_idle_reserve.is_some()
    }

    pub(super) fn of(throttle: &ThrottleState, now: Timestamp) -> Self {
        let stepped = throttle.stepped;
        let left_alone = throttle.left_alone_recently(now);
        let last = throttle.last.map(PaceReading::setting);
        let ours = stepped.map(|stepped| stepped.ours);
        let original = throttle.original();
        let dials = |setting: Option<PaceSetting>| {
            let dials = setting.and_then(PaceSetting::dials);
            dials.map(DialRatio::in_dials)
        };
        let kept_idle = |setting: Option<PaceSetting>| {
            let reserve = setting.and_then(PaceSetting::kept_idle);
            reserve.map(IdleReserve::in_agents)
        };
        Self {
            dials: dials(last),
            stepped_down_to: dials(ours),
            original: dials(original),
            idle_reserve: kept_idle(last),
            idle_reserve_set_to: kept_idle(ours),
            original_idle_reserve: kept_idle(original),
            since: stepped.map(|stepped| stepped.at.to_string()),
            change_open: throttle.open.is_some(),
            left_alone_since: left_alone.map(|since| since.to_string()),
            changes_this_hour: throttle.changes_this_hour(now),
            says: says(throttle, left_alone),
        }
    }
}

fn says(throttle: &ThrottleState, left_alone: Option<Timestamp>) -> String {
    if let Some(open) = throttle.open {
        return format!("a change to {} is open", open.to.in_words());
    }
    if let Some(stepped) = throttle.stepped {
        let original = stepped.original.number_and_unit().0;
        let verb = match stepped.ours {
            PaceSetting::Dials(_) => "stepped down to ",
            PaceSetting::KeptIdle(_) => "",
        };
        return format!("{verb}{}, from {original}", stepped.ours.in_words());
    }
    let dials = match throttle.last {
        Some(PaceReading::Dials { ratio, .. }) => format!("dials {ratio} for each idle agent"),
        Some(PaceReading::KeptIdle { reserve }) => format!("{reserve} agents kept idle"),
        None => "its pace was not read yet".to_owned(),
    };
    match left_alone {
        Some(since) => format!("{dials}, which somebody else set, seen at {since}"),
        None => dials,
    }
}
