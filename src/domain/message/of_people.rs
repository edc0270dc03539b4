//! Messages about what people did: on the platform, and as operators of the daemon.

use crate::domain::ids::{CampaignId, DecisionId, QueueId};
use crate::domain::time::Timestamp;

use super::envelope::{Message, MessageBody, OrderingKey};
use super::people::{
    ChangeAuthor, ConfigurationReloaded, EndedPause, OperatorChange, OperatorChanged,
    PersonChanged, QueueHoldChanged, ReloadResult,
};

impl Message {
    /// `campaign.paused_by_person`: somebody paused it on the platform, or changed it under our pause; `author` is whom the platform
    /// names.
    #[must_use]
    pub fn paused_by_person(
        campaign: &CampaignId,
        author: Option<&str>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let body = PersonChanged::paused(campaign, author, decision, at);
        Self::of_campaign(campaign, MessageBody::Person(body), decision, at)
    }

    /// `campaign.resumed_by_person`: somebody resumed it on the platform.
    #[must_use]
    pub fn resumed_by_person(
        campaign: &CampaignId,
        ended: EndedPause,
        author: Option<&str>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let body = PersonChanged::resumed(campaign, ended, author, decision, at);
        Self::of_campaign(campaign, MessageBody::Person(body), decision, at)
    }

    /// `campaign.held`, `campaign.released`, `campaign.pause_claimed` or `campaign.thresholds_set`: an operator's change.
    #[must_use]
    pub fn changed_by_operator(
        campaign: &CampaignId,
        change: &OperatorChange,
        by: ChangeAuthor<'_>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let body = OperatorChanged::new(campaign, change, by, decision, at);
        let body = MessageBody::Operator(Box::new(body));
        Self::of_campaign(campaign, body, decision, at)
    }

    /// `queue.held`, or without an end `queue.released`: an operator's change.
    #[must_use]
    pub fn queue_hold_changed(
        queue: &QueueId,
        until: Option<Timestamp>,
        by: ChangeAuthor<'_>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let body = QueueHoldChanged::new(queue, until, by, decision, at);
        Self {
            key: OrderingKey::Queue(queue.clone()),
            at,
            decision,
            name: None,
            body: MessageBody::QueueHold(body),
        }
    }

    /// `configuration.reloaded`: the configuration was read anew.
    #[must_use]
    pub fn configuration_reloaded(
        result: ReloadResult<'_>,
        by: ChangeAuthor<'_>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let body = ConfigurationReloaded::new(result, by, decision, at);
        Self {
            key: OrderingKey::Configuration,
            at,
            decision,
            name: None,
            body: MessageBody::Configuration(body),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::domain::belief::HoldKind;
    use crate::domain::message::MessageKind;
    use crate::domain::thresholds::{Limit, Thresholds};

    use super::*;

    const AT: Timestamp = Timestamp::from_unix_millis(1_716_215_520_000);
    const DECISION: DecisionId = DecisionId { run: 3, tick: 41 };
    const ANNA: ChangeAuthor<'_> = ChangeAuthor {
        name: "anna",
        typed: None,
        reason: "wrong list",
    };

    fn campaign() -> CampaignId {
        "cmp-1".parse().unwrap()
    }

    fn sent(message: &Message) -> Value {
        serde_json::to_value(message.sent()).unwrap()
    }

    #[test]
    fn a_persons_pause_and_resume_say_who_where_the_platform_does() {
        let paused = Message::paused_by_person(&campaign(), Some("kim"), DECISION, AT);
        assert_eq!(paused.kind().name(), "campaign.paused_by_person");
        let expected = json!({
            "campaignId": "cmp-1", "status": "PAUSED", "author": "kim",
            "timestamp": "2024-05-20T14:32:00.000Z", "decisionId": "3-41",
        });
        assert_eq!(sent(&paused), expected);
        let ended = EndedPause::Ours(Some(AT));
        let resumed = Message::resumed_by_person(&campaign(), ended, None, DECISION, AT);
        assert_eq!(resumed.kind().name(), "campaign.resumed_by_person");
        assert_eq!(resumed.key, paused.key);
        let expected = json!({
            "campaignId": "cmp-1", "status": "RUNNING", "pausedBeforeBy": "autopilot",
            "leftAloneUntil": "2024-05-20T14:32:00.000Z",
            "timestamp": "2024-05-20T14:32:00.000Z", "decisionId": "3-41",
        });
        assert_eq!(sent(&resumed), expected);
    }

    #[test]
    fn an_operators_change_has_its_author_and_the_campaigns_name() {
        let held = OperatorChange::Held {
            hold: HoldKind::Paused,
            until: AT,
            was_until: None,
        };
        let mut held = Message::changed_by_operator(&campaign(), &held, ANNA, DECISION, AT);
        held.name = Some("Spring renewals".to_owned());
        assert_eq!(held.kind().name(), "campaign.held");
        let expected = json!({
            "campaignId": "cmp-1", "campaignName": "Spring renewals", "hold": "paused",
            "until": "2024-05-20T14:32:00.000Z", "author": "anna", "reason": "wrong list",
            "timestamp": "2024-05-20T14:32:00.000Z", "decisionId": "3-41",
        });
        assert_eq!(sent(&held), expected);
        let set = OperatorChange::ThresholdsSet {
            thresholds: Thresholds::new(Limit::Agents(4), Limit::Agents(7)).unwrap(),
            before: Thresholds::new(Limit::Agents(5), Limit::Agents(8)).unwrap(),
            until: AT,
        };
        let set = Message::changed_by_operator(&campaign(), &set, ANNA, DECISION, AT);
        assert_eq!(set.kind(), MessageKind::CampaignThresholdsSet);
        let set = sent(&set);
        assert_eq!(
            (&set["pauseThreshold"], &set["pauseThresholdBefore"]),
            (&json!(4), &json!(5))
        );
        let ours = OperatorChange::PauseClaimed {
            ours: true,
            was: "person",
        };
        let ours = Message::changed_by_operator(&campaign(), &ours, ANNA, DECISION, AT);
        assert_eq!(ours.kind().name(), "campaign.pause_claimed");
        assert_eq!(sent(&ours)["status"], "OURS");
    }

    #[test]
    fn a_reload_says_what_differs_or_what_is_wrong() {
        let changes = ["pause_below: 5 -> 4".to_owned()];
        let result = ReloadResult::Reloaded {
            changes: &changes,
            after_restart: &[],
        };
        let reloaded = Message::configuration_reloaded(result, ANNA, DECISION, AT);
        let expected = json!({
            "status": "RELOADED", "changes": ["pause_below: 5 -> 4"], "author": "anna",
            "reason": "wrong list", "timestamp": "2024-05-20T14:32:00.000Z", "decisionId": "3-41",
        });
        assert_eq!(sent(&reloaded), expected);
        let result = ReloadResult::Refused { faults: &changes };
        let refused = Message::configuration_reloaded(result, ANNA, DECISION, AT);
        assert_eq!(refused.key, reloaded.key);
        assert_eq!(sent(&refused)["status"], "REFUSED");
    }
}
