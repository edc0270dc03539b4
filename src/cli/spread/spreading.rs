//! Keeps this process among the members, and tells its tenants when to claim and when to hand over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::control::ports::Clock;
use crate::domain::TenantName;
use crate::serve::Member;
use crate::store::ONLY_TENANT;
use crate::store::postgres::{LeaseRow, MEMBER_LASTS, MemberRow, Membership, Server};

use super::plan::{Held, Seen, Sight};

/// From one look at the members to the next.
const EVERY: Duration = Duration::from_secs(2);

/// After a member came or went, tenants stay where they are for so long: a process that starts anew is gone and back within it.
const SETTLING: Duration = Duration::from_secs(10);

/// A tenant that stays free for so long is anybody's: five looks of the member that it was meant for.
const OVERDUE: Duration = Duration::from_secs(10);

/// Whoever comes back to the server claims nothing for so long, so that others who come back with it are seen first.
const COMING_BACK: Duration = Duration::from_secs(4);

/// A tenant that could not be started here is not meant for this member for so long.
const CANNOT: Duration = Duration::from_secs(600);

/// An end in order waits no longer for the server.
const FAREWELL: Duration = Duration::from_secs(2);

/// A tenant that has not ended by then ends no more, since it was just beginning, say: it is chosen anew. Commands under way are finished first.
const LONGEST_MOVE: Duration = Duration::from_secs(180);

/// A member whose tenant nobody took hands nothing over for so long.
const NOT_TAKEN: Duration = Duration::from_secs(600);

/// What a tenant's task has to know of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Turn {
    /// It may ask for the lease.
    Claim,
    /// Another member has the tenant, or is to take it; nothing is known of it before the first look.
    Wait(Option<Member>),
}

/// What the last look has shown.
#[derive(Clone, Debug, Default)]
struct Outlook {
    claims: BTreeSet<String>,
    holders: BTreeMap<String, Member>,
    /// The server could not be asked: the lease itself will say.
    blind: bool,
}

/// This process among the members.
pub(in crate::cli) struct Spreading {
    server: Arc<Server>,
    clock: Arc<dyn Clock>,
    name: String,
    address: Option<String>,
    tenants: Mutex<BTreeSet<String>>,
    /// Tenants that could not be started here, and until when that counts.
    cannot: Mutex<BTreeMap<String, Duration>>,
    outlook: watch::Sender<Option<Outlook>>,
}

/// What a look leads to, beside what each tenant's task reads by itself.
pub(in crate::cli) enum Finding {
    /// So many members there are, this one included; none while they cannot be seen.
    Members(Option<usize>),
    /// This tenant is handed over.
    HandOver(Option<TenantName>),
}

/// A tenant that is being handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Moving {
    tenant: String,
    /// Of the lease that ends.
    epoch: i64,
    since: Duration,
}

/// What is remembered from one look to the next.
#[derive(Default)]
struct Memory {
    members: BTreeSet<String>,
    changed_at: Duration,
    seen_at: Option<Duration>,
    claims_from: Duration,
    free_since: BTreeMap<String, Duration>,
    /// The tenant that is being handed over.
    moving: Option<Moving>,
    moves_from: Duration,
    blind: bool,
}

impl Spreading {
    /// Not among the members yet. Others know it by its name, and reach its listener at its address.
    pub(in crate::cli) fn new(
        server: Arc<Server>,
        clock: Arc<dyn Clock>,
        Member { name, address }: Member,
    ) -> Self {
        Self {
            server,
            clock,
            name,
            address,
            tenants: Mutex::default(),
            cannot: Mutex::default(),
            outlook: watch::Sender::new(None),
        }
    }

    /// A tenant joins those of this process, or leaves them.
    pub(in crate::cli) fn put(&self, tenant: Option<&TenantName>, is_there: bool) {
        let mut tenants = held(&self.tenants);
        if is_there {
            tenants.insert(key(tenant));
        } else {
            tenants.remove(&key(tenant));
        }
    }

    /// Whether a tenant could be started here. What keeps the whole process from it, such as its store, is no word about the tenant.
    pub(in crate::cli) fn started(&self, tenant: Option<&TenantName>, well: bool) {
        let mut cannot = held(&self.cannot);
        if well {
            cannot.remove(&key(tenant));
        } else {
            let until = self.clock.monotonic().saturating_add(CANNOT);
            cannot.insert(key(tenant), until);
        }
    }

    /// Changes with each look.
    pub(in crate::cli) fn looks(&self) -> watch::Receiver<impl Sized + use<>> {
        self.outlook.subscribe()
    }

    /// What a tenant's task is to do, as of the last look.
    pub(in crate::cli) fn turn(&self, tenant: Option<&TenantName>) -> Turn {
        let outlook = self.outlook.borrow();
        let Some(outlook) = &*outlook else {
            return Turn::Wait(None);
        };
        let tenant = key(tenant);
        if outlook.blind || outlook.claims.contains(&tenant) {
            return Turn::Claim;
        }
        let holder = outlook.holders.get(&tenant).cloned();
        Turn::Wait(Some(holder.unwrap_or_else(|| Member {
            name: "another daemon".to_owned(),
            address: None,
        })))
    }

    /// Looks again and again until `shutdown`, then leaves; what a look leads to is given to `tell`.
    pub(in crate::cli) async fn run(
        &self,
        shutdown: CancellationToken,
        tell: impl Fn(Finding) + Send,
    ) {
        let mut memory = Memory::default();
        while !shutdown.is_cancelled() {
            // Bounded by the deadlines of its statements; an end does not wait for it.
            let looked = tokio::select! {
                () = shutdown.cancelled() => break,
                looked = self.server.heartbeat(self.row()) => looked,
            };
            match looked {
                Ok(found) => {
                    if memory.blind {
                        info!("the members are seen again");
                    }
                    memory.blind = false;
                    tell(Finding::Members(Some(found.members.len())));
                    if let Some(tenant) = self.apply(&found, &mut memory) {
                        info!(%tenant, "hands a tenant over: another member holds fewer");
                        tell(Finding::HandOver(name(&tenant)));
                    }
                }
                Err(why) => {
                    if !memory.blind {
                        // Whatever depends on it warns by itself: the leases, and tenants that cannot start.
                        info!(%why, "the members are not seen");
                    }
                    memory.blind = true;
                    tell(Finding::Members(None));
                    self.outlook.send_replace(Some(Outlook {
                        blind: true,
                        ..Outlook::default()
                    }));
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.clock.sleep(EVERY) => {}
            }
        }
        // Before its tenants are free, so that the others know for whom they are. Whoever cannot be told counts the row until it is too old.
        drop(timeout(FAREWELL, self.server.leave()).await);
    }

    fn row(&self) -> MemberRow {
        let tenants = held(&self.tenants);
        let names: Vec<&str> = tenants.iter().map(String::as_str).collect();
        let now = self.clock.monotonic();
        let mut cannot = held(&self.cannot);
        cannot.retain(|_, until| *until > now);
        let cannot: Vec<&str> = cannot.keys().map(String::as_str).collect();
        MemberRow {
            id: self.server.member_id().to_owned(),
            name: self.name.clone(),
            address: self.address.clone().unwrap_or_default(),
            tenants: set_digest(&names),
            cannot: cannot.join(" "),
        }
    }

    /// Takes in what a look has shown; returns the tenant that is to be handed over.
    fn apply(&self, found: &Membership, memory: &mut Memory) -> Option<String> {
        let now = self.clock.monotonic();
        let mine = self.row();
        memory.follow(found, &mine.id, now);
        let tenants = held(&self.tenants).clone();
        let tenants = tenants.into_iter().map(|tenant| {
            let lease = found.leases.iter().find(|lease| lease.tenant == tenant);
            let held = match lease.filter(|lease| lease.valid) {
                Some(lease) => Held::By(lease.held_by.clone()),
                None => Held::Free {
                    overdue: memory.is_overdue(&tenant, now),
                },
            };
            (tenant, held)
        });
        let tenants: BTreeMap<String, Held> = tenants.collect();
        memory.free_since.retain(|tenant, _| {
            let held = tenants.get(tenant);
            held.is_some_and(|held| matches!(held, Held::Free { .. }))
        });
        let alike = found.members.iter();
        let alike = alike.filter(|member| member.tenants == mine.tenants);
        let members = alike.map(|member| {
            let cannot = member.cannot.split_whitespace().map(str::to_owned);
            let cannot = cannot.collect();
            (member.id.clone(), Seen { cannot })
        });
        let sight = Sight {
            me: mine.id.clone(),
            members: members.collect(),
            tenants,
            settled: memory.is_settled(now),
        };
        let mut claims = sight.claims();
        if now < memory.claims_from {
            claims.clear();
        }
        let holders = found.leases.iter().filter(|lease| lease.valid);
        let holders = holders.filter(|lease| lease.held_by != mine.id);
        let holders = holders.map(|lease| (lease.tenant.clone(), member_of(lease, found)));
        self.outlook.send_replace(Some(Outlook {
            claims,
            holders: holders.collect(),
            blind: false,
        }));
        let given = sight.hand_over()?.to_owned();
        let lease = found.leases.iter().find(|lease| lease.tenant == given)?;
        memory.moving = Some(Moving {
            tenant: given.clone(),
            epoch: lease.epoch,
            since: now,
        });
        Some(given)
    }
}

impl Memory {
    /// Notes who came and went, and what became of a tenant that was handed over.
    fn follow(&mut self, found: &Membership, me: &str, now: Duration) {
        let away = self
            .seen_at
            .is_some_and(|at| now.saturating_sub(at) > MEMBER_LASTS);
        if away {
            self.claims_from = now.saturating_add(COMING_BACK);
        }
        self.seen_at = Some(now);
        let members: BTreeSet<String> = found.members.iter().map(|one| one.id.clone()).collect();
        if self.members != members {
            self.members = members;
            self.changed_at = now;
        }
        if let Some(moving) = self.moving.take() {
            let of_it = |lease: &&LeaseRow| lease.valid && lease.tenant == moving.tenant;
            let lease = found.leases.iter().find(of_it);
            self.follow_move(moving, lease, me, now);
        }
    }

    /// Notes what became of a tenant that was handed over, whose lease is this one.
    fn follow_move(&mut self, moving: Moving, lease: Option<&LeaseRow>, me: &str, now: Duration) {
        let ours = lease.is_some_and(|lease| lease.held_by == me);
        let taken_by_another = lease.is_some() && !ours;
        let not_taken = if let Some(lease) = lease {
            ours && lease.epoch != moving.epoch
        } else {
            let since = self.free_since.get(&moving.tenant);
            since.is_some_and(|since| now.saturating_sub(*since) >= OVERDUE)
        };
        if not_taken {
            info!(tenant = %moving.tenant, "nobody took the tenant that was handed over: no other one is for now");
            self.moves_from = now.saturating_add(NOT_TAKEN);
        } else if !taken_by_another && now.saturating_sub(moving.since) < LONGEST_MOVE {
            self.moving = Some(moving);
        }
    }

    fn is_overdue(&mut self, tenant: &str, now: Duration) -> bool {
        let since = *self.free_since.entry(tenant.to_owned()).or_insert(now);
        now.saturating_sub(since) >= OVERDUE
    }

    fn is_settled(&self, now: Duration) -> bool {
        let quiet = now.saturating_sub(self.changed_at) >= SETTLING;
        quiet && self.moving.is_none() && now >= self.moves_from
    }
}

/// The member that has a lease.
fn member_of(lease: &LeaseRow, found: &Membership) -> Member {
    let mut members = found.members.iter();
    let row = members.find(|member| member.id == lease.held_by);
    let address = row.map(|row| row.address.clone());
    Member {
        name: lease.member.clone(),
        address: address.filter(|address| !address.is_empty()),
    }
}

/// A tenant as the store calls it.
fn key(tenant: Option<&TenantName>) -> String {
    let name = tenant.map_or(ONLY_TENANT, TenantName::as_str);
    name.to_owned()
}

/// A tenant as the settings call it.
fn name(key: &str) -> Option<TenantName> {
    key.parse().ok()
}

/// Stands for a set of names; the same set has the same.
fn set_digest(names: &[&str]) -> String {
    let hash = digest(&SHA256, names.join("\n").as_bytes());
    let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(first))
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn lease(held_by: &str, epoch: i64) -> LeaseRow {
        LeaseRow {
            tenant: "a".to_owned(),
            held_by: held_by.to_owned(),
            member: String::new(),
            epoch,
            valid: true,
        }
    }

    fn found(members: &[&str], leases: Vec<LeaseRow>) -> Membership {
        let member = |id: &&str| MemberRow {
            id: (*id).to_owned(),
            ..MemberRow::default()
        };
        Membership {
            members: members.iter().map(member).collect(),
            leases,
        }
    }

    fn moving() -> Memory {
        let mut memory = Memory::default();
        memory.follow(
            &found(&["me", "other"], vec![lease("me", 7)]),
            "me",
            second(0),
        );
        memory.moving = Some(Moving {
            tenant: "a".to_owned(),
            epoch: 7,
            since: second(20),
        });
        memory
    }

    #[test]
    fn nothing_moves_right_after_a_member_came_or_went() {
        let mut memory = Memory::default();
        let (one, two) = (
            found(&["me"], Vec::new()),
            found(&["me", "other"], Vec::new()),
        );
        memory.follow(&one, "me", second(0));
        assert!(!memory.is_settled(second(9)));
        assert!(memory.is_settled(second(10)));
        memory.follow(&two, "me", second(12));
        memory.follow(&two, "me", second(14));
        assert!(!memory.is_settled(second(21)));
        assert!(memory.is_settled(second(22)));
    }

    #[test]
    fn whoever_was_away_claims_nothing_at_once() {
        let mut memory = Memory::default();
        let all = found(&["me"], Vec::new());
        memory.follow(&all, "me", second(100));
        assert_eq!(memory.claims_from, second(0), "a start waits for nobody");
        memory.follow(&all, "me", second(108));
        assert_eq!(memory.claims_from, second(0));
        memory.follow(&all, "me", second(130));
        assert_eq!(memory.claims_from, second(134));
    }

    #[test]
    fn a_move_is_over_when_another_one_has_the_tenant() {
        let mut memory = moving();
        let members = ["me", "other"];
        memory.follow(&found(&members, vec![lease("me", 7)]), "me", second(22));
        assert!(!memory.is_settled(second(22)), "it ends");
        memory.follow(&found(&members, Vec::new()), "me", second(24));
        assert!(!memory.is_settled(second(24)), "it is on its way");
        memory.follow(&found(&members, vec![lease("other", 8)]), "me", second(26));
        assert!(memory.is_settled(second(26)));
    }

    #[test]
    fn what_nobody_takes_keeps_the_others_where_they_are() {
        let members = ["me", "other"];
        let mut back = moving();
        back.follow(&found(&members, vec![lease("me", 8)]), "me", second(40));
        let mut free = moving();
        assert!(!free.is_overdue("a", second(30)));
        free.follow(&found(&members, Vec::new()), "me", second(40));
        for memory in [back, free] {
            assert_eq!(memory.moving, None);
            assert!(!memory.is_settled(second(639)));
            assert!(memory.is_settled(second(640)));
        }
    }

    #[test]
    fn one_that_does_not_end_is_chosen_anew() {
        let mut memory = moving();
        let seen = found(&["me", "other"], vec![lease("me", 7)]);
        memory.follow(&seen, "me", second(199));
        assert!(!memory.is_settled(second(199)));
        memory.follow(&seen, "me", second(200));
        assert!(memory.is_settled(second(200)));
    }

    #[test]
    fn the_same_tenants_are_the_same_set() {
        assert_eq!(set_digest(&["a", "b"]), set_digest(&["a", "b"]));
        assert_ne!(set_digest(&["a", "b"]), set_digest(&["ab"]));
        assert_eq!(set_digest(&[]).len(), 16);
    }
}
