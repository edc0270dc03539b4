//! A whole day with two preview campaigns: the daemon over HTTP against a contact centre, by a clock that the test moves.
//!
//! Nothing depends on how fast the machine is: the clock moves on by one poll when the tick of the last one is over.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::{Args, FromArgMatches};
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::domain::workload::WorkloadSlot;
use crate::domain::{CampaignId, Timestamp};
use crate::settings::{RunArgs, resolve};
use crate::simulator::{
    Actor, AssignmentsReplaced, Effect, Scenario, Settings as SimSettings, SimHandle, SimTime,
    Simulator,
};
use crate::store::StoreReader;

use super::step_clock::Clocks;
use super::surroundings::Surroundings;
use super::tenant::Tenant;

/// 24 agents preview for two campaigns; two others, who do nothing else, decide by their lunch whether the first one runs.
const SCENARIO: &str = r#"
name = "two-previews"
about = "Two preview campaigns, one of them paused over lunch"
date = "2024-05-15"
opens = "09:00"
closes = "17:00"

[[team]]
name = "sales"
agents = 24
skills = ["sales"]

[[team]]
name = "gate"
agents = 2
skills = ["gate"]

[[team.planned_breaks]]
from = "12:00"
lasts = "45m"

[[campaign]]
id = "preview-1"
name = "Renewals"
skill = "sales"
mode = { preview = { offer_after = "20s", read = "20s" } }
answer_share = 0.3
ring = { uniform = { low = "5s", high = "15s" } }
no_answer_after = "20s"
talk = { lognormal = { mean = "240s", sigma = 0.88 } }
wrap_up = "30s"

[[campaign]]
id = "preview-2"
name = "New customers"
skill = "sales"
mode = { preview = { offer_after = "20s", read = "20s" } }
answer_share = 0.3
ring = { uniform = { low = "5s", high = "15s" } }
no_answer_after = "20s"
talk = { lognormal = { mean = "240s", sigma = 0.88 } }
wrap_up = "30s"
"#;

const SETTINGS: &str = r#"
poll_interval = "30s"
requests_per_second = "unlimited"
record_workload = true
assign_interval = "5m"
assign_horizon = "10m"

[[campaign]]
id = "preview-1"
agents = { any_skill = ["gate"] }
pause_below = 1
resume_at = 2

[[campaign]]
id = "preview-2"
agents = { any_skill = ["gate", "sales"] }
pause_below = 0
resume_at = 1

[[preview]]
campaign = "preview-1"
skills = ["sales"]
target_rate = 30
weight = 2
most = 14
zones = ["UTC", "America/New_York"]

[[preview]]
campaign = "preview-2"
skills = ["sales"]
target_rate = 30
most = 24
zones = ["UTC", "America/New_York"]
"#;

/// Windows of the 24 agents, a third each: all day, the morning, and a morning in New York that ends at 13:30 UTC.
const WINDOWS: [(&str, &str, &str); 3] = [
    ("09:00", "17:00", "UTC"),
    ("09:00", "13:00", "UTC"),
    ("05:00", "09:30", "America/New_York"),
];

/// What the receiver took: the message's id, what it is about, and its body.
type Taken = Arc<Mutex<Vec<(String, String, Value)>>>;

/// A receiver that refuses connections' requests while it is down.
fn receiver(down: &Arc<AtomicBool>) -> (String, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    let taken = Taken::default();
    let (down, kept) = (Arc::clone(down), Arc::clone(&taken));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (down, kept) = (Arc::clone(&down), Arc::clone(&kept));
            std::thread::spawn(move || serve(stream, &down, &kept));
        }
    });
    (address, taken)
}

fn serve(stream: TcpStream, down: &AtomicBool, taken: &Taken) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(": ") {
                headers.insert(name.to_ascii_lowercase(), value.to_owned());
            }
        }
        let length = headers
            .get("content-length")
            .map_or(0, |text| text.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        // Down means down: no answer at all.
        if down.load(Ordering::SeqCst) {
            return;
        }
        let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
        taken.lock().unwrap().push((
            header("webhook-id"),
            header("ce-type"),
            serde_json::from_slice(&body).unwrap(),
        ));
        if stream
            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .is_err()
        {
            return;
        }
    }
}

fn lists(handle: &SimHandle) -> Vec<AssignmentsReplaced> {
    let effects = handle.effects().into_iter();
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

/// Whether `at` lies within the window, by an arithmetic of the test's own.
fn open((start, end, zone): (&str, &str, &str), at: SimTime) -> bool {
    let moment = jiff::Timestamp::from_microsecond(at.as_unix_micros()).unwrap();
    let clock = moment.to_zoned(TimeZone::get(zone).unwrap()).time();
    let time = |text: &str| text.parse::<jiff::civil::Time>().unwrap();
    time(start) <= clock && clock <= time(end)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_move_to_the_running_campaign_and_back_on_a_whole_day() {
    let directory = tempfile::TempDir::new().unwrap();
    let scenario = Scenario::parse(SCENARIO, "two-previews").unwrap();
    let mut platform = SimSettings::staging(&scenario, 1.0);
    let mut clocks = Clocks::at(scenario.start());
    platform.clock = clocks.simulated.clone();
    platform.seed = 11;
    let simulator = Simulator::start(platform).unwrap();
    let handle = simulator.handle();
    let down = Arc::new(AtomicBool::new(false));
    let (hook, taken) = receiver(&down);

    let mut roster = vec!["id,skills,start,end,zone,concurrency".to_owned()];
    roster.extend((1..=24).map(|number| {
        let (start, end, zone) = WINDOWS[number % 3];
        format!("agent-{number:04},sales,{start},{end},{zone},1")
    }));
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("roster.csv"), roster.join("\n")).unwrap();
    std::fs::write(path("settings.toml"), SETTINGS).unwrap();
    let env = BTreeMap::from([
        ("CXONE_BASE_URL", simulator.base_url()),
        ("CXONE_CLIENT_ID", "autopilot".to_owned()),
        ("CXONE_CLIENT_SECRET", "autopilot-secret".to_owned()),
        ("AUTOPILOT_CONFIG", path("settings.toml")),
        ("AUTOPILOT_ROSTER", path("roster.csv")),
        ("AUTOPILOT_STATE_DIR", path("state")),
        ("AUTOPILOT_LISTEN", "off".to_owned()),
        ("AUTOPILOT_WEBHOOK_URL", hook),
        (
            "AUTOPILOT_WEBHOOK_SECRET",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
        ),
    ]);
    let command = RunArgs::augment_args(clap::Command::new("run").no_binary_name(true));
    let none: [&str; 0] = [];
    let args = RunArgs::from_arg_matches(&command.try_get_matches_from(none).unwrap()).unwrap();
    let resolved = resolve(&args, &|name: &str| env.get(name).cloned()).unwrap();

    let clock = Arc::clone(&clocks.daemons);
    let shutdown = CancellationToken::new();
    let real = Surroundings::real().unwrap();
    let daemon = Tenant::start(&real, &resolved.settings, clock.clone(), shutdown.clone())
        .await
        .unwrap();
    let mut observed = daemon.observed.clone();
    let work = tokio::spawn(daemon.cycle.run());
    loop {
        clocks.wait_for_tick(&mut observed).await;
        let now = clocks.simulated.now();
        if now >= scenario.end() {
            break;
        }
        // Down for ten minutes of the day, when most is told.
        let noon = scenario.time_of_day("12:00".parse().unwrap());
        let is_down = noon <= now && now < noon.plus(Duration::from_secs(600));
        down.store(is_down, Ordering::SeqCst);
        clocks.advance(Duration::from_secs(30));
    }
    let accepted: Vec<AssignmentsReplaced> = lists(&handle);
    // Every change of a list and of a campaign is told; what is due later becomes due as the clock goes on.
    let commands = handle.journal().len();
    for round in 1..=12_000 {
        let distinct: BTreeSet<String> = taken
            .lock()
            .unwrap()
            .iter()
            .map(|(id, ..)| id.clone())
            .collect();
        if distinct.len() >= accepted.len() + commands {
            break;
        }
        // What is slow alone needs time and no clock: no slot of ten minutes is to end here.
        if round % 300 == 0 {
            clock.advance(Duration::from_secs(10));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    shutdown.cancel();
    work.await.unwrap();
    drop(daemon.delivering);

    the_lists_followed_the_pause(&scenario, &handle, &accepted);
    nobody_was_twice_or_outside_of_a_window(&scenario, &accepted);
    everything_is_proved_and_told(
        directory.path(),
        &accepted,
        &taken.lock().unwrap(),
        commands,
    );
    what_agents_did_is_recorded(&scenario, directory.path(), &handle);
    simulator.stop().await;
}

/// Of the first campaign, whose two agents have no calls, and a lunch that this platform shows as one.
fn what_agents_did_is_recorded(
    scenario: &Scenario,
    directory: &std::path::Path,
    handle: &SimHandle,
) {
    let reader = StoreReader::open(directory.join("state")).unwrap();
    let since = Timestamp::from_unix_millis(scenario.start().as_unix_millis());
    let campaign = "preview-1".parse().unwrap();
    let slots = reader.workload(&campaign, since).unwrap();
    assert!((46..=48).contains(&slots.len()), "{} slots", slots.len());
    let minutes = |time: fn(&WorkloadSlot) -> Duration| {
        slots.iter().map(time).sum::<Duration>().as_secs_f64() / 60.0
    };
    let near = |name: &str, found: f64, expected: f64, within: f64| {
        assert!(
            (found - expected).abs() < within,
            "{name}: {found}, expected {expected}"
        );
    };
    near("covered", minutes(|slot| slot.covered), 475.0, 6.0);
    near("staffed", minutes(|slot| slot.staffed), 950.0, 12.0);
    near("busy", minutes(|slot| slot.busy), 90.0, 4.0);
    near("paused", minutes(|slot| slot.paused), 45.0, 3.0);
    assert_eq!(slots.iter().map(|slot| slot.call_starts).sum::<u32>(), 2);
    assert_eq!(slots.iter().map(|slot| slot.transitions).sum::<u32>(), 2);
    assert!(slots.iter().all(|slot| slot.thresholds == Some((1, 2))));
    // The two agents of the gate are among those of the second campaign.
    let shared = reader.shared_workload(&campaign, since).unwrap();
    let expected: Vec<WorkloadSlot> = slots
        .iter()
        .map(|slot| WorkloadSlot {
            running: Duration::ZERO,
            paused: Duration::ZERO,
            transitions: 0,
            thresholds: None,
            ..*slot
        })
        .collect();
    let (others, shared): (Vec<CampaignId>, Vec<WorkloadSlot>) = shared.into_iter().unzip();
    assert!(others.iter().all(|other| other.as_str() == "preview-2"));
    assert_eq!(shared, expected);
    let outcomes = reader.recorded_outcomes(&campaign, since).unwrap();
    let dials: u64 = outcomes.iter().map(|slot| slot.counts.dials).sum();
    let (figures, _) = handle.figures().unwrap();
    let truth = figures.campaigns.iter().find(|own| own.id == "preview-1");
    let truth = truth.unwrap().dials;
    assert!(
        dials <= truth && dials * 10 > truth * 9,
        "{dials} of {truth} dials"
    );
}

fn the_lists_followed_the_pause(
    scenario: &Scenario,
    handle: &SimHandle,
    accepted: &[AssignmentsReplaced],
) {
    let at = |time: &str| scenario.time_of_day(time.parse().unwrap());
    let journal = handle.journal();
    let statuses: Vec<&str> = journal.iter().map(|entry| entry.to.as_str()).collect();
    assert_eq!(statuses, ["PAUSED", "RUNNING"]);
    assert!(
        journal
            .iter()
            .all(|entry| matches!(entry.by, Actor::Client { .. }))
    );
    let size = |campaign: &str, time: &str| {
        let until = accepted.iter().filter(|list| list.at <= at(time));
        let last = until.rev().find(|list| list.campaign == campaign);
        last.map_or(0, |list| list.to.len())
    };
    let (one, other) = (size("preview-1", "11:55"), size("preview-2", "11:55"));
    assert!(one >= 10 && other >= 4, "{one} and {other}");
    let served = one + other;
    assert_eq!(
        size("preview-1", "12:20"),
        0,
        "nobody works for what is paused"
    );
    let moved = size("preview-2", "12:20");
    assert!(
        moved > other + 5,
        "they serve what runs: {other}, then {moved}"
    );
    // Between two plans, so that it does not matter by how many seconds one of them was helped on.
    let back = size("preview-1", "12:58");
    assert!(back >= 4, "they come back: {back}");
    assert!(size("preview-2", "12:58") < moved);
    assert!(
        served >= 18,
        "who has a good score is placed: {served} of 24"
    );
    // In the afternoon only a third is within its window.
    let (one, other) = (size("preview-1", "15:00"), size("preview-2", "15:00"));
    assert!((4..=8).contains(&(one + other)), "{one} and {other}");
}

fn nobody_was_twice_or_outside_of_a_window(scenario: &Scenario, accepted: &[AssignmentsReplaced]) {
    let mut in_force: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (number, list) in accepted.iter().enumerate() {
        let agents = list.to.iter().map(|entry| entry.user_id.as_str()).collect();
        in_force.insert(&list.campaign, agents);
        let mut seen = BTreeSet::new();
        for agent in in_force.values().flatten() {
            assert!(
                seen.insert(*agent),
                "{agent} is on two lists at {}",
                list.at
            );
        }
        let next = accepted
            .iter()
            .skip(number + 1)
            .find(|later| later.campaign == list.campaign);
        let until = next.map_or(scenario.end(), |later| later.at);
        for entry in &list.to {
            let number: usize = entry.user_id.trim_start_matches("agent-").parse().unwrap();
            let window = WINDOWS[number % 3];
            assert!(
                open(window, list.at) && open(window, until),
                "{} is on the list of {} from {} until {until}, outside of {window:?}",
                entry.user_id,
                list.campaign,
                list.at,
            );
        }
    }
}

fn everything_is_proved_and_told(
    directory: &std::path::Path,
    accepted: &[AssignmentsReplaced],
    taken: &[(String, String, Value)],
    commands: usize,
) {
    let reader = StoreReader::open(directory.join("state")).unwrap();
    let mut proved = Vec::new();
    let rows = reader.audit(|row| {
        let row = serde_json::to_value(&row).unwrap();
        let end = &row["event"]["end"];
        if end["dispatch"] == "accepted" {
            proved.push(end["assignment"].as_str().unwrap().to_owned());
        }
    });
    assert!(rows.unwrap() > 0);
    reader.replay().unwrap();
    let done: Vec<String> = accepted
        .iter()
        .map(|list| list.assignment_id.clone())
        .collect();
    assert!(done.len() >= 6, "{} lists", done.len());
    assert_eq!(proved, done, "every dispatch is in the audit, once");

    let mut seen = BTreeSet::new();
    let first_time: Vec<_> = taken.iter().filter(|(id, ..)| seen.insert(id)).collect();
    assert_eq!(first_time.len(), done.len() + commands, "none is lost");
    for campaign in ["preview-1", "preview-2"] {
        let told: Vec<&str> = first_time
            .iter()
            .filter(|(_, kind, body)| {
                kind == "assignment.dispatch" && body["campaignId"] == campaign
            })
            .map(|(_, _, body)| body["assignmentId"].as_str().unwrap())
            .collect();
        let of_this: Vec<&str> = accepted
            .iter()
            .filter(|list| list.campaign == campaign)
            .map(|list| list.assignment_id.as_str())
            .collect();
        assert_eq!(told, of_this, "{campaign}: none is out of order");
    }
    let kinds: Vec<&str> = first_time
        .iter()
        .map(|(_, kind, _)| kind.as_str())
        .filter(|kind| kind.starts_with("campaign."))
        .collect();
    assert_eq!(kinds, ["campaign.paused", "campaign.resumed"]);
}
