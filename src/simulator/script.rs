//! Scripts: who is available when, and what people and outages do at the platform.
//!
//! What happens does not depend on when it is looked at: the world at a given time is the same for a seed and for what
//! was done to the campaigns, however often and whenever it was looked at before.

use std::sync::Arc;
use std::time::Duration;

use super::agent_state::AgentState;
use super::centre::{CentreFigures, Scenario};
use super::scripted_event::ScriptedEvent;
use super::stage::Stage;
use super::time::SimTime;
use super::trace::Trace;
use super::world::{World, agent_id, staff_member};

/// The source of the agents' moves.
#[derive(Clone, Debug)]
pub enum Script {
    /// No agent moves by itself.
    Fixed,
    /// A recorded trace: of `staffed` agents exactly `available` are available, the other staffed ones
    /// busy and the rest offline. Who is chosen at random.
    Trace(Trace),
    /// A contact centre at work, which reacts to its campaigns being paused.
    Centre(Box<Scenario>),
}

/// The run of a script.
#[derive(Clone, Debug)]
pub struct Performance {
    progress: Progress,
    rng: fastrand::Rng,
    roster: Option<Roster>,
}

#[derive(Clone, Debug)]
enum Progress {
    Fixed,
    Trace { trace: Trace, next: usize },
    Centre(Box<Stage>),
}

/// The numbers of agents at a moment.
struct Headcount {
    at: SimTime,
    staffed: usize,
    available: usize,
}

impl Performance {
    /// Starts a run of the script; the same seed gives the same run.
    #[must_use]
    pub fn new(script: Script, seed: u64) -> Self {
        let progress = match script {
            Script::Fixed => Progress::Fixed,
            Script::Trace(trace) => Progress::Trace { trace, next: 0 },
            Script::Centre(scenario) => Progress::Centre(Box::new(Stage::new(&scenario, seed))),
        };
        Self {
            progress,
            rng: fastrand::Rng::with_seed(seed),
            roster: None,
        }
    }

    /// Follows the script up to `now`: moves the agents, lets people act, and returns the other events since the
    /// last call, in order. The agents are added to the world at the first call.
    pub fn advance(&mut self, world: &mut World, now: SimTime) -> Vec<ScriptedEvent> {
        let Self {
            progress,
            rng,
            roster,
        } = self;
        match progress {
            Progress::Fixed => Vec::new(),
            Progress::Trace { trace, next } => {
                let most = trace
                    .rows()
                    .iter()
                    .map(|row| row.staffed)
                    .max()
                    .unwrap_or(0);
                let roster =
                    roster.get_or_insert_with(|| Roster::hire(most, world, now.min(trace.start())));
                let begun = trace
                    .rows()
                    .iter()
                    .skip(*next)
                    .take_while(|row| row.at <= now);
                for row in begun {
                    *next += 1;
                    let whole = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
                    let (staffed, available) = (whole(row.staffed), whole(row.available));
                    roster.settle(
                        world,
                        rng,
                        &Headcount {
                            at: row.at,
                            staffed,
                            available,
                        },
                    );
                }
                Vec::new()
            }
            Progress::Centre(stage) => stage.advance(world, now),
        }
    }

    /// Sends agents of a contact centre on a break and returns how many go; nothing where the script is another one.
    pub fn send_on_break(&mut self, agents: usize, lasts: Duration) -> Option<usize> {
        match &mut self.progress {
            Progress::Centre(stage) => Some(stage.send_on_break(agents, lasts)),
            Progress::Fixed | Progress::Trace { .. } => None,
        }
    }

    /// Returns when a contact centre opened, which is since when its figures count.
    pub(super) fn opened_at(&self) -> Option<SimTime> {
        match &self.progress {
            Progress::Centre(stage) => Some(stage.opened_at()),
            Progress::Fixed | Progress::Trace { .. } => None,
        }
    }

    /// Returns the figures of a contact centre's day so far.
    pub fn figures(&mut self) -> Option<CentreFigures> {
        match &mut self.progress {
            Progress::Centre(stage) => Some(stage.figures()),
            Progress::Fixed | Progress::Trace { .. } => None,
        }
    }
}

/// The agents that a script moves, by what they do. Agents that others put into the world are not in it.
#[derive(Clone, Debug)]
struct Roster {
    offline: Vec<Arc<str>>,
    busy: Vec<Arc<str>>,
    available: Vec<Arc<str>>,
}

impl Roster {
    fn hire(staff: u32, world: &mut World, since: SimTime) -> Self {
        let numbers = 1..=usize::try_from(staff).unwrap_or(usize::MAX);
        let hired = numbers.map(|number| {
            let id = agent_id(number);
            world.put_agent(&id, staff_member(number, AgentState::Offline, since));
            Arc::from(id)
        });
        Self {
            offline: hired.collect(),
            busy: Vec::new(),
            available: Vec::new(),
        }
    }

    fn settle(&mut self, world: &mut World, rng: &mut fastrand::Rng, wanted: &Headcount) {
        let Self {
            offline,
            busy,
            available,
        } = self;
        let mut go = |from: &mut Vec<Arc<str>>,
                      to: &mut Vec<Arc<str>>,
                      state: AgentState,
                      rng: &mut fastrand::Rng| {
            if from.is_empty() {
                return;
            }
            let id = from.swap_remove(rng.usize(..from.len()));
            world.set_agent_state(&id, state, wanted.at);
            to.push(id);
        };
        let enough = wanted
            .available
            .min(wanted.staffed)
            .min(offline.len() + busy.len() + available.len());
        let staffed = wanted
            .staffed
            .min(offline.len() + busy.len() + available.len());
        // Somebody ends a contact as somebody else takes one: the number stays and the people change.
        if rng.bool() && !busy.is_empty() && !available.is_empty() {
            go(available, busy, AgentState::Busy, rng);
            go(busy, available, AgentState::Available, rng);
        }
        while available.len() > enough {
            go(available, busy, AgentState::Busy, rng);
        }
        while busy.len() + available.len() > staffed {
            go(busy, offline, AgentState::Offline, rng);
        }
        while busy.len() + available.len() < staffed {
            go(offline, busy, AgentState::Busy, rng);
        }
        while available.len() < enough {
            go(busy, available, AgentState::Available, rng);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn trace() -> Trace {
        let text = "timestamp,staffed,available\n\
            2024-05-15T08:00:00Z,3,1\n2024-05-15T08:00:10Z,5,5\n2024-05-15T08:00:20Z,5,2\n\
            2024-05-15T08:00:30Z,2,2\n2024-05-15T08:00:40Z,4,0\n2024-05-15T08:00:50Z,0,0\n";
        Trace::parse(text, "t").unwrap()
    }

    /// The world and all scripted events at the last of `seconds` after 08:00, looked at at each of them.
    fn perform(
        script: Script,
        seconds: &[u64],
    ) -> (Vec<(String, AgentState, SimTime)>, Vec<ScriptedEvent>) {
        let (mut world, mut performance) = (World::new(), Performance::new(script, 11));
        for id in ["campaign-1", "campaign-2"] {
            world.put_campaign(id, id, "RUNNING", opening());
        }
        let mut scripted_events = Vec::new();
        for second in seconds {
            let now = opening().plus(Duration::from_secs(*second));
            scripted_events.extend(performance.advance(&mut world, now));
        }
        let agents = world
            .agents()
            .map(|(id, agent)| (id.to_owned(), agent.state.clone(), agent.since));
        (agents.collect(), scripted_events)
    }

    fn opening() -> SimTime {
        trace().start()
    }

    fn centre(name: &str) -> Script {
        let scenario = Scenario::parse(Scenario::text(name).unwrap(), name).unwrap();
        Script::Centre(Box::new(scenario))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn the_reading_pattern_changes_nothing(mut reads in prop::collection::vec(0..36_000_u64, 0..20), end in 0..36_001_u64) {
            reads.retain(|second| *second < end);
            reads.sort_unstable();
            reads.insert(0, 0);
            reads.push(end);
            let day = || centre("lunch-dip");
            prop_assert_eq!(perform(day(), &reads), perform(day(), &[0, end]));
            let short: Vec<u64> = reads.iter().map(|second| second / 600).collect();
            let last = end / 600;
            prop_assert_eq!(perform(Script::Trace(trace()), &short), perform(Script::Trace(trace()), &[0, last]));
        }
    }

    #[test]
    fn a_trace_is_followed_exactly() {
        let (mut world, mut performance) =
            (World::new(), Performance::new(Script::Trace(trace()), 1));
        for second in 0..60 {
            let now = trace().start().plus(Duration::from_secs(second));
            assert_eq!(performance.advance(&mut world, now), []);
            let (staffed, available) = trace().counts_at(now);
            let count = |state| u32::try_from(world.count(&state)).unwrap();
            assert_eq!(count(AgentState::Available), available);
            assert_eq!(count(AgentState::Busy), staffed - available);
            assert_eq!(count(AgentState::Offline), 5 - staffed);
        }
    }
}
