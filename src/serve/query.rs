//! The query of a request: what it asks for, its author and the reason.

use std::time::Duration;

use crate::control::operator::Author;
use crate::domain::Timestamp;

use super::answer::Failure;
use super::caller::Caller;

/// How far back a query reaches by default.
const DEFAULT_SINCE: Duration = Duration::from_secs(24 * 3600);

/// The parameters of a query.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses a query.
    pub(super) fn of(text: &str) -> Self {
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// Returns a parameter's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns every value of a parameter that may be repeated.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.0.iter().filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns how far back it reaches, given as a duration or a time.
    pub(super) fn since(&self, now: Timestamp) -> Result<Timestamp, String> {
        let Some(text) = self.get("since") else {
            return Ok(now.minus(DEFAULT_SINCE));
        };
        time_or_ago(text, now).ok_or_else(|| not_a_time("since", text))
    }

    /// Returns the time up to which it asks, given as a duration back or a time; `None` where it names none.
    pub(super) fn until(&self, now: Timestamp) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.get("until") else {
            return Ok(None);
        };
        let until = time_or_ago(text, now);
        until.map(Some).ok_or_else(|| not_a_time("until", text))
    }

    /// Returns the author and the reason, or everything that is wrong with them.
    pub(super) fn author(&self, caller: &Caller) -> Result<Author, Failure> {
        self.author_or(caller, "")
    }

    /// Returns the author, with `reason` unless the query gives one.
    pub(super) fn author_or(&self, caller: &Caller, reason: &str) -> Result<Author, Failure> {
        let reason = self.get("reason").unwrap_or(reason);
        let author = caller.author(self.get("author"), reason);
        author.map_err(Failure::bad)
    }
}

/// Reads a time, or a duration back from now.
fn time_or_ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    let ago = humantime::parse_duration(text).map(|ago| now.minus(ago));
    ago.ok().or_else(|| Timestamp::parse_rfc3339(text))
}

fn not_a_time(name: &str, text: &str) -> String {
    format!(
        "{name}: `{text}` is neither a duration such as 24h nor a time such as 2024-05-15T08:00:00Z"
    )
}
