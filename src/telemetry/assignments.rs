//! The events of preview assignments, each with its log line and its metric.

use std::time::Duration;

use tracing::{debug, info, warn};

use crate::domain::assignment::{Dispatch, DispatchEnd, ListNotice, Move, Trigger};
use crate::domain::{CampaignId, Conclusion, DecisionId};

use super::metrics::AssignMetrics;

/// More moves than this are counted but not listed one by one.
const MOST_MOVES_NAMED: usize = 20;

/// Reports assignments to the log and the metrics.
pub struct AssignEvents {
    metrics: AssignMetrics,
    dry_run_said: Vec<Move>,
}

impl AssignEvents {
    /// For these metrics.
    #[must_use]
    pub fn new(metrics: AssignMetrics) -> Self {
        Self {
            metrics,
            dry_run_said: Vec::new(),
        }
    }

    /// A plan was made.
    pub fn planned(&self, trigger: Trigger, moves: usize, took: Duration, decision: DecisionId) {
        self.metrics.planned(trigger, moves, took.as_secs_f64());
        debug!(%trigger, moves, took_ms = took.as_millis(), %decision, "assignments planned");
    }

    /// A dry run would dispatch; said once for the same moves.
    pub fn would_dispatch(&mut self, moves: &[Move], decision: DecisionId) {
        if self.dry_run_said == moves {
            return;
        }
        self.dry_run_said = moves.to_vec();
        for change in moves.iter().take(MOST_MOVES_NAMED) {
            let [from, to] = change.ends();
            let Move {
                agent, score, why, ..
            } = change;
            info!(%agent, from, to, %score, %why, %decision, "would assign (dry run)");
        }
        let unnamed = moves.len().saturating_sub(MOST_MOVES_NAMED);
        if unnamed > 0 {
            info!(unnamed, %decision, "would assign more (dry run)");
        }
    }

    /// A dispatch came to its end.
    pub fn dispatched(
        &self,
        dispatch: &Dispatch,
        end: &DispatchEnd,
        took: Duration,
        decision: DecisionId,
    ) {
        self.metrics.dispatched(end.conclusion);
        let campaign = &dispatch.campaign;
        let (joining, leaving) = (dispatch.joining.len(), dispatch.leaving.len());
        let DispatchEnd {
            conclusion, why, ..
        } = end;
        match conclusion {
            Conclusion::Confirmed | Conclusion::Unchanged => info!(
                %campaign, agents = dispatch.agents.len(), joining, leaving, assignment = end.assignment,
                took_ms = took.as_millis(), %decision, "assigned"
            ),
            Conclusion::Refused | Conclusion::Invalid => {
                let agents = end.agents.iter();
                let agents: Vec<&str> = agents.map(crate::domain::AgentId::as_str).collect();
                warn!(%campaign, why, agents = agents.join(" "), %decision, "assignment refused: what was in force stays");
            }
            Conclusion::Conflict | Conclusion::Stale => {
                info!(%campaign, why, %decision, "the dialler has no capacity: planning with fewer agents");
            }
            Conclusion::Differs if !end.agents.is_empty() => {
                let agents = end.agents.iter();
                let agents: Vec<&str> = agents.map(crate::domain::AgentId::as_str).collect();
                warn!(
                    %campaign, why, agents = agents.join(" "), joining, leaving, %decision,
                    "assignment taken in part: the platform refused these agents"
                );
            }
            Conclusion::Unknown
            | Conclusion::Differs
            | Conclusion::NotOurs
            | Conclusion::NotSent
            | Conclusion::NotApplied => {
                warn!(%campaign, why, end = conclusion.list_label(), %decision, "assignment failed");
            }
        }
    }

    /// Something came to light about a list.
    pub fn noticed(&self, campaign: &CampaignId, notice: ListNotice, decision: DecisionId) {
        match notice {
            ListNotice::PersonChanged {
                joined,
                left,
                altered,
                grace_until,
            } => {
                let grace_until = grace_until.map(|until| until.to_string());
                info!(%campaign, joined, left, altered, grace_until, %decision, "a person changed the assignments");
            }
            ListNotice::Resolved => {
                info!(%campaign, %decision, "read what became of the last assignment");
            }
        }
    }

    /// A list could not be read.
    pub fn unreadable(&self, campaign: &CampaignId, why: &str, decision: DecisionId) {
        warn!(%campaign, why, %decision, "the assignments cannot be read: left alone");
    }

    /// So many agents are on a list.
    pub fn on_list(&self, campaign: &CampaignId, agents: usize) {
        self.metrics.on_list(campaign.as_str(), agents);
    }
}
