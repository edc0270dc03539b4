//! Other policies over what a real daemon has recorded.

use serde_json::Value;

use crate::centre::{CAMPAIGN, Centre, Finished, Invocation};

fn backtest(centre: &Centre, more: &[&str]) -> Finished {
    let mut invocation = Invocation::bare();
    invocation
        .args(&["backtest", "--state-dir"])
        .arg(centre.state_dir().to_str().unwrap())
        .args(more);
    invocation.output()
}

#[test]
fn policies_are_tried_on_the_record_of_a_daemon() {
    let centre = Centre::new();
    centre.platform.set_available(9);
    let daemon = centre.daemon().start();
    centre.wait_for_polls(5);
    for available in [4, 9, 4] {
        centre.platform.set_available(available);
        let status = if available < 5 { "PAUSED" } else { "RUNNING" };
        centre.wait_for_status(CAMPAIGN, status);
        centre.wait_for_polls(5);
    }
    daemon.stop();
    let policies = ["--policy", "always", "--policy", "2/5", "-o", "json"];
    let done = backtest(&centre, &policies);
    assert!(done.status.success(), "{}", done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["open_loop"], true);
    let rows = report["campaigns"][CAMPAIGN].as_array().unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|row| row["policy"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["history", "always", "2/5"]);
    assert_eq!(rows[0]["transitions"], 3, "{rows:?}");
    assert!(rows[0]["paused_share"].as_f64().unwrap() > 0.0);
    // There are never fewer than two.
    for other in &rows[1..] {
        assert_eq!(other["transitions"], 0, "{rows:?}");
        assert_eq!(other["hours"], rows[0]["hours"], "{rows:?}");
    }
    let table = backtest(&centre, &["--policy", "5/8"]);
    assert!(table.stdout.contains("Open loop"), "{}", table.stdout);
    let unknown = backtest(&centre, &["--campaign", "nowhere"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        unknown
            .stderr
            .contains("nothing was recorded of campaign `nowhere`")
    );
    let nothing = backtest(&centre, &["--since", "0s"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(
        nothing.stderr.contains("give a longer --since"),
        "{}",
        nothing.stderr
    );
}
