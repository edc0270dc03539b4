//! Performs a plan: for each command, status read, intent committed, command sent, outcome read back and committed.
//!
//! Several campaigns are commanded at once, each with at most one command on its way; this task alone changes the state.
//! The steps of one campaign:
//!
//! ```text
//!  read status ─▶ still wanted? ─▶ commit intent ─▶ send ─▶ read back ─▶ report ─▶ commit outcome
//!                     │ no             │ cannot
//!                     ▼                ▼
//!                   done        nothing is sent
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

use crate::domain::{
    CampaignId, Cause, Command, CommandResult, Conclusion, DecisionId, Delivery, Direction, Notice,
    Outcome, Plan, Reason, Settling, StatusFinding, Timestamp,
};

use crate::platform::port::{
    CampaignCommander, CampaignFinding, CampaignReader, Connected, Urgency,
};

use super::campaigns::Campaigns;
use super::ledger::{CommandEnd, Fact, Ledger};
use super::operation::{CampaignOperation, read_one};
use super::ports::Clock;
use super::start::CycleSettings;
use super::throttling::Throttling;

/// Campaigns commanded at once: enough to hide the round trips, few enough to keep read and command close together.
const COMMANDS_AT_ONCE: usize = 8;

enum Step {
    StatusRead {
        campaign: CampaignId,
        direction: Direction,
        found: CampaignFinding,
        span: Span,
    },
    Sent {
        span: Span,
        command: Box<Command>,
        result: Box<CommandResult>,
    },
}

/// Whether a command goes out.
enum Authorised {
    Yes(BoxFuture<'static, Step>),
    No,
    /// Its intent could not be committed.
    StoreClosed,
}

/// Carries out the commands of a plan.
pub(super) struct Commanding {
    clock: Arc<dyn Clock>,
    campaigns: Arc<dyn CampaignReader>,
    /// Absent in a dry run.
    commander: Option<Arc<dyn CampaignCommander>>,
    /// The longest that one command can be on its way, retries included.
    longest: Duration,
    /// A status reading older than this is not commanded on.
    freshest: Duration,
    /// How long the platform usually takes to show a command.
    usually_settles: Duration,
    /// When a command that was acknowledged and has not shown is overdue.
    settling: Settling,
    /// Absent where the platform has no throttle.
    throttling: Option<Throttling>,
    shutdown: CancellationToken,
    failed: Option<Conclusion>,
    /// What a dry run wanted at the last poll: it wants the same at each, and reads the campaign before the first time alone.
    held_back: BTreeMap<CampaignId, Direction>,
}

impl Commanding {
    pub(super) fn new(
        clock: &Arc<dyn Clock>,
        platform: &Connected,
        settings: &CycleSettings,
        shutdown: &CancellationToken,
    ) -> Self {
        let settling = platform.capabilities.traits.settling;
        Self {
            clock: Arc::clone(clock),
            campaigns: Arc::clone(&platform.campaigns),
            commander: platform.commander.clone(),
            longest: settings.command_longest,
            freshest: settings.freshest,
            usually_settles: settling.usual,
            settling,
            throttling: Throttling::new(clock, platform, settings, shutdown),
            shutdown: shutdown.clone(),
            failed: None,
            held_back: BTreeMap::new(),
        }
    }

    /// Returns the conclusion of the last command that failed; one that the platform is still carrying out has not.
    pub(super) fn failed(&self) -> Option<Conclusion> {
        self.failed
    }

    /// Performs `plan`: its commands, and behind them its changes of paces, with the readings of paces that are due.
    pub(super) async fn execute(
        &mut self,
        plan: &Plan,
        sample_taken_at: Timestamp,
        next_poll_due: Duration,
        campaigns: &mut Campaigns,
        ledger: &mut Ledger,
    ) {
        if !self.held_back.is_empty() {
            let wanted = plan.commands.iter();
            let wanted: BTreeMap<_, _> = wanted.map(|(id, one)| (id, one.direction)).collect();
            let held_back = &mut self.held_back;
            held_back.retain(|campaign, direction| wanted.get(campaign) == Some(direction));
        }
        self.command(plan, sample_taken_at, next_poll_due, campaigns, ledger)
            .await;
        if let Some(throttling) = &mut self.throttling {
            throttling
                .execute(plan, next_poll_due, campaigns, ledger)
                .await;
        }
    }

    /// Performs the commands of `plan`. Once a shutdown is asked for, nothing new is sent; what is on its way is
    /// finished and recorded.
    ///
    /// What has not begun when the next poll is due is left to that poll: it is decided anew on fresh numbers.
    async fn command(
        &mut self,
        plan: &Plan,
        sample_taken_at: Timestamp,
        next_poll_due: Duration,
        campaigns: &mut Campaigns,
        ledger: &mut Ledger,
    ) {
        let mut queue: VecDeque<(CampaignId, Direction)> = plan
            .commands
            .iter()
            .map(|(id, wanted)| (id.clone(), wanted.direction))
            .collect();
        let mut steps: FuturesUnordered<BoxFuture<'static, Step>> = FuturesUnordered::new();
        let mut begun = 0;
        loop {
            if self.shutdown.is_cancelled() {
                queue.clear();
            }
            // However short the interval, the first ones are begun: otherwise none would ever be.
            if begun >= COMMANDS_AT_ONCE && self.clock.monotonic() >= next_poll_due {
                queue.clear();
            }
            while steps.len() < COMMANDS_AT_ONCE
                && let Some((campaign, direction)) = queue.pop_front()
            {
                // A sample that has grown too old meanwhile asks for nothing, and so costs no reading.
                let now = self.clock.now();
                let autopilot = &campaigns.autopilot;
                let Some((reason, _)) = autopilot.still_wants(&campaign, direction, now) else {
                    continue;
                };
                if self.held_back.get(&campaign) == Some(&direction) {
                    hold_back(&campaign, direction, &reason, now, ledger);
                    continue;
                }
                steps.push(self.read_before(campaign, direction, ledger.decision()));
                begun += 1;
            }
            let Some(step) = steps.next().await else {
                break;
            };
            ledger.record(self.clock.now(), Fact::LoopAlive);
            match step {
                Step::StatusRead {
                    campaign,
                    direction,
                    found,
                    span,
                } => {
                    let authorised = self.authorise(&campaign, direction, found, campaigns, ledger);
                    match authorised.instrument(span).await {
                        Authorised::Yes(send) => steps.push(send),
                        Authorised::No => {}
                        // A store that could not take one campaign's intent takes no other one either.
                        Authorised::StoreClosed => queue.clear(),
                    }
                }
                Step::Sent {
                    span,
                    command,
                    result,
                } => {
                    let concluded =
                        self.conclude(&command, &result, sample_taken_at, campaigns, ledger);
                    concluded.instrument(span).await;
                }
            }
        }
    }

    /// Performs the commands of `plan` outside of a tick: what has not begun after as long as one command may take is left to the
    /// next one.
    pub(super) async fn execute_for_now(
        &mut self,
        plan: &Plan,
        decided_at: Timestamp,
        campaigns: &mut Campaigns,
        ledger: &mut Ledger,
    ) {
        let until = self.clock.monotonic().saturating_add(self.longest);
        self.command(plan, decided_at, until, campaigns, ledger)
            .await;
    }

    /// Reads the statuses of campaigns, as before a command.
    pub(super) async fn read(
        &self,
        campaigns: Vec<CampaignId>,
    ) -> Vec<(CampaignId, CampaignFinding)> {
        if campaigns.is_empty() {
            return Vec::new();
        }
        let deadline = self.clock.now().plus(self.longest);
        let read = self
            .campaigns
            .read(&campaigns, Urgency::BeforeCommand, deadline);
        let found = read.await;
        campaigns.into_iter().zip(found).collect()
    }

    fn read_before(
        &self,
        campaign: CampaignId,
        direction: Direction,
        decision: DecisionId,
    ) -> BoxFuture<'static, Step> {
        let reader = Arc::clone(&self.campaigns);
        let deadline = self.clock.now().plus(self.longest);
        // From the first reading to the committed outcome.
        let span = debug_span!(
            "command",
            %campaign,
            to = direction.label(),
            %decision,
            outcome = Empty
        );
        let read = async move {
            let found = read_one(&*reader, &campaign, Urgency::BeforeCommand, deadline).await;
            Step::StatusRead {
                campaign,
                direction,
                found,
                span: Span::current(),
            }
        };
        Box::pin(read.instrument(span))
    }

    async fn authorise(
        &mut self,
        campaign: &CampaignId,
        direction: Direction,
        found: CampaignFinding,
        campaigns: &mut Campaigns,
        ledger: &mut Ledger,
    ) -> Authorised {
        let readable = matches!(found, Ok(StatusFinding::Found(_)));
        campaigns.apply_status(campaign, found, ledger);
        let span = Span::current();
        if !readable || self.shutdown.is_cancelled() {
            span.record("outcome", "not_begun");
            return Authorised::No;
        }
        let now = self.clock.now();
        let autopilot = &mut campaigns.autopilot;
        let Some(commander) = &self.commander else {
            if let Some((reason, _)) = autopilot.still_wants(campaign, direction, now) {
                hold_back(campaign, direction, &reason, now, ledger);
                self.held_back.insert(campaign.clone(), direction);
            }
            span.record("outcome", "dry_run");
            return Authorised::No;
        };
        let Some(command) = autopilot.authorise(campaign, direction, now) else {
            let declined = Fact::CommandDeclined {
                campaign,
                direction,
            };
            ledger.record(now, declined);
            span.record("outcome", "not_wanted");
            return Authorised::No;
        };
        let intended = Fact::CommandIntended {
            command: &command,
            state: campaigns.state(campaign),
        };
        ledger.record(now, intended);
        if let Err(fault) = ledger.commit_intent().await {
            // Not committed, so not sent.
            let result = CommandResult {
                delivery: Delivery::NotSent {
                    why: fault.to_string(),
                },
                after: StatusFinding::Unreadable,
                before: None,
                ended_at: None,
                lost: Vec::new(),
            };
            let now = self.clock.now();
            let (conclusion, _) = report(&command, &result, campaigns, now);
            let given_up = Fact::CommandGivenUp {
                command: &command,
                result: &result,
                conclusion,
                state: campaigns.state(campaign),
            };
            ledger.record(now, given_up);
            return Authorised::StoreClosed;
        }
        Authorised::Yes(self.send(command, Arc::clone(commander)))
    }

    fn send(
        &self,
        command: Command,
        commander: Arc<dyn CampaignCommander>,
    ) -> BoxFuture<'static, Step> {
        let campaigns = Arc::clone(&self.campaigns);
        let clock = Arc::clone(&self.clock);
        let (longest, freshest) = (self.longest, self.freshest);
        let usually_settles = self.usually_settles;
        let sent = async move {
            let operation = CampaignOperation {
                commander: &*commander,
                campaigns: &*campaigns,
                clock: &*clock,
                longest,
                freshest,
                usually_settles,
            };
            let result = operation.deliver(&command).await;
            Step::Sent {
                span: Span::current(),
                command: Box::new(command),
                result: Box::new(result),
            }
        };
        Box::pin(sent.in_current_span())
    }

    async fn conclude(
        &mut self,
        command: &Command,
        result: &CommandResult,
        sample_taken_at: Timestamp,
        campaigns: &mut Campaigns,
        ledger: &mut Ledger,
    ) {
        let now = self.clock.now();
        let (conclusion, notices) = report(command, result, campaigns, now);
        let Command {
            campaign,
            reason,
            direction,
            ..
        } = command;
        let end = if conclusion == Conclusion::Confirmed {
            CommandEnd::Confirmed {
                cause: cause(reason),
                since_sample: now.since(sample_taken_at),
            }
        } else if self.still_settles(result, conclusion, *direction, now) {
            CommandEnd::Settling
        } else {
            self.failed = Some(conclusion);
            CommandEnd::Failed
        };
        let ended = Fact::CommandEnded {
            command,
            result,
            conclusion,
            end,
            state: campaigns.state(campaign),
        };
        ledger.record(now, ended);
        campaigns.record_notices(campaign, &notices, reason.decision, now, ledger);
        // A failure is recorded by `commit`; the batch is kept, and no further command leaves before it is written.
        drop(ledger.commit().await);
    }

    /// Returns whether the platform acknowledged the command and may take longer to show it. Readings then show how it ends.
    fn still_settles(
        &self,
        result: &CommandResult,
        conclusion: Conclusion,
        direction: Direction,
        now: Timestamp,
    ) -> bool {
        let acknowledged = matches!(result.delivery, Delivery::Acknowledged { .. });
        let since = now.since(result.ended_at.unwrap_or(now));
        acknowledged
            && conclusion == Conclusion::Unknown
            && since <= self.settling.longest_to(direction)
    }
}

/// A dry run wants a command, and goes no further.
fn hold_back(
    campaign: &CampaignId,
    direction: Direction,
    reason: &Reason,
    now: Timestamp,
    ledger: &mut Ledger,
) {
    let held_back = Fact::CommandHeldBack {
        campaign,
        direction,
        reason,
    };
    ledger.record(now, held_back);
}

/// Reports the result of a command to the domain, and returns its conclusion.
fn report(
    command: &Command,
    result: &CommandResult,
    campaigns: &mut Campaigns,
    now: Timestamp,
) -> (Conclusion, Vec<Notice>) {
    let reported = campaigns.autopilot.report(&command.campaign, result, now);
    Span::current().record("outcome", reported.0.label());
    reported
}

fn cause(reason: &Reason) -> Cause {
    match reason.outcome {
        Outcome::Command { cause, .. } => cause,
        Outcome::NothingToDo | Outcome::Suppressed { .. } => Cause::Threshold,
    }
}
