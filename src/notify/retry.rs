//! Decides what follows an attempt: the entry is delivered, retried later, or given up.

use std::time::Duration;

use crate::domain::Timestamp;
use crate::telemetry::DeliveryOutcome;

use super::ports::{LONGEST_DELAY, OutboxEntry, Settlement};

/// The bound of the first wait; it doubles with each attempt.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// No wait of our own is longer: after an outage a receiver has everything within minutes.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The answers that refuse an entry itself, and not only for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusals {
    /// The statuses.
    pub statuses: &'static [u16],
    /// Refusals before the entry is given up.
    pub most: u32,
}

impl Refusals {
    /// Those of receivers of the signed form. One that is being changed gets a second chance.
    pub const SIGNED: Self = Self {
        statuses: &[400, 405, 410, 413, 414, 415, 422],
        most: 3,
    };
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The receiver answered.
    Status {
        /// The HTTP status.
        status: u16,
        /// How long its `Retry-After` asks to wait.
        retry_after: Option<Duration>,
        /// The host to which a redirect leads.
        leads_to: Option<String>,
        /// The beginning of what it said, on one line.
        excerpt: String,
    },
    /// No answer in time.
    Timeout,
    /// No connection, or it broke.
    Connect {
        /// What the system said; holds no address.
        why: String,
    },
}

impl Answer {
    /// Returns how long a receiver that has too much to do asks to be left alone.
    #[must_use]
    pub fn asks_for_rest(&self) -> Option<Duration> {
        match self {
            Self::Status {
                status: 429,
                retry_after,
                ..
            } => Some(
                retry_after
                    .unwrap_or_default()
                    .clamp(FIRST_WAIT, LONGEST_DELAY),
            ),
            Self::Status { .. } | Self::Timeout | Self::Connect { .. } => None,
        }
    }

    /// Returns the label for metrics.
    #[must_use]
    pub fn outcome(&self) -> DeliveryOutcome {
        match self {
            Self::Status { status, .. } => match status {
                200..=299 => DeliveryOutcome::Delivered,
                300..=399 => DeliveryOutcome::Redirect,
                429 => DeliveryOutcome::TooMany,
                500..=599 => DeliveryOutcome::Server,
                _ => DeliveryOutcome::Client,
            },
            Self::Timeout => DeliveryOutcome::Timeout,
            Self::Connect { .. } => DeliveryOutcome::Connect,
        }
    }

    /// Describes what went wrong, for people.
    #[must_use]
    pub fn why(&self) -> String {
        match self {
            Self::Status {
                status, leads_to, ..
            } if (300..=399).contains(status) => {
                let place = leads_to
                    .as_ref()
                    .map_or_else(String::new, |host| format!(" to {host}"));
                format!(
                    "{status}: a redirect{place}, which is not followed; give the address it leads to"
                )
            }
            Self::Status { status, .. } => format!("the receiver answered {status}"),
            Self::Timeout => "no answer in time".to_owned(),
            Self::Connect { why } => format!("no connection: {why}"),
        }
    }
}

/// Returns what becomes of `entry` after an attempt that ended at `now`. `jitter` is drawn uniformly from 0 to 1.
#[must_use]
pub fn decide_retry(
    entry: &OutboxEntry,
    answer: &Answer,
    (refusals, give_up_after): (Refusals, Duration),
    jitter: f64,
    now: Timestamp,
) -> Settlement {
    if answer.outcome() == DeliveryOutcome::Delivered {
        return Settlement::Delivered;
    }
    let (refused, asked) = match answer {
        Answer::Status {
            status,
            retry_after,
            ..
        } => (refusals.statuses.contains(status), *retry_after),
        Answer::Timeout | Answer::Connect { .. } => (false, None),
    };
    let made = entry.attempts.saturating_add(1);
    if refused && made >= refusals.most {
        let why = format!("{}, and this was attempt {made}", answer.why());
        return Settlement::GivenUp { why };
    }
    if now.since(entry.since) >= give_up_after {
        let why = format!("{}, and it is too old to be retried", answer.why());
        return Settlement::GivenUp { why };
    }
    let bound = FIRST_WAIT
        .saturating_mul(1 << entry.attempts.min(16))
        .min(LONGEST_WAIT);
    // A `Retry-After` of zero never shortens the back-off: the receiver would be asked without end.
    let asked = asked.unwrap_or_default().min(LONGEST_DELAY);
    let wait = bound.mul_f64(jitter.clamp(0.0, 1.0)).max(asked);
    Settlement::Again {
        not_before: now.plus(wait),
        why: answer.why(),
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::DecisionId;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);
    const DAY: Duration = Duration::from_secs(24 * 3600);
    const TERMS: (Refusals, Duration) = (Refusals::SIGNED, DAY);

    fn entry(attempts: u32, age: Duration) -> OutboxEntry {
        OutboxEntry {
            id: "msg_1".to_owned(),
            event: "campaign.paused".to_owned(),
            key: "campaign/a".to_owned(),
            subject: "a".to_owned(),
            body: "{}".to_owned(),
            at: NOW.minus(age),
            since: NOW.minus(age),
            attempts,
            decision: DecisionId { run: 1, tick: 1 },
        }
    }

    fn status(status: u16) -> Answer {
        Answer::Status {
            status,
            retry_after: None,
            leads_to: None,
            excerpt: String::new(),
        }
    }

    fn wait(entry: &OutboxEntry, answer: &Answer, jitter: f64) -> Option<Duration> {
        match decide_retry(entry, answer, TERMS, jitter, NOW) {
            Settlement::Again { not_before, .. } => Some(not_before.since(NOW)),
            Settlement::Delivered | Settlement::GivenUp { .. } => None,
        }
    }

    #[test]
    fn waits_double_up_to_a_bound_and_are_drawn_from_all_of_it() {
        let seconds = |attempts, jitter| {
            let waited = wait(&entry(attempts, Duration::ZERO), &status(503), jitter);
            waited.unwrap().as_secs_f64()
        };
        let bounds: Vec<f64> = (0..11).map(|attempts| seconds(attempts, 1.0)).collect();
        assert_eq!(
            bounds,
            [
                1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0
            ]
        );
        assert!(seconds(3, 0.0) < 0.001);
        assert!((seconds(3, 0.5) - 4.0).abs() < 0.001);
        assert!((seconds(u32::MAX, 1.0) - 300.0).abs() < 0.001);
    }

    #[test]
    fn the_receivers_wish_is_followed_up_to_an_hour() {
        let wishing = |seconds| Answer::Status {
            status: 429,
            retry_after: Some(Duration::from_secs(seconds)),
            leads_to: None,
            excerpt: String::new(),
        };
        let fresh = entry(0, Duration::ZERO);
        assert_eq!(
            wait(&fresh, &wishing(90), 0.0),
            Some(Duration::from_secs(90))
        );
        assert_eq!(
            wait(&fresh, &wishing(1_000_000), 0.0),
            Some(Duration::from_secs(3600))
        );
        assert_eq!(wait(&fresh, &wishing(0), 0.5), Some(FIRST_WAIT / 2));
    }

    #[test]
    fn an_entry_refused_three_times_is_given_up_and_others_are_not() {
        for refused in [400, 405, 410, 413, 414, 415, 422] {
            assert!(wait(&entry(1, Duration::ZERO), &status(refused), 1.0).is_some());
            assert!(wait(&entry(2, Duration::ZERO), &status(refused), 1.0).is_none());
        }
        for other in [301, 308, 401, 403, 404, 408, 425, 429, 500, 503] {
            let waited = wait(&entry(40, Duration::ZERO), &status(other), 1.0);
            assert!(waited.is_some(), "{other}");
        }
    }

    #[test]
    fn a_form_that_takes_no_refused_entry_again_gives_it_up_at_once() {
        let once = Refusals {
            statuses: &[400],
            most: 1,
        };
        let fresh = entry(0, Duration::ZERO);
        let settled = |answer| decide_retry(&fresh, &answer, (once, DAY), 0.5, NOW);
        assert!(matches!(settled(status(400)), Settlement::GivenUp { .. }));
        assert!(matches!(settled(status(410)), Settlement::Again { .. }));
        assert!(matches!(settled(status(429)), Settlement::Again { .. }));
    }

    #[test]
    fn an_entry_is_given_up_by_its_age_after_an_attempt_and_never_before_one() {
        let old = entry(0, DAY);
        assert!(wait(&old, &Answer::Timeout, 0.5).is_none());
        let young = entry(50, Duration::from_secs(24 * 3600 - 1));
        assert!(wait(&young, &Answer::Timeout, 0.5).is_some());
        assert_eq!(
            decide_retry(&old, &status(204), TERMS, 0.5, NOW),
            Settlement::Delivered
        );
    }
}
