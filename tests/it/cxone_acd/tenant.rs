//! A simulated tenant, the parts of the dialect for it, and the daemon's loop over them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use campaign_autopilot::control::ports::{Batch, Clock, Journal, JournalFault};
use campaign_autopilot::control::{Cycle, CycleSettings, Ports, RunStart};
use campaign_autopilot::domain::{
    Calendars, CampaignId, CountedQueue, DecisionId, Delivery, Direction, Group, GroupCount,
    HeadCount, Policy, StatusFinding, StatusReading, Timestamp,
};
use campaign_autopilot::platform::dialect::{
    Access, Dialect, SharedParts, SpecialSettings, TenantSettings,
};
use campaign_autopilot::platform::http::{
    AuthStyle, Credentials, HttpRequest, HttpResponse, HttpSend, SendFault,
};
use campaign_autopilot::platform::port::{
    CommandOrder, Connected, ObserveRequest, RemembersNothing, Urgency,
};
use campaign_autopilot::simulator::{
    AcdSettings, Actor, Dialect as SimDialect, FIRST_CAMPAIGN, Outcome, Script, SentRequest,
    Settings, SimClock, SimHandle, SimTime,
};
use campaign_autopilot::telemetry::Metrics;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub(super) const START: SimTime = SimTime::from_unix_millis(1_715_760_000_000);
pub(super) const SKILL: &str = "4711";

/// Something that happens so many seconds after the start.
pub(super) type Event = (u64, Box<dyn FnOnce() + Send>);

/// The simulated clock as the daemon's: it stands still until everybody waits, and what was planned happens on the way.
#[derive(Clone)]
pub(super) struct SteppedClock {
    sim: SimClock,
    events: Arc<Mutex<VecDeque<Event>>>,
}

impl SteppedClock {
    pub(super) fn new(sim: SimClock) -> Self {
        Self {
            sim,
            events: Arc::default(),
        }
    }

    fn advance_to(&self, target: SimTime) {
        loop {
            let due = {
                let mut events = self.events.lock().unwrap();
                let first = events
                    .front()
                    .map(|(at, _)| START.plus(Duration::from_secs(*at)));
                first
                    .filter(|at| *at <= target)
                    .and_then(|at| events.pop_front().map(|(_, act)| (at, act)))
            };
            let Some((at, act)) = due else { break };
            self.sim.advance(at.since(self.sim.now()));
            act();
        }
        self.sim.advance(target.since(self.sim.now()));
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.sim.now().as_unix_millis())
    }

    fn monotonic(&self) -> Duration {
        self.sim.now().since(START)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (clock, target) = (self.clone(), self.sim.now().plus(duration));
        Box::pin(async move {
            // Whatever else can go on goes on first: no answer takes any time here.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            clock.advance_to(target);
        })
    }

    fn real(&self, duration: Duration) -> Duration {
        duration
    }
}

/// A journal that keeps nothing.
pub(super) struct Forgetful;

impl Journal for Forgetful {
    fn commit(&self, _batch: Arc<Batch>) -> BoxFuture<'_, Result<(), JournalFault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Requests that reach the tenant without a socket.
pub(super) struct Direct(SimHandle);

impl HttpSend for Direct {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        let query = request.url.query().map(|query| format!("?{query}"));
        let exchange = self.0.exchange(SentRequest {
            method: request.method,
            uri: format!("{}{}", request.url.path(), query.unwrap_or_default()),
            headers: request.headers.into_iter().collect(),
            body: request.body,
        });
        let answer = match exchange.outcome {
            Outcome::Answered {
                status,
                headers,
                body,
            } => Ok(HttpResponse {
                status,
                headers,
                body,
            }),
            Outcome::Truncated { .. } | Outcome::Reset => {
                Err(SendFault::Broken("reset".to_owned()))
            }
            Outcome::Silent => Err(SendFault::Timeout),
        };
        Box::pin(std::future::ready(answer))
    }
}

/// A tenant and the dialect's parts for it.
pub(super) struct Tenant {
    pub(super) handle: SimHandle,
    pub(super) clock: SteppedClock,
    pub(super) parts: Connected,
    metrics: Arc<Metrics>,
    pub(super) runtime: tokio::runtime::Runtime,
}

impl Tenant {
    pub(super) fn new(settings: AcdSettings) -> Self {
        Self::with(settings, &[SKILL], |_| {})
    }

    pub(super) fn with(
        settings: AcdSettings,
        campaigns: &[&str],
        change: impl FnOnce(&mut TenantSettings),
    ) -> Self {
        let sim = SimClock::manual(START);
        let clock = SteppedClock::new(sim.clone());
        let mut platform = Settings::new(sim, Script::Fixed);
        platform.dialect = SimDialect::CxoneAcd(Box::new(settings));
        let handle = SimHandle::without_sockets(platform);
        let credentials = Credentials {
            client_id: "autopilot".to_owned(),
            client_secret: "autopilot-secret".to_owned().into(),
            style: AuthStyle::Form,
            scopes: Vec::new(),
        };
        let base = "http://127.0.0.1/";
        let mut tenant = TenantSettings {
            base_url: Some(base.parse().unwrap()),
            token_url: format!("{base}authentication/v1/token/access-key")
                .parse()
                .unwrap(),
            credentials,
            page_size: 100,
            page_concurrency: 4,
            rate: None,
            request_timeout: Duration::from_secs(5),
            access: Access::ReadAndWrite,
            campaigns: campaigns.iter().map(|id| id.parse().unwrap()).collect(),
            lists: Vec::new(),
            special: SpecialSettings::default(),
        };
        change(&mut tenant);
        let metrics = Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap());
        let shared = SharedParts {
            transport: Arc::new(Direct(handle.clone())),
            clock: Arc::new(clock.clone()),
            metrics: Arc::clone(&metrics),
            refusals: Arc::new(RemembersNothing),
            seed: 1,
        };
        let parts = Dialect::CxoneAcd.connect(tenant, shared).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        Self {
            handle,
            clock,
            parts,
            metrics,
            runtime,
        }
    }

    pub(super) fn deadline(&self) -> Timestamp {
        self.clock.now().plus(Duration::from_secs(30))
    }

    pub(super) fn after(&self, seconds: u64) {
        self.clock.sim.advance(Duration::from_secs(seconds));
    }

    pub(super) fn try_count(&self, groups: &[Group]) -> Result<Vec<GroupCount>, String> {
        let request = ObserveRequest {
            groups,
            staffed: true,
            agents: false,
            skills: false,
            serving: &[],
            deadline: self.deadline(),
        };
        let observed = self.runtime.block_on(self.parts.agents.observe(request));
        observed
            .map(|observed| observed.heads)
            .map_err(|failed| failed.to_string())
    }

    pub(super) fn count(&self) -> HeadCount {
        let heads = self.try_count(&[Group::Own(id(SKILL))]).unwrap();
        heads[0].known().unwrap_or_else(|| panic!("{heads:?}"))
    }

    pub(super) fn read(&self, campaign: &str) -> StatusReading {
        let ids = [id(campaign)];
        let read = self
            .parts
            .campaigns
            .read(&ids, Urgency::BeforeCommand, self.deadline());
        match self.runtime.block_on(read).remove(0) {
            Ok(StatusFinding::Found(reading)) => reading,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn command(
        &self,
        campaign: &str,
        direction: Direction,
        before: &StatusReading,
    ) -> Delivery {
        let campaign = id(campaign);
        let order = CommandOrder {
            campaign: &campaign,
            direction,
            restore: None,
            staged: false,
            before,
            decision: DecisionId { run: 1, tick: 1 },
            leave_by: self.deadline(),
            deadline: self.deadline(),
        };
        let commander = self.parts.commander.as_ref().unwrap();
        self.runtime.block_on(commander.command(order))
    }

    /// Lets the daemon's loop manage the skill for so many seconds, while the events happen; gives what was done to the
    /// skill and when.
    pub(super) fn live(&self, seconds: u64, events: Vec<Event>) -> Vec<String> {
        let shutdown = CancellationToken::new();
        let end = shutdown.clone();
        let last: Event = (seconds, Box::new(move || end.cancel()));
        self.clock
            .events
            .lock()
            .unwrap()
            .extend(events.into_iter().chain([last]));
        let policy = Policy {
            queue: Some(CountedQueue::Own),
            ..Policy::default()
        };
        let ports = Ports {
            clock: Arc::new(self.clock.clone()),
            platform: self.parts.clone(),
            journal: Arc::new(Forgetful),
        };
        let start = RunStart {
            run: 1,
            policies: BTreeMap::from([(id(SKILL), policy)]),
            calendars: Calendars::default(),
            restored: BTreeMap::new(),
            assignments: None,
        };
        let settings = CycleSettings {
            store_damage: Vec::new(),
            poll_interval: Duration::from_secs(10),
            phase: None,
            poll_longest: Duration::from_secs(10),
            command_longest: Duration::from_secs(30),
            freshest: Duration::from_secs(2),
            routine_status_reads: 1,
            record_workload: false,
            outcomes_every: Duration::ZERO,
            day_zones: Vec::new(),
            announces: false,
            version: "test".to_owned(),
            config: String::new(),
        };
        let metrics = Arc::clone(&self.metrics);
        let (cycle, _observed) = Cycle::new(ports, metrics, start, settings, shutdown).unwrap();
        self.runtime.block_on(cycle.run());
        let journal = self.handle.journal();
        journal
            .iter()
            .map(|entry| {
                let by = if entry.by == Actor::Person {
                    "a person"
                } else {
                    "the daemon"
                };
                format!("{} {by}: {}", entry.at.since(START).as_secs(), entry.to)
            })
            .collect()
    }

    /// The event that so many agents are available.
    pub(super) fn available(&self, at: u64, agents: usize) -> Event {
        let handle = self.handle.clone();
        (at, Box::new(move || handle.set_available(agents)))
    }

    /// The event that a person sets the skill's status.
    pub(super) fn person(&self, at: u64, status: &'static str) -> Event {
        let handle = self.handle.clone();
        let set = move || assert!(handle.person_sets(FIRST_CAMPAIGN, status));
        (at, Box::new(set))
    }

    pub(super) fn commands(&self) -> Vec<String> {
        let journal = self.handle.journal();
        journal.iter().map(|entry| entry.to.clone()).collect()
    }
}

pub(super) fn id(campaign: &str) -> CampaignId {
    campaign.parse().unwrap()
}
