//! A campaign's pace in the documents of the admin API.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;
use crate::domain::throttle::{DialRatio, ThrottleState};

/// What is remembered of how fast a campaign dials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThrottleDocument {
    /// Dials for each idle agent, as they were last read.
    pub dials: Option<f64>,
    /// What we set, while that is in force.
    pub stepped_down_to: Option<f64>,
    /// What is put back.
    pub original: Option<f64>,
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
    pub(super) fn of(throttle: &ThrottleState, now: Timestamp) -> Self {
        let stepped = throttle.stepped;
        let left_alone = throttle.left_alone_recently(now);
        Self {
            dials: throttle.last.map(|reading| reading.ratio.in_dials()),
            stepped_down_to: stepped.map(|stepped| stepped.ours.in_dials()),
            original: throttle.original().map(DialRatio::in_dials),
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
        return format!("a change to {} dials for each idle agent is open", open.to);
    }
    if let Some(stepped) = throttle.stepped {
        let (ours, original) = (stepped.ours, stepped.original);
        return format!("stepped down to {ours} dials for each idle agent, from {original}");
    }
    let dials = match throttle.last {
        Some(reading) => format!("dials {} for each idle agent", reading.ratio),
        None => "its pace was not read yet".to_owned(),
    };
    match left_alone {
        Some(since) => format!("{dials}, which somebody else set, seen at {since}"),
        None => dials,
    }
}
