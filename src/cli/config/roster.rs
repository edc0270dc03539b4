//! The roster: one line an agent, comma-separated.
//!
//! ```text
//! id,skills,start,end,zone,concurrency,recent
//! ana,sales;preview-qualified,09:00,17:00,America/New_York,2,
//! ben,sales,22:00,06:00,Europe/Berlin,1,3.5
//! ```
//!
//! Skills are parted by semicolons. `recent` may be left out, as a column or in a line: the rate is then measured. Fields
//! may be put in double quotes. Lines that are empty or begin with `#` are passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use crate::domain::assignment::{CallRate, MOST_CONCURRENT, Roster, RosterAgent, Window};
use crate::domain::{AgentId, SkillId};

use super::fault::{Findings, Origin, Wrong};

const COLUMNS: [&str; 7] = [
    "id",
    "skills",
    "start",
    "end",
    "zone",
    "concurrency",
    "recent",
];

/// One line with its faults.
struct Line<'a> {
    fields: BTreeMap<&'a str, String>,
    origin: Origin,
    faults: &'a mut Findings,
}

/// The roster and the rates that it gives; none when any line is wrong.
pub(super) fn read(
    path: &str,
    text: &str,
    faults: &mut Findings,
) -> Option<(Roster, BTreeMap<AgentId, CallRate>)> {
    let path: Arc<str> = Arc::from(path);
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    let at = |line: usize| Origin::File {
        path: Arc::clone(&path),
        line,
    };
    let remedy = "begin with id,skills,start,end,zone,concurrency and, if wanted, recent";
    let Some((number, header)) = lines.next() else {
        faults.push(&at(1), "roster", Wrong::new("names no agent", remedy));
        return None;
    };
    let names = split(header.trim_start_matches('\u{feff}'));
    let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    let missing = COLUMNS
        .iter()
        .take(6)
        .filter(|known| !names.contains(known));
    let strange = names.iter().filter(|name| !COLUMNS.contains(name));
    let twice: BTreeSet<&&str> = names.iter().collect();
    let mut wrong: Vec<String> = missing
        .map(|name| format!("column `{name}` is missing"))
        .collect();
    wrong.extend(strange.map(|name| format!("column `{}` is not known", name.escape_debug())));
    if twice.len() < names.len() {
        wrong.push("a column is named twice".to_owned());
    }
    if !wrong.is_empty() {
        for wrong in wrong {
            faults.push(&at(number), "roster", Wrong::new(wrong, remedy));
        }
        return None;
    }
    let mut agents: BTreeMap<AgentId, RosterAgent> = BTreeMap::new();
    let mut given = BTreeMap::new();
    let mut whole = true;
    for (number, line) in lines {
        let fields = split(line);
        let origin = at(number);
        if fields.len() != names.len() {
            let wrong = format!("has {} fields, not {}", fields.len(), names.len());
            faults.push(
                &origin,
                "roster",
                Wrong::new(wrong, "give one for each column"),
            );
            whole = false;
            continue;
        }
        let trimmed = fields.into_iter().map(|field| field.trim().to_owned());
        let line = Line {
            fields: names.iter().copied().zip(trimmed).collect(),
            origin: origin.clone(),
            faults,
        };
        let Some((id, agent, rate)) = line.agent() else {
            whole = false;
            continue;
        };
        if let Some(rate) = rate {
            given.insert(id.clone(), rate);
        }
        if agents.insert(id.clone(), agent).is_some() {
            let wrong = Wrong::new(format!("`{id}` stands there twice"), "keep one line");
            faults.push(&origin, "roster.id", wrong);
            whole = false;
        }
    }
    if agents.is_empty() && whole {
        let wrong = Wrong::new("names no agent", "give one line for each agent");
        faults.push(&at(number), "roster", wrong);
        whole = false;
    }
    whole.then(|| (Roster::new(agents), given))
}

impl Line<'_> {
    fn agent(mut self) -> Option<(AgentId, RosterAgent, Option<CallRate>)> {
        let id = self.field("id", "give the agent's id as the platform shows it");
        let skills = self.skills();
        let time = "give a time of day, such as 09:00";
        let start = self.field("start", time);
        let end = self.field("end", time);
        let zone = self.field("zone", "give an IANA name, such as America/New_York");
        let concurrency: Option<u8> = self.field("concurrency", "give 1 or 2");
        if concurrency.is_some_and(|calls| !(1..=MOST_CONCURRENT).contains(&calls)) {
            self.refuse(
                "concurrency",
                "is neither 1 nor 2".to_owned(),
                "give 1 or 2",
            );
            return None;
        }
        let recent = match self.fields.get("recent").map(String::as_str) {
            None | Some("") => None,
            Some(_) => Some(self.field("recent", "give calls an hour, 0 or more, or nothing")?),
        };
        let agent = RosterAgent {
            skills: skills?,
            window: Window {
                start: start?,
                end: end?,
                zone: zone?,
            },
            concurrency: concurrency?,
        };
        Some((id?, agent, recent))
    }

    fn skills(&mut self) -> Option<BTreeSet<SkillId>> {
        const REMEDY: &str = "give at least one skill, several parted by semicolons";
        let text = self.fields.get("skills").cloned().unwrap_or_default();
        let mut skills = BTreeSet::new();
        for skill in text.split(';').map(str::trim) {
            match skill.parse() {
                Ok(skill) => {
                    skills.insert(skill);
                }
                Err(wrong) => {
                    self.refuse(
                        "skills",
                        format!("`{}` {wrong}", skill.escape_debug()),
                        REMEDY,
                    );
                    return None;
                }
            }
        }
        Some(skills)
    }

    fn field<T: FromStr>(&mut self, name: &str, remedy: &str) -> Option<T>
    where
        T::Err: Display,
    {
        let text = self.fields.get(name)?;
        match text.parse() {
            Ok(read) => Some(read),
            Err(wrong) => {
                let wrong = format!("`{}` {wrong}", text.escape_debug());
                self.refuse(name, wrong, remedy);
                None
            }
        }
    }

    fn refuse(&mut self, name: &str, wrong: String, remedy: &str) {
        let key = format!("roster.{name}");
        self.faults
            .push(&self.origin, key, Wrong::new(wrong, remedy));
    }
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
