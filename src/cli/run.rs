//! `run`: the daemon, until a signal or for one tick.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, error_span, info, warn};

use crate::control::ports::SystemClock;
use crate::control::{Cycle, LastPoll, TickReport};
use crate::domain::Conclusion;
use crate::domain::Zone;
use crate::settings::{Resolved, Settings};
use crate::telemetry::flush_log;

use super::daemon::Daemon;
use super::delivering::finish;
use super::exit::Exit;
use super::kept_state::tell_of_tenants_that_went;
use super::output;
use super::reload::{Reloader, Source};
use super::start_fault::StartFault;
use super::supervisor::Systemd;

/// Ended by a signal before the drain was done: 128 + SIGINT, as shells report it.
const ABORTED: i32 = 130;

/// Runs the daemon to its end.
pub(crate) async fn run(source: Source, resolved: Resolved) -> Exit {
    for warning in &resolved.warnings {
        warn!("{warning}");
    }
    let settings: Vec<Settings> = resolved.all().cloned().collect();
    let clock = Arc::new(SystemClock::real_time());
    let shutdown = CancellationToken::new();
    let daemon = match Daemon::start(&settings, Some(source), clock, shutdown.clone()).await {
        Ok(daemon) => daemon,
        Err(fault) => return refused(&fault),
    };
    tell_of_tenants_that_went(&settings);
    // Before anybody is told that it runs: whoever then stops it at once expects an orderly end.
    stop_on_signals(shutdown.clone(), Some(Arc::clone(&daemon.reloader)));
    if let Some(tenant) = &daemon.tenant {
        tenant.tell_findings();
    }
    tell_start(&settings, &daemon);
    if resolved.settings.once {
        return Box::pin(run_once(daemon, &settings)).await;
    }
    tokio::spawn(Arc::clone(&daemon.reloader).watch(shutdown.clone()));
    let Some(tenant) = daemon.tenant else {
        return Box::pin(run_tenants(daemon, settings, shutdown)).await;
    };
    if let Some(systemd) = Systemd::found() {
        systemd.ready();
    }
    Box::pin(daemon.tenants.run_nameless(tenant, resolved.settings)).await;
    drop(daemon.server);
    Exit::Ok
}

fn refused(fault: &StartFault) -> Exit {
    output::talk(format_args!("campaign-autopilot: {fault}"));
    fault.exit()
}

/// Runs several tenants to their end. Where none of them can start, the process ends as it would with one.
async fn run_tenants(daemon: Daemon, settings: Vec<Settings>, shutdown: CancellationToken) -> Exit {
    let mut first = FuturesUnordered::new();
    for settings in settings {
        first.push(daemon.tenants.keep(settings).await);
    }
    let mut faults = Vec::new();
    let started = loop {
        let told = tokio::select! {
            () = shutdown.cancelled() => break true,
            told = first.next() => told,
        };
        match told {
            // A task that broke off has told so itself.
            Some(Ok(None) | Err(_)) => break true,
            Some(Ok(Some(fault))) => faults.push(fault),
            None => break false,
        }
    };
    if let (false, Some(fault)) = (started, faults.first()) {
        shutdown.cancel();
        daemon.tenants.ended().await;
        output::talk("campaign-autopilot: no tenant can start");
        return refused(fault);
    }
    if let Some(systemd) = Systemd::found() {
        systemd.ready();
    }
    daemon.tenants.ended().await;
    drop(daemon.server);
    Exit::Ok
}

/// Polls and decides once for each tenant; the first that went otherwise than well gives the exit code.
async fn run_once(daemon: Daemon, settings: &[Settings]) -> Exit {
    let mut started = daemon.tenant;
    let mut exit = Exit::Ok;
    for settings in settings {
        let tenant = match started.take() {
            Some(tenant) => tenant,
            None => match daemon
                .tenants
                .start(settings, CancellationToken::new())
                .await
            {
                Ok(tenant) => tenant,
                Err(fault) => {
                    exit = exit.then(refused(&fault));
                    continue;
                }
            },
        };
        if tenant.calibration.is_some() {
            info!("queues are not calibrated by --once: it takes two readings to measure anything");
        }
        let span = match &settings.tenant {
            Some(tenant) => error_span!("tenant", %tenant),
            None => Span::none(),
        };
        let tick = Box::pin(tenant.run_once(Cycle::run_once));
        let (report, delivering) = tick.instrument(span).await;
        finish(delivering, settings, Duration::MAX).await;
        exit = exit.then(exit_of(&report));
    }
    exit
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

fn tell_start(settings: &[Settings], daemon: &Daemon) {
    let Some(first) = settings.first() else {
        return;
    };
    let listening = daemon
        .server
        .as_ref()
        .map(|server| tracing::field::display(server.address()));
    let webhook = first.webhook.as_ref();
    let webhook = webhook.map(|to| tracing::field::display(&to.url));
    let many = |of: fn(&Settings) -> usize| settings.iter().map(of).sum::<usize>();
    let queues = many(|settings| settings.queues.len());
    let receivers = many(|settings| settings.receivers.len());
    if let Some(server) = daemon.server.as_ref().filter(|_| !first.once) {
        info!("the page is at {}", page(server.address()));
    }
    if let Some(tenant) = &daemon.tenant {
        info!(
            campaigns = first.policies.len(),
            queues = (queues > 0).then_some(queues),
            platform = %first.address(),
            state_dir = %first.state_dir.display(),
            listening,
            webhook,
            receivers = (receivers > 0).then_some(receivers),
            dry_run = first.dry_run,
            time_zones = Zone::data_version(),
            unresolved_commands = tenant.unresolved_commands,
            "started",
        );
    } else {
        info!(
            tenants = settings.len(),
            campaigns = many(|settings| settings.policies.len()),
            queues = (queues > 0).then_some(queues),
            state_dir = %first.state_root().display(),
            listening,
            webhook,
            receivers = (receivers > 0).then_some(receivers),
            dry_run = first.dry_run,
            time_zones = Zone::data_version(),
            "started",
        );
    }
}

/// The address of the page, as a browser on this machine calls it.
fn page(listening: SocketAddr) -> String {
    let mut at = listening;
    if at.ip().is_unspecified() {
        at.set_ip(match at.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{at}/")
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
