//! What plots are drawn from, on disk: one row a frame, in a packed form.
//!
//! A frame holds a few bytes for each campaign whose point changed, so that a poll of ten thousand campaigns is one row of
//! some tens of kilobytes, and a poll in which nothing changed is one of none. Reading a campaign's day walks the frames
//! from the opening before it. Frames are kept for a day and the hour of an opening, and up to a number of bytes; each new
//! one takes the place of the oldest.
//!
//! *The form.* Numbers are LEB128. An opening begins with the form's version, the longest carrying in milliseconds, whether
//! a gap lies before it, the number of campaigns, and their ids with lengths. The changes follow, in an opening as in any
//! other frame: places left out since the one before, a byte with the state and what follows, and what it announces.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::control::series::{Change, Frame, Opening, PlotState, Point, Series, SeriesQuery, Step};
use crate::domain::{CampaignId, Lines, Timestamp};

/// The version of the form.
const FORM: u64 = 1;

/// A day, and the hour by which an opening may lie before it.
const KEPT: Duration = Duration::from_secs(25 * 3600);

/// The frames of a day of ten thousand campaigns at the default poll interval take a third of this.
pub(super) const MOST_BYTES: u64 = 256 << 20;

/// Old frames that go with each new one: a shorter memory is reached step by step, and no commit takes long.
const GO_AT_ONCE: usize = 4;

/// What a row takes beside its body.
const ROW_BYTES: u64 = 16;

/// The state's number.
const STATE: u8 = 0b0000_0111;
/// A number of available agents follows.
const AVAILABLE: u8 = 0b0000_1000;
/// Both lines follow.
const LINES: u8 = 0b0001_0000;
/// The lines are those before.
const SAME_LINES: u8 = 0b0010_0000;

/// Adds a frame and lets old ones go. `kept` is what the last call gave; gives how many bytes are kept now.
pub(super) fn append(
    transaction: &Transaction<'_>,
    frame: &Frame,
    kept: Option<u64>,
    most: u64,
) -> rusqlite::Result<u64> {
    let mut kept = match kept {
        Some(kept) => kept,
        None => count(transaction)?,
    };
    let body = pack(frame);
    transaction
        .prepare_cached("INSERT INTO series (at_ms, opening, body) VALUES (?1, ?2, ?3)")?
        .execute(params![
            frame.at.as_unix_millis(),
            frame.opening.is_some(),
            body
        ])?;
    kept = kept.saturating_add(size(body.len()));
    let oldest = frame.at.minus(KEPT).as_unix_millis();
    let mut first = transaction
        .prepare_cached("SELECT seq, at_ms, length(body) FROM series ORDER BY seq LIMIT 1")?;
    let mut delete = transaction.prepare_cached("DELETE FROM series WHERE seq = ?1")?;
    for _ in 0..GO_AT_ONCE {
        let row = |row: &rusqlite::Row<'_>| {
            let bytes: i64 = row.get(2)?;
            let bytes = usize::try_from(bytes).unwrap_or_default();
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, bytes))
        };
        let Some((seq, at, bytes)) = first.query_row([], row).optional()? else {
            break;
        };
        if at >= oldest && kept <= most {
            break;
        }
        delete.execute([seq])?;
        kept = kept.saturating_sub(size(bytes));
    }
    Ok(kept)
}

fn size(body: usize) -> u64 {
    u64::try_from(body)
        .unwrap_or(u64::MAX)
        .saturating_add(ROW_BYTES)
}

fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let (rows, bytes): (i64, i64) = connection.query_row(
        "SELECT count(*), coalesce(sum(length(body)), 0) FROM series",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let number = |n: i64| u64::try_from(n).unwrap_or_default();
    Ok(number(bytes).saturating_add(number(rows).saturating_mul(ROW_BYTES)))
}

/// The steps of one campaign.
pub(super) fn read(connection: &Connection, query: &SeriesQuery) -> rusqlite::Result<Series> {
    let since = query.since.as_unix_millis();
    let opening: Option<i64> = connection
        .query_row(
            "SELECT seq FROM series WHERE opening = 1 AND at_ms <= ?1 ORDER BY at_ms DESC LIMIT 1",
            [since],
            |row| row.get(0),
        )
        .optional()?;
    let mut select = connection
        .prepare("SELECT at_ms, opening, body FROM series WHERE seq >= ?1 ORDER BY seq")?;
    let mut rows = select.query([opening.unwrap_or_default()])?;
    let mut reader = Reader::new(query);
    while let Some(row) = rows.next()? {
        let at = Timestamp::from_unix_millis(row.get(0)?);
        let body = row.get_ref(2)?.as_blob()?;
        // A frame that cannot be read is a gap; the next opening ends it.
        if reader.frame(at, row.get(1)?, body).is_none() {
            reader.break_off();
        }
    }
    Ok(reader.series)
}

/// Walks frames for one campaign.
struct Reader<'q> {
    query: &'q SeriesQuery,
    /// The campaign's place since the last opening, and the longest carrying.
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
            let opening = body.opening(self.query.campaign.as_str())?;
            let silent = longest.zip(self.last_at);
            let silent =
                silent.is_some_and(|(longest, last)| at.since(last) > longest.max(opening.longest));
            if opening.after_gap || silent || opening.place.is_none() {
                self.gap();
            }
            self.place = opening.place.map(|place| (place, opening.longest));
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
        self.push(Step {
            at,
            point: Some(point),
        });
    }

    fn gap(&mut self) {
        if let Some(last) = self.last_at.take() {
            self.push(Step {
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
    fn push(&mut self, step: Step) {
        let steps = &mut self.series.steps;
        if steps.last().is_some_and(|last| last.point == step.point) {
            return;
        }
        let at = step.at.max(self.query.since);
        // Of what lies before the time asked for, only the last one counts.
        if steps.last().is_some_and(|last| last.at >= at) {
            steps.pop();
        }
        steps.push(Step { at, ..step });
    }
}

/// Packs a frame.
fn pack(frame: &Frame) -> Vec<u8> {
    let mut body = Vec::with_capacity(frame.changes.len().saturating_mul(4));
    if let Some(Opening {
        campaigns,
        after_gap,
        longest,
    }) = &frame.opening
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
    for Change {
        place,
        point,
        same_lines,
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
        byte |= match point.lines {
            Some(_) if *same_lines => SAME_LINES,
            Some(_) => LINES,
            None => 0,
        };
        body.push(byte);
        if let Some(available) = point.available {
            put(&mut body, available.into());
        }
        if let Some(lines) = point.lines.filter(|_| !same_lines) {
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

/// What an opening says of one campaign.
struct Opened {
    place: Option<usize>,
    longest: Duration,
    after_gap: bool,
}

/// What is left of a body. Whatever gives nothing has met its end, or what is no form of ours.
struct Unpack<'b>(&'b [u8]);

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

    /// Passes over a number.
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

    fn opening(&mut self, campaign: &str) -> Option<Opened> {
        if self.number()? != FORM {
            return None;
        }
        let longest = Duration::from_millis(self.number()?);
        let after_gap = self.number()? != 0;
        let mut place = None;
        for at in 0..self.count()? {
            if self.bytes()? == campaign.as_bytes() {
                place = Some(at);
            }
        }
        Some(Opened {
            place,
            longest,
            after_gap,
        })
    }

    /// The point at this place; that `before` if it did not change.
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
                if byte & LINES != 0 {
                    self.skip()?;
                    self.skip()?;
                }
                continue;
            }
            let available = if byte & AVAILABLE == 0 {
                None
            } else {
                Some(self.agents()?)
            };
            let lines = if byte & LINES != 0 {
                Some(Lines {
                    pause_below: self.agents()?,
                    resume_at: self.agents()?,
                })
            } else if byte & SAME_LINES != 0 {
                before.and_then(|before| before.lines)
            } else {
                None
            };
            let state = PlotState::ALL.get(usize::from(byte & STATE))?;
            return Some(Point {
                available,
                lines,
                state: *state,
            });
        }
        before
    }
}
