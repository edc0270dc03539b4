//! What holds of every store, and what a server's adds: several tenants, one that may write, and a server that goes away.

use std::sync::Arc;
use std::time::Duration;

use super::places::TestPlace;
use super::postgres::{Acquired, Lease, MemberRow, Server, ServerAddress};
use super::value::values;
use super::{BrokenChain, Store, StoreFault, StoreReader};
use crate::control::hand_clock::HandClock;
use crate::control::ports::{AuditEvent, AuditRow, Batch, Clock, Journal, SystemClock, Tenure};
use crate::domain::{DecisionId, Timestamp};

const NOW: Timestamp = Timestamp::from_unix_millis(1_716_215_520_000);

fn stopped(tick: u64) -> Arc<Batch> {
    let row = AuditRow {
        at: NOW,
        campaign: None,
        decision: DecisionId { run: 1, tick },
        event: AuditEvent::Stopped,
    };
    Arc::new(Batch {
        audit: vec![row],
        ..Batch::default()
    })
}

#[test]
fn runs_are_counted_and_the_chain_goes_on_over_them() {
    TestPlace::on_each_waiting(async |place| {
        for run in 1..=3 {
            let (store, restored) = Store::open(place.at(), NOW).unwrap();
            assert_eq!(restored.run, run);
            assert_eq!(restored.lost, None);
            store.commit(stopped(run)).await.unwrap();
            store.commit(stopped(run + 10)).await.unwrap();
        }
        let reader = StoreReader::open(place.at()).unwrap();
        assert_eq!(reader.check_chain(), Ok(6));
    });
}

#[test]
fn rows_that_somebody_changed_or_took_out_are_named() {
    TestPlace::on_each_waiting(async |place| {
        let (store, _) = Store::open(place.at(), NOW).unwrap();
        for tick in 0..3 {
            store.commit(stopped(tick)).await.unwrap();
        }
        drop(store);
        let database = place.database("");
        let transaction = database.begin().unwrap();
        let changed = "UPDATE audit SET body = '{}' WHERE {mine} AND seq = 2";
        let refused = transaction.execute(changed, &[]).unwrap_err();
        assert!(refused.to_string().contains("never changed"), "{refused}");
        drop(transaction);
        let head = "UPDATE audit_head SET seq = 4 WHERE {mine}";
        assert_eq!(place.change(head, &[]), 1);
        let reader = StoreReader::open(place.at()).unwrap();
        let cut_off = BrokenChain::CutOff {
            found: 3,
            expected: 4,
        };
        assert_eq!(reader.check_chain(), Err(cut_off));
    });
}

#[test]
fn what_was_written_and_is_gone_is_told_at_the_next_start() {
    TestPlace::on_each_waiting(async |place| {
        let (store, _) = Store::open(place.at(), NOW).unwrap();
        store.commit(stopped(1)).await.unwrap();
        drop(store);
        place.change("UPDATE audit_head SET seq = 0 WHERE {mine}", &[]);
        let (_, restored) = Store::open(place.at(), NOW).unwrap();
        let lost = restored.lost.unwrap();
        assert!(lost.contains("ends at row 0, and row 1"), "{lost}");
    });
}

#[test]
fn tenants_know_nothing_of_each_other() {
    TestPlace::on_each_waiting(async |place| {
        let (one, first) = Store::open(place.of("one"), NOW).unwrap();
        let (two, second) = Store::open(place.of("two"), NOW).unwrap();
        assert_eq!((first.run, second.run), (1, 1));
        one.commit(stopped(1)).await.unwrap();
        one.commit(stopped(2)).await.unwrap();
        two.commit(stopped(1)).await.unwrap();
        let rows = |tenant| StoreReader::open(place.of(tenant)).unwrap().check_chain();
        assert_eq!((rows("one"), rows("two")), (Ok(2), Ok(1)));
        assert_eq!(rows("one"), Ok(2));
    });
}

#[test]
fn a_second_daemon_is_told_who_has_the_store() {
    TestPlace::on_each(|place| {
        let (store, _) = Store::open(place.at(), NOW).unwrap();
        assert!(store.tenure().remaining() > Duration::ZERO);
        let refused = Store::open(place.at(), NOW).err().unwrap();
        if place.on().is_some() {
            assert!(refused.to_string().starts_with("a test holds the lease"));
        } else {
            assert!(matches!(refused, StoreFault::InUse { .. }), "{refused}");
        }
        drop(store);
        assert!(Store::open(place.at(), NOW).is_ok(), "it was let go of");
    });
}

/// Makes a tenant's lease look as if it had not been renewed.
fn run_out(place: &TestPlace) {
    let over = "UPDATE lease SET expires = clock_timestamp() - INTERVAL '1 s' WHERE {mine}";
    assert_eq!(place.change(over, &[]), 1);
}

fn server() -> Option<TestPlace> {
    TestPlace::server()
}

#[tokio::test]
async fn whoever_lost_the_lease_writes_nothing_more() {
    let Some(place) = server() else {
        return;
    };
    let (old, _) = Store::open(place.at(), NOW).unwrap();
    old.commit(stopped(1)).await.unwrap();
    run_out(&place);
    let refused = old.commit(stopped(2)).await.unwrap_err().to_string();
    assert!(refused.contains("is over"), "{refused}");
    assert_eq!(
        old.tenure().remaining(),
        Duration::ZERO,
        "nothing may be sent either"
    );
    let (new, restored) = Store::open(place.at(), NOW).unwrap();
    assert_eq!(restored.run, 2);
    let refused = old.commit(stopped(3)).await.unwrap_err().to_string();
    assert!(refused.contains("is over"), "{refused}");
    new.commit(stopped(4)).await.unwrap();
    // One that does not know it yet is told by the server.
    run_out(&place);
    let (newest, _) = Store::open(place.at(), NOW).unwrap();
    let refused = new.commit(stopped(5)).await.unwrap_err().to_string();
    assert!(refused.contains("epoch 3, ours 2"), "{refused}");
    for before in [old, new] {
        assert!(
            before.tenure().renew().await.is_err(),
            "another epoch is in force"
        );
    }
    newest.commit(stopped(6)).await.unwrap();
    let reader = StoreReader::open(place.at()).unwrap();
    assert_eq!(reader.check_chain(), Ok(3));
    // What those before let go of was their own epoch, which is over.
    assert!(newest.tenure().renew().await.is_ok());
}

#[tokio::test]
async fn a_lease_is_one_process_s_until_it_is_over_and_each_has_an_epoch_of_its_own() {
    let Some(place) = server() else {
        return;
    };
    let server = place.on().unwrap();
    let hand = Arc::new(HandClock::default());
    let clock: Arc<dyn Clock> = Arc::<HandClock>::clone(&hand);
    let acquire = |member| Lease::acquire(server, "night", member, &clock).unwrap();
    let Acquired::Ours(first) = acquire("the same name") else {
        panic!("it is free");
    };
    // Another start of the same program has another holder, and is not let in.
    match acquire("the same name") {
        Acquired::Held { member } => assert_eq!(member, "the same name"),
        Acquired::Ours(_) => panic!("it is held"),
    }
    let whole = first.remaining();
    let passed = Duration::from_secs(5);
    hand.advance(passed);
    assert_eq!(first.remaining() + passed, whole);
    first.renew().await.unwrap();
    assert_eq!(first.remaining(), whole);
    first.release();
    assert_eq!(first.remaining(), Duration::ZERO);
    assert!(
        first.renew().await.is_err(),
        "what was let go of is not taken up again"
    );
    let Acquired::Ours(second) = acquire("another") else {
        panic!("it was let go of");
    };
    second.renew().await.unwrap();
}

#[tokio::test]
async fn a_connection_that_is_cut_is_made_anew_and_nothing_is_written_twice() {
    let Some(place) = server() else {
        return;
    };
    let (store, _) = Store::open(place.at(), NOW).unwrap();
    store.commit(stopped(1)).await.unwrap();
    for tick in 2..5 {
        cut_others(&place);
        store.tenure().renew().await.unwrap();
        store.commit(stopped(tick)).await.unwrap();
    }
    let reader = StoreReader::open(place.at()).unwrap();
    assert_eq!(reader.check_chain(), Ok(4));
}

/// Ends every connection that is at work with the tables but one's own, and waits until each has ended.
fn cut_others(place: &TestPlace) {
    let schema = place.schema();
    let cluster = super::places::Cluster::of_tests().unwrap();
    let cut = format!(
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
         WHERE application_name = '{schema}' AND state = 'idle'"
    );
    let ended = cluster.psql(&schema, &cut);
    assert_ne!(ended, "0");
}

#[test]
fn tables_that_are_missing_or_newer_are_told_with_the_way_on() {
    let Some(cluster) = super::places::Cluster::of_tests() else {
        return;
    };
    let address = ServerAddress::parse(&cluster.address(), None).unwrap();
    let server = Arc::new(Server::new(address));
    let clock = Arc::new(SystemClock::real_time());
    let directory = tempfile::tempdir().unwrap();
    let at = super::StoreAt::on_server(
        Arc::clone(&server),
        "",
        directory.path().to_owned(),
        "a test",
        clock,
    );
    let told = Store::open(&at, NOW).err().unwrap().to_string();
    assert!(told.contains("store migrate"), "{told}");
    let (before, newest) = server.migrate(None).unwrap();
    assert!(before == 0 && newest > 0);
    let again = server.migrate(None);
    assert_eq!(again, Ok((newest, newest)), "a second time changes nothing");
    drop(Store::open(&at, NOW).unwrap());
    let shown = server.address().to_string();
    let (_, schema) = shown.split_once("schema=").unwrap();
    cluster.psql(schema, "UPDATE schema_version SET version = 99");
    let told = Store::open(&at, NOW).err().unwrap().to_string();
    assert!(told.contains("version 99"), "{told}");
    assert!(told.contains("newer program"), "{told}");
    let told = server.migrate(None).unwrap_err().to_string();
    assert!(told.contains("version 99"), "{told}");
}

#[test]
fn a_role_with_the_rights_of_a_daemon_works_and_cannot_touch_the_audit() {
    let Some(cluster) = super::places::Cluster::of_tests() else {
        return;
    };
    let owner = cluster.address();
    let (_, schema) = owner.split_once("schema=").unwrap();
    let role = format!("{schema}_daemon");
    cluster.psql("public", &format!("CREATE ROLE {role} LOGIN"));
    let made = Server::new(ServerAddress::parse(&owner, None).unwrap());
    made.migrate(Some(&role)).unwrap();
    let as_daemon = owner.replace("tester@", &format!("{role}@"));
    let server = Arc::new(Server::new(ServerAddress::parse(&as_daemon, None).unwrap()));
    let refused = server.migrate(None).unwrap_err().to_string();
    assert!(refused.contains("permission denied"), "{refused}");
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock::real_time());
    let at = super::StoreAt::on_server(server, "", directory.path().to_owned(), "a test", clock);
    let (store, _) = Store::open(&at, NOW).unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(store.commit(stopped(1))).unwrap();
    drop(store);
    assert_eq!(StoreReader::open(&at).unwrap().check_chain(), Ok(1));
    for statement in [
        "DELETE FROM audit",
        "UPDATE audit SET kind = ''",
        "TRUNCATE audit",
        "DROP TABLE audit",
    ] {
        let tried = format!("SET ROLE {role}; {statement}");
        let tried = std::panic::catch_unwind(|| cluster.psql(schema, &tried));
        assert!(tried.is_err(), "{statement}");
    }
}

#[test]
fn a_migration_lets_those_use_what_it_makes_who_may_use_what_was_there() {
    let Some(cluster) = super::places::Cluster::of_tests() else {
        return;
    };
    let owner = cluster.address();
    let (_, schema) = owner.split_once("schema=").unwrap();
    let role = format!("{schema}_daemon");
    cluster.psql("public", &format!("CREATE ROLE {role} LOGIN"));
    let made = Server::new(ServerAddress::parse(&owner, None).unwrap());
    made.migrate(Some(&role)).unwrap();
    // Back to the version before the last, whose rights were given once.
    cluster.psql(
        schema,
        "DROP TABLE member; ALTER TABLE lease DROP COLUMN held_by; UPDATE schema_version SET version = version - 1",
    );
    made.migrate(None).unwrap();
    let as_daemon = owner.replace("tester@", &format!("{role}@"));
    let server = Server::new(ServerAddress::parse(&as_daemon, None).unwrap());
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let seen = runtime
        .block_on(server.heartbeat(MemberRow::default()))
        .unwrap();
    assert_eq!(seen.members.len(), 1);
    runtime.block_on(server.leave()).unwrap();
}

#[tokio::test]
async fn members_see_each_other_until_they_leave_or_are_silent() {
    let Some(place) = server() else {
        return;
    };
    let one = place.on().unwrap();
    let other = Server::new(one.address().clone());
    let row = |name: &str| MemberRow {
        name: name.to_owned(),
        address: format!("http://{name}:9464"),
        ..MemberRow::default()
    };
    one.heartbeat(row("one")).await.unwrap();
    let seen = other.heartbeat(row("other")).await.unwrap();
    let mut names: Vec<&str> = seen.members.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["one", "other"]);
    let (store, _) = Store::open(place.at(), NOW).unwrap();
    let seen = other.heartbeat(row("other")).await.unwrap();
    let lease = seen.leases.first().unwrap();
    assert_eq!(
        (lease.held_by.as_str(), lease.valid),
        (one.member_id(), true)
    );
    assert_eq!((lease.tenant.as_str(), lease.epoch), ("", 1));
    drop(store);
    let silent = format!(
        "UPDATE member SET seen = clock_timestamp() - INTERVAL '1 h' WHERE id = '{}'",
        one.member_id()
    );
    super::places::Cluster::of_tests()
        .unwrap()
        .psql(&place.schema(), &silent);
    let seen = other.heartbeat(row("other")).await.unwrap();
    assert_eq!(seen.members.len(), 1);
    assert!(!seen.leases.first().unwrap().valid, "it was let go of");
    let seen = one.heartbeat(row("one")).await.unwrap();
    assert_eq!(seen.members.len(), 2, "it is back");
    one.leave().await.unwrap();
    let seen = other.heartbeat(row("other")).await.unwrap();
    assert_eq!(seen.members.len(), 1);
}

#[test]
fn a_value_with_a_nul_is_written_all_the_same() {
    TestPlace::on_each(|place| {
        drop(Store::open(place.at(), NOW).unwrap());
        let insert = "INSERT INTO assignment ({tenant}campaign, list) VALUES ({its}?1, ?2)";
        assert_eq!(place.change(insert, &values!["a\0b", "{}"]), 1);
    });
}
