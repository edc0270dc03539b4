//! Whether a pause has an effect.
//!
//! *Why it may not.* With fewer agents than its *Auto Dial Level Threshold* a campaign dials at level 1 whatever is set, and no answer
//! shows that threshold. A campaign that shows our pause and still places calls is found out by its count of calls.
//!
//! *How.* Once a pause has been seen for as long as a call rings, and some seconds more for the dialler's own loop, the calls of the
//! day are read; when they have grown at the next look, the pause has no effect. It is told once.
//!
//! *When it is over.* Calls are counted when they end, and a campaign that is dialled over with few agents places the next one only when
//! an agent is free again: in between, its calls stand still for as long as somebody talks. One look without a call more therefore
//! shows nothing. Looks go on, each twice as long after the one before, until [`STILL_LOOKS`] in a row have found the same count, which
//! takes three and a half minutes; a count that grows begins that anew. Four calls a pause where all is well and the pause
//! lasts so long; none where the user may not see calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{info, warn};

use crate::domain::{CampaignId, Timestamp};
use crate::telemetry::Metrics;

use super::call_reader::CallReader;
use super::campaign::Listing;

/// What is likely behind it.
pub(super) const WHY: &str = "its calls still grow although it is paused: it may have an `Auto Dial Level Threshold` that dials over the pause, which pause_method = \"active\" does not";

/// A pause reaches the dialler within some seconds, and calls are counted when they end.
const ALLOWANCE: Duration = Duration::from_secs(10);

/// Between the first two looks at the calls, and after a look at which they had grown.
const BETWEEN: Duration = Duration::from_secs(30);

/// Looks in a row without a call more, after which a pause is taken to have an effect: 30 s, 60 s and 120 s apart they are longer than
/// a call rings and an agent usually talks.
const STILL_LOOKS: u32 = 3;

/// Watches the pauses of a system.
pub(super) struct EffectWatch {
    calls: Arc<CallReader>,
    metrics: Arc<Metrics>,
    paused: Mutex<BTreeMap<CampaignId, Paused>>,
}

/// A pause that is in force.
#[derive(Clone, Copy)]
struct Paused {
    /// No call of before it rings any more.
    quiet_from: Timestamp,
    /// When the calls are read next; never, where they stood still for long enough.
    look_at: Option<Timestamp>,
    calls: Option<u64>,
    /// Looks in a row that found no call more.
    still: u32,
    without_effect: bool,
}

impl Paused {
    fn since(quiet_from: Timestamp) -> Self {
        Self {
            quiet_from,
            look_at: Some(quiet_from),
            calls: None,
            still: 0,
            without_effect: false,
        }
    }

    /// How long after a look the next one comes.
    fn gap(&self) -> Duration {
        BETWEEN.saturating_mul(2_u32.saturating_pow(self.still))
    }

    /// Takes in a count. Returns whether what is known of the effect has changed.
    fn count(&mut self, calls: u64, now: Timestamp) -> bool {
        let known = self.without_effect;
        match self.calls.replace(calls) {
            Some(before) if calls > before => {
                self.still = 0;
                self.without_effect = true;
            }
            Some(before) if calls == before => self.still = self.still.saturating_add(1),
            // The first count, or that of a day that has begun: what comes is held against it.
            Some(_) | None => self.still = 0,
        }
        let over = self.still >= STILL_LOOKS;
        if over {
            self.without_effect = false;
        }
        self.look_at = (!over).then(|| now.plus(self.gap()));
        self.without_effect != known
    }
}

impl EffectWatch {
    pub(super) fn new(calls: Arc<CallReader>, metrics: Arc<Metrics>) -> Self {
        Self {
            calls,
            metrics,
            paused: Mutex::default(),
        }
    }

    /// Takes in which campaigns show our pause, and reads calls where that is due.
    pub(super) async fn look(&self, listing: &Listing, ids: &[CampaignId], deadline: Timestamp) {
        let now = self.calls.now();
        let due = self.due(listing, ids, now);
        for (id, calls) in self.calls.read(&due, deadline).await {
            self.count(&id, calls, now);
        }
    }

    /// Those whose calls are to be read now.
    fn due(&self, listing: &Listing, ids: &[CampaignId], now: Timestamp) -> Vec<CampaignId> {
        let mut all = self.held();
        let mut due = Vec::new();
        for id in ids {
            let found = listing.get(id.as_str());
            let Some(campaign) = found.filter(|campaign| campaign.is_marked()) else {
                if let Some(paused) = all.remove(id)
                    && paused.without_effect
                {
                    self.show(&all);
                }
                continue;
            };
            let quiet_from = now.plus(campaign.rings).plus(ALLOWANCE);
            let paused = all
                .entry(id.clone())
                .or_insert_with(|| Paused::since(quiet_from));
            // A clock that was set back must not put it off.
            paused.quiet_from = paused.quiet_from.min(quiet_from);
            let look_at = paused
                .look_at
                .map(|at| at.min(now.plus(paused.gap()).max(quiet_from)));
            if now >= paused.quiet_from && look_at.is_some_and(|at| now >= at) {
                due.push(id.clone());
            }
        }
        due
    }

    fn count(&self, id: &CampaignId, calls: u64, now: Timestamp) {
        let mut all = self.held();
        let Some(paused) = all.get_mut(id) else {
            return;
        };
        if !paused.count(calls, now) {
            return;
        }
        let without_effect = paused.without_effect;
        self.show(&all);
        drop(all);
        if without_effect {
            warn!(campaign = %id, "the pause has no effect: {WHY}");
        } else {
            info!(campaign = %id, "the pause has an effect now: its calls stand still");
        }
    }

    fn show(&self, all: &BTreeMap<CampaignId, Paused>) {
        let without = all.values().filter(|paused| paused.without_effect).count();
        self.metrics.outcomes.pauses_without_effect(without);
    }

    /// Those of these campaigns whose pause has no effect.
    pub(super) fn without_effect(&self, ids: &[CampaignId]) -> Vec<CampaignId> {
        let all = self.held();
        let without = ids.iter().filter(|id| {
            let paused = all.get(*id);
            paused.is_some_and(|paused| paused.without_effect)
        });
        without.cloned().collect()
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<CampaignId, Paused>> {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    /// Takes in counts one after the other; returns what each changed, and when the next look comes, in seconds.
    fn counted(paused: &mut Paused, counts: &[u64]) -> Vec<(bool, Option<u64>)> {
        let looks = counts.iter().map(|calls| {
            let changed = paused.count(*calls, START);
            let next = paused.look_at.map(|at| at.since(START).as_secs());
            (changed, next)
        });
        looks.collect()
    }

    #[test]
    fn calls_that_grow_twice_looked_at_are_a_pause_without_effect() {
        let mut paused = Paused::since(START);
        let grows = counted(&mut paused, &[40, 44, 46]);
        let told_once = [(false, Some(30)), (true, Some(30)), (false, Some(30))];
        assert_eq!(grows, told_once);
        assert!(paused.without_effect);
        // It is over when they have stood still for three looks.
        let stands = counted(&mut paused, &[46, 46, 46]);
        assert_eq!(
            stands,
            [(false, Some(60)), (false, Some(120)), (true, None)]
        );
        assert!(!paused.without_effect);
    }

    #[test]
    fn a_look_without_a_call_more_ends_nothing() {
        let mut paused = Paused::since(START);
        let slow = counted(&mut paused, &[40, 40, 40, 41]);
        assert_eq!(
            slow,
            [
                (false, Some(30)),
                (false, Some(60)),
                (false, Some(120)),
                (true, Some(30))
            ]
        );
        // Nor does it say that it is over, however often that alternates.
        let alternates = counted(&mut paused, &[41, 42, 42, 42, 43]);
        assert!(alternates.iter().all(|(changed, _)| !changed));
        assert!(paused.without_effect);
    }

    #[test]
    fn a_day_that_begins_counts_from_nothing() {
        let mut paused = Paused::since(START);
        let days = counted(&mut paused, &[900, 900, 900, 0, 0, 0, 0]);
        let changed: Vec<bool> = days.iter().map(|(changed, _)| *changed).collect();
        assert_eq!(changed, [false; 7]);
        assert_eq!(days[3].1, Some(30));
        assert_eq!(days[6].1, None);
        let mut without = Paused::since(START);
        counted(&mut without, &[900, 910, 0]);
        assert!(without.without_effect, "midnight takes no alert away");
    }
}
