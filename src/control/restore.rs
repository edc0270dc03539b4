//! Puts original paces back, beside a daemon that runs or after one that has stopped.
//!
//! Who does this is a person to the loop: what is remembered there stays untouched, and its next reading shows that the pace is
//! not its own any more, so that it forgets the original and leaves the campaign alone for the grace.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::throttle::{
    PaceChange, PaceFinding, PaceReading, PaceResult, PaceSetting, PaceStep, ThrottleState,
};
use crate::domain::{CampaignId, Conclusion, DecisionId, Delivery};
use crate::platform::port::{FaultKind, PlatformFault, Throttle, Throttles, Urgency};

use super::operation::{FRESHEST, PaceOperation, PaceSeen};
use super::ports::{AuditEvent, AuditRow, Batch, Clock, Journal, JournalFault};

/// What is to be done about the pace of one campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaceToRestore {
    /// It is ours, and the original is put back.
    Ours {
        /// What is set.
        found: PaceSetting,
        /// What is put back.
        original: PaceSetting,
    },
    /// The original is in force already.
    Already {
        /// The original.
        original: PaceSetting,
    },
    /// Somebody else set it: it stays.
    Others {
        /// What is set.
        found: PaceSetting,
        /// What was there before ours.
        original: PaceSetting,
    },
}

/// Puts original paces back.
pub struct PaceRestorer {
    /// Reads and changes paces.
    pub throttles: Throttles,
    /// Where intents and outcomes are committed.
    pub journal: Arc<dyn Journal>,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The number of this run.
    pub run: u64,
    /// The longest that one change can be on its way.
    pub longest: Duration,
    /// How long the platform usually takes to show a change.
    pub usually_settles: Duration,
    /// Who asks for it, for the audit.
    pub by: String,
}

impl PaceRestorer {
    /// Looks at the pace of a campaign of which this is remembered; nothing where no original is.
    ///
    /// # Errors
    /// When the pace cannot be read.
    pub async fn look(
        &self,
        campaign: &CampaignId,
        remembered: &ThrottleState,
    ) -> Result<Option<PaceToRestore>, PlatformFault> {
        let Some(original) = remembered.original() else {
            return Ok(None);
        };
        let seen = self.read(campaign, remembered, Urgency::Command).await?;
        Ok(Some(judge(remembered, original, seen.pace.reading)))
    }

    /// Puts the original back, if the pace is still ours. Returns what was found and what came of it.
    ///
    /// # Errors
    /// When the intent or the outcome cannot be committed; without an intent nothing is sent.
    pub async fn restore(
        &self,
        campaign: &CampaignId,
        remembered: &ThrottleState,
        tick: u64,
    ) -> Result<(Conclusion, Option<String>), JournalFault> {
        let seen = match self
            .read(campaign, remembered, Urgency::BeforeCommand)
            .await
        {
            Ok(seen) => seen,
            Err(fault) => return Ok((Conclusion::NotSent, Some(fault.detail))),
        };
        let Some(original) = remembered.original() else {
            return Ok((Conclusion::Unchanged, None));
        };
        let before = match judge(remembered, original, seen.pace.reading) {
            PaceToRestore::Ours { found, .. } => found,
            PaceToRestore::Already { .. } => return Ok((Conclusion::Unchanged, None)),
            PaceToRestore::Others { found, .. } => {
                let why = format!("somebody set {}", found.in_words());
                return Ok((Conclusion::Conflict, Some(why)));
            }
        };
        let run = self.run;
        let change = PaceChange {
            campaign: campaign.clone(),
            step: PaceStep::Back,
            before,
            to: original,
            original,
            decision: DecisionId { run, tick },
            at: self.clock.now(),
            why: format!("restored by {}", self.by),
        };
        let intent = AuditEvent::PaceIntent {
            step: change.step,
            before,
            to: original,
            original,
            why: change.why.clone(),
        };
        self.commit(&change, intent).await?;
        let throttle = match self.lever(remembered) {
            Ok(throttle) => throttle,
            Err(fault) => return Ok((Conclusion::NotSent, Some(fault.detail))),
        };
        let operation = PaceOperation {
            throttle: &**throttle,
            clock: &*self.clock,
            change: &change,
            longest: self.longest,
            freshest: FRESHEST,
            usually_settles: self.usually_settles,
        };
        let result = operation.deliver(seen).await;
        let conclusion = conclude(&change, &result);
        let why = result.delivery.why().map(str::to_owned);
        let outcome = AuditEvent::PaceOutcome {
            step: change.step,
            conclusion,
            delivery: result.delivery,
            after: result.after,
        };
        self.commit(&change, outcome).await?;
        Ok((conclusion, why))
    }

    /// What moves the lever that is remembered.
    fn lever(&self, remembered: &ThrottleState) -> Result<&Arc<dyn Throttle>, PlatformFault> {
        let lever = remembered.lever();
        let throttle = lever.and_then(|lever| self.throttles.get(lever));
        throttle.ok_or_else(|| PlatformFault {
            kind: FaultKind::NotAllowed,
            detail: "this platform has no such lever".to_owned(),
        })
    }

    async fn read(
        &self,
        campaign: &CampaignId,
        remembered: &ThrottleState,
        urgency: Urgency,
    ) -> Result<PaceSeen, PlatformFault> {
        let deadline = self.clock.now().plus(self.longest);
        let pace = self
            .lever(remembered)?
            .read(campaign, urgency, deadline)
            .await?;
        Ok(PaceSeen {
            pace,
            read_at: self.clock.now(),
        })
    }

    async fn commit(&self, change: &PaceChange, event: AuditEvent) -> Result<(), JournalFault> {
        let row = AuditRow {
            at: self.clock.now(),
            campaign: Some(change.campaign.clone()),
            decision: change.decision,
            event,
        };
        self.journal.commit(Arc::new(Batch::of_audit(row))).await
    }
}

/// What shows neither our value nor the original is somebody else's.
fn judge(remembered: &ThrottleState, original: PaceSetting, reading: PaceReading) -> PaceToRestore {
    let found = reading.setting();
    let ours = remembered.stepped.map(|stepped| stepped.ours);
    let sent = remembered.open.map(|open| open.to);
    if found == original {
        PaceToRestore::Already { original }
    } else if [ours, sent].contains(&Some(found)) {
        PaceToRestore::Ours { found, original }
    } else {
        PaceToRestore::Others { found, original }
    }
}

fn conclude(change: &PaceChange, result: &PaceResult) -> Conclusion {
    let shown = match result.after {
        PaceFinding::Found(reading) => Some(reading.setting() == change.to),
        PaceFinding::Unreadable => None,
    };
    match (&result.delivery, shown) {
        (Delivery::Acknowledged { .. } | Delivery::Lost { .. }, Some(true)) => {
            Conclusion::Confirmed
        }
        (Delivery::Acknowledged { .. } | Delivery::Lost { .. }, Some(false)) => Conclusion::Differs,
        (Delivery::Acknowledged { .. } | Delivery::Lost { .. }, None) => Conclusion::Unknown,
        (Delivery::Conflict { .. }, _) => Conclusion::Conflict,
        (Delivery::Refused { .. }, _) => Conclusion::Refused,
        (Delivery::NotSent { .. }, _) => Conclusion::NotSent,
    }
}
