//! Operator commands, and the bounded inbox through which they reach the loop.
//!
//! *One owner.* The loop alone changes its state. Requests wait in a bounded queue ([`OperatorHandle`]) and are served one at
//! a time between two ticks, so that a change acts at the next poll and not before. A tick that is due goes first: a flood
//! of requests delays it by no more than the one change that is being committed.
//!
//! *Nothing happens unseen.* A request whose sender has gone away is skipped; one that finds the queue full is refused at
//! once. Every applied change is in the audit with its author and reason, and is committed before it is answered.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::domain::aim::AbandonTarget;
use crate::domain::outcomes::{OutcomeCounts, OutcomeReading};
use crate::domain::{
    Calendars, CampaignId, CampaignLabels, ChangeAuthor, HoldKind, PauseClaim, PauseOwnerKind,
    Policy, QueueId, Thresholds, Timestamp, meant,
};

/// Requests that may wait: a person types slower, and each is served within milliseconds between two ticks.
pub(super) const MOST_WAITING: usize = 32;

/// A request is given up after this long: a tick on a platform in trouble takes about as long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// No hold and no threshold override lasts longer: what is meant to stay belongs in the configuration.
pub const LONGEST_OVERRIDE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Anything shorter is a slip of the keyboard.
pub(super) const SHORTEST_OVERRIDE: Duration = Duration::from_secs(1);

/// The longest author that is kept, in characters.
const LONGEST_AUTHOR: usize = 100;

/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 500;

/// The author of a command and their reason: both go into the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    name: String,
    /// What an authenticated author called themselves, where that is another name.
    typed: Option<String>,
    reason: String,
}

impl Author {
    /// Checks a name and a reason.
    ///
    /// # Errors
    /// Returns every fault of the two.
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
                typed: None,
                reason: reason.trim().to_owned(),
            })
        } else {
            Err(faults)
        }
    }

    /// The same for an author whose name was found out; `typed` is what they call themselves, which is kept beside it.
    ///
    /// # Errors
    /// Returns every fault of the three.
    pub fn authenticated(
        name: &str,
        typed: Option<&str>,
        reason: &str,
    ) -> Result<Self, Vec<String>> {
        let author = Self::new(name, reason);
        let Some(typed) = typed else {
            return author;
        };
        // Its reason is no fault of the name.
        let typed = Self::new(typed, "checked above");
        match (author, typed) {
            (Ok(author), Ok(typed)) => Ok(Self {
                typed: Some(typed.name).filter(|typed| *typed != author.name),
                ..author
            }),
            (author, typed) => {
                let faults = [author.err(), typed.err()];
                Err(faults.into_iter().flatten().flatten().collect())
            }
        }
    }

    /// Returns the name and the reason.
    pub(crate) fn parts(&self) -> (&str, &str) {
        (&self.name, &self.reason)
    }

    /// Returns the author as messages name one.
    pub(super) fn of_message(&self) -> ChangeAuthor<'_> {
        ChangeAuthor {
            name: &self.name,
            typed: self.typed(),
            reason: &self.reason,
        }
    }

    /// Returns what an authenticated author called themselves, where that is another name.
    pub(super) fn typed(&self) -> Option<&str> {
        self.typed.as_deref()
    }
}

/// Rules of a reloaded configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRules {
    /// The rules of each campaign.
    pub policies: BTreeMap<CampaignId, Policy>,
    /// The calendars that they name.
    pub calendars: Calendars,
    /// What people call campaigns.
    pub labels: BTreeMap<CampaignId, CampaignLabels>,
    /// SHA-256 of the configuration that they are from.
    pub config: String,
    /// What differs from before, a line each: `key: old -> new`.
    pub changes: Vec<String>,
    /// What differs and acts only after a restart, a line each.
    pub after_restart: Vec<String>,
    /// Variables that hold a secret: they are those of the start.
    pub not_read_again: Vec<String>,
}

/// A command of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorCommand {
    /// Hold campaigns: all of them, or none.
    Hold {
        /// The campaigns to hold.
        campaigns: Vec<CampaignId>,
        /// The kind of hold.
        kind: HoldKind,
        /// How long it lasts.
        lasts: Duration,
    },
    /// End the holds of campaigns.
    Release {
        /// The campaigns to release; of several, those that are not held are passed over.
        campaigns: Vec<CampaignId>,
    },
    /// Claim its pause for the autopilot or give it away; a hold ends with that.
    ClaimPause {
        /// The campaign whose pause is meant.
        campaign: CampaignId,
        /// The new owner of the pause.
        claim: PauseClaim,
    },
    /// Override the thresholds for a while.
    Thresholds {
        /// The campaign whose thresholds are meant.
        campaign: CampaignId,
        /// The thresholds.
        thresholds: Thresholds,
        /// How long they last.
        lasts: Duration,
    },
    /// Set the target of the aim for a while.
    AbandonTarget {
        /// The campaign whose aim is meant.
        campaign: CampaignId,
        /// The share of abandoned calls.
        target: AbandonTarget,
        /// How long it lasts.
        lasts: Duration,
    },
    /// End the threshold override.
    RestoreThresholds {
        /// The campaign whose thresholds are meant.
        campaign: CampaignId,
    },
    /// Take in counters of dials and of what became of them.
    FeedOutcomes {
        /// The campaigns with their counters.
        readings: Vec<(CampaignId, OutcomeReading)>,
    },
    /// Put the rules of a reloaded configuration in force.
    Reload(Box<NewRules>),
    /// Record that a reloaded configuration cannot be used: the old rules stay, visibly.
    ReloadRefused {
        /// Every fault.
        faults: Vec<String>,
    },
}

impl OperatorCommand {
    /// Returns the campaigns that it is about, where it names them.
    pub(super) fn campaigns(&self) -> &[CampaignId] {
        match self {
            Self::Hold { campaigns, .. } | Self::Release { campaigns } => campaigns,
            Self::ClaimPause { campaign, .. }
            | Self::Thresholds { campaign, .. }
            | Self::AbandonTarget { campaign, .. }
            | Self::RestoreThresholds { campaign } => std::slice::from_ref(campaign),
            Self::FeedOutcomes { .. } | Self::Reload(_) | Self::ReloadRefused { .. } => &[],
        }
    }

    /// Whether it is carried out at once and does not wait for a poll.
    pub(super) fn pauses_at_once(&self) -> bool {
        let kind = HoldKind::Paused;
        matches!(self, Self::Hold { kind: asked, .. } if *asked == kind)
    }
}

/// A change that was applied, as the audit and the answer show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum AppliedChange {
    /// A campaign is held.
    Held {
        /// The kind of hold.
        hold: HoldKind,
        /// When it ends.
        until: Timestamp,
        /// When the hold of this kind would have ended that this one extends, or shortens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was_until: Option<Timestamp>,
    },
    /// A hold was ended.
    Released {
        /// The kind of hold that ended.
        hold: HoldKind,
    },
    /// Several campaigns are held, as one row of the audit each says.
    HeldSeveral {
        /// The kind of hold.
        hold: HoldKind,
        /// When it ends.
        until: Timestamp,
        /// How many.
        campaigns: usize,
    },
    /// The holds of several campaigns were ended, as one row of the audit each says.
    ReleasedSeveral {
        /// How many.
        campaigns: usize,
        /// Those that were not held.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        passed_over: Vec<CampaignId>,
    },
    /// A pause was claimed for the autopilot, which resumes it by the thresholds.
    PauseClaimed {
        /// The owner of the pause before.
        was: PauseOwnerKind,
        /// The kind of hold that ended with it, if there was one.
        ended_hold: Option<HoldKind>,
    },
    /// A pause was given away: it is a manual pause, which the autopilot never resumes.
    PauseGivenAway {
        /// The owner of the pause before.
        was: PauseOwnerKind,
        /// The kind of hold that ended with it, if there was one.
        ended_hold: Option<HoldKind>,
    },
    /// Overriding thresholds are in force from the next poll on.
    ThresholdsSet {
        /// The thresholds.
        thresholds: Thresholds,
        /// The thresholds that were in force.
        before: Thresholds,
        /// When it ends.
        until: Timestamp,
    },
    /// The aim has another target from the next poll on.
    AbandonTargetSet {
        /// The share of abandoned calls.
        target: AbandonTarget,
        /// The share that it was set to.
        before: AbandonTarget,
        /// When it ends.
        until: Timestamp,
    },
    /// The configured thresholds are in force again from the next poll on.
    ThresholdsRestored {
        /// The configured thresholds.
        thresholds: Thresholds,
    },
    /// A queue is held: the calibration does not change it.
    QueueHeld {
        /// The queue.
        queue: QueueId,
        /// When it ends.
        until: Timestamp,
    },
    /// A queue may be calibrated again.
    QueueReleased {
        /// The queue.
        queue: QueueId,
        /// Whether a hold was ended.
        hold: bool,
        /// Whether figures that somebody had changed may be calibrated again.
        given_back: bool,
    },
    /// Counters of dials and of what became of them were taken in.
    OutcomesFed {
        /// How many campaigns they are of.
        campaigns: usize,
        /// What they show beyond the last ones, of all of these together.
        counted: OutcomeCounts,
    },
    /// New rules are in force from the next poll on.
    Reloaded {
        /// SHA-256 of their configuration.
        config: String,
        /// What differs from before.
        changes: Vec<String>,
        /// What differs and acts only after a restart.
        after_restart: Vec<String>,
        /// Variables that hold a secret: a running process cannot read them again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_read_again: Vec<String>,
    },
    /// A reloaded configuration could not be used; the old rules are in force.
    ReloadRefused {
        /// Every fault.
        faults: Vec<String>,
    },
}

impl AppliedChange {
    /// Returns when the hold of a queue ends that it sets.
    pub(super) fn queue_held_until(&self) -> Option<Timestamp> {
        if let Self::QueueHeld { until, .. } = self {
            Some(*until)
        } else {
            None
        }
    }

    /// Returns the metric label.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Held { .. }
            | Self::Released { .. }
            | Self::HeldSeveral { .. }
            | Self::ReleasedSeveral { .. }
            | Self::QueueHeld { .. }
            | Self::QueueReleased { .. } => "hold",
            Self::PauseClaimed { .. } | Self::PauseGivenAway { .. } => "pause_owner",
            Self::ThresholdsSet { .. }
            | Self::AbandonTargetSet { .. }
            | Self::ThresholdsRestored { .. } => "thresholds",
            Self::OutcomesFed { .. } => "outcomes",
            Self::Reloaded { .. } | Self::ReloadRefused { .. } => "reload",
        }
    }
}

/// The question that goes with an unknown campaign.
fn did_you_mean(meant: Option<&CampaignId>) -> String {
    meant.map_or_else(String::new, |meant| format!("did you mean `{meant}`? "))
}

/// Why a command was not carried out; then nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// The campaign is not managed by this daemon.
    #[error("campaign `{campaign}` is not managed; {}`status` names those that are", did_you_mean(meant.as_ref()))]
    UnknownCampaign {
        /// The id that was given.
        campaign: CampaignId,
        /// The managed campaign that was probably meant.
        meant: Option<CampaignId>,
    },
    /// There is no hold, or no threshold override, to end.
    #[error("campaign `{0}` is neither held nor are its thresholds set: there is nothing to end")]
    NothingInForce(CampaignId),
    /// The campaign is not believed paused, so nobody can have its pause.
    #[error(
        "campaign `{campaign}` is {state} as last read and not paused, so there is no pause to claim or to give away"
    )]
    NotPaused {
        /// The campaign.
        campaign: CampaignId,
        /// The state that it is in.
        state: &'static str,
    },
    /// The campaign has no aim whose target could be set.
    #[error(
        "campaign `{0}` has no aim; give it an abandon_target in the configuration, or set thresholds"
    )]
    NoAim(CampaignId),
    /// The campaign's aim learns from a proxy that stands for another target.
    #[error(
        "the aim of campaign `{0}` learns by shortage, which was measured for 0.5% alone; set thresholds for a while instead"
    )]
    AimByShortage(CampaignId),
    /// The duration is out of bounds.
    #[error(
        "a duration must be between 1s and 7d; what is meant to stay belongs in the configuration"
    )]
    Lasts,
    /// It could not be committed.
    #[error("the store cannot be written, so nothing was changed: {0}")]
    StoreClosed(String),
    /// Counters were taken in and could not be committed yet.
    #[error("the counters are taken in, and written as soon as the store can be: {0}")]
    NotWrittenYet(String),
    /// Too many requests wait.
    #[error("too many changes wait; try again in a moment")]
    Busy,
    /// The loop did not get to it in time, or is ending.
    #[error("the loop did not get to it in time; `status` shows whether it is running")]
    NoAnswer,
}

impl OperatorError {
    /// Says that `campaign` is none of `known`, and which was probably meant.
    pub fn unknown<'k>(
        campaign: &CampaignId,
        known: impl IntoIterator<Item = &'k CampaignId>,
    ) -> Self {
        let known = known.into_iter().map(CampaignId::as_str);
        let meant = meant(campaign.as_str(), known).and_then(|meant| meant.parse().ok());
        Self::UnknownCampaign {
            campaign: campaign.clone(),
            meant,
        }
    }
}

/// A command on its way to the loop.
pub(super) struct OperatorRequest {
    pub(super) change: OperatorCommand,
    pub(super) author: Author,
    pub(super) reply: oneshot::Sender<Result<AppliedChange, OperatorError>>,
}

/// A handle that sends commands to the loop's inbox.
#[derive(Clone)]
pub struct OperatorHandle(mpsc::Sender<OperatorRequest>);

impl OperatorHandle {
    pub(super) fn new() -> (Self, mpsc::Receiver<OperatorRequest>) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        (Self(sender), receiver)
    }

    /// Sends a command and waits until its change is committed.
    ///
    /// # Errors
    /// When it was not carried out.
    pub async fn ask(
        &self,
        change: OperatorCommand,
        author: Author,
    ) -> Result<AppliedChange, OperatorError> {
        let (reply, answer) = oneshot::channel();
        let request = OperatorRequest {
            change,
            author,
            reply,
        };
        self.0.try_send(request).map_err(|full| match full {
            mpsc::error::TrySendError::Full(_) => OperatorError::Busy,
            mpsc::error::TrySendError::Closed(_) => OperatorError::NoAnswer,
        })?;
        match tokio::time::timeout(LONGEST_WAIT, answer).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) | Err(_) => Err(OperatorError::NoAnswer),
        }
    }
}

/// Reloads the configuration on request.
pub trait Reload: Send + Sync + 'static {
    /// Reads and checks the configuration and puts its rules in force; returns the result once it is committed.
    ///
    /// # Errors
    /// When nothing was put in force. A configuration with faults is not an error here but [`AppliedChange::ReloadRefused`].
    fn reload(&self, author: Author) -> BoxFuture<'_, Result<AppliedChange, OperatorError>>;
}

/// The part of the audit that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastQuery {
    /// Nothing older than this.
    pub since: Timestamp,
    /// Nothing newer than this.
    pub until: Option<Timestamp>,
    /// Rows of this campaign only.
    pub campaign: Option<CampaignId>,
    /// Beside those of the campaign, rows about none that concern every one: starts, ends, reloads, outages.
    pub of_all: bool,
    /// Rows of these kinds only; of every kind where there are none. `fed` stands for counters that were fed, `operator` for every other
    /// change of an operator.
    pub kinds: Vec<String>,
    /// No more entries than this, the newest first.
    pub limit: usize,
}

/// A row of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastEntry {
    /// Its number in the audit.
    pub seq: i64,
    /// When it happened, RFC 3339.
    pub at: String,
    /// The campaign that it is about, if any.
    pub campaign: Option<String>,
    /// The decision that it belongs to.
    pub decision: String,
    /// The kind of event.
    pub kind: String,
    /// The event.
    pub event: serde_json::Value,
}

/// Reads the audit.
pub trait Past: Send + Sync + 'static {
    /// Returns the entries asked for, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn read(&self, query: PastQuery) -> BoxFuture<'_, Result<Vec<PastEntry>, String>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_has_a_name_and_a_reason_and_all_faults_are_listed() {
        assert!(Author::new("anna", "fewer agents tonight").is_ok());
        let faults = Author::new("", "two\nlines").unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
        let long = "x".repeat(501);
        assert_eq!(Author::new("anna", &long).unwrap_err().len(), 1);
    }

    #[test]
    fn what_an_authenticated_author_types_is_an_addition_to_their_name() {
        let of = |typed| Author::authenticated("anna", typed, "trial").unwrap();
        assert_eq!(
            (of(None).parts(), of(None).typed()),
            (("anna", "trial"), None)
        );
        assert_eq!(of(Some(" anna ")).typed(), None);
        let other = of(Some("desk 3"));
        assert_eq!(
            (other.parts(), other.typed()),
            (("anna", "trial"), Some("desk 3"))
        );
        let faults = Author::authenticated("anna", Some(" "), "").unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[tokio::test]
    async fn a_full_inbox_refuses_at_once() {
        let (handle, waiting) = OperatorHandle::new();
        let campaign: CampaignId = "a".parse().unwrap();
        let author = Author::new("anna", "trial").unwrap();
        let release = || OperatorCommand::Release {
            campaigns: vec![campaign.clone()],
        };
        let asked: Vec<_> = (0..MOST_WAITING)
            .map(|_| {
                tokio::spawn({
                    let (handle, change, author) = (handle.clone(), release(), author.clone());
                    async move { handle.ask(change, author).await }
                })
            })
            .collect();
        while waiting.len() < MOST_WAITING {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            handle.ask(release(), author.clone()).await,
            Err(OperatorError::Busy)
        );
        drop(waiting);
        for request in asked {
            assert_eq!(request.await.unwrap(), Err(OperatorError::NoAnswer));
        }
        assert_eq!(
            handle.ask(release(), author).await,
            Err(OperatorError::NoAnswer)
        );
    }
}
