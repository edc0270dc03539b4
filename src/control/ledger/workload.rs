//! Sums up what polls showed of the campaigns' agents, and of agents whom two campaigns share.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::workload::{
    Dialling, GroupWorkload, WorkloadPoll, WorkloadRecorder, WorkloadSample, WorkloadSlot,
};
use crate::domain::{
    Autopilot, BelievedStatus, Campaign, CampaignId, Limit, Thresholds, Timestamp,
};

/// Between polls that lie further apart than so many intervals nothing is summed up.
const MOST_POLLS_SUMMED: u32 = 3;

/// Slots kept while the store cannot be written: a day of a thousand campaigns.
const MOST_SLOTS: usize = 144_000;

/// Of so many campaigns each two are looked at for agents whom they share; with more, of the first by id. They are at most 496 pairs,
/// so that what is kept of them does not grow with the square of the campaigns.
const MOST_CAMPAIGNS_PAIRED: usize = 32;

/// The sums of each campaign, and of each two that share agents.
#[derive(Default)]
pub(super) struct WorkloadRecorders {
    campaigns: BTreeMap<CampaignId, WorkloadRecorder>,
    pairs: BTreeMap<[CampaignId; 2], WorkloadRecorder>,
    /// Slots that are over and wait for the next commit.
    pub(super) slots: Vec<(CampaignId, WorkloadSlot)>,
    /// Those of shared agents.
    pub(super) shared: Vec<([CampaignId; 2], WorkloadSlot)>,
}

impl WorkloadRecorders {
    /// Sums a poll up.
    pub(super) fn observe(
        &mut self,
        autopilot: &Autopilot,
        sample: &WorkloadSample,
        poll_interval: Duration,
        at: Timestamp,
    ) {
        let longest = poll_interval.saturating_mul(MOST_POLLS_SUMMED);
        let recorders = &mut self.campaigns;
        recorders.retain(|id, _| autopilot.campaign(id).is_some());
        for (id, campaign) in autopilot.campaigns() {
            let group = campaign
                .group_place()
                .and_then(|place| sample.groups.get(place));
            let group = group.copied().flatten();
            if group.is_none() && !recorders.contains_key(id) {
                continue;
            }
            let poll = group.map(|group| workload_poll(campaign, group));
            let recorder = recorders.entry(id.clone()).or_default();
            let slot = recorder.observe(at, poll, longest);
            self.slots.extend(slot.map(|slot| (id.clone(), slot)));
        }
        self.observe_pairs(autopilot, sample, longest, at);
        if self.slots.len() > MOST_SLOTS {
            self.slots.clear();
        }
        if self.shared.len() > MOST_SLOTS {
            self.shared.clear();
        }
    }

    fn observe_pairs(
        &mut self,
        autopilot: &Autopilot,
        sample: &WorkloadSample,
        longest: Duration,
        at: Timestamp,
    ) {
        let recorders = &mut self.pairs;
        recorders.retain(|pair, _| pair.iter().all(|id| autopilot.campaign(id).is_some()));
        let mut known: Vec<(&CampaignId, usize)> = autopilot
            .campaigns()
            .filter_map(|(id, campaign)| Some((id, campaign.group_place()?)))
            .collect();
        known.sort_unstable();
        known.truncate(MOST_CAMPAIGNS_PAIRED);
        for (number, (id, place)) in known.iter().enumerate() {
            for (other, theirs) in known.iter().skip(number.saturating_add(1)) {
                let pair = || [Clone::clone(*id), Clone::clone(*other)];
                let agents = shared(sample, *place, *theirs);
                // From the first shared agent on, nobody is a number like others.
                let begins = agents.is_some_and(|agents| agents.heads.staffed > 0);
                if !begins && !recorders.contains_key(&pair()) {
                    continue;
                }
                let poll =
                    agents.map(|agents| WorkloadPoll::of_agents(agents.heads, agents.call_starts));
                let recorder = recorders.entry(pair()).or_default();
                let slot = recorder.observe(at, poll, longest);
                self.shared.extend(slot.map(|slot| (pair(), slot)));
            }
        }
    }
}

/// The agents of two groups, which may be the same one; none where that is not known.
fn shared(sample: &WorkloadSample, one: usize, other: usize) -> Option<GroupWorkload> {
    if one == other {
        return sample.groups.get(one).copied().flatten();
    }
    let groups = (one.min(other), one.max(other));
    let mut shared = sample.shared.iter();
    let found = shared.find(|shared| shared.groups == groups);
    found.map(|shared| shared.agents)
}

/// What a poll showed of one campaign. Thresholds that move are none.
fn workload_poll(campaign: &Campaign, group: GroupWorkload) -> WorkloadPoll {
    let dialling = match campaign.believed_status() {
        BelievedStatus::Running => Dialling::Running,
        BelievedStatus::PausedByUs => Dialling::PausedByUs,
        BelievedStatus::Unread
        | BelievedStatus::PausedByCalendar
        | BelievedStatus::PausedByPerson
        | BelievedStatus::PausedUnproven
        | BelievedStatus::Changing
        | BelievedStatus::Other
        | BelievedStatus::Missing => Dialling::NotOurs,
    };
    let policy = campaign.policy();
    let overridden = campaign.state().threshold_override.as_ref();
    let thresholds = overridden.map_or(policy.thresholds, |set| set.thresholds);
    let fixed = overridden.is_some() || policy.aim.is_none();
    WorkloadPoll {
        heads: group.heads,
        call_starts: group.call_starts,
        dialling,
        thresholds: fixed.then(|| in_agents(&thresholds)).flatten(),
    }
}

/// Thresholds in whole agents; shares of the staffed agents are none.
fn in_agents(thresholds: &Thresholds) -> Option<(u32, u32)> {
    match (thresholds.pause_below(), thresholds.resume_at()) {
        (Limit::Agents(pause_below), Limit::Agents(resume_at)) => Some((pause_below, resume_at)),
        (Limit::Share(_), _) | (_, Limit::Share(_)) => None,
    }
}
