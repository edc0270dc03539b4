//! How many calls a poll costs, and what is read of calls on the telephone.

use campaign_autopilot::simulator::{DialerAgent, DialerCalls, DialerSettings};

use crate::api::Api;
use crate::centre::wait_until;

use super::site::{AGENTS, LIST, OUTBA, centre, daemon, dialling, wait_for_polls};

#[test]
fn a_hundred_campaigns_cost_two_calls_a_poll() {
    let ids: Vec<String> = (0..100).map(|number| format!("C-{number:03}")).collect();
    // Half of them dial, with eight agents each; half were stopped by people, with nobody logged in.
    let agents = ids.iter().take(50).flat_map(|id| {
        (0..8).map(move |number| DialerAgent {
            user: format!("{id}-{number}"),
            campaign: id.clone(),
            session: "8600001".to_owned(),
            status: "READY".to_owned(),
            lead: 0,
            call: String::new(),
            calls_today: 0,
            name: "Agent".to_owned(),
            group: "AGENTS".to_owned(),
        })
    });
    let centre = centre(DialerSettings {
        agents: Some(agents.collect()),
        ..DialerSettings::default()
    });
    for (number, id) in ids.iter().enumerate() {
        let status = if number < 50 { "RUNNING" } else { "PAUSED" };
        centre.platform.put_campaign(id, status);
    }
    let running = daemon(&centre)
        .env("CXONE_CAMPAIGN_ID", ids.join(","))
        .start()
        .tolerate(&["found paused, not by us"]);
    let api = Api::of(&running);
    wait_until("every campaign is known", || {
        let status = api.get("/api/v1/status").json();
        let campaigns = status["campaigns"].as_array().cloned().unwrap_or_default();
        let known = |state: &str| campaigns.iter().filter(|one| one["state"] == state).count();
        known("running") == 50 && known("paused") == 50
    });
    let counts = || {
        centre
            .platform
            .request_counts([Some(AGENTS), Some(LIST), None])
    };
    wait_for_polls(&centre, 5);
    let [polls_before, lists_before, all_before] = counts();
    wait_for_polls(&centre, 20);
    let [polls_after, lists_after, all_after] = counts();
    let (made, polls) = (all_after - all_before, polls_after - polls_before);
    // The poll that is under way at either end may have made one of its two; the start reads lists of its own, which a slow
    // machine does late.
    let lists = lists_after - lists_before;
    assert!(lists <= polls + 3, "{lists} lists in {polls} polls");
    // Calls are counted at the start and once a minute, with the clock.
    let others = made - polls - lists;
    assert!(others <= 4, "{others} other calls in {polls} polls");
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn calls_of_the_day_are_counted_and_drops_are_those_that_waited() {
    let centre = centre(dialling("RATIO", "2.0"));
    let of = |status: &str, count: u64| DialerCalls {
        hour: 9,
        status: status.to_owned(),
        count,
    };
    let count = |rows: Vec<DialerCalls>| {
        assert!(centre.platform.change_dialer(move |settings| {
            let today = settings.calls.get_or_insert_default();
            today.insert(OUTBA.to_owned(), rows);
        }));
    };
    count(vec![of("NA", 50), of("SALE", 10)]);
    let running = daemon(&centre).args(&["--outcomes-every", "1s"]).start();
    let api = Api::of(&running);
    let total = |outcome: &str| {
        let name =
            format!("autopilot_outcomes_total{{campaign=\"{OUTBA}\",outcome=\"{outcome}\"}}");
        api.series(&name)
    };
    wait_until("a base was read", || total("dials").is_some());
    count(vec![
        of("NA", 60),
        of("SALE", 15),
        of("DROP", 3),
        of("PDROP", 2),
    ]);
    wait_until("what came since is counted", || {
        total("dials") == Some(20.0)
    });
    assert_eq!(total("abandoned"), Some(3.0));
    running.stop();
}
