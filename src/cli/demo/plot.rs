//! A day in the terminal: available agents against both thresholds, and when the campaign was paused.

use std::time::Duration;

use crate::simulator::SimTime;

use super::day_record::Reading;
use super::time_of_day::TimeOfDay;

/// Columns of the day: a line stays below 80 characters.
const COLUMNS: usize = 60;

const HOUR: Duration = Duration::from_secs(3_600);

/// The most rows of the plot.
const ROWS: u32 = 12;

/// A time in which the campaign was paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: SimTime,
    pub(super) until: SimTime,
    /// By whom.
    pub(super) by_person: bool,
}

/// One column of the plot.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    least: Option<u32>,
    most: Option<u32>,
    blind: bool,
}

/// The day's plot, line by line.
pub(super) fn plot(
    readings: &[Reading],
    paused: &[Span],
    start: SimTime,
    end: SimTime,
    time: &TimeOfDay,
) -> Vec<String> {
    let columns = columns(readings, start, end);
    let top = columns.iter().filter_map(|column| column.most).max();
    let thresholds = readings.iter().rev().find_map(|reading| reading.thresholds);
    let (Some(top), Some((pause, resume))) = (top, thresholds) else {
        return vec!["no valid reading, so nothing to plot".to_owned()];
    };
    let top = top.max(resume);
    let step = top.div_ceil(ROWS).max(1);
    let mut plot = vec![format!(
        "available agents; pause below {pause}, resume at {resume}"
    )];
    for row in (1..=top.div_ceil(step)).rev() {
        let (low, high) = ((row - 1) * step, row * step);
        let here = |line: u32| low < line && line <= high;
        let name = match (here(pause), here(resume)) {
            (true, true) => format!(" {pause}, {resume}"),
            (true, false) => format!(" {pause}"),
            (false, true) => format!(" {resume}"),
            (false, false) => String::new(),
        };
        let blank = if name.is_empty() { ' ' } else { '-' };
        let cells: String = columns
            .iter()
            .map(|column| match (column.least, column.most) {
                (Some(least), _) if least >= high => '█',
                (_, Some(most)) if most > low => '░',
                _ => blank,
            })
            .collect();
        plot.push(format!("{high:>4} |{cells}|{name}").trim_end().to_owned());
    }
    plot.push(format!("     +{}+", ticks(start, end, time)));
    let state: String = (0..COLUMNS)
        .map(|column| {
            let (from, until) = (edge(column, start, end), edge(column + 1, start, end));
            state(
                paused,
                columns.get(column).is_some_and(|own| own.blind),
                from,
                until,
            )
        })
        .collect();
    plot.push(format!("      {state}"));
    plot.push(hours(start, end, time));
    plot.push(
        "      █ at least so many, ░ at times; = paused by the autopilot, p by a person,"
            .to_owned(),
    );
    plot.push("      . running, ? readings failed".to_owned());
    plot
}

fn columns(readings: &[Reading], start: SimTime, end: SimTime) -> Vec<Column> {
    let mut columns = vec![Column::default(); COLUMNS];
    for reading in readings {
        let place = place(reading.at, start, end);
        let Some(column) = columns.get_mut(place) else {
            continue;
        };
        match reading.available {
            Some(available) => {
                column.least = Some(column.least.map_or(available, |least| least.min(available)));
                column.most = Some(column.most.map_or(available, |most| most.max(available)));
            }
            None => column.blind = true,
        }
    }
    columns
}

/// What most of the column's time was like. A pause is longer than half of the column, or the longest of a column that
/// saw several.
fn state(paused: &[Span], blind: bool, from: SimTime, until: SimTime) -> char {
    let within = |by_person: bool| -> i64 {
        paused
            .iter()
            .filter(|span| span.by_person == by_person)
            .map(|span| {
                let overlap =
                    span.until.min(until).as_unix_micros() - span.from.max(from).as_unix_micros();
                overlap.max(0)
            })
            .sum()
    };
    let (ours, persons) = (within(false), within(true));
    let whole = until.as_unix_micros() - from.as_unix_micros();
    if blind {
        '?'
    } else if (ours + persons) * 2 < whole {
        '.'
    } else if persons > ours {
        'p'
    } else {
        '='
    }
}

fn edge(column: usize, start: SimTime, end: SimTime) -> SimTime {
    let whole = end.since(start);
    let share = u32::try_from(column).unwrap_or(u32::MAX);
    let columns = u32::try_from(COLUMNS).unwrap_or(u32::MAX);
    start.plus(whole.checked_div(columns).unwrap_or_default() * share)
}

fn place(at: SimTime, start: SimTime, end: SimTime) -> usize {
    (0..COLUMNS)
        .rfind(|column| edge(*column, start, end) <= at)
        .unwrap_or(0)
}

/// Columns in which a whole hour begins.
fn marks(start: SimTime, end: SimTime, time: &TimeOfDay) -> Vec<(usize, String)> {
    let first = time.hour_begun(start);
    let hours = (0..=24_u32).map(|hour| first.plus(HOUR * hour));
    hours
        .filter(|hour| *hour >= start && *hour < end)
        .map(|hour| (place(hour, start, end), time.minute(hour)))
        .collect()
}

fn ticks(start: SimTime, end: SimTime, time: &TimeOfDay) -> String {
    let marks = marks(start, end, time);
    (0..COLUMNS)
        .map(|column| {
            if marks.iter().any(|(marked, _)| *marked == column) {
                '+'
            } else {
                '-'
            }
        })
        .collect()
}

fn hours(start: SimTime, end: SimTime, time: &TimeOfDay) -> String {
    let mut line = String::new();
    for (column, clock) in marks(start, end, time) {
        let at = column + 6;
        // Two spaces between two times, or the later one is left out.
        if line.is_empty() || line.len() + 2 <= at {
            line.push_str(&" ".repeat(at.saturating_sub(line.len())));
            line.push_str(&clock);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: SimTime = SimTime::from_unix_millis(1_715_760_000_000);

    fn after(minutes: u64) -> SimTime {
        START.plus(Duration::from_secs(60 * minutes))
    }

    /// Ten agents, three for an hour from 12:00 on, and a poll each minute of ten hours.
    fn readings() -> Vec<Reading> {
        (0..600)
            .map(|minute| Reading {
                at: after(minute),
                available: match minute {
                    240..300 => Some(3),
                    400..410 => None,
                    _ => Some(10),
                },
                thresholds: Some((5, 8)),
            })
            .collect()
    }

    #[test]
    fn a_day_reads_as_it_was() {
        let paused = [
            Span {
                from: after(240),
                until: after(300),
                by_person: false,
            },
            Span {
                from: after(500),
                until: after(540),
                by_person: true,
            },
        ];
        let plot = plot(&readings(), &paused, START, after(600), &TimeOfDay::utc());
        let day = [
            "available agents; pause below 5, resume at 8",
            "  10 |████████████████████████      ██████████ ███████████████████|",
        ];
        assert_eq!(plot[0], day[0]);
        assert_eq!(plot[1], day[1]);
        let resume = plot.iter().find(|line| line.ends_with("| 8")).unwrap();
        assert!(
            resume.contains("|████████████████████████------██████"),
            "{resume}"
        );
        let three = plot.iter().find(|line| line.starts_with("   3 |")).unwrap();
        assert!(!three.contains('-'), "{three}");
        let state = plot.iter().find(|line| line.contains("==")).unwrap();
        assert_eq!(
            state.trim(),
            "........................======..........?.........pppp......"
        );
        let hours = plot.iter().find(|line| line.contains("08:00")).unwrap();
        assert_eq!(hours.find("12:00"), Some(6 + 24));
        assert!(plot.iter().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn without_a_reading_there_is_no_plot() {
        let plot = plot(&[], &[], START, after(60), &TimeOfDay::utc());
        assert_eq!(plot, ["no valid reading, so nothing to plot"]);
    }

    #[test]
    fn many_agents_share_rows() {
        let many: Vec<Reading> = readings()
            .into_iter()
            .map(|reading| Reading {
                available: reading.available.map(|available| available * 200),
                ..reading
            })
            .collect();
        let plot = plot(&many, &[], START, after(600), &TimeOfDay::utc());
        assert!(
            plot.len() <= usize::try_from(ROWS).unwrap() + 6,
            "{plot:#?}"
        );
        assert!(plot.iter().any(|line| line.ends_with("| 5, 8")));
    }
}
