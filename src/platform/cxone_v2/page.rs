//! A page of agents on the wire, read from borrowed bytes and only as far as it is needed.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::domain::SnapshotBuilder;

use super::compact::compact_page;
use super::rows::{AgentsPage, NotKnown};
use super::words::agent_state;

/// Reads a page. Skills are passed over unless they are asked for.
pub(super) fn agents_page(body: &[u8], skills: bool) -> Result<AgentsPage, String> {
    if let Some(page) = std::str::from_utf8(body)
        .ok()
        .and_then(|text| compact_page(text, skills))
    {
        return Ok(page);
    }
    any_page(body, skills)
}

/// Reads a page in whatever form JSON allows. `null`, as the whole page or in the place of its list, is nobody.
fn any_page(body: &[u8], skills: bool) -> Result<AgentsPage, String> {
    if body.trim_ascii() == b"null" {
        return Ok(AgentsPage::default());
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let page = PageSeed { skills }
        .deserialize(&mut reader)
        .and_then(|page| reader.end().map(|()| page));
    page.map_err(|wrong| format!("not a page of agents: {wrong}"))
}

#[derive(Deserialize)]
struct AgentWire<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    state: Cow<'a, str>,
}

#[derive(Deserialize)]
struct SkilledAgentWire<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow, default)]
    skills: Option<Vec<Text<'a>>>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct PageSeed {
    skills: bool,
}

impl<'de> DeserializeSeed<'de> for PageSeed {
    type Value = AgentsPage;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<AgentsPage, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PageSeed {
    type Value = AgentsPage;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with items")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<AgentsPage, A::Error> {
        let mut page = None;
        while let Some(name) = members.next_key::<Text<'de>>()? {
            if name.0 == "items" {
                page = Some(members.next_value_seed(ItemsSeed {
                    skills: self.skills,
                })?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        page.ok_or_else(|| A::Error::missing_field("items"))
    }
}

struct ItemsSeed {
    skills: bool,
}

impl<'de> DeserializeSeed<'de> for ItemsSeed {
    type Value = AgentsPage;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<AgentsPage, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemsSeed {
    type Value = AgentsPage;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of agents")
    }

    fn visit_unit<E: Error>(self) -> Result<AgentsPage, E> {
        Ok(AgentsPage::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<AgentsPage, A::Error> {
        let mut builder = SnapshotBuilder::default();
        let mut first: Option<String> = None;
        let mut last: Option<Cow<'de, str>> = None;
        let mut not_known = NotKnown::default();
        loop {
            let id = if self.skills {
                let Some(agent) = items.next_element::<SkilledAgentWire<'de>>()? else {
                    break;
                };
                let skills = agent.skills.unwrap_or_default();
                let state = agent_state(&agent.state);
                not_known.note(state, &agent.state);
                builder.add(
                    &agent.id,
                    state,
                    skills.iter().map(|skill| skill.0.as_ref()),
                );
                agent.id
            } else {
                let Some(agent) = items.next_element::<AgentWire<'de>>()? else {
                    break;
                };
                let state = agent_state(&agent.state);
                not_known.note(state, &agent.state);
                builder.add(&agent.id, state, []);
                agent.id
            };
            if first.is_none() {
                first = Some(id.clone().into_owned());
            }
            last = Some(id);
        }
        Ok(AgentsPage {
            builder,
            ends: first.zip(last.map(Cow::into_owned)),
            not_known,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Count, Selector, StateCounts, Timestamp};
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(0);

    fn count(body: &str) -> Count {
        agents_page(body.as_bytes(), true)
            .unwrap()
            .builder
            .finish(NOW)
            .count(&Selector::All)
    }

    #[test]
    fn tolerates_what_it_does_not_know() {
        let body = r#"{"next":null,"items":[
            {"id":"a","state":"available","name":"Ma\u0072ia","extra":{"deep":[1,2]},"skills":null},
            {"state":"coaching","id":"b\"","skills":["x","y\n"]},
            {"id":"c","state":"offline"}],"total":3}"#;
        assert_eq!(
            count(body),
            Count {
                available: 1,
                staffed: 2
            }
        );
    }

    #[test]
    fn null_is_nobody() {
        for nobody in ["null", " null\n", r#"{"items":null}"#, r#"{"items":[]}"#] {
            assert_eq!(count(nobody), Count::default(), "{nobody}");
        }
    }

    #[test]
    fn a_state_that_is_not_known_is_named() {
        let body = r#"{"items":[{"id":"a","state":"Frei"},{"id":"b","state":"busy"},{"id":"c","state":"x"}]}"#;
        for body in [body.to_owned(), body.replace(",\"state", ", \"state")] {
            let page = agents_page(body.as_bytes(), false).unwrap();
            assert_eq!(page.not_known.rows, 2);
            assert_eq!(page.not_known.word.as_deref(), Some("Frei"));
        }
    }

    #[test]
    fn refuses_what_is_no_page() {
        for wrong in [
            "",
            "[]",
            "{}",
            r#"{"items":{}}"#,
            r#"{"items":[{"id":"a"}]}"#,
            r#"{"items":[]} x"#,
            r#"{"items":[{"#,
            r#"{"items":[{"id":"a","state":"available"},{"id":"b","state":"avail"#,
            r#"{"items":[{"id":"a","state":"available"}"#,
        ] {
            assert!(agents_page(wrong.as_bytes(), false).is_err(), "{wrong}");
            assert!(agents_page(wrong.as_bytes(), true).is_err(), "{wrong}");
        }
    }

    /// What a page says, for comparison.
    fn said(page: AgentsPage) -> (usize, StateCounts, Vec<Count>, Option<(String, String)>) {
        let rows = page.builder.rows();
        let snapshot = page.builder.finish(NOW);
        let skills = ["a", "b", "sales"].iter().map(|skill| {
            snapshot.count(&Selector::AnySkill(
                [skill.parse().unwrap()].into_iter().collect(),
            ))
        });
        (rows, snapshot.states(), skills.collect(), page.ends)
    }

    /// A page as a platform would write it: members in some order, some of them strange.
    fn pages() -> impl Strategy<Value = String> {
        let member = prop_oneof![
            "[a-z]{1,6}".prop_map(|text| format!(r#""name":{}"#, serde_json::json!(text))),
            ".{0,6}".prop_map(|text| format!(r#""note":{}"#, serde_json::json!(text))),
            Just(r#""age":12.5e3"#.to_owned()),
            Just(r#""open":null"#.to_owned()),
            Just(r#""previous":{"id":"x","state":"available"}"#.to_owned()),
            Just(r#""calls":[{"id":"y"},{"id":"z","state":"busy"}]"#.to_owned()),
            Just(r#""agentid":"q","substate":"r""#.to_owned()),
            prop_oneof![
                Just("[]"),
                Just(r#"["a"]"#),
                Just(r#"["sales","b","a"]"#),
                Just("null")
            ]
            .prop_map(|skills| format!(r#""skills":{skills}"#)),
        ];
        let agent = (
            "[a-zA-Z0-9-]{1,12}",
            0..6_usize,
            proptest::collection::vec(member, 0..4),
            any::<prop::sample::Index>(),
        )
            .prop_map(|(id, state, mut members, at)| {
                let states = [
                    "available",
                    "busy",
                    "offline",
                    "wrap-up",
                    "coaching",
                    "av\\u0061ilable",
                ];
                let at = at.index(members.len() + 1);
                members.insert(at, format!(r#""state":"{}""#, states[state]));
                members.insert(at, format!(r#""id":"{id}""#));
                format!("{{{}}}", members.join(","))
            });
        (proptest::collection::vec(agent, 0..6), 0..4_usize).prop_map(|(agents, form)| {
            let list = agents.join(if form == 1 { ", " } else { "," });
            match form {
                2 => format!(r#"{{"items":[{list}],"total":7}}"#),
                3 => format!(r#"{{"total":7,"items":[{list}]}}"#),
                _ => format!(r#"{{"items":[{list}]}}"#),
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(agents_page(&body, true));
            drop(agents_page(&body, false));
        }

        #[test]
        fn the_compact_reading_says_what_the_full_one_says_or_nothing(page in pages()) {
            for skills in [false, true] {
                // A repeated member is refused by the full reading.
                let Ok(full) = any_page(page.as_bytes(), skills) else { continue };
                if let Some(compact) = compact_page(&page, skills) {
                    prop_assert_eq!(said(compact), said(full), "{}", page);
                }
            }
        }

        #[test]
        fn a_page_that_breaks_off_is_refused(page in pages(), cut in any::<prop::sample::Index>()) {
            let ends: Vec<usize> = page.char_indices().map(|(at, _)| at).collect();
            let broken = page.get(..ends[cut.index(ends.len())]).unwrap();
            prop_assert!(agents_page(broken.as_bytes(), false).is_err(), "{}", broken);
        }

        #[test]
        fn a_mutilated_page_is_refused_or_counted(page in pages(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut body = page.into_bytes();
            let at = at.index(body.len());
            body[at] = byte;
            if let Ok(page) = agents_page(&body, true) {
                prop_assert!(page.builder.rows() <= 20);
            }
        }
    }
}
