//! `compare`: policies side by side on simulated days.

mod compared;
mod flat;
mod plot;
mod table;

use std::num::NonZero;
use std::path::PathBuf;

use serde::Serialize;

use crate::experiment::{Arm, ArmRow, Days, TriedGuard, all_cores, lived, on_front};
use crate::simulator::Scenario;

use compared::{Compared, Row};

use super::exit::Exit;
use super::form::{TableForm, TableFormArgs};
use super::output;
use super::progress::progress_bar;
use super::scenario;

/// The arms where none is given: no autopilot, the default, thresholds that connect most at a share, and aims. The reserve
/// is what no platform offers so far, and shows what there is to be gained.
const ARMS: [&str; 9] = [
    "always",
    "5/8",
    "5/8,poll=10s",
    "2/5",
    "2/5,poll=10s",
    "4/5,poll=10s",
    "aim=0.5%",
    "aim=1%",
    "aim=0.5%,reserve",
];

const ABOUT: &str = "\
Everything is simulated: what differs between the rows is the policy and nothing else. Policies decide with the \
daemon's own rules, without HTTP; every policy meets the same callers, customers, agents and breaks.

POLICY is `always` (nobody pauses anything), thresholds with options, or a share of abandoned calls, which takes the same \
options and some of its own:
  5/8                         pause below 5, resume at 8, a poll every 30s
  10%/18%                     shares of the agents who are not offline
  5/8,poll=10s                another poll interval
  5/8,running=3m,paused=3m    least times in a state
  5/8,confirm=2/3             two of the last three readings
  5/8,resumes=6               at most so many resumes an hour
  5/8,hours=09:00-12:00+13:00-17:00
                              paused outside of these hours, in the
                              scenario's zone
  5/8,grouped                 the campaigns share their agents as a [[group]]
                              does, the first one before the others
  aim=0.5%                    one threshold that moves until 0.5% of the
                              answered calls are abandoned, a poll every 10s;
                              it learns from the counted calls, so give it
                              --consecutive days
  aim=0.5%,gap=4              resume at so many agents above the threshold (2)
  aim=0.5%,start=2.5          the threshold before anything was learned (3)
  aim=0.5%,by=shortage        it learns from the polls that find a running
                              campaign just out of agents, not from calls
  aim=0.5%,reserve            the threshold is given to the dialler as an idle
                              reserve: a dial begins only while more agents
                              are idle. Nothing is paused
  5/8,actuator=step-down      power and predictive campaigns dial one call for
                              each idle agent instead of being paused; with
                              step-down-then-pause they are paused when that
                              is not enough
  aim=0.5%,signal=available   what is compared: available,
                              available+wrap-up/2 (default) or free+serving

The columns: connects/h answered calls that reached an agent; abandoned % answered calls that did not, within two \
seconds; trans/h pauses and resumes; gaps<2min % of the times between them; paused % of the time; idle paused \
agent-hours an hour of agents idle while a campaign of theirs was paused; inbound ab % of the callers hung up; SL % \
of them were answered in time; pace/h, where a policy slows a campaign down, changes of its dials for each agent or of \
its idle reserve. After each figure stands its standard error. A row with * is on the front: no other one connects more \
with as few abandoned calls.";

/// Flags of `compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = ABOUT)]
pub(crate) struct CompareArgs {
    /// The contact centre and its day: a name, a TOML file, or all for every one that comes with the program; repeatable
    #[arg(
        long = "scenario",
        value_name = "NAME|FILE|all",
        default_value = "blended-40"
    )]
    scenarios: Vec<String>,
    /// A policy to try; repeatable [default: what is worth choosing from, on consecutive days]
    #[arg(long = "policy", value_name = "POLICY", value_parser = Arm::parse)]
    policies: Vec<Arm>,
    /// A limit on abandoned calls to hold each policy against: us-ftc, us-fcc, uk-ofcom-2010, or a share over days such as 3%/30d;
    /// repeatable. It informs and claims no compliance
    #[arg(long = "guard", value_name = "NAME|P%/Nd")]
    guards: Vec<TriedGuard>,
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
    #[command(flatten)]
    form: TableFormArgs,
    /// Also draw connects by abandoned calls, with the front, into this SVG file
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    simulated: bool,
    days: u32,
    first_seed: u64,
    /// Days that an aim has learned before these; absent where each day begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    adaptation_days: Option<u32>,
    scenarios: &'a [Compared],
}

/// Runs the comparison.
pub(crate) fn compare(args: &CompareArgs) -> Exit {
    let scenarios = match load(&args.scenarios) {
        Ok(scenarios) => scenarios,
        Err(exit) => return exit,
    };
    let chosen = args.policies.is_empty();
    let arms = if chosen {
        let arms = ARMS.iter().map(|text| Arm::parse(text));
        arms.filter_map(Result::ok).collect()
    } else {
        args.policies.clone()
    };
    let faults = scenarios.iter().flat_map(|scenario| {
        let wrong =
            move |arm: &Arm| Some(format!("{}: {}", scenario.name, arm.check(scenario).err()?));
        arms.iter().filter_map(wrong)
    });
    let mut faults: Vec<String> = faults.collect();
    let short =
        |guard: &&TriedGuard| u32::try_from(guard.days()).is_ok_and(|days| days > args.days);
    faults.extend(args.guards.iter().filter(short).map(|guard| {
        let (name, days) = (&guard.name, guard.days());
        format!("--guard {name} counts over {days} days; give --days {days} or more")
    }));
    if !faults.is_empty() {
        for fault in &faults {
            output::talk(format_args!("campaign-autopilot: {fault}"));
        }
        return Exit::Configuration;
    }
    let consecutive = args.consecutive || chosen;
    let days = Days {
        count: args.days,
        first_seed: args.seed,
        consecutive: consecutive.then_some(args.adaptation),
    };
    let compared = run(&scenarios, &arms, days, args);
    if let Some(path) = &args.plot
        && let Err(wrong) = std::fs::write(path, plot::svg(&compared, days))
    {
        output::talk(format_args!(
            "campaign-autopilot: --plot {}: {wrong}; name a file in a directory that can be written",
            path.display()
        ));
        return Exit::Io;
    }
    match args.form.form() {
        TableForm::Table => {
            table::print(&compared, days);
            Exit::Ok
        }
        TableForm::Json => output::json(&Report {
            schema: 2,
            simulated: true,
            days: days.count,
            first_seed: days.first_seed,
            adaptation_days: days.consecutive,
            scenarios: &compared,
        }),
        TableForm::Csv => flat::print(&compared),
    }
}

fn load(named: &[String]) -> Result<Vec<Scenario>, Exit> {
    let named = named.iter().flat_map(|name| match name.as_str() {
        "all" => Scenario::names().map(ToOwned::to_owned).collect(),
        _ => vec![name.clone()],
    });
    named.map(|name| scenario::load(&name)).collect()
}

fn run(scenarios: &[Scenario], arms: &[Arm], days: Days, args: &CompareArgs) -> Vec<Compared> {
    let threads = args.threads.unwrap_or_else(all_cores);
    let of_one: u64 = arms.iter().map(|arm| u64::from(days.simulated(arm))).sum();
    let many = u64::try_from(scenarios.len()).unwrap_or(u64::MAX);
    let bar = progress_bar(of_one.saturating_mul(many), "days");
    let compared = scenarios.iter().map(|scenario| {
        let lived = lived(scenario, arms, days, threads, || bar.inc(1));
        let rows = arms.iter().zip(&lived);
        let rows: Vec<ArmRow> = rows
            .map(|(arm, days)| ArmRow::of_days(&arm.name, days))
            .collect();
        let front = on_front(&rows);
        let rows = rows.into_iter().zip(front).zip(&lived);
        Compared {
            scenario: scenario.name.clone(),
            about: scenario.about.clone(),
            policies: rows
                .map(|((figures, on_front), days)| Row {
                    figures,
                    on_front,
                    guards: args.guards.iter().map(|guard| guard.over(days)).collect(),
                })
                .collect(),
        }
    });
    let compared = compared.collect();
    bar.finish_and_clear();
    compared
}
