//! An aim at a share of abandoned calls: from the platform's counters to pauses, resumes, audit, metrics and replay.

use std::time::Duration;

use campaign_autopilot::domain::aim::AimState;
use campaign_autopilot::domain::replay::Replayer;
use campaign_autopilot::simulator::{AcdSettings, Dialect, FIRST_CAMPAIGN, Scenario};
use campaign_autopilot::store::StoreReader;
use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{Centre, Daemon, Invocation, of_kind, wait_until};
use crate::outcomes::{Stage, start};

/// The first skill of a simulated tenant.
const SKILL: &str = "4711";

/// A daemon that aims, and the centre whose clock it moves.
struct Aiming {
    stage: Stage,
    campaign: &'static str,
    /// Settings of the daemon that the dialect needs.
    settings: Vec<(&'static str, String)>,
}

impl Aiming {
    fn at_v2() -> Self {
        Self {
            stage: Stage::new(|_| Dialect::default()),
            campaign: FIRST_CAMPAIGN,
            settings: Vec::new(),
        }
    }

    fn at_acd() -> Self {
        let dialect = |scenario: &Scenario| {
            Dialect::CxoneAcd(Box::new(AcdSettings {
                daily_calls: 0,
                ..AcdSettings::staging(scenario)
            }))
        };
        let stage = Stage::new(dialect);
        let log_in = "authentication/v1/token/access-key";
        let log_in = format!("{}/{log_in}", stage.centre.base_url);
        Self {
            stage,
            campaign: SKILL,
            settings: vec![
                ("AUTOPILOT_PLATFORM", "cxone-acd".to_owned()),
                ("AUTOPILOT_TOKEN_URL", log_in),
                ("CXONE_CAMPAIGN_ID", SKILL.to_owned()),
            ],
        }
    }

    fn daemon(&self) -> Invocation {
        let mut daemon = self.stage.centre.daemon();
        for (name, value) in &self.settings {
            daemon.env(name, value);
        }
        for name in ["AUTOPILOT_PAUSE_BELOW", "AUTOPILOT_RESUME_AT"] {
            daemon.env_remove(name);
        }
        daemon.env("AUTOPILOT_ABANDON_TARGET", "0.5%");
        daemon
    }

    fn start(&self) -> (Daemon, Api) {
        start(&mut self.daemon())
    }

    fn aim(&self, api: &Api) -> Value {
        api.campaign(self.campaign)["aim"].clone()
    }

    /// Lets half a minute pass until the daemon has looked at what came of it.
    fn pass(&self, api: &Api) {
        let polls = || api.series("autopilot_polls_total{outcome=\"ok\"}").unwrap();
        self.stage.clock.advance(Duration::from_secs(30));
        let before = polls();
        wait_until("polls go on", || polls() >= before + 3.0);
    }

    /// What the store remembers of the aim, and what a replay of the recorded inputs comes to.
    fn remembered_and_replayed(&self) -> (AimState, AimState) {
        let store = StoreReader::open(self.stage.centre.state_dir()).unwrap();
        let id = self.campaign.parse().unwrap();
        let remembered = store.states().unwrap()[&id].aim.clone();
        let mut replayer = Replayer::default();
        store
            .with_inputs(|inputs| {
                for (at, input) in inputs {
                    replayer.step(at, input).unwrap();
                }
            })
            .unwrap();
        let again = replayer.autopilot().unwrap().campaign(&id).unwrap();
        (*remembered.unwrap(), *again.state().aim.clone().unwrap())
    }

    /// Intents of the rule, of this direction, each with what the aim compared.
    fn intents(&self, direction: &str) -> Vec<(f64, f64, f64)> {
        let audit = self.stage.centre.audit();
        let number = |text: &Value| text.as_str().unwrap().parse::<f64>().unwrap();
        let intents = of_kind(&audit, "intent").into_iter();
        let intents = intents.filter(|row| row["event"]["direction"] == direction);
        let aims = intents.map(|row| row["event"]["reason"]["aim"].clone());
        aims.map(|aim| {
            let [signal, pause_below, resume_at] =
                ["signal", "pause_below", "resume_at"].map(|name| number(&aim[name]));
            (signal, pause_below, resume_at)
        })
        .collect()
    }
}

fn moves_pauses_and_resumes(aiming: &Aiming) {
    let campaign = aiming.campaign;
    let (daemon, api) = aiming.start();
    wait_until("the aim is shown", || aiming.aim(&api).is_object());
    let first = aiming.aim(&api);
    assert_eq!(
        (&first["target"], &first["threshold"]),
        (&json!("0.5%"), &json!(3.0))
    );
    assert_eq!(
        first["says"],
        "threshold 3: no calls counted in 2h, aimed at 0.5%"
    );

    // What is to happen: a threshold of another whole agent, and a pause and a resume by it.
    let happened = || {
        let past = format!("/api/v1/history?campaign={campaign}&limit=500");
        let past = api.get(&past).json();
        let of = |kind: &str, direction: Option<&str>| {
            let entries = past["entries"].as_array().unwrap().iter();
            let mut entries = entries.filter(|row| row["kind"] == kind);
            entries.any(|row| direction.is_none_or(|to| row["event"]["direction"] == to))
        };
        of("aim_moved", None) && of("intent", Some("pause")) && of("intent", Some("resume"))
    };
    for step in 0.. {
        assert!(
            step < 2_000,
            "not moved, paused and resumed: {}",
            aiming.aim(&api)
        );
        aiming.pass(&api);
        if step % 10 == 9 && happened() {
            break;
        }
    }
    assert!(!aiming.intents("pause").is_empty() && !aiming.intents("resume").is_empty());
    for (signal, pause_below, _) in aiming.intents("pause") {
        assert!(signal < pause_below, "{signal} of {pause_below}");
    }
    for (signal, _, resume_at) in aiming.intents("resume") {
        assert!(signal >= resume_at, "{signal} of {resume_at}");
    }

    // While the clock stands, no further call ends: everything is counted, and all interfaces say the same.
    let name = |metric: &str| format!("autopilot_campaign_{metric}{{campaign=\"{campaign}\"}}");
    wait_until("the metric is the status's", || {
        let shown = api.series(&name("aim_threshold_agents"));
        shown.is_some() && shown == aiming.aim(&api)["threshold"].as_f64()
    });
    assert_eq!(api.series(&name("abandon_target_share")), Some(0.005));
    assert_eq!(api.series(&name("aim_responds")), Some(1.0));
    let shown = aiming.aim(&api);
    let says = shown["says"].as_str().unwrap();
    let counted = format!(
        "{} of {} calls abandoned in 2h, aimed at 0.5%",
        shown["abandoned"], shown["answered"]
    );
    assert!(says.ends_with(&counted), "{says} and {counted}");
    let status = api.command(&["status"]).output();
    assert!(
        status.stdout.contains(", aimed at 0.5%"),
        "{}",
        status.stdout
    );
    let history = api
        .command(&["history", "--campaign", campaign, "--since", "1h"])
        .output();
    assert!(history.stdout.contains("; was 3"), "{}", history.stdout);

    // A crash loses nothing of it.
    daemon.kill();
    let (remembered, replayed) = aiming.remembered_and_replayed();
    let (daemon, api) = aiming.start();
    wait_until("the aim is shown again", || aiming.aim(&api).is_object());
    assert_eq!(aiming.aim(&api)["threshold"], shown["threshold"]);
    let pause_below = |aim: &AimState| serde_json::to_value(aim).unwrap()["threshold"].clone();
    assert_eq!(pause_below(&remembered), pause_below(&replayed));
    daemon.stop();
    let (remembered, replayed) = aiming.remembered_and_replayed();
    assert_eq!(pause_below(&remembered), pause_below(&replayed));
    // Verifies and replays.
    aiming.stage.centre.audit();
}

#[test]
fn an_aim_moves_its_threshold_pauses_resumes_and_survives_a_crash() {
    moves_pauses_and_resumes(&Aiming::at_v2());
}

#[test]
fn an_aim_at_skills_does_the_same() {
    moves_pauses_and_resumes(&Aiming::at_acd());
}

#[test]
fn an_operators_thresholds_are_in_force_before_the_aim() {
    let aiming = Aiming::at_v2();
    let (daemon, api) = aiming.start();
    wait_until("the aim is shown", || aiming.aim(&api)["in_force"] == true);
    let path = format!("/api/v1/campaigns/{}/thresholds", aiming.campaign);
    let body = json!({"pause_below": "50", "resume_at": "60", "for": "30m", "author": "anna", "reason": "a trial"});
    let set = api.change("PUT", &path, &body);
    assert_eq!(set.status, 200, "{}", set.body);
    assert_eq!(set.json()["made"]["before"]["pause_below"]["agents"], 3);
    wait_until("it is paused by them", || {
        api.campaign(aiming.campaign)["paused_by"] == "autopilot"
    });
    let shown = api.campaign(aiming.campaign);
    assert_eq!(
        (&shown["aim"]["in_force"], &shown["pause_below"]),
        (&json!(false), &json!(50))
    );
    let status = api.command(&["status"]).output();
    assert!(
        status.stdout.contains("aim, not in force: threshold 3"),
        "{}",
        status.stdout
    );
    daemon.stop();
}

#[test]
fn an_operator_sets_the_target_for_a_while() {
    let aiming = Aiming::at_v2();
    let (daemon, api) = aiming.start();
    wait_until("the aim is shown", || aiming.aim(&api)["target"] == "0.5%");
    let why = ["--reason", "a trial", "--author", "anna"];
    let set = |arguments: &[&str]| {
        let words = [&["set", aiming.campaign], arguments, &why].concat();
        api.command(&words).output()
    };
    let done = set(&["--abandon-target", "2%", "--for", "30m"]);
    assert_eq!(done.code(), 0, "{}", done.stderr);
    assert!(
        done.stdout
            .contains("aimed at 2% abandoned (was 0.5%) until"),
        "{}",
        done.stdout
    );
    wait_until("it is in force", || {
        let aim = aiming.aim(&api);
        aim["target"] == "2%" && aim["in_force"] == true
    });
    let shown = api.campaign(aiming.campaign)["set"].clone();
    assert_eq!(
        (&shown["abandon_target"], &shown["author"]),
        (&json!("2%"), &json!("anna"))
    );
    let both = set(&["--abandon-target", "2%", "--pause-below", "2"]);
    assert_ne!(both.code(), 0);
    let back = set(&["--as-configured"]);
    assert_eq!(back.code(), 0, "{}", back.stderr);
    wait_until("it is as configured", || {
        aiming.aim(&api)["target"] == "0.5%"
    });
    let path = format!("/api/v1/campaigns/{}/thresholds", aiming.campaign);
    for wrong in [
        json!({"abandon_target": "0%", "reason": "a trial", "author": "anna"}),
        json!({"abandon_target": "1%", "resume_at": "3", "reason": "a trial", "author": "anna"}),
        json!({"pause_below": "1", "reason": "a trial", "author": "anna"}),
    ] {
        assert_eq!(api.change("PUT", &path, &wrong).status, 400, "{wrong}");
    }
    daemon.stop();
    aiming.stage.centre.audit();
}

#[test]
fn a_campaign_without_an_aim_has_no_target_to_set() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let api = Api::of(&daemon);
    let path = format!("/api/v1/campaigns/{FIRST_CAMPAIGN}/thresholds");
    let asked = json!({"abandon_target": "1%", "reason": "a trial", "author": "anna"});
    let refused = api.change("PUT", &path, &asked);
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.body.contains("no_aim"), "{}", refused.body);
    daemon.stop();
}

#[test]
fn the_example_is_accepted() {
    let done = Invocation::bare()
        .env("CXONE_BASE_URL", "https://127.0.0.1:1")
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("HOME", "/nonexistent")
        .args(&["check", "--config", "examples/aim.toml"])
        .output();
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(done.stderr, "", "no warnings");
    for line in [
        "campaign.surveys.abandon_target = 2%",
        "campaign.surveys.aim_start = 4.5",
        "campaign.reminders.pause_below = 2",
    ] {
        assert!(done.stdout.contains(line), "{line} in\n{}", done.stdout);
    }
}

#[test]
fn without_counters_the_threshold_stays_and_that_is_said() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .args(&["--abandon-target", "0.5%", "--outcomes-every", "1ms"])
        .start();
    let api = Api::of(&daemon);
    centre.wait_for_polls(5);
    let aim = api.campaign(FIRST_CAMPAIGN)["aim"].clone();
    assert_eq!(
        aim["says"],
        "threshold 3: no calls counted in 2h, aimed at 0.5%"
    );
    daemon.stop();
    let check = |arguments: &[&str]| {
        Invocation::bare()
            .env("CXONE_BASE_URL", &centre.base_url)
            .env("CXONE_CLIENT_ID", "autopilot")
            .env("CXONE_CLIENT_SECRET", "autopilot-secret")
            .env("CXONE_CAMPAIGN_ID", FIRST_CAMPAIGN)
            .env("AUTOPILOT_STATE_DIR", centre.state_dir())
            .args(&["check", "--abandon-target", "0.5%"])
            .args(arguments)
            .output()
    };
    let online = check(&["--online"]);
    assert_eq!(online.code(), 0, "{}", online.stderr);
    let told = format!("{}{}", online.stdout, online.stderr);
    assert!(told.contains("its threshold does not move"), "{told}");
    let never = check(&["--outcomes-every", "0s"]);
    assert_eq!(never.code(), 78, "{}", never.stderr);
    assert!(
        never.stderr.contains("would learn nothing"),
        "{}",
        never.stderr
    );
}
