//! Faults of a roster, told row by row at first and then counted: one mistake is often made in every row.

use std::collections::BTreeMap;

use crate::settings::fault::{Findings, Origin, Problem};

/// Rows in which the same is wrong that are told one by one.
const TOLD: usize = 20;

/// Faults of a roster.
pub(super) struct FoldedFaults<'f> {
    faults: &'f mut Findings,
    /// By key and remedy, which the same fault has in every row.
    repeats: BTreeMap<(String, String), Repeats>,
}

struct Repeats {
    number: usize,
    /// The first row that is not told.
    first_folded: Option<Origin>,
}

impl<'f> FoldedFaults<'f> {
    pub(super) fn new(faults: &'f mut Findings) -> Self {
        Self {
            faults,
            repeats: BTreeMap::new(),
        }
    }

    pub(super) fn push(&mut self, origin: &Origin, key: impl Into<String>, problem: Problem) {
        let key = key.into();
        let same = (key.clone(), problem.remedy.clone());
        let repeats = self.repeats.entry(same).or_insert(Repeats {
            number: 0,
            first_folded: None,
        });
        repeats.number = repeats.number.saturating_add(1);
        if repeats.number <= TOLD {
            self.faults.push(origin, key, problem);
        } else if repeats.first_folded.is_none() {
            repeats.first_folded = Some(origin.clone());
        }
    }

    /// Tells how many rows were not told.
    pub(super) fn finish(self) {
        for ((key, remedy), repeats) in self.repeats {
            let Some(origin) = repeats.first_folded else {
                continue;
            };
            let more = grouped(repeats.number.saturating_sub(TOLD));
            let rows = if more == "1" { "row" } else { "rows" };
            let problem = Problem::new(format!("is wrong in {more} more {rows}"), remedy);
            self.faults.push(&origin, key, problem);
        }
    }
}

/// A number with its thousands set apart.
fn grouped(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!(
            "{},{:03}",
            grouped(number.div_euclid(1_000)),
            number.rem_euclid(1_000)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (2_980, "2,980"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
