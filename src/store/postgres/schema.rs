//! The tables on a server. They are those of a file, and each row names its tenant.

use super::address::ServerAddress;
use super::link::{Link, Places};
use super::server_fault::ServerFault;

/// Each entry takes the tables one version further.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE lease (
        tenant  TEXT COLLATE \"C\" PRIMARY KEY,
        holder  TEXT COLLATE \"C\" NOT NULL DEFAULT '',
        epoch   BIGINT NOT NULL DEFAULT 0,
        expires TIMESTAMPTZ NOT NULL DEFAULT '-infinity',
        member  TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE run (
        tenant     TEXT COLLATE \"C\" NOT NULL,
        number     BIGINT NOT NULL,
        started_ms BIGINT NOT NULL,
        PRIMARY KEY (tenant, number)
    );
    CREATE TABLE campaign (
        tenant     TEXT COLLATE \"C\" NOT NULL,
        id         TEXT COLLATE \"C\" NOT NULL,
        state      TEXT NOT NULL,
        updated_ms BIGINT NOT NULL,
        PRIMARY KEY (tenant, id)
    );
    CREATE TABLE audit (
        tenant   TEXT COLLATE \"C\" NOT NULL,
        seq      BIGINT NOT NULL,
        at_ms    BIGINT NOT NULL,
        campaign TEXT COLLATE \"C\",
        run      BIGINT NOT NULL,
        tick     BIGINT NOT NULL,
        kind     TEXT COLLATE \"C\" NOT NULL,
        body     TEXT NOT NULL,
        previous TEXT COLLATE \"C\" NOT NULL,
        hash     TEXT COLLATE \"C\" NOT NULL,
        PRIMARY KEY (tenant, seq),
        UNIQUE (tenant, previous)
    );
    CREATE FUNCTION audit_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'audit rows are never changed or deleted'; END $$;
    CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_is_never_changed();
    CREATE TABLE audit_head (
        tenant TEXT COLLATE \"C\" NOT NULL,
        \"only\" BIGINT NOT NULL CHECK (\"only\" = 1),
        seq    BIGINT NOT NULL,
        hash   TEXT COLLATE \"C\" NOT NULL,
        PRIMARY KEY (tenant, \"only\")
    );
    CREATE TABLE input (
        tenant TEXT COLLATE \"C\" NOT NULL,
        seq    BIGINT NOT NULL,
        at_ms  BIGINT NOT NULL,
        body   TEXT NOT NULL,
        PRIMARY KEY (tenant, seq)
    );
    CREATE INDEX input_by_time ON input (tenant, at_ms);
    CREATE TABLE outbox (
        tenant   TEXT COLLATE \"C\" NOT NULL,
        seq      BIGINT NOT NULL,
        id       TEXT COLLATE \"C\" NOT NULL,
        event    TEXT NOT NULL,
        key      TEXT COLLATE \"C\" NOT NULL,
        subject  TEXT NOT NULL,
        body     TEXT NOT NULL,
        at_ms    BIGINT NOT NULL,
        since_ms BIGINT NOT NULL,
        run      BIGINT NOT NULL,
        tick     BIGINT NOT NULL,
        attempts BIGINT NOT NULL DEFAULT 0,
        due_ms   BIGINT,
        why      TEXT,
        dead_ms  BIGINT,
        PRIMARY KEY (tenant, seq),
        UNIQUE (tenant, id),
        CHECK (due_ms IS NULL OR dead_ms IS NULL)
    );
    CREATE INDEX outbox_due ON outbox (tenant, due_ms) WHERE due_ms IS NOT NULL;
    CREATE INDEX outbox_waiting ON outbox (tenant, key, seq) WHERE dead_ms IS NULL;
    CREATE INDEX outbox_oldest ON outbox (tenant, at_ms) WHERE dead_ms IS NULL;
    CREATE INDEX outbox_dead ON outbox (tenant, seq) WHERE dead_ms IS NOT NULL;
    CREATE TABLE outbox_count (
        tenant  TEXT COLLATE \"C\" PRIMARY KEY,
        waiting BIGINT NOT NULL,
        dead    BIGINT NOT NULL
    );
    CREATE FUNCTION outbox_counted() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            waits BIGINT := 0;
            died BIGINT := 0;
            whose TEXT;
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                whose := OLD.tenant;
                IF OLD.dead_ms IS NULL THEN waits := waits - 1; ELSE died := died - 1; END IF;
            END IF;
            IF TG_OP <> 'DELETE' THEN
                whose := NEW.tenant;
                IF NEW.dead_ms IS NULL THEN waits := waits + 1; ELSE died := died + 1; END IF;
            END IF;
            IF waits <> 0 OR died <> 0 THEN
                INSERT INTO outbox_count AS c (tenant, waiting, dead) VALUES (whose, waits, died)
                    ON CONFLICT (tenant) DO UPDATE SET waiting = c.waiting + waits, dead = c.dead + died;
            END IF;
            RETURN NULL;
        END $$;
    CREATE TRIGGER outbox_counted AFTER INSERT OR UPDATE OF dead_ms OR DELETE ON outbox
        FOR EACH ROW EXECUTE FUNCTION outbox_counted();
    CREATE TABLE assignment (
        tenant   TEXT COLLATE \"C\" NOT NULL,
        campaign TEXT COLLATE \"C\" NOT NULL,
        list     TEXT NOT NULL,
        PRIMARY KEY (tenant, campaign)
    );
    CREATE TABLE queue (
        tenant TEXT COLLATE \"C\" NOT NULL,
        id     TEXT COLLATE \"C\" NOT NULL,
        memory TEXT NOT NULL,
        PRIMARY KEY (tenant, id)
    );
    CREATE TABLE series (
        tenant  TEXT COLLATE \"C\" NOT NULL,
        seq     BIGINT NOT NULL,
        at_ms   BIGINT NOT NULL,
        opening BIGINT NOT NULL,
        body    BYTEA NOT NULL,
        PRIMARY KEY (tenant, seq)
    );
    CREATE INDEX series_openings ON series (tenant, at_ms) WHERE opening = 1;
    CREATE TABLE operation (
        tenant    TEXT COLLATE \"C\" NOT NULL,
        kind      TEXT COLLATE \"C\" NOT NULL,
        target    TEXT COLLATE \"C\" NOT NULL,
        run       BIGINT NOT NULL,
        tick      BIGINT NOT NULL,
        at_ms     BIGINT NOT NULL,
        record    TEXT NOT NULL,
        outcome   TEXT,
        closed_ms BIGINT,
        PRIMARY KEY (tenant, kind, target, run, tick)
    );
    CREATE INDEX operation_open ON operation (tenant, kind, target) WHERE closed_ms IS NULL;
    CREATE INDEX operation_closed ON operation (tenant, closed_ms) WHERE closed_ms IS NOT NULL;
    CREATE TABLE outcome (
        tenant    TEXT COLLATE \"C\" NOT NULL,
        campaign  TEXT COLLATE \"C\" NOT NULL,
        from_ms   BIGINT NOT NULL,
        until_ms  BIGINT NOT NULL,
        known_ms  BIGINT NOT NULL,
        dials     BIGINT NOT NULL,
        answered  BIGINT NOT NULL,
        connected BIGINT NOT NULL,
        abandoned BIGINT NOT NULL,
        PRIMARY KEY (tenant, campaign, from_ms)
    );
    CREATE INDEX outcome_by_time ON outcome (tenant, from_ms);
    CREATE TABLE outcome_day (
        tenant     TEXT COLLATE \"C\" NOT NULL,
        zone       TEXT COLLATE \"C\" NOT NULL,
        day        TEXT COLLATE \"C\" NOT NULL,
        campaign   TEXT COLLATE \"C\" NOT NULL,
        known_ms   BIGINT NOT NULL,
        carried_ms BIGINT NOT NULL,
        dials      BIGINT NOT NULL,
        answered   BIGINT NOT NULL,
        connected  BIGINT NOT NULL,
        abandoned  BIGINT NOT NULL,
        PRIMARY KEY (tenant, zone, day, campaign)
    );
    CREATE INDEX outcome_day_by_day ON outcome_day (tenant, day);
    CREATE TABLE workload (
        tenant   TEXT COLLATE \"C\" NOT NULL,
        campaign TEXT COLLATE \"C\" NOT NULL,
        from_ms  BIGINT NOT NULL,
        body     BYTEA NOT NULL,
        PRIMARY KEY (tenant, campaign, from_ms)
    );
    CREATE INDEX workload_by_time ON workload (tenant, from_ms);
    CREATE TABLE workload_outcome (
        tenant    TEXT COLLATE \"C\" NOT NULL,
        campaign  TEXT COLLATE \"C\" NOT NULL,
        from_ms   BIGINT NOT NULL,
        until_ms  BIGINT NOT NULL,
        known_ms  BIGINT NOT NULL,
        dials     BIGINT NOT NULL,
        answered  BIGINT NOT NULL,
        connected BIGINT NOT NULL,
        abandoned BIGINT NOT NULL,
        PRIMARY KEY (tenant, campaign, from_ms)
    );
    CREATE TABLE workload_shared (
        tenant   TEXT COLLATE \"C\" NOT NULL,
        campaign TEXT COLLATE \"C\" NOT NULL,
        other    TEXT COLLATE \"C\" NOT NULL,
        from_ms  BIGINT NOT NULL,
        body     BYTEA NOT NULL,
        PRIMARY KEY (tenant, campaign, other, from_ms)
    );
    CREATE INDEX workload_shared_by_time ON workload_shared (tenant, from_ms);
",
    // Ranges of rows of the audit that lie in files of their own. Rows go only with a segment that is marked as removed before.
    "
    CREATE TABLE segment (
        tenant     TEXT COLLATE \"C\" NOT NULL,
        first_seq  BIGINT NOT NULL,
        last_seq   BIGINT NOT NULL,
        first_ms   BIGINT NOT NULL,
        last_ms    BIGINT NOT NULL,
        previous   TEXT COLLATE \"C\" NOT NULL,
        hash       TEXT COLLATE \"C\" NOT NULL,
        file       TEXT NOT NULL,
        digest     TEXT COLLATE \"C\" NOT NULL,
        told_seq   BIGINT NOT NULL,
        sealed_ms  BIGINT NOT NULL,
        removed_ms BIGINT,
        PRIMARY KEY (tenant, first_seq),
        CHECK (last_seq >= first_seq AND told_seq > last_seq)
    );
    DROP TRIGGER audit_is_never_changed ON audit;
    CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_is_never_changed();
    CREATE FUNCTION audit_is_kept_unless_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT 1 FROM segment AS s WHERE s.tenant = OLD.tenant
                AND s.first_seq <= OLD.seq AND s.last_seq >= OLD.seq AND s.removed_ms IS NOT NULL) THEN
                RAISE EXCEPTION 'audit rows are never changed or deleted';
            END IF;
            RETURN OLD;
        END $$;
    CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
        FOR EACH ROW EXECUTE FUNCTION audit_is_kept_unless_sealed();
",
    // Who is there. Whoever may use the tables already may use the new ones.
    "
    CREATE TABLE member (
        id      TEXT COLLATE \"C\" PRIMARY KEY,
        name    TEXT NOT NULL,
        address TEXT NOT NULL,
        tenants TEXT COLLATE \"C\" NOT NULL,
        cannot  TEXT NOT NULL,
        seen    TIMESTAMPTZ NOT NULL
    );
    ALTER TABLE lease ADD COLUMN held_by TEXT COLLATE \"C\" NOT NULL DEFAULT '';
    DO $$
        DECLARE
            daemon TEXT;
        BEGIN
            FOR daemon IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
                WHERE table_schema = current_schema AND table_name = 'lease'
                    AND privilege_type = 'UPDATE' AND grantee NOT IN (current_user, 'PUBLIC')
            LOOP
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON member TO %I', daemon);
                EXECUTE format('GRANT SELECT, INSERT, UPDATE ON segment TO %I', daemon);
            END LOOP;
        END $$;
"];

/// What a daemon may do with the tables: the audit it can only add to.
const GRANTS: &str = "
    GRANT USAGE ON SCHEMA {schema} TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
    REVOKE UPDATE, DELETE ON {schema}.audit FROM {role};
    REVOKE DELETE ON {schema}.segment FROM {role};
    REVOKE INSERT, UPDATE, DELETE ON {schema}.schema_version FROM {role}";

/// The version that this program uses.
fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Reads the version of the tables.
const VERSION: &str = "SELECT version FROM schema_version";

/// Looks whether the tables are those of this program.
pub(super) async fn check(link: &mut Link, address: &str) -> Result<(), ServerFault> {
    link.begin("BEGIN READ ONLY").await?;
    let found = version(link).await;
    link.roll_back().await;
    let (found, known) = (found?, newest());
    if found == known {
        return Ok(());
    }
    let address = address.to_owned();
    Err(ServerFault::Version {
        address,
        found,
        known,
    })
}

async fn version(link: &mut Link) -> Result<i64, ServerFault> {
    let rows = link.rows(VERSION, &Places::none()).await?;
    let found = rows.first().map(|row| row.try_get(0));
    let found = found.unwrap_or(Ok(0));
    found.map_err(|wrong| ServerFault::Ours(format!("the version of the tables: {wrong}")))
}

/// Brings the tables to this program's version; returns the version before and now.
pub(super) async fn migrate(
    link: &mut Link,
    address: &ServerAddress,
    grant_to: Option<&str>,
) -> Result<(i64, i64), ServerFault> {
    link.begin("BEGIN").await?;
    let moved = move_on(link, address, grant_to).await;
    match moved {
        Ok(versions) => link.commit().await.map(|()| versions),
        Err(wrong) => {
            link.roll_back().await;
            Err(wrong)
        }
    }
}

async fn move_on(
    link: &mut Link,
    address: &ServerAddress,
    grant_to: Option<&str>,
) -> Result<(i64, i64), ServerFault> {
    let schema = &address.schema;
    // Two that come at once: the second waits here, and finds the tables made. The number is any that others hardly use.
    link.batch("SELECT pg_advisory_xact_lock(4711190000000001)")
        .await?;
    link.batch(&format!(
        "CREATE SCHEMA IF NOT EXISTS {schema}; CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)"
    ))
    .await?;
    let found = version(link).await?;
    let known = newest();
    if found > known {
        let address = address.to_string();
        return Err(ServerFault::Version {
            address,
            found,
            known,
        });
    }
    for statements in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        link.batch(statements).await?;
    }
    link.batch(&format!(
        "DELETE FROM schema_version; INSERT INTO schema_version VALUES ({known})"
    ))
    .await?;
    if let Some(role) = grant_to {
        let role = format!("\"{}\"", role.replace('"', "\"\""));
        let grants = GRANTS.replace("{schema}", schema).replace("{role}", &role);
        link.batch(&grants).await?;
    }
    Ok((found, known))
}
