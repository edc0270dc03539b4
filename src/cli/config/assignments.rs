//! The rules of preview assignments, and every fault in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::assignment::{AssignPolicy, MOST_CONCURRENT, Preview, Weight, Zone};
use crate::domain::{CampaignId, Policy, SkillId};

use super::fault::{Origin, Wrong};
use super::file::{Given, ListedTable};
use super::merge::Layers;
use super::roster;
use super::settings::Assignments;
use super::value;

/// A longer list is a slip of the fingers, and no platform takes it.
const LONGEST_LIST: u32 = 10_000;

/// What the assignments are made from; none without `[[preview]]` tables or when anything is wrong.
pub(super) fn read(
    layers: &mut Layers<'_>,
    policies: &BTreeMap<CampaignId, Policy>,
    poll_interval: Duration,
) -> Option<Assignments> {
    let path = layers.read("roster", value::text);
    let interval = layers.read("assign_interval", value::positive_duration);
    let moved = layers.read("assign_moved_agents", value::count(1..=1_000_000_u32));
    let horizon = layers.read("assign_horizon", value::duration);
    let churn = layers.read("assign_churn", churn);
    let window = layers.read("call_rate_window", value::positive_duration);
    let tables = std::mem::take(&mut layers.file.previews);
    let mut previews = BTreeMap::new();
    for table in &tables {
        let Some((id, preview)) = preview(layers, table, policies) else {
            continue;
        };
        if previews.insert(id.clone(), preview).is_some() {
            let wrong = Wrong::new(format!("`{id}` has two tables"), "keep one of them");
            layers.faults.push(&table.origin, "preview.campaign", wrong);
        }
    }
    let roster = match path.general() {
        Some(cell) => {
            let read = cell
                .value
                .as_ref()
                .map(|path| (path, fs::read_to_string(path)));
            match read {
                Some((path, Ok(text))) => roster::read(path, &text, &mut layers.faults),
                Some((path, Err(wrong))) => {
                    let wrong = Wrong::new(
                        format!("cannot read `{path}` ({wrong})"),
                        "name a file of UTF-8 text that this user can read",
                    );
                    layers.faults.push(&cell.origin, "roster", wrong);
                    None
                }
                None => None,
            }
        }
        None => None,
    };
    let first = tables.first()?;
    if path.general().is_none() {
        let wrong = Wrong::new(
            "is missing, and [[preview]] campaigns need agents",
            "give --roster, or AUTOPILOT_ROSTER, or roster in the settings file",
        );
        layers.faults.push(&first.origin, "roster", wrong);
    }
    let interval = interval.value().unwrap_or(Duration::from_secs(60));
    let horizon_cell = horizon.general().map(|cell| cell.origin.clone());
    let horizon = horizon.value().unwrap_or(Duration::from_secs(300));
    // A plan is made at a poll: the next one comes up to one interval of polls later than it is due.
    let between = interval.saturating_add(poll_interval);
    if horizon < between {
        let wrong = Wrong::new(
            format!(
                "is shorter than the time between two plans, up to {}: agents stay on a list after their window",
                humantime::format_duration(between)
            ),
            "give a longer one, or shorten assign_interval",
        );
        let origin = horizon_cell.unwrap_or(Origin::Default);
        layers.warnings.push(&origin, "assign_horizon", wrong);
    }
    let (roster, given) = roster?;
    Some(Assignments {
        policy: AssignPolicy {
            previews,
            interval,
            moved_agents: moved.value().unwrap_or(5),
            horizon,
            churn: churn.value().unwrap_or(50),
            rate_window: window.value().unwrap_or(Duration::from_secs(3_600)),
        },
        roster,
        given,
    })
}

/// A part of a score, 0 to 1, in thousandths.
fn churn(text: &str) -> Result<u32, Wrong> {
    let wrong = || {
        Wrong::new(
            format!("`{text}` is no number from 0 to 1"),
            "give one, such as 0.05",
        )
    };
    let weight = text.parse::<Weight>().map_err(|_| wrong())?;
    u32::try_from(weight.milli())
        .ok()
        .filter(|milli| *milli <= 1_000)
        .ok_or_else(wrong)
}

fn preview(
    layers: &mut Layers<'_>,
    table: &ListedTable,
    policies: &BTreeMap<CampaignId, Policy>,
) -> Option<(CampaignId, Preview)> {
    let id: Option<CampaignId> = one(layers, table, "campaign", "give the campaign's id", None);
    let skills: Option<BTreeSet<SkillId>> = many(
        layers,
        table,
        "skills",
        "name at least one skill as the platform shows it",
    );
    let zones: Option<BTreeSet<Zone>> = many(
        layers,
        table,
        "zones",
        "name at least one, such as \"Europe/Berlin\"",
    );
    let rate = "give calls an hour, 0 or more, such as 8.5";
    let target = one(layers, table, "target_rate", rate, None);
    let weight = "give a number above 0 and up to 100";
    let weight = one(layers, table, "weight", weight, Some(Weight::default()));
    if weight.is_some_and(|weight| weight.milli() == 0) {
        refuse(
            layers,
            table,
            "weight",
            "is 0",
            "give a number above 0, or take the table out",
        );
    }
    let number = "give a whole number";
    let least: Option<u32> = one(layers, table, "least", number, Some(0));
    let most: Option<u32> = one(layers, table, "most", number, None);
    if most.is_some_and(|most| !(1..=LONGEST_LIST).contains(&most)) {
        let remedy = "give 1 to 10000 agents";
        refuse(layers, table, "most", "is outside 1 to 10000", remedy);
    }
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        let wrong = format!("is {least}, above most, which is {most}");
        refuse(layers, table, "least", &wrong, "change one of them");
    }
    let concurrency: Option<u8> = one(layers, table, "concurrency", "give 1 or 2", Some(1));
    if concurrency.is_some_and(|calls| !(1..=MOST_CONCURRENT).contains(&calls)) {
        refuse(
            layers,
            table,
            "concurrency",
            "is neither 1 nor 2",
            "give 1 or 2",
        );
    }
    let id = id?;
    let defaults = Policy::default();
    let rules = policies.get(&id).or_else(|| policies.values().next());
    let rules = rules.unwrap_or(&defaults);
    Some((
        id,
        Preview {
            skills: skills?,
            target: target?,
            weight: weight?,
            least: least?,
            most: most?,
            zones: zones?,
            concurrency: concurrency?,
            on_manual_change: rules.on_manual_change,
            manual_grace: rules.manual_grace,
        },
    ))
}

/// The one value of a key; a fault when it is missing without a default, or wrong.
fn one<T: FromStr>(
    layers: &mut Layers<'_>,
    table: &ListedTable,
    key: &str,
    remedy: &str,
    default: Option<T>,
) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    match table.values.get(key) {
        Some(Given { texts, .. }) => {
            // No text: its type was wrong, and that is told.
            let text = texts.first()?;
            match text.parse() {
                Ok(read) => Some(read),
                Err(wrong) => {
                    refuse(layers, table, key, &format!("`{text}`: {wrong}"), remedy);
                    None
                }
            }
        }
        None if default.is_some() => default,
        None => {
            refuse(layers, table, key, "is missing", remedy);
            None
        }
    }
}

/// The values of a list, of which there has to be one at least.
fn many<T: FromStr + Ord>(
    layers: &mut Layers<'_>,
    table: &ListedTable,
    key: &str,
    remedy: &str,
) -> Option<BTreeSet<T>>
where
    T::Err: std::fmt::Display,
{
    let Some(given) = table.values.get(key) else {
        refuse(layers, table, key, "is missing", remedy);
        return None;
    };
    if given.texts.is_empty() {
        refuse(layers, table, key, "is empty", remedy);
        return None;
    }
    let mut read = BTreeSet::new();
    let mut whole = true;
    for text in &given.texts {
        match text.parse() {
            Ok(value) => {
                read.insert(value);
            }
            Err(wrong) => {
                whole = false;
                refuse(layers, table, key, &format!("`{text}` {wrong}"), remedy);
            }
        }
    }
    whole.then_some(read)
}

fn refuse(layers: &mut Layers<'_>, table: &ListedTable, key: &str, wrong: &str, remedy: &str) {
    let origin = table
        .values
        .get(key)
        .map_or(&table.origin, |given| &given.origin);
    let full = format!("preview.{key}");
    layers.faults.push(origin, full, Wrong::new(wrong, remedy));
}
