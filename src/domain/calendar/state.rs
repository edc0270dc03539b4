//! One calendar, and what it says of an instant.

use std::time::Duration;

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::domain::local_time::Zone;
use crate::domain::time::Timestamp;

use super::closure::Closure;
use super::days::Holiday;
use super::hours::WeeklyHours;
use super::name::ClosureName;

/// Nothing is looked for beyond a year and a leap day: what opens later is as good as closed for good.
const LOOK_AHEAD: Duration = Duration::from_secs(366 * 24 * 3600);

/// A time is told by its day of the week alone within this span, so that no day can be taken for the same one a week later.
const THIS_WEEK: Duration = Duration::from_secs(6 * 24 * 3600);

/// When campaigns may dial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The time zone of its hours and holidays.
    pub zone: Zone,
    /// The calling hours.
    pub hours: WeeklyHours,
    /// Days without any.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Spans without any.
    #[serde(default)]
    pub closures: Vec<Closure>,
}

/// What closes a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "name")]
pub enum ClosedBy {
    /// It is outside calling hours.
    Hours,
    /// A holiday.
    Holiday(ClosureName),
    /// A one-off closure.
    Closure(ClosureName),
}

impl ClosedBy {
    /// What closes it, for people.
    #[must_use]
    pub fn in_words(&self) -> String {
        let (kind, name) = match self {
            Self::Hours => return "outside calling hours".to_owned(),
            Self::Holiday(name) => ("holiday", name),
            Self::Closure(name) => ("closure", name),
        };
        if name.as_str().is_empty() {
            kind.to_owned()
        } else {
            format!("{kind} {name}")
        }
    }
}

/// What a calendar says of an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarState {
    /// What closes it; absent while it is open.
    pub closed_by: Option<ClosedBy>,
    /// When it opens, or closes, next; absent if that is not within a year.
    pub until: Option<Timestamp>,
}

impl CalendarState {
    /// Whether campaigns may dial.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_by.is_none()
    }
}

impl Calendar {
    /// What it says of `now`.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> CalendarState {
        let closed_by = self.closed_by(now);
        let horizon = now.plus(LOOK_AHEAD);
        let mut at = now;
        let mut change = self.clock_change_after(now);
        let until = loop {
            if change.is_some_and(|change| change <= at) {
                change = self.clock_change_after(at);
            }
            let Some(next) = self.edge_after(at, change).filter(|next| *next <= horizon) else {
                break None;
            };
            if self.closed_by(next).is_some() != closed_by.is_some() {
                break Some(next);
            }
            at = next;
        };
        CalendarState { closed_by, until }
    }

    /// Whether it is open at `now` or at any time within a year of it.
    #[must_use]
    pub fn opens_within_a_year(&self, now: Timestamp) -> bool {
        let state = self.state_at(now);
        state.is_open() || state.until.is_some()
    }

    /// What closes it at an instant. One that no calendar reaches is closed: nothing is dialled on a broken clock.
    fn closed_by(&self, at: Timestamp) -> Option<ClosedBy> {
        if let Some(closure) = self.closures.iter().find(|closure| closure.closes(at)) {
            return Some(ClosedBy::Closure(closure.name.clone()));
        }
        let Ok(instant) = jiff::Timestamp::from_millisecond(at.as_unix_millis()) else {
            return Some(ClosedBy::Hours);
        };
        let local = self.zone.rules().to_datetime(instant);
        let date = local.date();
        if let Some(name) = self.holidays.iter().find_map(|holiday| holiday.on(date)) {
            return Some(ClosedBy::Holiday(name));
        }
        (!self.hours.open_at(local)).then_some(ClosedBy::Hours)
    }

    /// The next instant at which anything may differ, given the next one at which the clocks of its zone change.
    fn edge_after(&self, at: Timestamp, change: Option<Timestamp>) -> Option<Timestamp> {
        let instant = jiff::Timestamp::from_millisecond(at.as_unix_millis()).ok()?;
        let (offset, local) = {
            let offset = self.zone.rules().to_offset(instant);
            (offset, offset.to_datetime(instant))
        };
        let next_local = match self.hours.next_edge(local) {
            Some(time) => local.date().to_datetime(time),
            None => local.date().tomorrow().ok()?.to_datetime(Time::midnight()),
        };
        let by_hours = offset.to_timestamp(next_local).ok()?;
        let by_hours = Timestamp::from_unix_millis(by_hours.as_millisecond());
        let closures = self.closures.iter();
        let ends = closures.flat_map(|closure| [closure.from, closure.to]);
        let ends = ends.filter(|end| *end > at);
        ends.chain(change).chain([by_hours]).min()
    }

    fn clock_change_after(&self, at: Timestamp) -> Option<Timestamp> {
        let instant = jiff::Timestamp::from_millisecond(at.as_unix_millis()).ok()?;
        let change = self.zone.rules().following(instant).next()?;
        // A change within a second is rounded up, so that the loop gets past it.
        Some(
            Timestamp::from_unix_millis(change.timestamp().as_millisecond())
                .max(at.plus(Duration::from_millis(1))),
        )
    }

    /// A state in words, as `closed until Mon 09:00 Europe/Berlin (outside calling hours)`.
    #[must_use]
    pub fn in_words(&self, state: &CalendarState, now: Timestamp) -> String {
        let until = state.until.map(|until| self.time_in_words(until, now));
        match (&state.closed_by, until) {
            (Some(by), Some(until)) => format!("closed until {until} ({})", by.in_words()),
            (Some(by), None) => format!("closed for more than a year ({})", by.in_words()),
            (None, Some(until)) => format!("open until {until}"),
            (None, None) => "open for more than a year".to_owned(),
        }
    }

    /// An instant on the clock of its zone, with the date unless it is within the week.
    fn time_in_words(&self, at: Timestamp, now: Timestamp) -> String {
        let Ok(instant) = jiff::Timestamp::from_millisecond(at.as_unix_millis()) else {
            return at.to_string();
        };
        let local = self.zone.rules().to_datetime(instant);
        let form = if at.since(now) <= THIS_WEEK {
            "%a %H:%M"
        } else {
            "%a %Y-%m-%d %H:%M"
        };
        format!("{} {}", local.strftime(form), self.zone.name())
    }
}
