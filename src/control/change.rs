//! Makes the changes that operators ask for: one at a time, committed before they are told as made.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::replay::Input;
use crate::domain::{
    Campaign, CampaignId, CampaignState, Hold, HoldKind, PauseClaim, PauseOwnerKind,
    ThresholdOverride, Timestamp,
};
use crate::platform::port::CampaignReader;

use super::assigning::Assigning;
use super::campaigns::Campaigns;
use super::ledger::Ledger;
use super::operator::{
    AppliedChange, Author, LONGEST_OVERRIDE, NewRules, OperatorCommand, OperatorError,
    SHORTEST_OVERRIDE,
};
use super::ports::AuditEvent;
use super::status::ReloadView;

/// What a change is made to, and where it is told.
pub(super) struct Changing<'a> {
    pub(super) campaigns: &'a mut Campaigns,
    /// Shown with the rest.
    pub(super) assigning: Option<&'a Assigning>,
    pub(super) ledger: &'a mut Ledger,
    /// Is told which campaigns are configured.
    pub(super) reader: &'a dyn CampaignReader,
}

impl Changing<'_> {
    /// Makes one change.
    pub(super) async fn make(
        &mut self,
        change: OperatorCommand,
        author: &Author,
    ) -> Result<AppliedChange, OperatorError> {
        let now = self.ledger.now();
        match change {
            OperatorCommand::Hold {
                campaign,
                kind,
                lasts,
            } => {
                let lasts = allowed(lasts)?;
                self.known(&campaign)?;
                let (name, reason) = author.parts();
                let hold = Hold {
                    kind,
                    since: now,
                    lasts,
                    author: name.to_owned(),
                    reason: reason.to_owned(),
                };
                let made = AppliedChange::Held {
                    hold: kind,
                    until: hold.until(now),
                };
                self.set_hold(&campaign, Some(hold), author, made, now)
                    .await
            }
            OperatorCommand::Release { campaign } => {
                let state = self.known(&campaign)?;
                let hold = state.hold.as_ref().filter(|hold| hold.active(now));
                let Some(hold) = hold.map(|hold| hold.kind) else {
                    return Err(OperatorError::NothingInForce(campaign));
                };
                let made = AppliedChange::Released { hold };
                self.set_hold(&campaign, None, author, made, now).await
            }
            OperatorCommand::ClaimPause { campaign, claim } => {
                self.claim_pause(&campaign, claim, author, now).await
            }
            OperatorCommand::Thresholds {
                campaign,
                thresholds,
                lasts,
            } => {
                let lasts = allowed(lasts)?;
                self.known(&campaign)?;
                let before = self.campaigns.autopilot.campaign(&campaign);
                let before = before.map_or(thresholds, |campaign| campaign.thresholds(now));
                let (name, reason) = author.parts();
                let lines = ThresholdOverride {
                    thresholds,
                    since: now,
                    lasts,
                    author: name.to_owned(),
                    reason: reason.to_owned(),
                };
                let made = AppliedChange::ThresholdsSet {
                    thresholds,
                    before,
                    until: lines.until(now),
                };
                self.set_lines(&campaign, Some(lines), author, made, now)
                    .await
            }
            OperatorCommand::RestoreThresholds { campaign } => {
                let state = self.known(&campaign)?;
                if !state.lines.as_ref().is_some_and(|set| set.active(now)) {
                    return Err(OperatorError::NothingInForce(campaign));
                }
                let configured = self.campaigns.autopilot.campaign(&campaign);
                let configured = configured.map(|campaign| campaign.policy().thresholds);
                let made = AppliedChange::ThresholdsRestored {
                    thresholds: configured.unwrap_or_default(),
                };
                self.set_lines(&campaign, None, author, made, now).await
            }
            OperatorCommand::Reload(rules) => self.reload(*rules, author, now).await,
            OperatorCommand::ReloadRefused { faults } => {
                let made = AppliedChange::ReloadRefused { faults };
                self.record_change(None, author, &made, now);
                // A failure is told by `commit`; the fault has to be seen all the same.
                drop(self.ledger.commit().await);
                self.show_reload(author, &made, now);
                self.tell_change(None, author, &made);
                Ok(made)
            }
        }
    }

    fn known(&self, campaign: &CampaignId) -> Result<&CampaignState, OperatorError> {
        self.campaigns
            .autopilot
            .campaign(campaign)
            .map(Campaign::state)
            .ok_or_else(|| OperatorError::UnknownCampaign(campaign.clone()))
    }

    async fn set_hold(
        &mut self,
        campaign: &CampaignId,
        hold: Option<Hold>,
        author: &Author,
        made: AppliedChange,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let before = self.known(campaign)?.hold.clone();
        self.put_hold(campaign, hold, now);
        let done = self.commit_change(campaign, author, made, now).await;
        if done.is_err() {
            self.put_hold(campaign, before, now);
        }
        done
    }

    /// A hold ends with a claim: it would keep the campaign from what the operator asks for.
    async fn claim_pause(
        &mut self,
        id: &CampaignId,
        claim: PauseClaim,
        author: &Author,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let before = self.campaigns.autopilot.campaign(id).cloned();
        let before = before.ok_or_else(|| OperatorError::UnknownCampaign(id.clone()))?;
        let Some(was) = self.campaigns.autopilot.claim_pause(id, claim, now) else {
            return Err(OperatorError::NotPaused {
                campaign: id.clone(),
                state: before.state().belief.label(),
            });
        };
        let campaign = id.clone();
        self.ledger
            .input(now, Input::PauseClaimed { campaign, claim });
        let hold = before.state().hold.as_ref();
        let ended_hold = hold.filter(|hold| hold.active(now)).map(|hold| hold.kind);
        if ended_hold.is_some() {
            self.put_hold(id, None, now);
        }
        self.campaigns.record_state(id, self.ledger);
        let made = match claim {
            PauseClaim::Ours => AppliedChange::PauseClaimed { was, ended_hold },
            PauseClaim::Theirs => AppliedChange::PauseGivenAway { was, ended_hold },
        };
        let done = self.commit_change(id, author, made, now).await;
        if done.is_err() {
            // What was recorded of it is written with the next batch, so that a replay needs to take it back as well.
            self.campaigns
                .autopilot
                .restore_campaign(id, before.clone());
            self.campaigns.record_state(id, self.ledger);
            let restored = Input::CampaignRestored {
                campaign: id.clone(),
                before: Box::new(before),
            };
            self.ledger.input(now, restored);
        }
        done
    }

    async fn set_lines(
        &mut self,
        campaign: &CampaignId,
        lines: Option<ThresholdOverride>,
        author: &Author,
        made: AppliedChange,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let before = self.known(campaign)?.lines.clone();
        self.put_lines(campaign, lines, now);
        let done = self.commit_change(campaign, author, made, now).await;
        if done.is_err() {
            self.put_lines(campaign, before, now);
        }
        done
    }

    fn put_hold(&mut self, campaign: &CampaignId, hold: Option<Hold>, now: Timestamp) {
        self.campaigns.autopilot.set_hold(campaign, hold.clone());
        let campaign = campaign.clone();
        self.campaigns.record_state(&campaign, self.ledger);
        self.ledger.input(now, Input::Hold { campaign, hold });
    }

    fn put_lines(
        &mut self,
        campaign: &CampaignId,
        lines: Option<ThresholdOverride>,
        now: Timestamp,
    ) {
        self.campaigns
            .autopilot
            .set_thresholds(campaign, lines.clone());
        let campaign = campaign.clone();
        self.campaigns.record_state(&campaign, self.ledger);
        self.ledger
            .input(now, Input::Thresholds { campaign, lines });
    }

    /// Commits a change of one campaign and tells it. After a failure it is not in the audit, and the caller takes it back.
    async fn commit_change(
        &mut self,
        campaign: &CampaignId,
        author: &Author,
        made: AppliedChange,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        self.record_change(Some(campaign), author, &made, now);
        if let Err(fault) = self.ledger.commit().await {
            self.ledger.withdraw_audit();
            return Err(OperatorError::StoreClosed(fault.to_string()));
        }
        if let Some(found) = self.campaigns.autopilot.campaign(campaign) {
            self.ledger.show_campaign(campaign, found.state());
        }
        self.tell_change(Some(campaign), author, &made);
        Ok(made)
    }

    fn record_change(
        &mut self,
        campaign: Option<&CampaignId>,
        author: &Author,
        made: &AppliedChange,
        now: Timestamp,
    ) {
        let (by, reason) = author.parts();
        let event = AuditEvent::Operator {
            by: by.to_owned(),
            reason: reason.to_owned(),
            made: made.clone(),
        };
        self.ledger.audit(now, campaign, event);
    }

    fn tell_change(&self, campaign: Option<&CampaignId>, author: &Author, made: &AppliedChange) {
        let refused = matches!(made, AppliedChange::ReloadRefused { .. });
        let what = made_in_words(made);
        self.ledger
            .events
            .changed(campaign, &what, made.label(), refused, author.parts());
    }

    /// New rules. They stay in force when the store cannot be written: a restart would read the same ones.
    async fn reload(
        &mut self,
        rules: NewRules,
        author: &Author,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let NewRules {
            policies,
            labels,
            config,
            changes,
            after_restart,
        } = rules;
        self.ledger
            .shown()
            .send_modify(|observed| observed.labels = Arc::new(labels));
        let ours: Vec<CampaignId> = self
            .campaigns
            .autopilot
            .campaigns()
            .filter(|(id, campaign)| {
                !policies.contains_key(id) && campaign.state().belief.paused_by_us()
            })
            .map(|(id, _)| id.clone())
            .collect();
        let configured: Vec<CampaignId> = policies.keys().cloned().collect();
        self.reader.configured(&configured);
        self.campaigns.autopilot.reconfigure(policies.clone(), now);
        self.ledger.input(now, Input::Reconfigure { policies });
        let made = AppliedChange::Reloaded {
            config,
            changes,
            after_restart,
        };
        self.record_change(None, author, &made, now);
        // A failure is told by `commit`; the batch is kept and written with the next tick.
        drop(self.ledger.commit().await);
        self.ledger
            .events
            .reconfigured(self.campaigns.autopilot.campaigns(), &ours);
        self.show_reload(author, &made, now);
        self.tell_change(None, author, &made);
        Ok(made)
    }

    fn show_reload(&mut self, author: &Author, made: &AppliedChange, now: Timestamp) {
        let (by, _) = author.parts();
        let (config, faults) = match made {
            AppliedChange::Reloaded { config, .. } => (Some(config.clone()), Vec::new()),
            AppliedChange::ReloadRefused { faults } => (None, faults.clone()),
            AppliedChange::Held { .. }
            | AppliedChange::Released { .. }
            | AppliedChange::PauseClaimed { .. }
            | AppliedChange::PauseGivenAway { .. }
            | AppliedChange::ThresholdsSet { .. }
            | AppliedChange::ThresholdsRestored { .. }
            | AppliedChange::QueueHeld { .. }
            | AppliedChange::QueueReleased { .. } => return,
        };
        self.ledger.events.reloaded(config.as_deref(), now);
        let last_reload = ReloadView {
            at: now,
            by: by.to_owned(),
            faults,
        };
        self.ledger.show_reload(last_reload, config);
        let (reasons, poll_valid) = {
            let observed = self.ledger.shown().borrow();
            let views = observed.campaigns.iter();
            let reasons = views.filter_map(|view| Some((view.id.clone(), view.reason?)));
            (reasons.collect::<Vec<_>>(), observed.poll_valid)
        };
        let assignments = Assigning::views(self.assigning);
        self.ledger
            .publish(self.campaigns.views(&reasons), assignments, poll_valid);
    }
}

fn allowed(lasts: Duration) -> Result<Duration, OperatorError> {
    if (SHORTEST_OVERRIDE..=LONGEST_OVERRIDE).contains(&lasts) {
        Ok(lasts)
    } else {
        Err(OperatorError::Lasts)
    }
}

/// A change in the words of the log.
fn made_in_words(made: &AppliedChange) -> String {
    match made {
        AppliedChange::Held { hold, until } => format!("held {} until {until}", hold.label()),
        AppliedChange::Released { hold } => format!("no longer held {}", hold.label()),
        AppliedChange::PauseClaimed { was, ended_hold } => {
            claimed_in_words("pause claimed for the autopilot", *was, *ended_hold)
        }
        AppliedChange::PauseGivenAway { was, ended_hold } => {
            claimed_in_words("pause given away, manual now", *was, *ended_hold)
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
        AppliedChange::ThresholdsRestored { thresholds } => format!(
            "pause_below {}, resume_at {} as configured",
            thresholds.pause_below(),
            thresholds.resume_at()
        ),
        AppliedChange::QueueHeld { queue, until } => format!("queue {queue} held until {until}"),
        AppliedChange::QueueReleased { queue, .. } => format!("queue {queue} released"),
        AppliedChange::Reloaded {
            changes,
            after_restart,
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
            text
        }
        AppliedChange::ReloadRefused { faults } => format!(
            "configuration not reloaded, the old one stays in force: {}",
            faults.join(" | ")
        ),
    }
}

fn claimed_in_words(what: &str, was: PauseOwnerKind, ended_hold: Option<HoldKind>) -> String {
    let hold = ended_hold.map_or(String::new(), |hold| {
        format!(", no longer held {}", hold.label())
    });
    format!("{what} (was: {}){hold}", was.label())
}
