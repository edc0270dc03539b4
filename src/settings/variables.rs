//! Environment variables that look like settings and are none.
//!
//! A misspelt variable would be ignored, and the daemon would do what it was told not to: with `AUTOPILOT_DRYRUN` it commands for
//! real. So every name with one of our prefixes is either known or refused. Kubernetes sets variables of the same prefixes for
//! services that are called like us, or `autopilot-something`; those are recognised by name and value together.

use std::net::{IpAddr, SocketAddr};

use crate::domain::meant;

use super::fault::Fault;
use super::receivers;

use super::rows::rows;

/// How names of ours begin.
const PREFIXES: [&str; 2] = ["AUTOPILOT_", "CXONE_"];

/// The variable that chooses what is logged.
pub(crate) const LOG: &str = "AUTOPILOT_LOG";

/// The variable that names the daemon that commands are sent to.
pub(crate) const SERVER: &str = "AUTOPILOT_SERVER";

/// Names beside those of the settings. The last two name the build, and `cargo run` passes them on.
const OTHERS: [&str; 4] = [LOG, SERVER, "AUTOPILOT_REVISION", "AUTOPILOT_RUSTC"];

/// Returns a fault for each variable that has one of our prefixes and means nothing; an empty one counts as not set.
pub(crate) fn unknown_variables(set: impl IntoIterator<Item = (String, String)>) -> Vec<Fault> {
    let mut faults: Vec<Fault> = set
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| unknown(&name, &value))
        .collect();
    faults.sort();
    faults
}

fn unknown(name: &str, value: &str) -> Option<Fault> {
    let upper = name.to_ascii_uppercase();
    let rest = PREFIXES
        .iter()
        .find_map(|prefix| upper.strip_prefix(prefix))?;
    if known().any(|known| known == name)
        || is_tenants(name)
        || is_receivers(name)
        || is_service_link(rest, value)
    {
        return None;
    }
    let remedy = probably_meant(&upper, rest).map_or_else(
        || {
            "unset it, or see `campaign-autopilot run --help` for the variables that there are"
                .to_owned()
        },
        |meant| format!("did you mean {meant}?"),
    );
    Some(Fault {
        place: Some(name.to_owned()),
        key: "environment".to_owned(),
        wrong: "is not a variable of this program".to_owned(),
        remedy,
    })
}

fn known() -> impl Iterator<Item = &'static str> {
    rows()
        .flat_map(|row| row.env.iter().copied())
        .chain(OTHERS)
        .filter(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
}

/// Whether a variable holds a secret of one tenant: its name is behind that of the setting.
fn is_tenants(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let mut secrets = rows().filter(|row| row.of_account());
    secrets.any(|row| {
        let rest = name.strip_prefix(row.variable());
        let rest = rest.and_then(|rest| rest.strip_prefix('_'));
        rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(fits))
    })
}

/// Whether a variable holds what opens one receiver: its name is behind.
fn is_receivers(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    receivers::variables().into_iter().any(|beginning| {
        let rest = name.strip_prefix(beginning);
        let rest = rest.and_then(|rest| rest.strip_prefix('_'));
        rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(fits))
    })
}

/// The variable that was probably meant; the right name behind the wrong prefix is one too.
fn probably_meant(upper: &str, rest: &str) -> Option<&'static str> {
    if let Some(same) = known().find(|known| *known == upper) {
        return Some(same);
    }
    let behind = |name: &'static str| {
        let rest = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
        rest.unwrap_or(name).to_ascii_lowercase()
    };
    let rests: Vec<String> = known().map(behind).collect();
    let found = meant(rest, rests.iter().map(String::as_str))?;
    known().find(|name| behind(name) == found)
}

/// Whether a name behind its prefix, with its value, is one that Kubernetes sets for a service.
fn is_service_link(rest: &str, value: &str) -> bool {
    let is_port = |value: &str| value.parse::<u16>().is_ok();
    let is_address = |value: &str| value.parse::<IpAddr>().is_ok();
    if let Some(tail) = part(rest, "SERVICE_") {
        return match tail {
            "HOST" => is_address(value),
            "PORT" => is_port(value),
            _ => tail.starts_with("PORT_") && is_port(value),
        };
    }
    let is_url = |value: &str| {
        let place = value.split_once("://");
        place.is_some_and(|(protocol, place)| {
            is_protocol(protocol) && place.parse::<SocketAddr>().is_ok()
        })
    };
    if rest == "PORT" || rest.ends_with("_PORT") && part(rest, "PORT_").is_none() {
        return is_url(value);
    }
    // `PORT_9464_TCP` and, behind it, one thing about that port.
    let Some(tail) = part(rest, "PORT_") else {
        return false;
    };
    let mut parts = tail.splitn(3, '_');
    let number = parts.next().is_some_and(is_port);
    let protocol = parts
        .next()
        .is_some_and(|word| is_protocol(&word.to_ascii_lowercase()));
    number
        && protocol
        && match parts.next() {
            None => is_url(value),
            Some("PROTO") => is_protocol(value),
            Some("PORT") => is_port(value),
            Some("ADDR") => is_address(value),
            Some(_) => false,
        }
}

/// What follows `word` where a part of the name begins with it.
fn part<'a>(rest: &'a str, word: &str) -> Option<&'a str> {
    let starts = rest.match_indices(word).map(|(at, _)| at);
    let mut found = starts.filter_map(|at| {
        let (before, behind) = rest.split_at_checked(at)?;
        (before.is_empty() || before.ends_with('_')).then(|| behind.strip_prefix(word))?
    });
    found.next()
}

fn is_protocol(word: &str) -> bool {
    ["tcp", "udp", "sctp"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(pairs: &[(&str, &str)]) -> Vec<String> {
        let pairs = pairs.iter();
        let pairs = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let faults = unknown_variables(pairs);
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_misspelt_variable_is_refused_and_the_right_name_offered() {
        for (wrong, right) in [
            ("AUTOPILOT_DRYRUN", "AUTOPILOT_DRY_RUN"),
            ("AUTOPILOT_DRY-RUN", "AUTOPILOT_DRY_RUN"),
            ("autopilot_dry_run", "AUTOPILOT_DRY_RUN"),
            ("AUTOPILOT_POL_INTERVAL", "AUTOPILOT_POLL_INTERVAL"),
            ("AUTOPILOT_CLIENTSECRET", "AUTOPILOT_CLIENT_SECRET"),
            ("AUTOPILOT_SEVER", "AUTOPILOT_SERVER"),
            // The right word behind the wrong prefix.
            ("CXONE_POLL_INTERVAL", "AUTOPILOT_POLL_INTERVAL"),
            ("AUTOPILOT_CAMPAIGN_ID", "CXONE_CAMPAIGN_ID"),
            ("CXONE_BASEURL", "AUTOPILOT_BASE_URL"),
        ] {
            let told = refused(&[(wrong, "hunter2")]);
            let expected = format!(
                "{wrong}: environment: is not a variable of this program; did you mean {right}?"
            );
            assert_eq!(told, [expected]);
        }
        let told = refused(&[("AUTOPILOT_FAVOURITE_COLOUR", "hunter2")]);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("--help") && !told[0].contains("hunter2"));
    }

    #[test]
    fn what_is_known_or_not_ours_is_let_through() {
        let known: Vec<(&str, &str)> = known().map(|name| (name, "x")).collect();
        assert!(known.len() > 60, "{}", known.len());
        assert_eq!(refused(&known), [""; 0]);
        assert_eq!(
            refused(&[
                ("PATH", "/bin"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "a=b"),
                ("MY_AUTOPILOT_X", "1"),
                ("AUTOPILOT_EMPTY", ""),
            ]),
            [""; 0]
        );
    }

    #[test]
    fn kubernetes_service_links_are_let_through() {
        for service in ["AUTOPILOT_", "AUTOPILOT_EU_WEST_", "CXONE_PROXY_"] {
            for (name, value) in [
                ("SERVICE_HOST", "10.0.0.7"),
                ("SERVICE_HOST", "fd00::7"),
                ("SERVICE_PORT", "9464"),
                ("SERVICE_PORT_METRICS", "9464"),
                ("PORT", "tcp://10.0.0.7:9464"),
                ("PORT", "tcp://[fd00::7]:9464"),
                ("PORT_9464_TCP", "tcp://10.0.0.7:9464"),
                ("PORT_9464_TCP_PROTO", "tcp"),
                ("PORT_9464_TCP_PORT", "9464"),
                ("PORT_9464_TCP_ADDR", "10.0.0.7"),
                ("PORT_53_UDP", "udp://10.0.0.7:53"),
            ] {
                let name = format!("{service}{name}");
                assert_eq!(refused(&[(&name, value)]), [""; 0], "{name}={value}");
            }
        }
        // The name alone does not make one.
        for (name, value) in [
            ("AUTOPILOT_PORT", "9464"),
            ("AUTOPILOT_SERVICE_HOST", "autopilot.example.com"),
            ("AUTOPILOT_SERVICE_PORT", "http"),
            ("AUTOPILOT_PORT_9464_TCP", "yes"),
            ("AUTOPILOT_PORT_9464_TCP_COLOUR", "1"),
            ("AUTOPILOT_LISTEN_PORT", "9464"),
            ("AUTOPILOT_SUPPORT", "tcp://10.0.0.7:1"),
        ] {
            assert_eq!(refused(&[(name, value)]).len(), 1, "{name}={value}");
        }
    }
}
