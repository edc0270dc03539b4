//! Stories about the outbox on disk.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use crate::control::ports::{Batch, Journal};
use crate::domain::{DecisionId, Direction, Message, ReceiverName, Route, Timestamp};
use crate::notify::ports::{Outbox, OutboxEntry, Settlement};

use super::database::Database;
use super::outbox::{self, Bounds};
use super::places::TestPlace;
use super::{
    OutboxEditFault, OutboxEditor, ReceiverOutbox, Selection, Store, StoreAt, StoreReader, schema,
};

const NOW: Timestamp = Timestamp::from_unix_millis(1_716_215_520_000);

fn paused(campaign: &str) -> Message {
    let campaign = campaign.parse().unwrap();
    let decision = DecisionId { run: 1, tick: 7 };
    Message::campaign_changed(&campaign, Direction::Pause, None, None, decision, NOW)
}

/// A store with these campaigns' pauses in its outbox.
struct TestStore {
    at: StoreAt,
    store: Arc<Store>,
    outbox: ReceiverOutbox,
    runtime: tokio::runtime::Runtime,
}

impl TestStore {
    fn with(place: &TestPlace, campaigns: &[&str]) -> Self {
        let at = place.at();
        let (store, _) = Store::open(&at, NOW).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let store = Arc::new(store);
        let outbox = ReceiverOutbox::new(Arc::clone(&store), None);
        let stored = Self {
            at,
            store,
            outbox,
            runtime,
        };
        stored.write(campaigns);
        stored
    }

    fn write(&self, campaigns: &[&str]) {
        let batch = Batch {
            outbox: campaigns.iter().map(|campaign| paused(campaign)).collect(),
            ..Batch::default()
        };
        let written = self.runtime.block_on(self.store.commit(Arc::new(batch)));
        written.unwrap();
    }

    /// Subjects and attempts of what is due after `seconds`.
    fn due(&self, seconds: u64) -> Vec<(String, u32)> {
        let entries = self.entries(seconds);
        let shown = entries.into_iter();
        shown.map(|entry| (entry.subject, entry.attempts)).collect()
    }

    fn entries(&self, seconds: u64) -> Vec<OutboxEntry> {
        let now = NOW.plus(Duration::from_secs(seconds));
        let round = self.runtime.block_on(self.outbox.round(now, 100));
        round.unwrap().due
    }

    fn settle(&self, entry: &OutboxEntry, settlement: Settlement) {
        let settled = self.outbox.settle(entry.clone(), settlement, NOW);
        self.runtime.block_on(settled).unwrap();
    }

    fn editor(&self) -> OutboxEditor {
        OutboxEditor::open(&self.at).unwrap()
    }

    /// Entries that wait and dead letters as the triggers count them; the rows have to agree.
    fn counted(&self) -> (u64, u64) {
        let stats = self.runtime.block_on(self.outbox.stats()).unwrap();
        let listed = self.editor().list().unwrap();
        let dead = listed.iter().filter(|stored| stored.dead.is_some()).count();
        let counted = (stats.waiting, stats.dead);
        assert_eq!(
            counted,
            (
                u64::try_from(listed.len() - dead).unwrap(),
                u64::try_from(dead).unwrap()
            )
        );
        counted
    }

    /// Changes in the audit, whose chain has to hold.
    fn audited(&self) -> Vec<String> {
        let mut changes = Vec::new();
        let reader = StoreReader::open(&self.at).unwrap();
        let each = |row: super::AuditRecord| {
            assert_eq!(row.kind, "outbox");
            let campaign = row.campaign.unwrap();
            let change = row.event["change"]["change"].as_str().unwrap().to_owned();
            changes.push(format!("{campaign} {change}"));
        };
        reader.audit(each).unwrap();
        changes
    }
}

fn again(seconds: u64) -> Settlement {
    Settlement::Again {
        not_before: NOW.plus(Duration::from_secs(seconds)),
        why: "503".to_owned(),
    }
}

fn given_up() -> Settlement {
    Settlement::GivenUp {
        why: "410".to_owned(),
    }
}

fn one(subject: &str, attempts: u32) -> (String, u32) {
    (subject.to_owned(), attempts)
}

#[test]
fn only_the_first_of_a_key_is_due_and_the_next_follows_its_delivery() {
    TestPlace::on_each(|place| {
        let stored = TestStore::with(place, &["a", "a", "b"]);
        let due = stored.entries(0);
        assert_eq!(stored.due(0), [one("a", 0), one("b", 0)]);
        let ids: std::collections::BTreeSet<&str> =
            due.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids.len(), 2);
        assert!(due[0].id.starts_with("msg_") && due[0].id.len() == 36);
        stored.settle(&due[0], Settlement::Delivered);
        let next = stored.entries(0);
        assert_eq!(stored.due(0), [one("a", 0), one("b", 0)]);
        assert_ne!(next[0].id, due[0].id);
        stored.settle(&next[0], Settlement::Delivered);
        assert_eq!(stored.due(0), [one("b", 0)]);
        assert!(
            stored.audited().is_empty(),
            "a delivery is no change to tell"
        );
    });
}

#[test]
fn one_that_is_put_off_holds_its_key_until_its_time() {
    TestPlace::on_each(|place| {
        let stored = TestStore::with(place, &["a", "a", "b"]);
        stored.settle(&stored.entries(0)[0], again(30));
        assert_eq!(stored.due(29), [one("b", 0)]);
        assert_eq!(stored.due(30), [one("b", 0), one("a", 1)]);
        let now = NOW.plus(Duration::from_secs(5));
        let round = stored
            .runtime
            .block_on(stored.outbox.round(now, 100))
            .unwrap();
        assert_eq!(round.next, Some(NOW.plus(Duration::from_secs(30))));
    });
}

#[test]
fn a_clock_that_is_set_back_does_not_put_a_letter_off_for_good() {
    TestPlace::on_each(|place| {
        let stored = TestStore::with(place, &["a"]);
        stored.settle(&stored.entries(0)[0], again(3 * 3600));
        assert_eq!(stored.due(0), [one("a", 1)]);
    });
}

#[test]
fn an_entry_outlives_the_process() {
    TestPlace::on_each(|place| {
        let TestStore {
            at, store, outbox, ..
        } = TestStore::with(place, &["a", "a"]);
        drop((store, outbox));
        let (store, _) = Store::open(&at, NOW).unwrap();
        let store = ReceiverOutbox::new(Arc::new(store), None);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let round = runtime.block_on(store.round(NOW, 9)).unwrap();
        assert_eq!(round.due.len(), 1);
        let stats = runtime.block_on(store.stats()).unwrap();
        assert_eq!((stats.waiting, stats.dead), (2, 0));
        assert_eq!(stats.oldest, Some(NOW));
    });
}

fn named(name: &str) -> ReceiverName {
    name.parse().unwrap()
}

/// Each receiver has entries, an order and counts of its own.
#[test]
fn a_message_is_written_once_for_each_receiver_that_wants_it() {
    TestPlace::on_each(|place| {
        let stored = TestStore::with(place, &[]);
        let only_a = Route {
            campaigns: Some(["a".parse().unwrap()].into()),
            ..Route::everything(Some(named("team")))
        };
        let all = Route::everything(Some(named("team-2")));
        stored
            .store
            .route_by(vec![Route::everything(None), only_a, all]);
        stored.write(&["a", "b", "a"]);
        let of =
            |name: Option<&str>| ReceiverOutbox::new(Arc::clone(&stored.store), name.map(named));
        let due = |outbox: &ReceiverOutbox| {
            let round = stored.runtime.block_on(outbox.round(NOW, 100)).unwrap();
            let keys = round.due.into_iter().map(|entry| entry.key);
            keys.collect::<Vec<_>>()
        };
        let (team, team_2) = (of(Some("team")), of(Some("team-2")));
        assert_eq!(due(&of(None)), ["campaign/a", "campaign/b"]);
        assert_eq!(due(&team), ["@team/campaign/a"]);
        assert_eq!(due(&team_2), ["@team-2/campaign/a", "@team-2/campaign/b"]);
        assert_eq!(stored.counted(), (8, 0));
        let first = stored.runtime.block_on(team.round(NOW, 1)).unwrap().due;
        let settled = team.settle(first[0].clone(), Settlement::Delivered, NOW);
        stored.runtime.block_on(settled).unwrap();
        assert_eq!(due(&team), ["@team/campaign/a"], "the next of its own");
        let own = stored.runtime.block_on(team.own_stats()).unwrap();
        assert_eq!((own.waiting, own.dead, own.oldest), (1, 0, Some(NOW)));
        let own = stored.runtime.block_on(of(None).own_stats()).unwrap();
        assert_eq!(own.waiting, 3);
    });
}

#[test]
fn what_waits_for_a_receiver_that_is_gone_is_given_up_and_audited() {
    TestPlace::on_each(|place| {
        let stored = TestStore::with(place, &[]);
        let receivers = [None, Some(named("kept")), Some(named("gone"))];
        stored
            .store
            .route_by(receivers.map(Route::everything).into());
        stored.write(&["a", "a"]);
        let given_up = stored.store.give_up_others(vec![named("kept")], NOW);
        let given_up = stored.runtime.block_on(given_up).unwrap();
        assert_eq!(given_up, [("gone".to_owned(), 2)]);
        assert_eq!(stored.counted(), (4, 2));
        assert_eq!(stored.audited(), ["a given_up", "a given_up"]);
        let kept = stored.editor().list().unwrap();
        let dead = kept.iter().filter(|entry| entry.dead.is_some());
        for entry in dead {
            assert_eq!(entry.entry.receiver(), Some("gone"));
            let why = "its receiver is not in the settings any more";
            assert_eq!(entry.why.as_deref(), Some(why));
        }
        let again = stored.store.give_up_others(vec![named("kept")], NOW);
        assert!(stored.runtime.block_on(again).unwrap().is_empty());
    });
}

#[test]
fn a_dead_letter_lets_the_next_go_and_is_audited() {
    TestPlace::on_each(|place| {
        let stored = TestStore::with(place, &["a", "a"]);
        let first = stored.entries(0)[0].clone();
        assert_eq!(stored.counted(), (2, 0));
        stored.settle(&first, given_up());
        assert_eq!(stored.counted(), (1, 1));
        let next = stored.entries(0);
        assert_eq!(next.len(), 1);
        assert_ne!(next[0].id, first.id);
        let listed = stored.editor().list().unwrap();
        assert_eq!(listed[0].entry.id, first.id);
        assert_eq!(listed[0].why.as_deref(), Some("410"));
        assert_eq!(listed[0].entry.attempts, 1);
        assert!(listed[0].dead.is_some() && listed[0].due.is_none());
        assert_eq!(stored.audited(), ["a given_up"]);
    });
}

#[test]
fn an_entry_that_is_tried_again_goes_before_younger_ones_of_its_key() {
    TestPlace::on_each(|place| {
        let stored = TestStore::with(place, &["a", "a", "a"]);
        let first = stored.entries(0)[0].clone();
        stored.settle(&first, given_up());
        let second = stored.entries(0)[0].clone();
        let later = NOW.plus(Duration::from_secs(60));
        let done = stored.editor().retry(&Selection::Dead, Some("ops"), later);
        assert_eq!(done.unwrap(), std::slice::from_ref(&first.id));
        assert_eq!(stored.counted(), (3, 0));
        // The second was on its way meanwhile; that it failed does not bring it back in front.
        stored.settle(&second, again(1));
        let due = stored.entries(60);
        assert_eq!(due.len(), 1);
        assert_eq!((&due[0].id, due[0].attempts), (&first.id, 0));
        assert_eq!(due[0].since, later);
        assert_eq!(due[0].at, NOW, "when it happened does not change");
        assert_eq!(stored.audited(), ["a given_up", "a retried"]);
    });
}

#[test]
fn what_is_dropped_is_gone_and_audited() {
    TestPlace::on_each(|place| {
        let stored = TestStore::with(place, &["a", "a"]);
        let first = stored.entries(0)[0].clone();
        let ids = Selection::Ids(vec![first.id.clone()]);
        stored.editor().discard(&ids, None, NOW).unwrap();
        let next = stored.entries(0);
        assert_eq!(next.len(), 1);
        assert_ne!(next[0].id, first.id);
        // It was on its way; its failure does not bring it back.
        stored.settle(&first, again(1));
        stored.settle(&first, given_up());
        assert_eq!(stored.counted(), (1, 0));
        assert_eq!(stored.audited(), ["a dropped"]);
        stored.settle(&next[0], Settlement::Delivered);
        assert_eq!(stored.counted(), (0, 0));
    });
}

#[test]
fn an_unknown_id_changes_nothing() {
    TestPlace::on_each(|place| {
        let stored = TestStore::with(place, &["a"]);
        let id = stored.entries(0)[0].id.clone();
        let ids = Selection::Ids(vec![id, "msg_x".to_owned(), "msg_y".to_owned()]);
        let refused = stored.editor().discard(&ids, None, NOW).unwrap_err();
        assert!(matches!(&refused, OutboxEditFault::Unknown(ids) if ids == &["msg_x", "msg_y"]));
        assert_eq!(stored.editor().list().unwrap().len(), 1);
    });
}

#[test]
fn the_outbox_is_bounded_and_what_it_loses_is_audited() {
    let database = schema::in_memory();
    let bounds = Bounds {
        waiting: 2,
        dead: 1,
    };
    let transaction = database.begin().unwrap();
    let campaigns = ["a", "b", "a", "c"];
    let messages: Vec<Message> = campaigns.into_iter().map(paused).collect();
    let routes = [Route::everything(None)];
    outbox::insert(&transaction, &messages, &routes, bounds).unwrap();
    let left = outbox::all(&transaction).unwrap();
    let left: Vec<String> = left
        .iter()
        .map(|stored| {
            let state = match (stored.dead, stored.due) {
                (Some(_), _) => "dead",
                (None, Some(_)) => "due",
                (None, None) => "behind",
            };
            format!("{} {state}", stored.entry.subject)
        })
        .collect();
    assert_eq!(left, ["b dead", "a due", "c due"]);
    let kinds = "SELECT count(*) FROM audit WHERE kind = 'outbox'";
    let rows = transaction
        .file()
        .unwrap()
        .query_row(kinds, [], |row| row.get(0));
    let rows: i64 = rows.unwrap();
    assert_eq!(rows, 3, "two given up, and one of them forgotten");
}

#[test]
fn a_file_of_the_first_version_grows_an_outbox() {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(schema::MIGRATIONS[0]).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    schema::migrate(&mut connection, 1).unwrap();
    assert_eq!(schema::version(&connection).unwrap(), schema::newest());
    let database = Database::of_file(connection);
    assert!(outbox::all(&database).unwrap().is_empty());
}
