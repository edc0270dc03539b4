//! Faults as values: what can go wrong with an answer, and when it does.
//!
//! Rules are tried in order and the first one that fires decides. A rule without an endpoint is for those that its fault
//! can happen to.

use std::time::Duration;

use hyper::StatusCode;

use super::dialects::amazon_connect::ConnectOperation;
use super::dialects::cxone_acd::AcdOperation;
use super::dialects::cxone_v2::quirks::Transition;
use super::dialects::genesys_cloud::CloudOperation;
use super::dialects::vicidial::DialerOperation;
use super::time::SimTime;

/// The operations that the simulator serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// POST of a token request.
    Token,
    /// GET of a page of agents.
    Agents,
    /// GET of one campaign.
    CampaignGet,
    /// PUT of one campaign's status.
    CampaignPut,
    /// GET of a campaign's preview assignments.
    AssignmentsGet,
    /// PUT of a campaign's preview assignments.
    AssignmentsPut,
    /// GET of a page of skills.
    Skills,
    /// GET of one queue.
    QueueGet,
    /// PATCH of some members of one queue.
    QueuePatch,
    /// PUT of one queue.
    QueuePut,
    /// GET of what one queue has counted.
    QueueStatistics,
    /// PUT of one agent's routing profile.
    ProfilePut,
    /// GET of what became of dials, an extension.
    Outcomes,
    /// GET of how many agents a campaign's dialler keeps idle, an extension.
    IdleReserveGet,
    /// PUT of how many agents a campaign's dialler keeps idle, an extension.
    IdleReservePut,
    /// An operation of the dialect for outbound skills.
    Acd(AcdOperation),
    /// An operation of the dialect for campaigns with queues.
    Cloud(CloudOperation),
    /// A function of the dialect of forms.
    Dialer(DialerOperation),
    /// An operation of the dialect whose requests are signed.
    Connect(ConnectOperation),
}

impl Endpoint {
    /// The endpoints of the dialect for campaigns.
    pub const ALL: [Self; 15] = [
        Self::Token,
        Self::Agents,
        Self::CampaignGet,
        Self::CampaignPut,
        Self::AssignmentsGet,
        Self::AssignmentsPut,
        Self::Skills,
        Self::QueueGet,
        Self::QueuePatch,
        Self::QueuePut,
        Self::QueueStatistics,
        Self::ProfilePut,
        Self::Outcomes,
        Self::IdleReserveGet,
        Self::IdleReservePut,
    ];

    /// Returns the endpoints of every dialect.
    pub fn every() -> impl Iterator<Item = Self> {
        let acd = AcdOperation::ALL.into_iter().map(Self::Acd);
        let cloud = CloudOperation::ALL.into_iter().map(Self::Cloud);
        let dialer = DialerOperation::ALL.into_iter().map(Self::Dialer);
        let connect = ConnectOperation::ALL.into_iter().map(Self::Connect);
        let all = Self::ALL.into_iter().chain(acd).chain(cloud);
        all.chain(dialer).chain(connect)
    }

    /// Returns the name used in fault rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Agents => "agents",
            Self::CampaignGet => "campaign-get",
            Self::CampaignPut => "campaign-put",
            Self::AssignmentsGet => "assignments-get",
            Self::AssignmentsPut => "assignments-put",
            Self::Skills => "skills",
            Self::QueueGet => "queue-get",
            Self::QueuePatch => "queue-patch",
            Self::QueuePut => "queue-put",
            Self::QueueStatistics => "queue-statistics",
            Self::ProfilePut => "profile-put",
            Self::Outcomes => "outcomes",
            Self::IdleReserveGet => "idle-reserve-get",
            Self::IdleReservePut => "idle-reserve-put",
            Self::Acd(operation) => operation.name(),
            Self::Cloud(operation) => operation.name(),
            Self::Dialer(operation) => operation.name(),
            Self::Connect(operation) => operation.name(),
        }
    }

    /// The scopes of which a token needs one, where it needs any; nothing where no token is needed.
    #[must_use]
    pub fn scopes(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Token | Self::Dialer(_) => None,
            Self::Agents => Some(&["interactions:agents:read"]),
            Self::CampaignGet | Self::Outcomes | Self::IdleReserveGet => Some(&["campaigns:read"]),
            Self::CampaignPut | Self::IdleReservePut => Some(&["campaigns:write"]),
            Self::AssignmentsGet => Some(&["outbound:campaigns:read"]),
            Self::AssignmentsPut => Some(&["outbound:campaigns:write"]),
            Self::Skills => Some(&["routing:skill:read", "routing:skill:view"]),
            Self::QueueGet | Self::QueueStatistics => Some(&["routing:queue:view"]),
            Self::QueuePatch => Some(&["routing:queue:write"]),
            Self::QueuePut => Some(&["routing:queue:write", "routing:queue:update"]),
            Self::ProfilePut | Self::Connect(_) => Some(&[]),
            Self::Acd(operation) => operation.needs_token().then_some(&[]),
            Self::Cloud(operation) => operation.needs_token().then_some(&[]),
        }
    }

    /// Whether its path has a campaign's id.
    #[must_use]
    pub fn is_of_a_campaign(self) -> bool {
        match self {
            Self::CampaignGet
            | Self::CampaignPut
            | Self::AssignmentsGet
            | Self::AssignmentsPut
            | Self::IdleReserveGet
            | Self::IdleReservePut => true,
            Self::Token
            | Self::Agents
            | Self::Skills
            | Self::QueueGet
            | Self::QueuePatch
            | Self::QueuePut
            | Self::QueueStatistics
            | Self::ProfilePut
            | Self::Outcomes
            | Self::Acd(_)
            | Self::Cloud(_)
            | Self::Dialer(_)
            | Self::Connect(_) => false,
        }
    }

    /// Whether it changes something at the platform; a token changes nothing that anybody can read.
    #[must_use]
    pub fn writes(self) -> bool {
        match self {
            Self::CampaignPut
            | Self::AssignmentsPut
            | Self::QueuePatch
            | Self::QueuePut
            | Self::ProfilePut
            | Self::IdleReservePut => true,
            Self::Token
            | Self::Agents
            | Self::CampaignGet
            | Self::AssignmentsGet
            | Self::Skills
            | Self::QueueGet
            | Self::QueueStatistics
            | Self::Outcomes
            | Self::IdleReserveGet => false,
            Self::Acd(operation) => operation.writes(),
            Self::Cloud(operation) => operation.writes(),
            Self::Dialer(operation) => operation.writes(),
            Self::Connect(operation) => operation.writes(),
        }
    }
}

/// What goes wrong with one request. Durations are real time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 500 with the contract's error body; no effect.
    Status500,
    /// 503 with an HTML page, as a load balancer answers; no effect.
    Html503,
    /// The connection is reset without an answer; no effect.
    Reset,
    /// Never answered; the connection is reset after two minutes if the client has not gone. No effect.
    Stall,
    /// Carried out, and the answer's body breaks off in the middle.
    Truncate,
    /// Carried out, and answered with JSON of another shape.
    WrongJson,
    /// Carried out, and answered with something that is not JSON.
    GarbledJson,
    /// 401, and every token given out so far is forgotten; no effect.
    Unauthorized,
    /// 403; no effect.
    Forbidden,
    /// 429; no effect.
    TooMany {
        /// The `Retry-After` header exactly as given, or none.
        retry_after: Option<String>,
    },
    /// Carried out, and the connection is reset without an answer.
    LostReply,
    /// The connection is reset at once; a write is carried out so much later. Its token and the rate limit count as
    /// it arrives.
    LateEffect(Duration),
    /// 404; no effect.
    NotFound,
    /// 409; no effect. For writes.
    Conflict,
    /// Carried out at once, and answered so much later (with what was true at once).
    Slow(Duration),
    /// Carried out, and answered 503 with an HTML page.
    Status503WithEffect,
    /// Carried out, and never answered, as after [`Fault::Stall`].
    StallWithEffect,
    /// 503 with an HTML page at once; a write is carried out so much later, as after [`Fault::LateEffect`].
    Status503LateEffect(Duration),
    /// Never answered; a write is carried out so much later, as after [`Fault::LateEffect`].
    StallLateEffect(Duration),
    /// Answered as if it were carried out; no effect. For writes.
    AcknowledgedWithoutEffect,
    /// Answered at once as if it were carried out, and carried out so much later, unless something forbids it by then.
    /// For writes.
    AcknowledgedLateEffect(Duration),
    /// The new status of a campaign comes true at the end of a [`Transition`]. For PUTs of a campaign.
    Transition(Transition),
    /// Carried out with a third of the agents, rounded up, left out, and answered as if all were taken. For PUTs of
    /// preview assignments.
    TakenInPart,
    /// Carried out, and answered 200 without a body.
    EmptyOk,
    /// Carried out, and answered 206 with the first half: of a list's rows, of the bytes of any other answer.
    PartialContent,
    /// A refusal with this status whose body repeats the `Authorization` header and the body of the request; no effect.
    SecretsEchoed(StatusCode),
}

impl Fault {
    /// Returns a name that stays the same whatever the fault carries; the command line has most of them.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status500 => "500",
            Self::Html503 => "html503",
            Self::Reset => "reset",
            Self::Stall => "stall",
            Self::Truncate => "truncate",
            Self::WrongJson => "wrong-json",
            Self::GarbledJson => "garbled-json",
            Self::Unauthorized => "401",
            Self::Forbidden => "403",
            Self::NotFound => "404",
            Self::Conflict => "409",
            Self::TooMany { retry_after } if retry_after.is_some() => "429",
            Self::TooMany { .. } => "429-no-header",
            Self::LostReply => "lost-reply",
            Self::LateEffect(_) => "late-effect",
            Self::Slow(_) => "slow",
            Self::Status503WithEffect => "503-with-effect",
            Self::StallWithEffect => "stall-with-effect",
            Self::Status503LateEffect(_) => "503-late-effect",
            Self::StallLateEffect(_) => "stall-late-effect",
            Self::AcknowledgedWithoutEffect => "ack-without-effect",
            Self::AcknowledgedLateEffect(_) => "ack-late-effect",
            Self::Transition(_) => "transition",
            Self::TakenInPart => "taken-in-part",
            Self::EmptyOk => "empty-200",
            Self::PartialContent => "206",
            Self::SecretsEchoed(status) if status.is_client_error() => "secrets-4xx",
            Self::SecretsEchoed(_) => "secrets-5xx",
        }
    }

    /// Whether it has a meaning for a request to the endpoint.
    #[must_use]
    pub fn can_happen_to(&self, endpoint: Endpoint) -> bool {
        match self {
            Self::Conflict | Self::AcknowledgedWithoutEffect | Self::AcknowledgedLateEffect(_) => {
                endpoint.writes()
            }
            Self::Transition(_) => endpoint == Endpoint::CampaignPut,
            Self::TakenInPart => endpoint == Endpoint::AssignmentsPut,
            Self::Status500
            | Self::Html503
            | Self::Reset
            | Self::Stall
            | Self::Truncate
            | Self::WrongJson
            | Self::GarbledJson
            | Self::Unauthorized
            | Self::Forbidden
            | Self::TooMany { .. }
            | Self::LostReply
            | Self::LateEffect(_)
            | Self::NotFound
            | Self::Slow(_)
            | Self::Status503WithEffect
            | Self::StallWithEffect
            | Self::Status503LateEffect(_)
            | Self::StallLateEffect(_)
            | Self::EmptyOk
            | Self::PartialContent
            | Self::SecretsEchoed(_) => true,
        }
    }
}

/// The requests for which a rule fires.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaultTiming {
    /// For this share (0 to 1) of the matching requests, at random.
    Share(f64),
    /// For the next so many matching requests.
    Next(u32),
    /// For each matching request.
    Always,
    /// From the first moment (simulated) until just before the second.
    Between(SimTime, SimTime),
}

/// A fault, for an endpoint or for all, at some times.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// The endpoint; every one that the fault can happen to where absent.
    pub endpoint: Option<Endpoint>,
    /// The requests for which it fires.
    pub when: FaultTiming,
}

/// The rules in force.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    rules: Vec<FaultRule>,
    rng: fastrand::Rng,
}

impl FaultPlan {
    /// Creates a plan; the same seed and requests give the same faults.
    #[must_use]
    pub fn new(rules: Vec<FaultRule>, seed: u64) -> Self {
        Self {
            rules,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// Adds a rule after the others.
    pub fn add(&mut self, rule: FaultRule) {
        self.rules.push(rule);
    }

    /// Ends all faults.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// Chooses what goes wrong with a request that arrives at `now`, if anything does.
    pub fn pick(&mut self, endpoint: Endpoint, now: SimTime) -> Option<Fault> {
        let Self { rules, rng } = self;
        rules.retain(|rule| rule.when != FaultTiming::Next(0));
        rules.iter_mut().find_map(|rule| {
            let matches = rule.endpoint.is_none_or(|only| only == endpoint)
                && rule.fault.can_happen_to(endpoint);
            (matches && fires(&mut rule.when, now, rng)).then(|| rule.fault.clone())
        })
    }
}

fn fires(when: &mut FaultTiming, now: SimTime, rng: &mut fastrand::Rng) -> bool {
    match when {
        FaultTiming::Share(share) => rng.f64() < *share,
        FaultTiming::Next(left) => {
            let fires = *left > 0;
            *left = left.saturating_sub(1);
            fires
        }
        FaultTiming::Always => true,
        FaultTiming::Between(from, until) => (*from..*until).contains(&now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SimTime = SimTime::from_unix_millis(1_000);

    fn rule(fault: Fault, endpoint: Option<Endpoint>, when: FaultTiming) -> FaultRule {
        FaultRule {
            fault,
            endpoint,
            when,
        }
    }

    #[test]
    fn the_first_rule_that_fires_decides() {
        let later = NOW.plus(Duration::from_secs(1));
        let rules = vec![
            rule(Fault::Reset, Some(Endpoint::Token), FaultTiming::Always),
            rule(Fault::Forbidden, None, FaultTiming::Next(2)),
            rule(Fault::NotFound, None, FaultTiming::Between(NOW, later)),
        ];
        let mut plan = FaultPlan::new(rules, 0);
        assert_eq!(plan.pick(Endpoint::Token, NOW), Some(Fault::Reset));
        assert_eq!(plan.pick(Endpoint::Agents, NOW), Some(Fault::Forbidden));
        assert_eq!(
            plan.pick(Endpoint::CampaignGet, NOW),
            Some(Fault::Forbidden)
        );
        assert_eq!(plan.pick(Endpoint::CampaignGet, NOW), Some(Fault::NotFound));
        assert_eq!(plan.pick(Endpoint::CampaignGet, later), None);
        plan.add(rule(Fault::Status500, None, FaultTiming::Always));
        assert_eq!(plan.pick(Endpoint::Agents, later), Some(Fault::Status500));
        plan.clear();
        assert_eq!(plan.pick(Endpoint::Token, NOW), None);
    }

    #[test]
    fn a_fault_waits_for_a_request_that_it_can_happen_to() {
        let rules = vec![
            rule(Fault::TakenInPart, None, FaultTiming::Next(1)),
            rule(Fault::AcknowledgedWithoutEffect, None, FaultTiming::Always),
        ];
        let mut plan = FaultPlan::new(rules, 0);
        let mut pick = |endpoint| plan.pick(endpoint, NOW);
        assert_eq!(pick(Endpoint::Agents), None);
        let acknowledged = Some(Fault::AcknowledgedWithoutEffect);
        assert_eq!(pick(Endpoint::CampaignPut), acknowledged);
        assert_eq!(pick(Endpoint::AssignmentsPut), Some(Fault::TakenInPart));
        assert_eq!(pick(Endpoint::AssignmentsPut), acknowledged);
    }

    #[test]
    fn a_share_is_about_kept_and_repeats_with_its_seed() {
        let fired = |seed| {
            let mut plan = FaultPlan::new(
                vec![rule(Fault::Reset, None, FaultTiming::Share(0.25))],
                seed,
            );
            (0..4_000)
                .map(|_| plan.pick(Endpoint::Agents, NOW).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(fired(3), fired(3));
        let count = fired(3).into_iter().filter(|fired| *fired).count();
        assert!((850..1_150).contains(&count), "{count}");
    }
}
