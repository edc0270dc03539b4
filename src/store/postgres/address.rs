//! Where a server is, and how much of a proof of itself it has to give.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};

use crate::secrets::Secret;

/// The schema that the tables are in, unless the address names another.
const SCHEMA: &str = "campaign_autopilot";

/// A server that does not answer at all is given up after this.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// What was sent is acknowledged within this, or the connection is over.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// A connection without traffic is tried after this.
const SILENT: Duration = Duration::from_secs(30);

/// Why an address cannot be used: what is wrong, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}; {remedy}")]
pub struct AddressFault {
    /// What is wrong.
    pub wrong: String,
    /// What to do.
    pub remedy: String,
}

fn fault(wrong: impl Into<String>, remedy: impl Into<String>) -> AddressFault {
    let (wrong, remedy) = (wrong.into(), remedy.into());
    AddressFault { wrong, remedy }
}

fn password_within() -> AddressFault {
    fault(
        "has a password in it, which process lists and logs would show",
        "take it out, and give AUTOPILOT_STORE_PASSWORD or a file with it",
    )
}

/// How the server proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// By nothing: over a socket of this machine, or where the address says so.
    None,
    /// By a certificate for its name, from an authority that the system trusts.
    System,
    /// By a certificate for its name, from an authority in this file.
    Authority(PathBuf),
}

/// The address of a server and of the tables on it.
#[derive(Clone)]
pub struct ServerAddress {
    pub(super) config: tokio_postgres::Config,
    pub(super) proof: Proof,
    pub(super) schema: String,
    password: Option<Secret>,
    shown: String,
}

impl ServerAddress {
    /// Whether this is meant as the address of a server.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// Reads `postgres://USER@HOST:PORT/DATABASE`, with `sslmode`, `sslrootcert` and `schema` behind a question mark. The password
    /// comes apart from it.
    ///
    /// # Errors
    /// When it is not one, has a password in it, or asks for less proof than can be meant.
    pub fn parse(text: &str, password: Option<Secret>) -> Result<Self, AddressFault> {
        let form = "give postgres://USER@HOST:PORT/DATABASE";
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let authority = place.split_once("://").map_or(place, |(_, rest)| rest);
        let authority = authority
            .split_once('/')
            .map_or(authority, |(first, _)| first);
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        if user.is_some_and(|user| user.contains(':')) {
            return Err(password_within());
        }
        let (mut mode, mut certificates) = (None, None);
        let mut schema = SCHEMA.to_owned();
        let mut rest = form_urlencoded::Serializer::new(String::new());
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => certificates = Some(PathBuf::from(value.into_owned())),
                "schema" => schema = value.into_owned(),
                "password" => return Err(password_within()),
                _ => drop(rest.append_pair(&key, &value)),
            }
        }
        if !is_name(&schema) {
            return Err(fault(
                format!("`{schema}` is not the name of a schema"),
                "give small letters, digits and underscores",
            ));
        }
        let mut config: tokio_postgres::Config = format!("{place}?{}", rest.finish())
            .parse()
            .map_err(|wrong: tokio_postgres::Error| {
                let source = std::error::Error::source(&wrong).map(ToString::to_string);
                fault(source.unwrap_or_else(|| wrong.to_string()), form)
            })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(fault("names no host", form));
        }
        if config.get_user().is_none() {
            return Err(fault("names no user", form));
        }
        let proof = proof(mode.as_deref(), certificates, local(&config))?;
        if config.get_application_name().is_none() {
            config.application_name("campaign-autopilot");
        }
        config
            .connect_timeout(CONNECT)
            .tcp_user_timeout(UNACKNOWLEDGED)
            .keepalives_idle(SILENT)
            .ssl_mode(if proof == Proof::None {
                SslMode::Disable
            } else {
                SslMode::Require
            });
        Ok(Self {
            shown: shown(&config, &schema),
            config,
            proof,
            schema,
            password,
        })
    }

    /// The password, where one was given.
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// The configuration of a connection, with the password as it is now.
    pub(super) fn with_password(&self) -> tokio_postgres::Config {
        use secrecy::ExposeSecret;
        let mut config = self.config.clone();
        if let Some(password) = &self.password {
            config.password(password.text().expose_secret());
        }
        config
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// A name that needs no quotes.
fn is_name(text: &str) -> bool {
    let mut letters = text.bytes();
    let first = letters.next();
    first.is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && text.len() <= 63
        && letters.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether nothing of a connection leaves this machine.
fn local(config: &tokio_postgres::Config) -> bool {
    let hosts = config.get_hosts().iter();
    let by_path = hosts.clone().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback()),
    });
    by_path && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn proof(
    mode: Option<&str>,
    authority: Option<PathBuf>,
    local: bool,
) -> Result<Proof, AddressFault> {
    match (mode, authority) {
        (None, None) if local => Ok(Proof::None),
        (None | Some("verify-full"), None) => Ok(Proof::System),
        (None | Some("verify-full"), Some(file)) => Ok(Proof::Authority(readable(file)?)),
        (Some("disable"), None) => Ok(Proof::None),
        (Some("disable"), Some(_)) => Err(fault(
            "names an authority and disables TLS",
            "take sslrootcert or sslmode=disable out",
        )),
        (Some(mode), _) => Err(fault(
            format!("`{mode}` is not a sslmode that proves who the server is"),
            "give verify-full, which is what is done without it, or disable where the network is yours",
        )),
    }
}

fn readable(file: PathBuf) -> Result<PathBuf, AddressFault> {
    match std::fs::metadata(&file) {
        Ok(found) if found.is_file() => Ok(file),
        Ok(_) => Err(fault(
            format!("sslrootcert {} is not a file", file.display()),
            "name the authority's certificates in PEM form",
        )),
        Err(wrong) => Err(fault(
            format!("sslrootcert {}: {wrong}", file.display()),
            "name the authority's certificates in PEM form",
        )),
    }
}

fn shown(config: &tokio_postgres::Config, schema: &str) -> String {
    let user = config.get_user().unwrap_or_default();
    let ports = config.get_ports();
    let mut hosts = Vec::new();
    for (place, host) in config.get_hosts().iter().enumerate() {
        let port = ports.get(place).or_else(|| ports.first()).unwrap_or(&5432);
        hosts.push(match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            Host::Unix(path) => Path::display(path).to_string(),
        });
    }
    if hosts.is_empty() {
        hosts.extend(config.get_hostaddrs().iter().map(ToString::to_string));
    }
    let database = config.get_dbname().unwrap_or(user);
    let schema = if schema == SCHEMA {
        String::new()
    } else {
        format!("?schema={schema}")
    };
    format!("postgres://{user}@{}/{database}{schema}", hosts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ServerAddress, AddressFault> {
        ServerAddress::parse(text, None)
    }

    #[test]
    fn an_address_is_shown_as_it_was_meant() {
        let read = |text: &str| read(text).unwrap();
        let far = read("postgresql://ops@db.example/autopilot");
        assert_eq!(far.to_string(), "postgres://ops@db.example:5432/autopilot");
        assert_eq!(far.proof, Proof::System);
        assert_eq!(far.schema, "campaign_autopilot");
        let two = read("postgres://ops@one:1,two:2/autopilot?sslmode=disable&schema=night");
        assert_eq!(
            two.to_string(),
            "postgres://ops@one:1,two:2/autopilot?schema=night"
        );
        assert_eq!(two.proof, Proof::None);
        let socket = read("postgres://ops@/autopilot?host=/run/postgresql");
        assert_eq!(
            socket.to_string(),
            "postgres://ops@/run/postgresql/autopilot"
        );
        assert_eq!(socket.proof, Proof::None, "nothing leaves the machine");
        let near = read("postgres://ops@127.0.0.1:5433/autopilot");
        assert_eq!(near.proof, Proof::None);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_a_remedy() {
        for (text, expected) in [
            ("postgres://ops:hidden====@db/x", "AUTOPILOT_STORE_PASSWORD"),
            (
                "postgres://ops@db/x?password=hidden====",
                "AUTOPILOT_STORE_PASSWORD",
            ),
            ("postgres://ops@db/x?sslmode=require", "verify-full"),
            (
                "postgres://ops@db/x?sslmode=disable&sslrootcert=/x",
                "sslrootcert",
            ),
            (
                "postgres://ops@db/x?sslrootcert=/nowhere/ca.pem",
                "/nowhere/ca.pem",
            ),
            (
                "postgres://ops@db/x?schema=a\"b",
                "not the name of a schema",
            ),
            ("postgres://ops@db/x?speed=9", "unknown"),
            ("postgres://db/x", "names no user"),
            ("postgres:///x", "names no"),
            ("postgres://ops@db:port/x", "port"),
        ] {
            let told = read(text).unwrap_err().to_string();
            assert!(told.contains(expected), "{text}: {told}");
            assert!(!told.contains("hidden"), "{told}");
        }
    }
}
