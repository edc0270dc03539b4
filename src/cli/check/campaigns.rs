//! Campaigns: their statuses, read as `run` reads them, and what else moves them.

use crate::cli::connection::Connection;
use crate::cli::exit::Exit;
use crate::cli::idle_reserve::{NO_IDLE_RESERVE, is_not_offered};
use crate::control::ports::Clock;
use crate::domain::throttle::{Lever, PaceSetting};
use crate::domain::{CampaignId, EvidenceSurvey, GroupCount, HeadCount, StatusFinding};
use crate::platform::port::{CampaignFinding, Pace, Rights, RivalKind, Urgency};
use crate::settings::Settings;

use super::agents::{Everybody, doubt_reach, doubt_thresholds};
use super::findings::Findings;

/// Campaigns of which the statuses are asked for together, as at a start with many of them.
const READ_TOGETHER: usize = 128;

/// Reads every campaign and tells what is so.
pub(super) async fn look_at_campaigns(
    settings: &Settings,
    connection: &Connection,
    clock: &dyn Clock,
    everybody: &Everybody,
    findings: &mut Findings,
) {
    let campaigns: Vec<CampaignId> = settings.policies.keys().cloned().collect();
    let rights = connection.platform.capabilities.rights;
    let mut survey = EvidenceSurvey::by(connection.platform.capabilities.traits.evidence);
    for (campaign, finding) in read_statuses(settings, connection, clock, &campaigns).await {
        if let Ok(StatusFinding::Found(reading)) = &finding {
            survey.note(reading);
        }
        let Some(policy) = settings.policies.get(&campaign) else {
            continue;
        };
        let head = everybody.head(&campaign, policy);
        let counts = policy.counts_agents();
        let count = head.filter(|_| counts).map(|head| &head.count);
        tell_campaign(&campaign, &finding, count, rights, findings);
        if let Some(lever) = policy.actuator.lever() {
            tell_pace(settings, connection, clock, (&campaign, lever), findings).await;
        }
        doubt_thresholds(&campaign, policy, everybody);
        let traits = connection.platform.capabilities.traits;
        if traits.bars_log_in && policy.counts_agents() {
            doubt_reach(&campaign, policy, everybody);
        }
        tell_rivals(settings, connection, clock, &campaign).await;
    }
    if let Some(weakness) = survey.weakness() {
        Findings::doubtful(format_args!(
            "{weakness}: what a person does at about the time of a command may not be told from it"
        ));
    }
}

/// Reads the statuses of campaigns.
pub(super) async fn read_statuses(
    settings: &Settings,
    connection: &Connection,
    clock: &dyn Clock,
    campaigns: &[CampaignId],
) -> Vec<(CampaignId, CampaignFinding)> {
    let reader = &connection.platform.campaigns;
    let mut found = Vec::with_capacity(campaigns.len());
    for together in campaigns.chunks(READ_TOGETHER) {
        let deadline = clock.now().plus(settings.request_timeout.saturating_mul(3));
        let findings = reader.read(together, Urgency::Routine, deadline).await;
        let mut findings = findings.into_iter();
        found.extend(together.iter().map(|campaign| {
            let finding = findings.next().unwrap_or(Ok(StatusFinding::Unreadable));
            (campaign.clone(), finding)
        }));
    }
    found
}

fn tell_campaign(
    campaign: &CampaignId,
    finding: &CampaignFinding,
    count: Option<&GroupCount>,
    rights: Rights,
    findings: &mut Findings,
) {
    let what = format!("campaign {campaign}");
    let (Ok(StatusFinding::Found(reading)), Some(count)) = (finding, count) else {
        tell_status(&what, finding, rights, findings);
        return;
    };
    let status = &reading.word;
    match count {
        GroupCount::Unknown { why } => {
            findings.bad(
                format_args!("{what}: {status}, its agents: {why}"),
                Exit::Refused,
            );
        }
        GroupCount::Known(HeadCount { free, staffed, .. }) => {
            Findings::good(format_args!(
                "{what}: {status}, {free} of its {staffed} agents available"
            ));
            if *staffed == 0 {
                Findings::doubtful(format_args!(
                    "no agent that is not offline counts for {what}; are its skills or ids spelled as the platform has them?"
                ));
            }
        }
    }
}

/// Tells the status of a campaign, or why it is not known.
pub(super) fn tell_status(
    what: &str,
    finding: &CampaignFinding,
    rights: Rights,
    findings: &mut Findings,
) {
    match finding {
        Ok(StatusFinding::Found(reading)) => {
            Findings::good(format_args!("{what}: {}", reading.word));
        }
        Ok(StatusFinding::Missing) => findings.bad(
            format_args!(
                "{what}: 404, the platform does not know it; {}",
                rights.unknown_campaign
            ),
            Exit::Refused,
        ),
        Ok(StatusFinding::Unreadable) => {
            findings.bad(format_args!("{what}: cannot be read"), Exit::Unreachable);
        }
        Err(fault) => findings.fault(what, fault),
    }
}

/// Tells how fast a campaign dials that is to be slowed down, and refuses one that is not ahead of its agents or keeps nobody idle.
async fn tell_pace(
    settings: &Settings,
    connection: &Connection,
    clock: &dyn Clock,
    (campaign, lever): (&CampaignId, Lever),
    findings: &mut Findings,
) {
    // Where there is none the settings are refused.
    let Some(throttle) = connection.platform.throttles.get(lever) else {
        return;
    };
    let deadline = clock.now().plus(settings.request_timeout.saturating_mul(3));
    match throttle.read(campaign, Urgency::Routine, deadline).await {
        Ok(Pace { reading, .. }) => match (reading.setting(), reading.not_ahead()) {
            (PaceSetting::KeptIdle(reserve), _) => Findings::good(format_args!(
                "campaign {campaign}: its dialler keeps {reserve} agents idle, and can be told how many"
            )),
            (PaceSetting::Dials(ratio), None) => Findings::good(format_args!(
                "campaign {campaign}: dials {ratio} for each idle agent, and can be stepped down"
            )),
            (PaceSetting::Dials(_), Some(ratio)) => findings.bad(
                format_args!(
                    "campaign {campaign}: dials {ratio} for each idle agent as it is, as progressive and preview campaigns do, so that \
                     there is nothing to step down; write actuator = \"pause\", or let it dial ahead"
                ),
                Exit::Configuration,
            ),
        },
        Err(fault) if lever == Lever::IdleReserve && is_not_offered(&fault) => findings.bad(
            format_args!("campaign {campaign}: {NO_IDLE_RESERVE}"),
            Exit::Configuration,
        ),
        Err(fault) => findings.fault(&format!("pace of campaign {campaign}"), &fault),
    }
}

/// Reports whatever else on the platform starts and stops a campaign.
async fn tell_rivals(
    settings: &Settings,
    connection: &Connection,
    clock: &dyn Clock,
    campaign: &CampaignId,
) {
    if !connection.platform.capabilities.rivals {
        return;
    }
    let deadline = clock.now().plus(settings.request_timeout.saturating_mul(3));
    let ids = std::slice::from_ref(campaign);
    match connection.platform.campaigns.rivals(ids, deadline).await {
        Ok(rivals) => {
            for rival in rivals {
                let description = rival.description;
                match rival.kind {
                    RivalKind::Competes => Findings::doubtful(format_args!(
                        "campaign {campaign}: {description}; what starts or stops it there counts as a manual change"
                    )),
                    RivalKind::Hinders => {
                        Findings::doubtful(format_args!("campaign {campaign}: {description}"));
                    }
                }
            }
        }
        Err(fault) => Findings::doubtful(format_args!(
            "campaign {campaign}: it cannot be seen whether something else starts and stops it: {fault}"
        )),
    }
}
