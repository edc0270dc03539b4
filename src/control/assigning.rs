//! The preview assignments as the loop keeps them from tick to tick.

use std::collections::BTreeMap;

use crate::domain::assignment::{
    AssignInput, AssignPolicy, Assigner, CallRate, ListMemory, Proposal, Roster,
};
use crate::domain::replay::Input;
use crate::domain::{AgentId, CampaignId, Timestamp};
use crate::telemetry::{AssignEvents, Metrics};

use super::status::{AssignmentView, DispatchView};

/// What the assignments of a run start from.
pub struct AssignStart {
    /// The rules.
    pub policy: AssignPolicy,
    /// The agents.
    pub roster: Roster,
    /// Rates that were given.
    pub given: BTreeMap<AgentId, CallRate>,
    /// What the journal remembers of lists.
    pub restored: BTreeMap<CampaignId, ListMemory>,
}

/// The assignments as the loop keeps them.
pub(super) struct Assigning {
    pub(super) assigner: Assigner,
    pub(super) events: AssignEvents,
    pub(super) running: Vec<Option<bool>>,
    /// Whose list is read next to see what people changed.
    turn: usize,
    /// Agents whom the last plan wants in each campaign, in the order of the ids.
    wanted: Option<Vec<usize>>,
    /// The last list of each campaign that was sent.
    pub(super) sent: BTreeMap<CampaignId, DispatchView>,
}

impl Assigning {
    pub(super) fn new(start: AssignStart, metrics: &Metrics) -> prometheus::Result<(Self, Input)> {
        let AssignStart {
            policy,
            roster,
            given,
            restored,
        } = start;
        let assigner = Assigner::new(policy.clone(), roster.clone(), &given, restored.clone());
        let input = AssignInput::Start {
            policy,
            roster,
            given,
            restored,
        };
        let assigning = Self {
            assigner,
            events: AssignEvents::new(metrics.assignments()?),
            running: Vec::new(),
            turn: 0,
            wanted: None,
            sent: BTreeMap::new(),
        };
        Ok((assigning, told(input)))
    }

    /// One list at each poll, so that a person's change shows even while nothing of ours changes.
    pub(super) fn next_in_turn(&mut self) -> Option<CampaignId> {
        let previews = &self.assigner.policy().previews;
        let next = previews.keys().nth(self.turn).cloned();
        self.turn = self.turn.saturating_add(1);
        if self.turn >= previews.len() {
            self.turn = 0;
        }
        next
    }

    /// Every list as it stands.
    pub(super) fn views(&self, now: Timestamp) -> Vec<AssignmentView> {
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

    pub(super) fn checkpoint(&self) -> Input {
        told(AssignInput::Checkpoint {
            assigner: Box::new(self.assigner.clone()),
        })
    }
}

/// What the assigner was told, as it is recorded.
pub(super) fn told(input: AssignInput) -> Input {
    Input::Assign {
        told: Box::new(input),
    }
}
