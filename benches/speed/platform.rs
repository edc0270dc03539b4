//! A platform in a process of its own, the daemon beside it, and the parts of the client that talk to it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use campaign_autopilot::control::ports::{Clock, SystemClock};
use campaign_autopilot::domain::{Group, Selector};
use campaign_autopilot::platform::cxone_v2::{Agents, CxoneSettings};
use campaign_autopilot::platform::http::{
    AuthStyle, Client, Credentials, Limiter, ReqwestSend, TokenSource, Transport,
};
use campaign_autopilot::platform::port::{AgentObserver, ObserveRequest};
use campaign_autopilot::simulator::{Script, Settings, SimClock, SimHandle, SimTime, Simulator};
use campaign_autopilot::telemetry::Metrics;
use tokio::runtime::Runtime;

/// The program, built for benchmarks.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_campaign-autopilot");

/// `simulate` with `agents` available agents, ended when this is dropped.
pub(crate) struct Simulated {
    child: Child,
    pub(crate) base_url: String,
    _directory: tempfile::TempDir,
}

impl Simulated {
    pub(crate) fn with_agents(agents: usize) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("trace.csv");
        let rows =
            format!("timestamp,staffed,available\n1999-01-04T08:00:00+02:00,{agents},{agents}\n");
        std::fs::write(&file, rows).expect("a trace");
        let mut child = Command::new(PROGRAM)
            .args(["simulate", "--listen", "127.0.0.1:0", "--replay"])
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulated platform");
        let mut first = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output)
            .read_line(&mut first)
            .expect("its first line");
        let words = first.split([' ', ',']);
        let base_url = words
            .into_iter()
            .find(|word| word.starts_with("http://"))
            .expect("its address")
            .to_owned();
        Self {
            child,
            base_url,
            _directory: directory,
        }
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A platform in this process, for benchmarks that only wait for it.
pub(crate) struct InProcess {
    pub(crate) threads: Runtime,
    pub(crate) base_url: String,
    pub(crate) handle: SimHandle,
    simulator: Option<Simulator>,
}

impl InProcess {
    pub(crate) fn with_agents(agents: usize, change: impl FnOnce(&mut Settings)) -> Self {
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let mut settings = Settings::new(
            SimClock::starting_at(SimTime::from_unix_millis(1_715_760_000_000), 1.0),
            Script::Fixed,
        );
        change(&mut settings);
        let simulator = {
            let _inside = threads.enter();
            Simulator::start(settings).expect("the platform")
        };
        let handle = simulator.handle();
        handle.set_available(agents);
        Self {
            threads,
            base_url: simulator.base_url(),
            handle,
            simulator: Some(simulator),
        }
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        if let Some(simulator) = self.simulator.take() {
            self.threads.block_on(simulator.stop());
        }
    }
}

/// The daemon in a process of its own, without a limit of its rate and without a log; killed when this is dropped.
pub(crate) struct Daemon {
    child: Child,
    _directory: tempfile::TempDir,
}

impl Daemon {
    /// Starts one that polls the platform at `base_url` each `poll_interval` and listens at `listen`; `change` is applied last.
    pub(crate) fn start(
        base_url: &str,
        poll_interval: &str,
        listen: &str,
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut command = Command::new(PROGRAM);
        command
            .args(["run", "--poll-interval", poll_interval, "--listen", listen])
            .args(["--requests-per-second", "unlimited"])
            .arg("--state-dir")
            .arg(directory.path())
            .env("CXONE_BASE_URL", base_url)
            .env("CXONE_CLIENT_ID", "autopilot")
            .env("CXONE_CLIENT_SECRET", "autopilot-secret")
            .env("CXONE_CAMPAIGN_ID", "campaign-1")
            .stderr(Stdio::null());
        change(&mut command);
        Self {
            child: command.spawn().expect("the daemon"),
            _directory: directory,
        }
    }

    /// Returns the process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A client without a rate limit.
pub(crate) fn client(base_url: &str) -> (Arc<Client>, Arc<dyn Clock>) {
    let (client, clock, _) = client_with(base_url);
    (client, clock)
}

/// The same with its metrics.
pub(crate) fn client_with(base_url: &str) -> (Arc<Client>, Arc<dyn Clock>, Arc<Metrics>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    let metrics = Arc::new(Metrics::new(30.0, false, "", 0.0).expect("metrics"));
    let credentials = Credentials {
        client_id: "autopilot".to_owned(),
        client_secret: "autopilot-secret".to_owned().into(),
        style: AuthStyle::Form,
        scopes: Vec::new(),
    };
    let token_url = format!("{base_url}/oauth2/token")
        .parse()
        .expect("an address");
    let client = Client::new(
        Arc::new(ReqwestSend::new(Transport::default()).expect("a transport")),
        Limiter::new(None, Arc::clone(&clock), Arc::clone(&metrics)),
        TokenSource::new(credentials, token_url, Arc::clone(&clock)),
        Arc::clone(&clock),
        Arc::clone(&metrics),
        Duration::from_secs(30),
        7,
    );
    (Arc::new(client), clock, metrics)
}

/// A reader of the platform that asks for `page_concurrency` pages of 100 at once.
pub(crate) fn reader(
    client: &Arc<Client>,
    clock: &Arc<dyn Clock>,
    base_url: &str,
    page_concurrency: usize,
) -> Agents {
    let base_url = base_url.parse().expect("an address");
    let settings = CxoneSettings {
        base_url,
        page_size: 100,
        page_concurrency,
    };
    Agents::new(Arc::clone(client), Arc::clone(clock), settings)
}

/// One reading of every page; returns how many agents it counted.
pub(crate) async fn read(reader: &Agents, clock: &dyn Clock) -> usize {
    let deadline = clock.now().plus(Duration::from_secs(120));
    let request = ObserveRequest {
        groups: &[Group::Rows(Selector::All)],
        staffed: false,
        agents: true,
        skills: false,
        serving: &[],
        deadline,
    };
    let Ok(observed) = reader.observe(request).await else {
        panic!("the reading failed")
    };
    observed.agents.map_or(0, |agents| agents.len())
}
