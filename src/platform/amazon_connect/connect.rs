//! The parts of this dialect.

use std::sync::{Arc, Mutex};

use crate::platform::dialect::{Access, SharedParts, TenantSettings};
use crate::platform::http::{Client, Limiter, RequestSigner};
use crate::platform::port::{CampaignCommander, Connected, Throttles};

use super::account::{Account, Instance, Service};
use super::campaigns::Campaigns;
use super::capabilities::CAPABILITIES;
use super::clock_skew::ClockSkew;
use super::commander::Commander;
use super::connector::Connector;
use super::credentials::{CredentialSource, CredentialStore};
use super::known::KnownCampaigns;
use super::login::RightsLogin;
use super::observer::{Observer, QueueMemory};
use super::outcomes::Outcomes;
use super::refusals::meaning;
use super::signer::Signer;
use super::throttle::Pacing;

/// Nothing keeps this build from speaking to the platform.
pub const ABSENT: Option<&str> = None;

/// How often a reading is tried, the first time included.
const ATTEMPTS: u32 = 3;

/// Puts the parts of one tenant together.
///
/// # Errors
/// When its settings lack an address, the region or the instance.
pub fn connect(tenant: &TenantSettings, shared: &SharedParts) -> Result<Connected, Vec<String>> {
    let special = &tenant.special;
    let lacks = |what: &str| vec![format!("{what} is missing")];
    let base_url = tenant.base_url.clone();
    let base_url = base_url.ok_or_else(|| lacks("the address of the campaigns"))?;
    let counts_url = special.metrics_url.clone();
    let counts_url = counts_url.ok_or_else(|| lacks("the address of the counts"))?;
    let region = special.region.clone().ok_or_else(|| lacks("the region"))?;
    let instance = special.instance_id.as_deref();
    let instance = Instance::named(instance.ok_or_else(|| lacks("the instance"))?);
    let credentials = Arc::new(credentials(tenant, shared, &region));
    let skew = Arc::new(ClockSkew::new(Arc::clone(&shared.metrics)));
    // One limit for both services: it is the account's and the region's.
    let limiter = Arc::new(Limiter::new(
        tenant.rate,
        Arc::clone(&shared.clock),
        Arc::clone(&shared.metrics),
    ));
    let service = |name: &'static str, base_url| Service {
        client: client(
            tenant,
            shared,
            &limiter,
            Signer {
                service: name,
                region: region.clone(),
                credentials: Arc::clone(&credentials),
                skew: Arc::clone(&skew),
                clock: Arc::clone(&shared.clock),
            },
        ),
        base_url,
    };
    let account = Arc::new(Account {
        campaigns: service("connect-campaigns", base_url),
        counts: service("connect", counts_url),
        instance,
        version: special.campaigns_version,
        clock: Arc::clone(&shared.clock),
    });
    let known = Arc::new(KnownCampaigns::new(
        Arc::clone(&account),
        special.also_steer,
        &tenant.campaigns,
    ));
    let writes = tenant.access == Access::ReadAndWrite;
    let commander = writes.then(|| -> Arc<dyn CampaignCommander> {
        Arc::new(Commander {
            account: Arc::clone(&account),
            known: Arc::clone(&known),
        })
    });
    Ok(Connected {
        capabilities: CAPABILITIES,
        login: Arc::new(RightsLogin {
            account: Arc::clone(&account),
            credentials,
            region: region.clone(),
            campaign: tenant.campaigns.first().map(|id| id.as_str().to_owned()),
            writes,
        }),
        agents: Arc::new(Observer {
            account: Arc::clone(&account),
            known: Arc::clone(&known),
            empty_means: special.empty_means,
            memory: Mutex::new(QueueMemory::default()),
        }),
        campaigns: Arc::new(Campaigns {
            account: Arc::clone(&account),
            known: Arc::clone(&known),
        }),
        commander,
        lists: None,
        queues: None,
        profiles: None,
        throttles: Throttles {
            dial_ratio: Some(Arc::new(Pacing {
                account: Arc::clone(&account),
                known: Arc::clone(&known),
                writes,
            })),
            idle_reserve: None,
        },
        outcomes: Some(Arc::new(Outcomes {
            account,
            known,
            region,
        })),
        call_plan: None,
    })
}

fn credentials(tenant: &TenantSettings, shared: &SharedParts, region: &str) -> CredentialStore {
    let given = &tenant.credentials;
    let source = if given.client_id.is_empty() {
        CredentialSource::Chain(Connector {
            transport: Arc::clone(&shared.transport),
            clock: Arc::clone(&shared.clock),
            metrics: Arc::clone(&shared.metrics),
            timeout: tenant.request_timeout,
        })
    } else {
        CredentialSource::Given(given.client_id.clone(), given.client_secret.clone())
    };
    CredentialStore::new(
        source,
        region.to_owned(),
        Arc::clone(&shared.clock),
        Arc::clone(&shared.metrics),
        // A chain may have several places to ask.
        tenant.request_timeout.saturating_mul(2),
    )
}

fn client(
    tenant: &TenantSettings,
    shared: &SharedParts,
    limiter: &Arc<Limiter>,
    signer: Signer,
) -> Client {
    let signer: Arc<dyn RequestSigner> = Arc::new(signer);
    let client = Client::new(
        Arc::clone(&shared.transport),
        Arc::clone(limiter),
        signer,
        Arc::clone(&shared.clock),
        Arc::clone(&shared.metrics),
        tenant.request_timeout,
        shared.seed,
    );
    client.trying(ATTEMPTS).reading_refusals(meaning)
}
