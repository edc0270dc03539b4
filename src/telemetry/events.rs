//! The events of the campaigns' loop, each with its log line and its metric.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::{debug, info, warn};

use crate::domain::{
    Alert, Belief, Campaign, CampaignId, Cause, Conclusion, DecisionId, Delivery, Direction,
    EvidenceSurvey, Notice, Outcome, Reason, Relation, StateCounts, Suppression, Timestamp,
};

use super::metrics::{CampaignGauges, Metrics, PollOutcome, Step};

/// With more campaigns than this, counters that never counted are left out: at ten thousand they alone would take more
/// memory than the daemon may.
const MOST_WITH_EVERY_SERIES: usize = 2_000;

/// The result of a complete poll.
#[derive(Clone, Copy, Debug)]
pub struct PollFigures {
    /// Agents available, over all of them; absent where that is not known.
    pub available: Option<u32>,
    /// Agents by state, only if agents in every state were read.
    pub states: Option<StateCounts>,
    /// Rows of all pages.
    pub rows: usize,
    /// Pages asked for.
    pub pages: usize,
    /// The duration of the poll.
    pub took: Duration,
}

/// Reports events to the log and the metrics.
pub struct Events {
    pub(super) metrics: Arc<Metrics>,
    campaigns: BTreeMap<CampaignId, CampaignGauges>,
    dry_run_said: BTreeMap<CampaignId, Direction>,
    /// The direction of each campaign's last command that the platform acknowledged before it showed.
    settling: BTreeMap<CampaignId, Direction>,
    first_poll_said: AtomicBool,
    /// Whether outcomes could not be read the last time.
    pub(super) outcomes_failing: bool,
    /// Campaigns whose pace could not be read the last time.
    pub(super) paces_unreadable: BTreeSet<CampaignId>,
    /// The last decision that wanted a change of a pace which a dry run held back.
    pub(super) dry_paces: BTreeMap<CampaignId, DecisionId>,
    /// Campaigns whose pause waits for agents who cannot log in.
    out_of_reach: BTreeSet<CampaignId>,
}

impl Events {
    /// Creates the events of these campaigns; their series exist from here on.
    #[must_use]
    pub fn new<'a>(
        metrics: Arc<Metrics>,
        campaigns: impl Iterator<Item = (&'a CampaignId, &'a Campaign)>,
    ) -> Self {
        let mut events = Self {
            metrics,
            campaigns: BTreeMap::new(),
            dry_run_said: BTreeMap::new(),
            settling: BTreeMap::new(),
            first_poll_said: AtomicBool::new(false),
            outcomes_failing: false,
            paces_unreadable: BTreeSet::new(),
            dry_paces: BTreeMap::new(),
            out_of_reach: BTreeSet::new(),
        };
        events.add_campaigns(campaigns, std::iter::empty());
        events
    }

    /// Creates the series of those campaigns that have none, and logs all campaigns.
    pub(super) fn add_campaigns<'a, 'b>(
        &mut self,
        campaigns: impl Iterator<Item = (&'a CampaignId, &'a Campaign)>,
        known: impl Iterator<Item = &'b CampaignId>,
    ) -> BTreeSet<CampaignId> {
        let campaigns: Vec<_> = campaigns.collect();
        let known: BTreeSet<_> = known.collect();
        let every = campaigns.len() <= MOST_WITH_EVERY_SERIES;
        for (id, campaign) in &campaigns {
            let series = self.metrics.campaign(id, every);
            series.flap_limit(campaign.policy().flap_limit);
            if known.contains(id) {
                continue;
            }
            series.state(campaign.state().belief.label());
            if let Some(last) = campaign.state().last_transition {
                series.last_transition(last.at.as_unix_seconds());
            }
            self.campaigns.insert((*id).clone(), series);
        }
        campaigns.into_iter().map(|(id, _)| id.clone()).collect()
    }

    /// Takes every campaign's series out, to be sorted anew.
    pub(super) fn take_campaigns(&mut self) -> BTreeMap<CampaignId, CampaignGauges> {
        std::mem::take(&mut self.campaigns)
    }

    /// Returns the series of a campaign.
    pub(super) fn series_of(&self, id: &CampaignId) -> Option<&CampaignGauges> {
        self.campaigns.get(id)
    }

    /// Puts a campaign's series back.
    pub(super) fn put_campaign(&mut self, id: CampaignId, series: CampaignGauges) {
        self.campaigns.insert(id, series);
    }

    /// Reports that a first poll without agents is made once more.
    pub fn poll_repeated(&self) {
        debug!("no agents: read once more before it is believed");
    }

    /// Reports a complete poll.
    pub fn polled(
        &self,
        PollFigures {
            available,
            states,
            rows,
            pages,
            took,
        }: PollFigures,
        decision: DecisionId,
        now: Timestamp,
    ) {
        self.metrics.cycle.poll(PollOutcome::Ok, took.as_secs_f64());
        self.metrics
            .cycle
            .succeeded(Step::Poll, now.as_unix_seconds());
        let cycle = &self.metrics.cycle;
        if let Some(available) = available {
            cycle.agents("available", available);
        }
        // What was not read is not zero: its series are not there.
        if let Some(StateCounts {
            available: _,
            wrap_up,
            busy,
            other,
            offline,
        }) = states
        {
            cycle.agents("wrap_up", wrap_up);
            cycle.agents("busy", busy);
            cycle.agents("other", other);
            cycle.agents("offline", offline);
        }
        if !self.first_poll_said.swap(true, Ordering::Relaxed) {
            info!(%decision, available, pages, "first poll complete");
        }
        debug!(
            %decision,
            available,
            rows,
            pages,
            took_ms = took.as_millis(),
            "agents read"
        );
    }

    /// Reports a poll without a valid result.
    pub fn poll_failed(&self, partial: bool, why: &str, took: Duration, decision: DecisionId) {
        let outcome = if partial {
            PollOutcome::Partial
        } else {
            PollOutcome::Error
        };
        self.metrics.cycle.poll(outcome, took.as_secs_f64());
        warn!(%decision, why, "poll invalid: it says nothing about the agents");
    }

    /// Reports that a campaign's status was read.
    pub fn status_read(&self, now: Timestamp) {
        self.metrics
            .cycle
            .succeeded(Step::Reconcile, now.as_unix_seconds());
    }

    /// Reports that a campaign's status could not be read.
    pub fn status_unreadable(&self, campaign: &CampaignId, decision: DecisionId, why: &str) {
        warn!(%campaign, %decision, why, "status not read");
    }

    /// Shows how many pauses wait for agents who cannot log in, and tells of each once.
    pub fn pauses_out_of_reach(&mut self, campaigns: &[&CampaignId]) {
        for campaign in campaigns {
            if !self.out_of_reach.contains(*campaign) {
                warn!(%campaign, "fewer agents are logged in than would resume it, and none can log in while it is paused: lower resume_at, or resume it by hand");
            }
        }
        self.metrics.cycle.pauses_out_of_reach(campaigns.len());
        self.out_of_reach = campaigns.iter().map(|id| (*id).clone()).collect();
    }

    /// Reports the decision on one campaign.
    pub fn decided(&self, campaign: &CampaignId, reason: &Reason, belief: &Belief) {
        let Some(series) = self.campaigns.get(campaign) else {
            return;
        };
        let compared = reason.aim.as_ref().and_then(|aim| Some((aim.signal?, aim)));
        if let Some((signal, aim)) = compared {
            let (pause_below, resume_at) = (aim.pause_below, aim.resume_at);
            series.observe_sample(
                signal.in_agents(),
                pause_below.in_agents(),
                resume_at.in_agents(),
            );
        } else if let (Some(available), Some(thresholds)) =
            (reason.available(), reason.thresholds())
        {
            series.observe_sample(
                available.into(),
                thresholds.pause_below.into(),
                thresholds.resume_at.into(),
            );
        }
        let running = *belief == Belief::Running;
        match reason.relation() {
            Some(Relation::BelowPause) => series.desired(false),
            Some(Relation::AtResume) => series.desired(true),
            Some(Relation::Between) => series.desired(running),
            None => {}
        }
        series.state(belief.label());
        let calendar = reason.stages.calendar.found.as_ref();
        let open = calendar.is_none_or(|calendar| calendar.state.is_open());
        series.calendar_open(open);
        if reason.stages.calendar_alone().is_some() {
            series.desired(open);
        }
        series.override_until(reason.hold().map(|hold| hold.until.as_unix_seconds()));
        if let Outcome::Suppressed { by, direction } = reason.outcome {
            // Without a direction nothing was asked for, except that stale data hides what would be.
            if direction.is_some() || by == Suppression::StaleData {
                series.suppressed(by);
                if by == Suppression::Refused {
                    // The label under which refusals were counted in 0.1.0.
                    series.suppressed(Suppression::NotCommandable);
                }
            }
        }
    }

    /// Reports a command that a dry run does not send.
    pub fn would_command(&mut self, campaign: &CampaignId, direction: Direction, reason: &Reason) {
        if let Some(series) = self.campaigns.get(campaign) {
            series.suppressed_by_dry_run();
        }
        if self.dry_run_said.insert(campaign.clone(), direction) != Some(direction) {
            info!(%campaign, decision = %reason.decision, %reason, "dry run: would {direction}");
        }
    }

    /// Reports that a command was confirmed.
    pub fn confirmed(
        &self,
        campaign: &CampaignId,
        to: Direction,
        cause: Cause,
        reason: &Reason,
        since_sample: Duration,
        now: Timestamp,
    ) {
        if let Some(series) = self.campaigns.get(campaign) {
            series.transition(to, cause, now.as_unix_seconds());
        }
        self.metrics
            .cycle
            .transition(to, since_sample.as_secs_f64());
        let done = match to {
            Direction::Pause => "paused",
            Direction::Resume => "resumed",
        };
        info!(%campaign, decision = %reason.decision, %reason, cause = cause.label(), "{done}");
    }

    /// Reports that the platform acknowledged a command and is still changing the campaign, within the time that its
    /// commands take.
    ///
    /// No failure: it is counted when the command is overdue, or has had no effect.
    pub fn acknowledged(&mut self, campaign: &CampaignId, to: Direction, reason: &Reason) {
        self.settling.insert(campaign.clone(), to);
        info!(%campaign, decision = %reason.decision, %reason, "acknowledged, the platform is changing it: {to}");
    }

    /// Reports that a command failed.
    pub fn command_failed(
        &self,
        campaign: &CampaignId,
        to: Direction,
        conclusion: Conclusion,
        delivery: &Delivery,
        reason: &Reason,
    ) {
        if let Some(series) = self.campaigns.get(campaign) {
            series.failed(to, conclusion.label());
        }
        let why = match delivery {
            Delivery::Acknowledged { .. } => "acknowledged, but the status does not show it",
            Delivery::Lost { why }
            | Delivery::Conflict { why }
            | Delivery::Refused { why, .. }
            | Delivery::NotSent { why } => why.as_str(),
        };
        warn!(%campaign, decision = %reason.decision, conclusion = conclusion.label(), why, "could not {to}");
    }

    /// Reports a change that was not ours, or that was seen late.
    pub fn noticed(
        &self,
        campaign: &CampaignId,
        notice: &Notice,
        decision: DecisionId,
        cause: Option<Cause>,
        now: Timestamp,
    ) {
        let series = self.campaigns.get(campaign);
        let drifted = || series.into_iter().for_each(CampaignGauges::drifted);
        match notice {
            Notice::FoundPaused => {
                warn!(%campaign, %decision, "found paused, not by us: left alone until somebody resumes it or --adopt-paused is given");
            }
            Notice::PersonPaused => {
                drifted();
                info!(%campaign, %decision, "paused by a person");
            }
            Notice::PersonResumed { grace_until } => {
                drifted();
                let until = grace_until.map(tracing::field::display);
                info!(%campaign, %decision, left_alone_until = until, "our pause was resumed by a person");
            }
            Notice::PersonsPauseEnded => {
                drifted();
                info!(%campaign, %decision, "a person's pause has ended");
            }
            Notice::Adopted => info!(%campaign, %decision, "pause taken over as ours"),
            Notice::Resolved {
                decision: of,
                to,
                conclusion: Conclusion::Confirmed,
            } => {
                if let (Some(series), Some(cause)) = (series, cause) {
                    series.transition(*to, cause, now.as_unix_seconds());
                }
                info!(%campaign, decision = %of, "command whose outcome was unknown has taken effect: {to}");
            }
            Notice::Resolved {
                decision: of,
                to,
                conclusion,
            } => {
                if let Some(series) = series {
                    series.failed(*to, conclusion.label());
                }
                warn!(%campaign, decision = %of, conclusion = conclusion.label(), "command whose outcome was unknown: {to}");
            }
            Notice::Flapping { resumes, limit } => {
                warn!(%campaign, %decision, resumes, limit, "flapping: resumed too often within an hour; are its thresholds too close together?");
            }
            Notice::Unproven {
                to: Direction::Pause,
                doubt,
                ..
            } => {
                drifted();
                warn!(%campaign, %decision, doubt = doubt.label(), "paused, and not to be shown to be ours: {}; left alone until somebody resumes it", doubt.explained());
            }
            Notice::Unproven {
                to: Direction::Resume,
                doubt,
                grace_until,
            } => {
                drifted();
                let until = grace_until.map(tracing::field::display);
                info!(%campaign, %decision, doubt = doubt.label(), left_alone_until = until, "our pause was resumed, by us or by a person");
            }
            Notice::UnprovenEnded { grace_until } => {
                drifted();
                let until = grace_until.map(tracing::field::display);
                info!(%campaign, %decision, left_alone_until = until, "a pause that could not be shown to be ours has ended");
            }
            Notice::StampWorthless => {
                warn!(%campaign, %decision, "the platform's time of the last change moves by itself: it is not evidence of changes here any more");
            }
            Notice::StillChanging { word } => {
                // A command of an earlier run was counted there, or is counted when it has had no effect.
                if let (Some(series), Some(to)) = (series, self.settling.get(campaign)) {
                    series.failed(*to, Conclusion::Unknown.label());
                }
                warn!(%campaign, %decision, status = %word, "our command was accepted and is on its way for longer than commands take there");
            }
            Notice::Missing => {
                warn!(%campaign, %decision, "the platform does not know this campaign: not controlled, asked for again later");
            }
            Notice::Back => info!(%campaign, %decision, "the platform knows this campaign again"),
            Notice::OtherStatus { word } => {
                info!(%campaign, %decision, status = %word, "not commanded in this status");
            }
        }
    }

    /// Reports something that may have to wake a person.
    pub fn alerted(&self, alert: &Alert, decision: DecisionId) {
        match alert {
            Alert::Stale { streak } => {
                warn!(%decision, streak, "no valid poll for too long: the data are stale");
            }
            Alert::Fresh => info!(%decision, "valid polls are back"),
            Alert::UnprovenPause { campaign, doubt } => {
                warn!(%campaign, %decision, doubt = doubt.label(), "agents are enough, and it stays paused because nobody can say whose pause it is: {}; `release {campaign} --ours` claims it", doubt.explained());
            }
            Alert::UnprovenPauseEnded { campaign, end } => {
                info!(%campaign, %decision, end = end.label(), "a pause of which nobody could say whose it was is over or somebody's");
            }
            Alert::BudgetExhausted { campaign } => {
                warn!(%campaign, %decision, "resume budget of this hour used up: stays paused");
            }
        }
    }

    /// Reports how long a commit took, and the size of the store.
    pub fn committed(&self, took: Duration, size_bytes: Option<u64>) {
        self.metrics.cycle.committed(took.as_secs_f64(), size_bytes);
    }

    /// Reports that the store could not be written.
    pub fn journal_failed(&self, why: &str, decision: DecisionId) {
        self.metrics.cycle.journal_failed();
        warn!(
            %decision,
            why,
            "store not written: nothing is commanded until it can be"
        );
    }

    /// Reports that the machine's clock was set; the daemon's follows it.
    pub fn clock_stepped(&self, milliseconds: i64) {
        self.metrics.cycle.clock_stepped();
        warn!(
            milliseconds,
            "the machine's clock was set; holds, graces and waiting times moved with it"
        );
    }

    /// Tells once, at the start, where it rests on weak evidence whose a pause is.
    pub fn surveyed(&self, survey: EvidenceSurvey) {
        if let Some(weakness) = survey.weakness() {
            info!(
                weakness,
                "whose a pause is rests on weak evidence here: what a person does at about the time of a command may not be told from it"
            );
        }
    }

    /// Reports how much later than planned a tick began.
    pub fn lagged(&self, lag: Duration) {
        self.metrics.cycle.lag(lag.as_secs_f64());
    }
}
