//! The page of agents.

use bytes::Bytes;

use super::quirks::Filtering;
use super::wire;
use crate::simulator::agent_state::AgentState;
use crate::simulator::answer::Answer;
use crate::simulator::encoding::form_value;
use crate::simulator::platform::Platform;
use crate::simulator::refusal::Refused;
use crate::simulator::world::AgentRecord;

/// The most rows of a page.
const MAX_LIMIT: usize = 100;

/// Pages kept for an unchanged world: enough for 100,000 agents in four states.
const KEPT_PAGES: usize = 4_096;

impl Platform {
    /// Answers a read of a page of agents.
    pub(in crate::simulator) fn read_agents(&mut self, query: &str) -> Result<Answer, Refused> {
        let (state, offset, limit) = read_page_query(query)?;
        let quirks = &self.rules.quirks;
        let limit = quirks.page_limit(limit);
        let (world, pages) = (&mut self.world, &mut self.pages);
        if pages.version != world.agents_version() || pages.kept.len() > KEPT_PAGES {
            pages.kept.clear();
            pages.version = world.agents_version();
        }
        let body = pages
            .kept
            .entry((state.clone(), offset, limit))
            .or_insert_with(|| {
                let profiles = world.profiles().clone();
                let queues_of = |id: &str| profiles.get(id).map(Vec::as_slice);
                let listed = match quirks.filtering {
                    Filtering::BeforePaging => state.as_ref(),
                    Filtering::AfterPaging => None,
                };
                let asked_for =
                    |agent: &AgentRecord| state.as_ref().is_none_or(|state| agent.state == *state);
                let rows = world.page(listed, offset, limit);
                let rows = rows.filter(|(_, agent)| asked_for(agent));
                let items = rows.map(|(id, agent)| wire::Agent {
                    id,
                    name: &agent.name,
                    state: quirks.words.spell(agent.state.wire()),
                    skills: &agent.skills,
                    queue_ids: queues_of(id),
                    state_since: agent.since.rfc3339(),
                });
                let items: Vec<_> = items.collect();
                let null_items = || Bytes::from_static(br#"{"items":null}"#);
                let nobody = items.is_empty().then(|| quirks.nobody.body(null_items));
                let documented = || wire::json(&wire::Page { items });
                nobody.flatten().unwrap_or_else(documented)
            });
        Ok(Answer::list(body.clone()))
    }
}

fn read_page_query(query: &str) -> Result<(Option<AgentState>, usize, usize), Refused> {
    let (offset, limit) = read_paging(query)?;
    match form_value(query, "state").map(|word| AgentState::from_wire(&word)) {
        Some(AgentState::Other(word)) => Err(bad_parameter(format!(
            "state is {word:?}, expected available, busy, offline or wrap-up"
        ))),
        state => Ok((state, offset, limit)),
    }
}

/// Reads offset and limit of a query.
pub(super) fn read_paging(query: &str) -> Result<(usize, usize), Refused> {
    let number = |name: &str, default: usize| match form_value(query, name) {
        None => Ok(default),
        // A number too large for us is still one: behind the last item there is nothing.
        Some(text) if !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()) => {
            Ok(text.parse().unwrap_or(usize::MAX))
        }
        Some(text) => {
            let message = format!("{name} is {text:?}, expected a whole number");
            Err(bad_parameter(message))
        }
    };
    let (offset, limit) = (number("offset", 0)?, number("limit", MAX_LIMIT)?);
    if limit == 0 || limit > MAX_LIMIT {
        let message = format!("limit is {limit}, expected 1 to {MAX_LIMIT}");
        return Err(bad_parameter(message));
    }
    Ok((offset, limit))
}

fn bad_parameter(message: String) -> Refused {
    Refused::bad_request("invalid_parameter", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_query_is_bounded() {
        let read = |query: &str| {
            read_page_query(query)
                .map_err(|refused| refused.status.as_u16())
                .ok()
        };
        assert_eq!(read(""), Some((None, 0, 100)));
        let filtered = Some((Some(AgentState::WrapUp), 7, 1));
        assert_eq!(read("state=wrap%2Dup&offset=7&limit=1&other=x"), filtered);
        for wrong in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=",
            "offset=-1",
            "offset=x",
            "state=idle",
            "state=",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
