//! An agent's routing profile: the one operation that moves an agent to queues.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::Method;
use serde_json::json;

use crate::domain::{AgentState, DecisionId, Delivery, Timestamp};
use crate::platform::http::{Call, Client, RateShare, Sending, failed_delivery};
use crate::platform::port::{ProfileWriter, Reassignment};

use super::address::endpoint;
use super::endpoints;

/// Moves agents to queues. A dry run makes none.
pub struct ProfileSender {
    client: Arc<Client>,
    base_url: reqwest::Url,
}

impl ProfileSender {
    /// A sender to this tenant.
    #[must_use]
    pub fn new(client: Arc<Client>, base_url: reqwest::Url) -> Self {
        Self { client, base_url }
    }

    async fn put(
        &self,
        order: &Reassignment,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> Delivery {
        let agent = order.agent.as_str();
        let Some(status) = status_word(order.status) else {
            return Delivery::NotSent {
                why: "the agent's status has no word in this form".to_owned(),
            };
        };
        // The contract's form of the profile's id.
        let body = json!({
            "routingProfileId": format!("{agent}/routing-profiles/default"),
            "status": status,
            "queueIds": order.queues,
        });
        let path = ["api", "v2", "routing", "users", agent, "routing-profile"];
        let call = Call {
            endpoint: endpoints::PROFILE_PUT,
            share: RateShare::Commands,
            method: Method::PUT,
            url: endpoint(&self.base_url, &path),
            body: Some(Bytes::from(body.to_string())),
            request_id: Some(decision.to_string()),
            client_id: None,
            deadline,
            scope: "of the routing profiles, which the contract does not name,",
            // The agent may have gone on a break meanwhile.
            sending: Sending::Once { leave_by: None },
        };
        match self.client.call(&call, |_| Ok(())).await {
            Ok(()) => Delivery::Acknowledged { version: None },
            Err(failed) => failed_delivery(failed),
        }
    }
}

/// The operation's word for a status; a status that it has no word for cannot go back as it is.
fn status_word(status: AgentState) -> Option<&'static str> {
    match status {
        AgentState::Available => Some("available"),
        AgentState::WrapUp => Some("wrap-up"),
        AgentState::Busy => Some("busy"),
        AgentState::Offline => Some("offline"),
        AgentState::Other => None,
    }
}

impl ProfileWriter for ProfileSender {
    fn reassign<'a>(
        &'a self,
        order: &'a Reassignment,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Delivery> {
        Box::pin(self.put(order, decision, deadline))
    }
}
