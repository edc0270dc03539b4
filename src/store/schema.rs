//! The tables, and how an older file becomes a newer one.

use rusqlite::{Connection, TransactionBehavior};

/// Each entry takes the schema one version further; the version is the number of entries applied.
pub(super) const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE run (
        number     INTEGER PRIMARY KEY,
        started_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE campaign (
        id         TEXT PRIMARY KEY,
        state      TEXT NOT NULL,
        updated_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE intent (
        campaign   TEXT NOT NULL,
        run        INTEGER NOT NULL,
        tick       INTEGER NOT NULL,
        direction  TEXT NOT NULL,
        at_ms      INTEGER NOT NULL,
        outcome    TEXT,
        outcome_ms INTEGER,
        PRIMARY KEY (campaign, run, tick)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit (
        seq      INTEGER PRIMARY KEY,
        at_ms    INTEGER NOT NULL,
        campaign TEXT,
        run      INTEGER NOT NULL,
        tick     INTEGER NOT NULL,
        kind     TEXT NOT NULL,
        body     TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash     TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
    CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
    CREATE TABLE audit_head (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        seq  INTEGER NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
    CREATE TABLE input (
        seq   INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        body  TEXT NOT NULL
    ) STRICT;
    CREATE INDEX input_by_time ON input (at_ms);
",
    "
    CREATE TABLE outbox (
        seq      INTEGER PRIMARY KEY AUTOINCREMENT,
        id       TEXT NOT NULL UNIQUE,
        event    TEXT NOT NULL,
        key      TEXT NOT NULL,
        subject  TEXT NOT NULL,
        body     TEXT NOT NULL,
        at_ms    INTEGER NOT NULL,
        since_ms INTEGER NOT NULL,
        run      INTEGER NOT NULL,
        tick     INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due_ms   INTEGER,
        why      TEXT,
        dead_ms  INTEGER,
        CHECK (due_ms IS NULL OR dead_ms IS NULL)
    ) STRICT;
    CREATE INDEX outbox_due ON outbox (due_ms) WHERE due_ms IS NOT NULL;
    CREATE INDEX outbox_waiting ON outbox (key, seq) WHERE dead_ms IS NULL;
    CREATE INDEX outbox_oldest ON outbox (at_ms) WHERE dead_ms IS NULL;
    CREATE INDEX outbox_dead ON outbox (seq) WHERE dead_ms IS NOT NULL;
    CREATE TABLE outbox_count (
        only    INTEGER PRIMARY KEY CHECK (only = 1),
        waiting INTEGER NOT NULL,
        dead    INTEGER NOT NULL
    ) STRICT;
    INSERT INTO outbox_count VALUES (1, 0, 0);
    CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN
        UPDATE outbox_count SET waiting = waiting + (NEW.dead_ms IS NULL), dead = dead + (NEW.dead_ms IS NOT NULL);
    END;
    CREATE TRIGGER outbox_moved AFTER UPDATE OF dead_ms ON outbox BEGIN
        UPDATE outbox_count SET waiting = waiting - (OLD.dead_ms IS NULL) + (NEW.dead_ms IS NULL),
                                dead = dead - (OLD.dead_ms IS NOT NULL) + (NEW.dead_ms IS NOT NULL);
    END;
    CREATE TRIGGER outbox_removed AFTER DELETE ON outbox BEGIN
        UPDATE outbox_count SET waiting = waiting - (OLD.dead_ms IS NULL), dead = dead - (OLD.dead_ms IS NOT NULL);
    END;
",
    "
    CREATE TABLE assignment (
        campaign TEXT PRIMARY KEY,
        list     TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE queue (
        id     TEXT PRIMARY KEY,
        memory TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE queue_intent (
        queue  TEXT NOT NULL,
        run    INTEGER NOT NULL,
        tick   INTEGER NOT NULL,
        at_ms  INTEGER NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (queue, run, tick)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE series (
        seq     INTEGER PRIMARY KEY,
        at_ms   INTEGER NOT NULL,
        opening INTEGER NOT NULL,
        body    BLOB NOT NULL
    ) STRICT;
    CREATE INDEX series_openings ON series (at_ms) WHERE opening = 1;
",
    // Operations of every kind in one table. What is open is carried over: of campaigns and queues from the tables of their own, of
    // lists by their memory, of profiles by what the audit has no outcome of.
    "
    CREATE TABLE operation (
        kind      TEXT NOT NULL,
        target    TEXT NOT NULL,
        run       INTEGER NOT NULL,
        tick      INTEGER NOT NULL,
        at_ms     INTEGER NOT NULL,
        record    TEXT NOT NULL,
        outcome   TEXT,
        closed_ms INTEGER,
        PRIMARY KEY (kind, target, run, tick)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX operation_open ON operation (kind, target) WHERE closed_ms IS NULL;
    CREATE INDEX operation_closed ON operation (closed_ms) WHERE closed_ms IS NOT NULL;
    INSERT INTO operation (kind, target, run, tick, at_ms, record, outcome)
        SELECT 'campaign', i.campaign, i.run, i.tick, i.at_ms, a.body, i.outcome
        FROM intent AS i JOIN audit AS a ON a.seq = (
            SELECT max(seq) FROM audit
            WHERE campaign = i.campaign AND run = i.run AND tick = i.tick AND kind = 'intent')
        WHERE i.outcome IS NULL OR i.outcome = 'unknown';
    INSERT INTO operation (kind, target, run, tick, at_ms, record)
        SELECT 'list', l.campaign, a.run, a.tick, a.at_ms, a.body
        FROM assignment AS l JOIN audit AS a ON a.seq = (
            SELECT max(seq) FROM audit WHERE campaign = l.campaign AND kind = 'assign_intent')
        WHERE json_extract(l.list, '$.uncertain');
    INSERT INTO operation (kind, target, run, tick, at_ms, record)
        SELECT 'queue', queue, run, tick, at_ms, json_object('kind', 'queue', 'record', json(record))
        FROM queue_intent;
    INSERT OR REPLACE INTO operation (kind, target, run, tick, at_ms, record)
        SELECT 'profile', json_extract(a.body, '$.record.agent'), a.run, a.tick, a.at_ms, a.body
        FROM audit AS a
        WHERE a.kind = 'queue' AND json_extract(a.body, '$.record.step') = 'reassign_intent' AND NOT EXISTS (
            SELECT 1 FROM audit AS o
            WHERE o.seq > a.seq AND o.run = a.run AND o.tick = a.tick AND o.kind = 'queue'
                AND json_extract(o.body, '$.record.step') = 'reassign_outcome'
                AND json_extract(o.body, '$.record.conclusion') <> 'unknown');
    DROP TABLE intent;
    DROP TABLE queue_intent;
",
    "
    CREATE TABLE outcome (
        campaign  TEXT NOT NULL,
        from_ms   INTEGER NOT NULL,
        until_ms  INTEGER NOT NULL,
        known_ms  INTEGER NOT NULL,
        dials     INTEGER NOT NULL,
        answered  INTEGER NOT NULL,
        connected INTEGER NOT NULL,
        abandoned INTEGER NOT NULL,
        PRIMARY KEY (campaign, from_ms)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX outcome_by_time ON outcome (from_ms);
",
    // Totals of whole days, on the clock of a zone: slots of ten minutes are kept for a day only, and no slot of theirs fits a zone that
    // differs by a quarter of an hour.
    "
    CREATE TABLE outcome_day (
        zone       TEXT NOT NULL,
        day        TEXT NOT NULL,
        campaign   TEXT NOT NULL,
        known_ms   INTEGER NOT NULL,
        carried_ms INTEGER NOT NULL,
        dials      INTEGER NOT NULL,
        answered   INTEGER NOT NULL,
        connected  INTEGER NOT NULL,
        abandoned  INTEGER NOT NULL,
        PRIMARY KEY (zone, day, campaign)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX outcome_day_by_day ON outcome_day (day);
",
    // What agents did, for a model of the centre, and what was counted in the same ten minutes: both are kept for three weeks, and the
    // outcomes of other campaigns for a day.
    "
    CREATE TABLE workload (
        campaign TEXT NOT NULL,
        from_ms  INTEGER NOT NULL,
        body     BLOB NOT NULL,
        PRIMARY KEY (campaign, from_ms)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX workload_by_time ON workload (from_ms);
    CREATE TABLE workload_outcome (
        campaign  TEXT NOT NULL,
        from_ms   INTEGER NOT NULL,
        until_ms  INTEGER NOT NULL,
        known_ms  INTEGER NOT NULL,
        dials     INTEGER NOT NULL,
        answered  INTEGER NOT NULL,
        connected INTEGER NOT NULL,
        abandoned INTEGER NOT NULL,
        PRIMARY KEY (campaign, from_ms)
    ) STRICT, WITHOUT ROWID;
",
    // What agents did who work for two campaigns, so that a model of the centre knows a pool that is shared.
    "
    CREATE TABLE workload_shared (
        campaign TEXT NOT NULL,
        other    TEXT NOT NULL,
        from_ms  INTEGER NOT NULL,
        body     BLOB NOT NULL,
        PRIMARY KEY (campaign, other, from_ms)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX workload_shared_by_time ON workload_shared (from_ms);
",
    // Ranges of rows of the audit that lie in files of their own. Rows go only with a segment that is marked as removed before.
    "
    CREATE TABLE segment (
        first_seq  INTEGER PRIMARY KEY,
        last_seq   INTEGER NOT NULL,
        first_ms   INTEGER NOT NULL,
        last_ms    INTEGER NOT NULL,
        previous   TEXT NOT NULL,
        hash       TEXT NOT NULL,
        file       TEXT NOT NULL,
        digest     TEXT NOT NULL,
        told_seq   INTEGER NOT NULL,
        sealed_ms  INTEGER NOT NULL,
        removed_ms INTEGER,
        CHECK (last_seq >= first_seq AND told_seq > last_seq)
    ) STRICT;
    DROP TRIGGER audit_is_never_deleted;
    CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
        WHEN NOT EXISTS (SELECT 1 FROM segment
            WHERE first_seq <= OLD.seq AND last_seq >= OLD.seq AND removed_ms IS NOT NULL)
        BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
"];

/// The version since which there are segments of the audit.
pub(super) const WITH_SEGMENTS: i64 = 11;

/// The version that this program writes.
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The version of a file; 0 when it is new.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// The tables of a store that is gone with its test.
#[cfg(test)]
pub(super) fn in_memory() -> super::database::Database {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, 0).unwrap();
    super::database::Database::of_file(connection)
}

/// Brings the file from `version` to the newest one, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection, version: i64) -> rusqlite::Result<()> {
    let applied = usize::try_from(version).unwrap_or(0);
    for (step, statements) in (1_i64..).zip(MIGRATIONS).skip(applied) {
        // Two programs may find a new file at once: whoever comes second finds the step taken.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if self::version(&transaction)? >= step {
            continue;
        }
        transaction.execute_batch(statements)?;
        transaction.pragma_update(None, "user_version", step)?;
        transaction.commit()?;
    }
    Ok(())
}
