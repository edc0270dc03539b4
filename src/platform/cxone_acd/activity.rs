//! Who is available by the counts that the platform makes for each skill, in one call for all skills.
//!
//! *Unproven.* Nobody has published whether `agentsAvailable` holds agents who wait in a skill's dialler **\[I\]**. Where it does
//! not, a campaign has fewer agents as soon as it runs and more as soon as it does not, and pauses and resumes by its own
//! effect. Counts are therefore used only where the configuration asks for them.
//!
//! *Not shown:* whose calls agents are on, everyone together, and the agents of several skills together, of whom some would
//! count more than once. Those groups are unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;

use crate::domain::{Group, GroupCount, HeadCount, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::{
    AgentObserver, Observation, ObserveFault, ObserveRequest, PlatformFault, Tally,
};

use super::campaign_skills::Target;
use super::drift;
use super::groups::Groups;
use super::listing::Row;
use super::operation::Operation;
use super::reading::{PageSettings, decode, read_listing};
use super::tenant::{Ask, Tenant};

/// A row of `/skills/activity`.
#[derive(Debug, Deserialize)]
struct ActivityRow {
    #[serde(rename = "skillId", deserialize_with = "drift::id")]
    skill: Option<u64>,
    #[serde(rename = "agentsAvailable", default, deserialize_with = "drift::count")]
    available: Option<u64>,
    #[serde(rename = "agentsAvaliable", default, deserialize_with = "drift::count")]
    available_misspelled: Option<u64>,
    #[serde(rename = "agentsLoggedIn", default, deserialize_with = "drift::count")]
    logged_in: Option<u64>,
}

/// What the platform counts for a skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ActivityCount {
    available: u32,
    logged_in: u32,
}

impl ActivityRow {
    /// The members to ask for.
    const FIELDS: &'static str = "skillId,agentsAvailable,agentsLoggedIn";

    /// The skill and its counts. One that is missing is a fault and not nought.
    fn count(&self) -> Result<(u64, ActivityCount), String> {
        let skill = self
            .skill
            .ok_or_else(|| "an activity has no skillId".to_owned())?;
        let required = |count: Option<u64>, name: &str| {
            count
                .and_then(|count| u32::try_from(count).ok())
                .ok_or_else(|| format!("the activity of skill {skill} does not say {name}"))
        };
        let available = self.available.or(self.available_misspelled);
        Ok((
            skill,
            ActivityCount {
                available: required(available, "agentsAvailable")?,
                logged_in: required(self.logged_in, "agentsLoggedIn")?,
            },
        ))
    }
}

impl Row for ActivityRow {
    const ROWS: &'static str = "skillActivity";

    fn key(&self) -> Option<String> {
        self.skill.map(|skill| skill.to_string())
    }
}

/// Counts the agents of a tenant as the tenant counts them.
pub(super) struct ActivityObserver {
    pub(super) tenant: Arc<Tenant>,
    pub(super) groups: Arc<Groups>,
    pub(super) pages: PageSettings,
}

impl ActivityObserver {
    async fn read(&self, request: ObserveRequest<'_>) -> Result<Observation, ObserveFault> {
        let taken_at = self.tenant.now();
        let mut tally = Tally::default();
        let counts = self.counts(request.deadline, &mut tally).await?;
        let mut heads = Vec::with_capacity(request.groups.len());
        for group in request.groups {
            let head = self.head(group, &counts, request.deadline).await;
            heads.push(head.unwrap_or_else(|why| GroupCount::Unknown { why }));
        }
        Ok(Observation {
            taken_at,
            heads,
            agents: None,
            sizes: Vec::new(),
            members: Vec::new(),
            unknown_state: None,
            tally,
        })
    }

    /// Every skill's counts. They are asked for whole each time: one call has them all.
    async fn counts(
        &self,
        deadline: Timestamp,
        tally: &mut Tally,
    ) -> Result<BTreeMap<u64, ActivityCount>, ObserveFault> {
        let ask = Ask {
            operation: Operation::SkillsActivity,
            id: None,
            query: vec![("fields", ActivityRow::FIELDS.to_owned())],
            share: RateShare::Readings,
            deadline,
        };
        let listed = read_listing::<ActivityRow>(&self.tenant, &ask, self.pages);
        let listed = listed.await.map_err(|failed| ObserveFault {
            partial: failed.pages_read > 0,
            fault: failed.fault,
        })?;
        tally.calls = listed.calls;
        tally.page_rows = listed.cut_at;
        let invalid = |fault: PlatformFault| ObserveFault {
            fault,
            partial: true,
        };
        let rows = listed.rows.ok_or_else(|| {
            let detail = "asked for every skill's activity, the platform says that nothing changed";
            invalid(decode(detail.to_owned()))
        })?;
        let mut unreadable = listed.unreadable;
        let mut counts: BTreeMap<u64, ActivityCount> = BTreeMap::new();
        for row in &rows {
            let (skill, count) = match row.count() {
                Ok(counted) => counted,
                Err(why) => {
                    unreadable.note(&why);
                    continue;
                }
            };
            let known = counts.entry(skill).or_insert(count);
            // A skill that appears twice, because pages moved while they were read, counts with fewer agents.
            if count.available < known.available {
                *known = count;
            }
        }
        self.tenant.note_unreadable(ask.operation, &unreadable);
        // The skill of such a row has no count, which is not nought.
        let borne = unreadable.bearable(counts.len());
        borne.map_err(decode).map_err(invalid)?;
        Ok(counts)
    }

    async fn head(
        &self,
        group: &Group,
        counts: &BTreeMap<u64, ActivityCount>,
        deadline: Timestamp,
    ) -> Result<GroupCount, String> {
        let target: Target = match group {
            Group::Own(campaign) => campaign.as_str().parse()?,
            Group::Queue(queue) => queue.as_str().parse()?,
            Group::Rows(_) => {
                return Err("the platform's own counts are of single skills".to_owned());
            }
        };
        let skills = self
            .groups
            .dialling_skills_of(target, &self.tenant, self.pages, deadline)
            .await
            .map_err(|fault| fault.detail)?;
        let [skill] = *skills else {
            return Err(format!(
                "the platform's own counts are of single skills, and this campaign has {}",
                skills.len()
            ));
        };
        let count = counts
            .get(&skill)
            .ok_or_else(|| format!("the platform counts no agents for skill {skill}"))?;
        Ok(GroupCount::Known(HeadCount {
            free: count.available,
            serving: 0,
            wrap_up: 0,
            staffed: count.logged_in.max(count.available),
        }))
    }
}

impl AgentObserver for ActivityObserver {
    fn observe<'a>(
        &'a self,
        request: ObserveRequest<'a>,
    ) -> BoxFuture<'a, Result<Observation, ObserveFault>> {
        Box::pin(self.read(request))
    }
}

#[cfg(test)]
mod tests {
    use super::super::listing::ListingPage;
    use super::*;

    fn counts(text: &str) -> Result<Vec<(u64, ActivityCount)>, String> {
        let page = ListingPage::<ActivityRow>::parse(text.as_bytes())?;
        page.every_row()?.iter().map(ActivityRow::count).collect()
    }

    #[test]
    fn counts_are_read_in_every_spelling() {
        let expected = ActivityCount {
            available: 4,
            logged_in: 12,
        };
        for text in [
            r#"{"skillActivity":[{"skillId":4711,"agentsAvailable":4,"agentsLoggedIn":12}]}"#,
            r#"{"resultSet":{"skillActivity":[{"skillId":"4711","agentsAvaliable":"4","agentsLoggedIn":12}]}}"#,
        ] {
            assert_eq!(counts(text), Ok(vec![(4_711, expected)]), "{text}");
        }
    }

    #[test]
    fn a_count_that_is_missing_is_not_nought() {
        for wrong in [
            r#"{"skillActivity":[{"skillId":4711,"agentsLoggedIn":12}]}"#,
            r#"{"skillActivity":[{"skillId":4711,"agentsAvailable":4}]}"#,
            r#"{"skillActivity":[{"agentsAvailable":4,"agentsLoggedIn":12}]}"#,
            r#"{"skillActivity":[{"skillId":4711,"agentsAvailable":-1,"agentsLoggedIn":12}]}"#,
        ] {
            assert!(counts(wrong).is_err(), "{wrong}");
        }
    }
}
