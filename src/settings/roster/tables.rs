//! The roster as TOML: one table an agent.
//!
//! ```toml
//! [[agent]]
//! id = "ana"
//! skills = ["sales", "preview-qualified"]
//! start = "09:00"
//! end = "17:00"
//! zone = "America/New_York"
//! concurrency = 2
//!
//! [[agent]]
//! id = "ben"
//! skills = ["sales"]
//! start = "22:00"
//! end = "06:00"
//! zone = "Europe/Berlin"
//! concurrency = 1
//! recent = 3.5                # calls an hour; measured where it is left out
//! ```

use toml::de::{DeTable, DeValue};

use crate::settings::fault::{Origin, Problem};
use crate::settings::file::{expected, scalar, shown, texts, unknown, wrong_type};
use crate::settings::row::Kind;
use crate::settings::table_keys::{agent, key_named};
use crate::settings::text_places::TextPlaces;

use super::folded::FoldedFaults;
use super::row::{Row, Rows};

/// The tables of a file; none when it is not TOML or has no list of agents.
pub(super) fn rows(path: &str, text: &str, faults: &mut FoldedFaults<'_>) -> Option<Rows> {
    let mut walk = Walk {
        places: TextPlaces::new(path, text),
        faults,
        whole: true,
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let origin = error
            .span()
            .map_or_else(|| walk.places.somewhere(), |span| walk.places.at(&span));
        let wrong = error.message().replace('\n', " ");
        walk.refuse(
            &origin,
            "roster",
            Problem::new(wrong, "see https://toml.io"),
        );
    }
    if !walk.whole {
        return None;
    }
    let begin = walk.places.at(&(0..0));
    let mut agents = Vec::new();
    for (name, value) in document.get_ref() {
        let key = name.get_ref().as_ref();
        let origin = walk.places.at(&name.span());
        match (key, value.get_ref().as_array()) {
            ("agent", Some(tables)) => {
                for table in tables {
                    let origin = walk.places.at(&table.span());
                    agents.extend(walk.row(table.get_ref(), origin));
                }
            }
            ("agent", None) => {
                let wrong = wrong_type(value.get_ref(), "write [[agent]] above each agent's keys");
                walk.refuse(&origin, "roster.agent", wrong);
            }
            _ => {
                let wrong = unknown(key, ["agent"].into_iter());
                walk.refuse(&origin, format!("roster.{}", shown(key)), wrong);
            }
        }
    }
    Some(Rows {
        agents,
        whole: walk.whole,
        begin,
    })
}

struct Walk<'f, 's> {
    places: TextPlaces,
    faults: &'f mut FoldedFaults<'s>,
    whole: bool,
}

impl Walk<'_, '_> {
    fn refuse(&mut self, origin: &Origin, key: impl Into<String>, wrong: Problem) {
        self.faults.push(origin, key, wrong);
        self.whole = false;
    }

    fn row(&mut self, value: &DeValue<'_>, origin: Origin) -> Option<Row> {
        let Some(table) = value.as_table() else {
            let wrong = wrong_type(value, "write [[agent]] above each agent's keys");
            self.refuse(&origin, "roster.agent", wrong);
            return None;
        };
        let mut row = Row::empty(origin);
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            let at = self.places.at(&name.span());
            let full = format!("roster.{}", shown(key));
            let Some(member) = key_named(agent::ALL, key) else {
                let wrong = unknown(key, agent::ALL.iter().map(|member| member.name));
                self.refuse(&at, full, wrong);
                continue;
            };
            let kind = member.kind;
            let value = value.get_ref();
            let found = if kind == Kind::Texts {
                value.as_array().and_then(texts)
            } else {
                // Elsewhere a number may be a word as well.
                let word = kind == Kind::Number && value.is_str();
                scalar(kind, value).filter(|_| !word).map(|text| vec![text])
            };
            match &found {
                None if kind == Kind::Number => {
                    let remedy = "write calls an hour without quotes, such as 3.5";
                    self.refuse(&at, full, wrong_type(value, remedy));
                }
                None => self.refuse(&at, full, wrong_type(value, expected(kind))),
                Some(texts) if texts.is_empty() => {
                    let wrong = Problem::new("is empty", "name at least one skill");
                    self.refuse(&at, full, wrong);
                }
                Some(_) => {}
            }
            row.add(member, found.unwrap_or_default(), at);
        }
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use crate::settings::fault::Findings;

    fn faults(text: &str) -> Vec<String> {
        let mut faults = Findings::default();
        let read = read("agents.toml", text, &mut faults);
        let faults = faults.into_faults();
        assert_eq!(read.is_none(), !faults.is_empty());
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn tables_and_lines_give_the_same_roster() {
        let tables = "[[agent]]\nid = \"ana\"\nskills = [\"sales\", \"preview\"]\nstart = \"22:00\"\n\
            end = \"06:00\"\nzone = \"Europe/Berlin\"\nconcurrency = 2\n\n[[agent]]\nid = \"ben\"\n\
            skills = [\"sales\"]\nstart = \"09:00\"\nend = \"17:00\"\nzone = \"UTC\"\nconcurrency = 1\nrecent = 3.5\n";
        let lines = "id,skills,start,end,zone,concurrency,recent\nana,sales;preview,22:00,06:00,Europe/Berlin,2,\n\
            ben,sales,09:00,17:00,UTC,1,3.5\n";
        let mut faults = Findings::default();
        let of_tables = read("agents.TOML", tables, &mut faults);
        assert!(of_tables.is_some());
        assert_eq!(of_tables, read("agents.csv", lines, &mut faults));
        assert!(faults.is_empty());
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = "[[agent]]\nid = \"b\\u0007b\"\nskills = []\nstart = \"9:00\"\nend = 17\nzone = \"Mars/Olympus\"\n\
            concurrency = 3\nrecent = \"4\"\nwindow = \"x\"\n[[agent]]\nid = \"cid\"\n[agents]\nid = 4\n";
        let found = faults(text);
        let places: Vec<(&str, &str)> = found
            .iter()
            .map(|fault| {
                let mut parts = fault.split(": ");
                (parts.next().unwrap(), parts.next().unwrap())
            })
            .collect();
        assert_eq!(
            places,
            [
                ("agents.toml:2", "roster.id"),
                ("agents.toml:3", "roster.skills"),
                ("agents.toml:4", "roster.start"),
                ("agents.toml:5", "roster.end"),
                ("agents.toml:6", "roster.zone"),
                ("agents.toml:7", "roster.concurrency"),
                ("agents.toml:8", "roster.recent"),
                ("agents.toml:9", "roster.window"),
                ("agents.toml:10", "roster.concurrency"),
                ("agents.toml:10", "roster.end"),
                ("agents.toml:10", "roster.skills"),
                ("agents.toml:10", "roster.start"),
                ("agents.toml:10", "roster.zone"),
                ("agents.toml:12", "roster.agents"),
            ],
            "{found:#?}"
        );
        assert!(found.last().unwrap().contains("did you mean `agent`?"));
    }

    #[test]
    fn no_toml_no_agents_and_the_same_agent_twice_are_refused() {
        assert_eq!(faults("[[agent]\n").len(), 1);
        assert_eq!(faults("").len(), 1);
        assert_eq!(faults("agent = 3\n").len(), 1);
        let ana = "[[agent]]\nid = \"ana\"\nskills = [\"s\"]\nstart = \"09:00\"\nend = \"17:00\"\nzone = \"UTC\"\nconcurrency = 1\n";
        let found = faults(&ana.repeat(2));
        assert_eq!(
            found,
            ["agents.toml:8: roster.id: `ana` is listed twice; keep one of them"]
        );
    }
}
