//! Calls in one tick with one campaign and with a thousand.

use std::time::Duration;

use campaign_autopilot::simulator::{Endpoint, SimHandle};

use crate::platform::{Daemon, InProcess};
use crate::stopwatch::{report, time};

/// Ticks that are counted.
const TICKS: u64 = 40;

/// A run that takes longer is broken.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn run() {
    let (one, thousand) = (calls(1), calls(1_000));
    report("calls: requests to the platform in one tick, once every status is known");
    report(format_args!("  one campaign          {one:.2}"));
    report(format_args!(
        "  a thousand campaigns  {thousand:.2}, {:.2} times that (bar: as with one)",
        thousand / one
    ));
}

fn calls(campaigns: usize) -> f64 {
    let centre = InProcess::with_agents(50, |_| {});
    let platform = &centre.handle;
    let ids: Vec<String> = (0..campaigns).map(|n| format!("campaign-{n:04}")).collect();
    for id in &ids {
        platform.put_campaign(id, "RUNNING");
    }
    let daemon = Daemon::start(&centre.base_url, "50ms", "off", |daemon| {
        daemon.env("CXONE_CAMPAIGN_ID", ids.join(","));
    });
    let every_status = u64::try_from(campaigns).unwrap_or_default();
    wait_until(|| platform.request_count(Some(Endpoint::CampaignGet)) > every_status + 20);
    let seen = counts(platform);
    wait_until(|| counts(platform).1 >= seen.1 + TICKS);
    let now = counts(platform);
    drop(daemon);
    let ticks = f64::from(u32::try_from(now.1 - seen.1).unwrap_or(u32::MAX));
    f64::from(u32::try_from(now.0 - seen.0).unwrap_or(u32::MAX)) / ticks
}

/// All requests, and those for agents: one a tick.
fn counts(platform: &SimHandle) -> (u64, u64) {
    (
        platform.request_count(None),
        platform.request_count(Some(Endpoint::Agents)),
    )
}

#[expect(clippy::disallowed_methods, reason = "waits for another process")]
fn wait_until(mut so: impl FnMut() -> bool) {
    let (took, ()) = time(|| {
        for _ in 0..PATIENCE.as_millis() / 5 {
            if so() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    assert!(took < PATIENCE, "waited in vain");
}
