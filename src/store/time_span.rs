//! Rows of the audit within a span of time, read some at a time: the memory that it takes does not grow with the rows.

use std::ops::ControlFlow;

use crate::domain::Timestamp;

use super::audit::{AuditRecord, StoredRow};
use super::fault::StoreFault;
use super::reader::StoreReader;
use super::sql_fault::SqlResult;
use super::value::values;

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpan {
    /// Its first moment.
    pub since: Timestamp,
    /// The first moment behind it.
    pub until: Timestamp,
}

impl TimeSpan {
    /// Whether a moment lies within.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.since <= at && at < self.until
    }
}

/// Numbers of rows that one statement looks through. The times of rows have no index, and a server ends a statement that takes long.
const NUMBERS_AT_ONCE: i64 = 2_000;

impl StoreReader {
    /// Gives each row of the audit within `span` to `each`, the oldest first, until that breaks off. What a daemon writes meanwhile is
    /// left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn audit_within(
        &self,
        span: TimeSpan,
        mut each: impl FnMut(AuditRecord) -> ControlFlow<()>,
    ) -> Result<(), StoreFault> {
        let (first, last) = self.ends().map_err(|wrong| self.fault(wrong))?;
        let mut behind = first.saturating_sub(1);
        while behind < last {
            let up_to = behind.saturating_add(NUMBERS_AT_ONCE).min(last);
            let rows = self.rows(span, behind, up_to);
            for row in rows.map_err(|wrong| self.fault(wrong))? {
                if each(row.record()).is_break() {
                    return Ok(());
                }
            }
            behind = up_to;
        }
        Ok(())
    }

    /// The numbers of the first and the last row.
    fn ends(&self) -> SqlResult<(i64, i64)> {
        let ends = "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM audit WHERE {mine}";
        self.database
            .one(ends, &[], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    fn rows(&self, span: TimeSpan, behind: i64, up_to: i64) -> SqlResult<Vec<StoredRow>> {
        let (since, until) = (span.since.as_unix_millis(), span.until.as_unix_millis());
        self.database.query(
            "SELECT seq, at_ms, campaign, run, tick, kind, body, previous, hash FROM audit
             WHERE {mine} AND seq > ?1 AND seq <= ?2 AND at_ms >= ?3 AND at_ms < ?4 ORDER BY seq",
            &values![behind, up_to, since, until],
            StoredRow::read,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::control::ports::{AuditEvent, AuditRow, Batch, Journal};
    use crate::domain::DecisionId;
    use crate::store::Store;
    use crate::store::places::TestPlace;

    const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    #[test]
    fn rows_within_a_span_are_given_in_order_whatever_their_number() {
        TestPlace::on_each_waiting(async |place| {
            let (store, _) = Store::open(place.at(), START).unwrap();
            // More than one statement looks through.
            let rows = (0..5_000_u64).map(|second| AuditRow {
                at: START.plus(Duration::from_secs(second)),
                campaign: None,
                decision: DecisionId {
                    run: 1,
                    tick: second,
                },
                event: AuditEvent::Stopped,
            });
            let batch = Batch {
                audit: rows.collect(),
                ..Batch::default()
            };
            store.commit(Arc::new(batch)).await.unwrap();
            drop(store);
            let reader = StoreReader::open(place.at()).unwrap();
            let within = |since: u64, until: u64, at_most: usize| {
                let span = TimeSpan {
                    since: START.plus(Duration::from_secs(since)),
                    until: START.plus(Duration::from_secs(until)),
                };
                let mut found = Vec::new();
                let read = reader.audit_within(span, |row| {
                    found.push(row.seq);
                    if found.len() < at_most {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                });
                read.unwrap();
                found
            };
            assert_eq!(
                within(1_998, 4_001, 9_999),
                (1_999..=4_001).collect::<Vec<_>>()
            );
            assert_eq!(within(0, 9_999, 3), [1, 2, 3]);
            assert_eq!(within(5_000, 9_999, 3), [0_i64; 0]);
        });
    }
}
