//! iCalendar files: what is read of them, and what is refused.

use jiff::civil::Date;

use crate::domain::calendar::Holiday;

use super::fault::Findings;
use super::fuzzing;
use super::icalendar::{Events, read};

fn file(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{events}END:VCALENDAR\r\n")
}

fn event(lines: &[&str]) -> String {
    let lines = lines.join("\r\n");
    file(&format!(
        "BEGIN:VEVENT\r\nUID:1\r\n{lines}\r\nEND:VEVENT\r\n"
    ))
}

fn events(text: &str) -> Events {
    let mut faults = Findings::default();
    let read = read(
        "h.ics",
        text,
        &"Europe/Berlin".parse().unwrap(),
        &mut faults,
    );
    assert!(faults.is_empty(), "{:?}", faults.into_faults());
    read.unwrap()
}

fn faults(text: &str) -> Vec<String> {
    let mut faults = Findings::default();
    let read = read(
        "h.ics",
        text,
        &"Europe/Berlin".parse().unwrap(),
        &mut faults,
    );
    assert!(read.is_none());
    faults
        .into_faults()
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn closes(events: &Events, day: &str) -> bool {
    let day: Date = day.parse().unwrap();
    events.holidays.iter().any(|holiday| holiday.closes(day))
}

#[test]
fn days_with_folds_escapes_and_an_end() {
    let found = events(&event(&[
        "DTSTART;VALUE=DATE:20261225",
        "DTEND;VALUE=DATE:20261227",
        "SUMMARY;LANGUAGE=en:Christmas\\, both",
        "  days",
    ]));
    assert!(closes(&found, "2026-12-25") && closes(&found, "2026-12-26"));
    assert!(!closes(&found, "2026-12-24") && !closes(&found, "2026-12-27"));
    let [Holiday::Days { name, .. }] = found.holidays.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(name.as_str(), "Christmas, both days");
    let one = events(&event(&["DTSTART;VALUE=DATE:20261003"]));
    assert!(closes(&one, "2026-10-03") && !closes(&one, "2026-10-04"));
    let lasting = events(&event(&["DTSTART;VALUE=DATE:20261003", "DURATION:P2D"]));
    assert!(closes(&lasting, "2026-10-04") && !closes(&lasting, "2026-10-05"));
}

#[test]
fn each_year_with_exceptions_and_an_end() {
    let found = events(&event(&[
        "DTSTART;VALUE=DATE:20201225",
        "RRULE:FREQ=YEARLY;UNTIL=20301231",
        "EXDATE;VALUE=DATE:20271225,20281225",
    ]));
    assert!(closes(&found, "2026-12-25") && closes(&found, "2030-12-25"));
    for open in ["2019-12-25", "2027-12-25", "2028-12-25", "2031-12-25"] {
        assert!(!closes(&found, open), "{open}");
    }
    // Midnight of the 25th in Berlin, and of UTC: either names the 25th.
    for until in ["20301224T230000Z", "20301225T000000Z", "20301225T000000"] {
        let rule = format!("RRULE:FREQ=YEARLY;UNTIL={until}");
        let found = events(&event(&["DTSTART;VALUE=DATE:20201225", &rule]));
        assert!(closes(&found, "2030-12-25"), "{until}");
        assert!(!closes(&found, "2031-12-25"), "{until}");
    }
    let thanksgiving = events(&event(&[
        "DTSTART;VALUE=DATE:20201126",
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=7",
    ]));
    assert!(closes(&thanksgiving, "2026-11-26") && !closes(&thanksgiving, "2027-11-25"));
}

#[test]
fn times_in_utc_in_a_zone_and_on_the_calendars_own_clock() {
    let span = |lines: &[&str]| {
        let found = events(&event(lines));
        let closure = found.closures.first().unwrap().clone();
        (closure.from.to_string(), closure.to.to_string())
    };
    let noon = |hour: u32| format!("2026-12-24T{hour:02}:00:00.000Z");
    assert_eq!(
        span(&["DTSTART:20261224T120000", "DTEND:20261224T180000"]),
        (noon(11), noon(17))
    );
    assert_eq!(
        span(&["DTSTART:20261224T120000Z", "DURATION:PT2H"]),
        (noon(12), noon(14))
    );
    assert_eq!(
        span(&["DTSTART:20261224T120000", "DURATION:P1DT2H30M"]),
        (noon(11), "2026-12-25T13:30:00.000Z".to_owned())
    );
    // 29 March 2026: 02:00 becomes 03:00, so that an hour from 01:30 on ends at 03:30 and not when the clock skips 02:30.
    assert_eq!(
        span(&["DTSTART:20260329T013000", "DURATION:PT1H"]),
        (
            "2026-03-29T00:30:00.000Z".to_owned(),
            "2026-03-29T01:30:00.000Z".to_owned()
        )
    );
    assert_eq!(
        span(&[
            "DTSTART;TZID=America/New_York:20261224T080000",
            "DTEND:20261224T180000Z"
        ]),
        (noon(13), noon(18))
    );
}

#[test]
fn what_is_cancelled_or_says_nothing_of_time_is_passed_over() {
    let cancelled = event(&["DTSTART;VALUE=DATE:20261225", "STATUS:CANCELLED"]);
    assert_eq!(events(&cancelled), Events::default());
    let text = file(
        "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
         BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\nTRANSP:OPAQUE\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n",
    );
    assert!(closes(&events(&text), "2026-12-25"));
}

#[test]
fn what_is_not_understood_is_refused_with_its_line() {
    const REFUSED: &[&[&str]] = &[
        &["SUMMARY:x"],
        &["DTSTART:20261225T120000"],
        &["DTSTART:20261225T120000", "DTEND:20261225T120000"],
        &["DTSTART:20261225T120000", "DTEND;VALUE=DATE:20261226"],
        &["DTSTART;VALUE=DATE:20261225", "DTEND:20261226T120000"],
        &["DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261225"],
        &["DTSTART;VALUE=DATE:20261225", "DURATION:PT1H"],
        &["DTSTART;VALUE=DATE:20260229"],
        &["DTSTART;VALUE=DATE:20261225", "RDATE;VALUE=DATE:20261226"],
        &[
            "DTSTART;VALUE=DATE:20261225",
            "RECURRENCE-ID;VALUE=DATE:20261225",
        ],
        &["DTSTART;VALUE=DATE:20261225", "DTSTART;VALUE=DATE:20261226"],
        &["DTSTART;VALUE=DATE:20261225", "EXDATE;VALUE=DATE:20261225"],
        &[
            "DTSTART;VALUE=DATE:20261225",
            "RRULE:FREQ=YEARLY;BYDAY=5TH;BYMONTH=11",
        ],
        &[
            "DTSTART;VALUE=DATE:20261225",
            "RRULE:FREQ=YEARLY;BYMONTH=11",
        ],
        &[
            "DTSTART;VALUE=DATE:20261225",
            "RRULE:FREQ=YEARLY;UNTIL=20251225",
        ],
        // A day of each month.
        &[
            "DTSTART;VALUE=DATE:20261225",
            "RRULE:FREQ=YEARLY;BYMONTHDAY=25",
        ],
        &["DTSTART:20261225T120000", "DURATION:P"],
        &["DTSTART:20261225T120000", "DURATION:PT"],
        &["DTSTART:20261225T120000", "DURATION:P1H"],
        &[
            "DTSTART:20261225T120000",
            "DURATION:PT99999999999999999999S",
        ],
        &["DTSTART:20261225T120000", "DURATION:P1Dx"],
        &[
            "DTSTART:20261225T120000",
            "DURATION:PT1H",
            "RRULE:FREQ=YEARLY",
        ],
    ];
    let line = |lines: &[&str]| faults(&event(lines));
    assert_eq!(
        line(&["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=MONTHLY"]),
        [
            "h.ics:7: calendar.holidays_file: the rule's `FREQ=MONTHLY` is not understood; use FREQ=YEARLY with a day of a month or the nth weekday of one, or write an event for each year"
        ]
    );
    assert_eq!(
        line(&[
            "DTSTART;TZID=W. Europe Standard Time:20261224T080000",
            "DURATION:PT1H"
        ]),
        [
            "h.ics:6: calendar.holidays_file: the zone `W. Europe Standard Time` is not an IANA time zone; name zones as IANA does, such as Europe/Berlin, or give times in UTC"
        ]
    );
    for refused in REFUSED {
        assert_eq!(line(refused).len(), 1, "{refused:?}");
    }
    for text in ["", "no calendar", "BEGIN:VCALENDAR\n", "END:VCALENDAR\n"] {
        assert!(!faults(text).is_empty(), "{text:?}");
    }
    let todo = file("BEGIN:VTODO\r\nEND:VTODO\r\n");
    assert_eq!(
        faults(&todo),
        ["h.ics:4: calendar.holidays_file: `VTODO` is not understood here; export events alone"]
    );
}

proptest::proptest! {
    /// Whatever a file holds, it is read and closes, or is refused with a reason.
    #[test]
    fn no_file_is_too_strange(lines in proptest::collection::vec(line(), 0..12)) {
        fuzzing::icalendar(&lines.join("\n"));
    }
}

fn line() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let name = prop::sample::select(vec![
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "END:VEVENT",
        "END:VCALENDAR",
        "DTSTART:",
        "DTEND;VALUE=DATE:",
        "DTSTART;TZID=Europe/Berlin:",
        "DURATION:",
        "RRULE:FREQ=YEARLY;",
        "EXDATE:",
        "SUMMARY:",
        " ",
    ]);
    (name, "[0-9PTDHZa-zäBYMONTH=;,+-]{0,20}").prop_map(|(name, rest)| {
        let bare = !name.ends_with([':', ';', ' ']);
        if bare {
            name.to_owned()
        } else {
            format!("{name}{rest}")
        }
    })
}
