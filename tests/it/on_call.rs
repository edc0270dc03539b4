//! The commands of whoever is on call: what they print, and how they end.

use serde_json::Value;
use tempfile::TempDir;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Finished, Invocation, wait_until};

fn good(done: &Finished) -> &str {
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    &done.stdout
}

#[test]
fn a_night_on_call() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let api = Api::of(&daemon);
    let run = |words: &[&str]| api.command(words).output();
    wait_until("it is ready", || {
        run(&["healthcheck", "--ready"]).code() == 0
    });
    assert_eq!(good(&run(&["healthcheck"])), "the loop is running\n");
    // Its name and what was decided are shown when the first tick is written.
    wait_until("it shows", || {
        good(&run(&["status"]))
            .contains("Spring renewals (campaign-1)\n  running, as it should be; 10 available")
    });

    set_and_explain(&centre, &run);

    good(&run(&[
        "hold",
        CAMPAIGN,
        "--running",
        "--for",
        "30m",
        "--reason",
        "campaign launch",
    ]));
    centre.wait_for_status(CAMPAIGN, "RUNNING");
    wait_until("it shows", || {
        run(&["status"]).stdout.contains("held running until")
            && run(&["explain", CAMPAIGN])
                .stdout
                .contains("hold           DECIDED held running by anna")
    });
    assert_eq!(
        good(&run(&["release", CAMPAIGN])),
        "campaign-1 no longer held running\n"
    );
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    let restored = run(&["set", CAMPAIGN, "--as-configured"]);
    assert_eq!(
        good(&restored),
        "campaign-1 pause below 5, resume at 8 as configured\n"
    );
    centre.wait_for_status(CAMPAIGN, "RUNNING");

    refused(&run);
    daemon.wait_for_log("as configured");
    let history = run(&["history", "--since", "1h", "--campaign", CAMPAIGN]);
    let told = good(&history);
    for text in [
        "pause below 5, resume at 8 as configured, by anna: as configured",
        "no longer held running, by anna: released by hand",
        "pause confirmed",
    ] {
        assert!(told.contains(text), "{text} in\n{told}");
    }
    let all: Value =
        serde_json::from_str(good(&run(&["history", "-o", "json", "--limit", "1"]))).unwrap();
    assert_eq!(
        (all["entries"].as_array().unwrap().len(), &all["more"]),
        (1, &true.into())
    );
    daemon.stop();
    let gone = run(&["status"]);
    assert_eq!(gone.code(), 69, "{}", gone.stderr);
    assert!(
        gone.stderr.contains("refuses connections"),
        "{}",
        gone.stderr
    );
    centre.audit();
}

/// Runs a command with these words.
type Run<'a> = &'a dyn Fn(&[&str]) -> Finished;

fn set_and_explain(centre: &Centre, run: Run<'_>) {
    let set = run(&[
        "set",
        CAMPAIGN,
        "--pause-below",
        "11",
        "--resume-at",
        "12",
        "--for",
        "1h",
        "--reason",
        "trial",
    ]);
    assert!(
        good(&set).contains("pause below 11 (was 5), resume at 12 (was 8) until "),
        "{}",
        set.stdout
    );
    centre.wait_for_status(CAMPAIGN, "PAUSED");
    wait_until("it shows", || {
        run(&["status"])
            .stdout
            .contains("paused by the autopilot, as it should be")
    });
    let explained = run(&["explain", CAMPAIGN]);
    for text in [
        "pause below 11, resume at 12 until",
        "by anna: trial (configured: 5, 8)",
        "thresholds     DECIDED below the pause threshold",
        "confirmation   -       not asked",
        "changes when at least 12 available agents",
    ] {
        assert!(
            good(&explained).contains(text),
            "{text} in\n{}",
            explained.stdout
        );
    }
    let detail: Value =
        serde_json::from_str(good(&run(&["explain", CAMPAIGN, "-o", "json"]))).unwrap();
    assert_eq!(
        (&detail["schema"], &detail["campaign"]["set"]["author"]),
        (&1.into(), &"anna".into())
    );
}

fn refused(run: Run<'_>) {
    assert_eq!(run(&["release", CAMPAIGN]).code(), 1, "nothing is held");
    assert_eq!(run(&["explain", "nowhere"]).code(), 1);
    assert_eq!(
        run(&[
            "hold", CAMPAIGN, "--paused", "--for", "long", "--reason", "x"
        ])
        .code(),
        78
    );
    assert_eq!(
        run(&["hold", CAMPAIGN, "--for", "1h", "--reason", "x"]).code(),
        2
    );
}

#[test]
fn watching_shows_every_change() {
    let centre = Centre::new();
    let daemon = centre
        .daemon()
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start();
    let api = Api::of(&daemon);
    let address = format!("http://{}", api.address);
    let mut child = std::process::Command::new(crate::centre::PROGRAM)
        .env_clear()
        .args(["status", "--watch", "-o", "json", "--server", &address])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["schema"], 1);
    centre.platform.set_available(2);
    while next()["campaigns"][0]["paused_by"] != "autopilot" {}
    child.kill().unwrap();
    child.wait().unwrap();
    daemon.stop();
}

#[test]
fn a_campaign_goes_by_its_configured_name_or_else_by_the_platforms() {
    let centre = Centre::with(|platform| {
        let start = platform.clock.now();
        for (id, name) in [
            ("sales", "New\u{1b}[2J customers\n"),
            ("surveys", "SURV_2024_Q2"),
            ("plain", "plain"),
        ] {
            platform.world.put_campaign(id, name, "RUNNING", start);
        }
    });
    let file = centre.directory.path().join("autopilot.toml");
    let tables = "[[campaign]]\nid = \"sales\"\nteam = \"Outbound\"\n\n\
        [[campaign]]\nid = \"surveys\"\nname = \"Surveys after a repair\"\n\n\
        [[campaign]]\nid = \"plain\"\n";
    std::fs::write(&file, tables).unwrap();
    let start = || {
        centre
            .daemon()
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .arg("--config")
            .arg(&file)
            .start()
    };
    let expected = [
        format!("{CAMPAIGN} \"Spring renewals\""),
        "plain null".to_owned(),
        "sales \"New [2J customers\"".to_owned(),
        "surveys \"Surveys after a repair\"".to_owned(),
    ];
    // Also after a restart, which remembers what campaigns do and not what the platform calls them.
    for _ in 0..2 {
        let daemon = start();
        let api = Api::of(&daemon);
        let names = || {
            let status = api.command(&["status", "-o", "json"]).output();
            // It ends with 1 until the first poll is complete.
            let status: Value = serde_json::from_str(&status.stdout).unwrap();
            let campaigns = status["campaigns"].as_array().unwrap().iter();
            campaigns
                .map(|one| format!("{} {}", one["id"].as_str().unwrap(), one["name"]))
                .collect::<Vec<_>>()
        };
        wait_until("every campaign was read", || names() == expected);
        assert_eq!(api.campaign("sales")["name"], "New [2J customers");
        daemon.stop();
    }
}

#[test]
fn an_evaluation_says_what_it_would_do_and_does_nothing() {
    let centre = Centre::new();
    let eval = |more: &[&str]| {
        let mut invocation = Invocation::bare();
        invocation
            .env("CXONE_BASE_URL", &centre.base_url)
            .env("CXONE_CLIENT_ID", "autopilot")
            .env("CXONE_CLIENT_SECRET", "autopilot-secret")
            .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
            .env("AUTOPILOT_STATE_DIR", centre.state_dir())
            .arg("eval")
            .args(more);
        invocation.output()
    };
    let calm = eval(&[]);
    assert!(good(&calm).contains("would do nothing"), "{}", calm.stdout);
    assert!(!centre.state_dir().exists(), "nothing is written");
    centre.platform.set_available(3);
    let would = eval(&[]);
    assert_eq!(would.code(), 10, "{}", would.stderr);
    assert!(
        would.stdout.contains("would pause campaign-1"),
        "{}",
        would.stdout
    );
    let json: Value = serde_json::from_str(&eval(&["-o", "json"]).stdout).unwrap();
    assert_eq!(
        (
            &json["would_act"],
            &json["campaigns"][0]["campaign"]["outcome"]
        ),
        (&true.into(), &"pause".into())
    );
    assert_eq!(centre.commands(), [""; 0]);
    // What a daemon remembers counts: the pause is its own.
    assert_eq!(centre.daemon().arg("--once").output().code(), 0);
    centre.platform.set_available(9);
    let would = eval(&[]);
    assert!(
        would.stdout.contains("would resume campaign-1"),
        "{}{}",
        would.stdout,
        would.stderr
    );
    assert_eq!(eval(&["--base-url", "http://127.0.0.1:1"]).code(), 69);
    assert_eq!(eval(&["--pause-below", "many"]).code(), 78);
}

#[test]
fn settings_are_shown_with_their_origin_and_can_be_begun_with() {
    let centre = Centre::new();
    let mut show = Invocation::bare();
    show.env("CXONE_BASE_URL", &centre.base_url)
        .env("CXONE_CLIENT_ID", "autopilot")
        .env("CXONE_CLIENT_SECRET", "autopilot-secret")
        .env("CXONE_CAMPAIGN_ID", CAMPAIGN)
        .env("HOME", "/nowhere")
        .args(&["config", "show", "--origin", "--pause-below", "4"]);
    let shown = show.output();
    let line = |key: &str| {
        let found = good(&shown).lines().find(|line| line.starts_with(key));
        found
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(line("pause_below = "), "pause_below = 4 --pause-below");
    assert_eq!(line("resume_at = "), "resume_at = 8 default");
    assert_eq!(
        line("client_secret = "),
        "client_secret = (set) CXONE_CLIENT_SECRET"
    );
    assert!(!shown.stdout.contains("autopilot-secret"));
    let begun = Invocation::bare().args(&["config", "init"]).output();
    let file = centre.directory.path().join("begun.toml");
    std::fs::write(&file, good(&begun)).unwrap();
    let checked = show.arg("--config").arg(&file).output();
    assert_eq!(checked.code(), 0, "{}", checked.stderr);
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    let commands = [
        "run",
        "check",
        "status",
        "explain",
        "set",
        "hold",
        "release",
        "reload",
        "history",
        "eval",
        "config",
        "healthcheck",
        "audit",
        "outbox",
    ];
    for shell in ["bash", "zsh", "fish"] {
        let done = Invocation::bare().args(&["completions", shell]).output();
        for command in commands {
            assert!(good(&done).contains(command), "{shell}: {command}");
        }
    }
    let page = Invocation::bare().arg("man").output();
    assert!(good(&page).contains(".TH campaign"), "{}", page.stdout);
    let directory = TempDir::new().unwrap();
    let pages = directory.path().join("man1");
    let done = Invocation::bare().arg("man").arg(&pages).output();
    good(&done);
    for command in commands {
        let page = pages.join(format!("campaign-autopilot-{command}.1"));
        assert!(page.is_file(), "{}", page.display());
    }
}

#[test]
fn a_word_of_other_programs_leads_to_the_command() {
    let done = Invocation::bare().arg("stop").output();
    assert_eq!(done.code(), 2);
    for word in ["'pause'", "'hold'"] {
        assert!(done.stderr.contains(word), "{}", done.stderr);
    }
}
