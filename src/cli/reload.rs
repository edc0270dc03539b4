//! Reloads the configuration: at SIGHUP, on request of the API, and when the settings file has changed.
//!
//! It is read and checked whole, beside the loop. With a fault, everything stays as it is and every fault is shown. Otherwise
//! the rules of campaigns, and with them the set of campaigns, come into force at once and act at the next poll, and so do secrets
//! that differ in their files; anything else that differs is named and acts at the next start. Flags and environment are those of the
//! start: of a secret that is kept in a variable it is said that it was not read again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use ring::digest::{SHA256, digest};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::control::operator::{
    AppliedChange, Author, NewRules, OperatorCommand, OperatorError, OperatorHandle, Reload,
};
use crate::given_file::{LONGEST_DATA, read_bytes};
use crate::settings::{Resolved, RunArgs, Settings, acts_at_once, settings_file};

use super::environment::variable;
use super::resolved_now::resolve_now;
use super::supervisor::Systemd;

/// The interval at which the settings file is read. A change is applied when two readings in a row see the same content,
/// so that no half-written file is used.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// The sources of a run's configuration, for reading it again.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The flags.
    pub args: RunArgs,
    /// Every value as it was at the start.
    pub values: Values,
}

/// Every value as text, by key; of a campaign only what was said of that one alone.
pub(crate) type Values = BTreeMap<String, String>;

impl Source {
    /// Remembers a configuration that was read with these flags.
    pub(crate) fn new(args: RunArgs, resolved: &Resolved) -> Self {
        Self {
            args,
            values: values(resolved),
        }
    }
}

/// Reloads the configuration.
pub(crate) struct Reloader {
    handle: OperatorHandle,
    source: Option<RunArgs>,
    file: Option<PathBuf>,
    loaded: Mutex<Loaded>,
    /// One reload under way, and one that waits for it: whatever is asked for beyond that, the waiting one will read.
    places: Semaphore,
}

/// A reload under way, and one that waits.
const MOST_RELOADS: usize = 2;

/// Lines that each reload may repeat in the audit, faults and what waits for a restart: a file that is wrong on every line, read
/// over and over, must not fill it.
const MOST_LINES: usize = 20;

struct Loaded {
    settings: Settings,
    values: Values,
    /// The content of the settings file when it was last read.
    content: Option<Content>,
}

/// Returns the SHA-256 of a file, or `None` if it cannot be read.
type Content = Option<Vec<u8>>;

impl Reloader {
    /// Creates a reloader for a run with these settings; without a source there is nothing to read.
    pub(crate) fn new(handle: OperatorHandle, settings: Settings, source: Option<Source>) -> Self {
        let file = source.as_ref();
        let file = file.and_then(|source| settings_file(&source.args, &variable));
        let content = file.as_deref().map(content);
        let (args, values) = source.map(|source| (source.args, source.values)).unzip();
        Self {
            handle,
            source: args,
            file,
            places: Semaphore::new(MOST_RELOADS),
            loaded: Mutex::new(Loaded {
                settings,
                values: values.unwrap_or_default(),
                content,
            }),
        }
    }

    /// Applies changes of the settings file until shutdown is requested.
    pub(crate) async fn watch(self: Arc<Self>, ending: CancellationToken) {
        let Some(file) = self.file.clone() else {
            return;
        };
        let mut before: Option<Content> = None;
        loop {
            tokio::select! {
                () = ending.cancelled() => return,
                () = tokio::time::sleep(BETWEEN_LOOKS) => {}
            }
            let path = file.clone();
            // It fails only when the runtime ends.
            let Ok(seen) = tokio::task::spawn_blocking(move || content(&path)).await else {
                return;
            };
            let settled = before.as_ref() == Some(&seen);
            let known = self.loaded.lock().await.content.as_ref() == Some(&seen);
            before = Some(seen);
            if settled && !known {
                self.reload_for("settings file", "its content has changed")
                    .await;
            }
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
                if let Err(refusal) = self.read_anew(author).await {
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
            return self
                .handle
                .ask(OperatorCommand::ReloadRefused { faults }, author)
                .await;
        };
        let file = self.file.clone();
        let reading =
            tokio::task::spawn_blocking(move || (file.as_deref().map(content), resolve_now(&args)));
        let Ok((content, resolved)) = reading.await else {
            return Err(OperatorError::NoAnswer);
        };
        loaded.content = content;
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(faults) => {
                let faults = bounded(faults.iter().map(ToString::to_string).collect(), "check");
                return self
                    .handle
                    .ask(OperatorCommand::ReloadRefused { faults }, author)
                    .await;
            }
        };
        for warning in &resolved.warnings {
            warn!("{warning}");
        }
        let mut settings = loaded.settings.clone();
        settings.policies = resolved.settings.policies.clone();
        settings.calendars = resolved.settings.calendars.clone();
        settings.labels = resolved.settings.labels.clone();
        let found = values(&resolved);
        let taken = take_over_secrets(&loaded.settings, &resolved.settings);
        let (mut changes, after_restart) = differences(&loaded.values, &found, &taken.places);
        let after_restart = bounded(after_restart, "config show");
        changes.extend(taken.changes);
        let rules = NewRules {
            policies: settings.policies.clone(),
            calendars: settings.calendars.clone(),
            labels: settings.labels.clone(),
            config: settings.digest(),
            changes,
            after_restart,
            not_read_again: taken.not_read_again,
        };
        let made = self
            .handle
            .ask(OperatorCommand::Reload(Box::new(rules)), author)
            .await?;
        let at_once = |key: &str| acts_at_once(key) || taken.places.contains(&key);
        loaded.values.retain(|key, _| !at_once(key));
        let in_force = found.into_iter().filter(|(key, _)| at_once(key));
        loaded.values.extend(in_force);
        loaded.settings = settings;
        Ok(made)
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

/// Keeps the first lines, and says how many there are beyond them and which command shows all.
fn bounded(mut lines: Vec<String>, command: &str) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.truncate(MOST_LINES);
        lines.push(format!("and {more} more; `{command}` names them all"));
    }
    lines
}

fn content(path: &Path) -> Content {
    let bytes = read_bytes(path, LONGEST_DATA).ok()?;
    Some(digest(&SHA256, &bytes).as_ref().to_vec())
}

fn values(resolved: &Resolved) -> Values {
    let origins = resolved.origins.iter();
    origins
        .map(|(key, value, _)| (key.clone(), value.clone()))
        .collect()
}

/// What became of the secrets.
#[derive(Default)]
struct TakenOver {
    /// Those that differ, a line each.
    changes: Vec<String>,
    /// The keys of settings that say where those in use are kept, which act at once.
    places: Vec<&'static str>,
    /// The variables that others are kept in.
    not_read_again: Vec<String>,
}

/// Puts every secret in use that was read anew: those who have it share it.
fn take_over_secrets(current: &Settings, anew: &Settings) -> TakenOver {
    let mut taken = TakenOver::default();
    let secrets = current.secrets().into_iter().zip(anew.secrets());
    for ((rows, secret), (_, other)) in secrets {
        let (Some(secret), Some(other)) = (secret, other) else {
            continue;
        };
        let (row, place) = rows;
        if secret.take_over(other) {
            taken
                .changes
                .push(format!("{}: (set) -> (set), another one", row.key));
        }
        taken.places.push(place.key);
        taken
            .not_read_again
            .extend(other.variable().map(str::to_owned));
    }
    taken
}

/// Returns what differs, as `key: old -> new`: what acts at once, with these keys, and what acts after a restart.
fn differences(old: &Values, new: &Values, too: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let line = |key: &String| {
        let text = |values: &Values| {
            let value = values.get(key).filter(|value| !value.is_empty());
            value.map_or("(none)".to_owned(), String::clone)
        };
        format!("{key}: {} -> {}", text(old), text(new))
    };
    let differing = keys
        .into_iter()
        .filter(|key| old.get(*key) != new.get(*key));
    let (at_once, later): (Vec<_>, Vec<_>) =
        differing.partition(|key| acts_at_once(key) || too.contains(&key.as_str()));
    (
        at_once.into_iter().map(line).collect(),
        later.into_iter().map(line).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Values {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_every_reload_repeats_is_bounded() {
        let lines = |many: usize| (0..many).map(|line| line.to_string()).collect::<Vec<_>>();
        assert_eq!(bounded(lines(20), "check"), lines(20));
        let kept = bounded(lines(2_000), "check");
        assert_eq!(kept.len(), 21);
        assert_eq!(kept[20], "and 1980 more; `check` names them all");
    }

    #[test]
    fn differences_tell_old_and_new_and_when_they_act() {
        let old = of(&[
            ("pause_below", "5"),
            ("resume_at", "8"),
            ("poll_interval", "30s"),
        ]);
        let new = of(&[
            ("pause_below", "4"),
            ("resume_at", "8"),
            ("poll_interval", "10s"),
            ("campaign.b.min_paused", "2m"),
        ]);
        let (changes, after_restart) = differences(&old, &new, &[]);
        assert_eq!(
            changes,
            ["campaign.b.min_paused: (none) -> 2m", "pause_below: 5 -> 4"]
        );
        assert_eq!(after_restart, ["poll_interval: 30s -> 10s"]);
    }
}
