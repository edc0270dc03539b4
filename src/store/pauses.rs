//! The pauses of every campaign within a span of time, from the series that plots are drawn from.
//!
//! One walk of the frames serves all campaigns, and memory holds a sum for each. A time of which nothing is known is in no sum. What
//! became of dials is added from the slots that lie within the span as a whole.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::control::series::{CampaignPauses, PausesQuery, PlotState};
use crate::domain::Timestamp;

use super::database::Database;
use super::outcomes::counts_from;
use super::series_spans::{SeriesSpan, walk};
use super::sql_fault::SqlResult;
use super::time_span::TimeSpan;
use super::value::values;

/// The sums of one campaign, with the pause that the last span belongs to.
#[derive(Default)]
struct Sums {
    found: CampaignPauses,
    /// When the pause began that was last seen, and until when it has lasted so far.
    open: Option<(Timestamp, Timestamp)>,
}

impl Sums {
    fn add(&mut self, span: &SeriesSpan) {
        let lasted = span.until.since(span.from);
        let found = &mut self.found;
        found.known = found.known.saturating_add(lasted);
        let Some(by) = span.point.state.stopped_by() else {
            self.open = None;
            return;
        };
        let of = found.by.entry(by).or_default();
        *of = of.saturating_add(lasted);
        // Where the platform has ended a campaign nobody has paused it.
        if span.point.state == PlotState::Stopped {
            self.open = None;
            return;
        }
        let began = match self.open {
            Some((began, until)) if until == span.from => began,
            Some(_) | None => {
                found.pauses = found.pauses.saturating_add(1);
                span.from
            }
        };
        self.open = Some((began, span.until));
        found.paused = found.paused.saturating_add(lasted);
        found.longest = found.longest.max(span.until.since(began));
    }
}

/// Reads the pauses of every campaign, by campaign.
pub(super) fn read(
    database: &Database,
    query: PausesQuery,
) -> SqlResult<BTreeMap<String, CampaignPauses>> {
    let PausesQuery { since, until } = query;
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    walk(database, TimeSpan { since, until }, &mut |span| {
        if let Some(known) = sums.get_mut(&span.campaign) {
            known.add(&span);
        } else {
            let mut first = Sums::default();
            first.add(&span);
            sums.insert(span.campaign, first);
        }
        ControlFlow::Continue(())
    })?;
    let sums = sums.into_iter().map(|(id, sums)| (id, sums.found));
    let mut found: BTreeMap<String, CampaignPauses> = sums.collect();
    // Whole numbers on either engine: the sum of a server's column is none.
    database.each(
        "SELECT campaign, CAST(sum(dials) AS BIGINT), CAST(sum(answered) AS BIGINT),
                CAST(sum(connected) AS BIGINT), CAST(sum(abandoned) AS BIGINT),
                CAST(sum(known_ms) AS BIGINT)
         FROM outcome WHERE {mine} AND from_ms >= ?1 AND until_ms <= ?2 GROUP BY campaign",
        &values![since.as_unix_millis(), until.as_unix_millis()],
        |row| {
            let campaign: String = row.get(0)?;
            let covered: i64 = row.get(5)?;
            let of = found.entry(campaign).or_default();
            of.counted = Some(counts_from(row, 1)?);
            of.counted_for = Duration::from_millis(u64::try_from(covered).unwrap_or_default());
            Ok(())
        },
    )?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::control::ports::{Batch, Journal};
    use crate::control::series::{Frame, Keyframe, PastSeries, Point, PointChange};
    use crate::domain::outcomes::{OutcomeCounts, OutcomeSlot};
    use crate::store::places::TestPlace;
    use crate::store::{Store, StorePast};

    const START: Timestamp = Timestamp::from_unix_millis(1_716_215_400_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    fn frame(seconds: u64, opens: bool, states: &[(usize, PlotState)]) -> Frame {
        let changes = states.iter().map(|(place, state)| PointChange {
            place: *place,
            point: Point {
                available: Some(4),
                thresholds: None,
                state: *state,
            },
            same_thresholds: false,
        });
        Frame {
            at: after(seconds),
            keyframe: opens.then(|| Keyframe {
                campaigns: vec!["a".parse().unwrap(), "b".parse().unwrap()],
                after_gap: seconds == 0,
                longest: Duration::from_secs(90),
            }),
            changes: changes.collect(),
        }
    }

    async fn commit(store: &Store, frames: Vec<Frame>) {
        for frame in frames {
            let batch = Batch {
                frame: Some(frame),
                ..Batch::default()
            };
            store.commit(Arc::new(batch)).await.unwrap();
        }
    }

    #[test]
    fn a_pause_that_changes_hands_is_one_and_its_times_are_told_apart() {
        use PlotState::{PausedByAutopilot, PausedByHold, Running};
        TestPlace::on_each_waiting(async |place| {
            let at = place.at();
            let (store, _) = Store::open(&at, START).unwrap();
            let frames = vec![
                frame(0, true, &[(0, Running), (1, PausedByAutopilot)]),
                frame(60, false, &[(0, PausedByAutopilot)]),
                frame(120, false, &[(0, PausedByHold)]),
                frame(180, false, &[(0, Running)]),
                frame(240, false, &[(0, PausedByHold)]),
                frame(270, false, &[]),
            ];
            commit(&store, frames).await;
            let slot = OutcomeSlot {
                from: after(0),
                until: after(200),
                known_millis: 200_000,
                counts: OutcomeCounts {
                    dials: 50,
                    answered: 20,
                    connected: 18,
                    abandoned: 2,
                },
            };
            let batch = Batch {
                outcomes: vec![("b".parse().unwrap(), slot)],
                ..Batch::default()
            };
            store.commit(Arc::new(batch)).await.unwrap();
            let past = StorePast::new(&at);
            let span = |since: u64, until: u64| PausesQuery {
                since: after(since),
                until: after(until),
            };
            let found = past.read_pauses(span(0, 300)).await.unwrap();
            let of = &found["a"];
            assert_eq!(
                (of.pauses, of.paused.as_secs(), of.longest.as_secs()),
                (2, 150, 120)
            );
            assert_eq!(of.known.as_secs(), 270);
            let by: Vec<_> = of
                .by
                .iter()
                .map(|(by, time)| (*by, time.as_secs()))
                .collect();
            assert_eq!(by, [("autopilot", 60), ("hold", 90)]);
            assert_eq!(of.counted, None);
            assert_eq!(found["b"].counted, Some(slot.counts));
            assert_eq!(found["b"].counted_for, slot.until.since(slot.from));
            // A pause that reaches into the span counts there, for as long as it lies within.
            let within = past.read_pauses(span(90, 150)).await.unwrap();
            let of = &within["a"];
            assert_eq!(
                (of.pauses, of.paused.as_secs(), of.longest.as_secs()),
                (1, 60, 60)
            );
            assert_eq!(
                within["b"].counted, None,
                "its slot reaches beyond the span"
            );
            assert!(past.read_pauses(span(900, 960)).await.unwrap().is_empty());
        });
    }
}
