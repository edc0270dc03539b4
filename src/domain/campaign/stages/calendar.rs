//! The calendar: outside calling hours nothing is resumed, and what runs is paused, whatever else is said of the campaign.

use serde::{Deserialize, Serialize};

use crate::domain::belief::HoldKind;
use crate::domain::calendar::CalendarState;
use crate::domain::policy::CalendarRule;
use crate::domain::status::Direction;

use super::hold::HoldVerdict;
use super::status::BelievedStatus;

/// What a campaign's calendar says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarVerdict {
    /// Whether it is open, and until when.
    #[serde(flatten)]
    pub state: CalendarState,
    /// It is the whole rule: no agents count.
    #[serde(default)]
    pub alone: bool,
    /// What it asks for.
    pub asks: Option<Direction>,
}

impl CalendarVerdict {
    pub(super) fn evaluate(
        rule: &CalendarRule,
        state: CalendarState,
        status: BelievedStatus,
    ) -> Self {
        let asks = match (status.running(), state.is_open()) {
            (Some(true), false) => Some(Direction::Pause),
            (Some(false), true) => rule.alone.then_some(Direction::Resume),
            (Some(true), true) | (Some(false), false) | (None, _) => None,
        };
        Self {
            state,
            alone: rule.alone,
            asks,
        }
    }

    /// What it keeps from being resumed, given the hold in force and what the agents ask for.
    pub(super) fn holds_back(
        &self,
        hold: Option<HoldVerdict>,
        agents_ask: Option<Direction>,
    ) -> Option<Direction> {
        match hold.map(|hold| hold.kind) {
            Some(HoldKind::Running) => Some(Direction::Resume),
            Some(HoldKind::Paused | HoldKind::AsIs) => None,
            None if self.alone => Some(Direction::Resume),
            None => agents_ask,
        }
    }
}
