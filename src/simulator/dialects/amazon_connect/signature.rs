//! Signature version 4: whether a request was signed with a secret, recently, for this region and service.
//!
//! ```text
//! canonical request = method, path, query, headers, names of headers, hash of the body     (each on a line)
//! text to sign      = AWS4-HMAC-SHA256, time, date/region/service/aws4_request, hash of the canonical request
//! signature         = HMAC(HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request"), text to sign)
//! ```

use hyper::StatusCode;
use ring::{digest, hmac};

use super::super::super::call::Call;
use super::super::super::encoding::percent_decode;
use super::super::super::refusal::Refused;
use super::super::super::time::SimTime;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How far a signature's time may lie from the platform's, in minutes.
const TOLERANCE_MIN: u64 = 5;

/// What an `Authorization` header says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim<'a> {
    pub(super) access_key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    /// Reads the header.
    pub(super) fn read(header: Option<&'a str>) -> Result<Self, Refused> {
        let missing = || {
            let why = "Missing Authentication Token";
            Refused::new(
                StatusCode::FORBIDDEN,
                "MissingAuthenticationTokenException",
                why,
            )
        };
        let parts = header
            .and_then(|header| header.strip_prefix(ALGORITHM))
            .ok_or_else(missing)?;
        let broken = || {
            let why = "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.";
            Refused::new(StatusCode::FORBIDDEN, "IncompleteSignatureException", why)
        };
        let part = |name: &str| {
            let mut parts = parts
                .split(',')
                .filter_map(|part| part.trim().split_once('='));
            parts
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value)
        };
        let credential: Vec<&str> = part("Credential").ok_or_else(broken)?.split('/').collect();
        let &[access_key, date, region, service, "aws4_request"] = credential.as_slice() else {
            return Err(broken());
        };
        Ok(Self {
            access_key,
            date,
            region,
            service,
            signed: part("SignedHeaders")
                .ok_or_else(broken)?
                .split(';')
                .collect(),
            signature: part("Signature").ok_or_else(broken)?,
        })
    }

    /// Whether the call was signed with this secret, for this place and at about this time.
    pub(super) fn check(
        &self,
        call: &Call,
        secret: &str,
        region: &str,
        service: &str,
        now: SimTime,
    ) -> Result<(), Refused> {
        let refused =
            |why: String| Refused::new(StatusCode::FORBIDDEN, "InvalidSignatureException", why);
        if (self.region, self.service) != (region, service) {
            return Err(refused(format!(
                "Credential should be scoped to a valid region and to correct service: '{region}', '{service}'."
            )));
        }
        for needed in ["host", "x-amz-date"] {
            if !self.signed.contains(&needed) {
                return Err(refused(format!("'{needed}' must be a signed header.")));
            }
        }
        let stamp = call.header("x-amz-date").unwrap_or_default();
        let at = time_of(stamp).filter(|_| stamp.starts_with(self.date));
        let at =
            at.ok_or_else(|| refused("Date in Credential scope does not match.".to_owned()))?;
        let apart = now.since(at).max(at.since(now));
        if apart.as_secs() > TOLERANCE_MIN * 60 {
            let side = if at < now {
                "expired"
            } else {
                "not yet current"
            };
            return Err(refused(format!(
                "Signature {side}: {stamp} is more than {TOLERANCE_MIN} min. away from {}",
                now.rfc3339_seconds()
            )));
        }
        if self.expected(call, secret, stamp) == self.signature {
            return Ok(());
        }
        Err(refused(
            "The request signature we calculated does not match the signature you provided."
                .to_owned(),
        ))
    }

    fn expected(&self, call: &Call, secret: &str, stamp: &str) -> String {
        let headers = self.signed.iter().map(|name| {
            let value = call.header(name).unwrap_or_default();
            let words: Vec<&str> = value.split_whitespace().collect();
            format!("{name}:{}\n", words.join(" "))
        });
        let canonical = format!(
            "{}\n{}\n{}\n{}\n{}\n{}",
            call.seen.method,
            encoded_again(&call.seen.path),
            canonical_query(&call.query),
            headers.collect::<String>(),
            self.signed.join(";"),
            hash(&call.body)
        );
        let Self {
            date,
            region,
            service,
            ..
        } = self;
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let text = format!(
            "{ALGORITHM}\n{stamp}\n{scope}\n{}",
            hash(canonical.as_bytes())
        );
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [*date, *region, *service, "aws4_request"] {
            key = mac(&key, part);
        }
        hex(&mac(&key, &text))
    }
}

/// The second that a text such as `20261125T202446Z` names.
fn time_of(stamp: &str) -> Option<SimTime> {
    let read = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    let zoned = read.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().into())
}

/// The path as it was sent, with each of its characters encoded once more but for the slashes.
fn encoded_again(path: &str) -> String {
    let parts: Vec<String> = path.split('/').map(encoded).collect();
    parts.join("/")
}

/// The query in the order of its names, each name and value encoded in one way.
fn canonical_query(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                encoded(&percent_decode(name)),
                encoded(&percent_decode(value)),
            )
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// Percent-encoding of everything but unreserved characters.
fn encoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte);
        } else {
            out.extend([b'%', digit(byte >> 4).to_ascii_uppercase()]);
            out.push(digit(byte & 0xf).to_ascii_uppercase());
        }
    }
    out.into_iter().map(char::from).collect()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]);
    digits.map(char::from).collect()
}

/// The hexadecimal digit of a number below 16.
fn digit(number: u8) -> u8 {
    let from = if number < 10 { b'0' } else { b'a' - 10 };
    from + number
}
