//! What came of a campaign's calls, through the port.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::{HttpResponse, RateShare};
use crate::platform::port::{CampaignOutcomes, OutcomeReader, PlatformFault};

use super::campaign_skills::Target;
use super::groups::Groups;
use super::listing::ListingPage;
use super::operation::Operation;
use super::reading::{PageSettings, decode};
use super::summary::{OutcomeCounters, Span, SummaryRow, counters};
use super::tenant::{Ask, Tenant};

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
        from: Timestamp,
        deadline: Timestamp,
    ) -> Result<CampaignOutcomes, PlatformFault> {
        let target: Target = campaign.as_str().parse().map_err(decode)?;
        let until = self.tenant.now();
        let span = Span::new(from, until).map_err(decode)?;
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
            sum = Some(sum.map_or(counted, |sum| sum.plus(counted)));
        }
        let OutcomeCounters {
            dials,
            connects,
            abandons,
            ..
        } = sum.ok_or_else(|| decode(format!("{campaign} has no skills")))?;
        Ok(CampaignOutcomes {
            from,
            until,
            dials,
            connects,
            abandons,
        })
    }
}

impl OutcomeReader for Outcomes {
    fn outcomes<'a>(
        &'a self,
        campaign: &'a CampaignId,
        from: Timestamp,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<CampaignOutcomes, PlatformFault>> {
        Box::pin(self.read(campaign, from, deadline))
    }
}
