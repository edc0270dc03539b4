//! Compares what the store has counted with the guards: at the start and each minute, beside the loop.
//!
//! *The way out:* metrics, log lines when a campaign comes above a limit or below it again, and the status. *When the store cannot be
//! read*, what was found stays, and its age shows. *Ending:* a reading under way is given up.
//!
//! *Never here:* a decision; anything that the loop waits for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::CampaignId;
use crate::domain::guard::{DaySpan, Guard};
use crate::telemetry::GuardEvents;

use super::ports::{CampaignDays, Clock, OutcomeDays};
use super::status::{GuardView, GuardViews, ObservableState};

/// As often as outcomes are read unless something else is configured.
const BETWEEN_READINGS: Duration = Duration::from_secs(60);

/// Compares again and again until a shutdown.
pub struct GuardWatch {
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The guards.
    pub guards: Vec<Arc<Guard>>,
    /// Reads what was counted.
    pub days: Arc<dyn OutcomeDays>,
    /// The snapshot, which has the campaigns and shows how they stand.
    pub observed: watch::Sender<ObservableState>,
    /// Log lines and metrics.
    pub events: GuardEvents,
    /// Ends the task.
    pub shutdown: CancellationToken,
}

impl GuardWatch {
    /// Compares until a shutdown is asked for.
    pub async fn run(mut self) {
        let shutdown = self.shutdown.clone();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = self.observe() => {}
            }
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = self.clock.sleep(BETWEEN_READINGS) => {}
            }
        }
    }

    /// Compares every campaign with the guards that are about it, once.
    pub async fn observe(&mut self) {
        let now = self.clock.now();
        let mut periods: Vec<(Arc<Guard>, DaySpan, CampaignDays)> = Vec::new();
        for guard in &self.guards {
            // One whose first period has not begun says nothing.
            let Some(span) = guard.span_at(now) else {
                continue;
            };
            match self.days.outcome_days(&guard.zone, span).await {
                Ok(days) => periods.push((Arc::clone(guard), span, days)),
                Err(why) => return self.events.unreadable(&why),
            }
        }
        let campaigns: Vec<(CampaignId, Option<String>)> = {
            let observed = self.observed.borrow();
            let team = |id: &CampaignId| observed.labels.get(id)?.team.clone();
            let ids = observed.campaigns.iter().map(|view| &view.id);
            ids.map(|id| (id.clone(), team(id))).collect()
        };
        let mut views: GuardViews = BTreeMap::new();
        for (campaign, team) in campaigns {
            let about = periods.iter();
            let about = about.filter(|(guard, ..)| guard.is_about(&campaign, team.as_deref()));
            let found = about.map(|(guard, span, days)| {
                let days = days.get(&campaign).map_or(&[][..], Vec::as_slice);
                GuardView {
                    guard: Arc::clone(guard),
                    standing: guard.standing(*span, days, now),
                }
            });
            let found: Vec<GuardView> = found.collect();
            if !found.is_empty() {
                views.insert(campaign, found);
            }
        }
        let views = Arc::new(views);
        let standings = views.iter().flat_map(|(campaign, views)| {
            views
                .iter()
                .map(move |view| (campaign, view.guard.name.as_str(), &view.standing))
        });
        // Whoever reads of it in the log or the metrics finds it in the status.
        let shown = Arc::clone(&views);
        self.observed.send_if_modified(move |observed| {
            if observed.guards == shown {
                return false;
            }
            observed.guards = shown;
            observed.version = observed.version.saturating_add(1);
            true
        });
        self.events.compared(standings, now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::BoxFuture;
    use jiff::civil::date;

    use super::*;
    use crate::control::hand_clock::HandClock;
    use crate::control::status::CampaignView;
    use crate::domain::guard::{
        DayCounts, Denominator, GuardPeriod, GuardScope, GuardState, Numerator,
    };
    use crate::domain::outcomes::OutcomeCounts;
    use crate::domain::{CampaignLabels, CampaignState, Thresholds, Zone};
    use crate::telemetry::Metrics;

    /// Days that a test sets; without them they cannot be read.
    #[derive(Default)]
    struct Days(Mutex<Option<CampaignDays>>);

    impl OutcomeDays for Days {
        fn outcome_days(
            &self,
            _zone: &Zone,
            _span: DaySpan,
        ) -> BoxFuture<'_, Result<CampaignDays, String>> {
            let days = self.0.lock().unwrap().clone();
            Box::pin(async { days.ok_or_else(|| "the disk is gone".to_owned()) })
        }
    }

    fn guard(name: &str, scope: GuardScope, period: GuardPeriod) -> Arc<Guard> {
        Arc::new(Guard {
            name: name.to_owned(),
            preset: None,
            limit: "3%".parse().unwrap(),
            numerator: Numerator::Abandoned,
            denominator: Denominator::Answered,
            period,
            zone: "UTC".parse().unwrap(),
            least_calls: 88,
            scope,
        })
    }

    fn counted(connected: u64, abandoned: u64) -> CampaignDays {
        let day = DayCounts {
            // The hand's clock begins here.
            day: date(2023, 11, 14),
            counts: OutcomeCounts {
                dials: 2_000,
                answered: connected + abandoned,
                connected,
                abandoned,
            },
            known_millis: 60_000,
            carried_millis: 0,
        };
        let id = |text: &str| text.parse().unwrap();
        CampaignDays::from([(id("a"), vec![day]), (id("gone"), vec![day])])
    }

    #[tokio::test]
    async fn campaigns_are_compared_with_the_guards_that_are_about_them() {
        let clock = Arc::new(HandClock::default());
        let today = Arc::<HandClock>::clone(&clock).now();
        let view = |id: &str| CampaignView {
            aim: None,
            id: id.parse().unwrap(),
            state: CampaignState::unread(today),
            configured: Thresholds::default(),
            reason: None,
            calendar: None,
        };
        let sales = CampaignLabels {
            team: Some("Sales".to_owned()),
            ..CampaignLabels::default()
        };
        let (sender, observed) = watch::channel(ObservableState {
            campaigns: Arc::new(vec![view("a"), view("b")]),
            labels: Arc::new(BTreeMap::from([("b".parse().unwrap(), sales)])),
            ..ObservableState::default()
        });
        let metrics = Metrics::new(30.0, false, "hash", 0.0).unwrap();
        let days = Arc::new(Days::default());
        let teams = GuardScope::Some {
            campaigns: [].into(),
            teams: ["Sales".to_owned()].into(),
        };
        let never = GuardPeriod::Successive {
            starts: date(2099, 1, 1),
        };
        let mut watch = GuardWatch {
            clock,
            guards: vec![
                guard("all", GuardScope::All, GuardPeriod::Month),
                guard("team", teams, GuardPeriod::Day),
                guard("later", GuardScope::All, never),
            ],
            days: Arc::<Days>::clone(&days),
            observed: sender,
            events: GuardEvents::new(metrics.guards().unwrap()),
            shutdown: CancellationToken::new(),
        };
        watch.observe().await;
        assert!(observed.borrow().guards.is_empty(), "it cannot be read");

        *days.0.lock().unwrap() = Some(counted(960, 40));
        watch.observe().await;
        let shown = Arc::clone(&observed.borrow().guards);
        let of = |id: &str| -> Vec<(String, GuardState)> {
            let views = shown[&id.parse::<CampaignId>().unwrap()].iter();
            let named = views.map(|view| (view.guard.name.clone(), view.standing.state));
            named.collect()
        };
        assert_eq!(of("a"), [("all".to_owned(), GuardState::Above)]);
        let expected = ["all", "team"].map(|name| (name.to_owned(), GuardState::NoCalls));
        assert_eq!(of("b"), expected);
        let exposed = || String::from_utf8(metrics.exposition().unwrap().1).unwrap();
        let above = "autopilot_guard_above{campaign=\"a\",guard=\"all\"}";
        assert!(exposed().contains(&format!("{above} 1")), "{}", exposed());

        *days.0.lock().unwrap() = None;
        watch.observe().await;
        assert!(Arc::ptr_eq(&shown, &observed.borrow().guards), "it stays");
        assert!(exposed().contains(&format!("{above} 1")));

        watch.observed.send_modify(|observed| {
            observed.campaigns = Arc::new(vec![view("b")]);
        });
        *days.0.lock().unwrap() = Some(counted(960, 40));
        watch.observe().await;
        assert!(!exposed().contains("campaign=\"a\""), "{}", exposed());
    }
}
