//! The centre on one day, with what the platform shows of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::outcomes::{OutcomeCounters, OutcomeReading, OutcomeSource};
use crate::domain::throttle::PaceSetting;
use crate::domain::{CampaignActivity, SkillId, Timestamp};
use crate::simulator::{
    Centre, Endpoint, Scenario, ScriptedEvent, ScriptedEventKind, SimTime, status,
};

/// The centre, and the platform's status of its campaigns.
pub(super) struct Day<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) centre: Centre,
    scripted_events: Vec<ScriptedEvent>,
    happened: usize,
    /// Each campaign's status and when it last changed.
    pub(super) statuses: BTreeMap<&'a str, (CampaignActivity, SimTime)>,
    /// When each campaign's status was last changed by a command of ours.
    commanded: BTreeMap<String, SimTime>,
    pub(super) blind_until: SimTime,
    /// What we have set each campaign's pace to.
    pub(super) paces: BTreeMap<String, PaceSetting>,
    /// Each team's skills.
    pub(super) skills: Vec<BTreeSet<SkillId>>,
}

impl<'a> Day<'a> {
    pub(super) fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let start = scenario.start();
        let running = |id| (id, (CampaignActivity::Running, start));
        let skills = |team: &crate::simulator::Team| {
            let known = team.skills.iter();
            known.filter_map(|skill| skill.parse().ok()).collect()
        };
        Self {
            scenario,
            centre: Centre::new(scenario, seed),
            scripted_events: scenario.scripted_events(),
            happened: 0,
            statuses: scenario
                .campaigns
                .iter()
                .map(|campaign| running(campaign.id.as_str()))
                .collect(),
            commanded: BTreeMap::new(),
            blind_until: start,
            paces: BTreeMap::new(),
            skills: scenario.teams.iter().map(skills).collect(),
        }
    }

    /// Advances the time, with the scenario's events on the way.
    pub(super) fn live_until(&mut self, until: SimTime) {
        while let Some(event) = self.scripted_events.get(self.happened)
            && event.at <= until
        {
            self.happened += 1;
            self.centre.advance(event.at);
            match &event.kind {
                ScriptedEventKind::PersonSets { campaign, status } => {
                    let status = activity(status);
                    let at = event.at;
                    if let Some((known, own)) = self
                        .statuses
                        .get_key_value(campaign.as_str())
                        .map(|(id, own)| (*id, own.0.clone()))
                        && own != status
                    {
                        let runs = status == CampaignActivity::Running;
                        self.statuses.insert(known, (status, at));
                        self.centre.allow(known, runs, at);
                    }
                }
                ScriptedEventKind::Outage { endpoint, until } => {
                    if *endpoint == Endpoint::Agents {
                        self.blind_until = self.blind_until.max(*until);
                    }
                }
                ScriptedEventKind::Breaks { agents, lasts } => {
                    self.centre.send_on_break(*agents, *lasts);
                }
                ScriptedEventKind::OutageOver { .. } => {}
            }
        }
        self.centre.advance(until);
    }

    /// Advances the time to the moment that a reading shows, which is a while ago.
    pub(super) fn live_until_shown(&mut self, at: SimTime) {
        let stale = self.scenario.telemetry.stale_counts;
        let shown = at.minus(stale).max(self.scenario.start());
        if shown > self.centre.now() {
            self.live_until(shown);
        }
    }

    /// Gives a campaign its status on the platform; the centre follows after the actuation delay.
    pub(super) fn command(&mut self, campaign: &str, status: CampaignActivity, at: SimTime) {
        let runs = status == CampaignActivity::Running;
        if let Some(own) = self.statuses.get_mut(campaign) {
            *own = (status, at);
            self.commanded.insert(campaign.to_owned(), at);
        }
        let from = at.plus(self.scenario.telemetry.actuation_delay);
        self.centre.allow(campaign, runs, from);
    }
}

impl Day<'_> {
    /// Whether the campaign's status is the one that our last command gave it.
    pub(super) fn is_ours(&self, campaign: &str) -> bool {
        let changed = self.statuses.get(campaign).map(|(_, changed)| changed);
        changed.is_some() && self.commanded.get(campaign) == changed
    }
}

impl Day<'_> {
    /// What the platform has counted of a campaign's dials since the opening.
    pub(super) fn outcomes(&self, campaign: &str, now: Timestamp) -> Option<OutcomeReading> {
        let calls = self.centre.calls(campaign)?;
        Some(OutcomeReading {
            since: timestamp(self.scenario.start()),
            until: now,
            counters: OutcomeCounters {
                dials: calls.dials,
                answered: calls.answered,
                connected: Some(calls.connected),
                abandoned: calls.abandoned,
            },
            source: OutcomeSource::Platform,
        })
    }
}

pub(super) fn timestamp(at: SimTime) -> Timestamp {
    Timestamp::from_unix_millis(at.as_unix_millis())
}

/// Parses a scenario's word for a status.
fn activity(word: &str) -> CampaignActivity {
    match word {
        status::RUNNING => CampaignActivity::Running,
        status::PAUSED => CampaignActivity::Paused,
        _ => CampaignActivity::NotCommandable {
            word: word.to_owned(),
        },
    }
}
