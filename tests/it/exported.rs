//! What the store has, as flat records: from a file beside a running daemon, and from a server.

use serde_json::Value;

use crate::centre::{CAMPAIGN, Centre, Finished, Invocation, wait_until};
use crate::cluster::Cluster;

/// A centre whose daemon has paused the campaign and resumed it, and runs still.
fn with_history() -> (Centre, crate::centre::Daemon) {
    let centre = Centre::new();
    let daemon = centre.daemon().start();
    centre.platform.set_available(0);
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    // Several polls share a frame of the series.
    let shown = || export(&centre, "series", "jsonl", &[]).contains("paused_by_autopilot");
    wait_until("the series shows the pause", shown);
    centre.platform.set_available(20);
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    daemon.wait_for_log("resumed");
    let both = || lines(&export(&centre, "transitions", "jsonl", &[])).len() == 2;
    wait_until("both are recorded", both);
    (centre, daemon)
}

fn command(centre: &Centre, words: &[&str]) -> Finished {
    let mut invocation = Invocation::bare();
    invocation.env("AUTOPILOT_STATE_DIR", centre.state_dir());
    invocation.args(words).output()
}

fn export(centre: &Centre, kind: &str, form: &str, more: &[&str]) -> String {
    let mut words = vec!["export", kind, "--since", "24h", "--format", form];
    words.extend(more);
    let done = command(centre, &words);
    assert_eq!(done.code(), 0, "{}", done.stderr);
    done.stdout
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn rows(text: &str) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(Result::unwrap).collect()
}

#[test]
fn transitions_carry_the_numbers_of_their_decisions() {
    let (centre, daemon) = with_history();
    let found = lines(&export(&centre, "transitions", "jsonl", &[]));
    let words = |row: &Value| ["schema", "campaign", "to", "by"].map(|name| row[name].clone());
    for (row, to) in found.iter().zip(["paused", "running"]) {
        assert_eq!(words(row), ["transitions/1", CAMPAIGN, to, "autopilot"]);
    }
    let agents = |at: usize| found[at]["available"].as_u64().unwrap();
    assert!(agents(0) < 5 && agents(1) >= 8, "{found:?}");
    for row in &found {
        assert!(row["took_s"].as_f64().unwrap() >= 0.0);
        assert_eq!(
            (&row["pause_below"], &row["resume_at"]),
            (&5.into(), &8.into())
        );
        assert_eq!(row["tenant"], Value::Null);
        assert!(row["at"].as_str().unwrap().ends_with('Z'));
    }
    assert!(centre.platform.person_sets(CAMPAIGN, "PAUSED"));
    let by_person = || {
        let found = lines(&export(&centre, "transitions", "jsonl", &[]));
        found
            .iter()
            .any(|row| row["by"] == "person" && row["available"].is_null())
    };
    wait_until("a person's pause is exported", by_person);
    daemon.stop();

    let table = rows(&export(&centre, "transitions", "csv", &[]));
    assert_eq!(table.len(), 3);
    assert_eq!(&table[0][4], "paused");
    assert_eq!(&table[2][7], "", "what is not known is empty");
    let none = export(&centre, "transitions", "csv", &["--campaign", "another"]);
    assert_eq!(none.lines().count(), 1, "the header alone");
}

#[test]
fn decisions_series_and_audit_agree_with_what_happened() {
    let (centre, daemon) = with_history();
    // Nothing is to do at the earliest at the poll after the resume.
    let decided = || lines(&export(&centre, "decisions", "jsonl", &[]));
    for wanted in ["pause", "resume", "nothing_to_do"] {
        wait_until(&format!("{wanted} is exported"), || {
            decided().iter().any(|row| row["outcome"] == wanted)
        });
    }
    daemon.stop();
    let decisions = decided();
    let table = rows(&export(&centre, "decisions", "csv", &[]));
    assert_eq!(table.len(), decisions.len());

    let series = lines(&export(&centre, "series", "jsonl", &[]));
    let paused = series
        .iter()
        .find(|row| row["state"] == "paused_by_autopilot");
    assert_eq!(paused.unwrap()["campaign"], CAMPAIGN);
    assert_eq!(paused.unwrap()["pause_below"], 5);

    let audit = lines(&export(&centre, "audit", "jsonl", &[]));
    assert_eq!(audit.len(), centre.audit().len());
    let table = rows(&export(&centre, "audit", "csv", &[]));
    assert_eq!(table.len(), audit.len());
    for (row, line) in table.iter().zip(&audit) {
        let event: Value = serde_json::from_str(&row[7]).unwrap();
        assert_eq!(event, line["event"], "quoted so that it reads back");
    }
    let middle = audit[1]["at"].as_str().unwrap();
    let later = ["export", "audit", "--format", "jsonl", "--since", middle];
    let later = lines(&command(&centre, &later).stdout);
    assert_eq!(
        later.first().unwrap()["at"],
        middle,
        "the first moment is in"
    );
    let earlier = [
        "export", "audit", "--format", "jsonl", "--since", "1d", "--until", middle,
    ];
    let earlier = lines(&command(&centre, &earlier).stdout);
    assert_eq!(
        earlier.len() + later.len(),
        audit.len(),
        "and the last one is not"
    );
}

#[test]
fn a_file_is_written_whole_and_never_over_another() {
    let (centre, daemon) = with_history();
    daemon.stop();
    let file = centre.directory.path().join("audit.csv");
    let named = file.to_str().unwrap();
    assert_eq!(export(&centre, "audit", "csv", &["--file", named]), "");
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written, export(&centre, "audit", "csv", &[]));
    let again = [
        "export", "audit", "--since", "1d", "--format", "csv", "--file", named,
    ];
    let refused = command(&centre, &again);
    assert_eq!(refused.code(), 74);
    assert!(
        refused.stderr.contains("is there already"),
        "{}",
        refused.stderr
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);

    let backwards = [
        "export", "audit", "--since", "1h", "--until", "2h", "--format", "csv",
    ];
    let refused = command(&centre, &backwards);
    assert_eq!(refused.code(), 78, "{}", refused.stderr);
    let nothing = [
        "export", "series", "--since", "2d", "--until", "1d", "--format", "csv",
    ];
    let nothing = command(&centre, &nothing);
    assert_eq!(nothing.code(), 0);
    assert!(nothing.stderr.contains("nothing is recorded between"));
    let mistyped = ["export", "audit", "--since", "teatime", "--format", "csv"];
    assert_eq!(command(&centre, &mistyped).code(), 2);
}

#[test]
fn a_server_gives_the_records_that_the_file_gave() {
    let Some(cluster) = Cluster::of_tests() else {
        return;
    };
    let (centre, daemon) = with_history();
    daemon.stop();
    let address = cluster.address();
    let server = ["--store", &address];
    for words in [
        &["store", "migrate", server[0], server[1]][..],
        &["store", "copy", "--to", &address],
    ] {
        let done = command(&centre, words);
        assert_eq!(done.code(), 0, "{}", done.stderr);
    }
    for kind in ["transitions", "decisions", "series", "audit"] {
        for form in ["csv", "jsonl"] {
            let of_file = export(&centre, kind, form, &[]);
            let header = usize::from(form == "csv");
            assert!(of_file.lines().count() > header, "{kind}");
            assert_eq!(
                of_file,
                export(&centre, kind, form, &server),
                "{kind} {form}"
            );
        }
    }
}
