//! `demo`: the daemon and the embedded platform in one process, on a compressed working day.
//!
//! The daemon is the real one: it talks HTTP over loopback to the platform, writes a real store, and is killed by nothing
//! but its own end. Only the platform, its agents and the clock's speed are simulated.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use secrecy::SecretString;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::control::ObservableState;
use crate::control::ports::{Clock, SystemClock};
use crate::domain::{CampaignId, Policy, SampleVerdict, Timestamp};
use crate::platform::http::{AuthStyle, Credentials, Rate};
use crate::simulator::Settings as SimSettings;
use crate::simulator::{
    Actor, FIRST_CAMPAIGN, Happening, JournalEntry, Script, SimClock, SimHandle, SimTime,
    Simulator, What, WorkingDay,
};
use crate::store::StoreReader;
use crate::telemetry::LogFormat;

use super::config::Settings;
use super::daemon::Daemon;
use super::exit::Exit;
use super::output;
use super::run::stop_on_signals;

/// The poll interval of the demonstration, in simulated time: the default of `run`.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// The longest between two looks at the platform's journal for lines to print, in real time.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// What is said at first, after the line about the speed. No line of the demonstration is longer than 80 letters.
const OPENING: [&str; 5] = [
    "The daemon is the real one: every 30 s of the day it polls over HTTP, pauses",
    "below 5 available agents, and resumes its own pause at 8. Agents, people and",
    "faults are simulated and follow a script. [1-267] is the decision's id (run and",
    "poll): the same stands in log and audit.",
    "",
];

/// Flags of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// How long it may take, in real time
    #[arg(long = "for", value_name = "DURATION", default_value = "40s", value_parser = lasts)]
    lasts: Duration,
    /// How much faster than real time [default: the whole day within --for]
    #[arg(long, value_name = "X", value_parser = speed)]
    speed: Option<f64>,
    /// Decides everything that is left to chance
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
}

/// Reads how long the demonstration may take.
fn lasts(text: &str) -> Result<Duration, String> {
    let parsed = humantime::parse_duration(text).map_err(|wrong| wrong.to_string())?;
    let allowed = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);
    if allowed.contains(&parsed) {
        Ok(parsed)
    } else {
        Err("give 1s to 24h".to_owned())
    }
}

/// Reads a speed.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed: &f64| (0.01..=100_000.0).contains(speed))
        .ok_or_else(|| format!("`{text}` is not a factor from 0.01 to 100000, such as 600"))
}

/// Runs the demonstration.
pub(crate) async fn demo(args: &DemoArgs) -> Exit {
    let day = WorkingDay::end().since(WorkingDay::start());
    let lasts = args.lasts;
    let speed = args
        .speed
        .unwrap_or_else(|| day.as_secs_f64() / lasts.as_secs_f64());
    let simulated = lasts.mul_f64(speed).min(day);
    let state_dir =
        std::env::temp_dir().join(format!("campaign-autopilot-demo-{}", std::process::id()));
    let exit = match Show::start(speed, args.seed, &state_dir).await {
        Ok((show, daemon)) => show.run(daemon, simulated).await,
        Err((why, exit)) => {
            output::talk(format_args!("campaign-autopilot: {why}"));
            exit
        }
    };
    if let Err(wrong) = std::fs::remove_dir_all(&state_dir)
        && wrong.kind() != std::io::ErrorKind::NotFound
    {
        output::talk(format_args!(
            "could not remove {}: {wrong}",
            state_dir.display()
        ));
    }
    exit
}

struct Show {
    simulator: Simulator,
    happenings: broadcast::Receiver<Happening>,
    clock: Arc<SystemClock>,
    observed: watch::Receiver<ObservableState>,
    shutdown: CancellationToken,
    state_dir: PathBuf,
    speed: f64,
    bar: ProgressBar,
    told: usize,
    reasons: BTreeMap<String, String>,
    data: &'static str,
    tally: Tally,
}

/// What the summary tells; every number is counted from the platform's journal or the daemon's state.
#[derive(Default)]
struct Tally {
    pauses: u32,
    resumes: u32,
    by_person: u32,
    ticks: u64,
}

impl Show {
    async fn start(
        speed: f64,
        chance: u64,
        state_dir: &Path,
    ) -> Result<(Self, Daemon), (String, Exit)> {
        let start = WorkingDay::start();
        let mut platform = SimSettings::new(
            SimClock::starting_at(start, speed),
            Script::WorkingDay(WorkingDay::default()),
        );
        platform.seed = chance;
        let secret = SecretString::from(platform.credentials.client_secret.clone());
        let client_id = platform.credentials.client_id.clone();
        let simulator = Simulator::start(platform)
            .map_err(|why| (format!("cannot start the platform: {why}"), Exit::Io))?;
        let happenings = simulator.handle().happenings();
        let clock = Arc::new(SystemClock::starting_at(
            Timestamp::from_unix_millis(start.as_unix_millis()),
            speed,
        ));
        let credentials = Credentials {
            client_id,
            client_secret: secret,
            style: AuthStyle::Form,
            scopes: Vec::new(),
        };
        let settings = settings(&simulator.base_url(), credentials, state_dir, speed)
            .map_err(|why| (why, Exit::Internal))?;
        let shutdown = CancellationToken::new();
        let daemon = Daemon::start(&settings, clock.clone(), shutdown.clone())
            .await
            .map_err(|fault| (fault.to_string(), fault.exit()))?;
        let show = Self {
            simulator,
            happenings,
            clock,
            observed: daemon.observed.clone(),
            shutdown,
            state_dir: state_dir.to_owned(),
            speed,
            bar: progress_bar(),
            told: 0,
            reasons: BTreeMap::new(),
            data: "",
            tally: Tally::default(),
        };
        Ok((show, daemon))
    }

    async fn run(mut self, daemon: Daemon, simulated: Duration) -> Exit {
        stop_on_signals(self.shutdown.clone());
        self.tell_opening(simulated);
        let Daemon { cycle, server, .. } = daemon;
        let work = tokio::spawn(cycle.run());
        let end = self.clock.now().plus(simulated);
        while self.clock.now() < end && !self.shutdown.is_cancelled() && !work.is_finished() {
            // Every tick is looked at, so that no reason is missed; the bar moves also when the loop waits.
            drop(tokio::time::timeout(BETWEEN_LOOKS, self.observed.changed()).await);
            self.look(false);
            self.bar
                .set_position(position(simulated, end.since(self.clock.now())));
        }
        self.shutdown.cancel();
        let ended = work.await;
        drop(server);
        self.look(true);
        self.bar.finish_and_clear();
        if let Err(wrong) = ended {
            output::talk(format_args!(
                "campaign-autopilot: the loop broke off: {wrong}"
            ));
            return Exit::Internal;
        }
        self.tell_summary(simulated)
    }

    fn tell_opening(&self, simulated: Duration) {
        let real = simulated.div_f64(self.speed);
        self.say(format_args!(
            "A simulated contact centre's day at {:.0} times real time, {:.0} s in all.",
            self.speed,
            real.as_secs_f64(),
        ));
        for line in OPENING {
            self.say(line);
        }
    }

    /// Prints what happened since the last look, in the order in which it happened. A command waits for the tick that
    /// sent it to be told, because only then its reason is known; at the `end` nothing waits.
    fn look(&mut self, end: bool) {
        let mut lines: Vec<(SimTime, String)> = self.note_tick();
        let journal = self.simulator.handle().journal();
        for entry in journal.iter().skip(self.told) {
            let known = match &entry.by {
                Actor::Person => true,
                Actor::Client { request_id, .. } => request_id
                    .as_ref()
                    .is_none_or(|id| self.reasons.contains_key(id)),
            };
            if !known && !end {
                break;
            }
            self.told += 1;
            lines.push((entry.at, self.effect(entry)));
        }
        while let Ok(happening) = self.happenings.try_recv() {
            // What a person did stands in the journal too.
            if !matches!(happening.what, What::PersonSets { .. }) {
                lines.push((happening.at, format!("platform {happening}")));
            }
        }
        lines.sort_by_key(|(at, _)| *at);
        for (at, line) in lines {
            let time = at.rfc3339();
            self.say(format_args!(
                "{}  {line}",
                time.get(11..19).unwrap_or(&time)
            ));
        }
    }

    /// Remembers why the decisions of the last tick were made, and tells when the data became invalid or valid again.
    fn note_tick(&mut self) -> Vec<(SimTime, String)> {
        let observed = self.observed.borrow_and_update();
        self.tally.ticks = observed.ticks;
        let mut lines = Vec::new();
        for reason in observed.campaigns.iter().filter_map(|view| view.reason) {
            self.reasons
                .insert(reason.decision.to_string(), reason.to_string());
            let at = SimTime::from_unix_millis(reason.at.as_unix_millis());
            let (word, data) = match reason.sample {
                SampleVerdict::Valid { .. } => ("read", "readings are valid again"),
                SampleVerdict::Stale { .. } => (
                    "blind",
                    "no valid reading for three polls: data stale, an alert is due",
                ),
                SampleVerdict::None
                | SampleVerdict::Invalid { .. }
                | SampleVerdict::TooOld { .. } => (
                    "blind",
                    "reading failed: unknown is not zero, everything stays as it is",
                ),
            };
            if self.data != data {
                if !self.data.is_empty() {
                    lines.push((at, format!("{word:8} {data}")));
                }
                self.data = data;
            }
        }
        lines
    }

    fn effect(&mut self, entry: &JournalEntry) -> String {
        let paused = entry.to == "PAUSED";
        let word = if paused { "paused" } else { "resumed" };
        match &entry.by {
            Actor::Person => {
                self.tally.by_person += 1;
                let stance = if paused {
                    "left alone until a person resumes it"
                } else {
                    "back under control"
                };
                format!("{word:8} {} by a person: {stance}", entry.campaign)
            }
            Actor::Client { request_id, .. } => {
                if paused {
                    self.tally.pauses += 1;
                } else {
                    self.tally.resumes += 1;
                }
                let why = request_id
                    .as_ref()
                    .and_then(|id| self.reasons.get(id).map(|why| format!(": {why}")));
                let decision = request_id.as_deref().unwrap_or("unknown");
                format!(
                    "{word:8} {}{} [{decision}]",
                    entry.campaign,
                    why.unwrap_or_default()
                )
            }
        }
    }

    fn say(&self, line: impl std::fmt::Display) {
        if self.bar.is_hidden() {
            output::result(line);
        } else {
            self.bar.suspend(|| output::result(line));
        }
    }

    fn tell_summary(&self, simulated: Duration) -> Exit {
        let Tally {
            pauses,
            resumes,
            by_person,
            ticks,
        } = &self.tally;
        let paused = self.time_paused();
        self.say("");
        self.say(format_args!(
            "{ticks} polls, {pauses} pauses and {resumes} resumes by us, {by_person} changes by people."
        ));
        self.say(format_args!(
            "Paused for {} of {} simulated hours.",
            hours(paused),
            hours(simulated),
        ));
        let checked = StoreReader::open(&self.state_dir)
            .map_err(|wrong| wrong.to_string())
            .and_then(|reader| {
                let rows = reader.audit(drop).map_err(|wrong| wrong.to_string())?;
                let replayed = reader.replay().map_err(|wrong| wrong.to_string())?;
                Ok((rows, replayed))
            });
        match checked {
            Ok((rows, replayed)) => {
                self.say(format_args!("Audit: {rows} rows, the hash chain holds."));
                self.say(format_args!(
                    "Replay: {} decisions made again from the record, all the same.",
                    replayed.compared,
                ));
                Exit::Ok
            }
            Err(why) => {
                output::talk(format_args!("campaign-autopilot: {why}"));
                Exit::Broken
            }
        }
    }

    fn time_paused(&self) -> Duration {
        let handle: SimHandle = self.simulator.handle();
        let mut since: Option<SimTime> = None;
        let mut total = Duration::ZERO;
        for entry in handle.journal() {
            match (entry.to.as_str(), since) {
                ("PAUSED", None) => since = Some(entry.at),
                ("RUNNING", Some(from)) => {
                    total += entry.at.since(from);
                    since = None;
                }
                _ => {}
            }
        }
        total + since.map_or(Duration::ZERO, |from| handle.now().since(from))
    }
}

fn settings(
    base_url: &str,
    credentials: Credentials,
    state_dir: &Path,
    speed: f64,
) -> Result<Settings, String> {
    let base_url: reqwest::Url = base_url
        .parse()
        .map_err(|wrong| format!("{base_url}: {wrong}"))?;
    let token_url = base_url
        .join("/oauth2/token")
        .map_err(|wrong| wrong.to_string())?;
    let campaign: CampaignId = FIRST_CAMPAIGN
        .parse()
        .map_err(|wrong| format!("{FIRST_CAMPAIGN}: {wrong}"))?;
    let request_timeout = Duration::from_secs(5);
    // A real hiccup of the machine is long in simulated time; it must not make a sample look old.
    let policy = Policy {
        max_sample_age: request_timeout.mul_f64(speed),
        ..Policy::default()
    };
    Ok(Settings {
        base_url,
        token_url,
        credentials,
        policies: BTreeMap::from([(campaign, policy)]),
        assignments: None,
        poll_interval: POLL_INTERVAL,
        rate: Some(Rate {
            per_second: 10.0,
            burst: 20,
        }),
        page_size: 100,
        page_concurrency: 8,
        request_timeout,
        status_reads_per_poll: 1,
        state_dir: state_dir.to_owned(),
        listen: None,
        dry_run: false,
        once: false,
        log_format: LogFormat::Auto,
        webhook: None,
    })
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(1_000), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% of the day") {
        bar.set_style(style);
    }
    bar
}

/// Thousandths of the demonstration that are over.
fn position(whole: Duration, left: Duration) -> u64 {
    let over = whole.saturating_sub(left).as_millis().saturating_mul(1_000);
    u64::try_from(over.checked_div(whole.as_millis()).unwrap_or(1_000)).unwrap_or(1_000)
}

fn hours(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    format!("{}:{:02}", minutes / 60, minutes % 60)
}
