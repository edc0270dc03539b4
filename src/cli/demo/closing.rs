//! The end of the demonstration: the plot, the comparison and the verified audit; or all of it as JSON.

use serde::Serialize;

use crate::simulator::{Actor, JournalEntry, SimTime, status};
use crate::store::StoreReader;

use super::super::exit::Exit;
use super::super::output;
use super::outcome::Outcome;
use super::plot::{Span, plot};
use super::{Show, Tally};

/// The output of `-o json`.
#[derive(Serialize)]
struct Report<'a> {
    scenario: &'a str,
    about: &'a str,
    simulated: &'static str,
    seed: u64,
    speed: f64,
    daemon: &'a Tally,
    transitions: Vec<Transition<'a>>,
    readings: Vec<(String, Option<u32>)>,
    audit_rows: u64,
    decisions_replayed: u64,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
struct Transition<'a> {
    at: String,
    campaign: &'a str,
    to: &'a str,
    by_person: bool,
    decision: Option<&'a str>,
    reason: Option<&'a str>,
}

impl Show {
    pub(super) fn tell_summary(&self, ended_at: SimTime, outcome: Option<Outcome>) -> Exit {
        let checked = StoreReader::open(&self.state_dir)
            .map_err(|wrong| wrong.to_string())
            .and_then(|reader| {
                let rows = reader.audit(drop).map_err(|wrong| wrong.to_string())?;
                let replayed = reader.replay().map_err(|wrong| wrong.to_string())?;
                Ok((rows, replayed.compared))
            });
        let (rows, replayed) = match checked {
            Ok(proof) => proof,
            Err(why) => {
                output::talk(format_args!("campaign-autopilot: {why}"));
                return Exit::Broken;
            }
        };
        self.say("");
        for line in self.plot(ended_at) {
            self.say(line);
        }
        self.say("");
        match &outcome {
            Some(outcome) => {
                self.say(
                    "The same simulated callers, customers, agents and people's pauses, twice:",
                );
                for line in outcome.table() {
                    self.say(line);
                }
                self.say("");
                self.say(outcome.verdict());
            }
            None => self.say("Ended before its time, so there is nothing to compare."),
        }
        let Tally {
            polls,
            pauses,
            resumes,
            changes_by_people,
        } = &self.tally;
        self.say(format_args!(
            "{polls} polls, {pauses} pauses and {resumes} resumes by us, {changes_by_people} changes by people."
        ));
        self.say(format_args!(
            "Proof: {rows} audit rows, the hash chain holds; {replayed} decisions made again from"
        ));
        self.say("the record, all the same.");
        match outcome {
            Some(outcome) if self.json => self.tell_json(outcome, rows, replayed),
            None if self.json => {
                output::talk(
                    "campaign-autopilot: ended before its time, so there is nothing to compare",
                );
                Exit::Ok
            }
            Some(_) | None => Exit::Ok,
        }
    }

    fn tell_json(&self, outcome: Outcome, audit_rows: u64, decisions_replayed: u64) -> Exit {
        let journal = self.simulator.handle().journal();
        let transitions = journal.iter().filter(|entry| entry.from != entry.to);
        let report = Report {
            scenario: &self.scenario.name,
            about: &self.scenario.about,
            simulated: "agents, callers, customers, and the clock's speed; the daemon is the real one",
            seed: self.seed,
            speed: self.speed,
            daemon: &self.tally,
            transitions: transitions.map(|entry| self.transition(entry)).collect(),
            readings: self
                .readings
                .iter()
                .map(|reading| (reading.at.rfc3339(), reading.available))
                .collect(),
            audit_rows,
            decisions_replayed,
            outcome,
        };
        output::json(&report)
    }

    fn transition<'a>(&'a self, entry: &'a JournalEntry) -> Transition<'a> {
        let decision = match &entry.by {
            Actor::Client { request_id, .. } => request_id.as_deref(),
            Actor::Person => None,
        };
        Transition {
            at: entry.at.rfc3339(),
            campaign: &entry.campaign,
            to: &entry.to,
            by_person: entry.by == Actor::Person,
            decision,
            reason: decision.and_then(|id| self.reasons.get(id).map(|why| why.told.as_str())),
        }
    }

    /// The plot of the first campaign's day.
    fn plot(&self, ended_at: SimTime) -> Vec<String> {
        let Some(campaign) = self.scenario.campaigns.first().map(|first| &first.id) else {
            return Vec::new();
        };
        let mut spans = Vec::new();
        let mut since: Option<(SimTime, bool)> = None;
        for entry in self.simulator.handle().journal() {
            if entry.campaign != *campaign || entry.from == entry.to {
                continue;
            }
            let by_person = entry.by == Actor::Person;
            if entry.to == status::PAUSED {
                since = Some((entry.at, by_person));
            } else if let Some((from, by_person)) = since.take() {
                spans.push(Span {
                    from,
                    until: entry.at,
                    by_person,
                });
            }
        }
        if let Some((from, by_person)) = since {
            spans.push(Span {
                from,
                until: ended_at,
                by_person,
            });
        }
        plot(&self.readings, &spans, self.scenario.start(), ended_at)
    }
}
