//! The comparison as a table for people.

use crate::cli::output;
use crate::experiment::{Days, Estimate};

use super::compared::{Compared, Row};

const COLUMNS: [(&str, usize); 8] = [
    ("connects/h", 15),
    ("abandoned %", 14),
    ("trans/h", 14),
    ("gaps<2min %", 13),
    ("paused %", 14),
    ("idle paused", 15),
    ("inbound ab %", 14),
    ("SL %", 13),
];

/// A column of those that slow campaigns down.
const PACE_COLUMN: (&str, usize) = ("pace/h", 14);

/// Prints one table for each scenario.
pub(super) fn print(compared: &[Compared], days: Days) {
    for (number, found) in compared.iter().enumerate() {
        if number > 0 {
            output::result("");
        }
        output::result(format_args!(
            "Simulated: {} days of {} ({}).",
            days.count, found.scenario, found.about
        ));
        if let Some(adaptation) = days.consecutive {
            output::result(format_args!(
                "Consecutive: an aim has learned for {adaptation} days before these."
            ));
        }
        table(&found.policies);
        guards(&found.policies);
    }
}

fn table(rows: &[Row]) {
    let names = rows.iter().map(|row| row.figures.arm.len());
    // The mark and a space stand before the name.
    let width = names
        .max()
        .unwrap_or(0)
        .max("policy".len())
        .saturating_add(2);
    let mut columns = COLUMNS.to_vec();
    let paced = |row: &Row| row.figures.pace_changes_per_hour.mean > 0.0;
    columns.extend(rows.iter().any(paced).then_some(PACE_COLUMN));
    let line = |name: &str, cells: &[String]| {
        let cells = cells.iter().zip(&columns);
        let padded: Vec<String> = cells
            .map(|(cell, (_, width))| format!("{cell:>width$}"))
            .collect();
        let padded = padded.concat();
        output::result(format_args!("{name:width$}{padded}"));
    };
    output::result("");
    let titles: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    line("  policy", &titles);
    for row in rows {
        let percent = |share: &Estimate| figure(share.mean * 100.0, share.standard_error * 100.0);
        let plain = |estimate: &Estimate| figure(estimate.mean, estimate.standard_error);
        let figures = &row.figures;
        let cells = [
            plain(&figures.connects_per_hour),
            percent(&figures.abandoned_share),
            plain(&figures.transitions_per_hour),
            percent(&figures.short_gap_share),
            percent(&figures.paused_share),
            plain(&figures.idle_while_paused),
            percent(&figures.inbound_abandoned_share),
            percent(&figures.service_level),
            plain(&figures.pace_changes_per_hour),
        ];
        let mark = if row.on_front { "*" } else { " " };
        line(&format!("{mark} {}", figures.arm), &cells);
    }
}

fn guards(rows: &[Row]) {
    let width = rows.iter().map(|row| row.figures.arm.len()).max();
    let width = width.unwrap_or_default();
    for (number, first) in rows
        .first()
        .into_iter()
        .flat_map(|row| (0..).zip(&row.guards))
    {
        output::result(format_args!(
            "\nGuard {}: periods above it, of those with enough calls to tell; this claims no compliance",
            first.guard
        ));
        for row in rows {
            let Some(trial) = row.guards.get::<usize>(number) else {
                continue;
            };
            let told = trial.periods.saturating_sub(trial.few_calls);
            output::result(format_args!(
                "  {:width$}  {} of {told}",
                row.figures.arm, trial.above
            ));
        }
    }
}

fn figure(mean: f64, error: f64) -> String {
    if mean.abs() >= 20.0 {
        format!("{mean:.1} ±{error:.1}")
    } else {
        format!("{mean:.2} ±{error:.2}")
    }
}
