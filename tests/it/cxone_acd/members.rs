//! What the lists' part of the dialect promises, call by call.

use std::collections::BTreeMap;

use campaign_autopilot::domain::assignment::{Dispatch, Entry, List, ListFinding};
use campaign_autopilot::domain::{
    AgentState as State, CampaignActivity, DecisionId, Delivery, Direction,
};
use campaign_autopilot::platform::port::{ListReceipt, ObserveRequest};
use campaign_autopilot::simulator::{
    AcdOperation, AcdSettings, AgentState, Endpoint, FIRST_CAMPAIGN, Fault, FaultRule, FaultTiming,
    Release,
};

use super::tenant::{SKILL, Tenant, id};

const GIVE: Endpoint = Endpoint::Acd(AcdOperation::AssignAgents);
const CHANGE: Endpoint = Endpoint::Acd(AcdOperation::ChangeAgents);

/// A tenant whose skill nobody has, and whose agents are `available`.
fn tenant(release: Release, available: usize) -> Tenant {
    let tenant = Tenant::new(AcdSettings {
        release,
        page_limit: 3,
        skills: BTreeMap::from([(FIRST_CAMPAIGN.to_owned(), "renewals".to_owned())]),
        ..AcdSettings::default()
    });
    tenant.handle.set_available(available);
    tenant
}

fn list(agents: &[u64]) -> List {
    let agents = agents.iter();
    agents
        .map(|agent| (agent.to_string().parse().unwrap(), Entry::member()))
        .collect()
}

fn read(tenant: &Tenant) -> List {
    let lists = tenant.parts.lists.as_ref().unwrap();
    let campaign = id(SKILL);
    let read = lists.reader.read_list(&campaign, tenant.deadline());
    match tenant.runtime.block_on(read).unwrap() {
        ListFinding::Found { agents } => agents,
        other @ (ListFinding::NotShown | ListFinding::Unreadable) => panic!("{other:?}"),
    }
}

fn replace(tenant: &Tenant, before: &[u64], after: &[u64]) -> ListReceipt {
    let (old, new) = (list(before), list(after));
    let only = |a: &List, b: &List| {
        a.keys()
            .filter(|id| !b.contains_key(*id))
            .cloned()
            .collect()
    };
    let dispatch = Dispatch {
        campaign: id(SKILL),
        joining: only(&new, &old),
        leaving: only(&old, &new),
        agents: new,
    };
    let lists = tenant.parts.lists.as_ref().unwrap();
    let writer = lists.writer.as_ref().unwrap();
    let decision = DecisionId { run: 1, tick: 1 };
    let sent = writer.replace(&dispatch, decision, tenant.deadline());
    tenant.runtime.block_on(sent)
}

fn acknowledged() -> Delivery {
    Delivery::Acknowledged { version: None }
}

fn sent(tenant: &Tenant, endpoint: Endpoint) -> u64 {
    tenant.handle.request_count(Some(endpoint))
}

#[test]
fn a_list_is_who_has_the_skill_in_force() {
    for release in [Release::Current, Release::Older] {
        let tenant = tenant(release, 8);
        assert_eq!(read(&tenant), List::new());
        let everybody: Vec<u64> = (9_001..=9_008).collect();
        let given = replace(&tenant, &[], &everybody);
        assert_eq!((given.delivery, given.updated), (acknowledged(), Some(8)));
        assert_eq!(read(&tenant), list(&everybody), "over several pages");
        let parked = replace(&tenant, &everybody, &[9_001, 9_002]);
        assert_eq!(parked.delivery, acknowledged());
        assert_eq!(read(&tenant), list(&[9_001, 9_002]));
        let back = replace(&tenant, &[9_001, 9_002], &[9_002, 9_005]);
        assert_eq!(back.delivery, acknowledged());
        assert_eq!(read(&tenant), list(&[9_002, 9_005]));
        assert_eq!(tenant.handle.skill_agents(FIRST_CAMPAIGN), [9_002, 9_005]);
        // Whoever was parked is let back by a change, and given the skill only once.
        assert_eq!((sent(&tenant, GIVE), sent(&tenant, CHANGE)), (1, 3));
        let changes = tenant.handle.membership_changes();
        let last: Vec<_> = changes.iter().rev().take(2).rev().collect();
        assert_eq!(
            (last[0].agent, last[0].active),
            (9_001, false),
            "who leaves goes first"
        );
        assert_eq!((last[1].agent, last[1].active), (9_005, true));
    }
}

#[test]
fn each_agents_own_result_counts() {
    for release in [Release::Current, Release::Older] {
        let tenant = tenant(release, 4);
        let platform = &tenant.handle;
        assert!(platform.refuse_assignment(FIRST_CAMPAIGN, 9_002, Some("restricted")));
        let some = replace(&tenant, &[], &[9_001, 9_002, 9_009]);
        assert_eq!(some.delivery, acknowledged());
        assert_eq!(
            some.left_out,
            ["9002", "9009"].map(|id| id.parse().unwrap())
        );
        let why = some.in_part.unwrap();
        assert_eq!(why, "agent 9002: restricted; agent 9009: unknown agent");
        assert_eq!(read(&tenant), list(&[9_001]));
        let none = replace(&tenant, &[9_001], &[9_001, 9_002]);
        assert!(
            matches!(none.delivery, Delivery::Refused { wait: None, .. }),
            "{none:?}"
        );
        assert_eq!(none.left_out, ["9002"].map(|id| id.parse().unwrap()));
    }
}

#[test]
fn nothing_is_written_over_what_somebody_changed() {
    let tenant = tenant(Release::Current, 4);
    let given = tenant
        .handle
        .person_gives_skill(FIRST_CAMPAIGN, 9_003, true);
    assert!(given);
    let late = replace(&tenant, &[], &[9_001]);
    assert!(
        matches!(late.delivery, Delivery::NotSent { .. }),
        "{late:?}"
    );
    assert_eq!(read(&tenant), list(&[9_003]));
    assert_eq!(sent(&tenant, GIVE), 0);
}

#[test]
fn a_write_that_fails_behind_another_leaves_a_part_in_force() {
    for (fault, lost) in [(Fault::GarbledJson, true), (Fault::Forbidden, false)] {
        let tenant = tenant(Release::Current, 4);
        replace(&tenant, &[], &[9_001]);
        tenant.handle.inject(FaultRule {
            fault: fault.clone(),
            endpoint: Some(GIVE),
            when: FaultTiming::Next(1),
        });
        let broken = replace(&tenant, &[9_001], &[9_002]);
        if lost {
            assert!(
                matches!(broken.delivery, Delivery::Lost { .. }),
                "{broken:?}"
            );
        } else {
            assert_eq!(broken.delivery, acknowledged());
            assert!(
                broken.in_part.is_some() && broken.left_out.is_empty(),
                "{broken:?}"
            );
            assert_eq!(read(&tenant), List::new());
        }
        assert_eq!(sent(&tenant, GIVE), 2, "nothing is sent again by itself");
    }
}

#[test]
fn what_we_assign_counts_at_the_next_poll() {
    let tenant = tenant(Release::Current, 6);
    assert_eq!(tenant.count().free, 0);
    replace(&tenant, &[], &[9_001, 9_002, 9_003]);
    tenant.after(10);
    assert_eq!(
        tenant.count().free,
        3,
        "minutes before the next look is due"
    );
    replace(&tenant, &[9_001, 9_002, 9_003], &[9_001]);
    tenant.after(10);
    assert_eq!(tenant.count().free, 1);
}

#[test]
fn a_preview_campaign_is_read_and_never_commanded() {
    let other = "4711";
    let tenant = Tenant::with(AcdSettings::default(), &["4801"], |tenant| {
        tenant.lists = vec![id(other)];
    });
    let reading = tenant.read(other);
    assert_eq!(reading.activity, CampaignActivity::Running);
    let refused = tenant.command(other, Direction::Pause, &reading);
    assert!(matches!(refused, Delivery::Refused { .. }), "{refused:?}");
    assert_eq!(tenant.commands(), [""; 0]);
}

#[test]
fn agents_are_told_one_by_one() {
    for release in [Release::Current, Release::Older] {
        let tenant = tenant(release, 3);
        let platform = &tenant.handle;
        platform.set_agent_state("agent-0002", AgentState::Busy);
        platform.set_agent_state("agent-0003", AgentState::WrapUp);
        let request = ObserveRequest {
            groups: &[],
            staffed: true,
            agents: true,
            skills: false,
            serving: &[],
            deadline: tenant.deadline(),
        };
        let observed = tenant.parts.agents.observe(request);
        let observed = tenant.runtime.block_on(observed);
        let rows = observed.unwrap_or_else(|failed| panic!("{failed}"));
        let rows = rows.agents.unwrap();
        let states = ["9001", "9002", "9003", "9004"].map(|id| rows.state_of(&id.parse().unwrap()));
        let expected = [
            Some(State::Available),
            Some(State::Busy),
            Some(State::WrapUp),
            None,
        ];
        assert_eq!(states, expected, "{release:?}");
    }
}
