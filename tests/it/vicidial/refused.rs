//! Log-ins and rights: refusals and their words, silence before a lock, secrets nowhere, and what `check` says.

use std::collections::BTreeSet;

use campaign_autopilot::simulator::{
    DialerOperation, DialerSettings, DialerUser, Endpoint, Fault, FaultRule, FaultTiming,
};

use crate::api::Api;
use crate::centre::{Centre, wait_until};

use super::site::{
    AGENTS, CALLS, LIST, OUTBA, UPDATE, asked, centre, command, daemon, dialling, wait_for_polls,
};

const WRONG: &str = "Wrong-password_9";

fn with_user(change: impl FnOnce(&mut DialerUser)) -> Centre {
    let mut user = DialerUser::new("autopilot", "autopilot-secret");
    change(&mut user);
    centre(DialerSettings {
        users: vec![user],
        ..dialling("RATIO", "2.0")
    })
}

/// Requests that need a log-in.
fn log_ins(centre: &Centre) -> u64 {
    let counted = [AGENTS, LIST, UPDATE, CALLS].map(|one| centre.platform.request_count(Some(one)));
    counted.iter().sum()
}

const BLIND: &[&str] = &[
    "poll invalid",
    "status not read",
    "too long",
    "log-ins are refused",
    "could not",
    "not read",
];

#[test]
fn three_refused_log_ins_are_followed_by_silence_and_the_password_is_nowhere() {
    let centre = with_user(|_| {});
    let running = daemon(&centre)
        .env("CXONE_CLIENT_SECRET", WRONG)
        .start()
        .tolerate(BLIND);
    running.wait_for_log("log-ins are refused");
    let api = Api::of(&running);
    let polls = || {
        api.series("autopilot_polls_total{outcome=\"error\"}")
            .unwrap_or(0.0)
    };
    let before = polls();
    wait_until("polls go on without asking", || polls() > before + 20.0);
    assert_eq!(log_ins(&centre), 3);
    let log = format!("{:?}", running.log());
    let told = log.matches("log-ins are refused: nothing").count();
    assert_eq!(told, 1, "one alert: {log}");
    for shown in ["/metrics", "/api/v1/status", "/"] {
        let body = api.get(shown).body;
        assert!(!body.contains(WRONG), "{shown}");
    }
    assert!(!log.contains(WRONG), "{log}");
    assert_eq!(api.series("autopilot_log_ins_suspended"), Some(1.0));
    running.stop();
    let rows = format!("{:?}", centre.audit());
    assert!(!rows.contains(WRONG));
}

#[test]
fn another_password_in_the_file_ends_the_silence() {
    let centre = with_user(|_| {});
    let file = centre.directory.path().join("password");
    crate::centre::write_secret(&file, WRONG);
    let running = daemon(&centre)
        .env_remove("CXONE_CLIENT_SECRET")
        .env("AUTOPILOT_CLIENT_SECRET_FILE", &file)
        .start()
        .tolerate(BLIND);
    running.wait_for_log("log-ins are refused");
    crate::centre::write_secret(&file, "autopilot-secret");
    let api = Api::of(&running);
    wait_until("agents are counted", || {
        api.campaign(OUTBA)["available"] == 10
    });
    running.stop();
}

#[test]
fn a_locked_account_is_left_alone_at_once() {
    let centre = with_user(|_| {});
    // Somebody else has used the account up.
    for machine in 0..10 {
        let elsewhere = centre.directory.path().join(format!("machine-{machine}"));
        let checked = command(&centre)
            .env("AUTOPILOT_CLIENT_SECRET", WRONG)
            .env("AUTOPILOT_STATE_DIR", elsewhere)
            .args(&["check", "--online"])
            .output();
        assert_ne!(checked.code(), 0);
        assert!(!checked.stdout.contains(WRONG) && !checked.stderr.contains(WRONG));
    }
    let before = log_ins(&centre);
    assert_eq!(before, 10, "each gives up at the first refusal");
    let running = daemon(&centre).start().tolerate(BLIND);
    running.wait_for_log("log-ins are refused");
    let api = Api::of(&running);
    let polls = || {
        api.series("autopilot_polls_total{outcome=\"error\"}")
            .unwrap_or(0.0)
    };
    wait_until("polls go on without asking", || polls() > 10.0);
    assert_eq!(log_ins(&centre), before + 1);
    running.stop();
}

#[test]
fn processes_of_one_state_directory_are_refused_three_times_in_all() {
    let centre = with_user(|_| {});
    let looked = |secret: &str, arguments: &[&str]| {
        let mut looking = command(&centre);
        looking.env("AUTOPILOT_CLIENT_SECRET", secret);
        let looked = looking.args(arguments).output();
        let told = format!("{}{}", looked.stdout, looked.stderr);
        assert!(!told.contains(WRONG), "{told}");
        (looked.code(), told)
    };
    for arguments in [["check", "--online"], ["run", "--once"]]
        .iter()
        .cycle()
        .take(8)
    {
        let (code, told) = looked(WRONG, arguments);
        assert_ne!(code, 0, "{told}");
    }
    assert_eq!(log_ins(&centre), 3);
    let (_, told) = looked(WRONG, &["check", "--online"]);
    assert!(told.contains("nothing is asked for until"), "{told}");
    for file in std::fs::read_dir(centre.state_dir()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains(WRONG));
    }
    // Another password is asked with at once, and what works is remembered as nothing.
    let (code, told) = looked("autopilot-secret", &["check", "--online"]);
    assert_eq!(code, 0, "{told}");
    let before = log_ins(&centre);
    let (code, told) = looked(WRONG, &["check", "--online"]);
    assert_ne!(code, 0, "{told}");
    assert_eq!(log_ins(&centre), before + 1);
}

#[test]
fn processes_that_start_at_once_are_refused_three_times_in_all() {
    let centre = with_user(|_| {});
    assert!(!centre.state_dir().exists(), "nothing has run there before");
    std::thread::scope(|scope| {
        let processes: Vec<_> = (0..6)
            .map(|number| {
                let centre = &centre;
                scope.spawn(move || {
                    let arguments = if number % 2 == 0 {
                        ["check", "--online"]
                    } else {
                        ["run", "--once"]
                    };
                    let mut looking = command(centre);
                    looking.env("AUTOPILOT_CLIENT_SECRET", WRONG);
                    looking.args(&arguments).output().code()
                })
            })
            .collect();
        for process in processes {
            assert_ne!(process.join().unwrap(), 0);
        }
    });
    assert_eq!(log_ins(&centre), 3);
}

#[test]
fn a_check_asks_what_a_run_asks_and_changes_nothing() {
    let centre = centre(dialling("RATIO", "2.0"));
    let checked = asked(&centre, &["check", "--online"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    for line in [
        "platform = vicidial",
        "user autopilot, build 241004-1518",
        "campaign OUTBA: RATIO 2.0, 10 of its 10 agents available",
    ] {
        assert!(checked.stdout.contains(line), "{line}: {}", checked.stdout);
    }
    assert_eq!(centre.commands(), [""; 0]);
}

#[test]
fn a_check_names_every_right_that_is_missing_with_its_remedy() {
    type Change = fn(&mut DialerUser);
    let cases: [(Change, &[&str]); 6] = [
        (
            |user| user.level = 7,
            &[
                "campaigns_list (user level 8",
                "update_campaign (user level 8",
                "call_status_stats (user level 9",
            ],
        ),
        (
            |user| user.reports = false,
            &["campaigns_list (", "logged_in_agents (", "`View Reports`"],
        ),
        (
            |user| user.modifies = false,
            &["update_campaign (", "`Modify Campaigns`"],
        ),
        (
            |user| {
                user.functions = Some(
                    ["version", "campaigns_list", "update_campaign"]
                        .map(str::to_owned)
                        .into(),
                );
            },
            &[
                "logged_in_agents (",
                "`Allowed API Functions`",
                "call_status_stats (",
            ],
        ),
        (
            |user| user.campaigns = Some(BTreeSet::new()),
            &["any campaign (`Allowed Campaigns` of the user's group)"],
        ),
        (|user| user.level = 8, &["call_status_stats (user level 9"]),
    ];
    for (change, named) in cases {
        let centre = with_user(change);
        let checked = asked(&centre, &["check", "--online"]);
        let told = format!("{}{}", checked.stdout, checked.stderr);
        for text in named {
            assert!(told.contains(text), "{text}: {told}");
        }
    }
}

#[test]
fn calls_that_may_not_be_counted_fail_a_check_where_something_needs_them() {
    let centre = centre(dialling("RATIO", "2.0"));
    refuse(&centre, DialerOperation::CallStatusStats);
    let checked = asked(&centre, &["check", "--online"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    let warned = "warning: outcomes of dials are not counted";
    assert!(checked.stderr.contains(warned), "{}", checked.stderr);
    let checked = command(&centre)
        .env("AUTOPILOT_ABANDON_TARGET", "3%")
        .args(&["check", "--online"])
        .output();
    assert_eq!(checked.code(), 77, "{}{}", checked.stdout, checked.stderr);
    let failed = "FAILED  outcomes of campaign";
    assert!(checked.stdout.contains(failed), "{}", checked.stdout);
}

/// Every request of a kind is refused.
fn refuse(centre: &Centre, operation: DialerOperation) {
    centre.platform.inject(FaultRule {
        fault: Fault::Forbidden,
        endpoint: Some(Endpoint::Dialer(operation)),
        when: FaultTiming::Always,
    });
}

#[test]
fn a_function_that_is_refused_is_named_and_no_other_one() {
    for (operation, named, others) in [
        (DialerOperation::Version, "version (", "campaigns_list ("),
        (
            DialerOperation::CampaignsList,
            "campaigns_list (",
            "any campaign (",
        ),
    ] {
        let centre = centre(dialling("RATIO", "2.0"));
        refuse(&centre, operation);
        let checked = asked(&centre, &["check", "--online"]);
        let told = format!("{}{}", checked.stdout, checked.stderr);
        assert_ne!(checked.code(), 0, "{told}");
        assert!(told.contains(named), "{named}: {told}");
        assert!(!told.contains(others), "{others}: {told}");
    }
}

#[test]
fn a_check_tells_what_keeps_it_from_the_platform() {
    type Trouble = fn(&mut DialerSettings);
    let told = |change: Trouble| {
        let centre = centre(dialling("RATIO", "2.0"));
        assert!(centre.platform.change_dialer(change));
        let checked = asked(&centre, &["check", "--online"]);
        assert_ne!(checked.code(), 0, "{}", checked.stdout);
        format!("{}{}", checked.stdout, checked.stderr)
    };
    let cases: [(Trouble, &str); 3] = [
        (
            |settings| settings.address_blocked = true,
            "Your IP Address is not allowed",
        ),
        (
            |settings| settings.build = "200101-1200".to_owned(),
            "older than 200815",
        ),
        (|settings| settings.database_away = true, "500"),
    ];
    for (change, named) in cases {
        let told = told(change);
        assert!(told.contains(named), "{named}: {told}");
    }
}

#[test]
fn a_clock_that_is_far_away_is_told() {
    let centre = centre(DialerSettings {
        clock_ahead: 7_200,
        ..dialling("RATIO", "2.0")
    });
    let checked = asked(&centre, &["check", "--online"]);
    let told = format!("{}{}", checked.stdout, checked.stderr);
    assert!(told.contains("clock"), "{told}");
}

#[test]
fn what_can_never_work_is_refused_before_anything_is_asked() {
    let centre = centre(dialling("RATIO", "2.0"));
    let refused = |name: &str, value: &str| {
        let checked = command(&centre).env(name, value).args(&["check"]).output();
        assert_ne!(checked.code(), 0, "{}", checked.stdout);
        format!("{}{}", checked.stdout, checked.stderr)
    };
    let told = refused("AUTOPILOT_CLIENT_SECRET", "ab&c+d e%f");
    assert!(
        told.contains("letters, digits, dashes and underscores"),
        "{told}"
    );
    assert!(!told.contains("ab&c"), "{told}");
    let told = refused("AUTOPILOT_CLIENT_ID", "auto pilot");
    assert!(told.contains("letters, digits"), "{told}");
    let told = refused("CXONE_CAMPAIGN_ID", "campaign-1");
    assert!(told.contains("2 to 8"), "{told}");
    let told = refused("AUTOPILOT_BASE_URL", "http://dialler.example.com");
    assert!(
        told.contains("plain http") && told.contains("--allow-http"),
        "{told}"
    );
    assert_eq!(centre.platform.request_count(None), 0);
    let allowed = command(&centre)
        .env("AUTOPILOT_BASE_URL", "http://dialler.example.com")
        .args(&["check", "--allow-http"])
        .output();
    assert_eq!(allowed.code(), 0, "{}{}", allowed.stdout, allowed.stderr);
}

#[test]
fn queues_and_previews_are_refused_with_the_reason() {
    let centre = centre(dialling("RATIO", "2.0"));
    for (table, named) in [
        ("[[queue]]\nid = \"SALES\"\n", "queue"),
        ("[[preview]]\ncampaign = \"PREVW\"\n", "preview"),
    ] {
        let config = centre.directory.path().join("policy.toml");
        std::fs::write(&config, table).unwrap();
        let checked = asked(&centre, &["check", "--config", config.to_str().unwrap()]);
        assert_ne!(checked.code(), 0);
        let told = format!("{}{}", checked.stdout, checked.stderr);
        assert!(
            told.contains("vicidial has no") && told.contains(named),
            "{told}"
        );
        if named == "preview" {
            assert!(
                !told.contains("preview.") && !told.contains("roster"),
                "{told}"
            );
        }
    }
    wait_until("nothing was asked", || {
        centre.platform.request_count(None) == 0
    });
}

#[test]
fn what_a_check_says_is_in_the_platforms_words() {
    let told = |settings: DialerSettings, secret: &str| {
        let centre = centre(settings);
        let mut checking = command(&centre);
        checking.env("AUTOPILOT_CLIENT_SECRET", secret);
        let checked = checking.args(&["check", "--online"]).output();
        let told = format!("{}{}", checked.stdout, checked.stderr);
        // The settings are printed first, with those of other platforms.
        let found = ["ok  ", "FAILED", "warning"];
        let found = |line: &&str| found.iter().any(|begins| line.starts_with(begins));
        let told: String = told.lines().filter(found).collect::<Vec<_>>().join("\n");
        assert!(!told.contains("token") && !told.contains("scope"), "{told}");
        told
    };
    let user = || DialerUser::new("autopilot", "autopilot-secret");
    let with = |user: DialerUser| DialerSettings {
        users: vec![user],
        ..dialling("RATIO", "2.0")
    };
    let works = told(with(user()), "autopilot-secret");
    assert!(works.contains("ok      log-in from http"), "{works}");
    let wrong = told(with(user()), WRONG);
    assert!(
        wrong.contains("FAILED  log-in: ") && wrong.contains("check client_id and the password"),
        "{wrong}"
    );
    let mut low = user();
    low.modifies = false;
    let low = told(with(low), "autopilot-secret");
    assert!(
        low.contains("function update_campaign (user level 8"),
        "{low}"
    );
    let mut elsewhere = user();
    elsewhere.campaigns = Some(["OTHER".to_owned()].into());
    let elsewhere = told(with(elsewhere), "autopilot-secret");
    assert!(elsewhere.contains("Allowed Campaigns"), "{elsewhere}");
}

#[test]
fn a_right_that_is_taken_away_is_told_in_the_log() {
    let centre = with_user(|_| {});
    let running = daemon(&centre).start().tolerate(BLIND);
    wait_for_polls(&centre, 3);
    assert!(
        centre
            .platform
            .change_dialer(|settings| settings.users[0].reports = false)
    );
    running.wait_for_log("poll invalid");
    let log = format!("{:?}", running.log());
    assert!(log.contains("View Reports"), "{log}");
    running.stop();
    assert_eq!(centre.commands(), [""; 0]);
}
