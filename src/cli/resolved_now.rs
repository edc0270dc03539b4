//! Settings that make sense at the time at which they are read.

use crate::control::ports::{Clock, SystemClock};
use crate::settings::{Fault, Resolved, RunArgs, Scope, resolve_within};

use super::environment::variable;

/// Merges flags, environment and settings file, and refuses calendars that are closed for good.
pub(super) fn resolve_now(args: &RunArgs) -> Result<Resolved, Vec<Fault>> {
    resolve_part_now(args, Scope::default())
}

/// The same of the part that a command needs.
pub(super) fn resolve_part_now(args: &RunArgs, scope: Scope<'_>) -> Result<Resolved, Vec<Fault>> {
    let resolved = resolve_within(args, &variable, scope)?;
    let faults = resolved.closed_for_good(SystemClock::real_time().now());
    if faults.is_empty() {
        Ok(resolved)
    } else {
        Err(faults)
    }
}
