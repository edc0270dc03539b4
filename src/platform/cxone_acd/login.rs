//! The two log-ins, and their answers.
//!
//! | way | request | needs |
//! |---|---|---|
//! | area | `POST .../authentication/v1/token/access-key`, JSON | the access key |
//! | global | `POST .../auth/token`, a form with `grant_type=password`, the client by HTTP Basic | the access key and a registered client |
//!
//! Which one it is follows from the address. Secrets end in `====`, so that each is encoded as its place asks for. Client
//! credentials are not a grant here, and a token is renewed by asking anew.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::platform::http::GrantedToken;
use crate::secrets::Secret;

/// The end of the address of an area's log-in.
const AREA_PATH: &str = "/authentication/v1/token/access-key";

/// The end of the address of the global log-in.
const GLOBAL_PATH: &str = "/auth/token";

/// The life of a token whose answer does not name it.
const ASSUMED_LIFE: Duration = Duration::from_secs(3_600);

/// The access key of a service user.
#[derive(Clone, Debug)]
pub(super) struct AccessKey {
    /// Its id.
    pub(super) id: String,
    /// Its secret; never printed.
    pub(super) secret: Secret,
}

/// An application that is registered with the vendor.
#[derive(Clone, Debug)]
pub(super) struct RegisteredClient {
    /// Its id.
    pub(super) id: String,
    /// Its secret; never printed.
    pub(super) secret: Secret,
}

/// How to get a token.
#[derive(Clone, Debug)]
pub(super) enum LogIn {
    /// On the host of the area.
    Area(AccessKey),
    /// On the global issuer.
    Global(AccessKey, RegisteredClient),
}

impl LogIn {
    /// The log-in that an address is for.
    pub(super) fn at(
        token_url: &reqwest::Url,
        key: AccessKey,
        client: Option<RegisteredClient>,
    ) -> Result<Self, String> {
        if !Self::is_global(token_url)? {
            return Ok(Self::Area(key));
        }
        let client = client.ok_or_else(|| {
            format!("the log-in at {GLOBAL_PATH} needs registered_client_id and its secret")
        })?;
        Ok(Self::Global(key, client))
    }

    /// Whether an address is the global log-in's and not an area's; an error when it is neither.
    pub(super) fn is_global(token_url: &reqwest::Url) -> Result<bool, String> {
        let path = token_url.path().trim_end_matches('/');
        if path.ends_with(AREA_PATH) {
            Ok(false)
        } else if path.ends_with(GLOBAL_PATH) {
            Ok(true)
        } else {
            Err(format!(
                "the path of token_url ends neither in {AREA_PATH} (by access key alone) nor in {GLOBAL_PATH} \
                 (through a registered client)"
            ))
        }
    }

    /// The address of an area's log-in.
    pub(super) fn area_url(area: &str) -> Result<reqwest::Url, String> {
        let plain = !area.is_empty()
            && area
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain
            .then(|| {
                format!("https://{area}.nice-incontact.com{AREA_PATH}")
                    .parse()
                    .ok()
            })
            .flatten()
            .ok_or_else(|| format!("`{area}` is not an area, such as na1"))
    }

    /// Each id with its secret.
    pub(super) fn secrets(&self) -> Vec<(&str, &Secret)> {
        match self {
            Self::Area(key) => vec![(key.id.as_str(), &key.secret)],
            Self::Global(key, client) => vec![
                (key.id.as_str(), &key.secret),
                (client.id.as_str(), &client.secret),
            ],
        }
    }

    /// Headers and body of the request.
    pub(super) fn request(&self) -> (Vec<(HeaderName, HeaderValue)>, Bytes) {
        let mut headers = vec![(ACCEPT, HeaderValue::from_static("application/json"))];
        match self {
            Self::Area(key) => {
                headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
                let body = serde_json::json!({
                    "accessKeyId": key.id,
                    "accessKeySecret": key.secret.text().expose_secret(),
                });
                (headers, Bytes::from(body.to_string()))
            }
            Self::Global(key, client) => {
                let form = HeaderValue::from_static("application/x-www-form-urlencoded");
                headers.push((CONTENT_TYPE, form));
                headers.extend(basic(client).map(|value| (AUTHORIZATION, value)));
                let body = form_urlencoded::Serializer::new(String::new())
                    .append_pair("grant_type", "password")
                    .append_pair("username", &key.id)
                    .append_pair("password", key.secret.text().expose_secret())
                    .finish();
                (headers, Bytes::from(body))
            }
        }
    }
}

/// The client by HTTP Basic, each part form-encoded first (RFC 6749, 2.3.1).
fn basic(client: &RegisteredClient) -> Option<HeaderValue> {
    let encode = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    let pair = format!(
        "{}:{}",
        encode(&client.id),
        encode(client.secret.text().expose_secret())
    );
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Reads the answer of either log-in, and of the area's refresh, which has other names for the same. A fault names what is
/// missing and repeats nothing of it.
pub(super) fn granted(body: &[u8]) -> Result<GrantedToken, String> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: Option<String>,
        token: Option<String>,
        expires_in: Option<Value>,
        #[serde(rename = "tokenExpirationTimeSec")]
        expiration: Option<Value>,
    }
    let missing = || "the log-in's answer has no access_token".to_owned();
    let answer: Answer = serde_json::from_slice(body).map_err(|_| missing())?;
    let token = answer
        .access_token
        .or(answer.token)
        .filter(|token| !token.is_empty())
        .ok_or_else(missing)?;
    let seconds = match answer.expires_in.or(answer.expiration) {
        Some(Value::Number(seconds)) => seconds.as_f64(),
        Some(Value::String(seconds)) => seconds.trim().parse().ok(),
        Some(_) | None => None,
    };
    let life = seconds
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .unwrap_or(ASSUMED_LIFE);
    Ok(GrantedToken {
        token: SecretString::from(token),
        life,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AccessKey {
        AccessKey {
            id: "key+id".to_owned(),
            secret: "s3cret/+====".to_owned().into(),
        }
    }

    fn client() -> RegisteredClient {
        RegisteredClient {
            id: "app@vendor".to_owned(),
            secret: "a:b====".to_owned().into(),
        }
    }

    fn url(text: &str) -> reqwest::Url {
        text.parse().unwrap()
    }

    #[test]
    fn the_address_chooses_the_log_in() {
        let area = LogIn::area_url("na1").unwrap();
        assert_eq!(
            area.as_str(),
            "https://na1.nice-incontact.com/authentication/v1/token/access-key"
        );
        assert!(matches!(LogIn::at(&area, key(), None), Ok(LogIn::Area(_))));
        let global = url("https://cxone.niceincontact.com/auth/token");
        assert!(LogIn::at(&global, key(), None).is_err());
        assert!(matches!(
            LogIn::at(&global, key(), Some(client())),
            Ok(LogIn::Global(..))
        ));
        assert!(LogIn::at(&url("https://x/oauth2/token"), key(), None).is_err());
        for wrong in ["", "na1.evil.com", "na1/x", "a b"] {
            assert!(LogIn::area_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_areas_request_has_the_key_in_json() {
        let (headers, body) = LogIn::Area(key()).request();
        assert!(headers.contains(&(ACCEPT, HeaderValue::from_static("application/json"))));
        assert!(headers.iter().all(|(name, _)| *name != AUTHORIZATION));
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({"accessKeyId": "key+id", "accessKeySecret": "s3cret/+===="})
        );
    }

    #[test]
    fn the_global_request_encodes_what_ends_in_equals_signs() {
        let (headers, body) = LogIn::Global(key(), client()).request();
        assert_eq!(
            body,
            "grant_type=password&username=key%2Bid&password=s3cret%2F%2B%3D%3D%3D%3D"
        );
        let (_, value) = headers
            .iter()
            .find(|(name, _)| *name == AUTHORIZATION)
            .unwrap();
        assert!(value.is_sensitive());
        let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
        assert_eq!(
            STANDARD.decode(encoded).unwrap(),
            b"app%40vendor:a%3Ab%3D%3D%3D%3D"
        );
    }

    #[test]
    fn lives_are_numbers_or_texts_and_the_refresh_has_names_of_its_own() {
        let read = |text: &str| {
            let given = granted(text.as_bytes()).unwrap();
            (given.token.expose_secret().to_owned(), given.life.as_secs())
        };
        let is = |life| ("t".to_owned(), life);
        assert_eq!(read(r#"{"access_token":"t","expires_in":600}"#), is(600));
        assert_eq!(read(r#"{"access_token":"t","expires_in":"600"}"#), is(600));
        assert_eq!(read(r#"{"access_token":"t"}"#), is(3_600));
        assert_eq!(
            read(r#"{"access_token":"t","expires_in":"soon"}"#),
            is(3_600)
        );
        assert_eq!(
            read(r#"{"token":"t","tokenExpirationTimeSec":"60","refreshToken":"r"}"#),
            is(60)
        );
    }

    #[test]
    fn an_answer_without_a_token_repeats_nothing_of_it() {
        for wrong in ["", "[]", r#"{"access_token":""}"#, r#"{"error":"s3cret"}"#] {
            let why = granted(wrong.as_bytes()).err().unwrap();
            assert!(!why.contains("s3cret"), "{why}");
        }
        assert!(!format!("{:?}", LogIn::Global(key(), client())).contains("===="));
    }
}
