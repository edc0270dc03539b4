//! What each sink makes of each fact, held against `facts.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tracing::Level;

use super::{CommandEnd, Fact, Ledger, LedgerStart, Standing};
use crate::control::hand_clock::HandClock;
use crate::control::operator::{AppliedChange, Author};
use crate::control::ports::{Batch, Clock, Journal, JournalFault};
use crate::control::start::CycleSettings;
use crate::control::status::{CampaignView, ObservableState};
use crate::domain::assignment::{
    AssignPolicy, Assigner, Dispatch, DispatchEnd, ListFinding, ListMemory, ListNotice, Move,
    Roster, Score, Trigger, Why,
};
use crate::domain::{
    Alert, Autopilot, Campaign, CampaignActivity, CampaignId, CampaignState, Cause, Command,
    CommandResult, Conclusion, Delivery, Direction, Head, HeadCount, Hold, HoldKind, Notice, Plan,
    PlatformTraits, Policy, Reason, Sample, StatusFinding, StatusReading, Timestamp,
};
use crate::telemetry::{Metrics, PollFigures};

const EXPECTED: &str = include_str!("facts.txt");

const SOURCE: &str = include_str!("fact.rs");

/// What the facts are about: a campaign that runs while nobody is there, and a preview campaign.
struct World {
    settings: CycleSettings,
    campaign: CampaignId,
    autopilot: Autopilot,
    plan: Plan,
    command: Command,
    result: CommandResult,
    author: Author,
    change: AppliedChange,
    fault: JournalFault,
    notices: [Notice; 2],
    alerts: [Alert; 2],
    faults: Vec<String>,
    assigner: Assigner,
    memory: ListMemory,
    dispatch: Dispatch,
    dispatch_end: DispatchEnd,
    moves: Vec<Move>,
}

fn at() -> Timestamp {
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
        rate_window: Duration::from_secs(3600),
    }
}

fn sample() -> Sample {
    Sample::Complete {
        taken_at: at(),
        heads: vec![Head::Known(HeadCount::default())],
    }
}

impl World {
    fn new() -> Self {
        let campaign: CampaignId = "c".parse().unwrap();
        let longest = Duration::from_secs(40);
        let mut autopilot = Autopilot::new(1, policies(), BTreeMap::new(), longest, at());
        let running = CampaignActivity::Running;
        let reading = StatusReading::without_evidence(running, "up".to_owned(), at());
        let found = StatusFinding::Found(reading);
        autopilot.observe_sample(sample(), at());
        autopilot.observe_status(&campaign, &found, at());
        let plan = autopilot.decide(at());
        let command = autopilot.authorise(&campaign, Direction::Pause, at());
        Self {
            settings: CycleSettings {
                poll_interval: Duration::from_secs(15),
                poll_longest: Duration::from_secs(10),
                command_longest: longest,
                freshest: Duration::from_secs(1),
                routine_status_reads: 1,
                announces: true,
                version: "1".to_owned(),
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
            },
            author: Author::new("anna", "lunch").unwrap(),
            change: AppliedChange::Held {
                hold: HoldKind::Paused,
                until: at(),
            },
            fault: JournalFault("full".to_owned()),
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
            dispatch_end: DispatchEnd::confirmed("x".to_owned(), 0),
            moves: vec![Move {
                agent: "a".parse().unwrap(),
                from: Some(campaign.clone()),
                to: None,
                score: Score::default(),
                why: Why::Outdone,
            }],
            campaign,
        }
    }

    fn found(&self) -> &Campaign {
        self.autopilot.campaign(&self.campaign).unwrap()
    }

    fn state(&self) -> &CampaignState {
        self.found().state()
    }

    fn reason(&self) -> &Reason {
        &self.command.reason
    }

    fn standing(&self) -> Standing {
        let view = CampaignView {
            id: self.campaign.clone(),
            state: self.state().clone(),
            configured: self.found().policy().thresholds,
            reason: Some(*self.reason()),
        };
        Standing {
            campaigns: Arc::new(vec![view]),
            assignments: Arc::default(),
            poll_valid: true,
        }
    }

    fn of_the_run(&self) -> Vec<Fact<'_>> {
        vec![
            Fact::RunStarted {
                settings: &self.settings,
                dry_run: false,
                run: 1,
                policies: policies(),
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
            Fact::ClockStepped { milliseconds: 5000 },
            Fact::TickLagged {
                lag: Duration::from_secs(1),
            },
            Fact::PointsTaken {
                autopilot: &self.autopilot,
                reasons: &self.plan.reasons,
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
            },
            Fact::Alerted {
                alert: &self.alerts[0],
                campaign: None,
            },
            Fact::Alerted {
                alert: &self.alerts[1],
                campaign: Some(self.found()),
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
            Fact::HoldSet {
                campaign,
                hold: Some(hold),
                state,
            },
            Fact::ThresholdsSet {
                campaign,
                thresholds: None,
                state,
            },
            Fact::PoliciesReplaced {
                policies: policies(),
                labels: Arc::new(BTreeMap::from([(
                    campaign.clone(),
                    crate::domain::CampaignLabels::default(),
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
                autopilot: &self.autopilot,
                left_paused: std::slice::from_ref(campaign),
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

    fn facts(&self) -> Vec<Fact<'_>> {
        let mut facts = self.of_the_run();
        facts.extend(self.of_readings());
        facts.extend(self.of_commands());
        facts.extend(self.of_operators());
        facts.extend(self.of_assignments());
        facts
    }

    /// What is shown before a fact: older and otherwise than every fact has it.
    fn first_shown(&self) -> ObservableState {
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

/// A journal that keeps what was committed.
#[derive(Default)]
struct Kept(Mutex<Option<Arc<Batch>>>);

impl Journal for Kept {
    fn commit(&self, batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalFault>> {
        *self.0.lock().unwrap() = Some(batch);
        Box::pin(async { Ok(()) })
    }
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().map_err(|_| io::Error::other("poisoned"))?;
        log.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The series of the daemon, line by line.
fn series(metrics: &Metrics) -> BTreeSet<String> {
    let (_, text) = metrics.exposition().unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("autopilot_"));
    lines.map(str::to_owned).collect()
}

/// The names of the families of which a series came or changed.
fn changed_families(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Vec<String> {
    let changed = after.difference(before);
    let name = |line: &String| {
        let name = line.split(['{', ' ']).next().unwrap();
        let histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|part| name.strip_suffix(part));
        histogram.unwrap_or(name).to_owned()
    };
    let names: BTreeSet<String> = changed.map(name).collect();
    names.into_iter().collect()
}

/// The members of what is shown that differ.
fn changed_members(before: &ObservableState, after: &ObservableState) -> Vec<String> {
    let members = |state: &ObservableState| {
        let text = format!("{state:#?}");
        let mut found: Vec<String> = Vec::new();
        for line in text.lines() {
            let member = line.strip_prefix("    ").filter(|line| {
                line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains(": ")
            });
            match (member, found.last_mut()) {
                (Some(member), _) => found.push(member.to_owned()),
                (None, Some(last)) => last.push_str(line),
                (None, None) => {}
            }
        }
        found
    };
    let (before, after) = (members(before), members(after));
    let both = before.iter().zip(&after).filter(|(old, new)| old != new);
    both.map(|(_, new)| new.split(':').next().unwrap().to_owned())
        .collect()
}

/// The level and the message of each line of a log in JSON.
fn log_lines(log: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(log).unwrap();
    let lines = text.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        format!(
            "{} {}",
            text(&line["level"]),
            text(&line["fields"]["message"])
        )
    });
    lines.collect()
}

fn tag(value: &impl serde::Serialize, name: &str) -> Option<String> {
    let value = serde_json::to_value(value).unwrap();
    value[name].as_str().map(str::to_owned)
}

/// What the batch of a fact holds, by sink.
fn kept(batch: &Batch) -> Vec<(&'static str, Vec<String>)> {
    let audit = batch.audit.iter().map(|row| row.event.kind().to_owned());
    let messages = batch.outbox.iter().map(|message| message.kind().name());
    let campaigns = batch.states.iter().map(|(id, _)| format!("campaign {id}"));
    let lists = batch.lists.iter().map(|(id, _)| format!("list {id}"));
    let points = batch.frame.iter().map(|_| "points".to_owned());
    let inputs = batch.inputs.iter().map(|(_, input)| {
        let input = serde_json::to_value(input).unwrap();
        let assign = tag(&input["told"], "assign");
        let words = [tag(&input, "input"), assign];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    vec![
        ("audit", audit.collect()),
        ("message", messages.map(str::to_owned).collect()),
        ("memory", campaigns.chain(lists).chain(points).collect()),
        ("input", inputs.collect()),
    ]
}

/// Records one fact by a ledger of its own, and writes down what each sink made of it.
async fn rendered(world: &World, fact: Fact<'_>) -> String {
    let metrics = Arc::new(Metrics::new(15.0, false, "old", 0.0).unwrap());
    let journal = Arc::new(Kept::default());
    let mut ledger = Ledger::new(LedgerStart {
        clock: Arc::new(HandClock::default()),
        journal: Arc::<Kept>::clone(&journal),
        metrics: Arc::clone(&metrics),
        autopilot: &world.autopilot,
        assigns: true,
        first_shown: world.first_shown(),
        announces: true,
    })
    .unwrap();
    let (before, shown) = (series(&metrics), ledger.shown().clone());
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    let mut text = format!("{}\n", title(&fact));
    tracing::subscriber::with_default(subscriber, || ledger.record(at(), fact));
    let mut sinks = vec![
        ("log", log_lines(&log.0.lock().unwrap())),
        ("metric", changed_families(&before, &series(&metrics))),
        ("view", changed_members(&shown, &ledger.shown())),
    ];
    ledger.commit().await.unwrap();
    let batch = journal.0.lock().unwrap().take();
    sinks.extend(kept(&batch.unwrap_or_default()));
    for (sink, lines) in sinks {
        for line in lines {
            writeln!(text, "  {sink:<8} {line}").unwrap();
        }
    }
    text
}

/// The name of a fact, and which example of it where there are several.
fn title(fact: &Fact<'_>) -> String {
    let (name, text) = (name(fact), format!("{fact:?}"));
    let member = match &*name {
        "Alerted" => "alert: ",
        "ChangeInForce" => "campaign: ",
        "CommandEnded" => "end: ",
        "CommitEnded" => "written: ",
        "Noticed" => "notice: ",
        "SampleTaken" => "sample: ",
        _ => return name,
    };
    let rest = text.split(member).nth(1).unwrap();
    let case = rest.chars().take_while(char::is_ascii_alphanumeric);
    format!("{name} {}", case.collect::<String>())
}

fn name(fact: &Fact<'_>) -> String {
    let text = format!("{fact:?}");
    let word = text.chars().take_while(char::is_ascii_alphanumeric);
    word.collect()
}

#[tokio::test]
async fn each_sink_renders_each_fact_as_the_table_says() {
    let world = World::new();
    let mut blocks = Vec::new();
    for fact in world.facts() {
        blocks.push(rendered(&world, fact).await);
    }
    let found = blocks.join("\n");
    assert!(found == EXPECTED, "facts.txt says otherwise:\n{found}");
}

#[test]
fn the_table_has_every_fact() {
    let variants = SOURCE
        .split("pub(in crate::control) enum Fact<'a> {")
        .nth(1)
        .and_then(|rest| rest.split("\n}").next())
        .unwrap();
    let variants = variants.lines().filter_map(|line| {
        let line = line.strip_prefix("    ")?;
        let name: String = line
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        name.starts_with(|c: char| c.is_ascii_uppercase())
            .then_some(name)
    });
    let variants: BTreeSet<String> = variants.collect();
    assert!(variants.len() > 30, "{variants:?}");
    let world = World::new();
    let shown: BTreeSet<String> = world.facts().iter().map(name).collect();
    assert_eq!(shown, variants);
}

#[tokio::test]
async fn without_receivers_no_message_is_written() {
    let world = World::new();
    let journal = Arc::new(Kept::default());
    let mut ledger = Ledger::new(LedgerStart {
        clock: Arc::new(HandClock::default()),
        journal: Arc::<Kept>::clone(&journal),
        metrics: Arc::new(Metrics::new(15.0, false, "old", 0.0).unwrap()),
        autopilot: &world.autopilot,
        assigns: false,
        first_shown: world.first_shown(),
        announces: false,
    })
    .unwrap();
    for fact in world.facts() {
        ledger.record(at(), fact);
    }
    ledger.commit().await.unwrap();
    let batch = journal.0.lock().unwrap().take().unwrap();
    assert!(batch.outbox.is_empty());
    assert!(batch.audit.len() > 5, "{:?}", batch.audit);
}
