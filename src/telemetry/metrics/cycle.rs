//! Metrics of the loop.

use prometheus::{
    GaugeVec, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
};

use crate::domain::Direction;

use super::families::Families;
use super::labels::{PollOutcome, Step};

/// Metrics of the loop.
pub struct LoopMetrics {
    polls: IntCounterVec,
    poll_duration: HistogramVec,
    loop_lag: Histogram,
    clock_steps: IntCounter,
    last_success: GaugeVec,
    agents: IntGaugeVec,
    transition_duration: HistogramVec,
    journal_failures: IntCounter,
    journal_commit: Histogram,
    journal_size: IntGauge,
    journal_damage: IntGauge,
    audit_head_row: IntGauge,
    audit_head_hash_prefix: IntGauge,
    rival_campaigns: IntGauge,
    out_of_reach: IntGauge,
}

impl LoopMetrics {
    /// `now_s` is the Unix time of the start, from which freshness counts.
    pub(super) fn register(families: &Families<'_>, now_s: f64) -> prometheus::Result<Self> {
        let metrics = Self {
            polls: families.counters(
                "polls_total",
                "Polls of the agents, by outcome.",
                &["outcome"],
            )?,
            poll_duration: families.histograms(
                "poll_duration_seconds",
                "One poll of the agents, all pages.",
                &[0.05, 0.25, 1.5, 5.5, 15.5, 30.5],
                &["outcome"],
            )?,
            loop_lag: families.histogram(
                "loop_lag_seconds",
                "How much later than planned a tick of the loop started.",
                &[0.001, 0.01, 0.1, 0.5, 2.5, 10.5],
            )?,
            clock_steps: families.counter(
                "clock_steps_total",
                "Times that the machine's clock was set while the daemon ran.",
            )?,
            last_success: families.gauges(
                "last_success_timestamp_seconds",
                "When a step last succeeded; the start of the process until then.",
                &["step"],
            )?,
            agents: families.int_gauges(
                "agents",
                "Agents of the last complete poll, by state.",
                &["pool", "state"],
            )?,
            transition_duration: families.histograms(
                "transition_duration_seconds",
                "From the sample that crossed the threshold to the command's confirmation.",
                &[0.25, 1.5, 5.5, 15.5, 30.5, 60.5, 120.5],
                &["to"],
            )?,
            journal_failures: families
                .counter("journal_failures_total", "Commits that the store refused.")?,
            journal_commit: families.histogram(
                "journal_commit_duration_seconds",
                "One commit, from the request to the disk's confirmation, however it ended.",
                &[0.0025, 0.01, 0.1, 1.5],
            )?,
            journal_size: families.int_gauge(
                "journal_size_bytes",
                "Bytes on disk of the store: the database and its write-ahead log.",
            )?,
            journal_damage: families.int_gauge(
                "journal_damage",
                "What was found damaged in the store at the start: a broken audit chain, lost rows.",
            )?,
            audit_head_row: families.int_gauge(
                "audit_head_row",
                "The last row of the audit when its head was last published; 0 before the first time.",
            )?,
            audit_head_hash_prefix: families.int_gauge(
                "audit_head_hash_prefix",
                "The first 48 bits of that row's hash as a number: its first twelve digits.",
            )?,
            rival_campaigns: families.int_gauge(
                "rival_campaigns",
                "Campaigns that something else on the platform starts and stops, as far as can be seen.",
            )?,
            out_of_reach: families.int_gauge(
                "pauses_out_of_reach",
                "Campaigns that the autopilot paused, into which nobody can log in meanwhile, and into which fewer agents are logged in than would resume them.",
            )?,
        };
        for outcome in PollOutcome::ALL {
            metrics
                .polls
                .get_metric_with_label_values(&[outcome.label()])?;
            metrics
                .poll_duration
                .get_metric_with_label_values(&[outcome.label()])?;
        }
        for step in Step::ALL {
            metrics.succeeded(step, now_s);
        }
        for to in [Direction::Pause, Direction::Resume] {
            metrics
                .transition_duration
                .get_metric_with_label_values(&[to.label()])?;
        }
        Ok(metrics)
    }

    /// A poll ended.
    pub fn poll(&self, outcome: PollOutcome, seconds: f64) {
        self.polls.with_label_values(&[outcome.label()]).inc();
        self.poll_duration
            .with_label_values(&[outcome.label()])
            .observe(seconds);
    }

    /// A tick started this much later than planned.
    pub fn lag(&self, seconds: f64) {
        self.loop_lag.observe(seconds);
    }

    /// The machine's clock was set.
    pub fn clock_stepped(&self) {
        self.clock_steps.inc();
    }

    /// A step succeeded at this Unix time.
    pub fn succeeded(&self, step: Step, unix_seconds: f64) {
        self.last_success
            .with_label_values(&[step.label()])
            .set(unix_seconds);
    }

    /// Head count of the last complete poll.
    pub fn agents(&self, state: &str, agents: u32) {
        self.agents
            .with_label_values(&["all", state])
            .set(i64::from(agents));
    }

    /// From the sample that crossed the threshold to the confirmation.
    pub fn transition(&self, to: Direction, seconds: f64) {
        self.transition_duration
            .with_label_values(&[to.label()])
            .observe(seconds);
    }

    /// A commit ended; the store takes so many bytes, where it is on a disk.
    pub fn committed(&self, seconds: f64, size_bytes: Option<u64>) {
        self.journal_commit.observe(seconds);
        if let Some(bytes) = size_bytes {
            self.journal_size
                .set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
    }

    /// So much was found damaged in the store.
    pub(crate) fn store_damage(&self, findings: usize) {
        let findings = i64::try_from(findings).unwrap_or(i64::MAX);
        self.journal_damage.set(findings);
    }

    /// The head of the audit is published. A hash as a label would be a series for each hour; 48 bits of it are a number that every
    /// sample keeps exactly, and nobody finds another row with the same ones by chance.
    pub(crate) fn audit_head(&self, row: i64, hash: &str) {
        let prefix = hash.get(..12).unwrap_or_default();
        self.audit_head_row.set(row);
        let prefix = i64::from_str_radix(prefix, 16).unwrap_or_default();
        self.audit_head_hash_prefix.set(prefix);
    }

    /// So many campaigns are started and stopped by something else as well.
    pub(crate) fn rival_campaigns(&self, campaigns: usize) {
        let campaigns = i64::try_from(campaigns).unwrap_or(i64::MAX);
        self.rival_campaigns.set(campaigns);
    }

    /// So many pauses wait for agents who cannot log in.
    pub(crate) fn pauses_out_of_reach(&self, campaigns: usize) {
        let campaigns = i64::try_from(campaigns).unwrap_or(i64::MAX);
        self.out_of_reach.set(campaigns);
    }

    /// The store could not be written.
    pub fn journal_failed(&self) {
        self.journal_failures.inc();
    }
}
