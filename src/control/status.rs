//! One snapshot of what the daemon knows: it feeds health, pages and commands, so that they cannot disagree.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::aim::AimReading;
use crate::domain::calendar::CalendarState;
use crate::domain::guard::{Guard, GuardStanding};
use crate::domain::{
    CalendarId, Calendars, Campaign, CampaignId, CampaignLabels, CampaignState, DecisionId, Policy,
    Reason, Thresholds, Timestamp,
};
use crate::platform::port::{PlatformNames, Rival};

use super::queues::QueueView;

/// The present state of one campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignView {
    /// The campaign.
    pub id: CampaignId,
    /// Its state.
    pub state: CampaignState,
    /// The thresholds of its rules, or its aim's as whole agents; an operator's override is in its state.
    pub configured: Thresholds,
    /// The last decision on it.
    pub reason: Option<Reason>,
    /// What its calendar said then.
    pub calendar: Option<Arc<CalendarView>>,
    /// What its aim said then, whether or not an operator's thresholds were in force instead. Few campaigns have one.
    pub aim: Option<Box<AimReading>>,
}

impl CampaignView {
    /// Returns the state of a campaign with the last decision on it.
    #[must_use]
    pub fn of(
        id: &CampaignId,
        campaign: &Campaign,
        reason: Option<&Reason>,
        calendar: Option<Arc<CalendarView>>,
    ) -> Self {
        let aim = reason.and_then(|reason| {
            let out_of_force = || campaign.aim_reading(reason.at).map(Box::new);
            reason.aim.clone().or_else(out_of_force)
        });
        Self {
            id: id.clone(),
            state: campaign.state().clone(),
            configured: campaign.configured_thresholds(),
            reason: reason.cloned(),
            calendar,
            aim,
        }
    }
}

/// What a calendar says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarView {
    /// Its name.
    pub name: CalendarId,
    /// Whether it is open, and until when.
    pub state: CalendarState,
    /// The same in words, on the clock of its zone.
    pub says: String,
}

/// What calendars say, put into words once for all the campaigns that share one.
#[derive(Debug, Default)]
pub struct CalendarViews(BTreeMap<CalendarId, Arc<CalendarView>>);

impl CalendarViews {
    /// Returns what the calendar of a campaign with these rules said at its last decision.
    pub fn of(
        &mut self,
        calendars: &Calendars,
        policy: &Policy,
        reason: Option<&Reason>,
    ) -> Option<Arc<CalendarView>> {
        let (name, calendar) = calendars.of(policy)?;
        let reason = reason?;
        let state = &reason.stages.calendar.found.as_ref()?.state;
        if let Some(known) = self.0.get(name).filter(|known| known.state == *state) {
            return Some(Arc::clone(known));
        }
        let view = Arc::new(CalendarView {
            name: name.clone(),
            state: state.clone(),
            says: calendar.in_words(state, reason.at),
        });
        self.0.insert(name.clone(), Arc::clone(&view));
        Some(view)
    }
}

/// The present state of one preview campaign's list of agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignmentView {
    /// The campaign.
    pub id: CampaignId,
    /// Whether it runs, where that is known.
    pub running: Option<bool>,
    /// Whether its list was read.
    pub known: bool,
    /// The end of a dispatch is not known.
    pub uncertain: bool,
    /// Agents on the list in force.
    pub listed: usize,
    /// Agents whom the last plan wants there, once there was one.
    pub wanted: Option<usize>,
    /// Agents wanted at least.
    pub least: u32,
    /// Agents taken at most.
    pub most: u32,
    /// A person's list is left alone until then.
    pub left_alone_until: Option<Timestamp>,
    /// The last list that was sent in this run.
    pub last: Option<DispatchView>,
}

/// A list that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchView {
    /// When its end was known.
    pub at: Timestamp,
    /// The decision that sent it.
    pub decision: DecisionId,
    /// The end of the dispatch.
    pub end: &'static str,
    /// Agents who joined by it.
    pub joining: usize,
    /// Agents who left by it.
    pub leaving: usize,
}

/// How the configuration was last read anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReloadView {
    /// The time at which it happened.
    pub at: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// What was wrong; nothing when it is in force.
    pub faults: Vec<String>,
    /// What came into force, a line each.
    pub changes: Vec<String>,
}

/// How a campaign stands under a guard.
#[derive(Clone, Debug, PartialEq)]
pub struct GuardView {
    /// The guard.
    pub guard: Arc<Guard>,
    /// How the period under way stands.
    pub standing: GuardStanding,
}

/// How campaigns stand under guards, in the order of the guards.
pub type GuardViews = BTreeMap<CampaignId, Vec<GuardView>>;

/// What starts and stops each campaign besides the daemon, or keeps its decisions from having their effect.
pub(super) type Rivals = BTreeMap<CampaignId, Vec<Rival>>;

/// Polls in a row that gave no valid reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutageView {
    /// When the first of them ended.
    pub since: Timestamp,
    /// How many there were.
    pub polls: u32,
    /// Why the last one gave none, in the platform's words where it gave any.
    pub why: String,
}

/// What becomes of running campaigns while readings stay away, by the rules in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StaleRules {
    /// So many polls in a row make the data stale, for the campaign that waits for the fewest; none where no agents count.
    pub after: Option<u32>,
    /// Campaigns that run and go on dialling.
    pub keep_dialling: usize,
    /// Campaigns that are paused for it.
    pub paused: usize,
}

/// A contact centre that is simulated, and steered instead of a real one.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulationView {
    /// The name of the simulated day.
    pub scenario: String,
    /// What it shows, for people.
    pub about: String,
    /// The seed of everything random in it.
    pub seed: u64,
    /// How many times faster than real time it goes by.
    pub speed: f64,
    /// The day so far beside the same day without the daemon.
    pub comparison: Option<SimulationComparison>,
}

/// A simulated day up to a moment, with the daemon and without it, for the same callers, customers and agents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulationComparison {
    /// The hours of the day that are compared.
    pub hours: f64,
    /// With the daemon.
    pub with_autopilot: SimulationArm,
    /// Without it.
    pub left_running: SimulationArm,
}

/// What came of one arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulationArm {
    /// Answered calls an hour that reached an agent.
    pub connected_per_hour: f64,
    /// The share of answered calls that reached nobody.
    pub abandoned_share: f64,
    /// The share of inbound callers who hung up before an agent took their call.
    pub hung_up_share: f64,
}

/// What the daemon knows after its last tick.
#[expect(
    clippy::struct_excessive_bools,
    reason = "a state for people and probes: each is a fact of its own"
)]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservableState {
    /// When the loop last showed a sign of life.
    pub alive_at: Timestamp,
    /// The longest that the loop may be silent before it counts as hung.
    pub silence_allowed: Duration,
    /// When the last valid sample was taken.
    pub sample_at: Option<Timestamp>,
    /// Whether the last poll gave a valid sample.
    pub poll_valid: bool,
    /// Polls in a row that gave no valid reading, if the last one did not.
    pub outage: Option<OutageView>,
    /// What becomes of campaigns while readings stay away.
    pub stale_rules: StaleRules,
    /// Ticks so far.
    pub ticks: u64,
    /// Goes up with everything that changes what is shown.
    pub version: u64,
    /// The last decision.
    pub decision: Option<DecisionId>,
    /// Whether this is a dry run, which sends no command.
    pub dry_run: bool,
    /// From the start of one poll to the start of the next.
    pub poll_interval: Duration,
    /// SHA-256 of the configuration in force.
    pub config: String,
    /// How the configuration was last read anew.
    pub last_reload: Option<ReloadView>,
    /// Whether the store could be written the last time.
    pub journal_writable: bool,
    /// What is damaged in the store, in words.
    pub store_damage: Arc<Vec<String>>,
    /// Every campaign.
    pub campaigns: Arc<Vec<CampaignView>>,
    /// Every queue that is calibrated, by id.
    pub queues: Arc<Vec<QueueView>>,
    /// Every preview campaign whose agents are assigned.
    pub assignments: Arc<Vec<AssignmentView>>,
    /// What people call campaigns.
    pub labels: Arc<BTreeMap<CampaignId, CampaignLabels>>,
    /// What the platform calls campaigns, as far as it was read.
    pub names: Arc<PlatformNames>,
    /// What else on the platform starts and stops campaigns, or stands in their way.
    pub rivals: Arc<Rivals>,
    /// How campaigns stand under guards.
    pub guards: Arc<GuardViews>,
    /// What is simulated, where the contact centre is.
    pub simulation: Option<Arc<SimulationView>>,
    /// The loop has ended; nothing changes any more.
    pub ended: bool,
}

impl ObservableState {
    /// Returns whether the loop has shown a sign of life in time.
    #[must_use]
    pub fn alive(&self, now: Timestamp) -> bool {
        now.since(self.alive_at) <= self.silence_allowed
    }

    /// Returns why the daemon is not ready to do its work, if it is not.
    #[must_use]
    pub fn not_ready(&self) -> Option<String> {
        if self.ended {
            return Some("the loop has ended".to_owned());
        }
        if self.sample_at.is_none() {
            return Some("no valid poll yet".to_owned());
        }
        if !self.journal_writable {
            return Some("the store cannot be written".to_owned());
        }
        let outage = self.outage.as_ref().filter(|_| self.is_stale())?;
        let OutageView { since, polls, .. } = outage;
        // Probes are answered to everybody; the platform's words are for those who may see the status.
        Some(format!(
            "data is stale, {polls} polls in a row without a valid reading since {since}"
        ))
    }

    /// Returns whether so many polls in a row gave no valid reading that the rules for stale data hold.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        let polls = self.outage.as_ref().map(|outage| outage.polls);
        polls
            .zip(self.stale_rules.after)
            .is_some_and(|(polls, after)| polls >= after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_loop_counts_as_hung_after_its_deadline() {
        let at = Timestamp::from_unix_millis(1_000_000);
        let state = ObservableState {
            alive_at: at,
            silence_allowed: Duration::from_secs(10),
            ..ObservableState::default()
        };
        assert!(state.alive(at.plus(Duration::from_secs(10))));
        assert!(!state.alive(at.plus(Duration::from_millis(10_001))));
    }

    #[test]
    fn readiness_names_what_is_missing() {
        let ready = ObservableState {
            sample_at: Some(Timestamp::default()),
            journal_writable: true,
            ..ObservableState::default()
        };
        assert_eq!(ready.not_ready(), None);
        let unread = ObservableState {
            sample_at: None,
            ..ready.clone()
        };
        assert_eq!(unread.not_ready().as_deref(), Some("no valid poll yet"));
        let unwritable = ObservableState {
            journal_writable: false,
            ..ready.clone()
        };
        let why = unwritable.not_ready();
        assert_eq!(why.as_deref(), Some("the store cannot be written"));
        let after = |polls| ObservableState {
            outage: Some(OutageView {
                since: Timestamp::default(),
                polls,
                why: "503 maintenance".to_owned(),
            }),
            stale_rules: StaleRules {
                after: Some(3),
                ..StaleRules::default()
            },
            ..ready.clone()
        };
        assert_eq!(after(2).not_ready(), None, "one poll more may be valid");
        let stale = after(3).not_ready().unwrap();
        assert!(stale.starts_with("data is stale, 3 polls"), "{stale}");
        assert!(!stale.contains("maintenance"), "{stale}");
    }
}
