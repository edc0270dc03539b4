//! A page of agents read a second time, slowly and strictly, to hold the daemon's reader against.
//!
//! The model shares nothing with the reader but the meaning of a page: `serde_json` checks the syntax, and each level is then
//! taken apart member by member, so that a repeated member, a list in the place of an object or a text that is not
//! UTF-8 is seen. [`disagreement`] says in which way the reader and the model differ on an input; they never do. The fuzz
//! target and the test below use it.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
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
    /// A text that is looked at has half of a character in an escape, or a number is out of range.
    Unrepresentable,
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
    /// Another number of rows that cannot be read.
    OtherUnreadable(Reader),
    /// Another number of rows in a state that is not known.
    OtherNotKnown(Reader),
    /// Another total, limit or link.
    OtherClaims(Reader),
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
    let (page, model) = match (agents_page(body, skills), model(body, skills)) {
        (Ok(page), Ok(model)) => (page, model),
        (Ok(_), Err(refusal)) => return Some(Disagreement::Accepts(reader, refusal)),
        (Err(_), Ok(_)) => return Some(Disagreement::Refuses),
        (Err(_), Err(_)) => return None,
    };
    let agents = &model.agents;
    let rows: Vec<_> = page.builder.added().collect();
    let same_ids = rows.len() == agents.len()
        && rows
            .iter()
            .zip(agents)
            .all(|((id, _, _), agent)| *id == agent.id);
    if !same_ids {
        return Some(Disagreement::OtherAgents(reader));
    }
    for ((_, state, found), agent) in rows.iter().zip(agents) {
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
    let not_known = agents.iter();
    let not_known = not_known.filter(|agent| agent.state == AgentState::Other);
    let claims = page.claims;
    if page.ends != ends {
        Some(Disagreement::OtherEnds(reader))
    } else if page.unreadable.rows != model.unreadable {
        Some(Disagreement::OtherUnreadable(reader))
    } else if page.not_known.rows != not_known.count() {
        Some(Disagreement::OtherNotKnown(reader))
    } else if (claims.total, claims.next, claims.limit) != model.claims {
        Some(Disagreement::OtherClaims(reader))
    } else {
        None
    }
}

/// A page as the model reads it.
#[derive(Default)]
struct PlainPage {
    agents: Vec<PlainAgent>,
    /// Rows that are no agents.
    unreadable: usize,
    /// The total, whether there is a link, and the limit.
    claims: (Option<usize>, bool, Option<usize>),
}

/// An agent as the model reads it.
struct PlainAgent {
    id: String,
    state: AgentState,
    skills: BTreeSet<String>,
}

/// Reads a page by the contract's word. Skills are looked at only where they are asked for.
fn model(body: &[u8], skills: bool) -> Result<PlainPage, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::NotUtf8)?;
    let page: Box<RawValue> = parsed(text, Refusal::NotJson)?;
    // `null` is nobody, as the whole page and in the place of its list.
    if page.get() == "null" {
        return Ok(PlainPage::default());
    }
    let page: Members = parsed(page.get(), Refusal::PageIsNoObject)?;
    let items = page
        .only("items")
        .map_err(|Twice| Refusal::ItemsTwice)?
        .ok_or(Refusal::ItemsMissing)?;
    let items: Option<Vec<Box<RawValue>>> = parsed(items.get(), Refusal::ItemsAreNoList)?;
    let items = items.unwrap_or_default();
    page.check_values(&["total", "next", "limit"])?;
    let mut plain = PlainPage {
        claims: (
            page.last("total").and_then(count),
            page.last("next").is_some_and(says_something),
            page.last("limit").and_then(count),
        ),
        ..PlainPage::default()
    };
    for item in &items {
        check_row(item, skills)?;
        match agent(item, skills) {
            Some(agent) => plain.agents.push(agent),
            None => plain.unreadable += 1,
        }
    }
    Ok(plain)
}

/// Refuses a row with a text or a number that no type can hold.
fn check_row(item: &RawValue, with_skills: bool) -> Result<(), Refusal> {
    check_value(item)?;
    if !item.get().starts_with('{') {
        return Ok(());
    }
    let members: Members = parsed(item.get(), Refusal::Unrepresentable)?;
    members.check_values(&["id", "state"])?;
    let listed = members.0.iter().filter(|(name, _)| name == "skills");
    for (_, list) in listed.filter(|_| with_skills) {
        check_value(list)?;
        let skills: Vec<Box<RawValue>> = serde_json::from_str(list.get()).unwrap_or_default();
        for skill in skills {
            check_value(&skill)?;
            if skill.get().starts_with('{') {
                let members: Members = parsed(skill.get(), Refusal::Unrepresentable)?;
                members.check_values(&["id", "skillId", "name", "skillName"])?;
            }
        }
    }
    Ok(())
}

fn check_value(value: &RawValue) -> Result<(), Refusal> {
    // What is in an object or a list is looked at by itself, if at all.
    if !value.get().starts_with(['{', '[']) {
        parsed::<Value>(value.get(), Refusal::Unrepresentable)?;
    }
    Ok(())
}

/// A text or a whole number as text.
fn word(value: &RawValue) -> Option<String> {
    match serde_json::from_str(value.get()).ok()? {
        Value::String(text) => Some(text),
        Value::Number(number) => (number.is_u64() || number.is_i64()).then(|| number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn count(value: &RawValue) -> Option<usize> {
    word(value)?.trim().parse().ok()
}

fn says_something(value: &RawValue) -> bool {
    let text: String = value.get().split_ascii_whitespace().collect();
    let nothing = ["null", "false", "0", "[]", "{}"].contains(&text.as_str());
    !nothing && word(value).is_none_or(|word| !word.trim().is_empty())
}

/// Reads a row; nothing where it is no agent.
fn agent(item: &RawValue, with_skills: bool) -> Option<PlainAgent> {
    let members: Members = serde_json::from_str(item.get()).ok()?;
    let id = word(members.only("id").ok()??)?;
    let written = members.only("state").ok()?.and_then(word);
    let mut skills = BTreeSet::new();
    if with_skills && let Some(list) = members.only("skills").ok()? {
        let list: Option<Vec<Box<RawValue>>> = serde_json::from_str(list.get()).ok()?;
        for skill in list.unwrap_or_default() {
            skills.extend(names_of(&skill)?);
        }
    }
    if id.is_empty() || id.len() > 200 {
        return None;
    }
    skills.retain(|skill| skill.len() <= 200);
    // Capitals and what separates the parts of a word mean nothing.
    let letters: String = written
        .unwrap_or_default()
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
    Some(PlainAgent { id, state, skills })
}

/// What a skill is called: one text, or an object's id and name.
fn names_of(skill: &RawValue) -> Option<Vec<String>> {
    if let Some(name) = word(skill) {
        return Some(vec![name]);
    }
    let members: Members = serde_json::from_str(skill.get()).ok()?;
    let said = |names: [&str; 2]| {
        let given = members.0.iter().rev();
        let mut given = given.filter(|(name, _)| names.contains(&name.as_str()));
        given.find_map(|(_, value)| word(value))
    };
    let names = [said(["id", "skillId"]), said(["name", "skillName"])];
    let names: Vec<String> = names.into_iter().flatten().collect();
    (!names.is_empty()).then_some(names)
}

fn parsed<T: DeserializeOwned>(text: &str, refusal: Refusal) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|_| refusal)
}

/// Every member of an object, also repeated ones.
struct Members(Vec<(String, Box<RawValue>)>);

/// A member that comes more than once.
struct Twice;

impl Members {
    fn only(&self, name: &str) -> Result<Option<&RawValue>, Twice> {
        let mut found = self.0.iter().filter(|(key, _)| key == name);
        let first = found.next().map(|(_, value)| value.as_ref());
        if found.next().is_some() {
            Err(Twice)
        } else {
            Ok(first)
        }
    }

    /// Refuses a value that no type can hold among the members of these names.
    fn check_values(&self, names: &[&str]) -> Result<(), Refusal> {
        let mut looked_at = self.0.iter();
        looked_at.try_for_each(|(name, value)| {
            if names.contains(&name.as_str()) {
                check_value(value)?;
            }
            Ok(())
        })
    }

    fn last(&self, name: &str) -> Option<&RawValue> {
        let mut found = self.0.iter().rev().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_ref())
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
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The seed of the mutations: the same ones on every machine.
    const SEED: u64 = 11;

    const MUTATIONS: usize = 40_000;

    /// Pieces that a mutation puts in: what JSON is made of, and what the readers look for.
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
        b"\t",
        b"\x7f",
        b"0",
        b"-",
        b"e",
        b"1.50e-3",
        b"01",
        b"null",
        b"true",
        b"\\u0061",
        b"\\ud800",
        b"\xff",
        b"\xef\xbb\xbf",
        b"},{",
        b"null,{",
        b"\"id\":\"",
        b"\"id\":9001,",
        b"\"id\":1e3,",
        b"\"id\":-0,",
        b"\"id\":\"\",",
        b"\"state\":\"",
        b"\"state\":null,",
        b"\"state\":\"WRAP_UP\",",
        b"\"state\":7,",
        b"\"skills\":[",
        b"\"skills\":null",
        b"\"skills\":0,",
        b"\"skills\":\"sales\",",
        b"\"skills\":[{\"id\":1,\"name\":\"sales\"}],",
        b"\"skills\": [\"a\" , \"b\"],",
        b"\"deep\":{\"id\":\"x\",\"skills\":[[[]]]},",
        b"\"items\":[],",
        b",\"total\":7",
        b",\"total\":\"7\"",
        b",\"next\":\"/agents?offset=3\"",
        b",\"next\":{}",
        b",\"limit\":50",
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
            5 => {
                // In front of a member, where most pieces mean something.
                let piece = PIECES[random.usize(..PIECES.len())];
                let members: Vec<usize> = (1..page.len())
                    .filter(|at| page[*at] == b'"' && matches!(page[*at - 1], b'{' | b','))
                    .collect();
                let to = members.get(random.usize(..=members.len())).copied();
                let to = to.unwrap_or(at);
                page.splice(to..to, piece.iter().copied());
            }
            _ => {
                let piece = PIECES[random.usize(..PIECES.len())];
                page.splice(at..at, piece.iter().copied());
            }
        }
    }

    #[test]
    fn mutated_pages_are_read_as_the_model_reads_them() {
        let pages = pages();
        assert!(pages.len() >= 5, "{} pages to begin with", pages.len());
        let mut random = fastrand::Rng::with_seed(SEED);
        let (mut no_json, mut quick, mut unreadable, mut skilled) = (0, 0, 0, 0);
        for number in 0..MUTATIONS {
            let mut page = pages[number % pages.len()].clone();
            for _ in 0..random.u8(1..=3) {
                if !page.is_empty() {
                    mutate(&mut page, &mut random);
                }
            }
            for skills in [false, true] {
                let found = disagreement(&page, skills);
                let text = String::from_utf8_lossy(&page);
                assert_eq!(found, None, "(skills: {skills}): {text}");
            }
            match model(&page, true) {
                Ok(model) => {
                    unreadable += usize::from(model.unreadable > 0);
                    let has_skills = |agent: &PlainAgent| !agent.skills.is_empty();
                    skilled += usize::from(model.agents.iter().any(has_skills));
                }
                Err(Refusal::NotJson | Refusal::NotUtf8) => no_json += 1,
                Err(_) => {}
            }
            let text = std::str::from_utf8(&page);
            quick += usize::from(text.is_ok_and(|text| compact_page(text, true).is_some()));
        }
        // The test looked at each of these often enough to say something about it.
        assert!(no_json > MUTATIONS / 3, "{no_json} were no JSON");
        assert!(quick > MUTATIONS / 50, "{quick} were in the quick form");
        assert!(unreadable > MUTATIONS / 50, "{unreadable} had a bad row");
        assert!(skilled > MUTATIONS / 20, "{skilled} had skills");
    }

    /// What the quick reader once took otherwise.
    #[test]
    fn what_was_read_wrongly_once_is_read_as_the_model_reads_it() {
        for page in [
            &br#"{"items":[{"id":"a","state":"available",%}]}"#[..],
            br#"{"items":[{"id":"a","state":"available","skills": ["sales"]}]}"#,
            br#"{"items":[{"id":"a","state":"available","state":"offline"}]}"#,
            br#"{"items":[{"id":"a","state":"available","skills":"sales"}]}"#,
            br#"{"items":[{"id":"a","state":"available"}],"items":[]}"#,
            br#"{"items":[["a","available",[]]]}"#,
            b"{\"items\":[],\"next\":\"\xff\"}",
            b"{\"items\":[{\"id\":\"a\tb\",\"state\":\"available\"}]}",
            br#"{"items":[{"id":"a","state":"available","n":01}]}"#,
            br#"{"items":[{"id":"a","state":"available","n":[1]}]}"#,
            br#"{"items":[{"id":"a","state":"available"},]}"#,
            br#"{"items":[{"id":"a","state":"available"}]}}"#,
        ] {
            for skills in [false, true] {
                let text = String::from_utf8_lossy(page);
                assert_eq!(disagreement(page, skills), None, "{text}");
            }
        }
    }

    #[test]
    fn a_page_as_most_platforms_write_it_is_read_quickly() {
        let page = r#"{"items":[{"id":"a","name":"Ann","state":"available","skills":["x","y"],"since":12,"queueIds":[]},{"id":"b","state":"busy","open":null}]}"#;
        for skills in [false, true] {
            assert!(compact_page(page, skills).is_some());
            assert_eq!(disagreement(page.as_bytes(), skills), None);
        }
    }

    #[test]
    fn the_model_reads_what_the_contract_allows() {
        let page = br#" {"note": 1e999, "items": [{"state": "busy", "id": "\u0061", "skills": ["y", "x", "y"]}]} "#;
        let plain = model(page, true).ok().unwrap();
        let [agent] = plain.agents.as_slice() else {
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
            (br#"{"items":[],"items":[]}"#, Refusal::ItemsTwice),
            (br#"{"items":0}"#, Refusal::ItemsAreNoList),
            (br#"{"items":[{"id":"\ud800"}]}"#, Refusal::Unrepresentable),
            (br#"{"items":[{"id":1e999}]}"#, Refusal::Unrepresentable),
        ] {
            assert_eq!(model(text, true).err(), Some(refusal));
        }
        for row in [
            "0",
            r#"{"state":"busy"}"#,
            r#"{"id":null,"state":"busy"}"#,
            r#"{"id":"","state":"busy"}"#,
        ] {
            let page = format!(r#"{{"items":[{row}]}}"#);
            let plain = model(page.as_bytes(), true).ok().unwrap();
            assert_eq!((plain.agents.len(), plain.unreadable), (0, 1), "{row}");
        }
    }
}
