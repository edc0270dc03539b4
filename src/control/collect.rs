//! Pages to one sample, honest about gaps.
//!
//! A reading that lacks a page is no sample. The first empty reading after one that was not is read once more before
//! it is believed: a platform in trouble answers 200 with nothing in it.

use std::time::Duration;

use tracing::Span;

use crate::domain::assignment::Roster;
use crate::domain::{AgentState, DecisionId, Sample, Selector, Timestamp};
use crate::telemetry::{Events, PollFigures};

use super::ports::{AgentsRead, AgentsRequest, Clock, Platform, PlatformFault, ReadFault};

/// What the collector remembers from one poll to the next.
#[derive(Default)]
pub(crate) struct Collector {
    last_rows: Option<usize>,
}

/// What one poll needs.
pub(crate) struct PollNeeds<'a> {
    /// The decision that it is for.
    pub(crate) decision: DecisionId,
    pub(crate) every_state: bool,
    pub(crate) skills: bool,
    pub(crate) selectors: &'a [Selector],
    pub(crate) longest: Duration,
    /// The agents whose states are wanted one by one.
    pub(crate) roster: Option<&'a Roster>,
}

/// A poll's sample, and the fault if there was one.
pub(crate) struct Polled {
    pub(crate) sample: Sample,
    pub(crate) fault: Option<PlatformFault>,
    pub(crate) taken_at: Timestamp,
    /// By position in the roster; an agent who was not read is offline.
    pub(crate) roster_states: Option<Vec<AgentState>>,
}

impl Collector {
    pub(crate) async fn poll(
        &mut self,
        platform: &dyn Platform,
        clock: &dyn Clock,
        events: &Events,
        needs: PollNeeds<'_>,
    ) -> Polled {
        let started = clock.monotonic();
        let taken_at = clock.now();
        let request = AgentsRequest {
            every_state: needs.every_state,
            skills: needs.skills,
            expected_rows: self.last_rows,
            deadline: taken_at.plus(needs.longest),
        };
        let mut read = platform.read_agents(request).await;
        let suddenly_empty =
            |read: &AgentsRead| read.rows == 0 && self.last_rows.is_some_and(|rows| rows > 0);
        if read.as_ref().is_ok_and(suddenly_empty) {
            tracing::debug!("no agents after a poll with agents: read once more");
            read = platform
                .read_agents(AgentsRequest {
                    expected_rows: None,
                    ..request
                })
                .await;
        }
        let took = clock.monotonic().saturating_sub(started);
        match read {
            Ok(AgentsRead {
                snapshot,
                rows,
                pages,
            }) => {
                self.last_rows = Some(rows);
                Span::current().record("rows", rows).record("pages", pages);
                let figures = PollFigures {
                    available: snapshot.count(&Selector::All).available,
                    states: needs.every_state.then(|| snapshot.states()),
                    rows,
                    pages,
                    took,
                };
                events.polled(figures, needs.decision, clock.now());
                Polled {
                    sample: snapshot.sample(needs.selectors),
                    fault: None,
                    taken_at,
                    roster_states: needs.roster.map(|roster| {
                        let agents = roster.agents().iter();
                        let state = |id| snapshot.state_of(id).unwrap_or(AgentState::Offline);
                        agents.map(|agent| state(&agent.id)).collect()
                    }),
                }
            }
            Err(ReadFault { fault, pages_read }) => {
                Span::current().record("fault", fault.detail.as_str());
                events.poll_failed(pages_read > 0, &fault.detail, took, needs.decision);
                Polled {
                    sample: Sample::Invalid {
                        why: fault.detail.clone(),
                    },
                    fault: Some(fault),
                    taken_at,
                    roster_states: None,
                }
            }
        }
    }
}
