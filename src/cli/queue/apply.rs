//! `queue show`, `queue plan` and `queue apply`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::one_tenant::OneTenantArgs;
use crate::control::ports::OperationTarget;
use crate::control::queues::{Prepared, QueueRequest, Reconciler};
use crate::domain::QueueId;
use crate::domain::queue::{ChangeSet, Members, OnConflict};
use crate::settings::Settings;

use super::super::exit::Exit;
use super::super::output;
use super::args::{By, QueueChangeArgs};
use super::input::{self, KeptPlan};
use super::print;
use super::reconcile::{self, OpenReconciler};

/// Prints a queue.
pub(super) async fn show(id: &QueueId, as_json: bool, args: &OneTenantArgs) -> Exit {
    let shown = async {
        let OpenReconciler { reconciler, .. } =
            reconcile::reconciler(&reconcile::settings(args)?, false)?;
        let request = QueueRequest {
            queue: id.clone(),
            change: ChangeSet::default(),
            base: None,
            form: By::Whole.into(),
            on_conflict: OnConflict::Keep,
            by: None,
        };
        let prepared = reconciler
            .prepare(&request)
            .await
            .map_err(|fault| reconcile::fail(&fault))?;
        Ok(prepared.reading)
    };
    match shown.await {
        Ok(reading) if as_json => {
            output::result(json!({
                "schema": "queue-show/1",
                "queue": reading.queue,
                "version": reading.version,
                "members": reading.members,
                "sha256": reading.sha256,
            }));
            Exit::Ok
        }
        Ok(reading) => {
            output::result(format_args!(
                "queue {} at version {}",
                reading.queue, reading.version
            ));
            print::members(&reading.members);
            Exit::Ok
        }
        Err(exit) => exit,
    }
}

/// Shows what a change would do.
pub(super) async fn plan(
    asked: QueueChangeArgs,
    out: Option<PathBuf>,
    args: &OneTenantArgs,
) -> Exit {
    match try_plan(&asked, out, args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn try_plan(
    asked: &QueueChangeArgs,
    out: Option<PathBuf>,
    args: &OneTenantArgs,
) -> Result<Exit, Exit> {
    let request = QueueRequest {
        queue: asked.id.clone(),
        change: input::change_set(asked)?,
        base: None,
        form: asked.by.into(),
        on_conflict: OnConflict::Keep,
        by: None,
    };
    let OpenReconciler { reconciler, .. } =
        reconcile::reconciler(&reconcile::settings(args)?, false)?;
    let prepared = prepared(&reconciler, &request, asked.form.is_json()).await?;
    let exit = print::exit_of_plan(&prepared);
    if let Some(path) = out
        && exit == Exit::Ok
    {
        keep_plan(&prepared, &request.change, &path)?;
    }
    Ok(exit)
}

/// Prints what a change would do, and returns its exit code.
pub(super) async fn preview(
    reconciler: &Reconciler,
    request: &QueueRequest,
    as_json: bool,
) -> Result<Exit, Exit> {
    let prepared = prepared(reconciler, request, as_json).await?;
    Ok(print::exit_of_plan(&prepared))
}

/// Prints what a change would do.
async fn prepared(
    reconciler: &Reconciler,
    request: &QueueRequest,
    as_json: bool,
) -> Result<Prepared, Exit> {
    let prepared = reconciler
        .prepare(request)
        .await
        .map_err(|fault| reconcile::fail(&fault))?;
    if as_json {
        output::result(print::prepared_json(&prepared, &request.change));
    } else {
        print::prepared(&prepared, &request.change, request.form);
        output::result("nothing was written");
    }
    Ok(prepared)
}

fn in_file(members: &Members) -> BTreeMap<String, Value> {
    let entries = members.iter();
    entries
        .map(|(member, setting)| (member.key().to_owned(), setting.to_value()))
        .collect()
}

fn keep_plan(prepared: &Prepared, change_set: &ChangeSet, path: &Path) -> Result<(), Exit> {
    let mut change = in_file(&change_set.members);
    if let Some(load) = change_set.load {
        let handle_time = humantime::format_duration(load.handle_time).to_string();
        let load = json!({
            "agents": load.agents, "concurrent": load.concurrent, "handle_time": handle_time
        });
        change.insert("load".to_owned(), load);
    }
    let kept = KeptPlan {
        queue: prepared.reading.queue.clone(),
        version: prepared.reading.version.clone(),
        base: in_file(&prepared.reading.members),
        change,
    };
    let written = serde_json::to_string_pretty(&kept)
        .map_err(|wrong| wrong.to_string())
        .and_then(|text| std::fs::write(path, text).map_err(|wrong| wrong.to_string()));
    written.map_err(|wrong| {
        output::talk(format_args!(
            "campaign-autopilot: {}: {wrong}; name a file that this user may write",
            path.display()
        ));
        Exit::Io
    })
}

/// Shows a change and writes it.
pub(super) async fn apply(
    asked: QueueChangeArgs,
    plan: Option<PathBuf>,
    on_conflict: OnConflict,
    args: &OneTenantArgs,
) -> Exit {
    match try_apply(&asked, plan, on_conflict, args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn try_apply(
    asked: &QueueChangeArgs,
    plan: Option<PathBuf>,
    on_conflict: OnConflict,
    args: &OneTenantArgs,
) -> Result<Exit, Exit> {
    let (change, base) = match plan {
        Some(path) => {
            let (change, base) = input::plan(&path, &asked.id)?;
            (change, Some(base))
        }
        None => (input::change_set(asked)?, None),
    };
    let request = QueueRequest {
        queue: asked.id.clone(),
        change,
        base,
        form: asked.by.into(),
        on_conflict,
        by: None,
    };
    write(request, asked.form.is_json(), &reconcile::settings(args)?).await
}

/// Shows a change and writes it, or only shows it in a dry run.
async fn write(request: QueueRequest, as_json: bool, settings: &Settings) -> Result<Exit, Exit> {
    let dry_run = settings.dry_run;
    let kept = reconcile::reconciler(settings, !dry_run)?;
    let OpenReconciler {
        mut reconciler,
        recovering,
        ..
    } = kept;
    if let Some(recovering) = recovering {
        let target = OperationTarget::Queue(request.queue.clone());
        recovering.resolve(&target).await?;
    }
    if dry_run {
        return preview(&reconciler, &request, as_json).await;
    }
    write_with(&mut reconciler, request, as_json).await
}

/// Shows and writes a change with the given reconciler.
pub(super) async fn write_with(
    reconciler: &mut Reconciler,
    mut request: QueueRequest,
    as_json: bool,
) -> Result<Exit, Exit> {
    if !as_json {
        let prepared = reconciler
            .prepare(&request)
            .await
            .map_err(|fault| reconcile::fail(&fault))?;
        print::prepared(&prepared, &request.change, request.form);
        // What is written is what was shown.
        request.base.get_or_insert(prepared.reading.members);
    }
    let change = request.change.clone();
    let outcome = reconciler
        .apply(request)
        .await
        .map_err(|fault| reconcile::fail(&fault))?;
    if as_json {
        output::result(print::outcome_json(&outcome, &change));
    } else {
        print::outcome(&outcome);
    }
    Ok(print::exit_of(outcome.conclusion))
}
