//! Access tokens: who gets one, what it allows and until when. Each dialect has its own way to ask for one.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;

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
    /// Creates a client that may do everything.
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

impl Token {
    /// What stands for a client who proves each request by itself.
    pub(super) fn of(client: &str) -> Self {
        Self {
            client: client.to_owned(),
            scopes: Vec::new(),
            expires: SimTime::from_unix_millis(i64::MAX),
        }
    }
}

/// The tokens that were issued.
pub(super) struct Tokens {
    credentials: Credentials,
    accept_any: bool,
    life: Duration,
    issued: BTreeMap<String, Token>,
    rng: fastrand::Rng,
}

/// The rights of a token, and when they end.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) client: String,
    scopes: Vec<String>,
    expires: SimTime,
}

impl Token {
    /// That of a request which carries its own log-in.
    pub(super) fn in_request(now: SimTime) -> Self {
        Self {
            client: String::new(),
            scopes: Vec::new(),
            expires: now,
        }
    }
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
            issued: BTreeMap::new(),
            rng,
        }
    }

    /// Whether these are the client's credentials.
    pub(super) fn knows(&self, id: &str, secret: &str) -> bool {
        let Credentials {
            client_id,
            client_secret,
            ..
        } = &self.credentials;
        self.accept_any || (id == client_id && secret == client_secret)
    }

    /// Whether nobody is asked who they are.
    pub(super) fn takes_any(&self) -> bool {
        self.accept_any
    }

    /// Returns the secret of the client with this id.
    pub(super) fn secret_of(&self, id: &str) -> Option<&str> {
        let known = self.credentials.client_id == id;
        known.then_some(self.credentials.client_secret.as_str())
    }

    /// Returns the scopes that the client's tokens may have.
    pub(super) fn scopes(&self) -> &[String] {
        &self.credentials.scopes
    }

    /// Issues a token to whoever has the credentials. `wrap` makes its text of a random part; its life in seconds is returned
    /// with it.
    pub(super) fn issue(
        &mut self,
        id: &str,
        secret: &str,
        now: SimTime,
        wrap: impl Fn(&str) -> String,
    ) -> Result<(String, u64), Refused> {
        if !self.knows(id, secret) {
            return Err(refused(
                StatusCode::UNAUTHORIZED,
                "invalid_grant",
                "unknown access key or wrong secret",
            ));
        }
        Ok(self.issue_to(id.to_owned(), Vec::new(), now, wrap))
    }

    /// Issues a token with these scopes to a client that is known.
    pub(super) fn issue_to(
        &mut self,
        client: String,
        scopes: Vec<String>,
        now: SimTime,
        wrap: impl Fn(&str) -> String,
    ) -> (String, u64) {
        let random = format!("{:016x}{:016x}", self.rng.u64(..), self.rng.u64(..));
        let text = wrap(&random);
        self.issued.retain(|_, token| token.expires > now);
        let token = Token {
            client,
            scopes,
            expires: now.plus(self.life),
        };
        self.issued.insert(text.clone(), token);
        (text, self.life.as_secs().max(1))
    }

    /// Returns the token of an `Authorization` header, if it is valid at `now` and has one of the scopes,
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
            .issued
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
        self.issued.clear();
    }
}

fn refused(status: StatusCode, code: &'static str, message: &str) -> Refused {
    Refused::new(status, code, message)
}
