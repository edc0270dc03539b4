//! The daemon over HTTP against the decisions alone: on the same days both come to the same figures, so that what `compare`
//! says of a policy is what the daemon does with it.
//!
//! The daemon reads and commands a simulated platform over sockets, and goes on in the morning from what it stored in the
//! evening; `compare` has the domain's decisions, no requests and no store. Everybody meets the same callers; where a poll lies
//! within its interval differs, so the figures are compared within three standard errors of their difference.
//! `cargo test --release --lib -- --ignored --nocapture reproduction` takes twelve days of thresholds, of an aim and of an aim with an
//! idle reserve, and prints the figures.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, FromArgMatches};
use jiff::ToSpan;
use tokio_util::sync::CancellationToken;

use crate::experiment::{Arm, ArmRow, Days, Estimate, compare};
use crate::settings::{RunArgs, resolve};
use crate::simulator::{
    AcdSettings, CentreFigures, Dialect, FIRST_CAMPAIGN, Scenario, Settings as SimSettings,
    Simulator, StopShows,
};

use super::step_clock::Clocks;
use super::surroundings::Surroundings;
use super::tenant::Tenant;

/// The first skill of a simulated tenant.
const SKILL: &str = "4711";

/// A platform that both sides are tried on.
#[derive(Clone, Copy, Debug)]
enum On {
    CxoneV2,
    CxoneAcd,
}

impl On {
    fn dialect(self, scenario: &Scenario) -> Dialect {
        match self {
            Self::CxoneV2 => Dialect::default(),
            Self::CxoneAcd => Dialect::CxoneAcd(Box::new(AcdSettings {
                daily_calls: 0,
                stop: StopShows::For(Duration::ZERO),
                ..AcdSettings::staging(scenario)
            })),
        }
    }

    fn settings(self, base_url: &str) -> Vec<(&'static str, String)> {
        let own = |name, value: &str| (name, value.to_owned());
        match self {
            Self::CxoneV2 => vec![
                own("CXONE_CAMPAIGN_ID", FIRST_CAMPAIGN),
                own("AUTOPILOT_PLATFORM", "cxone-v2"),
            ],
            Self::CxoneAcd => {
                let log_in = format!("{base_url}/authentication/v1/token/access-key");
                vec![
                    own("CXONE_CAMPAIGN_ID", SKILL),
                    own("AUTOPILOT_PLATFORM", "cxone-acd"),
                    ("AUTOPILOT_TOKEN_URL", log_in),
                ]
            }
        }
    }
}

/// A policy as `compare` has it, and as settings of the daemon.
struct Tried {
    arm: &'static str,
    settings: &'static [(&'static str, &'static str)],
    /// Days on which it learns before the first one that is counted.
    learning: u32,
    /// The platforms that it can be carried out on.
    on: &'static [On],
    /// Whether it pauses; otherwise it changes the pace.
    pauses: bool,
}

const BOTH: &[On] = &[On::CxoneV2, On::CxoneAcd];

const FIXED: Tried = Tried {
    arm: "5/8",
    settings: &[("AUTOPILOT_PAUSE_BELOW", "5"), ("AUTOPILOT_RESUME_AT", "8")],
    learning: 0,
    on: BOTH,
    pauses: true,
};

/// The threshold begins where it is found on the way, so that few days of learning are enough.
const AIM: Tried = Tried {
    arm: "aim=0.5%,start=4.5",
    settings: &[
        ("AUTOPILOT_ABANDON_TARGET", "0.5%"),
        ("AUTOPILOT_AIM_START", "4.5"),
    ],
    learning: 1,
    on: BOTH,
    pauses: true,
};

/// The dialler keeps as many agents idle as the aim's threshold; one simulated platform offers that.
const RESERVE: Tried = Tried {
    arm: "aim=0.5%,start=4.5,reserve",
    settings: &[
        ("AUTOPILOT_ABANDON_TARGET", "0.5%"),
        ("AUTOPILOT_AIM_START", "4.5"),
        ("AUTOPILOT_ACTUATOR", "idle-reserve"),
    ],
    learning: 1,
    on: &[On::CxoneV2],
    pauses: false,
};

fn scenario(day: u32) -> Scenario {
    let text = Scenario::text("blended-40").unwrap();
    let mut scenario = Scenario::parse(text, "blended-40").unwrap();
    scenario.date = scenario.date.checked_add(i64::from(day).days()).unwrap();
    scenario
}

/// The daemon lives through one day and ends in the evening.
async fn live(on: On, tried: &Tried, seed: u64, day: u32, state_dir: &Path) -> CentreFigures {
    let scenario = scenario(day);
    let arm = Arm::parse(tried.arm).unwrap();
    let mut clocks = Clocks::at(scenario.start());
    let mut platform = SimSettings::staging(&scenario, 1.0);
    platform.clock = clocks.simulated.clone();
    platform.seed = seed;
    platform.latency = Duration::ZERO;
    platform.dialect = on.dialect(&scenario);
    let simulator = Simulator::start(platform).unwrap();
    let handle = simulator.handle();

    let mut env = BTreeMap::from([
        ("AUTOPILOT_BASE_URL", simulator.base_url()),
        ("AUTOPILOT_CLIENT_ID", "autopilot".to_owned()),
        ("AUTOPILOT_CLIENT_SECRET", "autopilot-secret".to_owned()),
        (
            "AUTOPILOT_STATE_DIR",
            state_dir.to_str().unwrap().to_owned(),
        ),
        ("AUTOPILOT_LISTEN", "off".to_owned()),
        ("AUTOPILOT_REQUESTS_PER_SECOND", "unlimited".to_owned()),
        (
            "AUTOPILOT_POLL_INTERVAL",
            format!("{}s", arm.poll_interval.as_secs()),
        ),
        ("AUTOPILOT_OUTCOMES_EVERY", "10s".to_owned()),
        // In the morning the campaign runs again, which nobody is to be left alone for.
        ("AUTOPILOT_MANUAL_GRACE", "0s".to_owned()),
    ]);
    env.extend(on.settings(&simulator.base_url()));
    env.extend(
        tried
            .settings
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    let command = RunArgs::augment_args(clap::Command::new("run").no_binary_name(true));
    let none: [&str; 0] = [];
    let args = RunArgs::from_arg_matches(&command.try_get_matches_from(none).unwrap()).unwrap();
    let resolved = resolve(&args, &|name: &str| env.get(name).cloned()).unwrap();

    let shutdown = CancellationToken::new();
    let clock = Arc::clone(&clocks.daemons);
    let real = Surroundings::real().unwrap();
    let daemon = Tenant::start(&real, &resolved.settings, clock, shutdown.clone())
        .await
        .unwrap();
    let mut observed = daemon.observed.clone();
    let work = tokio::spawn(daemon.cycle.run());
    let figures = loop {
        clocks.wait_for_tick(&mut observed).await;
        if clocks.simulated.now() >= scenario.end() {
            break handle.figures().unwrap().0;
        }
        clocks.advance(arm.poll_interval);
    };
    shutdown.cancel();
    work.await.unwrap();
    simulator.stop().await;
    figures
}

/// Both sides on the same days.
async fn both(on: On, tried: &Tried, days: u32) -> (ArmRow, ArmRow) {
    let directory = tempfile::TempDir::new().unwrap();
    // Those of learning have the seeds behind the last counted one, as in `compare`.
    let order = (days..days + tried.learning).chain(0..days);
    let mut lived = Vec::new();
    for (day, seed) in (0..).zip(order) {
        let seed = 1 + u64::from(seed);
        lived.push(live(on, tried, seed, day, directory.path()).await);
    }
    let counted = &lived[usize::try_from(tried.learning).unwrap()..];
    let days = Days {
        count: days,
        first_seed: 1,
        consecutive: Some(tried.learning),
    };
    let arms = [Arm::parse(tried.arm).unwrap()];
    let threads = NonZero::<usize>::MIN;
    let decided = compare(&scenario(0), &arms, days, threads, || {});
    (
        ArmRow::of_days("daemon", counted),
        decided.into_iter().next().unwrap(),
    )
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are shown with --nocapture"
)]
fn expect_the_same(on: On, tried: &Tried, daemon: &ArmRow, decided: &ArmRow) {
    let figure = |name: &str, of: fn(&ArmRow) -> Estimate| {
        let (one, other) = (of(daemon), of(decided));
        let error = one.standard_error.hypot(other.standard_error);
        let difference = (one.mean - other.mean).abs();
        println!(
            "{on:?} {}: {name} {:.4} ±{:.4} by the daemon, {:.4} ±{:.4} by its decisions",
            decided.arm, one.mean, one.standard_error, other.mean, other.standard_error
        );
        assert!(
            difference <= 3.0 * error,
            "{on:?} {}: {name} differs by {difference}, three standard errors are {}",
            decided.arm,
            3.0 * error
        );
    };
    figure("connects/h", |row| row.connects_per_hour);
    figure("abandoned share", |row| row.abandoned_share);
    figure("transitions/h", |row| row.transitions_per_hour);
    figure("paused share", |row| row.paused_share);
    figure("changes of the pace/h", |row| row.pace_changes_per_hour);
    let transitions = daemon.transitions_per_hour.mean;
    if tried.pauses {
        assert!(transitions > 5.0, "{daemon:?}");
    } else {
        let changes = daemon.pace_changes_per_hour.mean;
        assert!(transitions < 0.01 && changes > 0.1, "{daemon:?}");
    }
}

async fn reproduce(tried: &Tried, days: u32) {
    for on in tried.on {
        let (daemon, decided) = both(*on, tried, days).await;
        expect_the_same(*on, tried, &daemon, &decided);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_reproduces_what_its_decisions_alone_come_to() {
    reproduce(&FIXED, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_reproduces_an_idle_reserve() {
    // Without a day of learning, for time's sake: the threshold begins where it is found.
    let tried = Tried {
        learning: 0,
        ..RESERVE
    };
    reproduce(&tried, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: run it with --release"]
async fn the_daemon_reproduces_twelve_days_of_thresholds_and_of_an_aim() {
    reproduce(&FIXED, 12).await;
    reproduce(&AIM, 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: run it with --release"]
async fn the_daemon_reproduces_twelve_days_of_an_idle_reserve() {
    reproduce(&RESERVE, 12).await;
}
