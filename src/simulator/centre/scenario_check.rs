//! Reads a scenario. All of its faults are reported at once.

use std::collections::BTreeSet;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::super::faults::FaultPlan;
use super::super::status;
use super::distribution::Distribution;
use super::inbound::highest;
use super::scenario::{
    Event, InboundQueue, Mode, OutboundCampaign, Scenario, ScenarioFaults, Team,
};

/// More than any centre has; what is larger is a slip of the pen.
const MOST_AGENTS: u32 = 100_000;

/// More than any centre gets, also at its busiest: a day with more of them would not end within a working day.
const MOST_CALLS_PER_HOUR: f64 = 1_000_000.0;

/// The shortest that anything may take that is followed by more of the same: what takes no time is followed by the next at the
/// same moment, for ever.
const SHORTEST_SECONDS: f64 = 1.0;

/// The shortest mean time between an agent's breaks, in seconds.
const SHORTEST_BETWEEN_BREAKS: u64 = 60;

/// The bits of the word that holds a team's skills.
pub(super) const MOST_SKILLS: usize = 64;

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Every fault that the text has; `origin` is named with them.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ScenarioFaults> {
        let refuse = |faults| ScenarioFaults {
            origin: origin.to_owned(),
            faults,
        };
        let scenario: Self =
            toml::from_str(text).map_err(|wrong| refuse(vec![wrong.to_string()]))?;
        let faults = faults(&scenario);
        if faults.is_empty() {
            Ok(scenario)
        } else {
            Err(refuse(faults))
        }
    }
}

/// Calls in an hour of a queue at its busiest.
fn busiest(queue: &InboundQueue) -> f64 {
    let hourly = queue.by_hour.iter().copied().reduce(f64::max);
    let swing = queue.swing.as_ref().map_or(0.0, |swing| swing.share);
    let surges: Vec<(Time, Time, f64)> = queue
        .surges
        .iter()
        .map(|surge| (surge.from, surge.to, surge.factor))
        .collect();
    queue.calls_per_hour * hourly.unwrap_or(1.0) * (1.0 + swing) * highest(&surges)
}

/// One line for each fault, with the place.
fn faults(scenario: &Scenario) -> Vec<String> {
    let mut faults = Faults {
        list: Vec::new(),
        place: String::new(),
    };
    faults.scenario(scenario);
    faults.list
}

struct Faults {
    list: Vec<String>,
    place: String,
}

impl Faults {
    fn add(&mut self, what: impl AsRef<str>) {
        self.list.push(format!("{}{}", self.place, what.as_ref()));
    }

    fn need(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.add(what());
        }
    }

    fn distribution(&mut self, name: &str, distribution: &Distribution) {
        if let Some(wrong) = distribution.fault() {
            self.add(format!("{name}: {wrong}"));
        }
    }

    fn share(&mut self, name: &str, share: f64, most: f64) {
        self.need((0.0..=most).contains(&share), || {
            format!("{name} is {share}, expected 0 to {most}")
        });
    }

    fn factors(&mut self, name: &str, factors: &[f64]) {
        let right = factors
            .iter()
            .all(|factor| factor.is_finite() && *factor >= 0.0);
        self.need(right, || format!("{name}: expected numbers of at least 0"));
    }

    fn zone(&mut self, name: &str) {
        self.need(TimeZone::get(name).is_ok(), || {
            format!("zone `{name}` is not an IANA time zone such as Europe/London")
        });
    }

    fn scenario(&mut self, scenario: &Scenario) {
        self.zone(&scenario.zone);
        self.need(scenario.opens < scenario.closes, || {
            format!(
                "closes ({}) is not later than opens ({})",
                scenario.closes, scenario.opens
            )
        });
        if !scenario.telemetry.faults.is_empty()
            && let Err(wrong) = FaultPlan::parse(&scenario.telemetry.faults)
        {
            self.add(format!("telemetry.faults: {wrong}"));
        }
        let agents = scenario.agents();
        self.need((1..=MOST_AGENTS).contains(&agents), || {
            format!("there are {agents} agents, expected 1 to {MOST_AGENTS}")
        });
        self.need(!scenario.campaigns.is_empty(), || {
            "no [[campaign]]: there is nothing to pause".to_owned()
        });
        let skills: BTreeSet<&str> = scenario
            .teams
            .iter()
            .flat_map(|team| team.skills.iter().map(String::as_str))
            .collect();
        self.need(skills.len() <= MOST_SKILLS, || {
            format!(
                "{} skills, at most {MOST_SKILLS} are possible",
                skills.len()
            )
        });
        self.unique("team", scenario.teams.iter().map(|team| team.name.as_str()));
        self.unique(
            "queue",
            scenario.queues.iter().map(|queue| queue.name.as_str()),
        );
        self.unique(
            "campaign",
            scenario
                .campaigns
                .iter()
                .map(|campaign| campaign.id.as_str()),
        );
        for team in &scenario.teams {
            self.enter(format!("team `{}`: ", team.name));
            self.team(team);
        }
        for queue in &scenario.queues {
            self.enter(format!("queue `{}`: ", queue.name));
            self.skill(&queue.skill, &skills);
            self.queue(queue, scenario);
        }
        for campaign in &scenario.campaigns {
            self.enter(format!("campaign `{}`: ", campaign.id));
            self.skill(&campaign.skill, &skills);
            self.campaign(campaign);
        }
        for event in &scenario.events {
            self.enter(format!("event at {}: ", event.at));
            self.event(event, scenario);
        }
    }

    fn enter(&mut self, place: String) {
        self.place = place;
    }

    fn unique<'a>(&mut self, what: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            self.need(!name.is_empty(), || format!("a {what} has no name"));
            self.need(seen.insert(name), || {
                format!("there are two of {what} `{name}`")
            });
        }
    }

    fn skill(&mut self, skill: &str, known: &BTreeSet<&str>) {
        self.need(known.contains(skill), || {
            format!("no team has the skill `{skill}`")
        });
    }

    fn team(&mut self, team: &Team) {
        self.need(!team.skills.is_empty(), || {
            "no skills, so nothing to do".to_owned()
        });
        if let Some(zone) = &team.zone {
            self.zone(zone);
        }
        if let Some(shift) = &team.shift {
            self.need(shift.from < shift.to, || {
                "the shift's `to` is not later than its `from`".to_owned()
            });
        }
        for planned in &team.planned_breaks {
            self.distribution("planned_breaks.lasts", &planned.lasts);
        }
        if let Some(random) = &team.random_breaks {
            self.need(random.every.as_secs() >= SHORTEST_BETWEEN_BREAKS, || {
                "random_breaks.every is below a minute".to_owned()
            });
            self.distribution("random_breaks.lasts", &random.lasts);
        }
    }

    fn queue(&mut self, queue: &InboundQueue, scenario: &Scenario) {
        self.share("calls_per_hour", queue.calls_per_hour, MOST_CALLS_PER_HOUR);
        self.factors("by_hour", &queue.by_hour);
        self.share("day_variation", queue.day_variation, 1.0);
        if let Some(swing) = &queue.swing {
            self.share("swing.share", swing.share, 1.0);
            self.need(swing.period.as_secs() > 0, || {
                "swing.period is below a second".to_owned()
            });
        }
        for surge in &queue.surges {
            self.need(surge.from < surge.to, || {
                "a surge's `to` is not later than its `from`".to_owned()
            });
            self.need(surge.from >= scenario.opens, || {
                "a surge begins before the opening".to_owned()
            });
            self.share("a surge's factor", surge.factor, 100.0);
        }
        let busiest = busiest(queue);
        self.need(busiest <= MOST_CALLS_PER_HOUR, || {
            format!(
                "the busiest hour has {busiest:.0} calls by all factors together, expected at most {MOST_CALLS_PER_HOUR}"
            )
        });
        self.distribution("talk", &queue.talk);
        self.distribution("wrap_up", &queue.wrap_up);
        if let Some(patience) = &queue.patience {
            self.distribution("patience", patience);
        }
    }

    fn campaign(&mut self, campaign: &OutboundCampaign) {
        self.share("answer_share", campaign.answer_share, 1.0);
        self.factors("answer_by_hour", &campaign.answer_by_hour);
        self.distribution("ring", &campaign.ring);
        self.distribution("talk", &campaign.talk);
        self.distribution("wrap_up", &campaign.wrap_up);
        match &campaign.mode {
            Mode::Preview { read, .. } => self.distribution("mode.preview.read", read),
            Mode::Power { dials_per_agent } => {
                self.share("mode.power.dials_per_agent", *dials_per_agent, 10.0);
            }
            Mode::Predictive { abandon_target } => {
                self.share("mode.predictive.abandon_target", *abandon_target, 0.5);
            }
            Mode::Progressive | Mode::Instant { .. } => {}
        }
        if matches!(campaign.mode, Mode::Instant { .. }) {
            let busy = campaign.talk.mean_seconds() + campaign.wrap_up.mean_seconds();
            self.takes_time("talk and wrap_up together", busy);
        } else {
            self.takes_time("no_answer_after", campaign.no_answer_after.as_secs_f64());
            self.takes_time("ring", campaign.ring.mean_seconds());
        }
    }

    fn takes_time(&mut self, what: &str, seconds: f64) {
        self.need(seconds >= SHORTEST_SECONDS, || {
            format!(
                "{what}: below {SHORTEST_SECONDS} second, so that the day would not end for all the dials in it"
            )
        });
    }

    fn event(&mut self, event: &Event, scenario: &Scenario) {
        let kinds = [
            event.person_sets.is_some(),
            event.outage.is_some(),
            event.breaks.is_some(),
        ];
        let one = kinds.iter().filter(|is| **is).count() == 1;
        self.need(one, || {
            "expected exactly one of person_sets, outage and breaks".to_owned()
        });
        self.need(
            (scenario.opens..=scenario.closes).contains(&event.at),
            || "not between opening and closing".to_owned(),
        );
        if let Some(person) = &event.person_sets {
            let known = scenario
                .campaigns
                .iter()
                .any(|campaign| campaign.id == person.campaign);
            self.need(known, || format!("no campaign `{}`", person.campaign));
            let right = matches!(person.status.as_str(), status::RUNNING | status::PAUSED);
            self.need(right, || {
                format!(
                    "status `{}`, expected {} or {}",
                    person.status,
                    status::RUNNING,
                    status::PAUSED
                )
            });
        }
        if let Some(outage) = &event.outage {
            let known = Scenario::endpoint(&outage.endpoint).is_some();
            self.need(known, || format!("no endpoint `{}`", outage.endpoint));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The faults of a scenario that comes with the program, changed.
    fn faults(changes: &[(&str, &str)]) -> Vec<String> {
        let mut text = Scenario::text("inbound-surge").unwrap().to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        Scenario::parse(&text, "changed").map_or_else(|refused| refused.faults, |_| Vec::new())
    }

    #[test]
    fn a_day_that_would_not_end_is_refused() {
        const RING: &str = "ring = { uniform = { low = \"5s\", high = \"15s\" } }";
        const UNANSWERED: &str = "no_answer_after = \"20s\"";
        assert_eq!(faults(&[]), [""; 0]);
        for (change, told) in [
            ((UNANSWERED, "no_answer_after = \"0s\""), "no_answer_after"),
            ((UNANSWERED, "no_answer_after = \"1ns\""), "no_answer_after"),
            (
                (UNANSWERED, "no_answer_after = \"999ms\""),
                "no_answer_after",
            ),
            ((RING, "ring = \"0s\""), "ring"),
            (
                (RING, "ring = { exponential = { mean = \"1us\" } }"),
                "ring",
            ),
        ] {
            let found = faults(&[change]);
            assert_eq!(found.len(), 1, "{change:?}: {found:?}");
            assert!(
                found[0].contains(&format!("{told}: below 1 second")),
                "{found:?}"
            );
        }
        assert_eq!(faults(&[(UNANSWERED, "no_answer_after = \"1s\"")]), [""; 0]);
    }

    #[test]
    fn the_calls_of_all_factors_together_are_bounded() {
        let queue = |factors: &str| -> InboundQueue {
            let text = format!(
                "name = \"q\"\nskill = \"s\"\ncalls_per_hour = 1000\ntalk = \"60s\"\nwrap_up = \"0s\"\n{factors}"
            );
            toml::from_str(&text).unwrap()
        };
        let busy = |factors: &str| busiest(&queue(factors)).round();
        assert!((busy("") - 1_000.0).abs() < 0.5);
        assert!((busy("by_hour = [1.0, 2.5]") - 2_500.0).abs() < 0.5);
        let surge = |from: &str, to: &str| {
            format!("[[surges]]\nfrom = \"{from}\"\nto = \"{to}\"\nfactor = 3.0\n")
        };
        let (first, second) = (surge("09:00", "10:00"), surge("10:00", "11:00"));
        assert!((busy(&format!("{first}{second}")) - 3_000.0).abs() < 0.5);
        let overlapping = surge("09:30", "10:30");
        assert!((busy(&format!("{first}{overlapping}")) - 9_000.0).abs() < 0.5);
        assert!(busy("by_hour = [1e300]") > MOST_CALLS_PER_HOUR);
    }
}
