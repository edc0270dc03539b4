//! A contact centre's day on a clock that stands still while the daemon looks: the same on every run, however slow the machine.

use std::time::Duration;

use campaign_autopilot::simulator::{
    AcdOperation, AcdSettings, Actor, Dialect, Effect, Endpoint, FIRST_CAMPAIGN, Scenario,
    Settings, SimClock, SimTime, StopShows,
};

use crate::centre::{Centre, Invocation, wait_until};

use super::tenant::SKILL;

/// From one look to the next.
const STEP: Duration = Duration::from_secs(300);

/// What is looked at: from the opening until shortly before everybody goes home.
const LASTS: Duration = Duration::from_secs(9 * 3_600 + 1_800);

/// Who did what to the campaign, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Deed {
    at: SimTime,
    ours: bool,
    to: String,
}

/// A day with a lunch at which too few agents are left, and a person who pauses the campaign for half an hour.
fn centre(dialect: impl FnOnce(&Scenario) -> Dialect) -> (Centre, SimClock) {
    let text = Scenario::text("lunch-dip").unwrap();
    // Nothing fails on this day: the story is of agents and people.
    let (text, outage) = text.rsplit_once("[[event]]").unwrap();
    assert!(outage.contains("outage"), "{outage}");
    let scenario = Scenario::parse(text, "lunch-dip").unwrap();
    let clock = SimClock::manual(scenario.start());
    let mut settings = Settings::staging(&scenario, 1.0);
    settings.clock = clock.clone();
    settings.latency = Duration::ZERO;
    settings.actuation_delay = Duration::ZERO;
    settings.dialect = dialect(&scenario);
    (Centre::of(settings), clock)
}

fn acd(stop: StopShows) -> (Centre, SimClock) {
    centre(|scenario| {
        Dialect::CxoneAcd(Box::new(AcdSettings {
            stop,
            daily_calls: 0,
            ..AcdSettings::staging(scenario)
        }))
    })
}

/// Lets the daemon live through the day, and gives what was done to the campaign.
fn lived(
    (centre, clock): &(Centre, SimClock),
    daemon: &mut Invocation,
    polls: Endpoint,
) -> Vec<Deed> {
    let daemon = daemon.args(&["--poll-interval", "20ms"]).start();
    let asked = || centre.platform.request_count(Some(polls));
    let end = clock.now().plus(LASTS);
    while clock.now() < end {
        clock.advance(STEP);
        // The first sees the time that it is, the second what came of the first, and the third says that the second is over.
        let seen = asked();
        wait_until("the daemon has looked three times", || asked() >= seen + 3);
    }
    daemon.stop();
    let journal = centre.platform.journal();
    let of_the_campaign = journal
        .iter()
        .filter(|entry| entry.campaign == FIRST_CAMPAIGN);
    of_the_campaign
        .map(|entry| Deed {
            at: entry.at,
            ours: entry.by != Actor::Person,
            to: entry.to.clone(),
        })
        .collect()
}

/// Every pause of ours is ended by us, and a person's pause by that person.
fn expect_no_lock_in(deeds: &[Deed]) {
    let persons: Vec<&str> = deeds
        .iter()
        .filter(|deed| !deed.ours)
        .map(|deed| deed.to.as_str())
        .collect();
    assert_eq!(persons, ["PAUSED", "RUNNING"], "{deeds:#?}");
    let mut paused_by: Option<&Deed> = None;
    for deed in deeds {
        match (paused_by, deed.to.as_str()) {
            (None, "PAUSED") => paused_by = Some(deed),
            (Some(pause), "RUNNING") if pause.ours == deed.ours => paused_by = None,
            (found, _) => panic!("{deed:?} after {found:?}: {deeds:#?}"),
        }
    }
    assert_eq!(paused_by, None, "agents are there and it runs: {deeds:#?}");
}

fn skills_daemon(centre: &Centre) -> Invocation {
    let mut daemon = centre.daemon();
    let log_in = format!("{}/authentication/v1/token/access-key", centre.base_url);
    daemon
        .env("AUTOPILOT_PLATFORM", "cxone-acd")
        .env("AUTOPILOT_TOKEN_URL", log_in)
        .env("CXONE_CAMPAIGN_ID", SKILL);
    daemon
}

fn on_skills(stop: StopShows) -> Vec<Deed> {
    let stage = acd(stop);
    let mut daemon = skills_daemon(&stage.0);
    let states = Endpoint::Acd(AcdOperation::AgentStates);
    lived(&stage, &mut daemon, states)
}

#[test]
fn a_day_pauses_and_resumes_as_on_the_other_platform() {
    let stage = centre(|_| Dialect::default());
    let of_campaigns = lived(&stage, &mut stage.0.daemon(), Endpoint::Agents);
    expect_no_lock_in(&of_campaigns);
    let of_skills = on_skills(StopShows::For(Duration::ZERO));
    assert_eq!(of_skills, of_campaigns);
}

#[test]
fn a_day_of_stops_that_last_as_long_as_the_last_call_locks_nothing_in_and_undoes_nobodys_stop() {
    let deeds = on_skills(StopShows::UntilLastCall);
    expect_no_lock_in(&deeds);
    let ours = deeds.iter().filter(|deed| deed.ours).count();
    assert!(ours >= 4, "{deeds:#?}");
}

#[test]
fn a_day_of_steps_pauses_nothing_and_ends_with_the_pace_as_it_was() {
    let stage = acd(StopShows::For(Duration::ZERO));
    let centre = &stage.0;
    let mut daemon = skills_daemon(centre);
    daemon.args(&["--actuator", "step-down"]);
    // An hour of the daemon's clock is many days here.
    daemon.args(&["--max-pace-changes-per-hour", "3600"]);
    let states = Endpoint::Acd(AcdOperation::AgentStates);
    let deeds = lived(&stage, &mut daemon, states);
    assert!(deeds.iter().all(|deed| !deed.ours), "{deeds:#?}");
    let steps: Vec<(u32, u32)> = centre
        .platform
        .effects()
        .iter()
        .filter_map(|effect| match effect {
            Effect::Paced(written) => Some((written.from, written.to)),
            Effect::Status(_)
            | Effect::Assigned(_)
            | Effect::QueueWritten(_)
            | Effect::Moved(_)
            | Effect::Reserved(_) => None,
        })
        .collect();
    assert!(steps.len() >= 4, "{steps:?}");
    for pair in steps.chunks(2) {
        assert_eq!(pair, [(3, 1), (1, 3)], "{steps:?}");
    }
    centre.audit();
}
