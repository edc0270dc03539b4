//! One campaign: what is remembered of it, whose pause its pause is, and how a decision on it is made and explained.
//!
//! [`ownership`] moves the belief by what is read and reported. [`stages`] decides, stage by stage; [`Reason`] keeps the
//! verdicts with their numbers, [`explain()`] puts them into words, and [`recorded`] is their form in the audit.

mod aiming;
mod claim;
mod explain;
mod lost;
mod manual_change;
mod outcome;
mod ownership;
mod recorded;
mod stages;
mod state;
mod throttling;
mod unproven;
mod verdict;

pub use claim::{PauseClaim, PauseOwnerKind};
pub use explain::{ExplainedStage, Explanation, explain};
pub use outcome::{Outcome, Suppression};
pub use ownership::Campaign;
pub(crate) use ownership::Seen;
pub(crate) use stages::SampleView;
pub use stages::{
    Asked, BackOffVerdict, BelievedStatus, BudgetVerdict, CalendarVerdict, ChangingVerdict,
    ConfirmationVerdict, DwellVerdict, Finding, HoldVerdict, PeopleVerdict, Relation,
    SampleVerdict, SignalVerdict, Stage, StageVerdict, Stages, ThresholdsVerdict, ThrottleVerdict,
    TurnVerdict, Verdict,
};
pub use state::CampaignState;
pub(crate) use unproven::UnprovenAlert;
pub use unproven::UnprovenEnd;
pub use verdict::Reason;
