//! `check`: every fault of the configuration at once, and with `--online` whether credentials and rights work.
//!
//! What it asks of the platform is what `run` asks, through the same ports and with the same requests; a look at everybody
//! beyond that shows what of the settings the platform does not have.

mod agents;
#[cfg(test)]
mod asked_tests;
mod calendars;
mod campaigns;
mod findings;
mod guards;
mod previews;

use std::sync::Arc;

use crate::control::ports::{Clock, SystemClock};
use crate::domain::Zone;
use crate::domain::outcomes::start_of_day;
use crate::domain::queue::Member;
use crate::domain::{CampaignId, Timestamp};
use crate::platform::port::{FaultKind, Granted};
use crate::settings::{Resolved, Settings};

use super::connection::Connection;
use super::exit::Exit;
use super::output;

use agents::{look_at_everybody, poll};
use calendars::look_at_calendars;
use campaigns::look_at_campaigns;
use findings::{Findings, counted};
use guards::tell_guards;
use previews::look_at_previews;

/// The width of the column of settings; a longer one moves its origin to the right.
const WIDEST: usize = 60;

/// Reports on a configuration that could be read.
pub(crate) async fn check(resolved: &Resolved, online: bool) -> Exit {
    for warning in &resolved.warnings {
        output::talk(format_args!("warning: {warning}"));
    }
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
        "time zones: release {} of the IANA data, built in",
        Zone::data_version()
    ));
    let settings = &resolved.settings;
    look_at_calendars(settings, SystemClock::real_time().now());
    for settings in resolved.all() {
        tell_guards(settings);
    }
    match resolved.others.len() {
        0 => output::result(format_args!("configuration: ok, {}", contents(settings))),
        others => {
            let tenants = others.saturating_add(1);
            output::result(format_args!("configuration: ok, {tenants} tenants"));
            for settings in resolved.all() {
                output::result(format_args!("{}{}", of(settings), contents(settings)));
            }
        }
    }
    if !online {
        return Exit::Ok;
    }
    let mut exit = Exit::Ok;
    for settings in resolved.all() {
        exit = exit.then(check_online(settings).await);
    }
    output::result("not tried: commands, the state directory and the listener; `run` does");
    match resolved.all().map(|one| one.all_receivers().count()).sum() {
        0_usize => {}
        1 => output::result("not tried: the webhook's receiver; `webhook test` does"),
        many => output::result(format_args!(
            "not tried: {many} receivers of webhooks; `webhook test` does"
        )),
    }
    exit
}

/// What a line begins with that is about one of several tenants.
fn of(settings: &Settings) -> String {
    let tenant = settings.tenant.as_ref();
    tenant.map_or(String::new(), |tenant| format!("tenant {tenant}: "))
}

/// What the settings have, for people.
fn contents(settings: &Settings) -> String {
    let previews = settings.lists().len();
    let queues = settings.queues.len();
    let mut parts = vec![counted(settings.policies.len(), "campaign")];
    if previews > 0 {
        parts.push(counted(previews, "preview campaign"));
    }
    if queues > 0 {
        parts.push(counted(queues, "queue"));
    }
    let receivers = settings.receivers.len();
    if receivers > 0 {
        parts.push(counted(receivers, "receiver"));
    }
    parts.join(", ")
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
    if settings.tenant.is_some() {
        output::result(format_args!("{}{}", of(settings), settings.address()));
    }
    check_platform(settings, &connection, &clock).await
}

/// Asks the platform what `run` would ask it, and tells what is so.
async fn check_platform(
    settings: &Settings,
    connection: &Connection,
    clock: &Arc<dyn Clock>,
) -> Exit {
    let mut findings = Findings::none();
    let deadline = || clock.now().plus(settings.request_timeout.saturating_mul(3));
    let log_in = connection.platform.capabilities.rights.log_in;
    match connection.platform.login.granted(deadline()).await {
        Ok(Granted {
            source,
            rights: granted,
        }) => {
            Findings::good(format_args!("{log_in} from {source}"));
            name_missing_scopes(settings, connection, granted.as_deref(), &mut findings);
        }
        Err(fault) => {
            findings.fault(log_in, &fault);
            return findings.exit();
        }
    }
    let needs_agents = !settings.policies.is_empty() || settings.assignments.is_some();
    if needs_agents {
        plan_calls(settings, connection, deadline(), &mut findings).await;
        poll(settings, connection, &**clock, &mut findings).await;
        let everybody = look_at_everybody(settings, connection, &**clock, &mut findings).await;
        look_at_campaigns(settings, connection, &**clock, &everybody, &mut findings).await;
        look_at_previews(settings, connection, &**clock, &everybody, &mut findings).await;
        read_outcomes(settings, connection, &**clock, &mut findings).await;
    }
    if !settings.queues.is_empty() {
        read_queues(settings, connection, clock, &mut findings).await;
    }
    findings.exit()
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
    let plan = planner.plan(
        &campaigns,
        &lists,
        settings.poll_interval,
        settings.outcomes_interval(),
        deadline,
    );
    match plan.await {
        Ok(plan) if plan.fits() => Findings::good(plan.describe()),
        Ok(plan) => Findings::doubtful(plan.describe()),
        Err(fault) => findings.fault("calls of a day", &fault),
    }
}

/// Reads what became of the dials of those campaigns that a run reads first.
async fn read_outcomes(
    settings: &Settings,
    connection: &Connection,
    clock: &dyn Clock,
    findings: &mut Findings,
) {
    let reader = connection.platform.outcomes.as_ref();
    let Some(reader) = reader.filter(|_| settings.outcomes_interval().is_some()) else {
        return;
    };
    let campaigns = settings.policies.keys().take(reader.most_at_once());
    let campaigns: Vec<CampaignId> = campaigns.cloned().collect();
    let now = clock.now();
    let deadline = now.plus(settings.request_timeout.saturating_mul(3));
    let found = reader.outcomes(&campaigns, start_of_day(now), deadline);
    let mut read = 0_usize;
    let mut not_granted = None;
    for (campaign, finding) in campaigns.iter().zip(found.await) {
        match finding {
            Ok(Some(_)) => read = read.saturating_add(1),
            Ok(None) => tell_of_idle_aim(settings, campaign),
            // Whoever gives no right to count, and sets no rule that needs it, has nothing to mend.
            Err(fault)
                if fault.kind == FaultKind::Forbidden && !needs_outcomes(settings, campaign) =>
            {
                not_granted = Some(fault);
            }
            Err(fault) => {
                findings.fault(&format!("outcomes of campaign {campaign}"), &fault);
            }
        }
    }
    if let Some(fault) = not_granted {
        Findings::doubtful(format_args!("outcomes of dials are not counted: {fault}"));
    }
    if read > 0 {
        Findings::good(format_args!(
            "outcomes of dials are counted, of {}",
            counted(read, "campaign")
        ));
    }
}

/// Whether anything is decided by what became of a campaign's dials.
fn needs_outcomes(settings: &Settings, campaign: &CampaignId) -> bool {
    let policy = settings.policies.get(campaign);
    !settings.guards.is_empty() || policy.is_some_and(|policy| policy.aim.is_some())
}

/// Warns of an aim whose campaign nobody counts at this moment; it may be fed later.
fn tell_of_idle_aim(settings: &Settings, campaign: &CampaignId) {
    let aims = settings.policies.get(campaign);
    if aims.is_some_and(|policy| policy.aim.is_some()) {
        Findings::doubtful(format_args!(
            "campaign {campaign}: the platform does not count what became of its dials, so that its threshold does not move; \
             feed the daemon the counters (outcomes_file, or POST /api/v1/outcomes), or set thresholds"
        ));
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
            Ok(None) => Findings::doubtful(format_args!(
                "the platform shows no statistics of queue {queue}: it is calibrated only by figures that \
                 POST /api/trigger-queue-update brings along"
            )),
            Err(fault) => findings.fault(&format!("statistics of queue {queue}"), &fault),
        }
    }
}

/// Names the rights that are missing for what the settings ask for.
fn name_missing_scopes(
    settings: &Settings,
    connection: &Connection,
    granted: Option<&[String]>,
    findings: &mut Findings,
) {
    // A platform that tells nothing shows what is missing by a 403 below, except for commands, which are not tried.
    let Some(granted) = granted else { return };
    let is_granted = |scope: &str| granted.iter().any(|granted| granted == scope);
    let rights = connection.platform.capabilities.rights;
    let assigns = settings.assignments.is_some();
    for (needed, scopes) in [
        (assigns || !settings.policies.is_empty(), rights.campaigns),
        (assigns, rights.lists),
        (!settings.queues.is_empty(), rights.queues),
    ] {
        for scope in scopes.iter().filter(|scope| needed && !is_granted(scope)) {
            findings.bad(
                format_args!("{} {scope} is not granted; {}", rights.noun, rights.remedy),
                Exit::Refused,
            );
        }
    }
    for (right, lost) in rights.useful {
        if !is_granted(right) {
            Findings::doubtful(format_args!("the right {right} is not granted: {lost}"));
        }
    }
}
