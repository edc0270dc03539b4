//! Two hundred tenants of fifty campaigns in one daemon, one of them stalled: the loops of the others must not be late for it.
//!
//! Measured in one run: the lag of all other loops while every platform answers, and while one takes requests and never answers them. The lag
//! is each loop's own `loop_lag_seconds`; it is read before and after each part. And the memory of all.

use std::fmt::Write;
use std::time::{Duration, Instant};

use campaign_autopilot::simulator::{Endpoint, Fault, FaultRule, FaultTiming};

use crate::flooding::{get, rest};
use crate::platform::{Daemon, InProcess};
use crate::resting::resident_mb;
use crate::stopwatch::report;

const TENANTS: usize = 200;
const CAMPAIGNS: usize = 50;
const AGENTS: usize = 100;

/// The tenant whose platform stalls.
const STALLED: &str = "t-000";

/// What a start leaves to be done is over by then: every status was read and every chain was checked.
const SETTLING: Duration = Duration::from_secs(20);

/// How long each part lasts: some polls of each tenant.
const PART: Duration = Duration::from_secs(30);

const POLL: &str = "5s";

/// The lag of the others beside the stalled tenant, as a multiple of that without it.
const BAR: f64 = 1.5;

pub(crate) fn run() {
    let healthy = InProcess::with_agents(AGENTS, |_| {});
    let other = InProcess::with_agents(AGENTS, |_| {});
    let tenants = Tenants::start(&healthy, &other);
    report(format_args!(
        "tenants: {TENANTS} of {CAMPAIGNS} campaigns each, a poll each {POLL}, {} s each; loop lag of all but one: mean, ticks within 0.1 s",
        PART.as_secs()
    ));
    rest(SETTLING);
    let resident = resident_mb(&tenants.daemon);
    let rest_lag = tenants.lag();
    report(format_args!("  every platform answers  {rest_lag}"));
    other.handle.inject(FaultRule {
        fault: Fault::Stall,
        endpoint: None,
        when: FaultTiming::Always,
    });
    let stalled = tenants.lag();
    let times = stalled.mean_ms() / rest_lag.mean_ms();
    report(format_args!(
        "  one of them stalls      {stalled}, {times:.2} times that (bar: {BAR})"
    ));
    report(format_args!(
        "  resident {resident:.1} MB, {:.2} MB a tenant; {:.1} MB at the end",
        resident / 200.0,
        resident_mb(&tenants.daemon)
    ));
}

struct Tenants {
    daemon: Daemon,
    address: String,
    _directory: tempfile::TempDir,
}

impl Tenants {
    #[expect(clippy::disallowed_methods, reason = "waits for another process")]
    fn start(healthy: &InProcess, other: &InProcess) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("its address").to_string();
        drop(free);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let secret = directory.path().join("secret");
        std::fs::write(&secret, "autopilot-secret").expect("a secret");
        let mut file = String::new();
        for tenant in 0..TENANTS {
            let name = format!("t-{tenant:03}");
            let centre = if name == STALLED { other } else { healthy };
            writeln!(
                file,
                "[[tenant]]\nname = \"{name}\"\nbase_url = \"{}\"\nclient_id = \"autopilot\"\nclient_secret_file = \"{}\"",
                centre.base_url,
                secret.display()
            )
            .expect("memory");
            for campaign in 0..CAMPAIGNS {
                let id = format!("{name}-{campaign:02}");
                centre.handle.put_campaign(&id, "RUNNING");
                writeln!(file, "[[campaign]]\ntenant = \"{name}\"\nid = \"{id}\"").expect("memory");
            }
        }
        let settings = directory.path().join("settings.toml");
        std::fs::write(&settings, file).expect("the settings");
        let daemon = Daemon::start("", POLL, &address, |daemon| {
            daemon.arg("--config").arg(&settings);
            for name in ["BASE_URL", "CLIENT_ID", "CLIENT_SECRET", "CAMPAIGN_ID"] {
                daemon.env_remove(format!("CXONE_{name}"));
            }
        });
        let tenants = Self {
            daemon,
            address,
            _directory: directory,
        };
        let statuses = u64::try_from((TENANTS - 1) * CAMPAIGNS).unwrap_or(u64::MAX);
        let read = || healthy.handle.request_count(Some(Endpoint::CampaignGet));
        let ready = || {
            let ready = get(&tenants.address, "/readyz");
            ready.is_some_and(|text| text.contains("200 OK"))
        };
        let since = Instant::now();
        while read() < statuses || !ready() {
            assert!(since.elapsed() < Duration::from_secs(300), "waited in vain");
            rest(Duration::from_millis(100));
        }
        tenants
    }

    /// The lag of the loops of all tenants but one while some time passes.
    fn lag(&self) -> Lag {
        let before = self.histogram();
        rest(PART);
        let after = self.histogram();
        Lag {
            ticks: after.ticks - before.ticks,
            within: after.within - before.within,
            sum: after.sum - before.sum,
        }
    }

    fn histogram(&self) -> Lag {
        let text = get(&self.address, "/metrics").expect("the metrics");
        let stalled = format!("tenant=\"{STALLED}\"");
        let sum = |series: &str, label: &str| -> f64 {
            let of_others = text.lines().filter(|line| {
                line.starts_with(series) && line.contains(label) && !line.contains(&stalled)
            });
            let values = of_others.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
            values.sum()
        };
        Lag {
            ticks: sum("autopilot_loop_lag_seconds_count{", ""),
            within: sum("autopilot_loop_lag_seconds_bucket{", "le=\"0.1\""),
            sum: sum("autopilot_loop_lag_seconds_sum{", ""),
        }
    }
}

/// What the lags' histograms say of some ticks.
struct Lag {
    ticks: f64,
    within: f64,
    sum: f64,
}

impl Lag {
    fn mean_ms(&self) -> f64 {
        self.sum / self.ticks.max(1.0) * 1e3
    }
}

impl std::fmt::Display for Lag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.2} ms, {} of {}",
            self.mean_ms(),
            self.within,
            self.ticks
        )
    }
}
