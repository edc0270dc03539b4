//! Lists compared by what they mean: a platform may give a list back in another form than it was sent in.
//!
//! *The same* are: the same skills in another order, `9:00` and `09:00:00`, and a time zone by its older or newer name.
//! A text that cannot be read as what it should be is the same as itself and nothing else.

use std::collections::BTreeSet;

use super::entry::{Entry, List};
use crate::domain::AgentId;
use crate::domain::local_time::Zone;

/// Whether two lists give the same agents the same work. Zones, times and skills have several forms.
#[must_use]
pub fn is_same_work(a: &List, b: &List) -> bool {
    let calls = |(agent, entry): (&AgentId, &Entry)| (agent.clone(), entry.calls);
    a.iter().map(calls).eq(b.iter().map(calls))
}

/// Whether two lists mean the same.
#[must_use]
pub fn is_same_list(a: &List, b: &List) -> bool {
    let agents = a.len() == b.len() && a.keys().eq(b.keys());
    agents && altered(a, b) == 0
}

/// Whether a platform that takes a part of what was sent can have made this list: everybody is on it as before or as was
/// sent. Who is missing was left out.
#[must_use]
pub fn is_between(list: &List, before: &List, sent: &List) -> bool {
    list.iter().all(|(agent, entry)| {
        let mut entries = [before, sent]
            .into_iter()
            .filter_map(|list| list.get(agent));
        entries.any(|other| is_same_entry(entry, other))
    })
}

/// How many agents are on both lists with entries that mean something else.
pub(super) fn altered(a: &List, b: &List) -> usize {
    let differs = |(agent, entry)| {
        b.get(agent)
            .is_some_and(|other| !is_same_entry(entry, other))
    };
    a.iter().filter(|on_it| differs(*on_it)).count()
}

fn is_same_entry(a: &Entry, b: &Entry) -> bool {
    if a == b {
        return true;
    }
    let skills = |entry: &Entry| entry.skills.iter().cloned().collect::<BTreeSet<_>>();
    a.calls == b.calls
        && is_same_time(&a.start, &b.start)
        && is_same_time(&a.end, &b.end)
        && is_same_zone(&a.zone, &b.zone)
        && skills(a) == skills(b)
}

fn is_same_time(a: &str, b: &str) -> bool {
    a == b || seconds_of_day(a).is_some_and(|a| seconds_of_day(b) == Some(a))
}

fn is_same_zone(a: &str, b: &str) -> bool {
    Zone::same(a.trim(), b.trim())
}

/// Reads `9:00`, `09:00` and `09:00:00`.
fn seconds_of_day(text: &str) -> Option<u32> {
    let number = |part: &str, below: u32| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let number = part.parse::<u32>().ok().filter(|number| *number < below);
        number.filter(|_| digits)
    };
    let parts: Vec<&str> = text.trim().split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] => (hours, minutes, &"0"),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let minutes = number(hours, 24)?
        .checked_mul(60)?
        .checked_add(number(minutes, 60)?)?;
    minutes.checked_mul(60)?.checked_add(number(seconds, 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(skills: &[&str], start: &str, end: &str, zone: &str) -> Entry {
        Entry {
            skills: skills.iter().map(ToString::to_string).collect(),
            start: start.to_owned(),
            end: end.to_owned(),
            zone: zone.to_owned(),
            calls: 1,
        }
    }

    fn list(entry: Entry) -> List {
        List::from([("a".parse().unwrap(), entry)])
    }

    #[test]
    fn another_form_of_the_same_list_is_no_change() {
        let sent = list(entry(&["x", "y"], "09:00", "17:30", "America/New_York"));
        for shown in [
            entry(&["y", "x"], "09:00", "17:30", "America/New_York"),
            entry(&["x", "y"], "9:00", "17:30:00", "America/New_York"),
            entry(&["y", "x", "x"], "09:00:00", "17:30", "US/Eastern"),
        ] {
            assert!(is_same_list(&sent, &list(shown.clone())), "{shown:?}");
            assert!(is_same_list(&list(shown.clone()), &sent), "{shown:?}");
        }
    }

    #[test]
    fn a_list_taken_in_part_lies_between_the_two() {
        let agent = entry(&["x"], "09:00", "17:00", "UTC");
        let of = |agents: &[&str]| -> List {
            let ids = agents.iter().map(|id| id.parse().unwrap());
            ids.map(|id| (id, agent.clone())).collect()
        };
        let (before, sent) = (of(&["a", "b", "c"]), of(&["b", "c", "d"]));
        for shown in [&["b", "c"][..], &["a", "b", "c", "d"], &["b", "d"], &[]] {
            assert!(is_between(&of(shown), &before, &sent), "{shown:?}");
        }
        assert!(!is_between(&of(&["b", "c", "e"]), &before, &sent));
        let mut altered = of(&["b"]);
        for entry in altered.values_mut() {
            entry.calls = 2;
        }
        assert!(!is_between(&altered, &before, &sent));
    }

    #[test]
    fn another_meaning_is_a_change() {
        let sent = entry(&["x", "y"], "09:00", "17:30", "America/New_York");
        for shown in [
            entry(&["x"], "09:00", "17:30", "America/New_York"),
            entry(&["x", "y"], "09:30", "17:30", "America/New_York"),
            entry(&["x", "y"], "09:00", "17:30:01", "America/New_York"),
            entry(&["x", "y"], "09:00", "17:30", "America/Chicago"),
            entry(&["x", "y"], "9 am", "17:30", "America/New_York"),
            entry(&["x", "y"], "09:00:", "17:30", "America/New_York"),
            entry(&["x", "y"], "09:00:00:00", "17:30", "America/New_York"),
            Entry {
                calls: 2,
                ..sent.clone()
            },
        ] {
            let (sent, shown) = (list(sent.clone()), list(shown));
            assert_eq!(altered(&sent, &shown), 1, "{shown:?}");
            assert!(!is_same_list(&sent, &shown));
        }
        let sent = list(sent);
        assert!(!is_same_list(&sent, &List::new()));
        assert_eq!(altered(&sent, &List::new()), 0);
    }
}
