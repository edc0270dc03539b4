//! Times on the scenario's clock.

use jiff::tz::TimeZone;

use crate::simulator::{Scenario, SimTime};

/// Writes times as people in the scenario's zone read them.
pub(super) struct TimeOfDay(TimeZone);

impl TimeOfDay {
    /// The zone of the scenario, which its check knows.
    pub(super) fn of(scenario: &Scenario) -> Self {
        Self(TimeZone::get(&scenario.zone).unwrap_or(TimeZone::UTC))
    }

    #[cfg(test)]
    pub(super) fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Hours and minutes, `12:50`.
    pub(super) fn minute(&self, at: SimTime) -> String {
        self.written(at, "%H:%M")
    }

    /// To the second, `12:50:13`.
    pub(super) fn second(&self, at: SimTime) -> String {
        self.written(at, "%H:%M:%S")
    }

    /// The hour alone, `12`.
    pub(super) fn hour(&self, at: SimTime) -> String {
        self.written(at, "%H")
    }

    /// From one time to another, `12:50–13:11`.
    pub(super) fn span(&self, from: SimTime, until: SimTime) -> String {
        format!("{}–{}", self.minute(from), self.minute(until))
    }

    /// The last whole hour of that clock at or before `at`.
    pub(super) fn hour_begun(&self, at: SimTime) -> SimTime {
        let moment = jiff::Timestamp::from_microsecond(at.as_unix_micros()).unwrap_or_default();
        let zoned = moment.to_zoned(self.0.clone());
        let round = jiff::ZonedRound::new()
            .smallest(jiff::Unit::Hour)
            .mode(jiff::RoundMode::Trunc);
        zoned
            .round(round)
            .map_or(at, |hour| hour.timestamp().into())
    }

    fn written(&self, at: SimTime, form: &str) -> String {
        let moment = jiff::Timestamp::from_microsecond(at.as_unix_micros()).unwrap_or_default();
        let zoned = moment.to_zoned(self.0.clone());
        zoned.strftime(form).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_scenarios_zone() {
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let clock = TimeOfDay(zone);
        // 07:20:30 UTC.
        let at = SimTime::from_unix_millis(1_715_757_630_999);
        assert_eq!(clock.second(at), "12:50:30");
        let later = SimTime::from_unix_millis(1_715_758_890_000);
        assert_eq!(clock.span(at, later), "12:50–13:11");
        assert_eq!(clock.minute(clock.hour_begun(at)), "12:00");
        assert_eq!(clock.hour(at), "12");
    }
}
