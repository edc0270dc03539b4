//! Whether a pause has an effect.
//!
//! *Why it may not.* With fewer agents than its *Auto Dial Level Threshold* a campaign dials at level 1 whatever is set, and no answer
//! shows that threshold. A campaign that shows our pause and still places calls is found out by its count of calls.
//!
//! *How.* Once a pause has been seen for as long as a call rings, and some seconds more for the dialler's own loop, the calls of the
//! day are read; when they have grown at the next look, the pause has no effect. It is told once, and looked at again until the
//! calls stand still or the pause is over. Two calls a pause where all is well; none where the user may not see calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{info, warn};

use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::FaultKind;
use crate::telemetry::Metrics;

use super::campaign::Listing;
use super::site::{Ask, Site};
use super::statistics::{campaigns_field, counts};
use super::{endpoints, rights};

/// What is likely behind it.
pub(super) const WHY: &str = "its calls still grow although it is paused: it may have an `Auto Dial Level Threshold` that dials over the pause, which pause_method = \"active\" does not";

/// A pause reaches the dialler within some seconds, and calls are counted when they end.
const ALLOWANCE: Duration = Duration::from_secs(10);

/// Between two looks at the calls.
const BETWEEN: Duration = Duration::from_secs(30);

/// After a refusal nobody asks for so long.
const ASK_AGAIN: Duration = Duration::from_secs(6 * 3_600);

/// Watches the pauses of a system.
pub(super) struct EffectWatch {
    site: Arc<Site>,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    paused: BTreeMap<CampaignId, Paused>,
    refused_at: Option<Timestamp>,
}

/// A pause that is in force.
#[derive(Clone, Copy)]
struct Paused {
    /// No call of before it rings any more.
    quiet_from: Timestamp,
    /// When the calls are read next; never, where they stood still.
    look_at: Option<Timestamp>,
    calls: Option<u64>,
    without_effect: bool,
}

impl Paused {
    /// Takes in a count. Returns whether what is known of the effect has changed.
    fn count(&mut self, calls: u64, now: Timestamp) -> bool {
        let before = self.calls.replace(calls);
        let grown = before.is_some_and(|before| calls > before);
        let known = self.without_effect;
        self.without_effect = grown;
        self.look_at = (before.is_none() || grown).then(|| now.plus(BETWEEN));
        self.without_effect != known
    }
}

impl EffectWatch {
    pub(super) fn new(site: Arc<Site>, metrics: Arc<Metrics>) -> Self {
        Self {
            site,
            metrics,
            state: Mutex::default(),
        }
    }

    /// Takes in which campaigns show our pause, and reads calls where that is due.
    pub(super) async fn look(&self, listing: &Listing, ids: &[CampaignId], deadline: Timestamp) {
        let now = self.site.now();
        let due = self.due(listing, ids, now);
        if due.is_empty() {
            return;
        }
        let field = campaigns_field(&due);
        let ask = Ask {
            endpoint: endpoints::CALLS,
            function: "call_status_stats",
            fields: vec![("campaigns", field.as_str())],
            right: rights::CALLS,
            share: RateShare::Readings,
            deadline,
        };
        match self.site.read(ask, counts).await {
            Ok(counted) => {
                for id in due {
                    if let Some(counts) = counted.get(&id.as_str().to_lowercase()) {
                        self.count(&id, counts.calls, now);
                    }
                }
            }
            Err(fault) if fault.kind == FaultKind::Forbidden => {
                self.held().refused_at = Some(now);
                info!(
                    why = fault.detail,
                    "whether pauses have an effect cannot be seen"
                );
            }
            // The next look comes with the next poll.
            Err(_) => {}
        }
    }

    /// Those whose calls are to be read now.
    fn due(&self, listing: &Listing, ids: &[CampaignId], now: Timestamp) -> Vec<CampaignId> {
        let mut state = self.held();
        let mut due = Vec::new();
        for id in ids {
            let found = listing.get(id.as_str());
            let Some(campaign) = found.filter(|campaign| campaign.is_marked()) else {
                if let Some(paused) = state.paused.remove(id)
                    && paused.without_effect
                {
                    self.show(&state);
                }
                continue;
            };
            let quiet_from = now.plus(campaign.rings).plus(ALLOWANCE);
            let paused = state.paused.entry(id.clone()).or_insert(Paused {
                quiet_from,
                look_at: Some(quiet_from),
                calls: None,
                without_effect: false,
            });
            // A clock that was set back must not put it off.
            paused.quiet_from = paused.quiet_from.min(quiet_from);
            let look_at = paused
                .look_at
                .map(|at| at.min(now.plus(BETWEEN).max(quiet_from)));
            if now >= paused.quiet_from && look_at.is_some_and(|at| now >= at) {
                due.push(id.clone());
            }
        }
        let refused = state.refused_at;
        if refused.is_some_and(|at| now.since(at) < ASK_AGAIN) {
            due.clear();
        }
        due
    }

    fn count(&self, id: &CampaignId, calls: u64, now: Timestamp) {
        let mut state = self.held();
        let Some(paused) = state.paused.get_mut(id) else {
            return;
        };
        if !paused.count(calls, now) {
            return;
        }
        let without_effect = paused.without_effect;
        self.show(&state);
        drop(state);
        if without_effect {
            warn!(campaign = %id, "the pause has no effect: {WHY}");
        } else {
            info!(campaign = %id, "the pause has an effect now: its calls stand still");
        }
    }

    fn show(&self, state: &State) {
        let paused = state.paused.values();
        let without = paused.filter(|paused| paused.without_effect).count();
        self.metrics.outcomes.pauses_without_effect(without);
    }

    /// Those of these campaigns whose pause has no effect.
    pub(super) fn without_effect(&self, ids: &[CampaignId]) -> Vec<CampaignId> {
        let state = self.held();
        let without = ids.iter().filter(|id| {
            let paused = state.paused.get(*id);
            paused.is_some_and(|paused| paused.without_effect)
        });
        without.cloned().collect()
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    #[test]
    fn calls_that_grow_twice_looked_at_are_a_pause_without_effect() {
        let mut paused = Paused {
            quiet_from: START,
            look_at: Some(START),
            calls: None,
            without_effect: false,
        };
        assert!(!paused.count(40, START));
        assert_eq!(paused.look_at, Some(START.plus(BETWEEN)));
        assert!(paused.count(44, START));
        assert!(paused.without_effect && paused.look_at.is_some());
        assert!(!paused.count(46, START), "it is told once");
        assert!(paused.count(46, START), "and when that is over");
        assert_eq!(paused.look_at, None);
        // A day that begins counts from nothing.
        let mut over_night = Paused {
            calls: Some(900),
            ..paused
        };
        assert!(!over_night.count(0, START));
    }
}
