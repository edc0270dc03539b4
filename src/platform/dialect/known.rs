//! Which platforms there are, and how the parts of one are put together.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::platform::port::{Capabilities, Connected};
use crate::platform::{cxone_acd, cxone_v2};

use super::tenant::{SharedParts, TenantSettings};

/// A way of speaking to a platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// The contract of campaigns under `/api/v2` that NICE's documents share.
    #[default]
    #[serde(rename = "cxone-v2")]
    CxoneV2,
    /// NICE CXone ACD, where campaigns are outbound skills.
    #[serde(rename = "cxone-acd")]
    CxoneAcd,
}

/// A name that is no dialect's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no platform {0:?}; known: cxone-v2, cxone-acd")]
pub struct UnknownDialect(String);

impl Dialect {
    /// Every dialect, so that each can be offered.
    pub const ALL: [Self; 2] = [Self::CxoneV2, Self::CxoneAcd];

    /// The one that holds where none is named.
    pub const DEFAULT: Self = Self::CxoneV2;

    /// Every dialect by its name.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        (Self::CxoneV2.name(), Self::CxoneV2),
        (Self::CxoneAcd.name(), Self::CxoneAcd),
    ];

    /// Every name, in the form of a setting's value.
    pub const NAMES: &'static str = "cxone-v2|cxone-acd";

    /// Returns the name in settings and flags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CxoneV2 => "cxone-v2",
            Self::CxoneAcd => "cxone-acd",
        }
    }

    /// Returns what its platform can do.
    #[must_use]
    pub fn capabilities(self) -> Capabilities {
        match self {
            Self::CxoneV2 => cxone_v2::CAPABILITIES,
            Self::CxoneAcd => cxone_acd::CAPABILITIES,
        }
    }

    /// Puts the parts of one tenant together. Nothing is sent yet.
    ///
    /// # Errors
    /// Everything in the settings that this dialect cannot make sense of, for people.
    pub fn connect(
        self,
        tenant: TenantSettings,
        shared: SharedParts,
    ) -> Result<Connected, Vec<String>> {
        match self {
            Self::CxoneV2 => Ok(cxone_v2::connect(tenant, shared)),
            Self::CxoneAcd => cxone_acd::connect(&tenant, shared),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        let named = Self::ALL.into_iter().find(|dialect| dialect.name() == name);
        named.ok_or_else(|| UnknownDialect(name.to_owned()))
    }
}
