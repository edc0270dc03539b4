//! Where callers go who waited too long: the graph of overflows, and what may not be in it.
//!
//! The graph holds what was read from the platform, with the change in place. It is walked from the changed queue: every
//! cycle that a change can close passes through it. Queues that overflow *into* the changed queue are not known, since the
//! platform lists no queues; the depth is therefore counted from the changed queue on.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ids::QueueId;

use super::fault::ChangeFault;
use super::member::{Member, Members, OverflowAction, Setting};

/// The most times that a caller may be passed on.
pub const DEEPEST_OVERFLOW: usize = 3;

/// Queues with those that they overflow into; a queue that the platform does not know is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverflowGraph {
    targets: BTreeMap<QueueId, BTreeSet<QueueId>>,
}

/// Returns the queues that one with these members overflows into, in whichever form it says so.
#[must_use]
pub fn overflow_targets(members: &Members) -> BTreeSet<QueueId> {
    let mut targets = BTreeSet::new();
    if let Some(Setting::Queues(ids)) = members.get(&Member::OverflowTargets) {
        targets.extend(ids.iter().cloned());
    }
    if let Some(Setting::Overflow(overflow)) = members.get(&Member::Overflow)
        && let OverflowAction::RouteToQueue(target) = &overflow.action
    {
        targets.insert(target.clone());
    }
    targets
}

impl OverflowGraph {
    /// Inserts a queue, or replaces where it overflows into.
    pub fn insert(&mut self, queue: QueueId, targets: BTreeSet<QueueId>) {
        self.targets.insert(queue, targets);
    }

    /// Returns the faults of what is reached from `queue`: itself, a cycle, a target that is not there, too many hops.
    #[must_use]
    pub fn faults(&self, queue: &QueueId) -> Vec<ChangeFault> {
        let mut faults = BTreeSet::new();
        self.walk(&mut vec![queue.clone()], &mut faults);
        faults.into_iter().collect()
    }

    fn walk(&self, path: &mut Vec<QueueId>, faults: &mut BTreeSet<ChangeFault>) {
        let Some(targets) = path.last().and_then(|last| self.targets.get(last)) else {
            return;
        };
        for target in targets {
            let seen = path.iter().position(|queue| queue == target);
            path.push(target.clone());
            if let Some(from) = seen {
                faults.insert(cycle(path.get(from..).unwrap_or_default()));
            } else if !self.targets.contains_key(target) {
                faults.insert(ChangeFault::new(
                    "overflow",
                    format!("there is no queue {target} ({})", arrows(path)),
                    "name a queue that the platform has",
                ));
            } else if path.len() > DEEPEST_OVERFLOW.saturating_add(1) {
                faults.insert(ChangeFault::new(
                    "overflow",
                    format!(
                        "callers would be passed on more than {DEEPEST_OVERFLOW} times ({})",
                        arrows(path)
                    ),
                    "let it overflow into a queue further down the chain",
                ));
            } else {
                self.walk(path, faults);
            }
            path.pop();
        }
    }
}

fn cycle(path: &[QueueId]) -> ChangeFault {
    if path.len() <= 2 {
        return ChangeFault::new(
            "overflow",
            format!("a queue cannot overflow into itself ({})", arrows(path)),
            "name another queue",
        );
    }
    ChangeFault::new(
        "overflow",
        format!("callers would go in a circle ({})", arrows(path)),
        "take one of these overflows out",
    )
}

fn arrows(path: &[QueueId]) -> String {
    let names: Vec<&str> = path.iter().map(QueueId::as_str).collect();
    names.join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(edges: &[(&str, &[&str])], from: &str) -> Vec<String> {
        let mut graph = OverflowGraph::default();
        for (queue, targets) in edges {
            let targets = targets.iter().map(|id| id.parse().unwrap()).collect();
            graph.insert(queue.parse().unwrap(), targets);
        }
        let faults = graph.faults(&from.parse().unwrap());
        faults.into_iter().map(|fault| fault.wrong).collect()
    }

    #[test]
    fn a_cycle_is_named_with_its_path() {
        let three: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["c"]), ("c", &["a"])];
        assert_eq!(
            faults(three, "a"),
            ["callers would go in a circle (a -> b -> c -> a)"]
        );
        assert_eq!(
            faults(&[("a", &["a"])], "a"),
            ["a queue cannot overflow into itself (a -> a)"]
        );
        let later: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["c"]), ("c", &["b"])];
        assert_eq!(
            faults(later, "a"),
            ["callers would go in a circle (b -> c -> b)"]
        );
    }

    #[test]
    fn three_hops_are_allowed_and_a_fourth_is_not() {
        let line: &[(&str, &[&str])] = &[
            ("a", &["b"]),
            ("b", &["c"]),
            ("c", &["d"]),
            ("d", &["e"]),
            ("e", &[]),
        ];
        assert_eq!(faults(line, "b"), [""; 0]);
        assert_eq!(
            faults(line, "a"),
            ["callers would be passed on more than 3 times (a -> b -> c -> d -> e)"]
        );
    }

    #[test]
    fn two_ways_to_one_queue_are_no_cycle_and_a_missing_one_is_told() {
        let diamond: &[(&str, &[&str])] =
            &[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])];
        assert_eq!(faults(diamond, "a"), [""; 0]);
        assert_eq!(
            faults(&[("a", &["x"])], "a"),
            ["there is no queue x (a -> x)"]
        );
    }
}
