//! A simulated instance, and daemons and commands for it.

use campaign_autopilot::simulator::{
    ConnectOperation, ConnectSettings, Dialect, Endpoint, SimClock, SimTime,
};

use crate::centre::{CAMPAIGN, Centre, Daemon, Finished, Invocation, wait_until};

pub(super) const COUNTS: Endpoint = Endpoint::Connect(ConnectOperation::GetCurrentMetricData);
pub(super) const STATES: Endpoint = Endpoint::Connect(ConnectOperation::GetCampaignStateBatch);
pub(super) const STATE: Endpoint = Endpoint::Connect(ConnectOperation::GetCampaignState);
pub(super) const PAUSE: Endpoint = Endpoint::Connect(ConnectOperation::PauseCampaign);
pub(super) const RESUME: Endpoint = Endpoint::Connect(ConnectOperation::ResumeCampaign);

pub(super) const INSTANCE: &str = "aaaaaaaa-0000-4000-8000-000000000000";

pub(super) const PAUSED: &str = "campaign-1: RUNNING -> PAUSED";
pub(super) const RESUMED: &str = "campaign-1: PAUSED -> RUNNING";

/// A platform of this dialect with ten agents available, whose clock is ours.
pub(super) fn centre(settings: ConnectSettings) -> Centre {
    on_clock(settings, jiff::Timestamp::now().into())
}

/// The same on a clock that shows this.
pub(super) fn on_clock(settings: ConnectSettings, start: SimTime) -> Centre {
    Centre::with(|platform| {
        platform.clock = SimClock::starting_at(start, 1.0);
        platform.dialect = Dialect::AmazonConnect(Box::new(settings));
    })
}

/// What is needed beside the credentials.
fn place<'a>(invocation: &'a mut Invocation, centre: &Centre) -> &'a mut Invocation {
    invocation
        .env("AUTOPILOT_PLATFORM", "amazon-connect")
        .env("AUTOPILOT_REGION", "eu-west-2")
        .env("AUTOPILOT_INSTANCE_ID", INSTANCE)
        .env("AUTOPILOT_BASE_URL", &centre.base_url)
        .env("AUTOPILOT_METRICS_URL", &centre.base_url)
        // Nothing here asks a machine's metadata service.
        .env("AWS_EC2_METADATA_DISABLED", "true")
}

/// Credentials in the environment, where the vendor's chain looks first.
fn keys(invocation: &mut Invocation) -> &mut Invocation {
    invocation
        .env("AWS_ACCESS_KEY_ID", "autopilot")
        .env("AWS_SECRET_ACCESS_KEY", "autopilot-secret")
}

/// A daemon for it without credentials.
pub(super) fn anonymous(centre: &Centre) -> Invocation {
    let mut daemon = centre.daemon();
    daemon
        .env_remove("CXONE_BASE_URL")
        .env_remove("CXONE_CLIENT_ID")
        .env_remove("CXONE_CLIENT_SECRET")
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0");
    place(&mut daemon, centre);
    daemon
}

/// A daemon for it whose configuration is its environment.
pub(super) fn daemon(centre: &Centre) -> Invocation {
    let mut daemon = anonymous(centre);
    keys(&mut daemon);
    daemon
}

/// One of the commands that look, with this configuration.
pub(super) fn asked(centre: &Centre, arguments: &[&str]) -> Finished {
    command(centre).args(arguments).output()
}

/// A command with this configuration.
pub(super) fn command(centre: &Centre) -> Invocation {
    let mut invocation = Invocation::bare();
    keys(place(&mut invocation, centre))
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir());
    invocation
}

pub(super) fn wait_for_polls(centre: &Centre, polls: u64) {
    let seen = centre.platform.request_count(Some(COUNTS));
    wait_until("polls go on", || {
        centre.platform.request_count(Some(COUNTS)) >= seen + polls
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
pub(super) fn pause(centre: &Centre, daemon: &Daemon) {
    wait_for_polls(centre, 3);
    centre.platform.set_available(2);
    wait_until_it_is(centre, "PAUSED");
    daemon.wait_for_log("paused");
    wait_for_polls(centre, 2);
}

/// What was said on either stream.
pub(super) fn told(finished: &Finished) -> String {
    format!("{}{}", finished.stdout, finished.stderr)
}
