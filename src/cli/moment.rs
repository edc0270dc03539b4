//! A moment as people give it.

use std::str::FromStr;
use std::time::Duration;

use crate::domain::Timestamp;

/// A duration back from now, or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// So long ago.
    Ago(Duration),
    /// At that time.
    At(Timestamp),
}

impl Moment {
    /// The time that is meant.
    pub(super) fn as_of(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(ago) => now.minus(ago),
            Self::At(at) => at,
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ago = humantime::parse_duration(text).ok().map(Self::Ago);
        let moment = ago.or_else(|| Timestamp::parse_rfc3339(text).map(Self::At));
        moment.ok_or_else(|| {
            "give a duration back from now such as 24h, or a time such as 2026-05-15T08:00:00Z"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_duration_back_or_a_time() {
        let now = Timestamp::parse_rfc3339("2026-05-15T08:00:00Z").unwrap();
        let meant = |text: &str| text.parse::<Moment>().map(|moment| moment.as_of(now));
        assert_eq!(meant("2h").unwrap().to_string(), "2026-05-15T06:00:00.000Z");
        assert_eq!(
            meant("2026-05-15T06:00:00+02:00").unwrap().to_string(),
            "2026-05-15T04:00:00.000Z"
        );
        assert!(meant("yesterday").unwrap_err().contains("24h"));
    }
}
