//! Every metric of the process and of each tenant, and their exposition.
//!
//! Each tenant has a registry of its own, whose label `tenant` is on every series of it; a daemon without `[[tenant]]` tables has one
//! tenant without a name, and no such label. What the process has is in a registry without the label.

use std::collections::BTreeMap;
use std::sync::Arc;

use prometheus::proto::MetricFamily;
use prometheus::{Encoder, IntGauge, Registry, TextEncoder};

use crate::domain::{CampaignId, TenantName};
use crate::telemetry::log_queue::lost_lines;

use super::api::ApiMetrics;
use super::assignments::AssignMetrics;
use super::campaigns::{CampaignFamilies, CampaignGauges};
use super::cycle::LoopMetrics;
use super::endpoint::Feature;
use super::exposition::Exposition;
use super::families::Families;
use super::guards::GuardMetrics;
use super::operator::OperatorMetrics;
use super::outbox::{OutboxMetrics, ReceiverFamilies};
use super::outcomes::OutcomeMetrics;
use super::queues::QueueMetrics;
use super::throttle::ThrottleMetrics;

/// What the process has once, however many tenants there are.
pub struct ProcessMetrics {
    registry: Registry,
    event_streams: IntGauge,
}

impl ProcessMetrics {
    /// Creates and registers everything.
    ///
    /// # Errors
    /// A name or label that Prometheus does not accept; a fault of this folder.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let families = Families {
            registry: &registry,
        };
        let event_streams = families.int_gauge("ui_event_streams", "Open streams of events.")?;
        families.process()?;
        families.counter_of(
            "log_lines_lost_total",
            "Log lines that were lost, because nobody read the log or it could not be written.",
            lost_lines,
        )?;
        families.build()?;
        Ok(Self {
            registry,
            event_streams,
        })
    }

    /// So many clients more, or fewer, follow the events.
    pub fn event_streams(&self, change: i64) {
        self.event_streams.add(change);
    }
}

/// Whether a tenant runs in this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantStanding {
    /// Its name; none where there are no `[[tenant]]` tables.
    pub name: Option<TenantName>,
    /// Whether it runs.
    pub runs: bool,
    /// Whether other daemons may run it as well, one at a time, because the store is shared.
    pub shared: bool,
}

/// What a daemon that shares its store has seen of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedStore {
    /// The daemons that share it, this one included, as of the last look; none while they cannot be seen.
    pub members: Option<u64>,
    /// Tenants that this one has handed over to another that held fewer.
    pub hand_overs: u64,
    /// Leases that this one has acquired from a daemon that did not let go.
    pub takeovers: u64,
}

/// The exposition of the process and its tenants in the text format, with its content type.
///
/// # Errors
/// When a family cannot be encoded; a fault of this folder.
pub fn exposition(
    process: &ProcessMetrics,
    tenants: &[Arc<Metrics>],
    standing: &[TenantStanding],
    shared: SharedStore,
) -> prometheus::Result<(String, Vec<u8>)> {
    let registries = tenants.iter().map(|tenant| &tenant.registry);
    let gathered = registries.chain([&process.registry]).map(Registry::gather);
    let campaigns: Vec<&CampaignFamilies> =
        tenants.iter().map(|tenant| &tenant.campaigns).collect();
    encoded(&joined(gathered), &campaigns, standing, shared)
}

/// Families of several registries, each once and by name.
fn joined(gathered: impl Iterator<Item = Vec<MetricFamily>>) -> Vec<MetricFamily> {
    let mut families: BTreeMap<String, MetricFamily> = BTreeMap::new();
    for mut family in gathered.flatten() {
        match families.get_mut(family.name()) {
            Some(known) => known
                .mut_metric()
                .append(&mut std::mem::take(family.mut_metric())),
            None => {
                families.insert(family.name().to_owned(), family);
            }
        }
    }
    families.into_values().collect()
}

fn encoded(
    families: &[MetricFamily],
    campaigns: &[&CampaignFamilies],
    standing: &[TenantStanding],
    shared: SharedStore,
) -> prometheus::Result<(String, Vec<u8>)> {
    let encoder = TextEncoder::new();
    let mut text = Vec::new();
    encoder.encode(families, &mut text)?;
    let mut page = Exposition::after(text);
    CampaignFamilies::write(campaigns, &mut page);
    let label = |tenant: &TenantStanding| match &tenant.name {
        Some(name) => format!("tenant=\"{name}\""),
        None => String::new(),
    };
    if standing.iter().any(|tenant| tenant.shared) {
        let help =
            "Whether this daemon holds the lease of a tenant; only where the store is a server.";
        let mut family = page.family("lease_held", "gauge", help);
        for tenant in standing.iter().filter(|tenant| tenant.shared) {
            family.number(&label(tenant), "", u64::from(tenant.runs));
        }
        write_shared(shared, &mut page);
    }
    if standing.iter().any(|tenant| tenant.name.is_some()) {
        let help = "Whether a tenant runs; only where there are `[[tenant]]` tables.";
        let mut family = page.family("tenant_running", "gauge", help);
        for tenant in standing.iter().filter(|tenant| tenant.name.is_some()) {
            family.number(&label(tenant), "", u64::from(tenant.runs));
        }
    }
    Ok((encoder.format_type().to_owned(), page.into_text()))
}

/// The families of the process where the store is a server.
fn write_shared(shared: SharedStore, page: &mut Exposition) {
    let SharedStore {
        members,
        hand_overs,
        takeovers,
    } = shared;
    if let Some(members) = members {
        let help = "Daemons that share the store, this one included; only where the store is a server, and not while it cannot be asked.";
        page.family("members", "gauge", help)
            .number("", "", members);
    }
    for (name, help, many) in [
        (
            "member_hand_overs_total",
            "Tenants that this daemon has handed over to another one that held fewer; only where the store is a server.",
            hand_overs,
        ),
        (
            "member_takeovers_total",
            "Leases that this daemon has acquired from one that did not let go; only where the store is a server.",
            takeovers,
        ),
    ] {
        page.family(name, "counter", help).number("", "", many);
    }
}

/// Every metric of one tenant.
pub struct Metrics {
    registry: Registry,
    /// Requests to the platform.
    pub api: ApiMetrics,
    /// The loop.
    pub cycle: LoopMetrics,
    /// Operators' changes, and the configuration in force.
    pub operator: OperatorMetrics,
    /// Readings of what became of dials.
    pub outcomes: OutcomeMetrics,
    /// Changes of paces.
    pub throttle: ThrottleMetrics,
    campaigns: CampaignFamilies,
}

impl Metrics {
    /// Creates and registers everything for the one tenant of a daemon without such tables. `poll_interval_s` is shown so that alerts scale with it; `now_s` is the
    /// Unix time of the start, from which freshness counts.
    ///
    /// # Errors
    /// A name or label that Prometheus does not accept; a fault of this folder.
    pub fn new(
        poll_interval_s: f64,
        dry_run: bool,
        config_hash: &str,
        now_s: f64,
    ) -> prometheus::Result<Self> {
        Self::of_tenant(None, poll_interval_s, dry_run, config_hash, now_s)
    }

    /// The same for one of several tenants, whose name is on every series.
    ///
    /// # Errors
    /// As [`Metrics::new`].
    pub fn of_tenant(
        tenant: Option<&TenantName>,
        poll_interval_s: f64,
        dry_run: bool,
        config_hash: &str,
        now_s: f64,
    ) -> prometheus::Result<Self> {
        let label = |name: &TenantName| ("tenant".to_owned(), name.as_str().to_owned());
        let labels = tenant.map(|name| std::iter::once(label(name)).collect());
        let registry = Registry::new_custom(None, labels)?;
        let families = Families {
            registry: &registry,
        };
        let api = ApiMetrics::register(&families)?;
        let cycle = LoopMetrics::register(&families, now_s)?;
        let operator = OperatorMetrics::register(&families, config_hash, now_s)?;
        let outcomes = OutcomeMetrics::register(&families)?;
        let throttle = ThrottleMetrics::register(&families)?;
        families.constants(poll_interval_s, dry_run)?;
        Ok(Self {
            registry,
            api,
            cycle,
            operator,
            outcomes,
            throttle,
            campaigns: CampaignFamilies::new(tenant),
        })
    }

    /// The series of one campaign; every one is created now, or counters only with their first increase.
    pub fn campaign(&self, id: &CampaignId, every: bool) -> CampaignGauges {
        self.campaigns.series(id, every)
    }

    /// Removes the series of a campaign that is no longer managed.
    pub fn forget_campaign(&self, id: &CampaignId) {
        self.campaigns.forget(id);
    }

    /// The series of messages to other systems: only there where messages are delivered. To be asked for once.
    ///
    /// # Errors
    /// When they were asked for before; a fault of the caller.
    pub fn outbox(&self) -> prometheus::Result<OutboxMetrics> {
        OutboxMetrics::register(&Families {
            registry: &self.registry,
        })
    }

    /// The series by receiver: only there where receivers have names. To be asked for once.
    ///
    /// # Errors
    /// When they were asked for before; a fault of the caller.
    pub fn receivers(&self) -> prometheus::Result<ReceiverFamilies> {
        ReceiverFamilies::register(&Families {
            registry: &self.registry,
        })
    }

    /// The series of queues: only there where queues are changed. To be asked for once.
    ///
    /// # Errors
    /// When they were asked for before; a fault of the caller.
    pub fn queues(&self) -> prometheus::Result<QueueMetrics> {
        self.api.enable(Feature::Queues);
        QueueMetrics::register(&Families {
            registry: &self.registry,
        })
    }

    /// The series of preview assignments: only there where there are such campaigns. To be asked for once.
    ///
    /// # Errors
    /// When they were asked for before; a fault of the caller.
    pub fn assignments(&self) -> prometheus::Result<AssignMetrics> {
        self.api.enable(Feature::Lists);
        AssignMetrics::register(&Families {
            registry: &self.registry,
        })
    }

    /// Creates the series of paces: one is read from here on.
    pub fn paces_are_read(&self) {
        self.api.enable(Feature::IdleReserves);
        self.throttle.begin();
    }

    /// The series of guards: only there where there are guards. To be asked for once.
    ///
    /// # Errors
    /// When they were asked for before; a fault of the caller.
    pub fn guards(&self) -> prometheus::Result<GuardMetrics> {
        GuardMetrics::register(&Families {
            registry: &self.registry,
        })
    }

    /// The exposition of this tenant alone in the text format, with its content type.
    ///
    /// # Errors
    /// When a family cannot be encoded; a fault of this file.
    pub fn exposition(&self) -> prometheus::Result<(String, Vec<u8>)> {
        let shared = SharedStore::default();
        encoded(&self.registry.gather(), &[&self.campaigns], &[], shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_tenants_are_written_once_and_their_series_are_told_apart() {
        let tenant = |name: &str| {
            let name = name.parse::<TenantName>().unwrap();
            Metrics::of_tenant(Some(&name), 30.0, false, "", 0.0).unwrap()
        };
        let tenants = [tenant("eu"), tenant("us")].map(Arc::new);
        for (tenant, agents) in tenants.iter().zip([3.0, 7.0]) {
            let series = tenant.campaign(&"a".parse().unwrap(), true);
            series.observe_sample(agents, 5.0, 8.0);
        }
        let process = ProcessMetrics::new().unwrap();
        let standing = [("eu", true), ("us", false)].map(|(name, runs)| TenantStanding {
            name: Some(name.parse().unwrap()),
            runs,
            shared: true,
        });
        let (_, text) = {
            let shared = SharedStore {
                members: Some(3),
                hand_overs: 2,
                takeovers: 1,
            };
            exposition(&process, &tenants, &standing, shared).unwrap()
        };
        let text = String::from_utf8(text).unwrap();
        for line in [
            r#"autopilot_campaign_available_agents{campaign="a",tenant="eu"} 3"#,
            r#"autopilot_campaign_available_agents{campaign="a",tenant="us"} 7"#,
            r#"autopilot_poll_interval_seconds{tenant="eu"} 30"#,
            "autopilot_ui_event_streams 0",
            r#"autopilot_tenant_running{tenant="us"} 0"#,
            r#"autopilot_lease_held{tenant="eu"} 1"#,
            r#"autopilot_lease_held{tenant="us"} 0"#,
            "autopilot_members 3",
            "autopilot_member_hand_overs_total 2",
            "autopilot_member_takeovers_total 1",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
        }
        let mut families: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("# TYPE"))
            .collect();
        let many = families.len();
        families.sort_unstable();
        families.dedup();
        assert_eq!(families.len(), many, "each family once");
        for line in text.lines().filter(|line| line.starts_with("autopilot_")) {
            let of_process = [
                "autopilot_ui_",
                "autopilot_log_lines",
                "autopilot_build_info",
                "autopilot_member",
            ];
            let of_process = of_process.iter().any(|prefix| line.starts_with(prefix));
            assert_eq!(line.contains("tenant=\""), !of_process, "{line}");
        }
    }
}
