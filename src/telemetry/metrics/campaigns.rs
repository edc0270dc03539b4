//! The series of each campaign: at most forty.

use prometheus::{Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use crate::domain::{CampaignId, Cause, Direction, Suppression};

use super::families::Families;

/// The suppression of every command of a dry run.
const DRY_RUN: &str = "dry_run";

/// The causes a command can fail with, as labels.
const FAILURE_CAUSES: [&str; 5] = ["refused", "not_sent", "not_applied", "not_ours", "unknown"];

/// The series of one campaign, looked up once.
pub struct CampaignGauges {
    available: IntGauge,
    pause_below: IntGauge,
    resume_at: IntGauge,
    states: [(&'static str, IntGauge); 4],
    desired_running: IntGauge,
    override_active: IntGauge,
    override_expiry: Gauge,
    last_transition: Gauge,
    transitions: IntCounterVec,
    suppressed: IntCounterVec,
    drift: IntCounter,
    failures: IntCounterVec,
    id: String,
}

impl CampaignGauges {
    /// The numbers that the rule compared.
    pub fn weighed(&self, available: u32, pause_below: u32, resume_at: u32) {
        self.available.set(i64::from(available));
        self.pause_below.set(i64::from(pause_below));
        self.resume_at.set(i64::from(resume_at));
    }

    /// The state as the platform last reported it.
    pub fn state(&self, label: &str) {
        for (name, gauge) in &self.states {
            gauge.set(i64::from(*name == label));
        }
    }

    /// What the hysteresis wants.
    pub fn desired(&self, running: bool) {
        self.desired_running.set(i64::from(running));
    }

    /// The operator's hold; `None` when there is none.
    pub fn override_until(&self, unix_seconds: Option<f64>) {
        self.override_active.set(i64::from(unix_seconds.is_some()));
        self.override_expiry.set(unix_seconds.unwrap_or_default());
    }

    /// A command was confirmed.
    pub fn transition(&self, to: Direction, cause: Cause, unix_seconds: f64) {
        self.last_transition.set(unix_seconds);
        self.transitions
            .with_label_values(&[self.id.as_str(), to.label(), cause.label()])
            .inc();
    }

    /// When the last confirmed command was, as restored from the store.
    pub fn last_transition(&self, unix_seconds: f64) {
        self.last_transition.set(unix_seconds);
    }

    /// A command failed.
    pub fn failed(&self, to: Direction, cause: &str) {
        self.failures
            .with_label_values(&[self.id.as_str(), to.label(), cause])
            .inc();
    }

    /// A command that the lines ask for was held back.
    pub fn suppressed(&self, by: Suppression) {
        self.suppressed
            .with_label_values(&[self.id.as_str(), by.label()])
            .inc();
    }

    /// A command was not sent because this is a dry run.
    pub fn suppressed_by_dry_run(&self) {
        self.suppressed
            .with_label_values(&[self.id.as_str(), DRY_RUN])
            .inc();
    }

    /// Somebody else changed the state.
    pub fn drifted(&self) {
        self.drift.inc();
    }
}

pub(super) struct CampaignFamilies {
    info: IntGaugeVec,
    available: IntGaugeVec,
    pause_below: IntGaugeVec,
    resume_at: IntGaugeVec,
    state: IntGaugeVec,
    desired_running: IntGaugeVec,
    override_active: IntGaugeVec,
    override_expiry: GaugeVec,
    last_transition: GaugeVec,
    transitions: IntCounterVec,
    failures: IntCounterVec,
    suppressed: IntCounterVec,
    drift: IntCounterVec,
}

impl CampaignFamilies {
    pub(super) fn register(families: &Families<'_>) -> prometheus::Result<Self> {
        let one = ["campaign"];
        Ok(Self {
            info: families.int_gauges("campaign_info", "The campaigns under control.", &one)?,
            available: families.int_gauges("campaign_available_agents", "The number that the rule compares.", &one)?,
            pause_below: families.int_gauges("campaign_pause_below_agents", "The pause line in force.", &one)?,
            resume_at: families.int_gauges("campaign_resume_at_agents", "The resume line in force.", &one)?,
            state: families.int_gauges(
                "campaign_state",
                "The campaign's state as the platform last reported it: 1 for that state, 0 for the others.",
                &["campaign", "state"],
            )?,
            desired_running: families.int_gauges("campaign_desired_running", "Whether the hysteresis wants it to run.", &one)?,
            override_active: families.int_gauges("campaign_override_active", "Whether an operator holds it.", &one)?,
            override_expiry: families.gauges(
                "campaign_override_expiry_timestamp_seconds",
                "When the operator's hold ends; 0 without one.",
                &one,
            )?,
            last_transition: families.gauges(
                "campaign_last_transition_timestamp_seconds",
                "When our last command was confirmed; 0 before the first.",
                &one,
            )?,
            transitions: families.counters(
                "transitions_total",
                "Commands that the platform confirmed.",
                &["campaign", "to", "reason"],
            )?,
            failures: families.counters("transition_failures_total", "Commands that failed.", &["campaign", "to", "cause"])?,
            suppressed: families.counters(
                "decisions_suppressed_total",
                "Decisions that a command was wanted but held back.",
                &["campaign", "reason"],
            )?,
            drift: families.counters("drift_total", "Changes of state made by somebody else.", &one)?,
        })
    }

    /// The series of one campaign. All of them are created now if `every` is asked for; otherwise counters come with
    /// their first increase.
    pub(super) fn series(
        &self,
        id: &CampaignId,
        every: bool,
    ) -> prometheus::Result<CampaignGauges> {
        let name = id.as_str();
        if every {
            self.create_counters(name)?;
        }
        let state = |label: &'static str| -> prometheus::Result<(&'static str, IntGauge)> {
            Ok((
                label,
                self.state.get_metric_with_label_values(&[name, label])?,
            ))
        };
        self.info.get_metric_with_label_values(&[name])?.set(1);
        Ok(CampaignGauges {
            available: self.available.get_metric_with_label_values(&[name])?,
            pause_below: self.pause_below.get_metric_with_label_values(&[name])?,
            resume_at: self.resume_at.get_metric_with_label_values(&[name])?,
            states: [
                state("running")?,
                state("paused")?,
                state("stopped")?,
                state("unknown")?,
            ],
            desired_running: self.desired_running.get_metric_with_label_values(&[name])?,
            override_active: self.override_active.get_metric_with_label_values(&[name])?,
            override_expiry: self.override_expiry.get_metric_with_label_values(&[name])?,
            last_transition: self.last_transition.get_metric_with_label_values(&[name])?,
            transitions: self.transitions.clone(),
            suppressed: self.suppressed.clone(),
            drift: self.drift.get_metric_with_label_values(&[name])?,
            failures: self.failures.clone(),
            id: name.to_owned(),
        })
    }

    /// Takes every series of one campaign away.
    pub(super) fn forget(&self, id: &CampaignId) {
        let name = id.as_str();
        // A series that was never there cannot be taken away, which is what is wanted.
        for gauges in [
            &self.info,
            &self.available,
            &self.pause_below,
            &self.resume_at,
            &self.desired_running,
            &self.override_active,
        ] {
            drop(gauges.remove_label_values(&[name]));
        }
        for state in ["running", "paused", "stopped", "unknown"] {
            drop(self.state.remove_label_values(&[name, state]));
        }
        for gauges in [&self.override_expiry, &self.last_transition] {
            drop(gauges.remove_label_values(&[name]));
        }
        drop(self.drift.remove_label_values(&[name]));
        for to in [Direction::Pause, Direction::Resume] {
            for cause in [
                Cause::Threshold,
                Cause::StaleFailsafe,
                Cause::Reconcile,
                Cause::Hold,
            ] {
                let labels = [name, to.label(), cause.label()];
                drop(self.transitions.remove_label_values(&labels));
            }
            for cause in FAILURE_CAUSES {
                drop(
                    self.failures
                        .remove_label_values(&[name, to.label(), cause]),
                );
            }
        }
        let suppressions = Suppression::ALL.map(Suppression::label).into_iter();
        for label in suppressions.chain([DRY_RUN]) {
            drop(self.suppressed.remove_label_values(&[name, label]));
        }
    }

    fn create_counters(&self, name: &str) -> prometheus::Result<()> {
        for to in [Direction::Pause, Direction::Resume] {
            for cause in [
                Cause::Threshold,
                Cause::StaleFailsafe,
                Cause::Reconcile,
                Cause::Hold,
            ] {
                // Stale data never resume.
                if (to, cause) != (Direction::Resume, Cause::StaleFailsafe) {
                    self.transitions.get_metric_with_label_values(&[
                        name,
                        to.label(),
                        cause.label(),
                    ])?;
                }
            }
            for cause in FAILURE_CAUSES {
                self.failures
                    .get_metric_with_label_values(&[name, to.label(), cause])?;
            }
        }
        for label in Suppression::ALL
            .map(Suppression::label)
            .into_iter()
            .chain([DRY_RUN])
        {
            self.suppressed
                .get_metric_with_label_values(&[name, label])?;
        }
        Ok(())
    }
}
