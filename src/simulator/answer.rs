//! An answer before it becomes bytes.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{ALLOW, HeaderName, RETRY_AFTER};

use super::dialects::cxone_v2::wire;
use super::refusal::Refused;

const JSON: &str = "application/json";

/// An answer before it becomes bytes.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
    pub(super) headers: Vec<(HeaderName, String)>,
    /// Whether a write took effect.
    pub(super) applied: bool,
    /// The refusal, for dialects that word it in a form of their own.
    pub(super) refused: Option<Refused>,
}

impl Answer {
    pub(super) fn json(status: StatusCode, body: Bytes) -> Self {
        Self {
            status,
            content_type: JSON,
            body,
            headers: Vec::new(),
            applied: false,
            refused: None,
        }
    }

    /// 200 with a list, or 204 where its body is empty.
    pub(super) fn list(body: Bytes) -> Self {
        let status = if body.is_empty() {
            StatusCode::NO_CONTENT
        } else {
            StatusCode::OK
        };
        Self::json(status, body)
    }

    pub(super) fn html(status: StatusCode, body: &'static str) -> Self {
        Self {
            content_type: "text/html",
            ..Self::json(status, Bytes::from_static(body.as_bytes()))
        }
    }

    pub(super) fn refusal(status: StatusCode, code: &'static str, message: &str) -> Self {
        Refused::new(status, code, message).into()
    }

    /// 200 to a write that took effect.
    pub(super) fn applied(body: Bytes) -> Self {
        let mut answer = Self::json(StatusCode::OK, body);
        answer.applied = true;
        answer
    }

    pub(super) fn too_many(retry_after: Option<String>) -> Self {
        let mut answer = Self::refusal(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "the rate limit is reached",
        );
        answer
            .headers
            .extend(retry_after.map(|wait| (RETRY_AFTER, wait)));
        answer
    }

    pub(super) fn wrong_method(allow: &str) -> Self {
        let mut answer = Self::refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            &format!("expected {allow}"),
        );
        answer.headers.push((ALLOW, allow.to_owned()));
        answer
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        let messages = refused.messages.iter().map(String::as_str);
        Self {
            refused: Some(refused.clone()),
            ..Self::json(refused.status, wire::errors(refused.code, messages))
        }
    }
}
