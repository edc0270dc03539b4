//! The preview assignments as the loop holds them from tick to tick.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::assignment::{Assigner, Proposal, Roster};
use crate::domain::{CampaignId, Timestamp};
use crate::platform::port::{CampaignReader, Connected, ListPorts};

use super::ledger::{Fact, Ledger};
use super::operation::ListSeen;
use super::ports::Clock;
use super::start::{AssignStart, CycleSettings};
use super::status::{AssignmentView, DispatchView};

/// The assignments as the loop keeps them.
pub(super) struct Assigning {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) campaigns: Arc<dyn CampaignReader>,
    /// Absent where the platform has no lists.
    pub(super) lists: Option<ListPorts>,
    /// The longest that one list can be on its way, retries included.
    pub(super) command_longest: Duration,
    /// A list that was read longer ago is not replaced.
    pub(super) freshest: Duration,
    /// How long the platform usually takes to show a change.
    pub(super) usually_settles: Duration,
    pub(super) shutdown: CancellationToken,
    pub(super) assigner: Assigner,
    pub(super) running: Vec<Option<bool>>,
    /// The position of the campaign whose list is read next.
    next: usize,
    /// Agents whom the last plan wants in each campaign, in the order of the ids.
    wanted: Option<Vec<usize>>,
    /// The last list of each campaign that was sent.
    pub(super) sent: BTreeMap<CampaignId, DispatchView>,
    /// The last reading of each list.
    pub(super) seen: BTreeMap<CampaignId, ListSeen>,
}

impl Assigning {
    /// Starts the assignments, and records what they start from.
    pub(super) fn new(
        start: AssignStart,
        clock: &Arc<dyn Clock>,
        platform: &Connected,
        settings: &CycleSettings,
        shutdown: &CancellationToken,
        ledger: &mut Ledger,
    ) -> Self {
        let AssignStart {
            policy,
            roster,
            given,
            restored,
        } = start;
        let assigner = Assigner::new(policy.clone(), roster.clone(), &given, restored.clone());
        let started = Fact::AssignmentsStarted {
            policy,
            roster,
            given,
            restored,
        };
        let assigning = Self {
            clock: Arc::clone(clock),
            campaigns: Arc::clone(&platform.campaigns),
            lists: platform.lists.clone(),
            command_longest: settings.command_longest,
            freshest: settings.freshest,
            usually_settles: platform.capabilities.traits.settling.usual,
            shutdown: shutdown.clone(),
            assigner,
            running: Vec::new(),
            next: 0,
            wanted: None,
            sent: BTreeMap::new(),
            seen: BTreeMap::new(),
        };
        ledger.record(ledger.now(), started);
        assigning
    }

    /// Returns the list as it was last read. One that was never read is too old to be written on.
    pub(super) fn seen(&self, campaign: &CampaignId) -> ListSeen {
        let in_force = || {
            let memory = self.assigner.list(campaign);
            memory.map(|memory| memory.in_force.clone())
        };
        let seen = self.seen.get(campaign).cloned();
        seen.unwrap_or_else(|| ListSeen {
            agents: Some(in_force().unwrap_or_default()),
            read_at: Timestamp::from_unix_millis(0),
        })
    }

    /// Returns the list that is due to be read: one at each poll, so that a manual change shows even while nothing of ours
    /// changes.
    pub(super) fn next_in_turn(&mut self) -> Option<CampaignId> {
        let previews = &self.assigner.policy().previews;
        let due = previews.keys().nth(self.next).cloned();
        self.next = self.next.saturating_add(1);
        if self.next >= previews.len() {
            self.next = 0;
        }
        due
    }

    /// Returns the agents.
    pub(super) fn roster(&self) -> &Roster {
        self.assigner.roster()
    }

    /// Returns the present state of every list; none where nothing is assigned.
    pub(super) fn views(assigning: Option<&Self>) -> Vec<AssignmentView> {
        assigning.map_or_else(Vec::new, Self::lists)
    }

    fn lists(&self) -> Vec<AssignmentView> {
        let now = self.clock.now();
        let previews = self.assigner.policy().previews.iter().enumerate();
        let views = previews.map(|(place, (id, preview))| {
            let memory = self.assigner.list(id);
            let until = memory.and_then(|memory| memory.person_until);
            let wanted = self.wanted.as_ref();
            AssignmentView {
                id: id.clone(),
                running: self.running.get(place).copied().flatten(),
                known: memory.is_some_and(|memory| memory.known),
                uncertain: memory.is_some_and(|memory| memory.uncertain),
                listed: memory.map_or(0, |memory| memory.in_force.len()),
                wanted: wanted.map(|wanted| wanted.get(place).copied().unwrap_or_default()),
                least: preview.least,
                most: preview.most,
                left_alone_until: until.filter(|until| now < *until),
                last: self.sent.get(id).cloned(),
            }
        });
        views.collect()
    }

    pub(super) fn note_plan(&mut self, proposal: &Proposal) {
        let mut wanted = vec![0_usize; self.assigner.policy().previews.len()];
        for (_, campaign) in &proposal.plan.pairs {
            if let Some(many) = wanted.get_mut(*campaign) {
                *many = many.saturating_add(1);
            }
        }
        self.wanted = Some(wanted);
    }

    /// Moves every remembered time with the clock.
    pub(super) fn shift_clock(&mut self, milliseconds: i64) {
        self.assigner.shift_clock(milliseconds);
        for seen in self.seen.values_mut() {
            seen.read_at.shift(milliseconds);
        }
    }

    /// Returns what is known and wanted of the assignments.
    pub(super) fn assigner(&self) -> &Assigner {
        &self.assigner
    }

    /// Returns the whole state, to be recorded.
    pub(super) fn checkpoint(&self) -> Fact<'static> {
        Fact::AssignmentsCheckpointed {
            assigner: Box::new(self.assigner.clone()),
        }
    }
}
