//! Counts by skill: which skill sets hold a skill, as bits, so that a selector costs a few words and not a walk.

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::count::Count;
use super::hasher::HASHER;
use super::ids::SkillId;
use super::selector::Selector;

/// Skill sets of one snapshot, with the agents of each.
pub(super) struct SkillIndex {
    holders: HashTable<Holders>,
    counts: Vec<Count>,
}

/// The skill sets that hold a skill, a bit each.
struct Holders {
    skill: Box<str>,
    bits: Vec<u64>,
}

impl SkillIndex {
    /// `sets` are distinct combinations of skills, `counts` their agents.
    pub(super) fn new(sets: Vec<Box<[Box<str>]>>, counts: Vec<Count>) -> Self {
        let words = counts.len().div_ceil(64);
        let mut holders: HashTable<Holders> = HashTable::new();
        for (at, set) in sets.into_iter().enumerate() {
            let (word, bit) = (at.div_euclid(64), at.rem_euclid(64));
            for skill in set {
                let hash = HASHER.hash_one(&skill);
                let same = |known: &Holders| known.skill == skill;
                let entry = holders.entry(hash, same, |known| HASHER.hash_one(&known.skill));
                let mut held = entry.or_insert_with(|| Holders {
                    skill,
                    bits: vec![0; words],
                });
                if let Some(bits) = held.get_mut().bits.get_mut(word) {
                    *bits |= 1_u64.rotate_left(u32::try_from(bit).unwrap_or_default());
                }
            }
        }
        Self { holders, counts }
    }

    /// Counts agents with at least one of these skills.
    pub(super) fn with_any(&self, wanted: &BTreeSet<SkillId>) -> Count {
        let held: Vec<&[u64]> = wanted
            .iter()
            .filter_map(|skill| self.holders(skill))
            .collect();
        self.sum(|word| {
            held.iter()
                .filter_map(|bits| bits.get(word))
                .fold(0, |all, bits| all | bits)
        })
    }

    /// Counts agents with every one of these skills.
    pub(super) fn with_all(&self, wanted: &BTreeSet<SkillId>) -> Count {
        let held: Option<Vec<&[u64]>> = wanted.iter().map(|skill| self.holders(skill)).collect();
        let Some(held) = held else {
            return Count::default();
        };
        self.sum(|word| {
            held.iter()
                .filter_map(|bits| bits.get(word))
                .fold(u64::MAX, |all, bits| all & bits)
        })
    }

    /// Whether a selector by skills chooses the agents of a skill set.
    pub(super) fn chooses(&self, selector: &Selector, set: u32) -> bool {
        let set = usize::try_from(set).unwrap_or(usize::MAX);
        let holds = |skill: &SkillId| {
            let word = self
                .holders(skill)
                .and_then(|bits| bits.get(set.div_euclid(64)));
            let bit = u32::try_from(set.rem_euclid(64)).unwrap_or_default();
            word.is_some_and(|bits| bits & 1_u64.rotate_left(bit) != 0)
        };
        match selector {
            Selector::AnySkill(wanted) => wanted.iter().any(holds),
            Selector::AllSkills(wanted) => wanted.iter().all(holds),
            Selector::All | Selector::Agents(_) => false,
        }
    }

    fn holders(&self, skill: &SkillId) -> Option<&[u64]> {
        let skill = skill.as_str();
        let known = |known: &Holders| &*known.skill == skill;
        let found = self.holders.find(HASHER.hash_one(skill), known);
        found.map(|holders| holders.bits.as_slice())
    }

    /// Counts the agents of the skill sets whose bits are set.
    fn sum(&self, bits: impl Fn(usize) -> u64) -> Count {
        let mut total = Count::default();
        for (word, counts) in self.counts.chunks(64).enumerate() {
            let mut left = bits(word);
            while left != 0 {
                let lowest = usize::try_from(left.trailing_zeros()).unwrap_or_default();
                if let Some(count) = counts.get(lowest) {
                    total.add(*count);
                }
                left &= left.wrapping_sub(1);
            }
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(skills: &[&str]) -> BTreeSet<SkillId> {
        skills.iter().map(|skill| skill.parse().unwrap()).collect()
    }

    /// A hundred skill sets, so that more than one word is needed: set n holds `s` and, where they divide n, 2, 3, 5.
    fn index() -> SkillIndex {
        let set = |n: u32| {
            let dividing = [2, 3, 5]
                .into_iter()
                .filter(move |d| n.is_multiple_of(*d))
                .map(|d| d.to_string());
            std::iter::once("s".to_owned())
                .chain(dividing)
                .map(Box::from)
                .collect()
        };
        let counts = (0..100)
            .map(|n| Count {
                available: 1,
                staffed: n,
                wrap_up: 0,
            })
            .collect();
        SkillIndex::new((0..100).map(set).collect(), counts)
    }

    #[test]
    fn counts_what_a_walk_would_count() {
        let index = index();
        let walk = |holds: fn(u32) -> bool| {
            let held = (0..100).filter(|n| holds(*n));
            held.fold(Count::default(), |sum, n| Count {
                available: sum.available + 1,
                staffed: sum.staffed + n,
                wrap_up: 0,
            })
        };
        assert_eq!(index.with_any(&wanted(&["s"])), walk(|_| true));
        assert_eq!(
            index.with_any(&wanted(&["2", "5", "nobody"])),
            walk(|n| n.is_multiple_of(2) || n.is_multiple_of(5))
        );
        assert_eq!(
            index.with_all(&wanted(&["2", "3"])),
            walk(|n| n.is_multiple_of(6))
        );
        assert_eq!(index.with_all(&wanted(&["2", "nobody"])), Count::default());
        assert_eq!(index.with_any(&wanted(&["nobody"])), Count::default());
    }
}
