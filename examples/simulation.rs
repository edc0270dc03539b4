//! Lives through many schedules of the whole-daemon simulation, or through one of them with its story.
#![cfg_attr(
    not(test),
    expect(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "the harness is a test: what cannot be is its own fault, and ends it"
    )
)]

#[path = "../tests/simulation/whole/mod.rs"]
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;

use clap::Parser;

use whole::dialect::Dialect;
use whole::draw::draw;
use whole::judge::Invariant;
use whole::run::{all, try_out};
use whole::shrink::{shows, shrink};
use whole::story::{explained, replay_command, whole as whole_story};
use whole::tally::Tally;

/// Lives through schedules of the whole-daemon simulation and judges them by the truth at the platform.
#[derive(Parser)]
struct Arguments {
    /// The dialect of the platform: cxone-v2, cxone-acd or vicidial
    #[arg(long, value_name = "DIALECT", default_value = "cxone-v2", value_parser = dialect)]
    platform: Dialect,
    /// How many schedules, by the seeds from `--from` on
    #[arg(long, default_value_t = 10_000)]
    schedules: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Lives through this seed alone and tells its story
    #[arg(long)]
    seed: Option<u64>,
    /// With --seed: shrinks the schedule to what its first violation needs
    #[arg(long)]
    shrink: bool,
    /// Shrinks so many violations and tells what each comes of
    #[arg(long, default_value_t = 0)]
    causes: usize,
    /// Prints at most so many violations
    #[arg(long, default_value_t = 20)]
    most: usize,
    /// Threads; as many as there are cores unless given
    #[arg(long)]
    threads: Option<usize>,
}

fn dialect(name: &str) -> Result<Dialect, String> {
    let mut all = Dialect::ALL.into_iter();
    all.find(|dialect| dialect.name() == name)
        .ok_or_else(|| "expected cxone-v2, cxone-acd or vicidial".to_owned())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout().lock();
    let (text, right) = match arguments.seed {
        Some(seed) => one(&arguments, seed),
        None => many(&arguments),
    };
    if out.write_all(text.as_bytes()).is_err() {
        return ExitCode::FAILURE;
    }
    if right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn one(arguments: &Arguments, seed: u64) -> (String, bool) {
    let schedule = draw(arguments.platform, seed);
    let (record, verdict) = try_out(&schedule);
    let found = verdict.violations.first().cloned();
    if !arguments.shrink {
        return (whole_story(&record, &verdict), found.is_none());
    }
    let Some(violation) = found else {
        return ("nothing to shrink\n".to_owned(), true);
    };
    let smallest = shrink(&schedule, |verdict| shows(verdict, violation.invariant));
    let (record, verdict) = try_out(&smallest);
    let mut shown = verdict
        .violations
        .iter()
        .filter(|found| found.invariant == violation.invariant);
    let story = shown.next().map(|shown| explained(&record, shown));
    (
        format!("{}\n{}", smallest.story(), story.unwrap_or_default()),
        false,
    )
}

fn many(arguments: &Arguments) -> (String, bool) {
    let threads = arguments
        .threads
        .unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let tally = Mutex::new(Tally::default());
    let done = AtomicU64::new(0);
    let until = arguments.from.saturating_add(arguments.schedules);
    let dialect = arguments.platform;
    all(
        dialect,
        arguments.from..until,
        threads,
        |record, verdict| {
            let mut tally = tally.lock().unwrap();
            tally.add(record, verdict);
            let done = done.fetch_add(1, Ordering::SeqCst) + 1;
            if done.is_multiple_of(100) {
                let mut err = std::io::stderr().lock();
                let violations = tally.violations.len();
                // A progress line that cannot be written is no reason to stop.
                drop(writeln!(
                    err,
                    "{done} of {} schedules, {violations} violations",
                    arguments.schedules
                ));
            }
        },
    );
    let tally = tally.into_inner().unwrap();
    let mut text = tally.report();
    for (seed, violation) in tally.violations.iter().take(arguments.most) {
        let (line, command) = (violation.line(), replay_command(dialect, *seed));
        writeln!(text, "{line}\n    {command}").unwrap();
    }
    if arguments.causes > 0 {
        text.push_str(&causes(dialect, &tally, arguments.causes, threads));
    }
    // A short run cannot meet everything.
    let idle = if arguments.schedules < 500 {
        Vec::new()
    } else {
        tally.idle(dialect)
    };
    for line in &idle {
        writeln!(text, "{line}").unwrap();
    }
    (text, tally.violations.is_empty() && idle.is_empty())
}

/// What the first violations come of, one of each kind a seed: the fewest acts and properties that show it.
fn causes(dialect: Dialect, tally: &Tally, most: usize, threads: usize) -> String {
    let mut kinds = BTreeSet::new();
    let mut wanted: Vec<(u64, Invariant)> = tally
        .violations
        .iter()
        .map(|(seed, violation)| (*seed, violation.invariant))
        .filter(|kind| kinds.insert(*kind))
        .collect();
    // As many of each promise.
    let mut counted: BTreeMap<Invariant, usize> = BTreeMap::new();
    wanted.sort_by_cached_key(|(_, invariant)| {
        let many = counted.entry(*invariant).or_default();
        *many += 1;
        *many
    });
    wanted.truncate(most);
    let next = Mutex::new(wanted.into_iter());
    let found: Mutex<BTreeMap<String, Vec<u64>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some((seed, invariant)) = next.lock().unwrap().next() else {
                        return;
                    };
                    let smallest =
                        shrink(&draw(dialect, seed), |verdict| shows(verdict, invariant));
                    let mut names = dialect.properties(&smallest.setup);
                    names.extend(smallest.setup.strict.then_some("strict"));
                    names.extend(smallest.setup.adopt.then_some("adopt"));
                    names.extend((smallest.setup.shows_after_s > 0).then_some("shows-late"));
                    names.extend(smallest.acts.iter().map(|(_, act)| act.name()));
                    names.sort_unstable();
                    names.dedup();
                    let line = format!("{invariant:?}: {}", names.join(" + "));
                    found.lock().unwrap().entry(line).or_default().push(seed);
                }
            });
        }
    });
    let mut text = String::from("causes of violations, shrunk:\n");
    for (line, seeds) in found.into_inner().unwrap() {
        writeln!(text, "  {line}  seeds {seeds:?}").unwrap();
    }
    text
}
