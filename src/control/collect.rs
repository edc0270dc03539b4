//! Turns one observation into one sample, and says where there is none.
//!
//! A failed observation gives no sample. An empty one is made once more before it counts, unless the one before it was empty as well: a
//! platform in trouble answers with nothing in it, also at the start.

use std::time::Duration;

use tracing::Span;

use crate::domain::assignment::Roster;
use crate::domain::workload::{GroupMembers, WorkloadSample, WorkloadWatch};
use crate::domain::{AgentState, DecisionId, Group, Sample, Timestamp};
use crate::platform::port::{AgentObserver, Observation, ObserveFault, PlatformFault};
use crate::telemetry::PollFigures;

use super::ledger::{Fact, Ledger};
use super::poll_scope::PollScope;
use super::ports::Clock;

/// Polls the agents, and remembers how many rows the last poll had.
#[derive(Default)]
pub(crate) struct Collector {
    last_rows: Option<usize>,
    watch: WorkloadWatch,
    /// The groups that are watched.
    watched: Vec<Group>,
}

/// The scope of one poll.
pub(crate) struct PollNeeds<'a> {
    pub(crate) scope: &'a PollScope,
    pub(crate) longest: Duration,
    /// The agents whose states are wanted individually.
    pub(crate) roster: Option<&'a Roster>,
}

/// How a poll went.
enum PollEnd {
    Complete(PollFigures),
    Failed { fault: PlatformFault, partial: bool },
}

/// The sample of a poll, and its fault if there was one.
pub(crate) struct Polled {
    pub(crate) sample: Sample,
    pub(crate) taken_at: Timestamp,
    end: PollEnd,
    took: Duration,
    /// Whether it was made once more.
    repeated: bool,
    /// The poll's own, for what is reported of it.
    span: Span,
    /// What it showed of each group's agents; nothing where they were not asked for one by one.
    pub(crate) workload: WorkloadSample,
    /// By position in the roster; an agent who was not read is offline.
    pub(crate) roster_states: Option<Vec<AgentState>>,
}

impl Polled {
    /// Records how it went, as the poll of `decision`; returns its fault.
    pub(super) fn record(
        &self,
        decision: DecisionId,
        ledger: &mut Ledger,
    ) -> Option<&PlatformFault> {
        let _within = self.span.enter();
        let now = ledger.now();
        if self.repeated {
            ledger.record(now, Fact::PollRepeated);
        }
        match &self.end {
            PollEnd::Complete(figures) => {
                let figures = *figures;
                ledger.record(now, Fact::PollSucceeded { figures, decision });
                None
            }
            PollEnd::Failed { fault, partial } => {
                let failed = Fact::PollFailed {
                    partial: *partial,
                    why: &fault.detail,
                    took: self.took,
                    decision,
                };
                ledger.record(now, failed);
                Some(fault)
            }
        }
    }
}

impl Collector {
    pub(crate) async fn poll(
        &mut self,
        agents: &dyn AgentObserver,
        clock: &dyn Clock,
        needs: PollNeeds<'_>,
    ) -> Polled {
        let started = clock.monotonic();
        let begun_at = clock.now();
        let request = needs.scope.request(begun_at.plus(needs.longest));
        let mut read = if needs.scope.is_empty() {
            Ok(Observation::of_nothing(begun_at))
        } else {
            agents.observe(request).await
        };
        let suddenly_empty =
            |read: &Observation| read.tally.rows == Some(0) && self.last_rows != Some(0);
        let repeated = read.as_ref().is_ok_and(suddenly_empty);
        if repeated {
            read = agents.observe(request).await;
        }
        let took = clock.monotonic().saturating_sub(started);
        match read {
            Ok(Observation {
                taken_at,
                heads,
                agents,
                members,
                tally,
                ..
            }) => {
                self.last_rows = tally.rows;
                let workload = self.watch(needs.scope, members);
                Span::current()
                    .record("rows", tally.rows.unwrap_or_default())
                    .record("pages", tally.calls);
                let figures = PollFigures {
                    available: tally.free,
                    states: tally.states,
                    rows: tally.rows.unwrap_or_default(),
                    pages: tally.calls,
                    took,
                };
                let states = needs.roster.zip(agents).map(|(roster, agents)| {
                    let state = |id| agents.state_of(id).unwrap_or(AgentState::Offline);
                    roster
                        .agents()
                        .iter()
                        .map(|agent| state(&agent.id))
                        .collect()
                });
                Polled {
                    sample: Sample::Complete { taken_at, heads },
                    taken_at,
                    end: PollEnd::Complete(figures),
                    took,
                    repeated,
                    span: Span::current(),
                    workload,
                    roster_states: states,
                }
            }
            Err(ObserveFault { fault, partial }) => {
                Span::current().record("fault", fault.detail.as_str());
                self.watch.forget();
                Polled {
                    sample: Sample::Invalid {
                        why: fault.detail.clone(),
                    },
                    end: PollEnd::Failed { fault, partial },
                    taken_at: begun_at,
                    took,
                    repeated,
                    span: Span::current(),
                    workload: WorkloadSample::default(),
                    roster_states: None,
                }
            }
        }
    }

    fn watch(&mut self, scope: &PollScope, members: Vec<Option<GroupMembers>>) -> WorkloadSample {
        if self.watched != scope.groups() {
            self.watched = scope.groups().to_vec();
            self.watch.forget();
        }
        self.watch.observe(members)
    }
}
