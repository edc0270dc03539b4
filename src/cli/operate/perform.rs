//! Runs each command to a running daemon.

use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::output;
use crate::domain::PauseClaim;

use super::args::{Operate, ServerArgs, WhichArgs, WhyArgs};
use super::client::{Client, ClientFault};
use super::{changes, history, holds, running, status};

/// Runs a command.
pub(crate) async fn operate(command: Operate) -> Exit {
    let done = match command {
        Operate::Status {
            watch,
            chosen,
            server,
        } => status::status(&server, watch, &chosen).await,
        Operate::Explain { campaign, server } => status::explain(&server, &campaign).await,
        Operate::Set {
            campaign,
            set,
            lasts,
            as_configured,
            reason,
            author,
            server,
        } => {
            let reason = reason.unwrap_or_else(|| "as configured".to_owned());
            let why = WhyArgs { reason, author };
            if as_configured {
                changes::restore(&server, &campaign, why).await
            } else {
                changes::set(&server, &campaign, set, lasts, why).await
            }
        }
        Operate::Hold {
            which,
            queue,
            kind,
            lasts,
            why,
            server,
        } => match (queue, which.campaigns.as_slice()) {
            (true, [queue]) if kind.as_is => changes::hold_queue(&server, queue, lasts, why).await,
            (true, [_]) => {
                output::talk("campaign-autopilot: a queue can only be held --as-is");
                return Exit::Data;
            }
            (true, _) => Err(given("--queue: name one queue")),
            (false, _) => holds::hold(&server, &which, kind.word(), lasts, why).await,
        },
        Operate::Pause {
            which,
            lasts,
            why,
            server,
        } => holds::hold(&server, &which, "paused", lasts, why).await,
        Operate::Resume {
            which,
            reason,
            author,
            server,
        } => holds::release(&server, &which, WhyArgs { reason, author }).await,
        Operate::Release {
            which,
            ours,
            theirs,
            queue,
            reason,
            author,
            server,
        } => {
            let why = WhyArgs { reason, author };
            let claim = if ours {
                Some(PauseClaim::Ours)
            } else {
                theirs.then_some(PauseClaim::Theirs)
            };
            release(&server, &which, (claim, queue), why).await
        }
        Operate::Reload {
            reason,
            author,
            server,
        } => changes::reload(&server, WhyArgs { reason, author }).await,
        Operate::History {
            campaign,
            campaign_id,
            since,
            tenant,
            limit,
            server,
        } => {
            let campaign = campaign.or(campaign_id);
            let whose = (tenant.as_deref(), campaign.as_deref());
            history::history(&server, since, whose, limit).await
        }
        Operate::Healthcheck { ready, server } => health(&server, ready).await,
    };
    done.unwrap_or_else(|fault| running::told(&fault))
}

/// Ends holds, or says whose a pause is.
async fn release(
    server: &ServerArgs,
    which: &WhichArgs,
    (claim, queue): (Option<PauseClaim>, bool),
    why: WhyArgs,
) -> Result<Exit, ClientFault> {
    match (claim, queue, which.campaigns.as_slice()) {
        (Some(claim), _, [campaign]) => changes::claim(server, campaign, claim, why).await,
        (Some(_), ..) => Err(given("--ours and --theirs: name one campaign")),
        (None, true, [queue]) => changes::release_queue(server, queue, why).await,
        (None, true, _) => Err(given("--queue: name one queue")),
        (None, false, _) => holds::release(server, which, why).await,
    }
}

fn given(fault: &str) -> ClientFault {
    ClientFault::Given(fault.to_owned())
}

async fn health(server: &ServerArgs, ready: bool) -> Result<Exit, ClientFault> {
    let path = if ready { "readyz" } else { "healthz" };
    let (good, text) = Client::new(server)?.probe(path).await?;
    let says = text.trim_end();
    if server.form.is_json() {
        output::result(json!({"schema": "healthcheck/1", "ok": good, "says": says}));
    } else {
        output::result(says);
    }
    Ok(if good { Exit::Ok } else { Exit::Degraded })
}
