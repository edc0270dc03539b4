//! Whether the credentials work, and which functions come with them.
//!
//! `version` succeeds with any password, so that the list of campaigns is the test of the log-in. Each function is tried by the
//! smallest request that needs it; a change is tried on a campaign that nobody can have, and without a field to change.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tracing::warn;

use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::{FaultKind, Granted, Login, PlatformFault};
use crate::telemetry::Endpoint;

use super::clock::{FIRST_BUILD, Version};
use super::site::{Ask, Site};
use super::statistics::campaigns_field;
use super::{endpoints, rights};

/// An id that is refused behind the check of rights.
const NOBODY: &str = "ZZ-NOONE";

/// A clock that is further away than this from ours is told.
const SKEW_MILLIS: u64 = 60_000;

/// Tries the credentials and the functions.
pub(super) struct FunctionsLogin {
    pub(super) site: Arc<Site>,
    pub(super) campaigns: Vec<CampaignId>,
}

impl FunctionsLogin {
    async fn try_all(&self, deadline: Timestamp) -> Result<Granted, PlatformFault> {
        let version = Version::read(&self.site, deadline).await?;
        if version.is_too_old() {
            return Err(PlatformFault {
                kind: FaultKind::NotAllowed,
                detail: format!(
                    "build {} is older than {FIRST_BUILD}, the first that lists campaigns: update the platform",
                    version.build
                ),
            });
        }
        let skew = version
            .now
            .as_unix_millis()
            .saturating_sub(self.site.now().as_unix_millis());
        if skew.unsigned_abs() > SKEW_MILLIS {
            warn!(
                seconds = skew / 1_000,
                "the platform's clock differs from ours: set both by a time server"
            );
        }
        let mut granted = Vec::new();
        let list = self.tried(
            endpoints::CAMPAIGNS,
            "campaigns_list",
            vec![("stage", "tab"), ("header", "YES")],
            rights::CAMPAIGNS,
            deadline,
        );
        match list.await? {
            Tried::Granted => granted.extend([rights::CAMPAIGNS, rights::GROUP]),
            Tried::NothingThere => granted.push(rights::CAMPAIGNS),
            // Which campaigns the user may see shows with the list alone.
            Tried::Forbidden => granted.push(rights::GROUP),
        }
        let campaigns = campaigns_field(&self.campaigns);
        let others: [Trial<'_>; 3] = [
            (
                endpoints::AGENTS,
                "logged_in_agents",
                vec![("stage", "tab"), ("header", "YES")],
                rights::AGENTS,
            ),
            (
                endpoints::UPDATE,
                "update_campaign",
                vec![("campaign_id", NOBODY), ("decision", "check")],
                rights::UPDATE,
            ),
            (
                endpoints::CALLS,
                "call_status_stats",
                vec![("campaigns", campaigns.as_str())],
                rights::CALLS,
            ),
        ];
        for (endpoint, function, fields, right) in others {
            let tried = self.tried(endpoint, function, fields, right, deadline);
            if !matches!(tried.await?, Tried::Forbidden) {
                granted.push(right);
            }
        }
        Ok(Granted {
            source: format!(
                "{} (user {}, build {})",
                self.site.base_url(),
                self.site.user(),
                version.build
            ),
            rights: Some(granted.into_iter().map(str::to_owned).collect()),
        })
    }

    /// Whether the user may use a function.
    async fn tried(
        &self,
        endpoint: Endpoint,
        function: &'static str,
        fields: Vec<(&'static str, &str)>,
        right: &'static str,
        deadline: Timestamp,
    ) -> Result<Tried, PlatformFault> {
        let ask = Ask {
            endpoint,
            function,
            fields,
            right,
            share: RateShare::Readings,
            deadline,
        };
        match self.site.read(ask, |_| Ok(())).await {
            Ok(()) => Ok(Tried::Granted),
            Err(fault) => match fault.kind {
                FaultKind::Forbidden => Ok(Tried::Forbidden),
                FaultKind::NotFound | FaultKind::Refused => Ok(Tried::NothingThere),
                FaultKind::NotAllowed
                | FaultKind::Conflict
                | FaultKind::Decode
                | FaultKind::Connect
                | FaultKind::Timeout
                | FaultKind::Unauthorized
                | FaultKind::RateLimited
                | FaultKind::Server => Err(fault),
            },
        }
    }
}

/// A function, its fields, and the right that it needs.
type Trial<'a> = (
    Endpoint,
    &'static str,
    Vec<(&'static str, &'a str)>,
    &'static str,
);

/// What came of trying a function.
enum Tried {
    Granted,
    Forbidden,
    /// It was let through, and what it was for is not there.
    NothingThere,
}

impl Login for FunctionsLogin {
    fn granted(&self, deadline: Timestamp) -> BoxFuture<'_, Result<Granted, PlatformFault>> {
        Box::pin(self.try_all(deadline))
    }
}
