//! The routes of the admin API: path and method of each operation.

use hyper::{Method, StatusCode};

use crate::identity::Role;

use super::answer::{Failure, NO_SUCH_PATH};

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Describe,
    WhoAmI,
    Configuration,
    Status,
    Campaigns,
    Campaign,
    Series,
    CampaignOutcomes,
    SetThresholds,
    RestoreThresholds,
    Hold,
    Release,
    ClaimPause,
    Pauses,
    History,
    Events,
    Reload,
    Queues,
    Recalibrate,
    Trigger,
    HoldQueue,
    ReleaseQueue,
    FeedOutcomes,
    HoldSeveral,
    ReleaseSeveral,
}

impl Operation {
    /// What it may leave in the store.
    pub(super) fn leaves(self) -> Trace {
        match self {
            Self::Describe
            | Self::WhoAmI
            | Self::Configuration
            | Self::Status
            | Self::Campaigns
            | Self::Campaign
            | Self::Series
            | Self::CampaignOutcomes
            | Self::Pauses
            | Self::History
            | Self::Events
            | Self::Queues => Trace::Nothing,
            Self::Recalibrate | Self::Trigger => Trace::Calibration,
            Self::SetThresholds
            | Self::RestoreThresholds
            | Self::Hold
            | Self::Release
            | Self::ClaimPause
            | Self::Reload
            | Self::HoldQueue
            | Self::ReleaseQueue
            | Self::FeedOutcomes
            | Self::HoldSeveral
            | Self::ReleaseSeveral => Trace::Change,
        }
    }

    /// The least role that may ask for it: what leaves nothing is only looked at.
    pub(super) fn needs(self) -> Role {
        match (self, self.leaves()) {
            (Self::Reload, _) => Role::Admin,
            (_, Trace::Nothing) => Role::View,
            (_, Trace::Calibration | Trace::Change) => Role::Operate,
        }
    }
}

/// What an operation may leave in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trace {
    /// It only looks.
    Nothing,
    /// What a calibration leaves.
    Calibration,
    /// A row of the audit.
    Change,
}

/// Every path with its operations; `{id}` stands for a campaign or a queue.
pub(super) const ROUTES: &[(&str, &[(&str, Operation)])] = &[
    ("/api/v1/openapi.json", &[("GET", Operation::Describe)]),
    ("/api/v1/me", &[("GET", Operation::WhoAmI)]),
    ("/api/v1/config", &[("GET", Operation::Configuration)]),
    ("/api/v1/status", &[("GET", Operation::Status)]),
    ("/api/v1/campaigns", &[("GET", Operation::Campaigns)]),
    ("/api/v1/campaigns/{id}", &[("GET", Operation::Campaign)]),
    (
        "/api/v1/campaigns/{id}/series",
        &[("GET", Operation::Series)],
    ),
    (
        "/api/v1/campaigns/{id}/outcomes",
        &[("GET", Operation::CampaignOutcomes)],
    ),
    (
        "/api/v1/campaigns/{id}/thresholds",
        &[
            ("PUT", Operation::SetThresholds),
            ("DELETE", Operation::RestoreThresholds),
        ],
    ),
    (
        "/api/v1/campaigns/{id}/hold",
        &[("PUT", Operation::Hold), ("DELETE", Operation::Release)],
    ),
    (
        "/api/v1/campaigns/{id}/pause-owner",
        &[("PUT", Operation::ClaimPause)],
    ),
    (
        "/api/v1/holds",
        &[
            ("PUT", Operation::HoldSeveral),
            ("DELETE", Operation::ReleaseSeveral),
        ],
    ),
    ("/api/v1/outcomes", &[("POST", Operation::FeedOutcomes)]),
    ("/api/v1/pauses", &[("GET", Operation::Pauses)]),
    ("/api/v1/history", &[("GET", Operation::History)]),
    ("/api/v1/events", &[("GET", Operation::Events)]),
    ("/-/reload", &[("POST", Operation::Reload)]),
    ("/api/v1/queues", &[("GET", Operation::Queues)]),
    (
        "/api/v1/queues/{id}/recalibrate",
        &[("POST", Operation::Recalibrate)],
    ),
    (
        "/api/v1/queues/{id}/hold",
        &[
            ("PUT", Operation::HoldQueue),
            ("DELETE", Operation::ReleaseQueue),
        ],
    ),
    // The path that systems with figures of their own already call.
    ("/api/trigger-queue-update", &[("POST", Operation::Trigger)]),
];

/// The operation of a path, with the campaign in it; or the methods that there are.
pub(super) fn find<'p>(
    method: &Method,
    path: &'p str,
) -> Result<(Operation, Option<&'p str>), Failure> {
    let given: Vec<&str> = path.split('/').collect();
    for (template, operations) in ROUTES {
        let parts: Vec<&str> = template.split('/').collect();
        let alike = parts.len() == given.len()
            && parts
                .iter()
                .zip(&given)
                .all(|(part, given)| *part == "{id}" || part == given);
        if !alike {
            continue;
        }
        let wanted = if method == Method::HEAD {
            "GET"
        } else {
            method.as_str()
        };
        if let Some((_, operation)) = operations.iter().find(|(method, _)| *method == wanted) {
            let at = parts.iter().position(|part| *part == "{id}");
            let id = at.and_then(|at| given.get(at)).copied();
            return Ok((*operation, id));
        }
        let methods: Vec<&str> = operations.iter().map(|(method, _)| *method).collect();
        return Err(Failure::one(
            StatusCode::METHOD_NOT_ALLOWED,
            "method",
            format!("this path takes {}", methods.join(", ")),
        ));
    }
    Err(Failure::one(
        StatusCode::NOT_FOUND,
        NO_SUCH_PATH,
        "not here; /api/v1/openapi.json describes what is",
    ))
}
