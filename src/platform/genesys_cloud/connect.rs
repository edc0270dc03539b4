//! The parts of this dialect, and what its platform can do.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::assignment::ListForm;
use crate::domain::{Evidence, PlatformTraits, Settling};
use crate::platform::dialect::{Access, SharedParts, TenantSettings};
use crate::platform::http::{Client, Limiter, TokenSource};
use crate::platform::port::{
    AgentFeed, Basis, CampaignCommander, Capabilities, Connected, Levers, ListPorts, ListWriter,
    NameMemory, QueueForms, QueuePorts, QueueWriter, Rights, StatusCalls, Throttles,
};

use super::authors::Authors;
use super::campaigns::{Campaigns, Commander, IN_ONE_CALL};
use super::known::KnownCampaigns;
use super::lists::{ListSender, Lists};
use super::login::{ClientCredentials, RightsLogin};
use super::notifications::Notifications;
use super::observer::Observer;
use super::organisation::{Organisation, rate_window};
use super::outcomes::Outcomes;
use super::queues::{QueueSender, Queues};
use super::rights;
use super::rivals::Rivals;
use super::throttle::Pacing;

/// How often a reading is tried, the first time included.
const ATTEMPTS: u32 = 3;

/// What the vendor asks for where a refusal is reported.
const CORRELATION: &str = "inin-correlation-id";

const BATCH: NonZeroUsize = NonZeroUsize::new(IN_ONE_CALL).unwrap();

/// What the platform can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    basis: Basis {
        written_from: "what Genesys publishes, inferences marked",
        live: false,
    },
    agents: AgentFeed::Counts,
    agent_rows: true,
    selectors: false,
    own_group: true,
    serving: true,
    // Agents who finish a call count among those who interact.
    wrap_up: false,
    statuses: StatusCalls::Batch(BATCH),
    traits: PlatformTraits {
        evidence: Evidence::Author,
        settling: Settling {
            usual: Duration::from_secs(2),
            // The vendor's own client waits so long for a campaign that it finds stopping.
            longest: Duration::from_secs(5 * 60),
            longest_resume: None,
        },
        restores: false,
        staged_resume: None,
        bars_log_in: false,
    },
    lists: Some(ListForm::Membership),
    queues: Some(QueueForms {
        members: false,
        conditional: false,
        calibrated: false,
    }),
    profiles: false,
    levers: Levers {
        dial_ratio: true,
        idle_reserve: false,
    },
    outcomes: true,
    rivals: true,
    rights: Rights {
        noun: "permission",
        log_in: "token",
        remedy: "add it to a role of the OAuth client",
        unknown_campaign: "check the id, the region, and the divisions of the client's roles",
        campaigns: rights::NEEDED,
        lists: &[rights::QUEUE_VIEW, rights::MEMBERS_MANAGE],
        queues: &[rights::QUEUE_VIEW, rights::QUEUE_EDIT],
        useful: rights::USEFUL,
    },
};

/// Puts the parts of one tenant together.
///
/// # Errors
/// When its settings have no address.
pub fn connect(tenant: &TenantSettings, shared: SharedParts) -> Result<Connected, Vec<String>> {
    let Some(base_url) = tenant.base_url.clone() else {
        return Err(vec!["the address of the API is missing".to_owned()]);
    };
    let client = Arc::new(client(tenant, &shared));
    let organisation = Arc::new(Organisation::new(
        Arc::clone(&client),
        shared.clock,
        base_url,
    ));
    let known = Arc::new(KnownCampaigns::new(&tenant.campaigns));
    let campaigns = Arc::new(Campaigns {
        organisation: Arc::clone(&organisation),
        known: Arc::clone(&known),
        authors: Authors::new(
            Arc::clone(&organisation),
            tenant.credentials.client_id.clone(),
        ),
        rivals: Rivals::new(Arc::clone(&organisation), Arc::clone(&known)),
        names: NameMemory::default(),
    });
    let writes = tenant.access == Access::ReadAndWrite;
    let commander = writes.then(|| -> Arc<dyn CampaignCommander> {
        Arc::new(Commander {
            campaigns: Arc::clone(&campaigns),
        })
    });
    let queues = Arc::new(Queues {
        organisation: Arc::clone(&organisation),
    });
    let queue_writer = writes.then(|| -> Arc<dyn QueueWriter> {
        Arc::new(QueueSender {
            queues: Arc::clone(&queues),
        })
    });
    Ok(Connected {
        capabilities: CAPABILITIES,
        login: Arc::new(RightsLogin {
            client,
            organisation: Arc::clone(&organisation),
        }),
        agents: Arc::new(Observer {
            organisation: Arc::clone(&organisation),
            notifications: tenant
                .special
                .notifications
                .then(|| Notifications::new(Arc::clone(&organisation), Arc::clone(&known))),
            known,
            lists: tenant.lists.clone(),
        }),
        campaigns,
        commander,
        lists: Some(ListPorts {
            reader: Arc::new(Lists {
                organisation: Arc::clone(&organisation),
            }),
            writer: writes.then(|| -> Arc<dyn ListWriter> {
                Arc::new(ListSender {
                    organisation: Arc::clone(&organisation),
                })
            }),
        }),
        queues: Some(QueuePorts {
            reader: queues,
            writer: queue_writer,
        }),
        profiles: None,
        throttles: Throttles {
            dial_ratio: Some(Arc::new(Pacing {
                organisation: Arc::clone(&organisation),
                writes,
            })),
            idle_reserve: None,
        },
        outcomes: Some(Arc::new(Outcomes { organisation })),
        call_plan: None,
    })
}

fn client(tenant: &TenantSettings, shared: &SharedParts) -> Client {
    let (clock, metrics) = (&shared.clock, &shared.metrics);
    let tokens = TokenSource::by_grant(
        Box::new(ClientCredentials::new(tenant.credentials.clone())),
        tenant.token_url.clone(),
        Arc::clone(clock),
    );
    let client = Client::new(
        Arc::clone(&shared.transport),
        Limiter::new(tenant.rate, Arc::clone(clock), Arc::clone(metrics)),
        tokens,
        Arc::clone(clock),
        Arc::clone(metrics),
        tenant.request_timeout,
        shared.seed,
    );
    client
        .trying(ATTEMPTS)
        .learning_rate(rate_window)
        .correlating(CORRELATION)
}
