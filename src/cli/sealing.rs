//! Seals old rows of the audit: at a command, and in the daemon where the settings ask for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::select;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::control::ports::{Clock, SystemClock};
use crate::domain::Timestamp;
use crate::settings::Keeping;
use crate::store::{
    SealFault, SealRange, Sealer, Segment, Store, StoreAt, StoreReader, remove_sealed, seal_next,
};

use super::audit_parts::AuditParts;
use super::environment::variable;
use super::exit::Exit;
use super::form::FormArgs;
use super::moment::Moment;
use super::output;
use super::shown_times::ShownTimes;

/// From one look for rows to seal to the next.
const INTERVAL: Duration = Duration::from_secs(3600);

/// A segment that is not full is sealed once its oldest row is older by this than rows have to be: files of a week, where there are few
/// rows.
const AT_LATEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Where segments lie if nobody names a directory.
pub(super) fn usual_directory(at: &StoreAt) -> PathBuf {
    at.directory().join("segments")
}

/// Segments that were sealed, and those whose rows were removed.
#[derive(Serialize)]
struct SealedDocument<'a> {
    schema: &'static str,
    directory: String,
    sealed: &'a [Segment],
    removed: &'a [Segment],
}

/// What a command has done so far: it is told also where the rest failed.
struct Done<'a> {
    directory: &'a Path,
    form: FormArgs,
    sealed: Vec<Segment>,
    removed: Vec<Segment>,
}

impl Done<'_> {
    fn note(&mut self, segment: Segment) {
        if !self.form.is_json() {
            tell(&segment, self.directory);
        }
        if segment.removed {
            self.removed.push(segment);
        } else {
            self.sealed.push(segment);
        }
    }

    fn end(&self) -> Exit {
        if self.form.is_json() {
            return output::json(&SealedDocument {
                schema: "audit-seal/1",
                directory: self.directory.display().to_string(),
                sealed: &self.sealed,
                removed: &self.removed,
            });
        }
        Exit::Ok
    }
}

/// Runs `audit seal`.
pub(super) async fn seal(
    at: &StoreAt,
    before: Moment,
    (directory, remove): (&Path, bool),
    form: FormArgs,
) -> Exit {
    let mut done = Done {
        directory,
        form,
        sealed: Vec::new(),
        removed: Vec::new(),
    };
    let ended = sealed(at, before, remove, &mut done).await;
    let told = done.end();
    match ended {
        Ok(()) => {
            if done.sealed.is_empty() && done.removed.is_empty() && !form.is_json() {
                output::talk("there was nothing to seal or to remove");
            }
            told
        }
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            match fault {
                SealFault::Broken(_) => Exit::Broken,
                SealFault::Store(_) | SealFault::NotWritten(_) | SealFault::File { .. } => Exit::Io,
            }
        }
    }
}

/// Seals, and removes where that is asked for.
async fn sealed(
    at: &StoreAt,
    before: Moment,
    remove: bool,
    done: &mut Done<'_>,
) -> Result<(), SealFault> {
    // A store that is not there is not made.
    drop(StoreReader::open(at)?.segments()?);
    let (now, directory) = (SystemClock::real_time().now(), done.directory);
    let range = SealRange::Before(ShownTimes::here().time_of(before));
    let (store, run) = opened(at, now).await?;
    // Nobody verifies it; it names who was at the keyboard, which is what an audit is read for.
    let by = variable("SUDO_USER").or_else(|| variable("USER"));
    let sealer = Sealer { by, run, now };
    while let Some(segment) = seal_next(&store, at, directory, range, &sealer).await? {
        let is_full = segment.is_full();
        done.note(segment);
        // The row that tells of it is the last one from now on, and the one before it stays for the next time.
        if !is_full {
            break;
        }
    }
    if remove {
        for segment in remove_sealed(&store, at, directory, &sealer).await? {
            done.note(segment);
        }
    }
    Ok(())
}

async fn opened(at: &StoreAt, now: Timestamp) -> Result<(Store, u64), SealFault> {
    let at = at.clone();
    let opened = tokio::task::spawn_blocking(move || Store::open_beside(at, now)).await;
    let opened = opened.map_err(|wrong| SealFault::NotWritten(wrong.to_string()))?;
    Ok(opened?)
}

fn tell(segment: &Segment, directory: &Path) {
    let file = directory.join(&segment.file);
    let done = if segment.removed {
        "are removed from the store; keep"
    } else {
        "are sealed in"
    };
    output::result(format_args!(
        "rows {} to {} ({} to {}) {done} {}",
        segment.first,
        segment.last,
        segment.first_at,
        segment.last_at,
        file.display()
    ));
}

/// Seals rows of a tenant's audit beside its loop, where the settings ask for it.
pub(super) struct AuditSealing {
    at: StoreAt,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    /// Rows are sealed once they are so old.
    after: Duration,
    directory: PathBuf,
    remove: bool,
    run: u64,
    shutdown: CancellationToken,
}

impl AuditSealing {
    /// For a tenant; none where its settings do not ask for it.
    pub(super) fn of(parts: &AuditParts<'_>) -> Option<Self> {
        let AuditParts { settings, at, .. } = parts;
        let Keeping {
            seal_audit_after,
            segments,
            remove_sealed,
            ..
        } = &settings.keeping;
        let directory = match (segments, &settings.tenant) {
            (Some(directory), Some(tenant)) => directory.join(tenant.as_str()),
            (Some(directory), None) => directory.clone(),
            (None, _) => usual_directory(at),
        };
        Some(Self {
            at: (*at).clone(),
            store: Arc::clone(parts.store),
            clock: Arc::clone(parts.clock),
            after: (*seal_audit_after)?,
            directory,
            remove: *remove_sealed,
            run: parts.run,
            shutdown: parts.shutdown.clone(),
        })
    }

    /// Looks each hour, until the shutdown.
    pub(super) async fn run(self) {
        loop {
            if let Err(fault) = self.seal_once().await {
                warn!(%fault, "the audit could not be sealed; nothing is lost, it is tried again in an hour");
            }
            select! {
                () = self.shutdown.cancelled() => return,
                () = self.clock.sleep(INTERVAL) => {}
            }
        }
    }

    async fn seal_once(&self) -> Result<(), SealFault> {
        let now = self.clock.now();
        let before = now.minus(self.after);
        let range = SealRange::Full {
            before,
            at_latest: before.minus(AT_LATEST),
        };
        let sealer = Sealer {
            by: None,
            run: self.run,
            now,
        };
        let (store, at, directory) = (&*self.store, &self.at, &self.directory);
        while let Some(segment) = seal_next(store, at, directory, range, &sealer).await? {
            let Segment {
                first, last, file, ..
            } = &segment;
            info!(first, last, file, "rows of the audit are sealed");
            if self.shutdown.is_cancelled() {
                return Ok(());
            }
            if !segment.is_full() {
                break;
            }
        }
        if self.remove {
            for segment in remove_sealed(store, at, directory, &sealer).await? {
                let Segment {
                    first, last, file, ..
                } = segment;
                info!(first, last, file, "sealed rows of the audit are removed");
            }
        }
        Ok(())
    }
}
