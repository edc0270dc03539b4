//! What became of dials, from the platform's counters to metrics, status, plots and replay.

use std::time::Duration;

use campaign_autopilot::domain::CampaignState;
use campaign_autopilot::domain::outcomes::{OutcomeCounts, OutcomeMemory};
use campaign_autopilot::domain::replay::Replayer;
use campaign_autopilot::simulator::{
    AcdSettings, CloudSettings, Dialect, Endpoint, FIRST_CAMPAIGN, Fault, FaultRule, FaultTiming,
    Scenario, Settings, SimClock, SimTime, StopLasts,
};
use campaign_autopilot::store::StoreReader;
use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, Invocation, of_kind, wait_until};

/// The first skill of a simulated tenant.
const SKILL: &str = "4711";

/// A contact centre whose clock moves when it is told to.
pub(crate) struct Stage {
    pub(crate) centre: Centre,
    pub(crate) clock: SimClock,
}

impl Stage {
    pub(crate) fn new(dialect: impl FnOnce(&Scenario) -> Dialect) -> Self {
        let text = Scenario::text("blended-40").unwrap();
        let scenario = Scenario::parse(text, "blended-40").unwrap();
        let clock = SimClock::manual(scenario.start());
        let mut settings = Settings::staging(&scenario, 1.0);
        settings.clock = clock.clone();
        settings.latency = Duration::ZERO;
        settings.dialect = dialect(&scenario);
        let centre = Centre::of(settings);
        Self { centre, clock }
    }

    /// A platform that counts nothing.
    fn of(centre: Centre) -> Self {
        let clock = SimClock::manual(SimTime::from_unix_millis(0));
        Self { centre, clock }
    }

    /// Lets time pass until the daemon has looked: the centre follows its clock only then.
    fn pass(&self, minutes: u64) {
        for _ in 0..minutes {
            self.clock.advance(Duration::from_secs(60));
        }
        self.centre.wait_for_polls(2);
    }

    /// What the centre knows itself: dials, answered, connected and abandoned calls.
    fn truth(&self) -> [u64; 4] {
        let (figures, _) = self.centre.platform.figures().unwrap();
        let figures = figures.campaigns.into_iter().next().unwrap();
        [
            figures.dials,
            figures.answered,
            figures.connected,
            figures.abandoned,
        ]
    }

    /// Waits until a base was read; returns what had happened by then.
    fn wait_for_base(&self, api: &Api) -> [u64; 4] {
        wait_until("a base was read", || {
            total(api, FIRST_CAMPAIGN, "dials") == Some(0.0)
        });
        self.truth()
    }

    /// Waits until all that happened since the base is counted, and returns it. While the clock stands, what the daemon commands
    /// may still begin a dial.
    fn wait_until_counted(&self, api: &Api, base: [u64; 4]) -> OutcomeCounts {
        let mut happened = [0; 4];
        wait_until("all that happened is counted", || {
            let counted = OutcomeCounts::LABELS.map(|outcome| total(api, FIRST_CAMPAIGN, outcome));
            let truth = self.truth();
            happened = std::array::from_fn(|at| truth[at] - base[at]);
            counted == happened.map(|count| Some(float(count)))
        });
        let [dials, answered, connected, abandoned] = happened;
        OutcomeCounts {
            dials,
            answered,
            connected,
            abandoned,
        }
    }

    /// What the daemon remembered at its end, and what a replay of its record comes to.
    fn remembered_and_replayed(&self, campaign: &str) -> (OutcomeMemory, OutcomeMemory) {
        let store = StoreReader::open(self.centre.state_dir()).unwrap();
        let id = campaign.parse().unwrap();
        let known = |state: &CampaignState| OutcomeMemory::clone(state.outcomes.as_ref().unwrap());
        let remembered = known(&store.states().unwrap()[&id]);
        let mut replayer = Replayer::default();
        store
            .with_inputs(|inputs| {
                for (at, input) in inputs {
                    replayer.step(at, input).unwrap();
                }
            })
            .unwrap();
        let again = replayer.autopilot().unwrap().campaign(&id).unwrap();
        (remembered, known(again.state()))
    }
}

pub(crate) fn start(daemon: &mut Invocation) -> (Daemon, Api) {
    let daemon = daemon
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .args(&["--poll-interval", "20ms", "--outcomes-every", "1ms"])
        .start();
    let api = Api::of(&daemon);
    (daemon, api)
}

fn total(api: &Api, campaign: &str, outcome: &str) -> Option<f64> {
    api.series(&format!(
        "autopilot_outcomes_total{{campaign=\"{campaign}\",outcome=\"{outcome}\"}}"
    ))
}

/// Counts of a day are far below what a float holds.
fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

fn sum(column: &Value) -> u64 {
    let counts = column.as_array().unwrap().iter();
    counts.map(|count| count.as_u64().unwrap()).sum()
}

#[test]
fn what_the_platform_counts_is_counted_shown_kept_and_replayed() {
    let stage = Stage::new(|_| Dialect::default());
    let (daemon, api) = start(&mut stage.centre.daemon());
    let base = stage.wait_for_base(&api);
    stage.pass(20);
    stage.pass(20);
    let truth = stage.wait_until_counted(&api, base);
    assert!(truth.abandoned > 0, "{truth:?}");
    let share = float(truth.abandoned) / float(truth.abandoned + truth.connected);
    let shown = format!("autopilot_campaign_abandoned_share{{campaign=\"{FIRST_CAMPAIGN}\"}}");
    let shown = api.series(&shown).unwrap();
    assert!((shown - share).abs() < 1e-6, "{shown} of {share}");
    let outcomes = api.campaign(FIRST_CAMPAIGN)["outcomes"].clone();
    assert_eq!(
        (&outcomes["abandoned"], &outcomes["source"]),
        (&truth.abandoned.into(), &"platform".into())
    );
    let words = format!(
        "{} of {} calls abandoned",
        truth.abandoned,
        truth.abandoned + truth.connected
    );
    assert!(
        outcomes["says"].as_str().unwrap().starts_with(&words),
        "{outcomes}"
    );
    let status = api.command(&["status"]).output();
    assert!(status.stdout.contains(&words), "{}", status.stdout);
    let series = api
        .get(&format!("/api/v1/campaigns/{FIRST_CAMPAIGN}/series"))
        .json();
    let slots = &series["outcomes"];
    assert_eq!(sum(&slots["dials"]), truth.dials);
    assert_eq!(sum(&slots["abandoned"]), truth.abandoned);
    let path = format!("/api/v1/campaigns/{FIRST_CAMPAIGN}/outcomes");
    // Readings go on between the two answers: the same calls, perhaps known until later.
    let again = &api.get(&path).json()["outcomes"];
    for outcome in OutcomeCounts::LABELS {
        assert_eq!(sum(&again[outcome]), sum(&slots[outcome]), "{outcome}");
    }
    let rows = api.get(&format!("{path}?since=24h&format=csv"));
    assert!(
        rows.head.contains("content-type: text/csv"),
        "{}",
        rows.head
    );
    let dials: u64 = rows
        .body
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(4).unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(dials, truth.dials, "{}", rows.body);
    daemon.stop();
    stage.centre.audit();
    let (remembered, replayed) = stage.remembered_and_replayed(FIRST_CAMPAIGN);
    assert_eq!(remembered, replayed);
    assert_eq!(remembered.total().dials, truth.dials);

    // A restart goes on counting where the last run ended.
    let (daemon, api) = start(&mut stage.centre.daemon());
    stage.pass(10);
    stage.wait_until_counted(&api, base);
    daemon.stop();
}

#[test]
fn a_failed_reading_costs_nothing_but_age() {
    let stage = Stage::new(|_| Dialect::default());
    let (daemon, api) = start(&mut stage.centre.daemon());
    let base = stage.wait_for_base(&api);
    stage.centre.platform.inject(FaultRule {
        fault: Fault::WrongJson,
        endpoint: Some(Endpoint::Outcomes),
        when: FaultTiming::Always,
    });
    stage.pass(20);
    daemon.wait_for_log("outcomes not read");
    stage.centre.wait_for_polls(5);
    assert_eq!(total(&api, FIRST_CAMPAIGN, "dials"), Some(0.0));
    assert_eq!(
        api.campaign(FIRST_CAMPAIGN)["outcomes"]["abandoned_share"],
        Value::Null
    );
    let failed = "autopilot_outcome_readings_total{result=\"failed\"}";
    assert!(api.series(failed).unwrap() > 0.0);
    stage.centre.platform.clear_faults();
    let truth = stage.wait_until_counted(&api, base);
    assert!(truth.dials > 0);
    daemon.wait_for_log("outcomes are read again");
    daemon.stop();
}

#[test]
fn a_platform_without_counters_is_asked_once_and_shows_none() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .args(&["--outcomes-every", "1ms"])
        .start();
    let api = Api::of(&daemon);
    let asked = || centre.platform.request_count(Some(Endpoint::Outcomes));
    wait_until("it was asked", || asked() == 1);
    centre.wait_for_polls(5);
    assert_eq!(asked(), 1);
    assert_eq!(api.campaign(FIRST_CAMPAIGN)["outcomes"], Value::Null);
    assert_eq!(
        total(&api, FIRST_CAMPAIGN, "dials"),
        None,
        "unknown is not zero"
    );
    daemon.stop();
    let never = centre.daemon().args(&["--outcomes-every", "0s"]).start();
    centre.wait_for_polls(3);
    assert_eq!(centre.platform.request_count(Some(Endpoint::Outcomes)), 1);
    never.stop();
}

#[test]
fn skills_are_counted_by_their_summary() {
    let stage = Stage::new(|scenario| {
        Dialect::CxoneAcd(Box::new(AcdSettings {
            daily_calls: 0,
            ..AcdSettings::staging(scenario)
        }))
    });
    let mut daemon = stage.centre.daemon();
    let log_in = format!(
        "{}/authentication/v1/token/access-key",
        stage.centre.base_url
    );
    daemon
        .env("AUTOPILOT_PLATFORM", "cxone-acd")
        .env("AUTOPILOT_TOKEN_URL", log_in)
        .env("CXONE_CAMPAIGN_ID", SKILL);
    counts_what_the_centre_does(&stage, &mut daemon, SKILL);
}

#[test]
fn campaigns_with_queues_are_counted_by_aggregates() {
    let stage = Stage::new(|scenario| {
        Dialect::GenesysCloud(Box::new(CloudSettings {
            // The clock leaps over the minutes that a stop would take.
            stop: StopLasts::NoTime,
            ..CloudSettings::staging(scenario)
        }))
    });
    let mut daemon = stage.centre.daemon();
    let log_in = format!("{}/oauth/token", stage.centre.base_url);
    daemon
        .env("AUTOPILOT_PLATFORM", "genesys-cloud")
        .env("AUTOPILOT_TOKEN_URL", log_in);
    counts_what_the_centre_does(&stage, &mut daemon, CAMPAIGN);
}

/// A daemon that counts dials, connected and abandoned calls of a platform whose counters begin anew each midnight.
fn counts_what_the_centre_does(stage: &Stage, daemon: &mut Invocation, campaign: &str) {
    let (daemon, api) = start(daemon);
    wait_until("a base was read", || {
        total(&api, campaign, "dials").is_some()
    });
    let readings = || {
        let taken = ["first", "reset", "older", "superseded", "counted"].map(|result| {
            let name = format!("autopilot_outcome_readings_total{{result=\"{result}\"}}");
            api.series(&name).unwrap_or(0.0)
        });
        taken.iter().sum::<f64>()
    };
    // Its period begins anew at midnight, at whatever time this runs.
    wait_until("dials, connected and abandoned calls are counted", || {
        let before = readings();
        stage.clock.advance(Duration::from_secs(600));
        // A day that went by between two readings would have been counted anew.
        wait_until("they are read again", || readings() > before);
        ["dials", "connected", "abandoned"]
            .iter()
            .all(|outcome| total(&api, campaign, outcome) > Some(0.0))
    });
    daemon.stop();
    let (remembered, replayed) = stage.remembered_and_replayed(campaign);
    assert_eq!(remembered, replayed);
}

const OUTCOMES: &str = "/api/v1/outcomes";

fn row(until: &str, dials: u64) -> Value {
    json!({"campaign": CAMPAIGN, "since": "2024-05-15T00:00:00+02:00", "until": until, "dials": dials, "answered": dials / 2,
        "connected": dials / 2 - 1, "abandoned": 1})
}

#[test]
fn counters_that_are_posted_are_audited_with_their_author_and_replayed() {
    let stage = Stage::of(Centre::new());
    let (daemon, api) = start(&mut stage.centre.daemon());
    stage.centre.wait_for_polls(2);
    let feed = |rows: Value| {
        let body = json!({"outcomes": rows, "author": "dialler", "reason": "each five minutes"});
        api.change("POST", OUTCOMES, &body)
    };
    let first = feed(json!([row("2024-05-15T09:00:00Z", 100)]));
    assert_eq!(
        first.json()["made"]["counted"]["dials"],
        0,
        "{}",
        first.body
    );
    let second = feed(json!([row("2024-05-15T09:05:00Z", 140)]));
    assert_eq!(second.json()["made"]["change"], "outcomes_fed");
    assert_eq!(second.json()["made"]["counted"]["dials"], 40);
    let again = feed(json!([row("2024-05-15T09:05:00Z", 140)]));
    assert_eq!(again.json()["made"]["counted"]["dials"], 0, "fed once more");
    wait_until("the metrics show it", || {
        total(&api, CAMPAIGN, "dials") == Some(40.0)
    });
    assert_eq!(total(&api, CAMPAIGN, "answered"), Some(20.0));

    // Nothing of a request with a fault is taken in.
    let faulty = feed(json!([
        row("2024-05-15T09:10:00Z", 200),
        row("2999-01-01T00:00:00Z", 200)
    ]));
    assert_eq!(faulty.status, 400, "{}", faulty.body);
    let mut stranger = row("2024-05-15T09:10:00Z", 200);
    stranger["campaign"] = "stranger".into();
    let unknown = feed(json!([row("2024-05-15T09:10:00Z", 200), stranger]));
    assert_eq!(unknown.status, 404, "{}", unknown.body);
    assert_eq!(feed(json!([])).status, 400);
    stage.centre.wait_for_polls(3);
    assert_eq!(total(&api, CAMPAIGN, "dials"), Some(40.0));
    let changes = "autopilot_operator_changes_total{change=\"outcomes\"}";
    assert_eq!(api.series(changes), Some(3.0));
    daemon.stop();

    let audit = stage.centre.audit();
    let rows = of_kind(&audit, "operator");
    assert_eq!(rows.len(), 3, "{rows:#?}");
    let text = rows[1].to_string();
    assert!(
        text.contains("dialler") && text.contains("each five minutes"),
        "{text}"
    );
    let (remembered, replayed) = stage.remembered_and_replayed(CAMPAIGN);
    assert_eq!(remembered, replayed);
    assert_eq!(remembered.total().dials, 40);
}

#[test]
fn a_file_is_read_in_the_place_of_the_platform_when_it_has_changed() {
    let stage = Stage::new(|_| Dialect::default());
    let path = stage.centre.directory.path().join("outcomes.json");
    let write = |rows: &Value| {
        let new = path.with_extension("new");
        std::fs::write(&new, rows.to_string()).unwrap();
        std::fs::rename(&new, &path).unwrap();
    };
    let mut stranger = row("2024-05-15T09:00:00Z", 70);
    stranger["campaign"] = "stranger".into();
    write(&json!([row("2024-05-15T09:00:00Z", 100), stranger]));
    let mut daemon = stage.centre.daemon();
    daemon.env("AUTOPILOT_OUTCOMES_FILE", &path);
    let (daemon, api) = start(&mut daemon);
    wait_until("a base was read", || {
        total(&api, CAMPAIGN, "dials") == Some(0.0)
    });
    write(&json!([row("2024-05-15T09:05:00Z", 1_140)]));
    wait_until("the file was read again", || {
        total(&api, CAMPAIGN, "dials") == Some(1_040.0)
    });
    assert_eq!(api.campaign(CAMPAIGN)["outcomes"]["source"], "fed");
    write(&json!([{"campaign": CAMPAIGN}]));
    let fault = daemon.wait_for_log("outcomes not read");
    assert!(
        fault["why"].as_str().unwrap().contains("outcomes_file"),
        "{fault}"
    );
    assert_eq!(total(&api, CAMPAIGN, "dials"), Some(1_040.0));
    assert_eq!(
        stage
            .centre
            .platform
            .request_count(Some(Endpoint::Outcomes)),
        0
    );
    daemon.stop();
    let audit = stage.centre.audit();
    let fed = of_kind(&audit, "operator");
    assert_eq!(fed.len(), 2, "{fed:#?}");
    assert!(fed[1].to_string().contains("outcomes_file"), "{}", fed[1]);
}
