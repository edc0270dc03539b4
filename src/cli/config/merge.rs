//! Flag beats environment beats file beats default, and each value keeps its origin.

use std::collections::BTreeMap;

use crate::cli::args::{Kind, RunArgs, Setting};
use crate::domain::CampaignId;

use super::fault::{Findings, Origin, Wrong, meant};
use super::file::{FileValues, Given};
use super::value::Read;

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
    pub(super) key: &'static str,
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

impl<T: Clone> Rule<T> {
    /// The value that holds for the process.
    pub(super) fn value(&self) -> Option<T> {
        self.general().and_then(|cell| cell.value.clone())
    }
}

/// The layers, what is wrong in them, and where each value came from.
pub(super) struct Layers<'a> {
    pub(super) args: &'a RunArgs,
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    pub(super) file: FileValues,
    pub(super) campaigns: BTreeMap<CampaignId, Origin>,
    pub(super) faults: Findings,
    pub(super) warnings: Findings,
    pub(super) origins: Vec<(String, String, Origin)>,
}

impl Layers<'_> {
    /// An environment variable that is set to something.
    pub(super) fn env(&self, name: &str) -> Option<String> {
        (self.env)(name).filter(|text| !text.is_empty())
    }

    /// The texts of flag and environment, comma lists taken apart, and those of the file's top level.
    pub(super) fn given(&self, setting: &Setting) -> [Option<Given>; 3] {
        let list = matches!(setting.kind, Kind::Texts | Kind::Limit);
        let split = |text: &str| -> Vec<String> {
            if list {
                text.split(',').map(|part| part.trim().to_owned()).collect()
            } else {
                vec![text.to_owned()]
            }
        };
        let texts = self.args.given(setting.key);
        let flag = setting.flag.filter(|_| !texts.is_empty());
        let flag = flag.map(|flag| Given {
            texts: texts.iter().flat_map(|text| split(text)).collect(),
            origin: Origin::Flag(flag),
        });
        let env = self.env(setting.env).map(|text| Given {
            texts: split(&text),
            origin: Origin::Env(setting.env),
        });
        [flag, env, self.file.top.get(setting.key).cloned()]
    }

    /// Reads one setting in all layers and notes where its general value comes from.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Read<T>,
    ) -> Rule<T> {
        let mut layers = Vec::new();
        if let Some(setting) = Setting::of(key) {
            let [flag, env, top] = self.given(setting);
            for given in [flag, env].into_iter().flatten() {
                let layer = self.layer(setting, &given, &parse);
                layers.push(layer);
            }
            let general = top.map(|given| self.cell(key.to_owned(), given, &parse));
            let own = self.tables(key, &parse);
            layers.push(Layer { general, own });
        }
        let rule = Rule { key, layers };
        if let Some(cell) = rule.general() {
            self.note(key, &cell.text, cell.origin.clone());
        } else {
            let default = Setting::of(key).map_or("", |setting| setting.default);
            self.note(key, default, Origin::Default);
        }
        rule
    }

    /// Notes where a value comes from; what is noted later replaces what was noted for the same key.
    pub(super) fn note(&mut self, key: &str, text: &str, origin: Origin) {
        self.origins.retain(|(noted, _, _)| noted != key);
        self.origins.push((key.to_owned(), text.to_owned(), origin));
    }

    fn layer<T>(
        &mut self,
        setting: &'static Setting,
        given: &Given,
        parse: &impl Fn(&str) -> Read<T>,
    ) -> Layer<T> {
        let mut layer = Layer {
            general: None,
            own: BTreeMap::new(),
        };
        for text in &given.texts {
            let one = |text: &str| Given {
                texts: vec![text.to_owned()],
                origin: given.origin.clone(),
            };
            let targeted = text
                .rsplit_once('=')
                .filter(|_| setting.kind == Kind::Limit);
            let (key, again) = if let Some((campaign, value)) = targeted {
                let key = format!("campaign.{campaign}.{}", setting.key);
                let Some(id) = self.known(campaign, &key, &given.origin) else {
                    continue;
                };
                let cell = self.cell(key.clone(), one(value), parse);
                (key, layer.own.insert(id, cell).is_some())
            } else {
                let key = setting.key.to_owned();
                let cell = self.cell(key.clone(), one(text), parse);
                (key, layer.general.replace(cell).is_some())
            };
            if again {
                let wrong = Wrong::new("is given twice", "keep one of them");
                self.faults.push(&given.origin, key, wrong);
            }
        }
        layer
    }

    fn known(&mut self, campaign: &str, key: &str, origin: &Origin) -> Option<CampaignId> {
        let id = campaign.trim().parse::<CampaignId>().ok();
        let known = id.filter(|id| self.campaigns.contains_key(id));
        if known.is_none() && !self.file.broken {
            let meant = meant(campaign, self.campaigns.keys().map(CampaignId::as_str));
            let remedy = meant.map_or(
                "add it with --campaign or a [[campaign]] table".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            let wrong = format!("campaign `{campaign}` is not looked after");
            self.faults.push(origin, key, Wrong::new(wrong, remedy));
        }
        known
    }

    fn tables<T>(
        &mut self,
        key: &'static str,
        parse: &impl Fn(&str) -> Read<T>,
    ) -> BTreeMap<CampaignId, Cell<T>> {
        let mut own = BTreeMap::new();
        let given: Vec<(Option<CampaignId>, Given)> = self
            .file
            .campaigns
            .iter()
            .filter_map(|table| Some((table.id.clone(), table.values.get(key)?.clone())))
            .collect();
        for (id, given) in given {
            let named = id.as_ref().map_or("?", CampaignId::as_str);
            let cell = self.cell(format!("campaign.{named}.{key}"), given, parse);
            own.extend(id.map(|id| (id, cell)));
        }
        own
    }

    fn cell<T>(&mut self, key: String, given: Given, parse: &impl Fn(&str) -> Read<T>) -> Cell<T> {
        let Given { texts, origin } = given;
        let mut cell = Cell {
            value: None,
            text: String::new(),
            origin,
        };
        // Without a text the value had the wrong type, which is told already.
        if let Some(text) = texts.into_iter().next() {
            match parse(&text) {
                Ok(value) => cell.value = Some(value),
                Err(wrong) => self.faults.push(&cell.origin, key, wrong),
            }
            cell.text = text;
        }
        cell
    }
}
