//! Flags of `export`.

use std::path::PathBuf;
use std::str::FromStr;

use crate::domain::CampaignId;

use super::super::moment::Moment;
use super::super::store_args::StoreArgs;

const ABOUT: &str = "\
The columns of each kind of record and their units are in docs/reference/export.md. Times are RFC 3339 in UTC, durations are \
seconds, what is not known is empty (CSV) or null (JSON), and each record names its schema with a version.

Examples:
  campaign-autopilot export transitions --since 7d --format csv > changes.csv
  campaign-autopilot export audit --since 2026-11-01 --until 2026-12-01 \\
      --format jsonl --file audit.jsonl";

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ExportKind {
    /// Changes of campaigns between running and paused, by the autopilot and by people
    Transitions,
    /// The decision on every campaign at every poll, made again from the recorded inputs
    Decisions,
    /// The number that was compared, the thresholds and the state, for as long as each held
    Series,
    /// Rows of the audit as they are
    Audit,
}

/// The form of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum RecordForm {
    /// Comma-separated values under a header, quoted after RFC 4180
    Csv,
    /// One JSON object a line
    Jsonl,
}

/// Flags of `export`.
#[derive(Debug, clap::Args)]
#[command(after_help = ABOUT)]
pub(in super::super) struct ExportArgs {
    /// What to export
    #[arg(value_enum)]
    pub(super) kind: ExportKind,
    /// From when on: a duration back from now, or a time
    #[arg(long, value_name = "DURATION|TIME", value_parser = Moment::from_str)]
    pub(super) since: Moment,
    /// Until when, not included [default: now]
    #[arg(long, value_name = "DURATION|TIME", value_parser = Moment::from_str)]
    pub(super) until: Option<Moment>,
    /// The form of the records
    #[arg(long, value_enum)]
    pub(super) format: RecordForm,
    /// Only this campaign; repeatable
    #[arg(long = "campaign", value_name = "ID")]
    pub(super) campaigns: Vec<CampaignId>,
    /// The file to write, which must not be there yet; it appears once it is whole [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) at: StoreArgs,
}

impl ExportArgs {
    /// Where the store is.
    pub(in super::super) fn place(&self) -> &StoreArgs {
        &self.at
    }

    /// Whether a campaign is among those that were asked for.
    pub(super) fn asks_for(&self, campaign: Option<&str>) -> bool {
        self.campaigns.is_empty()
            || campaign.is_some_and(|id| self.campaigns.iter().any(|asked| asked.as_str() == id))
    }
}
