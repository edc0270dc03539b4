//! Preview assignments: agents serve the campaigns that run, within their windows and their concurrency.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use campaign_autopilot::simulator::{
    Actor, AgentState, AssignmentReads, AssignmentsReplaced, Effect, Endpoint, Fault, FaultRule,
    FaultTiming, Phase,
};

use crate::centre::{CAMPAIGN, Centre, Invocation, of_kind, wait_until};
use crate::receiver::{Answering, Received, Receiver};

/// Not managed: only its list is.
const OTHER: &str = "preview-2";

/// Two agents decide whether the first campaign may dial; none of the roster's does.
const SETTINGS: &str = r#"
assign_interval = "200ms"
assign_moved_agents = 1
manual_grace = "1h"

[[campaign]]
id = "campaign-1"
agents = { ids = ["gate-1", "gate-2"] }
pause_below = 1
resume_at = 2

[[preview]]
campaign = "campaign-1"
skills = ["sales"]
target_rate = 8.5
weight = 2
least = 3
most = 5
zones = ["UTC", "Europe/Berlin"]

[[preview]]
campaign = "preview-2"
skills = ["sales"]
target_rate = 8.5
most = 10
zones = ["UTC"]
concurrency = 2
"#;

/// Seven agents who work around the clock, one of them on two campaigns at once, and three who may never be placed: one
/// whose window is closed all the time, one without the skill, one in a zone that is allowed by one campaign only.
fn roster() -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let hour = |later: i64| {
        let at = &now + jiff::SignedDuration::from_hours(later);
        format!("{:02}:00", at.hour())
    };
    let mut lines = vec!["id,skills,start,end,zone,concurrency".to_owned()];
    for number in 1..=6 {
        lines.push(format!("a{number},sales;spanish,00:00,00:00,UTC,1"));
    }
    lines.push("a7,sales,00:00,00:00,UTC,2".to_owned());
    lines.push(format!("closed,sales,{},{},UTC,2", hour(6), hour(8)));
    lines.push("unskilled,spanish,00:00,00:00,UTC,1".to_owned());
    lines.push("berlin,sales,00:00,00:00,Europe/Berlin,1".to_owned());
    lines.join("\n")
}

const AGENTS: [&str; 10] = [
    "a1",
    "a2",
    "a3",
    "a4",
    "a5",
    "a6",
    "a7",
    "closed",
    "unskilled",
    "berlin",
];

fn furnish(centre: &Centre) {
    centre.platform.put_campaign(OTHER, "RUNNING");
    for agent in AGENTS.iter().chain(&["gate-1", "gate-2"]) {
        centre
            .platform
            .put_agent(agent, AgentState::Available, &["sales"]);
    }
    fs::write(centre.directory.path().join("roster.csv"), roster()).unwrap();
    fs::write(centre.directory.path().join("settings.toml"), SETTINGS).unwrap();
}

fn daemon(centre: &Centre) -> Invocation {
    let mut daemon = centre.daemon();
    daemon
        .env_remove("CXONE_CAMPAIGN_ID")
        .env(
            "AUTOPILOT_CONFIG",
            centre.directory.path().join("settings.toml"),
        )
        .env(
            "AUTOPILOT_ROSTER",
            centre.directory.path().join("roster.csv"),
        );
    daemon
}

fn on_list(centre: &Centre, campaign: &str) -> Vec<String> {
    let list = centre.platform.assignments(campaign);
    let mut agents: Vec<String> = list.into_iter().map(|entry| entry.user_id).collect();
    agents.sort();
    agents
}

fn wait_for_lists(centre: &Centre, first: usize, other: usize) {
    wait_until(&format!("{first} and {other} agents are assigned"), || {
        (
            on_list(centre, CAMPAIGN).len(),
            on_list(centre, OTHER).len(),
        ) == (first, other)
    });
}

fn replaced(centre: &Centre) -> Vec<AssignmentsReplaced> {
    let effects = centre.platform.effects().into_iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Assigned(replaced) => Some(replaced),
            Effect::Status(_)
            | Effect::QueueWritten(_)
            | Effect::Moved(_)
            | Effect::Paced(_)
            | Effect::Reserved(_) => None,
        })
        .collect()
}

/// Goes through the platform's own journal: at no moment holds an agent more calls than the concurrency, and nobody is
/// placed who may not be.
fn nobody_is_overcommitted(centre: &Centre) {
    let mut lists: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
    for change in replaced(centre) {
        assert!(change.to.len() <= if change.campaign == CAMPAIGN { 5 } else { 10 });
        let list = change.to.iter();
        let list = list.map(|entry| (entry.user_id.clone(), entry.max_concurrent_calls));
        lists.insert(change.campaign.clone(), list.collect());
        let mut calls: BTreeMap<&str, i64> = BTreeMap::new();
        for (agent, many) in lists.values().flatten() {
            *calls.entry(agent).or_default() += many;
        }
        for (agent, many) in calls {
            let most = if agent == "a7" { 2 } else { 1 };
            assert!(many <= most, "{agent} has {many} calls after {change:?}");
            assert!(!["closed", "unskilled"].contains(&agent), "{change:?}");
        }
        if change.campaign == OTHER {
            assert!(!change.to.iter().any(|entry| entry.user_id == "berlin"));
        }
    }
}

/// Every dispatch stands in the audit with its end, and nothing else does.
fn every_dispatch_is_in_the_audit(centre: &Centre) -> usize {
    let audit = centre.audit();
    let ends = of_kind(&audit, "assign_outcome");
    assert_eq!(of_kind(&audit, "assign_intent").len(), ends.len());
    let accepted = ends
        .iter()
        .filter(|row| row["event"]["end"]["dispatch"] == "accepted");
    let named: Vec<&str> = accepted
        .map(|row| row["event"]["end"]["assignment"].as_str().unwrap())
        .collect();
    let by_us = replaced(centre).into_iter();
    let by_us: Vec<String> = by_us
        .filter(|change| matches!(change.by, Actor::Client { .. }))
        .map(|change| change.assignment_id)
        .collect();
    assert_eq!(named, by_us);
    named.len()
}

#[test]
fn agents_of_a_paused_campaign_serve_the_running_one_and_come_back() {
    let centre = Centre::new();
    furnish(&centre);
    let running = daemon(&centre).start();
    // Weight 2 and five places, one of them for the agent from Berlin or anybody else; the rest serve the other.
    wait_for_lists(&centre, 5, 4);
    for gate in ["gate-1", "gate-2"] {
        centre.platform.set_agent_state(gate, AgentState::Offline);
    }
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    wait_for_lists(&centre, 0, 7);
    for gate in ["gate-1", "gate-2"] {
        centre.platform.set_agent_state(gate, AgentState::Available);
    }
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    wait_for_lists(&centre, 5, 4);
    let sent = replaced(&centre).len();
    centre.wait_for_polls(20);
    assert_eq!(
        replaced(&centre).len(),
        sent,
        "nothing changes, nothing is sent"
    );
    running.stop();
    nobody_is_overcommitted(&centre);
    assert!(every_dispatch_is_in_the_audit(&centre) >= 5);
}

#[test]
fn an_agent_on_a_call_stays_until_the_call_ends() {
    let centre = Centre::new();
    furnish(&centre);
    let running = daemon(&centre).start();
    wait_for_lists(&centre, 5, 4);
    let talking = on_list(&centre, CAMPAIGN)
        .into_iter()
        .find(|agent| agent != "berlin" && agent != "a7")
        .unwrap();
    centre.platform.set_agent_state(&talking, AgentState::Busy);
    centre.wait_for_polls(2);
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    wait_until("only the one on a call is left", || {
        on_list(&centre, CAMPAIGN) == [talking.as_str()]
    });
    centre.wait_for_polls(5);
    assert_eq!(on_list(&centre, CAMPAIGN), [talking.as_str()]);
    centre
        .platform
        .set_agent_state(&talking, AgentState::Available);
    wait_for_lists(&centre, 0, 7);
    running.stop();
    nobody_is_overcommitted(&centre);
}

#[test]
fn a_dialler_without_capacity_gets_fewer_agents_within_three_more_plans() {
    let centre = Centre::new();
    furnish(&centre);
    centre.platform.set_dialer_capacity(OTHER, Some(2));
    let running = daemon(&centre).start();
    wait_until("two agents are taken", || {
        on_list(&centre, OTHER).len() == 2
    });
    centre.wait_for_polls(5);
    running.stop();
    nobody_is_overcommitted(&centre);
    every_dispatch_is_in_the_audit(&centre);
    let audit = centre.audit();
    let refusals = of_kind(&audit, "assign_outcome").into_iter();
    let refusals = refusals.filter(|row| row["event"]["end"]["dispatch"] == "no_capacity");
    let many = refusals.count();
    assert!((1..=3).contains(&many), "{many} refusals");
}

#[test]
fn a_refused_agent_is_named_and_the_others_are_placed() {
    let centre = Centre::new();
    furnish(&centre);
    let platform = centre.platform.clone();
    let gone = Arc::new(AtomicBool::new(false));
    let once = Arc::clone(&gone);
    // The agent is deleted between our reading and our dispatch.
    centre
        .platform
        .set_hook(Some(Arc::new(move |request, phase| {
            let put = request.endpoint == Endpoint::AssignmentsPut && phase == Phase::Arrived;
            if put && !once.swap(true, Ordering::Relaxed) {
                for agent in ["a1", "a2", "a3"] {
                    platform.remove_agent(agent);
                }
            }
        })));
    let running = daemon(&centre).start().tolerate(&["assignment refused"]);
    let line = running.wait_for_log("assignment refused");
    assert!(line["agents"].as_str().unwrap().starts_with('a'), "{line}");
    wait_until("the others are placed", || {
        let mut all = on_list(&centre, CAMPAIGN);
        all.extend(on_list(&centre, OTHER));
        all.sort();
        all.dedup();
        all == ["a4", "a5", "a6", "a7", "berlin"]
    });
    running.stop();
    nobody_is_overcommitted(&centre);
    every_dispatch_is_in_the_audit(&centre);
}

#[test]
fn a_persons_list_is_left_alone() {
    let centre = Centre::new();
    furnish(&centre);
    let running = daemon(&centre).start();
    wait_for_lists(&centre, 5, 4);
    // Both lists are read back first: who changes one while our own request is on its way cannot be told from it.
    centre.wait_for_polls(3);
    let sent = replaced(&centre).len();
    let persons: Vec<_> = centre
        .platform
        .assignments(OTHER)
        .into_iter()
        .take(1)
        .collect();
    centre.platform.person_assigns(OTHER, persons);
    running.wait_for_log("a person changed the assignments");
    centre.wait_for_polls(15);
    assert_eq!(on_list(&centre, OTHER).len(), 1);
    let since = replaced(&centre).split_off(sent);
    let ours = since
        .iter()
        .filter(|change| change.campaign == OTHER && matches!(change.by, Actor::Client { .. }));
    assert_eq!(ours.count(), 0, "{since:?}");
    running.stop();
    let audit = centre.audit();
    let noticed = of_kind(&audit, "list_noticed");
    assert_eq!(
        noticed[0]["event"]["notice"]["list_notice"],
        "person_changed"
    );
}

#[test]
fn a_restart_knows_the_lists_and_sends_nothing() {
    let centre = Centre::new();
    furnish(&centre);
    let first = daemon(&centre).start();
    wait_for_lists(&centre, 5, 4);
    centre.wait_for_polls(3);
    first.stop();
    let sent = replaced(&centre).len();
    let second = daemon(&centre).start();
    centre.wait_for_polls(10);
    second.stop();
    assert_eq!(replaced(&centre).len(), sent);
    every_dispatch_is_in_the_audit(&centre);
}

#[test]
fn a_platform_that_shows_no_lists_is_told_them_all_the_same() {
    let centre =
        Centre::with(|settings| settings.assignment_reads = AssignmentReads::MethodNotAllowed);
    furnish(&centre);
    let running = daemon(&centre).start();
    wait_for_lists(&centre, 5, 4);
    centre.wait_for_polls(5);
    let sent = replaced(&centre).len();
    centre.wait_for_polls(10);
    assert_eq!(replaced(&centre).len(), sent);
    running.stop();
    nobody_is_overcommitted(&centre);
    every_dispatch_is_in_the_audit(&centre);
}

#[test]
fn a_dry_run_tells_the_moves_and_sends_none() {
    let centre = Centre::new();
    furnish(&centre);
    let running = daemon(&centre).arg("--dry-run").start();
    let line = running.wait_for_log("would assign");
    assert_eq!(line["why"], "best use of the agent");
    centre.wait_for_polls(5);
    running.stop();
    assert_eq!(replaced(&centre).len(), 0);
}

#[test]
fn every_fault_of_the_tables_and_the_roster_is_told_at_once() {
    let centre = Centre::new();
    furnish(&centre);
    let directory = centre.directory.path();
    let settings = SETTINGS
        .replace("most = 5", "most = 2")
        .replace(
            "target_rate = 8.5\nmost = 10",
            "target_rate = -1\nmost = 10",
        )
        .replace("concurrency = 2", "concurrency = 3\nskils = []");
    fs::write(directory.join("settings.toml"), settings).unwrap();
    fs::write(
        directory.join("roster.csv"),
        "id,skills,start,end,zone,concurrency\na1,sales,9:00,17:00,Nowhere,0\n",
    )
    .unwrap();
    let done = daemon(&centre).output();
    assert_eq!(done.code(), 78);
    for told in [
        "settings.toml:17: preview.least: is 3, above most, which is 2",
        "preview.target_rate: `-1`: is negative",
        "preview.concurrency: is neither 1 nor 2",
        "preview.skils: is not known; did you mean `skills`?",
        "roster.csv:2: roster.start: `9:00` is not a time",
        "roster.csv:2: roster.zone: `Nowhere` is not an IANA time zone",
        "roster.csv:2: roster.concurrency: is neither 1 nor 2",
    ] {
        assert!(
            done.stderr.contains(told),
            "{told} is not in\n{}",
            done.stderr
        );
    }
}

/// `assign` with the settings of the daemon.
fn assign(centre: &Centre, words: &[&str]) -> crate::centre::Finished {
    let mut command = Invocation::bare();
    command
        .arg("assign")
        .args(words)
        .args(&["--requests-per-second", "unlimited", "--listen", "off"])
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("AUTOPILOT_STATE_DIR", centre.state_dir());
    let directory = centre.directory.path();
    command
        .env("AUTOPILOT_CONFIG", directory.join("settings.toml"))
        .env("AUTOPILOT_ROSTER", directory.join("roster.csv"));
    command.output()
}

#[test]
fn a_plan_is_shown_put_in_force_and_explained() {
    let centre = Centre::new();
    furnish(&centre);
    let shown = assign(&centre, &["plan"]);
    assert_eq!(shown.code(), 0, "{}", shown.stderr);
    assert!(shown.stdout.starts_with("AGENT"), "{}", shown.stdout);
    assert!(
        shown.stdout.ends_with("9 moves, 2 lists to send\n"),
        "{}",
        shown.stdout
    );
    let json = assign(&centre, &["plan", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        (&json["schema"], json["moves"].as_array().unwrap().len()),
        (&1.into(), 9)
    );
    assert_eq!(replaced(&centre).len(), 0, "showing changes nothing");

    let applied = assign(&centre, &["apply", "-o", "json"]);
    assert_eq!(applied.code(), 0, "{}", applied.stderr);
    let told: serde_json::Value = serde_json::from_str(&applied.stdout).unwrap();
    assert_eq!(told["schema"], "assign-apply/1");
    for (at, campaign, agents) in [(0, CAMPAIGN, 5), (1, OTHER, 4)] {
        let list = &told["lists"][at];
        assert_eq!(list["campaign"], campaign);
        assert_eq!(
            [&list["agents"], &list["sent"]["joining"]],
            [agents, agents]
        );
    }
    assert_eq!(on_list(&centre, CAMPAIGN).len(), 5);
    assert_eq!(on_list(&centre, OTHER).len(), 4);
    assert_eq!(every_dispatch_is_in_the_audit(&centre), 2);
    assert_eq!(centre.commands(), [""; 0], "campaigns are not commanded");
    let again = assign(&centre, &["plan"]);
    assert!(
        again.stdout.starts_with("nothing to change"),
        "{}",
        again.stdout
    );

    let explained = assign(&centre, &["explain", "closed"]);
    assert_eq!(explained.code(), 0, "{}", explained.stderr);
    assert_eq!(explained.stdout.matches("window closed").count(), 2);
    assert!(
        assign(&centre, &["explain", "a7"])
            .stdout
            .contains("best use of the agent")
    );
    let explained = assign(&centre, &["explain", "closed", "-o", "json"]).stdout;
    let explained: serde_json::Value = serde_json::from_str(&explained).unwrap();
    let campaigns = explained["campaigns"].as_array().unwrap();
    assert_eq!(
        (&explained["agent"], campaigns.len()),
        (&"closed".into(), 2)
    );
    for campaign in campaigns {
        assert_eq!(campaign["planned"], false);
        assert!(campaign["why"].as_str().unwrap().contains("window closed"));
    }
    let nobody = assign(&centre, &["explain", "nobody"]);
    assert!(nobody.stderr.contains("nobody is not in the roster"));
    assert_eq!(nobody.code(), 77);
}

#[test]
fn an_answer_that_is_lost_is_read_and_nothing_is_sent_twice() {
    let centre = Centre::new();
    furnish(&centre);
    centre.platform.inject(FaultRule {
        fault: Fault::LostReply,
        endpoint: Some(Endpoint::AssignmentsPut),
        when: FaultTiming::Next(1),
    });
    let running = daemon(&centre).start().tolerate(&["assignment failed"]);
    running.wait_for_log("read what became of the last assignment");
    wait_for_lists(&centre, 5, 4);
    centre.wait_for_polls(5);
    running.stop();
    assert_eq!(replaced(&centre).len(), 2);
    nobody_is_overcommitted(&centre);
}

#[test]
fn every_dispatch_is_told_in_order() {
    let centre = Centre::new();
    furnish(&centre);
    let receiver = Receiver::start(Answering::Status(503));
    let running = daemon(&centre)
        .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
        .env(
            "AUTOPILOT_WEBHOOK_SECRET",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        )
        .start()
        .tolerate(&["the webhook's receiver did not accept a message"]);
    wait_for_lists(&centre, 5, 4);
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    wait_for_lists(&centre, 0, 7);
    // The receiver was down all the while; nothing waited for it, and nothing is lost.
    receiver.answer(Answering::Status(204));
    let sent = replaced(&centre).len();
    // The person's pause is a message too.
    let taken = receiver.wait_for(sent + 1);
    running.stop();
    let event = |request: &Received| request.header("x-autopilot-event").to_owned();
    let (dispatches, others): (Vec<_>, Vec<_>) = taken
        .iter()
        .partition(|request| event(request) == "assignment.dispatch");
    let others: Vec<String> = others.into_iter().map(event).collect();
    assert_eq!(others, ["campaign.paused_by_person"]);
    for campaign in [CAMPAIGN, OTHER] {
        let told = dispatches.iter().map(|request| request.json());
        let told = told.filter(|body| body["campaignId"] == campaign);
        let told: Vec<String> = told
            .map(|body| body["assignmentId"].as_str().unwrap().to_owned())
            .collect();
        let done = replaced(&centre).into_iter();
        let done = done.filter(|change| change.campaign == campaign);
        let done: Vec<String> = done.map(|change| change.assignment_id).collect();
        assert_eq!(told, done, "{campaign}");
    }
    assert_eq!(dispatches[0].json()["callRateTarget"], 8.5);
}
