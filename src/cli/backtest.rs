//! `backtest`: other policies over what the daemon has read.

use std::collections::BTreeMap;

use std::str::FromStr;

use serde::Serialize;

use crate::domain::{CampaignId, Timestamp};
use crate::experiment::{Backtest, BacktestArm, BacktestRow};
use crate::store::{ReplayFault, StoreAt, StoreReader};

use super::audit::of_replay;
use super::exit::Exit;
use super::form::{Form, FormArgs};
use super::moment::Moment;
use super::output;
use super::progress::progress_bar;
use super::shown_times::ShownTimes;
use super::store_args::StoreArgs;

/// The policies where none is given.
const ARMS: [&str; 3] = ["always", "5/8", "2/5"];

const ABOUT: &str = "\
`history` is what the daemon did; the other rows are what a policy would have asked for on the same readings. The \
readings cannot react: they were made while the history's policy steered. So the rows say how often a policy \
switches at this site, and nothing about calls; `compare` simulates those.

POLICY is as for `compare`: `always`, or thresholds with options such as 5/8,running=3m. The agents that count stay \
those of the configuration; poll= longer than the daemon's leaves readings out.

Time in which a person had the campaign paused, in which readings failed or the daemon was away is left out. The \
columns: hours observed; trans/h pauses and resumes; paused % of that time; bare % of it running with no agent \
available; idle agents available while it was paused, on average over all of it.";

/// Flags of `backtest`.
#[derive(Debug, clap::Args)]
#[command(after_help = ABOUT)]
pub(crate) struct BacktestArgs {
    /// How far to go back; recorded readings are kept for eight days
    #[arg(long, value_name = "DURATION|TIME", default_value = "7d", value_parser = Moment::from_str)]
    since: Moment,
    /// A policy to try; repeatable [default: always 5/8 2/5]
    #[arg(long = "policy", value_name = "POLICY", value_parser = BacktestArm::parse)]
    policies: Vec<BacktestArm>,
    /// Only this campaign; repeatable
    #[arg(long = "campaign", value_name = "ID")]
    campaigns: Vec<CampaignId>,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    at: StoreArgs,
}

impl BacktestArgs {
    /// Where the record lies.
    pub(super) fn place(&self) -> &StoreArgs {
        &self.at
    }
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    since: String,
    open_loop: bool,
    campaigns: &'a BTreeMap<CampaignId, Vec<BacktestRow>>,
}

/// Runs the backtest on the store in a directory, as of a moment.
pub(crate) fn backtest(args: &BacktestArgs, (at, now): (&StoreAt, Timestamp)) -> Exit {
    let since = args.since.as_of(now, ShownTimes::here().zone());
    let arms = if args.policies.is_empty() {
        let arms = ARMS.iter().map(|text| BacktestArm::parse(text));
        arms.filter_map(Result::ok).collect()
    } else {
        args.policies.clone()
    };
    let results = match run(arms, since, args.campaigns.clone(), at) {
        Ok(results) => results,
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            return of_replay(&fault);
        }
    };
    if let Some(unknown) = args.campaigns.iter().find(|id| !results.contains_key(*id)) {
        output::talk(format_args!(
            "campaign-autopilot: nothing was recorded of campaign `{unknown}` since {since}; `history` names campaigns"
        ));
        return Exit::Broken;
    }
    if results.is_empty() {
        output::talk(format_args!(
            "campaign-autopilot: no reading was recorded since {since}; give a longer --since"
        ));
        return Exit::Broken;
    }
    match args.form.form() {
        Form::Table => {
            table(&results);
            Exit::Ok
        }
        Form::Json => output::json(&Report {
            schema: "backtest/1",
            since: since.to_string(),
            open_loop: true,
            campaigns: &results,
        }),
    }
}

fn run(
    arms: Vec<BacktestArm>,
    since: Timestamp,
    campaigns: Vec<CampaignId>,
    at: &StoreAt,
) -> Result<BTreeMap<CampaignId, Vec<BacktestRow>>, ReplayFault> {
    let reader = StoreReader::open(at)?;
    let bar = progress_bar(reader.input_count()?, "inputs");
    let mut backtest = Backtest::new(arms, since, campaigns);
    let fed = reader.with_inputs(|inputs| {
        for (at, input) in inputs {
            backtest.step(at, input)?;
            bar.inc(1);
        }
        Ok(())
    });
    bar.finish_and_clear();
    fed?.map_err(ReplayFault::Diverged)?;
    Ok(backtest.results())
}

fn table(results: &BTreeMap<CampaignId, Vec<BacktestRow>>) {
    output::result(
        "Open loop: the readings were made under the history's policy and cannot react to another one.",
    );
    let longest = |rows: &Vec<BacktestRow>| rows.iter().map(|row| row.policy.len()).max();
    let width = results.values().filter_map(longest).max().unwrap_or(0);
    for (id, rows) in results {
        output::result(format_args!(
            "\n{id}\n{:width$}{:>9}{:>11}{:>11}{:>9}{:>9}",
            "policy", "hours", "trans/h", "paused %", "bare %", "idle"
        ));
        for row in rows {
            output::result(format_args!(
                "{:width$}{:>9.1}{:>11.1}{:>11.1}{:>9.2}{:>9.2}",
                row.policy,
                row.hours,
                row.transitions_per_hour(),
                row.paused_share * 100.0,
                row.bare_share * 100.0,
                row.idle_agents
            ));
        }
    }
}
