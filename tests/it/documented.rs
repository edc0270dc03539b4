//! What the documents print is what the program does: the page of the command line, the exit codes, the examples, and the commands of
//! the README.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use campaign_autopilot::domain::MessageKind;

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, Invocation, wait_until};
use crate::receiver::{Answering, Receiver};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The short help of a command.
fn short_help(words: &[&str]) -> String {
    let done = Invocation::bare().args(words).arg("-h").output();
    assert_eq!(done.code(), 0, "{words:?}: {}", done.stderr);
    done.stdout
}

/// The commands that a help lists: under any heading, a name behind two blanks.
fn commands_of(help: &str) -> Vec<String> {
    let named = help.lines().filter_map(|line| {
        let rest = line.strip_prefix("  ")?;
        let name = rest.split(' ').next()?;
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase());
        (is_name && name != "help").then(|| name.to_owned())
    });
    named.collect()
}

/// Writes the section of a command and those of its own commands.
fn describe(words: &[&str], page: &mut String) {
    const SETTINGS: &str = "\nPlatform:\n";
    let help = short_help(words);
    let name = [&["campaign-autopilot"], words].concat().join(" ");
    let (own, settings) = match help.split_once(SETTINGS) {
        Some((own, _)) => (own, true),
        None => (help.as_str(), false),
    };
    let further = if settings {
        "\nAnd the flags of [all settings](settings.md).\n"
    } else {
        ""
    };
    write!(
        page,
        "\n## {name}\n\n```text\n{}\n```\n{further}",
        own.trim_end()
    )
    .unwrap();
    let has_commands = own.contains(" <COMMAND>\n");
    for command in commands_of(own).iter().filter(|_| has_commands) {
        describe(&[words, &[command.as_str()]].concat(), page);
    }
}

#[test]
fn the_page_of_the_command_line_is_what_the_program_prints() {
    const PAGE: &str = "docs/reference/command-line.md";
    let found = read(PAGE);
    let mut wanted = found
        .split_once("\n## ")
        .map_or(found.as_str(), |(head, _)| head)
        .to_owned();
    describe(&[], &mut wanted);
    if found != wanted {
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command-line.md");
        fs::write(&made, wanted).unwrap();
        panic!("{PAGE} is old: cp {} {PAGE}", made.display());
    }
    assert!(found.contains("\n## campaign-autopilot webhook test\n"));
}

/// What stands between quotation marks and is the name of a document with a version: `check/1`.
fn schemas(text: &str, mark: char) -> BTreeSet<String> {
    let is_name = |text: &str| {
        text.split_once('/').is_some_and(|(name, version)| {
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            !name.is_empty() && name.chars().all(plain) && version.parse::<u32>().is_ok()
        })
    };
    let quoted = text.split(mark).filter(|text| is_name(text));
    quoted.map(ToOwned::to_owned).collect()
}

/// The sources of the commands, in every folder.
fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_page_of_documents_has_each_that_the_commands_print() {
    let mut program = String::new();
    sources(&root().join("src/cli"), &mut program);
    // Records are described on a page of their own.
    let elsewhere = ["audit/1", "decisions/1", "series/1", "transitions/1"];
    let mut printed = schemas(&program, '"');
    printed.retain(|name| !elsewhere.contains(&name.as_str()));
    let page = schemas(&read("docs/reference/json.md"), '`');
    assert_eq!(page, printed);
    assert!(page.len() > 20, "{page:?}");
}

/// The numbers that a text begins its rows or parts with.
fn codes<'t>(parts: impl Iterator<Item = &'t str>) -> BTreeSet<u8> {
    let first = parts.filter_map(|part| part.trim().split(' ').next()?.parse().ok());
    first.collect()
}

#[test]
fn the_page_of_exit_codes_has_those_of_the_help() {
    let help = Invocation::bare().arg("--help").output().stdout;
    let told = help.split("Exit codes:").nth(1).unwrap();
    let told = told.replace('\n', " ");
    let of_help = codes(told.split(','));
    let page = read("docs/reference/exit-codes.md");
    let of_page = codes(page.lines().filter_map(|line| line.strip_prefix("| ")));
    assert_eq!(of_page, of_help);
    assert!(of_page.len() > 10, "{of_page:?}");
}

/// Each in a heading, and each heading that names one is of one that there is.
#[test]
fn the_page_of_events_has_each_of_them() {
    let page = read("docs/reference/events.md");
    let headings = page.lines().filter_map(|line| line.strip_prefix("## `"));
    let of_page: BTreeSet<&str> = headings
        .flat_map(|line| line.split(['`', ',', ' ']))
        .filter(|word| !word.is_empty())
        .collect();
    let known: BTreeSet<&str> = MessageKind::ALL.map(MessageKind::name).into();
    assert_eq!(of_page, known);
}

/// The variable that the fault of a missing value names first.
fn wanted_variable(fault: &str) -> Option<&str> {
    let starts = fault.find("AUTOPILOT_")?;
    let rest = fault.get(starts..)?;
    let ends = rest.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    rest.get(..ends.unwrap_or(rest.len()))
}

/// Whoever takes an example has to say what is theirs alone: where it is no part of the file, the address, and the secrets.
#[test]
fn the_examples_lack_nothing_but_addresses_and_secrets() {
    let mut checked = 0;
    for entry in fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        if text.contains("\"amazon-connect\"") && !cfg!(feature = "amazon-connect") {
            continue;
        }
        let mut check = Invocation::bare();
        check
            .env("HOME", "/home/ops")
            .args(&["check", "--quiet", "--config"])
            .arg(&path);
        let lacking = check.output();
        for fault in lacking.stderr.lines() {
            let Some(variable) = wanted_variable(fault) else {
                continue;
            };
            let value = match variable {
                "AUTOPILOT_BASE_URL" => "https://api.example.com",
                "AUTOPILOT_CLIENT_ID" => "autopilot",
                other if other.starts_with("AUTOPILOT_RECEIVER_URL_") => {
                    "https://hooks.example.com/autopilot"
                }
                other => {
                    assert!(
                        ["SECRET", "TOKEN", "ROUTING_KEY"]
                            .iter()
                            .any(|secret| other.contains(secret)),
                        "{fault}"
                    );
                    "0123456789abcdef0123456789abcdef"
                }
            };
            check.env(variable, value);
        }
        let done = check.output();
        assert_eq!(done.code(), 0, "{}: {}", path.display(), done.stderr);
        // Whether a calendar is closed depends on the time of day.
        let mut told = done.stderr.lines();
        assert!(
            told.all(|line| line.starts_with("warning: calendar ")),
            "{}: {}",
            path.display(),
            done.stderr
        );
        checked += 1;
    }
    assert!(checked >= 7, "{checked} examples");
}

/// The commands of a console, without their comments, as words.
fn typed(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("$ "));
    lines
        .map(|line| {
            let line = line.split("  #").next().unwrap().trim();
            let mut words = Vec::new();
            for (at, part) in line.split('\'').enumerate() {
                if at % 2 == 1 {
                    words.push(part.to_owned());
                } else {
                    words.extend(part.split_whitespace().map(str::to_owned));
                }
            }
            words
        })
        .collect()
}

/// What the README says to type works as it is printed there, with an address and credentials in the place of its own.
#[test]
fn the_readmes_commands_run_as_printed() {
    let readme = read("README.md");
    let part = readme.split("\n## Run it\n").nth(1).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let commands = typed(part);
    let centre = Centre::new();
    let mut environment = Vec::new();
    let mut tried = 0;
    let mut running: Option<(Daemon, Api)> = None;
    for words in &commands {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["export", given @ ..] => {
                for one in given {
                    let (name, value) = one.split_once('=').unwrap();
                    let value = match name {
                        "AUTOPILOT_BASE_URL" => centre.base_url.clone(),
                        "AUTOPILOT_CLIENT_ID" => "autopilot".to_owned(),
                        "AUTOPILOT_CLIENT_SECRET" => "autopilot-secret".to_owned(),
                        _ => value.to_owned(),
                    };
                    if name == "CXONE_CAMPAIGN_ID" && value != CAMPAIGN {
                        centre.platform.put_campaign(&value, "RUNNING");
                    }
                    environment.push((name.to_owned(), value));
                }
                continue;
            }
            ["campaign-autopilot", rest @ ..] => {
                let mut invocation = Invocation::bare();
                for (name, value) in &environment {
                    invocation.env(name, value);
                }
                invocation.env("AUTOPILOT_STATE_DIR", centre.state_dir());
                if rest.first() == Some(&"run") {
                    // The one before has been ended, as somebody at a terminal would.
                    if let Some((daemon, _)) = running.take() {
                        daemon.stop();
                    }
                    let daemon = invocation
                        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
                        .env("AUTOPILOT_POLL_INTERVAL", "1s")
                        .env("AUTOPILOT_LOG_FORMAT", "json")
                        .args(rest)
                        .start();
                    let api = Api::of(&daemon);
                    wait_until("it is ready", || api.get("/readyz").status == 200);
                    running = Some((daemon, api));
                } else {
                    if let Some((_, api)) = &running {
                        invocation.env("AUTOPILOT_SERVER", format!("http://{}", api.address));
                    }
                    let done = invocation.args(rest).output();
                    assert_eq!(done.code(), 0, "{rest:?}: {}{}", done.stdout, done.stderr);
                }
            }
            other => panic!("{other:?} is typed and not tried"),
        }
        tried += 1;
    }
    assert!(tried >= 5, "{commands:?}");
    if let Some((daemon, _)) = running {
        daemon.stop();
    }
}

#[test]
fn a_receiver_is_tested_without_a_platform() {
    let receiver = Receiver::start(Answering::Status(204));
    let mut test = Invocation::bare();
    test.env(
        "AUTOPILOT_WEBHOOK_SECRET",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    .args(&["webhook", "test"]);
    let nobody = test.output();
    assert_eq!(nobody.code(), 78, "{}", nobody.stdout);
    assert!(nobody.stderr.contains("--webhook-url"), "{}", nobody.stderr);
    let done = test.env("AUTOPILOT_WEBHOOK_URL", receiver.url()).output();
    assert_eq!(done.code(), 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(receiver.taken().len(), 1);
    // What is wrong all the same is told, and nothing of the platform.
    let unsigned = test.env_remove("AUTOPILOT_WEBHOOK_SECRET").output();
    assert_eq!(unsigned.code(), 78);
    let told: Vec<&str> = unsigned.stderr.lines().collect();
    assert_eq!(told.len(), 2, "{}", unsigned.stderr);
    assert!(
        told[0].starts_with("webhook_secret: is missing"),
        "{told:?}"
    );
}
