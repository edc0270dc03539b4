//! Starting and stopping a skill.
//!
//! There is a parameter of stop that ends live calls. Nothing here can send it: a command is an address without a query and a
//! request without a body, made in one place.
//!
//! 202 means accepted, and the end has to be looked up. 404 and 409 also answer a stop of a skill that does not run and a start
//! of one that does, so that only `isRunning` tells "already" from "cannot".

use std::time::Duration;

use crate::domain::Direction;

use super::operation::{Operation, Services};
use super::skill::RunState;

/// How long after a command its effect is first looked for, in seconds; then twice as long each time.
const FIRST_LOOKS: [u64; 4] = [2, 5, 10, 20];

/// No wait between two looks is longer: a stop that ends with the last call is noticed within it.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Where a command is sent. It has no query and goes without a body.
pub(super) fn address(services: &Services, direction: Direction, skill: u64) -> reqwest::Url {
    services.url_of(operation(direction), skill)
}

/// The operation that a direction means.
pub(super) fn operation(direction: Direction) -> Operation {
    match direction {
        Direction::Pause => Operation::StopSkill,
        Direction::Resume => Operation::StartSkill,
    }
}

/// Whether a skill in this state is as the command wants it. After an answer that needs a reading, it is done where it is
/// and refused where it is not.
pub(super) fn fulfilled(direction: Direction, state: &RunState) -> bool {
    match (direction, state) {
        (Direction::Pause, RunState::Stopped) | (Direction::Resume, RunState::Running) => true,
        (Direction::Pause, RunState::Running | RunState::Word(_))
        | (Direction::Resume, RunState::Stopped | RunState::Word(_)) => false,
    }
}

/// When to look for a command's effect, counted from its acknowledgement, up to the longest call and its wrap-up.
pub(super) fn looks(longest: Duration) -> impl Iterator<Item = Duration> {
    let mut first = FIRST_LOOKS.map(Duration::from_secs).into_iter();
    let mut last = Duration::ZERO;
    let mut over = false;
    std::iter::from_fn(move || {
        if over {
            return None;
        }
        let next = first
            .next()
            .unwrap_or_else(|| last.saturating_add(last.min(LONGEST_WAIT)));
        // The last look is at the very end: what is not there by then is an alert.
        over = next >= longest;
        last = next.min(longest);
        Some(last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_bare_address() {
        let base = "https://api/?force=true#x".parse().unwrap();
        let services = Services::new(base, "v33,stop-skill=v31".parse().unwrap());
        for (direction, expected) in [
            (
                Direction::Pause,
                "https://api/inContactAPI/services/v31.0/skills/4711/stop",
            ),
            (
                Direction::Resume,
                "https://api/inContactAPI/services/v33.0/skills/4711/start",
            ),
        ] {
            assert_eq!(address(&services, direction, 4_711).as_str(), expected);
        }
    }

    #[test]
    fn only_a_reading_tells_already_from_cannot() {
        let word = RunState::Word("Stopping".to_owned());
        assert!(fulfilled(Direction::Pause, &RunState::Stopped));
        assert!(fulfilled(Direction::Resume, &RunState::Running));
        assert!(!fulfilled(Direction::Pause, &RunState::Running));
        assert!(!fulfilled(Direction::Resume, &RunState::Stopped));
        assert!(!fulfilled(Direction::Pause, &word));
        assert!(!fulfilled(Direction::Resume, &word));
    }

    #[test]
    fn looks_are_further_and_further_apart_up_to_the_longest_call() {
        let seconds = |longest| -> Vec<u64> {
            looks(Duration::from_secs(longest))
                .map(|look| look.as_secs())
                .collect()
        };
        assert_eq!(seconds(150), [2, 5, 10, 20, 40, 70, 100, 130, 150]);
        assert_eq!(seconds(7), [2, 5, 7]);
        assert_eq!(seconds(1), [1]);
    }
}
