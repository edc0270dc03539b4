//! `check --online` tells everything that would keep a run from its work.

use campaign_autopilot::simulator::{CloudRival, CloudSettings};

use crate::centre::{CAMPAIGN, Finished};

use super::tenant::{asked, centre, command, quick, unreached};

/// What was said on either stream.
fn told(finished: &Finished) -> String {
    format!("{}{}", finished.stdout, finished.stderr)
}

#[test]
fn a_check_asks_what_a_run_asks_and_tells_whose_agents_count() {
    let centre = centre(quick());
    let checked = asked(&centre, &["check", "--online"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    for line in [
        "platform = genesys-cloud",
        "ok      token from",
        "ok      campaign campaign-1: on, 10 of its 10 agents available",
    ] {
        assert!(checked.stdout.contains(line), "{line}: {}", checked.stdout);
    }
    assert_eq!(centre.commands(), [""; 0], "a check changes nothing");
}

#[test]
fn a_check_names_every_right_that_is_missing() {
    let needed = [
        "outbound:campaign:view",
        "outbound:campaign:start",
        "outbound:campaign:stop",
        "analytics:queueObservation:view",
    ];
    let useful = [
        "audits:audit:view",
        "analytics:conversationAggregate:view",
        "outbound:campaign:edit",
        "outbound:campaignRule:view",
        "outbound:campaignSequence:view",
        "outbound:schedule:view",
        "outbound:settings:view",
    ];
    let centre = centre(CloudSettings {
        withheld: needed
            .iter()
            .chain(&useful)
            .map(|right| (*right).to_owned())
            .collect(),
        ..quick()
    });
    let checked = asked(&centre, &["check", "--online"]);
    assert_ne!(checked.code(), 0);
    for right in needed {
        let line = format!("permission {right} is not granted");
        assert!(checked.stdout.contains(&line), "{line}: {}", checked.stdout);
    }
    for right in useful {
        let line = format!("the right {right} is not granted");
        assert!(told(&checked).contains(&line), "{line}: {}", told(&checked));
    }
    // The useful ones alone keep nobody from steering.
    assert!(centre.platform.change_cloud(move |cloud| {
        cloud.withheld = useful.iter().map(|right| (*right).to_owned()).collect();
    }));
    let checked = asked(&centre, &["check", "--online"]);
    assert!(
        !checked.stdout.contains("scope outbound:campaign:"),
        "{}",
        checked.stdout
    );
}

#[test]
fn a_check_tells_modes_that_cannot_be_steered_and_divisions() {
    for mode in ["agentless", "external"] {
        let centre = centre(CloudSettings {
            modes: [(CAMPAIGN.to_owned(), mode.to_owned())].into(),
            ..quick()
        });
        let checked = asked(&centre, &["check", "--online"]);
        assert_ne!(checked.code(), 0, "{mode}");
        let why = format!("dials as `{mode}`, without agents");
        assert!(checked.stdout.contains(&why), "{}", checked.stdout);
    }
    let centre = centre(CloudSettings {
        elsewhere: [CAMPAIGN.to_owned()].into(),
        ..quick()
    });
    let checked = asked(&centre, &["check", "--online"]);
    assert_ne!(checked.code(), 0);
    for part in [
        "missing.division.permissions",
        "inin-correlation-id sim-",
        "a permission of one of its roles in the division",
    ] {
        assert!(checked.stdout.contains(part), "{part}: {}", checked.stdout);
    }
}

#[test]
fn a_check_tells_rivals_of_every_kind() {
    let rival = |kind: fn(String) -> CloudRival| kind(CAMPAIGN.to_owned());
    let centre = centre(CloudSettings {
        rivals: vec![
            rival(CloudRival::Rule),
            rival(CloudRival::TriggeredRule),
            rival(CloudRival::Sequence),
            rival(CloudRival::Schedule),
            CloudRival::DisabledRule(CAMPAIGN.to_owned()),
            CloudRival::IdleSequence(CAMPAIGN.to_owned()),
            CloudRival::Schedule("another".to_owned()),
        ],
        ..quick()
    });
    centre.platform.put_campaign("neighbour", "RUNNING");
    let checked = asked(&centre, &["check", "--online"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    let told = told(&checked);
    let count = |text: &str| told.matches(text).count();
    assert_eq!(count("campaign rule `Rule of campaign-1` turns it off"), 2);
    assert_eq!(count("campaign sequence `Sequence of campaign-1` is on"), 1);
    assert_eq!(count("schedule `Schedule of"), 1, "{told}");
    assert_eq!(count("has the same queue, and takes the same agents"), 1);
}

#[test]
fn a_check_tells_agents_whom_no_call_reaches() {
    let centre = centre(unreached());
    let checked = asked(&centre, &["check", "--online"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    let told = told(&checked);
    for part in [
        "campaign campaign-1: 3 of the 10 agents on its queue have no station, so that no call reaches them",
        "campaign campaign-1: 2 agents of its queue are on another edge group",
    ] {
        assert_eq!(told.matches(part).count(), 1, "{part}: {told}");
    }
    // Nothing is subtracted, and nobody's doing is taken for a change.
    assert!(told.contains("10 of its 10 agents available"), "{told}");
    assert!(!told.contains("counts as a manual change"), "{told}");
    // Where all can be reached, nothing is said.
    assert!(centre.platform.change_cloud(|cloud| {
        cloud.without_station.clear();
        cloud.on_other_edge_group.clear();
    }));
    let told = self::told(&asked(&centre, &["check", "--online"]));
    assert!(!told.contains("station"), "{told}");
    assert!(!told.contains("edge group"), "{told}");
}

#[test]
fn every_page_of_a_listing_is_read() {
    let strangers = (0..150).map(|number| CloudRival::Rule(format!("another-{number}")));
    let centre = centre(CloudSettings {
        rivals: strangers
            .chain([CloudRival::Rule(CAMPAIGN.to_owned())])
            .collect(),
        ..quick()
    });
    let told = told(&asked(&centre, &["check", "--online"]));
    assert_eq!(told.matches("campaign rule `").count(), 1, "{told}");
}

#[test]
fn a_wrong_region_is_thought_of_where_credentials_are_refused() {
    let centre = centre(quick());
    let refused = command(&centre)
        .env("AUTOPILOT_CLIENT_SECRET", "another-secret")
        .args(&["check", "--online"])
        .output();
    assert_ne!(refused.code(), 0);
    let told = told(&refused);
    assert!(
        told.contains("check client id, secret and region"),
        "{told}"
    );
    assert!(!told.contains("another-secret"), "{told}");
}

#[test]
fn the_example_is_accepted() {
    let done = crate::centre::Invocation::bare()
        .env("HOME", "/home/ops")
        .env("AUTOPILOT_CLIENT_SECRET", "hunter2")
        .args(&["check", "--config", "examples/genesys-cloud.toml"])
        .output();
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    assert!(done.stdout.contains("2 campaigns"), "{}", done.stdout);
}

#[test]
fn the_demonstration_speaks_it() {
    let done = crate::centre::Invocation::bare()
        .args(&["demo", "--platform", "genesys-cloud", "--for", "8s"])
        .output();
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
}

#[test]
fn what_means_nothing_here_is_said_to_be_so() {
    let centre = centre(quick());
    let config = centre.directory.path().join("policy.toml");
    std::fs::write(
        &config,
        "ready_states = \"x\"\n[[queue]]\nid = \"queue-1\"\n",
    )
    .unwrap();
    let checked = asked(&centre, &["check", "--config", config.to_str().unwrap()]);
    assert_ne!(checked.code(), 0);
    let told = told(&checked);
    assert!(
        told.contains("ready_states: means nothing on genesys-cloud"),
        "{told}"
    );
    assert!(!told.contains("agent state"), "{told}");
    assert!(
        told.contains("figures that a calibration moves") && told.contains("queue apply"),
        "{told}"
    );
}
