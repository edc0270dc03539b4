//! What is told while the day goes by: its opening, and with `--verbose` a line for each thing that happens.

use std::net::SocketAddr;

use crate::cli::output;
use crate::simulator::{Actor, JournalEntry, ScriptedEventKind, SimTime, status};

use super::day_record::{Data, Pause, decision};
use super::show::Show;

/// The introduction, after the lines about the day. No line of the demonstration is longer than 80 characters.
const INTRODUCTION: [&str; 5] = [
    "The daemon is the real one: every 30 s of the day it polls over HTTP, pauses",
    "below 5 available agents, and resumes its own pause at 8. Agents, callers and",
    "customers are simulated, and react to what it does. [1-267] is the decision's",
    "id (run and poll): the same is in the log and the audit.",
    "",
];

impl Show {
    pub(super) fn tell_opening(&self, page: Option<SocketAddr>) {
        self.say(format_args!(
            "Simulated: {} with seed {} at {:.0} times real time, {:.0} s in all.",
            self.scenario.name,
            self.seed,
            self.speed,
            self.simulated.div_f64(self.speed).as_secs_f64(),
        ));
        self.say(format_args!("{}.", self.scenario.about));
        // A free port is another one each time: it is no part of the result.
        if let Some(page) = page {
            let watch = format!("Watch it, and take a hand in it: http://{page}/");
            self.bar.suspend(|| output::talk(watch));
        }
        if self.verbose {
            for line in INTRODUCTION {
                self.say(line);
            }
        }
    }

    /// Takes in what happened since the last call, in order. A command is looked at after the tick that sent it, because only then
    /// its reason is known; at the `end` nothing waits.
    pub(super) fn look(&mut self, end: bool) {
        let mut lines: Vec<(SimTime, String)> = Vec::new();
        let observed = self.observed.borrow_and_update().clone();
        if let Some((at, data)) = self.record.note_tick(&observed) {
            let (word, data) = match data {
                Data::Valid => ("read", "readings are valid again"),
                Data::Stale => (
                    "blind",
                    "no valid reading for three polls: data stale, an alert is due",
                ),
                Data::Failed => (
                    "blind",
                    "reading failed: unknown is not zero, everything stays as it is",
                ),
            };
            lines.push((at, format!("{word:8} {data}")));
        }
        let journal = self.simulator.handle().journal();
        for entry in journal.iter().skip(self.seen) {
            if !end && !self.record.knows(entry) {
                break;
            }
            self.seen += 1;
            if entry.from == entry.to {
                continue;
            }
            let over = self.record.add(entry);
            lines.extend(effect(entry, over.as_ref()).map(|line| (entry.at, line)));
        }
        while let Ok(event) = self.scripted_events.try_recv() {
            // What a person did to a campaign stands in the journal too.
            if matches!(event.kind, ScriptedEventKind::PersonSets { .. }) {
                continue;
            }
            let who = match event.kind {
                ScriptedEventKind::Breaks { .. } => "agents",
                ScriptedEventKind::PersonSets { .. }
                | ScriptedEventKind::Outage { .. }
                | ScriptedEventKind::OutageOver { .. } => "platform",
            };
            lines.push((event.at, format!("{who:8} {event}")));
            self.events.push(event);
        }
        lines.sort_by_key(|(at, _)| *at);
        if self.verbose {
            for (at, line) in lines {
                self.say(format_args!("{}  {line}", self.time.second(at)));
            }
        }
    }

    /// Reports the pauses of ours that are not over at the end.
    pub(super) fn tell_open_pauses(&self) {
        let open = self.record.pauses.iter();
        for pause in open.filter(|pause| pause.until.is_none() && !pause.by_person) {
            self.say(format_args!(
                "{}  paused   {}: {} available [{}]; left paused at the end",
                self.time.second(pause.from),
                pause.campaign,
                available(pause.why.as_ref().and_then(|why| why.available)),
                pause.decision.as_deref().unwrap_or("?"),
            ));
        }
    }

    pub(super) fn say(&self, line: impl std::fmt::Display) {
        if self.json {
            return;
        }
        self.bar.suspend(|| output::result(line));
    }
}

/// Returns the line that reports a change of a campaign. A pause of ours is reported when it is over, in one line.
fn effect(entry: &JournalEntry, over: Option<&Pause>) -> Option<String> {
    let campaign = &entry.campaign;
    let ours = over.filter(|pause| !pause.by_person);
    match (&entry.by, entry.to == status::PAUSED) {
        (Actor::Person, true) => Some(format!(
            "paused   {campaign} by a person: left alone until a person resumes it"
        )),
        (Actor::Person, false) => Some(if ours.is_some() {
            format!("resumed  {campaign} by a person: our pause is over, and left at that")
        } else {
            format!("resumed  {campaign} by a person: back under control")
        }),
        (Actor::Client { .. }, true) => None,
        (Actor::Client { .. }, false) => {
            let pause = ours?;
            let seconds = entry.at.since(pause.from).as_secs();
            Some(format!(
                "paused   {campaign} for {}:{:02}: {} available, {} at its end [{}, {}]",
                seconds / 60,
                seconds % 60,
                available(pause.why.as_ref().and_then(|why| why.available)),
                available(pause.why_over.as_ref().and_then(|why| why.available)),
                pause.decision.as_deref().unwrap_or("?"),
                decision(entry).unwrap_or("?"),
            ))
        }
    }
}

fn available(agents: Option<u32>) -> String {
    agents.map_or_else(|| "?".to_owned(), |agents| agents.to_string())
}
