//! Pauses by `active`: nobody can log in while one lasts, so that it can keep itself up.

use campaign_autopilot::simulator::{DialerAgent, DialerSettings};

use crate::api::Api;
use crate::centre::{Centre, wait_until};

use super::site::{OUTBA, asked, centre, daemon, dialling, set_to, wait_for_polls};

const BY_ACTIVE: [&str; 2] = ["--pause-method", "active"];

/// So many agents logged in and ready, so many of them with nothing to write up.
fn logged_in(agents: usize, ready: usize) -> Vec<DialerAgent> {
    let row = |number: usize| DialerAgent {
        user: format!("10{number:02}"),
        campaign: OUTBA.to_owned(),
        session: "8600001".to_owned(),
        status: if number < ready { "READY" } else { "PAUSED" }.to_owned(),
        lead: 0,
        call: String::new(),
        calls_today: 0,
        name: "Agent".to_owned(),
        group: "AGENTS".to_owned(),
    };
    (0..agents).map(row).collect()
}

fn with_agents(agents: usize, ready: usize) -> Centre {
    centre(DialerSettings {
        agents: Some(logged_in(agents, ready)),
        ..dialling("RATIO", "2.0")
    })
}

fn change(centre: &Centre, agents: usize, ready: usize) {
    let rows = logged_in(agents, ready);
    assert!(
        centre
            .platform
            .change_dialer(|settings| settings.agents = Some(rows))
    );
}

fn out_of_reach(api: &Api) -> Option<f64> {
    api.series("autopilot_pauses_out_of_reach")
}

const TOLD: &str = "none can log in while it is paused";

#[test]
fn a_pause_that_keeps_itself_up_is_told_until_it_is_over() {
    let centre = with_agents(10, 10);
    let running = daemon(&centre).args(&BY_ACTIVE).start().tolerate(&[TOLD]);
    let api = Api::of(&running);
    wait_for_polls(&centre, 3);
    assert_eq!(out_of_reach(&api), Some(0.0));
    // Of ten agents two are ready: the others may become so.
    change(&centre, 10, 2);
    wait_until("it is inactive", || set_to(&centre).starts_with("N "));
    running.wait_for_log("paused");
    wait_for_polls(&centre, 3);
    assert_eq!(out_of_reach(&api), Some(0.0));
    // They leave, and nobody can come in their places.
    change(&centre, 3, 3);
    running.wait_for_log(TOLD);
    wait_until("it shows", || out_of_reach(&api) == Some(1.0));
    wait_for_polls(&centre, 5);
    let told = format!("{:?}", running.log()).matches(TOLD).count();
    assert_eq!(told, 1, "once");
    // An operator lowers what it takes.
    let set = asked(
        &centre,
        &[
            "set",
            OUTBA,
            "--pause-below",
            "2",
            "--resume-at",
            "3",
            "--reason",
            "few agents",
            "--for",
            "1h",
            "--server",
            &format!("http://{}", api.address),
        ],
    );
    assert_eq!(set.code(), 0, "{}{}", set.stdout, set.stderr);
    wait_until("it is active", || set_to(&centre).starts_with("Y "));
    wait_until("nothing shows", || out_of_reach(&api) == Some(0.0));
    running.stop();
}

#[test]
fn by_level_agents_can_log_in_and_nothing_is_told() {
    let centre = with_agents(3, 3);
    let running = daemon(&centre).start();
    let api = Api::of(&running);
    running.wait_for_log("paused");
    wait_for_polls(&centre, 3);
    assert_eq!(out_of_reach(&api), Some(0.0));
    running.stop();
}

#[test]
fn a_check_doubts_a_threshold_above_the_agents_who_are_logged_in() {
    let centre = with_agents(3, 3);
    let check = |more: &[&str]| {
        let arguments = [&["check", "--online"], more].concat();
        let checked = asked(&centre, &arguments);
        assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
        format!("{}{}", checked.stdout, checked.stderr)
    };
    let doubt = "3 agents logged in now, and it resumes at 8: a pause would last";
    let told = check(&BY_ACTIVE);
    assert!(told.contains(doubt), "{told}");
    assert!(!check(&[]).contains("a pause would last"));
    change(&centre, 8, 2);
    assert!(!check(&BY_ACTIVE).contains("a pause would last"));
}
