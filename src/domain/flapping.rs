//! Flapping: a campaign that is resumed too often.
//!
//! *Decides* when that is reported. Every resume of ours ends a pause of ours, so our resumes within the last hour count a
//! campaign's swings, without those that a person made. *In:* with the resume that makes them `flap_limit`, it is reported, once.
//! *Out:* when before another resume less than half of the limit (rounded up) is left within the hour; only then it can be
//! reported again, so that a campaign that swings steadily at the limit is not reported with every swing. It survives a restart
//! with the campaign's state. *Never:* holding anything back; that is `max_resumes_per_hour`.
//!
//! *The limit* follows from the policy where none is given ([`usual_limit`]).

use std::time::Duration;

use super::campaign::CampaignState;
use super::notice::Notice;
use super::policy::Policy;
use super::time::Timestamp;

/// How long the share of idle agents takes to follow a pause or a resume, as measured on simulated days (`blended-40`). A swing that is
/// shorter changes nothing about the calls that are abandoned.
const AGENTS_FOLLOW_IN: Duration = Duration::from_secs(70);

/// Returns how many resumes within an hour are flapping under this policy: as many as it can make at most, if each lets the agents
/// follow and is seen by as many samples as have to ask for it. The dwell is the shortest swing where that is longer.
#[must_use]
pub fn usual_limit(policy: &Policy, poll_interval: Duration) -> u32 {
    let samples = u32::from(policy.confirm_pause.needed())
        .saturating_add(u32::from(policy.confirm_resume.needed()));
    let seen = poll_interval.saturating_mul(samples);
    let dwell = policy.min_running.saturating_add(policy.min_paused);
    let swing = AGENTS_FOLLOW_IN.saturating_add(seen).max(dwell);
    let swings = HOUR.as_secs().checked_div(swing.as_secs());
    u32::try_from(swings.unwrap_or(1))
        .unwrap_or(u32::MAX)
        .max(2)
}

const HOUR: Duration = Duration::from_secs(3600);

/// Counts a confirmed resume of ours; it is the newest of `state.resumes` already.
pub(super) fn resumed(
    state: &mut CampaignState,
    limit: Option<u32>,
    now: Timestamp,
) -> Option<Notice> {
    let limit = limit?;
    let resumes = u32::try_from(state.recent_resumes(now).count()).unwrap_or(u32::MAX);
    if resumes.saturating_sub(1) < limit.div_ceil(2) {
        state.flapping = false;
    }
    let already = state.flapping;
    state.flapping = already || resumes >= limit;
    (state.flapping && !already).then_some(Notice::Flapping { resumes, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

    /// The minutes at which flapping is reported, when resumes are confirmed at `minutes`.
    fn reported(limit: Option<u32>, minutes: &[u64]) -> Vec<u64> {
        let mut state = CampaignState::unread(START);
        let mut reported = Vec::new();
        for minute in minutes {
            let now = START.plus(Duration::from_secs(minute.saturating_mul(60)));
            state.resumes.push(now);
            if resumed(&mut state, limit, now).is_some() {
                reported.push(*minute);
            }
        }
        reported
    }

    #[test]
    fn the_limit_is_as_often_as_a_policy_can_swing() {
        let seconds = Duration::from_secs;
        let at_once = Policy::default();
        assert_eq!(usual_limit(&at_once, seconds(10)), 40);
        assert_eq!(Some(usual_limit(&at_once, seconds(30))), at_once.flap_limit);
        assert_eq!(usual_limit(&at_once, seconds(600)), 2, "never one");
        let confirmed = Policy {
            confirm_pause: "2/3".parse().unwrap(),
            confirm_resume: "3/3".parse().unwrap(),
            ..Policy::default()
        };
        assert_eq!(usual_limit(&confirmed, seconds(30)), 16);
        let dwelling = Policy {
            min_running: seconds(180),
            min_paused: seconds(180),
            ..Policy::default()
        };
        assert_eq!(usual_limit(&dwelling, seconds(30)), 10);
        let endless = Policy {
            min_paused: Duration::MAX,
            ..Policy::default()
        };
        assert_eq!(usual_limit(&endless, Duration::MAX), 2);
    }

    #[test]
    fn it_is_told_once_when_the_hours_resumes_reach_the_limit() {
        assert_eq!(reported(Some(4), &[0, 10, 20, 30, 40, 50]), [30]);
        assert!(reported(Some(4), &[0, 10, 20, 60, 80]).is_empty());
        assert!(reported(None, &[0, 1, 2, 3, 4, 5, 6, 7]).is_empty());
    }

    #[test]
    fn steady_swings_at_the_limit_are_told_once() {
        let steady: Vec<u64> = (0..600).step_by(15).collect();
        assert_eq!(reported(Some(4), &steady), [45]);
    }

    #[test]
    fn it_is_told_again_after_the_hour_has_calmed_down() {
        let twice = [0, 1, 2, 3, 62, 64, 65, 66, 67];
        assert_eq!(reported(Some(4), &twice), [3, 66]);
    }

    #[test]
    fn a_limit_of_one_tells_every_hour_with_a_resume() {
        assert_eq!(reported(Some(1), &[0, 30, 120]), [0, 120]);
    }
}
