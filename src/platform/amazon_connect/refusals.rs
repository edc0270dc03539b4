//! What a refusal means, by the name of its error: statuses differ between the services and are not enough.
//!
//! The name stands in the header `x-amzn-ErrorType` up to a colon, or in the body's `__type` behind a number sign. A page of HTML has
//! none and comes from a machine in between.

use hyper::StatusCode;
use serde::Deserialize;

use crate::platform::http::HttpResponse;

/// The header with the name.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// The state of a campaign does not allow the command.
pub(super) const WRONG_STATE: &str = "InvalidCampaignStateException";

/// What a refusal says in its body.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RefusalBody {
    #[serde(rename = "__type")]
    kind: Option<String>,
    #[serde(alias = "Message")]
    pub(super) message: Option<String>,
    /// The state that a campaign has, where that is why.
    pub(super) state: Option<String>,
}

impl RefusalBody {
    pub(super) fn read(response: &HttpResponse) -> Self {
        serde_json::from_slice(&response.body).unwrap_or_default()
    }
}

/// The name of an error, where an answer has one.
pub(super) fn name(response: &HttpResponse) -> Option<String> {
    let header = response.headers.get(ERROR_TYPE);
    let header = header.and_then(|value| value.to_str().ok());
    let header = header.map(|value| value.split(':').next().unwrap_or_default().to_owned());
    let named = header.filter(|name| !name.is_empty()).or_else(|| {
        let kind = RefusalBody::read(response).kind?;
        Some(kind.rsplit('#').next().unwrap_or_default().to_owned())
    });
    named.filter(|name| !name.is_empty())
}

/// The status that a refusal would have, if its status alone said what it means.
pub(super) fn meaning(response: &HttpResponse) -> StatusCode {
    let Some(name) = name(response) else {
        let page = response.body.trim_ascii_start().starts_with(b"<");
        return if page && !response.status.is_server_error() {
            StatusCode::BAD_GATEWAY
        } else {
            response.status
        };
    };
    match name.trim_end_matches("Exception") {
        "Throttling" | "ThrottledRequests" | "TooManyRequests" | "RequestLimitExceeded" => {
            StatusCode::TOO_MANY_REQUESTS
        }
        "AccessDenied" => StatusCode::FORBIDDEN,
        "ExpiredToken"
        | "UnrecognizedClient"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "IncompleteSignature"
        | "InvalidSignature"
        | "RequestTimeTooSkewed"
        | "RequestExpired"
        | "SignatureDoesNotMatch" => StatusCode::UNAUTHORIZED,
        "ResourceNotFound" => StatusCode::NOT_FOUND,
        "InvalidCampaignState" | "Conflict" => StatusCode::CONFLICT,
        "Validation" | "InvalidParameter" | "InvalidRequest" | "Serialization" => {
            StatusCode::BAD_REQUEST
        }
        "InternalServer" | "InternalService" | "InternalFailure" | "ServiceUnavailable" => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => response.status,
    }
}

/// Whether a signature was refused for its time or for the key that it was made with.
pub(super) fn is_about_a_signature(name: &str) -> bool {
    matches!(
        name.trim_end_matches("Exception"),
        "InvalidSignature" | "RequestTimeTooSkewed" | "RequestExpired" | "SignatureDoesNotMatch"
    )
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn response(status: u16, header: Option<&str>, body: &str) -> HttpResponse {
        let headers = header.map(|name| {
            (
                HeaderName::from_static(ERROR_TYPE),
                HeaderValue::from_str(name).unwrap(),
            )
        });
        HttpResponse {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.into_iter().collect::<HeaderMap>(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn the_name_decides_wherever_it_stands() {
        for (status, header, body, expected) in [
            (429, Some("ThrottlingException"), "{}", 429),
            (400, Some("ThrottlingException:http://internal/"), "{}", 429),
            (
                400,
                None,
                r#"{"__type":"a.b#TooManyRequestsException"}"#,
                429,
            ),
            (403, None, r#"{"__type":"a.b#ExpiredTokenException"}"#, 401),
            (400, Some("UnrecognizedClientException"), "{}", 401),
            (403, Some("InvalidSignatureException"), "{}", 401),
            (403, Some("RequestTimeTooSkewed"), "{}", 401),
            (403, Some("AccessDeniedException"), "{}", 403),
            (404, Some("ResourceNotFoundException"), "{}", 404),
            (409, Some("InvalidCampaignStateException"), "{}", 409),
            (409, Some("ConflictException"), "{}", 409),
            (400, Some("ValidationException"), "{}", 400),
            (500, Some("InternalServerException"), "{}", 500),
            (503, None, "<html>Service Unavailable</html>", 503),
            (403, None, " \n<html>no</html>", 502),
            (418, Some("TeapotException"), "{}", 418),
            (400, None, "", 400),
        ] {
            let found = meaning(&response(status, header, body));
            assert_eq!(found.as_u16(), expected, "{header:?} {body}");
        }
    }

    #[test]
    fn the_state_of_a_conflict_and_both_spellings_of_a_message_are_read() {
        let conflict = response(409, None, r#"{"message":"wrong","state":"Completed"}"#);
        let body = RefusalBody::read(&conflict);
        assert_eq!(body.state.as_deref(), Some("Completed"));
        let other = RefusalBody::read(&response(400, None, r#"{"Message":"no queue"}"#));
        assert_eq!(other.message.as_deref(), Some("no queue"));
        assert!(is_about_a_signature("SignatureDoesNotMatch"));
        assert!(!is_about_a_signature("ExpiredTokenException"));
    }
}
