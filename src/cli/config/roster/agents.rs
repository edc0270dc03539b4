//! The agents of the roster with their faults, however they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use crate::cli::config::fault::{Findings, Wrong};
use crate::domain::assignment::{CallRate, MOST_CONCURRENT, Roster, RosterAgent, Window};
use crate::domain::{AgentId, SkillId};

use super::row::{Row, Rows};
use super::{csv, tables};

/// The roster and the rates that it gives; none when anything in it is wrong.
pub(in crate::cli::config) fn read(
    path: &str,
    text: &str,
    faults: &mut Findings,
) -> Option<(Roster, BTreeMap<AgentId, CallRate>)> {
    let is_toml = Path::new(path)
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let rows = if is_toml {
        tables::rows(path, text, faults)
    } else {
        csv::rows(path, text, faults)
    };
    Agents::of(rows?, faults)
}

/// All agents that are in order.
#[derive(Default)]
struct Agents {
    agents: BTreeMap<AgentId, RosterAgent>,
    given: BTreeMap<AgentId, CallRate>,
}

impl Agents {
    fn of(rows: Rows, faults: &mut Findings) -> Option<(Roster, BTreeMap<AgentId, CallRate>)> {
        let Rows {
            agents,
            mut whole,
            begin,
        } = rows;
        let mut all = Self::default();
        for row in agents {
            let origin = row.origin.clone();
            let Some((id, agent, rate)) = (Reading { row, faults }).agent() else {
                whole = false;
                continue;
            };
            if let Some(rate) = rate {
                all.given.insert(id.clone(), rate);
            }
            if all.agents.insert(id.clone(), agent).is_some() {
                let wrong = Wrong::new(format!("`{id}` stands there twice"), "keep one of them");
                faults.push(&origin, "roster.id", wrong);
                whole = false;
            }
        }
        if all.agents.is_empty() && whole {
            let wrong = Wrong::new("names no agent", "name each agent that may be placed");
            faults.push(&begin, "roster", wrong);
            whole = false;
        }
        whole.then(|| (Roster::new(all.agents), all.given))
    }
}

/// A row that is being read.
struct Reading<'f> {
    row: Row,
    faults: &'f mut Findings,
}

impl Reading<'_> {
    fn agent(mut self) -> Option<(AgentId, RosterAgent, Option<CallRate>)> {
        let id = self.one("id", "give the agent's id as the platform shows it");
        let skills = self.skills();
        let time = "give a time of day, such as 09:00";
        let start = self.one("start", time);
        let end = self.one("end", time);
        let zone = self.one("zone", "give an IANA name, such as America/New_York");
        let concurrency: Option<u8> = self.one("concurrency", "give 1 or 2");
        if concurrency.is_some_and(|calls| !(1..=MOST_CONCURRENT).contains(&calls)) {
            self.refuse(
                "concurrency",
                "is neither 1 nor 2".to_owned(),
                "give 1 or 2",
            );
            return None;
        }
        let recent = if self.row.texts.contains_key("recent") {
            Some(self.one("recent", "give calls an hour, 0 or more, or nothing")?)
        } else {
            None
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
        const REMEDY: &str = "give at least one skill, each as the platform shows it";
        let Some((texts, _)) = self.row.texts.get("skills").cloned() else {
            self.refuse("skills", "is missing".to_owned(), REMEDY);
            return None;
        };
        let mut skills = BTreeSet::new();
        for text in &texts {
            match text.parse() {
                Ok(skill) => {
                    skills.insert(skill);
                }
                Err(wrong) => {
                    let wrong = format!("`{}` {wrong}", text.escape_debug());
                    self.refuse("skills", wrong, REMEDY);
                    return None;
                }
            }
        }
        Some(skills).filter(|skills| !skills.is_empty())
    }

    fn one<T: FromStr>(&mut self, member: &str, remedy: &str) -> Option<T>
    where
        T::Err: Display,
    {
        let Some((texts, _)) = self.row.texts.get(member) else {
            self.refuse(member, "is missing".to_owned(), remedy);
            return None;
        };
        // No text: its type was wrong, and that is told.
        let text = texts.first()?;
        match text.parse() {
            Ok(read) => Some(read),
            Err(wrong) => {
                let wrong = format!("`{}` {wrong}", text.escape_debug());
                self.refuse(member, wrong, remedy);
                None
            }
        }
    }

    fn refuse(&mut self, member: &str, wrong: String, remedy: &str) {
        let place = self.row.texts.get(member);
        let place = place.map_or(&self.row.origin, |(_, place)| place);
        let key = format!("roster.{member}");
        self.faults.push(place, key, Wrong::new(wrong, remedy));
    }
}
