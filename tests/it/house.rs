//! The house is as its map says: layers, sizes, names, and documents that tell the truth.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use campaign_autopilot::domain::{Stage, Suppression};

use crate::centre::Invocation;
use crate::circles::circles;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// What each layer may name of ours. An entry may be a path within a layer.
fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    // The hand-moved clock is there for tests only.
    let adapters = vec![
        "domain",
        "telemetry",
        "control::ports",
        "control::hand_clock",
    ];
    BTreeMap::from([
        ("domain", vec![]),
        ("telemetry", vec!["domain"]),
        // What a platform is asked for stands beside the dialects that answer it.
        ("control", vec!["domain", "telemetry", "platform::port"]),
        ("platform", adapters.clone()),
        (
            "store",
            [
                adapters.clone(),
                vec![
                    "notify::ports",
                    "control::operator",
                    "control::queues::ports",
                    "control::series",
                ],
            ]
            .concat(),
        ),
        ("notify", adapters),
        (
            "serve",
            vec![
                "domain",
                "telemetry",
                "control::ports",
                "control::operator",
                "control::queues::desk",
                "control::series",
                "control::AssignmentView",
                "control::CampaignView",
                "control::DispatchView",
                "control::QueueView",
                "control::ObservableState",
            ],
        ),
        ("simulator", vec![]),
        ("experiment", vec!["domain", "simulator"]),
        (
            "cli",
            vec![
                "control",
                "domain",
                "experiment",
                "notify",
                "platform",
                "serve",
                "simulator",
                "store",
                "telemetry",
            ],
        ),
        // Opened for `cargo fuzz` and the tests only.
        (
            "fuzzing",
            vec![
                "cli::fuzzing",
                "platform::cxone_v2::fuzzing",
                "platform::http::fuzzing",
                "simulator",
            ],
        ),
    ])
}

/// Paths behind every `crate::` of a source, with `crate::{a, b}` taken apart.
fn named(source: &str) -> Vec<String> {
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        if let Some(list) = part.strip_prefix('{') {
            let list = list.split('}').next().unwrap_or_default();
            found.extend(list.split(',').map(|item| item.trim().to_owned()));
        } else {
            let path: String = part
                .chars()
                .take_while(|c| c.is_alphanumeric() || "_:".contains(*c))
                .collect();
            found.push(path);
        }
    }
    found
}

#[test]
fn layers_import_only_what_they_may() {
    for (layer, may) in allowed() {
        for file in sources(&root().join("src").join(layer)) {
            let source = fs::read_to_string(&file).unwrap();
            for path in named(&source) {
                let own = path == layer || path.starts_with(&format!("{layer}::"));
                let permitted = may
                    .iter()
                    .any(|allowed| path == *allowed || path.starts_with(&format!("{allowed}::")));
                assert!(own || permitted, "{} names crate::{path}", file.display());
            }
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let src = root().join("src");
    let texts = sources(&src).into_iter().map(|file| {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(&src).unwrap();
        (name.to_str().unwrap().replace('\\', "/"), text)
    });
    let texts: BTreeMap<String, String> = texts.collect();
    for folder in [
        "domain/campaign/stages",
        "platform/cxone_acd",
        "simulator/dialects",
    ] {
        let below = |file: &String| file.starts_with(folder);
        assert!(texts.keys().any(below), "{folder} is not looked at");
    }
    let found = circles(&texts);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_cycle_only_sequences() {
    let control = root().join("src/control");
    let cycle = fs::read_to_string(control.join("cycle.rs")).unwrap();
    assert!(
        cycle.lines().count() < 250,
        "what it does belongs to a part"
    );
    for file in sources(&control) {
        let source = fs::read_to_string(&file).unwrap();
        let many = source.lines().filter(|line| *line == "impl Cycle {");
        let expected = usize::from(file.ends_with("cycle.rs"));
        assert_eq!(many.count(), expected, "{}", file.display());
    }
}

#[test]
fn layers_never_contain_what_is_not_theirs() {
    for (layer, words) in [
        (
            "domain",
            vec![
                "async fn",
                "tracing::",
                "Instant::now",
                "SystemTime",
                "HashMap",
                "std::fs",
                "std::net",
                "tokio",
            ],
        ),
        (
            "control",
            vec!["reqwest", "hyper::", "rusqlite", "cxone", "Cxone"],
        ),
        ("serve", vec!["rusqlite", "reqwest"]),
        ("notify", vec!["rusqlite", "SELECT ", "cxone_v2"]),
    ] {
        for file in sources(&root().join("src").join(layer)) {
            let source = fs::read_to_string(&file).unwrap();
            for word in &words {
                let line = source
                    .lines()
                    .find(|line| !line.trim_start().starts_with("//") && line.contains(word));
                assert_eq!(line, None, "{} contains {word}", file.display());
            }
        }
    }
    let outside = sources(&root().join("src"))
        .into_iter()
        .filter(|file| !file.ends_with("platform/http/retry.rs"));
    for file in outside {
        let source = fs::read_to_string(&file).unwrap();
        assert!(
            !source.contains("backoff::"),
            "{}: backoff stays in one module",
            file.display()
        );
    }
}

/// A further platform is a folder, an arm in the dialects and a simulator: nothing else knows one from another.
#[test]
fn only_dialects_name_vendors_and_speak_their_words() {
    let src = root().join("src");
    // The vendors' folders, the list of dialects, the platform to try against, and what is fuzzed.
    let vendors = [
        "platform/cxone_v2",
        "platform/cxone_acd",
        "platform/dialect",
        "simulator",
        "fuzzing",
    ];
    for file in sources(&src) {
        let path = file.strip_prefix(&src).unwrap();
        if vendors.iter().any(|vendor| path.starts_with(vendor)) {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        let code = source
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let module = path == Path::new("platform/mod.rs") && line.starts_with("pub mod cxone_");
            for vendor in ["cxone_v2", "cxone_acd", "Cxone"] {
                assert!(
                    module || !line.contains(vendor),
                    "{}: {line}",
                    file.display()
                );
            }
        }
    }
    // Words of a platform decide nothing; stores of 0.1.0 and the documents of messages have them.
    let exempt = ["stored_reading.rs", "envelope.rs"];
    for file in sources(&src.join("domain")) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        if exempt.contains(&name) || name.ends_with("_tests.rs") {
            continue;
        }
        for word in ["\"RUNNING\"", "\"PAUSED\""] {
            assert!(!code.contains(word), "{} contains {word}", file.display());
        }
    }
}

#[test]
fn files_stay_small_and_have_a_name_of_their_own() {
    for folder in ["src", "tests", "benches", "fuzz/fuzz_targets"] {
        for file in sources(&root().join(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(
                lines <= 800,
                "{} has {lines} lines: is it one concept?",
                file.display()
            );
            let name = file.file_stem().unwrap().to_str().unwrap();
            assert!(
                !["utils", "util", "common", "helpers", "manager"].contains(&name),
                "{}",
                file.display()
            );
        }
    }
}

#[test]
fn every_file_begins_with_what_it_is() {
    for file in sources(&root().join("src")) {
        let source = fs::read_to_string(&file).unwrap();
        assert!(
            source.starts_with("//!") || source.starts_with("#![doc"),
            "{}",
            file.display()
        );
    }
}

#[test]
fn the_changelog_heads_with_this_version() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let first = changelog
        .lines()
        .find_map(|line| line.strip_prefix("## "))
        .unwrap();
    assert!(first.starts_with(env!("CARGO_PKG_VERSION")), "{first}");
}

/// Flags in a text: words that begin with two dashes.
fn flags(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
    let mut found: Vec<String> = words
        .filter(|word| word.len() > 3 && word.starts_with("--") && !word.starts_with("---"))
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn the_readme_names_every_flag_of_run_and_no_other() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme
        .split("## Flags")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let help = Invocation::bare().args(&["run", "--help"]).output().stdout;
    let mut of_help = flags(&help);
    of_help.retain(|flag| flag != "--help");
    let mut of_readme = flags(section);
    of_readme.retain(|flag| flag != "--help");
    assert_eq!(of_readme, of_help);
}

#[test]
fn the_readme_has_every_stage_in_its_order() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let table = readme
        .split("| stage | asks |\n|---|---|\n")
        .nth(1)
        .unwrap();
    let rows = table.lines().map_while(|line| line.strip_prefix("| "));
    let names: Vec<&str> = rows.map(|row| row.split(" |").next().unwrap()).collect();
    assert_eq!(names, Stage::ALL.map(Stage::name));
}

#[test]
fn the_metrics_page_names_every_reason_that_holds_a_command_back() {
    let page = fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    for label in Suppression::ALL.map(Suppression::label) {
        assert!(page.contains(&format!("`{label}`")), "{label}");
    }
}

#[test]
fn the_readmes_commands_are_there() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for command in ["cargo run --release -- demo", "cargo test"] {
        assert!(readme.contains(command), "{command}");
    }
    let gate = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(gate.contains("cargo test"));
}
