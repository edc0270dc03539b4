//! Which policies nothing else beats.

use super::summary::ArmRow;

/// Returns for each row whether it is on the Pareto front of connects and abandoned calls: no other one connects as many with
/// fewer abandoned, or more with as few. Transitions are not in it, so a row off the front may be the calmer one.
#[must_use]
pub fn on_front(rows: &[ArmRow]) -> Vec<bool> {
    let figures = |row: &ArmRow| (row.connects_per_hour.mean, row.abandoned_share.mean);
    let beaten = |row: &ArmRow| {
        let (connects, abandoned) = figures(row);
        rows.iter().map(figures).any(|(more, fewer)| {
            more >= connects && fewer <= abandoned && (more > connects || fewer < abandoned)
        })
    };
    rows.iter().map(|row| !beaten(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::summary::Estimate;
    use super::*;

    fn row(connects: f64, abandoned: f64) -> ArmRow {
        let known = |mean| Estimate {
            mean,
            standard_error: 0.0,
        };
        ArmRow {
            arm: String::new(),
            connects_per_hour: known(connects),
            abandoned_share: known(abandoned),
            transitions_per_hour: known(0.0),
            short_gap_share: known(0.0),
            paused_share: known(0.0),
            idle_while_paused: known(0.0),
            inbound_abandoned_share: known(0.0),
            service_level: known(0.0),
            pace_changes_per_hour: known(0.0),
        }
    }

    #[test]
    fn what_another_row_beats_is_not_on_the_front() {
        let rows = [
            row(191.0, 0.02),
            row(168.0, 0.003),
            row(184.0, 0.009),
            row(184.0, 0.005),
            row(160.0, 0.003),
        ];
        assert_eq!(on_front(&rows), [true, true, false, true, false]);
    }

    #[test]
    fn equal_rows_do_not_beat_each_other() {
        assert_eq!(on_front(&[row(1.0, 0.1), row(1.0, 0.1)]), [true, true]);
        assert!(on_front(&[]).is_empty());
    }
}
