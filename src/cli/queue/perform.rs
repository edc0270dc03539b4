//! Runs each queue command.

use crate::cli::exit::Exit;
use crate::domain::queue::OnConflict;

use super::args::QueueCommand;
use super::{apply, calibrate, reassign};

/// Runs a queue command.
pub(crate) async fn queue(command: QueueCommand) -> Exit {
    match command {
        QueueCommand::Show { id, form, run } => apply::show(&id, form.is_json(), &run).await,
        QueueCommand::Plan { asked, out, run } => apply::plan(asked, out, &run).await,
        QueueCommand::Apply {
            asked,
            plan,
            force,
            run,
        } => {
            let on_conflict = if force {
                OnConflict::Overwrite
            } else {
                OnConflict::Keep
            };
            apply::apply(asked, plan, on_conflict, &run).await
        }
        QueueCommand::Optimize {
            id,
            figures,
            model,
            apply,
            form,
            run,
        } => {
            let args = calibrate::OptimizeArgs {
                id,
                figures,
                model,
                apply,
                as_json: form.is_json(),
            };
            calibrate::optimize(args, &run).await
        }
        QueueCommand::Reassign {
            agent,
            queues,
            form,
            run,
        } => reassign::reassign(&agent, &queues, form.is_json(), &run).await,
        QueueCommand::CheckUtilisation {
            agents,
            concurrent,
            handle_time,
            wrap_up,
            form,
        } => {
            calibrate::check_utilisation(agents, concurrent, &handle_time, &wrap_up, form.is_json())
        }
    }
}
