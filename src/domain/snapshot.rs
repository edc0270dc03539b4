//! Who is available: one complete read of the agents, each counted once.
//!
//! *Terms.* A **row** is one agent as one page showed it. A **skill set** is a distinct combination of skills; there
//! are few of them however many agents there are, so counting for a campaign walks skill sets, not agents.
//!
//! *The way in* is [`SnapshotBuilder`], fed page by page from borrowed text; *the way out* is
//! [`Snapshot::count`]. Offset paging repeats agents while they move: a repeated agent is counted once, in the least
//! available of the states seen, because a pause too many hurts less than calls that nobody answers.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use serde::{Deserialize, Serialize};

use super::count::Count;
use super::group::{Group, GroupCount, HeadCount};
use super::hasher::HASHER;
use super::ids::AgentId;
use super::selector::Selector;
use super::skill_index::{Scratch, SkillIndex};
use super::time::Timestamp;

/// An agent's state. Ordered from the most to the least available.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Ready to take a call.
    Available,
    /// Finishing the last call.
    WrapUp,
    /// In a call.
    Busy,
    /// A state that this version does not know: staffed, not available.
    Other,
    /// Not there.
    Offline,
}

impl AgentState {
    /// The word for logs and commands.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::WrapUp => "wrap-up",
            Self::Busy => "busy",
            Self::Other => "other",
            Self::Offline => "offline",
        }
    }
}

/// Head count by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCounts {
    /// Ready to take a call.
    pub available: u32,
    /// Finishing the last call.
    pub wrap_up: u32,
    /// In a call.
    pub busy: u32,
    /// In a state that this version does not know.
    pub other: u32,
    /// Not there.
    pub offline: u32,
}

/// The result of one poll of the agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sample {
    /// Every group has a complete count, or the reason why it has none.
    Complete {
        /// When the reading began: no agent's state is older.
        taken_at: Timestamp,
        /// One for each of [`Autopilot::groups`](super::Autopilot::groups), in that order.
        #[serde(alias = "counts")]
        heads: Vec<GroupCount>,
    },
    /// Something is missing, so that nothing is known of the agents.
    Invalid {
        /// What went wrong, for people.
        why: String,
    },
}

#[derive(Clone, Copy)]
struct AgentRow {
    hash: u64,
    start: usize,
    length: u32,
    skill_set: u32,
    state: AgentState,
}

impl AgentRow {
    fn id<'a>(&self, text: &'a str) -> Option<&'a str> {
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        text.get(self.start..)?.get(..length)
    }
}

/// Collects rows into a [`Snapshot`].
#[derive(Default)]
pub struct SnapshotBuilder {
    text: String,
    rows: Vec<AgentRow>,
    skill_sets: Vec<Box<[Box<str>]>>,
    skill_set_index: BTreeMap<Box<[Box<str>]>, u32>,
    last_skills: Option<u32>,
}

impl SnapshotBuilder {
    /// A builder with room for so many agents.
    #[must_use]
    pub fn with_capacity(agents: usize) -> Self {
        // Ids are UUIDs at the longest, and mostly shorter.
        let text = String::with_capacity(agents.saturating_mul(24));
        Self {
            text,
            rows: Vec::with_capacity(agents),
            ..Self::default()
        }
    }

    /// Adds one agent. `skills` may come in any order and repeat.
    pub fn add<'a>(
        &mut self,
        id: &str,
        state: AgentState,
        skills: impl IntoIterator<Item = &'a str>,
    ) {
        let skill_set = self.intern(skills);
        let start = self.text.len();
        self.text.push_str(id);
        let length = u32::try_from(id.len()).unwrap_or(u32::MAX);
        self.rows.push(AgentRow {
            hash: HASHER.hash_one(id),
            start,
            length,
            skill_set,
            state,
        });
    }

    /// Takes over the rows of another builder: pages are decoded apart and joined in any order.
    pub fn append(&mut self, page: Self) {
        let offset = self.text.len();
        self.text.push_str(&page.text);
        let sets = page.skill_sets.iter();
        let translated: Vec<u32> = sets
            .map(|set| self.intern(set.iter().map(AsRef::as_ref)))
            .collect();
        self.rows.extend(page.rows.into_iter().map(|row| {
            AgentRow {
                start: row.start.saturating_add(offset),
                skill_set: element(&translated, row.skill_set)
                    .copied()
                    .unwrap_or_default(),
                ..row
            }
        }));
    }

    /// Rows added so far, repeated agents included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The state of every row in the order in which it was added.
    pub(crate) fn states(&self) -> impl Iterator<Item = AgentState> {
        self.rows.iter().map(|row| row.state)
    }

    /// The id in the row of this number.
    pub(crate) fn id_at(&self, number: usize) -> Option<&str> {
        self.rows.get(number)?.id(&self.text)
    }

    /// Every row in the order in which it was added, skills sorted and each once.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn added(&self) -> impl Iterator<Item = (&str, AgentState, &[Box<str>])> {
        self.rows.iter().filter_map(|row| {
            let skills = element(&self.skill_sets, row.skill_set)?;
            Some((row.id(&self.text)?, row.state, skills.as_ref()))
        })
    }

    /// Returns the snapshot of what was added.
    #[must_use]
    pub fn finish(self, taken_at: Timestamp) -> Snapshot {
        let Self {
            text,
            mut rows,
            skill_sets,
            ..
        } = self;
        let mut agents: HashTable<usize> = HashTable::with_capacity(rows.len());
        let mut repeats = Vec::new();
        for number in 0..rows.len() {
            let Some(row) = rows.get(number).copied() else {
                continue;
            };
            let same = |other: &usize| {
                rows.get(*other)
                    .is_some_and(|other| alike(&text, other, &row))
            };
            let hash = |other: &usize| rows.get(*other).map_or(0, |other| other.hash);
            match agents.entry(row.hash, same, hash) {
                Entry::Vacant(vacant) => {
                    vacant.insert(number);
                }
                Entry::Occupied(occupied) => {
                    repeats.push(number);
                    let first = *occupied.get();
                    if let Some(earlier) = rows.get_mut(first)
                        && row.state > earlier.state
                    {
                        *earlier = row;
                    }
                }
            }
        }
        let repeated = repeats.len();
        let mut states = StateCounts::default();
        let mut by_skill_set = vec![Count::default(); skill_sets.len()];
        let mut total = Count::default();
        // In the order of the rows, which lie side by side, and not in that of the table. A row that repeats an agent comes
        // after the one that stands for the agent.
        let mut repeats = repeats.into_iter().peekable();
        for (number, row) in rows.iter().enumerate() {
            if repeats.next_if_eq(&number).is_some() {
                continue;
            }
            let tally = match row.state {
                AgentState::Available => &mut states.available,
                AgentState::WrapUp => &mut states.wrap_up,
                AgentState::Busy => &mut states.busy,
                AgentState::Other => &mut states.other,
                AgentState::Offline => &mut states.offline,
            };
            *tally = tally.saturating_add(1);
            let one = count_of(row.state);
            total.add(one);
            if let Some(count) = element_mut(&mut by_skill_set, row.skill_set) {
                count.add(one);
            }
        }
        let skills = SkillIndex::new(skill_sets, by_skill_set);
        Snapshot {
            taken_at,
            text,
            rows,
            agents,
            skills,
            total,
            states,
            repeated,
        }
    }

    fn intern<'a>(&mut self, skills: impl IntoIterator<Item = &'a str>) -> u32 {
        let skills: Vec<&str> = skills.into_iter().collect();
        // Neighbours in a page often share their skills.
        if let Some(last) = self.last_skills
            && element(&self.skill_sets, last)
                .is_some_and(|set| set.iter().map(AsRef::as_ref).eq(skills.iter().copied()))
        {
            return last;
        }
        let sorted: BTreeSet<&str> = skills.into_iter().collect();
        let set: Box<[Box<str>]> = sorted.into_iter().map(Box::from).collect();
        let number = if let Some(number) = self.skill_set_index.get(&set) {
            *number
        } else {
            let number = u32::try_from(self.skill_sets.len()).unwrap_or(u32::MAX);
            self.skill_sets.push(set.clone());
            self.skill_set_index.insert(set, number);
            number
        };
        self.last_skills = Some(number);
        number
    }
}

/// One complete read of the agents.
pub struct Snapshot {
    taken_at: Timestamp,
    text: String,
    rows: Vec<AgentRow>,
    /// The position in `rows` of each distinct agent.
    agents: HashTable<usize>,
    skills: SkillIndex,
    total: Count,
    states: StateCounts,
    repeated: usize,
}

impl Snapshot {
    /// Counts agents by state.
    #[must_use]
    pub fn states(&self) -> StateCounts {
        self.states
    }

    /// Returns the number of rows that showed an agent again.
    #[must_use]
    pub fn repeated(&self) -> usize {
        self.repeated
    }

    /// Returns the number of distinct agents.
    #[must_use]
    pub fn len(&self) -> usize {
        self.agents.len()
    }

    /// Whether no agent was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty()
    }

    /// Counts the agents that `selector` chooses.
    #[must_use]
    pub fn count(&self, selector: &Selector) -> Count {
        self.count_in(&mut Scratch::default(), selector)
    }

    fn count_in<'a>(&'a self, scratch: &mut Scratch<'a>, selector: &Selector) -> Count {
        match selector {
            Selector::All => self.total,
            Selector::AnySkill(wanted) => self.skills.with_any(wanted, scratch),
            Selector::AllSkills(wanted) => self.skills.with_all(wanted, scratch),
            Selector::Agents(wanted) => {
                let mut count = Count::default();
                for state in wanted.iter().filter_map(|id| self.state_of(id)) {
                    count.add(count_of(state));
                }
                count
            }
        }
    }

    /// Counts the agents whom `selector` chooses, those who are offline included. Walks through all of them.
    #[must_use]
    pub fn size(&self, selector: &Selector) -> u32 {
        let chosen = match selector {
            Selector::All => self.len(),
            Selector::Agents(wanted) => wanted
                .iter()
                .filter(|id| self.state_of(id).is_some())
                .count(),
            Selector::AnySkill(_) | Selector::AllSkills(_) => self.by_skills(selector).count(),
        };
        u32::try_from(chosen).unwrap_or(u32::MAX)
    }

    /// Returns the agents of a group one by one, each by a number that is the same in every snapshot; none for the agents of a queue,
    /// which the rows do not show.
    #[must_use]
    pub fn members(&self, group: &Group) -> Option<Vec<(u64, AgentState)>> {
        let Group::Rows(selector) = group else {
            return None;
        };
        let rows: Vec<&AgentRow> = match selector {
            Selector::All => self.distinct().collect(),
            Selector::AnySkill(_) | Selector::AllSkills(_) => self.by_skills(selector).collect(),
            Selector::Agents(wanted) => wanted.iter().filter_map(|id| self.row_of(id)).collect(),
        };
        let agents = rows.into_iter().map(|row| (row.hash, row.state));
        Some(agents.collect())
    }

    /// Returns when the reading began: no agent's state is older.
    #[must_use]
    pub fn taken_at(&self) -> Timestamp {
        self.taken_at
    }

    /// Counts a group by its rows, which do not show the agents of a queue.
    #[must_use]
    pub fn head(&self, group: &Group) -> GroupCount {
        self.head_in(&mut Scratch::default(), group)
    }

    fn head_in<'a>(&'a self, scratch: &mut Scratch<'a>, group: &Group) -> GroupCount {
        match group {
            Group::Rows(selector) => {
                let Count {
                    available,
                    staffed,
                    wrap_up,
                } = self.count_in(scratch, selector);
                GroupCount::Known(HeadCount {
                    free: available,
                    serving: 0,
                    wrap_up,
                    staffed,
                })
            }
            Group::Own(_) | Group::Queue(_) => GroupCount::Unknown {
                why: "this platform does not show which queue an agent serves".to_owned(),
            },
        }
    }

    /// Returns the sample for these groups.
    #[must_use]
    pub fn sample(&self, groups: &[Group]) -> Sample {
        let mut scratch = Scratch::default();
        let heads = groups.iter().map(|group| self.head_in(&mut scratch, group));
        Sample::Complete {
            taken_at: self.taken_at,
            heads: heads.collect(),
        }
    }

    /// Returns an agent's state; none when it is not among the agents read.
    #[must_use]
    pub fn state_of(&self, id: &AgentId) -> Option<AgentState> {
        self.row_of(id).map(|row| row.state)
    }

    fn row_of(&self, id: &AgentId) -> Option<&AgentRow> {
        let id = id.as_str();
        let row = |number: &usize| self.rows.get(*number);
        let same = |number: &usize| row(number).is_some_and(|row| row.id(&self.text) == Some(id));
        let found = self.agents.find(HASHER.hash_one(id), same);
        found.and_then(row)
    }

    /// The rows of distinct agents.
    fn distinct(&self) -> impl Iterator<Item = &AgentRow> {
        let numbers = self.agents.iter();
        numbers.filter_map(|number| self.rows.get(*number))
    }

    /// Those of them whom a selector by skills chooses.
    fn by_skills(&self, selector: &Selector) -> impl Iterator<Item = &AgentRow> {
        self.distinct()
            .filter(|row| self.skills.chooses(selector, row.skill_set))
    }
}

fn alike(text: &str, a: &AgentRow, b: &AgentRow) -> bool {
    a.id(text) == b.id(text)
}

fn element<T>(items: &[T], number: u32) -> Option<&T> {
    items.get(usize::try_from(number).ok()?)
}

fn element_mut<T>(items: &mut [T], number: u32) -> Option<&mut T> {
    items.get_mut(usize::try_from(number).ok()?)
}

fn count_of(state: AgentState) -> Count {
    Count {
        available: u32::from(state == AgentState::Available),
        staffed: u32::from(state != AgentState::Offline),
        wrap_up: u32::from(state == AgentState::WrapUp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_000);

    fn any(skills: &[&str]) -> Selector {
        Selector::AnySkill(skills.iter().map(|s| s.parse().unwrap()).collect())
    }

    fn all(skills: &[&str]) -> Selector {
        Selector::AllSkills(skills.iter().map(|s| s.parse().unwrap()).collect())
    }

    #[test]
    fn a_repeated_agent_counts_once_in_the_least_available_state() {
        let mut first = SnapshotBuilder::default();
        first.add("a", AgentState::Available, []);
        first.add("b", AgentState::Available, []);
        let mut second = SnapshotBuilder::default();
        second.add("b", AgentState::Busy, []);
        second.add("a", AgentState::Available, []);
        first.append(second);
        let snapshot = first.finish(NOW);
        assert_eq!(
            snapshot.count(&Selector::All),
            Count {
                available: 1,
                staffed: 2,
                wrap_up: 0,
            }
        );
        assert_eq!((snapshot.len(), snapshot.repeated()), (2, 2));
    }

    #[test]
    fn selectors_count_by_skills_and_by_ids() {
        let mut builder = SnapshotBuilder::default();
        builder.add("a", AgentState::Available, ["sales", "spanish"]);
        builder.add("b", AgentState::Available, ["spanish", "sales", "sales"]);
        builder.add("c", AgentState::Busy, ["sales"]);
        builder.add("d", AgentState::Offline, ["spanish"]);
        builder.add("e", AgentState::Other, []);
        let snapshot = builder.finish(NOW);
        assert_eq!(
            snapshot.count(&any(&["sales", "french"])),
            Count {
                available: 2,
                staffed: 3,
                wrap_up: 0,
            }
        );
        assert_eq!(
            snapshot.count(&all(&["sales", "spanish"])),
            Count {
                available: 2,
                staffed: 2,
                wrap_up: 0,
            }
        );
        assert_eq!(snapshot.count(&all(&["sales", "french"])), Count::default());
        let ids = Selector::Agents(
            ["a", "c", "d", "nobody"]
                .iter()
                .map(|id| id.parse().unwrap())
                .collect(),
        );
        assert_eq!(
            snapshot.count(&ids),
            Count {
                available: 1,
                staffed: 2,
                wrap_up: 0,
            }
        );
        assert_eq!(
            snapshot.states(),
            StateCounts {
                available: 2,
                wrap_up: 0,
                busy: 1,
                other: 1,
                offline: 1
            }
        );
    }

    #[test]
    fn a_page_keeps_its_skills_when_it_is_appended() {
        let mut whole = SnapshotBuilder::default();
        whole.add("a", AgentState::Available, ["x"]);
        let mut page = SnapshotBuilder::default();
        page.add("b", AgentState::Available, ["y"]);
        page.add("c", AgentState::Available, ["x"]);
        whole.append(page);
        let snapshot = whole.finish(NOW);
        assert_eq!(snapshot.count(&any(&["x"])).available, 2);
        assert_eq!(snapshot.count(&any(&["y"])).available, 1);
    }
}
