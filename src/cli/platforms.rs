//! `platforms`: what each platform can do, and on what its dialect rests.

use std::borrow::Cow;

use serde::Serialize;

use crate::domain::Evidence;
use crate::domain::assignment::ListForm;
use crate::platform::dialect::Dialect;
use crate::platform::port::{AgentFeed, Capabilities, StatusCalls};

use super::exit::Exit;
use super::output;

/// The version of the JSON form.
const SCHEMA: u32 = 1;

/// The form of the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum PlatformsForm {
    /// For people
    #[default]
    Table,
    /// For programs; its form is versioned by `schema`
    Json,
    /// For a page of documents
    Markdown,
}

/// Flags of `platforms`.
#[derive(Debug, clap::Args)]
pub(crate) struct PlatformsArgs {
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: PlatformsForm,
    /// The same as `--output json`
    #[arg(long, hide = true, conflicts_with = "output")]
    json: bool,
}

impl PlatformsArgs {
    fn form(&self) -> PlatformsForm {
        if self.json {
            PlatformsForm::Json
        } else {
            self.output
        }
    }
}

/// Prints the platforms.
pub(crate) fn platforms(args: &PlatformsArgs) -> Exit {
    match args.form() {
        PlatformsForm::Table => {
            for line in table() {
                output::result(line);
            }
            Exit::Ok
        }
        PlatformsForm::Json => output::json(&Report {
            schema: SCHEMA,
            platforms: Dialect::ALL.map(Abilities::of).to_vec(),
        }),
        PlatformsForm::Markdown => {
            for line in markdown() {
                output::result(line);
            }
            Exit::Ok
        }
    }
}

/// A line of the table: what it tells, and how.
type Line = (&'static str, fn(Capabilities) -> Cow<'static, str>);

const LINES: [Line; 16] = [
    ("written from", |able| able.basis.written_from.into()),
    ("tried on a live account", |able| yes(able.basis.live)),
    ("agents come as", |able| agents(able.agents).into()),
    ("counts by queue or skill", |able| yes(able.own_group)),
    ("counts by skills and ids", |able| yes(able.selectors)),
    ("own calls told apart", |able| yes(able.serving)),
    ("wrap-up told apart", |able| yes(able.wrap_up)),
    ("statuses", |able| statuses(able.statuses)),
    ("a pause is shown to be ours by", |able| {
        evidence(able.traits.evidence).into()
    }),
    ("a command takes at most", |able| {
        at_most(able.traits.settling.longest.as_secs()).into()
    }),
    ("steps down before a pause", |able| {
        yes(able.levers.dial_ratio)
    }),
    ("abandoned calls counted", |able| yes(able.outcomes)),
    ("rivals found", |able| yes(able.rivals)),
    ("preview lists", |able| lists(able.lists).into()),
    ("queues changed", |able| yes(able.queues.is_some())),
    ("queues calibrated", |able| {
        yes(able.queues.is_some_and(|forms| forms.calibrated))
    }),
];

fn at_most(seconds: u64) -> String {
    if seconds.is_multiple_of(60) {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

fn yes(so: bool) -> Cow<'static, str> {
    if so { "yes" } else { "no" }.into()
}

fn agents(feed: AgentFeed) -> &'static str {
    match feed {
        AgentFeed::Rows => "pages of agents",
        AgentFeed::Counts => "counts",
        AgentFeed::Deltas => "changes",
        AgentFeed::Stream => "a stream",
    }
}

fn statuses(calls: StatusCalls) -> Cow<'static, str> {
    match calls {
        StatusCalls::OneEach => "one a call".into(),
        StatusCalls::Batch(size) => format!("{size} a call").into(),
        StatusCalls::Listing => "all in a call".into(),
    }
}

fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::ConditionalWrite => "conditional writes",
        Evidence::Author => "its author",
        Evidence::Version => "its version",
        Evidence::ChangedAt => "its time",
        Evidence::OwnReadings => "our readings",
    }
}

fn lists(form: Option<ListForm>) -> &'static str {
    match form {
        Some(ListForm::Whole) => "replaced whole",
        Some(ListForm::Membership) => "agent by agent",
        None => "no",
    }
}

/// One line for each platform's sentence, then a column for each platform: the sentences are too long for columns.
fn table() -> Vec<String> {
    let [spoken, rest @ ..] = LINES;
    let (_, written_from) = spoken;
    let mut lines: Vec<String> = Dialect::ALL
        .into_iter()
        .map(|dialect| {
            let sentence = written_from(dialect.capabilities());
            let absent = dialect.absent();
            let absent =
                absent.map_or_else(String::new, |why| format!("; not in this build: {why}"));
            format!("{:<16}written from {sentence}{absent}", dialect.name())
        })
        .collect();
    let rows: Vec<Vec<Cow<'static, str>>> = std::iter::once(header(""))
        .chain(rest.into_iter().map(cells))
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    lines.push(String::new());
    for row in &rows {
        let padded = row.iter().enumerate().map(|(column, cell)| {
            let width = width(column).saturating_add(2);
            format!("{cell:<width$}")
        });
        lines.push(padded.collect::<String>().trim_end().to_owned());
    }
    lines
}

fn markdown() -> Vec<String> {
    let line = |cells: Vec<Cow<'static, str>>| format!("| {} |", cells.join(" | "));
    let ruled = std::iter::once("---|").cycle().take(Dialect::ALL.len() + 1);
    let mut lines = vec![
        line(header("").into_iter().map(quoted).collect()),
        format!("|{}", ruled.collect::<String>()),
    ];
    lines.extend(LINES.into_iter().map(|told| line(cells(told))));
    lines
}

fn quoted(name: Cow<'static, str>) -> Cow<'static, str> {
    if name.is_empty() {
        name
    } else {
        format!("`{name}`").into()
    }
}

fn header(first: &'static str) -> Vec<Cow<'static, str>> {
    let names = Dialect::ALL
        .into_iter()
        .map(|dialect| dialect.name().into());
    std::iter::once(first.into()).chain(names).collect()
}

fn cells((label, tell): Line) -> Vec<Cow<'static, str>> {
    let told = Dialect::ALL
        .into_iter()
        .map(|dialect| tell(dialect.capabilities()));
    std::iter::once(label.into()).chain(told).collect()
}

/// The JSON form.
#[derive(Serialize)]
struct Report {
    schema: u32,
    platforms: Vec<Abilities>,
}

/// What one platform can do, as programs read it.
#[derive(Clone, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, not one state"
)]
struct Abilities {
    platform: &'static str,
    /// Why this build cannot speak to it, and which one can; absent where it can.
    not_in_this_build: Option<&'static str>,
    written_from: &'static str,
    tried_live: bool,
    agents: &'static str,
    counts_queues: bool,
    counts_selected: bool,
    tells_serving: bool,
    tells_wrap_up: bool,
    /// How many statuses come with one call; absent where all do.
    statuses_in_a_call: Option<usize>,
    evidence: &'static str,
    settles_within_seconds: u64,
    steps_down: bool,
    counts_outcomes: bool,
    finds_rivals: bool,
    preview_lists: Option<&'static str>,
    changes_queues: bool,
    calibrates_queues: bool,
    rights: Vec<&'static str>,
}

impl Abilities {
    fn of(dialect: Dialect) -> Self {
        let able = dialect.capabilities();
        Self {
            platform: dialect.name(),
            not_in_this_build: dialect.absent(),
            written_from: able.basis.written_from,
            tried_live: able.basis.live,
            agents: match able.agents {
                AgentFeed::Rows => "rows",
                AgentFeed::Counts => "counts",
                AgentFeed::Deltas => "deltas",
                AgentFeed::Stream => "stream",
            },
            counts_queues: able.own_group,
            counts_selected: able.selectors,
            tells_serving: able.serving,
            tells_wrap_up: able.wrap_up,
            statuses_in_a_call: match able.statuses {
                StatusCalls::OneEach => Some(1),
                StatusCalls::Batch(size) => Some(size.get()),
                StatusCalls::Listing => None,
            },
            evidence: able.traits.evidence.label(),
            settles_within_seconds: able.traits.settling.longest.as_secs(),
            steps_down: able.levers.dial_ratio,
            counts_outcomes: able.outcomes,
            finds_rivals: able.rivals,
            preview_lists: able.lists.map(|form| match form {
                ListForm::Whole => "whole",
                ListForm::Membership => "membership",
            }),
            changes_queues: able.queues.is_some(),
            calibrates_queues: able.queues.is_some_and(|forms| forms.calibrated),
            rights: able.rights.campaigns.to_vec(),
        }
    }
}
