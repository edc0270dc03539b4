//! The campaigns as the loop keeps them: what is told to the domain, what it decides, and what is told of both.

use std::time::Duration;

use tracing::debug_span;
use tracing::field::Empty;

use crate::domain::replay::Input;
use crate::domain::{
    Alert, Autopilot, Belief, CampaignId, DecisionId, Notice, Plan, Reason, Sample, StatusFinding,
    Timestamp,
};
use crate::platform::port::{CampaignFinding, Connected};

use super::announce;
use super::ledger::Ledger;
use super::ports::AuditEvent;
use super::start::{CycleSettings, RunStart};
use super::status::CampaignView;

/// The whole state is recorded this often: well within the time for which the store keeps inputs.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(24 * 3600);

/// Every campaign under control.
pub(super) struct Campaigns {
    pub(super) autopilot: Autopilot,
    checkpoint_at: Timestamp,
}

impl Campaigns {
    /// The campaigns at a start, and that as it is recorded.
    pub(super) fn new(
        start: RunStart,
        platform: &Connected,
        settings: &CycleSettings,
        now: Timestamp,
    ) -> (Self, Input) {
        let RunStart {
            run,
            policies,
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
            autopilot: autopilot.on_platform(traits),
            checkpoint_at: now,
        };
        let started = Input::Start {
            run,
            policies,
            restored,
            command_longest,
            traits,
        };
        (campaigns, started)
    }

    /// Every campaign as it stands, with what was last decided on it.
    pub(super) fn views(&self, reasons: &[(CampaignId, Reason)]) -> Vec<CampaignView> {
        let campaigns = self.autopilot.campaigns().map(|(id, campaign)| {
            let at = reasons.binary_search_by(|(other, _)| other.cmp(id)).ok();
            CampaignView {
                id: id.clone(),
                state: campaign.state().clone(),
                configured: campaign.policy().thresholds,
                reason: at.and_then(|at| reasons.get(at)).map(|(_, reason)| *reason),
            }
        });
        campaigns.collect()
    }

    /// How many the platform does not know.
    pub(super) fn missing(&self) -> usize {
        let beliefs = self
            .autopilot
            .campaigns()
            .map(|(_, campaign)| &campaign.state().belief);
        beliefs
            .filter(|belief| matches!(belief, Belief::Missing { .. }))
            .count()
    }

    /// Records the whole state if it is time, and tells whether it was.
    pub(super) fn checkpoint(&mut self, now: Timestamp, ledger: &mut Ledger) -> bool {
        let due = now.since(self.checkpoint_at) >= BETWEEN_CHECKPOINTS;
        if due {
            self.checkpoint_at = now;
            let whole = Input::Checkpoint {
                autopilot: Box::new(self.autopilot.clone()),
            };
            ledger.input(now, whole);
        }
        due
    }

    /// Takes in a poll of the agents.
    pub(super) fn take_sample(&mut self, sample: Sample, now: Timestamp, ledger: &mut Ledger) {
        if let Sample::Complete { taken_at, .. } = sample {
            ledger.show_sample(taken_at);
        }
        self.autopilot.observe_sample(sample.clone(), now);
        ledger.input(now, Input::Sample { sample });
    }

    /// Takes in status reads and tells what they showed.
    pub(super) fn take_statuses(
        &mut self,
        statuses: Vec<(CampaignId, CampaignFinding)>,
        ledger: &mut Ledger,
    ) {
        for (campaign, found) in statuses {
            self.take_status(&campaign, found, ledger);
        }
    }

    /// Takes in one status read and tells what it showed.
    pub(super) fn take_status(
        &mut self,
        campaign: &CampaignId,
        found: CampaignFinding,
        ledger: &mut Ledger,
    ) {
        let now = ledger.now();
        let decision = ledger.decision();
        let finding = match found {
            Ok(finding) => {
                ledger.events.status_read(now);
                finding
            }
            Err(fault) => {
                let why = &fault.detail;
                ledger.events.status_unreadable(campaign, decision, why);
                StatusFinding::Unreadable
            }
        };
        let notices = self.autopilot.observe_status(campaign, &finding, now);
        let read = Input::Status {
            campaign: campaign.clone(),
            finding,
        };
        ledger.input(now, read);
        self.take_notices(campaign, notices, decision, now, ledger);
    }

    /// Tells what came to light about a campaign, and records what is known of it then.
    pub(super) fn take_notices(
        &mut self,
        campaign: &CampaignId,
        notices: Vec<Notice>,
        decision: DecisionId,
        now: Timestamp,
        ledger: &mut Ledger,
    ) {
        let found = self.autopilot.campaign(campaign);
        let last = found.and_then(|found| found.state().last_transition);
        let last = last.map(|last| last.cause);
        for notice in notices {
            ledger
                .events
                .noticed(campaign, &notice, decision, last, now);
            let message = announce::noticed(campaign, &notice, last, decision, now);
            if let Some(message) = message {
                ledger.announce(message);
            }
            let event = AuditEvent::Noticed { notice };
            ledger.audit_of(decision, now, Some(campaign), event);
        }
        self.record_state(campaign, ledger);
    }

    /// Records what is known of a campaign.
    pub(super) fn record_state(&self, campaign: &CampaignId, ledger: &mut Ledger) {
        if let Some(found) = self.autopilot.campaign(campaign) {
            ledger.state(campaign, found.state());
        }
    }

    /// Decides on every campaign and tells what that came to.
    pub(super) fn decide(&mut self, ledger: &mut Ledger) -> Plan {
        let now = ledger.now();
        let span = debug_span!("decide", commands = Empty).entered();
        let plan = self.autopilot.decide(now);
        span.record("commands", plan.commands.len());
        let wanted = plan
            .commands
            .iter()
            .map(|(id, wanted)| (id.clone(), wanted.direction))
            .collect();
        ledger.decided(self.autopilot.decision());
        ledger.input(now, Input::Decide { wanted });
        for (id, reason) in &plan.reasons {
            if let Some(campaign) = self.autopilot.campaign(id) {
                ledger.events.decided(id, reason, &campaign.state().belief);
            }
        }
        for alert in &plan.alerts {
            self.tell_alert(alert, now, ledger);
        }
        plan
    }

    fn tell_alert(&self, alert: &Alert, now: Timestamp, ledger: &mut Ledger) {
        let decision = ledger.decision();
        ledger.events.alerted(alert, decision);
        let campaign = match alert {
            Alert::BudgetExhausted { campaign } => Some(campaign),
            Alert::UnprovenPause { campaign, .. } | Alert::UnprovenPauseEnded { campaign, .. } => {
                // Remembered with the message, so that a restart repeats neither.
                self.record_state(campaign, ledger);
                Some(campaign)
            }
            Alert::Stale { .. } | Alert::Fresh => None,
        };
        let found = campaign.and_then(|campaign| self.autopilot.campaign(campaign));
        if let Some(message) = announce::alerted(alert, found, decision, now) {
            ledger.announce(message);
        }
        let alerted = AuditEvent::Alerted {
            alert: alert.clone(),
        };
        ledger.audit(now, campaign, alerted);
    }
}
