//! The ports for lists of preview campaigns.

use futures_util::future::BoxFuture;

use crate::domain::assignment::{Dispatch, ListFinding};
use crate::domain::{AgentId, CampaignId, DecisionId, Delivery, Timestamp};

use super::fault::PlatformFault;

/// Reads lists. Nothing here can change anything on the platform.
pub trait ListReader: Send + Sync + 'static {
    /// Reads a campaign's list of agents, whole.
    ///
    /// *Completeness.* Everybody on it, or an error. A platform that keeps lists and does not show them answers
    /// [`ListFinding::NotShown`].
    ///
    /// *Comparable.* Two readings of the same list are equal, however the platform orders or spells it: entries are
    /// written in the one form that the dialect also sends.
    ///
    /// *Errors.* Nothing is known of the list, and nothing is written over it.
    fn read_list<'a>(
        &'a self,
        campaign: &'a CampaignId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<ListFinding, PlatformFault>>;
}

/// The outcome of a list that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReceipt {
    /// The delivery. [`Delivery::Conflict`] means that the platform has no capacity for it now.
    pub delivery: Delivery,
    /// What the platform calls the assignment, where it names it.
    pub assignment: Option<String>,
    /// Agents that it counted; fewer than were sent means that it took a part.
    pub updated: Option<u64>,
    /// Agents whom a refusal named, or who were left out: they did not join, or did not leave.
    pub left_out: Vec<AgentId>,
    /// Why only a part was taken, for people; absent where all of it was.
    pub in_part: Option<String>,
}

impl ListReceipt {
    /// The receipt of a delivery of which nothing more is known.
    #[must_use]
    pub fn of(delivery: Delivery) -> Self {
        Self {
            delivery,
            assignment: None,
            updated: None,
            left_out: Vec::new(),
            in_part: None,
        }
    }
}

/// Changes lists. A dry run has none.
pub trait ListWriter: Send + Sync + 'static {
    /// Puts a whole list in force, whatever the dialect has to add and remove for that.
    ///
    /// *At most once*, as commands are. Where a list takes several calls, agents are removed before others are added,
    /// and the receipt covers the whole: [`Delivery::Lost`] as soon as one part is not known, [`Delivery::Acknowledged`]
    /// with `in_part` where a part is in force and the rest is not.
    ///
    /// *Idempotence.* The same list again changes nothing.
    fn replace<'a>(
        &'a self,
        dispatch: &'a Dispatch,
        decision: DecisionId,
        deadline: Timestamp,
    ) -> BoxFuture<'a, ListReceipt>;
}
