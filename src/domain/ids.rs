//! Names of things on the platform, kept apart by type.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest id accepted, in bytes: UUIDs have 36, and a longer text is a pasted mistake.
const LONGEST_ID: usize = 200;

/// An id that no platform would give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing, or only white space.
    #[error("is empty")]
    Empty,
    /// More than 200 bytes.
    #[error("is longer than {LONGEST_ID} bytes")]
    TooLong,
    /// `.` or `..`, which lead elsewhere in an address.
    #[error("is a step in a path, not an id")]
    Path,
    /// White space at an end.
    #[error("begins or ends with white space")]
    Blank,
    /// A control character.
    #[error("contains a control character")]
    Control,
}

/// Returns whether a platform's id, skill or word has a length that one can have; what is longer is kept nowhere.
#[must_use]
pub fn has_length_of_id(text: &str) -> bool {
    text.len() <= LONGEST_ID
}

fn validated(text: &str) -> Result<Arc<str>, IdError> {
    if text.trim().is_empty() {
        return Err(IdError::Empty);
    }
    if text == "." || text == ".." {
        return Err(IdError::Path);
    }
    if text.len() > LONGEST_ID {
        return Err(IdError::TooLong);
    }
    if text.trim().len() != text.len() {
        return Err(IdError::Blank);
    }
    if text.chars().any(char::is_control) {
        return Err(IdError::Control);
    }
    Ok(Arc::from(text))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as the platform writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                validated(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// A campaign on the platform.
    CampaignId
}
id! {
    /// A calendar of the settings.
    CalendarId
}
id! {
    /// An agent on the platform.
    AgentId
}
id! {
    /// A skill on the platform.
    SkillId
}
id! {
    /// A routing queue on the platform.
    QueueId
}

/// Which decision: the run of the daemon (counted in its store) and the tick within it.
///
/// Together with the campaign it is unique; it ties log line, audit row and request header together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DecisionId {
    /// The number of the start on this state directory, from 1.
    pub run: u64,
    /// The number of the poll within that run, from 1.
    pub tick: u64,
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.run, self.tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_ids_that_no_platform_would_give() {
        assert_eq!("".parse::<CampaignId>(), Err(IdError::Empty));
        assert_eq!("..".parse::<CampaignId>(), Err(IdError::Path));
        for outer in [" a", "a ", "\u{a0}a", "a\u{3000}"] {
            assert_eq!(outer.parse::<CampaignId>(), Err(IdError::Blank));
        }
        for control in ["a\tb", "a\nb", "a\u{1b}b", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(control.parse::<CampaignId>(), Err(IdError::Control));
        }
        assert!(has_length_of_id(&"x".repeat(200)) && !has_length_of_id(&"x".repeat(201)));
        assert_eq!("x".repeat(201).parse::<CampaignId>(), Err(IdError::TooLong));
        assert_eq!(
            "cmp-884291".parse::<CampaignId>().unwrap().to_string(),
            "cmp-884291"
        );
    }

    #[test]
    fn blanks_inside_and_any_letters_make_an_id() {
        for id in [
            "Spring renewals 2",
            "a\u{a0}b",
            "Süd/Ost?#%",
            "東京 1",
            "\u{1f469}\u{200d}\u{1f4bb}",
            "a=b,c",
        ] {
            assert_eq!(id.parse::<CampaignId>().unwrap().as_str(), id);
            assert_eq!(id.parse::<AgentId>().unwrap().as_str(), id);
            assert_eq!(id.parse::<SkillId>().unwrap().as_str(), id);
            assert_eq!(id.parse::<QueueId>().unwrap().as_str(), id);
        }
    }
}
