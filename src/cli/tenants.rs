//! The tenants of a daemon: each runs in a task of its own, and comes, goes and begins anew without the others.
//!
//! *A tenant that cannot start* (its store is in use, say) is told in the log and on `/readyz`, and tried again; the others run meanwhile.
//! *New settings* that its loop cannot take up while it runs end that loop in order and begin it anew, as a restart of the process would:
//! everything that it has to remember is in its store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, error_span, info, warn};

use crate::control::operator::OperatorHandle;
use crate::control::ports::Clock;
use crate::domain::TenantName;
use crate::serve::{Member, TenantEntry, TenantList};
use crate::settings::Settings;

use super::signs_of_tenants::SignsOfTenants;
use super::spread::{Finding, Spreading, Turn};
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
    /// Whose task has a tenant: one that was taken out has ended before one that was put back begins.
    turns: Mutex<BTreeMap<Name, Arc<AsyncMutex<()>>>>,
    tasks: AsyncMutex<JoinSet<()>>,
    signs: Option<SignsOfTenants>,
    /// The other daemons that share the store, where it is a server.
    spreading: OnceLock<Arc<Spreading>>,
}

/// What the others hold of a tenant's task.
struct Kept {
    /// Ends it.
    stop: CancellationToken,
    /// Begins it anew with other settings.
    settings: watch::Sender<Settings>,
    /// Changes when another daemon is to go on with it.
    hand_over: watch::Sender<()>,
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
            turns: Mutex::default(),
            tasks: AsyncMutex::default(),
            signs: Systemd::found().map(SignsOfTenants::of_systemd),
            spreading: OnceLock::new(),
        }
    }

    /// Spreads the tenants over the daemons that share the store, from here on.
    pub(crate) async fn spread(self: &Arc<Self>, spreading: Arc<Spreading>) {
        if self.spreading.set(Arc::clone(&spreading)).is_err() {
            return;
        }
        let tenants = Arc::clone(self);
        let shutdown = self.shutdown.clone();
        let run = async move {
            let tell = |finding| tenants.take_in(finding);
            spreading.run(shutdown, tell).await;
        };
        self.tasks.lock().await.spawn(run);
    }

    fn take_in(&self, finding: Finding) {
        match finding {
            Finding::Members(many) => {
                let many = many.and_then(|many| u64::try_from(many).ok());
                self.list.send_if_modified(|list| {
                    let before = std::mem::replace(&mut list.shared.members, many);
                    before != many
                });
            }
            Finding::HandOver(name) => {
                self.hand_over(name.as_ref());
                self.list.send_modify(|list| {
                    list.shared.hand_overs = list.shared.hand_overs.saturating_add(1);
                });
            }
        }
    }

    /// Has a tenant that runs end in order, so that another daemon goes on with it.
    fn hand_over(&self, name: Option<&TenantName>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.get(&name.cloned()) {
            kept.hand_over.send_replace(());
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
        if self.spreading.get().is_some() {
            self.ended().await;
        }
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
        if let Some(spreading) = self.spreading.get() {
            spreading.put(name.as_ref(), false);
        }
    }

    /// Whether a shutdown was asked for.
    pub(crate) fn are_ending(&self) -> bool {
        self.shutdown.is_cancelled()
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
        let (hand_over, handed_over) = watch::channel(());
        let kept = Kept {
            stop: stop.clone(),
            settings: sender,
            hand_over,
        };
        let spreading = self.spreading.get().cloned();
        if let Some(spreading) = &spreading {
            spreading.put(name.as_ref(), true);
        }
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(name.clone(), kept);
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = Arc::clone(turns.entry(name.clone()).or_default());
        Keeper {
            turn,
            span: match &name {
                Some(tenant) => error_span!("tenant", %tenant),
                None => Span::none(),
            },
            name,
            tenants: Arc::clone(self),
            settings,
            handed_over,
            stop,
            first,
            spreading,
        }
    }

    /// Shows a tenant that has started, or why it has not.
    fn show(&self, settings: &Settings, standing: Standing<'_>) {
        let name = settings.tenant.as_ref();
        self.list.send_modify(|list| {
            let mut entries = list.entries.iter();
            let before = entries.find(|entry| entry.name.as_ref() == name);
            let before = before.and_then(|entry| entry.served.clone());
            let steered_by = match &standing {
                Standing::StandsBy(_, member) => Some(member.clone()),
                Standing::Runs(_) | Standing::Waits(_) => None,
            };
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
                Standing::StandsBy(why, _) => (None, Some(why)),
                Standing::Waits(why) => (before, Some(why)),
            };
            let entry = TenantEntry {
                name: name.cloned(),
                served,
                not_running,
                steered_by,
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
    StandsBy(String, Member),
}

/// Keeps one tenant running.
struct Keeper {
    name: Name,
    turn: Arc<AsyncMutex<()>>,
    span: Span,
    tenants: Arc<Tenants>,
    settings: watch::Receiver<Settings>,
    handed_over: watch::Receiver<()>,
    stop: CancellationToken,
    /// Is told of the first start.
    first: Option<oneshot::Sender<Option<StartFault>>>,
    spreading: Option<Arc<Spreading>>,
}

/// Why a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RunEnd {
    /// Other settings: it begins anew at once, and here.
    Anew,
    /// Anything else: whoever's turn it is goes on.
    Over,
}

impl Keeper {
    async fn run(mut self, mut started: Option<Tenant>) {
        let turn = Arc::clone(&self.turn);
        // Whoever has it was taken out, and ends.
        let _turn = turn.lock().await;
        let mut last = RunEnd::Over;
        while !self.stop.is_cancelled() {
            if started.is_none() && last == RunEnd::Over {
                self.await_turn().await;
                if self.stop.is_cancelled() {
                    break;
                }
            }
            last = RunEnd::Over;
            let settings = self.settings.borrow_and_update().clone();
            let tenant = match started.take() {
                Some(tenant) => Ok(tenant),
                None => self.tenants.start(&settings, self.stop.child_token()).await,
            };
            match tenant {
                Ok(tenant) => {
                    self.note_start(true);
                    if tenant.taken_over {
                        self.tenants.list.send_modify(|list| {
                            list.shared.takeovers = list.shared.takeovers.saturating_add(1);
                        });
                    }
                    self.tenants.show(&settings, Standing::Runs(&tenant));
                    self.tell_first(None);
                    self.tell_start(&settings, &tenant);
                    last = self.run_one(tenant, &settings).await;
                }
                Err(fault) => self.wait_after(fault).await,
            }
        }
        self.tell_end();
    }

    /// Where several daemons share the store: waits until the tenant is this one's to claim, and shows meanwhile who steers it.
    async fn await_turn(&mut self) {
        let Some(spreading) = self.spreading.clone() else {
            return;
        };
        let mut looks = spreading.looks();
        loop {
            looks.mark_unchanged();
            match spreading.turn(self.name.as_ref()) {
                Turn::Claim => return,
                Turn::Wait(None) => {}
                Turn::Wait(Some(member)) => {
                    self.stand_by(member);
                    self.tell_first(None);
                }
            }
            let looked = async { looks.changed().await.is_ok() };
            tokio::select! {
                () = self.stop.cancelled() => return,
                looked = self.tenants.with_signs(self.name.as_ref(), looked) => {
                    if !looked {
                        return;
                    }
                }
            }
        }
    }

    fn note_start(&self, well: bool) {
        if let Some(spreading) = &self.spreading {
            spreading.started(self.name.as_ref(), well);
        }
    }

    /// Runs a tenant until it is stopped, has other settings, or another daemon is to go on with it.
    async fn run_one(&mut self, tenant: Tenant, settings: &Settings) -> RunEnd {
        let run = tenant.stop.clone();
        let signs = self.tenants.signs.as_ref();
        let signs = signs.map(|signs| signs.of(self.name.as_ref()));
        let mut running = Box::pin(tenant.run_to_end(settings, signs));
        self.handed_over.mark_unchanged();
        let mut end = RunEnd::Over;
        loop {
            tokio::select! {
                biased;
                () = &mut running => return end,
                // Its sender lives as long as the tenant is kept.
                Ok(()) = self.settings.changed() => {
                    info!("begins anew: settings have changed that a loop cannot take up while it runs");
                    end = RunEnd::Anew;
                    run.cancel();
                }
                Ok(()) = self.handed_over.changed() => run.cancel(),
            }
        }
    }

    fn stand_by(&self, member: Member) {
        let why = format!("standby of {}", member.name);
        if self.shows(Standing::StandsBy(why.clone(), member)) {
            info!(%why, "stands by");
        }
    }

    /// Shows why the tenant does not run, and says whether that is new: whoever reads of it in the log finds it in the status.
    fn shows(&self, standing: Standing<'_>) -> bool {
        let why = || self.tenants.not_running(self.name.as_ref());
        let before = why();
        let settings = self.settings.borrow().clone();
        self.tenants.show(&settings, standing);
        why() != before
    }

    /// A tenant that cannot start is told, and tried again.
    async fn wait_after(&mut self, fault: StartFault) {
        if let Some(member) = fault.steered_by() {
            let (name, address) = (member.to_owned(), None);
            self.stand_by(Member { name, address });
            self.tell_first(None);
        } else {
            let why = fault.to_string();
            if !matches!(fault, StartFault::Store(_)) {
                self.note_start(false);
            }
            if self.shows(Standing::Waits(why.clone())) {
                warn!(%why, "cannot start; it is tried again");
            }
            self.tell_first(Some(fault));
        }
        tokio::select! {
            () = self.stop.cancelled() => {}
            Ok(()) = self.settings.changed() => {}
            () = self.tenants.with_signs(self.name.as_ref(), tokio::time::sleep(BETWEEN_STARTS)) => {}
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
        if self.tenants.are_ending() {
            return;
        }
        let kept = self.tenants.kept.lock();
        let kept = kept.unwrap_or_else(PoisonError::into_inner);
        if kept.contains_key(&self.name) {
            // It was put back meanwhile, and its new task goes on.
            return;
        }
        let list = self.tenants.list.borrow().clone();
        let mut entries = list.entries.iter();
        let Some(entry) = entries.find(|entry| entry.name == self.name) else {
            // One that was taken out again before it began: the one before it has told the end.
            return;
        };
        if let Some(served) = &entry.served {
            let campaigns = Arc::clone(&served.observed.borrow().campaigns);
            let states = campaigns.iter().map(|view| (&view.id, &view.state));
            Orphans::among(states).tell();
        }
        self.tenants
            .list
            .send_modify(|list| list.put(self.name.as_ref(), None));
        drop(kept);
        info!("not in the configuration any more: its state is kept");
    }
}

impl Tenants {
    /// Waits for something beside a loop that does not run, which is no reason to start the process anew.
    async fn with_signs<T>(
        &self,
        name: Option<&TenantName>,
        waiting: impl Future<Output = T>,
    ) -> T {
        match &self.signs {
            Some(signs) => signs.while_waiting(name, waiting).await,
            None => waiting.await,
        }
    }

    /// Why a tenant does not run, as far as it is shown.
    fn not_running(&self, name: Option<&TenantName>) -> Option<String> {
        let list = self.list.borrow();
        let mut entries = list.entries.iter();
        let entry = entries.find(|entry| entry.name.as_ref() == name)?;
        entry.not_running.clone()
    }
}
