//! The rules of preview assignments, and every fault in them.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::domain::Zone;
use crate::domain::assignment::{AssignPolicy, MOST_CONCURRENT, Preview, Weight};
use crate::domain::{CampaignId, Policy, SkillId};

use super::fault::{Origin, Problem};
use super::given::{ListedTable, RawValue};
use super::memberships::{refuse_foreign_agents, refuse_what_lists_cannot_hold};
use super::merge::Layers;
use super::resolved::Assignments;
use super::roster;
use super::rows::{ASSIGN_HORIZON, ASSIGN_INTERVAL, ROSTER};
use super::table_keys::{TableKey, preview as keys};
use super::values::Values;
use crate::given_file::{LONGEST_DATA, read_text};

/// A longer list is a slip of the fingers, and no platform accepts it.
const LONGEST_LIST: u32 = 10_000;

/// What the assignments are made from; none without `[[preview]]` tables or when anything is wrong.
pub(super) fn read(
    layers: &mut Layers<'_>,
    values: &Values,
    policies: &BTreeMap<CampaignId, Policy>,
) -> Option<Assignments> {
    let tables = std::mem::take(&mut layers.file.previews);
    let mut previews = BTreeMap::new();
    let form = values.platform.capabilities_by(values.agents).lists;
    if form.is_none() && !tables.is_empty() {
        // They are refused as a whole, and what else is wrong with them is beside the point.
        return None;
    }
    let mut read = Vec::new();
    for table in &tables {
        if let Some((id, preview)) = preview(layers, table, policies) {
            read.push((table, id, preview));
        }
    }
    if let Some(form) = form {
        refuse_what_lists_cannot_hold(layers, (values.platform, form), &read, policies);
    }
    for (table, id, preview) in read {
        if previews.insert(id.clone(), preview).is_some() {
            let problem = Problem::new(format!("`{id}` has two tables"), "keep one of them");
            layers
                .faults
                .push(&table.origin, "preview.campaign", problem);
        }
    }
    let source = layers.source(ROSTER.row());
    let roster = match (&values.roster, &source) {
        (Some(path), Some((_, origin))) => match read_text(path, LONGEST_DATA) {
            Ok(text) => roster::read(path, &text, &mut layers.faults),
            Err(wrong) => {
                let problem = Problem::new(
                    format!("cannot read `{path}` ({wrong})"),
                    "name a file of UTF-8 text that this user can read",
                );
                layers.faults.push(origin, ROSTER.row().key, problem);
                None
            }
        },
        (Some(_) | None, _) => None,
    };
    let first = tables.first()?;
    if source.is_none() {
        let problem = Problem::new(
            "is missing, and [[preview]] campaigns need agents",
            format!("give {}", layers.ways(ROSTER.row())),
        );
        layers.faults.push(&first.origin, ROSTER.row().key, problem);
    }
    warn_of_short_horizon(layers, values);
    let (roster, given) = roster?;
    if let Some((_, origin)) = &source
        && refuse_foreign_agents(layers, values.platform, origin, &roster)
    {
        return None;
    }
    Some(Assignments {
        policy: AssignPolicy {
            previews,
            interval: values.assign_interval,
            moved_agents: values.assign_moved_agents,
            horizon: values.assign_horizon,
            churn: values.assign_churn,
            rate_window: values.call_rate_window,
            form: form.unwrap_or_default(),
        },
        roster,
        given,
    })
}

/// A plan is made at a poll: the next one comes up to one interval of polls later than it is due.
fn warn_of_short_horizon(layers: &mut Layers<'_>, values: &Values) {
    let between = values.assign_interval.saturating_add(values.poll_interval);
    if values.assign_horizon < between {
        let problem = Problem::new(
            format!(
                "is shorter than the time between two plans, up to {}: agents stay on a list after their window",
                humantime::format_duration(between)
            ),
            format!(
                "give a longer one, or shorten {}",
                ASSIGN_INTERVAL.row().key
            ),
        );
        let source = layers.source(ASSIGN_HORIZON.row());
        let origin = source.map_or(Origin::Default, |(_, origin)| origin);
        layers
            .warnings
            .push(&origin, ASSIGN_HORIZON.row().key, problem);
    }
}

fn preview(
    layers: &mut Layers<'_>,
    table: &ListedTable,
    policies: &BTreeMap<CampaignId, Policy>,
) -> Option<(CampaignId, Preview)> {
    let id: Option<CampaignId> = one(
        layers,
        table,
        &keys::CAMPAIGN,
        "give the campaign's id",
        None,
    );
    let skills: Option<BTreeSet<SkillId>> = many(
        layers,
        table,
        &keys::SKILLS,
        "name at least one skill as the platform shows it",
    );
    let zones: Option<BTreeSet<Zone>> = many(
        layers,
        table,
        &keys::ZONES,
        "name at least one, such as \"Europe/Berlin\"",
    );
    let rate = "give calls an hour, 0 or more, such as 8.5";
    let target = one(layers, table, &keys::TARGET_RATE, rate, None);
    let weight = "give a number above 0 and up to 100";
    let weight = one(
        layers,
        table,
        &keys::WEIGHT,
        weight,
        Some(Weight::default()),
    );
    if weight.is_some_and(|weight| weight.milli() == 0) {
        refuse(
            layers,
            table,
            &keys::WEIGHT,
            "is 0",
            "give a number above 0, or take the table out",
        );
    }
    let number = "give a whole number";
    let least: Option<u32> = one(layers, table, &keys::LEAST, number, Some(0));
    let most: Option<u32> = one(layers, table, &keys::MOST, number, None);
    if most.is_some_and(|most| !(1..=LONGEST_LIST).contains(&most)) {
        let remedy = "give 1 to 10000 agents";
        refuse(layers, table, &keys::MOST, "is outside 1 to 10000", remedy);
    }
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        let wrong = format!("is {least}, above most, which is {most}");
        refuse(layers, table, &keys::LEAST, &wrong, "change one of them");
    }
    let concurrency: Option<u8> = one(layers, table, &keys::CONCURRENCY, "give 1 or 2", Some(1));
    if concurrency.is_some_and(|calls| !(1..=MOST_CONCURRENT).contains(&calls)) {
        refuse(
            layers,
            table,
            &keys::CONCURRENCY,
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
    key: &TableKey,
    remedy: &str,
    default: Option<T>,
) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    match table.get(key) {
        Some(RawValue { texts, .. }) => {
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
    key: &TableKey,
    remedy: &str,
) -> Option<BTreeSet<T>>
where
    T::Err: std::fmt::Display,
{
    let Some(given) = table.get(key) else {
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

fn refuse(layers: &mut Layers<'_>, table: &ListedTable, key: &TableKey, wrong: &str, remedy: &str) {
    layers.refuse_key("preview", table, key, Problem::new(wrong, remedy));
}
