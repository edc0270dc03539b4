//! Queues, which are read and written as a whole: what a write leaves out is dropped.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::super::answer::Answer;
use super::super::super::refusal::Refused;
use super::super::super::time::SimTime;
use super::CloudState;
use super::wire;

impl CloudState {
    pub(super) fn queue(&self, id: &str) -> Result<Value, Refused> {
        if !self.settings.has_queue(id) {
            return Err(not_there(id));
        }
        let written = self.queues.get(id).cloned();
        Ok(written.unwrap_or_else(|| wire::queue(id)))
    }

    /// Writes a queue under no version, as a client or a person does.
    pub(super) fn write_queue(
        &mut self,
        id: &str,
        whole: Value,
        by: &str,
        now: SimTime,
    ) -> Result<Answer, Refused> {
        if !self.settings.has_queue(id) {
            return Err(not_there(id));
        }
        let mut members = wire::members(whole);
        members.insert("id".to_owned(), json!(id));
        members.insert("dateModified".to_owned(), json!(now.rfc3339()));
        members.insert("modifiedBy".to_owned(), json!(by));
        let whole = Value::Object(members);
        let body = whole.to_string();
        self.queues.insert(id.to_owned(), whole);
        let mut answer = Answer::json(StatusCode::OK, body.into());
        answer.applied = true;
        Ok(answer)
    }
}

fn not_there(id: &str) -> Refused {
    let why = format!("there is no queue {id}");
    Refused::new(StatusCode::NOT_FOUND, "not.found", why)
}
