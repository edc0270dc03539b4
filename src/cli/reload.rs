//! Reloads the configuration: at SIGHUP, on request of the API, and when the settings file has changed.
//!
//! It is read and checked whole, beside the loops. With a fault, everything stays as it is and every fault is shown. Otherwise
//! the rules of campaigns, and with them the set of campaigns, come into force at once and act at the next poll, and so do secrets
//! that differ in their files. What else differs of a tenant ends its loop in order and begins it anew; tenants come and go. What holds
//! for the whole process is named and acts at the next start. Flags and environment are those of the
//! start: of a secret that is kept in a variable it is said that it was not read again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use ring::digest::{SHA256, digest};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::control::operator::{
    AppliedChange, Author, NewRules, OperatorCommand, OperatorError, OperatorHandle, Reload,
};
use crate::domain::TenantName;
use crate::given_file::{LONGEST_DATA, read_bytes};
use crate::notify::Receiver;
use crate::serve::RunningConfiguration;
use crate::serve::{Access, Identification, config_hash};
use crate::settings::{Fault, Resolved, RunArgs, Settings, identifies, identifying, settings_file};

use super::environment::variable;
use super::reloaded::{Changed, TenantValues, bounded, differences, take_over_secrets};
use super::resolved_now::resolve_now;
use super::supervisor::Systemd;
use super::tenants::Tenants;

/// The interval at which the settings file is read. A change is applied when two readings in a row see the same content,
/// so that no half-written file is used.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// A change that a loop did not get to in time is tried again after so many looks.
const LOOKS_BETWEEN_TRIES: u32 = 10;

/// The sources of a run's configuration, for reading it again.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The flags.
    pub args: RunArgs,
    /// Every value as it was at the start.
    pub values: TenantValues,
    /// The content of the settings file from which they come.
    content: Option<Content>,
}

impl Source {
    /// Reads the configuration that these flags ask for.
    ///
    /// # Errors
    /// Every fault of it.
    pub(crate) fn read(args: RunArgs) -> Result<(Self, Resolved), Vec<Fault>> {
        let (content, resolved) = read_now(&args);
        let resolved = resolved?;
        let source = Self {
            content,
            ..Self::unwatched(args, &resolved)
        };
        Ok((source, resolved))
    }

    /// Remembers a configuration that was read with these flags, whose file nobody watches.
    pub(crate) fn unwatched(args: RunArgs, resolved: &Resolved) -> Self {
        Self {
            args,
            values: TenantValues::of(resolved),
            content: None,
        }
    }
}

/// Reloads the configuration.
pub(crate) struct Reloader {
    tenants: Arc<Tenants>,
    source: Option<RunArgs>,
    /// What holds for the process, as at the start.
    process: Option<Settings>,
    /// What tells who asks, which comes into force in a run.
    access: Option<Arc<Access>>,
    loaded: Mutex<Loaded>,
    /// What is shown of the values in force.
    running: Arc<RunningConfiguration>,
    /// One reload under way, and one that waits for it: whatever is asked for beyond that, the waiting one will read.
    places: Semaphore,
}

/// A reload under way, and one that waits.
const MOST_RELOADS: usize = 2;

struct Loaded {
    /// The settings in force, by tenant.
    tenants: BTreeMap<Option<TenantName>, Settings>,
    values: TenantValues,
    /// The content of the settings file when it was last read; nothing where some loop did not take that up.
    content: Option<Content>,
    /// The last one that was read had a fault, which every tenant shows.
    refused: bool,
}

/// Returns the SHA-256 of a file, or `None` if it cannot be read.
type Content = Option<Vec<u8>>;

/// What a reload does to one tenant.
struct Step {
    /// The settings in force after it.
    settings: Settings,
    changed: Changed,
}

impl Reloader {
    /// Creates a reloader for a run with these settings; without a source there is nothing to read.
    pub(crate) fn new(
        tenants: Arc<Tenants>,
        settings: &[Settings],
        source: Option<Source>,
    ) -> Self {
        let (args, values, content) = match source {
            Some(source) => (Some(source.args), source.values, source.content),
            None => Default::default(),
        };
        let process = settings.first();
        let named = settings.iter().map(|one| {
            let settings = with_what_is_the_process(process, one);
            (one.tenant.clone(), settings)
        });
        let running = Arc::new(RunningConfiguration::default());
        running.replace(values.listed());
        Self {
            tenants,
            running,
            source: args,
            process: process.cloned(),
            access: None,
            places: Semaphore::new(MOST_RELOADS),
            loaded: Mutex::new(Loaded {
                tenants: named.collect(),
                values,
                content,
                refused: false,
            }),
        }
    }

    /// Has it put other named tokens and trusted proxies in force as well.
    pub(crate) fn identifying(mut self, access: Arc<Access>) -> Self {
        self.access = Some(access);
        self
    }

    /// The values in force, which it keeps as they are.
    pub(crate) fn running(&self) -> Arc<RunningConfiguration> {
        Arc::clone(&self.running)
    }

    /// Applies changes of the settings file until shutdown is requested.
    pub(crate) async fn watch(self: Arc<Self>, ending: CancellationToken) {
        let file = self.source.as_ref();
        let Some(file) = file.and_then(|args| settings_file(args, &variable)) else {
            return;
        };
        let mut before: Option<Content> = None;
        // What was not taken up, and the looks since then.
        let mut failed: Option<(Content, u32)> = None;
        loop {
            tokio::select! {
                () = ending.cancelled() => return,
                () = tokio::time::sleep(BETWEEN_LOOKS) => {}
            }
            let path = file.clone();
            let earlier = self.loaded.lock().await.content.clone();
            // It fails only when the runtime ends.
            let Ok(seen) = tokio::task::spawn_blocking(move || content(&path)).await else {
                return;
            };
            let settled = before.as_ref() == Some(&seen);
            before = Some(seen.clone());
            let loaded = self.loaded.lock().await.content.clone();
            // Who reloaded meanwhile may have read a newer content than this look: the next one tells.
            let reloaded = loaded != earlier;
            let rests = failed.as_mut().is_some_and(|(content, looks)| {
                *looks += 1;
                *content == seen && *looks < LOOKS_BETWEEN_TRIES
            });
            if !settled || reloaded || rests || loaded.as_ref() == Some(&seen) {
                continue;
            }
            let reason = match loaded {
                Some(_) => "its content has changed",
                None => "it could not be put in force before",
            };
            self.reload_for("settings file", reason).await;
            let in_force = self.loaded.lock().await.content.is_some();
            failed = (!in_force).then_some((seen, 0));
        }
    }

    /// Reloads for a reason of the daemon's own; the loop reports the result.
    pub(crate) async fn reload_for(&self, by: &str, reason: &str) {
        let Ok(_place) = self.places.try_acquire() else {
            debug!(by, "a reload that waits will read it");
            return;
        };
        match Author::new(by, reason) {
            Ok(author) => {
                let Err(refusal) = self.read_anew(author).await else {
                    return;
                };
                if self.tenants.are_ending() {
                    debug!(by, why = %refusal, "configuration not reloaded: the next start reads it");
                } else {
                    warn!(by, why = %refusal, "configuration not reloaded");
                }
            }
            Err(faults) => warn!(by, why = faults.join(" "), "configuration not reloaded"),
        }
    }

    async fn read_anew(&self, author: Author) -> Result<AppliedChange, OperatorError> {
        // One at a time, so that what is read last is in force last.
        let mut loaded = self.loaded.lock().await;
        let _told = Systemd::found().map(Systemd::reloading);
        let Some(args) = self.source.clone() else {
            let faults = vec!["this daemon was started without a configuration to read".to_owned()];
            return self.refuse(&mut loaded, faults, author).await;
        };
        let reading = tokio::task::spawn_blocking(move || read_now(&args));
        let Ok((content, resolved)) = reading.await else {
            return Err(OperatorError::NoAnswer);
        };
        loaded.content = content;
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(faults) => {
                let faults = bounded(faults.iter().map(ToString::to_string).collect(), "check");
                return self.refuse(&mut loaded, faults, author).await;
            }
        };
        let has_tables = |name: &Option<TenantName>| name.is_some();
        if loaded.tenants.keys().any(has_tables) != has_tables(&resolved.settings.tenant) {
            let wrong = "tenant: a running daemon cannot go over to [[tenant]] tables or back, since their state lies elsewhere; restart it";
            return self
                .refuse(&mut loaded, vec![wrong.to_owned()], author)
                .await;
        }
        for warning in &resolved.warnings {
            warn!("{warning}");
        }
        self.put_in_force(&mut loaded, &resolved, author).await
    }

    /// Every tenant shows a configuration that was refused.
    async fn refuse(
        &self,
        loaded: &mut Loaded,
        faults: Vec<String>,
        author: Author,
    ) -> Result<AppliedChange, OperatorError> {
        loaded.refused = true;
        let handles = loaded
            .tenants
            .keys()
            .filter_map(|name| self.tenants.handle(name.as_ref()));
        let asked: Vec<_> = handles.collect();
        if asked.is_empty() {
            // Others steer, or nothing has started: there is no audit of ours to write it to.
            let (by, _) = author.parts();
            warn!(
                by,
                faults = faults.join(" "),
                "configuration not reloaded, the old one stays in force"
            );
            return Ok(AppliedChange::ReloadRefused { faults });
        }
        let asked = asked.into_iter().map(|handle| {
            let (faults, author) = (faults.clone(), author.clone());
            async move {
                let command = OperatorCommand::ReloadRefused { faults };
                handle.ask(command, author).await
            }
        });
        let mut answered = join_all(asked).await.into_iter();
        let first = answered.next().unwrap_or(Err(OperatorError::NoAnswer));
        match answered.find(Result::is_ok) {
            Some(good) if first.is_err() => good,
            _ => first,
        }
    }

    async fn put_in_force(
        &self,
        loaded: &mut Loaded,
        resolved: &Resolved,
        author: Author,
    ) -> Result<AppliedChange, OperatorError> {
        let found = TenantValues::of(resolved);
        let several = resolved.settings.tenant.is_some();
        let mut steps = Vec::new();
        for anew in resolved.all() {
            let Some(current) = loaded.tenants.get(&anew.tenant) else {
                continue;
            };
            let of = |values: &TenantValues| values.of_tenant(anew.tenant.as_ref());
            let next = with_what_is_the_process(self.process.as_ref(), anew);
            let secrets = take_over_secrets(current, anew);
            let changed =
                Changed::between(current, &next, secrets, (&of(&loaded.values), &of(&found)));
            let settings = changed.settings(current, next);
            steps.push(Step { settings, changed });
        }
        let places = steps
            .iter()
            .flat_map(|step| step.changed.places.iter().copied());
        let places: Vec<&'static str> = places.chain(identifying()).collect();
        let (told, after_restart) = differences(&loaded.values.process, &found.process, &places);
        let (mut identified, mut told): (Vec<_>, Vec<_>) = told.into_iter().partition(|line| {
            line.split_once(": ")
                .is_some_and(|(key, _)| identifies(key))
        });
        identified.extend(self.identify(resolved));
        for step in &mut steps {
            step.changed.also(&identified);
        }
        let after_restart = bounded(after_restart, "config show");
        for step in &mut steps {
            step.changed.after_restart.clone_from(&after_restart);
        }
        let asked = self.asked(loaded, &steps, several);
        let mut answer = Answer::default();
        if asked.is_empty() && !several {
            answer.one = made_unasked(loaded, &steps);
        }
        let made = self.ask_each(asked, &author).await;
        for (name, made) in made {
            match made {
                Ok(made) => answer.take(name.as_ref(), made),
                Err(why) => {
                    // What it has is in force still, and is what the next reload compares with.
                    steps.retain(|step| step.settings.tenant != name);
                    // The next look at the file tries it again.
                    loaded.content = None;
                    answer.refused(name.as_ref(), why);
                }
            }
        }
        self.adopt(loaded, steps, &found, &places).await;
        if several {
            told.extend(self.come_and_go(loaded, resolved, &found).await);
        }
        self.running.replace(loaded.values.listed());
        loaded.refused = false;
        if !several {
            return answer.of_one();
        }
        answer.of_several(told, after_restart, loaded.tenants.values())
    }

    /// Puts what tells who asks in force, whatever becomes of the rest: a token that was removed must not stay good because a
    /// store cannot be written. Returns what differs between the tokens.
    fn identify(&self, resolved: &Resolved) -> Option<String> {
        let admin = &resolved.settings.admin;
        let anew = Identification {
            named: admin.named.clone(),
            proxy: admin.proxy.clone(),
        };
        let changes = self.access.as_ref()?.identify_by(anew);
        (!changes.is_empty()).then(|| format!("named_tokens: {}", changes.join(", ")))
    }

    /// Whom to ask, and for what: every tenant that something changes of, so that its audit says so.
    fn asked(
        &self,
        loaded: &Loaded,
        steps: &[Step],
        several: bool,
    ) -> Vec<(Option<TenantName>, OperatorHandle, OperatorCommand)> {
        let everybody = loaded.refused || !several;
        let concerned = |step: &&Step| everybody || step.changed.is_any();
        let mut asked: Vec<&Step> = steps.iter().filter(concerned).collect();
        if asked.is_empty() {
            // One row says that it was read, and that nothing differed.
            asked.extend(steps.first());
        }
        let ask = |step: &Step| {
            let name = step.settings.tenant.clone();
            let current = loaded.tenants.get(&name)?;
            let handle = self.tenants.handle(name.as_ref())?;
            let rules = step.changed.rules(current, &step.settings);
            Some((name, handle, OperatorCommand::Reload(Box::new(rules))))
        };
        asked.into_iter().filter_map(ask).collect()
    }

    /// Asks all at once: a tenant that hangs delays no other.
    async fn ask_each(
        &self,
        asked: Vec<(Option<TenantName>, OperatorHandle, OperatorCommand)>,
        author: &Author,
    ) -> Vec<(Option<TenantName>, Result<AppliedChange, OperatorError>)> {
        let asked = asked.into_iter().map(|(name, handle, command)| {
            let author = author.clone();
            async move { (name, handle.ask(command, author).await) }
        });
        join_all(asked).await
    }

    /// Remembers what is in force of tenants, and begins those anew whose loops cannot take it up.
    async fn adopt(
        &self,
        loaded: &mut Loaded,
        steps: Vec<Step>,
        found: &TenantValues,
        places: &[&str],
    ) {
        let mut beginning = Vec::new();
        for step in steps {
            let name = step.settings.tenant.clone();
            loaded.values.adopt(name.as_ref(), found, places);
            let running = self.tenants.handle(name.as_ref()).is_some();
            if step.changed.begins_anew || !running {
                beginning.push(self.tenants.begin_anew(step.settings.clone()));
            }
            loaded.tenants.insert(name, step.settings);
        }
        join_all(beginning).await;
    }

    /// Takes tenants out that are not there any more, and adds those that are new; a line each.
    async fn come_and_go(
        &self,
        loaded: &mut Loaded,
        resolved: &Resolved,
        found: &TenantValues,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        let there = |name: &Option<TenantName>| resolved.all().any(|one| one.tenant == *name);
        let names: Vec<Option<TenantName>> = loaded.tenants.keys().cloned().collect();
        for name in names.iter().filter(|name| !there(name)) {
            loaded.tenants.remove(name);
            loaded.values.forget(name.as_ref());
            self.tenants.take_out(name);
            if let Some(tenant) = name {
                lines.push(format!("tenant {tenant}: taken out"));
            }
        }
        for anew in resolved.all().filter(|one| !names.contains(&one.tenant)) {
            let settings = with_what_is_the_process(self.process.as_ref(), anew);
            loaded.values.adopt(anew.tenant.as_ref(), found, &[]);
            loaded.tenants.insert(anew.tenant.clone(), settings.clone());
            if let Some(tenant) = &anew.tenant {
                let campaigns = settings.policies.len();
                lines.push(format!("tenant {tenant}: added, campaigns: {campaigns}"));
            }
            // Whether it starts is told by its own task.
            drop(self.tenants.keep(settings).await);
        }
        for line in &lines {
            info!("{line}");
        }
        lines
    }
}

/// What a reload makes of the one tenant while another daemon steers it, or before it has started: there is no audit of ours to write it
/// to, and it acts when the tenant starts here.
fn made_unasked(loaded: &Loaded, steps: &[Step]) -> Option<AppliedChange> {
    let step = steps.first()?;
    let current = loaded.tenants.get(&step.settings.tenant)?;
    let NewRules {
        config,
        changes,
        after_restart,
        not_read_again,
        ..
    } = step.changed.rules(current, &step.settings);
    info!(
        changes = changes.join(", "),
        after_restart = after_restart.join(", "),
        "configuration reloaded; it acts when this daemon steers"
    );
    Some(AppliedChange::Reloaded {
        config,
        changes,
        after_restart,
        not_read_again,
    })
}

/// Settings of a tenant in which what holds for the process is as at the start.
fn with_what_is_the_process(process: Option<&Settings>, anew: &Settings) -> Settings {
    let Some(process) = process else {
        return anew.clone();
    };
    let webhook = process.webhook.clone().map(|receiver| match &anew.webhook {
        // Its keys are its own: each tenant's are read again by itself.
        Some(own) => Receiver {
            form: own.form.clone(),
            source: own.source.clone(),
            tenant: own.tenant.clone(),
            ..receiver
        },
        None => Receiver {
            tenant: anew.tenant.clone(),
            ..receiver
        },
    });
    Settings {
        state_dir: process.state_dir_of(anew.tenant.as_ref()),
        listen: process.listen,
        advertise_address: process.advertise_address.clone(),
        time_zone: process.time_zone.clone(),
        admin: process.admin.clone(),
        dry_run: process.dry_run,
        once: process.once,
        log_format: process.log_format,
        otlp_endpoint: process.otlp_endpoint.clone(),
        otlp_protocol: process.otlp_protocol,
        webhook,
        ..anew.clone()
    }
}

/// What came of a reload, gathered from the tenants.
#[derive(Default)]
struct Answer {
    changes: Vec<String>,
    not_read_again: Vec<String>,
    one: Option<AppliedChange>,
    refused: Option<OperatorError>,
}

impl Answer {
    fn take(&mut self, name: Option<&TenantName>, made: AppliedChange) {
        if let (
            Some(tenant),
            AppliedChange::Reloaded {
                changes,
                not_read_again,
                ..
            },
        ) = (name, &made)
        {
            let named = changes
                .iter()
                .map(|line| format!("tenant {tenant}: {line}"));
            self.changes.extend(named);
            self.not_read_again.extend(not_read_again.iter().cloned());
        }
        self.one = Some(made);
    }

    fn refused(&mut self, name: Option<&TenantName>, why: OperatorError) {
        if let Some(tenant) = name {
            warn!(%tenant, %why, "not reloaded; its old configuration is in force");
            self.changes
                .push(format!("tenant {tenant}: not reloaded: {why}"));
        }
        self.refused.get_or_insert(why);
    }

    fn of_one(self) -> Result<AppliedChange, OperatorError> {
        self.one
            .ok_or(self.refused.unwrap_or(OperatorError::NoAnswer))
    }

    fn of_several<'a>(
        self,
        told: Vec<String>,
        after_restart: Vec<String>,
        settings: impl Iterator<Item = &'a Settings>,
    ) -> Result<AppliedChange, OperatorError> {
        if let (None, Some(why), true) = (&self.one, &self.refused, told.is_empty()) {
            return Err(why.clone());
        }
        let digests: Vec<String> = settings.map(Settings::digest).collect();
        Ok(AppliedChange::Reloaded {
            config: config_hash(digests.iter().map(String::as_str)),
            changes: self.changes.into_iter().chain(told).collect(),
            after_restart,
            not_read_again: self.not_read_again,
        })
    }
}

impl Reload for Reloader {
    fn reload(&self, author: Author) -> BoxFuture<'_, Result<AppliedChange, OperatorError>> {
        Box::pin(async move {
            let _place = self.places.try_acquire().map_err(|_| OperatorError::Busy)?;
            self.read_anew(author).await
        })
    }
}

/// Reads the configuration and, before that, the content of its file: what is written between the two is seen as a change by the
/// next look, and nothing is lost.
fn read_now(args: &RunArgs) -> (Option<Content>, Result<Resolved, Vec<Fault>>) {
    let file = settings_file(args, &variable);
    (file.as_deref().map(content), resolve_now(args))
}

fn content(path: &Path) -> Content {
    let bytes = read_bytes(path, LONGEST_DATA).ok()?;
    Some(digest(&SHA256, &bytes).as_ref().to_vec())
}
