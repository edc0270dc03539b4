//! `simulate`: the embedded platform alone, for trying the daemon against.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use tokio_util::sync::CancellationToken;

use crate::domain::CampaignId;
use crate::given_file::{LONGEST_DATA, read_text};
use crate::simulator::{
    Credentials, Dialect, FIRST_CAMPAIGN, FaultPlan, FaultRule, Scenario, Script, Settings,
    SimClock, SimTime, Simulator, Trace, World, status,
};

use super::demo::speed;
use super::exit::Exit;
use super::output;
use super::run::stop_on_signals;
use super::scenario;

/// How often the platform's journal is read for lines to print, in real time.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Flags of `simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct SimulateArgs {
    /// Address to listen on; port 0 chooses a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The dialect that the platform speaks
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Dialect::NAMES), default_value = Dialect::NAMES[0])]
    platform: String,
    /// Address of the control API for tests and trials, on loopback only; off by default
    ///
    /// Accepts JSON. GET /journal and /counts read; POST /campaigns/ID/status {"status"}, /campaigns/ID/assignments
    /// {"agents"}, /campaigns/ID/idle-reserve {"agents"} and /queues/ID {members} act as a person at the platform's console;
    /// POST /agents/ID/state {"state"} and /agents/break {"count", "for"} move agents; POST /campaigns/ID/capacity {"agents"}
    /// bounds the preview dialer; POST /queues/ID/statistics {counters} sets what a queue has counted; POST /dialler {"dead"}
    /// ends or revives the process that dials, where the platform has one;
    /// POST /faults {"spec"} adds faults as --faults has them, and DELETE /faults ends all.
    #[arg(long, value_name = "ADDR", value_parser = loopback)]
    control: Option<SocketAddr>,
    /// The contact centre and its day: calm-day, lunch-dip, inbound-surge, understaffed-day, two-campaigns, blended-40, small-10, large-300,
    /// or a TOML file
    #[arg(
        long,
        value_name = "NAME|FILE",
        default_value = "calm-day",
        conflicts_with = "replay"
    )]
    scenario: String,
    /// Instead of a scenario, a recorded trace that says who is available: CSV with the header timestamp,staffed,available
    #[arg(long, value_name = "FILE.csv")]
    replay: Option<PathBuf>,
    /// Only this day of the trace, as YYYY-MM-DD in the trace's own time zone
    #[arg(long, value_name = "DATE", requires = "replay")]
    day: Option<String>,
    /// How much faster than real time the platform's day goes by
    #[arg(long, value_name = "X", default_value = "1", value_parser = speed)]
    speed: f64,
    /// Faults to inject: comma separated `NAME[:ENDPOINT][=SHARE]`, such as `500:agents=0.05,lost-reply:campaign-put=0.2`
    #[arg(long, value_name = "SPEC", value_parser = faults, long_help = help_of_faults())]
    faults: Vec<Faults>,
    /// Campaigns beside a trace, all running at first; a scenario has its own
    #[arg(long, value_name = "ID", value_delimiter = ',', default_value = FIRST_CAMPAIGN, conflicts_with = "scenario")]
    campaign: Vec<CampaignId>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
}

/// What there is to choose from, as the simulator has it.
fn help_of_faults() -> String {
    let endpoints = Dialect::NAMES.iter().filter_map(|name| {
        let dialect = Dialect::named(name, None)?;
        Some(format!("{name}: {}.", dialect.endpoint_names().join(", ")))
    });
    format!(
        "Faults to inject: comma separated `NAME[:ENDPOINT][=SHARE]`, such as `500:agents=0.05,lost-reply:campaign-put=0.2`\n\n\
         Names: {}.\n\n\
         ENDPOINT is one of the platform that is simulated; the others are refused. All that the fault can happen to when absent. By platform:\n\n{}\n\n\
         SHARE is the share of requests that it happens to, from 0 to 1; 1 when absent.",
        FaultPlan::names(),
        endpoints.collect::<Vec<_>>().join("\n\n")
    )
}

/// One `--faults`, parsed.
#[derive(Clone, Debug)]
struct Faults(Vec<FaultRule>);

fn faults(spec: &str) -> Result<Faults, String> {
    FaultPlan::parse(spec)
        .map(Faults)
        .map_err(|wrong| wrong.to_string())
}

/// The control API has no authentication, so it is for this machine alone.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|wrong| format!("{wrong}"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("has to be a loopback address, as 127.0.0.1:8081".to_owned())
    }
}

/// The scenario or trace that is served, and its time span.
struct Programme {
    settings: Settings,
    campaigns: Vec<String>,
    start: SimTime,
    end: SimTime,
}

/// Serves until a signal.
pub(crate) async fn simulate(args: SimulateArgs) -> Exit {
    let programme = match programme(&args) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let simulator = match Simulator::start(programme.settings.clone()) {
        Ok(simulator) => simulator,
        Err(why) => {
            output::talk(format_args!(
                "campaign-autopilot: cannot listen on {}{}: {why}",
                args.listen,
                args.control
                    .map_or(String::new(), |address| format!(" and {address}"))
            ));
            return Exit::Io;
        }
    };
    let shutdown = CancellationToken::new();
    // Before anybody is told that it runs: whoever then stops it at once expects an orderly end.
    stop_on_signals(shutdown.clone(), None);
    tell_how_to_connect(&simulator, &args, &programme);
    serve(&simulator, programme.end, &shutdown).await;
    simulator.stop().await;
    Exit::Ok
}

fn programme(args: &SimulateArgs) -> Result<Programme, Exit> {
    let mut programme = match &args.replay {
        Some(path) => replayed(args, path).map_err(|why| {
            output::talk(format_args!("campaign-autopilot: {why}"));
            Exit::Configuration
        })?,
        None => staged(&scenario::load(&args.scenario)?, args),
    };
    let settings = &mut programme.settings;
    for Faults(rules) in &args.faults {
        settings.dialect.check_faults(rules).map_err(|wrong| {
            output::talk(format_args!("campaign-autopilot: --faults: {wrong}"));
            Exit::Configuration
        })?;
    }
    settings.listen = args.listen;
    settings.control = args.control;
    settings.seed = args.seed;
    settings.faults.extend(
        args.faults
            .iter()
            .flat_map(|Faults(rules)| rules.iter().cloned()),
    );
    settings.credentials = Credentials::new("autopilot", "autopilot-secret");
    Ok(programme)
}

fn staged(scenario: &Scenario, args: &SimulateArgs) -> Programme {
    let mut settings = Settings::staging(scenario, args.speed);
    settings.dialect = Dialect::named(&args.platform, Some(scenario)).unwrap_or_default();
    Programme {
        settings,
        campaigns: scenario
            .campaigns
            .iter()
            .map(|campaign| campaign.id.clone())
            .collect(),
        start: scenario.start(),
        end: scenario.end(),
    }
}

fn replayed(args: &SimulateArgs, path: &Path) -> Result<Programme, String> {
    let name = path.display().to_string();
    let text = read_text(path, LONGEST_DATA).map_err(|wrong| format!("{name}: {wrong}"))?;
    let trace = Trace::parse(&text, &name).map_err(|faults| faults.to_string())?;
    let trace = match &args.day {
        Some(day) => trace.day(day).map_err(|wrong| format!("{name}: {wrong}"))?,
        None => trace,
    };
    let (start, end) = (trace.start(), trace.end());
    let mut settings = Settings::new(
        SimClock::starting_at(start, args.speed),
        Script::Trace(trace),
    );
    let mut world = World::new();
    for campaign in args.campaign.iter().map(CampaignId::as_str) {
        world.put_campaign(campaign, campaign, status::RUNNING, start);
    }
    world.put_example_queues();
    settings.world = world;
    settings.dialect = Dialect::named(&args.platform, None).unwrap_or_default();
    Ok(Programme {
        settings,
        campaigns: args.campaign.iter().map(ToString::to_string).collect(),
        start,
        end,
    })
}

fn tell_how_to_connect(simulator: &Simulator, args: &SimulateArgs, programme: &Programme) {
    let Programme { start, end, .. } = programme;
    output::result(format_args!(
        "simulated platform at {}, from {start} to {end} at {} times real time",
        simulator.base_url(),
        args.speed
    ));
    output::result("connect a daemon with:");
    let base = simulator.base_url();
    output::result(format_args!("  export CXONE_BASE_URL={base}"));
    if args.platform != Dialect::NAMES[0] {
        output::result(format_args!(
            "  export AUTOPILOT_PLATFORM={}",
            args.platform
        ));
        let dialect = &programme.settings.dialect;
        if let Some(path) = dialect.token_path() {
            output::result(format_args!("  export AUTOPILOT_TOKEN_URL={base}{path}"));
        }
        if let Some((region, instance)) = dialect.place() {
            output::result(format_args!(
                "  export AUTOPILOT_REGION={region} AUTOPILOT_INSTANCE_ID={instance} AUTOPILOT_METRICS_URL={base}"
            ));
        }
    }
    output::result("  export CXONE_CLIENT_ID=autopilot CXONE_CLIENT_SECRET=autopilot-secret");
    let handle = simulator.handle();
    let shown: Vec<String> = programme
        .campaigns
        .iter()
        .map(|campaign| handle.shown_id(campaign))
        .collect();
    output::result(format_args!(
        "  export CXONE_CAMPAIGN_ID={}",
        shown.join(",")
    ));
    if let Some(address) = simulator.control_address() {
        output::result(format_args!("control it at http://{address}"));
    }
    output::result("stop it with ctrl-c");
}

async fn serve(simulator: &Simulator, end: SimTime, shutdown: &CancellationToken) {
    let handle = simulator.handle();
    let mut scripted_events = handle.scripted_events();
    let (mut told, mut ended) = (0, false);
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(BETWEEN_LOOKS) => {}
        }
        let effects = handle.effects();
        for effect in effects.iter().skip(told) {
            output::result(effect);
        }
        told = effects.len();
        while let Ok(event) = scripted_events.try_recv() {
            output::result(format_args!("{}  {event}", event.at));
        }
        if !ended && handle.now() >= end {
            ended = true;
            output::result(format_args!(
                "{end}  the day is over; what is left goes on without changes"
            ));
        }
    }
}
