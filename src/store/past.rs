//! The past for whoever looks: rows of the audit, the newest first, and what plots are drawn from, read beside the writer.
//!
//! Each question opens the file anew and reads on a thread of its own, so that neither the loop's commits nor the loop
//! wait for it; a few questions at once are let in, the others wait their turn.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::control::operator::{Past, PastEntry, PastQuery};
use crate::control::ports::{CampaignDays, OutcomeDays};
use crate::control::series::{CampaignPauses, PastSeries, PausesQuery, Series, SeriesQuery};
use crate::domain::guard::DaySpan;
use crate::domain::outcomes::OutcomeSlot;
use crate::domain::{CampaignId, Timestamp, Zone};

use super::at::StoreAt;
use super::database::Database;
use super::fault::StoreFault;
use super::postgres::Role;
use super::reader::open_beside;
use super::sql_fault::SqlResult;
use super::value::values;
use super::{outcome_days, outcomes, pauses, series};

/// Questions at once.
const AT_ONCE: usize = 2;

/// Rows that one question looks through at most: some weeks of a busy tenant, within a tenth of a second.
const LONGEST_LOOK: i64 = 100_000;

/// Reads the past from the store in a directory.
pub struct StorePast {
    at: StoreAt,
    places: Arc<Semaphore>,
}

impl StorePast {
    /// Of the store that is there, which is opened with the first question.
    #[must_use]
    pub fn new(at: impl Into<StoreAt>) -> Self {
        Self {
            at: at.into(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Has a question answered on a thread of its own, when its turn comes.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Database) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, String> {
        // It fails only when the semaphore is closed, which nobody does.
        let place = Arc::clone(&self.places).acquire_owned().await;
        let at = self.at.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let found = open_beside(&at, Role::Reader).and_then(|(database, path)| {
                question(&database).map_err(|wrong| StoreFault::of(&path, wrong))
            });
            drop(place);
            found
        });
        match asked.await {
            Ok(found) => found.map_err(|fault| fault.to_string()),
            Err(wrong) => Err(wrong.to_string()),
        }
    }
}

impl Past for StorePast {
    fn read(&self, query: PastQuery) -> BoxFuture<'_, Result<Vec<PastEntry>, String>> {
        Box::pin(self.ask(move |database| entries(database, &query)))
    }
}

impl PastSeries for StorePast {
    fn read_outcomes(&self, query: SeriesQuery) -> BoxFuture<'_, Result<Vec<OutcomeSlot>, String>> {
        Box::pin(self.ask(move |database| outcomes::read(database, &query)))
    }

    fn read_series(&self, query: SeriesQuery) -> BoxFuture<'_, Result<Series, String>> {
        Box::pin(self.ask(move |database| series::read(database, &query)))
    }

    fn read_pauses(
        &self,
        query: PausesQuery,
    ) -> BoxFuture<'_, Result<BTreeMap<String, CampaignPauses>, String>> {
        Box::pin(self.ask(move |database| pauses::read(database, query)))
    }
}

impl OutcomeDays for StorePast {
    fn outcome_days(
        &self,
        zone: &Zone,
        span: DaySpan,
    ) -> BoxFuture<'_, Result<CampaignDays, String>> {
        let zone = zone.clone();
        Box::pin(self.ask(move |database| outcome_days::read(database, &zone, span)))
    }
}

/// Counters that programs feed each few minutes are rows of an operator too: they have a kind of their own here, so that what people did is
/// found among them.
fn entries(database: &Database, query: &PastQuery) -> SqlResult<Vec<PastEntry>> {
    let kinds = match query.kinds.as_slice() {
        [] => None,
        some => Some(format!(",{},", some.join(","))),
    };
    let until = query.until.map(Timestamp::as_unix_millis);
    database.query(
        "SELECT seq, at_ms, campaign, run, tick, kind, body
         FROM (SELECT seq, at_ms, campaign, run, tick, kind, body,
                   CASE WHEN kind = 'operator' AND body LIKE '%\"change\":\"outcomes_fed\"%' THEN 'fed' ELSE kind END AS sort
               FROM audit WHERE {mine} ORDER BY seq DESC LIMIT ?1) AS recent
         WHERE at_ms BETWEEN ?2 AND ?5 AND (?6 IS NULL OR ?6 LIKE '%,' || sort || ',%')
             AND (?3 IS NULL OR campaign = ?3 OR (?7 = 1 AND campaign IS NULL
                 AND sort IN ('started', 'stopped', 'clock_stepped', 'alerted', 'operator')))
         ORDER BY seq DESC LIMIT ?4",
        &values![
            LONGEST_LOOK,
            query.since.as_unix_millis(),
            query.campaign.as_ref().map(CampaignId::as_str),
            i64::try_from(query.limit).unwrap_or(i64::MAX),
            until.unwrap_or(i64::MAX),
            kinds,
            i64::from(query.of_all),
        ],
        |row| {
            let at: i64 = row.get(1)?;
            let (run, tick): (i64, i64) = (row.get(3)?, row.get(4)?);
            let body: String = row.get(6)?;
            Ok(PastEntry {
                seq: row.get(0)?,
                at: Timestamp::from_unix_millis(at).to_string(),
                campaign: row.get(2)?,
                decision: format!("{run}-{tick}"),
                kind: row.get(5)?,
                event: serde_json::from_str(&body).unwrap_or(serde_json::Value::String(body)),
            })
        },
    )
}
