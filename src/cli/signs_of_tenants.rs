//! The signs of life of several tenants, as one for the service manager.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::control::{Supervised, Supervisor};
use crate::domain::TenantName;

use super::supervisor::Systemd;

/// The signs of life of all tenants, of which systemd gets one: only while every loop lives.
///
/// A sign is passed on once every tenant has given one since the last. Loops give theirs four times within systemd's time-out, so that one
/// may be late.
pub(crate) struct SignsOfTenants {
    all: Arc<Shared>,
    /// After how long without a sign the process is restarted; never where that is not watched.
    timeout: Option<Duration>,
}

struct Shared {
    manager: Arc<dyn Supervisor>,
    tenants: Mutex<BTreeMap<TenantName, OfTenant>>,
}

/// What a tenant has told.
#[derive(Default)]
struct OfTenant {
    alive: bool,
    line: String,
}

/// One tenant's way to systemd; it counts for as long as this exists.
struct OneOfAll {
    all: Arc<Shared>,
    name: TenantName,
}

/// Tenants of which the status line has words of their own; more do not fit a line.
const MOST_IN_LINE: usize = 4;

impl SignsOfTenants {
    /// None yet.
    pub(crate) fn of_systemd(systemd: Systemd) -> Self {
        Self::new(Arc::new(systemd), Systemd::watchdog_timeout())
    }

    fn new(manager: Arc<dyn Supervisor>, timeout: Option<Duration>) -> Self {
        let tenants = Mutex::default();
        Self {
            all: Arc::new(Shared { manager, tenants }),
            timeout,
        }
    }

    /// The supervision of a tenant's loop; of the one without a name that of the process.
    pub(crate) fn of(&self, name: Option<&TenantName>) -> Supervised {
        match name {
            None => Supervised::by(Arc::clone(&self.all.manager), self.timeout),
            // Half of it, of which a loop takes half again.
            Some(name) => Supervised::by(self.one(name), self.timeout.map(|timeout| timeout / 2)),
        }
    }

    /// Gives signs for a tenant that has no loop, until `done`: that it cannot start is told elsewhere.
    pub(crate) async fn while_waiting<T>(
        &self,
        name: Option<&TenantName>,
        done: impl Future<Output = T>,
    ) -> T {
        let Some(timeout) = self.timeout else {
            return done.await;
        };
        let one: Arc<dyn Supervisor> = match name {
            Some(name) => self.one(name),
            None => Arc::clone(&self.all.manager),
        };
        let signs = async {
            loop {
                one.alive();
                tokio::time::sleep(timeout / 4).await;
            }
        };
        tokio::select! {
            done = done => done,
            never = signs => never,
        }
    }

    fn one(&self, name: &TenantName) -> Arc<OneOfAll> {
        let mut tenants = self.all.tenants();
        tenants.insert(name.clone(), OfTenant::default());
        Arc::new(OneOfAll {
            all: Arc::clone(&self.all),
            name: name.clone(),
        })
    }
}

impl Shared {
    fn tenants(&self) -> MutexGuard<'_, BTreeMap<TenantName, OfTenant>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The status line of all.
    fn line(tenants: &BTreeMap<TenantName, OfTenant>) -> String {
        let first = tenants.iter().take(MOST_IN_LINE);
        let first: Vec<String> = first
            .map(|(name, told)| format!("{name}: {}", told.line))
            .collect();
        let more = tenants.len().saturating_sub(first.len());
        let more = if more > 0 {
            format!(" | and {more} more")
        } else {
            String::new()
        };
        format!("{}{more}", first.join(" | "))
    }
}

impl Supervisor for OneOfAll {
    fn alive(&self) {
        let mut tenants = self.all.tenants();
        // One that came back while its earlier self ended may have been forgotten with that.
        tenants.entry(self.name.clone()).or_default().alive = true;
        if tenants.values().all(|one| one.alive) {
            for one in tenants.values_mut() {
                one.alive = false;
            }
            self.all.manager.alive();
        }
    }

    fn status(&self, line: &str) {
        let mut tenants = self.all.tenants();
        if let Some(one) = tenants.get_mut(&self.name) {
            line.clone_into(&mut one.line);
        }
        let line = Shared::line(&tenants);
        self.all.manager.status(&line);
    }
}

impl Drop for OneOfAll {
    fn drop(&mut self) {
        self.all.tenants().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[derive(Default)]
    struct Notes {
        signs: AtomicU32,
        line: Mutex<String>,
    }

    impl Supervisor for Notes {
        fn alive(&self) {
            self.signs.fetch_add(1, Ordering::Relaxed);
        }

        fn status(&self, line: &str) {
            line.clone_into(&mut self.line.lock().unwrap());
        }
    }

    #[test]
    fn a_sign_is_passed_on_only_while_every_loop_gives_one() {
        let notes = Arc::new(Notes::default());
        let manager: Arc<dyn Supervisor> = Arc::<Notes>::clone(&notes);
        let signs = SignsOfTenants::new(manager, Some(Duration::from_secs(60)));
        let one = |name: &str| signs.one(&name.parse().unwrap());
        let (eu, us) = (one("eu"), one("us"));
        let passed = || notes.signs.load(Ordering::Relaxed);
        for _ in 0..10 {
            eu.alive();
        }
        assert_eq!(passed(), 0, "the other one is silent");
        us.alive();
        assert_eq!(passed(), 1);
        us.alive();
        assert_eq!(passed(), 1, "each sign counts once");
        eu.alive();
        assert_eq!(passed(), 2);
        // One that was taken out is not waited for.
        drop(us);
        eu.alive();
        assert_eq!(passed(), 3);
    }

    #[test]
    fn the_line_names_the_first_tenants_and_counts_the_others() {
        let notes = Arc::new(Notes::default());
        let manager: Arc<dyn Supervisor> = Arc::<Notes>::clone(&notes);
        let signs = SignsOfTenants::new(manager, None);
        let names = ["a", "b", "c", "d", "e", "f"];
        let all = names.map(|name| signs.one(&name.parse().unwrap()));
        for one in &all {
            one.status("1 campaign: 1 running");
        }
        let line = notes.line.lock().unwrap().clone();
        assert!(line.starts_with("a: 1 campaign: 1 running | b: "), "{line}");
        assert!(line.ends_with(" | and 2 more"), "{line}");
    }
}
