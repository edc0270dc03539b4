//! Draws a schedule from a seed.
//!
//! Each schedule has only some of the kinds of trouble, a few times each: a run in which everything goes wrong all the time
//! shows little, because hardly anything gets as far as to be done wrongly.

use std::time::Duration;

use campaign_autopilot::simulator::{
    self, AssignmentForm, Fault, Filtering, Nobody, Quirks, Timestamps, Transition, WordForm,
};
use hyper::StatusCode;

use super::crash::Place;
use super::dialect::Dialect;
use super::schedule::{Act, Asked, CAMPAIGNS, Schedule, Setup, Span, TEAM};

/// One kind of fault: what it is, the endpoints at which it says something, and whether it may last as an outage.
pub(crate) struct Kind {
    pub(crate) fault: fn(&mut Dice) -> Fault,
    pub(crate) place: Where,
    lasts: bool,
}

const fn kind(fault: fn(&mut Dice) -> Fault, place: Where, lasts: bool) -> Kind {
    Kind {
        fault,
        place,
        lasts,
    }
}

/// Every kind of fault that a request can meet.
pub(crate) const KINDS: &[Kind] = &[
    kind(|_| Fault::Status500, Where::Any, true),
    kind(|_| Fault::Html503, Where::Any, true),
    kind(|_| Fault::Reset, Where::Any, true),
    kind(|_| Fault::Stall, Where::Any, true),
    kind(|_| Fault::Truncate, Where::Any, false),
    kind(|_| Fault::WrongJson, Where::Any, false),
    kind(|_| Fault::GarbledJson, Where::Any, false),
    kind(|_| Fault::EmptyOk, Where::Any, false),
    kind(|_| Fault::PartialContent, Where::Agents, false),
    kind(|_| Fault::Unauthorized, Where::Any, false),
    kind(|_| Fault::Forbidden, Where::Any, false),
    kind(|_| Fault::NotFound, Where::Campaign, false),
    kind(
        |_| Fault::TooMany {
            retry_after: Some("1".to_owned()),
        },
        Where::Any,
        true,
    ),
    kind(|_| Fault::TooMany { retry_after: None }, Where::Any, false),
    kind(|_| Fault::LostReply, Where::Writes, true),
    kind(|_| Fault::Status503WithEffect, Where::Writes, true),
    kind(|_| Fault::StallWithEffect, Where::Writes, true),
    kind(|dice| Fault::LateEffect(dice.late()), Where::Writes, false),
    kind(
        |dice| Fault::Status503LateEffect(dice.late()),
        Where::Writes,
        false,
    ),
    kind(
        |dice| Fault::StallLateEffect(dice.late()),
        Where::Writes,
        false,
    ),
    kind(|_| Fault::AcknowledgedWithoutEffect, Where::Writes, true),
    kind(
        |dice| Fault::AcknowledgedLateEffect(dice.late()),
        Where::Writes,
        false,
    ),
    kind(
        |dice| Fault::Transition(dice.transition()),
        Where::Commands,
        false,
    ),
    kind(|_| Fault::TakenInPart, Where::Lists, false),
    kind(|dice| Fault::Slow(dice.slow()), Where::Any, true),
    kind(
        |_| Fault::SecretsEchoed(StatusCode::BAD_REQUEST),
        Where::Any,
        false,
    ),
    kind(
        |_| Fault::SecretsEchoed(StatusCode::BAD_GATEWAY),
        Where::Any,
        false,
    ),
    kind(|_| Fault::Conflict, Where::StateCommands, true),
    kind(|_| Fault::NotFound, Where::StateCommands, true),
];

/// At which endpoints a fault is injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    Any,
    Agents,
    Campaign,
    Writes,
    Commands,
    /// Commands that the state of what they are for may refuse.
    StateCommands,
    Lists,
}

/// Chance.
pub(crate) struct Dice(pub(crate) fastrand::Rng);

impl Dice {
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.0.f64() < share
    }

    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.0.usize(..of.len())].clone()
    }

    pub(crate) fn number(&mut self, from: u32, to: u32) -> u32 {
        self.0.u32(from..=to)
    }

    /// Within a command's time-outs, beyond them, or minutes later.
    fn late(&mut self) -> Duration {
        let millis = match self.number(0, 2) {
            0 => self.number(300, 4_000),
            1 => self.number(5_000, 40_000),
            _ => self.number(60_000, 240_000),
        };
        Duration::from_millis(u64::from(millis))
    }

    fn slow(&mut self) -> Duration {
        Duration::from_millis(u64::from(self.number(200, 3_000)))
    }

    fn transition(&mut self) -> Transition {
        let word = ["DRAINING", "STOPPING", "PENDING"];
        Transition {
            word: self.chance(0.4).then(|| self.one(&word).to_owned()),
            lasting: Duration::from_secs(u64::from(self.number(2, 40))),
        }
    }
}

/// The schedule of a seed.
pub(crate) fn draw(dialect: Dialect, seed: u64) -> Schedule {
    let mut dice = Dice(fastrand::Rng::with_seed(seed));
    let mut setup = setup(&mut dice);
    dialect.draw(&mut dice, &mut setup);
    let mut acts = Vec::new();
    agents(&mut dice, &setup, &mut acts);
    people(&mut dice, &setup, &mut acts);
    faults(&mut dice, &setup, &mut acts);
    operators(&mut dice, &setup, &mut acts);
    machine(&mut dice, &setup, &mut acts);
    // What was added later is drawn last, so that it takes nothing from what a seed stood for before.
    quicker_people(&mut dice, &setup, &mut acts);
    faults_at_outcomes(&mut dice, &setup, &mut acts);
    acts.sort_by_key(|(at, _)| *at);
    Schedule { seed, setup, acts }
}

fn setup(dice: &mut Dice) -> Setup {
    let campaigns = usize::try_from(dice.number(1, 4)).unwrap();
    Setup {
        platform: simulator::Dialect::CxoneV2,
        longest_call_s: 60,
        by_switch: false,
        others_leave: false,
        campaigns,
        previews: dice.chance(0.3),
        queue: dice.chance(0.25),
        webhook: dice.chance(0.5),
        page_size: dice.one(&[7, 10, 25, 100]),
        pause_below: dice.number(1, 6),
        gap: dice.number(0, 4),
        confirm: dice.one(&[1, 1, 1, 2]),
        min_running_s: dice.one(&[0, 0, 20]),
        min_paused_s: dice.one(&[0, 0, 30]),
        grace_s: dice.one(&[30, 60, 120]),
        stale_pauses: dice.chance(0.25),
        strict: dice.chance(0.2),
        adopt: dice.chance(0.15),
        dry_run: dice.chance(0.04),
        rate: dice.one(&[None, Some(10.0), Some(3.0)]),
        paused_before: if dice.chance(0.3) { dice.0.u8(..16) } else { 0 },
        shows_after_s: dice.one(&[0, 0, 0, 0, 2, 15]),
        quirks: quirks(dice),
        safety_s: i64::from(dice.number(4, 8) * 60),
    }
}

/// Most platforms are as documented; the others differ in one or two things.
fn quirks(dice: &mut Dice) -> Quirks {
    let mut quirks = Quirks::default();
    for _ in 0..dice.one(&[0, 0, 0, 1, 1, 2]) {
        match dice.number(0, 6) {
            0 => {
                quirks.nobody = dice.one(&[Nobody::NoContent, Nobody::NullItems, Nobody::NullBody]);
            }
            1 => quirks.page_clamp = Some(dice.one(&[5, 10, 20])),
            2 => quirks.filtering = Filtering::AfterPaging,
            3 => {
                quirks.words = dice.one(&[
                    WordForm::Capitalised,
                    WordForm::Upper,
                    WordForm::Lower,
                    WordForm::Underscored,
                ]);
            }
            4 => {
                quirks.timestamps = dice.one(&[
                    Timestamps::WholeSeconds,
                    Timestamps::MovesAtReads,
                    Timestamps::MovesInWholeSeconds,
                    Timestamps::Absent,
                ]);
            }
            5 => quirks.transition = Some(dice.transition()),
            _ => quirks.assignment_form = AssignmentForm::Normalised,
        }
    }
    quirks
}

fn moment(dice: &mut Dice, setup: &Setup) -> i64 {
    dice.0.i64(1_000..setup.safety_s * 1_000 - 5_000)
}

fn agents(dice: &mut Dice, setup: &Setup, acts: &mut Vec<(i64, Act)>) {
    let mut at = 0;
    while at < setup.safety_s * 1_000 - 5_000 {
        let lines = setup.pause_below;
        let level = |dice: &mut Dice| {
            let near = dice.number(0, lines + setup.gap + 3);
            dice.one(&[0, 0, near, near, TEAM / 2, TEAM])
        };
        acts.push((
            at,
            Act::Free {
                alpha: level(dice),
                beta: level(dice),
            },
        ));
        at += dice.0.i64(5_000..50_000);
    }
}

fn people(dice: &mut Dice, setup: &Setup, acts: &mut Vec<(i64, Act)>) {
    if !dice.chance(0.8) {
        return;
    }
    for _ in 0..dice.number(1, 8) {
        let campaign = dice.0.usize(..setup.campaigns);
        let to = dice.one(setup.dialect().words_of_people());
        let at = moment(dice, setup);
        acts.push((at, Act::Person { campaign, to }));
        if to == "STOPPED" && dice.chance(0.7) {
            let back = (at + dice.0.i64(5_000..60_000)).min(setup.safety_s * 1_000 - 4_000);
            acts.push((
                back,
                Act::Person {
                    campaign,
                    to: dice.one(&["PAUSED", "RUNNING"]),
                },
            ));
        }
    }
    if dice.chance(0.08) {
        let campaign = dice.0.usize(..setup.campaigns);
        let at = moment(dice, setup);
        let back = (at + dice.0.i64(3_000..60_000)).min(setup.safety_s * 1_000 - 3_000);
        acts.push((at, Act::Gone { campaign }));
        acts.push((back, Act::Back { campaign }));
    }
    if setup.previews && dice.chance(0.5) {
        for _ in 0..dice.number(1, 3) {
            let preview = dice.0.usize(..2);
            acts.push((moment(dice, setup), Act::PersonAssigns { preview }));
        }
    }
    if setup.queue && dice.chance(0.5) {
        let wait_s = dice.number(10, 300);
        acts.push((moment(dice, setup), Act::PersonQueue { wait_s }));
    }
}

fn faults(dice: &mut Dice, setup: &Setup, acts: &mut Vec<(i64, Act)>) {
    for kind in KINDS {
        let places = setup.dialect().endpoints(kind.place, setup);
        if places.is_empty() || !dice.chance(0.12) {
            continue;
        }
        for _ in 0..dice.number(1, 3) {
            let endpoint = dice.one(&places);
            let span = if kind.lasts && dice.chance(0.5) {
                Span::For(dice.number(5, 150))
            } else {
                Span::Next(dice.number(1, 4))
            };
            let act = Act::Fault {
                fault: (kind.fault)(dice),
                endpoint,
                span,
            };
            acts.push((moment(dice, setup), act));
        }
    }
}

fn operators(dice: &mut Dice, setup: &Setup, acts: &mut Vec<(i64, Act)>) {
    if dice.chance(0.35) {
        for _ in 0..dice.number(1, 4) {
            let for_s = dice.number(20, 120);
            let pause_below = dice.number(1, 6);
            let asked = dice.one(&[
                Asked::HoldPaused { for_s },
                Asked::HoldRunning { for_s },
                Asked::HoldAsIs { for_s },
                Asked::Release,
                Asked::Thresholds { pause_below, for_s },
                Asked::RestoreThresholds,
            ]);
            let campaign = dice.0.usize(..setup.campaigns);
            acts.push((moment(dice, setup), Act::Operator { campaign, asked }));
        }
    }
    if dice.chance(0.2) {
        let pause_below = dice.number(1, 6);
        acts.push((moment(dice, setup), Act::Reload { pause_below }));
    }
}

fn machine(dice: &mut Dice, setup: &Setup, acts: &mut Vec<(i64, Act)>) {
    if dice.chance(0.5) {
        for _ in 0..dice.number(1, 3) {
            let down_s = dice.number(1, 25);
            let act = match dice.number(0, 5) {
                0 => Act::Kill { down_s },
                1 => Act::Restart { down_s },
                _ => Act::Die {
                    place: dice.one(&Place::ALL),
                    after: dice.number(0, 12),
                },
            };
            acts.push((moment(dice, setup), act));
        }
    }
    if dice.chance(0.12) {
        let by_s = dice.one(&[-3_600, -120, -20, 20, 120, 3_600]);
        acts.push((moment(dice, setup), Act::ClockStep { by_s }));
    }
    if dice.chance(0.12) {
        let (for_s, takes_ms) = (dice.number(5, 60), dice.number(200, 4_000));
        acts.push((moment(dice, setup), Act::DiskSlow { for_s, takes_ms }));
    }
    if dice.chance(0.1) {
        let for_s = dice.number(5, 60);
        acts.push((moment(dice, setup), Act::DiskFull { for_s }));
    }
    if setup.webhook && dice.chance(0.4) {
        let for_s = dice.number(10, 120);
        let act = dice.one(&[Act::ReceiverDown { for_s }, Act::ReceiverMute { for_s }]);
        acts.push((moment(dice, setup), act));
    }
}

fn quicker_people(dice: &mut Dice, setup: &Setup, acts: &mut Vec<(i64, Act)>) {
    if dice.chance(0.2) {
        for _ in 0..dice.number(1, 3) {
            let campaign = dice.0.usize(..setup.campaigns);
            acts.push((moment(dice, setup), Act::PersonFirst { campaign }));
        }
    }
}

/// Outcomes are read beside the loop, and nothing that happens to that reading may disturb it.
fn faults_at_outcomes(dice: &mut Dice, setup: &Setup, acts: &mut Vec<(i64, Act)>) {
    if !dice.chance(0.15) {
        return;
    }
    let anywhere: Vec<&Kind> = KINDS
        .iter()
        .filter(|kind| kind.place == Where::Any)
        .collect();
    for _ in 0..dice.number(1, 4) {
        let kind = dice.one(&anywhere);
        let span = if kind.lasts {
            Span::For(dice.number(5, 150))
        } else {
            Span::Next(dice.number(1, 4))
        };
        let act = Act::Fault {
            fault: (kind.fault)(dice),
            endpoint: setup.dialect().outcomes(),
            span,
        };
        acts.push((moment(dice, setup), act));
    }
}

/// The index of a campaign in [`CAMPAIGNS`].
pub(crate) fn index_of(campaign: &str) -> Option<usize> {
    CAMPAIGNS.iter().position(|(id, _)| *id == campaign)
}
