//! What may happen next, and what it leads to.

use stateright::{Model, Property};

use super::member::{Holding, Member, Step};
use super::state::{Broken, By, Campaign, Intent, Left, Row, State, Status, Tables, Write};

/// A lease is over so long after the server renewed it.
const LEASE: Left = 2;

/// A write arrives before so much time has gone by, or never.
const ON_ITS_WAY: Left = 2;

/// Whoever takes over waits so long.
const WAIT: Left = 2;

/// Acquisitions that are looked at.
const MOST_EPOCHS: u8 = 3;

/// Commands that are looked at: a pause, its end, and one more.
const MOST_INTENTS: u8 = 3;

pub(super) const STALE: &str = "nothing arrives of an earlier holder once another one steers";
pub(super) const FORKED: &str = "nothing is written behind rows of a later holder";
pub(super) const TWICE: &str = "no command arrives twice";
pub(super) const UNDONE: &str = "no pause of a person ends by a command whose reading had shown it";
pub(super) const BOTH: &str = "no two believe that they steer";

/// The rules of the protocol; all of them hold in the program.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each can be left out by itself"
)]
pub(super) struct Rules {
    /// The last thing before a write leaves is a look at the holder's own deadline.
    pub(super) judged_before_sending: bool,
    /// Whoever takes over waits until nothing can be under way any more.
    pub(super) waits_after_takeover: bool,
    /// What is written names holder and epoch.
    pub(super) rows_name_the_lease: bool,
    /// The row is locked first and judged afterwards.
    pub(super) judged_after_the_lock: bool,
    /// The holder's deadline counts from before it asked.
    pub(super) counts_from_the_question: bool,
    /// An intent that an earlier holder left open is closed by a reading, and not sent again.
    pub(super) closes_by_reading: bool,
}

impl Rules {
    pub(super) const ALL: Self = Self {
        judged_before_sending: true,
        waits_after_takeover: true,
        rows_name_the_lease: true,
        judged_after_the_lock: true,
        counts_from_the_question: true,
        closes_by_reading: true,
    };
}

/// Two daemons, one campaign, one person.
#[derive(Clone)]
pub(super) struct Protocol {
    pub(super) rules: Rules,
}

/// What may happen. The number is a daemon's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    TimePasses,
    PersonActs,
    Acquire(usize),
    Renew(usize),
    HearOfRenewal(usize),
    LetGo(usize),
    Begin(usize),
    AskForIntent(usize),
    WriteIntent(usize),
    Send(usize),
    Arrive(usize),
    Conclude(usize),
}

impl Model for Protocol {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            row: Row {
                holder: None,
                epoch: 0,
                left: 0,
            },
            tables: Tables {
                ours: None,
                open: None,
                intents: 0,
                newest: 0,
            },
            campaign: Campaign {
                status: Status::Running,
                by: By::Nobody,
                paused_by_person: false,
            },
            members: [Member::Standby, Member::Standby],
            wires: [None, None],
            moves: 2,
            arrived: 0,
            broken: Broken::default(),
            went_on: false,
        }]
    }

    fn actions(&self, state: &State, acts: &mut Vec<Act>) {
        acts.push(Act::TimePasses);
        if state.moves > 0 {
            acts.push(Act::PersonActs);
        }
        for (at, member) in state.members.iter().enumerate() {
            if state.wires[at].is_some() {
                acts.push(Act::Arrive(at));
            }
            match member {
                // Which of the two is the first is all the same.
                Member::Standby if state.row.epoch == 0 && at > 0 => {}
                Member::Standby => {
                    let free = state.row.holder.is_none() || state.row.left == 0;
                    if free && state.row.epoch < MOST_EPOCHS {
                        acts.push(Act::Acquire(at));
                    }
                }
                Member::Holding(holding) => holding_acts(state, at, holding, acts),
            }
        }
    }

    fn next_state(&self, last: &State, act: Act) -> Option<State> {
        let mut state = last.clone();
        match act {
            Act::TimePasses => state.pass_time(),
            Act::PersonActs => state.person_acts(),
            Act::Acquire(at) => self.acquire(&mut state, at),
            Act::Renew(at) => self.renew(&mut state, at),
            Act::HearOfRenewal(at) => self.hear(&mut state, at),
            Act::LetGo(at) => {
                if state.is_holder(at) {
                    state.row.holder = None;
                    state.row.left = 0;
                }
                state.members[at] = Member::Standby;
            }
            Act::Begin(at) => self.begin(&mut state, at),
            Act::AskForIntent(at) => {
                // How it is judged now matters only where it is not judged again.
                let good = !self.rules.judged_after_the_lock && state.is_good(at);
                let to = match state.campaign.status {
                    Status::Running => Status::Paused,
                    Status::Paused => Status::Running,
                };
                state.holding(at).step = Step::Intends { to, good };
            }
            Act::WriteIntent(at) => self.write_intent(&mut state, at),
            Act::Send(at) => self.send(&mut state, at),
            Act::Arrive(at) => state.arrive(at),
            Act::Conclude(at) => self.conclude(&mut state, at),
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(STALE, |_, state: &State| !state.broken.stale),
            Property::always(FORKED, |_, state: &State| !state.broken.forked),
            Property::always(TWICE, |_, state: &State| !state.broken.twice),
            Property::always(UNDONE, |_, state: &State| !state.broken.undone),
            Property::always(BOTH, |_, state: &State| {
                !state.members.iter().all(Member::steers)
            }),
            Property::sometimes("one resumes what another one paused", |_, state: &State| {
                state.went_on
            }),
        ]
    }
}

/// What a daemon that has the lease, or had it, may do. That it does not is an order of events too.
fn holding_acts(state: &State, at: usize, holding: &Holding, acts: &mut Vec<Act>) {
    acts.push(Act::Renew(at));
    if holding.renewed {
        acts.push(Act::HearOfRenewal(at));
    }
    match holding.step {
        Step::Waits { left: 0 } => acts.push(Act::Begin(at)),
        Step::Idle => {
            acts.push(Act::LetGo(at));
            // Somebody else's pause stays.
            let ours = state.tables.ours.map(By::Command) == Some(state.campaign.by);
            let may = state.campaign.status == Status::Running || ours;
            if may && state.tables.intents < MOST_INTENTS {
                acts.push(Act::AskForIntent(at));
            }
        }
        Step::Intends { .. } => acts.push(Act::WriteIntent(at)),
        Step::Intended { .. } => acts.push(Act::Send(at)),
        Step::Sent { .. } if state.wires[at].is_none() => acts.push(Act::Conclude(at)),
        Step::Waits { .. } | Step::Sent { .. } => {}
    }
}

impl Protocol {
    /// The server gives the lease to who asked.
    fn acquire(&self, state: &mut State, at: usize) {
        let taken_over = state.row.holder.is_some();
        state.row = Row {
            holder: Some(at),
            epoch: state.row.epoch + 1,
            left: LEASE,
        };
        let waits = taken_over && self.rules.waits_after_takeover;
        state.members[at] = Member::Holding(Holding {
            epoch: state.row.epoch,
            left: LEASE,
            renewed: false,
            step: Step::Waits {
                left: if waits { WAIT } else { 0 },
            },
        });
    }

    /// The server renews a lease, or says that it is somebody else's.
    fn renew(&self, state: &mut State, at: usize) {
        if state.is_holder(at) {
            state.row.left = LEASE;
            state.holding(at).renewed = true;
        } else if self.rules.counts_from_the_question || !state.holding(at).renewed {
            state.members[at] = Member::Standby;
        }
    }

    /// The answer to a renewal is there, however long it took.
    fn hear(&self, state: &mut State, at: usize) {
        let left = if !self.rules.counts_from_the_question {
            LEASE
        } else if state.is_holder(at) {
            // Counted from when it was asked for, its own deadline is no later than the server's.
            state.row.left
        } else {
            0
        };
        let holding = state.holding(at);
        holding.renewed = false;
        holding.left = left;
    }

    /// A new holder reads, and finds out about what was left open; where that cannot be known, a pause is a person's.
    fn begin(&self, state: &mut State, at: usize) {
        let against_a_person = state.campaign.paused_by_person;
        match state.tables.open {
            None => state.holding(at).step = Step::Idle,
            Some(intent) if !self.rules.closes_by_reading => {
                state.holding(at).step = Step::Intended {
                    intent,
                    against_a_person,
                };
            }
            Some(_) if self.may_write(state, at) => {
                state.tables.open = None;
                state.tables.ours = None;
                state.note_row(at);
                state.holding(at).step = Step::Idle;
            }
            Some(_) => state.members[at] = Member::Standby,
        }
    }

    fn may_write(&self, state: &State, at: usize) -> bool {
        !self.rules.rows_name_the_lease || state.is_good(at)
    }

    /// The server writes an intent, or refuses it.
    fn write_intent(&self, state: &mut State, at: usize) {
        let Step::Intends { to, good } = state.holding(at).step else {
            return;
        };
        let good = if self.rules.judged_after_the_lock {
            state.is_good(at)
        } else {
            good
        };
        if self.rules.rows_name_the_lease && !good {
            state.members[at] = Member::Standby;
            return;
        }
        let epoch = state.holding(at).epoch;
        state.went_on |= to == Status::Running && state.tables.newest < epoch;
        state.note_row(at);
        let intent = Intent {
            number: state.tables.intents,
            to,
        };
        state.tables.intents += 1;
        state.tables.open = Some(intent);
        state.holding(at).step = Step::Intended {
            intent,
            against_a_person: false,
        };
    }

    /// A write leaves, unless the lease is over.
    fn send(&self, state: &mut State, at: usize) {
        let holding = state.holding(at);
        let Step::Intended {
            intent,
            against_a_person,
        } = holding.step
        else {
            return;
        };
        if self.rules.judged_before_sending && holding.left == 0 {
            state.members[at] = Member::Standby;
            return;
        }
        holding.step = Step::Sent { intent };
        state.wires[at] = Some(Write {
            intent,
            epoch: holding.epoch,
            against_a_person,
            left: ON_ITS_WAY,
        });
    }

    /// The outcome is read and written down.
    fn conclude(&self, state: &mut State, at: usize) {
        let Step::Sent { intent } = state.holding(at).step else {
            return;
        };
        if !self.may_write(state, at) {
            state.members[at] = Member::Standby;
            return;
        }
        state.note_row(at);
        let shown = state.campaign.by == By::Command(intent.number);
        let ours = shown && intent.to == Status::Paused && !state.campaign.paused_by_person;
        state.tables.ours = ours.then_some(intent.number);
        state.tables.open = None;
        state.holding(at).step = Step::Idle;
    }
}

impl State {
    fn holding(&mut self, at: usize) -> &mut Holding {
        match &mut self.members[at] {
            Member::Holding(holding) => holding,
            Member::Standby => panic!("a standby holds nothing"),
        }
    }

    /// Whether the row names this daemon and its epoch.
    fn is_holder(&self, at: usize) -> bool {
        let epoch = self.members[at].holding().map(|holding| holding.epoch);
        self.row.holder == Some(at) && epoch == Some(self.row.epoch)
    }

    /// Whether the word of this daemon counts now.
    fn is_good(&self, at: usize) -> bool {
        self.is_holder(at) && self.row.left > 0
    }

    /// A row is written.
    fn note_row(&mut self, at: usize) {
        let epoch = self.holding(at).epoch;
        self.broken.forked |= epoch < self.tables.newest;
        self.tables.newest = self.tables.newest.max(epoch);
    }

    fn pass_time(&mut self) {
        self.row.left = self.row.left.saturating_sub(1);
        for member in &mut self.members {
            if let Member::Holding(holding) = member {
                holding.left = holding.left.saturating_sub(1);
                if let Step::Waits { left } = &mut holding.step {
                    *left = left.saturating_sub(1);
                }
            }
        }
        for wire in &mut self.wires {
            if let Some(write) = wire {
                write.left -= 1;
            }
            wire.take_if(|write| write.left == 0);
        }
    }

    /// A person pauses what runs, or resumes what is paused; or makes a pause of ours theirs, as the next one of their moves would.
    fn person_acts(&mut self) {
        self.moves -= 1;
        let pauses = self.campaign.status == Status::Running || self.campaign.by != By::Person;
        self.campaign = Campaign {
            status: if pauses {
                Status::Paused
            } else {
                Status::Running
            },
            by: By::Person,
            paused_by_person: pauses,
        };
    }

    /// A write is carried out, whatever was done meanwhile: the platform takes no condition.
    fn arrive(&mut self, at: usize) {
        let Some(write) = self.wires[at].take() else {
            return;
        };
        let Intent { number, to } = write.intent;
        let later = |member: &Member| member.begun().is_some_and(|epoch| epoch > write.epoch);
        self.broken.stale |= self.members.iter().any(later);
        self.broken.twice |= self.arrived & (1 << number) != 0;
        self.arrived |= 1 << number;
        let by_person = self.campaign.paused_by_person;
        self.broken.undone |= to == Status::Running && by_person && write.against_a_person;
        self.campaign = Campaign {
            status: to,
            by: By::Command(number),
            paused_by_person: by_person && to == Status::Paused,
        };
    }
}
