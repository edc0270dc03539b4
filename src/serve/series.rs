//! A campaign's past as a plot wants it: steps, paused spans, and the changes of its status with their decisions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::control::operator::{AppliedChange, PastEntry};
use crate::control::ports::AuditEvent;
use crate::control::series::{Point, Series, SeriesStep};
use crate::domain::outcomes::OutcomeSlot;
use crate::domain::{
    Alert, CampaignId, Cause, Conclusion, Direction, Notice, Outcome, Reason, Timestamp,
};

use super::outcomes::OutcomeColumns;
use super::schema::SCHEMA;
use super::words;

/// A campaign's past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesDocument {
    /// The form's version.
    pub schema: u32,
    /// Its id on the platform.
    pub campaign: String,
    /// Nothing older than this was asked for.
    pub since: String,
    /// The daemon's time.
    pub now: String,
    /// When the last step was last seen to hold; nothing is known of the time after it.
    pub known_until: Option<String>,
    /// What it was like.
    pub steps: StepsDocument,
    /// When it was paused. A gap in what is known ends a span.
    pub paused: Vec<PausedDocument>,
    /// Changes of its status, the oldest first.
    pub transitions: Vec<MarkDocument>,
    /// What else happened to it or to the daemon: holds, thresholds, outages, restarts and reloads, the oldest first.
    #[serde(default)]
    pub events: Vec<EventDocument>,
    /// What became of its dials.
    #[serde(default)]
    pub outcomes: OutcomeColumns,
}

/// Columns of the same length; each row holds until the next one. A row of nothing but its time begins a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepsDocument {
    /// From when on, in milliseconds since the Unix epoch.
    pub times_ms: Vec<i64>,
    /// The number that the rule compared; nothing without a valid sample.
    pub available: Vec<Option<u32>>,
    /// The pause threshold in force; nothing without a valid sample.
    pub pause_below: Vec<Option<u32>>,
    /// The resume threshold in force; nothing without a valid sample.
    pub resume_at: Vec<Option<u32>>,
}

/// A time in which a campaign was paused, or stopped on the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PausedDocument {
    /// In milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// In milliseconds since the Unix epoch; nothing when it is paused still.
    pub until_ms: Option<i64>,
    /// By whom or what: `autopilot` (the thresholds), `hold` (an operator's), `calendar`, `person`, `unproven` or `platform`.
    pub by: String,
}

/// Something that a plot marks beside the changes of the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDocument {
    /// In milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// `hold`, `release`, `claim`, `thresholds`, `outage`, `recovered`, `start`, `stop`, `reload`, `clock` or `platform`.
    pub kind: String,
    /// The audit's words.
    pub says: String,
    /// The decision of that time: the same as in log and audit.
    pub decision: String,
}

/// A change of a campaign's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkDocument {
    /// In milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// `paused` or `running`.
    pub to: String,
    /// Whose doing: `autopilot` (the thresholds), `hold` (an operator's), `calendar`, `person` or `unproven`.
    pub by: String,
    /// Which decision; of a person's doing, the one that saw it.
    pub decision: String,
    /// The audit's words.
    pub says: String,
}

impl SeriesDocument {
    pub(super) fn of(
        campaign: &CampaignId,
        since: Timestamp,
        now: Timestamp,
        series: &Series,
        entries: &[PastEntry],
        outcomes: &[OutcomeSlot],
    ) -> Self {
        Self {
            schema: SCHEMA,
            campaign: campaign.to_string(),
            since: since.to_string(),
            now: now.to_string(),
            known_until: series.known_until.map(|until| until.to_string()),
            steps: StepsDocument::of(series),
            paused: paused(series),
            transitions: marks(entries),
            events: entries.iter().rev().filter_map(EventDocument::of).collect(),
            outcomes: OutcomeColumns::of(outcomes),
        }
    }
}

impl StepsDocument {
    fn of(series: &Series) -> Self {
        let mut columns = Self::default();
        for SeriesStep { at, point } in &series.steps {
            columns.push(*at, *point);
        }
        // So that the last step has a length.
        if let (Some(until), Some(last)) = (series.known_until, series.steps.last())
            && until > last.at
        {
            columns.push(until, last.point);
        }
        columns
    }

    fn push(&mut self, at: Timestamp, point: Option<Point>) {
        let thresholds = point.and_then(|point| point.thresholds);
        self.times_ms.push(at.as_unix_millis());
        self.available.push(point.and_then(|point| point.available));
        self.pause_below
            .push(thresholds.map(|thresholds| thresholds.pause_below));
        self.resume_at
            .push(thresholds.map(|thresholds| thresholds.resume_at));
    }
}

fn paused(series: &Series) -> Vec<PausedDocument> {
    let mut spans: Vec<PausedDocument> = Vec::new();
    for SeriesStep { at, point } in &series.steps {
        let by = point.and_then(|point| point.state.stopped_by());
        if let Some(open) = spans.last_mut().filter(|span| span.until_ms.is_none()) {
            if by == Some(open.by.as_str()) {
                continue;
            }
            open.until_ms = Some(at.as_unix_millis());
        }
        if let Some(by) = by {
            spans.push(PausedDocument {
                from_ms: at.as_unix_millis(),
                until_ms: None,
                by: by.to_owned(),
            });
        }
    }
    spans
}

/// The changes of the status, the oldest first, each with the cause that its intent names.
fn marks(entries: &[PastEntry]) -> Vec<MarkDocument> {
    let mut intended: BTreeMap<&str, &'static str> = BTreeMap::new();
    let mut marks = Vec::new();
    for entry in entries.iter().rev() {
        if entry.kind == "intent" {
            let event = serde_json::from_value::<AuditEvent>(entry.event.clone());
            if let Ok(AuditEvent::Intent { reason, .. }) = event
                && let Some(by) = commanded_by(&reason)
            {
                intended.insert(&entry.decision, by);
            }
        }
        if let Some(mut mark) = MarkDocument::of(entry) {
            if entry.kind == "outcome"
                && let Some(by) = intended.get(entry.decision.as_str())
            {
                (*by).clone_into(&mut mark.by);
            }
            marks.push(mark);
        }
    }
    marks
}

/// By whom or what a command was wanted.
fn commanded_by(reason: &Reason) -> Option<&'static str> {
    let Outcome::Command { cause, .. } = reason.outcome else {
        return None;
    };
    Some(match cause {
        Cause::Hold => "hold",
        Cause::Calendar => "calendar",
        Cause::Threshold | Cause::StaleFailsafe | Cause::Reconcile => "autopilot",
    })
}

impl EventDocument {
    /// Returns what a row of the audit says of a hold, thresholds, an outage, a restart or a reload, if anything.
    fn of(entry: &PastEntry) -> Option<Self> {
        // Most rows are of commands: they are not read to no purpose.
        let kinds = [
            "operator",
            "alerted",
            "started",
            "stopped",
            "clock_stepped",
            "noticed",
        ];
        if !kinds.contains(&entry.kind.as_str()) {
            return None;
        }
        let event = serde_json::from_value::<AuditEvent>(entry.event.clone()).ok()?;
        Some(Self {
            at_ms: Timestamp::parse_rfc3339(&entry.at)?.as_unix_millis(),
            kind: event_kind(&event)?.to_owned(),
            says: words::event(&event),
            decision: entry.decision.clone(),
        })
    }
}

/// The kind of mark that an event is shown by.
fn event_kind(event: &AuditEvent) -> Option<&'static str> {
    match event {
        AuditEvent::Started { .. } => Some("start"),
        AuditEvent::Stopped => Some("stop"),
        AuditEvent::ClockStepped { .. } => Some("clock"),
        AuditEvent::Alerted {
            alert: Alert::Stale { .. },
        } => Some("outage"),
        AuditEvent::Alerted {
            alert: Alert::Fresh,
        } => Some("recovered"),
        AuditEvent::Noticed {
            notice: Notice::OtherStatus { .. } | Notice::Missing | Notice::Back,
        } => Some("platform"),
        AuditEvent::Operator { made, .. } => change_kind(made),
        AuditEvent::Alerted { .. }
        | AuditEvent::Noticed { .. }
        | AuditEvent::Intent { .. }
        | AuditEvent::Outcome { .. }
        | AuditEvent::AimMoved { .. }
        | AuditEvent::Queue { .. }
        | AuditEvent::AssignIntent { .. }
        | AuditEvent::AssignOutcome { .. }
        | AuditEvent::ListNoticed { .. }
        | AuditEvent::PaceIntent { .. }
        | AuditEvent::PaceOutcome { .. }
        | AuditEvent::PaceNoticed { .. }
        | AuditEvent::Sealed { .. }
        | AuditEvent::SegmentRemoved { .. }
        | AuditEvent::Outbox { .. } => None,
    }
}

fn change_kind(made: &AppliedChange) -> Option<&'static str> {
    match made {
        AppliedChange::Held { .. } => Some("hold"),
        AppliedChange::Released { .. } => Some("release"),
        AppliedChange::PauseClaimed { .. } | AppliedChange::PauseGivenAway { .. } => Some("claim"),
        AppliedChange::ThresholdsSet { .. }
        | AppliedChange::AbandonTargetSet { .. }
        | AppliedChange::ThresholdsRestored { .. } => Some("thresholds"),
        AppliedChange::Reloaded { .. } | AppliedChange::ReloadRefused { .. } => Some("reload"),
        AppliedChange::HeldSeveral { .. }
        | AppliedChange::ReleasedSeveral { .. }
        | AppliedChange::QueueHeld { .. }
        | AppliedChange::QueueReleased { .. }
        | AppliedChange::OutcomesFed { .. } => None,
    }
}

impl MarkDocument {
    /// Returns what a row of the audit says of the status, if anything.
    #[must_use]
    pub fn of(entry: &PastEntry) -> Option<Self> {
        let event = serde_json::from_value::<AuditEvent>(entry.event.clone()).ok()?;
        let (to, by) = if let AuditEvent::Outcome {
            direction,
            conclusion: Conclusion::Confirmed,
            ..
        } = &event
        {
            (*direction, "autopilot")
        } else if let AuditEvent::Noticed { notice } = &event {
            noticed(notice)?
        } else {
            return None;
        };
        Some(Self {
            at_ms: Timestamp::parse_rfc3339(&entry.at)?.as_unix_millis(),
            to: to.label().to_owned(),
            by: by.to_owned(),
            decision: entry.decision.clone(),
            says: words::event(&event),
        })
    }
}

/// Where a notice says that the campaign went, and by whom.
fn noticed(notice: &Notice) -> Option<(Direction, &'static str)> {
    match notice {
        Notice::Resolved {
            to,
            conclusion: Conclusion::Confirmed,
            ..
        } => Some((*to, "autopilot")),
        Notice::PersonPaused | Notice::FoundPaused => Some((Direction::Pause, "person")),
        Notice::PersonResumed { .. } | Notice::PersonsPauseEnded => {
            Some((Direction::Resume, "person"))
        }
        Notice::Unproven { to, .. } => Some((*to, "unproven")),
        Notice::UnprovenEnded { .. } => Some((Direction::Resume, "unproven")),
        Notice::Adopted
        | Notice::StampWorthless
        | Notice::StillChanging { .. }
        | Notice::Resolved { .. }
        | Notice::Flapping { .. }
        | Notice::Missing
        | Notice::Back
        | Notice::OtherStatus { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::control::series::PlotState;
    use crate::domain::AgentThresholds;

    use super::*;

    const NOON: Timestamp = Timestamp::from_unix_millis(1_715_774_400_000);

    fn after(seconds: u64) -> Timestamp {
        NOON.plus(Duration::from_secs(seconds))
    }

    fn step(seconds: u64, available: u32, state: PlotState) -> SeriesStep {
        let thresholds = Some(AgentThresholds {
            pause_below: 5,
            resume_at: 8,
        });
        let point = Some(Point {
            available: Some(available),
            thresholds,
            state,
        });
        SeriesStep {
            at: after(seconds),
            point,
        }
    }

    #[test]
    fn spans_end_with_the_pause_its_owner_or_what_is_known() {
        let gap = SeriesStep {
            at: after(90),
            point: None,
        };
        let series = Series {
            steps: vec![
                step(0, 10, PlotState::Running),
                step(30, 4, PlotState::PausedByAutopilot),
                step(60, 6, PlotState::PausedByAutopilot),
                gap,
                step(300, 6, PlotState::PausedByPerson),
            ],
            known_until: Some(after(330)),
        };
        let spans: Vec<_> = paused(&series)
            .into_iter()
            .map(|span| (span.from_ms, span.until_ms, span.by))
            .collect();
        let ms = |seconds| after(seconds).as_unix_millis();
        assert_eq!(
            spans,
            [
                (ms(30), Some(ms(90)), "autopilot".to_owned()),
                (ms(300), None, "person".to_owned())
            ]
        );
        let steps = StepsDocument::of(&series);
        assert_eq!(
            steps.available,
            [Some(10), Some(4), Some(6), None, Some(6), Some(6)]
        );
        assert_eq!(steps.times_ms.last(), Some(&ms(330)));
    }
}
