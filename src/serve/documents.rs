//! The documents of the admin API: stable, versioned by `schema`, and made from the one snapshot.
//!
//! Times are RFC 3339 in UTC, durations seconds. `version` goes up with everything that changes what is shown.

use serde::{Deserialize, Serialize};

use crate::control::CampaignView;
use crate::control::ObservableState;
use crate::control::operator::{AppliedChange, PastEntry};
use crate::control::ports::AuditEvent;
use crate::control::series::PlotState;
use crate::domain::{
    Asked, Belief, CampaignId, CampaignLabels, ExplainedStage, Explanation, Outcome,
    PauseOwnerKind, Reason, TenantName, Thresholds, Timestamp, explain,
};

use super::aim::AimDocument;
use super::answer::{CampaignAnswer, SteeredElsewhere};
use super::applied;
use super::assignments::AssignmentDocument;
use super::guards::GuardDocument;
use super::outage::OutageDocument;
use super::outcomes::OutcomesDocument;
use super::queue_documents::QueueDocument;
use super::schema::SCHEMA;
use super::simulation::SimulationDocument;
use super::throttle::ThrottleDocument;
use super::words;

/// The daemon and every campaign.
#[expect(
    clippy::struct_excessive_bools,
    reason = "a document for people and programs: each is a fact of its own"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusDocument {
    /// The form's version.
    pub schema: u32,
    /// Goes up with everything that changes here.
    pub version: u64,
    /// The daemon's time, some seconds old at most.
    #[serde(default)]
    pub now: String,
    /// The IANA zone on whose clock people are shown times.
    #[serde(default)]
    pub time_zone: String,
    /// Whether the loop is alive.
    pub alive: bool,
    /// Whether it is ready.
    pub ready: bool,
    /// Why it is not ready.
    pub not_ready: Option<String>,
    /// Polls in a row that gave no valid reading, if the last one did not; of several tenants, of the one whose lasts longest.
    #[serde(default)]
    pub outage: Option<OutageDocument>,
    /// The loop has ended: nothing changes any more.
    #[serde(default)]
    pub ended: bool,
    /// What is simulated, where the contact centre is; left out where it is a real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulation: Option<SimulationDocument>,
    /// Whether commands are only decided and shown.
    pub dry_run: bool,
    /// Whether a browser may ask for changes.
    #[serde(default)]
    pub actions: bool,
    /// The program that serves this.
    #[serde(default)]
    pub daemon: DaemonDocument,
    /// The last decision.
    pub decision: Option<String>,
    /// From the start of one poll to the start of the next, in seconds.
    pub poll_interval_s: f64,
    /// When the last valid sample was taken.
    pub sample_at: Option<String>,
    /// Whether the store could be written the last time.
    pub journal_writable: bool,
    /// What was found damaged in the store at the start, a sentence each.
    #[serde(default)]
    pub store_damage: Vec<String>,
    /// The configuration.
    pub config: ConfigDocument,
    /// The tenants, by name; nothing where there are no `[[tenant]]` tables. What stands beside it is then so of all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<TenantDocument>,
    /// The tenants that other daemons steer, which are to be asked about their campaigns; nothing where the store is not shared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<SteeredElsewhere>,
    /// Every campaign, by tenant and id.
    pub campaigns: Vec<CampaignDocument>,
    /// Every queue that is calibrated, by id.
    #[serde(default)]
    pub queues: Vec<QueueDocument>,
    /// Every preview campaign whose agents are assigned, by id.
    #[serde(default)]
    pub assignments: Vec<AssignmentDocument>,
}

/// The program that runs, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonDocument {
    /// Its version.
    pub version: String,
    /// The revision that it was made from.
    pub revision: String,
    /// When it was started.
    pub started_at: String,
}

/// The configuration in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfigDocument {
    /// Its SHA-256.
    pub hash: String,
    /// How it was last reloaded, if it was.
    pub last_reload: Option<ReloadDocument>,
}

/// One of several tenants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenantDocument {
    /// Its name.
    pub name: String,
    /// Whether its loop is alive.
    pub alive: bool,
    /// Whether it is ready.
    pub ready: bool,
    /// Why it is not ready.
    pub not_ready: Option<String>,
    /// Polls in a row that gave no valid reading, if the last one did not.
    #[serde(default)]
    pub outage: Option<OutageDocument>,
    /// The last decision of its run.
    pub decision: Option<String>,
    /// From the start of one poll to the start of the next, in seconds.
    pub poll_interval_s: Option<f64>,
    /// When its last valid sample was taken.
    pub sample_at: Option<String>,
    /// Whether its store could be written the last time.
    pub journal_writable: bool,
    /// How many campaigns it has.
    pub campaigns: usize,
    /// SHA-256 of its configuration.
    pub config: Option<String>,
}

/// The last reload of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReloadDocument {
    /// When it happened.
    pub at: String,
    /// Who asked for it.
    pub by: String,
    /// Whether it came into force.
    pub ok: bool,
    /// What was wrong.
    pub faults: Vec<String>,
    /// What came into force, a line each.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// One campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignDocument {
    /// The tenant whose it is, where there are several: requests name it `TENANT/ID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Its id on the platform.
    pub id: String,
    /// What people call it: its name in the configuration, or else what the platform calls it, where it says so.
    #[serde(default)]
    pub name: Option<String>,
    /// The team whose it is.
    #[serde(default)]
    pub team: Option<String>,
    /// What to know of it.
    #[serde(default)]
    pub note: Option<String>,
    /// What else on the platform starts and stops it, or stands in its way, as far as can be seen.
    #[serde(default)]
    pub rivals: Vec<String>,
    /// `running`, `paused`, `stopped` or `unknown`.
    pub state: String,
    /// Whose pause it is: `autopilot`, `person` or `unproven`; nothing when it is not paused.
    pub paused_by: Option<String>,
    /// By whom or what it does not dial: `autopilot` (the thresholds), `hold` (an operator's), `calendar`, `person`, `unproven` or
    /// `platform`; nothing when it dials or its state is not known.
    #[serde(default)]
    pub stopped_by: Option<String>,
    /// The platform's own word for its status, where one was read.
    #[serde(default)]
    pub platform_word: Option<String>,
    /// What its calendar says, where it has one.
    #[serde(default)]
    pub calendar: Option<CalendarDocument>,
    /// Where a command of ours is taking it that was acknowledged and does not show yet: `paused` or `running`.
    #[serde(default)]
    pub changing_to: Option<String>,
    /// Since when it is believed to be in this state.
    pub since: String,
    /// The number that the rule compared.
    pub available: Option<u32>,
    /// Agents that are not offline, where the thresholds are shares of them.
    pub staffed: Option<u32>,
    /// The pause threshold in whole agents.
    pub pause_below: Option<u32>,
    /// The resume threshold in whole agents.
    pub resume_at: Option<u32>,
    /// The thresholds as configured, or those of its aim in whole agents.
    pub configured: LinesDocument,
    /// The aim that gives the thresholds, where it has one.
    #[serde(default)]
    pub aim: Option<AimDocument>,
    /// What is remembered of its pace, where it is stepped down before it is paused.
    #[serde(default)]
    pub throttle: Option<ThrottleDocument>,
    /// The thresholds that an operator set, while they are in force.
    pub set: Option<OverrideDocument>,
    /// The hold in force.
    pub hold: Option<HoldDocument>,
    /// What the last decision came to: `pause`, `resume`, `nothing_to_do`, or what held it back.
    pub outcome: Option<String>,
    /// The reason, in one sentence.
    pub why: String,
    /// What the last decision came to, without the state and the numbers that stand beside it.
    #[serde(default)]
    pub verdict: String,
    /// The last decision.
    pub decision: Option<String>,
    /// When that was made.
    #[serde(default)]
    pub decided_at: Option<String>,
    /// Our last confirmed command.
    pub last_transition: Option<TransitionDocument>,
    /// What became of its dials; nothing while nobody counts that.
    #[serde(default)]
    pub outcomes: Option<OutcomesDocument>,
    /// How the periods under way stand under the guards that are about it.
    #[serde(default)]
    pub guards: Vec<GuardDocument>,
}

/// What a campaign's calendar says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDocument {
    /// Its name.
    pub name: String,
    /// Whether the campaign may dial.
    pub open: bool,
    /// When it opens next, if it is closed, or closes, if it is open; nothing if that is not within a year.
    pub until: Option<String>,
    /// The same in words, on the clock of its zone.
    pub says: String,
    /// Whether the pause in force is the calendar's.
    pub paused: bool,
    /// Whether it is the whole rule, so that no agents count.
    pub alone: bool,
}

/// A pair of thresholds, as numbers of agents or shares such as `12%`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinesDocument {
    /// The pause threshold.
    pub pause_below: String,
    /// The resume threshold.
    pub resume_at: String,
}

/// Thresholds that an operator set, or the target of the aim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideDocument {
    /// The share of abandoned calls that the aim is set to; its thresholds are in force then, and not those here.
    #[serde(default)]
    pub abandon_target: Option<String>,
    /// The pause threshold.
    pub pause_below: String,
    /// The resume threshold.
    pub resume_at: String,
    /// When they end.
    pub until: String,
    /// Who set them.
    pub author: String,
    /// The reason.
    pub reason: String,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldDocument {
    /// `running`, `paused` or `as-is`.
    pub kind: String,
    /// When it ends.
    pub until: String,
    /// Who set it.
    pub author: String,
    /// The reason.
    pub reason: String,
}

/// A confirmed command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitionDocument {
    /// `paused` or `running`.
    pub to: String,
    /// When it was confirmed.
    pub at: String,
    /// Why: `threshold`, `stale_failsafe`, `reconcile`, `manual` or `calendar`.
    pub cause: String,
    /// The decision that it belongs to.
    pub decision: String,
}

/// One campaign with the verdict of every stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignDetail {
    /// The form's version.
    pub schema: u32,
    /// Polls in a row that gave no valid reading, if the last one did not: what is shown is then of before.
    #[serde(default)]
    pub outage: Option<OutageDocument>,
    /// The campaign.
    pub campaign: CampaignDocument,
    /// What each stage said of the last decision, in the order in which they are asked.
    pub stages: Vec<StageDocument>,
    /// What would change it.
    pub would_change: Vec<String>,
}

/// One stage of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageDocument {
    /// Its number: stable, and no order; the list is in the order in which the stages are asked.
    pub number: u8,
    /// Its name.
    pub name: String,
    /// `passed`, `decided` or `not_asked`.
    pub asked: Asked,
    /// Its verdict in words.
    pub says: String,
    /// Until when that holds, where a time ends it.
    pub until: Option<String>,
}

/// The audit log, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryDocument {
    /// The form's version.
    pub schema: u32,
    /// Nothing older than this was asked for.
    pub since: String,
    /// Whether there is more within that time than was asked for.
    pub more: bool,
    /// Rows of the audit, the newest first.
    pub entries: Vec<EntryDocument>,
}

/// A row of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryDocument {
    /// The tenant whose row it is, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The row.
    #[serde(flatten)]
    pub entry: PastEntry,
    /// The event in words.
    pub says: String,
}

impl EntryDocument {
    pub(super) fn of(tenant: Option<&TenantName>, entry: PastEntry) -> Self {
        // A row of a newer version is shown as it is.
        let says = serde_json::from_value::<AuditEvent>(entry.event.clone())
            .map_or_else(|_| entry.event.to_string(), |event| words::event(&event));
        Self {
            tenant: tenant.map(ToString::to_string),
            entry,
            says,
        }
    }
}

/// The answer to an applied change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeAnswer {
    /// The form's version.
    pub schema: u32,
    /// What was changed.
    #[serde(with = "applied")]
    pub made: AppliedChange,
    /// What became of each campaign, where several were asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<CampaignAnswer>,
    /// What keeps it from acting now, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl CampaignDocument {
    /// Adds what is known of it beside its state.
    #[must_use]
    pub(super) fn described(
        mut self,
        tenant: Option<&TenantName>,
        observed: &ObservableState,
        id: &CampaignId,
    ) -> Self {
        self.tenant = tenant.map(ToString::to_string);
        if let Some(CampaignLabels { name, team, note }) = observed.labels.get(id) {
            (self.name, self.team, self.note) = (name.clone(), team.clone(), note.clone());
        }
        self.name = self.name.or_else(|| observed.names.get(id).cloned());
        let rivals = observed.rivals.get(id).into_iter().flatten();
        self.rivals = rivals.map(|rival| rival.description.clone()).collect();
        let guards = observed.guards.get(id).into_iter().flatten();
        self.guards = guards
            .map(|view| GuardDocument::new(&view.guard, &view.standing))
            .collect();
        self
    }

    /// Describes a campaign at `now`.
    #[must_use]
    pub fn of(view: &CampaignView, now: Timestamp) -> Self {
        let CampaignView {
            id,
            state,
            configured,
            reason,
            calendar: _,
            aim,
        } = view;
        let reason = reason.as_ref();
        let explained = explain(state, reason);
        let paused_by = match &state.belief {
            Belief::Paused(owner) => Some(PauseOwnerKind::new(owner).label()),
            Belief::Unread | Belief::Running | Belief::Other { .. } | Belief::Missing { .. } => {
                None
            }
        };
        let changing_to = state.unresolved.as_ref().filter(|open| open.acknowledged);
        let outcome = reason.map(|reason| match reason.outcome {
            Outcome::Command { direction, .. } => direction.to_string(),
            Outcome::NothingToDo => "nothing_to_do".to_owned(),
            Outcome::Suppressed { by, .. } => by.label().to_owned(),
        });
        let set = state
            .threshold_override
            .as_ref()
            .filter(|set| set.active(now));
        let hold = state.hold.as_ref().filter(|hold| hold.active(now));
        let thresholds = reason.and_then(Reason::thresholds);
        Self {
            tenant: None,
            id: id.to_string(),
            name: None,
            team: None,
            note: None,
            rivals: Vec::new(),
            state: state.belief.label().to_owned(),
            paused_by: paused_by.map(str::to_owned),
            stopped_by: PlotState::from_state(state, now)
                .stopped_by()
                .map(str::to_owned),
            platform_word: state
                .last_reading
                .as_ref()
                .map(|reading| reading.word.clone()),
            calendar: CalendarDocument::of(view),
            changing_to: changing_to.map(|open| open.to.label().to_owned()),
            since: state.since.to_string(),
            available: reason.and_then(Reason::available),
            staffed: reason.and_then(Reason::staffed),
            pause_below: thresholds.map(|thresholds| thresholds.pause_below),
            resume_at: thresholds.map(|thresholds| thresholds.resume_at),
            configured: LinesDocument::of(configured),
            aim: aim
                .as_deref()
                .map(|aim| AimDocument::of(aim, reason.is_some_and(|reason| reason.aim.is_some()))),
            throttle: state
                .throttle
                .as_deref()
                .map(|throttle| ThrottleDocument::of(throttle, now)),
            set: set.map(|set| {
                let LinesDocument {
                    pause_below,
                    resume_at,
                } = LinesDocument::of(&set.thresholds);
                OverrideDocument {
                    abandon_target: set.abandon_target.map(|target| target.to_string()),
                    pause_below,
                    resume_at,
                    until: set.until(now).to_string(),
                    author: set.author.clone(),
                    reason: set.reason.clone(),
                }
            }),
            hold: hold.map(|hold| HoldDocument {
                kind: hold.kind.label().to_owned(),
                until: hold.until(now).to_string(),
                author: hold.author.clone(),
                reason: hold.reason.clone(),
            }),
            outcome,
            why: explained.summary,
            verdict: explained.verdict,
            decision: reason.map(|reason| reason.decision.to_string()),
            decided_at: reason.map(|reason| reason.at.to_string()),
            last_transition: state.last_transition.map(|last| TransitionDocument {
                to: last.to.label().to_owned(),
                at: last.at.to_string(),
                cause: last.cause.label().to_owned(),
                decision: last.decision.to_string(),
            }),
            outcomes: state
                .outcomes
                .as_ref()
                .and_then(|known| OutcomesDocument::of(known, now)),
            guards: Vec::new(),
        }
    }
}

impl CalendarDocument {
    /// Describes what the calendar of a campaign said at its last decision.
    fn of(view: &CampaignView) -> Option<Self> {
        let (calendar, reason) = (view.calendar.as_ref()?, view.reason.as_ref());
        Some(Self {
            name: calendar.name.to_string(),
            open: calendar.state.is_open(),
            until: calendar.state.until.map(|until| until.to_string()),
            says: calendar.says.clone(),
            paused: view.state.paused_by_calendar(),
            alone: reason.is_some_and(|reason| reason.stages.calendar_alone().is_some()),
        })
    }
}

impl CampaignDocument {
    /// The id as people and requests write it: `TENANT/ID` where there are several tenants.
    #[must_use]
    pub fn written_id(&self) -> String {
        written_id(self.tenant.as_deref(), &self.id)
    }
}

/// An id as people and requests write it.
fn written_id(tenant: Option<&str>, id: &str) -> String {
    match tenant {
        Some(tenant) => format!("{tenant}/{id}"),
        None => id.to_owned(),
    }
}

impl QueueDocument {
    /// The id as people and requests write it.
    #[must_use]
    pub fn written_id(&self) -> String {
        written_id(self.tenant.as_deref(), &self.id)
    }
}

impl LinesDocument {
    fn of(thresholds: &Thresholds) -> Self {
        Self {
            pause_below: thresholds.pause_below().to_string(),
            resume_at: thresholds.resume_at().to_string(),
        }
    }
}

impl CampaignDetail {
    /// Adds what is known of it beside its state.
    #[must_use]
    pub(super) fn described(
        mut self,
        tenant: Option<&TenantName>,
        observed: &ObservableState,
        id: &CampaignId,
    ) -> Self {
        self.campaign = self.campaign.described(tenant, observed, id);
        self.outage = OutageDocument::of(observed);
        self
    }

    /// Describes a campaign at `now`, with its last decision explained.
    #[must_use]
    pub fn of(view: &CampaignView, now: Timestamp) -> Self {
        let Explanation {
            summary: _,
            verdict: _,
            stages,
            would_change,
        } = explain(&view.state, view.reason.as_ref());
        let stages = stages.into_iter().map(|stage| {
            let ExplainedStage {
                stage,
                asked,
                says,
                until,
            } = stage;
            StageDocument {
                number: stage.number(),
                name: stage.name().to_owned(),
                asked,
                says,
                until: until.map(|until| until.to_string()),
            }
        });
        Self {
            schema: SCHEMA,
            outage: None,
            campaign: CampaignDocument::of(view, now),
            stages: stages.collect(),
            would_change,
        }
    }
}
