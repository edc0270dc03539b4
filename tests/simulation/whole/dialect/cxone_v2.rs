//! Campaigns with a status word, a version and a time of the change.

use campaign_autopilot::simulator::{Endpoint, Timestamps};
use hyper::Method;
use serde_json::Value;

use crate::whole::draw::Where;
use crate::whole::schedule::Setup;

use super::{Classified, Purpose};

pub(super) fn classify(method: &Method, segments: &[&str]) -> Option<Classified> {
    let get = *method == Method::GET;
    let (endpoint, purpose, target) = match segments {
        ["oauth2" | "oauth", "token"] => (Endpoint::Token, Purpose::Token, None),
        ["api", "v2", "interactions", "agents"] => (Endpoint::Agents, Purpose::Agents, None),
        ["api", "v2", "campaigns", id] if get => {
            (Endpoint::CampaignGet, Purpose::Status, Some(*id))
        }
        ["api", "v2", "campaigns", id] => (Endpoint::CampaignPut, Purpose::Command, Some(*id)),
        ["api", "v2", "outbound", "campaigns", id, "agents"] if get => {
            (Endpoint::AssignmentsGet, Purpose::List, Some(*id))
        }
        ["api", "v2", "outbound", "campaigns", id, "agents"] => {
            (Endpoint::AssignmentsPut, Purpose::ListWrite, Some(*id))
        }
        ["api", "v2", "routing", "queues", id] if get => {
            (Endpoint::QueueGet, Purpose::Queue, Some(*id))
        }
        ["api", "v2", "routing", "queues", id] if *method == Method::PATCH => {
            (Endpoint::QueuePatch, Purpose::QueueWrite, Some(*id))
        }
        ["api", "v2", "routing", "queues", id] => {
            (Endpoint::QueuePut, Purpose::QueueWrite, Some(*id))
        }
        ["api", "v2", "routing", "queues", id, "statistics"] => {
            (Endpoint::QueueStatistics, Purpose::Other, Some(*id))
        }
        ["api", "v2", "routing", "skills"] => (Endpoint::Skills, Purpose::Other, None),
        ["api", "v2", "routing", "users", id, "routing-profile"] => {
            (Endpoint::ProfilePut, Purpose::Other, Some(*id))
        }
        ["x-autopilot", "outcomes"] => (Endpoint::Outcomes, Purpose::Other, None),
        ["x-autopilot", "campaigns", id, "idle-reserve"] if get => {
            (Endpoint::IdleReserveGet, Purpose::Other, Some(*id))
        }
        ["x-autopilot", "campaigns", id, "idle-reserve"] => {
            (Endpoint::IdleReservePut, Purpose::Other, Some(*id))
        }
        _ => return None,
    };
    Some(Classified {
        endpoint,
        purpose,
        target: target.map(str::to_owned),
        asks: None,
    })
}

/// The member `status` of a body.
pub(super) fn status_word(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body.get("status")?.as_str()?.to_owned())
}

pub(super) fn endpoints(place: Where, setup: &Setup) -> Vec<Endpoint> {
    let (reads, writes) = match place {
        Where::Any => (true, true),
        Where::Writes => (false, true),
        Where::Agents => return vec![Endpoint::Agents],
        Where::Campaign => return vec![Endpoint::CampaignGet, Endpoint::CampaignPut],
        Where::Commands => return vec![Endpoint::CampaignPut],
        Where::Lists if setup.previews => return vec![Endpoint::AssignmentsPut],
        Where::Lists | Where::StateCommands => return Vec::new(),
    };
    let mut found = Vec::new();
    if reads {
        found.extend([Endpoint::Token, Endpoint::Agents, Endpoint::CampaignGet]);
    }
    if writes {
        found.extend([Endpoint::CampaignPut, Endpoint::CampaignPut]);
    }
    if setup.previews {
        found.extend(reads.then_some(Endpoint::AssignmentsGet));
        found.extend(writes.then_some(Endpoint::AssignmentsPut));
    }
    if setup.queue && reads {
        found.extend([Endpoint::QueueGet, Endpoint::QueueStatistics]);
    }
    if setup.queue && writes {
        found.extend([Endpoint::QueuePut, Endpoint::QueuePatch]);
    }
    found
}

pub(super) fn tells_when(setup: &Setup) -> bool {
    [Timestamps::Exact, Timestamps::WholeSeconds].contains(&setup.quirks.timestamps)
}
