//! Who may write and command for a tenant: one daemon at a time, for as long as it renews.
//!
//! The holder is random for each start of a process, so that nobody renews what another process of the same name acquired. Each
//! acquisition raises the epoch, and every word to the store names both. Time is the server's alone; the holder's own deadline is counted
//! from before the call that renewed, on the clock that only runs forwards, so that it is over here before it is over there.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::timeout;

use super::link::{Link, Places};
use super::server::Server;
use super::server_fault::ServerFault;
use super::session::{Hold, Judged, judge};
use crate::control::ports::{Clock, Tenure, TenureFault};
use crate::store::audit::hex;
use crate::store::value::values;

/// A lease is over so long after the last renewal.
pub const LEASE: Duration = Duration::from_secs(15);

/// The clocks of two machines run apart by less than this while a lease lasts.
const DRIFT: Duration = Duration::from_millis(500);

/// An end in order waits no longer for a server. Tests open at once what they let go of.
const FAREWELL: Duration = Duration::from_secs(if cfg!(test) { 60 } else { 2 });

/// A tenant's lease.
pub struct Lease {
    server: Arc<Server>,
    tenant: String,
    holder: String,
    epoch: i64,
    taken_over: bool,
    clock: Arc<dyn Clock>,
    /// When it is over for us, on the clock that only runs forwards.
    until: Arc<Mutex<Option<Duration>>>,
}

/// Gives the lease to a holder, with the next epoch, where nobody has it.
const ACQUIRE: &str = "UPDATE lease SET holder = $1, epoch = epoch + 1, member = $2, held_by = $4,
         expires = clock_timestamp() + $3 * INTERVAL '1 millisecond'
     WHERE tenant = $5 RETURNING epoch";

/// Goes on with a lease that is still the holder's.
const RENEW: &str = "UPDATE lease SET expires = clock_timestamp() + $3 * INTERVAL '1 millisecond'
     WHERE tenant = $4 AND holder = $1 AND epoch = $2 RETURNING epoch";

/// Lets go of it, so that nobody has to wait.
const RELEASE: &str = "UPDATE lease SET holder = '', expires = '-infinity' WHERE tenant = $3 AND holder = $1 AND epoch = $2";

/// What became of an attempt to acquire a lease.
pub enum Acquired {
    /// It is ours.
    Ours(Lease),
    /// Somebody else has it.
    Held {
        /// What that daemon says of itself.
        member: String,
    },
}

impl Lease {
    /// Acquires the lease of a tenant; `member` says to others who has it.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn acquire(
        server: &Arc<Server>,
        tenant: &str,
        member: &str,
        clock: &Arc<dyn Clock>,
    ) -> Result<Acquired, ServerFault> {
        let mut bits = [0; 16];
        let drawn = SystemRandom::new().fill(&mut bits);
        drawn.map_err(|_| ServerFault::Ours("the system gives no random numbers".to_owned()))?;
        let holder = hex(&bits);
        let link = Arc::clone(&server.leases);
        let (whose, as_holder, as_member) = (tenant.to_owned(), holder.clone(), member.to_owned());
        let held_by = server.member_id().to_owned();
        let before = clock.monotonic();
        let found = server.wait(async move {
            let mut link = link.lock_owned().await;
            let found = acquire(&mut link, &whose, &as_holder, (&as_member, &held_by)).await;
            if found.is_err() {
                link.roll_back().await;
            }
            found
        })??;
        Ok(match found {
            Ok((epoch, taken_over)) => Acquired::Ours(Self {
                server: Arc::clone(server),
                tenant: tenant.to_owned(),
                holder,
                epoch,
                taken_over,
                clock: Arc::clone(clock),
                until: Arc::new(Mutex::new(Some(over(before)))),
            }),
            Err(member) => Acquired::Held { member },
        })
    }

    /// Whether somebody had it until it ran out, and did not let go of it.
    pub(in crate::store) fn taken_over(&self) -> bool {
        self.taken_over
    }

    /// What a writer names with every word.
    pub(in crate::store) fn hold(&self) -> Hold {
        Hold::Lease {
            holder: self.holder.clone(),
            epoch: self.epoch,
        }
    }

    /// Lets go of it, as far as the server can be told.
    pub fn release(&self) {
        // What is over needs no word, and a server that was away for so long gets none.
        if self.remaining().is_zero() {
            return;
        }
        self.end();
        let link = Arc::clone(&self.server.leases);
        let (tenant, holder, epoch) = (self.tenant.clone(), self.holder.clone(), self.epoch);
        // One that is not released ends by itself.
        let release = async move {
            let mut link = link.lock_owned().await;
            let places = Places::new(&values![holder, epoch], &tenant);
            let released = link.begin("BEGIN").await.is_ok()
                && link.execute(RELEASE, &[places]).await.is_ok()
                && link.commit().await.is_ok();
            if !released {
                link.roll_back().await;
            }
        };
        // Made where the clock of its runtime is.
        let release = async move { timeout(FAREWELL, release).await };
        drop(self.server.wait(release));
    }

    /// Whether it was ended here, or is known to be lost.
    pub(in crate::store) fn has_ended(&self) -> bool {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_none()
    }

    /// It is over for us, whatever the server says.
    pub(in crate::store) fn end(&self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn over(before: Duration) -> Duration {
    before.saturating_add(LEASE.saturating_sub(DRIFT))
}

fn milliseconds() -> i64 {
    i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX)
}

/// The epoch and whether somebody had not let go, or who has it.
async fn acquire(
    link: &mut Link,
    tenant: &str,
    holder: &str,
    (member, held_by): (&str, &str),
) -> Result<Result<(i64, bool), String>, ServerFault> {
    link.begin("BEGIN").await?;
    let before = judge(link, tenant).await?;
    let taken_over = before.as_ref().is_some_and(Judged::was_held);
    if let Some(now) = before.filter(|now| now.valid) {
        link.roll_back().await;
        return Ok(Err(now.member));
    }
    let places = Places::new(&values![holder, member, milliseconds(), held_by], tenant);
    let rows = link.rows(ACQUIRE, &places).await?;
    let epoch = rows.first().map(|row| row.try_get(0));
    let epoch = epoch.unwrap_or(Ok(0));
    let epoch = epoch.map_err(|wrong| ServerFault::Ours(format!("the lease: {wrong}")))?;
    link.commit().await?;
    Ok(Ok((epoch, taken_over)))
}

impl Tenure for Lease {
    fn renew(&self) -> BoxFuture<'_, Result<(), TenureFault>> {
        let link = Arc::clone(&self.server.leases);
        let (tenant, holder, epoch) = (self.tenant.clone(), self.holder.clone(), self.epoch);
        let until = Arc::clone(&self.until);
        Box::pin(async move {
            // Counted from before the call: the server counts from when it gets there.
            let before = self.clock.monotonic();
            let work = Box::pin(async move {
                let mut link = link.lock_owned().await;
                let renewed = renew(&mut link, &tenant, &holder, epoch).await;
                if renewed.is_err() {
                    link.roll_back().await;
                }
                renewed
            });
            let held = |is: bool| {
                let mut until = until.lock().unwrap_or_else(PoisonError::into_inner);
                // One that was ended here is not taken up again.
                *until = until.filter(|_| is).map(|_| over(before));
                until.is_some()
            };
            match self.server.ask(work).await {
                Ok(Ok(true)) if held(true) => Ok(()),
                Ok(Ok(_)) => {
                    held(false);
                    Err(TenureFault::Lost)
                }
                Ok(Err(wrong)) | Err(wrong) => Err(TenureFault::Unknown(wrong.to_string())),
            }
        })
    }

    fn remaining(&self) -> Duration {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.map_or(Duration::ZERO, |until| {
            until.saturating_sub(self.clock.monotonic())
        })
    }
}

/// Whether it was still ours.
async fn renew(
    link: &mut Link,
    tenant: &str,
    holder: &str,
    epoch: i64,
) -> Result<bool, ServerFault> {
    link.begin("BEGIN").await?;
    let places = Places::new(&values![holder, epoch, milliseconds()], tenant);
    let rows = link.rows(RENEW, &places).await?;
    link.commit().await?;
    Ok(!rows.is_empty())
}
