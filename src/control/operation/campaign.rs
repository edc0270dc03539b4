//! Pausing or resuming one campaign.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::control::ports::Clock;
use crate::domain::{
    CampaignId, Command, CommandResult, Delivery, LostTry, StatusFinding, StatusReading, Timestamp,
};
use crate::platform::port::{
    CampaignCommander, CampaignFinding, CampaignReader, CommandOrder, FaultKind, PlatformFault,
    Urgency,
};

use super::engine::{Attempt, Carried, Engine, Seen, Target};

/// How often one command is sent.
const MOST_COMMANDS: u32 = 3;

/// What commanding takes.
#[derive(Clone, Copy)]
pub(in crate::control) struct CampaignOperation<'a> {
    pub(in crate::control) commander: &'a dyn CampaignCommander,
    pub(in crate::control) campaigns: &'a dyn CampaignReader,
    pub(in crate::control) clock: &'a dyn Clock,
    /// The longest that a command can be on its way, everything included.
    pub(in crate::control) longest: Duration,
    /// A reading older than this is not commanded on.
    pub(in crate::control) freshest: Duration,
    /// How long the platform usually takes to show a command.
    pub(in crate::control) usually_settles: Duration,
}

/// One command.
struct Commanded<'a> {
    ports: CampaignOperation<'a>,
    command: &'a Command,
}

/// Reads one campaign.
pub(in crate::control) async fn read_one(
    campaigns: &dyn CampaignReader,
    campaign: &CampaignId,
    urgency: Urgency,
    deadline: Timestamp,
) -> CampaignFinding {
    let ids = std::slice::from_ref(campaign);
    let found = campaigns.read(ids, urgency, deadline).await;
    found.into_iter().next().unwrap_or_else(|| {
        Err(PlatformFault {
            kind: FaultKind::Decode,
            detail: format!("nothing was answered about campaign {campaign}"),
        })
    })
}

impl CampaignOperation<'_> {
    /// Sends the command and finds out what came of it.
    pub(in crate::control) async fn deliver(self, command: &Command) -> CommandResult {
        let engine = Engine {
            clock: self.clock,
            // Counted from the authorisation, as the window is in which a change can be ours. The last attempt to start
            // may take a further quarter.
            deadline: command.reason.at.plus(self.longest * 3 / 4),
            reading: Duration::ZERO,
            most_writes: MOST_COMMANDS,
            usually_settles: self.usually_settles,
        };
        let target = Commanded {
            ports: self,
            command,
        };
        let Carried {
            delivery,
            before,
            after,
            ended_at,
            lost,
        } = engine.carry_out(&target, command.before.clone()).await;
        CommandResult {
            delivery,
            after: match after {
                Seen::Found(reading) => StatusFinding::Found(reading),
                Seen::Missing => StatusFinding::Missing,
                Seen::Unreadable { .. } => StatusFinding::Unreadable,
            },
            before: Some(before),
            ended_at: Some(ended_at),
            lost: lost
                .into_iter()
                .map(|lost| LostTry {
                    before: lost.before,
                    ended_at: lost.ended_at,
                })
                .collect(),
        }
    }
}

impl Target for Commanded<'_> {
    type Reading = StatusReading;

    fn read(
        &self,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'_, Result<Seen<StatusReading>, PlatformFault>> {
        Box::pin(async move {
            let (campaigns, campaign) = (self.ports.campaigns, &self.command.campaign);
            let found = read_one(campaigns, campaign, urgency, deadline).await?;
            Ok(match found {
                StatusFinding::Found(reading) => Seen::Found(reading),
                StatusFinding::Missing => Seen::Missing,
                StatusFinding::Unreadable => Seen::Unreadable {
                    why: format!("the status of campaign {campaign} cannot be read"),
                },
            })
        })
    }

    fn good_until(&self, reading: &StatusReading) -> Option<Timestamp> {
        Some(reading.read_at.plus(self.ports.freshest))
    }

    /// A version that is worth nothing as evidence is not in `before`, and then says nothing here either.
    fn is_untouched(&self, before: &StatusReading, now: &StatusReading) -> bool {
        now.activity == before.activity
            && (before.version.is_none() || now.version == before.version)
    }

    fn is_shown(&self, reading: &StatusReading) -> bool {
        reading.activity == self.command.direction.target()
    }

    fn write<'a>(&'a self, attempt: Attempt<'a, StatusReading>) -> BoxFuture<'a, Delivery> {
        self.ports.commander.command(CommandOrder {
            campaign: &self.command.campaign,
            direction: self.command.direction,
            before: attempt.before,
            restore: self.command.restore.as_deref(),
            staged: self.command.staged,
            decision: self.command.reason.decision,
            leave_by: attempt.leave_by,
            deadline: attempt.deadline,
        })
    }
}
