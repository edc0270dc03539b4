//! The two log-ins and the discovery.

use bytes::Bytes;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::super::super::answer::Answer;
use super::super::super::call::Call;
use super::super::super::encoding::{basic_credentials, form_decode, form_value};
use super::super::super::platform::Platform;
use super::super::super::refusal::Refused;
use super::super::super::time::SimTime;
use super::operation::AcdOperation;
use super::query::{Query, wrong};
use super::settings::{AcdSettings, Release};

/// The tenant that every token names.
const TENANT: &str = "11ea-sim";

impl Platform {
    /// Answers what needs no token.
    pub(in crate::simulator) fn acd_open(
        &mut self,
        operation: AcdOperation,
        call: &Call,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let Some(settings) = self.acd.as_ref().map(|acd| acd.settings.clone()) else {
            return Err(Refused::no_such("operation", operation.name()));
        };
        if operation == AcdOperation::AreaToken {
            self.area_token(&settings, call, now)
        } else if operation == AcdOperation::GlobalToken {
            self.global_token(&settings, call, now)
        } else {
            discovery(call)
        }
    }

    fn area_token(
        &mut self,
        settings: &AcdSettings,
        call: &Call,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct AccessKey {
            access_key_id: String,
            access_key_secret: String,
        }
        if media_type(call) != Some("application/json".to_owned()) {
            return Err(wrong("the content type"));
        }
        let key: AccessKey = serde_json::from_slice(&call.body)
            .map_err(|_| Refused::bad_request("invalid_request", "the body is no access key"))?;
        self.grant_to_key(settings, &key.access_key_id, &key.access_key_secret, now)
    }

    fn global_token(
        &mut self,
        settings: &AcdSettings,
        call: &Call,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let (id, secret) = &settings.registered_client;
        let given = call.authorization.as_deref().and_then(basic_credentials);
        let known = |(user, password): (String, String)| {
            (form_decode(&user), form_decode(&password)) == (id.clone(), secret.clone())
        };
        if !given.is_some_and(known) {
            return Err(Refused::new(
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "the client is not registered",
            ));
        }
        if media_type(call) != Some("application/x-www-form-urlencoded".to_owned()) {
            return Err(wrong("the content type"));
        }
        let form = std::str::from_utf8(&call.body).map_err(|_| wrong("the form"))?;
        let member = |name: &str| form_value(form, name).ok_or_else(|| wrong(name));
        if member("grant_type")? != "password" {
            return Err(Refused::bad_request(
                "unsupported_grant_type",
                "grant_type has to be password",
            ));
        }
        let (user, password) = (member("username")?, member("password")?);
        self.grant_to_key(settings, &user, &password, now)
    }

    fn grant_to_key(
        &mut self,
        settings: &AcdSettings,
        id: &str,
        secret: &str,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let claims = json!({"sub": id, "tenantId": TENANT}).to_string();
        let wrap = |random: &str| {
            format!(
                "eyJhbGciOiJub25lIn0.{}.{random}",
                base64_url(claims.as_bytes())
            )
        };
        let (token, life) = self.tokens.issue(id, secret, now, wrap)?;
        let expires = match settings.release {
            Release::Current => json!(life),
            Release::Older => json!(life.to_string()),
        };
        let body = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": expires,
            "refresh_token": "not-served",
        });
        Ok(Answer::json(StatusCode::OK, Bytes::from(body.to_string())))
    }
}

fn discovery(call: &Call) -> Result<Answer, Refused> {
    let query = Query::read(&call.query);
    let tenant = query.text("tenantId").filter(|tenant| !tenant.is_empty());
    let tenant = tenant.ok_or_else(|| wrong("tenantId"))?;
    if tenant != TENANT {
        return Err(Refused::no_such("tenant", tenant));
    }
    // A request without a host has come without a socket, and the host does not matter then.
    let host = call.host.as_deref().unwrap_or("127.0.0.1");
    let body = json!({
        "api_endpoint": format!("http://{host}"),
        "auth_endpoint": format!("http://{host}"),
        "area": "sim",
        "domain": host,
    });
    Ok(Answer::json(StatusCode::OK, Bytes::from(body.to_string())))
}

fn media_type(call: &Call) -> Option<String> {
    let text = call.content_type.as_deref()?.split(';').next()?;
    Some(text.trim().to_ascii_lowercase())
}

/// Base 64 as tokens have it, without padding.
fn base64_url(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let held = chunk
            .iter()
            .chain(std::iter::repeat(&0))
            .take(3)
            .fold(0_usize, |held, byte| (held << 8) | usize::from(*byte));
        for place in 0..=chunk.len() {
            let symbol = SYMBOLS.get((held >> (18 - 6 * place)) & 63).copied();
            text.push(char::from(symbol.unwrap_or(b'A')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_encoded_without_padding() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("~~?", "fn4_"),
        ] {
            assert_eq!(base64_url(plain.as_bytes()), encoded);
        }
    }
}
