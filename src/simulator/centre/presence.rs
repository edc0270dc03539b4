//! When agents come, go on breaks, come back and leave.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers come from the engine's own tables, which never shrink"
)]

use super::chance::{Purpose, Stream};
use super::distribution::micros;
use super::engine::Centre;
use super::events::Event;
use super::figures::Activity;
use super::scenario::{Scenario, Team};
use super::staff::{index, position};

impl Centre {
    pub(super) fn plan_day(&mut self, scenario: &Scenario, team: &Team, agent: u32) {
        let zone = team.zone.as_deref().unwrap_or(&scenario.zone);
        let mut shift = Stream::new(self.seed, Purpose::Shift, agent, 0);
        match &team.shift {
            None => self
                .events
                .plan(scenario.start(), Event::ShiftBegins { agent }),
            Some(plan) => {
                let spread = plan.spread.as_secs_f64();
                let comes = scenario
                    .at_in(zone, plan.from)
                    .plus_micros(micros(spread * shift.unit()));
                let goes = scenario
                    .at_in(zone, plan.to)
                    .plus_micros(micros(spread * shift.unit()));
                // Who began before the opening is there at the opening.
                self.events
                    .plan(comes.max(scenario.start()), Event::ShiftBegins { agent });
                self.events
                    .plan(goes.max(scenario.start()), Event::ShiftEnds { agent });
            }
        }
        for (number, plan) in team.planned_breaks.iter().enumerate() {
            let number = index(number);
            let within = Stream::new(self.seed, Purpose::PlannedBreak, agent, u64::from(number))
                .unit()
                * plan.over.as_secs_f64();
            let due = scenario.at_in(zone, plan.from).plus_micros(micros(within));
            if due >= scenario.start() {
                self.events.plan(due, Event::PlannedBreak { agent, number });
            }
        }
    }

    pub(super) fn plan_random_break(&mut self, agent: u32) {
        let team = self.staff.agents[position(agent)].team;
        if let Some(plan) = &self.teams[position(team)].random_breaks {
            let number = self.staff.agents[position(agent)].random_breaks;
            let mut stream = Stream::new(self.seed, Purpose::RandomBreak, agent, number * 2);
            let after = plan.every.as_secs_f64() * stream.exponential();
            let due = self.now.plus_micros(micros(after));
            self.events.plan(due, Event::RandomBreak { agent });
        }
    }

    pub(super) fn random_break(&mut self, agent: u32) {
        let member = &mut self.staff.agents[position(agent)];
        let number = member.random_breaks;
        member.random_breaks += 1;
        if let Some(plan) = &self.teams[position(member.team)].random_breaks {
            let stream = Stream::new(self.seed, Purpose::RandomBreak, agent, number * 2 + 1);
            let lasts = plan.lasts.draw(stream);
            self.break_is_due(agent, lasts, true);
            self.dial();
        }
    }

    pub(super) fn planned_break(&mut self, agent: u32, number: u32) {
        let team = self.staff.agents[position(agent)].team;
        if let Some(plan) = self.teams[position(team)]
            .planned_breaks
            .get(position(number))
        {
            // Apart from the stream that says when it begins.
            let item = u64::from(number) + (1 << 32);
            let stream = Stream::new(self.seed, Purpose::PlannedBreak, agent, item);
            let lasts = plan.lasts.draw(stream);
            self.break_is_due(agent, lasts, false);
            self.dial();
        }
    }

    /// The agent goes on a break now, or after the call. Breaks that meet are taken one after the other.
    pub(super) fn break_is_due(&mut self, agent: u32, lasts: i64, random: bool) {
        let member = &mut self.staff.agents[position(agent)];
        match member.activity {
            Activity::Offline => {}
            Activity::Idle => {
                member.on_random_break |= random;
                self.goes_on_break(agent, lasts);
            }
            Activity::Inbound
            | Activity::Outbound
            | Activity::Preview
            | Activity::WrapUp
            | Activity::Break => {
                member.random_due |= random;
                member.break_due = Some(member.break_due.unwrap_or(0) + lasts);
            }
        }
    }

    pub(super) fn goes_on_break(&mut self, agent: u32, lasts: i64) {
        self.set(agent, Activity::Break);
        let back = self.now.plus_micros(lasts);
        self.events.plan(back, Event::BreakEnds { agent });
    }

    pub(super) fn leaves_if_idle(&mut self, agent: u32) {
        if matches!(
            self.staff.agents[position(agent)].activity,
            Activity::Idle | Activity::Offline
        ) {
            self.set(agent, Activity::Offline);
        }
    }
}
