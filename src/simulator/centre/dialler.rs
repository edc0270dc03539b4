//! One campaign's dialler: its records, its dials in flight, and the people who answered and wait for an agent.

use std::collections::VecDeque;

use super::super::time::SimTime;
use super::chance::{Purpose, Stream};
use super::distribution::seconds;
use super::figures::CampaignFigures;
use super::inbound::by_hour;
use super::pacing::Pacing;
use super::scenario::OutboundCampaign;
use super::tenths::TenthsOfAgents;

/// Two changes of a campaign that follow each other within this time are a short gap.
const SHORT_GAP_MICROS: i64 = 120_000_000;

/// A person who answered and waits for an agent, or did.
#[derive(Clone, Copy, Debug)]
struct CampaignRun {
    record: u64,
    gone: bool,
}

/// One campaign at work.
#[derive(Clone, Debug)]
pub(super) struct Dialler {
    pub(super) plan: OutboundCampaign,
    pub(super) crews: Vec<u32>,
    /// Other campaigns that dial for some of the same agents.
    pub(super) rivals: Vec<u32>,
    pub(super) pacing: Pacing,
    /// Whether it may dial.
    pub(super) dialling: bool,
    /// Agents who are left idle: a dial begins only while more of them are.
    pub(super) reserve: TenthsOfAgents,
    pub(super) in_flight: u32,
    /// Agents to whom records may be offered, where that is limited: one flag for each agent.
    pub(super) assigned: Option<Vec<bool>>,
    seed: u64,
    number: u32,
    start: SimTime,
    records: u64,
    live: VecDeque<CampaignRun>,
    front: u64,
    pub(super) figures: CampaignFigures,
    idle: u32,
    idle_while_paused: i64,
    paused: i64,
    settled: SimTime,
    changed: Option<SimTime>,
}

impl Dialler {
    pub(super) fn new(
        plan: &OutboundCampaign,
        number: u32,
        crews: Vec<u32>,
        seed: u64,
        start: SimTime,
    ) -> Self {
        Self {
            plan: plan.clone(),
            crews,
            rivals: Vec::new(),
            pacing: Pacing::new(plan),
            dialling: true,
            reserve: TenthsOfAgents::ZERO,
            in_flight: 0,
            assigned: None,
            seed,
            number,
            start,
            records: 0,
            live: VecDeque::new(),
            front: 0,
            figures: CampaignFigures {
                id: plan.id.clone(),
                ..CampaignFigures::default()
            },
            idle: 0,
            idle_while_paused: 0,
            paused: 0,
            settled: start,
            changed: None,
        }
    }

    /// Takes the next record.
    pub(super) fn next_record(&mut self) -> u64 {
        self.records += 1;
        self.figures.dials += 1;
        self.records
    }

    /// Whether the reserve lets the next record be dialled while so many agents are idle.
    pub(super) fn beyond_reserve(&self, idle: u32) -> bool {
        if self.reserve == TenthsOfAgents::ZERO {
            return true;
        }
        let fraction = self.reserve.fraction();
        let one_more =
            fraction > 0.0 && self.stream(Purpose::Reserve, self.records + 1).unit() < fraction;
        idle > self.reserve.whole().saturating_add(u32::from(one_more))
    }

    /// How long the record's phone rings until somebody answers; nothing when nobody does.
    pub(super) fn ring(&self, record: u64, now: SimTime) -> Option<i64> {
        let hour = by_hour(
            &self.plan.answer_by_hour,
            seconds(now.micros_since(self.start)),
        );
        let answers = self.stream(Purpose::Answer, record).unit() < self.plan.answer_share * hour;
        answers.then(|| self.plan.ring.draw(self.stream(Purpose::Ring, record)))
    }

    /// How long the talk with the record's person takes.
    pub(super) fn talk(&self, record: u64) -> i64 {
        self.plan
            .talk
            .draw(self.stream(Purpose::OutboundTalk, record))
    }

    /// How long its paperwork takes.
    pub(super) fn wrap_up(&self, record: u64) -> i64 {
        self.plan
            .wrap_up
            .draw(self.stream(Purpose::OutboundWrap, record))
    }

    /// The stream for one purpose of one record.
    pub(super) fn stream(&self, purpose: Purpose, record: u64) -> Stream {
        Stream::new(self.seed, purpose, self.number, record)
    }

    /// A person who answered begins to wait; gives the ticket.
    pub(super) fn wait(&mut self, record: u64) -> u64 {
        let ticket = self.front + u64::try_from(self.live.len()).unwrap_or(u64::MAX);
        self.live.push_back(CampaignRun {
            record,
            gone: false,
        });
        ticket
    }

    /// Nobody came in time, unless somebody had.
    pub(super) fn abandon(&mut self, ticket: u64) {
        let place = ticket
            .checked_sub(self.front)
            .and_then(|place| usize::try_from(place).ok());
        if let Some(live) = place.and_then(|place| self.live.get_mut(place))
            && !live.gone
        {
            live.gone = true;
            self.figures.abandoned += 1;
        }
        while self.live.front().is_some_and(|live| live.gone) {
            self.live.pop_front();
            self.front += 1;
        }
    }

    /// The person who answered first and still waits.
    pub(super) fn take_live(&mut self) -> Option<u64> {
        // The front is always somebody who waits.
        let live = self.live.pop_front()?;
        self.front += 1;
        while self.live.front().is_some_and(|live| live.gone) {
            self.live.pop_front();
            self.front += 1;
        }
        Some(live.record)
    }

    /// Whether somebody who answered waits.
    pub(super) fn has_live(&self) -> bool {
        !self.live.is_empty()
    }

    /// Allows dialling or forbids it; `false` when that was so before.
    pub(super) fn allow(&mut self, allowed: bool, now: SimTime) -> bool {
        if self.dialling == allowed {
            return false;
        }
        self.settle(now);
        self.dialling = allowed;
        self.figures.transitions += 1;
        let since = self.changed.replace(now);
        let short = since.is_some_and(|since| now.micros_since(since) < SHORT_GAP_MICROS);
        self.figures.short_gaps += u64::from(short);
        true
    }

    /// Limits the dials for each idle agent, or no longer; `false` when that was so before.
    pub(super) fn limit_pace(&mut self, limit: Option<TenthsOfAgents>) -> bool {
        let changed = self.pacing.limit != limit;
        self.pacing.limit = limit;
        self.figures.pace_changes += u64::from(changed);
        changed
    }

    /// Keeps so many agents idle; `false` when that was so before.
    pub(super) fn keep_idle(&mut self, reserve: TenthsOfAgents) -> bool {
        let changed = self.reserve != reserve;
        self.reserve = reserve;
        self.figures.pace_changes += u64::from(changed);
        changed
    }

    /// So many agents who could work for it are idle from now on.
    pub(super) fn idle_agents(&mut self, idle: u32, now: SimTime) {
        if idle != self.idle {
            self.settle(now);
            self.idle = idle;
        }
    }

    /// The figures up to now.
    pub(super) fn figures(&mut self, now: SimTime) -> CampaignFigures {
        self.settle(now);
        CampaignFigures {
            paused_hours: seconds(self.paused) / 3_600.0,
            idle_hours_while_paused: seconds(self.idle_while_paused) / 3_600.0,
            ..self.figures.clone()
        }
    }

    /// Forgets the figures so far.
    pub(super) fn reset(&mut self, now: SimTime) {
        self.settle(now);
        (self.paused, self.idle_while_paused) = (0, 0);
        self.figures = CampaignFigures {
            id: self.plan.id.clone(),
            ..CampaignFigures::default()
        };
    }

    fn settle(&mut self, now: SimTime) {
        let passed = now.micros_since(self.settled);
        if !self.dialling {
            self.paused += passed;
            self.idle_while_paused += passed * i64::from(self.idle);
        }
        self.settled = now;
    }
}
