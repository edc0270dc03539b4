//! Who asks: a name where one was found out, and what they may do.

use serde::{Deserialize, Serialize};

use crate::control::operator::Author;
use crate::identity::Role;

use super::schema::SCHEMA;

/// The author of a change whose request names none.
const NOBODY: &str = "somebody at the API";

/// How it was found out who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// Nobody was asked: nothing is configured that could tell.
    Nothing,
    /// The operators' token, which says nothing of who has it.
    OperatorsToken,
    /// A named token.
    NamedToken,
    /// A trusted proxy.
    Proxy,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    name: Option<String>,
    role: Role,
    by: KnownBy,
}

/// Who asks, as they may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerDocument {
    /// The version of this form.
    pub schema: u32,
    /// The name that the audit knows them by; none where nobody was asked, or with the operators' token.
    pub name: Option<String>,
    /// `view`, `operate` or `admin`.
    pub role: String,
    /// How that was found out.
    pub known_by: KnownBy,
}

impl Caller {
    /// Somebody on this machine, where nobody is asked who they are.
    pub(super) fn unasked() -> Self {
        Self {
            name: None,
            role: Role::Admin,
            by: KnownBy::Nothing,
        }
    }

    /// Somebody who has the operators' token.
    pub(super) fn with_operators_token() -> Self {
        Self {
            name: None,
            role: Role::Admin,
            by: KnownBy::OperatorsToken,
        }
    }

    /// Somebody who is known by name.
    pub(super) fn named(name: String, role: Role, by: KnownBy) -> Self {
        Self {
            name: Some(name),
            role,
            by,
        }
    }

    /// The name that was found out.
    #[cfg(test)]
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What they may do.
    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// How a refusal calls them.
    pub(super) fn in_words(&self) -> String {
        match (&self.name, self.by) {
            (Some(name), KnownBy::Proxy) => format!("the user `{name}` of the proxy"),
            (Some(name), _) => format!("the token `{name}`"),
            (None, _) => "this request".to_owned(),
        }
    }

    /// The author of a change. A name that was found out is the author, and what the request says is an addition to it; where none was
    /// found out, it is all that there is.
    pub(super) fn author(&self, typed: Option<&str>, reason: &str) -> Result<Author, Vec<String>> {
        match &self.name {
            Some(name) => Author::authenticated(name, typed, reason),
            None => Author::new(typed.unwrap_or(NOBODY), reason),
        }
    }

    /// What they may see of themselves.
    pub(super) fn document(&self) -> CallerDocument {
        CallerDocument {
            schema: SCHEMA,
            name: self.name.clone(),
            role: self.role.label().to_owned(),
            known_by: self.by,
        }
    }
}
