//! A campaign that aims at a share of abandoned calls, on simulated days.
//!
//! The aim decides here by itself: it is asked at each poll, and neither confirmation, dwell nor budgets stand between it and
//! the campaign. What a person paused it leaves alone. With an idle reserve it pauses nothing: the threshold is handed to the
//! dialler whenever it has moved.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::aim::{AimBy, AimRule, AimState, CallCounters, HalfAgents};
use crate::domain::{Actuator, CampaignActivity, HeadCount};
use crate::simulator::{OutboundCampaign, SimTime, TenthsOfAgents};

use super::centre_day::{Day, timestamp};

/// What the aims of a scenario's campaigns remember from day to day.
pub(super) struct Memory {
    aims: BTreeMap<String, AimState>,
    /// Days begun; the scenario is the same day again and again, and a remembered time has to lie before it.
    days: u32,
    /// When each campaign was paused by us, where it was.
    pauses: BTreeMap<String, SimTime>,
    /// The idle reserve that each campaign was given today, where it was.
    reserves: BTreeMap<String, TenthsOfAgents>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Memory {
    /// Nothing is remembered.
    pub(super) fn new() -> Self {
        Self {
            aims: BTreeMap::new(),
            days: 0,
            pauses: BTreeMap::new(),
            reserves: BTreeMap::new(),
        }
    }

    /// At the opening every campaign runs, and the platform's counters begin anew.
    pub(super) fn begin_day(&mut self) {
        self.days = self.days.saturating_add(1);
        self.pauses.clear();
        self.reserves.clear();
    }
}

/// Reads the agents and the counters, and commands what the aims ask for.
pub(super) fn poll_aiming(
    day: &mut Day<'_>,
    rule: &AimRule,
    actuator: Actuator,
    memory: &mut Memory,
    at: SimTime,
) {
    day.live_until_shown(at);
    let campaigns = &day.scenario.campaigns;
    let shown: Vec<HeadCount> = campaigns
        .iter()
        .map(|campaign| heads(day, campaign))
        .collect();
    day.live_until(at);
    let before = DAY.saturating_mul(memory.days);
    let now = timestamp(at).plus(before);
    let since = timestamp(day.scenario.start()).plus(before);
    for (campaign, heads) in campaigns.iter().zip(shown) {
        let id = campaign.id.as_str();
        let Some((status, changed)) = day.statuses.get(id).cloned() else {
            continue;
        };
        let running = status == CampaignActivity::Running;
        let ours = status == CampaignActivity::Paused && memory.pauses.get(id) == Some(&changed);
        let aim = memory.aims.entry(id.to_owned());
        let aim = aim.or_insert_with(|| AimState::new(rule));
        if rule.by == AimBy::Shortage {
            if at >= day.blind_until {
                aim.observe_shortage(rule, heads.free, running, ours, now);
            }
        } else if let Some(calls) = day.centre.calls(id) {
            let counters = CallCounters {
                since,
                until: now,
                connected: calls.connected,
                abandoned: calls.abandoned,
            };
            let reserved = memory.reserves.get(id);
            let held_back = reserved.is_some_and(|kept| idle_tenths(heads) <= kept.tenths());
            aim.observe_counters(rule, counters, ours || held_back);
        }
        if at < day.blind_until || !(running || ours) {
            continue;
        }
        aim.observe_staffed(heads.staffed, now);
        if actuator == Actuator::IdleReserve {
            let reserve = reserve(aim.pause_below(rule));
            if memory.reserves.insert(id.to_owned(), reserve) != Some(reserve) {
                day.keep_idle(id, reserve, at);
            }
            continue;
        }
        let signal = rule.signal.measure(heads);
        if running && day.stepped_down(id) && aim.wanted(rule, signal, false).is_some() {
            day.put_back(id, at);
            continue;
        }
        let wanted = aim.wanted(rule, signal, running);
        if day.carry_out(id, wanted, actuator, at) {
            memory.pauses.insert(id.to_owned(), at);
        }
    }
}

fn idle_tenths(heads: HeadCount) -> u32 {
    TenthsOfAgents::ONE.tenths().saturating_mul(heads.free)
}

fn reserve(threshold: HalfAgents) -> TenthsOfAgents {
    let half = TenthsOfAgents::ONE.tenths() / 2;
    TenthsOfAgents::from_tenths(threshold.halves().saturating_mul(half))
}

/// The agents who have the campaign's skill.
pub(super) fn heads(day: &Day<'_>, campaign: &OutboundCampaign) -> HeadCount {
    let mut heads = HeadCount {
        serving: day.centre.serving(&campaign.id),
        ..HeadCount::default()
    };
    for (crew, team) in day.centre.crews().zip(&day.scenario.teams) {
        if team.skills.contains(&campaign.skill) {
            heads.free = heads.free.saturating_add(crew.available);
            heads.staffed = heads.staffed.saturating_add(crew.staffed);
            heads.wrap_up = heads.wrap_up.saturating_add(crew.wrap_up);
        }
    }
    heads
}
