//! The outcome of an attempt to write, as the loop knows it.

use std::time::Duration;

use crate::domain::Delivery;
use crate::platform::port::FaultKind;

use super::call::CallFault;

/// A platform that says "too many" without naming a wait is given this long.
const UNSAID_WAIT: Duration = Duration::from_secs(2);

/// Returns how far a write got that failed. A dialect that knows more of an answer looks at it first.
#[must_use]
pub fn failed_delivery(failed: CallFault) -> Delivery {
    let CallFault {
        fault,
        maybe_applied,
        answered,
        wait,
    } = failed;
    let why = fault.detail;
    if maybe_applied {
        return Delivery::Lost { why };
    }
    match fault.kind {
        FaultKind::Conflict => Delivery::Conflict { why },
        FaultKind::RateLimited => Delivery::Refused {
            why,
            wait: Some(wait.unwrap_or(UNSAID_WAIT)),
        },
        // The token was refused: the next attempt has another.
        FaultKind::Unauthorized => Delivery::NotSent { why },
        FaultKind::Connect
        | FaultKind::Timeout
        | FaultKind::Forbidden
        | FaultKind::NotFound
        | FaultKind::NotAllowed
        | FaultKind::Refused
        | FaultKind::Server
        | FaultKind::Decode => {
            if answered {
                Delivery::Refused { why, wait: None }
            } else {
                Delivery::NotSent { why }
            }
        }
    }
}
