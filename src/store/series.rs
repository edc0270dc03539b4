//! The series that plots are drawn from, on disk: one row a frame, in a packed encoding.
//!
//! A frame holds a few bytes for each campaign whose point changed, so that a poll of ten thousand campaigns is one row of
//! some tens of kilobytes, and a poll in which nothing changed is one of none. Reading a campaign's day walks the frames
//! from the keyframe before it. Frames are kept for the time that the settings say and the hour of a keyframe, and up to a number of
//! bytes; each new one takes the place of the oldest.
//!
//! *The form.* Numbers are LEB128. A keyframe begins with the form's version, the longest carrying in milliseconds, whether
//! a gap lies before it, the number of campaigns, and their ids with lengths. The changes follow, in a keyframe as in any
//! delta frame: places left out since the one before, a byte with the state and what follows, and what it announces.

use std::time::Duration;

use crate::control::series::{
    Frame, Keyframe, PlotState, Point, PointChange, Series, SeriesQuery, SeriesStep,
};
use crate::domain::{AgentThresholds, CampaignId, Timestamp};

use super::database::{Database, Transaction};
use super::retention::Retention;
use super::sql_fault::SqlResult;
use super::value::{self, values};

/// The version of the form.
const FORM: u64 = 1;

/// The hour by which a keyframe may lie before the time that is kept.
pub(super) const TO_A_KEYFRAME: Duration = Duration::from_secs(3600);

/// Old frames that are deleted with each new one: a smaller bound is reached step by step, and no commit takes long.
const MAX_DELETED_AT_ONCE: i64 = 4;

/// The size of a row without its body.
const ROW_BYTES: u64 = 16;

/// The bits of the state's number.
const STATE: u8 = 0b0000_0111;
/// A number of available agents follows.
const AVAILABLE: u8 = 0b0000_1000;
/// Both thresholds follow.
const THRESHOLDS: u8 = 0b0001_0000;
/// The thresholds are those before.
const SAME_THRESHOLDS: u8 = 0b0010_0000;

/// Adds a frame and deletes old ones, as far as `retention` lets them go. `kept` is what the last call returned; returns how many bytes
/// are kept now.
pub(super) fn append(
    transaction: &Transaction<'_>,
    frame: &Frame,
    kept: Option<u64>,
    retention: &Retention,
) -> SqlResult<u64> {
    let mut kept = match kept {
        Some(kept) => kept,
        None => count(transaction)?,
    };
    let body = pack(frame);
    kept = kept.saturating_add(size(body.len()));
    transaction.execute(
        "INSERT INTO series ({tenant}seq, at_ms, opening, body)
         SELECT {its}coalesce(max(seq), 0) + 1, ?1, ?2, ?3 FROM series WHERE {mine}",
        &values![frame.at.as_unix_millis(), frame.keyframe.is_some(), body],
    )?;
    let oldest = frame
        .at
        .minus(retention.series.saturating_add(TO_A_KEYFRAME));
    let oldest = oldest.as_unix_millis();
    let first = "SELECT seq, at_ms, CAST(length(body) AS BIGINT) FROM series WHERE {mine} ORDER BY seq LIMIT ?1";
    let first = transaction.query(first, &values![MAX_DELETED_AT_ONCE], |row| {
        let bytes = usize::try_from(row.get::<i64>(2)?).unwrap_or_default();
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, bytes))
    })?;
    for (seq, at, bytes) in first {
        if at >= oldest && kept <= retention.series_bytes {
            break;
        }
        let delete = "DELETE FROM series WHERE {mine} AND seq = ?1";
        transaction.execute(delete, &values![seq])?;
        kept = kept.saturating_sub(size(bytes));
    }
    Ok(kept)
}

fn size(body: usize) -> u64 {
    u64::try_from(body)
        .unwrap_or(u64::MAX)
        .saturating_add(ROW_BYTES)
}

fn count(database: &Database) -> SqlResult<u64> {
    let (rows, bytes): (i64, i64) = database.one(
        "SELECT count(*), coalesce(sum(length(body)), 0) FROM series WHERE {mine}",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let bytes = value::number(bytes);
    Ok(bytes.saturating_add(value::number(rows).saturating_mul(ROW_BYTES)))
}

/// The steps of one campaign.
pub(super) fn read(database: &Database, query: &SeriesQuery) -> SqlResult<Series> {
    let since = query.since.as_unix_millis();
    let keyframe: Option<i64> = database.first(
        "SELECT seq FROM series WHERE {mine} AND opening = 1 AND at_ms <= ?1 ORDER BY at_ms DESC LIMIT 1",
        &values![since],
        |row| row.get(0),
    )?;
    let select = "SELECT at_ms, opening, body FROM series WHERE {mine} AND seq >= ?1 ORDER BY seq";
    let mut reader = Reader::new(query);
    database.each(select, &values![keyframe.unwrap_or_default()], |row| {
        let at = Timestamp::from_unix_millis(row.get(0)?);
        // A frame that cannot be read is a gap; the next keyframe ends it.
        if reader.frame(at, row.get(1)?, row.bytes(2)?).is_none() {
            reader.break_off();
        }
        Ok(())
    })?;
    Ok(reader.series)
}

/// Walks frames for one campaign.
struct Reader<'q> {
    query: &'q SeriesQuery,
    /// The campaign's place since the last keyframe, and how long a point is carried on.
    place: Option<(usize, Duration)>,
    point: Option<Point>,
    last_at: Option<Timestamp>,
    series: Series,
}

impl<'q> Reader<'q> {
    fn new(query: &'q SeriesQuery) -> Self {
        Self {
            query,
            place: None,
            point: None,
            last_at: None,
            series: Series::default(),
        }
    }

    fn frame(&mut self, at: Timestamp, opens: bool, body: &[u8]) -> Option<()> {
        let mut body = Unpack(body);
        let longest = self.place.map(|(_, longest)| longest);
        if opens {
            let wanted = self.query.campaign.as_str().as_bytes();
            let (mut place, mut many) = (None, 0_usize);
            let head = body.keyframe(|id| {
                if id == wanted {
                    place = Some(many);
                }
                many = many.saturating_add(1);
            })?;
            let silent = longest.zip(self.last_at);
            let silent =
                silent.is_some_and(|(longest, last)| at.since(last) > longest.max(head.longest));
            if head.after_gap || silent || place.is_none() {
                self.gap();
            }
            self.place = place.map(|place| (place, head.longest));
        } else if let Some((longest, last)) = longest.zip(self.last_at)
            && at.since(last) > longest
        {
            self.gap();
        }
        let Some((place, _)) = self.place else {
            return Some(());
        };
        let point = body.point(place, self.point)?;
        self.point = Some(point);
        self.step(at, point);
        Some(())
    }

    fn step(&mut self, at: Timestamp, point: Point) {
        self.last_at = Some(at);
        self.series.known_until = Some(at);
        self.push(SeriesStep {
            at,
            point: Some(point),
        });
    }

    fn gap(&mut self) {
        if let Some(last) = self.last_at.take() {
            self.push(SeriesStep {
                at: last.plus(Duration::from_millis(1)),
                point: None,
            });
        }
    }

    fn break_off(&mut self) {
        self.gap();
        self.place = None;
        self.point = None;
    }

    /// Adds a step that differs. What lies before the time asked for is told as of then.
    fn push(&mut self, step: SeriesStep) {
        let steps = &mut self.series.steps;
        if steps.last().is_some_and(|last| last.point == step.point) {
            return;
        }
        let at = step.at.max(self.query.since);
        // Of what lies before the time asked for, only the last one counts.
        if steps.last().is_some_and(|last| last.at >= at) {
            steps.pop();
        }
        steps.push(SeriesStep { at, ..step });
    }
}

/// Encodes a frame.
fn pack(frame: &Frame) -> Vec<u8> {
    let mut body = Vec::with_capacity(frame.changes.len().saturating_mul(4));
    if let Some(Keyframe {
        campaigns,
        after_gap,
        longest,
    }) = &frame.keyframe
    {
        put(&mut body, FORM);
        put(
            &mut body,
            u64::try_from(longest.as_millis()).unwrap_or(u64::MAX),
        );
        put(&mut body, u64::from(*after_gap));
        put(&mut body, number(campaigns.len()));
        for id in campaigns.iter().map(CampaignId::as_str) {
            put(&mut body, number(id.len()));
            body.extend_from_slice(id.as_bytes());
        }
    }
    let mut next = 0_usize;
    for PointChange {
        place,
        point,
        same_thresholds,
    } in &frame.changes
    {
        put(&mut body, number(place.saturating_sub(next)));
        next = place.saturating_add(1);
        let states = PlotState::ALL.iter();
        let state = states.zip(0_u8..).find(|(state, _)| **state == point.state);
        let mut byte = state.map_or(0, |(_, number)| number);
        if point.available.is_some() {
            byte |= AVAILABLE;
        }
        byte |= match point.thresholds {
            Some(_) if *same_thresholds => SAME_THRESHOLDS,
            Some(_) => THRESHOLDS,
            None => 0,
        };
        body.push(byte);
        if let Some(available) = point.available {
            put(&mut body, available.into());
        }
        if let Some(lines) = point.thresholds.filter(|_| !same_thresholds) {
            put(&mut body, lines.pause_below.into());
            put(&mut body, lines.resume_at.into());
        }
    }
    body
}

fn number(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}

fn put(body: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        body.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    body.push(number.to_le_bytes()[0]);
}

/// What a keyframe says beside the campaigns and their points.
pub(super) struct KeyframeHead {
    /// When the next frame comes later than this, nothing is known of the time between.
    pub(super) longest: Duration,
    /// Nothing is known of the time just before it.
    pub(super) after_gap: bool,
}

/// The rest of a body. A reader that returns `None` has met its end or an encoding that is not ours.
pub(super) struct Unpack<'b>(pub(super) &'b [u8]);

impl<'b> Unpack<'b> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        // Nearly every number is a small one.
        if let Some((first, rest)) = self.0.split_first()
            && first & 0x80 == 0
        {
            self.0 = rest;
            return Some(u64::from(*first));
        }
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// Skips a number.
    fn skip(&mut self) -> Option<()> {
        let last = self.0.iter().position(|byte| byte & 0x80 == 0)?;
        self.0 = self.0.get(last.checked_add(1)?..)?;
        Some(())
    }

    fn count(&mut self) -> Option<usize> {
        self.number()?.try_into().ok()
    }

    fn agents(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    fn bytes(&mut self) -> Option<&'b [u8]> {
        let many = self.count()?;
        let (bytes, rest) = self.0.split_at_checked(many)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Reads what stands before the changes of a keyframe, and gives each campaign's id to `each`, in the order of the places.
    pub(super) fn keyframe(&mut self, mut each: impl FnMut(&[u8])) -> Option<KeyframeHead> {
        if self.number()? != FORM {
            return None;
        }
        let longest = Duration::from_millis(self.number()?);
        let after_gap = self.number()? != 0;
        for _ in 0..self.count()? {
            each(self.bytes()?);
        }
        Some(KeyframeHead { longest, after_gap })
    }

    /// Reads the next change behind `next`, the place after the one before; `before` knows the point that a place had.
    pub(super) fn change(
        &mut self,
        next: &mut usize,
        before: impl FnOnce(usize) -> Option<Point>,
    ) -> Option<(usize, Point)> {
        let place = next.checked_add(self.count()?)?;
        *next = place.checked_add(1)?;
        let byte = self.byte()?;
        Some((place, self.announced(byte, before(place))?))
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads what a change's byte announces.
    fn announced(&mut self, byte: u8, before: Option<Point>) -> Option<Point> {
        let available = if byte & AVAILABLE == 0 {
            None
        } else {
            Some(self.agents()?)
        };
        let thresholds = if byte & THRESHOLDS != 0 {
            Some(AgentThresholds {
                pause_below: self.agents()?,
                resume_at: self.agents()?,
            })
        } else if byte & SAME_THRESHOLDS != 0 {
            before.and_then(|before| before.thresholds)
        } else {
            None
        };
        let state = PlotState::ALL.get(usize::from(byte & STATE))?;
        Some(Point {
            available,
            thresholds,
            state: *state,
        })
    }

    /// Returns the point at this place; `before` if it did not change.
    fn point(&mut self, wanted: usize, before: Option<Point>) -> Option<Point> {
        let mut next = 0_usize;
        while !self.0.is_empty() {
            let place = next.checked_add(self.count()?)?;
            if place > wanted {
                return before;
            }
            next = place.checked_add(1)?;
            let byte = self.byte()?;
            if place < wanted {
                // Most of a frame is about others.
                if byte & AVAILABLE != 0 {
                    self.skip()?;
                }
                if byte & THRESHOLDS != 0 {
                    self.skip()?;
                    self.skip()?;
                }
                continue;
            }
            return self.announced(byte, before);
        }
        before
    }
}
