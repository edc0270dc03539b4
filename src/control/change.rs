//! Makes the changes that operators ask for: one at a time, committed before they are confirmed.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::outcomes::OutcomeReading;
use crate::domain::{
    Campaign, CampaignId, CampaignState, Direction, Hold, PauseClaim, ThresholdOverride, Timestamp,
};
use crate::platform::port::CampaignReader;

use super::assigning::Assigning;
use super::campaigns::Campaigns;
use super::execute::Commanding;
use super::ledger::{Fact, Ledger, Standing};
use super::operator::{
    AppliedChange, Author, LONGEST_OVERRIDE, NewRules, OperatorCommand, OperatorError,
    SHORTEST_OVERRIDE,
};

/// The parts of the loop that a change needs.
pub(super) struct Changing<'a> {
    pub(super) campaigns: &'a mut Campaigns,
    /// Shown with the campaigns after a reload.
    pub(super) assigning: Option<&'a Assigning>,
    pub(super) ledger: &'a mut Ledger,
    /// Learns which campaigns are configured.
    pub(super) reader: Arc<dyn CampaignReader>,
    /// Carries out a hold that pauses.
    pub(super) commanding: &'a mut Commanding,
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
                let set = ThresholdOverride {
                    thresholds,
                    since: now,
                    lasts,
                    author: name.to_owned(),
                    reason: reason.to_owned(),
                };
                let made = AppliedChange::ThresholdsSet {
                    thresholds,
                    before,
                    until: set.until(now),
                };
                self.set_threshold_override(&campaign, Some(set), author, made, now)
                    .await
            }
            OperatorCommand::RestoreThresholds { campaign } => {
                let state = self.known(&campaign)?;
                if !state
                    .threshold_override
                    .as_ref()
                    .is_some_and(|set| set.active(now))
                {
                    return Err(OperatorError::NothingInForce(campaign));
                }
                let configured = self.campaigns.autopilot.campaign(&campaign);
                let configured = configured.map(|campaign| campaign.policy().thresholds);
                let made = AppliedChange::ThresholdsRestored {
                    thresholds: configured.unwrap_or_default(),
                };
                self.set_threshold_override(&campaign, None, author, made, now)
                    .await
            }
            OperatorCommand::FeedOutcomes { readings } => {
                self.feed_outcomes(&readings, author, now).await
            }
            OperatorCommand::Reload(rules) => self.reload(*rules, author, now).await,
            OperatorCommand::ReloadRefused { faults } => {
                Ok(self.refuse_reload(faults, author, now).await)
            }
        }
    }

    /// Pauses a campaign that was just held paused, without a poll. Its status is read once more where nothing that is believed of
    /// it asks for a command: that may be old.
    pub(super) async fn pause_held(&mut self, campaign: &CampaignId) {
        let now = self.ledger.now();
        let autopilot = &self.campaigns.autopilot;
        if autopilot
            .still_wants(campaign, Direction::Pause, now)
            .is_none()
        {
            let found = self.commanding.read(campaign).await;
            self.campaigns.apply_status(campaign, found, self.ledger);
        }
        let plan = self.campaigns.decide_on(campaign, self.ledger);
        let (campaigns, ledger) = (&mut *self.campaigns, &mut *self.ledger);
        self.commanding
            .execute(&plan, now, Duration::MAX, campaigns, ledger)
            .await;
        // A failure is recorded by `commit`; what was not written is kept for the next tick.
        drop(self.ledger.commit().await);
        if let Some(state) = self.campaigns.state(campaign) {
            let now = self.ledger.now();
            self.ledger
                .record(now, Fact::HoldCarriedOut { campaign, state });
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
        let before = self.known(campaign)?.hold.as_deref().cloned();
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
        let claimed = Fact::PauseClaimed {
            campaign: id,
            claim,
            state: self.campaigns.state(id),
        };
        self.ledger.record(now, claimed);
        let hold = before.state().hold.as_ref();
        let ended_hold = hold.filter(|hold| hold.active(now)).map(|hold| hold.kind);
        if ended_hold.is_some() {
            self.put_hold(id, None, now);
        }
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
            let restored = Fact::CampaignRestored {
                campaign: id,
                before: Box::new(before),
                state: self.campaigns.state(id),
            };
            self.ledger.record(now, restored);
        }
        done
    }

    async fn set_threshold_override(
        &mut self,
        campaign: &CampaignId,
        set: Option<ThresholdOverride>,
        author: &Author,
        made: AppliedChange,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let before = self.known(campaign)?.threshold_override.as_deref().cloned();
        self.put_threshold_override(campaign, set, now);
        let done = self.commit_change(campaign, author, made, now).await;
        if done.is_err() {
            self.put_threshold_override(campaign, before, now);
        }
        done
    }

    fn put_hold(&mut self, campaign: &CampaignId, hold: Option<Hold>, now: Timestamp) {
        self.campaigns.autopilot.set_hold(campaign, hold.clone());
        let state = self.campaigns.state(campaign);
        let set = Fact::HoldSet {
            campaign,
            hold,
            state,
        };
        self.ledger.record(now, set);
    }

    fn put_threshold_override(
        &mut self,
        campaign: &CampaignId,
        set: Option<ThresholdOverride>,
        now: Timestamp,
    ) {
        self.campaigns
            .autopilot
            .set_thresholds(campaign, set.clone());
        let set = Fact::ThresholdsSet {
            campaign,
            thresholds: set,
            state: self.campaigns.state(campaign),
        };
        self.ledger.record(now, set);
    }

    /// Commits a change of one campaign. After a failure it is not in the audit, and the caller reverts it.
    async fn commit_change(
        &mut self,
        campaign: &CampaignId,
        author: &Author,
        made: AppliedChange,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        self.record_made(Some(campaign), author, &made, now);
        if let Err(fault) = self.ledger.commit_intent().await {
            return Err(OperatorError::StoreClosed(fault.to_string()));
        }
        self.record_in_force(Some(campaign), author, &made, now);
        Ok(made)
    }

    fn record_made(
        &mut self,
        campaign: Option<&CampaignId>,
        author: &Author,
        change: &AppliedChange,
        now: Timestamp,
    ) {
        let made = Fact::ChangeMade {
            campaign,
            author,
            change,
        };
        self.ledger.record(now, made);
    }

    fn record_in_force(
        &mut self,
        campaign: Option<&CampaignId>,
        author: &Author,
        change: &AppliedChange,
        now: Timestamp,
    ) {
        let in_force = Fact::ChangeInForce {
            campaign,
            state: campaign.and_then(|campaign| self.campaigns.state(campaign)),
            author,
            change,
        };
        self.ledger.record(now, in_force);
    }

    /// Takes in counters that are fed. They are a reading and no change of ours, so that they stay when the store cannot be written:
    /// the batch is kept, and feeding them once more changes nothing.
    async fn feed_outcomes(
        &mut self,
        readings: &[(CampaignId, OutcomeReading)],
        author: &Author,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        for (campaign, _) in readings {
            self.known(campaign)?;
        }
        let counted = self.campaigns.observe_outcomes(readings, self.ledger);
        let made = AppliedChange::OutcomesFed {
            campaigns: readings.len(),
            counted,
        };
        self.record_made(None, author, &made, now);
        let written = self.ledger.commit().await;
        self.record_in_force(None, author, &made, now);
        match written {
            Ok(()) => Ok(made),
            Err(fault) => Err(OperatorError::NotWrittenYet(fault.to_string())),
        }
    }

    /// Puts new rules in force. They stay so when the store cannot be written: a restart would read the same ones.
    async fn reload(
        &mut self,
        rules: NewRules,
        author: &Author,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let NewRules {
            policies,
            calendars,
            labels,
            config,
            changes,
            after_restart,
            not_read_again,
        } = rules;
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
        self.campaigns
            .autopilot
            .reconfigure(policies.clone(), calendars.clone(), now);
        let labels = Arc::new(labels);
        let replaced = Fact::PoliciesReplaced {
            policies,
            calendars,
            labels,
        };
        self.ledger.record(now, replaced);
        let made = AppliedChange::Reloaded {
            config: config.clone(),
            changes,
            after_restart,
            not_read_again,
        };
        self.record_made(None, author, &made, now);
        // A failure is recorded by `commit`; the batch is kept and written with the next tick.
        drop(self.ledger.commit().await);
        let standing = self.standing();
        let reloaded = Fact::ConfigurationReloaded {
            author,
            config: &config,
            autopilot: &self.campaigns.autopilot,
            left_paused: &ours,
            standing,
        };
        self.ledger.record(now, reloaded);
        self.record_in_force(None, author, &made, now);
        Ok(made)
    }

    /// Shows that a configuration was refused; the one before stays in force.
    async fn refuse_reload(
        &mut self,
        faults: Vec<String>,
        author: &Author,
        now: Timestamp,
    ) -> AppliedChange {
        let made = AppliedChange::ReloadRefused {
            faults: faults.clone(),
        };
        self.record_made(None, author, &made, now);
        // A failure is recorded by `commit`; the fault has to be seen all the same.
        drop(self.ledger.commit().await);
        let standing = self.standing();
        let refused = Fact::ReloadRefused {
            author,
            faults: &faults,
            standing,
        };
        self.ledger.record(now, refused);
        self.record_in_force(None, author, &made, now);
        made
    }

    /// Returns the present state of everything, each campaign with the last decision on it.
    fn standing(&self) -> Standing {
        let shown = self.ledger.shown();
        let views = shown.campaigns.iter();
        let reasons = views.filter_map(|view| Some((view.id.clone(), view.reason.clone()?)));
        let reasons: Vec<_> = reasons.collect();
        self.campaigns
            .standing(&reasons, self.assigning, &*self.reader, shown.poll_valid)
    }
}

fn allowed(lasts: Duration) -> Result<Duration, OperatorError> {
    if (SHORTEST_OVERRIDE..=LONGEST_OVERRIDE).contains(&lasts) {
        Ok(lasts)
    } else {
        Err(OperatorError::Lasts)
    }
}
