//! Which platforms there are: the only place that names vendors.
//!
//! A further platform is a folder beside this one with its [`Spoken`], and a name in [`Dialect`].

mod known;
mod spoken;
mod tenant;

pub use known::{Dialect, UnknownDialect, api_versions, area_token_url, ready_states};
pub use spoken::{
    FindListFaults, FindRegion, HostsOfRegion, ListFault, RegionFiles, Spoken, Variables,
};
pub use tenant::{
    Access, AgentSource, AlsoSteer, CampaignsVersion, EmptyMeans, PauseMethod, RegionHosts,
    SharedParts, SpecialSettings, TenantSettings,
};
