//! What can happen in the loop.
//!
//! A fact carries everything that is said of it anywhere, so that log, audit, messages, replay and page render one value and
//! cannot disagree. It borrows what its sinks only read, and owns what the [replay](super::inputs) keeps.
//!
//! *Adding one:* a variant here does not compile before each sink says what it makes of it, be it nothing. The table in
//! `facts.txt` shows all of it at a glance, and a test holds it against the code.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::control::operator::{AppliedChange, Author};
use crate::control::ports::JournalFault;
use crate::control::start::CycleSettings;
use crate::control::status::{AssignmentView, CampaignView, StaleRules};
use crate::domain::aim::AimMoved;
use crate::domain::assignment::{
    AssignPolicy, Assigner, CallRate, Dispatch, DispatchEnd, List, ListFinding, ListMemory,
    ListNotice, Move, Roster, Trigger,
};
use crate::domain::outcomes::{OutcomeReading, OutcomesRead};
use crate::domain::throttle::{PaceChange, PaceFinding, PaceNotice, PaceResult, PaceStep};
use crate::domain::workload::WorkloadSample;
use crate::domain::{
    AgentId, AgentState, Alert, Autopilot, Calendars, Campaign, CampaignId, CampaignLabels,
    CampaignState, Cause, Command, CommandResult, Conclusion, DecisionId, Direction, Hold, Notice,
    PauseClaim, Plan, PlatformTraits, Policy, Reason, Sample, StatusFinding, ThresholdOverride,
};
use crate::platform::port::PlatformNames;
use crate::telemetry::PollFigures;

/// One thing that happened in the loop.
#[derive(Debug)]
pub(in crate::control) enum Fact<'a> {
    /// A run began, with these campaigns.
    RunStarted {
        settings: &'a CycleSettings,
        dry_run: bool,
        run: u64,
        policies: BTreeMap<CampaignId, Policy>,
        calendars: Calendars,
        /// What the store remembered of campaigns.
        restored: BTreeMap<CampaignId, CampaignState>,
        traits: PlatformTraits,
    },
    /// The run assigns agents to preview campaigns, beginning with this.
    AssignmentsStarted {
        policy: AssignPolicy,
        roster: Roster,
        /// Call rates that were given.
        given: BTreeMap<AgentId, CallRate>,
        /// What the store remembered of lists.
        restored: BTreeMap<CampaignId, ListMemory>,
    },
    /// The campaigns' whole state is recorded, so that a replay can begin here.
    CampaignsCheckpointed { autopilot: Box<Autopilot> },
    /// The assignments' whole state is recorded, so that a replay can begin here.
    AssignmentsCheckpointed { assigner: Box<Assigner> },
    /// The run ends in order. What comes after is not part of it.
    RunEnded,
    /// The loop has ended, and nothing shown changes any more.
    LoopEnded,
    /// The loop passed a station on its way, so it does not hang.
    LoopAlive,
    /// The machine's clock was set, and the daemon's follows it with all that it remembers.
    ClockStepped {
        milliseconds: i64,
        autopilot: &'a Autopilot,
        /// Absent where nothing is assigned.
        assigner: Option<&'a Assigner>,
    },
    /// A tick begins this much later than planned.
    TickLagged { lag: Duration },
    /// A tick's commands are done, and its points can be plotted.
    PointsTaken {
        autopilot: &'a Autopilot,
        reasons: &'a [(CampaignId, Reason)],
        /// What the poll showed of each group's agents; nothing where that is not recorded.
        workload: &'a WorkloadSample,
        poll_interval: Duration,
    },
    /// A tick is over and committed, and leaves the present state of everything here.
    TickEnded { standing: Standing },
    /// A commit came to its end. What could not be written is kept for the next one.
    CommitEnded {
        took: Duration,
        /// The size of the store, where it is on a disk.
        size_bytes: Option<u64>,
        written: Result<(), &'a JournalFault>,
    },

    /// A poll showed no agents after one that did, and is made once more.
    PollRepeated,
    /// The platform answered a poll of the agents completely.
    PollSucceeded {
        figures: PollFigures,
        decision: DecisionId,
    },
    /// A poll of the agents gave no complete answer.
    PollFailed {
        /// Whether some of it was read.
        partial: bool,
        why: &'a str,
        took: Duration,
        decision: DecisionId,
    },
    /// The campaigns are decided on by this sample from here on.
    SampleTaken { sample: Sample },
    /// A campaign's status was read, and `state` is known of it with that.
    StatusRead {
        campaign: &'a CampaignId,
        finding: StatusFinding,
        state: Option<&'a CampaignState>,
    },
    /// A campaign's status could not be read.
    StatusUnreadable {
        campaign: &'a CampaignId,
        why: &'a str,
        state: Option<&'a CampaignState>,
    },
    /// Counters of dials and of what became of them were taken in.
    OutcomesRead {
        readings: &'a [(CampaignId, OutcomeReading)],
        /// What each of them showed, of the campaigns that are managed.
        verdicts: &'a [(CampaignId, OutcomesRead)],
        autopilot: &'a Autopilot,
    },
    /// Counters of so many campaigns could not be read.
    OutcomesUnreadable { campaigns: usize, why: &'a str },
    /// Something came to light about a campaign.
    Noticed {
        campaign: &'a CampaignId,
        notice: &'a Notice,
        decision: DecisionId,
        /// The cause of the campaign's last transition of ours.
        last: Option<Cause>,
        /// Who changed the campaign last, where the platform names authors.
        by: Option<&'a str>,
    },

    /// Every campaign was decided on. What happens from here on belongs to this decision, where it says no other.
    Decided {
        decision: DecisionId,
        plan: &'a Plan,
        autopilot: &'a Autopilot,
        /// The one campaign that was decided on, where it was not every one.
        about: Option<&'a CampaignId>,
    },
    /// A decision found something that may have to wake a person.
    Alerted {
        alert: &'a Alert,
        /// The campaign that it is about.
        campaign: Option<&'a Campaign>,
    },

    /// An aim has another threshold in whole agents than was told, or has an effect no more or again.
    AimMoved {
        campaign: &'a CampaignId,
        moved: &'a AimMoved,
        state: Option<&'a CampaignState>,
    },

    /// A dry run holds back a command.
    CommandHeldBack {
        campaign: &'a CampaignId,
        direction: Direction,
        reason: &'a Reason,
    },
    /// A command is not wanted any more after the status was read.
    CommandDeclined {
        campaign: &'a CampaignId,
        direction: Direction,
    },
    /// A command is about to be sent; it leaves after this is committed.
    CommandIntended {
        command: &'a Command,
        state: Option<&'a CampaignState>,
    },
    /// A command was not sent, because its intent could not be committed.
    CommandGivenUp {
        command: &'a Command,
        result: &'a CommandResult,
        conclusion: Conclusion,
        state: Option<&'a CampaignState>,
    },
    /// A command was sent and read back.
    CommandEnded {
        command: &'a Command,
        result: &'a CommandResult,
        conclusion: Conclusion,
        end: CommandEnd,
        state: Option<&'a CampaignState>,
    },

    /// A campaign's pace was read, or could not be.
    PaceRead {
        campaign: &'a CampaignId,
        finding: PaceFinding,
        /// Why it could not be.
        why: Option<&'a str>,
        state: Option<&'a CampaignState>,
    },
    /// Something came to light about a pace.
    PaceNoticed {
        campaign: &'a CampaignId,
        notice: &'a PaceNotice,
        state: Option<&'a CampaignState>,
    },
    /// A dry run holds back a change of a pace.
    PaceHeldBack {
        campaign: &'a CampaignId,
        step: PaceStep,
    },
    /// A change of a pace is not wanted any more after it was read.
    PaceDeclined {
        campaign: &'a CampaignId,
        step: PaceStep,
    },
    /// A pace is about to be changed; that leaves after this is committed.
    PaceIntended {
        change: &'a PaceChange,
        state: Option<&'a CampaignState>,
    },
    /// A pace was not changed, because the intent could not be committed.
    PaceGivenUp {
        change: &'a PaceChange,
        result: &'a PaceResult,
        conclusion: Conclusion,
        state: Option<&'a CampaignState>,
    },
    /// A change of a pace was sent and read back.
    PaceEnded {
        change: &'a PaceChange,
        result: &'a PaceResult,
        conclusion: Conclusion,
        state: Option<&'a CampaignState>,
    },

    /// The pause of a campaign was claimed for the autopilot or given away.
    PauseClaimed {
        campaign: &'a CampaignId,
        claim: PauseClaim,
        state: Option<&'a CampaignState>,
    },
    /// A claim could not be committed, and the campaign is as it was before.
    CampaignRestored {
        campaign: &'a CampaignId,
        before: Box<Campaign>,
        state: Option<&'a CampaignState>,
    },
    /// A campaign's hold was set or lifted, or put back because that could not be committed.
    HoldSet {
        campaign: &'a CampaignId,
        hold: Option<Hold>,
        state: Option<&'a CampaignState>,
    },
    /// A hold that pauses was carried out, as far as that is possible now.
    HoldCarriedOut {
        campaign: &'a CampaignId,
        state: &'a CampaignState,
    },
    /// A campaign's threshold override was set or lifted, or put back because that could not be committed.
    ThresholdsSet {
        campaign: &'a CampaignId,
        thresholds: Option<ThresholdOverride>,
        state: Option<&'a CampaignState>,
    },
    /// New rules are in force.
    PoliciesReplaced {
        policies: BTreeMap<CampaignId, Policy>,
        calendars: Calendars,
        labels: Arc<BTreeMap<CampaignId, CampaignLabels>>,
    },
    /// An operator's change is made; it counts once this is committed.
    ChangeMade {
        campaign: Option<&'a CampaignId>,
        author: &'a Author,
        change: &'a AppliedChange,
    },
    /// An operator's change counts.
    ChangeInForce {
        campaign: Option<&'a CampaignId>,
        state: Option<&'a CampaignState>,
        author: &'a Author,
        change: &'a AppliedChange,
    },
    /// The configuration was reloaded, and leaves the present state of everything here.
    ConfigurationReloaded {
        author: &'a Author,
        /// SHA-256 of the configuration.
        config: &'a str,
        /// What came into force, a line each.
        changes: &'a [String],
        autopilot: &'a Autopilot,
        /// Campaigns that are paused by us and not managed any more.
        left_paused: &'a [CampaignId],
        /// Campaigns that are stepped down by us and not managed any more.
        left_stepped_down: &'a [CampaignId],
        standing: Standing,
    },
    /// A configuration was refused, and the one before stays in force.
    ReloadRefused {
        author: &'a Author,
        faults: &'a [String],
        standing: Standing,
    },

    /// A poll showed these agents in other states, by their positions in the roster.
    AgentsChanged { changes: Vec<(usize, AgentState)> },
    /// Other preview campaigns run than before; in the order of their ids.
    PreviewsRunning { running: Vec<Option<bool>> },
    /// A reading of a list, or its failure, changed what is known of it.
    ListRead {
        campaign: &'a CampaignId,
        finding: ListFinding,
        memory: Option<&'a ListMemory>,
    },
    /// A list could not be read.
    ListUnreadable {
        campaign: &'a CampaignId,
        why: &'a str,
    },
    /// Something came to light about a list.
    ListNoticed {
        campaign: &'a CampaignId,
        notice: ListNotice,
    },
    /// A list has so many agents at the end of a tick.
    ListCounted {
        campaign: &'a CampaignId,
        agents: usize,
    },
    /// The assignments were planned.
    AssignmentsPlanned {
        trigger: Trigger,
        moves: usize,
        took: Duration,
        /// The lists that the plan wants in force.
        targets: BTreeMap<CampaignId, List>,
    },
    /// A dry run holds back what a plan would send.
    DispatchHeldBack { moves: &'a [Move] },
    /// A list is about to be sent; it leaves after this is committed.
    DispatchIntended {
        dispatch: &'a Dispatch,
        trigger: Trigger,
        /// The moves of the whole plan.
        moves: &'a [Move],
        memory: Option<&'a ListMemory>,
    },
    /// A list was not sent, because its intent could not be committed.
    DispatchGivenUp {
        dispatch: &'a Dispatch,
        end: &'a DispatchEnd,
        memory: Option<&'a ListMemory>,
    },
    /// A list was sent and read back.
    DispatchEnded {
        dispatch: &'a Dispatch,
        end: &'a DispatchEnd,
        took: Duration,
        /// The calls an hour that the campaign aims at.
        call_rate_target: f64,
        memory: Option<&'a ListMemory>,
    },
}

/// How far a command has come when its first outcome is committed.
#[derive(Clone, Copy, Debug)]
pub(in crate::control) enum CommandEnd {
    /// The platform shows it.
    Confirmed {
        cause: Cause,
        /// The time from the sample that it rests on.
        since_sample: Duration,
    },
    /// The platform acknowledged it and may take longer to show it. Readings then show how it ends.
    Settling,
    /// It failed, or its outcome is unknown.
    Failed,
}

/// Everything that the loop shows of campaigns and lists.
#[derive(Clone, Debug)]
pub(in crate::control) struct Standing {
    pub(in crate::control) campaigns: Arc<Vec<CampaignView>>,
    pub(in crate::control) assignments: Arc<Vec<AssignmentView>>,
    /// What the platform calls campaigns.
    pub(in crate::control) names: Arc<PlatformNames>,
    /// Whether the last poll gave a valid sample.
    pub(in crate::control) poll_valid: bool,
    /// What becomes of campaigns while readings stay away.
    pub(in crate::control) stale_rules: StaleRules,
}
