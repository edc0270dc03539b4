//! What was changed of campaigns, by whom and when: versions, and the rows of the audit.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::journal::{Actor, JournalEntry};
use super::super::super::status;
use super::super::super::time::SimTime;
use super::super::super::work::Work;
use super::super::super::world::World;
use super::settings::{CloudSettings, StopLasts};

/// The version of a campaign that nobody changed.
const FIRST_VERSION: u64 = 41;

/// The id of the user who every person is.
pub(super) const PERSON: &str = "user-ana";

/// Who made a change, as the audit has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Author {
    Client(String),
    User,
    System,
}

/// What was changed of campaigns.
#[derive(Clone, Default)]
pub(super) struct Changes {
    /// How many entries of the world's journal are known.
    followed: usize,
    campaigns: BTreeMap<String, CampaignChanges>,
    rows: Vec<Row>,
}

/// What was changed of one campaign.
#[derive(Clone, Default)]
struct CampaignChanges {
    /// From when a reading shows each version, with when that was made.
    versions: Vec<(SimTime, SimTime)>,
    /// When a client stopped it, where that is not done yet.
    stopping: Option<SimTime>,
}

#[derive(Clone)]
struct Row {
    at: SimTime,
    campaign: String,
    by: Author,
    property: &'static str,
    from: String,
    to: String,
}

impl Changes {
    /// Takes in what was done to campaigns since the last time.
    pub(super) fn follow(
        &mut self,
        world: &World,
        settings: &CloudSettings,
        delay: Duration,
        now: SimTime,
    ) {
        let journal = world.journal().iter().skip(self.followed);
        let entries: Vec<JournalEntry> = journal.cloned().collect();
        self.followed = world.journal().len();
        for entry in entries {
            self.finish_stops(world, settings, entry.at);
            self.take(&entry, settings, delay);
        }
        self.finish_stops(world, settings, now);
    }

    /// Takes in what the platform itself did to a campaign, which the world's journal has as a person's.
    pub(super) fn follow_platform(&mut self, world: &World, campaign: &str) {
        let Some(entry) = world.journal().get(self.followed).cloned() else {
            return;
        };
        self.followed += 1;
        let (from, to) = (word(&entry.from), word(&entry.to));
        self.note(
            entry.at,
            entry.at,
            campaign,
            Author::System,
            "campaignStatus",
            (&from, &to),
        );
        self.campaign(campaign).stopping = None;
    }

    /// Notes an edit that leaves alone what the campaign does.
    pub(super) fn edited(
        &mut self,
        at: SimTime,
        campaign: &str,
        by: Author,
        property: &'static str,
        values: (&str, &str),
    ) {
        self.note(at, at, campaign, by, property, values);
    }

    fn take(&mut self, entry: &JournalEntry, settings: &CloudSettings, delay: Duration) {
        if entry.from == entry.to {
            return;
        }
        let campaign = entry.campaign.as_str();
        let was = if self.campaign(campaign).stopping.take().is_some() {
            "stopping".to_owned()
        } else {
            word(&entry.from)
        };
        let (by, shows) = match &entry.by {
            Actor::Client { token_client, .. } => {
                (Author::Client(token_client.clone()), entry.at.plus(delay))
            }
            Actor::Person => (Author::User, entry.at),
        };
        let slowly = settings.stop != StopLasts::NoTime
            && matches!(by, Author::Client(_))
            && entry.to == status::PAUSED;
        let to = if slowly {
            self.campaign(campaign).stopping = Some(entry.at);
            "stopping".to_owned()
        } else {
            word(&entry.to)
        };
        let shows = if slowly { entry.at } else { shows };
        self.note(entry.at, shows, campaign, by, "campaignStatus", (&was, &to));
    }

    fn finish_stops(&mut self, world: &World, settings: &CloudSettings, now: SimTime) {
        let mut done = Vec::new();
        for (id, campaign) in &self.campaigns {
            let Some(since) = campaign.stopping else {
                continue;
            };
            let at = match settings.stop {
                StopLasts::NoTime => since,
                StopLasts::UntilLastCall if on_calls(world, id) => continue,
                StopLasts::UntilLastCall => now,
                StopLasts::For(lasting) if now < since.plus(lasting) => continue,
                StopLasts::For(lasting) => since.plus(lasting),
            };
            done.push((id.clone(), at));
        }
        for (id, at) in done {
            self.campaign(&id).stopping = None;
            let values = ("stopping", "off");
            self.note(at, at, &id, Author::System, "campaignStatus", values);
        }
    }

    fn note(
        &mut self,
        at: SimTime,
        shows: SimTime,
        campaign: &str,
        by: Author,
        property: &'static str,
        (from, to): (&str, &str),
    ) {
        self.campaign(campaign).versions.push((shows, at));
        self.rows.push(Row {
            at,
            campaign: campaign.to_owned(),
            by,
            property,
            from: from.to_owned(),
            to: to.to_owned(),
        });
    }

    fn campaign(&mut self, id: &str) -> &mut CampaignChanges {
        self.campaigns.entry(id.to_owned()).or_default()
    }

    /// The version that a reading shows, and when that was made; nothing of a campaign that nobody changed.
    pub(super) fn version(&self, campaign: &str, now: SimTime) -> (u64, Option<SimTime>) {
        let known = self.campaigns.get(campaign);
        let shown: Vec<SimTime> = known
            .into_iter()
            .flat_map(|known| &known.versions)
            .filter(|(shows, _)| *shows <= now)
            .map(|(_, at)| *at)
            .collect();
        let count = u64::try_from(shown.len()).unwrap_or(u64::MAX);
        (FIRST_VERSION.saturating_add(count), shown.last().copied())
    }

    /// Whether a campaign that a client stopped is not off yet.
    pub(super) fn is_stopping(&self, campaign: &str) -> bool {
        let known = self.campaigns.get(campaign);
        known.is_some_and(|known| known.stopping.is_some())
    }

    /// The rows about a campaign that have come by now, the youngest first.
    pub(super) fn rows(&self, campaign: Option<&str>, lag: Duration, now: SimTime) -> Vec<Value> {
        let rows = self.rows.iter().enumerate().rev();
        rows.filter(|(_, row)| campaign.is_none_or(|id| id == row.campaign))
            .filter(|(_, row)| row.at.plus(lag) <= now)
            .map(|(number, row)| row.json(number))
            .collect()
    }
}

impl Row {
    fn json(&self, number: usize) -> Value {
        let level = match self.by {
            Author::Client(_) | Author::User => "USER",
            Author::System => "SYSTEM",
        };
        let mut row = json!({
            "id": format!("audit-{number}"),
            "eventDate": self.at.rfc3339(),
            "serviceName": "Outbound",
            "action": "Update",
            "entityType": "Campaign",
            "entity": {"id": self.campaign},
            "level": level,
            "status": "SUCCESS",
            "propertyChanges": [{"property": self.property, "oldValues": [self.from], "newValues": [self.to]}],
        });
        if let Value::Object(members) = &mut row {
            match &self.by {
                Author::Client(id) => {
                    members.insert("client".to_owned(), json!({ "id": id }));
                }
                Author::User => {
                    members.insert("user".to_owned(), json!({ "id": PERSON, "name": "Ana" }));
                }
                Author::System => {}
            }
        }
        row
    }
}

/// The platform's word for a status of the world.
pub(super) fn word(status: &str) -> String {
    match status {
        status::RUNNING => "on".to_owned(),
        status::PAUSED => "off".to_owned(),
        "COMPLETED" => "complete".to_owned(),
        other => other.to_lowercase(),
    }
}

/// Whether anybody is on the campaign's calls or in their wrap-up.
fn on_calls(world: &World, campaign: &str) -> bool {
    world.agents().any(
        |(id, _)| matches!(world.work(id), Some(Work::Outbound { campaign: of }) if of == campaign),
    )
}
