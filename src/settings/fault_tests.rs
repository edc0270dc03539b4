//! Stories about what is wrong, in the words that the user reads.

use proptest::prelude::*;

use super::tests::{ENOUGH, FULL, faults, run, try_run, written};

#[test]
fn a_secret_that_slipped_into_the_file_is_refused_and_not_repeated() {
    for file in [
        "client_secret = \"hunter2\"",
        "client_secert = \"hunter2\"",
        "client_secret = hunter2",
        "base_url = \"https://us:hunter2@api.example.com\"",
    ] {
        let told = faults("", &[], file).join("\n");
        assert!(
            told.starts_with("FILE:1: ") && !told.contains("hunter2"),
            "{told}"
        );
    }
    assert_eq!(
        faults("", &[], "\nclient_secret = \"x\""),
        [
            "FILE:2: client_secret: a secret does not belong into the settings file; put it into AUTOPILOT_CLIENT_SECRET, or into a file that client_secret_file names"
        ]
    );
}

#[test]
fn everything_missing_is_named_with_the_ways_to_give_it() {
    let told = try_run("", &[], None).unwrap_err();
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "base_url: is missing; give --base-url, or AUTOPILOT_BASE_URL or CXONE_BASE_URL, or base_url in the settings file",
            "campaign: is missing; give --campaign, or CXONE_CAMPAIGN_ID, or a [[campaign]], [[preview]] or [[queue]] table in the settings file",
            "client_id: is missing; give --client-id, or AUTOPILOT_CLIENT_ID or CXONE_CLIENT_ID, or client_id in the settings file",
            "client_secret: is missing; set AUTOPILOT_CLIENT_SECRET or CXONE_CLIENT_SECRET, or give --client-secret-file, or AUTOPILOT_CLIENT_SECRET_FILE, or client_secret_file in the settings file",
            "state_dir: is missing; give --state-dir, or AUTOPILOT_STATE_DIR, or state_dir in the settings file, or set STATE_DIRECTORY, XDG_STATE_HOME or HOME",
        ]
    );
    let unreadable = try_run("--config /nowhere/x.toml", &[], None).unwrap_err();
    let [fault] = unreadable.as_slice() else {
        panic!("nothing else is called missing: {unreadable:?}")
    };
    assert!(
        fault
            .to_string()
            .starts_with("--config: config: cannot read `/nowhere/x.toml` (")
    );
}

#[test]
fn all_faults_of_a_file_are_told_with_their_lines() {
    let file = r#"
pol_interval = "30s"
page_size = 101
burst = "20"
request_timeout = "0s"
poll_interval = 30
log_format = "xml"
min_paused = "soon"
adopt_paused = 1
scope = [1]
agents = "all"
[platform]
x = 1
[[campaign]]
pause_below = 9
[[campaign]]
id = "b"
poll_interval = "9s"
stale_after = 0
resume_at = 4
agents = { any_skil = ["x"] }
confirm_pause = "3/2"
[[campaign]]
id = "b"
max_resumes_per_hour = 0
agents = { ids = [] }
[[campaign]]
id = "c\u0007d"
on_stale = "stop"
"#;
    let told = faults(
        "--listen here --pause-below z=4",
        &[("AUTOPILOT_PAGE_CONCURRENCY", "65")],
        file,
    );
    let expected = [
        "FILE:2: pol_interval: is not known; did you mean `poll_interval`?",
        "FILE:3: page_size: `101` is not a whole number from 1 to 100; give a number of this range",
        "FILE:4: burst: is a string; write a whole number without quotes",
        "FILE:5: request_timeout: is zero; give more than 0s, such as 10s",
        "FILE:6: poll_interval: is an integer; write a duration in quotes, such as \"30s\"",
        "FILE:7: log_format: `xml` is not known; write one of auto, text, json",
        "FILE:8: min_paused: `soon` is not a duration; write a number with its unit, such as 500ms, 30s or 15m",
        "FILE:9: adopt_paused: is an integer; write true or false without quotes",
        "FILE:10: scope: is an array; write a list of texts, such as [\"a\", \"b\"]",
        "FILE:11: agents: belongs to one campaign; move it into a [[campaign]] table",
        "FILE:12: platform: is a table; write a text in quotes",
        "FILE:14: campaign.id: is missing; write the campaign's id in quotes",
        "FILE:18: campaign.b.poll_interval: holds for all campaigns; move it above the first [[campaign]] table",
        "FILE:19: campaign.b.stale_after: `0` is not a whole number from 1 to 4294967295; give a number of this range",
        "FILE:20: campaign.b.resume_at: resume-at 4 lies below pause-below 5 (resume_at: FILE:20, pause_below: default); raise resume-at to at least 5",
        "FILE:21: campaign.b.agents: `any_skil` is not known; did you mean `any_skill`?",
        "FILE:22: campaign.b.confirm_pause: `3/2` is not k/n with 1 <= k <= n <= 32, such as 2/3: two of the last three samples; write 1/1 to act at the first sample",
        "FILE:24: campaign.id: campaign `b` has a table already, at FILE:17; make one table of both",
        "FILE:25: campaign.?.max_resumes_per_hour: `0` is neither a whole number from 1 nor `none`; give a number such as 4, or leave it out for no limit",
        "FILE:26: campaign.b.agents: `ids` is empty, so that no agent would count; name at least one, or write \"all\"",
        "FILE:28: campaign.id: contains a control character; write the campaign's id in quotes",
        "FILE:29: campaign.?.on_stale: `stop` is not known; write one of hold, pause",
        "--listen: listen: `here` is neither an IP address with a port nor `off`; write such as 127.0.0.1:9464 or [::1]:9464",
        "--pause-below: campaign.z.pause_below: campaign `z` is not managed; did you mean `a`?",
        "AUTOPILOT_PAGE_CONCURRENCY: page_concurrency: `65` is not a whole number from 1 to 64; give a number of this range",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_broken_file_is_told_with_its_line_and_nothing_is_called_missing() {
    let told = try_run(
        "",
        &[("HOME", "/h")],
        Some("base_url = \"x\"\npoll_interval 30\n"),
    )
    .unwrap_err();
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(
        told.iter().all(|fault| fault.starts_with("FILE:2: TOML: ")),
        "{told:?}"
    );
    let twice = "burst = 1\nburst = 2\npage_size = 0\n";
    assert_eq!(
        faults("", &[], twice),
        [
            "FILE:2: burst: is given twice; keep one of them",
            "FILE:3: page_size: `0` is not a whole number from 1 to 100; give a number of this range",
        ]
    );
    for file in ["campaign = [\"a\"]", "[campaign]\nid = \"a\""] {
        let told = faults("", &[("CXONE_CAMPAIGN_ID", "")], file);
        assert_eq!(
            told,
            [
                "FILE:1: campaign: is not a list of tables; write a [[campaign]] table with an id for each campaign"
            ]
        );
    }
}

#[test]
fn lines_that_make_no_hysteresis_are_faults_told_once() {
    let told = faults(
        "--campaign a,b,c --pause-below 8 --resume-at 10%",
        &[],
        "resume_at = 5",
    );
    assert_eq!(
        told,
        [
            "--resume-at: resume_at: pause-below 8 and resume-at 10% mix agents and percent (resume_at: --resume-at, pause_below: --pause-below); give both the same way"
        ]
    );
    let told = faults(
        "--pause-below 9 --pause-below 10 --pause-below a=1 --campaign a --campaign a",
        &[],
        "",
    );
    assert_eq!(
        told,
        [
            "--campaign: campaign: `a` is named twice; name it once",
            "--pause-below: pause_below: is given twice; keep one of them",
        ]
    );
    // What cannot be read gives no second fault.
    assert_eq!(faults("--pause-below ten", &[], "resume_at = 3").len(), 1);
}

#[test]
fn warns_of_what_is_probably_not_meant() {
    let line = "--base-url http://10.0.0.1 --poll-interval 30ms --pause-below 6 --resume-at 6";
    let told: Vec<String> = run(line, &[], "")
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "--base-url: base_url: is plain http, so that anybody on the way can read the secret and the token; use https",
            "--poll-interval: poll_interval: `30ms` polls a shared platform many times a second; give 1s or more",
            "--resume-at: resume_at: resume_at 6 (--resume-at) and pause_below 6 (--pause-below) are equal, so that one agent more or less switches the campaign; leave a band between them",
        ]
    );
    let line = "--base-url http://127.0.0.1:8080 --poll-interval 30ms";
    assert_eq!(run(line, &[], "").warnings, []);
}

#[test]
fn secret_files_have_to_hold_something() {
    let (_directory, path) = written("\n");
    assert_eq!(
        faults(&format!("--client-secret-file {path}"), &[], ""),
        [
            "--client-secret-file: client_secret_file: names an empty file; write the client secret into it"
        ]
    );
    let told = faults("--client-secret-file hunter2", &[], "").join("\n");
    let start = "--client-secret-file: client_secret_file: names a file that cannot be read (";
    assert!(
        told.starts_with(start) && !told.contains("hunter2"),
        "{told}"
    );
}

fn read_anything(text: &str) {
    drop(try_run("", &ENOUGH, Some(text)));
}

#[test]
fn deep_nesting_is_a_fault_and_no_overflow() {
    read_anything(&format!("scope = {}", "[".repeat(100_000)));
    read_anything(&format!("a{} = 1", ".a".repeat(100_000)));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*", structured in "[a-z_\\[\\]{}=\",.#\\n 0-9]{0,200}") {
        read_anything(&text);
        read_anything(&structured);
    }

    #[test]
    fn no_mutation_makes_it_panic(at in 0..FULL.len(), gone in 0..40_usize, put in "[\\[\\]{}=\"'\\n#a-z0-9.%]{0,6}") {
        let end = at.saturating_add(gone).min(FULL.len());
        let text = format!("{}{put}{}", FULL.get(..at).unwrap(), FULL.get(end..).unwrap());
        if let Err(faults) = try_run("", &ENOUGH, Some(&text)) {
            prop_assert!(!faults.is_empty());
        }
    }
}

#[test]
fn thousands_of_campaigns_are_read() {
    let tables =
        (0..5000).map(|n| format!("[[campaign]]\nid = \"c{n}\"\npause_below = {}\n", n % 8));
    let file: String = tables.collect();
    let resolved = run("", &[], &file);
    assert_eq!(resolved.settings.policies.len(), 5001);
    let told = faults("--resume-at 3", &[], &file);
    assert_eq!(
        told.len(),
        5000 / 8 * 4 + 1,
        "the campaigns that pause below 4, 5, 6 or 7, and `a` once"
    );
}

#[test]
fn what_is_there_but_wrong_is_not_called_missing() {
    let env = [("CXONE_BASE_URL", ""), ("CXONE_CAMPAIGN_ID", "")];
    let file = "base_url = 1\npause_below = true\nresume_at = 3\n[[campaign]]\nid = 7\n";
    let told = faults("", &env, file);
    assert_eq!(
        told,
        [
            "FILE:1: base_url: is an integer; write a text in quotes",
            "FILE:2: pause_below: is a boolean; write a whole number of agents, or a share in quotes such as \"12%\"",
            "FILE:5: campaign.id: is an integer; write the campaign's id in quotes",
        ]
    );
    let told = faults("--campaign ,", &env[1..], "");
    assert_eq!(
        told,
        ["--campaign: campaign: an id is empty; give the campaign's id as the platform shows it"]
    );
}
