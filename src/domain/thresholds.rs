//! The two thresholds of the hysteresis, as whole agents or as shares of the staffed agents.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A share of the staffed agents, kept in hundredths of a percent so that no rounding creeps in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Share(u32);

impl Share {
    /// 100%.
    const WHOLE: u32 = 10_000;

    /// Returns the least whole number of agents that is at least this share of `staffed`: `ceil(share * staffed)`.
    #[must_use]
    pub fn in_agents(self, staffed: u32) -> u32 {
        let product = u64::from(self.0).saturating_mul(u64::from(staffed));
        u32::try_from(product.div_ceil(u64::from(Self::WHOLE))).unwrap_or(u32::MAX)
    }
}

impl From<u32> for Share {
    /// Takes hundredths of a percent.
    fn from(hundredths: u32) -> Self {
        Self(hundredths)
    }
}

impl From<Share> for u32 {
    /// Gives hundredths of a percent.
    fn from(share: Share) -> Self {
        share.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, hundredths) = (self.0.div_euclid(100), self.0.rem_euclid(100));
        if hundredths == 0 {
            write!(f, "{whole}%")
        } else {
            write!(
                f,
                "{}%",
                format!("{whole}.{hundredths:02}").trim_end_matches('0')
            )
        }
    }
}

/// One threshold: a number of available agents, or a share of the staffed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Whole agents.
    Agents(u32),
    /// A share of the agents that are not offline.
    Share(Share),
}

/// A text that is not a threshold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither a whole number of agents (5) nor a share of the staffed agents from 0% to 100% (12.5%)"
)]
pub struct LimitError(String);

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let wrong = || LimitError(text.to_owned());
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(Self::Agents).map_err(|_| wrong());
        };
        let (whole, hundredths) = percent.split_once('.').unwrap_or((percent, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(hundredths) || hundredths.len() > 2 || whole.len() > 3 {
            return Err(wrong());
        }
        let parsed: u32 = format!("{whole}{hundredths:0<2}")
            .parse()
            .map_err(|_| wrong())?;
        if parsed > Share::WHOLE {
            Err(wrong())
        } else {
            Ok(Self::Share(Share(parsed)))
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agents(agents) => write!(f, "{agents}"),
            Self::Share(share) => write!(f, "{share}"),
        }
    }
}

/// Two limits that do not make a hysteresis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdsError {
    /// Resuming below the pause threshold would flap at every poll.
    #[error(
        "resume-at {resume_at} lies below pause-below {pause_below}; raise resume-at to at least {pause_below}"
    )]
    Crossed {
        /// The pause threshold.
        pause_below: Limit,
        /// The resume threshold.
        resume_at: Limit,
    },
    /// A number and a share cannot be compared before the staffing is known.
    #[error(
        "pause-below {pause_below} and resume-at {resume_at} mix agents and percent; give both the same way"
    )]
    Mixed {
        /// The pause threshold.
        pause_below: Limit,
        /// The resume threshold.
        resume_at: Limit,
    },
}

/// A pause threshold and a resume threshold with `pause_below <= resume_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    pause_below: Limit,
    resume_at: Limit,
}

impl Thresholds {
    /// Joins two limits.
    ///
    /// # Errors
    /// When the resume threshold lies below the pause threshold, or one is in agents and the other in percent.
    pub fn new(pause_below: Limit, resume_at: Limit) -> Result<Self, ThresholdsError> {
        let ordered = match (pause_below, resume_at) {
            (Limit::Agents(p), Limit::Agents(r)) => p <= r,
            (Limit::Share(p), Limit::Share(r)) => p <= r,
            (Limit::Agents(_), Limit::Share(_)) | (Limit::Share(_), Limit::Agents(_)) => {
                return Err(ThresholdsError::Mixed {
                    pause_below,
                    resume_at,
                });
            }
        };
        if ordered {
            Ok(Self {
                pause_below,
                resume_at,
            })
        } else {
            Err(ThresholdsError::Crossed {
                pause_below,
                resume_at,
            })
        }
    }

    /// The threshold below which a running campaign is paused.
    #[must_use]
    pub fn pause_below(&self) -> Limit {
        self.pause_below
    }

    /// The threshold at which our pause is resumed.
    #[must_use]
    pub fn resume_at(&self) -> Limit {
        self.resume_at
    }

    /// Whether both thresholds are equal, so that nothing damps the switching.
    #[must_use]
    pub fn without_band(&self) -> bool {
        self.pause_below == self.resume_at
    }

    /// Whether the staffed agents have to be counted.
    #[must_use]
    pub fn needs_staffed(&self) -> bool {
        matches!(self.pause_below, Limit::Share(_))
    }

    /// Returns the thresholds in whole agents for this many staffed (not offline) agents.
    ///
    /// Shares: `P = ceil(p * S)`, `R = max(P + 1, ceil(r * S))`; with nobody staffed, zero available agents count
    /// as below P.
    #[must_use]
    pub fn in_agents(&self, staffed: u32) -> AgentThresholds {
        match (self.pause_below, self.resume_at) {
            (Limit::Share(p), Limit::Share(r)) => {
                let least = u32::from(staffed == 0);
                let pause_below = p.in_agents(staffed).max(least);
                AgentThresholds {
                    pause_below,
                    resume_at: r.in_agents(staffed).max(pause_below.saturating_add(1)),
                }
            }
            (Limit::Agents(pause_below), Limit::Agents(resume_at)) => AgentThresholds {
                pause_below,
                resume_at,
            },
            // `new` refuses mixtures; should one arrive by another way, the stricter reading of both is safe.
            (Limit::Agents(p), Limit::Share(r)) => AgentThresholds {
                pause_below: p,
                resume_at: r.in_agents(staffed).max(p),
            },
            (Limit::Share(p), Limit::Agents(r)) => {
                let pause_below = p.in_agents(staffed);
                AgentThresholds {
                    pause_below,
                    resume_at: r.max(pause_below),
                }
            }
        }
    }
}

impl Default for Thresholds {
    /// The reference rule: pause below 5, resume at 8.
    fn default() -> Self {
        Self {
            pause_below: Limit::Agents(5),
            resume_at: Limit::Agents(8),
        }
    }
}

/// The thresholds in whole agents, as they apply to one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentThresholds {
    /// A running campaign is paused when fewer agents than this are available.
    pub pause_below: u32,
    /// Our pause is resumed when at least this many agents are available.
    pub resume_at: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(text: &str) -> Limit {
        text.parse().unwrap()
    }

    #[test]
    fn reads_agents_and_shares() {
        assert_eq!(limit("5"), Limit::Agents(5));
        assert_eq!(limit("12.5%"), Limit::Share(Share(1250)));
        assert_eq!(limit("12.5%").to_string(), "12.5%");
        assert_eq!(limit("100%").to_string(), "100%");
        for wrong in [
            "", "%", "-1", "5.5", "101%", "1.234%", "five", "5 %", "+3%", "1.%",
        ] {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn refuses_crossed_and_mixed_thresholds() {
        assert!(matches!(
            Thresholds::new(limit("8"), limit("5")),
            Err(ThresholdsError::Crossed { .. })
        ));
        assert!(matches!(
            Thresholds::new(limit("8%"), limit("5%")),
            Err(ThresholdsError::Crossed { .. })
        ));
        assert!(matches!(
            Thresholds::new(limit("5"), limit("8%")),
            Err(ThresholdsError::Mixed { .. })
        ));
        assert!(
            Thresholds::new(limit("5"), limit("5"))
                .unwrap()
                .without_band()
        );
    }

    #[test]
    fn shares_follow_the_staffing() {
        let thresholds = Thresholds::new(limit("10%"), limit("20%")).unwrap();
        assert_eq!(
            thresholds.in_agents(40),
            AgentThresholds {
                pause_below: 4,
                resume_at: 8
            }
        );
        assert_eq!(
            thresholds.in_agents(41),
            AgentThresholds {
                pause_below: 5,
                resume_at: 9
            }
        );
        assert_eq!(
            thresholds.in_agents(1),
            AgentThresholds {
                pause_below: 1,
                resume_at: 2
            },
            "at least one agent between the thresholds"
        );
        assert_eq!(
            thresholds.in_agents(0),
            AgentThresholds {
                pause_below: 1,
                resume_at: 2
            },
            "nobody staffed counts as below P"
        );
    }
}
