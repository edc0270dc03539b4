//! Which platforms there are: the only place that names vendors.
//!
//! A further platform is a folder beside this one and an arm in each match of [`Dialect`].

mod known;
mod tenant;

pub use known::{
    Dialect, UnknownDialect, api_versions, area_token_url, ready_states, region_hosts,
};
pub use tenant::{
    Access, AgentSource, PauseMethod, RegionHosts, SharedParts, SpecialSettings, TenantSettings,
};
