//! The operations about the past: the audit log, and the series that plots are drawn from.

use std::sync::Arc;

use hyper::StatusCode;

use crate::control::operator::PastQuery;
use crate::control::series::SeriesQuery;
use crate::domain::CampaignId;

use super::answer::{Answered, Failure, full, json};
use super::connections::Slot;
use super::documents::{EntryDocument, HistoryDocument};
use super::outcomes::{CampaignOutcomes, OutcomeColumns, outcome_rows};
use super::query::Query;
use super::schema::SCHEMA;
use super::series::SeriesDocument;
use super::sources::Sources;

/// Entries of the history by default, and at most.
const ENTRIES: (usize, usize) = (200, 1_000);

/// Rows of the audit that a plot's marks are taken from: a campaign that flaps all day has some thousand.
const MOST_OF_A_PLOT: usize = 4_000;

impl Sources {
    /// The audit log, the newest first.
    pub(super) async fn history(&self, query: &Query) -> Answered {
        let now = self.shown.clock.now();
        let mut faults = Vec::new();
        let since = query.since(now);
        let campaign = query
            .get("campaign")
            .map(str::parse::<CampaignId>)
            .transpose();
        let limit = query.get("limit").map_or(Ok(ENTRIES.0), |text| {
            let number = text.parse::<usize>().ok();
            number.filter(|n| (1..=ENTRIES.1).contains(n)).ok_or(text)
        });
        if let Err(fault) = &since {
            faults.push(fault.clone());
        }
        if let Err(wrong) = &campaign {
            faults.push(format!(
                "campaign: an id {wrong}; give it as the platform shows it"
            ));
        }
        if let Err(text) = limit {
            faults.push(format!(
                "limit: `{text}` is not a whole number from 1 to {}; give one",
                ENTRIES.1
            ));
        }
        let (Ok(since), Ok(campaign), Ok(limit)) = (since, campaign, limit) else {
            return Err(Failure::bad(faults));
        };
        let unreadable = |why| Failure::one(StatusCode::SERVICE_UNAVAILABLE, "store_closed", why);
        let asked = PastQuery {
            since,
            campaign,
            // One row beyond the limit shows whether there are more.
            limit: limit.saturating_add(1),
        };
        let mut entries = self.api.past.read(asked).await.map_err(unreadable)?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        Ok(json(&HistoryDocument {
            schema: SCHEMA,
            since: since.to_string(),
            more,
            entries: entries.into_iter().map(EntryDocument::of).collect(),
        }))
    }

    /// Returns what was counted of a campaign's dials, as a document or as rows.
    pub(super) async fn outcomes(
        &self,
        id: &CampaignId,
        query: &Query,
        slot: &Arc<Slot>,
    ) -> Answered {
        let _busy = slot.busy();
        let now = self.shown.clock.now();
        let since = query.since(now);
        let flat = match query.get("format") {
            None | Some("json") => Ok(false),
            Some("csv") => Ok(true),
            Some(other) => Err(format!("format: `{other}` is not known; write json or csv")),
        };
        let (since, flat) = match (since, flat) {
            (Ok(since), Ok(flat)) => (since, flat),
            (since, flat) => {
                let faults = [since.err(), flat.err()];
                return Err(Failure::bad(faults.into_iter().flatten().collect()));
            }
        };
        self.view(id)?;
        let asked = SeriesQuery {
            campaign: id.clone(),
            since,
        };
        let unreadable = |why| Failure::one(StatusCode::SERVICE_UNAVAILABLE, "store_closed", why);
        let slots = self.api.past.read_outcomes(asked).await;
        let slots = slots.map_err(unreadable)?;
        if !flat {
            return Ok(json(&CampaignOutcomes {
                schema: SCHEMA,
                campaign: id.to_string(),
                since: since.to_string(),
                outcomes: OutcomeColumns::of(&slots),
            }));
        }
        let rows = outcome_rows(id, &slots);
        let rows = rows.map_err(|wrong| {
            let error = StatusCode::INTERNAL_SERVER_ERROR;
            Failure::one(error, "internal", wrong.to_string())
        })?;
        Ok(full(StatusCode::OK, "text/csv; charset=utf-8", rows.into()))
    }

    /// Returns the series of a campaign's plot.
    pub(super) async fn series(&self, id: &CampaignId, query: &Query) -> Answered {
        let now = self.shown.clock.now();
        let since = query
            .since(now)
            .map_err(|fault| Failure::bad(vec![fault]))?;
        // A campaign that was taken out of the configuration has a past all the same, in history; plots are of those
        // that are managed.
        self.view(id)?;
        let unreadable = |why| Failure::one(StatusCode::SERVICE_UNAVAILABLE, "store_closed", why);
        let asked = SeriesQuery {
            campaign: id.clone(),
            since,
        };
        let series = self.api.past.read_series(asked.clone()).await;
        let series = series.map_err(unreadable)?;
        let outcomes = self.api.past.read_outcomes(asked).await;
        let outcomes = outcomes.map_err(unreadable)?;
        let asked = PastQuery {
            since,
            campaign: Some(id.clone()),
            limit: MOST_OF_A_PLOT,
        };
        let entries = self.api.past.read(asked).await.map_err(unreadable)?;
        let document = SeriesDocument::of(id, since, now, &series, &entries, &outcomes);
        Ok(json(&document))
    }
}
