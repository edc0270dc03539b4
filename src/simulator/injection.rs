//! A request under a fault: what the platform does about it, and what the client sees.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::Value;

use super::answer::Answer;
use super::call::{Call, Treatment};
use super::dialects::cxone_v2::quirks::Transition;
use super::dialects::cxone_v2::wire;
use super::exchange::{Reaction, Reply};
use super::faults::Fault;
use super::late::LateEffect;
use super::platform::Platform;
use super::time::SimTime;
use super::tokens::Token;

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
        let reaction = self.react_as_it_comes(call, fault, simulated, now);
        match (&self.dialer, reaction.reply) {
            (Some(dialer), Reply::Answer { answer, slow }) => Reaction {
                reply: Reply::Answer {
                    answer: dialer.worded(answer, call),
                    slow,
                },
                ..reaction
            },
            (_, reply) => Reaction { reply, ..reaction },
        }
    }

    /// The reaction before a dialect words it that has to know the request for that.
    fn react_as_it_comes(
        &mut self,
        call: &Call,
        fault: Option<Fault>,
        simulated: impl Fn(Duration) -> Duration,
        now: SimTime,
    ) -> Reaction {
        let Some(fault) = fault else {
            return self.carried_out(call, now, Reply::whole);
        };
        let after = |delay| now.plus(simulated(delay));
        match fault {
            Fault::Truncate => self.carried_out(call, now, Reply::Truncated),
            Fault::Slow(slow) => {
                self.carried_out(call, now, |answer| Reply::Answer { answer, slow })
            }
            Fault::WrongJson => self.answered_with(call, now, WRONG_JSON),
            Fault::GarbledJson => self.answered_with(call, now, GARBLED_JSON),
            Fault::EmptyOk => self.answered_with(call, now, ""),
            Fault::PartialContent => {
                self.carried_out(call, now, |answer| Reply::whole(in_part(answer)))
            }
            Fault::LostReply => self.carried_out(call, now, |_| Reply::Reset),
            Fault::StallWithEffect => self.carried_out(call, now, |_| Reply::Silent(STALL)),
            Fault::Status503WithEffect => {
                self.carried_out(call, now, |_| Reply::whole(unavailable()))
            }
            Fault::Transition(Transition { word, lasting }) => {
                let lasting = simulated(lasting);
                let transition = Transition { word, lasting };
                self.treated(call, Treatment::Transition(transition), now)
            }
            Fault::TakenInPart => self.treated(call, Treatment::InPart, now),
            Fault::AcknowledgedWithoutEffect => Reaction::answer(self.rehearse(call, now)),
            Fault::AcknowledgedLateEffect(delay) => {
                let answer = self.rehearse(call, now);
                if answer.status.is_success() {
                    let token = self.token(call, now);
                    self.later(call, token, after(delay));
                }
                Reaction::answer(answer)
            }
            Fault::LateEffect(delay) => self.accepted(call, after(delay), now, Reply::Reset),
            Fault::StallLateEffect(delay) => {
                self.accepted(call, after(delay), now, Reply::Silent(STALL))
            }
            Fault::Status503LateEffect(delay) => {
                self.accepted(call, after(delay), now, Reply::whole(unavailable()))
            }
            Fault::Reset => Reaction::without_effect(Reply::Reset),
            Fault::Stall => Reaction::without_effect(Reply::Silent(STALL)),
            Fault::Status500 => refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "something went wrong",
            ),
            Fault::Html503 => Reaction::answer(unavailable()),
            Fault::Unauthorized => {
                self.tokens.forget_all();
                let message = "the access token is unknown or expired";
                refused(StatusCode::UNAUTHORIZED, "unauthorized", message)
            }
            Fault::Forbidden => refused(StatusCode::FORBIDDEN, "forbidden", "this is not allowed"),
            Fault::NotFound => {
                refused(StatusCode::NOT_FOUND, "not_found", "there is no such thing")
            }
            Fault::Conflict => {
                let message = "the state does not allow it";
                refused(StatusCode::CONFLICT, "conflict", message)
            }
            Fault::TooMany { retry_after } => Reaction::answer(Answer::too_many(retry_after)),
            Fault::SecretsEchoed(status) => Reaction::answer(echo(call, status)),
        }
    }

    /// Carries the call out, and lets the client see what `shown` makes of the answer.
    fn carried_out(
        &mut self,
        call: &Call,
        now: SimTime,
        shown: impl FnOnce(Answer) -> Reply,
    ) -> Reaction {
        let answer = self.respond(call, now);
        Reaction {
            applied: answer.applied,
            reply: shown(answer),
        }
    }

    /// Carries the call out, and answers a success with another body.
    fn answered_with(&mut self, call: &Call, now: SimTime, body: &'static str) -> Reaction {
        self.carried_out(call, now, |answer| Reply::whole(replaced(answer, body)))
    }

    fn treated(&mut self, call: &Call, treatment: Treatment, now: SimTime) -> Reaction {
        let call = Call {
            treatment,
            ..call.clone()
        };
        self.carried_out(&call, now, Reply::whole)
    }

    /// The answer that the call would get, without any effect.
    fn rehearse(&mut self, call: &Call, now: SimTime) -> Answer {
        let (world, queued) = (self.world.clone(), self.late.queued());
        let (acd, cloud) = (self.acd.clone(), self.cloud.clone());
        let (dialer, connect) = (self.dialer.clone(), self.connect.clone());
        let mut answer = self.respond(call, now);
        (self.world, self.acd, self.cloud) = (world, acd, cloud);
        (self.dialer, self.connect) = (dialer, connect);
        self.late.drop_after(queued);
        answer.applied = false;
        answer
    }

    /// Accepts a write that takes effect later. Its token and the rate limit count as it arrives, all else when it
    /// takes effect.
    fn accepted(&mut self, call: &Call, at: SimTime, now: SimTime, reply: Reply) -> Reaction {
        if call.seen.endpoint.writes() {
            let token = self.admitted(call, now);
            self.later(call, token, at);
        }
        Reaction::without_effect(reply)
    }

    fn later(&mut self, call: &Call, token: Option<Token>, at: SimTime) {
        if let Some(token) = token {
            let call = call.clone();
            self.late.push(at, LateEffect::Write { call, token });
        }
    }
}

impl Reaction {
    fn answer(answer: Answer) -> Self {
        Self::without_effect(Reply::whole(answer))
    }

    fn without_effect(reply: Reply) -> Self {
        Self {
            reply,
            applied: false,
        }
    }
}

impl Reply {
    fn whole(answer: Answer) -> Self {
        let slow = Duration::ZERO;
        Self::Answer { answer, slow }
    }
}

fn refused(status: StatusCode, code: &'static str, message: &str) -> Reaction {
    Reaction::answer(Answer::refusal(status, code, message))
}

fn unavailable() -> Answer {
    Answer::html(StatusCode::SERVICE_UNAVAILABLE, HTML_503)
}

/// Returns a refusal by a platform that repeats what it was sent.
fn echo(call: &Call, status: StatusCode) -> Answer {
    let (method, path) = (&call.seen.method, &call.seen.path);
    let authorization = call.authorization.as_deref().unwrap_or("none");
    let body = String::from_utf8_lossy(&call.body);
    let message =
        format!("cannot serve {method} {path} with authorization: {authorization}, body: {body}");
    Answer::refusal(status, "invalid_request", &message)
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

/// A success as 206 with the first half: of the rows where there are any, otherwise of the bytes.
fn in_part(answer: Answer) -> Answer {
    if !answer.status.is_success() {
        return answer;
    }
    let half = || answer.body.slice(..answer.body.len() / 2);
    Answer {
        status: StatusCode::PARTIAL_CONTENT,
        body: half_of_the_rows(&answer.body).unwrap_or_else(half),
        ..answer
    }
}

fn half_of_the_rows(body: &[u8]) -> Option<Bytes> {
    const LISTS: [&str; 4] = ["items", "agents", "agentStates", "skills"];
    let mut page: Value = serde_json::from_slice(body).ok()?;
    let members = page.as_object_mut()?.iter_mut();
    let mut lists = members.filter(|(name, _)| LISTS.contains(&name.as_str()));
    let rows = lists.find_map(|(_, list)| list.as_array_mut())?;
    rows.truncate(rows.len() / 2);
    Some(wire::json(&page))
}
