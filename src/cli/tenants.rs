//! The tenants of a daemon: each runs in a task of its own, and comes, goes and begins anew without the others.
//!
//! *A tenant that cannot start* (its store is in use, say) is told in the log and on `/readyz`, and tried again; the others run meanwhile.
//! *New settings* that its loop cannot take up while it runs end that loop in order and begin it anew, as a restart of the process would:
//! everything that it has to remember is in its store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, error_span, info, warn};

use crate::control::operator::OperatorHandle;
use crate::control::ports::Clock;
use crate::domain::TenantName;
use crate::serve::{TenantEntry, TenantList};
use crate::settings::Settings;

use super::signs_of_tenants::SignsOfTenants;
use super::start_fault::StartFault;
use super::supervisor::Systemd;
use super::surroundings::Surroundings;
use super::tenant::{Orphans, Tenant};

/// From one attempt to start a tenant to the next: soon enough after whoever had its store has ended.
const BETWEEN_STARTS: Duration = Duration::from_secs(5);

/// Whoever asked for a tenant to begin anew waits no longer: a request that is under way at its platform may take its time-out.
const LONGEST_BEGINNING: Duration = Duration::from_secs(10);

/// A tenant's name; none where there are no `[[tenant]]` tables.
type Name = Option<TenantName>;

/// The tenants that run or are tried to start.
pub(crate) struct Tenants {
    surroundings: Surroundings,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
    list: watch::Sender<TenantList>,
    kept: Mutex<BTreeMap<Name, Kept>>,
    tasks: AsyncMutex<JoinSet<()>>,
    signs: Option<SignsOfTenants>,
}

/// What the others hold of a tenant's task.
struct Kept {
    /// Ends it.
    stop: CancellationToken,
    /// Begins it anew with other settings.
    settings: watch::Sender<Settings>,
}

impl Tenants {
    /// None yet; all end after `shutdown`.
    pub(crate) fn new(
        surroundings: Surroundings,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            surroundings,
            clock,
            shutdown,
            list: watch::Sender::new(TenantList::default()),
            kept: Mutex::default(),
            tasks: AsyncMutex::default(),
            signs: Systemd::found().map(SignsOfTenants::of_systemd),
        }
    }

    /// What is served of them.
    pub(crate) fn list(&self) -> watch::Receiver<TenantList> {
        self.list.subscribe()
    }

    /// The inbox of a tenant that runs.
    pub(crate) fn handle(&self, name: Option<&TenantName>) -> Option<OperatorHandle> {
        let list = self.list.borrow();
        let mut entries = list.entries.iter();
        let entry = entries.find(|entry| entry.name.as_ref() == name)?;
        let served = entry
            .served
            .as_ref()
            .filter(|_| entry.not_running.is_none());
        served.map(|served| served.handle.clone())
    }

    /// Starts the tenant of settings without tables; it does not run yet.
    pub(crate) async fn start_nameless(&self, settings: &Settings) -> Result<Tenant, StartFault> {
        let tenant = self.start(settings, self.shutdown.child_token()).await?;
        self.show(settings, Standing::Runs(&tenant));
        Ok(tenant)
    }

    /// Starts one tenant; `stop` ends it.
    pub(crate) async fn start(
        &self,
        settings: &Settings,
        stop: CancellationToken,
    ) -> Result<Tenant, StartFault> {
        let clock = Arc::clone(&self.clock);
        Tenant::start(&self.surroundings, settings, clock, stop).await
    }

    /// Shows a tenant that is about to start: until it has, the daemon is not ready.
    pub(crate) fn announce(&self, settings: &Settings) {
        self.show(settings, Standing::Waits("it is starting".to_owned()));
    }

    /// Keeps a tenant running in a task of its own until it is taken out or the daemon ends. The answer says whether its first start
    /// went well.
    pub(crate) async fn keep(
        self: &Arc<Self>,
        settings: Settings,
    ) -> oneshot::Receiver<Option<StartFault>> {
        let (told, first) = oneshot::channel();
        self.announce(&settings);
        let keeper = self.keeper(settings, Some(told));
        let span = keeper.span.clone();
        let task = Box::pin(keeper.run(None).instrument(span));
        self.tasks.lock().await.spawn(task);
        first
    }

    /// Runs the tenant without a name, which has started, in the caller's task.
    pub(crate) async fn run_nameless(self: &Arc<Self>, tenant: Tenant, settings: Settings) {
        Box::pin(self.keeper(settings, None).run(Some(tenant))).await;
    }

    /// Begins a tenant anew with other settings. Waits a while until its new loop takes commands or cannot start, so that whoever asked for it
    /// can go on; one that takes longer to finish its work does so by itself.
    pub(crate) async fn begin_anew(&self, settings: Settings) {
        let mut list = self.list.subscribe();
        let name = settings.tenant.clone();
        let of = |list: &TenantList| {
            let mut entries = list.entries.iter();
            entries.find(|entry| entry.name == name).cloned()
        };
        let before = of(&list.borrow_and_update());
        let before = before.and_then(|entry| entry.served);
        {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(kept) = kept.get(&name) {
                kept.settings.send_replace(settings);
            }
        }
        let begun = list.wait_for(|list| {
            let Some(entry) = of(list).filter(|entry| entry.not_running.is_none()) else {
                return true;
            };
            match (&entry.served, &before) {
                (Some(now), Some(before)) => !Arc::ptr_eq(now, before),
                (now, _) => now.is_some(),
            }
        });
        // Late or gone: either way there is nothing to wait for any more.
        drop(tokio::time::timeout(LONGEST_BEGINNING, begun).await);
    }

    /// Ends a tenant in order; it is shown until it has ended.
    pub(crate) fn take_out(&self, name: &Name) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.remove(name) {
            kept.stop.cancel();
        }
    }

    /// Waits until a shutdown was asked for and all have ended.
    pub(crate) async fn ended(&self) {
        self.shutdown.cancelled().await;
        let mut tasks = self.tasks.lock().await;
        while let Some(ended) = tasks.join_next().await {
            if let Err(wrong) = ended {
                warn!(%wrong, "a tenant broke off");
            }
        }
    }

    fn keeper(
        self: &Arc<Self>,
        settings: Settings,
        first: Option<oneshot::Sender<Option<StartFault>>>,
    ) -> Keeper {
        let name = settings.tenant.clone();
        let stop = self.shutdown.child_token();
        let (sender, settings) = watch::channel(settings);
        let kept = Kept {
            stop: stop.clone(),
            settings: sender,
        };
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(name.clone(), kept);
        Keeper {
            span: match &name {
                Some(tenant) => error_span!("tenant", %tenant),
                None => Span::none(),
            },
            name,
            tenants: Arc::clone(self),
            settings,
            stop,
            first,
        }
    }

    /// Shows a tenant that has started, or why it has not.
    fn show(&self, settings: &Settings, standing: Standing<'_>) {
        let name = settings.tenant.as_ref();
        self.list.send_modify(|list| {
            let mut entries = list.entries.iter();
            let before = entries.find(|entry| entry.name.as_ref() == name);
            let before = before.and_then(|entry| entry.served.clone());
            let (served, not_running) = match standing {
                Standing::Runs(tenant) => {
                    if let Some(before) = &before {
                        // Whoever asked for the reload that began it anew looks here for what came of it.
                        let last = before.observed.borrow().last_reload.clone();
                        tenant
                            .cycle
                            .shown()
                            .send_modify(|shown| shown.last_reload = last);
                    }
                    (Some(Arc::clone(&tenant.served)), None)
                }
                // What a standby once read is old: whoever steers shows what is there now.
                Standing::StandsBy(why) => (None, Some(why)),
                Standing::Waits(why) => (before, Some(why)),
            };
            let entry = TenantEntry {
                name: name.cloned(),
                served,
                not_running,
                shared: settings.store.is_some(),
            };
            list.put(name, Some(entry));
        });
    }
}

/// How it is with a tenant.
enum Standing<'t> {
    /// It runs.
    Runs(&'t Tenant),
    /// It does not run, for this reason.
    Waits(String),
    /// Another daemon runs it.
    StandsBy(String),
}

/// Keeps one tenant running.
struct Keeper {
    name: Name,
    span: Span,
    tenants: Arc<Tenants>,
    settings: watch::Receiver<Settings>,
    stop: CancellationToken,
    /// Is told of the first start.
    first: Option<oneshot::Sender<Option<StartFault>>>,
}

impl Keeper {
    async fn run(mut self, mut started: Option<Tenant>) {
        while !self.stop.is_cancelled() {
            let settings = self.settings.borrow_and_update().clone();
            let tenant = match started.take() {
                Some(tenant) => Ok(tenant),
                None => self.tenants.start(&settings, self.stop.child_token()).await,
            };
            match tenant {
                Ok(tenant) => {
                    self.tenants.show(&settings, Standing::Runs(&tenant));
                    self.tell_first(None);
                    self.tell_start(&settings, &tenant);
                    self.run_one(tenant, &settings).await;
                }
                Err(fault) => self.wait_after(fault).await,
            }
        }
        self.tell_end();
    }

    /// Runs a tenant until it is stopped or has other settings.
    async fn run_one(&mut self, tenant: Tenant, settings: &Settings) {
        let run = tenant.stop.clone();
        let signs = self.tenants.signs.as_ref();
        let signs = signs.map(|signs| signs.of(self.name.as_ref()));
        let mut running = Box::pin(tenant.run_to_end(settings, signs));
        loop {
            tokio::select! {
                biased;
                () = &mut running => return,
                // Its sender lives as long as the tenant is kept.
                Ok(()) = self.settings.changed() => {
                    info!("begins anew: settings have changed that a loop cannot take up while it runs");
                    run.cancel();
                }
            }
        }
    }

    /// A tenant that cannot start is told, and tried again.
    async fn wait_after(&mut self, fault: StartFault) {
        let standby = fault.steered_by().is_some();
        let why = match fault.steered_by() {
            Some(member) => format!("standby of {member}"),
            None => fault.to_string(),
        };
        if self.tenants.not_running(self.name.as_ref()).as_deref() != Some(why.as_str()) {
            if standby {
                info!(%why, "stands by");
            } else {
                warn!(%why, "cannot start; it is tried again");
            }
        }
        let standing = if standby {
            Standing::StandsBy(why)
        } else {
            Standing::Waits(why)
        };
        let settings = self.settings.borrow().clone();
        self.tenants.show(&settings, standing);
        self.tell_first(Some(fault).filter(|_| !standby));
        let signs = self.tenants.signs.as_ref();
        let waiting = tokio::time::sleep(BETWEEN_STARTS);
        let waiting = async {
            match signs {
                Some(signs) => signs.while_waiting(self.name.as_ref(), waiting).await,
                None => waiting.await,
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => {}
            Ok(()) = self.settings.changed() => {}
            () = waiting => {}
        }
    }

    fn tell_first(&mut self, fault: Option<StartFault>) {
        if let Some(first) = self.first.take() {
            // Nobody waits for it where a reload has added the tenant.
            drop(first.send(fault));
        }
    }

    /// The one without a name is told of with the process.
    fn tell_start(&self, settings: &Settings, tenant: &Tenant) {
        tenant.tell_findings();
        if self.name.is_some() {
            info!(
                campaigns = settings.policies.len(),
                queues = (!settings.queues.is_empty()).then_some(settings.queues.len()),
                platform = %settings.address(),
                state_dir = %settings.state_dir.display(),
                unresolved_commands = tenant.unresolved_commands,
                "tenant started",
            );
        }
    }

    /// One that was taken out is shown no more, and what it left paused is told.
    fn tell_end(&self) {
        if self.tenants.shutdown.is_cancelled() {
            return;
        }
        let list = self.tenants.list.borrow().clone();
        let mut entries = list.entries.iter();
        let entry = entries.find(|entry| entry.name == self.name);
        if let Some(served) = entry.and_then(|entry| entry.served.as_ref()) {
            let campaigns = Arc::clone(&served.observed.borrow().campaigns);
            let states = campaigns.iter().map(|view| (&view.id, &view.state));
            Orphans::among(states).tell();
        }
        // One that was put back meanwhile is shown by its new task.
        let kept = self.tenants.kept.lock();
        let kept = kept.unwrap_or_else(PoisonError::into_inner);
        if !kept.contains_key(&self.name) {
            self.tenants
                .list
                .send_modify(|list| list.put(self.name.as_ref(), None));
        }
        drop(kept);
        info!("not in the configuration any more: its state is kept");
    }
}

impl Tenants {
    /// Why a tenant does not run, as far as it is shown.
    fn not_running(&self, name: Option<&TenantName>) -> Option<String> {
        let list = self.list.borrow();
        let mut entries = list.entries.iter();
        let entry = entries.find(|entry| entry.name.as_ref() == name)?;
        entry.not_running.clone()
    }
}
