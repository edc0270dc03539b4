//! What else on the platform starts and stops campaigns, or takes their agents: rules, sequences, schedules, and campaigns of the
//! same queue; and agents of its queue whom a campaign cannot reach.
//!
//! Each kind but the last is listed once for all campaigns and remembered for some minutes, so that a look at a hundred campaigns costs some calls
//! and not hundreds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::{PlatformFault, Rival, RivalKind};
use crate::telemetry::Endpoint;

use super::campaign::{EntityPage, Reference};
use super::diagnostics::QueueUtilization;
use super::known::KnownCampaigns;
use super::organisation::{Ask, Organisation, decode};
use super::{endpoints, queue_campaigns, rights};

/// How long a listing is good: shorter than from one look to the next.
const REMEMBERED: Duration = Duration::from_secs(300);

/// Rows in a page.
const ROWS: u32 = 100;

/// No organisation has so many pages of rules; a count that never ends is no listing.
const MOST_PAGES: u64 = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    name: Option<String>,
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    campaign_rule_actions: Vec<RuleAction>,
    campaign_rule_entities: Option<RuleEntities>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleAction {
    #[serde(default)]
    action_type: String,
    campaign_rule_action_entities: Option<RuleEntities>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleEntities {
    #[serde(default)]
    campaigns: Option<Vec<Reference>>,
    #[serde(default)]
    use_triggering_entity: Option<bool>,
}

#[derive(Deserialize)]
struct Sequence {
    name: Option<String>,
    status: Option<String>,
    #[serde(default)]
    campaigns: Vec<Reference>,
}

#[derive(Deserialize)]
struct Schedule {
    name: Option<String>,
    campaign: Option<Reference>,
}

/// What was listed, with what each has to do with which campaign.
#[derive(Default)]
struct Listed {
    at: Option<Timestamp>,
    rivals: BTreeMap<String, Vec<String>>,
    fault: Option<PlatformFault>,
    /// The other campaigns of each queue, by id, with a name for people.
    queues: BTreeMap<String, Vec<(String, String)>>,
}

/// Looks for rivals.
pub(super) struct Rivals {
    pub(super) organisation: Arc<Organisation>,
    pub(super) known: Arc<KnownCampaigns>,
    listed: Mutex<Listed>,
}

impl Rivals {
    pub(super) fn new(organisation: Arc<Organisation>, known: Arc<KnownCampaigns>) -> Self {
        Self {
            organisation,
            known,
            listed: Mutex::default(),
        }
    }

    /// The rivals of these campaigns. Where one kind cannot be listed and no other was found, that is a fault.
    pub(super) async fn of(
        &self,
        ids: &[CampaignId],
        deadline: Timestamp,
    ) -> Result<Vec<Rival>, PlatformFault> {
        let mut listed = self.listed.lock().await;
        let now = self.organisation.now();
        let fresh = listed.at.is_some_and(|at| now.since(at) < REMEMBERED);
        if !fresh {
            *listed = self.look(deadline).await;
        }
        let mut found = Vec::new();
        let mut fault = listed.fault.clone();
        for id in ids {
            let descriptions = listed.rivals.get(id.as_str()).into_iter().flatten();
            found.extend(descriptions.map(|description| Rival {
                campaign: id.clone(),
                description: description.clone(),
                kind: RivalKind::Competes,
            }));
            let used = QueueUtilization::read(&self.organisation, id, deadline).await;
            // A look at the start may come before the first reading of the campaign.
            let shown = used.as_ref().ok().and_then(QueueUtilization::queue);
            let known = self.known.get(id, now).and_then(|known| known.queue);
            let queue = known.or(shown.map(str::to_owned));
            match used {
                Ok(used) => found.extend(used.unreached().into_iter().map(|description| Rival {
                    campaign: id.clone(),
                    description,
                    kind: RivalKind::Hinders,
                })),
                Err(failed) => fault = fault.or(Some(failed)),
            }
            let Some(queue) = queue else { continue };
            if !listed.queues.contains_key(&queue) {
                let sharing = self.of_queue(&queue, deadline).await?;
                listed.queues.insert(queue.clone(), sharing);
            }
            let sharing = listed.queues.get(&queue).into_iter().flatten();
            // Those that are steered here as well are no rivals: they may stand in a group.
            let others = sharing
                .filter(|(other, _)| !other.parse().is_ok_and(|other| self.known.lists(&other)));
            found.extend(others.map(|(_, name)| Rival {
                campaign: id.clone(),
                description: format!(
                    "campaign {name} has the same queue, and takes the same agents"
                ),
                kind: RivalKind::Competes,
            }));
        }
        match fault {
            Some(fault) if found.is_empty() => Err(fault),
            Some(_) | None => Ok(found),
        }
    }

    async fn look(&self, deadline: Timestamp) -> Listed {
        let mut listed = Listed::default();
        let mut note = |campaign: &str, description: String| {
            let of_campaign = listed.rivals.entry(campaign.to_owned()).or_default();
            of_campaign.push(description);
        };
        let mut fault: Option<PlatformFault> = None;
        let rules = self.pages::<Rule>(
            endpoints::RULES,
            &["outbound", "campaignrules"],
            rights::RULE_VIEW,
            deadline,
        );
        match rules.await {
            Ok(rules) => {
                for rule in rules.iter().filter(|rule| rule.enabled) {
                    let name = rule.name.as_deref().unwrap_or("without a name");
                    for (campaign, does) in rule.moves() {
                        note(campaign, format!("campaign rule `{name}` turns it {does}"));
                    }
                }
            }
            Err(failed) => fault = fault.or(Some(failed)),
        }
        let sequences = self.pages::<Sequence>(
            endpoints::SEQUENCES,
            &["outbound", "sequences"],
            rights::SEQUENCE_VIEW,
            deadline,
        );
        match sequences.await {
            Ok(sequences) => {
                let on = |sequence: &&Sequence| sequence.status.as_deref() == Some("on");
                for sequence in sequences.iter().filter(on) {
                    let name = sequence.name.as_deref().unwrap_or("without a name");
                    for campaign in ids(&sequence.campaigns) {
                        note(
                            campaign,
                            format!("campaign sequence `{name}` is on and starts it"),
                        );
                    }
                }
            }
            Err(failed) => fault = fault.or(Some(failed)),
        }
        match self.schedules(deadline).await {
            Ok(schedules) => {
                for schedule in &schedules {
                    let name = schedule.name.as_deref().unwrap_or("without a name");
                    let campaign = schedule.campaign.as_ref();
                    if let Some(campaign) = campaign.and_then(|campaign| campaign.id.as_deref()) {
                        note(campaign, format!("schedule `{name}` starts and stops it"));
                    }
                }
            }
            Err(failed) => fault = fault.or(Some(failed)),
        }
        // A look that was not complete is made again by the next who asks.
        listed.at = fault.is_none().then(|| self.organisation.now());
        listed.fault = fault;
        listed
    }

    async fn schedules(&self, deadline: Timestamp) -> Result<Vec<Schedule>, PlatformFault> {
        let ask = Ask {
            endpoint: endpoints::SCHEDULES,
            path: &["outbound", "schedules", "campaigns"],
            query: Vec::new(),
            body: None,
            right: rights::SCHEDULE_VIEW,
            share: RateShare::Readings,
            deadline,
        };
        let parse = |body: &[u8]| {
            serde_json::from_slice(body)
                .map_err(|wrong| format!("the schedules cannot be read: {wrong}"))
        };
        self.organisation.read(ask, parse).await
    }

    /// Every page of a listing, by number until all are there.
    async fn pages<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        path: &[&str],
        right: &'static str,
        deadline: Timestamp,
    ) -> Result<Vec<T>, PlatformFault> {
        let mut rows = Vec::new();
        for number in 1..=MOST_PAGES {
            let ask = Ask {
                endpoint,
                path,
                query: vec![
                    ("pageSize", ROWS.to_string()),
                    ("pageNumber", number.to_string()),
                ],
                body: None,
                right,
                share: RateShare::Readings,
                deadline,
            };
            let page = self.organisation.read(ask, EntityPage::<T>::parse).await?;
            if let Some(why) = page.unreadable.why {
                return Err(decode(format!("a row cannot be read: {why}")));
            }
            rows.extend(page.rows);
            if page.pages.is_none_or(|pages| number >= pages) {
                return Ok(rows);
            }
        }
        Err(decode(format!(
            "a listing has more than {MOST_PAGES} pages"
        )))
    }

    /// The campaigns of a queue.
    async fn of_queue(
        &self,
        queue: &str,
        deadline: Timestamp,
    ) -> Result<Vec<(String, String)>, PlatformFault> {
        let share = RateShare::Readings;
        let rows = queue_campaigns::of_queue(&self.organisation, queue, share, deadline).await?;
        Ok(rows
            .into_iter()
            .map(|found| {
                let name = match &found.name {
                    Some(name) => format!("`{name}` ({})", found.id),
                    None => found.id.clone(),
                };
                (found.id, name)
            })
            .collect())
    }
}

impl Rule {
    /// The campaigns that it turns on or off, each with which.
    fn moves(&self) -> Vec<(&str, &'static str)> {
        let mut moved = Vec::new();
        for action in &self.campaign_rule_actions {
            let does = match action.action_type.as_str() {
                "turnOnCampaign" => "on",
                "turnOffCampaign" => "off",
                _ => continue,
            };
            let Some(entities) = &action.campaign_rule_action_entities else {
                continue;
            };
            let named = entities.campaigns.iter().flatten();
            let triggering = self.campaign_rule_entities.as_ref();
            let triggering = triggering
                .filter(|_| entities.use_triggering_entity == Some(true))
                .and_then(|entities| entities.campaigns.as_ref())
                .into_iter()
                .flatten();
            let all = named.chain(triggering);
            moved.extend(all.filter_map(|one| Some((one.id.as_deref()?, does))));
        }
        moved
    }
}

fn ids(references: &[Reference]) -> impl Iterator<Item = &str> {
    references.iter().filter_map(|one| one.id.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_moves_those_that_it_names_and_those_that_trigger_it() {
        let rule: Rule = serde_json::from_str(
            r#"{"name":"r","enabled":true,"campaignRuleEntities":{"campaigns":[{"id":"t"}]},
                "campaignRuleConditions":[],"campaignRuleActions":[
                {"actionType":"turnOffCampaign","campaignRuleActionEntities":{"useTriggeringEntity":true}},
                {"actionType":"turnOnCampaign","campaignRuleActionEntities":{"campaigns":[{"id":"a"},{}]}},
                {"actionType":"setCampaignPriority","campaignRuleActionEntities":{"campaigns":[{"id":"b"}]}}]}"#,
        )
        .unwrap();
        assert_eq!(rule.moves(), [("t", "off"), ("a", "on")]);
    }
}
