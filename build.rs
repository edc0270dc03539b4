//! Tells the program which revision and compiler made it, and gives it the description of its API.

use std::path::Path;
use std::process::Command;

/// The description of the admin API.
const DESCRIPTION: &str = "src/serve/openapi.json";

fn main() {
    println!(
        "cargo::rustc-env=AUTOPILOT_REVISION={}",
        first_line("git", &["rev-parse", "--short=12", "HEAD"])
    );
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    println!(
        "cargo::rustc-env=AUTOPILOT_RUSTC={}",
        first_line(&rustc, &["--version"])
    );
    if let Err(wrong) = without_indentation(DESCRIPTION, "openapi.json") {
        println!("cargo::error={DESCRIPTION}: {wrong}");
    }
    println!("cargo::rerun-if-changed={DESCRIPTION}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=.git/HEAD");
}

/// Copies a JSON file for the program, which needs none of the white space that people read it by.
fn without_indentation(from: &str, name: &str) -> std::io::Result<()> {
    let text = std::fs::read_to_string(from)?;
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let directory = std::env::var_os("OUT_DIR").unwrap_or_default();
    std::fs::write(Path::new(&directory).join(name), lines.join("\n"))
}

/// The first line that a command prints, or `unknown`: a source archive has no git.
fn first_line(command: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    Command::new(command)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .and_then(|text| text.lines().next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned())
}
