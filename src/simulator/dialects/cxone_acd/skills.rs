//! Skills that run, that were stopped and are not off yet, and those that nobody should command.

use std::collections::BTreeMap;

use hyper::StatusCode;

use super::super::super::refusal::Refused;
use super::super::super::time::SimTime;
use super::super::super::work::Work;
use super::super::super::world::World;
use super::settings::{AcdSettings, StopShows};

/// The value that `isRunning` is shown with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Running {
    Flag(bool),
    Word(String),
}

/// A skill as it is shown.
#[derive(Clone, Debug)]
pub(super) struct SkillView {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) active: bool,
    pub(super) outbound: bool,
    pub(super) strategy: &'static str,
    pub(super) agentless: bool,
    pub(super) running: Running,
    /// The campaign of the world that it is; none for the skills that are only there to be left alone.
    pub(super) campaign: Option<String>,
}

/// The number that every skill's CXone campaign has.
pub(super) const GROUP: u64 = 300;

/// What the tenant calls that campaign.
pub(super) const GROUP_NAME: &str = "Outbound";

/// Skills that nobody should command: inbound, inactive, agentless.
pub(super) fn untouchables() -> [SkillView; 3] {
    let skill = |id, name: &str| SkillView {
        id,
        name: name.to_owned(),
        active: true,
        outbound: true,
        strategy: "Personal Connection",
        agentless: false,
        running: Running::Flag(false),
        campaign: None,
    };
    [
        SkillView {
            outbound: false,
            strategy: "",
            ..skill(4_801, "Service")
        },
        SkillView {
            active: false,
            ..skill(4_802, "Last year")
        },
        SkillView {
            agentless: true,
            running: Running::Flag(true),
            ..skill(4_803, "Notices")
        },
    ]
}

/// Stops of clients that are not done yet, by campaign, with their time.
#[derive(Clone, Default)]
pub(super) struct Stops(BTreeMap<String, SimTime>);

impl Stops {
    pub(super) fn begin(&mut self, campaign: &str, now: SimTime) {
        self.0.insert(campaign.to_owned(), now);
    }

    /// What a campaign's skill shows. A stop that is done is forgotten, as is one that somebody undid.
    pub(super) fn shown(
        &mut self,
        campaign: &str,
        world: &World,
        settings: &AcdSettings,
        now: SimTime,
    ) -> Running {
        let status = world.campaign(campaign).map(|known| known.status.as_str());
        let Some(since) = self.0.get(campaign).copied() else {
            return Running::Flag(status == Some("RUNNING"));
        };
        let going_on = match &settings.stop {
            StopShows::UntilLastCall => on_calls(world, campaign),
            StopShows::For(lasting) | StopShows::Word(_, lasting) => now < since.plus(*lasting),
        };
        if status == Some("RUNNING") || !going_on {
            self.0.remove(campaign);
            return Running::Flag(status == Some("RUNNING"));
        }
        match &settings.stop {
            StopShows::UntilLastCall | StopShows::For(_) => Running::Flag(true),
            StopShows::Word(shown, _) => Running::Word(shown.clone()),
        }
    }

    pub(super) fn under_way(&self, campaign: &str) -> bool {
        self.0.contains_key(campaign)
    }
}

/// Whether anybody is on the campaign's calls or in their wrap-up.
fn on_calls(world: &World, campaign: &str) -> bool {
    world.agents().any(
        |(id, _)| matches!(world.work(id), Some(Work::Outbound { campaign: of }) if of == campaign),
    )
}

/// 404 as the contract has it: unknown, no Personal Connection skill, or one that does not run.
pub(super) fn not_there(skill: &str) -> Refused {
    Refused::new(
        StatusCode::NOT_FOUND,
        "not_found",
        format!("no Personal Connection skill {skill} in such a state"),
    )
}
