//! Pages: many of them, and agents that move while they are read.

use campaign_autopilot::simulator::{AgentState, Endpoint, Filtering, Nobody, Quirks, WordForm};

use crate::centre::{CAMPAIGN, Centre, Invocation};

#[test]
fn every_page_is_counted() {
    let centre = Centre::new();
    centre.platform.set_available(1_234);
    let mut invocation = centre.daemon();
    let daemon = invocation
        .args(&["--pause-below", "1234", "--resume-at", "1234"])
        .start();
    let daemon = daemon.tolerate(&["resume"]);
    centre.wait_for_polls(60);
    assert_eq!(
        centre.platform.campaign_status(CAMPAIGN).as_deref(),
        Some("RUNNING")
    );
    centre.platform.set_available(1_233);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
}

#[test]
fn a_full_last_page_is_followed_by_an_empty_one() {
    let centre = Centre::new();
    centre.platform.set_available(200);
    let done = centre
        .daemon()
        .args(&["--once", "--pause-below", "201", "--resume-at", "300"])
        .output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let asked = centre.platform.request_count(Some(Endpoint::Agents));
    assert!(
        (3..=4).contains(&asked),
        "{asked} pages: two full ones, an empty one, and at most one in vain"
    );
    assert_eq!(
        centre.platform.campaign_status(CAMPAIGN).as_deref(),
        Some("PAUSED"),
        "200 were counted, not more"
    );
}

#[test]
fn agents_that_move_between_pages_are_counted_once() {
    let centre = Centre::new();
    centre.platform.set_available(500);
    let mut invocation = centre.daemon();
    // 500 agents are always available, though not always the same ones: at most one can be missed a move, none doubled.
    let daemon = invocation
        .args(&[
            "--pause-below",
            "480",
            "--resume-at",
            "501",
            "--page-size",
            "10",
        ])
        .start();
    for round in 0..300 {
        let (leaves, comes) = (
            format!("agent-{:04}", round % 250 + 1),
            format!("agent-{:04}x", round % 250 + 1),
        );
        centre
            .platform
            .put_agent(&comes, AgentState::Available, &[]);
        centre.platform.put_agent(&leaves, AgentState::Busy, &[]);
        if round % 250 == 249 {
            (1..=250).for_each(|n| {
                centre
                    .platform
                    .put_agent(&format!("agent-{n:04}"), AgentState::Available, &[]);
                centre.platform.remove_agent(&format!("agent-{n:04}x"));
            });
        }
    }
    centre.wait_for_polls(120);
    daemon.stop();
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn a_check_tells_where_the_platform_cuts_its_pages() {
    let centre = Centre::new();
    centre.platform.set_available(120);
    centre.platform.set_quirks(Quirks {
        page_clamp: Some(50),
        ..Quirks::default()
    });
    let mut check = Invocation::bare();
    let checked = check
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .args(&["check", "--online"])
        .output();
    assert_eq!(checked.code(), 0, "{}", checked.stderr);
    let told = "agents: 120 available now of 120 that are not offline, in 3 pages of 50, \
                where the platform cuts them: 100 are asked for";
    assert!(checked.stdout.contains(told), "{}", checked.stdout);
}

#[test]
fn every_form_of_a_listing_gives_the_same_count() {
    for filtering in [Filtering::BeforePaging, Filtering::AfterPaging] {
        for words in [
            WordForm::Documented,
            WordForm::Capitalised,
            WordForm::Underscored,
        ] {
            let centre = Centre::new();
            centre.platform.set_available(120);
            // In front of the others, where a filter that comes too late would show.
            centre.platform.put_agent("a", AgentState::WrapUp, &[]);
            centre.platform.set_quirks(Quirks {
                page_clamp: Some(50),
                filtering,
                words,
                nobody: Nobody::NullItems,
                ..Quirks::default()
            });
            let mut invocation = centre.daemon();
            let daemon = invocation
                .args(&["--pause-below", "120", "--resume-at", "121"])
                .start()
                .tolerate(&["cuts pages before it chooses"]);
            centre.wait_for_polls(30);
            assert_eq!(centre.commands(), [""; 0], "{filtering:?} {words:?}");
            centre.platform.set_available(119);
            daemon.wait_for_log("paused");
            daemon.stop();
        }
    }
}
