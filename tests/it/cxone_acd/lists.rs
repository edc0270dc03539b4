//! Preview campaigns on this platform: who has a skill is moved agent by agent, and each agent has a result.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use campaign_autopilot::simulator::{
    AcdOperation, AcdSettings, Actor, AgentState, Endpoint, MembershipChanged, Release,
};

use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Invocation, of_kind, wait_until};

use super::daemon::{asked, centre, daemon, wait_for_polls, write};
use super::tenant::SKILL;

/// Not managed: only its list is.
const OTHER: &str = "preview-2";
const OTHER_SKILL: &str = "4712";

/// The agents of the roster; the last may hold two calls at once.
const AGENTS: [&str; 6] = ["p1", "p2", "p3", "p4", "p5", "p6"];

/// A platform with two skills that nobody has, six agents for them, and ten of whom the roster knows nothing.
fn furnished(release: Release) -> Centre {
    let needed = [(CAMPAIGN, "renewals"), (OTHER, "winback")];
    let centre = centre(AcdSettings {
        release,
        skills: needed
            .map(|(campaign, skill)| (campaign.to_owned(), skill.to_owned()))
            .into(),
        ..AcdSettings::default()
    });
    centre.platform.put_campaign(OTHER, "RUNNING");
    assert_eq!(centre.platform.shown_id(OTHER), OTHER_SKILL);
    for agent in AGENTS {
        let platform = &centre.platform;
        platform.put_agent(agent, AgentState::Available, &[]);
    }
    centre
}

fn number(centre: &Centre, agent: &str) -> u64 {
    centre.platform.agent_number(agent).unwrap()
}

/// A daemon that keeps both lists, the first with `most` agents at the most.
fn keeper(centre: &Centre, most: usize) -> Invocation {
    let mut roster = "id,skills,start,end,zone,concurrency\n".to_owned();
    for agent in AGENTS {
        let calls = if agent == "p6" { 2 } else { 1 };
        let number = number(centre, agent);
        writeln!(roster, "{number},sales,00:00,00:00,UTC,{calls}").unwrap();
    }
    let preview = |skill: &str, weight: u8, most: usize| {
        format!(
            "[[preview]]\ncampaign = \"{skill}\"\nskills = [\"sales\"]\ntarget_rate = 8.5\nweight = {weight}\n\
             most = {most}\nzones = [\"UTC\"]\n\n"
        )
    };
    let settings = format!(
        "assign_interval = \"200ms\"\nassign_moved_agents = 1\nmanual_grace = \"1h\"\n\n[[campaign]]\nid = \"{SKILL}\"\n\
         agents = \"all\"\npause_below = 1\nresume_at = 2\n\n{}{}",
        preview(SKILL, 2, most),
        preview(OTHER_SKILL, 1, 10)
    );
    let directory = centre.directory.path();
    let settings = write(directory, "settings.toml", &settings);
    let roster = write(directory, "roster.csv", &roster);
    let mut daemon = daemon(centre);
    daemon
        .env_remove("CXONE_CAMPAIGN_ID")
        .env("AUTOPILOT_CONFIG", settings)
        .env("AUTOPILOT_ROSTER", roster);
    daemon
}

fn on_lists(centre: &Centre) -> (usize, usize) {
    let many = |campaign| centre.platform.skill_agents(campaign).len();
    (many(CAMPAIGN), many(OTHER))
}

fn wait_for_lists(centre: &Centre, first: usize, other: usize) {
    wait_until(&format!("{first} and {other} agents are assigned"), || {
        on_lists(centre) == (first, other)
    });
}

fn writes(centre: &Centre) -> u64 {
    let writing = [AcdOperation::AssignAgents, AcdOperation::ChangeAgents];
    let counts = writing.map(|operation| {
        let endpoint = Some(Endpoint::Acd(operation));
        centre.platform.request_count(endpoint)
    });
    counts.iter().sum()
}

/// Nothing is sent any more, however long the polls go on.
fn has_settled(centre: &Centre) {
    wait_for_polls(centre, 10);
    let sent = writes(centre);
    wait_for_polls(centre, 25);
    assert_eq!(writes(centre), sent);
}

/// Goes through the platform's own record: at no moment has an agent more of the skills than calls at once.
fn nobody_is_overcommitted(centre: &Centre) {
    let both = number(centre, "p6");
    let mut held: BTreeMap<u64, BTreeMap<u64, bool>> = BTreeMap::new();
    for change in centre.platform.membership_changes() {
        let of_agent = held.entry(change.agent).or_default();
        of_agent.insert(change.skill, change.active);
        let many = of_agent.values().filter(|active| **active).count();
        let most = if change.agent == both { 2 } else { 1 };
        assert!(many <= most, "{many} skills after {change:?}");
    }
}

#[test]
fn agents_move_between_two_skills_and_come_back() {
    for release in [Release::Current, Release::Older] {
        let centre = furnished(release);
        let running = keeper(&centre, 3).start();
        // Three places of weight 2, one of them or none for the agent who takes two calls.
        wait_until("everybody has work", || {
            let (first, other) = on_lists(&centre);
            first == 3 && (3..=4).contains(&other)
        });
        has_settled(&centre);
        let before = on_lists(&centre);
        centre.platform.person_sets(CAMPAIGN, "PAUSED");
        wait_for_lists(&centre, 0, 6);
        centre.platform.person_sets(CAMPAIGN, "RUNNING");
        wait_for_lists(&centre, before.0, before.1);
        has_settled(&centre);
        running.stop();
        nobody_is_overcommitted(&centre);
        let ours = |change: &MembershipChanged| matches!(change.by, Actor::Client { .. });
        assert!(centre.platform.membership_changes().iter().all(ours));
        let audit = centre.audit();
        let ends = of_kind(&audit, "assign_outcome");
        assert_eq!(of_kind(&audit, "assign_intent").len(), ends.len());
        for row in ends {
            assert_eq!(row["event"]["end"]["dispatch"], "accepted", "{row}");
        }
    }
}

#[test]
fn an_agent_whom_the_platform_refuses_is_named_and_serves_the_other_skill() {
    let centre = furnished(Release::Current);
    let refused = number(&centre, "p1");
    let platform = &centre.platform;
    assert!(platform.refuse_assignment(CAMPAIGN, refused, Some("restricted")));
    let running = keeper(&centre, 10)
        .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
        .start()
        .tolerate(&["assignment taken in part"]);
    let line = running.wait_for_log("assignment taken in part");
    assert_eq!(line["agents"], refused.to_string(), "{line}");
    let why = line["why"].as_str().unwrap();
    assert_eq!(why, format!("agent {refused}: restricted"));
    wait_until("the others are placed", || {
        let first = platform.skill_agents(CAMPAIGN);
        first.len() == 5 && platform.skill_agents(OTHER).contains(&refused)
    });
    has_settled(&centre);
    let status = Api::of(&running).get("/api/v1/status").json();
    let lists = status["assignments"].as_array().unwrap();
    assert_eq!(lists[0]["listed"], 5, "{lists:?}");
    assert_eq!(lists[0]["state"], "serving", "{lists:?}");
    running.stop();
    nobody_is_overcommitted(&centre);
    let audit = centre.audit();
    let ends = of_kind(&audit, "assign_outcome");
    let named: Vec<_> = ends
        .iter()
        .map(|row| &row["event"]["end"]["agents"])
        .filter(|agents| !agents.is_null())
        .collect();
    assert_eq!(named, [&serde_json::json!([refused.to_string()])]);
}

#[test]
fn an_agent_whom_the_platform_does_not_let_go_stays_and_joins_nothing_else() {
    let centre = furnished(Release::Current);
    let platform = &centre.platform;
    let running = keeper(&centre, 10)
        .start()
        .tolerate(&["assignment taken in part"]);
    wait_until("the better skill has everybody", || {
        platform.skill_agents(CAMPAIGN).len() == 6
    });
    has_settled(&centre);
    let kept = number(&centre, "p1");
    assert!(platform.refuse_assignment(CAMPAIGN, kept, Some("restricted")));
    platform.person_sets(CAMPAIGN, "PAUSED");
    let line = running.wait_for_log("assignment taken in part");
    assert_eq!(line["agents"], kept.to_string(), "{line}");
    wait_for_lists(&centre, 1, 5);
    has_settled(&centre);
    assert_eq!(platform.skill_agents(CAMPAIGN), [kept]);
    running.stop();
    nobody_is_overcommitted(&centre);
}

#[test]
fn a_persons_assignments_are_left_alone() {
    let centre = furnished(Release::Current);
    let platform = &centre.platform;
    let running = keeper(&centre, 3).start();
    wait_until("everybody has work", || on_lists(&centre).0 == 3);
    has_settled(&centre);
    let parked = *platform
        .skill_agents(OTHER)
        .iter()
        .find(|agent| **agent != number(&centre, "p6"))
        .unwrap();
    let sent = writes(&centre);
    assert!(platform.person_gives_skill(OTHER, parked, false));
    running.wait_for_log("a person changed the assignments");
    has_settled(&centre);
    assert!(!platform.skill_agents(OTHER).contains(&parked));
    assert_eq!(writes(&centre), sent, "the list is a person's for an hour");
    running.stop();
    let audit = centre.audit();
    let noticed = of_kind(&audit, "list_noticed");
    assert_eq!(
        noticed[0]["event"]["notice"]["list_notice"],
        "person_changed"
    );
    nobody_is_overcommitted(&centre);
}

#[test]
fn check_and_run_refuse_the_same_and_check_reads_the_lists() {
    let centre = furnished(Release::Current);
    let refused = |invocation: &mut Invocation| {
        let done = invocation.output();
        assert_eq!(done.code(), 78, "{}{}", done.stdout, done.stderr);
        done.stderr
    };
    for (from, to, told) in [
        ("agents = \"all\"", "agents = \"own\"", "by its own effect"),
        (
            "most = 3",
            "most = 3\nconcurrency = 2",
            "takes one call at once",
        ),
        (
            "campaign = \"4712\"",
            "campaign = \"campaign:300\"",
            "stands for several skills",
        ),
        (
            "manual_grace",
            "agents = \"activity\"\nmanual_grace",
            "has no agents one by one",
        ),
    ] {
        let mut run = keeper(&centre, 3);
        let file = centre.directory.path().join("settings.toml");
        let given = std::fs::read_to_string(&file)
            .unwrap()
            .replacen(from, to, 1);
        std::fs::write(&file, &given).unwrap();
        let by_run = refused(&mut run);
        assert!(by_run.contains(told), "{told}: {by_run}");
        let file = file.to_str().unwrap();
        let roster = centre.directory.path().join("roster.csv");
        let flags = [
            "check",
            "--config",
            file,
            "--roster",
            roster.to_str().unwrap(),
        ];
        let by_check = asked(&centre, &flags);
        assert_eq!(by_check.code(), 78, "{}", by_check.stdout);
        assert!(
            by_check.stderr.contains(told),
            "{told}: {}",
            by_check.stderr
        );
    }
    keeper(&centre, 3);
    let given = centre
        .platform
        .person_gives_skill(OTHER, number(&centre, "p2"), true);
    assert!(given);
    let directory = centre.directory.path();
    let (file, roster) = (
        directory.join("settings.toml"),
        directory.join("roster.csv"),
    );
    let (file, roster) = (file.to_str().unwrap(), roster.to_str().unwrap());
    let flags = ["check", "--online", "--config", file, "--roster", roster];
    let checked = asked(&centre, &flags);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    for line in [
        "ok      list of campaign 4711: 0 agents, 0 of them in the roster",
        "ok      list of campaign 4712: 1 agent, 1 of them in the roster",
    ] {
        assert!(checked.stdout.contains(line), "{line}: {}", checked.stdout);
    }
}

#[test]
fn a_plan_is_made_and_explained_from_the_platforms_rows() {
    let centre = furnished(Release::Current);
    keeper(&centre, 3);
    let directory = centre.directory.path();
    let (file, roster) = (
        directory.join("settings.toml"),
        directory.join("roster.csv"),
    );
    let given = [
        "--config",
        file.to_str().unwrap(),
        "--roster",
        roster.to_str().unwrap(),
    ];
    let planned = asked(
        &centre,
        &[&["assign", "plan", "--json"], &given[..]].concat(),
    );
    assert_eq!(planned.code(), 0, "{}{}", planned.stdout, planned.stderr);
    let plan: serde_json::Value = serde_json::from_str(&planned.stdout).unwrap();
    assert!(
        plan.to_string()
            .contains(&number(&centre, "p1").to_string()),
        "{plan}"
    );
    let applied = asked(&centre, &[&["assign", "apply"], &given[..]].concat());
    assert_eq!(applied.code(), 0, "{}{}", applied.stdout, applied.stderr);
    assert_eq!(on_lists(&centre).0, 3);
    nobody_is_overcommitted(&centre);
}
