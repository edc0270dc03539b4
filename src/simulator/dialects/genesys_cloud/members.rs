//! Members of queues: who has joined, and who has left for now.
//!
//! Everybody with a queue's skill in the world is a member of it and has joined, until a write says otherwise. Writes come true later, as
//! [`CloudSettings::members_lag`](super::CloudSettings::members_lag) says; users who are no members are passed over in silence.

use serde_json::{Value, json};

use super::super::super::answer::Answer;
use super::super::super::refusal::Refused;
use super::answers::{RequestContext, json_answer, members, read_as, routing_status};
use super::bodies;

impl RequestContext<'_> {
    /// Members by page, with a link to the next one while there is one, and without any total.
    pub(super) fn members(&self, queue: &str) -> Result<Answer, Refused> {
        self.cloud.queue(queue)?;
        let page = self.query.page()?;
        let mut members = members(self.world, self.cloud, queue)
            .skip(page.size.saturating_mul(page.number.saturating_sub(1)));
        let rows: Vec<Value> = members
            .by_ref()
            .take(page.size)
            .map(|(id, agent)| {
                let status = routing_status(self.world, id, agent).unwrap_or("OFF_QUEUE");
                json!({
                    "id": id,
                    "name": agent.name,
                    "joined": self.cloud.joined.has(queue, id),
                    "memberBy": "user",
                    "routingStatus": {"userId": id, "status": status},
                })
            })
            .collect();
        let mut listing = json!({
            "entities": rows,
            "pageSize": page.size,
            "pageNumber": page.number,
        });
        if members.next().is_some()
            && let Value::Object(listing) = &mut listing
        {
            let next = page.number.saturating_add(1);
            let next = format!(
                "/api/v2/routing/queues/{queue}/members?pageNumber={next}&pageSize={}",
                page.size
            );
            listing.insert("nextUri".to_owned(), next.into());
        }
        Ok(json_answer(&listing))
    }

    pub(super) fn change_members(&mut self, queue: &str) -> Result<Answer, Refused> {
        self.cloud.queue(queue)?;
        let body = read_as(&bodies::MEMBERS, &self.call.body)?;
        let due = self.now.plus(self.cloud.settings.members_lag);
        for change in body.as_array().into_iter().flatten() {
            let agent = change.get("id").and_then(Value::as_str);
            let joined = change.get("joined").and_then(Value::as_bool);
            if let (Some(agent), Some(joined)) = (agent, joined) {
                self.cloud.joined.change(due, queue, agent, joined);
            }
        }
        let mut answer = self.members(queue)?;
        answer.applied = true;
        self.cloud.joined.follow(self.now);
        Ok(answer)
    }
}
