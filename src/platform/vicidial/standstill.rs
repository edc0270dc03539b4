//! Whether a campaign that runs is dialled.
//!
//! *Why it may not be.* Where the process that dials is dead, nothing of what the platform answers says so: the campaign is active, and
//! its agents stay `READY`, since it is this process that would put silent ones aside. That the rows then never change is
//! an inference, and was not tried on a system. A campaign without records to dial looks the same.
//!
//! *How.* While a campaign runs and the rows of its waiting agents are all the same for [`ROWS_STILL`], the calls of the day are read; when they
//! are the same [`BETWEEN`] later, nothing is dialled. It is told once, and looked at again until calls are placed, the campaign no
//! longer runs or nobody waits. No call of ours where agents are dialled for; nothing is told where the user may not see calls.
//!
//! *Never here:* a decision. Agents who wait for nothing are free all the same, and a pause or a resume would change nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{info, warn};

use crate::domain::{CampaignActivity, CampaignId, Timestamp};
use crate::platform::dialect::PauseMethod;
use crate::telemetry::Metrics;

use super::call_reader::CallReader;
use super::campaign::Listing;
use super::counting::LoggedIn;

/// What is likely behind it.
pub(super) const WHY: &str = "agents wait in it and no call is placed although it runs: the process that dials may be dead, or there are no records to dial";

/// A dialler that lives places calls for whoever waits within seconds, and each call ends within half a minute or has an agent.
const ROWS_STILL: Duration = Duration::from_secs(300);

/// Between two looks at the calls.
const BETWEEN: Duration = Duration::from_secs(300);

/// Who waits for calls, as the last poll of the agents has found it.
#[derive(Default)]
pub(super) struct WaitingRows(Mutex<BTreeMap<CampaignId, Waiting>>);

/// What is known of the agents who wait in a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    Unknown,
    Nobody,
    /// A digest of their rows.
    Rows(u64),
}

/// Watches the campaigns of a system that run.
pub(super) struct StandstillWatch {
    calls: Arc<CallReader>,
    waiting: Arc<WaitingRows>,
    method: PauseMethod,
    metrics: Arc<Metrics>,
    running: Mutex<BTreeMap<CampaignId, Running>>,
}

/// A campaign that runs while agents wait in it.
#[derive(Clone, Copy, Debug)]
struct Running {
    rows: Waiting,
    /// Since when those are the same.
    since: Timestamp,
    calls: Option<u64>,
    /// When the calls were read.
    looked_at: Option<Timestamp>,
    stands: bool,
}

impl WaitingRows {
    /// Takes in who is logged into these campaigns; nothing, where that could not be read.
    pub(super) fn note<'a>(
        &self,
        campaigns: impl Iterator<Item = &'a CampaignId>,
        found: Option<&LoggedIn>,
    ) {
        let known = campaigns.filter_map(|id| {
            let waiting = found?.waiting(id.as_str());
            Some((id.clone(), waiting.map_or(Waiting::Nobody, Waiting::Rows)))
        });
        let known = known.collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }

    fn waiting_in(&self, id: &CampaignId) -> Waiting {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).copied().unwrap_or(Waiting::Unknown)
    }
}

impl Running {
    fn since(now: Timestamp, rows: Waiting) -> Self {
        Self {
            rows,
            since: now,
            calls: None,
            looked_at: None,
            stands: false,
        }
    }

    /// Takes in the rows of a poll. Returns whether the calls are to be read now.
    fn observe(&mut self, rows: Waiting, now: Timestamp) -> bool {
        // Rows that were not read may have changed; a clock that was set back must not put the look off.
        if self.rows != rows || rows == Waiting::Unknown || self.since > now {
            self.rows = rows;
            self.since = now;
            if !self.stands {
                self.calls = None;
                self.looked_at = None;
            }
        }
        let still = self.stands || now.since(self.since) >= ROWS_STILL;
        let waited = self
            .looked_at
            .is_none_or(|at| at > now || now.since(at) >= BETWEEN);
        still && waited
    }

    /// Takes in a count of the calls. Returns whether what is known of the dialling has changed.
    fn count(&mut self, calls: u64, now: Timestamp) -> bool {
        let before = self.calls.replace(calls);
        self.looked_at = Some(now);
        let known = self.stands;
        self.stands = match before {
            Some(before) if calls > before => false,
            Some(before) if calls == before => true,
            // A day has begun: its calls are held against the next count.
            Some(_) | None => known,
        };
        self.stands != known
    }
}

impl StandstillWatch {
    pub(super) fn new(
        calls: Arc<CallReader>,
        waiting: Arc<WaitingRows>,
        method: PauseMethod,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            calls,
            waiting,
            method,
            metrics,
            running: Mutex::default(),
        }
    }

    /// Takes in which campaigns run, and reads calls where that is due.
    pub(super) async fn look(&self, listing: &Listing, ids: &[CampaignId], deadline: Timestamp) {
        let now = self.calls.now();
        let due = self.due(listing, ids, now);
        for (id, calls) in self.calls.read(&due, deadline).await {
            self.count(&id, calls, now);
        }
    }

    fn due(&self, listing: &Listing, ids: &[CampaignId], now: Timestamp) -> Vec<CampaignId> {
        let mut all = self.held();
        let mut due = Vec::new();
        for id in ids {
            let found = listing.get(id.as_str());
            let runs =
                found.is_some_and(|found| found.activity(self.method) == CampaignActivity::Running);
            let rows = self.waiting.waiting_in(id);
            if !runs || rows == Waiting::Nobody {
                if all.remove(id).is_some_and(|running| running.stands) {
                    self.show(&all);
                }
                continue;
            }
            let running = all
                .entry(id.clone())
                .or_insert_with(|| Running::since(now, rows));
            if running.observe(rows, now) {
                due.push(id.clone());
            }
        }
        due
    }

    fn count(&self, id: &CampaignId, calls: u64, now: Timestamp) {
        let mut all = self.held();
        let Some(running) = all.get_mut(id) else {
            return;
        };
        if !running.count(calls, now) {
            return;
        }
        let stands = running.stands;
        self.show(&all);
        drop(all);
        if stands {
            warn!(campaign = %id, "nothing is dialled: {WHY}");
        } else {
            info!(campaign = %id, "calls are placed again");
        }
    }

    fn show(&self, all: &BTreeMap<CampaignId, Running>) {
        let standing = all.values().filter(|running| running.stands).count();
        self.metrics.outcomes.campaigns_at_standstill(standing);
    }

    /// Those of these campaigns that run and are not dialled.
    pub(super) fn standing(&self, ids: &[CampaignId]) -> Vec<CampaignId> {
        let all = self.held();
        let standing = ids
            .iter()
            .filter(|id| all.get(*id).is_some_and(|running| running.stands));
        standing.cloned().collect()
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<CampaignId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn calls_are_read_once_rows_have_stood_still_and_stand_when_they_are_the_same() {
        let rows = Waiting::Rows(1);
        let mut running = Running::since(START, rows);
        assert!(!running.observe(rows, after(299)));
        assert!(running.observe(rows, after(300)));
        assert!(!running.count(50, after(300)));
        assert!(!running.observe(rows, after(599)));
        assert!(running.observe(rows, after(600)));
        assert!(running.count(50, after(600)), "it is told");
        assert!(running.observe(rows, after(900)));
        assert!(!running.count(50, after(900)), "and told once");
        // Somebody steps back from the desk; that dials nothing.
        assert!(!running.observe(Waiting::Rows(2), after(910)));
        assert!(running.observe(Waiting::Rows(2), after(1_200)));
        assert!(!running.count(0, after(1_200)), "a day begins");
        assert!(running.observe(Waiting::Rows(2), after(1_500)));
        assert!(running.count(3, after(1_500)), "and calls are placed");
        assert!(!running.stands);
    }

    #[test]
    fn rows_that_change_or_are_not_known_begin_anew() {
        for between in [Waiting::Rows(2), Waiting::Unknown] {
            let rows = Waiting::Rows(1);
            let mut running = Running::since(START, rows);
            assert!(running.observe(rows, after(300)));
            running.count(50, after(300));
            assert!(!running.observe(between, after(500)));
            assert!(!running.observe(rows, after(510)));
            assert!(!running.observe(rows, after(809)));
            assert!(running.observe(rows, after(810)));
            assert!(
                !running.count(50, after(810)),
                "nothing is held against a count of before"
            );
        }
    }

    #[test]
    fn calls_that_grow_while_the_same_agents_wait_are_dialling() {
        let rows = Waiting::Rows(1);
        let mut running = Running::since(START, rows);
        for (seconds, calls) in [(300, 50), (600, 51), (900, 60)] {
            assert!(running.observe(rows, after(seconds)));
            assert!(!running.count(calls, after(seconds)));
        }
        // A clock that was set back puts it off by no more than it was.
        assert!(!running.observe(rows, START));
        assert!(running.observe(rows, after(300)));
    }
}
