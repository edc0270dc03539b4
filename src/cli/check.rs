//! `check`: every fault of the configuration at once, and with `--online` whether the platform plays along.

use std::sync::Arc;

use crate::control::ports::{AgentsRequest, Clock, PlatformFault, SystemClock};
use crate::control::queues::ports::QueuePlatform;
use crate::domain::queue::Member;
use crate::domain::{CampaignId, Count, Selector, Snapshot, StatusFinding, Timestamp};

use crate::platform::cxone_v2::Queues;
use crate::settings::{Resolved, Settings};

use super::daemon::Connection;
use super::exit::Exit;
use super::output;

/// Settings longer than this push their origin to the right.
const WIDEST: usize = 60;

/// The scopes that the daemon needs.
const SCOPES: [&str; 3] = [
    "interactions:agents:read",
    "campaigns:read",
    "campaigns:write",
];

/// Those that preview assignments need beyond.
const ASSIGNMENT_SCOPES: [&str; 2] = ["outbound:campaigns:read", "outbound:campaigns:write"];

/// Those that queues need beyond.
const QUEUE_SCOPES: [&str; 2] = ["routing:queue:view", "routing:queue:write"];

/// Tells what is right and wrong with a configuration that could be read.
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

/// What went wrong first decides the exit; everything is told.
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
    match connection.client.granted_scopes(deadline()).await {
        Ok(granted) => {
            Findings::good(format_args!("token from {}", settings.token_url));
            name_missing_scopes(granted.as_deref(), &SCOPES, &mut findings);
            if !settings.queues.is_empty() {
                name_missing_scopes(granted.as_deref(), &QUEUE_SCOPES, &mut findings);
            }
            if settings.assignments.is_some() {
                name_missing_scopes(granted.as_deref(), &ASSIGNMENT_SCOPES, &mut findings);
            }
        }
        Err(fault) => {
            findings.fault("token", &fault);
            return findings.exit;
        }
    }
    let agents = read_agents(settings, &connection, deadline(), &mut findings).await;
    for (campaign, policy) in &settings.policies {
        let count = agents.as_ref().map(|agents| agents.count(&policy.selector));
        read_campaign(&connection, campaign, count, deadline(), &mut findings).await;
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

/// Reads each queue and whether its figures can be measured.
async fn read_queues(
    settings: &Settings,
    connection: &Connection,
    clock: &Arc<dyn Clock>,
    findings: &mut Findings,
) {
    let base_url = settings.base_url.clone();
    let queues = Queues::new(Arc::clone(&connection.client), base_url, Arc::clone(clock));
    for queue in settings.queues.keys() {
        let deadline = clock.now().plus(settings.request_timeout.saturating_mul(3));
        match queues.read_queue(queue, deadline).await {
            Ok(Some(reading)) => {
                let name = reading.members.get(&Member::Name);
                let name = name.map_or(String::new(), |name| format!(" ({name})"));
                let version = reading.version;
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

fn name_missing_scopes(granted: Option<&str>, needed: &[&str], findings: &mut Findings) {
    // A platform that tells nothing shows what is missing by a 403 below, except for commands, which are not tried.
    let Some(granted) = granted else { return };
    let granted: Vec<&str> = granted.split_whitespace().collect();
    for scope in needed.iter().filter(|scope| !granted.contains(scope)) {
        findings.bad(
            format_args!("scope {scope} is not granted; add it to the OAuth client"),
            Exit::Refused,
        );
    }
}

/// Reads every agent with skills, as the selectors may need.
async fn read_agents(
    settings: &Settings,
    connection: &Connection,
    deadline: Timestamp,
    findings: &mut Findings,
) -> Option<Snapshot> {
    let request = AgentsRequest {
        every_state: true,
        skills: true,
        expected_rows: None,
        deadline,
    };
    match connection.platform.read_agents(request).await {
        Ok(read) => {
            let Count { available, staffed } = read.snapshot.count(&Selector::All);
            Findings::good(format_args!(
                "agents: {available} available now of {staffed} that are not offline, in {} page{} of {}",
                read.pages,
                if read.pages == 1 { "" } else { "s" },
                settings.page_size,
            ));
            Some(read.snapshot)
        }
        Err(failed) => {
            findings.fault("agents", &failed.fault);
            None
        }
    }
}

async fn read_campaign(
    connection: &Connection,
    campaign: &CampaignId,
    count: Option<Count>,
    deadline: Timestamp,
    findings: &mut Findings,
) {
    match connection
        .platform
        .read_status(campaign, false, deadline)
        .await
    {
        Ok(StatusFinding::Found(reading)) => {
            let status = reading.status;
            match count {
                None => Findings::good(format_args!("campaign {campaign}: {status}")),
                Some(Count { available, staffed }) => {
                    Findings::good(format_args!(
                        "campaign {campaign}: {status}, {available} of its {staffed} agents available"
                    ));
                    if staffed == 0 {
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
