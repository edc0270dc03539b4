//! Several receivers: each gets what it asks for in its form, in its own order, and none waits for another or delays a campaign.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Finished, Invocation, of_kind, wait_until, write_secret};
use crate::configured::Configured;
use crate::receiver::{Answering, Received, Receiver};
use crate::standby::Shared;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ROUTING_KEY: &str = "0123456789abcdef0123456789abcdef";

/// What no output, log or store may have: parts of the addresses, secrets and the routing key.
const SECRETS: [&str; 3] = ["T0K3N", "MfKQ9r8G", "0123456789abcdef"];

/// The daemon says this once when a receiver does not accept a message.
const NOT_TAKEN: &str = "the webhook's receiver did not accept a message";

const GONE: &str = "the receiver is not in the settings any more";

const LABELS: &str =
    "[[campaign]]\nid = \"campaign-1\"\nname = \"Spring <renewals>\"\nteam = \"Renewals\"\n";

/// A centre with receivers, each in a table of its own; what opens them is in files.
struct Told {
    configured: Configured,
    tables: Vec<(String, String)>,
}

impl Told {
    fn new() -> Self {
        Self {
            configured: Configured::new(LABELS),
            tables: Vec::new(),
        }
    }

    /// Adds a table for a receiver of this form.
    fn with(mut self, name: &str, form: &str, receiver: &Receiver, rest: &str) -> Self {
        let directory = self.configured.centre.directory.path();
        let file = |what: &str, text: &str| {
            let path = directory.join(format!("{name}-{what}"));
            write_secret(&path, text);
            format!("{what}_file = \"{}\"\n", path.display())
        };
        let url = file("url", &receiver.url());
        let opener = match form {
            "signed" => file("secret", SECRET),
            "pagerduty" => file("routing_key", ROUTING_KEY),
            _ => String::new(),
        };
        let table =
            format!("[[receiver]]\nname = \"{name}\"\nform = \"{form}\"\n{url}{opener}{rest}\n");
        self.tables.push((name.to_owned(), table));
        self.write(&[]);
        self
    }

    /// Writes the settings without these receivers.
    fn write(&self, without: &[&str]) {
        let tables = self.tables.iter();
        let tables = tables.filter(|(name, _)| !without.contains(&name.as_str()));
        let tables: String = tables.map(|(_, table)| table.as_str()).collect();
        // One that says nothing is not given up on while a test looks.
        self.configured
            .write(&format!("webhook_timeout = \"1h\"\n{LABELS}{tables}"));
    }

    /// Lets the campaign go from running to paused and back so many times.
    fn swing(&self, times: usize) {
        let centre = &self.configured.centre;
        for _ in 0..times {
            centre.platform.set_available(3);
            centre.wait_for_status(CAMPAIGN, "PAUSED");
            centre.platform.set_available(10);
            centre.wait_for_status(CAMPAIGN, "RUNNING");
        }
    }

    fn listed(&self, arguments: &[&str]) -> Vec<Value> {
        let done = Invocation::bare()
            .args(&["outbox", "list", "-o", "json"])
            .args(arguments)
            .arg("--state-dir")
            .arg(self.configured.centre.state_dir())
            .output();
        assert_eq!(done.code(), 0, "{}", done.stderr);
        let lines = done.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// A command that reads the settings and knows no credentials of the platform.
    fn command(&self, words: &[&str]) -> Finished {
        Invocation::bare()
            .args(words)
            .arg("--config")
            .arg(&self.configured.file)
            .output()
    }
}

fn events(requests: &[Received]) -> Vec<&str> {
    let events = requests.iter();
    events
        .map(|request| request.header("x-autopilot-event"))
        .collect()
}

fn holds(text: &[u8], secret: &str) -> bool {
    text.windows(secret.len())
        .any(|window| window == secret.as_bytes())
}

fn hold(api: &Api) {
    let path = format!("/api/v1/campaigns/{CAMPAIGN}/hold");
    let asked = json!({"kind": "as-is", "for": "1h", "reason": "wrong list", "author": "anna"});
    let answer = api.change("PUT", &path, &asked);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn each_receiver_gets_what_it_asks_for_in_its_form() {
    let receivers: [Receiver; 4] = std::array::from_fn(|_| Receiver::start(Answering::Status(202)));
    let [signed, slack, teams, pages] = &receivers;
    let told = Told::new()
        .with("wfm", "signed", signed, "")
        .with(
            "slack-ops",
            "slack",
            slack,
            "events = [\"campaign.paused_by_person\", \"campaign.held\"]",
        )
        .with("teams-ops", "teams", teams, "teams = [\"Renewals\"]")
        .with(
            "pages",
            "pagerduty",
            pages,
            "events = [\"campaign.paused\"]",
        );
    let centre = &told.configured.centre;
    let (daemon, api) = told.configured.start();
    told.swing(1);
    hold(&api);
    centre.wait_for_polls(2);
    centre.platform.person_sets(CAMPAIGN, "PAUSED");
    let all = signed.wait_for(4);
    let expected = [
        "campaign.paused",
        "campaign.resumed",
        "campaign.held",
        "campaign.paused_by_person",
    ];
    assert_eq!(events(&all), expected);
    for message in &all {
        assert_eq!(message.json()["campaignName"], "Spring <renewals>");
        assert!(message.header("webhook-signature").starts_with("v1,"));
    }
    let held = all[2].json();
    assert_eq!(
        (&held["author"], &held["reason"]),
        (&json!("anna"), &json!("wrong list"))
    );
    assert_eq!(
        (&held["hold"], &held["campaignId"]),
        (&json!("as-is"), &json!(CAMPAIGN))
    );

    let taken = slack.wait_for(2);
    let text = |message: &Received| message.json()["text"].as_str().unwrap().to_owned();
    assert!(text(&taken[0]).starts_with("Spring &lt;renewals&gt; is held as it is until 20"));
    assert!(text(&taken[0]).ends_with(" UTC, by anna: wrong list"));
    let paused = "Spring &lt;renewals&gt; was paused on the platform by a person";
    assert_eq!(text(&taken[1]), paused);
    assert!(!taken[0].headers.contains_key("webhook-signature"));

    let taken = teams.wait_for(4);
    let card = taken[0].json()["attachments"][0].clone();
    assert_eq!(
        card["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    let headline = "Spring <renewals> paused: 3 agents available, pause below 5";
    assert_eq!(card["content"]["body"][0]["inlines"][0]["text"], headline);

    // What ends an alert follows what begins it, unasked.
    let taken = pages.wait_for(2);
    let (begun, ended) = (taken[0].json(), taken[1].json());
    assert_eq!(begun["event_action"], "trigger");
    assert_eq!(begun["payload"]["summary"], headline);
    assert_eq!(begun["routing_key"], ROUTING_KEY);
    assert_eq!(ended["event_action"], "resolve");
    assert_eq!(ended["dedup_key"], begun["dedup_key"]);

    wait_until("the outbox is empty", || told.listed(&[]).is_empty());
    daemon.stop();
    assert_eq!(slack.received().len(), 2, "nothing that it did not ask for");
    assert_eq!(pages.received().len(), 2);
    assert_eq!(all.len(), signed.received().len());
}

#[test]
fn people_on_the_platform_and_operators_are_told_of_with_their_authors() {
    let receiver = Receiver::start(Answering::Status(200));
    let told = Told::new().with("wfm", "signed", &receiver, "");
    let centre = &told.configured.centre;
    let (daemon, api) = told.configured.start();
    let daemon = daemon.tolerate(&["not reloaded", "refused"]);
    centre.platform.set_available(3);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    receiver.wait_for(1);
    centre.platform.person_sets(CAMPAIGN, "RUNNING");
    let resumed = receiver.wait_for(2)[1].json();
    assert_eq!(resumed["pausedBeforeBy"], "autopilot");
    assert!(resumed["leftAloneUntil"].is_string(), "{resumed}");
    hold(&api);
    let path = format!("/api/v1/campaigns/{CAMPAIGN}");
    let set = json!({"pause_below": "2", "resume_at": "4", "for": "1h", "reason": "night", "author": "kim"});
    let answer = api.change("PUT", &format!("{path}/thresholds"), &set);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let over = "reason=over&author=anna";
    for what in ["hold", "thresholds"] {
        let answer = api.change("DELETE", &format!("{path}/{what}?{over}"), &Value::Null);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let reloaded = api.change("POST", &format!("/-/reload?{over}"), &Value::Null);
    assert_eq!(reloaded.status, 200, "{}", reloaded.body);
    let taken = receiver.wait_for(7);
    let mut named = events(&taken)[2..].to_vec();
    // A campaign's are in order, and those of the configuration have an order of their own.
    named.retain(|event| *event != "configuration.reloaded");
    let expected = [
        "campaign.held",
        "campaign.thresholds_set",
        "campaign.released",
        "campaign.thresholds_set",
    ];
    assert_eq!(named, expected);
    let of = |event: &str| {
        let found = taken.iter().filter(|one| one.header("ce-type") == event);
        found.map(Received::json).collect::<Vec<_>>()
    };
    let set = of("campaign.thresholds_set");
    assert_eq!(
        (&set[0]["author"], &set[0]["status"]),
        (&json!("kim"), &json!("SET"))
    );
    assert_eq!(
        (&set[0]["pauseThreshold"], &set[0]["pauseThresholdBefore"]),
        (&json!(2), &json!(5))
    );
    assert_eq!(set[1]["status"], "RESTORED");
    assert_eq!(of("campaign.released")[0]["author"], "anna");
    assert_eq!(of("configuration.reloaded")[0]["status"], "RELOADED");
    let path = format!("{path}/hold");
    let unknown = api.change(
        "PUT",
        &path.replace(CAMPAIGN, "nobody"),
        &json!({"kind": "as-is", "for": "1h", "reason": "x", "author": "y"}),
    );
    assert_eq!(unknown.status, 404, "{}", unknown.body);
    daemon.stop();
    assert_eq!(receiver.received().len(), 7, "what was refused is not told");
}

#[test]
fn one_that_is_dead_delays_no_other_and_no_pause() {
    let (dead, alive) = (
        Receiver::start(Answering::Silent),
        Receiver::start(Answering::Status(200)),
    );
    let told = Told::new()
        .with("dead", "slack", &dead, "")
        .with("alive", "signed", &alive, "");
    let (daemon, api) = told.configured.start();
    told.swing(3);
    let expected = ["campaign.paused", "campaign.resumed"].repeat(3);
    assert_eq!(events(&alive.wait_for(6)), expected);
    dead.wait_for_requests(1);
    assert_eq!(
        dead.received().len(),
        1,
        "it has not answered the first one"
    );
    let series = |receiver: &str| {
        let name = "autopilot_receiver_messages";
        api.series(&format!(
            "{name}{{receiver=\"{receiver}\",state=\"waiting\"}}"
        ))
    };
    wait_until("each is counted", || {
        (series("alive"), series("dead")) == (Some(0.0), Some(6.0))
    });
    assert_eq!(told.listed(&["--receiver", "dead"]).len(), 6);
    assert!(told.listed(&["--receiver", "alive"]).is_empty());
    dead.answer(Answering::Status(200));
    let taken = dead.wait_for(6);
    let texts: Vec<bool> = taken
        .iter()
        .map(|one| one.json()["text"].as_str().unwrap().contains(" paused: "))
        .collect();
    assert_eq!(texts, [true, false].repeat(3), "in order");
    let attempts = "autopilot_receiver_attempts_total{outcome=\"2xx\",receiver=\"dead\"}";
    wait_until("they are counted", || api.series(attempts) == Some(6.0));
    let text = api.get("/metrics").body;
    let own = text
        .lines()
        .filter(|line| line.starts_with("autopilot_receiver_"));
    assert_eq!(own.count(), 2 * 10, "two receivers");
    daemon.stop();
}

#[test]
fn kills_lose_no_message_of_any_receiver_and_change_no_order() {
    let receivers: [Receiver; 2] = std::array::from_fn(|_| Receiver::start(Answering::Status(200)));
    let told = Told::new().with("one", "signed", &receivers[0], "").with(
        "two",
        "signed",
        &receivers[1],
        "",
    );
    let centre = &told.configured.centre;
    let commands = || centre.commands().len();
    for round in 0..10 {
        let (daemon, _) = told.configured.start();
        let before = commands();
        let came = receivers.each_ref().map(|one| one.received().len());
        centre
            .platform
            .set_available(if round % 2 == 0 { 3 } else { 10 });
        wait_until("a command takes effect", || commands() > before);
        // Somewhere between the command's effect and the marks that it was delivered, now to one and now to the other.
        if round % 3 > 0 {
            let at = round % 2;
            receivers[at].wait_for_requests(came[at] + 1);
        }
        daemon.kill();
    }
    let (last, _) = told.configured.start();
    centre.wait_for_polls(5);
    wait_until("the outbox is empty", || told.listed(&[]).is_empty());
    last.stop();
    let of = |receiver: &Receiver| {
        let mut ids = BTreeSet::new();
        let came = receiver.received();
        let first = came
            .iter()
            .filter(|one| ids.insert(one.header("webhook-id").to_owned()));
        let decisions = first.map(|one| {
            let body = one.json();
            (body["decisionId"].clone(), body["status"].clone())
        });
        decisions.collect::<Vec<_>>()
    };
    let [one, two] = receivers.each_ref().map(of);
    assert_eq!(one.len(), 10);
    assert_eq!(one, two);
    let statuses: Vec<&str> = one
        .iter()
        .map(|(_, status)| status.as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["PAUSED", "RUNNING"].repeat(5));
}

#[test]
fn what_waits_for_one_that_was_taken_out_is_given_up_and_named() {
    let (dead, alive) = (
        Receiver::start(Answering::Status(503)),
        Receiver::start(Answering::Status(200)),
    );
    let told = Told::new()
        .with("dead", "slack", &dead, "")
        .with("alive", "signed", &alive, "");
    let (daemon, api) = told.configured.start();
    let daemon = daemon.tolerate(&[NOT_TAKEN, GONE]);
    told.swing(1);
    alive.wait_for(2);
    daemon.wait_for_log(NOT_TAKEN);
    // A reload begins the loop anew with other receivers.
    told.write(&["dead"]);
    let made = api.change("POST", "/-/reload?reason=trial&author=anna", &Value::Null);
    assert_eq!(made.status, 200, "{}", made.body);
    let line = daemon.wait_for_log(GONE);
    assert_eq!(line["receiver"], "dead");
    wait_until("they are dead letters", || {
        told.listed(&["--dead"]).len() >= 2
    });
    for entry in told.listed(&["--dead"]) {
        assert_eq!(entry["receiver"], "dead");
        assert!(
            entry["key"].as_str().unwrap().starts_with("@dead/"),
            "{entry}"
        );
        assert_eq!(entry["why"], "its receiver is not in the settings any more");
    }
    let before = dead.received().len();
    told.swing(1);
    // Two swings, and the reload that the first loop had committed.
    alive.wait_for(5);
    daemon.stop();
    assert_eq!(dead.received().len(), before);
    let rows = told.configured.centre.audit();
    let given_up = of_kind(&rows, "outbox");
    assert!(given_up.len() >= 2);
    for row in given_up {
        assert_eq!(row["event"]["receiver"], "dead");
        assert_eq!(row["event"]["change"]["change"], "given_up");
    }
}

#[test]
fn an_address_that_was_replaced_is_read_again() {
    let (old, new) = (
        Receiver::start(Answering::Status(404)),
        Receiver::start(Answering::Status(200)),
    );
    let told = Told::new().with("ops", "slack", &old, "");
    let centre = &told.configured.centre;
    let (daemon, _) = told.configured.start();
    let daemon = daemon.tolerate(&[NOT_TAKEN]);
    let url = centre.directory.path().join("ops-url");
    write_secret(&url, &new.url());
    centre.platform.set_available(3);
    let line = daemon.wait_for_log("was read again: it has changed");
    assert_eq!(line["receiver"], "ops");
    new.wait_for(1);
    daemon.stop();
    assert_eq!(old.received().len(), 1);
}

#[test]
fn a_reload_takes_another_address_up_and_shows_nothing_of_it() {
    let receiver = Receiver::start(Answering::Status(200));
    let told = Told::new().with("ops", "slack", &receiver, "");
    let (daemon, api) = told.configured.start();
    told.configured.centre.wait_for_polls(2);
    let url = told.configured.centre.directory.path().join("ops-url");
    write_secret(&url, &format!("{}-2", receiver.url()));
    let made = api.change("POST", "/-/reload?reason=trial&author=anna", &Value::Null);
    assert_eq!(made.status, 200, "{}", made.body);
    let changes = json!(["receiver.ops.url: (set) -> (set), another one"]);
    assert_eq!(made.json()["made"]["changes"], changes);
    let taken = receiver.wait_for(1);
    assert_eq!(taken[0].path, "/hooks/T0K3N-2");
    let text = taken[0].json()["text"].as_str().unwrap().to_owned();
    assert_eq!(text, "Configuration reloaded by anna: trial");
    assert!(!taken[0].body.contains("T0K3N"), "{}", taken[0].body);
    daemon.stop();
}

#[test]
fn webhook_test_reaches_each_of_them_without_credentials_of_the_platform() {
    let receivers: [Receiver; 3] = std::array::from_fn(|_| Receiver::start(Answering::Status(200)));
    let [slack, pages, signed] = &receivers;
    let told = Told::new()
        .with("slack-ops", "slack", slack, "")
        .with("pages", "pagerduty", pages, "")
        .with("wfm", "signed", signed, "");
    let all = told.command(&["webhook", "test"]);
    assert_eq!(all.code(), 0, "{}{}", all.stdout, all.stderr);
    assert_eq!(
        all.stdout
            .matches("ok      the receiver answered 200")
            .count(),
        4
    );
    assert!(
        all.stdout.contains("(slack-ops, form slack)"),
        "{}",
        all.stdout
    );
    assert_eq!(
        signed.taken()[0].header("x-autopilot-event"),
        "webhook.test"
    );
    assert_eq!(
        slack.taken()[0].json()["text"],
        "Test message of campaign-autopilot"
    );
    // What is triggered is resolved at once.
    let actions: Vec<Value> = pages
        .taken()
        .iter()
        .map(|one| one.json()["event_action"].clone())
        .collect();
    assert_eq!(actions, ["trigger", "resolve"]);
    let one = told.command(&["webhook", "test", "--receiver", "wfm", "-o", "json"]);
    assert_eq!(one.code(), 0, "{}{}", one.stdout, one.stderr);
    let document: Value = serde_json::from_str(&one.stdout).unwrap();
    assert_eq!(document["schema"], "webhook-test/1");
    let message = &document["messages"][0];
    assert_eq!(
        [&message["receiver"], &message["form"], &message["id"]],
        ["wfm", "signed", signed.taken()[1].header("webhook-id")]
    );
    assert_eq!([&message["delivered"], &document["ok"]], [true, true]);
    assert_eq!(message["status"], 200);
    let counts = receivers
        .each_ref()
        .map(|receiver| receiver.received().len());
    assert_eq!(counts, [1, 2, 2]);
    let unknown = told.command(&["webhook", "test", "--receiver", "slack"]);
    assert_eq!(unknown.code(), 78);
    assert!(unknown.stderr.contains("slack-ops"), "{}", unknown.stderr);
    slack.answer(Answering::Status(404));
    let refused = told.command(&["webhook", "test"]);
    assert_eq!(refused.code(), 77, "{}", refused.stdout);
    assert!(refused.stdout.contains("FAILED  the receiver answered 404"));
    assert_eq!(
        signed.received().len(),
        3,
        "the others are tried all the same"
    );
}

#[test]
fn no_secret_of_a_receiver_is_shown_or_kept_anywhere() {
    let receivers: [Receiver; 4] = std::array::from_fn(|_| Receiver::start(Answering::Status(500)));
    let [signed, slack, teams, pages] = &receivers;
    let told = Told::new()
        .with("wfm", "signed", signed, "")
        .with("slack-ops", "slack", slack, "")
        .with("teams-ops", "teams", teams, "")
        .with(
            "pages",
            "pagerduty",
            pages,
            "events = [\"campaign.paused\"]",
        );
    let centre = &told.configured.centre;
    centre.platform.set_available(3);
    let done = centre
        .daemon()
        .arg("--once")
        .env("AUTOPILOT_CONFIG", &told.configured.file)
        .env("AUTOPILOT_LOG", "trace")
        .output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    for receiver in &receivers {
        assert!(!receiver.received().is_empty());
    }
    assert!(done.stderr.contains(NOT_TAKEN));
    let mut said = vec![done.stderr.into_bytes()];
    for file in ["autopilot.sqlite3", "autopilot.sqlite3-wal"] {
        said.push(std::fs::read(centre.state_dir().join(file)).unwrap_or_default());
    }
    for words in [
        &["webhook", "test"][..],
        &["config", "show"],
        &["config", "show", "--origin"],
        &["check"],
    ] {
        let done = Invocation::bare()
            .args(words)
            .env("CXONE_BASE_URL", &centre.base_url)
            .env("CXONE_CLIENT_ID", "autopilot")
            .env("CXONE_CLIENT_SECRET", "autopilot-secret")
            .env("AUTOPILOT_STATE_DIR", centre.state_dir())
            .env("AUTOPILOT_CONFIG", &told.configured.file)
            .output();
        assert!(
            done.stdout.contains("receiver") || words == ["check"],
            "{words:?}: {}{}",
            done.stdout,
            done.stderr
        );
        said.push(done.stdout.into_bytes());
        said.push(done.stderr.into_bytes());
    }
    for secret in SECRETS {
        assert!(!said.iter().any(|text| holds(text, secret)), "{secret}");
    }
    assert!(said.iter().any(|text| holds(text, "slack-ops")));
}

#[test]
fn on_a_server_each_receiver_has_its_messages_too() {
    let Some(shared) = Shared::new() else { return };
    let receivers: [Receiver; 2] = std::array::from_fn(|_| Receiver::start(Answering::Status(200)));
    let told = Told::new().with("wfm", "signed", &receivers[0], "").with(
        "slack-ops",
        "slack",
        &receivers[1],
        "events = [\"campaign.held\"]",
    );
    let daemon = shared
        .invocation("one")
        .env("AUTOPILOT_CONFIG", &told.configured.file)
        .start();
    let api = Api::of(&daemon);
    shared.centre.platform.set_available(3);
    shared.centre.wait_for_status(CAMPAIGN, "PAUSED");
    receivers[0].wait_for(1);
    hold(&api);
    assert_eq!(
        events(&receivers[0].wait_for(2)),
        ["campaign.paused", "campaign.held"]
    );
    let held = receivers[1].wait_for(1)[0].json();
    assert!(
        held["text"]
            .as_str()
            .unwrap()
            .contains("by anna: wrong list"),
        "{held}"
    );
    daemon.stop();
    assert_eq!(receivers[1].received().len(), 1);
}

/// A database shell holds the write lock: the change is refused, and what it would have told goes with it.
#[test]
fn a_change_that_could_not_be_kept_is_told_nobody() {
    let receiver = Receiver::start(Answering::Status(204));
    let told = Told::new().with("wfm", "signed", &receiver, "");
    let centre = &told.configured.centre;
    let (daemon, api) = told.configured.start();
    centre.wait_for_polls(2);
    let shell = centre.lock_store();
    let daemon = daemon.tolerate(&["store not written"]);
    let path = format!("/api/v1/campaigns/{CAMPAIGN}/hold");
    let asked =
        |reason: &str| json!({"kind": "as-is", "for": "1h", "reason": reason, "author": "anna"});
    let answer = api.change("PUT", &path, &asked("not kept"));
    assert_eq!(answer.status, 503, "{}", answer.body);
    drop(shell);
    wait_until("the store is written again", || {
        api.get("/readyz").status == 200
    });
    let answer = api.change("PUT", &path, &asked("kept"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let first = &receiver.wait_for(1)[0];
    assert_eq!(first.header("x-autopilot-event"), "campaign.held");
    assert_eq!(first.json()["reason"], "kept");
    daemon.stop();
    assert_eq!(receiver.wait_for(1).len(), 1, "and nothing else");
    assert_eq!(of_kind(&centre.audit(), "operator").len(), 1);
}
