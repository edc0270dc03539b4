//! Answers: text, whatever they say.

use bytes::Bytes;
use hyper::StatusCode;

use super::super::super::answer::Answer;

/// An answer of this text.
pub(super) fn page(status: StatusCode, said: String) -> Answer {
    Answer {
        content_type: "text/html; charset=utf-8",
        ..Answer::json(status, Bytes::from(said))
    }
}

/// A refusal of a function.
pub(super) fn refused(function: &str, said: &str) -> String {
    format!("ERROR: {function} {said}\n")
}
