//! The end of the demonstration: its screen, or with `--verbose` the plot, the comparison and the verified audit; or all of it as JSON.

use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::output;
use crate::simulator::{Actor, JournalEntry, SimTime};
use crate::store::StoreReader;

use super::day_record::{Reading, Tally, decision};
use super::outcome::{NOTHING_TO_COMPARE, Outcome};
use super::plot::{Span, plot};
use super::screen::{DayShown, Proof, screen};
use super::show::Show;

/// The output of `-o json`.
#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
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
        let proof = Proof { rows, replayed };
        if self.verbose {
            self.tell_all(ended_at, outcome.as_ref(), proof);
        } else {
            let day = DayShown {
                scenario: &self.scenario,
                time: &self.time,
                record: &self.record,
                events: &self.events,
                ended_at,
            };
            for line in screen(&day, outcome.as_ref(), proof) {
                self.say(line);
            }
        }
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

    /// Everything, the plot included.
    fn tell_all(&self, ended_at: SimTime, outcome: Option<&Outcome>, proof: Proof) {
        self.tell_open_pauses();
        self.say("");
        for line in self.plot(ended_at) {
            self.say(line);
        }
        self.say("");
        match outcome {
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
            None => self.say(NOTHING_TO_COMPARE),
        }
        let Tally {
            polls,
            pauses,
            resumes,
            changes_by_people,
        } = &self.record.tally;
        self.say(format_args!(
            "{polls} polls, {pauses} pauses and {resumes} resumes by us, {changes_by_people} changes by people."
        ));
        let Proof { rows, replayed } = proof;
        self.say(format_args!(
            "Proof: {rows} audit rows, the hash chain holds; {replayed} decisions made again from"
        ));
        self.say("the record, all the same.");
    }

    fn tell_json(&self, outcome: Outcome, audit_rows: u64, decisions_replayed: u64) -> Exit {
        let journal = self.simulator.handle().journal();
        let transitions = journal.iter().filter(|entry| entry.from != entry.to);
        let report = Report {
            schema: "demo/1",
            scenario: &self.scenario.name,
            about: &self.scenario.about,
            simulated: "agents, callers, customers, and the clock's speed; the daemon is the real one",
            seed: self.seed,
            speed: self.speed,
            daemon: &self.record.tally,
            transitions: transitions.map(|entry| self.transition(entry)).collect(),
            readings: self
                .first_readings()
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
        Transition {
            at: entry.at.rfc3339(),
            campaign: &entry.campaign,
            to: &entry.to,
            by_person: entry.by == Actor::Person,
            decision: decision(entry),
            reason: self.record.why(entry).map(|why| why.told.as_str()),
        }
    }

    /// What was read for the first campaign.
    fn first_readings(&self) -> &[Reading] {
        let first = self.scenario.campaigns.first();
        let readings = first.and_then(|first| self.record.readings.get(&first.id));
        readings.map_or(&[], Vec::as_slice)
    }

    /// The plot of the first campaign's day.
    fn plot(&self, ended_at: SimTime) -> Vec<String> {
        let Some(campaign) = self.scenario.campaigns.first().map(|first| &first.id) else {
            return Vec::new();
        };
        let pauses = self.record.of(campaign);
        let spans: Vec<Span> = pauses
            .map(|pause| Span {
                from: pause.from,
                until: pause.until(ended_at),
                by_person: pause.by_person,
            })
            .collect();
        let (start, readings) = (self.scenario.start(), self.first_readings());
        plot(readings, &spans, start, ended_at, &self.time)
    }
}
