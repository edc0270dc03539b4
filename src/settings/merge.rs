//! Flag beats environment beats file beats default, and each value keeps its origin.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{CampaignId, TenantName, meant};

use super::fault::{Findings, Origin, Problem};

use super::flags::RunArgs;
use super::given::{FileValues, ListedTable, RawValue};
use super::row::{DefaultValue, InFile, Kind, Parsed, Row, Setting};
use super::table_keys::TableKey;
use super::tenants::TenantLayer;

/// What is wrong with a value that is given for all tenants and can be one's alone.
const OF_ONE_ACCOUNT: &str = "is one account's, and there are [[tenant]] tables";

/// One value that somebody gave.
#[derive(Clone, Debug)]
pub(super) struct Cell<T> {
    /// Absent when the text cannot be read; that is a fault already.
    pub(super) value: Option<T>,
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// What one layer says about one setting.
#[derive(Debug)]
struct Layer<T> {
    general: Option<Cell<T>>,
    own: BTreeMap<CampaignId, Cell<T>>,
}

/// What all layers say about one setting, the strongest first.
#[derive(Debug)]
pub(super) struct Rule<T> {
    row: &'static Row,
    layers: Vec<Layer<T>>,
}

impl<T> Rule<T> {
    /// What holds for the process, or for a campaign of which nothing more is said.
    pub(super) fn general(&self) -> Option<&Cell<T>> {
        self.layers.iter().find_map(|layer| layer.general.as_ref())
    }

    /// What holds for a campaign, and whether it was said of that one alone.
    pub(super) fn of(&self, campaign: &CampaignId) -> Option<(&Cell<T>, bool)> {
        self.layers.iter().find_map(|layer| {
            let own = layer.own.get(campaign).map(|cell| (cell, true));
            own.or(layer.general.as_ref().map(|cell| (cell, false)))
        })
    }
}

/// How strong the place of a value is: the least is the strongest. Within a layer what was said of one campaign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Strength {
    layer: u8,
    general: bool,
}

impl Strength {
    /// Whether it was said of all campaigns.
    pub(super) fn is_general(self) -> bool {
        self.general
    }
}

impl<T> Rule<T> {
    /// How strong the place is where a campaign's value was given.
    pub(super) fn strength(&self, id: &CampaignId) -> Option<Strength> {
        let (cell, own) = self.of(id)?;
        let layer = match cell.origin {
            Origin::Flag(_) => 0,
            Origin::Env(_) => 1,
            Origin::File { .. } => 2,
            Origin::Default => 3,
        };
        Some(Strength {
            layer,
            general: !own,
        })
    }

    /// The key of a campaign's value, and where it was given.
    pub(super) fn place(&self, id: &CampaignId) -> Option<(String, Origin)> {
        let (cell, own) = self.of(id)?;
        let key = self.row.key;
        let key = if own {
            format!("campaign.{id}.{key}")
        } else {
            key.to_owned()
        };
        Some((key, cell.origin.clone()))
    }
}

impl<T: Clone> Rule<T> {
    /// The value that holds for the process.
    pub(super) fn value(&self) -> Option<T> {
        self.general().and_then(|cell| cell.value.clone())
    }

    /// The value of a campaign; its origin is noted when it was said of this campaign alone.
    pub(super) fn noted_for(&self, id: &CampaignId, noted: &mut Noted) -> Option<T> {
        let (cell, own) = self.of(id)?;
        if own {
            let key = format!("campaign.{id}.{}", self.row.key);
            noted.add(key, &cell.text, cell.origin.clone());
        }
        cell.value.clone()
    }
}

/// Key, value as text and origin of everything that holds.
#[derive(Debug, Default)]
pub(super) struct Noted(Vec<(String, String, Origin)>);

impl Noted {
    /// Notes a value besides those that are there.
    pub(super) fn add(&mut self, key: String, text: &str, origin: Origin) {
        self.0.push((key, text.to_owned(), origin));
    }

    /// Notes a value; it replaces what was noted for the same key.
    pub(super) fn replace(&mut self, key: &str, text: &str, origin: Origin) {
        self.0.retain(|(noted, _, _)| noted != key);
        self.add(key.to_owned(), text, origin);
    }

    /// Takes what a tenant's settings noted: under its name, but once where it holds for the process.
    pub(super) fn join(
        &mut self,
        others: Self,
        tenant: Option<&TenantName>,
        of_process: impl Fn(&str) -> bool,
    ) {
        for (key, text, origin) in others.0 {
            match tenant {
                Some(_) if of_process(&key) => self.replace(&key, &text, origin),
                Some(tenant) => self.add(format!("tenant.{tenant}.{key}"), &text, origin),
                None => self.add(key, &text, origin),
            }
        }
    }

    /// Where the value of a key came from.
    pub(super) fn origin(&self, key: &str) -> Option<Origin> {
        let found = self.0.iter().find(|(noted, _, _)| noted == key);
        found.map(|(_, _, origin)| origin.clone())
    }

    /// All of them: the settings in the order of these keys, then what belongs to campaigns and queues.
    pub(super) fn sorted_by(mut self, keys: &[&str]) -> Vec<(String, String, Origin)> {
        let place = |key: &str| keys.iter().position(|known| *known == key);
        self.0
            .sort_by_key(|(key, _, _)| place(key).unwrap_or(usize::MAX));
        self.0
    }
}

/// The layers, what is wrong in them, and where each value came from.
pub(super) struct Layers<'a> {
    pub(super) args: &'a RunArgs,
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    pub(super) file: FileValues,
    /// Whose settings are read, where the file has `[[tenant]]` tables.
    pub(super) tenant: Option<TenantLayer>,
    pub(super) campaigns: BTreeMap<CampaignId, Origin>,
    /// Whether the file names a platform that cannot be read, which is a fault already.
    pub(super) platform_unread: bool,
    pub(super) faults: Findings,
    pub(super) warnings: Findings,
    pub(super) noted: Noted,
    /// Lists of tables that are refused as a whole, such as `queue`.
    pub(super) refused: BTreeSet<&'static str>,
}

impl Layers<'_> {
    /// Refuses what a table of this list says of a key.
    pub(super) fn refuse_key(
        &mut self,
        list: &str,
        table: &ListedTable,
        key: &TableKey,
        problem: Problem,
    ) {
        let full = format!("{list}.{}", key.name);
        self.faults.push(table.place(key), full, problem);
    }

    /// The value of a key of such a table; nothing when it is not given, or wrong, which is reported.
    pub(super) fn key<T>(
        &mut self,
        list: &str,
        table: &ListedTable,
        key: &TableKey,
        parse: impl Fn(&str) -> Parsed<T>,
    ) -> Option<T> {
        // No text: its type was wrong, and that is told.
        match parse(table.get(key)?.texts.first()?) {
            Ok(read) => Some(read),
            Err(wrong) => {
                self.refuse_key(list, table, key, wrong);
                None
            }
        }
    }

    /// An environment variable that is set to something.
    pub(super) fn env(&self, name: &str) -> Option<String> {
        (self.env)(name).filter(|text| !text.is_empty())
    }

    /// The variable that gives a setting, and its text. Two names of one setting may both be there when they say the same.
    pub(super) fn variable(&mut self, row: &Row) -> Option<(&'static str, String)> {
        let given = row
            .env
            .iter()
            .filter_map(|name| Some((*name, self.env(name)?)));
        let given: Vec<(&'static str, String)> = given.collect();
        let (name, text) = given.first()?.clone();
        for (other, differing) in given {
            if differing != text {
                let wrong = format!("{other} says something else");
                let problem = Problem::new(wrong, format!("unset one of {name} and {other}"));
                let origin = Origin::Env(name.into());
                self.faults.push(&origin, row.key, problem);
            }
        }
        Some((name, text))
    }

    /// The texts of flag and environment, comma lists taken apart, and those of the file's top level.
    pub(super) fn given(&mut self, row: &'static Row) -> [Option<RawValue>; 3] {
        let list = matches!(row.kind, Kind::Texts | Kind::Limit);
        let split = |text: &str| -> Vec<String> {
            if list {
                text.split(',').map(|part| part.trim().to_owned()).collect()
            } else {
                vec![text.to_owned()]
            }
        };
        let texts = self.args.given(row);
        let flag = row.flag.filter(|_| !texts.is_empty());
        let flag = flag.map(|flag| RawValue {
            texts: texts.iter().flat_map(|text| split(text)).collect(),
            origin: Origin::Flag(flag),
        });
        let env = self.variable(row).map(|(name, text)| RawValue {
            texts: split(&text),
            origin: Origin::Env(name.into()),
        });
        let top = self.file.top(row).cloned();
        let Some(tenant) = &self.tenant else {
            return [flag, env, top];
        };
        let own = tenant.get(row).cloned();
        if row.file != InFile::Account {
            return [flag, env, own.or(top)];
        }
        for given in [flag, env, top].into_iter().flatten() {
            let problem = Problem::new(OF_ONE_ACCOUNT, "write it into the table of each");
            self.faults.push(&given.origin, row.key, problem);
        }
        [None, None, own]
    }

    /// The variable that holds a secret, and its text: of one that opens an account, the tenant's own.
    pub(super) fn secret_variable(&mut self, row: &Row) -> Option<(Cow<'static, str>, String)> {
        let own = self.tenant.as_ref().filter(|_| row.of_account());
        let Some(own) = own.map(|tenant| tenant.variable(row)) else {
            let (name, text) = self.variable(row)?;
            return Some((name.into(), text));
        };
        if let Some((name, _)) = self.variable(row) {
            let remedy = format!("set {own} and its like, or {}_file in each table", row.key);
            // The same words for each tenant, so that they are told once.
            let first = self.tenant.as_ref().and_then(|tenant| tenant.among.first());
            let first = first.map_or(own.clone(), |first| {
                format!("{}_{}", row.variable(), first.in_variable())
            });
            let problem = Problem::new(OF_ONE_ACCOUNT, remedy.replace(&own, &first));
            self.faults
                .push(&Origin::Env(name.into()), row.key, problem);
        }
        let text = self.env(&own)?;
        Some((own.into(), text))
    }

    /// Every way to give a setting, for the remedy of a missing one.
    pub(super) fn ways(&self, row: &Row) -> String {
        match &self.tenant {
            Some(tenant) if row.of_account() => tenant.variable(row),
            Some(tenant) if row.file.in_tenant() => tenant.ways(row),
            Some(_) | None => row.ways(),
        }
    }

    /// Reads one setting in all layers and notes where its general value comes from.
    pub(super) fn read<T>(&mut self, setting: &'static Setting<T>) -> Rule<T> {
        let Setting { row, parse } = setting;
        let [flag, env, top] = self.given(row);
        let mut layers = Vec::new();
        for given in [flag, env].into_iter().flatten() {
            let layer = self.layer(row, &given, *parse);
            layers.push(layer);
        }
        let general = top.map(|given| self.cell(row.key.to_owned(), given, *parse));
        let own = self.tables(row, *parse);
        layers.push(Layer { general, own });
        let rule = Rule { row, layers };
        match rule.general() {
            Some(cell) => self.note(row, &cell.text, cell.origin.clone()),
            None => self.note(row, row.default_text(), Origin::Default),
        }
        rule
    }

    /// Reads a list: the strongest layer that gives one gives all of it.
    pub(super) fn read_list<T>(
        &mut self,
        row: &'static Row,
        parse: fn(&[String]) -> Parsed<T>,
    ) -> Option<T> {
        let given = self.given(row).into_iter().flatten().next();
        let Some(RawValue { texts, origin }) = given else {
            self.note(row, "", Origin::Default);
            return None;
        };
        self.note(row, &texts.join(","), origin.clone());
        parse(&texts)
            .map_err(|problem| self.faults.push(&origin, row.key, problem))
            .ok()
    }

    /// The value that a setting's default text stands for.
    pub(super) fn default_of<T>(&mut self, setting: &'static Setting<T>) -> Option<T> {
        let DefaultValue::Is(text) = setting.row.default else {
            return None;
        };
        (setting.parse)(text)
            .map_err(|problem| {
                let key = setting.row.key;
                self.faults.push(&Origin::Default, key, problem);
            })
            .ok()
    }

    /// Notes where a value comes from; what is noted later replaces what was noted for the same setting.
    pub(super) fn note(&mut self, row: &Row, text: &str, origin: Origin) {
        self.noted.replace(row.key, text, origin);
    }

    /// The text and the origin of a setting that was read, if somebody gave it.
    pub(super) fn source(&self, row: &Row) -> Option<(String, Origin)> {
        let mut noted = self.noted.0.iter();
        let (_, text, origin) = noted.find(|(key, _, _)| key == row.key)?;
        (*origin != Origin::Default).then(|| (text.clone(), origin.clone()))
    }

    /// The key and the origin of a rule of a campaign, if somebody gave it: its own where there is one.
    pub(super) fn source_of_rule(&self, id: &CampaignId, row: &Row) -> Option<(String, Origin)> {
        let own = format!("campaign.{id}.{}", row.key);
        let mut noted = self.noted.0.iter();
        let found = noted.find(|(key, _, _)| *key == own);
        if let Some((key, _, origin)) = found {
            return Some((key.clone(), origin.clone()));
        }
        let (_, origin) = self.source(row)?;
        Some((row.key.to_owned(), origin))
    }

    /// Reports what is missing, unless the part of the file that could not be read may hold it.
    pub(super) fn missing(&mut self, row: &Row, remedy: impl Into<String>) {
        if self.file.broken {
            return;
        }
        let problem = Problem::new("is missing", remedy);
        match &self.tenant {
            Some(tenant) => {
                let key = format!("tenant.{}.{}", tenant.name, row.key);
                self.faults.push(&tenant.origin, key, problem);
            }
            None => self.faults.push(&Origin::Default, row.key, problem),
        }
    }

    fn layer<T>(
        &mut self,
        row: &'static Row,
        given: &RawValue,
        parse: fn(&str) -> Parsed<T>,
    ) -> Layer<T> {
        let mut layer = Layer {
            general: None,
            own: BTreeMap::new(),
        };
        for text in &given.texts {
            let one = |text: &str| RawValue {
                texts: vec![text.to_owned()],
                origin: given.origin.clone(),
            };
            let targeted = text.rsplit_once('=').filter(|_| row.kind == Kind::Limit);
            let (key, again) = if let Some((campaign, value)) = targeted {
                let key = format!("campaign.{campaign}.{}", row.key);
                let Some(id) = self.known(campaign, &key, &given.origin) else {
                    continue;
                };
                let cell = self.cell(key.clone(), one(value), parse);
                (key, layer.own.insert(id, cell).is_some())
            } else {
                let key = row.key.to_owned();
                let cell = self.cell(key.clone(), one(text), parse);
                (key, layer.general.replace(cell).is_some())
            };
            if again {
                let problem = Problem::new("is given twice", "keep one of them");
                self.faults.push(&given.origin, key, problem);
            }
        }
        layer
    }

    fn known(&mut self, campaign: &str, key: &str, origin: &Origin) -> Option<CampaignId> {
        let campaign = match &self.tenant {
            None => campaign,
            Some(tenant) => match campaign.trim().split_once('/') {
                Some((named, rest)) if named == tenant.name.as_str() => rest,
                Some((named, _)) if tenant.among.iter().any(|one| one.as_str() == named) => {
                    return None;
                }
                Some(_) | None => {
                    let wrong = format!("`{campaign}` does not say whose campaign it is");
                    let problem = Problem::new(wrong, format!("write TENANT/{campaign}"));
                    self.faults.push(origin, key, problem);
                    return None;
                }
            },
        };
        let id = campaign.trim().parse::<CampaignId>().ok();
        let known = id.filter(|id| self.campaigns.contains_key(id));
        if known.is_none() && !self.file.broken {
            let meant = meant(campaign, self.campaigns.keys().map(CampaignId::as_str));
            let remedy = meant.map_or(
                "add it with --campaign or a [[campaign]] table".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            let wrong = format!("campaign `{campaign}` is not managed");
            self.faults.push(origin, key, Problem::new(wrong, remedy));
        }
        known
    }

    fn tables<T>(
        &mut self,
        row: &'static Row,
        parse: fn(&str) -> Parsed<T>,
    ) -> BTreeMap<CampaignId, Cell<T>> {
        let mut own = BTreeMap::new();
        let given: Vec<(Option<CampaignId>, RawValue)> = self
            .file
            .campaigns
            .iter()
            .filter_map(|table| Some((table.id.clone(), table.rule(row)?.clone())))
            .collect();
        for (id, given) in given {
            let named = id.as_ref().map_or("?", CampaignId::as_str);
            let cell = self.cell(format!("campaign.{named}.{}", row.key), given, parse);
            own.extend(id.map(|id| (id, cell)));
        }
        own
    }

    fn cell<T>(&mut self, key: String, given: RawValue, parse: fn(&str) -> Parsed<T>) -> Cell<T> {
        let RawValue { texts, origin } = given;
        let mut cell = Cell {
            value: None,
            text: String::new(),
            origin,
        };
        // Without a text the value had the wrong type, which is told already.
        if let Some(text) = texts.into_iter().next() {
            match parse(&text) {
                Ok(value) => cell.value = Some(value),
                Err(problem) => self.faults.push(&cell.origin, key, problem),
            }
            cell.text = text;
        }
        cell
    }
}
