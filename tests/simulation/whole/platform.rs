//! The platform as a schedule begins with it.

use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::simulator::{
    AgentState, Credentials, FIRST_CAMPAIGN, Script, Settings, SimHandle,
};

use super::schedule::{CAMPAIGNS, PREVIEWS, Schedule, TEAM};
use super::settings;
use super::time::Time;

pub(crate) fn platform(schedule: &Schedule, time: &Arc<Time>) -> SimHandle {
    let setup = &schedule.setup;
    let mut settings = Settings::new(time.platform(), Script::Fixed);
    settings.seed = schedule.seed;
    settings.credentials = Credentials::new(settings::CLIENT_ID, settings::CLIENT_SECRET);
    settings.dialect = setup.platform.clone();
    settings.token_life = setup.dialect().token_life();
    settings.actuation_delay = Duration::from_secs(u64::from(setup.shows_after_s));
    settings.quirks = setup.quirks.clone();
    let platform = SimHandle::without_sockets(settings);
    // Nothing runs that nobody here steers: agents would join it.
    platform.remove_campaign(FIRST_CAMPAIGN);
    for (index, (id, _)) in CAMPAIGNS.iter().enumerate().take(setup.campaigns) {
        let paused = setup.paused_before & (1 << index) != 0;
        platform.put_campaign(id, if paused { "PAUSED" } else { "RUNNING" });
    }
    if setup.previews {
        platform.put_campaign(PREVIEWS[1], "RUNNING");
    }
    for team in ["alpha", "beta"] {
        for number in 0..TEAM {
            platform.put_agent(&agent(team, number), AgentState::Busy, &[team]);
        }
    }
    platform
}

pub(crate) fn agent(team: &str, number: u32) -> String {
    format!("{team}-{number:03}")
}
