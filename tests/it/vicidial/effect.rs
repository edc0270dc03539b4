//! Whether a pause has an effect: the dialect's parts on a clock that is moved by hand.

use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::control::ports::Clock;
use campaign_autopilot::domain::{CampaignId, Group, Timestamp};
use campaign_autopilot::platform::dialect::{
    Access, Dialect, SharedParts, SpecialSettings, TenantSettings,
};
use campaign_autopilot::platform::http::{
    AuthStyle, Credentials, HttpRequest, HttpResponse, HttpSend, SendFault,
};
use campaign_autopilot::platform::port::{Connected, ObserveRequest, RemembersNothing, Urgency};
use campaign_autopilot::simulator::{
    Dialect as SimDialect, DialerCalls, DialerUser, Outcome, Script, SentRequest, Settings,
    SimClock, SimHandle, SimTime,
};
use campaign_autopilot::telemetry::Metrics;
use futures_util::future::BoxFuture;

use super::site::{CALLS, OUTBA, dialling};

const START: SimTime = SimTime::from_unix_millis(1_715_760_000_000);

/// The simulated clock as the daemon's.
struct HandClock(SimClock);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.now().as_unix_millis())
    }

    fn monotonic(&self) -> Duration {
        self.0.now().since(START)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.advance(duration);
        Box::pin(std::future::ready(()))
    }

    fn real(&self, duration: Duration) -> Duration {
        duration
    }
}

/// Requests that reach the system without a socket.
pub(super) struct Direct(pub(super) SimHandle);

impl HttpSend for Direct {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        let exchange = self.0.exchange(SentRequest {
            method: request.method,
            uri: request.url.path().to_owned(),
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
            Outcome::Truncated { .. } | Outcome::Reset | Outcome::Silent => Err(SendFault::Timeout),
        };
        Box::pin(std::future::ready(answer))
    }
}

pub(super) struct Site {
    pub(super) handle: SimHandle,
    pub(super) clock: SimClock,
    pub(super) parts: Connected,
    metrics: Arc<Metrics>,
    pub(super) runtime: tokio::runtime::Runtime,
}

impl Site {
    /// A campaign that shows our pause; its calls ring for 26 s.
    fn paused(user: DialerUser) -> Self {
        Self::with(user, "0.0001", Access::ReadOnly)
    }

    /// The same at this level.
    pub(super) fn with(user: DialerUser, level: &str, access: Access) -> Self {
        let clock = SimClock::manual(START);
        let mut platform = Settings::new(clock.clone(), Script::Fixed);
        platform.world.remove_campaign("campaign-1");
        platform
            .world
            .put_campaign(OUTBA, "Outbound A", "RUNNING", START);
        let mut settings = dialling("RATIO", level);
        settings.users = vec![user];
        platform.dialect = SimDialect::Vicidial(Box::new(settings));
        let handle = SimHandle::without_sockets(platform);
        let base: reqwest::Url = "http://127.0.0.1/".parse().unwrap();
        let tenant = TenantSettings {
            base_url: Some(base.clone()),
            token_url: base,
            credentials: Credentials {
                client_id: "autopilot".to_owned(),
                client_secret: "autopilot-secret".to_owned().into(),
                style: AuthStyle::Form,
                scopes: Vec::new(),
            },
            page_size: 100,
            page_concurrency: 4,
            rate: None,
            request_timeout: Duration::from_secs(5),
            access,
            campaigns: vec![OUTBA.parse().unwrap()],
            lists: Vec::new(),
            special: SpecialSettings::default(),
        };
        let metrics = Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap());
        let shared = SharedParts {
            transport: Arc::new(Direct(handle.clone())),
            clock: Arc::new(HandClock(clock.clone())),
            metrics: Arc::clone(&metrics),
            refusals: Arc::new(RemembersNothing),
            seed: 1,
        };
        Self {
            handle,
            clock,
            parts: Dialect::Vicidial.connect(tenant, shared).unwrap(),
            metrics,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
        }
    }

    /// A poll so many seconds after the last one, at which so many calls were placed today.
    fn poll(&self, seconds: u64, calls: u64) {
        self.places(calls);
        self.polls(seconds);
    }

    fn places(&self, calls: u64) {
        assert!(self.handle.change_dialer(|settings| {
            let placed = DialerCalls {
                hour: 9,
                status: "NA".to_owned(),
                count: calls,
            };
            let today = settings.calls.get_or_insert_default();
            today.insert(OUTBA.to_owned(), vec![placed]);
        }));
    }

    /// The same without a word on the calls: the agents are read, and then what campaigns do.
    fn polls(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        let groups = [Group::Own(OUTBA.parse().unwrap())];
        let request = ObserveRequest {
            groups: &groups,
            staffed: true,
            agents: false,
            skills: false,
            serving: &[],
            deadline: self.now().plus(Duration::from_secs(30)),
        };
        let observed = self.runtime.block_on(self.parts.agents.observe(request));
        assert!(observed.is_ok());
        let ids: [CampaignId; 1] = [OUTBA.parse().unwrap()];
        let deadline = self.now().plus(Duration::from_secs(30));
        let read = self.parts.campaigns.read(&ids, Urgency::Routine, deadline);
        let found = self.runtime.block_on(read);
        assert!(found[0].is_ok(), "{found:?}");
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.clock.now().as_unix_millis())
    }

    fn without_effect(&self) -> bool {
        self.is_one("autopilot_pauses_without_effect ")
    }

    fn at_standstill(&self) -> bool {
        self.is_one("autopilot_campaigns_at_standstill ")
    }

    fn is_one(&self, series: &str) -> bool {
        let (_, text) = self.metrics.exposition().unwrap();
        let text = String::from_utf8(text).unwrap();
        let line = text.lines().find(|line| line.starts_with(series));
        line.unwrap().ends_with(" 1")
    }

    /// What is told of the campaign beside that.
    fn rivals(&self) -> Vec<String> {
        let ids: [CampaignId; 1] = [OUTBA.parse().unwrap()];
        let rivals = self
            .parts
            .campaigns
            .rivals(&ids, Timestamp::from_unix_millis(0));
        let rivals = self.runtime.block_on(rivals).unwrap();
        rivals.into_iter().map(|rival| rival.description).collect()
    }

    fn looks(&self) -> u64 {
        self.handle.request_count(Some(CALLS))
    }
}

pub(super) fn user() -> DialerUser {
    DialerUser::new("autopilot", "autopilot-secret")
}

#[test]
fn calls_that_grow_a_ringing_time_after_the_pause_are_told_with_the_threshold() {
    let site = Site::paused(user());
    site.poll(0, 100);
    // Calls that ring at the pause may still be placed to agents, and end.
    site.poll(10, 108);
    site.poll(20, 111);
    assert_eq!(site.looks(), 0);
    site.poll(10, 111);
    site.poll(10, 113);
    assert!(!site.without_effect());
    site.poll(25, 115);
    assert!(site.without_effect());
    assert!(site.rivals()[0].contains("Auto Dial Level Threshold"));
    // The threshold is taken away. One look without a call more does not show it.
    for _ in 0..20 {
        site.poll(10, 115);
        assert!(site.without_effect());
    }
    site.poll(20, 115);
    assert!(!site.without_effect());
    assert_eq!(site.rivals(), [""; 0]);
    let looks = site.looks();
    for _ in 0..20 {
        site.poll(10, 115);
    }
    assert_eq!(
        site.looks(),
        looks,
        "calls that stand still are not looked at again"
    );
}

#[test]
fn a_campaign_that_is_dialled_over_once_in_two_minutes_is_found_out() {
    let site = Site::paused(user());
    site.poll(0, 100);
    site.poll(40, 110);
    // Its two agents talk: the calls are the same for three looks, until one of them has hung up.
    for _ in 0..11 {
        site.poll(10, 110);
        assert!(!site.without_effect());
    }
    for _ in 0..12 {
        site.poll(10, 111);
    }
    assert!(site.without_effect());
    // And it is told as long as that goes on.
    for calls in 112..120 {
        for _ in 0..12 {
            site.poll(10, calls);
            assert!(site.without_effect());
        }
    }
}

#[test]
fn a_pause_that_works_costs_four_looks() {
    let site = Site::paused(user());
    site.poll(0, 100);
    site.poll(30, 112);
    for _ in 0..40 {
        site.poll(10, 112);
    }
    assert!(!site.without_effect());
    assert_eq!(site.looks(), 4);
    // And the next pause is looked at anew.
    let mut running = site.handle.dialer_campaign(OUTBA).unwrap();
    let paused = running.clone();
    running.level = "2.0".to_owned();
    assert!(site.handle.person_saves_dialer_campaign(OUTBA, &running));
    site.poll(10, 130);
    assert!(site.handle.person_saves_dialer_campaign(OUTBA, &paused));
    site.poll(10, 140);
    for calls in 141..160 {
        site.poll(10, calls);
    }
    assert!(site.without_effect());
}

/// A campaign that runs at level 2; three agents wait in it.
fn running() -> Site {
    let site = Site::with(user(), "2.0", Access::ReadOnly);
    site.handle.set_available(3);
    site
}

#[test]
fn a_dead_dialler_shows_by_agents_who_wait_and_calls_that_stand_still() {
    let site = running();
    // Agents come and go, and calls are placed: nothing is asked beside that.
    for (poll, calls) in (100..200).enumerate() {
        site.handle.set_available(2 + poll % 2);
        site.poll(10, calls);
    }
    assert_eq!(site.looks(), 0);
    assert!(
        site.handle
            .change_dialer(|settings| settings.dialler_dead = true)
    );
    for poll in 0..58 {
        // Who logs in or out is not seen any more.
        site.handle.set_available(2 + poll % 3);
        site.polls(10);
    }
    assert!(!site.at_standstill());
    for _ in 0..6 {
        site.polls(10);
    }
    assert!(site.at_standstill());
    assert!(site.rivals()[0].contains("the process that dials may be dead"));
    assert_eq!(site.looks(), 2);
    // It is started again.
    assert!(
        site.handle
            .change_dialer(|settings| settings.dialler_dead = false)
    );
    for calls in 200..232 {
        site.poll(10, calls);
    }
    assert!(!site.at_standstill());
    assert_eq!(site.rivals(), [""; 0]);
}

#[test]
fn agents_who_wait_while_calls_are_placed_or_the_campaign_does_not_run_are_no_standstill() {
    // The lists are poor: nobody of the same three gets a call, though many are placed.
    let site = running();
    for calls in 100..300 {
        site.poll(10, calls);
    }
    assert!(!site.at_standstill());
    assert!(site.looks() >= 5, "{}", site.looks());
    // Somebody stops the campaign.
    let mut stopped = site.handle.dialer_campaign(OUTBA).unwrap();
    stopped.level = "0".to_owned();
    assert!(site.handle.person_saves_dialer_campaign(OUTBA, &stopped));
    let looks = site.looks();
    for _ in 0..200 {
        site.polls(10);
    }
    assert!(!site.at_standstill());
    assert_eq!(site.looks(), looks);
    // Nobody waits.
    let site = running();
    site.handle.set_available(0);
    for _ in 0..200 {
        site.poll(10, 100);
    }
    assert_eq!((site.looks(), site.at_standstill()), (0, false));
}

#[test]
fn a_campaign_at_standstill_that_is_stopped_is_none_any_more() {
    let site = running();
    assert!(
        site.handle
            .change_dialer(|settings| settings.dialler_dead = true)
    );
    site.places(100);
    for _ in 0..70 {
        site.polls(10);
    }
    assert!(site.at_standstill());
    let mut stopped = site.handle.dialer_campaign(OUTBA).unwrap();
    stopped.active = false;
    assert!(site.handle.person_saves_dialer_campaign(OUTBA, &stopped));
    site.polls(10);
    assert!(!site.at_standstill());
    assert_eq!(site.rivals(), [""; 0]);
}

#[test]
fn without_the_right_to_see_calls_nobody_looks() {
    let mut user = user();
    user.level = 8;
    let site = Site::paused(user);
    for _ in 0..30 {
        site.poll(10, 100);
    }
    assert_eq!(site.looks(), 1);
    assert!(!site.without_effect());
    let mut user = self::user();
    user.level = 8;
    let site = Site::with(user, "2.0", Access::ReadOnly);
    site.handle.set_available(3);
    for _ in 0..200 {
        site.poll(10, 100);
    }
    assert_eq!((site.looks(), site.at_standstill()), (1, false));
}
