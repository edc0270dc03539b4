//! Messages for other systems: one for each event, with the body that is sent.
//!
//! A [`Message`] is written to the outbox in the transaction of what it reports, and delivered from there. Its kind follows
//! from its body, so that the two cannot disagree. The members of a body are those that receivers of such messages know
//! (`campaignId`, `status`, `latencyMs`, `timestamp`, `callRateTarget`, `assignmentId`) and what they need beyond; a member
//! that is not known is left out. A [`Route`] says which receiver wants which of them. `timestamp` is RFC 3339 in UTC.

mod envelope;
mod form;
mod kind;
mod of_people;
mod people;
mod route;

pub use envelope::{
    AssignmentDispatch, AuditHeadPublished, CampaignChanged, CampaignFlapping, CampaignPaceChanged,
    CampaignPauseUnproven, DataStale, LastingOutage, Message, MessageBody, OrderingKey,
    SentMessage, WebhookTest,
};
pub(crate) use form::{millis, rfc3339, shown};
pub use kind::MessageKind;
pub use people::{
    ChangeAuthor, ConfigurationReloaded, EndedPause, OperatorChange, OperatorChanged,
    PersonChanged, QueueHoldChanged, ReloadResult,
};
pub use route::{ReceiverName, ReceiverNameError, Route, receiver_of};
