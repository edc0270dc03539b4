//! Reads the campaigns' paces and changes those that a plan asks for.
//!
//! *When.* Behind a tick's commands: a pause never waits for a pace. Each tick reads those whose change is open, now and then one more, and
//! makes the changes of the plan one after the other; what has not begun when the next poll is due is left to that poll.
//!
//! *Where the platform has no such lever* nothing is read; the settings refuse such rules.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::throttle::{PaceChange, PaceFinding, PaceNotice, PaceResult, PaceStep};
use crate::domain::{CampaignId, Delivery, Plan, Settling, Timestamp};
use crate::platform::port::{Connected, Throttle, Throttles, Urgency};

use super::campaigns::Campaigns;
use super::ledger::{Fact, Ledger};
use super::operation::{PaceOperation, PaceSeen};
use super::ports::Clock;
use super::start::CycleSettings;

/// Paces with an open change that are read in one tick.
const MOST_OPEN: usize = 16;

/// Each so many ticks one pace is read to see what somebody changed: tenants have a number of calls a day.
const ROUTINE_EVERY: u64 = 6;

/// Changes and readings begun in one tick whatever the time: otherwise a short interval would leave none.
const ALWAYS_BEGUN: usize = 1;

/// Reads and changes paces.
pub(super) struct Throttling {
    clock: Arc<dyn Clock>,
    throttles: Throttles,
    dry_run: bool,
    longest: Duration,
    freshest: Duration,
    settling: Settling,
    ticks: u64,
    shutdown: CancellationToken,
}

impl Throttling {
    /// None where the platform has no lever.
    pub(super) fn new(
        clock: &Arc<dyn Clock>,
        platform: &Connected,
        settings: &CycleSettings,
        shutdown: &CancellationToken,
    ) -> Option<Self> {
        let throttles = platform.throttles.clone();
        let none = throttles.dial_ratio.is_none() && throttles.idle_reserve.is_none();
        (!none).then(|| Self {
            clock: Arc::clone(clock),
            throttles,
            dry_run: platform.commander.is_none(),
            longest: settings.command_longest,
            freshest: settings.freshest,
            settling: platform.capabilities.traits.settling,
            ticks: 0,
            shutdown: shutdown.clone(),
        })
    }

    /// Makes the changes of `plan`, and reads what is due to be read.
    pub(super) async fn execute(
        &mut self,
        plan: &Plan,
        next_poll_due: Duration,
        campaigns: &mut Campaigns,
        ledger: &mut Ledger,
    ) {
        let routine = self.ticks.is_multiple_of(ROUTINE_EVERY);
        self.ticks = self.ticks.saturating_add(1);
        for (begun, (campaign, step)) in plan.paces.iter().enumerate() {
            let late = self.clock.monotonic() >= next_poll_due;
            if self.shutdown.is_cancelled() || (late && begun >= ALWAYS_BEGUN) {
                return;
            }
            ledger.record(self.clock.now(), Fact::LoopAlive);
            if !self.change(campaign, *step, campaigns, ledger).await {
                // A store that could not take one intent takes no other one either.
                return;
            }
        }
        let due = campaigns.autopilot.due_pace_reads(routine, MOST_OPEN);
        for (begun, campaign) in due.iter().enumerate() {
            let late = self.clock.monotonic() >= next_poll_due;
            if self.shutdown.is_cancelled() || (late && begun >= ALWAYS_BEGUN) {
                return;
            }
            let read = self.read(campaign, Urgency::Routine, campaigns, ledger);
            tokio::select! {
                biased;
                _ = read => {}
                () = self.shutdown.cancelled() => return,
            }
        }
    }

    /// What moves the lever that is to be read of a campaign.
    fn lever(&self, campaign: &CampaignId, campaigns: &Campaigns) -> Option<&Arc<dyn Throttle>> {
        let lever = campaigns.autopilot.pace_lever(campaign)?;
        self.throttles.get(lever)
    }

    /// Reads a pace and applies it.
    async fn read(
        &self,
        campaign: &CampaignId,
        urgency: Urgency,
        campaigns: &mut Campaigns,
        ledger: &mut Ledger,
    ) -> Option<PaceSeen> {
        let throttle = self.lever(campaign, campaigns)?;
        // About one request: a platform that answers nothing must not keep the next poll waiting for as long as a command may take.
        let deadline = self.clock.now().plus(self.longest / 4);
        let found = throttle.read(campaign, urgency, deadline).await;
        let now = self.clock.now();
        let finding = match &found {
            Ok(pace) => PaceFinding::Found(pace.reading),
            Err(_) => PaceFinding::Unreadable,
        };
        let notices = campaigns.autopilot.observe_pace(campaign, finding, now);
        let read = Fact::PaceRead {
            campaign,
            finding,
            why: found.as_ref().err().map(|fault| fault.detail.as_str()),
            state: campaigns.state(campaign),
        };
        ledger.record(now, read);
        record_notices(campaign, &notices, campaigns, now, ledger);
        found.ok().map(|pace| PaceSeen { pace, read_at: now })
    }

    /// Makes one change. Returns `false` when the store could not take its intent.
    async fn change(
        &self,
        campaign: &CampaignId,
        step: PaceStep,
        campaigns: &mut Campaigns,
        ledger: &mut Ledger,
    ) -> bool {
        let read = self.read(campaign, Urgency::BeforeCommand, campaigns, ledger);
        let Some(before) = read.await else {
            return true;
        };
        if self.shutdown.is_cancelled() {
            return true;
        }
        let now = self.clock.now();
        if self.dry_run {
            if campaigns.autopilot.still_wants_pace(campaign, step, now) {
                ledger.record(now, Fact::PaceHeldBack { campaign, step });
            }
            return true;
        }
        let Some(throttle) = self.lever(campaign, campaigns) else {
            return true;
        };
        let Some(change) = campaigns.autopilot.authorise_pace(campaign, step, now) else {
            ledger.record(now, Fact::PaceDeclined { campaign, step });
            return true;
        };
        let intended = Fact::PaceIntended {
            change: &change,
            state: campaigns.state(campaign),
        };
        ledger.record(now, intended);
        if let Err(fault) = ledger.commit_intent().await {
            // Not committed, so not sent.
            let result = PaceResult {
                delivery: Delivery::NotSent {
                    why: fault.to_string(),
                },
                after: PaceFinding::Unreadable,
            };
            let now = self.clock.now();
            let (conclusion, _) = campaigns.autopilot.report_pace(campaign, &result, now);
            let given_up = Fact::PaceGivenUp {
                change: &change,
                result: &result,
                conclusion,
                state: campaigns.state(campaign),
            };
            ledger.record(now, given_up);
            return false;
        }
        let operation = PaceOperation {
            throttle: &**throttle,
            clock: &*self.clock,
            change: &change,
            longest: self.longest,
            freshest: self.freshest,
            usually_settles: self.settling.usual,
        };
        let result = operation.deliver(before).await;
        self.conclude(&change, &result, campaigns, ledger).await;
        true
    }

    async fn conclude(
        &self,
        change: &PaceChange,
        result: &PaceResult,
        campaigns: &mut Campaigns,
        ledger: &mut Ledger,
    ) {
        let now = self.clock.now();
        let campaign = &change.campaign;
        let (conclusion, notices) = campaigns.autopilot.report_pace(campaign, result, now);
        let ended = Fact::PaceEnded {
            change,
            result,
            conclusion,
            state: campaigns.state(campaign),
        };
        ledger.record(now, ended);
        record_notices(campaign, &notices, campaigns, now, ledger);
        // A failure is recorded by `commit`; the batch is kept, and no further change leaves before it is written.
        drop(ledger.commit().await);
    }
}

fn record_notices(
    campaign: &CampaignId,
    notices: &[PaceNotice],
    campaigns: &Campaigns,
    now: Timestamp,
    ledger: &mut Ledger,
) {
    for notice in notices {
        let fact = Fact::PaceNoticed {
            campaign,
            notice,
            state: campaigns.state(campaign),
        };
        ledger.record(now, fact);
    }
}
