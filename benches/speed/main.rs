//! Speed and memory, as ratios against something measured in the same run: `cargo bench`.
//!
//! Name one or more of `paging`, `counting`, `deciding`, `assigning`, `calls`, `committing`, `resting`, `simulating`, `delivering`,
//! `flooding`, `observing`, `plotting`, `tenants` to run only those.
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot start has nothing else to do"
)]

mod assigning;
mod calls;
mod committing;
mod counting;
mod deciding;
mod delivering;
mod flooding;
mod observing;
mod paging;
mod platform;
mod plotting;
mod resting;
mod simulating;
mod stopwatch;
mod tenants;

#[path = "../../tests/support/postgres.rs"]
#[expect(dead_code, reason = "tests restart the server")]
mod cluster;

fn main() {
    // `cargo bench` passes --bench along.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let benches: [(&str, fn()); 13] = [
        ("paging", paging::run),
        ("counting", counting::run),
        ("deciding", deciding::run),
        ("assigning", assigning::run),
        ("calls", calls::run),
        ("committing", committing::run),
        ("resting", resting::run),
        ("simulating", simulating::run),
        ("delivering", delivering::run),
        ("flooding", flooding::run),
        ("observing", observing::run),
        ("plotting", plotting::run),
        ("tenants", tenants::run),
    ];
    for (name, bench) in benches {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            bench();
        }
    }
}
