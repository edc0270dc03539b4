//! Counts of agents by campaign, from the list of who is logged in.
//!
//! *Free* is who is `READY` and has no record at hand; with one an agent writes a call up, and gets none. `CLOSER` waits for calls
//! that come in. What is not known is staffed and not free. A user who is logged in twice counts once for a campaign, as the least
//! available of the two.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::HeadCount;
use crate::platform::port::UnreadableRows;

use super::answer::{NOBODY, first_line};
use super::table::{Table, TableRow};

const READY: &str = "READY";

/// Statuses that are known beside that.
const OTHERS: [&str; 4] = ["QUEUE", "INCALL", "PAUSED", "CLOSER"];

/// How available somebody is; the least comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Availability {
    Busy,
    WrapUp,
    Free,
}

/// Who is logged into one campaign.
#[derive(Debug, Default)]
struct CampaignRows {
    /// How available each user is.
    users: BTreeMap<String, Availability>,
    /// A digest of the rows of those who are free.
    free: Option<u64>,
}

/// Who is logged in.
#[derive(Debug, Default)]
pub(super) struct LoggedIn {
    /// For each campaign, in small letters, who is logged into it.
    campaigns: BTreeMap<String, CampaignRows>,
    pub(super) unreadable: UnreadableRows,
    /// A status that is not known, where there was one.
    pub(super) unknown_status: Option<String>,
    /// Rows that could be read.
    rows: usize,
}

impl LoggedIn {
    /// Reads an answer.
    ///
    /// # Errors
    /// What keeps it from being read.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let mut logged_in = Self::default();
        if first_line(body).starts_with(NOBODY) {
            return Ok(logged_in);
        }
        let columns = ["user", "campaign_id", "status", "lead_id"];
        Table::read(body).rows(&columns, |row| {
            if let Err(why) = logged_in.take(row) {
                logged_in.unreadable.note(&why);
            }
        })?;
        logged_in.unreadable.bearable(logged_in.rows)?;
        Ok(logged_in)
    }

    fn take(&mut self, row: &TableRow<'_>) -> Result<(), String> {
        let user = row.need("user")?.to_lowercase();
        let campaign = row.need("campaign_id")?.to_lowercase();
        let lead: u64 = row
            .need("lead_id")?
            .parse()
            .map_err(|_| "a lead_id is no number")?;
        let status = row.need("status")?;
        let found = match (status, lead) {
            (READY, 0) => Availability::Free,
            (READY | "PAUSED", 1..) => Availability::WrapUp,
            _ => Availability::Busy,
        };
        if status != READY && !OTHERS.contains(&status) && self.unknown_status.is_none() {
            self.unknown_status = Some(status.to_owned());
        }
        let rows = self.campaigns.entry(campaign).or_default();
        if found == Availability::Free {
            let session = row.get("session_id").unwrap_or_default();
            let calls = row.get("calls_today").unwrap_or_default();
            let digest = digest((&user, session, calls));
            // By a sum, so that the order of the rows is no difference.
            rows.free = Some(rows.free.unwrap_or_default().wrapping_add(digest));
        }
        let known = rows.users.entry(user).or_insert(found);
        *known = (*known).min(found);
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    /// How many rows there were.
    pub(super) fn rows(&self) -> usize {
        self.rows.saturating_add(self.unreadable.rows)
    }

    /// A digest of the rows of those who wait for a call in a campaign: another one as soon as any of them has changed. None where
    /// nobody waits.
    pub(super) fn waiting(&self, campaign: &str) -> Option<u64> {
        self.campaigns.get(&campaign.to_lowercase())?.free
    }

    /// The count of a campaign; none where nobody is logged into it.
    pub(super) fn count(&self, campaign: &str) -> Option<HeadCount> {
        let users = &self.campaigns.get(&campaign.to_lowercase())?.users;
        let many = |of: Availability| {
            let counted = users.values().filter(|found| **found == of).count();
            u32::try_from(counted).unwrap_or(u32::MAX)
        };
        Some(HeadCount {
            free: many(Availability::Free),
            serving: 0,
            wrap_up: many(Availability::WrapUp),
            staffed: u32::try_from(users.len()).unwrap_or(u32::MAX),
        })
    }
}

/// A number for a row, the same for the same row within a run.
fn digest(row: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "user\tcampaign_id\tsession_id\tstatus\tlead_id\tcallerid\tcalls_today\tfull_name\tuser_group\tuser_level\n";

    fn read(rows: &[&str]) -> LoggedIn {
        let rows = rows.iter().map(|row| {
            let fields: Vec<&str> = row.split(' ').collect();
            let [user, campaign, status, lead] = fields.as_slice() else {
                panic!("{row}")
            };
            format!("{user}\t{campaign}\t8600001\t{status}\t{lead}\t\t3\tPat O'Neil\tAGENTS\t1\n")
        });
        let body = format!("{HEAD}{}", rows.collect::<String>());
        LoggedIn::parse(body.as_bytes()).unwrap()
    }

    fn head(free: u32, wrap_up: u32, staffed: u32) -> HeadCount {
        HeadCount {
            free,
            serving: 0,
            wrap_up,
            staffed,
        }
    }

    #[test]
    fn ready_without_a_record_is_free_and_all_others_are_staffed() {
        let found = read(&[
            "1001 OUTBA READY 0",
            "1002 OUTBA INCALL 101",
            "1003 OUTBA PAUSED 0",
            "1004 OUTBA QUEUE 102",
            "1005 OUTBA READY 105",
            "1006 OUTBA PAUSED 103",
            "1007 OUTBA CLOSER 0",
            "1008 OUTBB READY 0",
        ]);
        assert_eq!(found.count("OUTBA"), Some(head(1, 2, 7)));
        assert_eq!(found.count("outbb"), Some(head(1, 0, 1)));
        assert_eq!(found.count("BLEND"), None);
        assert_eq!(found.unknown_status, None);
    }

    #[test]
    fn a_user_counts_once_as_the_least_available() {
        let found = read(&[
            "1001 OUTBA READY 0",
            "1001 outba PAUSED 0",
            "1001 OUTBB READY 0",
        ]);
        assert_eq!(found.count("OUTBA"), Some(head(0, 0, 1)));
        assert_eq!(found.count("OUTBB"), Some(head(1, 0, 1)));
        let alike = read(&["ana OUTBA READY 0", "ANA OUTBA READY 0"]);
        assert_eq!(alike.count("OUTBA"), Some(head(1, 0, 1)));
    }

    #[test]
    fn rows_of_who_waits_are_told_from_any_others() {
        let rows = [
            "1001 OUTBA READY 0",
            "1002 OUTBA READY 0",
            "1003 OUTBA INCALL 7",
        ];
        let waiting = |rows: &[&str]| read(rows).waiting("outba");
        let first = waiting(&rows);
        assert!(first.is_some());
        let [one, two, busy] = rows;
        assert_eq!(waiting(&[two, one, "1003 OUTBA PAUSED 0"]), first);
        assert_ne!(waiting(&[one, busy]), first);
        assert_ne!(waiting(&[one, "1004 OUTBA READY 0"]), first);
        assert_eq!(waiting(&[busy]), None);
    }

    #[test]
    fn a_status_that_is_not_known_is_staffed_not_free_and_told() {
        let found = read(&["1001 OUTBA DREAMING 0"]);
        assert_eq!(found.count("OUTBA"), Some(head(0, 0, 1)));
        assert_eq!(found.unknown_status.as_deref(), Some("DREAMING"));
    }

    #[test]
    fn nobody_is_nobody_and_what_cannot_be_read_is_no_answer() {
        let nobody = b"ERROR: logged_in_agents NO LOGGED IN AGENTS: autopilot|\n";
        let nobody = LoggedIn::parse(nobody).unwrap();
        assert_eq!((nobody.rows(), nobody.count("OUTBA")), (0, None));
        for wrong in [
            "",
            "<html>",
            "user\tcampaign_id\n1\tA\n",
            &format!("{HEAD}1001\tOUTBA\t1\tREADY\tx\n"),
        ] {
            assert!(LoggedIn::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
