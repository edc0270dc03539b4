//! One request to a platform as it is asked for, and how it may fail.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

use crate::domain::Timestamp;
use crate::platform::port::PlatformFault;
use crate::telemetry::Endpoint;

use super::limiter::RateShare;

/// One request to the platform.
#[derive(Clone)]
pub struct Call {
    /// What it is for, as metrics have it.
    pub endpoint: Endpoint,
    /// The share of the rate that it uses.
    pub share: RateShare,
    /// The HTTP method.
    pub method: Method,
    /// The address.
    pub url: reqwest::Url,
    /// A JSON body.
    pub body: Option<Bytes>,
    /// Sent as `x-request-id`.
    pub request_id: Option<String>,
    /// Sent as `x-client-id`, which some operations ask for.
    pub client_id: Option<String>,
    /// No attempt starts after this.
    pub deadline: Timestamp,
    /// The scope that a 403 is likely to lack.
    pub scope: &'static str,
    /// Whether it may be sent again.
    pub sending: Sending,
}

/// Whether a request may be sent again after an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// A reading: as the module's contract says.
    Repeatable,
    /// A write: once, whatever comes back. Its sender reads before it sends again.
    Once {
        /// It rests on a reading that is too old after this.
        leave_by: Option<Timestamp>,
    },
}

impl Sending {
    pub(super) fn leave_by(self) -> Option<Timestamp> {
        match self {
            Self::Repeatable => None,
            Self::Once { leave_by } => leave_by,
        }
    }
}

/// The condition under which a request has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// There is no condition.
    None,
    /// A version has to be in force.
    Version(i64),
    /// Something has changed, as its own parameters ask.
    Changed,
    /// There is none, and whoever asks reads a conflict by themselves.
    ConflictsRead,
}

/// A call that failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFault {
    /// The last fault.
    pub fault: PlatformFault,
    /// Whether any attempt may have had its effect.
    pub maybe_applied: bool,
    /// Whether the platform answered any attempt; a fault on the way to a token is not an answer.
    pub answered: bool,
    /// When it may be asked again, where the platform or the rate limit says so.
    pub wait: Option<Duration>,
}
