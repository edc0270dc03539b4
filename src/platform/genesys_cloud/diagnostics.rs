//! The dialler's view of a campaign's queue: who is on its calls, and whom it cannot reach.
//!
//! *Whom it cannot reach.* Without a station no call reaches an agent, and a campaign of one edge group uses no agent of another. The
//! observations count both as `IDLE` all the same, so that a campaign seems to have agents whom it never calls. How many of them are idle is not
//! said, and what is shown while a campaign is off is open **\[I\]**: it is told and never subtracted.

use serde::Deserialize;

use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::PlatformFault;

use super::campaign::Reference;
use super::organisation::{Ask, Organisation};
use super::{endpoints, rights};

/// An answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Diagnostics {
    queue_utilization_diagnostic: Option<QueueUtilization>,
}

/// How a campaign uses the agents of its queue. What is absent is not known.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueueUtilization {
    queue: Option<Reference>,
    #[serde(rename = "usersOnACampaignCall")]
    on_a_campaign_call: Option<u32>,
    users_on_queue: Option<u32>,
    users_on_queue_with_station: Option<u32>,
    users_on_different_edge_group: Option<u32>,
}

impl QueueUtilization {
    /// Reads it.
    pub(super) async fn read(
        organisation: &Organisation,
        id: &CampaignId,
        deadline: Timestamp,
    ) -> Result<Self, PlatformFault> {
        let ask = Ask {
            endpoint: endpoints::DIAGNOSTICS,
            path: &["outbound", "campaigns", id.as_str(), "diagnostics"],
            query: Vec::new(),
            body: None,
            right: rights::CAMPAIGN_VIEW,
            share: RateShare::Readings,
            deadline,
        };
        organisation.read(ask, Self::parse).await
    }

    fn parse(body: &[u8]) -> Result<Self, String> {
        let found: Diagnostics = serde_json::from_slice(body)
            .map_err(|wrong| format!("the diagnostics cannot be read: {wrong}"))?;
        found
            .queue_utilization_diagnostic
            .ok_or_else(|| "the diagnostics say nothing of the queue".to_owned())
    }

    /// The queue that it is of, where that is shown.
    pub(super) fn queue(&self) -> Option<&str> {
        self.queue.as_ref()?.id.as_deref()
    }

    /// The agents on calls of this campaign, beside those of `queue` who are counted.
    ///
    /// # Errors
    /// Where that is not said, or is said of another queue: agents of two queues make no sum.
    pub(super) fn serving(&self, queue: &str) -> Result<u32, String> {
        if let Some(other) = self.queue().filter(|shown| *shown != queue) {
            return Err(format!(
                "the diagnostics are of queue {other} and not of {queue}, whose agents are counted: the campaign's queue has changed"
            ));
        }
        self.on_a_campaign_call
            .ok_or_else(|| "the diagnostics do not say who is on a campaign call".to_owned())
    }

    /// The agents whom no call of the campaign reaches, in words; nothing where there are none, or none are shown.
    pub(super) fn unreached(&self) -> Vec<String> {
        let mut told = Vec::new();
        if let (Some(all), Some(with)) = (self.users_on_queue, self.users_on_queue_with_station)
            && with < all
        {
            let without = all.saturating_sub(with);
            told.push(format!(
                "{without} of the {all} agents on its queue have no station, so that no call reaches them; who is idle of them counts as available all the same"
            ));
        }
        if let Some(elsewhere) = self.users_on_different_edge_group.filter(|many| *many > 0) {
            told.push(format!(
                "{elsewhere} agents of its queue are on another edge group, and a campaign of one edge group does not call them; who is idle of them counts as available all the same"
            ));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utilization(members: &str) -> QueueUtilization {
        let body = format!(r#"{{"queueUtilizationDiagnostic":{{{members}}}}}"#);
        QueueUtilization::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn agents_on_calls_are_those_of_the_queue_that_is_counted() {
        let found = utilization(r#""queue":{"id":"q"},"usersOnACampaignCall":6"#);
        assert_eq!(found.serving("q"), Ok(6));
        assert!(
            found
                .serving("another")
                .unwrap_err()
                .contains("queue q and not of another")
        );
        // A queue that is not said is no reason to doubt.
        assert_eq!(
            utilization(r#""usersOnACampaignCall":0"#).serving("q"),
            Ok(0)
        );
        for silent in [
            "",
            r#""queue":{"id":"q"}"#,
            r#""usersOnACampaignCall":null"#,
        ] {
            assert!(utilization(silent).serving("q").is_err(), "{silent}");
        }
        for wrong in [
            "",
            "{}",
            "[]",
            r#"{"queueUtilizationDiagnostic":null}"#,
            r#"{"queueUtilizationDiagnostic":{"usersOnACampaignCall":-1}}"#,
            r#"{"queueUtilizationDiagnostic":{"usersOnACampaignCall":"6"}}"#,
        ] {
            assert!(
                QueueUtilization::parse(wrong.as_bytes()).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn agents_whom_no_call_reaches_are_told_as_far_as_they_are_shown() {
        let told = |members: &str| utilization(members).unreached();
        let both =
            told(r#""usersOnQueue":8,"usersOnQueueWithStation":5,"usersOnDifferentEdgeGroup":2"#);
        assert!(both[0].starts_with("3 of the 8 agents on its queue have no station"));
        assert!(both[1].starts_with("2 agents of its queue are on another edge group"));
        for nothing in [
            "",
            r#""usersOnQueue":8"#,
            r#""usersOnQueueWithStation":8"#,
            r#""usersOnQueue":8,"usersOnQueueWithStation":8,"usersOnDifferentEdgeGroup":0"#,
            // Those with a station are perhaps counted a moment later.
            r#""usersOnQueue":8,"usersOnQueueWithStation":9"#,
        ] {
            assert_eq!(told(nothing), [""; 0], "{nothing}");
        }
    }
}
