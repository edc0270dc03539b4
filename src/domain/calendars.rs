//! The calendars of a run, by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, CalendarState, ClosedBy};
use super::ids::CalendarId;
use super::policy::Policy;
use super::time::Timestamp;

/// Every calendar of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Calendars(BTreeMap<CalendarId, Calendar>);

/// What each calendar says of one instant. Campaigns share calendars, so that each is asked once a decision.
pub(crate) struct CalendarStates<'a>(BTreeMap<&'a CalendarId, CalendarState>);

/// What is said of a calendar that nobody knows: nothing is dialled on a name.
const UNKNOWN: CalendarState = CalendarState {
    closed_by: Some(ClosedBy::Hours),
    until: None,
};

impl FromIterator<(CalendarId, Calendar)> for Calendars {
    fn from_iter<I: IntoIterator<Item = (CalendarId, Calendar)>>(calendars: I) -> Self {
        Self(calendars.into_iter().collect())
    }
}

impl Calendars {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns each with its name.
    pub fn named(&self) -> impl Iterator<Item = (&CalendarId, &Calendar)> {
        self.0.iter()
    }

    /// Returns the calendar of a campaign with these rules, and its name.
    #[must_use]
    pub fn of(&self, policy: &Policy) -> Option<(&CalendarId, &Calendar)> {
        self.0.get_key_value(&policy.calendar.as_ref()?.calendar)
    }

    /// What the calendar of a campaign with these rules says; nothing where it has none.
    pub(crate) fn says(&self, policy: &Policy, now: Timestamp) -> Option<CalendarState> {
        let rule = policy.calendar.as_ref()?;
        let calendar = self.0.get(&rule.calendar);
        Some(calendar.map_or(UNKNOWN, |calendar| calendar.state_at(now)))
    }

    /// What each says of `now`.
    pub(crate) fn states_at(&self, now: Timestamp) -> CalendarStates<'_> {
        let states = self.0.iter();
        CalendarStates(
            states
                .map(|(name, calendar)| (name, calendar.state_at(now)))
                .collect(),
        )
    }
}

impl CalendarStates<'_> {
    /// What the calendar of a campaign with these rules says; nothing where it has none.
    pub(crate) fn of(&self, policy: &Policy) -> Option<CalendarState> {
        let rule = policy.calendar.as_ref()?;
        Some(self.0.get(&rule.calendar).cloned().unwrap_or(UNKNOWN))
    }
}
