//! The tools of Prometheus, where they are installed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file of the repository.
pub(super) fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Its text.
pub(super) fn text_of(path: &str) -> String {
    std::fs::read_to_string(shipped(path)).unwrap_or_else(|wrong| panic!("{path}: {wrong}"))
}

/// Whether these programs can be started. The gate must have them; elsewhere their tests are skipped, and say so.
#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
pub(super) fn there(programs: &[&str]) -> bool {
    let missing: Vec<_> = programs
        .iter()
        .filter(|program| {
            let mut command = Command::new(program);
            command
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            !command.status().is_ok_and(|status| status.success())
        })
        .collect();
    if missing.is_empty() {
        return true;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{missing:?} are missing: install prometheus and prometheus-alertmanager"
    );
    eprintln!("skipped: {missing:?} are not installed");
    false
}

/// Runs a tool with this input; it has to succeed. What it printed.
#[track_caller]
pub(super) fn run(program: &str, arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let done = child.wait_with_output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(done.status.success(), "{program} {arguments:?}: {said}");
    said
}
