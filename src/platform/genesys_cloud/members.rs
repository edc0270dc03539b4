//! The members of a queue one by one: who has joined it, and what each of them does.
//!
//! A listing has no total and no last page: it goes on as long as it links to a next one. A member who has not joined does not serve the
//! queue at the moment, and joins by a write of ours or of somebody else.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::{AgentState, CampaignId, Timestamp};
use crate::platform::http::RateShare;
use crate::platform::port::{FaultKind, PlatformFault};

use super::organisation::{Ask, Organisation, decode};
use super::{campaigns, endpoints, queue_campaigns, rights};

/// Members in a page.
const ROWS: usize = 100;

/// A listing that goes on for longer has no end.
const MOST_PAGES: usize = 1_000;

/// Everybody who is a member of a queue, by id.
pub(super) type Members = BTreeMap<String, Member>;

/// A member of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) joined: bool,
    pub(super) state: AgentState,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: String,
    joined: Option<bool>,
    routing_status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    #[serde(borrow)]
    entities: Vec<&'a RawValue>,
    next_uri: Option<String>,
}

/// The members of a page, and whether another one follows.
fn parse(body: &[u8]) -> Result<(Members, bool), String> {
    let page: Page<'_> = serde_json::from_slice(body)
        .map_err(|wrong| format!("the members cannot be read: {wrong}"))?;
    let mut members = Members::new();
    for row in page.entities {
        // A row that cannot be read could be anybody, and who serves a queue is changed as a whole.
        let row: Row = serde_json::from_str(row.get())
            .map_err(|wrong| format!("a member cannot be read: {wrong}"))?;
        let joined = row
            .joined
            .ok_or_else(|| format!("it is not said whether member {} has joined", row.id))?;
        let status = row.routing_status.and_then(|status| status.status);
        let state = state(status.as_deref());
        members.insert(row.id, Member { joined, state });
    }
    Ok((members, page.next_uri.is_some_and(|next| !next.is_empty())))
}

/// The state of whoever has this routing status.
fn state(status: Option<&str>) -> AgentState {
    match status {
        Some("IDLE") => AgentState::Available,
        Some("INTERACTING" | "COMMUNICATING") => AgentState::Busy,
        Some("OFF_QUEUE") => AgentState::Offline,
        // `NOT_RESPONDING`, one that is not known, and none.
        Some(_) | None => AgentState::Other,
    }
}

/// Reads everybody who is a member of a queue, or nobody.
pub(super) async fn members(
    organisation: &Organisation,
    queue: &str,
    share: RateShare,
    deadline: Timestamp,
) -> Result<Members, PlatformFault> {
    let mut all = Members::new();
    for page in 1..=MOST_PAGES {
        let ask = Ask {
            endpoint: endpoints::MEMBERS,
            path: &["routing", "queues", queue, "members"],
            query: vec![
                ("pageSize", ROWS.to_string()),
                ("pageNumber", page.to_string()),
            ],
            body: None,
            right: rights::QUEUE_VIEW,
            share,
            deadline,
        };
        let (members, more) = organisation.read(ask, parse).await?;
        all.extend(members);
        if !more {
            return Ok(all);
        }
    }
    Err(decode(format!("the members of queue {queue} have no end")))
}

/// The queue of a campaign whose agents are moved: it has to serve that campaign and no other.
///
/// # Errors
/// When it cannot be read, there is none, or others share it.
pub(super) async fn queue_of_its_own(
    organisation: &Organisation,
    campaign: &CampaignId,
    share: RateShare,
    deadline: Timestamp,
) -> Result<String, PlatformFault> {
    let found = campaigns::one(organisation, campaign, share, deadline).await?;
    let queue = found.queue();
    let queue = queue.ok_or_else(|| decode(format!("campaign {campaign} has no queue")))?;
    let listed = queue_campaigns::of_queue(organisation, queue, share, deadline).await?;
    let others: Vec<String> = listed
        .into_iter()
        .filter(|listed| listed.id != campaign.as_str())
        .map(|listed| listed.id)
        .collect();
    if let Some(other) = others.first() {
        return Err(PlatformFault {
            kind: FaultKind::Refused,
            detail: format!(
                "queue {queue} of campaign {campaign} serves campaign {other} as well: agents are moved only in a queue of the \
                 campaign's own"
            ),
        });
    }
    Ok(queue.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_whole_or_not_at_all() {
        let body = br#"{"entities":[{"id":"a","joined":true,"routingStatus":{"status":"IDLE"}},
            {"id":"b","joined":false,"routingStatus":{"status":"OFF_QUEUE"}},{"id":"c","joined":true}],"nextUri":"/x"}"#;
        let (members, more) = parse(body).unwrap();
        assert!(more);
        let expected = [
            ("a", true, AgentState::Available),
            ("b", false, AgentState::Offline),
            ("c", true, AgentState::Other),
        ];
        let expected =
            expected.map(|(id, joined, state)| (id.to_owned(), Member { joined, state }));
        assert_eq!(members, Members::from(expected));
        assert!(!parse(br#"{"entities":[]}"#).unwrap().1);
        assert!(parse(br#"{"entities":[{"id":"a"}]}"#).is_err());
        assert!(parse(br#"{"entities":[["a",true]]}"#).is_err());
    }
}
