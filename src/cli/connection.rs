//! What talks to a tenant's platform: the same for `run`, `demo` and `check --online`.

use std::sync::Arc;

use crate::control::ports::{Clock, Tenure};
use crate::platform::dialect::{Access, SharedParts, TenantSettings};
use crate::platform::http::{FencedSend, HttpSend, ReqwestSend, Transport};
use crate::platform::port::{Connected, RefusalMemory};
use crate::settings::Settings;
use crate::telemetry::Metrics;

use super::outcomes_file::OutcomesFile;
use super::refusals_file::RefusalsFile;
use super::start_fault::StartFault;

/// What talks to the platform.
pub(crate) struct Connection {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) platform: Connected,
}

impl Connection {
    /// A connection over real sockets for these settings; nothing is sent yet.
    pub(crate) fn new(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self, StartFault> {
        let transport = ReqwestSend::new(Transport::default()).map_err(StartFault::Client)?;
        for url in settings.base_url.iter().chain([&settings.token_url]) {
            transport.can_reach(url)?;
        }
        let refusals = remembered(settings, clock);
        Self::over(
            Arc::new(transport),
            fastrand::u64(..),
            refusals,
            settings,
            clock,
        )
    }

    /// The same over sockets that others share; writes leave only while `tenure` lasts.
    pub(crate) fn over_sockets(
        transport: &Arc<ReqwestSend>,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
        tenure: Arc<dyn Tenure>,
    ) -> Result<Self, StartFault> {
        for url in settings.base_url.iter().chain([&settings.token_url]) {
            transport.can_reach(url)?;
        }
        let transport = FencedSend::new(Arc::<ReqwestSend>::clone(transport), tenure);
        let transport = Arc::new(transport);
        let refusals = remembered(settings, clock);
        Self::over(transport, fastrand::u64(..), refusals, settings, clock)
    }

    /// The same over a transport that is given; `seed` decides what is left to chance.
    pub(crate) fn over(
        transport: Arc<dyn HttpSend>,
        seed: u64,
        refusals: Arc<dyn RefusalMemory>,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StartFault> {
        let now_s = clock.now().as_unix_seconds();
        let digest = settings.digest();
        let metrics = Arc::new(Metrics::of_tenant(
            settings.tenant.as_ref(),
            settings.poll_interval.as_secs_f64(),
            settings.dry_run,
            &digest,
            now_s,
        )?);
        let tenant = TenantSettings {
            base_url: settings.base_url.clone(),
            token_url: settings.token_url.clone(),
            credentials: settings.credentials.clone(),
            page_size: settings.page_size,
            page_concurrency: settings.page_concurrency,
            rate: settings.rate,
            request_timeout: settings.request_timeout,
            // A dry run has no sender.
            access: if settings.dry_run {
                Access::ReadOnly
            } else {
                Access::ReadAndWrite
            },
            campaigns: settings.policies.keys().cloned().collect(),
            lists: settings.lists(),
            special: settings.special.clone(),
        };
        let shared = SharedParts {
            transport,
            clock: Arc::clone(clock),
            metrics: Arc::clone(&metrics),
            refusals,
            seed,
        };
        let mut platform = settings
            .platform
            .connect(tenant, shared)
            .map_err(|faults| StartFault::Platform(faults.join("; ")))?;
        if let Some(path) = &settings.outcomes_file {
            let file = OutcomesFile::new(path.clone(), Arc::clone(clock));
            platform.outcomes = Some(Arc::new(file));
        }
        Ok(Self { metrics, platform })
    }
}

/// What the processes of a state directory remember together of refused log-ins.
fn remembered(settings: &Settings, clock: &Arc<dyn Clock>) -> Arc<dyn RefusalMemory> {
    Arc::new(RefusalsFile::new(
        settings.state_dir.clone(),
        Arc::clone(clock),
    ))
}
