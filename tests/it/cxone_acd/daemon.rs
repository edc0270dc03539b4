//! The real daemon on this platform, told by its settings alone.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use campaign_autopilot::simulator::{
    AcdOperation, AcdSettings, Dialect, Endpoint, FIRST_CAMPAIGN, SimClock, SimTime, StopShows,
};
use serde_json::Value;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, Finished, Invocation, of_kind, wait_until};

use super::tenant::SKILL;

const STATES: Endpoint = Endpoint::Acd(AcdOperation::AgentStates);
const ACTIVITY: Endpoint = Endpoint::Acd(AcdOperation::SkillsActivity);
const GLOBAL: Endpoint = Endpoint::Acd(AcdOperation::GlobalToken);

/// A platform of this dialect with ten agents, whose tenant may make any number of calls a day.
pub(crate) fn centre(settings: AcdSettings) -> Centre {
    Centre::with(|platform| platform.dialect = unlimited(settings))
}

pub(super) fn unlimited(settings: AcdSettings) -> Dialect {
    Dialect::CxoneAcd(Box::new(AcdSettings {
        daily_calls: 0,
        ..settings
    }))
}

/// A daemon for it whose configuration is its environment.
pub(super) fn daemon(centre: &Centre) -> Invocation {
    let mut daemon = centre.daemon();
    daemon
        .env("AUTOPILOT_PLATFORM", "cxone-acd")
        .env("AUTOPILOT_TOKEN_URL", area_log_in(centre))
        .env("CXONE_CAMPAIGN_ID", SKILL);
    daemon
}

fn area_log_in(centre: &Centre) -> String {
    format!("{}/authentication/v1/token/access-key", centre.base_url)
}

fn skill_is(centre: &Centre, status: &str) -> bool {
    centre.platform.campaign_status(FIRST_CAMPAIGN).as_deref() == Some(status)
}

fn wait_until_skill_is(centre: &Centre, status: &str) {
    wait_until(&format!("the skill is {status}"), || {
        skill_is(centre, status)
    });
}

pub(super) fn wait_for_polls(centre: &Centre, polls: u64) {
    let seen = centre.platform.request_count(Some(STATES));
    wait_until("polls go on", || {
        centre.platform.request_count(Some(STATES)) >= seen + polls
    });
}

/// One of the commands that look, with this configuration.
pub(crate) fn asked(centre: &Centre, arguments: &[&str]) -> Finished {
    let mut invocation = Invocation::bare();
    invocation
        .env("AUTOPILOT_BASE_URL", &centre.base_url)
        .env("AUTOPILOT_CLIENT_ID", "autopilot")
        .env("AUTOPILOT_CLIENT_SECRET", "autopilot-secret")
        .env("AUTOPILOT_PLATFORM", "cxone-acd")
        .env("AUTOPILOT_TOKEN_URL", area_log_in(centre))
        .env("CXONE_CAMPAIGN_ID", SKILL)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .args(arguments)
        .output()
}

pub(crate) fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    // Some of them are secrets.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn expect_commands(centre: &Centre, expected: &[&str]) {
    assert_eq!(centre.commands(), expected);
}

fn pause_and_resume(centre: &Centre, daemon: Daemon) {
    wait_for_polls(centre, 3);
    centre.platform.set_available(2);
    wait_until_skill_is(centre, "PAUSED");
    daemon.wait_for_log("paused");
    // The stop has released the agents from the dialler; who is back has never been in it.
    centre.platform.set_available(20);
    wait_until_skill_is(centre, "RUNNING");
    daemon.wait_for_log("resumed");
    daemon.stop();
    expect_commands(
        centre,
        &[
            "campaign-1: RUNNING -> PAUSED",
            "campaign-1: PAUSED -> RUNNING",
        ],
    );
}

#[test]
fn a_skill_is_paused_and_resumed_and_the_audit_holds() {
    let centre = centre(AcdSettings::default());
    pause_and_resume(&centre, daemon(&centre).start());
    let rows = centre.audit();
    assert_eq!(of_kind(&rows, "intent").len(), 2, "{rows:#?}");
    assert!(
        of_kind(&rows, "outcome")
            .iter()
            .all(|row| row["campaign"] == SKILL),
        "{rows:#?}"
    );
}

#[test]
fn the_global_log_in_and_the_discovery_of_the_host_are_settings_of_a_file() {
    let centre = centre(AcdSettings::default());
    let directory = centre.directory.path();
    let secret = write(directory, "key", "autopilot-secret\n");
    let registered = write(directory, "registered", "registered-secret====\n");
    let file = format!(
        "platform = \"cxone-acd\"\ntoken_url = \"{}/auth/token\"\nclient_id = \"autopilot\"\nclient_secret_file = \"{secret}\"\n\
         registered_client_id = \"registered\"\nregistered_client_secret_file = \"{registered}\"\n\
         api_versions = \"v33.0,stop-skill=v31.0\"\nready_states = \"Available,Dialer\"\nagents = \"states\"\n\
         count = \"free-and-serving\"\n\n[[campaign]]\nid = \"{SKILL}\"\nagents = \"own\"\nname = \"Renewals in spring\"\n",
        centre.base_url
    );
    let file = write(directory, "settings.toml", &file);
    let mut daemon = centre.daemon();
    for given in [
        "CXONE_BASE_URL",
        "CXONE_CLIENT_ID",
        "CXONE_CLIENT_SECRET",
        "CXONE_CAMPAIGN_ID",
    ] {
        daemon.env_remove(given);
    }
    daemon
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .args(&["--config", &file]);
    let running = daemon.start();
    let api = Api::of(&running);
    assert_eq!(api.campaign(SKILL)["name"], "Renewals in spring");
    pause_and_resume(&centre, running);
    assert_eq!(centre.platform.request_count(Some(GLOBAL)), 1);
}

#[test]
fn a_persons_pause_is_kept_also_after_a_restart() {
    let centre = centre(AcdSettings::default());
    let running = daemon(&centre).start();
    wait_for_polls(&centre, 3);
    centre.platform.person_sets(FIRST_CAMPAIGN, "PAUSED");
    running.wait_for_log("paused by a person");
    centre.platform.set_available(50);
    wait_for_polls(&centre, 10);
    running.stop();
    let again = daemon(&centre).start();
    wait_for_polls(&centre, 5);
    again.stop();
    assert!(skill_is(&centre, "PAUSED"));
    expect_commands(&centre, &[]);
}

#[test]
fn agents_whom_a_stop_releases_from_the_dialler_lead_to_a_resume() {
    for (blended, dialer_has_skill) in [(false, true), (false, false), (true, true)] {
        let centre = centre(AcdSettings {
            blended,
            dialer_has_skill,
            ..AcdSettings::default()
        });
        let daemon = daemon(&centre).start();
        wait_for_polls(&centre, 3);
        centre.platform.set_available(3);
        wait_until_skill_is(&centre, "PAUSED");
        daemon.wait_for_log("paused");
        // Three whom the stop released, and seven who come back to a skill whose dialler nobody can be in.
        centre.platform.set_available(10);
        wait_until_skill_is(&centre, "RUNNING");
        daemon.wait_for_log("resumed");
        wait_for_polls(&centre, 3);
        daemon.stop();
        expect_commands(
            &centre,
            &[
                "campaign-1: RUNNING -> PAUSED",
                "campaign-1: PAUSED -> RUNNING",
            ],
        );
    }
}

#[test]
fn a_slow_stop_shows_as_changing_is_no_failure_and_is_ours_to_the_end() {
    for stop in [
        StopShows::For(Duration::from_secs(100)),
        StopShows::Word("Stopping".to_owned(), Duration::from_secs(100)),
        StopShows::Word("Draining".to_owned(), Duration::from_secs(30)),
    ] {
        let mut clock = None;
        let centre = Centre::with(|platform| {
            let start: SimTime = "2024-05-15T08:00:00Z"
                .parse::<jiff::Timestamp>()
                .unwrap()
                .into();
            // It moves when the test says so: the change lasts until it was seen.
            platform.clock = SimClock::manual(start);
            clock = Some(platform.clock.clone());
            platform.dialect = unlimited(AcdSettings {
                stop: stop.clone(),
                ..AcdSettings::default()
            });
        });
        let daemon = daemon(&centre)
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .start();
        let api = Api::of(&daemon);
        let changing = || api.campaign(SKILL)["changing_to"].clone();
        wait_for_polls(&centre, 3);
        centre.platform.set_available(2);
        wait_until("the status shows the pause on its way", || {
            changing() == "paused"
        });
        clock.unwrap().advance(Duration::from_secs(101));
        wait_until("and at its end a pause of ours", || {
            let campaign = api.campaign(SKILL);
            campaign["state"] == "paused" && campaign["paused_by"] == "autopilot"
        });
        assert!(changing().is_null(), "{stop:?}");
        daemon.wait_for_log("acknowledged, the platform is changing it: pause");
        let metrics = api.get("/metrics").body;
        let failures: Vec<&str> = metrics
            .lines()
            .filter(|line| line.starts_with("autopilot_transition_failures_total{"))
            .filter(|line| !line.ends_with(" 0"))
            .collect();
        assert!(failures.is_empty(), "{stop:?}: {failures:?}");
        centre.platform.set_available(20);
        wait_until_skill_is(&centre, "RUNNING");
        daemon.stop();
        expect_commands(
            &centre,
            &[
                "campaign-1: RUNNING -> PAUSED",
                "campaign-1: PAUSED -> RUNNING",
            ],
        );
    }
}

#[test]
fn a_page_of_fifty_with_230_agents_counts_230_on_both_platforms() {
    let acd = centre(AcdSettings {
        page_limit: 50,
        ..AcdSettings::default()
    });
    let v2 = Centre::new();
    acd.platform.set_available(230);
    v2.platform.set_available(230);
    let mut of_v2 = v2.daemon();
    let of_v2 = of_v2.args(&["--page-size", "50"]);
    let mut of_acd = daemon(&acd);
    let of_acd = of_acd.args(&["--page-size", "50"]);
    for (daemon, campaign) in [(of_v2, CAMPAIGN), (of_acd, SKILL)] {
        let daemon = daemon.args(&["--listen", "127.0.0.1:0"]).start();
        let api = Api::of(&daemon);
        wait_until("230 agents are counted", || {
            api.campaign(campaign)["available"] == 230
        });
        daemon.stop();
    }
}

#[test]
fn a_check_asks_what_a_run_asks() {
    let centre = centre(AcdSettings::default());
    let checked = asked(&centre, &["check", "--online"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    for line in [
        "platform = cxone-acd",
        "ok      token from",
        "ok      agents: 10 available now of 10 that are not offline",
        "ok      campaign 4711: running, 10 of its 10 agents available",
    ] {
        assert!(checked.stdout.contains(line), "{line}: {}", checked.stdout);
    }
    let evaluated = asked(&centre, &["eval"]);
    assert_eq!(evaluated.code(), 0, "{}", evaluated.stderr);
}

#[test]
fn counts_that_the_platform_makes_pause_and_resume_and_are_told_to_be_unproven() {
    let centre = centre(AcdSettings::default());
    let mut invocation = daemon(&centre);
    let running = invocation
        .args(&["--agents", "activity"])
        .start()
        .tolerate(&["is unproven"]);
    running.wait_for_log("is unproven");
    let seen = || centre.platform.request_count(Some(ACTIVITY));
    wait_until("the counts are read", || seen() >= 3);
    assert_eq!(centre.platform.request_count(Some(STATES)), 0);
    centre.platform.set_available(2);
    wait_until_skill_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    centre.platform.set_available(20);
    wait_until_skill_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    running.stop();
    let checked = asked(&centre, &["check", "--online", "--agents", "activity"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    let line = "ok      campaign 4711: running, 20 of its 20 agents available";
    assert!(checked.stdout.contains(line), "{}", checked.stdout);
}

#[test]
fn a_schedule_beside_the_daemon_and_the_calls_of_a_day_are_told() {
    let centre = Centre::with(|platform| {
        platform.dialect = Dialect::CxoneAcd(Box::new(AcdSettings {
            scheduled: true,
            daily_calls: 9_000,
            ..AcdSettings::default()
        }));
    });
    let checked = asked(&centre, &["check", "--online"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    let plan = "ok      polling takes 7680 of the 9000 calls a day that the tenant has";
    assert!(checked.stdout.contains(plan), "{}", checked.stdout);
    let rival = "the schedule of skill 4711 starts and stops it by the clock";
    assert!(checked.stderr.contains(rival), "{}", checked.stderr);
    let running = daemon(&centre)
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start()
        .tolerate(&["something else on the platform", "calls a day"]);
    let line =
        running.wait_for_log("something else on the platform starts and stops this campaign");
    assert_eq!(line["campaign"], SKILL);
    // A poll each 40 ms is more than the tenant has.
    running.wait_for_log("poll less often");
    let api = Api::of(&running);
    wait_until("the status shows it", || {
        api.campaign(SKILL)["rivals"] == serde_json::json!([rival])
    });
    assert_eq!(api.series("autopilot_rival_campaigns"), Some(1.0));
    running.stop();
}

#[test]
fn the_platforms_day_is_served_and_told_how_to_connect_to() {
    let mut simulate = Invocation::bare();
    let mut child = simulate
        .args(&[
            "simulate",
            "--platform",
            "cxone-acd",
            "--listen",
            "127.0.0.1:0",
        ])
        .args(&["--scenario", "two-campaigns"])
        .spawn(Stdio::piped());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut invocation = Invocation::bare();
    let directory = tempfile::TempDir::new().unwrap();
    invocation.env("AUTOPILOT_STATE_DIR", directory.path());
    for line in lines.by_ref().map_while(Result::ok) {
        let Some(exports) = line.trim().strip_prefix("export ") else {
            // The last line says how to stop it.
            if line.contains("ctrl-c") {
                break;
            }
            continue;
        };
        for export in exports.split(' ') {
            let (name, value) = export.split_once('=').unwrap();
            invocation.env(name, value);
        }
    }
    let checked = invocation.args(&["check", "--online"]).output();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    let campaigns = checked.stdout.matches("ok      campaign 47").count();
    assert_eq!(campaigns, 2, "{}", checked.stdout);
}

#[test]
fn the_demonstration_runs_on_it() {
    let shown = Invocation::bare()
        .args(&["demo", "--platform", "cxone-acd", "--for", "8s", "--json"])
        .env("TMPDIR", std::env::temp_dir())
        .output();
    assert_eq!(shown.code(), 0, "{}{}", shown.stdout, shown.stderr);
    let report: Value = serde_json::from_str(&shown.stdout).unwrap();
    let count = |name: &str| report["daemon"][name].as_u64().unwrap();
    assert!(count("pauses") > 0 && count("resumes") > 0, "{report:#}");
}
