//! What operators ask of a running daemon, and the way by which it reaches the loop.
//!
//! *One owner.* The loop alone changes its state. Requests wait in a bounded queue ([`OperatorDesk`]) and are served one at
//! a time between two ticks, so that a change acts at the next poll and not before. A tick that is due goes first: a flood
//! of requests delays it by no more than the one change that is being committed.
//!
//! *Nothing is made behind anybody's back.* A request whose sender has gone away is passed over; one that finds the
//! queue full is refused at once. Every change that is made is in the audit with its author and reason, and committed
//! before it is told as made.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::domain::{CampaignId, CampaignLabels, HoldKind, Policy, QueueId, Thresholds, Timestamp};

/// Requests that may wait: a person types slower, and each is served within milliseconds between two ticks.
const MOST_WAITING: usize = 32;

/// A request is given up after this long: a tick on a platform in trouble takes about as long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// No hold and no operator's lines last longer: what is meant to stay belongs into the configuration.
pub const LONGEST_OVERRIDE: Duration = Duration::from_secs(7 * 24 * 3600);

/// What takes less than this is a slip of the keyboard.
pub(super) const SHORTEST_OVERRIDE: Duration = Duration::from_secs(1);

/// The longest author that is kept, in characters.
const LONGEST_AUTHOR: usize = 100;

/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 500;

/// Who asks, and why: both go into the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    name: String,
    reason: String,
}

impl Author {
    /// Takes a name and a reason as they were given.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn new(name: &str, reason: &str) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        for (what, text, longest) in [
            ("author", name, LONGEST_AUTHOR),
            ("reason", reason, LONGEST_REASON),
        ] {
            if text.trim().is_empty() {
                faults.push(format!("{what}: is missing; say it in a few words"));
            } else if text.chars().count() > longest {
                faults.push(format!(
                    "{what}: is longer than {longest} characters; say it shorter"
                ));
            } else if text.chars().any(char::is_control) {
                faults.push(format!("{what}: holds a control character; write one line"));
            }
        }
        if faults.is_empty() {
            Ok(Self {
                name: name.trim().to_owned(),
                reason: reason.trim().to_owned(),
            })
        } else {
            Err(faults)
        }
    }

    /// One of our own making, such as a signal.
    pub(super) fn parts(&self) -> (&str, &str) {
        (&self.name, &self.reason)
    }
}

/// Rules that were read anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRules {
    /// The rules of each campaign.
    pub policies: BTreeMap<CampaignId, Policy>,
    /// What people call campaigns.
    pub labels: BTreeMap<CampaignId, CampaignLabels>,
    /// SHA-256 of the configuration that they are from.
    pub config: String,
    /// What differs from before, a line each: `key: old -> new`.
    pub changes: Vec<String>,
    /// What differs and acts only after a restart, a line each.
    pub after_restart: Vec<String>,
}

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Hold a campaign.
    Hold {
        /// Which.
        campaign: CampaignId,
        /// How.
        kind: HoldKind,
        /// For how long.
        lasts: Duration,
    },
    /// End its hold.
    Release {
        /// Which.
        campaign: CampaignId,
    },
    /// Other lines for a while.
    Thresholds {
        /// Of which campaign.
        campaign: CampaignId,
        /// The lines.
        thresholds: Thresholds,
        /// For how long.
        lasts: Duration,
    },
    /// Back to the configured lines.
    RestoreThresholds {
        /// Of which campaign.
        campaign: CampaignId,
    },
    /// Put rules in force that were read anew.
    Reload(Box<NewRules>),
    /// Rules were read anew and cannot be used: the old ones stay, and everybody can see that.
    ReloadRefused {
        /// Every fault.
        faults: Vec<String>,
    },
}

/// What was changed, as the audit and the answer tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Made {
    /// A campaign is held.
    Held {
        /// How.
        hold: HoldKind,
        /// Until when.
        until: Timestamp,
    },
    /// A hold was ended.
    Released {
        /// How it was held.
        hold: HoldKind,
    },
    /// Other lines are in force from the next poll on.
    ThresholdsSet {
        /// The lines.
        thresholds: Thresholds,
        /// Those that were in force.
        before: Thresholds,
        /// Until when.
        until: Timestamp,
    },
    /// The configured lines are in force again from the next poll on.
    ThresholdsRestored {
        /// The configured lines.
        thresholds: Thresholds,
    },
    /// A queue is left alone.
    QueueHeld {
        /// Which.
        queue: QueueId,
        /// Until when.
        until: Timestamp,
    },
    /// A queue is free again.
    QueueReleased {
        /// Which.
        queue: QueueId,
        /// A hold was ended.
        hold: bool,
        /// Figures that somebody had changed were given back.
        given_back: bool,
    },
    /// New rules are in force from the next poll on.
    Reloaded {
        /// SHA-256 of their configuration.
        config: String,
        /// What differs from before.
        changes: Vec<String>,
        /// What differs and acts only after a restart.
        after_restart: Vec<String>,
    },
    /// Rules were read anew and could not be used; the old ones are in force.
    ReloadRefused {
        /// Every fault.
        faults: Vec<String>,
    },
}

impl Made {
    /// The metric label.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Held { .. }
            | Self::Released { .. }
            | Self::QueueHeld { .. }
            | Self::QueueReleased { .. } => "hold",
            Self::ThresholdsSet { .. } | Self::ThresholdsRestored { .. } => "thresholds",
            Self::Reloaded { .. } | Self::ReloadRefused { .. } => "reload",
        }
    }
}

/// Why a change was not made; then nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such campaign is under control.
    #[error("campaign `{0}` is not looked after; `status` names those that are")]
    UnknownCampaign(CampaignId),
    /// There is no hold to end, or there are no operator's lines to lift.
    #[error("campaign `{0}` has none in force")]
    NothingInForce(CampaignId),
    /// It cannot last so long, or not at all.
    #[error("it lasts from 1s to 7d; what is meant to stay belongs into the configuration")]
    Lasts,
    /// It could not be committed.
    #[error("the store cannot be written, so nothing was changed: {0}")]
    StoreClosed(String),
    /// Too many requests wait.
    #[error("too many changes wait; try again in a moment")]
    Busy,
    /// The loop did not get to it, or ends.
    #[error("the loop did not get to it in time; `status` shows whether it turns")]
    NoAnswer,
}

/// One request on its way to the loop.
pub(super) struct OperatorRequest {
    pub(super) change: Change,
    pub(super) author: Author,
    pub(super) reply: oneshot::Sender<Result<Made, Refusal>>,
}

/// Where requests are handed in.
#[derive(Clone)]
pub struct OperatorDesk(mpsc::Sender<OperatorRequest>);

impl OperatorDesk {
    pub(super) fn new() -> (Self, mpsc::Receiver<OperatorRequest>) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        (Self(sender), receiver)
    }

    /// Asks for a change and waits until it is committed.
    ///
    /// # Errors
    /// Why it was not made.
    pub async fn ask(&self, change: Change, author: Author) -> Result<Made, Refusal> {
        let (reply, answer) = oneshot::channel();
        let request = OperatorRequest {
            change,
            author,
            reply,
        };
        self.0.try_send(request).map_err(|full| match full {
            mpsc::error::TrySendError::Full(_) => Refusal::Busy,
            mpsc::error::TrySendError::Closed(_) => Refusal::NoAnswer,
        })?;
        match tokio::time::timeout(LONGEST_WAIT, answer).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) | Err(_) => Err(Refusal::NoAnswer),
        }
    }
}

/// Reads the configuration anew when it is asked to.
pub trait Reload: Send + Sync + 'static {
    /// Reads, checks and puts in force; tells what came of it once that is committed.
    ///
    /// # Errors
    /// Why nothing was put in force. A configuration with faults is no error here but [`Made::ReloadRefused`].
    fn reload(&self, author: Author) -> BoxFuture<'_, Result<Made, Refusal>>;
}

/// Which part of the past is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastQuery {
    /// Nothing older than this.
    pub since: Timestamp,
    /// Of this campaign only.
    pub campaign: Option<CampaignId>,
    /// No more entries than this, the newest first.
    pub limit: usize,
}

/// One entry of the past: a row of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastEntry {
    /// Its number in the audit.
    pub seq: i64,
    /// When it happened, RFC 3339.
    pub at: String,
    /// Which campaign it is about, if one.
    pub campaign: Option<String>,
    /// Which decision it belongs to.
    pub decision: String,
    /// What kind of event.
    pub kind: String,
    /// The event.
    pub event: serde_json::Value,
}

/// Reads what happened.
pub trait Past: Send + Sync + 'static {
    /// The entries asked for, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn read(&self, query: PastQuery) -> BoxFuture<'_, Result<Vec<PastEntry>, String>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_says_who_and_why_and_all_faults_are_told() {
        assert!(Author::new("anna", "fewer agents tonight").is_ok());
        let faults = Author::new("", "two\nlines").unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
        let long = "x".repeat(501);
        assert_eq!(Author::new("anna", &long).unwrap_err().len(), 1);
    }

    #[tokio::test]
    async fn a_full_desk_refuses_at_once() {
        let (desk, waiting) = OperatorDesk::new();
        let campaign: CampaignId = "a".parse().unwrap();
        let author = Author::new("anna", "trial").unwrap();
        let release = || Change::Release {
            campaign: campaign.clone(),
        };
        let asked: Vec<_> = (0..MOST_WAITING)
            .map(|_| {
                tokio::spawn({
                    let (desk, change, author) = (desk.clone(), release(), author.clone());
                    async move { desk.ask(change, author).await }
                })
            })
            .collect();
        while waiting.len() < MOST_WAITING {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            desk.ask(release(), author.clone()).await,
            Err(Refusal::Busy)
        );
        drop(waiting);
        for request in asked {
            assert_eq!(request.await.unwrap(), Err(Refusal::NoAnswer));
        }
        assert_eq!(desk.ask(release(), author).await, Err(Refusal::NoAnswer));
    }
}
