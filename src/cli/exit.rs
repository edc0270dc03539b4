//! The exit codes, after sysexits.h.

use std::process::ExitCode;

use crate::platform::port::FaultKind;
use crate::store::BrokenChain;

/// Exit codes, listed in the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Success.
    Ok,
    /// The platform cannot be reached or does not work.
    Unreachable,
    /// An internal error.
    Internal,
    /// There is no store to verify, or no row in it.
    NoAudit,
    /// The store or a file cannot be read or written.
    Io,
    /// The platform refuses the credentials or the rights.
    Refused,
    /// The configuration or an input file is wrong.
    Configuration,
    /// An audit that does not hold, or decisions that differ.
    Broken,
    /// A message that is not in the outbox, a campaign that is not managed, or a hold that does not exist.
    NotThere,
    /// A change of a queue that breaks a rule, or an input that cannot be read.
    Data,
    /// Somebody else changed the same thing meanwhile.
    Conflict,
    /// The daemon is not ready, or its loop is silent.
    Degraded,
    /// An evaluation that would act.
    WouldAct,
}

impl Exit {
    fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Broken | Self::NotThere | Self::Degraded => 1,
            Self::WouldAct => 10,
            Self::Data => 65,
            Self::NoAudit => 66,
            Self::Unreachable => 69,
            Self::Internal => 70,
            Self::Io => 74,
            Self::Conflict => 75,
            Self::Refused => 77,
            Self::Configuration => 78,
        }
    }

    /// How both end together: as the first that did not go well.
    pub(crate) fn then(self, next: Self) -> Self {
        if self == Self::Ok { next } else { self }
    }

    /// Returns the exit code where the chain of the audit does not hold.
    pub(crate) fn of_chain(broken: &BrokenChain) -> Self {
        match broken {
            BrokenChain::Unreadable(_) => Self::Io,
            BrokenChain::Changed { .. }
            | BrokenChain::Unlinked { .. }
            | BrokenChain::Missing { .. }
            | BrokenChain::CutOff { .. }
            | BrokenChain::Segment { .. }
            | BrokenChain::Head(_)
            | BrokenChain::File(_) => Self::Broken,
        }
    }

    /// Returns the exit code for an error of the platform.
    pub(crate) fn of(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Unauthorized
            | FaultKind::Forbidden
            | FaultKind::NotFound
            | FaultKind::NotAllowed
            | FaultKind::Refused => Self::Refused,
            FaultKind::Connect
            | FaultKind::Timeout
            | FaultKind::Conflict
            | FaultKind::RateLimited
            | FaultKind::Server
            | FaultKind::Decode => Self::Unreachable,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}
