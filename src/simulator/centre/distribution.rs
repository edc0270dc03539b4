//! How long things take.

use std::time::Duration;

use serde::Deserialize;

use super::chance::Stream;

const MICROS_PER_SECOND: f64 = 1_000_000.0;

/// The longest time that a draw can give: no call and no patience lasts longer than a day.
const LONGEST_SECONDS: f64 = 86_400.0;

/// A distribution of durations. In a scenario's file: `"30s"`, or a table with the name of the distribution, such as
/// `{ lognormal = { mean = "190s", sigma = 0.93 } }`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Always the same.
    #[serde(deserialize_with = "duration")]
    Fixed(Duration),
    /// Memoryless.
    Exponential {
        /// The mean.
        #[serde(deserialize_with = "duration")]
        mean: Duration,
    },
    /// The logarithm is normally distributed: how long calls really last (Brown et al., JASA 2005).
    Lognormal {
        /// The mean of the duration itself, not of its logarithm.
        #[serde(deserialize_with = "duration")]
        mean: Duration,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
    /// Every duration between two is as likely.
    Uniform {
        /// The shortest.
        #[serde(deserialize_with = "duration")]
        low: Duration,
        /// The longest.
        #[serde(deserialize_with = "duration")]
        high: Duration,
    },
    /// Patience with two phases: callers who hang up early do so at one rate, those who stay at another.
    TwoPhase {
        /// The mean that the first phase alone would have.
        #[serde(deserialize_with = "duration")]
        early_mean: Duration,
        /// How long the first phase lasts.
        #[serde(deserialize_with = "duration")]
        until: Duration,
        /// The mean time that is left after it.
        #[serde(deserialize_with = "duration")]
        late_mean: Duration,
    },
}

impl Distribution {
    /// A draw, in microseconds.
    pub(super) fn draw(&self, mut stream: Stream) -> i64 {
        micros(match self {
            Self::Fixed(duration) => duration.as_secs_f64(),
            Self::Exponential { mean } => mean.as_secs_f64() * stream.exponential(),
            Self::Lognormal { mean, sigma } => {
                mean.as_secs_f64() * (sigma * stream.normal() - sigma * sigma / 2.0).exp()
            }
            Self::Uniform { low, high } => {
                let (low, high) = (low.as_secs_f64(), high.as_secs_f64());
                low + (high - low) * stream.unit()
            }
            Self::TwoPhase {
                early_mean,
                until,
                late_mean,
            } => {
                let (early, until) = (early_mean.as_secs_f64(), until.as_secs_f64());
                let hazard = stream.exponential();
                let first = until / early;
                if hazard <= first {
                    hazard * early
                } else {
                    until + (hazard - first) * late_mean.as_secs_f64()
                }
            }
        })
    }

    /// The mean, in seconds.
    #[must_use]
    pub fn mean_seconds(&self) -> f64 {
        match self {
            Self::Fixed(duration) => duration.as_secs_f64(),
            Self::Exponential { mean } | Self::Lognormal { mean, .. } => mean.as_secs_f64(),
            Self::Uniform { low, high } => f64::midpoint(low.as_secs_f64(), high.as_secs_f64()),
            Self::TwoPhase {
                early_mean,
                until,
                late_mean,
            } => {
                let early = early_mean.as_secs_f64();
                let left = (-until.as_secs_f64() / early).exp();
                early * (1.0 - left) + late_mean.as_secs_f64() * left
            }
        }
    }

    /// The probability that it is over within `seconds`.
    pub(super) fn within(&self, seconds: f64) -> f64 {
        if seconds <= 0.0 {
            return 0.0;
        }
        match self {
            Self::Fixed(duration) => f64::from(u8::from(duration.as_secs_f64() <= seconds)),
            Self::Exponential { mean } => 1.0 - (-seconds / mean.as_secs_f64()).exp(),
            Self::Lognormal { mean, sigma } => {
                let log_mean = mean.as_secs_f64().ln() - sigma * sigma / 2.0;
                normal_cdf((seconds.ln() - log_mean) / sigma)
            }
            Self::Uniform { low, high } => {
                let (low, high) = (low.as_secs_f64(), high.as_secs_f64());
                if high > low {
                    ((seconds - low) / (high - low)).clamp(0.0, 1.0)
                } else {
                    f64::from(u8::from(low <= seconds))
                }
            }
            Self::TwoPhase {
                early_mean,
                until,
                late_mean,
            } => {
                let until = until.as_secs_f64();
                let early = seconds.min(until) / early_mean.as_secs_f64();
                let late = (seconds - until).max(0.0) / late_mean.as_secs_f64();
                1.0 - (-early - late).exp()
            }
        }
    }

    /// What is wrong with it, if anything.
    pub(super) fn fault(&self) -> Option<String> {
        let long = |duration: &Duration| duration.as_secs_f64() > LONGEST_SECONDS;
        match self {
            Self::Fixed(duration) if long(duration) => Some("longer than a day".to_owned()),
            Self::Exponential { mean } | Self::Lognormal { mean, .. } if mean.is_zero() => {
                Some("the mean is zero; write \"0s\" for no time at all".to_owned())
            }
            Self::Exponential { mean } | Self::Lognormal { mean, .. } if long(mean) => {
                Some("the mean is longer than a day".to_owned())
            }
            Self::Lognormal { sigma, .. } => (!(0.0..=5.0).contains(sigma) || *sigma == 0.0)
                .then(|| format!("sigma is {sigma}, expected more than 0 and at most 5")),
            Self::Uniform { low, high } if low > high => Some("low is above high".to_owned()),
            Self::Uniform { high, .. } if long(high) => Some("longer than a day".to_owned()),
            Self::TwoPhase {
                early_mean,
                late_mean,
                ..
            } if early_mean.is_zero() || late_mean.is_zero() => {
                Some("a phase has the mean zero".to_owned())
            }
            Self::TwoPhase { until, .. } if long(until) => Some("longer than a day".to_owned()),
            Self::Fixed(_)
            | Self::Exponential { .. }
            | Self::Uniform { .. }
            | Self::TwoPhase { .. } => None,
        }
    }
}

/// Seconds as microseconds, at most a day's.
pub(super) fn micros(seconds: f64) -> i64 {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "clamped to a day's microseconds; not-a-number becomes zero"
    )]
    let micros = (seconds.clamp(0.0, LONGEST_SECONDS) * MICROS_PER_SECOND).round() as i64;
    micros
}

/// Microseconds as seconds.
pub(super) fn seconds(micros: i64) -> f64 {
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "microseconds of 285 years fit exactly"
    )]
    let micros = micros as f64;
    micros / MICROS_PER_SECOND
}

/// The standard normal distribution function, to seven digits (Abramowitz and Stegun 26.2.17).
fn normal_cdf(x: f64) -> f64 {
    const TERMS: [f64; 5] = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let sum = TERMS.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    let tail = sum * (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
    if x < 0.0 { tail } else { 1.0 - tail }
}

/// Reads `"90s"`, `"1h 30m"`.
pub(super) fn duration<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|wrong| {
        serde::de::Error::custom(format!("`{text}` is not a duration such as 90s: {wrong}"))
    })
}

/// Reads a distribution, or a plain duration as a fixed one.
pub(super) fn distribution<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Distribution, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Plain(String),
        Named(toml::Table),
    }
    match Written::deserialize(deserializer)? {
        Written::Plain(text) => humantime::parse_duration(&text)
            .map(Distribution::Fixed)
            .map_err(|wrong| {
                serde::de::Error::custom(format!("`{text}` is not a duration such as 90s: {wrong}"))
            }),
        Written::Named(table) => table.try_into().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::Purpose;
    use super::*;

    const ALL: [Distribution; 5] = [
        Distribution::Fixed(Duration::from_secs(30)),
        Distribution::Exponential {
            mean: Duration::from_secs(180),
        },
        Distribution::Lognormal {
            mean: Duration::from_secs(257),
            sigma: 0.93,
        },
        Distribution::Uniform {
            low: Duration::from_secs(5),
            high: Duration::from_secs(15),
        },
        Distribution::TwoPhase {
            early_mean: Duration::from_secs(100),
            until: Duration::from_secs(30),
            late_mean: Duration::from_secs(400),
        },
    ];

    #[test]
    fn the_draws_follow_mean_and_distribution_function() {
        let count = 100_000_u32;
        for distribution in ALL {
            let draws: Vec<f64> = (0..u64::from(count))
                .map(|item| seconds(distribution.draw(Stream::new(3, Purpose::Ring, 0, item))))
                .collect();
            let mean = draws.iter().sum::<f64>() / f64::from(count);
            let expected = distribution.mean_seconds();
            assert!(
                (mean / expected - 1.0).abs() < 0.015,
                "{distribution:?}: mean {mean}, expected {expected}"
            );
            for at in [3.0, 10.0, 29.0, 31.0, 120.0, 600.0] {
                let within: f64 = draws
                    .iter()
                    .map(|draw| f64::from(u8::from(*draw <= at)))
                    .sum();
                let share = within / f64::from(count);
                let expected = distribution.within(at);
                assert!(
                    (share - expected).abs() < 0.006,
                    "{distribution:?} within {at} s: {share}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn what_cannot_be_drawn_from_is_refused() {
        let zero = Duration::ZERO;
        let day = Duration::from_secs(86_401);
        for wrong in [
            Distribution::Fixed(day),
            Distribution::Exponential { mean: zero },
            Distribution::Exponential { mean: day },
            Distribution::Lognormal {
                mean: Duration::from_secs(1),
                sigma: 0.0,
            },
            Distribution::Lognormal {
                mean: Duration::from_secs(1),
                sigma: f64::NAN,
            },
            Distribution::Uniform {
                low: Duration::from_secs(2),
                high: Duration::from_secs(1),
            },
            Distribution::TwoPhase {
                early_mean: zero,
                until: Duration::from_secs(1),
                late_mean: Duration::from_secs(1),
            },
        ] {
            assert!(wrong.fault().is_some(), "{wrong:?}");
        }
        assert!(ALL.iter().all(|right| right.fault().is_none()));
    }
}
