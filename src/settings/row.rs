//! The row of a setting: everything that is known about it.
//!
//! A [`Row`] has everything that needs no type: names, form, default and meaning. A [`Setting`] adds how its texts are read, and a
//! [`Landing`] where the value goes, so that a new setting is one row and nothing else.

use super::fault::Problem;

/// A text that was read, or why it cannot be.
pub(super) type Parsed<T> = Result<T, Problem>;

/// What a setting's text has to look like; decides which TOML types and how many flags are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// One of the words that the row's value names, separated by `|`.
    Word,
    /// Several texts.
    Texts,
    /// A text that is shown nowhere and is neither a flag nor a key of the file.
    Secret,
    /// A time with its unit.
    Duration,
    /// A whole number.
    Count,
    /// A whole number or a word.
    CountOrWord,
    /// A decimal number or a word.
    Number,
    /// A number of agents or a share, for all campaigns or for one.
    Limit,
    /// Yes or no.
    Switch,
}

/// Where in the settings file a key may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InFile {
    /// Nowhere.
    No,
    /// At top level: it holds for the whole process.
    Top,
    /// At top level and in each `[[tenant]]` table.
    Tenant,
    /// At top level; where there are `[[tenant]]` tables, in each of them alone: it names or opens one account.
    Account,
    /// At top level, in each `[[tenant]]` table and in each `[[campaign]]` table.
    Rule,
}

impl InFile {
    /// Whether it may stand in a `[[tenant]]` table.
    pub(crate) fn in_tenant(self) -> bool {
        match self {
            Self::Tenant | Self::Account | Self::Rule => true,
            Self::No | Self::Top => false,
        }
    }
}

/// What holds when nobody gives a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DefaultValue {
    /// Nothing.
    None,
    /// The value that this text is read as.
    Is(&'static str),
    /// A value that other settings or the system decide, in words.
    FollowsFrom(&'static str),
}

/// A setting without its type.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its key, in the file and in faults.
    pub key: &'static str,
    /// Its flag with the dashes, where it has one.
    pub flag: Option<&'static str>,
    /// Its environment variables: the name to use, then those that mean the same.
    pub env: &'static [&'static str],
    /// What its text looks like.
    pub kind: Kind,
    /// What the help calls its value.
    pub value: &'static str,
    /// What holds when nobody gives it.
    pub default: DefaultValue,
    /// Where it may stand in the file.
    pub file: InFile,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// The group that it belongs to.
    pub heading: &'static str,
}

/// A setting whose texts are read as `T`.
#[derive(Debug)]
pub(crate) struct Setting<T: 'static> {
    pub(super) row: Row,
    pub(super) parse: fn(&str) -> Parsed<T>,
}

/// A setting whose value has a place in `L`.
#[derive(Debug)]
pub(crate) struct Landing<T: 'static, L: 'static> {
    pub(super) setting: Setting<T>,
    pub(super) lands: fn(&mut L, T),
}

/// A setting whose texts are read together, and whose value has a place in `L`.
#[derive(Debug)]
pub(crate) struct ListLanding<T: 'static, L: 'static> {
    pub(super) row: Row,
    pub(super) parse: fn(&[String]) -> Parsed<T>,
    pub(super) lands: fn(&mut L, T),
}

impl<T> Setting<T> {
    /// Its row.
    pub(crate) fn row(&self) -> &Row {
        &self.row
    }
}

impl<T, L> Landing<T, L> {
    /// Its row.
    pub(crate) fn row(&self) -> &Row {
        &self.setting.row
    }
}

impl Row {
    /// The default in words; empty where there is none.
    pub(crate) fn default_text(&self) -> &'static str {
        match self.default {
            DefaultValue::None => "",
            DefaultValue::Is(text) | DefaultValue::FollowsFrom(text) => text,
        }
    }

    /// The words that it may be, where there are only a few.
    pub(crate) fn words(&self) -> impl Iterator<Item = &'static str> {
        let words = (self.kind == Kind::Word).then(|| self.value.split('|'));
        words.into_iter().flatten()
    }

    /// Whether it is a secret that opens an account.
    pub(crate) fn of_account(&self) -> bool {
        self.kind == Kind::Secret && self.heading == "Platform"
    }

    /// The environment variable to use.
    pub(crate) fn variable(&self) -> &'static str {
        self.env.first().copied().unwrap_or_default()
    }

    /// The line of the help: the meaning, the default and the environment variables.
    pub(crate) fn help(&self) -> String {
        let default = match self.default_text() {
            "" => String::new(),
            _ if self.kind == Kind::Switch => String::new(),
            text => format!(" [default: {text}]"),
        };
        format!("{}{default} [env: {}]", self.meaning, self.env.join(" or "))
    }

    /// Every way to give it, for the remedy of a missing one.
    pub(crate) fn ways(&self) -> String {
        let mut ways: Vec<String> = self.flag.iter().map(|flag| (*flag).to_owned()).collect();
        ways.push(self.env.join(" or "));
        if self.file != InFile::No {
            ways.push(format!("{} in the settings file", self.key));
        }
        ways.join(", or ")
    }
}
