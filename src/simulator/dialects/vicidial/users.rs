//! Who may log in, and who is locked out.

use std::time::Duration;

use hyper::StatusCode;

use super::super::super::answer::Answer;
use super::super::super::time::SimTime;
use super::super::super::tokens::Tokens;
use super::DialerState;
use super::failures::Failures;
use super::form::Form;
use super::pages::page;
use super::settings::DialerUser;

/// So many wrong log-ins lock an account.
const MOST_FAILURES: u32 = 10;

/// How long it stays locked.
const LOCKED: Duration = Duration::from_secs(15 * 60);

impl DialerState {
    /// Returns who makes the request.
    pub(super) fn log_in(
        &mut self,
        form: &Form,
        tokens: &Tokens,
        now: SimTime,
    ) -> Result<DialerUser, Box<Answer>> {
        let (name, password) = (form.name("user"), form.name("pass"));
        let known = self.known(&name, &password, tokens);
        let before = self.failures.get(&name).copied();
        let locked = before
            .is_some_and(|before| before.count >= MOST_FAILURES && now.since(before.last) < LOCKED);
        if locked {
            return Err(boxed(
                StatusCode::OK,
                format!("ERROR: Too many login attempts, try again in 15 minutes: |{name}|LOCK|\n"),
            ));
        }
        let Some(user) = known else {
            let count = before
                .filter(|before| before.count < MOST_FAILURES)
                .map_or(0, |before| before.count)
                .saturating_add(1);
            self.failures
                .insert(name.clone(), Failures { count, last: now });
            if !self.settings.notes_failures {
                return Err(boxed(StatusCode::INTERNAL_SERVER_ERROR, String::new()));
            }
            return Err(boxed(
                StatusCode::OK,
                format!("ERROR: Login incorrect, please try again: |{name}|{password}|BAD|\n"),
            ));
        };
        self.failures.remove(&name);
        if self.settings.address_blocked {
            return Err(boxed(
                StatusCode::OK,
                "ERROR: Your IP Address is not allowed: 127.0.0.1: ||IPBLOCK|\n".to_owned(),
            ));
        }
        let function = form.function();
        let allowed = user.functions.as_ref();
        if allowed.is_some_and(|allowed| !allowed.contains(function)) {
            return Err(boxed(
                StatusCode::OK,
                format!(
                    "ERROR: auth USER DOES NOT HAVE PERMISSION TO USE THIS FUNCTION: |{name}|{function}|\n"
                ),
            ));
        }
        Ok(user)
    }

    fn known(&self, name: &str, password: &str, tokens: &Tokens) -> Option<DialerUser> {
        if self.settings.users.is_empty() {
            let known = tokens.knows(name, password);
            return known.then(|| DialerUser::new(name, password));
        }
        let mut users = self.settings.users.iter();
        let found = users.find(|user| {
            let same = user.name.eq_ignore_ascii_case(name) && user.password == password;
            same && user.active && user.level >= 7
        });
        found.cloned()
    }
}

/// Why a source is not accepted.
pub(super) fn wrong_source(form: &Form) -> Option<String> {
    let source = form.source();
    (source.len() < 2)
        .then(|| format!("ERROR: Invalid Source - {source}\nERROR: Invalid Source: |{source}|\n"))
}

fn boxed(status: StatusCode, said: String) -> Box<Answer> {
    Box::new(page(status, said))
}
