//! Reads what became of the campaigns' dials, beside the loop.
//!
//! *When.* Each campaign at most once in the interval of the settings, those first that were asked about longest ago. A
//! reading begins after a tick's commands, runs beside the loop, and is taken in before the next decision; no tick waits for it. Its
//! calls pass the limiter one after the other, like those of any reading.
//!
//! *Failures* cost nothing but age: what was counted stays, and the next reading covers the interval that was missed.
//!
//! *The period* that is asked for is the day in UTC. *Clock steps:* a reading that is under way when the machine's clock is set is
//! dropped, since its time is of the old clock. *Ending:* it is given up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::domain::outcomes::{OutcomeReading, start_of_day};
use crate::domain::{Autopilot, Campaign, CampaignId, Timestamp};
use crate::platform::port::{Connected, OutcomeFinding, OutcomeReader, PlatformFault};

use super::operator::Author;
use super::ports::Clock;
use super::start::CycleSettings;

/// The author of what a file feeds, in the audit.
const FILE: &str = "outcomes_file";

/// What a reading gave.
#[derive(Default)]
pub(super) struct OutcomesTaken {
    /// The readings, by campaign.
    pub(super) readings: Vec<(CampaignId, OutcomeReading)>,
    /// Who fed them, where a site does: that goes into the audit.
    pub(super) fed_by: Option<Author>,
    /// How many campaigns could not be read, and why the first of them could not.
    pub(super) failed: Option<(usize, PlatformFault)>,
}

struct UnderWay {
    findings: JoinHandle<Vec<(CampaignId, OutcomeFinding)>>,
    /// By how much the machine's clock had been followed when it began.
    followed: i64,
    /// Ends the task with whoever holds this.
    _guard: DropGuard,
}

/// Reads outcomes, and keeps who was asked about when.
pub(super) struct OutcomeReads {
    clock: Arc<dyn Clock>,
    /// Absent where nobody counts, or nothing is to be read.
    reader: Option<Arc<dyn OutcomeReader>>,
    every: Duration,
    /// A reading that is not complete by then has failed.
    longest: Duration,
    /// When each campaign was last asked about, by the monotonic clock.
    asked: BTreeMap<CampaignId, Duration>,
    under_way: Option<UnderWay>,
    shutdown: CancellationToken,
}

impl OutcomeReads {
    pub(super) fn new(
        clock: &Arc<dyn Clock>,
        platform: &Connected,
        settings: &CycleSettings,
        shutdown: &CancellationToken,
    ) -> Self {
        let wanted = !settings.outcomes_every.is_zero();
        Self {
            clock: Arc::clone(clock),
            reader: platform.outcomes.clone().filter(|_| wanted),
            every: settings.outcomes_every,
            longest: settings.outcomes_every.max(settings.command_longest),
            asked: BTreeMap::new(),
            under_way: None,
            shutdown: shutdown.clone(),
        }
    }

    /// Returns what the reading under way gave, if it has ended.
    pub(super) async fn take(&mut self) -> OutcomesTaken {
        let mut taken = OutcomesTaken::default();
        let followed = self.clock.followed();
        // Of another clock: dropped, however far it has come.
        self.under_way.take_if(|reads| reads.followed != followed);
        let Some(ended) = self.under_way.take_if(|reads| reads.findings.is_finished()) else {
            return taken;
        };
        // It ends without findings at a shutdown only.
        let Ok(findings) = ended.findings.await else {
            return taken;
        };
        for (campaign, finding) in findings {
            match finding {
                Ok(Some(reading)) => taken.readings.push((campaign, reading)),
                Ok(None) => {}
                Err(fault) => {
                    let (failed, _) = taken.failed.get_or_insert((0, fault));
                    *failed = failed.saturating_add(1);
                }
            }
        }
        let fed = self.reader.as_ref().and_then(|reader| reader.fed_from());
        if let Some(from) = fed.filter(|_| !taken.readings.is_empty()) {
            taken.fed_by = Author::new(FILE, &from).ok();
        }
        taken
    }

    /// Begins to read those campaigns that are due, unless a reading is under way.
    pub(super) fn begin(&mut self, autopilot: &Autopilot) {
        let Some(reader) = self.reader.clone().filter(|_| self.under_way.is_none()) else {
            return;
        };
        let (now, passed) = (self.clock.now(), self.clock.monotonic());
        let due = self.due(autopilot, &*reader, now, passed);
        if due.is_empty() {
            return;
        }
        for campaign in &due {
            self.asked.insert(campaign.clone(), passed);
        }
        let ending = self.shutdown.child_token();
        let guard = ending.clone().drop_guard();
        let deadline = now.plus(self.longest);
        let findings = tokio::spawn(async move {
            let read = reader.outcomes(&due, start_of_day(now), deadline);
            let found = tokio::select! {
                biased;
                () = ending.cancelled() => Vec::new(),
                found = read => found,
            };
            due.into_iter().zip(found).collect()
        });
        self.under_way = Some(UnderWay {
            findings,
            followed: self.clock.followed(),
            _guard: guard,
        });
    }

    /// Returns the campaigns that are due, those first that were asked about longest ago.
    fn due(
        &mut self,
        autopilot: &Autopilot,
        reader: &dyn OutcomeReader,
        now: Timestamp,
        passed: Duration,
    ) -> Vec<CampaignId> {
        self.asked.retain(|id, _| autopilot.campaign(id).is_some());
        let reads_fed = reader.fed_from().is_some();
        let is_fed = |campaign: &Campaign| {
            let outcomes = campaign.state().outcomes.as_ref();
            outcomes.is_some_and(|known| known.is_fed(now))
        };
        let mut due: Vec<(Option<Duration>, &CampaignId)> = autopilot
            .campaigns()
            .filter(|(_, campaign)| reads_fed || !is_fed(campaign))
            .map(|(id, _)| (self.asked.get(id).copied(), id))
            .filter(|(asked, _)| {
                asked.is_none_or(|asked| passed.saturating_sub(asked) >= self.every)
            })
            .collect();
        due.sort_unstable();
        let due = due.into_iter().take(reader.most_at_once());
        due.map(|(_, id)| id.clone()).collect()
    }
}
