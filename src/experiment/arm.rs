//! The arms of an experiment.

use std::fmt;
use std::time::Duration;

use crate::domain::aim::{AimBy, AimRule, AimSignal};
use crate::domain::calendar::WeeklyHours;
use crate::domain::{Actuator, Confirmation, Limit, Policy, Thresholds};

/// A rule with its poll interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// The name in the results.
    pub name: String,
    /// What decides.
    pub rule: ArmRule,
    /// The poll interval.
    pub poll_interval: Duration,
    /// Whether that was asked for, and is not the default.
    pub interval_given: bool,
    /// Outside of these calling hours, in the zone of the scenario, nothing is resumed and what runs is paused.
    pub hours: Option<WeeklyHours>,
    /// The scenario's campaigns share their agents as a group does, the first one before the others.
    pub grouped: bool,
}

/// What decides in an arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArmRule {
    /// Nothing: the campaigns are left running.
    AlwaysRun,
    /// The daemon's rules.
    Policy(Box<Policy>),
}

/// The poll interval where none is given: the daemon's default.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// The poll interval of an aim where none is given: at 30 s it connects fewer calls at the same share.
const AIM_POLL_INTERVAL: Duration = Duration::from_secs(10);

/// What begins an arm that aims at a share.
const AIM: &str = "aim=";

impl Arm {
    /// Returns the arm that leaves the campaigns running.
    #[must_use]
    pub fn always_run() -> Self {
        Self::with("always", ArmRule::AlwaysRun)
    }

    /// Creates the arm of a policy at the default interval.
    #[must_use]
    pub fn new(name: &str, policy: Policy) -> Self {
        Self::with(name, ArmRule::Policy(Box::new(policy)))
    }

    fn with(name: &str, rule: ArmRule) -> Self {
        Self {
            name: name.to_owned(),
            rule,
            poll_interval: POLL_INTERVAL,
            interval_given: false,
            hours: None,
            grouped: false,
        }
    }

    /// Reads `always`, thresholds with options (`5/8`, `5/8,poll=10s`, `5/8,running=3m,paused=3m`), or a share of abandoned
    /// calls with options (`aim=0.5%`, `aim=0.5%,gap=4,start=2.5,signal=available`). What they are carried out with is an
    /// option of both (`5/8,actuator=step-down`), and the idle reserve one of a share (`aim=0.5%,reserve`).
    ///
    /// # Errors
    /// When the text cannot be read; the message says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "always" {
            return Ok(Self::always_run());
        }
        let mut pieces = text.split(',').map(str::trim);
        let first = pieces.next().unwrap_or_default();
        let mut policy = rule(first)?;
        let (mut interval, mut hours, mut grouped) = (None, None, false);
        for piece in pieces {
            let (key, value) = key_and_value(piece);
            match key {
                "poll" => interval = Some(poll(piece)?),
                "hours" => hours = Some(calling_hours(piece, value)?),
                "grouped" if piece == key => grouped = true,
                _ => option(&mut policy, piece)?,
            }
        }
        let default = if policy.aim.is_some() {
            AIM_POLL_INTERVAL
        } else {
            POLL_INTERVAL
        };
        Ok(Self {
            poll_interval: interval.unwrap_or(default),
            interval_given: interval.is_some(),
            hours,
            grouped,
            ..Self::new(text, policy)
        })
    }

    /// Whether it learns from day to day: only an aim does.
    #[must_use]
    pub fn learns(&self) -> bool {
        match &self.rule {
            ArmRule::AlwaysRun => false,
            ArmRule::Policy(policy) => policy.aim.is_some(),
        }
    }

    pub(super) fn actuator(&self) -> Actuator {
        match &self.rule {
            ArmRule::AlwaysRun => Actuator::Pause,
            ArmRule::Policy(policy) => policy.actuator,
        }
    }
}

/// Reads what an arm begins with: thresholds, or a share.
fn rule(first: &str) -> Result<Policy, String> {
    if let Some(target) = first.strip_prefix(AIM) {
        let target = target.parse().map_err(|wrong| format!("{wrong}"))?;
        return Ok(Policy {
            aim: Some(AimRule::new(target)),
            ..Policy::default()
        });
    }
    let (pause, resume) = first.split_once('/').ok_or_else(|| {
        format!(
            "`{first}`: expected `always`, thresholds such as 5/8 (pause below 5, resume at 8), or aim=0.5%"
        )
    })?;
    let limit = |text: &str| {
        text.parse::<Limit>()
            .map_err(|wrong| format!("`{text}`: {wrong}"))
    };
    let thresholds = Thresholds::new(limit(pause)?, limit(resume)?)
        .map_err(|wrong| format!("`{first}`: {wrong}"))?;
    Ok(Policy {
        thresholds,
        ..Policy::default()
    })
}

/// Reads an option of the policy.
fn option(policy: &mut Policy, piece: &str) -> Result<(), String> {
    let (key, value) = key_and_value(piece);
    let wrong = |wrong: String| format!("`{piece}`: {wrong}");
    match (key, &mut policy.aim) {
        ("running", _) => policy.min_running = time(piece)?,
        ("paused", _) => policy.min_paused = time(piece)?,
        ("resumes", _) => {
            let most = value
                .parse()
                .map_err(|_| wrong("expected resumes an hour, such as resumes=6".to_owned()))?;
            policy.max_resumes_per_hour = Some(most);
        }
        ("confirm", _) => {
            let confirmation = value
                .parse::<Confirmation>()
                .map_err(|unknown| wrong(unknown.to_string()))?;
            policy.confirm_pause = confirmation;
            policy.confirm_resume = confirmation;
        }
        ("actuator", aim) => {
            let actuator = value
                .parse::<Actuator>()
                .map_err(|unknown| wrong(unknown.to_string()))?;
            if actuator == Actuator::IdleReserve && aim.is_none() {
                return Err(wrong(
                    "an idle reserve follows from an aim, such as aim=0.5%,reserve".to_owned(),
                ));
            }
            policy.actuator = actuator;
        }
        ("reserve", Some(_)) if piece == key => policy.actuator = Actuator::IdleReserve,
        ("by", Some(aim)) if value == AimBy::Shortage.label() => aim.by = AimBy::Shortage,
        ("gap", Some(aim)) => aim.gap = value.parse().map_err(wrong)?,
        ("start", Some(aim)) => aim.start = value.parse().map_err(wrong)?,
        ("signal", Some(aim)) => {
            aim.signal = value
                .parse::<AimSignal>()
                .map_err(|unknown| wrong(unknown.to_string()))?;
        }
        (_, aim) => {
            let of_aims = if aim.is_some() {
                ", gap=, start=, signal=, by=shortage, reserve"
            } else {
                ""
            };
            return Err(wrong(format!(
                "expected poll=, running=, paused=, confirm=, resumes=, hours=, grouped, actuator={of_aims}"
            )));
        }
    }
    Ok(())
}

fn key_and_value(piece: &str) -> (&str, &str) {
    piece.split_once('=').unwrap_or((piece, ""))
}

fn time(piece: &str) -> Result<Duration, String> {
    let (key, value) = key_and_value(piece);
    humantime::parse_duration(value)
        .map_err(|wrong| format!("`{piece}`: {wrong}; write it such as {key}=90s"))
}

/// Spans of a day, joined by `+`, as in `hours=09:00-12:00+13:00-17:00`.
fn calling_hours(piece: &str, value: &str) -> Result<WeeklyHours, String> {
    let every_day = WeeklyHours::every_day();
    let spans = value.replace('+', " ");
    WeeklyHours::parse([spans.as_str()], &every_day).map_err(|wrong| {
        format!("`{piece}`: {wrong}; write it such as hours=09:00-12:00+13:00-17:00")
    })
}

fn poll(piece: &str) -> Result<Duration, String> {
    time(piece).map(|interval| interval.max(Duration::from_secs(1)))
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
        assert_eq!(policy_of(plain.clone()), Policy::default());
        assert_eq!(plain.poll_interval, POLL_INTERVAL);
        let full =
            Arm::parse("2/5, poll=10s, running=3m, paused=90s, resumes=6, confirm=2/3").unwrap();
        assert_eq!(full.poll_interval, Duration::from_secs(10));
        let policy = policy_of(full);
        assert_eq!(
            (policy.min_running, policy.min_paused),
            (Duration::from_secs(180), Duration::from_secs(90))
        );
        assert_eq!(policy.max_resumes_per_hour, Some(6));
        assert_eq!(policy.confirm_pause.to_string(), "2/3");
    }

    fn policy_of(arm: Arm) -> Policy {
        match arm.rule {
            ArmRule::Policy(policy) => *policy,
            ArmRule::AlwaysRun => panic!("{arm} has no policy"),
        }
    }

    #[test]
    fn an_aim_is_read_with_its_options() {
        let plain = Arm::parse("aim=0.5%").unwrap();
        let rule = AimRule::new("0.5%".parse().unwrap());
        let aims = |rule| Policy {
            aim: Some(rule),
            ..Policy::default()
        };
        assert!(plain.learns());
        assert_eq!(policy_of(plain.clone()), aims(rule));
        assert_eq!(plain.poll_interval, Duration::from_secs(10));
        let full = Arm::parse("aim=2%, poll=30s, gap=4, start=2.5, signal=free+serving").unwrap();
        let rule = AimRule {
            gap: "4".parse().unwrap(),
            start: "2.5".parse().unwrap(),
            signal: AimSignal::FreeAndServing,
            ..AimRule::new("2%".parse().unwrap())
        };
        assert_eq!(full.poll_interval, Duration::from_secs(30));
        assert_eq!(policy_of(full), aims(rule));
        let bounded = Arm::parse("aim=1%,hours=09:00-12:00,grouped,running=3m,resumes=20").unwrap();
        assert!(bounded.grouped && bounded.hours.is_some());
        let bounded = policy_of(bounded);
        assert_eq!(bounded.min_running, Duration::from_secs(180));
        assert_eq!(bounded.max_resumes_per_hour, Some(20));
    }

    #[test]
    fn an_actuator_is_read() {
        for (text, actuator) in [
            ("5/8", Actuator::Pause),
            ("5/8,actuator=step-down,poll=10s", Actuator::StepDown),
            (
                "aim=0.5%,actuator=step-down-then-pause",
                Actuator::StepDownThenPause,
            ),
            ("aim=0.5%,reserve", Actuator::IdleReserve),
            (
                "aim=0.5%,actuator=idle-reserve,gap=4",
                Actuator::IdleReserve,
            ),
        ] {
            assert_eq!(Arm::parse(text).unwrap().actuator(), actuator, "{text}");
        }
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
            ("5/8,hours=morning", "hours=09:00-12:00"),
            ("5/8,grouped=yes", "grouped"),
            ("aim=0.5%,grouped=1", "start="),
            ("5/8,gap=2", "grouped"),
            ("aim=0", "0.01%"),
            ("aim=0.5%,gap=0.3", "gap=0.3"),
            ("aim=0.5%,signal=idle", "free+serving"),
            ("aim=0.5%,dwell=3m", "start="),
            ("aim=0.5%,reserve=4", ", reserve"),
            ("5/8,reserve", "actuator="),
            ("5/8,actuator=idle-reserve", "aim=0.5%,reserve"),
            ("5/8,actuator=slow", "step-down-then-pause"),
        ] {
            let wrong = Arm::parse(text).unwrap_err();
            assert!(wrong.contains(part), "{text}: {wrong}");
        }
    }
}
