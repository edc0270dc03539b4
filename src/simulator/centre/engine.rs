//! The contact centre at work: every event, in the order of time.

#![expect(
    clippy::indexing_slicing,
    reason = "queues, campaigns and agents are numbered by these tables, which never shrink"
)]

use std::time::Duration;

use super::super::time::SimTime;
use super::dialler::Dialler;
use super::distribution::{micros, seconds};
use super::events::{Event, Events};
use super::figures::{Activity, CampaignFigures, CentreFigures};
use super::inbound::Queue;
use super::scenario::{Mode, Scenario, Team};
use super::staff::{ActivityChange, Agent, Contact, CrewCount, Staff, index, position};
use super::tenths::TenthsOfAgents;

/// How often the predictive dialler looks at the busy agents.
const FORECAST_EVERY: Duration = Duration::from_secs(1);

/// A contact centre on one day.
///
/// Everything that is left to chance follows from the scenario and the seed, and belongs to the customer or agent whom
/// it concerns: whatever is done to the campaigns, the same people call and answer.
#[derive(Clone, Debug)]
pub struct Centre {
    pub(super) now: SimTime,
    pub(super) figures_from: SimTime,
    pub(super) seed: u64,
    pub(super) teams: Vec<Team>,
    pub(super) events: Events,
    pub(super) staff: Staff,
    pub(super) queues: Vec<Queue>,
    pub(super) campaigns: Vec<Dialler>,
    /// Queues and campaigns that each crew works for.
    pub(super) serves: Vec<Serves>,
    /// The campaign that may dial first the next time.
    pub(super) turn: usize,
}

/// What a crew works for; queues in the order in which they are served.
#[derive(Clone, Debug, Default)]
pub(super) struct Serves {
    pub(super) queues: Vec<u32>,
    pub(super) campaigns: Vec<u32>,
    pub(super) previews: bool,
}

impl Centre {
    /// The centre at the opening.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let start = scenario.start();
        let crews_with = |skill: &str| -> Vec<u32> {
            let able = |team: &Team| team.skills.iter().any(|own| own == skill);
            let teams = scenario.teams.iter().enumerate();
            teams
                .filter(|(_, team)| able(team))
                .map(|(number, _)| index(number))
                .collect()
        };
        let queues: Vec<Queue> = scenario
            .queues
            .iter()
            .enumerate()
            .map(|(number, plan)| {
                Queue::new(scenario, index(number), plan, crews_with(&plan.skill), seed)
            })
            .collect();
        let mut campaigns: Vec<Dialler> = scenario
            .campaigns
            .iter()
            .enumerate()
            .map(|(number, plan)| {
                Dialler::new(plan, index(number), crews_with(&plan.skill), seed, start)
            })
            .collect();
        let sharing: Vec<Vec<u32>> = (0..campaigns.len())
            .map(|one| rivals(&campaigns, one))
            .collect();
        for (campaign, rivals) in campaigns.iter_mut().zip(sharing) {
            campaign.rivals = rivals;
        }
        let mut staff = Staff::new(start);
        let mut serves = Vec::new();
        let mut members = Vec::new();
        for (number, team) in scenario.teams.iter().enumerate() {
            members.push(staff.hire(team.agents, start));
            serves.push(serves_of(&queues, &campaigns, index(number)));
        }
        let mut centre = Self {
            now: start,
            figures_from: start,
            seed,
            teams: scenario.teams.clone(),
            events: Events::default(),
            staff,
            queues,
            campaigns,
            serves,
            turn: 0,
        };
        for (team, agents) in scenario.teams.iter().zip(members) {
            for agent in agents {
                centre.plan_day(scenario, team, agent);
            }
        }
        for number in 0..centre.queues.len() {
            centre.plan_arrival(index(number));
        }
        for (number, campaign) in centre.campaigns.iter().enumerate() {
            if campaign.pacing.forecasts() {
                let campaign = index(number);
                centre.events.plan(start, Event::Forecast { campaign });
            }
        }
        centre.advance(start);
        centre
    }

    /// The time up to which everything has happened.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Lets everything happen up to and including `until`.
    pub fn advance(&mut self, until: SimTime) {
        while let Some((at, event)) = self.events.next(until) {
            self.now = at;
            self.happen(event);
        }
        self.now = self.now.max(until);
    }

    /// Allows a campaign to dial, or forbids it. A pause stops new dials only: what is in flight is finished. Unknown
    /// campaigns are nobody's.
    pub fn allow(&mut self, campaign: &str, allowed: bool, from: SimTime) {
        if let Some(number) = self.number_of(campaign) {
            let campaign = index(number);
            let from = from.max(self.now);
            self.events
                .plan(from, Event::Dialling { campaign, allowed });
        }
    }

    /// Limits a campaign's dials in flight to so many for each idle agent, or lifts the limit. What is in flight is finished.
    /// Modes that do not dial ahead have nothing to limit.
    pub fn limit_pace(&mut self, campaign: &str, limit: Option<TenthsOfAgents>, from: SimTime) {
        if let Some(number) = self.number_of(campaign) {
            let campaign = index(number);
            let from = from.max(self.now);
            self.events
                .plan(from, Event::PaceLimited { campaign, limit });
        }
    }

    /// Has a campaign begin a dial only while more agents than so many are idle; zero lifts that, also for a dialler that
    /// dials ahead of idle agents. Modes that do not dial ahead keep nobody idle.
    pub fn keep_idle(&mut self, campaign: &str, reserve: TenthsOfAgents, from: SimTime) {
        if let Some(number) = self.number_of(campaign) {
            let campaign = index(number);
            let from = from.max(self.now);
            self.events
                .plan(from, Event::ReserveSet { campaign, reserve });
        }
    }

    /// Limits the agents to whom a preview campaign's records are offered; nothing lifts the limit.
    pub fn assign(&mut self, campaign: &str, agents: Option<&[u32]>) {
        let everybody = self.staff.agents.len();
        let known = self
            .campaigns
            .iter_mut()
            .find(|known| known.plan.id == campaign);
        if let Some(known) = known {
            known.assigned = agents.map(|agents| {
                let mut flags = vec![false; everybody];
                for agent in agents {
                    if let Some(flag) = flags.get_mut(position(*agent)) {
                        *flag = true;
                    }
                }
                flags
            });
            self.offer_to_idle();
        }
    }

    /// Sends agents on a break: those who are idle first, then busy ones, who go after their call.
    /// Gives how many go.
    pub fn send_on_break(&mut self, agents: u32, lasts: Duration) -> u32 {
        let lasts = micros(lasts.as_secs_f64());
        let here = |agent: &Agent| {
            !matches!(agent.activity, Activity::Offline | Activity::Break)
                && agent.break_due.is_none()
                && !agent.leaving
        };
        let mut chosen: Vec<(bool, u32)> = self
            .staff
            .agents
            .iter()
            .enumerate()
            .filter(|(_, agent)| here(agent))
            .map(|(number, agent)| (agent.activity != Activity::Idle, index(number)))
            .collect();
        chosen.sort_unstable();
        chosen.truncate(position(agents));
        let going = index(chosen.len());
        for (_, agent) in chosen {
            self.break_is_due(agent, lasts, false);
        }
        self.dial();
        going
    }

    /// How many agents can take a call at this moment.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.staff.count(Activity::Idle)
    }

    /// The agents of each team by what they do.
    pub fn crews(&self) -> impl Iterator<Item = CrewCount> {
        self.staff.crews.iter().map(|crew| CrewCount {
            available: crew.idle,
            wrap_up: crew.wrap_up,
            staffed: crew.staffed,
        })
    }

    /// How many agents are on a call of this campaign or do its paperwork; nobody where it is unknown.
    #[must_use]
    pub fn serving(&self, campaign: &str) -> u32 {
        let number = self.number_of(campaign);
        number.map_or(0, |number| self.staff.serving(index(number)))
    }

    /// The campaign's dials and calls since the opening; the hours are counted by [`figures`](Self::figures) only.
    #[must_use]
    pub fn calls(&self, campaign: &str) -> Option<&CampaignFigures> {
        let number = self.number_of(campaign)?;
        self.campaigns.get(number).map(|known| &known.figures)
    }

    fn number_of(&self, campaign: &str) -> Option<usize> {
        self.campaigns
            .iter()
            .position(|known| known.plan.id == campaign)
    }

    /// How many agents do this.
    #[must_use]
    pub fn count(&self, activity: Activity) -> u32 {
        self.staff.count(activity)
    }

    /// What an agent does; agents are counted from zero in the order of the teams.
    #[must_use]
    pub fn activity(&self, agent: u32) -> Option<Activity> {
        self.staff
            .agents
            .get(position(agent))
            .map(|agent| agent.activity)
    }

    /// How many inbound callers wait.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.queues.iter().map(Queue::waiting).sum()
    }

    /// How many events were planned since the opening.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events.planned()
    }

    /// From now on [`take_changes`](Self::take_changes) has something to give. Gives what everybody does at this
    /// moment.
    pub fn keep_changes(&mut self) -> Vec<ActivityChange> {
        self.staff.keep_changes()
    }

    /// What agents began to do since the last call.
    pub fn take_changes(&mut self) -> Vec<ActivityChange> {
        self.staff.take_changes()
    }

    /// What came of it so far.
    pub fn figures(&mut self) -> CentreFigures {
        let now = self.now;
        CentreFigures {
            hours: seconds(now.micros_since(self.figures_from)) / 3_600.0,
            agent_hours: self.staff.spent(now).map(|spent| seconds(spent) / 3_600.0),
            queues: self
                .queues
                .iter_mut()
                .map(|queue| queue.figures(now))
                .collect(),
            campaigns: self
                .campaigns
                .iter_mut()
                .map(|campaign| campaign.figures(now))
                .collect(),
        }
    }

    /// Begins the figures anew: what was before counts as warming up.
    pub fn reset_figures(&mut self) {
        let now = self.now;
        self.figures_from = now;
        self.staff.spent(now);
        self.staff.reset(now);
        self.queues.iter_mut().for_each(|queue| queue.reset(now));
        self.campaigns
            .iter_mut()
            .for_each(|campaign| campaign.reset(now));
    }

    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Arrival { queue } => {
                self.plan_arrival(queue);
                let call = self.queues[position(queue)].call();
                self.caller_comes(queue, call);
                self.dial();
            }
            Event::HangUp { queue, ticket } => {
                self.queues[position(queue)].hang_up(ticket, self.now);
            }
            Event::TalkEnds { agent } => self.talk_ends(agent),
            Event::WrapUpEnds { agent } | Event::PreviewUnanswered { agent } => {
                self.staff.agents[position(agent)].contact = None;
                self.becomes_free(agent);
                self.dial();
            }
            Event::RandomBreak { agent } => self.random_break(agent),
            Event::PlannedBreak { agent, number } => self.planned_break(agent, number),
            Event::BreakEnds { agent } => {
                if std::mem::take(&mut self.staff.agents[position(agent)].on_random_break) {
                    self.plan_random_break(agent);
                }
                self.becomes_free(agent);
                self.dial();
            }
            Event::ShiftBegins { agent } => {
                self.plan_random_break(agent);
                self.becomes_free(agent);
                self.dial();
            }
            Event::ShiftEnds { agent } => {
                self.staff.agents[position(agent)].leaving = true;
                self.leaves_if_idle(agent);
                self.dial();
            }
            Event::Answered { campaign, record } => self.answered(campaign, record),
            Event::Unanswered { campaign } => {
                self.campaigns[position(campaign)].in_flight -= 1;
                self.dial();
            }
            Event::Abandoned { campaign, ticket } => {
                self.campaigns[position(campaign)].abandon(ticket);
            }
            Event::Offer { agent, ticket } => self.offer(agent, ticket),
            Event::Read { agent } => self.read(agent),
            Event::Dialling { campaign, allowed } => {
                if self.campaigns[position(campaign)].allow(allowed, self.now) {
                    self.offer_to_idle();
                    self.dial();
                }
            }
            Event::PaceLimited { campaign, limit } => {
                if self.campaigns[position(campaign)].limit_pace(limit) {
                    self.dial();
                }
            }
            Event::ReserveSet { campaign, reserve } => {
                if self.campaigns[position(campaign)].keep_idle(reserve) {
                    self.dial();
                }
            }
            Event::Forecast { campaign } => {
                let next = self.now.plus(FORECAST_EVERY);
                self.events.plan(next, Event::Forecast { campaign });
                self.campaigns[position(campaign)].pacing.expected_free =
                    self.expected_free(campaign);
                self.dial();
            }
        }
    }

    pub(super) fn plan_arrival(&mut self, queue: u32) {
        if let Some(next) = self.queues[position(queue)].next_arrival(self.now) {
            self.events.plan(next, Event::Arrival { queue });
        }
    }

    pub(super) fn talk_ends(&mut self, agent: u32) {
        let wrap_up = match self.staff.agents[position(agent)].contact {
            Some(Contact::Inbound { queue, call }) => self.queues[position(queue)].wrap_up(call),
            Some(Contact::Outbound { campaign, record }) => {
                self.campaigns[position(campaign)].wrap_up(record)
            }
            None => 0,
        };
        if wrap_up == 0 {
            self.staff.agents[position(agent)].contact = None;
            self.becomes_free(agent);
            self.dial();
        } else {
            self.set(agent, Activity::WrapUp);
            let done = self.now.plus_micros(wrap_up);
            self.events.plan(done, Event::WrapUpEnds { agent });
        }
    }

    /// The agent has nothing to do: leaves, goes on the break that is due, takes who waits, or is idle.
    pub(super) fn becomes_free(&mut self, agent: u32) {
        let member = &mut self.staff.agents[position(agent)];
        if member.leaving {
            self.set(agent, Activity::Offline);
            return;
        }
        if let Some(lasts) = member.break_due.take() {
            member.on_random_break |= std::mem::take(&mut member.random_due);
            self.goes_on_break(agent, lasts);
            return;
        }
        if !self.takes_who_waits(agent) {
            self.set(agent, Activity::Idle);
            self.plan_offer(agent);
        }
    }

    /// People who answered come first, since the law gives them two seconds; then the queues by priority, and within
    /// one priority whoever waits the longest.
    pub(super) fn takes_who_waits(&mut self, agent: u32) -> bool {
        let serves = &self.serves[position(self.staff.agents[position(agent)].team)];
        for campaign in &serves.campaigns {
            let campaign = *campaign;
            if self.campaigns[position(campaign)].has_live()
                && let Some(record) = self.campaigns[position(campaign)].take_live()
            {
                self.connect_outbound(agent, campaign, record);
                return true;
            }
        }
        let mut first: Option<(u8, SimTime, u32)> = None;
        for number in &serves.queues {
            let queue = &self.queues[position(*number)];
            if first.is_some_and(|(priority, ..)| priority > queue.plan.priority) {
                break;
            }
            if let Some(since) = queue.first_since()
                && first.is_none_or(|(_, earlier, _)| since < earlier)
            {
                first = Some((queue.plan.priority, since, *number));
            }
        }
        let Some((.., queue)) = first else {
            return false;
        };
        let Some(call) = self.queues[position(queue)].answer_first(self.now) else {
            return false;
        };
        self.connect_inbound(agent, queue, call);
        true
    }

    pub(super) fn caller_comes(&mut self, queue: u32, call: u64) {
        let crews = &self.queues[position(queue)].crews;
        if let Some(agent) = self.staff.longest_idle(crews) {
            self.queues[position(queue)].served(0);
            self.connect_inbound(agent, queue, call);
            return;
        }
        let (ticket, patience) = self.queues[position(queue)].wait(call, self.now);
        if let Some(ends) = patience {
            self.events.plan(ends, Event::HangUp { queue, ticket });
        }
    }

    pub(super) fn connect_inbound(&mut self, agent: u32, queue: u32, call: u64) {
        let talk = self.queues[position(queue)].talk(call);
        self.staff.agents[position(agent)].contact = Some(Contact::Inbound { queue, call });
        self.set(agent, Activity::Inbound);
        let ends = self.now.plus_micros(talk);
        self.events.plan(ends, Event::TalkEnds { agent });
    }

    pub(super) fn connect_outbound(&mut self, agent: u32, campaign: u32, record: u64) {
        let dialler = &mut self.campaigns[position(campaign)];
        dialler.figures.connected += 1;
        let talk = dialler.talk(record);
        self.staff.agents[position(agent)].contact = Some(Contact::Outbound { campaign, record });
        self.set(agent, Activity::Outbound);
        let ends = self.now.plus_micros(talk);
        self.events.plan(ends, Event::TalkEnds { agent });
    }

    pub(super) fn set(&mut self, agent: u32, activity: Activity) {
        self.staff.set(agent, activity, self.now);
        let team = self.staff.agents[position(agent)].team;
        for campaign in &self.serves[position(team)].campaigns {
            let campaign = &mut self.campaigns[position(*campaign)];
            campaign.idle_agents(self.staff.idle(&campaign.crews), self.now);
        }
    }
}

/// The other campaigns that dial for some of the same agents.
fn rivals(campaigns: &[Dialler], one: usize) -> Vec<u32> {
    let shares = |other: &Dialler| {
        campaigns[one]
            .crews
            .iter()
            .any(|crew| other.crews.contains(crew))
    };
    campaigns
        .iter()
        .enumerate()
        .filter(|(number, other)| *number != one && shares(other))
        .map(|(number, _)| index(number))
        .collect()
}

fn serves_of(queues: &[Queue], campaigns: &[Dialler], crew: u32) -> Serves {
    let mut served: Vec<u32> = (0..index(queues.len()))
        .filter(|queue| queues[position(*queue)].crews.contains(&crew))
        .collect();
    served.sort_by_key(|queue| {
        (
            std::cmp::Reverse(queues[position(*queue)].plan.priority),
            *queue,
        )
    });
    let dialled: Vec<u32> = (0..index(campaigns.len()))
        .filter(|campaign| campaigns[position(*campaign)].crews.contains(&crew))
        .collect();
    let previews = dialled.iter().any(|campaign| {
        matches!(
            campaigns[position(*campaign)].plan.mode,
            Mode::Preview { .. }
        )
    });
    Serves {
        queues: served,
        campaigns: dialled,
        previews,
    }
}
