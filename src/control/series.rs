//! The series that plots are drawn from: the number that the rule compared, the thresholds in force and the state, poll by poll.
//!
//! *Terms.* A **point** is what one campaign was like at one poll. A **delta frame** holds the points of one poll that differ
//! from those of the frame before. A **keyframe** holds every point with the campaigns' ids, so that reading can
//! begin there. A **gap** is a time of which nothing is known: the daemon was down, or the store could not be written.
//!
//! A poll without a valid sample gives points without a number. It is not filled in by the number before.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::outcomes::{OutcomeCounts, OutcomeSlot};
use crate::domain::{
    AgentThresholds, Autopilot, Belief, CampaignId, CampaignState, HoldKind, PauseOwner, Reason,
    SampleVerdict, Timestamp,
};

use super::operator::Past;

/// Polls closer to each other share a frame, so that a day has no more frames than seconds.
const MIN_FRAME_INTERVAL: Duration = Duration::from_secs(1);

/// A keyframe each hour: reading some hours does not have to begin a day earlier.
const KEYFRAME_INTERVAL: Duration = Duration::from_secs(3600);

/// A point is not carried on for longer than so many polls, as samples are not.
const MAX_POLLS_CARRIED: u32 = 3;

/// A campaign's state as plots show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlotState {
    /// Its status was not read yet, or it is not known to the platform.
    Unknown,
    /// It may dial.
    Running,
    /// Paused by the thresholds, and the pause is ours.
    PausedByAutopilot,
    /// Paused by somebody else.
    PausedByPerson,
    /// In a state that is never commanded.
    Stopped,
    /// Paused by us, because its calendar is closed or was when it was paused.
    PausedByCalendar,
    /// Paused by us, and an operator's hold keeps it so.
    PausedByHold,
    /// Paused, perhaps by us, which cannot be shown.
    PausedUnproven,
}

impl PlotState {
    /// Every state, in the order of the numbers by which they are kept.
    pub const ALL: [Self; 8] = [
        Self::Unknown,
        Self::Running,
        Self::PausedByAutopilot,
        Self::PausedByPerson,
        Self::Stopped,
        Self::PausedByCalendar,
        Self::PausedByHold,
        Self::PausedUnproven,
    ];

    /// The word in exported records.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Running => "running",
            Self::PausedByAutopilot => "paused_by_autopilot",
            Self::PausedByPerson => "paused_by_person",
            Self::Stopped => "stopped",
            Self::PausedByCalendar => "paused_by_calendar",
            Self::PausedByHold => "paused_by_hold",
            Self::PausedUnproven => "paused_unproven",
        }
    }

    /// Returns what a campaign's state amounts to at `now`.
    #[must_use]
    pub fn from_state(state: &CampaignState, now: Timestamp) -> Self {
        match &state.belief {
            Belief::Running => Self::Running,
            Belief::Paused(PauseOwner::Autopilot { .. }) => {
                let held = state.hold.as_ref();
                if state.paused_by_calendar() {
                    Self::PausedByCalendar
                } else if held.is_some_and(|hold| hold.kind == HoldKind::Paused && hold.active(now))
                {
                    Self::PausedByHold
                } else {
                    Self::PausedByAutopilot
                }
            }
            Belief::Paused(PauseOwner::Person) => Self::PausedByPerson,
            Belief::Paused(PauseOwner::Unproven { .. }) => Self::PausedUnproven,
            Belief::Other { .. } => Self::Stopped,
            Belief::Unread | Belief::Missing { .. } => Self::Unknown,
        }
    }

    /// Returns by whom or what the campaign does not dial, as documents say it; `None` where it dials or nothing is known.
    #[must_use]
    pub fn stopped_by(self) -> Option<&'static str> {
        match self {
            Self::Unknown | Self::Running => None,
            Self::PausedByAutopilot => Some("autopilot"),
            Self::PausedByPerson => Some("person"),
            Self::Stopped => Some("platform"),
            Self::PausedByCalendar => Some("calendar"),
            Self::PausedByHold => Some("hold"),
            Self::PausedUnproven => Some("unproven"),
        }
    }
}

/// A campaign's number, thresholds and state at one poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The number that the rule compared; none without a valid sample.
    pub available: Option<u32>,
    /// The thresholds in force, in whole agents; none without a valid sample.
    pub thresholds: Option<AgentThresholds>,
    /// Its state after the poll's commands.
    pub state: PlotState,
}

impl Point {
    fn new(state: &CampaignState, reason: Option<&Reason>, at: Timestamp) -> Self {
        let valid = reason.filter(|reason| matches!(reason.sample(), SampleVerdict::Valid { .. }));
        Self {
            available: valid.and_then(Reason::available),
            thresholds: valid.and_then(Reason::thresholds),
            state: PlotState::from_state(state, at),
        }
    }
}

/// A point that differs from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointChange {
    /// The campaign's place in the keyframe.
    pub place: usize,
    /// Its point at this poll.
    pub point: Point,
    /// The thresholds are those of its point before; never so in a keyframe.
    pub same_thresholds: bool,
}

/// What a keyframe holds beyond its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyframe {
    /// Every campaign, in the order of the places.
    pub campaigns: Vec<CampaignId>,
    /// Nothing is known of the time just before it.
    pub after_gap: bool,
    /// When the next frame comes later than this, nothing is known of the time between.
    pub longest: Duration,
}

/// The points of one poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The time of the poll.
    pub at: Timestamp,
    /// Set in a keyframe; `None` in a delta frame.
    pub keyframe: Option<Keyframe>,
    /// Points that differ from the frame before, by place; every point of a keyframe.
    pub changes: Vec<PointChange>,
}

/// The part of the past that a plot shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesQuery {
    /// The campaign that is plotted.
    pub campaign: CampaignId,
    /// Nothing older than this is read; what was in force then is dated then.
    pub since: Timestamp,
}

/// The span of time of which every campaign's pauses are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PausesQuery {
    /// Its first moment.
    pub since: Timestamp,
    /// The first moment behind it.
    pub until: Timestamp,
}

/// The pauses of one campaign within a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignPauses {
    /// The time of which something is known.
    pub known: Duration,
    /// How many pauses lie in it, or reach into it. Times that follow each other without a gap are one, whoever keeps it paused.
    pub pauses: u32,
    /// The time for which it was paused.
    pub paused: Duration,
    /// The longest pause, as far as it lies within the span.
    pub longest: Duration,
    /// The time for which it was paused, by whom or what; [`PlotState::stopped_by`] has the words.
    pub by: BTreeMap<&'static str, Duration>,
    /// What became of its dials; `None` where nothing was counted.
    pub counted: Option<OutcomeCounts>,
    /// The time that those counters cover.
    pub counted_for: Duration,
}

impl CampaignPauses {
    /// Estimates how many more calls would have been answered had the autopilot never paused it: calls that would have come while too few
    /// agents were free. How many of them would have been lost nobody knows: on a simulated day it is a small part.
    ///
    /// ```text
    /// pace      = answered / (counted time x dialling time / known time)
    /// held back = pace x time paused by the autopilot
    /// ```
    ///
    /// The pace is that of the rest of the span: the formula assumes that calls are answered at an even rate, and that the counted part of
    /// the span was dialled as much as the rest. It is our own. `None` where nothing was counted, or where it never dialled.
    #[must_use]
    pub fn held_back(&self) -> Option<u64> {
        let stopped = self
            .by
            .values()
            .fold(Duration::ZERO, |sum, time| sum.saturating_add(*time));
        let dialling = self.known.saturating_sub(stopped);
        let ours = self.by.get("autopilot").copied().unwrap_or_default();
        let answered = u128::from(self.counted?.answered);
        let held_back = (answered * self.known.as_millis() * ours.as_millis())
            .checked_div(self.counted_for.as_millis() * dialling.as_millis())?;
        u64::try_from(held_back).ok()
    }
}

/// A point and the time from which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesStep {
    /// The time from which it holds.
    pub at: Timestamp,
    /// The point; `None` where a gap begins.
    pub point: Option<Point>,
}

/// A campaign's past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// The steps, the oldest first; two that follow each other differ.
    pub steps: Vec<SeriesStep>,
    /// When the last of them was last seen to hold.
    pub known_until: Option<Timestamp>,
}

/// Reads the audit, the series and the outcomes.
pub trait PastSeries: Past {
    /// Reads what was counted of one campaign's outcomes, in slots of time, the oldest first. Of a time without a slot nothing is
    /// known.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn read_outcomes(&self, query: SeriesQuery) -> BoxFuture<'_, Result<Vec<OutcomeSlot>, String>>;

    /// Reads the steps of one campaign.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn read_series(&self, query: SeriesQuery) -> BoxFuture<'_, Result<Series, String>>;

    /// Reads the pauses of every campaign within a span of time, by campaign.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn read_pauses(
        &self,
        query: PausesQuery,
    ) -> BoxFuture<'_, Result<BTreeMap<String, CampaignPauses>, String>>;
}

/// Encodes polls as frames; it remembers the last one.
#[derive(Debug, Default)]
pub struct SeriesEncoder {
    campaigns: Vec<CampaignId>,
    points: Vec<Point>,
    opened_at: Option<Timestamp>,
    last_at: Timestamp,
    /// The last frame was not written, so the next one begins after a gap.
    gap: bool,
}

impl SeriesEncoder {
    /// Encodes a poll that has been decided; returns `None` when the last frame is too recent.
    pub fn frame(
        &mut self,
        autopilot: &Autopilot,
        reasons: &[(CampaignId, Reason)],
        poll_interval: Duration,
        at: Timestamp,
    ) -> Option<Frame> {
        // A clock that was set back does not keep frames away.
        let close = at >= self.last_at && at.since(self.last_at) < MIN_FRAME_INTERVAL;
        if close && !self.gap && self.opened_at.is_some() {
            return None;
        }
        let mut reasons = reasons.iter().peekable();
        let points: Vec<Point> = autopilot
            .campaigns()
            .map(|(id, campaign)| {
                // Both are in the order of the ids.
                while reasons.next_if(|(other, _)| other < id).is_some() {}
                let reason = reasons.next_if(|(other, _)| other == id);
                Point::new(campaign.state(), reason.map(|(_, reason)| reason), at)
            })
            .collect();
        let same = self.campaigns.len() == points.len()
            && autopilot.campaigns().map(|(id, _)| id).eq(&self.campaigns);
        let known = self.opened_at.filter(|_| same && !self.gap);
        let going_on =
            known.is_some_and(|opened| at >= opened && at.since(opened) < KEYFRAME_INTERVAL);
        self.last_at = at;
        if going_on {
            let before = std::mem::replace(&mut self.points, points);
            let both = before.iter().zip(&self.points).enumerate();
            let changes = both.filter(|(_, (before, point))| before != point).map(
                |(place, (before, point))| PointChange {
                    place,
                    point: *point,
                    same_thresholds: before.thresholds == point.thresholds,
                },
            );
            return Some(Frame {
                at,
                keyframe: None,
                changes: changes.collect(),
            });
        }
        let after_gap = self.opened_at.is_none() || self.gap;
        self.gap = false;
        self.opened_at = Some(at);
        if !same {
            self.campaigns = autopilot.campaigns().map(|(id, _)| id.clone()).collect();
        }
        self.points = points;
        let changes = self.points.iter().enumerate();
        Some(Frame {
            at,
            keyframe: Some(Keyframe {
                campaigns: self.campaigns.clone(),
                after_gap,
                longest: poll_interval
                    .max(MIN_FRAME_INTERVAL)
                    .saturating_mul(MAX_POLLS_CARRIED),
            }),
            changes: changes
                .map(|(place, point)| PointChange {
                    place,
                    point: *point,
                    same_thresholds: false,
                })
                .collect(),
        })
    }

    /// Marks a gap because the last frame could not be written: the next one is a keyframe.
    pub fn mark_gap(&mut self) {
        self.gap = true;
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::{
        CampaignActivity, GroupCount, HeadCount, Policy, Sample, StatusFinding, StatusReading,
        Timestamp,
    };

    use super::*;

    const POLL: Duration = Duration::from_secs(30);

    fn after(seconds: u64) -> Timestamp {
        Timestamp::from_unix_millis(1_716_215_520_000).plus(Duration::from_secs(seconds))
    }

    /// Campaigns that run, and the encoder that follows them.
    struct Followed {
        autopilot: Autopilot,
        encoder: SeriesEncoder,
    }

    impl Followed {
        fn new(campaigns: &[&str]) -> Self {
            let ids = campaigns.iter().map(|id| id.parse::<CampaignId>().unwrap());
            let policies: BTreeMap<_, _> = ids.map(|id| (id, Policy::default())).collect();
            let mut autopilot =
                Autopilot::new(1, policies.clone(), BTreeMap::new(), POLL, after(0));
            let running = StatusFinding::Found(StatusReading::without_evidence(
                CampaignActivity::Running,
                "RUNNING".to_owned(),
                after(0),
            ));
            for id in policies.keys() {
                autopilot.observe_status(id, &running, after(0));
            }
            Self {
                autopilot,
                encoder: SeriesEncoder::default(),
            }
        }

        /// One poll with so many agents; none is a poll that failed.
        fn poll(&mut self, seconds: u64, available: Option<u32>) -> Option<Frame> {
            let at = after(seconds);
            let failed = Sample::Invalid {
                why: "a page is missing".to_owned(),
            };
            let sample = available.map_or(failed, |available| Sample::Complete {
                taken_at: at,
                heads: vec![GroupCount::Known(HeadCount {
                    free: available,
                    serving: 0,
                    wrap_up: 0,
                    staffed: available,
                })],
            });
            self.autopilot.observe_sample(sample, at);
            let plan = self.autopilot.decide(at);
            self.encoder.frame(&self.autopilot, &plan.reasons, POLL, at)
        }
    }

    /// Places, agents and whether it opens, and after a gap.
    fn changes_of(frame: &Frame) -> (Vec<(usize, Option<u32>)>, Option<bool>) {
        let changes = frame.changes.iter();
        let changes = changes.map(|change| (change.place, change.point.available));
        let keyframe = frame.keyframe.as_ref();
        (
            changes.collect(),
            keyframe.map(|keyframe| keyframe.after_gap),
        )
    }

    #[test]
    fn the_first_frame_tells_all_and_the_next_what_changed() {
        let mut followed = Followed::new(&["a", "b"]);
        let first = followed.poll(0, Some(10)).unwrap();
        assert_eq!(
            changes_of(&first),
            (vec![(0, Some(10)), (1, Some(10))], Some(true))
        );
        assert_eq!(first.changes[0].point.state, PlotState::Running);
        assert_eq!(first.keyframe.unwrap().longest, POLL * 3);
        assert_eq!(
            changes_of(&followed.poll(30, Some(10)).unwrap()),
            (vec![], None)
        );
        let next = followed.poll(60, Some(9)).unwrap();
        assert_eq!(changes_of(&next), (vec![(0, Some(9)), (1, Some(9))], None));
        assert!(next.changes.iter().all(|change| change.same_thresholds));
    }

    #[test]
    fn a_failed_poll_gives_points_without_a_number() {
        let mut followed = Followed::new(&["a"]);
        followed.poll(0, Some(10));
        let blind = followed.poll(30, None).unwrap();
        assert_eq!(changes_of(&blind), (vec![(0, None)], None));
        assert_eq!(blind.changes[0].point.thresholds, None);
        assert!(!blind.changes[0].same_thresholds);
    }

    #[test]
    fn each_hour_and_after_what_was_lost_all_is_told_anew() {
        let mut followed = Followed::new(&["a"]);
        followed.poll(0, Some(10));
        followed.poll(3570, Some(10));
        let hour = followed.poll(3600, Some(10)).unwrap();
        assert_eq!(changes_of(&hour), (vec![(0, Some(10))], Some(false)));
        followed.poll(3630, Some(9));
        followed.encoder.mark_gap();
        let after = followed.poll(3660, Some(9)).unwrap();
        assert_eq!(changes_of(&after), (vec![(0, Some(9))], Some(true)));
        assert_eq!(
            changes_of(&followed.poll(3690, Some(9)).unwrap()),
            (vec![], None)
        );
    }

    #[test]
    fn other_campaigns_open_anew_without_a_gap() {
        let mut followed = Followed::new(&["a"]);
        followed.poll(0, Some(10));
        followed.autopilot = Followed::new(&["a", "c"]).autopilot;
        let more = followed.poll(30, Some(10)).unwrap();
        assert_eq!(
            changes_of(&more),
            (vec![(0, Some(10)), (1, Some(10))], Some(false))
        );
    }

    #[test]
    fn polls_of_one_second_share_a_frame_whatever_the_clock_does() {
        let mut followed = Followed::new(&["a"]);
        followed.poll(100, Some(10));
        assert_eq!(followed.poll(100, Some(9)), None);
        let next = followed.poll(101, Some(8)).unwrap();
        assert_eq!(changes_of(&next), (vec![(0, Some(8))], None));
        let set_back = followed.poll(40, Some(8)).unwrap();
        assert_eq!(changes_of(&set_back), (vec![(0, Some(8))], Some(false)));
    }

    #[test]
    fn what_pauses_held_back_is_estimated_at_the_pace_of_the_time_that_was_dialled() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let day = CampaignPauses {
            known: minutes(480),
            by: BTreeMap::from([("autopilot", minutes(60)), ("hold", minutes(20))]),
            counted: Some(OutcomeCounts {
                dials: 1_000,
                answered: 400,
                connected: 390,
                abandoned: 10,
            }),
            counted_for: minutes(480),
            ..CampaignPauses::default()
        };
        // 400 in 400 minutes, and an hour without any; the hold's time is nothing that the autopilot held back.
        assert_eq!(day.held_back(), Some(60));
        // Half of the time was counted, so the pace was twice as high.
        let late = CampaignPauses {
            counted_for: minutes(240),
            ..day.clone()
        };
        assert_eq!(late.held_back(), Some(120));
        let held = CampaignPauses {
            by: BTreeMap::from([("hold", minutes(20))]),
            ..day
        };
        assert_eq!(held.held_back(), Some(0));
        for nothing in [
            CampaignPauses {
                counted: None,
                ..day.clone()
            },
            CampaignPauses {
                counted_for: Duration::ZERO,
                ..day
            },
            CampaignPauses {
                by: BTreeMap::from([("autopilot", minutes(480))]),
                ..day
            },
            CampaignPauses::default(),
        ] {
            assert_eq!(nothing.held_back(), None, "{nothing:?}");
        }
    }
}
