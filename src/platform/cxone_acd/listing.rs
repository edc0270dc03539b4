//! A page of a listing, in every envelope that releases put around it.
//!
//! Rows are at the top or in `resultSet`; so do `totalRecords`, `_links` and `lastPollTime`, and the last of them also in
//! each row. A page whose rows are missing is refused unless it counts none: an answer that cannot be read is not "nobody".

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::drift;

/// A row of a listing.
pub(super) trait Row: DeserializeOwned {
    /// The member that holds the rows.
    const ROWS: &'static str;

    /// What distinguishes the row from others.
    fn key(&self) -> Option<String> {
        None
    }

    /// The row's own `lastPollTime`, where its release writes it there.
    fn last_poll_time(&self) -> Option<&str> {
        None
    }
}

/// What a page says of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextLink {
    /// It has no link.
    Absent,
    /// It has one that does not say how many rows to pass over.
    Unsaid,
    /// It has one that passes over so many rows.
    Skip(usize),
}

/// One page.
#[derive(Debug, PartialEq)]
pub(super) struct ListingPage<R> {
    /// The rows.
    pub(super) rows: Vec<R>,
    /// How many rows all pages hold together.
    pub(super) total: Option<usize>,
    /// The link to the next page.
    pub(super) next: NextLink,
    /// What to send as `updatedSince` the next time.
    pub(super) last_poll_time: Option<String>,
}

impl<R: Row> ListingPage<R> {
    /// Reads a page.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let mut raw = RawPage::default();
        let mut from = serde_json::Deserializer::from_slice(body);
        let read = PageSeed(&mut raw).deserialize(&mut from);
        read.and_then(|()| from.end())
            .map_err(|wrong| format!("the listing cannot be read: {wrong}"))?;
        let RawPage {
            rows,
            total,
            next,
            last_poll_time,
        } = raw;
        let rows = match (rows, total) {
            (Some(rows), _) => rows,
            (None, Some(0)) => Vec::new(),
            (None, _) => return Err(format!("the listing has no {}", R::ROWS)),
        };
        let last_poll_time = last_poll_time.or_else(|| {
            rows.iter()
                .find_map(|row: &R| row.last_poll_time().map(str::to_owned))
        });
        Ok(Self {
            rows,
            total,
            next: next.as_deref().map_or(NextLink::Absent, next_link),
            last_poll_time,
        })
    }
}

/// What a link's query says of `skip`. Nothing else of a link is used: its host is not ours to follow with a token.
fn next_link(link: &str) -> NextLink {
    let (_, query) = link.split_once('?').unwrap_or((link, ""));
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case("skip"))
        .and_then(|(_, value)| value.parse().ok())
        .map_or(NextLink::Unsaid, NextLink::Skip)
}

struct RawPage<R> {
    rows: Option<Vec<R>>,
    total: Option<usize>,
    next: Option<String>,
    last_poll_time: Option<String>,
}

impl<R> Default for RawPage<R> {
    fn default() -> Self {
        Self {
            rows: None,
            total: None,
            next: None,
            last_poll_time: None,
        }
    }
}

/// Reads an object into the page, and the object `resultSet` in it as if its members stood outside.
struct PageSeed<'a, R>(&'a mut RawPage<R>);

impl<'de, R: Row> DeserializeSeed<'de> for PageSeed<'_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(PageVisitor(self.0, PhantomData))
    }
}

struct PageVisitor<'a, R>(&'a mut RawPage<R>, PhantomData<R>);

impl<'de, R: Row> Visitor<'de> for PageVisitor<'_, R> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        #[derive(Deserialize)]
        struct Links {
            #[serde(default, deserialize_with = "drift::text")]
            next: Option<String>,
        }
        let page = self.0;
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match &*name {
                "resultSet" => map.next_value_seed(PageSeed(page))?,
                "totalRecords" => {
                    let total = drift::as_whole(&map.next_value::<Value>()?);
                    page.total = total
                        .and_then(|total| usize::try_from(total).ok())
                        .or(page.total);
                }
                "lastPollTime" => {
                    if let Value::String(time) = map.next_value::<Value>()? {
                        page.last_poll_time = Some(time);
                    }
                }
                "_links" => {
                    let links: Option<Links> = map.next_value()?;
                    page.next = links.and_then(|links| links.next).or(page.next.take());
                }
                rows if rows.eq_ignore_ascii_case(R::ROWS) => {
                    page.rows = map.next_value::<Option<Vec<R>>>()?.or(page.rows.take());
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Number {
        n: u64,
        #[serde(rename = "lastPollTime")]
        polled: Option<String>,
    }

    impl Row for Number {
        const ROWS: &'static str = "numbers";

        fn last_poll_time(&self) -> Option<&str> {
            self.polled.as_deref()
        }
    }

    fn parse(text: &str) -> Result<ListingPage<Number>, String> {
        ListingPage::parse(text.as_bytes())
    }

    #[test]
    fn reads_the_same_page_at_the_top_and_in_an_envelope() {
        let plain =
            parse(r#"{"totalRecords":2,"lastPollTime":"t","numbers":[{"n":1}],"_links":{"next":"https://elsewhere/x?top=1&skip=1"}}"#)
                .unwrap();
        let enveloped =
            parse(r#"{"resultSet":{"_links":{"next":"?skip=1"},"lastPollTime":"t","totalRecords":"2","numbers":[{"n":1}]}}"#)
                .unwrap();
        let mixed = parse(
            r#"{"totalRecords":2,"_links":{"next":"y?skip=1"},"resultSet":{"Numbers":[{"n":1}],"lastPollTime":"t"}}"#,
        )
        .unwrap();
        assert_eq!(plain, enveloped);
        assert_eq!(plain, mixed);
        assert_eq!(plain.next, NextLink::Skip(1));
        assert_eq!(plain.last_poll_time.as_deref(), Some("t"));
        assert_eq!(plain.rows.len(), 1);
    }

    #[test]
    fn the_poll_time_may_stand_in_the_rows() {
        let page = parse(r#"{"numbers":[{"n":1,"lastPollTime":"a"},{"n":2,"lastPollTime":"a"}]}"#);
        assert_eq!(page.unwrap().last_poll_time.as_deref(), Some("a"));
    }

    #[test]
    fn nobody_is_told_and_not_concluded() {
        assert_eq!(parse(r#"{"numbers":[]}"#).unwrap().rows.len(), 0);
        assert_eq!(parse(r#"{"totalRecords":0}"#).unwrap().rows.len(), 0);
        for wrong in [
            "",
            "{}",
            r#"{"totalRecords":3}"#,
            r#"{"numbers":null}"#,
            r#"{"resultSet":{}}"#,
            r#"{"numbers":[{}]}"#,
            r#"{"numbers":[{"n":1}"#,
            "[]",
            r#"{"numbers":[]} x"#,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_link_is_read_for_its_skip_alone() {
        for (link, expected) in [
            ("https://api/x?top=50&skip=150", NextLink::Skip(150)),
            ("/x?Skip=7", NextLink::Skip(7)),
            ("/x?top=50", NextLink::Unsaid),
            ("/x", NextLink::Unsaid),
            ("/x?skip=-1", NextLink::Unsaid),
        ] {
            assert_eq!(next_link(link), expected, "{link}");
        }
        let none = parse(r#"{"numbers":[],"_links":{"next":""}}"#).unwrap();
        assert_eq!(none.next, NextLink::Absent);
        let silent = parse(r#"{"numbers":[],"_links":null}"#).unwrap();
        assert_eq!(silent.next, NextLink::Absent);
    }
}
