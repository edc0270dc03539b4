//! What a simulator is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::centre::Scenario;
use super::dialects::Dialect;
use super::dialects::cxone_v2::quirks::Quirks;
use super::faults::FaultRule;
use super::script::Script;
use super::status;
use super::time::SimClock;
use super::tokens::Credentials;
use super::world::World;

/// The id of the campaign that [`Settings::new`] puts into the world.
pub const FIRST_CAMPAIGN: &str = "campaign-1";

/// How many requests the platform takes. Each request costs one, whatever comes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// Requests that come free again in a simulated second.
    pub per_second: f64,
    /// The most that can be made at once.
    pub burst: u32,
}

/// Whether preview assignments can be read. Not every platform shows them; all accept them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignmentReads {
    /// They can.
    Served,
    /// The platform answers 404.
    NotFound,
    /// The platform answers 405.
    MethodNotAllowed,
}

/// The answer to a write of a whole queue whose `If-Match` is no longer in force. Clients treat both the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleQueuePut {
    /// 409.
    Conflict,
    /// 412.
    PreconditionFailed,
}

/// A simulator's settings.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the control face listens, if it is wanted. It asks nobody who they are.
    pub control: Option<SocketAddr>,
    /// The platform's clock.
    pub clock: SimClock,
    /// What moves the agents.
    pub script: Script,
    /// What there is at the start; the script adds its agents to it.
    pub world: World,
    /// What goes wrong from the start.
    pub faults: Vec<FaultRule>,
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The OAuth client.
    pub credentials: Credentials,
    /// Gives a token (with the credentials' scopes) to whoever asks.
    pub accept_any_credentials: bool,
    /// How long a token is valid, simulated.
    pub token_life: Duration,
    /// Real time added to each answer.
    pub latency: Duration,
    /// The limit on requests, if there is one.
    pub rate_limit: Option<RateLimit>,
    /// A command is answered at once, and a reading shows the new status only so much later (simulated).
    pub actuation_delay: Duration,
    /// Gives campaigns the `updatedTimestamp` member.
    pub give_updated_timestamp: bool,
    /// Answers a command with 204 and no body instead of 200 with the campaign.
    pub put_answers_no_content: bool,
    /// Whether a reading gives a campaign's preview assignments.
    pub assignment_reads: AssignmentReads,
    /// How a write of a whole queue is answered whose `If-Match` is no longer in force.
    pub stale_queue_put: StaleQueuePut,
    /// What the platform speaks.
    pub dialect: Dialect,
    /// What the platform is like beyond that.
    pub quirks: Quirks,
}

impl Settings {
    /// The scenario's contact centre with its campaigns, all running, on a free loopback port; its day begins now.
    #[must_use]
    pub fn staging(scenario: &Scenario, speed: f64) -> Self {
        let start = scenario.start();
        let clock = SimClock::starting_at(start, speed);
        let mut world = World::new();
        world.put_example_queues();
        for campaign in &scenario.campaigns {
            world.put_campaign(&campaign.id, &campaign.name, status::RUNNING, start);
        }
        Self {
            world,
            faults: scenario.fault_rules(),
            latency: scenario.telemetry.latency,
            actuation_delay: scenario.telemetry.actuation_delay,
            ..Self::new(clock, Script::Centre(Box::new(scenario.clone())))
        }
    }

    /// A well-behaved platform on a free loopback port, with the running campaign [`FIRST_CAMPAIGN`],
    /// the queues of [`World::put_example_queues`], and the client `autopilot` with the secret `autopilot-secret`.
    #[must_use]
    pub fn new(clock: SimClock, script: Script) -> Self {
        let mut world = World::new();
        world.put_campaign(
            FIRST_CAMPAIGN,
            "Spring renewals",
            status::RUNNING,
            clock.now(),
        );
        world.put_example_queues();
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            control: None,
            clock,
            script,
            world,
            faults: Vec::new(),
            seed: 0,
            credentials: Credentials::new("autopilot", "autopilot-secret"),
            accept_any_credentials: false,
            token_life: Duration::from_secs(3_600),
            latency: Duration::ZERO,
            rate_limit: None,
            actuation_delay: Duration::ZERO,
            give_updated_timestamp: true,
            put_answers_no_content: false,
            assignment_reads: AssignmentReads::Served,
            stale_queue_put: StaleQueuePut::Conflict,
            dialect: Dialect::default(),
            quirks: Quirks::default(),
        }
    }
}
