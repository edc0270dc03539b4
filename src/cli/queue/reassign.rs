//! `queue reassign`: moves an agent to queues, with the status that the agent has.

use serde_json::json;

use crate::cli::one_tenant::OneTenantArgs;
use crate::control::ports::OperationTarget;
use crate::control::queues::{ReassignFault, Reassigned};
use crate::domain::{AgentId, QueueId};
use crate::platform::port::Reassignment;

use super::super::exit::Exit;
use super::super::output;
use super::print;
use super::reconcile::{self, Moving};

/// Moves an agent, or only shows it in a dry run.
pub(super) async fn reassign(
    agent: &AgentId,
    queues: &[QueueId],
    as_json: bool,
    args: &OneTenantArgs,
) -> Exit {
    match try_reassign(agent, queues, as_json, args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn try_reassign(
    agent: &AgentId,
    queues: &[QueueId],
    as_json: bool,
    args: &OneTenantArgs,
) -> Result<Exit, Exit> {
    let settings = reconcile::settings(args)?;
    let Moving { mover, recovering } = reconcile::moving(&settings, !settings.dry_run)?;
    if settings.dry_run {
        let order = mover.prepare(agent, queues).await.map_err(|f| fail(&f))?;
        if as_json {
            output::result(
                json!({"schema": "queue-reassign/1", "agent": agent, "queues": queues, "status": order.status, "outcome": null}),
            );
        } else {
            tell(&order);
            output::result("nothing was written");
        }
        return Ok(Exit::Ok);
    }
    if let Some(recovering) = recovering {
        let target = OperationTarget::Profile(agent.clone());
        recovering.resolve(&target).await?;
    }
    let done = mover.apply(agent, queues).await;
    let (order, reassigned) = done.map_err(|fault| fail(&fault))?;
    let Reassigned {
        conclusion,
        decision,
        status_after,
        why,
        unrecorded,
    } = &reassigned;
    if as_json {
        output::result(json!({
            "schema": "queue-reassign/1", "agent": agent, "queues": queues, "status": order.status, "outcome": conclusion.queue_label(),
            "decision": decision.to_string(), "status_after": status_after, "why": why,
        }));
    } else {
        tell(&order);
        output::result(format_args!("{} [{decision}]", conclusion.queue_label()));
        for why in why {
            output::result(format_args!("  {why}"));
        }
    }
    if let Some(fault) = unrecorded {
        output::talk(format_args!(
            "campaign-autopilot: the outcome could not be recorded: {fault}"
        ));
        return Ok(Exit::Io);
    }
    Ok(print::exit_of(*conclusion))
}

fn tell(order: &Reassignment) {
    let queues: Vec<&str> = order.queues.iter().map(QueueId::as_str).collect();
    output::result(format_args!(
        "agent {} -> queues {}, status {} as read",
        order.agent,
        queues.join(", "),
        order.status.label()
    ));
}

fn fail(fault: &ReassignFault) -> Exit {
    output::talk(format_args!("campaign-autopilot: {fault}"));
    match fault {
        ReassignFault::NoAgent(_) | ReassignFault::NoQueue(_) | ReassignFault::State(_) => {
            Exit::Refused
        }
        ReassignFault::Platform(fault) => Exit::of(fault.kind),
        ReassignFault::Unrecordable(_) => Exit::Io,
        ReassignFault::DryRun => Exit::Internal,
    }
}
