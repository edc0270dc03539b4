//! The day on one screen: a summary by hour, the longest pauses, what people and the platform did, and the comparison.
//!
//! Most of 80 characters, and with the opening, the page's address and the command itself of no more lines than a terminal of 24.

use std::time::Duration;

use crate::simulator::{Scenario, ScriptedEvent, ScriptedEventKind, SimTime};

use super::day_record::{DayRecord, DecisionNote, Pause};
use super::outcome::{NOTHING_TO_COMPARE, Outcome};
use super::time_of_day::TimeOfDay;

/// So many pauses are shown.
const LONGEST: usize = 5;

/// So many events beside the calls are shown.
const EVENTS: usize = 3;

/// So many columns of hours fit into a line; a longer day has columns of several hours.
const COLUMNS: usize = 12;

/// So many campaigns have lines of their own in the summary; where there are more, their sums are shown.
const CAMPAIGNS: usize = 2;

const HOUR: Duration = Duration::from_secs(3_600);

/// The day, as far as it went.
pub(super) struct DayShown<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) time: &'a TimeOfDay,
    pub(super) record: &'a DayRecord,
    /// What the scenario had happen beside people's changes of campaigns.
    pub(super) events: &'a [ScriptedEvent],
    pub(super) ended_at: SimTime,
}

/// What checking the store gave.
#[derive(Clone, Copy)]
pub(super) struct Proof {
    /// Rows of the audit.
    pub(super) rows: u64,
    /// Decisions that were made again from the record.
    pub(super) replayed: u64,
}

/// The screen, line by line.
pub(super) fn screen(day: &DayShown<'_>, outcome: Option<&Outcome>, proof: Proof) -> Vec<String> {
    let mut lines = by_hour(day);
    lines.extend(longest_pauses(day));
    lines.extend(events(day));
    match outcome {
        Some(outcome) => {
            lines.extend(outcome.short_table());
            lines.push(outcome.verdict());
        }
        None => lines.push(NOTHING_TO_COMPARE.to_owned()),
    }
    let Proof { rows, replayed } = proof;
    lines.push(format!(
        "Proof: {rows} audit rows, the hash chain holds; {replayed} decisions replayed the same."
    ));
    lines
}

/// One row for each figure, one column for each hour.
fn by_hour(day: &DayShown<'_>) -> Vec<String> {
    let hours = hours(day);
    let row = |name: &str, cell: &dyn Fn(SimTime, SimTime) -> String| {
        let cells = hours.iter().map(|(from, until)| cell(*from, *until));
        cells.fold(format!("{name:<20}"), |row, cell| format!("{row}{cell:>5}"))
    };
    let mut lines = vec![row("hour", &|from, _| day.time.hour(from))];
    let ids: Vec<&str> = day
        .scenario
        .campaigns
        .iter()
        .map(|own| own.id.as_str())
        .collect();
    match ids.as_slice() {
        [only] => {
            lines.push(row("fewest available", &|from, until| {
                fewest(day, only, from, until)
            }));
            lines.push(row("pauses by autopilot", &|from, until| {
                begun(day, from, until)
            }));
            lines.push(row("minutes paused", &|from, until| {
                minutes(day, only, from, until)
            }));
        }
        some if some.len() <= CAMPAIGNS => {
            for id in some {
                let name: String = id.chars().take(11).collect();
                lines.push(row(&format!("{name}: fewest"), &|from, until| {
                    fewest(day, id, from, until)
                }));
                lines.push(row("  minutes paused", &|from, until| {
                    minutes(day, id, from, until)
                }));
            }
        }
        many => {
            lines.push(row("pauses by autopilot", &|from, until| {
                begun(day, from, until)
            }));
            lines.push(row("minutes paused", &|from, until| {
                let sum: Duration = many.iter().map(|id| paused(day, id, from, until)).sum();
                rounded_minutes(sum)
            }));
        }
    }
    lines
}

/// The hours of the scenario's clock that the day touches, or as many of them together as make few enough columns.
fn hours(day: &DayShown<'_>) -> Vec<(SimTime, SimTime)> {
    let (start, end) = (day.scenario.start(), day.ended_at);
    let first = day.time.hour_begun(start);
    let many = end.since(first).as_secs().div_ceil(HOUR.as_secs());
    let together = usize::try_from(many).unwrap_or(COLUMNS).div_ceil(COLUMNS);
    let step = HOUR.saturating_mul(u32::try_from(together).unwrap_or(1).max(1));
    std::iter::successors(Some(first), |from| Some(from.plus(step)))
        .take_while(|from| *from < end)
        .map(|from| (from, from.plus(step)))
        .collect()
}

fn fewest(day: &DayShown<'_>, campaign: &str, from: SimTime, until: SimTime) -> String {
    let readings = day.record.readings.get(campaign);
    let readings = readings.into_iter().flatten();
    let within = readings.filter(|reading| from <= reading.at && reading.at < until);
    let fewest = within.filter_map(|reading| reading.available).min();
    fewest.map_or_else(|| "?".to_owned(), |fewest| fewest.to_string())
}

/// Pauses of the autopilot that began within the time.
fn begun(day: &DayShown<'_>, from: SimTime, until: SimTime) -> String {
    let pauses = day.record.pauses.iter().filter(|pause| !pause.by_person);
    let within = pauses.filter(|pause| from <= pause.from && pause.from < until);
    within.count().to_string()
}

fn minutes(day: &DayShown<'_>, campaign: &str, from: SimTime, until: SimTime) -> String {
    rounded_minutes(paused(day, campaign, from, until))
}

fn rounded_minutes(time: Duration) -> String {
    (time.as_secs().saturating_add(30) / 60).to_string()
}

/// How long the campaign was paused within the time, by whomever.
fn paused(day: &DayShown<'_>, campaign: &str, from: SimTime, until: SimTime) -> Duration {
    let pauses = day.record.of(campaign);
    pauses
        .map(|pause| {
            let over = pause.until(day.ended_at).min(until);
            over.since(pause.from.max(from))
        })
        .sum()
}

fn longest_pauses(day: &DayShown<'_>) -> Vec<String> {
    let lasted = |pause: &Pause| pause.until(day.ended_at).since(pause.from);
    let pauses = day.record.pauses.iter().filter(|pause| !pause.by_person);
    let mut pauses: Vec<&Pause> = pauses.collect();
    let many = pauses.len();
    if many == 0 {
        return vec!["The autopilot paused nothing.".to_owned()];
    }
    // Those of one length stay in the order of time.
    pauses.sort_by_key(|pause| std::cmp::Reverse(lasted(pause)));
    pauses.truncate(LONGEST);
    let title = if many > LONGEST {
        format!("The five longest of {many} pauses by the autopilot:")
    } else {
        "The pauses by the autopilot, the longest first:".to_owned()
    };
    let widths = pauses.iter().map(|pause| pause.campaign.chars().count());
    let widest = widths.max().unwrap_or_default();
    let mut lines = vec![title];
    for pause in pauses {
        let seconds = lasted(pause).as_secs();
        let why = pause.why.as_ref();
        let why = why.map_or_else(|| "reason unknown".to_owned(), DecisionNote::pause_in_words);
        let over = match &pause.why_over {
            Some(why) => why.resume_in_words(),
            None if pause.until.is_none() => "left paused at the end".to_owned(),
            None => "ended by a person".to_owned(),
        };
        lines.push(format!(
            "  {}  {:<widest$} {:>3}:{:02}  {why}; {over}",
            day.time.span(pause.from, pause.until(day.ended_at)),
            pause.campaign,
            seconds / 60,
            seconds % 60,
        ));
    }
    lines
}

/// What people and the platform did, in the order of time.
fn events(day: &DayShown<'_>) -> Vec<String> {
    let people = day.record.pauses.iter().filter(|pause| pause.by_person);
    let people = people.map(|pause| {
        let span = day.time.span(pause.from, pause.until(day.ended_at));
        let line = format!(
            "  {span}  {} by a person: left alone until a person resumes it",
            pause.campaign
        );
        (pause.from, line)
    });
    let others = day.events.iter().filter_map(|event| {
        let (until, what) = match &event.kind {
            ScriptedEventKind::Outage { endpoint, until } => (
                until.min(&day.ended_at).to_owned(),
                format!(
                    "{} cannot be read: unknown is not zero, all stays as it is",
                    endpoint.name()
                ),
            ),
            ScriptedEventKind::Breaks { agents, lasts } => (
                event.at.plus(*lasts).min(day.ended_at),
                format!("{agents} agents away on an unplanned break"),
            ),
            ScriptedEventKind::PersonSets { .. } | ScriptedEventKind::OutageOver { .. } => {
                return None;
            }
        };
        Some((
            event.at,
            format!("  {}  {what}", day.time.span(event.at, until)),
        ))
    });
    let mut found: Vec<(SimTime, String)> = people.chain(others).collect();
    found.sort_by_key(|(at, _)| *at);
    let more = found.len().saturating_sub(EVENTS);
    found.truncate(EVENTS);
    let mut lines: Vec<String> = found.into_iter().map(|(_, line)| line).collect();
    if more > 0 {
        lines.push(format!("  and {more} events more: --verbose has them"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::experiment::{Arm, run_day};
    use crate::simulator::{Actor, JournalEntry, status};

    /// A day of the scenario on which each campaign is paused every half hour, five minutes longer each time.
    fn shown(name: &str) -> Vec<String> {
        let scenario = Scenario::parse(Scenario::text(name).unwrap(), name).unwrap();
        let mut record = DayRecord::new(BTreeMap::new());
        let minutes = |many: u64| scenario.start().plus(Duration::from_secs(60 * many));
        for own in &scenario.campaigns {
            for round in 0..6 {
                let mut add = |at, to: &str, id: &str, available| {
                    record.decided(&own.id, id, available);
                    let by = Actor::Client {
                        request_id: Some(id.to_owned()),
                        token_client: String::new(),
                    };
                    let (campaign, to) = (own.id.clone(), to.to_owned());
                    let from = String::new();
                    record.add(&JournalEntry {
                        at,
                        campaign,
                        by,
                        from,
                        to,
                    });
                };
                let began = minutes(40 * round + 10);
                add(began, status::PAUSED, &format!("1-{round}"), 3);
                let over = minutes(40 * round + 10 + 5 * (round + 1));
                add(over, status::RUNNING, &format!("2-{round}"), 9);
            }
        }
        let outcome = Outcome {
            with_autopilot: run_day(&scenario, 7, &Arm::parse("5/8").unwrap()),
            left_running: run_day(&scenario, 7, &Arm::always_run()),
        };
        let day = DayShown {
            time: &TimeOfDay::of(&scenario),
            record: &record,
            events: &scenario.scripted_events(),
            ended_at: scenario.end(),
            scenario: &scenario,
        };
        let proof = Proof {
            rows: 1_000,
            replayed: 9_999,
        };
        screen(&day, Some(&outcome), proof)
    }

    #[test]
    fn every_day_that_comes_with_the_program_fits_on_a_screen() {
        for name in Scenario::names() {
            let lines = shown(name);
            // Beside them: the command, two lines of opening, two about the page, and the cursor's.
            assert!(lines.len() <= 24 - 6 + 2, "{name}: {lines:#?}");
            for line in lines {
                assert!(line.chars().count() <= 80, "{name}: {line}");
            }
        }
    }

    #[test]
    fn hours_and_pauses_add_up() {
        let lines = shown("calm-day");
        let row = |name: &str| {
            let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
            let cells = line.get(20..).unwrap().split_whitespace();
            cells.map(ToOwned::to_owned).collect::<Vec<String>>()
        };
        assert_eq!(
            row("hour"),
            ["08", "09", "10", "11", "12", "13", "14", "15", "16", "17"]
        );
        assert_eq!(row("pauses by").join(" "), "2 1 2 1 0 0 0 0 0 0");
        assert_eq!(row("minutes paused").join(" "), "15 15 30 45 0 0 0 0 0 0");
        let longest = lines
            .iter()
            .position(|line| line.contains("five longest of 6"));
        let first = &lines[longest.unwrap() + 1];
        assert_eq!(
            first,
            "  11:30–12:00  campaign-1  30:00  3 available, pause below 5; 9 at its end"
        );
    }
}
