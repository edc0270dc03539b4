//! NICE CXone ACD as it is published: what dials is an outbound Personal Connection skill, which is started and stopped.
//!
//! | what | request |
//! |---|---|
//! | a token | [`login`]: by access key on the area's host, or through a registered client on the global one |
//! | the API host | [`discovery`], where the configuration does not name it |
//! | every agent's state | `GET /agents/states`, whole at first and then what changed: [`delta`] |
//! | who has a skill | `GET /skills/{id}/agents`, likewise |
//! | what the platform counts itself | `GET /skills/activity`, where that is asked for: [`activity`] |
//! | who is assigned to a preview campaign | `GET`, `PUT` and `POST` of `/skills/{id}/agents`: [`membership`] |
//! | run states | `GET /skills` in one call, `GET /skills/{id}` for one |
//! | a command | `POST /skills/{id}/stop` or `/start`, no query and no body: [`command`] |
//! | the skills of a CXone campaign | `GET /campaigns/{id}/skills` |
//! | how fast a skill dials | `GET` and `PUT /skills/{id}/parameters/general-settings`: [`pacing`] |
//! | settings of a skill, as those of a queue | `GET` and `PUT /skills/{id}`: [`skill_settings`] |
//! | what a skill counted | `GET /skills/{id}/summary` |
//! | a schedule beside us | `GET /skills/{id}/parameters`: [`schedule`] |
//! | the calls of a day | `GET /business-unit`: [`budget`] |
//!
//! All lie behind `/inContactAPI/services/{version}`, with a version for each [`operation`].
//!
//! *Availability* is counted by us, since what the platform counts as available for a running skill is not published:
//! [`counting`] has the rule, which does not depend on whether the skill runs. *Pages* are read to `totalRecords` and never
//! to a short one ([`pages`]); 200 without rows, 204 and 304 answer a delta with "no change". *Releases differ* in spelling:
//! [`drift`] and [`listing`] read them all.
//!
//! *Never here:* a stop that ends live calls; a command to a skill that is inactive, inbound, agentless, dials by another
//! strategy or is not in the configuration.
//!
//! What is marked **\[I\]** is an inference and has to be seen on a tenant.

mod activity;
mod agent_rows;
mod agent_state;
mod budget;
mod campaign_skills;
mod campaigns;
mod command;
mod connect;
mod counting;
mod delta;
mod discovery;
mod drift;
mod endpoints;
mod groups;
mod list_faults;
mod listing;
mod lists;
mod login;
mod membership;
mod observer;
#[cfg(test)]
mod observer_tests;
mod operation;
mod outcomes;
mod pacing;
mod pages;
mod queues;
mod reading;
mod schedule;
mod skill;
mod skill_agents;
mod skill_settings;
mod summary;
mod tenant;
mod throttle;

use crate::platform::dialect::Spoken;

pub use connect::{
    CAPABILITIES, api_versions, area_token_url, campaign_faults, capabilities, connect,
    needs_registered_client, ready_states,
};
pub use endpoints::ENDPOINTS;
pub use list_faults::{agent_fault, list_faults};

/// What the dialect says of itself.
pub(super) const SPOKEN: Spoken = Spoken {
    capabilities_by: Some(capabilities),
    needs_base_url: false,
    needs_registered_client,
    campaign_faults,
    list_faults,
    agent_fault,
    ..Spoken::plain(
        CAPABILITIES,
        ENDPOINTS,
        |tenant, shared| connect(&tenant, shared),
        &[
            "token_url",
            "area",
            "registered_client_id",
            "registered_client_secret",
            "registered_client_secret_file",
            "api_versions",
            "ready_states",
            "agents",
            "longest_call",
        ],
    )
};
