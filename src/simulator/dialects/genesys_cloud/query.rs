//! The parameters of a request, of which some may be given several times.

use super::super::super::encoding::form_decode;
use super::super::super::refusal::Refused;

/// No page has a higher number.
const MOST_PAGES: usize = 1_000;

/// The parameters of a request.
pub(super) struct Query(Vec<(String, String)>);

/// A page that is asked for.
#[derive(Clone, Copy)]
pub(super) struct PageRequest {
    pub(super) size: usize,
    pub(super) number: usize,
}

impl Query {
    pub(super) fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (form_decode(name), form_decode(value)))
                .collect(),
        )
    }

    pub(super) fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.0.iter().filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.every(name).next()
    }

    pub(super) fn page(&self) -> Result<PageRequest, Refused> {
        Ok(PageRequest {
            size: self.whole("pageSize", 25, 100)?,
            number: self.whole("pageNumber", 1, MOST_PAGES)?,
        })
    }

    fn whole(&self, name: &str, usual: usize, most: usize) -> Result<usize, Refused> {
        let Some(text) = self.first(name) else {
            return Ok(usual);
        };
        let number = text.parse().ok();
        number
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| wrong(name))
    }
}

/// 400 for a parameter or a member that cannot be read.
pub(super) fn wrong(name: &str) -> Refused {
    Refused::bad_request("bad.request", format!("{name} is missing or wrong"))
}
