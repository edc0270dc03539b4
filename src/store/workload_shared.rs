//! What agents did who work for two campaigns, on disk: a row for each pair and ten minutes, in the form of the campaigns' own rows.
//!
//! The campaigns of a pair stand in the order of their ids. A body has sixteen to twenty-two bytes, since nothing dials in it; with its
//! key and the index a row takes about as much as one of a campaign. Rows are kept as long as those.

use crate::domain::workload::WorkloadSlot;
use crate::domain::{CampaignId, Timestamp};

use super::database::{Database, Transaction};
use super::sql_fault::SqlResult;
use super::value::values;
use super::workload::{KEPT, MORE_DELETED, MOST_ROWS, pack, unpack};

/// Writes slots, and deletes old ones.
pub(super) fn write(
    transaction: &Transaction<'_>,
    slots: &[([CampaignId; 2], WorkloadSlot)],
) -> SqlResult<()> {
    let Some(newest) = slots.iter().map(|(_, slot)| slot.from).max() else {
        return Ok(());
    };
    transaction.execute_each(
        "INSERT INTO workload_shared ({tenant}campaign, other, from_ms, body) VALUES ({its}?1, ?2, ?3, ?4)
         ON CONFLICT ({tenant}campaign, other, from_ms) DO UPDATE SET body = excluded.body",
        slots.iter().map(|([campaign, other], slot)| {
            let from = slot.from.as_unix_millis();
            Ok(values![campaign.as_str(), other.as_str(), from, pack(slot)])
        }),
    )?;
    let most = slots.len().saturating_add(MORE_DELETED);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let count = "SELECT count(*) FROM workload_shared WHERE {mine}";
    let rows: i64 = transaction.one(count, &[], |row| row.get(0))?;
    delete(transaction, newest.minus(KEPT).as_unix_millis(), most)?;
    let beyond = rows.saturating_sub(i64::from(MOST_ROWS));
    if beyond > 0 {
        delete(transaction, i64::MAX, beyond.min(most))?;
    }
    Ok(())
}

/// Deletes the oldest rows before a time.
fn delete(transaction: &Transaction<'_>, before: i64, most: i64) -> SqlResult<()> {
    transaction.execute(
        "DELETE FROM workload_shared WHERE {mine} AND (campaign, other, from_ms) IN
             (SELECT campaign, other, from_ms FROM workload_shared
              WHERE {mine} AND from_ms < ?1 ORDER BY from_ms LIMIT ?2)",
        &values![before, most],
    )?;
    Ok(())
}

/// The campaigns that share agents with one, and the slots of these agents, the oldest first.
pub(super) fn read(
    database: &Database,
    campaign: &CampaignId,
    since: Timestamp,
) -> SqlResult<Vec<(String, WorkloadSlot)>> {
    let select = "SELECT other, from_ms, body FROM workload_shared
         WHERE {mine} AND campaign = ?1 AND from_ms >= ?2
         UNION ALL
         SELECT campaign, from_ms, body FROM workload_shared
         WHERE {mine} AND other = ?1 AND from_ms >= ?2
         ORDER BY 1, 2";
    let which = values![campaign.as_str(), since.as_unix_millis()];
    let rows = database.query(select, &which, |row| {
        let from = Timestamp::from_unix_millis(row.get(1)?);
        let slot = unpack(from, row.bytes(2)?);
        let other: String = row.get(0)?;
        Ok(slot.map(|slot| (other, slot)))
    })?;
    Ok(rows.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::control::ports::{Batch, Journal};
    use crate::domain::workload::SLOT;
    use crate::store::places::TestPlace;
    use crate::store::{Store, StoreReader};

    const START: Timestamp = Timestamp::from_unix_millis(1_716_215_400_000);

    fn slot(at: Timestamp) -> WorkloadSlot {
        WorkloadSlot {
            polls: 60,
            covered: SLOT,
            available: SLOT.saturating_mul(2),
            busy: SLOT.saturating_mul(20),
            staffed: SLOT.saturating_mul(24),
            counted: SLOT,
            call_starts: 53,
            ..WorkloadSlot::new(at)
        }
    }

    #[test]
    fn a_body_of_shared_agents_is_short() {
        let body = pack(&slot(START));
        assert!(body.len() <= 22, "{} bytes", body.len());
    }

    #[test]
    fn shared_agents_are_found_from_either_campaign_and_old_ones_go() {
        TestPlace::on_each_waiting(async |place| {
            let at = place.at();
            let (store, _) = Store::open(&at, START).unwrap();
            let pair = |one: &str, other: &str| [one.parse().unwrap(), other.parse().unwrap()];
            let later = START.plus(SLOT);
            let last = later.plus(KEPT);
            let rows = [
                (pair("a", "b"), START),
                (pair("a", "b"), later),
                (pair("b", "c"), last),
            ];
            for (pair, at) in rows {
                let batch = Batch {
                    shared_workload: vec![(pair, slot(at))],
                    ..Batch::default()
                };
                assert!(!batch.is_empty());
                store.commit(Arc::new(batch)).await.unwrap();
            }
            let reader = StoreReader::open(&at).unwrap();
            let read = |id: &str| reader.shared_workload(&id.parse().unwrap(), START).unwrap();
            let of = |id: &str, at| (id.parse().unwrap(), slot(at));
            assert_eq!(read("a"), [of("b", later)]);
            assert_eq!(read("b"), [of("a", later), of("c", last)]);
            assert_eq!(read("nowhere"), []);
        });
    }
}
