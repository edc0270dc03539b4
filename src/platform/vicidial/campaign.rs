//! A campaign as the platform lists it, and what its settings mean.
//!
//! | active | method | level | meaning |
//! |---|---|---|---|
//! | N | any | any | stopped by a person, or by us where pauses are made so |
//! | Y | `MANUAL`, `INBOUND_MAN` | any | agents dial themselves: never commanded |
//! | Y | `RATIO`, `SHARED_RATIO` | 0 | stopped by a person |
//! | Y | `RATIO`, `SHARED_RATIO` | [`MARK`] | paused by us |
//! | Y | any that dials | otherwise | running; in an adaptive method the level moves by itself |

use std::time::Duration;

use crate::domain::throttle::DialRatio;
use crate::domain::{Author, CampaignActivity};
use crate::platform::dialect::PauseMethod;
use crate::platform::port::UnreadableRows;

use super::table::{Table, TableRow};

/// The level that is our pause: it rounds to no call for up to five thousand agents, and nobody else would choose it.
pub(super) const MARK: &str = "0.0001";

/// The method of campaigns that dial by their level.
pub(super) const RATIO: &str = "RATIO";

const SHARED_RATIO: &str = "SHARED_RATIO";

/// How long a call rings where the platform does not say it.
const USUAL_TIMEOUT: Duration = Duration::from_secs(26);

/// Who is named where somebody stopped a campaign: the platform names nobody.
const SOMEBODY: &str = "somebody at the platform";

/// By what a campaign dials: a method and a level, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dialling {
    pub(super) method: String,
    pub(super) level: String,
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Campaign {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) active: bool,
    pub(super) dialling: Dialling,
    /// How long a call may ring.
    pub(super) rings: Duration,
}

/// Every campaign that the user may see.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    pub(super) campaigns: Vec<Campaign>,
    pub(super) unreadable: UnreadableRows,
}

impl Dialling {
    /// Reads what was remembered. No level has a blank in it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (method, level) = text.rsplit_once(' ')?;
        let dialling = Self {
            method: method.to_owned(),
            level: level.to_owned(),
        };
        (!method.is_empty() && dialling.ratio().is_some()).then_some(dialling)
    }

    pub(super) fn text(&self) -> String {
        format!("{} {}", self.method, self.level)
    }

    /// Whether the level is the one that decides.
    pub(super) fn is_by_level(&self) -> bool {
        self.method == RATIO || self.method == SHARED_RATIO
    }

    /// Whether the platform sets the level itself, and the method can be left and set again.
    pub(super) fn is_adaptive(&self) -> bool {
        self.method.starts_with("ADAPT_")
    }

    fn is_shared_adaptive(&self) -> bool {
        self.method.starts_with("SHARED_ADAPT_")
    }

    fn is_manual(&self) -> bool {
        self.method == "MANUAL" || self.method == "INBOUND_MAN"
    }

    /// Whether this is our pause.
    pub(super) fn is_marked(&self) -> bool {
        self.is_by_level() && self.level == MARK
    }

    /// The level as hundredths of calls for each agent, cut; nothing where it is no number of digits and a point.
    pub(super) fn ratio(&self) -> Option<DialRatio> {
        let plain = self.level.chars().all(|c| c.is_ascii_digit() || c == '.');
        let number: f64 = self.level.parse().ok().filter(|_| plain)?;
        let hundredths = format!("{:.0}", (number * 100.0).floor()).parse().ok()?;
        Some(DialRatio::from_hundredths(hundredths))
    }

    /// The ratio of a campaign that dials by its level, where writing it again gives the same level.
    pub(super) fn exact_ratio(&self) -> Option<DialRatio> {
        let ratio = self.ratio().filter(|_| self.is_by_level())?;
        let written: f64 = self.level.parse().ok()?;
        ((written - ratio.in_dials()).abs() < 1e-9).then_some(ratio)
    }

    fn is_nothing(&self) -> bool {
        self.level.parse().is_ok_and(|level: f64| level == 0.0)
    }
}

impl Campaign {
    fn read(row: &TableRow<'_>) -> Result<Self, String> {
        let active = match row.need("active")? {
            "Y" => true,
            "N" => false,
            _ => return Err("a row is neither active nor not".to_owned()),
        };
        let dialling = Dialling {
            method: row.need("dial_method")?.to_owned(),
            level: row.need("dial_level")?.to_owned(),
        };
        let rings = row
            .get("dial_timeout")
            .and_then(|seconds| seconds.parse().ok());
        Ok(Self {
            id: row.need("campaign_id")?.to_owned(),
            name: row.get("campaign_name").map(str::to_owned),
            active,
            dialling,
            rings: rings.map_or(USUAL_TIMEOUT, Duration::from_secs),
        })
    }

    /// The platform's own words for what it does.
    pub(super) fn word(&self) -> String {
        let inactive = if self.active { "" } else { "inactive " };
        format!("{inactive}{}", self.dialling.text())
    }

    /// Whether it shows our pause by its level.
    pub(super) fn is_marked(&self) -> bool {
        self.active && self.dialling.is_marked()
    }

    /// What it does.
    pub(super) fn activity(&self, method: PauseMethod) -> CampaignActivity {
        let dialling = &self.dialling;
        if dialling.is_manual() {
            let inactive = if self.active { "" } else { "inactive " };
            return CampaignActivity::NotCommandable {
                word: format!("{inactive}{}: its agents dial by hand", dialling.method),
            };
        }
        let known = dialling.is_by_level() || dialling.is_adaptive();
        if !known && !dialling.is_shared_adaptive() {
            return CampaignActivity::Unknown { word: self.word() };
        }
        if !self.active {
            return CampaignActivity::Paused;
        }
        if dialling.is_shared_adaptive() && method == PauseMethod::Level {
            return CampaignActivity::NotCommandable {
                word: format!(
                    "{}: no request can set this method again, so that it is paused by pause_method = \"active\" alone",
                    self.word()
                ),
            };
        }
        if dialling.is_by_level() && (dialling.is_nothing() || dialling.is_marked()) {
            CampaignActivity::Paused
        } else {
            CampaignActivity::Running
        }
    }

    /// Who brought that about, as far as the settings show.
    pub(super) fn author(&self, method: PauseMethod) -> Option<Author> {
        if self.is_marked() {
            return Some(Author::Ours);
        }
        let paused = self.activity(method) == CampaignActivity::Paused;
        // Where pauses are made by it, an inactive campaign shows nobody.
        let somebody = paused && (self.active || method == PauseMethod::Level);
        somebody.then(|| Author::Somebody {
            name: SOMEBODY.to_owned(),
        })
    }
}

impl Listing {
    /// Reads a list; one bad row costs that row.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let mut listing = Self::default();
        let columns = ["campaign_id", "active", "dial_method", "dial_level"];
        Table::read(body).rows(&columns, |row| match Campaign::read(row) {
            Ok(campaign) => listing.campaigns.push(campaign),
            Err(why) => listing.unreadable.note(&why),
        })?;
        Ok(listing)
    }

    /// A campaign by its id, which is compared without regard to case.
    pub(super) fn get(&self, id: &str) -> Option<&Campaign> {
        let mut campaigns = self.campaigns.iter();
        campaigns.find(|campaign| campaign.id.eq_ignore_ascii_case(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign(active: &str, method: &str, level: &str) -> Campaign {
        let text = format!(
            "campaign_id\tcampaign_name\tactive\tuser_group\tdial_method\tdial_level\nC\tName\t{active}\tG\t{method}\t{level}\n"
        );
        let mut listing = Listing::parse(text.as_bytes()).unwrap();
        listing.campaigns.remove(0)
    }

    #[test]
    fn settings_mean_what_the_platform_does_by_them() {
        use CampaignActivity::{Paused, Running};
        for (active, method, level, expected) in [
            ("Y", "RATIO", "2.0", Running),
            ("Y", "RATIO", "0", Paused),
            ("Y", "RATIO", "0.0", Paused),
            ("Y", "RATIO", "0.0001", Paused),
            ("N", "RATIO", "2.0", Paused),
            ("Y", "SHARED_RATIO", "0.0001", Paused),
            ("Y", "ADAPT_TAPERED", "1.733", Running),
            // The platform sets it anew within seconds.
            ("Y", "ADAPT_TAPERED", "0.0001", Running),
            ("N", "ADAPT_AVERAGE", "1.0", Paused),
        ] {
            let found = campaign(active, method, level).activity(PauseMethod::Level);
            assert_eq!(found, expected, "{active} {method} {level}");
        }
    }

    #[test]
    fn what_agents_dial_themselves_and_what_is_not_known_is_never_commanded() {
        for method in ["MANUAL", "INBOUND_MAN"] {
            for (active, inactive) in [("Y", ""), ("N", "inactive ")] {
                for by in [PauseMethod::Level, PauseMethod::Active] {
                    let found = campaign(active, method, MARK).activity(by);
                    let word = format!("{inactive}{method}: its agents dial by hand");
                    assert_eq!(found, CampaignActivity::NotCommandable { word });
                }
            }
        }
        let found = campaign("Y", "PREDICTIVE", "1").activity(PauseMethod::Level);
        assert!(matches!(found, CampaignActivity::Unknown { .. }));
        let shared = campaign("Y", "SHARED_ADAPT_TAPERED", "1.5");
        assert!(matches!(
            shared.activity(PauseMethod::Level),
            CampaignActivity::NotCommandable { .. }
        ));
        assert_eq!(
            shared.activity(PauseMethod::Active),
            CampaignActivity::Running
        );
    }

    #[test]
    fn only_the_mark_shows_a_pause_to_be_ours() {
        let author = |active: &str, method: &str, level: &str| {
            campaign(active, method, level).author(PauseMethod::Level)
        };
        assert_eq!(author("Y", "RATIO", "0.0001"), Some(Author::Ours));
        assert_eq!(author("Y", "SHARED_RATIO", "0.0001"), Some(Author::Ours));
        for (active, level) in [("Y", "0"), ("N", "2.0"), ("N", "0.0001"), ("Y", "0.0")] {
            let found = author(active, "RATIO", level);
            assert!(matches!(found, Some(Author::Somebody { .. })), "{level}");
        }
        assert_eq!(author("Y", "RATIO", "2.0"), None);
        assert_eq!(author("Y", "ADAPT_TAPERED", "0.0001"), None);
        assert_eq!(
            campaign("N", "RATIO", "2.0").author(PauseMethod::Active),
            None
        );
    }

    #[test]
    fn what_is_remembered_is_read_back_as_it_was_written() {
        for text in [
            "RATIO 2.0",
            "ADAPT_TAPERED 1.733",
            "SHARED_RATIO 10",
            "ADAPT_A B 1.0",
        ] {
            assert_eq!(Dialling::parse(text).unwrap().text(), text);
        }
        for wrong in [
            "",
            "RATIO",
            "RATIO -1",
            "RATIO 1,5",
            " 2.0",
            "RATIO 1e3",
            "RATIO x",
        ] {
            assert_eq!(Dialling::parse(wrong), None, "{wrong}");
        }
        let ratio = Dialling::parse("RATIO 1.733").unwrap().ratio();
        assert_eq!(ratio.unwrap().to_string(), "1.73");
    }

    #[test]
    fn an_older_system_has_fewer_columns_and_one_bad_row_costs_that_row() {
        let old = b"campaign_id\tcampaign_name\tactive\tuser_group\tdial_method\tdial_level\tlead_order\tdial_statuses\nA\tA\tY\tG\tRATIO\t1.0\tDOWN\tNEW\nB\tB\tmaybe\tG\tRATIO\t1.0\tDOWN\tNEW\n";
        let listing = Listing::parse(old).unwrap();
        assert_eq!((listing.campaigns.len(), listing.unreadable.rows), (1, 1));
        assert_eq!(listing.campaigns[0].rings, USUAL_TIMEOUT);
        assert!(listing.get("a").is_some());
        for wrong in [&b""[..], b"OUTBA\tOutbound A\tY\n", b"<html>"] {
            assert!(Listing::parse(wrong).is_err());
        }
    }
}
