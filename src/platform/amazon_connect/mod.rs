//! Amazon Connect's outbound campaigns as the vendor's service models describe them: two services of one instance, whose requests are
//! signed each by itself.
//!
//! | what | request |
//! |---|---|
//! | what campaigns do | `POST /v2/campaigns-state`, 25 in one call; `GET /v2/campaigns/{id}/state` for one: `campaigns` |
//! | a command | `POST /v2/campaigns/{id}/pause` or `/resume`, without a body: `commander` |
//! | a campaign's queue and mode | `GET /v2/campaigns/{id}`, at first and each hour: `campaign` and `known` |
//! | available agents | `POST /metrics/current/{instance}`, a hundred queues in one call: `counts` and `observer` |
//! | what became of calls | `POST /metrics/data`: `outcomes` |
//! | how fast a campaign dials | `POST /v2/campaigns/{id}/channel-subtype-config`, whole: `throttle` |
//! | who we are | the vendor's chain of credentials (`credentials`), and a signature for each request (`signer`) |
//!
//! Campaigns of the first version have the same paths without `/v2`, and a form of their own. *Only `Running` is paused and only `Paused`
//! is resumed*; a campaign that was never started, or is at its end, is a person's. *A count that is null, absent or left out is not known.*
//! *A second pause is a conflict* whose body tells the state: what is so already is not our doing. *The name of an error decides*, and not
//! its status: `refusals`.
//!
//! *Never here:* a start or stop of a campaign; a command to one that a journey runs or that needs no agents, unless the settings say so.
//!
//! Signer and chain come from the vendor's crates, some 40 with what they need. The parts that use them are built with the feature
//! `amazon-connect` alone, and so is all that needs those parts; what the settings ask for is there in every build.
//!
//! What is marked **\[I\]** is an inference and has to be seen on an account.

mod capabilities;
mod endpoints;
mod region;
mod rights;

#[cfg(not(feature = "amazon-connect"))]
mod absent;
#[cfg(feature = "amazon-connect")]
mod account;
#[cfg(feature = "amazon-connect")]
mod campaign;
#[cfg(feature = "amazon-connect")]
mod campaigns;
#[cfg(feature = "amazon-connect")]
mod clock_skew;
#[cfg(feature = "amazon-connect")]
mod commander;
#[cfg(feature = "amazon-connect")]
mod connect;
#[cfg(feature = "amazon-connect")]
mod connector;
#[cfg(feature = "amazon-connect")]
mod counts;
#[cfg(feature = "amazon-connect")]
mod credentials;
#[cfg(feature = "amazon-connect")]
mod known;
#[cfg(feature = "amazon-connect")]
mod login;
#[cfg(feature = "amazon-connect")]
mod observer;
#[cfg(feature = "amazon-connect")]
mod outcomes;
mod profile;
#[cfg(feature = "amazon-connect")]
mod refusals;
#[cfg(feature = "amazon-connect")]
#[cfg(test)]
mod replay_tests;
#[cfg(feature = "amazon-connect")]
mod signer;
#[cfg(feature = "amazon-connect")]
mod throttle;

use crate::platform::dialect::Spoken;

#[cfg(not(feature = "amazon-connect"))]
pub use absent::{ABSENT, connect};
pub use capabilities::{CAPABILITIES, USUAL_RATE};
#[cfg(feature = "amazon-connect")]
pub use connect::{ABSENT, connect};
pub use endpoints::ENDPOINTS;
pub use region::{VARIABLES as REGION_VARIABLES, hosts};

/// What the dialect says of itself.
pub(super) const SPOKEN: Spoken = Spoken {
    needs_client: false,
    signs_requests: true,
    usual_rate: Some(USUAL_RATE),
    region_hosts: Some(hosts),
    region_variables: REGION_VARIABLES,
    region_files: Some(profile::REGION_FILES),
    // Nobody logs in: the address stands for the account.
    token_url: |base, area| base.or(area).cloned(),
    absent: ABSENT,
    ..Spoken::plain(
        CAPABILITIES,
        ENDPOINTS,
        |tenant, shared| connect(&tenant, &shared),
        &[
            "region",
            "instance_id",
            "metrics_url",
            "campaigns_version",
            "empty_means",
            "also_steer",
        ],
    )
};
