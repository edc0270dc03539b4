//! What 0.1.0 wrote into its store, word for word, still means what it meant.

use std::time::Duration;

use super::assignment::DispatchEnd;
use super::queue::WriteForm;
use super::replay::{Input, replay};
use super::{
    Belief, CampaignActivity, CampaignState, CommandResult, Conclusion, Delivery, Direction,
    Evidence, HeadCount, PauseOwner, PlatformTraits, Sample, Timestamp,
};

const PAUSED_BY_US: &str = r#"{
    "belief": {"state": "paused", "owner": "autopilot", "version": "2024-05-15T14:32:10Z"},
    "since": 1715783530000,
    "last_reading": {"status": "PAUSED", "version": "2024-05-15T14:32:10Z", "updated_at": 1715783530000,
        "platform_now": 1715783531000, "read_at": 1715783531200},
    "last_transition": {"to": "pause", "at": 1715783531200, "cause": "threshold", "decision": {"run": 3, "tick": 17}},
    "resumes": [1715780000000],
    "flapping": false,
    "grace_from": null,
    "enforcing": null,
    "hold": null,
    "lines": null,
    "unresolved": {"decision": {"run": 3, "tick": 18}, "to": "resume", "cause": "threshold",
        "before": {"status": "PAUSED", "version": "2024-05-15T14:32:10Z", "updated_at": 1715783530000,
            "platform_now": 1715783561000, "read_at": 1715783561100},
        "from": 1715783561000, "sent_at": 1715783561100, "longest": {"secs": 40, "nanos": 0}, "acknowledged": false}
}"#;

#[test]
fn a_state_keeps_its_owner_and_its_open_command() {
    let state: CampaignState = serde_json::from_str(PAUSED_BY_US).unwrap();
    let version = Some("2024-05-15T14:32:10Z".to_owned());
    assert_eq!(
        state.belief,
        Belief::Paused(PauseOwner::Autopilot {
            version: version.clone()
        })
    );
    let read = state.last_reading.unwrap();
    assert_eq!(
        (read.activity, read.word.as_str(), read.version),
        (CampaignActivity::Paused, "PAUSED", version)
    );
    let open = state.unresolved.unwrap();
    assert_eq!(
        (open.to, open.longest),
        (Direction::Resume, Duration::from_secs(40))
    );
    assert_eq!(
        (open.answer, open.ended_after, open.overdue),
        (None, None, false)
    );
    assert_eq!((state.lost, state.stamp.worthless), (vec![], false));
}

#[test]
fn a_persons_pause_stays_a_persons() {
    let belief: Belief = serde_json::from_str(r#"{"state":"paused","owner":"person"}"#).unwrap();
    assert_eq!(belief, Belief::Paused(PauseOwner::Person));
}

#[test]
fn what_became_of_a_command_is_read() {
    let result: CommandResult = serde_json::from_str(
        r#"{"delivery":{"delivery":"acknowledged"},"after":{"found":{"status":"STOPPED","version":null,"updated_at":null,
            "platform_now":null,"read_at":5}}}"#,
    )
    .unwrap();
    assert_eq!(result.delivery, Delivery::Acknowledged { version: None });
    assert_eq!((result.before, result.ended_at), (None, None));
    let refused: Delivery = serde_json::from_str(r#"{"delivery":"refused","why":"409"}"#).unwrap();
    assert_eq!(
        refused,
        Delivery::Refused {
            why: "409".to_owned(),
            wait: None
        }
    );
}

#[test]
fn a_sample_of_counts_is_one_of_heads() {
    let sample: Sample = serde_json::from_str(
        r#"{"complete":{"taken_at":7,"counts":[{"available":3,"staffed":8}]}}"#,
    )
    .unwrap();
    let Sample::Complete { heads, .. } = sample else {
        panic!("it is complete")
    };
    let count = HeadCount {
        free: 3,
        serving: 0,
        wrap_up: 0,
        staffed: 8,
    };
    assert_eq!(heads[0].known(), Some(count));
}

#[test]
fn the_form_of_a_queues_change_keeps_its_word() {
    for (word, newer, form) in [
        ("put", "whole", WriteForm::Whole),
        ("patch", "members", WriteForm::Members),
    ] {
        for text in [word, newer] {
            let read: WriteForm = serde_json::from_value(text.into()).unwrap();
            assert_eq!(read, form);
        }
        assert_eq!(serde_json::to_value(form).unwrap(), word);
    }
}

#[test]
fn recorded_inputs_are_decided_again() {
    let now = Timestamp::from_unix_millis(1_715_783_530_000);
    let policy = r#"{"thresholds":{"pause_below":{"agents":5},"resume_at":{"agents":8}},"selector":"all",
        "confirm_pause":{"k":1,"n":1},"confirm_resume":{"k":1,"n":1},"min_running":{"secs":0,"nanos":0},
        "min_paused":{"secs":0,"nanos":0},"max_resumes_per_hour":null,"on_stale":"hold","stale_after":3,
        "max_sample_age":{"secs":60,"nanos":0},"on_manual_change":"respect","manual_grace":{"secs":900,"nanos":0},
        "adopt_paused":false,"strict_ownership":false}"#;
    let recorded = [
        format!(
            r#"{{"input":"start","run":1,"policies":{{"c":{policy}}},"restored":{{}},"command_longest":{{"secs":40,"nanos":0}}}}"#
        ),
        r#"{"input":"sample","sample":{"complete":{"taken_at":1715783530000,"counts":[{"available":2,"staffed":2}]}}}"#
            .to_owned(),
        r#"{"input":"status","campaign":"c","finding":{"found":{"status":"RUNNING","version":null,"updated_at":null,
            "platform_now":null,"read_at":1715783530000}}}"#
            .to_owned(),
        r#"{"input":"decide","wanted":[["c","pause"]]}"#.to_owned(),
    ];
    let inputs = recorded.map(|text| {
        let input: Input = serde_json::from_str(&text).unwrap();
        (now, input)
    });
    let found = replay(inputs).unwrap();
    assert_eq!((found.inputs, found.samples, found.compared), (4, 1, 1));
}

#[test]
fn what_it_did_not_say_of_its_platform_is_what_it_assumed() {
    let traits = PlatformTraits::default();
    assert_eq!(traits.evidence, Evidence::ChangedAt);
    assert_eq!(traits.settling.longest, Duration::from_secs(60));
}

#[test]
fn the_ends_of_lists_mean_what_they_meant_and_are_written_as_they_were() {
    let named = vec!["b".parse().unwrap()];
    let why = || "said so".to_owned();
    let ends = [
        (
            r#"{"dispatch":"accepted","assignment":"assign-1","updated":2}"#,
            DispatchEnd::confirmed(Some("assign-1".to_owned()), 2),
        ),
        (
            r#"{"dispatch":"no_capacity","why":"said so"}"#,
            DispatchEnd::failed(Conclusion::Conflict, why()),
        ),
        (
            r#"{"dispatch":"refused","why":"said so","agents":["b"]}"#,
            DispatchEnd::refused(why(), named),
        ),
        (
            r#"{"dispatch":"lost","why":"said so"}"#,
            DispatchEnd::failed(Conclusion::Unknown, why()),
        ),
        (
            r#"{"dispatch":"not_sent","why":"said so"}"#,
            DispatchEnd::failed(Conclusion::NotSent, why()),
        ),
    ];
    for (kept, means) in ends {
        let read: DispatchEnd = serde_json::from_str(kept).unwrap();
        assert_eq!(read, means);
        assert_eq!(serde_json::to_string(&means).unwrap(), kept);
    }
    let newer = r#"{"conclusion":"unknown","why":"said so"}"#;
    let read: DispatchEnd = serde_json::from_str(newer).unwrap();
    assert_eq!(read.conclusion, Conclusion::Unknown);
}
