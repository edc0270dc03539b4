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
        "secrets",
        "control::ports",
        "control::hand_clock",
    ];
    let outward = [adapters.clone(), vec!["sockets"]].concat();
    BTreeMap::from([
        ("domain", vec![]),
        ("given_file", vec![]),
        ("identity", vec!["given_file"]),
        ("secrets", vec!["given_file"]),
        ("sockets", vec![]),
        ("telemetry", vec!["domain", "sockets"]),
        // What a platform is asked for stands beside the dialects that answer it.
        ("control", vec!["domain", "telemetry", "platform::port"]),
        ("platform", outward.clone()),
        (
            "store",
            [
                adapters,
                vec!["notify::ports", "control::operator", "control::series"],
            ]
            .concat(),
        ),
        ("notify", outward),
        (
            "serve",
            vec![
                "domain",
                "identity",
                "telemetry",
                "secrets",
                "control::ports",
                "control::hand_clock",
                "control::operator",
                "control::queues::handle",
                "control::series",
                "control::AssignmentView",
                "control::CampaignView",
                "control::DispatchView",
                "control::QueueView",
                "control::ObservableState",
                "control::OutageView",
                "control::SimulationArm",
                "control::SimulationComparison",
                "control::SimulationView",
                "control::StaleRules",
            ],
        ),
        (
            "settings",
            vec![
                "domain",
                "given_file",
                "identity",
                "notify",
                "platform",
                "secrets",
                "sockets",
                "store::postgres",
                "telemetry",
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
                "given_file",
                "identity",
                "notify",
                "platform",
                "secrets",
                "serve",
                "settings",
                "simulator",
                "sockets",
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
                "platform::vicidial::fuzzing",
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
        "platform/amazon_connect",
        "platform/cxone_acd",
        "platform/genesys_cloud",
        "platform/vicidial",
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

/// What happens in the loop is recorded as a fact, and the ledger alone writes it to its sinks.
#[test]
fn only_the_ledger_writes_what_happens_in_the_loop() {
    let places = [
        "control/ledger",
        // Define the sinks' types.
        "control/ports.rs",
        // Run beside the loop, with commits and telemetry of their own.
        "control/operation/recovery.rs",
        "control/queues",
        "control/restore.rs",
        "control/rivals.rs",
        "control/guards.rs",
        // Runs beside the ticks, and has to be heard when the store cannot be written.
        "control/renewing.rs",
    ];
    let mut seen = 0;
    for (path, source) in sources_outside(&places) {
        if !path.starts_with("control") {
            continue;
        }
        seen += 1;
        for word in [
            "Events",
            "events",
            "AuditEvent",
            "AuditRow",
            "Batch {",
            "Batch::",
            "Input",
            "AssignInput",
            "Message",
            "send_modify",
            "send_if_modified",
            "send_replace",
            "debug!",
            "info!",
            "warn!",
            "error!",
        ] {
            let line = source
                .lines()
                .find(|line| !line.trim_start().starts_with("//") && has_word(line, word));
            assert_eq!(line, None, "{} writes {word}", path.display());
        }
    }
    assert!(seen > 15, "{seen} sources");
}

/// A fact that a sink forgets does not compile.
#[test]
fn no_sink_passes_over_facts_that_it_does_not_name() {
    let ledger = root().join("src/control/ledger");
    for sink in ["audit", "inputs", "memory", "messages", "telemetry", "view"] {
        let source = fs::read_to_string(ledger.join(format!("{sink}.rs"))).unwrap();
        assert!(source.contains("match fact {"), "{sink}");
        let arm = source
            .lines()
            .find(|line| line.trim_start().starts_with("_ =>"));
        assert_eq!(arm, None, "{sink}");
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

/// Where a vendor's words belong: its folders, the list of dialects, and the readers that are fuzzed.
const DIALECTS: [&str; 8] = [
    "platform/amazon_connect",
    "platform/cxone_v2",
    "platform/cxone_acd",
    "platform/genesys_cloud",
    "platform/vicidial",
    "platform/dialect",
    "simulator/dialects",
    "fuzzing",
];

/// Every source below `src` outside these places, up to its tests, with its path below `src`. Comments are included.
fn sources_outside(places: &[&str]) -> Vec<(PathBuf, String)> {
    let src = root().join("src");
    let mut found = Vec::new();
    for file in sources(&src) {
        let path = file.strip_prefix(&src).unwrap().to_owned();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let tests = name.ends_with("tests") || name.starts_with("test_");
        if tests || places.iter().any(|place| path.starts_with(place)) {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        found.push((path, code.to_owned()));
    }
    found
}

/// Whether a text has this word, and not only as a part of another.
fn has_word(text: &str, word: &str) -> bool {
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        let apart = !word.starts_with(joins) || !before.is_some_and(joins);
        apart && !after.is_some_and(joins)
    })
}

/// Vendors and products that a line names.
fn vendors(line: &str) -> Vec<&'static str> {
    let small = line.to_lowercase();
    let mut found: Vec<_> = ["cxone", "incontact", "genesys", "vicidial", "amazon"]
        .into_iter()
        .filter(|vendor| small.contains(vendor))
        .collect();
    found.extend(has_word(line, "NICE").then_some("NICE"));
    found
}

/// A further platform is a folder, an arm in the dialects and a simulator: nothing else knows one from another.
#[test]
fn only_dialects_name_vendors() {
    let mut interfaces = 0;
    for (path, source) in sources_outside(&DIALECTS) {
        for line in source.lines() {
            let module = path == Path::new("platform/mod.rs")
                && (line.starts_with("pub mod cxone_")
                    || [
                        "pub mod genesys_cloud;",
                        "pub mod vicidial;",
                        "pub mod amazon_connect;",
                    ]
                    .contains(&line));
            // The header that receivers of 0.1.0 sort messages by.
            let header = path == Path::new("notify/envelope.rs")
                && line.starts_with("const OLD_EVENT_HEADER: ");
            interfaces += usize::from(header);
            // Variables of the environment, as they were called at first.
            let mut rest = line.to_owned();
            if path.starts_with("cli") || path.starts_with("settings") {
                rest = rest.replace("CXONE_", "");
            }
            // The simulator hands requests to the folders of its dialects.
            if path.starts_with("simulator") {
                for name in [
                    "dialects::cxone_",
                    "Dialect::Cxone",
                    "dialects::genesys_cloud",
                    "Dialect::GenesysCloud",
                    "dialects::vicidial",
                    "Dialect::Vicidial",
                    "dialects::amazon_connect",
                    "Dialect::AmazonConnect",
                ] {
                    rest = rest.replace(name, "");
                }
            }
            // The help of a setting says on which platforms it counts.
            let help = path == Path::new("settings/rows.rs") && line.contains('"');
            let named = vendors(&rest);
            assert!(
                module || header || help || named.is_empty(),
                "{} names {named:?}: {line}",
                path.display()
            );
        }
    }
    assert_eq!(interfaces, 1, "a header has one place");
}

/// Words of a platform decide nothing outside its dialect.
#[test]
fn only_dialects_speak_the_words_of_the_wire() {
    // Stores of 0.1.0 have them, receivers of messages rely on them, and scenarios are written in them.
    let interfaces = [
        "domain/stored_reading.rs",
        "domain/message",
        "simulator/status.rs",
    ];
    for (path, source) in sources_outside(&[&DIALECTS[..], &interfaces].concat()) {
        for word in ["\"RUNNING\"", "\"PAUSED\"", "`RUNNING`", "`PAUSED`"] {
            assert!(!source.contains(word), "{} has {word}", path.display());
        }
    }
}

/// What a change is stands apart from the request that carries it.
#[test]
fn layers_without_a_wire_know_no_requests() {
    let mut seen = 0;
    for (path, source) in sources_outside(&DIALECTS) {
        let layers = [
            "domain",
            "control",
            "store",
            "telemetry",
            "experiment",
            "simulator/centre",
            "simulator/journal.rs",
            "simulator/world.rs",
        ];
        if !layers.iter().any(|layer| path.starts_with(layer)) && !path.starts_with("platform/port")
        {
            continue;
        }
        seen += 1;
        for word in [
            "GET", "HEAD", "PUT", "PATCH", "POST", "Patch", "hyper", "::Put", "::Post",
        ] {
            let line = source.lines().find(|line| has_word(line, word));
            assert_eq!(line, None, "{} speaks of {word}", path.display());
        }
    }
    assert!(seen > 50, "{seen} sources");
}

/// Texts below a folder that people read or write.
fn texts(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(place).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(texts(&path));
        } else if path.extension().is_some_and(|kind| {
            [
                "rs", "md", "yml", "yaml", "json", "js", "mjs", "py", "sh", "toml",
            ]
            .iter()
            .any(|known| kind == *known)
        }) {
            found.push(path);
        }
    }
    found
}

/// Mentions of documents that a reader does not have, also where a line ends within.
fn references(text: &str) -> Vec<String> {
    let words: Vec<String> = text
        .split_whitespace()
        .filter(|word| !["//", "///", "//!", "#", "*"].contains(word))
        .map(str::to_lowercase)
        .collect();
    let number = |word: &str| {
        let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
        digits.len() == 3 && digits.starts_with('0')
    };
    let pairs = words.windows(2).filter(|pair| {
        let document = |word: &str| {
            word.trim_start_matches(|c: char| !c.is_alphanumeric())
                .starts_with("document")
        };
        document(&pair[0]) && number(&pair[1]) || pair[0] == "source" && document(&pair[1])
    });
    pairs.map(|pair| pair.join(" ")).collect()
}

/// A reader has this repository and nothing else.
#[test]
fn nothing_refers_to_documents_that_are_not_here() {
    assert_eq!(references("as (document 003) says"), ["(document 003)"]);
    assert_eq!(
        references("the source\n/// documents differ, document\n//! 001's"),
        ["source documents", "document 001's"]
    );
    assert!(references("document 12 of a resource document").is_empty());
    for place in [
        "src",
        "docs",
        "alerts",
        "tests",
        "benches",
        "examples",
        "packaging",
        "grafana",
        "fuzz/fuzz_targets",
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
    ] {
        for file in texts(&root().join(place)) {
            if file.ends_with("it/house.rs") {
                continue;
            }
            let found = references(&fs::read_to_string(&file).unwrap());
            assert!(found.is_empty(), "{}: {found:?}", file.display());
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
fn the_settings_page_names_every_flag_of_run_and_no_other() {
    let page = fs::read_to_string(root().join("docs/reference/settings.md")).unwrap();
    let help = Invocation::bare().args(&["run", "--help"]).output().stdout;
    let mut of_help = flags(&help);
    of_help.retain(|flag| flag != "--help");
    let mut of_page = flags(&page);
    of_page.retain(|flag| flag != "--help");
    assert_eq!(of_page, of_help);
}

#[test]
fn the_page_on_decisions_has_every_stage_in_its_order() {
    let page = fs::read_to_string(root().join("docs/reference/decisions.md")).unwrap();
    let table = page.split("| stage | asks |\n|---|---|\n").nth(1).unwrap();
    let rows = table.lines().map_while(|line| line.strip_prefix("| "));
    let names: Vec<&str> = rows.map(|row| row.split(" |").next().unwrap()).collect();
    assert_eq!(names, Stage::ALL.map(Stage::name));
}

#[test]
fn the_metrics_page_names_every_reason_that_holds_a_command_back() {
    let page = fs::read_to_string(root().join("docs/reference/metrics.md")).unwrap();
    for label in Suppression::ALL.map(Suppression::label) {
        assert!(page.contains(&format!("`{label}`")), "{label}");
    }
}

/// Targets of the links in a text that lead to files of this repository.
fn linked_files(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split(')').next());
    let files = targets.map(|target| target.split('#').next().unwrap_or_default());
    files
        .filter(|file| !file.is_empty() && !file.contains("://"))
        .collect()
}

/// The pages under `docs` are held by their own builder, strictly.
#[test]
fn links_of_the_first_pages_lead_somewhere() {
    assert_eq!(
        linked_files("[a](src/b.md#c), [d](https://e.example/f), [g](#h)"),
        ["src/b.md"]
    );
    for page in ["README.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for file in linked_files(&text) {
            assert!(root().join(file).exists(), "{page} leads to {file}");
        }
    }
}

#[test]
fn the_readme_is_short() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.lines().count() <= 150);
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
