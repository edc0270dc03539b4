//! The tenants that requests are answered for: one without a name, or those of the `[[tenant]]` tables.
//!
//! *Terms.* Where there are tables, the id of a campaign or queue is written `TENANT/ID`: two accounts may have campaigns of one id. In
//! documents both stand apart, as `tenant` and `id`.

use std::sync::Arc;

use hyper::StatusCode;
use tokio::sync::watch;

use crate::control::ObservableState;
use crate::control::operator::OperatorHandle;
use crate::control::queues::handle::QueueHandle;
use crate::control::series::PastSeries;
use crate::domain::{TenantName, Timestamp};
use crate::telemetry::{Metrics, SharedStore, TenantStanding};

use super::answer::{Failure, SteeredElsewhere};

/// Names of tenants that a fault lists; a caller who knows none of 200 reads the status.
const MOST_NAMED: usize = 12;

/// What requests about one tenant are answered from.
#[derive(Clone)]
pub struct ServedTenant {
    /// Its metrics.
    pub metrics: Arc<Metrics>,
    /// The snapshot of its loop's state.
    pub observed: watch::Receiver<ObservableState>,
    /// Sends commands to its loop.
    pub handle: OperatorHandle,
    /// Sends requests to its calibration of queues; `None` where none is calibrated.
    pub queues: Option<QueueHandle>,
    /// Reads its audit and its series.
    pub past: Arc<dyn PastSeries>,
}

/// A daemon that shares the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What people know it by: its machine and process.
    pub name: String,
    /// The address of its listener as others reach it, where it has said so.
    pub address: Option<String>,
}

/// One tenant, whether it runs or not.
#[derive(Clone)]
pub struct TenantEntry {
    /// Its name; none where there are no tables.
    pub name: Option<TenantName>,
    /// What it is served from; of one that does not run, as it last was, if it ever ran.
    pub served: Option<Arc<ServedTenant>>,
    /// Why it does not run.
    pub not_running: Option<String>,
    /// The daemon that steers it, where this one stands by.
    pub steered_by: Option<Member>,
    /// Whether other daemons may run it as well, one at a time, because the store is shared.
    pub shared: bool,
}

/// Every tenant, by name.
#[derive(Clone, Default)]
pub struct TenantList {
    /// The tenants, by name.
    pub entries: Vec<TenantEntry>,
    /// What the versions of those that went add to the versions of those that are there, so that their sum never falls.
    pub base_version: u64,
    /// What was seen of other daemons, where the store is shared.
    pub shared: SharedStore,
}

impl TenantEntry {
    /// Returns the loop's state as it is at this moment.
    pub(super) fn observed(&self) -> Option<ObservableState> {
        let served = self.served.as_ref()?;
        Some(served.observed.borrow().clone())
    }

    /// Returns why it is not ready, if it is not.
    pub(super) fn not_ready(&self) -> Option<String> {
        if let Some(why) = &self.not_running {
            return Some(format!("does not run: {why}"));
        }
        let Some(served) = &self.served else {
            return Some("does not run".to_owned());
        };
        served.observed.borrow().not_ready()
    }

    /// Whether its loop has shown a sign of life in time. One that does not run is not hung: to start the process anew would not help it.
    pub(super) fn alive(&self, now: Timestamp) -> bool {
        self.silent_for(now).is_none()
    }

    /// For how many seconds its loop has been silent beyond what it may be.
    pub(super) fn silent_for(&self, now: Timestamp) -> Option<u64> {
        let served = self.served.as_ref()?;
        let observed = served.observed.borrow();
        let hung = self.not_running.is_none() && !observed.alive(now);
        hung.then(|| now.since(observed.alive_at).as_secs())
    }

    /// Whether it has this name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|is| is.as_str() == name)
    }

    fn version(&self) -> u64 {
        let served = self.served.as_ref();
        served.map_or(0, |served| served.observed.borrow().version)
    }
}

impl TenantList {
    /// The tenants are named, and so are their campaigns.
    pub(super) fn is_named(&self) -> bool {
        self.entries.iter().any(|entry| entry.name.is_some())
    }

    /// Whether some of them are this daemon's to steer.
    pub(super) fn steers(&self) -> bool {
        self.entries.iter().any(|entry| entry.steered_by.is_none())
    }

    /// The tenants that other daemons steer.
    pub(super) fn elsewhere(&self) -> Vec<SteeredElsewhere> {
        let entries = self.entries.iter();
        entries.filter_map(TenantEntry::steered_elsewhere).collect()
    }

    /// Goes up with everything that changes what is shown.
    pub(super) fn version(&self) -> u64 {
        let versions = self.entries.iter().map(TenantEntry::version);
        versions.fold(self.base_version, u64::saturating_add)
    }

    /// Puts a tenant in place of the one of its name, or takes that away.
    pub fn put(&mut self, name: Option<&TenantName>, entry: Option<TenantEntry>) {
        let is = |known: &TenantEntry| known.name.as_ref() == name;
        let before = self.entries.iter().find(|known| is(known));
        let before = before.map_or(0, TenantEntry::version);
        // Beyond what was shown, so that the change itself is one.
        self.base_version = self.base_version.saturating_add(before).saturating_add(1);
        self.entries.retain(|known| !is(known));
        self.entries.extend(entry);
        self.entries.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// The metrics of all that ran at any time.
    pub(super) fn metrics(&self) -> Vec<Arc<Metrics>> {
        let served = self
            .entries
            .iter()
            .filter_map(|entry| entry.served.as_ref());
        served.map(|served| Arc::clone(&served.metrics)).collect()
    }

    /// Whether each tenant runs.
    pub(super) fn standing(&self) -> Vec<TenantStanding> {
        let entries = self.entries.iter();
        let standing = entries.map(|entry| TenantStanding {
            name: entry.name.clone(),
            runs: entry.served.is_some() && entry.not_running.is_none(),
            shared: entry.shared,
        });
        standing.collect()
    }

    /// Takes the tenant off an id as people write it: `TENANT/ID` where tenants are named, else the id alone.
    pub(super) fn split<'t>(
        &self,
        what: &str,
        text: &'t str,
    ) -> Result<(&TenantEntry, &'t str), Failure> {
        if !self.is_named() {
            let entry = self.entries.first();
            let entry = entry.ok_or_else(|| Self::unknown(what, text, &[]))?;
            return Ok((entry, text));
        }
        let named = text.split_once('/');
        let found = named.and_then(|(name, id)| Some((self.named(name)?, id)));
        found.ok_or_else(|| Self::unknown(what, text, &self.names()))
    }

    /// The tenant of this name.
    pub(super) fn named(&self, name: &str) -> Option<&TenantEntry> {
        self.entries.iter().find(|entry| entry.is(name))
    }

    /// The tenant that a request names beside its campaigns; it may leave that out where tenants have no names.
    pub(super) fn chosen(&self, name: Option<&str>) -> Result<&TenantEntry, Failure> {
        let found = match name {
            Some(name) => self.named(name),
            None if self.is_named() => None,
            None => self.entries.first(),
        };
        found.ok_or_else(|| match name {
            Some(name) => Self::unknown("tenant", name, &self.names()),
            None => Failure::bad(vec![format!(
                "tenant: is missing; name one of {}",
                self.names().join(", ")
            )]),
        })
    }

    fn names(&self) -> Vec<&str> {
        let names = self.entries.iter().filter_map(|entry| entry.name.as_ref());
        names.map(TenantName::as_str).collect()
    }

    fn unknown(what: &str, text: &str, names: &[&str]) -> Failure {
        let known: Vec<&str> = names.iter().take(MOST_NAMED).copied().collect();
        let more = names.len().saturating_sub(known.len());
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let known = known.join(", ");
        let fault = if names.is_empty() {
            format!("{what} `{text}`: there are no [[tenant]] tables; leave the tenant out")
        } else if what == "tenant" {
            format!("tenant `{text}` is not known; there are {known}{more}")
        } else {
            format!("{what} `{text}` names no tenant; write TENANT/ID with one of {known}{more}")
        };
        Failure::one(StatusCode::NOT_FOUND, "unknown_tenant", fault)
    }
}

impl TenantEntry {
    /// The daemon that steers it, where this one stands by.
    pub(super) fn steered_elsewhere(&self) -> Option<SteeredElsewhere> {
        let Member { name, address } = self.steered_by.clone()?;
        Some(SteeredElsewhere {
            tenant: self.name.as_ref().map(ToString::to_string),
            member: name,
            address,
        })
    }

    /// What it is served from, or that it does not run.
    pub(super) fn running(&self) -> Result<&Arc<ServedTenant>, Failure> {
        if let Some(elsewhere) = self.steered_elsewhere() {
            return Err(Failure::standby(vec![elsewhere]));
        }
        match (&self.served, &self.not_running) {
            (Some(served), None) => Ok(served),
            (_, why) => {
                let name = self.name.as_ref().map_or("", TenantName::as_str);
                let why = why.as_deref().unwrap_or("it has not started");
                let fault = format!("tenant {name} does not run: {why}");
                let unavailable = StatusCode::SERVICE_UNAVAILABLE;
                Err(Failure::one(unavailable, "not_running", fault))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> TenantList {
        let mut list = TenantList::default();
        for name in names {
            let name: TenantName = name.parse().unwrap();
            let entry = TenantEntry {
                name: Some(name.clone()),
                served: None,
                not_running: Some("its store is in use".to_owned()),
                steered_by: None,
                shared: false,
            };
            list.put(Some(&name), Some(entry));
        }
        list
    }

    #[test]
    fn ids_begin_with_their_tenant_where_there_are_several() {
        let list = list(&["us", "eu"]);
        let (entry, id) = list.split("campaign", "eu/a/b").ok().unwrap();
        assert_eq!(entry.name.as_ref().unwrap().as_str(), "eu");
        assert_eq!(id, "a/b", "an id may hold the sign too");
        assert!(list.split("campaign", "a").is_err());
        assert!(list.split("campaign", "uk/a").is_err());
        assert!(list.chosen(None).is_err());
        assert!(list.chosen(Some("us")).is_ok());
        assert_eq!(list.names(), ["eu", "us"]);
    }

    #[test]
    fn a_version_never_falls_when_tenants_go() {
        let mut list = list(&["us", "eu"]);
        let before = list.version();
        list.put(Some(&"us".parse().unwrap()), None);
        assert!(list.version() > before);
        assert_eq!(list.names(), ["eu"]);
    }
}
