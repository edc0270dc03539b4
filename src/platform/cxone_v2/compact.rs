//! The quick way through a page in the form that platforms write: one object behind the other, nothing nested, no escapes.
//!
//! It looks at what it relies on and nothing else: that no text is escaped and all quotes pair, that the list comes first in its object and
//! ends it, that each agent is closed before the next one opens, and that each has an id and a state. Where any of that
//! does not hold it says nothing, and the page is read by a full parser. Members that are not needed are passed over
//! unread, which is what makes it several times as fast.

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter};

use crate::domain::SnapshotBuilder;

use super::rows::{AgentsPage, NotKnown};
use super::words::agent_state;

/// The bytes of an agent with a short name; only a guess for how much room to make.
const BYTES_OF_AN_AGENT: usize = 90;

/// Reads a page in the quick form; nothing if it has another.
pub(super) fn compact_page(body: &str, skills: bool) -> Option<AgentsPage> {
    // Quotes that do not pair say that the page breaks off within a text, whatever that text looks like.
    let pairs = memchr_iter(b'"', body.as_bytes()).count().is_multiple_of(2);
    if !pairs || memchr(b'\\', body.as_bytes()).is_some() {
        return None;
    }
    let (id_of, state_of, skills_of) = (
        Finder::new(r#""id":""#),
        Finder::new(r#""state":""#),
        Finder::new(r#""skills":["#),
    );
    let mut rest = body.strip_prefix(r#"{"items":[{"#)?;
    let mut builder = SnapshotBuilder::with_capacity(body.len() / BYTES_OF_AN_AGENT);
    let mut ends: Option<(&str, &str)> = None;
    let mut not_known = NotKnown::default();
    loop {
        let (agent, next) = match memchr(b'{', rest.as_bytes()) {
            Some(at) => {
                let (agent, next) = rest.split_at_checked(at)?;
                (agent.strip_suffix("},")?, next.strip_prefix('{'))
            }
            None => (rest.strip_suffix("}]}")?, None),
        };
        let (id, behind) = member(agent, &id_of)?;
        // The state mostly follows the id.
        let (word, _) = member(behind, &state_of).or_else(|| member(agent, &state_of))?;
        let state = agent_state(word);
        not_known.note(state, word);
        if skills {
            builder.add(id, state, listed(agent, &skills_of)?);
        } else {
            builder.add(id, state, []);
        }
        ends = Some((ends.map_or(id, |(first, _)| first), id));
        match next {
            Some(next) => rest = next,
            None => break,
        }
    }
    let ends = ends.map(|(first, last)| (first.to_owned(), last.to_owned()));
    Some(AgentsPage {
        builder,
        ends,
        not_known,
    })
}

/// The text of the member that `name` finds, and what follows it.
fn member<'a>(agent: &'a str, name: &Finder<'_>) -> Option<(&'a str, &'a str)> {
    let quick = agent.as_bytes().starts_with(name.needle()).then_some(0);
    let at = quick
        .or_else(|| name.find(agent.as_bytes()))?
        .checked_add(name.needle().len())?;
    let value = agent.get(at..)?;
    value.split_at_checked(memchr(b'"', value.as_bytes())?)
}

/// The texts of a list; none where there is no such list.
fn listed<'a>(agent: &'a str, name: &Finder<'_>) -> Option<impl Iterator<Item = &'a str>> {
    let list = match name.find(agent.as_bytes()) {
        Some(at) => {
            let list = agent.get(at.checked_add(name.needle().len())?..)?;
            list.get(..memchr(b']', list.as_bytes())?)?
        }
        None => "",
    };
    // A bracket within a skill's name would end the list too early; its quotes would not pair.
    let quotes = memchr_iter(b'"', list.as_bytes()).count();
    quotes
        .is_multiple_of(2)
        .then(|| list.split('"').skip(1).step_by(2))
}
