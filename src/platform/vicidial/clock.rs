//! What `version` says: the build, and the platform's clock and zone. It needs no log-in.

use crate::domain::Timestamp;
use crate::platform::http::RateShare;
use crate::platform::port::PlatformFault;

use super::site::{Ask, Site};
use super::{endpoints, rights};

/// The first build that lists campaigns, as its date.
pub(super) const FIRST_BUILD: u32 = 200_815;

/// What `version` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// The build, such as `241004-1518`.
    pub(super) build: String,
    /// The platform's clock.
    pub(super) now: Timestamp,
    /// How far its clock on the wall is from UTC.
    pub(super) offset_millis: i64,
}

impl Version {
    /// Asks for it.
    pub(super) async fn read(site: &Site, deadline: Timestamp) -> Result<Self, PlatformFault> {
        let ask = Ask {
            endpoint: endpoints::VERSION,
            function: "version",
            fields: Vec::new(),
            right: rights::VERSION,
            share: RateShare::Readings,
            deadline,
        };
        site.read_openly(ask, Self::parse).await
    }

    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let line = super::answer::first_line(body);
        let field = |name: &str| {
            let mut fields = line.split('|');
            let found = fields.find_map(|field| field.strip_prefix(name)?.strip_prefix(": "));
            found.ok_or_else(|| format!("the version has no {name}"))
        };
        let seconds: i64 = field("EPOCH")?
            .parse()
            .map_err(|_| "the version's clock cannot be read".to_owned())?;
        let now = Timestamp::from_unix_millis(seconds.saturating_mul(1_000));
        let wall = format!("{}Z", field("DATE")?.replace(' ', "T"));
        let wall = Timestamp::parse_rfc3339(&wall).ok_or("the version's date cannot be read")?;
        Ok(Self {
            build: field("BUILD")?.to_owned(),
            now,
            offset_millis: wall.as_unix_millis().saturating_sub(now.as_unix_millis()),
        })
    }

    /// Whether the build is too old to list campaigns. One that cannot be read is let through: the list itself will tell.
    pub(super) fn is_too_old(&self) -> bool {
        let date = self.build.split('-').next().unwrap_or_default();
        date.parse::<u32>().is_ok_and(|date| date < FIRST_BUILD)
    }
}

/// The beginning of the platform's day.
pub(super) fn day_begins(now: Timestamp, offset_millis: i64) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    let wall = now.as_unix_millis().saturating_add(offset_millis);
    let midnight = wall.saturating_sub(wall.rem_euclid(DAY));
    Timestamp::from_unix_millis(midnight.saturating_sub(offset_millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"VERSION: 2.14-194|BUILD: 241004-1518|DATE: 2026-11-25 14:55:12|EPOCH: 1795636512|DST: 0|TZ: -5.00|TZNOW: -5.00|\n";

    #[test]
    fn the_zone_is_the_difference_of_two_clocks_in_one_answer() {
        let version = Version::parse(LINE).unwrap();
        assert_eq!(version.build, "241004-1518");
        assert_eq!(version.offset_millis, -5 * 3_600_000);
        let begins = day_begins(version.now, version.offset_millis);
        let expected = Timestamp::parse_rfc3339("2026-11-25T05:00:00Z");
        assert_eq!(Some(begins), expected);
        for wrong in ["", "VERSION: 2", "VERSION: 2|BUILD: x|DATE: soon|EPOCH: 1|"] {
            assert!(Version::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn builds_before_the_list_of_campaigns_are_told() {
        let mut version = Version::parse(LINE).unwrap();
        assert!(!version.is_too_old());
        "200814-0900".clone_into(&mut version.build);
        assert!(version.is_too_old());
        "unknown".clone_into(&mut version.build);
        assert!(!version.is_too_old());
    }
}
