//! Watches over our log-in, since ten wrong ones lock the account for everybody who uses it.
//!
//! *Until a log-in has worked* requests go one after the other, also those of other processes that share the [memory of
//! refusals](RefusalMemory), so that no more are refused than are counted. *After three refusals in a row* of one password, or
//! [nine](MOST_IN_ALL) of whichever, nothing is asked for a while. A password that is changed where it is kept is tried at once.
//!
//! *Once a log-in has worked* nothing is in the way of requests; the first refusal then is shared with the other processes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Queue;
use tracing::error;

use crate::domain::Timestamp;
use crate::platform::port::{RefusalMemory, RefusalTurn};
use crate::secrets::{Reread, Secret};
use crate::telemetry::Metrics;

use super::answer::LogInNews;
use super::refusals::{Refusals, Remembered, password};

/// Refusals of one password in a row after which nothing is asked for.
const MOST_REFUSALS: u32 = 3;

/// Refusals after which no password is tried: the tenth would lock the account.
const MOST_IN_ALL: u32 = 9;

/// Clocks of two processes differ by less: what one has just noted may lie ahead of the other's.
const CLOCKS_DIFFER: Duration = Duration::from_secs(2);

/// Watches over the log-in of one account.
pub(super) struct LogInWatch {
    secret: Secret,
    /// How long nothing is asked for.
    silence: Duration,
    /// The account's name in the memory.
    account: String,
    memory: Arc<dyn RefusalMemory>,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
    /// Requests that may be refused wait here for each other.
    queue: Queue<()>,
}

#[derive(Default)]
struct State {
    /// Whether the last log-in worked.
    proven: bool,
    /// Refusals in a row of the secret's version below.
    refused: u32,
    /// Those of them that the memory does not have.
    unshared: u32,
    /// When the last one was.
    at: Timestamp,
    /// Since when, and until when nothing is asked for.
    silent: Option<(Timestamp, Timestamp)>,
    /// How often the secret had changed then.
    version: u64,
}

impl State {
    /// Nothing was refused.
    fn clear(&mut self) {
        self.refused = 0;
        self.unshared = 0;
        self.silent = None;
    }
}

impl LogInWatch {
    pub(super) fn new(
        secret: Secret,
        silence: Duration,
        account: String,
        memory: Arc<dyn RefusalMemory>,
        metrics: Arc<Metrics>,
    ) -> Self {
        metrics.api.log_ins_suspended(false);
        Self {
            secret,
            silence,
            account,
            memory,
            metrics,
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
        // It is awaited in two places, and large.
        let request = Box::pin(request);
        if self.held().proven {
            let answer = request.await;
            if self.held().unshared > 0 {
                // Where another process is at it, the next request shares it.
                if let Ok(mut turn) = self.memory.turn(&self.account).await {
                    self.take_in(&Self::read(&*turn), now());
                    self.share(&mut *turn);
                }
            }
            return Ok(answer);
        }
        let _turn = self.queue.lock().await;
        let mut turn = self.memory.turn(&self.account).await?;
        let remembered = Self::read(&*turn);
        self.take_in(&remembered, now());
        if let Some(why) = self.silent(&remembered, now()) {
            return Err(why);
        }
        let answer = request.await;
        self.share(&mut *turn);
        Ok(answer)
    }

    fn read(turn: &dyn RefusalTurn) -> Remembered {
        turn.remembered().map(Remembered::parse).unwrap_or_default()
    }

    /// Takes in what other processes have found out about the password in use.
    fn take_in(&self, remembered: &Remembered, now: Timestamp) {
        let password = password(&self.account, &self.secret.text());
        let mut state = self.held();
        if state.version != self.secret.version() {
            state.clear();
            state.version = self.secret.version();
        }
        let Some(known) = remembered.of(&password) else {
            return;
        };
        state.refused = known.refused.saturating_add(state.unshared);
        state.at = state.at.max(known.at);
        state.silent = state.silent.or(known.silent);
        if state.refused >= MOST_REFUSALS && state.silent.is_none() {
            state.silent = Some((now, now.plus(self.silence)));
        }
    }

    /// Has other processes know what came of a request.
    fn share(&self, turn: &mut dyn RefusalTurn) {
        let mut state = self.held();
        if state.proven {
            // The platform begins to count anew, whichever password was refused before.
            if turn.remembered().is_some() {
                turn.remember(None);
            }
            return;
        }
        if state.unshared == 0 {
            return;
        }
        state.unshared = 0;
        let mut remembered = Self::read(turn);
        remembered.put(Refusals {
            password: password(&self.account, &self.secret.text()),
            refused: state.refused,
            at: state.at,
            silent: state.silent,
        });
        drop(state);
        turn.remember(remembered.text().as_deref());
    }

    /// Why nothing is asked for now.
    fn silent(&self, remembered: &Remembered, now: Timestamp) -> Option<String> {
        let until = self
            .silent_for_password(remembered, now)
            .or_else(|| self.silent_for_all(remembered, now));
        self.metrics.api.log_ins_suspended(until.is_some());
        until.map(|until| {
            format!(
                "log-ins were refused, and nothing is asked for until {until}, since ten refused ones lock the account for everybody: check user and password, the user's level and that it is active"
            )
        })
    }

    /// Until when nothing is asked for with the password in use.
    fn silent_for_password(&self, remembered: &Remembered, now: Timestamp) -> Option<Timestamp> {
        let (since, until) = self.held().silent?;
        // A clock that was set back must not prolong it.
        let over = now >= until || now.plus(CLOCKS_DIFFER) < since;
        if over {
            self.held().clear();
            return None;
        }
        if self.secret.read_again() == Reread::Changed
            || self.secret.version() != self.held().version
        {
            self.take_in(remembered, now);
            let (_, until) = self.held().silent?;
            return Some(until).filter(|until| now < *until);
        }
        Some(until)
    }

    /// Until when nothing is asked for, since passwords were refused one after the other.
    fn silent_for_all(&self, remembered: &Remembered, now: Timestamp) -> Option<Timestamp> {
        let (refused, last) = remembered.since(now.minus(self.silence), now.plus(CLOCKS_DIFFER))?;
        (refused >= MOST_IN_ALL).then(|| last.plus(self.silence))
    }

    /// Notes what an answer says of the log-in.
    pub(super) fn note(&self, news: LogInNews, now: Timestamp) {
        let mut state = self.held();
        let refused = match news {
            LogInNews::None => return,
            LogInNews::Accepted => {
                state.proven = true;
                state.clear();
                return;
            }
            LogInNews::Refused => state.refused.saturating_add(1),
            LogInNews::Locked => MOST_REFUSALS,
        };
        state.proven = false;
        state.refused = refused;
        state.unshared = state.unshared.saturating_add(1);
        state.at = now;
        state.version = self.secret.version();
        if state.refused >= MOST_REFUSALS {
            let until = now.plus(self.silence);
            state.silent = Some((now, until));
            drop(state);
            self.metrics.api.log_ins_suspended(true);
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
    use std::collections::BTreeMap;

    use futures_util::future::{BoxFuture, FutureExt};

    use super::*;

    const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
    const SILENCE: Duration = Duration::from_secs(900);

    /// What several processes remember, without a disk.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<BTreeMap<String, String>>>);

    struct SharedTurn {
        shared: Shared,
        account: String,
        text: Option<String>,
    }

    impl RefusalMemory for Shared {
        fn turn<'a>(
            &'a self,
            account: &'a str,
        ) -> BoxFuture<'a, Result<Box<dyn RefusalTurn>, String>> {
            let turn: Box<dyn RefusalTurn> = Box::new(SharedTurn {
                shared: self.clone(),
                account: account.to_owned(),
                text: self.0.lock().unwrap().get(account).cloned(),
            });
            Box::pin(std::future::ready(Ok(turn)))
        }
    }

    impl RefusalTurn for SharedTurn {
        fn remembered(&self) -> Option<&str> {
            self.text.as_deref()
        }

        fn remember(&mut self, text: Option<&str>) {
            let mut all = self.shared.0.lock().unwrap();
            match text {
                Some(text) => all.insert(self.account.clone(), text.to_owned()),
                None => all.remove(&self.account),
            };
        }
    }

    fn process(memory: &Shared, secret: &str) -> LogInWatch {
        LogInWatch::new(
            secret.to_owned().into(),
            SILENCE,
            "account".to_owned(),
            Arc::new(memory.clone()),
            Arc::new(Metrics::new(30.0, false, "", 0.0).unwrap()),
        )
    }

    fn watch() -> LogInWatch {
        process(&Shared::default(), "pw")
    }

    /// Makes a request that is answered in this way; says whether it was made.
    fn asks(watch: &LogInWatch, seconds: u64, news: LogInNews) -> bool {
        let now = START.plus(Duration::from_secs(seconds));
        let request = async { watch.note(news, now) };
        let asked = watch.let_through(|| now, request);
        asked.now_or_never().unwrap().is_ok()
    }

    /// How many processes in a row, each with one request, get to ask with this password.
    fn asked_by(memory: &Shared, secret: &str, seconds: u64, processes: usize) -> usize {
        let asked =
            (0..processes).filter(|_| asks(&process(memory, secret), seconds, LogInNews::Refused));
        asked.count()
    }

    fn suspended(watch: &LogInWatch) -> bool {
        let (_, text) = watch.metrics.exposition().unwrap();
        String::from_utf8(text)
            .unwrap()
            .contains("\nautopilot_log_ins_suspended 1\n")
    }

    #[test]
    fn three_refusals_in_a_row_are_quarter_of_an_hour_of_silence() {
        use LogInNews::{Accepted, None, Refused};
        let watch = watch();
        for news in [Refused, Refused, Accepted, Refused, Refused] {
            assert!(asks(&watch, 0, news));
            assert!(!suspended(&watch));
        }
        assert!(asks(&watch, 0, Refused));
        assert!(suspended(&watch));
        assert!(!asks(&watch, 0, None));
        assert!(!asks(&watch, 899, None));
        assert!(suspended(&watch));
        assert!(asks(&watch, 900, None));
        assert!(!suspended(&watch));
        // And three more may be refused.
        for news in [Refused, Refused, Refused] {
            assert!(asks(&watch, 900, news));
        }
        assert!(!asks(&watch, 901, None));
    }

    #[test]
    fn an_account_that_is_locked_is_left_alone_at_once() {
        let watch = watch();
        assert!(asks(&watch, 0, LogInNews::Locked));
        assert!(!asks(&watch, 1, LogInNews::None));
        // A clock that was set back ends the wait.
        let back = START.minus(SILENCE);
        assert!(watch.silent(&Remembered::default(), back).is_none());
    }

    #[test]
    fn another_password_is_tried_at_once() {
        let watch = watch();
        assert!(asks(&watch, 0, LogInNews::Locked));
        assert!(!asks(&watch, 1, LogInNews::None));
        assert!(watch.secret.take_over(&"other".to_owned().into()));
        assert!(asks(&watch, 2, LogInNews::Accepted));
    }

    #[test]
    fn processes_together_are_refused_no_more_often_than_one() {
        let memory = Shared::default();
        assert_eq!(asked_by(&memory, "pw", 0, 20), 3);
        assert_eq!(asked_by(&memory, "pw", 899, 20), 0);
        assert_eq!(asked_by(&memory, "pw", 900, 20), 3);
        // One that was refused before the others shares their silence.
        assert!(!asks(&process(&memory, "pw"), 901, LogInNews::Accepted));
    }

    #[test]
    fn a_log_in_that_works_or_another_password_starts_anew() {
        let memory = Shared::default();
        assert_eq!(asked_by(&memory, "pw", 0, 2), 2);
        assert!(asks(&process(&memory, "pw"), 1, LogInNews::Accepted));
        assert_eq!(memory.0.lock().unwrap().len(), 0);
        assert_eq!(asked_by(&memory, "pw", 2, 20), 3);
        assert_eq!(asked_by(&memory, "other", 3, 20), 3);
        assert_eq!(asked_by(&memory, "pw", 4, 20), 0);
    }

    #[test]
    fn no_row_of_passwords_comes_to_the_refusal_that_locks() {
        let memory = Shared::default();
        let passwords = ["a", "b", "c", "d", "e", "f"];
        let asked = passwords.map(|password| asked_by(&memory, password, 0, 20));
        assert_eq!(asked, [3, 3, 3, 0, 0, 0]);
        assert_eq!(asked_by(&memory, "g", 901, 20), 3);
    }

    #[test]
    fn a_refusal_after_a_log_in_that_worked_is_shared_too() {
        let memory = Shared::default();
        let daemon = process(&memory, "pw");
        assert!(asks(&daemon, 0, LogInNews::Accepted));
        assert!(asks(&daemon, 60, LogInNews::Refused));
        assert_eq!(asked_by(&memory, "pw", 61, 20), 2);
        assert!(!asks(&daemon, 62, LogInNews::None));
    }
}
