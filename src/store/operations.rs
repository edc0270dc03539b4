//! Operations that were begun on the platform, of every kind in one table.
//!
//! A row is written with its intent's row in the audit and gets its outcome with that of the outcome, whoever sent it: the
//! daemon or a command beside it. It is open until it is closed: an outcome that is not known leaves it open for
//! whoever reads the object next. For campaigns and lists the memory that is committed with the rows says whether something is
//! still awaited, so that the table and the memory cannot differ.

use crate::control::ports::{
    AuditRow, Batch, OpenOperation, OperationKind, OperationStep, OperationTarget,
};
use crate::domain::{DecisionId, Timestamp};

use super::database::{Database, Transaction};
use super::sql_fault::{SqlFault, SqlResult};
use super::value::{json, number, stored, values};

/// Opens and closes the operations that a batch speaks of.
pub(super) fn write(transaction: &Transaction<'_>, batch: &Batch) -> SqlResult<()> {
    for row in &batch.audit {
        if let Some(step) = row.operation() {
            write_step(transaction, row, step)?;
        }
    }
    let audited = batch.audit.iter().map(|row| row.at);
    let told = batch.inputs.iter().map(|(at, _)| *at);
    let now = audited.chain(told).max();
    for (id, state) in &batch.states {
        if !state.awaits_effect() {
            settle(transaction, OperationKind::Campaign, id.as_str(), now)?;
        }
        let throttle = state.throttle.as_ref();
        if throttle.is_some_and(|throttle| throttle.open.is_none()) {
            settle(transaction, OperationKind::Pace, id.as_str(), now)?;
        }
    }
    for (id, memory) in &batch.lists {
        if !memory.uncertain {
            settle(transaction, OperationKind::List, id.as_str(), now)?;
        }
    }
    Ok(())
}

fn write_step(transaction: &Transaction<'_>, row: &AuditRow, step: OperationStep) -> SqlResult<()> {
    let at = row.at.as_unix_millis();
    match step {
        OperationStep::Began(target) => {
            let (kind, id) = (target.kind().label(), target.id());
            if matches!(target.kind(), OperationKind::Campaign | OperationKind::Pace) {
                // A new command of a campaign takes over what may still come of an earlier one.
                transaction.execute(
                    "UPDATE operation SET outcome = 'superseded', closed_ms = ?3
                     WHERE {mine} AND kind = ?1 AND target = ?2 AND closed_ms IS NULL",
                    &values![kind, id, at],
                )?;
            }
            let [run, tick] = columns(row.decision);
            transaction.execute(
                "INSERT INTO operation ({tenant}kind, target, run, tick, at_ms, record)
                 VALUES ({its}?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT ({tenant}kind, target, run, tick) DO UPDATE SET
                     at_ms = excluded.at_ms, record = excluded.record, outcome = NULL, closed_ms = NULL",
                &values![kind, id, run, tick, at, json(&row.event)?],
            )?;
        }
        OperationStep::Ended {
            target,
            decision,
            conclusion,
            closes,
        } => {
            let [run, tick] = columns(decision);
            transaction.execute(
                "UPDATE operation SET outcome = ?5, closed_ms = ?6
                 WHERE {mine} AND kind = ?1 AND target = ?2 AND run = ?3 AND tick = ?4 AND closed_ms IS NULL",
                &values![
                    target.kind().label(),
                    target.id(),
                    run,
                    tick,
                    conclusion.label(),
                    closes.then_some(at)
                ],
            )?;
        }
    }
    Ok(())
}

/// Closes what is open of a campaign or a list of which nothing is awaited any more.
fn settle(
    transaction: &Transaction<'_>,
    kind: OperationKind,
    id: &str,
    now: Option<Timestamp>,
) -> SqlResult<()> {
    transaction.execute(
        "UPDATE operation SET outcome = coalesce(outcome, 'unknown'), closed_ms = coalesce(?3, at_ms)
         WHERE {mine} AND kind = ?1 AND target = ?2 AND closed_ms IS NULL",
        &values![kind.label(), id, now.map(Timestamp::as_unix_millis)],
    )?;
    Ok(())
}

/// Operations whose outcome is not known, the oldest first.
pub(super) fn open(database: &Database) -> SqlResult<Vec<OpenOperation>> {
    let select = "SELECT kind, target, run, tick, at_ms, record FROM operation
         WHERE {mine} AND closed_ms IS NULL ORDER BY at_ms, run, tick";
    database.query(select, &[], |row| {
        let (kind, id): (String, String) = (row.get(0)?, row.get(1)?);
        let (run, tick): (i64, i64) = (row.get(2)?, row.get(3)?);
        let record: String = row.get(5)?;
        Ok(OpenOperation {
            target: OperationTarget::parse(&kind, &id)
                .map_err(|wrong| SqlFault::unreadable(1, wrong))?,
            decision: DecisionId {
                run: number(run),
                tick: number(tick),
            },
            at: Timestamp::from_unix_millis(row.get(4)?),
            intent: serde_json::from_str(&record)
                .map_err(|wrong| SqlFault::unreadable(5, wrong))?,
        })
    })
}

/// Forgets operations that were closed before; the audit keeps them.
pub(super) fn prune(transaction: &Transaction<'_>, before: Timestamp) -> SqlResult<()> {
    transaction.execute(
        "DELETE FROM operation WHERE {mine} AND closed_ms < ?1",
        &values![before.as_unix_millis()],
    )?;
    Ok(())
}

fn columns(decision: DecisionId) -> [i64; 2] {
    [decision.run, decision.tick].map(stored)
}
