//! The platform behind the socket: the world, its rules, and the answer to each request.
//!
//! Everything here happens under one lock, at a time that is an argument; no socket and no waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::HeaderName;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::agent_state::AgentState;
use super::answer::Answer;
use super::call::Call;
use super::dialects::Dialect;
use super::dialects::amazon_connect::ConnectState;
use super::dialects::cxone_acd::AcdState;
use super::dialects::cxone_v2::quirks::Quirks;
use super::dialects::genesys_cloud::CloudState;
use super::dialects::vicidial::DialerState;
use super::faults::{Endpoint, Fault, FaultPlan, FaultRule, FaultTiming};
use super::late::{LateEffect, LateEffects};
use super::refusal::Refused;
use super::request_seen::RequestSeen;
use super::script::Performance;
use super::scripted_event::{ScriptedEvent, ScriptedEventKind};
use super::settings::{AssignmentReads, RateLimit, Settings, StaleQueuePut};
use super::time::SimTime;
use super::tokens::{Token, Tokens};
use super::world::World;

const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");

/// The platform and what was asked of it.
pub(super) struct Platform {
    pub(super) world: World,
    pub(super) faults: FaultPlan,
    pub(super) tokens: Tokens,
    pub(super) performance: Performance,
    pub(super) late: LateEffects,
    bucket: Option<Bucket>,
    pub(super) pages: Pages,
    pub(super) rules: Rules,
    requests: u64,
    served: BTreeMap<Endpoint, u64>,
    pub(super) injected: BTreeMap<&'static str, u64>,
    /// What only the dialect for outbound skills knows.
    pub(super) acd: Option<AcdState>,
    /// What only the dialect for campaigns with queues knows.
    pub(super) cloud: Option<CloudState>,
    /// What only the dialect of forms knows.
    pub(super) dialer: Option<DialerState>,
    /// What only the dialect whose requests are signed knows.
    pub(super) connect: Option<ConnectState>,
}

/// What happened by itself since the platform was last touched.
#[derive(Default)]
pub(super) struct Progressed {
    pub(super) scripted_events: Vec<ScriptedEvent>,
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
pub(super) struct Pages {
    pub(super) version: u64,
    pub(super) kept: BTreeMap<(Option<AgentState>, usize, usize), Bytes>,
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
            acd: if let Dialect::CxoneAcd(settings) = &dialect {
                Some(AcdState::new((**settings).clone()))
            } else {
                None
            },
            cloud: if let Dialect::GenesysCloud(settings) = &dialect {
                Some(CloudState::new((**settings).clone(), now))
            } else {
                None
            },
            dialer: if let Dialect::Vicidial(settings) = &dialect {
                Some(DialerState::new((**settings).clone(), now))
            } else {
                None
            },
            connect: if let Dialect::AmazonConnect(settings) = dialect {
                Some(ConnectState::new(*settings))
            } else {
                None
            },
        }
    }

    /// Follows the script up to `now` and carries out what happens on the way, late effects at their own times.
    pub(super) fn advance(&mut self, now: SimTime) -> Progressed {
        let mut passed = Progressed::default();
        while let Some((at, effect)) = self.late.next_due(now) {
            passed.scripted_events.extend(self.follow_script(at));
            passed.applied.extend(self.take_effect(effect, at));
        }
        passed.scripted_events.extend(self.follow_script(now));
        passed
    }

    /// Carries out a late effect; returns the request, if it took effect.
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

    fn follow_script(&mut self, now: SimTime) -> Vec<ScriptedEvent> {
        let scripted_events = self.performance.advance(&mut self.world, now);
        for ScriptedEvent { at, kind } in &scripted_events {
            match kind {
                ScriptedEventKind::Outage { endpoint, until } => {
                    let when = FaultTiming::Between(*at, *until);
                    self.faults.add(FaultRule {
                        fault: Fault::Status500,
                        endpoint: Some(*endpoint),
                        when,
                    });
                }
                ScriptedEventKind::PersonSets { .. }
                | ScriptedEventKind::Breaks { .. }
                | ScriptedEventKind::OutageOver { .. } => {}
            }
        }
        self.world.end_breaks(now);
        scripted_events
    }

    /// Sends agents on a break; returns how many go. In a contact centre they go as soon as they are free.
    pub(super) fn send_on_break(&mut self, count: usize, lasting: Duration, now: SimTime) -> usize {
        self.performance
            .send_on_break(count, lasting)
            .unwrap_or_else(|| self.world.send_on_break(count, lasting, now))
    }

    /// Counts a request, and chooses what goes wrong with it.
    pub(super) fn admit(&mut self, endpoint: Option<Endpoint>, now: SimTime) -> Option<Fault> {
        self.requests += 1;
        let endpoint = endpoint?;
        *self.served.entry(endpoint).or_default() += 1;
        let fault = self.faults.pick(endpoint, now)?;
        *self.injected.entry(fault.name()).or_default() += 1;
        Some(fault)
    }

    /// Returns how many requests came for the endpoint; without one, how many in all.
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
        if let Some(cloud) = &self.cloud {
            cloud.mark(&mut answer, now);
        }
        if let Some(connect) = &self.connect {
            answer = connect.worded(answer, call);
        }
        if let Some(bucket) = &self.bucket {
            answer
                .headers
                .push((REMAINING, format!("{:.0}", bucket.level.floor())));
        }
        answer
    }

    fn carry_out(&mut self, call: &Call, now: SimTime) -> Result<Answer, Refused> {
        let endpoint = call.seen.endpoint;
        if let Endpoint::Dialer(operation) = endpoint {
            return Ok(self.dialer_perform(operation, call, now));
        }
        if let Endpoint::Connect(_) = endpoint {
            let token = self.connect_signed(call, now)?;
            return self.perform(call, &token, now);
        }
        let authorization = call.authorization.as_deref();
        let Some(scopes) = endpoint.scopes() else {
            if let Endpoint::Acd(operation) = endpoint {
                return self.acd_open(operation, call, now);
            }
            if let Endpoint::Cloud(_) = endpoint {
                return self.cloud_token(call, now);
            }
            return self.grant_token(call, now);
        };
        if let Err(wait) = self.cloud_admits(now) {
            return Ok(Answer::too_many(Some(wait)));
        }
        let token = self.tokens.check(authorization, scopes, now)?;
        self.perform(call, &token, now)
    }

    /// Replaces the quirks.
    pub(super) fn set_quirks(&mut self, quirks: Quirks) {
        self.rules.quirks = quirks;
        self.pages.kept.clear();
    }

    /// Lets a request past the rate limit and checks its token; returns the token where both allow the request.
    pub(super) fn admitted(&mut self, call: &Call, now: SimTime) -> Option<Token> {
        let bucket = self.bucket.as_mut();
        bucket.map_or(Ok(()), |bucket| bucket.take(now)).ok()?;
        self.token(call, now)
    }

    /// Returns the request's token, if it is good.
    pub(super) fn token(&self, call: &Call, now: SimTime) -> Option<Token> {
        if let Endpoint::Dialer(_) = call.seen.endpoint {
            // Each request logs in by itself.
            return Some(Token::in_request(now));
        }
        if let Endpoint::Connect(_) = call.seen.endpoint {
            return self.connect_signed(call, now).ok();
        }
        let scopes = call.seen.endpoint.scopes()?;
        let authorization = call.authorization.as_deref();
        self.tokens.check(authorization, scopes, now).ok()
    }

    /// Does what a request asks for whose token is good.
    fn perform(&mut self, call: &Call, token: &Token, now: SimTime) -> Result<Answer, Refused> {
        let target = call.seen.target.as_deref().unwrap_or_default();
        match call.seen.endpoint {
            // Only a token needs no scope.
            Endpoint::Token | Endpoint::Agents => self.read_agents(&call.query),
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
            Endpoint::Outcomes => self.read_outcomes(),
            Endpoint::IdleReserveGet => self.read_idle_reserve(target),
            Endpoint::IdleReservePut => self.put_idle_reserve(target, call, token, now),
            Endpoint::Acd(operation) => self.acd_perform(operation, call, token, now),
            Endpoint::Cloud(operation) => self.cloud_perform(operation, call, token, now),
            Endpoint::Dialer(operation) => Ok(self.dialer_perform(operation, call, now)),
            Endpoint::Connect(operation) => self.connect_perform(operation, call, token, now),
        }
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

/// The body as `T`. The contract has no 400 where this is used: a body that is not JSON is refused the same way.
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
}
