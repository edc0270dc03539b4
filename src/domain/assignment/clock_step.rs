//! A step of the machine's clock, as [`Autopilot::shift_clock`](crate::domain::Autopilot::shift_clock) has it, for assignments.
//! Agents' windows are times of day and stay.

use crate::domain::{CampaignId, Timestamp};

use super::assigner::Assigner;
use super::list::ListMemory;

impl Assigner {
    /// Moves every remembered time of our clock, which was set by so many milliseconds.
    pub fn shift_clock(&mut self, milliseconds: i64) {
        self.activity.shift_clock(milliseconds);
        let shift = |at: &mut Timestamp| at.shift(milliseconds);
        for memory in &mut self.lists {
            let late = memory.late.iter_mut().map(|late| &mut late.lands_by);
            memory.person_until.iter_mut().chain(late).for_each(shift);
        }
        let caps = self.caps.iter_mut().flatten();
        caps.for_each(|(_, at)| shift(at));
        let pairs = self.refused.iter_mut().chain(&mut self.kept);
        pairs.for_each(|(_, at)| shift(at));
        if let Some(planned) = &mut self.planned {
            shift(&mut planned.at);
        }
    }

    /// Returns every list with what is remembered of it.
    pub fn lists(&self) -> impl Iterator<Item = (&CampaignId, &ListMemory)> {
        self.policy().previews.keys().zip(&self.lists)
    }
}
