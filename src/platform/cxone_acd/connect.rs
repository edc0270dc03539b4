//! The parts of this dialect, and what its platform can do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};

use crate::domain::assignment::ListForm;
use crate::domain::{CampaignId, Evidence, PlatformTraits, Settling};
use crate::platform::dialect::{Access, AgentSource, SharedParts, SpecialSettings, TenantSettings};
use crate::platform::http::{Client, Grant, GrantedToken, Limiter, TokenSource};
use crate::platform::port::{
    AgentFeed, AgentObserver, Basis, CampaignCommander, Capabilities, Connected, Levers, ListPorts,
    ListWriter, NameMemory, QueueForms, QueuePorts, QueueWriter, Rights, StatusCalls, Throttles,
};
use crate::secrets::Secret;

use super::activity::ActivityObserver;
use super::agent_state::ReadyStates;
use super::budget::Budget;
use super::campaign_skills::Target;
use super::campaigns::{Campaigns, Commander};
use super::discovery;
use super::groups::Groups;
use super::lists::{ListSender, Lists};
use super::login::{AccessKey, LogIn, RegisteredClient};
use super::observer::{Observer, ObserverSettings};
use super::operation::Versions;
use super::outcomes::Outcomes;
use super::queues::{QueueSender, Queues};
use super::reading::PageSettings;
use super::tenant::{Place, Tenant};
use super::throttle::Pacing;

/// A token is renewed so long before its end: those of this platform live an hour.
const EARLY: Duration = Duration::from_secs(300);

/// The time from one reading of a skill's assignments to the next.
const ASSIGNMENTS_EVERY: Duration = Duration::from_secs(180);

/// What the platform can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    basis: Basis {
        written_from: "what NICE publishes of CXone, inferences marked",
        live: false,
    },
    agents: AgentFeed::Deltas,
    agent_rows: true,
    selectors: false,
    own_group: true,
    serving: true,
    wrap_up: true,
    statuses: StatusCalls::Listing,
    traits: PlatformTraits {
        evidence: Evidence::OwnReadings,
        settling: Settling {
            usual: Duration::from_secs(2),
            // A stop is done when the last call and its wrap-up are over, and no new calls are placed meanwhile: of some dozens
            // of calls of five minutes the last one often lasts half an hour. A pause that shows later than this counts as
            // nobody's. A tenant whose calls last longer, or never so long, says so (`longest_call`).
            longest: Duration::from_secs(60 * 60),
            // [I] A start waits for no call. One that was accepted and does not show is made again after this.
            longest_resume: Some(Duration::from_secs(5 * 60)),
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
        noun: "right",
        log_in: "token",
        remedy: "add it to the role of the access key",
        unknown_campaign: "check the id and the base URL",
        campaigns: &["read real-time data", "Outbound Strategy Manager"],
        lists: &["Skills Edit", "Skills User Assignment", "Users Edit"],
        queues: &["Skills Edit"],
        useful: &[],
    },
};

/// Returns what the platform can do for a tenant whose agents are counted from this.
#[must_use]
pub fn capabilities(source: AgentSource) -> Capabilities {
    match source {
        AgentSource::States => CAPABILITIES,
        AgentSource::Activity => Capabilities {
            agents: AgentFeed::Counts,
            agent_rows: false,
            serving: false,
            wrap_up: false,
            // Only the states show who may be assigned.
            lists: None,
            ..CAPABILITIES
        },
    }
}

/// What the platform can do for this tenant.
fn of_tenant(special: &SpecialSettings) -> Capabilities {
    let mut capabilities = capabilities(special.agents);
    let settling = &mut capabilities.traits.settling;
    if let Some(longest) = special.longest_call {
        settling.longest = longest.max(settling.usual);
        settling.longest_resume = settling
            .longest_resume
            .map(|resume| resume.min(settling.longest));
    }
    capabilities
}

/// Returns the address of an area's log-in.
///
/// # Errors
/// When the text is not the name of an area.
pub fn area_token_url(area: &str) -> Result<reqwest::Url, String> {
    LogIn::area_url(area)
}

/// Returns whether the log-in at this address is the global one.
///
/// # Errors
/// When it is neither log-in's address.
pub fn needs_registered_client(token_url: &reqwest::Url) -> Result<bool, String> {
    LogIn::is_global(token_url)
}

/// Returns versions as they were given, such as `v33.0,stop-skill=v31.0`.
///
/// # Errors
/// Why they cannot be read.
pub fn api_versions(text: &str) -> Result<String, String> {
    text.parse().map(|_: Versions| text.to_owned())
}

/// Returns names of states as they were given, such as `Available,Dialer`.
///
/// # Errors
/// Why they cannot be read, or would keep a pause in force.
pub fn ready_states(text: &str) -> Result<String, String> {
    text.parse().map(|_: ReadyStates| text.to_owned())
}

/// Returns what is wrong with the ids of campaigns: no number, or one that is there already in another spelling.
#[must_use]
pub fn campaign_faults(ids: &[CampaignId]) -> Vec<(CampaignId, String)> {
    let mut known: BTreeMap<Target, &CampaignId> = BTreeMap::new();
    let mut faults = Vec::new();
    for id in ids {
        match id.as_str().parse() {
            Err(why) => faults.push((id.clone(), why)),
            Ok(target) => {
                if let Some(first) = known.get(&target) {
                    faults.push((id.clone(), format!("`{id}` is the same as `{first}`")));
                } else {
                    known.insert(target, id);
                }
            }
        }
    }
    faults
}

impl Grant for LogIn {
    fn request(&self) -> (Vec<(HeaderName, HeaderValue)>, Bytes) {
        LogIn::request(self)
    }

    fn read(&self, body: &[u8]) -> Result<GrantedToken, String> {
        super::login::granted(body)
    }

    fn early(&self, _life: Duration) -> Duration {
        EARLY
    }

    fn secrets(&self) -> Vec<(&str, &Secret)> {
        LogIn::secrets(self)
    }
}

/// Puts the parts of one tenant together.
///
/// # Errors
/// Everything that is wrong with its settings, for people.
pub fn connect(tenant: &TenantSettings, shared: SharedParts) -> Result<Connected, Vec<String>> {
    let mut wrong = Vec::new();
    let special = &tenant.special;
    let versions: Versions = parsed(special.api_versions.as_deref(), &mut wrong);
    let ready: ReadyStates = parsed(special.ready_states.as_deref(), &mut wrong);
    let groups = Groups::new(&tenant.campaigns).unwrap_or_else(|faults| {
        wrong.extend(faults);
        Groups::default()
    });
    let groups = groups.keeping(&tenant.lists);
    let key = AccessKey {
        id: tenant.credentials.client_id.clone(),
        secret: tenant.credentials.client_secret.clone(),
    };
    let registered = special
        .registered_client
        .clone()
        .map(|(id, secret)| RegisteredClient { id, secret });
    let issuer = discovery::issuer_of(&tenant.token_url);
    let log_in = match LogIn::at(&tenant.token_url, key, registered) {
        Ok(log_in) if wrong.is_empty() => log_in,
        Ok(_) => return Err(wrong),
        Err(why) => {
            wrong.push(why);
            return Err(wrong);
        }
    };
    let place = match (&tenant.base_url, &log_in, issuer) {
        (Some(host), ..) => Place::Host(host.clone()),
        (None, LogIn::Global(..), _) => Place::Issuer(tenant.token_url.clone()),
        (None, LogIn::Area(_), Ok(issuer)) => Place::Issuer(issuer),
        (None, LogIn::Area(_), Err(why)) => return Err(vec![why]),
    };
    let client = Arc::new(client(tenant, &shared, log_in));
    let services = Tenant::new(Arc::clone(&client), shared.clock, place, versions);
    Ok(parts(
        tenant,
        client,
        Arc::new(services),
        Arc::new(groups),
        ready,
    ))
}

fn parts(
    settings: &TenantSettings,
    client: Arc<Client>,
    tenant: Arc<Tenant>,
    groups: Arc<Groups>,
    ready: ReadyStates,
) -> Connected {
    let pages = PageSettings {
        rows: settings.page_size,
        at_once: settings.page_concurrency,
    };
    let writes = settings.access == Access::ReadAndWrite;
    let source = settings.special.agents;
    let agents: Arc<dyn AgentObserver> = match source {
        AgentSource::States => Arc::new(Observer::new(
            Arc::clone(&tenant),
            Arc::clone(&groups),
            ObserverSettings {
                pages,
                ready,
                assignments_every: ASSIGNMENTS_EVERY,
            },
        )),
        AgentSource::Activity => Arc::new(ActivityObserver {
            tenant: Arc::clone(&tenant),
            groups: Arc::clone(&groups),
            pages,
        }),
    };
    let campaigns = Arc::new(Campaigns {
        tenant: Arc::clone(&tenant),
        groups: Arc::clone(&groups),
        pages,
        names: NameMemory::default(),
    });
    let commander = writes.then(|| -> Arc<dyn CampaignCommander> {
        Arc::new(Commander {
            campaigns: Arc::clone(&campaigns),
        })
    });
    Connected {
        capabilities: of_tenant(&settings.special),
        login: client,
        agents,
        campaigns,
        commander,
        lists: lists(source, &tenant, &groups, pages, writes),
        queues: Some(queues(&tenant, writes)),
        profiles: None,
        throttles: Throttles {
            dial_ratio: Some(Arc::new(Pacing {
                tenant: Arc::clone(&tenant),
                writes,
            })),
            idle_reserve: None,
        },
        call_plan: Some(Arc::new(Budget {
            tenant: Arc::clone(&tenant),
            groups: Arc::clone(&groups),
            pages,
            assignments_every: (source == AgentSource::States).then_some(ASSIGNMENTS_EVERY),
        })),
        outcomes: Some(Arc::new(Outcomes {
            tenant,
            groups,
            pages,
        })),
    }
}

fn lists(
    source: AgentSource,
    tenant: &Arc<Tenant>,
    groups: &Arc<Groups>,
    pages: PageSettings,
    may_write: bool,
) -> Option<ListPorts> {
    let reader = Arc::new(Lists {
        tenant: Arc::clone(tenant),
        pages,
    });
    let writer = may_write.then(|| -> Arc<dyn ListWriter> {
        Arc::new(ListSender {
            lists: Arc::clone(&reader),
            groups: Arc::clone(groups),
        })
    });
    capabilities(source)
        .lists
        .map(|_| ListPorts { reader, writer })
}

fn queues(tenant: &Arc<Tenant>, may_write: bool) -> QueuePorts {
    let reader = Arc::new(Queues {
        tenant: Arc::clone(tenant),
    });
    let writer = may_write.then(|| -> Arc<dyn QueueWriter> {
        Arc::new(QueueSender {
            queues: Arc::clone(&reader),
        })
    });
    QueuePorts { reader, writer }
}

fn client(tenant: &TenantSettings, shared: &SharedParts, log_in: LogIn) -> Client {
    let (clock, metrics) = (&shared.clock, &shared.metrics);
    Client::new(
        Arc::clone(&shared.transport),
        Limiter::new(tenant.rate, Arc::clone(clock), Arc::clone(metrics)),
        TokenSource::by_grant(
            Box::new(log_in),
            tenant.token_url.clone(),
            Arc::clone(clock),
        ),
        Arc::clone(clock),
        Arc::clone(metrics),
        tenant.request_timeout,
        shared.seed,
    )
}

/// What a text says, or the default without one.
fn parsed<T: Default + std::str::FromStr<Err = String>>(
    text: Option<&str>,
    wrong: &mut Vec<String>,
) -> T {
    text.map_or(Ok(T::default()), str::parse)
        .unwrap_or_else(|why| {
            wrong.push(why);
            T::default()
        })
}
