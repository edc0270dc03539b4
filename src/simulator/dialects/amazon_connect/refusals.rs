//! The names and forms of refusals.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderName;
use serde_json::{Map, Value, json};

use super::super::super::answer::Answer;
use super::super::super::refusal::Refused;
use super::settings::ErrorName;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// 400 for a request that is wrong, by the words of the campaigns' service.
pub(super) fn invalid(why: &str) -> Refused {
    Refused::bad_request("ValidationException", why)
}

/// 400 for a request that is wrong, by the words of the other service.
pub(super) fn invalid_parameter(why: &str) -> Refused {
    Refused::bad_request("InvalidParameterException", why)
}

/// 409 for a command that the state of a campaign does not allow, which is told along.
pub(super) fn wrong_state(state: &str, form: ErrorName) -> Answer {
    let members = json!({"message": "The campaign is in an invalid state.", "state": state});
    in_form(
        StatusCode::CONFLICT,
        "InvalidCampaignStateException",
        members,
        form,
    )
}

/// Returns a refusal in the form of this platform; other answers stay as they are.
pub(super) fn worded(answer: Answer, form: ErrorName, of_campaigns: bool) -> Answer {
    let Some(refused) = &answer.refused else {
        return answer;
    };
    let (status, name) = named(refused);
    let text = refused.messages.join("; ");
    // One service writes the word with a capital.
    let member = if of_campaigns { "message" } else { "Message" };
    let worded = in_form(status, name, json!({ member: text }), form);
    Answer {
        status,
        body: worded.body,
        headers: [answer.headers, worded.headers].concat(),
        refused: None,
        ..answer
    }
}

fn in_form(status: StatusCode, name: &str, mut members: Value, form: ErrorName) -> Answer {
    let header = match form {
        ErrorName::Header => Some(name.to_owned()),
        ErrorName::HeaderWithAddress => Some(format!("{name}:http://internal.example/coral/")),
        ErrorName::Body => {
            let members = members
                .as_object_mut()
                .map_or_else(Map::new, std::mem::take);
            return typed(status, name, members);
        }
    };
    let mut answer = Answer::json(status, Bytes::from(members.to_string()));
    answer
        .headers
        .extend(header.map(|value| (ERROR_TYPE, value)));
    answer
}

fn typed(status: StatusCode, name: &str, mut members: Map<String, Value>) -> Answer {
    let name = format!("com.amazon.coral.service#{name}");
    members.insert("__type".to_owned(), json!(name));
    Answer::json(status, Bytes::from(Value::Object(members).to_string()))
}

/// The status and the name of a refusal, whose code may be the simulator's own.
fn named(refused: &Refused) -> (StatusCode, &'static str) {
    if refused.code.ends_with("Exception") {
        return (refused.status, refused.code);
    }
    match refused.status {
        StatusCode::UNAUTHORIZED => (StatusCode::FORBIDDEN, "ExpiredTokenException"),
        StatusCode::FORBIDDEN => (refused.status, "AccessDeniedException"),
        StatusCode::NOT_FOUND => (refused.status, "ResourceNotFoundException"),
        StatusCode::CONFLICT => (refused.status, "ConflictException"),
        StatusCode::TOO_MANY_REQUESTS => (refused.status, "ThrottlingException"),
        status if status.is_server_error() => (status, "InternalServerException"),
        status => (status, "ValidationException"),
    }
}
