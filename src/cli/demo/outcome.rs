//! The outcome of the day, with the daemon and without it, for the same customers.

use serde::Serialize;

use crate::control::{SimulationArm, SimulationComparison};
use crate::simulator::CentreFigures;

/// Of a day that somebody interrupted.
pub(super) const NOTHING_TO_COMPARE: &str =
    "Ended before its time, so there is nothing to compare.";

const CONNECTED: &str = "calls connected per hour";
const MET_NOBODY: &str = "answered calls that met nobody";
const HUNG_UP: &str = "inbound callers who hung up";

/// The rows of the short table.
const SHORT: [&str; 3] = [CONNECTED, MET_NOBODY, HUNG_UP];

/// Both arms.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// With the daemon.
    pub(super) with_autopilot: CentreFigures,
    /// Without it; the same callers, customers and agents.
    pub(super) left_running: CentreFigures,
}

/// All campaigns of an arm together.
struct Arm {
    connected_per_hour: f64,
    abandoned: f64,
    transitions_per_hour: f64,
    paused_hours: f64,
    idle_minutes: f64,
    hung_up: f64,
    in_time: f64,
}

impl Arm {
    fn of(figures: &CentreFigures) -> Self {
        let sum = |value: fn(&crate::simulator::CampaignFigures) -> f64| -> f64 {
            figures.campaigns.iter().map(value).sum()
        };
        let calls = |value: fn(&crate::simulator::QueueFigures) -> f64| -> f64 {
            figures.queues.iter().map(value).sum()
        };
        let hours = figures.hours.max(f64::MIN_POSITIVE);
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let connected = sum(|campaign| number(campaign.connected));
        let abandoned = sum(|campaign| number(campaign.abandoned));
        let callers = calls(|queue| number(queue.served + queue.abandoned));
        Self {
            connected_per_hour: connected / hours,
            abandoned: share(abandoned, abandoned + connected),
            transitions_per_hour: sum(|campaign| number(campaign.transitions)) / hours,
            paused_hours: sum(|campaign| campaign.paused_hours),
            idle_minutes: sum(|campaign| campaign.idle_hours_while_paused) * 60.0,
            hung_up: share(calls(|queue| number(queue.abandoned)), callers),
            in_time: share(calls(|queue| number(queue.answered_in_time)), callers),
        }
    }
}

impl Outcome {
    /// The comparison as the page shows it.
    pub(super) fn comparison(&self) -> SimulationComparison {
        let arm = |figures: &CentreFigures| {
            let arm = Arm::of(figures);
            SimulationArm {
                connected_per_hour: arm.connected_per_hour,
                abandoned_share: arm.abandoned,
                hung_up_share: arm.hung_up,
            }
        };
        SimulationComparison {
            hours: self.with_autopilot.hours,
            with_autopilot: arm(&self.with_autopilot),
            left_running: arm(&self.left_running),
        }
    }

    /// The comparison, line by line.
    pub(super) fn table(&self) -> Vec<String> {
        let (with, without) = (Arm::of(&self.with_autopilot), Arm::of(&self.left_running));
        let mut lines = vec![row("", "with the autopilot", "left running")];
        let mut add = |name: &str, show: &dyn Fn(&Arm) -> String| {
            lines.push(row(name, &show(&with), &show(&without)));
        };
        add(CONNECTED, &|arm| format!("{:.1}", arm.connected_per_hour));
        add(MET_NOBODY, &|arm| percent(arm.abandoned));
        add("pauses and resumes per hour", &|arm| {
            format!("{:.1}", arm.transitions_per_hour)
        });
        add("time paused, hours", &|arm| clock(arm.paused_hours));
        add("agent minutes idle while paused", &|arm| {
            format!("{:.0}", arm.idle_minutes)
        });
        add(HUNG_UP, &|arm| percent(arm.hung_up));
        add("inbound calls answered in time", &|arm| {
            percent(arm.in_time)
        });
        lines
    }

    /// The comparison in the figures that the autopilot is there for.
    pub(super) fn short_table(&self) -> Vec<String> {
        let whole = self.table().into_iter().skip(1);
        let kept = whole.filter(|line| SHORT.iter().any(|name| line.starts_with(name)));
        let head = row(
            "The same people, twice:",
            "with the autopilot",
            "left running",
        );
        std::iter::once(head).chain(kept).collect()
    }

    /// Sums the comparison up in one sentence.
    pub(super) fn verdict(&self) -> String {
        let (with, without) = (Arm::of(&self.with_autopilot), Arm::of(&self.left_running));
        let calls = with.connected_per_hour / without.connected_per_hour.max(f64::MIN_POSITIVE);
        format!(
            "Of 10,000 who answered, {:.0} met silence instead of {:.0}; calls connected: {:.0}%.",
            with.abandoned * 10_000.0,
            without.abandoned * 10_000.0,
            calls * 100.0,
        )
    }
}

fn row(name: &str, with: &str, without: &str) -> String {
    format!("{name:<34}{with:>20}{without:>16}")
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// Hours as `2:05`.
pub(super) fn clock(hours: f64) -> String {
    let whole = hours.floor();
    let minutes = ((hours - whole) * 60.0).floor();
    format!("{whole:.0}:{minutes:02.0}")
}

fn number(count: u64) -> f64 {
    // A simulated day has far fewer.
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use crate::experiment::{Arm as Policy, run_day};
    use crate::simulator::Scenario;

    use super::*;

    #[test]
    fn the_table_tells_both_days() {
        let scenario = Scenario::parse(Scenario::text("lunch-dip").unwrap(), "lunch-dip").unwrap();
        let outcome = Outcome {
            with_autopilot: run_day(&scenario, 7, &Policy::parse("5/8").unwrap()),
            left_running: run_day(&scenario, 7, &Policy::always_run()),
        };
        let table = outcome.table().join("\n");
        let connected = &outcome.with_autopilot.campaigns[0];
        let per_hour = format!("{:.1}", number(connected.connected) / 10.0);
        assert!(table.contains(&per_hour), "{per_hour} in\n{table}");
        assert!(table.lines().all(|line| line.chars().count() <= 80));
        // Left running it is paused only by the scenario's person, for 35 minutes.
        assert!(table.contains("0:35"), "{table}");
        assert!(outcome.verdict().contains("met silence instead of"));
    }

    #[test]
    fn hours_read_as_a_clock() {
        assert_eq!(
            [clock(0.0), clock(2.084), clock(9.999)],
            ["0:00", "2:05", "9:59"]
        );
    }
}
