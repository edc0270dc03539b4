//! Metrics of operators' changes and of the configuration in force.

use prometheus::{Gauge, IntCounterVec};

use super::families::Families;

/// Every kind of change, as labels; a hold's end counts with holds, and a refused reload with reloads.
const CHANGES: [&str; 5] = ["hold", "outcomes", "pause_owner", "thresholds", "reload"];

/// Metrics of operators' changes and of the configuration in force.
pub struct OperatorMetrics {
    changes: IntCounterVec,
    config_hash: Gauge,
    reload_successful: Gauge,
    reload_success_timestamp: Gauge,
}

impl OperatorMetrics {
    /// The start counts as a reload that went well, at Unix time `now_s`.
    pub(super) fn register(
        families: &Families<'_>,
        config_hash: &str,
        now_s: f64,
    ) -> prometheus::Result<Self> {
        let metrics = Self {
            changes: families.counters(
                "operator_changes_total",
                "Changes requested by operators, signals and changed files, by kind.",
                &["change"],
            )?,
            config_hash: families.gauge(
                "config_hash",
                "The first 32 bits of the configuration's SHA-256.",
            )?,
            reload_successful: families.gauge(
                "config_last_reload_successful",
                "Whether the configuration was good when it was last read.",
            )?,
            reload_success_timestamp: families.gauge(
                "config_last_reload_success_timestamp_seconds",
                "When a good configuration was last read.",
            )?,
        };
        for change in CHANGES {
            metrics.changes.get_metric_with_label_values(&[change])?;
        }
        metrics.reloaded(Some(config_hash), now_s);
        Ok(metrics)
    }

    /// A change was made, or a reload was refused.
    pub fn changed(&self, label: &str) {
        self.changes.with_label_values(&[label]).inc();
    }

    /// A configuration was read: its hash when it is in force, nothing when it was refused.
    pub fn reloaded(&self, config_hash: Option<&str>, unix_seconds: f64) {
        let Some(config_hash) = config_hash else {
            self.reload_successful.set(0.0);
            return;
        };
        // 32 bits are exact in a float; equality is all that is asked of it.
        let hash = config_hash
            .get(..8)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .unwrap_or_default();
        self.config_hash.set(f64::from(hash));
        self.reload_successful.set(1.0);
        self.reload_success_timestamp.set(unix_seconds);
    }
}
