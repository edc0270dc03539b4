//! Which command does what.

use crate::cli::exit::Exit;

use super::args::QueueCommand;
use super::{apply, calibrate, reassign};

/// Does it.
pub(crate) async fn queue(command: QueueCommand) -> Exit {
    match command {
        QueueCommand::Show { id, json, run } => apply::show(&id, json, &run).await,
        QueueCommand::Plan { what, out, run } => apply::plan(what, out, &run).await,
        QueueCommand::Apply {
            what,
            plan,
            force,
            run,
        } => apply::apply(what, plan, force, &run).await,
        QueueCommand::Optimize {
            id,
            figures,
            model,
            apply,
            json,
            run,
        } => {
            let wish = calibrate::Wish {
                id,
                figures,
                model,
                apply,
                json,
            };
            calibrate::optimize(wish, &run).await
        }
        QueueCommand::Reassign {
            agent,
            queues,
            json,
            run,
        } => reassign::reassign(&agent, &queues, json, &run).await,
        QueueCommand::CheckUtilisation {
            agents,
            concurrent,
            handle_time,
            wrap_up,
            json,
        } => calibrate::check_utilisation(agents, concurrent, &handle_time, &wrap_up, json),
    }
}
