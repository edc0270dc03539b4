//! A handle on a running simulator: looks at it and changes it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;

use super::agent_state::AgentState;
use super::assignments::Assignment;
use super::centre::CentreFigures;
use super::dialects::DialectKind;
use super::dialects::cxone_v2::quirks::Quirks;
use super::effects::Effect;
use super::faults::{Endpoint, FaultRule};
use super::journal::{Actor, JournalEntry};
use super::outcome::Exchange;
use super::platform::{Platform, Progressed};
use super::queues::{Queue, QueueStatistics};
use super::request_seen::RequestSeen;
use super::scripted_event::ScriptedEvent;
use super::sent_request::SentRequest;
use super::settings::Settings;
use super::time::{SimClock, SimTime};
use super::world::AgentRecord;

/// More scripted events than a day has; a listener that falls further behind misses some.
const HAPPENINGS_KEPT: usize = 64;

/// Called at set points of a request's way, on the task or thread that serves it, with no lock held. A late effect is
/// `Applied` on the task or thread that touches the platform next.
pub type Hook = Arc<dyn Fn(&RequestSeen, Phase) + Send + Sync>;

/// A point of a request's way. A request that is cut off has no `Answering`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The request was read, and nothing has been done.
    Arrived,
    /// The request was a write, and it took effect.
    Applied,
    /// The answer is about to be handed to the connection.
    Answering,
}

/// What the connections and the handles share.
pub(super) struct Shared {
    pub(super) latency: Duration,
    pub(super) dialect: DialectKind,
    clock: SimClock,
    platform: Mutex<Platform>,
    hook: Mutex<Option<Hook>>,
    scripted_events: broadcast::Sender<ScriptedEvent>,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        let (clock, latency) = (settings.clock.clone(), settings.latency);
        let dialect = settings.dialect.kind();
        let platform = Mutex::new(Platform::new(settings, clock.now()));
        let (scripted_events, _) = broadcast::channel(HAPPENINGS_KEPT);
        Self {
            latency,
            dialect,
            clock,
            platform,
            hook: Mutex::new(None),
            scripted_events,
        }
    }

    /// Does something with the platform as it is at this moment.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Platform, SimTime) -> T) -> T {
        let mut platform = lock(&self.platform);
        // Read under the lock: whoever comes later sees a later time.
        let now = self.clock.now();
        let Progressed {
            scripted_events,
            applied,
        } = platform.advance(now);
        for event in scripted_events {
            // An error only says that nobody listens.
            drop(self.scripted_events.send(event));
        }
        let done = act(&mut platform, now);
        drop(platform);
        for seen in applied {
            self.reached(&seen, Phase::Applied);
        }
        done
    }

    pub(super) fn reached(&self, seen: &RequestSeen, phase: Phase) {
        let hook = lock(&self.hook).clone();
        if let Some(hook) = hook {
            hook(seen, phase);
        }
    }

    pub(super) fn now(&self) -> SimTime {
        self.clock.now()
    }

    pub(super) fn simulated(&self, real: Duration) -> Duration {
        self.clock.simulated(real)
    }
}

/// A handle on a running simulator; clones are handles on the same one. Every call first follows the
/// script up to the clock's time and carries out the late effects that are due.
#[derive(Clone)]
pub struct SimHandle(pub(super) Arc<Shared>);

#[expect(
    clippy::must_use_candidate,
    reason = "what changes the world may be called for that alone"
)]
impl SimHandle {
    /// Creates a platform without sockets, to be used through [`SimHandle::exchange`]. [`Settings::listen`] and
    /// [`Settings::control`] mean nothing to it.
    #[must_use]
    pub fn without_sockets(settings: Settings) -> Self {
        Self(Arc::new(Shared::new(settings)))
    }

    /// Carries a request out at once and returns its outcome and when it arrives. The hook hears of all phases before
    /// this returns.
    pub fn exchange(&self, sent: SentRequest) -> Exchange {
        let (exchange, announced) = self.0.exchange(sent);
        if let Some(seen) = announced {
            self.0.reached(&seen, Phase::Answering);
        }
        exchange
    }

    /// Returns how often each kind of fault was injected, by its [name](super::Fault::name). Kinds that never were are
    /// left out.
    #[must_use]
    pub fn faults_injected(&self) -> BTreeMap<&'static str, u64> {
        self.0.with(|platform, _| platform.injected.clone())
    }

    /// Makes exactly `wanted` agents available and all others busy, adding agents where there are too
    /// few. Meant for [`Script::Fixed`](super::Script::Fixed): other scripts move their agents on.
    pub fn set_available(&self, wanted: usize) {
        self.0
            .with(|platform, now| platform.world.set_available(wanted, now));
    }

    /// Adds an agent or replaces one.
    pub fn put_agent(&self, id: &str, state: AgentState, skills: &[&str]) {
        let skills = skills.iter().map(|skill| (*skill).to_owned()).collect();
        self.0.with(|platform, since| {
            platform.world.put_agent(
                id,
                AgentRecord {
                    name: id.to_owned(),
                    state,
                    skills,
                    since,
                },
            );
        });
    }

    /// Puts an agent in a state; `false` when there is no such agent. A script may move the agent on.
    pub fn set_agent_state(&self, id: &str, state: AgentState) -> bool {
        self.0
            .with(|platform, now| platform.world.set_agent_state(id, state, now))
    }

    /// Sends `count` agents on a break of so much simulated time; returns how many go. In a contact centre
    /// they go as soon as they are free; elsewhere only available ones go, and at once.
    pub fn send_on_break(&self, count: usize, lasting: Duration) -> usize {
        self.0
            .with(|platform, now| platform.send_on_break(count, lasting, now))
    }

    /// Takes an agent away; `false` when there was none.
    pub fn remove_agent(&self, id: &str) -> bool {
        self.0.with(|platform, _| platform.world.remove_agent(id))
    }

    /// Does something under the platform's lock, for the parts of one dialect.
    pub(super) fn with_platform<T>(&self, act: impl FnOnce(&mut Platform, SimTime) -> T) -> T {
        self.0.with(act)
    }

    /// Returns the id under which the platform's dialect shows a campaign of the world.
    #[must_use]
    pub fn shown_id(&self, campaign: &str) -> String {
        self.0.with(|platform, _| shown_id(platform, campaign))
    }

    /// Returns the world's id of the campaign that is shown under `id`, or has it already.
    pub(super) fn campaign_shown_as(&self, id: &str) -> Option<String> {
        self.0.with(|platform, _| {
            if platform.world.campaign(id).is_some() {
                return Some(id.to_owned());
            }
            let campaigns = platform.world.campaigns();
            let mut ids: Vec<String> = campaigns.map(|(id, _)| id.to_owned()).collect();
            ids.retain(|campaign| shown_id(platform, campaign) == id);
            ids.pop()
        })
    }

    /// Adds a campaign or replaces one, without a trace in the journal.
    pub fn put_campaign(&self, id: &str, status: &str) {
        self.0
            .with(|platform, now| platform.world.put_campaign(id, id, status, now));
    }

    /// Takes a campaign away; `false` when there was none.
    pub fn remove_campaign(&self, id: &str) -> bool {
        self.0
            .with(|platform, _| platform.world.remove_campaign(id))
    }

    /// Changes the campaign as a person at the platform's console does; `false` when there is none.
    pub fn person_sets(&self, campaign: &str, status: &str) -> bool {
        self.0
            .with(|platform, now| platform.world.person_sets(campaign, status, now))
    }

    /// Replaces a campaign's preview assignments as a person at the platform's console does, which checks
    /// nothing; `false` when there is no such campaign.
    pub fn person_assigns(&self, campaign: &str, agents: Vec<Assignment>) -> bool {
        self.0.with(|platform, now| {
            let world = &mut platform.world;
            world.assign(campaign, agents, Actor::Person, now).is_some()
        })
    }

    /// Returns a campaign's preview assignments in force.
    #[must_use]
    pub fn assignments(&self, campaign: &str) -> Vec<Assignment> {
        self.0
            .with(|platform, _| platform.world.assignments(campaign).to_vec())
    }

    /// Sets the most agents that the dialer takes for the campaign before it answers 409; no bound
    /// without one.
    pub fn set_dialer_capacity(&self, campaign: &str, agents: Option<usize>) {
        self.0
            .with(|platform, _| platform.world.set_dialer_capacity(campaign, agents));
    }

    /// Adds a queue or replaces one, without a trace in the journal.
    pub fn put_queue(&self, id: &str, members: Queue) {
        self.0
            .with(|platform, _| platform.world.put_queue(id, members));
    }

    /// Returns a queue as it is.
    #[must_use]
    pub fn queue(&self, id: &str) -> Option<Queue> {
        self.0.with(|platform, _| platform.world.queue(id).cloned())
    }

    /// Changes some members of a queue as a person at the platform's console does, which checks nothing; the
    /// version goes up. `false` when there is no such queue.
    pub fn person_changes_queue(&self, id: &str, members: Queue) -> bool {
        self.0.with(|platform, now| {
            let world = &mut platform.world;
            world.person_changes_queue(id, members, now)
        })
    }

    /// Sets what a queue has counted; without anything its statistics are no longer shown. `false` when there is no
    /// such queue.
    pub fn set_queue_statistics(&self, id: &str, counted: Option<QueueStatistics>) -> bool {
        self.0
            .with(|platform, _| platform.world.set_queue_statistics(id, counted))
    }

    /// Returns the campaign's true status, whatever a reading shows.
    #[must_use]
    pub fn campaign_status(&self, id: &str) -> Option<String> {
        self.0.with(|platform, _| {
            platform
                .world
                .campaign(id)
                .map(|campaign| campaign.status.clone())
        })
    }

    /// Returns the figures of a contact centre's day so far, and until when they are; nothing where the script is another one.
    #[must_use]
    pub fn figures(&self) -> Option<(CentreFigures, SimTime)> {
        self.0
            .with(|platform, now| Some((platform.performance.figures()?, now)))
    }

    /// Counts the available agents.
    #[must_use]
    pub fn available(&self) -> usize {
        self.0
            .with(|platform, _| platform.world.count(&AgentState::Available))
    }

    /// Adds a fault rule after the others.
    pub fn inject(&self, rule: FaultRule) {
        self.0.with(|platform, _| platform.faults.add(rule));
    }

    /// Ends all faults, the script's outages included.
    pub fn clear_faults(&self) {
        self.0.with(|platform, _| platform.faults.clear());
    }

    /// Returns the quirks in force.
    #[must_use]
    pub fn quirks(&self) -> Quirks {
        self.0.with(|platform, _| platform.rules.quirks.clone())
    }

    /// Replaces the quirks. A transition that has begun goes on as it began.
    pub fn set_quirks(&self, quirks: Quirks) {
        self.0.with(|platform, _| platform.set_quirks(quirks));
    }

    /// Forgets all tokens given out.
    pub fn expire_tokens(&self) {
        self.0.with(|platform, _| platform.tokens.forget_all());
    }

    /// Returns what was done to campaigns, oldest first.
    #[must_use]
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.0.with(|platform, _| platform.world.journal().to_vec())
    }

    /// Returns everything that was done, to campaigns and to the rest, oldest first.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        self.0.with(|platform, _| platform.world.effects().to_vec())
    }

    /// Returns how many requests came for the endpoint; without one, how many in all, those to unknown paths
    /// included.
    #[must_use]
    pub fn request_count(&self, endpoint: Option<Endpoint>) -> u64 {
        let [count] = self.request_counts([endpoint]);
        count
    }

    /// The same of several, all at one moment: counts that are asked for one by one have requests between them.
    #[must_use]
    pub fn request_counts<const N: usize>(&self, endpoints: [Option<Endpoint>; N]) -> [u64; N] {
        self.0
            .with(|platform, _| endpoints.map(|endpoint| platform.request_count(endpoint)))
    }

    /// Returns the scripted events from here on, each when the first request or call after its moment comes.
    #[must_use]
    pub fn scripted_events(&self) -> broadcast::Receiver<ScriptedEvent> {
        self.0.scripted_events.subscribe()
    }

    /// Sets what is called at each phase of each request, or nothing.
    pub fn set_hook(&self, hook: Option<Hook>) {
        *lock(&self.0.hook) = hook;
    }

    /// Returns the simulated time.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.0.now()
    }
}

/// The id under which the platform's dialect shows a campaign of the world.
fn shown_id(platform: &mut Platform, campaign: &str) -> String {
    if let Some(shown) = platform.shown_by_dialer(campaign) {
        return shown;
    }
    let Platform { world, acd, .. } = platform;
    acd.as_mut()
        .and_then(|acd| acd.skill_number(world, campaign))
        .map_or_else(|| campaign.to_owned(), |number| number.to_string())
}

/// A panic under the lock cannot leave the world half changed in a way that matters to a simulation.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
