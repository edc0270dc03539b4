//! Settings of a skill, as those of a queue: read, merged, written while the skill stands still, and read back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use campaign_autopilot::simulator::{
    AcdOperation, AcdSettings, Endpoint, FIRST_CAMPAIGN, Phase, Release, StopShows,
};
use serde_json::json;

use crate::centre::{Centre, Finished, Invocation, of_kind};

use super::daemon::{asked, centre};
use super::tenant::SKILL;

const GET: Endpoint = Endpoint::Acd(AcdOperation::Skill);
const PUT: Endpoint = Endpoint::Acd(AcdOperation::PutSkill);

const CHANGE: [&str; 4] = [
    "--set",
    "service_level={ percent = 85, within = \"20s\" }",
    "--set",
    "wrap_up=\"45s\"",
];

fn queue(centre: &Centre, words: &[&str]) -> Finished {
    asked(centre, &[&["queue"], words].concat())
}

fn apply(centre: &Centre) -> Finished {
    queue(centre, &[&["apply", SKILL], &CHANGE[..]].concat())
}

fn written(centre: &Centre) -> u64 {
    centre.platform.request_count(Some(PUT))
}

#[test]
fn a_skill_that_stands_still_is_changed_and_the_audit_says_whose_version_it_is() {
    for release in [Release::Current, Release::Older] {
        let centre = centre(AcdSettings {
            release,
            ..AcdSettings::default()
        });
        centre.platform.person_sets(FIRST_CAMPAIGN, "PAUSED");
        let shown = queue(&centre, &["show", SKILL]);
        assert_eq!(shown.code(), 0, "{}", shown.stderr);
        for part in [
            "(ours: the platform has no versions)",
            "80% within 30s",
            "wrap_up",
        ] {
            assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
        }
        let done = apply(&centre);
        assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
        assert!(
            done.stdout.contains("read back as written"),
            "{}",
            done.stdout
        );
        let shown = queue(&centre, &["show", SKILL]);
        for part in ["85% within 20s", "45s"] {
            assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
        }
        assert_eq!(written(&centre), 1);
        let rows = centre.audit();
        let records = of_kind(&rows, "queue");
        let outcome = &records.last().unwrap()["event"]["record"];
        assert_eq!(outcome["conclusion"], "applied");
        for version in ["version_before", "version_after"] {
            let version = outcome[version].as_str().unwrap();
            assert!(version.starts_with("sha256:"), "{version}");
        }
        assert_ne!(outcome["version_before"], outcome["version_after"]);
        let again = apply(&centre);
        assert_eq!(again.code(), 0, "{}", again.stderr);
        assert_eq!(written(&centre), 1, "what is so already is not written");
    }
}

#[test]
fn nothing_is_written_while_the_skill_runs() {
    let centre = centre(AcdSettings {
        stop: StopShows::For(std::time::Duration::from_secs(3_600)),
        ..AcdSettings::default()
    });
    let refused = apply(&centre);
    assert_ne!(refused.code(), 0);
    let told = format!("{}{}", refused.stdout, refused.stderr);
    assert!(told.contains("only while it does not run"), "{told}");
    assert_eq!(written(&centre), 0);
    let planned = queue(&centre, &[&["plan", SKILL], &CHANGE[..]].concat());
    let told = format!("{}{}", planned.stdout, planned.stderr);
    assert!(told.contains("only while it does not run"), "{told}");
}

#[test]
fn a_skill_that_is_started_meanwhile_refuses_and_that_is_the_reason() {
    let centre = centre(AcdSettings::default());
    centre.platform.person_sets(FIRST_CAMPAIGN, "PAUSED");
    let platform = centre.platform.clone();
    // Somebody starts the skill when the write is on its way.
    centre
        .platform
        .set_hook(Some(Arc::new(move |request, phase| {
            if request.endpoint == PUT && phase == Phase::Arrived {
                platform.person_sets(FIRST_CAMPAIGN, "RUNNING");
            }
        })));
    let refused = apply(&centre);
    assert_ne!(refused.code(), 0);
    let told = format!("{}{}", refused.stdout, refused.stderr);
    assert!(told.contains("the skill runs"), "{told}");
    let rows = centre.audit();
    let records = of_kind(&rows, "queue");
    let outcome = &records.last().unwrap()["event"]["record"];
    assert_eq!(outcome["conclusion"], "refused", "{outcome}");
}

#[test]
fn what_somebody_changes_between_the_reading_and_the_write_is_a_conflict() {
    let centre = centre(AcdSettings::default());
    centre.platform.person_sets(FIRST_CAMPAIGN, "PAUSED");
    let platform = centre.platform.clone();
    let readings = AtomicU32::new(0);
    // The first reading is the command's, the second the one that the change is merged with, the third the writer's own.
    centre
        .platform
        .set_hook(Some(Arc::new(move |request, phase| {
            if request.endpoint == GET
                && phase == Phase::Arrived
                && readings.fetch_add(1, Ordering::Relaxed) == 2
            {
                assert!(platform.person_sets_skill(FIRST_CAMPAIGN, "serviceLevelGoal", json!(70)));
            }
        })));
    let done = apply(&centre);
    assert_ne!(done.code(), 0, "{}", done.stdout);
    assert_eq!(written(&centre), 0);
    let rows = centre.audit();
    let records = of_kind(&rows, "queue");
    let conclusion = |place: usize| &records[place]["event"]["record"]["conclusion"];
    let last = records.len() - 1;
    assert_eq!(conclusion(last - 1), "stale", "{records:?}");
    assert_eq!(conclusion(last), "conflict", "{records:?}");
    let shown = queue(&centre, &["show", SKILL]);
    assert!(shown.stdout.contains("70% within 30s"), "{}", shown.stdout);
}

#[test]
fn a_member_that_a_skill_does_not_have_is_named_and_calibration_is_refused() {
    let centre = centre(AcdSettings::default());
    centre.platform.person_sets(FIRST_CAMPAIGN, "PAUSED");
    let refused = queue(&centre, &["apply", SKILL, "--set", "max_waiters=30"]);
    assert_ne!(refused.code(), 0);
    let told = format!("{}{}", refused.stdout, refused.stderr);
    assert!(told.contains("is no setting of a skill"), "{told}");
    assert_eq!(written(&centre), 0);
    let file = centre.directory.path().join("settings.toml");
    std::fs::write(&file, "[[queue]]\nid = \"4711\"\n").unwrap();
    let file = file.to_str().unwrap();
    let mut run = centre.daemon();
    run.env("AUTOPILOT_PLATFORM", "cxone-acd")
        .env("AUTOPILOT_AREA", "na1")
        .env("CXONE_CAMPAIGN_ID", SKILL)
        .env("AUTOPILOT_CONFIG", file);
    let by_run = Invocation::output(&mut run);
    let by_check = asked(&centre, &["check", "--config", file]);
    for done in [by_run, by_check] {
        assert_eq!(done.code(), 78, "{}", done.stdout);
        let part = "with the figures that a calibration moves";
        assert!(done.stderr.contains(part), "{}", done.stderr);
    }
}
