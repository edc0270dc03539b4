//! `compliance`: the abandoned calls of a period, beside what the guards allow.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::civil::Date;
use serde::Serialize;

use crate::control::ports::{Clock, SystemClock};
use crate::domain::guard::{DaySpan, Guard, GuardStanding};
use crate::domain::{CampaignId, Timestamp};
use crate::serve::GuardDocument;
use crate::settings::{RunArgs, Scope, Settings, resolve_within};
use crate::store::{StoreFault, StoreReader};

use super::environment::variable;
use super::exit::Exit;
use super::form::{TableForm, TableFormArgs, csv};
use super::one_tenant::OneTenantArgs;
use super::output;
use super::store_place::store_at;

const ABOUT: &str = "\
Each row is a campaign and a guard: the calls that count, the calls of which they are a share, the share with its one-sided \
95% upper bound (Wilson), the limit, how many more calls may count, and how much of the period is unknown. What nobody \
counted is unknown and not zero. The daemon need not run.

It informs: what a law asks for is more than a share, and no row says that a law is kept.";

const INFORMS: &str = "this informs; what a law asks for is more than a share, and nothing here says that one is kept";

/// Which period of each guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskedPeriod {
    Current,
    Previous,
    Containing(Date),
}

impl FromStr for AskedPeriod {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "current" => Ok(Self::Current),
            "previous" => Ok(Self::Previous),
            day => day.parse().map(Self::Containing).map_err(|_| {
                "give current, previous, or a day of the period such as 2026-11-03".to_owned()
            }),
        }
    }
}

impl AskedPeriod {
    /// The period of a guard; none where there is no such one.
    fn of(self, guard: &Guard, now: Timestamp) -> Option<DaySpan> {
        match self {
            Self::Current => guard.span_at(now),
            Self::Previous => guard.period.before(guard.span_at(now)?),
            Self::Containing(day) => guard.period.containing(day),
        }
    }
}

/// Flags of `compliance`.
#[derive(Debug, clap::Args)]
#[command(after_help = ABOUT)]
pub(crate) struct ComplianceArgs {
    /// The period of each guard: current, previous, or the one with a day such as 2026-11-03
    #[arg(long, value_name = "PERIOD", default_value = "current", value_parser = AskedPeriod::from_str)]
    period: AskedPeriod,
    #[command(flatten)]
    form: TableFormArgs,
    #[command(flatten)]
    run: Box<OneTenantArgs>,
}

/// One campaign under one guard.
#[derive(Serialize)]
struct ComplianceRow {
    campaign: String,
    #[serde(flatten)]
    guard: GuardDocument,
}

/// A row of the flat form: no member of it holds others.
#[derive(Serialize)]
struct FlatRow<'a> {
    guard: &'a str,
    preset: Option<&'a str>,
    campaign: &'a str,
    period_from: &'a str,
    period_to: &'a str,
    zone: &'a str,
    numerator: &'a str,
    denominator: &'a str,
    counted: u64,
    calls: u64,
    share: Option<f64>,
    share_upper: Option<f64>,
    limit: f64,
    budget: i64,
    known_s: u64,
    unknown_s: u64,
    carried_s: u64,
    state: &'a str,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    at: String,
    informs: &'static str,
    rows: &'a [ComplianceRow],
}

/// A guard with its period, and how campaigns stand under it.
struct Compared<'a> {
    guard: &'a Guard,
    span: DaySpan,
    standings: BTreeMap<CampaignId, GuardStanding>,
}

/// Compares what the store has counted with the guards of the settings.
pub(crate) fn compliance(args: &ComplianceArgs) -> Exit {
    let now = SystemClock::real_time().now();
    let settings = |run: &RunArgs, part: Scope<'_>| resolve_within(run, &variable, part);
    match args.run.settings(settings) {
        Ok(settings) => report(args, &settings, now),
        Err(exit) => exit,
    }
}

fn report(args: &ComplianceArgs, settings: &Settings, now: Timestamp) -> Exit {
    if settings.guards.is_empty() {
        output::talk(
            "campaign-autopilot: there is no guard; write a [[guard]] table into the settings file",
        );
        return Exit::Broken;
    }
    let compared = match compare(args.period, settings, now) {
        Ok(compared) => compared,
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            return Exit::Io;
        }
    };
    let missing = settings.guards.len().saturating_sub(compared.len());
    if missing > 0 {
        output::talk(format_args!(
            "campaign-autopilot: {missing} of the guards had not begun in that period"
        ));
    }
    match args.form.form() {
        TableForm::Table => {
            for found in &compared {
                table(found);
            }
            output::result(format_args!("\n{INFORMS}"));
            Exit::Ok
        }
        TableForm::Json => output::json(&Report {
            schema: 1,
            at: now.to_string(),
            informs: INFORMS,
            rows: &rows(&compared),
        }),
        TableForm::Csv => flat(&rows(&compared)),
    }
}

fn compare(
    period: AskedPeriod,
    settings: &Settings,
    now: Timestamp,
) -> Result<Vec<Compared<'_>>, StoreFault> {
    let reader = StoreReader::open(store_at(settings))?;
    let mut compared = Vec::new();
    for guard in &settings.guards {
        let Some(span) = period.of(guard, now) else {
            continue;
        };
        let days = reader.outcome_days(&guard.zone, span)?;
        // Also those that are no longer managed: what they dialled in the period, they dialled.
        let campaigns: BTreeSet<&CampaignId> =
            settings.policies.keys().chain(days.keys()).collect();
        let about = campaigns.into_iter().filter(|id| {
            let labels = settings.labels.get(*id);
            guard.is_about(id, labels.and_then(|labels| labels.team.as_deref()))
        });
        let standings = about.map(|id| {
            let days = days.get(id).map_or(&[][..], Vec::as_slice);
            (id.clone(), guard.standing(span, days, now))
        });
        compared.push(Compared {
            guard,
            span,
            standings: standings.collect(),
        });
    }
    Ok(compared)
}

fn rows(compared: &[Compared<'_>]) -> Vec<ComplianceRow> {
    let rows = compared.iter().flat_map(|found| {
        let standings = found.standings.iter();
        standings.map(|(campaign, standing)| ComplianceRow {
            campaign: campaign.to_string(),
            guard: GuardDocument::new(found.guard, standing),
        })
    });
    rows.collect()
}

fn flat(rows: &[ComplianceRow]) -> Exit {
    csv(rows
        .iter()
        .map(|ComplianceRow { campaign, guard }| FlatRow {
            guard: &guard.name,
            preset: guard.preset.as_deref(),
            campaign,
            period_from: &guard.period_from,
            period_to: &guard.period_to,
            zone: &guard.zone,
            numerator: &guard.numerator,
            denominator: &guard.denominator,
            counted: guard.counted,
            calls: guard.calls,
            share: guard.share,
            share_upper: guard.share_upper,
            limit: guard.limit,
            budget: guard.budget,
            known_s: guard.known_s,
            unknown_s: guard.unknown_s,
            carried_s: guard.carried_s,
            state: &guard.state,
        }))
}

fn table(found: &Compared<'_>) {
    let Compared {
        guard,
        span,
        standings,
    } = found;
    output::result(format_args!("\n{}: {}", guard.name, guard.in_words()));
    if let Some(preset) = guard.preset {
        output::result(format_args!("  {}: {}", preset.name(), preset.in_words()));
    }
    output::result(format_args!("  period {span}"));
    let longest = standings.keys().map(|id| id.as_str().len()).max();
    let width = longest.unwrap_or_default().max("campaign".len());
    output::result(format_args!(
        "  {:width$}{:>10}{:>10}{:>9}{:>9}{:>9}{:>9}{:>10}  state",
        "campaign", "counted", "calls", "share", "up to", "limit", "left", "unknown"
    ));
    for (id, standing) in standings {
        let percent = |share: Option<f64>| {
            share.map_or("-".to_owned(), |share| format!("{:.2}%", share * 100.0))
        };
        let unknown = standing.unknown.as_secs().div_euclid(60);
        let (hours, minutes) = (unknown.div_euclid(60), unknown.rem_euclid(60));
        output::result(format_args!(
            "  {:width$}{:>10}{:>10}{:>9}{:>9}{:>9}{:>9}{:>10}  {}",
            id.as_str(),
            standing.counted,
            standing.whole,
            percent(standing.share),
            percent(standing.upper),
            standing.limit.to_string(),
            standing.budget,
            format!("{hours}h{minutes:02}m"),
            standing.state.label(),
        ));
    }
}
