//! The rules of each campaign, from what every layer says about them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::{
    CampaignId, Confirmation, Limit, OnManualChange, OnStale, Policy, Selector, Thresholds,
};

use super::fault::{Origin, Wrong};
use super::merge::{Layers, Rule};
use super::value;

/// A reading stays good for at least this long, however short the poll interval: one slow answer is no outage.
const LEAST_SAMPLE_AGE: Duration = Duration::from_secs(10);

/// What every layer says about every rule.
struct Rules {
    pause_below: Rule<Limit>,
    resume_at: Rule<Limit>,
    confirm_pause: Rule<Confirmation>,
    confirm_resume: Rule<Confirmation>,
    min_running: Rule<Duration>,
    min_paused: Rule<Duration>,
    max_resumes_per_hour: Rule<Option<u32>>,
    flap_limit: Rule<Option<u32>>,
    on_stale: Rule<OnStale>,
    stale_after: Rule<u32>,
    max_sample_age: Rule<Duration>,
    on_manual_change: Rule<OnManualChange>,
    manual_grace: Rule<Duration>,
    adopt_paused: Rule<bool>,
    strict_ownership: Rule<bool>,
}

impl Rules {
    fn read(layers: &mut Layers<'_>) -> Self {
        const ON_STALE: &[(&str, OnStale)] = &[("hold", OnStale::Hold), ("pause", OnStale::Pause)];
        const ON_MANUAL_CHANGE: &[(&str, OnManualChange)] = &[
            ("respect", OnManualChange::Respect),
            ("adopt", OnManualChange::Adopt),
            ("enforce", OnManualChange::Enforce),
        ];
        Self {
            pause_below: layers.read("pause_below", value::limit),
            resume_at: layers.read("resume_at", value::limit),
            confirm_pause: layers.read("confirm_pause", value::confirmation),
            confirm_resume: layers.read("confirm_resume", value::confirmation),
            min_running: layers.read("min_running", value::duration),
            min_paused: layers.read("min_paused", value::duration),
            max_resumes_per_hour: layers.read("max_resumes_per_hour", value::budget),
            flap_limit: layers.read("flap_limit", value::budget),
            on_stale: layers.read("on_stale", value::word(ON_STALE)),
            stale_after: layers.read("stale_after", value::count(1..=u32::MAX)),
            max_sample_age: layers.read("max_sample_age", value::positive_duration),
            on_manual_change: layers.read("on_manual_change", value::word(ON_MANUAL_CHANGE)),
            manual_grace: layers.read("manual_grace", value::duration),
            adopt_paused: layers.read("adopt_paused", value::switch),
            strict_ownership: layers.read("strict_ownership", value::switch),
        }
    }
}

/// The policy of every campaign, and a fault or a warning for lines that make no hysteresis.
pub(super) fn policies(
    layers: &mut Layers<'_>,
    poll_interval: Duration,
) -> BTreeMap<CampaignId, Policy> {
    let rules = Rules::read(layers);
    let age = poll_interval.saturating_mul(2).max(LEAST_SAMPLE_AGE);
    if rules.max_sample_age.general().is_none() {
        let text = humantime::format_duration(age).to_string();
        layers.note("max_sample_age", &text, Origin::Default);
    }
    let tables = layers.file.campaigns.iter_mut();
    let mut agents: BTreeMap<CampaignId, (Selector, Origin)> = tables
        .filter_map(|table| Some((table.id.clone()?, table.agents.take()?)))
        .collect();
    let defaults = Policy {
        max_sample_age: age,
        ..Policy::default()
    };
    let campaigns = layers.campaigns.clone();
    let policies = campaigns.into_iter().map(|(id, origin)| {
        let key = format!("campaign.{id}");
        layers.origins.push((key, id.to_string(), origin));
        let selector = agents.remove(&id).map(|(selector, origin)| {
            let key = format!("campaign.{id}.agents");
            layers.origins.push((key, selector.to_string(), origin));
            selector
        });
        let policy = Policy {
            selector: selector.unwrap_or_default(),
            ..policy(layers, &id, &rules, &defaults)
        };
        (id, policy)
    });
    policies.collect()
}

fn policy(layers: &mut Layers<'_>, id: &CampaignId, rules: &Rules, defaults: &Policy) -> Policy {
    let lines = thresholds(layers, id, rules);
    let origins = &mut layers.origins;
    own(origins, id, &rules.pause_below);
    own(origins, id, &rules.resume_at);
    Policy {
        thresholds: lines.unwrap_or(defaults.thresholds),
        selector: Selector::All,
        queue: None,
        counting: defaults.counting,
        confirm_pause: own(origins, id, &rules.confirm_pause).unwrap_or(defaults.confirm_pause),
        confirm_resume: own(origins, id, &rules.confirm_resume).unwrap_or(defaults.confirm_resume),
        min_running: own(origins, id, &rules.min_running).unwrap_or(defaults.min_running),
        min_paused: own(origins, id, &rules.min_paused).unwrap_or(defaults.min_paused),
        max_resumes_per_hour: own(origins, id, &rules.max_resumes_per_hour)
            .unwrap_or(defaults.max_resumes_per_hour),
        flap_limit: own(origins, id, &rules.flap_limit).unwrap_or(defaults.flap_limit),
        on_stale: own(origins, id, &rules.on_stale).unwrap_or(defaults.on_stale),
        stale_after: own(origins, id, &rules.stale_after).unwrap_or(defaults.stale_after),
        max_sample_age: own(origins, id, &rules.max_sample_age).unwrap_or(defaults.max_sample_age),
        on_manual_change: own(origins, id, &rules.on_manual_change)
            .unwrap_or(defaults.on_manual_change),
        manual_grace: own(origins, id, &rules.manual_grace).unwrap_or(defaults.manual_grace),
        adopt_paused: own(origins, id, &rules.adopt_paused).unwrap_or(defaults.adopt_paused),
        strict_ownership: own(origins, id, &rules.strict_ownership)
            .unwrap_or(defaults.strict_ownership),
    }
}

/// The value of a campaign; its origin is noted when it was said of this campaign alone.
fn own<T: Clone>(
    origins: &mut Vec<(String, String, Origin)>,
    id: &CampaignId,
    rule: &Rule<T>,
) -> Option<T> {
    let (cell, own) = rule.of(id)?;
    if own {
        let key = format!("campaign.{id}.{}", rule.key);
        origins.push((key, cell.text.clone(), cell.origin.clone()));
    }
    cell.value.clone()
}

/// Joins the two lines of a campaign; a fault of lines that hold for all is told once.
fn thresholds(layers: &mut Layers<'_>, id: &CampaignId, rules: &Rules) -> Option<Thresholds> {
    let defaults = Thresholds::default();
    let found = |rule: &Rule<Limit>, default: Limit| match rule.of(id) {
        Some((cell, own)) => (cell.value, cell.origin.clone(), own),
        None => (Some(default), Origin::Default, false),
    };
    let (pause_below, pause_origin, pause_own) = found(&rules.pause_below, defaults.pause_below());
    let (resume_at, resume_origin, resume_own) = found(&rules.resume_at, defaults.resume_at());
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
                let wrong = Wrong::new(
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
            layers.faults.push(place, key, Wrong::new(wrong, remedy));
            None
        }
    }
}
