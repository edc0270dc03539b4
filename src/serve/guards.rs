//! How a campaign stands under a guard, as a document.

use serde::{Deserialize, Serialize};

use crate::domain::guard::{Guard, GuardStanding};

/// How a period stands under a guard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GuardDocument {
    /// The guard's name.
    pub name: String,
    /// The preset that its data come from, if they do.
    pub preset: Option<String>,
    /// The first day of the period.
    pub period_from: String,
    /// Its last day.
    pub period_to: String,
    /// The zone on whose clock days begin.
    pub zone: String,
    /// Which calls count: `abandoned` or `unconnected`.
    pub numerator: String,
    /// Of which calls they are a share: `answered`, `abandoned+connected` or `dials`.
    pub denominator: String,
    /// The calls that count.
    pub counted: u64,
    /// The calls of which they are a share.
    pub calls: u64,
    /// The share; nothing of no calls.
    pub share: Option<f64>,
    /// Its one-sided 95% upper bound; nothing of no calls.
    pub share_upper: Option<f64>,
    /// The share that is allowed.
    pub limit: f64,
    /// How many more may count, by the calls so far; negative above the limit.
    pub budget: i64,
    /// How much of the period has passed and is known, in seconds.
    pub known_s: u64,
    /// How much of it has passed and is not known, in seconds. What came then is not among the calls.
    pub unknown_s: u64,
    /// For how long before the period calls may be among those that are counted, in seconds.
    pub carried_s: u64,
    /// `no_calls`, `few_calls`, `within`, `near` or `above`.
    pub state: String,
    /// The same in words.
    pub says: String,
}

impl GuardDocument {
    /// Describes how a period stands.
    #[must_use]
    pub fn new(guard: &Guard, standing: &GuardStanding) -> Self {
        let GuardStanding {
            span,
            begins: _,
            ends: _,
            counts: _,
            counted,
            whole,
            limit,
            share,
            upper,
            budget,
            known,
            unknown,
            carried,
            state,
        } = standing;
        Self {
            name: guard.name.clone(),
            preset: guard.preset.map(|preset| preset.name().to_owned()),
            period_from: span.first.to_string(),
            period_to: span.last.to_string(),
            zone: guard.zone.name().to_owned(),
            numerator: guard.numerator.label().to_owned(),
            denominator: guard.denominator.label().to_owned(),
            counted: *counted,
            calls: *whole,
            share: *share,
            share_upper: *upper,
            limit: limit.as_ratio(),
            budget: *budget,
            known_s: known.as_secs(),
            unknown_s: unknown.as_secs(),
            carried_s: carried.as_secs(),
            state: state.label().to_owned(),
            says: standing.to_string(),
        }
    }
}
