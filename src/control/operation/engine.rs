//! Writes one change: on a fresh reading, at most a few times, and never again without a reading in between.
//!
//! ```text
//!   ┌─▶ reading young enough? ─ no ─▶ read anew ─ touched ─▶ nothing is sent
//!   │            │ yes                   │ untouched
//!   │            ▼                       │
//!   │          write ◀───────────────────┘
//!   │            ├─ acknowledged, conflict, refused for good ─▶ read back
//!   │            └─ refused for now, not sent, lost ─▶ wait, read ─ touched ─▶ that is what came of it
//!   └──────────────────────────── untouched, and there is time ──┘
//! ```
//!
//! *Why a reading grows old.* The rate limit, a slow commit or a stopped process may lie between a reading and its
//! write, and a person may act in any of them. What was read is believed for about a second, unless the write itself
//! names the version that it rests on.
//!
//! *What an untouched reading proves.* It was made after the attempt had ended, by an answer or a time-out: what shows
//! from then on came after it, so the window in which a change can be ours begins anew with it. A lost attempt stays lost,
//! whatever is said to a later one, and each is reported with its own window.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::control::ports::Clock;
use crate::domain::{Delivery, Timestamp};
use crate::platform::port::{PlatformFault, Urgency};

/// How often a reading that grew old before its write could leave is made anew.
const MOST_READINGS: u32 = 8;

/// The wait before a write is sent again, times the attempts so far, unless the platform asks for another.
const SEND_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// Waits before each reading back, beyond those the platform needs longer than usual and the next polls read again.
const READ_BACK_AFTER: [Duration; 2] = [Duration::ZERO, Duration::from_millis(250)];

/// From here on the platform is read on the way as well: most writes show long before the usual time is over.
const LONG: Duration = Duration::from_secs(4);

/// The further waits, which come to the usual time together: an eighth of it, a quarter more, and the rest, where it is long.
fn until_settled(usual: Duration) -> Vec<Duration> {
    if usual < LONG {
        return vec![usual];
    }
    let (first, second) = (usual / 8, usual / 4);
    vec![
        first,
        second,
        usual.saturating_sub(first.saturating_add(second)),
    ]
}

/// What one reading of an object gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) enum Seen<R> {
    /// The object.
    Found(R),
    /// The platform says that there is none.
    Missing,
    /// It could not be read.
    Unreadable {
        /// The reason, for people.
        why: String,
    },
}

/// One write that is about to leave.
pub(in crate::control) struct Attempt<'a, R> {
    /// What it rests on.
    pub(in crate::control) before: &'a R,
    /// It must not leave after this.
    pub(in crate::control) leave_by: Timestamp,
    /// No answer is waited for beyond this.
    pub(in crate::control) deadline: Timestamp,
}

/// One object of the platform with the change that is wanted of it: what a kind alone knows.
pub(in crate::control) trait Target: Sync {
    /// A reading of the object.
    type Reading: Clone + Send + Sync;

    /// Reads the object.
    fn read(
        &self,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'_, Result<Seen<Self::Reading>, PlatformFault>>;

    /// Returns until when the reading may be written on. Never, where the write names the version that it rests on.
    fn good_until(&self, reading: &Self::Reading) -> Option<Timestamp>;

    /// Returns whether nothing shows that somebody changed the object between two readings.
    fn is_untouched(&self, before: &Self::Reading, now: &Self::Reading) -> bool;

    /// Returns whether the reading shows the change.
    fn is_shown(&self, reading: &Self::Reading) -> bool;

    /// Writes, once.
    fn write<'a>(&'a self, attempt: Attempt<'a, Self::Reading>) -> BoxFuture<'a, Delivery>;
}

/// How far a write got, and what shows after it.
#[derive(Clone, Debug)]
pub(in crate::control) struct Carried<R> {
    /// The answer, over all attempts.
    pub(in crate::control) delivery: Delivery,
    /// What the last attempt rested on.
    pub(in crate::control) before: R,
    /// What was read after it.
    pub(in crate::control) after: Seen<R>,
    /// When the last attempt had ended.
    pub(in crate::control) ended_at: Timestamp,
    /// The attempts that had no usable answer, oldest first.
    pub(in crate::control) lost: Vec<LostWrite<R>>,
}

/// One attempt that had no usable answer.
#[derive(Clone, Debug)]
pub(in crate::control) struct LostWrite<R> {
    /// What it rested on.
    pub(in crate::control) before: R,
    /// When it broke off or was given up.
    pub(in crate::control) ended_at: Timestamp,
    why: String,
}

/// Carries out operations.
#[derive(Clone, Copy)]
pub(in crate::control) struct Engine<'a> {
    pub(in crate::control) clock: &'a dyn Clock,
    /// No attempt starts after this.
    pub(in crate::control) deadline: Timestamp,
    /// A reading back has at least so long, also behind the deadline.
    pub(in crate::control) reading: Duration,
    /// How often a change is written; the object is read before each time.
    pub(in crate::control) most_writes: u32,
    /// How long the platform usually takes to show a change.
    pub(in crate::control) usually_settles: Duration,
}

impl Engine<'_> {
    /// Writes the change that `target` is for, and finds out what came of it. `before` was read already.
    pub(in crate::control) async fn carry_out<T: Target>(
        self,
        target: &T,
        mut before: T::Reading,
    ) -> Carried<T::Reading> {
        let mut readings = 0;
        let mut attempt = 0;
        let mut lost: Vec<LostWrite<T::Reading>> = Vec::new();
        loop {
            while let Some(good_until) = target.good_until(&before)
                && self.clock.now() > good_until
            {
                readings += 1;
                if readings > MOST_READINGS {
                    let why = "not sent: the rate limit made the write wait until each reading was too old";
                    return self.kept_back(before, why, lost, unread());
                }
                match target.read(Urgency::BeforeCommand, self.deadline).await {
                    Ok(Seen::Found(found)) if target.is_untouched(&before, &found) => {
                        before = found;
                    }
                    Ok(found) => {
                        let why = match &found {
                            Seen::Found(_) => "the object was changed after it was read",
                            Seen::Missing => "the platform does not know the object any more",
                            Seen::Unreadable { why } => why,
                        };
                        let why = format!("not sent: {why}");
                        return self.kept_back(before, &why, lost, found);
                    }
                    Err(fault) => {
                        return self.kept_back(before, &fault.detail, lost, unread());
                    }
                }
            }
            let leave_by = target.good_until(&before).unwrap_or(self.deadline);
            let delivery = target
                .write(Attempt {
                    before: &before,
                    leave_by,
                    deadline: self.deadline,
                })
                .await;
            let ended_at = self.clock.now();
            attempt += 1;
            let wait = match &delivery {
                Delivery::Acknowledged { .. } => {
                    let after = self.read_back(target, true).await;
                    return ended(delivery, after, before, ended_at, lost);
                }
                Delivery::Conflict { .. } | Delivery::Refused { wait: None, .. } => {
                    let patient = !lost.is_empty();
                    let after = self.read_back(target, patient).await;
                    return ended(delivery, after, before, ended_at, lost);
                }
                Delivery::Refused {
                    wait: Some(wait), ..
                } => *wait,
                Delivery::NotSent { .. } => SEND_AGAIN_AFTER * attempt,
                Delivery::Lost { why } => {
                    lost.push(LostWrite {
                        before: before.clone(),
                        ended_at,
                        why: why.clone(),
                    });
                    SEND_AGAIN_AFTER * attempt
                }
            };
            if attempt >= self.most_writes || ended_at.plus(wait) > self.deadline {
                let after = if lost.is_empty() {
                    unread()
                } else {
                    self.read_back(target, true).await
                };
                return ended(delivery, after, before, ended_at, lost);
            }
            // What was lost may show at once; a platform that asks for a pause is given it first.
            self.clock.sleep(wait).await;
            match target.read(Urgency::BeforeCommand, self.deadline).await {
                Ok(Seen::Found(found)) if target.is_untouched(&before, &found) => before = found,
                found => {
                    let after = found.unwrap_or_else(|fault| unreadable(&fault));
                    return ended(delivery, after, before, ended_at, lost);
                }
            }
        }
    }

    /// Reads the object, if `patient` until it shows the change or long enough to know better.
    async fn read_back<T: Target>(self, target: &T, patient: bool) -> Seen<T::Reading> {
        let mut last = unread();
        let waits = READ_BACK_AFTER
            .into_iter()
            .chain(until_settled(self.usually_settles));
        for wait in waits {
            if !wait.is_zero() {
                self.clock.sleep(wait).await;
            }
            let deadline = self.deadline.max(self.clock.now().plus(self.reading));
            let found = match target.read(Urgency::Command, deadline).await {
                Ok(found) => found,
                // An earlier reading says more than this one.
                Err(_) if matches!(last, Seen::Found(_)) => continue,
                Err(fault) => unreadable(&fault),
            };
            let settled = match &found {
                Seen::Found(reading) => target.is_shown(reading),
                Seen::Missing => true,
                Seen::Unreadable { .. } => false,
            };
            let was_read = !matches!(found, Seen::Unreadable { .. });
            last = found;
            if settled || (was_read && !patient) {
                break;
            }
        }
        last
    }

    /// The write did not leave, or not again.
    fn kept_back<R>(
        self,
        before: R,
        why: &str,
        lost: Vec<LostWrite<R>>,
        after: Seen<R>,
    ) -> Carried<R> {
        let delivery = Delivery::NotSent {
            why: why.to_owned(),
        };
        ended(delivery, after, before, self.clock.now(), lost)
    }
}

/// Returns the finding of an object that was not read.
fn unread<R>() -> Seen<R> {
    Seen::Unreadable {
        why: "it was not read".to_owned(),
    }
}

fn unreadable<R>(fault: &PlatformFault) -> Seen<R> {
    Seen::Unreadable {
        why: fault.detail.clone(),
    }
}

/// How it ended. That the last attempt had no effect says nothing of an earlier one that was lost.
fn ended<R>(
    delivery: Delivery,
    after: Seen<R>,
    before: R,
    ended_at: Timestamp,
    lost: Vec<LostWrite<R>>,
) -> Carried<R> {
    let delivery = match (delivery, lost.first()) {
        (
            Delivery::Conflict { why } | Delivery::Refused { why, .. } | Delivery::NotSent { why },
            Some(first),
        ) => Delivery::Lost {
            why: format!("{}; then: {why}", first.why),
        },
        (delivery, _) => delivery,
    };
    Carried {
        delivery,
        before,
        after,
        ended_at,
        lost,
    }
}
