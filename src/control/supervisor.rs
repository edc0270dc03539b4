//! Signs of life for a service manager, fed from the loop itself.
//!
//! *Decides* when the supervisor gets a sign of life, and which line of status it gets.
//!
//! *Why not a timer task:* it would go on while the loop hangs. Here the loop's own task sends every sign: at a tick's
//! stations, and in between from the very `select` that waits for them, which a thread that is stuck does not reach.
//! *Waiting is not hanging:* a poll may take up to its deadline, and the pause between two polls may be longer than the
//! supervisor's time-out. So signs go on while the loop waits, but only for as long as `/healthz` holds the loop for
//! alive: a wait without an end is a hang, and gets the daemon restarted.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::{Belief, PauseOwner};

use super::ports::Clock;
use super::status::ObservableState;

/// A service manager that restarts the daemon when it hangs, and shows its status.
pub trait Supervisor: Send + Sync {
    /// Sends a sign of life.
    fn alive(&self);

    /// Sends the status, in one line.
    fn status(&self, line: &str);
}

/// The loop's side of a supervisor.
pub struct Supervised {
    supervisor: Arc<dyn Supervisor>,
    /// A sign of life is sent at least this often; never where the supervisor does not watch.
    every: Option<Duration>,
    /// The line that was sent last.
    last_line: String,
}

impl Supervised {
    /// Creates it for a supervisor that restarts the daemon after `timeout` without a sign of life, if it does so at all.
    #[must_use]
    pub fn by(supervisor: Arc<dyn Supervisor>, timeout: Option<Duration>) -> Self {
        Self {
            supervisor,
            // Half of it, as systemd advises: one sign may be late.
            every: timeout.map(|timeout| timeout / 2),
            last_line: String::new(),
        }
    }

    /// Sends the status, unless it was sent already.
    pub(super) fn notify(&mut self, state: &ObservableState) {
        let line = line(state);
        if line != self.last_line {
            self.supervisor.status(&line);
            self.last_line = line;
        }
    }

    /// Sends signs of life for as long as the loop counts as alive; it has no end of its own. To be polled by the loop's
    /// own task, beside what that waits for.
    pub(super) fn signs(
        &self,
        clock: Arc<dyn Clock>,
        observed: watch::Receiver<ObservableState>,
    ) -> impl Future<Output = Infallible> + use<> {
        let (supervisor, every) = (Arc::clone(&self.supervisor), self.every);
        async move {
            let Some(every) = every else {
                return std::future::pending().await;
            };
            loop {
                if observed.borrow().alive(clock.now()) {
                    supervisor.alive();
                }
                clock.sleep(every).await;
            }
        }
    }
}

/// Runs the loop, with the signs of life beside it where there is a supervisor.
pub(super) async fn run_with_signs(
    run: impl Future<Output = ()>,
    signs: Option<impl Future<Output = Infallible>>,
) {
    match signs {
        None => run.await,
        Some(signs) => tokio::select! {
            biased;
            () = run => {}
            never = signs => match never {},
        },
    }
}

/// Returns the status line: campaigns by state, and what is wrong.
fn line(state: &ObservableState) -> String {
    if state.sample_at.is_none() {
        return "waiting for the first valid poll; nothing is commanded before".to_owned();
    }
    let many = |is: fn(&Belief) -> bool| {
        let campaigns = state.campaigns.iter();
        campaigns
            .filter(|campaign| is(&campaign.state.belief))
            .count()
    };
    let states = [
        (many(|belief| matches!(belief, Belief::Running)), "running"),
        (many(Belief::paused_by_us), "paused by the autopilot"),
        (
            many(|belief| matches!(belief, Belief::Paused(PauseOwner::Person))),
            "paused by people",
        ),
        (
            many(|belief| matches!(belief, Belief::Paused(PauseOwner::Unproven { .. }))),
            "paused by whom is not known",
        ),
        (
            many(|belief| {
                matches!(
                    belief,
                    Belief::Unread | Belief::Other { .. } | Belief::Missing { .. }
                )
            }),
            "not controlled",
        ),
    ];
    let states: Vec<String> = states
        .iter()
        .filter(|(many, _)| *many > 0)
        .map(|(many, what)| format!("{many} {what}"))
        .collect();
    let all = state.campaigns.len();
    let word = if all == 1 { "campaign" } else { "campaigns" };
    let mut line = format!("{all} {word}: {}", states.join(", "));
    if state.dry_run {
        line.push_str("; dry run, nothing is commanded");
    }
    if !state.journal_writable {
        line.push_str("; the store cannot be written, so nothing is commanded");
    }
    if !state.poll_valid {
        line.push_str("; the last poll failed, so nothing is changed");
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Mutex, mpsc};

    use crate::control::hand_clock::HandClock;
    use crate::control::status::CampaignView;
    use crate::domain::{CampaignState, Thresholds};

    use super::*;

    #[derive(Default)]
    struct Notes {
        signs: AtomicU32,
        lines: Mutex<Vec<String>>,
    }

    impl Supervisor for Notes {
        fn alive(&self) {
            self.signs.fetch_add(1, Ordering::Relaxed);
        }

        fn status(&self, line: &str) {
            self.lines.lock().unwrap().push(line.to_owned());
        }
    }

    #[tokio::test]
    async fn signs_go_on_while_the_loop_may_wait_and_end_when_it_hangs() {
        let (clock, notes) = (Arc::new(HandClock::default()), Arc::new(Notes::default()));
        let (sender, observed) = watch::channel(ObservableState {
            alive_at: clock.now(),
            silence_allowed: Duration::from_secs(10),
            ..ObservableState::default()
        });
        let timeout = Some(Duration::from_secs(4));
        let supervised = Supervised::by(Arc::<Notes>::clone(&notes), timeout);
        // Each wait moves the clock by the two seconds that it takes: the loop's own future never ends.
        let signs = supervised.signs(Arc::<HandClock>::clone(&clock), observed);
        tokio::pin!(signs);
        for _ in 0..100 {
            assert!(futures_util::poll!(&mut signs).is_pending());
        }
        assert_eq!(notes.signs.load(Ordering::Relaxed), 6);
        sender.send_modify(|state| state.alive_at = clock.now());
        for _ in 0..100 {
            assert!(futures_util::poll!(&mut signs).is_pending());
        }
        assert_eq!(notes.signs.load(Ordering::Relaxed), 12);
    }

    #[test]
    fn a_thread_that_is_stuck_in_the_loop_gives_no_sign() {
        let (clock, notes) = (Arc::new(HandClock::default()), Arc::new(Notes::default()));
        let (sender, observed) = watch::channel(ObservableState {
            alive_at: clock.now(),
            silence_allowed: Duration::MAX,
            ..ObservableState::default()
        });
        let supervised = Supervised::by(Arc::<Notes>::clone(&notes), Some(Duration::from_secs(4)));
        let signs = supervised.signs(clock, observed);
        let ((stuck, is_stuck), (let_go, held)) = (mpsc::channel(), mpsc::channel::<()>());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        let run = async move {
            let _sender = sender;
            tokio::task::yield_now().await;
            stuck.send(()).unwrap();
            // The thread itself waits, in the middle of the loop.
            assert!(held.recv().is_err(), "it is let go");
        };
        let running = runtime.spawn(run_with_signs(run, Some(signs)));
        is_stuck.recv().unwrap();
        let before = notes.signs.load(Ordering::Relaxed);
        assert!(before > 0, "it lived");
        // Everything else goes on.
        runtime.block_on(async {
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
        });
        assert_eq!(notes.signs.load(Ordering::Relaxed), before);
        drop(let_go);
        runtime.block_on(running).unwrap();
    }

    #[test]
    fn a_line_is_sent_once_and_says_what_is_wrong() {
        let notes = Arc::new(Notes::default());
        let mut supervised = Supervised::by(Arc::<Notes>::clone(&notes), None);
        let mut state = ObservableState::default();
        supervised.notify(&state);
        let view = |id: &str, belief| CampaignView {
            id: id.parse().unwrap(),
            state: CampaignState {
                belief,
                ..CampaignState::unread(clock_at())
            },
            configured: Thresholds::default(),
            aim: None,
            reason: None,
            calendar: None,
        };
        state.campaigns = Arc::new(vec![
            view("a", Belief::Running),
            view("b", Belief::Paused(PauseOwner::Person)),
        ]);
        state.sample_at = Some(clock_at());
        (state.journal_writable, state.poll_valid) = (true, true);
        supervised.notify(&state);
        supervised.notify(&state);
        state.poll_valid = false;
        supervised.notify(&state);
        assert_eq!(
            *notes.lines.lock().unwrap(),
            [
                "waiting for the first valid poll; nothing is commanded before",
                "2 campaigns: 1 running, 1 paused by people",
                "2 campaigns: 1 running, 1 paused by people; the last poll failed, so nothing is changed",
            ]
        );
    }

    fn clock_at() -> crate::domain::Timestamp {
        HandClock::default().now()
    }
}
