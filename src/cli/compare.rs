//! `compare`: policies side by side on simulated days.

use std::num::NonZero;

use serde::Serialize;

use crate::experiment::{Arm, ArmRow, Days, Estimate, all_cores, compare as run_arms};
use crate::simulator::Scenario;

use super::exit::Exit;
use super::output;
use super::progress::progress_bar;
use super::scenario;

/// The arms where none is given: no autopilot, the default, lower thresholds, faster polls, and dwell.
const ARMS: [&str; 5] = [
    "always",
    "5/8",
    "2/5",
    "5/8,poll=10s",
    "5/8,running=3m,paused=3m",
];

/// A column of those that slow campaigns down.
const PACE_COLUMN: (&str, usize) = ("pace/h", 14);

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

const ABOUT: &str = "\
Everything is simulated: what differs between the rows is the policy and nothing else. Thresholds decide with the
daemon's own rules, without HTTP; every policy meets the same callers, customers, agents and breaks.

POLICY is `always` (nobody pauses anything), thresholds with options, or a share of abandoned calls:
  5/8                         pause below 5, resume at 8, a poll every 30s
  10%/18%                     shares of the agents who are not offline
  5/8,poll=10s                another poll interval
  5/8,running=3m,paused=3m    least times in a state
  5/8,confirm=2/3             two of the last three readings
  5/8,resumes=6               at most so many resumes an hour
  aim=0.5%                    one threshold that moves until 0.5% of the answered calls are abandoned, a poll every
                              10s; it learns from the counted calls, so give it --consecutive days. It is tried here
                              and is no setting of the daemon yet
  aim=0.5%,gap=4              resume at so many agents above the threshold (2)
  aim=0.5%,start=2.5          the threshold before anything was learned (3)
  aim=0.5%,reserve            the threshold is given to the dialler as an idle reserve: a dial begins only while more
                              agents are idle. Nothing is paused
  5/8,actuator=step-down      power and predictive campaigns dial one call for each idle agent instead of being
                              paused; with step-down-then-pause they are paused when that is not enough
  aim=0.5%,signal=available   what is compared: available, available+wrap-up/2 (default) or free+serving

The columns: connects/h answered calls that reached an agent; abandoned % answered calls that did not, within two
seconds; trans/h pauses and resumes; gaps<2min % of the times between them; paused % of the time; idle paused
agent-hours an hour of agents idle while a campaign of theirs was paused; inbound ab % of the callers hung up; SL %
of them were answered in time; pace/h, where a policy slows a campaign down, changes of its dials for each agent or of
its idle reserve. After each figure stands its standard error.";

/// Flags of `compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = ABOUT)]
pub(crate) struct CompareArgs {
    /// The contact centre and its day: a name, or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "blended-40")]
    scenario: String,
    /// A policy to try; repeatable [default: always 5/8 2/5 5/8,poll=10s 5/8,running=3m,paused=3m]
    #[arg(long = "policy", value_name = "POLICY", value_parser = arm)]
    policies: Vec<Arm>,
    /// The number of days that each policy is simulated for
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    days: u32,
    /// The first day's seed; the others count up from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Let the days follow each other: an aim goes on from what it learned on the day before
    #[arg(long)]
    consecutive: bool,
    /// With `--consecutive`: days on which an aim learns before the first one that is counted
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(..=10_000))]
    adaptation: u32,
    /// Threads; the figures are the same for any number [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn arm(text: &str) -> Result<Arm, String> {
    Arm::parse(text)
}

#[derive(Serialize)]
struct Report<'a> {
    scenario: &'a str,
    about: &'a str,
    simulated: bool,
    days: u32,
    first_seed: u64,
    /// Days that an aim has learned before these; absent where each day begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    adaptation_days: Option<u32>,
    policies: &'a [ArmRow],
}

/// Runs the comparison.
pub(crate) fn compare(args: &CompareArgs) -> Exit {
    let scenario = match scenario::load(&args.scenario) {
        Ok(scenario) => scenario,
        Err(exit) => return exit,
    };
    let arms = if args.policies.is_empty() {
        ARMS.iter()
            .filter_map(|text| Arm::parse(text).ok())
            .collect()
    } else {
        args.policies.clone()
    };
    let faults: Vec<String> = arms
        .iter()
        .filter_map(|arm| arm.check(&scenario).err())
        .collect();
    if !faults.is_empty() {
        for fault in &faults {
            output::talk(format_args!("campaign-autopilot: {fault}"));
        }
        return Exit::Configuration;
    }
    let threads = args.threads.unwrap_or_else(all_cores);
    let days = Days {
        count: args.days,
        first_seed: args.seed,
        consecutive: args.consecutive.then_some(args.adaptation),
    };
    let runs = arms.iter().map(|arm| u64::from(days.simulated(arm))).sum();
    let bar = progress_bar(runs, "days");
    let rows = run_arms(&scenario, &arms, days, threads, || bar.inc(1));
    bar.finish_and_clear();
    if args.json {
        return tell_json(args, &scenario, &rows);
    }
    output::result(format_args!(
        "Simulated: {} days of {} ({}).",
        args.days, scenario.name, scenario.about
    ));
    if args.consecutive {
        output::result(format_args!(
            "Consecutive: an aim has learned for {} days before these.",
            args.adaptation
        ));
    }
    table(&rows);
    Exit::Ok
}

fn tell_json(args: &CompareArgs, scenario: &Scenario, rows: &[ArmRow]) -> Exit {
    let report = Report {
        scenario: &scenario.name,
        about: &scenario.about,
        simulated: true,
        days: args.days,
        first_seed: args.seed,
        adaptation_days: args.consecutive.then_some(args.adaptation),
        policies: rows,
    };
    output::json(&report)
}

fn table(rows: &[ArmRow]) {
    let name_width = rows
        .iter()
        .map(|row| row.arm.len())
        .max()
        .unwrap_or(0)
        .max(6);
    let mut columns = COLUMNS.to_vec();
    let slows_down = rows.iter().any(|row| row.pace_changes_per_hour.mean > 0.0);
    if slows_down {
        columns.push(PACE_COLUMN);
    }
    let line = |name: &str, cells: &[String]| {
        let cells = cells.iter().zip(&columns);
        let padded: Vec<String> = cells
            .map(|(cell, (_, width))| format!("{cell:>width$}"))
            .collect();
        let padded = padded.concat();
        output::result(format_args!("{name:name_width$}{padded}"));
    };
    output::result("");
    let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    line("policy", &names);
    for row in rows {
        let percent = |share: &Estimate| figure(share.mean * 100.0, share.standard_error * 100.0);
        let plain = |estimate: &Estimate| figure(estimate.mean, estimate.standard_error);
        let cells = [
            plain(&row.connects_per_hour),
            percent(&row.abandoned_share),
            plain(&row.transitions_per_hour),
            percent(&row.short_gap_share),
            percent(&row.paused_share),
            plain(&row.idle_while_paused),
            percent(&row.inbound_abandoned_share),
            percent(&row.service_level),
            plain(&row.pace_changes_per_hour),
        ];
        line(&row.arm, &cells);
    }
}

fn figure(mean: f64, error: f64) -> String {
    if mean.abs() >= 20.0 {
        format!("{mean:.1} ±{error:.1}")
    } else {
        format!("{mean:.2} ±{error:.2}")
    }
}
