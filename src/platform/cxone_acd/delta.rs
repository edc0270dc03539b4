//! A listing that is kept up to date by what changed.
//!
//! A delta holds only what changed, so its rows are never counted: they are merged, and the merged table is counted. The
//! table is read whole at first, and again when the last answer cannot be continued (no `lastPollTime`, a page that failed)
//! and every ten minutes: a delta does not show who was removed, and one that was lost would otherwise be wrong for ever.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::Timestamp;

/// How long a table is kept by deltas alone.
pub(super) const RESYNC: Duration = Duration::from_secs(600);

/// What to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Every row.
    Everything,
    /// What changed since the `lastPollTime` of the answer before.
    Since(String),
}

/// A table, and how far it is known.
#[derive(Debug)]
pub(super) struct Merged<K, V> {
    rows: BTreeMap<K, V>,
    continued_by: Option<String>,
    whole_at: Option<Timestamp>,
}

impl<K: Ord, V> Merged<K, V> {
    /// A table of which nothing is known.
    pub(super) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
            continued_by: None,
            whole_at: None,
        }
    }

    /// What to ask for at `now`.
    pub(super) fn ask(&self, now: Timestamp) -> Ask {
        let fresh = self
            .whole_at
            .is_some_and(|whole_at| whole_at <= now && now.since(whole_at) < RESYNC);
        match &self.continued_by {
            Some(since) if fresh => Ask::Since(since.clone()),
            Some(_) | None => Ask::Everything,
        }
    }

    /// Takes in a complete reading that began at `asked_at`. `last_poll_time` is that of its first page: what changed while the
    /// others were read comes once more with the next delta.
    pub(super) fn replace(
        &mut self,
        rows: impl IntoIterator<Item = (K, V)>,
        last_poll_time: Option<String>,
        asked_at: Timestamp,
    ) {
        self.rows = rows.into_iter().collect();
        self.continued_by = last_poll_time;
        self.whole_at = Some(asked_at);
    }

    /// Takes in what changed; without a `last_poll_time` everything is asked for the next time.
    pub(super) fn merge(
        &mut self,
        rows: impl IntoIterator<Item = (K, V)>,
        last_poll_time: Option<String>,
    ) {
        self.rows.extend(rows);
        self.continued_by = last_poll_time;
    }

    /// Notes that a reading failed: what was not read may not be sent again.
    pub(super) fn failed(&mut self) {
        self.continued_by = None;
    }

    /// The rows, once they were read whole.
    pub(super) fn rows(&self) -> Option<&BTreeMap<K, V>> {
        self.whole_at.map(|_| &self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_millis(seconds * 1_000)
    }

    fn since(time: &str) -> Ask {
        Ask::Since(time.to_owned())
    }

    #[test]
    fn begins_whole_and_goes_on_by_what_changed() {
        let mut table = Merged::new();
        assert_eq!(table.ask(at(0)), Ask::Everything);
        assert_eq!(table.rows(), None);
        table.replace([(1, "a"), (2, "b")], Some("t0".to_owned()), at(0));
        assert_eq!(table.ask(at(10)), since("t0"));
        table.merge([(2, "c")], Some("t1".to_owned()));
        assert_eq!(table.ask(at(20)), since("t1"));
        table.merge([], Some("t2".to_owned()));
        let rows = table.rows().unwrap();
        assert_eq!(rows.len(), 2, "a delta's rows are not the count");
        assert_eq!(rows[&2], "c");
    }

    #[test]
    fn is_read_whole_again_after_ten_minutes() {
        let mut table = Merged::new();
        table.replace([(1, 'a'), (2, 'b')], Some("t".to_owned()), at(0));
        table.merge([(1, 'c')], Some("u".to_owned()));
        assert_eq!(table.ask(at(599)), since("u"));
        assert_eq!(table.ask(at(600)), Ask::Everything);
        table.replace([(1, 'c')], Some("v".to_owned()), at(600));
        assert_eq!(table.rows().unwrap().len(), 1, "who is gone is gone");
    }

    #[test]
    fn is_read_whole_again_when_it_cannot_be_continued() {
        let mut table = Merged::new();
        table.replace([(1, 'a')], None, at(0));
        assert_eq!(table.ask(at(1)), Ask::Everything, "no lastPollTime");
        table.replace([(1, 'a')], Some("t".to_owned()), at(1));
        table.failed();
        assert_eq!(table.ask(at(2)), Ask::Everything, "a page failed");
        table.replace([(1, 'a')], Some("t".to_owned()), at(2));
        table.merge([(1, 'b')], None);
        assert_eq!(table.ask(at(3)), Ask::Everything, "a delta without time");
        table.replace([(1, 'a')], Some("t".to_owned()), at(5));
        assert_eq!(table.ask(at(4)), Ask::Everything, "the clock went back");
    }
}
