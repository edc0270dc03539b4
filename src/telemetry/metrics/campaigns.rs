//! The series of each campaign: at most fifty.
//!
//! They are kept and written here and not by the `prometheus` crate: with a thousand campaigns its way, which copies the labels of
//! every series into messages first, takes several times as long as a scrape may. An update is one atomic store, and a
//! scrape never holds up the loop.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::outcomes::OutcomeCounts;
use crate::domain::{CampaignId, Cause, Direction, Suppression, TenantName};

use super::exposition::{Exposition, escaped};

/// The suppression of every command of a dry run.
const DRY_RUN: &str = "dry_run";

/// The causes a command can fail with, as labels.
const FAILURE_CAUSES: [&str; 5] = ["refused", "not_sent", "not_applied", "not_ours", "unknown"];

const STATES: [&str; 4] = ["running", "paused", "stopped", "unknown"];

const DIRECTIONS: [Direction; 2] = [Direction::Pause, Direction::Resume];

const CAUSES: [Cause; 5] = [
    Cause::Threshold,
    Cause::StaleFailsafe,
    Cause::Reconcile,
    Cause::Hold,
    Cause::Calendar,
];

/// A number that is set or counted by one thread and read by another.
#[derive(Default)]
struct Number(AtomicU64);

impl Number {
    fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }

    fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that need not be whole: a Unix time in seconds, a share, or agents in halves.
#[derive(Default)]
struct Real(AtomicU64);

impl Real {
    fn set(&self, number: f64) {
        self.0.store(number.to_bits(), Ordering::Relaxed);
    }

    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// Counters of one family that differ in their further labels, in the order of these.
struct Counters {
    counts: Box<[Number]>,
    /// Shown even while they have not counted.
    from_the_start: bool,
}

impl Counters {
    fn new(labels: &[Label], from_the_start: bool) -> Self {
        let counts = labels.iter().map(|_| Number::default()).collect();
        Self {
            counts,
            from_the_start,
        }
    }

    fn add_one(&self, at: Option<usize>) {
        if let Some(count) = at.and_then(|at| self.counts.get(at)) {
            count.add_one();
        }
    }

    fn shown<'a>(&self, labels: &'a [Label]) -> impl Iterator<Item = (&'a str, u64)> {
        let all = labels.iter().zip(&self.counts);
        all.filter_map(|(label, count)| {
            let count = count.get();
            let shown = count > 0 || (self.from_the_start && label.expected);
            shown.then_some((label.text.as_str(), count))
        })
    }
}

struct CampaignSeries {
    /// The labels of the campaign: its id, and its tenant where there are several.
    labels: String,
    available: Real,
    pause_below: Real,
    resume_at: Real,
    flap_limit: Real,
    states: [(&'static str, Number); 4],
    desired_running: Number,
    calendar_open: Number,
    override_active: Number,
    override_expiry: Real,
    last_transition: Real,
    transitions: Counters,
    failures: Counters,
    suppressed: Counters,
    drift: Number,
    outcomes: Outcomes,
    aim: Aim,
}

/// What a campaign's aim says; nothing of it is shown of a campaign without one.
#[derive(Default)]
struct Aim {
    given: Number,
    threshold: Real,
    target: Real,
    responds: Number,
}

/// What became of a campaign's dials; nothing of it is shown before the first reading.
#[derive(Default)]
struct Outcomes {
    totals: [Number; 4],
    /// Whether answered calls were counted in the window.
    share_known: Number,
    share: Real,
    /// When the last reading was made; 0 before the first.
    until: Real,
}

/// The series of one campaign.
pub struct CampaignGauges(Arc<CampaignSeries>);

impl CampaignGauges {
    /// The numbers that the rule compared.
    pub fn observe_sample(&self, compared: f64, pause_below: f64, resume_at: f64) {
        self.0.available.set(compared);
        self.0.pause_below.set(pause_below);
        self.0.resume_at.set(resume_at);
    }

    /// How many resumes within an hour are flapping; infinite where none are.
    pub fn flap_limit(&self, resumes: Option<u32>) {
        let limit = resumes.map_or(f64::INFINITY, f64::from);
        self.0.flap_limit.set(limit);
    }

    /// The state as the platform last reported it.
    pub fn state(&self, label: &str) {
        for (name, shown) in &self.0.states {
            shown.set(u64::from(*name == label));
        }
    }

    /// Sets the direction that the hysteresis wants.
    pub fn desired(&self, running: bool) {
        self.0.desired_running.set(running.into());
    }

    /// Whether the calendar is open; a campaign without one is always so.
    pub fn calendar_open(&self, open: bool) {
        self.0.calendar_open.set(open.into());
    }

    /// The operator's hold; `None` when there is none.
    pub fn override_until(&self, unix_seconds: Option<f64>) {
        self.0.override_active.set(unix_seconds.is_some().into());
        self.0.override_expiry.set(unix_seconds.unwrap_or_default());
    }

    /// A command was confirmed.
    pub fn transition(&self, to: Direction, cause: Cause, unix_seconds: f64) {
        self.0.last_transition.set(unix_seconds);
        let mut ways = ways(&CAUSES);
        let at = ways.position(|way| way == (to, cause));
        self.0.transitions.add_one(at);
    }

    /// When the last confirmed command was, as restored from the store.
    pub fn last_transition(&self, unix_seconds: f64) {
        self.0.last_transition.set(unix_seconds);
    }

    /// A command failed.
    pub fn failed(&self, to: Direction, cause: &str) {
        let mut ways = ways(&FAILURE_CAUSES);
        let at = ways.position(|way| way == (to, cause));
        self.0.failures.add_one(at);
    }

    /// A command that the thresholds ask for was held back.
    pub fn suppressed(&self, by: Suppression) {
        let at = Suppression::ALL.iter().position(|one| *one == by);
        self.0.suppressed.add_one(at);
    }

    /// A command was not sent because this is a dry run.
    pub fn suppressed_by_dry_run(&self) {
        self.0.suppressed.add_one(Some(Suppression::ALL.len()));
    }

    /// What was counted of its dials, the abandoned calls for each million of the window's answered ones, and until when that is.
    pub fn outcomes(&self, totals: [u64; 4], per_million: Option<u64>, until_s: f64) {
        let Outcomes {
            totals: shown,
            share_known,
            share,
            until,
        } = &self.0.outcomes;
        for (shown, total) in shown.iter().zip(totals) {
            shown.set(total);
        }
        share_known.set(per_million.is_some().into());
        let parts = u32::try_from(per_million.unwrap_or_default()).unwrap_or(u32::MAX);
        share.set(f64::from(parts) / 1e6);
        until.set(until_s);
    }

    /// The threshold of its aim in agents, the share that is aimed at, and whether the threshold has an effect; `None` without an
    /// aim.
    pub fn aim(&self, aim: Option<(f64, f64, bool)>) {
        let Aim {
            given,
            threshold,
            target,
            responds,
        } = &self.0.aim;
        if let Some((agents, share, effect)) = aim {
            threshold.set(agents);
            target.set(share);
            responds.set(effect.into());
        }
        given.set(aim.is_some().into());
    }

    /// Somebody else changed the state.
    pub fn drifted(&self) {
        self.0.drift.add_one();
    }
}

/// Each direction with each of `causes`, in the order of the counters.
fn ways<T: Copy>(causes: &[T]) -> impl Iterator<Item = (Direction, T)> {
    DIRECTIONS
        .into_iter()
        .flat_map(|to| causes.iter().map(move |cause| (to, *cause)))
}

/// Labels beyond the campaign's, as they stand behind it.
struct Label {
    text: String,
    /// Whether it can happen as far as is known; anything else gets its series should it happen.
    expected: bool,
}

impl Label {
    fn new(text: String) -> Self {
        Self {
            text,
            expected: true,
        }
    }
}

/// Every campaign's series.
pub(super) struct CampaignFamilies {
    transitions: Vec<Label>,
    failures: Vec<Label>,
    suppressed: Vec<Label>,
    /// The label of the tenant behind that of the campaign.
    tenant: String,
    campaigns: Mutex<BTreeMap<CampaignId, Arc<CampaignSeries>>>,
}

impl CampaignFamilies {
    /// `tenant` is on every series where there are several.
    pub(super) fn new(tenant: Option<&TenantName>) -> Self {
        let transition = |(to, cause): (Direction, Cause)| {
            let (to_label, cause_label) = (to.label(), cause.label());
            let text = format!(",reason=\"{cause_label}\",to=\"{to_label}\"");
            Label {
                // Stale data never resume.
                expected: (to, cause) != (Direction::Resume, Cause::StaleFailsafe),
                ..Label::new(text)
            }
        };
        let failure = |(to, cause): (Direction, &str)| {
            Label::new(format!(",cause=\"{cause}\",to=\"{}\"", to.label()))
        };
        let held_back = Suppression::ALL.map(|by| Label {
            // Few campaigns are stepped down, and few series are to be had.
            expected: by != Suppression::Throttle,
            ..Label::new(format!(",reason=\"{}\"", by.label()))
        });
        let dry_run = Label::new(format!(",reason=\"{DRY_RUN}\""));
        Self {
            transitions: ways(&CAUSES).map(transition).collect(),
            failures: ways(&FAILURE_CAUSES).map(failure).collect(),
            suppressed: held_back.into_iter().chain([dry_run]).collect(),
            tenant: tenant.map_or(String::new(), |name| format!(",tenant=\"{name}\"")),
            campaigns: Mutex::default(),
        }
    }

    /// The series of one campaign. All of them are there from now on if `every` is asked for; otherwise counters come with
    /// their first increase.
    pub(super) fn series(&self, id: &CampaignId, every: bool) -> CampaignGauges {
        let mut campaigns = self
            .campaigns
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let made = || {
            Arc::new(CampaignSeries {
                labels: format!("campaign=\"{}\"{}", escaped(id.as_str()), self.tenant),
                available: Real::default(),
                pause_below: Real::default(),
                resume_at: Real::default(),
                flap_limit: Real::default(),
                states: STATES.map(|state| (state, Number::default())),
                desired_running: Number::default(),
                calendar_open: Number::default(),
                override_active: Number::default(),
                override_expiry: Real::default(),
                last_transition: Real::default(),
                transitions: Counters::new(&self.transitions, every),
                failures: Counters::new(&self.failures, every),
                suppressed: Counters::new(&self.suppressed, every),
                drift: Number::default(),
                outcomes: Outcomes::default(),
                aim: Aim::default(),
            })
        };
        CampaignGauges(Arc::clone(campaigns.entry(id.clone()).or_insert_with(made)))
    }

    /// Removes every series of one campaign.
    pub(super) fn forget(&self, id: &CampaignId) {
        let mut campaigns = self
            .campaigns
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        campaigns.remove(id);
    }

    /// Writes every family of these tenants, each once. The locks are held only while the campaigns are listed.
    pub(super) fn write(tenants: &[&Self], page: &mut Exposition) {
        let mut all: Vec<Arc<CampaignSeries>> = Vec::new();
        for tenant in tenants {
            let campaigns = tenant
                .campaigns
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            all.extend(campaigns.values().map(Arc::clone));
        }
        if let Some(labels) = tenants.first().filter(|_| !all.is_empty()) {
            write_gauges(&all, page);
            labels.write_counters(&all, page);
            write_outcomes(&all, page);
            write_aims(&all, page);
        }
    }

    /// The further labels are the same for every tenant.
    fn write_counters(&self, all: &[Arc<CampaignSeries>], page: &mut Exposition) {
        let mut counters =
            |name, help, labels: &[Label], counters: fn(&CampaignSeries) -> &Counters| {
                let mut family = page.family(name, "counter", help);
                for one in all {
                    for (label, count) in counters(one).shown(labels) {
                        family.number(&one.labels, label, count);
                    }
                }
            };
        counters(
            "transitions_total",
            "Commands that the platform confirmed.",
            &self.transitions,
            |one| &one.transitions,
        );
        counters(
            "transition_failures_total",
            "Commands that failed.",
            &self.failures,
            |one| &one.failures,
        );
        counters(
            "decisions_suppressed_total",
            "Decisions in which a command was wanted but held back.",
            &self.suppressed,
            |one| &one.suppressed,
        );
        let help = "Changes of state made by somebody else.";
        let mut drift = page.family("drift_total", "counter", help);
        for one in all {
            drift.number(&one.labels, "", one.drift.get());
        }
    }
}

fn write_gauges(all: &[Arc<CampaignSeries>], page: &mut Exposition) {
    let mut gauge = |name, help, value: fn(&CampaignSeries) -> u64| {
        let mut family = page.family(name, "gauge", help);
        for one in all {
            family.number(&one.labels, "", value(one));
        }
    };
    gauge("campaign_info", "The campaigns that are managed.", |_| 1);
    gauge(
        "campaign_desired_running",
        "Whether the hysteresis wants it to run.",
        |one| one.desired_running.get(),
    );
    gauge(
        "campaign_calendar_open",
        "Whether its calendar lets it dial; 1 without a calendar.",
        |one| one.calendar_open.get(),
    );
    gauge(
        "campaign_override_active",
        "Whether an operator holds it.",
        |one| one.override_active.get(),
    );
    let mut real = |name, help, value: fn(&CampaignSeries) -> f64| {
        let mut family = page.family(name, "gauge", help);
        for one in all {
            family.real(&one.labels, value(one));
        }
    };
    real(
        "campaign_available_agents",
        "The number that the rule compares.",
        |one| one.available.get(),
    );
    real(
        "campaign_pause_below_agents",
        "The pause threshold in force.",
        |one| one.pause_below.get(),
    );
    real(
        "campaign_resume_at_agents",
        "The resume threshold in force.",
        |one| one.resume_at.get(),
    );
    real(
        "campaign_flap_limit_resumes",
        "So many resumes within an hour are flapping; +Inf where that is not reported.",
        |one| one.flap_limit.get(),
    );
    real(
        "campaign_override_expiry_timestamp_seconds",
        "When the operator's hold ends; 0 without one.",
        |one| one.override_expiry.get(),
    );
    real(
        "campaign_last_transition_timestamp_seconds",
        "When our last command was confirmed; 0 before the first.",
        |one| one.last_transition.get(),
    );
    let mut states = page.family(
        "campaign_state",
        "gauge",
        "The campaign's state as the platform last reported it: 1 for that state, 0 for the others.",
    );
    let labels = STATES.map(|state| format!(",state=\"{state}\""));
    for one in all {
        for ((_, shown), label) in one.states.iter().zip(&labels) {
            states.number(&one.labels, label, shown.get());
        }
    }
}

fn write_outcomes(all: &[Arc<CampaignSeries>], page: &mut Exposition) {
    let read = |one: &&Arc<CampaignSeries>| one.outcomes.until.get() > 0.0;
    let read: Vec<&Arc<CampaignSeries>> = all.iter().filter(read).collect();
    if read.is_empty() {
        return;
    }
    let mut totals = page.family(
        "outcomes_total",
        "counter",
        "Dials and what became of them, as far as two readings of the counters show it: what came before the first reading, or about a reset, is not in it.",
    );
    let labels = OutcomeCounts::LABELS.map(|outcome| format!(",outcome=\"{outcome}\""));
    for one in &read {
        for (total, label) in one.outcomes.totals.iter().zip(&labels) {
            totals.number(&one.labels, label, total.get());
        }
    }
    let mut share = page.family(
        "campaign_abandoned_share",
        "gauge",
        "Abandoned calls as a share of connected and abandoned ones, of those counted in the last two hours; absent while none was.",
    );
    for one in read.iter().filter(|one| one.outcomes.share_known.get() > 0) {
        share.real(&one.labels, one.outcomes.share.get());
    }
    let mut until = page.family(
        "campaign_outcomes_timestamp_seconds",
        "gauge",
        "Until when its outcomes are counted.",
    );
    for one in &read {
        until.real(&one.labels, one.outcomes.until.get());
    }
}

fn write_aims(all: &[Arc<CampaignSeries>], page: &mut Exposition) {
    let given = |one: &&Arc<CampaignSeries>| one.aim.given.get() > 0;
    let given: Vec<&Arc<CampaignSeries>> = all.iter().filter(given).collect();
    if given.is_empty() {
        return;
    }
    let mut threshold = page.family(
        "campaign_aim_threshold_agents",
        "gauge",
        "The threshold of its aim, in steps of half an agent; 0 pauses never.",
    );
    for one in &given {
        threshold.real(&one.labels, one.aim.threshold.get());
    }
    let mut target = page.family(
        "campaign_abandon_target_share",
        "gauge",
        "The share of abandoned calls that its aim is set to.",
    );
    for one in &given {
        target.real(&one.labels, one.aim.target.get());
    }
    let mut responds = page.family(
        "campaign_aim_responds",
        "gauge",
        "Whether the threshold of its aim has an effect: 0 when it is at its top and too many calls are abandoned.",
    );
    for one in &given {
        responds.number(&one.labels, "", one.aim.responds.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(families: &CampaignFamilies) -> String {
        let mut page = Exposition::default();
        CampaignFamilies::write(&[families], &mut page);
        String::from_utf8(page.into_text()).unwrap()
    }

    fn id(text: &str) -> CampaignId {
        text.parse().unwrap()
    }

    #[test]
    fn series_are_written_as_they_stand() {
        let families = CampaignFamilies::new(None);
        let series = families.series(&id("a\"b"), true);
        series.observe_sample(3.0, 5.0, 8.0);
        series.state("paused");
        series.transition(Direction::Pause, Cause::Threshold, 1_715_760_000.25);
        series.failed(Direction::Resume, "refused");
        series.suppressed_by_dry_run();
        series.drifted();
        let text = written(&families);
        for line in [
            "# HELP autopilot_campaign_available_agents The number that the rule compares.",
            "# TYPE autopilot_campaign_available_agents gauge",
            r#"autopilot_campaign_available_agents{campaign="a\"b"} 3"#,
            r#"autopilot_campaign_state{campaign="a\"b",state="paused"} 1"#,
            r#"autopilot_campaign_state{campaign="a\"b",state="running"} 0"#,
            r#"autopilot_campaign_last_transition_timestamp_seconds{campaign="a\"b"} 1715760000.25"#,
            "# TYPE autopilot_transitions_total counter",
            r#"autopilot_transitions_total{campaign="a\"b",reason="threshold",to="paused"} 1"#,
            r#"autopilot_transition_failures_total{campaign="a\"b",cause="refused",to="running"} 1"#,
            r#"autopilot_decisions_suppressed_total{campaign="a\"b",reason="dry_run"} 1"#,
            r#"autopilot_drift_total{campaign="a\"b"} 1"#,
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
        }
        assert!(!text.contains(r#"reason="stale_failsafe",to="running""#));
    }

    #[test]
    fn outcomes_are_absent_until_they_are_known() {
        let families = CampaignFamilies::new(None);
        let series = families.series(&id("a"), true);
        families.series(&id("b"), true);
        assert!(!written(&families).contains("outcome"));
        series.outcomes([0; 4], None, 1_715_760_000.0);
        let text = written(&families);
        assert!(text.contains("autopilot_outcomes_total{campaign=\"a\",outcome=\"dials\"} 0\n"));
        assert!(
            !text.contains("abandoned_share{"),
            "a share of none is not zero"
        );
        assert!(!text.contains("outcomes_total{campaign=\"b\""), "{text}");
        series.outcomes([900, 210, 200, 10], Some(47_619), 1_715_760_060.5);
        let text = written(&families);
        for line in [
            r#"autopilot_outcomes_total{campaign="a",outcome="abandoned"} 10"#,
            r#"autopilot_campaign_abandoned_share{campaign="a"} 0.047619"#,
            r#"autopilot_campaign_outcomes_timestamp_seconds{campaign="a"} 1715760060.5"#,
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn an_aim_is_shown_of_those_campaigns_that_have_one() {
        let families = CampaignFamilies::new(None);
        let series = families.series(&id("a"), true);
        families.series(&id("b"), true);
        series.aim(None);
        assert!(!written(&families).contains("_aim_"));
        series.aim(Some((4.5, 0.005, false)));
        let text = written(&families);
        for line in [
            r#"autopilot_campaign_aim_threshold_agents{campaign="a"} 4.5"#,
            r#"autopilot_campaign_abandon_target_share{campaign="a"} 0.005"#,
            r#"autopilot_campaign_aim_responds{campaign="a"} 0"#,
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
        }
        assert!(!text.contains(r#"aim_responds{campaign="b"}"#), "{text}");
        series.aim(None);
        assert!(!written(&families).contains("_aim_"), "taken out again");
    }

    #[test]
    fn a_campaign_keeps_its_numbers_until_it_is_forgotten() {
        let families = CampaignFamilies::new(None);
        families.series(&id("a"), true).drifted();
        families.series(&id("a"), true).drifted();
        assert!(written(&families).contains("autopilot_drift_total{campaign=\"a\"} 2\n"));
        families.forget(&id("a"));
        assert_eq!(written(&families), "");
    }

    #[test]
    fn of_very_many_campaigns_counters_come_with_their_first_increase() {
        let families = CampaignFamilies::new(None);
        let series = families.series(&id("a"), false);
        assert!(!written(&families).contains("suppressed_total{"));
        series.suppressed(Suppression::StaleData);
        let text = written(&families);
        assert_eq!(text.matches("suppressed_total{").count(), 1, "{text}");
    }
}
