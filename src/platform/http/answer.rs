//! What an answer says beside its content: its class, its wishes and its words.

use std::time::Duration;

use hyper::StatusCode;

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

/// How many requests the platform would still take, where it says so (`x-ratelimit-remaining`). It is
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

/// `Retry-After` as seconds, also fractional, or as an HTTP date.
pub(super) fn retry_after(wish: &str, now: Timestamp) -> Option<Duration> {
    let wish = wish.trim();
    if let Some(seconds) = wish
        .parse::<f64>()
        .ok()
        .filter(|seconds| seconds.is_finite())
    {
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let date = httpdate::parse_http_date(wish).ok()?;
    let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix_millis(0).plus(since_epoch).since(now))
}

/// The platform's own words, when they are words: an HTML page is not repeated.
pub(super) fn excerpt(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Errors {
        errors: Vec<OneError>,
    }
    #[derive(serde::Deserialize)]
    struct OneError {
        code: String,
        message: String,
    }
    let Ok(Errors { errors }) = serde_json::from_slice(body) else {
        return String::new();
    };
    let text = errors
        .iter()
        .map(|error| format!("{}: {}", error.code, error.message))
        .collect::<Vec<_>>()
        .join("; ");
    let clean = text
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_EXCERPT)
        .collect::<String>();
    if clean.is_empty() {
        clean
    } else {
        format!(" ({clean})")
    }
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
        assert_eq!(
            excerpt(br#"{"errors":[{"code":"x","message":"no"}]}"#),
            " (x: no)"
        );
        assert_eq!(excerpt(b"<html>secret</html>"), "");
    }
}
