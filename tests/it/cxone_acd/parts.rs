//! What each part of the dialect promises.

use std::time::Duration;

use campaign_autopilot::domain::throttle::{DialRatio, PaceSetting};
use campaign_autopilot::domain::{
    CampaignActivity, DecisionId, Delivery, Direction, Group, GroupCount, Timestamp,
};
use campaign_autopilot::platform::port::{ThrottleOrder, Urgency};
use campaign_autopilot::simulator::{
    AcdOperation, AcdSettings, AgentState, Endpoint, Fault, FaultRule, FaultTiming, NoChange,
    Release, StopShows,
};

use super::tenant::{SKILL, START, Tenant, id};

const STATES: Endpoint = Endpoint::Acd(AcdOperation::AgentStates);

fn acknowledged() -> Delivery {
    Delivery::Acknowledged { version: None }
}

#[test]
fn a_page_of_fifty_with_230_agents_counts_230() {
    for (links, totals) in [(true, true), (true, false), (false, true), (false, false)] {
        let tenant = Tenant::new(AcdSettings {
            page_limit: 50,
            links,
            totals,
            ..AcdSettings::default()
        });
        tenant.handle.set_available(230);
        assert_eq!(tenant.count().free, 230, "links {links}, totals {totals}");
    }
}

#[test]
fn changes_are_merged_however_the_platform_says_that_there_are_none() {
    for no_change in [NoChange::Empty, NoChange::NoContent, NoChange::NotModified] {
        for release in [Release::Current, Release::Older] {
            let tenant = Tenant::new(AcdSettings {
                no_change,
                release,
                ..AcdSettings::default()
            });
            tenant.handle.set_available(9);
            assert_eq!(tenant.count().free, 9);
            for _ in 0..3 {
                tenant.after(10);
                assert_eq!(tenant.count().free, 9, "{no_change:?} {release:?}");
            }
            tenant
                .handle
                .set_agent_state("agent-0002", AgentState::Offline);
            tenant.after(10);
            let counted = tenant.count();
            assert_eq!((counted.free, counted.staffed), (8, 8));
        }
    }
}

#[test]
fn who_is_gone_is_noticed_when_everybody_is_read_again() {
    let tenant = Tenant::new(AcdSettings::default());
    tenant.handle.set_available(5);
    assert_eq!(tenant.count().free, 5);
    assert!(tenant.handle.remove_agent("agent-0005"));
    tenant.after(10);
    assert_eq!(tenant.count().free, 5, "no delta tells who is gone");
    tenant.after(600);
    assert_eq!(tenant.count().free, 4);
}

#[test]
fn a_stop_releases_the_agents_and_locks_nothing_in() {
    for dialer_has_skill in [true, false] {
        let tenant = Tenant::new(AcdSettings {
            dialer_has_skill,
            ..AcdSettings::default()
        });
        tenant.handle.set_available(7);
        assert_eq!(tenant.count().free, 7, "all of them in the dialler");
        let running = tenant.read(SKILL);
        assert_eq!(running.activity, CampaignActivity::Running);
        assert_eq!(
            tenant.command(SKILL, Direction::Pause, &running),
            acknowledged()
        );
        tenant.after(10);
        assert_eq!(tenant.count().free, 7, "none of them in the dialler");
        let paused = tenant.read(SKILL);
        assert_eq!(paused.activity, CampaignActivity::Paused);
        assert_eq!(
            tenant.command(SKILL, Direction::Resume, &paused),
            acknowledged()
        );
        tenant.after(10);
        assert_eq!(tenant.count().free, 7);
        assert_eq!(tenant.commands(), ["PAUSED", "RUNNING"]);
    }
}

#[test]
fn a_foreign_word_is_on_its_way_and_nobodys_pause() {
    let lasting = Duration::from_secs(30);
    let tenant = Tenant::new(AcdSettings {
        stop: StopShows::Word("Stopping".to_owned(), lasting),
        ..AcdSettings::default()
    });
    let running = tenant.read(SKILL);
    tenant.command(SKILL, Direction::Pause, &running);
    let changing = tenant.read(SKILL);
    assert_eq!(changing.activity, CampaignActivity::Changing { to: None });
    assert_eq!(changing.word, "Stopping");
    tenant.after(30);
    assert_eq!(tenant.read(SKILL).activity, CampaignActivity::Paused);
}

#[test]
fn already_is_told_from_cannot_by_reading() {
    let tenant = Tenant::new(AcdSettings {
        stop: StopShows::For(Duration::from_secs(100)),
        ..AcdSettings::default()
    });
    let running = tenant.read(SKILL);
    // 409: it runs, as was wanted, and not by this command.
    let already = tenant.command(SKILL, Direction::Resume, &running);
    assert!(matches!(already, Delivery::Conflict { .. }), "{already:?}");
    assert_eq!(
        tenant.command(SKILL, Direction::Pause, &running),
        acknowledged()
    );
    // 409: a stop is under way, and the skill still runs.
    let again = tenant.command(SKILL, Direction::Pause, &running);
    assert!(matches!(again, Delivery::Refused { .. }), "{again:?}");
    tenant.after(100);
    // 404: it does not run, as was wanted, and not by this command.
    let already = tenant.command(SKILL, Direction::Pause, &running);
    assert!(matches!(already, Delivery::Conflict { .. }), "{already:?}");
    assert_eq!(tenant.commands(), ["PAUSED"]);
}

#[test]
fn what_is_to_be_left_alone_is_not_commanded() {
    let tenant = Tenant::with(AcdSettings::default(), &["4801", "4802", "4803"], |_| {});
    for campaign in ["4801", "4802", "4803", SKILL] {
        let reading = tenant.read(campaign);
        let activity = &reading.activity;
        assert!(
            matches!(activity, CampaignActivity::NotCommandable { .. }),
            "{campaign}: {activity:?}"
        );
        for direction in [Direction::Pause, Direction::Resume] {
            let delivery = tenant.command(campaign, direction, &reading);
            assert!(matches!(delivery, Delivery::Refused { .. }), "{delivery:?}");
        }
    }
    for operation in [AcdOperation::StartSkill, AcdOperation::StopSkill] {
        let sent = tenant.handle.request_count(Some(Endpoint::Acd(operation)));
        assert_eq!(sent, 0, "{operation:?}");
    }
}

#[test]
fn a_campaign_of_the_tenant_stands_for_its_skills_that_dial() {
    let group = "campaign:300";
    let tenant = Tenant::with(AcdSettings::default(), &[group], |_| {});
    tenant.handle.put_campaign("second", "RUNNING");
    tenant.handle.set_available(6);
    let running = tenant.read(group);
    assert_eq!(running.activity, CampaignActivity::Running);
    let heads = tenant.try_count(&[Group::Own(id(group))]).unwrap();
    assert_eq!(heads[0].known().unwrap().free, 6, "each agent counts once");
    assert_eq!(
        tenant.command(group, Direction::Pause, &running),
        acknowledged()
    );
    assert_eq!(tenant.commands(), ["PAUSED", "PAUSED"]);
    assert_eq!(tenant.read(group).activity, CampaignActivity::Paused);
    tenant.handle.person_sets("second", "RUNNING");
    let running = tenant.read(group);
    assert_eq!(running.activity, CampaignActivity::Running);
    // One of its skills is stopped already, which makes the stop of the other no less ours.
    let paused = tenant.command(group, Direction::Pause, &running);
    assert_eq!(paused, acknowledged());
}

#[test]
fn readings_bring_along_what_the_platform_calls_skills_and_campaigns() {
    let (group, spelled) = ("campaign:300", "skill:4711");
    for release in [Release::Current, Release::Older] {
        let settings = AcdSettings {
            release,
            ..AcdSettings::default()
        };
        let tenant = Tenant::with(settings, &[spelled, group], |_| {});
        let names = || {
            let names = tenant.parts.campaigns.names();
            let names = names.iter().map(|(id, name)| format!("{id}: {name}"));
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(), [""; 0], "nothing was read yet");
        let asked = |tenant: &Tenant| tenant.handle.request_count(None);
        tenant.read(spelled);
        let before = asked(&tenant);
        assert_eq!(names(), ["skill:4711: Spring renewals"], "{release:?}");
        tenant.read(group);
        let after = asked(&tenant);
        assert_eq!(
            names(),
            ["campaign:300: Outbound", "skill:4711: Spring renewals"],
            "{release:?}"
        );
        assert_eq!(asked(&tenant), after, "no call is made for a name");
        assert!(after > before);
    }
}

#[test]
fn a_failed_page_is_unknown_and_everybody_is_read_again() {
    let tenant = Tenant::new(AcdSettings {
        page_limit: 3,
        ..AcdSettings::default()
    });
    tenant.handle.set_available(8);
    assert_eq!(tenant.count().free, 8);
    tenant.handle.inject(FaultRule {
        fault: Fault::GarbledJson,
        endpoint: Some(STATES),
        when: FaultTiming::Next(4),
    });
    tenant.after(10);
    assert!(tenant.try_count(&[Group::Own(id(SKILL))]).is_err());
    tenant.handle.remove_agent("agent-0008");
    tenant.after(10);
    assert_eq!(tenant.count().free, 7, "read whole, not by what changed");
}

#[test]
fn one_bad_group_blinds_itself_only() {
    let tenant = Tenant::new(AcdSettings::default());
    tenant.handle.set_available(4);
    let groups = [Group::Own(id("4999")), Group::Own(id(SKILL))];
    let heads = tenant.try_count(&groups).unwrap();
    assert!(matches!(heads[0], GroupCount::Unknown { .. }), "{heads:?}");
    assert_eq!(heads[1].known().unwrap().free, 4);
}

#[test]
fn a_schedule_beside_us_is_told() {
    for (scheduled, expected) in [(false, 0), (true, 1)] {
        let tenant = Tenant::new(AcdSettings {
            scheduled,
            ..AcdSettings::default()
        });
        let ids = [id(SKILL)];
        let rivals = tenant.parts.campaigns.rivals(&ids, tenant.deadline());
        let rivals = tenant.runtime.block_on(rivals).unwrap();
        assert_eq!(rivals.len(), expected);
    }
}

#[test]
fn what_a_reload_takes_out_is_left_alone_and_what_it_brings_is_commanded() {
    let tenant = Tenant::with(AcdSettings::default(), &["4711"], |_| {});
    let running = tenant.read(SKILL);
    tenant.parts.campaigns.configured(&[id("4801")]);
    let refused = tenant.command(SKILL, Direction::Pause, &running);
    assert!(matches!(refused, Delivery::Refused { .. }), "{refused:?}");
    tenant.parts.campaigns.configured(&[id("4801"), id(SKILL)]);
    let running = tenant.read(SKILL);
    let paused = tenant.command(SKILL, Direction::Pause, &running);
    assert_eq!(paused, acknowledged());
    assert_eq!(tenant.commands(), ["PAUSED"]);
}

#[test]
fn a_throttle_writes_all_that_was_read_and_respects_others() {
    let tenant = Tenant::new(AcdSettings::default());
    let campaign = id(SKILL);
    let throttle = tenant.parts.throttles.dial_ratio.as_ref().unwrap();
    let pace = |tenant: &Tenant| {
        let read = throttle.read(&campaign, Urgency::Command, tenant.deadline());
        tenant.runtime.block_on(read).unwrap()
    };
    let before = pace(&tenant);
    let dials = DialRatio::from_dials;
    assert_eq!(before.reading.setting(), PaceSetting::Dials(dials(2)));
    let set = |before, ratio| {
        tenant.runtime.block_on(throttle.set(ThrottleOrder {
            campaign: &campaign,
            before,
            to: PaceSetting::Dials(ratio),
            decision: DecisionId { run: 1, tick: 1 },
            leave_by: tenant.deadline(),
            deadline: tenant.deadline(),
        }))
    };
    assert_eq!(set(&before, dials(1)), acknowledged());
    assert_eq!(
        pace(&tenant).reading.setting(),
        PaceSetting::Dials(dials(1))
    );
    let stale = set(&before, dials(3));
    assert!(matches!(stale, Delivery::Conflict { .. }), "{stale:?}");
}

#[test]
fn outcomes_are_counted_and_a_span_that_is_too_long_is_an_error() {
    let tenant = Tenant::new(AcdSettings::default());
    tenant.after(3_600);
    let outcomes = tenant.parts.outcomes.as_ref().unwrap();
    let campaign = id(SKILL);
    let read = |seconds: i64| {
        let from = Timestamp::from_unix_millis(START.as_unix_millis() - seconds * 1_000);
        let campaigns = std::slice::from_ref(&campaign);
        let read = outcomes.outcomes(campaigns, from, tenant.deadline());
        tenant.runtime.block_on(read).pop().unwrap()
    };
    let reading = read(0).unwrap().unwrap();
    assert_eq!(
        (reading.since.as_unix_millis(), reading.counters.abandoned),
        (START.as_unix_millis(), 0)
    );
    assert_eq!(reading.counters.connected, None, "not counted there");
    assert!(read(31 * 24 * 3_600).is_err());
}

#[test]
fn the_host_is_discovered_and_both_log_ins_work() {
    let tenant = Tenant::with(AcdSettings::default(), &[SKILL], |tenant| {
        tenant.token_url = "http://127.0.0.1/auth/token".parse().unwrap();
        tenant.base_url = None;
        tenant.special.registered_client = Some((
            "registered".to_owned(),
            "registered-secret====".to_owned().into(),
        ));
    });
    tenant.handle.set_available(3);
    assert_eq!(tenant.count().free, 3);
    let discovery = Endpoint::Acd(AcdOperation::Discovery);
    assert_eq!(tenant.handle.request_count(Some(discovery)), 1);
    let global = Endpoint::Acd(AcdOperation::GlobalToken);
    assert_eq!(tenant.handle.request_count(Some(global)), 1);
}
