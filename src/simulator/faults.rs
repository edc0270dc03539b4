//! Faults as values: what can go wrong with an answer, and when it does.
//!
//! Rules are tried in order and the first one that fires decides. The command line's form is a comma
//! separated list of `NAME[:ENDPOINT][=SHARE]`, as in `500:agents=0.05,lost-reply:campaign-put=0.2`.

use std::time::Duration;

use super::time::SimTime;

/// Names on the command line, with what they stand for. `slow` waits longer than an impatient client.
const NAMED: [NamedFault; 15] = [
    ("500", || Fault::Status500),
    ("html503", || Fault::Html503),
    ("reset", || Fault::Reset),
    ("stall", || Fault::Stall),
    ("truncate", || Fault::Truncate),
    ("wrong-json", || Fault::WrongJson),
    ("garbled-json", || Fault::GarbledJson),
    ("401", || Fault::Unauthorized),
    ("403", || Fault::Forbidden),
    ("404", || Fault::NotFound),
    ("429", || Fault::TooMany {
        retry_after: Some("1".to_owned()),
    }),
    ("429-no-header", || Fault::TooMany { retry_after: None }),
    ("lost-reply", || Fault::LostReply),
    ("late-effect", || Fault::LateEffect(Duration::from_secs(2))),
    ("slow", || Fault::Slow(Duration::from_secs(3))),
];

type NamedFault = (&'static str, fn() -> Fault);

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
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 12] = [
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
    ];

    /// The name used in fault rules.
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
        }
    }

    /// The scopes of which a token needs one, where it needs any; nothing where no token is needed.
    #[must_use]
    pub fn scopes(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Token => None,
            Self::Agents => Some(&["interactions:agents:read"]),
            Self::CampaignGet => Some(&["campaigns:read"]),
            Self::CampaignPut => Some(&["campaigns:write"]),
            Self::AssignmentsGet => Some(&["outbound:campaigns:read"]),
            Self::AssignmentsPut => Some(&["outbound:campaigns:write"]),
            Self::Skills => Some(&["routing:skill:read", "routing:skill:view"]),
            Self::QueueGet | Self::QueueStatistics => Some(&["routing:queue:view"]),
            Self::QueuePatch => Some(&["routing:queue:write"]),
            Self::QueuePut => Some(&["routing:queue:write", "routing:queue:update"]),
            Self::ProfilePut => Some(&[]),
        }
    }

    /// Whether its path has a campaign's id.
    #[must_use]
    pub fn is_of_a_campaign(self) -> bool {
        match self {
            Self::CampaignGet | Self::CampaignPut | Self::AssignmentsGet | Self::AssignmentsPut => {
                true
            }
            Self::Token
            | Self::Agents
            | Self::Skills
            | Self::QueueGet
            | Self::QueuePatch
            | Self::QueuePut
            | Self::QueueStatistics
            | Self::ProfilePut => false,
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
            | Self::ProfilePut => true,
            Self::Token
            | Self::Agents
            | Self::CampaignGet
            | Self::AssignmentsGet
            | Self::Skills
            | Self::QueueGet
            | Self::QueueStatistics => false,
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
    /// Carried out at once, and answered so much later (with what was true at once).
    Slow(Duration),
}

impl Fault {
    /// A name that stays the same whatever the fault carries; the command line has most of them.
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
            Self::TooMany { retry_after } if retry_after.is_some() => "429",
            Self::TooMany { .. } => "429-no-header",
            Self::LostReply => "lost-reply",
            Self::LateEffect(_) => "late-effect",
            Self::Slow(_) => "slow",
        }
    }
}

/// When a rule fires.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
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
    /// Where; everywhere without one.
    pub endpoint: Option<Endpoint>,
    /// When.
    pub when: When,
}

/// A piece of a fault list that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultSpecError {
    /// The fault has an unknown name.
    #[error("fault {piece:?}: unknown name, expected one of {}", fault_names())]
    Name {
        /// The piece of the list.
        piece: String,
    },
    /// The endpoint has an unknown name.
    #[error(
        "fault {piece:?}: unknown endpoint, expected one of {}",
        endpoint_names()
    )]
    Endpoint {
        /// The piece of the list.
        piece: String,
    },
    /// The share is no share.
    #[error("fault {piece:?}: the share has to be a number above 0 and at most 1")]
    Share {
        /// The piece of the list.
        piece: String,
    },
}

/// The rules in force.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    rules: Vec<FaultRule>,
    rng: fastrand::Rng,
}

impl FaultPlan {
    /// A plan; the same seed and requests give the same faults.
    #[must_use]
    pub fn new(rules: Vec<FaultRule>, seed: u64) -> Self {
        Self {
            rules,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// Reads the command line's form; an empty text is no rule.
    ///
    /// # Errors
    /// Names the first piece that cannot be understood, and what can stand there.
    pub fn parse(spec: &str) -> Result<Vec<FaultRule>, FaultSpecError> {
        spec.split(',')
            .map(str::trim)
            .filter(|piece| !piece.is_empty())
            .map(parse_rule)
            .collect()
    }

    /// Adds a rule after the others.
    pub fn add(&mut self, rule: FaultRule) {
        self.rules.push(rule);
    }

    /// Ends all faults.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// What goes wrong with a request that arrives at `now`, if anything does.
    pub fn pick(&mut self, endpoint: Endpoint, now: SimTime) -> Option<Fault> {
        let Self { rules, rng } = self;
        rules.retain(|rule| rule.when != When::Next(0));
        rules.iter_mut().find_map(|rule| {
            let matches = rule.endpoint.is_none_or(|only| only == endpoint);
            (matches && fires(&mut rule.when, now, rng)).then(|| rule.fault.clone())
        })
    }
}

fn fires(when: &mut When, now: SimTime, rng: &mut fastrand::Rng) -> bool {
    match when {
        When::Share(share) => rng.f64() < *share,
        When::Next(left) => {
            let fires = *left > 0;
            *left = left.saturating_sub(1);
            fires
        }
        When::Always => true,
        When::Between(from, until) => (*from..*until).contains(&now),
    }
}

fn parse_rule(piece: &str) -> Result<FaultRule, FaultSpecError> {
    let owned = || piece.to_owned();
    let (what, share) = piece
        .split_once('=')
        .map_or((piece, None), |(what, share)| (what, Some(share)));
    let (name, place) = what
        .split_once(':')
        .map_or((what, None), |(name, place)| (name, Some(place)));
    let named = NAMED.iter().find(|(known, _)| *known == name);
    let (_, fault) = named.ok_or_else(|| FaultSpecError::Name { piece: owned() })?;
    let endpoint = match place {
        None => None,
        Some(place) => {
            let named = Endpoint::ALL
                .into_iter()
                .find(|endpoint| endpoint.name() == place);
            Some(named.ok_or_else(|| FaultSpecError::Endpoint { piece: owned() })?)
        }
    };
    let when = match share {
        None => When::Always,
        Some(share) => {
            let share = share
                .parse::<f64>()
                .ok()
                .filter(|share| *share > 0.0 && *share <= 1.0);
            When::Share(share.ok_or_else(|| FaultSpecError::Share { piece: owned() })?)
        }
    };
    Ok(FaultRule {
        fault: fault(),
        endpoint,
        when,
    })
}

fn fault_names() -> String {
    NAMED.map(|(name, _)| name).join(", ")
}

fn endpoint_names() -> String {
    Endpoint::ALL.map(Endpoint::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SimTime = SimTime::from_unix_millis(1_000);

    fn rule(fault: Fault, endpoint: Option<Endpoint>, when: When) -> FaultRule {
        FaultRule {
            fault,
            endpoint,
            when,
        }
    }

    #[test]
    fn reads_the_command_lines_form() {
        let rules =
            FaultPlan::parse("500:agents=0.05, lost-reply:campaign-put=0.2,stall,429-no-header=1")
                .unwrap();
        let expected = [
            rule(Fault::Status500, Some(Endpoint::Agents), When::Share(0.05)),
            rule(
                Fault::LostReply,
                Some(Endpoint::CampaignPut),
                When::Share(0.2),
            ),
            rule(Fault::Stall, None, When::Always),
            rule(Fault::TooMany { retry_after: None }, None, When::Share(1.0)),
        ];
        assert_eq!(rules, expected);
        assert_eq!(FaultPlan::parse(" "), Ok(Vec::new()));
        for (name, _) in NAMED {
            let rules = FaultPlan::parse(name).unwrap();
            assert_eq!((rules.len(), rules[0].fault.name()), (1, name));
        }
    }

    #[test]
    fn names_the_piece_and_what_is_allowed() {
        let wrong = |spec| FaultPlan::parse(spec).unwrap_err().to_string();
        assert!(
            wrong("stall,501")
                .starts_with("fault \"501\": unknown name, expected one of 500, html503, reset")
        );
        assert_eq!(
            wrong("500:agent=0.1"),
            "fault \"500:agent=0.1\": unknown endpoint, expected one of token, agents, campaign-get, campaign-put, assignments-get, assignments-put, skills, queue-get, queue-patch, queue-put, queue-statistics, profile-put"
        );
        for share in ["0", "1.01", "-1", "NaN", "", "half"] {
            let piece = format!("500={share}");
            assert_eq!(
                FaultPlan::parse(&piece),
                Err(FaultSpecError::Share {
                    piece: piece.clone()
                })
            );
        }
    }

    #[test]
    fn the_first_rule_that_fires_decides() {
        let later = NOW.plus(Duration::from_secs(1));
        let rules = vec![
            rule(Fault::Reset, Some(Endpoint::Token), When::Always),
            rule(Fault::Forbidden, None, When::Next(2)),
            rule(Fault::NotFound, None, When::Between(NOW, later)),
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
        plan.add(rule(Fault::Status500, None, When::Always));
        assert_eq!(plan.pick(Endpoint::Agents, later), Some(Fault::Status500));
        plan.clear();
        assert_eq!(plan.pick(Endpoint::Token, NOW), None);
    }

    #[test]
    fn a_share_is_about_kept_and_repeats_with_its_seed() {
        let fired = |seed| {
            let mut plan = FaultPlan::new(vec![rule(Fault::Reset, None, When::Share(0.25))], seed);
            (0..4_000)
                .map(|_| plan.pick(Endpoint::Agents, NOW).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(fired(3), fired(3));
        let count = fired(3).into_iter().filter(|fired| *fired).count();
        assert!((850..1_150).contains(&count), "{count}");
    }
}
