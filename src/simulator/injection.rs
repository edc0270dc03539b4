//! A request under a fault: what the platform does about it, and what the client gets to see.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;

use super::call::Call;
use super::exchange::{Reaction, Reply};
use super::faults::Fault;
use super::late::LateEffect;
use super::platform::{Answer, Platform};
use super::time::SimTime;

/// Longer than any client's timeout, and not for ever.
const STALL: Duration = Duration::from_secs(120);

const HTML_503: &str = "<html><body><h1>503 Service Unavailable</h1></body></html>";
const WRONG_JSON: &str = r#"{"data":{"results":[]},"next":null}"#;
const GARBLED_JSON: &str = r#"{"items": [oops"#;

impl Platform {
    /// Carries the call out as the fault lets it. `simulated` gives the simulated time in a real one.
    pub(super) fn react(
        &mut self,
        call: &Call,
        fault: Option<Fault>,
        simulated: impl Fn(Duration) -> Duration,
        now: SimTime,
    ) -> Reaction {
        let Some(fault) = fault else {
            return Reaction::answer(self.respond(call, now));
        };
        match fault {
            Fault::Truncate => {
                let answer = self.respond(call, now);
                Reaction {
                    applied: answer.applied,
                    reply: Reply::Torn(answer),
                }
            }
            Fault::Slow(slow) => {
                let answer = self.respond(call, now);
                Reaction {
                    applied: answer.applied,
                    reply: Reply::Answer { answer, slow },
                }
            }
            Fault::WrongJson => Reaction::answer(replaced(self.respond(call, now), WRONG_JSON)),
            Fault::GarbledJson => Reaction::answer(replaced(self.respond(call, now), GARBLED_JSON)),
            Fault::Reset => Reaction::without_effect(Reply::Reset),
            Fault::Stall => Reaction::without_effect(Reply::Silent(STALL)),
            Fault::LostReply => Reaction {
                applied: self.respond(call, now).applied,
                reply: Reply::Reset,
            },
            Fault::LateEffect(delay) => {
                self.accept(call, now.plus(simulated(delay)), now);
                Reaction::without_effect(Reply::Reset)
            }
            Fault::Status500 => Reaction::answer(Answer::refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "something went wrong",
            )),
            Fault::Html503 => {
                Reaction::answer(Answer::html(StatusCode::SERVICE_UNAVAILABLE, HTML_503))
            }
            Fault::Unauthorized => {
                self.tokens.forget_all();
                Reaction::answer(Answer::refusal(
                    StatusCode::UNAUTHORIZED,
                    "unauthorized",
                    "the access token is unknown or expired",
                ))
            }
            Fault::Forbidden => Reaction::answer(Answer::refusal(
                StatusCode::FORBIDDEN,
                "forbidden",
                "this is not allowed",
            )),
            Fault::NotFound => Reaction::answer(Answer::refusal(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is no such thing",
            )),
            Fault::TooMany { retry_after } => Reaction::answer(Answer::too_many(retry_after)),
        }
    }

    /// Accepts a write that takes effect later. Its token and the rate limit count as it arrives, all else when it
    /// takes effect.
    fn accept(&mut self, call: &Call, at: SimTime, now: SimTime) {
        if !call.seen.endpoint.writes() {
            return;
        }
        if let Some(token) = self.admitted(call, now) {
            let call = call.clone();
            self.late.push(at, LateEffect::Write { call, token });
        }
    }
}

impl Reaction {
    fn answer(answer: Answer) -> Self {
        Self {
            applied: answer.applied,
            reply: Reply::Answer {
                answer,
                slow: Duration::ZERO,
            },
        }
    }

    fn without_effect(reply: Reply) -> Self {
        Self {
            reply,
            applied: false,
        }
    }
}

fn replaced(answer: Answer, body: &'static str) -> Answer {
    let status = if answer.status.is_success() {
        StatusCode::OK
    } else {
        answer.status
    };
    Answer {
        status,
        body: Bytes::from_static(body.as_bytes()),
        ..answer
    }
}
