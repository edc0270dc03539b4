//! The day as it goes by: starts the platform and the daemon, moves their time on, and looks at what happens.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli::daemon::Daemon;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::run::stop_on_signals;
use crate::cli::start_fault::StartFault;
use crate::cli::surroundings::{OrderedParts, Surroundings};
use crate::cli::tenant::Tenant;
use crate::control::ports::{Clock, SystemClock};
use crate::control::{ObservableState, SimulationView};
use crate::domain::Timestamp;
use crate::experiment::{Arm, run_until};
use crate::platform::http::{AuthStyle, Credentials, ReqwestSend, Transport};
use crate::secrets::Secret;
use crate::serve::Server;
use crate::simulator::{
    CentreFigures, Dialect as SimDialect, Scenario, ScriptedEvent, Settings as SimSettings,
    SimClock, SimTime, Simulator,
};

use super::args::DemoArgs;
use super::day_clock::DayClock;
use super::day_record::DayRecord;
use super::day_settings::{DemoTenant, campaigns, settings};
use super::lock_step::{IdleWatch, OneAtATime};
use super::outcome::Outcome;
use super::time_of_day::TimeOfDay;

/// The longest that the page's clock stands still while the daemon waits, in real time.
const LONGEST_STANDSTILL: Duration = Duration::from_millis(250);

/// How often the page's comparison is made anew, in simulated time.
const BETWEEN_COMPARISONS: Duration = Duration::from_secs(30 * 60);

/// How soon it is looked again whether the daemon waits for its clock, in real time, while it waits for something else.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// The demonstration.
pub(super) struct Show {
    pub(super) scenario: Scenario,
    pub(super) time: TimeOfDay,
    pub(super) seed: u64,
    pub(super) speed: f64,
    pub(super) json: bool,
    pub(super) verbose: bool,
    /// How long the part of the day is that is shown.
    pub(super) simulated: Duration,
    pub(super) simulator: Simulator,
    pub(super) scripted_events: broadcast::Receiver<ScriptedEvent>,
    clock: Arc<DayClock>,
    platform_clock: SimClock,
    /// Tells how fast simulated time is to go by.
    pace: SystemClock,
    idle: Arc<IdleWatch>,
    pub(super) observed: watch::Receiver<ObservableState>,
    /// Shows the page that it is a simulation.
    shown: watch::Sender<ObservableState>,
    /// Ends everything.
    interrupt: CancellationToken,
    /// Ends the daemon's loop; so does `interrupt`.
    shutdown: CancellationToken,
    page_stays: bool,
    pub(super) state_dir: PathBuf,
    pub(super) bar: ProgressBar,
    /// Entries of the platform's journal that were looked at.
    pub(super) seen: usize,
    pub(super) record: DayRecord,
    /// What the scenario itself had happen, in order.
    pub(super) events: Vec<ScriptedEvent>,
}

/// The daemon's loop and its listener.
type Started = (Tenant, Option<Server>);

impl Show {
    pub(super) async fn start(
        scenario: Scenario,
        args: &DemoArgs,
        state_dir: &Path,
        idle: Arc<IdleWatch>,
    ) -> Result<(Self, Started), (String, Exit)> {
        let day = scenario.end().since(scenario.start());
        let lasts = args.lasts();
        let speed = args
            .speed
            .unwrap_or_else(|| day.as_secs_f64() / lasts.as_secs_f64());
        let start = scenario.start();
        let platform_clock = SimClock::manual(start);
        let mut platform = SimSettings::staging(&scenario, speed);
        platform.clock = platform_clock.clone();
        platform.seed = args.seed;
        platform.dialect = SimDialect::named(&args.platform, Some(&scenario)).unwrap_or_default();
        let token_path = platform.dialect.token_path();
        let place = platform.dialect.place();
        let place = place.map(|(region, instance)| (region.to_owned(), instance.to_owned()));
        let credentials = Credentials {
            client_id: platform.credentials.client_id.clone(),
            client_secret: Secret::from(platform.credentials.client_secret.clone()),
            style: AuthStyle::Form,
            scopes: Vec::new(),
        };
        let simulator = Simulator::start(platform)
            .map_err(|why| (format!("cannot start the platform: {why}"), Exit::Io))?;
        let scripted_events = simulator.handle().scripted_events();
        let start = Timestamp::from_unix_millis(start.as_unix_millis());
        let clock = Arc::new(DayClock::starting_at(start));
        let campaigns = campaigns(&simulator, &scenario);
        let ids = scenario.campaigns.iter().map(|own| own.id.clone());
        let shown = campaigns.iter().map(|(shown, _)| shown.clone()).zip(ids);
        let shown: BTreeMap<String, String> = shown.collect();
        let tenant = DemoTenant {
            platform: args.platform.parse().unwrap_or_default(),
            base_url: simulator.base_url(),
            token_path,
            place,
            credentials,
            campaigns,
        };
        let settings =
            settings(tenant, state_dir, args.port).map_err(|why| (why, Exit::Internal))?;
        let interrupt = CancellationToken::new();
        let shutdown = interrupt.child_token();
        let (ends, ending) = (shutdown.clone(), interrupt.clone());
        let sockets = ReqwestSend::new(Transport::default()).map_err(|why| (why, Exit::Io))?;
        let ordered = Surroundings::Ordered(OrderedParts {
            transport: Arc::new(OneAtATime::new(sockets, Arc::clone(&idle))),
            seed: args.seed,
        });
        let all = std::slice::from_ref(&settings);
        let daemon = Daemon::start_within(ordered, all, None, clock.clone(), ends, ending);
        let daemon = Box::pin(daemon).await.map_err(|fault| told(&fault))?;
        let Some(tenant) = daemon.tenant else {
            return Err(("the demonstration has no tenant".to_owned(), Exit::Internal));
        };
        let at_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let show = Self {
            time: TimeOfDay::of(&scenario),
            scenario,
            seed: args.seed,
            speed,
            json: args.form.is_json(),
            verbose: args.verbose,
            simulated: lasts.mul_f64(speed).min(day),
            simulator,
            scripted_events,
            clock,
            platform_clock,
            pace: SystemClock::starting_at(start, speed),
            idle,
            observed: tenant.observed.clone(),
            shown: tenant.cycle.shown(),
            interrupt,
            shutdown,
            page_stays: args.page_stays(at_terminal),
            state_dir: state_dir.to_owned(),
            bar: progress_bar(),
            seen: 0,
            record: DayRecord::new(shown),
            events: Vec::new(),
        };
        Ok((show, (tenant, daemon.server)))
    }

    pub(super) async fn run(mut self, started: Started) -> Exit {
        stop_on_signals(self.interrupt.clone(), None);
        let (Tenant { cycle, .. }, server) = started;
        let page = server.as_ref().map(Server::address);
        self.tell_opening(page);
        self.show_simulation(None);
        let mut work = tokio::spawn(cycle.run());
        self.live(&work).await;
        let interrupted = self.interrupt.is_cancelled();
        let figures = self.simulator.handle().figures();
        let ended_at = self.simulator.handle().now();
        self.shutdown.cancel();
        let ended = self.end(&mut work).await;
        self.look(true);
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
        if let Some(outcome) = &outcome {
            self.show_simulation(Some(outcome));
        }
        let exit = self.tell_summary(ended_at, outcome);
        if self.page_stays {
            self.serve_on(page).await;
        }
        drop(server);
        exit
    }

    /// Lets time go by until the end of what is shown, or until it is interrupted.
    async fn live(&mut self, work: &JoinHandle<()>) {
        let (mut looked, mut compared) = (false, Duration::ZERO);
        loop {
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return,
                () = self.idle.idle() => {}
            }
            if work.is_finished() {
                return;
            }
            // Every tick is looked at, so that no reason is missed.
            if !std::mem::replace(&mut looked, true) {
                self.look(false);
                self.show_progress();
                let now = self.clock.monotonic();
                if now.saturating_sub(compared) >= BETWEEN_COMPARISONS {
                    compared = now;
                    self.compare_so_far();
                }
            }
            let Some(due) = self.clock.next_due() else {
                tokio::time::sleep(BETWEEN_LOOKS).await;
                continue;
            };
            let due = due.min(self.simulated);
            let left = self.pace.real(due.saturating_sub(self.pace.monotonic()));
            if left.is_zero() {
                looked = false;
                self.platform_clock.advance(self.until(due));
                if due == self.simulated {
                    self.clock.stop_at(due);
                    return;
                }
                self.clock.set_on(due);
                continue;
            }
            tokio::time::sleep(left.min(LONGEST_STANDSTILL)).await;
            if left > LONGEST_STANDSTILL {
                // Nobody waits for a time before `due`: this is only seen on the page.
                let now = self.pace.monotonic().min(due);
                self.platform_clock.advance(self.until(now));
                self.clock.stop_at(now);
            }
        }
    }

    /// Lets the loop end in order: what it still waits for comes at once.
    async fn end(&self, work: &mut JoinHandle<()>) -> Result<(), tokio::task::JoinError> {
        loop {
            tokio::select! {
                biased;
                ended = &mut *work => return ended,
                () = self.idle.idle() => {}
            }
            let Some(due) = self.clock.next_due() else {
                tokio::time::sleep(BETWEEN_LOOKS).await;
                continue;
            };
            self.platform_clock.advance(self.until(due));
            self.clock.set_on(due);
        }
    }

    /// How long after the platform's time `due` is.
    fn until(&self, due: Duration) -> Duration {
        self.scenario
            .start()
            .plus(due)
            .since(self.platform_clock.now())
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
    fn live_without_daemon(&self, until: SimTime) -> JoinHandle<CentreFigures> {
        let (scenario, seed) = (self.scenario.clone(), self.seed);
        tokio::task::spawn_blocking(move || run_until(&scenario, seed, &Arm::always_run(), until))
    }

    /// Shows the page how the day so far compares.
    fn compare_so_far(&self) {
        if let Some((with_autopilot, until)) = self.simulator.handle().figures() {
            let left_running = run_until(&self.scenario, self.seed, &Arm::always_run(), until);
            let outcome = Outcome {
                with_autopilot,
                left_running,
            };
            self.show_simulation(Some(&outcome));
        }
    }

    fn show_simulation(&self, outcome: Option<&Outcome>) {
        let view = SimulationView {
            scenario: self.scenario.name.clone(),
            about: self.scenario.about.clone(),
            seed: self.seed,
            speed: self.speed,
            comparison: outcome.map(Outcome::comparison),
        };
        self.shown.send_modify(|shown| {
            shown.simulation = Some(Arc::new(view));
            shown.version = shown.version.saturating_add(1);
        });
    }

    fn show_progress(&self) {
        let over = self.clock.monotonic();
        let position = over.as_millis().saturating_mul(1_000);
        let position = position.checked_div(self.simulated.as_millis());
        self.bar
            .set_position(position.map_or(1_000, |done| u64::try_from(done).unwrap_or(1_000)));
        let now = self.time.minute(self.scenario.start().plus(over));
        let pauses = self.record.tally.pauses;
        self.bar.set_message(format!(
            "{now}, {pauses} {}",
            if pauses == 1 { "pause" } else { "pauses" }
        ));
    }
}

/// Why it cannot start, in the words of this command's flags.
fn told(fault: &StartFault) -> (String, Exit) {
    let why = if let StartFault::Listen { address, why } = fault {
        let port = address.port();
        format!("--port {port}: {why}; give another port, or leave it out for one that is free")
    } else {
        fault.to_string()
    };
    (why, fault.exit())
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(1_000), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% of the day: {msg}") {
        bar.set_style(style);
    }
    bar
}
