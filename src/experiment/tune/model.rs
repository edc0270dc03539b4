//! The fitted centre as a scenario, a day of the record each.

use std::collections::VecDeque;

use jiff::civil::Time;

use crate::simulator::{
    Distribution, InboundQueue, OutboundCampaign, PersonSets, Scenario, ScenarioEvent, Shift,
    Surge, Team, status,
};

use super::amounts::{many, seconds, whole};
use super::dial::DialRule;
use super::fit::{CentreFit, TEMPLATE_RING};
use super::history::{HistoryDay, STEPS, STEPS_AN_HOUR};
use super::step::Step;

const TEMPLATE: &str = include_str!("model.toml");

/// Builds the days of a fitted centre.
pub(super) struct Model {
    template: Scenario,
    team: Team,
    queue: InboundQueue,
    campaign: OutboundCampaign,
    dial: DialRule,
    rival: Option<DialRule>,
}

/// What an agent has to be able to do for the campaign, and for the rival.
pub(super) const OWN: &str = "own";
pub(super) const RIVAL: &str = "rival";

/// What is put in the place of the template's for one campaign.
struct Dialled<'a> {
    name: &'a str,
    dial: DialRule,
    answer_share: f64,
    answer_by_hour: &'a [f64],
    ring: f64,
    talk: f64,
}

impl Model {
    /// Returns the builder for campaigns that dial like this; none never happens, since a test holds the template against its form.
    pub(super) fn new(dial: DialRule, rival: Option<DialRule>) -> Option<Self> {
        let template = Scenario::parse(TEMPLATE, "model.toml").ok()?;
        Some(Self {
            team: template.teams.first()?.clone(),
            queue: template.queues.first()?.clone(),
            campaign: template.campaigns.first()?.clone(),
            template,
            dial,
            rival,
        })
    }

    /// Returns whether a rival dials beside the campaign.
    pub(super) fn has_rival(&self) -> bool {
        self.rival.is_some()
    }

    /// Builds one day of the record; none where nobody worked on it.
    pub(super) fn day(&self, fit: &CentreFit, day: &HistoryDay) -> Option<Scenario> {
        let crews = crews(day);
        let everybody = |step: usize| -> u32 {
            let crews = crews.iter();
            crews.filter_map(|crew| crew.agents.get(step)).sum()
        };
        let staffed = |step: &usize| everybody(*step) > 0;
        let opens = (0..STEPS).find(staffed)?;
        let closes = (0..STEPS).rev().find(staffed)? + 1;
        let calls = fit.calls_of(day);
        let surges = (opens..closes).map(|step| Surge {
            from: time(step),
            to: time(step + 1),
            factor: calls.get(step).copied().unwrap_or_default(),
        });
        let queue = InboundQueue {
            surges: surges.collect(),
            talk: lognormal(fit.talk_other),
            wrap_up: exponential(fit.wrap_up),
            ..self.queue.clone()
        };
        let own = Dialled {
            name: OWN,
            dial: self.dial,
            answer_share: fit.answer_share,
            answer_by_hour: &fit.answer_by_hour,
            ring: fit.ring,
            talk: fit.talk_campaign,
        };
        let rival = self.rival.zip(fit.rival.as_ref());
        let rival = rival.map(|(dial, rival)| Dialled {
            name: RIVAL,
            dial,
            answer_share: rival.answer_share,
            answer_by_hour: &rival.answer_by_hour,
            ring: rival.ring,
            talk: rival.talk,
        });
        let open = opens..closes;
        let campaigns = std::iter::once(own).chain(rival);
        let campaigns = campaigns.map(|dialled| self.campaign(&dialled, fit.wrap_up, open.clone()));
        let away = [(OWN, day.steps.as_slice()), (RIVAL, day.rivals())];
        Some(Scenario {
            opens: time(opens),
            closes: time(closes),
            teams: crews.iter().flat_map(|crew| self.teams(crew)).collect(),
            queues: vec![queue],
            events: away
                .iter()
                .flat_map(|(campaign, steps)| self::away(campaign, steps, closes))
                .collect(),
            campaigns: campaigns.collect(),
            ..self.template.clone()
        })
    }

    fn campaign(
        &self,
        dialled: &Dialled<'_>,
        wrap_up: f64,
        open: std::ops::Range<usize>,
    ) -> OutboundCampaign {
        let scale = dialled.ring / TEMPLATE_RING;
        OutboundCampaign {
            id: dialled.name.to_owned(),
            name: dialled.name.to_owned(),
            skill: dialled.name.to_owned(),
            mode: dialled.dial.mode,
            lines: dialled.dial.lines,
            answer_share: dialled.answer_share,
            // From the opening on, and steps begin at any of the hour's.
            answer_by_hour: open
                .step_by(STEPS_AN_HOUR)
                .filter_map(|step| {
                    let middle = step + STEPS_AN_HOUR / 2;
                    let hour = middle / STEPS_AN_HOUR;
                    dialled.answer_by_hour.get(hour).copied()
                })
                .collect(),
            ring: Distribution::Uniform {
                low: seconds(5.0 * scale),
                high: seconds(15.0 * scale),
            },
            no_answer_after: seconds(20.0 * scale),
            talk: lognormal(dialled.talk),
            wrap_up: exponential(wrap_up),
            ..self.campaign.clone()
        }
    }

    /// Agents who come when the record has more of them, and leave when it has fewer: who came first leaves first.
    fn teams(&self, crew: &Crew) -> Vec<Team> {
        let skills = || {
            let own = self.team.skills.iter().map(String::as_str);
            own.chain(crew.skills.iter().copied()).map(str::to_owned)
        };
        let mut present: VecDeque<(usize, u32)> = VecDeque::new();
        let mut teams = Vec::new();
        let (mut before, mut leaves) = (0_u32, |from: usize, to: usize, agents: u32| {
            teams.push(Team {
                name: format!("from {from} to {to}"),
                agents,
                skills: skills().collect(),
                shift: Some(Shift {
                    from: time(from),
                    to: time(to),
                    spread: std::time::Duration::ZERO,
                }),
                ..self.team.clone()
            });
        });
        for (step, agents) in crew.agents.iter().copied().chain([0]).enumerate() {
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
}

/// Times in which somebody else had the campaign paused are repeated.
fn away(campaign: &str, steps: &[Step], closes: usize) -> Vec<ScenarioEvent> {
    let share = |step: usize| {
        let step = steps.get(step).filter(|step| step.covered > 0.0);
        step.map_or(0.0, |step| step.away / step.covered)
    };
    let mut events = Vec::new();
    let mut set = |minute: f64, word: &str| {
        events.push(ScenarioEvent {
            at: minute_of_day(minute),
            person_sets: Some(PersonSets {
                campaign: campaign.to_owned(),
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

/// Agents who work for the same campaigns, by step.
struct Crew {
    skills: &'static [&'static str],
    agents: Vec<u32>,
}

/// The agents of one day: those of the campaign alone, those of both, and those of the rival alone.
fn crews(day: &HistoryDay) -> Vec<Crew> {
    let crew = |skills: &'static [&'static str], agents: Vec<f64>| Crew {
        skills,
        agents: in_whole_agents(&agents),
    };
    let own = staffing(&day.steps);
    let Some(beside) = &day.beside else {
        return vec![crew(&[OWN], own)];
    };
    let (shared, rival) = (staffing(&beside.shared), staffing(&beside.steps));
    let alone = |all: &[f64]| -> Vec<f64> {
        let both = all.iter().zip(&shared);
        both.map(|(all, shared)| (all - shared).max(0.0)).collect()
    };
    vec![
        crew(&[OWN], alone(&own)),
        crew(&[RIVAL], alone(&rival)),
        crew(&[OWN, RIVAL], shared),
    ]
}

/// Agents at work by step; where nobody looked, as many as before.
fn staffing(steps: &[Step]) -> Vec<f64> {
    let mut before = 0.0;
    let last = steps.iter().rposition(|step| step.covered > 0.0);
    let steps = steps.iter().enumerate();
    steps
        .map(|(number, step)| {
            if step.covered > 0.0 {
                before = step.working / step.covered;
            } else if last.is_none_or(|last| number > last) {
                before = 0.0;
            }
            before
        })
        .collect()
}

/// Agents in whole numbers whose sum is that of the fractions: what is cut off is carried to the next step. Agents on short breaks would
/// else be made up for, which matters where there are few.
pub(super) fn in_whole_agents(agents: &[f64]) -> Vec<u32> {
    let mut carried = 0.0;
    let steps = agents.iter().map(|agents| {
        if *agents <= 0.0 {
            carried = 0.0;
            return 0;
        }
        let rounded = whole(agents + carried);
        carried += agents - f64::from(rounded);
        rounded
    });
    steps.collect()
}

/// Talks, as long on average.
fn lognormal(mean: f64) -> Distribution {
    Distribution::Lognormal {
        mean: seconds(mean),
        sigma: 0.9,
    }
}

fn exponential(mean: f64) -> Distribution {
    Distribution::Exponential {
        mean: seconds(mean.max(0.001)),
    }
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
