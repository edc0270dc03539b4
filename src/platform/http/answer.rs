//! What an answer carries beside its content: its class, a wait that it asks for, and the words of a refusal.

use std::time::{Duration, UNIX_EPOCH};

use hyper::StatusCode;
use hyper::header::DATE;
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

/// The words of a refusal in JSON: a list of errors, OAuth 2 (RFC 6749, 5.2), problem details (RFC 9457), or a message.
fn words_of(value: &Value) -> Option<String> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    if let Some(errors) = value.get("errors").and_then(Value::as_array) {
        let said: Vec<String> = errors.iter().filter_map(one_error).collect();
        if !said.is_empty() {
            return Some(said.join("; "));
        }
    }
    if let Some(error) = value.get("error").filter(|error| error.is_object()) {
        return one_error(error);
    }
    let named = text("error").or_else(|| text("title"));
    let explained = text("error_description").or_else(|| text("detail"));
    joined(named, explained).or_else(|| one_error(value))
}

fn one_error(error: &Value) -> Option<String> {
    if let Some(text) = error.as_str() {
        return Some(text.to_owned());
    }
    let text = |names: [&str; 3]| {
        let mut found = names.iter().filter_map(|name| error.get(name)?.as_str());
        found.next()
    };
    joined(
        text(["code", "errorCode", "status"]),
        text(["message", "Message", "detail"]),
    )
}

fn joined(named: Option<&str>, explained: Option<&str>) -> Option<String> {
    match (named, explained) {
        (Some(named), Some(explained)) => Some(format!("{named}: {explained}")),
        (named, explained) => named.or(explained).map(str::to_owned),
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
