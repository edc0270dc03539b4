//! The parts of this dialect, and what its platform can do.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::assignment::ListForm;
use crate::domain::{Evidence, PlatformTraits, Settling};
use crate::platform::dialect::{Access, SharedParts, TenantSettings};
use crate::platform::port::{
    AgentFeed, Basis, CampaignCommander, Capabilities, Connected, Levers, ListPorts, ListWriter,
    ProfileWriter, QueueForms, QueuePorts, QueueWriter, Rights, StatusCalls, Throttles,
};

use super::agents::{Agents, CxoneSettings};
use super::campaigns::{Campaigns, CommandSender};
use super::lists::{ListSender, Lists};
use super::outcomes::Outcomes;
use super::profile::ProfileSender;
use super::queues::{QueueSender, Queues};
use super::reserves::Reserves;

/// What the platform can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    basis: Basis {
        written_from: "a contract of this project; no live account has it",
        live: false,
    },
    agents: AgentFeed::Rows,
    agent_rows: true,
    selectors: true,
    own_group: false,
    serving: false,
    wrap_up: true,
    statuses: StatusCalls::OneEach,
    traits: PlatformTraits {
        evidence: Evidence::ChangedAt,
        settling: Settling {
            usual: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            longest_resume: None,
        },
        restores: false,
        staged_resume: None,
        bars_log_in: false,
    },
    lists: Some(ListForm::Whole),
    queues: Some(QueueForms {
        members: true,
        conditional: true,
        calibrated: true,
    }),
    profiles: true,
    levers: Levers {
        dial_ratio: false,
        // An extension of ours, as the outcomes are.
        idle_reserve: true,
    },
    outcomes: true,
    rivals: false,
    rights: Rights {
        noun: "scope",
        log_in: "token",
        remedy: "add it to the OAuth client",
        unknown_campaign: "check the id and the base URL",
        campaigns: &[
            "interactions:agents:read",
            "campaigns:read",
            "campaigns:write",
        ],
        lists: &["outbound:campaigns:read", "outbound:campaigns:write"],
        queues: &["routing:queue:view", "routing:queue:write"],
        useful: &[],
    },
};

/// Returns where the tokens of a tenant come from when nobody says where.
#[must_use]
pub fn token_url(base: &reqwest::Url) -> reqwest::Url {
    let mut url = base.clone();
    // Settings let only addresses through that can have a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["oauth2", "token"]);
    }
    url
}

/// Puts the parts of one tenant together.
///
/// # Errors
/// When nobody says where the tenant is.
pub fn connect(tenant: TenantSettings, shared: SharedParts) -> Result<Connected, Vec<String>> {
    let client = shared.client(&tenant);
    let TenantSettings {
        base_url,
        credentials,
        page_size,
        page_concurrency,
        access,
        ..
    } = tenant;
    let base_url = base_url.ok_or_else(|| vec!["base_url is missing".to_owned()])?;
    let SharedParts { clock, .. } = shared;
    let outcomes_clock = Arc::clone(&clock);
    let writes = access == Access::ReadAndWrite;
    let url = || base_url.clone();
    let agents = CxoneSettings {
        base_url: url(),
        page_size,
        page_concurrency,
    };
    let commander = writes.then(|| -> Arc<dyn CampaignCommander> {
        Arc::new(CommandSender::new(Arc::clone(&client), url()))
    });
    let lists = writes.then(|| -> Arc<dyn ListWriter> {
        let id = credentials.client_id.clone();
        Arc::new(ListSender::new(Arc::clone(&client), url(), id))
    });
    let queues = writes.then(|| -> Arc<dyn QueueWriter> {
        Arc::new(QueueSender::new(Arc::clone(&client), url()))
    });
    let profiles = writes.then(|| -> Arc<dyn ProfileWriter> {
        Arc::new(ProfileSender::new(Arc::clone(&client), url()))
    });
    Ok(Connected {
        capabilities: CAPABILITIES,
        agents: Arc::new(Agents::new(Arc::clone(&client), Arc::clone(&clock), agents)),
        campaigns: Arc::new(Campaigns::new(
            Arc::clone(&client),
            Arc::clone(&clock),
            url(),
        )),
        commander,
        lists: Some(ListPorts {
            reader: Arc::new(Lists::new(Arc::clone(&client), url())),
            writer: lists,
        }),
        queues: Some(QueuePorts {
            reader: Arc::new(Queues::new(Arc::clone(&client), url(), clock)),
            writer: queues,
        }),
        profiles,
        throttles: Throttles {
            dial_ratio: None,
            idle_reserve: Some(Arc::new(Reserves::new(Arc::clone(&client), url(), access))),
        },
        outcomes: Some(Arc::new(Outcomes::new(
            Arc::clone(&client),
            outcomes_clock,
            url(),
        ))),
        call_plan: None,
        login: client,
    })
}
