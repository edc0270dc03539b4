//! The headers of an entry: what it reports, which daemon sent it, and its signature.
//!
//! | header | holds |
//! |---|---|
//! | [`EVENT_HEADER`], `ce-type` | what it reports, such as `campaign.paused` |
//! | `webhook-id`, `ce-id` | the entry's id, the same for every attempt |
//! | `webhook-timestamp` | when this attempt was signed, in seconds since the Unix epoch |
//! | `webhook-signature` | see [`SigningKeys::sign`] |
//! | `ce-time` | when it happened, RFC 3339 |
//! | `ce-source`, `ce-subject` | which daemon sent it, and what it is about |
//! | `ce-specversion` | `1.0` |
//! | `content-type` | `application/json` |

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, InvalidHeaderValue};

use crate::domain::{TenantName, Timestamp};

use super::ports::OutboxEntry;
use super::signature::SigningKeys;

/// The header that names what an entry reports.
const EVENT_HEADER: &str = "x-autopilot-event";

/// The same under the name of 0.1.0; goes with the next release.
const OLD_EVENT_HEADER: &str = "x-cxone-event";

/// An entry, ready to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Its headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body.
    pub body: Bytes,
}

impl Envelope {
    /// A JSON body of a form that has no headers of its own.
    #[must_use]
    pub fn unsigned(body: String) -> Self {
        Self {
            headers: vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            body: Bytes::from(body),
        }
    }

    /// Describes and signs `entry` as sent by `source` at `now`; of one of several tenants, its name is a member of the body.
    ///
    /// # Errors
    /// When a value cannot be a header's, which its encoding rules out.
    pub fn seal(
        entry: &OutboxEntry,
        (source, tenant): (&str, Option<&TenantName>),
        keys: &SigningKeys,
        now: Timestamp,
    ) -> Result<Self, InvalidHeaderValue> {
        let seconds = now.as_unix_millis().div_euclid(1_000);
        let body = with_tenant(&entry.body, tenant);
        let signature = keys.sign(&entry.id, seconds, body.as_bytes());
        let values = [
            (EVENT_HEADER, entry.event.clone()),
            (OLD_EVENT_HEADER, entry.event.clone()),
            ("webhook-id", entry.id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signature),
            ("ce-specversion", "1.0".to_owned()),
            ("ce-id", entry.id.clone()),
            ("ce-type", entry.event.clone()),
            ("ce-source", encoded(source)),
            ("ce-subject", encoded(&entry.subject)),
            ("ce-time", entry.at.to_string()),
        ];
        let mut headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        for (name, value) in values {
            headers.push((HeaderName::from_static(name), HeaderValue::try_from(value)?));
        }
        Ok(Self {
            headers,
            body: Bytes::from(body),
        })
    }
}

/// A body with the tenant as its first member. A name has nothing that JSON would have to escape.
fn with_tenant(body: &str, tenant: Option<&TenantName>) -> String {
    match (tenant, body.strip_prefix('{')) {
        (Some(tenant), Some(rest)) if rest.trim_start().starts_with('}') => {
            format!("{{\"tenant\":\"{tenant}\"{rest}")
        }
        (Some(tenant), Some(rest)) => format!("{{\"tenant\":\"{tenant}\",{rest}"),
        (Some(_) | None, _) => body.to_owned(),
    }
}

/// As `CloudEvents` wants header values: space, quote, percent and all that is not printable ASCII as `%XX` of their UTF-8.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'%') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                encoded.push(digit.to_ascii_uppercase());
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use crate::domain::DecisionId;

    use super::*;

    #[test]
    fn an_entry_is_described_twice_over_and_signed() {
        let at = Timestamp::from_unix_millis(1_614_265_000_250);
        let entry = OutboxEntry {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(),
            event: "campaign.paused".to_owned(),
            key: "campaign/cmp-1".to_owned(),
            subject: "cmp-1".to_owned(),
            body: "{\"test\": 2432232314}".to_owned(),
            at,
            since: at,
            attempts: 2,
            decision: DecisionId { run: 1, tick: 2 },
        };
        let keys =
            SigningKeys::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into()).unwrap();
        let now = Timestamp::from_unix_millis(1_614_265_330_999);
        let envelope =
            Envelope::seal(&entry, ("urn:campaign-autopilot:t 1", None), &keys, now).unwrap();
        let headers: Vec<String> = envelope
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        let expected = [
            "content-type: application/json",
            "x-autopilot-event: campaign.paused",
            "x-cxone-event: campaign.paused",
            "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp: 1614265330",
            "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            "ce-specversion: 1.0",
            "ce-id: msg_p5jXN8AQM9LWM0D4loKWxJek",
            "ce-type: campaign.paused",
            "ce-source: urn:campaign-autopilot:t%201",
            "ce-subject: cmp-1",
            "ce-time: 2021-02-25T14:56:40.250Z",
        ];
        assert_eq!(headers, expected);
    }

    #[test]
    fn values_are_encoded_as_cloud_events_wants() {
        assert_eq!(encoded("Euro € 😀"), "Euro%20%E2%82%AC%20%F0%9F%98%80");
        assert_eq!(encoded("100% \"x\""), "100%25%20%22x%22");
    }

    #[test]
    fn a_body_names_its_tenant_where_there_are_several() {
        let tenant: TenantName = "acme-eu".parse().unwrap();
        for (body, named) in [
            (r#"{"a":1}"#, r#"{"tenant":"acme-eu","a":1}"#),
            ("{}", r#"{"tenant":"acme-eu"}"#),
        ] {
            assert_eq!(with_tenant(body, Some(&tenant)), named);
            assert_eq!(with_tenant(body, None), body);
        }
    }
}
