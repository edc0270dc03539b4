//! A recorded trace of a contact centre: how many agents were staffed and how many available, and when.
//!
//! The text form is CSV with the header `timestamp,staffed,available`, one row per change, times in
//! RFC 3339 with an offset, in time order (of rows with the same time the last counts). Times are kept to the
//! millisecond, as they are printed.

use std::collections::BTreeSet;
use std::fmt;

use csv::StringRecord;
use jiff::Timestamp;
use jiff::civil::Date;

use super::time::SimTime;

/// A centre with more agents than this is a slip of the keyboard, and would take all the memory there is.
const MOST_STAFFED: u32 = 100_000;

const HEADER: &str = "timestamp,staffed,available";

/// More than these are counted and not listed: a wrong file has a fault in each of its rows.
const LISTED_FAULTS: usize = 20;

/// A trace of at least one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    first: TraceRow,
    rows: Vec<TraceRow>,
}

/// From `at` on, `available` of the `staffed` agents were available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// The moment.
    pub at: SimTime,
    /// The local date, as the row is written with its offset.
    pub day: Date,
    /// Agents signed in.
    pub staffed: u32,
    /// Agents free to take a contact.
    pub available: u32,
}

/// Everything that is wrong with a trace's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceFaults {
    name: String,
    listed: Vec<String>,
    more: usize,
}

/// A day that a trace cannot be cut to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DayError {
    /// Not a date at all.
    #[error("{0:?} is not a date, expected YYYY-MM-DD")]
    NotADate(String),
    /// No row of the trace is on that day.
    #[error("the trace has no rows on {day}, its days are {first} to {last}")]
    NoRows {
        /// The day asked for.
        day: Date,
        /// The first day there is.
        first: Date,
        /// The last day there is.
        last: Date,
    },
}

impl Trace {
    /// Reads the CSV text; `name` is used in the message of the faults.
    ///
    /// # Errors
    /// All faults of the text, each with its line number.
    pub fn parse(text: &str, name: &str) -> Result<Self, TraceFaults> {
        let mut faults = TraceFaults {
            name: name.to_owned(),
            listed: Vec::new(),
            more: 0,
        };
        let mut rows: Vec<TraceRow> = Vec::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        // The text is UTF-8 and rows may be of any length: there is nothing that the reader refuses.
        let records = reader.records().map_while(Result::ok);
        let mut records = records.filter(|record| record.iter().any(|field| !field.is_empty()));
        match records.next() {
            None => faults.add(
                1,
                &format!("the file is empty, expected the header {HEADER}"),
            ),
            Some(header) => {
                if let Some(wrong) = header_fault(&header) {
                    faults.add(first_line(text, &header), &wrong);
                }
            }
        }
        for record in records {
            let number = first_line(text, &record);
            match parse_row(&record) {
                Err(wrong) => faults.add(number, &wrong),
                Ok(row) => match rows.last_mut() {
                    Some(last) if row.at < last.at => {
                        let wrong = format!(
                            "{} is before {} above it, expected time order",
                            row.at, last.at
                        );
                        faults.add(number, &wrong);
                    }
                    Some(last) if row.at == last.at => *last = row,
                    Some(_) | None => rows.push(row),
                },
            }
        }
        if rows.is_empty() && faults.listed.is_empty() {
            faults.add(1, "no rows under the header, expected at least one");
        }
        match Self::from_rows(rows) {
            Some(trace) if faults.listed.is_empty() => Ok(trace),
            Some(_) | None => Err(faults),
        }
    }

    /// The rows whose local date is `date` (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// When it is not a date, or no row is on it.
    pub fn day(&self, date: &str) -> Result<Self, DayError> {
        let day = parse_date(date).ok_or_else(|| DayError::NotADate(date.to_owned()))?;
        let rows = self
            .rows
            .iter()
            .filter(|row| row.day == day)
            .copied()
            .collect();
        Self::from_rows(rows).ok_or_else(|| {
            let days = self.rows.iter().map(|row| row.day);
            let first = days.clone().min().unwrap_or(self.first.day);
            DayError::NoRows {
                day,
                first,
                last: days.max().unwrap_or(self.first.day),
            }
        })
    }

    /// The days that have rows, in order, as `YYYY-MM-DD`.
    #[must_use]
    pub fn days(&self) -> Vec<String> {
        let days: BTreeSet<Date> = self.rows.iter().map(|row| row.day).collect();
        days.iter().map(Date::to_string).collect()
    }

    /// When the first row is.
    #[must_use]
    pub fn start(&self) -> SimTime {
        self.first.at
    }

    /// When the last row is.
    #[must_use]
    pub fn end(&self) -> SimTime {
        self.rows.last().map_or(self.first.at, |row| row.at)
    }

    /// All rows in time order.
    #[must_use]
    pub fn rows(&self) -> &[TraceRow] {
        &self.rows
    }

    /// `(staffed, available)` in force at `time`; nobody before the first row.
    #[must_use]
    pub fn counts_at(&self, time: SimTime) -> (u32, u32) {
        let begun = self.rows.partition_point(|row| row.at <= time);
        let row = begun.checked_sub(1).and_then(|index| self.rows.get(index));
        row.map_or((0, 0), |row| (row.staffed, row.available))
    }

    fn from_rows(rows: Vec<TraceRow>) -> Option<Self> {
        rows.first().copied().map(|first| Self { first, rows })
    }
}

/// What is wrong with the header, if anything.
fn header_fault(header: &StringRecord) -> Option<String> {
    let names: Vec<&str> = header.iter().collect();
    if names == HEADER.split(',').collect::<Vec<_>>() {
        return None;
    }
    let separated = |sign: &str| names == [HEADER.replace(',', sign)];
    let other = [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")];
    let other = other.into_iter().find(|(sign, _)| separated(sign));
    Some(match other {
        Some((_, called)) => format!("fields are separated by {called}, expected commas: {HEADER}"),
        None => format!("the header is {:?}, expected {HEADER}", names.join(",")),
    })
}

/// The line on which a record begins, from 1. The reader counts the empty lines that it skipped before it to the record.
fn first_line(text: &str, record: &StringRecord) -> usize {
    let Some(position) = record.position() else {
        return 1;
    };
    let byte = usize::try_from(position.byte()).unwrap_or_default();
    let line = usize::try_from(position.line()).unwrap_or_default();
    let skipped = text.get(byte..).unwrap_or_default().lines();
    line + skipped.take_while(|line| line.is_empty()).count()
}

fn parse_row(record: &StringRecord) -> Result<TraceRow, String> {
    let fields: Vec<&str> = record.iter().collect();
    let [timestamp, staffed, available] = fields.as_slice() else {
        return Err(format!("{} fields, expected 3 ({HEADER})", fields.len()));
    };
    let (at, day) = parse_timestamp(timestamp)
        .ok_or_else(|| format!("timestamp {timestamp:?}, expected RFC 3339 with an offset"))?;
    if at < SimTime::from_unix_millis(0) {
        return Err(format!("timestamp {timestamp:?}, expected 1970 or later"));
    }
    let count = |name: &str, text: &str| {
        text.parse::<u32>()
            .map_err(|_| format!("{name} {text:?}, expected a whole number from 0 up"))
    };
    let (staffed, available) = (count("staffed", staffed)?, count("available", available)?);
    if staffed > MOST_STAFFED {
        return Err(format!(
            "staffed {staffed}, expected at most {MOST_STAFFED}"
        ));
    }
    if available > staffed {
        return Err(format!(
            "available {available} is more than staffed {staffed}, expected at most as many"
        ));
    }
    Ok(TraceRow {
        at,
        day,
        staffed,
        available,
    })
}

fn parse_timestamp(text: &str) -> Option<(SimTime, Date)> {
    // The parser takes more than RFC 3339 (a blank for the T, zone names in brackets, short offsets).
    let has_t = text.get(10..11) == Some("T");
    let offset = text
        .get(19..)?
        .trim_start_matches(|part: char| part == '.' || part.is_ascii_digit());
    let has_offset = offset == "Z" || (offset.len() == 6 && offset.get(3..4) == Some(":"));
    let at: Timestamp = text.parse().ok()?;
    let at = SimTime::from_unix_millis(at.as_millisecond());
    (has_t && has_offset).then_some((at, parse_date(text.get(..10)?)?))
}

fn parse_date(text: &str) -> Option<Date> {
    // The parser would take a longer text and ignore its time of day.
    if text.len() == 10 {
        text.parse().ok()
    } else {
        None
    }
}

impl TraceFaults {
    /// How many faults there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.listed.len() + self.more
    }

    fn add(&mut self, line: usize, wrong: &str) {
        if self.listed.len() < LISTED_FAULTS {
            self.listed.push(format!("line {line}: {wrong}"));
        } else {
            self.more += 1;
        }
    }
}

impl fmt::Display for TraceFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is not a trace", self.name)?;
        for fault in &self.listed {
            write!(formatter, "\n  {fault}")?;
        }
        if self.more > 0 {
            let rows = if self.more == 1 { "row" } else { "rows" };
            write!(formatter, "\n  and {} more {rows}", grouped(self.more))?;
        }
        Ok(())
    }
}

impl std::error::Error for TraceFaults {}

/// A number with its thousands set apart.
fn grouped(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const TWO_DAYS: &str = "timestamp,staffed,available\r\n\
        1999-01-03T23:50:00+02:00,3,1\r\n\
        1999-01-04T00:10:00+02:00,3,2\r\n\
        1999-01-04T00:10:00+02:00,4,4\r\n\
        1999-01-04T07:00:00+02:00,0,0\r\n";

    fn faults(rows: &str) -> String {
        Trace::parse(&format!("{HEADER}\n{rows}"), "t.csv")
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn reads_rows_and_the_last_of_equal_times_wins() {
        let trace = Trace::parse(TWO_DAYS, "t.csv").unwrap();
        assert_eq!(trace.rows().len(), 3);
        assert_eq!(trace.start().rfc3339(), "1999-01-03T21:50:00.000Z");
        assert_eq!(trace.end().rfc3339(), "1999-01-04T05:00:00.000Z");
        assert_eq!(trace.days(), ["1999-01-03", "1999-01-04"]);
        let minute = Duration::from_secs(60);
        assert_eq!(trace.counts_at(SimTime::from_unix_millis(0)), (0, 0));
        assert_eq!(trace.counts_at(trace.start().plus(minute * 19)), (3, 1));
        assert_eq!(trace.counts_at(trace.start().plus(minute * 20)), (4, 4));
        assert_eq!(trace.counts_at(trace.end().plus(minute)), (0, 0));
    }

    #[test]
    fn times_are_kept_to_the_millisecond() {
        let text = "2023-05-15T08:00:00.2505-04:00,12,9\n2023-05-15T08:00:00.2509-04:00,12,7\n";
        let trace = Trace::parse(&format!("{HEADER}\n{text}"), "t.csv").unwrap();
        assert_eq!(trace.start().rfc3339(), "2023-05-15T12:00:00.250Z");
        assert_eq!(trace.start().as_unix_micros() % 1_000, 0);
        assert_eq!(trace.rows().len(), 1, "of the same time");
        assert_eq!(trace.counts_at(trace.start()), (12, 7));
    }

    #[test]
    fn times_before_the_clocks_begin_are_refused() {
        let text = faults("0000-01-01T00:00:00+05:00,1,0\n1969-12-31T23:59:59.999Z,1,0\n");
        let expected = "t.csv is not a trace
  line 2: timestamp \"0000-01-01T00:00:00+05:00\", expected 1970 or later
  line 3: timestamp \"1969-12-31T23:59:59.999Z\", expected 1970 or later";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_day_is_the_local_one() {
        let trace = Trace::parse(TWO_DAYS, "t.csv").unwrap();
        assert_eq!(
            trace.day("1999-01-04").unwrap().start().rfc3339(),
            "1999-01-03T22:10:00.000Z"
        );
        let none = trace.day("1999-01-05").unwrap_err().to_string();
        assert_eq!(
            none,
            "the trace has no rows on 1999-01-05, its days are 1999-01-03 to 1999-01-04"
        );
        for wrong in ["05.01.1999", "", "1999-01-03T00:00:00"] {
            assert_eq!(trace.day(wrong), Err(DayError::NotADate(wrong.to_owned())));
        }
    }

    #[test]
    fn lists_every_fault_with_its_line() {
        let text = faults(
            "1999-01-03T06:54:50,1,0\n1999-01-03T06:54:50Z,1,2\n\n1999-01-03T06:54:50Z,-1,0\n\
             1999-01-03T06:54:50Z,1\n1999-01-03T06:54:50Z,1,0\n1999-01-03T06:54:49Z,1,0\n\
             1999-01-03 06:54:50Z,1,0\n1999-13-03T06:54:50Z,1,x\n",
        );
        let expected = "t.csv is not a trace
  line 2: timestamp \"1999-01-03T06:54:50\", expected RFC 3339 with an offset
  line 3: available 2 is more than staffed 1, expected at most as many
  line 5: staffed \"-1\", expected a whole number from 0 up
  line 6: 2 fields, expected 3 (timestamp,staffed,available)
  line 8: 1999-01-03T06:54:49.000Z is before 1999-01-03T06:54:50.000Z above it, expected time order
  line 9: timestamp \"1999-01-03 06:54:50Z\", expected RFC 3339 with an offset
  line 10: timestamp \"1999-13-03T06:54:50Z\", expected RFC 3339 with an offset";
        assert_eq!(text, expected);
    }

    #[test]
    fn lists_twenty_faults_and_counts_the_rest() {
        let text = faults(&"x\n".repeat(25));
        assert!(text.ends_with(
            "line 21: 1 fields, expected 3 (timestamp,staffed,available)\n  and 5 more rows"
        ));
        let many = faults(&"x\n".repeat(3_000));
        assert!(many.ends_with("and 2,980 more rows"), "{many}");
        assert_eq!(
            Trace::parse(&"x\n".repeat(25), "t").unwrap_err().count(),
            25
        );
    }

    #[test]
    fn quoted_fields_and_other_separators_are_understood() {
        let text = "\u{feff}\"timestamp\",\"staffed\", available\r\n\r\n\"1999-01-03T23:50:00+02:00\",\"3\",\"1\"\r\n\
            \"x\ny\",3,1\n1999-01-03T23:50:00+02:00,3,x\n";
        let told = Trace::parse(text, "t.csv").unwrap_err().to_string();
        let expected = "t.csv is not a trace\n  line 4: timestamp \"x\\ny\", expected RFC 3339 with an offset\n  \
            line 6: available \"x\", expected a whole number from 0 up";
        assert_eq!(told, expected);
        for (sign, called) in [(";", "semicolons"), ("\t", "tabs")] {
            let text = format!("{HEADER}\n1999-01-03T23:50:00+02:00,3,1\n").replace(',', sign);
            let told = Trace::parse(&text, "t.csv").unwrap_err().to_string();
            assert!(
                told.contains(&format!(
                    "line 1: fields are separated by {called}, expected commas"
                )),
                "{told}"
            );
        }
    }

    #[test]
    fn refuses_nothing_and_a_wrong_header() {
        let empty = Trace::parse("", "t.csv").unwrap_err().to_string();
        assert_eq!(
            empty,
            "t.csv is not a trace\n  line 1: the file is empty, expected the header timestamp,staffed,available"
        );
        assert!(faults("").contains("no rows under the header"));
        let other = Trace::parse("time,n\n1999-01-03T06:54:50Z,1,0\n", "t.csv").unwrap_err();
        assert!(
            other
                .to_string()
                .contains("line 1: the header is \"time,n\", expected timestamp,staffed,available")
        );
    }
}
