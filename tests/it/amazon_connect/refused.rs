//! What is not steered, and what the settings may not ask for.

use campaign_autopilot::simulator::ConnectSettings;

use crate::api::Api;
use crate::centre::{CAMPAIGN, wait_until};

use super::tenant::{
    PAUSED, asked, centre, command, daemon, told, wait_for_polls, wait_until_it_is,
};

fn agentless() -> ConnectSettings {
    ConnectSettings {
        modes: [(CAMPAIGN.to_owned(), "agentless".to_owned())].into(),
        ..ConnectSettings::default()
    }
}

fn journey() -> ConnectSettings {
    ConnectSettings {
        journeys: [CAMPAIGN.to_owned()].into(),
        ..ConnectSettings::default()
    }
}

#[test]
fn journeys_and_campaigns_without_agents_are_refused_by_name() {
    for (settings, why) in [
        (agentless(), "dials without agents"),
        (journey(), "is run by a journey"),
    ] {
        let centre = centre(settings);
        let checked = asked(&centre, &["check", "--online"]);
        assert_ne!(checked.code(), 0);
        let told = told(&checked);
        assert!(told.contains(CAMPAIGN) && told.contains(why), "{told}");
        let running = daemon(&centre).start().tolerate(&[
            "poll invalid",
            "too long",
            "something else on the platform",
        ]);
        let api = Api::of(&running);
        centre.platform.set_available(0);
        wait_until("the status says why", || {
            api.campaign(CAMPAIGN).to_string().contains(why)
        });
        let seen = centre.platform.request_count(None);
        wait_until("it is looked at", || {
            centre.platform.request_count(None) > seen + 8
        });
        running.kill();
        assert_eq!(centre.commands(), [""; 0]);
    }
}

#[test]
fn a_journey_is_steered_where_that_is_asked_for_and_told_as_a_rival() {
    let centre = centre(journey());
    let running = daemon(&centre)
        .env("AUTOPILOT_ALSO_STEER", "journeys")
        .start()
        .tolerate(&["something else on the platform"]);
    wait_for_polls(&centre, 3);
    let line = running.wait_for_log("something else on the platform");
    assert_eq!(line["rivals"], "a journey, which runs the campaign");
    centre.platform.set_available(0);
    wait_until_it_is(&centre, "PAUSED");
    running.wait_for_log("paused");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn lists_queues_and_counts_of_single_calls_are_refused_with_the_reason() {
    let centre = centre(ConnectSettings::default());
    let settings = centre.directory.path().join("settings.toml");
    for (text, why) in [
        (
            "roster = \"roster.csv\"\n[[preview]]\ncampaign = \"campaign-1\"\n",
            "has no lists of agents for preview campaigns",
        ),
        (
            "[[queue]]\nid = \"q\"\ntarget = \"80% in 20s\"\n",
            "has no queues that can be changed",
        ),
        (
            "[[campaign]]\nid = \"campaign-1\"\ncount = \"free-and-serving\"\n",
            "does not show whose calls agents are on",
        ),
        (
            "[[campaign]]\nid = \"campaign-1\"\nagents = { any_skill = [\"x\"] }\n",
            "lists agents by queue or skill only",
        ),
    ] {
        std::fs::write(&settings, text).unwrap();
        let checked = command(&centre)
            .args(&["check", "--config", settings.to_str().unwrap()])
            .output();
        assert_ne!(checked.code(), 0, "{text}");
        let told = told(&checked);
        assert!(told.contains(why), "{text}: {told}");
    }
}
