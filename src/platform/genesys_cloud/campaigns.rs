//! Reading and commanding campaigns.
//!
//! Up to a hundred come with one call. One that a listing leaves out is read by itself: what lies in a division that the client's
//! roles are not granted for is left out of lists or forbidden, and is never taken for deleted.
//!
//! A command is an address and a POST without a body. It leaves on the exact word that it is for, and for a campaign that the
//! configuration names and that has agents. What the platform means by 400 and 409 only a reading shows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hyper::Method;

use crate::domain::{CampaignId, Delivery, Direction, StatusFinding, StatusReading, Timestamp};
use crate::platform::http::{RateShare, failed_delivery};
use crate::platform::port::{
    CampaignCommander, CampaignFinding, CampaignReader, CommandOrder, FaultKind, NameMemory,
    PlatformFault, PlatformNames, Rival, Urgency,
};

use super::authors::Authors;
use super::campaign::{Campaign, EntityPage, OFF, ON};
use super::known::KnownCampaigns;
use super::organisation::{Ask, Order, Organisation, decode, share};
use super::rivals::Rivals;
use super::{endpoints, rights};

/// Campaigns in one call.
pub(super) const IN_ONE_CALL: usize = 100;

/// A conflict that names none of the reasons that last is over soon; the command is asked for again after this.
const TRANSIENT: Duration = Duration::from_secs(1);

/// Refusals that other work has to make room for: asking again at once is of no use.
const LASTING: [&str; 6] = [
    "active.campaigns.limit.exceeded",
    "contact.list.filter.in.use",
    "contact.list.import.in.progress",
    "invalid.update.bad.status.transition",
    "invalid.update.campaign.active",
    "campaign.not.found",
];

/// Reads campaigns of an organisation.
pub(super) struct Campaigns {
    pub(super) organisation: Arc<Organisation>,
    pub(super) known: Arc<KnownCampaigns>,
    pub(super) authors: Authors,
    pub(super) rivals: Rivals,
    pub(super) names: NameMemory,
}

/// Commands campaigns of an organisation.
pub(super) struct Commander {
    pub(super) campaigns: Arc<Campaigns>,
}

impl Campaigns {
    async fn read_all(
        &self,
        ids: &[CampaignId],
        urgency: Urgency,
        deadline: Timestamp,
    ) -> Vec<CampaignFinding> {
        let share = share(urgency);
        if let [id] = ids {
            return vec![self.read_one(id, share, deadline).await];
        }
        let mut findings = Vec::with_capacity(ids.len());
        for together in ids.chunks(IN_ONE_CALL) {
            let listed = list(&self.organisation, together, share, deadline).await;
            let read_at = self.organisation.now();
            match listed {
                Ok(mut listed) => {
                    for id in together {
                        let finding = match listed.remove(id.as_str()) {
                            Some(found) => self.finding(id, &found, read_at, share, deadline).await,
                            None => self.read_one(id, share, deadline).await,
                        };
                        findings.push(finding);
                    }
                }
                Err(fault) => findings.extend(together.iter().map(|_| Err(fault.clone()))),
            }
        }
        findings
    }

    async fn read_one(
        &self,
        id: &CampaignId,
        share: RateShare,
        deadline: Timestamp,
    ) -> CampaignFinding {
        match one(&self.organisation, id, share, deadline).await {
            Ok(found) => {
                let read_at = self.organisation.now();
                self.finding(id, &found, read_at, share, deadline).await
            }
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(StatusFinding::Missing),
            Err(fault) => Err(fault),
        }
    }

    async fn finding(
        &self,
        id: &CampaignId,
        found: &Campaign,
        read_at: Timestamp,
        share: RateShare,
        deadline: Timestamp,
    ) -> CampaignFinding {
        self.names.note(id, found.name.as_deref());
        self.known.note(id, found, read_at);
        let time = self.organisation.platform_time(read_at);
        let changed_by = self.authors.author(id, found, share, deadline).await?;
        Ok(StatusFinding::Found(StatusReading {
            version: found.version(),
            updated_at: found.changed_at(),
            changed_by,
            platform_now: time.map(|time| time.at),
            platform_error: time.map(|time| time.error),
            ..StatusReading::without_evidence(found.activity(), found.status().to_owned(), read_at)
        }))
    }
}

/// Campaigns by their ids, as one listing has them. Which are left out is not said.
pub(super) async fn list(
    organisation: &Organisation,
    ids: &[CampaignId],
    share: RateShare,
    deadline: Timestamp,
) -> Result<BTreeMap<String, Campaign>, PlatformFault> {
    let ids = ids.iter().map(|id| ("id", id.as_str().to_owned()));
    let size = [("pageSize", IN_ONE_CALL.to_string())];
    let ask = Ask {
        endpoint: endpoints::CAMPAIGNS,
        path: &["outbound", "campaigns"],
        query: ids.chain(size).collect(),
        body: None,
        right: rights::CAMPAIGN_VIEW,
        share,
        deadline,
    };
    let page = organisation
        .read(ask, EntityPage::<Campaign>::parse)
        .await?;
    organisation.note_unreadable(endpoints::CAMPAIGNS, &page.unreadable);
    let rows = page.rows.into_iter();
    Ok(rows.map(|found| (found.id.clone(), found)).collect())
}

/// One campaign.
pub(super) async fn one(
    organisation: &Organisation,
    id: &CampaignId,
    share: RateShare,
    deadline: Timestamp,
) -> Result<Campaign, PlatformFault> {
    let ask = Ask {
        endpoint: endpoints::CAMPAIGN,
        path: &["outbound", "campaigns", id.as_str()],
        query: Vec::new(),
        body: None,
        right: rights::CAMPAIGN_VIEW,
        share,
        deadline,
    };
    organisation
        .read(ask, |body| Campaign::parse(id.as_str(), body))
        .await
}

impl CampaignReader for Campaigns {
    fn configured(&self, ids: &[CampaignId]) {
        self.known.relist(ids);
    }

    fn read<'a>(
        &'a self,
        ids: &'a [CampaignId],
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<CampaignFinding>> {
        Box::pin(self.read_all(ids, urgency, deadline))
    }

    fn rivals<'a>(
        &'a self,
        ids: &'a [CampaignId],
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<Rival>, PlatformFault>> {
        Box::pin(self.rivals.of(ids, deadline))
    }

    fn names(&self) -> Arc<PlatformNames> {
        self.names.known()
    }
}

impl Commander {
    async fn send(&self, order: CommandOrder<'_>) -> Delivery {
        let Campaigns {
            organisation,
            known,
            ..
        } = &*self.campaigns;
        let id = order.campaign;
        let refused = |why: String| Delivery::Refused { why, wait: None };
        if !known.lists(id) {
            return refused(format!("{id} is not in the configuration"));
        }
        let Some(campaign) = known.get(id, organisation.now()) else {
            let why = format!("campaign {id} was not read before");
            return Delivery::NotSent { why };
        };
        if let Some(why) = campaign.unsteerable {
            return refused(format!("campaign {id} is {}, {why}", order.before.word));
        }
        let (on, endpoint, right, command) = match order.direction {
            Direction::Pause => (ON, endpoints::STOP, rights::CAMPAIGN_STOP, "stop"),
            Direction::Resume => (OFF, endpoints::START, rights::CAMPAIGN_START, "start"),
        };
        if order.before.word != on {
            return refused(format!(
                "campaign {id} is `{}`, and only one that is `{on}` is told to {command}",
                order.before.word
            ));
        }
        let request = Order {
            endpoint,
            method: Method::POST,
            path: &["outbound", "campaigns", id.as_str(), command],
            body: None,
            right,
            decision: Some(order.decision.to_string()),
            leave_by: Some(order.leave_by),
            deadline: order.deadline,
        };
        let failed = match organisation.write(request).await {
            Ok(()) => return Delivery::Acknowledged { version: None },
            Err(failed) => failed,
        };
        let unclear = matches!(failed.fault.kind, FaultKind::Refused | FaultKind::Conflict);
        if unclear && !failed.maybe_applied {
            return self.resolve(order, failed.fault).await;
        }
        failed_delivery(failed)
    }

    /// Whether the campaign is as the command wants it already, or cannot be.
    async fn resolve(&self, order: CommandOrder<'_>, fault: PlatformFault) -> Delivery {
        let organisation = &self.campaigns.organisation;
        let PlatformFault { kind, detail: why } = fault;
        let read = one(
            organisation,
            order.campaign,
            RateShare::Commands,
            order.deadline,
        );
        let fulfilled = read.await.is_ok_and(|found| {
            let activity = found.activity();
            activity == order.direction.target()
        });
        if fulfilled {
            // Somebody else has done it since the campaign was read, and nothing of it is our doing.
            return Delivery::Conflict { why };
        }
        let lasting = LASTING.iter().any(|code| why.contains(code));
        let wait = (kind == FaultKind::Conflict && !lasting).then_some(TRANSIENT);
        Delivery::Refused { why, wait }
    }
}

impl CampaignCommander for Commander {
    fn command<'a>(&'a self, order: CommandOrder<'a>) -> BoxFuture<'a, Delivery> {
        Box::pin(self.send(order))
    }
}

/// A campaign that has to be in a listing and is not.
pub(super) fn left_out(id: &CampaignId) -> PlatformFault {
    decode(format!(
        "campaign {id} is not among those that are listed: it does not exist, or lies in a division that the client's roles are not granted for"
    ))
}
