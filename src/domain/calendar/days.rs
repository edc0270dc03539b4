//! Holidays: whole local days on which nothing is dialled.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::name::ClosureName;

/// A day of each year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum YearlyDay {
    /// A day of a month; one that a year does not have falls away in it.
    OfMonth {
        /// The month, 1 to 12.
        month: i8,
        /// The day, 1 to 31.
        day: i8,
    },
    /// The nth such weekday of a month, from its end where `nth` is negative.
    NthWeekday {
        /// The month, 1 to 12.
        month: i8,
        /// Which one, 1 to 5 or -1 to -5.
        nth: i8,
        /// The day of the week, 0 for Monday.
        weekday: i8,
    },
}

impl YearlyDay {
    /// Whether this is it.
    #[must_use]
    pub fn is(self, date: Date) -> bool {
        match self {
            Self::OfMonth { month, day } => date.month() == month && date.day() == day,
            Self::NthWeekday {
                month,
                nth,
                weekday,
            } => {
                let weekday = Weekday::from_monday_zero_offset(weekday).ok();
                let found = weekday.and_then(|weekday| {
                    date.first_of_month()
                        .nth_weekday_of_month(nth, weekday)
                        .ok()
                });
                date.month() == month && found == Some(date)
            }
        }
    }
}

/// Local days that are closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "on")]
pub enum Holiday {
    /// The days from one to another, both of them.
    Days {
        /// The first.
        first: Date,
        /// The last.
        last: Date,
        /// What they are called.
        name: ClosureName,
    },
    /// A day of each year.
    Yearly {
        /// The day.
        day: YearlyDay,
        /// The first on which it is one; always when absent.
        from: Option<Date>,
        /// The last on which it may be one; for ever when absent.
        until: Option<Date>,
        /// Days on which it is none.
        except: BTreeSet<Date>,
        /// What it is called.
        name: ClosureName,
    },
}

/// Why a text is no holiday.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no day, such as 2026-12-25, nor one of each year, such as 12-25")]
pub struct HolidayError(String);

impl FromStr for Holiday {
    type Err = HolidayError;

    /// Reads `2026-12-25`, `2026-12-25/2026-12-26` or, for each year, `12-25`; what follows is the name.
    fn from_str(text: &str) -> Result<Self, HolidayError> {
        let text = text.trim();
        let (day, name) = text.split_once(' ').unwrap_or((text, ""));
        let name = ClosureName::shortened(name);
        let wrong = || HolidayError(day.chars().take(40).collect());
        if day.len() == "12-25".len() {
            // A leap year knows every day that any year has.
            let date = date(&format!("2024-{day}")).ok_or_else(wrong)?;
            return Ok(Self::Yearly {
                day: YearlyDay::OfMonth {
                    month: date.month(),
                    day: date.day(),
                },
                from: None,
                until: None,
                except: BTreeSet::new(),
                name,
            });
        }
        let (first, last) = day.split_once('/').unwrap_or((day, day));
        let (first, last) = (
            date(first).ok_or_else(wrong)?,
            date(last).ok_or_else(wrong)?,
        );
        if last < first {
            return Err(wrong());
        }
        Ok(Self::Days { first, last, name })
    }
}

/// A date of this form and no other.
pub(super) fn date(text: &str) -> Option<Date> {
    let form = text.len() == "2026-12-25".len() && text.bytes().filter(|b| *b == b'-').count() == 2;
    form.then(|| text.parse().ok()).flatten()
}

impl Holiday {
    /// Whether it closes this day.
    #[must_use]
    pub fn closes(&self, date: Date) -> bool {
        self.on(date).is_some()
    }

    /// What it is called, if it closes this day.
    pub(super) fn on(&self, date: Date) -> Option<ClosureName> {
        match self {
            Self::Days { first, last, name } => {
                (*first <= date && date <= *last).then(|| name.clone())
            }
            Self::Yearly {
                day,
                from,
                until,
                except,
                name,
            } => {
                let within = from.is_none_or(|from| from <= date)
                    && until.is_none_or(|until| date <= until)
                    && !except.contains(&date);
                (within && day.is(date)).then(|| name.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closes(holiday: &str, date: &str) -> Option<String> {
        let holiday: Holiday = holiday.parse().unwrap();
        let name = holiday.on(date.parse().unwrap());
        name.map(String::from)
    }

    #[test]
    fn a_day_some_days_or_one_of_each_year() {
        let christmas = Some("Christmas Day".to_owned());
        assert_eq!(closes("2026-12-25 Christmas Day", "2026-12-25"), christmas);
        assert_eq!(closes("2026-12-25 Christmas Day", "2027-12-25"), None);
        assert_eq!(closes("12-25 Christmas Day", "2031-12-25"), christmas);
        assert_eq!(closes("12-25", "2031-12-26"), None);
        assert_eq!(
            closes("2026-12-24/2026-12-31", "2026-12-31"),
            Some(String::new())
        );
        assert_eq!(closes("2026-12-24/2026-12-31", "2027-01-01"), None);
        assert_eq!(closes("02-29 Leap", "2028-02-29"), Some("Leap".to_owned()));
        assert_eq!(closes("02-29 Leap", "2027-03-01"), None);
    }

    #[test]
    fn the_fourth_thursday_and_the_last_monday() {
        let yearly = |month, nth, weekday| YearlyDay::NthWeekday {
            month,
            nth,
            weekday,
        };
        let is = |day: YearlyDay, date: &str| day.is(date.parse().unwrap());
        assert!(is(yearly(11, 4, 3), "2026-11-26"));
        assert!(!is(yearly(11, 4, 3), "2026-11-19"));
        assert!(is(yearly(5, -1, 0), "2026-05-25"));
        assert!(!is(yearly(5, -1, 0), "2026-05-18"));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for wrong in [
            "",
            "2026-02-29",
            "25.12.2026",
            "13-01",
            "2026-1-5",
            "2026-12-26/2026-12-25",
            "20261225",
        ] {
            assert!(wrong.parse::<Holiday>().is_err(), "{wrong}");
        }
    }
}
