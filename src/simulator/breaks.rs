//! Breaks that somebody sends agents on, from outside of the script.

use std::time::Duration;

use super::agent_state::AgentState;
use super::time::SimTime;
use super::world::{Break, World};

impl World {
    /// Sends up to `count` available agents, the first by id, on a break: they are offline and come back
    /// as available. Gives how many went.
    pub fn send_on_break(&mut self, count: usize, lasting: Duration, now: SimTime) -> usize {
        let available = self
            .agents()
            .filter(|(_, agent)| agent.state == AgentState::Available);
        let going: Vec<String> = available.take(count).map(|(id, _)| id.to_owned()).collect();
        for id in &going {
            self.set_agent_state(id, AgentState::Offline, now);
        }
        let until = now.plus(lasting);
        let breaks = going.iter().cloned();
        self.breaks
            .extend(breaks.map(|agent| Break { agent, until }));
        going.len()
    }

    /// Brings back whose break is over at `now`. An agent that something else has moved since stays there.
    pub(super) fn end_breaks(&mut self, now: SimTime) {
        let over = |a_break: &Break| a_break.until <= now;
        if !self.breaks.iter().any(over) {
            return;
        }
        let (ended, lasting) = self.breaks.drain(..).partition::<Vec<_>, _>(over);
        self.breaks = lasting;
        for Break { agent, until } in ended {
            let away = self
                .agent(&agent)
                .is_some_and(|agent| agent.state == AgentState::Offline);
            if away {
                self.set_agent_state(&agent, AgentState::Available, until);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: SimTime = SimTime::from_unix_millis(0);

    #[test]
    fn a_break_ends_at_its_time_unless_something_else_happened() {
        let mut world = World::new();
        world.set_available(3, START);
        assert_eq!(world.send_on_break(2, Duration::from_secs(60), START), 2);
        assert_eq!(world.send_on_break(9, Duration::from_secs(90), START), 1);
        assert_eq!(world.count(&AgentState::Offline), 3);
        world.set_agent_state("agent-0001", AgentState::Busy, START);
        world.end_breaks(START.plus(Duration::from_secs(59)));
        assert_eq!(world.count(&AgentState::Available), 0);
        let minute = START.plus(Duration::from_secs(60));
        world.end_breaks(START.plus(Duration::from_secs(70)));
        let second = world.agent("agent-0002").unwrap();
        assert_eq!(
            (&second.state, second.since),
            (&AgentState::Available, minute)
        );
        assert_eq!(world.agent("agent-0001").unwrap().state, AgentState::Busy);
        world.end_breaks(START.plus(Duration::from_secs(90)));
        assert_eq!(world.count(&AgentState::Available), 2);
    }
}
