//! The rules of each campaign, from what every layer says about them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::{
    CalendarId, CalendarRule, CampaignId, CountedQueue, Limit, Policy, Selector, Thresholds,
    usual_flap_limit,
};
use crate::platform::dialect::Dialect;

use super::aims::{Aims, GivenThresholds};
use super::fault::{Origin, Problem};
use super::given::CountedAgents;
use super::merge::{Layers, Rule};
use super::rows::{ABANDON_TARGET, FLAP_LIMIT, MAX_SAMPLE_AGE, PAUSE_BELOW, RESUME_AT, settings};
use super::table_keys::campaign;
use super::values::AppliesToCampaign;

/// A reading stays good for at least this long, however short the poll interval: one slow answer is not an outage.
const LEAST_SAMPLE_AGE: Duration = Duration::from_secs(10);

/// The rules of which two and two have to make sense together.
struct Lines {
    pause_below: Rule<Limit>,
    resume_at: Rule<Limit>,
}

impl Lines {
    /// Where a campaign's thresholds were given: the stronger place of both.
    fn given(&self, id: &CampaignId) -> Option<GivenThresholds> {
        let rules = [&self.pause_below, &self.resume_at].into_iter();
        let given = rules.filter_map(|rule| {
            let (key, origin) = rule.place(id)?;
            Some(GivenThresholds {
                strength: rule.strength(id)?,
                key,
                origin,
            })
        });
        given.min_by_key(|given| given.strength)
    }
}

/// The policy of every campaign, and a fault or a warning for thresholds that make no hysteresis.
pub(super) fn policies(
    layers: &mut Layers<'_>,
    platform: Dialect,
    poll_interval: Duration,
    mut calendars: BTreeMap<CampaignId, CalendarId>,
) -> BTreeMap<CampaignId, Policy> {
    let lines = Lines {
        pause_below: layers.read(&PAUSE_BELOW),
        resume_at: layers.read(&RESUME_AT),
    };
    let aims = Aims::read(layers);
    let rules: Vec<Box<dyn AppliesToCampaign>> = settings()
        .filter_map(|setting| setting.read_rule(layers))
        .collect();
    let age = poll_interval.saturating_mul(2).max(LEAST_SAMPLE_AGE);
    if layers.source(MAX_SAMPLE_AGE.row()).is_none() {
        let text = humantime::format_duration(age).to_string();
        layers.note(MAX_SAMPLE_AGE.row(), &text, Origin::Default);
    }
    let tables = layers.file.campaigns.iter();
    let mut agents: BTreeMap<CampaignId, (CountedAgents, Origin)> = tables
        .filter_map(|table| Some((table.id.clone()?, table.agents.clone()?)))
        .collect();
    // A campaign's own agents, where the platform knows them.
    let own = platform.capabilities().own_group;
    let own = own.then_some(CountedQueue::Own);
    let campaigns = layers.campaigns.clone();
    let policies = campaigns.into_iter().map(|(id, origin)| {
        let key = format!("campaign.{id}");
        layers.noted.add(key, id.as_str(), origin);
        let mut policy = Policy {
            max_sample_age: age,
            queue: own.clone(),
            ..Policy::default()
        };
        let counted = agents.remove(&id);
        let alone = matches!(counted, Some((CountedAgents::Nobody, _)));
        if let Some(calendar) = calendars.remove(&id) {
            policy.calendar = Some(CalendarRule { calendar, alone });
        } else if let Some((_, origin)) = counted.as_ref().filter(|_| alone) {
            let key = format!("campaign.{id}.{}", campaign::AGENTS.name);
            layers.faults.push(origin, key, without_any_rule());
        }
        if let Some((counted, origin)) = counted {
            let key = format!("campaign.{id}.{}", campaign::AGENTS.name);
            layers.noted.add(key, &counted.to_string(), origin);
            match counted {
                CountedAgents::Nobody => policy.queue = None,
                CountedAgents::Rows(selector) => (policy.selector, policy.queue) = (selector, None),
                CountedAgents::Queue(queue) => policy.queue = Some(queue),
            }
        }
        if alone {
            aims.note(layers, &id);
        } else {
            policy.aim = aims.of(layers, &id, lines.given(&id));
        }
        if policy.aim.is_none()
            && let Some(thresholds) = thresholds(layers, &id, &lines)
        {
            policy.thresholds = thresholds;
            warn_of_too_few_ids(layers, &id, &policy);
        }
        for line in [&lines.pause_below, &lines.resume_at] {
            line.noted_for(&id, &mut layers.noted);
        }
        if alone {
            refuse_thresholds_of_nobody(layers, &id);
        }
        for rule in &rules {
            rule.apply(&id, &mut policy, &mut layers.noted);
        }
        if layers.source_of_rule(&id, FLAP_LIMIT.row()).is_none() {
            policy.flap_limit = Some(usual_flap_limit(&policy, poll_interval));
        }
        (id, policy)
    });
    let policies = policies.collect();
    aims.warn_of_what_is_idle(layers, &policies);
    policies
}

fn without_any_rule() -> Problem {
    Problem::new(
        "leaves the campaign without any rule",
        "name its calendar, or agents that count",
    )
}

/// Thresholds of a campaign for which no agents count would look as if they held.
fn refuse_thresholds_of_nobody(layers: &mut Layers<'_>, id: &CampaignId) {
    let own = [PAUSE_BELOW.row(), RESUME_AT.row(), ABANDON_TARGET.row()].map(|row| {
        let prefix = format!("campaign.{id}.");
        let found = layers.source_of_rule(id, row);
        found.filter(|(key, _)| key.starts_with(&prefix))
    });
    for (key, origin) in own.into_iter().flatten() {
        let wrong = Problem::new(
            "has no effect: no agents count for this campaign",
            "leave it out, or say which agents count",
        );
        layers.faults.push(&origin, key, wrong);
    }
}

/// With fewer agents than the campaign needs to run, it would never run.
fn warn_of_too_few_ids(layers: &mut Layers<'_>, id: &CampaignId, policy: &Policy) {
    let (Selector::Agents(ids), None) = (&policy.selector, &policy.queue) else {
        return;
    };
    let (Limit::Agents(needed), named) = (policy.thresholds.resume_at(), ids.len()) else {
        return;
    };
    if u32::try_from(named).is_ok_and(|named| named < needed) {
        let key = format!("campaign.{id}.{}", campaign::AGENTS.name);
        let tables = layers.file.campaigns.iter();
        let mut agents = tables.filter(|table| table.id.as_ref() == Some(id));
        let agents = agents.find_map(|table| table.agents.as_ref());
        let origin = agents.map_or(Origin::Default, |(_, origin)| origin.clone());
        let problem = Problem::new(
            format!("names {named} agents, so that resume_at {needed} cannot be reached"),
            "name more agents, or lower the thresholds",
        );
        layers.warnings.push(&origin, key, problem);
    }
}

/// Joins the two thresholds of a campaign; a fault of thresholds that hold for all is reported once.
fn thresholds(layers: &mut Layers<'_>, id: &CampaignId, lines: &Lines) -> Option<Thresholds> {
    let defaults = Thresholds::default();
    let found = |rule: &Rule<Limit>, default: Limit| match rule.of(id) {
        Some((cell, own)) => (cell.value, cell.origin.clone(), own),
        None => (Some(default), Origin::Default, false),
    };
    let (pause_below, pause_origin, pause_own) = found(&lines.pause_below, defaults.pause_below());
    let (resume_at, resume_origin, resume_own) = found(&lines.resume_at, defaults.resume_at());
    let (pause_below, resume_at) = (pause_below?, resume_at?);
    let key = if pause_own || resume_own {
        format!("campaign.{id}.resume_at")
    } else {
        "resume_at".to_owned()
    };
    let place = if resume_origin == Origin::Default {
        &pause_origin
    } else {
        &resume_origin
    };
    match Thresholds::new(pause_below, resume_at) {
        Ok(lines) => {
            if lines.without_band() {
                let wrong = Problem::new(
                    format!(
                        "resume_at {resume_at} ({resume_origin}) and pause_below {pause_below} ({pause_origin}) are equal, so that one agent more or less switches the campaign"
                    ),
                    "leave a band between them",
                );
                layers.warnings.push(place, key, wrong);
            }
            Some(lines)
        }
        Err(wrong) => {
            let wrong = wrong.to_string();
            let (wrong, remedy) = wrong
                .split_once("; ")
                .unwrap_or((&wrong, "change one of them"));
            // The domain's words, and where both numbers stand.
            let wrong =
                format!("{wrong} (resume_at: {resume_origin}, pause_below: {pause_origin})");
            layers.faults.push(place, key, Problem::new(wrong, remedy));
            None
        }
    }
}
