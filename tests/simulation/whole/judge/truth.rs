//! What was true of each campaign, and who made it so.

use std::collections::BTreeMap;

use campaign_autopilot::simulator::Actor;

use crate::whole::dialect::Purpose;
use crate::whole::record::Record;
use crate::whole::schedule::CAMPAIGNS;
use crate::whole::time::{START, millis_of};
use crate::whole::wire::Request;

/// Who changed a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Somebody, before the daemon was ever started.
    Before,
    Person,
    /// The daemon, by the decision of this name.
    Ours(String),
}

/// A change of a campaign's true status.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) at: i64,
    pub(crate) by: By,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// Every campaign's changes, oldest first. A write of the status already in force is none, but for a pause of ours that a person
/// makes theirs where that shows.
pub(crate) struct Truth(BTreeMap<String, Vec<Change>>);

impl Truth {
    pub(crate) fn of(record: &Record) -> Self {
        let setup = &record.schedule.setup;
        let mut campaigns = BTreeMap::new();
        for (index, (id, _)) in CAMPAIGNS.iter().enumerate().take(setup.campaigns) {
            let paused = setup.paused_before & (1 << index) != 0;
            let first = Change {
                at: START,
                by: By::Before,
                from: String::new(),
                to: if paused { "PAUSED" } else { "RUNNING" }.to_owned(),
            };
            campaigns.insert((*id).to_owned(), vec![first]);
        }
        for entry in &record.journal {
            let Some(changes) = campaigns.get_mut(&entry.campaign) else {
                continue;
            };
            // What shows whose it is shows too that a person has made our pause theirs.
            let theirs = entry.by == Actor::Person && setup.shows_taking_over();
            if entry.from == entry.to && !(theirs && entry.to == "PAUSED") {
                continue;
            }
            let by = match &entry.by {
                Actor::Person => By::Person,
                Actor::Client { request_id, .. } => {
                    By::Ours(request_id.clone().unwrap_or_default())
                }
            };
            changes.push(Change {
                at: millis_of(entry.at),
                by,
                from: entry.from.clone(),
                to: entry.to.clone(),
            });
        }
        for (at, id, there) in &record.there {
            if let Some(changes) = campaigns.get_mut(id) {
                let to = if *there { "RUNNING" } else { "" };
                let place = changes.partition_point(|change| change.at <= *at);
                let from = place
                    .checked_sub(1)
                    .map_or(String::new(), |before| changes[before].to.clone());
                let change = Change {
                    at: *at,
                    by: By::Person,
                    from,
                    to: to.to_owned(),
                };
                changes.insert(place, change);
            }
        }
        Self(campaigns)
    }

    pub(crate) fn campaigns(&self) -> impl Iterator<Item = (&str, &[Change])> {
        self.0
            .iter()
            .map(|(id, changes)| (id.as_str(), changes.as_slice()))
    }

    pub(crate) fn changes(&self, campaign: &str) -> &[Change] {
        self.0.get(campaign).map_or(&[], Vec::as_slice)
    }

    /// The last change up to `at`.
    pub(crate) fn at(&self, campaign: &str, at: i64) -> Option<&Change> {
        self.changes(campaign)
            .iter()
            .rfind(|change| change.at <= at)
    }
}

/// The request of ours that made a change.
pub(crate) fn command_of<'r>(
    record: &'r Record,
    campaign: &str,
    decision: &str,
    to: &str,
    at: i64,
) -> Option<&'r Request> {
    record.requests.iter().rfind(|request| {
        request.purpose == Purpose::Command
            && request.target.as_deref() == Some(campaign)
            && request.decision.as_deref() == Some(decision)
            && request.asks.as_deref() == Some(to)
            && request.carried.is_some_and(|carried| carried <= at)
    })
}

/// The last reading of a campaign that the daemon had and could read before `at`, in the same life.
pub(crate) fn reading_before<'r>(
    record: &'r Record,
    campaign: &str,
    life: usize,
    at: i64,
) -> Option<&'r Request> {
    let read = |request: &&Request| {
        request.life == life
            && request.ended.is_some_and(|ended| ended <= at)
            && request.shows(campaign).is_some()
    };
    record
        .requests
        .iter()
        .filter(read)
        .max_by_key(|request| request.ended)
}
