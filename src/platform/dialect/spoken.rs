//! What the rest of the program knows of a dialect. Each states it once, in its own folder.

use std::path::PathBuf;

use crate::domain::{AgentId, CampaignId};
use crate::platform::http::Rate;
use crate::platform::port::{Capabilities, Connected};
use crate::telemetry::Endpoint;

use super::tenant::{AgentSource, RegionHosts, SharedParts, TenantSettings};

/// A list that cannot be kept: the campaign, why, and a remedy.
pub type ListFault = (CampaignId, String, &'static str);

/// Finds the hosts of a region, or says why a text is not the name of one.
pub type HostsOfRegion = fn(&str) -> Result<RegionHosts, String>;

/// Finds what is wrong with campaigns whose lists are to be kept, by the queue or skill that is counted for each campaign.
pub type FindListFaults = fn(&[CampaignId], &[(&CampaignId, &str)]) -> Vec<ListFault>;

/// The environment variables that are set, by name.
pub type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Finds a region in the texts of files, with the number of the file that names it.
pub type FindRegion = fn(&Variables<'_>, &[String]) -> Option<(String, usize)>;

/// Files in which a region is named: they are shared with the platform's other clients.
#[derive(Clone, Copy, Debug)]
pub struct RegionFiles {
    /// The files that the variables choose; an empty path stands for one that is nowhere.
    pub paths: fn(&Variables<'_>) -> Vec<PathBuf>,
    /// The region that their texts name, which are in the same order and empty where there is no file, and the number of the file.
    pub region: FindRegion,
}

/// What a dialect says of itself. [`Spoken::plain`] has what most have.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, not one state"
)]
pub struct Spoken {
    /// What its platform can do.
    pub capabilities: Capabilities,
    /// What its platform can do for a tenant whose agents are counted from this; as above, when absent.
    pub capabilities_by: Option<fn(AgentSource) -> Capabilities>,
    /// What requests are made for, so that the series of each exist before the first.
    pub endpoints: &'static [Endpoint],
    /// Puts the parts of one tenant together. Nothing is sent yet.
    pub connect: fn(TenantSettings, SharedParts) -> Result<Connected, Vec<String>>,
    /// Settings that mean something here, of those that not every dialect has.
    pub settings: &'static [&'static str],
    /// Whether a client id and its secret have to be given, because there are no other credentials.
    pub needs_client: bool,
    /// Whether the address of the API has to be given, because nobody can be asked for it.
    pub needs_base_url: bool,
    /// Whether each request is signed for a region, so that none can do without one, and for an instance.
    pub signs_requests: bool,
    /// Whether the secret goes with every request, so that plain http to another machine has to be allowed.
    pub sends_secret_always: bool,
    /// The rate that is kept where the settings name none, where others would be too fast.
    pub usual_rate: Option<Rate>,
    /// The hosts of a region, or why the text is not the name of one; absent where there are no regions.
    pub region_hosts: Option<HostsOfRegion>,
    /// Variables by which a region is named beside our own.
    pub region_variables: &'static [&'static str],
    /// Files in which a region is named where no variable does; absent where there are none.
    pub region_files: Option<RegionFiles>,
    /// Where tokens come from when nobody says where, by the address of the API and by the log-in of the area or region.
    pub token_url: fn(Option<&reqwest::Url>, Option<&reqwest::Url>) -> Option<reqwest::Url>,
    /// Whether the log-in at this address needs a client that is registered with the vendor, or why there is none there.
    pub needs_registered_client: fn(&reqwest::Url) -> Result<bool, String>,
    /// Why this build cannot speak to the platform, and which one can.
    pub absent: Option<&'static str>,
    /// What is wrong with the ids of campaigns, each by itself and beside those before it.
    pub campaign_faults: fn(&[CampaignId]) -> Vec<(CampaignId, String)>,
    /// Why a client id or a secret can never log in there, without repeating it.
    pub credential_fault: fn(&str) -> Option<String>,
    /// What is wrong with the campaigns whose lists are to be kept, by the queue or skill that is counted for each campaign.
    pub list_faults: FindListFaults,
    /// Why this cannot be the id of an agent.
    pub agent_fault: fn(&AgentId) -> Option<String>,
}

impl Spoken {
    /// A dialect without regions and peculiarities: a client logs in behind the address that is given.
    pub const fn plain(
        capabilities: Capabilities,
        endpoints: &'static [Endpoint],
        connect: fn(TenantSettings, SharedParts) -> Result<Connected, Vec<String>>,
        settings: &'static [&'static str],
    ) -> Self {
        Self {
            capabilities,
            capabilities_by: None,
            endpoints,
            connect,
            settings,
            needs_client: true,
            needs_base_url: true,
            signs_requests: false,
            sends_secret_always: false,
            usual_rate: None,
            region_hosts: None,
            region_variables: &[],
            region_files: None,
            token_url: |_, area| area.cloned(),
            needs_registered_client: |_| Ok(false),
            absent: None,
            campaign_faults: |_| Vec::new(),
            credential_fault: |_| None,
            list_faults: |_, _| Vec::new(),
            agent_fault: |_| None,
        }
    }
}
