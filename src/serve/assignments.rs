//! The lists of the preview campaigns, as the status shows them.

use serde::{Deserialize, Serialize};

use crate::control::AssignmentView;
use crate::control::DispatchView;
use crate::domain::Timestamp;

/// A preview campaign whose agents are assigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentDocument {
    /// The tenant whose it is, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Its id on the platform.
    pub id: String,
    /// `serving`, `standing`, `left_alone` or `unknown`.
    pub state: String,
    /// Agents on the list in force.
    pub listed: usize,
    /// Agents whom the last plan wants there; nothing before the first plan.
    pub wanted: Option<usize>,
    /// Agents wanted at least.
    pub least: u32,
    /// The most agents on the list.
    pub most: u32,
    /// The time until which a person's list is not changed.
    pub until: Option<String>,
    /// The reason, in one sentence.
    pub why: String,
    /// The last list that was sent in this run.
    pub last_dispatch: Option<DispatchDocument>,
}

/// A list that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispatchDocument {
    /// When its end was known.
    pub at: String,
    /// `accepted`, `no_capacity`, `refused`, `lost` or `not_sent`.
    pub end: String,
    /// Agents who joined by it.
    pub joining: usize,
    /// Agents who left by it.
    pub leaving: usize,
    /// The decision that it belongs to.
    pub decision: String,
}

impl AssignmentDocument {
    pub(super) fn of(view: &AssignmentView, now: Timestamp) -> Self {
        let AssignmentView {
            id,
            running: _,
            known: _,
            uncertain: _,
            listed,
            wanted,
            least,
            most,
            left_alone_until,
            last,
        } = view;
        let until = left_alone_until.filter(|until| now < *until);
        let (state, why) = standing(view, until);
        Self {
            tenant: None,
            id: id.to_string(),
            state: state.to_owned(),
            listed: *listed,
            wanted: *wanted,
            least: *least,
            most: *most,
            until: until.map(|until| until.to_string()),
            why,
            last_dispatch: last.as_ref().map(DispatchDocument::of),
        }
    }
}

impl DispatchDocument {
    fn of(view: &DispatchView) -> Self {
        Self {
            at: view.at.to_string(),
            end: view.end.to_owned(),
            joining: view.joining,
            leaving: view.leaving,
            decision: view.decision.to_string(),
        }
    }
}

/// A list's state in a word and in a sentence.
fn standing(view: &AssignmentView, until: Option<Timestamp>) -> (&'static str, String) {
    let listed = view.listed;
    if !view.known {
        let why = "its list was not read yet, so nobody joins or leaves";
        return ("unknown", why.to_owned());
    }
    if let Some(until) = until {
        let why = format!("a person changed its list, which is left alone until {until}");
        return ("left_alone", why);
    }
    if view.uncertain {
        let why =
            "a list was sent and no answer came back: it is read before anything else is sent";
        return ("unknown", why.to_owned());
    }
    match (view.running, view.wanted) {
        (None, _) => {
            let why = "whether it runs is not known, so nobody joins or leaves";
            ("unknown", why.to_owned())
        }
        (Some(false), _) => {
            let why = "it does not run, so its agents serve the campaigns that do";
            ("standing", why.to_owned())
        }
        (Some(true), None) => ("serving", "no plan was made yet in this run".to_owned()),
        (Some(true), Some(wanted)) if wanted != listed => {
            let why = format!("{listed} are on its list, and the last plan wants {wanted}");
            ("serving", why)
        }
        (Some(true), Some(_)) if listed < usize::try_from(view.least).unwrap_or(usize::MAX) => {
            let why = format!(
                "{listed} are on its list, as the last plan wants: no more can be placed, though {} are wanted at least",
                view.least
            );
            ("serving", why)
        }
        (Some(true), Some(_)) => {
            let why = format!("{listed} are on its list, as the last plan wants");
            ("serving", why)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_716_215_520_000);

    fn view() -> AssignmentView {
        AssignmentView {
            id: "preview-1".parse().unwrap(),
            running: Some(true),
            known: true,
            uncertain: false,
            listed: 3,
            wanted: Some(3),
            least: 2,
            most: 10,
            left_alone_until: None,
            last: None,
        }
    }

    #[test]
    fn a_list_says_where_it_stands() {
        let state = |view: AssignmentView| AssignmentDocument::of(&view, NOW).state;
        assert_eq!(state(view()), "serving");
        let unread = AssignmentView {
            known: false,
            ..view()
        };
        assert_eq!(state(unread), "unknown");
        let standing = AssignmentView {
            running: Some(false),
            ..view()
        };
        assert_eq!(state(standing), "standing");
        let persons = AssignmentView {
            left_alone_until: Some(NOW.plus(Duration::from_secs(60))),
            ..view()
        };
        assert_eq!(state(persons.clone()), "left_alone");
        let over = AssignmentDocument::of(&persons, NOW.plus(Duration::from_secs(60)));
        assert_eq!(over.state, "serving");
        let few = AssignmentView { least: 5, ..view() };
        let why = AssignmentDocument::of(&few, NOW).why;
        assert!(why.contains("5 are wanted at least"), "{why}");
    }
}
