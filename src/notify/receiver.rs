//! The receiver of webhooks and its terms.

use std::fmt;
use std::time::Duration;

use crate::domain::TenantName;

use super::signature::SigningKeys;

/// The receiver's address. Its path and query often hold a token, so it shows no more than where it leads.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiverUrl(reqwest::Url);

impl ReceiverUrl {
    /// Wraps an address that was checked.
    #[must_use]
    pub fn new(url: reqwest::Url) -> Self {
        Self(url)
    }

    /// Returns the whole address; for the request only.
    #[must_use]
    pub fn expose(&self) -> &reqwest::Url {
        &self.0
    }
}

impl fmt::Display for ReceiverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for ReceiverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The receiver of webhooks and its terms.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// The address that messages are posted to.
    pub url: ReceiverUrl,
    /// What entries are signed with.
    pub keys: SigningKeys,
    /// The `ce-source` of every entry: which daemon sent it.
    pub source: String,
    /// Whose messages they are, where the daemon has several tenants: a member of every body.
    pub tenant: Option<TenantName>,
    /// The longest that an attempt may take, in real time.
    pub timeout: Duration,
    /// An entry that is older than this and has failed is given up.
    pub give_up_after: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_only_where_it_leads() {
        let url = "https://wfm.example.com/hooks/T0K3N?key=hunter2";
        let url = ReceiverUrl::new(url.parse().unwrap());
        assert_eq!(url.to_string(), "https://wfm.example.com");
        assert_eq!(format!("{url:?}"), "https://wfm.example.com");
        assert!(url.expose().as_str().ends_with("T0K3N?key=hunter2"));
    }
}
