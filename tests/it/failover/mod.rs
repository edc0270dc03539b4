//! Failovers, one after the other: three real daemons over a real server, and one of them is frozen, killed or cut off, the server restarts
//! without a word, or a clock is changed.
//!
//! `AUTOPILOT_FAILOVERS=200 cargo test --test it failover -- --nocapture` goes through as many of each kind, and prints how long nobody
//! steered. Without the variable there is one of each.

mod clock;
mod judge;
mod wire;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::cluster::Cluster;
use clock::ClockChanger;
use world::World;

/// What happens to the daemon that steers, or to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// It is stopped in the middle of whatever it does, and goes on when another one has taken over.
    Frozen,
    /// It is killed.
    Killed,
    /// Its way to the server is cut, and mended when another one has taken over.
    CutOff,
    /// The server is ended without a word and started again.
    ServerRestarted,
    /// Its clock is put forward or back by ten minutes.
    ClockChanged,
}

impl Fault {
    const ALL: [Self; 5] = [
        Self::Frozen,
        Self::Killed,
        Self::CutOff,
        Self::ServerRestarted,
        Self::ClockChanged,
    ];

    /// Whether another daemon has to take over.
    fn ends_the_lease(self) -> bool {
        matches!(self, Self::Frozen | Self::Killed | Self::CutOff)
    }
}

/// So many centres at once where there are many rounds.
const MOST_WORLDS: usize = 10;

/// How long it took until somebody steered again, by kind.
type Times = Mutex<BTreeMap<Fault, Vec<Duration>>>;

#[test]
fn nobody_commands_who_lost_the_lease_and_somebody_always_does() {
    if !Cluster::is_installed() || !ClockChanger::is_installed() {
        return;
    }
    let rounds = rounds();
    let left: Vec<Fault> = Fault::ALL
        .into_iter()
        .flat_map(|fault| std::iter::repeat_n(fault, rounds))
        .collect();
    let worlds = left.len().min(MOST_WORLDS);
    let left = Mutex::new(left);
    let times = Times::default();
    std::thread::scope(|scope| {
        for number in 0..worlds {
            let (left, times) = (&left, &times);
            scope.spawn(move || live(u64::try_from(number).unwrap(), left, times));
        }
    });
    print(times.into_inner().unwrap());
}

/// Rounds of each kind.
#[expect(
    clippy::disallowed_methods,
    reason = "how much is tried is said to the test, not to the program"
)]
fn rounds() -> usize {
    let rounds = std::env::var("AUTOPILOT_FAILOVERS");
    rounds.map_or(1, |rounds| rounds.parse().unwrap())
}

/// Goes through faults in a centre of its own until none is left.
fn live(seed: u64, left: &Mutex<Vec<Fault>>, times: &Times) {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut world = World::new();
    loop {
        let fault = {
            let mut left = left.lock().unwrap();
            if left.is_empty() {
                break;
            }
            let one = chance.usize(..left.len());
            left.swap_remove(one)
        };
        let steered_after = world.live_through(fault, &mut chance);
        times
            .lock()
            .unwrap()
            .entry(fault)
            .or_default()
            .push(steered_after);
    }
    world.end();
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are the point of many rounds"
)]
fn print(times: BTreeMap<Fault, Vec<Duration>>) {
    println!("until somebody steered again, in seconds: half of the rounds, all but 5%, longest");
    for (fault, mut times) in times {
        times.sort_unstable();
        let rounds = times.len();
        let at = |share: usize| times[(rounds * share / 100).min(rounds - 1)].as_secs_f64();
        let fault = format!("{fault:?}");
        println!(
            "{fault:16} {rounds:4} rounds {:6.1} {:6.1} {:6.1}",
            at(50),
            at(95),
            at(100)
        );
    }
}
