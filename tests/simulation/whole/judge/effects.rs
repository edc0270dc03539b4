//! Preview lists and queues, by what took effect.

use std::collections::{BTreeMap, BTreeSet};

use campaign_autopilot::simulator::{Actor, Effect};

use crate::whole::settings::concurrency;
use crate::whole::time::millis_of;

use super::{Bench, Invariant};

/// A person's list or queue may be overwritten within this: it was changed after the daemon had read it.
const UNSEEN: i64 = 3_000;

/// Members that the calibration writes, and those that the platform changes with each write.
const CALIBRATED: [&str; 6] = [
    "version",
    "updatedTimestamp",
    "maxWaitTime",
    "maxWaiters",
    "serviceLevelTarget",
    "max_wait_time_seconds",
];

pub(super) fn judge(bench: &mut Bench<'_>) {
    let mut lists: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut person_at = 0;
    let there = bench.record.there.iter().filter(|(.., there)| !there);
    let deleted: Vec<(i64, String)> = there.map(|(at, id, _)| (*at, id.clone())).collect();
    let mut deleted = deleted.into_iter().peekable();
    for effect in bench.record.effects.clone() {
        match effect {
            Effect::Assigned(replaced) => {
                let at = millis_of(replaced.at);
                // The list of a campaign that was deleted is gone with it.
                while let Some((_, gone)) = deleted.next_if(|(when, _)| *when <= at) {
                    lists.remove(&gone);
                }
                let to: BTreeSet<String> = replaced
                    .to
                    .iter()
                    .map(|entry| entry.user_id.clone())
                    .collect();
                let joining: Vec<String> = to
                    .difference(lists.get(&replaced.campaign).unwrap_or(&BTreeSet::new()))
                    .cloned()
                    .collect();
                lists.insert(replaced.campaign.clone(), to);
                if replaced.by == Actor::Person {
                    person_at = at;
                    continue;
                }
                bench.stake(Invariant::AboveConcurrency);
                if at - person_at <= UNSEEN {
                    continue;
                }
                for agent in joining {
                    let many = lists.values().filter(|list| list.contains(&agent)).count();
                    if many > concurrency(&agent) {
                        bench.violated(
                            Invariant::AboveConcurrency,
                            at,
                            // The other list may be the one that went wrong.
                            None,
                            format!("{agent} on {many} lists, by that of {}", replaced.campaign),
                        );
                    }
                }
            }
            Effect::QueueWritten(written) if written.by != Actor::Person => {
                bench.stake(Invariant::QueueMemberLost);
                let changed: Vec<&String> = written
                    .from
                    .iter()
                    .filter(|(name, value)| written.to.get(*name) != Some(*value))
                    .map(|(name, _)| name)
                    .filter(|name| !CALIBRATED.contains(&name.as_str()))
                    .collect();
                if !changed.is_empty() {
                    bench.violated(
                        Invariant::QueueMemberLost,
                        millis_of(written.at),
                        Some(&written.queue),
                        format!("members that nobody asked to change: {changed:?}"),
                    );
                }
            }
            Effect::QueueWritten(_)
            | Effect::Status(_)
            | Effect::Moved(_)
            | Effect::Paced(_)
            | Effect::Reserved(_) => {}
        }
    }
}
