//! VICIdial by its script for other programs, as it was found to answer (build 241004-1518).
//!
//! | what | function of `/vicidial/non_agent_api.php` |
//! |---|---|
//! | build, clock and zone | `version`, without a log-in: [`clock`] |
//! | what campaigns do | `campaigns_list`: all in one call, or one: [`listings`], [`campaign`] |
//! | available agents | `logged_in_agents`: those of all campaigns in one call: [`observer`], [`counting`] |
//! | a pause, a resume, a pace | `update_campaign`: [`campaigns`], [`throttle`] |
//! | what became of calls | `call_status_stats`: [`outcomes`], [`effect`], [`standstill`] |
//!
//! Everything is a form that is posted, with user and password in each: [`site`]. *The first line decides*, not the status: [`answer`].
//! *A refused log-in repeats the password*, and ten of them lock the account: [`watch`]. *Nobody logged in* is an error in form, and
//! zero only for a campaign that the list of campaigns shows in the same poll.
//!
//! *Never here:* the password in an address or as the last field; a command to a campaign whose agents dial themselves, or a resume of
//! one that does not show our pause.

mod answer;
mod call_counts;
mod call_reader;
mod campaign;
mod campaigns;
mod clock;
mod connect;
mod counting;
mod effect;
mod endpoints;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod ids;
mod known;
mod listings;
mod login;
mod observer;
mod outcomes;
mod read_backs;
mod refusals;
mod rights;
mod site;
mod standstill;
mod statistics;
mod table;
mod throttle;
mod watch;

use crate::platform::dialect::Spoken;

pub use connect::{CAPABILITIES, connect};
pub use endpoints::ENDPOINTS;
pub use ids::{campaign_faults, credential_fault};

/// What the dialect says of itself.
pub(super) const SPOKEN: Spoken = Spoken {
    // There are no tokens: each request carries the log-in.
    token_url: |base, _| base.cloned(),
    sends_secret_always: true,
    campaign_faults,
    credential_fault,
    ..Spoken::plain(
        CAPABILITIES,
        ENDPOINTS,
        |tenant, shared| connect(&tenant, shared),
        &[
            "pause_method",
            "allow_http",
            "refused_login_wait",
            "staged_resume",
        ],
    )
};
