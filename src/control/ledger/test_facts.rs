//! An example of each fact.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{CommandEnd, Fact, Standing};
use crate::control::hand_clock::HandClock;
use crate::control::operator::{AppliedChange, Author};
use crate::control::ports::{Clock, JournalFault};
use crate::control::start::CycleSettings;
use crate::control::status::{CampaignView, ObservableState, StaleRules};
use crate::domain::aim::{AimMoved, AimRule, AimState, CallCounters};
use crate::domain::assignment::{
    AssignPolicy, Assigner, Dispatch, DispatchEnd, ListFinding, ListMemory, ListNotice, Move,
    MoveReason, Roster, Score, Trigger,
};
use crate::domain::outcomes::{OutcomeCounters, OutcomeReading, OutcomeSource, OutcomesRead};
use crate::domain::throttle::{
    DialRatio, PaceChange, PaceFinding, PaceNotice, PaceReading, PaceResult, PaceSetting, PaceStep,
};
use crate::domain::workload::WorkloadSample;
use crate::domain::{
    Alert, Autopilot, Calendars, Campaign, CampaignActivity, CampaignId, CampaignLabels,
    CampaignState, Cause, Command, CommandResult, Conclusion, DecisionId, Delivery, Direction,
    GroupCount, HeadCount, Hold, HoldKind, Notice, PauseClaim, Plan, PlatformTraits, Policy,
    Reason, Sample, StatusFinding, StatusReading, Timestamp,
};
use crate::telemetry::PollFigures;

/// Workload is not recorded here.
static NO_WORKLOAD: WorkloadSample = WorkloadSample {
    groups: Vec::new(),
    shared: Vec::new(),
};

/// What the facts are about: a campaign that runs while nobody is there, and a preview campaign.
pub(super) struct World {
    pub(super) settings: CycleSettings,
    pub(super) campaign: CampaignId,
    pub(super) autopilot: Autopilot,
    pub(super) plan: Plan,
    pub(super) command: Command,
    pub(super) result: CommandResult,
    readings: Vec<(CampaignId, OutcomeReading)>,
    verdicts: Vec<(CampaignId, OutcomesRead)>,
    moved: AimMoved,
    author: Author,
    change: AppliedChange,
    fault: JournalFault,
    pub(super) notices: [Notice; 2],
    alerts: [Alert; 2],
    faults: Vec<String>,
    assigner: Assigner,
    memory: ListMemory,
    dispatch: Dispatch,
    dispatch_end: DispatchEnd,
    moves: Vec<Move>,
    pace: PaceChange,
    pace_result: PaceResult,
    pace_notices: [PaceNotice; 2],
}

pub(super) fn at() -> Timestamp {
    HandClock::default().now()
}

fn policies() -> BTreeMap<CampaignId, Policy> {
    BTreeMap::from([("c".parse().unwrap(), Policy::default())])
}

fn assign_policy() -> AssignPolicy {
    AssignPolicy {
        previews: BTreeMap::new(),
        interval: Duration::from_secs(300),
        moved_agents: 1,
        horizon: Duration::from_secs(600),
        churn: 1,
        form: crate::domain::assignment::ListForm::Whole,
        rate_window: Duration::from_secs(3600),
    }
}

fn sample() -> Sample {
    Sample::Complete {
        taken_at: at(),
        heads: vec![GroupCount::Known(HeadCount::default())],
    }
}

/// An aim whose threshold has moved by an agent.
fn moved() -> AimMoved {
    let rule = AimRule::new("0.5%".parse().unwrap());
    let mut aim = AimState::new(&rule);
    aim.observe_staffed(40, at());
    aim.tell(&rule, at());
    let mut counters = CallCounters {
        since: at(),
        until: at(),
        connected: 0,
        abandoned: 0,
    };
    aim.observe_counters(&rule, counters, false);
    counters.abandoned = 4;
    aim.observe_counters(&rule, counters, false);
    aim.tell(&rule, at()).unwrap()
}

fn pace_change(campaign: &CampaignId) -> PaceChange {
    PaceChange {
        campaign: campaign.clone(),
        step: PaceStep::Down,
        before: PaceSetting::Dials(DialRatio::from_dials(3)),
        to: PaceSetting::Dials(DialRatio::ONE),
        original: PaceSetting::Dials(DialRatio::from_dials(3)),
        decision: DecisionId { run: 1, tick: 1 },
        at: at(),
        why: "too few".to_owned(),
    }
}

fn pace_notices() -> [PaceNotice; 2] {
    let ratio = DialRatio::ONE;
    let taken = PaceNotice::PersonChanged {
        found: PaceSetting::Dials(DialRatio::from_dials(2)),
        ours: ratio.into(),
        original: PaceSetting::Dials(DialRatio::from_dials(3)),
    };
    [taken, PaceNotice::NothingToStepDown { ratio }]
}

impl World {
    pub(super) fn new() -> Self {
        let campaign: CampaignId = "c".parse().unwrap();
        let longest = Duration::from_secs(40);
        let mut autopilot = Autopilot::new(1, policies(), BTreeMap::new(), longest, at());
        let running = CampaignActivity::Running;
        let reading = StatusReading::without_evidence(running, "up".to_owned(), at());
        let found = StatusFinding::Found(reading);
        autopilot.observe_sample(sample(), at());
        autopilot.observe_status(&campaign, &found, at());
        let reading = OutcomeReading {
            since: Timestamp::default(),
            until: at(),
            counters: OutcomeCounters::default(),
            source: OutcomeSource::Platform,
        };
        autopilot.observe_outcomes(&campaign, reading);
        let verdict = autopilot.observe_outcomes(&campaign, reading).unwrap();
        let plan = autopilot.decide(at());
        let command = autopilot.authorise(&campaign, Direction::Pause, at());
        Self {
            settings: CycleSettings {
                poll_interval: Duration::from_secs(15),
                phase: None,
                poll_longest: Duration::from_secs(10),
                command_longest: longest,
                freshest: Duration::from_secs(1),
                routine_status_reads: 1,
                record_workload: false,
                outcomes_every: Duration::from_secs(60),
                day_zones: vec!["UTC".parse().unwrap()],
                announces: true,
                version: "1".to_owned(),
                store_damage: Vec::new(),
                config: "old".to_owned(),
            },
            autopilot,
            plan,
            command: command.unwrap(),
            result: CommandResult {
                delivery: Delivery::Acknowledged { version: None },
                after: found,
                before: None,
                ended_at: Some(at()),
                lost: Vec::new(),
            },
            author: Author::new("anna", "lunch").unwrap(),
            change: AppliedChange::Held {
                was_until: None,
                hold: HoldKind::Paused,
                until: at(),
            },
            fault: JournalFault("full".to_owned()),
            readings: vec![(campaign.clone(), reading)],
            verdicts: vec![(campaign.clone(), verdict)],
            moved: moved(),
            notices: [
                Notice::PersonPaused,
                Notice::Flapping {
                    resumes: 5,
                    limit: 4,
                },
            ],
            alerts: [
                Alert::Stale { streak: 3 },
                Alert::BudgetExhausted {
                    campaign: campaign.clone(),
                },
            ],
            faults: vec!["a fault".to_owned()],
            assigner: Assigner::new(
                assign_policy(),
                Roster::default(),
                &BTreeMap::new(),
                BTreeMap::new(),
            ),
            memory: ListMemory::default(),
            dispatch: Dispatch {
                campaign: campaign.clone(),
                agents: BTreeMap::new(),
                joining: Vec::new(),
                leaving: vec!["a".parse().unwrap()],
            },
            dispatch_end: DispatchEnd::confirmed(Some("x".to_owned()), 0),
            moves: vec![Move {
                agent: "a".parse().unwrap(),
                from: Some(campaign.clone()),
                to: None,
                score: Score::default(),
                why: MoveReason::Outdone,
            }],
            pace: pace_change(&campaign),
            pace_result: PaceResult {
                delivery: Delivery::Acknowledged { version: None },
                after: PaceFinding::Unreadable,
            },
            pace_notices: pace_notices(),
            campaign,
        }
    }

    fn found(&self) -> &Campaign {
        self.autopilot.campaign(&self.campaign).unwrap()
    }

    pub(super) fn state(&self) -> &CampaignState {
        self.found().state()
    }

    pub(super) fn reason(&self) -> &Reason {
        &self.command.reason
    }

    fn standing(&self) -> Standing {
        let reason = Some(self.reason());
        let view = CampaignView::of(&self.campaign, self.found(), reason, None);
        Standing {
            campaigns: Arc::new(vec![view]),
            assignments: Arc::default(),
            names: Arc::default(),
            poll_valid: true,
            stale_rules: StaleRules::default(),
        }
    }

    fn of_the_run(&self) -> Vec<Fact<'_>> {
        vec![
            Fact::RunStarted {
                settings: &self.settings,
                dry_run: false,
                run: 1,
                policies: policies(),
                calendars: Calendars::default(),
                restored: BTreeMap::new(),
                traits: PlatformTraits::default(),
            },
            Fact::AssignmentsStarted {
                policy: assign_policy(),
                roster: Roster::default(),
                given: BTreeMap::new(),
                restored: BTreeMap::new(),
            },
            Fact::CampaignsCheckpointed {
                autopilot: Box::new(self.autopilot.clone()),
            },
            Fact::AssignmentsCheckpointed {
                assigner: Box::new(self.assigner.clone()),
            },
            Fact::RunEnded,
            Fact::LoopEnded,
            Fact::LoopAlive,
            Fact::ClockStepped {
                milliseconds: 5000,
                autopilot: &self.autopilot,
                assigner: Some(&self.assigner),
            },
            Fact::TickLagged {
                lag: Duration::from_secs(1),
            },
            Fact::PointsTaken {
                autopilot: &self.autopilot,
                reasons: &self.plan.reasons,
                workload: &NO_WORKLOAD,
                poll_interval: self.settings.poll_interval,
            },
            Fact::TickEnded {
                standing: self.standing(),
            },
            Fact::CommitEnded {
                took: Duration::from_millis(3),
                size_bytes: Some(4096),
                written: Ok(()),
            },
            Fact::CommitEnded {
                took: Duration::from_millis(3),
                size_bytes: Some(4096),
                written: Err(&self.fault),
            },
        ]
    }

    fn of_readings(&self) -> Vec<Fact<'_>> {
        let (campaign, decision) = (&self.campaign, self.autopilot.decision());
        let noticed = |notice| Fact::Noticed {
            campaign,
            notice,
            decision,
            last: None,
            by: None,
        };
        vec![
            Fact::PollRepeated,
            Fact::PollSucceeded {
                figures: PollFigures {
                    available: Some(3),
                    states: None,
                    rows: 3,
                    pages: 1,
                    took: Duration::from_millis(200),
                },
                decision,
            },
            Fact::PollFailed {
                partial: true,
                why: "timeout",
                took: Duration::from_secs(10),
                decision,
            },
            Fact::SampleTaken { sample: sample() },
            Fact::SampleTaken {
                sample: Sample::Invalid {
                    why: "timeout".to_owned(),
                },
            },
            Fact::StatusRead {
                campaign,
                finding: StatusFinding::Missing,
                state: Some(self.state()),
            },
            Fact::StatusUnreadable {
                campaign,
                why: "timeout",
                state: Some(self.state()),
            },
            Fact::OutcomesRead {
                readings: &self.readings,
                verdicts: &self.verdicts,
                autopilot: &self.autopilot,
            },
            Fact::OutcomesUnreadable {
                campaigns: 2,
                why: "timeout",
            },
            noticed(&self.notices[0]),
            noticed(&self.notices[1]),
        ]
    }

    fn of_commands(&self) -> Vec<Fact<'_>> {
        let (campaign, state) = (&self.campaign, Some(self.state()));
        let (command, result) = (&self.command, &self.result);
        let ended = |conclusion, end| Fact::CommandEnded {
            command,
            result,
            conclusion,
            end,
            state,
        };
        vec![
            Fact::Decided {
                decision: self.autopilot.decision(),
                plan: &self.plan,
                autopilot: &self.autopilot,
                about: None,
            },
            Fact::Alerted {
                alert: &self.alerts[0],
                campaign: None,
            },
            Fact::Alerted {
                alert: &self.alerts[1],
                campaign: Some(self.found()),
            },
            Fact::AimMoved {
                campaign,
                moved: &self.moved,
                state,
            },
            Fact::CommandHeldBack {
                campaign,
                direction: Direction::Pause,
                reason: self.reason(),
            },
            Fact::CommandDeclined {
                campaign,
                direction: Direction::Pause,
            },
            Fact::CommandIntended { command, state },
            Fact::CommandGivenUp {
                command,
                result,
                conclusion: Conclusion::NotSent,
                state,
            },
            ended(
                Conclusion::Confirmed,
                CommandEnd::Confirmed {
                    cause: Cause::Threshold,
                    since_sample: Duration::from_secs(1),
                },
            ),
            ended(Conclusion::Unknown, CommandEnd::Settling),
            ended(Conclusion::NotApplied, CommandEnd::Failed),
        ]
    }

    fn of_paces(&self) -> Vec<Fact<'_>> {
        let (campaign, state) = (&self.campaign, Some(self.state()));
        let (change, result) = (&self.pace, &self.pace_result);
        let ended = |conclusion| Fact::PaceEnded {
            change,
            result,
            conclusion,
            state,
        };
        let reading = PaceReading::Dials {
            ratio: DialRatio::ONE,
            least: DialRatio::ONE,
        };
        let noticed = |notice| Fact::PaceNoticed {
            campaign,
            notice,
            state,
        };
        vec![
            Fact::PaceRead {
                campaign,
                finding: PaceFinding::Found(reading),
                why: None,
                state,
            },
            Fact::PaceRead {
                campaign,
                finding: PaceFinding::Unreadable,
                why: Some("timeout"),
                state,
            },
            noticed(&self.pace_notices[0]),
            noticed(&self.pace_notices[1]),
            Fact::PaceHeldBack {
                campaign,
                step: PaceStep::Down,
            },
            Fact::PaceDeclined {
                campaign,
                step: PaceStep::Down,
            },
            Fact::PaceIntended { change, state },
            Fact::PaceGivenUp {
                change,
                result,
                conclusion: Conclusion::NotSent,
                state,
            },
            ended(Conclusion::Confirmed),
            ended(Conclusion::Refused),
        ]
    }

    fn of_operators(&self) -> Vec<Fact<'_>> {
        let (campaign, state, author) = (&self.campaign, Some(self.state()), &self.author);
        let hold = Hold {
            kind: HoldKind::Paused,
            since: at(),
            lasts: Duration::from_secs(60),
            author: "anna".to_owned(),
            reason: "lunch".to_owned(),
        };
        vec![
            Fact::PauseClaimed {
                campaign,
                claim: PauseClaim::Ours,
                state,
            },
            Fact::CampaignRestored {
                campaign,
                before: Box::new(self.found().clone()),
                state,
            },
            Fact::HoldSet {
                campaign,
                hold: Some(hold),
                state,
            },
            Fact::HoldCarriedOut {
                campaign,
                state: self.state(),
            },
            Fact::ThresholdsSet {
                campaign,
                thresholds: None,
                state,
            },
            Fact::PoliciesReplaced {
                policies: policies(),
                calendars: Calendars::default(),
                labels: Arc::new(BTreeMap::from([(
                    campaign.clone(),
                    CampaignLabels::default(),
                )])),
            },
            Fact::ChangeMade {
                campaign: Some(campaign),
                author,
                change: &self.change,
            },
            Fact::ChangeInForce {
                campaign: Some(campaign),
                state,
                author,
                change: &self.change,
            },
            Fact::ChangeInForce {
                campaign: None,
                state: None,
                author,
                change: &self.change,
            },
            Fact::ConfigurationReloaded {
                author,
                config: "new",
                changes: &[],
                autopilot: &self.autopilot,
                left_paused: std::slice::from_ref(campaign),
                left_stepped_down: &[],
                standing: self.standing(),
            },
            Fact::ReloadRefused {
                author,
                faults: &self.faults,
                standing: self.standing(),
            },
        ]
    }

    fn of_assignments(&self) -> Vec<Fact<'_>> {
        let (campaign, memory) = (&self.campaign, Some(&self.memory));
        let (dispatch, end) = (&self.dispatch, &self.dispatch_end);
        vec![
            Fact::AgentsChanged {
                changes: Vec::new(),
            },
            Fact::PreviewsRunning {
                running: vec![Some(true)],
            },
            Fact::ListRead {
                campaign,
                finding: ListFinding::NotShown,
                memory,
            },
            Fact::ListUnreadable {
                campaign,
                why: "timeout",
            },
            Fact::ListNoticed {
                campaign,
                notice: ListNotice::Resolved,
            },
            Fact::ListCounted {
                campaign,
                agents: 7,
            },
            Fact::AssignmentsPlanned {
                trigger: Trigger::First,
                moves: 1,
                took: Duration::from_millis(1),
                targets: BTreeMap::new(),
            },
            Fact::DispatchHeldBack { moves: &self.moves },
            Fact::DispatchIntended {
                dispatch,
                trigger: Trigger::First,
                moves: &self.moves,
                memory,
            },
            Fact::DispatchGivenUp {
                dispatch,
                end,
                memory,
            },
            Fact::DispatchEnded {
                dispatch,
                end,
                took: Duration::from_millis(200),
                call_rate_target: 12.0,
                memory,
            },
        ]
    }

    pub(super) fn facts(&self) -> Vec<Fact<'_>> {
        let mut facts = self.of_the_run();
        facts.extend(self.of_readings());
        facts.extend(self.of_commands());
        facts.extend(self.of_paces());
        facts.extend(self.of_operators());
        facts.extend(self.of_assignments());
        facts
    }

    /// What is shown before a fact: older and otherwise than every fact has it.
    pub(super) fn first_shown(&self) -> ObservableState {
        let mut standing = self.standing();
        let views = Arc::make_mut(&mut standing.campaigns);
        views[0].state = CampaignState::unread(Timestamp::default());
        ObservableState {
            config: "old".to_owned(),
            campaigns: standing.campaigns,
            ..ObservableState::default()
        }
    }
}
