//! What there is: the row of the lease, the tables, the platform with a person, and requests on their way. Times are what is left of them,
//! so that a state comes again whenever it is, and every order of events is looked at, however long it takes.

use super::member::Member;

/// Steps of time that are left.
pub(super) type Left = u8;

/// A status that can be commanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Status {
    Running,
    Paused,
}

/// Whose doing the campaign's status is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum By {
    /// It was so in the beginning.
    Nobody,
    Person,
    /// The command of this number.
    Command(u8),
}

/// The row of a tenant's lease.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Row {
    /// Whose it is; nothing when it was let go.
    pub(super) holder: Option<usize>,
    /// One more with each acquisition.
    pub(super) epoch: u8,
    /// Until it is over, by the server's clock.
    pub(super) left: Left,
}

/// A command that was written down before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Intent {
    pub(super) number: u8,
    pub(super) to: Status,
}

/// The tables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tables {
    /// The command whose pause is known to be ours.
    pub(super) ours: Option<u8>,
    /// What nobody has found out about yet.
    pub(super) open: Option<Intent>,
    /// How many intents there were.
    pub(super) intents: u8,
    /// The highest epoch that wrote.
    pub(super) newest: u8,
}

/// The platform's campaign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Campaign {
    pub(super) status: Status,
    pub(super) by: By,
    /// A person paused it, and nobody has resumed it since.
    pub(super) paused_by_person: bool,
}

/// A write on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Write {
    pub(super) intent: Intent,
    pub(super) epoch: u8,
    /// The reading before it showed a person's pause.
    pub(super) against_a_person: bool,
    /// It arrives while there is some, or never.
    pub(super) left: Left,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) row: Row,
    pub(super) tables: Tables,
    pub(super) campaign: Campaign,
    pub(super) members: [Member; 2],
    /// By member.
    pub(super) wires: [Option<Write>; 2],
    /// What a person may still do.
    pub(super) moves: u8,
    /// Intents that arrived, a bit each.
    pub(super) arrived: u8,
    pub(super) broken: Broken,
    /// One resumed what another one had paused.
    pub(super) went_on: bool,
}

/// Promises that were broken on the way here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each promise can be broken by itself"
)]
pub(super) struct Broken {
    /// A command arrived from who had the lease before whoever steers.
    pub(super) stale: bool,
    /// A row was written after rows of a later holder.
    pub(super) forked: bool,
    /// A command arrived twice.
    pub(super) twice: bool,
    /// A person's pause was ended that the reading before the command had shown.
    pub(super) undone: bool,
}
