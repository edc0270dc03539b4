//! What ended the wait for the next tick.

/// What ended the wait for the next tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// The tick is due, or the end is asked for.
    Due,
    /// The platform says that an early poll may be worth it.
    Woken,
}
