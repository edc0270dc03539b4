//! The campaigns as the loop keeps them: the domain's inputs, its decisions, and the facts that come of both.

use std::sync::Arc;
use std::time::Duration;

use tracing::debug_span;
use tracing::field::Empty;

use crate::domain::outcomes::{OutcomeCounts, OutcomeReading, OutcomesRead};
use crate::domain::workload::WorkloadSample;
use crate::domain::{
    Alert, Author as StatusAuthor, Autopilot, Belief, Campaign, CampaignId, CampaignState,
    DecisionId, Notice, OnStale, Plan, Reason, Sample, StatusFinding, Timestamp,
};
use crate::platform::port::{CampaignFinding, CampaignReader, Connected};

use super::assigning::Assigning;
use super::ledger::{Fact, Ledger, Standing};
use super::operator::AppliedChange;
use super::outcomes::OutcomesTaken;
use super::ports::Clock;
use super::start::{CycleSettings, RunStart};
use super::status::{CalendarViews, CampaignView, StaleRules};

/// The whole state is recorded this often: well within the time for which the store keeps inputs.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(24 * 3600);

/// Every campaign under control.
pub(super) struct Campaigns {
    pub(super) autopilot: Autopilot,
    /// What the last poll showed of each group's agents, where that is recorded.
    pub(super) workload: WorkloadSample,
    checkpoint_at: Timestamp,
}

impl Campaigns {
    /// Returns the campaigns at a start, and the start as a fact.
    pub(super) fn new<'a>(
        start: RunStart,
        platform: &Connected,
        settings: &'a CycleSettings,
        now: Timestamp,
    ) -> (Self, Fact<'a>) {
        let RunStart {
            run,
            policies,
            calendars,
            restored,
            assignments: _,
        } = start;
        let traits = platform.capabilities.traits;
        let command_longest = settings.command_longest;
        let autopilot = Autopilot::new(
            run,
            policies.clone(),
            restored.clone(),
            command_longest,
            now,
        );
        let campaigns = Self {
            autopilot: autopilot
                .on_platform(traits)
                .with_calendars(calendars.clone()),
            workload: WorkloadSample::default(),
            checkpoint_at: now,
        };
        let started = Fact::RunStarted {
            settings,
            dry_run: platform.commander.is_none(),
            run,
            policies,
            calendars,
            restored,
            traits,
        };
        (campaigns, started)
    }

    /// Returns the present state of every campaign, with the last decision on it.
    pub(super) fn views(&self, reasons: &[(CampaignId, Reason)]) -> Vec<CampaignView> {
        let mut calendars = CalendarViews::default();
        let campaigns = self.autopilot.campaigns().map(|(id, campaign)| {
            let at = reasons.binary_search_by(|(other, _)| other.cmp(id)).ok();
            let reason = at.and_then(|at| reasons.get(at)).map(|(_, reason)| reason);
            let all = self.autopilot.calendars();
            let calendar = calendars.of(all, campaign.policy(), reason);
            CampaignView::of(id, campaign, reason, calendar)
        });
        campaigns.collect()
    }

    /// Returns the present state of everything, each campaign with the last decision on it.
    pub(super) fn standing(
        &self,
        reasons: &[(CampaignId, Reason)],
        assigning: Option<&Assigning>,
        reader: &dyn CampaignReader,
        poll_valid: bool,
    ) -> Standing {
        Standing {
            campaigns: Arc::new(self.views(reasons)),
            assignments: Arc::new(Assigning::views(assigning)),
            names: reader.names(),
            poll_valid,
            stale_rules: self.stale_rules(),
        }
    }

    /// What becomes of campaigns while readings stay away.
    fn stale_rules(&self) -> StaleRules {
        let mut rules = StaleRules::default();
        for (_, campaign) in self.autopilot.campaigns() {
            let policy = campaign.policy();
            if !policy.counts_agents() {
                continue;
            }
            let after = policy.stale_after;
            rules.after = Some(rules.after.map_or(after, |least| least.min(after)));
            match policy.on_stale {
                OnStale::Pause => rules.paused = rules.paused.saturating_add(1),
                OnStale::Hold if campaign.state().belief == Belief::Running => {
                    rules.keep_dialling = rules.keep_dialling.saturating_add(1);
                }
                OnStale::Hold => {}
            }
        }
        rules
    }

    /// Records what plots show of a tick.
    pub(super) fn record_points(
        &self,
        reasons: &[(CampaignId, Reason)],
        poll_interval: Duration,
        ledger: &mut Ledger,
    ) {
        let points = Fact::PointsTaken {
            autopilot: &self.autopilot,
            reasons,
            workload: &self.workload,
            poll_interval,
        };
        ledger.record(ledger.now(), points);
    }

    /// Returns how many of them the platform does not know.
    pub(super) fn missing(&self) -> usize {
        let beliefs = self
            .autopilot
            .campaigns()
            .map(|(_, campaign)| &campaign.state().belief);
        beliefs
            .filter(|belief| matches!(belief, Belief::Missing { .. }))
            .count()
    }

    /// Follows the machine's clock where it was set: every remembered time moves with it, and that is recorded.
    pub(super) fn follow_clock(
        &mut self,
        clock: &dyn Clock,
        mut assigning: Option<&mut Assigning>,
        ledger: &mut Ledger,
    ) {
        let Some(milliseconds) = clock.resynchronise() else {
            return;
        };
        self.autopilot.shift_clock(milliseconds);
        self.checkpoint_at.shift(milliseconds);
        if let Some(assigning) = &mut assigning {
            assigning.shift_clock(milliseconds);
        }
        let stepped = Fact::ClockStepped {
            milliseconds,
            autopilot: &self.autopilot,
            assigner: assigning.as_deref().map(Assigning::assigner),
        };
        ledger.record(ledger.now(), stepped);
    }

    /// Applies what a poll read, after a record of the whole state where that is due.
    pub(super) fn apply_poll(
        &mut self,
        sample: Sample,
        statuses: Vec<(CampaignId, CampaignFinding)>,
        assigning: Option<&Assigning>,
        ledger: &mut Ledger,
    ) {
        let now = ledger.now();
        if self.checkpoint(now, ledger)
            && let Some(assigning) = assigning
        {
            ledger.record(now, assigning.checkpoint());
        }
        self.apply_sample(sample, now, ledger);
        self.apply_statuses(statuses, ledger);
    }

    /// Records the whole state if that is due, and returns whether it was.
    fn checkpoint(&mut self, now: Timestamp, ledger: &mut Ledger) -> bool {
        let due = now.since(self.checkpoint_at) >= BETWEEN_CHECKPOINTS;
        if due {
            self.checkpoint_at = now;
            let autopilot = Box::new(self.autopilot.clone());
            ledger.record(now, Fact::CampaignsCheckpointed { autopilot });
        }
        due
    }

    /// Applies a poll of the agents.
    fn apply_sample(&mut self, sample: Sample, now: Timestamp, ledger: &mut Ledger) {
        self.autopilot.observe_sample(sample.clone(), now);
        ledger.record(now, Fact::SampleTaken { sample });
    }

    /// Applies status reads, and records what they showed.
    pub(super) fn apply_statuses(
        &mut self,
        statuses: Vec<(CampaignId, CampaignFinding)>,
        ledger: &mut Ledger,
    ) {
        for (campaign, found) in statuses {
            self.apply_status(&campaign, found, ledger);
        }
    }

    /// Applies one status read, and records what it showed.
    pub(super) fn apply_status(
        &mut self,
        campaign: &CampaignId,
        found: CampaignFinding,
        ledger: &mut Ledger,
    ) {
        let now = ledger.now();
        let decision = ledger.decision();
        let notices = match found {
            Ok(finding) => {
                let notices = self.autopilot.observe_status(campaign, &finding, now);
                let state = self.state(campaign);
                let read = Fact::StatusRead {
                    campaign,
                    finding,
                    state,
                };
                ledger.record(now, read);
                notices
            }
            Err(fault) => {
                let unreadable = &StatusFinding::Unreadable;
                let notices = self.autopilot.observe_status(campaign, unreadable, now);
                let unread = Fact::StatusUnreadable {
                    campaign,
                    why: &fault.detail,
                    state: self.state(campaign),
                };
                ledger.record(now, unread);
                notices
            }
        };
        self.record_notices(campaign, &notices, decision, now, ledger);
    }

    /// Records what came to light about a campaign.
    pub(super) fn record_notices(
        &self,
        campaign: &CampaignId,
        notices: &[Notice],
        decision: DecisionId,
        now: Timestamp,
        ledger: &mut Ledger,
    ) {
        let state = self.state(campaign);
        let last = state.and_then(|state| state.last_transition);
        let last = last.map(|last| last.cause);
        let reading = state.and_then(|state| state.last_reading.as_ref());
        let by = match reading.and_then(|reading| reading.changed_by.as_ref()) {
            Some(StatusAuthor::Somebody { name }) => Some(name.as_str()),
            Some(StatusAuthor::Ours) | None => None,
        };
        for notice in notices {
            let fact = Fact::Noticed {
                campaign,
                notice,
                decision,
                last,
                by,
            };
            ledger.record(now, fact);
        }
    }

    /// Applies readings of what became of dials, and records what they showed.
    pub(super) fn apply_outcomes(&mut self, taken: &OutcomesTaken, ledger: &mut Ledger) {
        let now = ledger.now();
        if let Some((campaigns, fault)) = &taken.failed {
            let unreadable = Fact::OutcomesUnreadable {
                campaigns: *campaigns,
                why: &fault.detail,
            };
            ledger.record(now, unreadable);
        }
        let counted = self.observe_outcomes(&taken.readings, ledger);
        if let Some(author) = &taken.fed_by {
            let made = AppliedChange::OutcomesFed {
                campaigns: taken.readings.len(),
                counted,
            };
            let made = Fact::ChangeMade {
                campaign: None,
                author,
                change: &made,
            };
            ledger.record(now, made);
        }
    }

    /// Observes readings of what became of dials, and records them; returns what they show beyond the last ones, of all together.
    pub(super) fn observe_outcomes(
        &mut self,
        readings: &[(CampaignId, OutcomeReading)],
        ledger: &mut Ledger,
    ) -> OutcomeCounts {
        let mut counted = OutcomeCounts::default();
        if readings.is_empty() {
            return counted;
        }
        let mut verdicts = Vec::with_capacity(readings.len());
        for (id, reading) in readings {
            if let Some(verdict) = self.autopilot.observe_outcomes(id, *reading) {
                if let OutcomesRead::Counted(more) = verdict {
                    counted = counted.plus(more.counts);
                }
                verdicts.push((id.clone(), verdict));
            }
        }
        let read = Fact::OutcomesRead {
            readings,
            verdicts: &verdicts,
            autopilot: &self.autopilot,
        };
        ledger.record(ledger.now(), read);
        counted
    }

    /// Returns what is known of a campaign.
    pub(super) fn state(&self, campaign: &CampaignId) -> Option<&CampaignState> {
        self.autopilot.campaign(campaign).map(Campaign::state)
    }

    /// Decides on one campaign alone, and records the decision.
    pub(super) fn decide_on(&mut self, campaign: &CampaignId, ledger: &mut Ledger) -> Plan {
        let now = ledger.now();
        let plan = self.autopilot.decide_on(campaign, now);
        let decided = Fact::Decided {
            decision: self.autopilot.decision(),
            plan: &plan,
            autopilot: &self.autopilot,
            about: Some(campaign),
        };
        ledger.record(now, decided);
        plan
    }

    /// Decides on every campaign, and records the decision with its alerts.
    pub(super) fn decide(&mut self, ledger: &mut Ledger) -> Plan {
        let now = ledger.now();
        let span = debug_span!("decide", commands = Empty).entered();
        let plan = self.autopilot.decide(now);
        span.record("commands", plan.commands.len());
        let decided = Fact::Decided {
            decision: self.autopilot.decision(),
            plan: &plan,
            autopilot: &self.autopilot,
            about: None,
        };
        ledger.record(now, decided);
        for alert in &plan.alerts {
            let campaign = match alert {
                Alert::BudgetExhausted { campaign }
                | Alert::UnprovenPause { campaign, .. }
                | Alert::UnprovenPauseEnded { campaign, .. } => self.autopilot.campaign(campaign),
                Alert::Stale { .. } | Alert::Fresh => None,
            };
            ledger.record(now, Fact::Alerted { alert, campaign });
        }
        for (campaign, moved) in &plan.aims {
            let state = self.state(campaign);
            let moved = Fact::AimMoved {
                campaign,
                moved,
                state,
            };
            ledger.record(now, moved);
        }
        plan
    }
}
