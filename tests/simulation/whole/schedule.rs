//! A schedule: what the platform, the daemon and its machine are like, and everything that happens, as data.
//!
//! A schedule has two phases. In the *safety* phase everything may go wrong. Then all is healed and nobody acts any more: in
//! the *liveness* phase everything has to come right.

use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use campaign_autopilot::simulator::{self, Endpoint, Fault, Quirks};

use super::crash::Place;
use super::dialect::Dialect;

/// The daemon's poll interval.
pub(crate) const POLL_S: i64 = 10;

/// Campaigns that a schedule may have, with the agents that usually count for each. Their ids are numbers, since not every
/// platform has others.
pub(crate) const CAMPAIGNS: [(&str, Pool); 4] = [
    ("4711", Pool::Everyone),
    ("4712", Pool::Alpha),
    ("4713", Pool::Beta),
    ("4714", Pool::Everyone),
];

/// The preview campaigns; the first of them is steered as well.
pub(crate) const PREVIEWS: [&str; 2] = ["4711", "4715"];

/// The queue that is calibrated.
pub(crate) const QUEUE: &str = "queue-1";

/// Agents of each team: enough for every threshold that is drawn.
pub(crate) const TEAM: u32 = 24;

/// Which agents count for a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pool {
    Everyone,
    Alpha,
    Beta,
}

impl Pool {
    /// That of each campaign, wherever an agent can be free for several.
    pub(crate) const USUAL: [Self; 4] = [
        CAMPAIGNS[0].1,
        CAMPAIGNS[1].1,
        CAMPAIGNS[2].1,
        CAMPAIGNS[3].1,
    ];

    /// The team; everyone is none.
    pub(crate) fn team(self) -> Option<&'static str> {
        match self {
            Self::Everyone => None,
            Self::Alpha => Some("alpha"),
            Self::Beta => Some("beta"),
        }
    }
}

/// What holds for the whole schedule.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent properties of platform and daemon"
)]
pub(crate) struct Setup {
    /// The dialect, with what is particular about a platform that speaks it.
    pub(crate) platform: simulator::Dialect,
    /// The longest call that the daemon is told of, where a stop takes as long.
    pub(crate) longest_call_s: u32,
    /// A pause switches the campaign off, where it may also be made by what the campaign dials by.
    pub(crate) by_switch: bool,
    /// Who is not free is not logged in.
    pub(crate) others_leave: bool,
    pub(crate) campaigns: usize,
    pub(crate) previews: bool,
    pub(crate) queue: bool,
    pub(crate) webhook: bool,
    pub(crate) page_size: u32,
    pub(crate) pause_below: u32,
    pub(crate) gap: u32,
    pub(crate) confirm: u32,
    pub(crate) min_running_s: u32,
    pub(crate) min_paused_s: u32,
    pub(crate) grace_s: u32,
    pub(crate) stale_pauses: bool,
    pub(crate) strict: bool,
    pub(crate) adopt: bool,
    pub(crate) dry_run: bool,
    /// Requests a second; unlimited without it.
    pub(crate) rate: Option<f64>,
    /// Campaigns that a person had paused before the daemon was ever started, as bits.
    pub(crate) paused_before: u8,
    /// Seconds after which a read shows a command.
    pub(crate) shows_after_s: u32,
    /// Standing properties of the platform, until it is healed.
    pub(crate) quirks: Quirks,
    /// Length of the safety phase.
    pub(crate) safety_s: i64,
}

impl Setup {
    pub(crate) fn dialect(&self) -> Dialect {
        Dialect::of(&self.platform)
    }

    /// Which agents count for each campaign.
    pub(crate) fn pools(&self) -> [Pool; 4] {
        self.dialect().pools(self)
    }

    /// Whether the platform tells when a campaign was changed.
    pub(crate) fn tells_when(&self) -> bool {
        self.dialect().tells_when(self)
    }

    /// Whether a status in force shows whether it is the daemon's doing.
    pub(crate) fn shows_whose(&self, status: &str) -> bool {
        self.dialect().shows_whose(self, status)
    }

    /// Whether it shows that a person pauses what the daemon has paused already.
    pub(crate) fn shows_taking_over(&self) -> bool {
        self.dialect().shows_taking_over(self)
    }

    /// The longest time in which the platform's commands settle, in milliseconds.
    pub(crate) fn settles(&self) -> i64 {
        self.dialect().settles(self)
    }
}

/// What an operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    HoldPaused { for_s: u32 },
    HoldRunning { for_s: u32 },
    HoldAsIs { for_s: u32 },
    Release,
    Thresholds { pause_below: u32, for_s: u32 },
    RestoreThresholds,
}

/// When a fault is injected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Span {
    /// Into the next so many requests.
    Next(u32),
    /// Into every request for so many seconds.
    For(u32),
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// So many agents of each team are free.
    Free {
        alpha: u32,
        beta: u32,
    },
    /// A person sets a campaign's status at the platform's console, or does what else the dialect has.
    Person {
        campaign: usize,
        to: &'static str,
    },
    /// A person is quicker with what the next command to a campaign asks for: just before it arrives.
    PersonFirst {
        campaign: usize,
    },
    /// A person deletes a campaign, or brings it back.
    Gone {
        campaign: usize,
    },
    Back {
        campaign: usize,
    },
    /// A person replaces a preview list by its every second agent.
    PersonAssigns {
        preview: usize,
    },
    /// A person changes the queue.
    PersonQueue {
        wait_s: u32,
    },
    /// The platform goes wrong.
    Fault {
        fault: Fault,
        endpoint: Endpoint,
        span: Span,
    },
    Operator {
        campaign: usize,
        asked: Asked,
    },
    /// The settings file gets other thresholds and is read again.
    Reload {
        pause_below: u32,
    },
    /// The machine's clock is set.
    ClockStep {
        by_s: i64,
    },
    /// The process dies at once, and comes back after so long.
    Kill {
        down_s: u32,
    },
    /// The process dies at a place.
    Die {
        place: Place,
        after: u32,
    },
    /// The process is ended in order, and comes back after so long.
    Restart {
        down_s: u32,
    },
    DiskSlow {
        for_s: u32,
        takes_ms: u32,
    },
    DiskFull {
        for_s: u32,
    },
    ReceiverDown {
        for_s: u32,
    },
    ReceiverMute {
        for_s: u32,
    },
}

impl Act {
    /// The word under which an act is counted, and by which it is evidence.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Free { .. } => "agents",
            Self::Person { .. } => "person",
            Self::PersonFirst { .. } => "person-first",
            Self::Gone { .. } => "campaign-gone",
            Self::Back { .. } => "campaign-back",
            Self::PersonAssigns { .. } => "person-assigns",
            Self::PersonQueue { .. } => "person-queue",
            Self::Fault { fault, .. } => fault.name(),
            Self::Operator { .. } => "operator",
            Self::Reload { .. } => "reload",
            Self::ClockStep { .. } => "clock-step",
            Self::Kill { .. } => "kill",
            Self::Die { place, .. } => match place {
                Place::BeforeCommit => "die-before-commit",
                Place::AfterCommit => "die-after-commit",
                Place::BeforeRequest => "die-before-request",
                Place::AfterRequest => "die-after-request",
            },
            Self::Restart { .. } => "restart",
            Self::DiskSlow { .. } => "disk-slow",
            Self::DiskFull { .. } => "disk-full",
            Self::ReceiverDown { .. } => "receiver-down",
            Self::ReceiverMute { .. } => "receiver-mute",
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let campaign = |index: &usize| CAMPAIGNS[*index].0;
        match self {
            Self::Free { alpha, beta } => write!(f, "free agents: {alpha} alpha, {beta} beta"),
            Self::Person { campaign: c, to } => write!(f, "a person at {}: {to}", campaign(c)),
            Self::PersonFirst { campaign: c } => {
                write!(
                    f,
                    "a person is quicker with the next command to {}",
                    campaign(c)
                )
            }
            Self::Gone { campaign: c } => write!(f, "a person deletes {}", campaign(c)),
            Self::Back { campaign: c } => write!(f, "a person restores {}", campaign(c)),
            Self::PersonAssigns { preview } => {
                write!(f, "a person halves the list of {}", PREVIEWS[*preview])
            }
            Self::PersonQueue { wait_s } => {
                write!(f, "a person sets the wait of {QUEUE} to {wait_s} s")
            }
            Self::Fault {
                fault,
                endpoint,
                span,
            } => {
                let place = endpoint.name();
                match span {
                    Span::Next(many) => write!(f, "{fault:?} at the next {many} of {place}"),
                    Span::For(seconds) => write!(f, "{fault:?} at {place} for {seconds} s"),
                }
            }
            Self::Operator { campaign: c, asked } => {
                write!(f, "an operator asks for {}: {asked:?}", campaign(c))
            }
            Self::Reload { pause_below } => {
                write!(f, "reload with pause_below = {pause_below}")
            }
            Self::ClockStep { by_s } => write!(f, "the machine's clock is set by {by_s} s"),
            Self::Kill { down_s } => write!(f, "kill -9, back after {down_s} s"),
            Self::Die { place, after } => write!(f, "dies {place:?}, after {after} more"),
            Self::Restart { down_s } => write!(f, "orderly restart, back after {down_s} s"),
            Self::DiskSlow { for_s, takes_ms } => {
                write!(f, "each commit takes {takes_ms} ms for {for_s} s")
            }
            Self::DiskFull { for_s } => write!(f, "no commit for {for_s} s"),
            Self::ReceiverDown { for_s } => write!(f, "the receiver is down for {for_s} s"),
            Self::ReceiverMute { for_s } => {
                write!(
                    f,
                    "the receiver takes messages without an answer for {for_s} s"
                )
            }
        }
    }
}

/// Everything that decides a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) setup: Setup,
    /// What happens in the safety phase: milliseconds after the start, in order.
    pub(crate) acts: Vec<(i64, Act)>,
}

impl Schedule {
    /// The story of the schedule, for people.
    pub(crate) fn story(&self) -> String {
        let mut text = format!("seed {}\n{:?}\n", self.seed, self.setup);
        for (at, act) in &self.acts {
            writeln!(text, "{} {act}", clock(*at)).unwrap();
        }
        text
    }
}

/// How long after its request a fault's effect comes, where that is not at once.
pub(crate) fn effect_after(fault: &Fault) -> Duration {
    match fault {
        Fault::LateEffect(after)
        | Fault::Status503LateEffect(after)
        | Fault::StallLateEffect(after)
        | Fault::AcknowledgedLateEffect(after) => *after,
        Fault::Transition(transition) => transition.lasting,
        Fault::Status500
        | Fault::Html503
        | Fault::Reset
        | Fault::Stall
        | Fault::Truncate
        | Fault::WrongJson
        | Fault::GarbledJson
        | Fault::Unauthorized
        | Fault::Forbidden
        | Fault::TooMany { .. }
        | Fault::LostReply
        | Fault::NotFound
        | Fault::Conflict
        | Fault::Slow(_)
        | Fault::Status503WithEffect
        | Fault::StallWithEffect
        | Fault::AcknowledgedWithoutEffect
        | Fault::TakenInPart
        | Fault::EmptyOk
        | Fault::PartialContent
        | Fault::SecretsEchoed(_) => Duration::ZERO,
    }
}

/// Milliseconds after the start as minutes and seconds.
pub(crate) fn clock(at: i64) -> String {
    let seconds = at.div_euclid(1_000);
    format!(
        "{:>3}:{:02}.{:03}",
        seconds.div_euclid(60),
        seconds.rem_euclid(60),
        at.rem_euclid(1_000)
    )
}
