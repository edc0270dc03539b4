//! The token request: OAuth client credentials, in a form with or without `Basic` or in JSON.

use bytes::Bytes;
use hyper::StatusCode;

use super::wire::{TokenGrant, TokenRequest, json};
use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::encoding::{basic_credentials, form_decode, form_value};
use crate::simulator::platform::Platform;
use crate::simulator::refusal::Refused;
use crate::simulator::time::SimTime;
use crate::simulator::tokens::Tokens;

impl Platform {
    /// Answers a token request.
    pub(in crate::simulator) fn grant_token(
        &mut self,
        call: &Call,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let (content_type, authorization) = (&call.content_type, &call.authorization);
        let body = grant(
            &mut self.tokens,
            content_type.as_deref(),
            authorization.as_deref(),
            &call.body,
            now,
        )?;
        Ok(Answer::json(StatusCode::OK, body))
    }
}

/// Answers a token request in any of its three forms.
fn grant(
    tokens: &mut Tokens,
    content_type: Option<&str>,
    authorization: Option<&str>,
    body: &[u8],
    now: SimTime,
) -> Result<Bytes, Refused> {
    let request = read(content_type, body)?;
    if request.grant_type.as_deref() != Some("client_credentials") {
        let message = "grant_type has to be client_credentials";
        return Err(refused(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            message,
        ));
    }
    let client = client(tokens, &request, authorization);
    let client = client.ok_or_else(|| {
        refused(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "unknown client or wrong secret",
        )
    })?;
    let asked: Option<Vec<&str>> = request
        .scope
        .as_deref()
        .map(|scope| scope.split_whitespace().collect());
    let asked = asked.filter(|scopes| !scopes.is_empty());
    let mut scopes = tokens.scopes().to_vec();
    if let Some(asked) = asked {
        scopes.retain(|scope| asked.contains(&scope.as_str()));
        if scopes.is_empty() {
            let message = "none of the scopes is the client's";
            return Err(refused(StatusCode::BAD_REQUEST, "invalid_scope", message));
        }
    }
    let scope = scopes.join(" ");
    let (access_token, expires_in) =
        tokens.issue_to(client, scopes, now, |random| format!("sim-{random}"));
    Ok(json(&TokenGrant {
        access_token: &access_token,
        expires_in,
        token_type: "Bearer",
        scope,
    }))
}

fn client(tokens: &Tokens, request: &TokenRequest, authorization: Option<&str>) -> Option<String> {
    if let Some((id, secret)) = authorization.and_then(basic_credentials) {
        // RFC 6749 has both form-encoded first; many clients leave that out.
        let decoded = (form_decode(&id), form_decode(&secret));
        let mut readings = [decoded, (id, secret)].into_iter();
        return readings
            .find(|(id, secret)| tokens.knows(id, secret))
            .map(|(id, _)| id);
    }
    let (id, secret) = (
        request.client_id.as_deref()?,
        request.client_secret.as_deref()?,
    );
    tokens.knows(id, secret).then(|| id.to_owned())
}

fn read(content_type: Option<&str>, body: &[u8]) -> Result<TokenRequest, Refused> {
    let bad = |message: &str| refused(StatusCode::BAD_REQUEST, "invalid_request", message);
    let media_type = content_type
        .and_then(|text| text.split(';').next())
        .map(str::trim);
    match media_type.map(str::to_ascii_lowercase).as_deref() {
        Some("application/json") => {
            serde_json::from_slice(body).map_err(|_| bad("the body is not a token request"))
        }
        Some("application/x-www-form-urlencoded") => {
            let form = std::str::from_utf8(body).map_err(|_| bad("the form is not UTF-8"))?;
            Ok(TokenRequest {
                grant_type: form_value(form, "grant_type"),
                client_id: form_value(form, "client_id"),
                client_secret: form_value(form, "client_secret"),
                scope: form_value(form, "scope"),
            })
        }
        Some(_) | None => Err(bad("the content type has to be a form or JSON")),
    }
}

fn refused(status: StatusCode, code: &'static str, message: &str) -> Refused {
    Refused::new(status, code, message)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::simulator::tokens::Credentials;

    const NOW: SimTime = SimTime::from_unix_millis(0);
    const FORM: &str = "application/x-www-form-urlencoded";

    fn tokens() -> Tokens {
        Tokens::new(
            Credentials::new("a+b", "s%:c"),
            false,
            Duration::from_secs(60),
            1,
        )
    }

    fn status(
        tokens: &mut Tokens,
        content_type: &str,
        authorization: Option<&str>,
        body: &str,
    ) -> u16 {
        let answer = grant(
            tokens,
            Some(content_type),
            authorization,
            body.as_bytes(),
            NOW,
        );
        answer.map_or_else(|refused| refused.status.as_u16(), |_| 200)
    }

    #[test]
    fn takes_the_three_forms_with_awkward_secrets() {
        let mut tokens = tokens();
        let grant = "grant_type=client_credentials";
        let form = format!("{grant}&client_id=a%2Bb&client_secret=s%25%3Ac");
        assert_eq!(status(&mut tokens, FORM, None, &form), 200);
        assert_eq!(
            status(&mut tokens, FORM, Some("Basic YSUyQmI6cyUyNSUzQWM="), grant),
            200
        );
        assert_eq!(
            status(&mut tokens, FORM, Some("Basic YStiOnMlOmM="), grant),
            200
        );
        let json =
            r#"{"grant_type":"client_credentials","client_id":"a+b","client_secret":"s%:c"}"#;
        assert_eq!(
            status(&mut tokens, "application/json; charset=utf-8", None, json),
            200
        );
        assert_eq!(
            status(&mut tokens, FORM, None, &form.replace("Ac", "Ad")),
            401
        );
        assert_eq!(status(&mut tokens, FORM, None, grant), 401);
        assert_eq!(
            status(
                &mut tokens,
                FORM,
                None,
                &form.replace("grant_type=client", "grant_type=x")
            ),
            400
        );
        assert_eq!(
            status(&mut tokens, FORM, None, &format!("{form}&scope=other")),
            400
        );
        assert_eq!(status(&mut tokens, "text/plain", None, &form), 400);
        let null = json.replace('}', r#","scope":null}"#);
        assert_eq!(status(&mut tokens, "application/json", None, &null), 400);
    }

    #[test]
    fn a_token_has_its_scopes_until_it_expires() {
        let mut tokens = tokens();
        let form = "grant_type=client_credentials&client_id=a%2Bb&client_secret=s%25%3Ac&scope=campaigns:read+x";
        let answer = grant(&mut tokens, Some(FORM), None, form.as_bytes(), NOW)
            .ok()
            .unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(
            (&answer["expires_in"], &answer["scope"]),
            (&60.into(), &"campaigns:read".into())
        );
        let header = format!("Bearer {}", answer["access_token"].as_str().unwrap());
        let check = |tokens: &Tokens, scope, seconds| {
            let now = NOW.plus(Duration::from_secs(seconds));
            tokens
                .check(Some(&header), &[scope], now)
                .map_or_else(|refused| refused.status.as_u16(), |_| 200)
        };
        assert_eq!(check(&tokens, "campaigns:read", 59), 200);
        assert_eq!(check(&tokens, "campaigns:write", 59), 403);
        assert_eq!(check(&tokens, "campaigns:read", 60), 401);
        tokens.forget_all();
        assert_eq!(check(&tokens, "campaigns:read", 1), 401);
    }
}
