//! What should happen: pure decisions about campaigns.
//!
//! *Decides* whether a campaign may dial, whose pause a pause is, and why.
//!
//! *Terms.* A **campaign** dials customers. A **sample** is one complete read of the agents, counted per
//! [`Selector`]. Two **thresholds** decide: below *pause-below* a running campaign is paused, at or
//! above *resume-at* our own pause is resumed. A **person** is anybody but this daemon who changes a campaign.
//!
//! *The way in* is [`Autopilot`]: `observe_*` takes what was read, [`Autopilot::decide`] answers with a [`Plan`],
//! [`Autopilot::authorise`] and [`Autopilot::report`] frame one command. *The way out* is the plan and the
//! [`Notice`]s; both carry [`Reason`]s or the readings that they rest on.
//!
//! *First start.* Nothing is believed: a campaign is [`Belief::Unread`] until its status was read, and nothing is
//! commanded before the first valid sample.
//!
//! *Never here:* clocks, randomness, I/O, async, logging, unordered maps. Time is an argument, so the same inputs
//! give the same decisions again ([`replay`]).
#![warn(clippy::arithmetic_side_effects)]

mod actuator;
pub mod aim;
#[cfg(test)]
mod aiming_tests;
pub mod assignment;
mod autopilot;
mod belief;
pub mod calendar;
#[cfg(test)]
mod calendar_tests;
mod calendars;
mod campaign;
mod cause;
mod clock_shift;
mod clock_step;
#[cfg(test)]
mod clock_step_tests;
mod command;
mod conclusion;
mod confirmation;
mod count;
mod delivery;
mod dials_by;
mod evidence;
mod flapping;
mod group;
pub mod guard;
mod hasher;
mod ids;
mod labels;
mod local_time;
mod lost_attempt;
#[cfg(test)]
mod lost_attempt_tests;
mod meant;
mod message;
#[cfg(test)]
mod missing_tests;
mod notice;
mod out_of_reach;
pub mod outcomes;
mod ownership;
#[cfg(test)]
mod ownership_tests;
mod policy;
pub mod queue;
mod reconfigure;
#[cfg(test)]
mod released_forms_tests;
pub mod replay;
mod selector;
mod sharing;
#[cfg(test)]
mod sharing_tests;
mod skill_index;
mod slug;
mod snapshot;
mod status;
mod stored_reading;
mod tenant;
mod threshold_override;
mod thresholds;
pub mod throttle;
mod throttled;
mod time;
mod visible;
pub mod workload;

pub use actuator::{Actuator, ActuatorError};
pub use autopilot::{Alert, Autopilot, Plan, WantedCommand};
pub use belief::{Belief, Doubt, Hold, HoldKind, PauseOwner, StampTrust, Transition, Unresolved};
pub use calendars::Calendars;
pub use campaign::{
    Asked, BackOffVerdict, BelievedStatus, BudgetVerdict, CalendarVerdict, Campaign, CampaignState,
    ChangingVerdict, ConfirmationVerdict, DwellVerdict, ExplainedStage, Explanation, Finding,
    HoldVerdict, Outcome, PauseClaim, PauseOwnerKind, PeopleVerdict, Reason, Relation,
    SampleVerdict, SignalVerdict, Stage, StageVerdict, Stages, Suppression, ThresholdsVerdict,
    ThrottleVerdict, TurnVerdict, UnprovenEnd, Verdict, explain,
};
pub use cause::Cause;
pub use command::{Command, CommandResult, LostTry};
pub use conclusion::Conclusion;
pub use confirmation::{Confirmation, ConfirmationError};
pub use count::Count;
pub use delivery::Delivery;
pub use dials_by::{DialsBy, StagedResume};
pub use evidence::{Evidence, EvidenceSurvey, PlatformTraits, Settling};
pub use flapping::usual_limit as usual_flap_limit;
pub use group::{Group, GroupCount, HeadCount};
pub use ids::{
    AgentId, CalendarId, CampaignId, DecisionId, IdError, QueueId, SkillId, has_length_of_id,
};
pub use labels::CampaignLabels;
pub use local_time::{TimeOfDay, TimeOfDayError, Zone, ZoneError};
pub use lost_attempt::LostAttempt;
pub use meant::meant;
pub use message::{
    AssignmentDispatch, AuditHeadPublished, CampaignChanged, CampaignFlapping, CampaignPaceChanged,
    CampaignPauseUnproven, ChangeAuthor, ConfigurationReloaded, DataStale, EndedPause,
    LastingOutage, Message, MessageBody, MessageKind, OperatorChange, OperatorChanged, OrderingKey,
    PersonChanged, QueueHoldChanged, ReceiverName, ReceiverNameError, ReloadResult, Route,
    SentMessage, WebhookTest, receiver_of,
};
pub use notice::Notice;
pub use policy::{CalendarRule, CountedQueue, Counting, OnManualChange, OnStale, Policy};
pub use selector::Selector;
pub use sharing::GroupPlace;
pub use snapshot::{AgentState, Sample, Snapshot, SnapshotBuilder, StateCounts};
pub use status::{Author, CampaignActivity, Direction, StatusFinding, StatusReading};
pub use tenant::{TenantName, TenantNameError};
pub use threshold_override::ThresholdOverride;
pub use thresholds::{AgentThresholds, Limit, LimitError, Share, Thresholds, ThresholdsError};
pub use time::Timestamp;
pub use visible::{acts_unseen, visible};
