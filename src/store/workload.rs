//! What the agents of campaigns did, on disk: a row for each campaign and ten minutes of which something is known.
//!
//! *The form.* Numbers are LEB128: the form's version, polls, the covered and the counted time, agent-time by state, call starts, the
//! time in which the campaign ran and in which we had it paused, transitions, and the thresholds, each one more than it is, or 0 for
//! none. Times are in tenths of a second. A row that cannot be read is left out: nothing is known of its time.
//!
//! *Its size.* Some thirty bytes for ten minutes, whatever the number of polls; with its key, the index and the counters beside it 130
//! bytes on disk, and 215 where ids are UUIDs. At a poll each ten seconds that is two to four bytes a poll and campaign. Rows are kept for
//! three weeks, and up to a number; each new one takes the place of the oldest.

use std::time::Duration;

use crate::control::series::SeriesQuery;
use crate::domain::outcomes::OutcomeSlot;
use crate::domain::workload::{SLOT, WorkloadSlot};
use crate::domain::{CampaignId, Timestamp};

use super::database::{Database, Transaction};
use super::outcomes::read_slots;
use super::sql_fault::SqlResult;
use super::value::values;

/// Three weeks: as many days as a model of the centre is fitted to.
pub(super) const KEPT: Duration = Duration::from_secs(21 * 24 * 3600);

/// The version of the form.
const FORM: u64 = 1;

/// The most rows that are kept: three weeks of 330 campaigns, and 130 to 215 megabytes by the length of their ids.
pub(super) const MOST_ROWS: u32 = 1_000_000;

/// Old rows that are deleted with each write, beyond as many as were written.
pub(super) const MORE_DELETED: usize = 64;

/// Writes slots, and deletes old ones.
pub(super) fn write(
    transaction: &Transaction<'_>,
    slots: &[(CampaignId, WorkloadSlot)],
) -> SqlResult<()> {
    let Some(newest) = slots.iter().map(|(_, slot)| slot.from).max() else {
        return Ok(());
    };
    transaction.execute_each(
        "INSERT INTO workload ({tenant}campaign, from_ms, body) VALUES ({its}?1, ?2, ?3)
         ON CONFLICT ({tenant}campaign, from_ms) DO UPDATE SET body = excluded.body",
        slots.iter().map(|(id, slot)| {
            let from = slot.from.as_unix_millis();
            Ok(values![id.as_str(), from, pack(slot)])
        }),
    )?;
    // Counters may be read just after the ten minutes that they are of, so that the slot before is looked at again.
    transaction.execute_each(
        "INSERT INTO workload_outcome
             ({tenant}campaign, from_ms, until_ms, known_ms, dials, answered, connected, abandoned)
         SELECT {tenant}campaign, from_ms, until_ms, known_ms, dials, answered, connected, abandoned
         FROM outcome WHERE {mine} AND campaign = ?1 AND from_ms BETWEEN ?2 AND ?3
         ON CONFLICT ({tenant}campaign, from_ms) DO UPDATE SET
             until_ms = excluded.until_ms, known_ms = excluded.known_ms, dials = excluded.dials,
             answered = excluded.answered, connected = excluded.connected, abandoned = excluded.abandoned",
        slots.iter().map(|(id, slot)| {
            let before = slot.from.minus(SLOT).as_unix_millis();
            Ok(values![id.as_str(), before, slot.from.as_unix_millis()])
        }),
    )?;
    let most = slots.len().saturating_add(MORE_DELETED);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let oldest = newest.minus(KEPT).as_unix_millis();
    let count = "SELECT count(*) FROM workload WHERE {mine}";
    let rows: i64 = transaction.one(count, &[], |row| row.get(0))?;
    delete(transaction, oldest, most)?;
    let beyond = rows.saturating_sub(i64::from(MOST_ROWS));
    if beyond > 0 {
        delete(transaction, i64::MAX, beyond.min(most))?;
    }
    Ok(())
}

/// Deletes the oldest rows before a time, with what was counted in the same ten minutes.
fn delete(transaction: &Transaction<'_>, before: i64, most: i64) -> SqlResult<()> {
    transaction.execute(
        "DELETE FROM workload_outcome WHERE {mine} AND (campaign, from_ms) IN
             (SELECT campaign, from_ms FROM workload WHERE {mine} AND from_ms < ?1 ORDER BY from_ms LIMIT ?2)",
        &values![before, most],
    )?;
    transaction.execute(
        "DELETE FROM workload WHERE {mine} AND (campaign, from_ms) IN
             (SELECT campaign, from_ms FROM workload WHERE {mine} AND from_ms < ?1 ORDER BY from_ms LIMIT ?2)",
        &values![before, most],
    )?;
    Ok(())
}

/// What was counted of a campaign's outcomes in the time of which its agents are recorded, in slots, the oldest first.
pub(super) fn read_outcomes(
    database: &Database,
    query: &SeriesQuery,
) -> SqlResult<Vec<OutcomeSlot>> {
    let select = "SELECT from_ms, until_ms, known_ms, dials, answered, connected, abandoned
         FROM workload_outcome WHERE {mine} AND campaign = ?1 AND until_ms >= ?2 ORDER BY from_ms";
    read_slots(database, select, query)
}

/// The slots of one campaign, the oldest first.
pub(super) fn read(
    database: &Database,
    campaign: &CampaignId,
    since: Timestamp,
) -> SqlResult<Vec<WorkloadSlot>> {
    let select = "SELECT from_ms, body FROM workload
         WHERE {mine} AND campaign = ?1 AND from_ms >= ?2 ORDER BY from_ms";
    let which = values![campaign.as_str(), since.as_unix_millis()];
    let rows = database.query(select, &which, |row| {
        let from = Timestamp::from_unix_millis(row.get(0)?);
        Ok(unpack(from, row.bytes(1)?))
    })?;
    Ok(rows.into_iter().flatten().collect())
}

/// The campaigns of which something is recorded since then.
pub(super) fn campaigns(database: &Database, since: Timestamp) -> SqlResult<Vec<String>> {
    let select =
        "SELECT DISTINCT campaign FROM workload WHERE {mine} AND from_ms >= ?1 ORDER BY campaign";
    database.query(select, &values![since.as_unix_millis()], |row| row.get(0))
}

pub(super) fn pack(slot: &WorkloadSlot) -> Vec<u8> {
    let WorkloadSlot {
        from: _,
        polls,
        covered,
        available,
        wrap_up,
        busy,
        staffed,
        counted,
        call_starts,
        running,
        paused,
        transitions,
        thresholds,
    } = *slot;
    let threshold = |which: fn((u32, u32)) -> u32| {
        thresholds.map_or(0, |both| u64::from(which(both)).saturating_add(1))
    };
    let mut body = Vec::with_capacity(32);
    for number in [
        FORM,
        polls.into(),
        tenths(covered),
        tenths(counted),
        tenths(available),
        tenths(wrap_up),
        tenths(busy),
        tenths(staffed),
        call_starts.into(),
        tenths(running),
        tenths(paused),
        transitions.into(),
        threshold(|both| both.0),
        threshold(|both| both.1),
    ] {
        put(&mut body, number);
    }
    body
}

pub(super) fn unpack(from: Timestamp, body: &[u8]) -> Option<WorkloadSlot> {
    let mut rest = body;
    let mut number = || take(&mut rest);
    if number()? != FORM {
        return None;
    }
    let small = |number: u64| u32::try_from(number).ok();
    let polls = small(number()?)?;
    let mut time = || number().map(|tenths| Duration::from_millis(tenths.saturating_mul(100)));
    let (covered, counted) = (time()?, time()?);
    let (available, wrap_up, busy, staffed) = (time()?, time()?, time()?, time()?);
    let call_starts = small(number()?)?;
    let mut time = || number().map(|tenths| Duration::from_millis(tenths.saturating_mul(100)));
    let (running, paused) = (time()?, time()?);
    let transitions = small(number()?)?;
    let thresholds = (number()?.checked_sub(1), number()?.checked_sub(1));
    let thresholds = thresholds
        .0
        .and_then(small)
        .zip(thresholds.1.and_then(small));
    Some(WorkloadSlot {
        from,
        polls,
        covered,
        available,
        wrap_up,
        busy,
        staffed,
        counted,
        call_starts,
        running,
        paused,
        transitions,
        thresholds,
    })
}

fn tenths(time: Duration) -> u64 {
    let tenths = time.as_millis().saturating_add(50) / 100;
    u64::try_from(tenths).unwrap_or(u64::MAX)
}

fn put(body: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            body.push(low);
            return;
        }
        body.push(low | 0x80);
    }
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, others) = rest.split_first()?;
        *rest = others;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::control::ports::{Batch, Journal};
    use crate::store::places::TestPlace;
    use crate::store::{Store, StoreReader};

    const START: Timestamp = Timestamp::from_unix_millis(1_716_215_400_000);

    fn slot(minutes: u64) -> WorkloadSlot {
        WorkloadSlot {
            polls: 60,
            covered: Duration::from_secs(600),
            available: Duration::from_millis(4_321_100),
            wrap_up: Duration::from_secs(2_345),
            busy: Duration::from_secs(17_654),
            staffed: Duration::from_secs(24_000),
            counted: Duration::from_secs(590),
            call_starts: 88,
            running: Duration::from_secs(410),
            paused: Duration::from_secs(190),
            transitions: 5,
            thresholds: Some((5, 8)),
            ..WorkloadSlot::new(START.plus(Duration::from_secs(60 * minutes)))
        }
    }

    #[test]
    fn ten_minutes_take_less_than_a_byte_a_poll() {
        let body = pack(&slot(0));
        assert_eq!(unpack(START, &body), Some(slot(0)));
        assert!(body.len() <= 28, "{} bytes", body.len());
        let aiming = WorkloadSlot {
            thresholds: None,
            ..slot(0)
        };
        assert_eq!(unpack(START, &pack(&aiming)), Some(aiming));
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let body = pack(&slot(0));
        for length in 0..body.len() {
            assert_eq!(unpack(START, &body[..length]), None, "{length} bytes");
        }
        let mut newer = body;
        newer[0] = 2;
        assert_eq!(unpack(START, &newer), None);
        assert_eq!(unpack(START, &[0xff; 40]), None);
    }

    #[test]
    fn slots_are_read_back_and_old_ones_go() {
        TestPlace::on_each_waiting(async |place| {
            let at = place.at();
            let (store, _) = Store::open(&at, START).unwrap();
            let three_weeks = 21 * 24 * 60;
            for (id, minutes) in [("a", 0), ("b", 0), ("a", 10), ("b", three_weeks + 10)] {
                let batch = Batch {
                    workload: vec![(id.parse().unwrap(), slot(minutes))],
                    ..Batch::default()
                };
                store.commit(Arc::new(batch)).await.unwrap();
            }
            let reader = StoreReader::open(&at).unwrap();
            let read = |id: &str| reader.workload(&id.parse().unwrap(), START).unwrap();
            assert_eq!(read("a"), [slot(10)]);
            assert_eq!(read("b"), [slot(three_weeks + 10)]);
            let campaigns = reader.recorded_campaigns(START).unwrap();
            assert_eq!(campaigns.len(), 2);
        });
    }
}
