//! One request and its outcome, as values: the platform without its socket.
//!
//! The request is carried out at once and the answer is given at once, together with how long it takes to arrive.
//! The server waits for that time; a caller on virtual time adds it to its clock. Nothing here waits or needs a
//! task: an effect that comes later than its request stays with the platform until its time.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};

use super::answer::Answer;
use super::call::{Call, Route};
use super::faults::Fault;
use super::handle::{Phase, Shared};
use super::outcome::{Exchange, Outcome};
use super::request_seen::RequestSeen;
use super::sent_request::SentRequest;

/// The largest body that the platform reads.
pub(super) const MAX_BODY: usize = 1024 * 1024;

impl Shared {
    /// Carries a request out. The request is given back where its answer is still to be announced as
    /// [`Phase::Answering`], which is up to whoever hands it over.
    pub(super) fn exchange(&self, sent: SentRequest) -> (Exchange, Option<RequestSeen>) {
        if sent.body.len() > MAX_BODY {
            return (self.at_once(too_large()), None);
        }
        let (endpoint, target) = match self.dialect.route(&sent) {
            Route::Served(endpoint, target) => (endpoint, target),
            Route::WrongMethod(allow) => {
                self.with(|platform, now| platform.admit(None, now));
                return (self.at_once(Answer::wrong_method(allow)), None);
            }
            Route::Unknown => {
                self.with(|platform, now| platform.admit(None, now));
                let answer = Answer::refusal(StatusCode::NOT_FOUND, "not_found", "no such path");
                return (self.at_once(answer), None);
            }
        };
        let call = Call::read(endpoint, target, sent);
        self.reached(&call.seen, Phase::Arrived);
        let (reaction, fault) = self.with(|platform, now| {
            let fault = platform.admit(Some(endpoint), now);
            let name = fault.as_ref().map(Fault::name);
            let simulated = |real| self.simulated(real);
            (platform.react(&call, fault, simulated, now), name)
        });
        if reaction.applied {
            self.reached(&call.seen, Phase::Applied);
        }
        let exchange = |after, outcome| Exchange {
            after,
            outcome,
            fault,
        };
        match reaction.reply {
            Reply::Silent(after) => (exchange(after, Outcome::Silent), None),
            Reply::Reset => (exchange(Duration::ZERO, Outcome::Reset), None),
            Reply::Truncated(answer) if answer.body.is_empty() => {
                (exchange(Duration::ZERO, Outcome::Reset), None)
            }
            Reply::Truncated(answer) => {
                let after = self.latency;
                let (status, headers, whole) = self.message(answer, after);
                let body = whole.slice(..whole.len() / 2);
                let outcome = Outcome::Truncated {
                    status,
                    headers,
                    body,
                };
                (exchange(after, outcome), Some(call.seen))
            }
            Reply::Answer { answer, slow } => {
                let after = self.latency.saturating_add(slow);
                let outcome = self.answered(answer, after);
                (exchange(after, outcome), Some(call.seen))
            }
        }
    }

    /// Returns an answer without fault and latency.
    pub(super) fn at_once(&self, answer: Answer) -> Exchange {
        Exchange {
            after: Duration::ZERO,
            outcome: self.answered(answer, Duration::ZERO),
            fault: None,
        }
    }

    fn answered(&self, answer: Answer, after: Duration) -> Outcome {
        let (status, headers, body) = self.message(answer, after);
        Outcome::Answered {
            status,
            headers,
            body,
        }
    }

    /// The answer as it arrives so much later. It is dated then, by the platform's clock.
    fn message(&self, answer: Answer, after: Duration) -> (StatusCode, HeaderMap, Bytes) {
        let Answer {
            status,
            content_type,
            body,
            headers: given,
            applied: _,
            refused: _,
        } = self.dialect.in_own_form(answer);
        let date = self.now().plus(self.simulated(after));
        let typed = (!body.is_empty()).then(|| (CONTENT_TYPE, content_type.to_owned()));
        let all = [(DATE, date.http_date())].into_iter().chain(typed);
        let mut headers = HeaderMap::new();
        for (name, value) in all.chain(given) {
            insert(&mut headers, name, &value);
        }
        (status, headers, body)
    }
}

/// The reaction of the platform to a request.
pub(super) struct Reaction {
    pub(super) reply: Reply,
    /// Whether a write took effect.
    pub(super) applied: bool,
}

/// The part of it that the client sees.
pub(super) enum Reply {
    /// An answer, so much later than usual.
    Answer { answer: Answer, slow: Duration },
    /// An answer that breaks off in the middle of its body.
    Truncated(Answer),
    /// A broken connection.
    Reset,
    /// Nothing for so long, then a broken connection.
    Silent(Duration),
}

pub(super) fn too_large() -> Answer {
    let message = "the body is too large or broken";
    Answer::refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
}

pub(super) fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Only a header given for a fault can have bytes that no header may have; then it is left out.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
