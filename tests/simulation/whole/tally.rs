//! What many runs came to: faults by kind, promises at stake, and what was broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::dialect::Dialect;
use super::draw::{Dice, KINDS, draw};
use super::judge::{Invariant, Verdict, Violation};
use super::record::Record;
use super::schedule::Setup;

/// Counts over many runs.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) schedules: u64,
    pub(crate) requests: u64,
    pub(crate) commands: u64,
    pub(crate) lives: u64,
    pub(crate) races: u64,
    pub(crate) alike: u64,
    pub(crate) injected: BTreeMap<&'static str, u64>,
    pub(crate) acts: BTreeMap<&'static str, u64>,
    pub(crate) stakes: BTreeMap<Invariant, u64>,
    /// Violations, with their seeds.
    pub(crate) violations: Vec<(u64, Violation)>,
}

impl Tally {
    pub(crate) fn add(&mut self, record: &Record, verdict: &Verdict) {
        self.schedules += 1;
        self.requests += u64::try_from(record.requests.len()).unwrap_or(u64::MAX);
        self.lives += u64::try_from(record.lives.len()).unwrap_or(u64::MAX);
        self.races += verdict.races;
        self.alike += verdict.alike;
        for request in &record.requests {
            if request.writes() {
                self.commands += 1;
            }
            if let Some(fault) = request.fault {
                *self.injected.entry(fault).or_default() += 1;
            }
        }
        for (_, act) in &record.schedule.acts {
            if !matches!(act, super::schedule::Act::Fault { .. }) {
                *self.acts.entry(act.name()).or_default() += 1;
            }
        }
        for quirk in record
            .schedule
            .setup
            .dialect()
            .properties(&record.schedule.setup)
        {
            *self.acts.entry(quirk).or_default() += 1;
        }
        for (invariant, many) in &verdict.stakes {
            *self.stakes.entry(*invariant).or_default() += many;
        }
        let seed = record.schedule.seed;
        let found = verdict.violations.iter();
        self.violations
            .extend(found.map(|violation| (seed, violation.clone())));
    }

    /// What never happened, though the run is there for it: an idle run is no proof.
    pub(crate) fn idle(&self, dialect: Dialect) -> Vec<String> {
        let mut dice = Dice(fastrand::Rng::with_seed(0));
        let whole = Setup {
            previews: true,
            queue: true,
            ..draw(dialect, 0).setup
        };
        let faults = KINDS
            .iter()
            .filter(|kind| !dialect.endpoints(kind.place, &whole).is_empty())
            .map(|kind| (kind.fault)(&mut dice).name())
            .filter(|name| !self.injected.contains_key(name))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|name| format!("fault {name} was never injected"));
        let promises = Invariant::ALL
            .into_iter()
            .filter(|invariant| dialect.concerns(*invariant))
            .filter(|invariant| self.stakes.get(invariant).copied().unwrap_or(0) == 0)
            .map(|invariant| format!("never at stake: {}", invariant.promise()));
        faults.chain(promises).collect()
    }

    /// The report, for people.
    pub(crate) fn report(&self) -> String {
        let mut text = format!(
            "{} schedules, {} lives, {} requests, {} writes; {} acts too late for anybody to know of, {} within the window of a request for the same\n",
            self.schedules, self.lives, self.requests, self.commands, self.races, self.alike
        );
        let list = |counts: &BTreeMap<&'static str, u64>| {
            counts
                .iter()
                .map(|(name, many)| format!("{name} {many}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        writeln!(text, "faults injected: {}", list(&self.injected)).unwrap();
        writeln!(text, "happened: {}", list(&self.acts)).unwrap();
        text.push_str("promises, and how often each was at stake:\n");
        for (invariant, many) in &self.stakes {
            writeln!(text, "{many:>10}  {}", invariant.promise()).unwrap();
        }
        let seeds: BTreeSet<u64> = self.violations.iter().map(|(seed, _)| *seed).collect();
        writeln!(
            text,
            "violations: {} in {} schedules",
            self.violations.len(),
            seeds.len()
        )
        .unwrap();
        text
    }
}
