//! The series of all campaigns within a span of time: for how long each point held.
//!
//! The frames are walked once, some at a time; what is held in memory is one point for each campaign.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use crate::control::series::Point;
use crate::domain::Timestamp;

use super::database::Database;
use super::fault::StoreFault;
use super::reader::StoreReader;
use super::series::Unpack;
use super::sql_fault::SqlResult;
use super::time_span::TimeSpan;
use super::value::values;

/// A point of a campaign, and the time in which it held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesSpan {
    /// The campaign's id.
    pub campaign: String,
    /// From when on.
    pub from: Timestamp,
    /// Until when; of the time behind it nothing is known, unless another span begins there.
    pub until: Timestamp,
    /// The number, the thresholds and the state.
    pub point: Point,
}

/// Frames that are held in memory at once; one of ten thousand campaigns has some tens of kilobytes, a keyframe some hundreds.
const FRAMES_AT_ONCE: i64 = 32;

impl StoreReader {
    /// Gives each span of a point within `span` to `each`, in the order in which they end, until that breaks off.
    ///
    /// # Errors
    /// When the store cannot be read, or is of a version that kept no series.
    pub fn series_within(
        &self,
        span: TimeSpan,
        mut each: impl FnMut(SeriesSpan) -> ControlFlow<()>,
    ) -> Result<(), StoreFault> {
        self.of_this_version()?;
        let walked = walk(&self.database, span, &mut each);
        walked.map_err(|wrong| self.fault(wrong))
    }
}

/// Gives each span of a point within `span` to `each`, in the order in which they end, until that breaks off.
pub(super) fn walk(
    database: &Database,
    span: TimeSpan,
    each: &mut dyn FnMut(SeriesSpan) -> ControlFlow<()>,
) -> SqlResult<()> {
    let keyframe: Option<i64> = database.first(
        "SELECT seq FROM series WHERE {mine} AND opening = 1 AND at_ms <= ?1 ORDER BY at_ms DESC LIMIT 1",
        &values![span.since.as_unix_millis()],
        |row| row.get(0),
    )?;
    let mut walk = Walk::new(span, each);
    let mut next = keyframe.unwrap_or_default();
    loop {
        let before = next;
        database.each(
            "SELECT seq, at_ms, opening, body FROM series WHERE {mine} AND seq >= ?1 ORDER BY seq LIMIT ?2",
            &values![next, FRAMES_AT_ONCE],
            |row| {
                next = row.get::<i64>(0)?.saturating_add(1);
                walk.frame(
                    Timestamp::from_unix_millis(row.get(1)?),
                    row.get(2)?,
                    row.bytes(3)?,
                );
                Ok(())
            },
        )?;
        if next == before || walk.is_over() {
            walk.end();
            return Ok(());
        }
    }
}

/// Walks frames for all campaigns.
struct Walk<'e> {
    span: TimeSpan,
    each: &'e mut dyn FnMut(SeriesSpan) -> ControlFlow<()>,
    /// Campaigns by place since the last keyframe that could be read, with the point that each had last.
    places: Vec<(String, Option<Point>)>,
    /// What holds, and since when.
    open: BTreeMap<String, (Timestamp, Point)>,
    longest: Duration,
    last_at: Option<Timestamp>,
    /// Nothing more is wanted, or there is nothing more within the span.
    over: bool,
}

impl<'e> Walk<'e> {
    fn new(span: TimeSpan, each: &'e mut dyn FnMut(SeriesSpan) -> ControlFlow<()>) -> Self {
        Self {
            span,
            each,
            places: Vec::new(),
            open: BTreeMap::new(),
            longest: Duration::ZERO,
            last_at: None,
            over: false,
        }
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn frame(&mut self, at: Timestamp, opens: bool, body: &[u8]) {
        if self.over {
            return;
        }
        let silent = |longest: Duration| move |last| at.since(last) > longest;
        let mut body = Unpack(body);
        if opens {
            let mut places = Vec::new();
            let head = body.keyframe(|id| {
                places.push((String::from_utf8_lossy(id).into_owned(), None));
            });
            let Some(head) = head else {
                self.break_off();
                return;
            };
            if head.after_gap
                || self
                    .last_at
                    .is_some_and(silent(self.longest.max(head.longest)))
            {
                self.close_all();
            }
            self.places = places;
            self.longest = head.longest;
        } else if self.last_at.is_some_and(silent(self.longest)) {
            self.close_all();
        }
        if at >= self.span.until {
            // What still holds did so up to the end of the span.
            self.last_at = self.last_at.map(|_| self.span.until);
            self.close_all();
            self.over = true;
            return;
        }
        if opens {
            let there: BTreeSet<&String> = self.places.iter().map(|(id, _)| id).collect();
            let gone = self.open.keys().filter(|id| !there.contains(id));
            for id in gone.cloned().collect::<Vec<_>>() {
                self.close(&id, self.last_at.unwrap_or(at));
            }
        }
        let mut next = 0_usize;
        while !body.is_empty() {
            let before = |place: usize| self.places.get(place)?.1;
            let Some((place, point)) = body.change(&mut next, before) else {
                self.break_off();
                return;
            };
            let Some((id, last)) = self.places.get_mut(place) else {
                continue;
            };
            *last = Some(point);
            let id = id.clone();
            if self.open.get(&id).is_some_and(|(_, open)| *open == point) {
                continue;
            }
            self.close(&id, at);
            self.open.insert(id, (at, point));
        }
        // Behind a gap, a frame says of the campaigns that it leaves out that they are as they were.
        if self.last_at.is_none() {
            for (id, last) in &self.places {
                if let Some(point) = last {
                    self.open.entry(id.clone()).or_insert((at, *point));
                }
            }
        }
        self.last_at = Some(at);
    }

    /// A frame that cannot be read is a gap; the next keyframe ends it.
    fn break_off(&mut self) {
        self.close_all();
        self.places.clear();
    }

    /// What holds was last seen with the frame before.
    fn close_all(&mut self) {
        let Some(last) = self.last_at.take() else {
            return;
        };
        for (id, (from, point)) in std::mem::take(&mut self.open) {
            self.give(id, from, last, point);
        }
    }

    fn close(&mut self, id: &str, until: Timestamp) {
        if let Some((id, (from, point))) = self.open.remove_entry(id) {
            self.give(id, from, until, point);
        }
    }

    fn give(&mut self, campaign: String, from: Timestamp, until: Timestamp, point: Point) {
        let from = from.max(self.span.since);
        let until = until.min(self.span.until);
        if self.over || until < from {
            return;
        }
        let span = SeriesSpan {
            campaign,
            from,
            until,
            point,
        };
        self.over = (self.each)(span).is_break();
    }

    fn end(&mut self) {
        self.close_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::ports::{Batch, Journal};
    use crate::control::series::{Frame, Keyframe, PlotState, PointChange};
    use crate::domain::AgentThresholds;
    use crate::store::Store;
    use crate::store::places::TestPlace;
    use std::sync::Arc;

    const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    fn point(available: u32, state: PlotState) -> Point {
        Point {
            available: Some(available),
            thresholds: Some(AgentThresholds {
                pause_below: 5,
                resume_at: 8,
            }),
            state,
        }
    }

    fn frame(seconds: u64, campaigns: &[&str], changes: &[(usize, Point)]) -> Frame {
        let keyframe = (!campaigns.is_empty()).then(|| Keyframe {
            campaigns: campaigns.iter().map(|id| id.parse().unwrap()).collect(),
            after_gap: false,
            longest: Duration::from_secs(90),
        });
        let same_thresholds = keyframe.is_none();
        let changes = changes.iter().map(|(place, point)| PointChange {
            place: *place,
            point: *point,
            same_thresholds,
        });
        Frame {
            at: after(seconds),
            changes: changes.collect(),
            keyframe,
        }
    }

    /// As `campaign from-until state available`, in seconds.
    fn spans(place: &TestPlace, since: u64, until: u64) -> Vec<String> {
        let reader = StoreReader::open(place.at()).unwrap();
        let mut found = Vec::new();
        let span = TimeSpan {
            since: after(since),
            until: after(until),
        };
        let read = reader.series_within(span, |span| {
            let second = |at: Timestamp| at.since(START).as_secs();
            assert_eq!(span.point.thresholds.unwrap().resume_at, 8);
            found.push(format!(
                "{} {}-{} {} {}",
                span.campaign,
                second(span.from),
                second(span.until),
                span.point.state.label(),
                span.point.available.unwrap()
            ));
            ControlFlow::Continue(())
        });
        read.unwrap();
        found
    }

    #[test]
    fn a_point_holds_until_another_one_or_a_gap() {
        use PlotState::{PausedByAutopilot, Running};
        TestPlace::on_each_waiting(async |place| {
            let (store, _) = Store::open(place.at(), START).unwrap();
            let frames = [
                frame(
                    0,
                    &["a", "b"],
                    &[(0, point(9, Running)), (1, point(9, Running))],
                ),
                frame(30, &[], &[(1, point(3, PausedByAutopilot))]),
                frame(60, &[], &[]),
                // Nothing came for longer than a point is carried on.
                frame(600, &[], &[(0, point(7, Running))]),
                frame(630, &["b"], &[(0, point(3, PausedByAutopilot))]),
                frame(660, &[], &[]),
            ];
            for frame in frames {
                let batch = Batch {
                    frame: Some(frame),
                    ..Batch::default()
                };
                store.commit(Arc::new(batch)).await.unwrap();
            }
            drop(store);
            assert_eq!(
                spans(place, 0, 10_000),
                [
                    "b 0-30 running 9",
                    "a 0-60 running 9",
                    "b 30-60 paused_by_autopilot 3",
                    "a 600-600 running 7",
                    "b 600-660 paused_by_autopilot 3",
                ]
            );
            assert_eq!(
                spans(place, 10, 40),
                [
                    "b 10-30 running 9",
                    "a 10-40 running 9",
                    "b 30-40 paused_by_autopilot 3"
                ]
            );
            assert_eq!(spans(place, 100, 500), Vec::<String>::new());
        });
    }
}
