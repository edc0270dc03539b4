//! The platform behind the socket: the world, its rules, and the answer to each request.
//!
//! Everything here happens under one lock, at a time that is an argument; no socket and no waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderName;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::agent_state::AgentState;
use super::answer::Answer;
use super::call::Call;
use super::dialects::Dialect;
use super::dialects::cxone_acd::AcdState;
use super::dialects::cxone_v2::quirks::{Filtering, Quirks};
use super::dialects::cxone_v2::wire;
use super::encoding::form_value;
use super::faults::{Endpoint, Fault, FaultPlan, FaultRule, When};
use super::happening::{Happening, What};
use super::late::{LateEffect, LateEffects};
use super::refusal::Refused;
use super::request_seen::RequestSeen;
use super::script::Performance;
use super::settings::{AssignmentReads, RateLimit, Settings, StaleQueuePut};
use super::time::SimTime;
use super::tokens::{Token, Tokens};
use super::world::{AgentRecord, World};

const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const MAX_LIMIT: usize = 100;

/// Pages kept for an unchanged world: enough for 100,000 agents in four states.
const KEPT_PAGES: usize = 4_096;

/// The platform and what was asked of it.
pub(super) struct Platform {
    pub(super) world: World,
    pub(super) faults: FaultPlan,
    pub(super) tokens: Tokens,
    pub(super) performance: Performance,
    pub(super) late: LateEffects,
    bucket: Option<Bucket>,
    pages: Pages,
    pub(super) rules: Rules,
    requests: u64,
    served: BTreeMap<Endpoint, u64>,
    pub(super) injected: BTreeMap<&'static str, u64>,
    /// What only the dialect for outbound skills knows.
    pub(super) acd: Option<AcdState>,
}

/// What came to pass by itself since the platform was last touched.
#[derive(Default)]
pub(super) struct Passed {
    pub(super) happenings: Vec<Happening>,
    /// The requests that took effect late.
    pub(super) applied: Vec<RequestSeen>,
}

pub(super) struct Rules {
    pub(super) actuation_delay: Duration,
    pub(super) give_updated_timestamp: bool,
    pub(super) put_answers_no_content: bool,
    pub(super) quirks: Quirks,
    pub(super) assignment_reads: AssignmentReads,
    pub(super) stale_queue_put: StaleQueuePut,
}

/// Answers to reads of the agents as they were at a version of the world.
#[derive(Default)]
struct Pages {
    version: u64,
    kept: BTreeMap<(Option<AgentState>, usize, usize), Bytes>,
}

struct Bucket {
    limit: RateLimit,
    level: f64,
    filled: SimTime,
}

impl Platform {
    pub(super) fn new(settings: Settings, now: SimTime) -> Self {
        let Settings {
            script,
            world,
            faults,
            seed,
            credentials,
            token_life,
            rate_limit,
            dialect,
            ..
        } = settings;
        let bucket = rate_limit.map(|limit| Bucket {
            limit,
            level: f64::from(limit.burst),
            filled: now,
        });
        let rules = Rules {
            actuation_delay: settings.actuation_delay,
            give_updated_timestamp: settings.give_updated_timestamp,
            put_answers_no_content: settings.put_answers_no_content,
            quirks: settings.quirks,
            assignment_reads: settings.assignment_reads,
            stale_queue_put: settings.stale_queue_put,
        };
        Self {
            world,
            faults: FaultPlan::new(faults, seed),
            tokens: Tokens::new(
                credentials,
                settings.accept_any_credentials,
                token_life,
                seed,
            ),
            performance: Performance::new(script, seed),
            late: LateEffects::default(),
            bucket,
            pages: Pages::default(),
            rules,
            requests: 0,
            served: BTreeMap::new(),
            injected: BTreeMap::new(),
            acd: match dialect {
                Dialect::CxoneV2 => None,
                Dialect::CxoneAcd(settings) => Some(AcdState::new(*settings)),
            },
        }
    }

    /// Follows the script up to `now` and carries out what happens on the way, late effects at their own times.
    pub(super) fn advance(&mut self, now: SimTime) -> Passed {
        let mut passed = Passed::default();
        while let Some((at, effect)) = self.late.next_due(now) {
            passed.happenings.extend(self.follow_script(at));
            passed.applied.extend(self.take_effect(effect, at));
        }
        passed.happenings.extend(self.follow_script(now));
        passed
    }

    /// Carries out a late effect; gives the request, if it took effect.
    fn take_effect(&mut self, effect: LateEffect, at: SimTime) -> Option<RequestSeen> {
        match effect {
            LateEffect::Write { call, token } => {
                let answer = self.perform(&call, &token, at).ok()?;
                answer.applied.then_some(call.seen)
            }
            LateEffect::TransitionEnds {
                seen,
                campaign,
                status,
                by,
                number,
            } => {
                // Seen at once: its word was seen long enough.
                let applied = self.world.is_in_transition(&campaign, number)
                    && (self.world).command(&campaign, &status, by, Duration::ZERO, at);
                applied.then_some(seen)
            }
        }
    }

    fn follow_script(&mut self, now: SimTime) -> Vec<Happening> {
        let happenings = self.performance.advance(&mut self.world, now);
        for Happening { at, what } in &happenings {
            match what {
                What::Outage { endpoint, until } => {
                    let when = When::Between(*at, *until);
                    self.faults.add(FaultRule {
                        fault: Fault::Status500,
                        endpoint: Some(*endpoint),
                        when,
                    });
                }
                What::PersonSets { .. } | What::Breaks { .. } | What::OutageOver { .. } => {}
            }
        }
        self.world.end_breaks(now);
        happenings
    }

    /// Sends agents on a break; gives how many go. In a contact centre they go as soon as they are free.
    pub(super) fn send_on_break(&mut self, count: usize, lasting: Duration, now: SimTime) -> usize {
        self.performance
            .send_on_break(count, lasting)
            .unwrap_or_else(|| self.world.send_on_break(count, lasting, now))
    }

    /// Counts a request, and says what goes wrong with it.
    pub(super) fn admit(&mut self, endpoint: Option<Endpoint>, now: SimTime) -> Option<Fault> {
        self.requests += 1;
        let endpoint = endpoint?;
        *self.served.entry(endpoint).or_default() += 1;
        let fault = self.faults.pick(endpoint, now)?;
        *self.injected.entry(fault.name()).or_default() += 1;
        Some(fault)
    }

    /// How many requests came for the endpoint; without one, how many in all.
    pub(super) fn request_count(&self, endpoint: Option<Endpoint>) -> u64 {
        match endpoint {
            Some(endpoint) => self.served.get(&endpoint).copied().unwrap_or(0),
            None => self.requests,
        }
    }

    /// Carries a request out.
    pub(super) fn respond(&mut self, call: &Call, now: SimTime) -> Answer {
        let passed = self.bucket.as_mut().map(|bucket| bucket.take(now));
        let mut answer = match &passed {
            Some(Err(wait)) => Answer::too_many(Some(wait.clone())),
            Some(Ok(())) | None => self.carry_out(call, now).unwrap_or_else(Answer::from),
        };
        if let Some(bucket) = &self.bucket {
            answer
                .headers
                .push((REMAINING, format!("{:.0}", bucket.level.floor())));
        }
        answer
    }

    fn carry_out(&mut self, call: &Call, now: SimTime) -> Result<Answer, Refused> {
        let endpoint = call.seen.endpoint;
        let authorization = call.authorization.as_deref();
        let Some(scopes) = endpoint.scopes() else {
            if let Endpoint::Acd(operation) = endpoint {
                return self.acd_open(operation, call, now);
            }
            let content_type = call.content_type.as_deref();
            let grant = self
                .tokens
                .grant(content_type, authorization, &call.body, now);
            return grant.map(|body| Answer::json(StatusCode::OK, body));
        };
        let token = self.tokens.check(authorization, scopes, now)?;
        self.perform(call, &token, now)
    }

    /// Changes what the platform is like.
    pub(super) fn set_quirks(&mut self, quirks: Quirks) {
        self.rules.quirks = quirks;
        self.pages.kept.clear();
    }

    /// Lets a request past the rate limit and checks its token, which it gives where both are good.
    pub(super) fn admitted(&mut self, call: &Call, now: SimTime) -> Option<Token> {
        let bucket = self.bucket.as_mut();
        bucket.map_or(Ok(()), |bucket| bucket.take(now)).ok()?;
        self.token(call, now)
    }

    /// The request's token, if it is good.
    pub(super) fn token(&self, call: &Call, now: SimTime) -> Option<Token> {
        let scopes = call.seen.endpoint.scopes()?;
        let authorization = call.authorization.as_deref();
        self.tokens.check(authorization, scopes, now).ok()
    }

    /// Does what a request asks for whose token is good.
    fn perform(&mut self, call: &Call, token: &Token, now: SimTime) -> Result<Answer, Refused> {
        let target = call.seen.target.as_deref().unwrap_or_default();
        match call.seen.endpoint {
            // Only a token needs no scope.
            Endpoint::Token | Endpoint::Agents => self.agents(&call.query),
            Endpoint::CampaignGet => self.read_campaign(target, now),
            Endpoint::CampaignPut => self.put_campaign(target, call, token, now),
            Endpoint::AssignmentsGet => self.read_assignments(target),
            Endpoint::AssignmentsPut => self.replace_assignments(target, call, token, now),
            Endpoint::Skills => self.read_skills(&call.query),
            Endpoint::QueueGet => self.read_queue(target),
            Endpoint::QueuePatch => self.patch_queue(target, call, token, now),
            Endpoint::QueuePut => self.put_queue(target, call, token, now),
            Endpoint::QueueStatistics => self.read_queue_statistics(target),
            Endpoint::ProfilePut => self.put_profile(target, call, token, now),
            Endpoint::Acd(operation) => self.acd_perform(operation, call, token, now),
        }
    }

    fn agents(&mut self, query: &str) -> Result<Answer, Refused> {
        let (state, offset, limit) = read_page_query(query)?;
        let quirks = &self.rules.quirks;
        let limit = quirks.page_limit(limit);
        let (world, pages) = (&mut self.world, &mut self.pages);
        if pages.version != world.agents_version() || pages.kept.len() > KEPT_PAGES {
            pages.kept.clear();
            pages.version = world.agents_version();
        }
        let body = pages
            .kept
            .entry((state.clone(), offset, limit))
            .or_insert_with(|| {
                let profiles = world.profiles().clone();
                let queues_of = |id: &str| profiles.get(id).map(Vec::as_slice);
                let listed = match quirks.filtering {
                    Filtering::BeforePaging => state.as_ref(),
                    Filtering::AfterPaging => None,
                };
                let asked_for =
                    |agent: &AgentRecord| state.as_ref().is_none_or(|state| agent.state == *state);
                let rows = world.page(listed, offset, limit);
                let rows = rows.filter(|(_, agent)| asked_for(agent));
                let items = rows.map(|(id, agent)| wire::Agent {
                    id,
                    name: &agent.name,
                    state: quirks.words.spell(agent.state.wire()),
                    skills: &agent.skills,
                    queue_ids: queues_of(id),
                    state_since: agent.since.rfc3339(),
                });
                let items: Vec<_> = items.collect();
                let null_items = || Bytes::from_static(br#"{"items":null}"#);
                let nobody = items.is_empty().then(|| quirks.nobody.body(null_items));
                let documented = || wire::json(&wire::Page { items });
                nobody.flatten().unwrap_or_else(documented)
            });
        Ok(Answer::list(body.clone()))
    }
}

impl Bucket {
    /// Takes one request out, or says how many seconds to wait for the next.
    fn take(&mut self, now: SimTime) -> Result<(), String> {
        let per_second = self.limit.per_second.max(0.0);
        let gained = now.since(self.filled).as_secs_f64() * per_second;
        self.filled = self.filled.max(now);
        self.level = (self.level + gained).min(f64::from(self.limit.burst));
        if self.level >= 1.0 {
            self.level -= 1.0;
            return Ok(());
        }
        // Rounded up to the millisecond, so that whoever waits exactly so long is let in.
        let wait = ((1.0 - self.level) / per_second * 1_000.0).ceil() / 1_000.0;
        Err(format!("{:.3}", wait.min(3_600.0)))
    }
}

fn read_page_query(query: &str) -> Result<(Option<AgentState>, usize, usize), Refused> {
    let (offset, limit) = read_paging(query)?;
    match form_value(query, "state").map(|word| AgentState::from_wire(&word)) {
        Some(AgentState::Other(word)) => Err(bad_parameter(format!(
            "state is {word:?}, expected available, busy, offline or wrap-up"
        ))),
        state => Ok((state, offset, limit)),
    }
}

/// Offset and limit of a query.
pub(super) fn read_paging(query: &str) -> Result<(usize, usize), Refused> {
    let number = |name: &str, default: usize| match form_value(query, name) {
        None => Ok(default),
        // A number too large for us is still one: behind the last item there is nothing.
        Some(text) if !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()) => {
            Ok(text.parse().unwrap_or(usize::MAX))
        }
        Some(text) => {
            let message = format!("{name} is {text:?}, expected a whole number");
            Err(bad_parameter(message))
        }
    };
    let (offset, limit) = (number("offset", 0)?, number("limit", MAX_LIMIT)?);
    if limit == 0 || limit > MAX_LIMIT {
        let message = format!("limit is {limit}, expected 1 to {MAX_LIMIT}");
        return Err(bad_parameter(message));
    }
    Ok((offset, limit))
}

fn bad_parameter(message: String) -> Refused {
    Refused::bad_request("invalid_parameter", message)
}

/// The body as `T`. The contract has no 400 where this is used: what is no JSON is refused alike.
pub(super) fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|_| Refused::unprocessable("malformed_json", "the body is not JSON"))?;
    serde_json::from_value(value)
        .map_err(|wrong| Refused::unprocessable("invalid_body", wrong.to_string()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: SimTime = SimTime::from_unix_millis(0);

    #[test]
    fn the_bucket_fills_with_simulated_time_and_says_how_long_to_wait() {
        let mut bucket = Bucket {
            limit: RateLimit {
                per_second: 3.0,
                burst: 2,
            },
            level: 2.0,
            filled: NOW,
        };
        assert_eq!([bucket.take(NOW), bucket.take(NOW)], [Ok(()), Ok(())]);
        assert_eq!(bucket.take(NOW), Err("0.334".to_owned()));
        assert_eq!(bucket.take(NOW.plus(Duration::from_millis(334))), Ok(()));
        let mut shut = Bucket {
            limit: RateLimit {
                per_second: 0.0,
                burst: 0,
            },
            level: 0.0,
            filled: NOW,
        };
        assert_eq!(
            shut.take(NOW.plus(Duration::from_secs(9))),
            Err("3600.000".to_owned())
        );
    }

    #[test]
    fn the_page_query_is_bounded() {
        let read = |query: &str| {
            read_page_query(query)
                .map_err(|refused| refused.status.as_u16())
                .ok()
        };
        assert_eq!(read(""), Some((None, 0, 100)));
        let filtered = Some((Some(AgentState::WrapUp), 7, 1));
        assert_eq!(read("state=wrap%2Dup&offset=7&limit=1&other=x"), filtered);
        for wrong in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=",
            "offset=-1",
            "offset=x",
            "state=idle",
            "state=",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
