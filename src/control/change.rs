//! Makes the changes that operators ask for: between two ticks, one at a time, committed before they are told as made.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::replay::Input;
use crate::domain::{CampaignId, Hold, Reason, ThresholdOverride, Timestamp};

use super::cycle::Cycle;
use super::operator::{
    Author, Change, LONGEST_OVERRIDE, Made, NewRules, OperatorRequest, Refusal, SHORTEST_OVERRIDE,
};
use super::ports::AuditEvent;
use super::status::ReloadView;

/// Changes that are made between two ticks even when the loop is late, so that nobody waits for ever.
const MOST_WHEN_LATE: usize = 4;

/// A platform that says that something changed does not make polls follow each other faster than this part of the
/// interval.
const SHORTEST_PART: u32 = 4;

/// What ended the wait for the next tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// The tick is due, or the end is asked for.
    Due,
    /// The platform says that an early poll may be worth it.
    Woken,
}

impl Cycle {
    /// Serves operators until the next tick is due, the platform says that something changed, or the end is asked for.
    pub(super) async fn serve_operators(&mut self, pause: Duration) -> Waited {
        let mut due = self.clock.sleep(pause);
        let agents = Arc::clone(&self.platform.agents);
        let shortest = self
            .clock
            .sleep(pause.min(self.settings.poll_interval / SHORTEST_PART));
        let mut changed = std::pin::pin!(async move {
            shortest.await;
            agents.changed().await;
        });
        for _ in 0..MOST_WHEN_LATE {
            let Ok(request) = self.requests.try_recv() else {
                break;
            };
            self.serve(request).await;
        }
        loop {
            let request = tokio::select! {
                // The tick and the end go before anybody who waits.
                biased;
                () = self.shutdown.cancelled() => return Waited::Due,
                () = &mut due => return Waited::Due,
                () = &mut changed => return Waited::Woken,
                Some(request) = self.requests.recv() => request,
            };
            self.serve(request).await;
        }
    }

    async fn serve(&mut self, request: OperatorRequest) {
        let OperatorRequest {
            change,
            author,
            reply,
        } = request;
        if reply.is_closed() {
            // Whoever asked was told that it was not made.
            return;
        }
        let answer = self.make(change, &author).await;
        // Whoever has gone meanwhile finds it in status and audit.
        drop(reply.send(answer));
    }

    async fn make(&mut self, change: Change, author: &Author) -> Result<Made, Refusal> {
        let now = self.clock.now();
        match change {
            Change::Hold {
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
                let made = Made::Held {
                    hold: kind,
                    until: hold.until(now),
                };
                self.set_hold(&campaign, Some(hold), author, made, now)
                    .await
            }
            Change::Release { campaign } => {
                let state = self.known(&campaign)?;
                let hold = state.hold.as_ref().filter(|hold| hold.active(now));
                let Some(hold) = hold.map(|hold| hold.kind) else {
                    return Err(Refusal::NothingInForce(campaign));
                };
                let made = Made::Released { hold };
                self.set_hold(&campaign, None, author, made, now).await
            }
            Change::Thresholds {
                campaign,
                thresholds,
                lasts,
            } => {
                let lasts = allowed(lasts)?;
                self.known(&campaign)?;
                let before = self.autopilot.campaign(&campaign);
                let before = before.map_or(thresholds, |campaign| campaign.thresholds(now));
                let (name, reason) = author.parts();
                let lines = ThresholdOverride {
                    thresholds,
                    since: now,
                    lasts,
                    author: name.to_owned(),
                    reason: reason.to_owned(),
                };
                let made = Made::ThresholdsSet {
                    thresholds,
                    before,
                    until: lines.until(now),
                };
                self.set_lines(&campaign, Some(lines), author, made, now)
                    .await
            }
            Change::RestoreThresholds { campaign } => {
                let state = self.known(&campaign)?;
                if !state.lines.as_ref().is_some_and(|set| set.active(now)) {
                    return Err(Refusal::NothingInForce(campaign));
                }
                let configured = self.autopilot.campaign(&campaign);
                let configured = configured.map(|campaign| campaign.policy().thresholds);
                let made = Made::ThresholdsRestored {
                    thresholds: configured.unwrap_or_default(),
                };
                self.set_lines(&campaign, None, author, made, now).await
            }
            Change::Reload(rules) => self.reload(*rules, author, now).await,
            Change::ReloadRefused { faults } => {
                let made = Made::ReloadRefused { faults };
                self.record_change(None, author, &made, now);
                // A failure is told by `commit`; the fault has to be seen all the same.
                drop(self.commit().await);
                self.show_reload(author, &made, now);
                self.tell_change(None, author, &made);
                Ok(made)
            }
        }
    }

    fn known(&self, campaign: &CampaignId) -> Result<&crate::domain::CampaignState, Refusal> {
        self.autopilot
            .campaign(campaign)
            .map(crate::domain::Campaign::state)
            .ok_or_else(|| Refusal::UnknownCampaign(campaign.clone()))
    }

    async fn set_hold(
        &mut self,
        campaign: &CampaignId,
        hold: Option<Hold>,
        author: &Author,
        made: Made,
        now: Timestamp,
    ) -> Result<Made, Refusal> {
        let before = self.known(campaign)?.hold.clone();
        self.put_hold(campaign, hold, now);
        let done = self.commit_change(campaign, author, made, now).await;
        if done.is_err() {
            self.put_hold(campaign, before, now);
        }
        done
    }

    async fn set_lines(
        &mut self,
        campaign: &CampaignId,
        lines: Option<ThresholdOverride>,
        author: &Author,
        made: Made,
        now: Timestamp,
    ) -> Result<Made, Refusal> {
        let before = self.known(campaign)?.lines.clone();
        self.put_lines(campaign, lines, now);
        let done = self.commit_change(campaign, author, made, now).await;
        if done.is_err() {
            self.put_lines(campaign, before, now);
        }
        done
    }

    fn put_hold(&mut self, campaign: &CampaignId, hold: Option<Hold>, now: Timestamp) {
        self.autopilot.set_hold(campaign, hold.clone());
        let campaign = campaign.clone();
        self.record_state(&campaign);
        self.recorder.input(now, Input::Hold { campaign, hold });
    }

    fn put_lines(
        &mut self,
        campaign: &CampaignId,
        lines: Option<ThresholdOverride>,
        now: Timestamp,
    ) {
        self.autopilot.set_thresholds(campaign, lines.clone());
        let campaign = campaign.clone();
        self.record_state(&campaign);
        self.recorder
            .input(now, Input::Thresholds { campaign, lines });
    }

    /// Commits a change of one campaign and tells it. After a failure it is not in the audit, and the caller takes it back.
    async fn commit_change(
        &mut self,
        campaign: &CampaignId,
        author: &Author,
        made: Made,
        now: Timestamp,
    ) -> Result<Made, Refusal> {
        self.record_change(Some(campaign), author, &made, now);
        if let Err(fault) = self.commit().await {
            self.recorder.withdraw_audit();
            return Err(Refusal::StoreClosed(fault.to_string()));
        }
        self.show_campaign(campaign);
        self.tell_change(Some(campaign), author, &made);
        Ok(made)
    }

    fn record_change(
        &mut self,
        campaign: Option<&CampaignId>,
        author: &Author,
        made: &Made,
        now: Timestamp,
    ) {
        let (by, reason) = author.parts();
        let event = AuditEvent::Operator {
            by: by.to_owned(),
            reason: reason.to_owned(),
            made: made.clone(),
        };
        let decision = self.autopilot.decision();
        self.recorder.audit(now, campaign, decision, event);
    }

    fn tell_change(&self, campaign: Option<&CampaignId>, author: &Author, made: &Made) {
        let refused = matches!(made, Made::ReloadRefused { .. });
        let what = made_in_words(made);
        self.events
            .changed(campaign, &what, made.label(), refused, author.parts());
    }

    /// New rules. They stay in force when the store cannot be written: a restart would read the same ones.
    async fn reload(
        &mut self,
        rules: NewRules,
        author: &Author,
        now: Timestamp,
    ) -> Result<Made, Refusal> {
        let NewRules {
            policies,
            labels,
            config,
            changes,
            after_restart,
        } = rules;
        self.observed
            .send_modify(|observed| observed.labels = Arc::new(labels));
        let ours: Vec<CampaignId> = self
            .autopilot
            .campaigns()
            .filter(|(id, campaign)| {
                !policies.contains_key(id) && campaign.state().belief.paused_by_us()
            })
            .map(|(id, _)| id.clone())
            .collect();
        let configured: Vec<CampaignId> = policies.keys().cloned().collect();
        self.platform.campaigns.configured(&configured);
        self.autopilot.reconfigure(policies.clone(), now);
        self.recorder.input(now, Input::Reconfigure { policies });
        let made = Made::Reloaded {
            config,
            changes,
            after_restart,
        };
        self.record_change(None, author, &made, now);
        // A failure is told by `commit`; the batch is kept and written with the next tick.
        drop(self.commit().await);
        self.events.reconfigured(self.autopilot.campaigns(), &ours);
        self.show_reload(author, &made, now);
        self.tell_change(None, author, &made);
        Ok(made)
    }

    fn show_reload(&mut self, author: &Author, made: &Made, now: Timestamp) {
        let (by, _) = author.parts();
        let (config, faults) = match made {
            Made::Reloaded { config, .. } => (Some(config.clone()), Vec::new()),
            Made::ReloadRefused { faults } => (None, faults.clone()),
            Made::Held { .. }
            | Made::Released { .. }
            | Made::ThresholdsSet { .. }
            | Made::ThresholdsRestored { .. }
            | Made::QueueHeld { .. }
            | Made::QueueReleased { .. } => return,
        };
        self.events.reloaded(config.as_deref(), now);
        let last_reload = ReloadView {
            at: now,
            by: by.to_owned(),
            faults,
        };
        self.observed.send_modify(|observed| {
            observed.last_reload = Some(last_reload);
            if let Some(config) = config {
                observed.config = config;
            }
        });
        let reasons: Vec<(CampaignId, Reason)> = {
            let observed = self.observed.borrow();
            let views = observed.campaigns.iter();
            views
                .filter_map(|view| Some((view.id.clone(), view.reason?)))
                .collect()
        };
        self.publish(&reasons);
    }

    /// Shows one campaign as it is, its last decision untouched.
    fn show_campaign(&mut self, id: &CampaignId) {
        let Some(campaign) = self.autopilot.campaign(id) else {
            return;
        };
        let state = campaign.state().clone();
        self.observed.send_modify(|observed| {
            observed.version = observed.version.saturating_add(1);
            let at = observed.campaigns.binary_search_by(|view| view.id.cmp(id));
            if let Some(view) = at
                .ok()
                .and_then(|at| Arc::make_mut(&mut observed.campaigns).get_mut(at))
            {
                view.state = state;
            }
        });
    }
}

fn allowed(lasts: Duration) -> Result<Duration, Refusal> {
    if (SHORTEST_OVERRIDE..=LONGEST_OVERRIDE).contains(&lasts) {
        Ok(lasts)
    } else {
        Err(Refusal::Lasts)
    }
}

/// A change in the words of the log.
fn made_in_words(made: &Made) -> String {
    match made {
        Made::Held { hold, until } => format!("held {} until {until}", hold.label()),
        Made::Released { hold } => format!("no longer held {}", hold.label()),
        Made::ThresholdsSet {
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
        Made::ThresholdsRestored { thresholds } => format!(
            "pause_below {}, resume_at {} as configured",
            thresholds.pause_below(),
            thresholds.resume_at()
        ),
        Made::QueueHeld { queue, until } => format!("queue {queue} held until {until}"),
        Made::QueueReleased { queue, .. } => format!("queue {queue} released"),
        Made::Reloaded {
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
        Made::ReloadRefused { faults } => format!(
            "configuration not reloaded, the old one stays in force: {}",
            faults.join(" | ")
        ),
    }
}
