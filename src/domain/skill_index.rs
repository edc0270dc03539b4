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

/// The skill sets that hold a skill, a bit each, and all of their agents.
struct Holders {
    skill: Box<str>,
    bits: Vec<u64>,
    agents: Count,
}

/// What one selector leaves for the next: room for its skill sets, and its first skill, which sorted selectors often share.
#[derive(Default)]
pub(super) struct Scratch<'a> {
    bits: Vec<u64>,
    first: Option<&'a Holders>,
}

impl SkillIndex {
    /// `sets` are distinct combinations of skills, `counts` their agents.
    pub(super) fn new(sets: Vec<Box<[Box<str>]>>, counts: Vec<Count>) -> Self {
        let words = counts.len().div_ceil(64);
        let mut holders: HashTable<Holders> = HashTable::new();
        for ((at, set), agents) in sets.into_iter().enumerate().zip(&counts) {
            let (word, bit) = (at.div_euclid(64), at.rem_euclid(64));
            for skill in set {
                let hash = HASHER.hash_one(&skill);
                let same = |known: &Holders| known.skill == skill;
                let entry = holders.entry(hash, same, |known| HASHER.hash_one(&known.skill));
                let mut held = entry.or_insert_with(|| Holders {
                    skill,
                    bits: vec![0; words],
                    agents: Count::default(),
                });
                let held = held.get_mut();
                held.agents.add(*agents);
                if let Some(bits) = held.bits.get_mut(word) {
                    *bits |= 1_u64.rotate_left(u32::try_from(bit).unwrap_or_default());
                }
            }
        }
        Self { holders, counts }
    }

    /// Counts agents with at least one of these skills. `scratch` saves an allocation for each of thousands of selectors.
    ///
    /// Few skill sets hold two of the skills, so only those are walked: each skill adds its agents, without those who were
    /// counted for a skill before it.
    pub(super) fn with_any<'a>(
        &'a self,
        wanted: &BTreeSet<SkillId>,
        scratch: &mut Scratch<'a>,
    ) -> Count {
        let mut wanted = wanted.iter();
        let first = wanted.find_map(|skill| self.first_holders(skill, scratch));
        let Some(first) = first else {
            return Count::default();
        };
        scratch.bits.clear();
        scratch.bits.extend_from_slice(&first.bits);
        let mut total = first.agents;
        for next in wanted.filter_map(|skill| self.holders(skill)) {
            let both = scratch.bits.iter().zip(&next.bits);
            total.add(next.agents);
            total.remove(self.sum(both.map(|(counted, bits)| counted & bits)));
            for (counted, bits) in scratch.bits.iter_mut().zip(&next.bits) {
                *counted |= bits;
            }
        }
        total
    }

    /// Counts agents with every one of these skills.
    pub(super) fn with_all<'a>(
        &'a self,
        wanted: &BTreeSet<SkillId>,
        scratch: &mut Scratch<'a>,
    ) -> Count {
        let mut skills = wanted.iter();
        let Some(first) = skills.next() else {
            return self.sum(std::iter::repeat(u64::MAX));
        };
        let Some(first) = self.first_holders(first, scratch) else {
            return Count::default();
        };
        if wanted.len() == 1 {
            return first.agents;
        }
        scratch.bits.clear();
        scratch.bits.extend_from_slice(&first.bits);
        for skill in skills {
            let Some(next) = self.holders(skill) else {
                return Count::default();
            };
            for (all, bits) in scratch.bits.iter_mut().zip(&next.bits) {
                *all &= bits;
            }
        }
        self.sum(scratch.bits.iter().copied())
    }

    /// Whether a selector by skills chooses the agents of a skill set.
    pub(super) fn chooses(&self, selector: &Selector, set: u32) -> bool {
        let set = usize::try_from(set).unwrap_or(usize::MAX);
        let holds = |skill: &SkillId| {
            let word = self
                .holders(skill)
                .and_then(|held| held.bits.get(set.div_euclid(64)));
            let bit = u32::try_from(set.rem_euclid(64)).unwrap_or_default();
            word.is_some_and(|bits| bits & 1_u64.rotate_left(bit) != 0)
        };
        match selector {
            Selector::AnySkill(wanted) => wanted.iter().any(holds),
            Selector::AllSkills(wanted) => wanted.iter().all(holds),
            Selector::All | Selector::Agents(_) => false,
        }
    }

    fn first_holders<'a>(
        &'a self,
        skill: &SkillId,
        scratch: &mut Scratch<'a>,
    ) -> Option<&'a Holders> {
        let before = scratch.first.filter(|held| &*held.skill == skill.as_str());
        scratch.first = before.or_else(|| self.holders(skill));
        scratch.first
    }

    fn holders(&self, skill: &SkillId) -> Option<&Holders> {
        let skill = skill.as_str();
        let known = |known: &Holders| &*known.skill == skill;
        self.holders.find(HASHER.hash_one(skill), known)
    }

    /// Counts the agents of the skill sets whose bits are set.
    fn sum(&self, words: impl Iterator<Item = u64>) -> Count {
        let mut total = Count::default();
        for (mut left, counts) in words.zip(self.counts.chunks(64)) {
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
        let room = &mut Scratch::default();
        assert_eq!(index.with_any(&wanted(&["s"]), room), walk(|_| true));
        assert_eq!(
            index.with_any(&wanted(&["2", "5", "nobody"]), room),
            walk(|n| n.is_multiple_of(2) || n.is_multiple_of(5))
        );
        assert_eq!(
            index.with_any(&wanted(&["2", "3", "5"]), room),
            walk(|n| [2, 3, 5].iter().any(|d| n.is_multiple_of(*d)))
        );
        assert_eq!(
            index.with_all(&wanted(&["3"]), room),
            walk(|n| n.is_multiple_of(3))
        );
        assert_eq!(
            index.with_all(&wanted(&["2", "3"]), room),
            walk(|n| n.is_multiple_of(6))
        );
        assert_eq!(
            index.with_all(&wanted(&["2", "3", "5"]), room),
            walk(|n| n.is_multiple_of(30))
        );
        assert_eq!(
            index.with_all(&wanted(&["2", "nobody"]), room),
            Count::default()
        );
        assert_eq!(index.with_any(&wanted(&["nobody"]), room), Count::default());
        assert_eq!(index.with_any(&wanted(&[]), room), Count::default());
    }
}
