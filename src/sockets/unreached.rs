//! Why a host was not reached, with what to do about it.
//!
//! The libraries below give their causes as nested errors with words of their own (`tcp connect error: Connection refused (os error 111)`).
//! Their kinds are told apart here, so that a reader learns which host and port is meant and where to look.

use std::error::Error;
use std::io;

use rustls::{CertificateError, Error as TlsError, InvalidMessage};

/// Why no connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreached {
    /// The name has no address.
    Name,
    /// Nothing listens on the port.
    Refused,
    /// No packet comes back.
    Silent,
    /// No way leads there.
    NoRoute,
    /// What answers does not speak TLS.
    NotTls,
    /// The certificate is of an authority that is not known here.
    Issuer,
    /// The certificate is for another name.
    OtherName,
    /// The certificate is out of its time.
    OutOfTime,
    /// A proxy wants credentials.
    ProxyLogIn,
    /// A proxy does not lead there.
    ProxyRefuses,
}

impl Unreached {
    /// Tells by the causes of an error.
    pub(super) fn of(wrong: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(wrong);
        while let Some(cause) = next {
            if let Some(found) = Self::of_one(cause) {
                return Some(found);
            }
            next = cause.source();
        }
        None
    }

    fn of_one(cause: &(dyn Error + 'static)) -> Option<Self> {
        // These have no type that could be asked.
        match cause.to_string().as_str() {
            "dns error" => return Some(Self::Name),
            "tunnel error: proxy authorization required" => return Some(Self::ProxyLogIn),
            "tunnel error: unsuccessful" | "tunnel error: unexpected end of file" => {
                return Some(Self::ProxyRefuses);
            }
            _ => {}
        }
        if let Some(tls) = cause.downcast_ref::<TlsError>() {
            return Self::of_tls(tls);
        }
        let io = cause.downcast_ref::<io::Error>()?;
        let kind = io.kind();
        if kind == io::ErrorKind::ConnectionRefused {
            Some(Self::Refused)
        } else if kind == io::ErrorKind::TimedOut {
            Some(Self::Silent)
        } else if matches!(
            kind,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable
        ) {
            Some(Self::NoRoute)
        } else {
            // An error that is wrapped in this one is no source of it, but its inside.
            Self::of_one(io.get_ref()?)
        }
    }

    fn of_tls(wrong: &TlsError) -> Option<Self> {
        if let TlsError::InvalidMessage(InvalidMessage::InvalidContentType) = wrong {
            return Some(Self::NotTls);
        }
        let TlsError::InvalidCertificate(why) = wrong else {
            return None;
        };
        let other_name = matches!(
            why,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        );
        let out_of_time = matches!(
            why,
            CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. }
        );
        if *why == CertificateError::UnknownIssuer {
            Some(Self::Issuer)
        } else if other_name {
            Some(Self::OtherName)
        } else {
            out_of_time.then_some(Self::OutOfTime)
        }
    }

    /// Whether it happened before TLS: where there is a proxy, on the way to that.
    pub(super) fn is_nearer_than_tls(self) -> bool {
        match self {
            Self::Name | Self::Refused | Self::Silent | Self::NoRoute => true,
            Self::NotTls
            | Self::Issuer
            | Self::OtherName
            | Self::OutOfTime
            | Self::ProxyLogIn
            | Self::ProxyRefuses => false,
        }
    }

    /// What happened at `place`, a host with its port.
    pub(super) fn says(self, place: &str) -> String {
        match self {
            Self::Name => format!("the name in {place} has no address"),
            Self::Refused => format!("{place} refuses connections"),
            Self::Silent => format!("{place} does not answer"),
            Self::NoRoute => format!("no network leads to {place}"),
            Self::NotTls => format!("{place} does not speak TLS"),
            Self::Issuer => {
                format!("the certificate of {place} is of an authority that is not known here")
            }
            Self::OtherName => format!("the certificate of {place} is for another name"),
            Self::OutOfTime => {
                format!("the certificate of {place} has expired or is not valid yet")
            }
            Self::ProxyLogIn => "the proxy wants a log-in".to_owned(),
            Self::ProxyRefuses => format!("the proxy opens no connection to {place}"),
        }
    }

    /// What to do about it.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Name => "check how it is spelt, and the DNS of this machine",
            Self::Refused => "check the port, and that what should listen there runs",
            Self::Silent => "check the address, and whether a firewall is in the way",
            Self::NoRoute => "check the address and the network of this machine",
            Self::NotTls => "check the port, or write http:// where plain text is meant",
            Self::Issuer => {
                "if its certificate is of an authority of your own, name a PEM file with that one in SSL_CERT_FILE"
            }
            Self::OtherName => "give the name that the certificate is for",
            Self::OutOfTime => "check the clock of this machine, or have the certificate renewed",
            Self::ProxyLogIn => "write user and password into its address",
            Self::ProxyRefuses => "have the proxy let it through, or name the host in NO_PROXY",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(wrong: impl Error + Send + Sync + 'static) -> Option<Unreached> {
        // As TLS errors come: inside of one of input and output.
        let wrapped = io::Error::other(wrong);
        Unreached::of(&wrapped)
    }

    #[test]
    fn the_kinds_are_told_apart_however_deep_they_lie() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(told(refused), Some(Unreached::Refused));
        let not_tls = TlsError::InvalidMessage(InvalidMessage::InvalidContentType);
        assert_eq!(told(not_tls), Some(Unreached::NotTls));
        for (why, kind) in [
            (CertificateError::UnknownIssuer, Some(Unreached::Issuer)),
            (
                CertificateError::NotValidForName,
                Some(Unreached::OtherName),
            ),
            (CertificateError::Expired, Some(Unreached::OutOfTime)),
            (CertificateError::Revoked, None),
        ] {
            assert_eq!(told(TlsError::InvalidCertificate(why)), kind);
        }
        assert_eq!(told(io::Error::other("dns error")), Some(Unreached::Name));
        assert_eq!(told(io::Error::other("something else")), None);
    }

    #[test]
    fn place_and_remedy_are_named() {
        let says = Unreached::Refused.says("api.example:443");
        assert_eq!(says, "api.example:443 refuses connections");
        assert!(Unreached::Issuer.remedy().contains("SSL_CERT_FILE"));
    }
}
