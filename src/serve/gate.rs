//! Access control of the admin API.
//!
//! *Who asks* is found out wherever something is configured that can tell: the operators' token, named tokens, or a trusted proxy. A token
//! that fits goes before what a proxy says, because it was given for this daemon. Tokens are compared by keyed hashes, so that
//! the time that it takes shows neither a wrong character nor a wrong length. Where none fits, the operators' token is read again where it
//! is kept, and the file of named tokens is looked at with every request, both once a second at the most: what was rotated or removed
//! counts without a restart.
//!
//! *A browser* can be led to send requests by any page that it shows. `Host` has to be an address, `localhost` or a
//! name that was allowed, which keeps out names that somebody else points here; an `Origin` has to be the listener's own.
//! A browser names the origin with every change that a page asks for, so a request with one changes nothing unless actions
//! are allowed: to see the page does not imply the right to change anything.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hyper::Method;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue, ORIGIN};
use hyper::http::uri::Authority;
use ring::hmac;
use ring::rand::SystemRandom;
use secrecy::ExposeSecret;
use tracing::{info, warn};

use crate::control::ports::Clock;
use crate::identity::{ProxyUser, TokenFile, TokenFileChange, TokenHash, TrustedProxy};
use crate::secrets::{Reread, Secret};

use super::caller::{Caller, KnownBy};

/// A flood of wrong tokens reads files no more often than this.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// What tells who asks, beside the operators' token. It can be replaced while the daemon runs.
#[derive(Clone, Debug, Default)]
pub struct Identification {
    /// Tokens that stand for one person or program each.
    pub named: Option<TokenFile>,
    /// Proxies that say who asks.
    pub proxy: Option<TrustedProxy>,
}

/// Decides which requests may use the admin API.
pub struct Access {
    token: Option<Secret>,
    identified: RwLock<Arc<Identification>>,
    /// The key under which tokens are compared.
    key: hmac::Key,
    hosts: Vec<String>,
    actions: bool,
    clock: Arc<dyn Clock>,
    /// When the operators' token may be read again, and the file of named tokens be looked at.
    token_look: NextLook,
    file_look: NextLook,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TurnedAway {
    /// Its `Host` is not one of the listener's names.
    Host,
    /// It comes from another page.
    Origin,
    /// It has no token.
    NoToken,
    /// Its token is none of ours.
    WrongToken,
    /// A trusted proxy sent a name that cannot be one, in this header.
    UserHeader(String),
    /// A browser asks for a change, and actions are not allowed.
    Actions,
}

impl Access {
    /// `token` and what `identified` has are asked for as far as there are any; `hosts` are names by which clients may call the listener
    /// besides addresses and `localhost`; `actions` lets browsers ask for changes.
    ///
    /// # Errors
    /// When the system gives no random numbers for the key under which tokens are compared.
    pub fn new(
        token: Option<Secret>,
        identified: Identification,
        hosts: Vec<String>,
        actions: bool,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Ok(Self {
            token,
            identified: RwLock::new(Arc::new(identified)),
            key: key.map_err(|_| "the system gives no random numbers".to_owned())?,
            hosts,
            actions,
            clock,
            token_look: NextLook::default(),
            file_look: NextLook::default(),
        })
    }

    /// Whether browsers may ask for changes.
    pub(super) fn actions(&self) -> bool {
        self.actions
    }

    /// Puts other named tokens and proxies in force. Returns what differs between the tokens, a few words each.
    pub fn identify_by(&self, anew: Identification) -> Vec<String> {
        let mut held = self
            .identified
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let of = |one: &Identification| {
            one.named
                .as_ref()
                .map(TokenFile::tokens)
                .unwrap_or_default()
        };
        let changes = of(&anew).changes_since(&of(&held));
        *held = Arc::new(anew);
        changes
    }

    /// Checks a request's method and headers; returns who asks.
    pub(super) fn admit(
        &self,
        method: &Method,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
    ) -> Result<Caller, TurnedAway> {
        let host = self.host(headers).ok_or(TurnedAway::Host)?;
        let mut origins = headers.get_all(ORIGIN).iter();
        let ours = |origin: &str| {
            let bare = origin.split_once("://").map(|(_, bare)| bare);
            bare.is_some_and(|bare| bare.eq_ignore_ascii_case(host.as_str()))
        };
        if !origins.all(|origin| origin.to_str().is_ok_and(ours)) {
            return Err(TurnedAway::Origin);
        }
        let caller = self.identify(headers, peer)?;
        let changes = method != Method::GET && method != Method::HEAD;
        if changes && !self.actions && headers.contains_key(ORIGIN) {
            return Err(TurnedAway::Actions);
        }
        Ok(caller)
    }

    /// Finds out who asks, where that is asked.
    fn identify(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<Caller, TurnedAway> {
        let identified = {
            let held = self
                .identified
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&held)
        };
        let Identification { named, proxy } = &*identified;
        if self.token.is_none() && named.is_none() && proxy.is_none() {
            return Ok(Caller::unasked());
        }
        let given = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        if let Some(caller) = given.and_then(|given| self.by_token(given, named.as_ref())) {
            return Ok(caller);
        }
        if let Some(proxy) = proxy {
            let values = headers.get_all(proxy.header.as_str()).iter();
            match proxy.user(peer, values.map(HeaderValue::as_bytes)) {
                ProxyUser::Named(name) => {
                    return Ok(Caller::named(name, proxy.role, KnownBy::Proxy));
                }
                ProxyUser::Unusable => return Err(TurnedAway::UserHeader(proxy.header.clone())),
                ProxyUser::Nobody => {}
            }
        }
        Err(match given {
            Some(given) if !given.is_empty() => TurnedAway::WrongToken,
            Some(_) | None => TurnedAway::NoToken,
        })
    }

    /// Whose token this is. Every token is compared, whichever fits.
    fn by_token(&self, given: &str, named: Option<&TokenFile>) -> Option<Caller> {
        if let Some(file) = named {
            self.look_at(file);
        }
        let hash = TokenHash::of(given);
        let tokens = named.map(TokenFile::tokens);
        let found = tokens
            .as_ref()
            .and_then(|tokens| tokens.find(&self.key, &hash));
        let ours = self.is_operators(given);
        match found {
            Some(token) => Some(Caller::named(
                token.name.clone(),
                token.role,
                KnownBy::NamedToken,
            )),
            None => ours.then(Caller::with_operators_token),
        }
    }

    /// Whether it is the operators' token, as it is or as it is kept now.
    fn is_operators(&self, given: &str) -> bool {
        let Some(token) = &self.token else {
            return false;
        };
        if self.fits(token, given) {
            return true;
        }
        if self.token_look.is_due(&*self.clock) && token.read_again() == Reread::Changed {
            info!("the operators' token was read again: it has changed");
        }
        self.fits(token, given)
    }

    fn fits(&self, token: &Secret, given: &str) -> bool {
        let tag = hmac::sign(&self.key, token.text().expose_secret().as_bytes());
        hmac::verify(&self.key, given.as_bytes(), tag.as_ref()).is_ok()
    }

    /// Reads named tokens again if their file has changed, unless that was looked at just now.
    fn look_at(&self, file: &TokenFile) {
        if !self.file_look.is_due(&*self.clock) {
            return;
        }
        match file.look_again() {
            TokenFileChange::Same => {}
            TokenFileChange::Changed(changes) => {
                info!(changes = changes.join(", "), "named tokens were read again");
            }
            TokenFileChange::Unusable(faults) => warn!(
                why = faults.join(" "),
                "the file of named tokens cannot be used; those that were in use stay"
            ),
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

/// When files may be looked at again, in milliseconds of the monotonic clock.
#[derive(Default)]
struct NextLook(AtomicU64);

impl NextLook {
    /// Whether it is time to look; then the next look is a while off.
    fn is_due(&self, clock: &dyn Clock) -> bool {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let now = ms(clock.monotonic());
        let next = now.saturating_add(ms(BETWEEN_LOOKS));
        let due = |at: u64| (at <= now).then_some(next);
        let looks = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, due);
        looks.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::control::hand_clock::HandClock;
    use crate::identity::Role;
    use crate::secrets::Place;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs.iter().cloned();
        pairs
            .map(|(name, value)| (name, HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn access(token: Option<Secret>, actions: bool) -> Access {
        let identified = Identification::default();
        let clock = Arc::new(HandClock::default());
        Access::new(token, identified, Vec::new(), actions, clock).unwrap()
    }

    /// Who asks, by name and role, from nowhere that is known.
    type Answer = Result<(Option<String>, Role), TurnedAway>;

    fn asked(access: &Access, method: &Method, headers: &HeaderMap, peer: Option<&str>) -> Answer {
        let peer = peer.map(|peer| peer.parse().unwrap());
        let caller = access.admit(method, headers, peer)?;
        Ok((caller.name().map(str::to_owned), caller.role()))
    }

    /// Somebody who may do everything and whose name is not known.
    const ANYBODY: Answer = Ok((None, Role::Admin));

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
            let found = asked(&access, &Method::GET, &headers(&[(HOST, host)]), None);
            assert_eq!(found.is_ok(), admitted, "{host}: {found:?}");
        }
        assert_eq!(
            asked(&access, &Method::GET, &headers(&[]), None),
            Err(TurnedAway::Host)
        );
    }

    #[test]
    fn another_pages_origin_is_turned_away() {
        let access = access(None, false);
        let from = |origin| {
            asked(
                &access,
                &Method::GET,
                &headers(&[(HOST, "127.0.0.1:9464"), (ORIGIN, origin)]),
                None,
            )
        };
        assert_eq!(from("http://127.0.0.1:9464"), ANYBODY);
        for origin in ["http://127.0.0.1:9465", "https://evil.example.com", "null"] {
            assert_eq!(from(origin), Err(TurnedAway::Origin), "{origin}");
        }
    }

    #[test]
    fn the_token_is_asked_for_where_there_is_one() {
        let token = "a-token-of-the-operators".to_owned();
        let access = access(Some(token.into()), false);
        let with = |value| {
            asked(
                &access,
                &Method::GET,
                &headers(&[(HOST, "10.0.0.1"), (AUTHORIZATION, value)]),
                None,
            )
        };
        let ours = ANYBODY;
        assert_eq!(with("Bearer a-token-of-the-operators"), ours);
        assert_eq!(with("bearer a-token-of-the-operators"), ours);
        for (given, why) in [
            ("Bearer a-token", TurnedAway::WrongToken),
            ("Basic a-token-of-the-operators", TurnedAway::NoToken),
            ("Bearer", TurnedAway::NoToken),
            ("Bearer ", TurnedAway::NoToken),
        ] {
            assert_eq!(with(given), Err(why), "{given}");
        }
        let bare = headers(&[(HOST, "10.0.0.1")]);
        let found = asked(&access, &Method::GET, &bare, None);
        assert_eq!(found, Err(TurnedAway::NoToken));
    }

    #[test]
    fn a_browser_changes_nothing_unless_that_is_allowed() {
        let own = &[(HOST, "127.0.0.1:9464"), (ORIGIN, "http://127.0.0.1:9464")];
        let (page, command) = (headers(own), headers(&own[..1]));
        let looks_only = access(None, false);
        for method in [Method::PUT, Method::DELETE, Method::POST] {
            let browser = asked(&looks_only, &method, &page, None);
            assert_eq!(browser, Err(TurnedAway::Actions));
            let anybody = ANYBODY;
            assert_eq!(asked(&looks_only, &method, &command, None), anybody);
            let acts = access(None, true);
            assert_eq!(asked(&acts, &method, &page, None), anybody);
        }
        let looks = asked(&looks_only, &Method::GET, &page, None);
        assert_eq!(looks, ANYBODY);
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
        let access = {
            let identified = Identification::default();
            let token = Some(token.clone());
            Access::new(token, identified, Vec::new(), false, clock.clone()).unwrap()
        };
        let with = |token: &str| {
            let value = format!("Bearer {token}");
            asked(
                &access,
                &Method::GET,
                &headers(&[(HOST, "10.0.0.1"), (AUTHORIZATION, value.as_str())]),
                None,
            )
        };
        assert_eq!(with("the-old-token-of-ours"), ANYBODY);
        write("the-new-token-of-ours\n");
        assert_eq!(with("the-new-token-of-ours"), ANYBODY);
        assert_eq!(with("the-old-token-of-ours"), Err(TurnedAway::WrongToken));
        write("one-more-token-of-ours");
        for _ in 0..1_000 {
            assert_eq!(with("wrong-token"), Err(TurnedAway::WrongToken));
        }
        assert_eq!(token.version(), 1, "not read again within the second");
        clock.advance(BETWEEN_LOOKS);
        assert_eq!(with("one-more-token-of-ours"), ANYBODY);
    }

    #[test]
    fn a_named_token_says_who_asks_and_what_they_may_until_it_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens");
        let line = |name: &str, role: Role| {
            let hash = TokenHash::of(&format!("secret-of-{name}"));
            format!("{name} {role} {hash}\n")
        };
        let write = |lines: &[String]| std::fs::write(&path, lines.concat()).unwrap();
        write(&[line("anna", Role::Operate), line("wall", Role::View)]);
        let identified = Identification {
            named: Some(TokenFile::read(&path).unwrap()),
            proxy: None,
        };
        let clock = Arc::new(HandClock::default());
        let token = Some("a-token-of-the-operators".to_owned().into());
        let access = Access::new(token, identified, Vec::new(), false, clock.clone()).unwrap();
        let with = |secret: &str| {
            let bearer = format!("Bearer {secret}");
            let sent = headers(&[(HOST, "10.0.0.1"), (AUTHORIZATION, bearer.as_str())]);
            asked(&access, &Method::GET, &sent, None)
        };
        let named = |name: &str, role| Ok((Some(name.to_owned()), role));
        assert_eq!(with("secret-of-anna"), named("anna", Role::Operate));
        assert_eq!(with("secret-of-wall"), named("wall", Role::View));
        assert_eq!(with("a-token-of-the-operators"), ANYBODY);
        assert_eq!(with("secret-of-otto"), Err(TurnedAway::WrongToken));
        write(&[line("otto", Role::Admin)]);
        assert_eq!(with("secret-of-anna"), named("anna", Role::Operate));
        clock.advance(BETWEEN_LOOKS);
        assert_eq!(with("secret-of-anna"), Err(TurnedAway::WrongToken));
        assert_eq!(with("secret-of-otto"), named("otto", Role::Admin));
        let gone = access.identify_by(Identification::default());
        assert_eq!(gone, ["removed otto"]);
        assert_eq!(with("secret-of-otto"), Err(TurnedAway::WrongToken));
    }

    #[test]
    fn a_proxys_header_counts_from_its_address_and_behind_a_token_that_fits() {
        let proxy = TrustedProxy {
            addresses: vec!["10.0.3.7".parse().unwrap()],
            header: "x-forwarded-user".to_owned(),
            role: Role::View,
        };
        let identified = Identification {
            named: None,
            proxy: Some(proxy),
        };
        let clock = Arc::new(HandClock::default());
        let token = Some("a-token-of-the-operators".to_owned().into());
        let access = Access::new(token, identified, Vec::new(), false, clock).unwrap();
        let user = HeaderName::from_static("x-forwarded-user");
        let from = |peer: &str, more: &[(HeaderName, &str)]| {
            let mut sent = headers(&[(HOST, "10.0.0.1")]);
            for (name, value) in more {
                sent.append(name.clone(), HeaderValue::from_str(value).unwrap());
            }
            asked(&access, &Method::GET, &sent, Some(peer))
        };
        let anna = (user.clone(), "anna");
        let view = Ok((Some("anna".to_owned()), Role::View));
        assert_eq!(from("10.0.3.7", std::slice::from_ref(&anna)), view);
        let elsewhere = from("10.0.3.8", std::slice::from_ref(&anna));
        assert_eq!(elsewhere, Err(TurnedAway::NoToken));
        assert_eq!(from("10.0.3.7", &[]), Err(TurnedAway::NoToken));
        let twice = from("10.0.3.7", &[anna.clone(), (user, "otto")]);
        let header = "x-forwarded-user".to_owned();
        assert_eq!(twice, Err(TurnedAway::UserHeader(header)));
        let bearer = |token| (AUTHORIZATION, token);
        let fits = bearer("Bearer a-token-of-the-operators");
        assert_eq!(from("10.0.3.7", &[anna.clone(), fits]), ANYBODY);
        // Some proxies pass a token of their own on.
        assert_eq!(from("10.0.3.7", &[anna, bearer("Bearer eyJhbGciOi")]), view);
    }
}
