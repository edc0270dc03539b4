//! Whether an agent began a call between two polls.

use crate::domain::snapshot::AgentState;

/// Returns whether an agent who was in one state at a poll and in another at the next has begun a call in between.
///
/// A call that began and ended between two polls is not seen, and neither is one that followed another within that time. A break counts
/// as a call on a platform that shows it as one.
#[must_use]
pub const fn call_began(before: AgentState, now: AgentState) -> bool {
    match now {
        AgentState::Busy => !matches!(before, AgentState::Busy),
        AgentState::WrapUp => !matches!(before, AgentState::Busy | AgentState::WrapUp),
        AgentState::Available | AgentState::Other | AgentState::Offline => false,
    }
}

#[cfg(test)]
mod tests {
    use super::AgentState::{Available, Busy, Offline, Other, WrapUp};
    use super::*;

    #[test]
    fn a_call_begins_where_there_was_none() {
        for before in [Available, WrapUp, Other, Offline] {
            assert!(call_began(before, Busy), "{before:?}");
        }
        assert!(!call_began(Busy, Busy));
        // The talk fell between two polls.
        assert!(call_began(Available, WrapUp));
        assert!(!call_began(Busy, WrapUp));
        assert!(!call_began(WrapUp, WrapUp));
        for now in [Available, Other, Offline] {
            assert!(!call_began(Busy, now), "{now:?}");
        }
    }
}
