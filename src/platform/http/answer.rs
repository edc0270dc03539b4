//! What an answer carries beside its content: its class, a wait that it asks for, and the words of a refusal.

use std::time::{Duration, UNIX_EPOCH};

use hyper::StatusCode;
use hyper::header::{DATE, LOCATION};
use serde_json::Value;

use crate::domain::Timestamp;
use crate::telemetry::Code;

use super::send::HttpResponse;

/// The longest part of an error body that is repeated to people.
const LONGEST_EXCERPT: usize = 200;

pub(super) fn code(status: StatusCode) -> Code {
    match status.as_u16() {
        200..=299 => Code::Success,
        401 => Code::Unauthorized,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        409 | 412 => Code::Conflict,
        429 => Code::TooMany,
        500..=599 => Code::Server,
        _ => Code::Client,
    }
}

/// Returns how many requests the platform would still take, where it says so (`x-ratelimit-remaining`). It is
/// shown and not acted on: the contract does not say over what time it counts.
pub(super) fn remaining(response: &HttpResponse) -> Option<f64> {
    let text = response
        .headers
        .get("x-ratelimit-remaining")?
        .to_str()
        .ok()?;
    let left: u32 = text.trim().parse().ok()?;
    Some(left.into())
}

/// The second at which the answer was made by the platform's clock.
pub(super) fn date(response: &HttpResponse) -> Option<Timestamp> {
    let text = response.headers.get(DATE)?.to_str().ok()?;
    let since_epoch = httpdate::parse_http_date(text)
        .ok()?
        .duration_since(UNIX_EPOCH)
        .ok()?;
    Some(Timestamp::from_unix_millis(0).plus(since_epoch))
}

/// Reads `Retry-After` as seconds, also fractional, or as an HTTP date.
pub(super) fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if let Some(seconds) = header
        .parse::<f64>()
        .ok()
        .filter(|seconds| seconds.is_finite())
    {
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let date = httpdate::parse_http_date(header).ok()?;
    let since_epoch = date.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix_millis(0).plus(since_epoch).since(now))
}

/// Returns where a redirect leads, without what may be a secret in it.
pub(super) fn location(from: &reqwest::Url, response: &HttpResponse) -> Option<String> {
    let text = response.headers.get(LOCATION)?.to_str().ok()?;
    let mut place = from.join(text).ok()?;
    place.set_query(None);
    place.set_fragment(None);
    if place.set_username("").is_err() || place.set_password(None).is_err() {
        return None;
    }
    Some(place.as_str().chars().take(LONGEST_EXCERPT).collect())
}

/// Returns the platform's own words in a refusal, in whatever common form they come; an HTML page is not repeated.
pub(super) fn refusal_words(body: &[u8]) -> Option<String> {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(value) => words_of(&value)?,
        Err(_) => plain_words(body)?,
    };
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    let clean = clean.trim().to_owned();
    (!clean.is_empty()).then_some(clean)
}

/// Shortens what is repeated to people, in brackets behind a sentence.
pub(super) fn excerpt(words: &str) -> String {
    let short: String = words.chars().take(LONGEST_EXCERPT).collect();
    format!(" ({short})")
}

/// The words of a refusal in JSON: a list of errors or one by field, OAuth 2 (RFC 6749, 5.2), problem details (RFC 9457),
/// or a message.
fn words_of(value: &Value) -> Option<String> {
    let nested: Vec<String> = ["errors", "error", "fault", "detail"]
        .iter()
        .filter_map(|name| nested(value.get(name)?))
        .collect();
    let own = one_error(value);
    match (own, nested.is_empty()) {
        // What is wrong with each part says more than a heading.
        (Some(own), false) => Some(format!("{own}: {}", nested.join("; "))),
        (Some(own), true) => Some(own),
        (None, false) => Some(nested.join("; ")),
        (None, true) => Some(value)
            .filter(|value| value.is_array())
            .and_then(self::nested),
    }
}

/// Errors below a member: a list of them, one, or one or several for each field.
fn nested(value: &Value) -> Option<String> {
    let said: Vec<String> = match value {
        Value::Array(errors) => errors.iter().filter_map(one_error).collect(),
        Value::Object(fields) => {
            if let Some(said) = one_error(value) {
                return Some(said);
            }
            let each = fields.iter().filter_map(|(field, errors)| {
                let said = nested(errors).or_else(|| one_error(errors))?;
                Some(format!("{field}: {said}"))
            });
            each.collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    (!said.is_empty()).then(|| said.join("; "))
}

/// The words of one error: what it is called, and what it says.
fn one_error(error: &Value) -> Option<String> {
    const NAMES: [&str; 5] = ["error", "title", "code", "errorCode", "status"];
    const WORDS: [&str; 9] = [
        "error_description",
        "detail",
        "message",
        "Message",
        "errorMessage",
        "description",
        "faultstring",
        "reason",
        "msg",
    ];
    if let Some(text) = error.as_str() {
        return Some(text.to_owned());
    }
    // A code may be a number.
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let found = |names: &[&str]| names.iter().find_map(|name| text(error.get(name)?));
    match (found(&NAMES), found(&WORDS)) {
        (Some(name), Some(words)) if name != words => Some(format!("{name}: {words}")),
        (_, Some(words)) => Some(words),
        (name, None) => name,
    }
}

/// Returns a refusal in plain text; nothing when it looks like a page or is not text.
fn plain_words(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_page = text.starts_with(['<', '{', '[']);
    (!is_page).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::header::{HeaderMap, HeaderValue};

    use super::*;

    #[test]
    fn reads_retry_after_in_every_form() {
        let now = Timestamp::parse_rfc3339("2024-05-15T14:32:10Z").unwrap();
        assert_eq!(retry_after("2", now), Some(Duration::from_secs(2)));
        assert_eq!(retry_after(" 0.5 ", now), Some(Duration::from_millis(500)));
        assert_eq!(retry_after("-3", now), Some(Duration::ZERO));
        assert_eq!(
            retry_after("Wed, 15 May 2024 14:32:40 GMT", now),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            retry_after("Wed, 15 May 2024 14:00:00 GMT", now),
            Some(Duration::ZERO)
        );
        for wrong in ["", "soon", "NaN", "inf"] {
            assert_eq!(retry_after(wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn a_redirect_is_told_without_what_may_be_secret_in_it() {
        let from = "https://api.example/v2/x?y".parse().unwrap();
        let leads = |to: &'static str| {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(to))]);
            let response = HttpResponse {
                status: StatusCode::FOUND,
                headers,
                body: Bytes::new(),
            };
            location(&from, &response)
        };
        for (to, told) in [
            (
                "https://ana:hidden@login.example/in?code=hidden#hidden",
                "https://login.example/in",
            ),
            ("/v3/x", "https://api.example/v3/x"),
            ("http://[", ""),
        ] {
            assert_eq!(leads(to).unwrap_or_default(), told, "{to}");
        }
    }

    #[test]
    fn repeats_the_platforms_words_but_no_pages() {
        for (body, said) in [
            (r#"{"errors":[{"code":"x","message":"no"}]}"#, "x: no"),
            (r#"{"errors":[{"message":"a"},"b",3]}"#, "a; b"),
            (
                r#"{"error":"invalid_client","error_description":"bad secret"}"#,
                "invalid_client: bad secret",
            ),
            (r#"{"error":"invalid_grant"}"#, "invalid_grant"),
            (r#"{"error":{"code":"E1","message":"no"}}"#, "E1: no"),
            (
                r#"{"type":"about:blank","title":"Gone","detail":"no such skill"}"#,
                "Gone: no such skill",
            ),
            (r#"{"message":"no \u0007rights"}"#, "no rights"),
            (r#"{"Message":"no rights"}"#, "no rights"),
            (r#""plain""#, "plain"),
            (r#"[{"errorCode":"E7","message":"no"}]"#, "E7: no"),
            (
                r#"{"timestamp":1,"status":404,"error":"Not Found","message":"no skill 7","path":"/x"}"#,
                "Not Found: no skill 7",
            ),
            (r#"{"code":40103,"message":"no"}"#, "40103: no"),
            (r#"{"error_description":"bad secret"}"#, "bad secret"),
            (
                r#"{"title":"Invalid","status":400,"errors":{"id":["is missing","is odd"],"to":"x"}}"#,
                "Invalid: id: is missing; is odd; to: x",
            ),
            (
                r#"{"errors":[{"status":"403","title":"Forbidden","detail":"no right"}]}"#,
                "Forbidden: no right",
            ),
            (r#"{"fault":{"faultstring":"Invalid key"}}"#, "Invalid key"),
            (
                r#"{"detail":[{"loc":["id"],"msg":"is missing"}]}"#,
                "is missing",
            ),
            (" not\tallowed\n", "notallowed"),
        ] {
            assert_eq!(
                refusal_words(body.as_bytes()).as_deref(),
                Some(said),
                "{body}"
            );
        }
        for body in [
            "<html>secret</html>",
            "",
            "  ",
            "{}",
            "{\"errors\":[]}",
            "[1]",
            "{broken",
        ] {
            assert_eq!(refusal_words(body.as_bytes()), None, "{body}");
        }
        assert_eq!(refusal_words(b"\xff\xfe"), None);
        assert_eq!(excerpt(&"x".repeat(500)).len(), LONGEST_EXCERPT + 3);
    }
}
