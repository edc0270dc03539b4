//! Pages of a listing: cut, counted, linked, and wrapped as the release does.

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::super::super::answer::Answer;
use super::super::super::refusal::Refused;
use super::super::super::time::SimTime;
use super::query::Query;
use super::settings::{AcdSettings, NoChange, Release};

/// The parameters of a request for a listing.
pub(super) struct ListingRequest {
    pub(super) since: Option<SimTime>,
    top: usize,
    skip: usize,
}

impl ListingRequest {
    pub(super) fn read(query: &Query, settings: &AcdSettings) -> Result<Self, Refused> {
        let limit = settings.page_limit.max(1);
        Ok(Self {
            since: query.time("updatedSince")?,
            top: query.rows("top", 1)?.unwrap_or(limit).min(limit),
            skip: query.rows("skip", 0)?.unwrap_or(0),
        })
    }

    /// The page of these rows, which are all that match.
    pub(super) fn page(
        &self,
        settings: &AcdSettings,
        member: &str,
        mut rows: Vec<Value>,
        path: &str,
        now: SimTime,
    ) -> Answer {
        if self.since.is_some() && rows.is_empty() {
            match settings.no_change {
                NoChange::Empty => {}
                NoChange::NoContent => return empty(StatusCode::NO_CONTENT),
                NoChange::NotModified => return empty(StatusCode::NOT_MODIFIED),
            }
        }
        let total = rows.len();
        let mut page: Vec<Value> = rows.drain(self.skip.min(total)..).take(self.top).collect();
        let end = self.skip.saturating_add(page.len());
        let mut members = Map::new();
        if settings.totals {
            members.insert("totalRecords".to_owned(), json!(total));
        }
        if settings.links && end < total {
            let next = format!("{path}?top={}&skip={end}", self.top);
            members.insert("_links".to_owned(), json!({ "next": next }));
        }
        let polled = json!(now.rfc3339());
        if settings.poll_times {
            match settings.release {
                Release::Current => {
                    members.insert("lastPollTime".to_owned(), polled);
                }
                Release::Older => {
                    for row in &mut page {
                        if let Value::Object(row) = row {
                            row.insert("lastPollTime".to_owned(), polled.clone());
                        }
                    }
                    // Without a row there is no other place for it.
                    if page.is_empty() {
                        members.insert("lastPollTime".to_owned(), polled);
                    }
                }
            }
        }
        members.insert(member.to_owned(), Value::Array(page));
        wrapped(settings.release, Value::Object(members))
    }
}

/// A body in the release's envelope.
pub(super) fn wrapped(release: Release, body: Value) -> Answer {
    let body = match release {
        Release::Current => body,
        Release::Older => json!({ "resultSet": body }),
    };
    Answer::json(StatusCode::OK, Bytes::from(body.to_string()))
}

fn empty(status: StatusCode) -> Answer {
    Answer::json(status, Bytes::new())
}
