//! Makes the changes that operators ask for: one at a time, committed before they are confirmed.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::aim::AbandonTarget;
use crate::domain::outcomes::OutcomeReading;
use crate::domain::{
    Campaign, CampaignId, CampaignState, Direction, Hold, PauseClaim, Plan, ThresholdOverride,
    Thresholds, Timestamp,
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
                campaigns,
                kind,
                lasts,
            } => {
                let lasts = allowed(lasts)?;
                let (name, reason) = author.parts();
                let hold = Hold {
                    kind,
                    since: now,
                    lasts,
                    author: name.to_owned(),
                    reason: reason.to_owned(),
                };
                self.hold(&campaigns, &hold, author, now).await
            }
            OperatorCommand::Release { campaigns } => self.release(&campaigns, author, now).await,
            OperatorCommand::ClaimPause { campaign, claim } => {
                self.claim_pause(&campaign, claim, author, now).await
            }
            OperatorCommand::Thresholds {
                campaign,
                thresholds,
                lasts,
            } => {
                self.set_thresholds(&campaign, thresholds, lasts, author, now)
                    .await
            }
            OperatorCommand::AbandonTarget {
                campaign,
                target,
                lasts,
            } => {
                self.set_abandon_target(&campaign, target, lasts, author, now)
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
                let configured = configured.map(Campaign::configured_thresholds);
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

    /// Pauses campaigns that were just held paused, without a poll. The status is read once more of those of which nothing that is
    /// believed asks for a command: that may be old.
    ///
    /// What has not begun after as long as one command may take is left to the next poll, whose plan has it too: a thousand
    /// campaigns must not keep all others from being decided on.
    pub(super) async fn pause_held(&mut self, held: &[CampaignId]) {
        let now = self.ledger.now();
        let autopilot = &self.campaigns.autopilot;
        let unclear = held.iter().filter(|campaign| {
            let wanted = autopilot.still_wants(campaign, Direction::Pause, now);
            wanted.is_none()
        });
        let unclear: Vec<CampaignId> = unclear.cloned().collect();
        let found = self.commanding.read(unclear).await;
        self.campaigns.apply_statuses(found, self.ledger);
        let mut plan = Plan::default();
        for campaign in held {
            let decided = self.campaigns.decide_on(campaign, self.ledger);
            plan.commands.extend(decided.commands);
        }
        let (campaigns, ledger) = (&mut *self.campaigns, &mut *self.ledger);
        self.commanding
            .execute_for_now(&plan, now, campaigns, ledger)
            .await;
        // A failure is recorded by `commit`; what was not written is kept for the next tick.
        drop(self.ledger.commit().await);
        let now = self.ledger.now();
        for campaign in held {
            if let Some(state) = self.campaigns.state(campaign) {
                self.ledger
                    .record(now, Fact::HoldCarriedOut { campaign, state });
            }
        }
    }

    fn known(&self, campaign: &CampaignId) -> Result<&CampaignState, OperatorError> {
        self.campaigns
            .autopilot
            .campaign(campaign)
            .map(Campaign::state)
            .ok_or_else(|| self.unknown(campaign))
    }

    fn unknown(&self, campaign: &CampaignId) -> OperatorError {
        let known = self.campaigns.autopilot.campaigns();
        OperatorError::unknown(campaign, known.map(|(id, _)| id))
    }

    /// Holds campaigns: all of them or, where one is not known or the store cannot be written, none.
    async fn hold(
        &mut self,
        campaigns: &[CampaignId],
        hold: &Hold,
        author: &Author,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let (kind, until) = (hold.kind, hold.until(now));
        let mut changes = Vec::new();
        for campaign in campaigns {
            let before = self.known(campaign)?.hold.as_ref();
            let before = before.filter(|before| before.active(now) && before.kind == kind);
            let made = AppliedChange::Held {
                hold: kind,
                until,
                was_until: before.map(|before| before.until(now)),
            };
            changes.push((campaign, Some(hold.clone()), made));
        }
        let alone = match changes.as_slice() {
            [(_, _, made)] => Some(made.clone()),
            _ => None,
        };
        self.set_holds(changes, author, now).await?;
        Ok(alone.unwrap_or(AppliedChange::HeldSeveral {
            hold: kind,
            until,
            campaigns: campaigns.len(),
        }))
    }

    /// Ends the holds of campaigns. One campaign that is not held is an error, of several those are passed over.
    async fn release(
        &mut self,
        campaigns: &[CampaignId],
        author: &Author,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let (mut changes, mut passed_over) = (Vec::new(), Vec::new());
        for campaign in campaigns {
            let held = self.known(campaign)?.hold.as_ref();
            if let Some(held) = held.filter(|hold| hold.active(now)) {
                let released = AppliedChange::Released { hold: held.kind };
                changes.push((campaign, None, released));
            } else if let [campaign] = campaigns {
                return Err(OperatorError::NothingInForce(campaign.clone()));
            } else {
                passed_over.push(campaign.clone());
            }
        }
        let released = AppliedChange::ReleasedSeveral {
            campaigns: changes.len(),
            passed_over,
        };
        let alone = match (campaigns, changes.first()) {
            ([_], Some((_, _, made))) => Some(made.clone()),
            (_, _) => None,
        };
        self.set_holds(changes, author, now).await?;
        Ok(alone.unwrap_or(released))
    }

    /// Sets or lifts holds, with one commit for all. After a failure none of it is in the audit or told to anybody, and all are as they were.
    async fn set_holds(
        &mut self,
        changes: Vec<(&CampaignId, Option<Hold>, AppliedChange)>,
        author: &Author,
        now: Timestamp,
    ) -> Result<(), OperatorError> {
        let waiting = self.ledger.waiting();
        let mut before = Vec::new();
        for (campaign, hold, made) in &changes {
            before.push((*campaign, self.known(campaign)?.hold.as_deref().cloned()));
            self.put_hold(campaign, hold.clone(), now);
            self.record_made(Some(campaign), author, made, now);
        }
        if let Err(fault) = self.ledger.commit_since(waiting).await {
            for (campaign, hold) in before {
                self.put_hold(campaign, hold, now);
            }
            return Err(OperatorError::StoreClosed(fault.to_string()));
        }
        for (campaign, _, made) in &changes {
            self.record_in_force(Some(campaign), author, made, now);
        }
        Ok(())
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
        let before = before.ok_or_else(|| self.unknown(id))?;
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

    /// Overrides the thresholds of a campaign for a while.
    async fn set_thresholds(
        &mut self,
        campaign: &CampaignId,
        thresholds: Thresholds,
        lasts: Duration,
        author: &Author,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let lasts = allowed(lasts)?;
        self.known(campaign)?;
        let before = self.campaigns.autopilot.campaign(campaign);
        let before = before.map_or(thresholds, |campaign| campaign.thresholds(now));
        let set = overriding(thresholds, None, lasts, author, now);
        let made = AppliedChange::ThresholdsSet {
            thresholds,
            before,
            until: set.until(now),
        };
        self.set_threshold_override(campaign, Some(set), author, made, now)
            .await
    }

    /// Sets the target of a campaign's aim for a while.
    async fn set_abandon_target(
        &mut self,
        campaign: &CampaignId,
        target: AbandonTarget,
        lasts: Duration,
        author: &Author,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let lasts = allowed(lasts)?;
        self.known(campaign)?;
        let aiming = self.campaigns.autopilot.campaign(campaign);
        let aiming = aiming
            .and_then(|aiming| Some((aiming.abandon_target(now)?, aiming.configured_thresholds())));
        let (before, thresholds) = aiming.ok_or_else(|| OperatorError::NoAim(campaign.clone()))?;
        let managed = self.campaigns.autopilot.campaign(campaign);
        let rule = managed.and_then(|managed| managed.policy().aim);
        if rule.is_some_and(|rule| !rule.may_aim_at(target)) {
            return Err(OperatorError::AimByShortage(campaign.clone()));
        }
        let set = overriding(thresholds, Some(target), lasts, author, now);
        let made = AppliedChange::AbandonTargetSet {
            target,
            before,
            until: set.until(now),
        };
        self.set_threshold_override(campaign, Some(set), author, made, now)
            .await
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

    /// Commits a change of one campaign. After a failure it is neither in the audit nor told to anybody, and the caller reverts it.
    async fn commit_change(
        &mut self,
        campaign: &CampaignId,
        author: &Author,
        made: AppliedChange,
        now: Timestamp,
    ) -> Result<AppliedChange, OperatorError> {
        let waiting = self.ledger.waiting();
        self.record_made(Some(campaign), author, &made, now);
        if let Err(fault) = self.ledger.commit_since(waiting).await {
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
        let stepped: Vec<CampaignId> = self
            .campaigns
            .autopilot
            .campaigns()
            .filter(|(id, campaign)| {
                !policies.contains_key(id) && campaign.state().is_stepped_down()
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
            changes: changes.clone(),
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
            changes: &changes,
            autopilot: &self.campaigns.autopilot,
            left_paused: &ours,
            left_stepped_down: &stepped,
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

/// What an operator sets from now on.
fn overriding(
    thresholds: Thresholds,
    abandon_target: Option<AbandonTarget>,
    lasts: Duration,
    author: &Author,
    now: Timestamp,
) -> ThresholdOverride {
    let (name, reason) = author.parts();
    ThresholdOverride {
        thresholds,
        abandon_target,
        since: now,
        lasts,
        author: name.to_owned(),
        reason: reason.to_owned(),
    }
}

fn allowed(lasts: Duration) -> Result<Duration, OperatorError> {
    if (SHORTEST_OVERRIDE..=LONGEST_OVERRIDE).contains(&lasts) {
        Ok(lasts)
    } else {
        Err(OperatorError::Lasts)
    }
}
