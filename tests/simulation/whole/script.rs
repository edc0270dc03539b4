//! Everything that happens in one run, in order: the acts of the schedule, and what the liveness phase looks at.

use std::collections::VecDeque;
use std::time::Duration;

use super::record::Check;
use super::schedule::{Act, POLL_S, Schedule, TEAM, effect_after};
use super::time::START;

/// From one look at the status document to the next.
const BETWEEN_LOOKS: i64 = 10_000;

/// After the last late effect, this long passes beyond the time in which commands settle before everything has to be right: an
/// acknowledged command may show at its end, and a person's change is left alone for the grace.
const QUIET: i64 = 70_000;

/// Together with that as long as the longest grace, where commands settle sooner.
const SHORTEST_SETTLING: i64 = 60_000;

/// What happens in a run.
pub(crate) enum Step {
    Act(Act),
    Look,
    Heal,
    /// Everything that operators asked for is taken back.
    Release,
    Free(u32),
    Check(Check),
    End,
}

/// Everything that happens, in order.
pub(crate) fn script(schedule: &Schedule) -> VecDeque<(i64, Step)> {
    let setup = &schedule.setup;
    let mut steps: Vec<(i64, Step)> = schedule
        .acts
        .iter()
        .map(|(at, act)| (START + at, Step::Act(act.clone())))
        .collect();
    let heal = START + setup.safety_s * 1_000;
    steps.push((heal, Step::Heal));
    // After the longest time that a dead daemon stays away.
    steps.push((heal + 26_000, Step::Release));
    let late = schedule.acts.iter().map(|(_, act)| {
        if let Act::Fault { fault, .. } = act {
            effect_after(fault) + setup.dialect().silence_after(fault)
        } else {
            Duration::ZERO
        }
    });
    let late = i64::try_from(late.max().unwrap_or_default().as_millis()).unwrap();
    // A pause of ours may take its time to show, and nothing is resumed before.
    let settled = setup.dialect().stops_within(setup);
    let polls = |many: i64| many * POLL_S * 1_000 + 5_000;
    let confirming = i64::from(setup.confirm) - 1;
    let settling = setup.settles().max(SHORTEST_SETTLING);
    let healed = heal + 26_000 + QUIET + settling + late;
    steps.push((healed, Step::Check(Check::Healed)));
    steps.push((healed + 1_000, Step::Free(0)));
    let paused = healed + 1_000 + polls(3 + confirming) + settled;
    steps.push((paused, Step::Check(Check::AllPaused)));
    steps.push((paused + 1_000, Step::Free(TEAM)));
    let dwell = i64::from(setup.min_paused_s) * 1_000;
    let resumed = paused + 1_000 + polls(3 + confirming) + dwell;
    steps.push((resumed, Step::Check(Check::AllResumed)));
    steps.push((resumed + 1_000, Step::End));
    let mut look = START + 7_003;
    while look < resumed {
        steps.push((look, Step::Look));
        look += BETWEEN_LOOKS;
    }
    // Stable: what is drawn for one moment stays in its order.
    steps.sort_by_key(|(at, _)| *at);
    steps.into()
}
