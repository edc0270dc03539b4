//! Answers, good and bad, whatever was asked.

use std::convert::Infallible;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::control::operator::Refusal;

/// The body of an answer.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiFault {
    /// What kind, as one word for programs.
    pub error: String,
    /// Everything that is wrong, and what to do about it.
    pub faults: Vec<String>,
}

/// An answer that is no success.
pub(super) struct Failure(StatusCode, &'static str, Vec<String>);

pub(super) type Answered = Result<Response<Body>, Failure>;

impl Failure {
    pub(super) fn one(status: StatusCode, error: &'static str, fault: impl Into<String>) -> Self {
        Self(status, error, vec![fault.into()])
    }

    pub(super) fn bad(faults: Vec<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, "invalid", faults)
    }

    pub(super) fn answer(self) -> Response<Body> {
        let Self(status, error, faults) = self;
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
        answer
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let (status, error) = match &refusal {
            Refusal::UnknownCampaign(_) => (StatusCode::NOT_FOUND, "unknown_campaign"),
            Refusal::NothingInForce(_) => (StatusCode::CONFLICT, "nothing_in_force"),
            Refusal::Lasts => (StatusCode::BAD_REQUEST, "invalid"),
            Refusal::StoreClosed(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_closed"),
            Refusal::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Refusal::NoAnswer => (StatusCode::SERVICE_UNAVAILABLE, "no_answer"),
        };
        Self::one(status, error, refusal.to_string())
    }
}

/// A document as an answer.
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

/// An answer that nobody keeps.
pub(super) fn full(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Body> {
    let mut answer = Response::new(Full::new(body).boxed_unsync());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// A line of text as an answer.
pub(super) fn text(status: StatusCode, body: &str) -> Response<Body> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    full(status, "text/plain; charset=utf-8", body)
}
