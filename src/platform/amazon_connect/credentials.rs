//! The credentials that requests are signed with: an access key of the settings, or what the vendor's chain finds.
//!
//! *Loaded anew* five minutes before they expire, beside the requests, which go on with those at hand for as long as these hold. *Refused*
//! ones are loaded anew before the next signature. The whole chain is asked each time, so that a file that was rotated is read again.
//! *A chain that fails* is asked again after a while that doubles, and never by everybody at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_types::error::display::DisplayErrorContext;
use secrecy::{ExposeSecret, SecretString};
use tracing::{debug, info, warn};

use crate::control::ports::Clock;
use crate::domain::Timestamp;
use crate::platform::port::{FaultKind, PlatformFault};
use crate::secrets::{Mask, Secret};
use crate::telemetry::Metrics;

use super::connector::Connector;

/// How long before their end credentials are loaded anew.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// The wait after the first load that failed; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait between two loads that fail.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What to look at when the chain finds nothing.
const ADVICE: &str = "looked for in the environment, the shared files, a web identity, a container and the machine's metadata, in this order; a session of single sign-on that is over is begun anew by `aws sso login` on this machine and for this user; from a container the metadata service needs a hop limit of 2";

/// Where credentials come from.
pub(super) enum CredentialSource {
    /// An access key and its secret of the settings.
    Given(String, Secret),
    /// The vendor's chain, over our client.
    Chain(Connector),
}

/// Credentials in use.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) credentials: Credentials,
    /// Tells them from those before.
    pub(super) serial: u64,
    expires_at: Option<Timestamp>,
}

/// Keeps the credentials of an account.
pub(super) struct CredentialStore {
    source: CredentialSource,
    region: String,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    mask: Arc<Mask>,
    state: Mutex<State>,
    /// Held by whoever asks the chain.
    loading: tokio::sync::Mutex<()>,
    /// Bounds one load, in real time.
    timeout: Duration,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    serial: u64,
    /// The serial that the platform refused last.
    refused: u64,
    /// Loads in a row that failed, and the last fault.
    failed: Option<(u32, PlatformFault)>,
    /// No load before this.
    again_at: Option<Timestamp>,
}

impl State {
    /// Those at hand, if they are good at `now`.
    fn good(&self, now: Timestamp) -> Option<Held> {
        let held = self.held.as_ref()?;
        let over = held.expires_at.is_some_and(|at| at <= now);
        (!over && held.serial != self.refused).then(|| held.clone())
    }

    fn waits(&self, now: Timestamp) -> bool {
        self.again_at.is_some_and(|at| now < at)
    }
}

impl CredentialStore {
    pub(super) fn new(
        source: CredentialSource,
        region: String,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        timeout: Duration,
    ) -> Self {
        Self {
            source,
            region,
            clock,
            metrics,
            mask: Arc::default(),
            state: Mutex::default(),
            loading: tokio::sync::Mutex::default(),
            timeout,
        }
    }

    /// What hides our secrets in a platform's words.
    pub(super) fn mask(&self) -> Arc<Mask> {
        Arc::clone(&self.mask)
    }

    /// The platform refused what has this serial: the next signature is made with others.
    pub(super) fn refuse(&self, serial: u64) {
        let mut state = self.state();
        let current = state.held.as_ref().map(|held| held.serial);
        if current == Some(serial) && state.refused != serial {
            state.refused = serial;
            // Whoever rotated them need not wait for a failure of before.
            state.again_at = None;
        }
    }

    /// The credentials at hand, or those that are loaded now where none are good.
    pub(super) async fn get(self: &Arc<Self>, deadline: Timestamp) -> Result<Held, PlatformFault> {
        let now = self.clock.now();
        if let Some(held) = self.state().good(now) {
            let due = held.expires_at.is_some_and(|at| at.minus(EARLY) <= now);
            if due {
                self.renew_beside();
            }
            return Ok(held);
        }
        let _turn = self.loading.lock().await;
        let now = self.clock.now();
        {
            // Somebody else may have loaded them, or failed to, meanwhile.
            let state = self.state();
            if let Some(held) = state.good(now) {
                return Ok(held);
            }
            if state.waits(now)
                && let Some((_, fault)) = &state.failed
            {
                return Err(fault.clone());
            }
        }
        self.load_within(self.timeout.min(deadline.since(now)))
            .await
    }

    /// Loads them and keeps what came of it.
    async fn load_within(&self, time: Duration) -> Result<Held, PlatformFault> {
        let refused = self.state().refused;
        let loaded = tokio::time::timeout(time, self.load()).await;
        let loaded = loaded.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        self.keep(loaded, refused)
    }

    /// Loads them anew on a task of its own. A load that fails leaves those at hand.
    fn renew_beside(self: &Arc<Self>) {
        let this = Arc::clone(self);
        let renewal = async move {
            let Ok(_turn) = this.loading.try_lock() else {
                return;
            };
            let now = this.clock.now();
            if this.state().waits(now) {
                return;
            }
            if let Err(fault) = this.load_within(this.timeout).await {
                warn!(
                    why = fault.detail,
                    "credentials that expire soon could not be loaded anew"
                );
            }
        };
        drop(tokio::spawn(renewal));
    }

    async fn load(&self) -> Result<Credentials, String> {
        match &self.source {
            CredentialSource::Given(key, secret) => {
                drop(secret.read_again());
                let secret = secret.text();
                let keys = Credentials::new(key, secret.expose_secret(), None, None, "settings");
                Ok(keys)
            }
            CredentialSource::Chain(connector) => {
                let region = Region::new(self.region.clone());
                let surroundings = ProviderConfig::default()
                    .with_region(Some(region.clone()))
                    .with_http_client(connector.clone());
                let chain = DefaultCredentialsChain::builder()
                    .region(region)
                    .configure(surroundings)
                    .build()
                    .await;
                let found = chain.provide_credentials().await;
                found.map_err(|fault| DisplayErrorContext(&fault).to_string())
            }
        }
    }

    /// Keeps what was loaded, or the fault. `refused` is the serial that was refused last when the load began.
    fn keep(
        &self,
        loaded: Result<Credentials, String>,
        refused: u64,
    ) -> Result<Held, PlatformFault> {
        let now = self.clock.now();
        let mut state = self.state();
        match loaded {
            Ok(credentials) => {
                let key = credentials.access_key_id();
                let secret = SecretString::from(credentials.secret_access_key());
                self.mask.learn(key, &secret);
                self.mask
                    .learn_token(credentials.session_token().unwrap_or_default());
                state.serial = state.serial.wrapping_add(1).max(1);
                let expires_at = credentials.expiry().map(timestamp);
                if let Some(at) = expires_at {
                    self.metrics.api.token_expires(at.as_unix_seconds());
                    debug!(%at, "credentials were loaded");
                }
                if state.failed.take().is_some() {
                    info!("credentials were loaded after it had failed");
                }
                state.again_at = None;
                let held = Held {
                    credentials,
                    serial: state.serial,
                    expires_at,
                };
                state.held = Some(held.clone());
                Ok(held)
            }
            Err(why) => {
                let before = state.failed.as_ref().map_or(0, |(times, _)| *times);
                let doubled = 1_u32.checked_shl(before.min(16)).unwrap_or(u32::MAX);
                let wait = FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT);
                let why: String = self.mask.apply(&why).chars().take(300).collect();
                let fault = PlatformFault {
                    kind: FaultKind::Unauthorized,
                    detail: format!("no credentials could be loaded ({why}); {ADVICE}"),
                };
                // A load that began before those at hand were refused keeps back no load after that.
                state.again_at = (state.refused == refused).then(|| now.plus(wait));
                state.failed = Some((before.saturating_add(1), fault.clone()));
                Err(fault)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn timestamp(at: SystemTime) -> Timestamp {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_millis(0).plus(since)
}
