//! How often the default thresholds swing on the days that come with the program, against the limit of flapping that follows from
//! the same defaults.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::{CampaignActivity, Policy, usual_flap_limit};
use crate::simulator::{Scenario, SimTime};

use super::day::run_policies;

/// The poll interval of `run`.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

const HOUR: Duration = Duration::from_secs(3_600);

/// The most resumes of one campaign within an hour of the day.
fn most_resumes(scenario: &Scenario, seed: u64) -> usize {
    let mut resumes: BTreeMap<String, Vec<SimTime>> = BTreeMap::new();
    let mut paused: BTreeMap<String, bool> = BTreeMap::new();
    let mut most = 0;
    run_policies(
        scenario,
        seed,
        POLL_INTERVAL,
        &|_| Policy::default(),
        &mut |day, at| {
            for (id, (activity, _)) in &day.statuses {
                let is_paused = *activity != CampaignActivity::Running;
                let was_paused = paused.insert((*id).to_owned(), is_paused);
                if was_paused != Some(true) || is_paused {
                    continue;
                }
                let own = resumes.entry((*id).to_owned()).or_default();
                own.push(at);
                let within = own.iter().filter(|resumed| at.since(**resumed) < HOUR);
                most = most.max(within.count());
            }
        },
    );
    most
}

#[test]
fn no_day_that_comes_with_the_program_flaps_by_the_limit_of_the_defaults() {
    let policy = Policy::default();
    let limit = usual_flap_limit(&policy, POLL_INTERVAL);
    assert_eq!(policy.flap_limit, Some(limit));
    let limit = usize::try_from(limit).unwrap();
    let mut found = BTreeMap::new();
    for name in Scenario::names() {
        let scenario = Scenario::parse(Scenario::text(name).unwrap(), name).unwrap();
        let most = (1..=5).map(|seed| most_resumes(&scenario, seed)).max();
        found.insert(name, most.unwrap());
    }
    let most = found.values().max();
    assert!(most < Some(&limit), "{limit} is the limit: {found:?}");
    // The limit is no higher than it has to be: the busiest day comes near it.
    assert!(most > Some(&(limit / 2)), "{found:?}");
}
