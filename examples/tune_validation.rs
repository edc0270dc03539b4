//! Holds `tune` against simulated centres whose truth is known: days are simulated under a known policy and recorded as the daemon
//! records them, a threshold is tuned from the record alone, and what is promised is compared with other days of the same centre.

use std::collections::BTreeMap;
use std::io::{StdoutLock, Write as _};
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use campaign_autopilot::domain::{Limit, Policy, Thresholds};
use campaign_autopilot::experiment::all_cores;
use campaign_autopilot::experiment::tune::{
    BreaksShown, Candidate, CentreFit, DialRule, History, RecordedDays, RivalRule, SimulatedRecord,
    TUNE_PIECES, TrueFigures, TruePolicies, TuneReport, TuneRequest, record_days, record_pool,
    true_figures, tune,
};
use campaign_autopilot::simulator::{OutboundCampaign, Scenario};
use clap::Parser;

/// Holds tune against simulated centres whose truth is known.
#[derive(Parser)]
struct Arguments {
    /// Days of each record
    #[arg(long, default_value_t = 20)]
    days: u32,
    /// Other days on which the truth is simulated
    #[arg(long, default_value_t = 50)]
    true_days: usize,
    /// The share of the answered calls that may be abandoned
    #[arg(long, default_value_t = 0.005)]
    target: f64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; the figures are the same for any number [default: all cores]
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// The platform shows breaks as calls, instead of apart
    #[arg(long)]
    breaks_as_calls: bool,
    /// Nothing is known of the other campaigns of shared agents
    #[arg(long)]
    without_rivals: bool,
    /// Only where this is in the name of the centre and the campaign
    #[arg(long, default_value = "")]
    only: String,
}

/// The policies under which records are made: thresholds, and the seconds between two polls.
const HISTORIES: [(u32, u32, u64); 3] = [(5, 8, 30), (2, 5, 10), (0, 3, 10)];

/// What is added to a threshold for a resume.
const GAP: u32 = 3;

/// The highest threshold that is tried for the best one.
const HIGHEST: u32 = 20;

/// What the days of the truth begin with: far from those of any record.
const TRUE_SEED: u64 = 1_000_000;

/// What has to hold, in this many of 27 histories.
const WITHIN_ONE: u32 = 25;
const BOUND_HOLDS: u32 = 24;

/// One record, and what it is held against.
struct Trial<'a> {
    name: &'a str,
    scenario: &'a Scenario,
    campaign: &'a OutboundCampaign,
    history: (u32, u32, u64),
    arguments: &'a Arguments,
    known: BTreeMap<u32, TrueFigures>,
}

impl Trial<'_> {
    fn own(&self) -> Policy {
        policy(self.history.0, self.history.1)
    }

    fn poll_interval(&self) -> Duration {
        Duration::from_secs(self.history.2)
    }

    fn threads(&self) -> NonZero<usize> {
        self.arguments.threads.unwrap_or_else(all_cores)
    }

    /// What a threshold really comes to, while every other campaign keeps the record's policy.
    fn truth(&mut self, pause_below: u32) -> TrueFigures {
        if let Some(known) = self.known.get(&pause_below) {
            return *known;
        }
        let policies = TruePolicies {
            campaign: &self.campaign.id,
            own: &policy(pause_below, pause_below + GAP),
            others: &self.own(),
            poll_interval: self.poll_interval(),
        };
        let days = self.arguments.true_days;
        let seed = self.arguments.seed + TRUE_SEED;
        let figures = true_figures(self.scenario, policies, days, seed, self.threads());
        self.known.insert(pause_below, figures);
        figures
    }

    /// The lowest threshold that really keeps the target: the one with the most connects that does.
    fn best(&mut self) -> u32 {
        let target = self.arguments.target;
        let keeps = |pause_below: &u32| self.truth(*pause_below).abandoned_share <= target;
        (0..HIGHEST).find(keeps).unwrap_or(HIGHEST)
    }

    /// The record of the campaign, beside that of the other campaign of its agents.
    fn recorded(&self, days: RecordedDays) -> Result<History, String> {
        let own = self.own();
        let history = |record: &SimulatedRecord| {
            History::new(&record.workload, &record.outcomes).map_err(|fault| fault.to_string())
        };
        let mut others = self.scenario.campaigns.iter();
        let rival = others.find(|other| other.id != self.campaign.id);
        let Some(rival) = rival.filter(|_| !self.arguments.without_rivals) else {
            let record = record_days(self.scenario, &self.campaign.id, &own, days);
            return history(&record);
        };
        let ids = (self.campaign.id.as_str(), rival.id.as_str());
        let pool = record_pool(self.scenario, ids, &own, days);
        let history = history(&pool.own)?;
        let rule = RivalRule {
            dial: dial(rival),
            policy: own,
        };
        let beside = history.of_rival(&pool.rival.workload, &pool.rival.outcomes);
        let beside = beside.and_then(|rival| history.beside(&rival, &pool.shared, rule));
        beside.map_err(|fault| fault.to_string())
    }

    fn tuned(&self) -> Result<TuneReport, String> {
        let days = RecordedDays {
            count: self.arguments.days,
            first_seed: self.arguments.seed,
            poll_interval: self.poll_interval(),
            breaks: if self.arguments.breaks_as_calls {
                BreaksShown::AsCalls
            } else {
                BreaksShown::Apart
            },
        };
        let history = self.recorded(days)?;
        let request = TuneRequest {
            history,
            policy: self.own(),
            poll_interval: self.poll_interval(),
            dial: dial(self.campaign),
            target: self.arguments.target,
            gap: GAP,
            seed: self.arguments.seed,
            threads: self.threads(),
        };
        let done = AtomicU64::new(0);
        let progress = || {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            // Not the table, which may go to a file.
            let mut err = std::io::stderr().lock();
            drop(write!(
                err,
                "\r{} {} {:?}: {done} of {TUNE_PIECES} ",
                self.name, self.campaign.id, self.history
            ));
            if done == TUNE_PIECES {
                drop(writeln!(err));
            }
        };
        tune(&request, progress).map_err(|fault| fault.to_string())
    }
}

/// How many histories kept what was promised.
#[derive(Default)]
struct Score {
    histories: u32,
    within_one: u32,
    bound_holds: u32,
}

/// The scenarios that come with the program.
fn centres() -> impl Iterator<Item = (&'static str, Scenario)> {
    Scenario::names()
        .filter_map(|name| Some((name, Scenario::parse(Scenario::text(name)?, name).ok()?)))
}

/// How a campaign dials, which its user knows.
fn dial(campaign: &OutboundCampaign) -> DialRule {
    DialRule {
        mode: campaign.mode,
        lines: campaign.lines,
    }
}

fn policy(pause_below: u32, resume_at: u32) -> Policy {
    let limits = (Limit::Agents(pause_below), Limit::Agents(resume_at));
    Policy {
        thresholds: Thresholds::new(limits.0, limits.1).unwrap_or_default(),
        flap_limit: None,
        ..Policy::default()
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn run(arguments: &Arguments) -> std::io::Result<bool> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:<17}{:<12}{:<9}{:>6}{:>5}{:>10}{:>7}{:>7}{:>11}{:>8}{:>9}{:>7}{:>6}{:>10}{:>10}",
        "centre",
        "campaign",
        "history",
        "tuned",
        "best",
        "promised",
        "upper",
        "true",
        "connects/h",
        "true",
        "own talk",
        "other",
        "wrap",
        "answered",
        "abandons"
    )?;
    let mut score = Score::default();
    for (name, scenario) in centres() {
        for campaign in &scenario.campaigns {
            if !format!("{name} {}", campaign.id).contains(&arguments.only) {
                continue;
            }
            for history in HISTORIES {
                let trial = Trial {
                    name,
                    scenario: &scenario,
                    campaign,
                    history,
                    arguments,
                    known: BTreeMap::new(),
                };
                one(&mut out, trial, &mut score)?;
            }
            true_means(&mut out, &scenario, campaign)?;
        }
    }
    let Score {
        histories,
        within_one,
        bound_holds,
    } = score;
    writeln!(
        out,
        "{histories} histories: {within_one} within one agent of the best, in {bound_holds} the promised bound holds"
    )?;
    Ok(within_one * 27 >= histories * WITHIN_ONE && bound_holds * 27 >= histories * BOUND_HOLDS)
}

fn one(out: &mut StdoutLock<'_>, mut trial: Trial<'_>, score: &mut Score) -> std::io::Result<()> {
    let (pause_below, resume_at, poll) = trial.history;
    let label = format!("{pause_below}/{resume_at} {poll}s");
    write!(out, "{:<17}{:<12}{label:<9}", trial.name, trial.campaign.id)?;
    score.histories += 1;
    let tuned = trial.tuned();
    let best = trial.best();
    let report = match tuned {
        Ok(report) => report,
        Err(fault) => return writeln!(out, "{:>6}{best:>5}  {fault}", "none"),
    };
    let Some(tuned) = report.recommended else {
        return writeln!(out, "{:>6}{best:>5}  no threshold keeps the target", "none");
    };
    let real = trial.truth(tuned.pause_below);
    let Candidate {
        pause_below,
        connects_per_hour,
        abandoned_share,
        ..
    } = tuned;
    score.within_one += u32::from(pause_below.abs_diff(best) <= 1);
    score.bound_holds += u32::from(real.abandoned_share <= abandoned_share.upper);
    write!(
        out,
        "{pause_below:>6}{best:>5}{:>10.3}{:>7.3}{:>7.3}{:>11.1}{:>8.1}",
        abandoned_share.mean * 100.0,
        abandoned_share.upper * 100.0,
        real.abandoned_share * 100.0,
        connects_per_hour.mean,
        real.connects_per_hour
    )?;
    let CentreFit {
        talk_other,
        talk_campaign,
        wrap_up,
        answer_share,
        abandon_factor,
        ..
    } = report.fit;
    writeln!(
        out,
        "{talk_campaign:>9.0}{talk_other:>7.0}{wrap_up:>6.0}{answer_share:>10.3}{abandon_factor:>10.2}"
    )
}

/// What the fitted means are held against.
fn true_means(
    out: &mut StdoutLock<'_>,
    scenario: &Scenario,
    campaign: &OutboundCampaign,
) -> std::io::Result<()> {
    let queue = scenario.queues.first();
    let other = queue.map_or(0.0, |queue| queue.talk.mean_seconds());
    writeln!(
        out,
        "{:>92}{:>9.0}{other:>7.0}{:>6.0}{:>10.3}",
        "true",
        campaign.talk.mean_seconds(),
        campaign.wrap_up.mean_seconds(),
        campaign.answer_share
    )
}
