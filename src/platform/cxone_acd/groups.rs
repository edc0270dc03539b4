//! What the configured campaigns are: one skill, or all Personal Connection skills of a CXone campaign.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::{CampaignId, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::PlatformFault;

use super::campaign_skills::{CampaignSkill, Target};
use super::operation::Operation;
use super::reading::{PageSettings, decode, read_listing};
use super::skill::NeverCommanded;
use super::tenant::{Ask, Tenant};

/// How long the skills of a CXone campaign are taken to be the same.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The campaigns that the configuration names, and what is known of their skills.
#[derive(Default)]
pub(super) struct Groups {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The targets that the configuration names.
    listed: BTreeSet<Target>,
    /// Those whose lists of agents are kept: what they do is read, and they are not commanded for that.
    kept_lists: BTreeSet<Target>,
    /// The skills of CXone campaigns.
    members: BTreeMap<u64, (Timestamp, Vec<u64>)>,
    /// Whether each skill may be commanded, by its last reading.
    verdicts: BTreeMap<u64, Result<(), NeverCommanded>>,
    /// Skills whose assignments we changed since somebody last looked at them.
    reassigned: BTreeSet<u64>,
}

impl Groups {
    /// The groups of these campaigns. Ids that mean nothing here are refused, all at once.
    pub(super) fn new<'a>(
        campaigns: impl IntoIterator<Item = &'a CampaignId>,
    ) -> Result<Self, Vec<String>> {
        let (mut listed, mut wrong) = (BTreeSet::new(), Vec::new());
        for campaign in campaigns {
            match campaign.as_str().parse() {
                Ok(target) => {
                    listed.insert(target);
                }
                Err(why) => wrong.push(why),
            }
        }
        if wrong.is_empty() {
            Ok(Self {
                known: Mutex::new(Known {
                    listed,
                    ..Known::default()
                }),
            })
        } else {
            Err(wrong)
        }
    }

    /// Whether the configuration names this target.
    pub(super) fn lists(&self, target: Target) -> bool {
        self.known().listed.contains(&target)
    }

    /// The same groups, with the campaigns whose lists are kept. Ids that mean nothing here were refused before.
    pub(super) fn keeping(self, lists: &[CampaignId]) -> Self {
        let lists = lists.iter();
        self.known().kept_lists = lists.filter_map(|id| id.as_str().parse().ok()).collect();
        self
    }

    /// Whether the list of agents of this target is kept.
    pub(super) fn keeps_list(&self, target: Target) -> bool {
        self.known().kept_lists.contains(&target)
    }

    /// Takes the campaigns that the configuration names from now on; ids that mean nothing here name none.
    pub(super) fn relist(&self, campaigns: &[CampaignId]) {
        let targets = campaigns.iter();
        let targets = targets.filter_map(|campaign| campaign.as_str().parse().ok());
        self.known().listed = targets.collect();
    }

    /// The skills of a campaign. Of a CXone campaign they are all its skills: which of them dial is known by reading them.
    pub(super) async fn skills_of(
        &self,
        target: Target,
        tenant: &Tenant,
        pages: PageSettings,
        deadline: Timestamp,
    ) -> Result<Vec<u64>, PlatformFault> {
        let campaign = match target {
            Target::Skill(skill) => return Ok(vec![skill]),
            Target::Campaign(campaign) => campaign,
        };
        let now = tenant.now();
        if let Some((at, members)) = self.known().members.get(&campaign)
            && *at <= now
            && now.since(*at) < REMEMBERED
        {
            return Ok(members.clone());
        }
        let ask = Ask {
            operation: Operation::CampaignSkills,
            id: Some(campaign),
            query: Vec::new(),
            share: RateShare::Readings,
            deadline,
        };
        let listed = read_listing::<CampaignSkill>(tenant, &ask, pages).await;
        // A skill that is left out would not be paused with the others.
        let rows = listed.map_err(|failed| failed.fault)?.every_row()?;
        let members: Vec<u64> = rows
            .iter()
            .map(CampaignSkill::skill)
            .collect::<Result<_, _>>()
            .map_err(decode)?;
        self.known()
            .members
            .insert(campaign, (now, members.clone()));
        Ok(members)
    }

    /// The skills of a target that dial; of a campaign, those that were read and never dial are left out.
    pub(super) async fn dialling_skills_of(
        &self,
        target: Target,
        tenant: &Tenant,
        pages: PageSettings,
        deadline: Timestamp,
    ) -> Result<Vec<u64>, PlatformFault> {
        let skills = self.skills_of(target, tenant, pages, deadline).await?;
        let dialling = |skill: &u64| !matches!(self.verdict(*skill), Some(Err(_)));
        Ok(match target {
            Target::Skill(_) => skills,
            Target::Campaign(_) => skills.into_iter().filter(dialling).collect(),
        })
    }

    /// Notes whether a skill may be commanded, as it was read.
    pub(super) fn judged(&self, skill: u64, verdict: Result<(), NeverCommanded>) {
        self.known().verdicts.insert(skill, verdict);
    }

    /// Whether a skill may be commanded; nothing when it was never read.
    pub(super) fn verdict(&self, skill: u64) -> Option<Result<(), NeverCommanded>> {
        self.known().verdicts.get(&skill).cloned()
    }

    /// Notes that the assignments to a skill are others than they were, so that the next count reads them.
    pub(super) fn reassigned(&self, skill: u64) {
        self.known().reassigned.insert(skill);
    }

    /// Returns whether that was noted, once.
    pub(super) fn take_reassigned(&self, skill: u64) -> bool {
        self.known().reassigned.remove(&skill)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // What is held is never half changed.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
