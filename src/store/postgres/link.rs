//! One connection to a server: made when it is needed, thrown away when it did not answer.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::poll;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{CONNECT, Proof, ServerAddress};
use super::server_fault::ServerFault;
use crate::store::value::Value;

/// A statement is answered within this; the server is told to end it a little earlier.
const STATEMENT: Duration = Duration::from_secs(6);

/// What each transaction sets for itself: whatever waits longer is ended by the server, and a transaction that is left standing too.
const LIMITS: &str = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '5s'; \
     SET LOCAL idle_in_transaction_session_timeout = '20s'";

/// Statements that are on their way at once.
const AT_ONCE: usize = 256;

/// A statement's values as the server takes them.
pub(super) struct Places(Vec<(Box<dyn ToSql + Sync + Send>, Type)>);

impl Places {
    /// The values, and behind them the tenant.
    pub(super) fn new(values: &[Value<'_>], tenant: &str) -> Self {
        let mut places: Vec<(Box<dyn ToSql + Sync + Send>, Type)> =
            values.iter().map(place).collect();
        places.push((Box::new(tenant.to_owned()), Type::TEXT));
        Self(places)
    }

    /// The values alone, of a statement that is about no tenant.
    pub(super) fn of(values: &[Value<'_>]) -> Self {
        Self(values.iter().map(place).collect())
    }

    /// Of a statement without any.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    fn refs(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        let places = self.0.iter();
        let refs = places.map(|(value, kind)| {
            let value: &(dyn ToSql + Sync) = &**value;
            (value, kind.clone())
        });
        refs.collect()
    }
}

fn place(value: &Value<'_>) -> (Box<dyn ToSql + Sync + Send>, Type) {
    match value {
        Value::Int(number) => (Box::new(*number), Type::INT8),
        Value::Text(text) => {
            // The server's text has no such character; what somebody else said may have.
            let text = text.as_ref().map(|text| text.replace('\0', "\u{fffd}"));
            (Box::new(text), Type::TEXT)
        }
        Value::Bytes(bytes) => (Box::new(bytes.to_vec()), Type::BYTEA),
    }
}

/// One connection to a server, if there is one.
pub(super) struct Link {
    address: Arc<ServerAddress>,
    client: Option<Client>,
    /// A transaction was begun and not ended.
    open: bool,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Link {
    /// A connection that is made when it is needed.
    pub(super) fn new(address: Arc<ServerAddress>) -> Self {
        Self {
            address,
            client: None,
            open: false,
        }
    }

    /// Begins a transaction, with `BEGIN` and what belongs to it as `kind`. A connection that broke while it was idle is made anew.
    pub(super) async fn begin(&mut self, kind: &str) -> Result<(), ServerFault> {
        let begin = format!(
            "{kind}; {LIMITS}; SET LOCAL search_path = {}",
            self.address.schema
        );
        if self.open || self.client.as_ref().is_some_and(Client::is_closed) {
            self.throw_away();
        }
        let fresh = self.client.is_none();
        let mut done = self.batch(&begin).await;
        if done.as_ref().is_err_and(ServerFault::leaves_open) && !fresh {
            done = self.batch(&begin).await;
        }
        done?;
        self.open = true;
        Ok(())
    }

    /// Ends a transaction so that it stays.
    pub(super) async fn commit(&mut self) -> Result<(), ServerFault> {
        match self.batch("COMMIT").await {
            Ok(()) => {
                self.open = false;
                Ok(())
            }
            Err(wrong) if wrong.leaves_open() => Err(ServerFault::Undecided {
                address: self.address.to_string(),
            }),
            Err(wrong) => Err(wrong),
        }
    }

    /// Ends a transaction as if it had never been.
    pub(super) async fn roll_back(&mut self) {
        if self.client.is_some() && self.batch("ROLLBACK").await.is_ok() {
            self.open = false;
        } else {
            self.throw_away();
        }
    }

    /// Carries out statements that have no values.
    pub(super) async fn batch(&mut self, statements: &str) -> Result<(), ServerFault> {
        let client = self.connected().await?;
        let done = timeout(STATEMENT, client.batch_execute(statements)).await;
        self.settled(done)
    }

    /// The rows that a statement gives.
    pub(super) async fn rows(
        &mut self,
        text: &str,
        places: &Places,
    ) -> Result<Vec<Row>, ServerFault> {
        let client = self.connected().await?;
        let refs = places.refs();
        let done = timeout(STATEMENT, client.query_typed(text, &refs)).await;
        self.settled(done)
    }

    /// Carries out a statement with one set of values after the other, without waiting for each answer; returns how many rows changed.
    pub(super) async fn execute(
        &mut self,
        text: &str,
        sets: &[Places],
    ) -> Result<u64, ServerFault> {
        let mut changed = 0_u64;
        for some in sets.chunks(AT_ONCE) {
            let client = self.connected().await?;
            let work = async {
                let refs: Vec<_> = some.iter().map(Places::refs).collect();
                let mut sent: Vec<_> = refs
                    .iter()
                    .map(|refs| Box::pin(client.execute_typed(text, refs)))
                    .collect();
                let mut changed = 0_u64;
                let mut early = Vec::new();
                // A future sends when it is first asked, and rows of a chain have to arrive in their order.
                for one in &mut sent {
                    early.push(match poll!(one.as_mut()) {
                        std::task::Poll::Ready(done) => Some(done?),
                        std::task::Poll::Pending => None,
                    });
                }
                for (one, early) in sent.into_iter().zip(early) {
                    let rows = match early {
                        Some(rows) => rows,
                        None => one.await?,
                    };
                    changed = changed.saturating_add(rows);
                }
                Ok(changed)
            };
            let done = timeout(STATEMENT, work).await;
            changed = changed.saturating_add(self.settled(done)?);
        }
        Ok(changed)
    }

    async fn connected(&mut self) -> Result<&Client, ServerFault> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            if self.open {
                self.throw_away();
                return Err(ServerFault::Broken {
                    address: self.address.to_string(),
                    why: "it was closed within a transaction".to_owned(),
                });
            }
            self.client = Some(connect(&self.address).await?);
        }
        self.client
            .as_ref()
            .ok_or_else(|| ServerFault::Ours("a connection that was made is gone".to_owned()))
    }

    /// Names what went wrong; a connection that is no longer to be relied on is thrown away.
    fn settled<T>(
        &mut self,
        done: Result<Result<T, tokio_postgres::Error>, tokio::time::error::Elapsed>,
    ) -> Result<T, ServerFault> {
        let address = || self.address.to_string();
        let wrong = match done {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(wrong)) => said(&address(), &wrong),
            Err(_) => ServerFault::Late {
                address: address(),
                after: STATEMENT,
            },
        };
        if wrong.leaves_open() {
            self.throw_away();
        }
        Err(wrong)
    }

    /// What was not committed is undone by the server when it notices.
    fn throw_away(&mut self) {
        self.client = None;
        self.open = false;
    }
}

fn said(address: &str, wrong: &tokio_postgres::Error) -> ServerFault {
    let address = address.to_owned();
    match wrong.as_db_error() {
        Some(error)
            if [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME]
                .contains(error.code()) =>
        {
            ServerFault::NoTables { address }
        }
        // The server ends the connection with these.
        Some(error)
            if [
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
                SqlState::CANNOT_CONNECT_NOW,
            ]
            .contains(error.code()) =>
        {
            let why = error.message().to_owned();
            ServerFault::Broken { address, why }
        }
        Some(error) => ServerFault::Said {
            address,
            code: error.code().code().to_owned(),
            message: error.message().to_owned(),
        },
        None => ServerFault::Broken {
            address,
            why: chain(wrong),
        },
    }
}

/// Everything that an error says, from the outside in.
fn chain(wrong: &(dyn std::error::Error + 'static)) -> String {
    let mut told = wrong.to_string();
    let mut source = wrong.source();
    while let Some(inner) = source {
        let inner_told = inner.to_string();
        if !told.contains(&inner_told) {
            told.push_str(": ");
            told.push_str(&inner_told);
        }
        source = inner.source();
    }
    told
}

async fn connect(address: &ServerAddress) -> Result<Client, ServerFault> {
    let config = address.with_password();
    match &address.proof {
        Proof::None => within(address, config.connect(NoTls)).await,
        proof @ (Proof::System | Proof::Authority(_)) => {
            let tls = tls(proof).map_err(|why| unreachable(address, why))?;
            within(address, config.connect(MakeRustlsConnect::new(tls))).await
        }
    }
}

/// Waits for a connection, and has it carried on beside whoever uses it.
async fn within<S, T>(
    address: &ServerAddress,
    connecting: impl Future<
        Output = Result<(Client, tokio_postgres::Connection<S, T>), tokio_postgres::Error>,
    >,
) -> Result<Client, ServerFault>
where
    tokio_postgres::Connection<S, T>:
        Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
{
    // Its own time-out is for each address of a host; ours is for all.
    let connecting = pin!(connecting);
    match timeout(CONNECT, connecting).await {
        Ok(Ok((client, connection))) => {
            tokio::spawn(async move {
                // What ends it is told to whoever asks next.
                drop(connection.await);
            });
            Ok(client)
        }
        Ok(Err(wrong)) => Err(unreachable(address, why_not(&wrong))),
        Err(_) => Err(unreachable(
            address,
            format!("no answer within {} s", CONNECT.as_secs()),
        )),
    }
}

fn why_not(wrong: &tokio_postgres::Error) -> String {
    match wrong.as_db_error() {
        Some(error) => format!("{} ({})", error.message(), error.code().code()),
        None => chain(wrong),
    }
}

fn unreachable(address: &ServerAddress, why: impl fmt::Display) -> ServerFault {
    let why = why.to_string();
    let remedy = if why.contains("28P01") || why.contains("password") {
        "check the user, and AUTOPILOT_STORE_PASSWORD or the file with it"
    } else if why.contains("3D000") {
        "make the database, or name another"
    } else if why.contains("certificate") || why.contains("tls") || why.contains("TLS") {
        "check the name in the address, and sslrootcert if its authority is your own"
    } else {
        "check the address, and that the server runs and lets this machine in"
    };
    ServerFault::Unreachable {
        address: address.to_string(),
        why,
        remedy: remedy.to_owned(),
    }
}

fn tls(proof: &Proof) -> Result<ClientConfig, String> {
    // The same provider as everywhere; a second one is not installed.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|wrong| wrong.to_string())?;
    let Proof::Authority(file) = proof else {
        let builder = builder.with_platform_verifier();
        let builder = builder.map_err(|wrong| wrong.to_string())?;
        return Ok(builder.with_no_client_auth());
    };
    let told = |wrong: &dyn fmt::Display| format!("sslrootcert {}: {wrong}", file.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|wrong| told(&wrong))? {
        let certificate = certificate.map_err(|wrong| told(&wrong))?;
        roots.add(certificate).map_err(|wrong| told(&wrong))?;
    }
    if roots.is_empty() {
        return Err(told(&"has no certificate in it"));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
