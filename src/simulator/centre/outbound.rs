//! Outbound calls: dialling ahead, previewing, and what becomes of those who answer.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers come from the engine's own tables, which never shrink"
)]

use super::chance::Purpose;
use super::dialler::Dialler;
use super::distribution::seconds;
use super::engine::Centre;
use super::events::Event;
use super::figures::Activity;
use super::scenario::Mode;
use super::staff::{Contact, index, position};

impl Centre {
    pub(super) fn answered(&mut self, campaign: u32, record: u64) {
        let dialler = &mut self.campaigns[position(campaign)];
        dialler.in_flight -= 1;
        dialler.figures.answered += 1;
        if let Some(agent) = self.staff.longest_idle(&dialler.crews) {
            self.connect_outbound(agent, campaign, record);
        } else {
            let dialler = &mut self.campaigns[position(campaign)];
            let ticket = dialler.wait(record);
            let late = self.now.plus(dialler.plan.abandon_after);
            self.events
                .plan(late, Event::Abandoned { campaign, ticket });
        }
        self.dial();
    }

    /// Every campaign dials as much as its mode allows, one dial each in turn.
    pub(super) fn dial(&mut self) {
        let campaigns = self.campaigns.len();
        let mut waiting_for_turn = campaigns;
        while waiting_for_turn > 0 {
            let campaign = self.turn % campaigns;
            self.turn = (self.turn + 1) % campaigns;
            if self.dial_once(index(campaign)) {
                waiting_for_turn = campaigns;
            } else {
                waiting_for_turn -= 1;
            }
        }
    }

    pub(super) fn dial_once(&mut self, campaign: u32) -> bool {
        let dialler = &self.campaigns[position(campaign)];
        if !dialler.dialling {
            return false;
        }
        let idle = self.staff.idle(&dialler.crews);
        if let Mode::Instant { keep_available } = dialler.plan.mode {
            if idle <= keep_available {
                return false;
            }
            let Some(agent) = self.staff.longest_idle(&dialler.crews) else {
                return false;
            };
            let dialler = &mut self.campaigns[position(campaign)];
            let record = dialler.next_record();
            dialler.figures.answered += 1;
            self.connect_outbound(agent, campaign, record);
            return true;
        }
        let others: u32 = dialler
            .rivals
            .iter()
            .map(|rival| self.campaigns[position(*rival)].in_flight)
            .sum();
        if !dialler.beyond_reserve(idle) {
            return false;
        }
        let now = self.now;
        let dialler = &mut self.campaigns[position(campaign)];
        let lines = dialler.plan.lines.unwrap_or(u32::MAX);
        if dialler.in_flight >= lines
            || dialler.in_flight.saturating_add(others) >= dialler.pacing.most_in_flight(idle)
        {
            return false;
        }
        let record = dialler.next_record();
        dialler.in_flight += 1;
        let (at, event) = match dialler.ring(record, now) {
            Some(ring) => (now.plus_micros(ring), Event::Answered { campaign, record }),
            None => (
                now.plus(dialler.plan.no_answer_after),
                Event::Unanswered { campaign },
            ),
        };
        self.events.plan(at, event);
        true
    }

    /// Plans to offer a record to an agent who has become idle, where there is anything to preview.
    pub(super) fn plan_offer(&mut self, agent: u32) {
        let member = &self.staff.agents[position(agent)];
        let serves = &self.serves[position(member.team)];
        if !serves.previews {
            return;
        }
        let soonest = serves
            .campaigns
            .iter()
            .filter_map(|campaign| {
                let dialler = &self.campaigns[position(*campaign)];
                match dialler.plan.mode {
                    Mode::Preview { offer_after, .. } if offers(dialler, agent) => {
                        Some(offer_after)
                    }
                    Mode::Preview { .. }
                    | Mode::Progressive
                    | Mode::Power { .. }
                    | Mode::Predictive { .. }
                    | Mode::Instant { .. } => None,
                }
            })
            .min();
        if let Some(after) = soonest {
            let ticket = member.ticket;
            let due = member.since.plus(after).max(self.now);
            self.events.plan(due, Event::Offer { agent, ticket });
        }
    }

    pub(super) fn offer_to_idle(&mut self) {
        for agent in 0..index(self.staff.agents.len()) {
            if self.staff.agents[position(agent)].activity == Activity::Idle {
                self.plan_offer(agent);
            }
        }
    }

    pub(super) fn offer(&mut self, agent: u32, ticket: u64) {
        let member = &self.staff.agents[position(agent)];
        if member.activity != Activity::Idle || member.ticket != ticket {
            return;
        }
        // The campaign with the fewest dials so far: no preview campaign starves another one.
        let campaign = self.serves[position(member.team)]
            .campaigns
            .iter()
            .copied()
            .filter(|campaign| {
                let dialler = &self.campaigns[position(*campaign)];
                matches!(dialler.plan.mode, Mode::Preview { .. }) && offers(dialler, agent)
            })
            .min_by_key(|campaign| (self.campaigns[position(*campaign)].figures.dials, *campaign));
        let Some(campaign) = campaign else {
            return;
        };
        let dialler = &mut self.campaigns[position(campaign)];
        let record = dialler.next_record();
        let reads = match dialler.plan.mode {
            Mode::Preview { read, .. } => read.draw(dialler.stream(Purpose::Preview, record)),
            Mode::Progressive
            | Mode::Power { .. }
            | Mode::Predictive { .. }
            | Mode::Instant { .. } => 0,
        };
        self.staff.agents[position(agent)].contact = Some(Contact::Outbound { campaign, record });
        self.set(agent, Activity::Preview);
        let done = self.now.plus_micros(reads);
        self.events.plan(done, Event::Read { agent });
    }

    /// The record is dialled with the agent on the line: nobody is ever abandoned.
    pub(super) fn read(&mut self, agent: u32) {
        let Some(Contact::Outbound { campaign, record }) =
            self.staff.agents[position(agent)].contact
        else {
            return;
        };
        let dialler = &mut self.campaigns[position(campaign)];
        let Some(ring) = dialler.ring(record, self.now) else {
            let after = self.now.plus(dialler.plan.no_answer_after);
            self.events.plan(after, Event::PreviewUnanswered { agent });
            return;
        };
        dialler.figures.answered += 1;
        dialler.figures.connected += 1;
        let talk = dialler.talk(record);
        self.set(agent, Activity::Outbound);
        let ends = self.now.plus_micros(ring + talk);
        self.events.plan(ends, Event::TalkEnds { agent });
    }

    /// How many of the busy agents will come free while a phone rings, by how long each has been busy.
    pub(super) fn expected_free(&self, campaign: u32) -> f64 {
        let dialler = &self.campaigns[position(campaign)];
        let ring = dialler.plan.ring.mean_seconds();
        let mut expected = 0.0;
        for agent in &self.staff.agents {
            if agent.contact.is_none() || agent.leaving || agent.break_due.is_some() {
                continue;
            }
            if !dialler.crews.contains(&agent.team) {
                continue;
            }
            let (talk, wrap_up) = match agent.contact {
                Some(Contact::Inbound { queue, .. }) => {
                    let plan = &self.queues[position(queue)].plan;
                    (&plan.talk, &plan.wrap_up)
                }
                Some(Contact::Outbound { campaign, .. }) => {
                    let plan = &self.campaigns[position(campaign)].plan;
                    (&plan.talk, &plan.wrap_up)
                }
                None => continue,
            };
            let elapsed = seconds(self.now.micros_since(agent.since));
            let (phase, left) = match agent.activity {
                Activity::WrapUp => (wrap_up, ring),
                // The talk has to end early enough for the paperwork to be over as well.
                Activity::Inbound | Activity::Outbound => (talk, ring - wrap_up.mean_seconds()),
                Activity::Offline | Activity::Idle | Activity::Preview | Activity::Break => {
                    continue;
                }
            };
            if left <= 0.0 {
                continue;
            }
            let over = phase.within(elapsed);
            if over < 1.0 {
                expected += (phase.within(elapsed + left) - over) / (1.0 - over);
            }
        }
        expected
    }
}

/// Whether the campaign's records are offered to this agent.
fn offers(dialler: &Dialler, agent: u32) -> bool {
    let assigned = dialler
        .assigned
        .as_ref()
        .is_none_or(|flags| flags.get(position(agent)).copied().unwrap_or(false));
    dialler.dialling && assigned
}
