//! What was counted of campaigns' outcomes: a row for each campaign and ten minutes in which a reading was of use.
//!
//! Of a time without a row nothing is known, which is not zero. Rows are kept as long as the series that plots are drawn
//! from.

use crate::control::series::SeriesQuery;
use crate::domain::outcomes::{OutcomeCounts, OutcomeSlot};
use crate::domain::{CampaignId, Timestamp};

use super::database::{Database, Transaction};
use super::retention::Retention;
use super::series::TO_A_KEYFRAME;
use super::sql_fault::SqlResult;
use super::value::{Row, number, stored, values};

/// Old rows that are deleted with each write, beyond as many as were written.
const MORE_DELETED: usize = 64;

/// Writes slots over those of the same time, and deletes old ones, as far as `retention` lets them go.
pub(super) fn write(
    transaction: &Transaction<'_>,
    slots: &[(CampaignId, OutcomeSlot)],
    retention: &Retention,
) -> SqlResult<()> {
    let Some(newest) = slots.iter().map(|(_, slot)| slot.from).max() else {
        return Ok(());
    };
    transaction.execute_each(
        "INSERT INTO outcome
             ({tenant}campaign, from_ms, until_ms, known_ms, dials, answered, connected, abandoned)
         VALUES ({its}?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT ({tenant}campaign, from_ms) DO UPDATE SET
             until_ms = excluded.until_ms, known_ms = excluded.known_ms, dials = excluded.dials,
             answered = excluded.answered, connected = excluded.connected, abandoned = excluded.abandoned",
        slots.iter().map(|(id, slot)| {
            let OutcomeSlot {
                from,
                until,
                known_millis,
                counts,
            } = slot;
            let [dials, answered, connected, abandoned] = counts.numbers().map(stored);
            Ok(values![
                id.as_str(),
                from.as_unix_millis(),
                until.as_unix_millis(),
                stored(*known_millis),
                dials,
                answered,
                connected,
                abandoned,
            ])
        }),
    )?;
    let kept = retention.series.saturating_add(TO_A_KEYFRAME);
    let most = slots.len().saturating_add(MORE_DELETED);
    transaction.execute(
        "DELETE FROM outcome WHERE {mine} AND (campaign, from_ms) IN
             (SELECT campaign, from_ms FROM outcome WHERE {mine} AND from_ms < ?1 ORDER BY from_ms LIMIT ?2)",
        &values![
            newest.minus(kept).as_unix_millis(),
            i64::try_from(most).unwrap_or(i64::MAX),
        ],
    )?;
    Ok(())
}

/// The slots of one campaign, the oldest first.
pub(super) fn read(database: &Database, query: &SeriesQuery) -> SqlResult<Vec<OutcomeSlot>> {
    let select =
        "SELECT from_ms, until_ms, known_ms, dials, answered, connected, abandoned FROM outcome
         WHERE {mine} AND campaign = ?1 AND until_ms >= ?2 ORDER BY from_ms";
    read_slots(database, select, query)
}

/// The slots that a statement selects by campaign and time, with the columns of the table.
pub(super) fn read_slots(
    database: &Database,
    select: &str,
    query: &SeriesQuery,
) -> SqlResult<Vec<OutcomeSlot>> {
    let since = query.since.as_unix_millis();
    database.query(select, &values![query.campaign.as_str(), since], |row| {
        Ok(OutcomeSlot {
            from: Timestamp::from_unix_millis(row.get(0)?),
            until: Timestamp::from_unix_millis(row.get(1)?),
            known_millis: number(row.get(2)?),
            counts: counts_from(row, 3)?,
        })
    })
}

/// Reads the four counts that begin at a column.
pub(super) fn counts_from(row: &Row<'_>, first: usize) -> SqlResult<OutcomeCounts> {
    let count = |nth: usize| row.get::<i64>(first.saturating_add(nth)).map(number);
    Ok(OutcomeCounts {
        dials: count(0)?,
        answered: count(1)?,
        connected: count(2)?,
        abandoned: count(3)?,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::control::ports::{Batch, Journal};
    use crate::control::series::PastSeries;
    use crate::store::places::TestPlace;
    use crate::store::{Store, StorePast};

    const START: Timestamp = Timestamp::from_unix_millis(1_716_215_400_000);

    fn slot(minutes: u64, dials: u64) -> OutcomeSlot {
        let from = START.plus(Duration::from_secs(60 * minutes));
        OutcomeSlot {
            from,
            until: from.plus(Duration::from_secs(540)),
            known_millis: 480_000,
            counts: OutcomeCounts {
                dials,
                answered: 3,
                connected: 2,
                abandoned: 1,
            },
        }
    }

    async fn commit(store: &Store, slots: &[(&str, OutcomeSlot)]) {
        let slots = slots.iter().map(|(id, slot)| (id.parse().unwrap(), *slot));
        let batch = Batch {
            outcomes: slots.collect(),
            ..Batch::default()
        };
        store.commit(Arc::new(batch)).await.unwrap();
    }

    #[test]
    fn the_newest_word_on_a_slot_stays_and_old_ones_go() {
        TestPlace::on_each_waiting(async |place| {
            let at = place.at();
            let (store, _) = Store::open(&at, START).unwrap();
            let retention = Retention {
                series: Duration::from_secs(24 * 3600),
                ..Retention::default()
            };
            store.keep_for(retention).await.unwrap();
            commit(&store, &[("a", slot(0, 5)), ("b", slot(0, 6))]).await;
            commit(&store, &[("a", slot(0, 9))]).await;
            commit(&store, &[("a", slot(30, 7))]).await;
            let past = StorePast::new(&at);
            let read = |minutes: u64| {
                let query = SeriesQuery {
                    campaign: "a".parse().unwrap(),
                    since: START.plus(Duration::from_secs(60 * minutes)),
                };
                past.read_outcomes(query)
            };
            assert_eq!(read(0).await.unwrap(), [slot(0, 9), slot(30, 7)]);
            assert_eq!(read(9).await.unwrap(), [slot(0, 9), slot(30, 7)]);
            assert_eq!(read(10).await.unwrap(), [slot(30, 7)]);
            // A day and an hour after the first one, and ten minutes.
            commit(&store, &[("b", slot(25 * 60 + 10, 1))]).await;
            assert_eq!(read(0).await.unwrap(), [slot(30, 7)]);
        });
    }

    #[test]
    fn a_count_beyond_the_columns_does_not_stop_a_commit() {
        TestPlace::on_each_waiting(async |place| {
            let at = place.at();
            let (store, _) = Store::open(&at, START).unwrap();
            commit(&store, &[("a", slot(0, u64::MAX))]).await;
            let past = StorePast::new(&at);
            let query = SeriesQuery {
                campaign: "a".parse().unwrap(),
                since: START,
            };
            let read = past.read_outcomes(query).await.unwrap();
            assert_eq!(read[0].counts.dials, i64::MAX.unsigned_abs());
        });
    }
}
