//! Pausing and resuming campaigns: an address and a POST without a body, on the one state that it is for.
//!
//! There is no token that would make a second request the same as the first. A conflict tells the state: the one that is wanted means that
//! it was so already, which is not our doing.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::{Delivery, Direction};
use crate::platform::http::{RateShare, failed_delivery};
use crate::platform::port::{CampaignCommander, CommandOrder};

use super::account::{Account, Order, OrderAnswer};
use super::campaign::{PAUSED, RUNNING};
use super::known::KnownCampaigns;
use super::{endpoints, rights};

/// A change by somebody else is over soon; the command is asked for again after this, on a reading of its own.
const BUSY_FOR: Duration = Duration::from_secs(1);

/// Commands campaigns of an instance.
pub(super) struct Commander {
    pub(super) account: Arc<Account>,
    pub(super) known: Arc<KnownCampaigns>,
}

impl Commander {
    async fn send(&self, order: CommandOrder<'_>) -> Delivery {
        let id = order.campaign;
        let refused = |why: String| Delivery::Refused { why, wait: None };
        if !self.known.lists(id) {
            return refused(format!("{id} is not in the configuration"));
        }
        let known = match self.known.get(id, self.account.now()) {
            Some(known) => known,
            None => match self
                .known
                .describe(id, RateShare::Commands, order.leave_by)
                .await
            {
                Ok(known) => known,
                Err(fault) => return Delivery::NotSent { why: fault.detail },
            },
        };
        if let Some(why) = known.unsteerable {
            return refused(format!("campaign {id} {why}"));
        }
        let (from, to, endpoint, right, verb) = match order.direction {
            Direction::Pause => (RUNNING, PAUSED, endpoints::PAUSE, rights::PAUSE, "pause"),
            Direction::Resume => (PAUSED, RUNNING, endpoints::RESUME, rights::RESUME, "resume"),
        };
        if order.before.word != from {
            return refused(format!(
                "campaign {id} is `{}`, and only one that is `{from}` is told to {verb}",
                order.before.word
            ));
        }
        let request = Order {
            endpoint,
            path: &["campaigns", id.as_str(), verb],
            body: None,
            right,
            decision: Some(order.decision.to_string()),
            leave_by: Some(order.leave_by),
            deadline: order.deadline,
        };
        match self.account.write(request).await {
            Ok(answer) => delivery(answer, to),
            Err(failed) => failed_delivery(failed),
        }
    }
}

/// What an answer means for a command that wants this state.
fn delivery(answer: OrderAnswer, wanted: &str) -> Delivery {
    match answer {
        OrderAnswer::Accepted => Delivery::Acknowledged { version: None },
        OrderAnswer::WrongState {
            state: Some(state), ..
        } if state == wanted => Delivery::Conflict {
            why: format!("it is `{state}` already, and somebody else did that"),
        },
        OrderAnswer::WrongState { state, why } => {
            let why = match state {
                Some(state) => format!("{why}: the campaign is `{state}`"),
                None => why,
            };
            Delivery::Refused { why, wait: None }
        }
        OrderAnswer::Busy { why } => Delivery::Refused {
            why,
            wait: Some(BUSY_FOR),
        },
    }
}

impl CampaignCommander for Commander {
    fn command<'a>(&'a self, order: CommandOrder<'a>) -> BoxFuture<'a, Delivery> {
        Box::pin(self.send(order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_so_already_is_a_conflict_and_not_ours() {
        let wrong = |state: Option<&str>| OrderAnswer::WrongState {
            state: state.map(str::to_owned),
            why: "no".to_owned(),
        };
        let already = delivery(wrong(Some("Paused")), PAUSED);
        assert!(matches!(already, Delivery::Conflict { .. }), "{already:?}");
        for state in [Some("Completed"), Some("Running"), None] {
            let refused = delivery(wrong(state), PAUSED);
            assert!(
                matches!(refused, Delivery::Refused { wait: None, .. }),
                "{refused:?}"
            );
        }
        let busy = delivery(
            OrderAnswer::Busy {
                why: "x".to_owned(),
            },
            PAUSED,
        );
        assert!(matches!(busy, Delivery::Refused { wait: Some(_), .. }));
        let done = delivery(OrderAnswer::Accepted, RUNNING);
        assert_eq!(done, Delivery::Acknowledged { version: None });
    }
}
