//! A client with its certificates and proxies.

use std::time::Duration;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::causes::causes;
use super::loopback::is_loopback;
use super::unreached::Unreached;

/// Addresses by which it shows whether the environment names a proxy at all.
const ELSEWHERE: [&str; 2] = ["http://proxied.invalid/", "https://proxied.invalid/"];

/// Bounds of a client, in real time.
#[derive(Clone, Copy, Debug)]
pub struct ClientBounds {
    /// The longest that connecting may take.
    pub connect_timeout: Duration,
    /// The longest that one request may take, where requests do not say so themselves.
    pub timeout: Option<Duration>,
    /// Idle connections kept open to one host.
    pub idle_connections: usize,
}

/// A request over HTTPS on a machine without certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this machine has no CA certificates for HTTPS ({why}); install the package ca-certificates, or name a PEM file of \
     them in SSL_CERT_FILE"
)]
pub struct NoCertificates {
    why: String,
}

/// A client that keeps connections open.
#[derive(Debug)]
pub struct HttpClient {
    direct: reqwest::Client,
    proxied: Option<Proxied>,
    /// Why there are no certificates, where there are none.
    lacking: Option<NoCertificates>,
}

/// The client for what is behind a proxy of the environment.
#[derive(Debug)]
struct Proxied {
    client: reqwest::Client,
    matcher: Matcher,
}

impl Proxied {
    fn by_environment(bounds: ClientBounds) -> Result<Option<Self>, String> {
        // What the HTTP client looks at by itself as well: this shows which proxy that is.
        let matcher = Matcher::from_system();
        let applies = |text: &str| matcher.intercept(&text.parse().ok()?);
        if !ELSEWHERE.into_iter().any(|text| applies(text).is_some()) {
            return Ok(None);
        }
        let (client, _) = build(bounds, reqwest::ClientBuilder::new)?;
        Ok(Some(Self { client, matcher }))
    }

    /// The proxy between this machine and `url`, without its credentials.
    fn proxy(&self, url: &Url) -> Option<String> {
        let uri: Uri = url.as_str().parse().ok()?;
        let proxy = self.matcher.intercept(&uri)?;
        let (scheme, authority) = (proxy.uri().scheme_str()?, proxy.uri().authority()?);
        let host = authority.as_str().rsplit('@').next()?;
        Some(format!("{scheme}://{host}"))
    }
}

impl HttpClient {
    /// Creates a client that goes through the environment's proxies, except to this machine.
    ///
    /// # Errors
    /// When the client cannot be set up at all; missing certificates are no error before they are needed.
    pub fn new(bounds: ClientBounds) -> Result<Self, String> {
        let proxied = Proxied::by_environment(bounds)?;
        Ok(Self {
            proxied,
            ..Self::direct(bounds)?
        })
    }

    /// Creates a client that never goes through a proxy.
    ///
    /// # Errors
    /// When the client cannot be set up at all.
    pub fn direct(bounds: ClientBounds) -> Result<Self, String> {
        let (direct, lacking) = build(bounds, || reqwest::ClientBuilder::new().no_proxy())?;
        Ok(Self {
            direct,
            proxied: None,
            lacking,
        })
    }

    /// Returns the client for requests to this address.
    ///
    /// # Errors
    /// When it is an address that nothing can be sent to without certificates.
    pub fn to(&self, url: &Url) -> Result<&reqwest::Client, NoCertificates> {
        self.can_reach(url)?;
        Ok(self.via(url).map_or(&self.direct, |(client, _)| client))
    }

    /// Returns whether certificates are there if this address needs them.
    ///
    /// # Errors
    /// When they are not.
    pub fn can_reach(&self, url: &Url) -> Result<(), NoCertificates> {
        match &self.lacking {
            Some(lacking) if url.scheme() == "https" => Err(lacking.clone()),
            Some(_) | None => Ok(()),
        }
    }

    /// Returns why a request to this address failed, for people: with host and port, and what to do. Path and query are not repeated: they
    /// may be a secret.
    #[must_use]
    pub fn explain(&self, url: &Url, wrong: reqwest::Error) -> String {
        let connecting = wrong.is_connect();
        let wrong = wrong.without_url();
        let why = causes(&wrong);
        let proxy = self.via(url).map(|(_, proxy)| proxy);
        let told = match Unreached::of(&wrong) {
            Some(unreached) => {
                // Only the proxy is connected to from here.
                let place = match &proxy {
                    Some(proxy) if unreached.is_nearer_than_tls() => proxy.clone(),
                    Some(_) | None => place(url),
                };
                let (says, remedy) = (unreached.says(&place), unreached.remedy());
                format!("{says} ({why}); {remedy}")
            }
            None if connecting && wrong.is_timeout() => {
                let place = proxy.clone().unwrap_or_else(|| place(url));
                let (says, remedy) = (Unreached::Silent.says(&place), Unreached::Silent.remedy());
                format!("{says} ({why}); {remedy}")
            }
            None => why,
        };
        match proxy {
            Some(proxy) => format!(
                "by way of the proxy {proxy}, which the environment names (HTTPS_PROXY, HTTP_PROXY, NO_PROXY): {told}"
            ),
            None => told,
        }
    }

    fn via(&self, url: &Url) -> Option<(&reqwest::Client, String)> {
        let proxied = self.proxied.as_ref().filter(|_| !is_loopback(url))?;
        Some((&proxied.client, proxied.proxy(url)?))
    }
}

/// The host and the port of an address.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Builds a client; without certificates if the system has none, and then with the reason.
fn build(
    bounds: ClientBounds,
    begin: impl Fn() -> reqwest::ClientBuilder,
) -> Result<(reqwest::Client, Option<NoCertificates>), String> {
    // An error says that a provider is installed already, which is what is wanted.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = || {
        let builder = begin()
            .connect_timeout(bounds.connect_timeout)
            .pool_max_idle_per_host(bounds.idle_connections)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("campaign-autopilot/", env!("CARGO_PKG_VERSION")));
        match bounds.timeout {
            Some(timeout) => builder.timeout(timeout),
            None => builder,
        }
    };
    match builder().build() {
        Ok(client) => Ok((client, None)),
        Err(wrong) => {
            let why = causes(&wrong);
            // The same without any certificate shows whether it is they that are missing.
            let without = builder().tls_certs_only([]).build();
            without
                .map(|client| (client, Some(NoCertificates { why: why.clone() })))
                .map_err(|_| why)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: ClientBounds = ClientBounds {
        connect_timeout: Duration::from_secs(1),
        timeout: None,
        idle_connections: 1,
    };

    fn behind(proxy: &str) -> HttpClient {
        let matcher = Matcher::builder().all(proxy).no("near.example").build();
        let mut client = HttpClient::direct(BOUNDS).unwrap();
        client.proxied = Some(Proxied {
            client: reqwest::Client::new(),
            matcher,
        });
        client
    }

    #[test]
    fn this_machine_is_never_asked_through_a_proxy() {
        let client = behind("http://ana:hidden@proxy.example:3128");
        let proxy = |url: &str| client.via(&url.parse().unwrap()).map(|(_, name)| name);
        for elsewhere in ["http://api.example", "https://api.example:8443/x?y"] {
            let named = proxy(elsewhere);
            assert_eq!(named.as_deref(), Some("http://proxy.example:3128"));
        }
        for near in [
            "http://127.0.0.1:8081",
            "http://[::1]:1/x",
            "https://localhost",
            "http://near.example",
        ] {
            assert_eq!(proxy(near), None, "{near}");
        }
    }

    #[test]
    fn without_certificates_only_https_is_refused() {
        let mut client = HttpClient::direct(BOUNDS).unwrap();
        client.lacking = Some(NoCertificates {
            why: "none".to_owned(),
        });
        assert!(client.to(&"http://api.example".parse().unwrap()).is_ok());
        let refused = client.to(&"https://api.example".parse().unwrap());
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("ca-certificates"), "{refused}");
        assert!(refused.contains("SSL_CERT_FILE"), "{refused}");
    }
}
