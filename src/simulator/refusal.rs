//! What the platform says when it does not do what it was asked: a status and the contract's error body.

use hyper::StatusCode;

/// A refused request. It can have several faults, so that a list's faults are all reported at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    /// One for each fault; never empty.
    pub(super) messages: Vec<String>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            messages: vec![message.into()],
        }
    }

    /// 400 for a request that cannot be understood.
    pub(super) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 422 for a request that is understood and breaks a rule.
    pub(super) fn unprocessable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 409 for a request that what is in force does not allow.
    pub(super) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 404 for something that is not there, `what` being its kind.
    pub(super) fn no_such(what: &str, id: &str) -> Self {
        let message = format!("there is no {what} {id}");
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }
}
