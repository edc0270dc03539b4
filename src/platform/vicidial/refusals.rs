//! What is remembered of refused log-ins, beyond one process: how many, with which password, and until when nothing is asked for.
//!
//! Passwords are told apart by two bytes of a digest. That is enough to see that one was changed, and too little to confirm a
//! guess: one password in 65,536 has the same two.

use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// Passwords of which something is remembered; the one that was refused last comes last.
const MOST_PASSWORDS: usize = 8;

/// Bytes of a password's digest that are kept.
const KEPT_OF_PASSWORD: usize = 2;

/// Bytes of an account's digest that name it.
const KEPT_OF_ACCOUNT: usize = 12;

/// Refusals of one password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusals {
    /// Which password, by a few bytes of its digest.
    pub(super) password: String,
    /// How often it was refused in a row.
    pub(super) refused: u32,
    /// When it was refused last.
    pub(super) at: Timestamp,
    /// Since when, and until when nothing is asked for.
    pub(super) silent: Option<(Timestamp, Timestamp)>,
}

/// All that is remembered of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    passwords: Vec<Refusals>,
}

impl Remembered {
    /// Reads what was remembered. What cannot be read says nothing.
    pub(super) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// What is to be remembered; nothing, where nothing was refused.
    pub(super) fn text(&self) -> Option<String> {
        let some = !self.passwords.is_empty();
        some.then(|| serde_json::to_string(self).ok()).flatten()
    }

    /// The refusals of a password.
    pub(super) fn of(&self, password: &str) -> Option<&Refusals> {
        self.passwords.iter().find(|one| one.password == password)
    }

    /// Takes in the refusals of a password in the place of what was remembered of it.
    pub(super) fn put(&mut self, refusals: Refusals) {
        self.passwords
            .retain(|one| one.password != refusals.password);
        self.passwords.push(refusals);
        let many = self.passwords.len().saturating_sub(MOST_PASSWORDS);
        self.passwords.drain(..many);
    }

    /// How many log-ins were refused since then, whatever the password, and when the last one was.
    pub(super) fn since(&self, since: Timestamp, now: Timestamp) -> Option<(u32, Timestamp)> {
        let recent = self.passwords.iter();
        // What is dated later than now was written before the clock was set back.
        let recent = recent.filter(|one| one.at > since && one.at <= now);
        recent.fold(None, |all, one| {
            let (refused, at) = all.unwrap_or((0_u32, one.at));
            Some((refused.saturating_add(one.refused), at.max(one.at)))
        })
    }
}

/// The name of an account in the memory.
pub(super) fn account(base_url: &reqwest::Url, user: &str) -> String {
    hexadecimal(&format!("{base_url}\0{user}"), KEPT_OF_ACCOUNT)
}

/// What tells a password of an account from others.
pub(super) fn password(account: &str, password: &SecretString) -> String {
    hexadecimal(
        &format!("{account}\0{}", password.expose_secret()),
        KEPT_OF_PASSWORD,
    )
}

fn hexadecimal(text: &str, bytes: usize) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    let kept = hash.as_ref().iter().take(bytes);
    let digits = kept.flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    fn refused(password: &str, times: u32, seconds: u64) -> Refusals {
        Refusals {
            password: password.to_owned(),
            refused: times,
            at: START.plus(Duration::from_secs(seconds)),
            silent: None,
        }
    }

    #[test]
    fn what_is_remembered_is_read_back_and_rubbish_says_nothing() {
        let mut remembered = Remembered::default();
        assert_eq!(remembered.text(), None);
        remembered.put(refused("aa", 1, 0));
        remembered.put(refused("bb", 2, 5));
        remembered.put(refused("aa", 3, 9));
        let text = remembered.text().unwrap();
        assert_eq!(Remembered::parse(&text), remembered);
        assert_eq!(remembered.of("aa").unwrap().refused, 3);
        for rubbish in ["", "{", "[]", "{\"passwords\":[{\"refused\":-1}]}"] {
            assert_eq!(Remembered::parse(rubbish), Remembered::default());
        }
        for number in 0..20 {
            remembered.put(refused(&number.to_string(), 1, 10));
        }
        assert_eq!(remembered.passwords.len(), MOST_PASSWORDS);
        assert_eq!(remembered.of("aa"), None);
    }

    #[test]
    fn refusals_of_all_passwords_count_together_while_they_are_recent() {
        let mut remembered = Remembered::default();
        for (number, password) in ["aa", "bb", "cc"].into_iter().enumerate() {
            let seconds = u64::try_from(number).unwrap() * 100;
            remembered.put(refused(password, 3, seconds));
        }
        let since = |seconds| {
            let now = START.plus(Duration::from_secs(1_000));
            remembered.since(START.plus(Duration::from_secs(seconds)), now)
        };
        let last = START.plus(Duration::from_secs(200));
        assert_eq!(since(0), Some((6, last)));
        assert_eq!(since(100), Some((3, last)));
        assert_eq!(since(200), None);
        assert_eq!(
            remembered.since(START.minus(Duration::from_secs(1)), START),
            Some((3, START))
        );
    }

    #[test]
    fn neither_account_nor_password_can_be_read_from_the_memory() {
        let url: reqwest::Url = "https://dialler.example.com".parse().unwrap();
        let name = account(&url, "autopilot");
        assert_eq!(name.len(), 24);
        assert_ne!(name, account(&url, "other"));
        let kept = |text: &str| password(&name, &text.to_owned().into());
        assert_eq!(kept("secret").len(), 4);
        assert_ne!(kept("secret"), kept("Secret"));
    }
}
