//! A centre with three daemons, of which one steers.

use std::time::{Duration, Instant};

use fastrand::Rng;

use super::Fault;
use super::clock::ClockChanger;
use super::judge::{Takeover, judge, run_of};
use super::wire::Wire;
use crate::api::Api;
use crate::centre::{CAMPAIGN, Centre, Daemon, wait_until};
use crate::cluster::Cluster;
use crate::server_store;
use crate::standby::ready;

/// The campaign that a person pauses now and then.
const BY_HAND: &str = "by-hand";

const SCHEMA: &str = "failover";

/// Slower than in other tests: dozens of daemons run at once.
const POLL: &str = "250ms";

pub(super) struct World {
    centre: Centre,
    cluster: Cluster,
    members: Vec<Member>,
    takeovers: Vec<Takeover>,
}

struct Member {
    place: tempfile::TempDir,
    wire: Wire,
    clock: ClockChanger,
    daemon: Option<(Daemon, Api)>,
}

impl Member {
    fn address(&self) -> String {
        let place = self.place.path().display();
        format!("postgres://tester@/postgres?host={place}&schema={SCHEMA}")
    }

    fn state_dir(&self) -> std::path::PathBuf {
        self.place.path().join("state")
    }

    fn start(&mut self, centre: &Centre) {
        let mut invocation = centre.daemon();
        invocation
            .env("AUTOPILOT_STORE", self.address())
            .env("AUTOPILOT_STATE_DIR", self.state_dir())
            .env("AUTOPILOT_POLL_INTERVAL", POLL)
            .env("AUTOPILOT_REQUEST_TIMEOUT", "1s")
            .env("AUTOPILOT_LISTEN", "127.0.0.1:0")
            .env("CXONE_CAMPAIGN_ID", format!("{CAMPAIGN},{BY_HAND}"));
        self.clock.give(&mut invocation);
        // What it warns of is what is done to it.
        let daemon = invocation.start().tolerate(&[""]);
        let api = Api::of(&daemon);
        self.daemon = Some((daemon, api));
    }

    fn daemon(&self) -> &Daemon {
        &self.daemon.as_ref().unwrap().0
    }

    fn api(&self) -> &Api {
        &self.daemon.as_ref().unwrap().1
    }

    fn steers(&self) -> bool {
        ready(self.api())
    }

    fn stands_by(&self) -> bool {
        self.api().get("/readyz").body.contains("standby of ")
    }
}

impl World {
    pub(super) fn new() -> Self {
        let cluster = Cluster::start();
        let centre = Centre::with(|platform| {
            let start = platform.clock.now();
            platform
                .world
                .put_campaign(BY_HAND, BY_HAND, "RUNNING", start);
        });
        let mut members: Vec<Member> = (0..3)
            .map(|_| {
                let place = tempfile::tempdir().unwrap();
                Member {
                    wire: Wire::lay(place.path(), cluster.place()),
                    clock: ClockChanger::new(place.path()),
                    daemon: None,
                    place,
                }
            })
            .collect();
        let state = centre.state_dir();
        server_store::command(&members[0].address(), &state, &["store", "migrate"]);
        for member in &mut members {
            member.start(&centre);
        }
        let world = Self {
            centre,
            cluster,
            members,
            takeovers: Vec::new(),
        };
        world.settle();
        world
    }

    /// One fault, at any moment of what the daemon does; returns how long it took until somebody steered again.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long nobody steered is told, and decides nothing"
    )]
    pub(super) fn live_through(&mut self, fault: Fault, chance: &mut Rng) -> Duration {
        self.command_both_ways();
        let by_hand = chance.bool();
        if by_hand {
            self.person(BY_HAND, "PAUSED");
        }
        let at = self.holder();
        // Something is to be done from now on; the fault comes before, while or after it is.
        self.centre.platform.set_available(2);
        pause(Duration::from_millis(chance.u64(0..700)));
        let since = Instant::now();
        self.strike(fault, at, chance);
        if fault.ends_the_lease() {
            wait_until("another daemon takes over", || {
                self.others(at).any(Member::steers)
            });
        } else {
            wait_until("somebody steers", || {
                self.members.iter().any(Member::steers)
            });
        }
        let steered_after = since.elapsed();
        let steering = self.holder_besides(Some(at).filter(|_| fault.ends_the_lease()));
        self.note_takeover(steering);
        self.centre.wait_for_status(CAMPAIGN, "PAUSED");
        self.heal(fault, at);
        self.settle();
        self.command_both_ways();
        if by_hand {
            let now = self.centre.platform.campaign_status(BY_HAND);
            assert_eq!(now.as_deref(), Some("PAUSED"), "a person's pause stays");
            self.person(BY_HAND, "RUNNING");
        }
        steered_after
    }

    fn strike(&mut self, fault: Fault, at: usize, chance: &mut Rng) {
        let member = &mut self.members[at];
        match fault {
            Fault::Frozen => member.daemon().signal("STOP"),
            Fault::Killed => member.daemon.take().unwrap().0.kill(),
            Fault::CutOff => member.wire.cut(),
            Fault::ServerRestarted => self.cluster.restart(),
            Fault::ClockChanged => member.clock.put(if chance.bool() { 600 } else { -600 }),
        }
    }

    fn heal(&mut self, fault: Fault, at: usize) {
        let member = &mut self.members[at];
        match fault {
            Fault::Frozen => member.daemon().signal("CONT"),
            Fault::Killed => member.start(&self.centre),
            Fault::CutOff => member.wire.mend(),
            Fault::ServerRestarted => {}
            Fault::ClockChanged => member.clock.put(0),
        }
    }

    /// Waits until one steers and the others stand by.
    fn settle(&self) {
        wait_until("one steers and two stand by", || {
            let steering = self.members.iter().filter(|one| one.steers()).count();
            let waiting = self.members.iter().filter(|one| one.stands_by()).count();
            (steering, waiting) == (1, 2)
        });
    }

    /// Has the campaigns paused and resumed, so that whoever steers is seen to.
    fn command_both_ways(&self) {
        for (available, status) in [(2, "PAUSED"), (20, "RUNNING")] {
            self.centre.platform.set_available(available);
            self.centre.wait_for_status(CAMPAIGN, status);
        }
    }

    /// A person does something, at a moment at which nothing of ours is on its way, and the daemon reads it.
    fn person(&self, campaign: &str, status: &str) {
        self.centre.wait_for_status(
            campaign,
            if status == "PAUSED" {
                "RUNNING"
            } else {
                "PAUSED"
            },
        );
        self.centre.wait_for_polls(4);
        assert!(self.centre.platform.person_sets(campaign, status));
        self.centre.wait_for_polls(4);
    }

    fn holder(&self) -> usize {
        self.holder_besides(None)
    }

    fn holder_besides(&self, lost: Option<usize>) -> usize {
        let mut found = None;
        wait_until("one steers", || {
            found = self
                .members
                .iter()
                .enumerate()
                .filter(|(at, _)| Some(*at) != lost)
                .find(|(_, member)| member.steers())
                .map(|(at, _)| at);
            found.is_some()
        });
        found.unwrap()
    }

    fn others(&self, than: usize) -> impl Iterator<Item = &Member> {
        let all = self.members.iter().enumerate();
        all.filter(move |(at, _)| *at != than).map(|(_, one)| one)
    }

    fn note_takeover(&mut self, steering: usize) {
        let api = self.members[steering].api();
        let mut decision = String::new();
        wait_until("it has decided", || {
            let shown = api.get("/api/v1/status").json();
            let last = shown["decision"].as_str();
            decision = last.unwrap_or_default().to_owned();
            !decision.is_empty()
        });
        self.takeovers.push(Takeover {
            at: self.centre.platform.now(),
            run: run_of(&decision),
        });
    }

    /// Ends everything, and judges what came of it.
    pub(super) fn end(mut self) {
        for member in &mut self.members {
            if let Some((daemon, _)) = member.daemon.take() {
                daemon.stop();
            }
        }
        let member = &self.members[0];
        let audit = server_store::audit(&member.address(), &member.state_dir(), &[]);
        judge(&self.centre.platform.journal(), &audit, &self.takeovers);
    }
}

#[expect(clippy::disallowed_methods, reason = "a fault comes at any moment")]
fn pause(lasting: Duration) {
    std::thread::sleep(lasting);
}
