//! The process itself: its log, its probes, its store's files, its operators in an outage.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming, Hook, Phase};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::api::Api;
use crate::centre::{
    CAMPAIGN, Centre, Daemon, PATIENCE, free_address, message, of_kind, wait_until,
};

const PAUSED: &str = "campaign-1: RUNNING -> PAUSED";

/// Connections of which it is not known what they ask for, at once.
const PROBE_PLACES: u32 = 64;

const HOLD: &str = "/api/v1/campaigns/campaign-1/hold";

fn start(centre: &Centre) -> (Daemon, Api) {
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let api = Api::of(&daemon);
    wait_until("it is ready", || api.get("/readyz").status == 200);
    (daemon, api)
}

#[test]
fn a_log_that_nobody_reads_does_not_stop_the_loop() {
    let centre = Centre::new();
    let campaigns: Vec<String> = (1..=200).map(|n| format!("campaign-{n}")).collect();
    for id in &campaigns {
        centre.platform.put_campaign(id, "RUNNING");
    }
    let address = free_address();
    let mut daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", &address)
        .env("CXONE_CAMPAIGN_ID", campaigns.join(","))
        .env("AUTOPILOT_LOG", "trace")
        .spawn(Stdio::piped());
    let api = Api { address };
    wait_until("it listens", || TcpStream::connect(&api.address).is_ok());
    // Much more than a pipe takes, and more than the daemon keeps.
    wait_until("log lines are lost", || {
        let lost = api.series("autopilot_log_lines_lost_total");
        lost.is_some_and(|lost| lost > 0.0)
    });
    centre.wait_for_polls(5);
    centre.platform.set_available(0);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    assert_eq!(api.get("/healthz").status, 200);
    // Somebody reads again: what was lost is told, and lines come whole.
    let log = BufReader::new(daemon.stderr.take().unwrap());
    let mut lines = log.lines().map_while(Result::ok);
    let told = lines.find_map(|line| {
        let line: Value = serde_json::from_str(&line).unwrap();
        message(&line)
            .contains("log lines were lost")
            .then_some(line)
    });
    assert!(told.unwrap()["lines"].as_u64().unwrap() > 0);
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}

/// A long history, as somebody with a database shell would make it.
fn with_long_history() -> Centre {
    let centre = Centre::new();
    let (daemon, _) = start(&centre);
    daemon.stop();
    let store = Connection::open(centre.state_dir().join("autopilot.sqlite3")).unwrap();
    store
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
             INSERT INTO audit (at_ms, campaign, run, tick, kind, body, previous, hash)
             SELECT 4000000000000, 'campaign-1', 1, 1, 'stopped', '{\"kind\":\"stopped\"}', '', '' FROM n;
             UPDATE audit_head SET seq = (SELECT max(seq) FROM audit), hash = '';",
        )
        .unwrap();
    centre
}

#[test]
fn every_probe_is_answered_under_a_flood_of_history_and_slow_clients() {
    let centre = with_long_history();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let daemon = daemon.tolerate(&["chain of the audit is broken"]);
    let api = Arc::new(Api::of(&daemon));
    wait_until("it is ready", || api.get("/readyz").status == 200);
    // As many as have a place ask for history over and over, and twice as many send a byte and no more.
    let over = Arc::new(AtomicBool::new(false));
    let connected = Arc::new(AtomicU32::new(0));
    let connect = {
        let (api, connected) = (Arc::clone(&api), Arc::clone(&connected));
        move || {
            let stream = TcpStream::connect(&api.address);
            connected.fetch_add(1, Ordering::Relaxed);
            stream
        }
    };
    let head = format!(
        "GET /api/v1/history?since=7d&limit=1000 HTTP/1.1\r\n{}\r\n",
        api.host()
    );
    let refused = Arc::new(AtomicBool::new(false));
    let flood: Vec<_> = (0..160)
        .map(|_| {
            let (over, refused) = (Arc::clone(&over), Arc::clone(&refused));
            let (connect, head) = (connect.clone(), head.clone());
            std::thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let Ok(mut stream) = connect() else { continue };
                    drop(stream.set_read_timeout(Some(Duration::from_secs(1))));
                    drop(stream.write_all(head.as_bytes()));
                    let mut answer = [0; 64];
                    let read = stream.read(&mut answer).unwrap_or(0);
                    if answer[..read].starts_with(b"HTTP/1.1 503") {
                        refused.store(true, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    let mut slow: Vec<TcpStream> = Vec::new();
    wait_until("every place is taken", || refused.load(Ordering::Relaxed));
    for probe in 0..50 {
        for _ in 0..6 {
            if let Ok(mut stream) = connect() {
                drop(stream.write_all(b"G"));
                slow.push(stream);
            }
        }
        let path = ["/healthz", "/readyz"][probe % 2];
        let head = format!(
            "GET {path} HTTP/1.1\r\nConnection: close\r\n{}\r\n",
            api.host()
        );
        let answer = loop {
            let before = connected.load(Ordering::Relaxed);
            let mut stream = connect().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            drop(stream.write_all(head.as_bytes()));
            let since = connected.load(Ordering::Relaxed).wrapping_sub(before);
            let mut answer = String::new();
            drop(stream.read_to_string(&mut answer));
            // Whoever has asked for nothing makes room for so many who came later, and this thread was as slow as that.
            if !answer.is_empty() || since < PROBE_PLACES {
                break answer;
            }
        };
        assert!(
            answer.starts_with("HTTP/1.1 200 "),
            "probe {probe}: {answer}"
        );
    }
    over.store(true, Ordering::Relaxed);
    for client in flood {
        client.join().unwrap();
    }
    drop(slow);
    daemon.stop();
}

#[test]
fn a_file_of_the_store_that_is_gone_or_another_is_noticed_and_nothing_is_commanded() {
    for name in [
        "autopilot.sqlite3",
        "autopilot.sqlite3-wal",
        "autopilot.sqlite3-shm",
        "lock",
    ] {
        for replaced in [false, true] {
            let centre = Centre::new();
            let (daemon, api) = start(&centre);
            let daemon = daemon.tolerate(&["store not written", "could not pause"]);
            // It reads the file as well, beside the loop.
            daemon.wait_for_log("the chain of the audit holds");
            let file = centre.state_dir().join(name);
            let aside = centre.directory.path().join("aside");
            fs::rename(&file, &aside).unwrap();
            if replaced {
                fs::copy(&aside, &file).unwrap();
            }
            wait_until("it is not ready", || api.get("/readyz").status == 503);
            let told = daemon.wait_for_log("store not written");
            let why = told["error"]
                .as_str()
                .or(told["why"].as_str())
                .unwrap_or_default();
            assert!(
                why.contains(name) && why.contains("deleted or replaced"),
                "{told}"
            );
            centre.platform.set_available(0);
            centre.wait_for_polls(5);
            assert_eq!(centre.commands(), [""; 0], "{name}");
            assert_eq!(api.get("/healthz").status, 200, "a restart does not help");
            // It is put back as it was.
            fs::rename(&aside, &file).unwrap();
            centre.wait_for_status(CAMPAIGN, "PAUSED");
            wait_until("it is ready again", || api.get("/readyz").status == 200);
            daemon.wait_for_log("paused");
            daemon.stop();
            assert_eq!(centre.commands(), [PAUSED]);
            centre.audit();
        }
    }
}

#[test]
fn a_broken_chain_is_told_at_the_start_and_shown() {
    let centre = Centre::new();
    let (daemon, _) = start(&centre);
    daemon.stop();
    let store = Connection::open(centre.state_dir().join("autopilot.sqlite3")).unwrap();
    store
        .execute_batch(
            "DROP TRIGGER audit_is_never_changed; UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 1;",
        )
        .unwrap();
    drop(store);
    let (daemon, api) = start(&centre);
    let daemon = daemon.tolerate(&["chain of the audit is broken"]);
    let told = daemon.wait_for_log("chain of the audit is broken");
    assert!(
        told["why"]
            .as_str()
            .unwrap()
            .contains("audit row 1 was changed"),
        "{told}"
    );
    wait_until("the page shows it", || {
        damage(&api).contains("audit row 1 was changed")
    });
    wait_until("so does the metric", || {
        api.series("autopilot_journal_damage") == Some(1.0)
    });
    let status = api.command(&["status"]).output();
    assert!(
        status.stdout.contains("the store is damaged"),
        "{}",
        status.stdout
    );
    // The campaigns are controlled all the same.
    centre.platform.set_available(0);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    daemon.stop();
}

/// What the status shows of damage.
fn damage(api: &Api) -> String {
    let found = api.get("/api/v1/status").json()["store_damage"].clone();
    let found = found.as_array().unwrap().iter();
    found.map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn rows_that_a_damaged_write_ahead_log_has_lost_are_noticed() {
    let centre = Centre::new();
    let (daemon, _) = start(&centre);
    centre.platform.set_available(0);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    daemon.wait_for_log("paused");
    centre.wait_for_polls(5);
    daemon.kill();
    // One byte in a page of the log, behind which nothing counts any more.
    let log: PathBuf = centre.state_dir().join("autopilot.sqlite3-wal");
    let file = fs::File::options()
        .read(true)
        .write(true)
        .open(log)
        .unwrap();
    let at = file.metadata().unwrap().len() * 2 / 3;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0xff], at).unwrap();
    drop(file);
    let (daemon, api) = start(&centre);
    // Its own pause may be among what it does not know of any more.
    let daemon = daemon.tolerate(&["has lost rows", "found paused"]);
    daemon.wait_for_log("has lost rows");
    assert!(damage(&api).contains("has lost rows"), "{}", damage(&api));
    daemon.stop();
    let audit = centre.audit();
    let starts = of_kind(&audit, "started");
    let last = starts.last().unwrap();
    let recorded = last["event"]["damage"][0].as_str().unwrap();
    assert!(recorded.contains("has lost rows"), "{last}");
    // It is told once, and stays in the audit.
    let (daemon, api) = start(&centre);
    assert_eq!(damage(&api), "");
    daemon.stop();
}

#[test]
fn a_hold_that_pauses_waits_for_no_poll_and_takes_two_round_trips() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .env("AUTOPILOT_REQUEST_TIMEOUT", "50s")
        .start();
    let api = Api::of(&daemon);
    wait_until("it is ready", || api.get("/readyz").status == 200);
    // Nobody can be counted from here on: a poll hangs until its time-out.
    centre.platform.inject(FaultRule {
        fault: Fault::Stall,
        endpoint: Some(Endpoint::Agents),
        when: FaultTiming::Always,
    });
    let polls = || centre.platform.request_count(Some(Endpoint::Agents));
    let begun = polls();
    wait_until("a poll hangs", || polls() > begun);
    let seen: Arc<Mutex<Vec<Endpoint>>> = Arc::default();
    let requests = Arc::clone(&seen);
    let hook: Hook = Arc::new(move |seen, phase| {
        if phase == Phase::Arrived {
            requests.lock().unwrap().push(seen.endpoint);
        }
    });
    centre.platform.set_hook(Some(hook));
    let hold = json!({"kind": "paused", "for": "1h", "reason": "wrong list", "author": "anna"});
    let answer = api.change("PUT", HOLD, &hold);
    assert_eq!(answer.status, 200, "{}", answer.body);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    let seen: Vec<Endpoint> = seen.lock().unwrap().iter().take(2).copied().collect();
    assert_eq!(
        seen,
        [Endpoint::CampaignGet, Endpoint::CampaignPut],
        "the status is read, and the command follows"
    );
    assert_eq!(
        polls(),
        begun + 1,
        "the same poll is under way all the time"
    );
    wait_until("the status shows it", || {
        api.campaign(CAMPAIGN)["paused_by"] == "autopilot"
    });
    centre.platform.set_hook(None);
    centre.platform.clear_faults();
    daemon.stop();
    let audit = centre.audit();
    let kinds: Vec<&str> = audit
        .iter()
        .map(|row| row["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["started", "operator", "intent", "outcome", "stopped"]
    );
    assert_eq!(audit[2]["event"]["reason"]["outcome"]["cause"], "hold");
    assert_eq!(centre.commands(), [PAUSED]);
}

#[test]
fn changes_have_a_rate() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    // Each of them is refused, and is a change that was asked for all the same.
    let path = format!("{HOLD}?reason=again");
    let exhaust = || {
        let mut statuses = (0..1_200).map(|_| api.change("DELETE", &path, &Value::Null));
        statuses.find(|answer| answer.status != 409).unwrap()
    };
    let refused = exhaust();
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!(refused.json()["error"], "rate");
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    // On a busy machine one more is allowed by the time that a command has started.
    wait_until("a command is refused as well", || {
        exhaust();
        let command = api.command(&["release", CAMPAIGN]).output();
        assert_ne!(command.code(), 0, "it is not held");
        command.stderr.contains("too many changes")
    });
    assert_eq!(
        api.get("/api/v1/status").status,
        200,
        "looking costs nothing"
    );
    daemon.stop();
    assert_eq!(of_kind(&centre.audit(), "operator").len(), 0);
}

#[test]
fn reloads_that_pile_up_are_refused_and_do_not_wait() {
    let centre = Centre::new();
    let (daemon, api) = start(&centre);
    centre.platform.inject(FaultRule {
        fault: Fault::Stall,
        endpoint: Some(Endpoint::Agents),
        when: FaultTiming::Always,
    });
    let begun = centre.platform.request_count(Some(Endpoint::Agents));
    wait_until("a poll hangs", || {
        centre.platform.request_count(Some(Endpoint::Agents)) > begun
    });
    let api = Arc::new(api);
    let answers: Arc<Mutex<Vec<u16>>> = Arc::default();
    let asked: Vec<_> = (0..30)
        .map(|_| {
            let (api, answers) = (Arc::clone(&api), Arc::clone(&answers));
            std::thread::spawn(move || {
                let answer = api.change("POST", "/-/reload", &Value::Null);
                answers.lock().unwrap().push(answer.status);
            })
        })
        .collect();
    // One is under way and one waits, both for the poll.
    wait_until("the others are refused", || {
        answers.lock().unwrap().len() >= 28
    });
    assert!(answers.lock().unwrap().iter().all(|status| *status == 503));
    for _ in 0..20 {
        daemon.signal("HUP");
    }
    centre.platform.clear_faults();
    for client in asked {
        client.join().unwrap();
    }
    let all = answers.lock().unwrap().clone();
    assert_eq!(
        all.iter().filter(|status| **status == 200).count(),
        2,
        "{all:?}"
    );
    daemon.stop();
    let audit = centre.audit();
    assert!(
        of_kind(&audit, "operator").len() <= 2 + 2,
        "signals pile up no more"
    );
}
