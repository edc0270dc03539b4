//! The roster as CSV: one line an agent.
//!
//! ```text
//! id,skills,start,end,zone,concurrency,recent
//! ana,sales;preview-qualified,09:00,17:00,America/New_York,2,
//! ben,sales,22:00,06:00,Europe/Berlin,1,3.5
//! ```
//!
//! Skills are separated by semicolons. `recent` may be left out, as a column or in a line: the rate is then measured. Fields
//! may be put in double quotes. Lines that are empty or begin with `#` are skipped.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::settings::fault::{Findings, Origin, Problem};
use crate::settings::row::Kind;
use crate::settings::table_keys::{TableKey, agent, key_named};

use super::row::{Row, Rows, needed};

/// The lines of a file; none when its header is wrong.
pub(super) fn rows(path: &str, text: &str, faults: &mut Findings) -> Option<Rows> {
    let path: Arc<str> = Arc::from(path);
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    let at = |line: usize| Origin::File {
        path: Arc::clone(&path),
        line: Some(line),
    };
    let remedy = "begin with id,skills,start,end,zone,concurrency and, if wanted, recent";
    let Some((number, header)) = lines.next() else {
        faults.push(&at(1), "roster", Problem::new("names no agent", remedy));
        return None;
    };
    let names = split(header.trim_start_matches('\u{feff}'));
    let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    let missing = agent::ALL.iter().filter(|member| needed(member));
    let missing = missing.filter(|member| !names.contains(&member.name));
    let strange = names
        .iter()
        .filter(|name| key_named(agent::ALL, name).is_none());
    let twice: BTreeSet<&&str> = names.iter().collect();
    let mut wrong: Vec<String> = missing
        .map(|member| format!("column `{}` is missing", member.name))
        .collect();
    wrong.extend(strange.map(|name| format!("column `{}` is not known", name.escape_debug())));
    if twice.len() < names.len() {
        wrong.push("a column is named twice".to_owned());
    }
    if !wrong.is_empty() {
        for wrong in wrong {
            faults.push(&at(number), "roster", Problem::new(wrong, remedy));
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
    for (number, line) in lines {
        let fields = split(line);
        let origin = at(number);
        if fields.len() != names.len() {
            let wrong = format!("has {} fields, not {}", fields.len(), names.len());
            let wrong = Problem::new(wrong, "give one for each column");
            faults.push(&origin, "roster", wrong);
            rows.whole = false;
            continue;
        }
        let mut row = Row::empty(origin.clone());
        for (member, field) in members.iter().zip(&fields) {
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
        rows.agents.push(row);
    }
    Some(rows)
}

/// The fields of a line. Within double quotes commas are text, and two quotes are one.
fn split(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(field) = fields.last_mut() else {
            break;
        };
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

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
            b b,sales,09:00,17:00,UTC,x\n\
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
}
