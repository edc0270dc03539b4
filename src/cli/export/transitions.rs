//! Changes of campaigns' status, from the audit.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::control::operator::PastEntry;
use crate::control::ports::AuditEvent;
use crate::domain::{Reason, Timestamp};
use crate::serve::MarkDocument;
use crate::store::AuditRecord;

use super::record::{FlatRecord, TransitionRecord};

/// A command's intent lies before its outcome by less than this: so much earlier the audit is read.
pub(super) const BEFORE: Duration = Duration::from_secs(3600);

/// Intents whose outcome was not met yet: at most one for each campaign.
#[derive(Default)]
pub(super) struct Intents(BTreeMap<String, Intent>);

struct Intent {
    decision: String,
    at: Timestamp,
    reason: Box<Reason>,
}

impl Intents {
    /// Takes in a row; gives the transition that it tells of, if it does, to `each`.
    pub(super) fn follow<T>(
        &mut self,
        tenant: Option<&str>,
        row: AuditRecord,
        each: impl FnOnce(&TransitionRecord<'_>) -> T,
    ) -> Option<T> {
        let entry = PastEntry {
            seq: row.seq,
            at: row.at,
            campaign: row.campaign,
            decision: row.decision,
            kind: row.kind,
            event: row.event,
        };
        let at = Timestamp::parse_rfc3339(&entry.at)?;
        let campaign = entry.campaign.clone()?;
        if entry.kind == "intent" {
            let event = serde_json::from_value::<AuditEvent>(entry.event).ok()?;
            if let AuditEvent::Intent { reason, .. } = event {
                let decision = entry.decision;
                let intent = Intent {
                    decision,
                    at,
                    reason,
                };
                self.0.insert(campaign, intent);
            }
            return None;
        }
        let mark = MarkDocument::of(&entry)?;
        let intent = self.0.remove(&campaign);
        let intent = intent.filter(|intent| intent.decision == entry.decision);
        let reason = intent.as_ref().map(|intent| &intent.reason);
        let thresholds = reason.and_then(|reason| reason.thresholds());
        Some(each(&TransitionRecord {
            schema: TransitionRecord::SCHEMA,
            tenant,
            at: &entry.at,
            campaign: Some(&campaign),
            to: &mark.to,
            by: &mark.by,
            decision: &entry.decision,
            available: reason.and_then(|reason| reason.available()),
            staffed: reason.and_then(|reason| reason.staffed()),
            pause_below: thresholds.map(|thresholds| thresholds.pause_below),
            resume_at: thresholds.map(|thresholds| thresholds.resume_at),
            took_s: intent
                .as_ref()
                .map(|intent| at.since(intent.at).as_secs_f64()),
            reason: reason.map(ToString::to_string),
            says: &mark.says,
            seq: entry.seq,
        }))
    }
}
