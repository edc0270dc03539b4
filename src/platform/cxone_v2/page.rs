//! A page of agents on the wire, read from borrowed bytes and only as far as it is needed.
//!
//! *A row is read by itself.* One that is no object, has no id or says a member twice is counted as unreadable and costs nobody
//! else. What is wrong with the page as a whole, such as a list that is missing, refuses all of it.
//!
//! *What forms are read.* Ids are texts or whole numbers. A state that is missing, `null` or no text is one that is not known. Skills are
//! texts, numbers or objects with an id or a name, both of which count: settings may use either.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::platform::http::PageClaims;

use super::compact::compact_page;
use super::rows::{AgentsPage, PageRows};
use super::value::{ListedSkills, Name, Word, scalars};

/// Reads a page. Skills are passed over unless they are asked for.
pub(super) fn agents_page(body: &[u8], skills: bool) -> Result<AgentsPage, String> {
    // Also what is passed over has to be text.
    let text =
        std::str::from_utf8(body).map_err(|wrong| format!("not a page of agents: {wrong}"))?;
    match compact_page(text, skills) {
        Some(page) => Ok(page),
        None => any_page(text, skills),
    }
}

/// Reads a page in whatever form JSON allows. `null`, as the whole page or in the place of its list, is nobody.
fn any_page(text: &str, skills: bool) -> Result<AgentsPage, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let page = PageSeed { skills }
        .deserialize(&mut reader)
        .and_then(|page| reader.end().map(|()| page));
    page.map_err(|wrong| format!("not a page of agents: {wrong}"))
}

struct PageSeed {
    skills: bool,
}

impl<'de> DeserializeSeed<'de> for PageSeed {
    type Value = AgentsPage;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<AgentsPage, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PageSeed {
    type Value = AgentsPage;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with items")
    }

    fn visit_unit<E: Error>(self) -> Result<AgentsPage, E> {
        Ok(AgentsPage::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<AgentsPage, A::Error> {
        let mut page = None;
        let mut claims = PageClaims::default();
        while let Some(name) = members.next_key::<Name<'de>>()? {
            match &*name.0 {
                "items" if page.is_some() => return Err(A::Error::duplicate_field("items")),
                "items" => {
                    page = Some(members.next_value_seed(ItemsSeed {
                        skills: self.skills,
                    })?);
                }
                "total" => claims.total = members.next_value::<Word<'de>>()?.count(),
                "limit" => claims.limit = members.next_value::<Word<'de>>()?.count(),
                "next" => claims.next = members.next_value::<Word<'de>>()?.says_something(),
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        let mut page = page.ok_or_else(|| A::Error::missing_field("items"))?;
        page.claims = claims;
        Ok(page)
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
        let mut rows = PageRows::with_capacity(0);
        let seed = RowSeed {
            skills: self.skills,
        };
        while let Some(row) = items.next_element_seed(seed)? {
            match row {
                Row::Agent { id, state, skills } => {
                    rows.add(id, state.as_deref(), skills.iter().map(AsRef::as_ref));
                }
                Row::Unreadable(why) => rows.unreadable(why),
            }
        }
        Ok(rows.finish())
    }
}

/// One row.
enum Row<'a> {
    Agent {
        id: Cow<'a, str>,
        state: Option<Cow<'a, str>>,
        skills: Vec<Cow<'a, str>>,
    },
    Unreadable(&'static str),
}

#[derive(Clone, Copy)]
struct RowSeed {
    skills: bool,
}

impl<'de> DeserializeSeed<'de> for RowSeed {
    type Value = Row<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Row<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

const NO_OBJECT: Row<'static> = Row::Unreadable("an agent is no object");

impl<'de> Visitor<'de> for RowSeed {
    type Value = Row<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an agent")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Row<'de>, A::Error> {
        let (mut id, mut state, mut skills) = (None, None, None);
        let mut twice = false;
        while let Some(name) = members.next_key::<Name<'de>>()? {
            match &*name.0 {
                "id" => twice |= id.replace(members.next_value::<Word<'de>>()?).is_some(),
                "state" => twice |= state.replace(members.next_value::<Word<'de>>()?).is_some(),
                "skills" if self.skills => {
                    let listed = members.next_value::<ListedSkills<'de>>()?;
                    twice |= skills.replace(listed).is_some();
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        if twice {
            return Ok(Row::Unreadable("an agent says a member twice"));
        }
        let Some(id) = id.and_then(Word::text) else {
            return Ok(Row::Unreadable("an agent has no readable id"));
        };
        let Some(skills) = skills.unwrap_or_default().0 else {
            return Ok(Row::Unreadable("an agent has no readable skills"));
        };
        Ok(Row::Agent {
            id,
            state: state.and_then(Word::text),
            skills,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Row<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(NO_OBJECT)
    }

    fn visit_unit<E: Error>(self) -> Result<Row<'de>, E> {
        Ok(NO_OBJECT)
    }

    scalars!(NO_OBJECT);
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
                staffed: 2,
                wrap_up: 0,
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
            r#"{"items":[]} x"#,
            r#"{"items":[],"items":null}"#,
            r#"{"items":[{"id":"a","state":"available",%}]}"#,
            r#"{"items":[{"id":"a","state":"available","since":01}]}"#,
            r#"{"items":[{"#,
            r#"{"items":[{"id":"a","state":"available"},{"id":"b","state":"avail"#,
            r#"{"items":[{"id":"a","state":"available"}"#,
        ] {
            assert!(agents_page(wrong.as_bytes(), false).is_err(), "{wrong}");
            assert!(agents_page(wrong.as_bytes(), true).is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_bad_row_costs_that_row() {
        let long = "x".repeat(38_000);
        let deep = format!("{}1{}", r#"{"x":["#.repeat(400), "]}".repeat(400));
        for (bad, why) in [
            ("null", "an agent is no object"),
            ("17", "an agent is no object"),
            (r#""ann""#, "an agent is no object"),
            (r#"["a","available"]"#, "an agent is no object"),
            (r#"{"state":"available"}"#, "an agent has no readable id"),
            (r#"{"id":null}"#, "an agent has no readable id"),
            (r#"{"id":{"v":"a"}}"#, "an agent has no readable id"),
            (r#"{"id":1.5}"#, "an agent has no readable id"),
            (
                r#"{"id":123456789012345678901234567890}"#,
                "an agent has no readable id",
            ),
            (
                r#"{"id":"","state":"available"}"#,
                "an agent has an empty id",
            ),
            (
                &format!(r#"{{"id":"{long}","state":"available"}}"#),
                "an agent's id is longer than 200 bytes",
            ),
            (
                &format!(r#"{{"id":{deep}}}"#),
                "an agent has no readable id",
            ),
            (
                r#"{"id":"c","state":"available","state":"busy"}"#,
                "an agent says a member twice",
            ),
            (
                r#"{"id":"c","state":"available","skills":[{"level":3}]}"#,
                "an agent has no readable skills",
            ),
        ] {
            let body = format!(
                r#"{{"items":[{{"id":"a","state":"available"}},{bad},{{"id":"b","state":"busy"}}]}}"#
            );
            let page = agents_page(body.as_bytes(), true).unwrap();
            assert_eq!((page.rows(), page.builder.rows()), (3, 2), "{bad:.60}");
            assert_eq!(page.unreadable.why.as_deref(), Some(why), "{bad:.60}");
            assert_eq!(page.ends, Some(("a".to_owned(), "b".to_owned())));
        }
    }

    #[test]
    fn a_state_that_is_missing_or_no_text_is_not_known() {
        for agent in [
            r#"{"id":"a"}"#,
            r#"{"id":"a","state":null}"#,
            r#"{"id":"a","state":{"name":"available"}}"#,
            r#"{"id":"a","state":true}"#,
            r#"{"id":"a","state":""}"#,
        ] {
            let body = format!(r#"{{"items":[{agent}]}}"#);
            let page = agents_page(body.as_bytes(), false).unwrap();
            assert_eq!(page.not_known.rows, 1, "{agent}");
            let states = page.builder.finish(NOW).states();
            assert_eq!(states.other, 1, "{agent}");
        }
    }

    #[test]
    fn ids_may_be_numbers_and_skills_may_be_objects() {
        let body = r#"{"items":[
            {"id":9001,"state":"available","skills":[{"id":"s-1","name":"sales","level":3},{"skillId":7}]},
            {"id":"9001","state":"available","skills":["s-1"]},
            {"id":18446744073709551615,"state":"busy","skills":[7,{"name":"sales"}]}]}"#;
        let page = agents_page(body.as_bytes(), true).unwrap();
        assert_eq!(page.unreadable.rows, 0);
        let snapshot = page.builder.finish(NOW);
        assert_eq!(snapshot.len(), 2, "a number and its text are one id");
        let with = |skill: &str| {
            let skills = [skill.parse().unwrap()].into_iter().collect();
            snapshot.count(&Selector::AnySkill(skills))
        };
        assert_eq!(with("s-1").available, 1);
        for skill in ["sales", "7"] {
            let count = Count {
                available: 1,
                staffed: 2,
                wrap_up: 0,
            };
            assert_eq!(with(skill), count, "{skill}");
        }
    }

    #[test]
    fn a_blank_hides_no_skills() {
        for list in [
            r#""skills": ["sales"]"#,
            r#""skills":[ "sales" ]"#,
            r#""skills" :["sales"]"#,
            r#""skills":     ["sales"]"#,
        ] {
            let body = format!(r#"{{"items":[{{"id":"a","state":"available",{list}}}]}}"#);
            let page = agents_page(body.as_bytes(), true).unwrap();
            let sales = Selector::AnySkill(["sales".parse().unwrap()].into_iter().collect());
            assert_eq!(page.builder.finish(NOW).count(&sales).available, 1);
        }
    }

    #[test]
    fn what_a_page_claims_is_read_in_every_form() {
        let claims = |members: &str| {
            let body = format!(r#"{{"items":[],{members}}}"#);
            let PageClaims { total, next, limit } =
                agents_page(body.as_bytes(), false).unwrap().claims;
            (total, next, limit)
        };
        let link = r#""next":"/agents?offset=50","total":230,"limit":50"#;
        assert_eq!(claims(link), (Some(230), true, Some(50)));
        let texts = r#""total":"230","limit":" 50 ","next":{"href":"/x"}"#;
        assert_eq!(claims(texts), (Some(230), true, Some(50)));
        for nothing in [
            r#""next":null,"total":null,"limit":null"#,
            r#""next":"","total":-1,"limit":"many""#,
            r#""next":false,"total":1.5,"limit":[]"#,
            r#""next":{},"page":7"#,
        ] {
            assert_eq!(claims(nothing), (None, false, None), "{nothing}");
        }
    }

    /// What a page says, for comparison.
    fn said(page: AgentsPage) -> (usize, StateCounts, Vec<Count>, Option<(String, String)>) {
        let rows = page.rows();
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
                let full = any_page(&page, skills).unwrap();
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
