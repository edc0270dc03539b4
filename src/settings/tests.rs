//! Stories about flags, environment and a settings file, told through [`resolve()`].

use std::fs;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};
use secrecy::ExposeSecret;

use super::fault::Origin;
use super::*;
use crate::domain::{CampaignId, Limit, Policy, Selector};
use crate::platform::dialect::Dialect;

/// Enough to start with; other tests add to it.
pub(super) const ENOUGH: [(&str, &str); 5] = [
    ("CXONE_BASE_URL", "https://api.example.com"),
    ("CXONE_CLIENT_ID", "us"),
    ("CXONE_CLIENT_SECRET", "hunter2"),
    ("CXONE_CAMPAIGN_ID", "a"),
    ("HOME", "/home/ops"),
];

pub(super) const FULL: &str = r#"base_url = "https://api.example.com/tenant/"
client_id = "us"
poll_interval = "20s"
pause_below = "10%"
resume_at = "20%"
requests_per_second = 2.5
scope = ["read", "write"]
dry_run = true

[[campaign]]
id = "a"
agents = { any_skill = ["sales", "support"] }
min_paused = "2m"
max_resumes_per_hour = 4

[[campaign]]
id = "b"
agents = "all"
pause_below = 3
resume_at = 4
strict_ownership = true
"#;

/// Runs `resolve` on a command line; `FILE` stands for the settings file's path in faults.
pub(super) fn try_run(
    line: &str,
    env: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Resolved, Vec<Fault>> {
    let (_directory, path) = written(file.unwrap_or_default());
    let path = path.as_str();
    let mut words: Vec<&str> = line.split_whitespace().collect();
    if file.is_some() {
        words.extend(["--config", path]);
    }
    let lookup = |name: &str| {
        let found = env.iter().rev().find(|(known, _)| *known == name);
        found.map(|(_, text)| (*text).to_owned())
    };
    resolve(&arguments(&words), &lookup).map_err(|faults| {
        let shown = |text: String| text.replace(path, "FILE");
        let faults = faults.into_iter().map(|fault| Fault {
            place: fault.place.map(shown),
            wrong: shown(fault.wrong),
            ..fault
        });
        faults.collect()
    })
}

pub(super) fn written(text: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (directory, path)
}

fn arguments(words: &[&str]) -> RunArgs {
    let command = RunArgs::augment_args(Command::new("run").no_binary_name(true));
    let matches = command.try_get_matches_from(words).unwrap();
    RunArgs::from_arg_matches(&matches).unwrap()
}

pub(super) fn run(line: &str, env: &[(&str, &str)], file: &str) -> Resolved {
    let env = [&ENOUGH, env].concat();
    try_run(line, &env, Some(file)).unwrap()
}

pub(super) fn faults(line: &str, env: &[(&str, &str)], file: &str) -> Vec<String> {
    let env = [&ENOUGH, env].concat();
    let faults = try_run(line, &env, Some(file)).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

fn origin(resolved: &Resolved, key: &str) -> String {
    let mut found = resolved.origins.iter().filter(|(known, _, _)| known == key);
    let (_, text, origin) = found.next().unwrap();
    assert!(found.next().is_none(), "{key} is noted twice");
    let origin = match origin {
        Origin::File { line, .. } => format!("line {}", line.unwrap_or_default()),
        Origin::Flag(_) | Origin::Env(_) | Origin::Default => origin.to_string(),
    };
    format!("{text} from {origin}")
}

fn policy<'r>(resolved: &'r Resolved, id: &str) -> &'r Policy {
    let id: CampaignId = id.parse().unwrap();
    &resolved.settings.policies[&id]
}

fn lines(resolved: &Resolved, id: &str) -> String {
    let lines = policy(resolved, id).thresholds;
    format!("{}/{}", lines.pause_below(), lines.resume_at())
}

#[test]
fn the_defaults_are_those_of_the_help_and_of_the_policy() {
    let resolved = run("", &[], "");
    let expected = Policy::default();
    assert_eq!(*policy(&resolved, "a"), expected);
    let settings = &resolved.settings;
    assert_eq!(
        settings.token_url.as_str(),
        "https://api.example.com/oauth2/token"
    );
    assert_eq!(
        settings.state_dir.to_str(),
        Some("/home/ops/.local/state/campaign-autopilot")
    );
    assert_eq!(
        settings.credentials.client_secret.text().expose_secret(),
        "hunter2"
    );
    assert_eq!(resolved.warnings, []);
    // Every default that is a value reads back to the same settings.
    let mut file = String::new();
    for row in rows().filter(|row| row.file != InFile::No) {
        if let DefaultValue::Is(default) = row.default {
            let bare = matches!(row.kind, Kind::Count | Kind::Switch);
            let quote = if bare { "" } else { "\"" };
            file.extend([row.key, " = ", quote, default, quote, "\n"]);
        }
    }
    assert!(file.lines().count() > 20, "{file}");
    let given = run("", &[], &file);
    assert_eq!(given.settings.digest(), settings.digest());
    assert_eq!(given.settings.digest().len(), 64);
    for row in rows().filter(|row| row.key != "campaign") {
        origin(&resolved, row.key);
    }
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let flag = "--poll-interval 1m";
    let env: &[(&str, &str)] = &[("AUTOPILOT_POLL_INTERVAL", "40s")];
    let file = "\npoll_interval = \"20s\"";
    let key = "poll_interval";
    assert_eq!(
        origin(&run(flag, env, file), key),
        "1m from --poll-interval"
    );
    assert_eq!(
        origin(&run("", env, file), key),
        "40s from AUTOPILOT_POLL_INTERVAL"
    );
    assert_eq!(origin(&run("", &[], file), key), "20s from line 2");
    assert_eq!(origin(&run("", &[], ""), key), "30s from default");
    let unset: &[(&str, &str)] = &[("AUTOPILOT_POLL_INTERVAL", "")];
    assert_eq!(origin(&run("", unset, file), key), "20s from line 2");
    let resolved = run(flag, env, file);
    assert_eq!(resolved.settings.poll_interval, Duration::from_secs(60));
    assert_eq!(
        policy(&resolved, "a").max_sample_age,
        Duration::from_secs(120)
    );
    assert_eq!(origin(&resolved, "max_sample_age"), "2m from default");
    assert!(
        run("--dry-run", &[("AUTOPILOT_DRY_RUN", "0")], "")
            .settings
            .dry_run
    );
    assert!(
        !run("", &[("AUTOPILOT_DRY_RUN", "0")], "dry_run = true")
            .settings
            .dry_run
    );
}

#[test]
fn layers_come_before_who_is_meant() {
    let file =
        "pause_below = 1\n[[campaign]]\nid = \"b\"\npause_below = 2\n[[campaign]]\nid = \"c\"";
    let of = |line: &str, env: &str| {
        let resolved = run(line, &[("AUTOPILOT_PAUSE_BELOW", env)], file);
        ["a", "b", "c"].map(|id| lines(&resolved, id)).join(" ")
    };
    assert_eq!(of("", ""), "1/8 2/8 1/8", "the campaign's own table");
    assert_eq!(of("", "b=3"), "1/8 3/8 1/8");
    assert_eq!(
        of("", "4,c=3"),
        "4/8 4/8 3/8",
        "a general variable beats a table"
    );
    assert_eq!(
        of("--pause-below 5", "b=3"),
        "5/8 5/8 5/8",
        "a general flag beats all below"
    );
    assert_eq!(
        of("--pause-below 5 --pause-below b=6,c=7", "b=3"),
        "5/8 6/8 7/8"
    );
    let resolved = run("--pause-below c=7", &[], file);
    assert_eq!(origin(&resolved, "pause_below"), "1 from line 1");
    assert_eq!(origin(&resolved, "campaign.b.pause_below"), "2 from line 4");
    assert_eq!(
        origin(&resolved, "campaign.c.pause_below"),
        "7 from --pause-below"
    );
    assert_eq!(origin(&resolved, "campaign.a"), "a from CXONE_CAMPAIGN_ID");
}

#[test]
fn campaigns_of_flag_or_environment_join_those_of_the_file() {
    let ids = |line: &str| {
        let resolved = run(line, &[("CXONE_CAMPAIGN_ID", "c, d")], FULL);
        let ids: Vec<String> = resolved
            .settings
            .policies
            .keys()
            .map(ToString::to_string)
            .collect();
        ids.join(" ")
    };
    assert_eq!(ids(""), "a b c d");
    assert_eq!(ids("--campaign e,a --campaign f"), "a b e f");
}

#[test]
fn a_full_file_is_read() {
    let resolved = run("", &[], FULL);
    let (a, b) = (policy(&resolved, "a"), policy(&resolved, "b"));
    assert_eq!(lines(&resolved, "a"), "10%/20%");
    assert_eq!(
        (a.min_paused, a.max_resumes_per_hour),
        (Duration::from_secs(120), Some(4))
    );
    assert_eq!(a.selector.to_string(), "any of sales, support");
    assert_eq!(b.thresholds.pause_below(), Limit::Agents(3));
    assert_eq!((&b.selector, b.strict_ownership), (&Selector::All, true));
    let settings = &resolved.settings;
    assert_eq!(
        settings.token_url.as_str(),
        "https://api.example.com/oauth2/token"
    );
    assert_eq!(settings.credentials.scopes, ["read", "write"]);
    assert_eq!(settings.rate.unwrap().per_second.to_string(), "2.5");
    assert!(settings.dry_run);
    assert_eq!(
        origin(&resolved, "campaign.a.agents"),
        "any of sales, support from line 12"
    );
    // The address of the environment beat the file's; the file's has a path.
    let env = [("CXONE_CLIENT_SECRET", "s"), ("HOME", "/h")];
    let resolved = try_run("", &env, Some(FULL)).unwrap();
    let token = resolved.settings.token_url.as_str();
    assert_eq!(token, "https://api.example.com/tenant/oauth2/token");
}

#[test]
fn the_state_directory_falls_back() {
    let of = |env: &[(&str, &str)]| {
        let resolved = run("", env, "");
        origin(&resolved, "state_dir")
    };
    let both = [
        ("STATE_DIRECTORY", "/var/lib/x:/var/lib/y"),
        ("XDG_STATE_HOME", "/state"),
    ];
    assert_eq!(of(&both), "/var/lib/x from STATE_DIRECTORY");
    assert_eq!(
        of(&both[1..]),
        "/state/campaign-autopilot from XDG_STATE_HOME"
    );
    assert_eq!(
        of(&[("XDG_STATE_HOME", "relative")]),
        "/home/ops/.local/state/campaign-autopilot from HOME"
    );
}

#[test]
fn secrets_come_from_the_strongest_place_and_are_shown_nowhere() {
    let (_directory, path) = written("from-file\r\n");
    let path = path.as_str();
    let secret = |line: &str, env: &[(&str, &str)], file: &str| {
        let resolved = run(line, env, file);
        let shown = format!("{resolved:?} {}", resolved.settings.digest());
        assert!(
            !shown.contains("hunter2") && !shown.contains("from-file"),
            "{shown}"
        );
        let secret = resolved
            .settings
            .credentials
            .client_secret
            .text()
            .expose_secret()
            .to_owned();
        format!("{secret}: {}", origin(&resolved, "client_secret"))
    };
    let flag = format!("--client-secret-file {path}");
    let key = format!("client_secret_file = '{path}'");
    let env = [("AUTOPILOT_CLIENT_SECRET_FILE", path)];
    let unset = [
        ("CXONE_CLIENT_SECRET", ""),
        ("AUTOPILOT_CLIENT_SECRET_FILE", path),
    ];
    assert_eq!(
        secret(&flag, &[], ""),
        "from-file: (set) from --client-secret-file"
    );
    assert_eq!(
        secret("", &env, &key),
        "hunter2: (set) from CXONE_CLIENT_SECRET"
    );
    assert_eq!(
        secret("", &unset, ""),
        "from-file: (set) from AUTOPILOT_CLIENT_SECRET_FILE"
    );
    assert_eq!(
        secret("", &unset[..1], &key),
        "from-file: (set) from line 1"
    );
    let one = run("", &[], "").settings.digest();
    let other = run("", &[("CXONE_CLIENT_SECRET", "other")], "")
        .settings
        .digest();
    assert_eq!(one, other, "the secret is not part of the digest");
    assert_ne!(one, run("--once", &[], "").settings.digest());
}

#[test]
fn agents_are_selected_in_each_way() {
    let file = |agents: &str| format!("[[campaign]]\nid = \"x\"\nagents{agents}");
    for (agents, shown) in [
        (" = \"all\"", "all agents"),
        (".any_skill = [\"s\"]", "any of s"),
        (" = { all_skills = [\"s\", \"t\"] }", "all of s, t"),
        (" = { ids = [\"7\"] }", "agents 7"),
    ] {
        let resolved = run("", &[], &file(agents));
        assert_eq!(policy(&resolved, "x").selector.to_string(), shown);
    }
    for wrong in [
        " = \"some\"",
        " = 1",
        " = {}",
        " = { ids = [\"7\"], any_skill = [\"s\"] }",
        " = { ids = \"7\" }",
        " = { ids = [7] }",
        " = { ids = [\" \"] }",
    ] {
        let told = faults("", &[], &file(wrong));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("FILE:3: campaign.x.agents: "),
            "{told:?}"
        );
    }
}

#[test]
fn closed_words_are_those_that_are_read() {
    // Where words of the other platform mean something.
    let forms = [
        ("AUTOPILOT_PLATFORM", "vicidial"),
        ("CXONE_CAMPAIGN_ID", "OUTBA"),
    ];
    let other = [
        ("AUTOPILOT_PLATFORM", "cxone-acd"),
        ("AUTOPILOT_AREA", "na1"),
        ("CXONE_CAMPAIGN_ID", "4711"),
    ];
    // Where each request is signed; in a build that has it.
    let signed = [
        ("AUTOPILOT_PLATFORM", "amazon-connect"),
        ("AUTOPILOT_REGION", "eu-west-2"),
        ("AUTOPILOT_INSTANCE_ID", "i"),
    ];
    let has_signed = Dialect::AmazonConnect.absent().is_none();
    for row in rows().filter(|row| row.kind == Kind::Word) {
        for word in row.words() {
            let is_signed = matches!(word, "amazon-connect" | "v1" | "zero");
            if is_signed && !has_signed {
                continue;
            }
            let line = format!("{} {word}", row.flag.unwrap());
            let of_other = word == "cxone-acd" || row.key == "agents";
            let env: &[(&str, &str)] = match word {
                "genesys-cloud" => &[("AUTOPILOT_REGION", "mypurecloud.ie")],
                _ if row.key == "notifications" => &[
                    ("AUTOPILOT_PLATFORM", "genesys-cloud"),
                    ("AUTOPILOT_REGION", "mypurecloud.ie"),
                ],
                "vicidial" => &forms,
                _ if row.key == "pause_method" => &forms,
                _ if of_other => &other,
                _ if is_signed => &signed,
                _ => &[],
            };
            let elsewhere = row.key == "actuator" && word != "idle-reserve";
            let env = if elsewhere || (row.key == "count" && word != "free") {
                &other
            } else {
                env
            };
            // Means something with an aim alone.
            let aim = if word == "idle-reserve" {
                "abandon_target = \"0.5%\"\n"
            } else {
                ""
            };
            assert_eq!(
                origin(&run(&line, env, aim), row.key).split(' ').next(),
                Some(word)
            );
        }
        let told = faults(&format!("{} sideways", row.flag.unwrap()), &[], "");
        let words: Vec<&str> = row.words().collect();
        assert_eq!(told.len(), 1, "{told:?}");
        // Of what means nothing on the platform in force, that is all that is said.
        let foreign = told[0].contains(": means nothing on ");
        assert!(foreign || told[0].ends_with(&words.join(", ")), "{told:?}");
    }
}

#[test]
fn general_names_and_those_of_the_documents_mean_the_same() {
    let general = [
        ("AUTOPILOT_BASE_URL", "https://api.example.com"),
        ("AUTOPILOT_CLIENT_ID", "us"),
        ("AUTOPILOT_CLIENT_SECRET", "hunter2"),
        ("CXONE_CAMPAIGN_ID", "a"),
        ("HOME", "/home/ops"),
    ];
    let named = run("", &[], "");
    let resolved = try_run("", &general, None).unwrap();
    assert_eq!(resolved.settings.digest(), named.settings.digest());
    assert_eq!(
        origin(&resolved, "base_url"),
        "https://api.example.com from AUTOPILOT_BASE_URL"
    );
    assert_eq!(
        origin(&named, "base_url"),
        "https://api.example.com from CXONE_BASE_URL"
    );
    assert_eq!(
        origin(&run("", &general, ""), "client_secret"),
        "(set) from AUTOPILOT_CLIENT_SECRET",
        "both say the same"
    );
    let told = faults(
        "--client-id us",
        &[
            ("AUTOPILOT_BASE_URL", "https://other.example.com"),
            ("AUTOPILOT_CLIENT_ID", "other"),
            ("AUTOPILOT_CLIENT_SECRET", "hunter3"),
        ],
        "",
    );
    let expected = ["BASE_URL", "CLIENT_ID", "CLIENT_SECRET"].map(|name| {
        let (general, other) = (format!("AUTOPILOT_{name}"), format!("CXONE_{name}"));
        let key = name.to_lowercase();
        format!("{general}: {key}: {other} says something else; unset one of {general} and {other}")
    });
    assert_eq!(told, expected);
}

#[test]
fn a_platform_that_cannot_be_steered_is_refused_with_those_that_can() {
    let resolved = run("", &[], "platform = \"cxone-v2\"");
    assert_eq!(origin(&resolved, "platform"), "cxone-v2 from line 1");
    assert_eq!(
        resolved.settings.digest(),
        run("", &[], "").settings.digest()
    );
    let told = faults("", &[("AUTOPILOT_PLATFORM", "cxone-v9")], "");
    assert_eq!(
        told,
        [
            "AUTOPILOT_PLATFORM: platform: `cxone-v9` is not known; write one of cxone-v2, cxone-acd, genesys-cloud, vicidial, amazon-connect"
        ]
    );
}

#[test]
fn preview_campaigns_or_queues_alone_are_enough_to_work_on() {
    let env: Vec<_> = ENOUGH
        .into_iter()
        .filter(|(name, _)| *name != "CXONE_CAMPAIGN_ID")
        .collect();
    let alone = try_run("", &env, Some("[[queue]]\nid = \"q\"\n")).unwrap();
    assert_eq!(alone.settings.policies.len(), 0);
    assert_eq!(alone.settings.queues.len(), 1);
    let (_directory, roster) =
        written("id,skills,start,end,zone,concurrency\na,s,09:00,17:00,UTC,1\n");
    let preview = "[[preview]]\ncampaign = \"p\"\nskills = [\"s\"]\ntarget_rate = 4\nmost = 9\nzones = [\"UTC\"]\n";
    let alone = try_run(&format!("--roster {roster}"), &env, Some(preview)).unwrap();
    assert_eq!(alone.settings.policies.len(), 0);
    assert_eq!(alone.settings.lists().len(), 1);
    assert!(try_run("", &env, Some("pause_below = 3\n")).is_err());
}

#[test]
fn thresholds_above_the_agents_who_are_named_are_told() {
    let table = |needed: &str| {
        let file = format!(
            "[[campaign]]\nid = \"a\"\npause_below = 1\nresume_at = {needed}\nagents = {{ ids = [\"x\", \"y\"] }}\n"
        );
        let resolved = run("", &[], &file);
        let warnings = resolved.warnings.iter();
        warnings.map(ToString::to_string).collect::<Vec<_>>()
    };
    let told = table("3");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0]
            .contains("campaign.a.agents: names 2 agents, so that resume_at 3 cannot be reached"),
        "{told:?}"
    );
    assert_eq!(table("2"), [""; 0]);
}
