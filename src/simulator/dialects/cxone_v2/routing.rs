//! The operations on skills, queues and agents' routing profiles.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::agents::read_paging;
use super::queue_shapes::QueuePatch;
use super::queue_writes::{patch_faults, patched, replaced, whole_faults};
use super::wire;
use crate::simulator::agent_state::AgentState;
use crate::simulator::answer::Answer;
use crate::simulator::call::Call;
use crate::simulator::platform::{Platform, read_body};
use crate::simulator::queues::{self, Queue, QueueStatistics};
use crate::simulator::refusal::Refused;
use crate::simulator::settings::StaleQueuePut;
use crate::simulator::time::SimTime;
use crate::simulator::tokens::Token;

#[derive(Serialize)]
struct SkillsPage<'a> {
    items: Vec<Skill<'a>>,
}

#[derive(Serialize)]
struct Skill<'a> {
    id: &'a str,
    name: &'a str,
}

/// The body of a move of an agent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProfileChange {
    routing_profile_id: String,
    status: ProfileStatus,
    queue_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ProfileStatus {
    Available,
    Busy,
    Offline,
    WrapUp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    routing_profile_id: &'a str,
    status: &'a str,
    queue_ids: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Statistics<'a> {
    queue_id: &'a str,
    #[serde(flatten)]
    counted: QueueStatistics,
}

impl Platform {
    /// Answers a read of a page of skills.
    pub(in crate::simulator) fn read_skills(&self, query: &str) -> Result<Answer, Refused> {
        let (offset, limit) = read_paging(query)?;
        let limit = self.rules.quirks.page_limit(limit);
        let skills = self.world.skills().skip(offset).take(limit);
        let items = skills.map(|(id, name)| Skill { id, name }).collect();
        let body = wire::json(&SkillsPage { items });
        Ok(Answer::json(StatusCode::OK, body))
    }

    /// Answers a read of one queue.
    pub(in crate::simulator) fn read_queue(&self, id: &str) -> Result<Answer, Refused> {
        let queue = self.queue(id)?;
        Ok(Answer::json(StatusCode::OK, wire::json(queue)))
    }

    /// Answers a read of what one queue has counted.
    pub(in crate::simulator) fn read_queue_statistics(&self, id: &str) -> Result<Answer, Refused> {
        self.queue(id)?;
        let counted = self.world.queue_statistics(id);
        let counted = counted.ok_or_else(|| Refused::no_such("statistics of queue", id))?;
        let shown = Statistics {
            queue_id: id,
            counted,
        };
        Ok(Answer::json(StatusCode::OK, wire::json(&shown)))
    }

    /// Changes some members of a queue, if the version is the one in force.
    pub(in crate::simulator) fn patch_queue(
        &mut self,
        id: &str,
        call: &Call,
        token: &Token,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let body = read_object(&call.body)?;
        let patch: QueuePatch = serde_json::from_value(Value::Object(body.clone()))
            .map_err(|wrong| Refused::bad_request("invalid_body", wrong.to_string()))?;
        let before = self.queue(id)?;
        if patch.version != queues::version(before) {
            return Err(stale(
                StatusCode::CONFLICT,
                before,
                &patch.version.to_string(),
            ));
        }
        let messages = patch_faults(self.world.queues(), id, &patch);
        if !messages.is_empty() {
            return Err(Refused {
                status: StatusCode::BAD_REQUEST,
                code: "invalid_queue",
                messages,
            });
        }
        let after = patched(before, &body);
        self.write(id, after, call, token, now)
    }

    /// Replaces a queue. Without `If-Match` the last writer wins.
    pub(in crate::simulator) fn put_queue(
        &mut self,
        id: &str,
        call: &Call,
        token: &Token,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let whole = read_object(&call.body)?;
        let before = self.queue(id)?;
        if let Some(wanted) = call.if_match.as_deref() {
            let wanted = wanted.trim().trim_matches('"');
            let version: i64 = wanted.parse().map_err(|_| {
                let message = format!("If-Match is {wanted:?}, expected the queue's version");
                Refused::bad_request("invalid_header", message)
            })?;
            if version != queues::version(before) {
                let status = match self.rules.stale_queue_put {
                    StaleQueuePut::Conflict => StatusCode::CONFLICT,
                    StaleQueuePut::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
                };
                return Err(stale(status, before, wanted));
            }
        }
        let messages = whole_faults(self.world.queues(), id, &whole);
        if !messages.is_empty() {
            return Err(Refused {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                code: "invalid_queue",
                messages,
            });
        }
        let after = replaced(before, &whole);
        self.write(id, after, call, token, now)
    }

    /// Moves an agent to queues, and puts the agent in the state that is asked for, on a break or not.
    pub(in crate::simulator) fn put_profile(
        &mut self,
        agent: &str,
        call: &Call,
        token: &Token,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        let change: ProfileChange = read_body(&call.body)?;
        let is_missing = |id: &&String| self.world.queue(id).is_none();
        if let Some(unknown) = change.queue_ids.iter().find(is_missing) {
            return Err(Refused::no_such("queue", unknown));
        }
        let state = match change.status {
            ProfileStatus::Available => AgentState::Available,
            ProfileStatus::Busy => AgentState::Busy,
            ProfileStatus::Offline => AgentState::Offline,
            ProfileStatus::WrapUp => AgentState::WrapUp,
        };
        let body = wire::json(&Profile {
            routing_profile_id: &change.routing_profile_id,
            status: state.wire(),
            queue_ids: &change.queue_ids,
        });
        let is_new = self.world.queues_of(agent).is_none();
        let by = call.actor(token);
        if !self
            .world
            .move_agent(agent, change.queue_ids, state, by, now)
        {
            return Err(Refused::no_such("user", agent));
        }
        let mut answer = Answer::applied(body);
        if is_new {
            answer.status = StatusCode::CREATED;
        }
        Ok(answer)
    }

    fn queue(&self, id: &str) -> Result<&Queue, Refused> {
        let queue = self.world.queue(id);
        queue.ok_or_else(|| Refused::no_such("queue", id))
    }

    fn write(
        &mut self,
        id: &str,
        after: Queue,
        call: &Call,
        token: &Token,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        self.world.write_queue(id, after, call.actor(token), now);
        let body = wire::json(self.queue(id)?);
        Ok(Answer::applied(body))
    }
}

/// The body as an object; what is none cannot be understood.
fn read_object(body: &[u8]) -> Result<Queue, Refused> {
    serde_json::from_slice(body)
        .map_err(|_| Refused::bad_request("malformed_json", "the body is not a JSON object"))
}

fn stale(status: StatusCode, queue: &Queue, given: &str) -> Refused {
    let version = queues::version(queue);
    let message = format!("version {given} is no longer in force, it is {version}");
    Refused::new(status, "version_conflict", message)
}
