//! Responses: documents, texts and errors.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::control::operator::{AppliedChange, OperatorError};

use super::applied;

/// The body of a response.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiFault {
    /// The kind of error, as one word for programs.
    pub error: String,
    /// Everything that is wrong, and what to do about it.
    pub faults: Vec<String>,
    /// The daemons that steer what was asked about, where this one only stands by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<SteeredElsewhere>,
    /// What was done all the same, for other tenants.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "applied::optional"
    )]
    pub made: Option<AppliedChange>,
    /// What became of each campaign, where several were asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<CampaignAnswer>,
}

/// What became of one campaign of several that were asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignAnswer {
    /// The tenant whose it is, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Its id on the platform.
    pub id: String,
    /// Why it is as it was; nothing where what was asked for was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl CampaignAnswer {
    /// The id as people write it.
    #[must_use]
    pub fn written_id(&self) -> String {
        match &self.tenant {
            Some(tenant) => format!("{tenant}/{}", self.id),
            None => self.id.clone(),
        }
    }
}

impl ApiFault {
    /// A fault of this kind, with nothing but its sentences.
    #[must_use]
    pub fn of(error: &str, faults: Vec<String>) -> Self {
        Self {
            error: error.to_owned(),
            faults,
            elsewhere: Vec::new(),
            made: None,
            campaigns: Vec::new(),
        }
    }
}

/// A tenant that another daemon steers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SteeredElsewhere {
    /// Its name, where there are `[[tenant]]` tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What people know that daemon by.
    pub member: String,
    /// The address of its listener, where it has said so.
    pub address: Option<String>,
}

impl SteeredElsewhere {
    /// What to do, as a sentence.
    #[must_use]
    pub fn says(&self) -> String {
        let Self {
            tenant,
            member,
            address,
        } = self;
        let what = match tenant {
            Some(tenant) => format!("tenant {tenant}: {member} steers it"),
            None => format!("this daemon stands by, and {member} steers"),
        };
        match address {
            Some(address) => format!("{what}; ask {address}"),
            None => format!(
                "{what}, whose address is not known; ask it there, or set its advertise_address"
            ),
        }
    }
}

/// The word of an answer to a path that nothing is at.
pub const NO_SUCH_PATH: &str = "path";

/// The word of an answer that names the daemon to ask.
pub const STANDBY: &str = "standby";

/// An error response.
pub(super) struct Failure {
    status: StatusCode,
    error: &'static str,
    faults: Vec<String>,
    retry_after: Option<u64>,
    elsewhere: Vec<SteeredElsewhere>,
    made: Option<Box<AppliedChange>>,
    campaigns: Vec<CampaignAnswer>,
}

pub(super) type Answered = Result<Response<Body>, Failure>;

impl Failure {
    fn of(status: StatusCode, error: &'static str, faults: Vec<String>) -> Self {
        Self {
            status,
            error,
            faults,
            retry_after: None,
            elsewhere: Vec::new(),
            made: None,
            campaigns: Vec::new(),
        }
    }

    pub(super) fn one(status: StatusCode, error: &'static str, fault: impl Into<String>) -> Self {
        Self::of(status, error, vec![fault.into()])
    }

    pub(super) fn bad(faults: Vec<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, "invalid", faults)
    }

    /// Other daemons are to be asked.
    pub(super) fn standby(elsewhere: Vec<SteeredElsewhere>) -> Self {
        Self::of(StatusCode::MISDIRECTED_REQUEST, STANDBY, Vec::new()).and_elsewhere(elsewhere)
    }

    /// The same, with other daemons that are to be asked as well.
    pub(super) fn and_elsewhere(mut self, elsewhere: Vec<SteeredElsewhere>) -> Self {
        self.faults
            .extend(elsewhere.iter().map(SteeredElsewhere::says));
        self.elsewhere = elsewhere;
        self
    }

    /// The same, with what was done all the same.
    pub(super) fn but_made(mut self, made: Option<AppliedChange>) -> Self {
        if made.is_some() && !self.faults.is_empty() {
            self.faults
                .push("the other tenants have done it".to_owned());
        }
        self.made = made.map(Box::new);
        self
    }

    /// The same, with what became of each campaign.
    pub(super) fn about_each(mut self, campaigns: Vec<CampaignAnswer>) -> Self {
        self.campaigns = campaigns;
        self
    }

    /// Too many changes were asked for; the next one may be after `wait`.
    pub(super) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        let fault = format!("too many changes were asked for; try again in {seconds} s");
        Self {
            retry_after: Some(seconds),
            ..Self::one(StatusCode::TOO_MANY_REQUESTS, "rate", fault)
        }
    }

    pub(super) fn answer(self) -> Response<Body> {
        let Self {
            status,
            error,
            faults,
            retry_after,
            elsewhere,
            made,
            campaigns,
        } = self;
        let fault = ApiFault {
            error: error.to_owned(),
            faults,
            elsewhere,
            made: made.map(|made| *made),
            campaigns,
        };
        let mut answer = json(&fault);
        *answer.status_mut() = status;
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            answer.headers_mut().insert(WWW_AUTHENTICATE, bearer);
        }
        if let Some(seconds) = retry_after {
            let seconds = HeaderValue::from(seconds);
            answer.headers_mut().insert(RETRY_AFTER, seconds);
        }
        answer
    }
}

impl Failure {
    /// What several tenants refused: the status of the first, and the words of all.
    pub(super) fn of_several(first: &OperatorError, faults: Vec<String>) -> Self {
        let (status, kind) = Self::kind(first);
        Self::of(status, kind, faults)
    }

    /// Tenants that do not run cannot do what is asked of all.
    pub(super) fn not_running(faults: Vec<String>) -> Self {
        Self::of(StatusCode::SERVICE_UNAVAILABLE, "not_running", faults)
    }

    fn kind(error: &OperatorError) -> (StatusCode, &'static str) {
        match error {
            OperatorError::UnknownCampaign { .. } => (StatusCode::NOT_FOUND, "unknown_campaign"),
            OperatorError::NothingInForce(_) => (StatusCode::CONFLICT, "nothing_in_force"),
            OperatorError::NotPaused { .. } => (StatusCode::CONFLICT, "not_paused"),
            OperatorError::NoAim(_) => (StatusCode::CONFLICT, "no_aim"),
            OperatorError::AimByShortage(_) => (StatusCode::CONFLICT, "aim_by_shortage"),
            OperatorError::Lasts => (StatusCode::BAD_REQUEST, "invalid"),
            OperatorError::StoreClosed(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_closed"),
            OperatorError::NotWrittenYet(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_written_yet"),
            OperatorError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            OperatorError::NoAnswer => (StatusCode::SERVICE_UNAVAILABLE, "no_answer"),
        }
    }
}

impl From<OperatorError> for Failure {
    fn from(error: OperatorError) -> Self {
        let (status, kind) = Self::kind(&error);
        Self::one(status, kind, error.to_string())
    }
}

/// Returns a document as a JSON response.
pub(super) fn json(document: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(document) {
        Ok(bytes) => full(StatusCode::OK, "application/json", bytes.into()),
        Err(wrong) => full(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain; charset=utf-8",
            format!("{wrong}\n").into(),
        ),
    }
}

/// Returns a response that is not cached.
pub(super) fn full(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Body> {
    let mut answer = Response::new(Full::new(body).boxed_unsync());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// Returns a line of text as a response.
pub(super) fn text(status: StatusCode, body: &str) -> Response<Body> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    full(status, "text/plain; charset=utf-8", body)
}
