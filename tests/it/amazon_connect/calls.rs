//! How many calls a poll costs, and what is kept of the account's limit.

use std::collections::BTreeMap;

use campaign_autopilot::simulator::{ConnectOperation, ConnectSettings, Endpoint, RateLimit};
use campaign_autopilot::simulator::{Dialect, SimClock};

use crate::api::Api;
use crate::centre::{Centre, wait_until};

use super::tenant::{COUNTS, STATES, centre, daemon, wait_for_polls};

const DESCRIBE: Endpoint = Endpoint::Connect(ConnectOperation::DescribeCampaign);

#[test]
fn a_hundred_campaigns_on_a_hundred_queues_cost_five_calls_a_poll() {
    let ids: Vec<String> = (0..100).map(|number| format!("c-{number:03}")).collect();
    let queues: BTreeMap<String, String> = ids
        .iter()
        .map(|id| (id.clone(), format!("queue-{id}")))
        .collect();
    let centre = centre(ConnectSettings {
        queues,
        ..ConnectSettings::default()
    });
    for id in &ids {
        centre.platform.put_campaign(id, "RUNNING");
    }
    let running = daemon(&centre)
        .env("CXONE_CAMPAIGN_ID", ids.join(","))
        .start()
        // Until each is described nobody's agents are known.
        .tolerate(&["too long"]);
    let api = Api::of(&running);
    wait_until("every campaign is known to run", || {
        let status = api.get("/api/v1/status").json();
        let campaigns = status["campaigns"].as_array().cloned().unwrap_or_default();
        campaigns.len() == 100 && campaigns.iter().all(|one| one["state"] == "running")
    });
    let counts = || {
        centre
            .platform
            .request_counts([Some(COUNTS), Some(STATES), None])
    };
    let others = || {
        let [polls, states, all] = counts();
        all - polls - states
    };
    wait_until("nothing but polls is asked for", || {
        let before = others();
        wait_for_polls(&centre, 5);
        others() == before
    });
    let described = centre.platform.request_count(Some(DESCRIBE));
    assert_eq!(described, 100, "each is described once");
    let [polls_before, states_before, _] = counts();
    wait_for_polls(&centre, 20);
    let [polls_after, states_after, _] = counts();
    let (polls, states) = (polls_after - polls_before, states_after - states_before);
    // The poll that is under way at either end may have made some of its calls.
    assert!(
        states <= 4 * polls + 4 && states + 4 >= 4 * polls,
        "{states} calls for states in {polls} polls"
    );
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn both_services_share_one_limit_and_the_accounts_is_never_reached() {
    let centre = Centre::with(|platform| {
        platform.clock = SimClock::starting_at(jiff::Timestamp::now().into(), 1.0);
        platform.dialect = Dialect::AmazonConnect(Box::default());
        platform.rate_limit = Some(RateLimit {
            per_second: 8.0,
            burst: 12,
        });
    });
    let running = daemon(&centre)
        .env("AUTOPILOT_REQUESTS_PER_SECOND", "7")
        .env("AUTOPILOT_BURST", "5")
        .start()
        .tolerate(&["poll invalid", "status not read", "no permit", "could not"]);
    let api = Api::of(&running);
    wait_for_polls(&centre, 10);
    let metrics = api.get("/metrics").body;
    let refused: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("autopilot_api_") && line.contains("code=\"429\""))
        .filter(|line| line.contains("_count") && !line.ends_with(" 0"))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    running.kill();
}
