//! The stored states: how they are put away, and how a test takes a copy.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use campaign_autopilot::simulator::{
    Actor, Assignment, JournalEntry, Queue, SimClock, SimTime, World,
};
use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::centre::{Centre, Invocation};

/// What a release stores, each in a folder of this name.
pub(super) const KINDS: [&str; 5] = ["fresh", "campaigns", "preview", "queues", "outbox"];

const DATABASE: &str = "autopilot.sqlite3";
const SETTINGS: &str = "settings.toml";
const ROSTER: &str = "roster.csv";
const PLATFORM: &str = "platform.json";

/// Room for a database, so that the repository stays small: some twenty tables and indexes of a page each, and the
/// inputs of some dozen polls.
const MOST_BYTES: u64 = 100_000;

/// Times before this are the simulated platform's, which lives in May 2024; later ones are the daemon's own.
const DAEMONS_TIMES: &str = "2025-01-01T00:00:00Z";

/// How the platform stood when the daemon ended, for a platform that carries on from there.
#[derive(Serialize, Deserialize)]
pub(super) struct Scene {
    /// The daemon's clock.
    ended_at: Timestamp,
    /// The platform's.
    platform_now: Timestamp,
    campaigns: BTreeMap<String, Standing>,
    /// Preview assignments.
    lists: BTreeMap<String, Vec<Assignment>>,
    queues: BTreeMap<String, Queue>,
}

#[derive(Serialize, Deserialize)]
struct Standing {
    status: String,
    updated: Timestamp,
}

/// A stored state that was taken from the shelf: a copy of the store, and a platform that stands as it stood.
pub(super) struct Stored {
    pub(super) centre: Centre,
    /// The audit as it was stored, in rows as `audit export` gives them.
    pub(super) audit: Vec<Value>,
}

/// The folder of all versions.
pub(super) fn shelf() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored-states")
}

/// The versions that have stored states.
pub(super) fn versions() -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(shelf())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert!(!found.is_empty(), "there are no stored states");
    found
}

/// A daemon on the settings in the centre's directory.
pub(super) fn daemon(centre: &Centre) -> Invocation {
    let mut daemon = centre.daemon();
    let directory = centre.directory.path();
    daemon
        .env_remove("CXONE_CAMPAIGN_ID")
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_CONFIG", directory.join(SETTINGS));
    if directory.join(ROSTER).exists() {
        daemon.env("AUTOPILOT_ROSTER", directory.join(ROSTER));
    }
    daemon
}

/// Writes what [`daemon`] starts with.
pub(super) fn furnish(centre: &Centre, settings: &str, roster: Option<&str>) {
    fs::write(centre.directory.path().join(SETTINGS), settings).unwrap();
    if let Some(roster) = roster {
        fs::write(centre.directory.path().join(ROSTER), roster).unwrap();
    }
}

/// Puts away what the daemon in this centre left, as this version's state of that kind.
pub(super) fn put_away(centre: &Centre, kind: &str) {
    let folder = shelf().join(env!("CARGO_PKG_VERSION")).join(kind);
    assert!(
        !folder.exists(),
        "{} is there: what is stored is never written again",
        folder.display()
    );
    let ended_at = Timestamp::now();
    let database = centre.state_dir().join(DATABASE);
    compact(&database);
    let bytes = database.metadata().unwrap().len();
    assert!(bytes <= MOST_BYTES, "{kind} has {bytes} bytes");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(&database, folder.join(DATABASE)).unwrap();
    for file in [SETTINGS, ROSTER] {
        let path = centre.directory.path().join(file);
        if path.exists() {
            fs::copy(path, folder.join(file)).unwrap();
        }
    }
    let scene = serde_json::to_string_pretty(&scene(centre, ended_at)).unwrap();
    fs::write(folder.join(PLATFORM), scene + "\n").unwrap();
}

/// Moves everything into the one file and gives back what is not used. The pages are small, because most tables have a
/// row or two.
fn compact(database: &Path) {
    let connection = Connection::open(database).unwrap();
    for pragma in [
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA page_size = 1024",
        "VACUUM",
        "PRAGMA journal_mode = WAL",
    ] {
        let mut statement = connection.prepare(pragma).unwrap();
        let mut rows = statement.query([]).unwrap();
        while rows.next().unwrap().is_some() {}
    }
}

fn scene(centre: &Centre, ended_at: Timestamp) -> Scene {
    let platform = &centre.platform;
    let start = start();
    let mut campaigns: BTreeMap<String, Timestamp> = BTreeMap::new();
    for campaign in campaigns_of(centre) {
        campaigns.insert(campaign, start);
    }
    for JournalEntry { at, campaign, .. } in platform.journal() {
        campaigns.insert(campaign, moment(at));
    }
    let lists = campaigns.keys().map(|id| {
        let list = platform.assignments(id);
        (id.clone(), list)
    });
    let queues = ["queue-1", "queue-2"].into_iter();
    Scene {
        ended_at,
        platform_now: moment(platform.now()),
        lists: lists.filter(|(_, list)| !list.is_empty()).collect(),
        queues: queues
            .filter_map(|id| Some((id.to_owned(), platform.queue(id)?)))
            .collect(),
        campaigns: campaigns
            .into_iter()
            .filter_map(|(id, updated)| {
                let status = platform.campaign_status(&id)?;
                Some((id, Standing { status, updated }))
            })
            .collect(),
    }
}

/// Every campaign that the settings name.
fn campaigns_of(centre: &Centre) -> Vec<String> {
    let text = fs::read_to_string(centre.directory.path().join(SETTINGS)).unwrap();
    let settings: toml::Table = text.parse().unwrap();
    let named = |table: &str, key: &str| -> Vec<String> {
        let rows = settings.get(table).and_then(toml::Value::as_array);
        let rows = rows.map(Vec::as_slice).unwrap_or_default().iter();
        rows.map(|row| row[key].as_str().unwrap().to_owned())
            .collect()
    };
    [named("campaign", "id"), named("preview", "campaign")].concat()
}

fn moment(at: SimTime) -> Timestamp {
    Timestamp::from_millisecond(at.as_unix_millis()).unwrap()
}

/// When campaigns were made on the platform on which states are generated.
fn start() -> Timestamp {
    "2024-05-15T07:00:00Z".parse().unwrap()
}

/// A platform for generating: these campaigns run, and were made an hour before it starts.
pub(super) fn stage(campaigns: &[&str]) -> Centre {
    let centre = Centre::with(|settings| {
        settings.world = World::new();
        settings.world.put_example_queues();
        for id in campaigns {
            let made = SimTime::from(start());
            settings.world.put_campaign(id, id, "RUNNING", made);
        }
    });
    centre.platform.set_available(0);
    centre
}

/// Takes a copy from the shelf: the store is moved to the present, as if the daemon had ended a moment ago, so that holds
/// and budgets are as they were; and the platform goes on a minute after.
pub(super) fn take(version: &str, kind: &str) -> Stored {
    let folder = shelf().join(version).join(kind);
    let scene = fs::read_to_string(folder.join(PLATFORM)).unwrap();
    let scene: Scene = serde_json::from_str(&scene).unwrap();
    let centre = Centre::with(|settings| {
        let resumed = scene.platform_now + jiff::SignedDuration::from_mins(1);
        settings.clock = SimClock::starting_at(resumed.into(), 1.0);
        settings.world = World::new();
        settings.world.put_example_queues();
        for (id, queue) in &scene.queues {
            settings.world.put_queue(id, queue.clone());
        }
        for (id, standing) in &scene.campaigns {
            let updated = SimTime::from(standing.updated);
            let status = &standing.status;
            settings.world.put_campaign(id, id, status, updated);
            let list = scene.lists.get(id).cloned().unwrap_or_default();
            settings.world.assign(id, list, Actor::Person, updated);
        }
    });
    centre.platform.set_available(0);
    for file in [SETTINGS, ROSTER] {
        let path = folder.join(file);
        if path.exists() {
            fs::copy(path, centre.directory.path().join(file)).unwrap();
        }
    }
    fs::create_dir(centre.state_dir()).unwrap();
    let database = centre.state_dir().join(DATABASE);
    fs::copy(folder.join(DATABASE), &database).unwrap();
    let audit = centre.audit();
    move_to_the_present(&database, scene.ended_at);
    Stored { centre, audit }
}

/// Moves every time of the daemon's own clock, wherever it stands in a row; what is proved by hashes or replayed stays.
fn move_to_the_present(database: &Path, ended_at: Timestamp) {
    let by = Timestamp::now().as_millisecond() - ended_at.as_millisecond();
    let from = DAEMONS_TIMES.parse::<Timestamp>().unwrap().as_millisecond();
    let connection = Connection::open(database).unwrap();
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap();
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let stays = ["audit", "audit_head", "input", "series"];
    for table in tables.iter().filter(|table| !stays.contains(&&***table)) {
        move_table(&connection, table, from, by);
    }
}

fn move_table(connection: &Connection, table: &str, from: i64, by: i64) {
    let mut info = connection
        .prepare(&format!(
            "SELECT name, pk > 0 FROM pragma_table_info('{table}')"
        ))
        .unwrap();
    let columns: Vec<(String, bool)> = info
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let keys: Vec<&str> = columns
        .iter()
        .filter(|(_, key)| *key)
        .map(|(name, _)| &**name)
        .collect();
    for (column, _) in columns.iter().filter(|(_, key)| !key) {
        let key = keys.join(", ");
        let mut select = connection
            .prepare(&format!("SELECT {column}, {key} FROM {table}"))
            .unwrap();
        let rows: Vec<Vec<Cell>> = select
            .query_map([], |row| (0..=keys.len()).map(|at| row.get(at)).collect())
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let wheres: Vec<String> = keys.iter().map(|key| format!("{key} = ?")).collect();
        let update = format!(
            "UPDATE {table} SET {column} = ? WHERE {}",
            wheres.join(" AND ")
        );
        for mut row in rows {
            if move_cell(&mut row[0], from, by) > 0 {
                connection
                    .execute(&update, rusqlite::params_from_iter(row))
                    .unwrap();
            }
        }
    }
}

/// Gives how many times were moved.
fn move_cell(cell: &mut Cell, from: i64, by: i64) -> usize {
    match cell {
        Cell::Integer(number) if *number >= from => {
            *number += by;
            1
        }
        Cell::Text(text) => {
            let Ok(mut value) = serde_json::from_str(text) else {
                return 0;
            };
            let moved = move_json(&mut value, from, by);
            if moved > 0 {
                *text = value.to_string();
            }
            moved
        }
        Cell::Null | Cell::Integer(_) | Cell::Real(_) | Cell::Blob(_) => 0,
    }
}

fn move_json(value: &mut Value, from: i64, by: i64) -> usize {
    let moved = |value| move_json(value, from, by);
    match value {
        Value::Object(object) => object.values_mut().map(moved).sum(),
        Value::Array(values) => values.iter_mut().map(moved).sum(),
        Value::Number(number) => {
            let Some(time) = number.as_i64().filter(|time| *time >= from) else {
                return 0;
            };
            *value = (time + by).into();
            1
        }
        Value::Null | Value::Bool(_) | Value::String(_) => 0,
    }
}
