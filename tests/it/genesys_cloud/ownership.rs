//! Whose pause it is: by version, and then by the audit.

use campaign_autopilot::simulator::CloudSettings;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, wait_until};

use super::tenant::{
    AUDITS, PAUSED, RESUMED, centre, daemon, fast, is, pause, quick, seconds, wait_for_polls,
    wait_until_it_is,
};

/// What a daemon logs of a pause that cannot be shown to be its own.
const UNPROVEN: &[&str] = &["to be shown to be ours", "whose pause", "could not"];

#[test]
fn a_persons_pause_is_kept_also_after_a_restart() {
    let centre = centre(quick());
    let running = daemon(&centre).start();
    wait_for_polls(&centre, 3);
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    running.wait_for_log("paused by a person");
    centre.platform.set_available(50);
    wait_for_polls(&centre, 10);
    running.stop();
    let again = daemon(&centre).start();
    wait_for_polls(&centre, 5);
    again.stop();
    assert!(is(&centre, "PAUSED"));
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn a_pause_of_ours_is_resumed_after_a_crash() {
    let centre = centre(quick());
    let running = daemon(&centre).start();
    pause(&centre, &running);
    running.kill();
    centre.platform.set_available(20);
    let again = daemon(&centre).start();
    wait_until_it_is(&centre, "RUNNING");
    again.wait_for_log("resumed");
    again.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn a_person_resumes_our_pause_and_is_left_alone() {
    let centre = centre(quick());
    let running = daemon(&centre).start();
    pause(&centre, &running);
    centre.platform.person_sets(CAMPAIGN, "RUNNING");
    running.wait_for_log("resumed by a person");
    wait_for_polls(&centre, 10);
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}

/// Our pause, of which a person edits something, and then agents come back.
fn edited(centre: &Centre) {
    let asked = centre.platform.request_count(Some(AUDITS));
    assert!(
        centre
            .platform
            .person_edits_caller_name(CAMPAIGN, "Somebody else")
    );
    wait_until("the audit is asked", || {
        centre.platform.request_count(Some(AUDITS)) > asked
    });
    wait_for_polls(centre, 3);
    centre.platform.set_available(20);
}

#[test]
fn an_edit_of_the_callers_name_does_not_take_a_pause_away() {
    let centre = centre(quick());
    let running = daemon(&centre).start();
    pause(&centre, &running);
    edited(&centre);
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn an_edit_while_no_daemon_runs_does_not_take_a_pause_away() {
    let centre = centre(quick());
    let running = daemon(&centre).start();
    pause(&centre, &running);
    running.kill();
    assert!(
        centre
            .platform
            .person_edits_caller_name(CAMPAIGN, "Somebody else")
    );
    centre.platform.set_available(20);
    let again = daemon(&centre).start();
    wait_until_it_is(&centre, "RUNNING");
    again.wait_for_log("resumed");
    again.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn rows_of_the_audit_that_come_late_are_waited_for() {
    let settings = CloudSettings {
        audit_lag: seconds(40),
        ..quick()
    };
    let centre = fast(settings, 10.0);
    let late = "the audit does not show by whom yet";
    let running = daemon(&centre).start().tolerate(&[late, "status not read"]);
    pause(&centre, &running);
    edited(&centre);
    wait_until_it_is(&centre, "RUNNING");
    running.wait_for_log("resumed");
    running.stop();
    assert_eq!(centre.commands(), [PAUSED, RESUMED]);
}

#[test]
fn a_person_who_starts_and_stops_it_between_two_polls_owns_the_pause() {
    let centre = centre(quick());
    let running = daemon(&centre).start();
    pause(&centre, &running);
    centre.platform.person_sets(CAMPAIGN, "RUNNING");
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    let api = Api::of(&running);
    wait_until("the pause is a person's", || {
        api.campaign(CAMPAIGN)["paused_by"] == "person"
    });
    centre.platform.set_available(30);
    wait_for_polls(&centre, 10);
    running.stop();
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn what_the_platform_itself_stops_is_not_ours() {
    let centre = centre(quick());
    let running = daemon(&centre).start();
    wait_for_polls(&centre, 3);
    assert!(centre.platform.platform_sets(CAMPAIGN, "PAUSED"));
    running.wait_for_log("paused by a person");
    centre.platform.set_available(30);
    wait_for_polls(&centre, 10);
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn without_the_audit_a_pause_that_was_edited_is_left_alone() {
    for settings in [
        CloudSettings {
            withheld: ["audits:audit:view".to_owned()].into(),
            ..quick()
        },
        CloudSettings {
            audited: false,
            ..quick()
        },
    ] {
        let centre = centre(settings);
        let running = daemon(&centre).start().tolerate(UNPROVEN);
        pause(&centre, &running);
        assert!(
            centre
                .platform
                .person_edits_caller_name(CAMPAIGN, "Somebody else")
        );
        wait_for_polls(&centre, 5);
        centre.platform.set_available(30);
        wait_for_polls(&centre, 10);
        running.stop();
        assert_eq!(centre.commands(), [PAUSED]);
    }
}
