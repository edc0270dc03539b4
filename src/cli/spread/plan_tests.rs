//! Hand-made sights, and clusters of members that come, go and act on what they saw a while ago.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::plan::{Held, Seen, Sight};

fn free(overdue: bool) -> Held {
    Held::Free { overdue }
}

/// What `me` sees of tenants, each with the member that holds it; `-` is nobody.
fn sight(me: &str, members: &[&str], tenants: &[(&str, &str)]) -> Sight {
    let held = |by: &str| match by {
        "-" => free(false),
        by => Held::By(by.to_owned()),
    };
    let seen = |id: &&str| ((*id).to_owned(), Seen::default());
    Sight {
        me: me.to_owned(),
        members: members.iter().map(seen).collect(),
        tenants: tenants
            .iter()
            .map(|(tenant, by)| ((*tenant).to_owned(), held(by)))
            .collect(),
        settled: true,
    }
}

fn claims(sight: &Sight) -> Vec<String> {
    sight.claims().into_iter().collect()
}

#[test]
fn one_alone_claims_everything_and_two_share() {
    let nobody_s = [("a", "-"), ("b", "-"), ("c", "-")];
    assert_eq!(claims(&sight("x", &["x"], &nobody_s)), ["a", "b", "c"]);
    assert_eq!(claims(&sight("x", &["x", "y"], &nobody_s)), ["a", "c"]);
    assert_eq!(claims(&sight("y", &["x", "y"], &nobody_s)), ["b"]);
}

#[test]
fn tenants_of_a_member_that_is_gone_go_to_those_that_have_fewer() {
    let tenants = [
        ("a", "x"),
        ("b", "x"),
        ("c", "x"),
        ("d", "y"),
        ("e", "-"),
        ("f", "-"),
        ("g", "-"),
    ];
    // y has one and x three: the first two make them equal but for one, the third is for the first by name.
    assert_eq!(claims(&sight("y", &["x", "y"], &tenants)), ["e", "f"]);
    assert_eq!(claims(&sight("x", &["x", "y"], &tenants)), ["g"]);
}

#[test]
fn what_stays_free_is_anybody_s() {
    let mut seen = sight("x", &["x", "y"], &[("a", "x"), ("b", "-")]);
    assert_eq!(claims(&seen), [""; 0], "y has fewer");
    seen.tenants.insert("b".to_owned(), free(true));
    assert_eq!(claims(&seen), ["b"]);
}

#[test]
fn a_member_that_could_not_start_a_tenant_is_not_meant_for_it_while_another_can() {
    let mut seen = sight("x", &["x", "y"], &[("a", "x"), ("b", "-")]);
    let cannot = |seen: &mut Sight, member: &str| {
        let member = seen.members.get_mut(member).unwrap();
        member.cannot.insert("b".to_owned());
    };
    cannot(&mut seen, "y");
    assert_eq!(claims(&seen), ["b"]);
    cannot(&mut seen, "x");
    assert_eq!(
        claims(&seen),
        [""; 0],
        "neither can: again whoever has fewer"
    );
}

#[test]
fn one_is_handed_over_when_another_has_two_fewer_and_not_before() {
    let held = [("a", "x"), ("b", "x"), ("c", "y"), ("d", "x")];
    let seen = sight("x", &["x", "y"], &held);
    assert_eq!(seen.hand_over(), Some("d"));
    assert_eq!(sight("y", &["x", "y"], &held).hand_over(), None);
    assert_eq!(
        sight("x", &["x", "y"], &held[..3]).hand_over(),
        None,
        "a difference of one is at rest"
    );
    let unsettled = Sight {
        settled: false,
        ..seen.clone()
    };
    assert_eq!(unsettled.hand_over(), None);
    // One on its way is waited for.
    let mut moving = seen.clone();
    moving.tenants.insert("e".to_owned(), free(false));
    assert_eq!(moving.hand_over(), None);
    // One that nobody can start is not on its way.
    for member in moving.members.values_mut() {
        member.cannot.insert("e".to_owned());
    }
    assert_eq!(moving.hand_over(), Some("d"));
    // What the other one could not start stays.
    let mut picky = seen;
    picky
        .members
        .get_mut("y")
        .unwrap()
        .cannot
        .insert("d".to_owned());
    assert_eq!(picky.hand_over(), Some("b"));
}

#[test]
fn of_two_that_have_the_most_only_one_hands_over() {
    let held = [("a", "x"), ("b", "x"), ("c", "y"), ("d", "y")];
    let members = ["x", "y", "z"];
    assert_eq!(sight("x", &members, &held).hand_over(), Some("b"));
    assert_eq!(sight("y", &members, &held).hand_over(), None);
}

#[test]
fn a_member_that_sees_itself_with_other_tenants_moves_nothing() {
    // Those of other settings are not counted: what they hold is held by somebody.
    let seen = sight(
        "x",
        &["x"],
        &[("a", "x"), ("b", "x"), ("c", "z"), ("d", "-")],
    );
    assert_eq!(claims(&seen), ["d"]);
    assert_eq!(seen.hand_over(), None);
}

/// Members over one table of leases, each with what it saw last.
struct Cluster {
    leases: BTreeMap<String, Option<String>>,
    sights: BTreeMap<String, Option<Sight>>,
    moves: usize,
}

impl Cluster {
    fn of(tenants: usize) -> Self {
        let leases = (0..tenants).map(|number| (format!("t{number:02}"), None));
        Self {
            leases: leases.collect(),
            sights: BTreeMap::new(),
            moves: 0,
        }
    }

    fn join(&mut self, member: u8) {
        self.sights.entry(format!("m{member}")).or_insert(None);
    }

    /// Gone, with or without a word: its leases are over.
    fn leave(&mut self, member: u8) {
        let member = format!("m{member}");
        self.sights.remove(&member);
        for by in self.leases.values_mut() {
            if by.as_ref() == Some(&member) {
                *by = None;
            }
        }
    }

    fn look(&mut self, member: &str) {
        let members = self.sights.keys().map(|id| (id.clone(), Seen::default()));
        let held = |by: &Option<String>| by.clone().map_or(free(false), Held::By);
        let tenants = self.leases.iter();
        let seen = Sight {
            me: member.to_owned(),
            members: members.collect(),
            tenants: tenants.map(|(name, by)| (name.clone(), held(by))).collect(),
            settled: true,
        };
        self.sights.insert(member.to_owned(), Some(seen));
    }

    /// Does what follows from what the member saw last, which may be old: a lease that somebody has is not given.
    fn act(&mut self, member: &str) {
        let Some(Some(seen)) = self.sights.insert(member.to_owned(), None) else {
            return;
        };
        for tenant in seen.claims() {
            let by = self.leases.get_mut(&tenant).unwrap();
            if by.is_none() {
                *by = Some(member.to_owned());
            }
        }
        if let Some(tenant) = seen.hand_over() {
            let by = self.leases.get_mut(tenant).unwrap();
            if by.as_deref() == Some(member) {
                *by = None;
                self.moves += 1;
            }
        }
    }

    /// One look and one act of each, in this order.
    fn round(&mut self) {
        let members: Vec<String> = self.sights.keys().cloned().collect();
        for member in &members {
            self.look(member);
            self.act(member);
        }
    }

    fn counts(&self) -> Vec<usize> {
        let count = |member: &String| {
            let held = self.leases.values();
            held.filter(|by| by.as_ref() == Some(member)).count()
        };
        self.sights.keys().map(count).collect()
    }
}

#[derive(Clone, Debug)]
enum Event {
    Join(u8),
    Leave(u8),
    Look(u8),
    Act(u8),
}

fn event() -> impl Strategy<Value = Event> {
    let member = 0..6_u8;
    prop_oneof![
        1 => member.clone().prop_map(Event::Join),
        1 => member.clone().prop_map(Event::Leave),
        4 => member.clone().prop_map(Event::Look),
        4 => member.prop_map(Event::Act),
    ]
}

proptest! {
    /// Whatever happened before, in whatever order and on however old sights: once nobody comes or goes, every tenant is held, the counts
    /// differ by one at most, and nothing moves any more.
    #[test]
    fn it_converges_and_rests(
        tenants in 0_usize..24,
        events in prop::collection::vec(event(), 0..80),
        stays in 0..6_u8,
    ) {
        let mut cluster = Cluster::of(tenants);
        for event in events {
            match event {
                Event::Join(member) => cluster.join(member),
                Event::Leave(member) => cluster.leave(member),
                Event::Look(member) | Event::Act(member)
                    if !cluster.sights.contains_key(&format!("m{member}")) => {}
                Event::Look(member) => cluster.look(&format!("m{member}")),
                Event::Act(member) => cluster.act(&format!("m{member}")),
            }
        }
        cluster.join(stays);
        // A move takes two rounds at most, and each takes one off a difference that is no larger than their number.
        for _ in 0..(2 * tenants + 4) {
            cluster.round();
        }
        let counts = cluster.counts();
        prop_assert!(cluster.leases.values().all(Option::is_some), "{:?}", cluster.leases);
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        prop_assert!(most - least <= 1, "{counts:?}");
        let (leases, moves) = (cluster.leases.clone(), cluster.moves);
        for _ in 0..4 {
            cluster.round();
        }
        prop_assert_eq!(cluster.leases, leases);
        prop_assert_eq!(cluster.moves, moves);
    }

    /// Each hand-over goes from one that has the most to one that has two fewer, and no tenant is claimed by two.
    #[test]
    fn every_move_makes_it_more_even(
        held in prop::collection::vec(prop::option::weighted(0.8, 0..5_u8), 0..24),
        members in 1..6_u8,
    ) {
        let mut cluster = Cluster::of(held.len());
        for member in 0..members {
            cluster.join(member);
        }
        for (by, holder) in cluster.leases.values_mut().zip(&held) {
            *by = holder.map(|member| format!("m{}", member % members));
        }
        let all: Vec<String> = cluster.sights.keys().cloned().collect();
        let counts = cluster.counts();
        let mut claimed = BTreeSet::new();
        let mut given = 0;
        for (member, many) in all.iter().zip(&counts) {
            cluster.look(member);
            let seen = cluster.sights[member].clone().unwrap();
            for tenant in seen.claims() {
                prop_assert!(cluster.leases[&tenant].is_none());
                prop_assert!(claimed.insert(tenant), "claimed by two");
            }
            if seen.hand_over().is_some() {
                given += 1;
                prop_assert_eq!(many, counts.iter().max().unwrap());
                prop_assert!(counts.iter().any(|other| other + 2 <= *many));
                prop_assert!(cluster.leases.values().all(Option::is_some));
            }
        }
        let free = cluster.leases.values().filter(|by| by.is_none()).count();
        prop_assert_eq!(claimed.len(), free, "each free tenant is meant for one");
        prop_assert!(given <= 1);
    }
}
