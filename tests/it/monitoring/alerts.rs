//! The alerts: rules, their tests, their pages, the example of routes.

use std::collections::BTreeSet;
use std::fs;

use super::tools::{run, shipped, text_of, there};
use crate::centre::Invocation;

const RULES: &str = "alerts/autopilot.rules.yml";

/// What stands behind this key, in the order of the file.
fn values(text: &str, key: &str) -> Vec<String> {
    let value = |line: &str| {
        let (before, after) = line.split_once(key)?;
        let plain = before.trim_start().trim_start_matches("- ").is_empty();
        plain.then(|| after.trim().trim_matches('"').to_owned())
    };
    text.lines().filter_map(value).collect()
}

#[test]
fn rules_hold_before_promtool_and_fire_as_their_tests_say() {
    if !there(&["promtool"]) {
        return;
    }
    run(
        "promtool",
        &["check", "rules", "--lint=all", "--lint-fatal", RULES],
        b"",
    );
    run(
        "promtool",
        &["test", "rules", "alerts/autopilot_test.yml"],
        b"",
    );
    run(
        "promtool",
        &["check", "config", "alerts/prometheus.example.yml"],
        b"",
    );
}

#[test]
fn every_alert_says_what_it_means_and_where_to_read_on() {
    let rules = text_of(RULES);
    let names = values(&rules, "alert:");
    assert_eq!(values(&rules, "summary:").len(), names.len());
    assert_eq!(values(&rules, "severity:").len(), names.len());
    for summary in values(&rules, "summary:") {
        assert!(summary.len() <= 80, "{summary}");
    }
    for description in values(&rules, "description:") {
        // What it does to people, or to those who are told.
        let people = [
            "allers",
            "ustomers",
            "gents",
            "ampaign",
            "Workforce management",
        ];
        assert!(
            people.iter().any(|word| description.contains(word)),
            "{description}"
        );
    }
    let pages: BTreeSet<String> = fs::read_dir(shipped("alerts/runbooks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    let wanted: BTreeSet<String> = names.iter().map(|name| format!("{name}.md")).collect();
    assert_eq!(pages, wanted);
    for (name, url) in names.iter().zip(values(&rules, "runbook_url:")) {
        let served = format!("http://{{{{ $labels.instance }}}}/page/docs/runbooks/{name}.md");
        let of_package =
            format!("file:///usr/share/doc/campaign-autopilot/alerts/runbooks/{name}.md");
        assert!(url == served || url == of_package, "{url}");
        let page = text_of(&format!("alerts/runbooks/{name}.md"));
        assert!(page.starts_with(&format!("# {name}\n")), "{url}");
        for heading in ["Meaning", "Impact", "Diagnosis", "Mitigation"] {
            assert!(
                page.contains(&format!("\n## {heading}\n")),
                "{url}: {heading}"
            );
        }
    }
}

#[test]
fn every_alert_is_tested_firing_and_quiet() {
    let tests = text_of("alerts/autopilot_test.yml");
    for name in values(&text_of(RULES), "alert:") {
        let cases: Vec<&str> = tests
            .split("  - name: ")
            .filter(|case| case.contains(&format!("alertname: {name}\n")))
            .collect();
        let quiet = cases
            .iter()
            .filter(|case| case.contains("exp_alerts: []"))
            .count();
        assert!(
            quiet > 0 && quiet < cases.len(),
            "{name}: {quiet} of {}",
            cases.len()
        );
    }
}

#[test]
fn the_example_routes_by_severity() {
    if !there(&["amtool"]) {
        return;
    }
    let file = "alerts/alertmanager.example.yml";
    run("amtool", &["check-config", file], b"");
    let rules = text_of(RULES);
    let alerts = values(&rules, "alert:");
    for (alert, severity) in alerts.iter().zip(values(&rules, "severity:")) {
        let receiver = match severity.as_str() {
            "critical" => "page",
            "warning" => "ticket",
            "info" => "notice",
            other => panic!("{alert}: {other}"),
        };
        run(
            "amtool",
            &[
                "config",
                "routes",
                "test",
                &format!("--config.file={file}"),
                &format!("--verify.receivers={receiver}"),
                &format!("alertname={alert}"),
                &format!("severity={severity}"),
                "job=autopilot",
            ],
            b"",
        );
    }
    // An alert that the inhibition names has to be one that there is.
    let example = text_of(file);
    let words = example.split(|c: char| !c.is_ascii_alphanumeric());
    for word in words.filter(|word| word.starts_with("Autopilot") && word.len() > 9) {
        assert!(alerts.iter().any(|alert| alert == word), "{word}");
    }
}

#[test]
fn adapted_rules_are_rules_and_slips_are_told() {
    let print = |arguments: &[&str]| Invocation::bare().arg("rules").args(arguments).output();
    assert_eq!(print(&[]).stdout, text_of(RULES));
    let done = print(&["--selector", "job=~\"dialler|other\", site=\"north\""]);
    assert_eq!(done.code(), 0, "{}", done.stderr);
    assert!(!done.stdout.contains("job=\"autopilot\""));
    if there(&["promtool"]) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("rules.yml");
        fs::write(&file, &done.stdout).unwrap();
        let arguments = ["check", "rules", "--lint=all", "--lint-fatal"];
        run(
            "promtool",
            &[&arguments[..], &[file.to_str().unwrap()]].concat(),
            b"",
        );
    }
    let slip = print(&["--selector", "job=autopilot"]);
    assert_eq!(slip.code(), 2);
    assert!(slip.stderr.contains("double quotes"), "{}", slip.stderr);
    let older = print(&["--flap-limit", "10"]);
    assert_eq!(older.stdout, text_of(RULES));
    assert!(older.stderr.contains("has no effect"), "{}", older.stderr);
}
