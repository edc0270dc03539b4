//! Access tokens by OAuth client credentials: who gets one, what it allows and until when.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;

use super::dialects::cxone_v2::wire::{TokenGrant, TokenRequest, json};
use super::encoding::{basic_credentials, form_decode, form_value};
use super::refusal::Refused;
use super::time::SimTime;

/// Every scope that the served operations ask for.
pub const SCOPES: [&str; 10] = [
    "campaigns:read",
    "campaigns:write",
    "interactions:agents:read",
    "outbound:campaigns:read",
    "outbound:campaigns:write",
    "routing:queue:update",
    "routing:queue:view",
    "routing:queue:write",
    "routing:skill:read",
    "routing:skill:view",
];

/// The one OAuth client that the simulator knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
    /// What its tokens may do.
    pub scopes: Vec<String>,
}

impl Credentials {
    /// A client that may do everything.
    #[must_use]
    pub fn new(client_id: &str, client_secret: &str) -> Self {
        let scopes = SCOPES.map(str::to_owned).to_vec();
        Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            scopes,
        }
    }
}

/// The tokens given out.
pub(super) struct Tokens {
    credentials: Credentials,
    accept_any: bool,
    life: Duration,
    given: BTreeMap<String, Token>,
    rng: fastrand::Rng,
}

/// What a token stands for.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) client: String,
    scopes: Vec<String>,
    expires: SimTime,
}

impl Tokens {
    pub(super) fn new(
        credentials: Credentials,
        accept_any: bool,
        life: Duration,
        seed: u64,
    ) -> Self {
        let rng = fastrand::Rng::with_seed(seed);
        Self {
            credentials,
            accept_any,
            life,
            given: BTreeMap::new(),
            rng,
        }
    }

    /// Answers a token request in any of its three forms.
    pub(super) fn grant(
        &mut self,
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
        let client = self.client(&request, authorization);
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
        let mut scopes = self.credentials.scopes.clone();
        if let Some(asked) = asked {
            scopes.retain(|scope| asked.contains(&scope.as_str()));
            if scopes.is_empty() {
                let message = "none of the scopes is the client's";
                return Err(refused(StatusCode::BAD_REQUEST, "invalid_scope", message));
            }
        }
        let scope = scopes.join(" ");
        let access_token = format!("sim-{:016x}{:016x}", self.rng.u64(..), self.rng.u64(..));
        self.given.retain(|_, token| token.expires > now);
        let token = Token {
            client,
            scopes,
            expires: now.plus(self.life),
        };
        self.given.insert(access_token.clone(), token);
        let expires_in = self.life.as_secs().max(1);
        Ok(json(&TokenGrant {
            access_token: &access_token,
            expires_in,
            token_type: "Bearer",
            scope,
        }))
    }

    /// Gives a token to whoever has the credentials, as `wrap` makes its text of a random part; gives its life in seconds too.
    pub(super) fn issue(
        &mut self,
        id: &str,
        secret: &str,
        now: SimTime,
        wrap: impl Fn(&str) -> String,
    ) -> Result<(String, u64), Refused> {
        let known = id == self.credentials.client_id && secret == self.credentials.client_secret;
        if !known && !self.accept_any {
            return Err(refused(
                StatusCode::UNAUTHORIZED,
                "invalid_grant",
                "unknown access key or wrong secret",
            ));
        }
        let random = format!("{:016x}{:016x}", self.rng.u64(..), self.rng.u64(..));
        let text = wrap(&random);
        self.given.retain(|_, token| token.expires > now);
        let token = Token {
            client: id.to_owned(),
            scopes: Vec::new(),
            expires: now.plus(self.life),
        };
        self.given.insert(text.clone(), token);
        Ok((text, self.life.as_secs().max(1)))
    }

    /// The token of an `Authorization` header, if it is valid at `now` and has one of the scopes,
    /// where any is needed.
    pub(super) fn check(
        &self,
        authorization: Option<&str>,
        scopes: &[&str],
        now: SimTime,
    ) -> Result<Token, Refused> {
        let unauthorized =
            |message: &str| refused(StatusCode::UNAUTHORIZED, "unauthorized", message);
        let bearer = authorization.and_then(|header| header.split_once(' '));
        let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, text) = bearer.ok_or_else(|| unauthorized("an access token is required"))?;
        let token = self
            .given
            .get(text.trim())
            .filter(|token| token.expires > now);
        let token = token.ok_or_else(|| unauthorized("the access token is unknown or expired"))?;
        let held = |scope: &&str| token.scopes.iter().any(|held| held == scope);
        if scopes.is_empty() || scopes.iter().any(held) {
            Ok(token.clone())
        } else {
            Err(refused(
                StatusCode::FORBIDDEN,
                "forbidden",
                &format!("the access token lacks the scope {}", scopes.join(" or ")),
            ))
        }
    }

    pub(super) fn forget_all(&mut self) {
        self.given.clear();
    }

    fn client(&self, request: &TokenRequest, authorization: Option<&str>) -> Option<String> {
        let Credentials {
            client_id,
            client_secret,
            ..
        } = &self.credentials;
        let known = |id: &str, secret: &str| {
            self.accept_any || (id == client_id && secret == client_secret)
        };
        if let Some((id, secret)) = authorization.and_then(basic_credentials) {
            // RFC 6749 has both form-encoded first; many clients leave that out.
            let decoded = (form_decode(&id), form_decode(&secret));
            let mut readings = [decoded, (id, secret)].into_iter();
            return readings
                .find(|(id, secret)| known(id, secret))
                .map(|(id, _)| id);
        }
        let (id, secret) = (
            request.client_id.as_deref()?,
            request.client_secret.as_deref()?,
        );
        known(id, secret).then(|| id.to_owned())
    }
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
    use super::*;

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
        let answer = tokens.grant(Some(content_type), authorization, body.as_bytes(), NOW);
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
        let answer = tokens
            .grant(Some(FORM), None, form.as_bytes(), NOW)
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
