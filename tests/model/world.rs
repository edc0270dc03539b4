//! The platform and the people on it, as the contract describes them. Knows nothing of the autopilot.

use std::time::Duration;

use campaign_autopilot::domain::{
    CampaignActivity, Direction, StatusFinding, StatusReading, Timestamp,
};

/// Who made the change that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Us,
    Person,
}

/// What a person does on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Pause,
    Resume,
    /// Saves the campaign as it is: the status stays, the version changes.
    Touch,
    Stop,
    /// Deleted or hidden: 404.
    Vanish,
    /// Shown again, as it was.
    Return,
}

#[derive(Clone, Debug)]
pub(crate) struct TrueCampaign {
    pub(crate) status: CampaignActivity,
    pub(crate) visible: bool,
    pub(crate) by: Who,
    pub(crate) changed_at: i64,
    version: u64,
    /// Whether the platform tells `updatedTimestamp`.
    pub(crate) versioned: bool,
}

#[derive(Clone, Copy, Debug)]
struct OnTheWire {
    campaign: usize,
    direction: Direction,
    lands_at: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The platform's clock, in milliseconds. Never runs backwards.
    pub(crate) now: i64,
    /// Whether answers carry a `Date`.
    pub(crate) tells_time: bool,
    pub(crate) campaigns: Vec<TrueCampaign>,
    /// The stamp of the last change moves at every reading.
    pub(crate) restless_stamps: bool,
    /// What is on the wire shows as a state of its own.
    pub(crate) shows_changes: bool,
    reads: std::cell::Cell<u64>,
    wire: Vec<OnTheWire>,
}

pub(crate) const EPOCH: i64 = 1_715_760_000_000;

impl World {
    pub(crate) fn new(campaigns: &[(CampaignActivity, bool)], tells_time: bool) -> Self {
        Self {
            now: EPOCH,
            tells_time,
            campaigns: campaigns
                .iter()
                .map(|(status, versioned)| TrueCampaign {
                    status: status.clone(),
                    visible: true,
                    by: Who::Person,
                    changed_at: EPOCH - 3_600_000,
                    version: 1,
                    versioned: *versioned,
                })
                .collect(),
            restless_stamps: false,
            shows_changes: false,
            reads: std::cell::Cell::new(0),
            wire: Vec::new(),
        }
    }

    pub(crate) fn advance(&mut self, duration: Duration) {
        let until = self.now + i64::try_from(duration.as_millis()).unwrap();
        self.wire.sort_by_key(|late| late.lands_at);
        while let Some(first) = self.wire.first().copied()
            && first.lands_at <= until
        {
            self.wire.remove(0);
            self.now = self.now.max(first.lands_at);
            self.apply(first.campaign, first.direction);
        }
        self.now = until;
    }

    /// A command arrives.
    pub(crate) fn apply(&mut self, campaign: usize, direction: Direction) {
        let target = direction.target();
        let found = &self.campaigns[campaign];
        let commandable = matches!(
            found.status,
            CampaignActivity::Running | CampaignActivity::Paused
        );
        if found.visible && commandable && found.status != target {
            self.change(campaign, target, Who::Us);
        }
    }

    pub(crate) fn apply_late(&mut self, campaign: usize, direction: Direction, delay: Duration) {
        self.wire.push(OnTheWire {
            campaign,
            direction,
            lands_at: self.now + i64::try_from(delay.as_millis()).unwrap(),
        });
    }

    /// A person acts. Says whether anything changed.
    pub(crate) fn person(&mut self, campaign: usize, act: Act) -> bool {
        let found = &mut self.campaigns[campaign];
        let was = found.status.clone();
        let to = match act {
            Act::Vanish | Act::Return => {
                let visible = act == Act::Return;
                let changed = found.visible != visible;
                found.visible = visible;
                return changed;
            }
            Act::Pause => CampaignActivity::Paused,
            Act::Resume => CampaignActivity::Running,
            Act::Stop => CampaignActivity::NotCommandable {
                word: "STOPPED".to_owned(),
            },
            Act::Touch => was.clone(),
        };
        if !found.visible || (to == was && act != Act::Touch) {
            return false;
        }
        // A touch of a campaign without a version leaves no trace of who it was.
        if act == Act::Touch && !found.versioned {
            return false;
        }
        self.change(campaign, to, Who::Person);
        true
    }

    fn change(&mut self, campaign: usize, to: CampaignActivity, by: Who) {
        let now = self.now;
        let found = &mut self.campaigns[campaign];
        found.status = to;
        found.by = by;
        found.changed_at = now;
        found.version += 1;
    }

    /// The version of a campaign as the platform tells it.
    pub(crate) fn version(&self, campaign: usize) -> Option<String> {
        let found = &self.campaigns[campaign];
        let moves = if self.restless_stamps {
            self.reads.set(self.reads.get() + 1);
            self.reads.get()
        } else {
            0
        };
        found
            .versioned
            .then(|| format!("{}#{}#{moves}", found.changed_at, found.version))
    }

    /// What a status read answers, by a daemon whose clock shows `clock`.
    pub(crate) fn read(&self, campaign: usize, clock: Timestamp) -> StatusFinding {
        let found = &self.campaigns[campaign];
        if !found.visible {
            return StatusFinding::Missing;
        }
        let coming = self.wire.iter().find(|late| late.campaign == campaign);
        let activity = match coming.filter(|_| self.shows_changes) {
            Some(late) => CampaignActivity::Changing {
                to: Some(late.direction),
            },
            None => found.status.clone(),
        };
        StatusFinding::Found(StatusReading {
            version: self.version(campaign),
            updated_at: found.versioned.then(|| {
                Timestamp::from_unix_millis(if self.restless_stamps {
                    self.now
                } else {
                    found.changed_at
                })
            }),
            platform_now: self
                .tells_time
                .then(|| Timestamp::from_unix_millis(self.now.div_euclid(1000) * 1000)),
            ..StatusReading::without_evidence(activity, String::new(), clock)
        })
    }
}
