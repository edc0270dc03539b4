//! The only interface to the assignments.
//!
//! *The way in:* `observe_*` takes what was read, [`Assigner::due`] says whether a plan is wanted,
//! [`Assigner::propose`] makes it, [`Assigner::next_dispatch`] and [`Assigner::report`] frame one dispatch. *First
//! start:* a campaign whose list or status was never read is left alone. *Never here:* clocks, I/O, randomness.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::activity::Activity;
use super::dispatch::{self, Dispatch, DispatchEnd, DispatchPass};
use super::eligibility::Eligibility;
use super::entry::{Entry, List};
use super::form::ListForm;
use super::list::{ListFinding, ListMemory, ListNotice};
use super::meaning::is_same_list;
use super::plan::{AssignPlan, Placement, Prior, explain, plan};
use super::preview::{AssignPolicy, Preview};
use super::rate::CallRate;
use super::roster::Roster;
use super::situation::{CampaignNow, Pair, Serving, Situation};
use crate::domain::lost_attempt::LONGEST_ON_ITS_WAY;
use crate::domain::{AgentId, AgentState, CampaignId, Conclusion, Timestamp};

/// A dialler that had no capacity is tried with the full number again after this.
const CAP_HOLDS: Duration = Duration::from_secs(10 * 60);

/// An agent that the platform refused is tried again after this: people fix what was wrong.
const REFUSAL_HOLDS: Duration = Duration::from_secs(15 * 60);

/// Why a plan is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// There was no plan yet.
    First,
    /// A campaign was paused or resumed, or what is known of a list changed.
    Serving,
    /// Agents came or went.
    Moved,
    /// The interval is over.
    Interval,
    /// An operator asked, or a dispatch could not be taken as it was.
    Again,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 5] = [
        Self::First,
        Self::Serving,
        Self::Moved,
        Self::Interval,
        Self::Again,
    ];

    /// The word for logs and metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Serving => "serving",
            Self::Moved => "moved",
            Self::Interval => "interval",
            Self::Again => "again",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// What the last plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastPlan {
    pub(super) at: Timestamp,
    present: usize,
    serving: Vec<Serving>,
}

/// A plan, and the lists that would put it in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The plan.
    pub plan: AssignPlan,
    /// The lists that are not in force as they should be.
    pub targets: BTreeMap<CampaignId, List>,
}

/// Everything that is known about assignments, and the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigner {
    policy: AssignPolicy,
    roster: Roster,
    eligibility: Eligibility,
    /// Rates that were configured and so are not measured, by position.
    #[serde(rename = "given")]
    configured_rates: Vec<(usize, CallRate)>,
    pub(super) activity: Activity,
    /// Whether each campaign runs, where it is known.
    running: Vec<Option<bool>>,
    pub(super) lists: Vec<ListMemory>,
    pub(super) caps: Vec<Option<(u32, Timestamp)>>,
    /// Ascending.
    pub(super) refused: Vec<(Pair, Timestamp)>,
    /// Pairs in force that the platform refused to end, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) kept: Vec<(Pair, Timestamp)>,
    prior: Option<Prior>,
    pub(super) planned: Option<LastPlan>,
}

impl Assigner {
    /// Creates the assigner of one run. `restored` is what the store remembers of lists; `given` are configured rates.
    #[must_use]
    pub fn new(
        policy: AssignPolicy,
        roster: Roster,
        given: &BTreeMap<AgentId, CallRate>,
        mut restored: BTreeMap<CampaignId, ListMemory>,
    ) -> Self {
        let campaigns = policy.previews.len();
        let known = given.iter();
        let given = known.filter_map(|(agent, rate)| Some((roster.position(agent)?, *rate)));
        let lists = policy.previews.keys();
        let lists = lists.map(|id| restored.remove(id).unwrap_or_default());
        Self {
            configured_rates: given.collect(),
            lists: lists.collect(),
            eligibility: Eligibility::new(&roster, &policy),
            activity: Activity::unseen(roster.agents().len()),
            running: vec![None; campaigns],
            caps: vec![None; campaigns],
            refused: Vec::new(),
            kept: Vec::new(),
            prior: None,
            planned: None,
            policy,
            roster,
        }
    }

    /// The rules.
    #[must_use]
    pub fn policy(&self) -> &AssignPolicy {
        &self.policy
    }

    /// The agents.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// What is remembered of a campaign's list.
    #[must_use]
    pub fn list(&self, campaign: &CampaignId) -> Option<&ListMemory> {
        self.lists.get(self.position(campaign)?)
    }

    /// Returns the agents whose state differs from the last one, by position in the roster.
    #[must_use]
    pub fn changed_states(&self, states: &[AgentState]) -> Vec<(usize, AgentState)> {
        self.activity.changes(states)
    }

    /// Observes one complete poll of the agents.
    pub fn observe_agents(&mut self, changes: &[(usize, AgentState)], at: Timestamp) {
        self.activity.observe(changes, at, self.policy.rate_window);
    }

    /// Observes whether each campaign runs, in the order of the ids; none where that is not known.
    pub fn observe_running(&mut self, running: &[Option<bool>]) {
        self.running = running.to_vec();
        self.running.resize(self.policy.previews.len(), None);
    }

    /// Observes one reading of a list.
    pub fn observe_list(
        &mut self,
        campaign: &CampaignId,
        finding: &ListFinding,
        now: Timestamp,
    ) -> Option<ListNotice> {
        let position = self.position(campaign)?;
        let preview = self.policy.previews.get(campaign)?;
        let grace_until = now.plus(preview.manual_grace);
        let memory = self.lists.get_mut(position)?;
        memory.observe(finding, preview.on_manual_change, grace_until, now)
    }

    /// Returns the campaigns whose lists have to be read: nothing is known of them, or not enough.
    #[must_use]
    pub fn unread_lists(&self) -> Vec<CampaignId> {
        let lists = self.policy.previews.keys().zip(&self.lists);
        let unread = lists.filter(|(_, memory)| !memory.known || memory.uncertain);
        unread.map(|(id, _)| id.clone()).collect()
    }

    /// Returns why a plan is to be made now, if one is; none before agents were read.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<Trigger> {
        if !self.activity.observed() {
            return None;
        }
        let Some(planned) = &self.planned else {
            return Some(Trigger::First);
        };
        let serving: Vec<Serving> = self.campaigns(now).iter().map(|now| now.serving).collect();
        let moved = self.activity.present().abs_diff(planned.present);
        let enough = usize::try_from(self.policy.moved_agents).unwrap_or(usize::MAX);
        if serving != planned.serving {
            Some(Trigger::Serving)
        } else if moved >= enough {
            Some(Trigger::Moved)
        } else if now.since(planned.at) >= self.policy.interval {
            Some(Trigger::Interval)
        } else {
            None
        }
    }

    /// Makes a plan and remembers it as the start of the next one.
    pub fn propose(&mut self, now: Timestamp) -> Proposal {
        self.refused.retain(|(_, until)| *until > now);
        self.kept.retain(|(_, until)| *until > now);
        for memory in &mut self.lists {
            memory.forget_late(now);
        }
        for cap in &mut self.caps {
            *cap = cap.filter(|(_, until)| *until > now);
        }
        let (plan, targets) = self.ask(now, |situation| {
            let plan = plan(situation, self.prior.as_ref());
            let targets = self.targets(situation, &plan);
            (plan, targets)
        });
        self.prior = Some(plan.prior.clone());
        self.planned = Some(LastPlan {
            at: now,
            present: self.activity.present(),
            serving: self.campaigns(now).iter().map(|now| now.serving).collect(),
        });
        Proposal { plan, targets }
    }

    /// Explains how one agent was considered for every campaign, in a plan that was just made.
    #[must_use]
    pub fn explain(&self, plan: &AssignPlan, agent: &AgentId, now: Timestamp) -> Vec<Placement> {
        let Some(position) = self.roster.position(agent) else {
            return Vec::new();
        };
        self.ask(now, |situation| explain(situation, plan, position))
    }

    /// Returns the next list to put in force in a pass.
    #[must_use]
    pub fn next_dispatch(
        &self,
        targets: &BTreeMap<CampaignId, List>,
        pass: DispatchPass,
    ) -> Option<Dispatch> {
        let lists = self.policy.previews.keys().zip(&self.lists).collect();
        let concurrency = |agent: &AgentId| {
            let position = self.roster.position(agent)?;
            let rostered = self.roster.agents().get(position)?;
            Some(rostered.concurrency)
        };
        dispatch::next_dispatch(&lists, targets, pass, concurrency)
    }

    /// Notes that a dispatch is about to leave; the memory of its list has to be committed before it does.
    pub fn depart(&mut self, dispatch: &Dispatch, now: Timestamp) {
        let position = self.position(&dispatch.campaign);
        if let Some(memory) = position.and_then(|position| self.lists.get_mut(position)) {
            memory.depart(&dispatch.agents, now.plus(LONGEST_ON_ITS_WAY));
        }
    }

    /// Reports the end of a dispatch that had departed.
    pub fn report(&mut self, sent: &Dispatch, end: &DispatchEnd, now: Timestamp) {
        let Some(position) = self.position(&sent.campaign) else {
            return;
        };
        let Some(memory) = self.lists.get_mut(position) else {
            return;
        };
        let open = matches!(end.conclusion, Conclusion::Unknown | Conclusion::NotOurs);
        if open || end.may_come_late {
            memory.may_come_late(&sent.agents, now.plus(LONGEST_ON_ITS_WAY));
        } else {
            memory.arrived(&sent.agents);
        }
        match end.conclusion {
            Conclusion::Confirmed | Conclusion::Unchanged => {
                memory.in_force.clone_from(&sent.agents);
                memory.uncertain = false;
                memory.before = None;
            }
            Conclusion::Conflict | Conclusion::Stale => {
                memory.fall_back();
                let wanted = sent.agents.len();
                let fewer = wanted.saturating_sub(wanted.div_ceil(4));
                // What is in force is known to fit.
                let cap = if memory.in_force.len() < wanted {
                    fewer.max(memory.in_force.len())
                } else {
                    fewer
                };
                let cap = u32::try_from(cap).unwrap_or(u32::MAX);
                if let Some(slot) = self.caps.get_mut(position) {
                    *slot = Some((cap, now.plus(CAP_HOLDS)));
                }
            }
            Conclusion::Refused | Conclusion::Invalid => {
                memory.fall_back();
                let named = if end.agents.is_empty() {
                    &sent.joining
                } else {
                    &end.agents
                };
                self.hold_refused(position, sent, named, now);
            }
            Conclusion::Unknown | Conclusion::Differs | Conclusion::NotOurs => {
                memory.before = None;
                self.hold_refused(position, sent, &end.agents, now);
            }
            Conclusion::NotSent | Conclusion::NotApplied => memory.fall_back(),
        }
    }

    /// Leaves agents alone whom the platform refused: who was not let in is not sent again, and who was not let out is not
    /// taken off again, until a while later.
    fn hold_refused(
        &mut self,
        campaign: usize,
        sent: &Dispatch,
        named: &[AgentId],
        now: Timestamp,
    ) {
        let until = now.plus(REFUSAL_HOLDS);
        for agent in named {
            let Some(position) = self.roster.position(agent) else {
                continue;
            };
            let held = if sent.leaving.contains(agent) {
                &mut self.kept
            } else {
                &mut self.refused
            };
            held.push(((position, campaign), until));
        }
        self.refused.sort_unstable();
        self.kept.sort_unstable();
    }

    fn position(&self, campaign: &CampaignId) -> Option<usize> {
        self.policy.previews.keys().position(|id| id == campaign)
    }

    fn campaigns(&self, now: Timestamp) -> Vec<CampaignNow> {
        let lists = self.lists.iter().zip(&self.running).zip(&self.caps);
        let campaigns = lists.map(|((memory, running), cap)| {
            let persons = memory.person_until.is_some_and(|until| now < until);
            let serving = match running {
                Some(_) | None if !memory.known || persons => Serving::Fixed,
                Some(true) => Serving::Running,
                Some(false) => Serving::NotRunning,
                None => Serving::Fixed,
            };
            let listed = memory.in_force.keys();
            let foreign = listed.filter(|agent| self.roster.position(agent).is_none());
            CampaignNow {
                serving,
                cap: cap.map(|(cap, _)| cap),
                foreign: u32::try_from(foreign.count()).unwrap_or(u32::MAX),
            }
        });
        campaigns.collect()
    }

    fn ask<T>(&self, now: Timestamp, question: impl FnOnce(&Situation<'_>) -> T) -> T {
        let mut agents = self.activity.now(now, self.policy.rate_window);
        for (position, rate) in &self.configured_rates {
            if let Some(agent) = agents.get_mut(*position) {
                agent.recent = *rate;
            }
        }
        let listed = self.lists.iter().enumerate();
        let mut in_force: Vec<Pair> = listed
            .flat_map(|(campaign, memory)| {
                let positions = memory.in_force.keys();
                positions.filter_map(move |agent| Some((self.roster.position(agent)?, campaign)))
            })
            .collect();
        in_force.sort_unstable();
        let pairs = |held: &[(Pair, Timestamp)]| held.iter().map(|(pair, _)| *pair).collect();
        let refused: BTreeSet<Pair> = pairs(&self.refused);
        let kept: BTreeSet<Pair> = pairs(&self.kept);
        question(&Situation {
            roster: &self.roster,
            policy: &self.policy,
            eligibility: &self.eligibility,
            campaigns: &self.campaigns(now),
            agents: &agents,
            in_force: &in_force,
            refused: &refused,
            kept: &kept,
            now,
        })
    }

    /// The lists of the plan that are not in force as they should be. Nobody touches a list that is left alone.
    fn targets(&self, situation: &Situation<'_>, plan: &AssignPlan) -> BTreeMap<CampaignId, List> {
        let mut pairs_of: Vec<u8> = vec![0; self.roster.agents().len()];
        for (agent, _) in &plan.pairs {
            if let Some(many) = pairs_of.get_mut(*agent) {
                *many = many.saturating_add(1);
            }
        }
        let mut lists: Vec<List> = self
            .lists
            .iter()
            .map(|memory| self.foreign(memory))
            .collect();
        let previews: Vec<&Preview> = self.policy.previews.values().collect();
        for (agent, campaign) in &plan.pairs {
            let alone = pairs_of.get(*agent).is_some_and(|many| *many < 2);
            if let (Some(list), Some(preview)) = (lists.get_mut(*campaign), previews.get(*campaign))
                && let Some((id, entry)) = self.entry(*agent, preview, alone)
            {
                list.insert(id, entry);
            }
        }
        let ids = self.policy.previews.keys().zip(lists).zip(&self.lists);
        ids.enumerate()
            .filter(|(position, ((_, list), memory))| {
                let serving = situation.campaign(*position).serving;
                let differs = !is_same_list(list, &memory.in_force);
                serving != Serving::Fixed && (differs || memory.uncertain)
            })
            .map(|(_, ((id, list), _))| (id.clone(), list))
            .collect()
    }

    /// The entries of a list whose agents are not in the roster.
    fn foreign(&self, memory: &ListMemory) -> List {
        let entries = memory.in_force.iter();
        entries
            .filter(|(agent, _)| self.roster.position(agent).is_none())
            .map(|(agent, entry)| (agent.clone(), entry.clone()))
            .collect()
    }

    /// An agent's entry: on a campaign alone as many calls at once as both allow, and one on each of several.
    fn entry(&self, agent: usize, preview: &Preview, alone: bool) -> Option<(AgentId, Entry)> {
        let rostered = self.roster.agents().get(agent)?;
        match self.policy.form {
            ListForm::Whole => {}
            ListForm::Membership => return Some((rostered.id.clone(), Entry::member())),
        }
        let kind = self.roster.kind(rostered)?;
        let entry = Entry {
            skills: kind.skills.iter().map(ToString::to_string).collect(),
            start: kind.window.start.to_string(),
            end: kind.window.end.to_string(),
            zone: kind.window.zone.name().to_owned(),
            calls: if alone {
                rostered.concurrency.min(preview.concurrency)
            } else {
                1
            },
        };
        Some((rostered.id.clone(), entry))
    }
}
