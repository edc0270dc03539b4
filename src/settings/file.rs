//! The settings file: TOML walked key by key, so that every fault is reported with its line.
//!
//! Here keys, TOML types and the `[[campaign]]` tables are checked; what the texts mean is read with those of flags and
//! environment.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use crate::domain::{CampaignId, CountedQueue, IdError, QueueId, Selector, TenantName, meant};

use super::fault::{Findings, Origin, Problem};

use super::given::{CampaignTable, CountedAgents, FileValues, ListedTable, RawValue, TenantTable};
use super::row::{InFile, Kind};
use super::rows::{CAMPAIGN, CONFIG, row_named, rows};
use super::table_keys::{
    TableKey, calendar, campaign, campaign as campaign_keys, group, guard, key_named, preview,
    queue, receiver,
};
use super::text_places::TextPlaces;

/// Reads a settings file.
pub(super) fn read(path: &str, text: &str, faults: &mut Findings) -> FileValues {
    let walk = Walk {
        places: TextPlaces::new(path, text),
        faults,
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut broken = false;
    for error in errors {
        let span = error.span();
        // Some faults, such as a key that is too deep, have no place.
        let origin = span
            .as_ref()
            .map_or_else(|| walk.places.somewhere(), |span| walk.places.at(span));
        // Only the parser's own words are shown: the line itself may hold a secret.
        if error.message() == "duplicate key" {
            let key = span.and_then(|span| text.get(span)).unwrap_or("TOML");
            let wrong = Problem::new("is given twice", "keep one of them");
            walk.faults.push(&origin, key, wrong);
        } else {
            broken = true;
            let wrong = Problem::new(error.message().replace('\n', " "), "see https://toml.io");
            walk.faults.push(&origin, "TOML", wrong);
        }
    }
    if broken {
        if let Some((language, line)) = other_language(text) {
            // What a parser of TOML says of each of its lines helps nobody.
            walk.faults.take_back(|key| key == "TOML");
            let wrong = Problem::new(
                format!("reads as {language}"),
                "write it as TOML, `key = value` on each line; `config init` prints a file to start from",
            );
            walk.faults.push(&walk.places.at(&line), "TOML", wrong);
        }
        return FileValues::broken();
    }
    walk.top(document.get_ref())
}

/// The language of a text that is no TOML, by its first line that says something, and where that is.
fn other_language(text: &str) -> Option<(&'static str, Range<usize>)> {
    let mut from = 0_usize;
    for line in text.split_inclusive('\n') {
        let place = from..from.saturating_add(line.len());
        from = place.end;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('{') {
            return Some(("JSON", place));
        }
        let is_key = |key: &str| {
            let of_a_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '"');
            !key.is_empty() && key.chars().all(of_a_key)
        };
        let maps = line
            .split_once(':')
            .is_some_and(|(key, rest)| is_key(key) && (rest.is_empty() || rest.starts_with(' ')));
        let yaml = maps || line == "---" || line.starts_with("- ");
        return yaml.then_some(("YAML", place));
    }
    None
}

/// Which list of a campaign's `agents`.
const LISTS: [&str; 3] = ["any_skill", "all_skills", "ids"];

struct Walk<'a> {
    places: TextPlaces,
    faults: &'a mut Findings,
}

impl Walk<'_> {
    fn top(mut self, table: &DeTable<'_>) -> FileValues {
        let mut values = FileValues::default();
        for (name, value) in table {
            let origin = self.places.at(&name.span());
            match (name.get_ref().as_ref(), value.get_ref().as_array()) {
                ("campaign", Some(tables)) => values.campaigns = self.campaigns(tables),
                ("tenant", Some(tables)) => values.tenants = self.tenants(tables),
                ("preview", Some(tables)) => {
                    values.previews = self.tables("preview", tables, preview::ALL);
                }
                ("queue", Some(tables)) => {
                    values.queues = self.tables("queue", tables, queue::ALL);
                }
                ("group", Some(tables)) => {
                    values.groups = self.tables("group", tables, group::ALL);
                }
                ("calendar", Some(tables)) => {
                    values.calendars = self.tables("calendar", tables, calendar::ALL);
                }
                ("guard", Some(tables)) => {
                    values.guards = self.tables("guard", tables, guard::ALL);
                }
                ("receiver", Some(tables)) => {
                    values.receivers = self.tables("receiver", tables, receiver::ALL);
                }
                (
                    list @ ("calendar" | "group" | "guard" | "preview" | "queue" | "receiver"
                    | "tenant"),
                    None,
                ) => {
                    let remedy = format!("write [[{list}]] above its keys");
                    let wrong = Problem::new("is not a list of tables", remedy);
                    self.faults.push(&origin, list, wrong);
                }
                ("campaign", None) => {
                    self.no_campaign(&origin);
                    values.campaigns.push(CampaignTable::nameless(origin));
                }
                (key, _) => {
                    if let Some(row) = row_named(key).filter(|row| row.file != InFile::No) {
                        let given = self.given(row.kind, value.get_ref(), row.key, origin);
                        values.add(row, given);
                    } else {
                        self.unknown_at_top(key, &origin);
                    }
                }
            }
        }
        values
    }

    fn unknown_at_top(&mut self, key: &str, origin: &Origin) {
        let problem = match row_named(key) {
            Some(row) if row.kind == Kind::Secret => Problem::new(
                "a secret does not belong into the settings file",
                format!(
                    "put it into {}, or into a file that {key}_file names",
                    row.variable()
                ),
            ),
            Some(row) if row.key == CONFIG.row().key => {
                Problem::new("cannot stand in the file that it names", "take it out")
            }
            Some(_) | None if key_named(campaign::ALL, key).is_some() => Problem::new(
                "belongs to one campaign",
                "move it into a [[campaign]] table",
            ),
            Some(_) | None => {
                let known = rows().filter(|row| row.file != InFile::No);
                let known = known.map(|row| row.key);
                let tables = [
                    "calendar", "campaign", "group", "guard", "preview", "queue", "receiver",
                    "tenant",
                ];
                unknown(key, known.chain(tables))
            }
        };
        self.faults.push(origin, shown(key), problem);
    }

    fn no_campaign(&mut self, origin: &Origin) {
        let wrong = Problem::new(
            "is not a list of tables",
            "write a [[campaign]] table with an id for each campaign",
        );
        self.faults.push(origin, CAMPAIGN.key, wrong);
    }

    fn tenants(&mut self, tables: &DeArray<'_>) -> Vec<TenantTable> {
        let mut seen: BTreeMap<TenantName, Origin> = BTreeMap::new();
        let mut tenants = Vec::new();
        for table in tables {
            let origin = self.places.at(&table.span());
            let Some(entries) = table.get_ref().as_table() else {
                let wrong = wrong_type(table.get_ref(), "write [[tenant]] above its keys");
                self.faults.push(&origin, "tenant", wrong);
                tenants.push(TenantTable::empty(None, origin));
                continue;
            };
            tenants.push(self.tenant(entries, origin, &mut seen));
        }
        tenants
    }

    fn tenant(
        &mut self,
        table: &DeTable<'_>,
        origin: Origin,
        seen: &mut BTreeMap<TenantName, Origin>,
    ) -> TenantTable {
        const REMEDY: &str = "write such as \"acme-eu\"";
        let found = table.iter().find(|(name, _)| name.get_ref() == "name");
        let place = found.map_or(origin, |(name, _)| self.places.at(&name.span()));
        let read = match found.map(|(_, value)| value.get_ref()) {
            None => Err(Problem::new("is missing", REMEDY)),
            Some(value) => match value.as_str().map(TenantName::from_str) {
                None => Err(wrong_type(value, REMEDY)),
                Some(Err(wrong)) => Err(Problem::new(wrong.to_string(), REMEDY)),
                Some(Ok(name)) => match seen.get(&name) {
                    None => Ok(name),
                    Some(first) => {
                        let wrong = format!("tenant `{name}` has a table already, at {first}");
                        Err(Problem::new(wrong, "make one table of both"))
                    }
                },
            },
        };
        let name = match read {
            Ok(name) => {
                seen.insert(name.clone(), place.clone());
                Some(name)
            }
            Err(problem) => {
                self.faults.push(&place, "tenant.name", problem);
                None
            }
        };
        let mut tenant = TenantTable::empty(name, place);
        for (name, value) in table {
            let origin = self.places.at(&name.span());
            let key = name.get_ref().as_ref();
            if key == "name" {
                continue;
            }
            if let Some(row) = row_named(key).filter(|row| row.file.in_tenant()) {
                let given = self.given(row.kind, value.get_ref(), row.key, origin);
                tenant.add(row, given);
            } else {
                self.unknown_in_tenant(key, &origin);
            }
        }
        tenant
    }

    fn unknown_in_tenant(&mut self, key: &str, origin: &Origin) {
        let problem = match row_named(key) {
            Some(row) if row.kind == Kind::Secret => Problem::new(
                "a secret does not belong into the settings file",
                format!(
                    "put it into a file that {key}_file names, or into {}_ and the tenant's name in upper case",
                    row.variable()
                ),
            ),
            Some(row) if row.file == InFile::Top => Problem::new(
                "holds for the whole process",
                "move it above the first table",
            ),
            Some(_) | None => {
                let known = rows().filter(|row| row.file.in_tenant());
                unknown(key, known.map(|row| row.key).chain(["name"]))
            }
        };
        let full = format!("tenant.{}", shown(key));
        self.faults.push(origin, full, problem);
    }

    fn campaigns(&mut self, tables: &DeArray<'_>) -> Vec<CampaignTable> {
        let mut seen = BTreeMap::new();
        let mut campaigns = Vec::new();
        for table in tables {
            let origin = self.places.at(&table.span());
            let Some(entries) = table.get_ref().as_table() else {
                self.no_campaign(&origin);
                campaigns.push(CampaignTable::nameless(origin));
                continue;
            };
            campaigns.push(self.campaign(entries, origin, &mut seen));
        }
        campaigns
    }

    fn campaign(
        &mut self,
        table: &DeTable<'_>,
        origin: Origin,
        seen: &mut BTreeMap<(Option<String>, CampaignId), Origin>,
    ) -> CampaignTable {
        let found = table
            .iter()
            .find(|(name, _)| name.get_ref() == campaign::ID.name);
        let id = self.id(found, &origin);
        let named = id.as_ref().map_or("?".to_owned(), ToString::to_string);
        let place = found.map_or(origin, |(name, _)| self.places.at(&name.span()));
        let mut campaign = CampaignTable::nameless(place);
        for (name, value) in table {
            let origin = self.places.at(&name.span());
            let key = name.get_ref().as_ref();
            let full = format!("campaign.{named}.{}", shown(key));
            if key == campaign::ID.name {
                continue;
            }
            if key == campaign::AGENTS.name {
                match counted_agents(value.get_ref()) {
                    Ok(agents) => campaign.agents = Some((agents, origin)),
                    Err(problem) => self.faults.push(&origin, full, problem),
                }
            } else if let Some(rule) = row_named(key).filter(|row| row.file == InFile::Rule) {
                let given = self.given(rule.kind, value.get_ref(), &full, origin);
                campaign.add(rule, given);
            } else if let Some(label) = key_named(campaign::ALL, key) {
                let given = self.given(label.kind, value.get_ref(), &full, origin);
                campaign.add_label(label, given);
            } else {
                self.unknown_in_campaign(key, full, &origin);
            }
        }
        if let Some(id) = id {
            // Two tenants may have campaigns of one id.
            let tenant = campaign.label(&campaign_keys::TENANT);
            let tenant = tenant.and_then(|given| given.texts.first().cloned());
            let named = (tenant, id.clone());
            if let Some(first) = seen.get(&named) {
                let wrong = Problem::new(
                    format!("campaign `{id}` has a table already, at {first}"),
                    "make one table of both",
                );
                self.faults.push(&campaign.origin, "campaign.id", wrong);
            } else {
                seen.insert(named, campaign.origin.clone());
                campaign.id = Some(id);
            }
        }
        campaign
    }

    fn id(
        &mut self,
        found: Option<(&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)>,
        table: &Origin,
    ) -> Option<CampaignId> {
        const REMEDY: &str = "write the campaign's id in quotes";
        let Some((name, value)) = found else {
            let wrong = Problem::new("is missing", REMEDY);
            self.faults.push(table, "campaign.id", wrong);
            return None;
        };
        let read = match value.get_ref().as_str().map(CampaignId::from_str) {
            Some(Ok(id)) => return Some(id),
            Some(Err(wrong)) => Problem::new(wrong.to_string(), REMEDY),
            None => wrong_type(value.get_ref(), REMEDY),
        };
        self.faults
            .push(&self.places.at(&name.span()), "campaign.id", read);
        None
    }

    /// The tables of a list such as `[[queue]]`; their keys are checked, their texts not read yet.
    fn tables(
        &mut self,
        list: &str,
        tables: &DeArray<'_>,
        known: &[&'static TableKey],
    ) -> Vec<ListedTable> {
        let tables = tables.iter().map(|value| {
            let mut listed = ListedTable::empty(self.places.at(&value.span()));
            let Some(table) = value.get_ref().as_table() else {
                let remedy = format!("write [[{list}]] above its keys");
                let wrong = wrong_type(value.get_ref(), &remedy);
                self.faults.push(&listed.origin, list, wrong);
                return listed;
            };
            for (name, value) in table {
                let key = name.get_ref().as_ref();
                let origin = self.places.at(&name.span());
                let full = format!("{list}.{}", shown(key));
                let Some(key) = key_named(known, key) else {
                    let file = format!("{key}_file");
                    let wrong = if key_named(known, &file).is_some() {
                        let wrong = "a secret does not belong into the settings file";
                        Problem::new(wrong, format!("put it into a file that {file} names"))
                    } else {
                        unknown(key, known.iter().map(|key| key.name))
                    };
                    self.faults.push(&origin, full, wrong);
                    continue;
                };
                let texts = if key.kind == Kind::Texts {
                    value.get_ref().as_array().and_then(texts)
                } else {
                    scalar(key.kind, value.get_ref()).map(|text| vec![text])
                };
                if texts.is_none() {
                    let wrong = wrong_type(value.get_ref(), expected(key.kind));
                    self.faults.push(&origin, full, wrong);
                }
                // One of a wrong type is given, though wrong: it is not missing as well.
                let texts = texts.unwrap_or_default();
                listed.add(key, RawValue { texts, origin });
            }
            listed
        });
        tables.collect()
    }

    fn unknown_in_campaign(&mut self, key: &str, full: String, origin: &Origin) {
        let problem = match row_named(key) {
            Some(row) if row.file != InFile::No && row.file != InFile::Rule => Problem::new(
                "holds for all campaigns",
                "move it above the first [[campaign]] table",
            ),
            Some(_) | None => {
                let rules = rows().filter(|row| row.file == InFile::Rule);
                let own = campaign::ALL.iter().map(|key| key.name);
                unknown(key, rules.map(|row| row.key).chain(own))
            }
        };
        self.faults.push(origin, full, problem);
    }

    /// The texts of a value; none, and a fault, when it has the wrong TOML type.
    fn given(&mut self, kind: Kind, value: &DeValue<'_>, full: &str, origin: Origin) -> RawValue {
        let texts = if kind == Kind::Texts && value.is_array() {
            value.as_array().and_then(texts)
        } else {
            scalar(kind, value).map(|text| vec![text])
        };
        if texts.is_none() {
            let wrong = wrong_type(value, expected(kind));
            self.faults.push(&origin, full, wrong);
        }
        let texts = texts.unwrap_or_default();
        RawValue { texts, origin }
    }
}

pub(super) fn scalar(kind: Kind, value: &DeValue<'_>) -> Option<String> {
    let number = matches!(
        kind,
        Kind::Count | Kind::CountOrWord | Kind::Number | Kind::Limit
    );
    let word = !matches!(kind, Kind::Count | Kind::Switch);
    if let Some(integer) = value.as_integer().filter(|_| number) {
        // One that does not fit keeps its digits and is refused with them.
        return Some(
            i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or(integer.to_string(), |number| number.to_string()),
        );
    }
    if let Some(float) = value.as_float().filter(|_| kind == Kind::Number) {
        return Some(float.as_str().to_owned());
    }
    if let Some(switch) = value.as_bool().filter(|_| kind == Kind::Switch) {
        return Some(switch.to_string());
    }
    value.as_str().filter(|_| word).map(str::to_owned)
}

pub(super) fn texts(array: &DeArray<'_>) -> Option<Vec<String>> {
    array
        .iter()
        .map(|item| item.get_ref().as_str().map(str::to_owned))
        .collect()
}

pub(super) fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Word | Kind::Secret => "write a text in quotes",
        Kind::Texts => "write a list of texts, such as [\"a\", \"b\"]",
        Kind::Duration => "write a duration in quotes, such as \"30s\"",
        Kind::Count => "write a whole number without quotes",
        Kind::CountOrWord => "write a whole number, or \"none\"",
        Kind::Number => "write a number, or \"unlimited\"",
        Kind::Limit => "write a whole number of agents, or a share in quotes such as \"12%\"",
        Kind::Switch => "write true or false without quotes",
    }
}

pub(super) fn wrong_type(value: &DeValue<'_>, remedy: &str) -> Problem {
    let article = if value.is_integer() || value.is_array() {
        "an"
    } else {
        "a"
    };
    Problem::new(format!("is {article} {}", value.type_str()), remedy)
}

pub(super) fn unknown<'n>(key: &str, known: impl Iterator<Item = &'n str>) -> Problem {
    let remedy = meant(key, known).map_or(
        "take it out; `campaign-autopilot run --help` names all settings".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    Problem::new("is not known", remedy)
}

/// A key of the file without line breaks and not without end.
pub(super) fn shown(key: &str) -> String {
    key.escape_debug().take(60).collect()
}

/// Which agents count.
fn counted_agents(value: &DeValue<'_>) -> Result<CountedAgents, Problem> {
    if value.as_str() == Some("none") {
        return Ok(CountedAgents::Nobody);
    }
    if value.as_str() == Some("own") {
        return Ok(CountedAgents::Queue(CountedQueue::Own));
    }
    let queue = value.as_table().and_then(|table| {
        let mut entries = table.iter();
        let (name, queue) = entries.next().filter(|_| entries.next().is_none())?;
        (name.get_ref() == "queue").then(|| queue.get_ref())
    });
    match queue {
        Some(queue) => queue_id(queue).map(|id| CountedAgents::Queue(CountedQueue::Other(id))),
        None => selector(value).map(CountedAgents::Rows),
    }
}

fn queue_id(value: &DeValue<'_>) -> Result<QueueId, Problem> {
    const REMEDY: &str = "write such as { queue = \"4712\" }";
    let read = value.as_str().map(QueueId::from_str);
    let read = read.ok_or_else(|| Problem::new("`queue` is not a text", REMEDY))?;
    read.map_err(|wrong| Problem::new(format!("the id in `queue` {wrong}"), REMEDY))
}

/// Which agents a selector chooses.
fn selector(value: &DeValue<'_>) -> Result<Selector, Problem> {
    const REMEDY: &str =
        "write \"all\", { any_skill = [\"x\"] }, { all_skills = [\"x\"] } or { ids = [\"x\"] }";
    if value.as_str() == Some("all") {
        return Ok(Selector::All);
    }
    let Some(table) = value.as_table() else {
        return Err(Problem::new("is no selection of agents", REMEDY));
    };
    let mut entries = table.iter();
    let (Some((name, list)), None) = (entries.next(), entries.next()) else {
        return Err(Problem::new("needs exactly one list", REMEDY));
    };
    let name = name.get_ref().as_ref();
    if !LISTS.contains(&name) {
        let wrong = format!("`{}` is not known", shown(name));
        let meant = meant(name, LISTS).map(|meant| format!("did you mean `{meant}`?"));
        return Err(Problem::new(wrong, meant.unwrap_or(REMEDY.to_owned())));
    }
    let Some(texts) = list.get_ref().as_array().and_then(texts) else {
        return Err(Problem::new(
            format!("`{name}` is not a list of texts"),
            REMEDY,
        ));
    };
    if texts.is_empty() {
        return Err(Problem::new(
            format!("`{name}` is empty, so that no agent would count"),
            "name at least one, or write \"all\"",
        ));
    }
    match name {
        "any_skill" => ids(name, &texts).map(Selector::AnySkill),
        "all_skills" => ids(name, &texts).map(Selector::AllSkills),
        _ => ids(name, &texts).map(Selector::Agents),
    }
}

fn ids<T: FromStr<Err = IdError> + Ord>(
    name: &str,
    texts: &[String],
) -> Result<BTreeSet<T>, Problem> {
    let read = |text: &String| {
        text.parse().map_err(|wrong| {
            Problem::new(
                format!("an id in `{name}` {wrong}"),
                "write the ids as the platform shows them",
            )
        })
    };
    texts.iter().map(read).collect()
}
