//! The ports that read and command campaigns.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::domain::{
    CampaignId, DecisionId, Delivery, DialsBy, Direction, StatusFinding, StatusReading, Timestamp,
};

use super::fault::PlatformFault;
use super::names::PlatformNames;

/// The purpose of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// The routine look for manual changes; it does not delay commands.
    Routine,
    /// It belongs to a command: it uses the commands' share of the rate limit.
    Command,
    /// A command follows right behind it: it uses the commands' share, and takes the permit for that command in advance, so
    /// that the command need not wait for the rate limit while the reading grows old.
    BeforeCommand,
}

/// The result of reading one campaign. A campaign that the platform does not know is a finding, not a fault.
pub type CampaignFinding = Result<StatusFinding, PlatformFault>;

/// Something on the platform that stands in the way of what is decided about a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// The campaign.
    pub campaign: CampaignId,
    /// A description for people, such as "schedule Mon-Fri 09:00-17:00".
    pub description: String,
    /// In which way it does.
    pub kind: RivalKind,
}

/// In which way something on the platform stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RivalKind {
    /// It starts or stops the campaign, or takes its agents: a rule, a sequence, a schedule, a campaign of the same queue.
    Competes,
    /// It does neither, and keeps commands or counts from meaning what they say: a pause that is dialled over, agents whom no call reaches.
    Hinders,
}

/// Reads campaigns. Nothing here can change anything on the platform.
pub trait CampaignReader: Send + Sync + 'static {
    /// Reads what these campaigns do, each with the evidence that the platform has of its last change.
    ///
    /// *Completeness.* One finding for each id, in the order of the ids, whatever became of the others. A listing that
    /// may be cut off says nothing about the campaigns that are not on it: they are faults, not missing.
    /// [`StatusFinding::Missing`] only when the platform says that there is no such campaign.
    ///
    /// *Freshness.* `read_at` is our clock when the answer was complete, and the answer is as old as the call: commands
    /// rest on it for about a second only. Never from a memory.
    ///
    /// *What it means.* A state between two others is
    /// [`CampaignActivity::Changing`](crate::domain::CampaignActivity::Changing), never a pause. A word that is not
    /// known is not commandable. The id in the answer has to be the one that was asked for. `version` has to be equal
    /// for two readings exactly if nobody changed the campaign in between, as far as the platform shows; it is passed
    /// on as written.
    ///
    /// *Idempotence.* Changes nothing; may be made again within the deadline.
    ///
    /// *Errors.* That campaign's status is not known, which changes nothing that is believed of it.
    fn read<'a>(
        &'a self,
        ids: &'a [CampaignId],
        urgency: Urgency,
        deadline: Timestamp,
    ) -> BoxFuture<'a, Vec<CampaignFinding>>;

    /// Sets which campaigns the configuration names from now on, where that has changed since the parts were put together.
    /// No other is commanded.
    fn configured(&self, ids: &[CampaignId]) {
        let _ = ids;
    }

    /// Finds whatever else starts and stops these campaigns on the platform; reported at start and hourly.
    ///
    /// *Completeness.* Best effort: an empty answer means that nothing was found where the dialect looks, not that
    /// nothing is there. A dialect that cannot look answers with nothing.
    ///
    /// *Errors.* It could not be looked; the caller says so and looks again later.
    fn rivals<'a>(
        &'a self,
        ids: &'a [CampaignId],
        deadline: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<Rival>, PlatformFault>> {
        let _ = (ids, deadline);
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Returns what the platform calls the campaigns that were read, where it gives names. Shown, and never decided by.
    ///
    /// *No call.* Names come along with readings ([`NameMemory`](super::NameMemory)), so that none is known of a campaign
    /// that was not read yet. Asked at every tick.
    fn names(&self) -> Arc<PlatformNames> {
        Arc::default()
    }
}

/// One command to one campaign.
#[derive(Clone, Copy, Debug)]
pub struct CommandOrder<'a> {
    /// The campaign.
    pub campaign: &'a CampaignId,
    /// The direction.
    pub direction: Direction,
    /// The reading that the command rests on. A platform with conditional writes names its version.
    pub before: &'a StatusReading,
    /// For a resume, what the campaign [dialled by](StatusReading::dials_by) before our pause, where that is remembered.
    pub restore: Option<&'a DialsBy>,
    /// The resume begins at one dial for each idle agent, whatever is remembered.
    pub staged: bool,
    /// The decision; sent along so that the platform's log can be tied to ours.
    pub decision: DecisionId,
    /// The command must not leave after this: `before` would be too old. To be checked right before sending, behind
    /// every wait for a token or the rate limit.
    pub leave_by: Timestamp,
    /// The latest time to which an answer is awaited.
    pub deadline: Timestamp,
}

/// Pauses and resumes campaigns. A dry run has none.
pub trait CampaignCommander: Send + Sync + 'static {
    /// Sends one command, once.
    ///
    /// *At most once.* The request leaves at most once, whatever its answer: no retry on a refused token, on a rate
    /// limit, on a failure of the platform, on an answer that cannot be read. A token that was refused is replaced, so
    /// that the next call has another. Never ends calls that are under way.
    ///
    /// *Idempotence.* To command what is so already is harmless on the platform or is [`Delivery::Conflict`].
    ///
    /// *What the answers mean.* [`Delivery::Acknowledged`]: accepted, though it may take `settling` to show, with the
    /// version that the write made if the answer has it. [`Delivery::Conflict`]: the version or the state that the
    /// command rests on is no longer so; nothing of ours changed. [`Delivery::Refused`]: nothing changed, and with
    /// `wait` it may be asked again after so long. [`Delivery::NotSent`]: it cannot have had an effect: no connection,
    /// no permit in time, a refused token, `leave_by` passed. [`Delivery::Lost`]: anything else; nobody
    /// knows, and it may still arrive.
    ///
    /// In doubt it is [`Delivery::Lost`]: the other answers say for sure that nothing of ours will change.
    fn command<'a>(&'a self, order: CommandOrder<'a>) -> BoxFuture<'a, Delivery>;
}
