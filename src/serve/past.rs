//! The operations about the past: the audit log, and the series that plots are drawn from.

use std::sync::Arc;

use hyper::StatusCode;

use crate::control::operator::PastQuery;
use crate::control::series::SeriesQuery;
use crate::domain::{CampaignId, TenantName};

use super::answer::{Answered, Failure, full, json};
use super::api::{NamedCampaign, managed};
use super::connections::Slot;
use super::documents::{EntryDocument, HistoryDocument};
use super::outcomes::{CampaignOutcomes, OutcomeColumns, outcome_rows};
use super::query::Query;
use super::schema::SCHEMA;
use super::series::SeriesDocument;
use super::sources::Sources;
use super::tenants::{TenantEntry, TenantList};

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
        let tenants = self.tenants();
        let (asked_of, campaign) = whose(&tenants, query)?;
        let campaign = campaign.map(str::parse::<CampaignId>).transpose();
        let limit = query.get("limit").map_or(Ok(ENTRIES.0), |text| {
            let number = text.parse::<usize>().ok();
            number.filter(|n| (1..=ENTRIES.1).contains(n)).ok_or(text)
        });
        let until = query.until(now);
        let faults_of_times = [since.as_ref().err(), until.as_ref().err()];
        faults.extend(faults_of_times.into_iter().flatten().cloned());
        let kinds = kinds(query);
        if let Err(fault) = &kinds {
            faults.push(fault.clone());
        }
        let of_all = match query.get("shared") {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(format!("shared: `{other}` is neither true nor false")),
        };
        if let Err(fault) = &of_all {
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
        let (Ok(since), Ok(until), Ok(campaign), Ok(limit), Ok(kinds), Ok(of_all)) =
            (since, until, campaign, limit, kinds, of_all)
        else {
            return Err(Failure::bad(faults));
        };
        let asked = PastQuery {
            since,
            until,
            campaign,
            of_all,
            kinds,
            // One row beyond the limit shows whether there are more.
            limit: limit.saturating_add(1),
        };
        if let [one] = asked_of.as_slice()
            && let Some(elsewhere) = one.steered_elsewhere()
        {
            return Err(Failure::standby(vec![elsewhere]));
        }
        let mut entries = Vec::new();
        for entry in &asked_of {
            let Some(served) = &entry.served else {
                continue;
            };
            let read = served.past.read(asked.clone()).await;
            let read = read.map_err(|why| unreadable(entry.name.as_ref(), &why))?;
            let name = entry.name.as_ref();
            entries.extend(read.into_iter().map(|row| EntryDocument::of(name, row)));
        }
        // One that was taken out of the configuration has a past all the same. Before the first poll nothing is known of any.
        if let (true, Some(id), [one]) = (entries.is_empty(), &asked.campaign, &*asked_of)
            && let Some(served) = &one.served
        {
            let observed = served.observed.borrow();
            if !observed.campaigns.is_empty() {
                managed(&observed, id)?;
            }
        }
        // Of one tenant they are in order already; the sort keeps the order of rows of one moment.
        entries.sort_by(|a, b| b.entry.at.cmp(&a.entry.at));
        let more = entries.len() > limit;
        entries.truncate(limit);
        Ok(json(&HistoryDocument {
            schema: SCHEMA,
            since: since.to_string(),
            more,
            entries,
        }))
    }

    /// Returns what was counted of a campaign's dials, as a document or as rows.
    pub(super) async fn outcomes(
        &self,
        campaign: &NamedCampaign,
        query: &Query,
        slot: &Arc<Slot>,
    ) -> Answered {
        let id = &campaign.id;
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
        campaign.managed()?;
        let asked = SeriesQuery {
            campaign: id.clone(),
            since,
        };
        let unreadable = |why: String| unreadable(campaign.tenant.as_ref(), &why);
        let slots = campaign.served.past.read_outcomes(asked).await;
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
    pub(super) async fn series(&self, campaign: &NamedCampaign, query: &Query) -> Answered {
        let id = &campaign.id;
        let now = self.shown.clock.now();
        let since = query
            .since(now)
            .map_err(|fault| Failure::bad(vec![fault]))?;
        // A campaign that was taken out of the configuration has a past all the same, in history; plots are of those
        // that are managed.
        campaign.managed()?;
        let unreadable = |why: String| unreadable(campaign.tenant.as_ref(), &why);
        let past = &campaign.served.past;
        let asked = SeriesQuery {
            campaign: id.clone(),
            since,
        };
        let series = past.read_series(asked.clone()).await;
        let series = series.map_err(unreadable)?;
        let outcomes = past.read_outcomes(asked).await;
        let outcomes = outcomes.map_err(unreadable)?;
        let asked = PastQuery {
            since,
            until: None,
            campaign: Some(id.clone()),
            of_all: true,
            kinds: Vec::new(),
            limit: MOST_OF_A_PLOT,
        };
        let entries = past.read(asked).await.map_err(unreadable)?;
        let document = SeriesDocument::of(id, since, now, &series, &entries, &outcomes);
        Ok(json(&document))
    }
}

/// The kinds of rows that are asked for, separated by commas; none where every kind is.
fn kinds(query: &Query) -> Result<Vec<String>, String> {
    let Some(text) = query.get("kind") else {
        return Ok(Vec::new());
    };
    let kinds = text.split(',').map(str::trim);
    kinds
        .map(|kind| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            let is_one = !kind.is_empty() && kind.bytes().all(plain);
            is_one.then(|| kind.to_owned()).ok_or_else(|| {
                format!("kind: `{kind}` is not a kind of rows such as operator or noticed")
            })
        })
        .collect()
}

/// The tenants whose history is asked for, and the campaign: `campaign` says both, `tenant` the tenant alone.
pub(super) fn whose<'t>(
    tenants: &'t TenantList,
    query: &'t Query,
) -> Result<(Vec<&'t TenantEntry>, Option<&'t str>), Failure> {
    let tenant = query.get("tenant");
    if let Some(campaign) = query.get("campaign") {
        let (entry, id) = match tenant {
            Some(tenant) => (tenants.chosen(Some(tenant))?, campaign),
            None => tenants.split("campaign", campaign)?,
        };
        return Ok((vec![entry], Some(id)));
    }
    let entries = match tenant {
        Some(tenant) => vec![tenants.chosen(Some(tenant))?],
        None => tenants.entries.iter().collect(),
    };
    Ok((entries, None))
}

pub(super) fn unreadable(tenant: Option<&TenantName>, why: &str) -> Failure {
    let why = match tenant {
        Some(name) => format!("tenant {name}: {why}"),
        None => why.to_owned(),
    };
    Failure::one(StatusCode::SERVICE_UNAVAILABLE, "store_closed", why)
}
