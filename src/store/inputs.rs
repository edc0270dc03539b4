//! Recorded inputs: what `audit replay` reads, kept for about a week unless the settings say otherwise.
//!
//! *How long they are kept* goes by the clock and by how many there are. A step of the clock by weeks makes everything look old
//! that was recorded before it; so inputs that look old are kept until as many newer ones have been recorded as that time takes at the
//! rate of the newer ones.

use std::time::Duration;

use crate::control::ports::Batch;
use crate::domain::Timestamp;

use super::database::Transaction;
use super::sql_fault::SqlResult;
use super::value::{json, values};

/// Writes the inputs of a batch, and returns when the last one was recorded.
pub(super) fn write(transaction: &Transaction<'_>, batch: &Batch) -> SqlResult<Option<Timestamp>> {
    transaction.execute_each(
        "INSERT INTO input ({tenant}seq, at_ms, body)
         SELECT {its}coalesce(max(seq), 0) + 1, ?1, ?2 FROM input WHERE {mine}",
        batch
            .inputs
            .iter()
            .map(|(at, input)| Ok(values![at.as_unix_millis(), json(input)?])),
    )?;
    Ok(batch.inputs.last().map(|(at, _)| *at))
}

/// Forgets what is older than `keep` when the newest input is of this time, and returns the time before which nothing is kept.
pub(super) fn prune(
    transaction: &Transaction<'_>,
    newest: Timestamp,
    keep: Duration,
) -> SqlResult<Timestamp> {
    let oldest = newest.minus(keep);
    let before = oldest.as_unix_millis();
    let young: Option<(i64, i64)> = transaction.first(
        "SELECT seq, at_ms FROM input WHERE {mine} AND at_ms >= ?1 ORDER BY at_ms, seq LIMIT 1",
        &values![before],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let last: Option<i64> =
        transaction.one("SELECT max(seq) FROM input WHERE {mine}", &[], |row| {
            row.get(0)
        })?;
    if let (Some((first, since)), Some(last)) = (young, last) {
        let span = newest.as_unix_millis().saturating_sub(since);
        let rows = last.saturating_sub(first).saturating_add(1);
        let kept = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        // Where the newer ones span no time, none of the older ones goes.
        let enough = rows.saturating_mul(kept).checked_div(span);
        let up_to = enough.map_or(i64::MIN, |enough| last.saturating_sub(enough));
        transaction.execute(
            "DELETE FROM input WHERE {mine} AND at_ms < ?1 AND seq <= ?2",
            &values![before, up_to],
        )?;
    }
    let first: Option<i64> = transaction.first(
        "SELECT at_ms FROM input WHERE {mine} ORDER BY seq LIMIT 1",
        &[],
        |row| row.get(0),
    )?;
    Ok(first.map_or(oldest, |first| {
        oldest.min(Timestamp::from_unix_millis(first))
    }))
}

#[cfg(test)]
mod tests {
    use super::super::database::Database;
    use super::super::retention::Retention;
    use super::super::schema;
    use super::*;

    const HOUR: i64 = 3_600_000;
    const START: i64 = 1_800_000_000_000;

    /// A store whose clock can be set, with an input each hour.
    struct Recorded {
        database: Database,
        now: i64,
        hours: u32,
        keep: Duration,
    }

    impl Recorded {
        fn new() -> Self {
            Self {
                database: schema::in_memory(),
                now: START,
                hours: 0,
                keep: Retention::default().inputs,
            }
        }

        /// Lives through hours and forgets what is too old after each.
        fn live(&mut self, hours: u32) {
            for _ in 0..hours {
                self.now += HOUR;
                self.hours += 1;
                let transaction = self.database.begin().unwrap();
                transaction
                    .execute(
                        "INSERT INTO input ({tenant}at_ms, body) VALUES ({its}?1, ?2)",
                        &values![self.now, self.hours.to_string()],
                    )
                    .unwrap();
                prune(
                    &transaction,
                    Timestamp::from_unix_millis(self.now),
                    self.keep,
                )
                .unwrap();
                transaction.commit().unwrap();
            }
        }

        /// The hours of which the input is kept.
        fn kept(&self) -> (u32, u32) {
            let ends = "SELECT min(CAST(body AS INTEGER)), max(CAST(body AS INTEGER)) FROM input";
            self.database
                .file()
                .unwrap()
                .query_row(ends, [], |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap()
        }
    }

    #[test]
    fn eight_days_are_kept() {
        let mut recorded = Recorded::new();
        recorded.live(100);
        assert_eq!(recorded.kept(), (1, 100));
        recorded.live(200);
        let (first, last) = recorded.kept();
        assert_eq!(last, 300);
        assert!((107..=109).contains(&first), "{first}");
    }

    #[test]
    fn what_is_kept_goes_by_the_setting() {
        let mut recorded = Recorded::new();
        recorded.keep = Duration::from_secs(2 * 24 * 3600);
        recorded.live(100);
        let (first, last) = recorded.kept();
        assert_eq!(last, 100);
        assert!((51..=53).contains(&first), "{first}");
    }

    #[test]
    fn a_step_of_the_clock_takes_none_of_them_early() {
        for step_days in [9, 60, 7_300] {
            let mut recorded = Recorded::new();
            recorded.live(192);
            recorded.now += step_days * 24 * HOUR;
            recorded.live(1);
            assert_eq!(recorded.kept(), (1, 193), "{step_days} days");
            recorded.live(99);
            let (first, _) = recorded.kept();
            assert!(
                (97..=102).contains(&first),
                "a hundred hours later: {first}"
            );
            recorded.live(192);
            let (first, _) = recorded.kept();
            assert!(first >= 290, "all of before has gone: {first}");
        }
    }

    #[test]
    fn a_step_back_keeps_what_was_recorded_before_it() {
        let mut recorded = Recorded::new();
        recorded.live(192);
        recorded.now -= 60 * 24 * HOUR;
        recorded.live(100);
        assert_eq!(recorded.kept(), (1, 292));
    }
}
