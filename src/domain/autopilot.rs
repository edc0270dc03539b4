//! The only interface to the decisions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::aim::AimMoved;
use super::belief::{Belief, Doubt, Hold};
use super::calendar::CalendarState;
use super::calendars::{CalendarStates, Calendars};
use super::campaign::{
    Campaign, CampaignState, Outcome, PauseClaim, PauseOwnerKind, Reason, SampleView, Seen,
    Suppression, UnprovenAlert, UnprovenEnd,
};
use super::cause::Cause;
use super::clock_shift::follow_set_back;
use super::command::{Command, CommandResult};
use super::conclusion::Conclusion;
use super::count::Count;
use super::evidence::{Evidence, PlatformTraits};
use super::group::{Group, GroupCount, HeadCount};
use super::ids::{CampaignId, DecisionId};
use super::notice::Notice;
use super::outcomes::{OutcomeReading, OutcomesRead};
use super::policy::{Counting, Policy};
use super::selector::Selector;
use super::sharing::PoolShare;
use super::snapshot::Sample;
use super::status::{Direction, StatusFinding};
use super::throttle::PaceStep;
use super::time::Timestamp;

/// A command that a decision asks for; it is sent only after a fresh status read has authorised it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedCommand {
    /// The direction.
    pub direction: Direction,
}

/// Something that may have to wake a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "alert")]
pub enum Alert {
    /// The data became stale.
    Stale {
        /// Invalid polls in a row.
        streak: u32,
    },
    /// Valid samples came back after the data had been stale.
    Fresh,
    /// Agents are idle, and the campaign's pause is not resumed only because nobody can say whose it is.
    UnprovenPause {
        /// The campaign.
        campaign: CampaignId,
        /// What keeps it from being shown to be ours.
        doubt: Doubt,
    },
    /// An unproven pause that was alerted is over, or somebody's.
    UnprovenPauseEnded {
        /// The campaign.
        campaign: CampaignId,
        /// What became of the pause.
        end: UnprovenEnd,
    },
    /// The hour's resumes of a campaign are used up, and one more is wanted.
    BudgetExhausted {
        /// The campaign.
        campaign: CampaignId,
    },
}

/// The decisions of one tick.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Commands wanted: pauses first, then resumes, each in the order of the ids.
    pub commands: Vec<(CampaignId, WantedCommand)>,
    /// The verdict on every campaign.
    pub reasons: Vec<(CampaignId, Reason)>,
    /// Alerts that may have to wake a person.
    pub alerts: Vec<Alert>,
    /// The aims whose threshold is another whole number of agents than was told, or has an effect no more or again.
    pub aims: Vec<(CampaignId, AimMoved)>,
    /// Changes of paces that are wanted, in the order of the ids.
    pub paces: Vec<(CampaignId, PaceStep)>,
}

/// Every campaign, the last sample, and the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Autopilot {
    decision: DecisionId,
    pub(super) command_longest: Duration,
    #[serde(default)]
    pub(super) traits: PlatformTraits,
    #[serde(alias = "selectors")]
    pub(super) groups: Vec<Group>,
    /// The campaigns of each group of campaigns, by rank.
    #[serde(default)]
    pub(super) sharing: BTreeMap<String, Vec<CampaignId>>,
    #[serde(default, skip_serializing_if = "Calendars::is_empty")]
    pub(super) calendars: Calendars,
    pub(super) campaigns: BTreeMap<CampaignId, Campaign>,
    /// Campaigns that are remembered and not under control: they come back to this when they are configured again.
    #[serde(default)]
    pub(super) retired: BTreeMap<CampaignId, CampaignState>,
    pub(super) sample: Option<(Timestamp, Vec<GroupCount>)>,
    invalid_streak: u32,
    stale_alerted: bool,
}

impl Autopilot {
    /// Creates the autopilot of one run.
    ///
    /// `restored` is what the store remembers; campaigns without a policy are left alone, and campaigns without a
    /// memory start unread. `command_longest` is the longest that one command can be on its way.
    #[must_use]
    pub fn new(
        run: u64,
        policies: BTreeMap<CampaignId, Policy>,
        mut restored: BTreeMap<CampaignId, CampaignState>,
        command_longest: Duration,
        now: Timestamp,
    ) -> Self {
        follow_set_back(&mut restored, now);
        let groups = Self::distinct_groups(&policies);
        let sharing = Self::sharing(&policies);
        let campaigns = policies
            .into_iter()
            .map(|(id, policy)| {
                let group = groups.binary_search(&policy.group(&id)).unwrap_or_default();
                let mut state = restored
                    .remove(&id)
                    .unwrap_or_else(|| CampaignState::unread(now));
                state.clamp(now);
                (id, Campaign::new(policy, group, state))
            })
            .collect();
        Self {
            decision: DecisionId { run, tick: 0 },
            command_longest,
            traits: PlatformTraits::default(),
            groups,
            sharing,
            calendars: Calendars::default(),
            campaigns,
            retired: restored,
            sample: None,
            invalid_streak: 0,
            stale_alerted: false,
        }
    }

    /// Sets what is to be known of the platform, instead of the first release's.
    #[must_use]
    pub fn on_platform(mut self, traits: PlatformTraits) -> Self {
        self.traits = traits;
        self
    }

    /// By what the platform shows whose change a change was.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        self.traits.evidence
    }

    /// Sets the calendars that its campaigns name; without, those would count as closed.
    #[must_use]
    pub fn with_calendars(mut self, calendars: Calendars) -> Self {
        self.calendars = calendars;
        self
    }

    /// Returns the calendars.
    #[must_use]
    pub fn calendars(&self) -> &Calendars {
        &self.calendars
    }

    pub(super) fn distinct_groups(policies: &BTreeMap<CampaignId, Policy>) -> Vec<Group> {
        let mut groups: Vec<Group> = policies
            .iter()
            .filter(|(_, policy)| policy.counts_agents())
            .map(|(id, policy)| policy.group(id))
            .collect();
        groups.sort();
        groups.dedup();
        groups
    }

    pub(super) fn sharing(
        policies: &BTreeMap<CampaignId, Policy>,
    ) -> BTreeMap<String, Vec<CampaignId>> {
        let mut ranked: BTreeMap<String, Vec<(u32, CampaignId)>> = BTreeMap::new();
        for (id, policy) in policies {
            if let Some(place) = &policy.place {
                let members = ranked.entry(place.group.clone()).or_default();
                members.push((place.rank, id.clone()));
            }
        }
        let in_order = |mut members: Vec<(u32, CampaignId)>| {
            members.sort();
            members.into_iter().map(|(_, id)| id).collect()
        };
        let ranked = ranked.into_iter();
        ranked
            .map(|(group, members)| (group, in_order(members)))
            .collect()
    }

    /// Returns the distinct groups; a sample has one count for each, in this order.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Whether staffed agents have to be read, not only available ones.
    #[must_use]
    pub fn needs_staffed(&self) -> bool {
        self.campaigns.values().any(|campaign| {
            let set = campaign.state.threshold_override.as_ref();
            campaign.policy.aim.is_some()
                || campaign.policy.thresholds.needs_staffed()
                || set.is_some_and(|set| set.thresholds.needs_staffed())
        })
    }

    /// For each of the [groups](Self::groups), whether the agents on the campaign's own calls have to be read.
    #[must_use]
    pub fn needs_serving(&self) -> Vec<bool> {
        let mut needed = vec![false; self.groups.len()];
        for campaign in self.campaigns.values() {
            if campaign.policy.counts_serving()
                && let Some(place) = campaign.group_place()
                && let Some(needed) = needed.get_mut(place)
            {
                *needed = true;
            }
        }
        needed
    }

    /// Whether skills have to be read.
    #[must_use]
    pub fn needs_skills(&self) -> bool {
        self.groups.iter().any(|group| {
            matches!(
                group,
                Group::Rows(Selector::AnySkill(_) | Selector::AllSkills(_))
            )
        })
    }

    /// Returns every campaign with its state.
    pub fn campaigns(&self) -> impl Iterator<Item = (&CampaignId, &Campaign)> {
        self.campaigns.iter()
    }

    /// Returns one campaign.
    #[must_use]
    pub fn campaign(&self, id: &CampaignId) -> Option<&Campaign> {
        self.campaigns.get(id)
    }

    /// Returns the id of the decision that is being made.
    #[must_use]
    pub fn decision(&self) -> DecisionId {
        self.decision
    }

    /// Returns the id of the decision that the next sample begins.
    #[must_use]
    pub fn next_decision(&self) -> DecisionId {
        let DecisionId { run, tick } = self.decision;
        DecisionId {
            run,
            tick: tick.saturating_add(1),
        }
    }

    /// Observes one poll, and with it begins a new decision. An invalid sample changes no window and no belief, and a
    /// group that is unknown changes none of its campaigns.
    pub fn observe_sample(&mut self, sample: Sample, now: Timestamp) {
        self.decision = self.next_decision();
        match sample {
            Sample::Complete { taken_at, heads } if self.fresh_enough(taken_at, now) => {
                self.invalid_streak = 0;
                self.sample = Some((taken_at, heads));
                let claims = self.claims(now);
                let Some(sample) = &self.sample else { return };
                for (id, campaign) in counting(&mut self.campaigns) {
                    let head = sample.1.get(campaign.group);
                    campaign.blind = match head {
                        Some(GroupCount::Known(count)) => {
                            let says = || self.calendars.says(&campaign.policy, now);
                            let aims = campaign.policy.aim.is_some();
                            let open = !aims || says().is_none_or(|says| says.is_open());
                            campaign.observe_heads(*count, open, now);
                            0
                        }
                        Some(GroupCount::Unknown { .. }) | None => campaign.blind.saturating_add(1),
                    };
                    let claimed = claims.get(id).copied().unwrap_or_default();
                    let view = view(Some(sample), 0, campaign, claimed);
                    if let Some(compared) = campaign.evaluate_sample(view, now) {
                        campaign.count_sample(compared);
                    }
                }
            }
            Sample::Complete { .. } | Sample::Invalid { .. } => {
                self.invalid_streak = self.invalid_streak.saturating_add(1);
                for (_, campaign) in counting(&mut self.campaigns) {
                    campaign.blind = campaign.blind.saturating_add(1);
                }
            }
        }
    }

    /// Whether a sample is young enough for any campaign at all.
    fn fresh_enough(&self, taken_at: Timestamp, now: Timestamp) -> bool {
        let age = now.since(taken_at);
        let mut campaigns = self.campaigns.values();
        self.campaigns.is_empty() || campaigns.any(|campaign| age <= campaign.policy.max_sample_age)
    }

    /// Observes one reading of what became of a campaign's dials; `None` means that the campaign is not managed.
    pub fn observe_outcomes(
        &mut self,
        id: &CampaignId,
        reading: OutcomeReading,
    ) -> Option<OutcomesRead> {
        let campaign = self.campaigns.get_mut(id)?;
        let says = || self.calendars.says(&campaign.policy, reading.until);
        let open = campaign.policy.aim.is_none() || says().is_none_or(|says| says.is_open());
        let heads = self
            .sample
            .as_ref()
            .and_then(|(_, heads)| heads.get(campaign.group));
        let idle = heads.and_then(|count| match count {
            GroupCount::Known(heads) => Some(heads.free),
            GroupCount::Unknown { .. } => None,
        });
        Some(campaign.observe_outcomes(reading, open, idle))
    }

    /// Observes one status read.
    pub fn observe_status(
        &mut self,
        id: &CampaignId,
        finding: &StatusFinding,
        now: Timestamp,
    ) -> Vec<Notice> {
        let seen = self.seen(id, now);
        self.campaigns
            .get_mut(id)
            .map(|campaign| campaign.observe(finding, seen))
            .unwrap_or_default()
    }

    /// Returns the campaigns whose status is to be read in this tick: all that cannot be commanded without (at most
    /// `at_most`), and beyond those the `routine` ones that were read the longest time ago.
    #[must_use]
    pub fn due_status_reads(
        &self,
        routine: usize,
        at_most: usize,
        now: Timestamp,
    ) -> Vec<CampaignId> {
        let mut needed = Vec::new();
        let mut others = Vec::new();
        for (id, campaign) in &self.campaigns {
            if campaign.needs_reading(self.next_decision().tick, now) {
                needed.push((campaign.asked_at, id));
            } else if !matches!(campaign.state.belief, Belief::Missing { .. }) {
                others.push((campaign.asked_at, id));
            }
        }
        // Those that were asked for the longest time ago come first, so that one that cannot be read does not take the read of
        // another.
        needed.sort_unstable();
        others.sort_unstable();
        let due = needed
            .into_iter()
            .take(at_most)
            .chain(others.into_iter().take(routine));
        due.map(|(_, id)| id.clone()).collect()
    }

    /// Decides what should happen now.
    pub fn decide(&mut self, now: Timestamp) -> Plan {
        let mut plan = Plan {
            commands: Vec::new(),
            reasons: Vec::with_capacity(self.campaigns.len()),
            alerts: Vec::new(),
            aims: Vec::new(),
            paces: Vec::new(),
        };
        let mut resumes = Vec::new();
        for members in self.sharing.values() {
            for id in members {
                if let Some(campaign) = self.campaigns.get_mut(id) {
                    campaign.state.forget_old_times(now);
                }
            }
        }
        let says = self.calendars.states_at(now);
        let mut of_groups = self.decide_groups(&says, now);
        let (sample, invalid_streak, decision) =
            (self.sample.as_ref(), self.invalid_streak, self.decision);
        // One walk over all campaigns: ten thousand of them do not stay in a cache.
        let (mut streak, mut stale_after) = (invalid_streak, None);
        for (id, campaign) in &mut self.campaigns {
            streak = streak.max(campaign.blind);
            let after = campaign.policy.stale_after;
            stale_after = Some(stale_after.map_or(after, |least: u32| least.min(after)));
            let reason = if let Some(reason) = of_groups.remove(id) {
                reason
            } else {
                campaign.state.forget_old_times(now);
                let view = view(sample, invalid_streak, campaign, 0);
                let says = says.of(&campaign.policy);
                campaign.evaluate(view, says, PoolShare::default(), decision, now)
            };
            match reason.outcome {
                Outcome::Command {
                    direction: Direction::Pause,
                    ..
                } => {
                    plan.commands.push((
                        id.clone(),
                        WantedCommand {
                            direction: Direction::Pause,
                        },
                    ));
                }
                Outcome::Command {
                    direction: Direction::Resume,
                    ..
                } => {
                    resumes.push((
                        id.clone(),
                        WantedCommand {
                            direction: Direction::Resume,
                        },
                    ));
                }
                Outcome::NothingToDo | Outcome::Suppressed { .. } => {}
            }
            let exhausted = matches!(
                reason.outcome,
                Outcome::Suppressed {
                    by: Suppression::ResumeBudget,
                    ..
                }
            );
            if exhausted && !campaign.budget_alerted {
                plan.alerts.push(Alert::BudgetExhausted {
                    campaign: id.clone(),
                });
            }
            // Once per exhaustion: asked again only after a resume was possible.
            campaign.budget_alerted = exhausted
                || (campaign.budget_alerted && reason.stages.resume_budget.found.is_none());
            let unproven = campaign.alert_unproven(reason.idles_in_doubt());
            plan.alerts.extend(unproven.map(|change| {
                let campaign = id.clone();
                match change {
                    UnprovenAlert::Raised(doubt) => Alert::UnprovenPause { campaign, doubt },
                    UnprovenAlert::Ended(end) => Alert::UnprovenPauseEnded { campaign, end },
                }
            }));
            let moved = campaign.tell_aim(now);
            plan.aims.extend(moved.map(|moved| (id.clone(), moved)));
            let pace = campaign.wanted_pace(&reason, now);
            plan.paces.extend(pace.map(|step| (id.clone(), step)));
            plan.reasons.push((id.clone(), reason));
        }
        plan.commands.extend(resumes);
        let staleness = self.alert_staleness(streak, stale_after);
        plan.alerts.splice(0..0, staleness);
        plan
    }

    /// Decides on one campaign alone, and with that begins a new decision: an operator's hold does not wait for a poll. Nothing but
    /// the decision changes.
    pub fn decide_on(&mut self, id: &CampaignId, now: Timestamp) -> Plan {
        self.decision = self.next_decision();
        let campaign = self.campaigns.get(id);
        let reason = campaign.map(|campaign| self.evaluate(id, campaign, now));
        let outcome = reason.as_ref().map(|reason| reason.outcome);
        let wanted = outcome.and_then(|outcome| match outcome {
            Outcome::Command { direction, .. } => Some(WantedCommand { direction }),
            Outcome::NothingToDo | Outcome::Suppressed { .. } => None,
        });
        Plan {
            commands: wanted
                .map(|wanted| (id.clone(), wanted))
                .into_iter()
                .collect(),
            reasons: reason
                .map(|reason| (id.clone(), reason))
                .into_iter()
                .collect(),
            alerts: Vec::new(),
            aims: Vec::new(),
            paces: Vec::new(),
        }
    }

    /// Whether a command is still wanted now that its campaign's status was read; if so it is on its way from here
    /// on, and the campaign's state has to be committed before it leaves.
    pub fn authorise(
        &mut self,
        id: &CampaignId,
        direction: Direction,
        now: Timestamp,
    ) -> Option<Command> {
        let (reason, cause) = self.still_wants(id, direction, now)?;
        let (decision, longest) = (self.decision, self.command_longest);
        let campaign = self.campaigns.get_mut(id)?;
        let before = campaign.start(direction, cause, decision, longest, now)?;
        let staged = campaign.stage(direction, self.traits.staged_resume);
        let replaced = campaign.state.replaced.as_ref();
        let restore = replaced.filter(|_| direction == Direction::Resume);
        Some(Command {
            campaign: id.clone(),
            direction,
            reason,
            before,
            restore: restore.cloned(),
            staged,
        })
    }

    /// Whether a command is still wanted now that its campaign's status was read. Changes nothing: this is how far
    /// a dry run goes.
    #[must_use]
    pub fn still_wants(
        &self,
        id: &CampaignId,
        direction: Direction,
        now: Timestamp,
    ) -> Option<(Reason, Cause)> {
        let reason = self.evaluate(id, self.campaigns.get(id)?, now);
        match reason.outcome {
            Outcome::Command {
                direction: wanted,
                cause,
            } if wanted == direction => Some((reason, cause)),
            Outcome::Command { .. } | Outcome::NothingToDo | Outcome::Suppressed { .. } => None,
        }
    }

    /// Reports the outcome of a command.
    pub fn report(
        &mut self,
        id: &CampaignId,
        result: &CommandResult,
        now: Timestamp,
    ) -> (Conclusion, Vec<Notice>) {
        let seen = self.seen(id, now);
        self.campaigns
            .get_mut(id)
            .map_or((Conclusion::Unknown, Vec::new()), |campaign| {
                campaign.finish(result, seen)
            })
    }

    /// Sets or lifts an operator's hold.
    pub fn set_hold(&mut self, id: &CampaignId, hold: Option<Hold>) {
        if let Some(campaign) = self.campaigns.get_mut(id) {
            campaign.state.hold = hold.map(Box::new);
        }
    }

    /// Gives a campaign's pause to whom an operator's claim names and returns who had it; `None` means that there is no pause
    /// to claim, and nothing was changed.
    pub fn claim_pause(
        &mut self,
        id: &CampaignId,
        claim: PauseClaim,
        now: Timestamp,
    ) -> Option<PauseOwnerKind> {
        self.campaigns.get_mut(id)?.claim_pause(claim, now)
    }

    /// Takes back what was done to a campaign since `before`, because it could not be committed.
    pub fn restore_campaign(&mut self, id: &CampaignId, before: Campaign) {
        if let Some(campaign) = self.campaigns.get_mut(id) {
            *campaign = before;
        }
    }

    fn seen(&self, id: &CampaignId, now: Timestamp) -> Seen {
        let campaign = self.campaigns.get(id);
        Seen {
            now,
            tick: self.decision.tick,
            traits: self.traits,
            unread_from: campaign.and_then(|campaign| self.unread_from(campaign)),
        }
    }

    /// Since when nobody looked whether a pause of ours is still ours; none where nobody had to. A pause in force while its calendar
    /// is closed does what everybody wants until that opens, however long a restart or an outage takes in the night.
    fn unread_from(&self, campaign: &Campaign) -> Option<Timestamp> {
        let last = campaign.state.last_reading.as_ref()?.read_at;
        let says = self.calendars.says(&campaign.policy, last);
        match says.filter(|says| !says.is_open()) {
            Some(closed) => closed.until,
            None => Some(last),
        }
    }

    /// Decides on one campaign as the others are now.
    pub(super) fn evaluate(&self, id: &CampaignId, campaign: &Campaign, now: Timestamp) -> Reason {
        let share = self.share(id, campaign, now);
        let says = self.calendars.says(&campaign.policy, now);
        self.evaluate_with(campaign, says, share, now)
    }

    fn evaluate_with(
        &self,
        campaign: &Campaign,
        calendar: Option<CalendarState>,
        share: PoolShare,
        now: Timestamp,
    ) -> Reason {
        let view = view(
            self.sample.as_ref(),
            self.invalid_streak,
            campaign,
            share.claimed,
        );
        campaign.evaluate(view, calendar, share, self.decision, now)
    }

    /// The campaigns of a group by rank.
    fn members(&self, group: &str) -> impl Iterator<Item = (&CampaignId, &Campaign)> {
        let members = self.sharing.get(group).into_iter().flatten();
        members.filter_map(|id| Some((id, self.campaigns.get(id)?)))
    }

    /// Agents that a campaign claims from those behind it in its group.
    fn claim(&self, campaign: &Campaign, now: Timestamp) -> u32 {
        if !campaign.may_run() {
            return 0;
        }
        let own = campaign.policy.place.as_ref().and_then(|place| place.claim);
        let heads = self.sample.as_ref().map(|(_, heads)| heads);
        let head = heads.and_then(|heads| campaign.head_in(heads)?.0.known());
        let below = |head: HeadCount| campaign.thresholds(now).in_agents(head.staffed).pause_below;
        own.or_else(|| head.map(below)).unwrap_or_default()
    }

    /// The campaigns of a group by rank, each with what the others leave to it.
    fn shares(&self, group: &str, now: Timestamp) -> Vec<(&CampaignId, &Campaign, PoolShare)> {
        let resumed = |(_, campaign): &(&CampaignId, &Campaign)| campaign.is_being_resumed();
        let all_resumed = self.members(group).filter(resumed).count();
        let mut claimed: u32 = 0;
        let shares = self.members(group).map(|(id, campaign)| {
            let itself = usize::from(campaign.is_being_resumed());
            let share = PoolShare {
                grouped: true,
                claimed,
                resuming: all_resumed > itself,
            };
            claimed = claimed.saturating_add(self.claim(campaign, now));
            (id, campaign, share)
        });
        shares.collect()
    }

    /// What is claimed before each campaign that is in a group.
    fn claims(&self, now: Timestamp) -> BTreeMap<CampaignId, u32> {
        let groups = self.sharing.keys();
        let shares = groups.flat_map(|group| self.shares(group, now));
        shares
            .map(|(id, _, share)| (id.clone(), share.claimed))
            .collect()
    }

    /// What the others of its group leave to a campaign.
    fn share(&self, id: &CampaignId, campaign: &Campaign, now: Timestamp) -> PoolShare {
        let place = campaign.policy.place.as_ref();
        let shares = place.map(|place| self.shares(&place.group, now));
        let mut shares = shares.into_iter().flatten();
        let own = shares.find(|(other, ..)| *other == id);
        own.map(|(_, _, share)| share).unwrap_or_default()
    }

    /// Decides on the campaigns that are in groups. The first one that is to be resumed has the turn.
    fn decide_groups(
        &self,
        says: &CalendarStates<'_>,
        now: Timestamp,
    ) -> BTreeMap<CampaignId, Reason> {
        let mut reasons = BTreeMap::new();
        for group in self.sharing.keys() {
            let mut turn_taken = false;
            for (id, campaign, mut share) in self.shares(group, now) {
                share.resuming |= turn_taken;
                let says = says.of(&campaign.policy);
                let reason = self.evaluate_with(campaign, says, share, now);
                turn_taken |= matches!(
                    reason.outcome,
                    Outcome::Command {
                        direction: Direction::Resume,
                        ..
                    }
                );
                reasons.insert(id.clone(), reason);
            }
        }
        reasons
    }

    /// `streak` polls in a row said nothing about the campaign that was not seen for the longest time.
    fn alert_staleness(&mut self, streak: u32, stale_after: Option<u32>) -> Option<Alert> {
        let stale = stale_after.is_some_and(|after| streak >= after);
        let before = std::mem::replace(&mut self.stale_alerted, stale);
        match (before, stale) {
            (false, true) => Some(Alert::Stale { streak }),
            (true, false) => Some(Alert::Fresh),
            (true, true) | (false, false) => None,
        }
    }
}

/// Those for which agents count: the others are never blind.
fn counting(
    campaigns: &mut BTreeMap<CampaignId, Campaign>,
) -> impl Iterator<Item = (&CampaignId, &mut Campaign)> {
    let campaigns = campaigns.iter_mut();
    campaigns.filter(|(_, campaign)| campaign.policy.counts_agents())
}

fn view(
    sample: Option<&(Timestamp, Vec<GroupCount>)>,
    invalid_streak: u32,
    campaign: &Campaign,
    claimed: u32,
) -> SampleView {
    if !campaign.policy.counts_agents() {
        return SampleView::None;
    }
    let streak = invalid_streak.max(campaign.blind);
    if streak > 0 {
        return SampleView::Invalid { streak };
    }
    let head = |(taken_at, heads): &(Timestamp, Vec<GroupCount>)| {
        let count = heads.get(campaign.group)?.known()?;
        Some(SampleView::Complete {
            taken_at: *taken_at,
            count: counted(count, campaign.policy.counting, claimed),
            claimed,
            signal: campaign.signal(count, claimed),
        })
    };
    sample.and_then(head).unwrap_or(SampleView::None)
}

/// What of a group counts under the campaign's rule, without those who are claimed.
fn counted(heads: HeadCount, counting: Counting, claimed: u32) -> Count {
    Count {
        available: counting.available(heads).saturating_sub(claimed),
        staffed: heads.staffed,
        wrap_up: heads.wrap_up,
    }
}
