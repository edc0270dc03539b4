//! The agents: who is there, who has been idle the longest, and how long everybody did what.

#![expect(
    clippy::indexing_slicing,
    reason = "agents and teams are numbered by this table, which never shrinks"
)]

use std::collections::VecDeque;

use super::super::time::SimTime;
use super::figures::Activity;

/// A call that an agent has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contact {
    /// The numbered call of an inbound queue.
    Inbound { queue: u32, call: u64 },
    /// A campaign's numbered record.
    Outbound { campaign: u32, record: u64 },
}

#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) team: u32,
    pub(super) activity: Activity,
    /// Since when.
    pub(super) since: SimTime,
    /// The call that the agent has, or whose paperwork is being done.
    pub(super) contact: Option<Contact>,
    /// What an idle agent's place in the queue of idle agents is known by.
    pub(super) ticket: u64,
    /// A break that is due after the call, in microseconds.
    pub(super) break_due: Option<i64>,
    /// The shift is over, and the call is not.
    pub(super) leaving: bool,
    /// How many unplanned breaks were begun.
    pub(super) random_breaks: u64,
    /// The break that the agent is on was an unplanned one, after which the next is drawn.
    pub(super) on_random_break: bool,
    /// The break that is due is an unplanned one.
    pub(super) random_due: bool,
}

/// The agents of one team who are at work.
#[derive(Clone, Debug)]
pub(super) struct Crew {
    /// Those who are idle, the longest idle first, with their tickets; an agent with another ticket by now is no
    /// longer in it.
    waiting: VecDeque<(u64, u32)>,
    /// How many are idle.
    pub(super) idle: u32,
    /// How many do the paperwork of a call.
    pub(super) wrap_up: u32,
    /// How many are there at all.
    pub(super) staffed: u32,
}

/// The agents of one team by what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrewCount {
    /// Those who can take a call.
    pub available: u32,
    /// Those who do the paperwork of a call.
    pub wrap_up: u32,
    /// Those who are there at all.
    pub staffed: u32,
}

/// A change of an agent's activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivityChange {
    /// When it happened.
    pub at: SimTime,
    /// Which agent, counted from zero in the order of the teams.
    pub agent: u32,
    /// What the agent does from then on.
    pub activity: Activity,
    /// The campaign whose call it is, counted from zero in the scenario's order.
    pub campaign: Option<u32>,
}

/// Everybody who works in the centre.
#[derive(Clone, Debug)]
pub(super) struct Staff {
    pub(super) agents: Vec<Agent>,
    pub(super) crews: Vec<Crew>,
    spent: [i64; Activity::ALL.len()],
    counted: [u32; Activity::ALL.len()],
    settled: SimTime,
    tickets: u64,
    changes: Option<Vec<ActivityChange>>,
}

impl Staff {
    pub(super) fn new(start: SimTime) -> Self {
        Self {
            agents: Vec::new(),
            crews: Vec::new(),
            spent: [0; Activity::ALL.len()],
            counted: [0; Activity::ALL.len()],
            settled: start,
            tickets: 0,
            changes: None,
        }
    }

    /// Adds a crew of offline agents; gives back their numbers.
    pub(super) fn hire(&mut self, agents: u32, now: SimTime) -> std::ops::Range<u32> {
        let team = index(self.crews.len());
        self.crews.push(Crew {
            waiting: VecDeque::new(),
            idle: 0,
            wrap_up: 0,
            staffed: 0,
        });
        let first = index(self.agents.len());
        for _ in 0..agents {
            self.agents.push(Agent {
                team,
                activity: Activity::Offline,
                since: now,
                contact: None,
                ticket: 0,
                break_due: None,
                leaving: false,
                random_breaks: 0,
                on_random_break: false,
                random_due: false,
            });
        }
        self.counted[place(Activity::Offline)] += agents;
        first..first + agents
    }

    /// From now on changes are kept until they are taken. Gives what everybody does at this moment.
    pub(super) fn keep_changes(&mut self) -> Vec<ActivityChange> {
        self.changes.get_or_insert_default();
        let present = self.agents.iter().enumerate();
        present
            .map(|(number, agent)| ActivityChange {
                at: agent.since,
                agent: index(number),
                activity: agent.activity,
                campaign: campaign_of(agent),
            })
            .collect()
    }

    /// The changes since the last call.
    pub(super) fn take_changes(&mut self) -> Vec<ActivityChange> {
        self.changes
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Brings an agent into an activity. An agent who becomes idle gets a place at the end of the queue of idle agents.
    pub(super) fn set(&mut self, number: u32, activity: Activity, now: SimTime) {
        self.settle(now);
        let agent = &mut self.agents[position(number)];
        let before = std::mem::replace(&mut agent.activity, activity);
        let campaign = campaign_of(agent);
        agent.since = now;
        self.counted[place(before)] -= 1;
        self.counted[place(activity)] += 1;
        let crew = &mut self.crews[position(agent.team)];
        if before == Activity::Idle {
            crew.idle -= 1;
            // The queue's entry is stale from here on.
            agent.ticket = 0;
        }
        crew.wrap_up -= u32::from(before == Activity::WrapUp);
        crew.wrap_up += u32::from(activity == Activity::WrapUp);
        crew.staffed -= u32::from(before != Activity::Offline);
        crew.staffed += u32::from(activity != Activity::Offline);
        if activity == Activity::Idle {
            self.tickets += 1;
            agent.ticket = self.tickets;
            crew.idle += 1;
            crew.waiting.push_back((self.tickets, number));
        }
        if let Some(changes) = &mut self.changes {
            changes.push(ActivityChange {
                at: now,
                agent: number,
                activity,
                campaign,
            });
        }
    }

    /// The agent of these crews who has been idle the longest.
    pub(super) fn longest_idle(&mut self, crews: &[u32]) -> Option<u32> {
        let mut longest: Option<(u64, u32)> = None;
        for crew in crews {
            let crew = &mut self.crews[position(*crew)];
            while let Some((ticket, agent)) = crew.waiting.front().copied() {
                if self.agents[position(agent)].ticket == ticket {
                    longest = longest.map_or(Some((ticket, agent)), |other| {
                        Some(other.min((ticket, agent)))
                    });
                    break;
                }
                crew.waiting.pop_front();
            }
        }
        longest.map(|(_, agent)| agent)
    }

    /// How many agents of these crews are idle.
    pub(super) fn idle(&self, crews: &[u32]) -> u32 {
        crews
            .iter()
            .map(|crew| self.crews[position(*crew)].idle)
            .sum()
    }

    /// How many agents are on a call of this campaign, preview it or do its paperwork.
    pub(super) fn serving(&self, campaign: u32) -> u32 {
        let serving = |agent: &&Agent| campaign_of(agent) == Some(campaign);
        index(self.agents.iter().filter(serving).count())
    }

    /// How many agents do this.
    pub(super) fn count(&self, activity: Activity) -> u32 {
        self.counted[place(activity)]
    }

    /// Microseconds of all agents together in each activity.
    pub(super) fn spent(&mut self, now: SimTime) -> [i64; Activity::ALL.len()] {
        self.settle(now);
        self.spent
    }

    /// Forgets how the time was spent so far.
    pub(super) fn reset(&mut self, now: SimTime) {
        self.spent = [0; Activity::ALL.len()];
        self.settled = now;
    }

    fn settle(&mut self, now: SimTime) {
        let passed = now.micros_since(self.settled);
        if passed > 0 {
            for (spent, count) in self.spent.iter_mut().zip(self.counted) {
                *spent += passed * i64::from(count);
            }
            self.settled = now;
        }
    }
}

/// The campaign whose call, preview or paperwork the agent has.
fn campaign_of(agent: &Agent) -> Option<u32> {
    let busy = matches!(
        agent.activity,
        Activity::Outbound | Activity::Preview | Activity::WrapUp
    );
    match agent.contact {
        Some(Contact::Outbound { campaign, .. }) if busy => Some(campaign),
        Some(Contact::Outbound { .. } | Contact::Inbound { .. }) | None => None,
    }
}

/// A number of one of the engine's tables as an index.
pub(super) fn position(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A table's length as the next entry's number.
pub(super) fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

const fn place(activity: Activity) -> usize {
    match activity {
        Activity::Offline => 0,
        Activity::Idle => 1,
        Activity::Inbound => 2,
        Activity::Outbound => 3,
        Activity::Preview => 4,
        Activity::WrapUp => 5,
        Activity::Break => 6,
    }
}
