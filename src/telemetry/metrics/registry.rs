//! Every metric of the process, and its exposition.

use prometheus::{Encoder, Registry, TextEncoder};

use crate::domain::CampaignId;
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
use super::outbox::OutboxMetrics;
use super::outcomes::OutcomeMetrics;
use super::queues::QueueMetrics;
use super::throttle::ThrottleMetrics;

/// Every metric of the process.
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
    /// Creates and registers everything. `poll_interval_s` is shown so that alerts scale with it; `now_s` is the
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
        let registry = Registry::new();
        let families = Families {
            registry: &registry,
        };
        let api = ApiMetrics::register(&families)?;
        let cycle = LoopMetrics::register(&families, now_s)?;
        let operator = OperatorMetrics::register(&families, config_hash, now_s)?;
        let outcomes = OutcomeMetrics::register(&families)?;
        let throttle = ThrottleMetrics::register(&families)?;
        families.process()?;
        families.counter_of(
            "log_lines_lost_total",
            "Log lines that were lost, because nobody read the log or it could not be written.",
            lost_lines,
        )?;
        families.constants(poll_interval_s, dry_run)?;
        Ok(Self {
            registry,
            api,
            cycle,
            operator,
            outcomes,
            throttle,
            campaigns: CampaignFamilies::new(),
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

    /// The exposition in the text format, with its content type.
    ///
    /// # Errors
    /// When a family cannot be encoded; a fault of this file.
    pub fn exposition(&self) -> prometheus::Result<(String, Vec<u8>)> {
        let encoder = TextEncoder::new();
        let mut text = Vec::new();
        encoder.encode(&self.registry.gather(), &mut text)?;
        let mut page = Exposition::after(text);
        self.campaigns.write(&mut page);
        Ok((encoder.format_type().to_owned(), page.into_text()))
    }
}
