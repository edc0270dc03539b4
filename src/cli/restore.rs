//! `restore`: puts the original pace of every campaign back that a daemon has stepped down or given an idle reserve.
//!
//! It works beside a running daemon and after one that has stopped. What it would do is shown first; nothing is written before that
//! is confirmed.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, stdin};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::control::ports::{Clock, SystemClock};
use crate::control::{PaceRestorer, PaceToRestore};
use crate::domain::throttle::{PaceSetting, ThrottleState};
use crate::domain::{CampaignId, Conclusion};
use crate::settings::{LOG, Scope, Settings, resolve_within};
use crate::store::{Store, StoreFault, StoreReader};
use crate::telemetry::{LogFormat, install_log};

use super::connection::Connection;
use super::environment::variable;
use super::exit::Exit;
use super::form::FormArgs;
use super::one_tenant::OneTenantArgs;
use super::output;
use super::store_place::store_at;

/// Attempts, waits between them included, that one exchange may need.
const ATTEMPTS: u32 = 4;

/// Flags of `restore`.
#[derive(clap::Args)]
pub(crate) struct RestoreArgs {
    /// Do not ask whether these are meant
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    run: Box<OneTenantArgs>,
}

type Remembered = BTreeMap<CampaignId, ThrottleState>;

/// What became of the pace of one campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum PaceEnd {
    /// The original was put back.
    PutBack,
    /// It would be put back; nobody has said that it is meant.
    NotConfirmed,
    /// The original is in force already.
    Already,
    /// Somebody else set it: it stays.
    Others,
    /// The platform did not let it be read or changed.
    Failed,
}

/// One campaign, for programs.
#[derive(Serialize)]
struct RestoredPace {
    campaign: CampaignId,
    end: PaceEnd,
    /// What was found, in words.
    found: Option<String>,
    /// What was there before ours, in words.
    original: Option<String>,
    why: Option<String>,
}

/// What `restore` came to, told as it goes or at its end.
struct RestoreReport {
    form: FormArgs,
    paces: Vec<RestoredPace>,
}

impl RestoreReport {
    /// Tells a line to people; with a form for programs, beside the document.
    fn line(&self, line: impl std::fmt::Display) {
        if self.form.is_json() {
            output::talk(line);
        } else {
            output::result(line);
        }
    }

    fn add(
        &mut self,
        campaign: &CampaignId,
        end: PaceEnd,
        found: Option<PaceSetting>,
        original: Option<PaceSetting>,
    ) {
        self.paces.push(RestoredPace {
            campaign: campaign.clone(),
            end,
            found: found.map(PaceSetting::in_words),
            original: original.map(PaceSetting::in_words),
            why: None,
        });
    }

    fn ends(&mut self, campaign: &CampaignId, end: PaceEnd, why: Option<String>) {
        let found = self
            .paces
            .iter_mut()
            .find(|pace| pace.campaign == *campaign);
        if let Some(pace) = found {
            (pace.end, pace.why) = (end, why);
        }
    }

    fn told(self, exit: Exit) -> Exit {
        if !self.form.is_json() {
            return exit;
        }
        let paces = &self.paces;
        exit.then(output::json(
            &json!({"schema": "restore/1", "campaigns": paces}),
        ))
    }
}

/// Shows what is remembered, asks, and puts it back.
pub(crate) async fn restore(args: &RestoreArgs) -> Exit {
    let (settings, remembered) = match prepared(args) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let mut report = RestoreReport {
        form: args.form,
        paces: Vec::new(),
    };
    if remembered.is_empty() {
        let place = settings.state_dir.display();
        report.line(format_args!(
            "no campaign of {place} is stepped down or has an idle reserve"
        ));
        return report.told(Exit::Ok);
    }
    let exit = put_back(&settings, &remembered, args.yes, &mut report).await;
    report.told(exit)
}

fn prepared(args: &RestoreArgs) -> Result<(Settings, Remembered), Exit> {
    let settings = args.run.settings(|run, part| {
        let part = Scope {
            without_campaigns: true,
            ..part
        };
        resolve_within(run, &variable, part)
    })?;
    let filter = variable(LOG).unwrap_or_else(|| "error".to_owned());
    install_log(LogFormat::Text, &filter, false, None).map_err(|why| {
        output::talk(format_args!("campaign-autopilot: {why}; fix {LOG}"));
        Exit::Configuration
    })?;
    let remembered = remembered(&settings).map_err(|fault| tell(&fault, Exit::Io))?;
    Ok((settings, remembered))
}

/// Every campaign of which an original is remembered.
fn remembered(settings: &Settings) -> Result<Remembered, StoreFault> {
    let states = match StoreReader::open(store_at(settings)) {
        Ok(reader) => reader.states()?,
        Err(StoreFault::Absent { .. }) => BTreeMap::new(),
        Err(fault) => return Err(fault),
    };
    let throttled = states.into_iter().filter_map(|(id, state)| {
        let throttle = state.throttle?;
        throttle.original()?;
        Some((id, *throttle))
    });
    Ok(throttled.collect())
}

fn tell(wrong: &dyn std::fmt::Display, exit: Exit) -> Exit {
    output::talk(format_args!("campaign-autopilot: {wrong}"));
    exit
}

async fn put_back(
    settings: &Settings,
    remembered: &Remembered,
    yes: bool,
    report: &mut RestoreReport,
) -> Exit {
    let restorer = match restorer(settings) {
        Ok(restorer) => restorer,
        Err(exit) => return exit,
    };
    let mut exit = Exit::Ok;
    let mut ours = Vec::new();
    for (campaign, throttle) in remembered {
        match restorer.look(campaign, throttle).await {
            Ok(Some(PaceToRestore::Ours { found, original })) => {
                report.line(format_args!(
                    "campaign {campaign}: {} -> {}",
                    found.number_and_unit().0,
                    original.in_words()
                ));
                report.add(campaign, PaceEnd::NotConfirmed, Some(found), Some(original));
                ours.push((campaign, throttle));
            }
            Ok(Some(PaceToRestore::Already { original })) => {
                report.line(format_args!(
                    "campaign {campaign}: {} already",
                    original.in_words()
                ));
                report.add(campaign, PaceEnd::Already, Some(original), Some(original));
            }
            Ok(Some(PaceToRestore::Others { found, original })) => {
                report.line(format_args!(
                    "campaign {campaign}: somebody set {}; that stays, instead of {}",
                    found.in_words(),
                    original.number_and_unit().0
                ));
                report.add(campaign, PaceEnd::Others, Some(found), Some(original));
            }
            Ok(None) => {}
            Err(fault) => {
                report.add(campaign, PaceEnd::Failed, None, throttle.original());
                report.ends(campaign, PaceEnd::Failed, Some(fault.to_string()));
                exit = tell(
                    &format_args!("campaign {campaign}: {fault}"),
                    Exit::of(fault.kind),
                );
            }
        }
    }
    if ours.is_empty() {
        return exit;
    }
    if !yes && !confirmed(ours.len()) {
        output::talk("campaign-autopilot: nothing was changed");
        return Exit::NotThere;
    }
    for (number, (campaign, throttle)) in (1..).zip(ours) {
        match restorer.restore(campaign, throttle, number).await {
            Ok((Conclusion::Confirmed | Conclusion::Unchanged, _)) => {
                report.line(format_args!("campaign {campaign}: put back"));
                report.ends(campaign, PaceEnd::PutBack, None);
            }
            Ok((conclusion, why)) => {
                let why = why.map_or(String::new(), |why| format!(": {why}"));
                let why = format!("{}{why}", conclusion.label());
                let wrong = format!("campaign {campaign} is not put back, {why}");
                let refused = if conclusion == Conclusion::Conflict {
                    Exit::Conflict
                } else {
                    Exit::Refused
                };
                report.ends(campaign, PaceEnd::Failed, Some(why));
                exit = tell(&wrong, refused);
            }
            Err(fault) => {
                report.ends(campaign, PaceEnd::Failed, Some(fault.to_string()));
                return tell(&fault, Exit::Io);
            }
        }
    }
    exit
}

fn restorer(settings: &Settings) -> Result<PaceRestorer, Exit> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    let connection =
        Connection::new(settings, &clock).map_err(|fault| tell(&fault, fault.exit()))?;
    let platform = connection.platform;
    let throttles = platform.throttles;
    if throttles.dial_ratio.is_none() && throttles.idle_reserve.is_none() {
        let wrong = format!("{} cannot make a campaign dial slower", settings.platform);
        return Err(tell(&wrong, Exit::Configuration));
    }
    let opened = Store::open_beside(store_at(settings), clock.now());
    let (store, run) = opened.map_err(|fault| tell(&fault, Exit::Io))?;
    let longest = settings.request_timeout.saturating_mul(ATTEMPTS);
    let by = variable("SUDO_USER").or_else(|| variable("USER"));
    Ok(PaceRestorer {
        throttles,
        journal: Arc::new(store),
        clock,
        run,
        longest: longest.max(Duration::from_secs(1)),
        usually_settles: platform.capabilities.traits.settling.usual,
        by: by.unwrap_or_else(|| "somebody".to_owned()),
    })
}

fn confirmed(many: usize) -> bool {
    let plural = if many == 1 { "" } else { "s" };
    let question = format!("{many} campaign{plural} to put back");
    if !stdin().is_terminal() {
        let refusal = "nobody can be asked here, so say --yes if they are meant";
        output::talk(format_args!("campaign-autopilot: {question}; {refusal}"));
        return false;
    }
    output::talk(format_args!("{question}. Type yes to go on:"));
    let mut answer = String::new();
    let read = stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "yes" | "y")
}
