//! The agents of a roster with their faults, however they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use crate::domain::assignment::{
    AvailabilityWindow, CallRate, MOST_CONCURRENT, Roster, RosterAgent,
};
use crate::domain::{AgentId, SkillId};
use crate::settings::fault::{Findings, Problem};
use crate::settings::table_keys::{TableKey, agent};

use super::folded::FoldedFaults;
use super::row::{Row, Rows};
use super::{csv, tables};

/// The roster and the rates that it gives; none when anything in it is wrong.
pub(in crate::settings) fn read(
    path: &str,
    text: &str,
    faults: &mut Findings,
) -> Option<(Roster, BTreeMap<AgentId, CallRate>)> {
    let is_toml = Path::new(path)
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let mut faults = FoldedFaults::new(faults);
    let rows = if is_toml {
        tables::rows(path, text, &mut faults)
    } else {
        csv::rows(path, text, &mut faults)
    };
    let found = rows.and_then(|rows| Agents::of(rows, &mut faults));
    faults.finish();
    found
}

/// All agents that are in order.
#[derive(Default)]
struct Agents {
    agents: BTreeMap<AgentId, RosterAgent>,
    given: BTreeMap<AgentId, CallRate>,
}

impl Agents {
    fn of(
        rows: Rows,
        faults: &mut FoldedFaults<'_>,
    ) -> Option<(Roster, BTreeMap<AgentId, CallRate>)> {
        let Rows {
            agents,
            mut whole,
            begin,
        } = rows;
        let mut all = Self::default();
        for row in agents {
            let origin = row.origin.clone();
            let Some((id, found, rate)) = (Reading { row, faults }).agent() else {
                whole = false;
                continue;
            };
            if let Some(rate) = rate {
                all.given.insert(id.clone(), rate);
            }
            if all.agents.insert(id.clone(), found).is_some() {
                let wrong = Problem::new(format!("`{id}` is listed twice"), "keep one of them");
                faults.push(&origin, "roster.id", wrong);
                whole = false;
            }
        }
        if all.agents.is_empty() && whole {
            let wrong = Problem::new("names no agent", "name each agent that may be placed");
            faults.push(&begin, "roster", wrong);
            whole = false;
        }
        whole.then(|| (Roster::new(all.agents), all.given))
    }
}

/// A row that is being read.
struct Reading<'f, 's> {
    row: Row,
    faults: &'f mut FoldedFaults<'s>,
}

impl Reading<'_, '_> {
    fn agent(mut self) -> Option<(AgentId, RosterAgent, Option<CallRate>)> {
        let id = self.one(&agent::ID, "give the agent's id as the platform shows it");
        let skills = self.skills();
        let time = "give a time of day, such as 09:00";
        let start = self.one(&agent::START, time);
        let end = self.one(&agent::END, time);
        let zone = self.one(&agent::ZONE, "give an IANA name, such as America/New_York");
        let concurrency: Option<u8> = self.one(&agent::CONCURRENCY, "give 1 or 2");
        if concurrency.is_some_and(|calls| !(1..=MOST_CONCURRENT).contains(&calls)) {
            self.refuse(
                &agent::CONCURRENCY,
                "is neither 1 nor 2".to_owned(),
                "give 1 or 2",
            );
            return None;
        }
        let recent = if self.row.get(&agent::RECENT).is_some() {
            Some(self.one(&agent::RECENT, "give calls an hour, 0 or more, or nothing")?)
        } else {
            None
        };
        let found = RosterAgent {
            skills: skills?,
            window: AvailabilityWindow {
                start: start?,
                end: end?,
                zone: zone?,
            },
            concurrency: concurrency?,
        };
        Some((id?, found, recent))
    }

    fn skills(&mut self) -> Option<BTreeSet<SkillId>> {
        const REMEDY: &str = "give at least one skill, each as the platform shows it";
        let Some((texts, _)) = self.row.get(&agent::SKILLS).cloned() else {
            self.refuse(&agent::SKILLS, "is missing".to_owned(), REMEDY);
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
                    self.refuse(&agent::SKILLS, wrong, REMEDY);
                    return None;
                }
            }
        }
        Some(skills).filter(|skills| !skills.is_empty())
    }

    fn one<T: FromStr>(&mut self, member: &TableKey, remedy: &str) -> Option<T>
    where
        T::Err: Display,
    {
        let Some((texts, _)) = self.row.get(member) else {
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

    fn refuse(&mut self, member: &TableKey, wrong: String, remedy: &str) {
        let place = self.row.get(member);
        let place = place.map_or(&self.row.origin, |(_, place)| place);
        let key = format!("roster.{}", member.name);
        self.faults.push(place, key, Problem::new(wrong, remedy));
    }
}
