//! Refused log-ins in the state directory, so that a restart, a `run --once` and a `check --online` know of each other's.
//!
//! Each account has a file, which is replaced as a whole, and a lock beside it, which a process holds while it may be refused. Who
//! may not write there remembers for himself, and is told once.
//!
//! *Before there is a directory.* It is made only to remember a refusal: a check by an administrator would otherwise make one that the daemon
//! may not write into. Until then the directory above it is locked, the nearest that is there, so that processes which start at the same
//! time still go one after the other. Whoever is the first to open a lock in the directory waits for that one too, since another process may
//! have begun before there was a directory.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tracing::warn;

use crate::control::ports::Clock;
use crate::given_file::{FileFault, read_text};
use crate::platform::port::{RefusalMemory, RefusalTurn};

/// A longer file is none of ours.
const LONGEST: u64 = 1 << 20;

/// Between two looks at a lock that another process holds.
const BETWEEN: Duration = Duration::from_millis(100);

/// Looks at such a lock: longer than an attempt usually takes.
const LOOKS: u32 = 100;

/// The files of a state directory.
pub(super) struct RefusalsFile {
    directory: PathBuf,
    clock: Arc<dyn Clock>,
    /// Whether it was told that the directory cannot be used.
    told: Arc<AtomicBool>,
}

/// The turn of this process with one account.
struct Turn {
    directory: PathBuf,
    name: String,
    text: Option<String>,
    told: Arc<AtomicBool>,
    /// Held as long as the turn lasts; none, where nothing can be kept or nothing was yet.
    lock: Option<File>,
    /// The directory above, held instead where there is no place for a lock yet.
    above: Option<File>,
}

impl RefusalsFile {
    pub(super) fn new(directory: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self {
            directory,
            clock,
            told: Arc::default(),
        }
    }

    async fn begin(&self, account: &str) -> Result<Turn, String> {
        let mut turn = Turn {
            directory: self.directory.clone(),
            name: format!("log-in-{account}"),
            text: None,
            told: Arc::clone(&self.told),
            lock: None,
            above: None,
        };
        if !turn.path(".lock").exists() {
            turn.above = self.lock_above().await;
        }
        // After that: whoever had the lock before may have made it.
        if !self.directory.exists() {
            return Ok(turn);
        }
        let lock = match turn.open_lock() {
            Ok(lock) => lock,
            Err(wrong) => {
                turn.tell(&wrong);
                turn.above = None;
                return Ok(turn);
            }
        };
        match self.wait_for(&lock).await {
            Ok(true) => {
                turn.lock = Some(lock);
                turn.above = None;
                turn.text = turn.read();
                Ok(turn)
            }
            Ok(false) => Err(
                "another process is logging in with this account; nothing is asked at the same time, since refused log-ins lock it"
                    .to_owned(),
            ),
            Err(wrong) => {
                turn.tell(&wrong);
                turn.above = None;
                Ok(turn)
            }
        }
    }

    /// Locks the nearest directory above ours that is there, and waits for those above that: another process may have begun before this one
    /// was made. Nothing, where it cannot be locked, or is not let go: it is not ours alone, and whoever locks it for something else
    /// must keep nobody from logging in.
    async fn lock_above(&self) -> Option<File> {
        let mut nearest = None;
        for path in self.directory.ancestors().skip(1) {
            let path = match path.to_str() {
                Some("") => Path::new("."),
                Some(_) | None => path,
            };
            let Some(lock) = File::open(path).ok().filter(|_| path.is_dir()) else {
                continue;
            };
            let locked = self.wait_for(&lock).await.unwrap_or(false);
            if nearest.is_none() {
                nearest = Some(lock).filter(|_| locked);
            }
        }
        nearest
    }

    /// Takes a lock as soon as it is free. Returns whether it came to be.
    async fn wait_for(&self, lock: &File) -> io::Result<bool> {
        for _ in 0..LOOKS {
            match lock.try_lock() {
                Ok(()) => return Ok(true),
                Err(TryLockError::WouldBlock) => self.clock.sleep(BETWEEN).await,
                Err(TryLockError::Error(wrong)) => return Err(wrong),
            }
        }
        Ok(false)
    }
}

impl Turn {
    fn path(&self, ending: &str) -> PathBuf {
        self.directory.join(format!("{}{ending}", self.name))
    }

    fn open_lock(&self) -> io::Result<File> {
        open(&self.path(".lock"), &self.directory)
    }

    /// Makes the lock and takes it. It is locked before others can see it: whoever took it in between would find nothing remembered,
    /// and would be refused once more than is counted.
    fn make_lock(&self) -> io::Result<File> {
        let unseen = self.path(&format!(".lock.{}", std::process::id()));
        let lock = open(&unseen, &self.directory)?;
        lock.lock()?;
        let linked = std::fs::hard_link(&unseen, self.path(".lock"));
        std::fs::remove_file(&unseen)?;
        if linked.is_ok() {
            return Ok(lock);
        }
        // It is there already, or the file system has no links.
        let lock = self.open_lock()?;
        lock.lock()?;
        Ok(lock)
    }

    fn read(&self) -> Option<String> {
        match read_text(self.path(".json"), LONGEST) {
            Ok(text) => Some(text),
            Err(FileFault::System(wrong)) if wrong.kind() == io::ErrorKind::NotFound => None,
            Err(wrong) => {
                self.tell(&wrong);
                None
            }
        }
    }

    fn write(&mut self, text: Option<&str>) -> io::Result<()> {
        let Some(text) = text else {
            return match std::fs::remove_file(self.path(".json")) {
                Err(wrong) if wrong.kind() != io::ErrorKind::NotFound => Err(wrong),
                Ok(()) | Err(_) => Ok(()),
            };
        };
        if self.lock.is_none() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.directory)?;
            self.lock = Some(self.make_lock()?);
        }
        let new = self.path(".new");
        let mut file = open(&new, &self.directory)?;
        file.set_len(0)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(new, self.path(".json"))
    }

    fn tell(&self, wrong: &dyn std::fmt::Display) {
        if !self.told.swap(true, Ordering::Relaxed) {
            warn!(
                directory = %self.directory.display(),
                why = %wrong,
                "refused log-ins are not remembered beyond this process: each further one has tries of its own, and ten lock the account"
            );
        }
    }
}

/// Opens a file of ours, which belongs to whom the directory belongs to: a check by an administrator must not keep the daemon out.
fn open(path: &Path, directory: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path)?;
    let (ours, theirs) = (file.metadata()?, directory.metadata()?);
    if ours.uid() != theirs.uid() {
        chown(path, Some(theirs.uid()), Some(theirs.gid()))?;
    }
    Ok(file)
}

impl RefusalMemory for RefusalsFile {
    fn turn<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Box<dyn RefusalTurn>, String>> {
        Box::pin(async move {
            let turn: Box<dyn RefusalTurn> = Box::new(self.begin(account).await?);
            Ok(turn)
        })
    }
}

impl RefusalTurn for Turn {
    fn remembered(&self) -> Option<&str> {
        self.text.as_deref()
    }

    fn remember(&mut self, text: Option<&str>) {
        let without_a_place =
            self.lock.is_none() && self.above.is_none() && self.directory.exists();
        if without_a_place {
            return;
        }
        if let Err(wrong) = self.write(text) {
            self.tell(&wrong);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::control::ports::SystemClock;

    use super::*;

    fn memory(directory: &Path) -> RefusalsFile {
        RefusalsFile::new(directory.to_owned(), Arc::new(SystemClock::real_time()))
    }

    #[tokio::test]
    async fn what_one_process_remembers_the_next_one_knows() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("state");
        let first = memory(&directory);
        let mut turn = first.turn("ab").await.unwrap();
        assert_eq!(turn.remembered(), None);
        assert!(!directory.exists(), "nothing is made for a look");
        turn.remember(Some("two"));
        drop(turn);
        let second = memory(&directory);
        let mut turn = second.turn("ab").await.unwrap();
        assert_eq!(turn.remembered(), Some("two"));
        turn.remember(Some("1"));
        drop(turn);
        assert_eq!(second.turn("cd").await.unwrap().remembered(), None);
        let mut turn = first.turn("ab").await.unwrap();
        assert_eq!(turn.remembered(), Some("1"));
        turn.remember(None);
        drop(turn);
        assert_eq!(first.turn("ab").await.unwrap().remembered(), None);
        let mode = directory.join("log-in-ab.lock").metadata().unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn one_process_waits_for_the_other() {
        let place = tempfile::tempdir().unwrap();
        let (first, second) = (memory(place.path()), memory(place.path()));
        let mut turn = first.turn("ab").await.unwrap();
        let waiting = second.turn("ab");
        tokio::pin!(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        turn.remember(Some("mine"));
        drop(turn);
        assert_eq!(waiting.await.unwrap().remembered(), Some("mine"));
    }

    #[tokio::test]
    async fn before_there_is_a_directory_one_process_waits_for_the_other_too() {
        // A daemon that starts meanwhile makes the directory, or nobody does before the refusal.
        for made_meanwhile in [false, true] {
            let place = tempfile::tempdir().unwrap();
            let directory = place.path().join("lib").join("state");
            let (first, second) = (memory(&directory), memory(&directory));
            let mut turn = first.turn("ab").await.unwrap();
            if made_meanwhile {
                std::fs::create_dir_all(&directory).unwrap();
            }
            let waiting = second.turn("ab");
            tokio::pin!(waiting);
            assert!(futures_util::poll!(&mut waiting).is_pending());
            turn.remember(Some("mine"));
            drop(turn);
            assert_eq!(waiting.await.unwrap().remembered(), Some("mine"));
        }
        // Whoever has nothing to remember leaves nothing behind.
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("state");
        let (first, second) = (memory(&directory), memory(&directory));
        drop(first.turn("ab").await.unwrap());
        assert_eq!(second.turn("ab").await.unwrap().remembered(), None);
        assert!(!directory.exists());
    }

    #[tokio::test]
    async fn files_belong_to_whom_the_directory_belongs_to() {
        /// Whoever it is, it is not who runs the tests.
        const DAEMON: u32 = 12_345;
        let place = tempfile::tempdir().unwrap();
        if let Err(wrong) = chown(place.path(), Some(DAEMON), Some(DAEMON)) {
            skipped(&wrong);
            return;
        }
        let memory = memory(place.path());
        let mut turn = memory.turn("ab").await.unwrap();
        turn.remember(Some("two"));
        drop(turn);
        for ending in [".lock", ".json"] {
            let file = place.path().join(format!("log-in-ab{ending}"));
            let found = file.metadata().unwrap();
            assert_eq!((found.uid(), found.gid()), (DAEMON, DAEMON), "{ending}");
            assert_eq!(found.mode() & 0o777, 0o600, "{ending}");
        }
        assert!(!memory.told.load(Ordering::Relaxed));
        assert_eq!(memory.turn("ab").await.unwrap().remembered(), Some("two"));
    }

    #[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
    fn skipped(wrong: &io::Error) {
        eprintln!("skipped: only root may give a directory to somebody else ({wrong})");
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_used_is_told_once_and_remembers_nothing() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("state");
        std::fs::write(&file, "").unwrap();
        let memory = memory(&file);
        for _ in 0..2 {
            let mut turn = memory.turn("ab").await.unwrap();
            assert_eq!(turn.remembered(), None);
            turn.remember(Some("x"));
        }
        assert!(memory.told.load(Ordering::Relaxed));
    }
}
