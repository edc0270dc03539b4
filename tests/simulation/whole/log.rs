//! The daemon's log of one run, kept in memory.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::subscriber::DefaultGuard;

/// Keeps what this thread logs until the guard is dropped.
pub(crate) fn keep(log: &Arc<Mutex<Vec<u8>>>, seed: u64) -> DefaultGuard {
    // What is told at DEBUG is looked at in every eighth run: it takes longer than all the rest.
    let level = if seed.is_multiple_of(8) {
        tracing::Level::DEBUG
    } else {
        tracing::Level::INFO
    };
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(level)
        .with_writer(Shared(Arc::clone(log)))
        .finish();
    tracing::subscriber::set_default(subscriber)
}

/// A writer of the log that everybody shares.
#[derive(Clone)]
pub(crate) struct Shared(pub(crate) Arc<Mutex<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Shared {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
