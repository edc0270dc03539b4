//! A page of agents read a second time, slowly and strictly, to hold the daemon's reader against.
//!
//! The model shares nothing with the reader but the meaning of a page: `serde_json` checks the syntax, and each level is then
//! taken apart member by member, so that a repeated member, a list in the place of an object or a text that is not
//! UTF-8 is seen. [`disagreement`] says in which way the reader and the model differ on an input. [`KNOWN_FAULTS`] lists the ways
//! that are known; every other one is a new fault. The fuzz target and the test below use both.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::AgentState;

use super::compact::compact_page;
use super::page::agents_page;

/// Why the model refuses a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refusal {
    NotUtf8,
    NotJson,
    PageIsNoObject,
    ItemsMissing,
    ItemsTwice,
    ItemsAreNoList,
    AgentIsNoObject,
    MemberMissing,
    MemberTwice,
    MemberIsNoText,
    SkillsAreNoTexts,
}

/// Which of the daemon's two readers answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reader {
    /// [`compact_page`].
    Compact,
    /// The full parser behind it.
    Full,
}

/// A way in which the daemon's reader and the model differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Disagreement {
    /// The reader accepts what the model refuses.
    Accepts(Reader, Refusal),
    /// The reader refuses what the model accepts.
    Refuses,
    /// Other agents, or in another order.
    OtherAgents(Reader),
    /// The same agents in other states.
    OtherStates(Reader),
    /// An agent has no skills, and the page gives some.
    SkillsLost(Reader),
    /// An agent has other skills.
    OtherSkills(Reader),
    /// The first or the last id is another.
    OtherEnds(Reader),
}

/// A fault of today's reader that is known and waits for its fix.
pub(super) struct KnownFault {
    pub(super) disagreement: Disagreement,
    /// An input that shows it, read with its skills.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the fuzzer needs only the kind")
    )]
    pub(super) example: &'static [u8],
}

/// What is known to be wrong. A row whose example is read as the model reads it fails the test: a fix removes its row.
pub(super) const KNOWN_FAULTS: &[KnownFault] = &[
    // Members that are not needed are passed over unread.
    KnownFault {
        disagreement: Disagreement::Accepts(Reader::Compact, Refusal::NotJson),
        example: br#"{"items":[{"id":"a","state":"available",%}]}"#,
    },
    // A blank behind the colon hides the list, and a list that is not there is no skills.
    KnownFault {
        disagreement: Disagreement::SkillsLost(Reader::Compact),
        example: br#"{"items":[{"id":"a","state":"available","skills": ["sales"]}]}"#,
    },
    // The first one counts.
    KnownFault {
        disagreement: Disagreement::Accepts(Reader::Compact, Refusal::MemberTwice),
        example: br#"{"items":[{"id":"a","state":"available","state":"offline"}]}"#,
    },
    KnownFault {
        disagreement: Disagreement::Accepts(Reader::Compact, Refusal::SkillsAreNoTexts),
        example: br#"{"items":[{"id":"a","state":"available","skills":"sales"}]}"#,
    },
    // The last list counts, and the agents of those before it are gone.
    KnownFault {
        disagreement: Disagreement::Accepts(Reader::Full, Refusal::ItemsTwice),
        example: br#"{"items":[{"id":"a","state":"available"}],"items":[]}"#,
    },
    // A derived reader takes a list of the members' values for the object.
    KnownFault {
        disagreement: Disagreement::Accepts(Reader::Full, Refusal::AgentIsNoObject),
        example: br#"{"items":[["a","available",[]]]}"#,
    },
    // Texts that are passed over are not looked into.
    KnownFault {
        disagreement: Disagreement::Accepts(Reader::Full, Refusal::NotUtf8),
        example: b"{\"items\":[],\"next\":\"\xff\"}",
    },
];

impl Disagreement {
    /// Whether a row of [`KNOWN_FAULTS`] covers it.
    pub(super) fn is_known(self) -> bool {
        KNOWN_FAULTS.iter().any(|row| row.disagreement == self)
    }
}

/// How the daemon's reader differs from the model on `body`, if it does.
pub(super) fn disagreement(body: &[u8], skills: bool) -> Option<Disagreement> {
    let compact = std::str::from_utf8(body)
        .ok()
        .and_then(|text| compact_page(text, skills));
    let reader = if compact.is_some() {
        Reader::Compact
    } else {
        Reader::Full
    };
    let (page, agents) = match (agents_page(body, skills), model(body, skills)) {
        (Ok(page), Ok(agents)) => (page, agents),
        (Ok(_), Err(refusal)) => return Some(Disagreement::Accepts(reader, refusal)),
        (Err(_), Ok(_)) => return Some(Disagreement::Refuses),
        (Err(_), Err(_)) => return None,
    };
    let rows: Vec<_> = page.builder.added().collect();
    let same_ids = rows.len() == agents.len()
        && rows
            .iter()
            .zip(&agents)
            .all(|((id, _, _), agent)| *id == agent.id);
    if !same_ids {
        return Some(Disagreement::OtherAgents(reader));
    }
    for ((_, state, found), agent) in rows.iter().zip(&agents) {
        if *state != agent.state {
            return Some(Disagreement::OtherStates(reader));
        }
        if !found
            .iter()
            .map(AsRef::as_ref)
            .eq(agent.skills.iter().map(String::as_str))
        {
            return Some(if found.is_empty() {
                Disagreement::SkillsLost(reader)
            } else {
                Disagreement::OtherSkills(reader)
            });
        }
    }
    let ends = agents
        .first()
        .zip(agents.last())
        .map(|(first, last)| (first.id.clone(), last.id.clone()));
    (page.ends != ends).then_some(Disagreement::OtherEnds(reader))
}

/// An agent as the model reads it.
struct PlainAgent {
    id: String,
    state: AgentState,
    skills: BTreeSet<String>,
}

/// Reads a page by the contract's word. Skills are looked at only where they are asked for.
fn model(body: &[u8], skills: bool) -> Result<Vec<PlainAgent>, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::NotUtf8)?;
    let page: Box<RawValue> = parsed(text, Refusal::NotJson)?;
    // `null` is nobody, as the whole page and in the place of its list.
    if page.get() == "null" {
        return Ok(Vec::new());
    }
    let page: Members = parsed(page.get(), Refusal::PageIsNoObject)?;
    let items = page
        .only("items", Refusal::ItemsTwice)?
        .ok_or(Refusal::ItemsMissing)?;
    let items: Option<Vec<Box<RawValue>>> = parsed(items.get(), Refusal::ItemsAreNoList)?;
    let items = items.unwrap_or_default();
    items.iter().map(|item| agent(item, skills)).collect()
}

fn agent(item: &RawValue, with_skills: bool) -> Result<PlainAgent, Refusal> {
    let members: Members = parsed(item.get(), Refusal::AgentIsNoObject)?;
    let text = |name: &str| -> Result<String, Refusal> {
        let value = members
            .only(name, Refusal::MemberTwice)?
            .ok_or(Refusal::MemberMissing)?;
        parsed(value.get(), Refusal::MemberIsNoText)
    };
    let (id, word) = (text("id")?, text("state")?);
    let mut skills = BTreeSet::new();
    if with_skills && let Some(list) = members.only("skills", Refusal::MemberTwice)? {
        let list: Option<Vec<String>> = parsed(list.get(), Refusal::SkillsAreNoTexts)?;
        skills.extend(list.unwrap_or_default());
    }
    // Capitals and what separates the parts of a word mean nothing.
    let letters: String = word
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .collect();
    let state = match letters.to_ascii_lowercase().as_str() {
        "available" => AgentState::Available,
        "wrapup" => AgentState::WrapUp,
        "busy" => AgentState::Busy,
        "offline" => AgentState::Offline,
        _ => AgentState::Other,
    };
    Ok(PlainAgent { id, state, skills })
}

fn parsed<T: DeserializeOwned>(text: &str, refusal: Refusal) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|_| refusal)
}

/// Every member of an object, also repeated ones.
struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    fn only(&self, name: &str, twice: Refusal) -> Result<Option<&RawValue>, Refusal> {
        let mut found = self.0.iter().filter(|(key, _)| key == name);
        let first = found.next().map(|(_, value)| value.as_ref());
        if found.next().is_some() {
            Err(twice)
        } else {
            Ok(first)
        }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(Members(all))
            }
        }

        reader.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The seed of the mutations: the same ones on every machine.
    const SEED: u64 = 11;

    const MUTATIONS: usize = 40_000;

    /// Of the mutated pages that are no JSON, the share that may be accepted, in thousandths: the compact reader's fault, which
    /// must not grow. It is 63 with this seed.
    const MOST_ACCEPTED: usize = 80;

    /// Pieces that a mutation puts in: what JSON is made of, and what the compact reader looks for.
    const PIECES: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b" ",
        b"\n",
        b"0",
        b"-",
        b"e",
        b"null",
        b"true",
        b"\\u0061",
        b"\xff",
        b"},{",
        b"\"id\":\"",
        b"\"state\":\"",
        b"\"skills\":[",
        b"\"skills\":null",
        b"\"skills\":0,",
        b"}]}",
    ];

    /// The checked-in pages that the model accepts.
    fn pages() -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/page");
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        let pages = files.iter().map(|file| fs::read(file).unwrap());
        pages.filter(|page| model(page, true).is_ok()).collect()
    }

    fn mutate(page: &mut Vec<u8>, random: &mut fastrand::Rng) {
        let at = random.usize(..page.len());
        match random.u8(..8) {
            0 => page[at] = random.u8(..),
            1 => page[at] ^= 1 << random.u8(..8),
            2 => drop(page.remove(at)),
            3 => {
                let end = (at + random.usize(1..16)).min(page.len());
                page.drain(at..end);
            }
            4 => {
                let end = (at + random.usize(1..32)).min(page.len());
                let copy = page[at..end].to_vec();
                let to = random.usize(..=page.len());
                page.splice(to..to, copy);
            }
            _ => {
                let piece = PIECES[random.usize(..PIECES.len())];
                page.splice(at..at, piece.iter().copied());
            }
        }
    }

    #[test]
    fn every_known_fault_is_still_there() {
        for row in KNOWN_FAULTS {
            let found = disagreement(row.example, true);
            let example = String::from_utf8_lossy(row.example);
            assert_eq!(
                found,
                Some(row.disagreement),
                "{example} is read otherwise now: where it is fixed, remove this row"
            );
        }
        let kinds: BTreeSet<_> = KNOWN_FAULTS.iter().map(|row| row.disagreement).collect();
        assert_eq!(kinds.len(), KNOWN_FAULTS.len(), "a fault has two rows");
    }

    #[test]
    fn mutated_pages_show_the_known_faults_and_no_other() {
        let pages = pages();
        assert!(pages.len() >= 5, "{} pages to begin with", pages.len());
        let mut random = fastrand::Rng::with_seed(SEED);
        let mut seen: BTreeMap<Disagreement, usize> = BTreeMap::new();
        let (mut no_json, mut accepted) = (0_usize, 0_usize);
        for number in 0..MUTATIONS {
            let mut page = pages[number % pages.len()].clone();
            for _ in 0..random.u8(1..=3) {
                if !page.is_empty() {
                    mutate(&mut page, &mut random);
                }
            }
            for skills in [false, true] {
                let found = disagreement(&page, skills);
                if let Some(kind) = found {
                    let text = String::from_utf8_lossy(&page);
                    assert!(kind.is_known(), "{kind:?} (skills: {skills}): {text}");
                    *seen.entry(kind).or_default() += 1;
                }
                if skills && matches!(model(&page, true), Err(Refusal::NotJson | Refusal::NotUtf8))
                {
                    no_json += 1;
                    accepted += usize::from(found.is_some());
                }
            }
        }
        assert!(no_json > MUTATIONS / 3, "{no_json} were no JSON");
        let share = accepted * 1_000 / no_json;
        assert!(
            share <= MOST_ACCEPTED,
            "{share} in 1,000 accepted; {seen:?}"
        );
        // The full parser's faults need whole members in the wrong place: their rows' examples show them.
        let compact = [
            Disagreement::Accepts(Reader::Compact, Refusal::NotJson),
            Disagreement::Accepts(Reader::Compact, Refusal::MemberTwice),
            Disagreement::SkillsLost(Reader::Compact),
        ];
        for kind in compact.into_iter().filter(|kind| kind.is_known()) {
            assert!(seen.contains_key(&kind), "mutations never met {kind:?}");
        }
    }

    #[test]
    fn the_model_reads_what_the_contract_allows() {
        let page = br#" {"next": 1e999, "items": [{"state": "busy", "id": "\u0061", "skills": ["y", "x", "y"]}]} "#;
        let agents = model(page, true).ok().unwrap();
        let [agent] = agents.as_slice() else {
            panic!("one agent")
        };
        assert_eq!((agent.id.as_str(), agent.state), ("a", AgentState::Busy));
        assert!(agent.skills.iter().eq(["x", "y"]));
        assert_eq!(disagreement(page, true), None);
        for (text, refusal) in [
            (&b"\xff"[..], Refusal::NotUtf8),
            (b"{", Refusal::NotJson),
            (b"[]", Refusal::PageIsNoObject),
            (b"{}", Refusal::ItemsMissing),
            (br#"{"items":0}"#, Refusal::ItemsAreNoList),
            (br#"{"items":[0]}"#, Refusal::AgentIsNoObject),
            (br#"{"items":[{"id":"a"}]}"#, Refusal::MemberMissing),
            (
                br#"{"items":[{"id":"a","state":null}]}"#,
                Refusal::MemberIsNoText,
            ),
        ] {
            assert_eq!(model(text, true).err(), Some(refusal));
        }
    }
}
