//! People's pauses, pages that are saved whole, and a pause of ours of which nothing is remembered.

use crate::api::Api;
use crate::centre::wait_until;

use super::site::{
    OUTBA, PAUSED, UPDATE, centre, daemon, dialling, pause, person, set_to, wait_for_polls,
    wait_until_set_to,
};

#[test]
fn a_persons_pause_is_kept_however_it_was_made_and_over_a_restart() {
    for (set, change) in [("N RATIO 2.0", "inactive"), ("Y RATIO 0", "level")] {
        let centre = centre(dialling("RATIO", "2.0"));
        let running = daemon(&centre).start();
        wait_for_polls(&centre, 3);
        person(&centre, |form| {
            if change == "inactive" {
                form.active = false;
            } else {
                "0".clone_into(&mut form.level);
            }
        });
        running.wait_for_log("paused by a person");
        centre.platform.set_available(50);
        wait_for_polls(&centre, 10);
        running.stop();
        let again = daemon(&centre).start();
        wait_for_polls(&centre, 5);
        again.stop();
        assert_eq!(set_to(&centre), set);
        assert_eq!(centre.commands(), [""; 0]);
    }
}

#[test]
fn a_page_that_was_opened_before_our_pause_and_is_saved_after_it_is_a_persons_resume() {
    let centre = centre(dialling("RATIO", "2.0"));
    let opened = centre.platform.dialer_campaign(OUTBA).unwrap();
    let running = daemon(&centre).start();
    pause(&centre, &running, "Y RATIO 0.0001");
    let mut saved = opened;
    "NEW CALLBK".clone_into(&mut saved.statuses);
    assert!(centre.platform.person_saves_dialer_campaign(OUTBA, &saved));
    running.wait_for_log("resumed by a person");
    // Too few agents all the same: it is left alone for the grace.
    wait_for_polls(&centre, 10);
    running.stop();
    assert_eq!(set_to(&centre), "Y RATIO 2.0");
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn a_person_who_stops_what_we_have_paused_owns_the_pause() {
    let centre = centre(dialling("RATIO", "2.0"));
    let running = daemon(&centre).start();
    pause(&centre, &running, "Y RATIO 0.0001");
    person(&centre, |form| form.active = false);
    wait_for_polls(&centre, 3);
    centre.platform.set_available(20);
    wait_for_polls(&centre, 10);
    let running = running.tolerate(&["whose pause", "to be shown to be ours", "could not"]);
    running.stop();
    assert_eq!(set_to(&centre), "N RATIO 0.0001");
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 1);
}

#[test]
fn a_pause_of_ours_of_which_nothing_is_remembered_is_told_and_no_level_is_guessed() {
    let centre = centre(dialling("RATIO", "2.0"));
    let running = daemon(&centre).start();
    pause(&centre, &running, "Y RATIO 0.0001");
    running.kill();
    std::fs::remove_dir_all(centre.state_dir()).unwrap();
    centre.platform.set_available(20);
    let again = daemon(&centre).start().tolerate(&[
        "not remembered",
        "whose pause",
        "to be shown to be ours",
    ]);
    let api = Api::of(&again);
    wait_until("nobody can say whose it is", || {
        api.campaign(OUTBA)["paused_by"] == "unproven"
    });
    wait_for_polls(&centre, 10);
    assert_eq!(set_to(&centre), "Y RATIO 0.0001");
    // A person sets the level, and the campaign is as any other.
    person(&centre, |form| form.level = "2.5".to_owned());
    wait_until("it runs", || api.campaign(OUTBA)["state"] == "running");
    again.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn a_pause_that_an_operator_claims_without_a_memory_is_refused_with_what_to_do() {
    let centre = centre(dialling("RATIO", "0.0001"));
    let running = daemon(&centre)
        .args(&["--adopt-paused"])
        .start()
        .tolerate(&[
            "not remembered",
            "refused",
            "could not",
            "whose pause",
            "back-off",
        ]);
    wait_until("the refusal says what to do", || {
        let log = running.log();
        log.iter()
            .any(|line| line.to_string().contains("not remembered"))
    });
    wait_for_polls(&centre, 3);
    running.stop();
    assert_eq!(set_to(&centre), "Y RATIO 0.0001");
    assert_eq!(centre.platform.request_count(Some(UPDATE)), 0);
    wait_until_set_to(&centre, "Y RATIO 0.0001");
}
