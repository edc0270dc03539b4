//! Label values that every platform shares: closed sets, so that no text from outside becomes a series.

use super::endpoint::{Endpoint, RequestKind};

/// How one HTTP attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// 2xx.
    Success,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 409 or 412.
    Conflict,
    /// 429.
    TooMany,
    /// Any other 3xx or 4xx.
    Client,
    /// 5xx.
    Server,
    /// No answer in time.
    Timeout,
    /// No connection, or it broke.
    Connect,
    /// An answer that cannot be read.
    Decode,
}

impl Code {
    const ALL: [Self; 11] = [
        Self::Success,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::TooMany,
        Self::Client,
        Self::Server,
        Self::Timeout,
        Self::Connect,
        Self::Decode,
    ];

    /// The label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Success => "2xx",
            Self::Unauthorized => "401",
            Self::Forbidden => "403",
            Self::NotFound => "404",
            Self::Conflict => "409",
            Self::TooMany => "429",
            Self::Client => "4xx",
            Self::Server => "5xx",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Decode => "decode",
        }
    }

    /// How attempts at an endpoint can end; anything else gets its series should it happen.
    pub(super) fn expected(endpoint: Endpoint) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |code| code.is_expected(endpoint.kind()))
    }

    fn is_expected(self, kind: RequestKind) -> bool {
        match self {
            Self::NotFound => !matches!(kind, RequestKind::LogIn | RequestKind::Listing),
            Self::Conflict => matches!(kind, RequestKind::Command | RequestKind::Writing),
            Self::Forbidden => kind != RequestKind::LogIn,
            Self::Decode => kind != RequestKind::Command,
            Self::Success
            | Self::Unauthorized
            | Self::TooMany
            | Self::Client
            | Self::Server
            | Self::Timeout
            | Self::Connect => true,
        }
    }
}

/// Why a request was made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryCause {
    /// 429.
    TooMany,
    /// 5xx.
    Server,
    /// No answer in time.
    Timeout,
    /// No connection, or it broke.
    Connect,
    /// 401 with a token that was thought valid.
    Unauthorized,
    /// An answer that broke off or could not be read.
    Decode,
}

impl RetryCause {
    pub(super) const ALL: [Self; 6] = [
        Self::TooMany,
        Self::Server,
        Self::Timeout,
        Self::Connect,
        Self::Unauthorized,
        Self::Decode,
    ];

    /// Why a request to this endpoint can be made again; anything else gets its series should it happen.
    pub(super) fn expected(endpoint: Endpoint) -> impl Iterator<Item = Self> {
        let kind = endpoint.kind();
        Self::ALL.into_iter().filter(move |cause| match cause {
            // There is no token yet that could be refused.
            Self::Unauthorized => kind != RequestKind::LogIn,
            Self::Decode => kind != RequestKind::Command,
            Self::TooMany | Self::Server | Self::Timeout | Self::Connect => true,
        })
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::TooMany => "429",
            Self::Server => "5xx",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Unauthorized => "401",
            Self::Decode => "decode",
        }
    }
}

/// How a poll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollOutcome {
    /// Complete.
    Ok,
    /// No page could be read.
    Error,
    /// Some pages were read, others not.
    Partial,
}

impl PollOutcome {
    pub(super) const ALL: [Self; 3] = [Self::Ok, Self::Error, Self::Partial];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Partial => "partial",
        }
    }
}

/// A step whose last success is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A token was fetched.
    Token,
    /// A poll was complete.
    Poll,
    /// A campaign's status was read.
    Reconcile,
}

impl Step {
    pub(super) const ALL: [Self; 3] = [Self::Token, Self::Poll, Self::Reconcile];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Poll => "poll",
            Self::Reconcile => "reconcile",
        }
    }
}

/// How one attempt to deliver a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// 2xx.
    Delivered,
    /// 3xx, which is not followed.
    Redirect,
    /// Any other 4xx.
    Client,
    /// 429.
    TooMany,
    /// 5xx.
    Server,
    /// No answer in time.
    Timeout,
    /// No connection, or it broke.
    Connect,
}

impl DeliveryOutcome {
    pub(super) const ALL: [Self; 7] = [
        Self::Delivered,
        Self::Redirect,
        Self::Client,
        Self::TooMany,
        Self::Server,
        Self::Timeout,
        Self::Connect,
    ];

    /// The label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Delivered => "2xx",
            Self::Redirect => "3xx",
            Self::Client => "4xx",
            Self::TooMany => "429",
            Self::Server => "5xx",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
        }
    }
}
