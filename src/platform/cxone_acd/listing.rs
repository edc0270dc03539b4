//! A page of a listing, in every envelope that releases put around it.
//!
//! Rows are at the top or in `resultSet`; so do `totalRecords`, `_links` and `lastPollTime`, and the last of them also in
//! each row. A page whose rows are missing is refused unless it counts none: an answer that cannot be read is not "nobody". `null`, as the
//! whole answer or in the place of the rows, reports nothing, as 204 does. A row is read by itself: one that cannot be read
//! costs no other row.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::has_length_of_id;
use crate::platform::port::UnreadableRows;

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
    /// Rows that cannot be read.
    pub(super) unreadable: UnreadableRows,
    /// Whether it has `null` in the place of its rows, and so reports nothing.
    pub(super) silent: bool,
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
        let unreadable = |wrong: &dyn fmt::Display| format!("the listing cannot be read: {wrong}");
        let text = std::str::from_utf8(body).map_err(|wrong| unreadable(&wrong))?;
        let mut raw = RawPage::default();
        let mut from = serde_json::Deserializer::from_str(text);
        let read = PageSeed::<R>(&mut raw, PhantomData).deserialize(&mut from);
        read.and_then(|()| from.end())
            .map_err(|wrong| unreadable(&wrong))?;
        let RawPage {
            rows: raw_rows,
            null,
            total,
            next,
            last_poll_time,
        } = raw;
        let none_counted = total.is_none_or(|total| total == 0);
        if raw_rows.is_none() && !(total == Some(0) || (null && none_counted)) {
            return Err(format!("the listing has no {}", R::ROWS));
        }
        let silent = raw_rows.is_none() && total.is_none();
        let (mut rows, mut unreadable) = (Vec::new(), UnreadableRows::default());
        for row in raw_rows.unwrap_or_default() {
            // A list of the members' values is not the object, though a derived reader takes it for one.
            if row.get().starts_with('{') {
                match serde_json::from_str::<R>(row.get()) {
                    Ok(row) => rows.push(row),
                    Err(wrong) => unreadable.note(&wrong.to_string()),
                }
            } else {
                unreadable.note("a row is no object");
            }
        }
        let last_poll_time = last_poll_time.or_else(|| {
            rows.iter()
                .find_map(|row: &R| row.last_poll_time().map(str::to_owned))
        });
        Ok(Self {
            rows,
            unreadable,
            silent,
            total,
            next: next.as_deref().map_or(NextLink::Absent, next_link),
            last_poll_time,
        })
    }

    /// Returns the rows of a page of which every one is needed.
    ///
    /// # Errors
    /// When one of them cannot be read, or there is none because the page reports nothing.
    pub(super) fn every_row(self) -> Result<Vec<R>, String> {
        if let Some(why) = self.unreadable.why {
            return Err(format!("a row of {} cannot be read: {why}", R::ROWS));
        }
        if self.silent {
            return Err(format!("the listing has no {}", R::ROWS));
        }
        Ok(self.rows)
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

#[derive(Default)]
struct RawPage<'de> {
    rows: Option<Vec<&'de RawValue>>,
    /// Whether `null` stands in the place of the rows.
    null: bool,
    total: Option<usize>,
    next: Option<String>,
    last_poll_time: Option<String>,
}

/// Reads an object into the page, and the object `resultSet` in it as if its members stood outside.
struct PageSeed<'a, 'de, R>(&'a mut RawPage<'de>, PhantomData<R>);

impl<'de, R: Row> DeserializeSeed<'de> for PageSeed<'_, 'de, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, R: Row> Visitor<'de> for PageSeed<'_, 'de, R> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.0.null = true;
        Ok(())
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
                "resultSet" => map.next_value_seed(PageSeed::<R>(page, PhantomData))?,
                "totalRecords" => {
                    let total = drift::as_whole(&map.next_value::<Value>()?);
                    page.total = total
                        .and_then(|total| usize::try_from(total).ok())
                        .or(page.total);
                }
                "lastPollTime" => {
                    // It is kept and sent back; without one the next reading is of everything.
                    if let Value::String(time) = map.next_value::<Value>()?
                        && has_length_of_id(&time)
                    {
                        page.last_poll_time = Some(time);
                    }
                }
                "_links" => {
                    let links: Option<Links> = map.next_value()?;
                    page.next = links.and_then(|links| links.next).or(page.next.take());
                }
                rows if rows.eq_ignore_ascii_case(R::ROWS) => {
                    let rows = map.next_value::<Option<Vec<&'de RawValue>>>()?;
                    page.null |= rows.is_none();
                    page.rows = rows.or(page.rows.take());
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
        for silent in [
            "null",
            r#"{"numbers":null}"#,
            r#"{"resultSet":null}"#,
            r#"{"resultSet":{"numbers":null}}"#,
        ] {
            let page = parse(silent).unwrap();
            assert!(page.silent && page.rows.is_empty(), "{silent}");
            assert!(page.every_row().is_err(), "{silent}");
        }
        assert!(
            !parse(r#"{"totalRecords":0,"numbers":null}"#)
                .unwrap()
                .silent
        );
        for wrong in [
            "",
            "{}",
            r#"{"totalRecords":3}"#,
            r#"{"totalRecords":3,"numbers":null}"#,
            r#"{"resultSet":{}}"#,
            r#"{"numbers":{}}"#,
            r#"{"numbers":[{"n":1}"#,
            "[]",
            r#"{"numbers":[]} x"#,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_bad_row_costs_that_row() {
        let deep = format!(r#"{{"n":{}}}"#, "[".repeat(300) + &"]".repeat(300));
        for bad in [
            "null",
            "7",
            r#""n""#,
            "[1,null]",
            "{}",
            r#"{"n":"x"}"#,
            &deep,
        ] {
            let page = parse(&format!(r#"{{"numbers":[{{"n":1}},{bad},{{"n":2}}]}}"#)).unwrap();
            assert_eq!((page.rows.len(), page.unreadable.rows), (2, 1), "{bad}");
            assert!(page.every_row().is_err(), "{bad}");
        }
        let good = parse(r#"{"numbers":[{"n":1},{"n":2}]}"#).unwrap();
        assert_eq!(good.every_row().unwrap().len(), 2);
        let latin = b"{\"numbers\":[{\"n\":1,\"name\":\"M\xfcller\"}]}";
        assert!(ListingPage::<Number>::parse(latin).is_err());
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
