//! A proxy that authenticates people by itself and says who asks.
//!
//! *What is believed.* The header counts on connections from the proxy's addresses and on no others: anybody can write a header. Who
//! can connect from such an address can give any name, so that a range holds the proxy and nobody else.

use std::net::IpAddr;

use super::address_range::AddressRange;
use super::role::Role;

/// The longest name that is taken, in characters: the audit keeps no longer author.
const LONGEST_NAME: usize = 100;

/// Proxies whose word counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxy {
    /// The addresses that they call from.
    pub addresses: Vec<AddressRange>,
    /// The header with the user's name, in lower case.
    pub header: String,
    /// What the users whom it names may do.
    pub role: Role,
}

/// What the header of a request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyUser {
    /// It is not there, or does not count.
    Nobody,
    /// The user's name.
    Named(String),
    /// It cannot be a name, or stands there twice.
    Unusable,
}

impl TrustedProxy {
    /// Whether what this connection says counts. One from within the process has no address, and is nobody's.
    #[must_use]
    pub fn trusts(&self, peer: Option<IpAddr>) -> bool {
        peer.is_some_and(|peer| self.addresses.iter().any(|range| range.contains(peer)))
    }

    /// Reads who asks, from the values of the header on a connection from `peer`.
    pub fn user<'v>(
        &self,
        peer: Option<IpAddr>,
        values: impl IntoIterator<Item = &'v [u8]>,
    ) -> ProxyUser {
        if !self.trusts(peer) {
            return ProxyUser::Nobody;
        }
        let mut values = values.into_iter();
        let Some(value) = values.next() else {
            return ProxyUser::Nobody;
        };
        let name = std::str::from_utf8(value).map(str::trim);
        match (name, values.next()) {
            // As some proxies send it of whom they do not know.
            (Ok(""), None) => ProxyUser::Nobody,
            (Ok(name), None)
                if name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control) =>
            {
                ProxyUser::Named(name.to_owned())
            }
            (_, _) => ProxyUser::Unusable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_counts_from_the_proxys_addresses_alone() {
        let proxy = TrustedProxy {
            addresses: vec!["10.0.0.0/30".parse().unwrap(), "::1".parse().unwrap()],
            header: "x-forwarded-user".to_owned(),
            role: Role::Operate,
        };
        let asked = |peer: Option<&str>, values: &[&[u8]]| {
            let peer = peer.map(|peer| peer.parse().unwrap());
            proxy.user(peer, values.iter().copied())
        };
        let named = |name: &str| ProxyUser::Named(name.to_owned());
        assert_eq!(asked(Some("10.0.0.2"), &[b" anna "]), named("anna"));
        assert_eq!(asked(Some("::1"), &["Jörg".as_bytes()]), named("Jörg"));
        for (peer, values) in [
            (None, &[&b"anna"[..]][..]),
            (Some("10.0.0.4"), &[b"anna"]),
            (Some("10.0.0.2"), &[]),
            (Some("10.0.0.2"), &[b" "]),
        ] {
            assert_eq!(asked(peer, values), ProxyUser::Nobody, "{peer:?}");
        }
        let long = "a".repeat(101);
        for values in [
            &[&b"anna"[..], b"otto"][..],
            &[b"\xff\xfe"],
            &[b"an\x07na"],
            &[long.as_bytes()],
        ] {
            assert_eq!(asked(Some("10.0.0.2"), values), ProxyUser::Unusable);
        }
    }
}
