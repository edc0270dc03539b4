//! What happened on the day, as the platform's journal and the daemon's decisions tell it.
//!
//! One poll decides on all campaigns under one id, each by numbers of its own: a decision is looked up by its campaign and its id.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::control::ObservableState;
use crate::domain::{Cause, Outcome, Reason, SampleVerdict};
use crate::simulator::{Actor, JournalEntry, SimTime, status};

/// What the daemon read for a campaign at a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// When.
    pub(super) at: SimTime,
    /// Available agents; nothing where the reading failed.
    pub(super) available: Option<u32>,
    /// The thresholds in force.
    pub(super) thresholds: Option<(u32, u32)>,
}

/// Why a campaign was commanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DecisionNote {
    /// Available agents, where they were known.
    pub(super) available: Option<u32>,
    /// The thresholds in force.
    thresholds: Option<(u32, u32)>,
    /// The thresholds alone decided.
    by_thresholds: bool,
    /// The reason in full.
    pub(super) told: String,
}

impl DecisionNote {
    fn of(reason: &Reason) -> Self {
        let cause = match reason.outcome {
            Outcome::Command { cause, .. } => Some(cause),
            Outcome::NothingToDo | Outcome::Suppressed { .. } => None,
        };
        Self {
            available: reason.available(),
            thresholds: thresholds(reason),
            by_thresholds: cause.is_none_or(|cause| cause == Cause::Threshold),
            told: reason.to_string(),
        }
    }

    /// Why a campaign was paused, with the numbers of that: `4 available, pause below 5`.
    pub(super) fn pause_in_words(&self) -> String {
        match (self.available, self.thresholds) {
            (Some(available), Some((below, _))) if self.by_thresholds => {
                format!("{available} available, pause below {below}")
            }
            _ => self.told.clone(),
        }
    }

    /// Why it was resumed: `8 at its end`.
    pub(super) fn resume_in_words(&self) -> String {
        match self.available {
            Some(available) if self.by_thresholds => format!("{available} at its end"),
            _ => self.told.clone(),
        }
    }
}

fn thresholds(reason: &Reason) -> Option<(u32, u32)> {
    let found = reason.thresholds()?;
    Some((found.pause_below, found.resume_at))
}

/// A time in which a campaign was paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) campaign: String,
    pub(super) from: SimTime,
    /// When it was resumed; nothing while it is paused.
    pub(super) until: Option<SimTime>,
    /// A person paused it, and not the autopilot.
    pub(super) by_person: bool,
    /// The decision that paused it.
    pub(super) decision: Option<String>,
    /// Why it was paused, of the autopilot's pauses.
    pub(super) why: Option<DecisionNote>,
    /// Why it was resumed, where the autopilot did that.
    pub(super) why_over: Option<DecisionNote>,
}

impl Pause {
    /// When it was over, at the latest at `end`.
    pub(super) fn until(&self, end: SimTime) -> SimTime {
        self.until.unwrap_or(end).min(end)
    }
}

/// The numbers of the summary, each counted from the platform's journal or the daemon's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    pub(super) polls: u64,
    pub(super) pauses: u32,
    pub(super) resumes: u32,
    pub(super) changes_by_people: u32,
}

/// Whether a campaign's readings are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data {
    Valid,
    Failed,
    Stale,
}

impl Data {
    fn of(verdict: SampleVerdict) -> Self {
        match verdict {
            SampleVerdict::Valid { .. } => Self::Valid,
            SampleVerdict::Stale { .. } => Self::Stale,
            SampleVerdict::None | SampleVerdict::Invalid { .. } | SampleVerdict::TooOld { .. } => {
                Self::Failed
            }
        }
    }
}

/// What happened so far.
pub(super) struct DayRecord {
    /// The scenario's campaigns, by the ids under which the platform shows them.
    shown: BTreeMap<String, String>,
    decisions: BTreeMap<(String, String), DecisionNote>,
    /// Pauses, in the order in which they began.
    pub(super) pauses: Vec<Pause>,
    /// What the daemon read, by campaign.
    pub(super) readings: BTreeMap<String, Vec<Reading>>,
    data: BTreeMap<String, Data>,
    pub(super) tally: Tally,
}

impl DayRecord {
    /// Of campaigns by the ids under which the platform shows them.
    pub(super) fn new(shown: BTreeMap<String, String>) -> Self {
        Self {
            shown,
            decisions: BTreeMap::new(),
            pauses: Vec::new(),
            readings: BTreeMap::new(),
            data: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// Remembers why the decisions of the last tick were made; returns when readings became invalid or valid again, once for all
    /// campaigns of which that is so.
    pub(super) fn note_tick(&mut self, observed: &ObservableState) -> Option<(SimTime, Data)> {
        self.tally.polls = observed.ticks;
        let mut changed = None;
        for view in observed.campaigns.iter() {
            let Some(reason) = &view.reason else {
                continue;
            };
            let shown = view.id.as_str();
            let campaign = self.shown.get(shown).map_or(shown, String::as_str);
            let reading = Reading {
                at: SimTime::from_unix_millis(reason.at.as_unix_millis()),
                available: reason.available(),
                thresholds: thresholds(reason),
            };
            let readings = self.readings.entry(campaign.to_owned()).or_default();
            if readings.last().is_none_or(|last| last.at < reading.at) {
                readings.push(reading);
            }
            let key = (campaign.to_owned(), reason.decision.to_string());
            self.decisions.insert(key, DecisionNote::of(reason));
            let data = Data::of(reason.sample());
            let before = self.data.insert(campaign.to_owned(), data);
            if before.is_some_and(|before| before != data) {
                changed = Some((reading.at, data));
            }
        }
        changed
    }

    /// Returns why the campaign was commanded as this entry has it; nothing where that is not known yet, or was a person.
    pub(super) fn why(&self, entry: &JournalEntry) -> Option<&DecisionNote> {
        let key = (entry.campaign.clone(), decision(entry)?.to_owned());
        self.decisions.get(&key)
    }

    /// Returns whether everything about this entry is known by now.
    pub(super) fn knows(&self, entry: &JournalEntry) -> bool {
        decision(entry).is_none() || self.why(entry).is_some()
    }

    /// Adds a change of a campaign; returns the pause that is over by it, if one is.
    pub(super) fn add(&mut self, entry: &JournalEntry) -> Option<Pause> {
        let by_person = entry.by == Actor::Person;
        let why = self.why(entry).cloned();
        let paused = entry.to == status::PAUSED;
        match (by_person, paused) {
            (true, _) => self.tally.changes_by_people += 1,
            (false, true) => self.tally.pauses += 1,
            (false, false) => self.tally.resumes += 1,
        }
        let open = self.pauses.iter_mut().rev();
        let open = open
            .filter(|pause| pause.campaign == entry.campaign)
            .find(|pause| pause.until.is_none());
        if !paused {
            let over = open?;
            over.until = Some(entry.at);
            over.why_over = why;
            return Some(over.clone());
        }
        if let Some(open) = open {
            // A person pauses what the autopilot paused: from then on it is the person's.
            if open.by_person == by_person {
                return None;
            }
            open.until = Some(entry.at);
        }
        self.pauses.push(Pause {
            campaign: entry.campaign.clone(),
            from: entry.at,
            until: None,
            by_person,
            decision: decision(entry).map(ToOwned::to_owned),
            why,
            why_over: None,
        });
        None
    }

    /// The pauses of one campaign.
    pub(super) fn of<'a>(&'a self, campaign: &'a str) -> impl Iterator<Item = &'a Pause> {
        let pauses = self.pauses.iter();
        pauses.filter(move |pause| pause.campaign == campaign)
    }
}

/// The decision that a command of ours names.
pub(super) fn decision(entry: &JournalEntry) -> Option<&str> {
    match &entry.by {
        Actor::Client { request_id, .. } => request_id.as_deref(),
        Actor::Person => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: SimTime = SimTime::from_unix_millis(1_715_760_000_000);

    fn entry(minutes: u64, campaign: &str, to: &str, by: Option<&str>) -> JournalEntry {
        let by = by.map_or(Actor::Person, |decision| Actor::Client {
            request_id: Some(decision.to_owned()),
            token_client: "autopilot".to_owned(),
        });
        JournalEntry {
            at: START.plus(Duration::from_secs(60 * minutes)),
            campaign: campaign.to_owned(),
            by,
            from: String::new(),
            to: to.to_owned(),
        }
    }

    impl DayRecord {
        /// Remembers a decision by thresholds of 5 and 8.
        pub(in crate::cli::demo) fn decided(&mut self, campaign: &str, id: &str, available: u32) {
            let note = DecisionNote {
                available: Some(available),
                thresholds: Some((5, 8)),
                by_thresholds: true,
                told: String::new(),
            };
            let key = (campaign.to_owned(), id.to_owned());
            self.decisions.insert(key, note);
        }
    }

    #[test]
    fn campaigns_that_one_poll_decides_on_keep_their_own_numbers() {
        let mut record = DayRecord::new(BTreeMap::new());
        record.decided("one", "1-7", 3);
        let own = entry(1, "one", status::PAUSED, Some("1-7"));
        let other = entry(1, "other", status::PAUSED, Some("1-7"));
        assert!(record.knows(&own) && !record.knows(&other));
        record.decided("other", "1-7", 4);
        record.decided("one", "1-9", 8);
        for entry in [own, other, entry(2, "one", status::RUNNING, Some("1-9"))] {
            record.add(&entry);
        }
        let told: Vec<String> = record
            .pauses
            .iter()
            .map(|pause| {
                let over = pause.why_over.as_ref().map(DecisionNote::resume_in_words);
                let why = pause.why.as_ref().unwrap().pause_in_words();
                format!("{}: {why}; {over:?}", pause.campaign)
            })
            .collect();
        assert_eq!(
            told,
            [
                "one: 3 available, pause below 5; Some(\"8 at its end\")",
                "other: 4 available, pause below 5; None",
            ]
        );
    }

    #[test]
    fn a_person_ends_a_pause_of_ours_by_a_pause_or_a_resume() {
        let mut record = DayRecord::new(BTreeMap::new());
        record.decided("one", "1-1", 3);
        let ours = |minutes| entry(minutes, "one", status::PAUSED, Some("1-1"));
        record.add(&ours(0));
        record.add(&entry(5, "one", status::PAUSED, None));
        record.add(&entry(9, "one", status::RUNNING, None));
        record.add(&ours(20));
        let over = record
            .add(&entry(30, "one", status::RUNNING, None))
            .unwrap();
        assert!(!over.by_person && over.why_over.is_none());
        let end = START.plus(Duration::from_secs(3_600));
        let spans: Vec<(bool, u64)> = record
            .of("one")
            .map(|pause| {
                (
                    pause.by_person,
                    pause.until(end).since(pause.from).as_secs() / 60,
                )
            })
            .collect();
        assert_eq!(spans, [(false, 5), (true, 4), (false, 10)]);
        assert_eq!(
            (record.tally.pauses, record.tally.changes_by_people),
            (2, 3)
        );
    }
}
