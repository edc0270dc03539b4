//! A receiver of webhooks and its terms.

use std::fmt;
use std::time::Duration;

use secrecy::ExposeSecret;

use crate::domain::{ReceiverName, Route, TenantName};
use crate::secrets::{Reread, Secret};
use crate::sockets::is_loopback;

use super::forms::Form;

/// A receiver's address. Its path and query often hold a token, so it shows no more than where it leads.
#[derive(Clone)]
pub struct ReceiverUrl {
    /// As it was when it was checked.
    checked: reqwest::Url,
    /// Where it is kept, and what it is now; nothing where it never changes.
    kept: Option<Secret>,
}

impl ReceiverUrl {
    /// Wraps an address that was checked.
    #[must_use]
    pub fn new(url: reqwest::Url) -> Self {
        Self {
            checked: url,
            kept: None,
        }
    }

    /// Wraps an address that was checked, which is kept as a secret and may be replaced there.
    #[must_use]
    pub fn kept_in(url: reqwest::Url, secret: Secret) -> Self {
        Self {
            checked: url,
            kept: Some(secret.checked_by(address_fault)),
        }
    }

    /// Returns the whole address as it is now; for the request only.
    #[must_use]
    pub fn expose(&self) -> reqwest::Url {
        let kept = self.kept.as_ref().map(Secret::text);
        let now = kept.and_then(|text| text.expose_secret().parse().ok());
        now.unwrap_or_else(|| self.checked.clone())
    }

    /// Returns the secret that it is kept as, if it is.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        self.kept.as_ref()
    }
}

/// What is wrong with a text that takes the place of an address.
fn address_fault(text: &str) -> Option<String> {
    let url = text.parse::<reqwest::Url>().ok();
    let secure = |url: &reqwest::Url| url.scheme() == "https" || is_loopback(url);
    let fits = url.is_some_and(|url| url.has_host() && secure(&url));
    (!fits).then(|| "it is no https address".to_owned())
}

impl fmt::Display for ReceiverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expose().origin().ascii_serialization())
    }
}

impl fmt::Debug for ReceiverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A receiver of webhooks and its terms.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Which messages it wants; with its name, where it has one.
    pub route: Route,
    /// The address that messages are posted to.
    pub url: ReceiverUrl,
    /// The form that it wants, with the secret of that.
    pub form: Form,
    /// The `ce-source` of every entry: which daemon sent it.
    pub source: String,
    /// Whose messages they are, where the daemon has several tenants: a member of every body.
    pub tenant: Option<TenantName>,
    /// The longest that an attempt may take, in real time.
    pub timeout: Duration,
    /// An entry that is older than this and has failed is given up.
    pub give_up_after: Duration,
}

impl Receiver {
    /// What it is called in metrics and on the command line.
    #[must_use]
    pub fn label(&self) -> &str {
        let name = self.route.receiver.as_ref();
        name.map_or(ReceiverName::NAMELESS, ReceiverName::as_str)
    }

    /// Reads its secrets again where they are kept; returns whether one has changed.
    #[must_use]
    pub fn read_again(&self) -> bool {
        let secrets = [self.form.secret(), self.url.secret()];
        let read = secrets.map(|secret| secret.map(Secret::read_again));
        read.contains(&Some(Reread::Changed))
    }
}

#[cfg(test)]
mod tests {
    use crate::secrets::Place;

    use super::*;

    #[test]
    fn an_address_shows_only_where_it_leads() {
        let url = "https://wfm.example.com/hooks/T0K3N?key=hunter2";
        let url = ReceiverUrl::new(url.parse().unwrap());
        assert_eq!(url.to_string(), "https://wfm.example.com");
        assert_eq!(format!("{url:?}"), "https://wfm.example.com");
        assert!(url.expose().as_str().ends_with("T0K3N?key=hunter2"));
    }

    #[test]
    fn an_address_in_a_file_is_what_the_file_holds_unless_that_is_no_address() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("url");
        let old = "https://hooks.example.com/old";
        std::fs::write(&file, old).unwrap();
        let secret = Secret::new(old.to_owned().into(), Place::File(file.clone()));
        let url = ReceiverUrl::kept_in(old.parse().unwrap(), secret.clone());
        for (written, expected) in [
            ("http://hooks.example.com/plain", old),
            ("nonsense", old),
            (
                "https://hooks.example.com/new\n",
                "https://hooks.example.com/new",
            ),
        ] {
            std::fs::write(&file, written).unwrap();
            drop(secret.read_again());
            assert_eq!(url.expose().as_str(), expected);
        }
        assert!(!format!("{url:?}").contains("new"));
    }
}
