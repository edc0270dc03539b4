//! Settings files that are written at the worst times: before the loop runs, while it hangs, and where another daemon steers.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::control::ObservableState;
use crate::control::operator::{AppliedChange, Author, Reload};
use crate::control::ports::SystemClock;
use crate::domain::Timestamp;
use crate::notify::{Answer, OutboxEntry, Post};
use crate::platform::http::{HttpRequest, HttpResponse, HttpSend, SendFault};
use crate::settings::{Resolved, RunArgs};

use super::daemon::Daemon;
use super::reload::Source;
use super::surroundings::{AlwaysOpen, EmbeddedParts, Surroundings};

/// The loop has a minute for what it is asked.
const LONGER_THAN_A_REQUEST_WAITS: Duration = Duration::from_secs(90);

/// A platform that answers nobody, at once or after a while.
#[derive(Default)]
struct Mute {
    hangs: AtomicBool,
}

impl HttpSend for Mute {
    fn send(&self, _: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, SendFault>> {
        let hangs = self.hangs.load(Ordering::Relaxed);
        Box::pin(async move {
            if hangs {
                tokio::time::sleep(LONGER_THAN_A_REQUEST_WAITS).await;
            }
            Err(SendFault::Timeout)
        })
    }
}

impl Post for Mute {
    fn post<'a>(&'a self, _: &'a OutboxEntry, _: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async { Answer::Timeout })
    }
}

/// A directory with a settings file, and a platform that answers nobody.
struct Place {
    directory: tempfile::TempDir,
    platform: Arc<Mute>,
    ending: CancellationToken,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            directory: tempfile::tempdir().unwrap(),
            platform: Arc::default(),
            ending: CancellationToken::new(),
        };
        std::fs::write(place.path("secret"), "autopilot-secret").unwrap();
        place.write(5);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, pause_below: u32) {
        let text = format!(
            "base_url = \"http://platform.example\"\nclient_id = \"autopilot\"\nclient_secret_file = \"{}\"
             state_dir = \"{}\"\nlisten = \"off\"\nrequest_timeout = \"5m\"\npause_below = {pause_below}
             [[campaign]]\nid = \"campaign-1\"\n",
            self.path("secret").display(),
            self.path("state").display(),
        );
        std::fs::write(self.path("autopilot.toml"), text).unwrap();
    }

    fn read(&self) -> (Source, Resolved) {
        let command = RunArgs::augment_args(Command::new("run").no_binary_name(true));
        let file = self.path("autopilot.toml");
        let words = ["--config", file.to_str().unwrap()];
        let matches = command.try_get_matches_from(words).unwrap();
        Source::read(RunArgs::from_arg_matches(&matches).unwrap()).unwrap()
    }

    async fn daemon(&self, source: Source, resolved: &Resolved) -> Daemon {
        let parts = Surroundings::Embedded(EmbeddedParts {
            transport: Arc::<Mute>::clone(&self.platform),
            post: Arc::<Mute>::clone(&self.platform),
            gate: Arc::new(AlwaysOpen),
            seed: 1,
        });
        let settings: Vec<_> = resolved.all().cloned().collect();
        let clock = Arc::new(SystemClock::real_time());
        let (shutdown, ending) = (self.ending.clone(), self.ending.clone());
        Daemon::start_within(parts, &settings, Some(source), clock, shutdown, ending)
            .await
            .unwrap()
    }
}

fn pause_below(state: &ObservableState) -> String {
    state.campaigns[0].configured.pause_below().to_string()
}

/// Runs the daemon with its file watched until the campaign has this threshold, or for an hour.
async fn until_in_force(place: &Place, mut daemon: Daemon, resolved: Resolved, threshold: u32) {
    let tenant = daemon.tenant.take().unwrap();
    let mut observed = tenant.observed.clone();
    let watching = tokio::spawn(Arc::clone(&daemon.reloader).watch(place.ending.clone()));
    let tenants = Arc::clone(&daemon.tenants);
    let running = tokio::spawn(async move {
        Box::pin(tenants.run_nameless(tenant, resolved.settings)).await;
    });
    tokio::time::sleep(LONGER_THAN_A_REQUEST_WAITS).await;
    place.platform.hangs.store(false, Ordering::Relaxed);
    let in_force = observed.wait_for(|state| pause_below(state) == threshold.to_string());
    let in_time = tokio::time::timeout(Duration::from_secs(3600), in_force).await;
    // What it gives must not outlive this line: the loop could show nothing more.
    assert!(in_time.map(drop).is_ok(), "the change was lost");
    place.ending.cancel();
    watching.await.unwrap();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_written_while_the_daemon_starts_is_taken_up() {
    let place = Place::new();
    let (source, resolved) = place.read();
    place.write(4);
    let daemon = place.daemon(source, &resolved).await;
    Box::pin(until_in_force(&place, daemon, resolved, 4)).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_loop_does_not_get_to_in_time_is_tried_again() {
    let place = Place::new();
    let (source, resolved) = place.read();
    let daemon = place.daemon(source, &resolved).await;
    place.platform.hangs.store(true, Ordering::Relaxed);
    place.write(4);
    Box::pin(until_in_force(&place, daemon, resolved, 4)).await;
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_does_not_steer_says_what_will_be_in_force() {
    let place = Place::new();
    let (source, resolved) = place.read();
    let daemon = place.daemon(source, &resolved).await;
    daemon.tenants.announce(&resolved.settings);
    let author = || Author::new("anna", "trial").unwrap();
    place.write(4);
    let made = daemon.reloader.reload(author()).await.unwrap();
    let AppliedChange::Reloaded { changes, .. } = made else {
        panic!("{made:?}");
    };
    assert_eq!(changes, ["pause_below: 5 -> 4"]);
    std::fs::write(place.path("autopilot.toml"), "pause_bellow = 4\n").unwrap();
    let made = daemon.reloader.reload(author()).await.unwrap();
    let AppliedChange::ReloadRefused { faults } = made else {
        panic!("{made:?}");
    };
    assert!(faults[0].contains("pause_bellow"), "{faults:?}");
}
