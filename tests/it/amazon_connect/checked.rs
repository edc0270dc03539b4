//! `check --online` tells everything that would keep a run from its work.

use campaign_autopilot::simulator::{ConnectSettings, ConnectVersion};

use super::tenant::{asked, centre, command, daemon, told, wait_for_polls};

const NEEDED: [&str; 6] = [
    "connect-campaigns:DescribeCampaign",
    "connect-campaigns:GetCampaignState",
    "connect-campaigns:GetCampaignStateBatch",
    "connect-campaigns:PauseCampaign",
    "connect-campaigns:ResumeCampaign",
    "connect:GetCurrentMetricData",
];

const USEFUL: [&str; 2] = [
    "connect:GetMetricDataV2",
    "connect-campaigns:UpdateCampaignChannelSubtypeConfig",
];

fn without(rights: &[&str]) -> ConnectSettings {
    ConnectSettings {
        withheld: rights.iter().map(|right| (*right).to_owned()).collect(),
        ..ConnectSettings::default()
    }
}

#[test]
fn a_check_asks_what_a_run_asks_and_tells_whose_agents_count() {
    let centre = centre(ConnectSettings::default());
    let checked = asked(&centre, &["check", "--online"]);
    assert_eq!(checked.code(), 0, "{}", told(&checked));
    for line in [
        "platform = amazon-connect",
        "requests_per_second = 2",
        "ok      credentials from an access key that ends in ilot, signed for eu-west-2",
        "ok      campaign campaign-1: Running, 10 of its 10 agents available",
    ] {
        assert!(checked.stdout.contains(line), "{line}: {}", checked.stdout);
    }
    assert_eq!(centre.commands(), [""; 0], "a check changes nothing");
}

#[test]
fn a_check_names_every_right_that_is_missing() {
    let centre = centre(without(&[&NEEDED[..], &USEFUL].concat()));
    let checked = command(&centre)
        .env("AUTOPILOT_REQUESTS_PER_SECOND", "unlimited")
        .args(&["check", "--online"])
        .output();
    assert_ne!(checked.code(), 0);
    for right in NEEDED {
        let line = format!("permission {right} is not granted");
        assert!(checked.stdout.contains(&line), "{line}: {}", checked.stdout);
    }
    for right in USEFUL {
        let line = format!("the right {right} is not granted");
        let told = told(&checked);
        assert!(told.contains(&line), "{line}: {told}");
    }
}

#[test]
fn a_dry_run_needs_no_right_to_change_anything() {
    let centre = centre(without(&[
        "connect-campaigns:PauseCampaign",
        "connect-campaigns:ResumeCampaign",
    ]));
    let checked = command(&centre)
        .env("AUTOPILOT_REQUESTS_PER_SECOND", "unlimited")
        .args(&["check", "--online", "--dry-run"])
        .output();
    assert_eq!(checked.code(), 0, "{}", told(&checked));
    let running = daemon(&centre).arg("--dry-run").start();
    wait_for_polls(&centre, 3);
    centre.platform.set_available(0);
    running.wait_for_log("would");
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn a_campaign_of_another_version_or_instance_is_told() {
    let first = centre(ConnectSettings {
        version: ConnectVersion::First,
        ..ConnectSettings::default()
    });
    let checked = asked(&first, &["check", "--online"]);
    assert_ne!(checked.code(), 0);
    assert!(told(&checked).contains("campaign-1"), "{}", told(&checked));
    let elsewhere = centre(ConnectSettings {
        instance: "bbbbbbbb-0000-4000-8000-000000000000".to_owned(),
        ..ConnectSettings::default()
    });
    let checked = asked(&elsewhere, &["check", "--online"]);
    assert_ne!(checked.code(), 0);
    let told = told(&checked);
    assert!(told.contains("Instance not found"), "{told}");
}

#[test]
fn the_example_is_a_configuration() {
    let state = tempfile::TempDir::new().unwrap();
    let checked = crate::centre::Invocation::bare()
        .env("AUTOPILOT_STATE_DIR", state.path())
        .args(&["check", "--config", "examples/amazon-connect.toml"])
        .output();
    assert_eq!(checked.code(), 0, "{}", told(&checked));
    let place = "base_url = https://connect-campaigns.eu-west-2.amazonaws.com/";
    assert!(checked.stdout.contains(place), "{}", checked.stdout);
}
