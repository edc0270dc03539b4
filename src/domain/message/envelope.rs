//! One message, with the body that is sent.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::domain::belief::Doubt;
use crate::domain::campaign::{Reason, UnprovenEnd};
use crate::domain::cause::Cause;
use crate::domain::ids::{CampaignId, DecisionId, QueueId};
use crate::domain::queue::QueueMessage;
use crate::domain::status::Direction;
use crate::domain::throttle::{DialRatio, IdleReserve, PaceChange, PaceSetting, PaceStep};
use crate::domain::time::Timestamp;

use super::form::{millis, rfc3339, shown};
use super::kind::MessageKind;
use super::people::{ConfigurationReloaded, OperatorChanged, PersonChanged, QueueHoldChanged};

/// Messages of one key are delivered in the order in which they were written; keys do not wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderingKey {
    /// One campaign.
    Campaign(CampaignId),
    /// One queue.
    Queue(QueueId),
    /// The readings, which all campaigns share.
    Data,
    /// The audit.
    Audit,
    /// The daemon's configuration.
    Configuration,
}

impl OrderingKey {
    /// What the message is about, for the header `ce-subject`.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::Campaign(id) => id.as_str(),
            Self::Queue(id) => id.as_str(),
            Self::Data => "agents",
            Self::Audit => "audit",
            Self::Configuration => "configuration",
        }
    }

    /// The campaign, if it is one.
    #[must_use]
    pub fn campaign(&self) -> Option<&CampaignId> {
        match self {
            Self::Campaign(id) => Some(id),
            Self::Queue(_) | Self::Data | Self::Audit | Self::Configuration => None,
        }
    }
}

impl fmt::Display for OrderingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Campaign(id) => write!(f, "campaign/{id}"),
            Self::Queue(id) => write!(f, "queue/{id}"),
            Self::Data => f.write_str("data"),
            Self::Audit => f.write_str("audit"),
            Self::Configuration => f.write_str("configuration"),
        }
    }
}

/// One event, to be delivered at least once.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// In whose order it is delivered.
    pub key: OrderingKey,
    /// When it happened.
    pub at: Timestamp,
    /// Which decision it belongs to.
    pub decision: DecisionId,
    /// What people call the campaign that it is about, as far as that is known: a member of what is sent.
    pub name: Option<String>,
    /// What is sent.
    pub body: MessageBody,
}

/// A message as it is sent: its body, with the campaign's name.
#[derive(Debug, Serialize)]
pub struct SentMessage<'a> {
    #[serde(flatten)]
    body: &'a MessageBody,
    #[serde(rename = "campaignName", skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

/// A body, which becomes a JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum MessageBody {
    /// For `campaign.paused` and `campaign.resumed`.
    Changed(CampaignChanged),
    /// For `campaign.flapping`.
    Flapping(CampaignFlapping),
    /// For `campaign.pause_unproven`.
    PauseUnproven(CampaignPauseUnproven),
    /// For `campaign.pace_changed`.
    Pace(CampaignPaceChanged),
    /// For `assignment.dispatch`.
    Dispatch(AssignmentDispatch),
    /// For `data.stale`.
    Stale(DataStale),
    /// For what happens to queues.
    Queue(QueueMessage),
    /// For `campaign.paused_by_person` and `campaign.resumed_by_person`.
    Person(PersonChanged),
    /// For an operator's change of a campaign.
    Operator(Box<OperatorChanged>),
    /// For `queue.held` and `queue.released`.
    QueueHold(QueueHoldChanged),
    /// For `configuration.reloaded`.
    Configuration(ConfigurationReloaded),
    /// For `audit.head`.
    AuditHead(AuditHeadPublished),
    /// For `webhook.test`.
    Test(WebhookTest),
}

/// A campaign that we paused or resumed, confirmed by the platform.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignChanged {
    campaign_id: CampaignId,
    #[serde(skip)]
    to: Direction,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<u64>,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    available_agents: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause_threshold: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resume_threshold: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// A campaign that is resumed too often.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignFlapping {
    campaign_id: CampaignId,
    resumes_last_hour: u32,
    limit_per_hour: u32,
    resumes_held_back: bool,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// A pause of which nobody can say whose it is while agents stand idle, or what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignPauseUnproven {
    campaign_id: CampaignId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_as: Option<&'static str>,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// A pace and the one that was there before ours, in the unit of the lever.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum SentPace {
    #[serde(rename_all = "camelCase")]
    Dials {
        dials_per_agent: f64,
        original_dials_per_agent: f64,
    },
    #[serde(rename_all = "camelCase")]
    KeptIdle {
        idle_reserve: f64,
        original_idle_reserve: f64,
    },
}

impl SentPace {
    /// Both are of one lever: a change puts back what it was made on.
    fn of(pace: PaceSetting, original: PaceSetting) -> Self {
        match pace {
            PaceSetting::Dials(ratio) => Self::Dials {
                dials_per_agent: ratio.in_dials(),
                original_dials_per_agent: original.dials().map_or(0.0, DialRatio::in_dials),
            },
            PaceSetting::KeptIdle(reserve) => Self::KeptIdle {
                idle_reserve: reserve.in_agents(),
                original_idle_reserve: original.kept_idle().map_or(0.0, IdleReserve::in_agents),
            },
        }
    }
}

/// A campaign whose pace we changed, confirmed by the platform, or somebody else did while ours was in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignPaceChanged {
    campaign_id: CampaignId,
    status: &'static str,
    #[serde(flatten)]
    pace: SentPace,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// Agents that were assigned to a campaign.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentDispatch {
    campaign_id: CampaignId,
    assignment_id: String,
    status: &'static str,
    agents_updated: u32,
    latency_ms: u64,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    call_rate_target: f64,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// Why readings of all agents stay away, and what becomes of campaigns meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastingOutage {
    /// Why the last reading failed, in the platform's words where it gave any.
    pub error: String,
    /// Campaigns that run and go on dialling.
    pub keep_dialling: usize,
    /// Campaigns that are paused for it, by `on_stale`.
    pub paused: usize,
}

/// Readings that stay away, or are back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DataStale {
    status: &'static str,
    invalid_polls: u32,
    #[serde(flatten)]
    outage: Option<LastingOutage>,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// The last row of the audit at a time, with its hash, and who signed that.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditHeadPublished {
    row: i64,
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// A try of the receiver.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookTest {
    status: &'static str,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
}

impl MessageBody {
    /// What it reports.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Changed(changed) => match changed.to {
                Direction::Pause => MessageKind::CampaignPaused,
                Direction::Resume => MessageKind::CampaignResumed,
            },
            Self::Flapping(_) => MessageKind::CampaignFlapping,
            Self::PauseUnproven(_) => MessageKind::CampaignPauseUnproven,
            Self::Pace(_) => MessageKind::CampaignPaceChanged,
            Self::Dispatch(_) => MessageKind::AssignmentDispatch,
            Self::Stale(_) => MessageKind::DataStale,
            Self::Queue(message) => message.kind(),
            Self::Person(changed) => changed.kind(),
            Self::Operator(changed) => changed.kind(),
            Self::QueueHold(changed) => changed.kind(),
            Self::Configuration(_) => MessageKind::ConfigurationReloaded,
            Self::AuditHead(_) => MessageKind::AuditHead,
            Self::Test(_) => MessageKind::WebhookTest,
        }
    }
}

impl Message {
    /// `campaign.paused` or `campaign.resumed`: the platform shows our command. `why` is the reason and the time since the
    /// sample that it rests on; both are unknown when the outcome came to light late.
    #[must_use]
    pub fn campaign_changed(
        campaign: &CampaignId,
        to: Direction,
        cause: Option<Cause>,
        why: Option<(&Reason, Duration)>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let reason = why.map(|(reason, _)| reason);
        let thresholds = reason.and_then(Reason::thresholds);
        let body = MessageBody::Changed(CampaignChanged {
            campaign_id: campaign.clone(),
            to,
            // Words that receivers rely on, whichever platform the campaign is on.
            status: match to {
                Direction::Pause => "PAUSED",
                Direction::Resume => "RUNNING",
            },
            latency_ms: why.map(|(_, since_sample)| millis(since_sample)),
            timestamp: at,
            cause: cause.map(Cause::label),
            available_agents: reason.and_then(Reason::available),
            pause_threshold: thresholds.map(|thresholds| thresholds.pause_below),
            resume_threshold: thresholds.map(|thresholds| thresholds.resume_at),
            reason: reason.map(ToString::to_string),
            decision_id: decision,
        });
        Self::of_campaign(campaign, body, decision, at)
    }

    /// A message about a queue.
    #[must_use]
    pub fn of_queue(
        queue: &QueueId,
        body: QueueMessage,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        Self {
            key: OrderingKey::Queue(queue.clone()),
            at,
            decision,
            name: None,
            body: MessageBody::Queue(body),
        }
    }

    /// `campaign.flapping`: we resumed the campaign so often within the last hour; `held_back` when further resumes wait
    /// for the hour to pass.
    #[must_use]
    pub fn campaign_flapping(
        campaign: &CampaignId,
        resumes_last_hour: u32,
        limit_per_hour: u32,
        held_back: bool,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let body = MessageBody::Flapping(CampaignFlapping {
            campaign_id: campaign.clone(),
            resumes_last_hour,
            limit_per_hour,
            resumes_held_back: held_back,
            timestamp: at,
            decision_id: decision,
        });
        Self::of_campaign(campaign, body, decision, at)
    }

    /// `campaign.pause_unproven`: agents stand idle, and `doubt` keeps the pause from being shown to be ours.
    #[must_use]
    pub fn campaign_pause_unproven(
        campaign: &CampaignId,
        doubt: Doubt,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let body = MessageBody::PauseUnproven(CampaignPauseUnproven {
            campaign_id: campaign.clone(),
            status: "UNPROVEN",
            doubt: Some(doubt.label()),
            reason: Some(doubt.explained()),
            resolved_as: None,
            timestamp: at,
            decision_id: decision,
        });
        Self::of_campaign(campaign, body, decision, at)
    }

    /// `campaign.pause_unproven`: the pause is over, or somebody's.
    #[must_use]
    pub fn campaign_pause_resolved(
        campaign: &CampaignId,
        end: UnprovenEnd,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let body = MessageBody::PauseUnproven(CampaignPauseUnproven {
            campaign_id: campaign.clone(),
            status: "RESOLVED",
            doubt: None,
            reason: None,
            resolved_as: Some(end.label()),
            timestamp: at,
            decision_id: decision,
        });
        Self::of_campaign(campaign, body, decision, at)
    }

    /// `campaign.pace_changed`: the platform shows a change of ours.
    #[must_use]
    pub fn campaign_pace_changed(change: &PaceChange, at: Timestamp) -> Self {
        let body = MessageBody::Pace(CampaignPaceChanged {
            campaign_id: change.campaign.clone(),
            status: match change.step {
                PaceStep::Down => "STEPPED_DOWN",
                PaceStep::SetReserve => "RESERVE_SET",
                PaceStep::Back => "PUT_BACK",
            },
            pace: SentPace::of(change.to, change.original),
            reason: Some(change.why.clone()),
            timestamp: at,
            decision_id: change.decision,
        });
        Self::of_campaign(&change.campaign, body, change.decision, at)
    }

    /// `campaign.pace_changed`: somebody else changed it to `found` while ours was in force; `original` is not put back.
    #[must_use]
    pub fn campaign_pace_taken(
        campaign: &CampaignId,
        found: PaceSetting,
        original: PaceSetting,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let body = MessageBody::Pace(CampaignPaceChanged {
            campaign_id: campaign.clone(),
            status: "CHANGED_BY_OTHERS",
            pace: SentPace::of(found, original),
            reason: None,
            timestamp: at,
            decision_id: decision,
        });
        Self::of_campaign(campaign, body, decision, at)
    }

    /// `assignment.dispatch`: the platform took an assignment. `latency` is the time from sending it to its answer,
    /// `call_rate_target` the calls an hour that the assignment aims at.
    #[must_use]
    pub fn assignment_dispatch(
        campaign: &CampaignId,
        assignment_id: String,
        agents_updated: u32,
        latency: Duration,
        call_rate_target: f64,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let body = MessageBody::Dispatch(AssignmentDispatch {
            campaign_id: campaign.clone(),
            assignment_id,
            status: "dispatched",
            agents_updated,
            latency_ms: millis(latency),
            timestamp: at,
            call_rate_target,
            decision_id: decision,
        });
        Self::of_campaign(campaign, body, decision, at)
    }

    /// `data.stale`: so many polls in a row gave no valid reading. The outage is told where it is one of all agents.
    #[must_use]
    pub fn data_stale(
        invalid_polls: u32,
        outage: Option<LastingOutage>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        Self::of_data(DataStale {
            status: "STALE",
            invalid_polls,
            outage,
            timestamp: at,
            decision_id: decision,
        })
    }

    /// `data.stale`: readings are valid again.
    #[must_use]
    pub fn data_fresh(decision: DecisionId, at: Timestamp) -> Self {
        Self::of_data(DataStale {
            status: "FRESH",
            invalid_polls: 0,
            outage: None,
            timestamp: at,
            decision_id: decision,
        })
    }

    fn of_data(body: DataStale) -> Self {
        Self {
            key: OrderingKey::Data,
            at: body.timestamp,
            decision: body.decision_id,
            name: None,
            body: MessageBody::Stale(body),
        }
    }

    /// `audit.head`: the last row of the audit and its hash, with the public key and the signature where they were signed.
    #[must_use]
    pub fn audit_head(
        (row, hash): (i64, String),
        signed: Option<(String, String)>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let (public_key, signature) = signed.unzip();
        let body = MessageBody::AuditHead(AuditHeadPublished {
            row,
            hash,
            public_key,
            signature,
            timestamp: at,
            decision_id: decision,
        });
        Self {
            key: OrderingKey::Audit,
            at,
            decision,
            name: None,
            body,
        }
    }

    /// `webhook.test`, which reports no event.
    #[must_use]
    pub fn webhook_test(at: Timestamp) -> Self {
        Self::test("TEST", at)
    }

    /// The end of a test, for receivers that keep something open until then.
    #[must_use]
    pub fn webhook_test_over(at: Timestamp) -> Self {
        Self::test("TEST_OVER", at)
    }

    fn test(status: &'static str, at: Timestamp) -> Self {
        Self {
            key: OrderingKey::Data,
            at,
            decision: DecisionId { run: 0, tick: 0 },
            name: None,
            body: MessageBody::Test(WebhookTest {
                status,
                timestamp: at,
            }),
        }
    }

    /// What it reports.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        self.body.kind()
    }

    /// What is sent, which becomes a JSON object.
    #[must_use]
    pub fn sent(&self) -> SentMessage<'_> {
        SentMessage {
            body: &self.body,
            name: self.name.as_deref(),
        }
    }

    pub(super) fn of_campaign(
        campaign: &CampaignId,
        body: MessageBody,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        Self {
            key: OrderingKey::Campaign(campaign.clone()),
            at,
            decision,
            name: None,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_unix_millis(1_716_215_520_000);
    const DECISION: DecisionId = DecisionId { run: 3, tick: 41 };

    fn campaign() -> CampaignId {
        "cmp-1".parse().unwrap()
    }

    fn json(message: &Message) -> serde_json::Value {
        serde_json::to_value(&message.body).unwrap()
    }

    #[test]
    fn a_dispatch_has_the_documents_members() {
        let id = "assign-uuid-999".to_owned();
        let latency = Duration::from_millis(87);
        let message = Message::assignment_dispatch(&campaign(), id, 4, latency, 8.5, DECISION, AT);
        assert_eq!(message.kind().name(), "assignment.dispatch");
        assert_eq!(message.key.to_string(), "campaign/cmp-1");
        let expected = serde_json::json!({
            "campaignId": "cmp-1", "assignmentId": "assign-uuid-999", "status": "dispatched",
            "agentsUpdated": 4, "latencyMs": 87, "timestamp": "2024-05-20T14:32:00.000Z",
            "callRateTarget": 8.5, "decisionId": "3-41",
        });
        assert_eq!(json(&message), expected);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let to = Direction::Pause;
        let message = Message::campaign_changed(&campaign(), to, None, None, DECISION, AT);
        assert_eq!(message.kind(), MessageKind::CampaignPaused);
        let expected = serde_json::json!({
            "campaignId": "cmp-1", "status": "PAUSED", "timestamp": "2024-05-20T14:32:00.000Z",
            "decisionId": "3-41",
        });
        assert_eq!(json(&message), expected);
    }

    #[test]
    fn an_unproven_pause_and_its_end_share_a_key_and_have_the_documented_members() {
        let raised = Message::campaign_pause_unproven(&campaign(), Doubt::Touched, DECISION, AT);
        let ended =
            Message::campaign_pause_resolved(&campaign(), UnprovenEnd::Person, DECISION, AT);
        assert_eq!(raised.kind().name(), "campaign.pause_unproven");
        assert_eq!(raised.kind(), ended.kind());
        assert_eq!(raised.key, ended.key);
        let expected = serde_json::json!({
            "campaignId": "cmp-1", "status": "UNPROVEN", "doubt": "touched",
            "reason": "somebody changed the campaign under our pause",
            "timestamp": "2024-05-20T14:32:00.000Z", "decisionId": "3-41",
        });
        assert_eq!(json(&raised), expected);
        let expected = serde_json::json!({
            "campaignId": "cmp-1", "status": "RESOLVED", "resolvedAs": "person",
            "timestamp": "2024-05-20T14:32:00.000Z", "decisionId": "3-41",
        });
        assert_eq!(json(&ended), expected);
    }

    #[test]
    fn staleness_and_its_end_share_a_key() {
        let outage = LastingOutage {
            error: "503 Service Unavailable".to_owned(),
            keep_dialling: 2,
            paused: 1,
        };
        let stale = Message::data_stale(3, Some(outage), DECISION, AT);
        let fresh = Message::data_fresh(DECISION, AT);
        assert_eq!(stale.key, fresh.key);
        let timestamp = "2024-05-20T14:32:00.000Z";
        assert_eq!(
            json(&stale),
            serde_json::json!({
                "status": "STALE", "invalidPolls": 3, "error": "503 Service Unavailable",
                "keepDialling": 2, "paused": 1, "timestamp": timestamp, "decisionId": "3-41",
            })
        );
        assert_eq!(
            json(&fresh),
            serde_json::json!({"status": "FRESH", "invalidPolls": 0, "timestamp": timestamp, "decisionId": "3-41"})
        );
    }
}
