//! Settings that make sense at the time at which they are read.

use crate::control::ports::{Clock, SystemClock};
use crate::settings::{Fault, Resolved, RunArgs, resolve};

use super::environment::variable;

/// Merges flags, environment and settings file, and refuses calendars that are closed for good.
pub(super) fn resolve_now(args: &RunArgs) -> Result<Resolved, Vec<Fault>> {
    let resolved = resolve(args, &variable)?;
    let faults = resolved.closed_for_good(SystemClock::real_time().now());
    if faults.is_empty() {
        Ok(resolved)
    } else {
        Err(faults)
    }
}
