//! The tables of one tenant on a server, as the engine of a [`Database`](crate::store::database::Database).

use std::cell::RefCell;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;
use tokio_postgres::Row;

use super::link::{Link, Places};
use super::schema;
use super::server::Server;
use super::server_fault::ServerFault;
use crate::store::value::Value;

/// Other tenants of the process may have the connection for so long.
const TURN: Duration = Duration::from_secs(10);

/// What a connection is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Role {
    /// Writing, and what is read for it.
    Writer,
    /// Reading beside that: short questions.
    Reader,
    /// Reading all there is, over a connection of its own, so that short questions do not wait for it.
    Alone,
}

/// What a writer needs to hold for its words to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Hold {
    /// Nothing: a command beside the daemon, which touches no campaign.
    Nothing,
    /// The tenant's lease, as this holder and of this epoch.
    Lease {
        /// Random for each start of a process.
        holder: String,
        /// One more with each acquisition.
        epoch: i64,
    },
}

/// The tables of one tenant.
pub(in crate::store) struct Session {
    server: Arc<Server>,
    link: Arc<Mutex<Link>>,
    role: Role,
    tenant: String,
    hold: Hold,
    /// The connection, for as long as a transaction takes.
    held: RefCell<Option<OwnedMutexGuard<Link>>>,
}

/// Locks the row first and judges afterwards: a condition beside the lock would be judged before the wait for it.
const JUDGE: &str = "WITH held AS MATERIALIZED
         (SELECT holder, epoch, expires, member FROM lease WHERE tenant = $1 FOR UPDATE)
     SELECT holder, epoch, expires > clock_timestamp(), member FROM held";

/// The row that is locked has to be there.
const FIRST: &str = "INSERT INTO lease (tenant) VALUES ($1) ON CONFLICT (tenant) DO NOTHING";

impl Session {
    /// Uses a server for a tenant, after a look at its tables.
    pub(in crate::store) fn open(
        server: &Arc<Server>,
        role: Role,
        tenant: &str,
        hold: Hold,
    ) -> Result<Self, ServerFault> {
        let link = match role {
            Role::Writer => Arc::clone(&server.writer),
            Role::Reader => Arc::clone(&server.reader),
            Role::Alone => Arc::new(Mutex::new(Link::new(server.address_shared()))),
        };
        let looked = Arc::clone(&link);
        let address = server.address().to_string();
        server.wait(async move {
            let mut link = turn(looked, &address).await?;
            schema::check(&mut link, &address).await
        })??;
        Ok(Self {
            server: Arc::clone(server),
            link,
            role,
            tenant: tenant.to_owned(),
            hold,
            held: RefCell::default(),
        })
    }

    /// Begins a transaction; a writer's waits for the tenant's row and then judges whether its word counts.
    pub(in crate::store) fn begin(&self, write: bool) -> Result<(), ServerFault> {
        let link = Arc::clone(&self.link);
        let address = self.server.address().to_string();
        let (tenant, hold) = (self.tenant.clone(), self.hold.clone());
        let write = write && self.role == Role::Writer;
        let begun = self.server.wait(async move {
            let mut link = turn(link, &address).await?;
            let begun = if write {
                begin_to_write(&mut link, &tenant, &hold).await
            } else {
                link.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await
            };
            match begun {
                Ok(()) => Ok(link),
                Err(wrong) => {
                    link.roll_back().await;
                    Err(wrong)
                }
            }
        })??;
        *self.held.borrow_mut() = Some(begun);
        Ok(())
    }

    /// Makes the transaction stay.
    pub(in crate::store) fn commit(&self) -> Result<(), ServerFault> {
        self.within(|mut link| async move {
            let done = link.commit().await;
            (None, done)
        })
    }

    /// Undoes the transaction, if there is one.
    pub(in crate::store) fn roll_back(&self) {
        let Some(mut link) = self.held.borrow_mut().take() else {
            return;
        };
        // What cannot be undone here is undone by the server, when the connection ends.
        drop(self.server.wait(async move { link.roll_back().await }));
    }

    /// Whether a transaction is under way.
    pub(in crate::store) fn in_transaction(&self) -> bool {
        self.held.borrow().is_some()
    }

    /// The rows that a statement gives.
    pub(in crate::store) fn rows(
        &self,
        text: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, ServerFault> {
        let places = Places::new(values, &self.tenant);
        let text = text.to_owned();
        self.within(|mut link| async move {
            let rows = link.rows(&text, &places).await;
            (Some(link), rows)
        })
    }

    /// Carries out a statement with one set of values after the other; returns how many rows changed.
    pub(in crate::store) fn execute<'s, 'v: 's>(
        &self,
        text: &str,
        sets: impl IntoIterator<Item = &'s [Value<'v>]>,
    ) -> Result<u64, ServerFault> {
        let sets: Vec<Places> = sets
            .into_iter()
            .map(|values| Places::new(values, &self.tenant))
            .collect();
        let text = text.to_owned();
        self.within(|mut link| async move {
            let changed = link.execute(&text, &sets).await;
            (Some(link), changed)
        })
    }

    /// Uses the transaction's connection, which comes back unless it is over.
    fn within<T, W>(&self, work: impl FnOnce(OwnedMutexGuard<Link>) -> W) -> Result<T, ServerFault>
    where
        T: Send + 'static,
        W: Future<Output = (Option<OwnedMutexGuard<Link>>, Result<T, ServerFault>)>
            + Send
            + 'static,
    {
        let held = self.held.borrow_mut().take();
        let held = held.ok_or_else(|| ServerFault::Ours("no transaction was begun".to_owned()))?;
        let (link, done) = self.server.wait(work(held))?;
        *self.held.borrow_mut() = link;
        done
    }
}

async fn turn(link: Arc<Mutex<Link>>, address: &str) -> Result<OwnedMutexGuard<Link>, ServerFault> {
    let turn = timeout(TURN, link.lock_owned()).await;
    turn.map_err(|_| ServerFault::Late {
        address: address.to_owned(),
        after: TURN,
    })
}

/// What the row of a lease says, once it is locked.
pub(super) struct Judged {
    holder: String,
    epoch: i64,
    /// Whether it lasts still, by the server's clock.
    pub(super) valid: bool,
    /// What its holder says of itself.
    pub(super) member: String,
}

impl Judged {
    /// Whether somebody has it, or had it until it ran out.
    pub(super) fn was_held(&self) -> bool {
        !self.holder.is_empty()
    }
}

/// Locks the row of a tenant's lease for the transaction and reads it; nothing where even the row could not be made.
pub(super) async fn judge(link: &mut Link, tenant: &str) -> Result<Option<Judged>, ServerFault> {
    let places = || Places::new(&[], tenant);
    let mut rows = link.rows(JUDGE, &places()).await?;
    if rows.is_empty() {
        link.execute(FIRST, &[places()]).await?;
        rows = link.rows(JUDGE, &places()).await?;
    }
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let unreadable =
        |wrong: tokio_postgres::Error| ServerFault::Ours(format!("the lease: {wrong}"));
    Ok(Some(Judged {
        holder: row.try_get(0).map_err(unreadable)?,
        epoch: row.try_get(1).map_err(unreadable)?,
        valid: row.try_get(2).map_err(unreadable)?,
        member: row.try_get(3).map_err(unreadable)?,
    }))
}

async fn begin_to_write(link: &mut Link, tenant: &str, hold: &Hold) -> Result<(), ServerFault> {
    link.begin("BEGIN").await?;
    let found = judge(link, tenant).await?;
    let Hold::Lease { holder, epoch } = hold else {
        return Ok(());
    };
    let now = match found {
        None => "gone".to_owned(),
        Some(now) if now.holder == *holder && now.epoch == *epoch => {
            if now.valid {
                return Ok(());
            }
            "over".to_owned()
        }
        Some(now) => format!("another daemon's (epoch {}, ours {epoch})", now.epoch),
    };
    Err(ServerFault::NotHeld { now })
}
