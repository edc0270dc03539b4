//! Writers of one queue at the same time, people among them: nobody's change is lost, and nobody is overwritten unseen.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use campaign_autopilot::simulator::{
    Endpoint, Fault, FaultRule, FaultTiming, Phase, StaleQueuePut,
};
use serde_json::{Value, json};

use crate::centre::Centre;
use crate::queues::{command, file, members, queue, records, text};

#[test]
fn what_a_person_changed_since_the_plan_is_a_conflict_unless_forced() {
    let centre = Centre::new();
    let plan = centre.directory.path().join("plan.json");
    let line = [
        "plan",
        "queue-1",
        "--set",
        "max_waiters=30",
        "--set",
        "max_wait=3m",
    ];
    let planned = queue(&centre, &[&line[..], &["--out", text(&plan)]].concat());
    assert_eq!(planned.code(), 0, "{}", planned.stderr);
    let by_hand = members(json!({"maxWaiters": 25, "costCentre": "4711"}));
    assert!(centre.platform.person_changes_queue("queue-1", by_hand));
    let line = ["apply", "queue-1", "--plan", text(&plan)];
    let conflict = queue(&centre, &line);
    assert_eq!(conflict.code(), 75);
    let told = "max_waiters: planned `30` in place of `40`, but somebody changed it to `25`";
    assert!(conflict.stdout.contains(told), "{}", conflict.stdout);
    let now = centre.platform.queue("queue-1").unwrap();
    assert_eq!(
        (&now["maxWaiters"], &now["maxWaitTime"]),
        (&json!(25), &json!(120))
    );
    let forced = queue(&centre, &[&line[..], &["--force"]].concat());
    assert_eq!(forced.code(), 0, "{}", forced.stdout);
    let now = centre.platform.queue("queue-1").unwrap();
    assert_eq!(
        (&now["maxWaiters"], &now["maxWaitTime"]),
        (&json!(30), &json!(180))
    );
    assert_eq!(
        now["costCentre"], "4711",
        "what a person did elsewhere stays"
    );
    let records = records(&centre);
    assert_eq!(records[0]["conclusion"], "conflict");
    let overridden = json!([{"member": "max_waiters", "base": 40, "theirs": 25, "ours": 30}]);
    assert_eq!(records[1]["overridden"], overridden);
}

#[test]
fn whoever_is_quicker_is_merged_with_under_either_status() {
    for stale in [StaleQueuePut::Conflict, StaleQueuePut::PreconditionFailed] {
        let centre = Centre::with(|settings| settings.stale_queue_put = stale);
        let (platform, writes) = (centre.platform.clone(), Arc::new(AtomicUsize::new(0)));
        centre
            .platform
            .set_hook(Some(Arc::new(move |request, phase| {
                if request.endpoint == Endpoint::QueuePut
                    && phase == Phase::Arrived
                    && writes.fetch_add(1, Ordering::SeqCst) < 2
                {
                    platform
                        .person_changes_queue("queue-1", members(json!({"costCentre": "4711"})));
                }
            })));
        let applied = queue(&centre, &["apply", "queue-1", "--set", "max_waiters=30"]);
        assert_eq!(applied.code(), 0, "{}{}", applied.stdout, applied.stderr);
        assert!(
            applied
                .stdout
                .contains("version 4, read back as written, merged again 2 times")
        );
        let now = centre.platform.queue("queue-1").unwrap();
        assert_eq!(
            (&now["maxWaiters"], &now["costCentre"]),
            (&json!(30), &json!("4711"))
        );
        let ends: Vec<Value> = records(&centre)
            .iter()
            .filter(|record| record["step"] == "outcome")
            .map(|record| record["conclusion"].clone())
            .collect();
        assert_eq!(ends, ["stale", "stale", "applied"]);
    }
}

#[test]
fn somebody_who_is_always_quicker_ends_it() {
    let centre = Centre::new();
    let platform = centre.platform.clone();
    centre
        .platform
        .set_hook(Some(Arc::new(move |request, phase| {
            if request.endpoint == Endpoint::QueuePut && phase == Phase::Arrived {
                platform.person_changes_queue("queue-1", members(json!({"costCentre": "4711"})));
            }
        })));
    let ended = queue(&centre, &["apply", "queue-1", "--set", "max_waiters=30"]);
    assert_eq!(ended.code(), 75);
    assert!(
        ended
            .stdout
            .contains("somebody was quicker 4 times in a row")
    );
    assert_eq!(centre.platform.request_count(Some(Endpoint::QueuePut)), 4);
    assert_eq!(centre.platform.queue("queue-1").unwrap()["maxWaiters"], 40);
}

#[test]
fn a_lost_reply_is_resolved_by_reading() {
    let centre = Centre::new();
    centre.platform.inject(FaultRule {
        fault: Fault::LostReply,
        endpoint: Some(Endpoint::QueuePut),
        when: FaultTiming::Next(1),
    });
    let applied = queue(&centre, &["apply", "queue-1", "--set", "max_waiters=30"]);
    assert_eq!(applied.code(), 0, "{}{}", applied.stdout, applied.stderr);
    assert_eq!(centre.platform.request_count(Some(Endpoint::QueuePut)), 1);
    // A write without an effect is sent again on a reading that shows the queue untouched.
    let refuse = |writes| {
        centre.platform.inject(FaultRule {
            fault: Fault::Status500,
            endpoint: Some(Endpoint::QueuePut),
            when: FaultTiming::Next(writes),
        });
    };
    refuse(2);
    let applied = queue(&centre, &["apply", "queue-1", "--set", "max_waiters=25"]);
    assert_eq!(applied.code(), 0, "{}{}", applied.stdout, applied.stderr);
    assert_eq!(centre.platform.request_count(Some(Endpoint::QueuePut)), 4);
    refuse(3);
    let unknown = queue(&centre, &["apply", "queue-1", "--set", "max_waiters=20"]);
    assert_eq!(unknown.code(), 69, "{}", unknown.stdout);
    assert!(
        unknown
            .stdout
            .contains("max_waiters: `20` was written, and version 3 has `25`")
    );
}

/// Every writer planned on the same queue, so that whoever comes later on the same member has to see it.
#[test]
fn a_hundred_writers_at_once_lose_no_update() {
    let centre = Centre::new();
    let plan = centre.directory.path().join("plan.json");
    let line = [
        "plan",
        "queue-1",
        "--set",
        "max_waiters=1",
        "--out",
        text(&plan),
    ];
    assert_eq!(queue(&centre, &line).code(), 0);
    let kept: Value = serde_json::from_str(&fs::read_to_string(&plan).unwrap()).unwrap();
    let changes: Vec<Value> = (0..100_u64)
        .map(|writer| {
            let seconds = format!("{}s", 200 + writer);
            match writer % 5 {
                0 => json!({"max_waiters": writer + 1, "routing_max_wait": seconds}),
                1 => json!({"max_wait": seconds}),
                2 => json!({"wrap_up": seconds, "name": format!("Service {writer}")}),
                3 => json!({"service_level": {"percent": writer, "within": "33s"}}),
                _ => json!({"overflow_wait": seconds, "longest_idle": seconds}),
            }
        })
        .collect();
    let writers: Vec<_> = changes
        .iter()
        .enumerate()
        .map(|(writer, change)| {
            let mut own = kept.clone();
            own["change"] = change.clone();
            let path = file(&centre, &format!("plan-{writer}.json"), &own.to_string());
            let line = ["apply", "queue-1", "--plan", text(&path), "--json"];
            command(&centre, &line).spawn(Stdio::piped())
        })
        .collect();
    let mut accepted = Vec::new();
    for (writer, change) in writers.into_iter().zip(&changes) {
        let output = writer.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(0) => accepted.push(change),
            // With a hundred at one file, one may wait too long for its turn.
            Some(74) => assert!(complaint.contains("nothing was sent"), "{complaint}"),
            Some(75) => {
                let told: Value = serde_json::from_str(&said)
                    .unwrap_or_else(|_| panic!("{change}: {said}{complaint}"));
                let conflicts = told["conflicts"].as_array().unwrap();
                let quicker = told["why"].to_string().contains("somebody was quicker");
                assert!(!conflicts.is_empty() || quicker, "{told}");
                for conflict in conflicts {
                    assert_ne!(conflict["theirs"], conflict["base"], "{conflict}");
                    let member = conflict["member"].as_str().unwrap();
                    assert_eq!(conflict["ours"], told["change"][member], "{conflict}");
                }
            }
            code => panic!("{code:?}: {said}{complaint}"),
        }
    }
    assert!(!accepted.is_empty());
    let shown = queue(&centre, &["show", "queue-1", "--json"]);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(
        shown["version"],
        json!(1 + accepted.len()),
        "one version for each accepted change"
    );
    for change in accepted {
        for (member, wanted) in change.as_object().unwrap() {
            let seconds = |value: &Value| {
                value
                    .as_str()
                    .and_then(|text| humantime::parse_duration(text).ok())
            };
            let is = &shown["members"][member];
            let same = is == wanted || (seconds(is).is_some() && seconds(is) == seconds(wanted));
            assert!(same, "{member}: {is}, not {wanted}");
        }
    }
    let applied = records(&centre);
    let applied = applied
        .iter()
        .filter(|record| record["conclusion"] == "applied");
    assert_eq!(
        json!(1 + applied.count()),
        shown["version"],
        "each in the audit once"
    );
}
