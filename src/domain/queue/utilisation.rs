//! Whether the agents can carry the expected load, by two independent tests.
//!
//! `cycle = handle + wrap-up`, `capacity = agents x 3600 / cycle`, `volume = concurrent x 3600 / handle` (both an hour), and
//! the utilisation is `volume / capacity = concurrent x (handle + wrap-up) / (handle x agents)`. At most 0.90 of the capacity,
//! and at most two calls an agent. An example: 15 agents, 12 calls, 180 s, wrap-up 120 s come to 1.33 and are refused.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fault::ChangeFault;
use super::member::time_text;

/// The highest utilisation that is allowed.
pub const HIGHEST_UTILISATION: f64 = 0.90;

/// The most concurrent calls an agent.
pub const MOST_CALLS_AN_AGENT: f64 = 2.0;

/// The load that a queue is expected to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedLoad {
    /// Agents who serve it.
    pub agents: u32,
    /// Calls at once.
    pub concurrent: u32,
    /// The mean time of a call, without wrap-up.
    pub handle_time: Duration,
}

/// The load compared with the capacity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Utilisation {
    /// The expected load.
    pub load: ExpectedLoad,
    /// The wrap-up that was assumed.
    pub wrap_up: Duration,
    /// Calls an hour that the agents can serve.
    pub hourly_capacity: f64,
    /// Calls an hour that are expected.
    pub hourly_volume: f64,
    /// Their ratio.
    pub ratio: f64,
}

impl ExpectedLoad {
    /// The utilisation with this wrap-up.
    ///
    /// # Errors
    /// Every input that makes no sense: no agents, or a call that takes no time.
    pub fn utilisation(self, wrap_up: Duration) -> Result<Utilisation, Vec<ChangeFault>> {
        let mut faults = Vec::new();
        if self.agents == 0 {
            faults.push(ChangeFault::new(
                "load.agents",
                "is 0, so that there is no capacity to hold the load against",
                "give 1 or more",
            ));
        }
        if self.handle_time.is_zero() {
            faults.push(ChangeFault::new(
                "load.handle_time",
                "is 0, and a call takes time",
                "give the mean time of a call, such as \"180s\"",
            ));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let (agents, concurrent) = (f64::from(self.agents), f64::from(self.concurrent));
        let handle = self.handle_time.as_secs_f64();
        let hourly_capacity = agents * (3600.0 / (handle + wrap_up.as_secs_f64()));
        let hourly_volume = concurrent * (3600.0 / handle);
        Ok(Utilisation {
            load: self,
            wrap_up,
            hourly_capacity,
            hourly_volume,
            ratio: hourly_volume / hourly_capacity,
        })
    }
}

impl Utilisation {
    /// Returns the faults that the tests find; each test on its own.
    #[must_use]
    pub fn faults(&self) -> Vec<ChangeFault> {
        let mut faults = Vec::new();
        if self.ratio > HIGHEST_UTILISATION {
            faults.push(ChangeFault::new(
                "load",
                format!("{self}, more than {HIGHEST_UTILISATION:.2}"),
                "have more agents, a shorter wrap-up, or fewer calls at once",
            ));
        }
        let ExpectedLoad {
            agents, concurrent, ..
        } = self.load;
        if f64::from(concurrent) > MOST_CALLS_AN_AGENT * f64::from(agents) {
            faults.push(ChangeFault::new(
                "load.concurrent",
                format!("{concurrent} calls at once are more than twice the {agents} agents"),
                "let the queue overflow into another",
            ));
        }
        faults
    }
}

impl fmt::Display for Utilisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ExpectedLoad {
            agents,
            concurrent,
            handle_time,
        } = self.load;
        let (handle, wrap_up) = (time_text(handle_time), time_text(self.wrap_up));
        write!(
            f,
            "utilisation {:.2} = {concurrent} calls x ({handle} + {wrap_up} wrap-up) / ({handle} x {agents} agents)",
            self.ratio
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utilisation(agents: u32, concurrent: u32, handle: u64, wrap_up: u64) -> Utilisation {
        let load = ExpectedLoad {
            agents,
            concurrent,
            handle_time: Duration::from_secs(handle),
        };
        load.utilisation(Duration::from_secs(wrap_up)).unwrap()
    }

    #[test]
    fn the_example_is_refused_with_its_numbers() {
        let example = utilisation(15, 12, 180, 120);
        assert!((example.hourly_capacity - 180.0).abs() < 1e-9);
        assert!((example.hourly_volume - 240.0).abs() < 1e-9);
        let faults = example.faults();
        assert_eq!(faults.len(), 1);
        assert_eq!(
            faults[0].wrong,
            "utilisation 1.33 = 12 calls x (3m + 2m wrap-up) / (3m x 15 agents), more than 0.90"
        );
    }

    #[test]
    fn both_tests_speak_for_themselves() {
        assert_eq!(utilisation(10, 9, 180, 0).faults(), [], "0.90 is allowed");
        assert_eq!(utilisation(100, 91, 180, 0).faults().len(), 1);
        let both = utilisation(10, 21, 180, 0).faults();
        let about: Vec<&str> = both.iter().map(|fault| fault.member.as_str()).collect();
        assert_eq!(about, ["load", "load.concurrent"]);
        assert_eq!(
            utilisation(10, 20, 180, 0).faults().len(),
            1,
            "twice is allowed by the second"
        );
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        let load = ExpectedLoad {
            agents: 0,
            concurrent: 1,
            handle_time: Duration::ZERO,
        };
        assert_eq!(load.utilisation(Duration::ZERO).unwrap_err().len(), 2);
    }
}
