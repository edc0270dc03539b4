//! The two operations on a campaign's status: reading it, and commanding it.

use bytes::Bytes;
use hyper::StatusCode;

use super::quirks::Transition;
use super::wire::{self, StatusChange};
use crate::simulator::answer::Answer;
use crate::simulator::call::{Call, Treatment};
use crate::simulator::late::LateEffect;
use crate::simulator::platform::{Platform, read_body};
use crate::simulator::refusal::Refused;
use crate::simulator::time::SimTime;
use crate::simulator::tokens::Token;

/// A campaign as an answer shows it.
struct ShownCampaign<'a> {
    id: &'a str,
    name: &'a str,
    status: &'a str,
    updated: SimTime,
}

impl Platform {
    /// Answers a read of one campaign.
    pub(in crate::simulator) fn read_campaign(
        &self,
        id: &str,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let campaign = self.world.campaign(id);
        let campaign = campaign.ok_or_else(|| Refused::no_such("campaign", id))?;
        let (status, updated) = campaign.seen_at(now);
        let shown = ShownCampaign {
            id,
            name: &campaign.name,
            status,
            updated,
        };
        Ok(self.show(&shown, now))
    }

    /// Sets a campaign's status, at once or at the end of a transition.
    pub(in crate::simulator) fn put_campaign(
        &mut self,
        id: &str,
        call: &Call,
        token: &Token,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let change: StatusChange = read_body(&call.body)?;
        let campaign = self.world.campaign(id);
        let campaign = campaign.ok_or_else(|| Refused::no_such("campaign", id))?;
        let current = campaign.command_basis();
        if !matches!(current, "RUNNING" | "PAUSED") {
            let message = format!("campaign {id} is {current} and takes no commands");
            return Err(Refused::conflict("conflict", message));
        }
        let (status, by) = (change.status.wire(), call.actor(token));
        let transition = match &call.treatment {
            Treatment::Transition(transition) => Some(transition),
            Treatment::Usual | Treatment::InPart => self.rules.quirks.transition.as_ref(),
        };
        let transition = transition.filter(|_| current != status).cloned();
        match transition {
            None => {
                let delay = self.rules.actuation_delay;
                self.world.command(id, status, by, delay, now);
                let mut answer = self.changed(id, now);
                answer.applied = true;
                Ok(answer)
            }
            Some(transition) => {
                self.begin_transition(id, status, call, token, &transition, now);
                Ok(self.changed(id, now))
            }
        }
    }

    fn begin_transition(
        &mut self,
        id: &str,
        status: &str,
        call: &Call,
        token: &Token,
        transition: &Transition,
        now: SimTime,
    ) {
        let number = self
            .world
            .begin_transition(id, transition.word_to(status), now);
        let effect = LateEffect::TransitionEnds {
            seen: call.seen.clone(),
            campaign: id.to_owned(),
            status: status.to_owned(),
            by: call.actor(token),
            number,
        };
        self.late.push(now.plus(transition.lasting), effect);
    }

    /// The answer to a command.
    fn changed(&self, id: &str, now: SimTime) -> Answer {
        match self.world.campaign(id) {
            Some(campaign) if !self.rules.put_answers_no_content => {
                let (status, updated) = match campaign.transition() {
                    Some(transition) => transition,
                    None => (campaign.status.as_str(), campaign.updated),
                };
                let shown = ShownCampaign {
                    id,
                    name: &campaign.name,
                    status,
                    updated,
                };
                self.show(&shown, now)
            }
            Some(_) | None => Answer::json(StatusCode::NO_CONTENT, Bytes::new()),
        }
    }

    fn show(&self, shown: &ShownCampaign<'_>, now: SimTime) -> Answer {
        let quirks = &self.rules.quirks;
        let updated_timestamp = quirks.timestamps.shown(shown.updated, now);
        Answer::json(
            StatusCode::OK,
            wire::json(&wire::Campaign {
                id: shown.id,
                name: shown.name,
                status: quirks.words.spell(shown.status),
                updated_timestamp: updated_timestamp.filter(|_| self.rules.give_updated_timestamp),
            }),
        )
    }
}
