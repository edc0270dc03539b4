//! What comes next: a heap of events by time, and among equal times in the order in which they were planned.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::time::SimTime;
use super::tenths::TenthsOfAgents;

/// Something that will happen in the centre. Numbers are places in the engine's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// An inbound caller calls.
    Arrival { queue: u32 },
    /// A caller who waits has lost patience.
    HangUp { queue: u32, ticket: u64 },
    /// An agent's talk is over, and the paperwork begins.
    TalkEnds { agent: u32 },
    /// An agent's paperwork is over.
    WrapUpEnds { agent: u32 },
    /// An unplanned break is due.
    RandomBreak { agent: u32 },
    /// A planned break is due.
    PlannedBreak { agent: u32, number: u32 },
    /// An agent comes back from a break.
    BreakEnds { agent: u32 },
    /// An agent's shift begins.
    ShiftBegins { agent: u32 },
    /// An agent's shift ends.
    ShiftEnds { agent: u32 },
    /// A dialled person answers.
    Answered { campaign: u32, record: u64 },
    /// A dial rang in vain.
    Unanswered { campaign: u32 },
    /// Nobody was free for a person who answered.
    Abandoned { campaign: u32, ticket: u64 },
    /// An agent who is available is offered a record.
    Offer { agent: u32, ticket: u64 },
    /// An agent has read the record, and it is dialled.
    Read { agent: u32 },
    /// A previewed record rang in vain.
    PreviewUnanswered { agent: u32 },
    /// A campaign may dial, or may no longer.
    Dialling { campaign: u32, allowed: bool },
    /// A campaign's dials for each idle agent are limited, or no longer.
    PaceLimited {
        campaign: u32,
        limit: Option<TenthsOfAgents>,
    },
    /// A campaign keeps so many agents idle from now on.
    ReserveSet {
        campaign: u32,
        reserve: TenthsOfAgents,
    },
    /// The predictive dialler looks at the busy agents again.
    Forecast { campaign: u32 },
}

/// The events that are planned.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    heap: BinaryHeap<Reverse<(SimTime, u64, Event)>>,
    planned: u64,
}

impl Events {
    /// Plans an event.
    pub(super) fn plan(&mut self, at: SimTime, event: Event) {
        self.planned += 1;
        self.heap.push(Reverse((at, self.planned, event)));
    }

    /// The next event, when it is not later than `until`.
    pub(super) fn next(&mut self, until: SimTime) -> Option<(SimTime, Event)> {
        let Reverse((at, ..)) = self.heap.peek()?;
        if *at > until {
            return None;
        }
        self.heap.pop().map(|Reverse((at, _, event))| (at, event))
    }

    /// How many events were ever planned.
    pub(super) fn planned(&self) -> u64 {
        self.planned
    }
}
