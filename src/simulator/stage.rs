//! The contact centre on the platform's stage: what the platform shows of it, and what reaches its diallers.
//!
//! The truth is the [`Centre`]'s. The platform shows the agents' states as old as the scenario's telemetry makes them,
//! and a pause or resume reaches the dialler only after its actuation delay.

use std::collections::VecDeque;
use std::time::Duration;

use super::agent_state::AgentState;
use super::centre::{Activity, ActivityChange, Centre, CentreFigures, Scenario, TenthsOfAgents};
use super::effects::Effect;
use super::journal::Actor;
use super::scripted_event::{ScriptedEvent, ScriptedEventKind};
use super::status;
use super::time::SimTime;
use super::work::Work;
use super::world::{AgentRecord, World, agent_id};

/// A contact centre, and how far the platform has followed it.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    centre: Centre,
    ids: Vec<String>,
    skills: Vec<Vec<String>>,
    campaigns: Vec<String>,
    hired: bool,
    stale: Duration,
    actuation_delay: Duration,
    scripted_events: VecDeque<ScriptedEvent>,
    /// How many effects the diallers know.
    known: usize,
    /// Changes that the platform does not show yet.
    pending: VecDeque<ActivityChange>,
    start: SimTime,
}

impl Stage {
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut centre = Centre::new(scenario, seed);
        let agents = 1..=usize::try_from(scenario.agents()).unwrap_or(usize::MAX);
        let skills = scenario.teams.iter().flat_map(|team| {
            let many = usize::try_from(team.agents).unwrap_or(usize::MAX);
            std::iter::repeat_n(team.skills.clone(), many)
        });
        // Whoever is there at the opening is there from the first reading on.
        let first: VecDeque<ActivityChange> = centre.keep_changes().into();
        Self {
            centre,
            ids: agents.map(agent_id).collect(),
            skills: skills.collect(),
            campaigns: scenario
                .campaigns
                .iter()
                .map(|campaign| campaign.id.clone())
                .collect(),
            hired: false,
            stale: scenario.telemetry.stale_counts,
            actuation_delay: scenario.telemetry.actuation_delay,
            scripted_events: scenario.scripted_events().into(),
            known: 0,
            pending: first,
            start: scenario.start(),
        }
    }

    /// Lets everything happen up to `now`; returns the events beside the calls.
    pub(super) fn advance(&mut self, world: &mut World, now: SimTime) -> Vec<ScriptedEvent> {
        if !std::mem::replace(&mut self.hired, true) {
            self.hire(world);
        }
        self.follow(world);
        let mut happened = Vec::new();
        while self
            .scripted_events
            .front()
            .is_some_and(|next| next.at <= now)
            && let Some(next) = self.scripted_events.pop_front()
        {
            self.centre.advance(next.at);
            match &next.kind {
                ScriptedEventKind::PersonSets { campaign, status } => {
                    world.person_sets(campaign, status, next.at);
                    self.follow(world);
                }
                ScriptedEventKind::Breaks { agents, lasts } => {
                    self.centre.send_on_break(*agents, *lasts);
                }
                ScriptedEventKind::Outage { .. } | ScriptedEventKind::OutageOver { .. } => {}
            }
            happened.push(next);
        }
        self.centre.advance(now);
        self.pending.extend(self.centre.take_changes());
        let shown_until = now.minus(self.stale).max(self.start);
        let due = |change: &ActivityChange| change.at <= shown_until;
        while self.pending.front().is_some_and(due)
            && let Some(change) = self.pending.pop_front()
        {
            let number = usize::try_from(change.agent).unwrap_or(usize::MAX);
            if let Some(id) = self.ids.get(number) {
                world.set_work(id, self.work(&change));
                world.set_agent_state(id, visible_state(change.activity), change.at);
            }
        }
        happened
    }

    pub(super) fn send_on_break(&mut self, agents: usize, lasts: Duration) -> usize {
        let agents = u32::try_from(agents).unwrap_or(u32::MAX);
        usize::try_from(self.centre.send_on_break(agents, lasts)).unwrap_or(usize::MAX)
    }

    pub(super) fn opened_at(&self) -> SimTime {
        self.start
    }

    pub(super) fn figures(&mut self) -> CentreFigures {
        self.centre.figures()
    }

    fn hire(&self, world: &mut World) {
        for (number, (id, skills)) in self.ids.iter().zip(&self.skills).enumerate() {
            let agent = AgentRecord {
                name: format!("Agent {}", number.saturating_add(1)),
                state: AgentState::Offline,
                skills: skills.clone(),
                since: self.start,
            };
            world.put_agent(id, agent);
        }
    }

    /// Passes on to the diallers what was done to the campaigns and their preview assignments since the last time.
    fn follow(&mut self, world: &World) {
        for effect in world.effects().iter().skip(self.known) {
            self.known += 1;
            match effect {
                Effect::Status(entry) => {
                    let delay = match entry.by {
                        Actor::Client { .. } => self.actuation_delay,
                        Actor::Person => Duration::ZERO,
                    };
                    let from = entry.at.plus(delay);
                    self.centre
                        .allow(&entry.campaign, entry.to == status::RUNNING, from);
                }
                Effect::Assigned(replaced) => {
                    let assigned = replaced.to.iter();
                    let agents: Vec<u32> = assigned
                        .filter_map(|assignment| self.number(&assignment.user_id))
                        .collect();
                    self.centre.assign(&replaced.campaign, Some(&agents));
                }
                Effect::Paced(written) => {
                    let delay = match written.by {
                        Actor::Client { .. } => self.actuation_delay,
                        Actor::Person => Duration::ZERO,
                    };
                    let limited = written.to < written.usual;
                    let limit = limited.then(|| TenthsOfAgents::from_agents(written.to));
                    let from = written.at.plus(delay);
                    self.centre.limit_pace(&written.campaign, limit, from);
                }
                Effect::Reserved(written) => {
                    let delay = match written.by {
                        Actor::Client { .. } => self.actuation_delay,
                        Actor::Person => Duration::ZERO,
                    };
                    let from = written.at.plus(delay);
                    self.centre.keep_idle(&written.campaign, written.to, from);
                }
                Effect::QueueWritten(_) | Effect::Moved(_) => {}
            }
        }
    }

    /// Returns what the agent is busy with from this change on.
    fn work(&self, change: &ActivityChange) -> Option<Work> {
        match change.activity {
            Activity::Offline | Activity::Idle => None,
            Activity::Break => Some(Work::Break),
            Activity::Inbound | Activity::Outbound | Activity::Preview | Activity::WrapUp => {
                let number = change
                    .campaign
                    .and_then(|number| usize::try_from(number).ok());
                let campaign = number.and_then(|number| self.campaigns.get(number));
                Some(campaign.map_or(Work::Inbound, |campaign| Work::Outbound {
                    campaign: campaign.clone(),
                }))
            }
        }
    }

    /// Returns the agent's number in the centre.
    fn number(&self, id: &str) -> Option<u32> {
        let place = self.ids.iter().position(|known| known == id)?;
        u32::try_from(place).ok()
    }
}

/// Returns the state that the platform shows. It has no word for an agent who is there and takes no calls: it shows a contact.
fn visible_state(activity: Activity) -> AgentState {
    match activity {
        Activity::Offline => AgentState::Offline,
        Activity::Idle => AgentState::Available,
        Activity::Inbound | Activity::Outbound | Activity::Preview | Activity::Break => {
            AgentState::Busy
        }
        Activity::WrapUp => AgentState::WrapUp,
    }
}

#[cfg(test)]
mod tests {
    use super::super::effects::PaceWritten;
    use super::*;

    /// The blended centre behind a platform that shows everything a minute late and pauses half a minute late.
    fn late() -> (Scenario, World, Stage) {
        let text = Scenario::text("blended-40").unwrap();
        let text =
            format!("{text}\n[telemetry]\nstale_counts = \"1m\"\nactuation_delay = \"30s\"\n");
        let scenario = Scenario::parse(&text, "late").unwrap();
        let mut world = World::new();
        world.put_campaign("campaign-1", "c", "RUNNING", scenario.start());
        let stage = Stage::new(&scenario, 3);
        (scenario, world, stage)
    }

    #[test]
    fn what_is_shown_is_as_old_as_the_telemetry_makes_it() {
        let (scenario, mut world, mut stage) = late();
        let mut truth = Centre::new(&scenario, 3);
        for seconds in [0_u64, 30, 600, 3_600, 7_200] {
            let now = scenario.start().plus(Duration::from_secs(seconds));
            stage.advance(&mut world, now);
            truth.advance(now.minus(Duration::from_secs(60)).max(scenario.start()));
            assert_eq!(
                world.count(&AgentState::Available),
                usize::try_from(truth.available()).unwrap(),
                "at {now}"
            );
        }
    }

    #[test]
    fn a_clients_pause_reaches_the_dialler_late_and_a_persons_at_once() {
        let (scenario, mut world, mut stage) = late();
        let after = |seconds| scenario.start().plus(Duration::from_secs(seconds));
        stage.advance(&mut world, after(3_600));
        let by = Actor::Client {
            request_id: None,
            token_client: "autopilot".to_owned(),
        };
        world.command("campaign-1", "PAUSED", by, Duration::ZERO, after(3_600));
        stage.advance(&mut world, after(3_660));
        let paused = |stage: &mut Stage| stage.figures().campaigns[0].paused_hours * 3_600.0;
        assert!((paused(&mut stage) - 30.0).abs() < 1e-6);
        world.person_sets("campaign-1", "RUNNING", after(3_660));
        stage.advance(&mut world, after(3_700));
        assert!((paused(&mut stage) - 30.0).abs() < 1e-6);
    }

    #[test]
    fn a_written_pace_reaches_the_dialler_and_is_lifted_at_the_usual_one() {
        let text = Scenario::text("blended-40").unwrap().replace(
            "mode = \"progressive\"",
            "mode = { power = { dials_per_agent = 2.5 } }",
        );
        let scenario = Scenario::parse(&text, "power").unwrap();
        let after = |minutes: u64| scenario.start().plus(Duration::from_secs(60 * minutes));
        let dials = |writes: &[(u32, u64)]| {
            let mut world = World::new();
            world.put_campaign("campaign-1", "c", "RUNNING", scenario.start());
            let mut stage = Stage::new(&scenario, 3);
            for (to, minutes) in writes {
                stage.advance(&mut world, after(*minutes));
                world.paced(PaceWritten {
                    at: after(*minutes),
                    campaign: "campaign-1".to_owned(),
                    by: Actor::Person,
                    from: 3,
                    to: *to,
                    usual: 3,
                });
            }
            stage.advance(&mut world, scenario.end());
            stage.figures().campaigns[0].dials
        };
        let (untouched, slow, lifted) = (dials(&[]), dials(&[(1, 1)]), dials(&[(1, 1), (3, 2)]));
        assert!(slow < lifted, "{untouched} {slow} {lifted}");
        assert_eq!(dials(&[(3, 1)]), untouched);
    }

    #[test]
    fn a_written_reserve_reaches_the_dialler() {
        let text = Scenario::text("blended-40").unwrap();
        let scenario = Scenario::parse(text, "blended-40").unwrap();
        let figures = |reserve: Option<u32>| {
            let mut world = World::new();
            world.put_campaign("campaign-1", "c", "RUNNING", scenario.start());
            let mut stage = Stage::new(&scenario, 3);
            if let Some(agents) = reserve {
                let reserve = TenthsOfAgents::from_agents(agents);
                let written =
                    world.keep_idle("campaign-1", reserve, Actor::Person, scenario.start());
                assert!(written);
            }
            stage.advance(&mut world, scenario.end());
            let campaign = stage.figures().campaigns.remove(0);
            (campaign.dials, campaign.abandoned)
        };
        let (untouched, kept) = (figures(None), figures(Some(4)));
        assert!(
            kept.0 > 0 && kept.1 * 2 < untouched.1,
            "{untouched:?} {kept:?}"
        );
        assert_eq!(figures(Some(0)), untouched);
        // Whoever is idle at the opening is dialled for at once.
        assert!(figures(Some(1_000)).0 < 100);
    }

    #[test]
    fn only_assigned_agents_preview() {
        let text = Scenario::text("blended-40").unwrap().replace(
            "mode = \"progressive\"",
            "mode = { preview = { offer_after = \"10s\", read = \"15s\" } }",
        );
        let scenario = Scenario::parse(&text, "preview").unwrap();
        let mut world = World::new();
        world.put_campaign("campaign-1", "c", "RUNNING", scenario.start());
        let mut stage = Stage::new(&scenario, 3);
        let after = |minutes: u64| scenario.start().plus(Duration::from_secs(60 * minutes));
        let dials = |stage: &mut Stage| stage.figures().campaigns[0].dials;
        stage.advance(&mut world, after(30));
        let everybody = dials(&mut stage);
        assert!(everybody > 100, "{everybody} without any assignment");
        world.assign("campaign-1", Vec::new(), Actor::Person, after(30));
        stage.advance(&mut world, after(60));
        assert_eq!(dials(&mut stage), everybody, "nobody is assigned");
        assert!(world.count(&AgentState::Available) > 10);
    }

    #[test]
    fn a_persons_change_of_the_scenario_is_in_the_journal_and_reaches_the_dialler() {
        let scenario = Scenario::parse(Scenario::text("lunch-dip").unwrap(), "lunch-dip").unwrap();
        let mut world = World::new();
        world.put_campaign("campaign-1", "c", "RUNNING", scenario.start());
        let mut stage = Stage::new(&scenario, 3);
        let happened = stage.advance(&mut world, scenario.end());
        assert_eq!(happened.len(), 4);
        let people: Vec<(&Actor, &str)> = world
            .journal()
            .iter()
            .map(|entry| (&entry.by, entry.to.as_str()))
            .collect();
        assert_eq!(
            people,
            [(&Actor::Person, "PAUSED"), (&Actor::Person, "RUNNING")]
        );
        let paused = stage.figures().campaigns[0].paused_hours;
        assert!((paused - 35.0 / 60.0).abs() < 1e-9, "{paused}");
    }
}
