//! The parameters of a request, checked: one that cannot be read is refused and not passed over.

use jiff::Timestamp;

use super::super::super::encoding::form_decode;
use super::super::super::refusal::Refused;
use super::super::super::time::SimTime;

/// The parameters of a request.
pub(super) struct Query(Vec<(String, String)>);

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

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A whole number, `least` or more.
    pub(super) fn whole(&self, name: &str, least: i64) -> Result<Option<i64>, Refused> {
        self.read_as(name, |text| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            // One that is too large is a number all the same, and nothing has it.
            let beyond = if text.starts_with('-') {
                i64::MIN
            } else {
                i64::MAX
            };
            plain
                .then(|| text.parse().unwrap_or(beyond))
                .filter(|number| *number >= least)
        })
    }

    /// A number of rows. More than there can be is as many as there are.
    pub(super) fn rows(&self, name: &str, least: usize) -> Result<Option<usize>, Refused> {
        self.read_as(name, |text| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            plain
                .then(|| text.parse().unwrap_or(usize::MAX))
                .filter(|number| *number >= least)
        })
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refused> {
        self.read_as(name, |text| match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }

    pub(super) fn time(&self, name: &str) -> Result<Option<SimTime>, Refused> {
        self.read_as(name, |text| {
            // The parser of times knows more forms than the contract has.
            let dated = text.len() >= 20 && text.as_bytes().get(10).is_some_and(|c| *c == b'T');
            dated
                .then(|| text.parse::<Timestamp>().ok())
                .flatten()
                .map(SimTime::from)
        })
    }

    pub(super) fn needed_time(&self, name: &str) -> Result<SimTime, Refused> {
        self.time(name)?.ok_or_else(|| wrong(name))
    }

    fn read_as<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refused> {
        self.text(name)
            .map(|text| read(text).ok_or_else(|| wrong(name)))
            .transpose()
    }
}

pub(super) fn wrong(name: &str) -> Refused {
    Refused::bad_request("invalid_request", format!("{name} is missing or wrong"))
}
