//! Who has joined which queue, and who has left for now.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::time::SimTime;

/// Who has left which queue, and what is still to come true.
#[derive(Clone, Default)]
pub(super) struct Joined {
    left: BTreeMap<String, BTreeSet<String>>,
    pending: Vec<Pending>,
}

#[derive(Clone)]
struct Pending {
    due: SimTime,
    queue: String,
    agent: String,
    joined: bool,
}

impl Joined {
    /// Whether a member serves the queue at the moment.
    pub(super) fn has(&self, queue: &str, agent: &str) -> bool {
        self.left
            .get(queue)
            .is_none_or(|left| !left.contains(agent))
    }

    /// Somebody joins a queue or leaves it, at that time.
    pub(super) fn change(&mut self, due: SimTime, queue: &str, agent: &str, joined: bool) {
        self.pending.push(Pending {
            due,
            queue: queue.to_owned(),
            agent: agent.to_owned(),
            joined,
        });
    }

    /// Lets what is due come true.
    pub(super) fn follow(&mut self, now: SimTime) {
        let (due, pending) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|change: &Pending| change.due <= now);
        self.pending = pending;
        let due: Vec<Pending> = due;
        for change in due {
            let left = self.left.entry(change.queue).or_default();
            if change.joined {
                left.remove(&change.agent);
            } else {
                left.insert(change.agent);
            }
        }
    }
}
