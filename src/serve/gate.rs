//! Access control of the admin API.
//!
//! *The token* is asked for wherever one is configured. It is compared by its keyed hash, so that the time
//! that it takes shows neither a wrong character nor a wrong length. Where it does not fit, it is read again where it is kept,
//! once a second at the most: one that was rotated is good without a restart, and the old one is none any more.
//!
//! *A browser* can be led to send requests by any page that it shows. `Host` has to be an address, `localhost` or a
//! name that was allowed, which keeps out names that somebody else points here; an `Origin` has to be the listener's own.
//! A browser names the origin with every change that a page asks for, so a request with one changes nothing unless actions
//! are allowed: to see the page does not imply the right to change anything.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::Method;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, ORIGIN};
use hyper::http::uri::Authority;
use ring::hmac;
use secrecy::ExposeSecret;
use tracing::info;

use crate::control::ports::Clock;
use crate::secrets::{Reread, Secret};

/// A flood of wrong tokens reads the file no more often than this.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// The length of the key under which tokens are compared.
const KEY_BYTES: usize = 32;

/// Decides which requests may use the admin API.
pub struct Access {
    token: Option<Secret>,
    /// The key under which tokens are compared.
    key: hmac::Key,
    hosts: Vec<String>,
    actions: bool,
    clock: Arc<dyn Clock>,
    /// When the token may be read again, in milliseconds of the monotonic clock.
    look_at_ms: AtomicU64,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TurnedAway {
    /// Its `Host` is not one of the listener's names.
    Host,
    /// It comes from another page.
    Origin,
    /// It has no token, or a wrong one.
    Token,
    /// A browser asks for a change, and actions are not allowed.
    Actions,
}

impl Access {
    /// `token` is asked for if there is one; `hosts` are names by which clients may call the listener besides addresses
    /// and `localhost`; `actions` lets browsers ask for changes.
    #[must_use]
    pub fn new(
        token: Option<Secret>,
        hosts: Vec<String>,
        actions: bool,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
            .take(KEY_BYTES)
            .collect();
        Self {
            token,
            key: hmac::Key::new(hmac::HMAC_SHA256, &bytes),
            hosts,
            actions,
            clock,
            look_at_ms: AtomicU64::new(0),
        }
    }

    /// Whether browsers may ask for changes.
    pub(super) fn actions(&self) -> bool {
        self.actions
    }

    /// Checks a request's method and headers.
    pub(super) fn admit(&self, method: &Method, headers: &HeaderMap) -> Result<(), TurnedAway> {
        let host = self.host(headers).ok_or(TurnedAway::Host)?;
        let mut origins = headers.get_all(ORIGIN).iter();
        let ours = |origin: &str| {
            let bare = origin.split_once("://").map(|(_, bare)| bare);
            bare.is_some_and(|bare| bare.eq_ignore_ascii_case(host.as_str()))
        };
        if !origins.all(|origin| origin.to_str().is_ok_and(ours)) {
            return Err(TurnedAway::Origin);
        }
        self.prove(headers)?;
        let changes = method != Method::GET && method != Method::HEAD;
        if changes && !self.actions && headers.contains_key(ORIGIN) {
            return Err(TurnedAway::Actions);
        }
        Ok(())
    }

    /// Whether the token is the operators', where one is asked for.
    fn prove(&self, headers: &HeaderMap) -> Result<(), TurnedAway> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        let given = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let given = given.ok_or(TurnedAway::Token)?;
        if self.fits(token, given) {
            return Ok(());
        }
        self.look_again(token);
        if self.fits(token, given) {
            Ok(())
        } else {
            Err(TurnedAway::Token)
        }
    }

    fn fits(&self, token: &Secret, given: &str) -> bool {
        let tag = hmac::sign(&self.key, token.text().expose_secret().as_bytes());
        hmac::verify(&self.key, given.as_bytes(), tag.as_ref()).is_ok()
    }

    /// Reads the token again where it is kept, unless that was done just now.
    fn look_again(&self, token: &Secret) {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let now = ms(self.clock.monotonic());
        let next = now.saturating_add(ms(BETWEEN_LOOKS));
        let due = |at: u64| (at <= now).then_some(next);
        let looks = self
            .look_at_ms
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, due);
        if looks.is_ok() && token.read_again() == Reread::Changed {
            info!("the operators' token was read again: it has changed");
        }
    }

    /// The request's host with its port, if it is one of ours.
    fn host(&self, headers: &HeaderMap) -> Option<Authority> {
        let mut hosts = headers.get_all(HOST).iter();
        let host: Authority = hosts.next()?.to_str().ok()?.parse().ok()?;
        if hosts.next().is_some() || host.as_str().contains('@') {
            return None;
        }
        let name = host.host();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let allowed = bare.parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || self
                .hosts
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name));
        allowed.then_some(host)
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::control::hand_clock::HandClock;
    use crate::secrets::Place;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs.iter().cloned();
        pairs
            .map(|(name, value)| (name, HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn access(token: Option<Secret>, actions: bool) -> Access {
        Access::new(token, Vec::new(), actions, Arc::new(HandClock::default()))
    }

    #[test]
    fn only_hosts_of_ours_are_admitted() {
        let access = Access {
            hosts: vec!["autopilot.example.com".to_owned()],
            ..access(None, false)
        };
        for (host, admitted) in [
            ("127.0.0.1:9464", true),
            ("[::1]:9464", true),
            ("localhost:9464", true),
            ("LOCALHOST", true),
            ("autopilot.example.com", true),
            ("evil.example.com", false),
            ("localhost.evil.example.com", false),
            ("127.0.0.1.evil.example.com", false),
            ("x@127.0.0.1", false),
            ("", false),
        ] {
            let found = access.admit(&Method::GET, &headers(&[(HOST, host)]));
            assert_eq!(found.is_ok(), admitted, "{host}: {found:?}");
        }
        assert_eq!(
            access.admit(&Method::GET, &headers(&[])),
            Err(TurnedAway::Host)
        );
    }

    #[test]
    fn another_pages_origin_is_turned_away() {
        let access = access(None, false);
        let from = |origin| {
            access.admit(
                &Method::GET,
                &headers(&[(HOST, "127.0.0.1:9464"), (ORIGIN, origin)]),
            )
        };
        assert_eq!(from("http://127.0.0.1:9464"), Ok(()));
        for origin in ["http://127.0.0.1:9465", "https://evil.example.com", "null"] {
            assert_eq!(from(origin), Err(TurnedAway::Origin), "{origin}");
        }
    }

    #[test]
    fn the_token_is_asked_for_where_there_is_one() {
        let token = "a-token-of-the-operators".to_owned();
        let access = access(Some(token.into()), false);
        let with = |value| {
            access.admit(
                &Method::GET,
                &headers(&[(HOST, "10.0.0.1"), (AUTHORIZATION, value)]),
            )
        };
        assert_eq!(with("Bearer a-token-of-the-operators"), Ok(()));
        assert_eq!(with("bearer a-token-of-the-operators"), Ok(()));
        for wrong in [
            "Bearer a-token",
            "Basic a-token-of-the-operators",
            "Bearer",
            "Bearer ",
        ] {
            assert_eq!(with(wrong), Err(TurnedAway::Token), "{wrong}");
        }
        assert_eq!(
            access.admit(&Method::GET, &headers(&[(HOST, "10.0.0.1")])),
            Err(TurnedAway::Token)
        );
    }

    #[test]
    fn a_browser_changes_nothing_unless_that_is_allowed() {
        let own = &[(HOST, "127.0.0.1:9464"), (ORIGIN, "http://127.0.0.1:9464")];
        let (page, command) = (headers(own), headers(&own[..1]));
        let looks_only = access(None, false);
        for method in [Method::PUT, Method::DELETE, Method::POST] {
            assert_eq!(looks_only.admit(&method, &page), Err(TurnedAway::Actions));
            assert_eq!(looks_only.admit(&method, &command), Ok(()));
            let acts = access(None, true);
            assert_eq!(acts.admit(&method, &page), Ok(()));
        }
        assert_eq!(looks_only.admit(&Method::GET, &page), Ok(()));
    }

    #[test]
    fn a_rotated_token_is_good_at_once_and_a_flood_of_wrong_ones_reads_no_files() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write("the-old-token-of-ours");
        let token = Secret::new(
            "the-old-token-of-ours".to_owned().into(),
            Place::File(path.clone()),
        );
        let clock = Arc::new(HandClock::default());
        let access = Access::new(Some(token.clone()), Vec::new(), false, clock.clone());
        let with = |token: &str| {
            let value = format!("Bearer {token}");
            access.admit(
                &Method::GET,
                &headers(&[(HOST, "10.0.0.1"), (AUTHORIZATION, value.as_str())]),
            )
        };
        assert_eq!(with("the-old-token-of-ours"), Ok(()));
        write("the-new-token-of-ours\n");
        assert_eq!(with("the-new-token-of-ours"), Ok(()));
        assert_eq!(with("the-old-token-of-ours"), Err(TurnedAway::Token));
        write("one-more-token-of-ours");
        for _ in 0..1_000 {
            assert_eq!(with("wrong-token"), Err(TurnedAway::Token));
        }
        assert_eq!(token.version(), 1, "not read again within the second");
        clock.advance(BETWEEN_LOOKS);
        assert_eq!(with("one-more-token-of-ours"), Ok(()));
    }
}
