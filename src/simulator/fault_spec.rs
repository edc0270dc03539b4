//! Faults in the form of the command line and the control API: a comma separated list of `NAME[:ENDPOINT][=SHARE]`, as in
//! `500:agents=0.05,lost-reply:campaign-put=0.2`.

use std::time::Duration;

use hyper::StatusCode;

use super::dialects::cxone_v2::quirks::Transition;
use super::faults::{Endpoint, Fault, FaultPlan, FaultRule, FaultTiming};

/// Longer than any client's time-outs and repetitions.
const MUCH_LATER: Duration = Duration::from_secs(300);

/// Names on the command line, with the faults that they mean. `slow` waits longer than an impatient client.
const NAMED: [NamedFault; 28] = [
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
    ("409", || Fault::Conflict),
    ("429", || Fault::TooMany {
        retry_after: Some("1".to_owned()),
    }),
    ("429-no-header", || Fault::TooMany { retry_after: None }),
    ("lost-reply", || Fault::LostReply),
    ("late-effect", || Fault::LateEffect(Duration::from_secs(2))),
    ("slow", || Fault::Slow(Duration::from_secs(3))),
    ("503-with-effect", || Fault::Status503WithEffect),
    ("stall-with-effect", || Fault::StallWithEffect),
    ("503-late-effect", || Fault::Status503LateEffect(MUCH_LATER)),
    ("stall-late-effect", || Fault::StallLateEffect(MUCH_LATER)),
    ("ack-without-effect", || Fault::AcknowledgedWithoutEffect),
    ("ack-late-effect", || {
        Fault::AcknowledgedLateEffect(MUCH_LATER)
    }),
    ("transition", || {
        Fault::Transition(Transition {
            word: None,
            lasting: Duration::from_secs(20),
        })
    }),
    ("taken-in-part", || Fault::TakenInPart),
    ("empty-200", || Fault::EmptyOk),
    ("206", || Fault::PartialContent),
    ("secrets-4xx", || {
        Fault::SecretsEchoed(StatusCode::BAD_REQUEST)
    }),
    ("secrets-5xx", || {
        Fault::SecretsEchoed(StatusCode::BAD_GATEWAY)
    }),
];

type NamedFault = (&'static str, fn() -> Fault);

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
    /// The platform's dialect does not have the endpoint.
    #[error(
        "fault at {endpoint:?}: this platform has no such endpoint, expected one of {expected}"
    )]
    Foreign {
        /// The endpoint.
        endpoint: &'static str,
        /// Those that there are.
        expected: String,
    },
    /// The share is not a number from 0 to 1.
    #[error("fault {piece:?}: the share has to be a number above 0 and at most 1")]
    Share {
        /// The piece of the list.
        piece: String,
    },
}

impl FaultPlan {
    /// Reads the command line's form; an empty text gives no rules.
    ///
    /// # Errors
    /// Names the first piece that cannot be understood, and what is expected there.
    pub fn parse(spec: &str) -> Result<Vec<FaultRule>, FaultSpecError> {
        spec.split(',')
            .map(str::trim)
            .filter(|piece| !piece.is_empty())
            .map(parse_rule)
            .collect()
    }

    /// Returns the names of the faults of that form, with commas between them.
    #[must_use]
    pub fn names() -> String {
        fault_names()
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
            let named = Endpoint::every().find(|endpoint| endpoint.name() == place);
            Some(named.ok_or_else(|| FaultSpecError::Endpoint { piece: owned() })?)
        }
    };
    let when = match share {
        None => FaultTiming::Always,
        Some(share) => {
            let share = share
                .parse::<f64>()
                .ok()
                .filter(|share| *share > 0.0 && *share <= 1.0);
            FaultTiming::Share(share.ok_or_else(|| FaultSpecError::Share { piece: owned() })?)
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
    let names: Vec<&str> = Endpoint::every().map(Endpoint::name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(fault: Fault, endpoint: Option<Endpoint>, when: FaultTiming) -> FaultRule {
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
            rule(
                Fault::Status500,
                Some(Endpoint::Agents),
                FaultTiming::Share(0.05),
            ),
            rule(
                Fault::LostReply,
                Some(Endpoint::CampaignPut),
                FaultTiming::Share(0.2),
            ),
            rule(Fault::Stall, None, FaultTiming::Always),
            rule(
                Fault::TooMany { retry_after: None },
                None,
                FaultTiming::Share(1.0),
            ),
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
        let endpoint = wrong("500:agent=0.1");
        let start = "fault \"500:agent=0.1\": unknown endpoint, expected one of token, agents, campaign-get";
        assert!(endpoint.starts_with(start), "{endpoint}");
        assert!(
            endpoint.contains(
                ", profile-put, outcomes, idle-reserve-get, idle-reserve-put, area-token, "
            ),
            "{endpoint}"
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
}
