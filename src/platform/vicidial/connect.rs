//! The parts of this dialect, and what its platform can do.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Evidence, PlatformTraits, Settling};
use crate::platform::dialect::{Access, PauseMethod, SharedParts, SpecialSettings, TenantSettings};
use crate::platform::http::{Client, Limiter, TokenSource, Translate};
use crate::platform::port::{
    AgentFeed, Basis, CampaignCommander, Capabilities, Connected, Levers, NameMemory, Rights,
    StatusCalls, Throttles,
};

use super::answer;
use super::call_reader::CallReader;
use super::campaigns::{Campaigns, Commander};
use super::effect::EffectWatch;
use super::known::KnownCampaigns;
use super::listings::Listings;
use super::login::FunctionsLogin;
use super::observer::Observer;
use super::outcomes::Outcomes;
use super::read_backs::ReadBacks;
use super::site::Site;
use super::standstill::{StandstillWatch, WaitingRows};
use super::throttle::Pacing;
use super::watch::LogInWatch;
use super::{refusals, rights};

/// How often a reading is tried, the first time included.
const ATTEMPTS: u32 = 2;

/// How long the platform locks an account, and how long nothing is asked for when log-ins are refused.
const LOCKED: Duration = Duration::from_secs(15 * 60);

/// What the platform can do, where pauses are made by the level.
pub const CAPABILITIES: Capabilities = Capabilities {
    basis: Basis {
        written_from: "exchanges recorded with build 241004-1518, inferences marked",
        live: false,
    },
    agents: AgentFeed::Counts,
    agent_rows: false,
    selectors: false,
    own_group: true,
    // An agent of a blended campaign may be on a call that came in.
    serving: false,
    wrap_up: true,
    statuses: StatusCalls::Listing,
    traits: PlatformTraits {
        evidence: Evidence::Author,
        settling: Settling {
            // What is written shows at once; the dialler reads it within 2.5 s.
            usual: Duration::from_secs(3),
            longest: Duration::from_secs(20),
            longest_resume: None,
        },
        restores: true,
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
        noun: "function",
        log_in: "log-in",
        remedy: "allow it on the user's page",
        unknown_campaign: "check the id, and `Allowed Campaigns` of the user's group",
        campaigns: rights::NEEDED,
        lists: &[],
        queues: &[],
        useful: rights::USEFUL,
    },
};

/// What it can do for a tenant: an inactive campaign shows nobody who made it so.
fn capabilities(special: &SpecialSettings) -> Capabilities {
    let mut capabilities = CAPABILITIES;
    capabilities.traits.staged_resume = special.staged_resume;
    if special.pause_method == PauseMethod::Active {
        capabilities.traits.evidence = Evidence::OwnReadings;
        capabilities.traits.bars_log_in = true;
    }
    capabilities
}

/// Puts the parts of one tenant together.
///
/// # Errors
/// When its settings have no address.
pub fn connect(tenant: &TenantSettings, shared: SharedParts) -> Result<Connected, Vec<String>> {
    let Some(base_url) = tenant.base_url.clone() else {
        return Err(vec!["the address of the platform is missing".to_owned()]);
    };
    let method = tenant.special.pause_method;
    let silence = tenant.special.refused_login_wait.unwrap_or(LOCKED);
    let watch = Arc::new(LogInWatch::new(
        tenant.credentials.client_secret.clone(),
        silence,
        refusals::account(&base_url, &tenant.credentials.client_id),
        Arc::clone(&shared.refusals),
        Arc::clone(&shared.metrics),
    ));
    let clock = Arc::clone(&shared.clock);
    let client = Arc::new(client(tenant, &shared, &base_url, &watch));
    let site = Arc::new(Site::new(
        client,
        Arc::clone(&clock),
        base_url,
        tenant.credentials.clone(),
        watch,
    ));
    let listings = Arc::new(Listings::new(Arc::clone(&site)));
    let read_backs = Arc::new(ReadBacks::new(Arc::clone(&clock)));
    let calls = Arc::new(CallReader::new(Arc::clone(&site)));
    let waiting = Arc::new(WaitingRows::default());
    let standstills = StandstillWatch::new(
        Arc::clone(&calls),
        Arc::clone(&waiting),
        method,
        Arc::clone(&shared.metrics),
    );
    let campaigns = Arc::new(Campaigns {
        site: Arc::clone(&site),
        listings: Arc::clone(&listings),
        known: Arc::new(KnownCampaigns::new(&tenant.campaigns)),
        effects: EffectWatch::new(calls, shared.metrics),
        standstills,
        method,
        names: NameMemory::default(),
    });
    let writes = tenant.access == Access::ReadAndWrite;
    let commander = writes.then(|| -> Arc<dyn CampaignCommander> {
        Arc::new(Commander {
            campaigns: Arc::clone(&campaigns),
            read_backs: Arc::clone(&read_backs),
        })
    });
    Ok(Connected {
        capabilities: capabilities(&tenant.special),
        login: Arc::new(FunctionsLogin {
            site: Arc::clone(&site),
            campaigns: tenant.campaigns.clone(),
        }),
        agents: Arc::new(Observer {
            site: Arc::clone(&site),
            listings: Arc::clone(&listings),
            read_backs,
            waiting,
        }),
        campaigns,
        commander,
        lists: None,
        queues: None,
        profiles: None,
        throttles: Throttles {
            dial_ratio: Some(Arc::new(Pacing {
                site: Arc::clone(&site),
                listings,
                writes,
            })),
            idle_reserve: None,
        },
        outcomes: Some(Arc::new(Outcomes::new(site))),
        call_plan: None,
    })
}

fn client(
    tenant: &TenantSettings,
    shared: &SharedParts,
    base_url: &reqwest::Url,
    watch: &Arc<LogInWatch>,
) -> Client {
    let (clock, metrics) = (&shared.clock, &shared.metrics);
    let tokens = TokenSource::in_requests(
        tenant.credentials.client_id.clone(),
        tenant.credentials.client_secret.clone(),
        base_url.clone(),
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
    let (watch, clock) = (Arc::clone(watch), Arc::clone(clock));
    let translate: Translate = Arc::new(move |response| {
        let (response, news) = answer::translate(response);
        watch.note(news, clock.now());
        response
    });
    client.trying(ATTEMPTS).speaking_forms(translate)
}
