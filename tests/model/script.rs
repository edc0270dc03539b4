//! What can happen, as values that proptest makes and shrinks.

use std::time::Duration;

use campaign_autopilot::domain::{
    CampaignActivity, HoldKind, Limit, OnManualChange, OnStale, Policy, Thresholds,
};
use proptest::prelude::*;

use super::calendar;
use super::world::Act;

/// What becomes of the commands of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Acknowledged,
    LostButApplied,
    LostAndNotApplied,
    /// No answer, and it lands so long after.
    Late {
        after_s: u8,
    },
    /// The platform says yes and shows it so long after.
    Slow {
        after_s: u8,
    },
    Refused,
    NotSent,
    /// The intent could not be committed.
    StoreDown,
}

/// Where the process dies while it serves a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    Committed,
    Sent,
    Reported,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    /// So many available, and so many more staffed.
    Valid {
        available: u8,
        busy: u8,
    },
    Failed,
    TooOld,
}

/// One tick of the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tick {
    pub(crate) poll: Poll,
    pub(crate) fate: Fate,
    pub(crate) crash: Option<Crash>,
    /// Between our status read and our command.
    pub(crate) race: Option<Act>,
    /// Bit i: the i-th status read of the tick fails.
    pub(crate) reads_fail: u8,
}

impl Tick {
    pub(crate) fn calm(available: u8) -> Self {
        Self {
            poll: Poll::Valid { available, busy: 0 },
            fate: Fate::Acknowledged,
            crash: None,
            race: None,
            reads_fail: 0,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Tick(Tick),
    Wait {
        s: u16,
    },
    Person {
        campaign: u8,
        act: Act,
    },
    /// The daemon is down for a while, and its clock jumps.
    Restart {
        down_s: u16,
        jump_s: i32,
    },
    Hold {
        campaign: u8,
        kind: Option<HoldKind>,
        lasts_s: u16,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) campaigns: Vec<(CampaignActivity, bool, Policy)>,
    pub(crate) tells_time: bool,
    pub(crate) routine: usize,
}

fn seconds(s: impl Into<u64>) -> Duration {
    Duration::from_secs(s.into())
}

fn rare<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    prop::option::weighted(0.15, value).boxed()
}

pub(crate) fn poll() -> impl Strategy<Value = Poll> {
    prop_oneof![
        8 => (0_u8..12, 0_u8..12).prop_map(|(available, busy)| Poll::Valid { available, busy }),
        1 => Just(Poll::Failed),
        1 => Just(Poll::TooOld),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Pause),
        7 => Just(Act::Resume),
        3 => Just(Act::Touch),
        1 => Just(Act::Stop),
        1 => Just(Act::Vanish),
        2 => Just(Act::Return),
    ]
}

fn tick() -> impl Strategy<Value = Tick> {
    let fate = prop_oneof![
        8 => Just(Fate::Acknowledged),
        2 => Just(Fate::LostButApplied),
        2 => Just(Fate::LostAndNotApplied),
        2 => (0_u8..30).prop_map(|after_s| Fate::Late { after_s }),
        1 => (0_u8..30).prop_map(|after_s| Fate::Slow { after_s }),
        1 => Just(Fate::Refused),
        1 => Just(Fate::NotSent),
        1 => Just(Fate::StoreDown),
    ];
    let crash = prop_oneof![
        Just(Crash::Committed),
        Just(Crash::Sent),
        Just(Crash::Reported)
    ];
    let reads_fail = prop_oneof![3 => Just(0_u8), 1 => any::<u8>()];
    (poll(), fate, rare(crash), rare(act()), reads_fail).prop_map(
        |(poll, fate, crash, race, reads_fail)| Tick {
            poll,
            fate,
            crash,
            race,
            reads_fail,
        },
    )
}

fn hold_kind() -> impl Strategy<Value = HoldKind> {
    prop_oneof![
        Just(HoldKind::Running),
        Just(HoldKind::Paused),
        Just(HoldKind::AsIs)
    ]
}

fn action(jumps: bool) -> impl Strategy<Value = Action> {
    let jump = if jumps {
        prop_oneof![3 => Just(0), 1 => -90_000_i32..90_000, 1 => -300_i32..300].boxed()
    } else {
        Just(0).boxed()
    };
    prop_oneof![
        12 => tick().prop_map(Action::Tick),
        3 => (1_u16..900).prop_map(|s| Action::Wait { s }),
        5 => (0_u8..3, act()).prop_map(|(campaign, act)| Action::Person { campaign, act }),
        1 => (0_u16..600, jump).prop_map(|(down_s, jump_s)| Action::Restart { down_s, jump_s }),
        1 => (0_u8..3, prop::option::of(hold_kind()), 1_u16..1800).prop_map(
            |(campaign, kind, lasts_s)| Action::Hold { campaign, kind, lasts_s }
        ),
    ]
}

pub(crate) fn thresholds() -> impl Strategy<Value = Thresholds> {
    let agents = (0_u32..8, 0_u32..6)
        .prop_map(|(p, gap)| Thresholds::new(Limit::Agents(p), Limit::Agents(p + gap)).unwrap());
    let shares = (0_u32..60, 0_u32..40).prop_map(|(p, gap)| {
        let share = |percent: u32| format!("{percent}%").parse::<Limit>().unwrap();
        Thresholds::new(share(p), share(p + gap)).unwrap()
    });
    prop_oneof![2 => agents, 1 => shares]
}

pub(crate) fn confirmation() -> impl Strategy<Value = campaign_autopilot::domain::Confirmation> {
    prop_oneof![
        2 => Just("1/1"),
        1 => Just("2/2"),
        1 => Just("2/3"),
        1 => Just("1/3"),
        1 => Just("3/5"),
    ]
    .prop_map(|text| text.parse().unwrap())
}

pub(crate) fn policy() -> impl Strategy<Value = Policy> {
    let dwell = || prop_oneof![2 => Just(0_u64), 1 => Just(60), 1 => Just(300)];
    let manual = prop_oneof![
        4 => Just(OnManualChange::Respect),
        1 => Just(OnManualChange::Adopt),
        1 => Just(OnManualChange::Enforce),
    ];
    (
        thresholds(),
        (confirmation(), confirmation()),
        (dwell(), dwell()),
        prop_oneof![2 => Just(None), 1 => (0_u32..4).prop_map(Some)],
        (any::<bool>(), 1_u32..4),
        manual,
        prop_oneof![Just(0_u64), Just(120), Just(900)],
        (
            prop::bool::weighted(0.2),
            prop::bool::weighted(0.25),
            prop::option::weighted(0.3, prop::bool::weighted(0.3)),
        ),
    )
        .prop_map(
            |(thresholds, confirm, dwell, budget, stale, manual, grace, (adopt, strict, alone))| {
                Policy {
                    calendar: alone.map(calendar::rule),
                    thresholds,
                    confirm_pause: confirm.0,
                    confirm_resume: confirm.1,
                    min_running: seconds(dwell.0),
                    min_paused: seconds(dwell.1),
                    max_resumes_per_hour: budget,
                    on_stale: if stale.0 {
                        OnStale::Pause
                    } else {
                        OnStale::Hold
                    },
                    stale_after: stale.1,
                    on_manual_change: manual,
                    manual_grace: seconds(grace),
                    adopt_paused: adopt,
                    strict_ownership: strict,
                    ..Policy::default()
                }
            },
        )
}

pub(crate) fn setting() -> impl Strategy<Value = Setting> {
    let status = prop_oneof![
        6 => Just(CampaignActivity::Running),
        2 => Just(CampaignActivity::Paused),
        1 => Just(CampaignActivity::NotCommandable { word: "COMPLETED".to_owned() }),
    ];
    let campaign = (status, prop::bool::weighted(0.75), policy());
    (
        prop::collection::vec(campaign, 1..=3),
        any::<bool>(),
        0_usize..4,
    )
        .prop_map(|(campaigns, tells_time, routine)| Setting {
            campaigns,
            tells_time,
            routine,
        })
}

pub(crate) fn history() -> impl Strategy<Value = (Setting, Vec<Action>)> {
    // Without the platform's own time, a jump of our clock makes the two incomparable, and nothing can be shown.
    setting().prop_flat_map(|setting| {
        let jumps = setting.tells_time;
        (Just(setting), prop::collection::vec(action(jumps), 1..60))
    })
}
