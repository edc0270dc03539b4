//! The agents: the polls as `run` makes them, and a look at everybody that shows what the settings miss.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::connection::Connection;
use crate::cli::exit::Exit;
use crate::control::PollScope;
use crate::control::ports::Clock;
use crate::domain::{
    AgentId, Autopilot, CampaignId, Group, GroupCount, HeadCount, Limit, Policy, Selector, Snapshot,
};
use crate::platform::port::{AgentFeed, Observation, ObserveRequest};
use crate::settings::Settings;

use super::findings::{Findings, counted, some_of};

/// What a look at everybody showed.
#[derive(Default)]
pub(super) struct Everybody {
    heads: BTreeMap<Group, Head>,
    /// The agents, where the platform shows them.
    pub(super) agents: Option<Snapshot>,
}

/// A group as it is at this moment.
pub(super) struct Head {
    pub(super) count: GroupCount,
    /// The agents whom it has, those who are offline included, where that is known.
    size: Option<u32>,
}

impl Everybody {
    /// The group of a campaign.
    pub(super) fn head(&self, campaign: &CampaignId, policy: &Policy) -> Option<&Head> {
        self.heads.get(&policy.group(campaign))
    }
}

/// Makes the polls that `run` makes: the first one, which finds out how the platform lists agents, and one as all that follow.
pub(super) async fn poll(
    settings: &Settings,
    connection: &Connection,
    clock: &dyn Clock,
    findings: &mut Findings,
) {
    let longest = settings.request_timeout.saturating_mul(3);
    let policies = settings.policies.clone();
    let pilot = Autopilot::new(0, policies, BTreeMap::new(), longest, clock.now());
    let scope =
        PollScope::of(&pilot, settings.assignments.is_some()).recording(settings.record_workload);
    if scope.is_empty() {
        return;
    }
    let mut polls = Vec::new();
    for poll in ["the first poll", "the polls after the first"] {
        let request = scope.request(clock.now().plus(longest));
        match connection.platform.agents.observe(request).await {
            Ok(observed) => polls.push(observed.tally.calls),
            Err(failed) => {
                findings.fault(&format!("agents, as {poll} read them"), &failed.fault);
                return;
            }
        }
    }
    if let [first, later] = polls.as_slice() {
        Findings::good(format_args!(
            "agents: {} for the first poll, then {later}",
            counted(*first, "call")
        ));
    }
}

/// Counts every group of agents that the rules name, and everyone.
pub(super) async fn look_at_everybody(
    settings: &Settings,
    connection: &Connection,
    clock: &dyn Clock,
    findings: &mut Findings,
) -> Everybody {
    let capabilities = &connection.platform.capabilities;
    // Counts that a platform makes by itself are not of everyone together.
    let everyone = capabilities.agents != AgentFeed::Counts;
    let everyone = everyone.then_some(Group::Rows(Selector::All));
    let policies = settings.policies.iter();
    let groups: BTreeSet<Group> = policies
        .filter(|(_, policy)| policy.counts_agents())
        .map(|(id, policy)| policy.group(id))
        .chain(everyone)
        .collect();
    let groups: Vec<Group> = groups.into_iter().collect();
    let serves = |group: &Group| {
        let mut policies = settings.policies.iter();
        policies.any(|(id, policy)| policy.counts_serving() && policy.group(id) == *group)
    };
    let serving: Vec<bool> = groups.iter().map(serves).collect();
    let request = ObserveRequest {
        groups: &groups,
        serving: &serving,
        staffed: true,
        agents: capabilities.agent_rows,
        skills: capabilities.selectors,
        deadline: clock.now().plus(settings.request_timeout.saturating_mul(3)),
    };
    let observed = match connection.platform.agents.observe(request).await {
        Ok(observed) => observed,
        Err(failed) => {
            findings.fault("agents", &failed.fault);
            return Everybody::default();
        }
    };
    let Observation {
        heads,
        agents,
        sizes,
        unknown_state,
        tally,
        ..
    } = observed;
    let sizes = sizes.into_iter().chain(std::iter::repeat(None));
    let heads = heads.into_iter().zip(sizes);
    let heads = heads.map(|(count, size)| Head { count, size });
    let heads: BTreeMap<Group, Head> = groups.into_iter().zip(heads).collect();
    match heads
        .get(&Group::Rows(Selector::All))
        .map(|head| &head.count)
    {
        Some(GroupCount::Known(HeadCount { free, staffed, .. })) => Findings::good(format_args!(
            "agents: {free} available now of {staffed} that are not offline, in {}{}",
            counted(tally.calls, "page"),
            page_size(settings.page_size, tally.page_rows),
        )),
        Some(GroupCount::Unknown { why }) => {
            findings.bad(format_args!("agents: {why}"), Exit::Unreachable);
        }
        None => {}
    }
    if let (Some(word), Some(states)) = (unknown_state, tally.states) {
        Findings::doubtful(format_args!(
            "{} in a state that is not known, such as {word:?}: they count as not available",
            counted(usize::try_from(states.other).unwrap_or_default(), "agent")
        ));
    }
    Everybody { heads, agents }
}

/// The size of the pages: the platform may cut them at fewer rows than are asked for.
fn page_size(asked: usize, given: Option<usize>) -> String {
    match given {
        Some(given) if given < asked => {
            format!(" of {given}, where the platform cuts them: {asked} are asked for")
        }
        Some(_) | None => format!(" of {asked}"),
    }
}

/// Tells of thresholds that the agents who are there cannot reach.
pub(super) fn doubt_thresholds(campaign: &CampaignId, policy: &Policy, everybody: &Everybody) {
    if !policy.counts_agents() {
        return;
    }
    if let Selector::Agents(ids) = &policy.selector
        && policy.queue.is_none()
    {
        name_unknown_agents(&format!("campaign {campaign}"), ids, everybody);
        // More agents than are named is told with the settings.
        let named = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        if highest(policy).is_some_and(|threshold| threshold > named) {
            return;
        }
    }
    let head = everybody.head(campaign, policy);
    let Some(size) = head.and_then(|head| head.size) else {
        return;
    };
    if let Some(threshold) = highest(policy)
        && threshold > size
    {
        Findings::doubtful(format_args!(
            "campaign {campaign}: the threshold {threshold} cannot be reached: it has {}, those who are offline included",
            counted(usize::try_from(size).unwrap_or_default(), "agent")
        ));
    }
}

/// Tells of a threshold that keeps a pause up, where nobody can log in while the campaign is paused.
pub(super) fn doubt_reach(campaign: &CampaignId, policy: &Policy, everybody: &Everybody) {
    let head = everybody.head(campaign, policy).map(|head| &head.count);
    let Some(GroupCount::Known(HeadCount { staffed, .. })) = head else {
        return;
    };
    if let Some(threshold) = highest(policy).filter(|threshold| threshold > staffed) {
        Findings::doubtful(format_args!(
            "campaign {campaign}: {} logged in now, and it resumes at {threshold}: a pause would last, since nobody can log in while it is paused; lower resume_at, or pause it in another way",
            counted(usize::try_from(*staffed).unwrap_or_default(), "agent")
        ));
    }
}

/// Tells of ids that are not among the agents.
pub(super) fn name_unknown_agents<'a>(
    whose: &str,
    ids: impl IntoIterator<Item = &'a AgentId>,
    everybody: &Everybody,
) {
    let Some(agents) = &everybody.agents else {
        return;
    };
    let ids = ids.into_iter();
    let unknown: Vec<&AgentId> = ids.filter(|id| agents.state_of(id).is_none()).collect();
    if !unknown.is_empty() {
        Findings::doubtful(format_args!(
            "{whose}: the platform does not list {}: {}; are the ids spelled as the platform has them?",
            counted(unknown.len(), "agent"),
            some_of(&unknown)
        ));
    }
}

/// The number of agents that has to be reached for a campaign to run.
fn highest(policy: &Policy) -> Option<u32> {
    if let Some(aim) = &policy.aim {
        // Those who finish a call count beside the available ones, so that it is reached with fewer.
        return Some(aim.start.plus(aim.gap).rounded_up());
    }
    match policy.thresholds.resume_at() {
        Limit::Agents(agents) => Some(agents),
        // A share of those who are there can be reached, however few they are.
        Limit::Share(_) => None,
    }
}
