//! Holds of several campaigns at once: those that are named, a team's, or all.

use std::collections::BTreeSet;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};

use crate::control::ObservableState;
use crate::control::operator::OperatorCommand;
use crate::domain::CampaignId;

use super::answer::{Answered, Failure};
use super::api::{LARGEST_LIST, answer, body_within, held};
use super::connections::Slot;
use super::query::Query;
use super::sources::Sources;

/// A request to hold several campaigns. One of `campaigns`, `team` and `all` says which.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldsRequest {
    /// These campaigns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<String>,
    /// Every campaign of this team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Every campaign that is managed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// `running`, `paused` or `as-is`.
    pub kind: String,
    /// How long, such as `30m`.
    #[serde(rename = "for")]
    pub lasts: String,
    /// The reason, for the audit.
    pub reason: String,
    /// The author, for the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

impl Sources {
    /// Holds several campaigns, with one commit for all of them.
    pub(super) async fn hold_several(
        &self,
        request: Request<Incoming>,
        slot: &Arc<Slot>,
    ) -> Answered {
        let asked: HoldsRequest = body_within(request, LARGEST_LIST).await?;
        let chosen = Chosen {
            campaigns: asked.campaigns.iter().map(String::as_str).collect(),
            team: asked.team.as_deref(),
            all: asked.all,
        };
        let mut faults = Vec::new();
        let campaigns = chosen.among(&self.shown.observed.borrow());
        let campaigns = campaigns.unwrap_or_else(|fault| {
            faults.push(fault);
            Vec::new()
        });
        let (kind, lasts, author) = held(
            &asked.kind,
            &asked.lasts,
            asked.author.as_deref(),
            &asked.reason,
            &mut faults,
        );
        let (Some(kind), Some(author), true) = (kind, author, faults.is_empty()) else {
            return Err(Failure::bad(faults));
        };
        let change = OperatorCommand::Hold {
            campaigns,
            kind,
            lasts,
        };
        let _busy = slot.busy();
        answer(self.api.handle.ask(change, author).await)
    }

    /// Ends the holds of several campaigns, chosen by `campaign` (which may be repeated), `team` or `all=true`.
    pub(super) async fn release_several(&self, query: &Query, slot: &Arc<Slot>) -> Answered {
        let author = query.author()?;
        let chosen = Chosen {
            campaigns: query.all("campaign").collect(),
            team: query.get("team"),
            all: query.get("all") == Some("true"),
        };
        let campaigns = chosen.among(&self.shown.observed.borrow());
        let campaigns = campaigns.map_err(|fault| Failure::bad(vec![fault]))?;
        let _busy = slot.busy();
        let change = OperatorCommand::Release { campaigns };
        answer(self.api.handle.ask(change, author).await)
    }
}

/// Which campaigns a request is about.
struct Chosen<'a> {
    campaigns: BTreeSet<&'a str>,
    team: Option<&'a str>,
    all: bool,
}

impl Chosen<'_> {
    fn among(self, observed: &ObservableState) -> Result<Vec<CampaignId>, String> {
        let managed = observed.campaigns.iter().map(|view| &view.id);
        let ways = [!self.campaigns.is_empty(), self.team.is_some(), self.all];
        if ways.into_iter().filter(|way| *way).count() != 1 {
            return Err("campaigns, team, all: give one of them".to_owned());
        }
        let team_of = |id: &CampaignId| observed.labels.get(id)?.team.as_deref();
        let chosen: Vec<CampaignId> = if let Some(team) = self.team {
            managed
                .clone()
                .filter(|id| team_of(id) == Some(team))
                .cloned()
                .collect()
        } else if self.all {
            managed.clone().cloned().collect()
        } else {
            let known: BTreeSet<&str> = managed.clone().map(CampaignId::as_str).collect();
            let unknown: Vec<&str> = self.campaigns.difference(&known).copied().collect();
            if !unknown.is_empty() {
                return Err(format!(
                    "campaigns: {} not managed; `status` names those that are",
                    are(&unknown)
                ));
            }
            managed
                .clone()
                .filter(|id| self.campaigns.contains(id.as_str()))
                .cloned()
                .collect()
        };
        if let (true, Some(team)) = (chosen.is_empty(), self.team) {
            let teams: BTreeSet<&str> = managed.filter_map(team_of).collect();
            let teams: Vec<&str> = teams.into_iter().collect();
            return Err(if teams.is_empty() {
                format!("team: `{team}` has no campaign; none has a team")
            } else {
                format!("team: `{team}` has no campaign; {} known", are(&teams))
            });
        }
        if chosen.is_empty() {
            return Err("all: no campaign is managed".to_owned());
        }
        Ok(chosen)
    }
}

/// A list in words with its verb.
fn are(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", quoted.join(", "))
}
