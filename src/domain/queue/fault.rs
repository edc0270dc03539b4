//! One thing that is wrong with a change of a queue.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that is wrong with a change, or with what would become of a queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChangeFault {
    /// The member that it is about.
    pub member: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do about it.
    pub remedy: String,
}

impl ChangeFault {
    /// Creates a fault of `member`.
    #[must_use]
    pub fn new(
        member: impl Into<String>,
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            member: member.into(),
            wrong: wrong.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for ChangeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.member, self.wrong, self.remedy)
    }
}
