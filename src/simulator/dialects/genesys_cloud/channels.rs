//! Channels over which the platform tells of changes.

use std::collections::BTreeSet;

/// A user of one app has at most so many; one more takes the place of the oldest.
const MOST_CHANNELS: usize = 20;

/// The channels that there are.
#[derive(Clone, Default)]
pub(super) struct Channels {
    made: u64,
    open: Vec<Channel>,
}

#[derive(Clone)]
pub(super) struct Channel {
    id: String,
    pub(super) topics: BTreeSet<String>,
}

impl Channels {
    /// Makes a channel without topics; returns its id.
    pub(super) fn make(&mut self) -> String {
        self.made = self.made.saturating_add(1);
        let id = format!("channel-{}", self.made);
        if self.open.len() >= MOST_CHANNELS {
            self.open.remove(0);
        }
        self.open.push(Channel {
            id: id.clone(),
            topics: BTreeSet::new(),
        });
        id
    }

    pub(super) fn find(&self, id: &str) -> Option<&Channel> {
        self.open.iter().find(|open| open.id == id)
    }

    pub(super) fn find_mut(&mut self, id: &str) -> Option<&mut Channel> {
        self.open.iter_mut().find(|open| open.id == id)
    }
}
