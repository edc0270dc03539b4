//! Holds of several campaigns at once: those that are named, a team's, or all.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use hyper::Request;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};

use crate::control::ObservableState;
use crate::control::operator::{AppliedChange, Author, OperatorCommand, OperatorError};
use crate::domain::{CampaignId, TenantName, meant};

use super::answer::{Answered, CampaignAnswer, Failure, SteeredElsewhere, json};
use super::api::{LARGEST_LIST, body_within, held, notes};
use super::caller::Caller;
use super::connections::Slot;
use super::documents::ChangeAnswer;
use super::query::Query;
use super::schema::SCHEMA;
use super::sources::Sources;
use super::tenants::{ServedTenant, TenantEntry, TenantList};

/// A request to hold several campaigns. One of `campaigns`, `team` and `all` says which; `tenant` alone means all of that tenant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldsRequest {
    /// The campaigns of this tenant alone, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// These campaigns; where there are several tenants, as `TENANT/ID`.
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
        caller: &Caller,
        slot: &Arc<Slot>,
    ) -> Answered {
        let asked: HoldsRequest = body_within(request, LARGEST_LIST).await?;
        let chosen = Chosen {
            tenant: asked.tenant.as_deref(),
            campaigns: asked.campaigns.iter().map(String::as_str).collect(),
            team: asked.team.as_deref(),
            all: asked.all,
        };
        let mut faults = Vec::new();
        let meant = chosen.among(&self.tenants());
        let meant = meant.unwrap_or_else(|fault| {
            faults.push(fault);
            Meant::default()
        });
        let (kind, lasts, author) = held(
            caller,
            &asked.kind,
            &asked.lasts,
            asked.author.as_deref(),
            &asked.reason,
            &mut faults,
        );
        let (Some(kind), Some(author), true) = (kind, author, faults.is_empty()) else {
            return Err(Failure::bad(faults));
        };
        let _busy = slot.busy();
        ask_each(meant, &author, |campaigns| OperatorCommand::Hold {
            campaigns,
            kind,
            lasts,
        })
        .await
    }

    /// Ends the holds of several campaigns, chosen by `campaign` (which may be repeated), `team` or `all=true`, and by `tenant`.
    pub(super) async fn release_several(
        &self,
        query: &Query,
        caller: &Caller,
        slot: &Arc<Slot>,
    ) -> Answered {
        let author = query.author(caller)?;
        let chosen = Chosen {
            tenant: query.get("tenant"),
            campaigns: query.all("campaign").collect(),
            team: query.get("team"),
            all: query.get("all") == Some("true"),
        };
        let meant = chosen.among(&self.tenants());
        let meant = meant.map_err(|fault| Failure::bad(vec![fault]))?;
        let _busy = slot.busy();
        ask_each(meant, &author, |campaigns| OperatorCommand::Release {
            campaigns,
        })
        .await
    }
}

/// Asks each tenant for the change of its campaigns, all at once: one that hangs delays no other. Of each tenant all campaigns are
/// changed or none; the answer names each campaign, and why one is as it was.
async fn ask_each(
    meant: Meant,
    author: &Author,
    change: impl Fn(Vec<CampaignId>) -> OperatorCommand,
) -> Answered {
    let Meant {
        parts,
        not_running,
        elsewhere,
    } = meant;
    let asked = parts.into_iter().map(|part| {
        let Part {
            tenant,
            served,
            campaigns,
        } = part;
        let (change, author) = (change(campaigns.clone()), author.clone());
        async move {
            let answered = served.handle.ask(change, author).await;
            (tenant, campaigns, answered, notes(&served))
        }
    });
    let mut made = None;
    let mut refused = Vec::new();
    let mut each = Vec::new();
    let mut noted = Vec::new();
    for (tenant, campaigns, answered, notes) in join_all(asked).await {
        each.extend(answers(tenant.as_ref(), &campaigns, &answered));
        match answered {
            Ok(change) => {
                made = Some(together(made, change));
                noted.extend(notes.into_iter().map(|note| match &tenant {
                    Some(name) => format!("tenant {name}: {note}"),
                    None => note,
                }));
            }
            Err(why) => refused.push((tenant, why)),
        }
    }
    // Where nothing was held, there is nothing to end: no reason to call what was done elsewhere, or is to be, a failure.
    if made.is_some() || !elsewhere.is_empty() {
        refused.retain(|(_, why)| !matches!(why, OperatorError::NothingInForce(_)));
    }
    let mut faults: Vec<String> = refused
        .iter()
        .map(|(tenant, why)| match tenant {
            Some(name) => format!("tenant {name}: {why}"),
            None => why.to_string(),
        })
        .collect();
    faults.extend(not_running);
    let failure = match (refused.first(), faults.is_empty()) {
        (Some((_, first)), _) => Failure::of_several(first, faults).and_elsewhere(elsewhere),
        (None, false) => Failure::not_running(faults).and_elsewhere(elsewhere),
        (None, true) => match made {
            Some(made) if elsewhere.is_empty() => {
                return Ok(json(&ChangeAnswer {
                    schema: SCHEMA,
                    made,
                    campaigns: each,
                    notes: noted,
                }));
            }
            _ => Failure::standby(elsewhere),
        },
    };
    Err(failure.but_made(made).about_each(each))
}

/// What became of each campaign of one tenant.
fn answers(
    tenant: Option<&TenantName>,
    campaigns: &[CampaignId],
    answered: &Result<AppliedChange, OperatorError>,
) -> Vec<CampaignAnswer> {
    let passed_over: BTreeSet<&CampaignId> = match answered {
        Ok(AppliedChange::ReleasedSeveral { passed_over, .. }) => passed_over.iter().collect(),
        Ok(_) | Err(_) => BTreeSet::new(),
    };
    let refused = |campaign: &CampaignId| match answered {
        Ok(_) if passed_over.contains(campaign) => Some("it was not held".to_owned()),
        Ok(_) => None,
        Err(why) => Some(why.to_string()),
    };
    let each = campaigns.iter().map(|campaign| CampaignAnswer {
        tenant: tenant.map(ToString::to_string),
        id: campaign.to_string(),
        refused: refused(campaign),
    });
    each.collect()
}

/// What two tenants did, as one answer.
fn together(before: Option<AppliedChange>, change: AppliedChange) -> AppliedChange {
    let Some(before) = before else {
        return change;
    };
    let campaigns = changed(&before).saturating_add(changed(&change));
    if let AppliedChange::Held { hold, until, .. }
    | AppliedChange::HeldSeveral { hold, until, .. } = change
    {
        AppliedChange::HeldSeveral {
            hold,
            until,
            campaigns,
        }
    } else {
        AppliedChange::ReleasedSeveral {
            campaigns,
            passed_over: Vec::new(),
        }
    }
}

/// How many campaigns a hold or a release was of.
fn changed(change: &AppliedChange) -> usize {
    if let AppliedChange::HeldSeveral { campaigns, .. }
    | AppliedChange::ReleasedSeveral { campaigns, .. } = change
    {
        *campaigns
    } else {
        1
    }
}

/// What a request is about.
#[derive(Default)]
struct Meant {
    parts: Vec<Part>,
    /// Tenants that may have such campaigns and do not run, a sentence each.
    not_running: Vec<String>,
    /// Tenants that may have such campaigns, and that other daemons steer.
    elsewhere: Vec<SteeredElsewhere>,
}

/// The campaigns of one tenant that a request is about.
struct Part {
    tenant: Option<TenantName>,
    served: Arc<ServedTenant>,
    campaigns: Vec<CampaignId>,
}

/// Which campaigns a request is about.
#[derive(Clone)]
struct Chosen<'a> {
    tenant: Option<&'a str>,
    campaigns: BTreeSet<&'a str>,
    team: Option<&'a str>,
    all: bool,
}

/// A campaign that is managed, and whose.
struct Managed<'a> {
    entry: &'a TenantEntry,
    observed: Arc<ObservableState>,
    id: CampaignId,
}

impl Managed<'_> {
    fn team(&self) -> Option<&str> {
        self.observed.labels.get(&self.id)?.team.as_deref()
    }

    /// The id as people write it.
    fn written(&self) -> String {
        match &self.entry.name {
            Some(tenant) => format!("{tenant}/{}", self.id),
            None => self.id.to_string(),
        }
    }
}

impl Chosen<'_> {
    fn among(self, tenants: &TenantList) -> Result<Meant, String> {
        let ways = [!self.campaigns.is_empty(), self.team.is_some(), self.all];
        match ways.into_iter().filter(|way| *way).count() {
            1 => {}
            0 if self.tenant.is_some() => {}
            _ => return Err("campaigns, team, all: give one of them, or tenant alone".to_owned()),
        }
        let all = self.all || self.campaigns.is_empty() && self.team.is_none();
        let chosen = Self { all, ..self };
        chosen.find(tenants)
    }

    fn find(self, tenants: &TenantList) -> Result<Meant, String> {
        if let Some(name) = self.tenant
            && tenants.named(name).is_none()
        {
            return Err(format!(
                "tenant: `{name}` is not known; `status` names those that are"
            ));
        }
        let managed = self.managed(tenants);
        // Whoever means everything has to hear of what is not reached.
        let by_name = !self.campaigns.is_empty();
        let silent = tenants.entries.iter().filter(|entry| {
            let its = self.tenant.is_none_or(|name| entry.is(name));
            its && !by_name && entry.served.is_none() && entry.steered_by.is_none()
        });
        let not_running: Vec<String> = silent
            .filter_map(|entry| {
                let (name, why) = (entry.name.as_ref()?, entry.not_ready()?);
                Some(format!(
                    "tenant {name}: {why}; its campaigns are as they were"
                ))
            })
            .collect();
        let (elsewhere, here) = self.elsewhere(tenants);
        let chosen = match here.chosen(&managed) {
            Err(_) if by_name && here.campaigns.is_empty() => Vec::new(),
            Err(_) if !by_name && !elsewhere.is_empty() => Vec::new(),
            Err(_) if managed.is_empty() && !not_running.is_empty() => Vec::new(),
            chosen => chosen?,
        };
        let mut parts: Vec<Part> = Vec::new();
        for one in chosen {
            let tenant = one.entry.name.clone();
            if let Some(part) = parts.iter_mut().find(|part| part.tenant == tenant) {
                part.campaigns.push(one.id.clone());
            } else if let Some(served) = &one.entry.served {
                parts.push(Part {
                    tenant,
                    served: Arc::clone(served),
                    campaigns: vec![one.id.clone()],
                });
            }
        }
        Ok(Meant {
            parts,
            not_running,
            elsewhere,
        })
    }

    /// The tenants that other daemons steer, as far as they are asked about, and what is left to be looked for here.
    fn elsewhere(&self, tenants: &TenantList) -> (Vec<SteeredElsewhere>, Self) {
        let mut here = self.clone();
        let by_name = !self.campaigns.is_empty();
        let mut elsewhere = Vec::new();
        for entry in &tenants.entries {
            let Some(other) = entry.steered_elsewhere() else {
                continue;
            };
            let its = |campaign: &str| match &entry.name {
                Some(name) => campaign
                    .split_once('/')
                    .is_some_and(|(tenant, _)| tenant == name.as_str()),
                None => true,
            };
            let asked = if by_name {
                self.campaigns.iter().any(|campaign| its(campaign))
            } else {
                self.tenant.is_none_or(|name| entry.is(name))
            };
            here.campaigns.retain(|campaign| !its(campaign));
            if asked {
                elsewhere.push(other);
            }
        }
        (elsewhere, here)
    }

    fn managed<'t>(&self, tenants: &'t TenantList) -> Vec<Managed<'t>> {
        let asked = |entry: &&TenantEntry| {
            let name = entry.name.as_ref().map(TenantName::as_str);
            self.tenant.is_none() || self.tenant == name
        };
        let mut managed = Vec::new();
        for entry in tenants.entries.iter().filter(asked) {
            let observed = Arc::new(entry.observed().unwrap_or_default());
            for view in observed.campaigns.iter() {
                managed.push(Managed {
                    entry,
                    observed: Arc::clone(&observed),
                    id: view.id.clone(),
                });
            }
        }
        managed
    }

    fn chosen<'m, 't>(&self, managed: &'m [Managed<'t>]) -> Result<Vec<&'m Managed<'t>>, String> {
        let chosen: Vec<&Managed<'_>> = if let Some(team) = self.team {
            let of_team = |one: &&Managed<'_>| one.team() == Some(team);
            managed.iter().filter(of_team).collect()
        } else if self.all {
            managed.iter().collect()
        } else {
            let written: Vec<(String, &Managed<'_>)> =
                managed.iter().map(|one| (one.written(), one)).collect();
            let known: BTreeSet<&str> = written.iter().map(|(id, _)| id.as_str()).collect();
            let unknown: Vec<&str> = self.campaigns.difference(&known).copied().collect();
            if !unknown.is_empty() {
                let near = unknown
                    .iter()
                    .filter_map(|id| meant(id, known.iter().copied()));
                let near: BTreeSet<String> = near.map(|id| format!("`{id}`")).collect();
                let near: Vec<String> = near.into_iter().collect();
                let ask = match near.as_slice() {
                    [] => String::new(),
                    near => format!("did you mean {}? ", near.join(", ")),
                };
                return Err(format!(
                    "campaigns: {} not managed; {ask}`status` names those that are",
                    are(&unknown)
                ));
            }
            let named = written
                .iter()
                .filter(|(id, _)| self.campaigns.contains(id.as_str()));
            named.map(|(_, one)| *one).collect()
        };
        if let (true, Some(team)) = (chosen.is_empty(), self.team) {
            let teams: BTreeSet<&str> = managed.iter().filter_map(Managed::team).collect();
            let teams: Vec<&str> = teams.into_iter().collect();
            return Err(if teams.is_empty() {
                format!("team: `{team}` has no campaign; none has a team")
            } else {
                format!("team: `{team}` has no campaign; {} known", are(&teams))
            });
        }
        if chosen.is_empty() {
            return Err(match self.tenant {
                Some(tenant) => format!("tenant: `{tenant}` has no campaign that is managed"),
                None => "all: no campaign is managed".to_owned(),
            });
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
