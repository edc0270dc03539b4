//! Makes metrics with the product's prefix and registers them.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

/// Makes metrics with the prefix and registers them.
pub(super) struct Families<'a> {
    pub(super) registry: &'a Registry,
}

/// Shows a count when it is asked for.
struct CountedElsewhere {
    counter: IntCounter,
    count: fn() -> u64,
}

impl Collector for CountedElsewhere {
    fn desc(&self) -> Vec<&Desc> {
        self.counter.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.counter.reset();
        self.counter.inc_by((self.count)());
        self.counter.collect()
    }
}

impl Families<'_> {
    fn register<C: Collector + Clone + 'static>(&self, collector: C) -> prometheus::Result<C> {
        self.registry.register(Box::new(collector.clone()))?;
        Ok(collector)
    }

    fn opts(name: &str, help: &str) -> Opts {
        Opts::new(format!("autopilot_{name}"), help)
    }

    fn histogram_opts(name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
        HistogramOpts::new(format!("autopilot_{name}"), help).buckets(buckets.to_vec())
    }

    pub(super) fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        self.register(IntCounter::with_opts(Self::opts(name, help))?)
    }

    /// A counter of something that is counted elsewhere.
    pub(super) fn counter_of(
        &self,
        name: &str,
        help: &str,
        count: fn() -> u64,
    ) -> prometheus::Result<()> {
        let counter = IntCounter::with_opts(Self::opts(name, help))?;
        self.registry
            .register(Box::new(CountedElsewhere { counter, count }))
    }

    pub(super) fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        self.register(IntCounterVec::new(Self::opts(name, help), labels)?)
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> prometheus::Result<Gauge> {
        self.register(Gauge::with_opts(Self::opts(name, help))?)
    }

    pub(super) fn int_gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        self.register(IntGauge::with_opts(Self::opts(name, help))?)
    }

    pub(super) fn gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<GaugeVec> {
        self.register(GaugeVec::new(Self::opts(name, help), labels)?)
    }

    pub(super) fn int_gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntGaugeVec> {
        self.register(IntGaugeVec::new(Self::opts(name, help), labels)?)
    }

    pub(super) fn histogram(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
    ) -> prometheus::Result<Histogram> {
        self.register(Histogram::with_opts(Self::histogram_opts(
            name, help, buckets,
        ))?)
    }

    pub(super) fn histograms(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        labels: &[&str],
    ) -> prometheus::Result<HistogramVec> {
        self.register(HistogramVec::new(
            Self::histogram_opts(name, help, buckets),
            labels,
        )?)
    }

    #[cfg(target_os = "linux")]
    pub(super) fn process(&self) -> prometheus::Result<()> {
        self.registry.register(Box::new(
            prometheus::process_collector::ProcessCollector::for_self(),
        ))
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn process(&self) -> prometheus::Result<()> {
        Ok(())
    }

    pub(super) fn constants(&self, poll_interval_s: f64, dry_run: bool) -> prometheus::Result<()> {
        self.gauge("poll_interval_seconds", "The poll interval in force.")?
            .set(poll_interval_s);
        self.gauge("dry_run", "1 when nothing is commanded.")?
            .set(if dry_run { 1.0 } else { 0.0 });
        Ok(())
    }

    pub(super) fn build(&self) -> prometheus::Result<()> {
        let build = self.int_gauges(
            "build_info",
            "The version that is running.",
            &["version", "revision", "rustc"],
        )?;
        let (revision, rustc) = (env!("AUTOPILOT_REVISION"), env!("AUTOPILOT_RUSTC"));
        build
            .with_label_values(&[env!("CARGO_PKG_VERSION"), revision, rustc])
            .set(1);
        Ok(())
    }
}
