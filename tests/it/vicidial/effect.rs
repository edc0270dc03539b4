//! Whether a pause has an effect: the dialect's parts on a clock that is moved by hand.

use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::control::ports::Clock;
use campaign_autopilot::domain::{CampaignId, Timestamp};
use campaign_autopilot::platform::dialect::{
    Access, Dialect, SharedParts, SpecialSettings, TenantSettings,
};
use campaign_autopilot::platform::http::{
    AuthStyle, Credentials, HttpRequest, HttpResponse, HttpSend, SendFault,
};
use campaign_autopilot::platform::port::{Connected, RemembersNothing, Urgency};
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
        self.clock.advance(Duration::from_secs(seconds));
        assert!(self.handle.change_dialer(|settings| {
            let placed = DialerCalls {
                hour: 9,
                status: "NA".to_owned(),
                count: calls,
            };
            let today = settings.calls.get_or_insert_default();
            today.insert(OUTBA.to_owned(), vec![placed]);
        }));
        let ids: [CampaignId; 1] = [OUTBA.parse().unwrap()];
        let now = Timestamp::from_unix_millis(self.clock.now().as_unix_millis());
        let deadline = now.plus(Duration::from_secs(30));
        let read = self.parts.campaigns.read(&ids, Urgency::Routine, deadline);
        let found = self.runtime.block_on(read);
        assert!(found[0].is_ok(), "{found:?}");
    }

    fn without_effect(&self) -> bool {
        let (_, text) = self.metrics.exposition().unwrap();
        let text = String::from_utf8(text).unwrap();
        let line = text
            .lines()
            .find(|line| line.starts_with("autopilot_pauses_without_effect "));
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
    // The threshold is taken away.
    site.poll(35, 115);
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
fn a_pause_that_works_costs_two_looks() {
    let site = Site::paused(user());
    site.poll(0, 100);
    site.poll(30, 112);
    for _ in 0..20 {
        site.poll(10, 112);
    }
    assert!(!site.without_effect());
    assert_eq!(site.looks(), 2);
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
}
