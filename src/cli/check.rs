//! `check`: every fault of the configuration at once, and with `--online` whether credentials and rights work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::control::ports::{Clock, SystemClock};
use crate::domain::assignment::ListFinding;
use crate::domain::queue::Member;
use crate::domain::{CampaignId, Group, GroupCount, HeadCount, Selector, StatusFinding, Timestamp};

use crate::platform::port::{
    AgentFeed, Granted, ListPorts, ObserveRequest, PlatformFault, Urgency,
};
use crate::settings::{Assignments, Resolved, Settings};

use super::daemon::Connection;
use super::exit::Exit;
use super::output;

/// The width of the column of settings; a longer one moves its origin to the right.
const WIDEST: usize = 60;

/// Reports on a configuration that could be read.
pub(crate) async fn check(resolved: &Resolved, online: bool) -> Exit {
    for warning in &resolved.warnings {
        output::talk(format_args!("warning: {warning}"));
    }
    let settings = &resolved.settings;
    let widest = resolved
        .origins
        .iter()
        .map(|(key, value, _)| key.len() + value.len())
        .max()
        .unwrap_or(0)
        .min(WIDEST);
    for (key, value, origin) in &resolved.origins {
        let setting = format!("{key} = {value}");
        output::result(format_args!(
            "{setting:width$}  {origin}",
            width = widest + " = ".len()
        ));
    }
    output::result(format_args!(
        "configuration: ok, {} campaign{}",
        settings.policies.len(),
        if settings.policies.len() == 1 {
            ""
        } else {
            "s"
        },
    ));
    if online {
        check_online(settings).await
    } else {
        Exit::Ok
    }
}

/// The findings; the first failure decides the exit code, and all are printed.
struct Findings {
    exit: Exit,
}

impl Findings {
    fn good(what: impl std::fmt::Display) {
        output::result(format_args!("ok      {what}"));
    }

    fn bad(&mut self, what: impl std::fmt::Display, exit: Exit) {
        output::result(format_args!("FAILED  {what}"));
        if self.exit == Exit::Ok {
            self.exit = exit;
        }
    }

    fn fault(&mut self, what: &str, fault: &PlatformFault) {
        self.bad(format_args!("{what}: {fault}"), Exit::of(fault.kind));
    }
}

async fn check_online(settings: &Settings) -> Exit {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::real_time());
    let connection = match Connection::new(settings, &clock) {
        Ok(connection) => connection,
        Err(fault) => {
            output::talk(format_args!("campaign-autopilot: {fault}"));
            return fault.exit();
        }
    };
    let mut findings = Findings { exit: Exit::Ok };
    let deadline = || clock.now().plus(settings.request_timeout.saturating_mul(3));
    let rights = connection.platform.capabilities.rights;
    match connection.platform.login.granted(deadline()).await {
        Ok(Granted {
            source,
            rights: granted,
        }) => {
            Findings::good(format_args!("token from {source}"));
            name_missing_scopes(granted.as_deref(), rights.campaigns, &mut findings);
            if !settings.queues.is_empty() {
                name_missing_scopes(granted.as_deref(), rights.queues, &mut findings);
            }
            if settings.assignments.is_some() {
                name_missing_scopes(granted.as_deref(), rights.lists, &mut findings);
            }
        }
        Err(fault) => {
            findings.fault("token", &fault);
            return findings.exit;
        }
    }
    plan_calls(settings, &connection, deadline(), &mut findings).await;
    let agents = read_agents(settings, &connection, deadline(), &mut findings).await;
    for (campaign, policy) in &settings.policies {
        let head = agents.get(&policy.group(campaign));
        read_campaign(&connection, campaign, head, deadline(), &mut findings).await;
        tell_rivals(&connection, campaign, deadline()).await;
    }
    if let Some(assignments) = &settings.assignments {
        read_lists(assignments, &connection, deadline(), &mut findings).await;
    }
    if !settings.queues.is_empty() {
        read_queues(settings, &connection, &clock, &mut findings).await;
    }
    output::result("not tried: commands, the state directory and the listener; `run` does");
    if settings.webhook.is_some() {
        output::result("not tried: the webhook's receiver; `webhook test` does");
    }
    findings.exit
}

/// Plans the calls of a day, where the platform counts them.
async fn plan_calls(
    settings: &Settings,
    connection: &Connection,
    deadline: Timestamp,
    findings: &mut Findings,
) {
    let Some(planner) = &connection.platform.call_plan else {
        return;
    };
    let campaigns: Vec<CampaignId> = settings.policies.keys().cloned().collect();
    let lists = settings.lists();
    let plan = planner.plan(&campaigns, &lists, settings.poll_interval, deadline);
    match plan.await {
        Ok(plan) if plan.fits() => Findings::good(plan.describe()),
        Ok(plan) => output::talk(format_args!("warning: {}", plan.describe())),
        Err(fault) => findings.fault("calls of a day", &fault),
    }
}

/// Reports whatever else on the platform starts and stops a campaign.
async fn tell_rivals(connection: &Connection, campaign: &CampaignId, deadline: Timestamp) {
    if !connection.platform.capabilities.rivals {
        return;
    }
    let ids = std::slice::from_ref(campaign);
    match connection.platform.campaigns.rivals(ids, deadline).await {
        Ok(rivals) => {
            for rival in rivals {
                output::talk(format_args!(
                    "warning: campaign {campaign}: {}, and what it does counts as a manual change",
                    rival.description
                ));
            }
        }
        Err(fault) => output::talk(format_args!(
            "warning: campaign {campaign}: it cannot be seen whether something else starts and stops it: {fault}"
        )),
    }
}

/// Reads the list of each preview campaign.
async fn read_lists(
    assignments: &Assignments,
    connection: &Connection,
    deadline: Timestamp,
    findings: &mut Findings,
) {
    let Some(ListPorts { reader, .. }) = &connection.platform.lists else {
        let what = "lists of preview campaigns: this platform has none";
        findings.bad(what, Exit::Configuration);
        return;
    };
    let roster = &assignments.roster;
    for campaign in assignments.policy.previews.keys() {
        match reader.read_list(campaign, deadline).await {
            Ok(ListFinding::Found { agents }) => {
                let rostered = agents.keys().filter(|id| roster.position(id).is_some());
                let many = agents.len();
                Findings::good(format_args!(
                    "list of campaign {campaign}: {many} agent{}, {} of them in the roster",
                    if many == 1 { "" } else { "s" },
                    rostered.count(),
                ));
            }
            Ok(ListFinding::NotShown) => output::talk(format_args!(
                "warning: list of campaign {campaign}: the platform does not show it, so that a manual change of it \
                 cannot be seen"
            )),
            Ok(ListFinding::Unreadable) => {
                let what = format!("list of campaign {campaign}: cannot be read");
                findings.bad(what, Exit::Unreachable);
            }
            Err(fault) => findings.fault(&format!("list of campaign {campaign}"), &fault),
        }
    }
}

/// Reads each queue and whether its figures can be measured.
async fn read_queues(
    settings: &Settings,
    connection: &Connection,
    clock: &Arc<dyn Clock>,
    findings: &mut Findings,
) {
    let Some(queues) = connection.platform.queues.as_ref() else {
        let what = "queues: this platform has none that can be changed";
        findings.bad(what, Exit::Configuration);
        return;
    };
    let queues = &queues.reader;
    for queue in settings.queues.keys() {
        let deadline = clock.now().plus(settings.request_timeout.saturating_mul(3));
        match queues.read_queue(queue, deadline).await {
            Ok(Some(reading)) => {
                let name = reading.members.get(&Member::Name);
                let name = name.map_or(String::new(), |name| format!(" ({name})"));
                let version = &reading.version;
                Findings::good(format_args!("queue {queue}{name}: version {version}"));
            }
            Ok(None) => {
                let what =
                    format!("queue {queue}: 404, the platform does not know it; check the id");
                findings.bad(what, Exit::Refused);
                continue;
            }
            Err(fault) => findings.fault(&format!("queue {queue}"), &fault),
        }
        match queues.read_statistics(queue, deadline).await {
            Ok(Some(_)) => {}
            Ok(None) => output::talk(format_args!(
                "warning: the platform shows no statistics of queue {queue}: it is calibrated only by figures that \
                 POST /api/trigger-queue-update brings along"
            )),
            Err(fault) => findings.fault(&format!("statistics of queue {queue}"), &fault),
        }
    }
}

fn name_missing_scopes(granted: Option<&[String]>, needed: &[&str], findings: &mut Findings) {
    // A platform that tells nothing shows what is missing by a 403 below, except for commands, which are not tried.
    let Some(granted) = granted else { return };
    let is_granted = |scope: &str| granted.iter().any(|granted| granted == scope);
    for scope in needed.iter().filter(|scope| !is_granted(scope)) {
        findings.bad(
            format_args!("scope {scope} is not granted; add it to the OAuth client"),
            Exit::Refused,
        );
    }
}

/// Counts every group of agents that the rules name, as a poll does, and everyone.
async fn read_agents(
    settings: &Settings,
    connection: &Connection,
    deadline: Timestamp,
    findings: &mut Findings,
) -> BTreeMap<Group, GroupCount> {
    let policies = settings.policies.iter();
    // Counts that a platform makes by itself are not of everyone together.
    let everyone = connection.platform.capabilities.agents != AgentFeed::Counts;
    let everyone = everyone.then_some(Group::Rows(Selector::All));
    let groups: BTreeSet<Group> = policies
        .map(|(id, policy)| policy.group(id))
        .chain(everyone)
        .collect();
    let groups: Vec<Group> = groups.into_iter().collect();
    let skills = |group: &Group| {
        matches!(
            group,
            Group::Rows(Selector::AnySkill(_) | Selector::AllSkills(_))
        )
    };
    let request = ObserveRequest {
        groups: &groups,
        staffed: true,
        agents: false,
        skills: groups.iter().any(skills),
        deadline,
    };
    let observed = match connection.platform.agents.observe(request).await {
        Ok(observed) => observed,
        Err(failed) => {
            findings.fault("agents", &failed.fault);
            return BTreeMap::new();
        }
    };
    let calls = observed.tally.calls;
    let heads: BTreeMap<Group, GroupCount> = groups.into_iter().zip(observed.heads).collect();
    match heads.get(&Group::Rows(Selector::All)) {
        Some(GroupCount::Known(HeadCount { free, staffed, .. })) => Findings::good(format_args!(
            "agents: {free} available now of {staffed} that are not offline, in {calls} page{} of {}",
            if calls == 1 { "" } else { "s" },
            settings.page_size,
        )),
        Some(GroupCount::Unknown { why }) => {
            findings.bad(format_args!("agents: {why}"), Exit::Unreachable);
        }
        None => {}
    }
    heads
}

async fn read_campaign(
    connection: &Connection,
    campaign: &CampaignId,
    head: Option<&GroupCount>,
    deadline: Timestamp,
    findings: &mut Findings,
) {
    let ids = std::slice::from_ref(campaign);
    let reader = &connection.platform.campaigns;
    let found = reader.read(ids, Urgency::Routine, deadline).await;
    match found
        .into_iter()
        .next()
        .unwrap_or(Ok(StatusFinding::Unreadable))
    {
        Ok(StatusFinding::Found(reading)) => {
            let status = reading.word;
            match head {
                None => Findings::good(format_args!("campaign {campaign}: {status}")),
                Some(GroupCount::Unknown { why }) => {
                    let what = format!("campaign {campaign}: {status}, its agents: {why}");
                    findings.bad(what, Exit::Refused);
                }
                Some(GroupCount::Known(HeadCount { free, staffed, .. })) => {
                    Findings::good(format_args!(
                        "campaign {campaign}: {status}, {free} of its {staffed} agents available"
                    ));
                    if *staffed == 0 {
                        output::talk(format_args!(
                            "warning: no agent that is not offline counts for campaign {campaign}; are its skills or ids \
                             spelled as the platform has them?"
                        ));
                    }
                }
            }
        }
        Ok(StatusFinding::Missing) => {
            let what = format!(
                "campaign {campaign}: 404, the platform does not know it; check the id and the base URL"
            );
            findings.bad(what, Exit::Refused);
        }
        Ok(StatusFinding::Unreadable) => {
            findings.bad(
                format_args!("campaign {campaign}: cannot be read"),
                Exit::Unreachable,
            );
        }
        Err(fault) => findings.fault(&format!("campaign {campaign}"), &fault),
    }
}
