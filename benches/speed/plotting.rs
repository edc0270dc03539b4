//! What the series of a day cost the loop, the disk, and a reader: ten thousand campaigns, each poll another
//! number for every one of them.

use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::control::ports::{Batch, Journal};
use campaign_autopilot::control::series::{
    Frame, Keyframe, PastSeries, PlotState, Point, PointChange, SeriesEncoder, SeriesQuery,
};
use campaign_autopilot::domain::replay::Input;
use campaign_autopilot::domain::{AgentThresholds, CampaignId, Timestamp};
use campaign_autopilot::store::{Store, StorePast};

use crate::deciding;
use crate::stopwatch::{median, ms, report, time};

const CAMPAIGNS: usize = 10_000;

/// A day of polls each 30 s.
const POLLS: u32 = 2_880;

/// Polls between two keyframes, as the loop makes them.
const KEYFRAME_INTERVAL: u32 = 120;

const POLL: Duration = Duration::from_secs(30);

const START: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

pub(crate) fn run() {
    report(format_args!(
        "plotting: {CAMPAIGNS} campaigns, a day of polls each 30 s, every number changed by every poll"
    ));
    let encoder = encoding_time();
    let directory = tempfile::tempdir().expect("a directory");
    let (store, _) = Store::open(directory.path(), START).expect("a store");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let commit = |frame: Option<Frame>| {
        let batch = Batch {
            inputs: vec![(START, Input::Gap)],
            frame,
            ..Batch::default()
        };
        let committed = runtime.block_on(store.commit(Arc::new(batch)));
        committed.expect("a commit");
    };
    let silent = median(101, || time(|| commit(None)).0);
    let ids: Vec<CampaignId> = (0..CAMPAIGNS)
        .map(|n| format!("campaign-{n:05}").parse().expect("an id"))
        .collect();
    let mut polls = Vec::new();
    for poll in 0..POLLS {
        let frame = frame(poll, &ids);
        polls.push(time(|| commit(Some(frame))).0);
    }
    polls.sort();
    let typical = polls.get(polls.len() / 2).copied().unwrap_or_default();
    let bytes = std::fs::metadata(directory.path().join("autopilot.sqlite3"));
    let bytes = bytes.map(|file| file.len()).unwrap_or_default();
    let past = StorePast::new(directory.path().to_owned());
    let asked = |since: Duration| {
        let end = START.plus(POLL * POLLS);
        let query = SeriesQuery {
            campaign: ids.last().expect("a campaign").clone(),
            since: end.minus(since),
        };
        time(|| runtime.block_on(past.read_series(query)).expect("a past"))
    };
    let (day, series) = asked(Duration::from_secs(24 * 3600));
    assert_eq!(series.steps.len(), usize::try_from(POLLS).unwrap_or(0));
    let (hours, _) = asked(Duration::from_secs(2 * 3600));
    report(format_args!(
        "  making a frame             {} of the loop (bar: 10 ms)",
        ms(encoder)
    ));
    report(format_args!(
        "  a frame adds to its commit {}, which no command waits for (bar: 20 ms)",
        ms(typical.saturating_sub(silent))
    ));
    report(format_args!(
        "  a day takes                {} MB of disk, {} bytes a campaign and poll",
        bytes / 1_000_000,
        bytes / (u64::from(POLLS) * 10_000),
    ));
    report(format_args!(
        "  reading one campaign       {} for the last two hours, {} for the day",
        ms(hours),
        ms(day)
    ));
}

/// Measures what encoding a frame costs the loop.
fn encoding_time() -> Duration {
    let snapshot = deciding::snapshot(START);
    let mut autopilot = deciding::autopilot(START);
    let sample = snapshot.sample(autopilot.groups());
    autopilot.observe_sample(sample, START);
    let plan = autopilot.decide(START);
    let mut encoder = SeriesEncoder::default();
    let mut at = START;
    median(21, || {
        at = at.plus(POLL);
        let (took, frame) = time(|| encoder.frame(&autopilot, &plan.reasons, POLL, at));
        assert!(frame.is_some());
        took
    })
}

fn frame(poll: u32, ids: &[CampaignId]) -> Frame {
    let opens = poll.is_multiple_of(KEYFRAME_INTERVAL);
    let changes = (0..CAMPAIGNS).map(|place| {
        let campaign = u32::try_from(place).unwrap_or(0);
        PointChange {
            place,
            point: Point {
                available: Some((campaign + poll * 7) % 200),
                thresholds: Some(AgentThresholds {
                    pause_below: 5,
                    resume_at: 8,
                }),
                state: PlotState::Running,
            },
            same_thresholds: !opens,
        }
    });
    Frame {
        at: START.plus(POLL * poll),
        keyframe: opens.then(|| Keyframe {
            campaigns: ids.to_vec(),
            after_gap: poll == 0,
            longest: POLL * 3,
        }),
        changes: changes.collect(),
    }
}
