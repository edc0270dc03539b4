//! What processes that use one account remember together of log-ins that were refused.
//!
//! A platform that locks an account after some refusals counts those of all processes. What is remembered is text that only the
//! adapter reads; it holds no secret.

use futures_util::future::BoxFuture;

/// Remembers, for each account, the refusals of every process that shares this memory.
pub trait RefusalMemory: Send + Sync + 'static {
    /// Waits until no other process is logging in with this account, and gives what is remembered of it.
    ///
    /// `account` has letters and digits only. A memory that cannot be used is told once by the memory itself, and gives turns that
    /// remember nothing.
    ///
    /// # Errors
    /// When another process is at it for too long; nothing should be asked then.
    fn turn<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Box<dyn RefusalTurn>, String>>;
}

/// The time in which no other process logs in; it ends when this is dropped.
pub trait RefusalTurn: Send {
    /// What was remembered when the turn began.
    fn remembered(&self) -> Option<&str>;

    /// Remembers this from now on, or nothing.
    fn remember(&mut self, text: Option<&str>);
}

/// For a process that shares nothing with others.
#[derive(Clone, Copy, Debug)]
pub struct RemembersNothing;

impl RefusalMemory for RemembersNothing {
    fn turn<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Box<dyn RefusalTurn>, String>> {
        let turn: Box<dyn RefusalTurn> = Box::new(*self);
        Box::pin(std::future::ready(Ok(turn)))
    }
}

impl RefusalTurn for RemembersNothing {
    fn remembered(&self) -> Option<&str> {
        None
    }

    fn remember(&mut self, _: Option<&str>) {}
}
