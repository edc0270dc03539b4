//! Tells the program which revision and compiler made it.

use std::process::Command;

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
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=.git/HEAD");
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
