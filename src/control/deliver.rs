//! Sends one command: on a fresh reading, at most a few times, and never again without a reading in between.
//!
//! ```text
//!   ┌─▶ reading young enough? ─ no ─▶ read anew ─ touched ─▶ nothing is sent
//!   │            │ yes                   │ untouched
//!   │            ▼                       │
//!   │          send ◀────────────────────┘
//!   │            ├─ acknowledged, conflict, refused for good ─▶ read back
//!   │            └─ refused for now, not sent, lost ─▶ wait, read ─ touched ─▶ that is what came of it
//!   └──────────────────────────── untouched, and there is time ──┘
//! ```
//!
//! *Why a reading grows old.* The rate limit, a slow commit or a stopped process may lie between a reading and its
//! command, and a person may act in any of them. What was read is believed for about a second.
//!
//! *What an untouched reading proves.* It was made after the attempt had ended, by an answer or a time-out: what shows
//! from then on came after it, so the window in which a change can be ours begins anew with it. A lost attempt stays lost,
//! whatever is said to a later one.

use std::time::Duration;

use crate::domain::{
    CampaignId, Command, CommandResult, Delivery, StatusFinding, StatusReading, Timestamp,
};
use crate::platform::port::{
    CampaignCommander, CampaignFinding, CampaignReader, CommandOrder, FaultKind, PlatformFault,
    Urgency,
};

use super::ports::Clock;

/// How often one command is sent; before each time the status is read.
const MOST_DELIVERIES: u32 = 3;

/// How often a reading that grew old before its command could leave is made anew.
const MOST_READINGS: u32 = 8;

/// The waits before a command is sent again, unless the platform asks for another.
const SEND_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// Waits before each reading back, beyond those the platform needs longer than usual and the next polls look again.
const READ_BACK_AFTER: [Duration; 2] = [Duration::ZERO, Duration::from_millis(250)];

/// What sending takes.
#[derive(Clone, Copy)]
pub(super) struct Delivering<'a> {
    pub(super) commander: &'a dyn CampaignCommander,
    pub(super) campaigns: &'a dyn CampaignReader,
    pub(super) clock: &'a dyn Clock,
    /// The longest that a command can be on its way, everything included.
    pub(super) longest: Duration,
    /// A reading older than this is not commanded on.
    pub(super) freshest: Duration,
    /// How long the platform usually takes to show a command.
    pub(super) usually_settles: Duration,
}

/// Reads one campaign.
pub(super) async fn read_one(
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

impl Delivering<'_> {
    /// Sends the command and finds out what came of it.
    pub(super) async fn deliver(self, command: &Command) -> CommandResult {
        // Counted from the authorisation, as the window is in which a change can be ours. The last attempt to start may
        // take a further quarter.
        let deadline = command.reason.at.plus(self.longest * 3 / 4);
        let mut before = command.before.clone();
        let mut readings = 0;
        let mut attempt = 0;
        let mut lost: Option<String> = None;
        loop {
            while self.clock.now() > before.read_at.plus(self.freshest) {
                readings += 1;
                if readings > MOST_READINGS {
                    let why = "each reading grew old before the command could leave";
                    let after = StatusFinding::Unreadable;
                    return kept_back(before, why, lost, after, self.clock.now());
                }
                match self.look(command, Urgency::BeforeCommand, deadline).await {
                    Ok(StatusFinding::Found(found)) if untouched(&before, &found) => before = found,
                    Ok(found) => {
                        let why = "somebody changed the campaign before the command could leave";
                        return kept_back(before, why, lost, found, self.clock.now());
                    }
                    Err(fault) => {
                        let after = StatusFinding::Unreadable;
                        return kept_back(before, &fault.detail, lost, after, self.clock.now());
                    }
                }
            }
            let order = CommandOrder {
                campaign: &command.campaign,
                direction: command.direction,
                before: &before,
                decision: command.reason.decision,
                leave_by: before.read_at.plus(self.freshest),
                deadline,
            };
            let delivery = self.commander.command(order).await;
            let ended_at = self.clock.now();
            attempt += 1;
            // That a later attempt had no effect says nothing of an earlier one that was lost.
            let (delivery, given_up) = match (delivery, &lost) {
                (Delivery::Conflict { .. } | Delivery::Refused { wait: None, .. }, Some(why)) => {
                    (Delivery::Lost { why: why.clone() }, true)
                }
                (delivery, _) => (delivery, false),
            };
            let wait = match &delivery {
                Delivery::Acknowledged { .. } => {
                    let after = self.read_back(command, true, deadline).await;
                    return ended(delivery, after, before, ended_at);
                }
                Delivery::Conflict { .. } | Delivery::Refused { wait: None, .. } => {
                    let after = self.read_back(command, false, deadline).await;
                    return ended(delivery, after, before, ended_at);
                }
                Delivery::Refused {
                    wait: Some(wait), ..
                } => *wait,
                Delivery::NotSent { .. } | Delivery::Lost { .. } => SEND_AGAIN_AFTER * attempt,
            };
            if let Delivery::Lost { why } = &delivery {
                lost.get_or_insert_with(|| why.clone());
            }
            if given_up || attempt >= MOST_DELIVERIES || ended_at.plus(wait) > deadline {
                let Some(why) = lost else {
                    return ended(delivery, StatusFinding::Unreadable, before, ended_at);
                };
                let after = self.read_back(command, true, deadline).await;
                return ended(Delivery::Lost { why }, after, before, ended_at);
            }
            // What was lost may show at once; a platform that asks for a pause is given it first.
            self.clock.sleep(wait).await;
            match self.look(command, Urgency::BeforeCommand, deadline).await {
                Ok(StatusFinding::Found(found)) if untouched(&before, &found) => before = found,
                found => {
                    let after = found.unwrap_or(StatusFinding::Unreadable);
                    let delivery = lost.map_or(delivery, |why| Delivery::Lost { why });
                    return ended(delivery, after, before, ended_at);
                }
            }
        }
    }

    async fn look(
        self,
        command: &Command,
        urgency: Urgency,
        deadline: Timestamp,
    ) -> CampaignFinding {
        read_one(self.campaigns, &command.campaign, urgency, deadline).await
    }

    /// Reads the status, if `patient` until it shows the target or long enough to know better.
    async fn read_back(
        self,
        command: &Command,
        patient: bool,
        deadline: Timestamp,
    ) -> StatusFinding {
        let mut last = StatusFinding::Unreadable;
        let waits = READ_BACK_AFTER.into_iter().chain([self.usually_settles]);
        for wait in waits {
            if !wait.is_zero() {
                self.clock.sleep(wait).await;
            }
            if let Ok(found) = self.look(command, Urgency::Command, deadline).await {
                let settled = match &found {
                    StatusFinding::Found(reading) => reading.activity == command.direction.target(),
                    StatusFinding::Missing => true,
                    StatusFinding::Unreadable => false,
                };
                last = found;
                if settled || !patient {
                    break;
                }
            }
        }
        last
    }
}

/// Whether nothing shows that somebody has changed the campaign in between. A version that is worth nothing as evidence
/// is not in `before`, and then says nothing here either.
fn untouched(before: &StatusReading, now: &StatusReading) -> bool {
    now.activity == before.activity && (before.version.is_none() || now.version == before.version)
}

/// The command did not leave, or not again.
fn kept_back(
    before: StatusReading,
    why: &str,
    lost: Option<String>,
    after: StatusFinding,
    now: Timestamp,
) -> CommandResult {
    let not_sent = || Delivery::NotSent {
        why: why.to_owned(),
    };
    let delivery = lost.map_or_else(not_sent, |why| Delivery::Lost { why });
    ended(delivery, after, before, now)
}

fn ended(
    delivery: Delivery,
    after: StatusFinding,
    before: StatusReading,
    ended_at: Timestamp,
) -> CommandResult {
    CommandResult {
        delivery,
        after,
        before: Some(before),
        ended_at: Some(ended_at),
    }
}
