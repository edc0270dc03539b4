//! What a platform is like throughout, apart from single requests that go wrong.
//!
//! None of it changes what is true; it changes how the truth is shown, and when a command comes true.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

use crate::simulator::time::SimTime;

/// The standing properties of a platform. The default is the documented one throughout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// How a page of agents and a list of preview assignments say that there is nobody.
    pub nobody: Nobody,
    /// The most rows of a page of agents or skills, whatever limit was asked for; at least one.
    pub page_clamp: Option<usize>,
    /// Whether agents are chosen by their state before a page is cut or after.
    pub filtering: Filtering,
    /// How agents' states and campaigns' statuses are spelled.
    pub words: WordForm,
    /// What a campaign's `updatedTimestamp` is.
    pub timestamps: Timestamps,
    /// A state between two statuses; its duration is simulated.
    pub transition: Option<Transition>,
    /// How preview assignments are given back.
    pub assignment_form: AssignmentForm,
}

/// How an empty list is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nobody {
    /// An empty list.
    #[default]
    EmptyList,
    /// 204 without a body.
    NoContent,
    /// `null` in the list's place.
    NullItems,
    /// `null` as the whole body.
    NullBody,
}

/// When the agents of a page are chosen by their state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filtering {
    /// Before the page is cut: offset and limit count those who match.
    #[default]
    BeforePaging,
    /// After the page is cut: offset and limit count everybody, so a short page need not be the last one.
    AfterPaging,
}

/// How the words of the contract are spelled in answers. What clients write is read as documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WordForm {
    /// `wrap-up`, `RUNNING`.
    #[default]
    Documented,
    /// `Wrap-up`, `Running`.
    Capitalised,
    /// `WRAP-UP`, `RUNNING`.
    Upper,
    /// `wrap-up`, `running`.
    Lower,
    /// `wrap_up`, `RUNNING`.
    Underscored,
}

/// What the `updatedTimestamp` of a campaign is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timestamps {
    /// When the status last changed, with milliseconds.
    #[default]
    Exact,
    /// The same, cut to the second.
    WholeSeconds,
    /// The moment of the read, although nothing changed.
    MovesAtReads,
    /// The moment of the read, cut to the second.
    MovesInWholeSeconds,
    /// It is left out.
    Absent,
}

/// A state between two statuses.
///
/// A command to another status is answered with its word, and a GET shows the word until it ends. Until then the status
/// that was in force stays true, and further commands are refused with 409; at its end the new status becomes true and
/// is journaled. A person who sets the status meanwhile ends it, and the command has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The word; `PAUSING` or `RESUMING` without one.
    pub word: Option<String>,
    /// How long it lasts.
    pub lasting: Duration,
}

/// How preview assignments are given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssignmentForm {
    /// As they were sent.
    #[default]
    AsSent,
    /// In the opposite order, zones under another name (`US/Eastern`), times as `9:00` and `17:00:00`. It means the
    /// same, and what is in force is what was sent.
    Normalised,
}

impl Quirks {
    /// The names of those that are not as documented, for reports.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let nobody = match self.nobody {
            Nobody::EmptyList => None,
            Nobody::NoContent => Some("nobody-204"),
            Nobody::NullItems => Some("nobody-null-items"),
            Nobody::NullBody => Some("nobody-null"),
        };
        let filtering = match self.filtering {
            Filtering::BeforePaging => None,
            Filtering::AfterPaging => Some("filtered-after-paging"),
        };
        let words = match self.words {
            WordForm::Documented => None,
            WordForm::Capitalised => Some("words-capitalised"),
            WordForm::Upper => Some("words-upper"),
            WordForm::Lower => Some("words-lower"),
            WordForm::Underscored => Some("words-underscored"),
        };
        let timestamps = match self.timestamps {
            Timestamps::Exact => None,
            Timestamps::WholeSeconds => Some("timestamp-whole-seconds"),
            Timestamps::MovesAtReads => Some("timestamp-moves"),
            Timestamps::MovesInWholeSeconds => Some("timestamp-moves-whole-seconds"),
            Timestamps::Absent => Some("timestamp-absent"),
        };
        let assignments = match self.assignment_form {
            AssignmentForm::AsSent => None,
            AssignmentForm::Normalised => Some("assignments-normalised"),
        };
        let named = [
            nobody,
            self.page_clamp.map(|_| "page-clamp"),
            filtering,
            words,
            timestamps,
            self.transition.as_ref().map(|_| "transition"),
            assignments,
        ];
        named.into_iter().flatten().collect()
    }

    /// How many rows a page has when `asked` were asked for.
    pub(in crate::simulator) fn page_limit(&self, asked: usize) -> usize {
        self.page_clamp.map_or(asked, |most| asked.min(most.max(1)))
    }
}

impl Nobody {
    /// The body of an empty list, unless it is the documented one; no bytes mean no content.
    pub(in crate::simulator) fn body(self, null_items: impl FnOnce() -> Bytes) -> Option<Bytes> {
        match self {
            Self::EmptyList => None,
            Self::NoContent => Some(Bytes::new()),
            Self::NullItems => Some(null_items()),
            Self::NullBody => Some(Bytes::from_static(b"null")),
        }
    }
}

impl WordForm {
    pub(in crate::simulator) fn spell(self, word: &str) -> Cow<'_, str> {
        match self {
            Self::Documented => Cow::Borrowed(word),
            Self::Capitalised => {
                let mut letters = word.chars();
                let first = letters.next().into_iter().flat_map(char::to_uppercase);
                let rest = letters.flat_map(char::to_lowercase);
                Cow::Owned(first.chain(rest).collect())
            }
            Self::Upper => Cow::Owned(word.to_uppercase()),
            Self::Lower => Cow::Owned(word.to_lowercase()),
            Self::Underscored => Cow::Owned(word.replace('-', "_")),
        }
    }
}

impl Timestamps {
    /// What an answer at `read` shows.
    pub(in crate::simulator) fn shown(self, updated: SimTime, read: SimTime) -> Option<String> {
        match self {
            Self::Exact => Some(updated.rfc3339()),
            Self::WholeSeconds => Some(updated.rfc3339_seconds()),
            Self::MovesAtReads => Some(read.rfc3339()),
            Self::MovesInWholeSeconds => Some(read.rfc3339_seconds()),
            Self::Absent => None,
        }
    }
}

impl Transition {
    /// The word that is shown on the way to `status`.
    pub(in crate::simulator) fn word_to(&self, status: &str) -> String {
        let usual = || {
            if status == "PAUSED" {
                "PAUSING"
            } else {
                "RESUMING"
            }
            .to_owned()
        };
        self.word.clone().unwrap_or_else(usual)
    }
}
