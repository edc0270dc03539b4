//! `tune`: a threshold from the daemon's own record.

use std::num::NonZero;

use std::str::FromStr;

use serde::Serialize;

use crate::domain::aim::AbandonTarget;
use crate::domain::{Actuator, CampaignId, Limit, Policy, Thresholds, Timestamp};
use crate::experiment::tune::{
    Candidate, CentreFit, DialRule, GateFault, GateReport, History, Recorded, TUNE_PIECES,
    TuneFault, TuneReport, TuneRequest, tune as recommend,
};
use crate::experiment::{Arm, ArmRule, all_cores};
use crate::simulator::Mode;
use crate::store::{StoreAt, StoreReader};

use super::exit::Exit;
use super::form::{Form, FormArgs};
use super::moment::Moment;
use super::output;
use super::progress::progress_bar;
use super::shown_times::ShownTimes;
use super::store_args::StoreArgs;
use super::tune_record::{Refusal, fixed_thresholds, mode, policy, share};
use super::tune_rival::{Pool, RivalChoice, beside_rival};

const ABOUT: &str = "\
A model of the centre is fitted to the recorded days of one campaign, and thresholds are tried on it. Before that the model \
has to repeat what the record's own policy did on days that it was not fitted to: as many connected calls within 5%, as \
many pauses and resumes within 30%, and abandoned calls within a factor of two. If it does not, nothing is recommended; \
most often --mode or --lines is not what the dialler does.

Another campaign that dials for some of the same agents, a rival, is part of the model where its record is kept by the same \
daemon. It is taken to dial progressively unless --rival says otherwise; its thresholds are those recorded.

Recommended is the threshold with the most connected calls whose abandoned share keeps the target with 95%. The bounds come \
from 20 fits to days that are drawn anew from the record. Arrivals are repeated, not asked: the figures are for days \
like those of the record.

What it needs, for at least five days: `record_workload = true`, counted calls (see `outcomes_every`), and thresholds in \
whole agents that stayed the same.

Examples:
  campaign-autopilot tune --campaign cmp-884291 --target 0.5%
  campaign-autopilot tune --campaign cmp-884291 --target 1% --since 21d \\
      --mode power=1.8 --lines 30
  campaign-autopilot tune --campaign cmp-884291 \\
      --rival cmp-884292:predictive=2%,lines=6
  campaign-autopilot tune --campaign cmp-884291 -o json \\
      --history 5/8,running=3m";

/// Flags of `tune`.
#[derive(Debug, clap::Args)]
#[command(after_help = ABOUT)]
pub(crate) struct TuneArgs {
    /// The campaign; may be left out where one alone is recorded
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// The share of the answered calls that may be abandoned
    #[arg(long, value_name = "P%", default_value = "0.5%")]
    target: AbandonTarget,
    /// How far to go back; the record is kept for 21 days
    #[arg(long, value_name = "DURATION|TIME", default_value = "14d", value_parser = Moment::from_str)]
    since: Moment,
    /// How the campaign dials: progressive, power=DIALS (for each available agent), or predictive=P% (its own target)
    #[arg(long, value_name = "MODE", default_value = "progressive", value_parser = mode)]
    mode: Mode,
    /// The most dials that the campaign can have in flight at once [default: as many as the mode allows]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    lines: Option<u32>,
    /// Another campaign on some of the same agents, and how it dials: its mode as for --mode, and the most dials in flight at once; or
    /// `none` [default: the recorded campaign that shares most agents, progressive]
    #[arg(long, value_name = "ID[:MODE[,lines=N]]", value_parser = RivalChoice::parse)]
    rival: Option<RivalChoice>,
    /// The policy under which the record was made, as for `compare` [default: the recorded thresholds]
    #[arg(long, value_name = "POLICY", value_parser = history)]
    history: Option<Policy>,
    /// Agents that are added to the threshold for a resume [default: as in the record]
    #[arg(long, value_name = "AGENTS", value_parser = clap::value_parser!(u32).range(..=1_000))]
    gap: Option<u32>,
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Threads; the figures are the same for any number [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    at: StoreArgs,
}

impl TuneArgs {
    /// Where the record lies.
    pub(super) fn place(&self) -> &StoreArgs {
        &self.at
    }
}

/// Reads the policy of a record: thresholds in whole agents, with options.
fn history(text: &str) -> Result<Policy, String> {
    let arm = Arm::parse(text)?;
    if arm.hours.is_some() || arm.grouped {
        return Err(format!(
            "`{text}`: days under thresholds alone are needed, without hours= and grouped"
        ));
    }
    match arm.rule {
        ArmRule::AlwaysRun => Ok(policy((0, 1))),
        ArmRule::Policy(policy) if policy.aim.is_some() => Err(format!(
            "`{text}`: a threshold that moves leaves no record to tune from; days under fixed thresholds are needed"
        )),
        ArmRule::Policy(policy)
            if policy.actuator == Actuator::Pause && whole_agents(&policy.thresholds).is_some() =>
        {
            Ok(*policy)
        }
        ArmRule::Policy(_) => Err(format!(
            "`{text}`: expected thresholds in whole agents that pause, such as 5/8"
        )),
    }
}

fn whole_agents(thresholds: &Thresholds) -> Option<(u32, u32)> {
    match (thresholds.pause_below(), thresholds.resume_at()) {
        (Limit::Agents(pause_below), Limit::Agents(resume_at)) => Some((pause_below, resume_at)),
        (Limit::Share(_), _) | (_, Limit::Share(_)) => None,
    }
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    campaign: &'a CampaignId,
    target: f64,
    recorded: &'a Recorded,
    held_back: &'a GateReport,
    fit: Fit,
    candidates: &'a [Candidate],
    /// Absent where no threshold keeps the target.
    recommended: Option<&'a Candidate>,
    /// Absent where no rival is in the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    rival: Option<RivalInModel<'a>>,
    aim_start: Option<f64>,
    arrivals: &'static str,
}

#[derive(Serialize)]
struct Fit {
    talk_other_seconds: f64,
    talk_campaign_seconds: f64,
    wrap_up_seconds: f64,
    answer_share: f64,
    ring_seconds: f64,
    abandon_factor: f64,
}

#[derive(Serialize)]
struct RivalInModel<'a> {
    campaign: &'a CampaignId,
    talk_seconds: f64,
    answer_share: f64,
    ring_seconds: f64,
}

/// What is recommended, and for which campaign.
struct Recommendation {
    campaign: CampaignId,
    rival: Option<CampaignId>,
    report: TuneReport,
}

impl Recommendation {
    fn rival(&self) -> Option<RivalInModel<'_>> {
        let both = self.rival.as_ref().zip(self.report.fit.rival.as_ref());
        both.map(|(campaign, fit)| RivalInModel {
            campaign,
            talk_seconds: fit.talk,
            answer_share: fit.answer_share,
            ring_seconds: fit.ring,
        })
    }
}

impl From<&CentreFit> for Fit {
    fn from(fit: &CentreFit) -> Self {
        Self {
            talk_other_seconds: fit.talk_other,
            talk_campaign_seconds: fit.talk_campaign,
            wrap_up_seconds: fit.wrap_up,
            answer_share: fit.answer_share,
            ring_seconds: fit.ring,
            abandon_factor: fit.abandon_factor,
        }
    }
}

/// Recommends a threshold from the store in a directory, as of a moment.
pub(crate) fn tune(args: &TuneArgs, (at, now): (&StoreAt, Timestamp)) -> Exit {
    match recommended(args, at, args.since.as_of(now, ShownTimes::here().zone())) {
        Ok(found) => match args.form.form() {
            Form::Table => table(args, &found),
            Form::Json => output::json(&json(args, &found)),
        },
        Err(refusal) => {
            output::talk(format_args!("campaign-autopilot: {refusal}"));
            refusal.exit()
        }
    }
}

fn json<'a>(args: &TuneArgs, found: &'a Recommendation) -> Report<'a> {
    let report = &found.report;
    Report {
        schema: 1,
        campaign: &found.campaign,
        target: share(args.target),
        recorded: &report.recorded,
        held_back: &report.gate,
        fit: Fit::from(&report.fit),
        candidates: &report.candidates,
        recommended: report.recommended.as_ref(),
        rival: found.rival(),
        aim_start: report.aim_start,
        arrivals: "repeated",
    }
}

fn recommended(args: &TuneArgs, at: &StoreAt, since: Timestamp) -> Result<Recommendation, Refusal> {
    let reader = StoreReader::open(at)?;
    let campaign = chosen(args, &reader.recorded_campaigns(since)?, since)?;
    let workload = reader.workload(&campaign, since)?;
    let outcomes = reader.recorded_outcomes(&campaign, since)?;
    let history = History::new(&workload, &outcomes).map_err(|fault| {
        Refusal::Record(format!("campaign `{campaign}` since {since}: {fault}"))
    })?;
    let policy = match &args.history {
        Some(policy) => policy.clone(),
        None => recorded_policy(&history)?,
    };
    let pool = Pool {
        reader: &reader,
        campaign: &campaign,
        history,
        since,
    };
    let (history, rival) = beside_rival(pool, args.rival.as_ref(), &policy)?;
    let gap = whole_agents(&policy.thresholds).map_or(3, |(pause, resume)| resume - pause);
    let request = TuneRequest {
        poll_interval: history.poll_interval,
        history,
        policy,
        dial: DialRule {
            mode: args.mode,
            lines: args.lines,
        },
        target: share(args.target),
        gap: args.gap.unwrap_or(gap),
        seed: args.seed,
        threads: args.threads.unwrap_or_else(all_cores),
    };
    let bar = progress_bar(TUNE_PIECES, "fits");
    let report = recommend(&request, || bar.inc(1));
    bar.finish_and_clear();
    let report = report.map_err(|fault| refused(&fault))?;
    Ok(Recommendation {
        campaign,
        rival,
        report,
    })
}

/// The campaign that is asked for, or the only one.
fn chosen(
    args: &TuneArgs,
    recorded: &[CampaignId],
    since: Timestamp,
) -> Result<CampaignId, Refusal> {
    match (&args.campaign, recorded) {
        (Some(campaign), recorded) if recorded.contains(campaign) => Ok(campaign.clone()),
        (None, [only]) => Ok(only.clone()),
        (_, []) => Err(Refusal::Record(format!(
            "nothing is recorded of any campaign's agents since {since}; run the daemon with record_workload = true for at least five days"
        ))),
        (Some(campaign), _) => Err(Refusal::Record(format!(
            "nothing is recorded of the agents of campaign `{campaign}` since {since}; recorded are {}",
            listed(recorded)
        ))),
        (None, _) => Err(Refusal::Record(format!(
            "several campaigns are recorded; give --campaign with one of {}",
            listed(recorded)
        ))),
    }
}

fn listed(campaigns: &[CampaignId]) -> String {
    let ids: Vec<&str> = campaigns.iter().map(CampaignId::as_str).collect();
    ids.join(", ")
}

fn recorded_policy(history: &History) -> Result<Policy, Refusal> {
    fixed_thresholds(history)
        .map(policy)
        .map_err(Refusal::Record)
}

fn refused(fault: &TuneFault) -> Refusal {
    match fault {
        TuneFault::TooFewDays { .. } => Refusal::Record(format!(
            "{fault}; let the daemon record longer, or give a longer --since"
        )),
        TuneFault::Gate(report) => {
            let faults: Vec<String> = report.faults().iter().map(GateFault::to_string).collect();
            Refusal::Model(format!(
                "{fault}; not reproduced: {}. Nothing is recommended. Give --mode, --lines, --rival and --history as they were",
                faults.join(", ")
            ))
        }
        TuneFault::Template => Refusal::Model(fault.to_string()),
    }
}

fn table(args: &TuneArgs, found: &Recommendation) -> Exit {
    let Recommendation {
        campaign, report, ..
    } = found;
    let TuneReport {
        gate,
        fit,
        recorded,
        candidates,
        recommended,
        aim_start,
    } = report;
    output::result(format_args!(
        "{campaign}: {} days recorded, {:.0} hours. Arrivals are repeated, not asked: the figures are for days like these.",
        recorded.days, recorded.hours
    ));
    output::result(format_args!("Held-back days: {gate}."));
    output::result(format_args!(
        "Fitted: talks {:.0} s (others {:.0} s), paperwork {:.0} s, {:.1}% of the dials answered, ringing {:.0} s.",
        fit.talk_campaign,
        fit.talk_other,
        fit.wrap_up,
        fit.answer_share * 100.0,
        fit.ring
    ));
    if let Some(rival) = found.rival() {
        output::result(format_args!(
            "Beside `{}` on shared agents: talks {:.0} s, {:.1}% of the dials answered, ringing {:.0} s.",
            rival.campaign,
            rival.talk_seconds,
            rival.answer_share * 100.0,
            rival.ring_seconds
        ));
    }
    output::result(format_args!(
        "\n{:<10}{:>12}{:>20}{:>14}{:>18}{:>10}",
        "policy", "connects/h", "95%", "abandoned %", "95%", "trans/h"
    ));
    output::result(format_args!(
        "{:<10}{:>12.1}{:>20}{:>14.2}{:>18}{:>10.1}",
        "history",
        recorded.connects_per_hour,
        "",
        recorded.abandoned_share * 100.0,
        "",
        recorded.transitions_per_hour
    ));
    for candidate in candidates {
        let (connects, abandoned) = (candidate.connects_per_hour, candidate.abandoned_share);
        let mark = if recommended.as_ref() == Some(candidate) {
            "  <- recommended"
        } else {
            ""
        };
        output::result(format_args!(
            "{:<10}{:>12.1}{:>20}{:>14.2}{:>18}{:>10.1}{mark}",
            format!("{}/{}", candidate.pause_below, candidate.resume_at),
            connects.mean,
            format!("{:.1} to {:.1}", connects.lower, connects.upper),
            abandoned.mean * 100.0,
            format!(
                "{:.2} to {:.2}",
                abandoned.lower * 100.0,
                abandoned.upper * 100.0
            ),
            candidate.transitions_per_hour
        ));
    }
    match recommended {
        Some(best) if best.pause_below == 0 => output::result(format_args!(
            "\nRecommended: never pause. Even so at most {:.2}% are abandoned, with 95%.",
            best.abandoned_share.upper * 100.0
        )),
        Some(best) => output::result(format_args!(
            "\nRecommended: pause_below = {}, resume_at = {}: at most {:.2}% abandoned with 95%, where {} may be.",
            best.pause_below,
            best.resume_at,
            best.abandoned_share.upper * 100.0,
            args.target
        )),
        None => output::result(format_args!(
            "\nNothing is recommended: no threshold up to half of the agents keeps {} with 95%.",
            args.target
        )),
    }
    if let Some(start) = aim_start {
        output::result(format_args!(
            "For an aim: abandon_target = \"{}\", aim_start = {start}.",
            args.target
        ));
    }
    Exit::Ok
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_read_and_what_is_none_is_named() {
        assert_eq!(mode("progressive"), Ok(Mode::Progressive));
        let power = Mode::Power {
            dials_per_agent: 1.8,
        };
        assert_eq!(mode("power=1.8"), Ok(power));
        let predictive = Mode::Predictive {
            abandon_target: 0.03,
        };
        assert_eq!(mode("predictive=3%"), Ok(predictive));
        for wrong in ["preview", "power", "power=x", "predictive=3", "power=0"] {
            let said = mode(wrong).unwrap_err();
            assert!(said.contains(wrong) && said.contains("expected"), "{said}");
        }
    }

    #[test]
    fn a_history_has_thresholds_in_whole_agents() {
        let policy = history("5/8,running=3m").unwrap();
        assert_eq!(whole_agents(&policy.thresholds), Some((5, 8)));
        assert_eq!(policy.min_running, std::time::Duration::from_secs(180));
        assert!(history("10%/20%").unwrap_err().contains("whole agents"));
        assert!(history("aim=0.5%").unwrap_err().contains("moves"));
    }
}
