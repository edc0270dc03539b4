//! Calendars, from `[[calendar]]` tables and the iCalendar files that they name, and every fault in them.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::domain::calendar::{Calendar, Closure, Holiday, HoursError, WeeklyHours};
use crate::domain::{CalendarId, Calendars, CampaignId, Zone, meant};
use crate::given_file::{LONGEST_SETTINGS, read_text};

use super::fault::{Origin, Problem};

use super::given::ListedTable;
use super::icalendar;
use super::merge::Layers;
use super::table_keys::{TableKey, calendar as keys, campaign};

/// The calendars of the file.
#[derive(Debug, Default)]
pub(super) struct CalendarTables {
    /// Those that hold together.
    pub(super) found: Calendars,
    /// The names of all, also of those with faults of their own.
    names: BTreeMap<CalendarId, Origin>,
}

/// Reads every `[[calendar]]` table.
pub(super) fn read(layers: &mut Layers<'_>) -> CalendarTables {
    let tables = std::mem::take(&mut layers.file.calendars);
    let mut names: BTreeMap<CalendarId, Origin> = BTreeMap::new();
    let mut found = Vec::new();
    for table in &tables {
        let mut reader = Reader { layers, table };
        let calendar = reader.calendar();
        let Some(name) = reader.name() else { continue };
        let place = table.origin.clone();
        if let Some(first) = names.get(&name) {
            let wrong = format!("calendar `{name}` has a table already, at {first}");
            let wrong = Problem::new(wrong, "make one table of both");
            layers.faults.push(&place, "calendar.name", wrong);
            continue;
        }
        reader.note(&name);
        names.insert(name.clone(), place);
        found.extend(calendar.map(|calendar| (name, calendar)));
    }
    CalendarTables {
        found: found.into_iter().collect(),
        names,
    }
}

/// The calendar that each campaign's table names.
pub(super) fn of_campaigns(
    layers: &mut Layers<'_>,
    calendars: &CalendarTables,
) -> BTreeMap<CampaignId, CalendarId> {
    let mut named = BTreeMap::new();
    let tables = layers.file.campaigns.iter();
    let given: Vec<_> = tables
        .filter_map(|table| {
            let given = table.label(&campaign::CALENDAR)?;
            let text = given.texts.first()?.clone();
            Some((table.id.clone(), text, given.origin.clone()))
        })
        .collect();
    for (id, text, origin) in given {
        let shown = id.as_ref().map_or("?", CampaignId::as_str);
        let key = format!("campaign.{shown}.{}", campaign::CALENDAR.name);
        let known = CalendarId::from_str(&text).ok();
        let known = known.filter(|name| calendars.names.contains_key(name));
        let Some(calendar) = known else {
            let known = calendars.names.keys().map(CalendarId::as_str);
            let remedy = meant(&text, known).map_or_else(
                || "give it a [[calendar]] table".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            let wrong = "names no calendar that there is";
            layers
                .faults
                .push(&origin, key, Problem::new(wrong, remedy));
            continue;
        };
        layers.noted.add(key, calendar.as_str(), origin);
        named.extend(id.map(|id| (id, calendar)));
    }
    named
}

struct Reader<'a, 'l> {
    layers: &'a mut Layers<'l>,
    table: &'a ListedTable,
}

impl Reader<'_, '_> {
    fn name(&mut self) -> Option<CalendarId> {
        const REMEDY: &str = "write the name by which campaigns call it, in quotes";
        self.needed(&keys::NAME, REMEDY, |text| {
            let read = CalendarId::from_str(text);
            read.map_err(|wrong| Problem::new(wrong.to_string(), REMEDY))
        })
    }

    fn calendar(&mut self) -> Option<Calendar> {
        const ZONE: &str = "name an IANA time zone, such as Europe/Berlin";
        let zone = self.needed(&keys::ZONE, ZONE, |text| {
            let read = Zone::from_str(text);
            read.map_err(|wrong| Problem::new(format!("`{text}` {wrong}"), ZONE))
        });
        let hours = self.hours();
        let mut holidays = self.each(&keys::HOLIDAYS, |text| {
            let read = Holiday::from_str(text);
            read.map_err(|wrong| {
                Problem::new(wrong.to_string(), "write the day, and its name after it")
            })
        });
        // Without a zone the ends of closures mean nothing, and the zone's fault is told.
        let zone = zone?;
        let mut closures = self.each(&keys::CLOSURES, |text| {
            let read = Closure::parse(text, &zone);
            let remedy = "write such as 2026-12-24T12:00/2026-12-24T18:00, and its name after it";
            read.map_err(|wrong| Problem::new(wrong.to_string(), remedy))
        });
        if let Some(events) = self.file(&zone) {
            holidays.extend(events.holidays);
            closures.extend(events.closures);
        }
        Some(Calendar {
            zone,
            hours: hours?,
            holidays,
            closures,
        })
    }

    fn hours(&mut self) -> Option<WeeklyHours> {
        const REMEDY: &str = "write such as [\"mon-fri 09:00-18:00\"]";
        let Some(given) = self.table.get(&keys::HOURS) else {
            self.refuse(&keys::HOURS, Problem::new("is missing", REMEDY));
            return None;
        };
        let weekdays = self.table.get(&keys::WEEKDAYS);
        let days = weekdays.map_or(Ok(WeeklyHours::every_day()), |given| {
            WeeklyHours::parse_days(given.texts.iter().map(String::as_str))
        });
        let days = match days {
            Ok(days) => days,
            Err(wrong) => {
                let remedy = "write such as [\"mon-fri\"]";
                self.refuse(&keys::WEEKDAYS, Problem::new(wrong.to_string(), remedy));
                return None;
            }
        };
        let lines = || given.texts.iter().map(String::as_str);
        if weekdays.is_some() && lines().all(WeeklyHours::names_days) {
            let wrong = "has no effect: all hours name days of their own";
            self.refuse(&keys::WEEKDAYS, Problem::new(wrong, "leave it out"));
        }
        match WeeklyHours::parse(lines(), &days) {
            Ok(hours) => Some(hours),
            Err(wrong) => {
                let remedy = match wrong {
                    HoursError::NoSpan(_) => {
                        "write both times as HH:MM; a span through midnight ends before it starts, and 00:00-00:00 is the whole day"
                    }
                    HoursError::NoDay(_) | HoursError::NoHours => REMEDY,
                };
                self.refuse(&keys::HOURS, Problem::new(wrong.to_string(), remedy));
                None
            }
        }
    }

    /// The events of the file that the table names.
    fn file(&mut self, zone: &Zone) -> Option<icalendar::Events> {
        let given = self.table.get(&keys::HOLIDAYS_FILE)?;
        let path = given.texts.first()?;
        match read_text(path, LONGEST_SETTINGS) {
            Ok(text) => icalendar::read(path, &text, zone, &mut self.layers.faults),
            Err(wrong) => {
                let problem = Problem::new(
                    format!("cannot read `{path}` ({wrong})"),
                    "name an iCalendar file that this user can read",
                );
                self.refuse(&keys::HOLIDAYS_FILE, problem);
                None
            }
        }
    }

    fn needed<T>(
        &mut self,
        key: &TableKey,
        remedy: &str,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        let Some(given) = self.table.get(key) else {
            self.refuse(key, Problem::new("is missing", remedy));
            return None;
        };
        // No text: its type was wrong, and that is told.
        let read = parse(given.texts.first()?);
        read.map_err(|wrong| self.refuse(key, wrong)).ok()
    }

    /// The texts of a list that can be read; each other is a fault.
    fn each<T>(&mut self, key: &TableKey, parse: impl Fn(&str) -> Result<T, Problem>) -> Vec<T> {
        let texts = self.table.get(key).map(|given| given.texts.as_slice());
        let mut read = Vec::new();
        for text in texts.unwrap_or_default() {
            match parse(text) {
                Ok(one) => read.push(one),
                Err(wrong) => self.refuse(key, wrong),
            }
        }
        read
    }

    fn refuse(&mut self, key: &TableKey, problem: Problem) {
        let full = format!("calendar.{}", key.name);
        let place = self.table.place(key);
        self.layers.faults.push(place, full, problem);
    }

    /// Notes where each value comes from.
    fn note(&mut self, name: &CalendarId) {
        for key in keys::ALL {
            let Some(given) = self.table.get(key) else {
                continue;
            };
            let full = if key.name == keys::NAME.name {
                format!("calendar.{name}")
            } else {
                format!("calendar.{name}.{}", key.name)
            };
            let text = given.texts.join(", ");
            self.layers.noted.add(full, &text, given.origin.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::super::tests::{faults, run};
    use crate::domain::{CalendarRule, CampaignId, Timestamp};

    const OFFICE: &str = "[[calendar]]\nname = \"office\"\nzone = \"Europe/Berlin\"\nhours = [\"mon-fri 09:00-18:00\"]\n";

    fn campaign(rest: &str) -> String {
        format!("[[campaign]]\nid = \"b\"\n{rest}\n{OFFICE}")
    }

    #[test]
    fn a_campaign_names_its_calendar_and_may_have_nothing_else() {
        let resolved = run("", &[], &campaign("calendar = \"office\""));
        let id: CampaignId = "b".parse().unwrap();
        let policy = &resolved.settings.policies[&id];
        let calendar = "office".parse().unwrap();
        let alone = false;
        assert_eq!(policy.calendar, Some(CalendarRule { calendar, alone }));
        assert!(policy.counts_agents());
        let (_, calendar) = resolved.settings.calendars.of(policy).unwrap();
        let friday = Timestamp::parse_rfc3339("2026-11-27T17:00:00Z").unwrap();
        assert!(!calendar.state_at(friday).is_open());
        let alone = run(
            "",
            &[],
            &campaign("calendar = \"office\"\nagents = \"none\""),
        );
        assert!(!alone.settings.policies[&id].counts_agents());
        assert_ne!(alone.settings.digest(), resolved.settings.digest());
    }

    #[test]
    fn other_hours_are_other_settings() {
        let file = campaign("calendar = \"office\"");
        let digest = |file: &str| run("", &[], file).settings.digest();
        assert_ne!(digest(&file), digest(&file.replace("18:00", "17:00")));
    }

    #[test]
    fn a_campaign_without_any_rule_and_thresholds_without_agents_are_refused() {
        assert_eq!(
            faults("", &[], &campaign("agents = \"none\"")),
            [
                "FILE:3: campaign.b.agents: leaves the campaign without any rule; name its calendar, or agents that count"
            ]
        );
        let both = campaign("agents = \"none\"\ncalendar = \"office\"\npause_below = 3");
        assert_eq!(
            faults("", &[], &both),
            [
                "FILE:5: campaign.b.pause_below: has no effect: no agents count for this campaign; leave it out, or say which agents count"
            ]
        );
        assert_eq!(
            faults("", &[], &campaign("calendar = \"ofice\"")),
            [
                "FILE:3: campaign.b.calendar: names no calendar that there is; did you mean `office`?"
            ]
        );
    }

    #[test]
    fn every_fault_of_a_calendar_is_told_with_its_place() {
        let file = "[[campaign]]\nid = \"b\"\n[[calendar]]\nzone = \"Mars/Olympus\"\n\
            [[calendar]]\nname = \"a\"\nzone = \"UTC\"\nhours = [\"mon-fry 09:00-18:00\"]\nholidays = [\"25.12.\"]\nclosures = [\"2026-12-24\"]\n\
            [[calendar]]\nname = \"a\"\nzone = \"UTC\"\nhours = [\"9:00-18:00\"]\nweekdays = [\"x\"]\n\
            [[calendar]]\nname = \"c\"\nzone = \"UTC\"\nhours = [\"mon 09:00-18:00\"]\nweekdays = [\"mon\"]\nholiday = []\n\
            [[calendar]]\nname = \"d\"\nzone = \"UTC\"\nhours = [\"9:00-18:00\"]\n";
        assert_eq!(
            faults("", &[], file),
            [
                "FILE:3: calendar.hours: is missing; write such as [\"mon-fri 09:00-18:00\"]",
                "FILE:3: calendar.name: is missing; write the name by which campaigns call it, in quotes",
                "FILE:4: calendar.zone: `Mars/Olympus` is not an IANA time zone; name an IANA time zone, such as Europe/Berlin",
                "FILE:8: calendar.hours: `mon-fry` is no day of the week, such as mon or mon-fri; write such as [\"mon-fri 09:00-18:00\"]",
                "FILE:9: calendar.holidays: `25.12.` is no day, such as 2026-12-25, nor one of each year, such as 12-25; write the day, and its name after it",
                "FILE:10: calendar.closures: has no two ends, such as 2026-12-24T12:00/2026-12-27T00:00; write such as 2026-12-24T12:00/2026-12-24T18:00, and its name after it",
                "FILE:11: calendar.name: calendar `a` has a table already, at FILE:5; make one table of both",
                "FILE:15: calendar.weekdays: `x` is no day of the week, such as mon or mon-fri; write such as [\"mon-fri\"]",
                "FILE:20: calendar.weekdays: has no effect: all hours name days of their own; leave it out",
                "FILE:21: calendar.holiday: is not known; did you mean `holidays`?",
                "FILE:25: calendar.hours: `9:00-18:00` is no span from 00:00 to 23:59, such as 09:00-18:00; write both times as HH:MM; a span through midnight ends before it starts, and 00:00-00:00 is the whole day",
            ]
        );
    }

    #[test]
    fn holidays_come_from_an_icalendar_file_and_its_faults_with_its_lines() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("h.ics");
        let named = format!("holidays_file = \"{}\"\n", path.display());
        let file = campaign("calendar = \"office\"") + &named;
        assert_eq!(faults("", &[], &file).len(), 1, "there is no such file");
        let event = |lines: &str| {
            format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n")
        };
        fs::write(&path, event("DTSTART;VALUE=DATE:20261127\nSUMMARY:Works")).unwrap();
        let resolved = run("", &[], &file);
        let (_, office) = resolved.settings.calendars.named().next().unwrap();
        let friday = Timestamp::parse_rfc3339("2026-11-27T11:00:00Z").unwrap();
        assert_eq!(
            office.in_words(&office.state_at(friday), friday),
            "closed until Mon 09:00 Europe/Berlin (holiday Works)"
        );
        fs::write(&path, event("DTSTART;VALUE=DATE:2026")).unwrap();
        let wrong = faults("", &[], &file);
        let place = format!(
            "{}:3: calendar.holidays_file: `2026` is no day",
            path.display()
        );
        assert!(wrong[0].starts_with(&place), "{wrong:?}");
    }

    #[test]
    fn a_calendar_that_is_closed_for_good_is_named_with_its_place() {
        let closed = "closures = [\"2026-01-01/2029-12-31\"]\n";
        let resolved = run("", &[], &(campaign("calendar = \"office\"") + closed));
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        let faults = resolved.closed_for_good(at("2026-11-27T11:00:00Z"));
        let [fault] = faults.as_slice() else {
            panic!("{faults:?}");
        };
        assert!(
            fault
                .to_string()
                .contains(":5: calendar.office: does not open within a year;"),
            "{fault}"
        );
        assert!(
            resolved
                .closed_for_good(at("2029-06-01T00:00:00Z"))
                .is_empty()
        );
    }
}
