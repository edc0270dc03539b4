//! Preview assignments within the loop: plan, read before write, dispatch, report.
//!
//! Comes after the campaigns' commands of a tick, so that a plan sees what they changed and delays none of them. The steps
//! of one dispatch are those of a command: what is in force is read, the intent is committed together with the memory that
//! the end is not known, the list is sent, the end is committed. A restart finds the open end in the memory and reads the
//! list first.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

use crate::domain::assignment::{
    AssignInput, Dispatch, DispatchEnd, List, ListFinding, Proposal, Trigger,
};
use crate::domain::{
    Belief, CampaignActivity, CampaignId, Conclusion, Delivery, Message, StatusFinding, Timestamp,
};

use crate::platform::port::{ListPorts, ListReceipt, ListWriter, Urgency};

use super::assigning::{Assigning, told};
use super::campaigns::Campaigns;
use super::ledger::Ledger;
use super::operation::{Carried, ListOperation, ListSeen, Seen, is_same_work};
use super::poller::Looked;
use super::ports::AuditEvent;
use super::status::DispatchView;

/// A plan, and at most three more after a dispatch that could not be taken as it was.
const MOST_PLANS: usize = 4;

/// Lists read at once.
const READS_AT_ONCE: usize = 8;

/// A list is sent at most twice for a plan: without those who have to wait for others, and with them.
const MOST_DISPATCHES: u8 = 2;

/// What reading some lists gave.
#[derive(Default)]
struct ListsRead {
    /// Something else than what was known.
    changed: bool,
    /// Lists that could not be read.
    unreadable: Vec<CampaignId>,
}

impl Assigning {
    /// Plans and dispatches if it is time.
    pub(super) async fn assign(
        &mut self,
        looked: Looked,
        campaigns: &Campaigns,
        ledger: &mut Ledger,
    ) {
        let Looked {
            taken_at,
            roster_states,
        } = looked;
        if let Some(states) = roster_states {
            let changes = self.assigner.changed_states(&states);
            self.assigner.observe_agents(&changes, taken_at);
            ledger.input(taken_at, told(AssignInput::Agents { changes }));
            self.plan_and_dispatch(campaigns, ledger).await;
        }
        for id in self.assigner.policy().previews.keys() {
            let memory = self.assigner.list(id);
            let agents = memory.map_or(0, |memory| memory.in_force.len());
            self.events.on_list(id, agents);
        }
    }

    async fn plan_and_dispatch(&mut self, campaigns: &Campaigns, ledger: &mut Ledger) {
        self.see_what_runs(campaigns, ledger).await;
        let mut unread = self.assigner.unread_lists();
        unread.extend(self.next_in_turn().filter(|id| !unread.contains(id)));
        self.read_lists(unread, ledger).await;
        let mut again = false;
        for _ in 0..MOST_PLANS {
            let now = self.clock.now();
            let due = self.assigner.due(now);
            let Some(trigger) = due.or(again.then_some(Trigger::Again)) else {
                break;
            };
            let mut proposal = self.propose(trigger, now, ledger);
            if proposal.targets.is_empty() || self.shutdown.is_cancelled() {
                break;
            }
            let wanted = proposal.targets.keys().cloned().collect();
            let seen = self.read_lists(wanted, ledger).await;
            // Nothing is written over what could not be read.
            for campaign in &seen.unreadable {
                proposal.targets.remove(campaign);
            }
            if seen.changed {
                // Somebody else was at it: the plan rests on what is no longer so.
                again = true;
                continue;
            }
            let lists = self.lists.as_ref();
            let Some((ports, writer)) =
                lists.and_then(|lists| Some((lists.clone(), lists.writer.clone()?)))
            else {
                let decision = ledger.decision();
                let moves = &proposal.plan.moves;
                self.events.would_dispatch(moves, decision);
                break;
            };
            let writer = (&ports, &*writer);
            again = self.dispatch(proposal, trigger, writer, ledger).await;
            if !again {
                break;
            }
        }
    }

    /// Whether each preview campaign runs: from what is believed of those that are looked after, and by a reading of the
    /// others.
    async fn see_what_runs(&mut self, campaigns: &Campaigns, ledger: &mut Ledger) {
        let previews = &self.assigner.policy().previews;
        let strangers = previews
            .keys()
            .filter(|id| campaigns.autopilot.campaign(id).is_none());
        let strangers: Vec<CampaignId> = strangers.cloned().collect();
        let deadline = self.clock.now().plus(self.command_longest);
        let mut read = BTreeMap::new();
        if !strangers.is_empty() {
            let reader = &self.campaigns;
            let found = reader.read(&strangers, Urgency::Routine, deadline).await;
            read.extend(strangers.into_iter().zip(found));
        }
        let running = previews
            .keys()
            .map(|id| match campaigns.autopilot.campaign(id) {
                Some(campaign) => match &campaign.state().belief {
                    Belief::Unread => None,
                    Belief::Running => Some(true),
                    Belief::Paused { .. } | Belief::Other { .. } | Belief::Missing { .. } => {
                        Some(false)
                    }
                },
                None => match read.get(id) {
                    Some(Ok(StatusFinding::Found(reading))) => {
                        Some(reading.activity == CampaignActivity::Running)
                    }
                    Some(Ok(StatusFinding::Missing)) => Some(false),
                    Some(Ok(StatusFinding::Unreadable) | Err(_)) | None => None,
                },
            });
        let running: Vec<Option<bool>> = running.collect();
        if running != self.running {
            self.running.clone_from(&running);
            self.assigner.observe_running(&running);
            let now = self.clock.now();
            ledger.input(now, told(AssignInput::Running { running }));
        }
    }

    /// Reads lists and tells what that gave.
    async fn read_lists(&mut self, campaigns: Vec<CampaignId>, ledger: &mut Ledger) -> ListsRead {
        let deadline = self.clock.now().plus(self.command_longest);
        let mut seen = ListsRead::default();
        let Some(ListPorts { reader, .. }) = self.lists.clone() else {
            seen.unreadable = campaigns;
            return seen;
        };
        for some in campaigns.chunks(READS_AT_ONCE) {
            let reads = some
                .iter()
                .map(|campaign| reader.read_list(campaign, deadline));
            let found = join_all(reads).await;
            for (campaign, found) in some.iter().zip(found) {
                let finding = found.unwrap_or_else(|fault| {
                    let decision = ledger.decision();
                    let why = &fault.detail;
                    self.events.unreadable(campaign, why, decision);
                    seen.unreadable.push(campaign.clone());
                    ListFinding::Unreadable
                });
                seen.changed |= self.take_list(campaign, finding, ledger);
            }
        }
        ledger.show_life();
        seen
    }

    fn take_list(
        &mut self,
        campaign: &CampaignId,
        finding: ListFinding,
        ledger: &mut Ledger,
    ) -> bool {
        let now = self.clock.now();
        let agents = match &finding {
            ListFinding::Found { agents } => Some(Some(agents.clone())),
            ListFinding::NotShown => Some(None),
            ListFinding::Unreadable => None,
        };
        if let Some(agents) = agents {
            let seen = ListSeen {
                agents,
                read_at: now,
            };
            self.seen.insert(campaign.clone(), seen);
        }
        let known = self.assigner.list(campaign).cloned();
        let notice = self.assigner.observe_list(campaign, &finding, now);
        let memory = self.assigner.list(campaign);
        let news = memory != known.as_ref();
        if news {
            if let Some(memory) = memory {
                ledger.list(campaign, memory);
            }
            let campaign = campaign.clone();
            let input = AssignInput::List { campaign, finding };
            ledger.input(now, told(input));
        }
        if let Some(notice) = notice {
            let decision = ledger.decision();
            self.events.noticed(campaign, notice, decision);
            let event = AuditEvent::ListNoticed { notice };
            ledger.audit(now, Some(campaign), event);
        }
        news
    }

    fn propose(&mut self, trigger: Trigger, now: Timestamp, ledger: &mut Ledger) -> Proposal {
        let span = debug_span!("plan", %trigger, moves = Empty).entered();
        let started = self.clock.monotonic();
        let proposal = self.assigner.propose(now);
        self.note_plan(&proposal);
        let took = self.clock.monotonic().saturating_sub(started);
        let input = AssignInput::Propose {
            targets: proposal.targets.clone(),
        };
        ledger.input(now, told(input));
        let decision = ledger.decision();
        let moves = proposal.plan.moves.len();
        span.record("moves", moves);
        self.events.planned(trigger, moves, took, decision);
        proposal
    }

    /// Puts the lists of a proposal in force; tells whether another plan is needed for what could not be taken.
    async fn dispatch(
        &mut self,
        proposal: Proposal,
        trigger: Trigger,
        writer: (&ListPorts, &dyn ListWriter),
        ledger: &mut Ledger,
    ) -> bool {
        let Proposal { plan, mut targets } = proposal;
        let mut again = false;
        let mut sent: BTreeMap<CampaignId, u8> = BTreeMap::new();
        for losing in [true, false] {
            while let Some(dispatch) = self.assigner.next_dispatch(&targets, losing) {
                let many = sent.entry(dispatch.campaign.clone()).or_default();
                *many = many.saturating_add(1);
                if *many > MOST_DISPATCHES {
                    targets.remove(&dispatch.campaign);
                    continue;
                }
                if self.shutdown.is_cancelled() {
                    return false;
                }
                let moves = plan.moves.iter().filter(|change| {
                    let here = Some(&dispatch.campaign);
                    change.from.as_ref() == here || change.to.as_ref() == here
                });
                let intent = AuditEvent::AssignIntent {
                    trigger,
                    agents: dispatch.agents.len(),
                    joining: dispatch.joining.clone(),
                    leaving: dispatch.leaving.clone(),
                    moves: moves.cloned().collect(),
                };
                let span = debug_span!("dispatch", campaign = %dispatch.campaign, outcome = Empty);
                let sent = self.send_list(&dispatch, intent, writer, ledger);
                let Some(end) = sent.instrument(span).await else {
                    // Nothing is sent while the store cannot be written.
                    return false;
                };
                let whole = targets.get(&dispatch.campaign) == Some(&dispatch.agents);
                let accepted = end.conclusion == Conclusion::Confirmed;
                again |= matches!(end.conclusion, Conclusion::Conflict | Conclusion::Refused)
                    || !end.agents.is_empty();
                if whole || !accepted {
                    targets.remove(&dispatch.campaign);
                }
            }
        }
        again
    }

    /// Commits the intent, sends the list, commits the end. None when the intent could not be committed.
    async fn send_list(
        &mut self,
        dispatch: &Dispatch,
        intent: AuditEvent,
        (ports, writer): (&ListPorts, &dyn ListWriter),
        ledger: &mut Ledger,
    ) -> Option<DispatchEnd> {
        let now = self.clock.now();
        let decision = ledger.decision();
        let campaign = &dispatch.campaign;
        let before = self.seen(campaign);
        self.assigner.depart(dispatch);
        let input = AssignInput::Depart {
            dispatch: dispatch.clone(),
        };
        ledger.input(now, told(input));
        self.record_list(campaign, ledger);
        ledger.audit(now, Some(campaign), intent);
        if let Err(fault) = ledger.commit().await {
            ledger.withdraw_audit();
            let end = DispatchEnd::failed(Conclusion::NotSent, fault.to_string());
            self.take_end(dispatch, &end, now, ledger);
            return None;
        }
        let started = self.clock.monotonic();
        let operation = ListOperation {
            reader: &*ports.reader,
            writer,
            clock: &*self.clock,
            dispatch,
            decision,
            longest: self.command_longest,
            freshest: self.freshest,
            usually_settles: self.usually_settles,
        };
        let (carried, receipt) = operation.replace(before).await;
        if let Seen::Found(seen) = &carried.after {
            self.seen.insert(campaign.clone(), seen.clone());
        }
        let (end, after) = dispatch_end(dispatch, carried, receipt);
        let took = self.clock.monotonic().saturating_sub(started);
        let now = self.clock.now();
        ledger.show_life();
        self.take_end(dispatch, &end, now, ledger);
        Span::current().record("outcome", end.conclusion.list_label());
        self.events.dispatched(dispatch, &end, took, decision);
        let view = DispatchView {
            at: now,
            decision,
            end: end.conclusion.list_label(),
            joining: dispatch.joining.len(),
            leaving: dispatch.leaving.len(),
        };
        self.sent.insert(campaign.clone(), view);
        let outcome = AuditEvent::AssignOutcome {
            end: end.clone(),
            agents: dispatch.agents.len(),
            latency_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        };
        ledger.audit(now, Some(campaign), outcome);
        if end.conclusion == Conclusion::Confirmed {
            let preview = self.assigner.policy().previews.get(campaign);
            let milli = preview.map_or(0, |preview| preview.target.milli());
            let target = f64::from(u32::try_from(milli).unwrap_or(u32::MAX)) / 1_000.0;
            ledger.announce(Message::assignment_dispatch(
                campaign,
                // Where the platform has no name for it, ours tells one from the other.
                end.assignment
                    .clone()
                    .unwrap_or_else(|| decision.to_string()),
                u32::try_from(end.updated.unwrap_or_default()).unwrap_or(u32::MAX),
                took,
                target,
                decision,
                now,
            ));
        }
        // A failure is told by `commit`; the batch is kept, and nothing further is sent before it is written.
        drop(ledger.commit().await);
        if let Some(after) = after {
            self.take_list(campaign, ListFinding::Found { agents: after }, ledger);
        }
        Some(end)
    }

    fn take_end(
        &mut self,
        dispatch: &Dispatch,
        end: &DispatchEnd,
        now: Timestamp,
        ledger: &mut Ledger,
    ) {
        self.assigner.report(dispatch, end, now);
        let input = AssignInput::Report {
            sent: dispatch.clone(),
            end: end.clone(),
        };
        ledger.input(now, told(input));
        self.record_list(&dispatch.campaign, ledger);
    }

    fn record_list(&self, campaign: &CampaignId, ledger: &mut Ledger) {
        if let Some(memory) = self.assigner.list(campaign) {
            ledger.list(campaign, memory);
        }
    }
}

/// What came of a list, and the list read after it where that says something else.
///
/// Another list than was sent is in force where the platform took a part of it, which its count tells, or where a person
/// was quicker than the reading.
fn dispatch_end(
    dispatch: &Dispatch,
    carried: Carried<ListSeen>,
    receipt: Option<ListReceipt>,
) -> (DispatchEnd, Option<List>) {
    let Carried {
        delivery, after, ..
    } = carried;
    let after = match after {
        Seen::Found(ListSeen { agents, .. }) => agents,
        Seen::Missing | Seen::Unreadable { .. } => None,
    };
    let end = match delivery {
        Delivery::Acknowledged { .. } => {
            return acknowledged(dispatch, after, receipt);
        }
        Delivery::Conflict { why } => {
            return (DispatchEnd::failed(Conclusion::Conflict, why), None);
        }
        Delivery::Refused { why, wait: None } => {
            let agents = receipt.map(|receipt| receipt.left_out).unwrap_or_default();
            return (DispatchEnd::refused(why, agents), None);
        }
        Delivery::Refused {
            why, wait: Some(_), ..
        }
        | Delivery::NotSent { why } => DispatchEnd::failed(Conclusion::NotSent, why),
        Delivery::Lost { why } => {
            let agents = receipt.map(|receipt| receipt.left_out).unwrap_or_default();
            let lost = DispatchEnd::failed(Conclusion::Unknown, why);
            DispatchEnd { agents, ..lost }
        }
    };
    (end, after)
}

/// What came of a list that the platform took, all of it or in part.
fn acknowledged(
    dispatch: &Dispatch,
    after: Option<List>,
    receipt: Option<ListReceipt>,
) -> (DispatchEnd, Option<List>) {
    let (assignment, updated, left_out, told) = receipt.map_or_else(Default::default, |receipt| {
        let ListReceipt {
            delivery: _,
            assignment,
            updated,
            left_out,
            in_part,
        } = receipt;
        (assignment, updated, left_out, in_part)
    });
    let is_whole = |shown: &List| is_same_work(shown, &dispatch.agents);
    if let Some(why) = told.filter(|_| !after.as_ref().is_some_and(is_whole)) {
        return (DispatchEnd::in_part(why, left_out), after);
    }
    let sent = dispatch.agents.len();
    let other = after.filter(|shown| !is_whole(shown));
    let counted_less = updated.is_none_or(|updated| u64::try_from(sent) != Ok(updated));
    let end = match &other {
        Some(shown) if counted_less => {
            let why = format!(
                "the platform took a list of {sent} agents and shows another one, of {}",
                shown.len()
            );
            DispatchEnd::failed(Conclusion::Differs, why)
        }
        Some(_) | None => DispatchEnd::confirmed(assignment, updated.unwrap_or_default()),
    };
    (end, other)
}
