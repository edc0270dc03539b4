//! Runs each command to a running daemon.

use crate::cli::exit::Exit;
use crate::cli::output;
use crate::domain::PauseClaim;

use super::args::{KindArgs, Operate, ServerArgs, WhyArgs};
use super::client::{Client, ClientFault};
use super::{changes, history, status};

/// Runs a command.
pub(crate) async fn operate(command: Operate) -> Exit {
    let done = match command {
        Operate::Status {
            watch,
            output,
            server,
        } => status::status(&server, watch, output).await,
        Operate::Explain {
            campaign,
            output,
            server,
        } => status::explain(&server, &campaign, output).await,
        Operate::Set {
            campaign,
            pause_below: Some(pause_below),
            resume_at: Some(resume_at),
            lasts,
            as_configured: _,
            why,
            server,
        } => changes::set(&server, &campaign, [pause_below, resume_at], lasts, why).await,
        Operate::Set {
            campaign,
            why,
            server,
            ..
        } => changes::restore(&server, &campaign, why).await,
        Operate::Hold {
            campaign,
            queue: true,
            kind: KindArgs { as_is: true, .. },
            lasts,
            why,
            server,
        } => changes::hold_queue(&server, &campaign, lasts, why).await,
        Operate::Hold { queue: true, .. } => {
            output::talk("campaign-autopilot: a queue can only be held --as-is");
            return Exit::Data;
        }
        Operate::Hold {
            campaign,
            queue: false,
            kind,
            lasts,
            why,
            server,
        } => changes::hold(&server, &campaign, kind, lasts, why).await,
        Operate::Release {
            campaign,
            ours,
            theirs,
            queue,
            reason,
            author,
            server,
        } => {
            let why = WhyArgs { reason, author };
            match (ours, theirs) {
                (true, _) => changes::claim(&server, &campaign, PauseClaim::Ours, why).await,
                (_, true) => changes::claim(&server, &campaign, PauseClaim::Theirs, why).await,
                (false, false) => changes::release(&server, &campaign, queue, why).await,
            }
        }
        Operate::Reload {
            reason,
            author,
            server,
        } => changes::reload(&server, WhyArgs { reason, author }).await,
        Operate::History {
            since,
            campaign,
            limit,
            output,
            server,
        } => history::history(&server, &since, campaign.as_deref(), limit, output).await,
        Operate::Healthcheck { ready, server } => health(&server, ready).await,
    };
    done.unwrap_or_else(|fault| {
        for line in fault.lines() {
            output::talk(format_args!("campaign-autopilot: {line}"));
        }
        fault.exit()
    })
}

async fn health(server: &ServerArgs, ready: bool) -> Result<Exit, ClientFault> {
    let path = if ready { "readyz" } else { "healthz" };
    let (good, text) = Client::new(server)?.probe(path).await?;
    output::result(text.trim_end());
    Ok(if good { Exit::Ok } else { Exit::Degraded })
}
