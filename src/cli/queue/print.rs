//! Prints a queue, a change and its outcome, for people and programs.

use serde_json::{Value, json};

use crate::control::queues::{Prepared, ReconcileOutcome};
use crate::domain::Conclusion;
use crate::domain::queue::{ChangeSet, Members, Setting, WriteForm};

use super::super::exit::Exit;
use super::super::output;

/// Prints members, one a line.
pub(super) fn members(members: &Members) {
    for (member, setting) in members {
        output::result(format_args!("  {:<18}  {setting}", member.key()));
    }
}

/// Prints the change, member by member, and the rules that it breaks.
pub(super) fn prepared(prepared: &Prepared, change: &ChangeSet, form: WriteForm) {
    let Prepared {
        reading,
        merged,
        faults,
    } = prepared;
    let written = match form {
        WriteForm::Whole => "written whole",
        WriteForm::Members => "written by members",
    };
    output::result(format_args!(
        "queue {} at version {}, {written}",
        reading.queue, reading.version,
    ));
    let now = |setting: Option<&Setting>| setting.map_or("-".to_owned(), ToString::to_string);
    let widest = merged
        .write
        .keys()
        .map(|member| now(reading.members.get(member)).chars().count())
        .max()
        .unwrap_or(0);
    for (member, wanted) in &change.members {
        let is = now(reading.members.get(member));
        let key = member.key();
        if merged.there.contains(member) {
            output::result(format_args!("  {key:<18}  {is}, as it is"));
        } else if merged.write.contains_key(member) {
            output::result(format_args!("~ {key:<18}  {is:<widest$} -> {wanted}"));
        }
    }
    for conflict in &merged.conflicts {
        output::result(format_args!("! {conflict}"));
    }
    if let Some(Ok(utilisation)) = change
        .load
        .map(|load| load.utilisation(wrap_up(prepared, change)))
    {
        output::result(format_args!("  {utilisation}"));
    } else {
        output::result("  utilisation not checked: the change set gives no load");
    }
    for fault in faults {
        output::result(format_args!("REFUSED  {fault}"));
    }
}

fn wrap_up(prepared: &Prepared, change: &ChangeSet) -> std::time::Duration {
    let member = crate::domain::queue::Member::WrapUp;
    let setting = change
        .members
        .get(&member)
        .or_else(|| prepared.reading.members.get(&member));
    match setting {
        Some(Setting::Time(time)) => *time,
        Some(_) | None => std::time::Duration::ZERO,
    }
}

/// Returns the exit code of a change that was only prepared.
pub(super) fn exit_of_plan(prepared: &Prepared) -> Exit {
    if !prepared.faults.is_empty() {
        Exit::Data
    } else if !prepared.merged.conflicts.is_empty() {
        Exit::Conflict
    } else {
        Exit::Ok
    }
}

/// The same as JSON.
pub(super) fn prepared_json(prepared: &Prepared, change: &ChangeSet) -> Value {
    let Prepared {
        reading,
        merged,
        faults,
    } = prepared;
    json!({
        "schema": "queue-change/1",
        "queue": reading.queue,
        "version": reading.version,
        "change": change,
        "write": merged.write,
        "there": merged.there,
        "conflicts": merged.conflicts,
        "faults": faults,
    })
}

/// Prints what was done.
pub(super) fn outcome(outcome: &ReconcileOutcome) {
    let ReconcileOutcome {
        conclusion,
        decision,
        after,
        merges,
        why,
        ..
    } = outcome;
    let again = match merges {
        0 => String::new(),
        1 => ", merged again once".to_owned(),
        many => format!(", merged again {many} times"),
    };
    if let (Conclusion::Confirmed, Some(after)) = (conclusion, after) {
        output::result(format_args!(
            "applied: version {}, read back as written{again} [{decision}]",
            after.version
        ));
        output::result(format_args!("sha256 {}", after.sha256));
    } else {
        output::result(format_args!(
            "{}{again} [{decision}]",
            conclusion.queue_label()
        ));
        for why in why {
            output::result(format_args!("  {why}"));
        }
    }
}

/// The same as JSON.
pub(super) fn outcome_json(outcome: &ReconcileOutcome, change: &ChangeSet) -> Value {
    let after = outcome.after.as_ref();
    let mut told = prepared_json(&outcome.prepared, change);
    if let Some(told) = told.as_object_mut() {
        told.extend([
            (
                "outcome".to_owned(),
                json!(outcome.conclusion.queue_label()),
            ),
            ("decision".to_owned(), json!(outcome.decision.to_string())),
            ("merges".to_owned(), json!(outcome.merges)),
            (
                "version_after".to_owned(),
                json!(after.map(|after| &after.version)),
            ),
            (
                "configuration_sha256".to_owned(),
                json!(after.map(|after| &after.sha256)),
            ),
            ("why".to_owned(), json!(outcome.why)),
        ]);
    }
    told
}

/// Returns the exit code of an outcome.
pub(super) fn exit_of(conclusion: Conclusion) -> Exit {
    match conclusion {
        Conclusion::Confirmed | Conclusion::Unchanged => Exit::Ok,
        Conclusion::Stale | Conclusion::Conflict => Exit::Conflict,
        Conclusion::Invalid => Exit::Data,
        Conclusion::Refused => Exit::Refused,
        Conclusion::NotSent
        | Conclusion::NotApplied
        | Conclusion::NotOurs
        | Conclusion::Unknown
        | Conclusion::Differs => Exit::Unreachable,
    }
}
