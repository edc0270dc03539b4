//! The daemon's settings in the demonstration: its defaults, for the platform that is simulated.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::domain::{Calendars, CampaignId, CountedQueue, Policy, Selector, SkillId, Zone};
use crate::platform::dialect::{Dialect, SpecialSettings};
use crate::platform::http::{Credentials, Rate};
use crate::settings::{AdminSettings, Keeping, Settings};
use crate::simulator::{Scenario, Simulator};
use crate::telemetry::{LogFormat, TraceProtocol};

/// The poll interval of the demonstration, in simulated time: the default of `run`.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// The tenant that is simulated.
pub(super) struct DemoTenant {
    pub(super) platform: Dialect,
    pub(super) base_url: String,
    /// Where tokens come from, behind the address; none where the platform has no tokens.
    pub(super) token_path: Option<&'static str>,
    /// The region and the instance, where the platform has such.
    pub(super) place: Option<(String, String)>,
    pub(super) credentials: Credentials,
    /// Ids as the platform shows them, each with the skill that its agents need.
    pub(super) campaigns: Vec<(String, String)>,
}

/// Ids of campaigns as the platform shows them, each with the skill that its agents need, in the scenario's order.
pub(super) fn campaigns(simulator: &Simulator, scenario: &Scenario) -> Vec<(String, String)> {
    let handle = simulator.handle();
    let campaigns = scenario.campaigns.iter();
    campaigns
        .map(|campaign| (handle.shown_id(&campaign.id), campaign.skill.clone()))
        .collect()
}

/// Returns the settings; an error says what is wrong with an address or an id.
pub(super) fn settings(
    tenant: DemoTenant,
    state_dir: &Path,
    port: u16,
) -> Result<Settings, String> {
    let DemoTenant {
        platform,
        base_url,
        token_path,
        place,
        credentials,
        campaigns,
    } = tenant;
    let base_url: reqwest::Url = base_url
        .parse()
        .map_err(|wrong| format!("{base_url}: {wrong}"))?;
    let token_url = base_url
        .join(token_path.unwrap_or_default())
        .map_err(|wrong| wrong.to_string())?;
    let mut special = SpecialSettings::default();
    if let Some((region, instance)) = place {
        special.region = Some(region);
        special.instance_id = Some(instance);
        special.metrics_url = Some(base_url.clone());
    }
    let own_group = platform.capabilities().own_group;
    let policy = Policy::default();
    let policies = campaigns.into_iter().map(|(id, skill)| {
        let id: CampaignId = id.parse().map_err(|wrong| format!("{wrong}"))?;
        let skill: SkillId = skill.parse().map_err(|wrong| format!("{wrong}"))?;
        let policy = if own_group {
            Policy {
                queue: Some(CountedQueue::Own),
                ..policy.clone()
            }
        } else {
            Policy {
                selector: Selector::AnySkill(BTreeSet::from([skill])),
                ..policy.clone()
            }
        };
        Ok::<_, String>((id, policy))
    });
    Ok(Settings {
        tenant: None,
        platform,
        base_url: Some(base_url),
        token_url,
        credentials,
        special,
        policies: policies.collect::<Result<_, _>>()?,
        calendars: Calendars::default(),
        labels: BTreeMap::new(),
        guards: Vec::new(),
        assignments: None,
        queues: BTreeMap::new(),
        poll_interval: POLL_INTERVAL,
        rate: Some(Rate {
            per_second: 10.0,
            burst: 20,
        }),
        page_size: 100,
        page_concurrency: 8,
        request_timeout: Duration::from_secs(5),
        status_reads_per_poll: 1,
        record_workload: false,
        outcomes_every: Duration::from_secs(60),
        outcomes_file: None,
        keeping: Keeping::default(),
        state_dir: state_dir.to_owned(),
        store: None,
        listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        advertise_address: None,
        // The hours of its days are written in it.
        time_zone: Some(Zone::utc()),
        // It is a toy on this machine: whoever watches may play.
        admin: AdminSettings {
            actions: true,
            ..AdminSettings::default()
        },
        dry_run: false,
        once: false,
        log_format: LogFormat::Auto,
        webhook: None,
        receivers: Vec::new(),
        otlp_endpoint: None,
        otlp_protocol: TraceProtocol::default(),
    })
}
