//! Responses: documents, texts and errors.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::control::operator::OperatorError;

/// The body of a response.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiFault {
    /// The kind of error, as one word for programs.
    pub error: String,
    /// Everything that is wrong, and what to do about it.
    pub faults: Vec<String>,
}

/// An error response.
pub(super) struct Failure(StatusCode, &'static str, Vec<String>, Option<u64>);

pub(super) type Answered = Result<Response<Body>, Failure>;

impl Failure {
    pub(super) fn one(status: StatusCode, error: &'static str, fault: impl Into<String>) -> Self {
        Self(status, error, vec![fault.into()], None)
    }

    pub(super) fn bad(faults: Vec<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, "invalid", faults, None)
    }

    /// Too many changes were asked for; the next one may be after `wait`.
    pub(super) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        let fault = format!("too many changes were asked for; try again in {seconds} s");
        let faults = vec![fault];
        Self(StatusCode::TOO_MANY_REQUESTS, "rate", faults, Some(seconds))
    }

    pub(super) fn answer(self) -> Response<Body> {
        let Self(status, error, faults, retry_after) = self;
        let fault = ApiFault {
            error: error.to_owned(),
            faults,
        };
        let mut answer = json(&fault);
        *answer.status_mut() = status;
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            answer.headers_mut().insert(WWW_AUTHENTICATE, bearer);
        }
        if let Some(seconds) = retry_after {
            let seconds = HeaderValue::from(seconds);
            answer.headers_mut().insert(RETRY_AFTER, seconds);
        }
        answer
    }
}

impl Failure {
    /// What several tenants refused: the status of the first, and the words of all.
    pub(super) fn of_several(first: &OperatorError, faults: Vec<String>) -> Self {
        let (status, kind) = Self::kind(first);
        Self(status, kind, faults, None)
    }

    /// Tenants that do not run cannot do what is asked of all.
    pub(super) fn not_running(faults: Vec<String>) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, "not_running", faults, None)
    }

    fn kind(error: &OperatorError) -> (StatusCode, &'static str) {
        match error {
            OperatorError::UnknownCampaign(_) => (StatusCode::NOT_FOUND, "unknown_campaign"),
            OperatorError::NothingInForce(_) => (StatusCode::CONFLICT, "nothing_in_force"),
            OperatorError::NotPaused { .. } => (StatusCode::CONFLICT, "not_paused"),
            OperatorError::NoAim(_) => (StatusCode::CONFLICT, "no_aim"),
            OperatorError::AimByShortage(_) => (StatusCode::CONFLICT, "aim_by_shortage"),
            OperatorError::Lasts => (StatusCode::BAD_REQUEST, "invalid"),
            OperatorError::StoreClosed(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_closed"),
            OperatorError::NotWrittenYet(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_written_yet"),
            OperatorError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            OperatorError::NoAnswer => (StatusCode::SERVICE_UNAVAILABLE, "no_answer"),
        }
    }
}

impl From<OperatorError> for Failure {
    fn from(error: OperatorError) -> Self {
        let (status, kind) = Self::kind(&error);
        Self::one(status, kind, error.to_string())
    }
}

/// Returns a document as a JSON response.
pub(super) fn json(document: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(document) {
        Ok(bytes) => full(StatusCode::OK, "application/json", bytes.into()),
        Err(wrong) => full(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain; charset=utf-8",
            format!("{wrong}\n").into(),
        ),
    }
}

/// Returns a response that is not cached.
pub(super) fn full(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Body> {
    let mut answer = Response::new(Full::new(body).boxed_unsync());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// Returns a line of text as a response.
pub(super) fn text(status: StatusCode, body: &str) -> Response<Body> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    full(status, "text/plain; charset=utf-8", body)
}
