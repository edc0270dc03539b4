//! Log-in by client credentials, and which rights came with them.
//!
//! No answer lists rights: a client has those of its roles, in the divisions that these are granted for. Each is therefore tried by
//! the smallest request that needs it, and only where somebody asks. The rights to start, stop and edit are tried on a campaign
//! that nobody can have, the one with the id of all zeros: it is refused for want of the right or for want of the campaign, and
//! nothing is changed either way **\[I\]**.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::Timestamp;
use crate::platform::http::{AuthStyle, Client, Credentials, Grant, GrantedToken, RateShare};
use crate::platform::port::{FaultKind, Granted, Login, PlatformFault};
use crate::secrets::Secret;
use crate::telemetry::Endpoint;

use super::organisation::{Ask, Order, Organisation};
use super::{endpoints, rights};

/// The id that nothing has.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// The life of a token whose answer does not name it.
const ASSUMED_LIFE: Duration = Duration::from_secs(300);

/// Client credentials, sent by HTTP Basic.
pub(super) struct ClientCredentials(Credentials);

impl ClientCredentials {
    pub(super) fn new(mut credentials: Credentials) -> Self {
        credentials.style = AuthStyle::Basic;
        credentials.scopes = Vec::new();
        Self(credentials)
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<u64>,
}

impl Grant for ClientCredentials {
    fn request(&self) -> (Vec<(HeaderName, HeaderValue)>, Bytes) {
        self.0.request()
    }

    fn read(&self, body: &[u8]) -> Result<GrantedToken, String> {
        let answer: TokenAnswer = serde_json::from_slice(body)
            .map_err(|_| "the token answer has no access_token".to_owned())?;
        let life = answer.expires_in.filter(|seconds| *seconds > 0);
        Ok(GrantedToken {
            token: SecretString::from(answer.access_token),
            life: life.map_or(ASSUMED_LIFE, Duration::from_secs),
        })
    }

    /// There is no refresh token: a new one is asked for at nine tenths of the life.
    fn early(&self, life: Duration) -> Duration {
        life / 10
    }

    fn advice(&self) -> &'static str {
        "check client id, secret and region: in another region the same client is not known"
    }

    fn secrets(&self) -> Vec<(&str, &Secret)> {
        vec![(self.0.client_id.as_str(), &self.0.client_secret)]
    }
}

/// Tries the credentials and the rights.
pub(super) struct RightsLogin {
    pub(super) client: Arc<Client>,
    pub(super) organisation: Arc<Organisation>,
}

/// The smallest request that needs a right.
enum Trial {
    Read(Endpoint, &'static [&'static str], Option<Value>),
    Write(Endpoint, Method, &'static [&'static str], Option<Value>),
}

fn trial(right: &str) -> Option<Trial> {
    let one = |dimension: &str| {
        json!({"type": "or", "predicates": [{"type": "dimension", "dimension": dimension,
            "operator": "matches", "value": NOBODY}]})
    };
    Some(match right {
        rights::CAMPAIGN_VIEW => {
            Trial::Read(endpoints::CAMPAIGNS, &["outbound", "campaigns"], None)
        }
        rights::CAMPAIGN_START => Trial::Write(
            endpoints::START,
            Method::POST,
            &["outbound", "campaigns", NOBODY, "start"],
            None,
        ),
        rights::CAMPAIGN_STOP => Trial::Write(
            endpoints::STOP,
            Method::POST,
            &["outbound", "campaigns", NOBODY, "stop"],
            None,
        ),
        rights::CAMPAIGN_EDIT => Trial::Write(
            endpoints::PACE,
            Method::PATCH,
            &["outbound", "campaigns", NOBODY],
            Some(json!({})),
        ),
        rights::OBSERVATIONS => Trial::Read(
            endpoints::OBSERVATIONS,
            &["analytics", "queues", "observations", "query"],
            Some(json!({"filter": one("queueId"), "metrics": ["oMemberUsers"]})),
        ),
        rights::QUEUE_VIEW => Trial::Read(endpoints::QUEUE, &["routing", "queues", NOBODY], None),
        rights::MEMBERS_MANAGE => Trial::Write(
            endpoints::MEMBERS_CHANGE,
            Method::PATCH,
            &["routing", "queues", NOBODY, "members"],
            Some(json!([{"id": NOBODY, "joined": false}])),
        ),
        rights::AUDITS => Trial::Read(
            endpoints::AUDITED_SERVICES,
            &["audits", "query", "realtime", "servicemapping"],
            None,
        ),
        rights::AGGREGATES => Trial::Read(
            endpoints::AGGREGATES,
            &["analytics", "conversations", "aggregates", "query"],
            Some(
                json!({"interval": "2024-01-01T00:00:00Z/2024-01-01T00:01:00Z",
                "filter": one("outboundCampaignId"), "metrics": ["nOutboundAttempted"]}),
            ),
        ),
        rights::RULE_VIEW => Trial::Read(endpoints::RULES, &["outbound", "campaignrules"], None),
        rights::SEQUENCE_VIEW => {
            Trial::Read(endpoints::SEQUENCES, &["outbound", "sequences"], None)
        }
        rights::SCHEDULE_VIEW => Trial::Read(
            endpoints::SCHEDULES,
            &["outbound", "schedules", "campaigns"],
            None,
        ),
        rights::SETTINGS_VIEW => Trial::Read(
            endpoints::OUTBOUND_SETTINGS,
            &["outbound", "settings"],
            None,
        ),
        _ => return None,
    })
}

impl RightsLogin {
    /// Whether the client has a right. Any refusal but one for want of the right shows that it was let through.
    async fn has(&self, right: &'static str, deadline: Timestamp) -> Result<bool, PlatformFault> {
        let tried = match trial(right) {
            None => return Ok(true),
            Some(Trial::Read(endpoint, path, body)) => {
                let listed = body.is_none() && !path.contains(&NOBODY);
                let ask = Ask {
                    endpoint,
                    path,
                    query: if listed {
                        vec![("pageSize", "1".to_owned())]
                    } else {
                        Vec::new()
                    },
                    body,
                    right,
                    share: RateShare::Readings,
                    deadline,
                };
                self.organisation.read(ask, |_| Ok(())).await
            }
            Some(Trial::Write(endpoint, method, path, body)) => {
                let body = body.map(|body| Bytes::from(body.to_string()));
                let order = Order {
                    endpoint,
                    method,
                    path,
                    body,
                    right,
                    decision: None,
                    leave_by: None,
                    deadline,
                };
                let sent = self.organisation.write(order).await;
                sent.map_err(|failed| failed.fault)
            }
        };
        match tried {
            Ok(()) => Ok(true),
            Err(fault) => match fault.kind {
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
            },
        }
    }
}

impl Login for RightsLogin {
    fn granted(&self, deadline: Timestamp) -> BoxFuture<'_, Result<Granted, PlatformFault>> {
        Box::pin(async move {
            let granted = self.client.granted(deadline).await?;
            let mut rights = Vec::new();
            for right in rights::ALL {
                if self.has(right, deadline).await? {
                    rights.push(right.to_owned());
                }
            }
            Ok(Granted {
                rights: Some(rights),
                ..granted
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_is_tried_or_known_not_to_be() {
        let untried: Vec<&str> = rights::ALL
            .into_iter()
            .filter(|right| trial(right).is_none())
            .collect();
        // A write of a queue replaces it whole, so that there is no small one.
        assert_eq!(untried, [rights::QUEUE_EDIT]);
    }

    #[test]
    fn a_token_is_renewed_at_nine_tenths_of_its_life() {
        let credentials = Credentials {
            client_id: "id".to_owned(),
            client_secret: "secret".to_owned().into(),
            style: AuthStyle::Form,
            scopes: vec!["x".to_owned()],
        };
        let grant = ClientCredentials::new(credentials);
        let day = grant
            .read(br#"{"access_token":"t","token_type":"bearer","expires_in":86399}"#)
            .unwrap();
        assert_eq!(day.life, Duration::from_secs(86_399));
        assert_eq!(
            grant.early(Duration::from_secs(600)),
            Duration::from_secs(60)
        );
        assert!(grant.read(br#"{"error":"invalid_client"}"#).is_err());
        let (headers, body) = grant.request();
        let authorization = headers.iter().find(|(name, _)| name == "authorization");
        assert_eq!(authorization.unwrap().1, "Basic aWQ6c2VjcmV0");
        assert_eq!(&body[..], b"grant_type=client_credentials");
    }
}
