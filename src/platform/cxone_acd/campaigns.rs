//! Reading and commanding campaigns: skills that run, start and stop.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hyper::Method;

use crate::domain::{
    CampaignActivity, CampaignId, Delivery, Direction, StatusFinding, StatusReading, Timestamp,
};
use crate::platform::http::{HttpResponse, RateShare, failed_delivery};
use crate::platform::port::{
    CampaignCommander, CampaignFinding, CampaignReader, CommandOrder, FaultKind, NameMemory,
    PlatformFault, PlatformNames, Rival, RivalKind, Urgency,
};

use super::campaign_skills::{Target, group_state};
use super::command::{self, fulfilled};
use super::groups::Groups;
use super::operation::Operation;
use super::reading::{Listed, PageSettings, decode, read_listing};
use super::schedule;
use super::skill::{RunState, Skill};
use super::tenant::{Ask, Order, Tenant};

/// The media type of telephone skills, which older releases require.
const TELEPHONE: &str = "4";

/// Reads campaigns of a tenant.
pub(super) struct Campaigns {
    pub(super) tenant: Arc<Tenant>,
    pub(super) groups: Arc<Groups>,
    pub(super) pages: PageSettings,
    pub(super) names: NameMemory,
}

/// The telephone skills of a tenant.
struct ListedSkills {
    skills: BTreeMap<u64, Skill>,
    /// Whether every row could be read.
    whole: bool,
}

/// What became of a command to one skill.
enum SentOne {
    Delivered(Delivery),
    /// The skill is as the command wants it and refused the command for that: somebody else has started or stopped it since it
    /// was read, and nothing of it is our doing.
    Already {
        why: String,
    },
}

/// Commands campaigns of a tenant.
pub(super) struct Commander {
    pub(super) campaigns: Arc<Campaigns>,
}

impl Campaigns {
    async fn read_all(
        &self,
        ids: &[CampaignId],
        urgency: Urgency,
        deadline: Timestamp,
    ) -> Vec<CampaignFinding> {
        let share = match urgency {
            Urgency::Routine => RateShare::Readings,
            Urgency::Command => RateShare::Commands,
            Urgency::BeforeCommand => RateShare::CommandsAndNext,
        };
        if let [id] = ids
            && let Ok(Target::Skill(skill)) = id.as_str().parse()
        {
            return vec![self.read_skill(id, skill, share, deadline).await];
        }
        let skills = match self.list(share, deadline).await {
            Ok(skills) => skills,
            Err(fault) => return ids.iter().map(|_| Err(fault.clone())).collect(),
        };
        let mut findings = Vec::with_capacity(ids.len());
        for id in ids {
            findings.push(self.find(id, &skills, share, deadline).await);
        }
        findings
    }

    /// Every telephone skill, in one listing.
    async fn list(
        &self,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<ListedSkills, PlatformFault> {
        let ask = Ask {
            operation: Operation::Skills,
            id: None,
            query: vec![
                ("mediaTypeId", TELEPHONE.to_owned()),
                ("fields", Skill::FIELDS.to_owned()),
            ],
            share,
            deadline,
        };
        let listed = read_listing::<Skill>(&self.tenant, &ask, self.pages).await;
        let Listed {
            rows,
            mut unreadable,
            ..
        } = listed.map_err(|failed| failed.fault)?;
        let mut skills = BTreeMap::new();
        for skill in rows.unwrap_or_default() {
            match skill.id() {
                Ok(id) => {
                    skills.insert(id, skill);
                }
                Err(why) => unreadable.note(&why),
            }
        }
        self.tenant.note_unreadable(ask.operation, &unreadable);
        unreadable.bearable(skills.len()).map_err(decode)?;
        Ok(ListedSkills {
            skills,
            whole: unreadable.rows == 0,
        })
    }

    async fn find(
        &self,
        id: &CampaignId,
        listed: &ListedSkills,
        share: RateShare,
        deadline: Timestamp,
    ) -> CampaignFinding {
        let skills = &listed.skills;
        let target: Target = id.as_str().parse().map_err(decode)?;
        match target {
            // The listing may leave out what is there: only a reading of the skill itself shows that it is not.
            Target::Skill(skill) => match skills.get(&skill) {
                Some(found) => self.finding(id, target, [found]),
                None => self.read_skill(id, skill, share, deadline).await,
            },
            Target::Campaign(_) => {
                let members = self.members(target, deadline).await;
                let members = match members {
                    Ok(members) => members,
                    Err(fault) if fault.kind == FaultKind::NotFound => {
                        return Ok(StatusFinding::Missing);
                    }
                    Err(fault) => return Err(fault),
                };
                // A skill of another medium is not listed, and one that cannot be read may be any.
                if !listed.whole && !members.iter().all(|skill| skills.contains_key(skill)) {
                    let detail = format!("a skill of {id} may be in a row that cannot be read");
                    return Err(decode(detail));
                }
                let found = members.iter().filter_map(|skill| skills.get(skill));
                self.finding(id, target, found)
            }
        }
    }

    async fn members(
        &self,
        target: Target,
        deadline: Timestamp,
    ) -> Result<Vec<u64>, PlatformFault> {
        self.groups
            .skills_of(target, &self.tenant, self.pages, deadline)
            .await
    }

    async fn read_skill(
        &self,
        id: &CampaignId,
        skill: u64,
        share: RateShare,
        deadline: Timestamp,
    ) -> CampaignFinding {
        match self.one(skill, share, deadline).await {
            Ok(found) => self.finding(id, Target::Skill(skill), [&found]),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(StatusFinding::Missing),
            Err(fault) => Err(fault),
        }
    }

    async fn one(
        &self,
        skill: u64,
        share: RateShare,
        deadline: Timestamp,
    ) -> Result<Skill, PlatformFault> {
        let ask = Ask {
            operation: Operation::Skill,
            id: Some(skill),
            query: vec![("fields", Skill::FIELDS.to_owned())],
            share,
            deadline,
        };
        let parse = |response: &HttpResponse| {
            let found = Skill::parse(&response.body)?;
            if found.id() == Ok(skill) {
                Ok(found)
            } else {
                Err(format!(
                    "asked for skill {skill}, the platform returned another"
                ))
            }
        };
        self.tenant.read(&ask, parse).await
    }

    /// What a target's skills do together. Of a campaign only those count that may be commanded.
    fn finding<'a>(
        &self,
        campaign: &CampaignId,
        target: Target,
        skills: impl IntoIterator<Item = &'a Skill>,
    ) -> CampaignFinding {
        let listed = self.groups.lists(target);
        let for_its_list = !listed && self.groups.keeps_list(target);
        let (mut states, mut refusal) = (Vec::new(), None);
        for skill in skills {
            let name = match target {
                Target::Skill(_) => skill.name(),
                Target::Campaign(_) => skill.campaign_name(),
            };
            self.names.note(campaign, name);
            let verdict = skill.commandable(listed || for_its_list);
            // A preview campaign is read to know whether it runs. Whether its skill may be commanded, as one of a CXone
            // campaign's, is not for that reading to say.
            if !for_its_list {
                let id = skill.id().map_err(decode)?;
                self.groups.judged(id, verdict.clone());
            }
            match verdict {
                Ok(()) => states.push(skill.run_state().map_err(decode)?),
                Err(why) => refusal = refusal.or(Some(why)),
            }
        }
        let read_at = self.tenant.now();
        let (activity, word) = match (group_state(&states), refusal) {
            (Some(state), _) => (activity(&state), state.to_string()),
            (None, Some(why)) => {
                let word = format!("a skill that {why}");
                (
                    CampaignActivity::NotCommandable { word: word.clone() },
                    word,
                )
            }
            (None, None) => {
                let word = "a campaign without skills".to_owned();
                (
                    CampaignActivity::NotCommandable { word: word.clone() },
                    word,
                )
            }
        };
        Ok(StatusFinding::Found(StatusReading::without_evidence(
            activity, word, read_at,
        )))
    }

    async fn schedules(
        &self,
        ids: &[CampaignId],
        deadline: Timestamp,
    ) -> Result<Vec<Rival>, PlatformFault> {
        let mut rivals = Vec::new();
        for id in ids {
            let target: Target = id.as_str().parse().map_err(decode)?;
            for skill in self.members(target, deadline).await? {
                let ask = Ask {
                    operation: Operation::SkillParameters,
                    id: Some(skill),
                    query: Vec::new(),
                    share: RateShare::Readings,
                    deadline,
                };
                let parse = |response: &HttpResponse| schedule::is_scheduled(&response.body);
                if self.tenant.read(&ask, parse).await? {
                    rivals.push(Rival {
                        campaign: id.clone(),
                        description: schedule::warning(skill),
                        kind: RivalKind::Competes,
                    });
                }
            }
        }
        Ok(rivals)
    }
}

impl CampaignReader for Campaigns {
    fn configured(&self, ids: &[CampaignId]) {
        self.groups.relist(ids);
    }

    fn read<'a>(
        &'a self,
        ids: &'a [CampaignId],
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<CampaignFinding>> {
        Box::pin(self.read_all(ids, urgency, deadline))
    }

    fn rivals<'a>(
        &'a self,
        ids: &'a [CampaignId],
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<Rival>, PlatformFault>> {
        Box::pin(self.schedules(ids, deadline))
    }

    fn names(&self) -> Arc<PlatformNames> {
        self.names.known()
    }
}

impl Commander {
    async fn send(&self, order: CommandOrder<'_>) -> Delivery {
        let Campaigns {
            tenant,
            groups,
            pages,
            names: _,
        } = &*self.campaigns;
        let refused = |why: String| Delivery::Refused { why, wait: None };
        let target: Target = match order.campaign.as_str().parse() {
            Ok(target) => target,
            Err(why) => return refused(why),
        };
        if !groups.lists(target) {
            return refused(format!("{} is not in the configuration", order.campaign));
        }
        let skills = groups
            .skills_of(target, tenant, *pages, order.leave_by)
            .await;
        let skills = match skills {
            Ok(skills) => skills,
            Err(fault) => return Delivery::NotSent { why: fault.detail },
        };
        let (mut whole, mut already): (Option<Delivery>, Option<String>) = (None, None);
        for skill in skills {
            let sent = match groups.verdict(skill) {
                Some(Ok(())) => self.send_one(skill, order).await,
                // Of a campaign, the skills that never dial are left alone.
                Some(Err(_)) if matches!(target, Target::Campaign(_)) => continue,
                Some(Err(why)) => SentOne::Delivered(refused(format!("skill {skill} {why}"))),
                None => SentOne::Delivered(Delivery::NotSent {
                    why: format!("skill {skill} was not read before"),
                }),
            };
            match sent {
                SentOne::Delivered(delivery) => {
                    whole = Some(whole.map_or(delivery.clone(), |sum| together(sum, delivery)));
                }
                SentOne::Already { why } => already = already.or(Some(why)),
            }
        }
        let not_ours = || already.map(|why| Delivery::Conflict { why });
        let nothing = || refused("no skill of it may be commanded".to_owned());
        whole.or_else(not_ours).unwrap_or_else(nothing)
    }

    async fn send_one(&self, skill: u64, order: CommandOrder<'_>) -> SentOne {
        let direction = order.direction;
        let request = Order {
            operation: command::operation(direction),
            method: Method::POST,
            id: skill,
            body: None,
            decision: order.decision.to_string(),
            leave_by: Some(order.leave_by),
            deadline: order.deadline,
        };
        let tenant = &self.campaigns.tenant;
        let failed = match tenant.write(&request, |_| Ok(())).await {
            Ok(()) => return SentOne::Delivered(Delivery::Acknowledged { version: None }),
            Err(failed) => failed,
        };
        if needs_reading(direction, failed.fault.kind) {
            return self.resolve(skill, order, failed.fault.detail).await;
        }
        SentOne::Delivered(failed_delivery(failed))
    }

    /// 404 and 409 do not distinguish "already" from "cannot"; a reading of the skill does.
    async fn resolve(&self, skill: u64, order: CommandOrder<'_>, why: String) -> SentOne {
        let read = self
            .campaigns
            .one(skill, RateShare::Commands, order.deadline)
            .await;
        let state = read
            .map_err(|fault| fault.detail)
            .and_then(|found| found.run_state());
        match state {
            Ok(state) if fulfilled(order.direction, &state) => SentOne::Already { why },
            // Where it cannot be read, the reading back shows what became of it.
            Ok(_) | Err(_) => SentOne::Delivered(Delivery::Refused { why, wait: None }),
        }
    }
}

impl CampaignCommander for Commander {
    fn command<'a>(&'a self, order: CommandOrder<'a>) -> BoxFuture<'a, Delivery> {
        Box::pin(self.send(order))
    }
}

/// Whether a command that failed so may have been needless.
fn needs_reading(direction: Direction, kind: FaultKind) -> bool {
    match direction {
        Direction::Pause => matches!(kind, FaultKind::NotFound | FaultKind::Conflict),
        Direction::Resume => kind == FaultKind::Conflict,
    }
}

/// What a state means to the loop.
fn activity(state: &RunState) -> CampaignActivity {
    match state {
        RunState::Running => CampaignActivity::Running,
        RunState::Stopped => CampaignActivity::Paused,
        RunState::Word(_) => CampaignActivity::Changing { to: None },
    }
}

/// What became of a campaign's skills together: as little as is known of any of them. A part that was done makes a refusal
/// of another something that has to be read.
fn together(one: Delivery, other: Delivery) -> Delivery {
    let done = |delivery: &Delivery| matches!(delivery, Delivery::Acknowledged { .. });
    let lost = |delivery: &Delivery| matches!(delivery, Delivery::Lost { .. });
    if done(&one) != done(&other) {
        let why = one.why().or(other.why()).unwrap_or_default().to_owned();
        Delivery::Lost { why }
    } else if lost(&other) {
        other
    } else {
        one
    }
}
