//! Whether the credentials work, and which rights came with them.
//!
//! No answer lists rights, so that each is tried by the smallest request that needs it, and only where somebody asks. Those to read are tried
//! on a campaign of the configuration; those to change one on the campaign with the id of all zeros, which nobody can have: it is refused
//! for want of the right or for want of the campaign **\[I\]**. A policy that names campaigns one by one is taken for one that lacks them.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::domain::Timestamp;
use crate::platform::dialect::CampaignsVersion;
use crate::platform::http::RateShare;
use crate::platform::port::{FaultKind, Granted, Login, PlatformFault};
use crate::telemetry::Endpoint;

use super::account::{Account, Ask, Order};
use super::credentials::CredentialStore;
use super::{endpoints, rights};

/// The id that nothing has.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Tries the credentials and the rights.
pub(super) struct RightsLogin {
    pub(super) account: Arc<Account>,
    pub(super) credentials: Arc<CredentialStore>,
    pub(super) region: String,
    /// A campaign of the configuration, where it has one.
    pub(super) campaign: Option<String>,
    /// Whether anything may be changed.
    pub(super) writes: bool,
}

impl RightsLogin {
    /// Whether the role has a right. Any refusal but one for want of the right shows that it was let through.
    async fn has(&self, right: &'static str, deadline: Timestamp) -> Result<bool, PlatformFault> {
        let campaign = self.campaign.as_deref().unwrap_or(NOBODY);
        let instance = self.account.instance.id.as_str();
        let tried = match right {
            rights::DESCRIBE => {
                let path = &["campaigns", campaign];
                self.read(endpoints::CAMPAIGN, path, None, right, deadline)
                    .await
            }
            rights::STATE => {
                let path = &["campaigns", campaign, "state"];
                self.read(endpoints::STATE, path, None, right, deadline)
                    .await
            }
            rights::STATES => {
                let body = json!({ "campaignIds": [campaign] });
                let path = &["campaigns-state"];
                self.read(endpoints::STATES, path, Some(body), right, deadline)
                    .await
            }
            rights::COUNTS => {
                let body = super::counts::question(&[NOBODY], None);
                let path = &["metrics", "current", instance];
                self.read(endpoints::COUNTS, path, Some(body), right, deadline)
                    .await
            }
            rights::OUTCOMES => {
                let path = &["metrics", "data"];
                self.read(endpoints::OUTCOMES, path, Some(json!({})), right, deadline)
                    .await
            }
            // A dry run has nothing to change, so that it needs no right to.
            _ if !self.writes => return Ok(true),
            rights::PAUSE => {
                self.write(endpoints::PAUSE, "pause", None, right, deadline)
                    .await
            }
            rights::RESUME => {
                self.write(endpoints::RESUME, "resume", None, right, deadline)
                    .await
            }
            // Each version has one of its own.
            rights::PACE if self.account.version == CampaignsVersion::First => return Ok(true),
            rights::PACE_OF_THE_FIRST if self.account.version == CampaignsVersion::Second => {
                return Ok(true);
            }
            rights::PACE | rights::PACE_OF_THE_FIRST => {
                let (verb, body) = match self.account.version {
                    CampaignsVersion::First => ("dialer-config", json!({ "dialerConfig": {} })),
                    CampaignsVersion::Second => (
                        "channel-subtype-config",
                        json!({ "channelSubtypeConfig": {} }),
                    ),
                };
                let body = Bytes::from(body.to_string());
                self.write(endpoints::PACE, verb, Some(body), right, deadline)
                    .await
            }
            _ => return Ok(true),
        };
        let Err(fault) = tried else { return Ok(true) };
        match fault.kind {
            FaultKind::Forbidden => Ok(false),
            FaultKind::NotFound
            | FaultKind::Refused
            | FaultKind::Conflict
            | FaultKind::NotAllowed
            | FaultKind::Decode => Ok(true),
            FaultKind::Connect
            | FaultKind::Timeout
            | FaultKind::Unauthorized
            | FaultKind::RateLimited
            | FaultKind::Server => Err(fault),
        }
    }

    async fn read(
        &self,
        endpoint: Endpoint,
        path: &[&str],
        body: Option<Value>,
        right: &'static str,
        deadline: Timestamp,
    ) -> Result<(), PlatformFault> {
        let ask = Ask {
            endpoint,
            path,
            body,
            right,
            share: RateShare::Readings,
            deadline,
        };
        if path.first() == Some(&"metrics") {
            self.account.read_counts(ask, |_| Ok(())).await
        } else {
            self.account.read_campaigns(ask, |_| Ok(())).await
        }
    }

    async fn write(
        &self,
        endpoint: Endpoint,
        verb: &str,
        body: Option<Bytes>,
        right: &'static str,
        deadline: Timestamp,
    ) -> Result<(), PlatformFault> {
        let order = Order {
            endpoint,
            path: &["campaigns", NOBODY, verb],
            body,
            right,
            decision: None,
            leave_by: None,
            deadline,
        };
        let sent = self.account.write(order).await;
        sent.map(drop).map_err(|failed| failed.fault)
    }

    async fn try_all(&self, deadline: Timestamp) -> Result<Granted, PlatformFault> {
        let held = self.credentials.get(deadline).await?;
        let key = held.credentials.access_key_id();
        let end: String = key
            .chars()
            .skip(key.chars().count().saturating_sub(4))
            .collect();
        let useful = rights::USEFUL.iter().map(|(right, _)| *right);
        let mut granted = Vec::new();
        for right in rights::NEEDED.iter().copied().chain(useful) {
            if self.has(right, deadline).await? {
                granted.push(right.to_owned());
            }
        }
        Ok(Granted {
            source: format!(
                "an access key that ends in {end}, signed for {}",
                self.region
            ),
            rights: Some(granted),
        })
    }
}

impl Login for RightsLogin {
    fn granted(&self, deadline: Timestamp) -> BoxFuture<'_, Result<Granted, PlatformFault>> {
        Box::pin(self.try_all(deadline))
    }
}
