//! The fitted centre as a scenario, a day of the record each.

use std::collections::VecDeque;

use jiff::civil::Time;

use crate::simulator::{
    Distribution, InboundQueue, Mode, OutboundCampaign, PersonSets, Scenario, ScenarioEvent, Shift,
    Surge, Team, status,
};

use super::amounts::{many, seconds, whole};
use super::fit::{CentreFit, TEMPLATE_RING};
use super::history::{HistoryDay, STEPS, STEPS_AN_HOUR};

const TEMPLATE: &str = include_str!("model.toml");

/// How a campaign dials, which no record tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DialRule {
    /// The mode.
    pub mode: Mode,
    /// The most dials in flight; none where the mode alone limits them.
    pub lines: Option<u32>,
}

/// Builds the days of a fitted centre.
pub(super) struct Model {
    template: Scenario,
    team: Team,
    queue: InboundQueue,
    campaign: OutboundCampaign,
    dial: DialRule,
}

impl Model {
    /// Returns the builder for campaigns that dial like this; none never happens, since a test holds the template against its form.
    pub(super) fn new(dial: DialRule) -> Option<Self> {
        let template = Scenario::parse(TEMPLATE, "model.toml").ok()?;
        Some(Self {
            team: template.teams.first()?.clone(),
            queue: template.queues.first()?.clone(),
            campaign: template.campaigns.first()?.clone(),
            template,
            dial,
        })
    }

    /// Builds one day of the record; none where nobody worked on it.
    pub(super) fn day(&self, fit: &CentreFit, day: &HistoryDay) -> Option<Scenario> {
        let staffed = staffing(day);
        let opens = staffed.iter().position(|agents| *agents > 0)?;
        let closes = staffed.iter().rposition(|agents| *agents > 0)? + 1;
        let calls = fit.calls_of(day);
        let surges = (opens..closes).map(|step| Surge {
            from: time(step),
            to: time(step + 1),
            factor: calls.get(step).copied().unwrap_or_default(),
        });
        let scale = fit.ring / TEMPLATE_RING;
        let lognormal = |mean: f64| Distribution::Lognormal {
            mean: seconds(mean),
            sigma: 0.9,
        };
        let wrap_up = Distribution::Exponential {
            mean: seconds(fit.wrap_up.max(0.001)),
        };
        let queue = InboundQueue {
            surges: surges.collect(),
            talk: lognormal(fit.talk_other),
            wrap_up,
            ..self.queue.clone()
        };
        let campaign = OutboundCampaign {
            mode: self.dial.mode,
            lines: self.dial.lines,
            answer_share: fit.answer_share,
            // From the opening on, and steps begin at any of the hour's.
            answer_by_hour: (opens..closes)
                .step_by(STEPS_AN_HOUR)
                .filter_map(|step| {
                    let middle = step + STEPS_AN_HOUR / 2;
                    fit.answer_by_hour.get(middle / STEPS_AN_HOUR).copied()
                })
                .collect(),
            ring: Distribution::Uniform {
                low: seconds(5.0 * scale),
                high: seconds(15.0 * scale),
            },
            no_answer_after: seconds(20.0 * scale),
            talk: lognormal(fit.talk_campaign),
            wrap_up,
            ..self.campaign.clone()
        };
        Some(Scenario {
            opens: time(opens),
            closes: time(closes),
            teams: self.teams(&staffed),
            queues: vec![queue],
            events: self.away(day, closes),
            campaigns: vec![campaign],
            ..self.template.clone()
        })
    }

    /// Agents who come when the record has more of them, and leave when it has fewer: who came first leaves first.
    fn teams(&self, staffed: &[u32]) -> Vec<Team> {
        let mut present: VecDeque<(usize, u32)> = VecDeque::new();
        let mut teams = Vec::new();
        let (mut before, mut leaves) = (0_u32, |from: usize, to: usize, agents: u32| {
            teams.push(Team {
                name: format!("from {from} to {to}"),
                agents,
                shift: Some(Shift {
                    from: time(from),
                    to: time(to),
                    spread: std::time::Duration::ZERO,
                }),
                ..self.team.clone()
            });
        });
        for (step, agents) in staffed.iter().copied().chain([0]).enumerate() {
            if agents > before {
                present.push_back((step, agents - before));
            }
            let mut too_many = before.saturating_sub(agents);
            while too_many > 0
                && let Some((from, group)) = present.front_mut()
            {
                let going = too_many.min(*group);
                leaves(*from, step, going);
                *group -= going;
                too_many -= going;
                if *group == 0 {
                    present.pop_front();
                }
            }
            before = agents;
        }
        teams
    }

    /// Times in which somebody else had the campaign paused are repeated.
    fn away(&self, day: &HistoryDay, closes: usize) -> Vec<ScenarioEvent> {
        let share = |step: usize| {
            let step = day.steps.get(step).filter(|step| step.covered > 0.0);
            step.map_or(0.0, |step| step.away / step.covered)
        };
        let mut events = Vec::new();
        let mut set = |minute: f64, word: &str| {
            events.push(ScenarioEvent {
                at: minute_of_day(minute),
                person_sets: Some(PersonSets {
                    campaign: self.campaign.id.clone(),
                    status: word.to_owned(),
                }),
                outage: None,
                breaks: None,
            });
        };
        let mut step = 0;
        while step < closes {
            let begins = share(step);
            if begins < 0.05 {
                step += 1;
                continue;
            }
            let first = step;
            while step + 1 < closes && share(step + 1) >= 0.05 {
                step += 1;
            }
            // It began late in its first step, and ended early in its last one.
            let from = 10.0 * (many(first) + if first == step { 0.0 } else { 1.0 - begins });
            let until = 10.0 * (many(step) + share(step));
            set(from, status::PAUSED);
            set(until, status::RUNNING);
            step += 1;
        }
        events
    }
}

/// Agents at work by step; where nobody looked, as many as before.
fn staffing(day: &HistoryDay) -> Vec<u32> {
    let mut before = 0;
    let last = day.steps.iter().rposition(|step| step.covered > 0.0);
    let steps = day.steps.iter().enumerate();
    steps
        .map(|(number, step)| {
            if step.covered > 0.0 {
                before = whole(step.working / step.covered);
            } else if last.is_none_or(|last| number > last) {
                before = 0;
            }
            before
        })
        .collect()
}

fn time(step: usize) -> Time {
    if step >= STEPS {
        return Time::MAX;
    }
    minute_of_day(10.0 * many(step))
}

fn minute_of_day(minute: f64) -> Time {
    let seconds = i64::from(whole(minute * 60.0));
    Time::midnight().saturating_add(jiff::SignedDuration::from_secs(seconds))
}
