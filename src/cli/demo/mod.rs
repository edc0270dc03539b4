//! `demo`: the daemon and the embedded platform in one process, on a compressed working day.
//!
//! The daemon is the real one: it talks HTTP over loopback to the platform, writes a real store, and ends only
//! when the day is over. Only the contact centre and the clock's speed are simulated. The same day without the daemon is
//! simulated beside it, for comparison.

mod closing;
mod day_clock;
mod outcome;
mod plot;

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::control::ObservableState;
use crate::control::ports::Clock;
use crate::domain::{
    Calendars, CampaignId, CountedQueue, Policy, SampleVerdict, Selector, SkillId, Timestamp,
};
use crate::experiment::{Arm, run_until};
use crate::platform::dialect::{Dialect, SpecialSettings};
use crate::platform::http::{AuthStyle, Credentials, Rate};
use crate::secrets::Secret;
use crate::serve::Server;
use crate::settings::{AdminSettings, Keeping, Settings};
use crate::simulator::{
    Actor, CentreFigures, JournalEntry, Scenario, ScriptedEvent, ScriptedEventKind, SimTime,
    Simulator, status,
};
use crate::simulator::{Dialect as SimDialect, Settings as SimSettings};
use crate::telemetry::{LogFormat, TraceProtocol};

use self::day_clock::DayClock;
use self::outcome::Outcome;
use self::plot::Reading;
use super::daemon::Daemon;
use super::exit::Exit;
use super::form::FormArgs;
use super::output;
use super::run::stop_on_signals;
use super::scenario;
use super::tenant::Tenant;

/// The poll interval of the demonstration, in simulated time: the default of `run`.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// The interval at which the platform's journal is read for lines to print, in real time.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The introduction, after the lines about the day. No line of the demonstration is longer than 80 characters.
const INTRODUCTION: [&str; 5] = [
    "The daemon is the real one: every 30 s of the day it polls over HTTP, pauses",
    "below 5 available agents, and resumes its own pause at 8. Agents, callers and",
    "customers are simulated, and react to what it does. [1-267] is the decision's",
    "id (run and poll): the same is in the log and the audit.",
    "",
];

/// Flags of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// The contact centre and its day: calm-day, lunch-dip, inbound-surge, understaffed-day, two-campaigns, blended-40, small-10, large-300,
    /// or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "lunch-dip")]
    scenario: String,
    /// The platform that is simulated, and that the daemon is configured for
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(SimDialect::NAMES), default_value = SimDialect::NAMES[0])]
    platform: String,
    /// How long the demonstration takes, in real time
    #[arg(long = "for", value_name = "DURATION", default_value = "40s", value_parser = lasts)]
    lasts: Duration,
    /// How much faster than real time [default: the whole day within --for]
    #[arg(long, value_name = "X", value_parser = speed)]
    speed: Option<f64>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    #[command(flatten)]
    form: FormArgs,
    /// Port on this machine for the page and the admin API; 0 chooses a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Keep serving the page of the day when it is over, until Ctrl-C
    #[arg(long)]
    keep_serving: bool,
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
    let scenario = match scenario::load(&args.scenario) {
        Ok(scenario) => scenario,
        Err(exit) => return exit,
    };
    let day = scenario.end().since(scenario.start());
    let lasts = args.lasts;
    let speed = args
        .speed
        .unwrap_or_else(|| day.as_secs_f64() / lasts.as_secs_f64());
    let simulated = lasts.mul_f64(speed).min(day);
    let state_dir =
        std::env::temp_dir().join(format!("campaign-autopilot-demo-{}", std::process::id()));
    let exit = match Show::start(scenario, speed, args, &state_dir).await {
        Ok((show, started)) => show.run(started, simulated).await,
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
    scenario: Scenario,
    seed: u64,
    json: bool,
    simulator: Simulator,
    scripted_events: broadcast::Receiver<ScriptedEvent>,
    clock: Arc<DayClock>,
    observed: watch::Receiver<ObservableState>,
    /// Ends everything.
    interrupt: CancellationToken,
    /// Ends the daemon's loop; so does `interrupt`.
    shutdown: CancellationToken,
    keep_serving: bool,
    state_dir: PathBuf,
    speed: f64,
    bar: ProgressBar,
    told: usize,
    reasons: BTreeMap<String, DecisionNote>,
    /// Pauses of ours that go on, by campaign.
    paused: BTreeMap<String, Pause>,
    data: &'static str,
    tally: Tally,
    /// What the daemon read for the first campaign.
    readings: Vec<Reading>,
}

/// What is printed about a decision.
struct DecisionNote {
    available: String,
    told: String,
}

/// A pause of ours.
struct Pause {
    at: SimTime,
    available: String,
    decision: String,
}

/// The numbers of the summary, each counted from the platform's journal or the daemon's state.
#[derive(Default, Serialize)]
struct Tally {
    polls: u64,
    pauses: u32,
    resumes: u32,
    changes_by_people: u32,
}

/// The daemon's loop and its listener.
type Started = (Tenant, Option<Server>);

impl Show {
    async fn start(
        scenario: Scenario,
        speed: f64,
        args: &DemoArgs,
        state_dir: &Path,
    ) -> Result<(Self, Started), (String, Exit)> {
        let start = scenario.start();
        let mut platform = SimSettings::staging(&scenario, speed);
        platform.seed = args.seed;
        platform.dialect = SimDialect::named(&args.platform, Some(&scenario)).unwrap_or_default();
        let token_path = platform.dialect.token_path();
        let place = platform.dialect.place();
        let place = place.map(|(region, instance)| (region.to_owned(), instance.to_owned()));
        let secret = Secret::from(platform.credentials.client_secret.clone());
        let client_id = platform.credentials.client_id.clone();
        let simulator = Simulator::start(platform)
            .map_err(|why| (format!("cannot start the platform: {why}"), Exit::Io))?;
        let scripted_events = simulator.handle().scripted_events();
        let clock = Arc::new(DayClock::starting_at(
            Timestamp::from_unix_millis(start.as_unix_millis()),
            speed,
        ));
        let credentials = Credentials {
            client_id,
            client_secret: secret,
            style: AuthStyle::Form,
            scopes: Vec::new(),
        };
        let tenant = DemoTenant {
            platform: args.platform.parse().unwrap_or_default(),
            base_url: simulator.base_url(),
            token_path,
            place,
            credentials,
            campaigns: campaigns(&simulator, &scenario),
        };
        let settings =
            settings(tenant, state_dir, speed, args.port).map_err(|why| (why, Exit::Internal))?;
        let interrupt = CancellationToken::new();
        let shutdown = interrupt.child_token();
        let (ends, ending) = (shutdown.clone(), interrupt.clone());
        let daemon = Daemon::start_to_serve(&settings, None, clock.clone(), ends, ending)
            .await
            .map_err(|fault| (fault.to_string(), fault.exit()))?;
        let Some(tenant) = daemon.tenant else {
            return Err(("the demonstration has no tenant".to_owned(), Exit::Internal));
        };
        let show = Self {
            scenario,
            seed: args.seed,
            json: args.form.is_json(),
            simulator,
            scripted_events,
            clock,
            observed: tenant.observed.clone(),
            interrupt,
            shutdown,
            keep_serving: args.keep_serving,
            state_dir: state_dir.to_owned(),
            speed,
            bar: progress_bar(),
            told: 0,
            reasons: BTreeMap::new(),
            paused: BTreeMap::new(),
            data: "",
            tally: Tally::default(),
            readings: Vec::new(),
        };
        Ok((show, (tenant, daemon.server)))
    }

    async fn run(mut self, started: Started, simulated: Duration) -> Exit {
        stop_on_signals(self.interrupt.clone(), None);
        let (Tenant { cycle, .. }, server) = started;
        let page = server.as_ref().map(Server::address);
        self.tell_opening(simulated, page);
        let work = tokio::spawn(cycle.run());
        let end = self.clock.now().plus(simulated);
        while self.clock.now() < end && !self.shutdown.is_cancelled() && !work.is_finished() {
            // Every tick is looked at, so that no reason is missed; the bar moves also when the loop waits.
            drop(tokio::time::timeout(BETWEEN_LOOKS, self.observed.changed()).await);
            self.look(false);
            self.bar
                .set_position(position(simulated, end.since(self.clock.now())));
        }
        let interrupted = self.interrupt.is_cancelled();
        let figures = self.simulator.handle().figures();
        let ended_at = self.simulator.handle().now();
        self.shutdown.cancel();
        let ended = work.await;
        self.clock.stop();
        self.look(true);
        self.tell_open_pauses();
        self.bar.finish_and_clear();
        if let Err(wrong) = ended {
            output::talk(format_args!(
                "campaign-autopilot: the loop broke off: {wrong}"
            ));
            return Exit::Internal;
        }
        let outcome = match figures {
            Some((with_autopilot, until)) if !interrupted => {
                let left_running = self.live_without_daemon(until).await.ok();
                left_running.map(|left_running| Outcome {
                    with_autopilot,
                    left_running,
                })
            }
            _ => None,
        };
        let exit = self.tell_summary(ended_at, outcome);
        if self.keep_serving {
            self.serve_on(page).await;
        }
        drop(server);
        exit
    }

    /// Keeps serving the page of the day until it is interrupted.
    async fn serve_on(&self, page: Option<SocketAddr>) {
        let (Some(page), false) = (page, self.interrupt.is_cancelled()) else {
            return;
        };
        output::talk(format_args!(
            "The day is over. Its page stays at http://{page}/ until Ctrl-C."
        ));
        self.interrupt.cancelled().await;
    }

    /// Simulates the same day without the daemon, up to the same moment, on another thread.
    fn live_without_daemon(&self, until: SimTime) -> tokio::task::JoinHandle<CentreFigures> {
        let (scenario, seed) = (self.scenario.clone(), self.seed);
        tokio::task::spawn_blocking(move || run_until(&scenario, seed, &Arm::always_run(), until))
    }

    fn tell_opening(&self, simulated: Duration, page: Option<SocketAddr>) {
        let real = simulated.div_f64(self.speed);
        self.say(format_args!(
            "Simulated: {} at {:.0} times real time, {:.0} s in all.",
            self.scenario.name,
            self.speed,
            real.as_secs_f64(),
        ));
        self.say(format_args!("{}.", self.scenario.about));
        if let Some(page) = page {
            self.say(format_args!(
                "Watch it, and take a hand in it: http://{page}/"
            ));
        }
        for line in INTRODUCTION {
            self.say(line);
        }
    }

    /// Prints what happened since the last call, in order. A command is printed after the tick that sent it, because only
    /// then its reason is known; at the `end` nothing waits.
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
            lines.extend(self.effect(entry).map(|line| (entry.at, line)));
        }
        while let Ok(event) = self.scripted_events.try_recv() {
            // What a person did to a campaign stands in the journal too.
            if !matches!(event.kind, ScriptedEventKind::PersonSets { .. }) {
                let who = match event.kind {
                    ScriptedEventKind::Breaks { .. } => "agents",
                    ScriptedEventKind::PersonSets { .. }
                    | ScriptedEventKind::Outage { .. }
                    | ScriptedEventKind::OutageOver { .. } => "platform",
                };
                lines.push((event.at, format!("{who:8} {event}")));
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

    /// Remembers why the decisions of the last tick were made, and reports when the data became invalid or valid again.
    fn note_tick(&mut self) -> Vec<(SimTime, String)> {
        let observed = self.observed.borrow_and_update();
        self.tally.polls = observed.ticks;
        let mut lines = Vec::new();
        let first = observed.campaigns.first();
        if let Some(reason) = first.and_then(|view| view.reason.as_ref()) {
            let reading = Reading {
                at: SimTime::from_unix_millis(reason.at.as_unix_millis()),
                available: reason.available(),
                thresholds: reason
                    .thresholds()
                    .map(|found| (found.pause_below, found.resume_at)),
            };
            if self.readings.last().is_none_or(|last| last.at < reading.at) {
                self.readings.push(reading);
            }
        }
        let views = observed.campaigns.iter();
        for reason in views.filter_map(|view| view.reason.as_ref()) {
            let why = DecisionNote {
                available: reason
                    .available()
                    .map_or_else(|| "?".to_owned(), |available| available.to_string()),
                told: reason.to_string(),
            };
            self.reasons.insert(reason.decision.to_string(), why);
            let at = SimTime::from_unix_millis(reason.at.as_unix_millis());
            let (word, data) = match reason.sample() {
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

    /// Returns the line that reports a change of a campaign. A pause of ours is reported when it is over, in one line.
    fn effect(&mut self, entry: &JournalEntry) -> Option<String> {
        let paused = entry.to == status::PAUSED;
        match &entry.by {
            Actor::Person => {
                self.tally.changes_by_people += 1;
                let ours = self.paused.remove(&entry.campaign).is_some();
                Some(if paused {
                    format!(
                        "paused   {} by a person: left alone until a person resumes it",
                        entry.campaign
                    )
                } else if ours {
                    format!(
                        "resumed  {} by a person: our pause is over, and left at that",
                        entry.campaign
                    )
                } else {
                    format!(
                        "resumed  {} by a person: back under control",
                        entry.campaign
                    )
                })
            }
            Actor::Client { request_id, .. } => {
                let decision = request_id.clone().unwrap_or_default();
                let available = self
                    .reasons
                    .get(&decision)
                    .map_or_else(|| "? ".to_owned(), |why| why.available.clone());
                if paused {
                    self.tally.pauses += 1;
                    let pause = Pause {
                        at: entry.at,
                        available,
                        decision,
                    };
                    self.paused.insert(entry.campaign.clone(), pause);
                    return None;
                }
                self.tally.resumes += 1;
                let pause = self.paused.remove(&entry.campaign)?;
                let seconds = entry.at.since(pause.at).as_secs();
                Some(format!(
                    "paused   {} for {}:{:02}: {} available, {available} at its end [{}, {decision}]",
                    entry.campaign,
                    seconds / 60,
                    seconds % 60,
                    pause.available,
                    pause.decision,
                ))
            }
        }
    }

    /// Reports the pauses of ours that are not over at the end.
    fn tell_open_pauses(&self) {
        for (campaign, pause) in &self.paused {
            let time = pause.at.rfc3339();
            self.say(format_args!(
                "{}  paused   {campaign}: {} available [{}]; left paused at the end",
                time.get(11..19).unwrap_or(&time),
                pause.available,
                pause.decision,
            ));
        }
    }

    fn say(&self, line: impl std::fmt::Display) {
        if self.json {
            return;
        }
        if self.bar.is_hidden() {
            output::result(line);
        } else {
            self.bar.suspend(|| output::result(line));
        }
    }
}

/// The tenant that is simulated.
struct DemoTenant {
    platform: Dialect,
    base_url: String,
    /// Where tokens come from, behind the address; none where the platform has no tokens.
    token_path: Option<&'static str>,
    /// The region and the instance, where the platform has such.
    place: Option<(String, String)>,
    credentials: Credentials,
    /// Ids as the platform shows them, each with the skill that its agents need.
    campaigns: Vec<(String, String)>,
}

fn campaigns(simulator: &Simulator, scenario: &Scenario) -> Vec<(String, String)> {
    let handle = simulator.handle();
    let campaigns = scenario.campaigns.iter();
    campaigns
        .map(|campaign| (handle.shown_id(&campaign.id), campaign.skill.clone()))
        .collect()
}

fn settings(
    tenant: DemoTenant,
    state_dir: &Path,
    speed: f64,
    port: u16,
) -> Result<Settings, String> {
    let DemoTenant {
        platform,
        base_url,
        token_path,
        place,
        credentials,
        campaigns,
    } = tenant;
    let base_url: reqwest::Url = base_url
        .parse()
        .map_err(|wrong| format!("{base_url}: {wrong}"))?;
    let token_url = base_url
        .join(token_path.unwrap_or_default())
        .map_err(|wrong| wrong.to_string())?;
    let mut special = SpecialSettings::default();
    if let Some((region, instance)) = place {
        special.region = Some(region);
        special.instance_id = Some(instance);
        special.metrics_url = Some(base_url.clone());
    }
    let own_group = platform.capabilities().own_group;
    let request_timeout = Duration::from_secs(5);
    // A real hiccup of the machine is long in simulated time; it must not make a sample look old.
    let policy = Policy {
        max_sample_age: request_timeout.mul_f64(speed),
        ..Policy::default()
    };
    let policies = campaigns.into_iter().map(|(id, skill)| {
        let id: CampaignId = id.parse().map_err(|wrong| format!("{wrong}"))?;
        let skill: SkillId = skill.parse().map_err(|wrong| format!("{wrong}"))?;
        let policy = if own_group {
            Policy {
                queue: Some(CountedQueue::Own),
                ..policy.clone()
            }
        } else {
            Policy {
                selector: Selector::AnySkill(BTreeSet::from([skill])),
                ..policy.clone()
            }
        };
        Ok::<_, String>((id, policy))
    });
    Ok(Settings {
        tenant: None,
        platform,
        base_url: Some(base_url),
        token_url,
        credentials,
        special,
        policies: policies.collect::<Result<_, _>>()?,
        calendars: Calendars::default(),
        labels: BTreeMap::new(),
        guards: Vec::new(),
        assignments: None,
        queues: BTreeMap::new(),
        poll_interval: POLL_INTERVAL,
        rate: Some(Rate {
            per_second: 10.0,
            burst: 20,
        }),
        page_size: 100,
        page_concurrency: 8,
        request_timeout,
        status_reads_per_poll: 1,
        record_workload: false,
        outcomes_every: Duration::from_secs(60),
        outcomes_file: None,
        keeping: Keeping::default(),
        state_dir: state_dir.to_owned(),
        store: None,
        listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        advertise_address: None,
        // The hours of its days are written in it.
        time_zone: "UTC".parse().ok(),
        // It is a toy on this machine: whoever watches may play.
        admin: AdminSettings {
            actions: true,
            ..AdminSettings::default()
        },
        dry_run: false,
        once: false,
        log_format: LogFormat::Auto,
        webhook: None,
        receivers: Vec::new(),
        otlp_endpoint: None,
        otlp_protocol: TraceProtocol::default(),
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

/// Returns the elapsed part of the demonstration, in thousandths.
fn position(whole: Duration, left: Duration) -> u64 {
    let over = whole.saturating_sub(left).as_millis().saturating_mul(1_000);
    u64::try_from(over.checked_div(whole.as_millis()).unwrap_or(1_000)).unwrap_or(1_000)
}
