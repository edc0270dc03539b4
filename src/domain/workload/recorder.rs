//! Sums the polls of one campaign up.

use std::time::Duration;

use crate::domain::time::Timestamp;

use super::poll::WorkloadPoll;
use super::slot::WorkloadSlot;

/// Sums the polls of one campaign up; of bounded size.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkloadRecorder {
    last: Option<(Timestamp, WorkloadPoll)>,
    slot: Option<WorkloadSlot>,
}

impl WorkloadRecorder {
    /// Observes one poll, `None` where it says nothing of the campaign or its agents. Returns the slot that is over, where something
    /// is known of it. Of the time since a poll that lies further back than `longest` nothing is added.
    pub fn observe(
        &mut self,
        at: Timestamp,
        poll: Option<WorkloadPoll>,
        longest: Duration,
    ) -> Option<WorkloadSlot> {
        let before = self.last.take();
        self.last = poll.map(|poll| (at, poll));
        if let Some((since, before)) = before
            && let Some(now) = &poll
        {
            let elapsed = at.since(since);
            // Nothing passes where the clock was set back.
            if !elapsed.is_zero() && elapsed <= longest {
                let begin = WorkloadSlot::begin(since);
                let slot = self.slot.get_or_insert(WorkloadSlot::new(begin));
                // The slot that is over was given away with the first poll behind it.
                if slot.from == begin {
                    slot.add(&before, now, elapsed);
                }
            }
        }
        let open = WorkloadSlot::begin(at);
        if self.slot.is_some_and(|slot| slot.from != open) {
            return self.slot.take().filter(|slot| !slot.covered.is_zero());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::poll::{Dialling, WorkloadHeads};
    use super::*;

    const START: Timestamp = Timestamp::from_unix_millis(1_716_215_400_000);
    const POLL: Duration = Duration::from_secs(10);
    const LONGEST: Duration = Duration::from_secs(30);

    fn poll(available: u32, starts: Option<u32>, dialling: Dialling) -> WorkloadPoll {
        WorkloadPoll {
            heads: WorkloadHeads {
                available,
                wrap_up: 1,
                busy: 2,
                staffed: available.saturating_add(4),
            },
            call_starts: starts,
            dialling,
            thresholds: Some((5, 8)),
        }
    }

    /// Feeds a poll each ten seconds and returns the slots that were over.
    fn slots(polls: impl Iterator<Item = Option<WorkloadPoll>>) -> Vec<WorkloadSlot> {
        let mut recorder = WorkloadRecorder::default();
        let timed = (0_u32..).zip(polls);
        timed
            .filter_map(|(number, poll)| {
                recorder.observe(START.plus(POLL.saturating_mul(number)), poll, LONGEST)
            })
            .collect()
    }

    #[test]
    fn ten_minutes_are_summed_up() {
        let polls = (0..=60_u32).map(|number| {
            let dialling = if number < 30 {
                Dialling::Running
            } else {
                Dialling::PausedByUs
            };
            Some(poll(6, (number > 0).then_some(2), dialling))
        });
        let expected = WorkloadSlot {
            polls: 60,
            covered: SLOT,
            available: SLOT.saturating_mul(6),
            wrap_up: SLOT,
            busy: SLOT.saturating_mul(2),
            staffed: SLOT.saturating_mul(10),
            counted: SLOT,
            call_starts: 120,
            running: SLOT.div_f64(2.0),
            paused: SLOT.div_f64(2.0),
            transitions: 1,
            thresholds: Some((5, 8)),
            ..WorkloadSlot::new(START)
        };
        assert_eq!(slots(polls), [expected]);
    }

    use super::super::slot::SLOT;

    #[test]
    fn what_is_not_known_is_not_added() {
        // A poll failed, and starts are not known behind it.
        let polls = (0..=60_u32).map(|number| match number {
            20 => None,
            21 => Some(poll(6, None, Dialling::Running)),
            _ => Some(poll(6, Some(1), Dialling::Running)),
        });
        let [slot] = slots(polls)[..] else {
            panic!("one slot")
        };
        assert_eq!(slot.covered, SLOT.saturating_sub(POLL.saturating_mul(2)));
        assert_eq!((slot.counted, slot.call_starts), (slot.covered, 58));
        assert_eq!(slot.transitions, 0);
    }

    #[test]
    fn a_gap_ends_a_slot_and_is_in_none() {
        let mut recorder = WorkloadRecorder::default();
        let running = Some(poll(6, Some(1), Dialling::Running));
        assert_eq!(recorder.observe(START, running, LONGEST), None);
        assert_eq!(recorder.observe(START.plus(POLL), running, LONGEST), None);
        let late = START.plus(SLOT.saturating_mul(3));
        let slot = recorder.observe(late, running, LONGEST).unwrap();
        assert_eq!((slot.from, slot.covered), (START, POLL));
        // A clock that is set back adds nothing.
        let back = recorder.observe(START.plus(POLL.saturating_mul(2)), running, LONGEST);
        assert_eq!(back, None);
    }

    #[test]
    fn a_person_s_pause_is_no_time_of_ours() {
        let polls = (0..=60_u32).map(|number| {
            let dialling = match number {
                10..20 => Dialling::NotOurs,
                _ => Dialling::Running,
            };
            Some(poll(6, Some(1), dialling))
        });
        let [slot] = slots(polls)[..] else {
            panic!("one slot")
        };
        assert_eq!(
            (slot.running, slot.covered),
            (SLOT.saturating_sub(POLL.saturating_mul(10)), SLOT)
        );
        assert_eq!((slot.paused, slot.transitions), (Duration::ZERO, 0));
    }
}
