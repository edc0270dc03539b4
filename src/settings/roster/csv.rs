//! The roster as CSV: one row an agent.
//!
//! ```text
//! id,skills,start,end,zone,concurrency,recent
//! ana,sales;preview-qualified,09:00,17:00,America/New_York,2,
//! ben,sales,22:00,06:00,Europe/Berlin,1,3.5
//! ```
//!
//! Skills are separated by semicolons. `recent` may be left out, as a column or in a row: the rate is then measured. Fields
//! may be put in double quotes, and then hold line ends. Rows that are empty or begin with `#` are skipped.

use std::collections::BTreeSet;
use std::sync::Arc;

use csv::{ReaderBuilder, StringRecord};

use crate::settings::fault::{Origin, Problem};
use crate::settings::row::Kind;
use crate::settings::table_keys::{TableKey, agent, key_named};

use super::folded::FoldedFaults;
use super::row::{Row, Rows, needed};

const REMEDY: &str = "begin with id,skills,start,end,zone,concurrency and, if wanted, recent";

/// What others put between fields, and what it is called.
const OTHER_SEPARATORS: [(char, &str); 3] = [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")];

/// The rows of a file; none when its header is wrong.
pub(super) fn rows(path: &str, text: &str, faults: &mut FoldedFaults<'_>) -> Option<Rows> {
    let path: Arc<str> = Arc::from(path);
    let at = |line: usize| Origin::File {
        path: Arc::clone(&path),
        line: Some(line),
    };
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) if is_passed_over(&record) => {}
            Ok(record) => records.push((first_line(text, &record), record)),
            Err(wrong) => {
                let problem = Problem::new(format!("is not CSV: {wrong}"), "write it anew");
                faults.push(&at(1), "roster", problem);
                return None;
            }
        }
    }
    let mut records = records.into_iter();
    let Some((number, header)) = records.next() else {
        faults.push(&at(1), "roster", Problem::new("names no agent", REMEDY));
        return None;
    };
    let names: Vec<&str> = header.iter().map(str::trim).collect();
    let wrong = header_faults(&names);
    if !wrong.is_empty() {
        for wrong in wrong {
            faults.push(&at(number), "roster", wrong);
        }
        return None;
    }
    let members: Vec<&'static TableKey> = names
        .iter()
        .filter_map(|name| key_named(agent::ALL, name))
        .collect();
    let mut rows = Rows {
        agents: Vec::new(),
        whole: true,
        begin: at(number),
    };
    for (number, record) in records {
        let origin = at(number);
        if record.len() != names.len() {
            faults.push(&origin, "roster", uneven(&record, names.len()));
            rows.whole = false;
            continue;
        }
        rows.agents.push(row(&members, &record, &origin));
    }
    Some(rows)
}

fn row(members: &[&'static TableKey], record: &StringRecord, origin: &Origin) -> Row {
    let mut row = Row::empty(origin.clone());
    for (member, field) in members.iter().copied().zip(record) {
        let field = field.trim();
        if member.kind == Kind::Number && field.is_empty() {
            continue;
        }
        let texts: Vec<String> = if member.kind == Kind::Texts {
            field.split(';').map(|one| one.trim().to_owned()).collect()
        } else {
            vec![field.to_owned()]
        };
        row.add(member, texts, origin.clone());
    }
    row
}

/// What is wrong with the names of columns.
fn header_faults(names: &[&str]) -> Vec<Problem> {
    if let [whole] = names {
        let known = |separator: char| {
            let names = whole.split(separator);
            names
                .filter(|name| key_named(agent::ALL, name.trim()).is_some())
                .count()
        };
        let other = OTHER_SEPARATORS.iter().find(|(sign, _)| known(*sign) > 1);
        if let Some((_, called)) = other {
            let problem = Problem::new(
                format!("is separated by {called}"),
                "separate columns by commas, as in id,skills,start,end,zone,concurrency, and the skills of one agent by semicolons",
            );
            return vec![problem];
        }
    }
    let missing = agent::ALL.iter().filter(|member| needed(member));
    let missing = missing.filter(|member| !names.contains(&member.name));
    let strange = names
        .iter()
        .filter(|name| key_named(agent::ALL, name).is_none());
    let mut wrong: Vec<String> = missing
        .map(|member| format!("column `{}` is missing", member.name))
        .collect();
    wrong.extend(strange.map(|name| format!("column `{}` is not known", name.escape_debug())));
    if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
        wrong.push("a column is named twice".to_owned());
    }
    let wrong = wrong.into_iter();
    wrong.map(|wrong| Problem::new(wrong, REMEDY)).collect()
}

/// A row with more or fewer fields than there are columns.
fn uneven(record: &StringRecord, columns: usize) -> Problem {
    let fields = record.len();
    let several_lines = record.iter().any(|field| field.contains('\n'));
    let remedy = if several_lines {
        "close the quotation mark, and give one field for each column"
    } else {
        "give one for each column"
    };
    Problem::new(format!("has {fields} fields, not {columns}"), remedy)
}

/// Whether a row says nothing: blanks alone, or a comment behind blanks.
fn is_passed_over(record: &StringRecord) -> bool {
    let first = record.get(0).unwrap_or_default().trim_start();
    first.starts_with('#') || (record.len() == 1 && first.is_empty())
}

/// The line on which a record begins, from 1. The reader counts the lines that it skipped before it to the record.
fn first_line(text: &str, record: &StringRecord) -> usize {
    let Some(position) = record.position() else {
        return 1;
    };
    let byte = usize::try_from(position.byte()).unwrap_or_default();
    let line = usize::try_from(position.line()).unwrap_or_default();
    let skipped = text.get(byte..).unwrap_or_default().lines();
    let skipped = skipped.take_while(|line| line.is_empty() || line.starts_with('#'));
    line.saturating_add(skipped.count())
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use crate::settings::fault::Findings;

    fn faults(text: &str) -> Vec<String> {
        let mut faults = Findings::default();
        let read = read("agents.csv", text, &mut faults);
        let faults = faults.into_faults();
        assert_eq!(read.is_none(), !faults.is_empty());
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn reads_agents_and_given_rates() {
        let text = "\u{feff}id,skills,start,end,zone,concurrency,recent\n# night\nana, sales;preview ,22:00,06:00,Europe/Berlin,2,\n\n\"ben\",\"sales\",09:00,17:00,UTC,1,3.5\n";
        let mut faults = Findings::default();
        let (roster, given) = read("agents.csv", text, &mut faults).unwrap();
        assert!(faults.is_empty());
        assert_eq!((roster.agents().len(), roster.places()), (2, 3));
        assert_eq!(given.len(), 1);
        let kind = roster.kind(&roster.agents()[0]).unwrap();
        assert_eq!(kind.window.to_string(), "22:00-06:00 Europe/Berlin");
        assert_eq!(kind.skills.len(), 2);
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = "id,skills,start,end,zone,concurrency\n\
            ana,,9:00,25:00,Mars/Olympus,3\n\
            b\u{7}b,sales,09:00,17:00,UTC,x\n\
            cid,sales,09:00\n\
            dan,sales,09:00,17:00,UTC,1\n\
            dan,sales,09:00,17:00,UTC,1\n";
        let found = faults(text);
        let places: Vec<&str> = found
            .iter()
            .map(|fault| fault.split(": ").next().unwrap())
            .collect();
        assert_eq!(
            places,
            [
                "agents.csv:2",
                "agents.csv:2",
                "agents.csv:2",
                "agents.csv:2",
                "agents.csv:2",
                "agents.csv:3",
                "agents.csv:3",
                "agents.csv:4",
                "agents.csv:6"
            ],
            "{found:#?}"
        );
    }

    #[test]
    fn ids_and_skills_may_have_blanks_and_any_letters() {
        let text =
            "id,skills,start,end,zone,concurrency\nÄnne Süd 東,VIP Kunden;é,09:00,17:00,UTC,1\n";
        let mut faults = Findings::default();
        let (roster, _) = read("agents.csv", text, &mut faults).unwrap();
        assert_eq!(roster.agents()[0].id.as_str(), "Änne Süd 東");
        let kind = roster.kind(&roster.agents()[0]).unwrap();
        let skills: Vec<String> = kind.skills.iter().map(ToString::to_string).collect();
        assert_eq!(skills, ["VIP Kunden", "é"]);
    }

    #[test]
    fn a_wrong_header_is_told_and_ends_it() {
        let found = faults("id,skill,start,end,zone,concurrency,id\na,b,c,d,e,f,g\n");
        assert_eq!(found.len(), 3, "{found:#?}");
        assert_eq!(faults("").len(), 1);
        assert_eq!(faults("id,skills,start,end,zone,concurrency\n").len(), 1);
    }

    #[test]
    fn a_negative_rate_is_refused() {
        let text = "id,skills,start,end,zone,concurrency,recent\na,s,09:00,17:00,UTC,1,-2\n";
        assert!(faults(text)[0].contains("roster.recent: `-2` is negative"));
    }

    #[test]
    fn quoted_fields_hold_line_ends_commas_and_quotes_and_lines_are_still_counted() {
        let text = "id,skills,start,end,zone,concurrency\r\n\r\n# a comment\r\n\
            \"ana\"\"the\"\"first\",\"sales;\r\nservice\",09:00,17:00,UTC,1\r\n\
            \"ben\",\"a,b\",09:00,17:00,UTC,1\r\n   \r\n  # another\r\n\
            cid,sales,09:00,25:00,UTC,1\r\n";
        let found = faults(text);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].starts_with("agents.csv:9: roster.end"),
            "{found:#?}"
        );
        let good = text.replace("25:00", "17:00");
        let mut faults = Findings::default();
        let (roster, _) = read("agents.csv", &good, &mut faults).unwrap();
        let of = |place: usize| {
            let agent = &roster.agents()[place];
            let skills = roster.kind(agent).unwrap().skills.iter();
            let skills: Vec<&str> = skills.map(crate::domain::SkillId::as_str).collect();
            format!("{} {}", agent.id, skills.join("|"))
        };
        assert_eq!(
            [of(0), of(1), of(2)],
            ["ana\"the\"first sales|service", "ben a,b", "cid sales"]
        );
        let open = faults_of_rows("ana,\"sales,09:00,17:00,UTC,1\nben,sales,09:00,17:00,UTC,1\n");
        assert_eq!(open.len(), 1, "{open:#?}");
        assert!(open[0].contains("close the quotation mark"), "{open:#?}");
    }

    fn faults_of_rows(rows: &str) -> Vec<String> {
        faults(&format!("id,skills,start,end,zone,concurrency\n{rows}"))
    }

    #[test]
    fn other_separators_are_named() {
        for (sign, called) in [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")] {
            let header = "id,skills,start,end,zone,concurrency".replace(',', sign);
            let row = "ana,sales,09:00,17:00,UTC,1".replace(',', sign);
            let found = faults(&format!("{header}\n{row}\n"));
            assert_eq!(found.len(), 1, "{found:#?}");
            assert!(
                found[0].starts_with(&format!(
                    "agents.csv:1: roster: is separated by {called}; separate columns by commas"
                )),
                "{found:#?}"
            );
        }
    }

    #[test]
    fn what_is_wrong_in_every_row_is_told_twenty_times_and_then_counted() {
        let row = |number: u32| format!("a{number},sales,09:00,17:00,Mars/Olympus,1\n");
        let rows: Vec<String> = (0..3_000).map(row).collect();
        let found = faults_of_rows(&rows.concat());
        assert_eq!(found.len(), 21);
        assert_eq!(
            found[20],
            "agents.csv:22: roster.zone: is wrong in 2,980 more rows; give an IANA name, such as America/New_York"
        );
        let few = rows.iter().take(20).map(String::as_str).collect::<String>();
        assert_eq!(faults_of_rows(&few).len(), 20);
    }

    #[test]
    fn midnight_at_the_end_of_a_day_is_explained() {
        let found = faults_of_rows("ana,sales,09:00,24:00,UTC,1\n");
        assert_eq!(
            found,
            [
                "agents.csv:2: roster.end: `24:00` is the end of a day, which is written 00:00: a window whose end is not after \
              its start goes through midnight; give a time of day, such as 09:00"
            ]
        );
    }
}
