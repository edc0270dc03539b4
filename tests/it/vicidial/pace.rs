//! How fast a campaign dials: its level is lowered, put back, and left where somebody changed it.

use crate::centre::{Centre, Daemon, wait_until};

use super::site::{
    UPDATE, asked, centre, daemon, dialling, pause, person, set_to, wait_for_polls,
    wait_until_set_to,
};

fn stepped_down(centre: &Centre) -> Daemon {
    let running = daemon(centre).args(&["--actuator", "step-down"]).start();
    wait_for_polls(centre, 3);
    centre.platform.set_available(2);
    wait_until_set_to(centre, "Y RATIO 1.0");
    running.wait_for_log("the pace of the campaign was changed");
    running
}

#[test]
fn a_level_is_lowered_to_one_and_put_back() {
    let centre = centre(dialling("RATIO", "2.5"));
    let running = stepped_down(&centre);
    centre.platform.set_available(20);
    wait_until_set_to(&centre, "Y RATIO 2.5");
    wait_for_polls(&centre, 5);
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 2);
}

#[test]
fn what_a_person_sets_meanwhile_stays() {
    let centre = centre(dialling("RATIO", "2.5"));
    let running = stepped_down(&centre);
    person(&centre, |form| form.level = "1.7".to_owned());
    centre.platform.set_available(20);
    wait_for_polls(&centre, 15);
    let running = running.tolerate(&["pace"]);
    running.stop();
    assert_eq!(set_to(&centre), "Y RATIO 1.7");
}

#[test]
fn a_step_outlives_a_pause_whose_level_is_none_of_its_own() {
    let centre = centre(dialling("RATIO", "2.5"));
    let running = daemon(&centre)
        .args(&["--actuator", "step-down-then-pause"])
        .start();
    wait_for_polls(&centre, 3);
    centre.platform.set_available(2);
    wait_until_set_to(&centre, "Y RATIO 0.0001");
    running.wait_for_log("paused");
    wait_for_polls(&centre, 20);
    centre.platform.set_available(20);
    // Resumed at the level of the step, and put back from there.
    wait_until_set_to(&centre, "Y RATIO 2.5");
    wait_for_polls(&centre, 5);
    running.stop();
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 4);
}

#[test]
fn a_resume_in_stages_begins_at_one_and_the_level_is_put_back_also_after_a_crash() {
    let centre = centre(dialling("RATIO", "2.5"));
    let staged = ["--staged-resume", "12s"];
    let running = daemon(&centre).args(&staged).start();
    pause(&centre, &running, "Y RATIO 0.0001");
    centre.platform.set_available(20);
    wait_until_set_to(&centre, "Y RATIO 1.0");
    running.wait_for_log("resumed");
    wait_for_polls(&centre, 3);
    running.kill();
    assert_eq!(set_to(&centre), "Y RATIO 1.0", "the stage goes on");
    let again = daemon(&centre).args(&staged).start();
    wait_until_set_to(&centre, "Y RATIO 2.5");
    wait_for_polls(&centre, 5);
    again.stop();
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 3);
}

#[test]
fn a_campaign_that_was_stepped_down_before_its_pause_is_resumed_in_stages_too() {
    let centre = centre(dialling("RATIO", "2.5"));
    let staged = [
        "--staged-resume",
        "8s",
        "--actuator",
        "step-down-then-pause",
    ];
    let running = daemon(&centre).args(&staged).start();
    wait_for_polls(&centre, 3);
    centre.platform.set_available(2);
    wait_until_set_to(&centre, "Y RATIO 0.0001");
    running.wait_for_log("paused");
    wait_for_polls(&centre, 20);
    let before = centre.platform.now();
    centre.platform.set_available(20);
    wait_until_set_to(&centre, "Y RATIO 1.0");
    running.wait_for_log("resumed");
    // Enough agents are there all the time, and the stage lasts.
    wait_until_set_to(&centre, "Y RATIO 2.5");
    assert!(centre.platform.now().since(before).as_secs() >= 8);
    wait_for_polls(&centre, 5);
    running.stop();
    // A step, a pause, a resume, and the level put back.
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 4);
}

#[test]
fn a_level_that_a_person_sets_in_a_stage_stays() {
    let centre = centre(dialling("RATIO", "2.5"));
    let running = daemon(&centre).args(&["--staged-resume", "8s"]).start();
    pause(&centre, &running, "Y RATIO 0.0001");
    centre.platform.set_available(20);
    wait_until_set_to(&centre, "Y RATIO 1.0");
    running.wait_for_log("resumed");
    person(&centre, |form| form.level = "1.4".to_owned());
    let running = running.tolerate(&["pace"]);
    running.wait_for_log("somebody else changed the pace");
    let resumed = centre.platform.now();
    wait_until("the stage is over", || {
        centre.platform.now().since(resumed).as_secs() >= 8
    });
    wait_for_polls(&centre, 5);
    running.stop();
    assert_eq!(set_to(&centre), "Y RATIO 1.4");
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 2);
}

#[test]
fn an_adaptive_campaign_is_not_stepped_down_since_nothing_shows_what_to_put_back() {
    let centre = centre(dialling("ADAPT_TAPERED", "1.5"));
    let checked = asked(&centre, &["check", "--online", "--actuator", "step-down"]);
    let told = format!("{}{}", checked.stdout, checked.stderr);
    assert_ne!(checked.code(), 0, "{told}");
    assert!(told.contains("could not be put back"), "{told}");
    wait_until("nothing was written", || {
        set_to(&centre).starts_with("Y ADAPT")
    });
}
