//! A change set: which members of a queue are to become what, and the load that it has to carry.
//!
//! It is read entry by entry ([`ChangeSet::take`]), from whatever file or flags there are, so that every fault is reported and not
//! only the first. [`ChangeSet::faults`] holds the result against the limits.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::domain::ids::QueueId;

use super::fault::ChangeFault;
use super::member::{Member, Members, Setting};
use super::surroundings::Surroundings;
use super::utilisation::ExpectedLoad;
use super::validate;

/// A change of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangeSet {
    /// Members with what they are to become.
    #[serde(flatten)]
    pub members: Members,
    /// The load that the changed queue has to carry; not checked when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<ExpectedLoad>,
}

impl ChangeSet {
    /// Takes one entry in the form of change sets.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take(&mut self, key: &str, value: &Value) -> Result<(), ChangeFault> {
        if key == "load" {
            self.load = Some(validate::load(value)?);
            return Ok(());
        }
        let Some(member) = Member::from_key(key) else {
            let known: Vec<&str> = Member::ALL.into_iter().map(Member::key).collect();
            return Err(ChangeFault::new(
                key,
                "is not a member of a queue that can be changed",
                format!("known are load, {}", known.join(", ")),
            ));
        };
        let setting = member
            .read(value)
            .map_err(|wrong| ChangeFault::new(key, wrong, format!("write {}", member.form())))?;
        self.members.insert(member, setting);
        Ok(())
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns every fault that can be found without the platform.
    #[must_use]
    pub fn faults(&self) -> Vec<ChangeFault> {
        validate::member_faults(&self.members)
    }

    /// Returns every fault of the queue as it would become: limits, references, overflows, utilisation. `after` is the queue with
    /// the change in place.
    #[must_use]
    pub fn faults_in_place(
        &self,
        queue: &QueueId,
        after: &Members,
        surroundings: &Surroundings,
    ) -> Vec<ChangeFault> {
        let mut faults = self.faults();
        faults.extend(validate::combination_faults(&self.members, after));
        faults.extend(validate::reference_faults(&self.members, surroundings));
        if let Some(overflows) = &surroundings.overflows {
            faults.extend(overflows.faults(queue));
        }
        if let Some(load) = self.load {
            let wrap_up = match after.get(&Member::WrapUp) {
                Some(Setting::Time(wrap_up)) => *wrap_up,
                Some(_) | None => Duration::ZERO,
            };
            match load.utilisation(wrap_up) {
                Ok(utilisation) => faults.extend(utilisation.faults()),
                Err(wrong) => faults.extend(wrong),
            }
        }
        faults
    }
}
