//! Starting and stopping a skill.
//!
//! There is a parameter of stop that ends live calls. Nothing here can send it: a command is an address without a query and a
//! request without a body, made in one place.
//!
//! 202 means accepted, and the end has to be looked up. 404 and 409 also answer a stop of a skill that does not run and a start
//! of one that does, so that only `isRunning` distinguishes "already" from "cannot".

use crate::domain::Direction;

use super::operation::Operation;
use super::skill::RunState;

/// The operation that a direction means.
pub(super) fn operation(direction: Direction) -> Operation {
    match direction {
        Direction::Pause => Operation::StopSkill,
        Direction::Resume => Operation::StartSkill,
    }
}

/// Whether a skill in this state is as the command wants it. After an answer that needs a reading, somebody else has done it
/// where it is, and it is refused where it is not.
pub(super) fn fulfilled(direction: Direction, state: &RunState) -> bool {
    match (direction, state) {
        (Direction::Pause, RunState::Stopped) | (Direction::Resume, RunState::Running) => true,
        (Direction::Pause, RunState::Running | RunState::Word(_))
        | (Direction::Resume, RunState::Stopped | RunState::Word(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::operation::Services;
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
            let url = services.url_of(operation(direction), 4_711);
            assert_eq!(url.as_str(), expected);
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
}
