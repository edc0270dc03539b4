//! The preview assignments' two operations: what is in force, and replacing it as one.

use std::borrow::Cow;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::quirks::AssignmentForm;
use super::wire;
use crate::simulator::answer::Answer;
use crate::simulator::assignments::{self, Assignment};
use crate::simulator::call::{Call, Treatment};
use crate::simulator::platform::{Platform, read_body};
use crate::simulator::refusal::Refused;
use crate::simulator::settings::AssignmentReads;
use crate::simulator::time::SimTime;
use crate::simulator::tokens::Token;

/// The answer to a read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InForce<'a> {
    campaign_id: &'a str,
    agents: Option<Cow<'a, [Assignment]>>,
}

/// The body of a replacement.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Replacement {
    #[serde(default, deserialize_with = "wire::there")]
    campaign_id: Option<String>,
    agents: Vec<Assignment>,
}

/// The answer to a replacement.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Assigned<'a> {
    campaign_id: &'a str,
    agents_updated: usize,
    assignment_id: String,
    timestamp: String,
}

impl Platform {
    /// Answers a read of the campaign's assignments.
    pub(in crate::simulator) fn read_assignments(&self, campaign: &str) -> Result<Answer, Refused> {
        match self.rules.assignment_reads {
            AssignmentReads::Served => {}
            AssignmentReads::NotFound => {
                return Err(Refused::new(
                    StatusCode::NOT_FOUND,
                    "not_found",
                    "no such path",
                ));
            }
            AssignmentReads::MethodNotAllowed => return Ok(Answer::wrong_method("PUT")),
        }
        if self.world.campaign(campaign).is_none() {
            return Err(Refused::no_such("campaign", campaign));
        }
        let in_force = self.world.assignments(campaign);
        let body = |agents| {
            wire::json(&InForce {
                campaign_id: campaign,
                agents,
            })
        };
        let quirks = &self.rules.quirks;
        let nobody = in_force
            .is_empty()
            .then(|| quirks.nobody.body(|| body(None)));
        let shown = || match quirks.assignment_form {
            AssignmentForm::AsSent => Cow::Borrowed(in_force),
            AssignmentForm::Normalised => Cow::Owned(assignments::normalised(in_force)),
        };
        let documented = || body(Some(shown()));
        Ok(Answer::list(nobody.flatten().unwrap_or_else(documented)))
    }

    /// Replaces the campaign's assignments, or leaves them as they are and says why.
    pub(in crate::simulator) fn replace_assignments(
        &mut self,
        campaign: &str,
        call: &Call,
        token: &Token,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        match call.client_id.as_deref() {
            Some(id) if id == token.client => {}
            Some(id) => {
                let message = format!("x-client-id is {id:?}, and the token is another client's");
                return Err(Refused::unprocessable("invalid_header", message));
            }
            None => {
                let message = "the header x-client-id with the OAuth client's id is required";
                return Err(Refused::unprocessable("invalid_header", message));
            }
        }
        let Replacement {
            campaign_id,
            mut agents,
        } = read_body(&call.body)?;
        if self.world.campaign(campaign).is_none() {
            return Err(Refused::no_such("campaign", campaign));
        }
        if let Some(other) = campaign_id.filter(|id| id != campaign) {
            let message = format!("campaignId is {other:?}, and the path says {campaign:?}");
            return Err(Refused::unprocessable("invalid_body", message));
        }
        let messages = assignments::faults(&agents, |id| self.world.agent(id).is_some());
        if !messages.is_empty() {
            return Err(Refused {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                code: "invalid_assignment",
                messages,
            });
        }
        if let Some(most) = self.world.dialer_exceeded(campaign, agents.len()) {
            let message = format!(
                "the dialer has capacity for {most} agents of campaign {campaign}, not for {}",
                agents.len()
            );
            return Err(Refused::conflict("insufficient_capacity", message));
        }
        let agents_updated = agents.len();
        match call.treatment {
            Treatment::InPart => agents.truncate(agents_updated.saturating_mul(2) / 3),
            Treatment::Usual | Treatment::Transition(_) => {}
        }
        let by = call.actor(token);
        let assignment_id = self.world.assign(campaign, agents, by, now);
        let body = wire::json(&Assigned {
            campaign_id: campaign,
            agents_updated,
            assignment_id: assignment_id.unwrap_or_default(),
            timestamp: now.rfc3339(),
        });
        Ok(Answer::applied(body))
    }
}
