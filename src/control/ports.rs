//! What the loop needs from the outside beside its platform: a clock and a journal.
//!
//! The consumer owns these traits; adapters implement them. No SQL crosses them. What is asked of a platform is in
//! [`crate::platform::port`], beside the dialects that answer it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::domain::aim::AimReading;
use crate::domain::assignment::{DispatchEnd, ListMemory, ListNotice, Move, Trigger};
use crate::domain::guard::{DayCounts, DaySpan};
use crate::domain::outcomes::OutcomeSlot;
use crate::domain::queue::{QueueMemory, QueueRecord};
use crate::domain::replay::Input;
use crate::domain::throttle::{PaceFinding, PaceNotice, PaceSetting, PaceStep};
use crate::domain::workload::WorkloadSlot;
use crate::domain::{
    AgentId, Alert, CampaignId, CampaignState, Conclusion, DecisionId, Delivery, Direction,
    IdError, Message, Notice, QueueId, Reason, StatusFinding, StatusReading, Timestamp, Zone,
};

use super::operator::AppliedChange;
use super::series::Frame;

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The time of day. Does not run backwards within one tick.
    fn now(&self) -> Timestamp;

    /// Time since the clock was made; for measuring and for rate limits.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// How much real time `duration` takes.
    fn real(&self, duration: Duration) -> Duration;

    /// Follows the machine's time of day if that was set meanwhile; returns by how many milliseconds. Called between two
    /// ticks, so that time never jumps within one.
    fn resynchronise(&self) -> Option<i64> {
        None
    }

    /// By how many milliseconds in all the machine's time of day was followed, for tasks beside the loop that remember times.
    fn followed(&self) -> i64 {
        0
    }
}

/// A difference to the machine's time of day up to this is left alone: clocks are slewed all the time.
const LARGEST_DRIFT: Duration = Duration::from_secs(2);

/// The longest that the machine's time of day takes to be read, by a thread that did not stand still meanwhile.
const LONGEST_LOOK: Duration = Duration::from_millis(100);

/// By how many milliseconds the machine's time of day was set, from what our clock showed before and after it was read.
/// Nothing is known where a busy machine let time pass in between: the next tick looks again.
fn step(before: Timestamp, machine: Timestamp, after: Timestamp) -> Option<i64> {
    if after.since(before) > LONGEST_LOOK {
        return None;
    }
    let step = machine
        .as_unix_millis()
        .saturating_sub(after.as_unix_millis());
    (u128::from(step.unsigned_abs()) > LARGEST_DRIFT.as_millis()).then_some(step)
}

/// The machine's clock, carried on by the monotonic one, at `speed` times real time.
#[derive(Debug)]
pub struct SystemClock {
    started: std::time::Instant,
    started_at: AtomicI64,
    followed: AtomicI64,
    speed: f64,
    follows_machine: bool,
}

impl SystemClock {
    /// Real time.
    #[must_use]
    pub fn real_time() -> Self {
        let clock = Self {
            follows_machine: true,
            ..Self::starting_at(Self::time_of_day(), 1.0)
        };
        // Where the thread stood still between the readings of the two clocks, nothing was set.
        clock.resynchronise();
        clock.followed.store(0, Ordering::Relaxed);
        clock
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's time of day"
    )]
    fn time_of_day() -> Timestamp {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_unix_millis(millis)
    }

    /// A clock that shows `started_at` now and runs at `speed` times real time: for demonstrations and tests.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's monotonic clock"
    )]
    pub fn starting_at(started_at: Timestamp, speed: f64) -> Self {
        Self {
            started: std::time::Instant::now(),
            started_at: AtomicI64::new(started_at.as_unix_millis()),
            followed: AtomicI64::new(0),
            speed,
            follows_machine: false,
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let started_at = Timestamp::from_unix_millis(self.started_at.load(Ordering::Relaxed));
        started_at.plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed().mul_f64(self.speed)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(self.real(duration)))
    }

    fn real(&self, duration: Duration) -> Duration {
        duration.div_f64(self.speed)
    }

    fn resynchronise(&self) -> Option<i64> {
        if !self.follows_machine {
            return None;
        }
        let before = self.now();
        let machine = Self::time_of_day();
        let step = step(before, machine, self.now())?;
        self.started_at.fetch_add(step, Ordering::Relaxed);
        self.followed.fetch_add(step, Ordering::Relaxed);
        Some(step)
    }

    fn followed(&self) -> i64 {
        self.followed.load(Ordering::Relaxed)
    }
}

/// One row of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum AuditEvent {
    /// A run began.
    Started {
        /// The program's version.
        version: String,
        /// Whether it may command.
        dry_run: bool,
        /// SHA-256 of the configuration in force.
        config: String,
        /// What the store had lost, in words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        damage: Vec<String>,
    },
    /// A run ended in order.
    Stopped,
    /// The machine's clock was set, and holds, graces and waiting times in force moved with it.
    ClockStepped {
        /// By how much.
        milliseconds: i64,
    },
    /// A command is about to be sent.
    Intent {
        /// The direction of the command.
        direction: Direction,
        /// The reason for it, with the numbers.
        reason: Box<Reason>,
        /// The status read just before.
        before: StatusReading,
    },
    /// The outcome of a command.
    Outcome {
        /// The direction of the command.
        direction: Direction,
        /// The verdict.
        conclusion: Conclusion,
        /// How far the write got.
        delivery: Delivery,
        /// The status read after it.
        after: StatusFinding,
    },
    /// Something that was not our doing, or came to light late.
    Noticed {
        /// The notice.
        notice: Notice,
    },
    /// Something that may have to wake a person.
    Alerted {
        /// The alert.
        alert: Alert,
    },
    /// An aim has another threshold in whole agents, or has an effect no more or again.
    AimMoved {
        /// The whole agents before.
        from: u32,
        /// What it says.
        aim: Box<AimReading>,
    },
    /// A step in changing a queue.
    Queue {
        /// The step.
        record: Box<QueueRecord>,
    },
    /// An operator, a signal or a changed file changed something.
    Operator {
        /// The author's name: that of their token, or as they gave it where nobody is asked who they are.
        by: String,
        /// What an author whose name is known calls themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        typed: Option<String>,
        /// The reason for it.
        reason: String,
        /// The applied change.
        made: AppliedChange,
    },
    /// A campaign's list of agents is about to be replaced.
    AssignIntent {
        /// Why the plan was made.
        trigger: Trigger,
        /// Agents on the whole list.
        agents: usize,
        /// Those who join by it.
        joining: Vec<AgentId>,
        /// Those who leave by it.
        leaving: Vec<AgentId>,
        /// The reasons for the moves, as far as the plan has them.
        moves: Vec<Move>,
    },
    /// The outcome of such a replacement.
    AssignOutcome {
        /// The end of the dispatch.
        end: DispatchEnd,
        /// Agents on the list that was sent.
        agents: usize,
        /// From sending to the answer, in milliseconds.
        latency_ms: u64,
    },
    /// Something about a list that was not our doing, or came to light late.
    ListNoticed {
        /// The notice.
        notice: ListNotice,
    },
    /// A campaign's pace is about to be changed.
    PaceIntent {
        /// The direction.
        step: PaceStep,
        /// What is set.
        before: PaceSetting,
        /// What it becomes.
        to: PaceSetting,
        /// What is put back one day.
        original: PaceSetting,
        /// Why, with the numbers.
        why: String,
    },
    /// The outcome of such a change.
    PaceOutcome {
        /// The direction.
        step: PaceStep,
        /// The verdict.
        conclusion: Conclusion,
        /// How far the write got.
        delivery: Delivery,
        /// What was read after it.
        after: PaceFinding,
    },
    /// Something about a pace that was not our doing, or came to light late.
    PaceNoticed {
        /// The notice.
        notice: PaceNotice,
    },
    /// Rows of the audit were written to a file of their own.
    Sealed {
        /// The number of the first of them.
        first: i64,
        /// The number of the last of them.
        last: i64,
        /// The hash of the last of them.
        hash: String,
        /// The file's name, without directories.
        file: String,
        /// SHA-256 of the file.
        digest: String,
        /// Who, as the system calls them, where it was a person.
        by: Option<String>,
    },
    /// Rows that were sealed before were removed from the store.
    SegmentRemoved {
        /// The number of the first of them.
        first: i64,
        /// The number of the last of them.
        last: i64,
        /// Who, as the system calls them, where it was a person.
        by: Option<String>,
    },
    /// A message of the outbox that was not simply delivered.
    Outbox {
        /// Its id, the `webhook-id` of every attempt.
        message: String,
        /// What it reports, such as `campaign.paused`.
        event: String,
        /// The receiver that it is for, where that has a name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receiver: Option<String>,
        /// The change in its delivery.
        change: OutboxChange,
    },
}

/// What became of a message of the outbox, other than its delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum OutboxChange {
    /// It became a dead letter.
    GivenUp {
        /// The reason, for people.
        why: String,
    },
    /// An operator had it tried again.
    Retried {
        /// Who, as the system calls them, where it is known.
        by: Option<String>,
    },
    /// An operator threw it away.
    Dropped {
        /// Who, as the system calls them, where it is known.
        by: Option<String>,
    },
    /// It was the oldest of too many dead letters, and is no longer kept.
    Forgotten,
}

impl AuditEvent {
    /// The word in the audit's `kind` column.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Stopped => "stopped",
            Self::ClockStepped { .. } => "clock_stepped",
            Self::Intent { .. } => "intent",
            Self::Outcome { .. } => "outcome",
            Self::Noticed { .. } => "noticed",
            Self::Alerted { .. } => "alerted",
            Self::AimMoved { .. } => "aim_moved",
            Self::Queue { .. } => "queue",
            Self::Operator { .. } => "operator",
            Self::AssignIntent { .. } => "assign_intent",
            Self::AssignOutcome { .. } => "assign_outcome",
            Self::ListNoticed { .. } => "list_noticed",
            Self::PaceIntent { .. } => "pace_intent",
            Self::PaceOutcome { .. } => "pace_outcome",
            Self::PaceNoticed { .. } => "pace_noticed",
            Self::Sealed { .. } => "sealed",
            Self::SegmentRemoved { .. } => "segment_removed",
            Self::Outbox { .. } => "outbox",
        }
    }
}

/// An audit row to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// When it happened.
    pub at: Timestamp,
    /// The campaign that it is about, if any.
    pub campaign: Option<CampaignId>,
    /// The decision that it belongs to.
    pub decision: DecisionId,
    /// What happened.
    pub event: AuditEvent,
}

/// What kind of object an operation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Pauses or resumes a campaign.
    Campaign,
    /// Replaces a campaign's list of agents.
    List,
    /// Changes settings of a queue.
    Queue,
    /// Moves an agent to other queues.
    Profile,
    /// Makes a campaign dial slower, or as before.
    Pace,
}

impl OperationKind {
    /// The word for the store.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::List => "list",
            Self::Queue => "queue",
            Self::Profile => "profile",
            Self::Pace => "pace",
        }
    }
}

/// What an operation changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationTarget {
    /// A campaign.
    Campaign(CampaignId),
    /// A campaign's list of agents.
    List(CampaignId),
    /// A queue.
    Queue(QueueId),
    /// An agent's queues.
    Profile(AgentId),
    /// How fast a campaign dials.
    Pace(CampaignId),
}

impl OperationTarget {
    /// Of which kind it is.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Campaign(_) => OperationKind::Campaign,
            Self::List(_) => OperationKind::List,
            Self::Queue(_) => OperationKind::Queue,
            Self::Profile(_) => OperationKind::Profile,
            Self::Pace(_) => OperationKind::Pace,
        }
    }

    /// Its id within its kind.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Campaign(id) | Self::List(id) | Self::Pace(id) => id.as_str(),
            Self::Queue(id) => id.as_str(),
            Self::Profile(id) => id.as_str(),
        }
    }
}

impl OperationTarget {
    /// Reads one as the store keeps it.
    ///
    /// # Errors
    /// When there is no such kind, or the id is not valid for it.
    pub fn parse(kind: &str, id: &str) -> Result<Self, OperationFault> {
        let id_of = |wrong: IdError| OperationFault::Id(wrong);
        Ok(match kind {
            "campaign" => Self::Campaign(id.parse().map_err(id_of)?),
            "list" => Self::List(id.parse().map_err(id_of)?),
            "queue" => Self::Queue(id.parse().map_err(id_of)?),
            "profile" => Self::Profile(id.parse().map_err(id_of)?),
            "pace" => Self::Pace(id.parse().map_err(id_of)?),
            _ => return Err(OperationFault::Kind(kind.to_owned())),
        })
    }
}

/// Why a stored operation cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperationFault {
    /// No such kind.
    #[error("there are no operations of kind `{0}`")]
    Kind(String),
    /// The id.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// An operation whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOperation {
    /// What it changes.
    pub target: OperationTarget,
    /// The decision that sent it.
    pub decision: DecisionId,
    /// The time at which it happened.
    pub at: Timestamp,
    /// The intent, as the audit has it.
    pub intent: AuditEvent,
}

/// What a row of the audit says of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationStep {
    /// It is about to be sent.
    Began(OperationTarget),
    /// It came to an end, or what became of it came to light.
    Ended {
        /// What it changes.
        target: OperationTarget,
        /// The decision that sent it.
        decision: DecisionId,
        /// The verdict.
        conclusion: Conclusion,
        /// Whether nothing more is to be found out about it.
        closes: bool,
    },
}

impl AuditRow {
    /// Returns the row of a step in changing a queue, or the queues of an agent.
    #[must_use]
    pub(super) fn of_queue(at: Timestamp, decision: DecisionId, record: QueueRecord) -> Self {
        Self {
            at,
            campaign: None,
            decision,
            event: AuditEvent::Queue {
                record: Box::new(record),
            },
        }
    }

    /// What this row says of an operation, if anything.
    #[must_use]
    #[expect(
        clippy::too_many_lines,
        reason = "one match, so that no event is forgotten"
    )]
    pub fn operation(&self) -> Option<OperationStep> {
        let campaign = || self.campaign.clone();
        let ended = |target, decision, conclusion, closes| OperationStep::Ended {
            target,
            decision,
            conclusion,
            closes,
        };
        match &self.event {
            AuditEvent::Intent { .. } => {
                campaign().map(|id| OperationStep::Began(OperationTarget::Campaign(id)))
            }
            AuditEvent::Outcome { conclusion, .. } => {
                let target = OperationTarget::Campaign(campaign()?);
                let closes = *conclusion != Conclusion::Unknown;
                Some(ended(target, self.decision, *conclusion, closes))
            }
            AuditEvent::Noticed {
                notice:
                    Notice::Resolved {
                        decision,
                        conclusion,
                        ..
                    },
            } => {
                let target = OperationTarget::Campaign(campaign()?);
                let closes = *conclusion != Conclusion::Unknown;
                Some(ended(target, *decision, *conclusion, closes))
            }
            AuditEvent::AssignIntent { .. } => {
                campaign().map(|id| OperationStep::Began(OperationTarget::List(id)))
            }
            AuditEvent::AssignOutcome { end, .. } => {
                let target = OperationTarget::List(campaign()?);
                let closes = !matches!(end.conclusion, Conclusion::Unknown | Conclusion::Differs);
                Some(ended(target, self.decision, end.conclusion, closes))
            }
            AuditEvent::Queue { record } => Some(match &**record {
                QueueRecord::Intent { queue, .. } => {
                    OperationStep::Began(OperationTarget::Queue(queue.clone()))
                }
                QueueRecord::ReassignIntent { agent, .. } => {
                    OperationStep::Began(OperationTarget::Profile(agent.clone()))
                }
                QueueRecord::Outcome {
                    queue, conclusion, ..
                } => {
                    let target = OperationTarget::Queue(queue.clone());
                    let closes = *conclusion != Conclusion::Unknown;
                    ended(target, self.decision, *conclusion, closes)
                }
                QueueRecord::ReassignOutcome {
                    agent, conclusion, ..
                } => {
                    let target = OperationTarget::Profile(agent.clone());
                    let closes = *conclusion != Conclusion::Unknown;
                    ended(target, self.decision, *conclusion, closes)
                }
                // A reading was made, and no later one shows more.
                QueueRecord::Resolved {
                    queue, conclusion, ..
                } => {
                    let target = OperationTarget::Queue(queue.clone());
                    ended(target, self.decision, *conclusion, true)
                }
                QueueRecord::ReassignResolved {
                    agent, conclusion, ..
                } => {
                    let target = OperationTarget::Profile(agent.clone());
                    ended(target, self.decision, *conclusion, true)
                }
            }),
            AuditEvent::PaceIntent { .. } => {
                campaign().map(|id| OperationStep::Began(OperationTarget::Pace(id)))
            }
            AuditEvent::PaceOutcome { conclusion, .. } => {
                let target = OperationTarget::Pace(campaign()?);
                let closes = *conclusion != Conclusion::Unknown;
                Some(ended(target, self.decision, *conclusion, closes))
            }
            AuditEvent::PaceNoticed {
                notice:
                    PaceNotice::Resolved {
                        decision,
                        conclusion,
                        ..
                    },
            } => {
                let target = OperationTarget::Pace(campaign()?);
                Some(ended(target, *decision, *conclusion, true))
            }
            AuditEvent::Started { .. }
            | AuditEvent::Stopped
            | AuditEvent::ClockStepped { .. }
            | AuditEvent::PaceNoticed { .. }
            | AuditEvent::Noticed { .. }
            | AuditEvent::Alerted { .. }
            | AuditEvent::AimMoved { .. }
            | AuditEvent::Operator { .. }
            | AuditEvent::ListNoticed { .. }
            | AuditEvent::Sealed { .. }
            | AuditEvent::SegmentRemoved { .. }
            | AuditEvent::Outbox { .. } => None,
        }
    }
}

/// What is committed as one: all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The autopilot's inputs, with its answers.
    pub inputs: Vec<(Timestamp, Input)>,
    /// States of campaigns that changed.
    pub states: Vec<(CampaignId, CampaignState)>,
    /// What is remembered of lists that changed.
    pub lists: Vec<(CampaignId, ListMemory)>,
    /// What is remembered of queues that changed.
    pub queues: Vec<(QueueId, QueueMemory)>,
    /// Rows for the audit; intents and outcomes among them also open and close operations.
    pub audit: Vec<AuditRow>,
    /// Messages to other systems about it.
    pub outbox: Vec<Message>,
    /// What was counted of campaigns' outcomes, in slots of time; each takes the place of what was written of it before.
    pub outcomes: Vec<(CampaignId, OutcomeSlot)>,
    /// What was counted of them more, by days on the clocks of zones; it is added to what was written of the day before.
    pub outcome_days: Vec<(CampaignId, Zone, DayCounts)>,
    /// What their agents did, in slots of time that are over.
    pub workload: Vec<(CampaignId, WorkloadSlot)>,
    /// What the agents of two campaigns did who work for both; the campaigns in the order of their ids.
    pub shared_workload: Vec<([CampaignId; 2], WorkloadSlot)>,
    /// What plots are drawn from.
    pub frame: Option<Frame>,
    /// By how many milliseconds the machine's clock was set since the last batch: what waits in the store moves by as much.
    pub clock_step: i64,
}

impl Batch {
    /// Returns a batch of one audit row.
    #[must_use]
    pub(super) fn of_audit(row: AuditRow) -> Self {
        Self {
            audit: vec![row],
            ..Self::default()
        }
    }

    /// Whether there is nothing to commit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
            && self.states.is_empty()
            && self.lists.is_empty()
            && self.queues.is_empty()
            && self.audit.is_empty()
            && self.outbox.is_empty()
            && self.outcomes.is_empty()
            && self.outcome_days.is_empty()
            && self.workload.is_empty()
            && self.shared_workload.is_empty()
            && self.frame.is_none()
            && self.clock_step == 0
    }
}

/// What was counted on days, by campaign, the oldest first.
pub type CampaignDays = BTreeMap<CampaignId, Vec<DayCounts>>;

/// Reads what was counted of outcomes on whole days.
pub trait OutcomeDays: Send + Sync + 'static {
    /// Reads the days of a span on the clock of a zone. Of a day that a campaign lacks nothing is known.
    ///
    /// # Errors
    /// Why they cannot be read.
    fn outcome_days(
        &self,
        zone: &Zone,
        span: DaySpan,
    ) -> BoxFuture<'_, Result<CampaignDays, String>>;
}

/// Why nothing could be committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JournalFault(pub String);

/// Keeps proof. A command leaves only after its intent is committed here.
pub trait Journal: Send + Sync + 'static {
    /// Commits one batch durably.
    fn commit(&self, batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalFault>>;

    /// Bytes that it takes on disk, where it is on a disk, as of the last commit.
    fn size_bytes(&self) -> Option<u64> {
        None
    }
}

/// Why a tenure was not renewed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenureFault {
    /// It is somebody else's, or over: nothing may be commanded under it any more.
    #[error("the lease is over, or another daemon's")]
    Lost,
    /// The store did not say; it goes on until its end.
    #[error("the lease could not be renewed: {0}")]
    Unknown(String),
}

/// The right to command for a tenant, which one daemon has at a time.
pub trait Tenure: Send + Sync + 'static {
    /// Renews it. The loop does so itself, so that one that hangs loses it.
    ///
    /// # Errors
    /// When it is lost, or nobody knows.
    fn renew(&self) -> BoxFuture<'_, Result<(), TenureFault>>;

    /// How long it goes on if it is not renewed; zero when it is over.
    fn remaining(&self) -> Duration;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_was_set_only_where_nothing_stood_still_between_two_looks_at_it() {
        let at = |millis: i64| Timestamp::from_unix_millis(1_800_000_000_000 + millis);
        for (machine, after, expected) in [
            (0, 0, None),
            (2_000, 0, None),
            (2_001, 0, Some(2_001)),
            (-3_600_000, 100, Some(-3_600_100)),
            // The machine's clock was read, and three seconds went by.
            (0, 3_000, None),
            (3_600_000, 101, None),
        ] {
            assert_eq!(
                step(at(0), at(machine), at(after)),
                expected,
                "{machine} {after}"
            );
        }
    }
}
