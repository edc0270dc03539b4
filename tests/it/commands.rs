//! The command line: help, check, exit codes, secrets, the demonstration.

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming, Timestamps};
use serde_json::Value;

use crate::centre::{CAMPAIGN, Centre, Finished, Invocation};

fn check(centre: &Centre, change: impl FnOnce(&mut Invocation)) -> Finished {
    let mut invocation = Invocation::bare();
    invocation
        .env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("AUTOPILOT_STATE_DIR", centre.state_dir())
        .args(&["check", "--online", "--request-timeout", "5s"]);
    change(&mut invocation);
    invocation.output()
}

#[test]
fn help_teaches() {
    let help = Invocation::bare().arg("--help").output();
    assert_eq!(help.code(), 0);
    for text in [
        "run",
        "check",
        "demo",
        "simulate",
        "audit",
        "outbox",
        "webhook",
        "Examples:",
        "Exit codes:",
    ] {
        assert!(help.stdout.contains(text), "{text}");
    }
    let groups = ["To begin with:\n  demo ", "\nA running daemon:\n  status "];
    let short = Invocation::bare().arg("-h").output();
    for text in groups {
        assert!(help.stdout.contains(text), "{}", help.stdout);
        assert!(short.stdout.contains(text), "{}", short.stdout);
    }
    assert!(!short.stdout.contains("Exit codes:"), "{}", short.stdout);
    let of = |flag: &str| Invocation::bare().args(&["run", flag]).output().stdout;
    let (short, long) = (of("-h"), of("--help"));
    assert!(short.contains("--pause-below") && !short.contains("--page-size"));
    assert!(long.contains("--page-size"));
    assert!(short.lines().count() < 60, "{short}");
    assert_eq!(Invocation::bare().arg("--no-such-flag").output().code(), 2);
}

#[test]
fn every_fault_of_the_configuration_is_told_at_once() {
    let centre = Centre::new();
    let file = centre.directory.path().join("bad.toml");
    std::fs::write(&file, "pause_bellow = 5\nresume_at = \"many\"\n\n[[campaign]]\nid = \"a\\u0007b\"\npause_below = 9\nresume_at = 2\n")
        .unwrap();
    let done = Invocation::bare()
        .args(&["check", "--config"])
        .arg(&file)
        .output();
    assert_eq!(done.code(), 78);
    for text in [
        "bad.toml:1",
        "pause_below",
        "bad.toml:2",
        "bad.toml:5",
        "base_url",
        "client_id",
        "CXONE_CLIENT_SECRET",
    ] {
        assert!(done.stderr.contains(text), "{text} in\n{}", done.stderr);
    }
    assert_eq!(Invocation::bare().arg("run").output().code(), 78);
}

#[test]
fn online_names_what_is_wrong_with_the_platform() {
    let centre = Centre::new();
    let good = check(&centre, |_| {});
    assert_eq!(good.code(), 0, "{}{}", good.stdout, good.stderr);
    for text in [
        "ok      token",
        "ok      agents: 10 available",
        "ok      campaign campaign-1: RUNNING",
    ] {
        assert!(good.stdout.contains(text), "{text} in\n{}", good.stdout);
    }
    let missing = check(&centre, |invocation| {
        invocation.env("CXONE_CAMPAIGN_ID", "campaign-1,nowhere");
    });
    assert_eq!(missing.code(), 77);
    assert!(
        missing.stdout.contains("campaign nowhere: 404"),
        "{}",
        missing.stdout
    );
    let wrong_secret = check(&centre, |invocation| {
        invocation.env("CXONE_CLIENT_SECRET", "wrong-secret");
    });
    assert_eq!(wrong_secret.code(), 77);
    assert!(
        wrong_secret.stdout.contains(" 401 "),
        "{}",
        wrong_secret.stdout
    );
    let unreachable = check(&centre, |invocation| {
        invocation.env("CXONE_BASE_URL", "http://127.0.0.1:1");
    });
    assert_eq!(unreachable.code(), 69);
    for done in [good, missing, wrong_secret, unreachable] {
        assert!(
            !format!("{}{}", done.stdout, done.stderr).contains("secret-"),
            "a secret was printed"
        );
        assert!(!done.stdout.contains("autopilot-secret") && !done.stderr.contains("wrong-secret"));
    }
}

#[test]
fn a_quiet_check_tells_only_what_is_wrong() {
    let centre = Centre::new();
    let good = check(&centre, |run| {
        run.arg("-q");
    });
    assert_eq!(good.code(), 0, "{}{}", good.stdout, good.stderr);
    assert_eq!(good.stdout, "");
    let wrong = check(&centre, |run| {
        run.arg("--quiet").env("CXONE_CLIENT_SECRET", "another");
    });
    assert_eq!(wrong.code(), 77, "{}{}", wrong.stdout, wrong.stderr);
    assert!(wrong.stdout.starts_with("FAILED  "), "{}", wrong.stdout);
}

#[test]
fn a_check_for_programs_is_one_document_whatever_is_found() {
    let centre = Centre::new();
    let report = |more: &dyn Fn(&mut Invocation)| {
        let done = check(&centre, |run| {
            run.args(&["-o", "json"]);
            more(run);
        });
        assert_eq!(done.stderr, "");
        let report: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(report["schema"], "check/1");
        assert_eq!(report["ok"], done.code() == 0);
        let warns = |line: &&Value| line["warns"] == true;
        let lines = report["lines"].as_array().unwrap();
        let warned: Vec<String> = lines
            .iter()
            .filter(warns)
            .map(|line| line["says"].to_string())
            .collect();
        (done.code(), lines.len(), warned)
    };
    let (code, lines, warned) = report(&|_| {});
    assert_eq!(code, 0, "{warned:?}");
    assert!(
        warned.iter().all(|line| line.starts_with("\"warning: ")),
        "{warned:?}"
    );
    assert!(lines > 20, "{lines}");
    let (code, _, warned) = report(&|run| {
        run.env("CXONE_CLIENT_SECRET", "another");
    });
    assert_eq!(code, 77);
    assert!(
        warned[0].contains("FAILED") && warned[0].contains(" 401 "),
        "{warned:?}"
    );
    let (code, _, warned) = report(&|run| {
        run.args(&["--pause-below", "9", "--resume-at", "3"]);
    });
    assert_eq!(code, 78);
    assert!(warned[0].contains("resume_at"), "{warned:?}");
}

#[test]
fn weak_evidence_is_told_at_the_start_by_check_and_by_run() {
    // Not left to the clock: on a busy machine a campaign is seldom made within the millisecond in which its clock began.
    let centre = Centre::with(|settings| settings.quirks.timestamps = Timestamps::WholeSeconds);
    let weak = "in whole seconds when a campaign was changed last";
    let done = check(&centre, |_| {});
    assert!(done.stderr.contains(weak), "{}{}", done.stdout, done.stderr);
    let daemon = centre.daemon().start();
    let told = daemon.wait_for_log("rests on weak evidence");
    assert!(told["weakness"].as_str().unwrap().contains(weak), "{told}");
    daemon.stop();
}

#[test]
fn online_names_a_scope_that_is_missing() {
    let centre = Centre::with(|settings| {
        settings
            .credentials
            .scopes
            .retain(|scope| scope != "campaigns:write");
    });
    let done = check(&centre, |_| {});
    assert_eq!(done.code(), 77);
    assert!(
        done.stdout.contains("scope campaigns:write is not granted"),
        "{}",
        done.stdout
    );
}

#[test]
fn every_way_to_authenticate_is_accepted() {
    let centre = Centre::with(|settings| {
        settings.credentials.client_secret = "p+ss w%rd&=ü/?".to_owned();
    });
    for style in ["form", "basic", "json"] {
        let done = check(&centre, |invocation| {
            invocation
                .env("CXONE_CLIENT_SECRET", "p+ss w%rd&=ü/?")
                .args(&["--auth", style]);
        });
        assert_eq!(done.code(), 0, "{style}: {}{}", done.stdout, done.stderr);
    }
}

#[test]
fn a_secret_is_in_no_output_of_a_daemon() {
    let centre = Centre::new();
    let rule = FaultRule {
        fault: Fault::Unauthorized,
        endpoint: Some(Endpoint::Agents),
        when: FaultTiming::Always,
    };
    centre.platform.inject(rule);
    let done = centre
        .daemon()
        .arg("--once")
        .env("AUTOPILOT_LOG", "trace")
        .output();
    assert_eq!(done.code(), 77, "{}", done.stderr);
    assert!(!done.stderr.contains("autopilot-secret"));
    assert!(!done.stderr.contains("Bearer "), "nor is the token");
    let store = std::fs::read(centre.state_dir().join("autopilot.sqlite3")).unwrap();
    let log = std::fs::read(centre.state_dir().join("autopilot.sqlite3-wal")).unwrap_or_default();
    for bytes in [store, log] {
        assert!(
            !bytes
                .windows(16)
                .any(|window| window == b"autopilot-secret")
        );
    }
}

#[test]
fn a_secret_file_is_read() {
    let centre = Centre::new();
    let file = centre.directory.path().join("secret");
    std::fs::write(&file, "autopilot-secret\n").unwrap();
    let done = check(&centre, |invocation| {
        invocation
            .env_remove("CXONE_CLIENT_SECRET")
            .arg("--client-secret-file")
            .arg(&file);
    });
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
}

#[test]
fn policies_are_compared_on_the_same_days_whatever_the_threads() {
    let compare = |threads: &str| {
        let done = Invocation::bare()
            .args(&["compare", "--days", "12", "--threads", threads, "--json"])
            .output();
        assert_eq!(done.code(), 0, "{}", done.stderr);
        done.stdout
    };
    let text = compare("1");
    assert_eq!(text, compare("3"));
    let report: Value = serde_json::from_str(&text).unwrap();
    let rows = report["scenarios"][0]["policies"].as_array().unwrap();
    let row = |arm: &str| rows.iter().find(|row| row["arm"] == arm).unwrap();
    let mean = |arm: &str, figure: &str| row(arm)[figure]["mean"].as_f64().unwrap();
    // The order that the reference has: lower lines connect more and abandon more, faster polls abandon less.
    assert!(mean("always", "connects_per_hour") > mean("2/5", "connects_per_hour"));
    assert!(mean("2/5", "connects_per_hour") > mean("5/8", "connects_per_hour"));
    assert!(mean("always", "abandoned_share") > mean("2/5", "abandoned_share"));
    assert!(mean("2/5", "abandoned_share") > mean("5/8", "abandoned_share"));
    assert!(mean("5/8", "abandoned_share") > mean("5/8,poll=10s", "abandoned_share"));
    assert!(mean("5/8,poll=10s", "transitions_per_hour") > mean("5/8", "transitions_per_hour"));
    // Without an autopilot most calls are connected; an aim connects more than the default at about the same share.
    assert_eq!(row("always")["on_front"], true);
    assert_eq!(row("5/8")["on_front"], false);
    // The default rows learn from day to day.
    assert_eq!(report["adaptation_days"], 10);
    let share = mean("aim=0.5%", "abandoned_share");
    assert!((0.003..0.007).contains(&share), "{share}");
}

/// A row for each scenario and policy, flat and under one header; a picture of the same, with the front.
#[test]
fn several_scenarios_are_compared_in_every_form() {
    let directory = tempfile::TempDir::new().unwrap();
    let plot = directory.path().join("front.svg");
    let compare = |form: &str| {
        let done = Invocation::bare()
            .args(&["compare", "--days", "2", "--output", form])
            .args(&["--scenario", "small-10", "--scenario", "calm-day"])
            .args(&["--policy", "always", "--policy", "5/8", "--plot"])
            .arg(&plot)
            .output();
        assert_eq!(done.code(), 0, "{}", done.stderr);
        done.stdout
    };
    let flat = compare("csv");
    let mut reader = csv::Reader::from_reader(flat.as_bytes());
    let names = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let report: Value = serde_json::from_str(&compare("json")).unwrap();
    let nested = report["scenarios"].as_array().unwrap().iter();
    let nested: Vec<(&Value, &Value)> = nested
        .flat_map(|found| {
            let policies = found["policies"].as_array().unwrap().iter();
            policies.map(|row| (&found["scenario"], row))
        })
        .collect();
    assert_eq!((rows.len(), nested.len()), (4, 4));
    for (row, (scenario, figures)) in rows.iter().zip(nested) {
        let of = |name: &str| {
            let column = names.iter().position(|other| other == name).unwrap();
            row.get(column).unwrap()
        };
        assert_eq!(of("scenario"), scenario.as_str().unwrap());
        assert_eq!(of("policy"), figures["arm"].as_str().unwrap());
        assert_eq!(of("on_front"), figures["on_front"].to_string());
        for figure in ["connects_per_hour", "abandoned_share", "service_level"] {
            // A reader of JSON may round the last digit.
            let same = |flat: &str, nested: &Value| {
                let difference = flat.parse::<f64>().unwrap() - nested.as_f64().unwrap();
                assert!(difference.abs() < 1e-12, "{figure}: {flat} and {nested}");
            };
            same(of(figure), &figures[figure]["mean"]);
            same(
                of(&format!("{figure}_se")),
                &figures[figure]["standard_error"],
            );
        }
    }
    let drawn = std::fs::read_to_string(&plot).unwrap();
    for part in [
        "small-10",
        "calm-day",
        ">always<",
        ">5/8<",
        "connects an hour",
    ] {
        assert!(drawn.contains(part), "{part}");
    }
    assert_eq!(drawn.matches("<circle").count(), 4);
    let nowhere = Invocation::bare()
        .args(&["compare", "--days", "1", "--policy", "always", "--plot"])
        .arg(directory.path().join("missing/front.svg"))
        .output();
    assert_eq!(nowhere.code(), 74, "{}", nowhere.stderr);
    assert!(nowhere.stderr.contains("--plot"), "{}", nowhere.stderr);
}

/// What a limit on abandoned calls would have said of each policy; one that counts over more days than are simulated is refused.
#[test]
fn policies_are_held_against_limits() {
    let compare = |guard: &str, form: &str| {
        Invocation::bare()
            .args(&["compare", "--days", "4", "--output", form, "--guard", guard])
            .args(&["--policy", "always", "--policy", "5/8"])
            .output()
    };
    let done = compare("1%/2d", "json");
    assert_eq!(done.code(), 0, "{}", done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    let trial = |row: usize| report["scenarios"][0]["policies"][row]["guards"][0].clone();
    // Uncontrolled, some 2% of 1,500 calls a day are abandoned; under 5/8 less than half a percent.
    assert_eq!(trial(0)["periods"], 2);
    assert_eq!(trial(0)["above"], 2);
    assert_eq!(trial(1)["above"], 0);
    let table = compare("1%/2d", "table").stdout;
    assert!(
        table.contains("Guard 1%/2d") && table.contains("2 of 2"),
        "{table}"
    );
    let longer = compare("us-ftc", "table");
    assert_eq!(longer.code(), 78);
    assert!(
        longer.stderr.contains("--days 30 or more"),
        "{}",
        longer.stderr
    );
}

#[test]
fn an_aim_is_compared_on_consecutive_days() {
    let compare = |days: &[&str]| {
        let done = Invocation::bare()
            .args(&["compare", "--days", "5", "--json"])
            .args(&["--policy", "always", "--policy", "aim=0.5%,gap=4"])
            .args(days)
            .output();
        assert_eq!(done.code(), 0, "{}", done.stderr);
        serde_json::from_str::<Value>(&done.stdout).unwrap()
    };
    let apart = compare(&[]);
    assert!(apart["adaptation_days"].is_null());
    let learned = compare(&["--consecutive", "--adaptation", "4"]);
    assert_eq!(learned["adaptation_days"], 4);
    let figures = |report: &Value, row: usize| report["scenarios"][0]["policies"][row].clone();
    assert_eq!(figures(&apart, 0), figures(&learned, 0), "the same days");
    assert_ne!(figures(&apart, 1), figures(&learned, 1));
    let share = |row| {
        figures(&learned, row)["abandoned_share"]["mean"]
            .as_f64()
            .unwrap()
    };
    assert!(share(1) < share(0) / 2.0);
}

#[test]
fn a_scenario_that_is_wrong_is_refused_with_every_fault() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("mine.toml");
    let right = include_str!("../../src/simulator/centre/scenarios/calm-day.toml");
    let wrong = right
        .replace("agents = 38", "agents = 0")
        .replace("answer_share = 0.3", "answer_share = 3")
        .replace("skill = \"voice\"\nmode", "skill = \"sales\"\nmode");
    std::fs::write(&path, wrong).unwrap();
    let done = Invocation::bare()
        .args(&["compare", "--days", "1", "--scenario"])
        .arg(&path)
        .output();
    assert_eq!(done.code(), 78);
    for part in [
        "mine.toml has 3 faults",
        "0 agents",
        "answer_share is 3",
        "`sales`",
    ] {
        assert!(done.stderr.contains(part), "{part} in {}", done.stderr);
    }
    let unknown = Invocation::bare()
        .args(&["simulate", "--scenario", "no-such-day"])
        .output();
    assert_eq!(unknown.code(), 78);
    assert!(unknown.stderr.contains("lunch-dip"), "{}", unknown.stderr);
}

#[test]
fn wrong_flags_of_the_simulator_are_explained() {
    let done = Invocation::bare()
        .args(&["simulate", "--faults", "meteor=0.1"])
        .output();
    assert_eq!(done.code(), 2);
    assert!(
        done.stderr.contains("meteor") && done.stderr.contains("lost-reply"),
        "{}",
        done.stderr
    );
}

#[test]
fn one_flag_gives_the_form_and_the_old_one_is_understood() {
    let load = [
        "queue",
        "check-utilisation",
        "--agents",
        "10",
        "--concurrent",
        "5",
        "--handle-time",
        "200s",
    ];
    let told = |flags: &[&str]| {
        let done = Invocation::bare().args(&load).args(flags).output();
        (done.code(), done.stdout)
    };
    let (code, json) = told(&["-o", "json"]);
    assert_eq!((code, &json), (0, &told(&["--json"]).1));
    assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");
    assert_eq!(told(&["-o", "table"]), told(&[]));
    assert_eq!(told(&["-o", "table", "--json"]).0, 2);
    for command in [
        &["queue", "show"][..],
        &["outbox", "list"],
        &["assign", "plan"],
        &["demo"],
    ] {
        let help = Invocation::bare().args(command).arg("--help").output();
        assert!(help.stdout.contains("--output <"), "{command:?}");
        assert!(!help.stdout.contains("--json"), "{command:?}");
    }
}
