//! Reading the store beside a daemon that may be writing it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::control::ports::CampaignDays;
use crate::control::series::SeriesQuery;
use crate::domain::guard::DaySpan;
use crate::domain::outcomes::OutcomeSlot;
use crate::domain::replay::{Divergence, Input, Replayed, replay};
use crate::domain::workload::WorkloadSlot;
use crate::domain::{CampaignId, CampaignState, Timestamp, Zone};

use super::at::{OnServer, StoreAt};
use super::audit::AuditRecord;
use super::chain::{self, BrokenChain, Chain};
use super::database::Database;
use super::fault::StoreFault;
use super::file::existing;
use super::postgres::{Hold, Role, Session};
use super::sql_fault::{SqlFault, SqlResult};
use super::value::{number, values};
use super::writer;
use super::{outcome_days, schema, workload, workload_shared};

/// The store, open for reading.
pub struct StoreReader {
    pub(super) database: Database,
    pub(super) path: PathBuf,
}

/// Why recorded inputs could not be decided again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayFault {
    /// A decision came out otherwise.
    #[error(transparent)]
    Diverged(#[from] Divergence),
    /// An input cannot be read.
    #[error("recorded input {number} cannot be read: {why}")]
    Unreadable {
        /// Its number in the store.
        number: i64,
        /// What is wrong with it.
        why: String,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

impl StoreReader {
    /// Opens the store that is there.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(at: impl Into<StoreAt>) -> Result<Self, StoreFault> {
        let (database, path) = open_beside(&at.into(), Role::Alone)?;
        Ok(Self { database, path })
    }

    /// Where the store is: its file, or the address of its server.
    #[must_use]
    pub fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// Checks the whole chain of the audit and feeds each row that holds to `each`. Returns how many there are.
    ///
    /// # Errors
    /// The first place where the chain does not hold.
    pub fn audit(&self, mut each: impl FnMut(AuditRecord)) -> Result<u64, BrokenChain> {
        chain::verify(&self.database, |row| each(row.record())).map(|chain| chain.rows)
    }

    /// Checks the whole chain of the audit, and returns how many rows there are.
    ///
    /// # Errors
    /// The first place where the chain does not hold.
    pub fn check_chain(&self) -> Result<u64, BrokenChain> {
        self.chain().map(|chain| chain.rows)
    }

    /// Checks the whole chain of the audit, over rows that were sealed and removed by what is recorded of them, and returns what it has.
    ///
    /// # Errors
    /// The first place where the chain does not hold.
    pub fn chain(&self) -> Result<Chain, BrokenChain> {
        chain::verify(&self.database, drop)
    }

    /// Checks the same, and that these files prove the rows that were removed: with them every row of the chain was read.
    ///
    /// # Errors
    /// The first place where the chain does not hold, or a file that is missing, damaged or of another store.
    pub fn chain_with_segments(&self, files: &[PathBuf]) -> Result<Chain, BrokenChain> {
        let chain = self.chain()?;
        chain::verify_files(&chain, files)?;
        Ok(chain)
    }

    /// Returns the hash of a row of a chain that holds; none where the chain does not reach so far. `files` are those of segments.
    ///
    /// # Errors
    /// When the row was removed and its file is not among them, or something cannot be read.
    pub fn hash_of(
        &self,
        chain: &Chain,
        files: &[PathBuf],
        row: i64,
    ) -> Result<Option<String>, BrokenChain> {
        chain::hash_of(&self.database, chain, files, row)
    }

    /// What is remembered of each campaign.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn states(&self) -> Result<BTreeMap<CampaignId, CampaignState>, StoreFault> {
        writer::states(&self.database, &self.path)
    }

    /// Reads what was counted of outcomes on the days of a span, on the clock of a zone.
    ///
    /// # Errors
    /// When it cannot be read, or the store is of a version that did not keep days.
    pub fn outcome_days(&self, zone: &Zone, span: DaySpan) -> Result<CampaignDays, StoreFault> {
        self.of_this_version()?;
        outcome_days::read(&self.database, zone, span).map_err(|wrong| self.fault(wrong))
    }

    /// Reads what the agents of a campaign did, in slots, the oldest first.
    ///
    /// # Errors
    /// When it cannot be read, or the store is of a version that did not keep it.
    pub fn workload(
        &self,
        campaign: &CampaignId,
        since: Timestamp,
    ) -> Result<Vec<WorkloadSlot>, StoreFault> {
        self.of_this_version()?;
        workload::read(&self.database, campaign, since).map_err(|wrong| self.fault(wrong))
    }

    /// Reads what agents did who work for a campaign and for another one, with that other one, in slots, the oldest first.
    ///
    /// # Errors
    /// When it cannot be read, or the store is of a version that did not keep it.
    pub fn shared_workload(
        &self,
        campaign: &CampaignId,
        since: Timestamp,
    ) -> Result<Vec<(CampaignId, WorkloadSlot)>, StoreFault> {
        self.of_this_version()?;
        let found = workload_shared::read(&self.database, campaign, since);
        let found = found.map_err(|wrong| self.fault(wrong))?;
        let known = found.into_iter();
        Ok(known
            .filter_map(|(id, slot)| Some((id.parse().ok()?, slot)))
            .collect())
    }

    /// Returns the campaigns of whose agents something is recorded since then.
    ///
    /// # Errors
    /// When it cannot be read, or the store is of a version that did not keep it.
    pub fn recorded_campaigns(&self, since: Timestamp) -> Result<Vec<CampaignId>, StoreFault> {
        self.of_this_version()?;
        let found = workload::campaigns(&self.database, since);
        let found = found.map_err(|wrong| self.fault(wrong))?;
        Ok(found.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Reads what was counted of a campaign's outcomes while its agents were recorded, in slots, the oldest first.
    ///
    /// # Errors
    /// When it cannot be read, or the store is of an older version.
    pub fn recorded_outcomes(
        &self,
        campaign: &CampaignId,
        since: Timestamp,
    ) -> Result<Vec<OutcomeSlot>, StoreFault> {
        self.of_this_version()?;
        let query = SeriesQuery {
            campaign: campaign.clone(),
            since,
        };
        workload::read_outcomes(&self.database, &query).map_err(|wrong| self.fault(wrong))
    }

    pub(super) fn of_this_version(&self) -> Result<(), StoreFault> {
        // The tables on a server are of this version, or were not opened.
        let Some(file) = self.database.file() else {
            return Ok(());
        };
        let found = schema::version(file);
        let found = found.map_err(|wrong| StoreFault::from_sqlite(&self.path, &wrong))?;
        let known = schema::newest();
        if found < known {
            let path = self.path.clone();
            return Err(StoreFault::Older { path, found, known });
        }
        Ok(())
    }

    /// Decides everything again from the recorded inputs.
    ///
    /// # Errors
    /// The first decision that differs, or an input that cannot be read.
    pub fn replay(&self) -> Result<Replayed, ReplayFault> {
        self.with_inputs(|inputs| replay(inputs))?
            .map_err(ReplayFault::from)
    }

    /// Returns how many inputs are recorded.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn input_count(&self) -> Result<u64, StoreFault> {
        let count = "SELECT count(*) FROM input WHERE {mine}";
        let count = self.database.one(count, &[], |row| row.get(0));
        Ok(number(count.map_err(|wrong| self.fault(wrong))?))
    }

    /// Gives the recorded inputs in their order to `read`, and returns what it makes of them.
    ///
    /// # Errors
    /// An input that cannot be read; `read` was given those before it.
    pub fn with_inputs<T>(
        &self,
        read: impl FnOnce(&mut dyn Iterator<Item = (Timestamp, Input)>) -> T,
    ) -> Result<T, ReplayFault> {
        // Of one moment: what a daemon prunes meanwhile must not leave a hole.
        let moment = self.database.moment().map_err(|wrong| self.fault(wrong))?;
        let mut unreadable = None;
        let mut behind = 0_i64;
        let mut page = Vec::new().into_iter();
        let mut inputs = std::iter::from_fn(|| {
            let (number, at, body) = match page.next() {
                Some(row) => row,
                None => match inputs_behind(&moment, behind) {
                    Ok(rows) => {
                        page = rows.into_iter();
                        page.next()?
                    }
                    Err(wrong) => {
                        unreadable = Some(self.fault(wrong).into());
                        return None;
                    }
                },
            };
            behind = number;
            match serde_json::from_str::<Input>(&body) {
                Ok(input) => Some((Timestamp::from_unix_millis(at), input)),
                Err(wrong) => {
                    let why = wrong.to_string();
                    unreadable = Some(ReplayFault::Unreadable { number, why });
                    None
                }
            }
        });
        let found = read(&mut inputs);
        unreadable.map_or(Ok(found), Err)
    }

    pub(super) fn fault(&self, wrong: SqlFault) -> StoreFault {
        StoreFault::of(&self.path, wrong)
    }
}

/// Inputs that are held in memory at once.
const INPUTS_OF_A_PAGE: i64 = 200;

/// Recorded inputs behind one, in order: number, time and body.
fn inputs_behind(database: &Database, behind: i64) -> SqlResult<Vec<(i64, i64, String)>> {
    database.query(
        "SELECT seq, at_ms, body FROM input WHERE {mine} AND seq > ?1 ORDER BY seq LIMIT ?2",
        &values![behind, INPUTS_OF_A_PAGE],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Opens the store beside whoever writes it; nothing can be written over what it gives.
pub(super) fn open_beside(at: &StoreAt, role: Role) -> Result<(Database, PathBuf), StoreFault> {
    if let Some(OnServer { server, tenant, .. }) = &at.server {
        let session = Session::open(server, role, tenant, Hold::Nothing)?;
        return Ok((
            Database::on_server(session),
            server.address().to_string().into(),
        ));
    }
    let path = existing(&at.directory)?;
    let sqlite = |wrong: rusqlite::Error| StoreFault::from_sqlite(&path, &wrong);
    // Not read-only: a write-ahead log can be read only by somebody who may make its index.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).map_err(sqlite)?;
    connection
        .busy_timeout(Duration::from_secs(5))
        .map_err(sqlite)?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(sqlite)?;
    Ok((Database::of_file(connection), path))
}
