//! What was sealed is proven by the store and by its files, and nothing is lost wherever it broke off.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::places::TestPlace;
use super::{
    BrokenChain, SealFault, SealRange, Sealer, Segment, Store, StoreReader, back_up, copy,
    put_back, remove_sealed, seal_next,
};
use crate::control::ports::{AuditEvent, AuditRow, Batch, Journal};
use crate::domain::{DecisionId, Timestamp};

const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

fn after(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

/// Rows of the seconds from one to another.
async fn live(store: &Store, seconds: std::ops::Range<u64>) {
    let rows = seconds.map(|second| AuditRow {
        at: after(second),
        campaign: Some("cmp, \"1\"".parse().unwrap()),
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
}

fn sealer(second: u64) -> Sealer {
    Sealer {
        by: Some("somebody".to_owned()),
        run: 7,
        now: after(second),
    }
}

struct Sealing<'p> {
    place: &'p TestPlace,
    directory: tempfile::TempDir,
}

impl<'p> Sealing<'p> {
    fn new(place: &'p TestPlace) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { place, directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    async fn seal(&self, store: &Store, before: u64) -> Option<Segment> {
        let range = SealRange::Before(after(before));
        let sealed = seal_next(store, &self.place.at(), self.path(), range, &sealer(1_000)).await;
        sealed.unwrap()
    }

    async fn remove(&self, store: &Store) -> Result<Vec<Segment>, SealFault> {
        remove_sealed(store, &self.place.at(), self.path(), &sealer(1_001)).await
    }

    fn reader(&self) -> StoreReader {
        StoreReader::open(self.place.at()).unwrap()
    }

    /// Rows in the tables, rows that were removed, and the last row.
    fn chain(&self) -> (u64, u64, i64) {
        let chain = self.reader().chain_with_segments(&self.files()).unwrap();
        assert_eq!(self.reader().chain().as_ref(), Ok(&chain));
        assert_eq!(
            chain.first_at.as_deref(),
            Some(START.to_string()).as_deref()
        );
        (chain.rows, chain.removed, chain.head)
    }
}

#[test]
fn rows_are_sealed_and_removed_and_the_chain_goes_on_over_the_gap() {
    TestPlace::on_each_waiting(async |place| {
        let sealing = Sealing::new(place);
        let (store, _) = Store::open(place.at(), START).unwrap();
        live(&store, 0..10).await;
        let first = sealing.seal(&store, 4).await.unwrap();
        assert_eq!((first.first, first.last, first.told), (1, 4, 11));
        assert_eq!(
            sealing.seal(&store, 4).await,
            None,
            "nothing more is so old"
        );
        assert_eq!(
            sealing.chain(),
            (11, 0, 11),
            "nothing goes by sealing alone"
        );
        live(&store, 11..15).await;
        let removed = sealing.remove(&store).await.unwrap();
        assert_eq!(removed.len(), 1);
        assert_eq!(sealing.chain(), (12, 4, 16));
        assert!(sealing.remove(&store).await.unwrap().is_empty());

        // The row that tells of the first segment goes with the second.
        let second = sealing.seal(&store, 2_000).await.unwrap();
        assert_eq!((second.first, second.last), (5, 15), "the last row stays");
        sealing.remove(&store).await.unwrap();
        assert_eq!(sealing.chain(), (3, 15, 18));
        let one_only = &sealing.files()[..1];
        let missing = sealing.reader().chain_with_segments(one_only).unwrap_err();
        assert!(missing.to_string().contains("rows 5 to 15"), "{missing}");
        assert!(missing.to_string().contains("not among the files"));

        // Another daemon finds nothing lost, and writes on.
        drop(store);
        let (store, restored) = Store::open(place.at(), after(2_000)).unwrap();
        assert_eq!(restored.lost, None);
        live(&store, 2_001..2_003).await;
        assert_eq!(sealing.chain(), (5, 15, 20));
    });
}

#[test]
fn a_mark_that_lags_behind_what_was_removed_reports_no_loss() {
    TestPlace::on_each_waiting(async |place| {
        let sealing = Sealing::new(place);
        let (store, _) = Store::open(place.at(), START).unwrap();
        live(&store, 0..3).await;
        drop(store);
        let (beside, _) = Store::open_beside(place.at(), START).unwrap();
        // Beside the daemon the mark of its last commit stays.
        let mark = std::fs::read(place.at().directory().join("high-water")).unwrap();
        live(&beside, 3..6).await;
        sealing.seal(&beside, 5).await.unwrap();
        sealing.remove(&beside).await.unwrap();
        drop(beside);
        std::fs::write(place.at().directory().join("high-water"), mark).unwrap();
        let (_, restored) = Store::open(place.at(), after(9)).unwrap();
        assert_eq!(restored.lost, None);
    });
}

#[test]
fn whatever_step_it_broke_off_after_nothing_is_lost() {
    TestPlace::on_each_waiting(async |place| {
        let sealing = Sealing::new(place);
        let (store, _) = Store::open(place.at(), START).unwrap();
        live(&store, 0..10).await;

        // Killed while the file was written: half of it has another name.
        let name = "audit-000000000001-000000000004.jsonl";
        let half = sealing.path().join(format!("{name}.partial"));
        std::fs::write(&half, "{\"schema\":\"audit-segm").unwrap();
        // Killed between the file and the record: the whole file is there, and no record of it.
        let aside = Sealing::new(place);
        let other = aside.seal(&store, 4).await.unwrap();
        place.change("DELETE FROM segment WHERE {mine}", &[]);
        std::fs::copy(aside.path().join(name), sealing.path().join(name)).unwrap();
        let adopted = sealing.seal(&store, 4).await.unwrap();
        assert_eq!(adopted.digest, other.digest);

        // Killed between the record and the removal: the next one removes what is recorded.
        assert_eq!(sealing.reader().chain().unwrap().removed, 0);
        assert_eq!(sealing.remove(&store).await.unwrap().len(), 1);
        assert_eq!(sealing.reader().chain().unwrap().removed, 4);

        // Killed within the removal: the transaction is undone.
        let next = sealing.seal(&store, 8).await.unwrap();
        let database = place.database("");
        let transaction = database.begin().unwrap();
        assert!(super::segment::remove_rows(&transaction, &next, after(9)).unwrap());
        drop(transaction);
        assert_eq!(sealing.reader().chain().unwrap().removed, 4);
        assert_eq!(sealing.remove(&store).await.unwrap().len(), 1);
        std::fs::remove_file(half).unwrap_or_default();
        assert_eq!(sealing.chain().1, 8);
    });
}

#[test]
fn nothing_goes_that_its_file_does_not_prove() {
    TestPlace::on_each_waiting(async |place| {
        let sealing = Sealing::new(place);
        let (store, _) = Store::open(place.at(), START).unwrap();
        live(&store, 0..10).await;
        let segment = sealing.seal(&store, 4).await.unwrap();
        let path = sealing.path().join(&segment.file);
        let whole = std::fs::read_to_string(&path).unwrap();

        std::fs::remove_file(&path).unwrap();
        let refused = sealing.remove(&store).await.unwrap_err();
        assert!(refused.to_string().contains(&segment.file), "{refused}");
        std::fs::write(
            &path,
            whole.replace("\"tick\"", "\"tack\"").replace("1-2", "1-9"),
        )
        .unwrap();
        let refused = sealing.remove(&store).await.unwrap_err();
        assert!(
            refused.to_string().contains("row 3 was changed"),
            "{refused}"
        );
        let cut: Vec<&str> = whole.lines().take(3).collect();
        std::fs::write(&path, cut.join("\n")).unwrap();
        let refused = sealing.remove(&store).await.unwrap_err();
        assert!(
            refused.to_string().contains("it ends at row 2"),
            "{refused}"
        );
        assert_eq!(sealing.reader().chain().unwrap().rows, 11);
        std::fs::write(&path, whole).unwrap();
        assert_eq!(sealing.remove(&store).await.unwrap().len(), 1);

        // The tables let no other row go.
        let database = place.database("");
        let transaction = database.begin().unwrap();
        let refused = transaction.execute("DELETE FROM audit WHERE {mine} AND seq = 6", &[]);
        assert!(refused.unwrap_err().to_string().contains("never"));
    });
}

#[test]
fn a_record_that_no_row_tells_of_is_no_proof() {
    TestPlace::on_each_waiting(async |place| {
        let sealing = Sealing::new(place);
        let (store, _) = Store::open(place.at(), START).unwrap();
        live(&store, 0..10).await;
        let segment = sealing.seal(&store, 4).await.unwrap();
        sealing.remove(&store).await.unwrap();
        drop(store);
        // Somebody marks more rows as sealed and takes them out.
        let further: String = {
            let mut hash = None;
            let read = sealing.reader().audit(|row| {
                if row.seq == 6 {
                    hash = Some(row.hash);
                }
            });
            read.unwrap();
            hash.unwrap()
        };
        let insert = "INSERT INTO segment ({tenant}first_seq, last_seq, first_ms, last_ms, previous, hash, file, digest, told_seq, sealed_ms, removed_ms)
             VALUES ({its}5, 6, 0, 0, ?1, ?2, 'x', 'x', 11, 0, 0)";
        let values = super::value::values![&segment.hash, &further];
        assert_eq!(place.change(insert, &values), 1);
        let taken = "DELETE FROM audit WHERE {mine} AND (seq = 5 OR seq = 6)";
        assert_eq!(place.change(taken, &[]), 2);
        let found = sealing.reader().chain().unwrap_err();
        assert!(
            matches!(found, BrokenChain::Segment { first: 5, .. }),
            "{found}"
        );
        assert!(found.to_string().contains("no row of the audit tells"));
    });
}

#[test]
fn copies_and_backups_carry_what_was_sealed() {
    TestPlace::on_each_waiting(async |place| {
        let sealing = Sealing::new(place);
        let (store, _) = Store::open(place.at(), START).unwrap();
        live(&store, 0..10).await;
        sealing.seal(&store, 4).await.unwrap();
        sealing.remove(&store).await.unwrap();
        drop(store);
        let target = TestPlace::file();
        copy(&place.at(), &target.at(), || ()).unwrap();
        let copied = StoreReader::open(target.at()).unwrap();
        let copied = copied.chain_with_segments(&sealing.files()).unwrap();
        assert_eq!((copied.rows, copied.removed), (8, 4));
        let backup = sealing.path().join("backup.sqlite3");
        assert_eq!(back_up(&target.at(), &backup).unwrap(), 8);
        let again = TestPlace::file();
        assert_eq!(put_back(&backup, &again.at()).unwrap(), 8);
        std::fs::remove_file(backup).unwrap();
        let back = StoreReader::open(again.at()).unwrap();
        assert_eq!(back.chain_with_segments(&sealing.files()).unwrap(), copied);
        if let Some(server) = TestPlace::server() {
            copy(&again.at(), &server.at(), || ()).unwrap();
            let there = StoreReader::open(server.at()).unwrap();
            assert_eq!(there.chain_with_segments(&sealing.files()).unwrap(), copied);
        }
    });
}

#[test]
fn a_full_segment_is_followed_by_another_one() {
    TestPlace::on_each_waiting(async |place| {
        let sealing = Sealing::new(place);
        let (store, _) = Store::open(place.at(), START).unwrap();
        for part in 0..84 {
            live(&store, part * 250..(part + 1) * 250).await;
            // A thousand take longer than a lease on a busy machine.
            store.tenure().renew().await.unwrap();
        }
        let young = SealRange::Full {
            before: after(15_000),
            at_latest: START,
        };
        let sealed = async |range| {
            // Each of them may take a good part of a lease.
            store.tenure().renew().await.unwrap();
            let by = sealer(30_000);
            let found = seal_next(&store, &place.at(), sealing.path(), range, &by).await;
            found.unwrap()
        };
        assert_eq!(sealed(young).await, None, "neither full nor late");
        let full = SealRange::Full {
            before: after(40_000),
            at_latest: START,
        };
        let first = sealed(full).await.unwrap();
        assert_eq!(
            (first.first, first.last, first.is_full()),
            (1, 20_000, true)
        );
        assert_eq!(sealed(full).await, None, "what follows is not full");
        let late = SealRange::Full {
            before: after(20_500),
            at_latest: after(20_001),
        };
        let second = sealed(late).await.unwrap();
        assert_eq!((second.first, second.last), (20_001, 20_500));
        store.tenure().renew().await.unwrap();
        assert_eq!(sealing.remove(&store).await.unwrap().len(), 2);
        assert_eq!(sealing.chain(), (504, 20_500, 21_004));
    });
}
