//! The comparison as flat rows for spreadsheets.

use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::form::csv;

use super::compared::{Compared, Row};

/// One policy on one scenario. Shares are between 0 and 1; `_se` is the standard error of the figure before it.
#[derive(Serialize)]
struct FlatRow<'a> {
    scenario: &'a str,
    policy: &'a str,
    on_front: bool,
    connects_per_hour: f64,
    connects_per_hour_se: f64,
    abandoned_share: f64,
    abandoned_share_se: f64,
    transitions_per_hour: f64,
    transitions_per_hour_se: f64,
    short_gap_share: f64,
    short_gap_share_se: f64,
    paused_share: f64,
    paused_share_se: f64,
    idle_while_paused: f64,
    idle_while_paused_se: f64,
    inbound_abandoned_share: f64,
    inbound_abandoned_share_se: f64,
    service_level: f64,
    service_level_se: f64,
    pace_changes_per_hour: f64,
    pace_changes_per_hour_se: f64,
    /// Periods above each guard of all that can be told, such as `us-ftc 2/13`.
    guards: String,
}

/// Prints the rows of all scenarios under one header.
pub(super) fn print(compared: &[Compared]) -> Exit {
    csv(compared.iter().flat_map(|found| {
        let rows = found.policies.iter();
        rows.map(|row| flat(&found.scenario, row))
    }))
}

fn flat<'a>(scenario: &'a str, row: &'a Row) -> FlatRow<'a> {
    let Row {
        figures,
        on_front,
        guards,
    } = row;
    let guards = guards.iter().map(|trial| {
        let told = trial.periods.saturating_sub(trial.few_calls);
        format!("{} {}/{told}", trial.guard, trial.above)
    });
    FlatRow {
        scenario,
        policy: &figures.arm,
        on_front: *on_front,
        connects_per_hour: figures.connects_per_hour.mean,
        connects_per_hour_se: figures.connects_per_hour.standard_error,
        abandoned_share: figures.abandoned_share.mean,
        abandoned_share_se: figures.abandoned_share.standard_error,
        transitions_per_hour: figures.transitions_per_hour.mean,
        transitions_per_hour_se: figures.transitions_per_hour.standard_error,
        short_gap_share: figures.short_gap_share.mean,
        short_gap_share_se: figures.short_gap_share.standard_error,
        paused_share: figures.paused_share.mean,
        paused_share_se: figures.paused_share.standard_error,
        idle_while_paused: figures.idle_while_paused.mean,
        idle_while_paused_se: figures.idle_while_paused.standard_error,
        inbound_abandoned_share: figures.inbound_abandoned_share.mean,
        inbound_abandoned_share_se: figures.inbound_abandoned_share.standard_error,
        service_level: figures.service_level.mean,
        service_level_se: figures.service_level.standard_error,
        pace_changes_per_hour: figures.pace_changes_per_hour.mean,
        pace_changes_per_hour_se: figures.pace_changes_per_hour.standard_error,
        guards: guards.collect::<Vec<String>>().join("; "),
    }
}
