//! Shrinks a schedule to the fewest acts that still show a violation.

use super::judge::{Invariant, Verdict};
use super::run::try_out;
use super::schedule::Schedule;
use campaign_autopilot::simulator::Quirks;

/// Runs that one shrinking may take.
const MOST_RUNS: u32 = 300;

/// The smallest schedule found in which `shows` still holds, which has to hold for `schedule`.
pub(crate) fn shrink(schedule: &Schedule, shows: impl Fn(&Verdict) -> bool) -> Schedule {
    let mut best = schedule.clone();
    let mut runs = 0;
    let mut try_one = |candidate: &Schedule, best: &mut Schedule| {
        if runs >= MOST_RUNS || candidate == best {
            return false;
        }
        runs += 1;
        let (_, verdict) = try_out(candidate);
        let smaller = shows(&verdict);
        if smaller {
            best.clone_from(candidate);
        }
        smaller
    };
    // Acts, in ever smaller pieces.
    let mut piece = best.acts.len().div_ceil(2);
    while piece > 0 {
        let mut from = 0;
        while from < best.acts.len() {
            let mut candidate = best.clone();
            let until = (from + piece).min(candidate.acts.len());
            drop(candidate.acts.drain(from..until));
            if !try_one(&candidate, &mut best) {
                from += piece;
            }
        }
        piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
    }
    // Properties, towards those of a plain platform.
    let plainer: [fn(&mut Schedule); 13] = [
        |s| s.setup.previews = false,
        |s| s.setup.queue = false,
        |s| s.setup.webhook = false,
        |s| s.setup.quirks = Quirks::default(),
        |s| s.setup.rate = None,
        |s| s.setup.strict = false,
        |s| s.setup.adopt = false,
        |s| s.setup.stale_pauses = false,
        |s| s.setup.paused_before = 0,
        |s| s.setup.shows_after_s = 0,
        |s| s.setup.confirm = 1,
        |s| s.setup.by_switch = false,
        |s| s.setup.others_leave = false,
    ];
    for change in plainer {
        let mut candidate = best.clone();
        change(&mut candidate);
        try_one(&candidate, &mut best);
    }
    best
}

/// Whether a verdict has a violation of this kind with this trouble around it.
pub(crate) fn shows(verdict: &Verdict, invariant: Invariant) -> bool {
    verdict
        .violations
        .iter()
        .any(|violation| violation.invariant == invariant)
}
