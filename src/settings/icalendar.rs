//! Holidays and closures from an iCalendar file (RFC 5545).
//!
//! *Read* are events: a whole day, or from a time to a time; with an end, a duration or neither; once, or each year by a simple rule
//! with its exceptions. An event that is cancelled is none.
//!
//! *Refused*, with its line, is what closes anything else than these: a half-understood calendar would dial on a holiday. A property
//! that says nothing of the time, a time zone's own rules (the IANA zone of that name is used) and alarms are passed over.
//!
//! *Why not a crate.* Those that are kept up build on `chrono`, where everything here builds on `jiff`, and pass over what they do not
//! know; none tells in which line of the file it met it. What is left to write after any of them is nearly all of this file.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, Weekday};

use crate::domain::calendar::{Closure, ClosureEnd, ClosureName, Holiday, YearlyDay, instant};
use crate::domain::{Timestamp, Zone};

use super::fault::{Findings, Origin, Problem};

/// Events beyond so many are no calendar of holidays.
const MOST_EVENTS: usize = 5_000;

/// The longest event of whole days.
const MOST_DAYS: i64 = 366;

const KEY: &str = "calendar.holidays_file";

/// What the events of a file close.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Events {
    pub(super) holidays: Vec<Holiday>,
    pub(super) closures: Vec<Closure>,
}

/// Reads a file's text, or reports every fault in it.
pub(super) fn read(path: &str, text: &str, zone: &Zone, faults: &mut Findings) -> Option<Events> {
    let mut events = Events::default();
    let mut refused = false;
    let mut refuse = |line: usize, problem: Problem| {
        let origin = Origin::File {
            path: path.into(),
            line: Some(line),
        };
        faults.push(&origin, KEY, problem);
        refused = true;
    };
    let mut within: Vec<(String, usize)> = Vec::new();
    let mut event = Event::default();
    let mut count = 0_usize;
    let mut calendars = 0_usize;
    for (line, unfolded) in unfolded(text) {
        if unfolded.trim().is_empty() {
            continue;
        }
        let Some(property) = Property::parse(&unfolded) else {
            refuse(
                line,
                Problem::new(
                    "is no line of an iCalendar file",
                    "save the calendar as .ics",
                ),
            );
            break;
        };
        let component = within.last().map(|(name, _)| name.as_str());
        match (property.name.as_str(), component) {
            ("BEGIN", _) => {
                let begun = property.value.to_ascii_uppercase();
                if begun == "VEVENT" {
                    event = Event {
                        line,
                        ..Event::default()
                    };
                }
                match (begun.as_str(), component) {
                    ("VCALENDAR", None) => calendars = calendars.saturating_add(1),
                    ("VEVENT" | "VTIMEZONE", Some("VCALENDAR"))
                    | ("VALARM", Some("VEVENT"))
                    | (_, Some("VTIMEZONE")) => {}
                    (other, _) => {
                        let wrong = format!("`{other}` is not understood here");
                        refuse(line, Problem::new(wrong, "export events alone"));
                    }
                }
                within.push((begun, line));
            }
            ("END", _) => {
                let ended = property.value.to_ascii_uppercase();
                if within.pop().map(|(begun, _)| begun) != Some(ended.clone()) {
                    let wrong = format!("ends `{ended}`, which has not begun");
                    refuse(line, Problem::new(wrong, "export the calendar again"));
                    break;
                }
                if ended == "VEVENT" {
                    count = count.saturating_add(1);
                    if count > MOST_EVENTS {
                        let wrong = format!("is more than {MOST_EVENTS} events");
                        refuse(line, Problem::new(wrong, "export the holidays alone"));
                        break;
                    }
                    match event.close(zone) {
                        Ok(Some(Closed::Days(holiday))) => events.holidays.push(holiday),
                        Ok(Some(Closed::Span(closure))) => events.closures.push(closure),
                        Ok(None) => {}
                        Err((line, problem)) => refuse(line, problem),
                    }
                }
            }
            (_, Some("VEVENT")) => event.add(line, property),
            (_, _) => {}
        }
    }
    if let Some((name, line)) = within.last() {
        let wrong = format!("`{name}` does not end");
        refuse(*line, Problem::new(wrong, "export the calendar again"));
    } else if calendars == 0 {
        let origin = Origin::File {
            path: path.into(),
            line: None,
        };
        let wrong = Problem::new("holds no VCALENDAR", "save the calendar as .ics");
        faults.push(&origin, KEY, wrong);
        refused = true;
    }
    (!refused).then_some(events)
}

/// The lines without their folds, each with the number of its first.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let text = text.trim_start_matches('\u{feff}');
    for (number, line) in (1_usize..).zip(text.lines()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, before))) => before.push_str(rest),
            (Some(_) | None, _) => lines.push((number, line.to_owned())),
        }
    }
    lines
}

/// `NAME;PARAMETER=VALUE:VALUE`.
#[derive(Debug)]
struct Property {
    name: String,
    parameters: Vec<(String, String)>,
    value: String,
}

impl Property {
    fn parse(line: &str) -> Option<Self> {
        let mut quoted = false;
        let colon = line.char_indices().find(|(_, letter)| {
            quoted ^= *letter == '"';
            *letter == ':' && !quoted
        });
        let (head, value) = line.split_at_checked(colon?.0)?;
        let mut parts = head.split(';');
        let name = parts.next()?.trim().to_ascii_uppercase();
        let known = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        if name.is_empty() || !name.chars().all(known) {
            return None;
        }
        let parameters = parts.filter_map(|part| part.split_once('='));
        Some(Self {
            name,
            parameters: parameters
                .map(|(name, value)| {
                    (
                        name.to_ascii_uppercase(),
                        value.trim_matches('"').to_owned(),
                    )
                })
                .collect(),
            value: value.get(1..)?.trim().to_owned(),
        })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.parameters.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// A day, or a time of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Moment {
    Day(Date),
    /// On the clock of a zone.
    Local(DateTime, Zone),
    At(Timestamp),
}

#[derive(Debug, Default)]
struct Event {
    line: usize,
    properties: Vec<(usize, Property)>,
}

enum Closed {
    Days(Holiday),
    Span(Closure),
}

type Refused = (usize, Problem);

impl Event {
    fn add(&mut self, line: usize, property: Property) {
        self.properties.push((line, property));
    }

    /// The one property of this name.
    fn one(&self, name: &str) -> Result<Option<(usize, &Property)>, Refused> {
        let mut found = self
            .properties
            .iter()
            .filter(|(_, known)| known.name == name);
        let first = found.next().map(|(line, property)| (*line, property));
        match found.next() {
            Some((line, _)) => Err((
                *line,
                Problem::new(
                    format!("is a second {name} of one event"),
                    "keep one of them",
                ),
            )),
            None => Ok(first),
        }
    }

    /// What it closes; nothing when it is cancelled.
    fn close(&self, zone: &Zone) -> Result<Option<Closed>, Refused> {
        let cancelled = self.one("STATUS")?;
        if cancelled.is_some_and(|(_, status)| status.value.eq_ignore_ascii_case("CANCELLED")) {
            return Ok(None);
        }
        for name in ["RDATE", "EXRULE", "RECURRENCE-ID"] {
            if let Some((line, _)) = self.one(name)? {
                let wrong = format!("{name} is not understood");
                return Err((
                    line,
                    Problem::new(wrong, "write its days as events of their own"),
                ));
            }
        }
        let name = self.one("SUMMARY")?;
        let name = name
            .map(|(_, summary)| ClosureName::shortened(&unescaped(&summary.value)))
            .unwrap_or_default();
        let Some((line, start)) = self.one("DTSTART")? else {
            let wrong = Problem::new("the event has no DTSTART", "give it a day");
            return Err((self.line, wrong));
        };
        let start = moment(start, zone).map_err(|wrong| (line, wrong))?;
        match start {
            Moment::Day(first) => self.days(first, zone, name).map(Some),
            Moment::Local(..) | Moment::At(_) => self.span(&start, zone, name).map(Some),
        }
    }

    /// An event of whole days.
    fn days(&self, first: Date, zone: &Zone, name: ClosureName) -> Result<Closed, Refused> {
        let (line, after) = self.day_after(first, zone)?;
        let days = after.duration_since(first).as_hours().div_euclid(24);
        if !(1..=MOST_DAYS).contains(&days) {
            let wrong = format!("the event has {days} days");
            let remedy = format!("let it end after it begins, and within {MOST_DAYS} days");
            return Err((line, Problem::new(wrong, remedy)));
        }
        let last = after.yesterday().map_err(|_| out_of_time(line))?;
        let Some((line, rule)) = self.one("RRULE")? else {
            if let Some((line, _)) = self.properties.iter().find(|(_, p)| p.name == "EXDATE") {
                let wrong = Problem::new("EXDATE without an RRULE says nothing", "leave it out");
                return Err((*line, wrong));
            }
            return Ok(Closed::Days(Holiday::Days { first, last, name }));
        };
        if days != 1 {
            let wrong = "an event of several days that comes again is not understood";
            return Err((
                line,
                Problem::new(wrong, "write an event for each of its days"),
            ));
        }
        let (day, until) = yearly(&rule.value, first, zone).map_err(|wrong| (line, wrong))?;
        Ok(Closed::Days(Holiday::Yearly {
            day,
            from: Some(first),
            until,
            except: self.exceptions()?,
            name,
        }))
    }

    /// The day after the last one.
    fn day_after(&self, first: Date, zone: &Zone) -> Result<(usize, Date), Refused> {
        let next = first.tomorrow().map_err(|_| out_of_time(self.line));
        match (self.one("DTEND")?, self.one("DURATION")?) {
            (None, None) => Ok((self.line, next?)),
            (Some((line, end)), None) => match moment(end, zone).map_err(|wrong| (line, wrong))? {
                Moment::Day(end) => Ok((line, end)),
                Moment::Local(..) | Moment::At(_) => {
                    let wrong =
                        Problem::new("begins with a day and ends with a time", "give both alike");
                    Err((line, wrong))
                }
            },
            (None, Some((line, duration))) => {
                let lasts = duration_of(&duration.value).map_err(|wrong| (line, wrong))?;
                let end = first.to_datetime(Time::midnight()).checked_add(lasts);
                let end = end.map_err(|_| out_of_time(line))?;
                if end.time() != Time::midnight() {
                    let wrong = "a whole day lasts for no part of one";
                    return Err((line, Problem::new(wrong, "give whole days, such as P1D")));
                }
                Ok((line, end.date()))
            }
            (Some(_), Some((line, _))) => Err((line, both_ends())),
        }
    }

    fn exceptions(&self) -> Result<BTreeSet<Date>, Refused> {
        let mut except = BTreeSet::new();
        let given = self
            .properties
            .iter()
            .filter(|(_, known)| known.name == "EXDATE");
        for (line, property) in given {
            for text in property.value.split(',') {
                let day = basic_date(text.trim());
                except.insert(day.ok_or_else(|| (*line, not_a_time(text)))?);
            }
        }
        Ok(except)
    }

    /// An event from a time to a time.
    fn span(&self, start: &Moment, zone: &Zone, name: ClosureName) -> Result<Closed, Refused> {
        for refused in ["RRULE", "EXDATE"] {
            if let Some((line, _)) = self.one(refused)? {
                let wrong = "an event with a time that comes again is not understood";
                let remedy = "make it an event of whole days, or write each as an event of its own";
                return Err((line, Problem::new(wrong, remedy)));
            }
        }
        let resolved = |moment: &Moment, end: ClosureEnd| match moment {
            Moment::At(at) => Some(*at),
            Moment::Local(local, zone) => instant(*local, zone, end),
            Moment::Day(_) => None,
        };
        let from = resolved(start, ClosureEnd::First);
        let from = from.ok_or_else(|| out_of_time(self.line))?;
        let (line, to) = match (self.one("DTEND")?, self.one("DURATION")?) {
            (Some((line, end)), None) => {
                let end = moment(end, zone).map_err(|wrong| (line, wrong))?;
                (line, resolved(&end, ClosureEnd::Last))
            }
            (None, Some((line, duration))) => {
                let lasts = duration_of(&duration.value).map_err(|wrong| (line, wrong))?;
                let exact = from.plus(lasts.unsigned_abs());
                let end = match start {
                    // Days go by the clock on the wall and hours by no clock: the later end closes longer.
                    Moment::Local(local, zone) => local
                        .checked_add(lasts)
                        .ok()
                        .and_then(|end| instant(end, zone, ClosureEnd::Last))
                        .map(|end| end.max(exact)),
                    Moment::At(_) => Some(exact),
                    Moment::Day(_) => None,
                };
                (line, end)
            }
            (Some(_), Some((line, _))) => return Err((line, both_ends())),
            (None, None) => {
                let wrong = "the event has no end";
                return Err((
                    self.line,
                    Problem::new(wrong, "give it a DTEND or a DURATION"),
                ));
            }
        };
        let Some(to) = to.filter(|to| from < *to) else {
            let wrong = "the event does not end after it begins, in the same form";
            return Err((line, Problem::new(wrong, "give it an end after its start")));
        };
        Ok(Closed::Span(Closure { from, to, name }))
    }
}

fn out_of_time(line: usize) -> Refused {
    let wrong = Problem::new("lies beyond the end of time", "give a day of this century");
    (line, wrong)
}

fn both_ends() -> Problem {
    Problem::new("the event has a DTEND and a DURATION", "keep one of them")
}

fn not_a_time(text: &str) -> Problem {
    let text: String = text.chars().take(40).collect();
    Problem::new(
        format!("`{text}` is no day and no time"),
        "write such as 20261225 or 20261225T120000",
    )
}

/// `20261225`.
fn basic_date(text: &str) -> Option<Date> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (year, rest) = digits.then(|| text.split_at_checked(4)).flatten()?;
    let (month, day) = rest.split_at_checked(2)?;
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `120000`.
fn basic_time(text: &str) -> Option<Time> {
    let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, rest) = digits.then(|| text.split_at_checked(2)).flatten()?;
    let (minute, second) = rest.split_at_checked(2)?;
    Time::new(
        hour.parse().ok()?,
        minute.parse().ok()?,
        second.parse().ok()?,
        0,
    )
    .ok()
}

fn moment(property: &Property, zone: &Zone) -> Result<Moment, Problem> {
    let text = property.value.as_str();
    let wrong = || not_a_time(text);
    let of_day = property
        .parameter("VALUE")
        .is_some_and(|of| of.eq_ignore_ascii_case("DATE"));
    let Some((day, time)) = text.split_once('T').filter(|_| !of_day) else {
        return basic_date(text).map(Moment::Day).ok_or_else(wrong);
    };
    let (time, in_utc) = time
        .strip_suffix('Z')
        .map_or((time, false), |time| (time, true));
    let local = basic_date(day).zip(basic_time(time)).ok_or_else(wrong)?;
    let local = local.0.to_datetime(local.1);
    if in_utc {
        let at = Timestamp::parse_rfc3339(&format!("{local}Z")).ok_or_else(wrong)?;
        return Ok(Moment::At(at));
    }
    let zone = match property.parameter("TZID") {
        None => zone.clone(),
        Some(name) => Zone::from_str(name).map_err(|unknown| {
            let name: String = name.chars().take(40).collect();
            Problem::new(
                format!("the zone `{name}` {unknown}"),
                "name zones as IANA does, such as Europe/Berlin, or give times in UTC",
            )
        })?,
    };
    Ok(Moment::Local(local, zone))
}

/// `P1D`, `PT12H` and the like.
fn duration_of(text: &str) -> Result<SignedDuration, Problem> {
    seconds_of(text)
        .map(SignedDuration::from_secs)
        .ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            let wrong = format!("`{text}` is no duration");
            Problem::new(wrong, "write such as P1D or PT12H")
        })
}

fn seconds_of(text: &str) -> Option<i64> {
    const UNITS: [(char, i64, bool); 5] = [
        ('W', 7 * 86_400, false),
        ('D', 86_400, false),
        ('H', 3_600, true),
        ('M', 60, true),
        ('S', 1, true),
    ];
    let lasts = text.strip_prefix('P')?;
    let (days, times) = lasts
        .split_once('T')
        .map_or((lasts, None), |(days, times)| (days, Some(times)));
    let mut total: Option<i64> = None;
    for (part, of_time) in [(Some(days), false), (times, true)] {
        let Some(mut rest) = part else { continue };
        if of_time && rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
            let (number, unit) = rest.split_at_checked(digits)?;
            let letter = unit.chars().next()?;
            let known = |unit: &&(char, i64, bool)| unit.0 == letter && unit.2 == of_time;
            let (_, seconds, _) = UNITS.iter().find(known)?;
            let number: i64 = number.parse().ok()?;
            total = Some(
                total
                    .unwrap_or(0)
                    .checked_add(number.checked_mul(*seconds)?)?,
            );
            rest = unit.get(letter.len_utf8()..)?;
        }
    }
    // A closure of centuries is a slip, and its end would be no day of any calendar.
    total.filter(|seconds| *seconds <= 100 * 366 * 86_400)
}

/// The last day that an UNTIL names. One with a time may mean midnight of UTC or of the calendar's own clock: the later day closes longer.
fn until_day(text: &str, zone: &Zone) -> Option<Date> {
    let Some((day, time)) = text.split_once('T') else {
        return basic_date(text);
    };
    let day = basic_date(day)?;
    let Some(time) = time.strip_suffix('Z') else {
        return basic_time(time).map(|_| day);
    };
    let at = jiff::tz::Offset::UTC.to_timestamp(day.to_datetime(basic_time(time)?));
    Some(zone.rules().to_datetime(at.ok()?).date().max(day))
}

/// The day of each year that a rule names, and the last on which it may be.
fn yearly(rule: &str, first: Date, zone: &Zone) -> Result<(YearlyDay, Option<Date>), Problem> {
    let refuse = |part: &str| {
        let part: String = part.chars().take(60).collect();
        Problem::new(
            format!("the rule's `{part}` is not understood"),
            "use FREQ=YEARLY with a day of a month or the nth weekday of one, or write an event for each year",
        )
    };
    let (mut yearly, mut month, mut of_month, mut by_day) = (false, None, None, None);
    let (mut until, mut count) = (None, None);
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(|| refuse(part))?;
        let number = || value.parse::<i8>().map_err(|_| refuse(part));
        match name.to_ascii_uppercase().as_str() {
            "FREQ" if value.eq_ignore_ascii_case("YEARLY") => yearly = true,
            "INTERVAL" if value == "1" => {}
            "WKST" => {}
            "BYMONTH" => month = Some(number()?),
            "BYMONTHDAY" => of_month = Some(number()?),
            "BYDAY" => by_day = Some(nth_weekday(value).ok_or_else(|| refuse(part))?),
            "UNTIL" => {
                let day = until_day(value, zone);
                until = Some(day.ok_or_else(|| refuse(part))?);
            }
            "COUNT" => {
                let times = value.parse::<i16>().ok().filter(|times| *times > 0);
                count = Some(times.ok_or_else(|| refuse(part))?);
            }
            _ => return Err(refuse(part)),
        }
    }
    if !yearly {
        return Err(refuse(rule));
    }
    let (month, day) = match (by_day, of_month) {
        (Some((nth, weekday)), None) => {
            let month = month.ok_or_else(|| refuse(rule))?;
            let day = YearlyDay::NthWeekday {
                month,
                nth,
                weekday,
            };
            (month, day)
        }
        // Without a month it would be a day of each of them.
        (None, Some(_)) if month.is_none() => return Err(refuse(rule)),
        (None, day) => {
            let (month, day) = (month.unwrap_or(first.month()), day.unwrap_or(first.day()));
            (month, YearlyDay::OfMonth { month, day })
        }
        (Some(_), Some(_)) => return Err(refuse(rule)),
    };
    // Its first day has to be one of those, or it would be closed besides the rule.
    if !(1..=12).contains(&month) || !day.is(first) {
        let wrong = "the event does not begin on a day of its rule";
        return Err(Problem::new(wrong, "let it begin on the first such day"));
    }
    let by_count = match (count, until) {
        (None, _) => None,
        (Some(_), Some(_)) => return Err(refuse("COUNT")),
        // The 29th of February does not come each year, so that counting years would miscount.
        (Some(_), None) if first.month() == 2 && first.day() == 29 => return Err(refuse("COUNT")),
        (Some(times), None) => {
            let year = first.year().saturating_add(times.saturating_sub(1));
            Some(Date::new(year, 12, 31).unwrap_or(Date::MAX))
        }
    };
    let last = until.or(by_count);
    if last.is_some_and(|last| last < first) {
        let wrong = "the rule ends before its event begins";
        return Err(Problem::new(wrong, "let it end later"));
    }
    Ok((day, last))
}

/// `4TH`, `-1MO`: which one, and the day of the week from 0 for Monday. The fifth is not there each year, and is refused.
fn nth_weekday(text: &str) -> Option<(i8, i8)> {
    const DAYS: [(&str, Weekday); 7] = [
        ("MO", Weekday::Monday),
        ("TU", Weekday::Tuesday),
        ("WE", Weekday::Wednesday),
        ("TH", Weekday::Thursday),
        ("FR", Weekday::Friday),
        ("SA", Weekday::Saturday),
        ("SU", Weekday::Sunday),
    ];
    let (nth, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let nth: i8 = nth.trim_start_matches('+').parse().ok()?;
    let (_, day) = DAYS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let known = (1..=4).contains(&nth) || (-4..=-1).contains(&nth);
    known.then_some((nth, day.to_monday_zero_offset()))
}

/// A text without its backslashes.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => plain.push(' '),
                Some(other) => plain.push(other),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}
