//! The part of an address behind `?`, and who asks by it.

use crate::control::operator::Author;

use super::api::Failure;

/// The author of a change whose request names none.
pub(super) const NOBODY: &str = "somebody at the API";

/// The part of an address behind `?`.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(text: &str) -> Self {
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn author(&self) -> Result<Author, Failure> {
        self.author_or("")
    }

    /// Who asks; why is `reason` when it is not said.
    pub(super) fn author_or(&self, reason: &str) -> Result<Author, Failure> {
        let name = self.get("author").unwrap_or(NOBODY);
        Author::new(name, self.get("reason").unwrap_or(reason)).map_err(Failure::bad)
    }
}
