//! Watches over our log-in, since ten wrong ones lock the account for everybody who uses it.
//!
//! *Until a log-in has worked* requests go one after the other, so that no more are refused than are counted. *After three refusals in
//! a row* nothing is asked for a while, unless the password is changed where it is kept.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Queue;
use tracing::error;

use crate::domain::Timestamp;
use crate::secrets::{Reread, Secret};

use super::answer::LogInNews;

/// Refusals in a row after which nothing is asked for.
const MOST_REFUSALS: u32 = 3;

/// Watches over the log-in of one account.
pub(super) struct LogInWatch {
    secret: Secret,
    /// How long nothing is asked for.
    silence: Duration,
    state: Mutex<State>,
    /// Requests that may be refused wait here for each other.
    queue: Queue<()>,
}

#[derive(Default)]
struct State {
    /// Whether the last log-in worked.
    proven: bool,
    refused: u32,
    /// Since when, and until when nothing is asked for.
    silent: Option<(Timestamp, Timestamp)>,
    /// How often the secret had changed then.
    version: u64,
}

impl LogInWatch {
    pub(super) fn new(secret: Secret, silence: Duration) -> Self {
        Self {
            secret,
            silence,
            state: Mutex::default(),
            queue: Queue::default(),
        }
    }

    /// Makes a request, or says why it is not made.
    pub(super) async fn let_through<T>(
        &self,
        now: impl Fn() -> Timestamp,
        request: impl Future<Output = T>,
    ) -> Result<T, String> {
        if self.held().proven {
            return Ok(request.await);
        }
        let _turn = self.queue.lock().await;
        if let Some(why) = self.silent(now()) {
            return Err(why);
        }
        Ok(request.await)
    }

    /// Why nothing is asked for now.
    fn silent(&self, now: Timestamp) -> Option<String> {
        let (since, until, version) = {
            let state = self.held();
            let (since, until) = state.silent?;
            (since, until, state.version)
        };
        // A clock that was set back must not prolong it.
        let over = now >= until || now < since;
        let changed =
            self.secret.read_again() == Reread::Changed || self.secret.version() != version;
        if over || changed {
            let mut state = self.held();
            state.silent = None;
            state.refused = 0;
            return None;
        }
        Some(format!(
            "log-ins were refused, and nothing is asked for until {until}, since ten refused ones lock the account for everybody: check user and password, the user's level and that it is active"
        ))
    }

    /// Notes what an answer says of the log-in.
    pub(super) fn note(&self, news: LogInNews, now: Timestamp) {
        let mut state = self.held();
        match news {
            LogInNews::None => return,
            LogInNews::Accepted => {
                state.proven = true;
                state.refused = 0;
                return;
            }
            LogInNews::Refused => {
                state.proven = false;
                state.refused = state.refused.saturating_add(1);
            }
            LogInNews::Locked => {
                state.proven = false;
                state.refused = MOST_REFUSALS;
            }
        }
        if state.refused >= MOST_REFUSALS {
            let until = now.plus(self.silence);
            state.silent = Some((now, until));
            state.version = self.secret.version();
            drop(state);
            error!(
                %until,
                locked = news == LogInNews::Locked,
                "log-ins are refused: nothing is asked of the platform for a while"
            );
        }
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
    const SILENCE: Duration = Duration::from_secs(900);

    fn watch() -> LogInWatch {
        LogInWatch::new("pw".to_owned().into(), SILENCE)
    }

    fn asks(watch: &LogInWatch, seconds: u64) -> bool {
        watch
            .silent(START.plus(Duration::from_secs(seconds)))
            .is_none()
    }

    #[test]
    fn three_refusals_in_a_row_are_quarter_of_an_hour_of_silence() {
        let watch = watch();
        for _ in 0..2 {
            watch.note(LogInNews::Refused, START);
        }
        watch.note(LogInNews::Accepted, START);
        for _ in 0..2 {
            watch.note(LogInNews::Refused, START);
            assert!(asks(&watch, 0));
        }
        watch.note(LogInNews::Refused, START);
        assert!(!asks(&watch, 0));
        assert!(!asks(&watch, 899));
        assert!(asks(&watch, 900));
        // And three more may be refused.
        watch.note(LogInNews::Refused, START.plus(SILENCE));
        assert!(asks(&watch, 901));
    }

    #[test]
    fn an_account_that_is_locked_is_left_alone_at_once() {
        let watch = watch();
        watch.note(LogInNews::Locked, START);
        assert!(!asks(&watch, 1));
        // A clock that was set back ends the wait.
        assert!(watch.silent(START.minus(SILENCE)).is_none());
    }

    #[test]
    fn another_password_is_tried_at_once() {
        let watch = watch();
        watch.note(LogInNews::Locked, START);
        assert!(!asks(&watch, 1));
        assert!(watch.secret.take_over(&"other".to_owned().into()));
        assert!(asks(&watch, 2));
    }
}
