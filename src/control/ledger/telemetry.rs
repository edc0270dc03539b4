//! The log line and the metric of each fact.

use std::sync::Arc;

use crate::control::operator::AppliedChange;
use crate::domain::{
    Autopilot, DecisionId, EvidenceSurvey, HoldKind, PauseOwnerKind, StatusFinding, Timestamp,
};
use crate::telemetry::{AssignEvents, Events, Metrics};

use super::fact::{CommandEnd, Fact};

/// The log and the metrics.
pub(super) struct Telemetry {
    events: Events,
    /// Absent where nothing is assigned.
    assignments: Option<AssignEvents>,
    /// What the first readings show of changes; absent once that was told.
    evidence: Option<EvidenceSurvey>,
}

impl Telemetry {
    /// Makes the series of the campaigns, and those of the assignments where agents are assigned.
    pub(super) fn new(
        metrics: Arc<Metrics>,
        autopilot: &Autopilot,
        assigns: bool,
    ) -> prometheus::Result<Self> {
        let assignments = if assigns {
            Some(AssignEvents::new(metrics.assignments()?))
        } else {
            None
        };
        Ok(Self {
            events: Events::new(metrics, autopilot.campaigns()),
            assignments,
            evidence: Some(EvidenceSurvey::by(autopilot.evidence())),
        })
    }

    /// Reports a fact. `decision` is the one in force.
    #[expect(
        clippy::too_many_lines,
        reason = "one match, so that no fact is forgotten"
    )]
    pub(super) fn report(&mut self, fact: &Fact<'_>, at: Timestamp, decision: DecisionId) {
        let events = &mut self.events;
        match fact {
            Fact::ClockStepped { milliseconds, .. } => events.clock_stepped(*milliseconds),
            Fact::TickLagged { lag } => events.lagged(*lag),
            Fact::CommitEnded {
                took,
                size_bytes,
                written,
            } => {
                events.committed(*took, *size_bytes);
                if let Err(fault) = written {
                    events.journal_failed(&fault.to_string(), decision);
                }
            }
            Fact::PollRepeated => events.poll_repeated(),
            Fact::PollSucceeded { figures, decision } => events.polled(*figures, *decision, at),
            Fact::PollFailed {
                partial,
                why,
                took,
                decision,
            } => events.poll_failed(*partial, why, *took, *decision),
            Fact::StatusRead { finding, .. } => {
                if let (Some(survey), StatusFinding::Found(reading)) = (&mut self.evidence, finding)
                {
                    survey.note(reading);
                }
                events.status_read(at);
            }
            Fact::OutcomesRead { verdicts, .. } => events.outcomes_read(verdicts),
            Fact::OutcomesUnreadable { campaigns, why } => {
                events.outcomes_unreadable(*campaigns, why, decision);
            }
            Fact::TickEnded { standing } => {
                let throttled = standing.campaigns.iter();
                let throttled = throttled.filter_map(|view| view.state.throttle.as_deref());
                events.paces_known(throttled);
                for view in &*standing.campaigns {
                    if let Some(outcomes) = &view.state.outcomes {
                        events.outcomes_known(&view.id, outcomes, at);
                    }
                    events.aim_known(&view.id, view.aim.as_deref());
                }
                let surveyed = self.evidence.filter(|survey| !survey.is_empty());
                if let Some(survey) = surveyed {
                    self.evidence = None;
                    events.surveyed(survey);
                }
            }
            Fact::StatusUnreadable { campaign, why, .. } => {
                events.status_unreadable(campaign, decision, why);
            }
            Fact::Noticed {
                campaign,
                notice,
                decision,
                last,
                ..
            } => events.noticed(campaign, notice, *decision, *last, at),
            Fact::Decided {
                plan, autopilot, ..
            } => {
                for (id, reason) in &plan.reasons {
                    if let Some(campaign) = autopilot.campaign(id) {
                        events.decided(id, reason, &campaign.state().belief);
                    }
                }
                events.pauses_out_of_reach(&autopilot.pauses_out_of_reach(at));
            }
            Fact::Alerted { alert, .. } => events.alerted(alert, decision),
            Fact::AimMoved {
                campaign, moved, ..
            } => events.aim_moved(campaign, moved, decision),
            Fact::CommandHeldBack {
                campaign,
                direction,
                reason,
            } => events.would_command(campaign, *direction, reason),
            Fact::CommandGivenUp {
                command,
                result,
                conclusion,
                ..
            }
            | Fact::CommandEnded {
                command,
                result,
                conclusion,
                end: CommandEnd::Failed,
                ..
            } => events.command_failed(
                &command.campaign,
                command.direction,
                *conclusion,
                &result.delivery,
                &command.reason,
            ),
            Fact::CommandEnded {
                command,
                end:
                    CommandEnd::Confirmed {
                        cause,
                        since_sample,
                    },
                ..
            } => events.confirmed(
                &command.campaign,
                command.direction,
                *cause,
                &command.reason,
                *since_sample,
                at,
            ),
            Fact::CommandEnded {
                command,
                end: CommandEnd::Settling,
                ..
            } => events.acknowledged(&command.campaign, command.direction, &command.reason),
            Fact::PaceRead {
                campaign,
                finding,
                why,
                ..
            } => events.pace_read(campaign, *finding, *why, decision),
            Fact::PaceNoticed {
                campaign, notice, ..
            } => events.pace_noticed(campaign, **notice, decision),
            Fact::PaceHeldBack { campaign, step } => {
                events.would_change_pace(campaign, *step, decision);
            }
            Fact::PaceGivenUp {
                change,
                result,
                conclusion,
                ..
            }
            | Fact::PaceEnded {
                change,
                result,
                conclusion,
                ..
            } => events.pace_changed(change, result, *conclusion),
            Fact::ChangeInForce {
                campaign,
                author,
                change,
                ..
            } => {
                let refused = matches!(change, AppliedChange::ReloadRefused { .. });
                let words = in_words(change);
                events.changed(*campaign, &words, change.label(), refused, author.parts());
            }
            Fact::ConfigurationReloaded {
                config,
                autopilot,
                left_paused,
                left_stepped_down,
                ..
            } => {
                events.reconfigured(autopilot.campaigns(), left_paused);
                events.left_stepped_down(left_stepped_down);
                events.reloaded(Some(config), at);
            }
            Fact::ReloadRefused { .. } => events.reloaded(None, at),
            Fact::ListUnreadable { campaign, why } => {
                self.assigned(|events| events.unreadable(campaign, why, decision));
            }
            Fact::ListNoticed { campaign, notice } => {
                self.assigned(|events| events.noticed(campaign, *notice, decision));
            }
            Fact::ListCounted { campaign, agents } => {
                self.assigned(|events| events.on_list(campaign, *agents));
            }
            Fact::AssignmentsPlanned {
                trigger,
                moves,
                took,
                ..
            } => self.assigned(|events| events.planned(*trigger, *moves, *took, decision)),
            Fact::DispatchHeldBack { moves } => {
                self.assigned(|events| events.would_dispatch(moves, decision));
            }
            Fact::DispatchEnded {
                dispatch,
                end,
                took,
                ..
            } => self.assigned(|events| events.dispatched(dispatch, end, *took, decision)),
            // Reported with the facts that they lead to, or seen in the other sinks only.
            Fact::RunStarted { .. }
            | Fact::AssignmentsStarted { .. }
            | Fact::CampaignsCheckpointed { .. }
            | Fact::AssignmentsCheckpointed { .. }
            | Fact::RunEnded
            | Fact::LoopEnded
            | Fact::LoopAlive
            | Fact::PointsTaken { .. }
            | Fact::SampleTaken { .. }
            | Fact::CommandDeclined { .. }
            | Fact::CommandIntended { .. }
            | Fact::PaceDeclined { .. }
            | Fact::PaceIntended { .. }
            | Fact::PauseClaimed { .. }
            | Fact::CampaignRestored { .. }
            | Fact::HoldSet { .. }
            | Fact::HoldCarriedOut { .. }
            | Fact::ThresholdsSet { .. }
            | Fact::PoliciesReplaced { .. }
            | Fact::ChangeMade { .. }
            | Fact::AgentsChanged { .. }
            | Fact::PreviewsRunning { .. }
            | Fact::ListRead { .. }
            | Fact::DispatchIntended { .. }
            // The commit that failed was reported.
            | Fact::DispatchGivenUp { .. } => {}
        }
    }

    fn assigned(&mut self, report: impl FnOnce(&mut AssignEvents)) {
        if let Some(events) = &mut self.assignments {
            report(events);
        }
    }
}

/// Returns a change in the words of the log.
fn in_words(change: &AppliedChange) -> String {
    match change {
        AppliedChange::Held { hold, until, .. } => format!("held {} until {until}", hold.label()),
        AppliedChange::Released { hold } => format!("no longer held {}", hold.label()),
        AppliedChange::HeldSeveral {
            hold,
            until,
            campaigns,
        } => format!("{campaigns} campaigns held {} until {until}", hold.label()),
        AppliedChange::ReleasedSeveral { campaigns, .. } => {
            format!("{campaigns} campaigns no longer held")
        }
        AppliedChange::PauseClaimed { was, ended_hold } => {
            claim_in_words("pause claimed for the autopilot", *was, *ended_hold)
        }
        AppliedChange::PauseGivenAway { was, ended_hold } => {
            claim_in_words("pause given away, manual now", *was, *ended_hold)
        }
        AppliedChange::ThresholdsSet {
            thresholds,
            before,
            until,
        } => format!(
            "pause_below {} -> {}, resume_at {} -> {} until {until}",
            before.pause_below(),
            thresholds.pause_below(),
            before.resume_at(),
            thresholds.resume_at()
        ),
        AppliedChange::AbandonTargetSet {
            target,
            before,
            until,
        } => format!("abandon_target {before} -> {target} until {until}"),
        AppliedChange::ThresholdsRestored { thresholds } => format!(
            "pause_below {}, resume_at {} as configured",
            thresholds.pause_below(),
            thresholds.resume_at()
        ),
        AppliedChange::QueueHeld { queue, until } => format!("queue {queue} held until {until}"),
        AppliedChange::QueueReleased { queue, .. } => format!("queue {queue} released"),
        AppliedChange::OutcomesFed { campaigns, counted } => format!(
            "outcomes fed of {campaigns} campaigns: {} dials, {} answered, {} connected, {} abandoned more",
            counted.dials, counted.answered, counted.connected, counted.abandoned
        ),
        AppliedChange::Reloaded {
            changes,
            after_restart,
            not_read_again,
            ..
        } => {
            let mut text = if changes.is_empty() {
                "configuration reloaded, nothing in force differs".to_owned()
            } else {
                format!("configuration reloaded: {}", changes.join(", "))
            };
            if !after_restart.is_empty() {
                text.push_str("; after a restart: ");
                text.push_str(&after_restart.join(", "));
            }
            if !not_read_again.is_empty() {
                text.push_str("; secrets of the start, since variables cannot be read again: ");
                text.push_str(&not_read_again.join(", "));
            }
            text
        }
        AppliedChange::ReloadRefused { faults } => format!(
            "configuration not reloaded, the old one stays in force: {}",
            faults.join(" | ")
        ),
    }
}

fn claim_in_words(what: &str, was: PauseOwnerKind, ended_hold: Option<HoldKind>) -> String {
    let hold = ended_hold.map_or(String::new(), |hold| {
        format!(", no longer held {}", hold.label())
    });
    format!("{what} (was: {}){hold}", was.label())
}
