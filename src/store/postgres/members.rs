//! The daemons that share the tables: each has a row, which it writes again and again for as long as it is there.
//!
//! A row says nothing about who may write: leases do. It tells the others that there is somebody to take tenants, and where its listener can
//! be reached. Times are the server's alone.

use std::sync::Arc;
use std::time::Duration;

use super::link::{Link, Places};
use super::server::Server;
use super::server_fault::ServerFault;
use crate::store::value::values;

/// A member whose row was not written for so long is not counted: less than a lease, so that the others know it when its tenants are free.
pub const MEMBER_LASTS: Duration = Duration::from_secs(10);

/// What a member says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberRow {
    /// Random for each start of a process; of one's own row the server's connections have it.
    pub id: String,
    /// What people know it by: its machine and process.
    pub name: String,
    /// The address of its listener as others reach it; empty where that is not known.
    pub address: String,
    /// Stands for the set of its tenants: the same for the same set.
    pub tenants: String,
    /// Tenants that it tried to start in vain not long ago, between spaces.
    pub cannot: String,
}

/// Who has a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// The tenant.
    pub tenant: String,
    /// The member that acquired it last.
    pub held_by: String,
    /// What that says of itself.
    pub member: String,
    /// One more with each acquisition.
    pub epoch: i64,
    /// Whether it lasts still.
    pub valid: bool,
}

/// All members and leases at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// The members that are there, one's own row among them.
    pub members: Vec<MemberRow>,
    /// The leases of all tenants that anybody ever had.
    pub leases: Vec<LeaseRow>,
}

const WRITE: &str = "INSERT INTO member (id, name, address, tenants, cannot, seen)
     VALUES ($1, $2, $3, $4, $5, clock_timestamp())
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, address = excluded.address,
         tenants = excluded.tenants, cannot = excluded.cannot, seen = excluded.seen";

/// Rows of processes that are long gone; a day later nobody asks any more when they were last seen.
const FORGET: &str = "DELETE FROM member WHERE seen < clock_timestamp() - INTERVAL '1 day'";

const MEMBERS: &str = "SELECT id, name, address, tenants, cannot FROM member
     WHERE seen > clock_timestamp() - $1 * INTERVAL '1 millisecond' ORDER BY id";

const LEASES: &str = "SELECT tenant, held_by, member, epoch, expires > clock_timestamp()
     FROM lease ORDER BY tenant";

const LEAVE: &str = "DELETE FROM member WHERE id = $1";

impl Server {
    /// Writes the row of this process and reads those of all, in one transaction.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn heartbeat(&self, mine: MemberRow) -> Result<Membership, ServerFault> {
        let link = Arc::clone(&self.members);
        let me = self.member_id().to_owned();
        // A transaction's future is large.
        self.ask(Box::pin(async move {
            let mut link = link.lock_owned().await;
            let read = heartbeat(&mut link, &me, &mine).await;
            if read.is_err() {
                link.roll_back().await;
            }
            read
        }))
        .await?
    }

    /// Takes the row of this process away.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses: the row is then counted until it is too old.
    pub async fn leave(&self) -> Result<(), ServerFault> {
        let link = Arc::clone(&self.members);
        let me = self.member_id().to_owned();
        self.ask(Box::pin(async move {
            let mut link = link.lock_owned().await;
            let left = leave(&mut link, &me).await;
            if left.is_err() {
                link.roll_back().await;
            }
            left
        }))
        .await?
    }
}

async fn heartbeat(link: &mut Link, me: &str, mine: &MemberRow) -> Result<Membership, ServerFault> {
    let MemberRow {
        name,
        address,
        tenants,
        cannot,
        ..
    } = mine;
    // One moment for both questions: a tenant that goes from one member to another is seen at one of them.
    link.begin("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    let row = values![
        me,
        name.as_str(),
        address.as_str(),
        tenants.as_str(),
        cannot.as_str()
    ];
    link.execute(WRITE, &[Places::of(&row)]).await?;
    link.execute(FORGET, &[Places::none()]).await?;
    let lasts = i64::try_from(MEMBER_LASTS.as_millis()).unwrap_or(i64::MAX);
    let members = link.rows(MEMBERS, &Places::of(&values![lasts])).await?;
    let leases = link.rows(LEASES, &Places::none()).await?;
    link.commit().await?;
    let unreadable =
        |wrong: tokio_postgres::Error| ServerFault::Ours(format!("the members: {wrong}"));
    let members = members.iter().map(|row| {
        Ok(MemberRow {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            address: row.try_get(2)?,
            tenants: row.try_get(3)?,
            cannot: row.try_get(4)?,
        })
    });
    let leases = leases.iter().map(|row| {
        Ok(LeaseRow {
            tenant: row.try_get(0)?,
            held_by: row.try_get(1)?,
            member: row.try_get(2)?,
            epoch: row.try_get(3)?,
            valid: row.try_get(4)?,
        })
    });
    Ok(Membership {
        members: members.collect::<Result<_, _>>().map_err(unreadable)?,
        leases: leases.collect::<Result<_, _>>().map_err(unreadable)?,
    })
}

async fn leave(link: &mut Link, me: &str) -> Result<(), ServerFault> {
    link.begin("BEGIN").await?;
    link.execute(LEAVE, &[Places::of(&values![me])]).await?;
    link.commit().await
}
