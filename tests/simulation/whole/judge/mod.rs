//! Judges a run by what is true at the platform. It knows nothing of how a decision was made, and excuses nothing but what
//! nobody could have known: that a person acts after the status was read and before the command arrives, or asks for the same as
//! a request of ours within that request's own window ([`windows`]).

mod audit;
mod commands;
mod counting;
mod effects;
mod liveness;
mod messages;
mod restoring;
mod truth;
mod windows;

use std::collections::BTreeMap;

use super::record::Record;
use super::schedule::clock;
use super::time::START;

pub(crate) use truth::Truth;

/// What may not happen, or has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Invariant {
    PersonUndone,
    ResumeUndone,
    BlindRepeat,
    StaleReading,
    TwoAtOnce,
    NotCommandable,
    HoldBroken,
    DryRunSends,
    AuditFalse,
    AuditIncomplete,
    NotPutBack,
    CountFalse,
    CountRefused,
    SecretShown,
    AboveConcurrency,
    QueueMemberLost,
    MessageLost,
    MessageOrder,
    Broken,
    LeftPaused,
    LeftRunning,
    ViewFalse,
}

impl Invariant {
    pub(crate) const ALL: [Self; 22] = [
        Self::PersonUndone,
        Self::ResumeUndone,
        Self::BlindRepeat,
        Self::StaleReading,
        Self::TwoAtOnce,
        Self::NotCommandable,
        Self::HoldBroken,
        Self::DryRunSends,
        Self::AuditFalse,
        Self::AuditIncomplete,
        Self::NotPutBack,
        Self::CountFalse,
        Self::CountRefused,
        Self::SecretShown,
        Self::AboveConcurrency,
        Self::QueueMemberLost,
        Self::MessageLost,
        Self::MessageOrder,
        Self::Broken,
        Self::LeftPaused,
        Self::LeftRunning,
        Self::ViewFalse,
    ];

    /// The promise.
    pub(crate) fn promise(self) -> &'static str {
        match self {
            Self::PersonUndone => "a person's pause is never resumed",
            Self::ResumeUndone => "a person's resume of our pause is left alone for the grace",
            Self::BlindRepeat => "no command is sent again without a reading in between",
            Self::StaleReading => "no command leaves on a reading older than a second",
            Self::TwoAtOnce => "a campaign has one command on its way",
            Self::NotCommandable => "only what runs is paused, only what is paused is resumed",
            Self::HoldBroken => "no command goes against an operator's hold",
            Self::DryRunSends => "a dry run sends nothing",
            Self::AuditFalse => "every sentence of the audit is true",
            Self::AuditIncomplete => "every command is in the audit exactly once",
            Self::NotPutBack => "a resume puts back what its pause took the place of",
            Self::CountFalse => "what is counted was there",
            Self::CountRefused => "a complete answer is believed, nobody included",
            Self::SecretShown => "no secret is shown or kept",
            Self::AboveConcurrency => "no agent serves more campaigns at once than allowed",
            Self::QueueMemberLost => "no member of a queue is lost",
            Self::MessageLost => "every confirmed change is told",
            Self::MessageOrder => "messages of one campaign come in order",
            Self::Broken => "it starts, ends, replays, and its chain holds",
            Self::LeftPaused => "no pause of ours is left when agents are there",
            Self::LeftRunning => "nothing is left running when nobody is there",
            Self::ViewFalse => "what is shown is so",
        }
    }
}

/// A promise that was broken.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) invariant: Invariant,
    pub(crate) at: i64,
    pub(crate) target: Option<String>,
    pub(crate) says: String,
    /// The trouble around it.
    pub(crate) around: Vec<&'static str>,
}

impl Violation {
    pub(crate) fn line(&self) -> String {
        format!(
            "{} {:?} {}: {} (around: {})",
            clock(self.at - START),
            self.invariant,
            self.target.as_deref().unwrap_or("-"),
            self.says,
            self.around.join(", ")
        )
    }
}

/// The verdict on one run.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) violations: Vec<Violation>,
    /// How often each promise was at stake.
    pub(crate) stakes: BTreeMap<Invariant, u64>,
    /// Acts of people between a fresh reading and the command's arrival, and agents who move between two pages: nobody can
    /// know of them.
    pub(crate) races: u64,
    /// Changes that were taken for those of a request for the same, within its own window.
    pub(crate) alike: u64,
}

/// Trouble may show its consequences so much later.
const CONSEQUENCES: i64 = 420_000;

impl Invariant {
    /// How long before a violation the trouble can lie that it comes of.
    fn consequences(self) -> i64 {
        match self {
            // Looked for at the end of a run, or when everything has been healed for long.
            Self::SecretShown | Self::LeftPaused | Self::LeftRunning | Self::ViewFalse => {
                i64::MAX / 2
            }
            Self::PersonUndone
            | Self::ResumeUndone
            | Self::BlindRepeat
            | Self::StaleReading
            | Self::TwoAtOnce
            | Self::NotCommandable
            | Self::HoldBroken
            | Self::DryRunSends
            | Self::AuditFalse
            | Self::AuditIncomplete
            | Self::NotPutBack
            | Self::CountFalse
            | Self::CountRefused
            | Self::AboveConcurrency
            | Self::QueueMemberLost
            | Self::MessageLost
            | Self::MessageOrder
            | Self::Broken => CONSEQUENCES,
        }
    }
}

/// Judges one run while it is looked through.
pub(crate) struct Bench<'a> {
    pub(crate) record: &'a Record,
    pub(crate) truth: Truth,
    verdict: Verdict,
}

impl Bench<'_> {
    pub(crate) fn stake(&mut self, invariant: Invariant) {
        *self.verdict.stakes.entry(invariant).or_default() += 1;
    }

    pub(crate) fn race(&mut self) {
        self.verdict.races += 1;
    }

    pub(crate) fn alike(&mut self) {
        self.verdict.alike += 1;
    }

    pub(crate) fn violated(
        &mut self,
        invariant: Invariant,
        at: i64,
        target: Option<&str>,
        says: impl Into<String>,
    ) {
        self.verdict.violations.push(Violation {
            invariant,
            at,
            target: target.map(str::to_owned),
            says: says.into(),
            around: self.record.around(target, at, invariant.consequences()),
        });
    }
}

/// The verdict on `record`.
pub(crate) fn judge(record: &Record) -> Verdict {
    let mut bench = Bench {
        record,
        truth: Truth::of(record),
        verdict: Verdict::default(),
    };
    commands::judge(&mut bench);
    audit::judge(&mut bench);
    counting::judge(&mut bench);
    effects::judge(&mut bench);
    restoring::judge(&mut bench);
    messages::judge(&mut bench);
    liveness::judge(&mut bench);
    let end = record.lives.last().map_or(START, |life| life.until);
    bench.stake(Invariant::Broken);
    for why in &record.broken {
        bench.violated(Invariant::Broken, end, None, why.clone());
    }
    bench.stake(Invariant::SecretShown);
    for leak in &record.leaks {
        bench.violated(Invariant::SecretShown, end, None, leak.clone());
    }
    bench.verdict
}
