//! What the settings file holds, as texts that are not read yet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::{CampaignId, CountedQueue, Selector, TenantName};

use super::fault::Origin;
use super::row::Row;
use super::table_keys::TableKey;

/// The texts given for one key. There are none when the value had the wrong type, which is a fault already.
#[derive(Clone, Debug)]
pub(super) struct RawValue {
    pub(super) texts: Vec<String>,
    pub(super) origin: Origin,
}

/// Which agents a campaign's table says that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CountedAgents {
    /// Those that a selector chooses.
    Rows(Selector),
    /// Those of a queue or skill.
    Queue(CountedQueue),
    /// None: the calendar is the whole rule.
    Nobody,
}

impl fmt::Display for CountedAgents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(selector) => selector.fmt(f),
            Self::Nobody => f.write_str("none"),
            Self::Queue(CountedQueue::Own) => f.write_str("own"),
            Self::Queue(CountedQueue::Other(queue)) => write!(f, "queue {queue}"),
        }
    }
}

/// One `[[campaign]]` table.
#[derive(Debug)]
pub(super) struct CampaignTable {
    /// Absent when it is missing, wrong or another table's.
    pub(super) id: Option<CampaignId>,
    pub(super) origin: Origin,
    values: BTreeMap<&'static str, RawValue>,
    labels: BTreeMap<&'static str, RawValue>,
    pub(super) agents: Option<(CountedAgents, Origin)>,
}

impl CampaignTable {
    /// One of which no more is known than where it stands.
    pub(super) fn nameless(origin: Origin) -> Self {
        Self {
            id: None,
            origin,
            values: BTreeMap::new(),
            labels: BTreeMap::new(),
            agents: None,
        }
    }

    /// What it says of a rule.
    pub(super) fn rule(&self, row: &Row) -> Option<&RawValue> {
        self.values.get(row.key)
    }

    /// What it calls the campaign.
    pub(super) fn label(&self, key: &TableKey) -> Option<&RawValue> {
        self.labels.get(key.name)
    }

    /// Takes what it calls the campaign.
    pub(super) fn add_label(&mut self, key: &'static TableKey, value: RawValue) {
        self.labels.insert(key.name, value);
    }

    /// Takes what it says of a rule.
    pub(super) fn add(&mut self, row: &'static Row, value: RawValue) {
        self.values.insert(row.key, value);
    }
}

/// One `[[tenant]]` table.
#[derive(Debug)]
pub(super) struct TenantTable {
    /// Absent when it is missing, wrong or another table's.
    pub(super) name: Option<TenantName>,
    pub(super) origin: Origin,
    values: BTreeMap<&'static str, RawValue>,
}

impl TenantTable {
    /// One that says nothing yet.
    pub(super) fn empty(name: Option<TenantName>, origin: Origin) -> Self {
        Self {
            name,
            origin,
            values: BTreeMap::new(),
        }
    }

    /// What it says of a setting.
    pub(super) fn get(&self, row: &Row) -> Option<&RawValue> {
        self.values.get(row.key)
    }

    /// Takes what it says of a setting.
    pub(super) fn add(&mut self, row: &'static Row, value: RawValue) {
        self.values.insert(row.key, value);
    }
}

/// One `[[preview]]`, `[[queue]]`, `[[group]]`, `[[calendar]]`, `[[guard]]` or `[[receiver]]` table.
#[derive(Clone, Debug)]
pub(super) struct ListedTable {
    pub(super) origin: Origin,
    values: BTreeMap<&'static str, RawValue>,
}

impl ListedTable {
    /// One that says nothing yet.
    pub(super) fn empty(origin: Origin) -> Self {
        Self {
            origin,
            values: BTreeMap::new(),
        }
    }

    /// What it says of a key.
    pub(super) fn get(&self, key: &TableKey) -> Option<&RawValue> {
        self.values.get(key.name)
    }

    /// Where a key stands, or where the table does.
    pub(super) fn place(&self, key: &TableKey) -> &Origin {
        self.get(key).map_or(&self.origin, |given| &given.origin)
    }

    /// Takes what it says of a key.
    pub(super) fn add(&mut self, key: &'static TableKey, value: RawValue) {
        self.values.insert(key.name, value);
    }
}

/// What the file holds.
#[derive(Debug, Default)]
pub(super) struct FileValues {
    top: BTreeMap<&'static str, RawValue>,
    pub(super) tenants: Vec<TenantTable>,
    pub(super) campaigns: Vec<CampaignTable>,
    pub(super) previews: Vec<ListedTable>,
    pub(super) queues: Vec<ListedTable>,
    pub(super) groups: Vec<ListedTable>,
    pub(super) calendars: Vec<ListedTable>,
    pub(super) guards: Vec<ListedTable>,
    pub(super) receivers: Vec<ListedTable>,
    /// The teams of all campaigns, whosever they are.
    pub(super) teams: BTreeSet<String>,
    /// The file could not be read as a whole: what is not here may be in it.
    pub(super) broken: bool,
}

impl FileValues {
    /// A file that could not be read.
    pub(super) fn broken() -> Self {
        Self {
            broken: true,
            ..Self::default()
        }
    }

    /// What every tenant has of it: what stands at top level, and the calendars. Receivers that name no tenant are added by whoever
    /// knows which those are.
    pub(super) fn shared(&self) -> Self {
        Self {
            top: self.top.clone(),
            calendars: self.calendars.clone(),
            teams: self.teams.clone(),
            broken: self.broken,
            ..Self::default()
        }
    }

    /// Forgets the keys that name files, for reading without a disk.
    #[cfg(any(test, fuzzing))]
    pub(super) fn leave_out_files(&mut self) {
        let names_a_file =
            |key: &str| key.ends_with("_file") || matches!(key, "roster" | "named_tokens");
        self.top.retain(|key, _| !names_a_file(key));
        for tenant in &mut self.tenants {
            tenant.values.retain(|key, _| !names_a_file(key));
        }
        for table in self.calendars.iter_mut().chain(&mut self.receivers) {
            table.values.retain(|key, _| !key.ends_with("_file"));
        }
    }

    /// What stands at top level.
    pub(super) fn top(&self, row: &Row) -> Option<&RawValue> {
        self.top.get(row.key)
    }

    /// Takes what stands at top level.
    pub(super) fn add(&mut self, row: &'static Row, value: RawValue) {
        self.top.insert(row.key, value);
    }
}
