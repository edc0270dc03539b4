//! Stories about plots on disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use crate::control::ports::{Batch, Journal};
use crate::control::series::{
    Frame, Keyframe, PastSeries, PlotState, Point, PointChange, SeriesQuery, SeriesStep,
};
use crate::domain::{AgentThresholds, CampaignId, Timestamp};

use super::database::Database;
use super::places::TestPlace;
use super::value::values;
use super::{Retention, Store, StoreAt, StorePast, series};

const NOW: Timestamp = Timestamp::from_unix_millis(1_716_215_520_000);

fn id(number: usize) -> CampaignId {
    format!("campaign-{number}").parse().unwrap()
}

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn point(available: u32) -> Point {
    let state = if available < 5 {
        PlotState::PausedByAutopilot
    } else {
        PlotState::Running
    };
    let thresholds = Some(AgentThresholds {
        pause_below: 5,
        resume_at: 300,
    });
    Point {
        available: Some(available),
        thresholds,
        state,
    }
}

const BLIND: Point = Point {
    available: None,
    thresholds: None,
    state: PlotState::Running,
};

/// Writes polls of some campaigns as the loop would.
struct TestStore {
    at: StoreAt,
    store: Store,
    runtime: tokio::runtime::Runtime,
    points: Vec<Point>,
}

impl TestStore {
    fn new(place: &TestPlace) -> Self {
        let at = place.at();
        let (store, _) = Store::open(&at, NOW).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Self {
            at,
            store,
            runtime,
            points: Vec::new(),
        }
    }

    fn write(&self, frame: Frame) {
        let batch = Batch {
            frame: Some(frame),
            ..Batch::default()
        };
        let written = self.runtime.block_on(self.store.commit(Arc::new(batch)));
        written.unwrap();
    }

    fn open(&mut self, seconds: u64, points: &[Point], after_gap: bool) {
        self.points = points.to_vec();
        let changes = points.iter().enumerate().map(|(place, point)| PointChange {
            place,
            point: *point,
            same_thresholds: false,
        });
        self.write(Frame {
            at: after(seconds),
            keyframe: Some(Keyframe {
                campaigns: (0..points.len()).map(id).collect(),
                after_gap,
                longest: Duration::from_secs(90),
            }),
            changes: changes.collect(),
        });
    }

    fn go_on(&mut self, seconds: u64, points: &[Point]) {
        let both = self.points.iter().zip(points).enumerate();
        let changes = both
            .filter(|(_, (before, point))| before != point)
            .map(|(place, (before, point))| PointChange {
                place,
                point: *point,
                same_thresholds: before.thresholds == point.thresholds,
            })
            .collect();
        self.points = points.to_vec();
        self.write(Frame {
            at: after(seconds),
            keyframe: None,
            changes,
        });
    }

    fn read(&self, campaign: usize, since: u64) -> (Vec<SeriesStep>, Option<Timestamp>) {
        let past = StorePast::new(&self.at);
        let query = SeriesQuery {
            campaign: id(campaign),
            since: after(since),
        };
        let series = self.runtime.block_on(past.read_series(query)).unwrap();
        (series.steps, series.known_until)
    }

    fn steps(&self, campaign: usize, since: u64) -> Vec<(u64, Option<Point>)> {
        let (steps, _) = self.read(campaign, since);
        let told = steps.into_iter();
        told.map(|step| {
            let since = step.at.as_unix_millis() - NOW.as_unix_millis();
            (u64::try_from(since).unwrap() / 1000, step.point)
        })
        .collect()
    }
}

#[test]
fn only_what_changes_is_a_step_and_the_end_is_known() {
    TestPlace::on_each(|place| {
        let mut stored = TestStore::new(place);
        stored.open(0, &[point(10), point(2000)], true);
        stored.go_on(30, &[point(10), point(1999)]);
        stored.go_on(60, &[point(4), point(1999)]);
        stored.go_on(90, &[point(4), point(1999)]);
        assert_eq!(
            stored.steps(0, 0),
            [(0, Some(point(10))), (60, Some(point(4)))]
        );
        assert_eq!(
            stored.steps(1, 0),
            [(0, Some(point(2000))), (30, Some(point(1999)))]
        );
        assert_eq!(stored.read(0, 0).1, Some(after(90)));
        assert_eq!(
            stored.steps(0, 70),
            [(70, Some(point(4)))],
            "as of the time asked for"
        );
        assert_eq!(stored.steps(7, 0), [], "never looked after");
    });
}

#[test]
fn what_is_not_known_is_a_gap_and_no_line() {
    TestPlace::on_each(|place| {
        let mut stored = TestStore::new(place);
        stored.open(0, &[point(10)], true);
        stored.go_on(30, &[BLIND]);
        stored.go_on(60, &[point(10)]);
        // The daemon was down.
        stored.open(200, &[point(10)], true);
        // The daemon hung.
        stored.go_on(300, &[point(10)]);
        // A keyframe in between is not a gap.
        stored.open(330, &[point(10)], false);
        assert_eq!(
            stored.steps(0, 0),
            [
                (0, Some(point(10))),
                (30, Some(BLIND)),
                (60, Some(point(10))),
                (60, None),
                (200, Some(point(10))),
                (200, None),
                (300, Some(point(10))),
            ]
        );
    });
}

#[test]
fn a_frame_that_cannot_be_read_is_a_gap() {
    TestPlace::on_each(|place| {
        let mut stored = TestStore::new(place);
        stored.open(0, &[point(10)], true);
        stored.go_on(30, &[point(9)]);
        stored.go_on(60, &[point(8)]);
        stored.open(90, &[point(7)], false);
        let damage = "UPDATE series SET body = ?1 WHERE {mine} AND seq = 2";
        let damaged = place.change(damage, &values![vec![0_u8, 0xff]]);
        assert_eq!(damaged, 1);
        assert_eq!(
            stored.steps(0, 0),
            [(0, Some(point(10))), (0, None), (90, Some(point(7)))]
        );
    });
}

#[test]
fn days_are_kept_and_a_restart_loses_none_of_it() {
    /// As long as is kept unless the settings say otherwise, with the hour of a keyframe, and an hour more.
    const LATER: u64 = (8 * 24 + 2) * 3600;
    TestPlace::on_each(|place| {
        let mut stored = TestStore::new(place);
        stored.open(0, &[point(10)], true);
        for poll in 1..120 {
            // A hundred take longer than a lease on a busy machine.
            if poll % 10 == 0 {
                let tenure = stored.store.tenure();
                stored.runtime.block_on(tenure.renew()).unwrap();
            }
            stored.go_on(poll * 30, &[point(10 + u32::try_from(poll % 7).unwrap())]);
        }
        let day = stored.steps(0, 0);
        assert!(day.len() > 100, "{}", day.len());
        drop(stored.store);
        stored.store = Store::open(&stored.at, NOW).unwrap().0;
        assert_eq!(stored.steps(0, 0), day);
        // What is older goes, four rows with each that comes.
        for poll in 0..40 {
            stored.open(LATER + poll * 30, &[point(10)], poll == 0);
        }
        assert_eq!(stored.steps(0, 0).first().unwrap().0, LATER);
    });
}

#[test]
fn bytes_are_bounded_and_the_oldest_go() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(directory.path(), NOW).unwrap();
    drop(store);
    let connection = Connection::open(directory.path().join("autopilot.sqlite3")).unwrap();
    let database = Database::of_file(connection);
    let retention = Retention {
        series_bytes: 10_000,
        ..Retention::default()
    };
    let mut stored = None;
    for poll in 0..50_u64 {
        let transaction = database.begin().unwrap();
        let changes = (0..100).map(|place| PointChange {
            place,
            point: point(u32::try_from(poll).unwrap()),
            same_thresholds: false,
        });
        let keyframe = Keyframe {
            campaigns: (0..100).map(id).collect(),
            after_gap: false,
            longest: Duration::from_secs(90),
        };
        let frame = Frame {
            at: after(poll * 30),
            keyframe: Some(keyframe),
            changes: changes.collect(),
        };
        stored = Some(series::append(&transaction, &frame, stored, &retention).unwrap());
        transaction.commit().unwrap();
        assert!(stored.unwrap() <= 10_000);
    }
    let all = "SELECT sum(length(body) + 16) FROM series";
    let bytes = database
        .file()
        .unwrap()
        .query_row(all, [], |row| row.get(0));
    let bytes: i64 = bytes.unwrap();
    assert_eq!(u64::try_from(bytes).ok(), stored);
    let query = SeriesQuery {
        campaign: id(99),
        since: NOW,
    };
    let series = series::read(&database, &query).unwrap();
    assert_eq!(series.steps.last().unwrap().point, Some(point(49)));
}

proptest::proptest! {
    // Each case writes a store of its own.
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Whatever is written is read back, against a plain list of what was so when.
    #[test]
    fn what_was_written_is_read(
        polls in proptest::collection::vec(
            (proptest::collection::vec((0_u32..40_000, 0_u32..300, 0_usize..5, 0_u8..4), 5), proptest::bool::ANY),
            1..30,
        ),
        since in 0_u64..1000,
    ) {
        let place = TestPlace::file();
        let mut stored = TestStore::new(&place);
        let mut model: BTreeMap<usize, Vec<(u64, Point)>> = BTreeMap::new();
        for (poll, (campaigns, opens)) in polls.iter().enumerate() {
            let seconds = u64::try_from(poll).unwrap() * 30;
            let points: Vec<Point> = campaigns.iter().map(|(available, pause_below, state, there)| Point {
                available: (there & 1 == 1).then_some(*available),
                thresholds: (there & 2 == 2).then_some(AgentThresholds { pause_below: *pause_below, resume_at: pause_below + 3 }),
                state: PlotState::ALL[*state],
            }).collect();
            for (campaign, point) in points.iter().enumerate() {
                model.entry(campaign).or_default().push((seconds, *point));
            }
            if poll == 0 || *opens {
                stored.open(seconds, &points, false);
            } else {
                stored.go_on(seconds, &points);
            }
        }
        for (campaign, polls) in model {
            let (steps, _) = stored.read(campaign, since);
            let last = polls.last().unwrap().0;
            for (seconds, point) in polls {
                // As of the time asked for, if that is within what is known.
                let asked = after(seconds.max(since.min(last)));
                let told = steps.iter().rfind(|step| step.at <= asked.max(after(since)));
                if seconds >= since || seconds == last {
                    proptest::prop_assert_eq!(told.and_then(|step| step.point), Some(point));
                }
            }
        }
    }
}
