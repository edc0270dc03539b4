//! What the store keeps, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::fault::Problem;
use super::row::Parsed;
use super::value;

/// What the store keeps, and for how long. Each default is that of its row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Keeping {
    /// For how long recorded inputs are kept.
    pub(crate) inputs: Duration,
    /// For how long the series of plots are kept.
    pub(crate) series: Duration,
    /// The most of these, in MiB.
    pub(crate) series_mib: u64,
    /// For how long dead letters are kept.
    pub(crate) dead_letters: Duration,
    /// The most messages that wait, and the most dead letters.
    pub(crate) messages: u64,
    /// Rows of the audit are sealed once they are so old; never without it.
    pub(crate) seal_audit_after: Option<Duration>,
    /// The directory of sealed segments; in the state directory without it.
    pub(crate) segments: Option<PathBuf>,
    /// Whether sealed rows are removed from the store.
    pub(crate) remove_sealed: bool,
    /// The head of the audit is published so often; never without it.
    pub(crate) publish_head_every: Option<Duration>,
    /// The file with the key that it is signed with.
    pub(crate) audit_key_file: Option<PathBuf>,
}

impl Default for Keeping {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self {
            inputs: DAY.saturating_mul(8),
            series: DAY.saturating_mul(8),
            series_mib: 256,
            dead_letters: DAY.saturating_mul(90),
            messages: 20_000,
            seal_audit_after: None,
            segments: None,
            remove_sealed: false,
            publish_head_every: Some(Duration::from_secs(3600)),
            audit_key_file: None,
        }
    }
}

/// The least time for which inputs are kept: a replay begins at a state, of which one is recorded each day.
const LEAST_INPUTS: Duration = Duration::from_secs(2 * 24 * 3600);

pub(super) fn inputs(text: &str) -> Parsed<Duration> {
    match value::positive_duration(text)? {
        short if short < LEAST_INPUTS => Err(Problem::new(
            format!("`{text}` is less than two days, within which a replay may find no beginning"),
            "give 2d or more",
        )),
        long => Ok(long),
    }
}

pub(super) fn at_least_an_hour(text: &str) -> Parsed<Duration> {
    match value::positive_duration(text)? {
        short if short < Duration::from_secs(3600) => Err(Problem::new(
            format!("`{text}` is less than an hour"),
            "give 1h or more",
        )),
        long => Ok(long),
    }
}

pub(super) fn publish_head_every(text: &str) -> Parsed<Option<Duration>> {
    if text.trim() == "never" {
        return Ok(None);
    }
    match value::positive_duration(text)? {
        short if short < Duration::from_secs(1) => Err(Problem::new(
            format!("`{text}` is less than a second"),
            "give 1s or more, or `never`",
        )),
        long => Ok(Some(long)),
    }
}

pub(super) fn seal_audit_after(text: &str) -> Parsed<Option<Duration>> {
    if text.trim() == "never" {
        return Ok(None);
    }
    match value::positive_duration(text)? {
        short if short < Duration::from_secs(24 * 3600) => Err(Problem::new(
            format!("`{text}` is less than a day, of which the page and `history` show the rows"),
            "give 1d or more, or `never`",
        )),
        long => Ok(Some(long)),
    }
}
