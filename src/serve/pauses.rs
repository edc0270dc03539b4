//! The pauses of every campaign within a span of time, in sums: what a day was like on one line.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::control::series::{CampaignPauses, PausesQuery};
use crate::domain::outcomes::OutcomeCounts;
use crate::domain::{TenantName, Timestamp};

use super::answer::{Answered, Failure, json};
use super::connections::Slot;
use super::past::{unreadable, whose};
use super::query::Query;
use super::schema::SCHEMA;
use super::sources::Sources;

/// The pauses of every campaign within a span of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PausesDocument {
    /// The form's version.
    pub schema: u32,
    /// The first moment of the span.
    pub since: String,
    /// The first moment behind it.
    pub until: String,
    /// Every campaign of which something is known there, by tenant and id.
    pub campaigns: Vec<CampaignPausesDocument>,
}

/// The pauses of one campaign. What lies outside of the span is in no number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignPausesDocument {
    /// The tenant whose it is, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Its id on the platform.
    pub id: String,
    /// The time of which something is known, in seconds.
    pub known_s: f64,
    /// How many times it was paused; a pause that changes hands is one.
    pub pauses: u32,
    /// For how long it was paused in all, in seconds.
    pub paused_s: f64,
    /// The longest pause, in seconds.
    pub longest_s: f64,
    /// For how long it did not dial by each of `autopilot`, `hold`, `calendar`, `person`, `unproven` and `platform`, in seconds. The time
    /// of the platform is not among the pauses.
    pub by: BTreeMap<String, f64>,
    /// What became of its dials; nothing where nobody counted.
    pub counted: Option<CountedDocument>,
    /// An estimate of the answered calls that did not come because the autopilot had it paused; nothing where nobody counted.
    pub held_back: Option<u64>,
}

/// What became of dials, of the slots of ten minutes that lie within the span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedDocument {
    /// Dials.
    pub dials: u64,
    /// Dials that somebody answered.
    pub answered: u64,
    /// Answered calls that an agent took.
    pub connected: u64,
    /// Answered calls that were lost, because no agent took them in time.
    pub abandoned: u64,
}

impl CampaignPausesDocument {
    fn of(tenant: Option<&TenantName>, id: String, found: CampaignPauses) -> Self {
        let held_back = found.held_back();
        let CampaignPauses {
            known,
            pauses,
            paused,
            longest,
            by,
            counted,
            counted_for: _,
        } = found;
        let by = by.into_iter();
        Self {
            tenant: tenant.map(ToString::to_string),
            id,
            known_s: known.as_secs_f64(),
            pauses,
            paused_s: paused.as_secs_f64(),
            longest_s: longest.as_secs_f64(),
            by: by
                .map(|(by, time)| (by.to_owned(), time.as_secs_f64()))
                .collect(),
            counted: counted.map(CountedDocument::from),
            held_back,
        }
    }
}

impl From<OutcomeCounts> for CountedDocument {
    fn from(counts: OutcomeCounts) -> Self {
        let OutcomeCounts {
            dials,
            answered,
            connected,
            abandoned,
        } = counts;
        Self {
            dials,
            answered,
            connected,
            abandoned,
        }
    }
}

/// The longest span: what lies in it is read in one walk, and no page shows more.
const LONGEST_SPAN: Duration = Duration::from_secs(8 * 24 * 3600);

/// Returns the span that is asked for, or everything that is wrong with it.
fn span(query: &Query, now: Timestamp) -> Result<PausesQuery, Failure> {
    let (since, until) = match (query.since(now), query.until(now)) {
        (Ok(since), Ok(until)) => (since, until.unwrap_or(now).min(now)),
        (since, until) => {
            let faults = [since.err(), until.err()];
            return Err(Failure::bad(faults.into_iter().flatten().collect()));
        }
    };
    if until <= since {
        return Err(Failure::bad(vec![format!(
            "until: {until} is not after since, which is {since}; give a later time"
        )]));
    }
    if until.since(since) > LONGEST_SPAN {
        return Err(Failure::bad(vec![format!(
            "since: the span from {since} to {until} is longer than {} days; ask for a shorter one",
            LONGEST_SPAN.as_secs() / 86_400
        )]));
    }
    Ok(PausesQuery { since, until })
}

impl Sources {
    /// The pauses of every campaign within a span of time.
    pub(super) async fn pauses(&self, query: &Query, slot: &Arc<Slot>) -> Answered {
        let _busy = slot.busy();
        let asked = span(query, self.shown.clock.now())?;
        let tenants = self.tenants();
        let (asked_of, _) = whose(&tenants, query)?;
        let mut campaigns = Vec::new();
        for entry in asked_of {
            let Some(served) = &entry.served else {
                continue;
            };
            let name = entry.name.as_ref();
            let read = served.past.read_pauses(asked).await;
            let read = read.map_err(|why| unreadable(name, &why))?;
            let found = read.into_iter();
            campaigns.extend(found.map(|(id, found)| CampaignPausesDocument::of(name, id, found)));
        }
        Ok(json(&PausesDocument {
            schema: SCHEMA,
            since: asked.since.to_string(),
            until: asked.until.to_string(),
            campaigns,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_unix_millis(1_715_774_400_000);

    fn asked(text: &str) -> Option<(u64, u64)> {
        let PausesQuery { since, until } = span(&Query::of(text), NOON).ok()?;
        Some((NOON.since(since).as_secs(), NOON.since(until).as_secs()))
    }

    #[test]
    fn a_span_ends_now_and_is_neither_empty_nor_endless() {
        assert_eq!(asked("since=2h"), Some((7_200, 0)));
        assert_eq!(asked("since=2h&until=1h"), Some((7_200, 3_600)));
        assert_eq!(
            asked("since=2h&until=2100-01-01T00:00:00Z"),
            Some((7_200, 0))
        );
        assert_eq!(asked("since=1h&until=2h"), None);
        assert_eq!(asked("since=9days"), None);
        assert_eq!(asked("since=1h&until=soon"), None);
    }
}
