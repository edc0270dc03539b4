//! The default rule: with everything working and nobody else acting, the commands are those of five lines.

use campaign_autopilot::domain::{CampaignActivity, Direction, Policy};
use proptest::prelude::*;

use super::driver::{Driver, lines};
use super::properties::cases;
use super::script::{Action, Poll, Setting, Tick, confirmation, poll, thresholds};

/// The reference rule, with k of the last n samples since the last transition.
fn five_lines(policy: &Policy, polls: &[Poll]) -> Vec<(usize, Direction)> {
    let mut running = true;
    let mut seen = Vec::new();
    let mut commands = Vec::new();
    for (at, poll) in polls.iter().enumerate() {
        let Poll::Valid { available, busy } = poll else {
            continue;
        };
        let x = u32::from(*available);
        seen.push((x, lines(policy, x + u32::from(*busy))));
        let (direction, rule) = if running {
            (Direction::Pause, policy.confirm_pause)
        } else {
            (Direction::Resume, policy.confirm_resume)
        };
        let asks = |(x, lines): &(u32, campaign_autopilot::domain::AgentThresholds)| match direction
        {
            Direction::Pause => *x < lines.pause_below,
            Direction::Resume => *x >= lines.resume_at,
        };
        let (n, k) = (usize::from(rule.of_last()), usize::from(rule.needed()));
        let agreeing = seen.iter().rev().take(n).filter(|s| asks(s)).count();
        if seen.last().is_some_and(asks) && agreeing >= k {
            commands.push((at, direction));
            running = !running;
            seen.clear();
        }
    }
    commands
}

proptest! {
    #![proptest_config(cases(800))]

    #[test]
    fn calm_commands_are_those_of_the_five_lines(
        thresholds in thresholds(),
        confirm_pause in confirmation(),
        confirm_resume in confirmation(),
        polls in prop::collection::vec(poll(), 1..60),
    ) {
        let policy = Policy { thresholds, confirm_pause, confirm_resume, ..Policy::default() };
        let expected = five_lines(&policy, &polls);
        let mut driver = Driver::new(&Setting {
            campaigns: vec![(CampaignActivity::Running, true, policy)],
            tells_time: true,
            routine: 1,
        });
        let mut commands = Vec::new();
        for (at, poll) in polls.iter().enumerate() {
            let already = driver.sent.len();
            driver.act(&Action::Tick(Tick { poll: *poll, ..Tick::calm(0) }));
            commands.extend(driver.sent[already..].iter().map(|(_, direction, _)| (at, *direction)));
        }
        prop_assert_eq!(commands, expected);
        prop_assert_eq!(driver.judge.faults, Vec::<String>::new());
    }
}
