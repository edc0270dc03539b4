//! A simulated organisation, and daemons and commands for it.

use std::time::Duration;

use campaign_autopilot::simulator::{
    CloudOperation, CloudSettings, Dialect, Endpoint, SimClock, SimTime, StopLasts,
};

use crate::centre::{CAMPAIGN, Centre, Finished, Invocation, wait_until};

pub(super) const OBSERVATIONS: Endpoint = Endpoint::Cloud(CloudOperation::Observations);
pub(super) const AUDITS: Endpoint = Endpoint::Cloud(CloudOperation::Audits);
pub(super) const START: Endpoint = Endpoint::Cloud(CloudOperation::StartCampaign);

/// An organisation whose stops take no time.
pub(super) fn quick() -> CloudSettings {
    CloudSettings {
        stop: StopLasts::NoTime,
        ..CloudSettings::default()
    }
}

/// One in which three agents have no station, and two are on another edge group.
pub(super) fn unreached() -> CloudSettings {
    let of_queue = |many: usize| [("queue-outbound".to_owned(), many)].into();
    CloudSettings {
        without_station: of_queue(3),
        on_other_edge_group: of_queue(2),
        ..quick()
    }
}

/// A platform of this dialect with ten agents available.
pub(super) fn centre(settings: CloudSettings) -> Centre {
    Centre::with(|platform| platform.dialect = Dialect::GenesysCloud(Box::new(settings)))
}

/// The same on a clock that is so much faster than the test's.
pub(super) fn fast(settings: CloudSettings, speed: f64) -> Centre {
    on(SimClock::starting_at(start(), speed), settings)
}

/// One whose clock only the test moves.
pub(super) fn by_hand(settings: CloudSettings) -> (Centre, SimClock) {
    let clock = SimClock::manual(start());
    (on(clock.clone(), settings), clock)
}

fn start() -> SimTime {
    let start: jiff::Timestamp = "2024-05-15T08:00:00Z".parse().unwrap();
    start.into()
}

fn on(clock: SimClock, settings: CloudSettings) -> Centre {
    Centre::with(|platform| {
        platform.clock = clock;
        platform.dialect = Dialect::GenesysCloud(Box::new(settings));
    })
}

/// A daemon for it whose configuration is its environment.
pub(super) fn daemon(centre: &Centre) -> Invocation {
    let mut daemon = centre.daemon();
    daemon
        .env("AUTOPILOT_PLATFORM", "genesys-cloud")
        .env("AUTOPILOT_TOKEN_URL", log_in(centre))
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0");
    daemon
}

fn log_in(centre: &Centre) -> String {
    format!("{}/oauth/token", centre.base_url)
}

/// One of the commands that look, with this configuration.
pub(super) fn asked(centre: &Centre, arguments: &[&str]) -> Finished {
    command(centre).args(arguments).output()
}

/// A command with this configuration.
pub(super) fn command(centre: &Centre) -> Invocation {
    let mut invocation = Invocation::bare();
    invocation
        .env("AUTOPILOT_BASE_URL", &centre.base_url)
        .env("AUTOPILOT_CLIENT_ID", "autopilot")
        .env("AUTOPILOT_CLIENT_SECRET", "autopilot-secret")
        .env("AUTOPILOT_PLATFORM", "genesys-cloud")
        .env("AUTOPILOT_TOKEN_URL", log_in(centre))
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir());
    invocation
}

pub(super) fn wait_for_polls(centre: &Centre, polls: u64) {
    let seen = centre.platform.request_count(Some(OBSERVATIONS));
    wait_until("polls go on", || {
        centre.platform.request_count(Some(OBSERVATIONS)) >= seen + polls
    });
}

/// Whether the campaign's status in the world is this one.
pub(super) fn is(centre: &Centre, status: &str) -> bool {
    centre.platform.campaign_status(CAMPAIGN).as_deref() == Some(status)
}

pub(super) fn wait_until_it_is(centre: &Centre, status: &str) {
    wait_until(&format!("the campaign is {status}"), || is(centre, status));
}

/// The daemon has paused the campaign, and knows it.
pub(super) fn pause(centre: &Centre, daemon: &crate::centre::Daemon) {
    wait_for_polls(centre, 3);
    centre.platform.set_available(2);
    wait_until_it_is(centre, "PAUSED");
    daemon.wait_for_log("paused");
    wait_for_polls(centre, 2);
}

pub(super) const PAUSED: &str = "campaign-1: RUNNING -> PAUSED";
pub(super) const RESUMED: &str = "campaign-1: PAUSED -> RUNNING";

/// So many seconds.
pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
