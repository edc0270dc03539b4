//! How fast a campaign dials: stepped down by a PATCH, put back, and left where somebody changed it.

use std::collections::BTreeMap;

use campaign_autopilot::simulator::{CloudOperation, CloudSettings, Endpoint};

use crate::centre::{CAMPAIGN, Centre, Daemon, wait_until};

use super::tenant::{asked, centre, daemon, quick, wait_for_polls};

const PATCH: Endpoint = Endpoint::Cloud(CloudOperation::PatchCampaign);

fn dialling_ahead() -> CloudSettings {
    CloudSettings {
        modes: BTreeMap::from([(CAMPAIGN.to_owned(), "predictive".to_owned())]),
        calls_per_agent: BTreeMap::from([(CAMPAIGN.to_owned(), 2.5)]),
        ..quick()
    }
}

fn wait_for_calls(centre: &Centre, calls: f64) {
    wait_until(&format!("it dials {calls} for each agent"), || {
        let set = centre.platform.calls_per_agent(CAMPAIGN);
        set.is_some_and(|set| (set - calls).abs() < 1e-9)
    });
}

fn stepped_down(centre: &Centre) -> Daemon {
    let running = daemon(centre).args(&["--actuator", "step-down"]).start();
    wait_for_polls(centre, 3);
    centre.platform.set_available(2);
    wait_for_calls(centre, 1.0);
    running.wait_for_log("the pace of the campaign was changed");
    running
}

#[test]
fn a_campaign_is_stepped_down_by_one_member_and_put_back_to_what_it_was() {
    let centre = centre(dialling_ahead());
    let running = stepped_down(&centre);
    centre.platform.set_available(20);
    wait_for_calls(&centre, 2.5);
    wait_for_polls(&centre, 5);
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
    assert_eq!(centre.platform.request_count(Some(PATCH)), 2);
}

#[test]
fn what_a_person_sets_meanwhile_stays() {
    let centre = centre(dialling_ahead());
    let running = stepped_down(&centre);
    assert!(centre.platform.person_sets_calls_per_agent(CAMPAIGN, 1.7));
    centre.platform.set_available(20);
    wait_for_polls(&centre, 15);
    let running = running.tolerate(&["pace"]);
    running.stop();
    wait_for_calls(&centre, 1.7);
}

#[test]
fn a_progressive_campaign_has_nothing_to_step_down() {
    let centre = centre(quick());
    let checked = asked(&centre, &["check", "--online", "--actuator", "step-down"]);
    assert_ne!(checked.code(), 0);
    assert!(
        checked.stdout.contains("nothing to step down"),
        "{}",
        checked.stdout
    );
}

#[test]
fn a_campaign_that_sets_no_calls_goes_by_the_organisations_settings() {
    let centre = centre(CloudSettings {
        calls_per_agent: BTreeMap::new(),
        ..dialling_ahead()
    });
    let checked = asked(&centre, &["check", "--online", "--actuator", "step-down"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    assert!(
        checked.stdout.contains("dials 3 for each idle agent"),
        "{}",
        checked.stdout
    );
}
