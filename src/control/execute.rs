//! Performs a plan: for each command, status read, intent committed, command sent, outcome read back and committed.
//!
//! Several campaigns are served at once, each with at most one command on its way; this task alone touches the state.
//! The steps of one campaign:
//!
//! ```text
//!  read status ─▶ still wanted? ─▶ commit intent ─▶ send ─▶ read back ─▶ report ─▶ commit outcome
//!                     │ no             │ cannot
//!                     ▼                ▼
//!                   done        nothing is sent
//! ```

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

use crate::domain::replay::Input;
use crate::domain::{
    CampaignId, Cause, Command, CommandResult, Conclusion, DecisionId, Delivery, Direction, Notice,
    Outcome, Plan, Reason, StatusFinding, Timestamp,
};

use crate::platform::port::{CampaignCommander, CampaignFinding, Urgency};

use super::cycle::Cycle;
use super::operation::{CampaignOperation, read_one};
use super::ports::AuditEvent;

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
        result: CommandResult,
    },
}

/// Whether a command goes out.
enum Authorised {
    Yes(BoxFuture<'static, Step>),
    No,
    /// Its intent could not be committed.
    StoreClosed,
}

impl Cycle {
    /// Performs the commands of `plan`. Once a shutdown is asked for, nothing new is sent; what is on its way is
    /// finished and recorded.
    ///
    /// What has not begun when the next poll is due is left to that poll: it is decided anew on fresh numbers.
    pub(super) async fn execute(
        &mut self,
        plan: &Plan,
        sample_taken_at: Timestamp,
        next_poll_due: Duration,
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
                if self
                    .autopilot
                    .still_wants(&campaign, direction, now)
                    .is_some()
                {
                    steps.push(self.read_before(campaign, direction));
                    begun += 1;
                }
            }
            let Some(step) = steps.next().await else {
                break;
            };
            self.show_life();
            match step {
                Step::StatusRead {
                    campaign,
                    direction,
                    found,
                    span,
                } => {
                    let authorised = self.authorise(&campaign, direction, found);
                    match authorised.instrument(span).await {
                        Authorised::Yes(send) => steps.push(send),
                        Authorised::No => {}
                        // What one campaign's intent could not be written to is closed to the others as well.
                        Authorised::StoreClosed => queue.clear(),
                    }
                }
                Step::Sent {
                    span,
                    command,
                    result,
                } => {
                    let concluded = self.conclude(&command, &result, sample_taken_at);
                    concluded.instrument(span).await;
                }
            }
        }
    }

    /// Takes in one status read and tells what it showed.
    pub(super) fn take_status(&mut self, campaign: &CampaignId, found: CampaignFinding) {
        let now = self.clock.now();
        let decision = self.autopilot.decision();
        let finding = match found {
            Ok(finding) => {
                self.events.status_read(now);
                finding
            }
            Err(fault) => {
                self.events
                    .status_unreadable(campaign, decision, &fault.detail);
                StatusFinding::Unreadable
            }
        };
        let notices = self.autopilot.observe_status(campaign, &finding, now);
        self.recorder.input(
            now,
            Input::Status {
                campaign: campaign.clone(),
                finding,
            },
        );
        self.take_notices(campaign, notices, decision, now);
    }

    fn take_notices(
        &mut self,
        campaign: &CampaignId,
        notices: Vec<Notice>,
        decision: DecisionId,
        now: Timestamp,
    ) {
        for notice in notices {
            let last = self
                .autopilot
                .campaign(campaign)
                .and_then(|c| c.state().last_transition);
            self.events.noticed(
                campaign,
                &notice,
                decision,
                last.map(|last| last.cause),
                now,
            );
            self.announce_notice(campaign, &notice, decision, now);
            self.recorder.audit(
                now,
                Some(campaign),
                decision,
                AuditEvent::Noticed { notice },
            );
        }
        self.record_state(campaign);
    }

    pub(super) fn record_state(&mut self, campaign: &CampaignId) {
        if let Some(found) = self.autopilot.campaign(campaign) {
            self.recorder.state(campaign, found.state());
        }
    }

    fn read_before(&self, campaign: CampaignId, direction: Direction) -> BoxFuture<'static, Step> {
        let reader = Arc::clone(&self.platform.campaigns);
        let deadline = self.clock.now().plus(self.settings.command_longest);
        // From the first look to the committed outcome.
        let span = debug_span!(
            "command",
            %campaign,
            to = direction.label(),
            decision = %self.autopilot.decision(),
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
    ) -> Authorised {
        let readable = matches!(found, Ok(StatusFinding::Found(_)));
        self.take_status(campaign, found);
        let span = Span::current();
        if !readable || self.shutdown.is_cancelled() {
            span.record("outcome", "not_begun");
            return Authorised::No;
        }
        let now = self.clock.now();
        let Some(commander) = &self.platform.commander else {
            if let Some((reason, _)) = self.autopilot.still_wants(campaign, direction, now) {
                self.events.would_command(campaign, direction, &reason);
            }
            span.record("outcome", "dry_run");
            return Authorised::No;
        };
        let commander = commander.clone();
        let command = self.autopilot.authorise(campaign, direction, now);
        let granted = command.is_some();
        self.recorder.input(
            now,
            Input::Authorise {
                campaign: campaign.clone(),
                direction,
                granted,
            },
        );
        let Some(command) = command else {
            span.record("outcome", "not_wanted");
            return Authorised::No;
        };
        self.record_state(campaign);
        let intent = AuditEvent::Intent {
            direction,
            reason: Box::new(command.reason),
            before: command.before.clone(),
        };
        self.recorder
            .audit(now, Some(campaign), command.reason.decision, intent);
        if let Err(fault) = self.commit().await {
            // Not committed, so not sent; the intent must not reach the audit with a later batch either.
            self.recorder.withdraw_audit();
            let result = CommandResult {
                delivery: Delivery::NotSent {
                    why: fault.to_string(),
                },
                after: StatusFinding::Unreadable,
                before: None,
                ended_at: None,
            };
            let (conclusion, _) = self.report(&command, &result);
            let Command { reason, .. } = &command;
            self.events
                .command_failed(campaign, direction, conclusion, &result.delivery, reason);
            return Authorised::StoreClosed;
        }
        Authorised::Yes(self.send(command, commander))
    }

    fn send(
        &self,
        command: Command,
        commander: Arc<dyn CampaignCommander>,
    ) -> BoxFuture<'static, Step> {
        let campaigns = Arc::clone(&self.platform.campaigns);
        let clock = Arc::clone(&self.clock);
        let (longest, freshest) = (self.settings.command_longest, self.settings.freshest);
        let usually_settles = self.platform.capabilities.traits.settling.usual;
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
                result,
            }
        };
        Box::pin(sent.in_current_span())
    }

    async fn conclude(
        &mut self,
        command: &Command,
        result: &CommandResult,
        sample_taken_at: Timestamp,
    ) {
        let (conclusion, notices) = self.report(command, result);
        let now = self.clock.now();
        let Command {
            campaign,
            direction,
            reason,
            ..
        } = command;
        let outcome = AuditEvent::Outcome {
            direction: *direction,
            conclusion,
            delivery: result.delivery.clone(),
            after: result.after.clone(),
        };
        self.recorder
            .audit(now, Some(campaign), reason.decision, outcome);
        if conclusion == Conclusion::Confirmed {
            let since_sample = now.since(sample_taken_at);
            self.announce_confirmed(command, cause(reason), since_sample, now);
            self.events.confirmed(
                campaign,
                *direction,
                cause(reason),
                reason,
                since_sample,
                now,
            );
        } else {
            self.failed_command = Some(conclusion);
            self.events
                .command_failed(campaign, *direction, conclusion, &result.delivery, reason);
        }
        self.take_notices(campaign, notices, reason.decision, now);
        // A failure is told by `commit`; the batch is kept, and no further command leaves before it is written.
        drop(self.commit().await);
    }

    fn report(&mut self, command: &Command, result: &CommandResult) -> (Conclusion, Vec<Notice>) {
        let now = self.clock.now();
        let (conclusion, notices) = self.autopilot.report(&command.campaign, result, now);
        Span::current().record("outcome", conclusion.label());
        self.recorder.input(
            now,
            Input::Report {
                campaign: command.campaign.clone(),
                result: result.clone(),
                conclusion,
            },
        );
        self.record_state(&command.campaign);
        (conclusion, notices)
    }
}

fn cause(reason: &Reason) -> Cause {
    match reason.outcome {
        Outcome::Command { cause, .. } => cause,
        Outcome::NothingToDo | Outcome::Suppressed { .. } => Cause::Threshold,
    }
}
