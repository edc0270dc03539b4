//! The arms of an experiment.

use std::fmt;
use std::time::Duration;

use crate::domain::{Limit, Policy, Thresholds};

/// A policy with its poll interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// The name in the results.
    pub name: String,
    /// The rules; without them the campaigns are left running.
    pub policy: Option<Policy>,
    /// The poll interval.
    pub poll_interval: Duration,
    /// Whether that was asked for, and is not the default.
    pub interval_given: bool,
}

/// The poll interval where none is given: the daemon's default.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

impl Arm {
    /// Returns the arm that leaves the campaigns running.
    #[must_use]
    pub fn always_run() -> Self {
        Self {
            name: "always".to_owned(),
            policy: None,
            poll_interval: POLL_INTERVAL,
            interval_given: false,
        }
    }

    /// Creates the arm of a policy at the default interval.
    #[must_use]
    pub fn new(name: &str, policy: Policy) -> Self {
        Self {
            name: name.to_owned(),
            policy: Some(policy),
            poll_interval: POLL_INTERVAL,
            interval_given: false,
        }
    }

    /// Reads `always`, or thresholds with options: `5/8`, `5/8,poll=10s`, `5/8,running=3m,paused=3m`.
    ///
    /// # Errors
    /// When the text cannot be read; the message says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "always" {
            return Ok(Self::always_run());
        }
        let mut pieces = text.split(',').map(str::trim);
        let lines = pieces.next().unwrap_or_default();
        let (pause, resume) = lines.split_once('/').ok_or_else(|| {
            format!("`{lines}`: expected `always`, or thresholds such as 5/8: pause below 5, resume at 8")
        })?;
        let limit = |text: &str| {
            text.parse::<Limit>()
                .map_err(|wrong| format!("`{text}`: {wrong}"))
        };
        let thresholds = Thresholds::new(limit(pause)?, limit(resume)?)
            .map_err(|wrong| format!("`{lines}`: {wrong}"))?;
        let mut policy = Policy {
            thresholds,
            ..Policy::default()
        };
        let mut arm = Self::new(text, policy.clone());
        for piece in pieces {
            let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
            let time = || {
                humantime::parse_duration(value)
                    .map_err(|wrong| format!("`{piece}`: {wrong}; write it such as {key}=90s"))
            };
            match key {
                "poll" => {
                    arm.poll_interval = time()?.max(Duration::from_secs(1));
                    arm.interval_given = true;
                }
                "running" => policy.min_running = time()?,
                "paused" => policy.min_paused = time()?,
                "resumes" => {
                    let most = value.parse().map_err(|_| {
                        format!("`{piece}`: expected resumes an hour, such as resumes=6")
                    })?;
                    policy.max_resumes_per_hour = Some(most);
                }
                "confirm" => {
                    let confirmation = value
                        .parse::<crate::domain::Confirmation>()
                        .map_err(|wrong| format!("`{piece}`: {wrong}"))?;
                    policy.confirm_pause = confirmation;
                    policy.confirm_resume = confirmation;
                }
                _ => {
                    return Err(format!(
                        "`{piece}`: expected poll=, running=, paused=, confirm= or resumes="
                    ));
                }
            }
        }
        arm.policy = Some(policy);
        Ok(arm)
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_is_read_with_its_options() {
        assert_eq!(Arm::parse("always"), Ok(Arm::always_run()));
        let plain = Arm::parse("5/8").unwrap();
        assert_eq!(plain.policy, Some(Policy::default()));
        assert_eq!(plain.poll_interval, POLL_INTERVAL);
        let full =
            Arm::parse("2/5, poll=10s, running=3m, paused=90s, resumes=6, confirm=2/3").unwrap();
        let policy = full.policy.unwrap();
        assert_eq!(full.poll_interval, Duration::from_secs(10));
        assert_eq!(
            (policy.min_running, policy.min_paused),
            (Duration::from_secs(180), Duration::from_secs(90))
        );
        assert_eq!(policy.max_resumes_per_hour, Some(6));
        assert_eq!(policy.confirm_pause.to_string(), "2/3");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, part) in [
            ("", "always"),
            ("5", "5/8"),
            ("8/5", "8/5"),
            ("x/8", "`x`"),
            ("5/8,poll=soon", "poll=90s"),
            ("5/8,dwell=3m", "running="),
            ("5/8,resumes=many", "resumes=6"),
            ("5/8,confirm=4/3", "confirm"),
        ] {
            let wrong = Arm::parse(text).unwrap_err();
            assert!(wrong.contains(part), "{text}: {wrong}");
        }
    }
}
