//! A simulated system, and daemons and commands for it.

use std::collections::BTreeMap;

use campaign_autopilot::simulator::{
    Dialect, DialerCampaign, DialerOperation, DialerSettings, Endpoint, SimClock, SimTime,
};

use crate::centre::{Centre, Daemon, Finished, Invocation, wait_until};

pub(super) const AGENTS: Endpoint = Endpoint::Dialer(DialerOperation::LoggedInAgents);
pub(super) const LIST: Endpoint = Endpoint::Dialer(DialerOperation::CampaignsList);
pub(super) const UPDATE: Endpoint = Endpoint::Dialer(DialerOperation::UpdateCampaign);
pub(super) const CALLS: Endpoint = Endpoint::Dialer(DialerOperation::CallStatusStats);

/// The campaign that most tests are about.
pub(super) const OUTBA: &str = "OUTBA";

pub(super) const PAUSED: &str = "OUTBA: RUNNING -> PAUSED";
pub(super) const RESUMED: &str = "OUTBA: PAUSED -> RUNNING";

/// A system whose campaign dials in this way.
pub(super) fn dialling(method: &str, level: &str) -> DialerSettings {
    DialerSettings {
        campaigns: BTreeMap::from([(OUTBA.to_owned(), DialerCampaign::dialling(method, level))]),
        ..DialerSettings::default()
    }
}

/// A system with one campaign and ten agents available.
pub(super) fn centre(settings: DialerSettings) -> Centre {
    fast(settings, 1.0)
}

/// The same on a clock that is so much faster than the test's.
pub(super) fn fast(settings: DialerSettings, speed: f64) -> Centre {
    Centre::with(|platform| {
        let start: SimTime = "2024-05-15T08:00:00Z"
            .parse::<jiff::Timestamp>()
            .unwrap()
            .into();
        platform.clock = SimClock::starting_at(start, speed);
        platform.world.remove_campaign("campaign-1");
        platform
            .world
            .put_campaign(OUTBA, "Outbound A", "RUNNING", start);
        platform.dialect = Dialect::Vicidial(Box::new(settings));
    })
}

/// A daemon for it whose configuration is its environment.
pub(super) fn daemon(centre: &Centre) -> Invocation {
    let mut daemon = centre.daemon();
    daemon
        .env("AUTOPILOT_PLATFORM", "vicidial")
        .env("CXONE_CAMPAIGN_ID", OUTBA)
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0");
    daemon
}

/// A command with this configuration.
pub(super) fn command(centre: &Centre) -> Invocation {
    let mut invocation = Invocation::bare();
    invocation
        .env("AUTOPILOT_BASE_URL", &centre.base_url)
        .env("AUTOPILOT_CLIENT_ID", "autopilot")
        .env("AUTOPILOT_CLIENT_SECRET", "autopilot-secret")
        .env("AUTOPILOT_PLATFORM", "vicidial")
        .env("CXONE_CAMPAIGN_ID", OUTBA)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir());
    invocation
}

/// One of the commands that look, with this configuration.
pub(super) fn asked(centre: &Centre, arguments: &[&str]) -> Finished {
    command(centre).args(arguments).output()
}

pub(super) fn wait_for_polls(centre: &Centre, polls: u64) {
    let seen = centre.platform.request_count(Some(AGENTS));
    wait_until("polls go on", || {
        centre.platform.request_count(Some(AGENTS)) >= seen + polls
    });
}

/// What the campaign is set to: active, method and level.
pub(super) fn set_to(centre: &Centre) -> String {
    let set = centre.platform.dialer_campaign(OUTBA).unwrap();
    let active = if set.active { "Y" } else { "N" };
    format!("{active} {} {}", set.method, set.level)
}

pub(super) fn wait_until_set_to(centre: &Centre, text: &str) {
    wait_until(&format!("the campaign is set to {text}"), || {
        set_to(centre) == text
    });
}

/// A person saves the campaign's page with something else on it.
pub(super) fn person(centre: &Centre, change: impl FnOnce(&mut DialerCampaign)) {
    let mut form = centre.platform.dialer_campaign(OUTBA).unwrap();
    change(&mut form);
    assert!(centre.platform.person_saves_dialer_campaign(OUTBA, &form));
}

/// The daemon pauses the campaign, which then is set to this, and knows it.
pub(super) fn pause(centre: &Centre, daemon: &Daemon, set: &str) {
    wait_for_polls(centre, 3);
    centre.platform.set_available(2);
    wait_until_set_to(centre, set);
    daemon.wait_for_log("paused");
    wait_for_polls(centre, 3);
}
