//! A platform as the loop sees it: the parts that its dialect has.

use std::sync::Arc;

use super::agents::AgentObserver;
use super::call_plan::CallPlanner;
use super::campaigns::{CampaignCommander, CampaignReader};
use super::capabilities::Capabilities;
use super::lists::{ListReader, ListWriter};
use super::login::Login;
use super::outcomes::OutcomeReader;
use super::queues::{ProfileWriter, QueueReader, QueueWriter};
use super::throttle::Throttles;

/// Lists of preview campaigns.
#[derive(Clone)]
pub struct ListPorts {
    /// Reads them.
    pub reader: Arc<dyn ListReader>,
    /// Changes them; a dry run has none.
    pub writer: Option<Arc<dyn ListWriter>>,
}

/// Queues.
#[derive(Clone)]
pub struct QueuePorts {
    /// Reads them.
    pub reader: Arc<dyn QueueReader>,
    /// Changes them; a dry run has none.
    pub writer: Option<Arc<dyn QueueWriter>>,
}

/// The parts of a platform. What it cannot do, or may not in a dry run, is absent.
#[derive(Clone)]
pub struct Connected {
    /// What the dialect can do.
    pub capabilities: Capabilities,
    /// Tries the credentials.
    pub login: Arc<dyn Login>,
    /// Counts the available agents.
    pub agents: Arc<dyn AgentObserver>,
    /// Reads campaigns.
    pub campaigns: Arc<dyn CampaignReader>,
    /// Commands campaigns; a dry run has none.
    pub commander: Option<Arc<dyn CampaignCommander>>,
    /// Lists of preview campaigns.
    pub lists: Option<ListPorts>,
    /// Queues.
    pub queues: Option<QueuePorts>,
    /// Moves agents to queues; a dry run has none.
    pub profiles: Option<Arc<dyn ProfileWriter>>,
    /// Make campaigns dial slower.
    pub throttles: Throttles,
    /// Reads the outcomes of dials.
    pub outcomes: Option<Arc<dyn OutcomeReader>>,
    /// Plans the calls of a day.
    pub call_plan: Option<Arc<dyn CallPlanner>>,
}
