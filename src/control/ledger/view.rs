//! What is shown of each fact: by health, status, page and the supervisor's line.

use std::sync::Arc;

use tokio::sync::watch;

use crate::control::operator::Author;
use crate::control::status::{ObservableState, OutageView, ReloadView};
use crate::domain::{
    CampaignId, CampaignState, DecisionId, GroupCount, LastingOutage, Sample, Timestamp,
};

use super::fact::{Fact, Standing};

/// The snapshot that everybody looks at.
pub(super) struct View {
    observed: watch::Sender<ObservableState>,
}

impl View {
    pub(super) fn new(first: ObservableState) -> Self {
        Self {
            observed: watch::Sender::new(first),
        }
    }

    pub(super) fn sender(&self) -> &watch::Sender<ObservableState> {
        &self.observed
    }

    /// Returns the outage of all agents that lasts, if there is one.
    pub(super) fn lasting_outage(&self) -> Option<LastingOutage> {
        let observed = self.sender().borrow();
        let outage = observed.outage.as_ref()?;
        Some(LastingOutage {
            error: outage.why.clone(),
            keep_dialling: observed.stale_rules.keep_dialling,
            paused: observed.stale_rules.paused,
        })
    }

    /// What people call a campaign: the configuration's name for it, else the platform's.
    pub(super) fn name_of(&self, campaign: Option<&CampaignId>) -> Option<String> {
        let campaign = campaign?;
        let observed = self.observed.borrow();
        let label = observed.labels.get(campaign);
        let label = label.and_then(|labels| labels.name.as_ref());
        label.or_else(|| observed.names.get(campaign)).cloned()
    }

    /// Shows a fact, if there is anything to be seen of it.
    pub(super) fn show(&self, fact: &Fact<'_>, at: Timestamp, decision: DecisionId) {
        match fact {
            // The time of the last sign of life is of the old clock; the loop is just giving one.
            Fact::LoopAlive | Fact::ClockStepped { .. } => {
                self.observed.send_modify(|observed| observed.alive_at = at);
            }
            Fact::SampleTaken { sample } => self
                .observed
                .send_modify(|observed| show_sample(observed, sample, at)),
            Fact::CommitEnded { written, .. } => {
                let writable = written.is_ok();
                self.observed
                    .send_modify(|observed| observed.journal_writable = writable);
            }
            Fact::TickEnded { standing } => self
                .observed
                .send_modify(|observed| set_standing(observed, standing, at, decision)),
            Fact::PoliciesReplaced { labels, .. } => self
                .observed
                .send_modify(|observed| observed.labels = Arc::clone(labels)),
            Fact::ChangeInForce {
                campaign: Some(campaign),
                state: Some(state),
                ..
            } => self
                .observed
                .send_modify(|observed| show_state(observed, campaign, state)),
            Fact::HoldCarriedOut { campaign, state } => self
                .observed
                .send_modify(|observed| show_state(observed, campaign, state)),
            Fact::ConfigurationReloaded {
                author,
                config,
                standing,
                changes,
                ..
            } => self.observed.send_modify(|observed| {
                observed.last_reload = Some(reload(author, &[], changes, at));
                (*config).clone_into(&mut observed.config);
                set_standing(observed, standing, at, decision);
            }),
            Fact::ReloadRefused {
                author,
                faults,
                standing,
            } => self.observed.send_modify(|observed| {
                observed.last_reload = Some(reload(author, faults, &[], at));
                set_standing(observed, standing, at, decision);
            }),
            Fact::LoopEnded => self.observed.send_modify(|observed| {
                observed.ended = true;
                observed.version = observed.version.saturating_add(1);
            }),
            // Shown with the rest when the tick ends, or not at all.
            Fact::RunStarted { .. }
            | Fact::AssignmentsStarted { .. }
            | Fact::CampaignsCheckpointed { .. }
            | Fact::AssignmentsCheckpointed { .. }
            | Fact::RunEnded
            | Fact::TickLagged { .. }
            | Fact::PointsTaken { .. }
            | Fact::PollRepeated
            | Fact::PollSucceeded { .. }
            | Fact::PollFailed { .. }
            | Fact::OutcomesRead { .. }
            | Fact::OutcomesUnreadable { .. }
            | Fact::StatusRead { .. }
            | Fact::StatusUnreadable { .. }
            | Fact::Noticed { .. }
            | Fact::Decided { .. }
            | Fact::Alerted { .. }
            | Fact::AimMoved { .. }
            | Fact::CommandHeldBack { .. }
            | Fact::CommandDeclined { .. }
            | Fact::CommandIntended { .. }
            | Fact::CommandGivenUp { .. }
            | Fact::CommandEnded { .. }
            | Fact::PaceRead { .. }
            | Fact::PaceNoticed { .. }
            | Fact::PaceHeldBack { .. }
            | Fact::PaceDeclined { .. }
            | Fact::PaceIntended { .. }
            | Fact::PaceGivenUp { .. }
            | Fact::PaceEnded { .. }
            | Fact::PauseClaimed { .. }
            | Fact::CampaignRestored { .. }
            | Fact::HoldSet { .. }
            | Fact::ThresholdsSet { .. }
            | Fact::ChangeMade { .. }
            | Fact::ChangeInForce { .. }
            | Fact::AgentsChanged { .. }
            | Fact::PreviewsRunning { .. }
            | Fact::ListRead { .. }
            | Fact::ListUnreadable { .. }
            | Fact::ListNoticed { .. }
            | Fact::ListCounted { .. }
            | Fact::AssignmentsPlanned { .. }
            | Fact::DispatchHeldBack { .. }
            | Fact::DispatchIntended { .. }
            | Fact::DispatchGivenUp { .. }
            | Fact::DispatchEnded { .. } => {}
        }
    }
}

/// Shows how the last poll went: a valid reading ends an outage, anything else begins one or goes on with it.
fn show_sample(observed: &mut ObservableState, sample: &Sample, at: Timestamp) {
    match sample {
        Sample::Complete { taken_at, heads } => {
            observed.sample_at = Some(*taken_at);
            // An answer that tells nothing of any group is as good as none.
            let mut unknown = heads.iter().map(GroupCount::unknown);
            let first = heads.first().and_then(GroupCount::unknown);
            match first.filter(|_| unknown.all(|why| why.is_some())) {
                Some(why) => go_on_with_outage(observed, why, at),
                None => observed.outage = None,
            }
        }
        Sample::Invalid { why } => go_on_with_outage(observed, why, at),
    }
}

fn go_on_with_outage(observed: &mut ObservableState, why: &str, at: Timestamp) {
    let before = observed.outage.as_ref();
    observed.outage = Some(OutageView {
        since: before.map_or(at, |before| before.since),
        polls: before.map_or(0, |before| before.polls).saturating_add(1),
        why: why.to_owned(),
    });
}

/// Shows the present state of everything.
fn set_standing(
    observed: &mut ObservableState,
    standing: &Standing,
    at: Timestamp,
    decision: DecisionId,
) {
    let Standing {
        campaigns,
        assignments,
        names,
        poll_valid,
        stale_rules,
    } = standing;
    observed.alive_at = at;
    observed.poll_valid = *poll_valid;
    observed.stale_rules = *stale_rules;
    observed.ticks = decision.tick;
    observed.decision = Some(decision);
    observed.version = observed.version.saturating_add(1);
    observed.campaigns = Arc::clone(campaigns);
    observed.assignments = Arc::clone(assignments);
    observed.names = Arc::clone(names);
}

/// Shows one campaign as it is, its last decision untouched.
fn show_state(observed: &mut ObservableState, campaign: &CampaignId, state: &CampaignState) {
    observed.version = observed.version.saturating_add(1);
    let place = observed
        .campaigns
        .binary_search_by(|view| view.id.cmp(campaign));
    let view = place
        .ok()
        .and_then(|place| Arc::make_mut(&mut observed.campaigns).get_mut(place));
    if let Some(view) = view {
        view.state = state.clone();
    }
}

fn reload(author: &Author, faults: &[String], changes: &[String], at: Timestamp) -> ReloadView {
    let (by, _) = author.parts();
    ReloadView {
        at,
        by: by.to_owned(),
        faults: faults.to_vec(),
        changes: changes.to_vec(),
    }
}
