//! What the platform can do.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::domain::{Evidence, PlatformTraits, Settling};
use crate::platform::http::Rate;
use crate::platform::port::{AgentFeed, Basis, Capabilities, Levers, Rights, StatusCalls};

use super::rights;

/// What is asked for where the settings name no rate: the published default of most operations, which other tools of the account and region
/// use up as well.
pub const USUAL_RATE: Rate = Rate {
    per_second: 2.0,
    burst: 5,
};

/// States that come with one call.
pub(super) const STATES_IN_ONE_CALL: usize = 25;

const BATCH: NonZeroUsize = NonZeroUsize::new(STATES_IN_ONE_CALL).unwrap();

/// What the platform can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    basis: Basis {
        written_from: "the vendor's service models, inferences marked",
        live: false,
    },
    agents: AgentFeed::Counts,
    agent_rows: false,
    selectors: false,
    own_group: true,
    // Agents are counted by queue, whichever campaign's call they are on.
    serving: false,
    // Contacts in wrap-up are counted, and not the agents.
    wrap_up: false,
    statuses: StatusCalls::Batch(BATCH),
    traits: PlatformTraits {
        evidence: Evidence::OwnReadings,
        settling: Settling {
            // Nothing published says how late a state may show [I].
            usual: Duration::from_secs(8),
            longest: Duration::from_secs(60),
            longest_resume: None,
        },
        restores: false,
        staged_resume: None,
        bars_log_in: false,
    },
    lists: None,
    queues: None,
    profiles: false,
    levers: Levers {
        dial_ratio: true,
        idle_reserve: false,
    },
    outcomes: true,
    rivals: true,
    rights: Rights {
        noun: "permission",
        log_in: "credentials",
        remedy: "add it to the policy of the role",
        unknown_campaign: "check the id, the instance and the region",
        campaigns: rights::NEEDED,
        lists: &[],
        queues: &[],
        useful: rights::USEFUL,
    },
};
