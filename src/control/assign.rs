//! Preview assignments within the loop: plan, read before write, dispatch, report.
//!
//! Assignments come after the campaigns' commands of a tick, so that a plan sees what those changed and delays none of them.
//! The steps of one dispatch are those of a command: the list in force is read, the intent is committed together with the
//! memory that the outcome is not known, the list is sent, the outcome is committed. A restart finds the unknown outcome in
//! the memory and reads the list first.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

use crate::domain::assignment::{
    Dispatch, DispatchEnd, DispatchPass, List, ListFinding, Move, Proposal, Trigger, is_between,
    is_same_list, is_same_work,
};
use crate::domain::{
    Belief, CampaignActivity, CampaignId, Conclusion, Delivery, StatusFinding, Timestamp,
};

use crate::platform::port::{ListPorts, ListReceipt, ListWriter, Urgency};

use super::assigning::Assigning;
use super::campaigns::Campaigns;
use super::ledger::{Fact, Ledger};
use super::operation::{Carried, ListOperation, ListSeen, Seen};
use super::poller::PollResult;
use super::status::DispatchView;

/// A plan, and at most three more after a dispatch that the platform did not accept as it was.
const MOST_PLANS: usize = 4;

/// Lists read at once.
const READS_AT_ONCE: usize = 8;

/// A list is sent at most twice for a plan: without those who have to wait for others, and with them.
const MOST_DISPATCHES: u8 = 2;

/// The result of reading some lists.
#[derive(Default)]
struct ListsRead {
    /// Whether a list differs from what was known of it.
    changed: bool,
    /// Lists that could not be read.
    unreadable: Vec<CampaignId>,
}

impl Assigning {
    /// Plans and dispatches if it is time.
    pub(super) async fn assign(
        &mut self,
        polled: PollResult,
        campaigns: &Campaigns,
        ledger: &mut Ledger,
    ) {
        let PollResult {
            taken_at,
            roster_states,
        } = polled;
        if let Some(states) = roster_states {
            let changes = self.assigner.changed_states(&states);
            self.assigner.observe_agents(&changes, taken_at);
            ledger.record(taken_at, Fact::AgentsChanged { changes });
            self.plan_and_dispatch(campaigns, ledger).await;
        }
        let now = self.clock.now();
        for campaign in self.assigner.policy().previews.keys() {
            let memory = self.assigner.list(campaign);
            let agents = memory.map_or(0, |memory| memory.in_force.len());
            ledger.record(now, Fact::ListCounted { campaign, agents });
        }
    }

    async fn plan_and_dispatch(&mut self, campaigns: &Campaigns, ledger: &mut Ledger) {
        self.observe_running(campaigns, ledger).await;
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
                // Somebody else changed a list: the plan rests on one that is no longer in force.
                again = true;
                continue;
            }
            let lists = self.lists.as_ref();
            let Some((ports, writer)) =
                lists.and_then(|lists| Some((lists.clone(), lists.writer.clone()?)))
            else {
                let moves = &proposal.plan.moves;
                ledger.record(self.clock.now(), Fact::DispatchHeldBack { moves });
                break;
            };
            let writer = (&ports, &*writer);
            again = self.dispatch(proposal, trigger, writer, ledger).await;
            if !again {
                break;
            }
        }
    }

    /// Finds out whether each preview campaign runs: from the belief about those that are managed, and by a reading of the others.
    async fn observe_running(&mut self, campaigns: &Campaigns, ledger: &mut Ledger) {
        let previews = &self.assigner.policy().previews;
        let unmanaged = previews
            .keys()
            .filter(|id| campaigns.autopilot.campaign(id).is_none());
        let unmanaged: Vec<CampaignId> = unmanaged.cloned().collect();
        let deadline = self.clock.now().plus(self.command_longest);
        let mut read = BTreeMap::new();
        if !unmanaged.is_empty() {
            let reader = &self.campaigns;
            let found = reader.read(&unmanaged, Urgency::Routine, deadline).await;
            read.extend(unmanaged.into_iter().zip(found));
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
            ledger.record(now, Fact::PreviewsRunning { running });
        }
    }

    /// Reads lists and applies the findings.
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
                    let why = &fault.detail;
                    let now = self.clock.now();
                    ledger.record(now, Fact::ListUnreadable { campaign, why });
                    seen.unreadable.push(campaign.clone());
                    ListFinding::Unreadable
                });
                seen.changed |= self.apply_list(campaign, finding, ledger);
            }
        }
        ledger.record(self.clock.now(), Fact::LoopAlive);
        seen
    }

    fn apply_list(
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
            let read = Fact::ListRead {
                campaign,
                finding,
                memory,
            };
            ledger.record(now, read);
        }
        if let Some(notice) = notice {
            ledger.record(now, Fact::ListNoticed { campaign, notice });
        }
        news
    }

    fn propose(&mut self, trigger: Trigger, now: Timestamp, ledger: &mut Ledger) -> Proposal {
        let span = debug_span!("plan", %trigger, moves = Empty).entered();
        let started = self.clock.monotonic();
        let proposal = self.assigner.propose(now);
        self.note_plan(&proposal);
        let took = self.clock.monotonic().saturating_sub(started);
        let moves = proposal.plan.moves.len();
        span.record("moves", moves);
        let planned = Fact::AssignmentsPlanned {
            trigger,
            moves,
            took,
            targets: proposal.targets.clone(),
        };
        ledger.record(now, planned);
        proposal
    }

    /// Puts the lists of a proposal in force; returns whether another plan is needed for what the platform did not accept.
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
        for pass in DispatchPass::ORDER {
            while let Some(dispatch) = self.assigner.next_dispatch(&targets, pass) {
                let many = sent.entry(dispatch.campaign.clone()).or_default();
                *many = many.saturating_add(1);
                if *many > MOST_DISPATCHES {
                    targets.remove(&dispatch.campaign);
                    continue;
                }
                if self.shutdown.is_cancelled() {
                    return false;
                }
                let span = debug_span!("dispatch", campaign = %dispatch.campaign, outcome = Empty);
                let because = (trigger, &*plan.moves);
                let sent = self.send_list(&dispatch, because, writer, ledger);
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

    /// Commits the intent, sends the list, commits the outcome. Returns `None` when the intent could not be committed.
    async fn send_list(
        &mut self,
        dispatch: &Dispatch,
        (trigger, moves): (Trigger, &[Move]),
        (ports, writer): (&ListPorts, &dyn ListWriter),
        ledger: &mut Ledger,
    ) -> Option<DispatchEnd> {
        let now = self.clock.now();
        let decision = ledger.decision();
        let campaign = &dispatch.campaign;
        let before = self.seen(campaign);
        let in_force = before.agents.clone();
        self.assigner.depart(dispatch, now);
        let intended = Fact::DispatchIntended {
            dispatch,
            trigger,
            moves,
            memory: self.assigner.list(campaign),
        };
        ledger.record(now, intended);
        if let Err(fault) = ledger.commit_intent().await {
            let end = &DispatchEnd::failed(Conclusion::NotSent, fault.to_string());
            self.assigner.report(dispatch, end, now);
            let given_up = Fact::DispatchGivenUp {
                dispatch,
                end,
                memory: self.assigner.list(campaign),
            };
            ledger.record(now, given_up);
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
        let (end, after) = dispatch_end(dispatch, in_force.as_ref(), carried, receipt);
        let took = self.clock.monotonic().saturating_sub(started);
        let now = self.clock.now();
        ledger.record(now, Fact::LoopAlive);
        self.assigner.report(dispatch, &end, now);
        Span::current().record("outcome", end.conclusion.list_label());
        let view = DispatchView {
            at: now,
            decision,
            end: end.conclusion.list_label(),
            joining: dispatch.joining.len(),
            leaving: dispatch.leaving.len(),
        };
        self.sent.insert(campaign.clone(), view);
        let preview = self.assigner.policy().previews.get(campaign);
        let milli = preview.map_or(0, |preview| preview.target.milli());
        let ended = Fact::DispatchEnded {
            dispatch,
            end: &end,
            took,
            call_rate_target: f64::from(u32::try_from(milli).unwrap_or(u32::MAX)) / 1_000.0,
            memory: self.assigner.list(campaign),
        };
        ledger.record(now, ended);
        // A failure is recorded by `commit`; the batch is kept, and nothing further is sent before it is written.
        drop(ledger.commit().await);
        if let Some(after) = after {
            self.apply_list(campaign, ListFinding::Found { agents: after }, ledger);
        }
        Some(end)
    }
}

/// Returns the outcome of a dispatch, and the list read after it where that is another one.
///
/// Another list than was sent is in force where the platform accepted a part of it, or where a person was quicker than the
/// reading. A list that a part of ours explains is nobody's.
fn dispatch_end(
    dispatch: &Dispatch,
    before: Option<&List>,
    carried: Carried<ListSeen>,
    receipt: Option<ListReceipt>,
) -> (DispatchEnd, Option<List>) {
    let Carried {
        delivery,
        after,
        lost,
        ..
    } = carried;
    let may_come_late = !lost.is_empty();
    let (after, unread) = match after {
        Seen::Found(ListSeen { agents, .. }) => (agents, None),
        Seen::Missing => (None, Some("the campaign is not there any more".to_owned())),
        Seen::Unreadable { why } => (None, Some(why)),
    };
    let end = match delivery {
        Delivery::Acknowledged { .. } => {
            let (mut end, after) = acknowledged(dispatch, before, after, receipt);
            if let Some(why) = unread.filter(|_| end.conclusion == Conclusion::Confirmed) {
                // A platform may say yes and do nothing: the next reading shows what is in force, and that is nobody's change.
                end.conclusion = Conclusion::Unknown;
                end.why =
                    format!("the platform accepted the list, which could not be read then: {why}");
            }
            let end = DispatchEnd {
                may_come_late: may_come_late || end.may_come_late,
                ..end
            };
            return (end, after);
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
    before: Option<&List>,
    after: Option<List>,
    receipt: Option<ListReceipt>,
) -> (DispatchEnd, Option<List>) {
    let (assignment, updated, left_out, fault) = receipt.map_or_else(Default::default, |receipt| {
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
    if let Some(why) = fault.filter(|_| !after.as_ref().is_some_and(is_whole)) {
        return (DispatchEnd::in_part(why, left_out), after);
    }
    let sent = dispatch.agents.len();
    let other = after.filter(|shown| !is_whole(shown));
    let nobody = List::new();
    let before = before.unwrap_or(&nobody);
    if other
        .as_ref()
        .is_some_and(|shown| is_same_list(shown, before))
    {
        let why = "the platform accepted the list and does not show it";
        return (
            DispatchEnd::failed(Conclusion::Unknown, why.to_owned()),
            None,
        );
    }
    let counted_less = updated.is_none_or(|updated| u64::try_from(sent) != Ok(updated));
    let in_part = |shown: &List| is_between(shown, before, &dispatch.agents);
    let end = match &other {
        Some(shown) if counted_less || in_part(shown) => {
            let why = format!(
                "the platform took a list of {sent} agents and shows another one, of {}",
                shown.len()
            );
            DispatchEnd::failed(Conclusion::Differs, why)
        }
        Some(_) | None => DispatchEnd::confirmed(assignment, updated.unwrap_or_default()),
    };
    let end = DispatchEnd {
        // Accepted, and another list is there: what was sent may yet come over it.
        may_come_late: other.is_some(),
        ..end
    };
    (end, other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::assignment::Entry;

    #[test]
    fn a_list_that_was_accepted_and_not_read_again_has_no_known_end() {
        let agents = |names: &[&str]| -> List {
            let agents = names
                .iter()
                .map(|name| (name.parse().unwrap(), Entry::member()));
            agents.collect()
        };
        let (before, sent) = (agents(&["ada"]), agents(&["ada", "bob"]));
        let dispatch = Dispatch {
            campaign: "c".parse().unwrap(),
            agents: sent.clone(),
            joining: vec!["bob".parse().unwrap()],
            leaving: Vec::new(),
        };
        let now = Timestamp::from_unix_millis(0);
        let seen = |agents| ListSeen {
            agents,
            read_at: now,
        };
        let end_of = |after: Seen<ListSeen>| {
            let delivery = Delivery::Acknowledged { version: None };
            let receipt = ListReceipt {
                delivery: delivery.clone(),
                assignment: None,
                updated: Some(2),
                left_out: Vec::new(),
                in_part: None,
            };
            let carried = Carried {
                delivery,
                before: seen(Some(before.clone())),
                after,
                ended_at: now,
                lost: Vec::new(),
            };
            dispatch_end(&dispatch, Some(&before), carried, Some(receipt)).0
        };
        let confirmed = end_of(Seen::Found(seen(Some(sent))));
        assert_eq!(confirmed.conclusion, Conclusion::Confirmed);
        let not_shown = end_of(Seen::Found(seen(None)));
        assert_eq!(not_shown.conclusion, Conclusion::Confirmed, "it shows none");
        for after in [
            Seen::Missing,
            Seen::Unreadable {
                why: "HTTP 503".to_owned(),
            },
        ] {
            let unread = end_of(after);
            assert_eq!(unread.conclusion, Conclusion::Unknown, "{}", unread.why);
        }
    }
}
