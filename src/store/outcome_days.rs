//! What was counted of campaigns' outcomes on whole days: a row for each zone, day and campaign.
//!
//! Rows add up: an increment is written in the transaction of the memory that it was counted from, so that none is written twice or
//! lost. Of a day without a row nothing is known, which is not zero.

use jiff::civil::Date;

use crate::control::ports::CampaignDays;
use crate::domain::guard::{DayCounts, DaySpan};
use crate::domain::{CampaignId, Zone};

use super::database::{Database, Transaction};
use super::outcomes::counts_from;
use super::sql_fault::SqlResult;
use super::value::{number, stored, values};

/// Days that are kept: the period before the longest one under way is whole, and three months are.
const KEPT_DAYS: i64 = 130;

/// Old rows that are deleted with each write, beyond as many as were written.
const MORE_DELETED: usize = 64;

/// Adds increments to their days, and deletes old days.
pub(super) fn add(
    transaction: &Transaction<'_>,
    days: &[(CampaignId, Zone, DayCounts)],
) -> SqlResult<()> {
    let Some(newest) = days.iter().map(|(_, _, counted)| counted.day).max() else {
        return Ok(());
    };
    // A sum beyond the columns would become a float, which the table refuses: it stays at the most instead.
    transaction.execute_each(
        "INSERT INTO outcome_day
             ({tenant}zone, day, campaign, known_ms, carried_ms, dials, answered, connected, abandoned)
         VALUES ({its}?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT ({tenant}zone, day, campaign) DO UPDATE SET
             carried_ms = CASE WHEN excluded.carried_ms > outcome_day.carried_ms THEN excluded.carried_ms
                 ELSE outcome_day.carried_ms END,
             known_ms = CASE WHEN excluded.known_ms > 9223372036854775807 - outcome_day.known_ms THEN 9223372036854775807
                 ELSE outcome_day.known_ms + excluded.known_ms END,
             dials = CASE WHEN excluded.dials > 9223372036854775807 - outcome_day.dials THEN 9223372036854775807
                 ELSE outcome_day.dials + excluded.dials END,
             answered = CASE WHEN excluded.answered > 9223372036854775807 - outcome_day.answered THEN 9223372036854775807
                 ELSE outcome_day.answered + excluded.answered END,
             connected = CASE WHEN excluded.connected > 9223372036854775807 - outcome_day.connected THEN 9223372036854775807
                 ELSE outcome_day.connected + excluded.connected END,
             abandoned = CASE WHEN excluded.abandoned > 9223372036854775807 - outcome_day.abandoned THEN 9223372036854775807
                 ELSE outcome_day.abandoned + excluded.abandoned END",
        days.iter().map(|(id, zone, counted)| {
            let DayCounts {
                day,
                counts,
                known_millis,
                carried_millis,
            } = counted;
            let [dials, answered, connected, abandoned] = counts.numbers().map(stored);
            Ok(values![
                zone.name(),
                day.to_string(),
                id.as_str(),
                stored(*known_millis),
                stored(*carried_millis),
                dials,
                answered,
                connected,
                abandoned,
            ])
        }),
    )?;
    let most = days.len().saturating_add(MORE_DELETED);
    let oldest = newest.checked_sub(jiff::Span::new().days(KEPT_DAYS));
    transaction.execute(
        "DELETE FROM outcome_day WHERE {mine} AND (zone, day, campaign) IN
             (SELECT zone, day, campaign FROM outcome_day WHERE {mine} AND day < ?1 ORDER BY day LIMIT ?2)",
        &values![
            oldest.unwrap_or(Date::MIN).to_string(),
            i64::try_from(most).unwrap_or(i64::MAX),
        ],
    )?;
    Ok(())
}

/// The days of a span on the clock of a zone, by campaign and the oldest first.
pub(super) fn read(database: &Database, zone: &Zone, span: DaySpan) -> SqlResult<CampaignDays> {
    let select = "SELECT campaign, day, known_ms, carried_ms, dials, answered, connected, abandoned
         FROM outcome_day WHERE {mine} AND zone = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day";
    let DaySpan { first, last } = span;
    let (first, last) = (first.to_string(), last.to_string());
    let mut found = CampaignDays::new();
    database.each(select, &values![zone.name(), first, last], |row| {
        let (campaign, day): (String, String) = (row.get(0)?, row.get(1)?);
        // Rows are ours: one that cannot be read is as good as none.
        let (Ok(campaign), Ok(day)) = (campaign.parse(), day.parse()) else {
            return Ok(());
        };
        let days = found.entry(campaign).or_default();
        days.push(DayCounts {
            day,
            counts: counts_from(row, 4)?,
            known_millis: number(row.get(2)?),
            carried_millis: number(row.get(3)?),
        });
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::civil::date;

    use super::*;
    use crate::control::ports::{Batch, Journal, OutcomeDays};
    use crate::domain::Timestamp;
    use crate::domain::outcomes::OutcomeCounts;
    use crate::store::places::TestPlace;
    use crate::store::{Store, StoreFault, StorePast, StoreReader};

    const START: Timestamp = Timestamp::from_unix_millis(1_716_215_400_000);

    fn counted(day: Date, dials: u64) -> DayCounts {
        DayCounts {
            day,
            counts: OutcomeCounts {
                dials,
                answered: 3,
                connected: 2,
                abandoned: 1,
            },
            known_millis: 60_000,
            carried_millis: 0,
        }
    }

    fn utc() -> Zone {
        "UTC".parse().unwrap()
    }

    async fn commit(store: &Store, days: &[(&str, &str, DayCounts)]) {
        let days = days.iter();
        let days = days.map(|(id, zone, day)| (id.parse().unwrap(), zone.parse().unwrap(), *day));
        let batch = Batch {
            outcome_days: days.collect(),
            ..Batch::default()
        };
        store.commit(Arc::new(batch)).await.unwrap();
    }

    #[test]
    fn days_add_up_by_zone_and_campaign_also_over_a_restart() {
        TestPlace::on_each_waiting(async |place| {
            let at = place.at();
            let (first, second) = (date(2026, 11, 26), date(2026, 11, 27));
            for _ in 0..2 {
                let (store, _) = Store::open(&at, START).unwrap();
                let late = DayCounts {
                    carried_millis: 7,
                    ..counted(second, 5)
                };
                let days = [
                    ("a", "UTC", counted(first, 10)),
                    ("a", "UTC", late),
                    ("b", "UTC", counted(second, 1)),
                    ("a", "Europe/Berlin", counted(second, 100)),
                ];
                commit(&store, &days).await;
            }
            let past = StorePast::new(&at);
            let span = |first, last| DaySpan { first, last };
            let found = past
                .outcome_days(&utc(), span(first, second))
                .await
                .unwrap();
            let of = |id: &str| found[&id.parse::<CampaignId>().unwrap()].clone();
            let a = of("a");
            assert_eq!((a[0].day, a[0].counts.dials), (first, 20));
            assert_eq!((a[1].counts.dials, a[1].known_millis), (10, 120_000));
            assert_eq!((a[1].carried_millis, a[1].counts.abandoned), (7, 2));
            assert_eq!(of("b")[0].counts.dials, 2);
            let berlin = "Europe/Berlin".parse().unwrap();
            let reader = StoreReader::open(&at).unwrap();
            let found = reader.outcome_days(&berlin, span(first, second)).unwrap();
            assert_eq!(found.len(), 1);
            let found = reader.outcome_days(&utc(), span(first, first)).unwrap();
            assert_eq!(found.len(), 1, "only a had calls on the first");
        });
    }

    #[test]
    fn old_days_go_and_a_sum_beyond_the_columns_stops_no_commit() {
        TestPlace::on_each_waiting(async |place| {
            let at = place.at();
            let (store, _) = Store::open(&at, START).unwrap();
            let (old, new) = (date(2026, 7, 20), date(2026, 11, 27));
            commit(&store, &[("a", "UTC", counted(old, u64::MAX))]).await;
            commit(&store, &[("a", "UTC", counted(old, u64::MAX))]).await;
            let past = StorePast::new(&at);
            let all = DaySpan {
                first: old,
                last: new,
            };
            let found = past.outcome_days(&utc(), all).await.unwrap();
            let days = found.values().next().unwrap();
            assert_eq!(days[0].counts.dials, i64::MAX.unsigned_abs());
            commit(&store, &[("a", "UTC", counted(date(2026, 11, 26), 1))]).await;
            let kept = past.outcome_days(&utc(), all).await.unwrap();
            assert_eq!(kept.values().next().unwrap().len(), 2, "129 days old");
            commit(&store, &[("a", "UTC", counted(date(2026, 11, 28), 1))]).await;
            let kept = past.outcome_days(&utc(), all).await.unwrap();
            let kept: Vec<Date> = kept.values().flatten().map(|day| day.day).collect();
            assert_eq!(kept, [date(2026, 11, 26)]);
        });
    }

    #[test]
    fn a_store_that_did_not_keep_days_is_named() {
        let directory = tempfile::tempdir().unwrap();
        drop(Store::open(directory.path(), START).unwrap());
        let file = directory.path().join("autopilot.sqlite3");
        let connection = rusqlite::Connection::open(file).unwrap();
        connection.pragma_update(None, "user_version", 7).unwrap();
        drop(connection);
        let reader = StoreReader::open(directory.path()).unwrap();
        let today = date(2026, 11, 27);
        let span = DaySpan {
            first: today,
            last: today,
        };
        let fault = reader.outcome_days(&utc(), span).unwrap_err();
        assert!(matches!(fault, StoreFault::Older { .. }), "{fault}");
    }
}
