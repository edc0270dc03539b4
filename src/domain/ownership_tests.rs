//! Evidence that no world of the model test has: authors, own readings, groups that cannot be counted.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Author, Autopilot, Belief, BelievedStatus, CampaignActivity, CampaignId, CommandResult,
    Conclusion, CountedQueue, Counting, Delivery, DialsBy, Direction, Doubt, Evidence, GroupCount,
    HeadCount, OnManualChange, OnStale, Outcome, PauseOwner, PlatformTraits, Policy, Reason,
    Sample, Settling, Stage, StatusFinding, StatusReading, Suppression, Timestamp, explain,
};

const START: Timestamp = Timestamp::from_unix_millis(1_715_783_530_000);

fn id(text: &str) -> CampaignId {
    text.parse().unwrap()
}

fn after(s: u64) -> Timestamp {
    START.plus(Duration::from_secs(s))
}

fn pilot(policies: BTreeMap<CampaignId, Policy>, evidence: Evidence) -> Autopilot {
    let settling = Settling {
        usual: Duration::from_secs(2),
        longest: Duration::from_secs(100),
        longest_resume: Some(Duration::from_secs(30)),
    };
    let longest = Duration::from_secs(30);
    let traits = PlatformTraits {
        evidence,
        settling,
        restores: false,
        staged_resume: None,
        bars_log_in: false,
    };
    Autopilot::new(1, policies, BTreeMap::new(), longest, START).on_platform(traits)
}

fn one(evidence: Evidence) -> Autopilot {
    let mut pilot = pilot(BTreeMap::from([(id("c"), Policy::default())]), evidence);
    read(&mut pilot, &reading(CampaignActivity::Running, 0));
    pilot
}

fn reading(activity: CampaignActivity, s: u64) -> StatusReading {
    StatusReading::without_evidence(activity, String::new(), after(s))
}

fn read(pilot: &mut Autopilot, reading: &StatusReading) {
    let finding = StatusFinding::Found(reading.clone());
    pilot.observe_status(&id("c"), &finding, reading.read_at);
}

fn known(free: u32) -> GroupCount {
    GroupCount::Known(HeadCount {
        free,
        serving: 0,
        wrap_up: 0,
        staffed: free,
    })
}

fn sample(pilot: &mut Autopilot, heads: Vec<GroupCount>, s: u64) {
    let taken_at = after(s);
    pilot.observe_sample(Sample::Complete { taken_at, heads }, taken_at);
}

fn belief<'a>(pilot: &'a Autopilot, campaign: &str) -> &'a Belief {
    &pilot.campaign(&id(campaign)).unwrap().state().belief
}

/// Commands a pause at `s` and reports what became of it.
fn pause(pilot: &mut Autopilot, s: u64, delivery: Delivery, shows: CampaignActivity) -> Conclusion {
    command(pilot, Direction::Pause, s, delivery, shows)
}

fn command(
    pilot: &mut Autopilot,
    direction: Direction,
    s: u64,
    delivery: Delivery,
    shows: CampaignActivity,
) -> Conclusion {
    let free = match direction {
        Direction::Pause => 0,
        Direction::Resume => 20,
    };
    sample(pilot, vec![known(free)], s);
    pilot
        .authorise(&id("c"), direction, after(s))
        .expect("wanted");
    let later = s.saturating_add(1);
    let result = CommandResult {
        delivery,
        after: StatusFinding::Found(reading(shows, later)),
        before: None,
        ended_at: Some(after(s)),
        lost: Vec::new(),
    };
    pilot.report(&id("c"), &result, after(later)).0
}

fn yes() -> Delivery {
    Delivery::Acknowledged { version: None }
}

#[test]
fn a_named_author_decides() {
    let mut pilot = one(Evidence::Author);
    let lost = Delivery::Lost { why: String::new() };
    let unknown = pause(&mut pilot, 1, lost, CampaignActivity::Running);
    assert_eq!(unknown, Conclusion::Unknown);
    read(&mut pilot, &reading(CampaignActivity::Running, 15));
    let by = |changed_by| StatusReading {
        changed_by: Some(changed_by),
        ..reading(CampaignActivity::Paused, 20)
    };
    let mut somebodys = pilot.clone();
    let name = "ada".to_owned();
    read(&mut somebodys, &by(Author::Somebody { name }));
    assert_eq!(
        belief(&somebodys, "c"),
        &Belief::Paused(PauseOwner::Person),
        "though a command of ours may be late"
    );
    read(&mut pilot, &by(Author::Ours));
    assert!(belief(&pilot, "c").paused_by_us());
}

/// A campaign on a platform whose pauses take the place of what campaigns dial by, and show whose they are.
fn restoring(policy: Policy) -> Autopilot {
    let policies = BTreeMap::from([(id("c"), policy)]);
    let traits = PlatformTraits {
        evidence: Evidence::Author,
        restores: true,
        ..PlatformTraits::default()
    };
    let longest = Duration::from_secs(30);
    Autopilot::new(1, policies, BTreeMap::new(), longest, START).on_platform(traits)
}

fn dialling(by: &str, s: u64) -> StatusReading {
    let text = by.to_owned();
    StatusReading {
        dials_by: Some(Box::new(DialsBy { text, ratio: None })),
        ..reading(CampaignActivity::Running, s)
    }
}

fn marked(s: u64) -> StatusReading {
    StatusReading {
        version: Some("mark".to_owned()),
        changed_by: Some(Author::Ours),
        ..reading(CampaignActivity::Paused, s)
    }
}

fn somebodys(s: u64) -> StatusReading {
    let name = "somebody".to_owned();
    StatusReading {
        changed_by: Some(Author::Somebody { name }),
        ..reading(CampaignActivity::Paused, s)
    }
}

/// Pauses at 1 s; `after` is what is read behind that.
fn pause_restoring(pilot: &mut Autopilot, delivery: Delivery, after_it: StatusReading) {
    sample(pilot, vec![known(0)], 1);
    let wanted = pilot.authorise(&id("c"), Direction::Pause, after(1));
    wanted.expect("wanted");
    let lost = Vec::new();
    let result = CommandResult {
        delivery,
        after: StatusFinding::Found(after_it),
        before: None,
        ended_at: Some(after(1)),
        lost,
    };
    pilot.report(&id("c"), &result, after(2));
}

#[test]
fn a_pause_of_ours_that_somebody_pauses_as_well_is_theirs() {
    let mut pilot = restoring(Policy::default());
    read(&mut pilot, &dialling("2.0", 0));
    pause_restoring(&mut pilot, yes(), marked(2));
    assert!(belief(&pilot, "c").paused_by_us());
    read(&mut pilot, &somebodys(30));
    assert_eq!(belief(&pilot, "c"), &Belief::Paused(PauseOwner::Person));
}

#[test]
fn a_pause_that_no_resume_of_ours_could_end_is_not_adopted() {
    for on_manual_change in [OnManualChange::Adopt, OnManualChange::Enforce] {
        let policy = || Policy {
            adopt_paused: true,
            on_manual_change,
            ..Policy::default()
        };
        let mut found = restoring(policy());
        read(&mut found, &somebodys(0));
        assert_eq!(belief(&found, "c"), &Belief::Paused(PauseOwner::Person));
        let mut made = restoring(policy());
        read(&mut made, &dialling("2.0", 0));
        read(&mut made, &somebodys(30));
        assert_eq!(belief(&made, "c"), &Belief::Paused(PauseOwner::Person));
    }
}

#[test]
fn a_pause_that_comes_late_takes_the_place_of_what_there_is_by_then() {
    let mut pilot = restoring(Policy::default());
    read(&mut pilot, &dialling("2.0", 0));
    let lost = Delivery::Lost { why: String::new() };
    pause_restoring(&mut pilot, lost, dialling("2.0", 2));
    read(&mut pilot, &dialling("3.0", 10));
    read(&mut pilot, &marked(20));
    assert!(belief(&pilot, "c").paused_by_us());
    let state = pilot.campaign(&id("c")).unwrap().state();
    let replaced = state.replaced.as_ref().map(|by| by.text.as_str());
    assert_eq!(replaced, Some("3.0"));
}

#[test]
fn where_only_our_readings_show_it_a_pause_is_ours_while_they_do() {
    let mut pilot = one(Evidence::OwnReadings);
    let confirmed = pause(&mut pilot, 1, yes(), CampaignActivity::Paused);
    assert_eq!(confirmed, Conclusion::Confirmed);
    for minute in 1..30 {
        read(&mut pilot, &reading(CampaignActivity::Paused, minute * 60));
    }
    assert!(belief(&pilot, "c").paused_by_us());
    read(&mut pilot, &reading(CampaignActivity::Paused, 5 * 3_600));
    let doubt = Doubt::Gap;
    assert_eq!(
        belief(&pilot, "c"),
        &Belief::Paused(PauseOwner::Unproven { doubt }),
        "nobody looked for hours"
    );
}

#[test]
fn a_command_on_its_way_is_ours_for_as_long_as_the_platform_needs() {
    let mut pilot = one(Evidence::OwnReadings);
    let changing = || CampaignActivity::Changing { to: None };
    let open = pause(&mut pilot, 1, yes(), changing());
    assert_eq!(open, Conclusion::Unknown);
    read(&mut pilot, &reading(changing(), 60));
    assert_eq!(belief(&pilot, "c"), &Belief::Running, "nobody's pause");
    sample(&mut pilot, vec![known(0)], 60);
    assert_eq!(pilot.decide(after(60)).commands, [], "and never commanded");
    read(&mut pilot, &reading(CampaignActivity::Paused, 95));
    assert!(belief(&pilot, "c").paused_by_us());
}

#[test]
fn an_unknown_word_behind_our_command_is_that_command_where_no_stamp_says_otherwise() {
    let word = |s: u64| CampaignActivity::Unknown {
        word: format!("PENDING-{s}"),
    };
    let mut pilot = one(Evidence::ChangedAt);
    pause(&mut pilot, 1, yes(), word(1));
    read(&mut pilot, &reading(word(30), 30));
    assert_eq!(belief(&pilot, "c"), &Belief::Running, "nobody's change");
    let mut late = pilot.clone();
    read(&mut pilot, &reading(CampaignActivity::Paused, 60));
    assert!(belief(&pilot, "c").paused_by_us());
    // What lasts longer than any command is no command's doing.
    read(&mut late, &reading(word(150), 150));
    assert!(matches!(belief(&late, "c"), Belief::Other { .. }));
}

#[test]
fn a_resume_that_somebody_was_quicker_with_calls_the_pause_behind_it_in_doubt() {
    let conflict = || Delivery::Conflict {
        why: "it runs already".to_owned(),
    };
    let resumed = |evidence: Evidence, delivery: Delivery| {
        let mut pilot = one(evidence);
        pause(&mut pilot, 1, yes(), CampaignActivity::Paused);
        command(
            &mut pilot,
            Direction::Resume,
            40,
            delivery,
            CampaignActivity::Paused,
        );
        pilot
    };
    let pilot = resumed(Evidence::OwnReadings, conflict());
    let doubt = Doubt::Touched;
    let unproven = Belief::Paused(PauseOwner::Unproven { doubt });
    assert_eq!(
        belief(&pilot, "c"),
        &unproven,
        "whoever resumed it has paused it again"
    );
    let refused = Delivery::Refused {
        why: "no right".to_owned(),
        wait: None,
    };
    let pilot = resumed(Evidence::OwnReadings, refused);
    assert!(belief(&pilot, "c").paused_by_us());
}

#[test]
fn a_state_of_its_own_behind_our_command_is_not_that_command() {
    let mut pilot = one(Evidence::OwnReadings);
    let changing = CampaignActivity::Changing {
        to: Some(Direction::Pause),
    };
    pause(&mut pilot, 1, yes(), changing);
    let stopped = CampaignActivity::NotCommandable {
        word: "STOPPED".to_owned(),
    };
    read(&mut pilot, &reading(stopped, 30));
    assert!(matches!(belief(&pilot, "c"), Belief::Other { .. }));
    read(&mut pilot, &reading(CampaignActivity::Paused, 60));
    assert!(!belief(&pilot, "c").paused_by_us());
}

#[test]
fn a_resume_that_was_accepted_and_does_not_show_is_made_again_though_pauses_take_longer() {
    let mut pilot = one(Evidence::OwnReadings);
    let paused = CampaignActivity::Paused;
    pause(&mut pilot, 1, yes(), paused.clone());
    let open = command(&mut pilot, Direction::Resume, 10, yes(), paused.clone());
    assert_eq!(open, Conclusion::Unknown);
    let mut wanted_at = |s: u64| {
        read(&mut pilot, &reading(paused.clone(), s));
        sample(&mut pilot, vec![known(20)], s);
        !pilot.decide(after(s)).commands.is_empty()
    };
    assert!(!wanted_at(30), "it may still show");
    assert!(wanted_at(50), "long before a pause would be given up");
}

#[test]
fn between_two_states_our_pause_stays_ours_and_a_persons_a_persons() {
    let mut pilot = one(Evidence::OwnReadings);
    pause(&mut pilot, 1, yes(), CampaignActivity::Paused);
    for to in [None, Some(Direction::Resume)] {
        read(&mut pilot, &reading(CampaignActivity::Changing { to }, 10));
        assert!(belief(&pilot, "c").paused_by_us());
        sample(&mut pilot, vec![known(20)], 10);
        assert_eq!(pilot.decide(after(10)).commands, []);
    }
    read(&mut pilot, &reading(CampaignActivity::Running, 20));
    assert_eq!(belief(&pilot, "c"), &Belief::Running);
    read(&mut pilot, &reading(CampaignActivity::Paused, 30));
    assert_eq!(belief(&pilot, "c"), &Belief::Paused(PauseOwner::Person));
}

#[test]
fn a_group_that_cannot_be_counted_blinds_its_own_campaigns_alone() {
    let counted = |queue| Policy {
        queue: Some(queue),
        on_stale: OnStale::Pause,
        ..Policy::default()
    };
    let other = CountedQueue::Other("q".parse().unwrap());
    let policies = BTreeMap::from([
        (id("a"), counted(CountedQueue::Own)),
        (id("b"), counted(other.clone())),
        (id("c"), counted(other)),
    ]);
    let mut pilot = pilot(policies, Evidence::OwnReadings);
    assert_eq!(pilot.groups().len(), 2);
    for campaign in ["a", "b", "c"] {
        let running = StatusFinding::Found(reading(CampaignActivity::Running, 0));
        pilot.observe_status(&id(campaign), &running, after(0));
    }
    let unknown = || GroupCount::Unknown {
        why: "no rights".to_owned(),
    };
    for poll in 1..3 {
        sample(&mut pilot, vec![known(0), unknown()], poll);
    }
    let paused = |pilot: &mut Autopilot, s| -> Vec<String> {
        let wanted = pilot.decide(after(s)).commands.into_iter();
        wanted.map(|(id, _)| id.to_string()).collect()
    };
    assert_eq!(paused(&mut pilot, 2), ["a"], "two of them are not known");
    sample(&mut pilot, vec![known(9), unknown()], 3);
    assert_eq!(
        paused(&mut pilot, 3),
        ["b", "c"],
        "their data are stale at the third poll"
    );
    sample(&mut pilot, vec![known(9), known(9)], 4);
    assert_eq!(paused(&mut pilot, 4), Vec::<String>::new());
}

#[test]
fn agents_on_the_campaigns_own_calls_count_where_that_is_asked() {
    let policy = |counting| Policy {
        counting,
        ..Policy::default()
    };
    let policies = BTreeMap::from([
        (id("a"), policy(Counting::Free)),
        (id("b"), policy(Counting::FreeAndServing)),
    ]);
    let mut pilot = pilot(policies, Evidence::OwnReadings);
    let serving = GroupCount::Known(HeadCount {
        free: 2,
        serving: 6,
        wrap_up: 0,
        staffed: 9,
    });
    sample(&mut pilot, vec![serving], 1);
    let seen: Vec<Option<u32>> = pilot
        .decide(after(1))
        .reasons
        .iter()
        .map(|(_, reason)| reason.available())
        .collect();
    assert_eq!(seen, [Some(2), Some(8)]);
}

#[test]
fn a_change_under_way_that_is_not_ours_holds_every_command_back_and_is_told_as_such() {
    let mut pilot = one(Evidence::OwnReadings);
    let changing = CampaignActivity::Changing { to: None };
    read(&mut pilot, &reading(changing, 10));
    sample(&mut pilot, vec![known(0)], 11);
    let plan = pilot.decide(after(11));
    assert_eq!(plan.commands, [], "nobody commands it meanwhile");
    let (_, reason) = &plan.reasons[0];
    assert_eq!(reason.stages.decided_by(), Some(Stage::Changing));
    assert_eq!(reason.stages.status.found, Some(BelievedStatus::Changing));
    let by = Suppression::Changing;
    let direction = None;
    assert_eq!(reason.outcome, Outcome::Suppressed { direction, by });
    let told = explain(pilot.campaign(&id("c")).unwrap().state(), Some(reason));
    assert_eq!(
        told.summary,
        "between two states, left alone: a change under way; 0 available, pause below 5, resume at 8"
    );
    assert_eq!(
        told.would_change,
        ["the platform shows it running or paused"]
    );
    let written = serde_json::to_string(reason).unwrap();
    assert_eq!(
        &serde_json::from_str::<Reason>(&written).unwrap(),
        reason,
        "{written}"
    );
}

#[test]
fn a_resume_that_turns_back_on_its_way_leaves_a_pause_that_nobody_can_attribute() {
    let mut pilot = one(Evidence::OwnReadings);
    pause(&mut pilot, 1, yes(), CampaignActivity::Paused);
    sample(&mut pilot, vec![known(20)], 400);
    read(&mut pilot, &reading(CampaignActivity::Paused, 400));
    let resume = pilot.authorise(&id("c"), Direction::Resume, after(400));
    resume.expect("wanted");
    let changing = || CampaignActivity::Changing { to: None };
    let result = CommandResult {
        delivery: yes(),
        after: StatusFinding::Found(reading(changing(), 401)),
        before: None,
        ended_at: Some(after(400)),
        lost: Vec::new(),
    };
    assert_eq!(
        pilot.report(&id("c"), &result, after(401)).0,
        Conclusion::Unknown
    );
    // Somebody paused it before it was seen running, or the platform gave up.
    read(&mut pilot, &reading(CampaignActivity::Paused, 410));
    let doubt = Doubt::Outcome;
    assert_eq!(
        belief(&pilot, "c"),
        &Belief::Paused(PauseOwner::Unproven { doubt })
    );
    sample(&mut pilot, vec![known(20)], 900);
    assert_eq!(pilot.decide(after(900)).commands, [], "it is not resumed");
}

#[test]
fn a_pause_that_turns_back_on_its_way_is_left_running_for_the_grace() {
    let mut pilot = one(Evidence::OwnReadings);
    let changing = CampaignActivity::Changing { to: None };
    pause(&mut pilot, 1, yes(), changing);
    read(&mut pilot, &reading(CampaignActivity::Running, 10));
    sample(&mut pilot, vec![known(0)], 10);
    assert_eq!(pilot.decide(after(10)).commands, []);
    let grace = Policy::default().manual_grace.as_secs();
    sample(&mut pilot, vec![known(0)], 11 + grace);
    assert_eq!(pilot.decide(after(11 + grace)).commands.len(), 1);
}

#[test]
fn what_a_worthless_stamp_said_of_our_pause_counts_no_longer() {
    let mut pilot = one(Evidence::ChangedAt);
    let stamped = |s: u64| StatusReading {
        version: Some(s.to_string()),
        updated_at: Some(after(s)),
        ..reading(CampaignActivity::Paused, s)
    };
    sample(&mut pilot, vec![known(0)], 1);
    pilot
        .authorise(&id("c"), Direction::Pause, after(1))
        .expect("wanted");
    let result = CommandResult {
        delivery: yes(),
        after: StatusFinding::Found(stamped(2)),
        before: None,
        ended_at: Some(after(1)),
        lost: Vec::new(),
    };
    pilot.report(&id("c"), &result, after(2));
    assert!(belief(&pilot, "c").paused_by_us());
    read(&mut pilot, &stamped(10));
    let doubt = Doubt::Touched;
    assert_eq!(
        belief(&pilot, "c"),
        &Belief::Paused(PauseOwner::Unproven { doubt }),
        "somebody may have saved it"
    );
    for s in 11..16 {
        read(&mut pilot, &stamped(s));
    }
    assert!(
        belief(&pilot, "c").paused_by_us(),
        "it moves by itself, at every reading"
    );
    read(&mut pilot, &stamped(20));
    assert!(belief(&pilot, "c").paused_by_us());
}
