//! The proof: faults in real daemons reach a real Alertmanager as the right alerts and no others; dashboards have answers;
//! what the pages tell people to type works.
//!
//! The rules are the shipped ones with one second for every minute, so that an hour's swings take a minute at most.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming};

use super::dashboards::{DASHBOARDS, filled, queries};
use super::servers::{ALERTMANAGERS, Server};
use super::tools::{shipped, there};
use super::watched::{Watched, address};
use crate::centre::{CAMPAIGN, Centre, Daemon, Invocation, PROGRAM, wait_until};
use crate::receiver::{Answering, Receiver};

/// Jobs of the trial; each has a fault of its own but the first.
const JOBS: &str = "trial-.+";

/// A second for every minute: in expressions and waits, not in what people read.
fn hurried(rules: &str) -> String {
    let hurry = |line: &str| {
        let read = [
            "#",
            "summary:",
            "description:",
            "runbook_url:",
            "dashboard_url:",
        ];
        if read.iter().any(|key| line.trim_start().starts_with(key)) {
            return line.to_owned();
        }
        let mut done = String::new();
        let mut letters = line.chars().peekable();
        let mut before = ' ';
        while let Some(letter) = letters.next() {
            let number = before.is_ascii_digit();
            let ends = letters.peek().is_none_or(|next| !next.is_alphanumeric());
            done.push(match (number && ends, letter) {
                (true, 'm') => 's',
                (true, 'h') => 'm',
                (_, letter) => letter,
            });
            before = letter;
        }
        done
    };
    rules.lines().map(|line| hurry(line) + "\n").collect()
}

/// A daemon of the trial, and its centre.
struct Trial {
    centre: Centre,
    daemon: Daemon,
}

impl Trial {
    /// Data are stale after four intervals. Where they have to be fresh, a machine may stand still for that long.
    fn start(
        interval: &str,
        change: impl FnOnce(&mut Invocation),
        tolerated: &[&'static str],
    ) -> Self {
        let centre = Centre::new();
        let mut invocation = centre.daemon();
        invocation
            .env("AUTOPILOT_POLL_INTERVAL", interval)
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0");
        change(&mut invocation);
        let daemon = invocation.start().tolerate(tolerated);
        Self { centre, daemon }
    }

    fn fault(&self, fault: Fault, endpoint: Endpoint) {
        self.centre.platform.inject(FaultRule {
            fault,
            endpoint: Some(endpoint),
            when: FaultTiming::Always,
        });
    }

    fn swing(&self) {
        self.centre.platform.set_available(3);
        self.centre.wait_for_status(CAMPAIGN, "PAUSED");
        self.centre.platform.set_available(10);
        self.centre.wait_for_status(CAMPAIGN, "RUNNING");
    }
}

/// Who was told what: receiver, job, alert. Where nothing was scraped yet within the hurried second of the alert on absence, as on a busy
/// machine, it is right to say so; it has no job.
fn told(receiver: &Receiver) -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    for message in receiver.taken() {
        for alert in message.json()["alerts"].as_array().unwrap() {
            let label = |name: &str| {
                alert["labels"][name]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            if label("job").is_empty() && label("alertname") == "AutopilotDown" {
                continue;
            }
            let to = message.path.trim_start_matches('/').to_owned();
            found.insert((to, label("job"), label("alertname")));
        }
    }
    found
}

/// What is shown to run and what people are told to type.
fn commands() -> Vec<(String, String)> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(shipped("alerts/runbooks")).unwrap() {
        let path = entry.unwrap().path();
        let page = path.file_name().unwrap().to_str().unwrap().to_owned();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                found.insert((command.to_owned(), page.clone()));
            }
        }
    }
    let mut commands: Vec<_> = found.into_iter().collect();
    // The same command on many pages is tried once.
    commands.dedup_by(|a, b| a.0 == b.0);
    commands
}

fn every_command_of_the_pages_works(watched: &Watched, listening: &str) {
    let folder = Path::new(PROGRAM).parent().unwrap().to_str().unwrap();
    let commands = commands();
    assert!(commands.len() > 20, "{commands:?}");
    for (command, page) in commands {
        let done = Command::new("bash")
            .args(["-o", "pipefail", "-c"])
            .arg(command.replace("localhost:9464", listening))
            .env_clear()
            .env("PATH", format!("{folder}:/usr/bin:/bin"))
            .env("AUTOPILOT_SERVER", format!("http://{listening}"))
            .envs(
                watched
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&[done.stdout.clone(), done.stderr].concat()).into_owned();
        assert!(done.status.success(), "{page}: $ {command}\n{said}");
    }
}

/// What follows from what people are told; the inhibition holds that back.
const CONSEQUENCES: [(&str, &str); 2] = [
    ("trial-blind", "AutopilotPollErrors"),
    ("trial-refused", "AutopilotCampaignRunningWithoutAgents"),
];

fn wait_until_it_fires(prometheus: &Server, (job, alert): (&str, &str)) {
    wait_until(&format!("{alert} of {job} fires"), || {
        let firing =
            format!("ALERTS{{job=\"{job}\", alertname=\"{alert}\", alertstate=\"firing\"}}");
        !prometheus.query(&firing).is_empty()
    });
}

fn everybody_is_told(
    prometheus: &Server,
    receiver: &Receiver,
    expected: &BTreeSet<(String, String, String)>,
) {
    // Kept outside, so that a failure can show it.
    let mut so_far = BTreeSet::new();
    let waited = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        wait_until("everybody who has to know is told", || {
            so_far = told(receiver);
            so_far.is_superset(expected)
        });
    }));
    let firing = prometheus.query("ALERTS");
    assert!(
        waited.is_ok(),
        "told: {so_far:#?}\nAlertmanager is told: {firing:#?}"
    );
}

/// Beside what people are told, only what follows from it fires.
fn nothing_else_fires(prometheus: &Server, expected: &BTreeSet<(String, String, String)>) {
    for series in prometheus.query("ALERTS{alertstate=\"firing\"}") {
        let label = |name: &str| {
            series["metric"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let (job, alert) = (label("job"), label("alertname"));
        let known = expected.iter().any(|(_, j, a)| (j, a) == (&job, &alert))
            || CONSEQUENCES.contains(&(job.as_str(), alert.as_str()));
        assert!(known, "{alert} of {job} fires");
    }
}

fn every_query_has_an_answer(prometheus: &Server) {
    for name in DASHBOARDS {
        for query in queries(name) {
            // Only daemons whose store is a server have these, and none is here.
            let shared = ["autopilot_lease_held", "autopilot_member"];
            if shared.iter().any(|family| query.expr.contains(family)) {
                continue;
            }
            let answer = prometheus.query(&filled(&query.expr, JOBS, "10s"));
            assert!(
                !answer.is_empty(),
                "{} is empty: {}",
                query.place,
                query.expr
            );
        }
    }
}

#[test]
fn faults_reach_the_right_people_and_dashboards_have_answers() {
    if !there(&["prometheus", "promtool", "curl"]) {
        return;
    }
    // One of the two names will do.
    let named = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    if !ALERTMANAGERS.iter().any(named) && !there(&ALERTMANAGERS[..1]) {
        return;
    }
    let calm = Watched::new();
    let calm_daemon = calm.start();
    let calm_address = address(&calm_daemon);
    let blind = Trial::start("500ms", |_| {}, &["poll invalid", "too long"]);
    let unstaffed = Trial::start(
        "2s",
        |run| {
            run.args(&["--min-running", "1h"]);
        },
        &[],
    );
    let swinging = Trial::start(
        "1s",
        |run| {
            run.args(&["--flap-limit", "4"]);
        },
        &["flapping"],
    );
    let refused = Trial::start("100ms", |_| {}, &["could not pause"]);
    let gone = Trial::start("2s", |_| {}, &[]);

    let directory = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(Answering::Status(200));
    let base = receiver.url().replace("/hooks/T0K3N", "");
    let alertmanager = Server::alertmanager(directory.path(), &base);
    let selector = format!("job=~\"{JOBS}\"");
    let adapted = Invocation::bare()
        .args(&["rules", "--selector", &selector])
        .output();
    let jobs: Vec<(String, String)> = [
        ("trial-calm", calm_address.clone()),
        ("trial-blind", address(&blind.daemon)),
        ("trial-unstaffed", address(&unstaffed.daemon)),
        ("trial-swinging", address(&swinging.daemon)),
        ("trial-refused", address(&refused.daemon)),
        ("trial-gone", address(&gone.daemon)),
    ]
    .map(|(job, target)| (job.to_owned(), target))
    .to_vec();
    let rules = hurried(&adapted.stdout);
    assert!(rules.contains("for: 3s") && rules.contains("[1m]"));
    let prometheus = Server::prometheus(directory.path(), &rules, &alertmanager, &jobs);
    wait_until("everything is scraped twice", || {
        let scraped =
            format!("count_over_time(autopilot_agents{{{selector}, state=\"available\"}}[1m]) > 1");
        prometheus.query(&scraped).len() == jobs.len()
    });
    // One that was pending for a moment is none.
    wait_until("nothing is alerted", || {
        prometheus.query("ALERTS").is_empty()
    });

    // One pause and one resume are no swinging; the pages' commands look for them.
    // Below the threshold that its aim begins with.
    calm.centre.platform.set_available(1);
    calm.centre.wait_for_status(CAMPAIGN, "PAUSED");
    calm.centre.platform.set_available(10);
    calm.centre.wait_for_status(CAMPAIGN, "RUNNING");
    blind.fault(Fault::Status500, Endpoint::Agents);
    unstaffed.swing();
    unstaffed.centre.platform.set_available(3);
    gone.daemon.kill();
    for _ in 0..4 {
        swinging.swing();
    }

    let expected: BTreeSet<_> = [
        ("page", "trial-blind", "AutopilotAvailabilityStale"),
        (
            "page",
            "trial-unstaffed",
            "AutopilotCampaignRunningWithoutAgents",
        ),
        ("ticket", "trial-swinging", "AutopilotCampaignFlapping"),
        ("page", "trial-refused", "AutopilotTransitionFailing"),
        ("page", "trial-gone", "AutopilotDown"),
    ]
    .map(|(to, job, alert)| (to.to_owned(), job.to_owned(), alert.to_owned()))
    .into();
    let without_refused = expected.iter().filter(|(_, job, _)| job != "trial-refused");
    everybody_is_told(&prometheus, &receiver, &without_refused.cloned().collect());
    let [blind_follows, refused_follows] = CONSEQUENCES;
    wait_until_it_fires(&prometheus, blind_follows);
    // Last: two refusals within a quarter of an hour alert, and of a quarter of a minute the rest of the test needs a part.
    refused.fault(Fault::Forbidden, Endpoint::CampaignPut);
    refused.centre.platform.set_available(3);
    everybody_is_told(&prometheus, &receiver, &expected);
    wait_until_it_fires(&prometheus, refused_follows);
    nothing_else_fires(&prometheus, &expected);
    assert_eq!(told(&receiver), expected);

    every_query_has_an_answer(&prometheus);
    every_command_of_the_pages_works(&calm, &calm_address);

    drop(prometheus);
    calm_daemon.stop();
    for trial in [blind, unstaffed, swinging, refused] {
        trial.daemon.stop();
    }
}
