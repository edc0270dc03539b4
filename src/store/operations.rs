//! Operations that were begun on the platform, of every kind in one table.
//!
//! A row is written with its intent's row in the audit and gets its outcome with that of the outcome, whoever sent it: the
//! daemon or a command beside it. It is open until it is closed: an outcome that is not known leaves it open for
//! whoever reads the object next. For campaigns and lists the memory that is committed with the rows says whether something is
//! still awaited, so that the table and the memory cannot differ.

use rusqlite::types::Type;
use rusqlite::{Connection, Transaction, params};

use crate::control::ports::{
    AuditRow, Batch, OpenOperation, OperationKind, OperationStep, OperationTarget,
};
use crate::domain::{DecisionId, Timestamp};

use super::columns::json;

/// Opens and closes the operations that a batch speaks of.
pub(super) fn write(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
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

fn write_step(
    transaction: &Transaction<'_>,
    row: &AuditRow,
    step: OperationStep,
) -> rusqlite::Result<()> {
    let at = row.at.as_unix_millis();
    match step {
        OperationStep::Began(target) => {
            let (kind, id) = (target.kind().label(), target.id());
            if matches!(target.kind(), OperationKind::Campaign | OperationKind::Pace) {
                // A new command of a campaign takes over what may still come of an earlier one.
                let mut supersede = transaction.prepare_cached(
                    "UPDATE operation SET outcome = 'superseded', closed_ms = ?3
                     WHERE kind = ?1 AND target = ?2 AND closed_ms IS NULL",
                )?;
                supersede.execute(params![kind, id, at])?;
            }
            let mut begin = transaction.prepare_cached(
                "INSERT OR REPLACE INTO operation (kind, target, run, tick, at_ms, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            let [run, tick] = columns(row.decision);
            begin.execute(params![kind, id, run, tick, at, json(&row.event)?])?;
        }
        OperationStep::Ended {
            target,
            decision,
            conclusion,
            closes,
        } => {
            let mut end = transaction.prepare_cached(
                "UPDATE operation SET outcome = ?5, closed_ms = ?6
                 WHERE kind = ?1 AND target = ?2 AND run = ?3 AND tick = ?4 AND closed_ms IS NULL",
            )?;
            let [run, tick] = columns(decision);
            end.execute(params![
                target.kind().label(),
                target.id(),
                run,
                tick,
                conclusion.label(),
                closes.then_some(at)
            ])?;
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
) -> rusqlite::Result<()> {
    let mut settle = transaction.prepare_cached(
        "UPDATE operation SET outcome = coalesce(outcome, 'unknown'), closed_ms = coalesce(?3, at_ms)
         WHERE kind = ?1 AND target = ?2 AND closed_ms IS NULL",
    )?;
    settle.execute(params![
        kind.label(),
        id,
        now.map(Timestamp::as_unix_millis)
    ])?;
    Ok(())
}

/// Operations whose outcome is not known, the oldest first.
pub(super) fn open(connection: &Connection) -> rusqlite::Result<Vec<OpenOperation>> {
    let mut select = connection.prepare(
        "SELECT kind, target, run, tick, at_ms, record FROM operation
         WHERE closed_ms IS NULL ORDER BY at_ms, run, tick",
    )?;
    let rows = select.query_map([], |row| {
        let (kind, id): (String, String) = (row.get(0)?, row.get(1)?);
        let (run, tick): (i64, i64) = (row.get(2)?, row.get(3)?);
        let record: String = row.get(5)?;
        let number = |n: i64| u64::try_from(n).unwrap_or_default();
        Ok(OpenOperation {
            target: OperationTarget::parse(&kind, &id).map_err(|wrong| damaged(1, wrong))?,
            decision: DecisionId {
                run: number(run),
                tick: number(tick),
            },
            at: Timestamp::from_unix_millis(row.get(4)?),
            intent: serde_json::from_str(&record).map_err(|wrong| damaged(5, wrong))?,
        })
    })?;
    rows.collect()
}

/// Forgets operations that were closed before; the audit keeps them.
pub(super) fn prune(transaction: &Transaction<'_>, before: Timestamp) -> rusqlite::Result<()> {
    let before = before.as_unix_millis();
    transaction.execute("DELETE FROM operation WHERE closed_ms < ?1", [before])?;
    Ok(())
}

fn columns(decision: DecisionId) -> [i64; 2] {
    [decision.run, decision.tick].map(|number| i64::try_from(number).unwrap_or(i64::MAX))
}

fn damaged(
    column: usize,
    wrong: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(wrong))
}
