//! The name of a tenant: one account on one platform, of which a daemon may have several.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::slug::{self, LONGEST, NotASlug};

/// A name that no tenant can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenantNameError {
    /// It is empty or too long.
    #[error("has not 1 to {LONGEST} characters")]
    Length,
    /// It has another character than those of a slug.
    #[error("has another character than a-z, 0-9 and -")]
    Character,
    /// Variables of its name would be those of a setting.
    #[error("is taken: its variable would be that of another setting")]
    Taken,
}

/// The name of a tenant: lower-case letters, digits and `-`, 1 to 40 of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantName(Arc<str>);

impl TenantName {
    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as the end of a variable's name: upper case, `-` as `_`.
    #[must_use]
    pub fn in_variable(&self) -> String {
        slug::in_variable(&self.0)
    }
}

impl FromStr for TenantName {
    type Err = TenantNameError;

    fn from_str(text: &str) -> Result<Self, TenantNameError> {
        slug::check(text).map_err(|wrong| match wrong {
            NotASlug::Length => TenantNameError::Length,
            NotASlug::Character => TenantNameError::Character,
        })?;
        // `..._CLIENT_SECRET_FILE` names a file.
        if text == "file" {
            return Err(TenantNameError::Taken);
        }
        Ok(Self(Arc::from(text)))
    }
}

impl TryFrom<String> for TenantName {
    type Error = TenantNameError;

    fn try_from(text: String) -> Result<Self, TenantNameError> {
        text.parse()
    }
}

impl From<TenantName> for String {
    fn from(name: TenantName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_slug() {
        for name in ["eu", "acme-2", "a", "7", &"x".repeat(40)] {
            assert_eq!(name.parse::<TenantName>().unwrap().as_str(), name);
        }
        assert_eq!("".parse::<TenantName>(), Err(TenantNameError::Length));
        let long = "x".repeat(41);
        assert_eq!(long.parse::<TenantName>(), Err(TenantNameError::Length));
        for name in ["EU", "a b", "a/b", "..", "a_b", "süd"] {
            assert_eq!(name.parse::<TenantName>(), Err(TenantNameError::Character));
        }
        assert_eq!("file".parse::<TenantName>(), Err(TenantNameError::Taken));
    }

    #[test]
    fn its_variable_is_in_upper_case() {
        let name: TenantName = "acme-eu-2".parse().unwrap();
        assert_eq!(name.in_variable(), "ACME_EU_2");
    }
}
