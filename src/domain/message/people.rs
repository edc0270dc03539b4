//! Bodies of messages about what people did: on the platform, and as operators of the daemon.

use serde::Serialize;

use crate::domain::aim::AbandonTarget;
use crate::domain::belief::HoldKind;
use crate::domain::ids::{CampaignId, DecisionId, QueueId};
use crate::domain::status::Direction;
use crate::domain::thresholds::{Limit, Thresholds};
use crate::domain::time::Timestamp;

use super::form::{rfc3339, shown};
use super::kind::MessageKind;

/// Who made a change, and why.
#[derive(Clone, Copy, Debug)]
pub struct ChangeAuthor<'a> {
    /// The name, authenticated where the daemon knows names.
    pub name: &'a str,
    /// What an authenticated author called themselves, where that is another name.
    pub typed: Option<&'a str>,
    /// The reason that they gave.
    pub reason: &'a str,
}

/// The members that say who and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct SentAuthor {
    author: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    typed_author: Option<String>,
    reason: String,
}

impl From<ChangeAuthor<'_>> for SentAuthor {
    fn from(by: ChangeAuthor<'_>) -> Self {
        Self {
            author: by.name.to_owned(),
            typed_author: by.typed.map(str::to_owned),
            reason: by.reason.to_owned(),
        }
    }
}

/// A campaign that a person paused or resumed on the platform.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonChanged {
    campaign_id: CampaignId,
    #[serde(skip)]
    to: Direction,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_before_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_alone_until: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// Whose pause a person ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedPause {
    /// Ours. The campaign is left alone until then, where people's changes are respected.
    Ours(Option<Timestamp>),
    /// A person's.
    Persons,
}

/// What an operator did to a campaign or a queue.
#[derive(Clone, Debug, PartialEq)]
pub enum OperatorChange {
    /// Held until then; a hold of the same kind would have ended at `was_until`.
    Held {
        /// The kind of hold.
        hold: HoldKind,
        /// When it ends.
        until: Timestamp,
        /// When the one that it extends, or shortens, would have ended.
        was_until: Option<Timestamp>,
    },
    /// The hold was ended.
    Released {
        /// The kind of hold that ended.
        hold: HoldKind,
    },
    /// The pause is the autopilot's from here on, or a person's, whoever's it was.
    PauseClaimed {
        /// Whether it is ours.
        ours: bool,
        /// Whose it was.
        was: &'static str,
    },
    /// Other thresholds are in force until then.
    ThresholdsSet {
        /// The thresholds.
        thresholds: Thresholds,
        /// Those before.
        before: Thresholds,
        /// When it ends.
        until: Timestamp,
    },
    /// The aim has another target until then.
    TargetSet {
        /// The target.
        target: AbandonTarget,
        /// The one before.
        before: AbandonTarget,
        /// When it ends.
        until: Timestamp,
    },
    /// The configured thresholds are in force again.
    ThresholdsRestored {
        /// The thresholds.
        thresholds: Thresholds,
    },
}

impl OperatorChange {
    fn kind(&self) -> MessageKind {
        match self {
            Self::Held { .. } => MessageKind::CampaignHeld,
            Self::Released { .. } => MessageKind::CampaignReleased,
            Self::PauseClaimed { .. } => MessageKind::CampaignPauseClaimed,
            Self::ThresholdsSet { .. }
            | Self::TargetSet { .. }
            | Self::ThresholdsRestored { .. } => MessageKind::CampaignThresholdsSet,
        }
    }
}

/// A threshold: a number of agents, or a share of the staffed ones such as `20%`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum SentLimit {
    Agents(u32),
    Share(String),
}

impl From<Limit> for SentLimit {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Agents(agents) => Self::Agents(agents),
            Limit::Share(share) => Self::Share(share.to_string()),
        }
    }
}

/// What an operator changed, as far as it is about that.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct SentChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause_threshold: Option<SentLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resume_threshold: Option<SentLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abandon_target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause_threshold_before: Option<SentLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resume_threshold_before: Option<SentLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abandon_target_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    was_until: Option<String>,
}

impl From<&OperatorChange> for SentChange {
    fn from(change: &OperatorChange) -> Self {
        match change {
            OperatorChange::Held {
                hold,
                until,
                was_until,
            } => Self {
                hold: Some(hold.label()),
                until: Some(until.to_string()),
                was_until: was_until.map(|until| until.to_string()),
                ..Self::default()
            },
            OperatorChange::Released { hold } => Self {
                hold: Some(hold.label()),
                ..Self::default()
            },
            OperatorChange::PauseClaimed { ours, was } => Self {
                status: Some(if *ours { "OURS" } else { "THEIRS" }),
                was: Some(was),
                ..Self::default()
            },
            OperatorChange::ThresholdsSet {
                thresholds,
                before,
                until,
            } => Self {
                status: Some("SET"),
                pause_threshold: Some(thresholds.pause_below().into()),
                resume_threshold: Some(thresholds.resume_at().into()),
                pause_threshold_before: Some(before.pause_below().into()),
                resume_threshold_before: Some(before.resume_at().into()),
                until: Some(until.to_string()),
                ..Self::default()
            },
            OperatorChange::TargetSet {
                target,
                before,
                until,
            } => Self {
                status: Some("TARGET_SET"),
                abandon_target: Some(target.to_string()),
                abandon_target_before: Some(before.to_string()),
                until: Some(until.to_string()),
                ..Self::default()
            },
            OperatorChange::ThresholdsRestored { thresholds } => Self {
                status: Some("RESTORED"),
                pause_threshold: Some(thresholds.pause_below().into()),
                resume_threshold: Some(thresholds.resume_at().into()),
                ..Self::default()
            },
        }
    }
}

/// A campaign of which an operator changed something.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorChanged {
    #[serde(skip)]
    kind: MessageKind,
    campaign_id: CampaignId,
    #[serde(flatten)]
    change: SentChange,
    #[serde(flatten)]
    by: SentAuthor,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// A queue that an operator held, or released.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueHoldChanged {
    #[serde(skip)]
    held: bool,
    queue_id: QueueId,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(flatten)]
    by: SentAuthor,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

/// What came of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadResult<'a> {
    /// It is in force.
    Reloaded {
        /// What differs from before, a line each.
        changes: &'a [String],
        /// What differs and acts only after a restart, a line each.
        after_restart: &'a [String],
    },
    /// The one before stays in force.
    Refused {
        /// Every fault, a line each.
        faults: &'a [String],
    },
}

/// A configuration that was read anew.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationReloaded {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    after_restart: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
    #[serde(flatten)]
    by: SentAuthor,
    #[serde(serialize_with = "rfc3339")]
    timestamp: Timestamp,
    #[serde(serialize_with = "shown")]
    decision_id: DecisionId,
}

impl PersonChanged {
    /// Somebody paused it on the platform; `author` is whom the platform names.
    pub(super) fn paused(
        campaign: &CampaignId,
        author: Option<&str>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        Self {
            campaign_id: campaign.clone(),
            to: Direction::Pause,
            status: "PAUSED",
            author: author.map(str::to_owned),
            paused_before_by: None,
            left_alone_until: None,
            timestamp: at,
            decision_id: decision,
        }
    }

    /// Somebody resumed it on the platform.
    pub(super) fn resumed(
        campaign: &CampaignId,
        ended: EndedPause,
        author: Option<&str>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let (whose, until) = match ended {
            EndedPause::Ours(until) => ("autopilot", until),
            EndedPause::Persons => ("person", None),
        };
        Self {
            to: Direction::Resume,
            status: "RUNNING",
            paused_before_by: Some(whose),
            left_alone_until: until.map(|until| until.to_string()),
            ..Self::paused(campaign, author, decision, at)
        }
    }

    pub(super) fn kind(&self) -> MessageKind {
        match self.to {
            Direction::Pause => MessageKind::CampaignPausedByPerson,
            Direction::Resume => MessageKind::CampaignResumedByPerson,
        }
    }
}

impl OperatorChanged {
    /// An operator changed something of a campaign.
    pub(super) fn new(
        campaign: &CampaignId,
        change: &OperatorChange,
        by: ChangeAuthor<'_>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        Self {
            kind: change.kind(),
            campaign_id: campaign.clone(),
            change: change.into(),
            by: by.into(),
            timestamp: at,
            decision_id: decision,
        }
    }

    pub(super) fn kind(&self) -> MessageKind {
        self.kind
    }
}

impl QueueHoldChanged {
    /// An operator holds a queue until then or, without an end, released it.
    pub(super) fn new(
        queue: &QueueId,
        until: Option<Timestamp>,
        by: ChangeAuthor<'_>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        Self {
            held: until.is_some(),
            queue_id: queue.clone(),
            until: until.map(|until| until.to_string()),
            by: by.into(),
            timestamp: at,
            decision_id: decision,
        }
    }

    pub(super) fn kind(&self) -> MessageKind {
        if self.held {
            MessageKind::QueueHeld
        } else {
            MessageKind::QueueReleased
        }
    }
}

impl ConfigurationReloaded {
    /// The configuration was read anew.
    pub(super) fn new(
        result: ReloadResult<'_>,
        by: ChangeAuthor<'_>,
        decision: DecisionId,
        at: Timestamp,
    ) -> Self {
        let (status, changes, after_restart, faults) = match result {
            ReloadResult::Reloaded {
                changes,
                after_restart,
            } => ("RELOADED", changes, after_restart, &[][..]),
            ReloadResult::Refused { faults } => ("REFUSED", &[][..], &[][..], faults),
        };
        Self {
            status,
            changes: changes.to_vec(),
            after_restart: after_restart.to_vec(),
            faults: faults.to_vec(),
            by: by.into(),
            timestamp: at,
            decision_id: decision,
        }
    }
}
