//! How many calls a poll costs, and the limit that is learned from the answers.

use std::collections::BTreeMap;

use campaign_autopilot::simulator::{CloudOperation, CloudSettings, Endpoint};

use crate::api::Api;
use crate::centre::{Centre, wait_until};

use super::tenant::{OBSERVATIONS, by_hand, centre, daemon, fast, quick, wait_for_polls};

const LIST: Endpoint = Endpoint::Cloud(CloudOperation::Campaigns);

/// A hundred campaigns on forty queues.
fn many(requests_a_minute: Option<u32>, speed: f64) -> (Centre, String) {
    let ids: Vec<String> = (0..100).map(|number| format!("c-{number:03}")).collect();
    let queues: BTreeMap<String, String> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| (id.clone(), format!("queue-{:02}", number % 40)))
        .collect();
    let centre = fast(
        CloudSettings {
            queues,
            requests_a_minute,
            ..quick()
        },
        speed,
    );
    for id in &ids {
        centre.platform.put_campaign(id, "RUNNING");
    }
    (centre, ids.join(","))
}

#[test]
fn a_hundred_campaigns_on_forty_queues_cost_two_calls_a_poll() {
    let (centre, ids) = many(None, 1.0);
    let running = daemon(&centre).env("CXONE_CAMPAIGN_ID", &ids).start();
    let api = Api::of(&running);
    wait_until("every campaign is known to run", || {
        let status = api.get("/api/v1/status").json();
        let campaigns = status["campaigns"].as_array().cloned().unwrap_or_default();
        campaigns.len() == 100 && campaigns.iter().all(|one| one["state"] == "running")
    });
    // Rivals are looked for beside the loop at the start, and changes are subscribed to.
    let diagnostics = Some(Endpoint::Cloud(CloudOperation::Diagnostics));
    wait_until("every campaign was diagnosed", || {
        centre.platform.request_count(diagnostics) >= 100
    });
    wait_until("the platform reports changes", || {
        api.series("autopilot_api_push_connected") == Some(1.0)
    });
    wait_until("nothing but polls is asked for", || {
        let count = || {
            let [polls, lists, all] =
                centre
                    .platform
                    .request_counts([Some(OBSERVATIONS), Some(LIST), None]);
            all - polls - lists
        };
        let before = count();
        wait_for_polls(&centre, 5);
        count() == before
    });
    let counts = || centre.platform.request_counts([Some(OBSERVATIONS), None]);
    let [polls_before, all_before] = counts();
    wait_for_polls(&centre, 20);
    let [polls_after, all_after] = counts();
    let (made, polls) = (all_after - all_before, polls_after - polls_before);
    // The poll that is under way at either end may have made one of its two.
    assert!(made <= 2 * polls + 2, "{made} calls in {polls} polls");
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn a_dry_run_reads_a_campaign_once_before_what_it_wants_at_each_poll() {
    let centre = centre(quick());
    // One campaign alone would be read by itself at each poll, and not with a list.
    let ids = ["c-1", "c-2"];
    for id in ids {
        centre.platform.put_campaign(id, "RUNNING");
    }
    let running = daemon(&centre)
        .env("CXONE_CAMPAIGN_ID", ids.join(","))
        .arg("--dry-run")
        .start()
        .tolerate(&["something else on the platform"]);
    running.wait_for_log("first poll complete");
    let single = || {
        let operation = CloudOperation::Campaign;
        centre
            .platform
            .request_count(Some(Endpoint::Cloud(operation)))
    };
    let before = single();
    centre.platform.set_available(1);
    running.wait_for_log("dry run: would pause");
    wait_for_polls(&centre, 20);
    assert_eq!(single() - before, 2);
    // Wanted no more, and then again.
    centre.platform.set_available(10);
    wait_for_polls(&centre, 3);
    centre.platform.set_available(1);
    wait_until("it is wanted again", || single() - before == 4);
    wait_for_polls(&centre, 5);
    assert_eq!(single() - before, 4);
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn the_limit_is_learned_from_the_answers_and_never_reached() {
    // The platform's minute never ends.
    let (centre, _clock) = by_hand(CloudSettings {
        requests_a_minute: Some(40),
        ..quick()
    });
    // Left to itself the daemon would make fifty requests a second.
    let running = daemon(&centre).start().tolerate(&[
        "poll invalid",
        "status not read",
        "too long",
        "could not",
    ]);
    let api = Api::of(&running);
    let seen = || centre.platform.request_count(None);
    wait_until("the share of the readings is used up", || seen() >= 25);
    centre.platform.set_available(1);
    // Readings have left the last quarter to commands.
    wait_until("the log tells that there is no permit", || {
        running
            .log()
            .iter()
            .any(|line| line.to_string().contains("no permit"))
    });
    let metrics = api.get("/metrics").body;
    let refused: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("autopilot_api_") && line.contains("code=\"429\""))
        .filter(|line| !line.ends_with(" 0"))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert!(seen() <= 40, "{}", seen());
    running.kill();
}
