//! Requests to the platform.
//!
//! Which endpoints there are is the dialect's to say: it declares them when its parts are put together, and their series
//! are there from then on. Those of a feature wait until the daemon is known to have it, whichever comes first.

use std::sync::{Mutex, PoisonError};

use prometheus::{Gauge, HistogramVec, IntCounter, IntCounterVec};

use super::endpoint::{Endpoint, Feature};
use super::families::Families;
use super::labels::{Code, RetryCause};

/// Requests to the platform.
pub struct ApiMetrics {
    request_duration: HistogramVec,
    retries: IntCounterVec,
    limiter_wait: HistogramVec,
    token_expiry: Gauge,
    remaining: Gauge,
    clock_correction: Gauge,
    unreadable_rows: IntCounterVec,
    push_connected: Gauge,
    push_messages: IntCounter,
    log_ins_suspended: Gauge,
    expected: Mutex<Expected>,
}

/// Which series there are before their first increase.
struct Expected {
    declared: Vec<Endpoint>,
    features: Vec<Feature>,
}

impl ApiMetrics {
    pub(super) fn register(families: &Families<'_>) -> prometheus::Result<Self> {
        let metrics = Self {
            request_duration: families.histograms(
                "api_request_duration_seconds",
                "One HTTP attempt to the platform; _count is the number of requests.",
                &[0.05, 0.25, 1.5, 5.5],
                &["endpoint", "code"],
            )?,
            retries: families.counters(
                "api_retries_total",
                "Retries of requests, by cause.",
                &["endpoint", "cause"],
            )?,
            limiter_wait: families.histograms(
                "rate_limit_wait_seconds",
                "Time that a request waited under the rate limit.",
                &[0.001, 0.1, 1.5, 15.5],
                &["endpoint"],
            )?,
            token_expiry: families.gauge(
                "token_expiry_timestamp_seconds",
                "When the access token in use expires.",
            )?,
            remaining: families.gauge(
                "api_rate_limit_remaining",
                "Requests that the platform still allows; NaN until it says so.",
            )?,
            clock_correction: families.gauge(
                "api_clock_correction_seconds",
                "How far signatures are dated ahead of our clock, since the platform refused those that were not; NaN where requests are not signed.",
            )?,
            unreadable_rows: families.counters(
                "api_unreadable_rows_total",
                "Rows of listings that could not be read and were left out, or made the reading invalid where they were many.",
                &["endpoint"],
            )?,
            push_connected: families.gauge(
                "api_push_connected",
                "1 while the platform reports changes by itself over a connection; NaN where it is not asked to.",
            )?,
            push_messages: families.counter(
                "api_push_messages_total",
                "Changes that the platform reported by itself.",
            )?,
            log_ins_suspended: families.gauge(
                "log_ins_suspended",
                "1 while nothing is asked of the platform since it refused log-ins, which would lock the account; NaN where it does not do so.",
            )?,
            expected: Mutex::new(Expected {
                declared: Vec::new(),
                features: vec![Feature::Campaigns],
            }),
        };
        // Nothing said is not zero left.
        metrics.remaining.set(f64::NAN);
        metrics.push_connected.set(f64::NAN);
        metrics.log_ins_suspended.set(f64::NAN);
        metrics.clock_correction.set(f64::NAN);
        Ok(metrics)
    }

    /// Makes the series of a dialect's endpoints, so that the first increase of each is seen.
    pub fn declare(&self, endpoints: &[Endpoint]) {
        let mut expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        for endpoint in endpoints {
            if expected.features.contains(&endpoint.feature()) {
                self.create(*endpoint);
            }
            expected.declared.push(*endpoint);
        }
    }

    /// The daemon has this feature: makes the series of its endpoints.
    pub(super) fn enable(&self, feature: Feature) {
        let mut expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        if expected.features.contains(&feature) {
            return;
        }
        for endpoint in &expected.declared {
            if endpoint.feature() == feature {
                self.create(*endpoint);
            }
        }
        expected.features.push(feature);
    }

    fn create(&self, endpoint: Endpoint) {
        for code in Code::expected(endpoint) {
            self.request_duration
                .with_label_values(&[endpoint.label(), code.label()]);
        }
        for cause in RetryCause::expected(endpoint) {
            self.retries
                .with_label_values(&[endpoint.label(), cause.label()]);
        }
        self.limiter_wait.with_label_values(&[endpoint.label()]);
        if endpoint.is_listing() {
            self.unreadable_rows.with_label_values(&[endpoint.label()]);
        }
    }

    /// One attempt ended.
    pub fn attempt(&self, endpoint: Endpoint, code: Code, seconds: f64) {
        self.request_duration
            .with_label_values(&[endpoint.label(), code.label()])
            .observe(seconds);
    }

    /// A request is made again.
    pub fn retry(&self, endpoint: Endpoint, cause: RetryCause) {
        self.retries
            .with_label_values(&[endpoint.label(), cause.label()])
            .inc();
    }

    /// A request waited for its turn.
    pub fn waited(&self, endpoint: Endpoint, seconds: f64) {
        self.limiter_wait
            .with_label_values(&[endpoint.label()])
            .observe(seconds);
    }

    /// A token was fetched that expires at this Unix time.
    pub fn token_expires(&self, unix_seconds: f64) {
        self.token_expiry.set(unix_seconds);
    }

    /// Signatures are dated so many seconds ahead of our clock.
    pub fn clock_correction(&self, seconds: f64) {
        self.clock_correction.set(seconds);
    }

    /// The platform said how many requests it would still take.
    pub fn remaining(&self, requests: f64) {
        self.remaining.set(requests);
    }

    /// A connection over which the platform reports changes stands, or does not any more.
    pub fn push_connected(&self, connected: bool) {
        self.push_connected.set(if connected { 1.0 } else { 0.0 });
    }

    /// The platform reported a change by itself.
    pub fn push_came(&self) {
        self.push_messages.inc();
    }

    /// Nothing is asked of the platform since it refused log-ins, or not any more.
    pub fn log_ins_suspended(&self, suspended: bool) {
        self.log_ins_suspended
            .set(if suspended { 1.0 } else { 0.0 });
    }

    /// Rows of a listing could not be read.
    pub fn unreadable_rows(&self, endpoint: Endpoint, rows: usize) {
        self.unreadable_rows
            .with_label_values(&[endpoint.label()])
            .inc_by(u64::try_from(rows).unwrap_or(u64::MAX));
    }
}
