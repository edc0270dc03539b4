//! A clock of one daemon's own, which a test can put forward and back.

use std::path::{Path, PathBuf};

use crate::centre::Invocation;

/// Changes the time of day of one process; what only runs forwards stays as it is.
pub(super) struct ClockChanger {
    file: PathBuf,
}

impl ClockChanger {
    /// Whether there can be one; a test is skipped otherwise, and fails in CI.
    #[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
    pub(super) fn is_installed() -> bool {
        if library().is_some() {
            return true;
        }
        assert!(
            std::env::var_os("CI").is_none(),
            "this test needs libfaketime (Debian: faketime)"
        );
        eprintln!("skipped: no libfaketime (Debian: faketime)");
        false
    }

    /// A clock that is right so far; its file is in `place`.
    pub(super) fn new(place: &Path) -> Self {
        let changer = Self {
            file: place.join("clock"),
        };
        changer.put(0);
        changer
    }

    /// Has a program that is not started yet look at this clock.
    pub(super) fn give(&self, invocation: &mut Invocation) {
        invocation
            .env("LD_PRELOAD", library().unwrap())
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_CACHE_DURATION", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }

    /// Puts it so many seconds ahead of the machine's, or behind it.
    pub(super) fn put(&self, seconds: i64) {
        // Never half a file.
        let written = self.file.with_extension("new");
        std::fs::write(&written, format!("{seconds:+}\n")).unwrap();
        std::fs::rename(written, &self.file).unwrap();
    }
}

/// Where Debian has the library, whatever the machine's kind.
fn library() -> Option<PathBuf> {
    let kinds = std::fs::read_dir("/usr/lib").ok()?;
    kinds
        .flatten()
        .map(|kind| kind.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists())
}
