//! What became of a campaign's calls, through the port.
//!
//! The platform counts answered and abandoned calls and not those that reached an agent: the reading says that they are not counted.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::outcomes::{OutcomeCounters, OutcomeReading, OutcomeSource};
use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::{HttpResponse, RateShare};
use crate::platform::port::{OutcomeFinding, OutcomeReader, PlatformFault};

use super::campaign_skills::Target;
use super::groups::Groups;
use super::listing::ListingPage;
use super::operation::Operation;
use super::reading::{PageSettings, decode};
use super::summary::{Span, SummaryRow, counters};
use super::tenant::{Ask, Tenant};

/// Campaigns at once: each takes a call for each of its skills, of those that the tenant has for a day.
pub(super) const MOST_AT_ONCE: usize = 4;

/// Outcomes of a tenant's skills.
pub(super) struct Outcomes {
    pub(super) tenant: Arc<Tenant>,
    pub(super) groups: Arc<Groups>,
    pub(super) pages: PageSettings,
}

impl Outcomes {
    async fn read(
        &self,
        campaign: &CampaignId,
        since: Timestamp,
        deadline: Timestamp,
    ) -> Result<OutcomeReading, PlatformFault> {
        let target: Target = campaign.as_str().parse().map_err(decode)?;
        let until = self.tenant.now();
        let span = Span::new(since, until).map_err(decode)?;
        let skills = self
            .groups
            .skills_of(target, &self.tenant, self.pages, deadline)
            .await?;
        let mut sum: Option<OutcomeCounters> = None;
        for skill in skills {
            let ask = Ask {
                operation: Operation::SkillSummary,
                id: Some(skill),
                query: span.query().to_vec(),
                share: RateShare::Readings,
                deadline,
            };
            let parse = |response: &HttpResponse| {
                let page = ListingPage::<SummaryRow>::parse(&response.body)?;
                counters(&page.every_row()?, skill)
            };
            let counted = self.tenant.read(&ask, parse).await?;
            sum = Some(sum.map_or(counted, |sum| both(sum, counted)));
        }
        Ok(OutcomeReading {
            since,
            until,
            counters: sum.ok_or_else(|| decode(format!("{campaign} has no skills")))?,
            source: OutcomeSource::Platform,
        })
    }
}

/// The counters of two skills together.
fn both(one: OutcomeCounters, other: OutcomeCounters) -> OutcomeCounters {
    let connected = one.connected.zip(other.connected);
    OutcomeCounters {
        dials: one.dials.saturating_add(other.dials),
        answered: one.answered.saturating_add(other.answered),
        connected: connected.map(|(one, other)| one.saturating_add(other)),
        abandoned: one.abandoned.saturating_add(other.abandoned),
    }
}

impl OutcomeReader for Outcomes {
    fn most_at_once(&self) -> usize {
        MOST_AT_ONCE
    }

    fn outcomes<'a>(
        &'a self,
        campaigns: &'a [CampaignId],
        since: Timestamp,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<OutcomeFinding>> {
        Box::pin(async move {
            let mut found = Vec::with_capacity(campaigns.len());
            for campaign in campaigns {
                found.push(self.read(campaign, since, deadline).await.map(Some));
            }
            found
        })
    }
}
