//! Writes this version's stored states: the real daemon against the simulated platform, ended where much is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use campaign_autopilot::simulator::{AgentState, Endpoint, Phase, RequestSeen};
use serde_json::json;

use crate::api::Api;
use crate::calibration::{counted, measure, wait_for_state};
use crate::centre::{Centre, Daemon, Invocation, wait_until};
use crate::receiver::{Answering, Receiver};
use crate::restart::killer;

use super::shelf::{daemon, furnish, put_away, stage};

pub(super) const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Seldom enough that the recorded inputs stay few.
const POLL: &str = "150ms";

/// The campaigns of the state of that kind, named for how they are left. Each has two agents of its own, `NAME-1` and
/// `NAME-2`.
pub(super) const CAMPAIGNS: [&str; 8] = [
    "running",
    "ours",
    "person",
    "grace",
    "held",
    "override",
    "spent",
    "unresolved",
];

/// A table for a campaign with two agents of its own.
fn campaign(id: &str) -> String {
    format!(
        "[[campaign]]\nid = \"{id}\"\nagents = {{ ids = [\"{id}-1\", \"{id}-2\"] }}\npause_below = 1\nresume_at = 2\n"
    )
}

/// Puts a campaign's two agents there, or sends them home.
pub(super) fn staff(centre: &Centre, campaign: &str, state: &AgentState) {
    for number in 1..=2 {
        let id = format!("{campaign}-{number}");
        centre.platform.put_agent(&id, state.clone(), &["sales"]);
    }
}

fn start(centre: &Centre) -> Daemon {
    slowly(&mut daemon(centre)).start()
}

fn slowly(daemon: &mut Invocation) -> &mut Invocation {
    daemon.env("AUTOPILOT_POLL_INTERVAL", POLL)
}

fn pause(centre: &Centre, campaign: &str) {
    staff(centre, campaign, &AgentState::Offline);
    centre.wait_for_status(campaign, "PAUSED");
}

/// Kills the daemon at the first request at which `step` says so.
fn kill_at(
    centre: &Centre,
    daemon: &Daemon,
    step: impl Fn(&RequestSeen, Phase) -> bool + Send + Sync + 'static,
) {
    let target = Arc::new(AtomicU32::new(0));
    target.store(daemon.child.id(), Ordering::SeqCst);
    centre.platform.set_hook(Some(killer(&target, step)));
}

fn ends_by_a_kill(mut daemon: Daemon) {
    assert!(!daemon.end().success(), "it was killed");
}

#[test]
#[ignore = "writes files that are kept in the repository: run once for a release"]
fn write_the_stored_states_of_this_version() {
    fresh();
    campaigns();
    preview();
    queues();
    outbox();
}

/// Nothing was ever read.
fn fresh() {
    let centre = stage(&["campaign-1"]);
    furnish(&centre, &campaign("campaign-1"), None);
    let daemon = slowly(daemon(&centre).env("CXONE_BASE_URL", "http://127.0.0.1:9"))
        .start()
        .tolerate(&["poll failed", "poll invalid", "no valid", "stale"]);
    daemon.wait_for_log("poll");
    daemon.stop();
    put_away(&centre, "fresh");
}

/// A campaign in each state that a decision depends on, one of them with its command on its way.
fn campaigns() {
    let centre = stage(&CAMPAIGNS);
    let tables = CAMPAIGNS.map(|id| {
        let spent = if id == "spent" {
            "max_resumes_per_hour = 1\n"
        } else {
            ""
        };
        campaign(id) + spent
    });
    let settings = format!("manual_grace = \"1h\"\n{}", tables.concat());
    furnish(&centre, &settings, None);
    for id in CAMPAIGNS {
        staff(&centre, id, &AgentState::Available);
    }
    let daemon = start(&centre);
    let api = Api::of(&daemon);
    centre.wait_for_polls(2);
    pause(&centre, "ours");
    centre.platform.person_sets("person", "PAUSED");
    daemon.wait_for_log("paused by a person");
    pause(&centre, "grace");
    centre.wait_for_polls(2);
    centre.platform.person_sets("grace", "RUNNING");
    daemon.wait_for_log("our pause was resumed by a person");
    let hold = json!({"kind": "paused", "for": "7d", "reason": "wrong list", "author": "anna"});
    let answer = api.change("PUT", "/api/v1/campaigns/held/hold", &hold);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let lines = json!({"pause_below": "3", "resume_at": "4", "for": "7d", "reason": "trial", "author": "ben"});
    let set = api.change("PUT", "/api/v1/campaigns/override/thresholds", &lines);
    assert_eq!(set.status, 200, "{}", set.body);
    centre.wait_for_status("held", "PAUSED");
    centre.wait_for_status("override", "PAUSED");
    pause(&centre, "spent");
    staff(&centre, "spent", &AgentState::Available);
    centre.wait_for_status("spent", "RUNNING");
    pause(&centre, "spent");
    centre.wait_for_polls(2);
    kill_at(&centre, &daemon, |seen, phase| {
        seen.endpoint == Endpoint::CampaignPut && phase == Phase::Applied
    });
    staff(&centre, "unresolved", &AgentState::Offline);
    ends_by_a_kill(daemon);
    put_away(&centre, "campaigns");
}

/// A list in force, one that a person changed, and one with its dispatch on its way.
fn preview() {
    let lists = ["kept", "person", "open"];
    let centre = stage(&["gate", "kept", "person", "open"]);
    let tables = lists.map(|id| {
        format!(
            "[[preview]]\ncampaign = \"{id}\"\nskills = [\"{id}\"]\ntarget_rate = 8.5\nmost = 5\nzones = [\"UTC\"]\n"
        )
    });
    let settings = format!(
        "assign_interval = \"200ms\"\nassign_moved_agents = 1\nmanual_grace = \"1h\"\n{}{}",
        campaign("gate"),
        tables.concat()
    );
    let mut roster = vec!["id,skills,start,end,zone,concurrency".to_owned()];
    for id in lists {
        for number in 1..=2 {
            roster.push(format!("{id}-{number},{id},00:00,00:00,UTC,1"));
        }
    }
    furnish(&centre, &settings, Some(&roster.join("\n")));
    for id in ["gate", "kept", "person"] {
        staff(&centre, id, &AgentState::Available);
    }
    staff(&centre, "open", &AgentState::Offline);
    let daemon = start(&centre);
    let assigned = |id: &str| centre.platform.assignments(id);
    wait_until("both lists are in force", || {
        assigned("kept").len() == 2 && assigned("person").len() == 2
    });
    centre.wait_for_polls(2);
    let theirs = assigned("person").into_iter().take(1).collect();
    assert!(centre.platform.person_assigns("person", theirs));
    daemon.wait_for_log("a person changed the assignments");
    centre.wait_for_polls(2);
    kill_at(&centre, &daemon, |seen, phase| {
        seen.endpoint == Endpoint::AssignmentsPut && phase == Phase::Applied
    });
    staff(&centre, "open", &AgentState::Available);
    ends_by_a_kill(daemon);
    assert_eq!(assigned("open").len(), 2);
    put_away(&centre, "preview");
}

/// A queue that was calibrated and whose next write is on its way, and one that an operator holds.
fn queues() {
    let centre = stage(&["campaign-1"]);
    let tables = ["queue-1", "queue-2"].map(|id| {
        format!("[[queue]]\nid = \"{id}\"\ninterval = \"200ms\"\nmax_changes_per_hour = \"none\"\n")
    });
    furnish(&centre, &(campaign("campaign-1") + &tables.concat()), None);
    staff(&centre, "campaign-1", &AgentState::Available);
    let daemon = start(&centre);
    let api = Api::of(&daemon);
    let hold = json!({"for": "7d", "reason": "under repair", "author": "anna"});
    let answer = api.change("PUT", "/api/v1/queues/queue-2/hold", &hold);
    assert_eq!(answer.status, 200, "{}", answer.body);
    measure(&centre, 20);
    wait_for_state(&api, "steady");
    kill_at(&centre, &daemon, |seen, phase| {
        seen.endpoint == Endpoint::QueuePut && phase == Phase::Applied
    });
    let mut daemon = daemon;
    let mut times = 2;
    wait_until("it is killed", || {
        times += 1;
        let shown = counted(times, 44);
        centre.platform.set_queue_statistics("queue-1", Some(shown));
        daemon.child.try_wait().unwrap().is_some()
    });
    ends_by_a_kill(daemon);
    put_away(&centre, "queues");
}

/// A message that its receiver refused for good, and two of another campaign that wait for one that is down.
fn outbox() {
    let centre = stage(&["refused", "waiting"]);
    let settings = campaign("refused") + &campaign("waiting");
    furnish(&centre, &settings, None);
    for id in ["refused", "waiting"] {
        staff(&centre, id, &AgentState::Available);
    }
    let receiver = Receiver::start(Answering::Status(410));
    let daemon = slowly(&mut daemon(&centre))
        .env("AUTOPILOT_WEBHOOK_URL", receiver.url())
        .env("AUTOPILOT_WEBHOOK_SECRET", WEBHOOK_SECRET)
        .start()
        .tolerate(&["did not accept a message", "message given up"]);
    centre.wait_for_polls(2);
    pause(&centre, "refused");
    daemon.wait_for_log("message given up");
    receiver.answer(Answering::Status(503));
    pause(&centre, "waiting");
    staff(&centre, "waiting", &AgentState::Available);
    centre.wait_for_status("waiting", "RUNNING");
    centre.wait_for_polls(2);
    daemon.stop();
    put_away(&centre, "outbox");
}
