//! One decision told stage by stage, for people: what each stage said, what would change it, and until when.
//!
//! Made from the [`Reason`] that log and audit have, so that no explanation can differ from what was decided. A stage
//! that was not reached says so.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::belief::{Belief, HoldKind, PauseOwner};
use super::campaign::CampaignState;
use super::reason::{Outcome, Reason, Relation, SampleVerdict, Suppression};
use super::status::Direction;
use super::time::Timestamp;

/// What came of asking one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// It let the decision go on.
    Passed,
    /// It settled the matter, or holds back what the lines ask for.
    Decided,
    /// It was not reached.
    NotAsked,
}

/// One stage of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its number, as the documentation has it.
    pub number: u8,
    /// Its name.
    pub name: String,
    /// What came of asking it.
    pub asked: Asked,
    /// What it said.
    pub says: String,
    /// Until when that holds, where a time ends it.
    pub until: Option<Timestamp>,
}

/// A decision for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// In one sentence.
    pub summary: String,
    /// Every stage, by its number.
    pub stages: Vec<Stage>,
    /// What would change it.
    pub would_change: Vec<String>,
}

/// Explains the last decision on a campaign.
#[must_use]
pub fn explain(state: &CampaignState, reason: Option<&Reason>) -> Explanation {
    let Some(reason) = reason else {
        return Explanation {
            summary: format!("{}; nothing was decided yet", in_words(&state.belief)),
            stages: Vec::new(),
            would_change: vec!["the first complete poll".to_owned()],
        };
    };
    let by = match reason.outcome {
        Outcome::Suppressed { by, .. } => Some(by),
        Outcome::Command { .. } | Outcome::NothingToDo => None,
    };
    let stages = vec![
        sample(reason),
        signal(reason),
        lines(reason),
        confirmation(reason, by),
        dwell(reason, by),
        budget(reason, by),
        people(state, reason, by),
        hold(state, reason),
        status(state, reason, by),
    ];
    Explanation {
        summary: summary(state, reason),
        stages,
        would_change: would_change(state, reason, by),
    }
}

/// A belief in words.
#[must_use]
pub(crate) fn in_words(belief: &Belief) -> String {
    match belief {
        Belief::Unread => "its status was not read yet".to_owned(),
        Belief::Running => "running".to_owned(),
        Belief::Paused(PauseOwner::Autopilot { .. }) => "paused by the autopilot".to_owned(),
        Belief::Paused(PauseOwner::Person) => "paused by a person".to_owned(),
        Belief::Paused(PauseOwner::Unproven { .. }) => "paused, by whom is not known".to_owned(),
        Belief::Other { word } => format!("{word} on the platform"),
        Belief::Missing { .. } => "not known to the platform".to_owned(),
    }
}

fn summary(state: &CampaignState, reason: &Reason) -> String {
    let what = match reason.outcome {
        Outcome::Command { direction, .. } => format!("to be {}", direction.label()),
        Outcome::NothingToDo => "as it should be".to_owned(),
        Outcome::Suppressed {
            direction: Some(direction),
            by,
        } => format!("{direction} held back by {}", words_of(by)),
        Outcome::Suppressed {
            direction: None,
            by,
        } => format!("left alone: {}", words_of(by)),
    };
    let numbers = match (reason.available, reason.lines) {
        (Some(available), Some(lines)) => format!(
            "; {available} available, pause below {}, resume at {}",
            lines.pause_below, lines.resume_at
        ),
        (Some(_) | None, _) => String::new(),
    };
    format!("{}, {what}{numbers}", in_words(&state.belief))
}

fn words_of(by: Suppression) -> &'static str {
    match by {
        Suppression::StaleData => "no valid reading",
        Suppression::Confirming => "confirmation",
        Suppression::Cooldown => "the dwell",
        Suppression::ResumeBudget => "the resume budget",
        Suppression::PersonsPause => "a person's pause",
        Suppression::Unproven => "a pause of unknown origin",
        Suppression::PersonsResume => "a person's resume",
        Suppression::Override => "an operator's hold",
        Suppression::NotCommandable | Suppression::Changing => "its status",
        Suppression::Refused => "refusals of the platform",
        Suppression::InFlight => "a command on its way",
    }
}

fn stage(number: u8, name: &str, asked: Asked, says: String, until: Option<Timestamp>) -> Stage {
    Stage {
        number,
        name: name.to_owned(),
        asked,
        says,
        until,
    }
}

fn decided_if(decided: bool) -> Asked {
    if decided {
        Asked::Decided
    } else {
        Asked::Passed
    }
}

fn sample(reason: &Reason) -> Stage {
    let seconds = |age: Duration| age.as_secs();
    let (asked, says) = match reason.sample {
        SampleVerdict::Valid { age } => (
            Asked::Passed,
            format!("complete, {} s old at the decision", seconds(age)),
        ),
        SampleVerdict::None => (Asked::Decided, "none in this run yet".to_owned()),
        SampleVerdict::Invalid { streak } => (Asked::Decided, format!("{streak} invalid in a row")),
        SampleVerdict::TooOld { age } => (Asked::Decided, format!("{} s old", seconds(age))),
        SampleVerdict::Stale { streak } => {
            (Asked::Decided, format!("stale: {streak} invalid in a row"))
        }
    };
    stage(0, "sample", asked, says, None)
}

fn signal(reason: &Reason) -> Stage {
    match (reason.available, reason.staffed) {
        (Some(available), Some(staffed)) => {
            let says = format!("{available} available of {staffed} that are not offline");
            stage(1, "signal", Asked::Passed, says, None)
        }
        (Some(available), None) => {
            let says = format!("{available} available");
            stage(1, "signal", Asked::Passed, says, None)
        }
        (None, _) => stage(1, "signal", Asked::NotAsked, "not known".to_owned(), None),
    }
}

fn lines(reason: &Reason) -> Stage {
    let (Some(lines), Some(relation)) = (reason.lines, reason.relation) else {
        return stage(2, "lines", Asked::NotAsked, "not weighed".to_owned(), None);
    };
    let stands = match relation {
        Relation::BelowPause => "below the pause line",
        Relation::Between => "between the lines",
        Relation::AtResume => "at the resume line or above",
    };
    let says = format!(
        "{stands} (pause below {}, resume at {})",
        lines.pause_below, lines.resume_at
    );
    let decided = reason.outcome == Outcome::NothingToDo && reason.hold.is_none();
    stage(2, "lines", decided_if(decided), says, None)
}

fn confirmation(reason: &Reason, by: Option<Suppression>) -> Stage {
    let Some(found) = reason.confirmation else {
        return not_asked(3, "confirmation");
    };
    let says = format!(
        "{} of the last {} samples agree, {} needed",
        found.seen, found.of_last, found.needed
    );
    let asked = decided_if(by == Some(Suppression::Confirming));
    stage(3, "confirmation", asked, says, None)
}

fn dwell(reason: &Reason, by: Option<Suppression>) -> Stage {
    if by == Some(Suppression::Cooldown) {
        let says = "has not lasted for long enough".to_owned();
        return stage(4, "dwell", Asked::Decided, says, reason.dwell_until);
    }
    let passed = matches!(reason.outcome, Outcome::Command { .. })
        || matches!(by, Some(Suppression::ResumeBudget));
    if passed && reason.confirmation.is_some() {
        stage(4, "dwell", Asked::Passed, "over".to_owned(), None)
    } else {
        not_asked(4, "dwell")
    }
}

fn budget(reason: &Reason, by: Option<Suppression>) -> Stage {
    let Some(found) = reason.budget else {
        return not_asked(5, "resume budget");
    };
    let says = format!("{} of {} resumes used this hour", found.used, found.limit);
    let asked = decided_if(by == Some(Suppression::ResumeBudget));
    stage(5, "resume budget", asked, says, found.free_at)
}

fn people(state: &CampaignState, reason: &Reason, by: Option<Suppression>) -> Stage {
    if reason.persons_pause {
        let says = match &state.belief {
            Belief::Paused(PauseOwner::Unproven { doubt }) => {
                format!("nobody can say whose the pause is: {}", doubt.explained())
            }
            Belief::Paused(_)
            | Belief::Running
            | Belief::Unread
            | Belief::Other { .. }
            | Belief::Missing { .. } => "the pause is a person's".to_owned(),
        };
        let asked = decided_if(matches!(
            by,
            Some(Suppression::PersonsPause | Suppression::Unproven)
        ));
        return stage(6, "people", asked, says, None);
    }
    if reason.grace_until.is_some() {
        let says = "a person resumed our pause".to_owned();
        let asked = decided_if(by == Some(Suppression::PersonsResume));
        return stage(6, "people", asked, says, reason.grace_until);
    }
    let says = match state.enforcing {
        Some(direction) => format!("a person's change is turned back: {direction}"),
        None => "nobody has changed it".to_owned(),
    };
    stage(6, "people", Asked::Passed, says, None)
}

fn hold(state: &CampaignState, reason: &Reason) -> Stage {
    let Some((kind, until)) = reason.hold else {
        return stage(7, "hold", Asked::Passed, "nobody holds it".to_owned(), None);
    };
    let kind = match kind {
        HoldKind::Running => "running",
        HoldKind::Paused => "paused",
        HoldKind::AsIs => "as it is",
    };
    let who = state.hold.as_ref().map_or(String::new(), |hold| {
        format!(" by {}: {}", hold.author, hold.reason)
    });
    let says = format!("held {kind}{who}");
    stage(7, "hold", Asked::Decided, says, Some(until))
}

fn status(state: &CampaignState, reason: &Reason, by: Option<Suppression>) -> Stage {
    let decided = matches!(
        by,
        Some(
            Suppression::NotCommandable
                | Suppression::Changing
                | Suppression::Refused
                | Suppression::InFlight
        )
    );
    let mut says = in_words(&state.belief);
    if by == Some(Suppression::InFlight) {
        says.push_str(", a command is on its way");
    } else if reason.refused_until.is_some() {
        says.push_str(", the platform keeps refusing our commands");
    }
    stage(8, "status", decided_if(decided), says, reason.refused_until)
}

fn not_asked(number: u8, name: &str) -> Stage {
    stage(number, name, Asked::NotAsked, "not asked".to_owned(), None)
}

fn would_change(state: &CampaignState, reason: &Reason, by: Option<Suppression>) -> Vec<String> {
    let until = |at: Option<Timestamp>| at.map_or(String::new(), |at| format!(" at {at}"));
    let mut found = Vec::new();
    if let Some((_, at)) = reason.hold {
        found.push(format!("the hold ends at {at}, or is released"));
    }
    match by {
        Some(Suppression::StaleData) => found.push("a complete and fresh poll".to_owned()),
        Some(Suppression::Confirming) => found.push("further samples that agree".to_owned()),
        Some(Suppression::Cooldown) => {
            found.push(format!("the dwell ends{}", until(reason.dwell_until)));
        }
        Some(Suppression::ResumeBudget) => {
            let free = reason.budget.and_then(|budget| budget.free_at);
            found.push(format!("a resume becomes free{}", until(free)));
        }
        Some(Suppression::PersonsPause | Suppression::Unproven) => {
            found.push("a person resumes it, or it is held running".to_owned());
        }
        Some(Suppression::PersonsResume) => {
            found.push(format!("the grace ends{}", until(reason.grace_until)));
        }
        Some(Suppression::Refused) => {
            found.push(format!("it is tried again{}", until(reason.refused_until)));
        }
        Some(Suppression::NotCommandable | Suppression::Changing) => {
            found.push("the platform shows it running or paused".to_owned());
        }
        Some(Suppression::InFlight) => found.push("the command's outcome".to_owned()),
        Some(Suppression::Override) => {}
        None => match (reason.outcome, reason.lines) {
            (Outcome::Command { direction, .. }, _) => {
                let to = match direction {
                    Direction::Pause => "paused",
                    Direction::Resume => "resumed",
                };
                found.push(format!("it is {to}"));
            }
            (Outcome::NothingToDo, Some(lines)) if reason.hold.is_none() => {
                found.push(if state.belief == Belief::Running {
                    format!("fewer than {} available agents", lines.pause_below)
                } else {
                    format!("at least {} available agents", lines.resume_at)
                });
            }
            (Outcome::NothingToDo | Outcome::Suppressed { .. }, _) => {}
        },
    }
    found
}
