//! `run`: the daemon, until a signal or for one tick.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::control::ports::SystemClock;
use crate::control::{LastPoll, TickReport};
use crate::domain::Conclusion;
use crate::domain::Zone;
use crate::notify::Delivering;
use crate::settings::{Resolved, RunArgs, Settings};
use crate::telemetry::flush_log;

use super::daemon::Daemon;
use super::exit::Exit;
use super::output;
use super::reload::{Reloader, Source};
use super::supervisor::Systemd;

/// Ended by a signal before the drain was done: 128 + SIGINT, as shells report it.
const ABORTED: i32 = 130;

/// At a signal, messages that are due are waited for no longer than this, so that a slow receiver does not delay a stop.
const LONGEST_FAREWELL: Duration = Duration::from_secs(5);

/// Runs the daemon to its end.
pub(crate) async fn run(args: RunArgs, resolved: Resolved) -> Exit {
    let source = Source::new(args, &resolved);
    let Resolved {
        settings, warnings, ..
    } = resolved;
    for warning in &warnings {
        warn!("{warning}");
    }
    let clock = Arc::new(SystemClock::real_time());
    let shutdown = CancellationToken::new();
    let daemon = match Daemon::start(&settings, Some(source), clock, shutdown.clone()).await {
        Ok(daemon) => daemon,
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            return fault.exit();
        }
    };
    for campaign in &daemon.orphans.stepped_down {
        warn!(%campaign, "its pace was changed by us, but it is no longer in the configuration: `restore` puts the pace back");
    }
    for campaign in &daemon.orphans.paused {
        warn!(%campaign, "paused by us, but no longer in the configuration: it is not resumed");
    }
    if let Some(lost) = &daemon.lost {
        warn!("{lost}; what it remembers may be older than what was done");
    }
    if daemon.without_receiver > 0 {
        warn!(
            messages = daemon.without_receiver,
            "messages wait in the outbox, but no --webhook-url is given: they are not delivered"
        );
    }
    // Before anybody is told that it runs: whoever then stops it at once expects an orderly end.
    stop_on_signals(shutdown.clone(), Some(Arc::clone(&daemon.reloader)));
    tell_start(&settings, &daemon);
    if settings.once {
        if daemon.calibration.is_some() {
            info!("queues are not calibrated by --once: it takes two readings to measure anything");
        }
        let report = daemon.cycle.run_once().await;
        finish(daemon.delivering, &settings, Duration::MAX).await;
        return exit_of(&report);
    }
    tokio::spawn(Arc::clone(&daemon.reloader).watch(shutdown));
    let systemd = Systemd::found();
    if let Some(systemd) = systemd {
        systemd.ready();
    }
    Box::pin(run_to_end(daemon, &settings, systemd)).await;
    Exit::Ok
}

/// Runs all tasks of the daemon until shutdown is requested and work under way is finished.
pub(super) async fn run_to_end(daemon: Daemon, settings: &Settings, systemd: Option<Systemd>) {
    let Daemon {
        calibration,
        recovering,
        rivals,
        guards,
        planning,
        cycle,
        observed,
        delivering,
        server,
        chain_check,
        ..
    } = daemon;
    let cycle = match systemd {
        Some(systemd) => cycle.supervised(systemd.supervised()),
        None => cycle,
    };
    // None is waited for: they end with the loop or change nothing.
    if let Some(rivals) = rivals {
        tokio::spawn(rivals.run());
    }
    if let Some(guards) = guards {
        tokio::spawn(guards.run());
    }
    if let Some(planning) = planning {
        tokio::spawn(planning.tell());
    }
    if let Some(chain_check) = chain_check {
        tokio::spawn(chain_check.run());
    }
    let calibrating = calibration.map(|calibration| tokio::spawn(calibration.run()));
    let recovering = recovering.map(|recovering| tokio::spawn(recovering.run()));
    Box::pin(cycle.run()).await;
    // A change of a queue that is under way is finished and recorded.
    if let Some(calibrating) = calibrating
        && let Err(wrong) = calibrating.await
    {
        warn!(%wrong, "the calibration of queues failed");
    }
    if let Some(recovering) = recovering
        && let Err(wrong) = recovering.await
    {
        warn!(%wrong, "the reading of what was left open broke off");
    }
    finish(delivering, settings, LONGEST_FAREWELL).await;
    drop(server);
    let left_paused = observed
        .borrow()
        .campaigns
        .iter()
        .filter(|c| c.state.belief.paused_by_us())
        .count();
    let left_stepped_down = observed
        .borrow()
        .campaigns
        .iter()
        .filter(|c| c.state.is_stepped_down())
        .count();
    if left_stepped_down > 0 {
        info!(
            left_stepped_down,
            "campaigns dial one call for each idle agent still: the next run goes on from there, `restore` puts them back"
        );
    }
    info!(left_paused, "ended in order");
}

/// Delivers the last messages; what cannot be delivered in time stays in the outbox.
async fn finish(delivering: Option<Delivering>, settings: &Settings, longest: Duration) {
    if let (Some(delivering), Some(receiver)) = (delivering, &settings.webhook) {
        delivering.finish(longest.min(receiver.timeout)).await;
    }
}

/// Returns the exit code of a single tick.
pub(super) fn exit_of(report: &TickReport) -> Exit {
    match &report.poll {
        _ if report.journal.is_err() => Exit::Io,
        LastPoll::None => Exit::Unreachable,
        LastPoll::Failed(fault) => Exit::of(fault.kind),
        LastPoll::Valid if report.campaigns_missing > 0 => Exit::Refused,
        LastPoll::Valid => match report.failed_command {
            Some(Conclusion::Refused) => Exit::Refused,
            Some(_) => Exit::Unreachable,
            None => Exit::Ok,
        },
    }
}

fn tell_start(settings: &Settings, daemon: &Daemon) {
    let listening = daemon
        .server
        .as_ref()
        .map(|server| tracing::field::display(server.address()));
    info!(
        campaigns = settings.policies.len(),
        queues = (!settings.queues.is_empty()).then_some(settings.queues.len()),
        platform = %settings.address(),
        state_dir = %settings.state_dir.display(),
        listening,
        webhook = settings.webhook.as_ref().map(|to| tracing::field::display(&to.url)),
        dry_run = settings.dry_run,
        time_zones = Zone::data_version(),
        unresolved_commands = daemon.unresolved_commands,
        "started",
    );
}

/// The first SIGTERM or SIGINT asks for an orderly end, the second one ends at once. SIGHUP reloads the configuration;
/// where there is none to read, it is a terminal that was closed, and ends as well.
pub(super) fn stop_on_signals(shutdown: CancellationToken, reloader: Option<Arc<Reloader>>) {
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    ) else {
        warn!("no signal handlers: the daemon ends without draining");
        return;
    };
    tokio::spawn(async move {
        let mut asked = 0_u32;
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {
                    if let Some(reloader) = reloader.clone() {
                        tokio::spawn(async move {
                            reloader.reload_for("SIGHUP", "asked for by a signal").await;
                        });
                        continue;
                    }
                }
            }
            asked = asked.saturating_add(1);
            if asked > 1 {
                flush_log();
                #[expect(clippy::exit, reason = "a second signal asks for just this")]
                std::process::exit(ABORTED);
            }
            info!("stopping: work under way is finished; a second signal ends at once");
            if let Some(systemd) = Systemd::found() {
                systemd.stopping();
            }
            shutdown.cancel();
        }
    });
}
