//! VICIdial's script for other programs, with the world's campaigns and agents behind it.
//!
//! Everything is a form to one path, and every refusal is a 200 whose first line says so. A campaign of the world is one here under an
//! id of at most eight characters ([`shown`]); an agent is logged into one campaign:
//!
//! | an agent who | has the status |
//! |---|---|
//! | is available | `READY` |
//! | has a call | `INCALL` |
//! | writes a call up | `PAUSED`, with its record |
//! | is on a break | `PAUSED` |
//! | is not there | none: no row |
//!
//! A campaign dials while it is active, dials by itself, and its level gives at least one call. In an adaptive method the platform
//! sets the level itself every 15 s, and never below 1; with fewer agents than its threshold it dials at level 1. Where the process that
//! dials is made dead, who is logged in and what was called stay as they were, while campaigns still can be changed.

mod agents;
mod answers;
mod campaigns;
mod failures;
#[cfg(test)]
mod fault_tests;
mod form;
mod ids;
mod operation;
mod pages;
mod people;
mod route;
mod settings;
mod statistics;
mod users;

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;

use super::super::answer::Answer;
use super::super::call::Call;
use super::super::centre::CampaignFigures;
use super::super::effects::{Effect, PaceWritten};
use super::super::journal::Actor;
use super::super::status;
use super::super::time::SimTime;
use super::super::world::World;

pub use operation::DialerOperation;
pub(in crate::simulator) use route::route;
pub use settings::{DialerAgent, DialerCalls, DialerCampaign, DialerSettings, DialerUser};

use failures::Failures;
use form::Form;
use ids::shown;
use pages::page;

/// Up to this level no call comes of five thousand agents.
const NO_CALL: f64 = 0.0001;

/// How often the platform sets the level of an adaptive campaign.
const ROUND: i64 = 15_000;

/// The levels that the adaptive process goes through.
const LEVELS: [&str; 4] = ["1.733", "1.5", "1.25", "2.0"];

/// What the platform knows beside the world.
#[derive(Clone)]
pub(in crate::simulator) struct DialerState {
    settings: DialerSettings,
    /// What campaigns of the world are set to.
    campaigns: BTreeMap<String, DialerCampaign>,
    /// What each dialled by before it was made to dial nothing.
    dialled: BTreeMap<String, DialerCampaign>,
    failures: BTreeMap<String, Failures>,
    /// How many effects of the world are taken in.
    seen: usize,
    /// The round of the adaptive process that was last.
    round: i64,
    /// The value of the last field of each request, as the log keeps it.
    log: Vec<String>,
    /// What stays as it is while the process that dials is dead.
    frozen: Option<Frozen>,
}

/// What the platform showed when its dialling process died.
#[derive(Clone)]
struct Frozen {
    agents: Vec<DialerAgent>,
    /// The calls, from the first look at them on.
    calls: Option<Vec<CampaignFigures>>,
}

impl DialerCampaign {
    fn is_manual(&self) -> bool {
        matches!(self.method.as_str(), "MANUAL" | "INBOUND_MAN")
    }

    fn is_adaptive(&self) -> bool {
        self.method.contains("ADAPT")
    }

    fn number(&self) -> f64 {
        self.level.parse().unwrap_or(0.0)
    }

    /// Whether calls are placed while so many agents are logged in.
    fn dials(&self, agents: usize) -> bool {
        let level = self.number() > NO_CALL || agents < self.threshold;
        self.active && !self.is_manual() && level
    }
}

impl DialerState {
    pub(in crate::simulator) fn new(settings: DialerSettings, now: SimTime) -> Self {
        Self {
            settings,
            campaigns: BTreeMap::new(),
            dialled: BTreeMap::new(),
            failures: BTreeMap::new(),
            seen: 0,
            round: now.as_unix_millis().div_euclid(ROUND),
            log: Vec::new(),
            frozen: None,
        }
    }

    /// Takes in what people did to campaigns, and what the platform does by itself.
    fn follow(&mut self, world: &mut World, now: SimTime) {
        for (place, (id, campaign)) in world.campaigns().enumerate() {
            if !self.campaigns.contains_key(id) {
                let set = self.settings.campaigns.get(&shown(id, place)).cloned();
                let mut set = set.unwrap_or_default();
                set.active &= campaign.status == status::RUNNING;
                self.campaigns.insert(id.to_owned(), set);
            }
        }
        self.campaigns.retain(|id, _| world.campaign(id).is_some());
        let done: Vec<(String, String)> = world
            .effects()
            .iter()
            .skip(self.seen)
            .filter_map(|effect| match effect {
                Effect::Status(entry) if entry.by == Actor::Person => {
                    Some((entry.campaign.clone(), entry.to.clone()))
                }
                Effect::Status(_)
                | Effect::Assigned(_)
                | Effect::QueueWritten(_)
                | Effect::Moved(_)
                | Effect::Paced(_)
                | Effect::Reserved(_) => None,
            })
            .collect();
        self.seen = world.effects().len();
        for (id, to) in done {
            self.person_sets(&id, &to);
        }
        if !self.settings.dialler_dead {
            self.frozen = None;
        } else if self.frozen.is_none() {
            self.frozen = Some(Frozen {
                agents: self.rows(world),
                calls: None,
            });
        }
        let round = now.as_unix_millis().div_euclid(ROUND);
        if round > self.round {
            self.round = round;
            self.adapt(world, now);
        }
    }

    /// A person sets what a campaign does, in the world's words.
    fn person_sets(&mut self, id: &str, to: &str) {
        let dialled = self.dialled.get(id).cloned();
        let Some(campaign) = self.campaigns.get_mut(id) else {
            return;
        };
        match to {
            status::PAUSED if campaign.dials(usize::MAX) => campaign.active = false,
            status::PAUSED => {}
            status::RUNNING if campaign.dials(usize::MAX) => {}
            status::RUNNING => {
                campaign.active = true;
                if !campaign.dials(usize::MAX) {
                    let dialled = dialled.unwrap_or_default();
                    campaign.method = dialled.method;
                    campaign.level = dialled.level;
                }
            }
            _ => "MANUAL".clone_into(&mut campaign.method),
        }
    }

    /// A round of the adaptive process.
    fn adapt(&mut self, world: &mut World, now: SimTime) {
        let place = usize::try_from(self.round.rem_euclid(4)).unwrap_or(0);
        let adaptive: Vec<String> = self
            .campaigns
            .iter()
            .filter(|(_, set)| set.is_adaptive() && set.active)
            .map(|(id, _)| id.clone())
            .collect();
        for id in adaptive {
            let Some(set) = self.campaigns.get_mut(&id) else {
                continue;
            };
            let level = LEVELS.get(place).copied().unwrap_or("1.0");
            let most: f64 = set.maximum.parse().unwrap_or(1.0);
            let within = level.parse::<f64>().is_ok_and(|level| level <= most);
            let level = if within { level } else { "1.0" };
            level.clone_into(&mut set.level);
            if world
                .campaign(&id)
                .is_some_and(|shown| shown.status == status::PAUSED)
            {
                // The process knows nothing of who set the level: what it dials over is nobody's change.
                world.person_sets(&id, status::RUNNING, now);
                self.seen = world.effects().len();
            }
        }
    }

    /// The campaign of the world that is shown under this id, which is compared without regard to case.
    fn world_id(&self, id: &str) -> Option<(String, String)> {
        let all = self.campaigns.keys().enumerate();
        let mut shown = all.map(|(place, world)| (world.clone(), shown(world, place)));
        shown.find(|(_, shown)| shown.eq_ignore_ascii_case(id))
    }

    /// Sets a campaign to something else, and lets the dialler know.
    fn set(
        &mut self,
        id: &str,
        to: &DialerCampaign,
        by: Actor,
        world: &mut World,
        place: (Duration, SimTime),
    ) {
        let (delay, now) = place;
        let agents = self.logged_into(world, id);
        let Some(before) = self.campaigns.insert(id.to_owned(), to.clone()) else {
            return;
        };
        if before.dials(usize::MAX) && !before.is_manual() {
            self.dialled.insert(id.to_owned(), before.clone());
        }
        let status = if to.dials(agents) {
            status::RUNNING
        } else {
            status::PAUSED
        };
        if before.level != to.level && before.dials(agents) && to.dials(agents) {
            let usual = whole(before.number().max(to.number()));
            world.paced(PaceWritten {
                at: now,
                campaign: id.to_owned(),
                by: by.clone(),
                from: whole(before.number()),
                to: whole(to.number()),
                usual,
            });
        }
        let switched =
            before.active != to.active || before.method != to.method || before.level != to.level;
        let stays = world
            .campaign(id)
            .is_some_and(|campaign| campaign.status == status);
        // What agents dial by hand does not come to rest by another level.
        let by_hand = before.is_manual() && to.is_manual();
        // A change of the pace alone is none of what the campaign does.
        if switched && !by_hand && !(stays && to.dials(agents) && before.dials(agents)) {
            match by {
                Actor::Person => drop(world.person_sets(id, status, now)),
                by @ Actor::Client { .. } => drop(world.command(id, status, by, delay, now)),
            }
        }
        self.seen = world.effects().len();
    }
}

/// Returns a refusal in the form of this platform.
pub(in crate::simulator) fn in_own_form(answer: Answer) -> Answer {
    let Some(refused) = &answer.refused else {
        return answer;
    };
    let said = if refused.status == StatusCode::INTERNAL_SERVER_ERROR {
        String::new()
    } else {
        refused.messages.join("; ")
    };
    Answer {
        headers: answer.headers,
        ..page(refused.status, said)
    }
}

impl DialerState {
    /// Words a refusal of a request as the script does, which repeats what it was sent; other answers stay as they are.
    pub(in crate::simulator) fn worded(&self, answer: Answer, call: &Call) -> Answer {
        let Some(refused) = &answer.refused else {
            return answer;
        };
        let form = Form::read(&call.query, &call.body);
        let (name, function) = (form.raw("user"), form.function());
        let said = match refused.status {
            StatusCode::UNAUTHORIZED => format!(
                "ERROR: Login incorrect, please try again: |{name}|{}|BAD|\n",
                form.raw("pass")
            ),
            StatusCode::FORBIDDEN => format!(
                "ERROR: auth USER DOES NOT HAVE PERMISSION TO USE THIS FUNCTION: |{name}|{function}|\n"
            ),
            StatusCode::NOT_FOUND if function == "update_campaign" => {
                let asked = form.raw("campaign_id");
                pages::refused(
                    function,
                    &format!("CAMPAIGN DOES NOT EXIST: |{name}|{asked}"),
                )
            }
            StatusCode::NOT_FOUND => pages::refused(
                function,
                &format!("THIS USER HAS NO VIEWABLE CAMPAIGNS: {name}|"),
            ),
            StatusCode::INTERNAL_SERVER_ERROR if self.settings.old_language => {
                "MySQL connect ERROR: Can't connect to local server\n".to_owned()
            }
            _ => return answer,
        };
        Answer {
            headers: answer.headers,
            ..page(StatusCode::OK, said)
        }
    }
}

/// The whole calls for each agent that the dialler of the centre makes of a level.
fn whole(level: f64) -> u32 {
    format!("{:.0}", level.max(1.0).ceil()).parse().unwrap_or(1)
}
