//! Seals old rows of the audit: at a command, and in the daemon where the settings ask for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

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
use super::moment::Moment;
use super::output;

/// From one look for rows to seal to the next.
const INTERVAL: Duration = Duration::from_secs(3600);

/// A segment that is not full is sealed once its oldest row is older by this than rows have to be: files of a week, where there are few
/// rows.
const AT_LATEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Where segments lie if nobody names a directory.
pub(super) fn usual_directory(at: &StoreAt) -> PathBuf {
    at.directory().join("segments")
}

/// Runs `audit seal`.
pub(super) async fn seal(at: &StoreAt, before: Moment, directory: &Path, remove: bool) -> Exit {
    match sealed(at, before, directory, remove).await {
        Ok(0) => {
            output::talk("there was nothing to seal or to remove");
            Exit::Ok
        }
        Ok(_) => Exit::Ok,
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            match fault {
                SealFault::Broken(_) => Exit::Broken,
                SealFault::Store(_) | SealFault::NotWritten(_) | SealFault::File { .. } => Exit::Io,
            }
        }
    }
}

/// Seals, and removes where that is asked for; returns of how many segments something was done.
async fn sealed(
    at: &StoreAt,
    before: Moment,
    directory: &Path,
    remove: bool,
) -> Result<usize, SealFault> {
    // A store that is not there is not made.
    drop(StoreReader::open(at)?.segments()?);
    let now = SystemClock::real_time().now();
    let range = SealRange::Before(before.as_of(now));
    let (store, run) = opened(at, now).await?;
    // Nobody verifies it; it names who was at the keyboard, which is what an audit is read for.
    let by = variable("SUDO_USER").or_else(|| variable("USER"));
    let sealer = Sealer { by, run, now };
    let mut done = 0_usize;
    while let Some(segment) = seal_next(&store, at, directory, range, &sealer).await? {
        tell(&segment, directory);
        done = done.saturating_add(1);
        // The row that tells of it is the last one from now on, and the one before it stays for the next time.
        if !segment.is_full() {
            break;
        }
    }
    if remove {
        for segment in remove_sealed(&store, at, directory, &sealer).await? {
            tell(&segment, directory);
            done = done.saturating_add(1);
        }
    }
    Ok(done)
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
