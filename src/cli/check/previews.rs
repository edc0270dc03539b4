//! Preview campaigns: whether they run, their lists, and whom of the roster they can be given.

use crate::cli::connection::Connection;
use crate::cli::exit::Exit;
use crate::control::ports::Clock;
use crate::domain::CampaignId;
use crate::domain::assignment::{Eligibility, Kind, ListFinding};
use crate::platform::port::ListPorts;
use crate::settings::{Assignments, Settings};

use super::agents::{Everybody, name_unknown_agents};
use super::campaigns::read_statuses;
use super::findings::{Findings, counted};

/// Looks at everything that preview assignments rest on.
pub(super) async fn look_at_previews(
    settings: &Settings,
    connection: &Connection,
    clock: &dyn Clock,
    everybody: &Everybody,
    findings: &mut Findings,
) {
    let Some(assignments) = &settings.assignments else {
        return;
    };
    let previews = assignments.policy.previews.keys();
    // Of the others it is known from the campaign itself.
    let unmanaged = previews.filter(|id| !settings.policies.contains_key(id));
    let unmanaged: Vec<CampaignId> = unmanaged.cloned().collect();
    for (campaign, finding) in read_statuses(settings, connection, clock, &unmanaged).await {
        let rights = connection.platform.capabilities.rights;
        super::campaigns::tell_status(
            &format!("preview campaign {campaign}"),
            &finding,
            rights,
            findings,
        );
    }
    read_lists(settings, assignments, connection, clock, findings).await;
    let roster = &assignments.roster;
    let ids = roster.agents().iter().map(|agent| &agent.id);
    name_unknown_agents("roster", ids, everybody);
    tell_whom_each_can_have(assignments);
}

/// Reads the list of each preview campaign.
async fn read_lists(
    settings: &Settings,
    assignments: &Assignments,
    connection: &Connection,
    clock: &dyn Clock,
    findings: &mut Findings,
) {
    let Some(ListPorts { reader, .. }) = &connection.platform.lists else {
        let what = "lists of preview campaigns: this platform has none";
        findings.bad(what, Exit::Configuration);
        return;
    };
    let roster = &assignments.roster;
    for campaign in assignments.policy.previews.keys() {
        let deadline = clock.now().plus(settings.request_timeout.saturating_mul(3));
        match reader.read_list(campaign, deadline).await {
            Ok(ListFinding::Found { agents }) => {
                let rostered = agents.keys().filter(|id| roster.position(id).is_some());
                Findings::good(format_args!(
                    "list of campaign {campaign}: {}, {} of them in the roster",
                    counted(agents.len(), "agent"),
                    rostered.count(),
                ));
            }
            Ok(ListFinding::NotShown) => Findings::doubtful(format_args!(
                "list of campaign {campaign}: the platform does not show it, so that a manual change of it cannot be seen"
            )),
            Ok(ListFinding::Unreadable) => {
                let what = format!("list of campaign {campaign}: cannot be read");
                findings.bad(what, Exit::Unreachable);
            }
            Err(fault) => findings.fault(&format!("list of campaign {campaign}"), &fault),
        }
    }
}

/// Tells how many of the roster each campaign can be given by skills and zones, whatever the time of day.
fn tell_whom_each_can_have(assignments: &Assignments) {
    let Assignments { policy, roster, .. } = assignments;
    let eligibility = Eligibility::new(roster, policy);
    for (position, (campaign, preview)) in policy.previews.iter().enumerate() {
        let of = |holds: &dyn Fn(usize) -> bool| {
            let agents = roster.agents().iter();
            agents.filter(|agent| holds(agent.kind)).count()
        };
        let fit = of(&|kind| eligibility.of_kind(kind).contains(&position));
        let least = usize::try_from(preview.least).unwrap_or(usize::MAX);
        if fit > 0 && fit >= least {
            Findings::good(format_args!(
                "preview campaign {campaign}: {} of the roster can be given to it",
                counted(fit, "agent")
            ));
            continue;
        }
        let kind_is = |kind: usize, holds: &dyn Fn(&Kind) -> bool| {
            roster.kinds().get(kind).is_some_and(holds)
        };
        let skilled = of(&|kind| kind_is(kind, &|kind| preview.skills.is_subset(&kind.skills)));
        let in_zone = of(&|kind| kind_is(kind, &|kind| preview.zones.contains(&kind.window.zone)));
        let needs = if fit == 0 {
            "nobody of the roster can be given to it".to_owned()
        } else {
            format!("it needs {least} agents at least, and {fit} of the roster can be given to it")
        };
        Findings::doubtful(format_args!(
            "preview campaign {campaign}: {needs}: {skilled} have its skills, {in_zone} work in its zones"
        ));
    }
}
