//! What each platform can do, as `platforms` prints it and as the documents carry it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::centre::Invocation;

fn printed(form: &str) -> String {
    let done = Invocation::bare().args(&["platforms", "-o", form]).output();
    assert_eq!(done.code(), 0, "{}", done.stderr);
    done.stdout
}

#[test]
fn the_documents_carry_the_table_that_is_printed() {
    let table = printed("markdown");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["README.md", "docs/reference/platforms.md"] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        assert!(
            text.contains(table.trim_end()),
            "{page} lacks what `campaign-autopilot platforms -o markdown` prints:\n{table}"
        );
    }
}

#[test]
fn people_and_programs_are_told_the_same_platforms() {
    let report: Value = serde_json::from_str(&printed("json")).unwrap();
    assert_eq!(report["schema"], 1);
    let platforms = report["platforms"].as_array().unwrap();
    let table = printed("table");
    for platform in platforms {
        let name = platform["platform"].as_str().unwrap();
        let basis = platform["written_from"].as_str().unwrap();
        assert!(
            table.contains(name) && table.contains(basis),
            "{name}: {table}"
        );
        assert!(!platform["rights"].is_null(), "{platform}");
    }
    let header = table.lines().find(|line| line.starts_with("  ")).unwrap();
    assert_eq!(header.split_whitespace().count(), platforms.len());
}
